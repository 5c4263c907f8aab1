"""Commands that judge flags later: the next morning's open interest, and what became of the share and the option."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from plugins.options.flow import book
from plugins.options.flow.gathering import filled, named, recent
from plugins.options.flow.recipes import all_recipes
from terminal.api import Context, Table, argument, command

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

Symbols = Annotated[tuple[str, ...], argument(help="Only these tickers.", metavar="SYMBOLS")]
_JUDGED_FOR = 15
"""Sessions for which an open verdict is looked at again."""


@command(title="What the next morning said of flow flags", panel="flow", long=True, writes=True)
def flow_verdicts(
    ctx: Context,
    symbols: Symbols = (),
    *,
    days: Annotated[int, argument(help="Flags of so many sessions.", metavar="N")] = _JUDGED_FOR,
) -> Table:
    """Judge recorded flags by the change in open interest: opened, closed or unclear, with the numbers and the reason.

    Flags of one contract and day are judged together. With --as-of nothing is written, and no later count is used.
    """
    import polars as pl

    from plugins.options.flow.tables import verdicts_table
    from terminal.domain.flow.verdicts import VERDICTS, judge

    filled(ctx, [named(each) for each in symbols])
    sessions = recent(ctx, max(1, min(days, 250)))
    flags = book.events(ctx, symbols=[named(each) for each in symbols], start=sessions[0])
    if flags.is_empty():
        gaps = ("No flag is recorded yet: `tapeline options flow-scan` writes today's down, --days 20 those of archived days",)
        return verdicts_table(_empty(), "No verdicts yet", gaps)
    ctx.progress(0.2, "Reading open interest")
    interest, expiries = _interest(ctx, flags)
    judged = judge(flags.select("id", "symbol", "contract", "expiry", "day", "size"), interest, expiries)
    if ctx.as_of is None:
        book.save_verdicts(ctx, judged)
    rows = flags.select("id", "day", "symbol", "contract", "expiry", "strike", "right", "size", "recipes").join(
        judged, on="id", maintain_order="left").sort("day", "symbol", descending=[True, False])  # fmt: skip
    counts = dict(judged.group_by("verdict").len().iter_rows())
    title = ", ".join(f"{counts[each]} {each}" for each in VERDICTS if counts.get(each))
    waiting = counts.get("waiting", 0)
    late = (f"Verdict: open for {waiting} of {judged.height}, whose next open interest is not known yet",) if waiting else ()
    return verdicts_table(rows.with_columns(pl.col("flags").cast(pl.Int64)), f"Of {judged.height} flags: {title}", late)


def _empty() -> pl.DataFrame:
    import polars as pl

    from plugins.options.flow.tables import VERDICTS

    kinds: dict[str, Any] = {"date": pl.Date, "number": pl.Float64, "integer": pl.Int64, "list": pl.List(pl.String)}
    shape = {column.name: kinds.get(column.type, pl.String) for column in VERDICTS}
    return pl.DataFrame(schema={**shape, "expiry": pl.Date, "strike": pl.Float64, "right": pl.String, "contract": pl.String})


def _interest(ctx: Context, flags: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What `verdicts.judge` asks: open interest on the flag's day and on the session after, volume, and how many have moved."""
    import polars as pl

    archive, calendar = ctx.store.archive, ctx.market.calendar
    until = ctx.as_of or ctx.market.today()
    interest, moved = [], []
    for (symbol, day), mine in flags.group_by("symbol", "day", maintain_order=True):
        following = calendar.next_session(day)
        then = _stated(archive.chain(symbol, day), day)
        later = _stated(archive.chain(symbol, following), following) if following <= until else then.clear()
        both = then.join(later.select("contract", pl.col("open_interest").alias("after"), pl.lit(following).alias("stated_on")),
                         on="contract", how="left")  # fmt: skip
        wanted = mine.select("contract").unique()
        known = wanted.join(both, on="contract", how="left")
        if not later.is_empty():  # the chain of the morning is there, so that what is not in it is not stated
            known = known.with_columns(pl.lit(following).alias("stated_on"))
        interest.append(known.select("contract", pl.lit(day).alias("day"), pl.col("open_interest").alias("before"), "after",
                                     pl.col("stated_on").cast(pl.Date), "volume"))  # fmt: skip
        pairs = both.drop_nulls(["open_interest", "after"])
        moved.append(pairs.group_by("symbol", "expiry").agg(
            pl.lit(day).first().alias("day"), pl.len().cast(pl.Int64).alias("contracts"),
            (pl.col("open_interest") != pl.col("after")).sum().cast(pl.Int64).alias("moved")))  # fmt: skip
    return pl.concat(interest), pl.concat(moved)


def _stated(chain: pl.DataFrame, day: date) -> pl.DataFrame:
    """What a chain of this very day states; nothing of an earlier one."""
    import polars as pl

    of_day = pl.col("at").dt.convert_time_zone("America/New_York").dt.date() == day
    return chain.filter(of_day).select("symbol", "contract", "expiry", "volume", "open_interest")


