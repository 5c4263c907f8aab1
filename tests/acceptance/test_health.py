"""`health` against the recorded services: each fault is named until it is over, and nothing of a key comes out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from terminal.domain.data_services import SERVICES
from terminal.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from terminal.paths import Home

pytestmark = pytest.mark.real
KEY = "sk-finnhub-0123456789"
MANY = 99


@pytest.fixture
def surroundings(replay: Any) -> dict[str, str]:
    """Every service is the replay server."""
    return {**{f"TAPELINE_{service.id.upper()}_URL": f"{replay.url}/{service.id}" for service in SERVICES},
            "TAPELINE_FINNHUB_KEY": KEY}


@pytest.fixture
def app(home: Home, surroundings: dict[str, str]) -> Iterator[Any]:
    """A live App of which every service is the replay server."""
    from terminal.app import App

    settings = Settings(home)
    settings._environment = surroundings
    opened = App(home, False, settings=settings)
    yield opened
    opened.close()


def service(app: Any, name: str) -> dict[str, Any]:
    return next(row for row in app.run("health.show").rows() if row["id"] == name)


@pytest.mark.parametrize(("fault", "state", "told"), [
    ({"kind": "html"}, "failing", "sent a web page instead of data"),
    ({"kind": "status", "status": 429}, "waiting", "HTTP 429"),
    ({"kind": "status", "status": 503}, "failing", "HTTP 503"),
    ({"kind": "truncate"}, "failing", "broke off"),
    ({"kind": "empty"}, "failing", "empty answer"),
    ({"kind": "garbage"}, "failing", "Finnhub"),
    ({"kind": "drop"}, "unreachable", "could not be reached"),
])
def test_a_fault_is_named_and_goes_when_it_is_over(app: Any, replay: Any, fault: dict[str, Any], state: str, told: str,
                                                   expect_warning: Any) -> None:
    replay.fault(provider="finnhub", times=MANY, **fault)
    app.run("health.retry", {"provider": "finnhub"})
    shown = service(app, "finnhub")
    assert (shown["state"], told in shown["fault"]) == (state, True), shown["fault"]
    assert shown["sentence"].startswith("Finnhub") and shown["good_at"] is None
    (problem,) = app.run("health.problems").rows()
    assert (problem["problem"], problem["sentence"]) == ("provider:finnhub", shown["sentence"])
    replay.clear()
    row = app.run("health.retry", {"provider": "finnhub"}).rows()[0]
    assert row["state"] == "ok" and row["fault"] is None and row["good_at"] is not None
    assert row["windows"] and all(0 <= each["left"] < each["requests"] for each in row["windows"] if each["seconds"] >= 60)
    assert app.run("health.problems").rows() == []


def test_the_shell_names_the_fault_of_one_dataset_and_keeps_the_last_good_answer(home: Home, replay: Any, run_cli: Any,
                                                                                surroundings: dict[str, str]) -> None:
    def shell(*words: str) -> Any:
        done = run_cli("--home", str(home.path), "--live", *words, "--json", env=surroundings)
        assert KEY not in done.stdout + done.stderr
        return json.loads(done.stdout) if done.returncode == 0 else done.stderr

    shell("market", "quote", "AAPL")
    replay.fault(provider="yahoo", match="chart", kind="html", times=MANY)
    assert "web page" in shell("market", "bars", "AAPL")
    row = next(each for each in shell("health", "show")["rows"] if each["id"] == "yahoo")
    assert row["state"] == "partly" and row["fault"] == "Yahoo Finance sent a web page instead of data."
    assert row["sentence"].startswith("Yahoo Finance answers, but not about daily prices: ")
    assert row["good_at"] is not None and row["error_at"] > row["good_at"] and row["error_rate"] > 0
    assert KEY not in _everything_written(home.path)


def _everything_written(folder: Path) -> str:
    return "".join(file.read_bytes().decode("latin-1") for file in folder.rglob("*") if file.is_file())
