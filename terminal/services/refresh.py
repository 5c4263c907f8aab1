"""Fills the store with what is missing or stale, most wanted first.

It keeps no list of its own: it looks at what is stored, so it resumes where it stopped, however it stopped. What comes
in is repaired or refused (`domain.repair`), saved, and published step by step, while the next request is under way.
"""

from __future__ import annotations

import contextlib
import threading
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from terminal.domain.sourced import Table
from terminal.providers.base import Answer, Failure
from terminal.services.freshness import overdue
from terminal.services.histories import Histories
from terminal.services.pipeline import Claims, Pipeline
from terminal.services.planner import Planner
from terminal.services.tally import COLUMNS, Tallies, names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from terminal.api import Context
    from terminal.providers.router import Router
    from terminal.services.universes import Universe, Universes
    from terminal.store import Store

HISTORY = timedelta(days=366 * 6)
OVERLAP = timedelta(days=7)
FEW = 25
LANES = 2
# Quotes first: fifty symbols a request, so the first rows are there within seconds. Then the wide answers.
ORDER = (
    "members",
    "quotes",
    "facts",
    "bars",
    "instruments",
    "earnings",
    "dividends",
    "splits",
    "headlines",
    "minute_bars",
    "chains",
    "filings",
    "ratings",
    "news_sentiment",
    "macro",
)
# A simulated market holds everything from its first opening but these, which are made when somebody looks.
ON_DEMAND = ("quotes", "minute_bars", "chains")
REFRESHED = ("quotes", "instruments", "bars", "dividends", "splits", "facts", "earnings")


