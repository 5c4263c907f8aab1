"""Commands that keep plans, list what became of them, and tell how such trades went before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from terminal.api import Column, Context, Source, Table, Undo, UserError, argument, command

if TYPE_CHECKING:
    from plugins.options.planner.saved import Kept

Name = Annotated[str, argument(help="Name of a plan.", metavar="NAME")]
_PLANS = (
    Column("name", "Name"),
    Column("symbol", "Ticker"),
    Column("legs", "Legs"),
    Column("count", "How many", "integer", "count"),
    Column("saved", "Kept", "datetime"),
    Column("expiry", "Expires", "date"),
    Column("then", "Price then", "number", "USD", decimals=2, newbie=False),
    Column("cost", "Cost of one", "number", "USD", decimals=0),
    Column("risk", "At risk in all", "number", "USD", decimals=0),
    Column("chance", "Chance then", "number", "fraction", decimals=0),
    Column("state", "State"),
    Column("now", "Price", "number", "USD", decimals=2, newbie=False),
    Column("profit", "Made", "number", "USD", decimals=0),
    Column("told", "How that is known"),
    Column("note", "Note"),
)
_RECORD = (
    Column("structure", "Structure"),
    Column("won", "Won", "integer", "count"),
    Column("closed", "Closed", "integer", "count"),
    Column("rate", "Won", "number", "fraction", decimals=0),
)


@command(title="Keep a plan", writes=True)
def plan_save(
    ctx: Context,
    name: Name,
    symbol: Annotated[str, argument(help="What the options are on.", metavar="SYMBOL")],
    legs: Annotated[str, argument(help="Such as '+1 SPY 2026-12-18 520 C, -1 530 C'.", metavar="LEGS")],
    *,
    count: Annotated[int, argument(help="How many times.", metavar="NUMBER")] = 1,
    outlook: Annotated[str, argument(help="What you expect.", metavar="WORD")] = "",
    note: Annotated[str, argument(help="Why you would do it.", metavar="TEXT")] = "",
) -> Table:
    """Keep a position with its cost, risk and chance of now, to be compared with what becomes of it (`options plans`)."""
    from plugins.options.planner import gathering, saved
    from terminal.domain.planner.legs import parse, spelled
    from terminal.domain.planner.position import position
    from terminal.domain.planner.sizing import at_risk

    if not 1 <= count <= 10_000:
        raise UserError(f"A position {count} times cannot be.", "From 1 to 10,000.")
    found = gathering.case(ctx, symbol)
    typed = parse(legs, found.symbol)
    one = position(found.board, typed, found.rules.costs)
    fields = {"symbol": found.symbol, "legs": spelled(typed, found.symbol), "count": count, "spot": found.board.spot,
              "cost": one.cost, "risk": at_risk(one, found.rules.limits["stress"])[0], "chance": one.chance(),
              "expected": one.expected(), "expiry": one.first.expiry, "outlook": outlook, "note": note.strip()}  # fmt: skip
    made = ctx.store.book.write(lambda tx: saved.save(tx, name, fields, ctx.now()))
    return _undoable(ctx, made, f"The plan {made.name} is kept", quiet=True)


@command(title="Plans that are kept")
def plans(ctx: Context) -> Table:
    """List the plans that are kept: what was expected, and what became of them until now (or until the day that is looked at)."""
    from plugins.options.planner import saved

    return _listed(ctx, saved.plans(ctx.store.book.read))


@command(title="Delete a plan", writes=True)
def plan_delete(ctx: Context, name: Name) -> Table:
    """Delete a plan that was kept; `options plan-undo` brings it back."""
    from plugins.options.planner import saved

    def write(tx: Any) -> Kept:
        one = saved.kept(tx.query, name)
        return saved.save(tx, one.name, {each: getattr(one, each) for each in saved.FIELDS}, ctx.now(), removed=True)

    gone = ctx.store.book.write(write)
    return _undoable(ctx, gone, f"The plan {gone.name} is deleted")


@command(title="Take back the last change of a plan", writes=True)
def plan_undo(ctx: Context, name: Name) -> Table:
    """Let a plan stand as it did before it was last changed or deleted."""
    from plugins.options.planner import saved

    back = ctx.store.book.write(lambda tx: saved.take_back(tx, name, ctx.now()))
    return _undoable(ctx, back, f"The last change of the plan {back.name} is taken back", quiet=True)


@command(title="Your hit rate by structure")
def record(ctx: Context) -> Table:
    """Say how many of your closed trades of each structure were won, from your journal."""
    from plugins.options.planner.gathering import frame
    from plugins.options.planner.past import records

    found = records(ctx)
    rows = [{"structure": name, "won": won, "closed": closed, "rate": won / closed}
            for name, (won, closed) in sorted(found.items())]  # fmt: skip
    notes = ("Few trades say little: five won of five may be luck.",) if rows else ("No closed trade is booked.",)
    return Table("Your hit rate by structure", _RECORD, frame(_RECORD, rows), (_mine(ctx, "trades"),), notes=notes,
                 detail={"records": found})  # fmt: skip


def _undoable(ctx: Context, one: Kept, text: str, *, quiet: bool = False) -> Table:
    from dataclasses import replace

    from plugins.options.planner import saved

    ctx.publish("book.changed", {"table": "options.plans"})
    shown = _listed(ctx, saved.plans(ctx.store.book.read))
    undo = Undo("options.plan_undo", {"name": one.name}, text, f"plan:{one.name.lower()}", quiet)
    return replace(shown, notes=(f"{text}.", *shown.notes), undo=undo)


def _listed(ctx: Context, found: tuple[Kept, ...]) -> Table:
    from plugins.options.planner.gathering import frame
    from plugins.options.planner.saved import became

    rows = []
    for one in found:
        now = became(ctx, one)
        then = {"then": one.spot, "cost": one.cost, "risk": one.count * one.risk, "chance": one.chance}
        came = {"state": now.state, "now": now.spot, "profit": now.profit, "told": now.told}
        rows.append({"name": one.name, "symbol": one.symbol, "legs": one.legs, "count": one.count, "saved": one.at,
                     "expiry": one.expiry, "note": one.note or None, **then, **came})  # fmt: skip
    notes = () if rows else ("None is kept. Keep one: `tapeline options plan-save NAME SPY 'LEGS'`.",)
    return Table("Plans", _PLANS, frame(_PLANS, rows), (_mine(ctx, "plans"),), notes=notes)


def _mine(ctx: Context, endpoint: str) -> Source:
    return Source("your book", endpoint, fetched_at=ctx.now(), simulated=ctx.demo)
