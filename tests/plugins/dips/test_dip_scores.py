"""What became of a state, by hand; and what is said about the pace of prices."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from plugins.dips.pace import pace
from plugins.dips.scores import outcomes, summed
from terminal.domain.base_rates import wilson
from tests.domain.dip_market import sessions

DAYS = sessions(80, date(2026, 1, 5))


def bars(symbol: str, opens: list[float], closes: list[float]) -> pl.DataFrame:
    return pl.DataFrame({"symbol": symbol, "date": DAYS[: len(closes)], "open": opens, "close": closes})


def state(number: int, at: int, symbol: str = "AAA", action: str = "buy", hindsight: bool = False) -> dict[str, Any]:
    return {"id": number, "symbol": symbol, "action": action, "opened_on": DAYS[at], "in_hindsight": hindsight}


def result(states: list[dict[str, Any]], frame: pl.DataFrame) -> pl.DataFrame:
    return outcomes(pl.DataFrame(states), frame, "SPY")


def test_bought_at_the_next_open_and_sold_at_the_close_of_the_last_session() -> None:
    closes = [100.0 + n for n in range(80)]
    frame = pl.concat([bars("AAA", [value - 0.5 for value in closes], closes), bars("SPY", closes, closes)])
    rows = result([state(1, 0)], frame).to_dicts()
    assert [row["horizon"] for row in rows] == [5, 21, 63]
    assert rows[0]["entry"] == 100.5, "the open of the second session"
    assert rows[0]["result"] == pytest.approx(105 / 100.5 - 1) and rows[0]["benchmark"] == pytest.approx(105 / 101 - 1)
    assert rows[2]["result"] == pytest.approx(163 / 100.5 - 1)


def test_what_is_not_over_is_not_scored() -> None:
    frame = bars("AAA", [100.0] * 10, [100.0] * 10)
    rows = result([state(1, 3), state(2, 9), state(3, 0, "ZZZ")], frame).to_dicts()
    assert [row["result"] for row in rows if row["id"] == 1] == [0.0, None, None]
    assert all(row["entry"] is None and row["result"] is None for row in rows if row["id"] in (2, 3))


def test_a_state_within_another_is_no_new_case() -> None:
    frame = bars("AAA", [100.0] * 80, [101.0] * 80)
    rows = result([state(1, 0), state(2, 3), state(3, 10), state(4, 3, action="leave")], frame)
    counts = {(row["id"], row["horizon"]): row["counts"] for row in rows.to_dicts()}
    assert counts[1, 5] and not counts[2, 5] and counts[3, 5] and counts[4, 5]
    assert not counts[3, 21] and not counts[2, 63]


def test_the_sums_have_n_and_an_interval() -> None:
    up, down = [100.0 + n for n in range(80)], [200.0 - n for n in range(80)]
    frame = pl.concat([bars("AAA", up, up), bars("BBB", down, down), bars("CCC", up, up), bars("SPY", [50.0] * 80, [50.0] * 80)])
    found = result([state(1, 0), state(2, 0, "BBB"), state(3, 0, "CCC"), state(4, 0, "CCC", hindsight=True)], frame)
    first = summed(found, ["buy", "wait"])[0]
    assert (first["action"], first["in_hindsight"], first["horizon"], first["n"], first["pending"]) == ("buy", False, 5, 3, 0)
    assert first["hit_rate"] == pytest.approx(2 / 3) and (first["hit_low"], first["hit_high"]) == wilson(2 / 3, 3)
    assert first["beat_rate"] == pytest.approx(2 / 3) and first["beyond"] == pytest.approx(first["mean"])
    assert [row["in_hindsight"] for row in summed(found, ["buy"])].count(True) == 3
    young = summed(result([state(1, 79)], frame), ["buy"])[0]
    assert (young["n"], young["pending"], young["hit_rate"], young["hit_low"]) == (0, 1, None, None)


@pytest.mark.parametrize(("change", "told", "seconds"), [
    ({"demo": True}, "Simulated market", 0),
    ({"is_open": False}, "closed", 300),
    ({"ages": []}, "No current quotes", 60),
    ({"ages": [1.0, 4.0, 9.0]}, "Live: every 5 s for 3", 5),
    ({"ages": [1.0, 40.0, 70.0]}, "1 of 3 are newer than 10 s, the oldest quote is 70 s old", 5),
    ({"ages": [1.0, 4.0, 9.0], "wanted": 90}, "87 more at the pace of the last refresh", 5),
    ({"ages": [1.0, 4.0], "problems": ["finnhub: too many requests"]}, "too many requests", 5),
])
def test_the_pace_that_is_told_is_the_one_that_is_had(change: dict[str, Any], told: str, seconds: int) -> None:
    arguments = {"wanted": 3, "watched": 3, "ages": [1.0], "is_open": True, "demo": False, "problems": [], "beat": 5, **change}
    words, again = pace(arguments.pop("wanted"), arguments.pop("watched"), arguments.pop("ages"), **arguments)
    assert told in words and again == seconds and words.endswith((".", "close."))


class LiveMarket:
    """What `dips.live` asks of the market: quotes that were made some seconds ago, and how often it asks for newer ones."""

    def __init__(self, now: datetime, ages: dict[str, float], problems: list[str]) -> None:
        self.asked: list[tuple[tuple[str, ...], list[str]]] = []
        self._now, self._ages, self._problems = now, ages, problems
        self.shown: dict[str, tuple[str, ...]] = {}
        self.live = SimpleNamespace(want=lambda who, symbols: self.shown.update({who: tuple(symbols)}))

    def ensure(self, symbols: tuple[str, ...], datasets: list[str], _ctx: Any) -> list[str]:
        self.asked.append((tuple(symbols), datasets))
        return self._problems

    def quotes(self, symbols: Any, _as_of: Any) -> pl.DataFrame:
        known = {symbol: age for symbol, age in self._ages.items() if symbol in symbols}
        return pl.DataFrame({"symbol": list(known), "price": [10.0] * len(known),
                             "at": [self._now - timedelta(seconds=age) for age in known.values()], "fetch_id": [1] * len(known)},
                            schema_overrides={"symbol": pl.String, "at": pl.Datetime("us", "UTC"), "price": pl.Float64})

    def sources(self, _fetches: Any) -> dict[int, Any]:
        return {}


@pytest.mark.parametrize(("moment", "asks"), [
    (datetime(2026, 11, 20, 15, 0, tzinfo=UTC), True),   # 10:00 in New York
    (datetime(2026, 11, 20, 21, 30, tzinfo=UTC), False),  # after the close
    (datetime(2026, 11, 26, 16, 0, tzinfo=UTC), False),   # Thanksgiving
])
def test_quotes_are_asked_for_only_while_the_exchange_is_open(moment: datetime, asks: bool) -> None:
    from plugins.dips.commands import live

    def table(ages: dict[str, float], problems: list[str], **more: Any) -> tuple[Any, LiveMarket]:
        market = LiveMarket(moment, ages, problems)
        ctx: Any = SimpleNamespace(market=market, now=lambda: moment, demo=False, as_of=None, **more)
        return live(ctx, symbols=("AAA", "BBB")), market

    found, market = table({"AAA": 3.0, "BBB": 100.0}, [])
    assert market.asked == ([(("AAA", "BBB"), ["quotes"])] if asks else [])
    assert market.shown == {"dips": ("AAA", "BBB")}, "what is shown may be listened to"
    assert found.frame["symbol"].to_list() == ["AAA", "BBB"] and found.detail["seconds"] == (5 if asks else 300)
    if asks:
        assert "1 of 2 are newer than 10 s, the oldest quote is 2 min old" in found.title
        refused, _ = table({}, ["yahoo: too many requests"])
        assert "No current quotes" in refused.title and "too many requests" in refused.title
        assert table({"AAA": 1.0, "BBB": 2.0}, [])[0].title == "Live: every 5 s for 2."
