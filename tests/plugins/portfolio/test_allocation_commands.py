"""Targets, tags, allocation and rebalancing by their commands, on a book of three holdings worked out by hand."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from terminal.domain.fetch import Fetch
from terminal.errors import UserError
from terminal.paths import Home
from tests.conftest import Clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

DAY = date(2026, 11, 20)


@pytest.fixture(scope="module")
def _booked(_live_market: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """10 000 in all: 70 AAA at 100 (a share), 200 BBB at 10 (a bond fund), 1000 of cash; CCC at 20 is not held."""
    from terminal.app import App

    folder = tmp_path_factory.mktemp("allocation") / "home"
    folder.mkdir()
    shutil.copy(_live_market, Home(folder).market(False))
    opened = App(Home(folder), demo=False, clock=Clock())

    def stored(dataset: str, rows: list[dict[str, Any]]) -> None:
        at = datetime(2026, 11, 20, 21, 30, tzinfo=UTC)
        opened.store.market.save(dataset, pl.DataFrame(rows), Fetch("yahoo", dataset, dataset, "", at, at, "ok"))

    prices = {"AAA": 100.0, "BBB": 10.0, "CCC": 20.0}
    stored("bars", [{"symbol": symbol, "date": day, **dict.fromkeys(("open", "high", "low", "close"), close)}
                    for symbol, close in prices.items() for day in (date(2026, 11, 19), DAY)])  # fmt: skip
    stored("instruments", [
        {"symbol": "AAA", "name": "Aaa Corp", "kind": "stock", "currency": "USD", "sector": "Energy", "country": "US"},
        {"symbol": "BBB", "name": "Bbb Bonds", "kind": "bond_etf", "currency": "USD", "sector": None, "country": "US"},
        {"symbol": "CCC", "name": "Ccc Fund", "kind": "etf", "currency": "USD", "sector": None, "country": "US"},
    ])  # fmt: skip
    opened.run("portfolio.account_create", {"name": "Main"})
    for arguments in (
        {"kind": "deposit", "amount": "12000", "day": "2024-01-10"},
        {"kind": "buy", "symbol": "AAA", "quantity": "40", "price": "80", "day": "2024-01-11"},
        {"kind": "buy", "symbol": "AAA", "quantity": "30", "price": "120", "day": "2026-11-05"},
        {"kind": "buy", "symbol": "BBB", "quantity": "200", "price": "11", "day": "2025-06-02"},
        {"kind": "withdrawal", "amount": "2000", "day": "2025-06-03"},
    ):
        opened.run("portfolio.add", {"account": "Main", **arguments})
    opened.close()
    return folder


@pytest.fixture
def live(_booked: Path, tmp_path: Path, clock: Clock) -> Iterator[Any]:
    """That book, for this test alone."""
    from terminal.app import App

    opened = App(Home(shutil.copytree(_booked, tmp_path / "live")), demo=False, clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def run(live: Any) -> Callable[..., Any]:
    return lambda verb, **arguments: live.run(f"portfolio.{verb}", arguments)


SIXTY = ("stocks=60", "bonds=35", "cash=5")


def test_targets_are_kept_with_versions_and_taken_back(run: Callable[..., Any]) -> None:
    with pytest.raises(UserError, match="come to 90 %"):
        run("target_set", by="asset_class", weights=("stocks=60", "bonds=30"))
    with pytest.raises(UserError, match="were ever set"):
        run("target_undo", by="asset_class")
    first = run("target_set", by="asset_class", weights=SIXTY, band=4)
    assert [(row["key"], row["target"], row["low"], row["high"], row["of"]) for row in first.rows()] == [
        ("stocks", 0.6, pytest.approx(0.56), pytest.approx(0.64), "everything"),
        ("bonds", 0.35, pytest.approx(0.31), pytest.approx(0.39), "everything"),
        ("cash", 0.05, pytest.approx(0.01), pytest.approx(0.09), "everything"),
    ]
    with pytest.raises(UserError, match="already"):
        run("target_set", by="asset_class", weights=SIXTY, band=4)
    second = run("target_set", by="asset_class", weights=("Stocks=50", "bonds=50"), account="Main")
    assert [row["of"] for row in second.rows()] == ["everything"] * 3 + ["Main"] * 2
    assert "stoks" in run("target_set", by="asset_class", weights=("stoks=100",)).notes[0]
    assert [row["key"] for row in run("target_undo", by="asset_class").rows()][:3] == ["stocks", "bonds", "cash"]
    gone = run("target_clear", by="asset_class")
    assert [row["of"] for row in gone.rows()] == ["Main"] * 2 and gone.undo.command == "portfolio.target_undo"
    run("account_change", name="Main", new_name="Big one")
    assert {row["of"] for row in run("targets").rows()} == {"Big one"}, "targets stay with an account that is renamed"


def test_actual_against_target(run: Callable[..., Any]) -> None:
    plain = run("allocation")
    assert {row["key"]: row["weight"] for row in plain.rows()} == pytest.approx({"stocks": 0.7, "bonds": 0.2, "cash": 0.1})
    assert "target" not in [each.name for each in plain.columns] and "target-set" in plain.notes[1]
    run("target_set", by="asset_class", weights=SIXTY)
    by_key = {row["key"]: row for row in run("allocation").rows()}
    assert by_key["stocks"]["drift"] == pytest.approx(0.1) and by_key["stocks"]["money"] == 1000
    assert by_key["bonds"]["money"] == -1500 and by_key["bonds"]["state"] == "below" and by_key["cash"]["state"] == "within"
    assert "bonds is 15.0 points below its target of 35.0\u202f%" in run("allocation").notes[0]
    assert sum(row["weight"] for row in run("allocation", by="sector").rows()) == pytest.approx(1)
    assert {row["key"] for row in run("allocation", by="sector").rows()} == {"Energy", "Bonds", "cash"}
    assert {row["key"]: row["worth"] for row in run("allocation", by="currency").rows()} == {"USD": 10_000}
    assert {row["key"] for row in run("allocation", by="symbol").rows()} == {"AAA", "BBB", "cash"}


def test_the_overview_tells_what_is_away_from_its_target(run: Callable[..., Any]) -> None:
    assert not [row for row in run("overview").rows() if row["key"].startswith("targets")]
    run("target_set", by="asset_class", weights=SIXTY)
    light = next(row for row in run("overview").rows() if row["key"] == "targets.asset_class")
    assert (light["state"], light["page"]) == ("warn", "allocation") and "$1\u202f500 too little in bonds" in light["newbie"]
    run("target_set", by="asset_class", weights=("stocks=70", "bonds=20", "cash=10"))
    assert [row["state"] for row in run("overview").rows() if row["key"] == "targets.asset_class"] == ["ok"]


def test_tags_divide_what_is_owned_and_can_be_taken_back(run: Callable[..., Any]) -> None:
    run("tag", symbol="aaa", tags=("Core", "income"))
    run("tag", symbol="BBB", tags=("safe",), asset_class="stocks")
    assert {row["key"]: row["worth"] for row in run("allocation", by="tag").rows()} == {"core": 7000, "safe": 2000, "cash": 1000}
    assert {row["key"]: row["worth"] for row in run("allocation").rows()} == {"stocks": 9000, "cash": 1000}
    assert run("tags").rows()[0]["tags"] == ["core", "income"]
    run("target_set", by="tag", weights=("income=60", "safe=30", "cash=10"))
    keys = [row["key"] for row in run("allocation", by="tag").rows()]
    assert keys == ["income", "safe", "cash"], "a tag with a target counts first"
    shown = run("untag", symbol="BBB")
    assert [row["symbol"] for row in shown.rows()] == ["AAA"] and shown.undo.command == "portfolio.tag_undo"
    assert [row["symbol"] for row in run("tag_undo", symbol="BBB").rows()] == ["AAA", "BBB"]
    for verb, wrong in (("untag", {"symbol": "AAA", "tags": ("nope",)}), ("tag", {"symbol": "AAA"}), ("tag", {"symbol": "a b"}),
                        ("tag", {"symbol": "AAA", "tags": ("a=b",)}), ("tag_undo", {"symbol": "ZZZ"})):  # fmt: skip
        with pytest.raises(UserError):
            run(verb, **wrong)


def test_rebalancing_names_what_binds(run: Callable[..., Any]) -> None:
    with pytest.raises(UserError, match="No targets by asset class"):
        run("rebalance")
    run("target_set", by="asset_class", weights=SIXTY)
    first = run("rebalance")
    assert [(row["action"], row["symbol"], row["quantity"], row["money"]) for row in first.rows()] == [("Buy", "BBB", 50, -500)]
    assert first.notes[0] == "What binds: cash runs out. Cash runs out: $1\u202f000.00 more would bring bonds to its goal."
    both = run("rebalance", sells=True)
    assert [(row["action"], row["symbol"], row["quantity"]) for row in both.rows()] == [("Sell", "AAA", 10), ("Buy", "BBB", 150)]
    assert both.detail["binding"].kind == "on target"
    weights = run("rebalance", sells=True, part="weights").rows()
    assert {row["key"]: row["after"] for row in weights} == pytest.approx({"stocks": 0.6, "bonds": 0.35, "cash": 0.05})


def test_lots_gains_and_a_wash_sale(run: Callable[..., Any]) -> None:
    run("target_set", by="asset_class", weights=SIXTY)
    dear = run("rebalance", sells=True).rows()[0]
    assert (dear["gain_short"], dear["gain_long"], dear["lots"]) == (-200, 0, ["3: 10 of 5 Nov 2026, -200.00 short"])
    assert dear["wash"].startswith("A loss of $200.00 does not count now: 10 AAA were bought within 30 days (5 Nov 2026)")
    old = run("rebalance", sells=True, lots="long_term_first").rows()[0]
    assert (old["gain_short"], old["gain_long"], old["wash"]) == (0, 200, None)
    (lot,) = run("rebalance", sells=True, part="lots", lots="long_term_first").rows()
    told = [lot[name] for name in ("lot", "quantity", "proceeds", "cost", "gain", "term")]
    assert told == ["2", 10, 1000, 800, 200, "long"]


def test_a_class_without_holdings_needs_a_name(run: Callable[..., Any]) -> None:
    run("target_set", by="symbol", weights=("AAA=70", "CCC=20", "BBB=10"))
    rows = run("rebalance", by="symbol").rows()
    assert [(row["symbol"], row["quantity"]) for row in rows] == [("CCC", 50)], "a ticker with a target names itself"
    run("target_set", by="asset_class", weights=("stocks=70", "commodities=10", "bonds=20"), band=2)
    stuck = run("rebalance")
    assert stuck.rows() == [] and stuck.detail["binding"].kind == "nothing to buy" and "--buy" in stuck.notes[0]
    named = run("rebalance", buy=("commodities=CCC",))
    assert [(row["symbol"], row["quantity"], row["key"]) for row in named.rows()] == [("CCC", 50, "commodities")]
    for wrong in ({"buy": ("nothing=CCC",)}, {"deposit": -1.0}, {"short_rate": 200.0}):
        with pytest.raises(UserError):
            run("rebalance", **wrong)


def test_each_order_has_an_account_that_can_pay_for_it(run: Callable[..., Any]) -> None:
    run("target_set", by="asset_class", weights=("stocks=50", "bonds=50"))
    run("account_create", name="Other")
    run("add", account="Other", kind="deposit", amount="2000", day="2026-11-02")
    rows = {row["symbol"]: row["accounts"] for row in run("rebalance", sells=True).rows()}
    assert rows == {"AAA": ["Main"], "BBB": []}, "3000 in one and 2000 in the other, 4000 to be bought"
    assert any("No account alone has the money for BBB" in note for note in run("rebalance", sells=True).notes)
    run("target_set", by="asset_class", weights=("stocks=58", "bonds=29", "cash=13"), band=3.0)
    assert [(row["symbol"], row["quantity"], row["accounts"]) for row in run("rebalance").rows()] == [("BBB", 144, ["Other"])]
    run("target_set", by="asset_class", weights=("stocks=58", "bonds=22", "cash=20"), band=3.0)
    assert [row["accounts"] for row in run("rebalance").rows()] == [["Main"]], "the one that holds it already, if it can pay"


def test_a_size_in_another_currency_counts_the_book_in_it(run: Callable[..., Any], live: Any) -> None:
    at = datetime(2026, 11, 20, 21, 30, tzinfo=UTC)
    for dataset, rows in (
        ("bars", [{"symbol": symbol, "date": day, **dict.fromkeys(("open", "high", "low", "close"), close)}
                  for symbol, close in (("EEE", 20.0), ("EURUSD=X", 1.25)) for day in (date(2026, 11, 19), DAY)]),
        ("instruments", [{"symbol": "EEE", "name": "Eee", "kind": "stock", "currency": "EUR"}]),
    ):  # fmt: skip
        live.store.market.save(dataset, pl.DataFrame(rows), Fetch("yahoo", dataset, dataset, "", at, at, "ok"))
    table = live.run("portfolio.size", {"symbol": "EEE", "stop": 18.0}, as_of=DAY)
    case, row = table.detail["case"], table.rows()[0]
    assert (case.currency, case.capital, case.cash) == ("EUR", 8000.0, 800.0), "10 000 dollars, of them 1000 in cash"
    assert (row["method"], row["shares"], row["loss"], row["binds"]) == ("risk", 40, 80, "the risk") and row["currency"] == "EUR"
