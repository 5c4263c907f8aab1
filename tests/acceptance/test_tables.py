"""Tables as promised, through the real window on the demo: filter, sort by several, save, close, reopen, use, export."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from terminal.paths import Home
    from terminal.ui.table import TableView

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


class Windows:
    """The window of the program, opened and closed as often as a test wants, on one home."""

    def __init__(self, home: Home, clock: Any) -> None:
        self._home, self._clock = home, clock
        self.app: Any = None
        self.window: Any = None

    def open(self) -> TableView:
        """Start; the screener's table, once it has its rows."""
        from terminal.app import App
        from terminal.shell.shot import wait
        from terminal.shell.state import WindowState
        from terminal.shell.window import MainWindow, dress

        self.app = App(self._home, demo=True, clock=self._clock)
        self.app.settings.set("mode", "pro")
        dress(self.app.settings)
        self.window = MainWindow(self.app.settings, WindowState(self._home.path / "window.json"))
        self.window.resize(1720, 1000)
        self.window.show()
        self.window.fill()
        self.window.attach(self.app)
        self.window.open_panel("screener", focus=True)
        assert wait(self.window, 60)
        view: TableView = self.window.workspace.panels["screener"].table
        assert view.symbols()
        view.setFocus()
        return view

    def close(self) -> None:
        if self.window is not None:
            self.window.close()
            self.window.deleteLater()
            self.window = None
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
            QApplication.processEvents()
        if self.app is not None:
            self.app.close()
            self.app = None


@pytest.fixture
def windows(qapp: Any, demo_home: Home, clock: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Windows]:
    monkeypatch.setattr("terminal.shell.shot.QUIET_S", 0.08)
    opened = Windows(demo_home, clock)
    yield opened
    opened.close()


def head(view: TableView, name: str, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    titles, place = view.horizontalHeader(), view.model_shown.place_of(name)
    at = QPoint(titles.sectionViewportPosition(place) + titles.sectionSize(place) // 2, 8)
    QTest.mouseClick(titles.viewport(), Qt.MouseButton.LeftButton, keys, at)


def typed(view: TableView, name: str, text: str) -> None:
    fields = {each.accessibleName(): each for each in view.horizontalHeader().findChildren(QLineEdit) if each.isVisible()}
    title = view.model_shown.told.title(view.model_shown.place_of(name))
    QTest.keyClicks(fields[f"Filter {title}"], text)


def entry(view: TableView, *path: str) -> Any:
    """An entry of the table's menu, once the menu has it."""
    from terminal.shell.shot import wait

    view.open_table_menu()
    menu: Any = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    wait(view.window(), 10)
    for title in path[:-1]:
        menu = next(action.menu() for action in menu.actions() if action.text() == title and action.menu() is not None)
    return next(action for action in menu.actions() if action.text().split("\t")[0] == path[-1])


def values(view: TableView, name: str) -> list[Any]:
    model = view.model_shown
    return [model.raw(id, model.place_of(name)) for id in model.ids_shown()]


@pytest.mark.slow
def test_a_view_of_the_screener_is_made_kept_and_found_again(windows: Windows, qtbot: Any, tmp_path: Path,
                                                             monkeypatch: pytest.MonkeyPatch) -> None:
    from terminal.shell.shot import wait

    view = windows.open()
    everything = len(view.symbols())

    # The filter row narrows the rows.
    QTest.keyClick(view, Qt.Key.Key_F, CTRL | SHIFT)
    typed(view, "pe_ttm", ">5 <40")
    typed(view, "score", "known")
    left = len(view.symbols())
    assert 0 < left < everything
    assert all(5 < pe < 40 for pe in values(view, "pe_ttm"))

    # Several columns sort: best verdict first, then the cheapest.
    head(view, "verdict")
    if view.sort_keys != [("verdict", True)]:
        head(view, "verdict")
    head(view, "pe_ttm", CTRL)
    head(view, "pe_ttm", CTRL)
    keys = view.sort_keys
    assert [name for name, _ in keys] == ["verdict", "pe_ttm"]
    for verdict in set(values(view, "verdict")):
        group = [pe for pe, each in zip(values(view, "pe_ttm"), values(view, "verdict"), strict=True) if each == verdict]
        assert group == sorted(group, reverse=keys[1][1])
    shown = view.symbols()

    # The view is kept under a name, by the dialog.
    entry(view, "Views", "Save this view …").trigger()
    dialog = next(each for each in QApplication.topLevelWidgets() if each.accessibleName() == "Save this view")
    QTest.keyClicks(dialog.findChild(QLineEdit), "Cheap and judged")
    QTest.keyClick(dialog.findChild(QLineEdit), Qt.Key.Key_Return)
    assert wait(windows.window, 20)
    kept = windows.app.run("views.list", {"table": "screener"}).rows()
    assert [(row["name"], row["sort"]) for row in kept] == [
        ("Cheap and judged", ", ".join(f"{'-' if down else ''}{name}" for name, down in keys))]

    # What is shown goes to Parquet and comes back with equal values.
    file = tmp_path / "screen.parquet"
    monkeypatch.setattr(windows.window, "ask_file", lambda *_: str(file))
    entry(view, "Export to CSV or Parquet", "What is shown …").trigger()
    qtbot.waitUntil(file.exists, timeout=20_000)
    qtbot.waitUntil(lambda: all(thread.name != "export" for thread in threading.enumerate()), timeout=20_000)
    back = pl.read_parquet(file)
    assert back["symbol"].to_list() == shown
    for name in view.shown_columns:
        assert back[name].to_list() == values(view, name), name
    sources = json.loads(pl.read_parquet_metadata(file)["tapeline"])["sources"]
    assert sources
    assert all(source["simulated"] for source in sources)

    # Closed, opened again, used: the same rows in the same order.
    if (menu := QApplication.activePopupWidget()) is not None:
        menu.close()
    windows.close()
    view = windows.open()
    assert len(view.symbols()) == everything
    entry(view, "Views", "Cheap and judged").trigger()
    qtbot.waitUntil(lambda: view.symbols() == shown, timeout=20_000)
    assert view.sort_keys == keys
    assert view.filters == {"pe_ttm": ">5 <40", "score": "known"}
    assert not view.grab().isNull()
