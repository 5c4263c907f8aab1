"""Nasdaq's public pages: the earnings calendar, a day a request, and daily bars of about ten years. No key."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING

from terminal.providers import nasdaq_parse as parse
from terminal.providers import wire
from terminal.providers.budget import Window
from terminal.providers.service import Service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from terminal.providers.base import Answer, Progress, Request

AHEAD = timedelta(days=13)
HISTORY = timedelta(days=3653)
MOST_DAYS = 10
"""Working days of the calendar that one call asks for: what `cost` states."""
MOST_BARS = 9999


class NasdaqProvider(Service):
    """The calendar speaks about the whole market: what was not asked for is dropped. Days count in New York."""

    id = "nasdaq"
    title = "Nasdaq"
    address = "https://api.nasdaq.com"
    datasets = frozenset({"earnings", "bars"})
    # Nothing is published; this is what somebody clicking through the pages would cause.
    windows = (Window(60, 60),)
    batch = {"earnings": 5000}
    cost = {"earnings": MOST_DAYS, "bars": 2}
    items = {"earnings": frozenset({"date", "time_of_day", "period_end", "eps_estimate", "eps_actual"})}

    def headers(self) -> dict[str, str]:
        """Without a browser's headers Nasdaq lets a request hang."""
        return {
            "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Accept": "application/json, text/plain, */*",
            "Accept-Language": "en-US,en;q=0.9",
            "Origin": "https://www.nasdaq.com",
            "Referer": "https://www.nasdaq.com/",
        }

    def fetch(self, request: Request, progress: Progress) -> Iterator[Answer]:
        """The calendar as one answer a working day (at most ten from `start`, default today), bars as one a symbol."""
        names = {theirs: symbol for symbol in request.symbols if (theirs := wire.dotted(symbol)) is not None}
        foreign = tuple(symbol for symbol in request.symbols if wire.dotted(symbol) is None)
        if foreign:
            yield self.nothing(request.dataset, foreign)
        if request.dataset == "earnings" and names:
            yield from self._calendar(request, names, progress)
        elif request.dataset == "bars":
            for theirs, symbol in names.items():
                progress(None, f"bars of {symbol} from {self.title}")
                yield self._bars(request, theirs, symbol)

    def _calendar(self, request: Request, names: dict[str, str], progress: Progress) -> Iterator[Answer]:
        today = wire.exchange_day(self.around.clock())
        for day in working_days(request.start or today, request.end):
            progress(None, f"earnings calendar of {day} from {self.title}")
            frame, got = self.ask(
                "earnings", "", "calendar/earnings", "/api/calendar/earnings", {"date": day.isoformat()},
                partial(parse.parse_calendar, day=day, names=names, today=today))  # fmt: skip
            yield self.answer("earnings", frame, got, "calendar/earnings")

    def _bars(self, request: Request, theirs: str, symbol: str) -> Answer:
        now = self.around.clock()
        end = request.end or wire.exchange_day(now)
        start = request.start or end - HISTORY
        path = f"/api/quote/{theirs}/historical"
        params = {"fromdate": start.isoformat(), "todate": end.isoformat(), "limit": str(MOST_BARS)}
        read = partial(parse.parse_history, theirs=theirs, symbol=symbol, finished=wire.last_finished_day(now))
        for kind in ("stocks", "etf"):
            frame, got = self.ask(
                "bars", symbol, "quote/historical", path, {**params, "assetclass": kind}, read)  # fmt: skip
            if frame is not None:
                return self.answer("bars", frame, got, "quote/historical", symbol)
        return self.nothing("bars", (symbol,))


def working_days(start: date, end: date | None) -> tuple[date, ...]:
    """Monday to Friday from `start` to `end` (default: two weeks), at most `MOST_DAYS` of them: no company reports on others."""
    last = start + AHEAD if end is None else end
    days = (start + timedelta(days=number) for number in range(max((last - start).days, 0) + 1))
    return tuple(day for day in days if day.weekday() < 5)[:MOST_DAYS]
