"""The archive with 20 million contract-days: volume means, IV ranks, a snapshot appended, trades, and the room a row takes.

The contracts are made up by SQL (one hundred symbols, 800 live contracts each, fifty sessions of life); everything that is
timed goes through the archive's own calls. The peers read the same rows from one parquet file, sorted by day as an archive
of daily files is, with the contract's name in it.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import polars as pl

from terminal.domain.schemas import CHAINS
from terminal.domain.sessions import Calendar
from terminal.domain.sourced import Source
from terminal.domain.volatility import standing
from terminal.paths import data_file
from terminal.store import Store
from terminal.store.archive_tables import TRADES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from terminal.store.archive import ArchiveStore

NOW = datetime(2026, 11, 20, 22, tzinfo=UTC)
SYMBOLS, LIVE, SESSIONS, LIFE = 100, 800, 250, 50
SNAPSHOT, BATCH, PRINTS = 30_000, 10_000, 100_000
_CLOSE = timedelta(hours=21)


def _median(work: Callable[[int], Any], times: int) -> float:
    taken = []
    for turn in range(times):
        start = time.perf_counter()
        work(turn)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def _line(bench: str, ours: float, peer: float, peer_name: str, unit: str) -> dict[str, Any]:
    return {"bench": bench, "ours": round(ours, 4), "peer": round(peer, 4), "peer_name": peer_name,
            "ratio": round(ours / peer, 4), "unit": unit}  # fmt: skip


def run() -> Iterator[dict[str, Any]]:
    """Every line is measured here and now, on temporary files."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = Store(folder / "market.duckdb", folder / "book.duckdb", folder / "backups", clock=lambda: NOW,
                      publish=lambda *_: None)  # fmt: skip
        try:
            yield from _all(folder, store.archive)
        finally:
            store.close()


def _days() -> list[date]:
    calendar = Calendar.parse(data_file("sessions.csv").read_text("utf-8"))
    return calendar.sessions(date(2025, 1, 2), NOW.date())[-SESSIONS:]


def _all(folder: Path, archive: ArchiveStore) -> Iterator[dict[str, Any]]:
    days = _days()
    _fill(archive, days)
    parquet, measured = folder / "chains.parquet", folder / "volatility.parquet"
    rows = _copy(archive, parquet, measured)
    with duckdb.connect(config={"threads": 2}) as peer:
        yield from _volumes(archive, peer, parquet, days)
        yield from _ranks(archive, peer, measured)
        before = archive.size()
        yield _line("room of a contract-day", before / rows, parquet.stat().st_size / rows, "parquet, zstd", "bytes")
        yield from _appends(folder, archive, peer)
    yield from _prints(folder, archive)


