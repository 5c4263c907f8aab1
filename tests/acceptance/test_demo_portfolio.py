"""The demo home comes with a portfolio that its market bears out, and with nothing of it in a real home."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from plugins.portfolio import book
from terminal.app import App
from terminal.domain.portfolio.lots import replay
from terminal.domain.portfolio.transactions import TRADES, Kind, problems
from terminal.errors import UserError

if TYPE_CHECKING:
    from terminal.paths import Home
    from tests.conftest import Clock


def booked(app: App) -> list[Any]:
    return book.transactions(app.store.book.read)


def test_it_is_a_believable_year(portfolio_app: App) -> None:
    found = booked(portfolio_app)
    positions = replay(found)
    kinds = {one.kind for one in found}
    assert len({one.account for one in found}) == 2
    assert len({lot.symbol for lot in positions.lots}) >= 12
    assert {Kind.BUY, Kind.SELL, Kind.SHORT, Kind.COVER, Kind.DIVIDEND, Kind.DEPOSIT} <= kinds
    assert {Kind.FEE, Kind.INTEREST, Kind.SPLIT} <= kinds
    assert kinds & {Kind.EXPIRE, Kind.ASSIGN}
    assert (max(one.day for one in found) - min(one.day for one in found)).days > 365
    assert any(lot.quantity < 0 and lot.option is None for lot in positions.lots), "a short position is open"
    assert sum(lot.option is not None for lot in positions.lots) >= 2, "options are open"
    assert any(one.quantity and one.quantity % 1 for one in found), "a savings plan buys fractions"
    assert len(positions.closings) > 30


def test_everything_in_it_adds_up(portfolio_app: App) -> None:
    found = booked(portfolio_app)
    assert replay(found).problems == []
    assert not any(problems(one) for one in found)
    for account in {one.account for one in found}:
        cash = Decimal(0)
        for one in sorted((one for one in found if one.account == account), key=lambda one: (one.day, one.at)):
            cash += one.amount
            assert cash >= 0, f"{account} owes money on {one.day}"
    for line in portfolio_app.run("portfolio.holdings").rows():
        assert line["value"] is not None, f"{line['symbol']} has no price"


def test_its_prices_are_those_of_the_market(portfolio_app: App) -> None:
    market = portfolio_app.market
    for one in booked(portfolio_app):
        if one.kind not in TRADES or one.option is not None or "assigned" in one.note:
            continue
        bar = market.bars([one.symbol], one.day, one.day).row(0, named=True)
        later = [row["ratio"] for row in market.splits([one.symbol]).to_dicts() if row["ex_date"] > one.day]
        factor = float(later[0]) if later else 1.0
        assert bar["low"] * factor - 0.011 <= float(one.price) <= bar["high"] * factor + 0.011, one


def test_its_dividends_are_those_of_the_market(portfolio_app: App) -> None:
    found = booked(portfolio_app)
    paid = [one for one in found if one.kind == Kind.DIVIDEND]
    assert len(paid) > 20
    stated = {symbol: portfolio_app.market.dividends([symbol]).to_dicts() for symbol in {one.symbol for one in paid}}
    for one in paid:
        row = max((row for row in stated[one.symbol] if row["pay_date"] <= one.day), key=lambda row: row["pay_date"])
        held = replay(found, until=row["ex_date"]).quantities()
        before = [each for each in found if each.day == row["ex_date"] and each.symbol == one.symbol and each.kind in TRADES]
        quantity = held.get((one.account, one.symbol), Decimal(0)) - sum(
            (each.quantity for each in before if each.account == one.account), Decimal(0)
        )
        known = portfolio_app.market.splits([one.symbol]).to_dicts()
        splits = [each["ratio"] for each in known if each["ex_date"] > row["ex_date"]]
        per_share = row["amount"] * (splits[0] if splits else 1.0)
        assert float(one.amount) == pytest.approx(float(quantity) * per_share, abs=0.011)


def test_everything_says_that_it_is_simulated(portfolio_app: App) -> None:
    assert all(one.source == "demo" and one.note.startswith("Simulated") for one in booked(portfolio_app))
    assert all(row["broker"] == "Simulated" for row in portfolio_app.run("portfolio.accounts").rows())
    shown = portfolio_app.run("portfolio.holdings")
    assert all(source.simulated for source in shown.sources)


def test_the_same_market_gives_the_same_bookings(portfolio_app: App) -> None:
    before = [(one.account, one.source_id, one.amount, one.day) for one in booked(portfolio_app)]
    portfolio_app.run("portfolio.demo_remove")
    assert booked(portfolio_app) == [] and portfolio_app.run("portfolio.accounts").rows() == []
    assert portfolio_app.run("portfolio.holdings").rows() == []
    portfolio_app.run("portfolio.demo_fill")
    assert [(one.account, one.source_id, one.amount, one.day) for one in booked(portfolio_app)] == before


def test_its_targets_come_and_go_with_it_but_own_ones_stay(portfolio_app: App) -> None:
    app = portfolio_app
    assert {row["key"]: row["state"] for row in app.run("portfolio.allocation").rows() if row["state"]} == {
        "stocks": "above", "bonds": "below", "cash": "within"}  # fmt: skip
    app.run("portfolio.target_set", {"by": "region", "weights": ["United States=100"]})
    app.run("portfolio.demo_remove")
    assert {row["by"] for row in app.run("portfolio.targets").rows()} == {"region"}
    app.run("portfolio.demo_fill")
    assert {row["by"] for row in app.run("portfolio.targets").rows()} == {"region", "asset_class"}


def test_removed_it_stays_away_and_own_accounts_stay(portfolio_home: Home, clock: Clock) -> None:
    app = App(portfolio_home, demo=True, clock=clock)
    app.run("portfolio.account_create", {"name": "Mine"})
    app.run("portfolio.add", {"account": "Mine", "kind": "deposit", "amount": "100"})
    app.run("portfolio.demo_remove")
    app.run("portfolio.demo_fill", by_hand=False)
    assert [row["account"] for row in app.run("portfolio.accounts").rows()] == ["Mine"]
    assert [one.amount for one in booked(app)] == [100]
    with pytest.raises(UserError, match="no demo portfolio"):
        app.run("portfolio.demo_remove")
    app.close()


def test_a_book_in_use_is_left_alone(app: App) -> None:
    app.run("portfolio.account_create", {"name": "Mine"})
    app.run("portfolio.demo_fill", by_hand=False)
    assert [row["account"] for row in app.run("portfolio.accounts").rows()] == ["Mine"]


def test_a_real_book_never_gets_it(live_home: Home, clock: Clock) -> None:
    app = App(live_home, demo=False, clock=clock)
    try:
        for command in ("portfolio.demo_fill", "portfolio.demo_remove", "journal.demo_fill", "journal.demo_remove"):
            with pytest.raises(UserError, match="invented"):
                app.run(command)
        assert booked(app) == []
    finally:
        app.close()


def test_a_loss_that_is_put_off_is_told(app: App) -> None:
    app.run("portfolio.account_create", {"name": "One"})
    app.run("portfolio.account_create", {"name": "Two"})

    def book_it(kind: str, day: str, quantity: str, price: str, account: str = "One") -> None:
        asked = {"account": account, "kind": kind, "symbol": "SPY", "quantity": quantity, "price": price, "day": day}
        app.run("portfolio.add", asked)

    book_it("buy", "2025-09-01", "100", "50")
    book_it("sell", "2026-02-02", "100", "40")
    book_it("buy", "2026-02-20", "75", "41", "Two")
    (row,) = app.run("portfolio.wash_sales").rows()
    assert (row["loss"], row["put_off"], row["quantity"]) == (-1000, 750, 75)
    assert (row["account"], row["into_account"], row["into"]) == ("One", "Two", "booking 3")
    assert app.run("portfolio.wash_sales", {"scope": "account"}).rows() == []
    assert app.run("portfolio.wash_sales", {"account": ["Two"]}).rows() == []
    assert app.run("portfolio.wash_sales", {"year": 2025}).rows() == []
    assert app.run("portfolio.wash_sales", {"account": ["One"]}).rows() == [row]


def test_a_year_of_journal_comes_with_it(portfolio_app: App) -> None:
    run = portfolio_app.run
    decisions, calls, checks = (run(f"journal.{name}").rows() for name in ("list", "calls", "checks"))
    assert len(decisions) >= 30 and len(calls) >= 10 and len(checks) >= 30
    assert {"buy", "sell", "pass", "watch", "hold"} <= {row["action"] for row in decisions}
    assert {row["state"] for row in calls} >= {"came true", "did not"}
    assert (max(row["day"] for row in decisions) > "2026-10-01") and (min(row["day"] for row in decisions) < "2025-11-20")
    assert all(row["reason"].startswith("Simulated") for row in (*decisions, *calls))
    assert not any(row["in_hindsight"] for row in decisions), "the invented user wrote at the time"
    trades = run("journal.trades", {"limit": 0}).rows()
    assert sum(row["state"] != "open" for row in trades) >= 30
    swings = [row for row in trades if row["strategy"] == ["swing"]]
    assert len(swings) >= 30 and sum(row["risk"] is not None for row in swings) >= 30
    assert {"held too long"} <= {word for row in swings for word in row["mistake"]}
    assert run("journal.playbooks").rows()[0]["trades"] == len(swings)
    assert len(run("journal.calibration").rows()) >= 3


def test_prices_of_decisions_are_those_of_the_market(portfolio_app: App) -> None:
    for row in portfolio_app.run("journal.list").rows():
        bar = portfolio_app.market.bars([row["symbol"]], row["day"], row["day"]).row(0, named=True)
        splits = portfolio_app.market.splits([row["symbol"]]).to_dicts()
        later = [each["ratio"] for each in splits if str(each["ex_date"]) > str(row["day"])]
        assert row["price"] == pytest.approx(bar["close"] * (later[0] if later else 1), abs=0.006)


def test_the_journal_goes_with_the_portfolio_and_ones_own_words_stay(portfolio_app: App) -> None:
    run = portfolio_app.run
    run("journal.log", {"symbol": "SPY", "action": "watch", "reason": "Mine"})
    run("journal.playbook_save", {"name": "Own", "step": ["Look twice"]})
    run("portfolio.demo_remove")
    assert [row["reason"] for row in run("journal.list").rows()] == ["Mine"]
    assert run("journal.calls").rows() == [] and run("journal.checks").rows() == []
    assert [row["name"] for row in run("journal.playbooks").rows()] == ["Own"]
    assert run("journal.trades").rows() == []
    with pytest.raises(UserError, match="no demo journal"):
        run("journal.demo_remove")
    run("portfolio.demo_fill")
    assert len(run("journal.list").rows()) > 30 and run("journal.trades").rows()


def test_an_ordinary_start_does_nothing_for_it(portfolio_home: Home, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    filled: list[bool] = []
    monkeypatch.setattr(App, "_fill_demo_book", lambda self: filled.append(True))
    App(portfolio_home, demo=True, clock=clock).close()
    assert filled == [], "the demo market was there already"


def test_a_sale_closes_the_parts_of_lots_that_it_names(app: App) -> None:
    app.run("portfolio.account_create", {"name": "Main"})
    for day, price in (("2025-09-01", "50"), ("2025-10-01", "60"), ("2025-11-03", "70")):
        asked = {"account": "Main", "kind": "buy", "symbol": "SPY", "quantity": "100", "price": price, "day": day}
        app.run("portfolio.add", asked)
    sold = {"account": "Main", "kind": "sell", "symbol": "SPY", "quantity": "50", "price": "80", "lots": ["2:30", "3:20"]}
    app.run("portfolio.add", sold)
    closed = app.run("portfolio.lots", {"closed": True}).rows()
    assert sorted((row["quantity"], row["gain"]) for row in closed) == [(20.0, 200.0), (30.0, 600.0)]
    assert [row["quantity"] for row in app.run("portfolio.lots").rows()] == [100.0, 70.0, 80.0]
    with pytest.raises(UserError, match="after a colon"):
        app.run("portfolio.add", {**sold, "quantity": "51", "lots": ["2:many"]})
