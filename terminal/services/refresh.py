"""Fills the store with what is missing or stale, most wanted first.

It keeps no list of its own: it looks at what is stored, so it resumes where it stopped, however it stopped. What comes
in is repaired or refused (`domain.repair`), saved, and published step by step.
"""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from terminal.domain.sourced import Column, Table
from terminal.providers.base import Answer, Failure
from terminal.services.freshness import is_fresh

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from terminal.api import Context
    from terminal.providers.router import Router
    from terminal.services.universes import Universe, Universes
    from terminal.store import Store

HISTORY = timedelta(days=366 * 6)
OVERLAP = timedelta(days=7)
STEP = 5
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


@dataclass(slots=True)
class Tally:
    """What one run brought, per dataset."""

    asked: set[str] = field(default_factory=set)
    fresh: int = 0
    rows: int = 0
    refused: int = 0
    repaired: int = 0
    failed: set[str] = field(default_factory=set)


class Refresher:
    """Asks the router for what the store lacks. `extend(ctx)` brings a simulated market up to the newest session.

    `paused()` names datasets that are only fetched when the user asks by hand.
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
    ) -> None:
        self.paused = paused
        self.store = store
        self.router = router
        self._clock = clock
        self._calendar = calendar
        self.extend = extend
        self._turns: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()

    def ensure(self, symbols: Sequence[str], datasets: Sequence[str], ctx: Context) -> list[str]:
        """Fetch what is missing or stale; what could not be had comes back as sentences. Raises only Cancelled."""
        run = _Run(self, ctx)
        if self.extend is None:
            run.bring(tuple(symbols), tuple(datasets))
            return run.sentences()
        absent = self._not_in_the_demo(symbols)
        run.bring(
            tuple(symbol for symbol in symbols if symbol not in absent), tuple(name for name in datasets if name in ON_DEMAND)
        )
        told = (
            [f"The demo market has no {_names(absent)}. Find what it has with `tapeline market search TEXT`."] if absent else []
        )
        return [*told, *run.sentences()]

    def refresh(self, universe: Universe, ctx: Context, universes: Universes) -> Table:
        """Everything the screener and the tearsheet need, for a whole universe."""
        extended = self.extend(ctx) if self.extend is not None else 0
        inside = set(universe.symbols)
        first = [symbol for symbol in universes.wanted_first() if symbol in inside]
        symbols = tuple(dict.fromkeys([*first, *universe.symbols]))
        run = _Run(self, ctx)
        if not self.extend:
            run.bring(symbols, ("quotes",))
            slow = tuple(name for name in REFRESHED if name != "quotes")
            for at in range(0, len(symbols), STEP):
                run.bring(
                    symbols[at : at + STEP], slow, done=at / len(symbols), share=min(STEP, len(symbols) - at) / len(symbols)
                )
        ctx.progress(1.0, "done")
        return run.table(universe, extended)

    def _not_in_the_demo(self, symbols: Sequence[str]) -> list[str]:
        stored = set(self.store.market.read("instruments", symbols, columns=["symbol"])["symbol"])
        return [symbol for symbol in symbols if symbol not in stored]

    @contextlib.contextmanager
    def turn(self, dataset: str, ctx: Context) -> Iterator[None]:
        """One at a time for each dataset: whoever waited finds what the one before has fetched, and does not ask again."""
        with self._guard:
            lock = self._turns.setdefault(dataset, threading.Lock())
        while not lock.acquire(timeout=0.1):
            ctx.progress(None, f"waiting for {dataset}")
        try:
            yield
        finally:
            lock.release()

    def stale(self, dataset: str, symbols: Sequence[str], now: datetime) -> dict[str, date | None]:
        """Symbols whose dataset must be fetched, with the last day already stored (None: nothing is)."""
        stored = {row["symbol"]: row for row in self.store.market.freshness(dataset).to_dicts()}
        calendar = self._calendar()
        last, is_open = calendar.last_session(now), calendar.is_open(now)
        wanted: dict[str, date | None] = {}
        for symbol in symbols:
            row = stored.get(symbol)
            newest = _day(row["newest"]) if row else None
            if row is None or not is_fresh(dataset, newest, row["fetched_at"], now, last, is_open):
                wanted[symbol] = newest
        return wanted

    def save(self, answers: Sequence[Answer], asked: str, tallies: Mapping[str, Tally]) -> None:
        """Repair, refuse and store what one request brought; the store tells whoever listens."""
        from terminal.services.intake import take_in

        for intake in take_in(self.store, answers, asked, self.router.brings(asked)):
            saved = intake.save(self.store)
            tally = tallies[intake.dataset]
            tally.rows += saved.rows
            tally.refused += saved.refused
            tally.repaired += saved.repaired


class _Run:
    """One call of `ensure` or `refresh`: what was asked, what came, what failed."""

    def __init__(self, refresher: Refresher, ctx: Context) -> None:
        self._refresher = refresher
        self._ctx = ctx
        self._failures: list[Failure] = []
        self._missing: dict[str, set[str]] = {}
        self._paused: frozenset[str] = frozenset()
        self.tallies: dict[str, Tally] = _Tallies()

    def bring(self, symbols: tuple[str, ...], datasets: tuple[str, ...], done: float = 0.0, share: float = 1.0) -> None:
        """Fetch the stale datasets of these symbols; `done` and `share` place this step in the whole for the progress."""
        router = self._refresher.router
        paused: frozenset[str] = frozenset() if self._ctx.by_hand else self._refresher.paused() & set(datasets)
        self._paused |= paused
        datasets = tuple(name for name in datasets if name not in paused)
        wanted = {name: self._refresher.stale(name, symbols, self._ctx.now()) for name in datasets}
        for name, stale in wanted.items():
            self.tallies[name].fresh += len(symbols) - len(stale)
        plan = [name for name in ORDER if name in wanted]
        for position, dataset in enumerate(plan):
            left = wanted[dataset]
            if not left:
                continue
            part = done + share * position / len(plan)
            with self._refresher.turn(dataset, self._ctx):
                left = self._refresher.stale(dataset, tuple(left), self._ctx.now())
                for start, group in _by_start(dataset, left, self._ctx.now().date()).items():
                    self._fetch(dataset, group, start, left, part)
            for brought in router.brings(dataset):
                for symbol in left:
                    if brought in wanted:
                        wanted[brought].pop(symbol, None)

    def _fetch(
        self, dataset: str, symbols: tuple[str, ...], start: date | None, newest: Mapping[str, date | None], done: float
    ) -> None:
        self._ctx.progress(done, f"{dataset} of {_names(symbols)}")
        self.tallies[dataset].asked.update(symbols)
        answers: list[Answer] = []

        def note(_fraction: float | None, text: str) -> None:
            self._ctx.progress(done, text)

        router, log = self._refresher.router, self._refresher.store.market.log
        for outcome in router.fetch(dataset, symbols, start, by_hand=self._ctx.by_hand, progress=note, aside=log):
            if isinstance(outcome, Failure):
                self._fail(outcome)
                continue
            if outcome.dataset == dataset and outcome.missing:
                self._missing.setdefault(outcome.fetch.provider, set()).update(outcome.missing)
            answers.append(outcome)
            if outcome.dataset == dataset:
                self._refresher.save(answers, dataset, self.tallies)
                self._ctx.progress(done, f"{dataset} of {_names(symbols)}")
                self._again_in_full(answers, newest, start)
                answers = []
        if answers:
            self._refresher.save(answers, dataset, self.tallies)

    def _again_in_full(self, answers: Iterable[Answer], newest: Mapping[str, date | None], start: date | None) -> None:
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
            self._fetch("bars", tuple(sorted(changed)), None, {}, 0.0)

    def _fail(self, failure: Failure) -> None:
        self._failures.append(failure)
        self.tallies[failure.dataset].failed.update(failure.symbols)
        if failure.fetch is not None:
            self._refresher.store.market.log(failure.fetch)

    def sentences(self) -> list[str]:
        """What could not be had, each reason once, with the symbols concerned."""
        reasons: dict[str, tuple[Failure, dict[str, None]]] = {}
        for failure in self._failures:
            _, symbols = reasons.setdefault(failure.error.sentence(), (failure, {}))
            symbols.update(dict.fromkeys(failure.symbols))
        lines = [replace(failure, symbols=tuple(symbols)).sentence() for failure, symbols in reasons.values()]
        titles = {each.id: each.title for each in self._refresher.router.providers}
        stored = set(self._refresher.store.market.read("instruments", columns=["symbol"])["symbol"]) if self._missing else set()
        for provider, unanswered in self._missing.items():
            missing = unanswered - stored
            if not missing:
                continue
            lines.append(
                f"{titles.get(provider, provider)} does not know {_names(sorted(missing))}. "
                "Check the spelling with `tapeline market search TEXT`."
            )
        if self._paused:
            lines.append(f"Paused, so not fetched: {_names(sorted(self._paused))}. Resume with `tapeline jobs resume`.")
        return lines

    def table(self, universe: Universe, extended: int) -> Table:
        """What the run brought, a row a dataset."""
        counts = {
            "fresh": "Up to date",
            "asked": "Asked",
            "rows": "Rows stored",
            "repaired": "Repaired",
            "refused": "Refused",
            "failed": "Failed",
        }
        columns = (Column("dataset", "Data"), *(Column(name, title, "integer", "count") for name, title in counts.items()))
        rows = [
            {
                "dataset": name,
                "fresh": tally.fresh,
                "asked": len(tally.asked),
                "rows": tally.rows,
                "repaired": tally.repaired,
                "refused": tally.refused,
                "failed": len(tally.failed),
            }
            for name, tally in sorted(self.tallies.items())
        ]
        frame = pl.DataFrame(rows, schema={column.name: pl.String if column.type == "text" else pl.Int64 for column in columns})
        simulated = self._refresher.extend is not None
        notes = (f"The simulated market was brought up to date: {extended} new rows.",) if simulated else ()
        return Table(
            f"Refresh of {universe.title}",
            columns,
            frame,
            unknown=tuple(self.sentences()),
            notes=(*notes, *((universe.note,) if universe.note else ())),
        )


class _Tallies(dict[str, Tally]):
    def __missing__(self, key: str) -> Tally:
        return self.setdefault(key, Tally())


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


def _names(symbols: Sequence[str]) -> str:
    return ", ".join(symbols[:3]) + (f" and {len(symbols) - 3} more" if len(symbols) > 3 else "")
