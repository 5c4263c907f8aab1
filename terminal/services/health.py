"""How things are: each data service, each dataset, the files and the memory; and what can be done about it.

Facts only, with times in UTC; the words are the health plugin's. Numbers about a service come from its request budget,
its breaker, and the log of requests.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from terminal.domain.schemas import DATASETS
from terminal.domain.sourced import TRADES
from terminal.errors import UserError
from terminal.services.freshness import STALENESS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from terminal.api import Context
    from terminal.domain.sessions import Calendar
    from terminal.providers.base import Provider
    from terminal.providers.router import Router
    from terminal.services.live import LiveStatus
    from terminal.store import Store

State = Literal["ok", "partly", "waiting", "unreachable", "failing", "needs key", "never asked"]
_DAY = timedelta(days=1)
_UNREACHED = ("could not be reached", "did not answer in time", "cannot be reached")
# The smallest questions first: what `retry` asks when a service offers several.
_CHEAPEST = ("quotes", "instruments", "earnings", "ratings", "headlines", "macro", "bars", "filings", "chains", "facts")
SPENT = "our budget of requests is used up"
_LATER = timedelta(seconds=5)  # the log and the breaker note the same answer a moment apart
STREAMS = "finnhub"  # whose trades are listened to
_PROBES = {"macro": "DGS10"}
_PROBE = "AAPL"


@dataclass(frozen=True, slots=True)
class Allowance:
    """One window of a service's request budget. `resets_at`: when all of it is there again; None while nothing is used."""

    requests: int
    seconds: int
    left: int
    resets_at: datetime | None
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Trouble:
    """A kind of request that fails ("" all of them). `until`: it is not made before then; None while it still may be made."""

    endpoint: str
    until: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class ProviderStatus:
    """One data service. Counts and times are of the last day; latencies in seconds; None: nothing is known.

    `live`: what its stream of trades is doing, where it has one.
    """

    id: str
    title: str
    state: State
    datasets: tuple[str, ...]
    fault: str = ""
    until: datetime | None = None
    windows: tuple[Allowance, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    requests: int = 0
    errors: int = 0
    p50: float | None = None
    p95: float | None = None
    good_endpoint: str = ""
    good_at: datetime | None = None
    good_rows: int | None = None
    error: str = ""
    error_at: datetime | None = None
    key_page: str = ""
    delay: str = ""
    simulated: bool = False
    live: LiveStatus | None = None

    @property
    def tightest(self) -> Allowance | None:
        """The window with the smallest share left."""
        return min(self.windows, key=lambda each: each.left / max(each.requests, 1), default=None)

    @property
    def error_rate(self) -> float | None:
        """Share of the last day's requests that failed."""
        return self.errors / self.requests if self.requests else None


@dataclass(frozen=True, slots=True)
class DatasetStatus:
    """What is stored of one dataset. `behind`: finished sessions that its newest day lacks (bars only)."""

    name: str
    symbols: int
    stale: int
    newest: datetime | date | None = None
    fetched_at: datetime | None = None
    providers: tuple[str, ...] = ()
    behind: int | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """One line about files, memory or queues; what does not apply is None."""

    item: str
    size: int | None = None
    count: int | None = None
    detail: str = ""


@dataclass(slots=True)
class _Asked:
    """The log of requests about one service."""

    requests: int = 0
    errors: int = 0
    p50: float | None = None
    p95: float | None = None
    good: Mapping[str, Any] = field(default_factory=dict)
    bad: Mapping[str, Any] = field(default_factory=dict)
    datasets: frozenset[str] = frozenset()


class Health:
    """Looks at one market. Every method reads anew; none is for the window's thread."""

    def __init__(self, store: Store, router: Router, clock: Callable[[], datetime], calendar: Callable[[], Calendar],
                 has_key: Callable[[str], bool], cache: Path | None = None,
                 live: Callable[[], LiveStatus] | None = None) -> None:
        self._store, self._router, self._clock = store, router, clock
        self._make_calendar, self._has_key, self._cache, self._live = calendar, has_key, cache, live

    # ---- services ----

    def providers(self) -> list[ProviderStatus]:
        """Every data service of this market, in the order they were declared."""
        log = self._log()
        return [self._provider(each, log.get(each.id, _Asked())) for each in self._router.providers]

    def provider(self, name: str) -> ProviderStatus:
        """One data service; UserError when there is none of that id."""
        return next(each for each in self.providers() if each.id == self._known(name).id)

    def retry(self, name: str, ctx: Context) -> ProviderStatus:
        """Forget what went wrong with a service and ask it the smallest thing it answers; how it stands then."""
        from terminal.providers.base import Failure
        from terminal.providers.router import Router
        from terminal.services.intake import take_in

        provider = self._known(name)
        if provider.simulated:
            return self.provider(name)
        self._router.breaker.reset(provider.id)
        dataset = next((each for each in _CHEAPEST if each in provider.datasets), min(provider.datasets))
        alone = Router((provider,), self._router.budget, self._router.breaker, self._has_key)
        ctx.progress(None, f"asking {provider.title} for {dataset}")
        answers = []
        for outcome in alone.fetch(dataset, (_PROBES.get(dataset, _PROBE),), by_hand=True, aside=self._store.market.log):
            if not isinstance(outcome, Failure):  # what went wrong is in the log and in the breaker
                answers.append(outcome)
        taken = take_in(self._store, answers, dataset, alone.brings(dataset))
        self._store.market.save_all([part for part in (intake.part() for intake in taken) if part is not None])
        return self.provider(name)

    def _known(self, name: str) -> Provider:
        found = next((each for each in self._router.providers if each.id == name.strip().lower()), None)
        if found is None:
            known = ", ".join(each.id for each in self._router.providers)
            raise UserError(f"There is no data service called {name!r}.", f"One of: {known}.")
        return found

    def _provider(self, provider: Provider, asked: _Asked) -> ProviderStatus:
        from terminal.domain.data_services import SERVICES

        now = self._clock()
        about = next((each for each in SERVICES if each.id == provider.id), None)
        windows = tuple(Allowance(each.requests, each.seconds, each.left, each.resets_at, each.next_at)
                        for each in self._router.budget.status(provider.id))
        stands = self._router.breaker.status(provider.id)
        troubles = tuple(Trouble(each.endpoint, each.until if each.state == "open" else None, each.reason) for each in stands
                         if each.state == "open" or each.failures)
        fine = [each for each in stands if each.endpoint and each.last_good_at and each.endpoint not in
                {trouble.endpoint for trouble in troubles}]
        # What an earlier process was told well is known from the log; what comes along with a failing request is not fine.
        failing = {each.endpoint for each in troubles}
        along = {name for each in failing for name in self._router.brings(each, provider.id)}
        well = bool(fine) or bool(asked.datasets - failing - along)
        state, fault, until = _judge(self._router.lacks_key(provider), windows, troubles, well, asked, now)
        good = max((each for each in fine if each.last_good_at), key=lambda each: each.last_good_at or now, default=None)
        good_at, endpoint = asked.good.get("finished_at"), asked.good.get("endpoint") or ""
        if good is not None and good.last_good_at is not None and (good_at is None or good.last_good_at > good_at + _LATER):
            good_at, endpoint = good.last_good_at, good.endpoint
        return ProviderStatus(
            provider.id, provider.title, "ok" if provider.simulated else state, tuple(sorted(provider.datasets)), fault, until,
            windows, troubles, asked.requests, asked.errors, asked.p50, asked.p95, endpoint, good_at, asked.good.get("rows"),
            asked.bad.get("error") or "", asked.bad.get("finished_at"), about.key_page if about else "",
            about.delay if about else "", provider.simulated,
            self._live() if self._live is not None and provider.id == STREAMS else None)

    def _log(self) -> dict[str, _Asked]:
        """What the log of requests says of each service; one answer about several datasets is one request."""
        database = self._store.market.database
        found: dict[str, _Asked] = {}
        since = self._clock() - _DAY
        counted = database.read(
            "with one as (select provider, started_at, finished_at, max(case when status = 'error' then 1 else 0 end) as bad "
            f"from fetch_log where finished_at >= ? and endpoint <> '{TRADES}' group by provider, started_at, finished_at) "
            "select provider, count(*) as requests, sum(bad)::bigint as errors, "
            "quantile_cont(epoch(finished_at - started_at), 0.5) as p50, "
            "quantile_cont(epoch(finished_at - started_at), 0.95) as p95 from one group by provider", (since,))
        for row in counted.to_dicts():
            name = row.pop("provider")
            found[name] = _Asked(**row)
        good = database.read("select provider, list(distinct dataset) as datasets from fetch_log "
                             "where finished_at >= ? and status in ('ok', 'empty') group by provider", (since,))
        for name, datasets in good.iter_rows():
            found.setdefault(name, _Asked()).datasets = frozenset(datasets)
        last = database.read(
            "select provider, status = 'error' as bad, max(finished_at) as finished_at, "
            "arg_max(endpoint, finished_at) as endpoint, arg_max(rows, finished_at) as rows, "
            "arg_max(error, finished_at) as error from fetch_log "
            "where status in ('ok', 'empty', 'error') group by provider, bad")
        for row in last.to_dicts():
            asked = found.setdefault(row["provider"], _Asked())
            if row["bad"]:
                asked.bad = row
            else:
                asked.good = row
        return found

    # ---- datasets ----

    def datasets(self) -> list[DatasetStatus]:
        """Every dataset with what is stored of it; `stale` counts the symbols that would be fetched again if asked for."""
        now, calendar = self._clock(), self._make_calendar()
        last, is_open = calendar.last_session(now), calendar.is_open(now)
        rows = self._store.market.database.read("select dataset, symbol, newest, fetched_at, provider from freshness")
        found = []
        for name in DATASETS:
            mine = rows.filter(pl.col("dataset") == name)
            if mine.is_empty():
                found.append(DatasetStatus(name, 0, 0))
                continue
            rule = STALENESS[name]
            age = rule.age if is_open or rule.closed is None else rule.closed
            fresh = pl.col("fetched_at") > now - age
            if rule.sessions:
                fresh = fresh | (pl.col("newest").dt.date() >= last).fill_null(False)
            if rule.settled is not None and not is_open:
                fresh = fresh | (pl.col("fetched_at") >= calendar.session_close(last) + rule.settled)
            newest = mine["newest"].max()
            behind = None
            if name == "bars" and isinstance(newest, datetime):
                behind = max(len(calendar.sessions(newest.date(), last)) - 1, 0) if newest.date() >= calendar.first else None
            by_day = "at" not in DATASETS[name].columns and name != "filings"
            found.append(DatasetStatus(
                name, mine.height, int(mine.select((~fresh).sum()).item()),
                newest.date() if isinstance(newest, datetime) and by_day else newest,  # type: ignore[arg-type]
                mine["fetched_at"].max(), tuple(mine["provider"].unique().sort()), behind))  # type: ignore[arg-type]
        return found

    def flush(self, dataset: str) -> int:
        """Drop what is stored of a dataset, to be fetched again; how many rows there were. UserError for anything else."""
        from terminal.store.flush import flush

        self.size_of(dataset)
        return flush(self._store.market, dataset)

    def size_of(self, dataset: str) -> tuple[int, int]:
        """Rows of a dataset, and how many of them come from files of the user's. UserError for what is no dataset."""
        from terminal.store.flush import tables_of

        if dataset in ("book", "watchlists", "watchlist_items", "universes", "looks", "deleted", "notes", "screens"):
            raise UserError(f"{dataset} is part of the book, which holds what you own. It is never flushed.",
                            "Only market data, which can be fetched again, is.")
        if dataset not in DATASETS:
            raise UserError(f"There is no kind of data called {dataset!r}.", f"One of: {', '.join(DATASETS)}.")
        market = self._store.market
        own = market.database.read(f'select count(*) as n from "{dataset}" join fetch_log using (fetch_id) '
                                   "where provider = 'files'")["n"][0]
        return sum(tables_of(market, dataset).values()), int(own)

    # ---- files and memory ----

    def storage(self) -> list[Measure]:
        """Sizes of the files, memory, writes waiting, and rows by table."""
        return [*self._files(), *self._process(), *self._tables()]

    def _files(self) -> Iterator[Measure]:
        store = self._store
        for title, path in (("Market file", store.market_path), ("Book file", store.book_path),
                            ("Option archive", store.archive_path)):  # fmt: skip
            wal = path.with_name(path.name + ".wal")
            yield Measure(title, _size(path) + _size(wal), None, str(path))
        yield Measure("Backups of the book", *_folder(store.backups))
        if self._cache is not None:
            yield Measure("Computed and kept", *_folder(self._cache))

    def _process(self) -> Iterator[Measure]:
        yield Measure("Memory of this program", resident_bytes(), None, "resident set of the process that owns the files")
        yield Measure("Writes waiting", None, self._store.market.database.waiting, "queued for the one thread that writes")

    def _tables(self) -> Iterator[Measure]:
        for title, database in (("market", self._store.market.database), ("book", self._store.book.database)):
            rows = database.read("select schema_name, table_name, estimated_size as rows from duckdb_tables() "
                                 "where not internal and estimated_size > 0 order by estimated_size desc, table_name")
            for schema, table, count in rows.iter_rows():
                name = table if schema == "main" else f"{schema}.{table}"
                yield Measure(f"Table {name}", None, count, title)


def _judge(lacks_key: bool, windows: Sequence[Allowance], troubles: Sequence[Trouble], fine: bool, asked: _Asked,
           now: datetime) -> tuple[State, str, datetime | None]:
    """State, what is wrong, and until when it lasts. What holds everything back comes before what holds back a part."""
    if lacks_key:
        return "needs key", "", None
    whole = next((each for each in troubles if not each.endpoint and each.until), None)
    if whole is not None:
        return "waiting", whole.reason, whole.until
    spent = [window.next_at for window in windows if window.left <= 0 and window.next_at is not None and window.next_at > now]
    if spent:
        return "waiting", SPENT, max(spent)
    bad_at, good_at = asked.bad.get("finished_at"), asked.good.get("finished_at")
    if troubles:
        worst = max(troubles, key=lambda each: (each.until is not None, each.until or now))
        until = max((each.until for each in troubles if each.until), default=None)
        return "partly" if fine else _silent(worst.reason), worst.reason, until
    if bad_at is not None and not fine and (good_at is None or bad_at > good_at):
        return _silent(str(asked.bad.get("error"))), str(asked.bad.get("error")), None
    return ("ok", "", None) if fine or good_at is not None else ("never asked", "", None)


def _silent(reason: str) -> State:
    return "unreachable" if any(words in reason for words in _UNREACHED) else "failing"


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _folder(path: Path) -> tuple[int, int, str]:
    """Bytes, number of files, and where."""
    files = [each for each in path.rglob("*") if each.is_file()] if path.is_dir() else []
    return sum(map(_size, files)), len(files), str(path)


def resident_bytes() -> int | None:
    """Memory that this process holds now; None where the system does not tell cheaply."""
    if not sys.platform.startswith("linux"):
        return None
    import resource

    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * resource.getpagesize()


__all__ = ["Allowance", "DatasetStatus", "Health", "Measure", "ProviderStatus", "Trouble", "resident_bytes"]
