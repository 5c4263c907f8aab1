"""What is booked, read and put in order once for as long as nothing is booked, and what it came to as of any day."""

from __future__ import annotations

import gc
import threading
from bisect import bisect_right
from contextlib import contextmanager
from typing import TYPE_CHECKING

from plugins.portfolio import book
from terminal.domain.portfolio.lots import History
from terminal.domain.portfolio.transactions import in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from datetime import date

    import polars as pl

    from terminal.api import Context
    from terminal.domain.portfolio.lots import Method
    from terminal.domain.portfolio.positions import Positions
    from terminal.domain.portfolio.transactions import Transaction

_HISTORIES = 3
# A version is never changed, so these say whether there is another one; a number is never given twice.
_KEY = "SELECT count(*) AS n, bit_xor(hash(id, version, account_id, booked_at, source_id, amount)) AS h FROM portfolio.versions"


class Standing:
    """All bookings as they stand. Thread safe: what is handed out is not changed by `update`."""

    def __init__(self) -> None:
        self._key: object = None
        self.accounts: tuple[book.Account, ...] = ()
        self._versions: dict[int, int] = {}
        self._booked: dict[int, Transaction] = {}
        self._ordered: list[Transaction] = []
        self._days: list[date] = []
        self._histories: dict[tuple[object, ...], History] = {}
        self._lock = threading.Lock()

    def update(self, read: Callable[..., pl.DataFrame]) -> None:
        """Read what was booked, corrected or taken out since the last time."""
        accounts = tuple(book.accounts(read))
        key = (accounts, *read(_KEY).row(0))
        with self._lock, _uncollected():
            if key == self._key:
                return
            newest = dict(read("SELECT id, max(version) FROM portfolio.versions GROUP BY id").rows())
            changed = [number for number, version in newest.items() if self._versions.get(number) != version]
            if accounts != self.accounts:
                changed = list(newest)
                self._histories.clear()
            found = book.transactions_of(read, changed if len(changed) < len(newest) else None)
            renewed = {int(one.id): one for one in found}
            for number in (*changed, *(self._booked.keys() - newest.keys())):
                self._booked.pop(number, None)
            self._booked |= renewed
            self._ordered = in_order(self._booked.values())
            self._days = [one.day for one in self._ordered]
            for history in self._histories.values():
                history.change(self._ordered)
            self._versions, self.accounts, self._key = newest, accounts, key

    def transactions(self, until: date) -> tuple[Transaction, ...]:
        """What is booked up to the end of a day, as it is replayed."""
        with self._lock:
            return tuple(self._ordered[: bisect_right(self._days, until)])

    def positions(
        self, methods: Mapping[str, Method], until: date, evenings: Iterable[date] = (), of: Collection[str] | None = None
    ) -> Positions:  # fmt: skip
        """What it comes to at the end of a day with lots closed this way, by account; `evenings` of the accounts `of` alone."""
        bases = {each.name: each.base_currency for each in self.accounts}
        chosen = tuple(sorted(methods.items()))
        with self._lock, _uncollected():
            history = self._histories.pop(chosen, None) or History(self._ordered, method=dict(methods), base=bases)
            self._histories[chosen] = history
            while len(self._histories) > _HISTORIES:
                del self._histories[next(iter(self._histories))]
            return history.at(until, evenings, of)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without looking for garbage meanwhile: a long book makes a million objects that stay, and each search goes through all."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


def standing(ctx: Context) -> Standing:
    """The bookings as they stand now."""
    found: Standing = ctx.store.book.kept.setdefault("portfolio", Standing())
    found.update(ctx.store.book.read)
    return found
