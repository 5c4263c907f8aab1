"""Trades and decisions as flags on charts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from plugins.journal import book
from plugins.journal.tables import frame, written
from plugins.journal.trades import trading
from terminal.api import Column, Table
from terminal.domain import format as show

if TYPE_CHECKING:
    from plugins.journal.trades.trading import Kept
    from terminal.api import Context
    from terminal.domain.journal.executions import Execution, Leg

_COLUMNS = (
    Column("date", "Day", "date"),
    Column("at", "Time", "datetime"),
    Column("kind", "Kind"),
    Column("title", "What"),
    Column("text", "In words"),
    Column("price", "Price", "number", "currency", decimals=2),
    Column("currency", "Currency"),
)


def table(ctx: Context, symbol: str) -> Table:
    """Every execution of a symbol's trades (options too), and every decision and call on it."""
    rows: list[dict[str, Any]] = []
    for each in trading.journal(ctx, symbol=symbol, excursions=False).kept:
        rows += [_execution(each, leg, one) for leg in each.trade.legs for one in leg.executions]
    for entry in book.entries(ctx.store.book.read, ctx.as_of, symbol=symbol):
        first = entry.first
        what = "Call" if entry.kind == "call" else "Decision"
        rows.append({"date": entry.day, "at": None, "kind": "decision", "title": f"{what} {entry.id}: {first.terms.action}",
                     "text": entry.last.terms.reason, "price": first.price, "currency": first.currency})  # fmt: skip
    rows.sort(key=lambda one: one["date"])
    return Table(f"What you did in {symbol}", _COLUMNS, frame(_COLUMNS, rows), (written(ctx),))


def _execution(each: Kept, leg: Leg, one: Execution) -> dict[str, Any]:
    did = str(one.kind).capitalize()
    unit = f" {leg.symbol}" if leg.option is not None else ""
    count = show.number(abs(float(one.quantity)), 0 if one.quantity == int(one.quantity) else 4)
    cost = f" at {show.money(float(one.price), leg.currency)}" if one.price is not None else ""
    ends = not one.opens and one.booking == (each.trade.closed.booking if each.trade.closed else "")
    result = f": {show.money(float(each.profit), leg.currency, sign=True)}" if ends and each.profit is not None else ""
    text = f"Trade {each.number}, {each.title}{result}"
    price = float(one.price / one.units) if one.price is not None and leg.option is None else None
    return {"date": one.day, "at": one.at if one.timed else None, "kind": "trade", "title": f"{did} {count}{unit}{cost}",
            "text": text, "price": price, "currency": leg.currency}  # fmt: skip
