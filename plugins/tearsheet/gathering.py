"""Gathers what a tearsheet is made of: fetches what is missing, then reads it from the market and the book."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from terminal.api import Context, UserError
from terminal.domain.instruments import clean_symbol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from plugins.tearsheet.model import Material, Sheet

NEEDED = ("quotes", "instruments", "bars", "facts", "earnings", "dividends", "splits")
HISTORY_DAYS = 366 * 6


def sheet_of(ctx: Context, symbol: str, *, looks: bool = True) -> tuple[Sheet, tuple[str, ...]]:
    """The sheet of a symbol and what could not be fetched, in sentences. Raises UserError when nothing is known about it."""
    from plugins.tearsheet.builder import build

    material, notes = _gather(ctx, symbol, looks)
    ctx.progress(0.9, "Putting it together")
    return build(material), notes


def _gather(ctx: Context, text: str, looks: bool) -> tuple[Material, tuple[str, ...]]:
    """Everything the page needs, after fetching what is missing (not when a past day is asked for)."""
    from datetime import timedelta

    from plugins.tearsheet import disputes
    from plugins.tearsheet.model import Material

    try:
        symbol = clean_symbol(text)
    except ValueError as error:
        raise UserError(f"'{text}' is not a symbol.", "Give a ticker such as AAPL.") from error
    ctx.progress(0.05, f"Looking for {symbol}")
    notes = tuple(ctx.market.ensure([symbol], NEEDED, ctx)) if ctx.as_of is None else ()
    ctx.progress(0.6, "Reading")
    day = ctx.as_of or ctx.market.today()
    universe = ctx.market.scored(None, ctx.as_of)
    at = universe.index.get(symbol)
    if at is None or (universe.frame["price"][at] is None and not _known_at_all(universe.frame.row(at, named=True))):
        raise UserError(f"Nothing is known about {symbol}.", _hint(ctx, symbol, notes))
    row = universe.frame.row(at, named=True)
    origins, kinds = (each.row(at, named=True) for each in (universe.origin, universe.origin_kind))
    facts = ctx.market.facts([symbol], as_of=ctx.as_of)
    fetches = {value for name, value in origins.items() if name != "symbol"} | set(facts["fetch_id"].unique().to_list())
    disagreements = ctx.market.disagreements([symbol], ctx.as_of)
    sources = ctx.market.sources(fetches | disputes.fetches(disagreements))
    material = Material(
        symbol,
        row,
        origins,
        kinds,
        universe.why_unknown(symbol),
        universe.frame,
        ctx.market.bars([symbol], day - timedelta(days=HISTORY_DAYS), as_of=ctx.as_of),
        facts,
        ctx.market.earnings([symbol], as_of=ctx.as_of),
        ctx.market.dividends([symbol], as_of=ctx.as_of),
        ctx.market.rulebook(),
        ctx.market.regime(ctx.as_of),
        day,
        sources,
        ctx.demo,
        int(ctx.settings.get("tearsheet.peers")),
        ctx.store.book.last_look(symbol) if looks and ctx.as_of is None else None,
        ctx.market.splits([symbol], as_of=ctx.as_of),
        disagreements,
    )
    return material, notes


def _known_at_all(row: Mapping[str, Any]) -> bool:
    return any(
        row.get(name) is not None for name in ("market_cap", "eps_ttm", "revenue_ttm", "pe_ttm", "aum", "yield_to_maturity")
    )


def _hint(ctx: Context, symbol: str, notes: tuple[str, ...]) -> str:
    if notes:
        return notes[0]
    found = ctx.market.search(symbol, 4)["symbol"].to_list()
    if symbol in found:
        return "Its name is stored, but neither a price nor a figure: import them from a file, or fetch them when online."
    names = ", ".join(found[:3])
    return f"Did you mean {names}?" if names else "Check the spelling, or search with `tapeline market search TEXT`."
