"""Trades of the journal: made of what is booked, kept with what was planned and felt, seen on the chart, checked by brokers."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from terminal.api import UserError

if TYPE_CHECKING:
    from collections.abc import Callable

D = Decimal
CALL = "SPY261218C00{}000"


def book(app: Any, kind: str, symbol: str, quantity: float, price: float, day: str, fees: float = 0) -> int:
    told = {"account": "Main", "kind": kind, "symbol": symbol, "quantity": str(quantity), "price": str(price), "day": day,
            "fees": str(fees), "again": True}  # fmt: skip
    return int(app.run("portfolio.add", told).rows()[0]["number"])


@pytest.fixture
def traded(app: Any) -> Any:
    """Three trades of SPY: one scaled out of, one short, and a spread of options."""
    app.run("portfolio.account_create", {"name": "Main"})
    app.run("portfolio.add", {"account": "Main", "kind": "deposit", "amount": "100000", "day": "2026-01-05"})
    bars = {row["date"]: row for row in app.market.bars(["SPY"], date(2026, 2, 2), date(2026, 2, 13)).to_dicts()}
    app.bars = bars
    price = {day: round(row["close"], 2) for day, row in bars.items()}
    book(app, "buy", "SPY", 10, price[date(2026, 2, 2)], "2026-02-02", 1)
    book(app, "sell", "SPY", 4, price[date(2026, 2, 4)], "2026-02-04", 1)
    book(app, "sell", "SPY", 6, price[date(2026, 2, 6)], "2026-02-06", 1)
    book(app, "short", "SPY", 5, price[date(2026, 2, 9)], "2026-02-09")
    book(app, "cover", "SPY", 5, price[date(2026, 2, 10)], "2026-02-10")
    book(app, "buy", CALL.format(800), 2, 12.5, "2026-03-02", 1.3)
    book(app, "sell", CALL.format(820), 2, 6.5, "2026-03-02", 1.3)
    return app


def rows(app: Any, verb: str, as_of: date | None = None, **arguments: Any) -> list[dict[str, Any]]:
    return list(app.run(f"journal.{verb}", arguments, as_of=as_of).rows())


def test_round_trips_with_r_and_how_far_they_ran(traded: Any) -> None:
    spread, short, long = rows(traded, "trades")
    price = {day: round(row["close"], 2) for day, row in traded.bars.items()}
    entry, part, rest = (price[date(2026, 2, day)] for day in (2, 4, 6))
    assert (long["structure"], long["opened"], long["closed"], long["quantity"]) == ("Long ETF", "2026-02-02", "2026-02-06", 10)
    assert long["profit"] == pytest.approx(4 * part + 6 * rest - 10 * entry - 3)
    fallen = price[date(2026, 2, 9)] - price[date(2026, 2, 10)]
    assert (short["structure"], short["profit"]) == ("Short ETF", pytest.approx(5 * fallen))
    assert (spread["structure"], spread["state"], spread["quantity"], spread["entry"]) == ("Bull call spread", "open", 2, 6.0)
    assert spread["mfe"] is None and long["bars"] == "day"
    bar = {day: traded.bars[date(2026, 2, day)] for day in (3, 4, 5, 6)}
    whole = [entry, bar[3]["low"], bar[3]["high"], bar[4]["open"], part]
    less = [part, bar[5]["low"], bar[5]["high"], bar[6]["open"], rest]
    stood = [10 * (each - entry) - 1 for each in whole] + [4 * part + 6 * each - 10 * entry - 2 for each in less]
    assert long["mae"] == pytest.approx(min(0, *stood, long["profit"])) and long["mfe"] == pytest.approx(max(0, *stood))
    rows(traded, "annotate", number=long["number"], stop=str(round(entry - 10, 2)))
    again = rows(traded, "trades", state="closed", symbol="SPY")[-1]
    assert again["r"] == pytest.approx(long["profit"] / 100) and again["risk"] == pytest.approx(100)


def test_what_is_written_is_kept_found_again_and_taken_back(traded: Any) -> None:
    number = rows(traded, "trades")[-1]["number"]
    rows(traded, "playbook_save", name="Pullback", step=("Trend is up", "Stop is set"), text="Buy the dip in a trend.")
    table = traded.run("journal.annotate", {"number": number, "strategy": ["swing"], "mistake": ["sold too early", "No stop"],
                                            "before": "calm: slept well", "note": "Was **good**.", "playbook": "pullback",
                                            "done": ["Trend is up"]})  # fmt: skip
    told = {row["what"]: row["value"] for row in table.rows()}
    assert (
        told["Playbook"] == "Pullback: 1 of 2"
        and told["Notes"] == "Was **good**."
        and told["Mistakes"] == "sold too early, No stop"
    )
    assert rows(traded, "tag", number=number, label="earnings")
    with pytest.raises(UserError, match="already"):
        rows(traded, "tag", number=number, label="Earnings")
    assert {(row["kind"], row["word"]) for row in rows(traded, "tags")} == {
        ("strategy", "swing"), ("mistake", "sold too early"), ("mistake", "No stop"), ("tag", "earnings")}  # fmt: skip
    assert [row["number"] for row in rows(traded, "trades", word=("EARNINGS", "swing"))] == [number]
    undo = traded.run("journal.untag", {"number": number, "label": "earnings"}).undo
    assert rows(traded, "trades", word=("earnings",)) == []
    traded.run(undo.command, dict(undo.arguments))
    assert [row["tag"] for row in rows(traded, "trades", word=("earnings",))] == [["earnings"]]
    assert rows(traded, "trades", as_of=date(2026, 3, 10))[-1]["tag"] == [], "it was not written yet"
    assert rows(traded, "playbooks")[0]["trades"] == 1 and rows(traded, "playbooks")[0]["kept"] == 0.5
    gone = traded.run("journal.playbook_delete", {"name": "Pullback"}).undo
    assert rows(traded, "playbooks") == []
    traded.run(gone.command, dict(gone.arguments))
    assert rows(traded, "playbooks")[0]["items"] == ["Trend is up", "Stop is set"]


def test_notes_stay_with_their_trade_when_earlier_bookings_are_imported(traded: Any) -> None:
    number = rows(traded, "trades", state="closed")[-1]["number"]
    rows(traded, "annotate", number=number, note="Mine.")
    earlier = book(traded, "buy", "SPY", 3, 600, "2026-01-20")
    found = rows(traded, "trades", state="", symbol="SPY")[-1]
    assert found["number"] == earlier and found["quantity"] == 13
    told = {row["what"]: row["value"] for row in rows(traded, "trade", number=number)}
    assert told["Notes"] == "Mine."


def test_on_a_past_day_only_what_was_booked_then_is_known(traded: Any) -> None:
    assert rows(traded, "trades", as_of=date(2026, 2, 1)) == []
    (then,) = rows(traded, "trades", as_of=date(2026, 2, 5))
    assert (then["state"], then["closed"]) == ("open", None)
    with pytest.raises(UserError, match="today"):
        traded.run("journal.annotate", {"number": then["number"], "note": "x"}, as_of=date(2026, 2, 5))


@pytest.mark.slow  # a decision is frozen with everything that is known
def test_a_decision_behind_a_trade_gives_its_stop_and_flags_are_on_the_chart(traded: Any) -> None:
    number = rows(traded, "trades")[-1]["number"]
    traded.run("journal.log", {"symbol": "SPY", "action": "buy", "reason": "Trend", "stop": "3%"}, as_of=date(2026, 1, 30))
    told = {row["what"]: (row["value"], row["why"]) for row in rows(traded, "trade", number=number)}
    assert told["Planned stop"][1].startswith("from decision 1")
    flags = rows(traded, "markers", symbol="SPY")
    assert [row["kind"] for row in flags].count("trade") == 7 and flags[0]["title"] == "Decision 1: buy"
    shown = [row for row in traded.run("chart.events", {"symbol": "SPY", "news": 0}).rows() if row["kind"] == "trade"]
    assert len(shown) == 7 and shown[0]["title"].startswith("Buy 10 at $")


@pytest.mark.slow  # Qt paints a chart
def test_a_picture_of_the_chart_is_a_file_of_the_home(traded: Any) -> None:
    number = rows(traded, "trades")[-1]["number"]
    table = traded.run("journal.picture", {"number": number})
    (one,) = table.rows()
    file = Path(one["file"])
    assert file.is_relative_to(traded.home.path) and file.read_bytes().startswith(b"\x89PNG") and one["there"]
    traded.run("journal.picture_remove", {"number": one["number"]})
    assert rows(traded, "pictures", number=number) == [] and file.is_file()
    traded.run("journal.picture_restore", {"number": one["number"]})
    assert len(rows(traded, "pictures", number=number)) == 1


def test_the_demo_portfolio_has_a_year_of_trades_that_add_up(portfolio_app: Any) -> None:
    """All trades together are what the portfolio says it has made of the same bookings."""
    found = rows(portfolio_app, "trades", limit=0)
    assert len(found) > 30 and {"won", "lost", "open"} <= {row["state"] for row in found}
    pnl = portfolio_app.run("portfolio.pnl", {}).rows()
    made = sum(row[name] or 0 for row in pnl for name in ("realised", "unrealised") if name in row)
    assert sum(row["profit"] for row in found) == pytest.approx(made, abs=0.02 * len(found))


def test_from_the_shell(type_in: Callable[..., Any], demo_home: Any) -> None:
    done = type_in("--home", str(demo_home.path), "--demo", "journal", "trades", "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["rows"] == []
    wrong = type_in("--home", str(demo_home.path), "--demo", "journal", "trade", "99")
    assert wrong.returncode == 1 and "There is no trade 99" in wrong.stderr and "Traceback" not in wrong.stderr


@pytest.mark.real
def test_trades_of_real_exports_come_to_what_their_brokers_state(shared: Path) -> None:
    """The sum of trades is that of the lots at any price, and the broker's own realised gain where it states one."""
    from terminal.domain import brokers
    from terminal.domain.journal.trades import trades
    from terminal.domain.portfolio.lots import replay

    files = [*(shared / "payloads" / "market").glob("broker_*"), *(shared / "payloads" / "ibkr").glob("flex_*")]
    grouped = 0
    for file in files:
        bookings = brokers.parse(file.read_bytes(), file.name).transactions
        lots, found = replay(bookings), trades(bookings)
        grouped += len(found)
        unknown = {lot.symbol for lot in lots.lots if lot.cost is None} | {
            each.symbol for each in lots.closings if each.gain is None} | {
            leg.symbol for one in found for leg in one.legs if leg.flows is None}  # fmt: skip
        for price in (D(7), D(123)):
            ours = sum((leg.profit(price) or D(0) for one in found for leg in one.legs if leg.symbol not in unknown), D(0))
            held = sum(
                (lot.quantity * lot.multiplier * price - (lot.cost or 0) for lot in lots.lots if lot.symbol not in unknown), D(0)
            )
            made = sum((each.gain or D(0) for each in lots.closings if each.symbol not in unknown), D(0))
            assert abs(ours - held - made) < D("1e-9"), file.name
    assert grouped > 60
    stated = (shared / "payloads" / "ibkr" / "flex_testIBFlexStatementFile01.xml").read_bytes()
    (closed,) = [one for one in trades(brokers.parse(stated, "f.xml").transactions) if not one.open]
    assert b'fifoPnlRealized="2358"' in stated and closed.realised == 2358
    assert closed.opened.day < closed.closed.day - timedelta(days=1) if closed.closed else False
