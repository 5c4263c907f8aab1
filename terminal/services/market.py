"""The market as commands see it: universes, frames with their sources, features and verdicts.

Everything is read from the store; `ensure` and `refresh` fill the store first. Frames carry `fetch_id`, which
`sources` turns into where and when. `as_of` (a date, None: now) answers with what was known at the end of that day.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar, cast
from zoneinfo import ZoneInfo

import polars as pl

from terminal.domain import truth
from terminal.domain.adjustment import adjust
from terminal.domain.rivals import aligned
from terminal.domain.schemas import DATASETS
from terminal.services.kept import Kept, seal
from terminal.services.own_fields import OwnFields
from terminal.services.universes import Universe, Universes

if TYPE_CHECKING:
    from pathlib import Path

    from terminal.api import Context
    from terminal.domain.features import Features, Inputs
    from terminal.domain.regime import Regime
    from terminal.domain.scoring import Rulebook
    from terminal.domain.sessions import Calendar
    from terminal.domain.sourced import Source, Table
    from terminal.paths import Home
    from terminal.providers.base import Provider
    from terminal.providers.demo import DemoProvider
    from terminal.providers.router import Router
    from terminal.services.bank import Bank
    from terminal.services.flow_feed import FlowFeed
    from terminal.services.health import Health
    from terminal.services.live import LivePrices
    from terminal.services.refresh import Refresher
    from terminal.services.simulated_past import SimulatedPast
    from terminal.settings import Settings
    from terminal.store import Store
    from terminal.store.market import MarketStore

T = TypeVar("T")
Symbols = str | Sequence[str] | None

EXCHANGE_ZONE = ZoneInfo("America/New_York")
HISTORY_DAYS = 366 * 6
CLOSES_DAYS = 60  # an older close is no price of today
_KEPT = 12
_BENCHMARK = "SPY"
VALUED = ("instruments", "bars", "quotes", "facts", "dividends", "splits", "earnings")
_TRENDED = ("bars", "splits", "instruments")


class Market:
    """What `ctx.market` is. Thread safe; equal questions asked at once are answered once."""

    def __init__(self, store: Store, refresher: Refresher, *, clock: Callable[[], datetime], demo: bool, rules: Path,
                 cache: Path | None = None, health: Health | None = None, live: LivePrices | None = None,
                 bank: Bank | None = None) -> None:
        self._live = live
        self._bank = bank
        self._store = store
        self._refresher = refresher
        self._health = health
        self._clock = clock
        self._demo = demo
        self._rules = rules
        self._cache: dict[tuple[Any, ...], tuple[MarketStore, int, Any]] = {}
        self._locks: dict[tuple[Any, ...], threading.Lock] = {}
        self._guard = threading.Lock()
        self._rulebook: Rulebook | None = None
        self._past: SimulatedPast | None = None
        self._disk = Kept(cache, store, lambda: seal(rules))
        self._own = OwnFields(store, self._inputs, self._disk)
        self._universes = Universes(store, demo=demo, clock=clock, stored=self.symbols)

    @property
    def router(self) -> Router:
        """Who is asked for what."""
        return self._refresher.router

    @property
    def health(self) -> Health:
        """How services, datasets and files are."""
        if self._health is None:
            raise RuntimeError("this market was made without its health")
        return self._health

    @property
    def live(self) -> LivePrices:
        """Prices as they are traded, for as long as somebody shows them."""
        if self._live is None:
            raise RuntimeError("this market was made without live prices")
        return self._live

    @property
    def bank(self) -> Bank:
        """The user's bank accounts, read only."""
        if self._bank is None:
            raise RuntimeError("this market was made without a bank")
        return self._bank

    @property
    def feed(self) -> FlowFeed:
        """The feed of option trades and alerts."""
        from terminal.services.flow_feed import FlowFeed

        return FlowFeed(self.router)

    def close(self) -> None:
        """Let go of connections and worker processes."""
        if self._live is not None:
            self._live.close()
        self._refresher.router.close()
        self._disk.close()

    # -- universes ---------------------------------------------------------------------------------------------

    def universe(self, name: str) -> Universe:
        """The named list, a watchlist (`watchlist:NAME`), a file (`file:NAME`), `all`, or symbols separated by commas.

        Raises UserError when there is no such list or it is empty.
        """
        return self._universes.get(name)

    def universes(self) -> list[Universe]:
        """Every list that can be named, the empty ones too."""
        return self._universes.all()

    def symbols(self) -> tuple[str, ...]:
        """Every symbol of which an instrument is stored, sorted."""
        return self.cached(
            ("symbols",),
            lambda: tuple(self._store.market.read("instruments", columns=["symbol"])["symbol"].unique().sort().to_list()),
            ("instruments",),
        )

    # -- filling -----------------------------------------------------------------------------------------------

    def ensure(self, symbols: Sequence[str], datasets: Sequence[str], ctx: Context) -> list[str]:
        """Fetch what is missing or stale; returns what could not be had, as sentences. Keeps what was stored before."""
        return self._refresher.ensure(tuple(symbols), tuple(datasets), ctx)

    def ask_all(self, symbols: Sequence[str], dataset: str, ctx: Context, start: date | None = None,
                end: date | None = None) -> list[str]:
        """Ask every service about a dataset, not only the first, so that they can be compared; failures as sentences."""
        from terminal.services.opinions import ask_all

        if self._demo or not symbols:
            return []
        return ask_all(self._store, self.router, dataset, tuple(symbols), ctx, start=start, end=end)

    def refresh(self, universe: str, ctx: Context) -> Table:
        """Bring a universe up to date, most wanted first; the table says what came and what did not."""
        return self._refresher.refresh(self.universe(universe), ctx, self._universes)

    def plan(self, universe: str, ctx: Context) -> Table:
        """What a refresh of a universe would ask from whom, what the budgets do not suffice for, and when they are whole."""
        return self._refresher.plan(self.universe(universe), ctx, self._universes)

    def simulate_past(self, symbols: Sequence[str] | None, ctx: Context) -> int:
        """In the demo market: fill the archive with the past volatilities of all that is archived and the past chains of these
        symbols (None: of all), where they are missing; how many chains came. In a real market nothing, 0.
        """
        provider = next((each for each in self.router.providers if each.id == "demo"), None)
        if not self._demo or provider is None:
            return 0
        calendar = self.calendar
        with self._guard:
            if self._past is None:
                from terminal.services.simulated_past import SimulatedPast

                self._past = SimulatedPast(self._store, cast("DemoProvider", provider), calendar)
        return self._past.fill(symbols, ctx)

    def import_file(self, path: Path, kind: str, mapping: Mapping[str, str], ctx: Context, **choices: Any) -> Table:
        """Bring a file of the user's into the market; `choices` are those of `terminal.services.file_rows.Choices`."""
        from terminal.services.file_rows import Choices
        from terminal.services.importing import import_file

        return import_file(self._store, path, kind, ctx, Choices(mapping, **choices))

    # -- frames ------------------------------------------------------------------------------------------------

    @property
    def calendar(self) -> Calendar:
        """The sessions of the exchange."""
        return self.cached(("calendar",), _calendar, ())

    def today(self) -> date:
        """The day it is at the exchange."""
        return self._clock().astimezone(EXCHANGE_ZONE).date()

    def sessions_before(self, day: date, count: int) -> date:
        """The session `count` sessions before `day`."""
        calendar = self.calendar
        for _ in range(count):
            day = calendar.previous_session(day)
        return day

    def instruments(self, symbols: Symbols = None, as_of: date | None = None) -> pl.DataFrame:
        """INSTRUMENTS with `fetch_id`, one row a symbol, as described by `as_of`.

        What a thing is (its name, kind, sector) hardly changes and says nothing about a later price: where no
        description is as old as `as_of`, the oldest one stands in, without a `known_at`.
        """
        frame = self._read("instruments", symbols, as_of=as_of)
        if as_of is None:
            return frame
        later = self._read("instruments", symbols).join(frame, on="symbol", how="anti")
        return pl.concat([frame, later.with_columns(pl.lit(None, dtype=frame.schema["known_at"]).alias("known_at"))])

    def last_prices(self, symbols: Symbols, as_of: date | None = None) -> pl.DataFrame:
        """The newest price of each symbol: its quote, or its last close where no quote is as new as that.

        Columns symbol, price, previous_close, at (aware UTC), currency (null with a close: bars do not say), fetch_id.
        """
        columns = ("symbol", "price", "previous_close", "at", "currency", "fetch_id")
        quotes = self.quotes(symbols, as_of).select(columns)
        since = (as_of or self.today()) - timedelta(days=CLOSES_DAYS)
        closes = self.bars(symbols, since, as_of=as_of, columns=("symbol", "date", "close"))
        ended = self.calendar
        last = closes.with_columns(pl.col("close").shift(1).over("symbol").alias("previous_close")).group_by("symbol").last()
        moments = pl.Series("at", [ended.session_close(day) if ended.is_session(day) else None for day in last["date"]],
                            quotes.schema["at"])
        rows = last.select("symbol", pl.col("close").alias("price"), "previous_close", moments,
                           pl.lit(None, pl.String).alias("currency"), "fetch_id")
        both = pl.concat([rows.cast(quotes.schema), quotes])  # of the same moment the quote counts
        known = both.filter(pl.col("price").is_not_null())
        return known.sort("at", maintain_order=True).group_by("symbol", maintain_order=True).last().select(columns)

    def bars(
        self,
        symbols: Symbols,
        start: date | None = None,
        end: date | None = None,
        as_of: date | None = None,
        columns: Sequence[str] | None = None,
    ) -> pl.DataFrame:
        """BARS with `fetch_id`, sorted by symbol and date; splits that came after `as_of` are taken out.

        `columns` (with symbol and date among them) spares what is not needed.
        """
        frame = self._read("bars", symbols, start=start, end=_earlier(end, as_of), as_of=as_of, columns=columns)
        return self._adjusted(frame, as_of)

    def minute_bars(
        self, symbols: Symbols, start: date | None = None, end: date | None = None, as_of: date | None = None
    ) -> pl.DataFrame:
        """MINUTE_BARS with `fetch_id`, sorted by symbol and time."""
        return self._read("minute_bars", symbols, start=start, end=end, as_of=as_of).sort("symbol", "at")

    def quotes(self, symbols: Symbols = None, as_of: date | None = None) -> pl.DataFrame:
        """The latest of QUOTES for each symbol, with the `fetch_id` of the answer that last said so."""
        frame = self._read("quotes", symbols, as_of=as_of, latest=True)
        return self._store.market.confirmed("quotes", frame) if as_of is None else frame

    def facts(self, symbols: Symbols = None, as_of: date | None = None) -> pl.DataFrame:
        """FACTS with `fetch_id` and `known_at`: of services that differ the one most believed (`disagreements` has the rest).

        Where several services date the end of one period a few days apart, it is given one end.
        """
        frame = self._read("facts", symbols, as_of=as_of)
        return aligned(frame) if len(self._services("facts")) > 1 else frame

    def earnings(self, symbols: Symbols = None, as_of: date | None = None) -> pl.DataFrame:
        """EARNINGS, past and expected, sorted by symbol and date: one row a report, of the service most believed.

        What it leaves out is filled from the next believed: `filled` names those fields (else ""), `filled_fetch` their fetch.
        """
        store = self._store.market
        frame = self._read("earnings", symbols, as_of=as_of)
        wanted = None if symbols is None else _several(symbols)
        several = len(self._services("earnings")) > 1
        others = store.beside("earnings", wanted, as_of=as_of) if several else frame.clear()
        return truth.filled(store.named(frame), store.named(others), store.order("earnings") or ()).sort("symbol", "date")

    def disagreements(self, symbols: Symbols = None, as_of: date | None = None) -> pl.DataFrame:
        """Where services differ about a figure or a report, whose statement stands and why (`truth.DISAGREEMENT`)."""
        return self._store.market.disagreements(None if symbols is None else _several(symbols), as_of=as_of)

    def restatements(self, symbols: Symbols = None, since: date | None = None, as_of: date | None = None) -> pl.DataFrame:
        """Figures that a service later gave differently for the same period, newest first (`truth.RESTATEMENT`)."""
        return self._store.market.restatements(None if symbols is None else _several(symbols), since=since, as_of=as_of)

    def dividends(self, symbols: Symbols = None, as_of: date | None = None) -> pl.DataFrame:
        """DIVIDENDS per share as of `as_of`'s share count, sorted by symbol and ex-date."""
        frame = self._read("dividends", symbols, as_of=as_of)
        return self._adjusted(frame, as_of, day="ex_date", prices=("amount",), volumes=()).sort("symbol", "ex_date")

    def splits(self, symbols: Symbols = None, as_of: date | None = None) -> pl.DataFrame:
        """SPLITS that had happened or were announced by `as_of`, sorted by symbol and ex-date."""
        return self._read("splits", symbols, as_of=as_of).sort("symbol", "ex_date")

    def headlines(self, symbols: Symbols, as_of: date | None = None, limit: int = 20) -> pl.DataFrame:
        """The newest HEADLINES, newest first."""
        return self._read("headlines", symbols, as_of=as_of).sort("at", descending=True).head(limit)

    def chain(self, symbol: str, as_of: date | None = None) -> pl.DataFrame:
        """The newest option chain of a symbol, by expiry, strike and right: the market's, or for past days the archive's."""
        from terminal.services.chain_archive import newest_chain

        return newest_chain(self._store, symbol, as_of)

    def sources(self, fetch_ids: Iterable[int | None]) -> dict[int, Source]:
        """Where and when each fetch obtained its values. Those below zero are the archive's."""
        wanted = sorted({number for number in fetch_ids if number is not None})
        archived = self._store.archive.sources(wanted) if wanted and wanted[0] < 0 else {}
        return {**archived, **self._store.market.sources(wanted)} if wanted else {}

    def search(self, text: str, limit: int = 20) -> pl.DataFrame:
        """symbol, name, kind, sector of what matches: exact symbol, symbol prefix, name prefix, part of a name."""
        table = self.cached(("search",), self._search_table, ("instruments", "members"))
        needle = text.strip()
        if not needle:
            return table.select("symbol", "name", "kind", "sector").head(limit)
        upper, lower = needle.upper(), needle.lower()
        symbol, name = pl.col("symbol"), pl.col("_name")
        rank = (
            pl.when(symbol == upper)
            .then(0)
            .when(symbol.str.starts_with(upper))
            .then(1)
            .when(name.str.starts_with(lower))
            .then(2)
            .when(name.str.contains(" " + lower, literal=True))
            .then(3)
            .when(name.str.contains(lower, literal=True) | symbol.str.contains(upper, literal=True))
            .then(4)
        )
        return (
            table.with_columns(rank.alias("_rank"))
            .filter(pl.col("_rank").is_not_null())
            .sort("_rank", "symbol")
            .select("symbol", "name", "kind", "sector")
            .head(limit)
        )

    # -- what is computed --------------------------------------------------------------------------------------

    def features(self, symbols: Symbols = None, as_of: date | None = None) -> Features:
        """Every field of `fields.FIELDS` for the symbols (None: all stored).

        Ranks and medians always come from everything stored, so that a value does not depend on who asks.
        """
        whole = self.cached(("features", as_of, self.today()), lambda: self._features(as_of), VALUED)
        return whole if symbols is None else whole.only(_several(symbols))

    def scored(self, symbols: Symbols = None, as_of: date | None = None) -> Features:
        """`features` plus dcf_value, dcf_gap, verdict, score, coverage, flags and why."""
        whole = self.cached(("scored", as_of, self.today()), lambda: self._scored(as_of), VALUED)
        return whole if symbols is None else whole.only(_several(symbols))

    def regime(self, as_of: date | None = None) -> Regime:
        """The state of the market as a whole, from the broad index and what is stored."""
        return self.cached(("regime", as_of, self.today()), lambda: self._regime(as_of), _TRENDED)

    def rulebook(self) -> Rulebook:
        """The scoring rules in force, from `data/scoring`."""
        if self._rulebook is None:
            from terminal.domain import scoring

            self._rulebook = scoring.load(self._rules)
        return self._rulebook

    def _features(self, as_of: date | None) -> Features:
        from terminal.domain.features import compared

        symbols = self.symbols() or self._priced()
        return compared(self._own.get(symbols, as_of, as_of or self.today(), _BENCHMARK), as_of or self.today())

    def _priced(self) -> tuple[str, ...]:
        """The symbols of a market without instruments."""
        found = {each for name in ("bars", "quotes", "facts") for each in self._store.market.freshness(name)["symbol"]}
        return tuple(sorted(found))

    def _inputs(self, symbols: Sequence[str], as_of: date | None) -> Inputs:
        from terminal.domain.features import Inputs

        start = (as_of or self.today()) - timedelta(HISTORY_DAYS)
        columns = ("symbol", "date", "open", "high", "low", "close", "volume")
        return Inputs(
            instruments=self.instruments(symbols, as_of),
            bars=self.bars(tuple(dict.fromkeys((*symbols, _BENCHMARK))), start, as_of=as_of, columns=columns),
            quotes=self.quotes(symbols, as_of),
            facts=self.facts(symbols, as_of),
            dividends=self.dividends(symbols, as_of),
            splits=self.splits(symbols, as_of),
            earnings=self.earnings(symbols, as_of),
            benchmark=_BENCHMARK,
            symbols=tuple(symbols),
        )

    def _scored(self, as_of: date | None) -> Features:
        from terminal.services import scored

        def make() -> Features:
            return scored.score(self.features(None, as_of), self.rulebook(), self.regime(as_of))

        if as_of is not None:
            return make()
        return self._disk.get("scored", self.today(), VALUED, make, scored.to_disk, scored.from_disk)

    def _regime(self, as_of: date | None) -> Regime:
        from terminal.domain import regime as domain

        def make() -> Regime:
            start = (as_of or self.today()) - timedelta(days=500)
            stocks = self.instruments(None, as_of).filter(pl.col("kind") == "stock")["symbol"].to_list()
            bars = self.bars(None, start, as_of=as_of, columns=("symbol", "date", "close", "adjusted_close"))
            return domain.regime(bars, None, stocks=stocks or None)

        if as_of is not None:
            return make()
        return self._disk.get("regime", self.today(), _TRENDED, make, domain.to_notes, domain.from_notes)

    # -- inner -------------------------------------------------------------------------------------------------

    def _services(self, dataset: str) -> frozenset[str]:
        """Who has brought rows of a dataset."""
        return self.cached(("services", dataset), lambda: self._store.market.services(dataset), (dataset,))

    def _read(
        self,
        dataset: str,
        symbols: Symbols,
        *,
        start: date | None = None,
        end: date | None = None,
        as_of: date | None = None,
        columns: Sequence[str] | None = None,
        latest: bool = False,
    ) -> pl.DataFrame:
        wanted = None if symbols is None else list(_several(symbols))
        return self._store.market.read(dataset, wanted, start=start, end=end, as_of=as_of, columns=columns, latest=latest)

    def _adjusted(
        self,
        frame: pl.DataFrame,
        as_of: date | None,
        *,
        day: str = "date",
        prices: tuple[str, ...] = ("open", "high", "low", "close", "adjusted_close"),
        volumes: tuple[str, ...] = ("volume",),
    ) -> pl.DataFrame:
        if frame.is_empty():
            return frame
        splits = self.cached(("splits",), lambda: self._store.market.read("splits"), ("splits",))
        if splits.is_empty():
            return frame
        moments = {number: source.fetched_at for number, source in self.sources(frame["fetch_id"].unique().to_list()).items()}
        fetched = pl.DataFrame(
            {
                "fetch_id": list(moments),
                "fetched_on": [moment and moment.astimezone(EXCHANGE_ZONE).date() for moment in moments.values()],
            },
            schema={"fetch_id": frame.schema["fetch_id"], "fetched_on": pl.Date},
        )
        return adjust(frame, splits, fetched, as_of or self.today(), day=day, prices=prices, volumes=volumes)

    def _search_table(self) -> pl.DataFrame:
        stored = self._store.market.read("instruments").select("symbol", "name", "kind", "sector")
        known = self._universes.names().filter(~pl.col("symbol").is_in(stored["symbol"].implode()))
        both = pl.concat(
            [
                stored,
                known.select(
                    "symbol", "name", pl.lit(None, dtype=pl.String).alias("kind"), pl.lit(None, dtype=pl.String).alias("sector")
                ),
            ]
        )
        return both.with_columns(pl.col("name").fill_null("").str.to_lowercase().alias("_name")).sort("symbol")

    def cached(self, key: tuple[Any, ...], make: Callable[[], T], datasets: Iterable[str] = DATASETS) -> T:
        """The answer as long as nothing was written about `datasets`; equal questions at once are answered once."""
        store = self._store.market
        version = store.writes.version_of(datasets)  # before anything is read: what is written meanwhile makes the answer old
        with self._guard:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            with self._guard:
                kept = self._cache.pop(key, None)
                if kept is not None and kept[0] is store and kept[1] >= version:
                    self._cache[key] = kept
                    return kept[2]  # type: ignore[no-any-return]
            made = make()
            with self._guard:
                self._cache[key] = (store, version, made)
                while len(self._cache) > _KEPT:
                    oldest = next(iter(self._cache))
                    del self._cache[oldest]
                    self._locks.pop(oldest, None)
            return made


