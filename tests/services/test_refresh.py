"""Filling the store: one request for each, several at once, what is stored together, and what a plan says."""

from __future__ import annotations

import threading
import time
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from terminal.domain import schemas
from terminal.domain.fetch import Fetch
from terminal.errors import Cancelled, Unavailable
from terminal.events import Events
from terminal.providers.base import Answer, Request
from terminal.providers.budget import Window
from terminal.services.market import build_market
from terminal.services.pipeline import Claims, Pipeline
from terminal.settings import Settings
from terminal.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from terminal.paths import Home

DAY = date(2026, 11, 20)


class Source:
    """Bars and quotes of any symbol, after `seconds`; never two at once where it is `single`."""

    simulated = delayed = needs_key = False
    datasets = frozenset({"bars", "quotes", "facts"})
    brings = {"bars": frozenset({"splits", "dividends"})}
    batch = {"quotes": 50}

    def __init__(self, name: str, clock: Any, seconds: float = 0.0) -> None:
        self.id, self.title = name, name.title()
        self.clock, self.seconds = clock, seconds
        self.asked: list[tuple[str, tuple[str, ...]]] = []
        self.down = False
        self.spoilt = ""
        self.most = self._busy = 0
        self._guard = threading.Lock()

    def fetch(self, request: Request, progress: Any) -> Iterator[Answer]:
        with self._guard:
            self.asked.append((request.dataset, request.symbols))
            self._busy += 1
            self.most = max(self.most, self._busy)
        time.sleep(self.seconds)
        with self._guard:
            self._busy -= 1
        if self.down:
            raise Unavailable(f"{self.title} could not be reached.")
        symbol = request.symbols[0] if len(request.symbols) == 1 else ""
        now = self.clock()
        fetch = Fetch(self.id, request.dataset, request.dataset, symbol, now, now)
        frame = pl.DataFrame({"symbol": request.symbols}, schema={"symbol": pl.String})
        if request.dataset == "bars":
            yield Answer("splits", schemas.SPLITS.empty(), Fetch(self.id, "bars", "splits", symbol, now, now, "empty"))
            frame = frame.with_columns(date=pl.lit(DAY), close=pl.lit(10.0))
        elif request.dataset == "facts":
            frame = frame.with_columns(item=pl.lit("beta"), period=pl.lit("P"), period_end=pl.lit(DAY), value=pl.lit(1.5))
        else:
            frame = frame.with_columns(at=pl.lit(now).cast(schemas.UTC), price=pl.lit(10.0))
        if self.spoilt and self.spoilt in request.symbols:
            frame = frame.drop("value")
        yield Answer(request.dataset, frame, fetch)


class Ctx:
    by_hand = True

    def __init__(self, clock: Any, stop_after: int = 10**9) -> None:
        self.now, self.count, self.stop_after = clock, 0, stop_after

    def progress(self, _fraction: float | None, _note: str = "") -> None:
        self.count += 1
        if self.count > self.stop_after:
            raise Cancelled


class Made:
    def __init__(self, home: Home, clock: Any) -> None:
        self.changed: list[Any] = []
        events = Events()
        events.subscribe("market.changed", lambda payload: self.changed.append(dict(payload)))
        self.clock = clock
        self.store = Store(home.market(False), home.book(False), home.backups(False), clock=clock, publish=events.publish)
        self.first, self.second = Source("first", clock), Source("second", clock)
        self.market = build_market(self.store, Settings(home), clock, False, home=home, providers=[self.first, self.second])

    def stored(self, dataset: str = "bars") -> list[str]:
        return self.store.market.read(dataset, columns=["symbol"])["symbol"].to_list()

    def close(self) -> None:
        self.market.close()
        self.store.close()


@pytest.fixture
def made(home: Home, clock: Any) -> Iterator[Made]:
    fixture = Made(home, clock)
    yield fixture
    fixture.close()


def both(*works: Any) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_one_symbol_is_asked_once_while_others_go_on_beside_it(made: Made) -> None:
    made.first.seconds = 0.15
    started = time.monotonic()
    ctx = Ctx(made.clock)
    both(*(lambda names=names: made.market.ensure(names, ["bars"], ctx)  # type: ignore[misc]
           for names in (["AAA"], ["AAA"], ["BBB"], ["AAA", "CCC"])))  # fmt: skip
    assert sorted(made.first.asked) == [("bars", ("AAA",)), ("bars", ("BBB",)), ("bars", ("CCC",))]
    assert made.first.most >= 2
    assert time.monotonic() - started < 3
    assert made.stored() == ["AAA", "BBB", "CCC"]


