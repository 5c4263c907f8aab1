"""What stands above every page of the portfolio: whose accounts, and in which currency."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QWidget

from terminal.ui.form import label, row

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from terminal.api import Table

_OFTEN = ("USD", "EUR", "GBP", "CHF")


@dataclass
class Surroundings:
    """What the pages are about: the accounts or portfolios by name (none: all), and the currency of totals ("": the accounts'
    own). `go` opens another page by its key; `tell` says that something was done."""

    accounts: tuple[str, ...] = ()
    currency: str = ""
    go: Callable[[str], None] = lambda _page: None

    @property
    def arguments(self) -> dict[str, Any]:
        """For commands that take accounts and a currency."""
        return {"account": self.accounts, "currency": self.currency}


class Head(QWidget):
    """Two choices; `changed` when the user made another one. What was chosen is kept in the surroundings."""

    changed = Signal()

    def __init__(self, surroundings: Surroundings) -> None:
        super().__init__()
        self._surroundings = surroundings
        self.accounts, self.currency = QComboBox(), QComboBox()
        self.accounts.setAccessibleName("Account or portfolio")
        self.accounts.setMinimumWidth(130)
        self.accounts.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.currency.setAccessibleName("Currency of totals")
        self.currency.setToolTip("Totals in this currency, at the rates the market knows")
        self._own = "USD"
        self._in = label("in", "muted")
        self.setLayout(row(self.accounts, self._in, self.currency, spacing=6))
        self._fill((), (), ())
        self.accounts.activated.connect(lambda _: self._chosen())
        self.currency.activated.connect(lambda _: self._chosen())

    def show_accounts(self, accounts: Table, portfolios: Table) -> None:
        """Offer these. An account that is gone is chosen no longer: then all are."""
        kept = accounts.rows()
        self._fill(
            [(str(each["account"]), str(each["currency"])) for each in kept],
            [(str(each["name"]), str(each["accounts"][0])) for each in portfolios.rows() if each["accounts"]],
            sorted({str(each["currency"]) for each in kept}),
        )

    def choose(self, accounts: Sequence[str], currency: str) -> None:
        """What was chosen the last time; it is offered at once, before the accounts are known."""
        self._surroundings.accounts, self._surroundings.currency = tuple(accounts), currency
        for name in accounts:
            if self.accounts.findText(name) < 0:
                self.accounts.addItem(name, (name,))
        if currency and self.currency.findData(currency) < 0:
            self.currency.addItem(currency, currency)
        self._show()

    def _fill(self, accounts: Sequence[tuple[str, str]], portfolios: Sequence[tuple[str, str]], used: Sequence[str]) -> None:
        self._currencies = dict(accounts)
        self._currencies |= {name: self._currencies.get(first, "") for name, first in portfolios}
        self._first = accounts[0][1] if accounts else ""
        self.accounts.clear()
        self.accounts.addItem("All accounts", ())
        for names in ([name for name, _ in portfolios], [name for name, _ in accounts]):
            if names:
                self.accounts.insertSeparator(self.accounts.count())
            for name in names:
                self.accounts.addItem(name, (name,))
        gone = [name for name in self._surroundings.accounts if self.accounts.findText(name) < 0]
        if accounts and gone:
            self._surroundings.accounts = ()
        self.currency.clear()
        self.currency.addItem("", "")
        for code in dict.fromkeys((*used, *_OFTEN, *filter(None, [self._surroundings.currency]))):
            self.currency.addItem(code, code)
        self._show()

    def _show(self) -> None:
        chosen = self._surroundings
        self.accounts.setCurrentIndex(max(0, self.accounts.findText(chosen.accounts[0]) if chosen.accounts else 0))
        own = self._currencies.get(chosen.accounts[0], "") if chosen.accounts else self._first
        self.currency.setItemText(0, f"{own} (its own)" if own else "its own")
        self.currency.setCurrentIndex(max(0, self.currency.findData(chosen.currency)))

    def _chosen(self) -> None:
        self._surroundings.accounts = tuple(self.accounts.currentData() or ())
        self._surroundings.currency = str(self.currency.currentData() or "")
        self._show()
        self.changed.emit()