def _fill(archive: ArchiveStore, days: list[date]) -> None:
    listed = ", ".join(f"({place}, date '{day}')" for place, day in enumerate(days))

    def names(tx: Any) -> None:
        tx.execute(f"create temp table listed as select * from (values {listed}) d(place, day)")
        tx.execute(f"""create temp table made as select row_number() over (order by born, s, k)::integer as id, * from (
            select s.range as s, k.range as k, k.range * {LIFE} // {LIVE} - {LIFE} as born, hash(s.range * 10000 + k.range) as h
            from range({SYMBOLS}) s, range({LIVE * (SESSIONS + LIFE) // LIFE}) k)""")
        tx.execute(f"""insert into contracts select id, 'S' || s,
            'S' || s || strftime(expiry, '%y%m%d') || side || lpad((strike * 1000)::integer::varchar, 8, '0'), expiry, strike,
            side, date '2025-01-01' from made, lateral (select date '2025-11-01' + ((born + {LIFE}) * 2)::integer as expiry,
            100 + (k % {LIVE // LIFE}) // 2 * 2.5 as strike, case when k % 2 = 0 then 'C' else 'P' end as side)""")
        tx.execute("insert into fetches values (-1, 'perf', 'made', null, null, true, true, '')")
        tx.execute(f"""insert into snapshots select place * {SYMBOLS} + s.range + 1, 'S' || s.range, day + interval 21 hour, day,
            day, true, true, -1, {LIVE} from listed, range({SYMBOLS}) s order by 1""")
        tx.execute(f"""insert into volatility select 'S' || s.range, day, day + interval 21 hour, 100, i, i, i, i, i, i,
            0, 0, 0, 0, i, 'own', {LIVE} from listed, range({SYMBOLS}) s,
            lateral (select 0.2 + (hash(place * 100 + s.range) % 1000) / 5000 as i)""")

    archive.database.write(names)
    for first in range(0, SESSIONS, 10):
        archive.database.write(lambda tx, first=first: tx.execute(f"""
            insert into contract_days select place * {SYMBOLS} + s + 1, id, -1, b, b + 0.05 + (h % 20) * 0.05,
                case when h % 10 < 7 then b + 0.02 end, case when n % 10 < 4 then 0 else (n % 300) * (n % 7) end,
                (h % 5000) + (n % 40), round(0.15 + (h % 1000) / 3000 + (n % 100) / 4000, 4),
                round((h % 1000) / 1000 - (n % 100) / 2000, 4), 100 + s * 3 + (hash(place * {SYMBOLS} + s) % 500) / 100, n % 200,
                n % 170, (day + interval 20 hour - interval (n % 20000) second)::timestamp_s
            from (select *, hash(place * 1000000 + id) as n from listed join made on place >= born and place < born + {LIFE}
                  where place >= {first} and place < {first + 10}),
                lateral (select round(greatest(0.05, (h % 1000) / 50 + (n % 100) / 20 - 2), 2) as b)
            order by 1, 2"""))
    archive.database.wait(archive.database.checkpoint())
    archive._grow()


def _copy(archive: ArchiveStore, parquet: Path, measured: Path) -> int:
    archive.database.wait(archive.database.exclusive(lambda connection: connection.execute(
        f"""copy (select s.day, c.symbol, c.contract, r.* exclude (snapshot, contract, fetch_id) from contract_days r
            join contracts c on c.id = r.contract join snapshots s using (snapshot) order by r.snapshot, r.contract)
            to '{parquet}' (format parquet, compression zstd)""")))  # fmt: skip
    archive.volatility().write_parquet(measured)
    return int(archive.database.read("select count(*) as n from contract_days")["n"][0])


def _contracts(archive: ArchiveStore, count: int, symbol: str = "") -> list[str]:
    """Some that live at the end, spread over all symbols."""
    where = f"and symbol = '{symbol}'" if symbol else ""
    last = f"select contract from contract_days where snapshot > {(SESSIONS - 1) * SYMBOLS}"
    found = archive.database.read(f"select contract from contracts where id in ({last}) {where} order by hash(id) limit {count}")
    return found["contract"].to_list()


