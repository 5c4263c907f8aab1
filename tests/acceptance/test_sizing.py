"""How much to buy: in the shell and in the panel, each number worked out once more by hand."""

from __future__ import annotations

import json
import math
import shutil
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from terminal.app import App
from terminal.errors import UserError
from terminal.paths import Home
from tests.conftest import Clock
from tests.plugins.tearsheet.panel_host import AppHost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def demo(_demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """An App over the demo market with its portfolio, for all tests of the module: sizes write nothing."""
    folder = tmp_path_factory.mktemp("sizing") / "home"
    shutil.copytree(_demo_home, folder)
    opened = App(Home(folder), demo=True, clock=Clock())
    yield opened
    opened.close()


def by_method(app: App, as_of: date | None = None, **arguments: Any) -> dict[str, dict[str, Any]]:
    return {row["method"]: row for row in app.run("portfolio.size", arguments, as_of=as_of).rows()}


def test_each_method_worked_out_once_more(demo: App) -> None:
    app = demo
    field = app.market.features(["TIDC"]).frame.to_dicts()[0]
    price, atr, swings = field["price"], field["atr_14"], field["volatility_1y"]
    stop = round(price * 0.9, 2)
    found = by_method(app, symbol="tidc", stop=stop, capital=50_000.0, win=55.0, payoff=1.5, trades=70, most=100.0)
    assert found["risk"]["shares"] == math.floor(500 / (price - stop)) and found["risk"]["binds"] == "the risk"
    assert found["risk"]["loss"] == pytest.approx(found["risk"]["shares"] * (price - stop), abs=0.01)
    assert found["atr"]["shares"] == math.floor(500 / (2 * atr))
    assert found["atr"]["stop"] == pytest.approx(price - 2 * atr, abs=1e-3)
    assert found["volatility"]["shares"] == math.floor(50_000 * 0.02 / swings / price)
    drawn = (0.55 * 70 + 30 / 2.5) / 100
    kelly = 0.5 * (drawn - (1 - drawn) / 1.5)
    assert found["kelly"]["shares"] == min(math.floor(50_000 * kelly / (price - stop)), math.floor(50_000 / price))
    sentence = found["risk"]["sentence"]
    assert sentence.startswith(f"Buy {found['risk']['shares']:.0f} shares (") and "you lose at most $" in sentence


def test_the_market_s_range_says_why(demo: App) -> None:
    app = demo
    fresh = by_method(app, symbol="TIDC", capital=100_000.0)["market"]
    steps = app.run("portfolio.size", {"symbol": "TIDC", "capital": 100_000.0, "part": "steps"}).rows()
    assert [row["what"] for row in steps] == ["verdict", "regime", "sector", "volatility"]
    assert fresh["part"] == pytest.approx(math.floor(steps[-1]["high"] * 400 + 1e-9) / 400)
    assert fresh["money"] == pytest.approx(fresh["part"] * 100_000)
    mine = by_method(app, symbol="TIDC")["market"]
    share = next(row["weight"] for row in app.run("portfolio.holdings").rows() if row["symbol"] == "TIDC")
    assert mine["part"] == pytest.approx(max(0.0, fresh["part"] - share), abs=1e-6), "what is owned already counts"
    fund = app.run("portfolio.size", {"symbol": "SPY", "part": "steps"}).rows()
    assert [row["what"] for row in fund][:2] == ["verdict", "fund"] and "sector" not in [row["what"] for row in fund]


@pytest.mark.slow
def test_the_past_knows_nothing_of_today(demo: App) -> None:
    then = date(2026, 6, 1)
    price = demo.market.features(["TIDC"], then).frame["price"][0]
    table = demo.run("portfolio.size", {"symbol": "TIDC"}, as_of=then)
    worth = demo.run("portfolio.show", as_of=then).rows()[0]["amount"]
    case = table.detail["case"]
    assert case.price == price and case.capital == pytest.approx(worth, abs=0.05)


def test_what_makes_no_sense_is_told(demo: App) -> None:
    for wrong, told in (
        ({"symbol": "NOPE"}, "No price"), ({"symbol": "TIDC", "stop": 1e6}, "stop lies below"),
        ({"symbol": "TIDC", "stop": 1.0, "short": True}, "lies above"), ({"symbol": "TIDC", "win": 50.0}, "Kelly needs both"),
        ({"symbol": "TIDC", "capital": -1.0}, "more than nothing"), ({"symbol": "TIDC", "risk": 0.0}, "The risk lies"),
    ):  # fmt: skip
        with pytest.raises(UserError, match=told):
            demo.run("portfolio.size", wrong)
    for wrong, told in (({"legs": "hold 3"}, "is not a leg"), ({"legs": "buy 100C"}, "not known"),
                        ({"legs": "buy 77.7C", "symbol": "LARN"}, "no such contracts")):  # fmt: skip
        with pytest.raises(UserError, match=told):
            demo.run("portfolio.size_spread", wrong)


def test_without_a_book_the_sum_is_typed(app: App) -> None:
    with pytest.raises(UserError, match="not known"):
        app.run("portfolio.size", {"symbol": "SPY"})
    assert by_method(app, symbol="SPY", capital=10_000.0)["atr"]["shares"] > 0
    assert app.run("portfolio.size_spread", {"legs": "buy 100C 2", "budget": 500.0}).rows()[0]["value"] == 2


@pytest.mark.slow
def test_from_the_shell(type_in: Callable[..., Any], portfolio_home: Any) -> None:
    def typed(*arguments: str) -> dict[str, Any]:
        done = type_in("--home", str(portfolio_home.path), "--demo", "portfolio", *arguments, "--json")
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout))

    size = typed("size", "TIDC", "--risk", "0.5")
    names = {column["name"] for column in size["columns"]}
    assert {"method", "shares", "money", "part", "stop", "loss", "risk", "binds", "sentence"} <= names
    assert {row["method"] for row in size["rows"]} == {"atr", "volatility", "kelly", "market"} and size["sources"]
    spread = typed("size-spread", "buy 100C 3.20, sell 110C 1.10", "--budget", "1000")
    assert {row["term"]: row["value"] for row in spread["rows"]} == pytest.approx(
        {"count": 4, "loss": 840, "gain": 3160, "cost": 210, "loss_one": 210, "gain_one": 790, "breakeven": 102.1})  # fmt: skip
    chain = typed("size-spread", "buy 75C, sell 80C", "--symbol", "LARN")
    assert chain["rows"][3]["value"] > 0 and any("chain" in each["endpoint"] for each in chain["sources"])


