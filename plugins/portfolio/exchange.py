"""What one currency was in another, as stored: closes of the pair, the ECB's reference rates, or the Federal Reserve's."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, timedelta

    from terminal.api import Context

# The Federal Reserve's daily rates (H.10) as FRED names them; whether dollars for a unit, or units for a dollar.
_DOLLAR = {
    "EUR": ("DEXUSEU", True), "GBP": ("DEXUSUK", True), "AUD": ("DEXUSAL", True), "NZD": ("DEXUSNZ", True),
    "JPY": ("DEXJPUS", False), "CAD": ("DEXCAUS", False), "CHF": ("DEXSZUS", False), "SEK": ("DEXSDUS", False),
    "NOK": ("DEXNOUS", False), "DKK": ("DEXDNUS", False), "CNY": ("DEXCHUS", False), "HKD": ("DEXHKUS", False),
    "INR": ("DEXINUS", False), "KRW": ("DEXKOUS", False), "MXN": ("DEXMXUS", False), "BRL": ("DEXBZUS", False),
    "SGD": ("DEXSIUS", False), "ZAR": ("DEXSFUS", False), "TWD": ("DEXTAUS", False), "THB": ("DEXTHUS", False),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rates:
    """What one unit of a currency was in another, by day, and where that is from; without days: not known."""

    days: list[date]
    values: list[Decimal]
    source: str = ""
    fetches: tuple[int, ...] = ()

    def on(self, day: date, fresh: timedelta) -> tuple[date, Decimal] | None:
        """The newest rate up to a day, not older than `fresh`, with its day."""
        place = bisect_right(self.days, day) - 1
        return None if place < 0 or day - self.days[place] > fresh else (self.days[place], self.values[place])


def rates(ctx: Context, currency: str, target: str, end: date) -> Rates:
    """From the first place that knows both currencies."""
    for symbol, turned in ((f"{currency}{target}=X", False), (f"{target}{currency}=X", True)):
        columns = ["symbol", "date", "close", "fetch_id"]
        rows = ctx.market.bars([symbol], None, end, ctx.as_of, columns=columns).drop_nulls("close")
        if rows.height:
            closes = [_decimal(close) for close in rows["close"].to_list()]
            values = [1 / close for close in closes] if turned else closes
            return Rates(rows["date"].to_list(), values, symbol, tuple(rows["fetch_id"].unique().to_list()))
    crossed = _crossed(ctx, _ecb(currency), _ecb(target), end, "ECB reference rates")
    return crossed if crossed.days else _crossed(ctx, _fed(currency), _fed(target), end, "Federal Reserve H.10")


def wanted(currencies: set[str]) -> list[str]:
    """The ECB's series that give every one of these currencies in every other."""
    return sorted(f"EXR.D.{each}.EUR.SP00.A" for each in currencies if each != "EUR") if len(currencies) > 1 else []


def _ecb(currency: str) -> tuple[str, bool] | None:
    return ("", True) if currency == "EUR" else (f"EXR.D.{currency}.EUR.SP00.A", True)


def _fed(currency: str) -> tuple[str, bool] | None:
    """Units of the currency for a dollar."""
    if currency == "USD":
        return "", True
    name, dollars = _DOLLAR.get(currency, ("", False))
    return (name, not dollars) if name else None


def _crossed(
    ctx: Context, one: tuple[str, bool] | None, other: tuple[str, bool] | None, end: date, source: str
) -> Rates:  # fmt: skip
    """Both currencies for one unit of a third, divided by each other; "" is the third itself."""
    nothing = Rates([], [])
    if one is None or other is None:
        return nothing
    names = [name for name, _ in (one, other) if name]
    frame = ctx.store.market.read("macro", names, end=end, as_of=ctx.as_of).drop_nulls("value").sort("date", "published_on")
    by_name: dict[str, dict[date, Decimal]] = {name: {} for name in names}
    for name, day, value in frame.select("series", "date", "value").rows():
        by_name[name][day] = _decimal(value)
    if not all(by_name.values()):
        return nothing
    days = sorted(set.intersection(*(set(each) for each in by_name.values())))

    def units(each: tuple[str, bool], day: date) -> Decimal:
        value = by_name[each[0]][day] if each[0] else Decimal(1)
        return value if each[1] else 1 / value

    fetches = tuple(frame["fetch_id"].unique().to_list())
    return Rates(days, [units(other, day) / units(one, day) for day in days], source, fetches)


def _decimal(value: float) -> Decimal:
    return Decimal(f"{value:.10g}")
