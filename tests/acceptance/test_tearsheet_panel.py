"""The tearsheet in the real window: pictures of each kind, partial files, recorded answers, nothing blocked or left behind."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QTimer
from PySide6.QtWidgets import QLabel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def open_window(qapp: Any) -> Iterator[Callable[[Any], Any]]:
    """Opens the real window on an App."""
    from terminal.shell.shot import wait
    from terminal.shell.state import WindowState
    from terminal.shell.window import MainWindow, dress

    opened: list[Any] = []

    def make(app: Any) -> Any:
        dress(app.settings)
        window = MainWindow(app.settings, WindowState(None))
        opened.append(window)
        window.resize(1720, 1000)
        window.show()
        window.fill()
        window.attach(app)
        assert wait(window, 30)
        return window

    yield make
    for window in opened:
        window.close()
        window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    qapp.processEvents()


def tearsheet(window: Any, symbol: str, qtbot: Any) -> Any:
    window.open_panel("tearsheet", symbol)
    qtbot.waitUntil(lambda: window.workspace.hosts["tearsheet"].frame.inside is not None, timeout=10_000)
    panel = window.workspace.hosts["tearsheet"].frame.inside
    qtbot.waitUntil(lambda: panel.sheet is not None and panel.sheet.symbol == symbol and panel.settled, timeout=60_000)
    return panel


def words_of(widget: Any) -> str:
    return " | ".join(each.text() for each in widget.findChildren(QLabel) if each.text() and not each.isHidden())


def test_it_follows_the_symbol_and_survives_a_bad_one(app: Any, open_window: Any, qtbot: Any) -> None:
    window = open_window(app)
    panel = tearsheet(window, "ZENR", qtbot)
    window.open_symbol("SPY")
    qtbot.waitUntil(lambda: panel.sheet is not None and panel.sheet.symbol == "SPY" and panel.settled, timeout=60_000)
    assert panel.sections["cash"].isHidden()
    panel.show_symbol("NOPE")
    qtbot.waitUntil(lambda: panel._stack.currentWidget() is panel.empty, timeout=60_000)
    assert "Nothing to show for NOPE" in words_of(panel.empty)
    panel.show_symbol("ZENR")
    qtbot.waitUntil(lambda: panel.sheet is not None and panel.sheet.symbol == "ZENR" and panel.settled, timeout=60_000)
    assert not panel.sections["cash"].isHidden()


@pytest.mark.slow
def test_no_turn_of_the_loop_is_long(app: Any, open_window: Any, qtbot: Any) -> None:
    """Generous, as machines differ; what it guards is that no step does the work of all sections at once."""
    window = open_window(app)
    panel = tearsheet(window, "ZENR", qtbot)
    for symbol in ("ALM", "SPY"):
        app.run("tearsheet.show", {"symbol": symbol, "remember": False})
    tearsheet(window, "ALM", qtbot)
    gaps, last = [], [time.perf_counter()]

    def tick() -> None:
        now = time.perf_counter()
        gaps.append(now - last[0])
        last[0] = now

    ticking = QTimer()
    ticking.timeout.connect(tick)
    ticking.start(0)
    panel.show_symbol("ZENR")
    qtbot.waitUntil(lambda: panel.sheet is not None and panel.sheet.symbol == "ZENR" and panel.settled, timeout=60_000)
    ticking.stop()
    assert max(gaps) < 1.0, sorted(gaps)[-3:]  # how short they are is measured by `python3 -m tests.perf gap`


@pytest.mark.slow
@pytest.mark.real
def test_a_file_with_few_fields_shows_honest_unknowns(
    home: Any, clock: Any, shared: Path, open_window: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from terminal.app import App

    monkeypatch.setenv("TAPELINE_YAHOO_URL", "http://127.0.0.1:9/nobody")
    app = App(home, demo=False, clock=clock)
    try:
        file = shared / "payloads" / "market" / "sp500_fundamentals.csv"
        app.run("market.import", {"file": file, "as_": "fundamentals"})
        known = app.market.scored(None).frame
        symbol = known.filter(known["pe_ttm"].is_not_null())["symbol"][0]
        window = open_window(app)
        panel = tearsheet(window, symbol, qtbot)
        sheet, text = panel.sheet, words_of(panel)
        assert "nan" not in text.lower().split() and "None" not in text
        cards = [card.accessibleName() for card in panel.parts["cards"].cards.values() if not card.isHidden()]
        assert any(name.endswith(": unknown") for name in cards) and any(not name.endswith(": unknown") for name in cards)
        assert sheet.unknown and not panel.sections["unknown"].isHidden()
        assert panel.sections["statements"].isHidden() or sheet.background.statements
        blind = [gate.title for gate in sheet.explanation.gates if gate.passed is None]
        assert not blind or f"{len(blind)} not known" in text
        window.close()
    finally:
        app.close()


@pytest.mark.real
def test_recorded_answers_of_a_real_company(
    home: Any, clock: Any, replay: Any, open_window: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from terminal.app import App

    monkeypatch.setenv("TAPELINE_YAHOO_URL", f"{replay.url}/yahoo")
    app = App(home, demo=False, clock=clock)
    app.settings.set("providers.order.chains", "cboe")  # Yahoo's takes a request an expiry, at its pace
    try:
        window = open_window(app)
        panel = tearsheet(window, "AAPL", qtbot)
        text = words_of(panel)
        assert "Apple" in text and "SIMULATED" not in text and not panel.sheet.simulated
        assert {source.provider for source in panel.sheet.sources} <= {"yahoo", "tapeline"}
        assert panel.sheet.background.statements, "the recorded answer has fiscal years"
        for line in panel.sheet.background.statements:
            assert len(line.points) >= 3 and line.unit == "USD"
        window.close()
    finally:
        app.close()
