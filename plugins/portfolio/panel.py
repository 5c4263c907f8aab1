"""The portfolio's panel: whose accounts and in which currency above, and pages of everything the book says of them below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from plugins.portfolio.panel_empty import EmptyBook
from plugins.portfolio.panel_head import Head, Surroundings
from terminal.ui.form import label, row
from terminal.ui.pages import Pages, PageSpec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtGui import QShowEvent

    from terminal.api import Host, Table, TerminalError

# In the order of the bar. A page is made when it is first shown; its class is called with the host and the Surroundings.
PAGES = (
    PageSpec("overview", "How it stands", "Overview", "plugins.portfolio.overview.page:OverviewPage"),
    PageSpec("holdings", "What you own", "Holdings", "plugins.portfolio.reports.page_holdings:HoldingsPage"),
    PageSpec("returns", "What it made", "Returns", "plugins.portfolio.reports.page_returns:ReturnsPage"),
    PageSpec("risk", "How risky it is", "Risk", "plugins.portfolio.risk.page:RiskPage"),
    PageSpec("whatif", "What if", "What if", "plugins.portfolio.whatif.page:WhatIfPage"),
    PageSpec("allocation", "Where it should be", "Allocation", "plugins.portfolio.allocation.page:AllocationPage"),
    PageSpec("sizing", "How much to buy", "Sizing", "plugins.portfolio.sizing.page:SizingPage"),
    PageSpec("bookings", "What happened", "Bookings", "plugins.portfolio.bookings.page:BookingsPage"),
)


class PortfolioPanel(QWidget):
    """Asks whose accounts there are; the pages ask for the rest. With nothing booked it says how to begin."""

    def __init__(self, host: Host) -> None:
        super().__init__()
        self.host = host
        self.surroundings = Surroundings(go=self.show_page)
        self.title = label("Portfolio", "h1")
        self.head = Head(self.surroundings)
        self.pages = Pages(host, PAGES, self.surroundings, book=("portfolio",), name="Page of the portfolio", own_bar=False)
        self.empty = EmptyBook(host, self)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.pages)
        self._stack.addWidget(self.empty)
        self._begun = False
        self._accounts: Table | None = None
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addLayout(row(self.title, 0, self.head, spacing=8, margins=(12, 8, 12, 4)))
        self._bar = QWidget()
        self._bar.setLayout(row(self.pages.bar, margins=(12, 0, 12, 6)))
        box.addWidget(self._bar)
        box.addWidget(self._stack, 1)
        self.head.changed.connect(self.pages.ask)
        host.on("book.changed", self._book_changed)
        self._dress()

    # ---- what the window calls ----

    def refresh(self) -> None:
        """Read everything anew."""
        self._ask_accounts()
        self.pages.ask()

    def show_page(self, key: str) -> None:
        """Open a page by its key."""
        self.pages.show_page(key)

    def show_as_of(self, _day: Any) -> None:
        """Another day: the same questions anew."""
        self.refresh()

    def set_mode(self, mode: str) -> None:
        """Other words; the same values."""
        self._dress()
        self.empty.set_mode(mode)
        self.pages.set_mode(mode)

    def retheme(self) -> None:
        self.pages.retheme()

    def save_state(self) -> dict[str, Any]:
        chosen = self.surroundings
        return {"accounts": list(chosen.accounts), "currency": chosen.currency, **self.pages.save_state()}

    def restore_state(self, state: Mapping[str, Any]) -> None:
        self.head.choose([str(name) for name in state.get("accounts") or ()], str(state.get("currency") or ""))
        self.pages.restore_state(state)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._begun:
            self._begun = True
            self._ask_accounts()

    # ---- what the empty book offers ----

    def open_import(self) -> None:
        """Bring a broker's file in."""
        from plugins.portfolio.bookings.panel_import import open_import

        open_import(self, self.host)

    def open_booking(self) -> None:
        """Book something by hand."""
        from plugins.portfolio.bookings.panel_booking import open_booking

        open_booking(self, self.host, self.surroundings.accounts)

    def open_example(self) -> None:
        """Invented bookings: made here in the demo market, else the demo market is shown."""
        if self._accounts is not None and self._accounts.simulated:
            self.host.run("portfolio.demo_fill", then=lambda _: self.refresh())
        else:
            self.host.run("window.market", {"to": "demo"}, then=lambda _: None)

    # ---- inner ----

    def _dress(self) -> None:
        self.title.setText("Your portfolio" if self.host.mode == "newbie" else "Portfolio")

    def _book_changed(self, payload: Mapping[str, Any]) -> None:
        if self._begun and str(payload.get("table", "")).startswith("portfolio."):
            self._ask_accounts()

    def _ask_accounts(self) -> None:
        self.host.run("portfolio.accounts", then=self._got_accounts, fail=self._failed, key="accounts")

    def _got_accounts(self, accounts: Table) -> None:
        self._accounts = accounts
        self._show_emptiness(not any(each["bookings"] for each in accounts.rows()))
        self.host.run("portfolio.list", then=lambda found: self.head.show_accounts(accounts, found), key="portfolios")

    def _show_emptiness(self, empty: bool) -> None:
        self._stack.setCurrentIndex(1 if empty else 0)
        self._bar.setVisible(not empty)
        self.head.setVisible(not empty)

    def _failed(self, problem: TerminalError) -> None:
        self.empty.show_problem(problem)
        self._show_emptiness(True)
