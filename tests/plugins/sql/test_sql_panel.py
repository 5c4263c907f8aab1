"""The SQL panel in a real window: a question typed and run, an error at its place, examples for beginners, keyboard alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QPushButton

from tests.shell.conftest import open_window  # noqa: F401

if TYPE_CHECKING:
    from collections.abc import Iterator

    from plugins.sql.panel import SqlPanel


@pytest.fixture
def panel(open_window: Any, live_home: Any, clock: Any, qtbot: Any) -> Iterator[SqlPanel]:  # noqa: F811
    from terminal.app import App

    app = App(live_home, False, clock)
    app.run("watchlist.create", {"name": "Tech", "symbols": ["AAA", "BBB"]})
    window = open_window(app)
    window.open_panel("sql", focus=True)
    qtbot.waitUntil(lambda: "sql" in window.workspace.panels and not window.busy, timeout=20_000)
    yield window.workspace.panels["sql"]
    window.close()
    app.close()


def answered(panel: SqlPanel, qtbot: Any) -> None:
    qtbot.waitUntil(panel.run_button.isEnabled, timeout=20_000)


def test_a_question_is_typed_run_and_answered_and_an_error_is_shown_where_it_is(panel: SqlPanel, qtbot: Any) -> None:
    panel.editor.setFocus()
    qtbot.keyClicks(panel.editor, "select symbol, note from book.watchlist_items order by 1")
    qtbot.keyClick(panel.editor, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    answered(panel, qtbot)
    assert panel.status.text().startswith("2 rows")
    assert panel.table.isVisible() and panel.export_button.isVisible()
    assert panel.table.table is not None and panel.table.table.frame["symbol"].to_list() == ["AAA", "BBB"]
    assert "store" in panel.badge.text

    panel.use("select symbol,\n  nonsense\nfrom book.watchlist_items", run=True)
    answered(panel, qtbot)
    assert "nonsense" in panel.banner.accessibleName() and "line 2, column 3" in panel.banner.accessibleName()
    assert panel.editor.textCursor().blockNumber() == 1 and panel.editor.textCursor().positionInBlock() == 2
    assert len(panel.editor.extraSelections()) == 2
    qtbot.keyClicks(panel.editor, "x")
    assert not panel.editor.extraSelections()
    panel.use("select 1 where false", run=True)
    answered(panel, qtbot)
    assert panel.empty.isVisible() and not panel.banner.isVisible()
    panel.restore_state(panel.save_state())
    assert panel.editor.toPlainText() == "select 1 where false"


@pytest.mark.slow
def test_a_beginner_is_told_what_this_is_has_three_questions_and_a_list_of_tables(panel: SqlPanel, qtbot: Any) -> None:
    panel.set_mode("newbie")
    assert panel.guide.isVisible()
    questions = panel.guide.findChildren(QPushButton)
    assert len(questions) == 3
    qtbot.mouseClick(questions[2], Qt.MouseButton.LeftButton)
    answered(panel, qtbot)
    assert panel.status.text().startswith("2 rows")
    panel.set_mode("pro")
    assert not panel.guide.isVisible() and panel.examples_button.isVisible()

    qtbot.waitUntil(lambda: panel.tree.topLevelItemCount() > 20, timeout=20_000)
    items = {panel.tree.topLevelItem(place).text(0): panel.tree.topLevelItem(place)
             for place in range(panel.tree.topLevelItemCount())}
    assert "open, high, low, close" in items["market.bars"].toolTip(0)
    panel.editor.setPlainText("select")
    panel.editor.moveCursor(panel.editor.textCursor().MoveOperation.End)
    panel.tree.itemActivated.emit(items["market.bars"].child(0), 0)
    assert panel.editor.toPlainText() == "select symbol"
    for widget in (panel.editor, panel.tree, panel.run_button, panel.history_button):
        assert QAccessible.queryAccessibleInterface(widget).text(QAccessible.Text.Name)
