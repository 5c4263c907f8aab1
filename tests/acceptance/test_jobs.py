"""The schedule in the real window: what was missed is made up for, a pause outlives the program, closing never waits."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from terminal.domain.data_services import SERVICES
from terminal.paths import Home
from tests.acceptance.conftest import surroundings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class Hole:
    """A service that takes every connection and never says a word."""

    def __init__(self) -> None:
        self.taken: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._take, daemon=True)
        self._thread.start()

    def _take(self) -> None:
        try:
            while True:
                self.taken.append(self._listener.accept()[0])
        except OSError:
            return

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(2)
        for each in self.taken:
            each.close()


@pytest.fixture
def hole() -> Iterator[Hole]:
    made = Hole()
    yield made
    made.close()


@pytest.fixture
def asleep(tmp_path: Path) -> Home:
    """A live home with a watchlist, last open ten days ago."""
    from terminal.app import App

    home = Home(tmp_path / "home")
    then = datetime.now(UTC) - timedelta(days=10)
    app = App(home, False, lambda: then)
    app.run("watchlist.create", {"name": "Mine", "symbols": ["AAPL"]})
    app.settings.set("first_run_done", True)
    app.scheduler.start()
    app.close()
    return home


@pytest.fixture
def window(asleep: Home, hole: Hole) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Starts the real program, whose every service is the hole."""
    everywhere = {f"TAPELINE_{service.id.upper()}_URL": hole.url for service in SERVICES}
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        words = [sys.executable, "-m", "terminal", "--home", str(asleep.path), "--live"]
        process = subprocess.Popen(words, env=surroundings(**everywhere), text=True, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def listening(home: Home) -> None:
    """Wait until the window owns the home: a shell that asks without pause would keep it from doing so."""
    owner = home.run / "owner.json"
    end = time.monotonic() + 30
    while not (owner.exists() and json.loads(owner.read_text()).get("port")):
        assert time.monotonic() < end, "no window came to own the home"
        time.sleep(0.02)


def ask(run_cli: Any, home: Home, *words: str, until: Callable[[Any], bool] = lambda answer: True) -> Any:
    """The answer of a command of another process, once it is as wanted."""
    end = time.monotonic() + 90
    while True:
        done = run_cli("--home", str(home.path), "--live", *words, "--json")
        if done.returncode == 0 and until(json.loads(done.stdout)):
            return json.loads(done.stdout)
        assert time.monotonic() < end, done.stdout + done.stderr
        time.sleep(0.2)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_missed_jobs_are_made_up_for_and_closing_never_waits_for_one(window: Any, asleep: Home, hole: Hole, run_cli: Any) -> None:
    process = window()
    listening(asleep)

    def begun(answer: Any) -> bool:
        rows = {row["name"]: row for row in answer["rows"]}
        return "close" in rows and bool(hole.taken)

    rows = {row["name"]: row for row in ask(run_cli, asleep, "jobs", "history", until=begun)["rows"]}
    assert rows["close"]["why"] == "made up for a missed run" and rows["close"]["state"] == "running"
    assert rows["nightly"]["state"] == "skipped"  # it would have done the same at the same time
    listed = {row["name"]: row for row in ask(run_cli, asleep, "jobs", "pause", "nightly")["rows"]}
    assert listed["nightly"]["state"] == "paused" and listed["nightly"]["next_run"] is None
    assert listed["close"]["state"] == "running" and datetime.fromisoformat(listed["close"]["next_run"]) > datetime.now(UTC)

    held_up = {row["item"]: row["milliseconds"] for row in ask(run_cli, asleep, "health", "storage")["rows"]}
    assert 0 <= held_up["Window held up, p50"] <= held_up["Window held up, p99"] <= held_up["Window held up, longest"]

    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(6) == 0
    assert time.monotonic() - began < 2

    second = window()
    listening(asleep)
    again = ask(run_cli, asleep, "jobs", "history", until=lambda answer: sum(
        row["name"] == "close" for row in answer["rows"]) > 1)["rows"]
    assert [row["state"] for row in again if row["name"] == "close"] == ["running", "interrupted"]
    assert {row["name"]: row["state"] for row in ask(run_cli, asleep, "jobs", "list")["rows"]}["nightly"] == "paused"
    second.send_signal(signal.SIGTERM)
    assert second.wait(6) == 0


def test_the_schedule_without_a_window_ends_with_ctrl_c(asleep: Home, hole: Hole) -> None:
    everywhere = {f"TAPELINE_{service.id.upper()}_URL": hole.url for service in SERVICES}
    words = [sys.executable, "-m", "terminal", "--home", str(asleep.path), "--live", "jobs", "run", "--json"]
    process = subprocess.Popen(words, env=surroundings(**everywhere), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        end = time.monotonic() + 90
        while not hole.taken and time.monotonic() < end and process.poll() is None:
            time.sleep(0.05)
        assert hole.taken, "no job began"
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)
        assert time.monotonic() - began < 4
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    assert process.returncode == 0, err
    assert "close" in {row["name"] for row in json.loads(out)["rows"]}
