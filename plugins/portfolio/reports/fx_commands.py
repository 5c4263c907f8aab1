"""Exchange rates of the currencies you have: which rate each total uses, and fetching them from the European Central Bank."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from terminal.api import Column, Context, Table, argument, command

if TYPE_CHECKING:
    from collections.abc import Sequence

_RATES = (
    Column("currency", "Currency"),
    Column("rate", "One unit is", "number", decimals=6),
    Column("target", "In"),
    Column("day", "Of", "date"),
    Column("source", "From"),
)


@command(title="Exchange rates of your currencies")
def fx(
    ctx: Context, *, currency: Annotated[str, argument(help="In this currency; your first account's if not given.")] = ""
) -> Table:
    """List what one unit of each currency you have is worth in another, of which day and from where."""
    return _table(ctx, currency.strip().upper())


@command(title="Fetch exchange rates", long=True)
def fx_refresh(ctx: Context) -> Table:
    """Ask the European Central Bank for its reference rates of all currencies in your book. They come once a day."""
    from plugins.portfolio.exchange import wanted

    series = wanted(_currencies(ctx))
    failed: Sequence[str] = () if ctx.demo or not series else ctx.market.ensure(series, ("macro",), ctx)
    return _table(ctx, "", tuple(failed))


def _currencies(ctx: Context) -> set[str]:
    found = ctx.store.book.read("SELECT currency FROM portfolio.transactions UNION SELECT base_currency FROM portfolio.accounts")
    return set(found["currency"].to_list())


def _table(ctx: Context, target: str, failed: Sequence[str] = ()) -> Table:
    from plugins.portfolio import book
    from plugins.portfolio.exchange import rates
    from plugins.portfolio.gathering import FRESH, sources
    from plugins.portfolio.tables import frame

    accounts = book.accounts(ctx.store.book.read)
    wanted = target or (accounts[0].base_currency if accounts else "USD")
    day = ctx.as_of or ctx.market.today()
    rows: list[dict[str, Any]] = []
    unknown: list[str] = []
    fetches: set[int] = set()
    for currency in sorted(_currencies(ctx) - {wanted}):
        known = rates(ctx, currency, wanted, day)
        found = known.on(day, FRESH)
        if found is None:
            unknown.append(f"What a {currency} is in {wanted} is not known: `tapeline portfolio fx-refresh`.")
            continue
        fetches |= set(known.fetches)
        rows.append({"currency": currency, "rate": float(found[1]), "target": wanted, "day": found[0], "source": known.source})
    made, _ = sources(ctx, fetches)
    notes = () if rows or unknown else ("All you have is in one currency.",)
    return Table("Exchange rates", _RATES, frame(_RATES, rows), made if rows else (), (*unknown, *failed), notes)
