"""What if, from the shell to the panel: shocks, the grid, trades, kept scenarios and Greeks of the demo portfolio."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from terminal.domain.whatif.shocks import parse
from terminal.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable

    from terminal.app import App
    from terminal.paths import Home

SHOCK = "SPY -10%, VIX 40"


def test_a_shock_with_two_parts_in_the_shell(portfolio_home: Home, type_in: Callable[..., Any]) -> None:
    def ask(*arguments: str) -> dict[str, Any]:
        done = type_in("--home", str(portfolio_home.path), "--demo", "portfolio", *arguments, "--json")
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout))

    found = ask("whatif", "--shock", SHOCK)
    rows, whole = found["rows"][:-1], found["rows"][-1]
    assert whole["symbol"] == "Everything"
    assert found["notes"][0].startswith("If the market fell 10 % and VIX stood at 40, you would")
    assert whole["gain"] == pytest.approx(sum(row["gain"] for row in rows)), "the sum of the parts is the whole"
    spy = next(row for row in rows if row["symbol"] == "SPY")
    assert spy["gain"] == pytest.approx(-0.1 * spy["worth"]) and spy["why"] == "beta 1.00"
    options = [row for row in rows if row["volatility"] is not None]
    assert len(options) >= 2 and all(row["volatility_after"] > row["volatility"] for row in options), "volatility rises"
    assert all(source["simulated"] for source in found["sources"]) and not found["unknown"]
    greeks = ask("greeks", "--by", "expiry")
    assert greeks["rows"][0]["what"] == "No expiry" and greeks["rows"][-1]["what"] == "Everything"
    for name in ("delta_money", "beta_delta_money", "gamma_money", "vega", "theta", "rho"):
        assert greeks["rows"][-1][name] == pytest.approx(sum(row[name] for row in greeks["rows"][:-1]))
    told = type_in("--home", str(portfolio_home.path), "--demo", "portfolio", "whatif", "--shock", "SPY -10")
    assert told.returncode == 1 and "Write SPY -10%" in told.stderr and "Traceback" not in told.stderr


@pytest.mark.slow
def test_greeks_are_what_small_shocks_make(portfolio_app: App) -> None:
    """Delta, vega, theta and rho of everything against full revaluations of it."""
    total = portfolio_app.run("portfolio.greeks").rows()[-1]

    def made(shock: str) -> float:
        return float(portfolio_app.run("portfolio.whatif", {"shock": shock, "response": 0.0}).rows()[-1]["gain"])

    slope = (made("SPY +0.1%") - made("SPY -0.1%")) / 0.002
    assert slope == pytest.approx(total["beta_delta_money"], rel=0.01)
    assert made("IV +0.1 points") * 10 == pytest.approx(total["vega"], rel=0.02)
    assert made("1 day") == pytest.approx(total["theta"], rel=0.05)
    assert made("rates +10bp") * 10 == pytest.approx(total["rho"], rel=0.02)
    spy = portfolio_app.market.last_prices(["SPY"])["price"][0]
    assert total["beta_delta_shares"] == pytest.approx(total["beta_delta_money"] / spy)


@pytest.mark.slow
def test_greeks_by_underlying_expiry_and_position_are_the_same_ones(portfolio_app: App) -> None:
    tables = {by: portfolio_app.run("portfolio.greeks", {"by": by}).rows() for by in ("underlying", "expiry", "position")}
    ends = [rows[-1] for rows in tables.values()]
    assert all(end["delta_money"] == pytest.approx(ends[0]["delta_money"]) for end in ends)
    assert all(end["vega"] == pytest.approx(ends[0]["vega"]) for end in ends)
    positions = tables["position"][:-1]
    held = {row["symbol"]: row for row in portfolio_app.run("portfolio.holdings").rows()}
    assert len(positions) == len(held)
    for row in positions:
        if row["contract"] is None:
            assert row["delta_shares"] == pytest.approx(held[row["what"]]["quantity"])
            assert row["gamma_money"] == row["vega"] == 0.0
        else:
            quantity = held[row["contract"]]["quantity"]
            assert abs(row["delta_shares"]) <= abs(quantity) * 100 and row["gamma_money"] * quantity > 0
            assert 0.05 < row["volatility"] < 2 and row["volatility_from"]


@pytest.mark.slow
def test_volatility_response_can_be_switched_off(portfolio_app: App) -> None:
    def notes(response: float) -> list[str]:
        return list(portfolio_app.run("portfolio.whatif", {"shock": "market -10%", "response": response}).notes)

    assert any("rises by 1.5 points for each per cent" in note for note in notes(1.5))
    assert any("volatilities stay as they are" in note for note in notes(0.0))
    with pytest.raises(UserError, match="VIX does not rise"):
        portfolio_app.run("portfolio.whatif", {"shock": "market -10%", "response": 70.0})


def test_past_falls_come_from_the_store_where_it_reaches_back_and_say_so_where_not(portfolio_app: App) -> None:
    stored = portfolio_app.run("portfolio.whatif", {"shock": "2022"})
    bars = portfolio_app.market.bars(["SPY"], date(2022, 1, 3), date(2022, 10, 12))
    column = "adjusted_close" if bars["adjusted_close"][0] else "close"
    fell = bars[column][-1] / bars[column][0] - 1
    spy = next(row for row in stored.rows() if row["symbol"] == "SPY")
    assert spy["move"] == pytest.approx(fell) and spy["why"] == "as it did then"
    assert any("as simulated" in note for note in stored.notes)
    stated = portfolio_app.run("portfolio.whatif", {"shock": "March 2020"})
    spy = next(row for row in stated.rows() if row["symbol"] == "SPY")
    assert spy["move"] == pytest.approx(2237.40 / 3386.15 - 1) and spy["why"] == "beta 1.00"
    assert any("stated, not stored" in note and "2020-02-19 to 2020-03-23" in note for note in stated.notes)
    assert all(parse(row["name"]).crisis for row in portfolio_app.run("portfolio.shocks").rows())


def test_the_grid_has_every_case(portfolio_app: App) -> None:
    table = portfolio_app.run("portfolio.whatif")
    rows = table.rows()
    assert len(rows) == 21 and table.detail["gains"].shape[:3] == (7, 5, 3)
    now = next(row for row in rows if row["rates"] == 0 and row["prices"] == 0)
    assert now["volatility_+0"] == pytest.approx(0.0, abs=1e-6)
    fall = next(row for row in rows if row["rates"] == 0 and row["prices"] == -0.1)
    same = portfolio_app.run("portfolio.whatif", {"shock": "market -10%", "response": 0.0}).rows()[-1]
    assert fall["volatility_+0"] == pytest.approx(same["gain"])


def test_trades_are_tried_and_nothing_is_booked(portfolio_app: App) -> None:
    before = portfolio_app.run("portfolio.transactions", {"limit": 0}).rows()
    held = {row["symbol"]: row for row in portfolio_app.run("portfolio.holdings").rows()}
    lots = portfolio_app.run("portfolio.lots", {"symbol": "GARM"}).rows()
    trades = "buy 20 SPY; sell all GARM; buy 2 QQQ 2027-01-15 950 P @ 7.50"
    table = portfolio_app.run("portfolio.whatif", {"trades": trades, "shock": "market -10%"})
    rows = {(row["section"], row["what"]): row for row in table.rows()}
    spy = rows["Weights", "SPY"]
    assert spy["value_after"] - spy["value_before"] == pytest.approx(20.0)
    assert spy["change"] == pytest.approx(20 * held["SPY"]["price"], abs=0.01)
    assert rows["Weights", "GARM"]["after"] == 0.0
    spent = 20 * held["SPY"]["price"] - held["GARM"]["value"] + 2 * 750
    assert rows["Weights", "Cash"]["change"] == pytest.approx(-spent, abs=0.02)
    sold = [row for key, row in rows.items() if key[0] == "Lots"]
    assert len(sold) == len(lots)
    assert sum(row["before"] for row in sold) == pytest.approx(sum(lot["cost"] for lot in lots), abs=0.01)
    gains = rows["Tax", "Gains within a year"]["change"] + rows["Tax", "Gains after a year"]["change"]
    assert gains == pytest.approx(sum(row["change"] for row in sold))
    assert rows["Risk", "Value at risk, 95%, a day"]["before"] == pytest.approx(
        next(row for row in portfolio_app.run("portfolio.risk", {"days": 252, "part": "var"}).rows()
             if row["method"].lower().startswith("hist"))["var"], rel=1e-6)  # fmt: skip
    total = portfolio_app.run("portfolio.greeks").rows()[-1]
    assert rows["Greeks", "Delta, money"]["before"] == pytest.approx(total["delta_money"])
    alone = portfolio_app.run("portfolio.whatif", {"shock": "market -10%"}).rows()[-1]
    assert rows["Shock", "If market -10%"]["before"] == pytest.approx(alone["gain"])
    assert portfolio_app.run("portfolio.transactions", {"limit": 0}).rows() == before
    for wrong, told in (("buy 5 NOSUCH", "No price"), ("cover 5 SPY", "not sold short"), ("sell all QQQ", "No QQQ is held")):
        with pytest.raises(UserError, match=told):
            portfolio_app.run("portfolio.whatif", {"trades": wrong})


def test_scenarios_are_kept_run_again_and_taken_back(portfolio_app: App) -> None:
    def names() -> list[str]:
        return [row["name"] for row in portfolio_app.run("portfolio.scenarios").rows()]

    first = portfolio_app.run("portfolio.whatif", {"shock": SHOCK, "save": "A scare"})
    assert names() == ["A scare"] and first.undo is not None
    again = portfolio_app.run("portfolio.whatif", {"scenario": "a SCARE"})
    assert again.rows() == first.rows()
    portfolio_app.run("portfolio.scenario_save", {"name": "a scare", "shock": "2008"})
    assert portfolio_app.run("portfolio.scenarios").rows()[0]["shock"] == "2008"
    gone = portfolio_app.run("portfolio.scenario_delete", {"name": "A scare"})
    assert names() == [] and gone.undo is not None
    portfolio_app.run(gone.undo.command, dict(gone.undo.arguments))
    assert portfolio_app.run("portfolio.scenarios").rows()[0]["shock"] == "2008"
    with pytest.raises(UserError, match="another"):
        portfolio_app.run("portfolio.whatif", {"scenario": "another"})
    with pytest.raises(UserError, match="unit is missing"):
        portfolio_app.run("portfolio.scenario_save", {"name": "Wrong", "shock": "SPY -10"})


@pytest.mark.slow
def test_a_past_day_asks_with_what_was_known_then(portfolio_app: App) -> None:
    day = date(2026, 6, 1)
    found = portfolio_app.run("portfolio.whatif", {"shock": "market -10%"}, as_of=day)
    held = {row["symbol"] for row in portfolio_app.run("portfolio.holdings", as_of=day).rows()}
    assert {row["symbol"] for row in found.rows()[:-1] if not row["symbol"].endswith("cash")} == held
    unknown = [row["symbol"] for row in found.rows()[:-1] if row["gain"] is None]
    assert all(any(text.startswith(symbol) for text in found.unknown) for symbol in unknown), "each unknown one says why"


def test_with_nothing_held_there_is_nothing_to_lose(app: App) -> None:
    found = app.run("portfolio.whatif", {"shock": SHOCK})
    assert found.rows() == [] and found.notes[0] == "You hold nothing, so nothing would change."
    assert app.run("portfolio.greeks").rows() == [] and app.run("portfolio.whatif").rows() == []
    with pytest.raises(UserError, match="no account"):
        app.run("portfolio.whatif", {"trades": "buy 1 SPY"})
