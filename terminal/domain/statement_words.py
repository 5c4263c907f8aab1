"""Statements of services in words: what a figure is called, what was said, and how two of them differ. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from terminal.domain import format as show
from terminal.domain.fields import FIELDS
from terminal.domain.rivals import title

if TYPE_CHECKING:
    from collections.abc import Mapping

PERIODS = {"Q": "quarter", "A": "fiscal year", "TTM": "four quarters", "P": "on the day"}
_STEPS = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K"))
_HOURS = {"bmo": "before the open", "amc": "after the close", "during": "while the exchange is open"}
_POINTS = {field.reported: field for field in FIELDS.values() if field.reported}
_SHORT = {"eps": "EPS", "ebitda": "EBITDA", "ebit": "EBIT"}
_TITLES = {"date": "Report date", "time_of_day": "Time of the report", "eps_actual": "EPS, reported",
           "eps_estimate": "EPS, expected", "revenue_actual": "Revenue, reported", "revenue_estimate": "Revenue, expected"}


def figure(row: Mapping[str, Any]) -> str:
    """What an item of the facts or a field of a report is called."""
    name = row.get("field") or row["item"]
    if name in _TITLES:
        return _TITLES[name]
    if name in _POINTS:
        return _POINTS[name].title
    words = [_SHORT.get(word, word) for word in name.split("_")]
    return " ".join([words[0] if words[0] in _SHORT.values() else words[0].capitalize(), *words[1:]])


def said(item: str, value: float | None, unit: str | None, text: str | None = None) -> str:
    """A statement as text, as precise as it takes to see where two differ."""
    if value is None:
        return _HOURS.get(text or "", text or show.UNKNOWN)
    known = _POINTS.get(item)
    if known is not None and known.unit == "fraction":
        return show.percent(value, 2)
    if known is not None and known.unit == "x":
        return show.multiple(value, 2)
    if abs(value) >= 1e5:  # three digits would hide half a per cent
        step, letter = next((size, sign) for size, sign in _STEPS if abs(value) >= size)
        text = f"{show.number(value / step, 3)}{letter}"
    else:
        text = show.number(value, 0 if value == int(value) and abs(value) >= 100 else 2)
    return f"{text} {unit}" if unit and unit not in ("ratio", "count") else text


def sentence(row: Mapping[str, Any]) -> str:
    """A row of `truth.DISAGREEMENT` as one sentence: who says what about which figure, and who is believed why."""
    period = PERIODS.get(row["period"] or "")
    about = f"{figure(row)}, {period} to {row['period_end']}" if period and row["period"] != "P" else figure(row)
    one, other = title(row["provider"]), title(row["other_provider"])
    said_one = said(row["field"], row["value"], row["unit"], row["text"])
    said_other = said(row["field"], row["other_value"], row["unit"], row["other_text"])
    return f"{about}: {one} says {said_one}, {other} says {said_other}; {row['rule']}."
