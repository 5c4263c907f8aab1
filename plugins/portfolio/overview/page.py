"""How it stands at a glance: sums, worth over time, what is held with the screener's word on it, lights and what to do."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QBoxLayout, QFrame, QScrollArea, QVBoxLayout, QWidget

from plugins.portfolio.overview.panel_curve import Curve
from plugins.portfolio.panel_parts import Told
from terminal.domain import format as fmt
from terminal.ui.form import Button, Card, Flow, MetricCard, SectionTitle, column, in_window, label, reveal, row
from terminal.ui.meters import TrafficLight
from terminal.ui.table import Action, Look, TableView

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtGui import QResizeEvent

    from plugins.portfolio.overview.checkup import Light
    from plugins.portfolio.panel_head import Surroundings
    from terminal.api import Host, Table, TerminalError

_TITLES = {
    "worth": ("All you have", "Net worth"),
    "day": ("Made on the last day", "Day P&L"),
    "unrealised": ("Gain of what you hold", "Unrealised"),
    "realised": ("Gain of what you sold", "Realised"),
    "income": ("Dividends and interest", "Income"),
    "cash": ("Cash", "Cash"),
}
_SIGNS = ("day", "unrealised", "realised", "income")
_VERDICTS = ("ok", "warn", "error")
_LOOKS = {
    "symbol": Look("ticker", 66), "name": Look("muted", 140), "weight": Look("share", 108, maximum=0.25, total="sum"),
    "worth": Look("number", 84, total="sum"), "verdict": Look("pill", 84), "score": Look("bar", 64), "before": Look("muted", 76),
    "changed": Look("muted", 92), "change": Look("change", 84), "position_52w": Look("position", 84),
    "days_to_earnings": Look("number", 72), "flags": Look("chips", 96), "why": Look("text", 240, stretch=True),
}  # fmt: skip
_PRO = ("symbol", "name", "weight", "worth", "change", "verdict", "score", "before", "days_to_earnings", "flags", "why")
_SMALL = ("symbol", "weight", "worth", "change", "verdict", "before", "why")
_NEWBIE = ("symbol", "weight", "worth", "verdict", "why")
_WIDE = 1020
_PLACES = {"holdings": "Holdings", "bookings": "Bookings", "allocation": "Allocation", "overview": ""}


class OverviewPage(QWidget):
    """Runs `portfolio.overview` and `portfolio.curve`."""

    def __init__(self, host: Host, surroundings: Surroundings) -> None:
        super().__init__()
        self._host, self._surroundings = host, surroundings
        self._table: Table | None = None
        self.told = Told()
        self.cards = {key: MetricCard(titles[host.mode != "newbie"]) for key, titles in _TITLES.items()}
        self.curve = Curve()
        self.lights: list[LightRow] = []
        self.table = TableView(host, name="What you own and what the screener says of it", looks=_LOOKS, actions=self._actions)
        self.table.set_empty("Nothing is held", "", "briefcase")
        self.table.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.table.setFrameShape(QFrame.Shape.NoFrame)
        self.table.selected.connect(host.select)
        self.table.activated.connect(partial(host.open, "tearsheet"))
        self._lay_out()

    def _lay_out(self) -> None:
        cards = Flow(spacing=8, stretch=True)
        for card in self.cards.values():
            card.setMinimumWidth(130)
            cards.addWidget(card)
        top = QWidget()
        top.setLayout(cards)
        self._legend = label("", "muted")
        curve = Card(row(label("Worth over time", "strong"), 0, self._legend), self.curve, spacing=6)
        self._left, self._right = QWidget(), QWidget()
        heading = SectionTitle("What you own, and what the screener says of it")
        self._left.setLayout(column(curve, heading, self.table, 0, spacing=8))
        self._do_title, self._fine_title = label("What to do", "h2"), label("In order", "h2")
        self._do, self._fine = column(spacing=6), column(spacing=2)
        self._right.setLayout(column(self._do_title, self._do, 4, self._fine_title, self._fine, 0, spacing=6))
        self._both = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._both.setSpacing(16)
        self._both.addWidget(self._left, 5)
        self._both.addWidget(self._right, 3)
        inside = QWidget()
        inside.setLayout(column(self.told, top, self._both, 0, spacing=10, margins=(12, 2, 12, 12)))
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setAccessibleName("How it stands")
        area.setWidget(inside)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(area)

    # ---- what the panel calls ----

    def ask(self) -> None:
        """Everything anew, for the accounts that are chosen."""
        wanted = self._surroundings.arguments
        self._host.run("portfolio.overview", wanted, then=self._arrived, fail=self._failed, key="overview")
        self._host.run("portfolio.curve", wanted, then=self._got_curve, fail=lambda _: None, key="overview.curve")

    def set_mode(self, mode: str) -> None:
        self.table.set_mode(mode)
        if self._table is not None:
            self._show(self._table)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width() >= _WIDE
        self._both.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.BottomToTop)
        for at, share in enumerate((5, 3) if wide else (0, 0)):
            self._both.setStretch(at, share)
        if self._table is not None and self.table.shown_columns != self._columns():
            self.table.set_columns(self._columns())
            self.table.fit_rows()

    # ---- answers ----

    def _arrived(self, table: Table) -> None:
        self._table = table
        self._show(table)

    def _show(self, table: Table) -> None:
        detail: Mapping[str, Any] = table.detail or {}
        self.told.show_answer(table, notes=table.notes)
        self._show_cards(detail)
        signals: Table = detail["signals"]
        self.table.show_table(signals, columns=self._columns())
        self.table.fit_rows()
        self._show_lights(detail["lights"])

    def _show_cards(self, detail: Mapping[str, Any]) -> None:
        parts, currency = detail["summary"].detail, detail["holdings"].detail["currency"]
        whole = parts["worth"]
        newbie = self._host.mode == "newbie"
        day, without = _day_of(detail["holdings"])
        for key, card in self.cards.items():
            amount = parts[key]
            card.set_title(_TITLES[key][not newbie])
            value = None if amount.value is None else float(amount.value)
            context, tone = "", "muted"
            if key == "day" and value is None and day is not None:
                value, context = day, f"without {without} that have no price of the day before"
            text = fmt.money(value, currency, 0 if key == "worth" else 2, sign=key in _SIGNS)
            if value is None and amount.low is not None and amount.high is not None:
                low, high = (fmt.money(float(end), currency, 0) for end in (amount.low, amount.high))
                text = f"{low} to {high}"
            if key in _SIGNS and value:
                tone = "up" if value > 0 else "down"
            sentence = _sentence(key, value, currency) if newbie else ""
            card.set_value(text, *_beside(key, value, parts, context, tone), sentence=sentence)
        self.cards["worth"].setAccessibleDescription("" if whole.value is not None else "a price is not known")

    def _show_lights(self, lights: list[Light]) -> None:
        for old in self.lights:
            old.hide()
            old.deleteLater()
        self.lights = [LightRow(light, self._host.mode, partial(self._go, light)) for light in lights]
        for each in self.lights:
            (self._do if each.light.todo else self._fine).addWidget(each)
        reveal(self._do_title, any(light.todo for light in lights))
        rest = [light for light in lights if not light.todo]
        reveal(self._fine_title, bool(rest))
        self._fine_title.setText("In order" if all(light.state == "ok" for light in rest) else "In order, or not known")

    def _go(self, light: Light) -> None:
        if light.page == "tearsheet":
            self._host.open("tearsheet", light.symbol)
        else:
            self._surroundings.go(light.page)

    def _got_curve(self, table: Table) -> None:
        self.curve.show_table(table)
        self.curve.setToolTip("\n".join(table.unknown))
        self._legend.setText("dashed: your own money" + (" · shaded: a price is not known" if table.unknown else ""))

    def _failed(self, problem: TerminalError) -> None:
        self.told.show_problem(problem)

    def _columns(self) -> list[str]:
        if self._host.mode == "newbie":
            return list(_NEWBIE)
        return list(_PRO if self.width() >= _WIDE + 320 else _SMALL)

    def _actions(self, symbol: str) -> list[Action]:
        return [
            Action("Open tearsheet", lambda each: self._host.open("tearsheet", each), "file-text"),
            Action("Open chart", lambda each: self._host.open("chart", each), "chart-candlestick"),
        ]


class LightRow(QWidget):
    """One light with its reason; what to do about it stands below with a way there."""

    def __init__(self, light: Light, mode: str, go: Any) -> None:
        super().__init__()
        self.light = light
        shown = TrafficLight(light.state, light.title, in_window(light.newbie if mode == "newbie" else light.pro))
        if not light.todo:
            self.setLayout(column(shown, margins=(10, 2, 0, 2)))
            return
        self.button = Button(_way(light), "link", "arrow-right", on_click=go)
        self.button.setAccessibleName(f"{_way(light)}: {light.todo}")
        reveal(self.button, bool(light.page))
        todo = label(in_window(light.todo), "strong", wrap=True)
        line = row(todo, self.button, spacing=8, margins=(28, 0, 0, 0))
        line.setStretch(0, 1)
        self.setLayout(column(Card(shown, line, spacing=4)))


def _way(light: Light) -> str:
    return light.symbol if light.page == "tearsheet" else _PLACES.get(light.page, light.page.capitalize())


def _day_of(holdings: Table) -> tuple[float | None, int]:
    """What the holdings whose day is known made, where all are of the total's currency, and how many are left out."""
    rows, currency = holdings.rows(), (holdings.detail or {}).get("currency")
    known = [each["day_gain"] for each in rows if each["day_gain"] is not None and each["currency"] == currency]
    return (sum(known) if known else None), len(rows) - len(known)


