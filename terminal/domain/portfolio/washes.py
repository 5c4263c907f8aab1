"""Wash sales (26 U.S.C. 1091, Treas. Reg. 1.1091-1 and -2): a loss does not count yet when the shares were bought again.

Who sells at a loss and buys the same within 30 days before or after (61 days in all) may not deduct the loss on as many
shares as were bought; it is added to the cost of those, which also take over how long the sold ones were held. Losses are
matched in the order of the sales, with purchases in the order in which they were made; each share bought stands for one
share sold. What is left of the very purchase that was sold from does not count (Rev. Rul. 56-602), nor does a purchase from
before that is gone again by the time of the sale. Short positions likewise (1091 (e)): bought back at a loss and sold short
again. "The same" here is the same ticker or contract: a call on the shares, or another fund on the same index, may count
for the tax office and does not here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Literal

from terminal.domain.portfolio.ledger import part_of
from terminal.domain.portfolio.positions import Wash
from terminal.domain.portfolio.transactions import TRADES, ZERO, Kind

if TYPE_CHECKING:
    from decimal import Decimal

    from terminal.domain.portfolio.ledger import Ledger
    from terminal.domain.portfolio.positions import Closing, Lot
    from terminal.domain.portfolio.transactions import Transaction

Scope = Literal["account", "all"]
"""Purchases in the same account only (as brokers report), or in any of them (as the law has it)."""
WINDOW = timedelta(days=30)
_ACQUIRED = TRADES | {Kind.EXERCISE, Kind.ASSIGN}


@dataclass(slots=True)
class _Loss:
    """A loss for whose shares no purchase was found yet. `left`: signed as the lot was; the losses are of those left."""

    closing: int
    account: str
    day: date
    opened: date
    held_from: date
    left: Decimal
    loss: Decimal
    loss_base: Decimal


class Washes:
    """Told by the ledger of each opening and closing; moves losses to the lots that replace what was sold."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self._waiting: dict[str, list[_Loss]] = {}
        self._accounts: dict[str, list[str]] = {}
        self._known = 0

    def closed(self, ledger: Ledger, one: Transaction, lot: Lot, closing: Closing) -> Closing:
        """A loss is matched with what was bought in the 30 days before and is held; the rest waits for 30 days."""
        gain = closing.gain
        if gain is None or gain >= 0 or not closing.quantity or one.kind not in TRADES:
            return closing
        base = min(closing.gain_base or ZERO, ZERO)
        loss = _Loss(len(ledger.out.closings), one.account, one.day, lot.opened, lot.held_from or lot.opened, closing.quantity,
                     -gain, -base)  # fmt: skip
        for account in (one.account,) if self.scope == "account" else self._holding(ledger, closing.symbol):
            closing = self._replaced_before(ledger, account, closing.symbol, lot, loss, closing)
        if loss.left:
            self._waiting.setdefault(closing.symbol, []).append(loss)
        return closing

    def _holding(self, ledger: Ledger, symbol: str) -> list[str]:
        """The accounts that ever held a symbol, in the order in which they did; a place in the ledger stays."""
        for account, name in islice(ledger.held, self._known, None):
            self._accounts.setdefault(name, []).append(account)
        self._known = len(ledger.held)
        return self._accounts.get(symbol, [])

    def _replaced_before(self, ledger: Ledger, account: str, symbol: str, sold: Lot, loss: _Loss, closing: Closing) -> Closing:
        held = ledger.held[account, symbol]
        for lot in sorted(held, key=lambda each: each.opened):
            fits = loss.day - WINDOW <= lot.opened <= loss.day and lot.quantity * loss.left > 0
            if not loss.left or not fits or lot.replaces or (lot.id, account) == (sold.id, sold.account):
                continue
            parts, closing = self._stand_in(ledger, lot, loss, closing)
            at = held.index(lot)
            held.remove(lot)
            for part in reversed(parts):
                held.insert(at, part)
        return closing

    def opened(self, ledger: Ledger, one: Transaction, lot: Lot) -> list[Lot]:
        """What is bought stands for what was sold at a loss in the 30 days before, the oldest sale first."""
        waiting = self._waiting.get(lot.symbol)
        if not waiting or one.kind not in _ACQUIRED:
            return [lot]
        waiting[:] = [loss for loss in waiting if one.day - loss.day <= WINDOW and loss.left]
        made: list[Lot] = []
        for loss in list(waiting):
            if lot.replaces or loss.left * lot.quantity <= 0 or (self.scope == "account" and loss.account != lot.account):
                continue
            closings = ledger.out.closings
            parts, closings[loss.closing] = self._stand_in(ledger, lot, loss, closings[loss.closing])
            made += parts[:-1]
            lot = parts[-1]
        return [*made, lot]

    def split(self, account: str, symbol: str, ratio: Decimal) -> None:
        """Shares sold before a split stand for more, or fewer, of the new ones."""
        for loss in self._waiting.get(symbol, ()):
            if loss.account == account:
                loss.left *= ratio

    def _stand_in(self, ledger: Ledger, lot: Lot, loss: _Loss, closing: Closing) -> tuple[list[Lot], Closing]:
        """The part of the lot that stands for what was sold, with the loss in its cost, and the rest of it."""
        parts = [lot]
        if abs(lot.quantity) > abs(loss.left):
            lot = part_of(parts[0], loss.left)
            parts.insert(0, lot)
        share = lot.quantity / loss.left
        moved, moved_base = loss.loss * share, loss.loss_base * share
        lot.cost = None if lot.cost is None else lot.cost + moved
        lot.cost_base = None if lot.cost_base is None else lot.cost_base + moved_base
        lot.held_from = lot.opened - (loss.day - loss.held_from)
        lot.replaces = True
        loss.left -= lot.quantity
        loss.loss, loss.loss_base = loss.loss - moved, loss.loss_base - moved_base
        ledger.out.washes.append(Wash(loss.closing, lot.id, lot.account, lot.opened, lot.quantity, moved))
        total, total_base = closing.disallowed + moved, closing.disallowed_base + moved_base
        return parts, replace(closing, disallowed=total, disallowed_base=total_base)
