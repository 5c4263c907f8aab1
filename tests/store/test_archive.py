"""The archive: snapshots once, the last of a day for good, read by day and by contract, never later than asked."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import duckdb
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from terminal.domain.schemas import CHAINS
from terminal.domain.sourced import Source
from terminal.errors import Corrupt, NewerStore, StoreError
from terminal.store.known import end_of_day

if TYPE_CHECKING:
    from pathlib import Path

    from terminal.store import Store
    from terminal.store.archive import ArchiveStore
    from tests.store.conftest import Place

THURSDAY = datetime(2026, 11, 19, 21, 0, tzinfo=UTC)  # 16:00 in New York
FRIDAY = datetime(2026, 11, 20, 21, 0, tzinfo=UTC)
MORNING = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)


def name(symbol: str, strike: float, right: str = "C") -> str:
    return f"{symbol}261218{right}{round(strike * 1000):08d}"


def snapshot(symbol: str, at: datetime, *, strikes: int = 3, volume: float | None = 5.0, **more: Any) -> pl.DataFrame:
    rows = [
        {"symbol": symbol, "at": at, "expiry": date(2026, 12, 18), "strike": 100.0 + place, "right": right,
         "contract": name(symbol, 100.0 + place, right), "bid": 1.0 + place / 100, "ask": 1.1 + place / 100, "last": None,
         "volume": volume, "open_interest": 10.0 * place, "iv": 0.25, "delta": 0.5, "underlying_price": 100.5,
         "bid_size": 3.0, "ask_size": 4.0, "last_at": at - timedelta(seconds=90), **more}
        for place in range(strikes) for right in "CP"
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=dict(CHAINS.columns))


def source(at: datetime, provider: str = "cboe") -> Source:
    return Source(provider, "delayed_quotes", at, at + timedelta(minutes=16), delayed=True)


def put(archive: ArchiveStore, symbol: str, at: datetime, **more: Any) -> Any:
    return archive.save_chain(snapshot(symbol, at, **more), source(at))


@pytest.fixture
def place(place: Place, _made_market: Path) -> Place:
    """With a market that is made already: making one takes longer than these tests."""
    shutil.copy(_made_market, place.market)
    return place


@pytest.fixture
def archive(store: Store) -> ArchiveStore:
    return store.archive


def test_what_went_in_comes_out_with_its_source(archive: ArchiveStore) -> None:
    frame = snapshot("SPY", FRIDAY)
    archive.save_chain(frame, source(FRIDAY))
    read = archive.chain("SPY")
    assert read.drop("fetch_id").equals(frame.sort(CHAINS.key))
    assert read.drop("fetch_id").schema == frame.schema
    numbers = read["fetch_id"].unique().to_list()
    assert all(number < 0 for number in numbers)
    assert archive.sources([*numbers, 7, None, -99]) == {numbers[0]: source(FRIDAY)}


def test_the_same_snapshot_twice_is_one(archive: ArchiveStore) -> None:
    assert put(archive, "SPY", FRIDAY).contracts == 6
    again = put(archive, "SPY", FRIDAY)
    assert (again.snapshots, again.contracts, again.skipped) == (0, 0, 1)
    assert archive.snapshots("SPY").height == 1
    assert archive.database.read("select count(*) as n from contract_days")["n"][0] == 6
    assert archive.database.read("select count(*) as n from fetches")["n"][0] == 1


def test_a_fuller_answer_about_the_same_moment_takes_its_place(archive: ArchiveStore) -> None:
    put(archive, "SPY", FRIDAY, strikes=2)
    assert put(archive, "SPY", FRIDAY, strikes=5).contracts == 10
    assert put(archive, "SPY", FRIDAY, strikes=2).skipped == 1
    assert archive.chain("SPY").height == 10
    assert archive.snapshots("SPY")["contracts"].to_list() == [10]


def test_the_last_of_a_day_wins_whatever_the_order(archive: ArchiveStore) -> None:
    put(archive, "SPY", MORNING, volume=1.0)
    put(archive, "SPY", FRIDAY, volume=9.0)
    put(archive, "SPY", MORNING - timedelta(hours=1), volume=0.0)
    assert archive.chain("SPY")["volume"].unique().to_list() == [9.0]
    assert archive.days("SPY").rows() == [(date(2026, 11, 20), FRIDAY, 6, "cboe")]
    seen = archive.snapshots("SPY", date(2026, 11, 20))
    assert seen["last"].to_list() == [False, False, True]
    assert seen["whole"].to_list() == [False, False, True]
    assert archive.chain_at("SPY", MORNING + timedelta(minutes=1))["volume"].unique().to_list() == [1.0]
    assert archive.chain_at("SPY", MORNING - timedelta(hours=2)).is_empty()


def test_earlier_snapshots_go_and_the_days_last_stays(archive: ArchiveStore, place: Place) -> None:
    put(archive, "SPY", MORNING)
    put(archive, "SPY", FRIDAY)
    place.time.now = FRIDAY + timedelta(days=10)
    assert archive.prune(moments=5, trades=5, raw=5, raw_bytes=1000).moments == 6
    assert archive.snapshots("SPY")["last"].to_list() == [True]
    assert archive.chain_at("SPY", MORNING).is_empty()
    assert archive.chain("SPY").height == 6


def test_many_symbols_and_days_in_one_call(archive: ArchiveStore) -> None:
    moments = [FRIDAY - timedelta(days=back) for back in (0, 1, 2, 3)]
    frame = pl.concat([snapshot(symbol, at).with_columns(pl.lit(place).alias("fetch_id"))
                       for place, at in enumerate(moments) for symbol in ("SPY", "QQQ")])  # fmt: skip
    saved = archive.save_chain(frame, {place: source(at) for place, at in enumerate(moments)})
    assert (saved.snapshots, saved.contracts) == (8, 48)
    assert archive.status().select("symbol", "days", "rows").rows() == [("QQQ", 4, 24), ("SPY", 4, 24)]
    assert archive.symbols() == {"QQQ", "SPY"}
    found = archive.chain("QQQ", date(2026, 11, 18))
    assert archive.sources(found["fetch_id"].unique()).popitem()[1] == source(moments[2])
    with pytest.raises(ValueError, match="fetch_id"):
        archive.save_chain(frame, {0: source(FRIDAY)})


def test_average_volume_is_of_whole_sessions_before_the_day(archive: ArchiveStore) -> None:
    monday = datetime(2026, 11, 16, 21, 0, tzinfo=UTC)
    put(archive, "SPY", monday, volume=10.0)
    put(archive, "SPY", monday + timedelta(days=1), volume=20.0)
    put(archive, "SPY", monday + timedelta(days=2, hours=-3), volume=500.0)  # while the session ran: half a day's volume
    put(archive, "SPY", THURSDAY, volume=None)
    put(archive, "SPY", FRIDAY, volume=1000.0)
    first, other = name("SPY", 100.0), name("SPY", 9.0)
    means = archive.average_volume([first, other, first], date(2026, 11, 20))
    assert means.rows() == [(first, 15.0, 2), (other, None, 0)]
    assert archive.average_volume([first], date(2026, 11, 21)).rows() == [(first, (10 + 20 + 1000) / 3, 3)]
    assert archive.average_volume([first], date(2026, 11, 18), sessions=1).rows() == [(first, 20.0, 1)]


def test_a_snapshot_of_the_weekend_is_fridays_session(archive: ArchiveStore) -> None:
    put(archive, "SPY", FRIDAY, volume=10.0)
    put(archive, "SPY", FRIDAY + timedelta(days=1), volume=10.0)
    seen = archive.snapshots("SPY")
    assert seen["session"].to_list() == [date(2026, 11, 20)] * 2
    assert seen["day"].to_list() == [date(2026, 11, 20), date(2026, 11, 21)]
    assert archive.average_volume([name("SPY", 100.0)], date(2026, 11, 23)).rows() == [(name("SPY", 100.0), 10.0, 1)]


def test_before_the_open_a_chain_shows_the_session_before(archive: ArchiveStore) -> None:
    early = datetime(2026, 11, 20, 13, 0, tzinfo=UTC)  # 08:00 in New York
    put(archive, "SPY", THURSDAY - timedelta(hours=3), volume=1.0)
    put(archive, "SPY", early - timedelta(hours=1), volume=69.0)
    put(archive, "SPY", early, volume=70.0, open_interest=123.0)
    put(archive, "SPY", MORNING, volume=2.0)
    put(archive, "SPY", FRIDAY, volume=9.0)
    seen = archive.snapshots("SPY").select("session", "whole", "last").rows()
    assert seen == [(date(2026, 11, 19), False, True), (date(2026, 11, 19), True, False), (date(2026, 11, 19), True, True),
                    (date(2026, 11, 20), False, False), (date(2026, 11, 20), True, True)]  # fmt: skip
    assert archive.chain("SPY")["volume"].unique().to_list() == [9.0]
    assert archive.days("SPY")["at"].to_list() == [THURSDAY - timedelta(hours=3), FRIDAY]
    first = name("SPY", 100.0)
    assert archive.contract(first)["volume"].to_list() == [1.0, 9.0]
    assert archive.average_volume([first], date(2026, 11, 20)).rows() == [(first, 70.0, 1)]
    assert archive.average_volume([first], date(2026, 11, 19))["days"].to_list() == [0]  # it was not known then
    assert archive.status()["days"].to_list() == [2]
    assert archive.unmeasured(date(2026, 11, 19)) == [("SPY", date(2026, 11, 19), THURSDAY - timedelta(hours=3)),
                                                     ("SPY", date(2026, 11, 20), FRIDAY)]  # fmt: skip
    archive.prune(moments=-1, trades=1, raw=1, raw_bytes=1)
    assert archive.snapshots("SPY").height == 3


def test_open_interest_as_stated_last(archive: ArchiveStore) -> None:
    put(archive, "SPY", THURSDAY)
    wanted = [name("SPY", 102.0), name("SPY", 55.0)]
    found = archive.open_interest(wanted, date(2026, 11, 20))
    assert found.rows() == [(wanted[0], date(2026, 11, 19), THURSDAY, 20.0), (wanted[1], None, None, None)]
    assert archive.open_interest(wanted, date(2026, 11, 18))["open_interest"].to_list() == [None, None]


def test_a_contract_day_by_day(archive: ArchiveStore) -> None:
    put(archive, "SPY", THURSDAY, volume=3.0)
    put(archive, "SPY", MORNING, volume=4.0)
    put(archive, "SPY", FRIDAY, volume=5.0)
    history = archive.contract(name("SPY", 101.0, "P"))
    assert history.select("day", "volume", "bid").rows() == [(date(2026, 11, 19), 3.0, 1.01), (date(2026, 11, 20), 5.0, 1.01)]
    assert archive.contract(name("SPY", 101.0, "P"), end=date(2026, 11, 19)).height == 1
    assert archive.contract("SPY991231C00000001").is_empty()


def test_odd_values_are_unknown_or_refused(archive: ArchiveStore) -> None:
    put(archive, "SPY", FRIDAY, volume=1e30, iv=float("nan"), bid=float("inf"))
    read = archive.chain("SPY")
    assert read["volume"].null_count() == read["iv"].null_count() == read["bid"].null_count() == read.height
    with pytest.raises(ValueError, match="strike"):
        put(archive, "QQQ", FRIDAY, strike=-1.0)
    with pytest.raises(ValueError, match="contract"):
        archive.save_chain(snapshot("QQQ", FRIDAY).drop("contract"), source(FRIDAY))
    assert archive.chain("QQQ").is_empty()
    assert archive.save_chain(CHAINS.empty(), source(FRIDAY)).snapshots == 0


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(hours=st.lists(st.integers(0, 24 * 12), min_size=1, max_size=6, unique=True), ask=st.integers(0, 14))
def test_nothing_is_known_later_than_the_end_of_the_day(archive: ArchiveStore, hours: list[int], ask: int) -> None:
    symbol = f"P{abs(hash((tuple(hours), ask)))}"
    moments = [datetime(2026, 11, 1, 3, 30, tzinfo=UTC) + timedelta(hours=hour) for hour in hours]
    frame = pl.concat([snapshot(symbol, at, strikes=1, volume=float(hour)) for at, hour in zip(moments, hours, strict=True)])
    archive.save_chain(frame, source(FRIDAY))
    day = date(2026, 10, 31) + timedelta(days=ask)
    known = [at for at in moments if at < end_of_day(day)]
    read = archive.chain(symbol, day)
    assert read["at"].unique().to_list() == ([max(known)] if known else [])
    stated = archive.open_interest([name(symbol, 100.0)], day)
    assert stated["at"].to_list() == [max(known) if known else None]


def test_volatility_a_row_a_day_and_the_better_source_stands(archive: ArchiveStore) -> None:
    day = date(2026, 11, 20)
    row = {"symbol": ["SPY"], "day": [day], "at": [FRIDAY], "spot": [600.0], "contracts": [9]}
    assert archive.save_volatility(pl.DataFrame({**row, "iv30": [0.2], "source": ["proxy"]})) == 1
    assert archive.save_volatility(pl.DataFrame({**row, "iv30": [0.15], "hv20": [float("nan")], "source": ["own"]})) == 1
    assert archive.save_volatility(pl.DataFrame({**row, "iv30": [0.3], "source": ["proxy"]})) == 0
    assert archive.save_volatility(pl.DataFrame({**row, "iv30": [None], "source": ["own"]})) == 0
    read = archive.volatility(["SPY"])
    assert read.select("iv30", "hv20", "iv7", "source").rows() == [(0.15, None, None, "own")]
    assert archive.volatility(as_of=day - timedelta(days=1)).is_empty()
    assert archive.volatility(["QQQ"]).is_empty() and archive.volatility([]).is_empty()
    assert archive.volatility(start=day, end=day).height == 1
    assert archive.volatility(columns=("iv30",)).columns == ["symbol", "day", "iv30"]
    with pytest.raises(ValueError, match="column"):
        archive.volatility(columns=("iv31",))
    with pytest.raises(ValueError, match="source"):
        archive.save_volatility(pl.DataFrame({**row, "source": ["guess"]}))


def test_opened_when_touched_and_its_own_file(place: Place) -> None:
    store = place.open()
    assert not store.archive_path.exists()
    put(store.archive, "SPY", FRIDAY)
    store.close()
    assert store.archive_path.name == "archive.duckdb"
    assert not store.archive_path.with_name("archive.duckdb.wal").exists()
    with pytest.raises(StoreError, match="closed"):
        store.archive.chain("SPY")
    again = place.open()
    with pytest.raises(StoreError, match="closed"):
        store.archive.chain("SPY")
    assert again.archive.chain("SPY").height == 6


def test_the_window_may_not_open_it(place: Place) -> None:
    import threading

    store = place.open()
    store.forbid_thread(threading.get_ident())
    with pytest.raises(AssertionError, match="window"):
        _ = store.archive
    assert not store.archive_path.exists()


def test_a_rebuilt_market_leaves_it_alone(store: Store) -> None:
    put(store.archive, "SPY", FRIDAY)
    store.rebuild_market()
    assert store.archive.chain("SPY").height == 6
    aside = store.renew_archive()
    assert aside is not None and aside.exists()
    assert store.archive.chain("SPY").is_empty()


@pytest.mark.parametrize("kind", ["damaged", "newer"])
def test_the_rest_works_when_it_cannot_be_opened(place: Place, kind: str) -> None:
    path = place.market.with_name("archive.duckdb")
    if kind == "damaged":
        path.write_bytes(b"\x00" * 50_000)
    else:
        first = place.open()
        put(first.archive, "SPY", FRIDAY)
        first.close()
        with duckdb.connect(str(path)) as newer:
            newer.execute("insert into migrations values ('core', '9999 from tomorrow', 99, now())")
    before = path.read_bytes()
    store = place.open()
    with pytest.raises(Corrupt if kind == "damaged" else NewerStore) as told:
        _ = store.archive
    assert "archive.duckdb" in told.value.message
    if kind == "damaged":
        assert "rebuild --archive" in told.value.hint
    assert store.book.read("select 1 as n")["n"][0] == 1
    assert store.market.read("bars").is_empty()
    checks = store.check()
    assert checks.filter(pl.col("check") == "archive opens")["ok"].to_list() == [False]
    assert checks.filter(pl.col("check") == "book opens")["ok"].to_list() == [True]
    assert store.vacuum()["file"].to_list() == ["market.duckdb", "book.duckdb"]
    assert path.read_bytes() == before


def test_checked_and_made_smaller_with_the_others(store: Store) -> None:
    put(store.archive, "SPY", FRIDAY)
    checks = {row["check"]: row["ok"] for row in store.check().to_dicts()}
    assert checks["archive opens"] and checks["every snapshot is whole"] and checks["one snapshot a day"]
    assert "archive.duckdb" in store.vacuum()["file"].to_list()
    store.archive.database.write(lambda tx: tx.execute("delete from contract_days where contract = 1"))
    checks = {row["check"]: row["ok"] for row in store.check().to_dicts()}
    assert checks["every snapshot is whole"] is False


def test_a_column_that_a_newer_version_of_chains_has_is_added(place: Place) -> None:
    store = place.open()
    put(store.archive, "SPY", FRIDAY)
    store.archive.database.write(lambda tx: [tx.execute(f"alter table {table} drop column ask_size")
                                             for table in ("contract_days", "contract_moments")])  # fmt: skip
    store.close()
    assert place.open().archive.chain("SPY")["ask_size"].null_count() == 6


def test_a_failed_write_leaves_nothing(archive: ArchiveStore, monkeypatch: pytest.MonkeyPatch) -> None:
    from terminal.store import archive_chains

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    put(archive, "SPY", MORNING)
    monkeypatch.setattr(archive_chains, "_step_back", fail)
    with pytest.raises(StoreError, match="room"):
        put(archive, "SPY", FRIDAY)
    monkeypatch.undo()
    assert archive.snapshots("SPY")["at"].to_list() == [MORNING]
    assert put(archive, "SPY", FRIDAY).contracts == 6


def test_a_copy_by_hand_and_back(store: Store, place: Place) -> None:
    put(store.archive, "SPY", THURSDAY)
    store.backup()
    assert not list(place.backups.glob("archive-*"))  # the book's copies do not grow by it
    made = store.backup_archive()
    assert made.path.name == "archive-20261120T220000Z-manual.duckdb"
    assert [each.path.name[:4] for each in store.list_backups()] == ["book", "arch"]
    put(store.archive, "SPY", FRIDAY)
    chosen, aside = store.restore(made.path.name)
    assert chosen == made.path and aside is not None and aside.exists()
    assert store.archive.days("SPY").height == 1
    _, first = store.restore(aside)
    assert first is not None and store.archive.days("SPY").height == 2


def test_a_copy_that_cannot_be_put_in_place_changes_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from terminal.store import backup

    put(store.archive, "SPY", FRIDAY)
    made = store.backup_archive()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backup, "put_in_place", full)
    with pytest.raises(OSError, match="space"):
        store.restore(made.path.name)
    assert store.archive.chain("SPY").height == 6
