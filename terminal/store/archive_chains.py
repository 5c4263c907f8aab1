"""Option chains in the archive: snapshots written once, read by symbol and day or by contract."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl

from terminal.domain.schemas import CHAINS
from terminal.domain.schemas import UTC as UTC_TYPE
from terminal.domain.sourced import Source
from terminal.store import known
from terminal.store.archive_tables import COUNTS, IDENTITY, ROUNDED, VALUES
from terminal.store.sql import literal, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from terminal.domain.sessions import Calendar
    from terminal.store.db import Database
    from terminal.store.transaction import Transaction

_FEW = 200  # beyond so many contracts a join beats a list
_STATED = re.compile(r"[A-Z0-9.]+?(\d{6})[CP](\d{8})$")
_Kinds = dict[str, pl.DataType | type[pl.DataType]]
_SOURCE: _Kinds = {
    "provider": pl.String, "endpoint": pl.String, "as_of": UTC_TYPE, "fetched_at": UTC_TYPE, "delayed": pl.Boolean,
    "simulated": pl.Boolean, "note": pl.String}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Archived:
    """What became of a frame: snapshots and contracts written, snapshots that were there already."""

    snapshots: int
    contracts: int
    skipped: int


def save(database: Database, frame: pl.DataFrame, source: Source | Mapping[int, Source], calendar: Calendar | None) -> Archived:
    """Write the snapshots of `frame` that are not archived as fully yet, in one transaction."""
    checked = CHAINS.validate(frame)
    if checked.refused.height:
        raise ValueError(f"a chain for the archive: {checked.refused['reason'][0]}")
    rows = _with_requests(frame, checked.good, source)
    if rows.is_empty():
        return Archived(0, 0, 0)
    several: Mapping[int, Source] = {0: source} if isinstance(source, Source) else source
    taken = rows.group_by("symbol", "at").agg(pl.len().cast(pl.Int64).alias("contracts"), pl.col("_request").first())
    taken = taken.join(_dated(taken["at"].unique(), calendar), on="at").sort("at", "symbol")
    symbols = ", ".join(map(literal, taken["symbol"].unique().sort()))

    def write(tx: Transaction) -> Archived:
        there = tx.query(f"select snapshot, symbol, \"at\", day, session, last, contracts from snapshots "
                         f"where symbol in ({symbols})")  # fmt: skip
        here = there.select("symbol", "at", pl.col("contracts").cast(pl.Int64).alias("before"), pl.col("snapshot").alias("old"))
        compared = taken.join(here, on=["symbol", "at"], how="left")
        fresh = compared.filter(pl.col("before").is_null() | (pl.col("contracts") > pl.col("before")))
        if fresh.is_empty():
            return Archived(0, 0, taken.height)
        _drop(tx, fresh["old"].drop_nulls().to_list())
        there = there.join(fresh.select("symbol", "at"), on=["symbol", "at"], how="anti")
        new = rows.join(fresh.select("symbol", "at", "day"), on=["symbol", "at"])
        requests = _requests(tx, {number: several[number] for number in new["_request"].unique().sort().to_list()})
        named = _numbered(tx, new, symbols)
        _write(tx, fresh, there, named, requests)
        return Archived(fresh.height, new.height, taken.height - fresh.height)

    return database.write(write)


def _with_requests(frame: pl.DataFrame, rows: pl.DataFrame, source: Source | Mapping[int, Source]) -> pl.DataFrame:
    """The rows with `_request`, the key of their source."""
    if isinstance(source, Source):
        return rows.with_columns(pl.lit(0, dtype=pl.Int64).alias("_request"))
    if "fetch_id" not in frame.columns or set(frame["fetch_id"].unique()) - source.keys():
        raise ValueError("a chain of several requests needs the fetch_id of each row, and the source of each")
    return rows.with_columns(frame["fetch_id"].cast(pl.Int64).alias("_request"))


def _dated(moments: pl.Series, calendar: Calendar | None) -> pl.DataFrame:
    """at, day (exchange time), session (whose trading is seen then), whole (after that session's close)."""
    found = [(moment, *known.seen(moment, calendar)) for moment in moments.sort()]
    return pl.DataFrame(found, {"at": UTC_TYPE, "day": pl.Date, "session": pl.Date, "whole": pl.Boolean}, orient="row")


def _requests(tx: Transaction, wanted: Mapping[int, Source]) -> dict[int, int]:
    """The number of each source in the archive; new ones are written."""
    there = {tuple(row[1:]): row[0] for row in tx.query(
        f"select fetch_id, {', '.join(_SOURCE)} from fetches where fetched_at is null or fetched_at >= "
        f"{literal(min((each.fetched_at for each in wanted.values() if each.fetched_at), default=None))}").iter_rows()}
    free = int(tx.query("select coalesce(min(fetch_id), 0) - 1 as n from fetches")["n"][0])
    numbers: dict[int, int] = {}
    new = []
    for key, each in wanted.items():
        line = (each.provider, each.endpoint, each.as_of, each.fetched_at, each.delayed, each.simulated, each.note)
        if line not in there:
            there[line] = free
            new.append((free, *line))
            free -= 1
        numbers[key] = there[line]
    if new:
        tx.insert("fetches", pl.DataFrame(new, {"fetch_id": pl.Int64, **_SOURCE}, orient="row"))
    return numbers


def _numbered(tx: Transaction, rows: pl.DataFrame, symbols: str) -> pl.DataFrame:
    """The rows with the number of their contract; new contracts are written, in the order in which chains are read."""
    names = ", ".join(map(quoted, IDENTITY))
    there = tx.query(f"select id, {names} from contracts where symbol in ({symbols})")
    found = rows.join(there, on=IDENTITY, how="left")
    unknown = found.filter(pl.col("id").is_null()).group_by(IDENTITY).agg(pl.col("day").min().alias("first_day"))
    if unknown.is_empty():
        return found
    free = int(tx.query("select coalesce(max(id), 0) + 1 as n from contracts")["n"][0])
    new = unknown.sort("symbol", "expiry", "strike", "right", "contract").with_row_index("id", free).cast({"id": pl.Int32})
    tx.insert("contracts", new)
    return rows.join(pl.concat([there, new.select(there.columns).cast(there.schema)]), on=IDENTITY, how="left")


def _write(tx: Transaction, fresh: pl.DataFrame, there: pl.DataFrame, rows: pl.DataFrame, requests: Mapping[int, int]) -> None:
    free = int(tx.query("select coalesce(max(snapshot), 0) + 1 as n from snapshots")["n"][0])
    fresh = fresh.with_row_index("snapshot", free).cast({"snapshot": pl.Int64})
    every = pl.concat([fresh.select("snapshot", "symbol", "at", "day", "session"),
                       there.select(pl.col("snapshot").cast(pl.Int64), "symbol", "at", "day", "session")])  # fmt: skip
    # Before the open a chain still has the volume of the session before, and the open interest it ended with: both stay.
    latest = set(every.filter(pl.col("at") == pl.col("at").max().over("symbol", "day", "session"))["snapshot"])
    request = pl.col("_request").replace_strict(requests, return_dtype=pl.Int64).alias("fetch_id")
    tx.insert("snapshots", fresh.select("snapshot", "symbol", "at", "day", "session", "whole",
                                        pl.col("snapshot").is_in(latest).alias("last"), request, "contracts"))
    _step_back(tx, [number for number in there.filter("last")["snapshot"] if number not in latest])
    whole = (pl.col(name).round(0).cast(pl.Int64, strict=False) for name in VALUES if name in COUNTS)
    short = (pl.col(name).round(digits) for name, digits in ROUNDED.items())
    traded = pl.col("last_at").dt.replace_time_zone(None)
    shaped = rows.join(fresh.select("symbol", "at", "snapshot"), on=["symbol", "at"]).sort("snapshot", "id").select(
        "snapshot", pl.col("id").alias("contract"), request, *VALUES).with_columns(*whole, *short, traded)  # fmt: skip
    last = pl.col("snapshot").is_in(latest)
    names = ", ".join(map(quoted, shaped.columns))
    cast = names.replace('"last_at"', '"last_at"::timestamp_s')
    for table, part in (("contract_days", shaped.filter(last)), ("contract_moments", shaped.filter(~last))):
        if part.height:
            with tx.view("archived", part):
                tx.execute(f"insert into {table} ({names}) select {cast} from archived")


def _step_back(tx: Transaction, snapshots: list[int]) -> None:
    """These are no longer the last of their day."""
    if snapshots:
        listed = ", ".join(map(str, snapshots))
        tx.execute(f"insert into contract_moments by name select * from contract_days where snapshot in ({listed})")
        tx.execute(f"delete from contract_days where snapshot in ({listed})")
        tx.execute(f"update snapshots set last = false where snapshot in ({listed})")


def _drop(tx: Transaction, snapshots: list[int]) -> None:
    if snapshots:
        listed = ", ".join(map(str, snapshots))
        for table in ("contract_days", "contract_moments", "snapshots"):
            tx.execute(f"delete from {table} where snapshot in ({listed})")


# reading


def rows(database: Database, where: str, newest: str) -> pl.DataFrame:
    """CHAINS and `fetch_id` of the newest snapshot, by `newest`, for which `where` holds."""
    found = database.read(f"select snapshot, symbol, \"at\", day, last, contracts from snapshots where {where} "
                          f"order by {newest} desc, \"at\" desc limit 1")  # fmt: skip
    if found.is_empty():
        return _shaped(CHAINS.empty().with_columns(pl.lit(None, dtype=pl.Int64).alias("fetch_id")))
    number, _, at, _, last, _ = found.row(0)
    values = ", ".join(f"r.{quoted(name)}" for name in VALUES)
    frame = database.read(
        f"select c.symbol, c.expiry, c.strike, c.\"right\", c.contract, r.fetch_id, {values} "
        f"from {'contract_days' if last else 'contract_moments'} r join contracts c on c.id = r.contract "
        f"where r.snapshot = {number}")
    return _shaped(frame.with_columns(pl.lit(at).cast(UTC_TYPE).alias("at"))).sort(CHAINS.key)


def _shaped(frame: pl.DataFrame) -> pl.DataFrame:
    frame = _values(frame).with_columns(pl.col("fetch_id").cast(pl.Int64))
    return frame.select(*(pl.col(name).cast(kind) for name, kind in CHAINS.columns.items()), "fetch_id")


def _values(frame: pl.DataFrame) -> pl.DataFrame:
    kind = frame.schema["last_at"]
    if isinstance(kind, pl.Datetime) and kind.time_zone is None:
        frame = frame.with_columns(pl.col("last_at").dt.cast_time_unit("us").dt.replace_time_zone("UTC"))
    return frame.with_columns(pl.col(name).cast(CHAINS.columns[name]) for name in VALUES if name in frame.columns)


def snapshots(database: Database, symbol: str | None, day: date | None, since: datetime | None) -> pl.DataFrame:
    """Every snapshot there is, oldest first."""
    conditions = ["true"]
    if symbol is not None:
        conditions.append(f"s.symbol = {literal(symbol)}")
    if day is not None:
        conditions.append(f"s.day = {literal(day)}")
    if since is not None:
        conditions.append(f"s.\"at\" >= {literal(since)}")
    return database.read(
        'select s.symbol, s."at", s.day, s.session, s.whole, s.last, s.contracts::bigint as contracts, f.provider, '
        "s.fetch_id::bigint as fetch_id from snapshots s left join fetches f using (fetch_id) "
        f"where {' and '.join(conditions)} order by s.symbol, s.\"at\"")


def contract(database: Database, name: str, start: date | None, end: date | None) -> pl.DataFrame:
    """The last word of each day about one contract."""
    found = _known(database, [name])
    values = ", ".join(f"r.{quoted(value)}" for value in VALUES)
    numbers = ", ".join(map(str, found["id"])) or "null"
    # Nothing is known of a contract before its first day: the blocks before that are not read.
    first = found["first_day"].min()
    conditions = ["s.last", f"s.symbol in ({', '.join(map(literal, found['symbol'].unique())) or 'null'})"]
    if bounds := [bound for bound in (start, first) if bound is not None]:
        conditions.append(f"s.day >= {literal(max(bounds))}")
    if end is not None:
        conditions.append(f"s.day <= {literal(end)}")
    wanted = database.read(f"select s.snapshot, s.day, s.\"at\" from snapshots s where {' and '.join(conditions)} "
                           "qualify row_number() over (partition by s.symbol, s.day order by s.\"at\" desc) = 1")  # fmt: skip
    listed = ", ".join(map(str, wanted["snapshot"])) or "null"
    frame = database.read(f"select r.snapshot, r.fetch_id::bigint as fetch_id, {values} from contract_days r "
                          f"where r.contract in ({numbers}) and r.snapshot in ({listed})")
    joined = wanted.join(_values(frame), on="snapshot").sort("at")
    return joined.select("day", "at", *VALUES, "fetch_id")


def _known(database: Database, contracts: Sequence[str]) -> pl.DataFrame:
    """id, contract, symbol, first_day of these contracts.

    Comparing a million names takes longer than all the rest; expiry and strike, which most names state, lead to a few of them.
    """
    days, strikes, odd = set[date](), set[float](), list[str]()
    for name in contracts:
        parts = _STATED.match(name)
        day = _day(parts[1]) if parts else None
        if parts is None or day is None:
            odd.append(name)
        else:
            days.add(day)
            strikes.add(int(parts[2]) / 1000)
    conditions = []
    if days:
        listed = f" and strike in ({', '.join(map(literal, strikes))})" if len(contracts) <= _FEW else ""
        conditions.append(f"(expiry in ({', '.join(map(literal, days))}){listed})")
    if odd:
        conditions.append(f"contract in ({', '.join(map(literal, odd))})")
    found = database.read(f"select id, contract, symbol, first_day from contracts where {' or '.join(conditions) or 'false'}")
    wanted = set(contracts)
    return found.filter(pl.Series([name in wanted for name in found["contract"]], dtype=pl.Boolean))


def _day(text: str) -> date | None:
    """The day of six digits as OCC writes it."""
    try:
        return date(2000 + int(text[:2]), int(text[2:4]), int(text[4:]))
    except ValueError:
        return None


def average_volume(database: Database, contracts: Sequence[str], day: date, since: date) -> pl.DataFrame:
    """contract, average_volume, days over the sessions from `since` to the one before `day`."""
    asked = list(dict.fromkeys(contracts))
    found = _known(database, asked)
    taken = database.read(
        f"select snapshot from snapshots where symbol in ({_listed(found['symbol'])}) and last and whole "
        f"and day <= {literal(day)} and session >= {literal(since)} and session < {literal(day)} "
        "qualify row_number() over (partition by symbol, session order by \"at\" desc) = 1")
    seen: dict[int, list[float]] = {}
    for number, volume in _of(database, found["id"], taken["snapshot"], "volume"):
        if volume is not None:
            seen.setdefault(number, []).append(volume)
    numbers = dict(found.select("contract", "id").iter_rows())
    known = [(name, seen.get(numbers.get(name, 0), [])) for name in asked]
    rows = [(name, sum(volumes) / len(volumes) if volumes else None, len(volumes)) for name, volumes in known]
    return pl.DataFrame(rows, {"contract": pl.String, "average_volume": pl.Float64, "days": pl.Int64}, orient="row")


def open_interest(database: Database, contracts: Sequence[str], day: date) -> pl.DataFrame:
    """contract, day, at, open_interest of the newest snapshot of each symbol up to `day`."""
    asked = list(dict.fromkeys(contracts))
    found = _known(database, asked)
    taken = database.read(
        f"select snapshot, symbol, day, \"at\" from snapshots where symbol in ({_listed(found['symbol'])}) and last "
        f"and day <= {literal(day)} qualify row_number() over (partition by symbol order by \"at\" desc) = 1")
    stated = dict(_of(database, found["id"], taken["snapshot"], "open_interest"))
    moments = {symbol: (on, at) for _, symbol, on, at in taken.iter_rows()}
    known = {name: (number, symbol) for number, name, symbol, _ in found.iter_rows()}
    rows = [(name, *moments.get(symbol, (None, None)), stated.get(number))
            for name in asked for number, symbol in (known.get(name, (0, "")),)]  # fmt: skip
    kinds: _Kinds = {"contract": pl.String, "day": pl.Date, "at": UTC_TYPE, "open_interest": pl.Float64}
    return pl.DataFrame(rows, kinds, orient="row", strict=False)


def _of(database: Database, contracts: pl.Series, snapshots: pl.Series, what: str) -> Iterator[tuple[int, Any]]:
    """The number of a contract and a value, for each of these contracts in each of these snapshots that has it."""
    if contracts.is_empty() or snapshots.is_empty():
        return
    wanted = set(snapshots)
    # A range of snapshots leads the engine to their blocks; a list of them would be compared with every row in these.
    where = f"snapshot between {min(wanted)} and {max(wanted)}"
    columns = f"select contract, snapshot, {what} from contract_days"
    if contracts.len() <= _FEW:
        frame = database.read(f"{columns} where contract in ({_listed(contracts)}) and {where}")
    else:
        frame = database.read(f"{columns} where {where} and contract in (select id from numbers)",
                              views={"numbers": contracts.to_frame()})  # fmt: skip
    yield from ((number, value) for number, snapshot, value in frame.iter_rows() if snapshot in wanted)


def _listed(values: pl.Series) -> str:
    return ", ".join(map(literal, dict.fromkeys(values))) or "null"


def sources(database: Database, numbers: Sequence[int]) -> dict[int, Source]:
    """Where the rows of these requests came from."""
    listed = ", ".join(map(str, numbers))
    frame = database.read(f"select fetch_id, {', '.join(_SOURCE)} from fetches where fetch_id in ({listed})")
    return {int(row[0]): Source(*row[1:]) for row in frame.iter_rows()}


def status(database: Database) -> pl.DataFrame:
    """One row a symbol: what is archived of it."""
    return database.read("""
        select s.symbol, count(distinct s.day) as days, arg_max(s.fetch_id, s."at")::bigint as fetch_id,
               min(s.day) as first, max(s.day) as newest, max(s."at") as "at",
               arg_max(s.contracts, s."at")::bigint as contracts, arg_max(f.provider, s."at") as provider,
               sum(s.contracts)::bigint as rows, max(coalesce(v.n, 0))::bigint as volatilities
        from snapshots s left join fetches f using (fetch_id)
        left join (select symbol, count(*) as n from volatility group by symbol) v on v.symbol = s.symbol
        where s.last group by s.symbol order by s.symbol""")


def prune(database: Database, before: datetime) -> int:
    """Delete the earlier snapshots of days before a moment; how many rows."""
    def write(tx: Transaction) -> int:
        old = tx.query(f"select snapshot from snapshots where not last and \"at\" < {literal(before)}")["snapshot"]
        listed = ", ".join(map(str, old))
        if not listed:
            return 0
        gone = tx.execute(f"delete from contract_moments where snapshot in ({listed})")
        tx.execute(f"delete from snapshots where snapshot in ({listed})")
        return gone

    return database.write(write)
