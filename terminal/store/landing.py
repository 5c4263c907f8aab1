"""Writing what requests brought: rows, the fetch that brought them, what was refused and repaired, in one transaction.

A row that differs from the stored one takes its place, and the old one moves to `<dataset>_superseded` with the moment
until which it stood; an equal one is not written again.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from terminal.domain.schemas import UTC as UTC_TYPE
from terminal.store import contest, known, several
from terminal.store.sql import literal, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from terminal.domain.fetch import Fetch
    from terminal.domain.schemas import Schema
    from terminal.store.transaction import Transaction
    from terminal.store.writes import Writes

TIME_COLUMNS = {"bars": "date", "minute_bars": "at", "quotes": "at", "facts": "period_end", "dividends": "ex_date",
                "splits": "ex_date", "earnings": "date", "headlines": "at", "chains": "at",
                "filings": "filed_at", "ratings": "date", "news_sentiment": "at", "macro": "date"}
REPAIRS = {"symbol": pl.String, "at": pl.String, "field": pl.String, "was": pl.Float64, "now": pl.Float64, "rule": pl.String}


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of a frame: `rows` valid ones, of which `written` are new or revised; `refused`; `repaired`."""

    rows: int
    refused: int = 0
    repaired: int = 0
    written: int = 0
    fetch_id: int = 0


class Landing:
    """Puts rows into the tables of the market. Every method but the first belongs on the writer thread.

    `order(dataset)` names who is believed about a dataset that several services speak about; `next_fetch` is the first free
    number of a request.
    """

    def __init__(self, writes: Writes, order: Callable[[str], Sequence[str] | None], next_fetch: int) -> None:
        self._writes, self._order = writes, order
        self._next_fetch = next_fetch
        # By dataset who has ever brought rows of it; read once, then kept.
        self._answered: dict[str, set[str]] = {}

    def one(self, tx: Transaction, schema: Schema, good: pl.DataFrame, *, bad: pl.DataFrame, repairs: pl.DataFrame | None,
            fetch: Fetch, complete: bool, order: Sequence[str] | None, tell: bool) -> Saved:
        """What one request brought: its valid rows, its refused ones with `reason`, and what was repaired."""
        repaired = 0 if repairs is None else repairs.height
        number = self.log(tx, fetch, good.height, bad.height, repaired)
        written = self._take_in(tx, schema, good, fetch, number, order) if good.height else 0
        entity = schema.key[0]
        if good.height and complete:
            newest = good.group_by(pl.col(entity).alias("symbol")).agg(_newest(schema).alias("newest"))
            self.refresh(tx, fetch.dataset, fetch.provider, touched(newest, fetch, number))
        if bad.height:
            self._quarantine(tx, schema, bad, fetch, number)
        if repairs is not None:
            rows = repairs.with_columns(pl.lit(schema.name).alias("dataset"), pl.lit(number).alias("fetch_id"))
            tx.insert("repairs", rows)
        symbols = good[entity].unique().sort().to_list() if good.height else []
        tx.committed.append(lambda: self._writes.grow(schema.name, symbols))
        if tell:
            tx.publish("market.changed", {"datasets": [schema.name], "symbols": symbols})
        return Saved(good.height, bad.height, repaired, written, number)

    def together(self, tx: Transaction, group: several.Together) -> list[Saved]:
        """What several requests to one service brought of one dataset; what became of each part, in their order."""
        schema, counts = group.schema, group.counts()
        numbers = self._log_all(tx, [part.fetch for part in group.parts], counts)
        rows, order = group.numbered(numbers), self._order(schema.name)
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
        self.refresh(tx, schema.name, provider, group.fresh(numbers, _newest(schema)))
        refused_here = group.refused_here()
        for at, (part, number) in enumerate(zip(group.parts, numbers, strict=True)):
            refused = None if part.refused is None or part.refused.is_empty() else as_refused(schema, part.refused)
            if at in refused_here:
                self._quarantine(tx, schema, group.of(at)[1], part.fetch, number)
            if refused is not None:
                self._quarantine(tx, schema, refused, part.fetch, number)
            if part.repairs is not None and part.repairs.height:
                fixed = part.repairs.select(pl.col(name).cast(kind) for name, kind in REPAIRS.items())
                tx.insert("repairs", fixed.with_columns(pl.lit(schema.name).alias("dataset"), pl.lit(number).alias("fetch_id")))
        symbols = {*group.good[schema.key[0]].unique(), *(part.fetch.symbol for part in group.parts if part.fetch.symbol)}
        tx.committed.append(lambda: self._writes.grow(schema.name, symbols))
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

    def log(self, tx: Transaction, fetch: Fetch, rows: int, refused: int, repaired: int) -> int:
        """The line of a request; its number."""
        number = self._next_fetch
        self._next_fetch += 1
        values: dict[str, Any] = {"fetch_id": number, **asdict(fetch), "rows": rows, "refused": refused, "repaired": repaired}
        tx.execute(f"insert into fetch_log ({', '.join(values)}) values ({', '.join('?' * len(values))})", list(values.values()))
        return number

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

    def refresh(self, tx: Transaction, dataset: str, provider: str, entities: pl.DataFrame) -> None:
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


def _marked(frame: pl.DataFrame, fetch: Fetch, number: int) -> pl.DataFrame:
    return frame.with_columns(pl.lit(number, dtype=pl.Int64).alias(several.NUMBER),
                              pl.lit(fetch.finished_at, dtype=UTC_TYPE).alias(several.FETCHED))


def touched(newest: pl.DataFrame, fetch: Fetch, number: int) -> pl.DataFrame:
    """What `Landing.refresh` takes: symbol and newest, with the request that answered in full about them."""
    return newest.with_columns(pl.lit(fetch.finished_at, dtype=UTC_TYPE).alias("fetched_at"),
                               pl.lit(number, dtype=pl.Int64).alias("fetch_id"))


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


def as_refused(schema: Schema, frame: pl.DataFrame) -> pl.DataFrame:
    """Rows that an earlier check took out, in the dataset's columns as far as they fit, with `reason`."""
    columns = [(pl.col(name).cast(kind, strict=False) if name in frame.columns else pl.lit(None, dtype=kind)).alias(name)
               for name, kind in schema.columns.items()]
    return frame.select(*columns, pl.col("reason").cast(pl.String))


def _newest(schema: Schema) -> pl.Expr:
    column = TIME_COLUMNS.get(schema.name)
    if column is None:
        return pl.lit(None, dtype=UTC_TYPE)
    newest = pl.col(column).max()
    return newest.cast(pl.Datetime("us")).dt.replace_time_zone("UTC") if schema.columns[column] == pl.Date else newest
