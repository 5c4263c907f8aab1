"""Ctrl+K: everything by name. Symbols, panels and commands in one list, ranked by what was typed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFont, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from terminal.shell.matching import score
from terminal.ui import theme

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from terminal.shell.window import MainWindow

TICKER = re.compile(r"[A-Za-z^][\w.^=-]{0,9}")
ENTRY = Qt.ItemDataRole.UserRole
ROW, WIDTH, HEIGHT, SHOWN = 40, 640, 444, 60
SYMBOL_DELAY_MS, PATIENCE_MS = 60, 1500


@dataclass(frozen=True)
class Entry:
    """One line of the palette. `words` are searched besides the title; `rank` breaks ties (greater first).

    Typing one of `names` (lower case) in full puts the entry first.
    """

    title: str
    kind: str
    icon: str
    run: Callable[[], None] = field(compare=False)
    words: str = ""
    keys: str = ""
    detail: str = ""
    rank: int = 0
    names: tuple[str, ...] = ()


class Rows(QStyledItemDelegate):
    """Paints an entry: icon, title, detail, kind, keys."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        painter.save()
        try:
            self._paint(painter, option, index.data(ENTRY))
        finally:
            painter.restore()

    def _paint(self, painter: QPainter, option: QStyleOptionViewItem, entry: Entry | None) -> None:
        if entry is None:
            return
        t = theme.tokens()
        area = option.rect.adjusted(4, 1, -4, -1)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if chosen:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(t.selected))
            painter.drawRoundedRect(area, 6, 6)
        painter.drawPixmap(area.x() + 12, area.y() + (area.height() - 16) // 2,
                           theme.pixmap(entry.icon, "accent_text" if chosen else "t2", 16))
        right = area.right() - 10
        if entry.keys:
            painter.setFont(theme.font(11, QFont.Weight.Medium))
            width = painter.fontMetrics().horizontalAdvance(entry.keys) + 16
            box = QRect(right - width, area.y() + (area.height() - 20) // 2, width, 20)
            painter.setPen(QColor(t.line_strong))
            painter.setBrush(QColor(t.bg1))
            painter.drawRoundedRect(box, 4, 4)
            painter.setPen(QColor(t.t2))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, entry.keys)
            right -= width + 10
        painter.setFont(theme.font(11))
        painter.setPen(QColor(t.t3))
        width = painter.fontMetrics().horizontalAdvance(entry.kind) + 8
        painter.drawText(QRect(right - width, area.y(), width, area.height()),
                         Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, entry.kind)
        right -= width + 8
        left = area.x() + 40
        painter.setFont(theme.font(13, QFont.Weight.Medium if chosen else QFont.Weight.Normal))
        painter.setPen(QColor(t.t1))
        metrics = painter.fontMetrics()
        title = metrics.elidedText(entry.title, Qt.TextElideMode.ElideRight, max(right - left, 20))
        painter.drawText(QRect(left, area.y(), right - left, area.height()), Qt.AlignmentFlag.AlignVCenter, title)
        left += metrics.horizontalAdvance(title) + 12
        if entry.detail and right - left > 60:
            painter.setFont(theme.font(12))
            painter.setPen(QColor(t.t3))
            text = painter.fontMetrics().elidedText(entry.detail, Qt.TextElideMode.ElideRight, right - left)
            painter.drawText(QRect(left, area.y(), right - left, area.height()), Qt.AlignmentFlag.AlignVCenter, text)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(100, ROW)


