"""All figures of the page: in Newbie each with its sentence and light, in Pro a table with comparison, source and formula."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QVBoxLayout, QWidget

from plugins.tearsheet.panel_parts import LIGHTS, Rows
from plugins.tearsheet.told import told
from terminal.domain import format as words
from terminal.domain.fields import FIELDS
from terminal.ui import theme
from terminal.ui.form import Glyph, label, line, row
from terminal.ui.table import TableView

if TYPE_CHECKING:
    from plugins.tearsheet.model import Figure, Sheet
    from plugins.tearsheet.panel_parts import Words
    from plugins.tearsheet.panel_sections import Showing
    from terminal.api import Host

TOLD = ("price", "core", "valuation", "events")
_AT_ONCE = 6  # rows made in one turn of the event loop
_COLUMNS = ("title", "text", "compared_with", "as_of", "provider", "formula")


class FigureRow(QWidget):
    """One figure: its light, what it is, the value, and below the sentence and why the light is so."""

    def __init__(self) -> None:
        super().__init__()
        self._glyph = Glyph("circle", size=15)
        self._title, self._value = label("", "strong", wrap=True), label("", "strong")
        self._sentence, self._because = label("", "body", wrap=True), label("", "muted", wrap=True)
        self._place = QWidget()
        self._place.setFixedWidth(theme.scaled(18))
        self._place.setLayout(row(self._glyph))
        head = row(self._place, self._title, self._value, spacing=6)
        head.setStretch(1, 1)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(3)
        box.addLayout(head)
        for text in (self._sentence, self._because):
            text.setIndent(0)
            box.addLayout(row(text, margins=(theme.scaled(18) + 6, 0, 0, 0)))
        box.addWidget(line())

    def show_figure(self, figure: Figure, sheet: Sheet, said: Words) -> None:
        """Show another figure."""
        says = told(figure, sheet)
        title = said.title(figure.term, figure.title) if figure.term in FIELDS else figure.title
        self._glyph.setVisible(bool(says.light))
        if says.light:
            self._glyph.set_icon(*LIGHTS[says.light][:2])
        self._title.setText(title)
        self._value.setText(figure.text)
        self._sentence.setText(says.sentence)
        self._because.setText(f"{says.reason[:1].upper()}{says.reason[1:]}." if says.reason else "")
        self._because.setVisible(bool(says.reason))
        self._because.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.setToolTip(said.tip(sheet, figure))
        self.setAccessibleName(f"{title}: {'unknown' if figure.text == words.UNKNOWN else figure.text}")
        spoken = f"{LIGHTS[says.light][2]}: {says.reason}." if says.light else ""
        self.setAccessibleDescription(f"{says.sentence} {spoken}".strip())


class Figures(QWidget):
    """Shows one of the two; the rows are made a few at a time, so that the window never waits."""

    def __init__(self, host: Host) -> None:
        super().__init__()
        self.table = TableView(host, name="All figures")
        self.table.setFixedHeight(theme.scaled(420))
        self.rows = Rows(FigureRow, 5)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.table)
        box.addWidget(self.rows)
        self._waiting: list[Any] = []
        self._done = 0
        self._showing: Showing | None = None
        self._turn = QTimer(self, singleShot=True, interval=0)
        self._turn.timeout.connect(self._more)

    @property
    def settled(self) -> bool:
        """Whether every row is there."""
        return not self._turn.isActive()

    def show_sheet(self, showing: Showing) -> None:
        """Fill it in the words of the mode."""
        newbie = showing.said.newbie
        self.table.setVisible(not newbie)
        self.rows.setVisible(newbie)
        self._turn.stop()
        if not newbie:
            self.table.set_mode(showing.mode)
            self.table.show_table(showing.table, columns=_COLUMNS)
            return
        self._showing, self._done = showing, 0
        # Some are in two sections; the later one has the comparison.
        self._waiting = list({each.term: each for each in showing.sheet.figures if each.section in TOLD}.values())
        self._more()

    def _more(self) -> None:
        showing = self._showing
        if showing is None:
            return
        end = min(self._done + _AT_ONCE, len(self._waiting))
        for figure, each in zip(self._waiting[self._done : end], self.rows.take(end)[self._done :], strict=True):
            each.show_figure(figure, showing.sheet, showing.said)
        self._done = end
        if end < len(self._waiting):
            self._turn.start()
