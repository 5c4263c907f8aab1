"""Commands of the flow monitor: what was unusual, one event with its evidence, who leads, and writing the flags down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from plugins.options.flow import book
from plugins.options.flow.gathering import find
from plugins.options.flow.recipes import one
from terminal.api import Context, Table, UserError, argument, command

if TYPE_CHECKING:
    import polars as pl

    from plugins.options.flow.gathering import Found

Symbols = Annotated[tuple[str, ...], argument(help="Tickers; without any, all whose chains are archived.", metavar="SYMBOLS")]
Days = Annotated[int, argument(help="So many sessions, today's included.", metavar="N")]
Recipe = Annotated[str, argument(help="Only what this recipe flags; any: every recipe; all: also what none flags.")]
Least = Annotated[float, argument(help="Least premium in dollars.", metavar="MONEY")]
Span = Annotated[Literal["day", "snapshot"], argument(
    help="Differences of chains since the day began, or since the snapshot before it on that day.")]  # fmt: skip
_MOST = 500


@command(title="Unusual option trades", panel="flow", long=True)
def flow(
    ctx: Context,
    symbols: Symbols = (),
    *,
    recipe: Recipe = "any",
    min_premium: Least = 0.0,
    days: Days = 1,
    span: Span = "day",
    limit: Annotated[int, argument(help="At most so many, those of most premium.", metavar="N")] = _MOST,
) -> Table:
    """List what recipes flag: recorded events of trade feeds and alerts, and anomalies between delayed snapshots of chains.

    Flow is not direction. Contracts whose quotes fail the quality gate are shown with their doubt, or counted below.
    """
    found = find(ctx, symbols, days=days, span=span, fetch=symbols)
    rows = chosen(ctx, found, recipe, min_premium)
    title = f"{rows.height:,} event{'s' * (rows.height != 1)} flagged" if recipe != "all" else f"{rows.height:,} events"
    if rows.height > limit:
        title += f", the {limit} of most premium"
    rows = rows.sort("premium", descending=True, nulls_last=True).head(max(limit, 0))
    from plugins.options.flow.tables import flow_table

    return flow_table(found, book.verdicts(ctx, rows["id"]), title=title, rows=rows)


def chosen(ctx: Context, found: Found, recipe: str, least: float) -> pl.DataFrame:
    """The events of one recipe ("any": of every, "all": everything) with at least so much premium."""
    import polars as pl

    rows = found.frame
    if recipe == "any":
        rows = rows.filter(pl.col("recipes").list.len() > 0)
    elif recipe != "all":
        rows = rows.filter(pl.col("recipes").list.contains(one(ctx, recipe).id))
    return rows.filter(pl.col("premium") >= least) if least > 0 else rows


@command(title="Which tickers trade unusually", panel="flow", long=True)
def flow_leaders(
    ctx: Context, symbols: Symbols = (), *, days: Days = 1, recipe: Recipe = "all", min_premium: Least = 0.0
) -> Table:
    """Sum up the premium of all events by ticker, by calls and puts, and by the side on which they were traded."""
    from plugins.options.flow.tables import leaders_table
    from terminal.domain.flow.leaders import leaders

    found = find(ctx, symbols, days=days, fetch=symbols)
    made = leaders(chosen(ctx, found, recipe, min_premium))
    return leaders_table(found, made, f"{made.height} tickers with option events on {days} session{'s' * (days != 1)}")


@command(title="What flow rests on", panel="flow")
def flow_inputs(ctx: Context) -> Table:
    """Show which inputs there are: recorded trades and alerts, and snapshots of chains, each with its newest moment."""
    import polars as pl

    from plugins.options.flow.tables import inputs_table

    recorded = book.events(ctx).group_by("input").agg(pl.len().cast(pl.Int64).alias("events"), pl.col("at").max().alias("newest"))
    there = ctx.store.archive.snapshots()
    kept = there if ctx.as_of is None else there.filter(pl.col("day") <= ctx.as_of)
    return inputs_table(recorded, kept, feed=ctx.market.feed.available)


@command(title="One flow event in full", panel="flow", long=True)
def flow_event(
    ctx: Context,
    event: Annotated[str, argument(help="An event's id, or a contract's name for its newest event.", metavar="ID")],
) -> Table:
    """Show one event with its evidence: prints, quotes at the time, open interest, averages, recipe clauses, and its verdict."""
    from plugins.options.flow.cards import event_card

    return event_card(ctx, located(ctx, event))


def located(ctx: Context, text: str) -> dict[str, Any]:
    """The event of an id or contract, as a row. UserError when there is none."""
    import polars as pl

    from terminal.domain.options import contracts

    wanted = text.strip()
    recorded = book.events(ctx)
    contract = contracts.parse(wanted)
    if contract is not None:
        mine = recorded.filter(pl.col("contract") == contracts.build(contract))
        symbols: tuple[str, ...] = (contracts.underlying_of(contract.root),)
    else:
        mine = recorded.filter(pl.col("id") == wanted.lower())
        symbols = ()
    if mine.is_empty():
        found = find(ctx, symbols, days=1 if contract is None else 5).frame
        test = pl.col("id") == wanted.lower() if contract is None else pl.col("contract") == contracts.build(contract)
        mine = found.filter(test).sort(pl.col("recipes").list.len() > 0, "at", descending=True)  # a flagged one first
    if mine.is_empty():
        raise UserError(f"There is no flow event '{text}'.", "`tapeline options flow` lists them with their ids.")
    return mine.row(0, named=True)


@command(title="Write down today's flow flags", panel="flow", long=True, writes=True)
def flow_scan(ctx: Context, symbols: Symbols = (), *, days: Days = 1) -> Table:
    """Compare snapshots and write what recipes flag into your book, so that it can be judged and scored.

    Fetches the chains of these symbols first, or of those that are archived daily (options.archive_symbols). More than one
    day, or --as-of, goes through archived days instead and marks what it finds as seen in hindsight.
    """
    import polars as pl

    from plugins.options.flow.cards import snapshot_evidence
    from plugins.options.flow.gathering import detection
    from plugins.options.flow.tables import flow_table

    watched = str(ctx.settings.get("options.archive_symbols")).replace(",", " ").split()
    found = find(ctx, symbols, days=days, fetch=symbols or (watched if days == 1 else ()))
    rows = found.frame.filter((pl.col("recipes").list.len() > 0) & (pl.col("input") == "snapshot"))
    today = ctx.market.today()
    new = 0
    for late in (False, True):
        past = pl.lit(ctx.as_of is not None) | (pl.col("day") < today)
        part = rows.filter(past == late)
        new += book.record(ctx, part, found.recipes, detection=detection().mark, evidence=snapshot_evidence(part), hindsight=late,
                           simulated=ctx.demo)  # fmt: skip
    if new:
        symbols = tuple(rows["symbol"].unique().sort())
        ctx.publish("flow.flagged", {"events": new, "symbols": list(symbols), "ids": rows["id"].to_list()})
    title = f"{rows.height:,} flagged, {new:,} new in the book"
    return flow_table(found, book.verdicts(ctx, rows["id"]), title=title, rows=rows)
