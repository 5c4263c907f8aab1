"""The grid of cases, trades that are tried, and the Greeks: three of the four views of what if."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QLineEdit, QWidget

from plugins.portfolio.whatif.panel_pictures import GainGrid
from plugins.portfolio.whatif.panel_view import View
from terminal.domain import format as written
from terminal.ui.form import MetricCard, Segment, column, label, primary, reveal, row
from terminal.ui.table import Look, TableView

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from PySide6.QtGui import QResizeEvent

    from terminal.api import Host, Table

_ABREAST = 1150
_TRADES = "buy 10 SPY; sell 1 SPY 2027-01-15 800 C"


class GridView(View):
    """Price down, volatility across, at one change of rates."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.rates = Segment((("0", "−1 point"), ("1", "As today"), ("2", "+1 point")), "1", "Interest rates")
        self.by = Segment((("beta", "By beta"), ("same", "All alike")), "beta", "How prices move")
        self.says = label("", "body", wrap=True)
        self.pictures = tuple(GainGrid(title) for title in ("Rates −1 point", "Rates as today", "Rates +1 point"))
        self._side = QWidget()
        self._side.setLayout(row(*self.pictures, spacing=10))
        self._rates_label, self._by_label = label("Interest rates", "muted"), label("Prices move", "muted")
        self._fill(row(self._rates_label, self.rates, 8, self._by_label, self.by, 0, spacing=8), self.says, content=self._side)
        self.rates.changed.connect(lambda _: self._dress())
        self.by.changed.connect(lambda _: self.wanted.emit())
        self._dress()

    def question(self) -> tuple[str, dict[str, Any]]:
        return "portfolio.whatif", {"by": self.by.value}

    def show_answer(self, table: Table) -> None:
        self.table = table
        self._paint()

    def retheme(self) -> None:
        """Colours anew."""
        for each in self.pictures:
            each.retheme()

    def set_mode(self, mode: str) -> None:
        self._dress()
        self._paint()

    def notes(self, table: Table) -> Sequence[str]:
        return () if self.newbie else table.notes

    def save_state(self) -> dict[str, Any]:
        return {"rates": self.rates.value, "by": self.by.value}

    def restore_state(self, state: Mapping[str, Any]) -> None:
        self.rates.set_value(str(state.get("rates", "1")))
        self.by.set_value(str(state.get("by", "beta")))

    def _dress(self) -> None:
        alone = self.newbie or self.width() < _ABREAST
        for each in (self.by, self._by_label):
            reveal(each, not self.newbie)
        for each in (self.rates, self._rates_label):
            reveal(each, alone)
        for place, picture in enumerate(self.pictures):
            reveal(picture, not alone or str(place) == self.rates.value)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._dress()

    def _paint(self) -> None:
        if self.table is None:
            return
        detail = self.table.detail
        if not self.table.frame.height:
            self._empty("Nothing is held, so nothing would change.")
            self.says.setText("")
            return
        self.stack.setCurrentWidget(self._side)
        prices, levels, currency = detail["prices"], detail["volatilities"], str(self.table.frame["currency"][0])
        words = ("Market" if self.by.value == "beta" else "All prices", "Volatility")
        largest = float(abs(detail["total"]).max())
        for place, picture in enumerate(self.pictures):
            picture.show_grid(detail["total"][:, :, place], prices, levels, currency, words, largest)
        values = detail["total"][:, :, 1]
        low, high = float(values.min()), float(values.max())
        at = [divmod(int(place), len(levels)) for place in (values.argmin(), values.argmax())]
        what = "the market" if self.by.value == "beta" else "all prices"
        says = [
            f"{written.money(value, currency, 0, sign=True)} with {what} {written.percent(prices[down], 0, sign=True)} and "
            f"volatility {written.percent(levels[across], 0, sign=True)}"
            for value, (down, across) in zip((low, high), at, strict=True)
        ]
        told = f"With rates as today the worst is {says[0]}, the best {says[1]}."
        if self.newbie:
            told += (" Each square says what you would make if the market moved as at its left and the expected swings "
                     "changed as above it.")  # fmt: skip
        self.says.setText(told)


