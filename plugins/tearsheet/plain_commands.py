"""The tearsheet's commands in plain words: every figure as a sentence with its light, and what an amount of money buys."""

from __future__ import annotations

import math
from typing import Annotated

from plugins.tearsheet.gathering import sheet_of
from terminal.api import Context, Table, UserError, argument, command

Symbol = Annotated[str, argument(help="Ticker, for example AAPL.", metavar="SYMBOL")]
LARGEST = 1e12


@command(title="Every figure in a sentence", panel="tearsheet")
def sentences(
    ctx: Context,
    symbol: Symbol,
    *,
    section: Annotated[tuple[str, ...], argument(help="Only these sections, as in `tearsheet show`.")] = (),
) -> Table:
    """Say every figure of a symbol in plain words, with a light (green, amber, red, unknown) and what decided it.

    The sentence carries the figure's own value and, where known, that of similar ones; what is unknown says why.
    """
    from plugins.tearsheet.model import SECTION_TITLES
    from plugins.tearsheet.told import sentences_table

    for name in section:
        if name not in SECTION_TITLES:
            raise UserError(f"There is no section called '{name}'.", f"Choose of: {', '.join(SECTION_TITLES)}.")
    sheet, notes = sheet_of(ctx, symbol)
    return sentences_table(sheet, notes, tuple(section))


@command(title="What an amount of money buys", panel="tearsheet")
def buy_helper(
    ctx: Context,
    symbol: Symbol,
    *,
    amount: Annotated[float | None, argument(help="Money to spend, in the currency it trades in.")] = None,
    portfolio: Annotated[float | None, argument(help="All you have in such papers and cash, in the same currency.")] = None,
) -> Table:
    """Whole shares, cash left, share of the portfolio; what its worst year, its range, dividends and DCF mean in money.

    Arithmetic with the figures of the tearsheet and their sources, not advice. Without amounts those of the settings count.
    """
    from plugins.tearsheet.buy_helper import to_table, what_it_buys

    spend = float(ctx.settings.get("tearsheet.amount")) if amount is None else amount
    whole = float(ctx.settings.get("tearsheet.portfolio")) if portfolio is None else portfolio
    if not (math.isfinite(spend) and 0 < spend <= LARGEST):
        raise UserError("The amount must be more than nothing.", "Write for example --amount 1000.")
    if not (math.isfinite(whole) and 0 <= whole <= LARGEST):
        raise UserError("The portfolio cannot be less than nothing.", "Write for example --portfolio 20000, or leave it out.")
    sheet, notes = sheet_of(ctx, symbol, looks=False)
    return to_table(what_it_buys(sheet, spend, whole or None), sheet, notes)