@pytest.fixture(params=["pro", "newbie"])
def page(request: pytest.FixtureRequest, portfolio_app: App, qtbot: Any) -> Iterator[Any]:
    """The page in either mode."""
    from plugins.portfolio.panel_head import Surroundings
    from plugins.portfolio.sizing.page import SizingPage

    host = AppHost(portfolio_app, request.param, "TIDC")
    made = SizingPage(host, Surroundings())  # type: ignore[arg-type]
    host.frame.layout().addWidget(made)  # type: ignore[union-attr]
    qtbot.addWidget(host.frame)
    host.frame.resize(1200, 900)
    host.frame.show()
    made.ask()
    qtbot.waitUntil(lambda: made._table is not None, timeout=60_000)
    yield made
    assert host.bugs == []


def test_the_result_follows_what_is_typed(page: Any, qtbot: Any) -> None:
    from PySide6.QtTest import QTest

    assert page.symbol.text() == "TIDC" and page.cards["risk"].isHidden() and not page.cards["atr"].isHidden()
    before = page.said.text()
    page.fields["capital"].clear()
    QTest.keyClicks(page.fields["capital"], "10000")
    QTest.keyClicks(page.fields["stop"], "120")
    qtbot.waitUntil(lambda: not page.cards["risk"].isHidden(), timeout=60_000)
    price = page._table.detail["case"].price
    count = math.floor(100 / (price - 120))
    assert page.said.text().startswith(f"Buy {count} shares") and "if it falls to $120.00." in page.said.text() != before
    assert page.careful.text().startswith("A stop says only what is lost there.") == (count > 0)
    newbie = page._host.mode == "newbie"
    assert page._rows["win"].isHidden() == newbie and page.cards["kelly"].isHidden() == newbie
    assert page.steps.text().startswith("1. Its verdict is") and "Stop $120.00" in page.ruler.accessibleDescription()
    page.symbol.setText("NOPE")
    page.ask()
    qtbot.waitUntil(lambda: page._table is None, timeout=60_000)
    assert page.said.isHidden() and not page.problem.isHidden()
    kept = page.save_state()
    assert kept["capital"] == 10000 and kept["stop"] == 120


@pytest.mark.slow
def test_option_positions_are_painted(page: Any, qtbot: Any) -> None:
    page.show_what("options")
    qtbot.waitUntil(lambda: page.options.table.table is not None, timeout=60_000)
    page.options.budget.set_value(1000.0)
    page.options.type_legs("sell 95P 1.10, buy 90P 0.40")
    qtbot.waitUntil(lambda: page.options.said.text().startswith("Take 2 contracts"), timeout=60_000)
    assert "$94.30" in page.options.payoff.accessibleDescription() and not page.options.payoff.grab().isNull()
    page.options.type_legs("sell 105C 2")
    qtbot.waitUntil(lambda: "no limit" in page.options.said.text(), timeout=60_000)
    page.options.type_legs("nonsense")
    qtbot.waitUntil(lambda: not page.options.problem.isHidden(), timeout=60_000)
