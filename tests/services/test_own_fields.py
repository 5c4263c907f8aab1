"""Working through a market in blocks, and again only what changed, gives what one pass over everything gives."""

from __future__ import annotations

import shutil
from datetime import date, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from terminal.domain.features import Inputs, features
from terminal.domain.fetch import Fetch
from terminal.services import own_fields
from tests.conftest import NOW


def at_once(market, as_of=None):
    day = as_of or market.today()
    bars = market.bars(None, day - timedelta(366 * 6), as_of=as_of)
    parts = {name: getattr(market, name)(None, as_of) for name in
             ("instruments", "quotes", "facts", "dividends", "splits", "earnings")}
    return features(Inputs(bars=bars, **parts), day)


def assert_same(ours, expected):
    for part in ("frame", "origin", "origin_kind"):
        assert_frame_equal(getattr(ours, part), getattr(expected, part))
    assert_frame_equal(ours.reasons, expected.reasons, check_row_order=False)


@pytest.fixture
def demo_home(demo_home):
    """A filled market of which nothing was computed before."""
    shutil.rmtree(demo_home.cache(True))
    return demo_home


def test_blocks_give_what_one_pass_gives(app):
    """Of a past day; for today the test below compares."""
    day = date(2025, 3, 14)
    assert_same(app.market.features(None, day), at_once(app.market, day))


def test_only_what_a_write_was_about_is_worked_through_again(app, monkeypatch):
    worked = []
    real = own_fields.own_fields
    monkeypatch.setattr(own_fields, "own_fields", lambda inputs, day: worked.append(inputs.symbols) or real(inputs, day))
    market = app.market
    market.features()
    everything = {symbol for block in worked for symbol in block}
    assert everything == set(market.symbols())
    worked.clear()

    def quote(symbol, price):
        frame = pl.DataFrame({"symbol": [symbol], "at": [NOW], "price": [price]}, schema_overrides={
            "at": pl.Datetime("us", "UTC")})
        app.store.market.save("quotes", frame, Fetch("test", "x", "quotes", symbol, NOW, NOW, "ok", simulated=True))

    chosen = market.symbols()[7]
    quote(chosen, 123.5)
    assert market.features().frame.filter(pl.col("symbol") == chosen)["price"].item() == 123.5
    assert worked == [(chosen,)]
    assert_same(market.features(), at_once(market))

    worked.clear()
    app.store.market.log(Fetch("test", "x", "headlines", chosen, NOW, NOW, "empty", simulated=True))
    market.features()
    assert worked == []

    bar = pl.DataFrame({"symbol": ["SPY"], "date": [date(2026, 11, 19)], "close": [1.0]})
    app.store.market.save("bars", bar, Fetch("test", "x", "bars", "SPY", NOW, NOW, "ok", simulated=True))
    market.features()
    assert {symbol for block in worked for symbol in block} == everything  # all betas are against it
