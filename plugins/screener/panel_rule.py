"""A rule as one line of text: fields offered while typing, and a mistake marked at its place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, Qt, QTimer, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QCompleter, QLineEdit, QStyle, QStyleOptionFrame, QVBoxLayout, QWidget

from terminal.domain.fields import FIELDS
from terminal.ui import theme
from terminal.ui.form import Button, label, row

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

    from terminal.domain.rules import RuleError

_FIX = re.compile(r"Did you mean ([^?]+)\?")


class RuleLine(QWidget):
    """Emits `changed` at every keystroke that makes a rule; what is not one is explained once the typing rests."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.field = _Marked()
        self.field.setPlaceholderText("Rule, for example: roe > 15% and pe_ttm < sector_median(pe_ttm)")
        self.field.setAccessibleName("Rule")
        self.field.setClearButtonEnabled(True)
        self._completer = QCompleter(sorted(FIELDS), self.field)
        self._completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._completer.setWidget(self.field)
        self._completer.activated.connect(self._complete)
        self.field.textEdited.connect(self._typed)
        self.field.textChanged.connect(self._judge)
        self.field.returnPressed.connect(self._rested)
        self._rest = QTimer(self, singleShot=True, interval=400)
        self._rest.timeout.connect(self._rested)
        self.problem = label("", "muted", "down")
        self.fix = Button("", "link", on_click=self._use_suggestion)
        self._error: RuleError | None = None
        self._rule = ""
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(2)
        box.addWidget(self.field)
        self._below = QWidget()
        self._below.setLayout(row(self.problem, self.fix, 0, spacing=6, margins=(2, 0, 0, 0)))
        box.addWidget(self._below)
        self._below.hide()

    def rule(self) -> str:
        """The last text that was a rule, "" for none."""
        return self._rule

    def set_rule(self, text: str) -> None:
        """Put a rule there without telling."""
        self._rule = text
        self.field.blockSignals(True)
        self.field.setText(text)
        self.field.blockSignals(False)
        self._find_error()
        self._rested()

    def _judge(self) -> None:
        self._find_error()
        if self._error is not None:
            self._rest.start()
            return
        self._rested()
        text = self.field.text().strip()
        if text != self._rule:
            self._rule = text
            self.changed.emit()

    def _find_error(self) -> None:
        self._error = None
        if not self.field.text().strip():
            return
        from terminal.domain.rules import RuleError, parse  # the grammar is read with the first letter, not at the start

        try:
            parse(self.field.text())
        except RuleError as error:
            self._error = error

    def _rested(self) -> None:
        """Show what is wrong, or that nothing is."""
        self._rest.stop()
        error = self._error
        suggestion = _FIX.search(error.suggestion) if error else None
        self.problem.setText(f"{error.message} {'' if suggestion and error.piece else error.suggestion}".strip() if error else "")
        self.fix.setText(f"Use “{suggestion[1]}”" if suggestion and error and error.piece else "")
        self.fix.setAccessibleName(self.fix.text() or "Suggestion")
        self.fix.setVisible(bool(self.fix.text()))
        self._below.setVisible(error is not None)
        self.field.mark(error.column - 1 if error else -1, len(error.piece) if error else 0)
        theme.set_role(self.field, invalid="true" if error else "")

    def _use_suggestion(self) -> None:
        found = _FIX.search(self._error.suggestion) if self._error else None
        if found is None or self._error is None:
            return
        at, text = self._error.column - 1, self.field.text()
        self.field.setText(text[:at] + found[1] + text[at + len(self._error.piece) :])
        self.field.setFocus()

    def _typed(self, text: str) -> None:
        word = _last_word(text[: self.field.cursorPosition()])
        self._completer.setCompletionPrefix(word)
        popup = self._completer.popup()
        if len(word) >= 2 and word not in FIELDS and self._completer.completionCount():
            self._completer.complete()
        elif popup is not None:
            popup.hide()

    def _complete(self, name: str) -> None:
        at, text = self.field.cursorPosition(), self.field.text()
        start = at - len(_last_word(text[:at]))
        self.field.setText(text[:start] + name + text[at:])
        self.field.setCursorPosition(start + len(name))


class _Marked(QLineEdit):
    """Underlines the letters from `start`, as far as they are in view."""

    def __init__(self) -> None:
        super().__init__()
        self.marked = (-1, 0)

    def mark(self, start: int, length: int) -> None:
        """`start` -1: nothing; a length of 0 marks the place itself."""
        self.marked = (start, length)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        start, length = self.marked
        if start < 0:
            return
        metrics, text = self.fontMetrics(), self.text()
        origin = self.cursorRect().center().x() - metrics.horizontalAdvance(text[: self.cursorPosition()])
        left = origin + metrics.horizontalAdvance(text[:start])
        width = max(metrics.horizontalAdvance(text[start : start + length]), metrics.averageCharWidth())
        option = QStyleOptionFrame()
        self.initStyleOption(option)
        inside = self.style().subElementRect(QStyle.SubElement.SE_LineEditContents, option, self)
        line = QRect(left, self.cursorRect().bottom() - 2, width, 2).intersected(inside)
        painter = QPainter(self)
        painter.fillRect(line, theme.tokens().color("error"))
        painter.end()


def _last_word(text: str) -> str:
    start = len(text)
    while start and (text[start - 1].isalnum() or text[start - 1] == "_"):
        start -= 1
    return text[start:]
