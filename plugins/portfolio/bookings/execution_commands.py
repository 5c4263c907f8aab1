"""What was bought, sold and came to an end, as other plugins group it: the journal makes trades of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from terminal.api import Column, Context, Table, argument, command

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal

    from plugins.portfolio.gathering import Owned, Prices

Accounts = Annotated[tuple[str, ...], argument(help="Only these accounts or portfolios; all if none.", metavar="NAME")]
Currency = Annotated[str, argument(help="Rates into this currency; the accounts' own if not given.", metavar="CODE")]

_COLUMNS = (
    Column("booking", "Number", "integer"),
    Column("day", "Day", "date"),
    Column("at", "Time", "datetime"),
    Column("account", "Account"),
    Column("kind", "What"),
    Column("symbol", "Ticker"),
    Column("quantity", "Quantity", "number", decimals=4),
    Column("price", "Price", "number", "currency", decimals=4),
    Column("amount", "Cash", "number", "currency", decimals=2, term="portfolio_amount"),
    Column("fees", "Fees", "number", "currency", decimals=2),
    Column("currency", "Currency"),
)


@command(title="Executions", hidden=True)
def executions(ctx: Context, *, account: Accounts = (), currency: Currency = "") -> Table:
    """List every booking that changes a position, the oldest first, with all of them as they are kept.

    `detail`: `bookings` (of all accounts, because what was moved between two brings its cost along), `prices` (of what is
    held, by account and symbol, in its own currency; None: not known), `currency` of the totals, `rates` into it by currency
    and day of the bookings (None: not known), `accounts` (the chosen ones).
    """
    from plugins.portfolio.gathering import owned, sources
    from plugins.portfolio.tables import fitted, frame
    from plugins.portfolio.worth import prepared
    from terminal.domain.portfolio.positions import held

    own = owned(ctx, account, currency=currency)
    prices = prepared(ctx, own)
    known = {(each.account, each.symbol): prices.now(each) for each in held(own.positions.lots)}
    mine = [one for one in own.transactions if one.account in own.names]
    rows = [
        {"booking": int(one.id), "day": one.day, "at": one.at, "account": one.account, "kind": str(one.kind),
         "symbol": one.symbol, "quantity": one.quantity, "price": one.price, "amount": one.amount, "fees": one.fees + one.taxes,
         "currency": one.currency}
        for one in mine if one.symbol is not None and one.quantity
    ]  # fmt: skip
    shown = frame(_COLUMNS, rows)
    told, _ = sources(ctx, (price.fetch for price in known.values()))
    detail = {
        "bookings": own.transactions,
        "prices": {place: price.range.value for place, price in known.items()},
        "currency": own.currency,
        "rates": _rates(own, prices),
        "accounts": tuple(each.name for each in own.accounts),
    }
    return Table("Executions", fitted(_COLUMNS, shown) if rows else _COLUMNS, shown, told, detail=detail)


def _rates(own: Owned, prices: Prices) -> dict[tuple[str, date], Decimal | None]:
    wanted = {(one.currency, one.day) for one in own.transactions if one.symbol is not None}
    wanted |= {(currency, own.day) for currency, _ in wanted}
    return {(currency, day): prices.rate(currency, own.currency, day) for currency, day in wanted}
