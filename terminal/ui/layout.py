"""A layout that flows like text: widgets side by side, as many lines as needed."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget


class Flow(QLayout):
    """Left to right, then the next line. `stretch` makes the items of a line share its width (cards)."""

    def __init__(self, parent: QWidget | None = None, *, spacing: int = 6, stretch: bool = False) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self._stretch = stretch
        self.setSpacing(spacing)
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._arrange(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._arrange(rect, move=True)

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        size = QSize()
        for item in self._items:
            size = size.expandedTo(item.minimumSize())
        margins = self.contentsMargins()
        return size + QSize(margins.left() + margins.right(), margins.top() + margins.bottom())

    def _arrange(self, rect: QRect, *, move: bool) -> int:
        margins = self.contentsMargins()
        area = rect.adjusted(margins.left(), margins.top(), -margins.right(), -margins.bottom())
        top = area.top()
        for line in self._lines(area.width()):
            share = (area.width() - self.spacing() * (len(line) - 1)) // len(line) if self._stretch else 0
            widths = [share or min(item.sizeHint().width(), area.width()) for item in line]
            height = max(item.heightForWidth(width) if item.hasHeightForWidth() else item.sizeHint().height()
                         for item, width in zip(line, widths, strict=True))
            left = area.left()
            for item, width in zip(line, widths, strict=True):
                if move:
                    tall = height if self._stretch else item.sizeHint().height()
                    item.setGeometry(QRect(QPoint(left, top), QSize(width, tall)))
                left += width + self.spacing()
            top += height + self.spacing()
        return max(0, top - self.spacing() - rect.top()) + margins.bottom() if self._items else 0

    def _lines(self, room: int) -> list[list[QLayoutItem]]:
        lines: list[list[QLayoutItem]] = []
        used = 0
        for item in self._items:
            widget = item.widget()
            if widget is not None and widget.isHidden():
                continue
            width = item.sizeHint().width()
            if not lines or used + self.spacing() + width > room:
                lines.append([item])
                used = width
            else:
                lines[-1].append(item)
                used += self.spacing() + width
        return lines
