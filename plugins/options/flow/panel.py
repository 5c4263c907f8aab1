"""The flow panel: what it rests on above, and pages: events, tickers, the next morning, how flags did, recipes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from terminal.ui.badge import SourceBadge
from terminal.ui.form import Chip, Segment, ghost, label, reveal, row
from terminal.ui.pages import Pages, PageSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from PySide6.QtGui import QShowEvent

    from terminal.api import Host, Table, TerminalError

PAGES = (
    PageSpec("live", "What stands out", "Events", "plugins.options.flow.page_live:LivePage"),
    PageSpec("leaders", "By ticker", "Tickers", "plugins.options.flow.page_tables:LeadersPage"),
    PageSpec("verdicts", "What the next morning said", "Next morning", "plugins.options.flow.page_tables:VerdictsPage"),
    PageSpec("scores", "Was it worth anything?", "Scorecard", "plugins.options.flow.page_tables:ScorePage"),
    PageSpec("recipes", "What counts as unusual", "Recipes", "plugins.options.flow.page_recipes:RecipesPage"),
)


_INPUTS = {"prints": "Trade feed", "alert": "A service's alerts", "snapshot": "Delayed snapshots"}


@dataclass
class Surroundings:
    """What pages ask of the panel: `symbols` to look at (none: all), and `rests` shows what an answer rests on."""

    symbols: Callable[[], list[str]]
    rests: Callable[[Table], None]


class FlowPanel(QWidget):
    """Looks at every archived ticker, or at the linked one."""

    def __init__(self, host: Host) -> None:
        super().__init__()
        self.host = host
        self._symbol = host.symbol() or ""
        self._stream: Any = None
        self.title = label("Flow", "h1")
        self.scope = Segment((("all", "All"), ("one", self._symbol or "Linked")), "all", "Whose options")
        self.rests = Chip("…", "", tip="What the list rests on")
        self.badge = SourceBadge()
        self.write_button = ghost("Write down", "pencil", self.write_down)
        self.write_button.setToolTip("Write today's flags into your book, so that they can be judged tomorrow and scored later")
        self.import_button = ghost("Import …", "file-input", self.import_file)
        self.import_button.setToolTip("Option trades from a CSV or Databento file")
        self.listen_button = ghost("Listen", "radio", self.listen)
        self.listen_button.setToolTip("Listen to Unusual Whales' stream, for which a key is needed")
        surroundings = Surroundings(self.symbols, self.show_rests)
        self.pages = Pages(host, PAGES, surroundings, book=("options",), name="Page of the flow panel", own_bar=False)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addLayout(row(self.title, self.rests, self.badge, 0, self.scope, spacing=8, margins=(12, 8, 12, 4)))
        buttons = (self.write_button, self.import_button, self.listen_button)
        box.addLayout(row(self.pages.bar, 0, *buttons, spacing=8, margins=(12, 0, 12, 6)))
        box.addWidget(self.pages, 1)
        self.scope.changed.connect(lambda _: self.pages.ask())
        self._dress()

    # ---- what pages ask ----

    def symbols(self) -> list[str]:
        """The linked symbol, or none for all."""
        return [self._symbol] if self.scope.value == "one" and self._symbol else []

    def show_rests(self, table: Table) -> None:
        """Say what an answer rests on: the words that must never be missing."""
        found = table.detail["found"]
        self._say_inputs({**found.feeds, "snapshot": len(found.looked)}, found.rests_on)
        self.badge.show_sources(table.sources, datetime.now(UTC))

    def _say_inputs(self, counts: Mapping[str, int], told: str) -> None:
        kinds = [word for key, word in _INPUTS.items() if counts.get(key)]
        self.rests.set_text(" + ".join(kinds) or "No input yet", "warn" if kinds in ([], [_INPUTS["snapshot"]]) else "ok")
        self.rests.setToolTip(told)
        self.rests.setAccessibleName(told)

    def _ask_inputs(self) -> None:
        def told(table: Table) -> None:
            words = [f"{each['input']}: {each['count']:,}" for each in table.rows() if each["count"]]
            self._say_inputs(table.detail, f"Rests on {', '.join(words) or 'nothing yet'}. {table.notes[1]}")

        self.host.run("options.flow_inputs", then=told, fail=lambda _: None, key="inputs")

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._ask_inputs()

    # ---- what the window calls ----

    def refresh(self) -> None:
        """Ask anew."""
        self.pages.ask()

    def show_page(self, key: str) -> None:
        """Open a page by its key."""
        self.pages.show_page(key)

    def show_symbol(self, symbol: str) -> None:
        """Another linked symbol."""
        if symbol != self._symbol:
            self._symbol = symbol
            self.scope.offer((("all", "All"), ("one", symbol)))
            if self.scope.value == "one":
                self.pages.ask()

    def show_as_of(self, _day: Any) -> None:
        """Another day: the same questions anew."""
        self._dress()
        self._ask_inputs()
        self.pages.ask()

    def set_mode(self, mode: str) -> None:
        """Other words; the same values."""
        self._dress()
        self.pages.set_mode(mode)

    def retheme(self) -> None:
        self.pages.retheme()

    def save_state(self) -> dict[str, Any]:
        return {**self.pages.save_state(), "scope": self.scope.value}

    def restore_state(self, state: Mapping[str, Any]) -> None:
        self.scope.set_value(str(state.get("scope", "all")))
        self.pages.restore_state(state)

    # ---- what the user does ----

    def write_down(self) -> None:
        """Today's flags into the book."""
        self.host.run("options.flow_scan", {"symbols": self.symbols()}, then=lambda table: self.host.notify(table.title, "ok"),
                      fail=self._say, key="scan")  # fmt: skip

    def import_file(self) -> None:
        """Option trades from a file."""
        from PySide6.QtWidgets import QFileDialog

        file, _ = QFileDialog.getOpenFileName(self, "Import option trades", "", "Option trades (*.csv *.dbn *.dbn.zst)")
        if file:
            self.host.run("options.flow_import", {"file": file}, then=lambda table: self.host.notify(table.title, "ok"),
                          fail=self._say, key="import")  # fmt: skip

    def listen(self) -> None:
        """Begin to listen, or stop."""
        if self._stream is not None:
            self._stream.cancel()
            self._ended()
            return
        wanted = [self._symbol] if self._symbol else []
        self._stream = self.host.run("options.flow_stream", {"symbols": wanted}, then=lambda table: self._ended(table.title),
                                     fail=self._stream_failed, progress=self._listening, key="stream")  # fmt: skip
        self.listen_button.setText("Stop listening")

    def _listening(self, _fraction: float | None, note: str) -> None:
        self.listen_button.setToolTip(note)

    def _stream_failed(self, error: TerminalError) -> None:
        self._ended()
        self._say(error)

    def _ended(self, text: str = "") -> None:
        self._stream = None
        self._dress()
        if text:
            self.host.notify(text, "ok")

    def _say(self, error: TerminalError) -> None:
        self.host.notify(f"{error.message} {error.hint}".strip(), "warn")

    def _dress(self) -> None:
        newbie = self.host.mode == "newbie"
        self.title.setText("Unusual option trades" if newbie else "Flow")
        now = self.host.as_of is None
        for button in (self.write_button, self.listen_button):
            button.setEnabled(now)
        self.listen_button.setText("Listen" if self._stream is None else "Stop listening")
        reveal(self.import_button, not newbie)
