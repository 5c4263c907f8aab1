"""Commands over theses: how they stand now, and the nightly job that writes each change down and tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from terminal.api import Column, Context, Table, argument, command

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from plugins.journal.decisions.following import Followed
    from terminal.domain.journal.theses import Thesis

_COLUMNS = (
    Column("number", "Number", "integer"),
    Column("symbol", "Ticker"),
    Column("action", "Decision"),
    Column("status", "Thesis", term="journal_status"),
    Column("before", "Before"),
    Column("rule", "Proved wrong by", term="journal_falsifier"),
    Column("outcome", "That rule", term="journal_rule_state"),
    Column("looked", "What it looked at"),
    Column("report", "Next report", "date"),
)
_OUTCOMES = {"broken": "is true", "shaken": "is nearly true", "unknown": "cannot be judged", "working": "is not true"}
_LEVELS = {"broken": "error", "shaken": "warn", "unknown": "info", "working": "ok"}


@command(title="How your theses stand")
def theses(ctx: Context, *, symbol: Annotated[str, argument(help="Only of this ticker.", metavar="SYMBOL")] = "") -> Table:
    """Judge every open decision by the rules that would prove it wrong, in the market of now: one line a rule.

    Broken: a rule is true. Shaken: one would be true if its limits lay 5 % nearer. Unknown: one cannot be judged, or there is
    none. Working: none is true or near.
    """
    found, judged = _judged(ctx, symbol)
    return _table(ctx, "How your theses stand", found, judged, {})


@command(title="Judge the theses of your decisions", writes=True, long=True)
def judge(ctx: Context) -> Table:
    """Judge the theses of all open decisions and write down each change of a status; changes are told in the messages."""
    from plugins.journal.decisions import theses as made
    from terminal.api import UserError

    if ctx.as_of is not None:
        raise UserError("Statuses are written for today.", "`tapeline journal theses --as-of DAY` shows a past day.")
    found, judged = _judged(ctx, "")
    changes: dict[int, str] = {}

    def write(tx: Any) -> None:
        changes.clear()
        for each in found:
            thesis = judged[each.entry.id]
            before = made.store(tx, each.entry.id, thesis, ctx, told=True) if thesis.rules else ""
            if before:
                changes[each.entry.id] = before

    ctx.store.book.write(write)
    for each in found:
        if each.entry.id in changes:
            thesis = judged[each.entry.id]
            told = {"text": _notice(each, thesis, changes[each.entry.id]), "level": _LEVELS[thesis.status], "demo": ctx.demo}
            ctx.publish("notice.posted", {**told, "panel": "journal", "symbol": each.entry.symbol})
    title = f"{len(found)} theses judged, {len(changes)} changed"
    return _table(ctx, title, found, judged, changes)


def _judged(ctx: Context, symbol: str) -> tuple[list[Followed], Mapping[int, Thesis]]:
    """Every decision that is still open, and how its thesis stands."""
    from plugins.journal import book
    from plugins.journal.decisions import theses as made
    from plugins.journal.decisions.following import follow

    entries = book.entries(ctx.store.book.read, ctx.as_of, kind="decision", symbol=symbol.strip().upper())
    followed, _ = follow(ctx, entries)
    found = [each for each in followed if each.watched]
    ctx.progress(0.3, "Judging the rules")
    return found, made.judged(ctx, [each.entry for each in found])


def _notice(each: Followed, thesis: Thesis, before: str) -> str:
    from plugins.journal.decisions.told import ACTION_WORDS

    action = ACTION_WORDS[each.entry.last.terms.action]
    named = "; ".join(f"\u00ab{rule.rule}\u00bb" for rule in thesis.telling) if thesis.status != "working" else "no rule is true"
    return f"{each.entry.symbol} ({action}, decision {each.entry.id}): the thesis was {before} and is {thesis.status}: {named}"


def _table(
    ctx: Context, title: str, found: Sequence[Followed], judged: Mapping[int, Thesis], changes: Mapping[int, str]
) -> Table:
    import json

    from plugins.journal.decisions import theses as made
    from plugins.journal.decisions import told
    from plugins.journal.tables import frame, written

    today = ctx.as_of or ctx.market.today()
    reports = told.report_days(ctx, [each.entry.symbol for each in found])
    rows: list[dict[str, Any]] = []
    for each in found:
        thesis, entry = judged[each.entry.id], each.entry
        coming = min((day for day in reports.get(entry.symbol, ()) if day >= today), default=None)
        head = {"number": entry.id, "symbol": entry.symbol, "action": entry.last.terms.action, "status": thesis.status,
                "before": changes.get(entry.id), "report": coming}  # fmt: skip
        for rule in json.loads(made.to_json(thesis)) or [None]:
            looked = None if rule is None else made.numbers(rule) or None
            outcome = told.NO_FALSIFIER if rule is None else _OUTCOMES[rule["word"]]
            rows.append({**head, "rule": None if rule is None else rule["rule"], "outcome": outcome, "looked": looked})
    gaps = tuple(
        f"{row['symbol']}: {row['rule']} cannot be judged" for row in rows if row["outcome"] == _OUTCOMES["unknown"]
    )  # fmt: skip
    notes = () if rows else ("No open decision.",)
    return Table(title, _COLUMNS, frame(_COLUMNS, rows), (written(ctx),), gaps, notes)
