"""The chart as promised: opened by its code, an indicator on it, a line drawn by mouse that is there after a restart."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt
from PySide6.QtTest import QTest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from terminal.paths import Home

LEFT, NO = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def start(qapp: Any, demo_home: Home, clock: Any) -> Iterator[Callable[[], tuple[Any, Any]]]:
    """Opens the program on the same home each time; the one before is closed first, as a user would."""
    from terminal.app import App
    from terminal.shell.shot import wait
    from terminal.shell.state import WindowState
    from terminal.shell.window import MainWindow, dress

    running: list[tuple[Any, Any]] = []

    def stop() -> None:
        for app, window in running:
            window.close()
            window.deleteLater()
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
            app.close()
        running.clear()

    def make() -> tuple[Any, Any]:
        stop()
        app = App(demo_home, demo=True, clock=clock)
        dress(app.settings)
        window = MainWindow(app.settings, WindowState(demo_home.path / "window.json"))
        running.append((app, window))
        window.resize(1720, 1000)
        window.show()
        window.fill()
        window.attach(app)
        assert wait(window, 60)
        return app, window

    yield make
    stop()
    qapp.processEvents()


def chart_of(window: Any, qtbot: Any) -> Any:
    """The chart's panel, once it shows something."""
    qtbot.waitUntil(lambda: window.workspace.panels.get("chart") is not None, timeout=60_000)
    panel = window.workspace.panels["chart"]
    qtbot.waitUntil(lambda: shows(panel), timeout=60_000)
    return panel


def shows(panel: Any) -> bool:
    return (panel.answer is not None and panel._stack.currentWidget() is panel.board and panel.board.keeper.idle
            and tuple(each.id for each in panel.answer.studies) == panel.studies and panel.chart.price_plot is not None)


@pytest.mark.slow
def test_a_line_drawn_by_mouse_is_there_after_a_restart(
        start: Any, qtbot: Any, demo_home: Home, type_in: Callable[..., Any]) -> None:
    from terminal.ui.chart.drawing_view import ChartView
    from terminal.ui.chart.scale import price_name

    app, window = start()
    window.open_panel("chart", "ZENR")
    panel = chart_of(window, qtbot)

    QTest.mouseClick(panel.toolbar.indicators, LEFT)
    QTest.keyClicks(panel.dialog.search, "exponential moving")
    QTest.keyClick(panel.dialog.search, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "ema(20)" in panel.studies and shows(panel), timeout=60_000)
    panel.dialog.close()
    told = panel.chart.price_plot.scene().views()[0].legend.text()
    last = app.run("chart.show", {"symbol": "ZENR", "study": panel.studies}).rows()[-1]
    for study in panel.studies:
        assert price_name(last[study]) in told, f"the legend and the command agree on {study}"

    QTest.mouseClick(panel.board.rail.tools["trend"], LEFT)
    viewport = panel.chart.price_plot.scene().views()[0].viewport()
    view = ChartView(panel.chart)
    wanted = []
    for back, price in ((150, 101.0), (60, 102.0)):
        place = len(panel.chart.series) - 1 - back
        wanted.append((panel.chart.moment_of(place), price))
        QTest.mouseClick(viewport, LEFT, NO, QPoint(round(view.x_of(place)), round(view.price_y(price))))
    qtbot.waitUntil(lambda: panel.board.keeper.idle and len(panel.board.layer.drawings) == 1, timeout=60_000)
    (line,) = panel.board.layer.drawings
    for (moment, price), (meant, near) in zip(line.points, wanted, strict=True):
        assert moment == meant and price == pytest.approx(near, abs=1.0)

    app, window = start()
    again = chart_of(window, qtbot)
    assert again.symbol == "ZENR" and "ema(20)" in again.studies, "the panel is as it was left"
    qtbot.waitUntil(lambda: again.board.layer.drawings == (line,), timeout=60_000)
    viewport = again.chart.price_plot.scene().views()[0].viewport()
    view = ChartView(again.chart)
    (x0, y0), (x1, y1) = (view.to_pixel(point) for point in line.points)
    QTest.mouseClick(viewport, LEFT, NO, QPoint(round((x0 + x1) / 2), round((y0 + y1) / 2)))
    assert again.board.layer.selected == line, "and it can be taken hold of where it was drawn"
    window.close()
    app.close()

    done = type_in("--home", str(demo_home.path), "--demo", "chart", "drawings", "ZENR", "--json")
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)["rows"]
    assert (row["id"], row["tool"]) == (line.id, "trend")
    for moment, _ in line.points:
        assert moment.isoformat() in row["points"]


@pytest.mark.slow
def test_a_picture_from_the_shell_has_the_drawings(run_cli: Callable[..., Any], demo_home: Home, tmp_path: Path) -> None:
    """No window is open and there is no screen."""
    from PySide6.QtGui import QImage

    def run(*words: str) -> None:
        done = run_cli("--home", str(demo_home.path), "--demo", "chart", *words, timeout=120)
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr and "QApplication" not in done.stderr

    run("export", "ZENR", "--png", "before.png", "--width", "800", "--height", "500")
    run("draw", "ZENR", "--tool", "horizontal", "--point", "2026-10-01,80")
    run("export", "ZENR", "--png", "after.png", "--width", "800", "--height", "500")
    before, after = (QImage(str(tmp_path / name)) for name in ("before.png", "after.png"))
    assert (after.width(), after.height()) == (800, 500)
    columns = range(20, 700, 10)
    differ = [any(before.pixel(x, y) != after.pixel(x, y) for y in range(500)) for x in columns]
    assert sum(differ) > 0.9 * len(columns), "the line runs through the picture"
    assert any(before.pixel(x, 250) != before.pixel(0, 250) for x in range(700)), "and there are bars"
