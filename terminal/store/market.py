"""The market: public data with its source and the moment it became known.

Where several services speak about one value the most believed one stands (`contest`); the others are kept beside it.
Each dataset has two tables: `bars` holds the newest version of every row, `bars_superseded` the versions it replaced,
each with the interval `known_at` (inclusive) to `known_until` in which it was the newest. Reading the present never looks
at the second; reading *as of* a day takes from both the one version whose interval holds the end of that day.
"""

from __future__ import annotations

import collections
import threading
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from terminal.domain import truth
from terminal.domain.data_services import TRUST
from terminal.domain.rivals import CONTESTS
from terminal.domain.schemas import DATASETS, Schema
from terminal.domain.schemas import UTC as UTC_TYPE
from terminal.domain.sourced import Source
from terminal.errors import UserError
from terminal.store import contest, known, several, statements, tables
from terminal.store.migrate import CORE, migrate
from terminal.store.sql import literal, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from terminal.domain.fetch import Fetch
    from terminal.domain.sessions import Calendar
    from terminal.store.db import Database, Transaction

TIME_COLUMNS = {"bars": "date", "minute_bars": "at", "quotes": "at", "facts": "period_end", "dividends": "ex_date",
                "splits": "ex_date", "earnings": "date", "headlines": "at", "chains": "at",
                "filings": "filed_at", "ratings": "date", "news_sentiment": "at", "macro": "date"}
