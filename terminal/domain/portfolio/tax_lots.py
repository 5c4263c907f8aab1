"""Which lots a sale closes, what each of them makes, and whether a loss would count (wash sales).

An estimate before the sale, in the currency of the total; what is booked afterwards decides (`lots.replay`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Choice = Literal["highest_cost", "lowest_cost", "long_term_first", "losses_first", "oldest_first", "newest_first", "least_tax"]
CHOICES: tuple[Choice, ...] = get_args(Choice)
WINDOW = timedelta(days=30)
"""Before and after the sale (26 U.S.C. 1091)."""
SHORT_RATE, LONG_RATE = 0.35, 0.15
"""What `least_tax` assumes of gains within and after a year unless told otherwise."""
TINY = 1e-9
# Funds on the same index. Whether they are substantially the same is not settled; they are named with that said.
_SAME_INDEX = (
    frozenset({"SPY", "VOO", "IVV", "SPLG"}),
    frozenset({"QQQ", "QQQM"}),
    frozenset({"IWM", "VTWO"}),
    frozenset({"GLD", "IAU", "GLDM"}),
    frozenset({"AGG", "BND"}),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TaxLot:
    """What is left of one purchase. `unit_cost` in the currency of the total, None: not known."""

    id: str
    account: str
    opened: date
    quantity: float
    unit_cost: float | None
    long_term: bool


@dataclass(frozen=True, slots=True)
class LotSale:
    """A part of a lot that is sold: `gain` None where the cost is not known."""

    lot: TaxLot
    quantity: float
    proceeds: float
    cost: float | None

    @property
    def gain(self) -> float | None:
        """Proceeds less cost."""
        return None if self.cost is None else self.proceeds - self.cost


@dataclass(frozen=True, slots=True)
class Purchase:
    """Something of a symbol that was bought, or will be: `symbol` as the market knows it (of an option, the underlying)."""

    symbol: str
    day: date
    quantity: float
    lot: str = ""
    planned: bool = False


@dataclass(frozen=True, slots=True)
class Wash:
    """A loss that may not count: `quantity` of the shares sold at a loss have been replaced, by `by`, and `loss` is theirs.

    With `quantity` 0 nothing has been bought yet; until `until` a purchase would make it so.
    """

    symbol: str
    loss: float
    quantity: float
    by: tuple[Purchase, ...]
    until: date
    alike: bool = False


def long_term(opened: date, day: date) -> bool:
    """Whether what was bought then has been held for more than a year (26 U.S.C. 1222)."""
    later = date(opened.year + 1, 3, 1) - timedelta(days=1) if (opened.month, opened.day) == (2, 29) else \
        opened.replace(year=opened.year + 1)  # fmt: skip
    return day > later


def choose(
    lots: Iterable[TaxLot],
    quantity: float,
    price: float,
    choice: Choice = "highest_cost",
    rates: tuple[float, float] = (SHORT_RATE, LONG_RATE),
) -> tuple[LotSale, ...]:
    """The lots a sale of `quantity` at `price` closes, in the order of the choice; never more than there is.

    `least_tax` takes first what adds least to the tax of the year at the two `rates` (within and after a year).
    """
    left, sold = quantity, []
    for lot in sorted((each for each in lots if each.quantity > 0), key=lambda lot: _order(lot, price, choice, rates)):
        part = min(left, lot.quantity)
        if part <= TINY:
            break
        sold.append(LotSale(lot, part, part * price, None if lot.unit_cost is None else part * lot.unit_cost))
        left -= part
    return tuple(sold)


def shared_out(
    lots: Mapping[str, Iterable[TaxLot]],
    prices: Mapping[str, float],
    money: float,
    choice: Choice = "least_tax",
    rates: tuple[float, float] = (SHORT_RATE, LONG_RATE),
) -> dict[str, float]:
    """For how much of each symbol a sum is sold when the lots of all stand in one row, ordered by the choice for each share
    of a price of 1. Never more than there is; symbols of which nothing is sold are left out."""


    def scaled_to(price: float, lot: TaxLot) -> TaxLot:
        return replace(lot, unit_cost=None if lot.unit_cost is None else lot.unit_cost / price)

    scaled = [
        (symbol, lot.quantity * prices[symbol], scaled_to(prices[symbol], lot))
        for symbol, mine in lots.items()
        for lot in mine
        if lot.quantity > 0
    ]
    left, sold = money, dict[str, float]()
    for symbol, worth, _ in sorted(scaled, key=lambda one: (_order(one[2], 1.0, choice, rates), one[0])):
        part = min(left, worth)
        if part <= TINY:
            break
        sold[symbol] = sold.get(symbol, 0.0) + part
        left -= part
    return sold


def wash_sales(symbol: str, sold: Sequence[LotSale], purchases: Iterable[Purchase], day: date) -> tuple[Wash, ...]:
    """What would become of the losses in a sale of `symbol` on `day`. Empty when nothing is sold at a loss.

    A purchase replaces what was sold when it lies within 30 days before or after and is not itself what was sold. Funds on
    the same index are told apart (`alike`).
    """
    losing = [each for each in sold if each.gain is not None and each.gain < -0.005]
    if not losing:
        return ()
    loss, quantity = -sum(each.gain or 0.0 for each in losing), sum(each.quantity for each in losing)
    gone: dict[str, float] = {}
    for each in sold:
        gone[each.lot.id] = gone.get(each.lot.id, 0.0) + each.quantity
    twins = next((group for group in _SAME_INDEX if symbol in group), frozenset({symbol}))
    near = [_left(one, gone) for one in purchases if one.symbol in twins and abs(one.day - day) <= WINDOW]
    made = []
    for alike in (False, True):
        by = tuple(one for one in near if (one.symbol != symbol) == alike and one.quantity > TINY)
        replaced = min(quantity, sum(one.quantity for one in by))
        if replaced > TINY or not alike:
            made.append(Wash(symbol, loss * replaced / quantity if replaced else loss, replaced, by, day + WINDOW, alike))
    return tuple(made)


def _left(one: Purchase, gone: dict[str, float]) -> Purchase:
    """The purchase without what of it is sold now."""
    return Purchase(one.symbol, one.day, one.quantity - gone.get(one.lot, 0.0), one.lot, one.planned) if one.lot else one


def _order(lot: TaxLot, price: float, choice: Choice, rates: tuple[float, float]) -> tuple[float, float, date, str]:
    cost = lot.unit_cost if lot.unit_cost is not None else price  # an unknown cost is neither a gain nor a loss
    gain = price - cost
    first, second = {
        "highest_cost": (-cost, 0.0),
        "lowest_cost": (cost, 0.0),
        "long_term_first": (float(not lot.long_term), -cost),
        "losses_first": (float(gain >= 0), -cost),
        "oldest_first": (0.0, 0.0),
        "newest_first": (-float(lot.opened.toordinal()), 0.0),
        "least_tax": (gain * rates[1 if lot.long_term else 0], -cost),
    }[choice]
    return first, second, lot.opened, lot.id
