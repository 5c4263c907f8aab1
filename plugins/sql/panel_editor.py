"""The editor of the SQL panel: fixed width, quiet colours, Ctrl+Enter runs."""

from __future__ import annotations

import re

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontDatabase,
    QKeyEvent,
    QSyntaxHighlighter,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
)
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit

from terminal.ui import theme

WORDS = ("select|from|where|group|order|by|having|limit|offset|join|left|right|full|inner|outer|cross|asof|on|using|as|with|"
         "recursive|union|all|except|intersect|distinct|case|when|then|else|end|and|or|not|in|is|null|like|ilike|between|exists|"
         "values|describe|summarize|over|partition|qualify|window|rows|range|filter|asc|desc|nulls|first|last|cast|true|false|"
         "interval|date|timestamp|unnest|pivot|unpivot|sample|exclude|replace")
_TOKEN = re.compile(rf"(?P<comment>--[^\n]*)|(?P<text>'(?:[^']|'')*'?)|(?P<number>\b\d[\d_.]*(?:e[+-]?\d+)?\b)|"
                    rf"(?P<word>\b(?:{WORDS})\b)|(?P<call>\b\w+(?=\())", re.I)
TONES = {"comment": "t3", "text": "ok", "number": "warn", "word": "accent_text", "call": "t1"}


class Editor(QPlainTextEdit):
    """A statement being written. `run` when the user presses Ctrl+Enter."""

    run = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("SQL statement")
        self.setPlaceholderText("SELECT symbol, close FROM market.bars …")
        self.setTabChangesFocus(True)  # the keyboard must be able to leave
        self.setMinimumHeight(80)
        self._colours = Colours(self.document())
        self._dress()

    def _dress(self) -> None:
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPixelSize(theme.scaled(13))
        self.setFont(font)
        self._colours.rehighlight()

    def changeEvent(self, event: QEvent) -> None:
        """Follow theme and text size."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "_colours"):
            self._dress()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+Enter runs; typing takes the mark of an error away."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.run.emit()
            return
        if event.text():
            self.mark(None)
        super().keyPressEvent(event)

    def chosen(self) -> str:
        """What is selected, else everything."""
        return (self.textCursor().selectedText().replace("\u2029", "\n") or self.toPlainText()).strip()

    def put(self, text: str) -> None:
        """Insert a name where the cursor is."""
        cursor = self.textCursor()
        before = self.toPlainText()[:cursor.position()]
        cursor.insertText(text if not before or before[-1] in " \n(,." else f" {text}")
        self.setFocus()

    def mark(self, place: tuple[int, int] | None) -> None:
        """Point to a line and column, both from one, of what was run; None: to nothing."""
        if place is None:
            self.setExtraSelections([])
            return
        line, column = place
        start = self.textCursor().selectionStart() if self.textCursor().hasSelection() else 0
        text = self.toPlainText()
        if not self.textCursor().hasSelection():
            start = len(text) - len(text.lstrip())
        lines = text[start:].split("\n")
        at = start + sum(len(each) + 1 for each in lines[:line - 1]) + column - 1
        cursor = self.textCursor()
        cursor.setPosition(min(at, len(text)))
        self.setTextCursor(cursor)
        cursor.movePosition(QTextCursor.MoveOperation.EndOfWord, QTextCursor.MoveMode.KeepAnchor)
        spot = QTextEdit.ExtraSelection()
        spot.cursor = cursor
        spot.format.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
        spot.format.setUnderlineColor(QColor(theme.tokens().error))
        across = QTextEdit.ExtraSelection()
        across.cursor = self.textCursor()
        across.format.setBackground(QColor(theme.tokens().error_bg))
        across.format.setProperty(QTextFormat.Property.FullWidthSelection, True)
        self.setExtraSelections([across, spot])


class Colours(QSyntaxHighlighter):
    """Words of the language, texts, numbers and comments, in the theme's colours."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)

    def highlightBlock(self, text: str) -> None:
        """Colour one line."""
        tokens = theme.tokens()
        for match in _TOKEN.finditer(text):
            if match.lastgroup is not None:
                self.setFormat(match.start(), match.end() - match.start(), QColor(getattr(tokens, TONES[match.lastgroup])))
