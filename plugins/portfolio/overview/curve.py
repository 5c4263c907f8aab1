"""What everything was worth over time, beside the own money that was in it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from plugins.portfolio import book
from plugins.portfolio.gathering import owned, sources
from plugins.portfolio.reports.performance import evening_worth, everything, own_flows
from plugins.portfolio.tables import frame
from plugins.portfolio.worth import no_deposits, prepared, said, titled
from terminal.api import Column, Context, Table
from terminal.domain.portfolio.returns import without_cash

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

_CURVE = (
    Column("day", "Day", "date"),
    Column("worth", "Worth", "number", "currency", decimals=2, term="portfolio_value"),
    Column("low", "At least", "number", "currency", decimals=2, term="portfolio_range", newbie=False),
    Column("high", "At most", "number", "currency", decimals=2, term="portfolio_range", newbie=False),
    Column("put_in", "Your own money in it", "number", "currency", decimals=2, term="portfolio_put_in"),
    Column("made", "Made", "number", "currency", decimals=2, term="portfolio_made"),
    Column("currency", "Currency"),
)


_POINTS, _FEW, _MANY = 120, 24, 20_000
"""How many days are shown unless somebody asks: fewer of a book so large that each of them takes long."""


def curve_table(ctx: Context, accounts: Sequence[str], currency: str, start: date | None, points: int) -> Table:
    """One row for each of at most `points` evenings (0: as many as come soon), the first and the last among them; worth is
    what own money and gains together are, so made = worth - put_in."""
    read, last = ctx.store.book.read, ctx.as_of or ctx.market.today()
    ids = [each.id for each in book.chosen(read, accounts)] or [0]
    counted = "SELECT min(day) AS day, count(*) AS count FROM portfolio.transactions WHERE list_contains(?, account_id)"
    begun, count = read(counted, (ids,)).row(0)
    points = points or (_POINTS if count <= _MANY else _FEW)
    if begun is None or begun > last:
        return Table("Worth over time", _CURVE, frame(_CURVE, ()), notes=("Nothing is booked yet.",))
    days = _evenly(min(last, begun if start is None else max(start, begun)), last, points)
    own = owned(ctx, accounts, currency=currency, evenings=days)  # once, with every evening that is wanted
    prices = prepared(ctx, own, past=everything(own))
    flows, unvalued = own_flows(own, prices)
    then = own.positions.evenings
    bare = without_cash(own.transactions)
    rows = []
    put_in, at = Decimal(0), 0
    for day in days:
        worth = evening_worth(own, prices, day, then[day], bare)
        while at < len(flows) and flows[at].day <= day:
            put_in, at = put_in + flows[at].amount, at + 1
        rows.append(
            {
                "day": day,
                "worth": worth.value,
                "low": worth.low,
                "high": worth.high,
                "put_in": put_in,
                "made": None if worth.value is None else worth.value - put_in,
                "currency": own.currency,
            }
        )
    unknown = tuple(f"What {one.quantity} {one.symbol} ({one.kind}, {one.day}) were worth is not known." for one in unvalued)
    shaky = sum(row["worth"] is None for row in rows)
    if shaky:
        unknown += (f"On {shaky} of {len(rows)} days a price is not known: then it lies between at least and at most.",)
    made, _ = sources(ctx, ())
    now = evening_worth(own, prices, days[-1], then[days[-1]], bare)
    note = f"{days[0]} to {days[-1]}: now worth {said(now, own.currency)}."
    return Table(titled("Worth over time", own), _CURVE, frame(_CURVE, rows), made, unknown, (note, *no_deposits(own)))


def _evenly(first: date, last: date, points: int) -> list[date]:
    """At most so many days, evenly apart, with both ends."""
    span = max(0, (last - first).days)
    count = max(1, min(points - 1, span))
    return sorted({first + timedelta(days=round(span * step / count)) for step in range(count + 1)})
