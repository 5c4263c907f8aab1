"""Booking, correcting and taking out; what the tables say of it, to the cent."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from terminal.domain.fetch import Fetch
from terminal.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from terminal.paths import Home
    from tests.conftest import Clock

DAYS = [date(2026, 11, day) for day in (16, 17, 18, 19, 20)]


def stored(app: Any, dataset: str, rows: list[dict[str, Any]]) -> None:
    """Put rows into the market as a service would have brought them."""
    at = datetime(2026, 11, 20, 21, 30, tzinfo=UTC)
    app.store.market.save(dataset, pl.DataFrame(rows), Fetch("yahoo", dataset, dataset, "", at, at, "ok"))


@pytest.fixture
def live(live_home: Home, clock: Clock) -> Iterator[Any]:
    """A live App with a few closes: AAA from 10 to 14, BBB at 50, EUR at 1.10 dollars."""
    from terminal.app import App

    opened = App(live_home, demo=False, clock=clock)
    prices = {"AAA": [10.0, 11.0, 12.0, 13.0, 14.0], "BBB": [50.0] * 5, "EURUSD=X": [1.10] * 5}
    stored(opened, "bars", [{"symbol": symbol, "date": day, **dict.fromkeys(("open", "high", "low", "close"), close)}
                            for symbol, closes in prices.items() for day, close in zip(DAYS, closes, strict=True)])  # fmt: skip
    yield opened
    opened.close()


@pytest.fixture
def run(live: Any) -> Callable[..., Any]:
    return lambda verb, as_of=None, **arguments: live.run(f"portfolio.{verb}", arguments, as_of=as_of)


@pytest.fixture
def filled(run: Callable[..., Any]) -> Callable[..., Any]:
    """An account with 1000.00 paid in and 20 AAA bought at 10.00 plus 1.00."""
    run("account_create", name="Main")
    run("add", account="Main", kind="deposit", amount="1000", day="2026-11-16")
    run("add", account="Main", kind="buy", symbol="aaa", quantity="20", price="10", fees="1", day="2026-11-16")
    return run


def only(table: Any) -> dict[str, Any]:
    rows = table.rows()
    assert len(rows) == 1, rows
    return dict(rows[0])


def test_a_holding_says_quantity_price_source_and_gain(filled: Callable[..., Any]) -> None:
    table = filled("holdings")
    row = only(table)
    assert (row["symbol"], row["quantity"], row["price"], row["value"]) == ("AAA", 20.0, 14.0, 280.0)
    assert (row["cost"], row["gain"], row["day_gain"]) == (201.0, 79.0, 20.0)
    assert row["weight"] == pytest.approx(280 / 1079, abs=1e-9) and row["price_day"] == "2026-11-20"
    assert table.sources[table.origin["price"][0]].provider == "yahoo"
    assert table.sources[table.origin["quantity"][0]].provider == "your book"
    assert "Worth 1\u202f079.00 USD, of it cash 799.00 USD." in table.notes


def test_as_of_shows_what_was_held_then_at_the_prices_of_then(filled: Callable[..., Any]) -> None:
    filled("add", account="Main", kind="sell", symbol="AAA", quantity="5", price="13", day="2026-11-19")
    assert only(filled("holdings", as_of=date(2026, 11, 17)))["value"] == 220.0
    assert only(filled("holdings", as_of=date(2026, 11, 19)))["quantity"] == 15.0
    assert filled("holdings", as_of=date(2026, 11, 13)).rows() == []
    assert filled("transactions", as_of=date(2026, 11, 17)).frame.height == 2


def test_the_day_counts_a_purchase_from_its_price(filled: Callable[..., Any]) -> None:
    filled("add", account="Main", kind="buy", symbol="AAA", quantity="10", price="13.50", day="2026-11-20")
    assert only(filled("holdings"))["day_gain"] == 25.0  # 20 * (14 - 13) and 10 * (14 - 13.50)


def test_an_unknown_price_gives_bounds_and_not_zero(filled: Callable[..., Any]) -> None:
    filled("add", account="Main", kind="buy", symbol="ZZZ", quantity="4", price="25", day="2026-11-18")
    table = filled("holdings")
    row = table.rows()[1]
    assert (row["price"], row["value"], row["gain"], row["value_low"], row["value_high"]) == (None, None, None, 0.0, 100.0)
    assert any("ZZZ: no price of it is stored" in text and "between 0.00 and 100.00" in text for text in table.unknown)
    made = filled("returns").rows()[0]
    assert (made["return"], made["low"], made["high"]) == (None, pytest.approx(-0.021), pytest.approx(0.079))


def test_an_option_without_a_quote_is_worth_between_exercise_and_the_share(filled: Callable[..., Any]) -> None:
    filled("add", account="Main", kind="buy", symbol="AAA270115C00010000", quantity="1", price="3", day="2026-11-18")
    row = filled("holdings").rows()[1]
    assert (row["value_low"], row["value_high"], row["cost"]) == (400.0, 1400.0, 300.0)


def test_a_split_turns_stored_closes_back(filled: Callable[..., Any], live: Any) -> None:
    """Closes are stored as after the split; before it the 20 shares were worth what 40 are now."""
    stored(live, "splits", [{"symbol": "AAA", "ex_date": date(2026, 11, 18), "ratio": 2.0}])
    assert any("no split is booked" in text for text in filled("holdings").unknown)
    filled("add", account="Main", kind="split", symbol="AAA", ratio="2:1", day="2026-11-18")
    table = filled("holdings")
    assert only(table)["quantity"] == 40.0 and only(table)["value"] == 560.0 and table.unknown == ()
    ledger = filled("returns", ledger="twr").rows()
    assert [(row["start"], row["end"]) for row in ledger] == [(0.0, 1199.0), (1199.0, 1359.0)]


def test_gains_by_symbol_are_what_went_through_the_cash(filled: Callable[..., Any]) -> None:
    filled("add", account="Main", kind="sell", symbol="AAA", quantity="5", price="13", fees="0.50", day="2026-11-19")
    filled("add", account="Main", kind="dividend", symbol="AAA", amount="3.40", taxes="0.60", day="2026-11-19")
    filled("add", account="Main", kind="fee", amount="2", day="2026-11-20")
    rows = {row["symbol"]: row for row in filled("pnl").rows()}
    assert (rows["AAA"]["realised"], rows["AAA"]["unrealised"], rows["AAA"]["income"]) == (14.25, 59.25, 3.4)
    assert rows["AAA"]["total"] == 76.9 and rows["(cash)"]["total"] == -2.0
    assert only(filled("cash"))["amount"] == 864.9  # and 15 * 14 are 210: 1074.90, 74.90 more than was paid in
    paid = filled("income").rows()
    assert [(row["symbol"], row["gross"], row["taxes"], row["amount"]) for row in paid] == [
        ("(cash)", -2.0, 0.0, -2.0), ("AAA", 4.0, 0.6, 3.4)]  # fmt: skip
    closed = only(filled("lots", closed=True))
    assert (closed["proceeds"], closed["cost"], closed["gain"], closed["term"]) == (64.5, 50.25, 14.25, "short")
    assert only(filled("lots"))["unit_cost"] == 10.05


def test_the_summary_is_the_sum_of_the_parts(filled: Callable[..., Any]) -> None:
    filled("add", account="Main", kind="sell", symbol="AAA", quantity="5", price="13", fees="0.50", day="2026-11-19")
    filled("add", account="Main", kind="dividend", symbol="AAA", amount="3.40", day="2026-11-19")
    shown = {row["what"]: row["amount"] for row in filled("show").rows()}
    assert shown == {
        "Everything together": 1076.9, "What you hold is worth": 210.0, "Cash": 866.9, "Made on the last day": 15.0,
        "Gain of what you hold": 59.25, "Gain of what you sold": 14.25, "Dividends, interest, less fees": 3.4,
        "Made in all": 76.9,
    }  # fmt: skip
    filled("add", account="Main", kind="buy", symbol="ZZZ", quantity="1", price="9", day="2026-11-19")
    bounds = {row["what"]: (row["amount"], row["low"], row["high"]) for row in filled("show").rows()}
    assert bounds["Made in all"] == (None, 67.9, 76.9) and bounds["Made on the last day"] == (None, None, None)


def test_what_is_held_is_written_with_each_booking(filled: Callable[..., Any], live: Any) -> None:
    """The universe needs no replay and says what a replay says: after splits, mergers, options and what is taken out."""
    from plugins.portfolio import book
    from terminal.domain.portfolio.lots import replay
    from terminal.domain.portfolio.positions import held

    def same() -> list[str]:
        written = live.store.book.read("SELECT symbol, quantity FROM portfolio.held ORDER BY symbol").rows()
        assert written == [(one.symbol, one.quantity) for one in held(replay(book.transactions(live.store.book.read)).lots)]
        return [symbol for symbol, _ in written]

    filled("add", account="Main", kind="split", symbol="AAA", ratio="3", day="2026-11-17")
    filled("add", account="Main", kind="sell", symbol="CCC261120P00050000", quantity="1", price="2", day="2026-11-17")
    filled("add", account="Main", kind="merger", symbol="AAA", ratio="0.5", other="NEW", day="2026-11-18")
    assert same() == ["CCC261120P00050000", "NEW"]
    filled("add", account="Main", kind="assign", symbol="CCC261120P00050000", amount="-5000", day="2026-11-20")
    assert same() == ["CCC", "NEW"]
    filled("remove", number=5)
    assert same() == ["AAA", "CCC"]
    filled("undo", number=5)
    filled("remove", number=2)
    assert same() == ["CCC"]


def test_three_returns_and_their_ledgers(filled: Callable[..., Any]) -> None:
    rows = {row["way"]: row for row in filled("returns").rows()}
    assert [rows[way]["return"] for way in ("simple", "twr", "mwr")] == pytest.approx([0.079] * 3)
    assert all(row["yearly"] is None for row in rows.values())
    filled("add", account="Main", kind="deposit", amount="1000", day="2026-11-20")
    rows = {row["way"]: row for row in filled("returns").rows()}
    assert rows["simple"]["return"] == pytest.approx(79 / 2000)
    assert rows["twr"]["return"] == pytest.approx(1059 / 1000 * 2079 / 2059 - 1)
    simple = filled("returns", ledger="simple").rows()
    assert [row["amount"] for row in simple] == [0.0, 1000.0, 1000.0, 2079.0]
    assert sum(row["worth"] for row in filled("returns", ledger="mwr").rows()) == pytest.approx(0, abs=0.02)


def test_only_trades_are_money_that_came_and_went(run: Callable[..., Any]) -> None:
    run("account_create", name="Bare")
    run("add", account="Bare", kind="buy", symbol="AAA", quantity="10", price="10", day="2026-11-16")
    table = run("holdings")
    assert only(table)["weight"] == 1.0 and any("no deposit is booked" in note for note in table.notes)
    assert [row["return"] for row in run("returns").rows()] == pytest.approx([0.4] * 3)


def test_another_currency_is_added_up_at_its_rate(filled: Callable[..., Any]) -> None:
    filled("account_create", name="Euro", currency="eur")
    filled("add", account="Euro", kind="deposit", amount="100", day="2026-11-17")
    assert filled("cash").notes[0] == "Together: 909.00 USD."
    assert filled("cash", currency="EUR").notes[0].startswith("Together: 826.36 EUR")
    booked = only(filled("add", account="Euro", kind="dividend", symbol="AAA", amount="11", currency="USD", day="2026-11-18"))
    assert booked["currency"] == "USD"
    unknown = filled("cash", currency="CHF")
    assert unknown.notes[0].startswith("Together: not known") and unknown.unknown


def test_a_correction_keeps_what_was_there_and_can_be_taken_back(filled: Callable[..., Any]) -> None:
    corrected = filled("correct", number=2, price="10.50", reason="misread")
    assert only(corrected)["amount"] == -211.0 and corrected.undo.command == "portfolio.undo"
    assert only(filled("holdings"))["cost"] == 211.0
    assert [(row["version"], row["price"], row["reason"]) for row in filled("history", number=2).rows()] == [
        (2, 10.5, "misread"), (1, 10.0, "")]  # fmt: skip
    filled("undo", number=2)
    assert only(filled("holdings"))["cost"] == 201.0
    assert len(filled("history", number=2).rows()) == 3
    with pytest.raises(UserError, match="booked already"):
        filled("correct", number=2, amount="201")


def test_what_is_taken_out_stays_out_until_it_is_put_back(filled: Callable[..., Any], live: Any) -> None:
    assert live.market.universe("holdings").symbols == ("AAA",)
    taken = filled("remove", number=2)
    assert filled("holdings").rows() == [] and [row["number"] for row in taken.rows()] == [2]
    with pytest.raises(UserError, match="is empty"):
        live.market.universe("holdings")
    with pytest.raises(UserError, match="already"):
        filled("remove", number=2)
    with pytest.raises(UserError, match="taken out"):
        filled("correct", number=2, price="3")
    live.run(taken.undo.command, dict(taken.undo.arguments))
    assert only(filled("holdings"))["quantity"] == 20.0 and live.market.universe("holdings").symbols == ("AAA",)


def test_the_same_twice_is_booked_once(filled: Callable[..., Any]) -> None:
    same = {"account": "Main", "kind": "buy", "symbol": "AAA", "quantity": "20", "price": "10", "fees": "1", "day": "2026-11-16"}
    with pytest.raises(UserError, match="very same"):
        filled("add", **same)
    filled("add", **same, again=True)
    filled("add", **same, again=True)
    assert only(filled("holdings"))["quantity"] == 60.0
    keyed = {"account": "Main", "kind": "fee", "amount": "1", "key": "k1"}
    filled("add", **keyed)
    assert "was booked before" in filled("add", **keyed).notes[-1]
    assert filled("transactions", kind="fee").frame.height == 1


CANNOT_BE: list[tuple[dict[str, Any], str]] = [
    ({"kind": "buy", "symbol": "AAA", "quantity": "ten"}, "cannot be 'ten'"),
    ({"kind": "buy", "symbol": "AAA", "price": "3"}, "needs a quantity"),
    ({"kind": "buy", "symbol": "AAA", "quantity": "3"}, "price or an amount"),
    ({"kind": "buy", "quantity": "3", "price": "2"}, "needs a symbol"),
    ({"kind": "buy", "symbol": "AAA", "quantity": "-3", "price": "2"}, "above zero"),
    ({"kind": "dividend", "symbol": "AAA"}, "needs an amount"),
    ({"kind": "deposit", "amount": "5", "day": "2027-01-01"}, "not come yet"),
    ({"kind": "deposit", "amount": "5", "currency": "dollars"}, "not a currency"),
    ({"kind": "deposit", "amount": "1e30"}, "too large"),
    ({"kind": "split", "symbol": "AAA", "ratio": "2:0"}, "cannot be '2:0'"),
    ({"kind": "exercise", "symbol": "AAA", "quantity": "1"}, "Only an option"),
]


def test_what_cannot_be_is_refused_and_nothing_is_booked(filled: Callable[..., Any]) -> None:
    for given, said in CANNOT_BE:
        with pytest.raises(UserError, match=said):
            filled("add", account="Main", **given)
    assert filled("transactions").frame.height == 2


def test_accounts_and_portfolios_by_name(filled: Callable[..., Any]) -> None:
    filled("account_create", name="Other", method="lifo")
    with pytest.raises(UserError, match="already"):
        filled("account_create", name="main")
    with pytest.raises(UserError, match="no account called 'Nobody'"):
        filled("holdings", account=["Nobody"])
    filled("create", name="Family", accounts=["Main", "Other"])
    filled("account_change", name="Other", new_name="Broker 2", method="average")
    assert only(filled("list"))["accounts"] == ["Main", "Broker 2"]
    assert only(filled("holdings", account=["family"]))["accounts"] == ["Main"]
    gone = filled("delete", name="Family")
    assert filled("list").rows() == [] and gone.undo.arguments["accounts"] == ["Main", "Broker 2"]
    assert [row["method"] for row in filled("accounts").rows()] == ["fifo", "average"]


def test_a_way_to_close_lots_can_be_tried(filled: Callable[..., Any]) -> None:
    filled("add", account="Main", kind="buy", symbol="AAA", quantity="10", price="12", day="2026-11-18")
    sold = only(filled("add", account="Main", kind="sell", symbol="AAA", quantity="10", amount="130", day="2026-11-19"))
    assert sold["price"] == 13.0 and sold["quantity"] == -10.0
    gains = {method: sum(row["gain"] for row in filled("lots", closed=True, method=method).rows()) for method in (
        "fifo", "lifo", "average")}  # fmt: skip
    assert gains == {"fifo": 29.5, "lifo": 10.0, "average": 23.0}


def test_a_position_is_what_the_tearsheet_shows(filled: Callable[..., Any]) -> None:
    row = only(filled("position", symbol="aaa"))
    assert (row["quantity"], row["value"], row["cost"], row["gain"]) == (20.0, 280.0, 201.0, 79.0)
    assert filled("position", symbol="BBB").rows() == []


def test_long_fractions_are_kept_to_the_last_digit(run: Callable[..., Any], live: Any) -> None:
    from plugins.portfolio import book

    run("account_create", name="Coins")
    run("add", account="Coins", kind="buy", symbol="BTC-USD", quantity="0.123456789012345678", amount="9876.54", day="2026-11-18")
    one = book.transactions(live.store.book.read)[0]
    assert one.quantity == Decimal("0.123456789012345678") and one.amount == Decimal("-9876.54")
