"""Histories that are only a part: stored, said, and completed when a service with the whole one answers."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from terminal.domain import schemas
from terminal.domain.fetch import Fetch
from terminal.errors import Unavailable
from terminal.providers.base import Answer, Failure, Request
from terminal.providers.breaker import Breaker
from terminal.providers.budget import Budget
from terminal.providers.router import Router
from terminal.services.market import build_market
from terminal.settings import Settings
from terminal.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from terminal.paths import Home

FIRST = date(2019, 6, 3)


class Prices:
    """Daily bars since `begins`, but only of the last `reach` where one is given."""

    simulated = delayed = needs_key = False
    datasets = frozenset({"bars"})

    def __init__(self, name: str, clock: Any, reach: timedelta | None = None) -> None:
        self.id, self.title, self._clock = name, name.title(), clock
        self.reach = {} if reach is None else {"bars": reach}
        self.begins: dict[str, date] = {}
        self.asked: list[tuple[str, date | None]] = []
        self.down = False

    def fetch(self, request: Request, _progress: Any) -> Iterator[Answer]:
        (symbol,) = request.symbols
        self.asked.append((symbol, request.start))
        now = self._clock()
        fetch = Fetch(self.id, "prices", "bars", symbol, now, now)
        if self.down:
            error = Unavailable(f"{self.title} could not be reached.")
            error.fetch = Fetch(self.id, "prices", "bars", symbol, now, now, "error", error=error.message)  # type: ignore[attr-defined]
            raise error
        first = max(self.begins.get(symbol, FIRST), request.start or FIRST)
        if "bars" in self.reach:
            first = max(first, now.date() - self.reach["bars"])
        days = pl.date_range(first, now.date(), eager=True)
        days = days.filter(days.dt.weekday() <= 5)
        price = pl.Series(range(days.len())).cast(pl.Float64) / 100 + 10
        frame = pl.DataFrame({"symbol": [symbol] * days.len(), "date": days, "open": price, "high": price, "low": price,
                              "close": price, "volume": [1e6] * days.len()})  # fmt: skip
        yield Answer("bars", frame.select(name for name in schemas.BARS.columns if name in frame.columns), fetch)


class Scene:
    def __init__(self, home: Home, clock: Any) -> None:
        self.clock = clock
        self.part, self.whole = Prices("part", clock, timedelta(days=730)), Prices("whole", clock)
        self.store = Store(home.market(False), home.book(False), home.backups(False), clock=clock, publish=lambda *_: None)
        self.market = build_market(self.store, Settings(home), clock, False, home=home, providers=[self.part, self.whole])

    def ensure(self, *symbols: str) -> list[str]:
        self.part.asked.clear()
        self.whole.asked.clear()
        return self.market.ensure(symbols, ["bars"], self)  # type: ignore[arg-type]

    by_hand = True

    def now(self) -> Any:
        return self.clock()

    def progress(self, _fraction: float | None, _note: str = "") -> None:
        pass

    def first(self, symbol: str) -> date:
        found = self.store.market.read("bars", [symbol])["date"].min()
        assert isinstance(found, date)
        return found


@pytest.fixture
def scene(home: Home, clock: Any) -> Iterator[Scene]:
    made = Scene(home, clock)
    yield made
    made.market.close()
    made.store.close()


def test_who_has_the_whole_history_is_asked_before_who_has_a_part(clock: Any) -> None:
    month, years = Prices("month", clock, timedelta(days=30)), Prices("years", clock, timedelta(days=730))
    whole = Prices("w", clock)
    router = Router((month, years, whole), Budget(None, clock), Breaker(clock))

    def who(start: date | None, **named: Any) -> list[str]:
        for each in (month, years, whole):
            each.asked.clear()
        found = list(router.fetch("bars", ("AAA",), start, **named))
        return [each.id for each in (month, years, whole) if each.asked] + [
            "nobody" for each in found if isinstance(each, Failure)]  # fmt: skip

    today = clock().date()
    assert who(None) == ["w"]
    assert who(today - timedelta(days=7)) == ["month"], "a gap is anybody's"
    assert who(today - timedelta(days=100)) == ["years"]
    whole.down = True
    assert who(None) == ["years", "w"]
    assert who(None, partly=False) == ["w", "nobody"]
    years.down = True
    (answer,) = (each for each in router.fetch("bars", ("AAA",)) if isinstance(each, Answer))
    assert answer.fetch.provider == "month"
    assert answer.fetch.reason == "W could not be reached, Years could not be reached, so Month was asked"


def test_a_part_is_stored_and_said_and_completed_later(scene: Scene, clock: Any) -> None:
    scene.whole.down = True
    said = scene.ensure("AAA", "BBB")
    since = clock().date() - timedelta(days=730)
    assert said == [
        f"AAA, BBB: history since {scene.first('AAA')} only; 6 years were asked for, and Part gives no more. "
        "What needs a longer one stays unknown."
    ]
    assert abs(scene.first("AAA") - since) <= timedelta(days=3)

    features = scene.market.features(["AAA"])
    assert features.frame["return_1y"][0] is not None
    assert features.frame["return_5y"][0] is None
    assert features.why_unknown("AAA")["return_5y"] == f"daily prices are known since {scene.first('AAA')} only"

    assert scene.ensure("AAA") == [said[0].replace("AAA, BBB", "AAA")]
    assert not scene.whole.asked, "who just failed is not asked again for the same"

    clock.now += timedelta(days=4)  # a Tuesday
    scene.ensure("AAA")
    assert scene.whole.asked[0] == ("AAA", None), "the next day it is tried again"
    assert [start for _, start in scene.part.asked] == [date(2026, 11, 20) - timedelta(days=7)], "and the gap filled meanwhile"

    clock.now += timedelta(hours=13)
    scene.whole.down = False
    assert scene.ensure("AAA") == []
    assert scene.first("AAA") == FIRST
    assert scene.market.features(["AAA"]).frame["return_5y"][0] is not None
    assert scene.first("BBB") > FIRST
    assert scene.ensure("AAA", "BBB", "CCC") == []
    assert scene.whole.asked == [("CCC", None), ("BBB", None)] or scene.whole.asked == [("BBB", None), ("CCC", None)]
    scene.ensure("AAA", "BBB")
    assert not scene.part.asked and not scene.whole.asked, "what is complete is left alone"


def test_a_young_company_is_no_part_once_the_whole_was_had(scene: Scene, clock: Any) -> None:
    """Its listing lies where the reach ends: only who has the whole history can tell the two apart."""
    listed = clock().date() - timedelta(days=725)
    scene.part.begins["NEW"] = scene.whole.begins["NEW"] = listed
    scene.whole.down = True
    assert "history since" in scene.ensure("NEW")[0]
    scene.whole.down = False
    clock.now += timedelta(hours=13)
    assert scene.ensure("NEW") == []
    assert scene.whole.asked == [("NEW", None)]
    clock.now += timedelta(hours=13)
    assert scene.ensure("NEW") == []
    assert (("NEW", None)) not in scene.whole.asked


def test_a_company_younger_than_the_reach_is_whole(scene: Scene, clock: Any) -> None:
    scene.part.begins["IPO"] = clock().date() - timedelta(days=200)
    scene.whole.down = True
    assert scene.ensure("IPO") == []
