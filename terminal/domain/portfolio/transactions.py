"""What happened in an account: one immutable record for each booking, the only thing a portfolio is made of.

Signs are those of the account: `quantity` is positive for what came in and negative for what went out, `amount` is the
change of the account's cash with fees and taxes in it. So the cash of an account is the sum of its amounts, and what a
position has earned is the sum of its amounts plus what it is worth.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

ZERO = Decimal(0)
ONE = Decimal(1)
Instrument = Literal["stock", "etf", "bond", "option", "crypto", "fund", "cash"]
INSTRUMENTS: tuple[Instrument, ...] = ("stock", "etf", "bond", "option", "crypto", "fund", "cash")
_OCC = re.compile(r"([A-Z0-9.\-^/]{1,6}?)\s*(\d{2})(\d{2})(\d{2})([CP])(\d{8})")


class Kind(StrEnum):
    """What a booking is. How each is to be filled in:

    buy, sell               quantity, price, amount; a sell of more than is held opens a short position, a buy closes one
    short, cover            the same, said outright: `short` opens, `cover` closes
    dividend, interest      amount after taxes (paid by a short seller: negative); `taxes` what was withheld
    fee, tax                amount, negative; positive for one paid back
    deposit, withdrawal     amount: money that comes from, or goes to, the outside
    transfer_in, _out       quantity of a symbol, or amount of money; `price` is the cost of a share, if known. Between two
                            of one's own accounts the lots move with their cost and day
    split                   `ratio` new shares for an old one (4, or 0.1), or `quantity` the shares that were added; with
                            both, the fraction that is missing was paid out by `amount`
    spinoff                 `symbol` and `quantity` received for holding `other`; `cost_share` of the cost of `other` moves
    merger                  `symbol` is taken away (`quantity` negative, or all of it) for `ratio` shares of `other` each,
                            and/or `amount` of money; `price` what a share of `other` was worth, if known
    exercise, assign        `quantity` of the option that is closed. `amount` either 0, and the shares follow as a buy or
                            sell at the strike; or the money for the shares, which this booking then delivers; or a
                            settlement in cash
    expire                  `quantity` of the option that is closed for nothing
    fx                      amount, once in each of the two currencies
    staking                 quantity received for nothing; `price` what one was worth
    other                   any amount of money, or a quantity the broker does not explain
    """

    BUY = "buy"
    SELL = "sell"
    SHORT = "short"
    COVER = "cover"
    DIVIDEND = "dividend"
    INTEREST = "interest"
    FEE = "fee"
    TAX = "tax"
    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    TRANSFER_IN = "transfer_in"
    TRANSFER_OUT = "transfer_out"
    SPLIT = "split"
    SPINOFF = "spinoff"
    MERGER = "merger"
    ASSIGN = "assign"
    EXERCISE = "exercise"
    EXPIRE = "expire"
    FX = "fx"
    STAKING = "staking"
    OTHER = "other"


EXTERNAL = frozenset({Kind.DEPOSIT, Kind.WITHDRAWAL, Kind.TRANSFER_IN, Kind.TRANSFER_OUT})
TRADES = frozenset({Kind.BUY, Kind.SELL, Kind.SHORT, Kind.COVER})
# Within a day: what changes the shares themselves comes before the open; what closes an option before the shares it
# delivers; without times of day a purchase comes before a sale, because a sale needs something to sell.
_PHASE = {Kind.SPLIT: 0, Kind.MERGER: 0, Kind.SPINOFF: 1, Kind.TRANSFER_OUT: 2, Kind.TRANSFER_IN: 3,
          Kind.EXERCISE: 4, Kind.ASSIGN: 4, Kind.EXPIRE: 6}  # fmt: skip
_WITHIN = {Kind.BUY: 0, Kind.SHORT: 1, Kind.SELL: 2, Kind.COVER: 3}


@dataclass(frozen=True, slots=True)
class Option:
    """An option contract. `right` is "C" or "P"; one contract is over `multiplier` shares."""

    underlying: str
    expiry: date
    strike: Decimal
    right: Literal["C", "P"]
    multiplier: Decimal = Decimal(100)

    @property
    def symbol(self) -> str:
        """The exchange's name of it without blanks (OCC), which is the `symbol` of its transactions: AAPL260116C00150000."""
        return f"{self.underlying}{self.expiry:%y%m%d}{self.right}{int(self.strike * 1000):08d}"

    @staticmethod
    def parse(text: str, multiplier: Decimal = Decimal(100)) -> Option | None:
        """The contract named by an OCC symbol, with or without blanks; None when the text is none."""
        match = _OCC.fullmatch(text.strip().upper())
        if match is None:
            return None
        root, year, month, day, right, strike = match.groups()
        try:
            expiry = date(2000 + int(year), int(month), int(day))
        except ValueError:
            return None
        return Option(root, expiry, Decimal(strike) / 1000, "C" if right == "C" else "P", multiplier)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """One booking; see `Kind` for what is filled in when.

    `at` is aware UTC (midnight UTC of `day` when the time is not known), `day` the trading day. `price` is per unit in
    `currency`, `fees` and `taxes` are positive and are part of `amount` already. `fx_rate`: how many units of the
    account's base currency one unit of `currency` was worth (None: unknown, or the same currency). `source_id` is the
    broker's number or a hash of the content: the same one in the same account is the same booking. `lots`: which lots a
    sale closes, by the `id` of the booking that opened them; "12:30" takes 30 units of lot 12.
    """

    id: str
    account: str
    at: datetime
    day: date
    kind: Kind
    symbol: str | None = None
    quantity: Decimal | None = None
    price: Decimal | None = None
    amount: Decimal = ZERO
    fees: Decimal = ZERO
    taxes: Decimal = ZERO
    currency: str = "USD"
    fx_rate: Decimal | None = None
    instrument: Instrument = "stock"
    option: Option | None = None
    source: str = "manual"
    source_id: str = ""
    note: str = ""
    ratio: Decimal | None = None
    other: str | None = None
    cost_share: Decimal | None = None
    lots: tuple[str, ...] = ()

    @property
    def multiplier(self) -> Decimal:
        """How many units of the underlying one unit of `quantity` stands for."""
        return self.option.multiplier if self.option is not None else Decimal(1)

    @property
    def external(self) -> bool:
        """Whether money or shares came from, or went to, the outside of this account."""
        return self.kind in EXTERNAL


