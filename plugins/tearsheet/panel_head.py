"""The top of the tearsheet: who it is, what it costs, what can be done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from plugins.tearsheet.panel_parts import empty, letter
from terminal.domain import format as words
from terminal.ui import theme
from terminal.ui.form import Chip, label, row

if TYPE_CHECKING:
    from plugins.tearsheet.model import Sheet

_KINDS = {"etf": "Fund", "fund": "Fund", "index": "Index", "bond": "Bond", "bond_etf": "Bond fund"}


class Head(QWidget):
    """Ticker, name, price and change, and the row of actions given."""

    def __init__(self, actions: QWidget) -> None:
        super().__init__()
        self._letter = QHBoxLayout()
        self._ticker, self._name = label("", "h1"), label("", "muted", wrap=True)
        self._simulated = Chip("Simulated", "warn", tip="An invented instrument of the demo market; no number here is real.")
        titles = QVBoxLayout()
        titles.setSpacing(0)
        titles.addLayout(row(self._ticker, self._simulated, 0, actions))
        titles.addWidget(self._name)
        top = row(self._letter, titles, spacing=10)
        top.setStretch(1, 1)
        self._sheet: Sheet | None = None
        self._price, self._change, self._when = label("", "display"), label("", "strong"), label("", "muted")
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(8)
        box.addLayout(top)
        box.addLayout(row(self._price, self._change, 0, self._when))

    def show_sheet(self, sheet: Sheet) -> None:
        """Show another symbol."""
        empty(self._letter)
        self._letter.addWidget(letter(sheet.symbol))
        self._ticker.setText(sheet.symbol)
        what = sheet.row.get("sector") or _KINDS.get(sheet.kind or "", "")
        name = sheet.name if sheet.name != sheet.symbol else ""
        self._name.setText(" · ".join(part for part in (name, what, sheet.currency) if part))
        self._simulated.setVisible(sheet.simulated)
        price, change, before = (sheet.row.get(field) for field in ("price", "change", "previous_close"))
        self._tell(price, change, None if price is None or before is None else price - before)
        self._when.setText(f"Close {words.day(sheet.price_date)}" if sheet.price_date else "date unknown")
        self._sheet = sheet
        self._say(price)

    def show_price(self, price: float, before: float | None, when: str) -> None:
        """A newer price of the same symbol, and when and from whom it came."""
        self._tell(price, price / before - 1 if before else None, None if before is None else price - before)
        self._when.setText(when)
        self._say(price)

    def _tell(self, price: float | None, change: float | None, moved: float | None) -> None:
        self._price.setText(words.number(price))
        self._change.setText("" if change is None else f"{words.change(change)} ({words.number(moved, sign=True)})")
        theme.set_role(self._change, tone="" if not change else "up" if change > 0 else "down")

    def _say(self, price: float | None) -> None:
        sheet = self._sheet
        if sheet is None:
            return
        said = "price unknown" if price is None else f"price {words.money(price, sheet.currency)}"
        self.setAccessibleName(f"{sheet.symbol} {sheet.name}, {said}")
