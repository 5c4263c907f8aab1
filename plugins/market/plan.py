"""What a refresh would ask from whom, and what the budgets do not suffice for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from terminal.api import Table, argument, command

if TYPE_CHECKING:
    from terminal.api import Context


@command(title="Show what a refresh would cost")
def plan(
    ctx: Context,
    universe: Annotated[str, argument(help="What would be refreshed (`market universes`).")] = "all",
) -> Table:
    """List how many requests a refresh takes from each service, what is left of each budget and when it is whole again.

    What you hold comes first, then your watchlists, then what your last screen found, then the rest. What the budgets do not
    suffice for is listed with the reason. Nothing is asked.
    """
    return ctx.market.plan(universe, ctx)
