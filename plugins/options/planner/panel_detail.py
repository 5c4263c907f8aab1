"""The chosen position: its sentence, figures, pictures, legs, risks, and what it does to the portfolio."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import QBoxLayout, QFrame, QScrollArea, QSlider, QSpinBox, QStackedWidget, QVBoxLayout, QWidget

from plugins.options.planner import words
from plugins.options.planner.panel_legs import LegsEditor
from plugins.options.planner.panel_pictures import HeatMap, Payoff
from plugins.options.planner.panel_risks import Risks
from terminal.domain import format as written
from terminal.ui import theme
from terminal.ui.form import Banner, Card, Flow, MetricCard, Segment, column, ghost, label, reveal, row
from terminal.ui.table import Look, TableView

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtGui import QResizeEvent, QWheelEvent

    from terminal.api import Host, Table, TerminalError

_WAIT = 40
_POINTS, _DAYS = 81, 13
_VIEWS = (("legs", "Legs"), ("risks", "Risks"), ("figures", "All figures"), ("portfolio", "Your portfolio"),
          ("plans", "Kept"))  # fmt: skip
_WIDE = 800
# What a position does to what is held; the rest of that answer is about cash and single holdings.
_SECTIONS = ("Risk", "Greeks", "Shock")
_CARDS = (("cost", "You pay", "Cost"), ("loss", "You can lose", "Max loss"), ("gain", "You can make", "Max profit"),
          ("chance", "Chance to make money", "POP"), ("even", "You make money from", "Break-even"),
          ("margin", "Kept aside", "Buying power"), ("greeks", "It behaves like", "Delta / theta / vega"),
          ("size", "How many", "Size"))  # fmt: skip
_FIGURES = {"section": Look("muted", 76), "title": Look("text", 210), "value": Look("number", 88),
            "text": Look("text", 260, stretch=True)}  # fmt: skip
_EFFECT = {"section": Look("muted", 70), "what": Look("text", 200), "before": Look("number", 96), "after": Look("number", 96),
           "change": Look("signed", 96)}  # fmt: skip


_PLANS = {"name": Look("text", 150), "legs": Look("muted", 170, stretch=True), "profit": Look("signed", 72),
          "state": Look("text", 70), "chance": Look("number", 60), "risk": Look("number", 76)}  # fmt: skip


class _Slide(QSlider):
    """Leaves the wheel to the page unless it has the focus."""

    def __init__(self, name: str, low: int, high: int) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setRange(low, high)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumWidth(theme.scaled(64))

    def wheelEvent(self, event: QWheelEvent) -> None:
        super().wheelEvent(event) if self.hasFocus() else event.ignore()


class _Figure(MetricCard):
    """Narrow, so that all of them stand in one line where there is room."""

    def sizeHint(self) -> QSize:
        return QSize(theme.scaled(112), super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.scaled(84), super().minimumSizeHint().height())


class Detail(QWidget):
    """Asks `options.calc` for the legs it is given; `answered` with the table of figures, None for a problem."""

    answered = Signal(object)

    def __init__(self, host: Host) -> None:
        super().__init__()
        self._host = host
        self._symbol, self._legs, self._count = "", "", 1
        self._purse: Mapping[str, Any] = {}
        self._title = ""
        self.said = label("", "h1", wrap=True)
        self.name = label("", "muted", wrap=True)
        self.problem = Banner("", "warn")
        self.problem.hide()
        self.cards = {key: _Figure(pro) for key, _, pro in _CARDS}
        self.payoff, self.map, self.legs = Payoff(), HeatMap(), LegsEditor()
        self.day = _Slide("Day of the second line", 0, _DAYS - 1)
        self.iv = _Slide("Volatility moved by points", -20, 40)
        self.day.setValue(_DAYS // 2)
        self.day_said, self.iv_said = label("", "muted"), label("", "muted")
        self.count = QSpinBox(minimum=1, maximum=10_000)
        self.count.setAccessibleName("How many times the position")
        self.count.setSuffix(" ×")
        self.views = Segment(_VIEWS, "legs", "What is shown below")
        self.risks = Risks()
        self.figures = TableView(host, name="Figures of the position", looks=_FIGURES)
        self.effect = TableView(host, name="Effect on your portfolio", looks=_EFFECT)
        self.plans = TableView(host, name="Plans that are kept", looks=_PLANS)
        self.keep = ghost("Keep", "bookmark")
        self.keep.setToolTip("Keep this plan in your book, to see later what became of it")
        self.copy = ghost("Copy legs", "copy", self._copy)
        self.foot = label("", "muted", wrap=True)
        self._wait = QTimer(self, singleShot=True, interval=_WAIT)
        self._wait.timeout.connect(self._ask_grid)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        cards = Flow(spacing=6, stretch=True)
        for card in self.cards.values():
            cards.addWidget(card)
        several = QWidget()
        several.setLayout(cards)
        sliders = row(label("On", "muted"), self.day, self.day_said, 8, label("Volatility", "muted"), self.iv, self.iv_said,
                      spacing=8)  # fmt: skip
        self.day_said.setMinimumWidth(theme.scaled(78))
        self.iv_said.setMinimumWidth(theme.scaled(62))
        self._stack = QStackedWidget()
        self._pages = {"legs": self._scrolled(self.legs), "risks": self.risks, "figures": self.figures, "portfolio": self.effect,
                       "plans": self.plans}  # fmt: skip
        for page in self._pages.values():
            self._stack.addWidget(page)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(7)
        for part in (self.said, self.name, self.problem, several):
            box.addWidget(part)
        picture = Card(self.payoff)
        picture.body.addLayout(sliders)
        box.addWidget(picture, 3)
        box.addLayout(row(self.views, 0, self.count, self.keep, self.copy, spacing=8))
        self._lower = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._lower.setSpacing(12)
        self._lower.addWidget(self._stack, 5)
        self._lower.addWidget(self.map, 3)
        box.addLayout(self._lower, 2)
        box.addWidget(self.foot)
        self._inside = (several, picture, self.views, self.count, self.keep, self.copy, self._stack, self.map, self.foot)
        self.set_mode(self._host.mode)

    def _scrolled(self, widget: QWidget) -> QScrollArea:
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setAccessibleName("Legs of the position")
        area.setMinimumHeight(theme.scaled(120))
        holder = QWidget()
        holder.setLayout(column(widget, 0))
        area.setWidget(holder)
        return area

    def _connect(self) -> None:
        self.views.changed.connect(self.show_view)
        self.legs.changed.connect(lambda text: self.show_legs(text, title="Your own legs"))
        self.day.valueChanged.connect(self._day_moved)
        self.iv.valueChanged.connect(self._iv_moved)
        self.count.valueChanged.connect(self._counted)

    # ---- what the panel calls ----

    def show_position(self, symbol: str, legs: str, count: int, purse: Mapping[str, Any], title: str) -> None:
        """Another position, and what it is called."""
        self._symbol, self._purse = symbol, dict(purse)
        self.count.blockSignals(True)
        self.count.setValue(max(1, count))
        self.count.blockSignals(False)
        self._count = max(1, count)
        self.show_legs(legs, title=title)

    def show_legs(self, legs: str, *, title: str = "") -> None:
        """Other legs of the same symbol."""
        self._legs, self._title = legs, title or self._title
        self._ask()

    def clear(self) -> None:
        """Nothing is chosen."""
        self._legs = ""
        self.said.setText("")
        self.name.setText("")
        self.problem.hide()
        self.payoff.clear()
        self.map.clear()
        for part in self._inside:
            reveal(part, False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width() >= theme.scaled(_WIDE)
        self._lower.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)

    def show_view(self, key: str) -> None:
        """Which of the lower views is seen."""
        self.views.set_value(key)
        self._stack.setCurrentWidget(self._pages[key])
        if key in ("risks", "portfolio"):
            self._ask_part(key)
        elif key == "plans":
            self.plans_changed()

    def plans_changed(self) -> None:
        """Ask for the plans that are kept, where they are seen."""
        if self.views.value == "plans":
            self._host.run("options.plans", {}, then=self._got_plans, fail=lambda _: None, key="planner.plans")

    def _got_plans(self, table: Table) -> None:
        self.plans.show_table(table, columns=("name", "count", "risk", "chance", "state", "profit"))
        self.plans.set_empty("No plan is kept", "Press Keep: later you see here what became of it.")

    def kept(self) -> dict[str, Any]:
        """What `options.plan_save` is called with for the position that is shown; empty for none."""
        if not self._legs:
            return {}
        day = self._legs.split()[2] if len(self._legs.split()) > 2 else ""
        name = f"{self._symbol} {self._title} {day}"[:60]
        return {"name": name, "symbol": self._symbol, "legs": self._legs, "count": self._count}

    def set_mode(self, mode: str) -> None:
        """Other words and columns; the same values."""
        for key, plain, pro in _CARDS:
            self.cards[key].set_title(plain if mode == "newbie" else pro)
        for table in (self.figures, self.effect, self.plans):
            table.set_mode(mode)
        if self._legs:
            self._ask()

    @property
    def text(self) -> str:
        """The legs that are shown, as text."""
        return self._legs

    # ---- asking ----

    def _arguments(self) -> dict[str, Any]:
        return {"symbol": self._symbol, "legs": self._legs, "count": self._count}

    def _ask(self) -> None:
        if not self._legs:
            return
        wanted = {**self._arguments(), **self._purse}
        self._host.run("options.calc", wanted, then=self._arrived, fail=self._failed, key="planner.figures")
        self._ask_grid()
        if self.views.value in ("risks", "portfolio"):
            self._ask_part(self.views.value)

    def _ask_grid(self) -> None:
        if self._legs:
            wanted = {**self._arguments(), "part": "grid", "iv": self.iv.value() / 2, "prices": _POINTS, "days": _DAYS}
            self._host.run("options.calc", wanted, then=self._got_grid, fail=lambda _: None, key="planner.grid")

    def _ask_part(self, key: str) -> None:
        if not self._legs:
            return
        if key == "portfolio":
            self.effect.set_empty("Being worked out", "Everything you hold is revalued with and without the position.")
        self._host.run("options.calc", {**self._arguments(), "part": key}, then=self._got_part,
                       fail=lambda error: self.effect.set_empty("Not known", error.sentence()), key=f"planner.{key}")  # fmt: skip

    def _got_part(self, table: Table) -> None:
        if "severity" in table.frame.columns:
            self.risks.show_risks(table)
        else:
            import polars as pl

            table = dataclasses.replace(table, frame=table.frame.filter(pl.col("section").is_in(_SECTIONS)))
            self.effect.show_table(table, columns=("what", "before", "after", "change"))

    def _arrived(self, table: Table) -> None:
        detail = table.detail
        case = detail["case"]
        self.problem.hide()
        for part in self._inside:
            reveal(part)
        self.said.setText(detail["sentence"])
        self.name.setText(f"{self._title}: {detail['legs']}" if self._title else detail["legs"])
        self._fill_cards(table)
        self.legs.show_legs(detail["unit"].legs, case.board)
        self.figures.show_table(table, columns=("section", "title", "value", "text"))
        self.foot.setText(" ".join(table.notes[1:]))
        self.answered.emit(table)

    def _fill_cards(self, table: Table) -> None:
        detail = table.detail
        one, stress, size = detail["position"], detail["stress"], detail["size"]
        low, high, _, _ = one.extremes
        cost, newbie = one.cost, self._host.mode == "newbie"
        titles = ("You are paid", "You pay") if newbie else ("Credit", "Debit")
        self.cards["cost"].set_title(titles[0] if cost < 0 else titles[1])
        self.cards["cost"].set_value(words.dollars(abs(cost)), f"mid {words.dollars(abs(one.mid))}")
        sure = "at most" if stress[2] else f"at {written.number(stress[1] or 0, 0)}"
        if math.isinf(low):
            sure += ", no limit"
        self.cards["loss"].set_value(words.dollars(stress[0]), sure, "down")
        self.cards["gain"].set_value("no limit" if math.isinf(high) else words.dollars(high), words.ratio(stress[0], high), "up")
        chance = one.chance(detail["odds"])
        mean = words.dollars(one.expected(detail["odds"]), sign=True)
        self.cards["chance"].set_value(written.percent(chance, 0), f"expected {mean}")
        decimals = 0 if len(one.breakevens) > 1 and min(one.breakevens) >= 100 else 2
        ends = " / ".join(written.number(each, decimals) for each in one.breakevens) or "–"
        self.cards["even"].set_value(ends, words.where(one).removeprefix("you make money ") if newbie else words.away(one))
        asked = one.margin(detail["purse"].kind, index=detail["case"].index)
        tone = "warn" if asked.why else "muted"
        self.cards["margin"].set_value(words.dollars(asked.buying_power), asked.why or asked.rule, tone)
        greeks = one.greeks
        shares = f"{written.number(greeks['delta'], 0)} shares"
        theta, vega = (words.dollars(greeks[name], sign=True) for name in ("theta", "vega"))
        self.cards["greeks"].set_value(shares, f"{theta} a day, {vega} a point")
        tone = "muted" if size.count else "warn"
        self.cards["size"].set_value(f"{size.count} ×", words.limited(size, detail["purse"]), tone)

    def _got_grid(self, table: Table) -> None:
        detail = table.detail
        one, case = detail["position"], detail["case"]
        move = case.board.spot * one.odds.sigma * math.sqrt(one.first.years)
        self._dates = detail["dates"]
        self.day.blockSignals(True)
        self.day.setRange(0, len(self._dates) - 1)
        self.day.blockSignals(False)
        self.payoff.show_grid(detail["prices"], detail["dates"], detail["grid"], spot=case.board.spot, move=move,
                              breakevens=one.breakevens, strikes=[leg.strike for leg in one.legs if leg.strike])  # fmt: skip
        self.payoff.show_day(min(self.day.value(), len(self._dates) - 1))
        self.map.show_grid(detail["prices"], detail["dates"], detail["grid"], case.board.spot)
        self._say_day()

    def _failed(self, error: TerminalError) -> None:
        self.problem.show_message(error.sentence(), "warn")
        self.answered.emit(None)

    # ---- the user's hand ----

    def _day_moved(self, value: int) -> None:
        self.payoff.show_day(value)
        self._say_day()

    def _say_day(self) -> None:
        dates = getattr(self, "_dates", ())
        at = min(self.day.value(), len(dates) - 1)
        text = "today" if at <= 0 else "expiry" if at == len(dates) - 1 else written.day_of_year(dates[at])
        self.day_said.setText(text)
        self.iv_said.setText(f"{self.iv.value() / 2:+g} points" if self.iv.value() else "as now")

    def _iv_moved(self, _: int) -> None:
        self._say_day()
        self._wait.start()

    def _counted(self, value: int) -> None:
        self._count = value
        self._ask()

    def _copy(self) -> None:
        from PySide6.QtGui import QGuiApplication

        QGuiApplication.clipboard().setText(self._legs)
        self._host.notify("The legs are copied.", "ok")