# Beyond this many symbols one scan and a join in polars beats a list in SQL.
_MANY = 250
# So many writes are remembered to tell what changed since then.
_REMEMBERED = 5000
_REPAIRS = {"symbol": pl.String, "at": pl.String, "field": pl.String, "was": pl.Float64, "now": pl.Float64, "rule": pl.String}


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of a frame: `rows` valid ones, of which `written` are new or revised; `refused`; `repaired`."""

    rows: int
    refused: int = 0
    repaired: int = 0
    written: int = 0
    fetch_id: int = 0


class MarketStore:
    """Typed access to the market file. Frames in and out follow `terminal.domain.schemas`.

    `trust(dataset)` names the services in the order in which they are believed about a dataset that several speak about.
    """

    def __init__(self, database: Database, *, calendar: Calendar | None = None, clock: Callable[[], datetime],
                 trust: Callable[[str], Sequence[str] | None] = TRUST.get) -> None:
        self.database = database
        self._calendar, self._trust = calendar, trust
        self._answered: dict[str, set[str]] = {}
        migrate(database, CORE, tables.STEPS, clock())
        tables.create(database)
        self._lock = threading.Lock()
        self._sources: dict[int, Source] = {}
        self._next_fetch = 1 + int(database.read("select coalesce(max(fetch_id), 0) as n from fetch_log")["n"][0])
        self._version = self._next_fetch
        # What the latest writes were about, the newest last: version, dataset, symbols.
        self._writes: collections.deque[tuple[int, str, frozenset[str]]] = collections.deque(maxlen=_REMEMBERED)
        self._oldest = self._version
        self._newest: dict[str, int] = {}

    def order(self, dataset: str) -> tuple[str, ...] | None:
        """Who is believed about a dataset that several services may speak about, best first; None for all other datasets."""
        return tuple(self._trust(dataset) or ()) if dataset in CONTESTS else None

    @property
    def version(self) -> int:
        """Grows with each write, once it can be read."""
        return self._version

    def version_of(self, datasets: Iterable[str]) -> int:
        """The version of the newest write about one of these datasets."""
        with self._lock:
            return max((self._newest.get(dataset, 0) for dataset in datasets), default=0)

    def changed(self, since: int, datasets: Collection[str]) -> frozenset[str] | None:
        """The symbols of which rows of these datasets were written after version `since`; None when that is too long ago."""
        with self._lock:
            if not self._oldest <= since <= self._version:
                return None
            later = [symbols for version, dataset, symbols in self._writes if version > since and dataset in datasets]
        return frozenset().union(*later)

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
        bad = checked.refused if refused is None else pl.concat([checked.refused, _as_refused(schema, refused)])
        good = checked.good.with_columns(known.known_at(dataset, checked.good, fetch, self._calendar))
        fixed = None if repairs is None or repairs.is_empty() else repairs.select(
            pl.col(name).cast(kind) for name, kind in _REPAIRS.items())
        order = self.order(dataset)
        return self.database.write(
            lambda tx: self._save(tx, schema, good, bad=bad, repairs=fixed, fetch=fetch, complete=complete, order=order,
                                  tell=tell))

    def save_all(self, parts: Sequence[several.Part]) -> list[Saved]:
        """As `save` for the answers of several requests, in one transaction and with one message; what became of each part.

        Several answers about the same row count in their order. A part without rows is logged, and its symbol counts as fresh.
        """
        groups = list(several.gather(parts, self._calendar))

        def write(tx: Transaction) -> dict[int, Saved]:
            done: dict[int, Saved] = {}
            for group in groups:
                for part, saved in zip(group.parts, self._save_together(tx, group), strict=True):
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
            number = self._log(tx, fetch, 0, 0, 0)
            tx.committed.append(lambda: self._grow(fetch.dataset, ()))
            if fetch.symbol and fetch.status in ("ok", "empty"):
                asked = pl.DataFrame({"symbol": [fetch.symbol]}).with_columns(pl.lit(None, dtype=UTC_TYPE).alias("newest"))
                self._refresh(tx, fetch.dataset, fetch.provider, _touched(asked, fetch, number))
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

    # writing, on the writer thread

    def _save(self, tx: Transaction, schema: Schema, good: pl.DataFrame, *, bad: pl.DataFrame,
              repairs: pl.DataFrame | None, fetch: Fetch, complete: bool, order: Sequence[str] | None, tell: bool) -> Saved:
        repaired = 0 if repairs is None else repairs.height
        number = self._log(tx, fetch, good.height, bad.height, repaired)
        written = self._take_in(tx, schema, good, fetch, number, order) if good.height else 0
        entity = schema.key[0]
        if good.height and complete:
            newest = good.group_by(pl.col(entity).alias("symbol")).agg(_newest(schema).alias("newest"))
            self._refresh(tx, fetch.dataset, fetch.provider, _touched(newest, fetch, number))
        if bad.height:
            self._quarantine(tx, schema, bad, fetch, number)
        if repairs is not None:
            rows = repairs.with_columns(pl.lit(schema.name).alias("dataset"), pl.lit(number).alias("fetch_id"))
            tx.insert("repairs", rows)
        symbols = good[entity].unique().sort().to_list() if good.height else []
        tx.committed.append(lambda: self._grow(schema.name, symbols))
        if tell:
            tx.publish("market.changed", {"datasets": [schema.name], "symbols": symbols})
        return Saved(good.height, bad.height, repaired, written, number)

    def _save_together(self, tx: Transaction, group: several.Together) -> list[Saved]:
        schema, counts = group.schema, group.counts()
        numbers = self._log_all(tx, [part.fetch for part in group.parts], counts)
        rows, order = group.numbered(numbers), self.order(schema.name)
        provider = group.parts[0].fetch.provider
        written = 0
        if order is not None and rows.height:
            alone = self._alone(tx, schema.name, provider)
            if not alone or ("filed_at" in rows.columns and rows["filed_at"].is_not_null().any()):
                plain = []
                for at, (part, number) in enumerate(zip(group.parts, numbers, strict=True)):
                    mine, _ = group.of(at)
                    if mine.height:
                        left, added = contest.take_in(tx, schema, mine, part.fetch, number, order, alone=alone)
                        written += added
                        plain.append(_marked(left, part.fetch, number))
                rows = pl.concat(plain)
        if rows.height:
            self._merge(tx, schema, rows, max((part.fetch for part in group.parts), key=lambda each: each.finished_at))
        self._refresh(tx, schema.name, provider, group.fresh(numbers, _newest(schema)))
        refused_here = group.refused_here()
        for at, (part, number) in enumerate(zip(group.parts, numbers, strict=True)):
            refused = None if part.refused is None or part.refused.is_empty() else _as_refused(schema, part.refused)
            if at in refused_here:
                self._quarantine(tx, schema, group.of(at)[1], part.fetch, number)
            if refused is not None:
                self._quarantine(tx, schema, refused, part.fetch, number)
            if part.repairs is not None and part.repairs.height:
                fixed = part.repairs.select(pl.col(name).cast(kind) for name, kind in _REPAIRS.items())
                tx.insert("repairs", fixed.with_columns(pl.lit(schema.name).alias("dataset"), pl.lit(number).alias("fetch_id")))
        symbols = {*group.good[schema.key[0]].unique(), *(part.fetch.symbol for part in group.parts if part.fetch.symbol)}
        tx.committed.append(lambda: self._grow(schema.name, symbols))
        return [Saved(good, bad, fixed, good, number) for (good, bad, fixed), number in zip(counts, numbers, strict=True)]

    def _log_all(self, tx: Transaction, fetches: Sequence[Fetch], counts: Sequence[tuple[int, int, int]]) -> list[int]:
        numbers = list(range(self._next_fetch, self._next_fetch + len(fetches)))
        self._next_fetch += len(fetches)
        lines = [{"fetch_id": number, **asdict(fetch), "rows": rows, "refused": refused, "repaired": repaired}
                 for number, fetch, (rows, refused, repaired) in zip(numbers, fetches, counts, strict=True)]
        names = list(lines[0])
        marks = ", ".join(f"({', '.join('?' * len(names))})" for _ in lines)
        tx.execute(f"insert into fetch_log ({', '.join(map(quoted, names))}) values {marks}",
                   [value for line in lines for value in line.values()])
        return numbers

    def _log(self, tx: Transaction, fetch: Fetch, rows: int, refused: int, repaired: int) -> int:
        number = self._next_fetch
        self._next_fetch += 1
        values: dict[str, Any] = {"fetch_id": number, **asdict(fetch), "rows": rows, "refused": refused, "repaired": repaired}
        tx.execute(f"insert into fetch_log ({', '.join(values)}) values ({', '.join('?' * len(values))})", list(values.values()))
        return number

    def _grow(self, dataset: str, symbols: Iterable[str]) -> None:
        # After the commit: a reader who sees the old number for a moment only reads again; one who saw the new number
        # before the commit would take what he read for the newest.
        with self._lock:
            if len(self._writes) == _REMEMBERED:
                self._oldest = self._writes[0][0]
            self._version += 1
            self._newest[dataset] = self._version
            self._writes.append((self._version, dataset, frozenset(symbols)))

    def _take_in(self, tx: Transaction, schema: Schema, good: pl.DataFrame, fetch: Fetch, number: int,
                 order: Sequence[str] | None) -> int:
        """Rows about which services differ are settled by trust; of all others the newest version stands."""
        plain, written = good, 0
        if order is not None:
            alone = self._alone(tx, schema.name, fetch.provider)
            plain, written = contest.take_in(tx, schema, good, fetch, number, order, alone=alone)
        return written + (self._merge(tx, schema, _marked(plain, fetch, number), fetch) if plain.height else 0)

    def _alone(self, tx: Transaction, dataset: str, provider: str) -> bool:
        """Whether no other service has ever brought rows of this dataset. On the writer thread."""
        if dataset not in self._answered:
            rows = tx.query("select distinct provider from fetch_log where dataset = ? and rows > 0", (dataset,))
            self._answered[dataset] = set(rows["provider"])
        self._answered[dataset].add(provider)
        return self._answered[dataset] == {provider}

    def _merge(self, tx: Transaction, schema: Schema, good: pl.DataFrame, fetch: Fetch) -> int:
        # Each row carries the id and the time of the request that brought it; `fetch` is the latest of them.
        table, names = schema.name, list(schema.columns)
        columns = ", ".join(map(quoted, names))
        with tx.view("incoming", good):
            if tx.query(f"select 1 from {table} limit 1").is_empty():
                tx.execute(f"insert into {table} ({columns}, fetch_id, known_at) "
                           f"select {columns}, fetch_id, known_at from incoming")
                return good.height
            values = [name for name in names if name not in schema.key]
            differs = " or ".join(f'v."{name}" is distinct from b."{name}"' for name in values) or "false"
            matches = " and ".join(f'v."{name}" = b."{name}"' for name in schema.key)
            picked = ", ".join(f'v."{name}"' for name in names)
            tx.execute("drop table if exists temp.changed")
            tx.execute(f"""
                create temp table changed as
                select {picked}, v.fetch_id, b.rowid as old, case
                    when b.rowid is null or v.known_at > b.known_at then v.known_at
                    else greatest(b.known_at, v._fetched) end as known_at
                from incoming v left join {table} b on {matches}
                where b.rowid is null or {differs}""")
            self._supersede(tx, table, columns, "select old, known_at from changed where old is not null")
            for retired in _retired(schema, fetch):
                self._supersede(tx, table, columns, retired)
            order = ", ".join(map(quoted, schema.key))
            written = tx.execute(f"insert into {table} ({columns}, fetch_id, known_at) "
                                 f"select {columns}, fetch_id, known_at from changed order by {order}")
            tx.execute("drop table temp.changed")
            return written

    def _supersede(self, tx: Transaction, table: str, columns: str, rows: str) -> None:
        # `rows`: the rowid of each version that ends, and when it ends.
        moved = tx.execute(f"insert into {table}_superseded ({columns}, fetch_id, known_at, known_until) "
                           f"select {columns}, b.fetch_id, b.known_at, r.until "
                           f"from {table} b join ({rows}) r(old, until) on b.rowid = r.old")
        if moved:
            tx.execute(f"delete from {table} where rowid in (select old from ({rows}) r(old, until))")

    def _refresh(self, tx: Transaction, dataset: str, provider: str, entities: pl.DataFrame) -> None:
        """`entities`: symbol, newest, fetched_at, fetch_id of what was answered in full."""
        if entities.is_empty():
            return
        with tx.view("touched", entities):
            rows = tx.query(
                "select t.symbol, greatest(t.newest, f.newest) as newest, t.fetched_at, t.fetch_id from touched t "
                "left join freshness f on f.dataset = ? and f.symbol = t.symbol", (dataset,))
            tx.execute("delete from freshness where dataset = ? and symbol in (select symbol from touched)", (dataset,))
        tx.insert("freshness", rows.with_columns(pl.lit(dataset).alias("dataset"), pl.lit(provider).alias("provider")))

    def _quarantine(self, tx: Transaction, schema: Schema, bad: pl.DataFrame, fetch: Fetch, number: int) -> None:
        key = pl.concat_str([pl.col(name).cast(pl.String).fill_null("?") for name in schema.key], separator=" ")
        rows = bad.select(
            pl.lit(schema.name).alias("dataset"), pl.col(schema.key[0]).alias("symbol"), key.alias("key"),
            pl.struct(pl.exclude("reason")).struct.json_encode().alias("row"), pl.col("reason"),
            pl.lit(number, dtype=pl.Int64).alias("fetch_id"), pl.lit(fetch.finished_at, dtype=UTC_TYPE).alias("at"))
        with tx.view("refused", rows.unique(["key", "row", "reason"], maintain_order=True)):
            tx.execute("insert into quarantine by name select * from refused r where not exists (select 1 from quarantine q "
                       "where q.dataset = r.dataset and q.key = r.key and q.reason = r.reason and q.row = r.row)")

    # reading

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


def _marked(frame: pl.DataFrame, fetch: Fetch, number: int) -> pl.DataFrame:
    return frame.with_columns(pl.lit(number, dtype=pl.Int64).alias(several.NUMBER),
                              pl.lit(fetch.finished_at, dtype=UTC_TYPE).alias(several.FETCHED))


def _touched(newest: pl.DataFrame, fetch: Fetch, number: int) -> pl.DataFrame:
    return newest.with_columns(pl.lit(fetch.finished_at, dtype=UTC_TYPE).alias("fetched_at"),
                               pl.lit(number, dtype=pl.Int64).alias("fetch_id"))


def _versions(dataset: str, columns: Sequence[str], where: str, as_of: date | None) -> str:
    names = ", ".join(map(quoted, columns))
    if as_of is None:
        return f"select {names} from {dataset} where {where}"
    end = literal(known.end_of_day(as_of))
    return (f"select {names} from {dataset} where {where} and known_at < {end} union all "
            f"select {names} from {dataset}_superseded where {where} and known_at < {end} and known_until >= {end}")


def _retired(schema: Schema, fetch: Fetch) -> list[str]:
    """Rows that end because the new answer, which is complete, no longer has them."""
    until = literal(fetch.finished_at)
    if schema.name == "members":  # an index without this company is another list
        return [f"select b.rowid, greatest(b.known_at, {until}) from members b "
                "where b.universe in (select universe from incoming) "
                "and not exists (select 1 from incoming v where v.universe = b.universe and v.symbol = b.symbol)"]
    if schema.name == "earnings":  # an expected date that moved; only where the answer names another one still to come
        today = literal(fetch.finished_at.astimezone(known.EXCHANGE).date())
        return [f"select b.rowid, greatest(b.known_at, {until}) from earnings b where b.date >= {today} "
                "and b.eps_actual is null and b.revenue_actual is null "
                f"and exists (select 1 from incoming v where v.symbol = b.symbol and v.date >= {today}) "
                "and not exists (select 1 from incoming v where v.symbol = b.symbol and v.date = b.date)"]
    return []


def _schema(dataset: str) -> Schema:
    try:
        return DATASETS[dataset]
    except KeyError:
        raise UserError(f"There is no dataset called '{dataset}'.", f"Known: {', '.join(DATASETS)}.") from None


def _as_refused(schema: Schema, frame: pl.DataFrame) -> pl.DataFrame:
    columns = [(pl.col(name).cast(kind, strict=False) if name in frame.columns else pl.lit(None, dtype=kind)).alias(name)
               for name, kind in schema.columns.items()]
    return frame.select(*columns, pl.col("reason").cast(pl.String))


def _in_order(frame: pl.DataFrame, key: tuple[str, ...]) -> pl.DataFrame:
    """`frame` sorted by `key`. Mostly it is already: finding that out costs a fifth of a sort, and no second copy."""
    before = pl.lit(False)
    for name in reversed(key):
        column, previous = pl.col(name), pl.col(name).shift()
        before = (column < previous) | ((column == previous) & before)
    return frame.sort(key) if frame.select(before.any()).item() else frame


def _newest(schema: Schema) -> pl.Expr:
    column = TIME_COLUMNS.get(schema.name)
    if column is None:
        return pl.lit(None, dtype=UTC_TYPE)
    newest = pl.col(column).max()
    return newest.cast(pl.Datetime("us")).dt.replace_time_zone("UTC") if schema.columns[column] == pl.Date else newest


def _day(moment: date | datetime) -> date:
    return moment.astimezone(known.EXCHANGE).date() if isinstance(moment, datetime) else moment


