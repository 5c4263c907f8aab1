"""The journal by its commands: frozen when written, judged each night, looked at again, graded without looking ahead."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from terminal.domain.fetch import Fetch
from terminal.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable

    from terminal.paths import Home
    from tests.conftest import Clock

MONDAY = date(2026, 11, 23)


def rows(app: Any, verb: str, as_of: date | None = None, **arguments: Any) -> list[dict[str, Any]]:
    return app.run(f"journal.{verb}", arguments, as_of=as_of).rows()  # type: ignore[no-any-return]


def one_stock(app: Any) -> tuple[str, float]:
    """A share with every figure, and its price."""
    frame = app.market.scored().frame.filter((pl.col("kind") == "stock") & pl.col("roe").is_between(0.1, 0.5)).sort("symbol")
    return str(frame["symbol"][0]), float(frame["price"][0])


def session(app: Any, clock: Clock, day: date, closes: dict[str, float]) -> None:
    """A further session comes: its bars are stored, and it is the evening of that day."""
    clock.now = datetime(day.year, day.month, day.day, 22, 0, tzinfo=UTC)
    for symbol, close in closes.items():
        frame = pl.DataFrame({
            "symbol": [symbol], "date": [day], "open": [close], "high": [close * 1.001], "low": [close * 0.999],
            "close": [close], "adjusted_close": [close], "volume": [1_000_000],
        })  # fmt: skip
        app.store.market.save("bars", frame, Fetch("test", "x", "bars", symbol, clock.now, clock.now, "ok", simulated=True))


@pytest.mark.slow
def test_a_decision_is_frozen_versioned_and_known_only_from_its_day_on(app: Any, clock: Clock) -> None:
    app.run("screener.run", {"preset": "all", "rule": "roe > 1%"})
    symbol, price = one_stock(app)
    logged = app.run("journal.log", {
        "symbol": symbol.lower(), "action": "buy", "reason": "Margins  recover", "metric": ["roe"], "conviction": "70",
        "horizon": "6m", "stop": "8%", "target": "20%", "falsifier": ["roe<1 %"], "signal": "value",
    })  # fmt: skip
    known = {row["title"]: row for row in logged.rows() if row["part"] == "known then"}
    assert known["Price"]["value"] == pytest.approx(price) and known["Price"]["from"].startswith("demo")
    assert known["Verdict"]["text"] and known["Market regime"]["text"] and known["Price of SPY"]["value"] > 0
    assert known["Screen run"]["value"] == 1.0
    assert known["IV rank"]["text"] is None and "implied volatility" in known["IV rank"]["why"]
    context = logged.detail["context"]
    frozen = {each["name"]: each for each in context["figures"]}
    assert len(frozen["tearsheet"]["value"]) == 64 and frozen["roe"]["value"] > 0.1
    assert all(each["value"] is not None or each["why"] for each in context["figures"]), "what is unknown says why"
    listed = rows(app, "list")[0]
    assert (listed["number"], listed["status"], listed["stop"], listed["until"]) == (
        1, "working", pytest.approx(price * 0.92, abs=1e-4), "2027-05-19")

    session(app, clock, MONDAY, {symbol: price * 1.1, "SPY": 800.0})
    assert rows(app, "list")[0]["change"] == pytest.approx(0.1, abs=1e-4)
    app.run("journal.change", {"number": 1, "stop": f"{price}", "why": "No loss any more"})
    versions = rows(app, "history", number=1)
    assert [row["version"] for row in versions] == [2, 1] and "stop" in versions[0]["changed"]
    assert versions[1]["price"] == pytest.approx(price) and versions[0]["price"] != versions[1]["price"]
    again = app.run("journal.show", {"number": 1}).detail["followed"].entry
    assert json.dumps(again.first.context, sort_keys=True) == json.dumps(context, sort_keys=True)
    assert rows(app, "list", date(2026, 11, 19)) == []
    before = app.run("journal.list", as_of=date(2026, 11, 20))
    assert [(row["stop"], row["change"]) for row in before.rows()] == [(pytest.approx(price * 0.92, abs=1e-4), None)]

    taken_out = app.run("journal.delete", {"number": 1})
    assert taken_out.undo.command == "journal.restore" and rows(app, "list") == []
    assert [row["number"] for row in rows(app, "list", deleted=True)] == [1]
    assert len(rows(app, "list", date(2026, 11, 20))) == 1, "what was known then stays known"
    app.run(taken_out.undo.command, dict(taken_out.undo.arguments))
    assert rows(app, "list")[0]["stop"] == pytest.approx(price)


def test_the_nightly_job_tells_a_broken_thesis_and_the_review_ends_in_one_step(app: Any, clock: Clock) -> None:
    symbol, price = one_stock(app)
    for rule in (f"price < {price * 0.9:.4f}", f"price < {price * 0.5:.4f}"):
        app.run("journal.log", {"symbol": symbol, "action": "buy", "reason": "Cheap", "stop": "20%", "falsifier": [rule]})
    app.run("journal.log", {"symbol": symbol, "action": "pass", "reason": "Too dear", "conviction": "60"})
    told: list[Any] = []
    stop = app.events.subscribe("notice.posted", told.append)
    assert app.run("journal.judge").title == "3 theses judged, 0 changed"
    assert told == []
    session(app, clock, MONDAY, {symbol: price * 0.88, "SPY": 780.0})
    judged = app.run("journal.judge")
    assert "1 changed" in judged.title
    assert [(each["level"], each["panel"], each["symbol"]) for each in told] == [("error", "journal", symbol)]
    assert "was working and is broken" in told[0]["text"]
    assert app.run("journal.judge").title.endswith("0 changed") and len(told) == 1
    stop()
    assert {row["number"]: row["status"] for row in rows(app, "list")} == {1: "broken", 2: "working", 3: "unknown"}
    assert {row["number"]: row["status"] for row in rows(app, "list", date(2026, 11, 20))}[1] == "working"
    followed = rows(app, "list", action="pass")[0]
    assert followed["gain"] == pytest.approx(0.12, abs=1e-4), "what was passed on fell: that was right"

    due = rows(app, "review")
    assert [(row["number"], row["due"]) for row in due] == [(1, "The thesis is broken")]
    assert due[0]["change"] == pytest.approx(-0.12, abs=1e-4) and due[0]["suggested"].startswith("Your own rule")
    done = app.run("journal.check", {"number": 1, "next": "close", "note": "Sold too late"})
    assert done.undo.command == "journal.uncheck"
    assert rows(app, "review") == []
    assert rows(app, "checks")[0] | {"market": None} == {
        "check": 1, "number": 1, "symbol": symbol, "done_on": "2026-11-23", "after": 3, "next": "close", "note": "Sold too late",
        "change": pytest.approx(-0.12, abs=1e-4), "market": None, "status": "broken"}  # fmt: skip
    state = {row["number"]: row["state"] for row in rows(app, "list")}
    assert state[1] == "closed by you" and state[2] == "goes on"
    sums = {row["sort"]: row for row in rows(app, "outcomes", by="signal")}
    assert (sums["not said"]["n"], sums["not said"]["pending"], sums["not said"]["rate"]) == (1, 2, 0.0)
    assert sums["all"]["expectancy"] == pytest.approx(-0.12, abs=1e-4) and sums["all"]["enough"] == "too few: 1 of 10"
    app.run("journal.uncheck", {"check": 1})
    assert len(rows(app, "review")) == 1
    later = rows(app, "review", ahead=40)
    assert {row["number"] for row in later} == {1, 2, 3}, "the first milestone lies within forty days"


@pytest.mark.slow
def test_calls_are_graded_by_themselves_and_make_a_calibration(app: Any, clock: Clock) -> None:
    price = float(app.market.scored(["SPY"]).frame["price"][0])
    for direction, kind, probability in (("up", {"level": "1%"}, "80"), ("down", {}, "30"), ("up", {"target": "5%"}, "60")):
        app.run("journal.call", {"symbol": "SPY", "direction": direction, "by": "2026-11-24", "probability": probability, **kind})
    assert {row["state"] for row in rows(app, "calls")} == {"open"}
    session(app, clock, MONDAY, {"SPY": price * 1.06})
    assert {row["number"]: row["state"] for row in rows(app, "calls")} == {1: "open", 2: "open", 3: "came true"}
    session(app, clock, MONDAY + timedelta(days=1), {"SPY": price * 1.005})
    graded = {row["number"]: row for row in rows(app, "calls")}
    assert {number: row["state"] for number, row in graded.items()} == {1: "did not", 2: "did not", 3: "came true"}
    assert graded[1]["brier"] == pytest.approx(0.64) and graded[3]["decided_on"] == "2026-11-23"
    assert {row["state"] for row in rows(app, "calls", date(2026, 11, 20))} == {"open"}
    table = app.run("journal.calibration", {"of": "calls"})
    found = table.detail["calibration"]
    assert found.n == 3 and found.brier == pytest.approx((0.64 + 0.09 + 0.16) / 3)
    assert any("too few" in each for each in table.unknown) and "Brier score" in table.notes[0]
    with pytest.raises(UserError, match="cannot be changed"):
        app.run("journal.change", {"number": 1, "stop": "5"})


@pytest.mark.slow
def test_what_is_written_in_hindsight_is_counted_apart(app: Any) -> None:
    symbol, _ = one_stock(app)
    app.run("journal.log", {"symbol": symbol, "action": "buy", "reason": "I knew it"}, as_of=date(2026, 5, 4))
    assert rows(app, "list")[0]["in_hindsight"] and rows(app, "list")[0]["state"] == "time is up"
    assert rows(app, "list", date(2026, 6, 1)) == [], "it was not there then"
    assert rows(app, "outcomes") == []
    assert rows(app, "outcomes", hindsight=True)[-1]["n"] == 1


@pytest.mark.slow
@pytest.mark.parametrize(("arguments", "said"), [
    ({"action": "buy", "reason": " "}, "Why"),
    ({"action": "buy", "reason": "x", "conviction": "30"}, "expect to be wrong"),
    ({"action": "buy", "reason": "x", "metric": ["rroe"]}, "not a figure"),
    ({"action": "buy", "reason": "x", "metric": ["roe", "roic", "price"]}, "too many"),
    ({"action": "buy", "reason": "x", "falsifier": ["roe <"]}, "column|expected|ends|rule"),
    ({"action": "buy", "reason": "x", "stop": "100000"}, "two sides"),
    ({"action": "sell", "reason": "x", "target": "100000"}, "two sides"),
    ({"action": "buy", "reason": "x", "horizon": "soon"}, "length of time"),
    ({"action": "buy", "reason": "x", "review": date(2026, 11, 1)}, "over already"),
])  # fmt: skip
def test_what_cannot_be_is_said_before_anything_is_written(journal_app: Any, arguments: dict[str, Any], said: str) -> None:
    before = len(rows(journal_app, "list"))
    with pytest.raises(UserError, match=r"(?i)" + said):
        journal_app.run("journal.log", {"symbol": "SPY", **arguments})
    assert len(rows(journal_app, "list")) == before


@pytest.fixture(scope="module")
def journal_app(_demo_home: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One App for what writes nothing."""
    import shutil

    from terminal.app import App
    from terminal.paths import Home
    from tests.conftest import Clock

    place = tmp_path_factory.mktemp("journal") / "home"
    shutil.copytree(_demo_home, place)
    opened = App(Home(place), True, Clock())
    yield opened
    opened.close()


@pytest.mark.slow
def test_every_command_answers_in_json(type_in: Callable[..., Any], demo_home: Home) -> None:
    def typed(*arguments: str) -> dict[str, Any]:
        done = type_in("--home", str(demo_home.path), "--demo", "journal", *arguments, "--json")
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        assert found["columns"] and all(source["simulated"] for source in found["sources"])
        return found

    typed("log", "SPY", "--action", "watch", "--reason", "Wait for breadth", "--falsifier", "price < 1")
    typed("call", "SPY", "--direction", "up", "--by", "2030-01-04", "--probability", "55%")
    for verb in (["list"], ["show", "1"], ["history", "1"], ["calls"], ["theses"], ["judge"], ["review", "--ahead", "60"],
                 ["check", "1", "--next", "hold"], ["checks"], ["outcomes", "--by", "verdict"], ["calibration"]):  # fmt: skip
        typed(*verb)
    assert [row["number"] for row in typed("list")["rows"]] == [1]
