"""The parts of a fall add up to it, go to whoever caused them, and come from nothing that was not known."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.domain.attribution import attribute
from terminal.domain.dips import grid, scan
from tests.domain.dip_market import bars, market, prices, sessions, walk

COUNT, FALL = 400, 10
SECTOR: dict[str, str | None] = {f"S{n}": "Tech" for n in range(8)} | {f"U{n}": "Utilities" for n in range(3)}
PARTS = ("market", "sector", "company", "dividends", "today")


def made(index_fall: float = 0.0, sector_fall: float = 0.0, own_fall: float = 0.0, beta: float = 1.5) -> dict[str, list[float]]:
    """An index, eight companies of a sector with that beta (S0 alone also falls by itself), and three others."""
    index = walk(COUNT, 1, 0.008)
    index[:-FALL] += 0.002
    index[-FALL:] = index_fall / FALL
    closes = {"SPY": prices(index)}
    for number in range(11):
        own = walk(COUNT, 10 + number, 0.002)
        own[-FALL:] = 0.0
        name = f"S{number}" if number < 8 else f"U{number - 8}"
        moves = beta * index + own
        moves[-FALL:] += (sector_fall if number < 8 else 0.0) / FALL + (own_fall if number == 0 else 0.0) / FALL
        closes[name] = prices(moves)
    return closes


def parts_of(frame: pl.DataFrame, symbol: str = "S0", threshold: float = 0.03, **more: Any) -> dict[str, Any]:
    made_grid = grid(frame, **more)
    falls = scan(made_grid, threshold)
    causes = attribute(made_grid, falls, SECTOR)
    assert causes["symbol"].to_list() == falls["symbol"].to_list()
    row = causes.filter(pl.col("symbol") == symbol).row(0, named=True)
    return row | {"dip": falls.filter(pl.col("symbol") == symbol)["dip"][0]}


def whole(row: dict[str, Any]) -> float:
    return sum(row[name] or 0.0 for name in PARTS)


def test_a_market_s_fall_is_the_market_s() -> None:
    row = parts_of(bars(made(index_fall=-0.10)))
    assert row["beta"] == pytest.approx(1.5, abs=0.05)
    assert row["market_move"] == pytest.approx(np.expm1(-0.10), abs=0.01)
    assert row["market"] / row["dip"] > 0.93 and abs(row["company"]) < 0.01 and abs(row["sector"]) < 0.01
    assert whole(row) == pytest.approx(row["dip"], abs=1e-12)


def test_a_sector_s_fall_is_the_sector_s() -> None:
    row = parts_of(bars(made(sector_fall=-0.12)))
    assert row["sector"] / row["dip"] > 0.9 and row["peers"] == 7
    assert row["sector_move"] == pytest.approx(np.expm1(-0.12), abs=0.01)


def test_a_company_s_own_fall_is_its_own_and_its_day_is_found() -> None:
    closes = made()
    closes["S0"][-5:] = [value * 0.85 for value in closes["S0"][-5:]]
    row = parts_of(bars(closes))
    assert row["company"] / row["dip"] > 0.9
    assert row["own_day"] == sessions(COUNT)[-5] and row["own_move"] == pytest.approx(-0.15, abs=0.01)


def test_by_hand() -> None:
    """Log parts -0.06 (beta 1.5 x -0.04), -0.05 and -0.04 of log(1 + R) = -0.15 share R = e^-0.15 - 1 in proportion."""
    row = parts_of(bars(made(index_fall=-0.04, sector_fall=-0.05, own_fall=-0.04)))
    total = np.expm1(-0.15)
    assert row["dip"] == pytest.approx(total, abs=0.012)
    assert row["market"] == pytest.approx(total * 0.06 / 0.15, abs=0.008)
    assert row["sector"] == pytest.approx(total * 0.05 / 0.15, abs=0.008)
    assert row["company"] == pytest.approx(total * 0.04 / 0.15, abs=0.008)


def test_what_was_paid_out_is_a_part_of_its_own() -> None:
    closes = made(index_fall=-0.05)
    paid = list(closes["S0"])
    paid[-3:] = [value * 0.9 for value in paid[-3:]]  # the price loses a tenth, the return does not
    total = [value * 0.9 for value in closes["S0"][:-3]] + paid[-3:]
    row = parts_of(bars({**closes, "S0": paid}, {"S0": total}))
    assert row["dividends"] == pytest.approx(np.log(0.9) * row["dip"] / np.log1p(row["dip"]), abs=1e-9)
    assert abs(row["company"]) < 0.01 and whole(row) == pytest.approx(row["dip"], abs=1e-12)
    unknown = parts_of(bars({**closes, "S0": paid}, {"S0": [None] * COUNT}))
    assert unknown["dividends"] is None and unknown["company"] < -0.08
    assert whole(unknown) == pytest.approx(unknown["dip"], abs=1e-12)


def test_the_fall_itself_does_not_make_the_beta() -> None:
    calm, wild = made(index_fall=-0.05), made(index_fall=-0.05)
    shift = np.cumsum([-0.04, 0.02, -0.06, 0.03, -0.05, 0.02, -0.03, -0.02, -0.01, -0.02])
    wild["S0"][-FALL:] = list(wild["S0"][-FALL - 1] * np.exp(shift))
    assert parts_of(bars(calm))["beta"] == pytest.approx(parts_of(bars(wild))["beta"], abs=1e-9)


def test_what_cannot_be_told_is_unknown_with_its_reason() -> None:
    closes = made(index_fall=-0.06)
    few = parts_of(bars(closes), "U0")
    assert few["sector"] is None and few["peers"] == 2 and "includes the sector" in few["why_unknown"]
    assert whole(few) == pytest.approx(few["dip"], abs=1e-12)
    alone = parts_of(bars({name: values for name, values in closes.items() if name != "SPY"}))
    assert {alone[name] for name in PARTS} == {None} and "no beta" in alone["why_unknown"]
    young = {**closes, "S0": [None] * (COUNT - 100) + closes["S0"][-100:]}
    assert parts_of(bars(young))["market"] is None, "90 returns before the high make no beta"


def test_today_is_not_split_before_enough_of_it_is_known() -> None:
    closes = made(sector_fall=-0.08)
    day = sessions(COUNT + 1)[-1]
    lone = pl.DataFrame({"symbol": ["S0"], "price": [closes["S0"][-1] * 0.95], "day": [day]})
    row = parts_of(bars(closes), prices=lone)
    assert row["today"] < -0.04 and row["sector"] < -0.07 and whole(row) == pytest.approx(row["dip"], abs=1e-12)
    everyone = pl.DataFrame({"symbol": list(closes), "price": [values[-1] * 0.95 for values in closes.values()],
                             "day": [day] * len(closes)})
    split = parts_of(bars(closes), prices=everyone)
    assert split["today"] == 0.0 and split["market"] < -0.05 and whole(split) == pytest.approx(split["dip"], abs=1e-12)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 1000), st.integers(330, 519))
def test_parts_add_up_and_nothing_later_matters(seed: int, known: int) -> None:
    frame = market(seed=seed)
    sector: dict[str, str | None] = {f"S{n:02d}": "One" if n < 7 else "Two" for n in range(12)}
    day = sessions(520)[known]
    shaken = frame.with_columns(
        pl.when(pl.col("date") > day).then(pl.col(name) * (0.5 + (pl.col("date").dt.day() % 5))).otherwise(name).alias(name)
        for name in ("close", "adjusted_close"))
    results = []
    for each in (grid(shaken, as_of=day), grid(frame.filter(pl.col("date") <= day))):
        falls = scan(each, 0.02)
        results.append(attribute(each, falls, sector))
        for row, dip in zip(results[-1].to_dicts(), falls["dip"], strict=True):
            if row["market"] is not None:
                assert whole(row) == pytest.approx(dip, abs=1e-12)
        assert results[-1]["market"].null_count() < results[-1].height
    assert results[0].equals(results[1])


def test_no_dips_no_causes() -> None:
    each = grid(market())
    assert attribute(each, scan(each, 0.9), {}).is_empty()
