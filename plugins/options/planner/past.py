"""How trades of the same structure went in the user's own journal."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from terminal.api import Context
    from terminal.domain.planner.position import Position

_COMMAND = "journal.trades"


def journal_name(one: Position) -> str:
    """What the journal calls such a trade."""
    from terminal.domain.journal.structures import Part, structure
    from terminal.domain.portfolio.transactions import Option

    symbol = one.board.symbol.lstrip("^")
    parts = []
    for leg in one.legs:
        contract = None
        if leg.right != "S" and leg.expiry is not None:
            contract = Option(symbol, leg.expiry, Decimal(str(leg.strike)), leg.right)
        parts.append(Part(contract, Decimal(leg.quantity)))
    return structure(parts)


def records(ctx: Context) -> dict[str, tuple[int, int]]:
    """Name of a structure to (won, closed) of the journal; empty where there is no journal."""
    if _COMMAND not in ctx.commands():
        return {}
    made: dict[str, tuple[int, int]] = {}
    for row in ctx.call(_COMMAND, state="closed", limit=0).rows():
        if row["profit"] is None:
            continue
        won, closed = made.get(row["structure"], (0, 0))
        made[row["structure"]] = (won + (row["profit"] > 0), closed + 1)
    return made


def told(record: tuple[int, int] | None) -> str:
    """`You won 3 of 5 such trades.`, "" for none."""
    return "" if not record else f"You won {record[0]} of {record[1]} such trades."
