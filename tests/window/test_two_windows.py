"""Two windows on one screen: each has a layout, links and a symbol of its own, and both have them back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.window.desk import ask, end, start, until, until_answered

if TYPE_CHECKING:
    from terminal.paths import Home
    from tests.window.desk import Screen

pytestmark = [pytest.mark.window, pytest.mark.slow, pytest.mark.timeout(900)]  # some twenty processes ask it
SECOND = "Tapeline, window 2"


def rows(screen: Screen, home: Home, *words: str) -> list[dict[str, Any]]:
    shown = ask(screen, home, "window", *words, "--json")
    return list(json.loads(shown.stdout)["rows"]) if shown.returncode == 0 else []


def arrangement(screen: Screen, home: Home, window: int) -> dict[str, tuple[Any, ...]]:
    """Of each panel of a window: whether it is seen, its link group and its symbol."""
    found = rows(screen, home, "panels", "--window", str(window))
    return {row["id"]: (row["visible"], row["link"], row["symbol"]) for row in found}


def numbers(screen: Screen, home: Home) -> list[int]:
    return sorted(row["window"] for row in rows(screen, home, "list"))


def done(screen: Screen, home: Home, *words: str) -> None:
    answer = ask(screen, home, "window", *words)
    assert answer.returncode == 0, answer.stderr


def at_rest(screen: Screen, home: Home, window: int) -> dict[str, tuple[Any, ...]]:
    """The arrangement, once it is the same twice."""
    seen: list[dict[str, tuple[Any, ...]]] = [{}, {}]

    def same() -> bool:
        seen[:] = [seen[1], arrangement(screen, home, window)]
        return bool(seen[1]) and seen[0] == seen[1]

    until(40, same, f"window {window} did not come to rest")
    return seen[1]


def test_both_windows_come_back_as_they_were(screen: Screen, home: Home) -> None:
    home.settings.parent.mkdir(parents=True, exist_ok=True)
    home.settings.write_text('first_run_done = true\n[market]\nsource = "demo"\n', encoding="utf-8")
    process = start(screen, home)
    try:
        screen.wait_for("Tapeline .simulated market.", 90)
        until_answered(screen, home, "window", "new")  # from outside, by another process
        second = screen.wait_for(SECOND)
        done(screen, home, "open", "chart", "--symbol", "UNIV", "--window", "2")
        done(screen, home, "link", "chart", "B", "--window", "2")
        done(screen, home, "open", "tearsheet", "--symbol", "AKOR", "--window", "1")
        first, other = at_rest(screen, home, 1), at_rest(screen, home, 2)
        assert (first["chart"][1], other["chart"][1]) == ("A", "B") and first["tearsheet"][2] == "AKOR"
        assert other["chart"][0] is True and other["chart"][2] == "UNIV"

        screen.do("windowactivate", "--sync", second)
        screen.do("key", "ctrl+shift+w")
        until(20, lambda: numbers(screen, home) == [1], "the second window did not close")
        assert at_rest(screen, home, 1) == first, "the first window keeps its arrangement when the other goes"
        done(screen, home, "new", "--again")
        screen.wait_for(SECOND)
        assert at_rest(screen, home, 2) == other

        window = screen.wait_for("Tapeline .simulated market.")
        screen.do("windowactivate", "--sync", window)
        screen.do("key", "ctrl+q")
        assert process.wait(15) == 0
    finally:
        errors = end(process)
    assert "Traceback" not in errors

    process = start(screen, home)
    try:
        screen.wait_for("Tapeline .simulated market.", 60)
        screen.wait_for(SECOND, 60)
        until(40, lambda: numbers(screen, home) == [1, 2], "not both windows are back")
        assert at_rest(screen, home, 1) == first
        assert at_rest(screen, home, 2) == other
    finally:
        errors = end(process)
    assert "Traceback" not in errors and process.returncode == 0
