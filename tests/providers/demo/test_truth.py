"""The ground truth can be found again in the frames by those who look, and nowhere else."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from terminal.providers.demo.chains import chains, optionable
from terminal.providers.demo.funds import duration_of
from terminal.providers.demo.truth import Truth, truth

if TYPE_CHECKING:
    from collections.abc import Mapping

    from terminal.providers.demo.listing import Listing

END = date(2026, 11, 20)


@pytest.fixture(scope="module")
def known() -> Truth:
    return truth(None, END)


@pytest.fixture(scope="module")
def closes(seeded: Mapping[str, list[pl.DataFrame]]) -> pl.DataFrame:
    return seeded["bars"][0].pivot(on="symbol", index="date", values="close").sort("date")


def test_estimated_betas_agree_with_the_true_ones(known: Truth, closes: pl.DataFrame) -> None:
    symbols = list(known.beta)
    moves = np.diff(np.log(closes.select("SPY", *symbols).to_numpy()), axis=0)
    market = moves[:, 0] - moves[:, 0].mean()
    estimated = (moves[:, 1:] * market[:, None]).sum(axis=0) / (market**2).sum()
    true = np.array([known.beta[symbol] for symbol in symbols])
    assert np.corrcoef(estimated, true)[0, 1] > 0.9
    assert abs(float(np.median(estimated / true)) - 1) < 0.25


def test_returns_have_fat_tails_and_clustered_volatility(closes: pl.DataFrame, known: Truth) -> None:
    moves = np.diff(np.log(closes.select(list(known.beta)).to_numpy()), axis=0)
    scaled = (moves - moves.mean(axis=0)) / moves.std(axis=0)
    assert np.median((scaled**4).mean(axis=0)) > 4.5  # 3 for the normal distribution
    size = np.abs(scaled) - np.abs(scaled).mean(axis=0)
    assert np.median((size[1:] * size[:-1]).mean(axis=0) / (size**2).mean(axis=0)) > 0.05


def test_volume_grows_with_the_move(seeded: Mapping[str, list[pl.DataFrame]]) -> None:
    rows = (
        seeded["bars"][0]
        .with_columns(
            (pl.col("close") / pl.col("close").shift(1).over("symbol") - 1).abs().alias("move"),
            (pl.col("volume") / pl.col("volume").mean().over("symbol")).alias("busy"),
        )
        .drop_nulls("move")
    )
    assert rows.select(pl.corr("move", "busy", method="spearman")).item() > 0.2


def test_the_bear_phase_is_a_bear_phase(known: Truth, closes: pl.DataFrame) -> None:
    assert [name for _, name in known.phases][:2] == ["bull", "bear"]
    spy = closes["SPY"]
    fall = (spy / spy.cum_max() - 1).filter(closes["date"] < date(2023, 1, 1)).min()
    assert isinstance(fall, float)
    assert -0.45 < fall < -0.18


def test_planted_dips_show_in_prices(known: Truth, closes: pl.DataFrame) -> None:
    dips = [each for each in known.events if each.kind == "company dip" and each.complete and each.first > date(2022, 1, 3)]
    assert len(dips) > 200
    days = closes["date"]
    falls = []
    for dip in dips:
        start, end = days.search_sorted(dip.first) - 1, days.search_sorted(dip.last)
        falls.append(float(np.log(closes[dip.symbol][end] / closes[dip.symbol][start])) - dip.size)
    assert abs(float(np.median(falls))) < 0.01
    assert {each.kind for each in known.events} == {"company dip", "sector dip", "market dip", "breakout", "double bottom"}
    assert all(each.cause for each in known.events if each.kind.endswith("dip"))


def test_planted_breakouts_leave_a_narrow_base_with_volume(
    known: Truth, closes: pl.DataFrame, seeded: Mapping[str, list[pl.DataFrame]]
) -> None:
    outs = [each for each in known.events if each.kind == "breakout" and each.complete and date(2022, 6, 1) < each.first]
    assert len(outs) > 100
    volume = seeded["bars"][0].pivot(on="symbol", index="date", values="volume").sort("date")
    moves, crowds = [], []
    for out in outs:
        at = closes["date"].search_sorted(out.last)
        moves.append(closes[out.symbol][at] / closes[out.symbol][at - 1] - 1)
        crowds.append(volume[out.symbol][at] / volume[out.symbol][at - 20 : at].mean())
    assert np.median(moves) > 0.05
    assert np.median(crowds) > 2.5


def test_planted_flow_is_in_the_chains(known: Truth, listing: Listing) -> None:
    assert len(known.flow) >= 5
    frame = chains(listing.last_day(), tuple({each.symbol for each in known.flow}))
    for flow in known.flow:
        row = frame.filter(pl.col("contract") == flow.contract).row(0, named=True)
        assert (row["volume"], row["open_interest"]) == (flow.volume, flow.open_interest)
        assert flow.volume > (0.5 if flow.kind == "closed" else 5) * flow.open_interest
        assert row["last"] == (row["ask"] if flow.bought else row["bid"])


def test_chains_are_free_of_arbitrage_between_calls_and_puts(listing: Listing) -> None:
    able = optionable(listing.last_day())
    assert able[:3] == ("SPY", "QQQ", "IWM")
    frame = chains(listing.last_day(), ("SPY", "IWM", able[3]))
    assert frame["expiry"].n_unique() >= 15
    assert set(frame["expiry"].dt.weekday()) <= {4, 5}
    assert date(2026, 11, 27) in frame["expiry"].to_list()
    assert (frame["bid"] <= frame["ask"]).all()
    calls, puts = (frame.filter(pl.col("right") == right) for right in ("C", "P"))
    both = calls.join(puts, on=["symbol", "expiry", "strike"], suffix="_put")
    years = (both["expiry"] - pl.Series([END])).dt.total_days() / 365
    # They may be exercised early: S - K <= C - P <= S - K e^(-rT), within the spread and the noise of the two volatilities.
    middle = (both["bid"] + both["ask"]) / 2 - (both["bid_put"] + both["ask_put"]) / 2
    room = (both["ask"] - both["bid"]) + (both["ask_put"] - both["bid_put"]) + 0.005 * both["underlying_price"]
    assert (middle > both["underlying_price"] - both["strike"] - room).all()
    assert (middle < both["underlying_price"] - both["strike"] * np.exp(-0.038 * years.to_numpy()) + room).all()
    near = frame.filter((pl.col("strike") / pl.col("underlying_price")).is_between(0.85, 0.9) & (pl.col("symbol") == "SPY"))
    far = frame.filter((pl.col("strike") / pl.col("underlying_price")).is_between(1.05, 1.1) & (pl.col("symbol") == "SPY"))
    assert near["iv"].mean() > far["iv"].mean()  # the skew of an index


def test_duration_of_a_par_bond() -> None:
    """A 10-year 6 % bond at par with semi-annual coupons: modified duration (1 - 1.03^-20) / 0.06 = 7.4387."""
    assert duration_of(0.06, 0.06, 10.0) == pytest.approx(7.4387, abs=1e-3)


def test_the_market_s_frames_hold_no_truth(seeded: Mapping[str, list[pl.DataFrame]], known: Truth) -> None:
    columns = {name for frames in seeded.values() for frame in frames for name in frame.columns}
    assert not columns & {"beta", "size", "cause", "lasting", "kind_of_plant", "phase"}
    facts = seeded["facts"][0]
    assert "beta" not in facts["item"].unique().to_list()
    assert len(known.beta) == 500
