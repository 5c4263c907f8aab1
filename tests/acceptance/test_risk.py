"""The risk of a portfolio by its commands: parts sum to the whole, nothing from later, what is missing is said and never zero."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from terminal.app import App
    from terminal.paths import Home
    from tests.conftest import Clock

LAST = date(2026, 11, 20)


def hold(app: App, *bookings: dict[str, Any], account: str = "Main", currency: str = "USD") -> None:
    app.run("portfolio.account_create", {"name": account, "currency": currency})
    for each in bookings:
        app.run("portfolio.add", {"account": account, **each})


def figures(app: App, as_of: date | None = None, **arguments: Any) -> dict[str, dict[str, Any]]:
    return {str(row["figure"]): row for row in app.run("portfolio.risk", arguments, as_of=as_of).rows()}


def closes(app: App, symbol: str, day: date, count: int) -> np.ndarray:
    """As the market has them now, up to a day: dividends in them, which changes no return."""
    bars = app.market.bars([symbol], None, day)
    return np.asarray(bars["adjusted_close"].to_numpy()[-count:])


def test_one_fund_is_measured_as_anybody_would(app: App) -> None:
    """All the money in SPY: its figures are those of SPY's own daily returns, worked out here once more."""
    hold(app, {"kind": "deposit", "amount": "6000", "day": "2025-01-02"},
         {"kind": "buy", "symbol": "SPY", "quantity": "10", "price": "600", "day": "2025-01-02"})  # fmt: skip
    worth = app.run("portfolio.show").rows()[0]["amount"]
    level = closes(app, "SPY", LAST, 505)
    daily = level[1:] / level[:-1] - 1
    found = figures(app)
    lowest = np.sort(daily)
    assert found["Value at risk"]["share"] == pytest.approx(-lowest[25]) and found["Value at risk"]["state"] in ("calm", "watch")
    assert found["Value at risk"]["amount"] == pytest.approx(-lowest[25] * worth, rel=1e-6)
    assert found["Expected shortfall"]["share"] == pytest.approx(-(lowest[:25].sum() + 0.2 * lowest[25]) / 25.2)
    assert found["Volatility"]["share"] == pytest.approx(daily.std(ddof=1) * 252**0.5)
    assert found["Sharpe"]["value"] == pytest.approx(daily.mean() / daily.std(ddof=1) * 252**0.5)
    growth = np.concatenate([[1.0], np.cumprod(1 + daily)])
    assert found["Deepest fall"]["share"] == pytest.approx((growth / np.maximum.accumulate(growth) - 1).min())
    assert found["Beta"]["value"] == pytest.approx(1.0) and found["Explained by the market"]["share"] == pytest.approx(1.0)
    assert found["Effective positions"]["value"] == pytest.approx(1.0) and found["Largest position"]["state"] == "high"
    assert "would lose about" in found["Value at risk"]["says"] and "one day in twenty" in found["Value at risk"]["says"]


def test_parts_sum_to_the_whole_on_the_demo_portfolio(portfolio_app: App) -> None:
    app = portfolio_app
    methods = {row["method"]: row for row in app.run("portfolio.risk", {"part": "var"}).rows()}
    assert [name.split()[0] for name in methods] == ["Historical", "Parametric", "Cornish-Fisher", "Monte", "Filtered"]
    assert all(0 < row["var"] < row["cvar"] and row["days"] == 504 for row in methods.values())
    parts = app.run("portfolio.risk", {"part": "positions"}).rows()
    assert sum(row["component"] for row in parts) == pytest.approx(methods["Parametric (normal)"]["var"])
    assert sum(row["shortfall"] for row in parts) == pytest.approx(methods["Historical"]["cvar"])
    assert sum(row["risk_share"] for row in parts) == pytest.approx(1.0)
    sectors = app.run("portfolio.risk", {"part": "sectors"}).rows()
    assert sum(row["component"] for row in sectors) == pytest.approx(sum(row["component"] for row in parts))
    assert sum(row["worth"] for row in sectors) == pytest.approx(sum(row["worth"] for row in parts)) and len(sectors) > 5
    by_symbol = {row["symbol"]: row for row in parts}
    held = {row["symbol"]: row for row in app.run("portfolio.holdings").rows()}
    assert set(by_symbol) == set(held)
    assert all(row["worth"] == pytest.approx(held[symbol]["value"], abs=0.006) for symbol, row in by_symbol.items())
    greeks = {row["contract"]: row for row in app.run("portfolio.greeks", {"by": "position"}).rows()}
    options = [symbol for symbol in by_symbol if len(symbol) > 15]
    assert options and all(by_symbol[each]["amount"] == pytest.approx(greeks[each]["delta_money"]) for each in options)
    puts = [symbol for symbol in options if symbol[-9] == "P" and held[symbol]["quantity"] > 0]
    assert puts and all(by_symbol[each]["component"] < 0 for each in puts), "a put that is held takes risk away"
    ten = {row["method"]: row["var"] for row in app.run("portfolio.risk", {"part": "var", "horizon": 10}).rows()}
    assert ten["Historical"] == pytest.approx(methods["Historical"]["var"] * 10**0.5)


