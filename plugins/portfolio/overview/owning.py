"""What is owned of each company or fund, in words and as numbers: for lists of companies elsewhere."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from plugins.portfolio.tables import frame
from terminal.api import Column, Context, Table
from terminal.domain import format as fmt

if TYPE_CHECKING:
    from decimal import Decimal

_OWNED = (
    Column("symbol", "Ticker"),
    Column("own", "You own", term="portfolio_own"),
    Column("own_weight", "Your weight", "number", "fraction", decimals=1, term="portfolio_weight"),
    Column("own_worth", "Your worth", "number", "currency", decimals=2, term="portfolio_value"),
    Column("own_gain", "Your gain", "number", "currency", decimals=2, term="portfolio_unrealised"),
    Column("currency", "Currency"),
)
_ROUND = 0.095
"""From this share on whole per cents are enough."""


def owned_table(ctx: Context) -> Table:
    """One row for each symbol that is held, options taken together with what they are on. Without anything booked nothing is
    worked out."""
    if not ctx.store.book.read("SELECT 1 FROM portfolio.versions LIMIT 1").height:
        return Table("What you own", _OWNED, frame(_OWNED, ()))
    from plugins.portfolio.gathering import owned, sources
    from plugins.portfolio.worth import cash_in, exchanged, lines, prepared, together
    from terminal.domain.portfolio.returns import NOTHING, Range

    own = owned(ctx)
    prices = prepared(ctx, own)
    found = lines(own, prices)
    worth: dict[str, Range] = defaultdict(lambda: NOTHING)
    gain: dict[str, Range] = defaultdict(lambda: NOTHING)
    for line in found:
        worth[line.held.market_symbol] += line.in_total
        gain[line.held.market_symbol] += exchanged(line.gain, line.held.currency, own, prices)
    total = (together(worth.values()) + cash_in(own, prices)[0]).value
    rows = []
    for symbol in sorted(worth):
        money, made = worth[symbol].value, gain[symbol].value
        weight = None if money is None or not total or total <= 0 else money / total
        told = said(weight, money, made, own.currency)
        rows.append({"symbol": symbol, "own": told, "own_weight": weight, "own_worth": money, "own_gain": made,
                     "currency": own.currency})  # fmt: skip
    made_by, _ = sources(ctx, [line.price.fetch for line in found])
    return Table("What you own", _OWNED, frame(_OWNED, rows), made_by)


def said(weight: Decimal | None, worth: Decimal | None, gain: Decimal | None, currency: str) -> str:
    """`You own 2 %, +$1,000`; of a short position `Short 2 %, +$300`. What is not known is left out."""
    short = worth is not None and worth < 0
    share = None if weight is None else abs(float(weight))
    if share is not None:
        much = fmt.percent(share, 0 if share >= _ROUND else 1)
    else:
        much = "some" if worth is None else fmt.money(abs(float(worth)), currency, 0)
    made = "" if gain is None else f", {fmt.money(float(gain), currency, 0, sign=True)}"
    return f"{'Short' if short else 'You own'} {much}{made}"
