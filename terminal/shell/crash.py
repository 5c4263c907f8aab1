"""The crash hook: a bug is logged, the panel it happened in is replaced by its traceback, the window lives on."""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget
from shiboken6 import isValid

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

log = logging.getLogger(__name__)
MAX_FRAMES = 400


def text_of(problem: BaseException) -> str:
    """The traceback as it is shown, logged and copied."""
    return "".join(traceback.format_exception(problem, limit=-MAX_FRAMES))


def widget_of(problem: BaseException) -> QWidget | None:
    """The innermost widget whose method was running when `problem` was raised."""
    frames = [frame for frame, _ in traceback.walk_tb(problem.__traceback__)]
    for frame in reversed(frames):
        owner = frame.f_locals.get("self")
        if isinstance(owner, QWidget) and isValid(owner):
            return owner
    return None


class CrashHook:
    """Replaces `sys.excepthook` and `threading.excepthook` until `remove()`.

    `report(problem, widget)` is called on the thread the problem came from; `widget` is None off the UI thread.
    """

    def __init__(self, report: Callable[[BaseException, QWidget | None], None]) -> None:
        self._report = report
        self._before = (sys.excepthook, threading.excepthook)
        sys.excepthook = self._main
        threading.excepthook = self._thread

    def remove(self) -> None:
        sys.excepthook, threading.excepthook = self._before

    def _main(self, kind: type[BaseException], problem: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, (KeyboardInterrupt, SystemExit)):
            self._before[0](kind, problem, trace)
            return
        log.error("unexpected error\n%s", text_of(problem))
        self._report(problem, widget_of(problem))

    def _thread(self, arguments: threading.ExceptHookArgs) -> None:
        problem = arguments.exc_value
        if problem is None or isinstance(problem, SystemExit):
            return
        log.error("unexpected error in thread %s\n%s", arguments.thread, text_of(problem))
        self._report(problem, None)


class CrashCard(QWidget):
    """Stands where a panel failed: what happened in a sentence, the traceback, and what one can do."""

    def __init__(self, title: str, problem: BaseException, retry: Callable[[], None] | None = None) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self.setAccessibleName(f"{title} failed")
        self.trace = text_of(problem)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(16, 16, 16, 16)
        outer.setSpacing(12)
        head = QLabel(f"{title} stopped because of a mistake in the program")
        head.setProperty("role", "h2")
        head.setWordWrap(True)
        outer.addWidget(head)
        what = QLabel("The rest of the window goes on working and none of your data was touched. "
                      "The same text is in the log file.")
        what.setProperty("role", "body")
        what.setWordWrap(True)
        outer.addWidget(what)
        summary = QLabel(traceback.format_exception_only(problem)[-1].strip())
        summary.setProperty("tone", "error")
        summary.setWordWrap(True)
        summary.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        outer.addWidget(summary)
        text = QPlainTextEdit(self.trace)
        text.setReadOnly(True)
        text.setProperty("role", "mono")
        text.setAccessibleName("Traceback")
        text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        outer.addWidget(text, 1)
        row = QHBoxLayout()
        row.setSpacing(8)
        copy = QPushButton("Copy")
        copy.setAccessibleName("Copy the traceback")
        copy.clicked.connect(self._copy)
        row.addWidget(copy)
        if retry is not None:
            again = QPushButton("Open the panel again")
            again.setProperty("role", "primary")
            again.clicked.connect(lambda _checked: retry())
            row.addWidget(again)
        row.addStretch()
        outer.addLayout(row)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.trace)
