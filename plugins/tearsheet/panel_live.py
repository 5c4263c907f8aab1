"""The price at the top of the tearsheet while it is traded: says what is shown, so that its trades are listened to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from PySide6.QtCore import QTimer

from terminal.domain import format as fmt

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from PySide6.QtWidgets import QWidget

    from plugins.tearsheet.model import Sheet
    from terminal.api import Host, Table

_NEW_YORK = ZoneInfo("America/New_York")


class LivePrice:
    """Asks for the newest price of what `panel` shows, as long as it is seen; `show(price, before, when)` is told.

    Nothing is asked of a simulated market or of a past day.
    """

    def __init__(self, host: Host, panel: QWidget, show: Callable[[float, float | None, str], None]) -> None:
        self._host, self._panel, self._show = host, panel, show
        self._sheet: Sheet | None = None
        self._again = QTimer(panel, singleShot=True)
        self._again.timeout.connect(self.ask)
        host.on("prices.changed", self._changed)

    def follow(self, sheet: Sheet) -> None:
        """Another sheet is shown."""
        self._sheet = sheet
        self.ask()

    def ask(self) -> None:
        """Say what is shown, and take its newest price."""
        self._again.stop()
        sheet = self._sheet
        if sheet is None or sheet.simulated or not self._panel.isVisible() or not self._host.has_command("market.live"):
            return
        asked = {"symbols": [sheet.symbol], "who": self._host.panel_id}
        self._host.run("market.live", asked, then=self._came, fail=lambda _: None, key="live")

    def _changed(self, payload: Mapping[str, Any]) -> None:
        if self._sheet is not None and self._sheet.symbol in payload.get("symbols", ()):
            self.ask()

    def _came(self, table: Table) -> None:
        sheet, seconds = self._sheet, int(table.detail["seconds"])
        if seconds:
            self._again.start(seconds * 1000)
        row = next((each for each in table.frame.to_dicts() if sheet is not None and each["symbol"] == sheet.symbol), None)
        if row is None or sheet is None or row["price"] is None or not row["live"]:
            return
        at = row["at"].astimezone(_NEW_YORK)
        if sheet.price_date is None or at.date() >= sheet.price_date:
            self._show(row["price"], row["previous_close"], f"Live, Finnhub {fmt.clock(at, seconds=True)}")
