"""A real X server with a window manager, and a window in it that is typed into from outside."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from terminal.paths import Home

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


def ask(screen: Screen, home: Home, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "terminal", "--home", str(home.path), *words]
    return subprocess.run(command, env=screen.env, capture_output=True, text=True, timeout=60, check=False)


def until_answered(screen: Screen, home: Home, *words: str) -> None:
    end = time.monotonic() + 30
    while (done := ask(screen, home, *words)).returncode != 0:
        assert time.monotonic() < end, done.stderr
        time.sleep(0.2)


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