def _several(symbols: str | Sequence[str]) -> tuple[str, ...]:
    return (symbols,) if isinstance(symbols, str) else tuple(symbols)


def _earlier(end: date | None, as_of: date | None) -> date | None:
    return min((day for day in (end, as_of) if day is not None), default=None)


def build_market(
    store: Store,
    settings: Settings,
    clock: Callable[[], datetime],
    demo: bool,
    *,
    home: Home,
    providers: Sequence[Provider] | None = None,
    extend: Callable[[Context], int] | None = None,
    publish: Callable[[str, Mapping[str, Any]], None] = lambda _topic, _payload: None,
) -> Market:
    """The market of one home. The caller closes it with `market.close()` before the store.

    `providers` (default: the demo exchange, or Yahoo) are asked in order; `extend` brings a simulated market up to the
    newest session and returns the number of new rows; `publish` hears of live prices. Nothing is imported or asked before
    the first request.
    """
    from terminal.paths import data_file
    from terminal.providers.breaker import Breaker
    from terminal.providers.budget import Budget
    from terminal.providers.live import live_providers, preferred
    from terminal.providers.router import Router
    from terminal.services.bank import Bank
    from terminal.services.health import Health
    from terminal.services.live import LivePrices, Terms
    from terminal.services.refresh import Refresher

    def paused() -> frozenset[str]:
        return frozenset(filter(None, str(settings.get("jobs.paused_feeds")).replace(" ", "").split(",")))

    kept = None if demo else home.run
    budget = Budget(kept and kept / "budget.sqlite")
    breaker = Breaker(clock, kept and kept / "breaker.json")
    asked = tuple(providers) if providers is not None else _simulated(clock, home.cache(True)) if demo else live_providers(
        settings, budget, clock, home.run)
    order = None if demo or providers is not None else lambda dataset: preferred(settings, "order", dataset)
    router = Router(asked, budget, breaker, lambda provider: settings.secret(provider) is not None, order)
    terms = Terms(lambda: settings.secret("finnhub"), lambda: str(settings.get("providers.finnhub.base_url") or ""),
                  lambda: bool(settings.get("market.live_trades")), lambda: float(settings.get("market.live_seconds")), paused,
                  Universes(store, demo=demo, clock=clock, stored=tuple).wanted_first,
                  lambda: int(settings.get("market.live_symbols")))  # fmt: skip
    live = LivePrices(store, terms, clock=clock, calendar=_calendar, publish=publish, demo=demo)
    health = Health(store, router, clock, _calendar, lambda provider: settings.secret(provider) is not None, home.cache(demo),
                    live.status)
    refresher = Refresher(store, router, clock=clock, calendar=_calendar, extend=extend or (_nothing if demo else None),
                          paused=paused, holdings=Universes(store, demo=demo, clock=clock, stored=tuple).held)
    return Market(store, refresher, clock=clock, demo=demo, rules=data_file("scoring"),
                  cache=home.cache(demo), health=health, live=live, bank=Bank(settings, budget, clock))


def _nothing(_ctx: Context) -> int:
    return 0


def _simulated(clock: Callable[[], datetime], keep: Path) -> tuple[Provider, ...]:
    from terminal.providers.demo import DemoProvider

    return (DemoProvider(clock, keep=keep),)


def _calendar() -> Calendar:
    from terminal.domain.sessions import Calendar
    from terminal.paths import data_file

    return Calendar.parse(data_file("sessions.csv").read_text(encoding="utf-8"))
