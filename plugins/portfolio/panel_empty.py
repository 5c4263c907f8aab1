"""What the portfolio says while nothing is booked: how to begin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from terminal.ui.form import Card, EmptyState, Flow, Glyph, column, ghost, label, primary, reveal, row

if TYPE_CHECKING:
    from plugins.portfolio.panel import PortfolioPanel
    from terminal.api import Host, TerminalError
    from terminal.ui.form import Button

_NEWBIE = (
    "Tell Tapeline what you bought and sold, and it tells you what you own, what it made, and what to do about it. "
    "Nothing leaves this computer."
)
_PRO = "Everything here is worked out from bookings: positions, lots, P&L, returns and risk, as of any day."


class EmptyBook(QWidget):
    """Three ways to begin: a broker's file, a booking by hand, a look at invented bookings."""

    def __init__(self, host: Host, panel: PortfolioPanel) -> None:
        super().__init__()
        self._host, self._panel = host, panel
        self.message = EmptyState("Nothing is booked yet", "", "briefcase")
        self.import_button = primary("Import a file …", "file-input", self._import)
        self.add_button = ghost("Book something …", "plus", self._add)
        self.demo_button = ghost("Look at an example", "flask-conical", self._demo)
        ways = QWidget()
        ways.setMaximumWidth(860)
        flow = Flow(spacing=12, stretch=True)
        for icon, title, text, button in (
            ("file-input", "From your broker", "A file your broker gives you (CSV, XML): Interactive Brokers, Schwab, Fidelity, "
             "Robinhood, Trading 212, Degiro, Coinbase, Alpaca, or any table. You see first what it would book.",
             self.import_button),
            ("plus", "By hand", "One purchase, sale, dividend or deposit at a time. The account is made with the first one.",
             self.add_button),
            ("flask-conical", "An example", "An invented user's year of bookings in the simulated market, to look around.",
             self.demo_button),
        ):  # fmt: skip
            flow.addWidget(self._way(icon, title, text, button))
        ways.setLayout(flow)
        self._ways = ways
        middle = row(0, ways, 0, margins=(24, 0, 24, 0))
        middle.setStretch(1, 100)  # up to its greatest width, in the middle
        self.setLayout(column(0, self.message, middle, 0, spacing=8))
        self.set_mode(host.mode)

    def _way(self, icon: str, title: str, text: str, button: Button) -> Card:
        words = label(text, "body", wrap=True)
        head = row(Glyph(icon, "accent_text", 18), label(title, "strong"), 0, spacing=8)
        card = Card(head, words, 0, row(button, 0), spacing=8)
        card.setMinimumWidth(230)
        return card

    def set_mode(self, mode: str) -> None:
        """The same in the words of a mode."""
        self.message.set_message("Nothing is booked yet", _NEWBIE if mode == "newbie" else _PRO, "briefcase")
        reveal(self._ways)
        reveal(self.demo_button, self._host.has_command("portfolio.demo_fill"))

    def show_problem(self, problem: TerminalError) -> None:
        """The book cannot be read: what is the matter, and nothing to begin with."""
        self.message.set_message(problem.message, problem.hint, "triangle-alert")
        reveal(self._ways, False)

    def _import(self) -> None:
        self._panel.open_import()

    def _add(self) -> None:
        self._panel.open_booking()

    def _demo(self) -> None:
        self._panel.open_example()
