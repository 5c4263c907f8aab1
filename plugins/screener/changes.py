"""The difference of two runs: who entered, who left, and which clause flipped, with both values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from terminal.api import Column, Table
from terminal.domain import format as words
from terminal.domain.fields import FIELDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

_KEPT = ("verdict", "score", "price")


@dataclass(frozen=True)
class _State:
    """What one clause said of one symbol in one run."""

    outcome: bool | None
    amount: float | None


def flips(
    before: pl.DataFrame, after: pl.DataFrame, clauses_before: Sequence[str], clauses_after: Sequence[str]
) -> list[dict[str, Any]]:
    """Who entered and who left between two runs, with the clauses that flipped and both values; entered ones first.

    Both frames have `symbol, matched, verdict, score, price, outcomes, amounts`. A clause flipped when its own outcome
    differs. Clauses are matched by their text; one whose limit was changed is matched by the field it starts with.
    """
    old = {row["symbol"]: row for row in before.to_dicts()}
    new = {row["symbol"]: row for row in after.to_dicts()}
    pairs = _paired(clauses_before, clauses_after)
    rows: list[dict[str, Any]] = []
    for symbol in sorted(old.keys() | new.keys()):
        was, now = old.get(symbol), new.get(symbol)
        was_in, now_in = bool(was and was["matched"]), bool(now and now["matched"])
        if was_in != now_in:
            rows.append(_flip(symbol, was, now, now_in, pairs))
    return sorted(rows, key=lambda row: (row["change"] != "entered", row["symbol"]))


def looked_at(clause: str) -> str:
    """The field a clause starts with, "" when it starts with something else."""
    word = clause.split(" ", 1)[0]
    return word if word in FIELDS else ""


def shown_value(clause: str, amount: float | None) -> str:
    """The value a clause looked at, in the unit of its field."""
    field = FIELDS.get(looked_at(clause))
    if field is None or amount is None:
        return words.number(amount, 2)
    return words.value(amount, "number", "" if field.unit == "currency" else field.unit, field.decimals)


def in_words(table: Table, newbie: bool) -> Table:
    """The answer of `screener diff` for reading: values with their units, clauses as sentences for a beginner."""
    import polars as pl

    rows = [
        {
            "change": each["change"],
            "symbol": each["symbol"],
            "clause": _described(each["clause"]) if newbie and each["clause"] else each["clause"] or each["reason"],
            "was": _cell(each, "was"),
            "now": _cell(each, "now"),
            "verdict": _arrow(each["verdict_was"], each["verdict_now"]),
            "reason": each["reason"],
        }
        for each in table.rows()
    ]
    columns = (
        Column("change", "Change"),
        Column("symbol", "Ticker"),
        Column("clause", "What flipped"),
        Column("was", "Was"),
        Column("now", "Now"),
        Column("verdict", "Verdict"),
        Column("reason", "Everything that flipped", newbie=False),
    )
    frame = pl.DataFrame(rows, schema={column.name: pl.String for column in columns})
    return Table(table.title, tuple(column for column in columns if not newbie or column.newbie), frame, notes=table.notes)


def _paired(before: Sequence[str], after: Sequence[str]) -> list[tuple[str, int | None, int | None]]:
    """(text, place before, place after) of every clause; a place is None in the run that lacks it."""
    old = {text: place for place, text in enumerate(before)}
    pairs: list[tuple[str, int | None, int | None]] = [(text, old.pop(text, None), at) for at, text in enumerate(after)]
    by_field = {looked_at(text): place for text, place in old.items() if looked_at(text)}
    for index, (text, was, at) in enumerate(pairs):
        if was is None and looked_at(text) in by_field:
            pairs[index] = (text, by_field.pop(looked_at(text)), at)
    used = {was for _, was, _ in pairs}
    return pairs + [(text, place, None) for text, place in old.items() if place not in used]


def _flip(
    symbol: str,
    was: Mapping[str, Any] | None,
    now: Mapping[str, Any] | None,
    entered: bool,
    pairs: Sequence[tuple[str, int | None, int | None]],
) -> dict[str, Any]:
    changed = []
    for text, old_place, new_place in pairs:
        before, after = _state(was, old_place), _state(now, new_place)
        if was is None or now is None or before.outcome == after.outcome:
            continue
        if (old_place is None and after.outcome is True) or (new_place is None and before.outcome is True):
            continue  # a clause that came or went without deciding anything
        changed.append((text, before, after, old_place, new_place))
    if was is None:
        reason = "was not in the universe before"
    elif now is None:
        reason = "is no longer in the universe"
    else:
        told = [_told(text, before, after, at, to, was, now) for text, before, after, at, to in changed]
        reason = "; ".join(told) or "the rule itself changed"
    first = changed[0] if changed else None
    return {
        "change": "entered" if entered else "left",
        "symbol": symbol,
        "clause": first and first[0],
        "was": first and first[1].amount,
        "now": first and first[2].amount,
        "reason": reason,
        **{f"{name}_was": was and was[name] for name in _KEPT},
        **{f"{name}_now": now and now[name] for name in _KEPT},
    }


def _state(row: Mapping[str, Any] | None, place: int | None) -> _State:
    outcomes, amounts = (row["outcomes"] or [], row["amounts"] or []) if row else ([], [])
    if place is None or place >= len(outcomes):
        return _State(None, None)
    return _State(outcomes[place], amounts[place])


def _told(
    text: str,
    before: _State,
    after: _State,
    old_place: int | None,
    new_place: int | None,
    was: Mapping[str, Any],
    now: Mapping[str, Any],
) -> str:
    if new_place is None:
        return f"{text} is no longer asked"
    if before.amount is None and after.amount is None:
        if looked_at(text) == "verdict":
            return f"verdict: {_arrow(was['verdict'], now['verdict'])}"
        return f"{text}: {_arrow(_yes(before.outcome), _yes(after.outcome))}"
    old, new = (shown_value(text, amount) if amount is not None else "unknown" for amount in (before.amount, after.amount))
    if old_place is None:
        return f"{text}: {new} (asked for the first time)"
    if before.amount == after.amount:
        return f"{text}: {new} as before, but what it is compared with moved"
    return f"{text}: {_arrow(old, new)}"


def _cell(row: Mapping[str, Any], name: str) -> str | None:
    if row["clause"] is None:
        return None
    if looked_at(row["clause"]) == "verdict":
        return str(row[f"verdict_{name}"])
    return "unknown" if row[name] is None else shown_value(row["clause"], row[name])


def _described(clause: str) -> str:
    from terminal.domain.rules import parse

    return parse(clause).describe()


def _arrow(before: Any, after: Any) -> str:
    old, new = ("–" if each is None else str(each) for each in (before, after))
    return old if old == new else f"{old} → {new}"


def _yes(outcome: bool | None) -> str:
    return {True: "yes", False: "no", None: "unknown"}[outcome]
