"""Stored bars of what was traded, in the units in which each trade counts."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING

from plugins.journal.book import EXCHANGE_ZONE
from terminal.domain.journal.excursions import Bar, Excursion, covers, excursion

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from terminal.api import Context, Source
    from terminal.domain.journal.executions import Leg
    from terminal.domain.journal.trades import Trade

_LONGEST = 20
"""Minutes are looked at for trades of up to so many sessions."""


class Bars:
    """Daily bars of the traded symbols and, where stored, minutes; read once for all trades."""

    def __init__(self, ctx: Context, found: Sequence[Trade], day: date) -> None:
        self._ctx, self._day = ctx, day
        legs = [one.legs[0] for one in found if len(one.legs) == 1 and one.legs[0].option is None]
        self._daily: dict[str, list[Bar]] = {}
        self._minutes: dict[str, list[Bar]] = {}
        self._splits: dict[str, list[tuple[date, float]]] = defaultdict(list)
        self._fetches: set[int] = set()
        if legs:
            self._read(legs)

    def excursion(self, trade: Trade) -> tuple[Excursion | None, str]:
        """Of a trade of one leg; else why it is not known."""
        leg = trade.legs[0]
        if len(trade.legs) > 1:
            return None, "of several legs, prices of the same moment would be needed"
        if leg.option is not None:
            return None, "no bars of options are stored"
        if leg.flows is None or any(one.price is None for one in leg.executions):
            return None, "what it cost or brought is not known"
        daily = self._of(leg, self._daily)
        minutes = self._of(leg, self._minutes) if leg.symbol in self._minutes else []
        told = excursion(leg, minutes) if minutes and covers(minutes, leg, [bar.day for bar in daily]) else None
        told = told or excursion(leg, daily)
        return told, "" if told is not None else "no bars of it are stored for that time"

    def sources(self) -> tuple[Source, ...]:
        """Where the bars came from."""
        return tuple(self._ctx.market.sources(self._fetches).values())

    def on(self, trade: Trade, day: date) -> Bar | None:
        """The daily bar of a single leg's day, in its units."""
        leg = trade.legs[0]
        return next((bar for bar in self._of(leg, self._daily) if bar.day == day), None)

    def before(self, trade: Trade) -> Bar | None:
        """The last daily bar before the day it was opened, as it is stored."""
        factor = self._factor(trade.legs[0])
        earlier = [bar for bar in self._daily.get(trade.legs[0].symbol, ()) if bar.day < trade.opened.day]
        return _scaled(earlier[-1], factor) if earlier else None

    def _read(self, legs: Sequence[Leg]) -> None:
        market, as_of = self._ctx.market, self._ctx.as_of
        symbols = sorted({leg.symbol for leg in legs})
        start = min(leg.opened.day for leg in legs) - timedelta(days=7)
        rows = market.bars(symbols, start, self._day, as_of,
                           columns=["symbol", "date", "open", "high", "low", "close", "fetch_id"])  # fmt: skip
        for (symbol,), part in rows.drop_nulls(["high", "low", "close"]).group_by("symbol", maintain_order=True):
            told = part.select("date", "open", "high", "low", "close").rows()
            self._daily[str(symbol)] = [Bar(day, close if first is None else first, high, low, close)
                                        for day, first, high, low, close in told]  # fmt: skip
        self._fetches = set(rows["fetch_id"].drop_nulls().unique().to_list())
        for row in market.splits(symbols, as_of).to_dicts():
            if row["ex_date"] <= self._day:
                self._splits[row["symbol"]].append((row["ex_date"], float(row["ratio"])))
        timed = sorted({leg.symbol for leg in legs if leg.opened.timed and self._sessions(leg) <= _LONGEST})
        if timed:
            self._read_minutes(timed, start)

    def _read_minutes(self, symbols: Sequence[str], start: date) -> None:
        rows = self._ctx.market.minute_bars(symbols, start, self._day, self._ctx.as_of)
        if rows.is_empty():
            return
        rows = rows.drop_nulls(["open", "high", "low", "close"])
        for (symbol,), part in rows.group_by("symbol", maintain_order=True):
            told = part.select("at", "open", "high", "low", "close").rows()
            self._minutes[str(symbol)] = [Bar(at.astimezone(EXCHANGE_ZONE).date(), first, high, low, close, at)
                                          for at, first, high, low, close in told]  # fmt: skip

    def _of(self, leg: Leg, found: dict[str, list[Bar]]) -> list[Bar]:
        last = self._day if leg.quantity else leg.executions[-1].day
        bars = [bar for bar in found.get(leg.symbol, ()) if leg.opened.day <= bar.day <= last]
        factor = self._factor(leg)
        return bars if factor == 1 else [_scaled(bar, factor) for bar in bars]

    def _factor(self, leg: Leg) -> float:
        """What turns stored prices, which are adjusted for all splits so far, into the units of a trade that ended before."""
        factor = 1.0
        if not leg.quantity:
            for day, ratio in self._splits.get(leg.symbol, ()):
                if day > leg.executions[-1].day:
                    factor *= ratio
        return factor

    def _sessions(self, leg: Leg) -> int:
        last = self._day if leg.quantity else leg.executions[-1].day
        return sum(leg.opened.day <= bar.day <= last for bar in self._daily.get(leg.symbol, ()))


def _scaled(bar: Bar, factor: float) -> Bar:
    return Bar(bar.day, bar.open * factor, bar.high * factor, bar.low * factor, bar.close * factor, bar.at)
