"""What a figure means for a beginner, said with the figure's own value and, where known, the sector's."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from plugins.tearsheet.case import Case
from plugins.tearsheet.said_business import BUSINESS
from plugins.tearsheet.said_market import MARKET
from terminal.domain import format as words
from terminal.domain.scoring.words import number

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from plugins.tearsheet.model import Sheet
    from terminal.domain.scoring.explain import Explanation

NO_DAY = "no day is known"
SENTENCES = {**MARKET, **BUSINESS}
_NEEDS_PROFIT = frozenset({"pe_ttm", "peg", "pe_vs_own", "pe_vs_sector", "payout_ratio"})
_NOTHING_SAID = {"days_to_ex_dividend": "none is announced", "days_to_earnings": NO_DAY, "beat_rate": "too few reports are known"}
_NEEDS_EQUITY = frozenset({"roe", "debt_to_equity", "pb"})
_CLEARLY = 0.6  # of a check's points: what speaks for it; of those lost: against it


def sentence(name: str, row: Mapping[str, object], comparison: float | None = None) -> str:
    """One or two sentences for a field of the scored `row`; "" where it is unknown or nobody has words for it.

    `comparison` is the median of similar companies in the field's own unit. Says what is, never what to do.
    """
    value, make = number(row.get(name)), SENTENCES.get(name)
    if make is None or value is None:
        return ""
    return make(Case(name, value, row, number(comparison)))


def why_unknown(name: str, row: Mapping[str, object], reason: str = "") -> str:
    """Why a field has no value, in a sentence. `reason` is what the calculation told, if it told anything."""
    earned = number(row.get("eps_ttm"))
    currency = row.get("currency")
    if name in _NEEDS_PROFIT and earned is not None and earned <= 0:
        lost = words.money(earned, currency if isinstance(currency, str) else None)
        return f"Not known: it made no profit in the last four quarters ({lost} a share), so there is nothing to compare with."
    if name in _NEEDS_EQUITY and reason == "equity is not positive":
        return "Not known: its debts are as large as all it owns, so no owners' money is left to compare with."
    return f"Not known: {reason or _NOTHING_SAID.get(name, 'no source gave it')}."


def reasons(told: Explanation, most: int = 2) -> tuple[list[str], list[str]]:
    """What speaks for it and what against it, in sentences with the figures: failed limits, then the heaviest checks."""
    known = [check for check in told.checks if check.share is not None and check.points is not None]
    good = sorted((each for each in known if (each.share or 0) >= _CLEARLY), key=lambda each: -(each.points or 0))
    bad = sorted((each for each in known if (each.share or 0) <= 1 - _CLEARLY), key=lambda each: (each.points or 0) - each.weight)
    against = [gate.newbie for gate in told.gates if gate.passed is False] + [each.newbie for each in bad]
    return list(dict.fromkeys(each.newbie for each in good))[:most], list(dict.fromkeys(against))[:most]


def upcoming(sheet: Sheet) -> list[tuple[str, str, str]]:
    """(what, when or how much, term) of what is coming up, with the day it falls on; the same for both modes."""
    row, day = sheet.row, sheet.as_of
    found = []
    if sheet.kind == "stock":
        found.append(("Next report", _on(day, row.get("days_to_earnings"), NO_DAY), "days_to_earnings"))
        found.append(("Usual move on a report", _either_way(sheet.report_move), "tearsheet_report_move"))
        found.append(("Last report", _on(day, row.get("days_since_earnings"), words.UNKNOWN, back=True), "days_since_earnings"))
        found.append(("Profit against what was expected then", words.percent(_of(row, "earnings_surprise"), sign=True),
                      "earnings_surprise"))  # fmt: skip
        found.append(("Reports that beat what was expected", words.percent(_of(row, "beat_rate"), 0), "beat_rate"))
    if sheet.kind == "bond":
        years = _of(row, "years_to_maturity")
        found.append(("Paid back", words.UNKNOWN if years is None else f"in {years:.1f} years", "years_to_maturity"))
    else:
        found.append(
            ("Next dividend: buy before", _on(day, row.get("days_to_ex_dividend"), "none announced"), "days_to_ex_dividend")
        )
    return found


def _of(row: Mapping[str, object], name: str) -> float | None:
    value = row.get(name)
    return float(value) if isinstance(value, (int, float)) else None


def _either_way(move: float | None) -> str:
    return words.UNKNOWN if move is None else f"±{words.percent(move)}"


def _on(day: date, days: object, nothing: str, *, back: bool = False) -> str:
    if not isinstance(days, (int, float)):
        return nothing
    count = int(days)
    if count == 0:
        return "today"
    when = words.day(day - timedelta(days=count) if back else day + timedelta(days=count))
    unit = "day" if count == 1 else "days"
    return f"{when} · {count} {unit} ago" if back else f"{when} · in {count} {unit}"