def test_a_past_day_is_made_of_its_own_bars_only(app: App) -> None:
    """The same question of a past day, and of a book and market that end on it."""
    day = date(2026, 5, 15)
    hold(app, {"kind": "deposit", "amount": "6000", "day": "2025-01-02"},
         {"kind": "buy", "symbol": "SPY", "quantity": "10", "price": "600", "day": "2025-01-02"})  # fmt: skip
    checked = app.run("portfolio.var_check", {"days": 600}, as_of=day).detail["checked"]
    level = closes(app, "SPY", day, 601)
    made = (level[1:] / level[:-1] - 1)[-350:]
    assert checked.days[-1] == day and checked.happened / abs(checked.happened).max() == pytest.approx(made / abs(made).max())


def test_two_accounts_risk_no_more_than_the_sum_of_both(portfolio_app: App) -> None:
    names = [row["account"] for row in portfolio_app.run("portfolio.accounts").rows()]
    whole = figures(portfolio_app)["Expected shortfall"]["amount"]
    apart = [figures(portfolio_app, account=(name,))["Expected shortfall"]["amount"] for name in names]
    assert len(names) == 2 and 0 < whole <= sum(apart) + 1e-6


@pytest.mark.slow  # everything stored is measured anew as of that day
def test_a_past_day_knows_nothing_later(portfolio_app: App) -> None:
    app, day = portfolio_app, date(2026, 5, 15)
    found = app.run("portfolio.risk", {"part": "positions", "days": 252}, as_of=day).rows()
    stock = next(row for row in found if row["symbol"] == "SPY")
    level = closes(app, "SPY", day, 253)
    daily = level[1:] / level[:-1] - 1
    assert stock["volatility"] == pytest.approx(daily.std(ddof=1) * 252**0.5)
    falls = app.run("portfolio.risk", {"part": "drawdowns"}, as_of=day).rows()
    assert falls and all(row["trough"] <= str(day) and (row["recovered"] or "") <= str(day) for row in falls)
    checked = app.run("portfolio.var_check", as_of=day)
    assert checked.detail["checked"].days[-1] <= day
    assert {row["symbol"] for row in found} <= {row["symbol"] for row in app.run("portfolio.holdings", as_of=day).rows()}


def test_what_has_no_history_is_left_out_and_said(app: App) -> None:
    hold(app, {"kind": "deposit", "amount": "20000", "day": "2026-01-05"},
         {"kind": "buy", "symbol": "SPY", "quantity": "10", "price": "650", "day": "2026-01-05"},
         {"kind": "buy", "symbol": "NOSUCH", "quantity": "10", "price": "100", "day": "2026-01-05"})  # fmt: skip
    table = app.run("portfolio.risk", {"part": "positions"})
    assert [row["symbol"] for row in table.rows()] == ["SPY"]
    assert any(text.startswith("NOSUCH: no price of it is stored") for text in table.unknown)
    assert any("Not everything you own has a price" in note for note in table.notes)
    many = app.run("portfolio.risk", {"days": 3000})
    assert many.notes[1] == "From 1264 of 3000 days.", many.notes
    assert app.run("portfolio.correlation").rows()[0]["to_SPY"] == 1.0


def test_money_in_another_currency_without_rates_is_left_out(app: App) -> None:
    hold(app, {"kind": "deposit", "amount": "5000", "day": "2026-01-05"},
         {"kind": "buy", "symbol": "SPY", "quantity": "2", "price": "650", "currency": "USD", "fx_rate": "0.9",
          "day": "2026-01-05"}, currency="EUR")  # fmt: skip
    table = app.run("portfolio.risk")
    assert table.rows() == [] and any("USD" in text for text in table.unknown)


