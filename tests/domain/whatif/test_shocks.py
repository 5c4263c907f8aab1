"""Shocks and trades as text: what is understood, what is refused and how it is told."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from terminal.domain.portfolio.transactions import Kind
from terminal.domain.whatif import trades
from terminal.domain.whatif.history import CRISES, crisis
from terminal.domain.whatif.shocks import Shock, parse
from terminal.errors import UserError


@pytest.mark.parametrize(("text", "meant"), [
    ("SPY -10%, VIX 40", Shock(market=-0.1, vix=40.0)),
    ("SPY -10 %, VIX 40", Shock(market=-0.1, vix=40.0)),
    ("market falls 10%; VIX +50%", Shock(market=-0.1, vix_share=0.5)),
    ("s&p 500 down 20 percent and rates down 100 bp", Shock(market=-0.2, rate=-0.01)),
    ("rates +200bp", Shock(rate=0.02)), ("rates +0.5 points", Shock(rate=0.005)),
    ("VIX -5", Shock(vix_points=-5.0)), ("IV +20%", Shock(iv_share=0.2)), ("IV +5 points", Shock(iv_points=0.05)),
    ("NVDA to 150, BRK-B −5%", Shock(targets={"NVDA": 150.0}, moves={"BRK-B": -0.05})),
    ("technology -15%, EUR -5%", Shock(sectors={"Information Technology": -0.15}, currencies={"EUR": -0.05})),
    ("March 2020", Shock(crisis="2020")), ("2008", Shock(crisis="2008")), ("lehman, 30 days", Shock(crisis="2008", days=30)),
    ("in 2 weeks", Shock(days=14)),
])  # fmt: skip
def test_what_is_understood(text: str, meant: Shock) -> None:
    assert parse(text) == meant
    assert parse(meant.text) == meant, "what is written out is read again"


@pytest.mark.parametrize(("text", "told", "hint"), [
    ("", "empty", "SPY -10%"), ("SPY 10%", "rises or falls", "+10% or -10%"), ("SPY -10", "unit is missing", "SPY -10%"),
    ("SPY -10%, spy +3%", "column 11", "once"), ("SPY -100%", "100 %", ""), ("VIX 500", "between 3 and 200", ""),
    ("rates +2%", "basis points", "rates +200bp"), ("tecnology wow -3%", "neither", "technology"),
    ("march 202", "not understood", "march 2020"), ("VIX", "level", ""), ("0 days", "between 1 day", ""),
])  # fmt: skip
def test_what_is_refused_says_where_and_what_instead(text: str, told: str, hint: str) -> None:
    with pytest.raises(UserError) as caught:
        parse(text)
    assert told in caught.value.sentence() and hint in (caught.value.hint or "")


def test_every_past_fall_is_one_and_has_its_names() -> None:
    for one in CRISES:
        assert one.start < one.end and -0.6 < one.market < -0.08
        assert all(crisis(name.upper()) is one for name in one.names) and parse(one.title).crisis == one.key
        assert one.vix is None or one.vix[1] > one.vix[0]
    names = [name for one in CRISES for name in one.names]
    assert len(names) == len(set(names))


def test_trades_are_read_as_they_are_said() -> None:
    found = trades.parse("buy 100 AAPL; sell 5 MSFT 2027-01-15 400 C @ 12.50")
    assert [(each.kind, each.symbol, each.quantity, each.price) for each in found] == [
        (Kind.BUY, "AAPL", Decimal(100), None), (Kind.SELL, "MSFT270115C00400000", Decimal(5), Decimal("12.50"))]  # fmt: skip
    assert found[1].option is not None and found[1].option.expiry == date(2027, 1, 15)
    assert trades.parse("buy 1 SPY 2027-01-15 p 800")[0].symbol == "SPY270115P00800000"
    assert trades.parse("cover 2 contracts of AAPL260116C00150000")[0].kind == Kind.COVER
    (one,) = trades.parse("buy $5,000 of SPY")
    assert one.money == 5000 and one.quantity is None
    assert [each.part for each in trades.parse("sell all KO, sell half PEP")] == [Decimal(1), Decimal("0.5")]


@pytest.mark.parametrize(
    "text", ["", "sell", "buy AAPL", "buy 0 AAPL", "buy all AAPL", "hold 5 AAPL", "buy 5 MSFT 2027-13-15 400 C"]
)
def test_trades_that_are_not_understood(text: str) -> None:
    with pytest.raises(UserError) as caught:
        trades.parse(text)
    assert "buy 100 AAPL" in (caught.value.hint or "")
