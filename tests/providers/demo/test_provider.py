"""The provider's manners: requests, unknown symbols, the session under way, filling and extending a real store."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from terminal.domain.schemas import DATASETS
from terminal.errors import BadPayload, UserError
from terminal.providers.base import Bundling, Provider, Request, quiet
from terminal.providers.demo import DemoProvider, ensure
from terminal.providers.demo.newest import Shelf
from terminal.providers.demo.provider import DATASETS as OFFERED

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOW = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)


def at(moment: datetime) -> Callable[[], datetime]:
    return lambda: moment


@pytest.fixture(scope="module")
def provider() -> DemoProvider:
    return DemoProvider(at(NOW))


def one(provider: DemoProvider, dataset: str, *symbols: str, **bounds: Any) -> pl.DataFrame:
    return next(iter(provider.fetch(Request(dataset, symbols, **bounds)))).frame


NOT_SIMULATED = {"filings", "ratings", "news_sentiment", "macro"}


def test_it_is_a_provider_of_what_moves_a_price(provider: DemoProvider) -> None:
    assert isinstance(provider, Provider)
    assert isinstance(provider, Bundling)
    assert provider.simulated
    assert set(OFFERED) == set(DATASETS) - NOT_SIMULATED == provider.datasets


def test_importing_it_loads_neither_numpy_nor_polars() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import sys, terminal.providers.demo; print({'numpy', 'polars'} & set(sys.modules))"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("dataset", sorted(OFFERED))
def test_answers_fit_their_schema_and_say_they_are_simulated(provider: DemoProvider, dataset: str) -> None:
    symbols = ("SPY", "NOSUCH", "UST33") if dataset != "members" else ()
    answers = list(provider.fetch(Request(dataset, symbols), quiet))
    assert answers[0].missing == (("NOSUCH",) if dataset != "members" else ())
    for answer in answers:
        assert answer.dataset == dataset
        assert answer.fetch.simulated
        assert answer.fetch.provider == "demo"
        assert answer.fetch.finished_at.tzinfo is not None
        assert DATASETS[dataset].validate(answer.frame).refused.is_empty()
        assert set(answer.frame[answer.frame.columns[0]]) <= {"SPY", "UST33", "demo", "demo_large"}


def test_only_unknown_symbols_give_an_empty_answer(provider: DemoProvider) -> None:
    answer = next(iter(provider.fetch(Request("bars", ("AAPL",)))))
    assert answer.missing == ("AAPL",)
    assert answer.fetch.status == "empty"
    assert answer.frame.is_empty()


def test_bounds_are_kept(provider: DemoProvider) -> None:
    frame = one(provider, "bars", "SPY", start=date(2026, 11, 16), end=date(2026, 11, 18))
    assert frame["date"].to_list() == [date(2026, 11, 16), date(2026, 11, 17), date(2026, 11, 18)]
    assert one(provider, "earnings", end=date(2020, 1, 1)).is_empty()


def test_an_unknown_dataset_is_an_error(provider: DemoProvider) -> None:
    with pytest.raises(BadPayload, match="no dataset 'poems'"):
        list(provider.fetch(Request("poems", ("SPY",))))


def test_a_clock_outside_the_calendar_is_told() -> None:
    with pytest.raises(UserError, match="what day it is"):
        list(DemoProvider(at(datetime(2099, 1, 5, 12, tzinfo=UTC))).fetch(Request("bars", ("SPY",))))


def test_minute_bars_make_the_day_s_bar(provider: DemoProvider) -> None:
    for symbol in ("SPY", "UST33", provider._at(None).symbols[7]):
        minutes, day = (
            one(provider, "minute_bars", symbol),
            one(provider, "bars", symbol, start=date(2026, 11, 20)).row(0, named=True),
        )
        assert minutes.height == 390
        assert minutes["at"][0] == datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
        assert (minutes["open"][0], minutes["close"][-1]) == (day["open"], day["close"])
        assert (minutes["high"].max(), minutes["low"].min()) == (day["high"], day["low"])
        assert minutes["volume"].sum() == day["volume"]


def test_a_running_session_has_quotes_and_minutes_but_no_daily_bar_yet() -> None:
    noon, evening = datetime(2026, 11, 20, 17, 0, tzinfo=UTC), NOW
    early, late = DemoProvider(at(noon)), DemoProvider(at(evening))
    assert one(early, "bars", "SPY")["date"].max() == date(2026, 11, 19)
    seen, whole = one(early, "minute_bars", "SPY"), one(late, "minute_bars", "SPY")
    assert seen.height == 150
    assert seen.equals(whole.head(150))
    quote = one(early, "quotes", "SPY").row(0, named=True)
    assert quote["price"] == seen["close"][-1]
    assert quote["previous_close"] == one(early, "bars", "SPY")["close"][-1]
    assert (quote["market_state"], quote["at"]) == ("REGULAR", noon)
    closing = one(late, "quotes", "SPY").row(0, named=True)
    assert closing["price"] == one(late, "bars", "SPY")["close"][-1]
    assert closing["market_state"] == "CLOSED"


def test_before_the_open_the_last_session_counts() -> None:
    quote = one(DemoProvider(at(datetime(2026, 11, 20, 13, 0, tzinfo=UTC))), "quotes", "SPY").row(0, named=True)
    assert quote["at"] == datetime(2026, 11, 19, 21, 0, tzinfo=UTC)


def test_half_days_have_210_minutes() -> None:
    provider = DemoProvider(at(datetime(2026, 11, 27, 22, tzinfo=UTC)))
    assert one(provider, "minute_bars", "SPY").height == 210


def test_the_newest_session_is_kept_for_the_next_start_and_gives_the_same_rows(provider: DemoProvider, tmp_path: Path) -> None:
    """The next provider reads it instead of making the market; what does not fit, or is damaged, is made again."""
    first = DemoProvider(at(NOW), keep=tmp_path)
    one(first, "quotes", "SPY")
    kept = tmp_path / "newest.npz"
    assert kept.exists()
    second = DemoProvider(at(NOW), keep=tmp_path)
    for dataset in ("quotes", "minute_bars", "chains"):
        assert one(second, dataset, "SPY", "QQQ").equals(one(provider, dataset, "SPY", "QQQ")), dataset
    assert second._world is None, "the whole market was made although its newest session is there"
    before = kept.read_bytes()
    assert Shelf(tmp_path).load((date(2026, 11, 19), 0), None) is None, "another day"
    assert Shelf(tmp_path).load((date(2026, 11, 20), 0), 5) is None, "another seed"
    kept.write_bytes(before[:2000])
    assert Shelf(tmp_path).load((date(2026, 11, 20), 0), None) is None
    assert Shelf(None).load((date(2026, 11, 20), 0), None) is None


class Store:
    """The real market file, with what `ensure` needs."""

    def __init__(self, path: Path, clock: Callable[[], datetime]) -> None:
        from terminal.store import Store as RealStore

        self.real = RealStore(
            path / "market.duckdb", path / "book.duckdb", path / "backups", clock=clock, publish=lambda *_a, **_k: None
        )
        self.market = self.real.market


@pytest.mark.slow
def test_a_store_is_filled_once_and_then_extended_by_the_new_sessions(tmp_path: Path) -> None:
    pytest.importorskip("terminal.store")
    clock = [NOW]
    store = Store(tmp_path, lambda: clock[0])
    try:
        assert ensure(store, clock=lambda: clock[0], progress=quiet) > 1_000_000
        assert ensure(store, clock=lambda: clock[0], progress=quiet) == 0
        before = store.market.read("bars", columns=["symbol", "date", "close"])
        clock[0] = datetime(2026, 11, 24, 22, tzinfo=UTC)
        assert ensure(store, clock=lambda: clock[0], progress=quiet) > 0
        after = store.market.read("bars", columns=["symbol", "date", "close"])
        assert after.height == before.height + 2 * 532
        assert before.join(after, on=["symbol", "date", "close"], how="anti").is_empty()
        restated = store.market.read("facts", as_of=date(2024, 6, 3)).filter(pl.col("form") == "10-Q/A")
        assert 0 < restated.height < store.market.read("facts").filter(pl.col("form") == "10-Q/A").height
    finally:
        store.real.close()
