"""Past chains fit each other from day to day, planted trades show on the next morning, volatilities are those of the chains."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from terminal.domain.options.pricing import price_chain
from terminal.domain.schemas import CHAINS
from terminal.domain.volatility import measure
from terminal.providers.demo import option_history
from terminal.providers.demo.activity import Noise
from terminal.providers.demo.chains import RATE, Options, planted_flow
from terminal.providers.demo.listing import Listing
from terminal.providers.demo.newest import Shelf

if TYPE_CHECKING:
    from pathlib import Path

    from terminal.providers.demo.newest import LastDay
    from terminal.providers.demo.world import World

SYMBOLS = ("SPY", "IWM")


@pytest.fixture(scope="module")
def last(listing: Listing) -> LastDay:
    return listing.last_day()


@pytest.fixture(scope="module")
def market(last: LastDay) -> Options:
    return Options(last.recipe, last.calendar, last.tape)


@pytest.fixture(scope="module")
def pair(market: Options) -> pl.DataFrame:
    """Two sessions side by side, of some symbols."""
    symbols = (*SYMBOLS, *option_history.archived(market)[3:6])
    both = [pl.concat([market.chain(symbol, position) for symbol in symbols]) for position in (-2, -1)]
    return both[0].join(both[1], on=["contract", "symbol", "expiry", "strike", "right"], suffix="_next")


def test_a_chain_is_a_chain(market: Options) -> None:
    frame = market.chain("SPY")
    checked = CHAINS.validate(frame)
    assert checked.refused.is_empty()
    assert frame.height > 800
    assert frame["contract"].is_unique().all()
    assert frame.filter((pl.col("volume") > 0) != pl.col("last_at").is_not_null()).is_empty()
    assert (frame["last_at"].drop_nulls() <= frame["at"][0]).all()


def test_open_interest_never_changes_by_more_than_was_traded(pair: pl.DataFrame) -> None:
    change = (pair["open_interest_next"] - pair["open_interest"]).abs()
    assert (change <= pair["volume"]).all()
    assert 0.005 < change.sum() / pair["open_interest"].sum() < 0.25


def test_what_is_listed_stays_listed(market: Options, pair: pl.DataFrame) -> None:
    first = pl.concat([market.chain(symbol, -2) for symbol in (*SYMBOLS, *option_history.archived(market)[3:6])])
    alive = first.filter(pl.col("expiry") > market.tape.days[-1])
    kept = alive.join(pair, on="contract", how="semi")
    assert kept.height > 0.85 * alive.height
    assert kept["open_interest"].sum() > 0.95 * alive["open_interest"].sum()


def test_planted_trades_show_on_the_next_morning(market: Options) -> None:
    found = [each for each in option_history.followed(market, 6) if each.next_open_interest is not None]
    assert len(found) >= 15
    assert {each.flow.kind for each in found} == {"opened", "closed", "passed", "decoy"}
    for each in found:
        flow = each.flow
        assert each.next_open_interest is not None
        assert each.next_open_interest - flow.open_interest == flow.change
        assert abs(flow.change) <= flow.volume
        assert each.after[1] is not None
        assert each.after[20] is None


def test_a_day_is_the_same_from_every_later_evening(world: World, market: Options) -> None:
    earlier = Listing(world, len(world.days) - 1).last_day()
    assert earlier.end == market.tape.days[-2]
    shared = [symbol for symbol in earlier.tape.symbols if symbol in market.tape.symbols][:4]
    before = Options(earlier.recipe, earlier.calendar, earlier.tape)
    for symbol in shared:
        assert before.chain(symbol).equals(market.chain(symbol, -2))
        assert before.flows(symbol) == market.flows(symbol, -2)
    assert {flow.day for flow in planted_flow(earlier)} == {earlier.end}


def test_unusual_trading_is_rare_unless_it_is_planted(market: Options) -> None:
    chains = pl.concat([market.chain(symbol, -position) for symbol in SYMBOLS for position in range(1, 5)])
    planted = {flow.contract for symbol in SYMBOLS for position in range(1, 25) for flow in market.flows(symbol, -position)}
    busy = chains.filter((pl.col("volume") > pl.col("open_interest")) & (pl.col("volume") >= 500))
    assert busy.filter(~pl.col("contract").is_in(list(planted))).height <= 3


def test_volatilities_are_those_of_the_chains(market: Options) -> None:
    rows = option_history.volatilities(market, 2)
    assert rows["symbol"].unique(maintain_order=True).to_list() == list(option_history.archived(market))
    near = {"iv30": 0.004, "iv90": 0.004, "iv365": 0.006, "rr25": 0.006, "bf25": 0.004, "slope": 0.006}
    for symbol in ("IWM",):
        seen = measure(price_chain(market.chain(symbol), rate=lambda _: RATE))
        told = rows.filter(pl.col("symbol") == symbol).row(-1, named=True)
        assert told["day"] == market.tape.days[-1]
        for name, room in near.items():
            assert seen[name] == pytest.approx(told[name], abs=room), name


def test_two_symbols_are_watched_since_shortly(market: Options) -> None:
    counts = option_history.volatilities(market).group_by("symbol").len()
    assert sorted(counts["len"].to_list()) == [90, 90, *[262] * 11]
    hv = option_history.volatilities(market, 1).filter(pl.col("symbol") == "SPY")["hv20"][0]
    closes = market.tape.close[-21:, 0]
    assert hv == pytest.approx(np.diff(np.log(closes)).std(ddof=1) * np.sqrt(252))


def test_past_chains_are_made_for_the_days_that_are_wanted(market: Options) -> None:
    days = option_history.sessions(market)
    assert len(days) == 36
    made = option_history.past_chains(market, "IWM", {days[0], days[-1]})
    assert made["at"].dt.date().unique().sort().to_list() == [days[0], days[-1]]


def test_the_tape_is_kept_from_one_start_to_the_next(last: LastDay, tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.save(last, (date(2026, 11, 20), 0), None)
    again = shelf.load((date(2026, 11, 20), 0), None)
    assert again is not None
    assert again.tape.symbols == last.tape.symbols
    assert again.tape.days == last.tape.days
    assert np.array_equal(again.tape.close, last.tape.close)
    assert (tmp_path / "newest.npz").stat().st_size < 1_500_000


def test_noise_is_even_and_bounded(market: Options) -> None:
    grid = market._grid(len(market.tape.days) - 1, 0)
    noise = Noise(7, "SPY", grid)
    values, even = noise.normal(1, 3), noise.uniform(2)
    assert abs(values.mean()) < 0.1
    assert values.std() == pytest.approx(1, abs=0.08)
    assert np.abs(values).max() < 3.5
    assert even.mean() == pytest.approx(0.5, abs=0.05)
    assert not np.array_equal(noise.normal(1, 4), values)
    assert np.array_equal(Noise(7, "SPY", grid).normal(1, 3), values)
