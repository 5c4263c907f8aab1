"""What every painted picture in a panel does: takes the room there is, and says what is pointed at."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from terminal.ui import theme

_UPRIGHT = Qt.AlignmentFlag.AlignVCenter


class Picture(QWidget):
    """A painted widget as wide as there is room. `grows`: as high, too; otherwise as high as it says.

    A picture paints itself in `_paint` and names what lies at a place in `said_at`.
    """

    def __init__(self, name: str, height: int = 120, *, grows: bool = True) -> None:
        super().__init__()
        self._name, self._height, self._grows = name, height, grows
        upright = QSizePolicy.Policy.Expanding if grows else QSizePolicy.Policy.Fixed
        self.setSizePolicy(QSizePolicy.Policy.Expanding, upright)
        self.setAccessibleName(name)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, theme.scaled(min(self._height, 90)) if self._grows else self.sizeHint().height())

    def sizeHint(self) -> QSize:
        return QSize(320, theme.scaled(self._height))

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.said_at(QPointF(event.pos())), self)
            return True
        return super().event(event)

    def said_at(self, place: QPointF) -> str:
        """What is at a place, in words; "" for nothing."""
        raise NotImplementedError

    def tell(self, text: str) -> None:
        """What the whole picture says, for those who cannot see it."""
        self.setAccessibleName(f"{self._name}: {text}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(theme.font(theme.scaled(11)))
        self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        raise NotImplementedError

    def _text(self, painter: QPainter, area: QRectF, text: str, role: str, align: Qt.AlignmentFlag, weight: int = 400) -> None:
        painter.setFont(theme.font(theme.scaled(11), weight))
        painter.setPen(theme.tokens().color(role))
        fitting = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, max(0, int(area.width())))
        painter.drawText(area, int(align | _UPRIGHT), fitting)

    def _nothing(self, painter: QPainter, text: str) -> None:
        """Says in the middle why there is nothing to see."""
        painter.setPen(theme.tokens().color("t3"))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, text)
