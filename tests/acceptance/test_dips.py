"""The dip monitor against the demo's ground truth, from the shell, in the window, and with past days."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from terminal.providers.demo.truth import Event, truth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from terminal.app import App
    from terminal.paths import Home

END = date(2026, 11, 20)
KEYS = ["title", "columns", "rows", "sources", "unknown", "notes"]
PARTS = ("market_part", "sector_part", "company_part", "dividends_part", "today_part")


@pytest.fixture(scope="module")
def opened(_demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    import shutil

    from terminal.app import App
    from terminal.paths import Home
    from tests.conftest import Clock

    folder = tmp_path_factory.mktemp("dip-truth") / "home"
    shutil.copytree(_demo_home, folder)
    app = App(Home(folder), demo=True, clock=Clock())
    yield app
    app.close()


@pytest.fixture(scope="module")
def planted() -> tuple[Event, ...]:
    return truth(None, END).events


def causes_at(app: App, day: date, least: float = 0.06) -> dict[str, dict[str, Any]]:
    """The dips of `least` or more from the 63-session high as of the close of a day, with their causes, by symbol."""
    from terminal.domain.attribution import attribute
    from terminal.domain.dips import grid, scan

    frame = app.market.instruments()
    sectors = {row["symbol"]: row["sector"] if row["kind"] == "stock" else None for row in frame.to_dicts()}
    made = grid(app.market.bars(None, columns=("symbol", "date", "close", "adjusted_close")), as_of=day)
    falls = scan(made, least, window=63)
    rows = falls.join(attribute(made, falls, sectors), on="symbol", maintain_order="left").to_dicts()
    return {row["symbol"]: row for row in rows}


def chosen(events: tuple[Event, ...], kind: str, deep: float, count: int) -> list[Event]:
    """Events of a kind from the second year on, spread over the rest."""
    fitting = [each for each in events if each.kind == kind and each.complete and each.last is not None
               and each.first > date(2023, 3, 1) and each.size <= -deep]
    return fitting[:: max(1, len(fitting) // count)][:count]


def test_planted_company_dips_are_found_and_called_the_company_s(opened: App, planted: tuple[Event, ...]) -> None:
    events = chosen(planted, "company dip", 0.15, 12)
    assert len(events) >= 10
    own, day_right, found = [], 0, 0
    for event in events:
        assert event.last is not None
        row = causes_at(opened, event.last).get(event.symbol)
        if row is None:
            continue  # it had risen so much just before that the fall does not reach the threshold
        found += 1
        own.append(row["company"] / (row["market"] + (row["sector"] or 0.0) + row["company"]))
        day_right += event.first <= row["own_day"] <= event.last
    assert found >= 0.85 * len(events)
    assert float(np.median(own)) > 0.75
    assert day_right >= 0.8 * found, "the worst session beyond the market is one of the planted ones"


def test_planted_sector_and_market_dips_are_called_theirs(opened: App, planted: tuple[Event, ...]) -> None:
    sector_of = dict(opened.market.instruments().select("symbol", "sector").iter_rows())
    shares = []
    for event in chosen(planted, "sector dip", 0.08, 4):
        assert event.last is not None
        rows = [row for symbol, row in causes_at(opened, event.last).items()
                if sector_of.get(symbol) == event.sector and 3 <= row["sessions"] <= 12]
        shares += [row["sector"] for row in rows if row["sector"] is not None]
        if rows:
            assert np.median([row["sector"] for row in rows]) < -0.03, event
    assert len(shares) > 10 and float(np.median(shares)) < -0.04
    for event in chosen(planted, "market dip", 0.05, 3):
        assert event.last is not None
        dips = causes_at(opened, event.last, 0.04).values()
        rows = [row for row in dips if 3 <= row["sessions"] <= 12 and row["beta"] is not None]
        assert len(rows) > 10 and float(np.median([row["market"] for row in rows])) < -0.03, event


@pytest.mark.slow
def test_a_recent_planted_dip_is_shown_with_its_headline(opened: App, planted: tuple[Event, ...]) -> None:
    recent = [each for each in planted if each.kind == "company dip" and date(2025, 9, 1) < each.first < date(2026, 11, 10)
              and each.size < -0.15 and each.last is not None]
    named, seen = 0, 0
    for event in recent[-3:]:
        table = opened.run("dips.list", {"universe": event.symbol, "threshold": 0.06, "basis": "recent"}, as_of=event.last)
        for row in table.rows():
            seen += 1
            assert sum(row[name] or 0.0 for name in PARTS) == pytest.approx(row["dip"], abs=1e-9)
            headlines = opened.market.headlines([event.symbol], event.last, 50)["title"].to_list()
            named += row["event"] is not None and (row["event"] in headlines or row["event"].startswith("Report"))
    assert seen >= 2 and named >= 0.6 * seen


def test_betas_are_those_of_the_ground_truth(opened: App) -> None:
    known = truth(None, END).beta
    rows = {symbol: row for symbol, row in causes_at(opened, END).items() if symbol in known and row["beta"] is not None}
    assert len(rows) > 60
    assert np.corrcoef([rows[symbol]["beta"] for symbol in rows], [known[symbol] for symbol in rows])[0, 1] > 0.75


def test_regimes_of_past_days_agree_with_what_was_told_on_them(opened: App) -> None:
    from terminal.domain.base_rates import regimes
    from terminal.domain.dips import grid
    from terminal.domain.regime import RATES_PROXIES

    frame = opened.market.instruments()
    stocks = frame.filter(pl.col("kind") == "stock")["symbol"].to_list()
    made = grid(opened.market.bars(None, columns=("symbol", "date", "close", "adjusted_close")))
    names = regimes(made, stocks, "SPY", RATES_PROXIES)
    for at in (-1, -90, -300, -700):
        assert names[at] == opened.market.regime(made.days[at].astype(object)).name


# from the shell


def test_a_day_with_the_dip_monitor(typed: Callable[..., Any], tmp_path: Path) -> None:
    tapeline = typed

    def answer(*words: str) -> dict[str, Any]:
        def refuse(text: str) -> float:
            raise AssertionError(f"{text} in the JSON")

        done = tapeline(*words, "--json")
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout, parse_constant=refuse)
        assert list(found) == KEYS
        return found

    table = answer("dips", "list", "--universe", "large", "--threshold", "15", "--sort", "severity")
    assert table["rows"] and all(row["dip"] <= -0.15 and row["action"] and row["reason"] for row in table["rows"])
    assert all(source["simulated"] for source in table["sources"])
    symbol = table["rows"][0]["symbol"]
    shown = tapeline("dips", "show", symbol)
    assert shown.stdout.startswith("SIMULATED") and "less than at its high" in shown.stdout and "Traceback" not in shown.stderr
    assert answer("--as-of", "2026-06-01", "dips", "scan", "--universe", "large")["rows"]
    scored = [row for row in answer("dips", "scorecard")["rows"] if row["n"]]
    assert scored and all(row["in_hindsight"] and row["hit_low"] <= row["hit_rate"] <= row["hit_high"] for row in scored)
    assert tapeline("dips", "export", "--csv", str(tmp_path / "d.csv"), "--universe", "mega").returncode == 0
    assert "SIMULATED" in (tmp_path / "d.csv").read_text(encoding="utf-8")
    wrong = tapeline("dips", "list", "--universe", "nonsens")
    assert (wrong.returncode, wrong.stdout) == (1, "") and "Traceback" not in wrong.stderr


def test_an_empty_home_says_what_to_do(type_in: Callable[..., Any], home: Home) -> None:
    done = type_in("--home", str(home.path), "--live", "dips", "list")
    assert done.returncode == 1 and "market refresh" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(("mode", "theme", "size"), [("pro", "dark", "1720x1000"), ("newbie", "light", "900x700")])
def test_a_picture_of_the_panel(run_cli: Callable[..., Any], demo_home: Home, tmp_path: Path, qapp: Any, mode: str, theme: str,
                                size: str) -> None:
    from PySide6.QtGui import QImage

    from terminal.ui.theme import load

    words = ("--panel", "dips", "--mode", mode, "--theme", theme, "--size", size, "--out", "x.png")
    done = run_cli("--home", str(demo_home.path), "--demo", "window", "shot", *words, timeout=120)
    assert done.returncode == 0, done.stderr
    image, tokens = QImage(str(tmp_path / "x.png")), load(theme, "standard")
    colours = {image.pixelColor(x, y).name().upper() for x in range(0, image.width(), 2) for y in range(100, image.height(), 3)}
    assert tokens.warn.upper() in colours and tokens.accent.upper() in colours, "the parts of the falls are missing"