def _beside(key: str, value: float | None, parts: Mapping[str, Any], context: str, tone: str) -> tuple[str, str]:
    """The line below a number, and its tone."""
    whole = parts["worth"].value
    if key == "cash" and value is not None and whole:
        return f"{fmt.percent(value / float(whole), 1)} of it", "muted"
    if key == "unrealised" and value is not None and parts["held"].value is not None:
        cost = float(parts["held"].value) - value
        return (f"{fmt.percent(value / cost, 1, sign=True)} of what it cost" if cost > 0 else ""), tone
    if key == "worth" and parts["made"].value is not None:
        made = float(parts["made"].value)
        return f"made {fmt.money(made, None, 0, sign=True)} in all", "up" if made >= 0 else "down"
    if key == "day" and value is not None and whole and float(whole) != value:
        share = fmt.change(value / (float(whole) - value))
        return (f"{share}, {context}" if context else share), tone
    return context, tone


def _sentence(key: str, value: float | None, currency: str) -> str:
    if value is None:
        return ""
    money = fmt.money(abs(value), currency, 0)
    made, lost = f"You made {money}", f"You lost {money}"
    return {
        "worth": "What you would have if you sold everything now.",
        "day": f"{made if value >= 0 else lost} since the evening before.",
        "unrealised": f"{made if value >= 0 else lost} on paper with what you still hold.",
        "realised": f"{made if value >= 0 else lost} with what you sold.",
        "income": f"You were paid {money} for holding, costs taken off." if value >= 0 else f"Costs took {money}.",
        "cash": "Money that is not invested." if value >= 0 else "You owe this to your broker.",
    }[key]
