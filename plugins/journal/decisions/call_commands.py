"""Commands over market calls: dated predictions that can be measured, without a position."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal

from terminal.api import Context, Table, Undo, UserError, argument, command

if TYPE_CHECKING:
    from datetime import date

    from terminal.domain.journal.decisions import Event


@command(title="Predict the market", writes=True, long=True)
def call(
    ctx: Context,
    symbol: Annotated[str, argument(help="Of what, such as SPY for the market.", metavar="SYMBOL")],
    *,
    direction: Annotated[Literal["up", "down"], argument(help="Which way.")],
    by: Annotated[date, argument(help="The day on which it is judged.")],
    probability: Annotated[str, argument(help="How likely you think it is, in per cent: 1 to 99.", metavar="PERCENT")],
    target: Annotated[str, argument(help="It trades there at any time until then: a price, or 5%.", metavar="PRICE")] = "",
    level: Annotated[str, argument(help="It closes there or beyond on that day: a price, or 5%.", metavar="PRICE")] = "",
    reason: Annotated[str, argument(help="Why, in one reason.", metavar="TEXT")] = "",
) -> Table:
    """Write down a prediction that will turn out right or wrong; without a level, that it closes above or below the price of now.

    It cannot be changed afterwards: a prediction that could be would prove nothing.
    """
    from plugins.journal.decisions import recording
    from terminal.domain.journal.decisions import Terms

    name = recording.symbol_of(symbol)
    if target and level:
        raise UserError("A call has a target or a level, not both.", "--target: trades there until then. --level: closes there.")
    said = recording.probability_of(probability)
    day = ctx.as_of or ctx.market.today()
    if by <= day:
        raise UserError(f"{by} would be over already.", f"Choose a day after {day}.")
    context = recording.frozen(ctx, name, ())
    event: Event = "target" if target else "level" if level else "direction"
    if context["price"] is None and event == "direction":
        raise UserError(f"The price of {name} is not known, so nothing can rise or fall from it.", "Give a --level.")
    way = 1 if direction == "up" else -1
    amount = recording.level_of(target or level, context["price"], way)
    terms = Terms(direction, " ".join(reason.split()), probability=said, until=by, event=event, level=amount)
    recording.check(terms, day, context["price"])
    number = recording.write(ctx, "call", name, terms, context)
    text = f"Call {number} is written down: {name} {direction} by {by}"
    undo = Undo("journal.delete", {"number": number}, text, f"decision:{number}", quiet=True)
    return replace(calls(ctx, symbol=name), title=text, undo=undo)


@command(title="Market calls", panel="journal")
def calls(
    ctx: Context,
    *,
    symbol: Annotated[str, argument(help="Only of this ticker.", metavar="SYMBOL")] = "",
    pending: Annotated[bool, argument(help="Only those that are not decided yet.")] = False,
) -> Table:
    """List your predictions, the newest first, with whether they came true and by how much they missed."""
    from plugins.journal import book
    from plugins.journal.decisions import told
    from plugins.journal.decisions.following import follow
    from plugins.journal.tables import frame, written

    chosen = book.entries(ctx.store.book.read, ctx.as_of, kind="call", symbol=symbol.strip().upper())
    found, sources = follow(ctx, chosen)
    found = [each for each in found if not pending or (each.call is not None and each.call.state == "open")]
    rows = [told.call_row(each) for each in found]
    gaps = tuple(f"Call {row['number']}: cannot be graded, {row['why']}" for row in rows if row["state"] == "cannot be said")
    notes = ("A level counts on the close of the last session up to the day; a target from the first session after the call.",)
    empty = ("None yet: `tapeline journal call SPY --direction up --by 2027-03-31 --level 3% --probability 60`.",)
    return Table("Market calls", told.CALLS, frame(told.CALLS, rows), (written(ctx), *sources), gaps, notes if rows else empty,
                 detail={"followed": found})  # fmt: skip
