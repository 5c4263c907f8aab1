"""Prints and raw messages in the archive: batches once, read by time, given up by age and size."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

if TYPE_CHECKING:
    from terminal.store import Store
    from terminal.store.archive import ArchiveStore
    from tests.store.conftest import Place

NOON = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)


def prints(count: int, first: int = 0, symbol: str = "SPY", at: datetime = NOON, **more: Any) -> pl.DataFrame:
    return pl.DataFrame([
        {"id": str(number), "source": "test", "symbol": symbol, "contract": f"{symbol}261218C00600000",
         "at": at + timedelta(seconds=number), "price": 1.25, "size": 3, "exchange": "CBOE", **more}
        for number in range(first, first + count)])  # fmt: skip


@pytest.fixture
def archive(store: Store) -> ArchiveStore:
    return store.archive


def test_a_batch_that_comes_again_is_not_counted_twice(archive: ArchiveStore) -> None:
    assert archive.save_trades(prints(10)) == 10
    assert archive.save_trades(prints(10, first=5)) == 5
    assert archive.save_trades(pl.concat([prints(1, first=40), prints(1, first=40)])) == 1
    assert archive.save_trades(prints(2, source="other")) == 2
    assert archive.trades().height == 18
    # Without the source's own number two trades may be alike and yet two.
    assert archive.save_trades(prints(1, id=None)) == archive.save_trades(prints(1, id=None)) == 1


def test_read_by_symbol_and_time(archive: ArchiveStore) -> None:
    late = datetime(2026, 11, 21, 4, 59, tzinfo=UTC)  # 23:59 of Friday in New York
    archive.save_trades(pl.concat([prints(3), prints(2, first=200, symbol="QQQ"), prints(1, first=90, at=late)]))
    assert archive.trades("QQQ")["symbol"].to_list() == ["QQQ", "QQQ"]
    assert archive.trades("SPY", date(2026, 11, 20), date(2026, 11, 20)).height == 3
    assert archive.trades("SPY", date(2026, 11, 21)).height == 1
    found = archive.trades("SPY", NOON + timedelta(seconds=1), NOON + timedelta(seconds=2))
    assert found["id"].to_list() == ["1", "2"]
    assert found["iv"].null_count() == 2 and found["at"].to_list()[0] == NOON + timedelta(seconds=1)
    assert archive.trades("SPY", start=NOON + timedelta(days=9)).is_empty()


def test_what_no_print_can_be_is_refused(archive: ArchiveStore) -> None:
    for lacking in ("source", "symbol", "contract", "at"):
        with pytest.raises(ValueError, match="needs"):
            archive.save_trades(prints(1, **{lacking: None}) if lacking != "at" else prints(1).with_columns(at=None))
    archive.save_trades(prints(1, price=float("nan")))
    assert archive.trades()["price"].to_list() == [None]
    assert archive.save_trades(prints(1).clear()) == 0


def test_large_batches_are_one_transaction_each(archive: ArchiveStore) -> None:
    number = pl.int_range(0, 20_000, eager=True)
    frame = pl.DataFrame({"id": number.cast(pl.String)}).with_columns(
        pl.lit("test").alias("source"), pl.lit("SPY").alias("symbol"), pl.lit("SPY261218C00600000").alias("contract"),
        (pl.lit(NOON) + pl.duration(milliseconds=number)).alias("at"), pl.lit(1).alias("size"))  # fmt: skip
    before = archive.database.waiting
    assert sum(archive.save_trades(frame.slice(first, 10_000)) for first in (0, 10_000)) == 20_000
    assert archive.save_trades(frame) == 0
    assert archive.database.waiting == before


def test_raw_messages_by_age_and_size(archive: ArchiveStore, place: Place) -> None:
    assert archive.save_raw("test", "flow", ['{"a": 1}', "not json \u20ac", ""], NOON - timedelta(days=20)) == 3
    archive.save_raw("test", "flow", ["x" * 100] * 3, NOON)
    archive.save_raw("test", "news", ["y" * 100] * 2)
    assert archive.save_raw("test", "news", []) == 0
    assert archive.raw(channel="flow", limit=2)["line"].to_list() == ["x" * 100] * 2
    assert archive.raw("nobody").is_empty()
    gone = archive.prune(moments=5, trades=5, raw=14, raw_bytes=10_000)
    assert (gone.raw, gone.raw_bytes) == (3, 500)
    gone = archive.prune(moments=5, trades=5, raw=14, raw_bytes=250)
    assert (gone.raw, gone.raw_bytes) == (3, 200)  # the oldest go first
    assert archive.raw()["channel"].unique().to_list() == ["news"]
    archive.save_trades(prints(4))
    place.time.now += timedelta(days=30)
    gone = archive.prune(moments=5, trades=20, raw=14, raw_bytes=250)
    assert (gone.trades, gone.raw, gone.raw_bytes) == (4, 2, 0)
