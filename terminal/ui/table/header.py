"""The head of a table: sort marks, columns that stay, SIMULATED where it cannot be overlooked, and room for the filters."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QHeaderView, QWidget

from terminal.ui import theme
from terminal.ui.table.cells import WIDTHS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QKeyEvent, QMouseEvent, QPaintEvent, QResizeEvent

    from terminal.ui.table.look import Look
    from terminal.ui.table.model import FrameModel

MARK = "SIMULATED"
_NAME_WIDTH = 168
_log = logging.getLogger(__name__)


class Header(QHeaderView):
    """Paints itself; `clicked(column, add)` tells of a click (with Shift or Ctrl: add), also on a column that stays;
    `widened` that the user has changed a width, which `own_widths` remembers by the column's name; `placed` that columns
    may lie elsewhere now. `below` is the room kept free under the titles for the filter row, `counted` what it needs at the
    right edge.
    """

    clicked = Signal(int, bool)
    widened = Signal()
    placed = Signal()

    def __init__(self, model: FrameModel, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._model = model
        self._pressed: QPoint | None = None
        self._laying = False
        self.own_widths: dict[str, int] = {}
        self.frozen_width = 0
        self.below = 0
        self.counted = 0
        self.simulated = False
        self.setSectionsClickable(True)
        self.setHighlightSections(False)
        self.setMinimumSectionSize(28)
        self.setStretchLastSection(False)
        self.setAccessibleName("Columns")
        self.sectionResized.connect(self._resized)

    def lay_out(self, looks: Mapping[str, Look], room: int) -> None:
        """Widths by kind or the user's own; what is left of `room` goes to the column that stretches, else to the last."""
        model, metrics = self._model, self.fontMetrics()
        self._laying = True
        stretch = len(model.columns) - 1
        for place, column in enumerate(model.columns):
            kind, look = model.kinds[place], looks.get(column.name)
            width = self.own_widths.get(column.name, 0)
            if not width:
                standard = _NAME_WIDTH if column.name == "name" else WIDTHS.get(kind, 100)
                chosen = look is not None and look.width > 0
                width = theme.scaled(look.width if look is not None and chosen else standard)
                if kind not in ("star", "end"):
                    spare = 16 if chosen else 30  # a width that was chosen may cut the title short for the sort mark
                    width = max(width, min(metrics.horizontalAdvance(model.told.title(place)) + spare, theme.scaled(170)))
            if kind == "end":
                width = max(width if column.title else 8, self.beside)
            if place == self.marked and self.simulated:
                width = max(width, metrics.horizontalAdvance(model.told.title(place)) + 26 + self.mark_width())
            stretches = column.name in ("name", "why") or (look is not None and look.stretch)
            if stretches and column.name not in self.own_widths:
                stretch = place
            self.resizeSection(place, width)
        if 0 <= stretch < len(model.columns):
            over = self.length() - room
            least = theme.scaled(110) if model.kinds[stretch] != "end" else self.sectionSize(stretch)
            if over < 0 or over <= self.beside:  # what the filter row needs at the edge is taken from the column that stretches
                self.resizeSection(stretch, max(self.sectionSize(stretch) - over, min(least, self.sectionSize(stretch))))
        self._laying = False
        self.freeze(room)

    def freeze(self, room: int) -> None:
        """The columns up to the ticker stay, unless they would take half of the room."""
        kinds = self._model.kinds
        last = kinds.index("ticker") if "ticker" in kinds[:2] else -1
        width = sum(self.sectionSize(place) for place in range(last + 1))
        self.frozen_width = width if width < room / 2 else 0
        self.placed.emit()

    def _resized(self, place: int, old: int, new: int) -> None:
        if not self._laying and place < len(self._model.columns):
            self.own_widths[self._model.columns[place].name] = new
            self.widened.emit()

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), self.title_height + self.below)

    @property
    def beside(self) -> int:
        """Room at the right edge: for the table's menu, and for what the filter row counts."""
        return max(theme.scaled(24), self.counted)

    @property
    def title_height(self) -> int:
        """Height of the titles alone."""
        return theme.scaled(28)

    def mark_width(self) -> int:
        """Room the SIMULATED mark takes behind the first column's title."""
        return QFontMetrics(theme.font(theme.scaled(10), 600)).horizontalAdvance(MARK) + 20 if self.simulated else 0

    def section_at(self, x: int) -> int:
        """The column under a place, where the columns that stay lie over the others."""
        return int(self.logicalIndexAt(x - self.offset() if x < self.frozen_width else x))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        try:
            self._paint(painter)
        except Exception:
            _log.exception("the table's head could not be painted")
        painter.end()

    def _paint(self, painter: QPainter) -> None:
        colors = theme.tokens()
        height = self.title_height
        painter.fillRect(self.viewport().rect(), colors.color("bg1"))
        painter.setFont(theme.font(theme.scaled(11), 500))
        for place in range(self.count()):
            left, width = self.sectionViewportPosition(place), self.sectionSize(place)
            covered = self.offset() and left + width < self.frozen_width
            if not covered and left <= self.width() and not self.isSectionHidden(place):
                self._section(painter, place, QRect(left, 0, width, height), colors)
        if self.frozen_width and self.offset():
            painter.fillRect(QRect(0, 0, self.frozen_width, height), colors.color("bg1"))
            for place in range(self.count()):
                left, width = self.sectionPosition(place), self.sectionSize(place)
                if left + width <= self.frozen_width:
                    self._section(painter, place, QRect(left, 0, width, height), colors)
            painter.fillRect(QRect(self.frozen_width - 1, 0, 1, self.height()), colors.color("line_strong"))
        if self.beside and self.length() - self.offset() > self.width():
            painter.fillRect(QRect(self.width() - self.beside, 0, self.beside, self.height()), colors.color("bg1"))
        if self.below:
            painter.fillRect(QRect(0, height - 1, self.width(), 1), colors.color("line"))
        edge = colors.color("warn_line" if self.simulated else "line_strong")
        painter.fillRect(QRect(0, self.height() - 1, self.width(), 1), edge)

    def _section(self, painter: QPainter, place: int, area: QRect, colors: theme.Tokens) -> None:
        model = self._model
        title = model.told.title(place)
        names = [name for name, _ in model.sort_keys]
        sorted_at = names.index(model.columns[place].name) if model.columns[place].name in names else -1
        mark = ""
        if sorted_at >= 0:
            mark = " ↓" if model.sort_keys[sorted_at][1] else " ↑"
            if len(names) > 1:
                mark += str(sorted_at + 1)
        name = model.columns[place].name
        if name == model.group_by:
            mark = " ≡" + mark
        if name in model.filters:
            mark = " •" + mark
        painter.save()
        painter.setClipRect(area)
        painter.setPen(QColor(colors.accent_text if name in model.filters else colors.t1 if mark else colors.t3))
        side = Qt.AlignmentFlag.AlignRight if model.numeric(place) else Qt.AlignmentFlag.AlignLeft
        inner = area.adjusted(8, 0, -8 - (self.mark_width() if place == self.marked else 0), 0)
        room = inner.width() - painter.fontMetrics().horizontalAdvance(mark)
        text = painter.fontMetrics().elidedText(title, Qt.TextElideMode.ElideRight, room) + mark
        painter.drawText(inner, side | Qt.AlignmentFlag.AlignVCenter, text)
        if self.simulated and place == self.marked:
            self._mark(painter, area, colors)
        painter.restore()

    @property
    def marked(self) -> int:
        """The column that bears the SIMULATED mark: the first with a title, which stays in view when it is the ticker."""
        return next((place for place, kind in enumerate(self._model.kinds) if kind != "star"), 0)

    def _mark(self, painter: QPainter, section: QRect, colors: theme.Tokens) -> None:
        width, height = self.mark_width(), self.title_height
        area = QRect(section.right() + 1 - width, 0, width, height)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colors.color("warn_line"), 1))
        painter.setBrush(colors.color("warn_bg"))
        pill = area.adjusted(4, (height - theme.scaled(17)) // 2, -4, -(height - theme.scaled(17)) // 2)
        painter.drawRoundedRect(pill, pill.height() / 2, pill.height() / 2)
        painter.setPen(colors.color("warn"))
        painter.setFont(theme.font(theme.scaled(10), 600))
        painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, MARK)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed = event.position().toPoint() if event.button() == Qt.MouseButton.LeftButton else None
        if self._pressed is not None and self._resizing_at(self._pressed.x()):
            self._pressed = None
        super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        place = event.position().toPoint()
        pressed, self._pressed = self._pressed, None
        super().mouseReleaseEvent(event)
        if pressed is not None and (place - pressed).manhattanLength() < 6 and place.y() < self.title_height:
            section = self.section_at(place.x())
            if section >= 0:
                adding = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier
                self.clicked.emit(section, bool(event.modifiers() & adding))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.placed.emit()

    def span(self, place: int) -> tuple[int, int]:
        """Left edge and width of what can be seen of a column."""
        left, width = self.sectionPosition(place), self.sectionSize(place)
        right = left + width
        if right > self.frozen_width:
            left, right = left - self.offset(), right - self.offset()
            left = max(left, self.frozen_width if self.offset() else 0)
        right = min(right, self.width() - self.beside)
        return left, max(0, right - left)

    def _resizing_at(self, x: int) -> bool:
        section = self.logicalIndexAt(x)
        if section < 0:
            return False
        left = self.sectionViewportPosition(section)
        return (x - left < 4 and section > 0) or left + self.sectionSize(section) - x < 4

    def keyPressEvent(self, event: QKeyEvent) -> None:
        event.ignore()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        self.viewport().update()
