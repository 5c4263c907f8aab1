"""Bookings as short as they are said."""

from __future__ import annotations

import itertools
from datetime import date
from decimal import Decimal
from typing import Any

from terminal.domain.portfolio.transactions import Kind, Option, Transaction, midnight

_numbers = itertools.count(1)
D = Decimal


def booking(kind: str, day: str, symbol: str | None = None, quantity: Any = None, price: Any = None, *, amount: Any = None,
            fees: Any = 0, account: str = "A", id: str = "", **more: Any) -> Transaction:  # fmt: skip
    """One booking; the amount of a trade is worked out when it is not said."""
    number, cost = id or f"t{next(_numbers):05d}", D(str(fees))
    count, each = (None if value is None else D(str(value)) for value in (quantity, price))
    option = Option.parse(symbol) if symbol and len(symbol) > 14 else None
    if amount is None:
        trade = kind in ("buy", "sell", "short", "cover") and count is not None and each is not None
        amount = -count * each * (option.multiplier if option else 1) - cost if trade else 0  # type: ignore[operator]
    on = date.fromisoformat(day)
    return Transaction(id=number, account=account, at=midnight(on), day=on, kind=Kind(kind), symbol=symbol, quantity=count,
                       price=each, amount=D(str(amount)), fees=cost, instrument="option" if option else "stock", option=option,
                       source_id=number, **more)  # fmt: skip