def test_an_empty_book_and_questions_that_make_no_sense(app: App) -> None:
    from terminal.errors import UserError

    app.run("portfolio.account_create", {"name": "Main"})
    for command in ("risk", "correlation", "var_check"):
        table = app.run(f"portfolio.{command}")
        assert table.rows() == [] and table.notes
    for command, wrong in (("risk", {"confidence": 1.2}), ("risk", {"days": 20}), ("risk", {"horizon": 0}),
                           ("correlation", {"together": 3.0}), ("var_check", {"window": 10})):  # fmt: skip
        with pytest.raises(UserError):
            app.run(f"portfolio.{command}", wrong)


def test_what_the_account_did_is_told_without_own_money(app: App) -> None:
    """Two deposits, all of it in SPY as soon as it is there: day by day SPY's own moves, whatever came in."""
    first, then = date(2026, 3, 2), date(2026, 8, 3)
    prices = {row["date"]: row["close"] for row in app.market.bars(["SPY"], first, LAST).to_dicts()}
    bookings = []
    for day in (first, then):
        price = f"{prices[day]:.10g}"
        bookings += [{"kind": "deposit", "amount": f"{10 * prices[day]:.10g}", "day": str(day)},
                     {"kind": "buy", "symbol": "SPY", "quantity": "10", "price": price, "day": str(day)}]  # fmt: skip
    hold(app, *bookings)
    table = app.run("portfolio.risk", {"part": "account", "days": 1000})
    found = table.detail["past"]
    level = np.array([prices[day] for day in sorted(prices)])
    moves = level[1:] / level[:-1] - 1
    place = found.days.index(then)
    assert found.days[0] > first and np.delete(found.daily, place) == pytest.approx(np.delete(moves, place), abs=1e-6)
    assert found.daily[place] == pytest.approx(moves[place] * level[place] / (level[place] + level[place + 1]), abs=1e-6), \
        "what comes in counts from the morning on"  # fmt: skip
    rows = {row["figure"]: row for row in table.rows()}
    assert rows["Beta"]["account"] == pytest.approx(1.0, abs=0.02) and rows["Beta"]["market"] == 1.0
    assert rows["Volatility"]["account"] == pytest.approx(rows["Volatility"]["market"], rel=0.02)


def test_factors_are_named_for_what_they_are(portfolio_app: App) -> None:
    table = portfolio_app.run("portfolio.risk", {"part": "factors"})
    rows = {row["factor"]: row for row in table.rows()}
    assert list(rows)[:2] == ["Market", "Size (IWM - market)"]
    assert sum(row["part"] for row in rows.values()) == pytest.approx(1.0)
    assert any("No funds are stored for value" in note for note in table.notes)


def test_what_moves_together_is_told_with_its_clusters(portfolio_app: App) -> None:
    table = portfolio_app.run("portfolio.correlation", {"days": 504})
    rows = table.rows()
    symbols = [row["symbol"] for row in rows]
    matrix = np.array([[row[f"to_{other}"] for other in symbols] for row in rows])
    assert np.allclose(matrix, matrix.T) and np.allclose(np.diag(matrix), 1.0) and np.linalg.eigvalsh(matrix).min() > 0
    clusters = [row["cluster"] for row in rows]
    assert clusters == sorted(clusters), "what belongs together lies side by side"
    assert len(set(clusters)) < len(clusters) and any("move as one" in note for note in table.notes)
    sample = portfolio_app.run("portfolio.correlation", {"days": 504, "sample": True}).rows()
    raw = {row["symbol"]: row for row in sample}
    spy, other = closes(portfolio_app, "SPY", LAST, 505), closes(portfolio_app, symbols[-1], LAST, 505)
    expected = np.corrcoef(spy[1:] / spy[:-1], other[1:] / other[:-1])[0, 1]
    assert raw["SPY"][f"to_{symbols[-1]}"] == pytest.approx(expected)
    mine = {row["symbol"]: row for row in rows}
    assert abs(mine["SPY"][f"to_{symbols[-1]}"]) <= abs(expected)


