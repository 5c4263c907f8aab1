"""Risk for a professional: figures, contributions, methods and their grades in tables, correlations and history in pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QSplitter, QVBoxLayout, QWidget

from plugins.portfolio.risk.panel_map import HeatMap
from plugins.portfolio.risk.panel_pictures import Exceptions, Underwater
from plugins.portfolio.risk.panel_plain import LIGHTS
from plugins.portfolio.risk.tables import METHODS, by_name
from terminal.domain import format as written
from terminal.domain.risk.grading import METHODS as METHODS_GRADED
from terminal.ui.form import MetricCard, column, ghost, label, row
from terminal.ui.pages import Bar
from terminal.ui.table import Look, TableView

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtWidgets import QLayout

    from plugins.portfolio.risk.check import Checked
    from plugins.portfolio.risk.correlation import Together
    from plugins.portfolio.risk.measures import Measures
    from terminal.api import Host, Table

_POSITIONS = {
    "symbol": Look("ticker", 78), "name": Look("muted", 130, stretch=True), "worth": Look("number", 92, total="sum"),
    "weight": Look("number", 66, total="sum"), "amount": Look("number", 92, total="sum"),
    "component": Look("number", 78, total="sum"), "risk_share": Look("number", 76, total="sum"),
    "marginal": Look("number", 74), "alone": Look("number", 78, total="sum"), "shortfall": Look("number", 84, total="sum"),
    "volatility": Look("number", 74), "beta": Look("number", 70),
}  # fmt: skip
_TABLES = (("positions", "Positions"), ("sectors", "Sectors"), ("var", "Methods"), ("check", "Grades"), ("factors", "Factors"),
           ("styles", "Styles"), ("drawdowns", "Falls"), ("liquidity", "Liquidity"), ("account", "Account"),
           ("summary", "All"))  # fmt: skip
_LOOKS = {
    "positions": _POSITIONS,
    "var": {"method": Look("text", 150, stretch=True), "why": Look("muted", 90)},
    "check": {"method": Look("text", 140), "verdict": Look("chips", 84, tones={"good": "ok", "too many": "error"}),
              "says": Look("muted", 200, stretch=True)},
    "styles": {"style": Look("text", 90), "percentile": Look("position", 110), "says": Look("muted", 200, stretch=True)},
    "sectors": {"sector": Look("text", 150, stretch=True), "component": Look("number", 78, total="sum")},
    "factors": {"factor": Look("text", 190, stretch=True)},
    "drawdowns": {"depth": Look("signed", 80)},
    "liquidity": {"symbol": Look("ticker", 120, stretch=True)},
    "account": {"figure": Look("text", 140), "said": Look("muted", 160, stretch=True)},
    "summary": {"figure": Look("text", 150), "says": Look("muted", 260, stretch=True)},
}  # fmt: skip
_ORDER = ("symbol", "name", "weight", "component", "risk_share", "shortfall", "amount", "volatility", "beta", "marginal", "alone")
_CARDS = ("var", "cvar", "volatility", "beta", "max_drawdown", "sharpe", "sortino", "effective", "days_to_sell")


class FullRisk(QWidget):
    """Cards above; below them one of the tables at the left, the pictures at the right. `wanted`: a table that costs time."""

    wanted = Signal(str)

    def __init__(self, host: Host) -> None:
        super().__init__()
        self._host = host
        self._tables: dict[str, Table] = {}
        self._checked: Checked | None = None
        self._currency = ""
        self.cards = {name: MetricCard(_CARD_TITLES[name]) for name in _CARDS}
        self.which = Bar("Table of risk")
        self.which.offer(_TABLES, "positions")
        self.shown = "positions"
        self.views = {name: TableView(host, name=title, looks=_LOOKS[name]) for name, title in _TABLES}
        self.views["positions"].selected.connect(host.select)
        self.map = HeatMap()
        self.map.chosen.connect(host.select)
        self.under = Underwater()
        self.exceptions = Exceptions()
        self.method = QComboBox()
        self.method.setAccessibleName("Method to check")
        for each in METHODS_GRADED:
            self.method.addItem(METHODS[each], each)
        self.method.setCurrentIndex(self.method.findData("filtered"))
        self._under_note = label("", "muted")
        self._map_note = label("", "muted", wrap=True)
        self._check_note = label("", "muted", wrap=True)
        self.which.chosen.connect(self.show_part)
        self.method.currentIndexChanged.connect(lambda _: self._show_exceptions())
        self._note = label("", "muted", wrap=True)
        self._lay_out()
        self.show_part("positions")

    def _lay_out(self) -> None:
        cards = row(*self.cards.values(), spacing=6)
        self._places = QVBoxLayout()
        self._places.setContentsMargins(0, 0, 0, 0)
        for view in self.views.values():
            self._places.addWidget(view)
        export = ghost("Export", "download", self._export)
        head = row(self.which, export, spacing=6)
        head.setStretch(0, 1)
        left = _held(column(head, self._note, self._places, spacing=6))
        charts = QSplitter(Qt.Orientation.Horizontal)
        charts.setChildrenCollapsible(False)
        falls = column(label("Falls from a high", "h2"), self._under_note, self.under, spacing=4, margins=(10, 6, 0, 0))
        charts.addWidget(_held(falls))
        checked = row(label("Losses against value at risk", "h2"), 0, self.method, spacing=6)
        charts.addWidget(_held(column(checked, self._check_note, self.exceptions, spacing=4, margins=(10, 6, 0, 0))))
        charts.setSizes([1000, 1000])
        right = QSplitter(Qt.Orientation.Vertical)
        right.setChildrenCollapsible(False)
        right.addWidget(_held(column(label("Correlation", "h2"), self._map_note, self.map, spacing=4, margins=(10, 0, 0, 0))))
        right.addWidget(charts)
        right.setStretchFactor(0, 3)
        right.setStretchFactor(1, 2)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.addWidget(left)
        split.addWidget(right)
        split.setStretchFactor(0, 1)
        split.setStretchFactor(1, 1)
        split.setSizes([1000, 1000])
        box = column(cards, split, spacing=8)
        box.setStretch(1, 1)
        self.setLayout(box)

    # ---- what the page tells ----

    def show_risk(self, table: Table, found: Measures) -> None:
        """Figures, tables and falls."""
        self._currency = found.of.held.currency
        rows = by_name(table.rows())
        for name, card in self.cards.items():
            _fill(card, name, rows.get(name), found)
            term = self._host.explain(f"risk_{name}")
            says = (rows.get(name) or {}).get("says") or ""
            card.setToolTip("<br>".join(part for part in (f"<b>{term.title}</b>", says, term.text, term.formula) if part))
        self._tables.update(table.detail["parts"])
        for name, each in table.detail["parts"].items():
            self.views[name].show_table(each, columns=_ORDER if name == "positions" else None)
        self.under.show_under(found.under)
        now = found.under[-1][1] if found.under else None
        self._under_note.setText("" if now is None else f"Now {written.percent(now, 1)}; {len(found.under)} days")
        self._show_note()

    def show_together(self, found: Together | None, table: Table) -> None:
        """The heat map and what it says."""
        self.map.show_together(found)
        self._map_note.setText(" ".join(table.notes[:2]))

    def show_checked(self, found: Checked | None, table: Table) -> None:
        """The grades and the days."""
        self._checked = found
        self._tables["check"] = table
        self.views["check"].show_table(table)
        self._show_exceptions()
        self._show_note()

    def show_account(self, table: Table) -> None:
        """What the accounts did."""
        self._tables["account"] = table
        self.views["account"].show_table(table)
        self._show_note()

    def set_mode(self, mode: str) -> None:
        for view in self.views.values():
            view.set_mode(mode)

    def retheme(self) -> None:
        self.map.retheme()
        self.under.update()
        self.exceptions.update()

    def save_state(self) -> dict[str, Any]:
        return {"table": self.shown, "method": self.method.currentData()}

    def restore_state(self, state: Mapping[str, Any]) -> None:
        if state.get("table") in self.views:
            self.show_part(str(state["table"]))
        if state.get("method") in METHODS_GRADED:
            self.method.setCurrentIndex(self.method.findData(state["method"]))

    # ---- inner ----

    def show_part(self, name: str) -> None:
        """One of the tables by its key."""
        self.shown = name
        self.which.set_value(name)
        for key, view in self.views.items():
            view.setVisible(key == name)
        self._show_note()
        if name == "account":
            self.wanted.emit(name)

    def _show_note(self) -> None:
        table = self._tables.get(self.shown)
        self._note.setText(table.notes[0] if table is not None and table.notes else "")

    def _export(self) -> None:
        self.views[self.shown].export()

    def _show_exceptions(self) -> None:
        self.exceptions.show_checked(self._checked, self.method.currentData(), self._currency)
        if self._checked is None:
            self._check_note.setText("Too few days to check.")
            return
        one = next(each for each in self._checked.grades if each.method == self.method.currentData())
        tests = [f"{title} p {written.number(value, 3)}" for title, value in
                 (("Kupiec", one.kupiec), ("Christoffersen", one.independence)) if value is not None]  # fmt: skip
        expected = written.number(one.expected, 0)
        self._check_note.setText(" · ".join((f"{one.exceptions} of {one.days} days, {expected} expected", *tests, one.verdict)))


_CARD_TITLES = {
    "var": "Value at risk", "cvar": "Expected shortfall", "volatility": "Volatility, a year", "beta": "Beta",
    "max_drawdown": "Max drawdown", "sharpe": "Sharpe", "sortino": "Sortino", "effective": "Effective positions",
    "days_to_sell": "Days to sell",
}  # fmt: skip
_TONES = {"ok": "muted", "warn": "warn", "error": "down", "unknown": "muted"}


def _fill(card: MetricCard, name: str, figure: Mapping[str, Any] | None, found: Measures) -> None:
    if figure is None:
        card.set_value("–", "not known")
        return
    amount, share, value, currency = figure["amount"], figure["share"], figure["value"], found.of.held.currency
    tone = _TONES[LIGHTS.get(str(figure["state"]), "unknown")]
    if name in ("var", "cvar"):
        shown, context = written.money(amount, currency, 0), f"{written.percent(share, 2)} of everything"
    elif name in ("volatility", "max_drawdown"):
        shown = written.percent(share, 1)
        other = None if found.index is None else getattr(found.index, name)
        context = "" if other is None else f"{found.of.market_symbol} {written.percent(other, 1)}"
    else:
        shown = written.number(value, 1 if name in ("effective", "days_to_sell") else 2)
        other = None if found.index is None or name not in ("sharpe", "sortino") else getattr(found.index, name)
        context = f"{found.of.market_symbol} {written.number(other, 2)}" if other is not None else _context(name, found)
    card.set_value(shown, context, tone)


def _context(name: str, found: Measures) -> str:
    if name == "beta" and found.market is not None and found.market.explained is not None:
        return f"R² {written.number(found.market.explained, 2)}"
    if name == "effective" and found.concentration is not None:
        return f"of {found.concentration.count}, HHI {written.number(found.concentration.herfindahl, 3)}"
    return "at 10 % of volume" if name == "days_to_sell" else ""


def _held(layout: QLayout) -> QWidget:
    made = QWidget()
    made.setLayout(layout)
    return made
