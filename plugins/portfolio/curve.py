"""What everything was worth over time, beside the own money that was in it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from plugins.portfolio.gathering import Owned, owned, sources
from plugins.portfolio.performance import evening_worth, everything, own_flows
from plugins.portfolio.tables import frame
from plugins.portfolio.worth import no_deposits, prepared, said, titled
from terminal.api import Column, Context, Table
from terminal.domain.portfolio.returns import without_cash

if TYPE_CHECKING:
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


def curve_table(ctx: Context, own: Owned, start: date | None, points: int) -> Table:
    """One row for each of at most `points` evenings, the first and the last among them; worth is what own money and gains
    together are, so made = worth - put_in."""
    mine = [one.day for one in own.transactions if one.account in own.names]
    if not mine:
        return Table("Worth over time", _CURVE, frame(_CURVE, ()), notes=("Nothing is booked yet.",))
    first = min(mine) if start is None else max(start, min(mine))
    days = _evenly(first, own.day, points)
    prices = prepared(ctx, own, past=everything(own))
    flows, unvalued = own_flows(own, prices)
    then = owned(ctx, [each.name for each in own.accounts], currency=own.currency, evenings=days).positions.evenings
    bare = without_cash(own.transactions)
    rows = []
    for day in days:
        worth = evening_worth(own, prices, day, then[day], bare)
        put_in = sum((flow.amount for flow in flows if flow.day <= day), Decimal(0))
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
