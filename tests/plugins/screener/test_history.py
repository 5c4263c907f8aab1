"""The memory of the screener: what is recorded, what changed, and how long it is kept."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from terminal.domain.fetch import Fetch
from terminal.errors import UserError

if TYPE_CHECKING:
    from conftest import Clock


def run(app: Any, **arguments: Any) -> Any:
    return app.run("screener.run", arguments)


def runs(app: Any) -> list[dict[str, Any]]:
    return app.run("screener.runs").rows()


def test_every_run_is_recorded_with_what_it_found(market: Any) -> None:
    found = run(market, preset="buy")
    run(market, preset="buy", rule="roe > 20%")
    newest, first = runs(market)
    assert (first["screen"], first["matched"], first["total"]) == ("buy", found.frame.height, 532)
    assert newest["rule"] == 'verdict == "Buy" and roe > 20%'
    kept = market.store.book.read("SELECT * FROM screener.run_rows WHERE run_id = ?", (first["id"],))
    assert kept.height == 532 and int(kept["matched"].sum()) == first["matched"]
    assert run(market, record=False).frame.height == 532 and len(runs(market)) == 2


def test_a_changed_threshold_names_the_clause_and_both_values(market: Any) -> None:
    market.run("screener.save", {"name": "Mine", "rule": "roe > 12% and pe_ttm < 25"})
    before = run(market, preset="Mine")
    market.run("screener.save", {"name": "Mine", "rule": "roe > 20% and pe_ttm < 25"})
    after = run(market, preset="Mine")
    table = market.run("screener.diff", {"preset": "Mine"})
    gone = sorted(set(before.frame["symbol"]) - set(after.frame["symbol"]))
    rows = table.rows()
    assert [row["symbol"] for row in rows] == gone and gone
    assert all(row["change"] == "left" and row["clause"] == "roe > 20%" for row in rows)
    values = dict(before.frame.select("symbol", "roe").iter_rows())
    for row in rows:
        assert row["was"] == row["now"] == pytest.approx(values[row["symbol"]])
        assert 0.12 < row["now"] <= 0.20
    assert "The rule changed from «roe > 12% and pe_ttm < 25» to «roe > 20% and pe_ttm < 25»." in table.notes


def test_changed_data_names_the_clause_and_both_values(app: Any, clock: Clock) -> None:
    spy = float(app.run("screener.run", {"record": False, "universe": "SPY"}).frame["price"][0])
    rule = f"price < {spy * 1.1:.2f}"
    assert "SPY" in run(app, rule=rule, universe="SPY,QQQ,IWM").frame["symbol"].to_list()
    moment = datetime(2026, 11, 23, 21, 0, tzinfo=UTC)
    clock.now = moment + timedelta(minutes=5)
    bar = app.market.bars(["SPY"]).tail(1).drop("fetch_id", "known_at", strict=False)
    prices = [name for name in ("open", "high", "low", "close", "adjusted_close") if name in bar.columns]
    risen = bar.with_columns(pl.lit(date(2026, 11, 23)).alias("date"), *(pl.col(name) * 1.2 for name in prices))
    app.store.market.save("bars", risen, Fetch("demo", "bars", "bars", "SPY", moment, moment, "ok", simulated=True))
    now = run(app, rule=rule, universe="SPY,QQQ,IWM")
    assert "SPY" not in now.frame["symbol"].to_list()
    rows = [row for row in app.run("screener.diff").rows() if row["symbol"] == "SPY"]
    assert [row["change"] for row in rows] == ["left"] and rows[0]["clause"].startswith("price < ")
    assert rows[0]["was"] == pytest.approx(spy) and rows[0]["now"] == pytest.approx(spy * 1.2)
    assert rows[0]["price_was"] == rows[0]["was"] and rows[0]["price_now"] == rows[0]["now"]
    assert "→" in rows[0]["reason"]


def test_runs_that_found_the_same_are_passed_over(market: Any) -> None:
    market.run("screener.save", {"name": "Mine", "rule": "roe > 12%"})
    first = run(market, preset="Mine")
    market.run("screener.save", {"name": "Mine", "rule": "roe > 20%"})
    for _ in range(3):
        second = run(market, preset="Mine")
    assert market.run("screener.diff").frame.height == first.frame.height - second.frame.height > 0
    numbers = [row["id"] for row in runs(market)]
    assert market.run("screener.diff", {"before": numbers[1], "after": numbers[0]}).frame.is_empty()


def test_since_compares_with_the_last_run_up_to_a_day(demo_home: Any, clock: Clock) -> None:
    from terminal.app import App

    app = App(demo_home, True, clock)
    try:
        found = []
        for day, minute, limit in ((20, 0, 5), (20, 10, 15), (21, 0, 20), (21, 10, 25)):
            clock.now = datetime(2026, 11, day, 22, minute, tzinfo=UTC)
            app.run("screener.save", {"name": "Mine", "rule": f"roe > {limit}%"})
            found.append(run(app, preset="Mine", universe="all").frame.height)
        assert found[0] > found[1] > found[2] > found[3]
        assert app.run("screener.diff", {"since": date(2026, 11, 20)}).frame.height == found[1] - found[3]
        with pytest.raises(UserError, match="no earlier run of this screen up to 2026-11-19"):
            app.run("screener.diff", {"since": date(2026, 11, 19)})
    finally:
        app.close()


def test_without_two_runs_there_is_nothing_to_compare(market: Any) -> None:
    with pytest.raises(UserError, match="has not been run yet"):
        market.run("screener.diff")
    run(market)
    with pytest.raises(UserError, match="not yet two runs"):
        market.run("screener.diff")
    with pytest.raises(UserError, match="There is no run 99999"):
        market.run("screener.diff", {"before": 99999})


def test_the_runs_survive_closing_and_opening(demo_home: Any, clock: Clock) -> None:
    from terminal.app import App

    app = App(demo_home, True, clock)
    found = run(app, preset="buy").frame.height
    app.close()
    again = App(demo_home, True, clock)
    try:
        (kept,) = runs(again)
        assert (kept["screen"], kept["matched"]) == ("buy", found)
        assert kept["ran_at"].startswith("2026-11-20T22:00")
    finally:
        again.close()


def test_only_so_many_runs_are_kept_but_named_screens_keep_their_newest_two(market: Any) -> None:
    market.settings.set("screener.keep_runs", 4)
    market.run("screener.save", {"name": "Mine", "rule": "roe > 12%"})
    for _ in range(3):
        run(market, preset="Mine", universe="SPY,QQQ")
    for limit in range(10, 18):
        run(market, rule=f"roe > {limit}%", universe="SPY,QQQ")
    screens = [row["screen"] for row in runs(market)]
    assert screens == ["roe > 17%", "roe > 16%", "roe > 15%", "roe > 14%", "Mine", "Mine"]
    orphans = market.store.book.read(
        "SELECT count(*) AS n FROM screener.run_rows WHERE run_id NOT IN (SELECT id FROM screener.runs)"
    )
    assert orphans["n"][0] == 0


def test_a_past_day_is_not_compared_with_today(market: Any) -> None:
    run(market, preset="buy", universe="SPY,QQQ,IWM")
    market.run("screener.run", {"preset": "buy", "universe": "SPY,QQQ,IWM"}, as_of=date(2025, 6, 30))
    with pytest.raises(UserError, match="not yet two runs"):
        market.run("screener.diff")
    assert [row["as_of"] for row in runs(market)] == ["2025-06-30", None]