def _volumes(archive: ArchiveStore, peer: duckdb.DuckDBPyConnection, parquet: Path, days: list[date]) -> Iterator[dict[str, Any]]:
    today, since = NOW.date() + timedelta(days=1), days[-30]
    asked = _contracts(archive, 40)
    ours = _median(lambda turn: archive.average_volume([asked[turn]], today), len(asked))
    sql = (f"select contract, avg(volume), count(volume) from '{parquet}' where contract in ({{}}) and day >= '{since}' "
           "group by all")  # fmt: skip
    plain = _median(lambda turn: pl.DataFrame(peer.sql(sql.format(f"'{asked[turn]}'"))), 15)
    lazy = pl.scan_parquet(parquet)
    scanned = _median(lambda turn: lazy.filter((pl.col("contract") == asked[turn]) & (pl.col("day") >= since)).group_by(
        "contract").agg(pl.col("volume").mean(), pl.col("volume").count().alias("n")).collect(), 5)  # fmt: skip
    whole = _contracts(archive, LIVE, "S7")
    mine = archive.average_volume(whole[:5], today).sort("contract")
    named = ", ".join(f"'{each}'" for each in whole)
    theirs = pl.DataFrame(peer.sql(sql.format(named))).filter(pl.col("contract").is_in(whole[:5])).sort("contract")
    if mine["average_volume"].to_list() != theirs.to_series(1).to_list():
        raise AssertionError("the archive and the peer differ about a mean")
    yield _line("30-day average volume of a contract", ours * 1e3, plain * 1e3, "duckdb over parquet", "ms")
    yield _line("30-day average volume of a contract", ours * 1e3, scanned * 1e3, "polars scan of parquet", "ms")
    chain = _median(lambda _: archive.average_volume(whole, today), 9)
    many = _median(lambda _: pl.DataFrame(peer.sql(sql.format(named))), 5)
    yield _line(f"30-day average volume of a chain of {LIVE}", chain * 1e3, many * 1e3, "duckdb over parquet", "ms")
    symbols = [f"S{place}" for place in range(SYMBOLS)]
    read = _median(lambda turn: archive.chain(symbols[turn], days[-40 - turn]), 20)
    other = _median(lambda turn: pl.DataFrame(peer.sql(
        f"select * from '{parquet}' where symbol = '{symbols[turn]}' and day = '{days[-40 - turn]}'")), 10)  # fmt: skip
    yield _line("a past chain", read * 1e3, other * 1e3, "duckdb over parquet", "ms")
    history = _median(lambda turn: archive.contract(asked[turn]), 10)
    past = _median(lambda turn: pl.DataFrame(peer.sql(f"select * from '{parquet}' where contract = '{asked[turn]}'")), 5)
    yield _line("all days of a contract", history * 1e3, past * 1e3, "duckdb over parquet", "ms")


def _ranks(archive: ArchiveStore, peer: duckdb.DuckDBPyConnection, measured: Path) -> Iterator[dict[str, Any]]:
    symbols = [f"S{place}" for place in range(SYMBOLS)]

    def ours(_: int) -> dict[str, float | None]:
        rows = archive.volatility(symbols, NOW.date() - timedelta(days=400), columns=("iv30",))
        levels = rows.group_by("symbol", maintain_order=True).agg("iv30")
        return {symbol: standing(past[:-1], past[-1]).rank for symbol, past in levels.iter_rows()}

    listed, since = ", ".join(f"'{each}'" for each in symbols), NOW.date() - timedelta(days=400)
    sql = (f"select symbol, (arg_max(iv30, day) - min(iv30)) / (max(iv30) - min(iv30)) as rank from '{measured}' "
           f"where symbol in ({listed}) and day >= '{since}' group by symbol order by symbol")  # fmt: skip
    theirs = dict(peer.sql(sql).fetchall())
    if any(abs((rank or 0) - theirs[symbol]) > 1e-12 for symbol, rank in ours(0).items()):
        raise AssertionError("the archive and the peer differ about a rank")
    theirs_took = _median(lambda _: pl.DataFrame(peer.sql(sql)), 15)
    yield _line(f"IV rank of {SYMBOLS} symbols", _median(ours, 15) * 1e3, theirs_took * 1e3,
                "duckdb over a parquet of the volatilities", "ms")  # fmt: skip


