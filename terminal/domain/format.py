"""Values as text, the same in window, shell and PDF: true minus, narrow separators, one word for unknown.

Separators, the order of a date and whose clock is meant are those of the `Convention` in force, which the program sets
once at its start and again when the user chooses another (`use`); nothing here asks the machine. Ratios come in as
fractions (0.12) and leave as per cent. What machines read (JSON, CSV, rules) never passes through here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from typing import Any, Literal, TypeGuard
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
_GAPS = re.compile(r"[\s\u00a0\u202f'’_]")
_GROUPED = re.compile(r"\d{1,3}([.,])\d{3}(\1\d{3})*")
Clock = Literal["exchange", "local", "both"]


@dataclass(frozen=True, slots=True)
class Convention:
    """How numbers and days are written, and whose clock a moment is told by.

    `order` is the order of a day: "d mon y", "mon d, y" or one in digits such as "dd.mm.y". `zone` is where the user is;
    None for what the computer is set to.
    """

    decimal: str = "."
    group: str = NARROW
    order: str = "d mon y"
    clock: Clock = "exchange"
    zone: tzinfo | None = None


STANDARD = Convention()
CONVENTIONS: Mapping[str, Convention] = {
    "standard": STANDARD,
    "en-US": Convention(".", ",", "mon d, y"), "en-GB": Convention(".", ",", "d mon y"),
    "de-DE": Convention(",", ".", "dd.mm.y"), "de-AT": Convention(",", ".", "dd.mm.y"),
    "de-CH": Convention(".", "’", "dd.mm.y"), "fr-FR": Convention(",", NARROW, "dd/mm/y"),
    "es-ES": Convention(",", ".", "dd/mm/y"), "it-IT": Convention(",", ".", "dd/mm/y"),
    "pt-BR": Convention(",", ".", "dd/mm/y"), "nl-NL": Convention(",", ".", "dd-mm-y"),
    "pl-PL": Convention(",", NARROW, "dd.mm.y"), "sv-SE": Convention(",", NARROW, "y-mm-dd"),
    "ja-JP": Convention(".", ",", "y/mm/dd"),
}
_in_force: Convention = STANDARD  # one for the process, as the C library has one; only ever replaced as a whole


def use(convention: Convention) -> None:
    """Write as `convention` says from now on, in every thread."""
    global _in_force  # noqa: PLW0603
    _in_force = convention


def in_force() -> Convention:
    """The convention that texts are written by."""
    return _in_force


def read_number(text: str, convention: Convention | None = None) -> float:
    """What a person typed, as a number: `1234.5`, `1,5`, `1.234,50`, `−3`. Raises ValueError.

    With both signs the last one is the decimal one. A single sign before three digits groups them, unless it is the
    decimal sign of the convention (None: the one in force); any other single sign is the decimal one. So `1,5` is never
    fifteen. Command lines are read by `STANDARD`, so that a script means the same on every machine.
    """
    decimal = (convention or _in_force).decimal
    bare = _GAPS.sub("", text).replace(MINUS, "-")
    body = bare.lstrip("+-")
    last = max(body.rfind("."), body.rfind(","))
    if last >= 0:
        sign, other = body[last], "." if body[last] == "," else ","
        if other in body:
            whole = body[:last]
            if sign in whole or not _GROUPED.fullmatch(whole):
                raise ValueError(text)
            body = whole.replace(other, "") + "." + body[last + 1:]
        elif _GROUPED.fullmatch(body) and (body.count(sign) > 1 or (sign != decimal and not body.startswith("0"))):
            body = body.replace(sign, "")
        elif body.count(sign) > 1:
            raise ValueError(text)
        else:
            body = body.replace(sign, ".")
    if not re.fullmatch(r"(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", body, re.IGNORECASE) or len(bare) - len(bare.lstrip("+-")) > 1:
        raise ValueError(text)
    result = float(body) * (-1 if bare.startswith("-") else 1)
    if not _finite(result):
        raise ValueError(text)
    return result


def number(value: float | None, decimals: int = 2, *, sign: bool = False) -> str:
    """`1 234.50`; `sign` also shows a plus. Values that round to zero carry no sign."""
    if not _finite(value):
        return UNKNOWN
    return _signed(value, _separated(f"{abs(value):,.{decimals}f}"), sign)


def count(number_of: float) -> str:
    """A whole number of things: `1 234`."""
    return number(number_of, 0)


def compact(value: float | None, *, sign: bool = False) -> str:
    """Three significant digits with T, B, M or K: `48.2B`, `266M`, `950`."""
    if not _finite(value):
        return UNKNOWN
    size = abs(value)
    for step, letter in _STEPS:
        if size >= step * 0.9995:  # 999.6M rounds to 1.00B
            scaled = size / step
            decimals = 0 if scaled >= 99.95 else 1 if scaled >= 9.995 else 2
            return _signed(value, _separated(f"{scaled:,.{decimals}f}") + letter, sign)
    return _signed(value, f"{size:.0f}" if size >= 100 or size == int(size) else _separated(f"{size:.2f}"), sign)


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
    """`20 Nov 2026`, or as the convention in force orders it."""
    if value is None:
        return UNKNOWN
    order = _in_force.order
    if order == "d mon y":
        return f"{value.day} {_MONTHS[value.month - 1]} {value.year}"
    if order == "mon d, y":
        return f"{_MONTHS[value.month - 1]} {value.day}, {value.year}"
    return order.replace("dd", f"{value.day:02d}").replace("mm", f"{value.month:02d}").replace("y", str(value.year))


def day_of_year(value: date) -> str:
    """A day whose year is clear: `20 Nov`, `Nov 20`."""
    name = _MONTHS[value.month - 1]
    return f"{name} {value.day}" if _in_force.order == "mon d, y" else f"{value.day} {name}"


def month(value: date, *, year: bool = True) -> str:
    """`Nov 2026`, or `Nov`."""
    return f"{_MONTHS[value.month - 1]} {value.year}" if year else _MONTHS[value.month - 1]


def moment(value: datetime | None) -> str:
    """An aware moment: `20 Nov 2026, 16:00 ET` by the exchange's clock, by the user's, or by both."""
    if value is None:
        return UNKNOWN
    return _told(value, lambda local: f"{day(local)}, ", "%H:%M")


def clock(value: datetime, *, seconds: bool = False) -> str:
    """The time of day of an aware moment: `16:00 ET`, `22:00 CET`, or both: `16:00 ET (22:00 CET)`."""
    return _told(value, lambda local: "", "%H:%M:%S" if seconds else "%H:%M")


def here(value: datetime) -> datetime:
    """A moment by the clock that comes first in texts: the user's where only that is told, else the exchange's."""
    if _in_force.clock == "local":
        return value.astimezone(_in_force.zone)
    return value.astimezone(ZoneInfo(_EXCHANGE))


def _told(value: datetime, lead: Callable[[datetime], str], pattern: str) -> str:
    exchange, own = value.astimezone(ZoneInfo(_EXCHANGE)), value.astimezone(_in_force.zone)
    if _in_force.clock == "exchange" or own.utcoffset() == exchange.utcoffset():
        return f"{lead(exchange)}{exchange:{pattern}} ET"
    name = own.tzname() or ""
    spoken = name if name.isascii() and name.isalpha() and len(name) <= 5 else "local"
    if _in_force.clock == "local":
        return f"{lead(own)}{own:{pattern}} {spoken}"
    other = "" if own.date() == exchange.date() else f"{day_of_year(own)}, "
    return f"{lead(exchange)}{exchange:{pattern}} ET ({other}{own:{pattern}} {spoken})"


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


def _separated(text: str) -> str:
    """A number as Python groups it (1,234.50) with the signs in force."""
    convention = _in_force
    if convention.decimal == ".":
        return text if convention.group == "," else text.replace(",", convention.group)
    return text.replace(",", " ").replace(".", convention.decimal).replace(" ", convention.group)


def _signed(value: float, text: str, plus: bool) -> str:
    if not any("1" <= digit <= "9" for digit in text):
        return text
    return MINUS + text if value < 0 else "+" + text if plus else text


def _finite(value: float | None) -> TypeGuard[float]:
    return value is not None and value - value == 0


def _plural(count: int, word: str) -> str:
    return word if count == 1 or word in ("min", "h") else word + "s"
