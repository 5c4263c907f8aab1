"""Short messages to the user: they appear at the lower edge, go by themselves, and stay in a list."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QWidget

from terminal.ui import theme
from terminal.ui.form import Button, in_window

if TYPE_CHECKING:
    from collections.abc import Callable

Level = Literal["info", "ok", "warn", "error"]
ICONS = {"info": "info", "ok": "circle-check", "warn": "triangle-alert", "error": "circle-x"}
TONES = {"info": "accent_text", "ok": "ok", "warn": "warn", "error": "error"}
SECONDS = {"info": 5, "ok": 4, "warn": 8, "error": 12}
WITH_ACTION_S = 8  # there must be time to read and to press
KEPT, AT_ONCE, WIDTH = 200, 4, 420


@dataclass(frozen=True)
class Message:
    """One message and when it came last (aware UTC); `times` how often. `action` can be pressed while it is `usable`."""

    at: datetime
    level: Level
    text: str
    action: str = ""
    on_action: Callable[[], object] | None = None
    usable: Callable[[], bool] = lambda: True
    times: int = 1

    @property
    def offers(self) -> bool:
        """Whether its action can be pressed now."""
        return self.on_action is not None and self.usable()


class Toast(QFrame):
    """One message on the screen."""

    gone = Signal()

    def __init__(self, message: Message, parent: QWidget) -> None:
        super().__init__(parent)
        self.message = message
        self.setProperty("role", "banner")
        self.setProperty("tone", message.level)
        self.setAccessibleName(message.text)
        row = self._row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 8, 6)
        row.setSpacing(10)
        picture = QLabel()
        picture.setPixmap(theme.pixmap(ICONS[message.level], TONES[message.level], 16))
        row.addWidget(picture, 0, Qt.AlignmentFlag.AlignVCenter)
        text = QLabel(message.text)
        text.setTextFormat(Qt.TextFormat.PlainText)
        text.setWordWrap(True)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        row.addWidget(text, 1)
        self.action: Button | None = None
        if message.offers:
            self.action = Button(message.action, "link", on_click=self._act)
            self.action.setAccessibleName(f"{message.action}: {message.text}")
            row.addWidget(self.action, 0, Qt.AlignmentFlag.AlignVCenter)
        close = QToolButton()
        close.setIcon(theme.icon("x", "t2", 14))
        close.setAccessibleName("Dismiss this message")
        close.clicked.connect(self.leave)
        row.addWidget(close, 0, Qt.AlignmentFlag.AlignVCenter)
        seconds = max(SECONDS[message.level], WITH_ACTION_S if message.offers else 0)
        QTimer.singleShot(seconds * 1000, self, self.leave)

    def _act(self) -> None:
        self.leave()
        if self.message.offers and self.message.on_action is not None:
            self.message.on_action()

    def height_at(self, width: int) -> int:
        """Height that the text needs at `width`."""
        self.ensurePolished()
        return self._row.totalHeightForWidth(width)

    def leave(self) -> None:
        self.hide()
        self.gone.emit()
        self.deleteLater()


class Messages(QObject):
    """All messages of this run, the newest first, and the toasts over `window`."""

    changed = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._toasts: list[Toast] = []
        self.all: deque[Message] = deque(maxlen=KEPT)
        self.unread = 0

    def add(self, text: str, level: Level = "info", *, quiet: bool = False, action: str = "",
            on_action: Callable[[], object] | None = None, usable: Callable[[], bool] = lambda: True) -> None:
        """Show a message now and keep it in the list; a quiet one is only kept. The same once more is counted, not repeated."""
        text = in_window(text)
        message = Message(datetime.now(UTC), level, text, action, on_action, usable)
        last = self.all[0] if self.all else None
        if last is not None and (last.text, last.level) == (text, level) and on_action is None and last.on_action is None:
            message = replace(message, times=last.times + 1)
            self.all.popleft()
        self.all.appendleft(message)
        self.unread += 1
        if quiet:
            self.changed.emit()
            return
        same = [toast for toast in self._toasts if toast.message.text == text]
        for toast in (same or self._toasts[:max(0, len(self._toasts) - AT_ONCE + 1)]):
            toast.leave()
        toast = Toast(message, self._window)
        toast.gone.connect(lambda: self._forget(toast))
        self._toasts.append(toast)
        toast.show()
        self.place()
        self.changed.emit()

    @property
    def toasts(self) -> tuple[Toast, ...]:
        """What is on the screen, the oldest first."""
        return tuple(self._toasts)

    def _forget(self, toast: Toast) -> None:
        if toast in self._toasts:
            self._toasts.remove(toast)
            self.place()

    def place(self) -> None:
        """Stack the toasts in the middle of the lower edge: panels have their buttons at the right."""
        bottom = self._window.height() - 38
        for toast in reversed(self._toasts):
            width = min(WIDTH, self._window.width() - 32)
            height = max(toast.height_at(width), 40)
            toast.setGeometry((self._window.width() - width) // 2, bottom - height, width, height)
            toast.raise_()
            bottom -= height + 8

    def read(self) -> None:
        """The user has looked at the list."""
        self.unread = 0
        self.changed.emit()

    def clear(self) -> None:
        self.all.clear()
        self.read()
