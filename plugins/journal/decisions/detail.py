"""One decision in full, as rows: what was said, what was known, what became of it, versions, check-ins, statuses."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from plugins.journal.decisions import told
from plugins.journal.decisions.context import figures
from plugins.journal.tables import frame, written
from terminal.api import Column, Context, Table
from terminal.domain import format as fmt
from terminal.domain.fields import FIELDS
from terminal.domain.journal.decisions import Entry, Terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from plugins.journal.decisions.following import Followed
    from terminal.domain.sourced import Source

COLUMNS = (
    Column("part", "Part"),
    Column("title", "What"),
    Column("text", "Said"),
    Column("value", "Value", "number", newbie=False),
    Column("unit", "Unit", newbie=False),
    Column("from", "From"),
    Column("seen", "As of", "datetime"),
    Column("why", "Why unknown", newbie=False),
)
_TERM_WORDS = {
    "action": "decision", "reason": "reason", "metrics": "figures to watch", "probability": "conviction", "until": "judged on",
    "stop": "stop", "target": "target", "review_on": "look again", "falsifiers": "proved wrong by", "signal": "signal",
    "preset": "screen",
}  # fmt: skip
STEP_WORDS = {"hold": "keep it", "add": "add to it", "reduce": "reduce it", "close": "close it"}


def table(ctx: Context, each: Followed, sources: Sequence[Source]) -> Table:
    """Everything about one entry; `detail` has `followed`, `context` (of the first version) and `statuses`."""
    entry = each.entry
    statuses = _statuses(ctx, entry.id)
    rows = [*_said(entry), *_became(each), *_frozen(entry), *_statuses_rows(statuses), *_looked(each)]
    rows += [
        {
            "part": "versions",
            "title": f"Version {row['version']}",
            "text": row["changed"],
            "why": row["why"],
            "seen": row["written_at"],
        }
        for row in versions(entry)
    ]
    action = told.ACTION_WORDS[entry.last.terms.action].lower()
    title = f"{'Call' if entry.kind == 'call' else 'Decision'} {entry.id}: {action} {entry.symbol}, {fmt.day(entry.day)}"
    gaps = tuple(f"{row['title']}: unknown then, {row['why']}" for row in rows if row["part"] == "known then" and row.get("why"))
    notes = ("Written in hindsight: it proves nothing, and is counted apart.",) if entry.in_hindsight else ()
    return Table(title, COLUMNS, frame(COLUMNS, rows), (written(ctx), *sources), gaps, notes,
                 detail={"followed": each, "context": entry.first.context, "statuses": statuses})  # fmt: skip


def _said(entry: Entry) -> list[dict[str, Any]]:
    rows = []
    for name, title in _TERM_WORDS.items():
        value = getattr(entry.last.terms, name)
        if value not in (None, "", ()):
            number = float(value) if isinstance(value, float) else None
            rows.append({"part": "said", "title": title.capitalize(), "text": _words(name, value, entry.last.currency),
                         "value": number})  # fmt: skip
    return rows


def _words(name: str, value: Any, currency: str | None) -> str:
    if value in (None, "", ()):
        return "none"
    if name == "probability":
        return fmt.percent(value, 0)
    if name in ("stop", "target", "level"):
        return fmt.money(value, currency)
    if name in ("until", "review_on"):
        return fmt.day(value)
    if name == "metrics":
        return "; ".join(FIELDS[each].title if each in FIELDS else each for each in value)
    return "; ".join(value) if isinstance(value, tuple) else str(value)


def _became(each: Followed) -> list[dict[str, Any]]:
    grade = each.grade
    status, why = told.status_of(each)
    rows: list[dict[str, Any]] = []
    if each.call is not None:
        rows.append(
            {"part": "became", "title": "Came true?", "text": told.CALL_WORDS[each.call.state], "why": each.call.why or None}
        )
    else:
        rows.append({"part": "became", "title": "Thesis", "text": f"{status} ({why})"})
        ended = f", {fmt.day(grade.ended_on)}" if grade.ended_on is not None else ""
        rows.append({"part": "became", "title": "State", "text": told.state_of(each) + ended})
    for title, value in (
        ("Price since", grade.change_since), ("Market since", grade.market_since),
        ("Gain of the decision", each.gain), ("Beyond the market", each.beyond),
        ("Furthest for it", grade.best), ("Furthest against it", grade.worst),
    ):  # fmt: skip
        text = None if value is None else fmt.percent(value, 1, sign=True)
        rows.append({"part": "became", "title": title, "text": text, "value": value, "unit": "fraction",
                     "why": (grade.why or "not known") if value is None else None})  # fmt: skip
    for title, day in (("Stop first reached", grade.stop_on), ("Target first reached", grade.target_on)):
        if day is not None:
            rows.append({"part": "became", "title": title, "text": fmt.day(day)})
    return rows


def _frozen(entry: Entry) -> list[dict[str, Any]]:
    from datetime import datetime

    currency = entry.first.currency
    rows = []
    for each in figures(entry.first.context):
        value = each["value"]
        text = None if value is None else shown(each, currency)
        seen: datetime | None = datetime.fromisoformat(each["seen"]) if each["seen"] else None
        number = float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
        rows.append({"part": "known then", "title": each["title"], "text": text, "value": number, "unit": each["unit"],
                     "from": each["from"] or None, "seen": seen, "why": each["why"] or None})  # fmt: skip
    return rows


def shown(figure: dict[str, Any], currency: str | None) -> str:
    """A frozen figure as text."""
    value = figure["value"]
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, str):
        return value[:12] + "…" if figure["name"] == "tearsheet" else value
    unit = figure["unit"]
    return fmt.value(value, figure["type"], unit, figure["decimals"], unit if len(unit) == 3 and unit.isupper() else currency)


_STATUSES = (
    "SELECT day, last_day, judged_at, status, clauses FROM journal.statuses WHERE id = ? AND judged_at < ? ORDER BY judged_at"
)


def _statuses(ctx: Context, number: int) -> list[dict[str, Any]]:
    from plugins.journal import book

    return ctx.store.book.read(_STATUSES, (number, book.moment(ctx.as_of))).to_dicts()


def _statuses_rows(statuses: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    from plugins.journal.decisions import theses

    rows = []
    for each in statuses:
        named = theses.telling(json.loads(each["clauses"]), each["status"])
        text = each["status"] + (f": {', '.join(named)}" if named else "")
        rows.append({"part": "statuses", "title": fmt.day(each["day"]), "text": text, "seen": each["judged_at"]})
    return rows


def _looked(each: Followed) -> list[dict[str, Any]]:
    return [
        {"part": "check-ins", "title": fmt.day(row["done_on"]), "value": row["facts"].get("gain"), "unit": "fraction",
         "text": STEP_WORDS[row["next"]] + (f": {row['note']}" if row["note"] else ""), "seen": row["done_at"]}
        for row in each.checkins
    ]  # fmt: skip


def versions(entry: Entry) -> list[dict[str, Any]]:
    """Every version, the newest first, with what is different from the one before."""
    rows = []
    for place, each in enumerate(entry.versions):
        terms = each.terms
        changed = "as logged"
        if place:
            changed = "taken out" if each.removed else _different(entry.versions[place - 1].terms, terms, each.currency)
        state = "taken out" if each.removed else "stands" if each is entry.last else "kept"
        rows.append({
            "version": each.number, "written_at": each.written_at, "changed": changed, "why": each.why or None,
            "price": each.price, "reason": terms.reason, "stop": terms.stop, "target": terms.target,
            "conviction": terms.probability, "falsifiers": list(terms.falsifiers), "state": state, "currency": each.currency,
        })  # fmt: skip
    return rows[::-1]


def _different(before: Terms, now: Terms, currency: str | None) -> str:
    changed = []
    for each in fields(Terms):
        was, is_ = getattr(before, each.name), getattr(now, each.name)
        if was != is_:
            title = _TERM_WORDS.get(each.name, each.name)
            changed.append(f"{title}: {_words(each.name, was, currency)} → {_words(each.name, is_, currency)}")
    return "; ".join(changed) or "the same again"
