"""What lands in the market is archived, measured and pruned; no failure of it is one of the landing."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from terminal.domain.fetch import Fetch
from terminal.errors import Cancelled, DiskFull
from terminal.services.chain_archive import ChainArchive, newest_chain
from terminal.store import Store
from tests.store.test_archive import name, snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FRIDAY = datetime(2026, 11, 20, 21, 0, tzinfo=UTC)


class Market:
    """Closes of a month, rising a little each day."""

    def bars(self, symbols: list[str], start: date, end: date, as_of: date, columns: tuple[str, ...]) -> pl.DataFrame:
        assert end == as_of and start < end
        days = pl.date_range(start, end, eager=True)
        return pl.DataFrame({"symbol": symbols[0], "date": days, "close": [100.0 + 0.1 * place for place in range(days.len())]})


class Home:
    """A store with an archive service whose work runs when the test says so."""

    def __init__(self, folder: Path) -> None:
        self.now = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
        self.said: list[tuple[str, dict[str, Any]]] = []
        self.queued: list[Callable[[], None]] = []
        self.settings: dict[str, int] = {"options.chain_days": 5, "options.moment_days": 5, "options.trade_days": 9,
                                         "options.raw_days": 9, "options.raw_megabytes": 1}  # fmt: skip
        self.store = Store(folder / "market.duckdb", folder / "book.duckdb", folder / "backups", clock=lambda: self.now,
                           publish=lambda topic, payload: self.hear(topic, dict(payload)))  # fmt: skip
        self.begin()

    def begin(self) -> None:
        self.archiving = ChainArchive(
            self.store, Market, clock=lambda: self.now, demo=False, setting=self.settings.__getitem__,  # type: ignore[arg-type]
            start=self.queued.append, say=lambda topic, payload: self.said.append((topic, dict(payload))))  # fmt: skip

    def hear(self, topic: str, payload: dict[str, Any]) -> None:
        if topic == "market.changed":
            self.archiving.landed(payload)

    def land(self, symbol: str, at: datetime, **more: Any) -> None:
        fetch = Fetch("cboe", "delayed_quotes", "chains", symbol, at, at + timedelta(seconds=5), as_of=at, delayed=True)
        self.store.market.save("chains", snapshot(symbol, at, **more), fetch)

    def work(self) -> None:
        while self.queued:
            self.queued.pop(0)()

    def notices(self) -> list[str]:
        return [payload["text"] for topic, payload in self.said if topic == "notice.posted"]


@pytest.fixture
def home(tmp_path: Path, _made_store: Path) -> Iterator[Home]:
    (tmp_path / "market.duckdb").write_bytes(_made_store.read_bytes())
    made = Home(tmp_path)
    yield made
    made.store.close()


@pytest.fixture(scope="session")
def _made_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    Store(folder / "market.duckdb", folder / "book.duckdb", folder / "b", clock=lambda: FRIDAY, publish=lambda *_: None).close()
    return folder / "market.duckdb"


def test_what_lands_is_archived_once_with_its_source(home: Home) -> None:
    home.land("SPY", FRIDAY)
    home.land("QQQ", FRIDAY)
    assert len(home.queued) == 1  # several landings, one errand
    assert not home.store.archive_path.exists()  # nothing was done on the writer's thread
    home.work()
    assert home.store.archive.symbols() == {"QQQ", "SPY"}
    found = home.store.archive.chain("SPY")
    (source,) = home.store.archive.sources(found["fetch_id"].unique()).values()
    assert (source.provider, source.as_of, source.delayed) == ("cboe", FRIDAY, True)
    assert source.fetched_at == FRIDAY + timedelta(seconds=5)
    assert ("archive.changed", {"symbols": ["QQQ", "SPY"], "demo": False}) in home.said
    assert home.archiving.take() == []
    home.store.market.save("quotes", pl.DataFrame({"symbol": ["A"], "at": [FRIDAY], "price": [1.0]}),
                           Fetch("x", "y", "quotes", "A", FRIDAY, FRIDAY))  # fmt: skip
    assert not home.queued


def test_what_was_cut_short_is_taken_the_next_time(home: Home) -> None:
    home.land("SPY", FRIDAY - timedelta(days=1))
    home.queued.clear()  # the program ended, and began anew
    home.begin()
    home.land("QQQ", FRIDAY)
    home.land("IWM", FRIDAY)
    home.work()
    assert home.store.archive.symbols() == {"IWM", "QQQ", "SPY"}


def test_a_revised_part_of_a_snapshot_is_not_lost(home: Home) -> None:
    home.land("SPY", FRIDAY, strikes=2)
    home.work()
    home.land("SPY", FRIDAY, strikes=4)
    home.work()
    assert home.store.archive.chain("SPY").height == 8


def test_the_volatility_of_the_day_is_measured(home: Home) -> None:
    home.land("SPY", FRIDAY)
    home.work()
    row = home.store.archive.volatility(["SPY"]).to_dicts()[0]
    assert (row["day"], row["at"], row["spot"], row["source"]) == (date(2026, 11, 20), FRIDAY, 100.5, "own")
    assert row["hv20"] == pytest.approx(0.0, abs=0.01) and row["hv20"] > 0
    assert home.store.archive.unmeasured(date(2026, 11, 1)) == []


def test_a_chain_that_cannot_be_priced_does_not_stop_the_rest(
        home: Home, monkeypatch: pytest.MonkeyPatch, expect_warning: Callable[[str], None]) -> None:
    from terminal.domain.options import pricing

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("strange")

    expect_warning("cannot be measured")
    monkeypatch.setattr(pricing, "price_chain", broken)
    home.land("SPY", FRIDAY)
    home.work()
    assert home.store.archive.symbols() == {"SPY"} and home.store.archive.volatility().is_empty()
    assert home.notices() == []


def test_an_error_is_said_once_and_the_landing_stands(
        home: Home, monkeypatch: pytest.MonkeyPatch, expect_warning: Callable[[str], None]) -> None:
    def full(*_: object, **__: object) -> None:
        raise DiskFull("There is no room left on the disk to write archive.duckdb.", "Free some space.")

    expect_warning("could not be archived")
    with monkeypatch.context() as patch:
        patch.setattr(home.store.archive, "save_chain", full)
        for minute in range(3):
            home.land("SPY", FRIDAY + timedelta(minutes=minute))
            home.work()
    assert home.store.market.read("chains", ["SPY"]).height == 18
    assert len(home.notices()) == 1 and "not archived: There is no room left" in home.notices()[0]
    home.land("SPY", FRIDAY + timedelta(minutes=9))
    home.work()
    assert home.store.archive.snapshots("SPY").height == 4
    assert len(home.notices()) == 1


def test_a_damaged_archive_is_said_and_the_market_answers(home: Home, expect_warning: Callable[[str], None]) -> None:
    expect_warning("archive")
    home.store.archive_path.write_bytes(b"\x00" * 50_000)
    home.land("SPY", FRIDAY)
    home.work()
    assert len(home.notices()) == 1 and "archive.duckdb is damaged" in home.notices()[0]
    assert newest_chain(home.store, "SPY", None).height == 6
    assert newest_chain(home.store, "SPY", date(2026, 11, 21)).height == 6
    assert newest_chain(home.store, "QQQ", None).is_empty()


def test_the_end_of_the_program_is_no_error(home: Home) -> None:
    home.land("SPY", FRIDAY)
    home.archiving.close()
    home.land("QQQ", FRIDAY)
    home.work()
    with pytest.raises(Cancelled):
        home.archiving.take()
    home.archiving._take_and_tell()
    assert home.said == [] and home.store.archive.symbols() == frozenset()


def test_in_a_thread_of_its_own_that_ends_with_the_work(home: Home) -> None:
    home.archiving = ChainArchive(home.store, Market, clock=lambda: home.now, demo=False,  # type: ignore[arg-type]
                                  setting=home.settings.__getitem__, say=lambda *_: None)  # fmt: skip
    for minute in range(5):
        home.land("SPY", FRIDAY + timedelta(minutes=minute))
    thread = home.archiving._thread
    assert thread is not None and thread.daemon and thread is not threading.current_thread()
    thread.join(60)
    home.archiving.close()
    assert home.store.archive.snapshots("SPY").height == 5


def test_the_market_keeps_a_few_days_and_the_archive_the_rest(home: Home) -> None:
    days = [FRIDAY - timedelta(days=back) for back in (9, 8, 1, 0)]
    for at in days:
        home.land("SPY", at, volume=float(at.day))
    home.land("QQQ", FRIDAY - timedelta(days=30))
    home.work()
    assert home.store.market.read("chains", ["SPY"])["at"].unique().sort().to_list() == [days[2], days[3]]
    assert home.store.market.read("chains", ["QQQ"]).is_empty()
    assert home.store.archive.days("SPY").height == 4
    for at in days:
        day = at.date()
        chain = newest_chain(home.store, "SPY", day)
        assert chain["at"].unique().to_list() == [at] and chain["volume"].unique().to_list() == [float(at.day)]
        assert (chain["fetch_id"] < 0).all() == (at in days[:2])
    assert newest_chain(home.store, "SPY", date(2026, 11, 1)).is_empty()
    assert newest_chain(home.store, "QQQ", None).height == 6  # pruned from the market


def test_what_is_not_archived_stays_in_the_market(home: Home) -> None:
    from terminal.store.flush import drop_chains

    home.land("SPY", FRIDAY - timedelta(days=40))
    home.land("QQQ", FRIDAY - timedelta(days=40), strikes=4)
    archived = pl.DataFrame({"symbol": ["QQQ"], "at": [FRIDAY - timedelta(days=40)], "contracts": [3]})
    assert drop_chains(home.store.market, FRIDAY, archived) == 0
    assert drop_chains(home.store.market, FRIDAY, archived.with_columns(contracts=8)) == 8
    assert home.store.market.read("chains")["symbol"].unique().to_list() == ["SPY"]


def test_a_rebuilt_market_still_answers_from_the_archive(home: Home) -> None:
    home.land("SPY", FRIDAY)
    home.work()
    home.store.rebuild_market()
    chain = newest_chain(home.store, "SPY", None)
    assert chain.filter(pl.col("contract") == name("SPY", 101.0))["bid"].to_list() == [1.01]
    assert home.store.archive.sources(chain["fetch_id"])[-1].provider == "cboe"
