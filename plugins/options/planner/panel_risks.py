"""What can go wrong besides the price, the gravest first, each in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from terminal.ui.form import Glyph, label, row

if TYPE_CHECKING:
    from terminal.api import Table

_ICONS = {3: ("circle-alert", "error", "Likely"), 2: ("triangle-alert", "warn", "Watch"), 1: ("info", "t2", "To know")}


class Risks(QScrollArea):
    """Sentences with a sign of how grave they are."""

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName("Risks of the position")
        self._inside = QWidget()
        self._box = QVBoxLayout(self._inside)
        self._box.setContentsMargins(0, 4, 6, 4)
        self._box.setSpacing(8)
        self._box.addStretch(1)
        self.setWidget(self._inside)
        self.lines: list[QWidget] = []

    def show_risks(self, table: Table) -> None:
        """Those of `options.calc --part risks`."""
        for old in self.lines:
            self._box.removeWidget(old)
            old.hide()
            old.deleteLater()
        self.lines = []
        for each in table.rows():
            icon, role, said = _ICONS[min(max(int(each["severity"]), 1), 3)]
            text = label(str(each["text"]), "body", wrap=True)
            line = QWidget()
            box = row(Glyph(icon, role, 16, said), text, spacing=10)
            box.setStretch(1, 1)
            line.setLayout(box)
            line.setAccessibleName(f"{said}: {each['text']}")
            self._box.insertWidget(len(self.lines), line)
            self.lines.append(line)
