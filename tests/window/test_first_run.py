"""The window as a user meets it: a real X server, a window manager, keys and clicks."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.window.desk import Screen, ask, end, start, until, until_answered

if TYPE_CHECKING:
    from pathlib import Path

    from terminal.paths import Home

pytestmark = pytest.mark.window


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
