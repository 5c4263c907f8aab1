"""Lots, cash, income and realised gains: what bookings come to, to the last digit.

For each currency, realised plus unrealised plus income is always the sum of all amounts that are not deposits and the
like, plus what is held.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from decimal import localcontext
from typing import TYPE_CHECKING

from terminal.domain.portfolio import corporate
from terminal.domain.portfolio.ledger import METHODS, Ledger, Method
from terminal.domain.portfolio.transactions import TRADES, ZERO, Kind, Transaction, in_order
from terminal.domain.portfolio.washes import Scope, Washes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import date

    from terminal.domain.portfolio.positions import Positions

__all__ = ["DIGITS", "METHODS", "History", "Method", "replay"]

DIGITS = 40
"""Of every intermediate result; money has two decimals and a coin eighteen."""
_KEPT = 10
_APART = 2048


def replay(
    transactions: Iterable[Transaction],
    *,
    method: Method | Mapping[str, Method] = "fifo",
    base: Mapping[str, str] | None = None,
    until: date | None = None,
    evenings: Iterable[date] = (),
    of: Collection[str] | None = None,
    washes: Scope | None = None,
) -> Positions:
    """Book everything up to the end of `until` in its order. `method` for all, or by account; `base` the accounts' currencies.

    Average cost: before each closing the cost of a position is spread evenly over it; days stay those of first in, first
    out. Specific: the lots a booking names, in that order; without a name first in, first out. Of the `evenings` it is noted
    what was held then (by the accounts `of`; None: all). `washes`: losses on shares that were bought again within 30 days
    are put off (`washes.Washes`).
    """
    with localcontext() as context:
        context.prec = DIGITS
        ledger = Ledger(method, base or {}, None if washes is None else Washes(washes))
        asked = deque(sorted(set(evenings)))
        for one in in_order(transactions):
            if until is not None and one.day > until:
                break
            while asked and one.day > asked[0]:
                ledger.note_evening(asked.popleft(), of)
            book(ledger, one)
        for day in asked:
            ledger.note_evening(day, of)
        return ledger.finish()


class History:
    """The same bookings as of any day, without replaying all of them each time: `at` gives what `replay` gives.

    The state is kept at a few places on the way; from the last of them before a day the rest is replayed. What was noted up
    to there (closings, income, problems) is the same for every later day and kept once. Not thread safe.
    """

    def __init__(
        self, ordered: Sequence[Transaction], *, method: Method | Mapping[str, Method], base: Mapping[str, str], apart: int = 0
    ) -> None:
        """`ordered`: as `transactions.in_order` gives them. `apart`: bookings between two places (0: as many as fit well)."""
        self._ordered = ordered
        self._days = [one.day for one in ordered]
        self._apart = apart or max(_APART, len(ordered) // _KEPT)
        self._front = Ledger(method, base)
        self._done = 0
        self._kept: list[tuple[int, Ledger, int, int, int]] = [(0, Ledger(method, base), 0, 0, 0)]

    def change(self, ordered: Sequence[Transaction]) -> None:
        """Go on with other bookings; what was worked out up to the first that differs stays."""
        same = next((at for at, (old, new) in enumerate(zip(self._ordered, ordered, strict=False)) if old is not new),
                    min(len(ordered), len(self._ordered)))  # fmt: skip
        self._ordered, self._days = ordered, [one.day for one in ordered]
        self._kept = [kept for kept in self._kept if kept[0] <= same]
        self._done, state, closings, income, problems = self._kept[-1]
        noted, self._front = self._front.out, state.copy()
        out = self._front.out
        out.closings, out.income, out.problems = noted.closings[:closings], noted.income[:income], noted.problems[:problems]

    def booked(self, until: date | None = None) -> int:
        """How many bookings there are up to the end of a day."""
        return len(self._ordered) if until is None else bisect_right(self._days, until)

    def at(self, until: date | None = None, evenings: Iterable[date] = (), of: Collection[str] | None = None) -> Positions:
        """What it comes to at the end of a day; of the `evenings` it is noted what was held then (by the accounts `of`)."""
        with localcontext() as context:
            context.prec = DIGITS
            end, asked = self.booked(until), sorted(set(evenings))
            self._advance(end)
            first = min(end, self.booked(asked[0])) if asked else end
            start, state, *noted = next(kept for kept in reversed(self._kept) if kept[0] <= first)
            ledger = state.copy()
            waiting = deque(asked)
            for one in self._ordered[start:end]:
                while waiting and one.day > waiting[0]:
                    ledger.note_evening(waiting.popleft(), of)
                book(ledger, one)
            for day in waiting:
                ledger.note_evening(day, of)
            found, front = ledger.finish(), self._front.out
            closings, income, problems = noted
            found.closings = front.closings[:closings] + found.closings
            found.income = front.income[:income] + found.income
            found.problems = front.problems[:problems] + found.problems
            return found

    def _advance(self, end: int) -> None:
        """Keep states up to the booking number `end`."""
        front = self._front
        while self._done < end and self._done // self._apart < end // self._apart:
            upto = (self._done // self._apart + 1) * self._apart
            for one in self._ordered[self._done : upto]:
                book(front, one)
            self._done = upto
            out = front.out
            self._kept.append((upto, front.copy(), len(out.closings), len(out.income), len(out.problems)))


def book(ledger: Ledger, one: Transaction) -> None:
    """Take in one booking; they come in order."""
    if one.amount:
        place = (one.account, one.currency)
        ledger.cash[place] = ledger.cash.get(place, ZERO) + one.amount
    kind = one.kind
    if kind in TRADES:
        ledger.trade(one)
    elif kind in _ACTIONS:
        _ACTIONS[kind](ledger, one)
    elif kind in (Kind.EXERCISE, Kind.ASSIGN, Kind.EXPIRE):
        corporate.option_ends(ledger, one)
    elif kind == Kind.TRANSFER_OUT and one.quantity:
        corporate.leave(ledger, one)
    elif kind == Kind.TRANSFER_IN and one.quantity:
        corporate.arrive(ledger, one)
    elif kind == Kind.STAKING or (kind == Kind.OTHER and one.quantity):
        corporate.unexplained(ledger, one)
    elif not one.external and kind != Kind.FX:
        ledger.income(one, one.amount)


_ACTIONS = {Kind.SPLIT: corporate.split, Kind.SPINOFF: corporate.spinoff, Kind.MERGER: corporate.merger}
