"""The form in which targets are set: a line a class with its part and its band, and whether they come to 100 %."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QGridLayout, QLineEdit, QVBoxLayout, QWidget

from plugins.portfolio.panel_numbers import NumberEdit
from plugins.portfolio.panel_parts import Form
from terminal.domain import format as words
from terminal.ui import theme
from terminal.ui.form import Banner, Button, ghost, label, primary, row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from terminal.api import Host, Table, TerminalError
    from terminal.domain.portfolio.allocation import Slice

_BAND = 5.0


class Line:
    """One class: its name, part and band in per cent."""

    def __init__(self, key: str, now: float, part: float | None, band: float) -> None:
        self.weight = now
        self.key = QLineEdit(key)
        self.key.setAccessibleName("Class")
        self.now = label(words.percent(now, 1), "muted")
        self.part = NumberEdit(f"Target of {key or 'the class'} in per cent", part, hint="%")
        self.band = NumberEdit(f"Band of {key or 'the class'} in points", band, width=64)

    @property
    def text(self) -> str:
        """As the command takes it; "" for a line without a target."""
        part, name = self.part.value, self.key.text().strip()
        band = _BAND if self.band.value is None else self.band.value
        return "" if part is None or not name else f"{name}={part:.10g}:{band:.10g}"


class TargetsForm(Form):
    """Runs `portfolio.target_set` and `portfolio.target_clear`. Begins with the targets there are, else with what is held."""

    def __init__(self, parent: QWidget, host: Host, by: str, title: str, found: Sequence[Slice], account: str) -> None:
        super().__init__(parent, host)
        self._by, self._account = by, account
        self.setWindowTitle(f"Targets by {title.lower()}")
        self.setMinimumWidth(theme.scaled(430))
        newbie = host.mode == "newbie"
        self._words = label(
            "Say how much of everything each part should be. Within the room to either side nothing needs to be done."
            if newbie
            else "Target weights in per cent of net worth, with bands in points. 0 sells a class; left empty, it is left alone.",
            "muted", wrap=True)  # fmt: skip
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(10)
        for place, name in enumerate(("What", "Now", "Target, %", "Room, points" if newbie else "Band, ± points")):
            self._grid.addWidget(label(name, "caps"), 0, place)
        self.lines: list[Line] = []
        for each in found:
            target = each.target
            part = round(target.weight * 100, 6) if target else None
            self._add(each.key, each.weight, part, round(target.band * 100, 6) if target else _BAND)
        self.sum = label("", "strong")
        self.problem = Banner("", "error")
        self.problem.hide()
        self.more = ghost("Another line", "plus", self.add_line)
        self.as_now = ghost("As it is now", "equal", self._take_present)
        self.clear = Button("Take targets away", "danger", on_click=self._clear)
        self.clear.setEnabled(any(each.target for each in found))
        self.save = primary("Set targets", "check", self._save)
        box = QVBoxLayout(self)
        box.setSpacing(10)
        box.addWidget(self._words)
        box.addLayout(self._grid)
        box.addLayout(row(self.more, self.as_now, 0, self.sum))
        box.addWidget(self.problem)
        box.addLayout(row(self.clear, 0, Button("Cancel", on_click=self.reject), self.save))
        self._count()

    def add_line(self) -> None:
        """A class that is not held yet."""
        self._add("", 0.0, None, _BAND)
        self.lines[-1].key.setFocus()

    def _add(self, key: str, now: float, part: float | None, band: float) -> None:
        line = Line(key, now, part, band)
        at = self._grid.rowCount()
        for place, widget in enumerate((line.key, line.now, line.part, line.band)):
            self._grid.addWidget(widget, at, place)
        line.part.typed.connect(self._count)
        self.lines.append(line)

    def _take_present(self) -> None:
        """Whole per cent as it stands; what rounding leaves goes to the largest."""
        now = [round(100 * line.weight) for line in self.lines]
        largest = max(range(len(now)), key=lambda place: now[place], default=0)
        if now:
            now[largest] += 100 - sum(now)
        for line, part in zip(self.lines, now, strict=True):
            line.part.set_value(float(part))
        self._count()

    def _count(self) -> None:
        total = sum(line.part.value or 0.0 for line in self.lines)
        whole = abs(total - 100) < 1e-6
        apart = f": {abs(100 - total):.4g} % too {'little' if total < 100 else 'much'}"
        self.sum.setText(f"Together {total:.6g} %" + ("" if whole else apart))
        theme.set_role(self.sum, tone="ok" if whole else "warn")
        self.save.setEnabled(whole)

    def _save(self) -> None:
        weights = tuple(line.text for line in self.lines if line.text)
        self.run_command("portfolio.target_set", {"by": self._by, "weights": weights, "account": self._account},
                         then=self._done, fail=self._failed)  # fmt: skip

    def _clear(self) -> None:
        self.run_command("portfolio.target_clear", {"by": self._by, "account": self._account}, then=self._done, fail=self._failed)

    def _done(self, _table: Table) -> None:
        self.accept()

    def _failed(self, problem: TerminalError) -> None:
        self.problem.show_message(problem.sentence(), "error")
