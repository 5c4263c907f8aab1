"""The market service over a real store and a provider made for the test."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from terminal.domain import schemas
from terminal.domain.fetch import Fetch
from terminal.errors import BadPayload, Cancelled, UserError
from terminal.events import Events
from terminal.providers.base import Answer, Request
from terminal.services.freshness import STALENESS, is_fresh
from terminal.services.market import Market, build_market
from terminal.settings import Settings
from terminal.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from terminal.paths import Home

SESSIONS = [date(2026, 11, day) for day in (16, 17, 18, 19, 20)]


class Source:
    """Delivers bars, splits, dividends, quotes and instruments of any symbol but ZZZZ; fails where told to."""

    id, title = "source", "Source"
    simulated = delayed = needs_key = False
    datasets = frozenset({"bars", "quotes", "instruments", "splits", "dividends", "facts", "earnings"})
    brings = {"bars": frozenset({"splits", "dividends"})}
    batch = {"quotes": 50}

    def __init__(self, clock: Any) -> None:
        self.clock = clock
        self.asked: list[tuple[str, tuple[str, ...], date | None]] = []
        self.fail: set[str] = set()
        self.split: tuple[date, float] | None = None
        self.until = SESSIONS[-1]

    def fetch(self, request: Request, progress: Any) -> Iterator[Answer]:
        self.asked.append((request.dataset, request.symbols, request.start))
        if request.dataset in self.fail:
            raise BadPayload("Source sent nonsense.", "Try later.")
        known = [symbol for symbol in request.symbols if symbol != "ZZZZ"]
        missing = tuple(symbol for symbol in request.symbols if symbol == "ZZZZ")
        if request.dataset == "bars":
            rows = [(symbol, *self.split) for symbol in known if self.split]
            yield self._answer("splits", pl.DataFrame(rows, schema=dict(schemas.SPLITS.columns), orient="row"), request)
            yield self._answer("dividends", schemas.DIVIDENDS.empty(), request)
            yield self._answer("bars", self._bars(known, request.start), request, missing)
        elif request.dataset == "quotes":
            rows = [{"symbol": symbol, "at": self.clock(), "price": 10.0, "currency": "USD"} for symbol in known]
            yield self._answer(
                "quotes",
                pl.DataFrame(rows, schema={"symbol": pl.String, "at": schemas.UTC, "price": pl.Float64, "currency": pl.String}),
                request,
                missing,
            )
        elif request.dataset == "instruments":
            frame = pl.DataFrame({"symbol": known}, schema={"symbol": pl.String}).with_columns(
                kind=pl.lit("stock"), name=pl.lit("Firm")
            )
            yield self._answer("instruments", frame, request, missing)
        else:
            yield self._answer(request.dataset, schemas.DATASETS[request.dataset].empty(), request)

    def _bars(self, symbols: list[str], start: date | None) -> pl.DataFrame:
        factor = 1 / self.split[1] if self.split and self.split[0] <= self.until else 1.0
        rows = [
            {"symbol": symbol, "date": day, "open": price, "high": price, "low": price, "close": price, "volume": 100.0}
            for symbol in symbols
            for at, day in enumerate(SESSIONS)
            if day <= self.until and (start is None or day >= start)
            for price in [(100.0 + at) * factor]
        ]
        return pl.DataFrame(
            rows,
            schema={
                "symbol": pl.String,
                "date": pl.Date,
                **dict.fromkeys(("open", "high", "low", "close", "volume"), pl.Float64),
            },
        )

    def _answer(self, dataset: str, frame: pl.DataFrame, request: Request, missing: tuple[str, ...] = ()) -> Answer:
        symbol = request.symbols[0] if len(request.symbols) == 1 else ""
        now = self.clock()
        return Answer(
            dataset, frame, Fetch("source", dataset, dataset, symbol, now, now, "ok" if frame.height else "empty"), missing
        )


class Ctx:
    by_hand = True

    def __init__(self, clock: Any, stop_after: int = 10**9) -> None:
        self.now = clock
        self.notes: list[tuple[float | None, str]] = []
        self._stop_after = stop_after

    def progress(self, fraction: float | None, note: str = "") -> None:
        self.notes.append((fraction, note))
        if len(self.notes) > self._stop_after:
            raise Cancelled

    def publish(self, topic: str, payload: Any = None) -> None:
        pass


class Fixture:
    def __init__(self, home: Home, clock: Any) -> None:
        self.changed: list[dict[str, Any]] = []
        events = Events()
        events.subscribe("market.changed", lambda payload: self.changed.append(dict(payload)))
        self.clock = clock
        self.store = Store(home.market(False), home.book(False), home.backups(False), clock=clock, publish=events.publish)
        self.source = Source(clock)
        self.market: Market = build_market(self.store, Settings(home), clock, False, home=home, providers=[self.source])

    def close(self) -> None:
        self.market.close()
        self.store.close()


@pytest.fixture
def made(home: Home, clock: Any) -> Iterator[Fixture]:
    fixture = Fixture(home, clock)
    yield fixture
    fixture.close()


def test_only_what_is_missing_or_stale_is_asked(made: Fixture) -> None:
    assert made.market.ensure(["AAA"], ["bars", "dividends", "splits"], Ctx(made.clock)) == []
    assert made.source.asked == [("bars", ("AAA",), None)]
    assert made.market.bars("AAA")["close"].to_list() == [100, 101, 102, 103, 104]
    made.source.asked.clear()
    made.clock.now += timedelta(hours=20)  # Saturday: the last session is stored
    assert made.market.ensure(["AAA", "BBB"], ["bars"], Ctx(made.clock)) == []
    assert made.source.asked == [("bars", ("BBB",), None)]


def test_a_gap_is_asked_with_some_overlap(made: Fixture) -> None:
    made.source.until = SESSIONS[2]
    made.clock.now = datetime(2026, 11, 18, 22, 0, tzinfo=UTC)
    made.market.ensure(["AAA"], ["bars"], Ctx(made.clock))
    made.source.until = SESSIONS[4]
    made.source.asked.clear()
    made.clock.now = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
    made.market.ensure(["AAA"], ["bars"], Ctx(made.clock))
    assert made.source.asked == [("bars", ("AAA",), date(2026, 11, 11))]
    assert made.market.bars("AAA").height == 5


def test_a_new_split_fetches_the_whole_history_and_as_of_shows_the_old_prices(made: Fixture) -> None:
    made.source.until = SESSIONS[2]
    made.clock.now = datetime(2026, 11, 18, 22, 0, tzinfo=UTC)
    made.market.ensure(["AAA"], ["bars"], Ctx(made.clock))
    made.source.until, made.source.split = SESSIONS[4], (SESSIONS[4], 2.0)
    made.clock.now = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
    made.source.asked.clear()
    made.market.ensure(["AAA"], ["bars"], Ctx(made.clock))
    assert [start for _, _, start in made.source.asked] == [date(2026, 11, 11), None]
    assert made.market.bars("AAA")["close"].to_list() == [50, 50.5, 51, 51.5, 52]
    seen = made.market.bars("AAA", as_of=date(2026, 11, 19))
    assert seen["close"].to_list() == [100, 101, 102, 103]
    assert seen["volume"].to_list() == [100, 100, 100, 50]  # the source said 100 after the split, too


def test_failures_and_unknown_symbols_are_sentences_and_the_last_good_is_kept(made: Fixture) -> None:
    made.market.ensure(["AAA"], ["bars", "quotes"], Ctx(made.clock))
    made.clock.now += timedelta(days=4)
    made.source.fail = {"bars"}
    problems = made.market.ensure(["AAA", "ZZZZ"], ["bars", "quotes"], Ctx(made.clock))
    assert problems == [
        "AAA, ZZZZ: Source sent nonsense. Try later.",
        "Source does not know ZZZZ. Check the spelling with `tapeline market search TEXT`.",
    ]
    assert made.market.bars("AAA").height == 5


def test_refresh_takes_watchlists_first_publishes_in_steps_and_resumes(made: Fixture) -> None:
    symbols = [f"S{number:02}" for number in range(12)]
    made.store.book.create_watchlist("Mine", ["S11", "S10"])
    with pytest.raises(Cancelled):
        made.market.refresh(",".join(symbols), Ctx(made.clock, stop_after=30))
    quotes = made.source.asked[0]
    assert quotes[0] == "quotes"
    assert quotes[1][:3] == ("S11", "S10", "S00")
    first = [asked for asked in made.source.asked if asked[0] == "bars"]
    assert first[0][1] in (("S11",), ("S10",))  # two are under way at once
    done = set(made.store.market.read("bars", columns=["symbol"])["symbol"])
    assert 0 < len(done) < 12
    assert any("bars" in each["datasets"] for each in made.changed)
    made.source.asked.clear()
    table = made.market.refresh(",".join(symbols), Ctx(made.clock))
    assert not done & {symbol for dataset, asked, _ in made.source.asked if dataset == "bars" for symbol in asked}
    assert not any(dataset == "quotes" for dataset, _, _ in made.source.asked)
    rows = {row["dataset"]: row for row in table.rows()}
    assert rows["bars"]["fresh"] == len(done)
    assert rows["bars"]["asked"] == 12 - len(done)
    assert set(made.store.market.read("bars", columns=["symbol"])["symbol"]) == set(symbols)


def test_universes(made: Fixture) -> None:
    market = made.market
    assert market.universe("aapl, msft").symbols == ("AAPL", "MSFT")
    assert len(market.universe("dow30").symbols) == 30
    assert "not point in time" in market.universe("sp500").note
    assert "BRK-B" in market.universe("sp500").symbols
    assert market.universe("sp500").as_of == date(2026, 3, 1)
    made.store.book.create_watchlist("Tech", ["AAPL"])
    made.store.book.save_universe("mine", ["KO"], as_of=date(2026, 1, 2))
    assert market.universe("watchlist:tech").symbols == ("AAPL",)
    assert market.universe("file:mine").as_of == date(2026, 1, 2)
    assert {"all", "sp500", "watchlist:Tech", "file:mine"} <= {each.name for each in market.universes()}
    made.store.book.create_watchlist("Empty")
    for name, words in [
        ("sp5000", "Did you mean 'sp500'"),
        ("all", "is empty"),
        ("watchlist:Empty", "watchlist add"),
        ("watchlist:none", "no universe"),
        ("", "no universe"),
        ("AAPL,!!", "not a symbol"),
    ]:
        with pytest.raises(UserError) as caught:
            market.universe(name)
        assert words in caught.value.sentence()


def test_search_finds_stored_and_index_members_best_first(made: Fixture) -> None:
    made.store.market.save(
        "instruments",
        pl.DataFrame({"symbol": ["APPL"], "name": ["Appl Rental"], "kind": ["stock"]}),
        Fetch("x", "x", "instruments", "", made.clock(), made.clock()),
    )
    found = made.market.search("appl")
    assert found["symbol"][0] == "APPL"
    assert "AAPL" in found["symbol"].to_list()
    assert made.market.search("aapl")["symbol"][0] == "AAPL"
    assert made.market.search("no such company").is_empty()


def test_an_answer_is_computed_once_per_store_version(made: Fixture, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    gate = threading.Event()

    def slow(*asked: Any) -> object:
        calls.append(asked)
        gate.wait(2)
        return object()

    monkeypatch.setattr(made.market, "_features", slow)
    answers: list[Any] = []
    threads = [threading.Thread(target=lambda: answers.append(made.market.features())) for _ in range(4)]
    for thread in threads:
        thread.start()
    gate.set()
    for thread in threads:
        thread.join()
    assert len(calls) == 1
    assert len({id(answer) for answer in answers}) == 1
    made.market.ensure(["AAA"], ["quotes"], Ctx(made.clock))
    made.market.features()
    assert len(calls) == 2


def test_a_failed_computation_is_tried_again(made: Fixture, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def failing(*asked: Any) -> object:
        calls.append(asked)
        raise UserError("no")

    monkeypatch.setattr(made.market, "_features", failing)
    for _ in range(2):
        with pytest.raises(UserError):
            made.market.features()
    assert len(calls) == 2


def test_a_quote_a_hundred_times_off_is_refused(made: Fixture) -> None:
    made.market.ensure(["AAA"], ["bars"], Ctx(made.clock))
    made.source.until = SESSIONS[4]
    original = Source.fetch

    def pence(self: Source, request: Request, progress: Any) -> Iterator[Answer]:
        for answer in original(self, request, progress):
            yield Answer(answer.dataset, answer.frame.with_columns(pl.lit(10_400.0).alias("price")), answer.fetch)

    made.source.fetch = pence.__get__(made.source)  # type: ignore[method-assign]
    made.market.ensure(["AAA"], ["quotes"], Ctx(made.clock))
    assert made.market.quotes(["AAA"]).is_empty()
    assert made.store.market.quarantine("AAA")["reason"].to_list() == ["price 100 times off the last close"]


def test_a_quote_of_a_time_to_come_is_refused(made: Fixture) -> None:
    """A stamp that is wrong by a day would stand before every true quote, and nothing could be computed for today."""
    original = Source.fetch

    def tomorrow(self: Source, request: Request, progress: Any) -> Iterator[Answer]:
        for answer in original(self, request, progress):
            late = pl.lit(made.clock() + timedelta(days=1)).cast(pl.Datetime("us", "UTC")).alias("at")
            yield Answer(answer.dataset, answer.frame.with_columns(late) if "at" in answer.frame.columns else answer.frame,
                         answer.fetch)  # fmt: skip

    made.source.fetch = tomorrow.__get__(made.source)  # type: ignore[method-assign]
    made.market.ensure(["AAA"], ["quotes"], Ctx(made.clock))
    assert made.market.quotes(["AAA"]).is_empty()
    assert made.store.market.quarantine("AAA")["reason"].to_list() == ["a time still to come"]


def test_a_quote_that_is_confirmed_is_as_old_as_its_confirmation(made: Fixture) -> None:
    """Outside trading hours each request brings the same row: its age is that of the request that last brought it."""
    first = made.clock()
    original = Source.fetch

    def of_friday(self: Source, request: Request, progress: Any) -> Iterator[Answer]:
        for answer in original(self, request, progress):
            at = pl.lit(first).cast(pl.Datetime("us", "UTC")).alias("at")
            yield Answer(answer.dataset, answer.frame.with_columns(at), answer.fetch)

    made.source.fetch = of_friday.__get__(made.source)  # type: ignore[method-assign]
    made.market.ensure(["AAA", "BBB"], ["quotes"], Ctx(made.clock))

    def seen(as_of: date | None = None) -> datetime | None:
        (source,) = made.market.sources(made.market.quotes(["AAA"], as_of)["fetch_id"].to_list()).values()
        return source.fetched_at

    assert seen() == first
    made.clock.now += timedelta(days=3)
    made.market.ensure(["AAA"], ["quotes"], Ctx(made.clock))
    assert made.store.market.read("quotes", ["AAA"]).height == 1, "the row itself is not written again"
    assert seen() == made.clock()
    assert seen(first.date()) == first, "of a past day, what was known then"
    assert made.market.features(["AAA"]).origin["price"][0] == made.market.quotes(["AAA"])["fetch_id"][0]
    (other,) = made.market.sources(made.market.quotes(["BBB"])["fetch_id"].to_list()).values()
    assert other.fetched_at == first, "what was not asked again is not confirmed"


@pytest.mark.parametrize("dataset", sorted(STALENESS))
def test_what_was_never_fetched_is_stale(dataset: str) -> None:
    now = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
    closed = datetime(2026, 11, 19, 21, 0, tzinfo=UTC)
    assert not is_fresh(dataset, None, None, now, closed, True)
    assert is_fresh(dataset, None, now, now, closed, True)
    assert not is_fresh(dataset, None, now - timedelta(days=40), now, closed, True)
    assert set(STALENESS) == set(schemas.DATASETS)


def test_a_price_of_after_the_close_stands_until_the_exchange_opens() -> None:
    closed, sunday = datetime(2026, 11, 20, 21, 0, tzinfo=UTC), datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
    assert is_fresh("quotes", None, closed + timedelta(minutes=30), sunday, closed, False)
    assert not is_fresh("quotes", None, closed + timedelta(minutes=29), sunday, closed, False), "the closing auction may count"
    assert not is_fresh("quotes", None, closed + timedelta(minutes=30), sunday, closed, True)
    assert not is_fresh("headlines", None, closed + timedelta(minutes=30), sunday, closed, False)


def test_the_files_path_is_used_as_given(tmp_path: Path, made: Fixture) -> None:
    with pytest.raises(UserError, match="There is no file"):
        made.market.import_file(tmp_path / "none.csv", "bars", {}, Ctx(made.clock))


def test_two_that_want_the_same_at_once_cause_one_request(made: Fixture) -> None:
    start = threading.Barrier(3)

    def want() -> None:
        start.wait()
        made.market.ensure(["AAA"], ["bars"], Ctx(made.clock))

    threads = [threading.Thread(target=want) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made.source.asked == [("bars", ("AAA",), None)]


def test_by_products_and_files_do_not_pass_for_a_fetch(made: Fixture, tmp_path: Path) -> None:
    original = Source.fetch

    def chatty(self: Source, request: Request, progress: Any) -> Iterator[Answer]:
        if request.dataset == "quotes":
            fact = {"symbol": "AAA", "item": "beta", "period": "P", "period_end": SESSIONS[0], "value": 1.0}
            yield self._answer("facts", pl.DataFrame([fact]), request)
        yield from original(self, request, progress)

    made.source.fetch = chatty.__get__(made.source)  # type: ignore[method-assign]
    path = tmp_path / "mine.csv"
    path.write_text("Symbol,EPS\nAAA,2\nBBB,3\n")
    made.market.import_file(path, "fundamentals", {}, Ctx(made.clock))
    made.market.ensure(["AAA"], ["quotes"], Ctx(made.clock))
    assert set(made.market.facts("AAA")["item"]) == {"beta", "eps_ttm"}
    made.source.asked.clear()
    made.market.ensure(["AAA"], ["facts"], Ctx(made.clock))
    assert [dataset for dataset, _, _ in made.source.asked] == ["facts"]


def test_a_value_does_not_depend_on_who_asks(made: Fixture) -> None:
    made.market.ensure(["AAA", "BBB"], ["bars", "facts"], Ctx(made.clock))
    whole, alone = made.market.scored().frame, made.market.scored(["AAA"]).frame
    assert alone["symbol"].to_list() == ["AAA"]
    assert alone.equals(whole.filter(pl.col("symbol") == "AAA"))


def test_a_past_day_still_knows_what_a_thing_is(made: Fixture) -> None:
    made.market.ensure(["AAA"], ["instruments", "bars"], Ctx(made.clock))
    then = made.market.instruments(["AAA"], SESSIONS[2])
    assert then["kind"].to_list() == made.market.instruments(["AAA"])["kind"].to_list()
    assert then["known_at"].to_list() == [None]