def test_what_a_request_brings_is_not_asked_beside_it(made: Made) -> None:
    made.first.seconds = 0.1
    ctx = Ctx(made.clock)
    both(lambda: made.market.ensure(["AAA"], ["bars"], ctx), lambda: made.market.ensure(["AAA"], ["splits", "bars"], ctx))
    assert made.first.asked == [("bars", ("AAA",))]


def test_whoever_waited_asks_when_the_other_failed(made: Made) -> None:
    made.first.down = made.second.down = True
    made.first.seconds = 0.05
    problems: list[list[str]] = []
    both(*(lambda: problems.append(made.market.ensure(["AAA"], ["bars"], Ctx(made.clock))) for _ in range(2)))
    assert problems == [["AAA: First could not be reached. Second could not be reached."]] * 2
    made.first.down = False
    assert made.market.ensure(["AAA"], ["bars"], Ctx(made.clock)) == []
    assert made.stored() == ["AAA"]


def test_a_whole_universe_is_stored_in_few_transactions_each_answer_with_its_own_fetch(made: Made) -> None:
    symbols = [f"S{at:02}" for at in range(40)]
    table = made.market.refresh(",".join(symbols), Ctx(made.clock))
    assert made.stored() == symbols
    assert len(made.changed) <= 4
    assert {symbol for each in made.changed for symbol in each["symbols"]} == set(symbols)
    bars = made.store.market.read("bars")
    assert bars["fetch_id"].n_unique() == 40
    fetches = {row["fetch_id"]: row for row in made.store.market.fetches(dataset="bars", limit=100).to_dicts()}
    assert all(fetches[row["fetch_id"]]["symbol"] == row["symbol"] for row in bars.to_dicts())
    assert {row["dataset"]: row["rows"] for row in table.rows()} == {
        "bars": 40, "dividends": 0, "earnings": 0, "facts": 40, "instruments": 0, "quotes": 40, "splits": 0}  # fmt: skip
    made.first.asked.clear()
    made.market.refresh(",".join(symbols), Ctx(made.clock))
    assert [dataset for dataset, _ in made.first.asked] == []


def test_the_same_is_stored_together_as_one_by_one(made: Made, clock: Any) -> None:
    from terminal.store.several import Part

    now = clock()

    def part(symbol: str, price: float, minutes: int, dataset: str = "bars") -> Part:
        at = now + timedelta(minutes=minutes)
        frame = pl.DataFrame({"symbol": [symbol, symbol], "date": [DAY, None], "close": [price, 1.0]},
                             schema={"symbol": pl.String, "date": pl.Date, "close": pl.Float64})  # fmt: skip
        return Part(dataset, frame, Fetch("first", "chart", dataset, symbol, at, at))

    parts = [part("AAA", 10.0, 0), part("BBB", 20.0, 1), part("AAA", 11.0, 2),
             Part("splits", schemas.SPLITS.empty(), Fetch("first", "chart", "splits", "CCC", now, now, "empty"))]  # fmt: skip
    saved = made.store.market.save_all(parts)
    assert [(each.rows, each.refused) for each in saved] == [(1, 1), (1, 1), (1, 1), (0, 0)]
    bars = made.store.market.read("bars")
    assert bars.select("symbol", "close", "fetch_id").rows() == [
        ("AAA", 11.0, saved[2].fetch_id), ("BBB", 20.0, saved[1].fetch_id)]  # fmt: skip
    assert made.store.market.freshness("splits")["symbol"].to_list() == ["CCC"]
    assert {row["symbol"]: row["fetched_at"] for row in made.store.market.freshness("bars").to_dicts()} == {
        "AAA": now + timedelta(minutes=2), "BBB": now + timedelta(minutes=1)}  # fmt: skip
    assert made.store.market.quarantine()["reason"].unique().to_list() == ["date is missing"]
    assert made.store.market.quarantine("AAA")["fetch_id"].to_list() == [saved[0].fetch_id]  # the same row again is one case
    assert len(made.changed) == 1
    assert made.changed[0]["symbols"] == ["AAA", "BBB", "CCC"]


def test_an_answer_that_cannot_be_stored_spoils_no_other(made: Made) -> None:
    made.first.spoilt = "S03"
    with pytest.raises(ValueError, match="value is missing"):
        made.market.ensure([f"S{at:02}" for at in range(6)], ["facts"], Ctx(made.clock))
    assert made.stored("facts") == ["S00", "S01", "S02", "S04", "S05"]
    assert made.market.ensure(["S00", "S05"], ["facts"], Ctx(made.clock)) == []


