"""Amounts, days and option symbols as brokers write them, read exactly or refused with a reason."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from terminal.domain.brokers.parsed import Unreadable
from terminal.domain.portfolio.transactions import Option, midnight

NEW_YORK = "America/New_York"
Comma = Literal["group", "decimal", "auto"]

_PLAIN = re.compile(r"[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,2})?|\.[0-9]+")
# Currency signs and codes that stand beside an amount, and the blanks that group thousands in some languages.
_BESIDE = re.compile(r"^(?:US\$|CA\$|[$€£¥]|[A-Z]{3}(?= ?[-0-9.(]))|(?:[$€£¥%]| ?[A-Z]{3})$")
_BLANKS = re.compile("[\\s\u00a0\u202f\u2009']")
_GROUPED = re.compile(
    r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?|\.[0-9]+|[0-9]+(?:\.[0-9]+)?[eE][+-]?[0-9]{1,2}"
)
_LONGEST = 60
_SIMPLE = re.compile(r"(-?)\$?([0-9]{1,30}(?:\.[0-9]{1,25})?)")  # most of them: 12, -12.50, $12.50

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar janvier enero gennaio januari janeiro",
            "feb february februar février febrero febbraio februari fevereiro",
            "mar march märz mars marzo maart mrt março",
            "apr april avril abril aprile",
            "may mai mayo maggio mei maio",
            "jun june juni juin junio giugno junho",
            "jul july juli juillet julio luglio julho",
            "aug august août agosto augustus",
            "sep sept september septembre septiembre settembre setembro",
            "oct october okt oktober octobre octubre ottobre outubro",
            "nov november novembre noviembre novembro",
            "dec december dez dezember décembre diciembre dicembre dezembro",
        ),
        1,
    )
    for name in names.split()
}
_COMPACT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_ISO = re.compile(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})")
_NUMBERS = re.compile(r"([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{4}|[0-9]{2})")
_NAMED = re.compile(r"([0-9]{1,2})[-/. ]([^\W\d_]{3,})\.?[-/. ]([0-9]{4}|[0-9]{2})")
_NAMED_FIRST = re.compile(r"([^\W\d_]{3,})\.?[ -]([0-9]{1,2}),? ([0-9]{4})")
_CLOCK = re.compile(r"([0-9]{1,2}):?([0-9]{2})(?::?([0-9]{2})(?:\.([0-9]{1,9}))?)?")

_OSI = re.compile(r"-?\s*([A-Z][A-Z0-9./]{0,5}?)\s*([0-9]{2})([0-9]{2})([0-9]{2})([CP])([0-9]{8})")
_SHORT_OSI = re.compile(r"-?\s*([A-Z][A-Z0-9./]{0,5}?)([0-9]{2})([0-9]{2})([0-9]{2})([CP])([0-9]{1,5}(?:\.[0-9]+)?)")
_SPOKEN = re.compile(r"([A-Z][A-Z0-9./]{0,5})\s+([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})\s+\$?([0-9,]+(?:\.[0-9]+)?)\s+([CP])")
_IBKR = re.compile(r"([A-Z][A-Z0-9./]{0,5})\s+([0-9]{1,2})([A-Z]{3})([0-9]{2})\s+([0-9.]+)\s+([CP])")
_WORDED = re.compile(r"([A-Z][A-Z0-9./]{0,5})\s+([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})\s+(CALL|PUT)\s+\$?([0-9,]+(?:\.[0-9]+)?)")


def number(text: str, comma: Comma = "group", what: str = "amount") -> Decimal:
    """The number in `text`, exactly as written.

    `comma`: "group" 1,234.56 (a comma anywhere but between thousands is refused), "decimal" 1.234,56, "auto" whichever
    stands last is the decimal sign; alone, a comma is decimal. Signs, currency signs and codes, brackets for negative,
    and blanks between thousands are understood. Raises Unreadable for anything else.
    """
    if simple := _SIMPLE.fullmatch(text):
        value = Decimal(simple[2])
        return -value if simple[1] and value else value
    bare = text.strip().replace("\u2212", "-")
    if not bare:
        raise Unreadable(f"no {what}")
    if len(bare) > _LONGEST:
        raise Unreadable(f"'{bare[:20]}...' is no {what}")
    negative = False
    if bare.startswith("(") and bare.endswith(")"):
        negative, bare = True, bare[1:-1]
    if bare.endswith("-"):
        negative, bare = not negative, bare[:-1]
    for _ in range(2):  # -$5, $-5 and $5 are all met
        bare = bare.strip()
        if bare[:1] in {"-", "+"}:
            negative, bare = negative ^ (bare[0] == "-"), bare[1:]
        bare = _BESIDE.sub("", bare)
    bare = _BLANKS.sub("", bare)
    if comma == "auto":
        comma = "decimal" if bare.rfind(",") > bare.rfind(".") else "group"
    if comma == "decimal" and "," in bare:
        whole, _, rest = bare.rpartition(",")
        bare = f"{whole.replace('.', '').replace(',', '')}.{rest}"
    elif not _GROUPED.fullmatch(bare):
        raise Unreadable(f"'{text.strip()}' is no {what}")
    bare = bare.replace(",", "")
    if not _PLAIN.fullmatch(bare):
        raise Unreadable(f"'{text.strip()}' is no {what}")
    value = Decimal(bare)
    return -value if negative and value else value


def maybe(text: str | None, comma: Comma = "group", what: str = "amount") -> Decimal | None:
    """As `number`, but nothing, "-" and "--" are None: not said."""
    bare = (text or "").strip()
    return None if bare in {"", "-", "--", "N/A", "n/a"} else number(bare, comma, what)


def some(text: str | None, comma: Comma = "group", what: str = "amount") -> Decimal:
    """As `maybe`, zero when not said: for fees and taxes, where an empty cell means none."""
    return maybe(text, comma, what) or Decimal(0)


def derived(value: Decimal) -> Decimal:
    """A figure that was divided out and is not the broker's own: ten decimals, without trailing zeros."""
    rounded = value.quantize(Decimal("1e-10")).normalize()
    return rounded.quantize(Decimal(1)) if rounded == rounded.to_integral() else rounded


