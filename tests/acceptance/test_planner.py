"""From an outlook to a trade with its size: in the shell, worked out once more by hand, and on a past day."""

from __future__ import annotations

import json
import math
import shutil
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from plugins.options.planner import saved
from terminal.app import App
from terminal.errors import UserError
from terminal.paths import Home
from tests.conftest import Clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def demo(_demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """An App over the demo market; only plans that are kept write, into its own copy."""
    folder = tmp_path_factory.mktemp("planner") / "home"
    shutil.copytree(_demo_home, folder)
    opened = App(Home(folder), demo=True, clock=Clock())
    # All of its threads now: one that came with a test would look as if that test had left it behind.
    for running in [opened.start("options.structures", {}) for _ in range(8)]:
        running.result(60)
    yield opened
    opened.close()


def planned(app: App, **arguments: Any) -> Any:
    wanted = {"symbol": "SPY", "account": 200_000.0, "risk": "2%", **arguments}
    return app.run("options.plan", wanted)


@pytest.mark.slow
def test_a_plan_from_the_shell(tapeline: Callable[..., Any]) -> None:
    done = tapeline("options", "plan", "SPY", "--bias", "bullish", "--dte", "30", "--risk", "1%", "--account", "200000", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    rows = told["rows"]
    assert rows and all(row["contracts"] >= 1 and row["total_risk"] <= 2_000 for row in rows)
    assert all(row["sentence"].startswith("You ") and row["reasons"] for row in rows)
    assert [row["score"] for row in rows] == sorted((row["score"] for row in rows), reverse=True)
    assert any("simulated" in str(source) for source in told["sources"])


def test_every_figure_of_a_plan_is_that_of_its_legs(demo: App) -> None:
    for outlook in ("bullish", "neutral"):
        for row in planned(demo, bias=outlook, top=3).rows():
            figures = {each["key"]: each["value"] for each in
                       demo.run("options.calc", {"symbol": "SPY", "legs": row["legs"]}).rows()}  # fmt: skip
            assert figures["cost"] == pytest.approx(row["cost"])
            assert figures["chance"] == pytest.approx(row["chance"])
            assert figures["max_loss"] == pytest.approx(row["max_loss"]) if row["max_loss"] is not None else True
            assert figures["delta"] == pytest.approx(row["delta"])
            sized = {each["what"]: each["value"] for each in demo.run(
                "options.size", {"symbol": "SPY", "legs": row["legs"], "account": 200_000.0, "risk": "2%"}).rows()}  # fmt: skip
            assert sized["contracts"] == row["contracts"] == math.floor(
                min(4_000 / row["risk"], 200_000 / row["buying_power"] if row["buying_power"] else math.inf) + 1e-9)  # fmt: skip


def test_a_vertical_worked_out_by_hand_from_the_chain(demo: App) -> None:
    lead = planned(demo, structures=("bull_call_spread",)).rows()[0]
    day = date.fromisoformat(lead["expiry"])
    chain = {row["contract"]: row for row in demo.market.chain("SPY").filter(pl.col("expiry") == day).to_dicts()}
    low, high = (float(each.split()[3]) for each in lead["legs"].split(", "))
    bought, sold = (chain[f"SPY{day:%y%m%d}C{round(at * 1000):08d}"] for at in (low, high))
    mid = 100 * ((bought["bid"] + bought["ask"]) / 2 - (sold["bid"] + sold["ask"]) / 2)
    natural = 100 * (bought["ask"] - sold["bid"])
    cost = mid + 0.25 * (natural - mid) + 2 * 0.65
    assert lead["cost"] == pytest.approx(cost) and lead["max_loss"] == pytest.approx(cost)
    assert lead["max_profit"] == pytest.approx(100 * (high - low) - cost)
    assert float(lead["breakevens"][0]) == pytest.approx(low + cost / 100, abs=0.006)
    assert f"you make money above ${low + cost / 100:,.2f}".replace(",", " ") in lead["sentence"].replace("\u202f", " ")


def test_the_grid_ends_as_the_payoff_and_begins_with_what_was_paid(demo: App) -> None:
    legs = planned(demo, bias="neutral", structures=("iron_condor",)).rows()[0]["legs"]
    table = demo.run("options.calc", {"symbol": "SPY", "legs": legs, "part": "grid"})
    one, grid, prices = (table.detail[name] for name in ("position", "grid", "prices"))
    hand = np.full(len(prices), -one.cost)
    for leg in one.legs:
        hand += leg.shares * np.maximum((prices - leg.strike) * (1 if leg.right == "C" else -1), 0)
    assert grid[-1] == pytest.approx(hand)
    spot = float(one.profit(np.array([one.board.spot]), 0.0)[0])
    assert spot == pytest.approx(one.mid - one.cost, abs=0.05 * abs(one.mid) + 15)
    assert table.frame.height == grid.size and set(table.frame.columns) == {"date", "price", "profit"}


def test_a_small_account_is_told_the_truth(demo: App) -> None:
    table = planned(demo, account=500.0, risk="1%")
    assert all(row["contracts"] == 0 for row in table.rows())
    said = " ".join(table.notes)
    assert "Not even one fits" in said and "The smallest that suits" in said
    assert "check with your broker" in said and "4 June 2026" in said
    assert "check with your broker" not in " ".join(planned(demo).notes)


def test_a_target_a_day_and_a_view_of_volatility_are_used(demo: App) -> None:
    spot = planned(demo).detail["case"].board.spot
    table = planned(demo, target="+6%", by=date(2027, 1, 15), vol_view="rising")
    view = table.detail["plan"].view
    assert view.targets == pytest.approx((spot * 1.06,)) and view.day == date(2027, 1, 15)
    lead = table.rows()[0]
    assert lead["score_volatility"] == pytest.approx(0.5 + 0.5 * math.tanh(10 * lead["vega"] / lead["risk"]), abs=1e-6)


def test_structures_are_listed_with_words_and_can_be_planned_alone(demo: App) -> None:
    rows = demo.run("options.structures", {}).rows()
    assert len(rows) >= 40 and all(row["newbie"] and row["suits"] is not None for row in rows)
    suited = {row["id"] for row in demo.run("options.structures", {"bias": "volatile"}).rows()}
    assert suited >= {"long_straddle", "long_strangle"}
    only = planned(demo, bias="neutral", structures=("Iron condor", "jade_lizard")).rows()
    assert {row["structure"] for row in only} <= {"iron_condor", "jade_lizard"} and only


@pytest.mark.slow
def test_what_it_would_do_to_what_is_held(demo: App) -> None:
    legs = planned(demo, structures=("bull_call_spread",)).rows()[0]["legs"]
    rows = demo.run("options.calc", {"symbol": "SPY", "legs": legs, "part": "portfolio"}).rows()
    delta = next(row for row in rows if row["what"] == "Delta, money")
    figures = {row["key"]: row["value"] for row in demo.run("options.calc", {"symbol": "SPY", "legs": legs}).rows()}
    spot = planned(demo).detail["case"].board.spot
    assert delta["after"] - delta["before"] == pytest.approx(figures["delta"] * spot, rel=0.05)


@pytest.mark.parametrize(
    ("command", "arguments", "part"),
    [
        ("options.plan", {"symbol": "NOSUCH"}, "No option chain"),
        ("options.plan", {"symbol": "SPY", "target": "up a lot"}, "no price and no move"),
        ("options.plan", {"symbol": "SPY", "target": "99999"}, "too far"),
        ("options.plan", {"symbol": "SPY", "by": date(2020, 1, 1)}, "not after"),
        ("options.plan", {"symbol": "SPY", "by": date(2039, 1, 1)}, "lives until"),
        ("options.plan", {"symbol": "SPY", "risk": "much"}, "no part of the account"),
        ("options.plan", {"symbol": "SPY", "account": -5.0}, "more than nothing"),
        ("options.plan", {"symbol": "SPY", "structures": ("straddel",)}, "no structure"),
        ("options.calc", {"symbol": "SPY", "legs": "+1 SPY 2026-12-18 1 C"}, "has no 1 C"),
        ("options.calc", {"symbol": "SPY", "legs": "+1 QQQ 2026-12-18 500 C"}, "not on SPY"),
        ("options.calc", {"symbol": "SPY", "legs": "hello"}, "buy or to sell"),
        ("options.calc", {"symbol": "SPY", "legs": "+100 SPY shares", "drift": "to the moon"}, "no growth"),
    ],
)
def test_what_cannot_be_is_said(demo: App, command: str, arguments: dict[str, Any], part: str) -> None:
    with pytest.raises(UserError, match=part) as refused:
        demo.run(command, arguments)
    assert refused.value.hint


@pytest.mark.slow
def test_no_number_on_the_screen_is_not_a_number(demo: App) -> None:
    for outlook in ("neutral", "volatile"):
        text = json.dumps(planned(demo, bias=outlook, unlimited=True, top=25).to_json())
        assert "NaN" not in text and "Infinity" not in text


def test_what_became_of_a_plan_that_was_kept(demo: App) -> None:
    day = date(2026, 10, 16)
    close = demo.market.bars(["SPY"], day, day)["close"][0]
    low, high = math.floor(close) - 8, math.floor(close) + 12
    october = {"symbol": "SPY", "legs": f"+1 SPY {day} {low} C, -1 SPY {day} {high} C", "count": 3, "spot": close, "cost": 700.0,
               "risk": 700.0, "chance": 0.5, "expected": 0.0, "expiry": day, "outlook": "bullish", "note": ""}  # fmt: skip
    demo.store.book.write(lambda tx: saved.save(tx, "October", october, datetime(2026, 9, 28, 20, 0, tzinfo=UTC)))
    row = next(each for each in demo.run("options.plans", {}).rows() if each["name"] == "October")
    assert row["state"] == "ended" and row["now"] == pytest.approx(close)
    assert row["profit"] == pytest.approx(3 * (100 * (close - low) - 700))
    now = planned(demo, structures=("bull_call_spread",)).rows()[0]
    demo.run("options.plan_save", {"name": "now", "symbol": "SPY", "legs": now["legs"]})
    open_ = next(each for each in demo.run("options.plans", {}).rows() if each["name"] == "now")
    assert open_["state"] == "open" and -0.1 * now["cost"] < open_["profit"] < 0  # what getting in costs
    gone = demo.run("options.plan_delete", {"name": "NOW"})
    assert "now" not in {each["name"] for each in gone.rows()}
    assert gone.undo is not None
    back = demo.run(gone.undo.command, dict(gone.undo.arguments))
    assert "now" in {each["name"] for each in back.rows()}


def test_how_such_trades_of_yours_went(demo: App) -> None:
    record = {row["structure"]: (row["won"], row["closed"]) for row in demo.run("options.record", {}).rows()}
    closed = demo.run("journal.trades", {"state": "closed", "limit": 0}).rows()
    for name, (won, count) in record.items():
        mine = [row["profit"] for row in closed if row["structure"] == name and row["profit"] is not None]
        assert (won, count) == (sum(each > 0 for each in mine), len(mine))
    put = planned(demo, bias="bullish", structures=("cash_secured_put",), record=True, account=1e6).rows()[0]
    expected = record.get("Short put")
    assert put["yours"] == (f"You won {expected[0]} of {expected[1]} such trades." if expected else None)
