"""Earnings in context, end to end: the shell, the window, recorded answers of real services, and a date in dispute."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import Clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from terminal.paths import Home

FEBRUARY = datetime(2025, 2, 21, 22, 0, tzinfo=UTC)  # the day of Yahoo's recorded answer
JUNE = datetime(2026, 6, 5, 22, 0, tzinfo=UTC)  # of Finnhub's
# The days on which Apple told its results, each at 16:30 in New York.
APPLE = ["2026-01-29", "2025-10-30", "2025-07-31", "2025-05-01", "2025-01-30", "2024-10-31", "2024-08-01", "2024-05-02"]


# -- the shell, on the demo


def test_the_shell_lists_counts_and_explains(typed: Callable[..., Any]) -> None:
    def tapeline(*words: str) -> dict[str, Any]:
        done = typed(*words, "--json")
        assert (done.returncode, done.stderr) == (0, "")
        return dict(json.loads(done.stdout))

    tapeline("screener", "run", "--limit", "1")
    listed = tapeline("earnings", "upcoming", "--universe", "results", "--kind", "reports", "--days", "30")
    assert len(listed["rows"]) > 20
    assert all(source["simulated"] for source in listed["sources"])
    days = [row["day"] for row in listed["rows"]]
    assert days == sorted(days)
    assert all(
        row["move_n"] == 20 and row["beat_n"] == 8 for row in listed["rows"] if row["move"] is not None and row["beat_rate"]
    )
    assert any(text.startswith("Implied move: no option chain is stored") for text in listed["unknown"])
    one = listed["rows"][0]["symbol"]
    past = tapeline("earnings", "moves", one, "--as-of", "2025-03-14")["rows"]
    assert past
    assert all(row["day"] <= "2025-03-14" and row["to"] <= "2025-03-14" for row in past)


def test_every_command_says_the_same(app: Any) -> None:
    symbols = app.market.universe("all").symbols[:60]
    listed = app.run("earnings.upcoming", {"symbols": symbols, "kind": "reports", "days": 60}).rows()
    first = listed[0]
    one = app.run("earnings.summary", {"symbols": [first["symbol"]], "days": 60})
    assert one.title == f"1 report in 60 days in {first['symbol']}"
    shown = {row["field"]: row for row in app.run("earnings.show", {"symbol": first["symbol"]}).rows()}
    assert [shown[name]["value"] for name in ("beat_rate", "move", "eps_estimate")] == [
        first[name] for name in ("beat_rate", "move", "eps_estimate")
    ]


# -- recorded answers of real services


@pytest.fixture
def live(home: Home, replay: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """`live(now)`: an App whose services are all the replay server's."""
    from terminal.app import App
    from terminal.domain.data_services import SERVICES

    for service in SERVICES:
        monkeypatch.setenv(f"TAPELINE_{service.id.upper()}_URL", f"{replay.url}/{service.id}")
    opened: list[Any] = []

    def make(now: datetime, **keys: str) -> Any:
        for service, key in keys.items():
            monkeypatch.setenv(f"TAPELINE_{service.upper()}_KEY", key)
        opened.append(App(home, demo=False, clock=Clock(now)))
        opened[-1].settings.set("providers.order.chains", "cboe")  # Yahoo's takes a request an expiry, at its pace
        return opened[-1]

    yield make
    for app in opened:
        app.close()


@pytest.mark.real
def test_apple_from_recorded_answers(live: Callable[..., Any]) -> None:
    app = live(FEBRUARY)
    shown = {row["field"]: row for row in app.run("earnings.show", {"symbol": "AAPL"}).rows()}
    assert shown["next_report"]["text"] == "Wed 30 Apr 2025 · estimated"
    assert (shown["eps_estimate"]["value"], shown["revenue_estimate"]["value"]) == (1.61696, 94076168920)
    assert shown["implied_move"]["reason"] == "no option chain is stored"
    assert shown["beat_rate"]["reason"] == "fewer than 4 past reports have an estimate and a result (1)"
    moves = app.run("earnings.moves", {"symbol": "AAPL", "limit": 4}).rows()
    assert [row["day"] for row in moves] == APPLE[4:]
    assert {row["when"] for row in moves} == {"after the close"}
    assert (moves[0]["eps_estimate"], moves[0]["eps_actual"], moves[0]["outcome"], moves[0]["check"]) == (
        2.34102,
        2.4,
        "beat",
        "agrees",
    )
    assert all(row["move"] is None and row["reason"] for row in moves), "the recorded prices do not reach these days"


