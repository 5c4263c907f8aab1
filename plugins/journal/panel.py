"""The journal's panel: what is due above, and pages of what was decided, predicted and learned below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from terminal.ui.form import Chip, ghost, label, primary, reveal, row
from terminal.ui.pages import Pages, PageSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from PySide6.QtGui import QShowEvent

    from terminal.api import Host, Table

# In the order of the bar. A page is made when it is first shown; its class is called with the host and the Surroundings.
PAGES = (
    PageSpec("decisions", "What you decided", "Decisions", "plugins.journal.decisions.page_decisions:DecisionsPage"),
    PageSpec("reviews", "Look again", "Reviews", "plugins.journal.decisions.page_reviews:ReviewsPage"),
    PageSpec("trades", "Your trades", "Trades", "plugins.journal.trades.page:TradesPage"),
    PageSpec("statistics", "How you trade", "Statistics", "plugins.journal.statistics.page:StatisticsPage"),
    PageSpec("outcomes", "Were you right?", "Outcomes", "plugins.journal.decisions.page_outcomes:OutcomesPage"),
    PageSpec(
        "calls", "What you predicted", "Calls and calibration", "plugins.journal.decisions.page_calibration:CalibrationPage"
    ),
)


@dataclass
class Surroundings:
    """What the panel does for its pages: `go` opens a page, `log` the form of a decision of a symbol, `call` that of a call,
    `trade` shows a trade on its page."""

    go: Callable[[str], None]
    log: Callable[[str], None]
    call: Callable[[], None]
    trade: Callable[[int], None]


class JournalPanel(QWidget):
    """Opened with a symbol it opens the form of a decision; the pages ask for everything else."""

    def __init__(self, host: Host) -> None:
        super().__init__()
        self.host = host
        self.surroundings = Surroundings(self.show_page, self.open_form, self.open_call, self.show_trade)
        self.title = label("Journal", "h1")
        self.due = Chip("", "warn", clickable=True, tip="Decisions that are to be looked at again")
        self.due.hide()
        self.call_button = ghost("Predict …", "crosshair", self.open_call)
        self.call_button.setToolTip("Write down a prediction that will turn out right or wrong")
        self.log_button = primary("Log a decision …", "notebook-pen", self.open_form)
        followed = ("journal", "portfolio")
        self.pages = Pages(host, PAGES, self.surroundings, book=followed, name="Page of the journal", own_bar=False)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addLayout(row(self.title, self.due, 0, self.call_button, self.log_button, spacing=8, margins=(12, 8, 12, 4)))
        box.addLayout(row(self.pages.bar, margins=(12, 0, 12, 6)))
        box.addWidget(self.pages, 1)
        self.due.clicked.connect(lambda: self.show_page("reviews"))
        host.on("book.changed", self._book_changed)
        self._dress()

    # ---- what the window calls ----

    def refresh(self) -> None:
        """Read everything anew."""
        self._ask_due()
        self.pages.ask()

    def show_page(self, key: str) -> None:
        """Open a page by its key."""
        self.pages.show_page(key)

    def show_trade(self, number: int) -> None:
        """A trade by its number, on the page of trades."""
        self.show_page("trades")
        if (page := self.pages.page) is not None:
            page.show_trade(number)

    def show_symbol(self, symbol: str) -> None:
        """Opened for a symbol, as from its tearsheet: a decision about it is to be written down."""
        self.open_form(symbol)

    def show_as_of(self, _day: Any) -> None:
        """Another day: the same questions anew."""
        self._dress()
        self.refresh()

    def set_mode(self, mode: str) -> None:
        """Other words; the same values."""
        self._dress()
        self.pages.set_mode(mode)

    def retheme(self) -> None:
        self.pages.retheme()

    def save_state(self) -> dict[str, Any]:
        return self.pages.save_state()

    def restore_state(self, state: Mapping[str, Any]) -> None:
        self.pages.restore_state(state)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._ask_due()

    # ---- what the user does ----

    def open_form(self, symbol: str = "") -> None:
        """The form of a new decision."""
        from plugins.journal.decisions.panel_form import open_form

        open_form(self, self.host, symbol or self.host.symbol() or "")

    def open_call(self) -> None:
        """The form of a new prediction."""
        from plugins.journal.decisions.panel_call import open_call

        open_call(self, self.host)

    # ---- inner ----

    def _dress(self) -> None:
        newbie = self.host.mode == "newbie"
        self.title.setText("Your decisions" if newbie else "Journal")
        now = self.host.as_of is None
        self.call_button.setEnabled(now)
        self.log_button.setToolTip("" if now else "It will be dated back and marked as written in hindsight")

    def _book_changed(self, payload: Mapping[str, Any]) -> None:
        if str(payload.get("table", "")).startswith("journal.") and self.isVisible():
            self._ask_due()

    def _ask_due(self) -> None:
        self.host.run("journal.review", then=self._show_due, fail=lambda _: None, key="due")

    def _show_due(self, table: Table) -> None:
        count = table.frame.height
        self.due.set_text(f"{count} to look at" if self.host.mode == "newbie" else f"{count} due", "warn")
        reveal(self.due, bool(count))