def test_value_at_risk_is_held_against_what_happened(portfolio_app: App) -> None:
    table = portfolio_app.run("portfolio.var_check", {"confidence": 0.95})
    rows = {row["method"]: row for row in table.rows()}
    assert list(rows) == ["Historical", "Parametric (normal)", "Cornish-Fisher", "Filtered historical"]
    for row in rows.values():
        assert row["days"] == 1010 and row["expected"] == pytest.approx(50.5) and 15 < row["exceptions"] < 110
        assert 0 <= row["kupiec"] <= 1 and 0 <= row["conditional"] <= 1 and row["verdict"] and row["says"]
    found = table.detail["checked"]
    counted = int((-found.happened > found.said["historical"]).sum())
    assert rows["Historical"]["exceptions"] == counted


def test_from_the_shell(typed: Callable[..., Any]) -> None:
    filled = typed("portfolio", "demo-fill", "--json")
    assert filled.returncode == 0 or "is there" in filled.stderr, filled.stderr
    for words in (("risk",), ("correlation", "--days", "252"), ("var-check", "--confidence", "0.99")):
        done = typed("portfolio", *words, "--json")
        assert done.returncode == 0, done.stderr
        answer = json.loads(done.stdout)
        assert answer["rows"] and answer["sources"][-1]["simulated"] and "NaN" not in done.stdout
    wrong = typed("portfolio", "risk", "--confidence", "95")
    assert wrong.returncode != 0 and "between 0.5 and 1" in wrong.stderr


@pytest.mark.slow
@pytest.mark.real
def test_real_prices_against_quantstats(shared: Path, live_home: Home, clock: Clock) -> None:
    """Twenty years of SPY, QQQ and AAPL as files, held in one account: what quantstats says of the same weights and days."""
    from terminal.app import App

    stats, pandas = pytest.importorskip("quantstats.stats"), pytest.importorskip("pandas")
    clock.now = clock.now.replace(year=2021, month=3, day=31)
    app, day, held = App(live_home, demo=False, clock=clock), date(2021, 3, 31), {"SPY": 40, "QQQ": 20, "AAPL": 100}
    try:
        for symbol in held:
            path = shared / "payloads" / "market" / f"daily_{symbol}.csv"
            app.run("market.import", {"file": path, "as_": "bars", "symbol": symbol, "currency": "USD"})
        hold(app, *({"kind": "buy", "symbol": symbol, "quantity": str(count), "price": "100", "day": "2021-03-30"}
                    for symbol, count in held.items()))  # fmt: skip
        rows = figures(app, days=1260)
        frame = {symbol: pandas.read_csv(shared / "payloads" / "market" / f"daily_{symbol}.csv", parse_dates=["Date"],
                                         index_col="Date")["Close"] for symbol in held}  # fmt: skip
        closes_ = pandas.DataFrame(frame).loc[:str(day)].iloc[-1261:]
        worth = closes_.iloc[-1] * pandas.Series(held)
        daily = (closes_.pct_change().iloc[1:] * worth / worth.sum()).sum(axis=1)
        market = closes_["SPY"].pct_change().iloc[1:]
        assert rows["Volatility"]["share"] == pytest.approx(stats.volatility(daily, periods=252))
        assert rows["Sharpe"]["value"] == pytest.approx(stats.sharpe(daily, periods=252))
        assert rows["Sortino"]["value"] == pytest.approx(stats.sortino(daily, periods=252))
        assert rows["Calmar"]["value"] == pytest.approx(stats.calmar(daily, periods=252))
        assert rows["Deepest fall"]["share"] == pytest.approx(stats.max_drawdown(daily))
        assert rows["Beta"]["value"] == pytest.approx(stats.greeks(daily, market, periods=252)["beta"])
        methods = {row["method"]: row for row in app.run("portfolio.risk", {"part": "var", "days": 1260}).rows()}
        normal = methods["Parametric (normal)"]
        assert normal["var_share"] == pytest.approx(-stats.value_at_risk(daily, confidence=0.95))
        assert normal["cvar_share"] == pytest.approx(-stats.expected_shortfall(daily, confidence=0.95))
        seen = -stats.expected_shortfall(daily, confidence=0.95, method="historical")
        assert methods["Historical"]["cvar_share"] == pytest.approx(seen), "63 whole days"
        checked = {row["method"]: row for row in app.run("portfolio.var_check").rows()}
        assert checked["Historical"]["verdict"] != "good", "March 2020 came in a bunch"
        assert checked["Filtered historical"]["exceptions"] < 80
    finally:
        app.close()