class Refresher:
    """Asks the router for what the store lacks. `extend(ctx)` brings a simulated market up to the newest session.

    `paused()` names datasets that are only fetched when the user asks by hand; `holdings()` what the user owns.
    """

    def __init__(
        self,
        store: Store,
        router: Router,
        *,
        clock: Callable[[], datetime],
        calendar: Callable[[], Any],
        extend: Callable[[Context], int] | None = None,
        paused: Callable[[], frozenset[str]] = frozenset,
        holdings: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        self.paused = paused
        self.store = store
        self.router = router
        self._clock = clock
        self._calendar = calendar
        self.extend = extend
        self.claims = Claims()
        self.planner = Planner(store, router, self.overdue, clock, holdings)
        self.histories = Histories(store, router, clock)

    def ensure(self, symbols: Sequence[str], datasets: Sequence[str], ctx: Context) -> list[str]:
        """Fetch what is missing or stale; what could not be had comes back as sentences. Raises only Cancelled."""
        absent = [] if self.extend is None else self._not_in_the_demo(symbols)
        wanted = tuple(symbol for symbol in symbols if symbol not in absent)
        with _Run(self, ctx) as run:
            run.bring(wanted, tuple(datasets) if self.extend is None else tuple(name for name in datasets if name in ON_DEMAND))
        demo = f"The demo market has no {names(absent)}. Find what it has with `tapeline market search TEXT`."
        return [*([demo] if absent else []), *run.sentences()]

    def refresh(self, universe: Universe, ctx: Context, universes: Universes) -> Table:
        """Everything the screener and the tearsheet need, for a whole universe, most wanted first.

        For what is on a watchlist also the items that the first service lacks are asked from the next. Beyond a few dozen
        symbols this counts as scheduled work, also when the user started it: the reserve is for what somebody waits for.
        """
        extended = self.extend(ctx) if self.extend is not None else 0
        wanted = self.planner.wanted(universes.wanted_first())
        order = self.planner.order(universe.symbols, wanted)
        careful = frozenset((*wanted.held, *wanted.watched))
        with _Run(self, ctx, by_hand=ctx.by_hand and len(order) <= FEW, thorough=careful) as run:
            if not self.extend:
                run.bring(order, ("quotes",), share=0.05)
                run.bring_each(order, tuple(name for name in REFRESHED if name != "quotes"), done=0.05)
        ctx.progress(1.0, "done")
        simulated = (f"The simulated market was brought up to date: {extended} new rows.",) if self.extend is not None else ()
        notes = (*simulated, *((universe.note,) if universe.note else ()))
        return Table(f"Refresh of {universe.title}", COLUMNS, run.tallies.frame(), unknown=tuple(run.sentences()), notes=notes)

    def plan(self, universe: Universe, ctx: Context, universes: Universes) -> Table:
        """What `refresh` would ask from whom now, and what the budgets do not suffice for."""
        wanted = self.planner.wanted(universes.wanted_first())
        datasets = tuple(name for name in ORDER if name in REFRESHED) if self.extend is None else ()
        by_hand = ctx.by_hand and len(universe.symbols) <= FEW
        return self.planner.table(
            self.planner.plan(universe.symbols, datasets, wanted, by_hand=by_hand), f"Plan for {universe.title}"
        )

    def _not_in_the_demo(self, symbols: Sequence[str]) -> list[str]:
        stored = set(self.store.market.read("instruments", symbols, columns=["symbol"])["symbol"])
        return [symbol for symbol in symbols if symbol not in stored]

    def stale(self, dataset: str, symbols: Sequence[str], now: datetime) -> dict[str, date | None]:
        """Symbols whose dataset must be fetched, with the last day already stored (None: nothing is)."""
        return {symbol: newest for symbol, newest, late in self._ages(dataset, symbols, now) if late}

    def overdue(self, dataset: str, symbols: Sequence[str]) -> dict[str, float]:
        """The same symbols with how many times their allowed age they have."""
        return {symbol: late for symbol, _, late in self._ages(dataset, symbols, self._clock()) if late}

    def _ages(self, dataset: str, symbols: Sequence[str], now: datetime) -> Iterator[tuple[str, date | None, float]]:
        stored = {row["symbol"]: row for row in self.store.market.freshness(dataset).to_dicts()}
        calendar = self._calendar()
        closed_at, is_open = calendar.session_close(calendar.last_session(now)), calendar.is_open(now)
        for symbol in symbols:
            row = stored.get(symbol)
            newest = _day(row["newest"]) if row else None
            yield symbol, newest, overdue(dataset, newest, row["fetched_at"] if row else None, now, closed_at, is_open)


class _Run:
    """One call of `ensure` or `refresh`. What comes in is stored beside; leaving the run waits until all of it is."""

    def __init__(
        self, refresher: Refresher, ctx: Context, *, by_hand: bool | None = None, thorough: frozenset[str] | None = None
    ) -> None:
        self._refresher = refresher
        self._router = refresher.router
        self._ctx = ctx
        self._by_hand = ctx.by_hand if by_hand is None else by_hand
        self._thorough = thorough
        self._paused: frozenset[str] = frozenset()
        self._whole: frozenset[str] = frozenset()  # whose history is only a part, and may be had in whole now
        self._priced: tuple[str, ...] = ()
        self.tallies = Tallies()
        self._pipeline = Pipeline(refresher.store, refresher.router, self.tallies.saved)

    def __enter__(self) -> _Run:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        with contextlib.suppress(*(() if kind is None else (Exception,))):  # what stopped the run is told, not what followed
            self._pipeline.close()

    def bring(self, symbols: tuple[str, ...], datasets: tuple[str, ...], done: float = 0.0, share: float = 1.0) -> None:
        """Fetch the stale datasets of these symbols, one dataset after the other; `done` and `share`: the place in the whole."""
        wanted, since = self._wanted(symbols, datasets)
        for position, dataset in enumerate(wanted):
            self._bring(dataset, wanted, since, done + share * position / len(wanted))

    def bring_each(self, symbols: tuple[str, ...], datasets: tuple[str, ...], done: float = 0.0) -> None:
        """As `bring`, symbol by symbol in their order, so that what comes first is complete first.

        Several are under way at once: while one answer is unpacked, the next request is out.
        """
        wanted, since = self._wanted(symbols, datasets)
        line = iter(enumerate(symbols))
        guard = threading.Lock()
        errors: list[BaseException] = []

        def work() -> None:
            try:
                while not errors:
                    with guard:
                        at, symbol = next(line, (0, ""))
                    if not symbol:
                        return
                    mine = {name: {symbol: stale[symbol]} for name, stale in wanted.items() if symbol in stale}
                    for dataset in mine:
                        self._bring(dataset, mine, since, done + (1 - done) * at / len(symbols))
            except BaseException as error:
                errors.append(error)

        lanes = [threading.Thread(target=work, name="refresh-lane", daemon=True) for _ in range(LANES)]
        for lane in lanes:
            lane.start()
        for lane in lanes:
            lane.join()
        if errors:
            raise errors[0]

    def _wanted(self, symbols: tuple[str, ...], datasets: tuple[str, ...]) -> tuple[dict[str, dict[str, date | None]], int]:
        """What is stale, by dataset in the order of asking, and the moment at which that was so."""
        paused: frozenset[str] = frozenset() if self._ctx.by_hand else self._refresher.paused() & set(datasets)
        self._paused |= paused
        since = self._refresher.claims.now()
        now = self._ctx.now()
        wanted = {
            name: self._refresher.stale(name, symbols, now) for name in ORDER if name in datasets and name not in paused
        }
        if "bars" in wanted:
            self._priced += symbols
            self._whole |= self._refresher.histories.due(symbols)
            for symbol in (each for each in symbols if each in self._whole):
                wanted["bars"].setdefault(symbol, None)
        for name, stale in wanted.items():
            self.tallies.fresh(name, len(symbols) - len(stale))
        return wanted, since

    def _bring(self, dataset: str, wanted: Mapping[str, dict[str, date | None]], since: int, done: float) -> None:
        """Fetch what is wanted of one dataset, and strike out of `wanted` what comes with it."""
        left = dict(wanted[dataset])
        brings = self._router.brings(dataset)
        claims = self._refresher.claims
        while left:
            mine, fetched, others = claims.take((dataset, *brings), left, since)
            if mine:
                self._fetch_mine(dataset, brings, mine, fetched, left, done)
            if others:
                claims.wait((dataset, *brings), others, lambda: self._ctx.progress(done, f"waiting for {dataset}"))
            left = self._refresher.stale(dataset, others, self._ctx.now()) if others else {}
        for brought in brings & wanted.keys():
            for symbol in wanted[dataset]:
                wanted[brought].pop(symbol, None)

    def _fetch_mine(
        self, dataset: str, brings: frozenset[str], mine: list[str], fetched: list[str], left: dict[str, date | None], done: float
    ) -> None:
        """Fetch what was claimed; the claim is given back once all of it is stored."""
        claims = self._refresher.claims
        under_way = _Countdown(lambda: claims.release((dataset, *brings), mine))
        try:
            again = self._refresher.stale(dataset, fetched, self._ctx.now()) if fetched else {}
            stale = {symbol: left[symbol] for symbol in mine if symbol not in fetched} | again
            if dataset == "bars":
                stale = self._complete(stale, done, under_way)
            for start, group in _by_start(dataset, stale, self._ctx.now().date()).items():
                self._fetch(dataset, group, start, stale, done, under_way)
        finally:
            under_way.down()

    def _complete(self, stale: dict[str, date | None], done: float, under_way: _Countdown) -> dict[str, date | None]:
        """Ask for the whole history of those of which only a part is stored; what is left to be asked for.

        The whole is asked and not only what lies before, so that all its prices are adjusted by one service.
        """
        wanted = tuple(symbol for symbol in stale if symbol in self._whole)
        if not wanted:
            return stale
        failed = self._fetch("bars", wanted, None, {}, done, under_way, partly=False)
        gaps = self._refresher.stale("bars", tuple(failed), self._ctx.now()) if failed else {}
        return {symbol: newest for symbol, newest in stale.items() if symbol not in wanted} | gaps

    def _fetch(
        self,
        dataset: str,
        symbols: tuple[str, ...],
        start: date | None,
        newest: Mapping[str, date | None],
        done: float,
        under_way: _Countdown,
        *,
        partly: bool = True,
    ) -> set[str]:
        """Fetch and hand on to be stored. Returns the symbols that could not be had; what is not `partly` does not count
        as missing, because a part of it is there."""
        self._ctx.progress(done, f"{dataset} of {names(symbols)}")
        self.tallies.asked(dataset, symbols)
        answers: list[Answer] = []
        failed: set[str] = set()

        def note(_fraction: float | None, text: str) -> None:
            self._ctx.progress(done, text)

        for outcome in self._router.fetch(dataset, symbols, start, by_hand=self._by_hand, progress=note,
                                          thorough=self._thorough, aside=self._refresher.store.market.log,
                                          partly=partly):  # fmt: skip
            if isinstance(outcome, Failure):
                failed.update(outcome.symbols)
                if partly:
                    self.tallies.failed(outcome)
                if outcome.fetch is not None:
                    self._refresher.store.market.log(outcome.fetch)
                continue
            answers.append(outcome)
            if outcome.dataset == dataset:
                if outcome.missing:
                    self.tallies.missing(outcome.fetch.provider, outcome.missing)
                self._put(answers, dataset, under_way)
                self._ctx.progress(done, f"{dataset} of {names(symbols)}")
                self._again_in_full(answers, newest, start, under_way)
                answers = []
        if answers:
            self._put(answers, dataset, under_way)
        return failed

    def _put(self, answers: Sequence[Answer], dataset: str, under_way: _Countdown) -> None:
        under_way.up()
        try:
            self._pipeline.put(answers, dataset, under_way.down)
        except BaseException:
            under_way.down()
            raise

    def _again_in_full(
        self, answers: Iterable[Answer], newest: Mapping[str, date | None], start: date | None, under_way: _Countdown
    ) -> None:
        """A split or dividend since the last fetch changes all earlier prices, so the whole history is fetched again."""
        if start is None:
            return
        changed = {
            row["symbol"]
            for answer in answers
            if answer.dataset in ("splits", "dividends")
            for row in answer.frame.select("symbol", "ex_date").to_dicts()
            if (known := newest.get(row["symbol"])) is not None and row["ex_date"] > known
        }
        if changed:
            self._fetch("bars", tuple(sorted(changed)), None, {}, 0.0, under_way)

    def sentences(self) -> list[str]:
        """What could not be had, each reason once, with the symbols concerned."""
        titles = {each.id: each.title for each in self._router.providers}
        read = self._refresher.store.market.read
        lines = self.tallies.sentences(titles, read("instruments", columns=["symbol"])["symbol"] if self.tallies.unknown else ())
        lines += self._refresher.histories.sentences(self._priced, HISTORY) if self._priced else ()
        if self._paused:
            lines.append(f"Paused, so not fetched: {names(sorted(self._paused))}. Resume with `tapeline jobs resume`.")
        return lines


class _Countdown:
    """Calls `last` when as many have gone `down` as went `up`; it starts with one. For several threads."""

    def __init__(self, last: Callable[[], None]) -> None:
        self._count, self._last, self._guard = 1, last, threading.Lock()

    def up(self) -> None:
        with self._guard:
            self._count += 1

    def down(self) -> None:
        with self._guard:
            self._count -= 1
            over = self._count == 0
        if over:
            self._last()


def _by_start(dataset: str, newest: Mapping[str, date | None], today: date) -> dict[date | None, tuple[str, ...]]:
    """Symbols by the first day to ask for: the gap with some overlap, or None for the whole history."""
    if dataset not in ("bars",):
        return {None: tuple(newest)}
    groups: dict[date | None, tuple[str, ...]] = {}
    for symbol, last in newest.items():
        start = None if last is None or today - last > HISTORY else last - OVERLAP
        groups[start] = (*groups.get(start, ()), symbol)
    return groups


def _day(moment: date | datetime | None) -> date | None:
    return moment.date() if isinstance(moment, datetime) else moment
