"""Flow from the shell: what is flagged, why, what the next morning said, and how it is taken back."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from terminal.errors import NeedsKey, UserError
from tests.domain.flow.made import frame, trade
from tests.plugins.options.flow.conftest import PLANTED, PLANTED_ON

if TYPE_CHECKING:
    from pathlib import Path

    from pytest import MonkeyPatch


def flags(market: Any, **arguments: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in market.run("options.flow", arguments).rows()]


def test_a_contract_far_beyond_its_open_interest_is_an_anomaly_of_that_day(market: Any) -> None:
    assert flags(market) == [], "nothing is unusual today"
    (row,) = flags(market, days=2)
    assert (row["contract"], row["side"], row["lean"]) == (PLANTED, "ask", "up")
    assert row["found_in"] == "delayed snapshot anomaly" and row["recipes"] == ["snapshot-interest", "snapshot-unusual"]
    assert row["premium"] == pytest.approx(5000 * 2.1 * 100) and row["volume_average"] > 100
    table = market.run("options.flow", {"days": 2})
    assert "delayed snapshots" in table.notes[0] and "neither who traded nor why" in table.notes[1]
    assert [source.provider for source in table.sources] == ["cboe"] and table.sources[0].delayed
    json.dumps(table.to_json(), allow_nan=False)


def test_a_past_day_shows_that_day_and_nothing_later(market: Any) -> None:
    then = market.run("options.flow", {}, as_of=PLANTED_ON)
    assert then.rows()[0]["contract"] == PLANTED
    market.run("options.flow_scan", {"days": 2})
    market.run("options.flow_verdicts", {})
    assert market.run("options.flow", {}, as_of=PLANTED_ON).rows()[0]["verdict"] is None, "the next morning was not known"
    assert flags(market, days=2)[0]["verdict"] == "opened"
    assert market.run("options.flow_verdicts", {}, as_of=PLANTED_ON).rows()[0]["verdict"] == "waiting"


def test_recipe_premium_and_days_narrow_the_list(market: Any) -> None:
    assert len(flags(market, days=2, recipe="snapshot-unusual")) == 1
    assert flags(market, days=2, recipe="big-premium") == [], "that recipe needs to know of spreads"
    assert flags(market, days=2, min_premium=2e6) == []
    assert len(flags(market, days=2, recipe="all")) > 10
    with pytest.raises(UserError, match="no recipe 'nonsense'"):
        flags(market, recipe="nonsense")
    with pytest.raises(UserError, match="last 0 sessions"):
        flags(market, days=0)


def test_flags_are_written_once_judged_and_scored(market: Any) -> None:
    first = market.run("options.flow_scan", {"days": 2})
    assert "1 new" in first.title
    assert "0 new" in market.run("options.flow_scan", {"days": 2}).title
    (row,) = market.run("options.flow_verdicts", {}).rows()
    assert (row["verdict"], row["before"], row["after"], row["change"]) == ("opened", 519, 5320, 4801)
    assert "from 519 to 5,320" in row["reason"] and row["opened_least"] == 4801
    market.run("options.flow_verdicts", {})
    assert market.store.book.read("select count(*) as n from options.flow_verdicts")["n"][0] == 1, "the same is not said twice"
    score = market.run("options.flow_scorecard", {})
    assert {entry["n"] for entry in score.rows()} == {0} and any("hindsight" in gap for gap in score.unknown)
    assert market.run("options.flow_scorecard", {"each": True}).frame.height == 6


def test_one_event_in_full_has_its_evidence_and_clauses(market: Any) -> None:
    by_contract = market.run("options.flow_event", {"event": PLANTED})
    market.run("options.flow_scan", {"days": 2})
    event = market.run("options.flow_event", {"event": by_contract.detail["event"]["id"].upper()})
    rows = {(row["part"], row["title"]): row for row in event.rows()}
    assert rows["context", "Open interest"]["value"] == 519 and rows["event", "Side"]["text"] == "at the ask"
    assert {row["text"] for row in event.rows() if row["part"] == "clause"} >= {"volume_oi >= 3", "volume_average >= 10"}
    assert "no single trade was seen" in event.notes[1]
    with pytest.raises(UserError, match="no flow event"):
        market.run("options.flow_event", {"event": "ffffffffffff"})


def test_an_own_recipe_is_kept_flags_and_is_taken_back(market: Any) -> None:
    saved = market.run("options.flow_recipe_save", {"name": "Mine", "rule": "size >= 40 and right == 'P'", "title": "Puts"})
    assert saved.frame.filter(pl.col("own"))["id"].to_list() == ["mine"] and saved.undo is not None
    assert {row["recipes"][0] for row in flags(market, recipe="mine")} == {"mine"}
    over = market.run("options.flow_recipe_save", {"name": "mine", "rule": "size >= 9"})
    market.run(over.undo.command, dict(over.undo.arguments))
    assert market.run("options.flow_recipes").frame.filter(pl.col("own"))["title"].to_list() == ["Puts"]
    gone = market.run("options.flow_recipe_delete", {"name": "mine"})
    assert gone.frame.filter(pl.col("own")).is_empty() and gone.undo is not None
    assert market.run(gone.undo.command, dict(gone.undo.arguments)).frame["own"].sum() == 1
    stood_in = market.run("options.flow_recipe_save", {"name": "blocks", "rule": "size > 1"})
    assert stood_in.frame["id"].to_list().count("blocks") == 1
    for name, rule, said in (("a b", "size > 1", "name"), ("x", "sise > 1", "size"), ("x", "size", "condition")):
        with pytest.raises(UserError, match=said):
            market.run("options.flow_recipe_save", {"name": name, "rule": rule})
    with pytest.raises(UserError, match="no recipe of your own"):
        market.run("options.flow_recipe_delete", {"name": "spreads"})


@pytest.mark.slow
def test_leaders_and_inputs_are_told(market: Any) -> None:
    (row,) = market.run("options.flow_leaders", {"days": 2}).rows()
    assert row["symbol"] == "SPY" and row["contract"] == PLANTED and row["net"] > 0
    inputs = market.run("options.flow_inputs").rows()
    assert [(each["input"], each["count"]) for each in inputs] == [
        ("trade feed", 0), ("its source's alert", 0), ("delayed snapshot anomaly", 15)]  # fmt: skip
    assert "premium" in market.run("options.flow_fields").frame["name"].to_list()


def csv(folder: Path) -> Path:
    rows = [trade(place, exchange=name, id=name, size=2000) for place, name in enumerate("ABC")]
    text = frame(*rows).with_columns(pl.col("at").dt.strftime("%Y-%m-%dT%H:%M:%S%.fZ")).drop("open_interest").write_csv()
    place = folder / "trades.csv"
    place.write_text(text, encoding="utf-8")
    return place


def test_trades_of_a_file_become_flags_with_prints_as_evidence(market: Any, tmp_path: Path) -> None:
    told = dict(market.run("options.flow_import", {"file": csv(tmp_path)}).frame.iter_rows())
    assert (told["Trades"], told["New in the archive"], told["Events found"], told["Flagged by recipes"]) == (3, 3, 1, 1)
    again = dict(market.run("options.flow_import", {"file": csv(tmp_path)}).frame.iter_rows())
    assert again["New in the archive"] == 0
    row = next(each for each in flags(market) if each["found_in"] == "trade feed")
    assert row["recipes"] == ["ask-sweep-opening", "big-premium", "ask-opening", "blocks"]
    assert {"sweep", "block", "opening"} <= set(row["tags"]), "the archive knew the open interest"
    event = market.run("options.flow_event", {"event": row["id"]})
    prints = [each for each in event.rows() if each["part"] == "print"]
    assert len(prints) == 3 and "bid 2.00, ask 2.10" in prints[0]["why"]
    assert market.run("options.flow", {"days": 1}).notes[0].startswith("Rests on a trade feed (1 recorded events)")


def test_a_file_that_is_none_is_a_clear_error(market: Any, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("a,b\n1,2\n")
    with pytest.raises(UserError, match="no column contract"):
        market.run("options.flow_import", {"file": wrong})
    with pytest.raises(UserError, match="no file"):
        market.run("options.flow_import", {"file": tmp_path / "absent.csv"})


class Batch:
    """What the stream hands on."""

    def __init__(self, trades: pl.DataFrame, alerts: pl.DataFrame, gap: Any = None) -> None:
        raw = {"option_trades:SPY": ["{}"] * trades.height}
        self.heard = type("Heard", (), {"trades": trades, "alerts": alerts, "raw": raw})()
        self.first_at = self.last_at = datetime(2026, 11, 20, 15, 0, 1, tzinfo=UTC)
        self.gap = gap


def feeding(*batches: Batch) -> type:
    """A stream that hands these on when it is started."""

    class Stream:
        state = type("State", (), {"phase": "live", "reason": ""})()

        def __init__(self, channels: tuple[str, ...], on_batch: Any) -> None:
            self.channels, self.on_batch = channels, on_batch

        def start(self) -> None:
            for each in batches:
                self.on_batch(each)

        def stop(self) -> None:
            pass

    return Stream


@pytest.mark.slow
def test_a_stream_is_archived_flagged_and_told_at_once(market: Any, monkeypatch: MonkeyPatch) -> None:
    from terminal.domain.flow.prints import FLOW_ALERTS
    from terminal.services.flow_feed import FlowFeed

    trades = frame(*(trade(place, exchange=name, id=name, size=2000) for place, name in enumerate("ABC")))
    alert = FLOW_ALERTS.validate(pl.DataFrame([{
        "source": "unusualwhales", "channel": "flow-alerts", "id": "1", "rule": "RepeatedHits", "symbol": "SPY",
        "contract": PLANTED, "at": datetime(2026, 11, 20, 15, 0, tzinfo=UTC), "premium": 600_000.0, "ask_premium": 590_000.0,
        "size": 3000, "price": 2.0, "multileg": False, "sweep": True}])).good  # fmt: skip
    gap = type("Gap", (), {"since": datetime(2026, 11, 20, 15, tzinfo=UTC), "until": datetime(2026, 11, 20, 15, 1, tzinfo=UTC),
                           "reason": "closed"})()  # fmt: skip
    stream = feeding(Batch(trades, FLOW_ALERTS.empty()), Batch(trades.clear(), alert, gap))
    monkeypatch.setattr(FlowFeed, "stream", lambda self, channels, on_batch: stream(channels, on_batch))
    told: list[dict[str, Any]] = []
    market.events.subscribe("flow.flagged", lambda payload: told.append(dict(payload)))
    table = market.run("options.flow_stream", {"symbols": ("SPY",), "seconds": 1})
    assert sum(each["events"] for each in told) == 2 and told[0]["symbols"] == ["SPY"]
    assert "Nothing was heard from 15:00:00 to 15:01:00 UTC: closed" in table.unknown[0]
    archive = market.store.archive
    assert archive.trades("SPY").height == 3 and archive.raw("unusualwhales", "option_trades:SPY").height == 3
    assert {each["found_in"] for each in flags(market)} == {"trade feed", "its source's alert"}
    recorded = market.store.book.read("select rule, side from options.flow_events where input = 'alert'")
    assert recorded.rows() == [("RepeatedHits", "ask")]


def test_without_a_key_the_feed_says_so(market: Any) -> None:
    with pytest.raises((NeedsKey, UserError), match=r"key|feed"):
        market.run("options.flow_alerts", {})


@pytest.mark.slow
def test_a_late_feed_is_completed_by_its_own_time(market: Any) -> None:
    from plugins.options.flow.session import Session

    session = Session(market.context())
    now = datetime(2026, 11, 20, 15, 15, tzinfo=UTC)
    assert session.take_trades(frame(trade(0, size=3000)), now) == 0
    assert session.take_trades(frame().clear(), now + timedelta(milliseconds=300)) == 0
    assert session.take_trades(frame().clear(), now + timedelta(milliseconds=800)) == 1
    assert session.take_trades(frame(trade(1000, id="x", size=3000)), now + timedelta(seconds=2)) == 0
    assert session.detector.late == 0, "a quarter of an hour late is not out of order"
    assert session.finish() == 1


@pytest.mark.slow
def test_the_events_of_most_premium_are_kept(market: Any, monkeypatch: MonkeyPatch) -> None:
    from plugins.options.flow import book

    monkeypatch.setattr(book, "MOST_A_DAY", 2)
    market.run("options.flow_recipe_save", {"name": "everything", "rule": "size > 0"})
    market.run("options.flow_scan", {})
    kept = market.store.book.read("select day, count(*) as n from options.flow_events group by day")
    assert kept["n"].to_list() == [2]


@pytest.mark.slow
def test_a_symbol_without_chains_is_told(market: Any) -> None:
    table = market.run("options.flow", {"symbols": ("NONE",)})
    assert table.frame.is_empty() and any("No chain of NONE is archived" in note for note in table.notes)
