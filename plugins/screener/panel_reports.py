"""How many of the rows report earnings in the coming days; hidden where no plugin knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal

from terminal.domain import format as fmt
from terminal.ui.form import Chip

if TYPE_CHECKING:
    from collections.abc import Sequence

    from terminal.api import Host, Table

COMMAND = "earnings.summary"
_VERDICTS = (("strong_buy", "Strong Buy"), ("buy", "Buy"), ("hold", "Hold"), ("avoid", "Avoid"), ("unknown", "Unknown"))


class Reports(Chip):
    """A chip: "25 earnings this week". Its tooltip tells them by day and by verdict; a click opens the list."""

    counted = Signal()

    def __init__(self, host: Host) -> None:
        super().__init__("", clickable=True)
        self._host = host
        self.hide()
        self.clicked.connect(lambda: host.open("earnings"))

    def count(self, symbols: Sequence[str]) -> None:
        """Ask how many of these report."""
        if self._host.has_command(COMMAND):
            self._host.run(COMMAND, {"symbols": list(symbols)}, then=self._show, fail=lambda _: self.hide(), key="reports")

    def _show(self, table: Table) -> None:
        days = table.rows()
        total = sum(day["reports"] for day in days)
        lines = []
        for day in days:
            parts = [f"{day[name]} {title}" for name, title in _VERDICTS if day[name]]
            lines.append(f"{day['label']}: {day['reports']} ({', '.join(parts)})")
        self.set_text(f"{fmt.count(total)} earnings this week")
        self.setToolTip("\n".join(lines))
        self.setVisible(bool(total))
        self.counted.emit()
