"""How much to buy: what may be lost, where one would give up, and what comes of it, while it is typed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QBoxLayout, QFrame, QLineEdit, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from plugins.portfolio.panel_numbers import NumberEdit
from plugins.portfolio.panel_parts import Told
from plugins.portfolio.sizing.panel_options import OptionsView
from plugins.portfolio.sizing.panel_pictures import Ruler
from terminal.domain import format as words
from terminal.ui import theme
from terminal.ui.form import Banner, Card, Flow, MetricCard, Segment, column, label, reveal, row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from PySide6.QtGui import QResizeEvent

    from plugins.portfolio.panel_head import Surroundings
    from terminal.api import Host, Table, TerminalError

_WHAT = (("shares", "Shares"), ("options", "Options"))
_WAIT, _WIDE = 250, 820
# Name of the argument, words of both modes, hint, number to begin with; the first stay in Newbie mode.
_FIELDS: Sequence[tuple[str, str, str, str, float | None]] = (
    ("capital", "All you have", "Capital", "your book", None),
    ("risk", "May be lost, %", "Risk, %", "", 1.0),
    ("entry", "You pay", "Entry", "price now", None),
    ("stop", "You give up at", "Stop", "by ranges", None),
    ("ranges", "", "ATR multiple", "", 2.0),
    ("volatility", "", "Volatility target, %", "", 2.0),
    ("most", "", "Largest position, %", "", 25.0),
    ("win", "", "Kelly: won, %", "your trades", None),
    ("payoff", "", "Kelly: gain / loss", "your trades", None),
    ("trades", "", "Kelly: trades", "", None),
    ("kelly", "", "Kelly: fraction", "", 0.5),
)
_TITLES = {
    "risk": ("With your stop", "Fixed risk"),
    "atr": ("With a stop out of its noise", "Fixed risk, ATR stop"),
    "volatility": ("By how much it swings", "Volatility target"),
    "kelly": ("By how well you do", "Kelly"),
    "market": ("What the market says", "Market-aware range"),
}


class SizingPage(QWidget):
    """Runs `portfolio.size` for what is typed, and `portfolio.size_spread` for options."""

    def __init__(self, host: Host, surroundings: Surroundings) -> None:
        super().__init__()
        self._host, self._surroundings = host, surroundings
        self._table: Table | None = None
        self.what = Segment(_WHAT, "shares", "What to buy")
        self.told = Told()
        self.symbol = QLineEdit(host.symbol() or "")
        self.symbol.setAccessibleName("Ticker")
        self.symbol.setPlaceholderText("Ticker")
        self.fields = {name: NumberEdit(pro, value, hint=hint, width=104) for name, _, pro, hint, value in _FIELDS}
        self.side = Segment((("buy", "Buy"), ("short", "Sell short")), "buy", "Side")
        self.parts = Segment((("whole", "Whole shares"), ("parts", "Parts")), "whole", "Shares")
        self.said, self.problem = label("", "h1", wrap=True), Banner("", "warn")
        self.problem.hide()
        self.ruler = Ruler()
        self.cards = {key: MetricCard(titles[1]) for key, titles in _TITLES.items()}
        self.steps = label("", "body", wrap=True)
        self.foot = label("", "muted", wrap=True)
        self.careful = label("", "body", wrap=True)
        self.options = OptionsView(host)
        self._followed = self.symbol.text()
        self._wait = QTimer(self, singleShot=True, interval=_WAIT)
        self._wait.timeout.connect(self._ask_shown)
        self._lay_out()
        self._dress()

    def _lay_out(self) -> None:
        self._labels = {name: label("", "muted") for name in self.fields}
        self._rows: dict[str, QWidget] = {}
        form = QVBoxLayout()
        form.setSpacing(6)
        form.addLayout(row(label("Ticker", "muted"), 0, self.symbol))
        self.symbol.setFixedWidth(theme.scaled(104))
        for name, field in self.fields.items():
            line = QWidget()
            line.setLayout(row(self._labels[name], 0, field))
            self._labels[name].setBuddy(field)
            self._rows[name] = line
            form.addWidget(line)
            field.typed.connect(self._wait.start)
        self._pro = (self.side, self.parts)
        for segment in self._pro:
            form.addWidget(segment)
            segment.changed.connect(lambda _: self._ask_shown())
        form.addStretch(1)
        left = Card()
        left.body.addLayout(form)
        left.setFixedWidth(theme.scaled(280))
        cards = Flow(spacing=8, stretch=True)
        for card in self.cards.values():
            card.setMinimumWidth(theme.scaled(170))
            cards.addWidget(card)
        several = QWidget()
        several.setLayout(cards)
        self._market = Card(label("Why that much", "strong"), self.steps)
        right = QWidget()
        right.setLayout(column(self.problem, self.said, self.careful, self.ruler, several, self._market, 0, spacing=10))
        self._both = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._both.setSpacing(14)
        self._both.setContentsMargins(0, 0, 0, 0)
        self._both.addWidget(left, 0, Qt.AlignmentFlag.AlignTop)
        self._both.addWidget(right, 1)
        shares = QWidget()
        shares.setLayout(self._both)
        self._stack = QStackedWidget()
        self._stack.addWidget(shares)
        self._stack.addWidget(self.options)
        inside = QWidget()
        inside.setLayout(column(row(self.what, 0), self.told, self._stack, 0, spacing=10, margins=(12, 2, 12, 12)))
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setAccessibleName("How much to buy")
        area.setWidget(inside)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(area, 1)
        self.foot.setContentsMargins(12, 4, 12, 8)
        box.addWidget(self.foot)
        self.what.changed.connect(self.show_what)
        self.symbol.textEdited.connect(lambda _: self._wait.start())
        self.options.answered.connect(self._tell)
        self._host.on("symbol.selected", lambda _: self._selected())

    # ---- what the panel calls ----

    def ask(self) -> None:
        """The answer for what is typed; without a ticker that of the panel's link group."""
        self._follow()
        self._ask_shown()

    def _follow(self) -> bool:
        """Take the ticker of the panel's link group, unless another one was typed."""
        now, typed = self._host.symbol() or "", self.symbol.text().strip()
        if now == typed or typed not in ("", self._followed):
            return False
        self.symbol.setText(now)
        self._followed = now
        return bool(now)

    def _selected(self) -> None:
        if self.isVisible() and self._follow():
            self._ask_shown()

    def show_what(self, key: str) -> None:
        """Shares or options."""
        self.what.set_value(key)
        self._stack.setCurrentIndex(1 if key == "options" else 0)
        self._ask_shown()

    def set_mode(self, mode: str) -> None:
        """Fewer fields and sentences for beginners; the same values."""
        self._dress()
        self.options.set_mode(mode)
        if self._table is not None:
            self._show(self._table)

    def save_state(self) -> dict[str, Any]:
        """What is typed."""
        return {"what": self.what.value, "symbol": self.symbol.text(), "side": self.side.value, "parts": self.parts.value,
                "legs": self.options.legs.text(), **{name: field.value for name, field in self.fields.items()}}  # fmt: skip

    def restore_state(self, state: Mapping[str, Any]) -> None:
        """Type it again."""
        for name, field in self.fields.items():
            if name in state and (state[name] is None or isinstance(state[name], int | float)):
                field.set_value(state[name])
        self.symbol.setText(str(state.get("symbol") or self.symbol.text()))
        self.options.legs.setText(str(state.get("legs") or self.options.legs.text()))
        self.side.set_value(str(state.get("side", "")))
        self.parts.set_value(str(state.get("parts", "")))
        if state.get("what") in dict(_WHAT):
            self.what.set_value(str(state["what"]))
            self._stack.setCurrentIndex(1 if state["what"] == "options" else 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width() >= theme.scaled(_WIDE)
        self._both.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)

    # ---- asking ----

    def _dress(self) -> None:
        newbie = self._host.mode == "newbie"
        for name, plain, pro, _, _ in _FIELDS:
            self._labels[name].setText(plain if newbie else pro)
            reveal(self._rows[name], bool(plain) or not newbie)
        for segment in self._pro:
            reveal(segment, not newbie)
        for key, card in self.cards.items():
            card.set_title(_TITLES[key][not newbie])

    def _ask_shown(self) -> None:
        accounts = {"account": self._surroundings.accounts}
        self.options.arguments = accounts
        if self.what.value == "options":
            self.options.ask()
            return
        symbol = self.symbol.text().strip()
        if not symbol:
            self._say_empty("Type a ticker to see how much of it to buy.")
            return
        self._host.run("portfolio.size", {**accounts, "symbol": symbol, **self._typed()}, then=self._arrived, fail=self._failed,
                       key="sizing")  # fmt: skip

    def _typed(self) -> dict[str, Any]:
        """What is typed, without what is left empty. In Newbie mode the hidden fields have their usual values."""
        newbie = self._host.mode == "newbie"
        shown = {name for name, plain, *_ in _FIELDS if plain or not newbie}
        typed: dict[str, Any] = {name: field.value for name, field in self.fields.items() if name in shown and field.value}
        if "trades" in typed:
            typed["trades"] = int(typed["trades"])
        if not newbie:
            typed |= {"short": self.side.value == "short", "fractions": self.parts.value == "parts"}
        return typed

    # ---- answers ----

    def _arrived(self, table: Table) -> None:
        self._table = table
        self._show(table)

    def _show(self, table: Table) -> None:
        self.problem.hide()
        found = {row["method"]: row for row in table.rows()}
        case = (table.detail or {})["case"]
        self._tell(table)
        first = found.get("risk") or found.get("atr")
        self.said.setText(str(first["sentence"]) if first else "No stop is known: type where you would give up.")
        reveal(self.said)
        self.careful.setText(_careful(first, found.get("market")))
        reveal(self.careful, bool(self.careful.text()))
        price = float((table.detail or {})["asked"].entry or case.price)
        self.ruler.show_size(price, first["stop"] if first and first["shares"] else None, first["shares"] if first else 0.0,
                             case.currency)  # fmt: skip
        for key, card in self.cards.items():
            shown = key in found and (key != "kelly" or self._host.mode != "newbie")
            reveal(card, shown)
            if shown:
                self._fill(card, key, found[key], case.currency)
        self.steps.setText("\n".join(f"{place}. {each.text}" for place, each in enumerate(case.room.reasons, 1)))
        reveal(self._market)

    def _fill(self, card: MetricCard, key: str, found: Mapping[str, Any], currency: str) -> None:
        newbie = self._host.mode == "newbie"
        decimals = 0 if float(found["shares"]).is_integer() else 4
        shares = words.number(found["shares"], decimals)
        if key == "market" and found["shares_from"] != found["shares"]:
            shares = f"{words.number(found['shares_from'], decimals)}\u2013{shares}"
        money = f"{words.money(found['money'], currency, 0)} · {words.percent(found['part'], 1)}"
        binds = "" if newbie or not found["binds"] or key == "market" else f" · binds: {found['binds']}"
        card.set_value(f"{shares} shares", money + binds, sentence=str(found["sentence"]) if newbie or key == "market" else "",
                       tip="" if newbie else str(found["formula"] or ""))  # fmt: skip

    def _tell(self, table: Table | None) -> None:
        if table is None:
            self.told.show_unknown(())
            self.told.text.setText("")
            self.foot.setText("")
            return
        self.told.show_answer(table, notes=table.notes[:1])
        self.foot.setText(table.notes[-1] if len(table.notes) > 1 else "")

    def _failed(self, problem: TerminalError) -> None:
        self._say_empty(problem.sentence())

    def _say_empty(self, text: str) -> None:
        self._table = None
        self.problem.show_message(text, "info")
        for each in (self.said, self.careful, self.ruler, self._market, *self.cards.values()):
            reveal(each, False)
        self._tell(None)


def _careful(first: Mapping[str, Any] | None, market: Mapping[str, Any] | None) -> str:
    """A warning where the stop alone would allow more than the market's range."""
    if not first or not market or first["shares"] <= market["shares"]:
        return ""
    if not market["shares"]:
        return "A stop says only what is lost there. By what the market says, nothing should be added."
    most = words.number(market["shares"], 0 if float(market["shares"]).is_integer() else 4)
    told = f"By what the market says, {most} shares are enough"
    return f"A stop says only what is lost there. {told}; the smaller number is more careful."
