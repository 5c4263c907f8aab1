"""Ctrl+K: everything by name. Symbols, function codes, screens and commands with their arguments in one list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject, QRect, QRectF, QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QHideEvent,
    QInputMethodEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QShowEvent,
    QTextCharFormat,
)
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QLineEdit, QListView, QVBoxLayout, QWidget
from shiboken6 import isValid

from terminal.shell.entries import TICKER, Catalogue
from terminal.shell.history import History
from terminal.shell.matching import score
from terminal.shell.palette_preview import PreviewPane
from terminal.shell.palette_rows import Entry, Ground, Head, Lines, Rows
from terminal.shell.palette_sources import Sources
from terminal.ui import theme

if TYPE_CHECKING:
    from collections.abc import Iterable

    from terminal.shell.palette_line import Line
    from terminal.shell.window import MainWindow

__all__ = ["Entry", "Palette"]

WIDTH, SIDE, HEIGHT = 640, 300, 500
SHOWN, RECENT, IN_GROUP = 60, 7, 12
WIDE = WIDTH + SIDE + 60  # a window below this shows no side
ROUND, RIM = 10, 3  # within the rim the frame's round corners leave room for a rectangle
PATIENCE_MS, PAUSE_MS = 3000, 20
EXACT, SAME = 20_000, 10_000
ORDER = ("Recent", "Run", "Functions", "Symbols", "Panels", "Screens", "Watchlists", "Layouts", "Commands", "Actions",
         "Settings")
SYMBOLS = 10
HINT = "↑↓ move     ↵ choose     Tab complete     Esc close"


class Palette(QWidget):
    """Lies over the window while open. `closed` tells that it has gone.

    It only darkens the window and paints the frame; what is in the frame stands on `ground`, a widget of the window that
    paints all of itself, so that a letter typed paints nothing of the panels beneath.
    """

    closed = Signal()

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.history = History(window.state)
        self.sources = Sources(window, self._learned)
        self._catalogue: Catalogue | None = None
        self._entries: list[Entry] = []
        self._undrawn: list[str] = []
        self._line: Line | None = None
        self._accept_at_once = self._moved = False
        self._before: QWidget | None = None
        self._frame = QRect()
        self._build()
        self.hide()
        self.ground.hide()

    def _build(self) -> None:
        self.ground = Ground(self._window)
        self.ground.setAccessibleName("Search and commands")
        box = QVBoxLayout(self.ground)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        self.edit = QLineEdit()
        self.edit.setAccessibleName("Search symbols, panels and commands")
        self.edit.setPlaceholderText("Search symbols, panels, screens, settings or type a command")
        self.edit.textChanged.connect(self._typed)
        self.edit.installEventFilter(self)
        box.addWidget(self.edit)
        self.rows = Lines(self)
        self.list = QListView()
        self.list.setModel(self.rows)
        self.list.setItemDelegate(Rows(self.list))
        self.list.setAccessibleName("What was found")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.clicked.connect(lambda _: self._accept())
        self.list.selectionModel().currentChanged.connect(lambda *_: self._look())
        self.side = PreviewPane(self._window, self.sources, self.history)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.list, 1)
        middle.addWidget(self.side)
        box.addLayout(middle, 1)
        self.hint = QLabel(HINT)
        self.hint.setProperty("role", "muted")
        self.hint.setContentsMargins(16, 6, 16, 10)
        box.addWidget(self.hint)

    # ---- opening ----

    def open(self, text: str = "") -> None:
        """Show the palette over the window, with the keyboard in it."""
        if not self.isVisible():
            self._before = self._window.focusWidget()
        self._accept_at_once = self._moved = False
        self._make_catalogue()
        self.place()
        self.edit.blockSignals(True)
        self.edit.setText(text)
        self.edit.blockSignals(False)
        self.show()
        self.edit.setFocus()
        self._fill()
        self.sources.refresh()

    def prepare(self) -> None:
        """Draw the icons of its lines, one a turn of the event loop: all at once would be felt when it first opens."""
        if self._catalogue is None:
            self._make_catalogue()
        self._undrawn = sorted({entry.icon for entry in self._entries} | {"chart-candlestick", "play", "form-input"})
        self._draw_next()

    def _draw_next(self) -> None:
        if self._undrawn and not self.isVisible():
            theme.pixmap(self._undrawn.pop(), "t2", 16)
            QTimer.singleShot(PAUSE_MS, self, self._draw_next)

    def close_palette(self) -> None:
        if self.isVisible():
            self.hide()
            self.side.stop()
            self._accept_at_once = False
            if self._before is not None and isValid(self._before) and self._before.isVisible():
                self._before.setFocus()
            self.closed.emit()

    def place(self) -> None:
        """Cover the window and centre the frame in its upper part; the side where there is room for it."""
        self.setGeometry(self._window.rect())
        wide = self.width() >= theme.scaled(WIDE)
        self.side.setVisible(wide)
        self.side.setFixedWidth(theme.scaled(SIDE))
        room = theme.scaled(WIDTH + SIDE if wide else WIDTH)
        width, height = min(room, self.width() - 32), min(theme.scaled(HEIGHT), self.height() - 32)
        self._frame = QRect((self.width() - width) // 2, max(16, int((self.height() - height) * 0.28)), width, height)
        self.ground.setGeometry(self._frame.adjusted(RIM, RIM, -RIM, -RIM))

    def accept(self) -> None:
        """Run what is chosen. Typed faster than symbols are known, it waits for them: the ticker typed is what is meant."""
        typed = self.edit.text().strip()
        if self._window.attached and not self.sources.ready and not self._moved and self._may_be_symbol(typed):
            self._accept_at_once = True
            QTimer.singleShot(PATIENCE_MS, self, self._accept_waiting)
            return
        self._accept()

    def _may_be_symbol(self, typed: str) -> bool:
        words = typed.split()
        if self._line is not None or self._catalogue is None or not words or not all(map(TICKER.fullmatch, words)):
            return False
        coded = [word for word in words if self._catalogue.coded(word) is not None]
        return len(words) - len(coded) == 1 and len(words) <= 2

    def _accept_waiting(self) -> None:
        if self._accept_at_once and self.isVisible():
            self._accept()

    def _accept(self) -> None:
        entry = self.chosen()
        if entry is None:
            if not self.rows.places():
                self.close_palette()
            return
        if entry.stays:
            entry.run()
            return
        self.history.used(entry.key)
        self.close_palette()
        entry.run()

    def put(self, line: str) -> None:
        """Let `line` stand in the field, as if it had been typed."""
        self.edit.setText(line)
        self.edit.setFocus()

    def complete(self) -> bool:
        """Put what the chosen line completes into the field; False when it completes nothing."""
        entry = self.chosen()
        places = self.rows.places()
        if entry is not None and not entry.completion and self._line is not None:  # on "Run": the first completion below it
            entry = next((found for row in places if (found := self.rows.entry(row)) is not None and found.completion), None)
        if entry is None or not entry.completion or entry.completion == self.edit.text():
            return False
        self.put(entry.completion)
        return True

    # ---- finding ----

    def _make_catalogue(self) -> None:
        self._catalogue = Catalogue(self._window, self.sources, self.put) if self._window.workspace is not None else None
        self._entries = self._catalogue.all() if self._catalogue is not None else []

    def _learned(self) -> None:
        """More is known of the market than a moment ago."""
        if not self.isVisible() or self._catalogue is None:
            return
        self._entries = self._catalogue.all()
        self._fill(keep=True)
        self._accept_waiting()

    def _typed(self, _text: str) -> None:
        self._accept_at_once = self._moved = False
        self._fill()

    def _fill(self, keep: bool = False) -> None:
        text = self.edit.text()
        before = self.chosen() if keep and self._moved else None
        self._line = self._catalogue.line(text) if self._catalogue is not None else None
        if self._line is not None and self._catalogue is not None:
            found = self._catalogue.choices(text, self._line)
        else:
            found = self._grouped(self._ranked(text.strip())) if text.strip() else self._at_rest()
        if not found:
            found = [Entry("Nothing is called that", "", "search-x", lambda: None, group="")]
        lines: list[Entry | Head] = []
        for entry in found[:SHOWN]:
            if entry.group and (not lines or getattr(lines[-1], "group", "") != entry.group):
                lines.append(Head(entry.group))
            lines.append(entry)
        self.rows.show(lines)
        self._choose(lines, before)
        self._mark()

    def _choose(self, lines: list[Entry | Head], before: Entry | None) -> None:
        places = self.rows.places()
        start = 0
        line = self._line
        if line is not None and (line.unsettled or line.problem is not None):
            start = next((place for place, row in enumerate(places) if lines[row].completion), 0)  # type: ignore[union-attr]
        row = next((row for row in places if before is not None and lines[row] == before), places[start] if places else -1)
        with QSignalBlocker(self.list.selectionModel()):
            self.list.setCurrentIndex(self.rows.index(row, 0))
        if places and row == places[0]:
            self.list.scrollToTop()
        self._look()

    def _at_rest(self) -> list[Entry]:
        """Nothing typed: what was used last, then everything by group."""
        if self._catalogue is None:
            return []
        recent = self._catalogue.remembered(self.history.recent(), RECENT)
        used = {entry.key for entry in recent}
        rest = sorted((entry for entry in self._entries if entry.group != "Settings" and entry.key not in used),
                      key=lambda entry: -entry.rank)
        return [*recent, *self._grouped(((0, entry) for entry in rest), fixed=True)]

    def _ranked(self, typed: str) -> list[tuple[int, Entry]]:
        ranked: list[tuple[int, Entry]] = []
        lowered = typed.lower()
        for entry in self._entries:
            title, words = entry.sought
            points = score(typed, title), score(typed, words, loose=False)
            best = max((point for point in points if point is not None), default=None)
            if best is not None or lowered in entry.names:
                same = lowered in entry.names
                exact = EXACT if same and entry.group == "Panels" else SAME // 2 if same else 0
                ranked.append(((best or 0) + exact + entry.rank, entry))
        if self._catalogue is not None:
            code = len(typed.split()) == 2
            ranked += [((EXACT if code else 4000) - place, entry) for place, entry in enumerate(self._catalogue.functions(typed))]
            ranked += [(SAME, entry) for entry in self._catalogue.rule(typed)]
            for place, row in enumerate(self.sources.known.symbols.find(typed, SYMBOLS)):
                name = row[0].lower()
                points_ = SAME if name == lowered else 600 if name.startswith(lowered) else 300
                ranked.append((points_ - place, self._catalogue.symbol(row)))
        return sorted(ranked, key=lambda pair: -pair[0])

    @staticmethod
    def _grouped(ranked: Iterable[tuple[int, Entry]], fixed: bool = False) -> list[Entry]:
        """Entries group by group: the group with the best one first, or in the fixed order."""
        groups: dict[str, list[Entry]] = {}
        for _, entry in ranked:
            groups.setdefault(entry.group, []).append(entry)
        names = sorted(groups, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER)) if fixed else list(groups)
        return [entry for name in names for entry in groups[name][:IN_GROUP]]

    # ---- what is chosen ----

    def chosen(self) -> Entry | None:
        """The entry that Enter would run."""
        return self.rows.entry(self.list.currentIndex().row())

    def _look(self) -> None:
        entry = self.chosen()
        self.side.look_at(entry, self._line)

    def _mark(self) -> None:
        """Underline in the field what is wrong there."""
        problem = self._line.problem if self._line is not None else None
        marks: list[QInputMethodEvent.Attribute] = []
        if problem is not None and problem.end > problem.start:
            wavy = QTextCharFormat()
            wavy.setFontUnderline(True)
            wavy.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
            wavy.setUnderlineColor(QColor(theme.tokens().down_text))
            wavy.setForeground(QColor(theme.tokens().down_text))
            start = problem.start - self.edit.cursorPosition()
            kind = QInputMethodEvent.AttributeType.TextFormat
            marks.append(QInputMethodEvent.Attribute(kind, start, problem.end - problem.start, wavy))
        QApplication.sendEvent(self.edit, QInputMethodEvent("", marks))

    # ---- keys and painting ----

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._key(event)
        return super().eventFilter(watched, event)

    def _key(self, event: QKeyEvent) -> bool:
        key = Qt.Key(event.key())
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8,
                Qt.Key.Key_Backtab: -1}.get(key)
        if key == Qt.Key.Key_Escape:
            self.close_palette()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.accept()
        elif key == Qt.Key.Key_Tab:
            if not self.complete():
                self.move_choice(1)
        elif step is not None:
            self.move_choice(step)
        else:
            return False
        return True

    def move_choice(self, step: int) -> None:
        """Choose another entry; single steps go round."""
        places = self.rows.places()
        if not places:
            return
        row = self.list.currentIndex().row()
        now = places.index(row) if row in places else 0
        then = (now + step) % len(places) if abs(step) == 1 else min(max(now + step, 0), len(places) - 1)
        self._moved = True
        self.list.setCurrentIndex(self.rows.index(places[then], 0))
        if then == 0:
            self.list.scrollToTop()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.raise_()
        self.ground.show()
        self.ground.raise_()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.ground.hide()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if not self._frame.contains(event.position().toPoint()):
            self.close_palette()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        tokens = theme.tokens()
        painter.fillRect(event.rect(), QColor(4, 7, 12, 165 if tokens.name == "dark" else 90))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(tokens.color("line_strong"))
        painter.setBrush(tokens.color("bg2"))
        painter.drawRoundedRect(QRectF(self._frame).adjusted(0.5, 0.5, -0.5, -0.5), ROUND, ROUND)
        painter.end()

    def describe(self) -> list[dict[str, Any]]:
        """The entries shown now, for tests and accessibility tools."""
        return [{"title": line.title, "kind": line.kind} for line in self.rows.lines if isinstance(line, Entry)]
