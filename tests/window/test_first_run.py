"""The window as a user meets it: a real X server, a window manager, keys and clicks."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from terminal.paths import Home

pytestmark = pytest.mark.window
ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("Xvfb", "openbox", "xdotool")
missing = [name for name in TOOLS if shutil.which(name) is None]


class Screen:
    """An X server of its own with a window manager (without one, Qt's shortcuts do not fire)."""

    def __init__(self, folder: Path) -> None:
        read, write = os.pipe()
        self._server = subprocess.Popen(["Xvfb", "-displayfd", str(write), "-screen", "0", "1800x1050x24", "-nolisten", "tcp"],
                                        pass_fds=(write,), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(write)
        with os.fdopen(read) as told:
            number = told.readline().strip()
        self.env = {**os.environ, "DISPLAY": f":{number}", "PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "xcb", "HOME": str(folder)}
        self._manager = subprocess.Popen(["openbox"], env=self.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.5)

    def do(self, *words: str) -> str:
        """One xdotool call."""
        done = subprocess.run(["xdotool", *words], env=self.env, capture_output=True, text=True, timeout=20, check=False)
        return done.stdout.strip()

    def wait_for(self, title: str, seconds: float = 30) -> str:
        """The id of the visible window with this title."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            found = self.do("search", "--onlyvisible", "--name", title)
            if found:
                return found.splitlines()[0]
            time.sleep(0.1)
        raise AssertionError(f"no window called {title} appeared")

    def close(self) -> None:
        for process in (self._manager, self._server):
            process.terminate()
            process.wait(5)


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Screen]:
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    made = Screen(tmp_path)
    yield made
    made.close()


def ask(screen: Screen, home: Home, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "terminal", "--home", str(home.path), *words]
    return subprocess.run(command, env=screen.env, capture_output=True, text=True, timeout=60, check=False)


def until_answered(screen: Screen, home: Home, *words: str) -> None:
    end = time.monotonic() + 30
    while (done := ask(screen, home, *words)).returncode != 0:
        assert time.monotonic() < end, done.stderr
        time.sleep(0.2)


def test_open_search_look_and_close(screen: Screen, home: Home, tmp_path: Path) -> None:
    words = [sys.executable, "-m", "terminal", "--home", str(home.path), "--demo"]
    process: Any = subprocess.Popen(words, env=screen.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        window = screen.wait_for("Tapeline .simulated market.")
        until_answered(screen, home, "window", "raise")
        screen.do("windowactivate", "--sync", window)
        screen.do("key", "ctrl+k")
        time.sleep(0.4)
        screen.do("type", "--delay", "30", "preferences")
        time.sleep(0.4)
        screen.do("key", "Return")
        time.sleep(0.8)
        screen.do("key", "ctrl+m")
        time.sleep(0.3)
        shown = ask(screen, home, "preferences", "show", "mode", "--csv")
        assert "mode,pro" in shown.stdout, shown.stderr
        state = ask(screen, home, "window", "panels", "--csv")
        assert "preferences,preferences,true" in state.stdout.lower(), state.stdout
        screen.do("key", "ctrl+q")
        assert process.wait(5) == 0
    finally:
        if process.poll() is None:
            process.kill()
        _, errors = process.communicate()
    assert "Traceback" not in errors
    assert not list(home.path.rglob("*.wal"))


@pytest.mark.slow
def test_a_symbol_by_keyboard(screen: Screen, home: Home) -> None:
    words = [sys.executable, "-m", "terminal", "--home", str(home.path), "--demo"]
    process: Any = subprocess.Popen(words, env=screen.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        window = screen.wait_for("Tapeline .simulated market.")
        until_answered(screen, home, "window", "raise")
        screen.do("windowactivate", "--sync", window)
        screen.do("key", "ctrl+k")
        time.sleep(0.4)
        screen.do("type", "--delay", "30", "spy")
        time.sleep(1.0)
        screen.do("key", "Return")
        end = time.monotonic() + 10
        while "SPY" not in (told := ask(screen, home, "window", "panels")).stdout:
            assert time.monotonic() < end, told.stdout + told.stderr
            time.sleep(0.2)
        process.terminate()
        assert process.wait(5) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def start(screen: Screen, home: Home, **more: str) -> Any:
    words = [sys.executable, "-m", "terminal", "--home", str(home.path)]
    return subprocess.Popen(words, env={**screen.env, **more}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def until(seconds: float, found: Callable[[], bool], told: str) -> None:
    end = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < end, told
        time.sleep(0.2)


def end(process: Any) -> str:
    if process.poll() is None:
        process.terminate()
    _, errors = process.communicate(timeout=10)
    return str(errors)


def test_a_beginner_chooses_the_practice_market_and_opens_a_company(screen: Screen, home: Home) -> None:
    process = start(screen, home)
    try:
        window = screen.wait_for("Tapeline")
        screen.do("windowactivate", "--sync", window)
        time.sleep(1.5)
        screen.do("key", "Return")  # the first card has the keyboard
        screen.wait_for("Tapeline .simulated market.")
        until(30, lambda: "screener,Screener,true" in ask(screen, home, "window", "panels", "--csv").stdout, "no screener")
        screen.do("windowactivate", "--sync", window)
        screen.do("key", "ctrl+k")
        time.sleep(0.4)
        screen.do("type", "--delay", "5", "univ")
        screen.do("key", "Return")  # at once, before the ticker can have been found
        until(10, lambda: "UNIV" in ask(screen, home, "window", "panels").stdout, "the company was not opened")
    finally:
        errors = end(process)
    assert "Traceback" not in errors
    assert process.returncode == 0


@pytest.mark.real
def test_live_free_data_fills_while_one_looks_on_and_survives_the_plug(screen: Screen, home: Home, replay: Any) -> None:
    process = start(screen, home, TAPELINE_YAHOO_URL=f"{replay.url}/yahoo")
    try:
        window = screen.wait_for("Tapeline")
        screen.do("windowactivate", "--sync", window)
        time.sleep(1.5)
        screen.do("key", "Tab")
        screen.do("key", "Return")
        until(40, lambda: "QQQ" in ask(screen, home, "market", "members", "all", "--csv").stdout, "no first rows")
        assert "simulated" not in screen.do("getwindowname", window)
        replay.fault(kind="drop", match="", times=1000)
        time.sleep(3)
        shown = ask(screen, home, "window", "panels", "--csv")
        assert "screener,Screener,true" in shown.stdout, shown.stderr
        assert "QQQ" in ask(screen, home, "market", "members", "all", "--csv").stdout
    finally:
        errors = end(process)
    assert "Traceback" not in errors
    assert process.returncode == 0


@pytest.mark.slow
def test_a_window_that_was_killed_opens_again(screen: Screen, home: Home) -> None:
    words = [sys.executable, "-m", "terminal", "--home", str(home.path), "--demo"]
    first: Any = subprocess.Popen(words, env=screen.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    screen.wait_for("Tapeline .simulated market.")
    until_answered(screen, home, "window", "raise")
    made = ask(screen, home, "watchlist", "create", "mine")
    first.kill()
    first.wait(5)
    again: Any = subprocess.Popen(words, env=screen.env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        screen.wait_for("Tapeline .simulated market.")
        until_answered(screen, home, "window", "raise")
        assert made.returncode == 0, made.stderr
        assert "mine" in ask(screen, home, "watchlist", "list", "--csv").stdout
    finally:
        errors = end(again)
    assert "Traceback" not in errors