def _snapshot(day: date, minute: int) -> pl.DataFrame:
    at = datetime.combine(day, datetime.min.time(), UTC) + _CLOSE + timedelta(minutes=minute)
    place = pl.int_range(0, SNAPSHOT, eager=True)
    return pl.DataFrame({"n": place}).select(
        pl.lit("^SPX").alias("symbol"), pl.lit(at).cast(pl.Datetime("us", "UTC")).alias("at"),
        pl.lit(date(2027, 1, 15)).alias("expiry"),
        (2000.0 + pl.col("n") // 2 * 5).alias("strike"), pl.lit("C").alias("right"),
        pl.format("SPXW270115C{}", pl.col("n") + 10_000_000).alias("contract"), (pl.col("n") % 977 / 10).alias("bid"),
        (pl.col("n") % 977 / 10 + 0.2).alias("ask"), pl.lit(None, dtype=pl.Float64).alias("last"),
        (pl.col("n") % 713).cast(pl.Float64).alias("volume"), (pl.col("n") % 3001).cast(pl.Float64).alias("open_interest"),
        (0.1 + pl.col("n") % 500 / 1000).alias("iv"), (pl.col("n") % 1000 / 1000).alias("delta"),
        pl.lit(6900.5).alias("underlying_price"), pl.lit(3.0).alias("bid_size"), pl.lit(5.0).alias("ask_size"),
        pl.lit(at).cast(pl.Datetime("us", "UTC")).alias("last_at"),
    ).select(CHAINS.columns.keys())  # fmt: skip


def _appends(folder: Path, archive: ArchiveStore, peer: duckdb.DuckDBPyConnection) -> Iterator[dict[str, Any]]:
    frames = [_snapshot(NOW.date() - timedelta(days=back), 0) for back in range(9, 0, -1)]
    frames += [_snapshot(NOW.date(), minute) for minute in range(5)]
    source = Source("perf", "made", NOW, NOW)
    archive.save_chain(frames[0], source)
    first = _median(lambda turn: archive.save_chain(frames[turn + 1], source), 8)
    again = _median(lambda turn: archive.save_chain(frames[turn + 9], source), 5)
    bare = folder / "bare.duckdb"
    with duckdb.connect(str(bare), config={"threads": 2}) as plain:
        plain.register("rows", _Stream(frames[0]))
        plain.execute("create table chains as select * from rows limit 0")

        def insert(turn: int) -> None:
            plain.register("rows", _Stream(frames[turn + 1]))
            plain.execute("insert into chains select * from rows")

        copied = _median(insert, 8)
    yield _line(f"append a snapshot of {SNAPSHOT:,} contracts", first * 1e3, copied * 1e3, "bare duckdb insert", "ms")
    yield _line("the same, replacing one of the same day", again * 1e3, copied * 1e3, "bare duckdb insert", "ms")


def _prints(folder: Path, archive: ArchiveStore) -> Iterator[dict[str, Any]]:
    place = pl.int_range(0, PRINTS, eager=True)
    number = pl.col("n")
    moment = (pl.lit(NOW) + pl.duration(microseconds=number * 100)).cast(pl.Datetime("us", "UTC"))
    frame = pl.DataFrame({"n": place}).select(
        number.cast(pl.String).alias("id"), pl.lit("perf").alias("source"), pl.format("S{}", number % 100).alias("symbol"),
        pl.format("S{}261218C{}", number % 100, number % 997 + 10_000_000).alias("contract"),
        pl.lit(date(2026, 12, 18)).alias("expiry"), (50.0 + number % 400 / 2).alias("strike"), pl.lit("C").alias("right"),
        moment.alias("at"), (number % 977 / 100).alias("price"), (number % 50 + 1).alias("size"),
        pl.lit("CBOE").alias("exchange"),
    )  # fmt: skip
    unknown = {name: kind for name, kind in TRADES.items() if name not in frame.columns}
    frame = frame.with_columns(pl.lit(None, dtype=kind).alias(name) for name, kind in unknown.items())
    start = time.perf_counter()
    for first in range(0, PRINTS, BATCH):
        archive.save_trades(frame.slice(first, BATCH))
    ours = PRINTS / (time.perf_counter() - start)
    with duckdb.connect(str(folder / "prints.duckdb"), config={"threads": 2}) as plain:
        plain.register("rows", _Stream(frame))
        plain.execute("create table trades as select * from rows limit 0")
        start = time.perf_counter()
        for first in range(0, PRINTS, BATCH):
            plain.register("rows", _Stream(frame.slice(first, BATCH)))
            plain.execute("insert into trades select * from rows")
        bare = PRINTS / (time.perf_counter() - start)
    yield _line(f"a million trades stored, {BATCH:,} at once", 1e6 / ours, 1e6 / bare, "bare duckdb insert, doubles unseen", "s")


class _Stream:
    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._frame.__arrow_c_stream__(requested_schema)


