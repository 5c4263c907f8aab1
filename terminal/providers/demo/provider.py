"""The demo provider: every dataset of the simulated market, on request or in bulk for the first start."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from terminal.domain.fetch import Fetch
from terminal.errors import BadPayload, UserError
from terminal.providers.base import Answer, Progress, Request, quiet

if TYPE_CHECKING:
    from datetime import date, datetime
    from pathlib import Path

    import polars as pl

    from terminal.domain.sessions import Calendar
    from terminal.providers.demo.chains import Options
    from terminal.providers.demo.listing import Listing
    from terminal.providers.demo.newest import LastDay

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
# What the first start stores; the rest is made when somebody looks at it. Bars come last: once they are there, all is.
_TODAY = ("quotes", "minute_bars", "chains")
SEEDED = ("instruments", "members", "splits", "dividends", "facts", "earnings", "headlines", "bars")


class DemoProvider:
    """A simulated exchange with fictional companies. Thread safe; nothing is generated before the first request.

    `clock` gives aware UTC; `end` fixes the last session instead of the newest finished one; `seed` makes another market.
    `keep`: the folder where the newest session waits for the next start.
    """

    id = "demo"
    title = "Demo market (simulated)"
    datasets = frozenset(DATASETS)
    simulated = True
    delayed = False
    needs_key = False
    brings: dict[str, frozenset[str]] = {}
    batch = {**dict.fromkeys(DATASETS, 1000), "minute_bars": 50, "chains": 10}

    def __init__(self, clock: Callable[[], datetime], *, seed: int | None = None, end: date | None = None,
                 keep: Path | None = None) -> None:
        self._clock, self._seed, self._end, self._keep = clock, seed, end, keep
        self._lock = threading.Lock()
        self._world: weakref.ref[Listing] | None = None
        self._last_day: LastDay | None = None
        self._key: tuple[date, int] | None = None  # of the world
        self._newest: tuple[date, int] | None = None  # of the last day
        self._calendar: Calendar | None = None

    def fetch(self, request: Request, progress: Progress = quiet) -> Iterator[Answer]:
        """The rows of one dataset; no symbols means all of them. Facts come as first filed, then as corrected."""
        if request.dataset not in self.datasets:
            raise BadPayload(f"The demo market has no dataset '{request.dataset}'.")
        started = self._clock()
        day, whole = (self._day(), None) if request.dataset in _TODAY else (None, self._at(self._end))
        listing = day or whole
        assert listing is not None
        progress(0.3, f"simulating {request.dataset}")
        unknown = (
            tuple(symbol for symbol in request.symbols if symbol not in listing.number) if request.dataset != "members" else ()
        )
        known = tuple(symbol for symbol in request.symbols if symbol in listing.number)
        if request.symbols and not known and request.dataset != "members":
            frames = _empty(request.dataset)
        elif day is not None:
            frames = self._today(day, request, known)
        else:
            assert whole is not None
            frames = self._frames(whole, request.dataset, known, request.start, request.end)
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

        `end`: the last session (default: the newest finished one). `since`: the last session that is stored already; then
        only what is newer is given, besides the whole history of those whose earlier values a split or dividend changes.
        """
        rows = 0
        progress(0.0, "simulating the market")
        listing = self._at(end or self._end)
        for position, dataset in enumerate(SEEDED):
            progress(0.2 + 0.8 * position / len(SEEDED), f"simulated {dataset}")
            started = self._clock()
            for whole in self._frames(listing, dataset, (), None, None):
                frame = whole if since is None else _news(listing, dataset, whole, since)
                if frame.height:
                    save(dataset, frame, self._fetch(listing, dataset, (), started, "ok"))
                    rows += frame.height
        if end is None:
            self._day()  # while the world is there
        progress(1.0, "the market is ready")
        return rows

    def options(self) -> Options:
        """The option market of the newest finished session and of those before it."""
        from terminal.providers.demo.chains import Options

        day = self._day()
        return Options(day.recipe, day.calendar, day.tape)

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

    def _today(self, day: LastDay, request: Request, symbols: tuple[str, ...]) -> Iterator[pl.DataFrame]:
        from terminal.providers.demo import chains, intraday

        make: dict[str, Callable[[], pl.DataFrame]] = {
            "quotes": lambda: intraday.quotes(day, self._clock()),
            "minute_bars": lambda: intraday.minute_bars(day, symbols, self._clock()),
            "chains": lambda: chains.chains(day, symbols),
        }
        made = make[request.dataset]()
        yield _within(request.dataset, made, symbols, request.start, request.end)

    def _whole(self, listing: Listing, dataset: str, symbols: tuple[str, ...]) -> pl.DataFrame:
        from terminal.providers.demo import events

        make: dict[str, Callable[[], pl.DataFrame]] = {
            "instruments": listing.instruments,
            "members": listing.members,
            "dividends": listing.dividends,
            "splits": listing.splits,
            "earnings": lambda: events.earnings(listing),
            "headlines": lambda: events.headlines(listing),
        }
        return make[dataset]()

    def _fetch(self, listing: Listing | LastDay, dataset: str, symbols: tuple[str, ...], started: datetime, status: Any) -> Fetch:
        return Fetch(
            self.id,
            f"simulated {dataset}",
            dataset,
            symbols[0] if len(symbols) == 1 else "",
            started,
            self._clock(),
            status,
            as_of=listing.calendar.session_close(listing.end),
            simulated=True,
        )

    def _at(self, end: date | None) -> Listing:
        """The market of this moment, or of the evening of `end`; kept only for as long as somebody looks at it."""
        with self._lock:
            return self._generated(self._through(end))

    def _day(self) -> LastDay:
        """Its newest session, which is kept: it is small and asked for all the time."""
        from terminal.providers.demo.newest import Shelf

        with self._lock:
            key = self._through(self._end)
            if self._last_day is None or self._newest != key:
                shelf = Shelf(self._keep)
                found = shelf.load(key, self._seed)
                if found is None:
                    found = self._generated(key).last_day()
                    shelf.save(found, key, self._seed)
                self._last_day, self._newest = found, key
            return self._last_day

    def _through(self, end: date | None) -> tuple[date, int]:
        """The last session of the market, and 1 when it is under way and has no daily bar yet."""
        from terminal.providers.demo.recipe import calendar

        if self._calendar is None:
            self._calendar = calendar()
        sessions, now = self._calendar, self._clock()
        try:
            finished = (
                sessions.last_session(now) if end is None else end if sessions.is_session(end) else sessions.previous_session(end)
            )
            through = finished if end is not None else sessions.current_session(now) or finished
        except ValueError as error:
            raise UserError(
                f"The demo market cannot say what day it is: {error}.", "Check the clock of this computer.", error
            ) from error
        return through, 1 if through > finished else 0

    def _generated(self, key: tuple[date, int]) -> Listing:
        from terminal.providers.demo import world
        from terminal.providers.demo.listing import Listing

        kept = self._world() if self._world is not None and self._key == key else None
        if kept is None:
            made = world.generate(key[0], self._seed)
            kept = Listing(made, len(made.days) - key[1])
            self._world, self._key = weakref.ref(kept), key
        return kept