@pytest.mark.real
def test_another_service_and_another_day(live: Callable[..., Any]) -> None:
    app = live(JUNE, finnhub="a-key")
    table = app.run("earnings.dates", {"symbol": "AAPL", "past": 8, "ask": True})
    rows = table.rows()
    assert [(row["provider"], row["day"], row["when"]) for row in rows[:1]] == [("Finnhub", "2026-07-29", "after the close")]
    assert [row["day"] for row in rows if row["provider"] == "SEC filing"] == APPLE
    (row,) = app.run("earnings.upcoming", {"symbols": ["AAPL"], "days": 60, "kind": "reports"}).rows()
    assert (row["day"], row["eps_estimate"], row["revenue_estimate"]) == ("2026-07-29", 1.9316, 110771401872)


@pytest.mark.real
def test_the_users_own_date_disputes_yahoos(live: Callable[..., Any], tmp_path: Path) -> None:
    """A date from a letter of the company, brought as a file, stands beside Yahoo's guess, and counts."""
    file = tmp_path / "letter.csv"
    file.write_text("symbol,date,time_of_day\nAAPL,2025-05-01,amc\n", encoding="utf-8")
    app = live(FEBRUARY)
    app.run("earnings.show", {"symbol": "AAPL"})
    app.run("market.import", {"file": str(file), "as_": "earnings"})
    rows = app.run("earnings.dates", {"symbol": "AAPL", "past": 0}).rows()
    assert [(row["provider"], row["day"], row["counts"], row["apart"]) for row in rows if row["day"]] == [
        ("Your file", "2025-05-01", True, 0), ("Yahoo Finance", "2025-04-30", False, -1)]  # fmt: skip
    assert rows[0]["why"] == "Your file counts, because it comes first in your order of trust for earnings."
    (listed,) = app.run("earnings.upcoming", {"symbols": ["AAPL"], "days": 90, "kind": "reports"}).rows()
    assert (listed["day"], listed["when"], listed["eps_estimate"]) == ("2025-05-01", "after the close", 1.61696)
    assert listed["state"].startswith("disputed")
    assert app.market.features(["AAPL"]).frame["days_to_earnings"].to_list() == [listed["in_days"]]


# -- the window


@pytest.fixture
def window(app: Any, qapp: Any) -> Iterator[Any]:
    from PySide6.QtCore import QCoreApplication, QEvent

    from terminal.shell.shot import wait
    from terminal.shell.state import WindowState
    from terminal.shell.window import MainWindow, dress

    dress(app.settings)
    made = MainWindow(app.settings, WindowState(None))
    made.resize(1720, 1000)
    made.show()
    made.fill()
    made.attach(app)
    assert wait(made, 40)
    yield made
    made.close()
    made.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    qapp.processEvents()


def test_the_panel_in_the_window_and_the_section_in_the_tearsheet(app: Any, window: Any, qtbot: Any) -> None:
    app.run("screener.run", {"limit": 1})
    window.open_panel("earnings", None)
    hosts = window.workspace.hosts
    qtbot.waitUntil(
        lambda: "earnings" in hosts and getattr(hosts["earnings"].frame.inside, "_table", None) is not None, timeout=40_000
    )
    panel = hosts["earnings"].frame.inside
    panel.refresh()
    qtbot.waitUntil(lambda: any(not day.isHidden() for day in panel.days), timeout=40_000)
    symbol = panel.days[0].table.symbols()[0]
    panel.open_(symbol)
    sheet = hosts["tearsheet"].frame.inside
    qtbot.waitUntil(lambda: sheet.sheet is not None and sheet.sheet.symbol == symbol and sheet.settled, timeout=60_000)
    qtbot.waitUntil(lambda: not sheet.sections["earnings"].isHidden(), timeout=60_000)
    told = " | ".join(each.accessibleName() for each in sheet.parts["earnings"].rows if not each.isHidden())
    assert "Next report" in told or "It reports" in told
    window.open_symbol("SPY")
    qtbot.waitUntil(lambda: sheet.sheet is not None and sheet.sheet.symbol == "SPY" and sheet.settled, timeout=60_000)
    assert sheet.sections["earnings"].isHidden()


def test_as_of_shows_nothing_known_later(app: Any) -> None:
    day = date(2025, 3, 14)
    symbols = app.market.instruments().filter(app.market.instruments()["kind"] == "stock")["symbol"].sort().to_list()[:40]
    rows = app.run("earnings.upcoming", {"symbols": symbols, "days": 60}, as_of=day).rows()
    now = app.run("earnings.upcoming", {"symbols": symbols, "days": 60}).rows()
    assert all("2025-03-14" <= row["day"] <= "2025-05-13" for row in rows)
    assert {row["day"] for row in rows}.isdisjoint({row["day"] for row in now})