def test_what_came_before_it_was_stopped_is_kept_and_the_claims_are_given_back(made: Made) -> None:
    with pytest.raises(Cancelled):
        made.market.refresh(",".join(f"S{at:02}" for at in range(30)), Ctx(made.clock, stop_after=40))
    kept = made.stored()
    assert 0 < len(kept) < 30
    assert made.market.ensure([f"S{at:02}" for at in range(30)], ["bars"], Ctx(made.clock)) == []
    assert len(made.stored()) == 30


def test_claims_are_all_or_nothing_and_tell_what_was_fetched_meanwhile() -> None:
    claims = Claims()
    since = claims.now()
    assert claims.take(("bars", "splits"), ["A", "B"], since) == (["A", "B"], [], [])
    assert claims.take(("splits", "dividends"), ["B", "C"], since) == (["C"], [], ["B"])
    ticks: list[int] = []
    threading.Timer(0.15, lambda: claims.release(("bars", "splits"), ["A", "B"])).start()
    claims.wait(("splits", "dividends"), ["B"], lambda: ticks.append(1))
    assert ticks
    assert claims.take(("splits",), ["A", "C", "D"], since) == (["A", "D"], ["A"], ["C"])


def test_the_pipeline_collects_but_stores_the_first_at_once(made: Made, clock: Any) -> None:
    stored: list[str] = []
    pipeline = Pipeline(made.store, made.market.router, lambda dataset, saved: stored.append(dataset))
    done: list[int] = []
    for at in range(5):
        answers = list(made.first.fetch(Request("bars", (f"S{at}",)), lambda *_: None))
        pipeline.put(answers, "bars", lambda at=at: done.append(at))  # type: ignore[misc]
        if at == 0:
            until = time.monotonic() + 5
            while not done and time.monotonic() < until:
                time.sleep(0.01)
    assert done == [0]
    pipeline.close()
    assert done == [0, 1, 2, 3, 4]
    assert stored.count("bars") == 5
    assert len(made.changed) == 2


def test_the_plan_ranks_spends_and_says_what_waits(made: Made) -> None:
    made.store.book.create_watchlist("Mine", ["S09"])
    made.market.router.budget.declare("first", (Window(8, 3600),))
    made.market.router.budget.declare("second", (Window(5, 60), Window(4, 86400)))
    ctx = Ctx(made.clock)
    ctx.by_hand = False
    table = made.market.plan(",".join(f"S{at:02}" for at in range(10)), ctx)
    rows = table.rows()
    asked = {(row["service"], row["dataset"]): (row["symbols"], row["requests"]) for row in rows if row["service"]}
    # Of 8 and 4 requests a fifth is left for what is asked by hand: 6 and 3.
    assert asked[("First", "quotes")] == (10, 1)
    assert sum(requests for (service, _), (_, requests) in asked.items() if service == "First") == 6
    assert sum(requests for (service, _), (_, requests) in asked.items() if service == "Second") == 3
    late = {row["dataset"]: row for row in rows if not row["service"]}
    assert set(late) == {"bars", "facts", "instruments", "earnings", "dividends", "splits"}
    assert "the budget of First does not suffice" in late["bars"]["why_not"]
    assert late["instruments"]["why_not"] == "no service delivers it"
    assert late["instruments"]["matters_to"] == "watched"
    assert made.first.asked == []
    made.market.refresh(",".join(f"S{at:02}" for at in range(10)), ctx)
    served = {symbol for source in (made.first, made.second) for dataset, asked_ in source.asked for symbol in asked_
              if dataset == "bars"}  # fmt: skip
    assert "S09" in served  # watched, so before the rest


def test_the_plan_of_what_is_fresh_asks_nobody(made: Made) -> None:
    made.market.ensure(["AAA"], ["bars", "facts", "quotes"], Ctx(made.clock))
    table = made.market.plan("AAA,", Ctx(made.clock))
    assert [row["dataset"] for row in table.rows() if row["service"]] == []
    made.clock.now = datetime(2026, 11, 24, 22, 0, tzinfo=UTC)
    table = made.market.plan("AAA,", Ctx(made.clock))
    assert {row["dataset"] for row in table.rows() if row["service"]} == {"bars", "facts", "quotes"}
