"""The tearsheet's panel: one symbol from top to bottom, with sliders to question the verdict and the value."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QStackedLayout, QVBoxLayout, QWidget

from plugins.tearsheet.panel_parts import (
    Cards,
    CashValue,
    Lights,
    Pillars,
    Plain,
    Sensitivity,
    Verdict,
    clear,
    compared,
    gate_lights,
    letter,
    risk_lights,
    tip,
)
from terminal.domain import format as words
from terminal.ui import theme
from terminal.ui.badge import SourceBadge
from terminal.ui.chart import Chart, PriceLevel
from terminal.ui.form import Banner, Button, Chip, EmptyState, IconButton, Section, label, line, primary, row
from terminal.ui.meters import ProgressLine
from terminal.ui.table import TableView

if TYPE_CHECKING:
    from collections.abc import Mapping

    from plugins.tearsheet.model import Sheet
    from terminal.api import Host, Table, TerminalError

_DWELL_MS = 4000
_WATCHLIST = "My watchlist"
_HEADINGS = {
    "gates": ("Decision framework", "Does it pass the tests?"),
    "sensitivity": ("Sensitivity of the verdict", "What would change the verdict?"),
    "cash": ("Valuation: discounted cash flow", "What is a share worth by its cash?"),
    "context": ("Valuation in context", "Cheap or dear, compared with what?"),
    "risks": ("Risks", "What may go wrong?"),
    "peers": ("Peers", "Similar companies"),
    "events": ("Events", "What is coming up?"),
    "changes": ("Since your last look", "What changed since you last looked?"),
    "figures": ("All figures", "All the numbers"),
}


class TearsheetPanel(QWidget):
    """Follows the linked symbol; every button and slider is a command of `tearsheet`."""

    def __init__(self, host: Host) -> None:
        super().__init__()
        self.host = host
        self.symbol = ""
        self.sheet: Sheet | None = None
        self._table: Table | None = None
        self._tried: dict[str, float] = {}
        self._assumed: dict[str, float] = {}
        self._dwell = QTimer(self, singleShot=True, interval=_DWELL_MS)
        self._dwell.timeout.connect(self._remember)
        self._settle = QTimer(self, singleShot=True, interval=60)
        self._settle.timeout.connect(self._revalue)
        self.empty = EmptyState("No symbol chosen", "Pick a row in the screener, or press Ctrl+K and type a ticker.", "file-text")
        self.progress = ProgressLine(self._cancel)
        self.banner = Banner("")
        self.banner.hide()
        self._call: Any = None
        self._build()
        host.on("market.changed", self._market_changed)
        first = host.symbol()
        if first:
            self.show_symbol(first)

    # ---- building ----

    def _build(self) -> None:
        self._stack = QStackedLayout()
        self._stack.addWidget(self.empty)
        page = QWidget()
        outer = QVBoxLayout(page)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setAccessibleName("Tearsheet")
        inside = QWidget()
        self._box = QVBoxLayout(inside)
        self._box.setContentsMargins(16, 12, 16, 16)
        self._box.setSpacing(12)
        self._scroll.setWidget(inside)
        outer.addWidget(self._scroll, 1)
        outer.addWidget(line())
        outer.addWidget(self._foot())
        self._stack.addWidget(page)
        self._head()
        self._body()
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(self.progress)
        box.addWidget(self.banner)
        box.addLayout(self._stack, 1)

    def _head(self) -> None:
        self._letter = QHBoxLayout()
        self._ticker, self._name = label("", "h1"), label("", "muted")
        self._simulated = Chip("Simulated", "warn", tip="An invented company of the demo market; no number here is real.")
        self._star = IconButton("star", "Add to watchlist", self._watch)
        self._star.setVisible(self.host.has_command("watchlist.add"))
        titles = QVBoxLayout()
        titles.setSpacing(0)
        titles.addLayout(row(self._ticker, self._simulated, 0, self._star))
        titles.addWidget(self._name)
        top = row(self._letter, titles, spacing=10)
        top.setStretch(1, 1)
        self._price, self._change, self._when = label("", "display"), label("", "strong"), label("", "muted")
        self._box.addLayout(top)
        self._box.addLayout(row(self._price, self._change, 0, self._when))

    def _body(self) -> None:
        self.badge = SourceBadge()
        self.chart = Chart(self.host)
        self.chart.setFixedHeight(300)
        self.verdict, self.pillars, self.cards = Verdict(), Pillars(), Cards()
        self.gates, self.risks = Lights(), Lights()
        self.sensitivity, self.cash = Sensitivity(), CashValue()
        self.context, self.events, self.changes = Plain(), Plain(), Plain()
        self.peers = TableView(self.host, name="Peers")
        self.peers.setMinimumHeight(250)
        self.peers.activated.connect(self.host.select)
        self.figures = TableView(self.host, name="All figures")
        self.figures.setMinimumHeight(360)
        self.verdict_again = Verdict()
        self.verdict_again.hide()
        self.sensitivity.tried.connect(self._try_threshold)
        self.cash.tried.connect(self._assume)
        self.cash.reset.clicked.connect(self._forget_assumptions)
        self._peers_basis = label("", "muted", wrap=True)
        for widget in (self.verdict, self.chart, self.cards, self.pillars):
            self._box.addWidget(widget)
        parts: dict[str, tuple[Any, ...]] = {
            "gates": (self.gates,),
            "sensitivity": (self.sensitivity, self.verdict_again),
            "cash": (self.cash,),
            "context": (self.context,),
            "risks": (self.risks,),
            "peers": (self._peers_basis, self.peers),
            "events": (self.events,),
            "changes": (self.changes,),
            "figures": (self.figures,),
        }
        self.sections: dict[str, Section] = {}
        for name, widgets in parts.items():
            self.sections[name] = Section(self._heading(name), *widgets, open=name not in ("figures", "sensitivity"))
            self._box.addWidget(self.sections[name])
        self._box.addWidget(self.badge)
        self._box.addStretch(1)

    def _foot(self) -> QWidget:
        self._sources = Button("Sources", icon="database", on_click=self._show_sources)
        foot = QWidget()
        foot.setLayout(row(primary("Export PDF", "download", partial(self._export, "pdf")),
                           Button("CSV", icon="file-spreadsheet", on_click=partial(self._export, "csv")), 0, self._sources,
                           margins=(16, 8, 16, 8)))  # fmt: skip
        return foot

    def _heading(self, name: str) -> str:
        pro, newbie = _HEADINGS[name]
        return newbie if self.host.mode == "newbie" else pro

    # ---- what the window calls ----

    def show_symbol(self, symbol: str) -> None:
        """Show another symbol."""
        if symbol == self.symbol and self.sheet is not None:
            return
        self.symbol = symbol
        self._tried.clear()
        self._assumed.clear()
        self._dwell.stop()
        self._load()

    def set_mode(self, mode: str) -> None:
        """Other words; the same values."""
        for name, section in self.sections.items():
            section.set_title(self._heading(name))
        if self._table is not None:
            self._show(self._table)

    def retheme(self) -> None:
        if self.sheet is not None:
            self._show_head(self.sheet)

    def save_state(self) -> dict[str, Any]:
        return {"symbol": self.symbol, "open": [name for name, section in self.sections.items() if section.open],
                "range": self.chart.ranges.value}  # fmt: skip

    def restore_state(self, state: Mapping[str, Any]) -> None:
        wanted = state.get("open")
        if isinstance(wanted, list):
            for name, section in self.sections.items():
                section.set_open(name in wanted)
        self.chart.show_range(str(state.get("range", "1Y")))
        if state.get("symbol") and not self.host.symbol():
            self.show_symbol(str(state["symbol"]))

    # ---- loading ----

    def _market_changed(self, payload: Mapping[str, Any]) -> None:
        symbols = payload.get("symbols")
        if self.symbol and (not symbols or self.symbol in symbols):
            self._load()

    def _load(self) -> None:
        self._call = self.host.run("tearsheet.show", {"symbol": self.symbol, "remember": False}, then=self._arrived, fail=self._failed,
                                   progress=self.progress.report, key="show")  # fmt: skip

    def _arrived(self, table: Table) -> None:
        self.progress.finish()
        self.banner.hide()
        self._table = table
        self._show(table)
        self._stack.setCurrentIndex(1)
        self._dwell.start()

    def _failed(self, error: TerminalError) -> None:
        self.progress.finish()
        self.sheet = self._table = None
        self.empty.set_message(f"Nothing to show for {self.symbol}", error.sentence(), "circle-help")
        self._stack.setCurrentIndex(0)

    def _cancel(self) -> None:
        if self._call is not None:
            self._call.cancel()

    def _remember(self) -> None:
        if self.isVisible() and self.sheet is not None:
            self.host.run("tearsheet.show", {"symbol": self.symbol, "section": ["price"]}, then=lambda _: None, fail=lambda _: None,
                          key="remember")  # fmt: skip

    # ---- showing ----

    def _show(self, table: Table) -> None:
        sheet: Sheet = table.detail["sheet"]
        self.sheet, mode = sheet, self.host.mode
        newbie = mode == "newbie"
        self._show_head(sheet)
        self.badge.show_sources(sheet.sources, datetime.now(UTC))
        self._sources.setText(f"Sources ({len(sheet.sources)})")
        self.chart.show_bars(sheet.bars, levels=self._levels(sheet), symbol=sheet.symbol, simulated=sheet.simulated)
        self.verdict.show_explanation(sheet.explanation, mode)
        self.verdict_again.hide()
        self.pillars.show_explanation(sheet.explanation)
        self.cards.show_sheet(sheet, mode)
        self.gates.show_lights(gate_lights(sheet.explanation, mode), "There are no hard limits for this kind.")
        self.sensitivity.show_thresholds(sheet.thresholds, mode)
        self.sections["cash"].setVisible(sheet.kind == "stock")
        self.cash.show_valuation(sheet.valuation, sheet.reverse.growth, sheet.currency, mode)
        self.risks.show_lights(risk_lights(sheet, mode), "No risk could be measured with what is known.")
        self._show_lines("context", self.context, sheet, "valuation", "Nothing to compare with is known.")
        self._show_lines("events", self.events, sheet, "events", "No upcoming event is known.")
        self._show_changes(sheet)
        self._show_peers(sheet)
        self.sections["figures"].setVisible(not newbie)
        self.figures.show_table(table, columns=("title", "text", "compared_with", "as_of", "provider", "formula"))

    def _show_head(self, sheet: Sheet) -> None:
        clear(self._letter)
        self._letter.addWidget(letter(sheet.symbol))
        self._ticker.setText(sheet.symbol)
        sector = sheet.row.get("sector") or {"etf": "Fund", "bond": "Bond", "bond_etf": "Bond fund"}.get(sheet.kind or "", "")
        self._name.setText(" · ".join(part for part in (sheet.name, sector, sheet.currency) if part))
        self._simulated.setVisible(sheet.simulated)
        price, change, before = (sheet.row.get(name) for name in ("price", "change", "previous_close"))
        self._price.setText(words.number(price))
        moved = None if price is None or before is None else price - before
        self._change.setText("" if change is None else f"{words.change(change)} ({words.number(moved, sign=True)})")
        theme.set_role(self._change, tone="" if not change else "up" if change > 0 else "down")
        self._when.setText(f"Close {words.day(sheet.price_date)}" if sheet.price_date else "date unknown")

    def _levels(self, sheet: Sheet) -> list[PriceLevel]:
        levels = []
        for field, name in (("high_52w", "52-week high"), ("low_52w", "52-week low")):
            if sheet.row.get(field):
                levels.append(PriceLevel(sheet.row[field], name))
        value = sheet.valuation.value
        high, low = sheet.row.get("high_52w"), sheet.row.get("low_52w")
        # A value far off the chart would squeeze the candles to a line.
        if value and high and low and low * 0.8 < value < high * 1.25:
            levels.append(PriceLevel(value, "DCF value", "accent"))
        return levels

    def _show_lines(self, name: str, widget: Plain, sheet: Sheet, section: str, nothing: str) -> None:
        newbie = self.host.mode == "newbie"
        lines = []
        for figure in sheet.figures:
            if figure.section == section:
                title = figure.newbie if newbie and figure.newbie and section == "events" else figure.title
                value = f"{figure.text} ({compared(figure)})" if compared(figure) else figure.text
                lines.append((title, value, tip(sheet, figure, newbie)))
        widget.show_lines(lines, nothing)

    def _show_changes(self, sheet: Sheet) -> None:
        since = "This is your first look at it." if sheet.look_at is None else "Nothing that matters has changed."
        note = "" if sheet.look_at is None else f"since {words.moment(sheet.look_at)}"
        self.sections["changes"].set_note(note)
        self.changes.show_lines([(each.title, f"{each.was_text} → {each.text}", each.newbie) for each in sheet.changes], since)

    def _show_peers(self, sheet: Sheet) -> None:
        from terminal.api import Table as Made
        from terminal.domain.fields import FIELDS
        from terminal.domain.sourced import Column

        peers = sheet.peers
        self._peers_basis.setText(f"{peers.count} chosen by {peers.basis}." if peers.count else "No similar company is known.")
        names = [name for name in ("symbol", "name", "verdict", "score", *peers.fields) if name in peers.frame.columns]
        columns = tuple(dict.fromkeys(Column(name, FIELDS[name].title, FIELDS[name].type, FIELDS[name].unit, name, FIELDS[name].decimals)
                                      for name in names))  # fmt: skip
        made = Made("Peers", columns, peers.frame.select([column.name for column in columns]), sources=sheet.sources)
        wanted = ("symbol", "verdict", "score", *peers.fields[:6]) if self.host.mode == "pro" else ("symbol", "name", "verdict")
        self.peers.show_table(made, columns=wanted)

    # ---- sliders ----

    def _try_threshold(self, key: str, value: float) -> None:
        self._tried[key] = value
        pairs = [f"{name}={number:.10g}" for name, number in self._tried.items()]
        self.host.run("tearsheet.sensitivity", {"symbol": self.symbol, "set": pairs}, then=self._tried_out, key="sensitivity")

    def _tried_out(self, table: Table) -> None:
        self.verdict_again.show_explanation(table.detail["explanation"], self.host.mode)
        self.verdict_again.show()
        self.sections["sensitivity"].set_note("with your thresholds")

    def _assume(self, name: str, value: float) -> None:
        self._assumed[name] = value
        self._settle.start()

    def _forget_assumptions(self) -> None:
        self._assumed.clear()
        self._revalue()

    def _revalue(self) -> None:
        self.host.run("tearsheet.dcf", {"symbol": self.symbol, **self._assumed}, then=self._revalued, key="dcf")

    def _revalued(self, table: Table) -> None:
        found, back = table.detail["valuation"], table.detail["reverse"]
        currency = self.sheet.currency if self.sheet else None
        self.cash.show_valuation(found, back.growth, currency, self.host.mode)
        self.sections["cash"].set_note("with your assumptions" if self._assumed else "")

    # ---- actions ----

    def _export(self, kind: str) -> None:
        path = self.host.save_file("Export the tearsheet", f"{self.symbol}.{kind}", (f"{kind.upper()} (*.{kind})",))
        if path:
            self.host.run(
                "tearsheet.export",
                {"symbol": self.symbol, kind: path},
                then=lambda _: self.host.notify(f"Written to {path}.", "ok"),
            )

    def _watch(self) -> None:
        self.host.run("watchlist.add", {"name": _WATCHLIST, "symbols": [self.symbol]},
                      then=lambda _: self.host.notify(f"{self.symbol} is on the watchlist “{_WATCHLIST}”.", "ok"))  # fmt: skip

    def _show_sources(self) -> None:
        if self.sheet is None:
            return
        lines = [f"{source.provider}: {source.endpoint}, as of {words.moment(source.as_of)}" + (" · SIMULATED" if source.simulated else "")
                 for source in self.sheet.sources]  # fmt: skip
        self.banner.show_message("\n".join(lines) or "No source is recorded.", "info", title="Where these numbers come from",
                                 action="Close", on_action=self.banner.hide)  # fmt: skip
