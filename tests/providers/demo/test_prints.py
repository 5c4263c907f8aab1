"""Trades of a session: what the frame promises, and that each planted group is what it is said to be."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import polars as pl
import pytest

from terminal.domain.flow.prints import OPTION_TRADES
from terminal.providers.demo import DemoProvider
from terminal.providers.demo.chains import Options
from terminal.providers.demo.prints import DECOYS, Planted, option_trades

SYMBOLS = ("SPY", "IWM")
Made = tuple[Options, pl.DataFrame, tuple[Planted, ...]]


@pytest.fixture(scope="module")
def made() -> Made:
    market = DemoProvider(lambda: datetime(2026, 11, 20, 22, tzinfo=UTC)).options()
    return market, *option_trades(market, SYMBOLS)


def rows(trades: pl.DataFrame, plant: Planted) -> list[dict[str, object]]:
    return trades.filter(pl.col("id").is_in(list(plant.ids))).sort("at", "id").to_dicts()


def test_the_frame_is_one_of_option_trades(made: Made) -> None:
    market, trades, _ = made
    assert OPTION_TRADES.validate(trades).refused.is_empty()
    assert trades.columns == list(OPTION_TRADES.columns)
    assert sum(trades.null_count().row(0)) == 0
    assert trades["id"].is_unique().all()
    assert trades["at"].is_sorted()
    assert trades.height > 2500
    assert (trades["bid"] < trades["ask"]).all()
    assert trades.filter(~pl.col("price").is_between("bid", "ask")).is_empty()
    day = market.tape.days[-1]
    opened, closed = market.calendar.session_open(day), market.calendar.session_close(day)
    assert trades["at"].is_between(opened, closed).all()
    so_far = trades.select(pl.col("volume").diff().over("contract").min())["volume"][0]
    assert so_far >= 0


def test_planted_groups_are_what_they_are_said_to_be(made: Made) -> None:
    _, trades, plants = made
    assert len(plants) == 24
    for plant in plants:
        found = rows(trades, plant)
        first, last = found[0]["at"], found[-1]["at"]
        milliseconds = (last - first).total_seconds() * 1000  # type: ignore[operator]
        assert plant.at == first
        assert plant.size == sum(each["size"] for each in found)  # type: ignore[misc]
        if plant.kind == "sweep":
            assert len({each["exchange"] for each in found}) >= 4
            assert milliseconds < 250
            assert plant.premium > 30_000
            assert plant.bought is not None
        elif plant.kind == "block":
            assert len(found) == 1
            assert plant.size >= 500
        elif plant.kind == "spread":
            assert milliseconds == 0
            assert len({(each["exchange"], each["size"]) for each in found}) == 1
            assert len(plant.contracts) == 2
        elif plant.kind == "repeated":
            assert len(found) == 6
            assert all((b["at"] - a["at"]).total_seconds() > 20 for a, b in pairwise(found))  # type: ignore[operator]
            assert milliseconds < 600_000
        elif plant.kind == "both sides":
            assert plant.bought is None
        elif plant.kind == "cancelled":
            assert found[0]["conditions"] == "CANC"
    assert {plant.kind for plant in plants} >= DECOYS


def test_planted_contracts_have_no_other_trades(made: Made) -> None:
    _, trades, plants = made
    theirs = {contract for plant in plants for contract in plant.contracts}
    ids = {each for plant in plants for each in plant.ids}
    assert set(trades.filter(pl.col("contract").is_in(list(theirs)))["id"]) == ids
    usual = trades.filter(~pl.col("id").is_in(list(ids)))
    assert usual["size"].max() <= 120  # type: ignore[operator]


def test_the_same_session_is_the_same_again(made: Made) -> None:
    market, trades, plants = made
    again, others = option_trades(market, SYMBOLS)
    assert again.equals(trades)
    assert others == plants
    earlier, _ = option_trades(market, ("IWM",), position=-3, usual=50)
    assert earlier["at"].dt.date().unique().to_list() == [market.tape.days[-3]]
