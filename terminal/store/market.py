"""The market: public data with its source and the moment it became known.

Where several services speak about one value the most believed one stands (`contest`); the others are kept beside it.
Each dataset has two tables: `bars` holds the newest version of every row, `bars_superseded` the versions it replaced,
each with the interval `known_at` (inclusive) to `known_until` in which it was the newest. Reading the present never looks
at the second; reading *as of* a day takes from both the one version whose interval holds the end of that day.
"""

from __future__ import annotations

import threading
from datetime import date, datetime
from typing import TYPE_CHECKING

import polars as pl

from terminal.domain import truth
from terminal.domain.data_services import TRUST
from terminal.domain.rivals import CONTESTS
from terminal.domain.schemas import DATASETS, Schema
from terminal.domain.schemas import UTC as UTC_TYPE
from terminal.domain.sourced import Source
from terminal.errors import UserError
from terminal.store import known, several, statements, tables
from terminal.store.landing import REPAIRS, TIME_COLUMNS, Landing, Saved, as_refused, touched
from terminal.store.migrate import CORE, migrate
from terminal.store.sql import literal, quoted
from terminal.store.writes import Writes

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from terminal.domain.fetch import Fetch
    from terminal.domain.sessions import Calendar
    from terminal.store.db import Database
    from terminal.store.transaction import Transaction

# Beyond this many symbols one scan and a join in polars beats a list in SQL.
_MANY = 250


