"""Nasdaq's answers as frames. Pure. Every value there is text: "$1,234.50", "($0.12)", "N/A", "--"."""

from __future__ import annotations

import calendar
import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from terminal.domain import schemas
from terminal.errors import BadPayload
from terminal.providers import wire

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

TITLE = "Nasdaq"
_TIMES = {"time-pre-market": "bmo", "time-after-hours": "amc"}
_UNKNOWN_SYMBOL = 1001
# Not read with the system's month names, which may be in another language.
_MONTHS = {
    "Jan": 1, "Feb": 2, "Mar": 3, "Apr": 4, "May": 5, "Jun": 6, "Jul": 7, "Aug": 8, "Sep": 9, "Oct": 10, "Nov": 11, "Dec": 12,
}  # fmt: skip
_AS_OF = re.compile(r"^[A-Z][a-z]{2}, ([A-Z][a-z]{2}) (\d{1,2}), (\d{4})$")
_NUMBER = re.compile(r"^\(?-?\$?[\d,]*\.?\d+\)?$")


def money(value: Any) -> float | None:
    """A number from "$1,234.50", "-0.12" or "($0.12)"; None for "N/A", "" and what is no number."""
    text = wire.text(value)
    if text is None or not _NUMBER.match(text.replace(" ", "")):
        return None
    number = wire.number(re.sub(r"[$,() ]", "", text))
    return -abs(number) if number is not None and text.startswith("(") else number


def parse_calendar(whole: Any, day: date, names: Mapping[str, str], today: date) -> pl.DataFrame:
    """EARNINGS of one day, only of `names` (Nasdaq's symbols to ours).

    Nasdaq does not say which dates are the company's own and which an algorithm's, so `confirmed` stays unknown, as does
    the hour of "time-not-supplied". A past day's row has the result where Nasdaq has it.
    """
    data = _data(whole, "earnings calendar")
    told = _calendar_day(data)
    if told not in (None, day, today):
        raise BadPayload(f"{TITLE} sent the earnings of {told} when asked for {day}.", "Try again later.")
    listed = [] if data is None or data.get("rows") is None else wire.rows_of(data["rows"], TITLE, "earnings")
    rows = []
    for row in listed:
        symbol = names.get(_spelling(row["symbol"]))
        if symbol is None:
            continue
        rows.append({
            "symbol": symbol,
            "date": day,
            "time_of_day": _TIMES.get(str(row.get("time"))),
            "period_end": _quarter(row.get("fiscalQuarterEnding")),
            "eps_estimate": money(row.get("epsForecast")),
            "eps_actual": money(row.get("eps")) if day <= today else None,
        })  # fmt: skip
    return wire.frame(rows, schemas.EARNINGS).unique(["symbol", "date"], keep="first", maintain_order=True)


def parse_history(whole: Any, theirs: str, symbol: str, finished: date) -> pl.DataFrame | None:
    """BARS, oldest first, up to the day `finished`; None when Nasdaq does not know the symbol in that class.

    Nasdaq takes splits out of its prices but not dividends, so `adjusted_close` stays unknown.
    """
    data = _data(whole, "prices")
    if data is None:
        return None
    told = wire.text(data.get("symbol"))
    if told is not None and _spelling(told) != theirs:
        raise BadPayload(f"{TITLE} sent the prices of {told} when asked for {symbol}.", "Try again later.")
    table = data.get("tradesTable")
    if table is None:
        return None
    listed = wire.mapping(table, TITLE, "prices").get("rows")
    rows = []
    for row in [] if listed is None else wire.rows_of(listed, TITLE, "prices"):
        day = datetime.strptime(row["date"], "%m/%d/%Y").date()
        close = money(row["close"])
        if close is None or day > finished:
            continue
        prices = {name: money(row.get(name)) for name in ("open", "high", "low", "volume")}
        rows.append({"symbol": symbol, "date": day, "close": close, **prices})
    if int(data.get("totalRecords") or 0) > len(listed or ()):
        raise BadPayload(f"{TITLE} sent only part of the prices of {symbol}.", "What is stored stays usable; try again later.")
    return wire.frame(rows, schemas.BARS).sort("date")


def _data(whole: Any, what: str) -> Mapping[str, Any] | None:
    """`data` of an answer; None when it says that there is no such symbol. Errors come as HTTP 200 with a code inside."""
    answer = wire.mapping(whole, TITLE, what)
    status = answer.get("status") or {}
    code = status.get("rCode", 200)
    if code not in (200, None):
        codes = status.get("bCodeMessage") or ()
        if any(each.get("code") == _UNKNOWN_SYMBOL for each in codes):
            return None
        raise BadPayload(f"{TITLE} refused: {_words(codes)}", "Try again later.")
    if "data" not in answer:
        raise BadPayload(f"{TITLE} sent no {what}.", "What is stored stays usable; try again later.")
    data = answer["data"]
    return None if data is None else wire.mapping(data, TITLE, what)


def _words(codes: Any) -> str:
    told = next((wire.text(each.get("errorMessage")) for each in codes), None)
    return f"{told.rstrip('.')}." if told else "no reason given."


def _calendar_day(data: Mapping[str, Any] | None) -> date | None:
    """The day a calendar says it is about: `asOf` is "Fri, Nov 20, 2026". None where it does not say."""
    found = _AS_OF.match(wire.text((data or {}).get("asOf")) or "")
    return date(int(found[3]), _MONTHS[found[1]], int(found[2])) if found and found[1] in _MONTHS else None


def _quarter(value: Any) -> date | None:
    """The last day of "Sep/2026"."""
    month, slash, year = (wire.text(value) or "").partition("/")
    if not slash or month not in _MONTHS or not year.isdigit():
        return None
    return date(int(year), _MONTHS[month], calendar.monthrange(int(year), _MONTHS[month])[1])


def _spelling(symbol: Any) -> str:
    """One spelling of a share class: BRK/B and BRK.B are one."""
    return str(symbol).strip().upper().replace("/", ".")
