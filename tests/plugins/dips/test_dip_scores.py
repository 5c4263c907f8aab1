"""What became of a state, by hand; and what is said about the pace of prices."""

from __future__ import annotations

from datetime import date
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
