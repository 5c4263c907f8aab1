"""The exposure panel: what dealers are assumed to hold by strike and expiry, where their hedging turns, and what is open."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QStackedLayout, QStackedWidget, QVBoxLayout, QWidget

from plugins.options.exposure import model
from plugins.options.exposure.panel_heat import Heat
from plugins.options.exposure.panel_pictures import Curve, StrikeBars
from plugins.options.panel_parts import nothing_of
from terminal.domain import format as written
from terminal.ui.badge import SourceBadge
from terminal.ui.form import Banner, EmptyState, Flow, MetricCard, Segment, label, reveal, row
from terminal.ui.meters import ProgressLine

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from PySide6.QtGui import QShowEvent

    from terminal.api import Host, Table, TerminalError

# key, in Newbie words, in Pro words
VIEWS = (("strikes", "By price", "By strike"), ("map", "By price and day", "Strike × expiry"),
         ("curve", "If the price moves", "Net gamma curve"), ("open", "What is open", "Open interest"),
         ("traded", "What was traded", "Volume"))  # fmt: skip
DEALERS = (("naive", "Usual", "Long calls, short puts"), ("short", "Sold all", "Short all"), ("long", "Own all", "Long all"),
           ("flow", "As seen", "From flow"))  # fmt: skip
EXPIRIES = (("0", "All expiries", "All"), ("1", "The next", "Next"), ("4", "The next 4", "Next 4"))
STICKY = (("strike", "", "Sticky strike"), ("moneyness", "", "Sticky moneyness"))


class ExposurePanel(QWidget):
    """Runs `options.gex` once a symbol, day, assumption and span of expiries; views and measures show the same answer."""

    def __init__(self, host: Host) -> None:
        super().__init__()
        self.host = host
        self.symbol = host.symbol() or ""
        self.table: Table | None = None
        self._asked = self._stale = False
        self._call: Any = None
        self.title, self.price = label("", "h1"), label("", "value")
        self.headline, self.assumption = label("", "body", wrap=True), label("", "muted", wrap=True)
        self.badge, self.banner = SourceBadge(), Banner("", dismissable=True)
        self.progress = ProgressLine(self._cancel)
        self.view, self.measure, self.dealer = Segment((), name="View"), Segment((), name="Measure"), Segment((), name="Dealers")
        self.expiries, self.sticky = Segment((), name="Expiries"), Segment((), name="Volatility sticks to")
        self.bars, self.heat, self.curve = StrikeBars(), Heat(), Curve()
        self.cards = {key: MetricCard("") for key in model.FACTS}
        self.empty = EmptyState("No symbol chosen", icon="layers")
        self._choices = {"view": "strikes", "measure": "gamma", "dealer": "naive", "expiries": "0", "sticky": "strike"}
        self._worded = ""  # the mode of the words on the switches
        self._lay_out()
        self.banner.hide()
        for key in self._choices:
            getattr(self, key).changed.connect(lambda value, key=key: self.choose(key, value))
        host.on("market.changed", self._market_changed)
        self._dress()

    def _lay_out(self) -> None:
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addLayout(row(self.title, self.price, 0, self.badge, spacing=8, margins=(12, 8, 12, 4)))
        box.addWidget(self.banner)
        box.addWidget(self.progress)
        self._stack = QStackedLayout()
        box.addLayout(self._stack, 1)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(12, 0, 12, 8)
        column.setSpacing(6)
        bar = QWidget()
        flow = Flow(bar, spacing=8)
        self._dealer_word, self._assume = label("Dealers", "muted"), QWidget()
        self._assume.setLayout(row(self._dealer_word, self.dealer, spacing=6))
        for each in (self.view, self.measure, self._assume, self.expiries, self.sticky):
            flow.addWidget(each)
        column.addWidget(bar)
        column.addWidget(self.headline)
        column.addWidget(self.assumption)
        column.addLayout(row(*self.cards.values(), spacing=8))
        self._pictures = QStackedWidget()
        for picture in (self.bars, self.heat, self.curve):
            self._pictures.addWidget(picture)
        column.addWidget(self._pictures, 1)
        self.note = label("", "muted", wrap=True)
        column.addWidget(self.note)
        self._stack.addWidget(self.empty)
        self._stack.addWidget(inside)

    # ---- what the window calls ----

    def show_symbol(self, symbol: str) -> None:
        """Show another underlying."""
        if symbol != self.symbol:
            self.symbol = symbol
            self.table = None
            self.refresh()

    def show_as_of(self, _day: Any) -> None:
        """Another day: what is shown belongs to the present one."""
        self.table = None
        self.refresh()

    def set_mode(self, mode: str) -> None:
        """Other words; the same values."""
        self._dress()
        self._show()

    def retheme(self) -> None:
        for picture in (self.bars, self.heat, self.curve):
            picture.retheme()

    def save_state(self) -> dict[str, Any]:
        return dict(self._choices)

    def restore_state(self, state: Mapping[str, Any]) -> None:
        for key, offered in self._offered().items():
            if str(state.get(key)) in {value for value, _ in offered}:
                self._choices[key] = str(state[key])
        self._dress()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._asked or self._stale:
            self.refresh()

    def choose(self, key: str, value: str) -> None:
        """Another view, measure, assumption, span of expiries or way of pricing elsewhere."""
        self._choices[key] = value
        if key in ("view", "measure"):
            self._show()
        else:
            self.refresh()

    # ---- asking ----

    def refresh(self) -> None:
        """Read everything anew."""
        if not self.isVisible():
            self._stale = True
            return
        self._asked, self._stale = True, False
        self._dress()
        if not self.symbol:
            self.empty.set_message("No symbol chosen", "Pick one in another panel, or press Ctrl+K and type a ticker.", "layers",
                                   "Show SPY", lambda: self.host.select("SPY"))  # fmt: skip
            self._stack.setCurrentIndex(0)
            return
        chosen = self._choices
        wanted = {"symbol": self.symbol, "by": "strike", "dealer": chosen["dealer"], "expiries": int(chosen["expiries"]),
                  "sticky": chosen["sticky"]}  # fmt: skip
        self._call = self.host.run("options.gex", wanted, then=self._arrived, fail=self._failed, progress=self.progress.report,
                                   key="exposure")  # fmt: skip

    def _cancel(self) -> None:
        if self._call is not None:
            self._call.cancel()
        self.progress.finish()

    def _market_changed(self, payload: Mapping[str, Any]) -> None:
        datasets, symbols = payload.get("datasets") or (), payload.get("symbols") or ()
        if self._asked and (not datasets or "chains" in datasets) and (not symbols or self.symbol in symbols):
            self.refresh()

    def _failed(self, error: TerminalError) -> None:
        self.progress.finish()
        if self.table is not None:
            self.banner.show_message(error.sentence(), "warn", title="The exposure could not be worked out", action="Try again",
                                     on_action=self.refresh)  # fmt: skip
            return
        nothing_of(self.empty, self.host, self.symbol, f"No exposure of {self.symbol}", error, "layers", self.refresh)
        self._stack.setCurrentIndex(0)

    def _arrived(self, table: Table) -> None:
        self.progress.finish()
        self.banner.hide()
        self.table = table
        self._stack.setCurrentIndex(1)
        self._dress()
        self._show()

    # ---- showing ----

    def _offered(self) -> dict[str, list[tuple[str, str]]]:
        newbie = self.host.mode == "newbie"
        measures = [(key, *model.TITLES[key]) for key in model.MEASURES]
        offers: dict[str, Sequence[tuple[str, str, str]]] = {"view": VIEWS, "measure": measures, "dealer": DEALERS,
                                                             "expiries": EXPIRIES, "sticky": STICKY}  # fmt: skip
        return {key: [(value, plain if newbie and plain else short) for value, plain, short in each]
                for key, each in offers.items()}  # fmt: skip

    def _dress(self) -> None:
        newbie = self.host.mode == "newbie"
        self.title.setText(self.symbol or ("Who has to hedge" if newbie else "Exposure"))
        for key, offered in self._offered().items():
            segment: Segment = getattr(self, key)
            if self._worded != self.host.mode:
                segment.offer(())
                segment.offer(offered)
            segment.set_value(self._choices[key])
        self._worded = self.host.mode
        self._dealer_word.setText("We assume dealers" if newbie else "Dealers")
        if self.table is None:
            self.price.setText("")
            return
        self.price.setText(written.number(self.table.detail["exposure"].spot, 2))
        self.badge.show_sources(self.table.sources, datetime.now(UTC))

    def _show(self) -> None:
        view, measure, mode = self._choices["view"], self._choices["measure"], self.host.mode
        reveal(self.measure, view in ("strikes", "map"))
        reveal(self.sticky, mode != "newbie" and view == "curve")
        reveal(self._assume, view not in ("open", "traded"))
        if self.table is None:
            return
        detail = self.table.detail
        found = detail["exposure"]
        marks = model.marks(detail["levels"], found.spot, mode)
        what = {"open": "open_interest", "traded": "volume"}.get(view)
        self.headline.setText(model.open_headline(detail, what, mode) if what else model.headline(detail, mode))
        self.assumption.setText(self.table.notes[0])
        reveal(self.assumption, what is None)
        self.note.setText(" ".join((*self.table.unknown, detail["dated"])))
        for fact in model.facts(detail, mode):
            card = self.cards[fact.key]
            card.set_title(fact.title)
            card.set_value(fact.value, fact.context, sentence=fact.sentence)
            reveal(card, fact.key in model.shown_facts(view, mode))
        if view == "map":
            self.heat.show_map(model.heat(found, measure), found.spot, model.UNITS[measure])
            self._pictures.setCurrentWidget(self.heat)
        elif view == "curve":
            self.curve.show_curve(detail["turn"].spots, detail["turn"].gamma, marks)
            self._pictures.setCurrentWidget(self.curve)
        else:
            self._show_bars(view, measure, marks)
            self._pictures.setCurrentWidget(self.bars)

    def _show_bars(self, view: str, measure: str, marks: Sequence[model.Mark]) -> None:
        assert self.table is not None
        found = self.table.detail["exposure"]
        if view == "strikes":
            sides = model.sides(measure, self.host.mode)
            self.bars.show_bars(model.net_bars(found, measure), marks, money=True, sides=sides)
        else:
            what = "open_interest" if view == "open" else "volume"
            self.bars.show_bars(model.open_bars(found, what), marks, money=False, sides=("Calls", "Puts"))
