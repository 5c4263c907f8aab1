"""What the tax office may see otherwise: losses that do not count yet because the same was bought again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from terminal.api import Column, Context, Table, argument, command

if TYPE_CHECKING:
    from typing import Any

    from plugins.portfolio.gathering import Owned

Accounts = Annotated[tuple[str, ...], argument(help="Only these accounts or portfolios; all if not given.", metavar="NAME")]
_WASHES = (
    Column("sold", "Sold", "date"),
    Column("symbol", "Ticker"),
    Column("account", "Account"),
    Column("quantity", "Bought again", "number", decimals=4),
    Column("loss", "Loss of the sale", "number", "currency", decimals=2),
    Column("put_off", "Does not count yet", "number", "currency", decimals=2, term="portfolio_wash_sale"),
    Column("bought", "Bought", "date"),
    Column("into", "Now in the cost of"),
    Column("into_account", "In the account", newbie=False),
    Column("sale", "Booking of the sale", newbie=False),
    Column("currency", "Currency"),
)


@command(title="Losses that do not count yet")
def wash_sales(
    ctx: Context,
    *,
    account: Accounts = (),
    year: Annotated[int | None, argument(help="Only sales of this year.")] = None,
    scope: Annotated[
        Literal["all", "account"], argument(help="Purchases in any of your accounts (the law), or in the same one (brokers).")
    ] = "all",
) -> Table:
    """List losses that the wash-sale rule puts off: the same was bought within 30 days before or after the sale.

    For information: gains elsewhere are told without it. The rule is that of the United States (26 U.S.C. 1091); the same ticker
    counts as the same, whatever else the tax office may hold for it. A purchase in a retirement account takes the loss for good.
    """
    from plugins.portfolio.gathering import owned

    return _table(ctx, owned(ctx, account), owned(ctx, washes=scope), year)


def _table(ctx: Context, own: Owned, everywhere: Owned, year: int | None) -> Table:
    from plugins.portfolio.gathering import sources
    from plugins.portfolio.tables import frame

    closings = everywhere.positions.closings
    rows: list[dict[str, Any]] = []
    for wash in everywhere.positions.washes:
        closing = closings[wash.closing]
        if closing.account in own.names and (year is None or closing.closed.year == year):
            rows.append(
                {"sold": closing.closed, "symbol": closing.symbol, "account": closing.account, "quantity": abs(wash.quantity),
                 "loss": closing.gain, "put_off": wash.disallowed, "bought": wash.bought, "into": f"booking {wash.lot}",
                 "into_account": wash.account, "sale": closing.transaction, "currency": closing.currency}
            )  # fmt: skip
    rows.sort(key=lambda row: (row["sold"], row["symbol"]))
    totals: dict[str, Any] = {}
    for row in rows:
        totals[row["currency"]] = totals.get(row["currency"], 0) + row["put_off"]
    told = ", ".join(f"{amount:.2f} {currency}" for currency, amount in sorted(totals.items()))
    notes = (f"Put off in all: {told}. It is part of what the shares bought again cost, and counts when those are sold.",)
    made, _ = sources(ctx, ())
    return Table("Losses that do not count yet", _WASHES, frame(_WASHES, rows), made,
                 notes=notes if rows else ("No loss is put off: nothing was bought again within 30 days.",))  # fmt: skip
