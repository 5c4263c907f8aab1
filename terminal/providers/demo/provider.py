"""The demo provider: every dataset of the simulated market, on request or in bulk for the first start."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from terminal.domain.fetch import Fetch
from terminal.errors import BadPayload, UserError
from terminal.providers.base import Answer, Progress, Request, quiet

if TYPE_CHECKING:
    from datetime import date, datetime

    import polars as pl

    from terminal.domain.sessions import Calendar
    from terminal.providers.demo.listing import Listing

Save = Callable[[str, "pl.DataFrame", Fetch], Any]
DATASETS = (
    "instruments",
    "bars",
    "minute_bars",
    "quotes",
    "facts",
    "dividends",
    "splits",
    "earnings",
    "headlines",
    "chains",
    "members",
)
# What the first start stores; the rest is made when somebody looks at it.
SEEDED = ("instruments", "members", "splits", "dividends", "bars", "facts", "earnings", "headlines")


class DemoProvider:
    """A simulated exchange with fictional companies. Thread safe; nothing is generated before the first request.

    `clock` gives aware UTC; `end` fixes the last session instead of the newest finished one; `seed` makes another market.
    """

    id = "demo"
    title = "Demo market (simulated)"
    datasets = frozenset(DATASETS)
    simulated = True
    delayed = False
    needs_key = False
    brings: dict[str, frozenset[str]] = {}
    batch = {**dict.fromkeys(DATASETS, 1000), "minute_bars": 50, "chains": 10}

    def __init__(self, clock: Callable[[], datetime], *, seed: int | None = None, end: date | None = None) -> None:
        self._clock, self._seed, self._end = clock, seed, end
        self._lock = threading.Lock()
        self._listing: tuple[tuple[date, int], Listing] | None = None
        self._calendar: Calendar | None = None

    def fetch(self, request: Request, progress: Progress = quiet) -> Iterator[Answer]:
        """The rows of one dataset; no symbols means all of them. Facts come as first filed, then as corrected."""
        if request.dataset not in self.datasets:
            raise BadPayload(f"The demo market has no dataset '{request.dataset}'.")
        started = self._clock()
        listing = self._at(self._end)
        progress(0.3, f"simulating {request.dataset}")
        unknown = (
            tuple(symbol for symbol in request.symbols if symbol not in listing.number) if request.dataset != "members" else ()
        )
        known = tuple(symbol for symbol in request.symbols if symbol in listing.number)
        if request.symbols and not known and request.dataset != "members":
            frames = _empty(request.dataset)
        else:
            frames = self._frames(listing, request.dataset, known, request.start, request.end)
        for position, frame in enumerate(frames):
            status = "ok" if frame.height else "empty"
            yield Answer(
                request.dataset,
                frame,
                self._fetch(listing, request.dataset, request.symbols, started, status),
                unknown if position == 0 else (),
            )
        progress(1.0, "done")

    def seed(self, save: Save, end: date | None = None, progress: Progress = quiet, since: date | None = None) -> int:
        """Hand every dataset of the whole market to `save(dataset, frame, fetch)`; returns the number of rows.

        `end`: the last session (default: the newest finished one). `since`: the last session that is stored already;
        then only newer bars are given, besides the whole history of those whose earlier prices a split or dividend changes.
        """
        rows = 0
        progress(0.0, "simulating the market")
        listing = self._at(end or self._end)
        for position, dataset in enumerate(SEEDED):
            progress(0.2 + 0.8 * position / len(SEEDED), f"simulated {dataset}")
            started = self._clock()
            parts = (
                self._new_bars(listing, since)
                if dataset == "bars" and since is not None
                else self._frames(listing, dataset, (), None, None)
            )
            for frame in parts:
                if frame.height:
                    save(dataset, frame, self._fetch(listing, dataset, (), started, "ok"))
                    rows += frame.height
        progress(1.0, "the market is ready")
        return rows

    def _new_bars(self, listing: Listing, since: date) -> Iterator[pl.DataFrame]:
        import numpy as np

        paid, end = listing.payouts, np.datetime64(listing.end)
        changed = {each.company for each in listing.world.splits if listing.world.days[each.first] > since}
        changed |= set(paid.instrument[(paid.ex_date > np.datetime64(since)) & (paid.ex_date <= end)].tolist())
        rest = np.array([n for n in range(len(listing.symbols)) if n not in changed], dtype=np.int64)
        first = listing.world.calendar.next_session(since)
        yield listing.bars(rest, start=first)
        if changed:
            yield listing.bars(np.array(sorted(changed), dtype=np.int64))

    def _frames(
        self, listing: Listing, dataset: str, symbols: tuple[str, ...], start: date | None, end: date | None
    ) -> Iterator[pl.DataFrame]:
        import numpy as np
        import polars as pl

        chosen = np.array([listing.number[symbol] for symbol in symbols], dtype=np.int64) if symbols else None
        if dataset == "bars":
            yield listing.bars(chosen, start, end)
            return
        if dataset == "facts":
            from terminal.providers.demo import points, statements

            companies = None if chosen is None else chosen[chosen < len(listing.world.recipe.companies)]
            yield pl.concat([statements.quarterly(listing, companies), points.points(listing, chosen)])
            if (corrected := statements.restatements(listing, companies)).height:
                yield corrected
            return
        yield _within(dataset, self._whole(listing, dataset, symbols), symbols, start, end)

    def _whole(self, listing: Listing, dataset: str, symbols: tuple[str, ...]) -> pl.DataFrame:
        from terminal.providers.demo import chains, events, intraday

        make: dict[str, Callable[[], pl.DataFrame]] = {
            "instruments": listing.instruments,
            "members": listing.members,
            "dividends": listing.dividends,
            "splits": listing.splits,
            "earnings": lambda: events.earnings(listing),
            "headlines": lambda: events.headlines(listing),
            "minute_bars": lambda: intraday.minute_bars(listing, symbols, self._clock()),
            "quotes": lambda: intraday.quotes(listing, self._clock()),
            "chains": lambda: chains.chains(listing, symbols),
        }
        return make[dataset]()

    def _fetch(self, listing: Listing, dataset: str, symbols: tuple[str, ...], started: datetime, status: Any) -> Fetch:
        return Fetch(
            self.id,
            f"simulated {dataset}",
            dataset,
            symbols[0] if len(symbols) == 1 else "",
            started,
            self._clock(),
            status,
            as_of=listing.world.calendar.session_close(listing.end),
            simulated=True,
        )

    def _at(self, end: date | None) -> Listing:
        """The market of this moment, or of the evening of `end`; the last one is kept."""
        from terminal.providers.demo import world
        from terminal.providers.demo.listing import Listing
        from terminal.providers.demo.recipe import calendar

        with self._lock:
            if self._calendar is None:
                self._calendar = calendar()
            sessions, now = self._calendar, self._clock()
            try:
                finished = (
                    sessions.last_session(now)
                    if end is None
                    else end
                    if sessions.is_session(end)
                    else sessions.previous_session(end)
                )
                through = finished if end is not None else sessions.current_session(now) or finished
            except ValueError as error:
                raise UserError(
                    f"The demo market cannot say what day it is: {error}.", "Check the clock of this computer.", error
                ) from error
            days = 1 if through > finished else 0
            if self._listing is None or self._listing[0] != (through, days):
                made = world.generate(through, self._seed)
                self._listing = ((through, days), Listing(made, len(made.days) - days))
            return self._listing[1]


def _empty(dataset: str) -> Iterator[pl.DataFrame]:
    from terminal.domain.schemas import DATASETS as SCHEMAS

    yield SCHEMAS[dataset].empty()


def _within(dataset: str, frame: pl.DataFrame, symbols: tuple[str, ...], start: date | None, end: date | None) -> pl.DataFrame:
    import polars as pl

    times = {"dividends": "ex_date", "splits": "ex_date", "earnings": "date", "headlines": "at", "minute_bars": "at"}
    if symbols and dataset != "members":
        frame = frame.filter(pl.col("symbol").is_in(list(symbols)))
    if (column := times.get(dataset)) is not None:
        day = (
            pl.col(column).cast(pl.Date) if column != "at" else pl.col(column).dt.convert_time_zone("America/New_York").dt.date()
        )
        frame = frame.filter(day >= start) if start is not None else frame
        frame = frame.filter(day <= end) if end is not None else frame
    return frame
