"""What a figure means for a beginner, said with the figure's own value and, where known, the sector's."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from terminal.domain import format as words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from plugins.tearsheet.model import Sheet
    from terminal.domain.scoring.explain import Explanation

NO_DAY = "no day is known"
_CLEARLY = 0.6  # of a check's points: what speaks for it; of those lost: against it


def sentence(name: str, row: Mapping[str, object], comparison: float | None = None) -> str:
    """One or two sentences for a field of the scored `row`; "" where there is nothing plain to say or it is unknown.

    `comparison` is the median of similar companies in the field's own unit.
    """
    value = row.get(name)
    make = _SENTENCES.get(name)
    if make is None or not isinstance(value, (int, float)) or isinstance(value, bool):
        return ""
    currency = row.get("currency")
    return make(float(value), comparison, currency if isinstance(currency, str) else None)


def _money(value: float, currency: str | None) -> str:
    return words.money(value, currency, 0 if abs(value) >= 100 else 2)


def _hundred(share: float, currency: str | None) -> str:
    return words.money(abs(share) * 100, currency)


def _price_of_profit(value: float, other: float | None, currency: str | None) -> str:
    text = f"You pay {words.money(value, currency)} for each {words.money(1, currency, 0)} of yearly profit."
    return text if other is None else f"{text} Similar companies cost {words.money(other, currency)}."


def _price_of_sales(value: float, other: float | None, currency: str | None) -> str:
    text = f"You pay {words.money(value, currency)} for each {words.money(1, currency, 0)} of yearly sales."
    return text if other is None else f"{text} Similar companies cost {words.money(other, currency)}."


def _return_on(what: str) -> Callable[[float, float | None, str | None], str]:
    def make(value: float, other: float | None, currency: str | None) -> str:
        if value < 0:
            return f"It loses {_hundred(value, currency)} a year on each {words.money(100, currency, 0)} of {what}."
        text = f"Each {words.money(100, currency, 0)} of {what} earns {_hundred(value, currency)} a year."
        return text if other is None or other < 0 else f"{text} Similar companies earn {_hundred(other, currency)}."

    return make


def _cash_yield(value: float, other: float | None, currency: str | None) -> str:
    if value < 0:
        return f"It uses up {_hundred(value, currency)} of cash a year for each {words.money(100, currency, 0)} you pay."
    text = f"For each {words.money(100, currency, 0)} you pay, {_hundred(value, currency)} of spare cash comes in a year."
    return text if other is None or other < 0 else f"{text} At similar companies {_hundred(other, currency)}."


def _fall(value: float, _: float | None, currency: str | None) -> str:
    left = words.money(10_000 * (1 + value), currency, 0)
    return f"At the worst moment, {words.money(10_000, currency, 0)} had become {left}."


def _size(value: float, _: float | None, currency: str | None) -> str:
    return f"All shares together cost {words.money(value, currency)}."


def _growth(value: float, _: float | None, currency: str | None) -> str:
    verb = "more" if value >= 0 else "less"
    return f"It sells {words.percent(abs(value))} {verb} each year, over three years."


def _swing(value: float, _: float | None, currency: str | None) -> str:
    if value < 0:
        return "It tends to move against the market."
    moved = words.percent(value * 0.1)
    return f"When the market moves 10 %, it tends to move about {moved}."


def _cost(value: float, _: float | None, currency: str | None) -> str:
    return f"Holding {words.money(10_000, currency, 0)} of it costs {words.money(10_000 * value, currency)} a year."


def _income(value: float, _: float | None, currency: str | None) -> str:
    if value == 0:
        return "It pays nothing out."
    return f"{words.money(10_000, currency, 0)} of it pays about {words.money(10_000 * value, currency, 0)} a year."


def _yearly(value: float, _: float | None, currency: str | None) -> str:
    after = words.money(10_000 * (1 + value) ** 5, currency, 0)
    return f"{words.money(10_000, currency, 0)} became {after} in five years, without dividends."


def _yield(value: float, _: float | None, currency: str | None) -> str:
    return f"Kept to the end, {words.money(10_000, currency, 0)} earns about {words.money(10_000 * value, currency, 0)} a year."


def _rate_move(value: float, _: float | None, currency: str | None) -> str:
    return f"If interest rates rise by one point, it loses about {value:.1f} %."


def _credit(value: float, _: float | None, currency: str | None) -> str:
    if value >= 13:
        return "Rated as safe: it will very probably pay everything back."
    return "Rated as risky: there is a real chance that it does not pay everything back."


def _debt(value: float, _: float | None, currency: str | None) -> str:
    if value <= 0:
        return "It has more cash than debt."
    return f"It would need about {value:.1f} years of its earnings to pay back its debt."


def _profit_price(value: float, other: float | None, currency: str | None) -> str:
    text = f"The whole business costs {value:.1f} times its yearly earnings before interest, tax and wear."
    return text if other is None else f"{text} Similar ones cost {other:.1f} times."


_SENTENCES: dict[str, Callable[[float, float | None, str | None], str]] = {
    "pe_ttm": _price_of_profit,
    "ps_ttm": _price_of_sales,
    "roe": _return_on("the owners' money"),
    "roic": _return_on("money put into the business"),
    "fcf_yield": _cash_yield,
    "ev_ebitda": _profit_price,
    "max_drawdown_5y": _fall,
    "max_drawdown_1y": _fall,
    "market_cap": _size,
    "revenue_cagr_3y": _growth,
    "beta": _swing,
    "expense_ratio": _cost,
    "dividend_yield": _income,
    "return_5y": _yearly,
    "yield_to_maturity": _yield,
    "duration": _rate_move,
    "credit_score": _credit,
    "net_debt_ebitda": _debt,
}


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
