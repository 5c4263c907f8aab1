"""The screener from the shell: the demo market, real companies from a file, mistakes, and the panel in the window."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from terminal.paths import Home

KEYS = ["title", "columns", "rows", "sources", "unknown", "notes"]
VERDICTS = {"Strong Buy", "Buy", "Hold", "Avoid", "Unknown"}


def answer(done: Any) -> dict[str, Any]:
    def refuse(text: str) -> float:
        raise AssertionError(f"{text} in the JSON")

    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout, parse_constant=refuse)
    assert list(found) == KEYS
    return found


def test_a_day_with_the_screener_on_the_demo_market(typed: Callable[..., Any], tmp_path: Path) -> None:
    tapeline = typed
    table = answer(tapeline("screener", "run", "--preset", "solid_good_price", "--json"))
    assert table["rows"] and all(row["verdict"] in VERDICTS and row["why"] for row in table["rows"])
    assert all(source["simulated"] for source in table["sources"])
    text = tapeline("screener", "run", "--preset", "buy", "--limit", "3")
    assert text.stdout.startswith("SIMULATED") and "Traceback" not in text.stderr
    done = tapeline("screener", "run", "--rule", "reo > 15%", "--json")
    assert (done.returncode, done.stdout) == (1, "")
    assert "Column 1" in done.stderr and "Did you mean roe?" in done.stderr and "Traceback" not in done.stderr
    assert tapeline("screener", "run", "--preset", "nonsense").returncode == 1
    assert tapeline("screener", "run", "--show", "nonsense").returncode == 2
    assert tapeline("screener", "save", "Mine", "--rule", "roe > 12%").returncode == 0
    first = answer(tapeline("screener", "run", "--preset", "Mine", "--json"))
    assert tapeline("screener", "save", "Mine", "--rule", "roe > 20%").returncode == 0
    second = answer(tapeline("screener", "run", "--preset", "Mine", "--json"))
    changes = answer(tapeline("screener", "diff", "--preset", "Mine", "--json"))
    assert len(changes["rows"]) == len(first["rows"]) - len(second["rows"]) > 0
    assert all(0.12 < row["now"] <= 0.2 and row["clause"] == "roe > 20%" for row in changes["rows"])
    assert tapeline("screener", "export", str(tmp_path / "mine.csv"), "--preset", "Mine").returncode == 0
    assert "SIMULATED" in (tmp_path / "mine.csv").read_text(encoding="utf-8")


@pytest.mark.real
def test_real_companies_from_a_file(run_cli: Callable[..., Any], home: Home, shared: Path) -> None:
    """What the file says is judged, what it lacks is unknown: no company is passed or failed on a guess."""

    def tapeline(*words: str) -> Any:
        return run_cli("--home", str(home.path), "--live", *words, timeout=120)

    file = shared / "payloads" / "market" / "sp500_fundamentals.csv"
    assert tapeline("market", "import", str(file), "--as", "fundamentals").returncode == 0
    table = answer(tapeline("screener", "run", "--preset", "all", "--columns", "valuation", "--json"))
    rows = {row["symbol"]: row for row in table["rows"]}
    lines = file.read_text(encoding="utf-8").splitlines()
    assert 250 <= len(rows) <= len(lines) - 1
    assert all(row["verdict"] in VERDICTS and row["why"].strip() for row in rows.values())
    assert sum(row["verdict"] == "Unknown" for row in rows.values()) > 0, "the file holds too little to judge everyone"
    for row in rows.values():
        assert row["verdict"] != "Unknown" or row["score"] is None or row["coverage"] < 1
        assert all(not isinstance(value, float) or math.isfinite(value) for value in row.values())
    assert rows["MMM"]["price"] == pytest.approx(178.96) and rows["MMM"]["pe_ttm"] == pytest.approx(178.96 / 5.63, rel=0.01)
    assert {source["provider"] for source in table["sources"]} == {"files"} or not any(s["simulated"] for s in table["sources"])
    missing = answer(tapeline("screener", "run", "--rule", "roic > 10%", "--show", "unknown", "--json"))
    assert len(missing["rows"]) == len(rows), "return on invested capital is in no column of the file"
    assert any("cannot be judged" in note for note in missing["notes"])
    cheap = answer(tapeline("screener", "run", "--rule", "pe_ttm < 15 and dividend_yield > 2%", "--json"))
    assert 5 < len(cheap["rows"]) < len(rows) and all(row["pe_ttm"] < 15 for row in cheap["rows"])


def test_an_empty_home_says_what_to_do(type_in: Callable[..., Any], home: Home) -> None:
    done = type_in("--home", str(home.path), "--live", "screener", "run")
    assert done.returncode == 1 and "market refresh" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(("mode", "theme", "size"), [("pro", "dark", "1300x900"), ("newbie", "light", "900x700")])
def test_a_picture_of_the_panel(
    run_cli: Callable[..., Any], demo_home: Home, tmp_path: Path, qapp: Any, mode: str, theme: str, size: str
) -> None:
    from PySide6.QtGui import QImage

    from terminal.ui.theme import load

    words = ("--panel", "screener", "--mode", mode, "--theme", theme, "--size", size, "--out", "x.png")
    done = run_cli("--home", str(demo_home.path), "--demo", "window", "shot", *words, timeout=120)
    assert done.returncode == 0, done.stderr
    image = QImage(str(tmp_path / "x.png"))
    colours = {image.pixelColor(x, y).name().upper() for x in range(0, image.width(), 2) for y in range(100, image.height(), 3)}
    assert load(theme, "standard").up_text.upper() in colours, "the verdict pills of the rows are missing"
