"""Values as text, the same in window, shell and PDF: true minus, narrow separators, one word for unknown.

Nothing here depends on the machine's locale. Ratios come in as fractions (0.12) and leave as per cent.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, TypeGuard
from zoneinfo import ZoneInfo

UNKNOWN = "–"
MINUS = "−"
NARROW = "\u202f"
UP, DOWN, FLAT = "▲", "▼", "•"

_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}
_STEPS = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K"))
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_UNITS = {"x", "fraction", "days", "count", "score", "years", "currency", ""}
_EXCHANGE = "America/New_York"


def number(value: float | None, decimals: int = 2, *, sign: bool = False) -> str:
    """`1 234.50`; `sign` also shows a plus. Values that round to zero carry no sign."""
    if not _finite(value):
        return UNKNOWN
    text = f"{abs(value):,.{decimals}f}".replace(",", NARROW)
    return _signed(value, text, sign)


def compact(value: float | None, *, sign: bool = False) -> str:
    """Three significant digits with T, B, M or K: `48.2B`, `266M`, `950`."""
    if not _finite(value):
        return UNKNOWN
    size = abs(value)
    for step, letter in _STEPS:
        if size >= step * 0.9995:  # 999.6M rounds to 1.00B
            scaled = size / step
            decimals = 0 if scaled >= 99.95 else 1 if scaled >= 9.995 else 2
            return _signed(value, f"{scaled:,.{decimals}f}{letter}".replace(",", NARROW), sign)
    return _signed(value, f"{size:.0f}" if size >= 100 or size == int(size) else f"{size:.2f}", sign)


def percent(fraction: float | None, decimals: int = 1, *, sign: bool = False) -> str:
    """A fraction as `5.6 %`."""
    text = number(None if not _finite(fraction) else fraction * 100, decimals, sign=sign)
    return text if text == UNKNOWN else f"{text}{NARROW}%"


def multiple(value: float | None, decimals: int = 1) -> str:
    """`18.4×`."""
    text = number(value, decimals)
    return text if text == UNKNOWN else f"{text}×"


def money(value: float | None, currency: str | None = None, decimals: int = 2, *, sign: bool = False) -> str:
    """`$69.76`, `$48.2B`, `12.40 CHF`; without a currency the bare number. From one million on it is compact."""
    if not _finite(value):
        return UNKNOWN
    size = abs(value)
    text = compact(size) if size >= 999_999.5 else number(size, decimals)
    symbol = _SYMBOLS.get(currency or "")
    if symbol:
        text = symbol + text
    elif currency:
        text = f"{text}{NARROW}{currency}"
    return _signed(value, text, sign)


def change(fraction: float | None, decimals: int = 2) -> str:
    """`▲ 0.79 %`, `▼ 2.60 %`: the arrow carries the sign for those who do not see the colour."""
    return UNKNOWN if not _finite(fraction) else f"{arrow(fraction, decimals)} {percent(fraction, decimals, sign=True)}"


def arrow(fraction: float | None, decimals: int = 2) -> str:
    """The direction of a change as it is shown: what rounds to zero is flat."""
    if not _finite(fraction) or round(fraction * 100, decimals) == 0:
        return FLAT
    return UP if fraction > 0 else DOWN


def day(value: date | None) -> str:
    """`20 Nov 2026`."""
    return UNKNOWN if value is None else f"{value.day} {_MONTHS[value.month - 1]} {value.year}"


def moment(value: datetime | None) -> str:
    """Exchange time of an aware moment: `20 Nov 2026, 16:00 ET`."""
    if value is None:
        return UNKNOWN
    local = value.astimezone(ZoneInfo(_EXCHANGE))
    return f"{day(local)}, {local:%H:%M} ET"


def age(then: datetime | None, now: datetime) -> str:
    """How long ago in one unit: `just now`, `3 min old`, `2 h old`, `5 days old`, `4 months old`."""
    if then is None:
        return "age unknown"
    seconds = (now - then).total_seconds()
    if seconds < 60:
        return "just now"
    for limit, size, word in ((3600, 60, "min"), (86_400, 3600, "h"), (60 * 86_400, 86_400, "day"),
                              (730 * 86_400, 30.44 * 86_400, "month")):
        if seconds < limit:
            count = int(seconds // size)
            return f"{count} {_plural(count, word)} old"
    count = int(seconds // (365.25 * 86_400))
    return f"{count} {_plural(count, 'year')} old"


def value(raw: Any, type: str = "text", unit: str = "", decimals: int | None = None, currency: str | None = None) -> str:
    """Any cell as text, by the type and unit of its `Column` (terminal.domain.sourced). None and NaN are `–`."""
    if raw is None:
        return UNKNOWN
    if isinstance(raw, bool):
        return "yes" if raw else "no"
    if isinstance(raw, (int, float)):
        return _numeric(raw, type, unit, decimals, currency)
    if isinstance(raw, datetime):
        return moment(raw if raw.tzinfo else raw.replace(tzinfo=UTC))
    if isinstance(raw, date):
        return day(raw)
    if isinstance(raw, Sequence) and not isinstance(raw, str):
        return ", ".join(value(item) for item in raw) or UNKNOWN
    return str(raw)


def _numeric(raw: float, type: str, unit: str, decimals: int | None, currency: str | None) -> str:
    if unit == "fraction":
        return percent(raw, 1 if decimals is None else decimals)
    if unit == "x":
        return multiple(raw, 1 if decimals is None else min(decimals, 2))
    if unit not in _UNITS and len(unit) == 3 and unit.isupper():
        return money(raw, currency or unit, 2 if decimals is None else decimals)
    if unit == "currency":
        return money(raw, currency, 2 if decimals is None else decimals)
    places = decimals if decimals is not None else 0 if type == "integer" or isinstance(raw, int) else 2
    if unit == "days":
        text = number(raw, places)
        return text if text == UNKNOWN else f"{text} {_plural(round(raw), 'day')}"
    if _finite(raw) and abs(raw) >= 999_999.5:
        return compact(raw)
    return number(raw, places)


def _signed(value: float, text: str, plus: bool) -> str:
    if not any("1" <= digit <= "9" for digit in text):
        return text
    return MINUS + text if value < 0 else "+" + text if plus else text


def _finite(value: float | None) -> TypeGuard[float]:
    return value is not None and value - value == 0


def _plural(count: int, word: str) -> str:
    return word if count == 1 or word in ("min", "h") else word + "s"
