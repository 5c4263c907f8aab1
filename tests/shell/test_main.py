"""Start and end of the window as a process, and which market it opens."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtWidgets import QLabel

from terminal.errors import Corrupt
from terminal.settings import Settings
from terminal.shell.look import dress
from terminal.shell.opening import NO_NETWORK, Opening
from terminal.shell.welcome import Trouble, Welcome
from terminal.shell.windows import Windows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from terminal.paths import Home

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def process(home: Home) -> Iterator[subprocess.Popen[str]]:
    """A window of its own process, which answers."""
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen"}
    words = [sys.executable, "-m", "terminal", "--home", str(home.path), "--live"]
    started = subprocess.Popen(words, env=surroundings, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    owner = home.run / "owner.json"
    until = time.monotonic() + 30
    while not (owner.exists() and json.loads(owner.read_text())["port"]) and started.poll() is None and time.monotonic() < until:
        time.sleep(0.02)
    yield started
    if started.poll() is None:
        started.kill()
    started.communicate()


def tapeline(run_cli: Any, home: Home, *words: str) -> subprocess.CompletedProcess[str]:
    """A command that waits until the window can take it."""
    until = time.monotonic() + 20
    while True:
        done: subprocess.CompletedProcess[str] = run_cli("--home", str(home.path), *words)
        if done.returncode == 0 or time.monotonic() > until:
            return done
        time.sleep(0.2)


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)])
def test_a_signal_closes_the_window_in_time_with_a_checkpoint(process: Any, home: Home, run_cli: Any, number: int) -> None:
    assert tapeline(run_cli, home, "window", "mode", "pro").returncode == 0
    began = time.monotonic()
    process.send_signal(number)
    assert process.wait(5) == 0
    assert time.monotonic() - began < 2
    assert not list(home.path.rglob("*.wal"))
    assert (home.path / "window.json").exists()
    checked = run_cli("--home", str(home.path), "--live", "store", "check")
    assert checked.returncode == 0, checked.stderr
    assert Settings(home).get("mode") == "pro"


@pytest.mark.slow  # on the demo: tests/acceptance/test_demo_acceptance.py
def test_a_second_start_and_commands_reach_the_open_window(process: Any, home: Home, run_cli: Any, tmp_path: Path) -> None:
    assert tapeline(run_cli, home, "window", "raise").returncode == 0
    second = run_cli("--home", str(home.path), "--live")
    assert second.returncode == 0 and process.poll() is None
    picture = run_cli("--home", str(home.path), "--live", "window", "shot", "--out", "here.png", "--size", "800x600")
    assert picture.returncode == 0, picture.stderr
    assert (tmp_path / "here.png").read_bytes()[:4] == b"\x89PNG"
    closed = run_cli("--home", str(home.path), "window", "quit")
    assert closed.returncode == 0, closed.stderr
    assert process.wait(5) == 0


def test_nothing_heavy_is_imported_before_the_first_paint(home: Home, tmp_path: Path) -> None:
    sys.path.insert(0, str(ROOT))
    from tests.perf.startup import OURS, measure

    found = measure(OURS, "--home", str(home.path), "--live", cache=str(tmp_path / "compiled"))
    assert found["modules"] == []
    assert found["painted"] < found["filled"]


# Which market is opened


class FakeApp:
    """Stands for an open market; the test only looks at which one was asked for."""

    def __init__(self, demo: bool) -> None:
        self.demo = demo


class FakeSession:
    """Remembers which market was opened."""

    def __init__(self, home: Home, problem: Exception | None = None) -> None:
        self.settings = Settings(home)
        self.opened: list[bool] = []
        self.default = False
        self.gui: Any = None
        self._problem = problem
        self.let: list[bool] = []

    def app(self, demo: bool, progress: Any = None) -> FakeApp:
        if self._problem is not None:
            raise self._problem
        self.opened.append(demo)
        return FakeApp(demo)

    def let_go(self, demo: bool) -> bool:
        """Busy the first time it is asked."""
        self.let.append(demo)
        return len(self.let) > 1


@pytest.fixture
def frame(qapp: Any, home: Home) -> Iterator[Windows]:
    """The first window as it is painted first, empty."""
    settings = Settings(home)
    dress(settings)
    windows = Windows(settings, None)
    windows.first.show()
    yield windows
    windows.quit()
    windows.end()


@pytest.mark.parametrize(("flag", "source", "first_done", "online", "demo", "why"), [
    (True, "live", True, True, True, ""), (False, "demo", True, False, False, ""),
    (None, "demo", True, True, True, ""), (None, "live", True, False, False, ""),
    (None, "auto", True, True, False, ""), (None, "auto", True, False, True, NO_NETWORK),
    (None, "auto", False, True, True, ""), (None, "auto", False, False, True, "")])
def test_which_market_is_opened(frame: Windows, home: Home, monkeypatch: pytest.MonkeyPatch, flag: bool | None, source: str,
                                first_done: bool, online: bool, demo: bool, why: str) -> None:
    session = FakeSession(home)
    session.settings.set("market.source", source)
    session.settings.set("first_run_done", first_done)
    monkeypatch.setattr("terminal.shell.network.reachable", lambda *_: online)
    opening = Opening(frame, home, flag, session, None)  # type: ignore[arg-type]
    found: tuple[Any, ...] = opening._open_session()
    assert found == (session, demo, why)
    assert session.opened == [demo]


def test_a_network_that_does_not_answer_is_no_network() -> None:
    from terminal.shell.network import reachable

    assert reachable("https://nowhere.invalid", 0.2) is False
    assert reachable("http://127.0.0.1:9", 0.2) is False


def test_a_store_that_cannot_be_opened_is_a_page_with_what_to_do(frame: Windows, home: Home, qtbot: Any) -> None:
    problem = Corrupt("The file market.duckdb is damaged.", "Run: tapeline store check")
    opening = Opening(frame, home, False, FakeSession(home, problem), None)  # type: ignore[arg-type]
    opening.begin()
    qtbot.waitUntil(lambda: frame.first.findChild(Trouble) is not None, timeout=3000)
    page = frame.first.findChild(Trouble)
    assert page is not None and "damaged" in page.accessibleName() and "tapeline store check" in page.accessibleName()
    assert opening.code == 1
    opening.end()


@pytest.mark.parametrize(("choice", "demo", "source"), [("demo", True, "demo"), ("live", False, "live"), ("later", None, "auto")])
def test_the_first_page_is_answered_once(windows: Windows, home: Home, choice: str,
                                         demo: bool | None, source: str) -> None:
    window = windows.first
    session = FakeSession(home)
    opening = Opening(windows, home, None, session, None)  # type: ignore[arg-type]
    switched: list[bool] = []
    windows.switch = lambda to, *_: switched.append(to)  # type: ignore[method-assign]
    opening._welcome()
    page = window.findChild(Welcome)
    assert page is not None and page.isVisible()
    page.chosen.emit(choice)
    assert session.settings.get("first_run_done") is True and session.settings.get("market.source") == source
    assert switched == ([] if demo is None else [demo])
    assert window.workspace is not None and window.workspace.docks.frame.isVisible()


def test_switching_the_market_answers_the_first_page(windows: Windows, home: Home) -> None:
    window = windows.first
    session = FakeSession(home)
    opening = Opening(windows, home, None, session, None)  # type: ignore[arg-type]
    opening._welcome()
    opening.choose(False)
    assert session.settings.get("first_run_done") is True and session.settings.get("market.source") == "live"
    assert window.workspace is not None and window.workspace.docks.frame.isVisible()


def test_every_window_follows_the_market_chosen_in_the_preferences(windows: Windows, sample_app: Any, qtbot: Any) -> None:
    window, beside = windows.first, windows.open()
    session: Any = windows.session
    other, let = SampleDemo(sample_app), list[bool]()

    def let_go(demo: bool) -> bool:
        let.append(demo)
        return len(let) > 1  # busy the first time

    session.app, session.let_go = lambda demo, progress=None: other if demo else sample_app, let_go
    sample_app.settings.set("market.source", "demo")
    qtbot.waitUntil(lambda: window.app.demo, timeout=5000)
    assert session.default is True and window.notice.isVisible() and "simulated" in window.windowTitle()
    assert beside.app.demo and beside.windowTitle() == "Tapeline, window 2 (simulated market)"
    sample_app.settings.set("theme", "dark")
    assert window.app.demo
    qtbot.waitUntil(lambda: let == [False, False], timeout=5000)  # asked again, because it was busy


class SampleDemo:
    """The sample App, saying that it is the demo market."""

    demo = True

    def __init__(self, app: Any) -> None:
        self._app = app

    def __getattr__(self, name: str) -> Any:
        return getattr(self._app, name)


def test_the_first_page_is_there_before_the_store_is_open(frame: Windows, home: Home, qtbot: Any) -> None:
    opening = Opening(frame, home, None, None, None)
    gate, told = threading.Event(), list[Any]()
    opening._open_session = lambda: gate.wait(5)  # type: ignore[method-assign,assignment,return-value]
    opening._session_open = told.append  # type: ignore[method-assign,assignment]
    opening.begin()
    page = frame.first.findChild(Welcome)
    assert page is not None and page.isVisible() and not told
    page.chosen.emit("demo")
    assert opening._choice == "demo" and page.isVisible()
    assert any("practice market" in label.text() for label in page.findChildren(QLabel) if "Opening" in label.text())
    gate.set()
    qtbot.waitUntil(lambda: bool(told), timeout=3000)
    opening.end()


def test_a_command_for_the_window_runs_on_its_thread(windows: Windows, sample_app: Any, qtbot: Any) -> None:
    running = sample_app.start("window.theme", {"to": "light"})
    qtbot.waitUntil(running.done, timeout=3000)
    assert running.result().title == "Theme: light"
    windows.first.set_look(theme="dark")