class TradeView(View):
    """Trades that are typed; before and after in one table."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.typed, self.shock = QLineEdit(), QLineEdit()
        self.typed.setAccessibleName("Trades to try")
        self.typed.setPlaceholderText(f"Such as {_TRADES}")
        self.typed.setClearButtonEnabled(True)
        self.shock.setAccessibleName("And if this happened")
        self.shock.setPlaceholderText("And if: SPY -10%")
        self.shock.setMaximumWidth(200)
        self.says = label("", "h2", wrap=True)
        share = Look("number", 92)
        looks = {"section": Look("muted", 70), "what": Look("text", 210), "change": Look("number", 104), "share_before": share,
                 "share_after": share, "note": Look("muted", 220, stretch=True)}  # fmt: skip
        self.rows = TableView(host, name="Before and after", looks=looks)
        line = row(self.typed, self.shock, primary("Show", "play", self.wanted.emit), spacing=6)
        line.setStretch(0, 1)
        self._fill(line, self.says, content=self.rows)
        for field in (self.typed, self.shock):
            field.returnPressed.connect(self.wanted.emit)
        self._invite()

    def question(self) -> tuple[str, dict[str, Any]]:
        if not self.typed.text().strip():
            self._invite()
            return "", {}
        return "portfolio.whatif", {"trades": self.typed.text(), "shock": self.shock.text()}

    def show_answer(self, table: Table) -> None:
        self.table = table
        self.says.setText(table.detail["says"])
        if warnings := table.detail["warnings"]:
            self.problem.show_message(" ".join(warnings), "warn")
        self.rows.show_table(table)
        self.stack.setCurrentWidget(self.rows)

    def notes(self, table: Table) -> Sequence[str]:
        return [note for note in table.notes if note not in (table.detail["says"], *table.detail["warnings"])]

    def set_mode(self, mode: str) -> None:
        self.rows.set_mode(mode)

    def save_state(self) -> dict[str, Any]:
        return {"trades": self.typed.text(), "shock": self.shock.text()}

    def restore_state(self, state: Mapping[str, Any]) -> None:
        self.typed.setText(str(state.get("trades") or ""))
        self.shock.setText(str(state.get("shock") or ""))

    def _invite(self) -> None:
        self.table = None
        self.says.setText("")
        self.empty.set_message("Try a trade before you make it", f"Write it as you would say it: {_TRADES}. Nothing is booked.",
                               "flask-conical")  # fmt: skip
        self.stack.setCurrentWidget(self.empty)


_CARDS = (
    ("delta_money", "You hold as much as", "Delta, money"),
    ("beta_delta_money", "You move like SPY worth", "Beta-weighted delta"),
    ("gamma_money", "After +1 % in all", "Gamma for 1 %"), ("vega", "Swings +1 point", "Vega for a point"),
    ("theta", "A day that passes", "Theta a day"), ("rho", "Interest +1 point", "Rho for 1 point"),
)  # fmt: skip


class GreeksView(View):
    """The Greeks of everything as cards, and by underlying, expiry or position as a table."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.by = Segment((("underlying", "By underlying"), ("expiry", "By expiry"), ("position", "By position")), name="Rows")
        self.cards = {key: MetricCard(plain) for key, plain, _ in _CARDS}
        looks = {"what": Look("text", 176), "volatility_from": Look("muted", 120)}
        self.rows = TableView(host, name="Greeks", looks=looks)
        self._content = QWidget()
        self._content.setLayout(column(row(self.by, 0), self.rows, spacing=8))
        cards = row(spacing=8)
        for card in self.cards.values():
            cards.addWidget(card, 1)
        self._fill(cards, content=self._content)
        self.by.changed.connect(lambda _: self.wanted.emit())
        self._dress()

    def question(self) -> tuple[str, dict[str, Any]]:
        return "portfolio.greeks", {"by": self.by.value}

    def show_answer(self, table: Table) -> None:
        self.table = table
        if not table.frame.height:
            self._empty("Nothing is held, so nothing drives it.")
            self._dress()
            return
        self.rows.show_table(replace(table, frame=table.frame.head(-1), origin=None))
        self.stack.setCurrentWidget(self._content)
        self._dress()

    def set_mode(self, mode: str) -> None:
        self.rows.set_mode(mode)
        self._dress()

    def save_state(self) -> dict[str, Any]:
        return {"by": self.by.value}

    def restore_state(self, state: Mapping[str, Any]) -> None:
        self.by.set_value(str(state.get("by", "underlying")))

    def _dress(self) -> None:
        total = (self.table.detail.get("total") if self.table is not None else None) or {}
        for key, plain, short in _CARDS:
            card, value = self.cards[key], total.get(key)
            card.set_title(plain if self.newbie else short)
            if value is None:
                card.set_value("–", "not known" if self.table is not None else "")
                continue
            currency = str(total["currency"])
            text = written.money(value, currency, 0 if abs(value) >= 100 else 2, sign=not key.endswith("delta_money"))
            shares = total.get("beta_delta_shares")
            context = f"{written.number(shares, 1)} shares of SPY" if key == "beta_delta_money" and shares is not None else ""
            card.set_value(text, context, sentence=_said(key, value, currency) if self.newbie else "")


def _said(key: str, value: float, currency: str) -> str:
    """What a Greek of everything means, in a sentence."""
    money = written.money(abs(value), currency, 0 if abs(value) >= 100 else 2)
    hundredth = written.money(abs(value) / 100, currency, 0 if abs(value) >= 10_000 else 2)
    gains, loses = ("make", "lose") if value >= 0 else ("lose", "make")
    return {
        "delta_money": f"Shares and options together react as if you held {money} of shares.",
        "beta_delta_money": f"If the market rose 1 %, you would {gains} about {hundredth}; if it fell 1 %, {loses} as much.",
        "gamma_money": f"After a rise of 1 % you would hold {money} {'more' if value >= 0 else 'less'} of shares in effect.",
        "vega": f"If a point more of swings were expected (volatility), you would {gains} about {money}.",
        "theta": f"With each day that passes your options {gains} about {money}.",
        "rho": f"If interest rates rose by a point, you would {gains} about {money}.",
    }[key]
