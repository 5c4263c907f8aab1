"""The legs of the position, to be changed: side, how many, strike and expiry by steps, or as text."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QLineEdit, QSizePolicy, QSpinBox, QVBoxLayout, QWidget

from terminal.domain.planner.legs import Leg, spelled
from terminal.ui import theme
from terminal.ui.form import Button, IconButton, ghost, label, row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from terminal.domain.planner.board import Board


class LegsEditor(QWidget):
    """`changed(text)`: other legs, as `options.calc` reads them."""

    changed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._board: Board | None = None
        self._legs: tuple[Leg, ...] = ()
        self._lines: list[_Line] = []
        self.text = QLineEdit()
        self.text.setAccessibleName("Legs as text")
        self.text.setPlaceholderText("+1 SPY 2026-12-18 520 C, -1 530 C")
        self.text.returnPressed.connect(lambda: self.changed.emit(self.text.text().strip()))
        self._rows = QVBoxLayout()
        self._rows.setSpacing(4)
        self.add = ghost("Add a leg", "plus", self._add)
        self.flip = ghost("Turn around", "arrow-up-down", self._flip)
        self.flip.setToolTip("Buy what is sold and sell what is bought")
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(6)
        box.addLayout(row(label("Legs", "muted"), self.text, spacing=8))
        box.addLayout(self._rows)
        box.addLayout(row(self.add, self.flip, 0, spacing=6))
        box.addStretch(1)

    def show_legs(self, legs: Sequence[Leg], board: Board) -> None:
        """These, with the strikes and expiries of the board to choose from."""
        self._board, self._legs = board, tuple(legs)
        self.text.setText(spelled(self._legs, board.symbol))
        if self._lines and self._lines[0].board is board and len(self._lines) == len(legs):
            for line, leg in zip(self._lines, legs, strict=True):
                line.show_leg(leg)
            return
        for line in self._lines:
            self._rows.removeWidget(line)
            line.hide()
            line.deleteLater()
        self._lines = []
        for place, leg in enumerate(self._legs):
            line = _Line(board, leg, place + 1)
            line.changed.connect(partial(self._replaced, place))
            line.removed.connect(partial(self._removed, place))
            self._rows.addWidget(line)
            self._lines.append(line)

    def _tell(self, legs: Sequence[Leg]) -> None:
        if self._board is not None and legs:
            self.changed.emit(spelled(legs, self._board.symbol))

    def _replaced(self, place: int, leg: Leg) -> None:
        self._tell((*self._legs[:place], leg, *self._legs[place + 1 :]))

    def _removed(self, place: int) -> None:
        self._tell((*self._legs[:place], *self._legs[place + 1 :]))

    def _flip(self) -> None:
        self._tell([replace(leg, quantity=-leg.quantity) for leg in self._legs])

    def _add(self) -> None:
        """One more call, of the same expiry, at the usable strike nearest to the price."""
        if self._board is None:
            return
        day = next((leg.expiry for leg in self._legs if leg.expiry), self._board.terms[0].expiry)
        near = strikes(self._board, day, "C")
        if near:
            self._tell((*self._legs, Leg(1, "C", min(near, key=lambda at: abs(at - self._board.spot)), day)))  # type: ignore[union-attr]


def strikes(board: Board, expiry: Any, right: str) -> list[float]:
    """The strikes of an expiry whose quotes may be used, ascending."""
    term = board.term(expiry)
    if term is None:
        return []
    return [float(board.strike[at]) for at in term.rows if board.usable[at] and bool(board.call[at]) == (right == "C")]


class _Line(QWidget):
    """One leg: buy or sell, how many, expiry, strike with steps, call or put."""

    changed = Signal(object)
    removed = Signal()

    def __init__(self, board: Board, leg: Leg, number: int) -> None:
        super().__init__()
        self.board, self._leg = board, leg
        name = f"Leg {number}"
        self.side = Button("", on_click=self._turned)
        self.side.setFixedWidth(theme.scaled(48))
        self.count = QSpinBox(minimum=1, maximum=10_000)
        self.count.setAccessibleName(f"{name}: how many")
        self.count.valueChanged.connect(self._counted)
        self.expiry, self.strike, self.right = QComboBox(), QComboBox(), QComboBox()
        for box, what in ((self.expiry, "expires"), (self.strike, "strike"), (self.right, "call or put")):
            box.setAccessibleName(f"{name}: {what}")
        for key, text in (("C", "Call"), ("P", "Put"), ("S", "Shares")):
            self.right.addItem(text, key)
        self.down = IconButton("minus", f"{name}: lower strike", partial(self._stepped, -1), size=12)
        self.up = IconButton("plus", f"{name}: higher strike", partial(self._stepped, 1), size=12)
        self.quote = label("", "muted")
        self.expiry.activated.connect(lambda _: self._expiry_chosen())
        self.strike.activated.connect(lambda _: self._strike_chosen())
        self.right.activated.connect(lambda _: self._right_chosen())
        gone = IconButton("x", f"{name}: remove", self.removed.emit, size=12)
        for widget, wide in ((self.count, 60), (self.right, 74), (self.expiry, 108), (self.strike, 72)):
            widget.setFixedWidth(theme.scaled(wide))
        self.quote.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.quote.setMinimumWidth(theme.scaled(40))
        line = row(self.side, self.count, self.right, self.expiry, self.down, self.strike, self.up, self.quote, gone, spacing=4)
        line.setStretch(7, 1)
        self.setLayout(line)
        self.show_leg(leg)

    def show_leg(self, leg: Leg) -> None:
        """Another leg, without telling."""
        self._leg = leg
        bought, share = leg.quantity > 0, leg.right == "S"
        self.side.setText("Buy" if bought else "Sell")
        self.side.setAccessibleName("Buy: press to sell instead" if bought else "Sell: press to buy instead")
        theme.set_role(self.side, tone="up" if bought else "down")
        self.count.blockSignals(True)
        self.count.setSingleStep(100 if share else 1)
        self.count.setValue(abs(leg.quantity))
        self.count.blockSignals(False)
        self.right.setCurrentIndex(self.right.findData(leg.right))
        for widget in (self.expiry, self.strike, self.down, self.up):
            widget.setVisible(not share)
        row_ = self.board.share
        if not share:
            self.expiry.clear()
            for term in self.board.terms:
                self.expiry.addItem(f"{term.expiry:%d %b %y}", term.expiry.toordinal())
            self.expiry.setCurrentIndex(self.expiry.findData(leg.expiry.toordinal() if leg.expiry else 0))
            self.strike.clear()
            for at in strikes(self.board, leg.expiry, leg.right):
                self.strike.addItem(f"{at:g}", at)
            self.strike.setCurrentIndex(self.strike.findData(leg.strike))
            row_ = self.board.place(leg.expiry, leg.strike, leg.right) or row_  # type: ignore[arg-type]
        board = self.board
        detail = "" if share else f"  Δ {board.delta[row_]:.2f}  IV {board.iv[row_] * 100:.1f} %"
        self.quote.setToolTip(f"Bid {board.bid[row_]:,.2f}, ask {board.ask[row_]:,.2f}{detail}")
        self.quote.setText(f"{board.bid[row_]:,.2f} / {board.ask[row_]:,.2f}{detail}")
        self.quote.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)

    def _turned(self) -> None:
        self.changed.emit(replace(self._leg, quantity=-self._leg.quantity))

    def _counted(self, value: int) -> None:
        self.changed.emit(replace(self._leg, quantity=value if self._leg.quantity > 0 else -value))

    def _stepped(self, step: int) -> None:
        there = strikes(self.board, self._leg.expiry, self._leg.right)
        after = [at for at in there if (at > self._leg.strike if step > 0 else at < self._leg.strike)]
        if after:
            self.changed.emit(replace(self._leg, strike=after[0] if step > 0 else after[-1]))

    def _strike_chosen(self) -> None:
        self.changed.emit(replace(self._leg, strike=float(self.strike.currentData())))

    def _expiry_chosen(self) -> None:
        self._moved(replace(self._leg, expiry=date.fromordinal(int(self.expiry.currentData()))))

    def _right_chosen(self) -> None:
        right = self.right.currentData()
        sign = 1 if self._leg.quantity > 0 else -1
        if right == "S":
            self.changed.emit(Leg(sign * 100, "S"))
        elif self._leg.right == "S":
            self._moved(Leg(sign, right, self.board.spot, self.board.terms[0].expiry))
        else:
            self._moved(replace(self._leg, right=right))

    def _moved(self, leg: Leg) -> None:
        """To the nearest strike whose quote may be used."""
        there = strikes(self.board, leg.expiry, leg.right)
        if there:
            self.changed.emit(replace(leg, strike=min(there, key=lambda at: abs(at - leg.strike)), price=None))
        else:
            self.show_leg(self._leg)
