"""Calls and calibration: what was predicted, what came true, and whether one is as often right as one thinks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QSizePolicy, QSplitter, QVBoxLayout, QWidget

from plugins.journal.panel_parts import Told
from terminal.domain import format as fmt
from terminal.ui import theme
from terminal.ui.form import Flow, MetricCard, Segment, column, label, row
from terminal.ui.table import Action, Look, TableView

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtGui import QPaintEvent, QResizeEvent

    from plugins.journal.panel import Surroundings
    from terminal.api import Host, Table
    from terminal.domain.journal.calibration import Calibration

_OF = (("all", "Both"), ("calls", "Calls"), ("decisions", "Convictions"))
_LOOKS = {
    "day": Look("muted", 88), "symbol": Look("ticker", 62), "said": Look("text", 190, stretch=True),
    "probability": Look("number", 76), "until": Look("muted", 88), "state": Look("text", 88), "change": Look("signed", 72),
    "brier": Look("number", 84), "number": Look("muted", 50),
}  # fmt: skip
_NEWBIE = ("day", "symbol", "said", "probability", "state", "change")
_PRO = ("day", "symbol", "said", "probability", "state", "change", "brier")
_SIDE_BY_SIDE = 860


class CalibrationPage(QWidget):
    """Lists with `journal.calls`, judges with `journal.calibration`."""

    def __init__(self, host: Host, surroundings: Surroundings) -> None:
        super().__init__()
        self._host, self._surroundings = host, surroundings
        self.told = Told()
        self.table = TableView(host, name="Market calls", looks=_LOOKS, actions=self._actions)
        self.of = Segment(_OF, "all", "Of what")
        self.curve = Reliability()
        self.cards = {name: MetricCard("") for name in ("brier", "bias", "parts")}
        flow = Flow(spacing=8, stretch=True)
        for card in self.cards.values():
            card.setMinimumWidth(130)
            flow.addWidget(card)
        cards = QWidget()
        cards.setLayout(flow)
        self.note = label("", "body", wrap=True)
        right = QWidget()
        title = row(label("Can you trust your own numbers?", "h2"), 0, self.of, spacing=8)
        whole = column(title, self.note, self.curve, cards, 0, spacing=8, margins=(10, 0, 12, 8))
        whole.setStretch(2, 1000)
        right.setLayout(whole)
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self.split.addWidget(self.table)
        self.split.addWidget(right)
        self.split.setStretchFactor(0, 3)
        self.split.setStretchFactor(1, 2)
        self.split.setChildrenCollapsible(False)
        head = row(self.told, margins=(12, 0, 12, 0))
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(4)
        box.addLayout(head)
        box.addWidget(self.split, 1)
        self.of.changed.connect(lambda _: self._ask_calibration())
        self.table.activated.connect(lambda symbol: host.open("tearsheet", symbol))
        self.table.selected.connect(lambda symbol: host.select(symbol) if symbol else None)

    def ask(self) -> None:
        """Calls and calibration."""
        self._host.run("journal.calls", then=self._arrived, fail=self.told.show_problem, key="calls.list")
        self._ask_calibration()

    def set_mode(self, mode: str) -> None:
        self.table.set_mode(mode)

    def retheme(self) -> None:
        self.curve.update()

    def save_state(self) -> dict[str, Any]:
        return {"of": self.of.value}

    def restore_state(self, state: Mapping[str, Any]) -> None:
        self.of.set_value(str(state.get("of", "")))

    def _ask_calibration(self) -> None:
        self._host.run("journal.calibration", {"of": self.of.value}, then=self._calibrated, fail=self.told.show_problem,
                       key="calls.calibration")  # fmt: skip

    def _arrived(self, table: Table) -> None:
        self.told.show_answer(table, notes=[] if not table.frame.height else None)
        self.table.set_empty(
            "No prediction yet", "Say what a price will do by when, and how likely you think it is. It is graded by itself, and "
            "shows whether you are as often right as you think.", "crosshair", "Predict …", self._surroundings.call,
        )  # fmt: skip
        self.table.show_table(table, columns=list(_NEWBIE if self._host.mode == "newbie" else _PRO))

    def _calibrated(self, table: Table) -> None:
        found: Calibration | None = table.detail["calibration"]
        newbie = self._host.mode == "newbie"
        self.curve.show_calibration(found)
        told = " ".join(table.notes[-1:]) if newbie else " ".join((*table.notes[-1:], *table.unknown))
        few = "" if found is None or found.enough else f" But n = {found.n} is too few to say."
        self.note.setText(told + (few if newbie else ""))
        self.cards["brier"].set_title("Average miss" if newbie else "Brier score")
        self.cards["bias"].set_title("Too sure by" if newbie else "Overconfidence")
        self.cards["parts"].set_title("Better than one number" if newbie else "REL − RES + UNC")
        if found is None:
            for card in self.cards.values():
                card.set_value("–", "nothing is over yet")
            return
        self.cards["brier"].set_value(f"{found.brier:.3f}", f"0 is perfect; n = {found.n}")
        self.cards["bias"].set_value(fmt.percent(found.bias, 0, sign=True), f"said {fmt.percent(found.mean_forecast, 0)}, came "
                                     f"{fmt.percent(found.base_rate, 0)}")  # fmt: skip
        skill = "all turned out alike" if found.skill is None else f"skill {fmt.percent(found.skill, 0, sign=True)}"
        parts = f"{found.reliability:.3f} − {found.resolution:.3f} + {found.uncertainty:.3f}"
        if newbie:
            self.cards["parts"].set_value(
                fmt.percent(found.skill, 0, sign=True), f"always saying {fmt.percent(found.base_rate, 0)}"
            )
        else:
            self.cards["parts"].set_value(parts, skill)

    def _actions(self, _symbol: str) -> list[Action]:
        return [Action("Take out", lambda _: self._remove(), "trash-2")]

    def _remove(self) -> None:
        table, place = self.table.table, self.table.id_at(self.table.currentIndex().row())
        if table is not None and place >= 0:
            self._host.run("journal.delete", {"number": table.frame["number"][place]}, then=lambda _: None)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width() >= _SIDE_BY_SIDE
        self.split.setOrientation(Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical)


class Reliability(QWidget):
    """Said against came true: a dot a bin with its interval, the diagonal of perfect judgement, and how many there are."""

    def __init__(self) -> None:
        super().__init__()
        self._found: Calibration | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(theme.scaled(180))
        self.setMaximumHeight(theme.scaled(440))
        self.show_calibration(None)

    def show_calibration(self, found: Calibration | None) -> None:
        """Other dots."""
        self._found = found
        told = [f"said {fmt.percent(each.forecast, 0)}, came true {fmt.percent(each.share, 0)}, n {each.n}" for each in
                (found.bins if found is not None else ())]  # fmt: skip
        self.setAccessibleName("Reliability curve: " + ("; ".join(told) or "nothing is over yet"))
        self.setToolTip("\n".join(told))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(theme.scaled(300), theme.scaled(260))

    def paintEvent(self, event: QPaintEvent) -> None:
        colors, painter = theme.tokens(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font(theme.scaled(11)))
        left, below = theme.scaled(46), theme.scaled(34)
        room = QRectF(left, theme.scaled(8), max(self.width() - left - theme.scaled(26), 10),
                      max(self.height() - below - theme.scaled(8), 10))  # fmt: skip
        for place in range(0, 101, 25):
            x, y = room.left() + room.width() * place / 100, room.bottom() - room.height() * place / 100
            painter.setPen(QPen(colors.color("grid"), 1))
            painter.drawLine(QPointF(room.left(), y), QPointF(room.right(), y))
            painter.drawLine(QPointF(x, room.top()), QPointF(x, room.bottom()))
            painter.setPen(colors.color("t3"))
            text = fmt.percent(place / 100, 0)
            painter.drawText(
                QRect(0, round(y) - 8, left - 6, 16), Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text
            )
            painter.drawText(QRect(round(x) - 24, round(room.bottom()) + 2, 48, 14), Qt.AlignmentFlag.AlignCenter, text)
        painter.drawText(QRect(round(room.left()), self.height() - 16, round(room.width()), 16), Qt.AlignmentFlag.AlignCenter,
                         "what you said (across), how often it came true (up)")  # fmt: skip
        painter.setPen(QPen(colors.color("line_strong"), 1.5, Qt.PenStyle.DashLine))
        painter.drawLine(room.bottomLeft(), room.topRight())
        self._dots(painter, room, colors)

    def _dots(self, painter: QPainter, room: QRectF, colors: Any) -> None:
        if self._found is None:
            painter.setPen(colors.color("t3"))
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter, "Nothing you gave a probability for is over yet")
            return

        def at(x: float, y: float) -> QPointF:
            return QPointF(room.left() + room.width() * x, room.bottom() - room.height() * y)

        before = None
        for each in self._found.bins:
            color = colors.color("accent" if each.enough else "t3")
            place = at(each.forecast, each.share)
            painter.setPen(QPen(color, 1))
            painter.drawLine(at(each.forecast, each.share_low), at(each.forecast, each.share_high))
            if before is not None:
                painter.drawLine(before, place)
            before = place
            size = theme.scaled(4) + min(each.n, 40) ** 0.5
            painter.setBrush(color if each.enough else Qt.BrushStyle.NoBrush)
            painter.drawEllipse(place, size, size)
            painter.setPen(colors.color("t2"))
            painter.drawText(QRectF(place.x() + size + 3, place.y() - 8, 60, 16), Qt.AlignmentFlag.AlignVCenter, f"n {each.n}")