def in_order(transactions: Iterable[Transaction]) -> list[Transaction]:
    """As they are replayed; the order in which they were recorded does not matter."""
    return sorted(transactions, key=lambda one: (one.day, _PHASE.get(one.kind, 5), one.at, _WITHIN.get(one.kind, 1),
                                                 one.source_id, one.id))  # fmt: skip


def named_lots(lots: Iterable[str]) -> list[tuple[str, Decimal | None]]:
    """The lots a booking names, each with how much of it is meant; None: as much as there is. Raises ValueError for a count
    that is none.
    """
    found: list[tuple[str, Decimal | None]] = []
    for name in lots:
        number, colon, count = name.partition(":")
        found.append((number.strip(), decimal(count) if colon else None))
    return found


def midnight(day: date) -> datetime:
    """The moment a booking has whose time of day is not known."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def content_id(one: Transaction, again: int = 0) -> str:
    """A key made of what is booked, for sources without numbers of their own; `again` counts equal bookings."""
    parts = (one.account, one.at.isoformat(), one.day.isoformat(), one.kind, one.symbol, *(_plain(value) for value in (
        one.quantity, one.price, one.amount, one.fees, one.taxes, one.ratio)), one.currency, one.other, again)  # fmt: skip
    return hashlib.sha256("|".join(str(part) for part in parts).encode()).hexdigest()[:32]


def decimal(text: str) -> Decimal:
    """A number as it is typed (`1,234.50`, `$12`, `(3.20)`, `-1 000`). Raises ValueError for what is none."""
    bare = text.strip().replace(",", "").replace("\u202f", "").replace("\xa0", "").replace(" ", "").replace("−", "-")
    negative = bare.startswith("(") and bare.endswith(")")
    bare = bare.strip("()").replace("$", "").replace("€", "").replace("£", "")
    try:
        value = Decimal(bare)
    except InvalidOperation:
        raise ValueError(f"'{text}' is not a number") from None
    if not value.is_finite():
        raise ValueError(f"'{text}' is not a number")
    return -value if negative else value


def problems(one: Transaction) -> tuple[str, ...]:
    """Why this cannot be booked, as sentences; empty when it can."""
    return tuple(text for wrong, text in _checks(one) if wrong)


def _checks(one: Transaction) -> Iterable[tuple[bool, str]]:
    quantity, kind = one.quantity or ZERO, one.kind
    yield one.at.tzinfo is None, "Its time has no zone."
    yield one.fees < 0 or one.taxes < 0, "Fees and taxes are given as positive numbers."
    yield len(one.currency) != 3 or not one.currency.isupper(), f"'{one.currency}' is not a currency such as USD."
    yield one.price is not None and one.price < 0, "A price below zero is not possible."
    yield one.fx_rate is not None and one.fx_rate <= 0, "An exchange rate is above zero."
    yield one.ratio is not None and one.ratio <= 0, "A ratio is above zero."
    yield one.cost_share is not None and not 0 <= one.cost_share <= 1, "The share of the cost lies between 0 and 1."
    yield one.instrument == "option" and one.option is None, "Of an option, expiry, strike and right must be known."
    needs_symbol = kind in TRADES or kind in (Kind.SPLIT, Kind.SPINOFF, Kind.MERGER, Kind.STAKING, Kind.EXPIRE,
                                             Kind.EXERCISE, Kind.ASSIGN)  # fmt: skip
    yield needs_symbol and not one.symbol, f"A {kind} needs a symbol."
    yield kind in (Kind.BUY, Kind.COVER, Kind.STAKING) and quantity <= 0, f"A {kind} needs a quantity above zero."
    yield kind in (Kind.SELL, Kind.SHORT) and quantity >= 0, f"The quantity of a {kind} is negative: it goes out."
    yield kind == Kind.BUY and one.amount > 0, "A purchase costs money: its amount is negative."
    yield kind in (Kind.DEPOSIT, Kind.WITHDRAWAL, Kind.FX, Kind.DIVIDEND, Kind.INTEREST, Kind.FEE, Kind.TAX) and \
        one.amount == 0, f"A {kind} needs an amount."  # fmt: skip
    yield kind == Kind.DEPOSIT and one.amount < 0, "A deposit is positive."
    yield kind == Kind.WITHDRAWAL and one.amount > 0, "A withdrawal is negative."
    yield kind == Kind.SPLIT and one.ratio is None and not quantity, "A split needs its ratio, or the shares added."
    yield kind in (Kind.SPINOFF,) and (not one.other or quantity <= 0), "A spin-off needs the parent and the shares received."
    yield kind == Kind.MERGER and one.ratio is not None and not one.other, "A merger for shares needs the symbol received."
    yield kind == Kind.MERGER and one.ratio is None and one.amount == 0, "A merger needs shares (a ratio) or money."
    yield kind in (Kind.EXERCISE, Kind.ASSIGN, Kind.EXPIRE) and one.option is None, f"Only an option can {kind}."
    yield _misnamed(one), "A lot is named by its number, and how much of it after a colon: 12:30."
    yield kind == Kind.TRANSFER_IN and (quantity < 0 or (not quantity and one.amount <= 0)), "What is transferred in is positive."
    yield kind == Kind.TRANSFER_OUT and (quantity > 0 or (not quantity and one.amount >= 0)), \
        "What is transferred out is negative."  # fmt: skip


def _misnamed(one: Transaction) -> bool:
    try:
        return any(not number or (count is not None and count <= 0) for number, count in named_lots(one.lots))
    except ValueError:
        return True


def _plain(value: Decimal | None) -> str:
    """A number so that 1.0 and 1.00 are the same."""
    return "" if value is None else format(value.normalize(), "f")