def _empty(dataset: str) -> Iterator[pl.DataFrame]:
    from terminal.domain.schemas import DATASETS as SCHEMAS

    yield SCHEMAS[dataset].empty()


def _news(listing: Listing, dataset: str, frame: pl.DataFrame, since: date) -> pl.DataFrame:
    """The rows of a whole frame that are not as they were on the evening of `since`."""
    import numpy as np
    import polars as pl

    split = [listing.symbols[each.company] for each in listing.world.splits if listing.world.days[each.first] > since]
    if dataset == "bars":
        paid = listing.payouts
        recent = (paid.ex_date > np.datetime64(since)) & (paid.ex_date <= np.datetime64(listing.end))
        changed = {*split, *(listing.symbols[n] for n in paid.instrument[recent].tolist())}
        return frame.filter((pl.col("date") > since) | pl.col("symbol").is_in(sorted(changed)))
    if dataset == "facts":
        return frame.filter(pl.col("filed_at").dt.date() > since)
    day = {"dividends": "ex_date", "splits": "ex_date", "earnings": "date", "headlines": "at"}.get(dataset)
    # Reports and payments to come are listed before their day, so these are compared whole for a few weeks back.
    return (
        frame
        if day is None
        else frame.filter((pl.col(day).cast(pl.Date) > since - timedelta(days=40)) | pl.col("symbol").is_in(split))
    )


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
