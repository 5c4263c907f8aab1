"""Habits as cards: what was looked for, what was found, and the trades that show it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QWidget

from terminal.domain import format as fmt
from terminal.ui.form import Chip, Flow, column, ghost, label, row

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from terminal.api import Table

_TONES = {"seen": "warn", "not seen": "ok", "too few to say": ""}
_EASY = {
    "revenge": "Trading again at once after a loss", "overtrading": "Days with too many trades",
    "disposition": "Selling winners early, keeping losers", "size": "Larger trades after a loss",
}  # fmt: skip
_MOST = 6


class Habits(QWidget):
    """A line for each habit; a trade's number opens it."""

    def __init__(self, show: Callable[[int], None]) -> None:
        super().__init__()
        self._show = show
        self.setAccessibleName("Habits in your trades")
        self._box = column(spacing=10)
        self.setLayout(self._box)

    def show_table(self, table: Table, mode: str) -> None:
        """Rows of `journal behaviour`."""
        while (item := self._box.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for one in table.rows():
            self._box.addWidget(self._habit(one, mode))

    def _habit(self, one: Mapping[str, Any], mode: str) -> QWidget:
        made = QWidget()
        title = label(_EASY[one["kind"]] if mode == "newbie" else one["title"], "strong")
        chip = Chip(one["verdict"], _TONES[one["verdict"]])
        text = label(one["text"], "body", wrap=True)
        text.setAccessibleName(f"{title.text()}, {one['verdict']}: {one['text']}")
        facts = []
        if mode == "pro" and one["chance"] is not None:
            facts.append(f"by chance {fmt.percent(one['chance'], 1)}, n {one['n']} against {one['others']}")
        if one["cost"] is not None and one["n"]:
            facts.append(f"these trades made {fmt.money(one['cost'], one['currency'], sign=True)}")
        parts: list[Any] = [row(title, chip, 0, spacing=8), text]
        if facts:
            parts.append(label("; ".join(facts), "muted", wrap=True))
        if one["trades"] and one["verdict"] == "seen":
            parts.append(self._evidence(one["trades"]))
        made.setLayout(column(*parts, spacing=3))
        return made

    def _evidence(self, numbers: list[str]) -> QWidget:
        made, flow = QWidget(), Flow(spacing=4)
        for number in numbers[:_MOST]:
            button = ghost(f"Trade {number}", on_click=partial(self._show, int(number)))
            button.setAccessibleName(f"Open trade {number}")
            flow.addWidget(button)
        if len(numbers) > _MOST:
            flow.addWidget(label(f"and {len(numbers) - _MOST} more", "muted"))
        made.setLayout(flow)
        return made
