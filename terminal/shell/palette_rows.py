"""The lines of the palette: entries under the heads of their groups, as a model and as a painter."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from terminal.shell.matching import Text
from terminal.ui import theme

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ENTRY = Qt.ItemDataRole.UserRole
ROW, HEAD = 36, 26
_ROOT = QModelIndex()


@dataclass(frozen=True)
class Entry:
    """One line of the palette. `words` are searched besides the title; `rank` breaks ties (greater first).

    Typing one of `names` (lower case) in full puts the entry first. `key` is how it is remembered, `preview` what is told
    of it at the side (kind, name), `completion` the text that Tab puts in its place.
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
    group: str = "Commands"
    key: str = ""
    preview: tuple[str, str] = ("", "")
    completion: str = ""
    stays: bool = False  # choosing it changes what is typed instead of running something
    tone: str = ""

    @cached_property
    def sought(self) -> tuple[Text, Text]:
        """Title and words as they are searched."""
        return Text(self.title), Text(self.words)


class Ground(QWidget):
    """What the palette's parts stand on. It paints all of itself, so nothing beneath need be painted."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("palette")

    def event(self, event: QEvent) -> bool:
        done = bool(super().event(event))
        if event.type() in (QEvent.Type.Polish, QEvent.Type.StyleChange):  # a style sheet takes it away
            self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        return done

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(event.rect(), theme.tokens().color("bg2"))
        painter.end()


@dataclass(frozen=True)
class Head:
    """The name of a group, over its entries."""

    title: str


class Lines(QAbstractListModel):
    """Heads and entries, replaced as a whole at each letter."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.lines: list[Entry | Head] = []

    def show(self, lines: Sequence[Entry | Head]) -> None:
        """Show other lines."""
        self.beginResetModel()
        self.lines = list(lines)
        self.endResetModel()

    def entry(self, row: int) -> Entry | None:
        """The entry of a row; None for a head, or a row that is not there."""
        found = self.lines[row] if 0 <= row < len(self.lines) else None
        return found if isinstance(found, Entry) else None

    def places(self) -> list[int]:
        """The rows that hold entries."""
        return [row for row, line in enumerate(self.lines) if isinstance(line, Entry)]

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.lines)

    def flags(self, index: QModelIndex | QPersistentModelIndex) -> Qt.ItemFlag:
        if self.entry(index.row()) is None:
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = 0) -> Any:
        line = self.lines[index.row()] if index.isValid() and index.row() < len(self.lines) else None
        if line is None:
            return None
        if role == ENTRY:
            return line
        if role == Qt.ItemDataRole.DisplayRole:
            return line.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            if isinstance(line, Head):
                return f"Group {line.title}"
            return ", ".join(part for part in (f"{line.title} {line.detail}".strip(), line.kind, line.keys) if part)
        return None


class Rows(QStyledItemDelegate):
    """Paints an entry (icon, title, detail, kind, keys) or the head of a group."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        painter.save()
        try:
            line = index.data(ENTRY)
            if isinstance(line, Head):
                self._head(painter, option.rect, line, index.row())
            elif isinstance(line, Entry):
                self._entry(painter, option, line)
        finally:
            painter.restore()

    @staticmethod
    def _head(painter: QPainter, area: QRect, head: Head, row: int) -> None:
        t = theme.tokens()
        if row:
            painter.setPen(QColor(t.line))
            painter.drawLine(area.left() + 8, area.top(), area.right() - 8, area.top())
        painter.setFont(theme.font(10, QFont.Weight.DemiBold))
        painter.setPen(QColor(t.t3))
        painter.drawText(area.adjusted(16, 4, -16, 0), Qt.AlignmentFlag.AlignVCenter, head.title.upper())

    def _entry(self, painter: QPainter, option: QStyleOptionViewItem, entry: Entry) -> None:
        t = theme.tokens()
        area = option.rect.adjusted(4, 1, -4, -1)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if chosen:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(t.selected))
            painter.drawRoundedRect(area, 6, 6)
        role = entry.tone or ("accent_text" if chosen else "t2")
        painter.drawPixmap(area.x() + 12, area.y() + (area.height() - 16) // 2, theme.pixmap(entry.icon, role, 16))
        right = self._right(painter, area, entry)
        left = area.x() + 40
        painter.setFont(theme.font(13, QFont.Weight.Medium if chosen else QFont.Weight.Normal))
        painter.setPen(QColor(getattr(t, entry.tone) if entry.tone else t.t1))
        metrics = painter.fontMetrics()
        title = metrics.elidedText(entry.title, Qt.TextElideMode.ElideRight, max(right - left, 20))
        painter.drawText(QRect(left, area.y(), right - left, area.height()), Qt.AlignmentFlag.AlignVCenter, title)
        left += metrics.horizontalAdvance(title) + 12
        if entry.detail and right - left > 60:
            painter.setFont(theme.font(12))
            painter.setPen(QColor(t.t2 if chosen else t.t3))
            text = painter.fontMetrics().elidedText(entry.detail, Qt.TextElideMode.ElideRight, right - left)
            painter.drawText(QRect(left, area.y(), right - left, area.height()), Qt.AlignmentFlag.AlignVCenter, text)

    @staticmethod
    def _right(painter: QPainter, area: QRect, entry: Entry) -> int:
        """Keys and kind, from the right; returns where the room for the title ends."""
        t = theme.tokens()
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
        return right - width - 8

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(100, theme.scaled(HEAD if isinstance(index.data(ENTRY), Head) else ROW))
