"""What is held as plain rows: worth, weight and classes; what is not known stays so and is told."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from plugins.portfolio.allocation.labels import history, labels, say
from plugins.portfolio.exposures import Exposures, exposures
from plugins.portfolio.gathering import owned
from terminal.domain.fetch import Fetch
from terminal.domain.portfolio.classification import Labels

if TYPE_CHECKING:
    from collections.abc import Iterator

    from terminal.paths import Home
    from tests.conftest import Clock

DAY = date(2026, 11, 20)


@pytest.fixture
def live(live_home: Home, clock: Clock) -> Iterator[Any]:
    """A live App with two closes of AAA (14) and EEE (10, in euros, 1.10 dollars each), and 1000 dollars paid in."""
    from terminal.app import App

    opened = App(live_home, demo=False, clock=clock)

    def stored(dataset: str, rows: list[dict[str, Any]]) -> None:
        at = datetime(2026, 11, 20, 21, 30, tzinfo=UTC)
        opened.store.market.save(dataset, pl.DataFrame(rows), Fetch("yahoo", dataset, dataset, "", at, at, "ok"))

    prices = {"AAA": 14.0, "EEE": 10.0, "EURUSD=X": 1.10}
    stored("bars", [{"symbol": symbol, "date": day, **dict.fromkeys(("open", "high", "low", "close"), close)}
                    for symbol, close in prices.items() for day in (date(2026, 11, 19), DAY)])  # fmt: skip
    stored("instruments", [
        {"symbol": "AAA", "name": "Aaa Corp", "kind": "stock", "currency": "USD", "sector": "Energy", "country": "United States"},
        {"symbol": "EEE", "name": "Europe Bond Fund", "kind": "bond_etf", "currency": "EUR", "sector": None, "country": "DE"},
    ])  # fmt: skip
    run = opened.run
    run("portfolio.account_create", {"name": "Main"})
    run("portfolio.add", {"account": "Main", "kind": "deposit", "amount": "1000", "day": "2026-11-16"})
    bought = {"kind": "buy", "symbol": "AAA", "quantity": "20", "price": "10"}
    run("portfolio.add", {"account": "Main", "day": "2026-11-16", **bought})
    yield opened
    opened.close()


def seen(app: Any) -> Exposures:
    ctx = app.context()
    return exposures(ctx, owned(ctx))


def test_worth_weights_and_classes(live: Any) -> None:
    buy = {"account": "Main", "kind": "buy", "day": "2026-11-17"}
    live.run("portfolio.add", {**buy, "symbol": "EEE", "quantity": "10", "price": "9", "currency": "EUR", "fx_rate": "1.1"})
    found = seen(live)
    assert [(row.symbol, row.quantity, row.price, row.rate) for row in found.rows] == [
        ("AAA", 20.0, 14.0, 1.0), ("EEE", 10.0, 10.0, 1.1)]  # fmt: skip
    assert [row.worth for row in found.rows] == pytest.approx([280.0, 110.0])
    assert found.cash == pytest.approx(800 - 90 * 1.1) and found.cash_by_currency == pytest.approx({"EUR": -99.0, "USD": 800.0})
    assert found.net_worth == pytest.approx(280 + 110 + 701) and found.known_worth == found.net_worth
    assert found.cash is not None and found.net_worth is not None
    assert sum(row.weight or 0 for row in found.rows) + found.cash / found.net_worth == pytest.approx(1)
    assert [(row.asset_class, row.sector, row.region) for row in found.rows] == [
        ("stocks", "Energy", "United States"), ("bonds", "Bonds", "Europe")]  # fmt: skip
    assert found.unknown == () and found.day == DAY and found.currency == "USD"


def test_what_has_no_price_is_unknown_and_told(live: Any) -> None:
    buy = {"account": "Main", "kind": "buy", "day": "2026-11-17", "quantity": "2", "price": "50"}
    live.run("portfolio.add", {**buy, "symbol": "ZZZ"})
    live.run("portfolio.add", {**buy, "symbol": "AAA270115C00015000", "quantity": "1", "price": "2", "instrument": "option"})
    found = seen(live)
    option, nowhere = found.rows[1], found.rows[2]
    assert (option.underlying, option.call_or_put, option.strike, option.multiplier) == ("AAA", "C", 15.0, 100.0)
    assert (option.asset_class, option.sector, option.market_symbol) == ("options", "Energy", "AAA")
    assert nowhere.worth is None and nowhere.weight is None and nowhere.price is None and (nowhere.low, nowhere.high) == (0, 100)
    assert found.net_worth is None and found.known_worth == pytest.approx(280 + 500)
    assert found.rows[0].weight == pytest.approx(280 / 780), "of what is known"
    assert any("ZZZ" in text for text in found.unknown) and len(found.of("AAA")) == 2


def test_an_empty_book_is_worth_nothing(live_home: Home, clock: Clock) -> None:
    from terminal.app import App

    opened = App(live_home, demo=False, clock=clock)
    found = seen(opened)
    assert found.rows == () and found.cash == 0 and found.net_worth == 0 and found.unknown == ()
    opened.close()


def test_what_the_user_says_of_a_symbol_wins_and_is_kept(live: Any) -> None:
    write = live.store.book.write
    write(lambda tx: say(tx, "AAA", Labels(("core", "income"), "commodities", "", "Worldwide"), live.context().now()))
    row = seen(live).rows[0]
    assert (row.asset_class, row.sector, row.region, row.tags) == ("commodities", "Energy", "Worldwide", ("core", "income"))
    write(lambda tx: say(tx, "AAA", Labels(), live.context().now()))
    assert labels(live.store.book.read) == {} and len(history(live.store.book.read, "AAA")) == 2
    assert seen(live).rows[0].asset_class == "stocks"
