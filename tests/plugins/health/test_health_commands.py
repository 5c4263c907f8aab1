"""The health commands over services that fail in every way, and what each says about it."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from datetime import timedelta
from typing import Any

import polars as pl
import pytest

from terminal import log
from terminal.domain.data_services import SERVICES
from terminal.domain.fetch import Fetch
from terminal.errors import BadPayload, RateLimited, Unavailable, UserError
from terminal.providers.budget import Window


def rows(live: Any) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in live.run("health.show").rows()}


def problems(live: Any, **options: Any) -> list[dict[str, Any]]:
    return list(live.run("health.problems", options).rows())


def test_the_manifests_and_commands_load_no_engine() -> None:
    code = ("import plugins.health, plugins.health.commands, plugins.jobs, plugins.jobs.commands, sys\n"
            "heavy = ('duckdb', 'polars', 'PySide6', 'apscheduler', 'prometheus_client')\n"
            "print([name for name in heavy if name in sys.modules])")
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_nobody_was_asked_and_one_needs_a_key(live: Any) -> None:
    found = rows(live)
    assert (found["sample"]["state"], found["locked"]["state"]) == ("never asked", "needs key")
    assert found["locked"]["sentence"] == "Locked Data needs a key before it can be asked."
    assert problems(live) == []
    assert live.run("health.show").notes == ("No service has been asked yet.",)


def test_a_service_that_answers(live: Any, fetch: Any) -> None:
    assert fetch() == [] and fetch("bars") == []
    row = rows(live)["sample"]
    assert row["state"] == "ok" and row["breaker"] == "closed"
    assert row["sentence"] == "Sample Data answers. 58 of 60 requests left this minute."
    assert (row["requests"], row["error_rate"], row["p50"], row["p95"]) == (1, 0.0, 0.25, 0.25)  # the clock stands still
    assert row["good_endpoint"].startswith("sample/")
    assert [(window["requests"], window["left"]) for window in row["windows"]] == [(60, 58), (2000, 1998)]
    assert all(window["resets_at"] for window in row["windows"])
    assert row["budget"].startswith("1\u202f998 of 2\u202f000 per hour (full at ")
    assert row["budget"].endswith("58 of 60 per minute")


def test_a_service_that_sends_rubbish_is_named_with_its_fault(live: Any, fetch: Any) -> None:
    fetch()
    live.clock.now += timedelta(minutes=5)
    live.sample.problem = BadPayload("Sample Data sent a web page instead of data.", "Try again later.")
    fetch("bars")
    row = rows(live)["sample"]
    assert row["state"] == "partly" and row["fault"] == "Sample Data sent a web page instead of data."
    assert row["sentence"].startswith("Sample Data answers, but not about daily prices: Sample Data sent a web page instead")
    assert row["error_rate"] == 0.5
    for symbol in ("IBM", "GE", "F"):
        fetch("quotes", symbol)
        fetch("bars", symbol)
    row = rows(live)["sample"]
    assert row["state"] == "failing" and row["breaker"] == "partly open" and row["until"] is not None
    assert row["good_at"] is not None and row["good_at"] < row["error_at"]
    (problem,) = problems(live)
    assert problem["problem"] == "provider:sample" and problem["level"] == "error"


def test_a_failure_that_left_no_trace_in_the_log_is_seen_too(live: Any, fetch: Any) -> None:
    live.sample.problem, live.sample.logged = Unavailable("Sample Data could not be reached."), False
    for _ in range(3):
        fetch()
    row = rows(live)["sample"]
    assert row["state"] == "unreachable" and row["fault"] == "Sample Data could not be reached."


def test_a_service_that_asks_to_wait(live: Any, fetch: Any) -> None:
    live.sample.problem = RateLimited("Sample Data asks us to slow down (HTTP 429).",
                                      retry_at=live.clock() + timedelta(minutes=30))
    fetch()
    row = rows(live)["sample"]
    assert row["state"] == "waiting" and row["breaker"] == "open"
    assert row["sentence"] == "Sample Data asked us to wait until 17:30 ET (HTTP 429). What is stored stays usable."
    assert problems(live)[0]["level"] == "warn"


def test_a_budget_that_is_used_up(live: Any, fetch: Any) -> None:
    from datetime import UTC, datetime

    live.market.router.budget.declare("sample", (Window(1, 86_400),))
    live.clock.now = datetime.now(UTC)  # a service counts in real time, whatever the program's clock says
    fetch()
    row = rows(live)["sample"]
    assert row["state"] == "waiting" and (row["left"], row["limit"]) == (0, 1)
    assert row["sentence"].startswith("All requests that Sample Data allows are used until ")


def test_trying_again_forgets_the_failure_and_asks_the_smallest_thing(live: Any, fetch: Any) -> None:
    live.sample.problem = Unavailable("Sample Data could not be reached.")
    for _ in range(4):
        fetch("bars")
    live.sample.problem = None
    live.sample.asked.clear()
    live.clock.now += timedelta(seconds=10)
    heard: list[Any] = []
    live.events.subscribe("provider.changed", heard.append)
    table = live.run("health.retry", {"provider": "Sample"})
    assert live.sample.asked == ["quotes"]
    assert table.rows()[0]["state"] == "ok" and table.notes[0].startswith("Sample Data answers.")
    assert heard == [{"provider": "Sample"}]
    assert live.store.market.read("quotes", ["AAPL"]).height == 1
    assert problems(live) == []


def test_trying_again_in_vain_says_why(live: Any) -> None:
    live.sample.problem = Unavailable("Sample Data did not answer in time.")
    row = live.run("health.retry", {"provider": "sample"}).rows()[0]
    assert row["state"] == "unreachable" and row["error"] == "Sample Data did not answer in time."
    with pytest.raises(UserError, match="no data service called 'nobody'"):
        live.run("health.retry", {"provider": "nobody"})


def test_a_problem_is_hidden_until_it_is_another_one(live: Any, fetch: Any) -> None:
    live.sample.problem = Unavailable("Sample Data could not be reached.")
    for _ in range(3):
        fetch()
    assert live.run("health.acknowledge", {"problem": "provider:sample"}).rows() == []
    assert problems(live) == []
    assert [row["acknowledged"] for row in problems(live, all=True)] == [True]
    live.clock.now += timedelta(minutes=2)  # the same again, only with another time
    fetch()
    assert problems(live) == []
    live.clock.now += timedelta(hours=2)
    live.sample.problem = BadPayload("Sample Data sent an empty answer.")
    fetch()
    assert "sent an empty answer" in problems(live)[0]["sentence"]
    with pytest.raises(UserError, match="no open problem 'job:x'"):
        live.run("health.acknowledge", {"problem": "job:x"})


def test_datasets_tell_what_is_due_and_how_many_sessions_are_missing(live: Any, fetch: Any) -> None:
    fetch()
    fetch("bars")
    found = {row["dataset"]: row for row in live.run("health.datasets").rows()}
    assert found["bars"]["newest"] == "2026-11-20" and found["bars"]["lag"] == "complete"
    assert found["quotes"]["stale"] == 0 and found["quotes"]["newest_at"].startswith("2026-11-20T22:00")
    assert found["facts"]["lag"] == "nothing stored" and found["facts"]["newest"] is None
    live.clock.now += timedelta(days=7)  # Friday the 27th, after the early close; Thanksgiving has no session
    found = {row["dataset"]: row for row in live.run("health.datasets").rows()}
    assert found["bars"]["lag"] == "4 sessions behind" and found["bars"]["stale"] == 1
    assert problems(live)[0]["sentence"] == "Daily prices end on 20 Nov 2026: 4 sessions are missing."


def test_flush_asks_first_and_never_touches_the_book(live: Any, fetch: Any) -> None:
    fetch("bars")
    live.store.market.save("bars", pl.DataFrame({"symbol": ["OWN"], "date": [live.clock().date()], "close": [1.0]}),
                           Fetch("files", "mine.csv", "bars", "", live.clock(), live.clock()), complete=False)
    with pytest.raises(UserError) as told:
        live.run("health.flush", {"dataset": "bars"})
    assert told.value.message.startswith("This drops 2 rows of bars, 1 of them from your own files")
    assert told.value.hint.endswith("tapeline health flush bars --yes")
    version = live.store.market.version
    assert live.run("health.flush", {"dataset": "bars", "yes": True}).title == "Dropped 2 rows of bars"
    assert live.store.market.read("bars").is_empty() and live.store.market.freshness("bars").is_empty()
    assert live.store.market.writes.changed(version, ["bars"]) == {"AAPL", "OWN"}
    assert live.store.market.fetches(dataset="bars").height == 2
    assert fetch("bars") == [] and live.store.market.read("bars").height == 1
    for owned in ("book", "watchlists"):
        with pytest.raises(UserError, match="holds what you own"):
            live.run("health.flush", {"dataset": owned, "yes": True})
    with pytest.raises(UserError, match="no kind of data called 'fetch_log'"):
        live.run("health.flush", {"dataset": "fetch_log", "yes": True})


def test_storage_counts_what_is_there(live: Any, fetch: Any) -> None:
    fetch("bars")
    found = {row["item"]: row for row in live.run("health.storage").rows()}
    assert found["Market file"]["size"] > 10_000 and found["Book file"]["size"] > 10_000
    assert found["Writes waiting"]["count"] == 0
    assert found["Table bars"]["count"] == 1
    if sys.platform.startswith("linux"):
        assert 20_000_000 < found["Memory of this program"]["size"] < 4_000_000_000


def test_the_log_is_filtered_and_has_no_key(live: Any, expect_warning: Any) -> None:
    expect_warning("SEKRET")
    live.settings._environment = {f"TAPELINE_{service.id.upper()}_KEY": f"{service.id}-SEKRET" for service in SERVICES}
    stop = log.start(live.home.logs, live.settings.known_secrets)
    try:
        logging.getLogger("terminal.test").info("first line")
        for service in SERVICES:
            logging.getLogger("terminal.test").warning("%s refused %s", service.title, f"{service.id}-SEKRET")
    finally:
        stop()
    with (live.home.logs / "tapeline.log").open("a", encoding="utf-8") as file:
        file.write('{"at": "x", "level": "ERROR", "message": "by another hand: yahoo-SEKRET"}\nnot json token=abcdef123\n[1]\n')
    everything = live.run("health.log").rows()
    assert [row["message"] for row in everything][:3] == ["[1]", "not json token=[redacted]", "by another hand: [redacted]"]
    assert everything[-1]["message"] == "first line"
    assert "SEKRET" not in json.dumps(everything)
    assert "SEKRET" not in (live.home.logs / "tapeline.log").read_text("utf-8").split("by another")[0]
    assert len(live.run("health.log", {"level": "warning"}).rows()) == len(SERVICES) + 1
    assert [row["message"] for row in live.run("health.log", {"text": "FRED"}).rows()] == ["FRED refused [redacted]"]
    assert len(live.run("health.log", {"limit": 2}).rows()) == 2
    assert live.run("health.log", {"text": "nowhere"}).notes == ("Nothing of that kind was logged.",)


def test_the_practice_market_says_so(app: Any) -> None:
    (row,) = app.run("health.show").rows()
    assert row["state"] == "ok" and row["sentence"] == "The practice market is made on this computer. No service is asked."
    assert app.run("health.problems").rows() == []
    assert {row["dataset"]: row["lag"] for row in app.run("health.datasets").rows()}["bars"] == "complete"
    assert app.run("health.retry", {"provider": "demo"}).rows()[0]["state"] == "ok"
