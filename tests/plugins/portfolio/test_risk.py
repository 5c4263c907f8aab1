"""What is held as positions with a history: other currencies, options priced anew, words and lights."""

from __future__ import annotations

import math
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from plugins.portfolio.risk import words
from plugins.portfolio.risk.options import curve
from terminal.app import App
from terminal.domain import options
from terminal.domain.risk.grading import Grade
from terminal.domain.whatif.book import Contract, Position

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from terminal.paths import Home
    from tests.conftest import Clock

LAST = date(2026, 11, 20)
DAYS = [day for day in (date(2026, 1, 1) + timedelta(days=place) for place in range(324)) if day.weekday() < 5 and day <= LAST]


def _level(seed: int, start: float, swing: float) -> np.ndarray:
    return start * np.exp(np.cumsum(np.random.default_rng(seed).standard_normal(len(DAYS)) * swing))


SERIES = {"SPY": _level(1, 600, 0.008), "SAP.DE": _level(2, 200, 0.015), "EURUSD=X": _level(3, 1.1, 0.005)}


@pytest.fixture
def live(live_home: Home, clock: Clock, tmp_path: Path) -> Iterator[App]:
    """A live market with three written series."""
    app = App(live_home, demo=False, clock=clock)
    for symbol, level in SERIES.items():
        path = tmp_path / f"{symbol.replace('=', '')}.csv"
        rows = [f"{day},{value:.6f},{value:.6f},{value:.6f},{value:.6f},1000" for day, value in zip(DAYS, level, strict=True)]
        path.write_text("\n".join(["Date,Open,High,Low,Close,Volume", *rows]), "utf-8")
        currency = "EUR" if symbol == "SAP.DE" else "USD"
        app.run("market.import", {"file": path, "as_": "bars", "symbol": symbol, "currency": currency})
    yield app
    app.close()


def _hold(app: App, account: str, currency: str, *bookings: dict[str, Any]) -> None:
    app.run("portfolio.account_create", {"name": account, "currency": currency})
    for each in bookings:
        app.run("portfolio.add", {"account": account, "day": "2026-11-02", **each})


def test_what_is_kept_in_another_currency_moves_with_its_rate(live: App) -> None:
    _hold(live, "Here", "EUR", {"kind": "deposit", "amount": "5000"},
          {"kind": "buy", "symbol": "SAP.DE", "quantity": "10", "price": "200"})  # fmt: skip
    asked = {"part": "positions", "currency": "USD", "days": 200}
    rows = {row["symbol"]: row for row in live.run("portfolio.risk", asked).rows()}
    share, rate = SERIES["SAP.DE"][-201:], SERIES["EURUSD=X"][-201:]
    both = (share[1:] * rate[1:]) / (share[:-1] * rate[:-1]) - 1
    assert rows["SAP.DE"]["volatility"] == pytest.approx(both.std(ddof=1) * 252**0.5, rel=1e-4)
    moves = rate[1:] / rate[:-1] - 1
    assert rows["EUR cash"]["volatility"] == pytest.approx(moves.std(ddof=1) * 252**0.5, rel=1e-4)
    assert rows["EUR cash"]["worth"] == pytest.approx(3000 * rate[-1], rel=1e-4)
    own = {row["symbol"]: row for row in live.run("portfolio.risk", {"part": "positions", "days": 200}).rows()}
    alone = share[1:] / share[:-1] - 1
    assert set(own) == {"SAP.DE"} and own["SAP.DE"]["volatility"] == pytest.approx(alone.std(ddof=1) * 252**0.5, rel=1e-4)


def test_liquidity_counts_days_of_average_volume(live: App) -> None:
    _hold(live, "Here", "USD", {"kind": "deposit", "amount": "500000"},
          {"kind": "buy", "symbol": "SPY", "quantity": "750", "price": "600"})  # fmt: skip
    (row,) = live.run("portfolio.risk", {"part": "liquidity", "days": 200}).rows()
    assert (row["volume"], row["days_10"], row["days_20"]) == (1000.0, 7.5, 3.75)
    found = {each["figure"]: each for each in live.run("portfolio.risk", {"days": 200}).rows()}
    assert found["Days to sell"]["state"] == "high" and "SPY takes longest: about 7.5 days" in found["Days to sell"]["says"]


def _option(units: float, call: bool, volatility: float = 0.25) -> Position:
    contract = Contract(100.0, call, True, 0.25, volatility, 0.04, 0.0)
    return Position("X", "X", units, 98.0, 0.9, 0.0, 1.0, contract=contract)


def test_an_option_is_worked_out_anew() -> None:
    put = curve(_option(100.0, call=False))
    assert put is not None
    terms: dict[str, Any] = {"strike": 100.0, "years": 0.25, "volatility": 0.25, "rate": 0.04, "call": False, "american": True}
    now, there = (float(options.price(spot=spot, **terms)) for spot in (98.0, 98.0 * 0.8))
    assert put.at(np.array([0.0, -0.2])) == pytest.approx([0.0, (there - now) * 90.0], abs=0.05)
    assert put.at(np.array([2.0]))[0] == pytest.approx(-now * 90.0, rel=1e-6), "no more is lost than was paid"
    small = 1e-3
    slope = (put.at(np.array([small]))[0] - put.at(np.array([-small]))[0]) / (2 * small)
    assert put.amount < 0 and slope == pytest.approx(put.amount, rel=0.01)
    short = curve(_option(-100.0, call=True))
    assert short is not None and short.at(np.array([0.5]))[0] < 2.5 * short.at(np.array([0.2]))[0] < 0
    assert curve(_option(1.0, call=True, volatility=math.nan)) is None


def test_lights_have_three_colours_and_a_way_out() -> None:
    assert [words.light("var", each) for each in (0.01, 0.02, 0.05, None)] == ["calm", "watch", "high", "unknown"]
    assert [words.light("effective", each) for each in (12.0, 5.0, 2.0)] == ["calm", "watch", "high"]
    assert words.light("max_drawdown", -0.4) == "high" and words.light("beta", -1.2) == "watch"


def test_sentences_say_the_figures() -> None:
    assert words.bad_day(420.4, 0.012, 0.95, 1, "USD") == \
        "On a bad day - one day in twenty - you would lose about $420 (1.2\u202f%) or more."  # fmt: skip
    assert "ten" in words.bad_day(420.4, None, 0.9, 1, "USD")
    assert "stretch of 10 days" in words.bad_day(420, None, 0.95, 10, "USD")
    assert "would not have lost anything" in words.bad_day(-3.0, None, 0.95, 1, "USD")
    assert words.often(0.93) == "7.0\u202f% of all days"
    assert words.follows(-50.0, -0.005, 0.01, "SPY", "USD").startswith(
        "For each 1\u202f% that the market (SPY) falls, you would lose about $50.00 (0.5\u202f%), at unchanged volatility.")
    assert "gain" in words.follows(50.0, None, 0.01, "SPY", "USD")
    assert words.spread(1.0, 1) == "Everything is in one position."
    bad = Grade("historical", 250, 30, 12.5, 0.001, 0.2, 0.002, 3)
    assert words.trusted(bad, 0.95)[0] == "high" and "it says too little" in words.trusted(bad, 0.95)[1]
    assert "two years of three" in words.swings(0.2, 0.1, "SPY") and "2.0 times" in words.swings(0.2, 0.1, "SPY")
