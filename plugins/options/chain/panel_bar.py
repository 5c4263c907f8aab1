"""The expiries side by side: the day, how far away it is, and the move expected until then. And the legs one has picked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QPushButton, QScrollArea, QSizePolicy, QWidget

from terminal.domain import format as written
from terminal.ui import theme
from terminal.ui.form import Button, ChipRow, ghost, label, primary, reveal, row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QKeyEvent, QWheelEvent

ALL = "all"


class ExpiryBar(QScrollArea):
    """One button an expiry (and root); `chosen(key)` with "YYYY-MM-DD ROOT", or "all". Arrow keys move."""

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Expiry")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._buttons: dict[str, QPushButton] = {}
        self._group = QButtonGroup(self)
        self._offered: list[tuple[str, str, str]] = []
        self._inside = QWidget()
        self._box = row(spacing=4)
        self._inside.setLayout(self._box)
        self.setWidget(self._inside)

    @property
    def value(self) -> str:
        """The key of the one chosen."""
        return next((key for key, button in self._buttons.items() if button.isChecked()), "")

    def offer(self, expiries: Sequence[dict[str, Any]], value: str, mode: str) -> None:
        """Show these rows of `model.expiries`, with `value` chosen."""
        several = len({each["expiry"] for each in expiries}) < len(expiries)
        wanted = [(key_of(each), *_words(each, several, mode)) for each in expiries]
        if len(wanted) > 1:
            wanted.append((ALL, "All", f"{len(wanted)} expiries"))
        if wanted != self._offered:
            self._fill(wanted)
        self.set_value(value)

    def _fill(self, wanted: list[tuple[str, str, str]]) -> None:
        for button in self._buttons.values():
            self._group.removeButton(button)
            self._box.removeWidget(button)
            button.hide()
            button.deleteLater()
        while self._box.count():
            self._box.takeAt(0)
        self._buttons, self._offered = {}, wanted
        for key, first, second in wanted:
            button = QPushButton(f"{first}\n{second}")
            button.setCheckable(True)
            button.setAutoDefault(False)
            button.setCursor(Qt.CursorShape.PointingHandCursor)
            button.setAccessibleName(f"Expiry {first}, {second}")
            button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
            theme.set_role(button, role="ghost")
            button.clicked.connect(lambda _, key=key: self.chosen.emit(key))
            self._group.addButton(button)
            self._buttons[key] = button
            self._box.addWidget(button)
        self._box.addStretch(1)
        self.setFixedHeight(theme.scaled(44))

    def set_value(self, value: str) -> None:
        """Choose without telling."""
        button = self._buttons.get(value)
        if button is not None:
            button.setChecked(True)
            self.ensureWidgetVisible(button, theme.scaled(120), 0)

    def wheelEvent(self, event: QWheelEvent) -> None:
        bar = self.horizontalScrollBar()
        bar.setValue(bar.value() - (event.angleDelta().y() or event.angleDelta().x()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        keys = list(self._buttons)
        if not step or self.value not in keys:
            super().keyPressEvent(event)
            return
        button = self._buttons[keys[(keys.index(self.value) + step) % len(keys)]]
        button.setFocus()
        button.click()
        self.ensureWidgetVisible(button)


def key_of(expiry: dict[str, Any]) -> str:
    """How an expiry and root are named in the bar."""
    return f"{expiry['expiry']} {expiry['root']}"


def _words(expiry: dict[str, Any], several: bool, mode: str) -> tuple[str, str]:
    day = written.day(expiry["expiry"])
    root = f" {expiry['settlement']}" if several else ""
    mark = " ●" if expiry["monthly"] and mode == "pro" else ""
    days = f"{written.number(expiry['days'], 0)} {'days' if mode == 'newbie' else 'd'}"
    move = "" if expiry["move"] is None else f" · ±{written.percent(expiry['move'], 1)}"
    return f"{day}{root}{mark}", f"{days}{move}"


class LegTray(QWidget):
    """What was picked from the chain: legs as chips, what they cost together, and a way to the planner."""

    changed = Signal()
    planned = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.legs: dict[str, tuple[int, dict[str, Any]]] = {}
        self.chips = ChipRow()
        self.says = label("", "strong")
        self.plan: Button = primary("Plan it", "calculator", self.planned.emit)
        self.clear: Button = ghost("Clear", "x", self._clear)
        self.plan.setToolTip("What the legs make and lose, their chances and risks")
        self.chips.removed.connect(self._remove)
        inside = (label("Legs", "muted"), self.chips, self.says, self.plan, self.clear)
        self.setLayout(row(*inside, spacing=8, margins=(12, 4, 12, 6)))
        self.hide()

    def add(self, contract: dict[str, Any], quantity: int) -> None:
        """One more bought (+1) or sold (-1); what cancels out is gone."""
        name = str(contract["contract"])
        count = self.legs.get(name, (0, contract))[0] + quantity
        if count:
            self.legs[name] = (count, contract)
        else:
            self.legs.pop(name, None)
        self._show()

    @property
    def text(self) -> str:
        """The legs as the planner's commands read them."""
        return ", ".join(f"{count:+d} {leg['symbol'].lstrip('^')} {leg['expiry']} {leg['strike']:g} {leg['right']}"
                         for count, leg in self.legs.values())  # fmt: skip

    @property
    def cost(self) -> float | None:
        """What one share's worth of them costs at bid and ask (below zero: one is paid); None when a quote is missing."""
        total = 0.0
        for count, leg in self.legs.values():
            price = leg["ask"] if count > 0 else leg["bid"]
            if price is None:
                return None
            total += count * price
        return total

    def _remove(self, name: str) -> None:
        self.legs.pop(name, None)
        self._show()

    def _clear(self) -> None:
        self.legs = {}
        self._show()

    def _show(self) -> None:
        self.chips.set_chips([(name, _leg(count, leg), "up" if count > 0 else "down")
                              for name, (count, leg) in self.legs.items()])  # fmt: skip
        cost = self.cost
        money = "unknown" if cost is None else written.money(abs(cost) * 100, "USD")
        self.says.setText(f"You {'get' if cost is not None and cost < 0 else 'pay'} {money}")
        reveal(self, bool(self.legs))
        self.changed.emit()


def _leg(count: int, leg: dict[str, Any]) -> str:
    return f"{count:+d} {written.day(leg['expiry'])} {leg['strike']:g} {'call' if leg['call'] else 'put'}"