def day(text: str, first: Literal["month", "day"] = "month") -> date:
    """The day `text` begins with; `first` decides what 03/04/2025 is. Raises Unreadable."""
    bare = text.strip()
    try:
        if found := _COMPACT.match(bare) or _ISO.match(bare):
            return date(*(int(part) for part in found.groups()))
        if found := _NUMBERS.match(bare):
            one, two, year = (int(part) for part in found.groups())
            return date(year + 2000 if year < 100 else year, *((one, two) if first == "month" else (two, one)))
        if (found := _NAMED.match(bare)) and found[2].lower() in _MONTHS:
            year = int(found[3])
            return date(year + 2000 if year < 100 else year, _MONTHS[found[2].lower()], int(found[1]))
        if (found := _NAMED_FIRST.match(bare)) and found[1].lower() in _MONTHS:
            return date(int(found[3]), _MONTHS[found[1].lower()], int(found[2]))
    except ValueError:
        pass
    raise Unreadable(f"'{bare[:40]}' is no date" if bare else "no date")


def clock(text: str) -> time:
    """A time of day, 09:30, 093000 or 09:30:00.123456. Raises Unreadable."""
    found = _CLOCK.match(text.strip())
    if not found:
        raise Unreadable(f"'{text.strip()[:40]}' is no time of day")
    hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
    try:
        return time(hour, minute, second, int((found[4] or "0").ljust(6, "0")[:6]))
    except ValueError:
        raise Unreadable(f"'{text.strip()[:40]}' is no time of day") from None


def moment(when: date, at: time | None = None, zone: str = NEW_YORK) -> datetime:
    """The day and time of `zone` as aware UTC; without a time the midnight that stands for an unknown one."""
    return midnight(when) if at is None else datetime.combine(when, at, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def instant(text: str, zone: str = "UTC") -> datetime:
    """A full time stamp (ISO with an offset, or `zone`'s wall clock) as aware UTC. Raises Unreadable."""
    bare = text.strip().removesuffix(" UTC").removesuffix(" GMT")
    try:
        stamp = datetime.fromisoformat(re.sub(r"(\.[0-9]{6})[0-9]+", r"\1", bare))
    except ValueError:
        when = day(bare)
        rest = re.split(r"[ T;,]+", bare, maxsplit=1)
        return moment(when, clock(rest[1]) if len(rest) > 1 and rest[1].strip() else None, zone)
    if len(bare) <= 10:
        return moment(stamp.date(), None, zone)
    return (stamp if stamp.tzinfo else stamp.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


def option(text: str) -> Option | None:
    """The option a symbol or description begins with, in the OCC's 21 characters or the spellings of brokers; else None."""
    bare = text.strip().upper()
    try:
        if found := _OSI.match(bare):
            name, year, month, when, right, strike = found.groups()
            return _option(name, date(2000 + int(year), int(month), int(when)), Decimal(strike).scaleb(-3), right)
        if found := _SHORT_OSI.fullmatch(bare):
            name, year, month, when, right, strike = found.groups()
            return _option(name, date(2000 + int(year), int(month), int(when)), Decimal(strike), right)
        if found := _IBKR.match(bare):
            name, when, named_month, year, strike, right = found.groups()
            return _option(name, date(2000 + int(year), _MONTHS[named_month.lower()], int(when)), Decimal(strike), right)
        if found := _SPOKEN.match(bare):
            name, month, when, year, strike, right = found.groups()
        elif found := _WORDED.match(bare):
            name, month, when, year, right, strike = found.groups()
        else:
            return None
        return _option(name, date(int(year), int(month), int(when)), number(strike), right)
    except (ValueError, KeyError, ArithmeticError):
        return None


def _option(name: str, expiry: date, strike: Decimal, right: str) -> Option:
    plain = strike.quantize(Decimal(1)) if strike == strike.to_integral() else strike.normalize()
    return Option(name, expiry, plain, "C" if right[0] == "C" else "P")
