"""How the theses of decisions stand in the market of the day, from the rules that would prove them wrong."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from terminal.domain.journal.theses import Judged, Thesis, judge, needs_everyone, thesis

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from plugins.journal.decisions.following import Followed
    from terminal.api import Context
    from terminal.domain.journal.decisions import Entry
    from terminal.domain.rules import Rule

STATUSES = ("broken", "shaken", "unknown", "working")


def judged(ctx: Context, entries: Sequence[Entry]) -> dict[int, Thesis]:
    """The thesis of each entry as of now (or the day asked for); each rule is judged once for all symbols that have it."""
    wanted: dict[str, set[str]] = {}
    for each in entries:
        for rule in each.last.terms.falsifiers:
            wanted.setdefault(rule, set()).add(each.symbol)
    found = {rule: _judge(ctx, rule, sorted(symbols)) for rule, symbols in wanted.items()}
    return {each.id: thesis([found[rule][each.symbol] for rule in each.last.terms.falsifiers]) for each in entries}


def _judge(ctx: Context, text: str, symbols: Sequence[str]) -> Mapping[str, Judged]:
    from terminal.domain.rules import RuleError, parse

    try:
        rule = parse(text)
    except RuleError:  # written by an older version of the language
        return {symbol: Judged(text, None, False) for symbol in symbols}
    chosen = None if needs_everyone(rule) else symbols
    frame = ctx.market.scored(chosen, ctx.as_of).frame
    return judge(rule, frame, symbols, **_given(ctx, rule, frame), near=float(ctx.settings.get("journal.near")))


def _given(ctx: Context, rule: Rule, frame: pl.DataFrame) -> dict[str, Any]:
    """What a rule looks at beside the features."""
    symbols, day = frame["symbol"].to_list(), ctx.as_of or ctx.market.today()
    bars = ctx.market.bars(symbols, as_of=ctx.as_of) if rule.needs_bars else None

    def earlier(sessions: int) -> pl.DataFrame:
        return ctx.market.scored(symbols, ctx.market.sessions_before(day, sessions)).frame

    return {"bars": bars, "as_of": day, "earlier": earlier}


def to_json(found: Thesis) -> str:
    """The rules behind a status, as they are stored."""
    from dataclasses import asdict

    return json.dumps([{**asdict(each), "word": each.word} for each in found.rules])


def lit(ctx: Context, found: Sequence[Followed]) -> list[Followed]:
    """The same with a status for those still open that no nightly job has judged yet: as of now, without a day."""
    from dataclasses import replace

    dark = [each for each in found if each.status is None and each.entry.last.terms.falsifiers and each.watched]
    made = judged(ctx, [each.entry for each in dark])
    return [replace(each, status=each.status or as_stored(made.get(each.entry.id))) for each in found]


def as_stored(found: Thesis | None) -> dict[str, Any] | None:
    """A thesis judged now in the form of a stored status, without a day."""
    return None if found is None else {"status": found.status, "clauses": to_json(found), "day": None}


def telling(rules: Sequence[Mapping[str, Any]], status: str) -> list[str]:
    """The rules that make a stored status what it is, each with what it looked at."""
    return [said(each) for each in rules if each["word"] == status]


def said(rule: Mapping[str, Any]) -> str:
    """One rule with the numbers it looked at: «roe < 12%» (0.131 against 0.12)."""
    looked = numbers(rule)
    return f"«{rule['rule']}»" + (f" ({looked})" if looked else "")


def numbers(rule: Mapping[str, Any]) -> str:
    """What a judged rule looked at: 13.1 % against 12 %; "" where it compares no numbers."""
    pairs = [(one["clause"], one["value"], one["limit"]) for one in rule["readings"] if one["limit"] is not None]
    return "; ".join(f"{_number(clause, value)} against {_number(clause, limit)}" for clause, value, limit in pairs)


def _number(clause: str, value: float | None) -> str:
    """A number as the only field of its condition is shown; four digits where there are several or none."""
    from terminal.domain import format as fmt
    from terminal.domain.fields import FIELDS
    from terminal.domain.rules import RuleError, parse

    if value is None:
        return "unknown"
    try:
        names = parse(clause).fields
    except RuleError:
        names = ()
    if len(names) == 1 and FIELDS[names[0]].unit in ("fraction", "x", "score"):
        known = FIELDS[names[0]]
        return fmt.value(value, known.type, known.unit, known.decimals)
    return fmt.number(value, 2) if abs(value) < 1e6 else fmt.compact(value)


def store(tx: Any, number: int, found: Thesis, ctx: Context, *, told: bool = False) -> str:
    """Write a status down when it differs from the last one; the one before ("" when there was none or it is the same)."""
    day, now = ctx.market.today(), ctx.now()
    before = tx.query(
        "SELECT status, judged_at FROM journal.statuses WHERE id = ? ORDER BY judged_at DESC LIMIT 1", (number,)
    ).to_dicts()
    if before and before[0]["status"] == found.status:
        tx.execute(
            "UPDATE journal.statuses SET last_day = ? WHERE id = ? AND judged_at = ?", (day, number, before[0]["judged_at"])
        )
        return ""
    tx.execute("INSERT INTO journal.statuses VALUES (?, ?, ?, ?, ?, ?, ?)",
               (number, day, day, now, found.status, to_json(found), told))  # fmt: skip
    return before[0]["status"] if before else ""
