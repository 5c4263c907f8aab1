"""What each position depends on, where it is known from, and what is said of it where it is not."""

from __future__ import annotations

import contextlib
import math
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from plugins.portfolio.gathering import owned
from plugins.portfolio.whatif.gathering import Modelled, modelled
from terminal.domain import options
from terminal.domain.fetch import Fetch
from terminal.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from terminal.paths import Home
    from tests.conftest import Clock

DAY = date(2026, 11, 20)
AT = datetime(2026, 11, 20, 21, tzinfo=UTC)
CALL = "AAA270115C00100000"
PUT = "AAA270115P00100000"


@pytest.fixture
def live(live_home: Home, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A live App with 300 closes of SPY and of AAA, which moves twice as far, an account, and 1000 dollars."""
    from terminal.app import App

    opened = App(live_home, demo=False, clock=clock)
    monkeypatch.setattr(opened.market, "ensure", lambda *_: [])
    days = [day for day in (DAY - timedelta(days=back) for back in range(420, -1, -1)) if day.weekday() < 5][-300:]
    swing = [0.01 if place % 3 else -0.018 for place in range(len(days))]
    spy, aaa = [500.0], [100.0]
    for size in swing[1:]:
        spy.append(spy[-1] * (1 + size))
        aaa.append(aaa[-1] * (1 + 2 * size))
    aaa = [value * 100.0 / aaa[-1] for value in aaa]
    rows = [{"symbol": symbol, "date": day, **dict.fromkeys(("open", "high", "low", "close"), close)}
            for symbol, closes in (("SPY", spy), ("AAA", aaa)) for day, close in zip(days, closes, strict=True)]  # fmt: skip
    store(opened, "bars", rows)
    store(opened, "instruments", [
        {"symbol": "AAA", "name": "Aaa Corp", "kind": "stock", "currency": "USD", "sector": "Energy"},
        {"symbol": "SPY", "name": "Market", "kind": "etf", "currency": "USD", "sector": None},
    ])  # fmt: skip
    opened.run("portfolio.account_create", {"name": "Main"})
    opened.run("portfolio.add", {"account": "Main", "kind": "deposit", "amount": "10000", "day": "2026-11-16"})
    yield opened
    opened.close()


def store(app: Any, dataset: str, rows: list[dict[str, Any]]) -> None:
    app.store.market.save(dataset, pl.DataFrame(rows), Fetch("yahoo", dataset, dataset, "", AT, AT, "ok"))


def buy(app: Any, symbol: str, quantity: int = 1, price: str = "5") -> None:
    app.run("portfolio.add", {"account": "Main", "kind": "buy" if quantity > 0 else "sell", "symbol": symbol,
                              "quantity": str(abs(quantity)), "price": price, "day": "2026-11-17"})  # fmt: skip


def chain(app: Any, *rows: tuple[str, float | None, float | None, float | None]) -> None:
    """Contracts of AAA at 100 with right, bid, ask and the chain's own volatility."""
    store(app, "chains", [{
        "symbol": "AAA", "at": AT, "expiry": date(2027, 1, 15), "strike": 100.0, "right": right,
        "contract": CALL if right == "C" else PUT, "bid": bid, "ask": ask, "iv": iv, "underlying_price": 100.0,
    } for right, bid, ask, iv in rows])  # fmt: skip


def seen(app: Any) -> Modelled:
    ctx = app.context()
    return modelled(ctx, owned(ctx))


def price(volatility: float, call: bool = True) -> float:
    years = (date(2027, 1, 15) - DAY).days / 365
    terms: dict[str, Any] = {"spot": 100.0, "strike": 100.0, "years": years, "rate": 0.042, "call": call, "american": True}
    return float(options.price(volatility=volatility, **terms))


def test_volatility_is_that_of_the_quote(live: Any) -> None:
    buy(live, CALL, 2)
    middle = price(0.31)
    chain(live, ("C", middle - 0.05, middle + 0.05, 0.9), ("P", 1.0, 1.1, 0.9))
    found = seen(live)
    (one,) = (each for each in found.book.positions if each.contract is not None)
    assert one.contract is not None and one.contract.volatility == pytest.approx(0.31, abs=0.002)
    assert found.volatility_from[0] == "its quote" and found.unknown == () and one.beta == pytest.approx(2.0, abs=0.01)
    assert found.rate.origin.startswith("assumed") and "what SPY did" in found.vix.origin
    shock = live.run("portfolio.whatif", {"shock": "AAA -5%"})
    gain = shock.rows()[0]["gain"]
    years = (date(2027, 1, 15) - date(2026, 11, 20)).days / 365
    there = float(options.price(spot=95.0, strike=100.0, years=years, volatility=one.contract.volatility, rate=0.042, call=True))
    assert gain == pytest.approx(200 * (there - middle), rel=0.02)


def test_a_quote_that_says_nothing_gives_way_to_the_other_right_and_to_the_chain_s_figure(live: Any) -> None:
    buy(live, CALL)
    middle = price(0.25, call=False)
    chain(live, ("C", 0.0, 5.0, None), ("P", middle - 0.01, middle + 0.01, None))
    found = seen(live)
    assert found.volatility_from[0] == "the put at its strike"
    assert found.book.positions[0].contract.volatility == pytest.approx(0.25, abs=0.002)  # type: ignore[union-attr]
    store(live, "chains", [{
        "symbol": "AAA", "at": AT + timedelta(minutes=5), "expiry": date(2027, 1, 15), "strike": 100.0, "right": "C",
        "contract": CALL, "bid": None, "ask": None, "iv": 0.44, "underlying_price": 100.0,
    }])  # fmt: skip
    assert seen(live).volatility_from[0] == "the chain"


def test_without_chain_and_price_the_option_alone_is_unknown_and_says_why(live: Any) -> None:
    buy(live, CALL)
    buy(live, "AAA", 10, "90")
    greeks = live.run("portfolio.greeks", {"by": "position"})
    dark = next(row for row in greeks.rows() if row["contract"] == CALL)
    assert dark["delta_money"] is None and dark["vega"] is None and dark["volatility"] is None
    assert any(CALL in text and "no chain of AAA is stored" in text for text in greeks.unknown)
    assert greeks.rows()[-1]["delta_money"] == pytest.approx(1000.0) and "left out" in " ".join(greeks.notes)
    shock = live.run("portfolio.whatif", {"shock": "SPY -10%"})
    by_symbol = {row["symbol"]: row for row in shock.rows()}
    assert by_symbol[CALL]["gain"] is None and by_symbol["AAA"]["gain"] == pytest.approx(-200.0, rel=0.02)
    assert "not known" in shock.notes[0]
    assert any(CALL in note for note in live.run("portfolio.whatif").notes)


def test_vix_and_rate_come_from_the_store_when_they_are_there(live: Any) -> None:
    buy(live, "AAA", 10, "90")
    common = {"published_on": DAY, "unit": "percent", "title": ""}
    store(live, "macro", [{"series": "DGS3MO", "date": DAY, "value": 5.0, **common},
                          {"series": "VIXCLS", "date": DAY, "value": 17.5, **common}])  # fmt: skip
    found = seen(live)
    assert found.rate.value == pytest.approx(math.log(1.05)) and "2026-11-20" in found.rate.origin
    assert found.vix.value == 17.5 and found.vix.origin == "close of 2026-11-20"
    assert live.run("portfolio.greeks", {"rate": 0.01}).unknown == ()
    with pytest.raises(UserError, match="A rate of 4"):
        live.run("portfolio.greeks", {"rate": 4.0})


def test_a_share_without_a_history_is_unknown_under_a_fall_but_not_under_its_own(live: Any) -> None:
    buy(live, "NEW", 10, "5")
    store(live, "quotes", [{"symbol": "NEW", "at": AT, "price": 6.0, "currency": "USD"}])
    fall = live.run("portfolio.whatif", {"shock": "SPY -10%"})
    assert next(row for row in fall.rows() if row["symbol"] == "NEW")["gain"] is None
    assert any("NEW" in text and "no beta" in text for text in fall.unknown)
    own = live.run("portfolio.whatif", {"shock": "NEW -10%"})
    assert next(row for row in own.rows() if row["symbol"] == "NEW")["gain"] == pytest.approx(-6.0)
    with pytest.raises(UserError, match="You hold nothing of ZZZ"):
        live.run("portfolio.whatif", {"shock": "ZZZ -10%"})
    with pytest.raises(UserError, match="nothing of the sector Utilities"):
        live.run("portfolio.whatif", {"shock": "utilities -10%"})


def test_an_expired_option_that_is_not_booked_out_is_told(live: Any) -> None:
    buy(live, "AAA261113C00090000", 1, "3")
    found = live.run("portfolio.whatif", {"shock": "SPY -10%"})
    assert any("has expired and is not booked out" in text for text in found.unknown)


def test_losses_that_would_not_count_are_told(live: Any) -> None:
    buy(live, "AAA", 10, "120")
    sold = live.run("portfolio.whatif", {"trades": "sell 5 AAA"})
    lot = next(row for row in sold.rows() if row["section"] == "Lots")
    assert (lot["before"], lot["after"], lot["change"]) == (600.0, 500.0, -100.0)
    both = live.run("portfolio.whatif", {"trades": "sell 10 AAA; buy 4 AAA"})
    assert any("Wash sale" in note and "AAA" in note for note in both.notes)
    lacking = live.run("portfolio.whatif", {"trades": "buy $9,500 AAA"})
    assert any("would lack" in note for note in lacking.notes)


@pytest.mark.real
def test_real_exports_with_options_are_revalued_or_say_what_is_missing(live: Any, shared: Path) -> None:
    payloads = shared / "payloads"
    for path in (*sorted((payloads / "ibkr").glob("flex_*.xml")), *sorted((payloads / "market").glob("broker_*"))):
        with contextlib.suppress(UserError):  # what cannot be imported is told by the import's own tests
            live.run("portfolio.import", {"file": str(path), "account": path.stem})
    greeks = live.run("portfolio.greeks", {"by": "position"})
    shock = live.run("portfolio.whatif", {"shock": "SPY -10%, VIX 40"})
    contracts = [row["contract"] for row in greeks.rows()[:-1] if row["contract"]]
    assert len(contracts) >= 3 and len(greeks.rows()) > 20
    for row in greeks.rows()[:-1]:
        symbol = row["contract"] or row["what"]
        assert row["delta_money"] is not None or any(text.startswith(f"{symbol}:") for text in greeks.unknown), symbol
    for row in shock.rows()[:-1]:
        symbol = row["symbol"]
        assert row["gain"] is not None or any(text.startswith(f"{symbol}:") for text in shock.unknown), symbol


@pytest.mark.real
def test_march_2020_is_as_it_was_where_it_is_stored(live: Any, shared: Path) -> None:
    """Real closes of SPY and QQQ over the fall: QQQ fell less than its beta of today would say."""
    days = (date(2020, 2, 12), date(2020, 3, 25))
    expected = {}
    for symbol in ("SPY", "QQQ"):
        told = pl.read_csv(shared / "payloads" / "market" / f"daily_{symbol}.csv", try_parse_dates=True)
        told = told.rename(str.lower).filter(pl.col("date").is_between(*days))
        closes = dict(told.select("date", "close").rows())
        expected[symbol] = closes[date(2020, 3, 23)] / closes[date(2020, 2, 19)] - 1
        store(live, "bars", [{"symbol": symbol, **row} for row in told.select("date", "open", "high", "low", "close").to_dicts()])
    buy(live, "QQQ", 10, "500")
    buy(live, "AAA", 10, "90")
    store(live, "quotes", [{"symbol": "QQQ", "at": AT, "price": 600.0, "currency": "USD"}])
    found = live.run("portfolio.whatif", {"shock": "March 2020"})
    rows = {row["symbol"]: row for row in found.rows()}
    assert expected["SPY"] == pytest.approx(-0.341, abs=0.001)
    assert rows["QQQ"]["move"] == pytest.approx(expected["QQQ"]) and rows["QQQ"]["why"] == "as it did then"
    assert rows["QQQ"]["gain"] == pytest.approx(6000 * expected["QQQ"])
    assert rows["AAA"]["why"].startswith("beta 2.0")
    assert rows["AAA"]["move"] == pytest.approx(2.0 * expected["SPY"], rel=0.02)
    assert any("as stored" in note for note in found.notes) and any("As it did then: QQQ" in note for note in found.notes)
