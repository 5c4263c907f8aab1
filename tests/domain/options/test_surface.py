"""The surface of a priced chain: known surfaces are found again, and what cannot be known stays unknown."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from terminal.domain.options import price
from terminal.domain.options.pricing import price_chain
from terminal.domain.options.surface import Surface, smiles
from terminal.domain.options.svi import Svi
from terminal.domain.schemas import CHAINS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

AT = datetime(2026, 11, 20, 21, tzinfo=UTC)
SPOT, RATE = 100.0, 0.04


def curve(years: float) -> Svi:
    """A surface without free money: total variance grows with time at every strike."""
    return Svi(0.02 * years, 0.12 * years**0.8, -0.4, 0.02, 0.1 + 0.1 * years)


def chain(
    days: Sequence[int], strikes: np.ndarray, smile: Callable[[float], Svi] = curve, spread: float = 0.01, symbol: str = "SPX"
) -> pl.DataFrame:
    """CHAINS of European options (SPXW) at prices of the surface, bid and ask a share of the price apart."""
    rows: list[dict[str, Any]] = []
    for each in days:
        expiry = date(2026, 11, 20) + timedelta(days=each)
        years = each / 365
        forward = SPOT * math.exp(RATE * years)
        iv = np.sqrt(smile(years).variance(np.log(strikes / forward)) / years)
        for right in "CP":
            side = np.full(len(strikes), right == "C")
            value = price(spot=SPOT, strike=strikes, years=years, volatility=iv, rate=RATE, call=side)
            for strike, worth in zip(strikes.tolist(), value.tolist(), strict=True):
                half, name = max(0.0002, worth * spread / 2), f"{symbol}W{expiry:%y%m%d}{right}{round(strike * 1000):08d}"
                rows.append({"symbol": f"^{symbol}", "at": AT, "expiry": expiry, "strike": strike, "right": right,
                             "contract": name, "bid": max(worth - half, 0.0), "ask": worth + half, "last": worth,
                             "volume": 10.0, "open_interest": 100.0, "iv": None,
                             "delta": None, "underlying_price": SPOT})  # fmt: skip
    frame = pl.DataFrame(rows, schema_overrides={"at": CHAINS.columns["at"], "iv": pl.Float64, "delta": pl.Float64})
    absent = [pl.lit(None, dtype=kind).alias(name) for name, kind in CHAINS.columns.items() if name not in frame.columns]
    return frame.with_columns(absent).select(*CHAINS.columns)


def surface(frame: pl.DataFrame) -> Surface:
    return smiles(price_chain(frame, rate=lambda _: RATE))


@pytest.fixture(scope="module")
def made() -> Surface:
    return surface(chain((14, 35, 91, 182, 364), np.arange(70.0, 136.0, 1.5)))


def test_a_surface_is_found_again(made: Surface) -> None:
    assert [round(smile.days) for smile in made.smiles] == [14, 35, 91, 182, 364]
    for smile in made.smiles:
        assert smile.curve is not None
        k = smile.quotes["moneyness"].to_numpy()
        true = np.sqrt(curve(smile.years).variance(k) / smile.years)
        assert np.abs(smile.iv(k) - true).max() < 4e-4
        assert smile.error is not None and smile.error < 4e-4 and smile.inside == 1
        assert smile.butterfly_free and smile.density is not None and smile.density > 0
    assert [smile.calendar_free for smile in made.smiles] == [None, True, True, True, True]


def test_any_strike_and_time_between(made: Surface) -> None:
    for strike, days in ((95.0, 35), (110.0, 91), (80.0, 182)):
        years = days / 365
        k = math.log(strike / (SPOT * math.exp(RATE * years)))
        true = math.sqrt(float(curve(years).variance(np.array([k]))[0]) / years)
        assert made.iv_at(strike, years) == pytest.approx(true, abs=5e-4)
    low, high = made.iv_at(100.0, 35 / 365), made.iv_at(100.0, 91 / 365)
    between = made.iv_at(100.0, 60 / 365)
    assert low is not None and high is not None and between is not None
    assert 35 * low**2 < 60 * between**2 < 91 * high**2, "total variance grows"
    assert made.at_the_money(60) == made.measured["iv60"]


def test_nothing_is_said_far_outside(made: Surface) -> None:
    assert made.iv_at(100.0, 5.0) is None and made.iv_at(100.0, 1 / 365) is None
    assert made.iv_at(10.0, 0.25) is None and made.iv_at(1_000.0, 0.25) is None
    assert made.iv_at(-5.0, 0.25) is None and made.iv_at(100.0, -1.0) is None


def test_a_grid_for_pictures(made: Surface) -> None:
    grid = made.grid((-0.9, -0.1, 0.0, 0.1))
    assert grid.shape == (5, 4) and np.isnan(grid[:, 0]).all()
    assert grid[2, 2] == pytest.approx(made.iv_at(made.smiles[2].forward, made.smiles[2].years))


def test_a_later_expiry_with_less_variance_is_told() -> None:
    shrinking = lambda years: curve(0.3 if years < 0.2 else 0.2)  # noqa: E731
    found = surface(chain((35, 91), np.arange(75.0, 130.0, 2.5), shrinking))
    assert found.smiles[1].calendar_free is False
    assert found.smiles[1].calendar is not None and -0.6 < found.smiles[1].calendar < -0.2


def test_three_strikes_are_a_line_and_no_curve() -> None:
    found = surface(chain((35,), np.array([95.0, 100.0, 105.0])))
    smile = found.smiles[0]
    assert smile.curve is None and smile.reason == "a curve needs 6 strikes, 3 can be used"
    assert smile.error is None and smile.butterfly_free is None and smile.calendar_free is None
    assert smile.call25 is None and smile.rr25 is None and smile.bf25 is None and smile.skew25 is None
    between = found.iv_at(97.5, 35 / 365)
    assert between is not None and 0.1 < between < 0.9
    assert found.iv_at(94.0, 35 / 365) is None, "no curve, nothing beyond its strikes"


def test_holes_and_a_dead_side_leave_the_rest() -> None:
    frame = chain((35,), np.arange(70.0, 136.0, 2.5))
    holes = pl.col("strike").is_between(84, 93) | ((pl.col("strike") > 104) & (pl.col("right") == "C"))
    dead = frame.with_columns(pl.when(holes).then(0.0).otherwise("bid").alias("bid"))
    smile = surface(dead).smiles[0]
    assert smile.curve is not None
    k = np.log(np.array([88.0, 98.0, 102.0]) / smile.forward)
    assert smile.iv(k) == pytest.approx(np.sqrt(curve(smile.years).variance(k) / smile.years), abs=3e-3)


def test_a_chain_without_a_usable_quote_has_no_smile() -> None:
    frame = chain((35, 91), np.arange(90.0, 111.0, 5.0)).with_columns(bid=pl.lit(0.0), ask=pl.lit(0.0))
    found = surface(frame)
    assert found.smiles == () and found.iv_at(100.0, 0.1) is None
    assert found.grid((0.0,)).shape == (0, 1)


@pytest.mark.real
@pytest.mark.parametrize(("symbol", "level"), [pytest.param("AAPL", 0.24, marks=pytest.mark.slow), ("KO", 0.176)])
def test_recorded_chains(shared: Path, symbol: str, level: float) -> None:
    """Whole chains of 22 August 2026: nearly all smiles get a curve, close to the quotes, without a free butterfly."""
    told = json.loads((shared / "payloads" / "market" / f"chain_{symbol}_2026-08-22.json").read_text())
    rows = [
        {"symbol": symbol, "at": datetime(2026, 8, 21, 20, tzinfo=UTC), "expiry": date.fromisoformat(each["expiration"]),
         "strike": each["strike"], "right": each["side"][0].upper(), "contract": each["symbol"], "bid": each["bid"],
         "ask": each["ask"], "last": each["last"], "volume": each["volume"], "open_interest": each["openInterest"],
         "iv": each["iv"], "delta": each["delta"], "underlying_price": told["underlyingPrice"]} for each in told["quotes"]
    ]  # fmt: skip
    frame = pl.DataFrame(rows, infer_schema_length=None).with_columns(pl.col("at").cast(CHAINS.columns["at"]))
    absent = [pl.lit(None, dtype=kind).alias(name) for name, kind in CHAINS.columns.items() if name not in frame.columns]
    found = surface(frame.with_columns(absent))
    curves = [smile for smile in found.smiles if smile.curve is not None]
    assert len(curves) >= 0.8 * len(found.smiles) and len(curves) >= 12
    assert all(smile.error is not None and smile.error < 0.012 for smile in curves)
    assert float(np.median([smile.error for smile in curves])) < 0.004
    assert float(np.median([smile.inside for smile in curves if smile.inside is not None])) > 0.85
    assert sum(bool(smile.butterfly_free) for smile in curves) >= len(curves) - 1
    assert found.measured["iv30"] == pytest.approx(level, abs=0.01)
    assert found.measured["rr25"] is not None and found.measured["rr25"] < 0, "puts cost more"


@pytest.mark.real
def test_a_recorded_chain_of_an_index_agrees_with_its_exchange(shared: Path) -> None:
    """RUT of 20 September 2023, 3,960 contracts of two roots, with the 30-day volatility that Cboe itself states."""
    from terminal.providers.cboe_parse import parse_chain

    body = (shared / "payloads" / "cboe" / "delayed_quotes_options__RUT_20230921_a.json").read_bytes()
    told = parse_chain(body, "^RUT", "RUT")
    found = smiles(price_chain(told.contracts, rate=lambda _: 0.053))
    stated = float(told.facts.filter(pl.col("item") == "iv30")["value"][0])
    assert found.measured["iv30"] == pytest.approx(stated, abs=0.01)
    assert all(smile.curve is not None and smile.butterfly_free for smile in found.smiles) and len(found.smiles) == 15
    assert {smile.root for smile in found.smiles} == {"RUT", "RUTW"}
    assert max(smile.error or 0.0 for smile in found.smiles) < 0.003, "three tenths of a point at most"
    assert min(smile.inside or 0.0 for smile in found.smiles) > 0.75
    assert [smile.expiry for smile in found.smiles if smile.calendar_free is False] == [date(2023, 12, 15)]
    assert all(one.expires <= other.expires for one, other in zip(found.smiles, found.smiles[1:], strict=False))
