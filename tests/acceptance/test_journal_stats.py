"""Statistics of the journal: figures from a book worked out by hand, groups, habits, the week, files, and the demo's year."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from terminal.api import UserError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# Day in March 2026 on which it was bought, days until it was sold, and profit before fees of ten shares bought at 50.
TRADES = ((2, 1, 100), (5, 1, -50), (9, 1, 60), (12, 1, -80), (16, 1, 40), (19, 1, 90), (23, 1, 2), (26, 1, -30))


@pytest.fixture
def traded(app: Any) -> Any:
    app.run("portfolio.account_create", {"name": "Main"})
    for day, days, profit in TRADES:
        bought, sold = date(2026, 3, day), date(2026, 3, day) + timedelta(days=days)
        told = {"account": "Main", "symbol": "SPY", "quantity": "10", "again": True}
        app.run("portfolio.add", {**told, "kind": "buy", "price": "50", "fees": "1", "day": bought})
        app.run("portfolio.add", {**told, "kind": "sell", "price": str(50 + profit / 10), "fees": "1", "day": sold})
    return app


def figures(app: Any, **arguments: Any) -> dict[str, Any]:
    return {row["what"]: row for row in app.run("journal.stats", arguments).rows()}


def closed(app: Any) -> list[dict[str, Any]]:
    return [row for row in app.run("journal.trades", {"state": "closed"}).rows() if row["profit"] is not None]


def test_figures_follow_from_the_trades(traded: Any) -> None:
    found = closed(traded)
    profits = [row["profit"] for row in found]
    won, lost = [one for one in profits if one > 0], [one for one in profits if one < 0]
    assert len(profits) == len(TRADES) and profits.count(0) == 1, "one came out even: 2 less its fees"
    told = figures(traded)
    assert told["Profit"]["value"] == pytest.approx(sum(profit for _, _, profit in TRADES) - 2 * len(TRADES))
    assert told["Win rate"]["value"] == pytest.approx(len(won) / (len(won) + len(lost)))
    assert told["Win rate"]["low"] < told["Win rate"]["value"] < told["Win rate"]["high"]
    assert told["Expectancy"]["value"] == pytest.approx(sum(profits) / len(profits))
    assert told["Profit factor"]["value"] == pytest.approx(sum(won) / -sum(lost))
    assert told["Average winner"]["value"] == pytest.approx(sum(won) / len(won))
    assert told["Best trade"]["value"] == max(profits) and told["Worst trade"]["value"] == min(profits)
    curve = traded.run("journal.equity", {}).rows()
    assert curve[-1]["total"] == pytest.approx(sum(profits))
    assert told["Max drawdown"]["value"] == pytest.approx(min(row["drawdown"] for row in curve))
    days = traded.run("journal.calendar", {}).rows()
    assert sum(row["trades"] for row in days) == len(found) and sum(row["profit"] for row in days) == pytest.approx(sum(profits))
    weeks = traded.run("journal.calendar", {"by": "week"}).rows()
    assert all(date.fromisoformat(row["day"]).weekday() == 0 for row in weeks)
    assert sum(row["trades"] for row in traded.run("journal.distribution", {}).rows()) == len(found)
    groups = traded.run("journal.stats", {"by": "weekday"}).rows()
    assert sum(row["profit"] for row in groups) == pytest.approx(sum(profits))
    assert all("fewer than 10" in row["says"] for row in groups)
    assert figures(traded, end=date(2026, 3, 6))["Profit"]["n"] < len(found)


def test_groups_by_what_was_said_and_by_what_was_true_at_entry(traded: Any) -> None:
    number = closed(traded)[-1]["number"]
    traded.run("journal.annotate", {"number": number, "setup": ["gap"], "before": "anxious, tired", "risk": "50"})
    assert [row["group"] for row in traded.run("journal.stats", {"by": "setup"}).rows()] == ["gap"]
    assert [row["group"] for row in traded.run("journal.stats", {"by": "before"}).rows()] == ["anxious"]
    assert figures(traded)["Expectancy in R"]["n"] == 1
    table = traded.run("journal.stats", {"by": "mistake"})
    assert table.rows() == [] and "Nothing to group by" in table.notes[0]


@pytest.mark.slow  # the market of several past days is worked out
def test_clauses_at_entry_are_judged_as_they_were_known(traded: Any) -> None:
    rule = "price > sma_200 and pe_ttm < 1"
    told = traded.run("journal.stats", {"by": "clause", "rule": rule, "end": date(2026, 3, 6)}).rows()
    assert {row["clause"] for row in told} == {"price > sma_200", "pe_ttm < 1"}
    by_clause = {row["clause"]: row for row in told}
    assert by_clause["price > sma_200"]["n"] + by_clause["price > sma_200"]["others"] > 0
    assert by_clause["pe_ttm < 1"]["n"] == 0, "a fund has no earnings: unknown, not false"
    assert by_clause["pe_ttm < 1"]["others"] == 0
    kept = traded.store.book.read("SELECT count(*) AS n FROM journal.entry_clauses")["n"][0]
    assert kept > 0
    assert traded.run("journal.stats", {"by": "clause", "rule": rule, "end": date(2026, 3, 6)}).rows() == told
    with pytest.raises(UserError):
        traded.run("journal.stats", {"by": "clause", "rule": "nonsense >"})


def test_a_week_and_everything_as_files(traded: Any, tmp_path: Path) -> None:
    week = {"week": date(2026, 3, 18)}
    table = traded.run("journal.report", {**week, "markdown": tmp_path / "week.md"})
    text = (tmp_path / "week.md").read_text("utf-8")
    assert text == table.detail["markdown"] and text.startswith("# Week of 16 Mar 2026 to 22 Mar 2026")
    mine = [row for row in closed(traded) if "2026-03-16" <= row["closed"] <= "2026-03-22"]
    assert f"{len(mine)} closed trade" in text and "closed without a note" in text
    assert traded.run("journal.report", week).detail["markdown"] == text, "the same trades give the same text"
    traded.run("journal.export", {"csv": tmp_path / "t.csv", "pdf": tmp_path / "t.pdf"})
    lines = [line for line in (tmp_path / "t.csv").read_text("utf-8").splitlines() if line and not line.startswith("#")]
    assert len(lines) == 1 + len(closed(traded)) and lines[0].startswith("number,symbol,structure")
    first = (tmp_path / "t.pdf").read_bytes()
    assert first.startswith(b"%PDF")
    traded.run("journal.export", {"pdf": tmp_path / "t.pdf"})
    assert (tmp_path / "t.pdf").read_bytes() == first, "the same trades give the same bytes"
    with pytest.raises(UserError, match="has not come"):
        traded.run("journal.report", {"week": date(2027, 1, 1)})


def test_without_trades_everything_says_so(app: Any) -> None:
    for verb in ("stats", "equity", "calendar", "distribution"):
        table = app.run(f"journal.{verb}", {})
        assert table.notes or not table.rows(), verb
    assert {row["verdict"] for row in app.run("journal.behaviour", {}).rows()} == {"too few to say"}
    assert "No trade was closed" in app.run("journal.report", {}).detail["markdown"]


def test_the_demos_year_shows_habits_with_their_evidence(portfolio_app: Any) -> None:
    found = {row["kind"]: row for row in portfolio_app.run("journal.behaviour", {}).rows()}
    assert set(found) == {"revenge", "overtrading", "disposition", "size"}
    numbers = {str(row["number"]) for row in portfolio_app.run("journal.trades", {"limit": 0}).rows()}
    for row in found.values():
        assert row["verdict"] in ("seen", "not seen", "too few to say") and set(row["trades"]) <= numbers
        assert row["verdict"] == "too few to say" or min(row["n"], row["others"]) >= 8


def test_from_the_shell(type_in: Callable[..., Any], portfolio_home: Any) -> None:
    done = type_in("--home", str(portfolio_home.path), "--demo", "journal", "stats", "--by", "weekday", "--json")
    assert done.returncode == 0
    told = json.loads(done.stdout)
    assert sum(row["n"] for row in told["rows"]) > 20 and told["sources"][0]["simulated"]
    wrong = type_in("--home", str(portfolio_home.path), "--demo", "journal", "stats", "--by", "moon")
    assert wrong.returncode == 2 and "weekday" in wrong.stderr
