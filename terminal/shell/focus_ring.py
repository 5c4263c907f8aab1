"""Shows where the keyboard is on parts that do not show it themselves: tables, charts, cards, badges, pages that scroll."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRectF, Qt
from PySide6.QtGui import QGuiApplication, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)
from shiboken6 import isValid

from terminal.ui import theme

OWN_LOOK = (QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit, QPlainTextEdit, QTextEdit)


class Ring(QWidget):
    """A line round the inside of its parent; nothing reaches it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        parent.installEventFilter(self)
        self._around = parent
        self._fit()

    def _fit(self) -> None:
        self.setGeometry(self._around.rect())
        self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and watched is self._around:
            self._fit()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.tokens().color("accent"), 1.5))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 4, 4)
        painter.end()


class FocusRing(QObject):
    """Moves the ring with the keyboard; a part that was clicked gets none."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._ring: Ring | None = None
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._moved)

    def _moved(self, _old: QWidget | None, now: QWidget | None) -> None:
        ring, self._ring = self._ring, None
        if ring is not None and isValid(ring):
            ring.hide()
            ring.deleteLater()
        clicked = QGuiApplication.mouseButtons() != Qt.MouseButton.NoButton
        if now is None or not isValid(now) or clicked or isinstance(now, OWN_LOOK) or now.isWindow():
            return
        owner = self.parent()
        if not isinstance(owner, QWidget) or (now.window() is not owner and now.window().parentWidget() is not owner):
            return
        self._ring = Ring(now)
        self._ring.show()
