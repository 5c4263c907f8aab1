"""The story of a first day: from the first page to a drawn line in a saved layout, and all of it there the next morning."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.window.desk import ask, end, start, until

if TYPE_CHECKING:
    from terminal.paths import Home
    from tests.window.desk import Screen

pytestmark = [pytest.mark.window, pytest.mark.slow]


def type_in_palette(screen: Screen, text: str) -> None:
    screen.do("key", "ctrl+k")
    time.sleep(0.6)
    screen.do("type", "--delay", "20", text)
    time.sleep(1.0)
    screen.do("key", "Return")


def panels(screen: Screen, home: Home) -> dict[str, dict[str, Any]]:
    shown = ask(screen, home, "window", "panels", "--json")
    return {row["id"]: row for row in json.loads(shown.stdout)["rows"]} if shown.returncode == 0 else {}


def newest_screen(screen: Screen, home: Home) -> str:
    shown = ask(screen, home, "screener", "runs", "--limit", "1", "--json")
    rows = json.loads(shown.stdout)["rows"] if shown.returncode == 0 else []
    return rows[0]["screen"] if rows else ""


def drawings(screen: Screen, home: Home) -> list[dict[str, Any]]:
    shown = ask(screen, home, "chart", "drawings", "UNIV", "--json")
    return list(json.loads(shown.stdout)["rows"]) if shown.returncode == 0 else []


def test_first_run_palette_screen_tearsheet_line_layout_quit_and_back(screen: Screen, home: Home) -> None:
    process = start(screen, home)
    try:
        window = screen.wait_for("Tapeline")
        screen.do("windowactivate", "--sync", window)
        time.sleep(1.5)
        screen.do("key", "Return")  # the first card: the practice market
        screen.wait_for("Tapeline .simulated market.", 90)
        until(60, lambda: panels(screen, home).get("screener", {}).get("visible") is True, "no screener")
        screen.do("windowactivate", "--sync", window)
        until(60, lambda: newest_screen(screen, home) == "all", "the screener did not come to rest")

        type_in_palette(screen, "strong buy")
        until(30, lambda: newest_screen(screen, home) == "strong_buy", "no screen")
        type_in_palette(screen, "UNIV DES")
        until(20, lambda: panels(screen, home)["tearsheet"]["symbol"] == "UNIV", "no tearsheet")
        type_in_palette(screen, "UNIV GP")
        until(20, lambda: panels(screen, home)["chart"]["visible"] is True, "no chart")
        time.sleep(3)  # its bars are read

        screen.do("key", "alt+t")
        time.sleep(0.5)
        for place in (("700", "420"), ("900", "520")):
            screen.do("mousemove", *place)
            time.sleep(0.3)
            screen.do("click", "1")
            time.sleep(0.3)
        until(20, lambda: [row["tool"] for row in drawings(screen, home)] == ["trend"], "the line was not kept")
        type_in_palette(screen, "window layout save Mine")
        until(20, lambda: '"Mine"' in ask(screen, home, "window", "layout", "--json").stdout, "the layout was not kept")
        before = drawings(screen, home)
        screen.do("key", "ctrl+q")
        assert process.wait(10) == 0
    finally:
        first = end(process)
    assert "Traceback" not in first

    process = start(screen, home)
    try:
        screen.wait_for("Tapeline .simulated market.", 60)
        until(60, lambda: panels(screen, home).get("chart", {}).get("visible") is True, "the chart is not where it was")
        shown = panels(screen, home)
        assert (shown["chart"]["symbol"], shown["tearsheet"]["symbol"]) == ("UNIV", "UNIV")
        assert drawings(screen, home) == before
        assert '"Mine"' in ask(screen, home, "window", "layout", "--json").stdout
    finally:
        second = end(process)
    assert "Traceback" not in second
    assert process.returncode == 0
