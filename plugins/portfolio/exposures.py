"""What is held, one row a thing, with its price, worth, weight and classes as plain numbers: what risk, sizing, rebalancing
and what-if are worked out from.

The book counts in decimals; from here on it is estimates, in floats. Whatever is not known is None and told in `unknown`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from plugins.portfolio.allocation.labels import labels
from plugins.portfolio.worth import counted_cash, lines, no_deposits, prepared
from terminal.domain.portfolio.classification import Labels, classify

if TYPE_CHECKING:
    from datetime import date

    from plugins.portfolio.gathering import Owned, Prices
    from plugins.portfolio.worth import Line
    from terminal.api import Context


@dataclass(frozen=True, slots=True)
class Exposure:
    """One thing held over the chosen accounts. Short positions have a negative `quantity`, `worth` and `weight`.

    `price` of one unit in `currency` (of an option: of one share of its underlying); `worth` in the currency of the total;
    `rate` what one unit of `currency` is in it; `weight` the part of the net worth, or, where not everything has a price,
    of what has one. `fetch` is where the price came from, `low` and `high` the bounds of `worth` where it is not known.
    """

    symbol: str
    market_symbol: str
    name: str | None
    instrument: str
    underlying: str | None
    expiry: date | None
    strike: float | None
    call_or_put: str | None
    multiplier: float
    quantity: float
    price: float | None
    worth: float | None
    weight: float | None
    asset_class: str | None
    sector: str | None
    region: str | None
    tags: tuple[str, ...]
    currency: str
    rate: float | None
    low: float | None = None
    high: float | None = None
    fetch: int | None = None
    price_day: date | None = None
    accounts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Exposures:
    """Everything held on a day. `cash` and `net_worth` in `currency`, None when a part of them is not known; `known_worth` is
    the sum of what is known, `cash_by_currency` the known cash in `currency` by what it is kept in."""

    rows: tuple[Exposure, ...]
    cash: float | None
    net_worth: float | None
    currency: str
    day: date
    unknown: tuple[str, ...]
    known_worth: float = 0.0
    cash_by_currency: dict[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def of(self, symbol: str) -> tuple[Exposure, ...]:
        """What is held of a symbol and its options."""
        return tuple(row for row in self.rows if row.market_symbol == symbol)


def exposures(ctx: Context, own: Owned) -> Exposures:
    """What is held on the day of `own`, in its currency, ordered by symbol."""
    prices = prepared(ctx, own)
    found = lines(own, prices)
    listed = ctx.market.instruments(sorted({line.held.market_symbol for line in found}), ctx.as_of)
    described = {row["symbol"]: row for row in listed.to_dicts()}
    said = labels(ctx.store.book.read)
    kept, money, unknown = _cash(own, prices)
    values = [_float(line.in_total.value) for line in found]
    known = sum(value for value in values if value is not None) + sum(kept.values())
    whole = None if money is None or None in values else known
    unknown += [f"{line.held.symbol}: {_why(line, own.currency)}" for line in found if line.in_total.value is None]
    rows = tuple(
        _exposure(line, value, known, described.get(line.held.market_symbol, {}), said, prices, own)
        for line, value in zip(found, values, strict=True)
    )
    return Exposures(rows, money, whole, own.currency, own.day, tuple(unknown), known, kept, tuple(no_deposits(own)))


def _exposure(
    line: Line, worth: float | None, total: float, market: dict[str, Any], said: dict[str, Labels], prices: Prices, own: Owned
) -> Exposure:
    one, option = line.held, line.held.option
    kind, name, sector, country = (market.get(column) for column in ("kind", "name", "sector", "country"))
    classes = classify(one.instrument, kind, name, sector, country, said.get(one.market_symbol, Labels()))
    return Exposure(
        one.symbol,
        one.market_symbol,
        name,
        one.instrument,
        option.underlying if option else None,
        option.expiry if option else None,
        float(option.strike) if option else None,
        option.right if option else None,
        float(one.multiplier),
        float(one.quantity),
        _float(line.price.range.value),
        worth,
        None if worth is None or total <= 0 else worth / total,
        classes.asset_class,
        classes.sector,
        classes.region,
        classes.tags,
        one.currency,
        _float(prices.rate(one.currency, own.currency, own.day)),
        _float(line.in_total.low),
        _float(line.in_total.high),
        line.price.fetch,
        line.price.day,
        line.accounts,
    )


def _cash(own: Owned, prices: Prices) -> tuple[dict[str, float], float | None, list[str]]:
    kept: dict[str, float] = {}
    unknown: list[str] = []
    for (_, currency), amount in sorted(counted_cash(own).items()):
        rate = prices.rate(currency, own.currency, own.day)
        if rate is None:
            unknown.append(f"What {amount.normalize():f} {currency} are in {own.currency} is not known.")
        else:
            kept[currency] = kept.get(currency, 0.0) + float(amount * rate)
    return kept, None if unknown else sum(kept.values()), unknown


def _why(line: Line, currency: str) -> str:
    if line.price.range.value is None:
        return line.price.reason
    return f"what {line.held.currency} are in {currency} is not known"


def _float(value: Any) -> float | None:
    return None if value is None else float(value)
