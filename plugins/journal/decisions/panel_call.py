"""The form of a prediction: of what, which way, by when, and how likely."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QFormLayout, QLineEdit, QSpinBox, QWidget

from plugins.journal.panel_parts import day_edit, day_in, titled
from terminal.ui.form import Banner, Segment, column, ghost, label, primary, row

if TYPE_CHECKING:
    from terminal.api import Host, Table, TerminalError

_KINDS = (("direction", "From the price of now"), ("level", "Closes at a level"), ("target", "Trades at a level"))


def open_call(parent: QWidget, host: Host) -> CallForm:
    """Open the form over `parent`."""
    form = CallForm(parent, host)
    form.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    form.open()
    return form


class CallForm(QDialog):
    """Writes down with `journal.call`; stays until it is done."""

    def __init__(self, parent: QWidget, host: Host) -> None:
        super().__init__(parent)
        self._host = host
        self.setWindowTitle("Predict the market")
        self.setMinimumWidth(520)
        self.symbol = QLineEdit("SPY")
        self.symbol.setAccessibleName("Of what")
        self.direction = Segment((("up", "Up"), ("down", "Down")), "up", "Which way")
        self.kind = Segment(_KINDS, "direction", "How it is measured")
        self.level = QLineEdit()
        self.level.setPlaceholderText("a price, or 5%")
        self.level.setAccessibleName("Level")
        self.by = day_edit("By when", (host.as_of or date.today()) + timedelta(days=30))
        self.probability = QSpinBox(minimum=1, maximum=99, value=60, suffix=" %")
        self.probability.setAccessibleName("How likely in per cent")
        self.reason = QLineEdit()
        self.reason.setAccessibleName("Why")
        self.reason.setPlaceholderText("The one reason that matters most")
        self.banner = Banner("", "error")
        self.banner.hide()
        self.save = primary("Write it down", on_click=self.write)
        self.save.setDefault(True)
        self.form = QFormLayout()
        for title, control in (
            ("Of what", self.symbol), ("Which way", self.direction), ("Measured", self.kind), ("Level", self.level),
            ("By", self.by), ("How likely", self.probability), ("Why", self.reason),
        ):  # fmt: skip
            self.form.addRow(titled(title, control), control)
        self.form.setHorizontalSpacing(12)
        self.form.setVerticalSpacing(8)
        about = label("It cannot be changed afterwards, and is graded by itself.", "muted", wrap=True)
        buttons = row(0, ghost("Cancel", on_click=self.reject), self.save, spacing=8)
        self.setLayout(column(self.banner, self.form, about, buttons, 0, spacing=10, margins=(16, 14, 16, 14)))
        self.kind.changed.connect(lambda _: self._fit())
        self._fit()

    def _fit(self) -> None:
        self.form.setRowVisible(self.level, self.kind.value != "direction")
        self.adjustSize()

    def arguments(self) -> dict[str, Any]:
        """What the command is called with."""
        level = {self.kind.value: self.level.text().strip()} if self.kind.value != "direction" else {}
        return {
            "symbol": self.symbol.text().strip(), "direction": self.direction.value, "by": day_in(self.by),
            "probability": str(self.probability.value()), "reason": self.reason.text().strip(), **level,
        }  # fmt: skip

    def write(self) -> None:
        """Carry it out."""
        if self.kind.value != "direction" and not self.level.text().strip():
            self.banner.show_message("Which level? Give a price, or a distance such as 5%.", "error")
            return
        self.save.setEnabled(False)
        self._host.run("journal.call", self.arguments(), then=self._done, fail=self._failed)

    def _done(self, table: Table) -> None:
        self._host.notify(f"{table.title}.", "ok")
        self.accept()

    def _failed(self, problem: TerminalError) -> None:
        self.save.setEnabled(True)
        self.banner.show_message(problem.sentence(), "error")