@command(title="How flow flags did", panel="flow", long=True)
def flow_scorecard(
    ctx: Context,
    symbols: Symbols = (),
    *,
    each: Annotated[bool, argument(help="Every flag by itself, not summed up.")] = False,
    verdict: Annotated[str, argument(help="Only flags of this verdict.",
                                     choices=("any", "opened", "closed", "unclear"))] = "any",
) -> Table:  # fmt: skip
    """Score recorded flags over 1, 5 and 20 sessions by recipe: the share in the flag's direction, and the option.

    Against all days of that share, with n, an interval and a shrunken mean, because a few flags prove nothing.
    """
    import polars as pl

    from plugins.options.flow.tables import scores_table
    from terminal.domain.flow.scorecard import DOUBT, outcomes, summed

    names = [named(symbol) for symbol in symbols]
    filled(ctx, names)
    flags = book.events(ctx, symbols=names)
    if verdict != "any":
        judged = book.verdicts(ctx).filter(pl.col("verdict") == verdict)["event_id"]
        flags = flags.filter(pl.col("id").is_in(judged.to_list()))
    parts = flags.select("id", "recipes", "symbol", "contract", "day", "lean").explode("recipes").drop_nulls("recipes")
    if parts.is_empty():
        why = "No flag is recorded yet: `tapeline options flow-scan` writes today's down, --days 20 those of archived days"
        return scores_table(summed(outcomes(_flags(parts), _no_bars(), _no_mids())), "No scores yet", (why,), DOUBT)
    ctx.progress(0.3, "Reading prices")
    bars = ctx.market.bars(parts["symbol"].unique().to_list(), as_of=ctx.as_of)
    found = outcomes(_flags(parts), bars, _mids(ctx, parts))
    titles = {recipe.id: recipe.title for recipe in all_recipes(ctx)}
    if each:
        return _each(found, titles)
    rows = summed(found)
    rows = rows.with_columns(pl.col("recipe").replace_strict(titles, default=pl.col("recipe")))
    pending = int(found.filter("counts")["move"].null_count())
    gaps = [f"Results: unknown for {pending} of {found.height}, whose sessions have not passed yet"] if pending else []
    young = int((rows["n"] < 10).sum())
    gaps += [f"{young} of {rows.height} rows rest on fewer than 10 flags: they say next to nothing"] if young else []
    hindsight = int(flags["hindsight"].sum())
    gaps += [f"{hindsight} of {flags.height} flags were found in hindsight, on archived days"] if hindsight else []
    return scores_table(rows, f"{flags.height} recorded flags over 1, 5 and 20 sessions", gaps, DOUBT)


def _flags(parts: pl.DataFrame) -> pl.DataFrame:
    return parts.rename({"recipes": "recipe"}).select("id", "recipe", "symbol", "contract", "day", "lean")


def _no_bars() -> pl.DataFrame:
    from terminal.domain.schemas import BARS

    return BARS.empty()


def _no_mids() -> pl.DataFrame:
    import polars as pl

    return pl.DataFrame(schema={"contract": pl.String, "day": pl.Date, "mid": pl.Float64})


def _mids(ctx: Context, parts: pl.DataFrame) -> pl.DataFrame:
    """The middle of the quote of each flagged contract on each archived day; a quote that fails the gate has none."""
    import polars as pl

    from terminal.domain.options import quality

    frames = [_no_mids()]
    names = parts["contract"].unique().to_list()
    for place, name in enumerate(names):
        ctx.progress(0.3 + 0.6 * place / len(names), "Reading options")
        rows = ctx.store.archive.contract(name, None, ctx.as_of)
        width, twice = pl.col("ask") - pl.col("bid"), pl.col("ask") + pl.col("bid")
        narrow = (width <= quality.WIDEST * twice / 2) | (width <= quality.LEAST_SPREAD)
        good = rows.filter((pl.col("bid") > 0) & (width >= 0) & narrow)
        frames.append(good.select(pl.lit(name).alias("contract"), "day", (twice / 2).alias("mid")))
    return pl.concat(frames)


def _each(found: pl.DataFrame, titles: dict[str, Any]) -> Table:
    import polars as pl

    from terminal.api import Column

    columns = (
        Column("day", "Day", "date"), Column("symbol", "Ticker"), Column("contract", "Contract"),
        Column("recipe", "Recipe", term="flow_recipe"), Column("lean", "Lean", term="flow_lean"),
        Column("horizon", "Sessions", "integer", "", "flow_horizon"), Column("entry", "Open after", "number", decimals=2),
        Column("move", "Share", "number", "fraction", decimals=2), Column("result", "Its way", "number", "fraction", "flow_mean"),
        Column("base", "All days", "number", "fraction", "flow_base"),
        Column("beyond", "Beyond", "number", "fraction", "flow_beyond"),
        Column("option", "Option", "number", "fraction", "flow_option"), Column("counts", "Counts", "bool", term="flow_overlap"),
        Column("id", "Event", newbie=False),
    )  # fmt: skip
    frame = found.with_columns(pl.col("recipe").replace_strict(titles, default=pl.col("recipe")))
    rows = frame.select(*(column.name for column in columns)).sort("day", "symbol", descending=[True, False])
    return Table(f"{rows.height} outcomes of flags", columns, rows)