class Palette(QWidget):
    """Lies over the window while open. `closed` tells that it has gone."""

    closed = Signal()

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._entries: Sequence[Entry] = ()
        self._symbols: list[Entry] = []
        self._asked = ""
        self._answered = ""
        self._accept_at_once = self._moved = False
        self._before: QWidget | None = None
        self.setAccessibleName("Search and commands")
        self.frame = QFrame(self)
        self.frame.setObjectName("palette")
        box = QVBoxLayout(self.frame)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        self.edit = QLineEdit()
        self.edit.setAccessibleName("Search symbols, panels and commands")
        self.edit.setPlaceholderText("Search symbols, panels, settings or type a command")
        self.edit.textChanged.connect(self._typed)
        self.edit.installEventFilter(self)
        box.addWidget(self.edit)
        self.rows = QStandardItemModel(self)
        self.list = QListView()
        self.list.setModel(self.rows)
        self.list.setItemDelegate(Rows(self.list))
        self.list.setAccessibleName("What was found")
        self.list.setUniformItemSizes(True)
        self.list.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.clicked.connect(lambda _: self._accept())
        box.addWidget(self.list, 1)
        self.hint = QLabel("↑↓ move     ↵ run     esc close")
        self.hint.setProperty("role", "muted")
        self.hint.setContentsMargins(16, 0, 16, 10)
        box.addWidget(self.hint)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SYMBOL_DELAY_MS)
        self._timer.timeout.connect(self._search_symbols)
        self.hide()

    # ---- opening ----

    def open(self, text: str = "") -> None:
        """Show the palette over the window, with the keyboard in it."""
        if not self.isVisible():
            self._before = self._window.focusWidget()
        self._entries = self._window.entries()
        self._symbols = []
        self._answered, self._accept_at_once, self._moved = "", False, False
        self.place()
        self.edit.setText(text)
        self._fill()
        self.show()
        self.raise_()
        self.edit.setFocus()

    def close_palette(self) -> None:
        if self.isVisible():
            self.hide()
            self._asked = ""
            self._accept_at_once = False
            if self._before is not None and isValid(self._before) and self._before.isVisible():
                self._before.setFocus()
            self.closed.emit()

    def place(self) -> None:
        """Cover the window and centre the frame in its upper part."""
        self.setGeometry(self._window.rect())
        width, height = min(WIDTH, self.width() - 32), min(HEIGHT, self.height() - 32)
        self.frame.setGeometry((self.width() - width) // 2, max(16, int((self.height() - height) * 0.28)), width, height)

    def accept(self) -> None:
        """Run what is chosen. Typed faster than symbols are found, it waits for them: the ticker typed is what is meant."""
        typed = self.edit.text().strip()
        if TICKER.fullmatch(typed) and typed != self._answered and not self._moved:
            self._accept_at_once = True
            self._timer.stop()
            if self._asked != typed:
                self._search_symbols()
            QTimer.singleShot(PATIENCE_MS, self, self._accept_waiting)
            return
        self._accept()

    def _accept_waiting(self) -> None:
        if self._accept_at_once and self.isVisible():
            self._accept()

    def _accept(self) -> None:
        entry = self.list.currentIndex().data(ENTRY)
        if entry is not None:
            self.close_palette()
            entry.run()

    # ---- finding ----

    def _typed(self, text: str) -> None:
        self._accept_at_once = self._moved = False
        self._fill()
        if text.strip():
            self._timer.start()
        else:
            self._symbols = []

    def _search_symbols(self) -> None:
        text = self._asked = self.edit.text().strip()
        self._window.find_symbols(text, lambda found: self._found(text, found))

    def _found(self, text: str, found: list[tuple[str, str, str]]) -> None:
        if text != self._asked or not self.isVisible():
            return
        self._answered = text
        self._symbols = [Entry(symbol, kind, "chart-candlestick", partial(self._window.open_symbol, symbol), detail=name)
                         for symbol, name, kind in found]
        self._fill()
        self._accept_waiting()

    def _fill(self) -> None:
        typed = self.edit.text().strip()
        before = self.list.currentIndex().data(ENTRY) if self.list.currentIndex().row() > 0 else None
        found = self._ranked(typed)
        self.rows.clear()
        for entry in found[:SHOWN]:
            item = QStandardItem(entry.title)
            item.setData(entry, ENTRY)
            item.setData(f"{entry.title} {entry.detail}, {entry.kind}", Qt.ItemDataRole.AccessibleTextRole)
            self.rows.appendRow(item)
        if not found:
            item = QStandardItem("Nothing is called that")
            item.setData(Entry("Nothing is called that", "", "search-x", lambda: None), ENTRY)
            self.rows.appendRow(item)
        row = next((place for place, entry in enumerate(found[:SHOWN]) if entry == before), 0)
        self.list.setCurrentIndex(self.rows.index(row, 0))

    def _ranked(self, typed: str) -> list[Entry]:
        if not typed:
            return sorted(self._entries, key=lambda entry: -entry.rank)
        ranked: list[tuple[int, Entry]] = []
        for entry in self._entries:
            points = [score(typed, entry.title), score(typed, entry.words)]
            best = max((point for point in points if point is not None), default=None)
            if best is not None:
                exact = 2000 if typed.lower() in entry.names else 0
                ranked.append((best + exact + entry.rank, entry))
        for place, entry in enumerate(self._symbols):
            name = entry.title.lower()
            exact = 5000 if name == typed.lower() else 600 if name.startswith(typed.lower()) else 300
            ranked.append((exact - place, entry))
        return [entry for _, entry in sorted(ranked, key=lambda pair: -pair[0])]

    # ---- keys and painting ----

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._key(event)
        return super().eventFilter(watched, event)

    def _key(self, event: QKeyEvent) -> bool:
        key = Qt.Key(event.key())
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8,
                Qt.Key.Key_Tab: 1, Qt.Key.Key_Backtab: -1}.get(key)
        if key == Qt.Key.Key_Escape:
            self.close_palette()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.accept()
        elif step is not None:
            count = max(self.rows.rowCount(), 1)
            row = self.list.currentIndex().row() + step
            row = row % count if abs(step) == 1 else min(max(row, 0), count - 1)
            self.list.setCurrentIndex(self.rows.index(row, 0))
            self._moved = True
        else:
            return False
        return True

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if not self.frame.geometry().contains(event.position().toPoint()):
            self.close_palette()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(4, 7, 12, 165 if theme.tokens().name == "dark" else 90))
        painter.end()

    def describe(self) -> list[dict[str, Any]]:
        """The lines shown now, for tests and accessibility tools."""
        return [{"title": entry.title, "kind": entry.kind}
                for row in range(self.rows.rowCount()) if (entry := self.rows.index(row, 0).data(ENTRY)) is not None]
