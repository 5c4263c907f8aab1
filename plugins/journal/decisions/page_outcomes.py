"""Were you right? What decisions came to, by sort, with how many there are and how sure one can be of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QComboBox, QSizePolicy, QVBoxLayout, QWidget

from plugins.journal.panel_parts import Told
from terminal.domain import format as fmt
from terminal.ui import theme
from terminal.ui.form import Flow, MetricCard, label, row
from terminal.ui.table import Look, TableView

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from PySide6.QtGui import QPaintEvent

    from plugins.journal.panel import Surroundings
    from terminal.api import Host, Table

_SORTS = (
    ("action", "What you decided", "Action"), ("verdict", "What our rules said", "Verdict then"),
    ("conviction", "How sure you were", "Conviction"), ("signal", "Kind of signal", "Signal"),
    ("preset", "Screen it came from", "Screen"), ("regime", "State of the market", "Regime then"),
    ("status", "How the thesis stood", "Thesis status"),
)  # fmt: skip
_LOOKS = {
    "sort": Look("text", 130, stretch=True), "n": Look("number", 50), "pending": Look("number", 70), "rate": Look("number", 62),
    "rate_low": Look("number", 66), "rate_high": Look("number", 66), "average_gain": Look("signed", 92),
    "average_loss": Look("signed", 92), "expectancy": Look("signed", 86), "low": Look("signed", 62), "high": Look("signed", 62),
    "basis": Look("muted", 80), "beyond": Look("signed", 118), "enough": Look("muted", 120),
}  # fmt: skip
_NEWBIE = ("sort", "n", "rate", "average_gain", "average_loss", "expectancy", "enough")


class OutcomesPage(QWidget):
    """Asks `journal.outcomes` by the sort that is chosen."""

    def __init__(self, host: Host, surroundings: Surroundings) -> None:
        super().__init__()
        self._host, self._surroundings = host, surroundings
        self.told = Told()
        self.by = QComboBox()
        self.by.setAccessibleName("Sorted by")
        self.hindsight = QComboBox()
        self.hindsight.setAccessibleName("Written when")
        for value, text in ((False, "Written at the time"), (True, "Written in hindsight")):
            self.hindsight.addItem(text, value)
        self.cards = {name: MetricCard("") for name in ("rate", "expectancy", "beyond", "pending")}
        flow = Flow(spacing=8, stretch=True)
        for card in self.cards.values():
            card.setMinimumWidth(150)
            flow.addWidget(card)
        cards = QWidget()
        cards.setLayout(flow)
        self.table = TableView(host, name="Outcomes", looks=_LOOKS)
        self.picture = Forest()
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(6)
        box.addLayout(row(label("By", "muted"), self.by, self.hindsight, 0, spacing=8, margins=(12, 0, 12, 0)))
        box.addLayout(row(cards, margins=(12, 0, 12, 0)))
        box.addLayout(row(self.told, margins=(12, 0, 12, 0)))
        box.addWidget(self.table, 1)
        box.addLayout(row(self.picture, margins=(12, 0, 12, 10)))
        self._name_sorts()
        self.by.activated.connect(lambda _: self.ask())
        self.hindsight.activated.connect(lambda _: self.ask())

    def ask(self) -> None:
        """The sums by the chosen sort."""
        arguments = {"by": self.by.currentData(), "hindsight": bool(self.hindsight.currentData())}
        self._host.run("journal.outcomes", arguments, then=self._arrived, fail=self.told.show_problem, key="outcomes.sums")

    def set_mode(self, mode: str) -> None:
        self.table.set_mode(mode)
        self._name_sorts()

    def save_state(self) -> dict[str, Any]:
        return {"by": self.by.currentData()}

    def restore_state(self, state: Mapping[str, Any]) -> None:
        self.by.setCurrentIndex(max(0, self.by.findData(str(state.get("by", "")))))

    def _name_sorts(self) -> None:
        chosen = self.by.currentData()
        self.by.clear()
        for key, newbie, pro in _SORTS:
            self.by.addItem(newbie if self._host.mode == "newbie" else pro, key)
        self.by.setCurrentIndex(max(0, self.by.findData(chosen)))

    def _arrived(self, table: Table) -> None:
        newbie = self._host.mode == "newbie"
        self.told.show_answer(table, notes=[] if newbie else None, unknown=False)
        self.table.set_empty(
            "No decision is over yet", "Each one is judged when its stop or goal is reached, its time is up, or you close it.",
            "target", "Log a decision …", lambda: self._surroundings.log(""),
        )  # fmt: skip
        self.table.show_table(table, columns=list(_NEWBIE) if newbie else [each.name for each in table.columns])
        rows = table.rows()
        self.picture.show_rows(rows)
        self._show_cards(rows[-1] if rows else {}, newbie)

    def _show_cards(self, whole: Mapping[str, Any], newbie: bool) -> None:
        n = int(whole.get("n") or 0)
        few = f"n = {n}" + ("" if not whole or whole.get("enough") == "yes" else ": too few to say anything")
        rate, low, high = (whole.get(name) for name in ("rate", "rate_low", "rate_high"))
        self.cards["rate"].set_title("You were right" if newbie else "Win rate")
        between = f"{fmt.percent(low, 0)} to {fmt.percent(high, 0)}, {few}" if n else few
        self.cards["rate"].set_value(fmt.percent(rate, 0), between)
        self.cards["expectancy"].set_title("On average it brought" if newbie else "Expectancy")
        low, high = whole.get("low"), whole.get("high")
        interval = (
            "no interval from so few" if low is None else f"{fmt.percent(low, 1, sign=True)} to {fmt.percent(high, 1, sign=True)}"
        )
        self.cards["expectancy"].set_value(fmt.percent(whole.get("expectancy"), 1, sign=True), interval)
        self.cards["beyond"].set_title("More than the market" if newbie else "Beyond SPY")
        self.cards["beyond"].set_value(fmt.percent(whole.get("beyond"), 1, sign=True), "on average")
        self.cards["pending"].set_title("Not over yet" if newbie else "Pending")
        self.cards["pending"].set_value(str(whole.get("pending") or 0), "still being followed")


class Forest(QWidget):
    """What each sort brought on average, as a dot with its interval beside a line at nothing."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[Mapping[str, Any]] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_rows(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Rows of `journal.outcomes`."""
        self._rows = [each for each in rows if each["expectancy"] is not None]
        told = [f"{each['sort']} {fmt.percent(each['expectancy'], 1, sign=True)}, n {each['n']}" for each in self._rows]
        self.setAccessibleName("Average by sort: " + ("; ".join(told) or "nothing is over yet"))
        self.setVisible(bool(self._rows))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(theme.scaled(300), theme.scaled(22) * (len(self._rows) + 1))

    def paintEvent(self, event: QPaintEvent) -> None:
        colors, painter = theme.tokens(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font(theme.scaled(11)))
        line, left, right = theme.scaled(22), theme.scaled(150), theme.scaled(70)
        ends = [each[name] for each in self._rows for name in ("low", "high", "expectancy") if each[name] is not None]
        low, high = min([0.0, *ends]), max([0.0, *ends])
        room = QRectF(left, 0, max(self.width() - left - right, 10), line * len(self._rows))

        def at(value: float) -> float:
            return float(room.left() + room.width() * (value - low) / max(high - low, 1e-9))

        painter.setPen(QPen(colors.color("line_strong"), 1))
        painter.drawLine(QPointF(at(0), room.top()), QPointF(at(0), room.bottom()))
        painter.setPen(colors.color("t3"))
        words = "average of each sort with its 90 % interval; hollow: too few to say anything"
        painter.drawText(QRect(left, round(room.bottom()), round(room.width()), line), Qt.AlignmentFlag.AlignCenter, words)
        for place, each in enumerate(self._rows):
            middle = place * line + line / 2
            sure = each["low"] is not None and (each["low"] > 0 or each["high"] < 0)  # the interval lies on one side of nothing
            color = colors.color("t2" if not sure else "up" if each["expectancy"] > 0 else "down")
            painter.setPen(colors.color("t2"))
            painter.drawText(QRect(0, place * line, left - 12, line), Qt.AlignmentFlag.AlignVCenter, str(each["sort"]))
            painter.drawText(QRect(self.width() - right, place * line, right, line),
                             Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                             fmt.percent(each["expectancy"], 1, sign=True))  # fmt: skip
            painter.setPen(QPen(color, 2))
            if each["low"] is not None and each["high"] is not None:
                painter.drawLine(QPointF(at(each["low"]), middle), QPointF(at(each["high"]), middle))
            painter.setBrush(color if each["enough"] == "yes" else colors.color("bg1"))
            painter.drawEllipse(QPointF(at(each["expectancy"]), middle), 4.5, 4.5)