class MarketStore:
    """Typed access to the market file. Frames in and out follow `terminal.domain.schemas`.

    `trust(dataset)` names the services in the order in which they are believed about a dataset that several speak about.
    """

    def __init__(self, database: Database, *, calendar: Calendar | None = None, clock: Callable[[], datetime],
                 trust: Callable[[str], Sequence[str] | None] = TRUST.get) -> None:
        self.database = database
        self._calendar, self._trust = calendar, trust
        migrate(database, CORE, tables.STEPS, clock())
        tables.create(database)
        self._lock = threading.Lock()
        self._sources: dict[int, Source] = {}
        next_fetch = 1 + int(database.read("select coalesce(max(fetch_id), 0) as n from fetch_log")["n"][0])
        self.writes = Writes(next_fetch)
        self._landing = Landing(self.writes, self.order, next_fetch)

    def order(self, dataset: str) -> tuple[str, ...] | None:
        """Who is believed about a dataset that several services may speak about, best first; None for all other datasets."""
        return tuple(self._trust(dataset) or ()) if dataset in CONTESTS else None

    @property
    def version(self) -> int:
        """Grows with each write, once it can be read."""
        return self.writes.version

    def mark(self, version: int) -> str:
        """Names the newest fetch before `version`, so that a later process can tell whether it looks at the same history."""
        found = self.database.read(
            "select fetch_id, provider, dataset, symbol, finished_at from fetch_log "
            f"where fetch_id = (select max(fetch_id) from fetch_log where fetch_id < {int(version)})")
        return "" if found.is_empty() else " ".join(str(value) for value in found.row(0))

    def written_since(self, version: int, datasets: Collection[str]) -> frozenset[str]:
        """As `changed`, for a version that an earlier process has seen, from what is stored."""
        newest = self.database.read("select max(fetch_id) as n from fetch_log")["n"][0]
        if newest is None or newest < version:
            return frozenset()
        # A row that ended without another in its place is in no table any more, but its fetch is in the log.
        names = ", ".join(map(literal, datasets))
        later = f"fetch_id >= {int(version)}"
        parts = [f"select {quoted(_schema(name).key[0])} as symbol from {name}{place} where {later}" for name in datasets
                 for place in ("", "_others") if not place or name in CONTESTS]
        parts += [f"select symbol from {table} where {later} and dataset in ({names})" for table in ("freshness", "fetch_log")]
        return frozenset(self.database.read(" union ".join(parts))["symbol"].to_list()) - {""}

    def read(self, dataset: str, symbols: Sequence[str] | None = None, *, start: date | datetime | None = None,
             end: date | datetime | None = None, as_of: date | None = None, columns: Sequence[str] | None = None,
             latest: bool = False) -> pl.DataFrame:
        """Rows of a dataset in the order of its key, with `fetch_id` and `known_at`; the newest known version of each.

        `symbols` (None: all; for `members` the universes) filters the first part of the key; `start` and `end`, both
        included, the dataset's time. With `as_of` only what was known at the end of that day in exchange time counts.
        `columns` picks some; `fetch_id` and `known_at` always come along. `latest` keeps, for each symbol, only the rows
        of its newest time (the last quote, the last chain).
        """
        schema = _schema(dataset)
        wanted = tuple(schema.columns) if columns is None else tuple(columns)
        if unknown := [name for name in wanted if name not in schema.columns and name not in ("fetch_id", "known_at")]:
            raise ValueError(f"{dataset} has no column {unknown[0]}")
        picked = tuple(dict.fromkeys((*wanted, "fetch_id", "known_at")))
        needed = tuple(dict.fromkeys((*picked, *schema.key)))
        only = None if symbols is None else list(dict.fromkeys(symbols))
        where = self._where(dataset, schema, only, start, end)
        frame = self.database.read(_versions(dataset, needed, where, as_of))
        if only is not None and len(only) > _MANY:
            frame = frame.filter(pl.col(schema.key[0]).is_in(pl.Series(only, dtype=pl.String).implode()))
        if latest and (time_column := TIME_COLUMNS.get(dataset)):
            frame = frame.filter(pl.col(time_column) == pl.col(time_column).max().over(schema.key[0]))
        return _in_order(frame, schema.key).select(picked)

    def newest(self, dataset: str, symbol: str, as_of: date | None = None) -> datetime | None:
        """The newest time of a symbol's rows, of those known at the end of a day; None when there are none."""
        known_then = "true" if as_of is None else f"known_at < {literal(known.end_of_day(as_of))}"
        column = quoted(TIME_COLUMNS[dataset])
        found: datetime | None = self.database.read(
            f"select max({column}) as newest from {dataset} where {quoted(_schema(dataset).key[0])} = ? and {known_then}",
            (symbol,))["newest"][0]
        return found

    def save(self, dataset: str, frame: pl.DataFrame, fetch: Fetch, *, repairs: pl.DataFrame | None = None,
             refused: pl.DataFrame | None = None, complete: bool = True, tell: bool = True) -> Saved:
        """Write the fetch and its valid rows in one transaction; quarantine the rest with the reason.

        A value that differs from the stored one becomes a new version, an equal one is not written again. `repairs`
        (symbol, at, field, was, now, rule, as `terminal.domain.repair` makes them) names what was corrected before;
        `refused` are rows (with `reason`) that an earlier check has taken out. `complete` False: a by-product, or a file of the
        user's, which does not answer the dataset in full, so its symbols stay as stale as they were. `tell` False: the caller
        publishes what changed, at his own pace. Raises ValueError for a frame that lacks a required column.
        """
        schema = _schema(dataset)
        checked = schema.validate(frame)
        bad = checked.refused if refused is None else pl.concat([checked.refused, as_refused(schema, refused)])
        good = checked.good.with_columns(known.known_at(dataset, checked.good, fetch, self._calendar))
        fixed = None if repairs is None or repairs.is_empty() else repairs.select(
            pl.col(name).cast(kind) for name, kind in REPAIRS.items())
        order = self.order(dataset)
        return self.database.write(
            lambda tx: self._landing.one(tx, schema, good, bad=bad, repairs=fixed, fetch=fetch, complete=complete, order=order,
                                         tell=tell))

    def save_all(self, parts: Sequence[several.Part]) -> list[Saved]:
        """As `save` for the answers of several requests, in one transaction and with one message; what became of each part.

        Several answers about the same row count in their order. A part without rows is logged, and its symbol counts as fresh.
        """
        groups = list(several.gather(parts, self._calendar))

        def write(tx: Transaction) -> dict[int, Saved]:
            done: dict[int, Saved] = {}
            for group in groups:
                for part, saved in zip(group.parts, self._landing.together(tx, group), strict=True):
                    done[id(part)] = saved
            symbols = {symbol for group in groups for symbol in group.good[group.schema.key[0]].unique()}
            symbols |= {part.fetch.symbol for part in parts if part.fetch.symbol}
            tx.publish("market.changed", {"datasets": list(dict.fromkeys(group.schema.name for group in groups)),
                                          "symbols": sorted(symbols)})
            return done

        done = self.database.write(write) if parts else {}
        return [done[id(part)] for part in parts]

    def versions(self, dataset: str, symbols: Sequence[str] | None = None, *, as_of: date | None = None) -> pl.DataFrame:
        """Everything that services have said about these symbols, each version once, in the order of the key and of time.

        The dataset's columns, `fetch_id`, `provider`, and `known_at` to `known_until`, in which the service said so
        (null: it still does). With `as_of` only what was known at the end of that day, as it was then.
        """
        schema = _schema(dataset)
        return statements.versions(self.database, schema, statements.picked(schema.key[0], symbols), as_of)

    def beside(self, dataset: str, symbols: Sequence[str] | None = None, *, as_of: date | None = None) -> pl.DataFrame:
        """What other services say about the same things as the rows that `read` gives: the same columns and `provider`."""
        schema = _schema(dataset)
        if dataset not in CONTESTS:
            raise ValueError(f"one statement is kept about {dataset}, the newest")
        return statements.beside(self.database, schema, statements.picked(schema.key[0], symbols), as_of)

    def disagreements(self, symbols: Sequence[str] | None = None, *, as_of: date | None = None) -> pl.DataFrame:
        """Where services differ by more than the tolerance, with whose statement stands and why (`truth.DISAGREEMENT`)."""
        parts = [pl.DataFrame(schema=truth.DISAGREEMENT)]
        for dataset in CONTESTS:
            others = self.beside(dataset, symbols, as_of=as_of)
            if others.height:
                standing = self.read(dataset, others["symbol"].unique().to_list(), as_of=as_of)
                parts.append(truth.compare(dataset, self.named(standing), others, self.order(dataset) or ()))
        return pl.concat(parts)

    def restatements(self, symbols: Sequence[str] | None = None, *, since: date | None = None,
                     as_of: date | None = None) -> pl.DataFrame:
        """Figures that the same service later gave differently for the same period (`truth.RESTATEMENT`), newest first.

        `since`: only what became known on that day or later, in exchange time.
        """
        schema = _schema("facts")
        where = f"period <> 'P' and {statements.picked('symbol', symbols)} and {statements.replaced(schema)}"
        versions = statements.versions(self.database, schema, where, as_of)
        splits = self.read("splits", versions["symbol"].unique().to_list(), as_of=as_of)
        return truth.restated(versions, splits, None if since is None else known.start_of_day(since))

    def services(self, dataset: str) -> frozenset[str]:
        """Who has ever brought rows of a dataset."""
        rows = self.database.read("select distinct provider from fetch_log where dataset = ? and rows > 0", (dataset,))
        return frozenset(rows["provider"])

    def named(self, frame: pl.DataFrame) -> pl.DataFrame:
        """`frame` with the `provider` of each row, from its `fetch_id`."""
        found = {number: source.provider for number, source in self.sources(frame["fetch_id"].unique().to_list()).items()}
        return frame.with_columns(pl.col("fetch_id").replace_strict(
            list(found), list(found.values()), default=None, return_dtype=pl.String).alias("provider"))

    def log(self, fetch: Fetch) -> int:
        """Record a fetch without rows (an error, an empty answer); its id. An empty answer about a symbol counts as fresh."""
        def write(tx: Transaction) -> int:
            number = self._landing.log(tx, fetch, 0, 0, 0)
            tx.committed.append(lambda: self.writes.grow(fetch.dataset, ()))
            if fetch.symbol and fetch.status in ("ok", "empty"):
                asked = pl.DataFrame({"symbol": [fetch.symbol]}).with_columns(pl.lit(None, dtype=UTC_TYPE).alias("newest"))
                self._landing.refresh(tx, fetch.dataset, fetch.provider, touched(asked, fetch, number))
            tx.publish("market.changed", {"datasets": [fetch.dataset], "symbols": [fetch.symbol] if fetch.symbol else []})
            return number

        return self.database.write(write)

    def sources(self, fetch_ids: Iterable[int | None]) -> dict[int, Source]:
        """Where the rows of these fetches came from; unknown ids are left out."""
        wanted = {int(number) for number in fetch_ids if number is not None}
        with self._lock:
            missing = sorted(wanted - self._sources.keys())
        if missing:
            frame = self.database.read(
                "select fetch_id, provider, endpoint, as_of, finished_at, delayed, simulated, reason from fetch_log "
                f"where fetch_id in ({', '.join(map(str, missing))})")
            found = {row[0]: Source(*row[1:]) for row in frame.iter_rows()}
            with self._lock:
                self._sources.update(found)
        with self._lock:
            return {number: self._sources[number] for number in sorted(wanted) if number in self._sources}

    def freshness(self, dataset: str) -> pl.DataFrame:
        """symbol, newest (last valid time, a date where the dataset has dates), fetched_at, provider of the last good fetch."""
        schema = _schema(dataset)
        frame = self.database.read(
            "select symbol, newest, fetched_at, provider from freshness where dataset = ? order by symbol", (dataset,))
        column = TIME_COLUMNS.get(dataset)
        return frame.with_columns(pl.col("newest").cast(pl.Date)) if column and schema.columns[column] == pl.Date else frame

    def confirmed(self, dataset: str, frame: pl.DataFrame) -> pl.DataFrame:
        """`frame`, the newest rows of now, each with the fetch that last brought it.

        A row that an answer only repeats is not written again, so that it knows the first fetch alone; which request spoke
        about a symbol last is in `freshness`. The same service must have said it about the same moment.
        """
        if frame.is_empty():
            return frame
        rows = statements.confirmed(self.database, _schema(dataset), TIME_COLUMNS[dataset], self.named(frame))
        return rows.select(frame.columns)

    def quarantine(self, symbol: str | None = None) -> pl.DataFrame:
        """What was refused and why, newest first: dataset, symbol, key, row (JSON), reason, fetch_id, at, provider."""
        where, params = ("", ()) if symbol is None else ("where q.symbol = ?", (symbol,))
        return self.database.read(
            "select q.dataset, q.symbol, q.key, q.row, q.reason, q.fetch_id, q.\"at\", f.provider from quarantine q "
            f"left join fetch_log f using (fetch_id) {where} order by q.\"at\" desc, q.dataset, q.symbol, q.key", params)

    def repairs(self, symbol: str | None = None) -> pl.DataFrame:
        """What was corrected and how: dataset, symbol, at, field, was, now, rule, fetch_id, provider, fetched_at."""
        where, params = ("", ()) if symbol is None else ("where r.symbol = ?", (symbol,))
        return self.database.read(
            "select r.*, f.provider, f.finished_at as fetched_at from repairs r left join fetch_log f using (fetch_id) "
            f"{where} order by r.fetch_id desc, r.dataset, r.symbol, r.\"at\"", params)

    def fetches(self, *, symbol: str | None = None, dataset: str | None = None, provider: str | None = None,
                errors: bool = False, limit: int = 100) -> pl.DataFrame:
        """The newest requests, with what came back."""
        conditions = [f"{name} = {literal(value)}" for name, value in
                      (("symbol", symbol), ("dataset", dataset), ("provider", provider)) if value]
        if errors:
            conditions.append("status in ('error', 'refused')")
        where = f"where {' and '.join(conditions)}" if conditions else ""
        return self.database.read(f"select * from fetch_log {where} order by fetch_id desc limit {int(limit)}")

    def _where(self, dataset: str, schema: Schema, symbols: list[str] | None, start: date | datetime | None,
               end: date | datetime | None) -> str:
        conditions = []
        if symbols is not None and len(symbols) <= _MANY:
            listed = ", ".join(map(literal, symbols))
            conditions.append(f'"{schema.key[0]}" in ({listed})' if symbols else "false")
        column = TIME_COLUMNS.get(dataset)
        if (start is not None or end is not None) and column is None:
            raise ValueError(f"{dataset} has no time to filter by")
        if column and schema.columns[column] == pl.Date:
            bounds = ((">=", start), ("<=", end))
            conditions += [f'"{column}" {sign} {literal(_day(bound))}' for sign, bound in bounds if bound is not None]
        else:
            if start is not None:
                conditions.append(f'"{column}" >= {literal(start if isinstance(start, datetime) else known.start_of_day(start))}')
            if end is not None:
                conditions.append(f'"{column}" <= {literal(end)}' if isinstance(end, datetime)
                                  else f'"{column}" < {literal(known.end_of_day(end))}')
        return " and ".join(conditions) or "true"


def _versions(dataset: str, columns: Sequence[str], where: str, as_of: date | None) -> str:
    names = ", ".join(map(quoted, columns))
    if as_of is None:
        return f"select {names} from {dataset} where {where}"
    end = literal(known.end_of_day(as_of))
    return (f"select {names} from {dataset} where {where} and known_at < {end} union all "
            f"select {names} from {dataset}_superseded where {where} and known_at < {end} and known_until >= {end}")


def _schema(dataset: str) -> Schema:
    try:
        return DATASETS[dataset]
    except KeyError:
        raise UserError(f"There is no dataset called '{dataset}'.", f"Known: {', '.join(DATASETS)}.") from None


def _in_order(frame: pl.DataFrame, key: tuple[str, ...]) -> pl.DataFrame:
    """`frame` sorted by `key`. Mostly it is already: finding that out costs a fifth of a sort, and no second copy."""
    before = pl.lit(False)
    for name in reversed(key):
        column, previous = pl.col(name), pl.col(name).shift()
        before = (column < previous) | ((column == previous) & before)
    return frame.sort(key) if frame.select(before.any()).item() else frame


def _day(moment: date | datetime) -> date:
    return moment.astimezone(known.EXCHANGE).date() if isinstance(moment, datetime) else moment


