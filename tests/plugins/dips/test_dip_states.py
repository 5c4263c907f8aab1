"""States are written once, go on while they last, raise alerts with a cooldown, and are scored by what came after."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from terminal.app import App
from terminal.errors import UserError

if TYPE_CHECKING:
    from terminal.paths import Home
    from tests.conftest import Clock

DAY = date(2026, 11, 20)


def states(app: Any) -> pl.DataFrame:
    return app.store.book.read("SELECT * FROM dips.states ORDER BY symbol, id")  # type: ignore[no-any-return]


def test_a_scan_writes_each_state_once_with_its_inputs(market: Any) -> None:
    listed = market.run("dips.list", {"universe": "large"})
    first = market.run("dips.scan", {"universe": "large"})
    written = states(market)
    assert written["symbol"].to_list() == sorted(listed.frame["symbol"]) and set(first.frame["change"]) == {"new"}
    row = listed.frame.sort("symbol").row(0, named=True)
    kept = written.row(0, named=True)
    assert (kept["price"], kept["dip"], kept["reason"]) == (row["price"], row["dip"], row["reason"])
    assert kept["opened_on"] == kept["last_on"] == DAY and not kept["in_hindsight"] and kept["span"] == 252
    assert '"recovered_252"' in kept["inputs"] and "NaN" not in kept["inputs"] and len(kept["rules"]) == 12
    again = market.run("dips.scan", {"universe": "large"})
    assert states(market).equals(written) and set(again.frame["change"]) == {"goes on"}
    assert set(again.frame["since"]) == {DAY}
    recent = market.run("dips.scan", {"universe": "large", "basis": "recent"})
    assert set(recent.frame["change"]) == {"new"}, "another high is another state"


def test_a_state_changes_with_its_action_or_its_high(market: Any) -> None:
    market.run("dips.scan", {"universe": "mega"})
    symbol = states(market)["symbol"][0]
    before = DAY - timedelta(days=3)
    market.store.book.write(lambda tx: tx.execute(
        "UPDATE dips.states SET action = 'buy', opened_on = ?, last_on = ? WHERE symbol = ?", (before, before, symbol)))
    other = market.run("dips.scan", {"universe": "mega"})
    changed = {row["symbol"]: row["change"] for row in other.rows()}
    present = {row["symbol"]: row["action"] for row in other.rows()}
    expected = "goes on" if present[symbol] == "Buy the dip" else "changed"
    assert changed[symbol] == expected
    mine = states(market).filter(pl.col("symbol") == symbol)
    assert mine.height == (1 if expected == "goes on" else 2)
    assert mine["last_on"][-1] == DAY


def test_alerts_rise_once_and_cool_down(market: Any) -> None:
    first = {row["symbol"]: row for row in market.run("dips.scan").rows()}
    buys = [symbol for symbol, row in first.items() if row["level"] in ("buy", "strong")]
    assert buys and all(first[symbol]["alert"] == "due" for symbol in buys)
    assert {row["alert"] for row in first.values() if row["level"] == "watch"} == {"first look"}
    assert {row["alert"] for row in market.run("dips.scan").rows()} == {"no"}
    listed = {row["symbol"]: row for row in market.run("dips.list").rows()}
    assert listed[buys[0]]["since"] == DAY.isoformat()

    def forget(symbol: str, days: int) -> None:
        """As if the alert were older and the level had been lower since."""
        market.store.book.write(lambda tx: tx.execute(
            "UPDATE dips.alerts SET alerted_on = ?, recorded_at = recorded_at - INTERVAL 9 DAY WHERE symbol = ?",
            (DAY - timedelta(days=days), symbol)))
        market.store.book.write(lambda tx: tx.execute(
            "INSERT INTO dips.alerts VALUES (?, 'watch', ?, ?, '2026-11-19 22:00:00+00', 1, -0.1, false)", (symbol, DAY, DAY)))

    forget(buys[0], 3)
    forget(buys[1], 8)
    after = {row["symbol"]: row["alert"] for row in market.run("dips.scan").rows()}
    assert after[buys[0]] == "cooling down" and after[buys[1]] == "due"


def test_what_is_no_dip_any_more_loses_its_level(market: Any) -> None:
    market.run("dips.scan", {"universe": "large", "threshold": 0.05})
    many = market.store.book.read("SELECT count(*) AS n FROM dips.alerts WHERE level = ''")["n"][0]
    left = market.run("dips.scan", {"universe": "large", "threshold": 0.25})
    gone = market.store.book.read("SELECT symbol FROM dips.alerts WHERE level = ''")["symbol"].to_list()
    assert many == 0 and gone and not set(gone) & set(left.frame["symbol"])


def test_scheduled_scans_ask_the_setting(market: Any) -> None:
    assert market.run("dips.scan", {"moment": "open"}).frame.is_empty() and states(market).is_empty()
    market.settings.set("dips.when", "both")
    assert market.run("dips.scan", {"moment": "open", "universe": "mega"}).frame.height > 0
    market.settings.set("dips.when", "never")
    assert "not asked for" in market.run("dips.scan", {"moment": "close"}).title


@pytest.mark.parametrize("moment", ["open", "close"])
def test_the_jobs_run_as_declared(market: Any, moment: str) -> None:
    (plugin,) = [each for each in market.registry.plugins() if each.id == "dips"]
    (job,) = [job for job in plugin.jobs if job.arguments["moment"] == moment]
    assert job.at == f"{moment}+30m" and job.session_days
    market.settings.set("dips.when", moment)
    market.settings.set("dips.universe", "mega")
    assert market.run(job.command, dict(job.arguments), by_hand=False).frame.height > 0


def test_the_scorecard_scores_by_what_came_after(market: Any) -> None:
    empty = market.run("dips.scorecard")
    assert empty.frame.is_empty() and "No state has been written down" in empty.unknown[0]
    hindsight = market.run("dips.scan", {"universe": "large"}, as_of=date(2026, 7, 1))
    assert set(hindsight.frame["alert"]) == {"no"}
    market.run("dips.scan", {"universe": "large"})
    written = states(market)
    assert set(written.filter(pl.col("opened_on") < DAY)["in_hindsight"]) == {True}
    table = market.run("dips.scorecard")
    rows = {(row["action"], row["in_hindsight"], row["horizon"]): row for row in table.rows()}
    assert all(row["n"] == 0 and row["hit_rate"] is None for key, row in rows.items() if not key[1]), "today's are not over"
    scored = rows["Do not add", True, 21]
    assert scored["n"] > 5 and scored["hit_low"] < scored["hit_rate"] < scored["hit_high"]
    single = market.run("dips.scorecard", {"each": True}).frame.filter(
        (pl.col("horizon") == 21) & pl.col("counts") & pl.col("in_hindsight") & (pl.col("action") == "Do not add"))
    assert single.height == scored["n"] and (single["result"] > 0).mean() == pytest.approx(scored["hit_rate"])
    one = single.row(0, named=True)
    bars = market.market.bars([one["symbol"]]).filter(pl.col("date") > one["opened_on"])
    assert one["entry"] == bars["open"][0] and one["result"] == pytest.approx(bars["close"][20] / bars["open"][0] - 1)
    then = market.run("dips.scorecard", as_of=date(2026, 7, 10))
    assert all(row["n"] == 0 for row in then.rows() if row["horizon"] > 28 and row["in_hindsight"])
    only = market.run("dips.scorecard", {"symbol": one["symbol"], "each": True})
    assert set(only.frame["symbol"]) == {one["symbol"]}


def test_a_scheduled_scan_of_an_empty_market_has_nothing_to_do(home: Home, clock: Clock) -> None:
    app = App(home, clock=clock)
    try:
        table = app.run("dips.scan", {"moment": "close"})
        assert table.rows() == []
        assert table.title
        with pytest.raises(UserError):
            app.run("dips.scan")
    finally:
        app.close()
