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
    from collections.abc import Iterator

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
