"""The volatility panel: what options expect of a symbol above, and pages with a picture and a table each below."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from plugins.options.volatility.page_base import Surroundings
from plugins.options.volatility.panel_moves import RankGauge
from terminal.domain import format as written
from terminal.ui.badge import SourceBadge
from terminal.ui.form import Flow, column, label, reveal, row
from terminal.ui.pages import Pages, PageSpec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from PySide6.QtGui import QShowEvent

    from terminal.api import Host, Source, Table, TerminalError

_OPTIONS, _PAST = "plugins.options.volatility.page_options:", "plugins.options.volatility.page_past:"
PAGES = (
    PageSpec("move", "How far it may go", "Expected move", f"{_OPTIONS}MovesPage"),
    PageSpec("smile", "By strike", "Smile", f"{_OPTIONS}SmilePage"),
    PageSpec("term", "By time", "Term", f"{_OPTIONS}TermPage"),
    PageSpec("surface", "All at once", "Surface", f"{_OPTIONS}SurfacePage"),
    PageSpec("cones", "How much it moved", "Cones", f"{_PAST}ConesPage"),
    PageSpec("days", "Day by day", "IV and HV", f"{_PAST}DaysPage"),
    PageSpec("reports", "On reports", "Earnings", f"{_PAST}ReportsPage"),
)
# Column of `options iv`, its names in both modes, and whether beginners see it.
_FIGURES = (
    ("iv30", "Expected, a year", "IV 30", True),
    ("hv20", "It moved, a year", "HV 20", True),
    ("iv_hv", "Expected / moved", "IV/HV", True),
    ("skew25", "Skew", "Skew 25Δ", False),
    ("rr25", "Risk reversal", "RR 25Δ", False),
    ("bf25", "Butterfly", "BF 25Δ", False),
    ("slope", "Later against soon", "Slope 90-30", False),
    ("premium", "Variance premium", "VRP", False),
)


class Figure(QWidget):
    """A name and a value."""

    def __init__(self, host: Host, name: str) -> None:
        super().__init__()
        self.title, self.value = label("", "muted"), label("–", "strong")
        self.setLayout(column(self.title, self.value, spacing=0))
        self._host, self._name = host, name

    def show_value(self, title: str, text: str, why: str) -> None:
        """`why`: the reason when it is unknown."""
        self.title.setText(title)
        self.value.setText(text)
        self.setAccessibleName(f"{title}: {'unknown' if text == written.UNKNOWN else text}")
        told = self._host.explain({"premium": "variance_premium", "slope": "term_slope"}.get(self._name, self._name))
        self.setToolTip(f"<b>{told.title}</b><br>{told.text}" + (f"<br><i>{why}</i>" if why else ""))


class VolatilityPanel(QWidget):
    """Follows its group's symbol and day. The head runs `options.iv` and `options.em`, each page a command of its own."""

    def __init__(self, host: Host) -> None:
        super().__init__()
        self.host = host
        self.surroundings = Surroundings(host.symbol() or "", self.show_page, self._show_sources)
        self._iv: Table | None = None
        self._asked: tuple[str, Any] | None = None
        self.title = label("Volatility", "h1")
        self.sentence = label("", "strong", wrap=True)
        self.gauge = RankGauge()
        self.badge = SourceBadge()
        self.figures = {name: Figure(host, name) for name, *_ in _FIGURES}
        self.pages = Pages(host, PAGES, self.surroundings, name="Page of volatility", own_bar=False)
        flow = Flow(spacing=18)
        for each in (self.gauge, *self.figures.values()):
            flow.addWidget(each)
        self._head = QWidget()
        self._head.setLayout(column(flow, spacing=4, margins=(12, 0, 12, 4)))
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(2)
        box.addLayout(row(self.title, 0, self.badge, spacing=8, margins=(12, 8, 12, 2)))
        self._said = QWidget()
        self._said.setLayout(row(self.sentence, margins=(12, 0, 12, 4)))
        box.addWidget(self._said)
        box.addWidget(self._head)
        bar = QWidget()
        bar.setLayout(row(self.pages.bar, margins=(12, 0, 12, 6)))
        box.addWidget(bar)
        box.addWidget(self.pages, 1)
        host.on("market.changed", self._changed)
        self._dress()

    # ---- what the window calls ----

    def show_symbol(self, symbol: str) -> None:
        """Another symbol: everything is asked for it."""
        if symbol != self.surroundings.symbol:
            self.surroundings.symbol = symbol
            self.refresh()

    def show_as_of(self, _day: Any) -> None:
        """Another day: the same questions anew."""
        self.refresh()

    def show_page(self, key: str) -> None:
        """Open a page by its key."""
        self.pages.show_page(key)

    def refresh(self) -> None:
        """Ask for everything anew."""
        self._iv = None
        self._dress()
        self.gauge.show_stands(None, self.host.mode == "newbie")
        self.sentence.setText("")
        self._asked = None
        if self.isVisible():
            self._ask()
        self.pages.ask()

    def set_mode(self, mode: str) -> None:
        self._dress()
        self.pages.set_mode(mode)

    def retheme(self) -> None:
        self.gauge.update()
        self.pages.retheme()

    def save_state(self) -> dict[str, Any]:
        return {"symbol": self.surroundings.symbol, **self.pages.save_state()}

    def restore_state(self, state: Mapping[str, Any]) -> None:
        if not self.surroundings.symbol:
            self.surroundings.symbol = str(state.get("symbol") or "")
        self.pages.restore_state(state)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._ask()

    # ---- inner ----

    def _ask(self) -> None:
        wanted = (self.surroundings.symbol, self.host.as_of)
        if not self.surroundings.symbol or self._asked == wanted:
            return
        self._asked = wanted
        symbol = self.surroundings.symbol
        self.host.run("options.iv", {"symbols": (symbol,)}, then=self._arrived, fail=self._failed, key="head.iv")
        self.host.run("options.em", {"symbol": symbol}, then=self._expected, fail=lambda _: None, key="head.em")

    def _changed(self, payload: Mapping[str, Any]) -> None:
        told = set(payload.get("datasets") or ())
        symbols = payload.get("symbols")
        if self.isVisible() and told & {"chains", "bars"} and (not symbols or self.surroundings.symbol in symbols):
            self._asked = None
            self._ask()

    def _arrived(self, table: Table) -> None:
        self._iv = table
        self._dress()

    def _show_sources(self, sources: Sequence[Source]) -> None:
        self.badge.show_sources(sources, datetime.now(UTC))

    def _expected(self, table: Table) -> None:
        self.sentence.setText(table.notes[0] if table.notes else "")

    def _failed(self, problem: TerminalError) -> None:
        self._iv = None
        self._dress()
        self.sentence.setText(problem.sentence())

    def _dress(self) -> None:
        newbie, symbol = self.host.mode == "newbie", self.surroundings.symbol
        name = "What options expect" if newbie else "Volatility"
        self.title.setText(f"{name} of {symbol}" if symbol else name)
        reveal(self._head, self._iv is not None)
        if self._iv is None:
            return
        found = (self._iv.detail or {}).get("found") or ()
        self.gauge.show_stands(found[0][1] if found else None, newbie)
        given = self._iv.rows()[0] if self._iv.rows() else {}
        reasons = dict(each.split(": ", 1) for each in self._iv.unknown if ": " in each)
        for column_name, plain, full, simple in _FIGURES:
            value = given.get(column_name)
            text = {"iv_hv": written.multiple(value, 2), "premium": written.number(value, 4, sign=True)}.get(
                column_name, written.percent(value, 1, sign=column_name in ("rr25", "bf25", "slope"))
            )
            self.figures[column_name].show_value(plain if newbie else full, text, reasons.get(f"{symbol} {column_name}", ""))
            reveal(self.figures[column_name], simple or not newbie)
