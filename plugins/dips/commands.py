"""The dip monitor's commands: what has dipped and why, one dip in full, base rates, export; states are in `states`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

from plugins.dips.gathering import BIGGEST, Asked, asked, find, members, with_levels
from plugins.dips.states import Basis, Threshold, Universe, calendar, levels, scan, scorecard
from terminal import api
from terminal.api import Column, Context, Table, UserError, argument, command

if TYPE_CHECKING:
    from pathlib import Path

    from plugins.dips.gathering import Dip, Found
    from terminal.domain.sourced import Source

__all__ = ["base_rate", "export", "list_", "live", "scan", "scorecard", "show", "universes"]

Symbol = Annotated[str, argument(help="Ticker, for example AAPL.", metavar="SYMBOL")]
_ANY_FALL = 1e-6
_WATCHED = 60
_PACE_S = 5
_NEEDED = ("bars", "quotes", "earnings", "headlines")


@command(title="What has dipped, and what to do about it", panel="dips", long=True)
def list_(
    ctx: Context,
    *,
    universe: Universe = "",
    threshold: Threshold = 0.0,
    sort: Annotated[str, argument(help="What comes first.", choices=("dip", "severity", "recovered_252", "company_part", "score",
                                                                      "sessions"))] = "dip",
    basis: Basis = "52w",
) -> Table:
    """List what has fallen from its high: how far, why, how unusual it is, what became of such falls, what to do.

    The fall is split into market, sector and company, which add up to it. Splits, dividends and lone ticks are no dips.
    """
    from plugins.dips.model import fetch_ids, listed

    found = with_levels(find(ctx, asked(ctx, universe, threshold, basis)), levels(ctx))
    return listed(found, _sources(ctx, fetch_ids(found, found.dips)), sort)


@command(title="One dip in full", panel="dips", long=True)
def show(ctx: Context, symbol: Symbol, *, basis: Basis = "52w") -> Table:
    """Show every figure of one fall with its reasons, in sentences and numbers, and the parts of a purchase.

    Fetches prices, reports and headlines first where they are missing or too old.
    """
    from plugins.dips.model import COLUMNS, cell_fetches, fetch_ids, sentences, shown, unknown

    wanted = _symbol(symbol)
    problems = tuple(ctx.market.ensure([wanted], _NEEDED, ctx)) if ctx.as_of is None else ()
    found, dip = _one(ctx, wanted, basis)
    sources = _sources(ctx, fetch_ids(found, [dip] if dip else []))
    places = tuple(dict.fromkeys(sources.values()))
    if dip is None:
        said = ("It closed at the highest close of the window.",)
        return _figures(f"{found.members.title} is at its high", [], places, (), said)
    fetches = cell_fetches(found, [dip])[0]
    row = shown(dip)
    rows = [_figure("dip", column.title, row.get(column.name), column, dip.why.get(column.name), row["currency"],
                    places.index(sources[number]) if (number := fetches.get(column.name)) in sources else None)
            for column in COLUMNS if column.name not in ("symbol", "reason", "currency")]
    rows += [_figure("reason", each.rule, each.pro, None) for each in dip.decision.reasons]
    if row["doubt"]:
        rows.append(_figure("doubt", "Prices", row["doubt"], None))
    for place, part in enumerate(dip.size.tranches if dip.size is not None else (), 1):
        price = Column("price", "", "number", "currency")
        rows.append(_figure("tranche", f"Part {place}: {part.size:.1%} of capital at", part.price, price, None, row["currency"]))
    action = found.rules.actions[dip.decision.action]
    return _figures(f"{row['symbol']}: {action.title}", rows, places, unknown([dip]), (*sentences(dip), *problems))


def _figure(part: str, title: str, value: Any, column: Column | None, why: str | None = None, currency: str | None = None,
            place: int | None = None) -> dict[str, Any]:
    from terminal.domain import format as fmt

    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    text = None if value is None else str(value) if column is None else fmt.value(
        value, column.type, column.unit, column.decimals, currency)
    return {"part": part, "title": title, "value": float(value) if number else None, "text": text,
            "unit": column.unit if column is not None else "", "why": why if value is None else None, "_place": place}


def _figures(title: str, rows: list[dict[str, Any]], sources: tuple[Source, ...], gaps: tuple[str, ...],
             said: tuple[str, ...]) -> Table:
    import polars as pl

    columns = (Column("part", "Part", newbie=False), Column("title", "Figure"), Column("value", "Value", "number", newbie=False),
               Column("text", "As shown"), Column("unit", "Unit", newbie=False), Column("why", "Why unknown"))
    kinds = {"text": pl.String, "number": pl.Float64}
    frame = pl.DataFrame({each.name: pl.Series(each.name, [row[each.name] for row in rows], dtype=kinds[each.type])
                          for each in columns})
    origin = pl.DataFrame({"value": pl.Series("value", [row["_place"] for row in rows], dtype=pl.Int32)})
    return Table(title, columns, frame, sources, gaps, said, origin.with_columns(pl.col("value").alias("text")))


@command(title="What became of falls like this one", panel="dips", long=True)
def base_rate(ctx: Context, symbol: Symbol, *, basis: Basis = "52w") -> Table:
    """Show how earlier falls of this depth went on: how many recovered and when, and how much further they fell.

    From the narrowest basis (its own falls in a market like today's) to the widest; the one used is marked.
    """
    from plugins.dips.model import SURVIVORS, fetch_ids, rate_rows, rate_table

    found, dip = _one(ctx, symbol, basis)
    places = tuple(dict.fromkeys(_sources(ctx, fetch_ids(found, [dip] if dip else [])).values()))
    if dip is None:
        return rate_table(f"{found.members.title} is at its high", [], places, ())
    ladder = found.rates.ladder(dip.row["_row"], -dip.row["dip"], dip.own)
    said = (f"An episode begins at the first close so far below the highest of {found.asked.window} sessions and ends when that "
            "high is reached again, or after 252 sessions. Episodes of one company do not overlap.",
            "Recovery: Kaplan-Meier, so that episodes still under way count for as long as they were watched. Intervals: 90 %, "
            "Wilson for one company, resampled calendar quarters for several, whose falls come together.", SURVIVORS)
    title = f"{dip.row['symbol']}, {-dip.row['dip']:.1%} below its high: what became of such falls"
    return rate_table(title, rate_rows(ladder, dip.rate), places, said)


@command(title="Export the dips as CSV", panel="dips", long=True)
def export(
    ctx: Context,
    *,
    csv: Annotated[Path, argument(help="Where to write; an existing file is replaced.", metavar="FILE")],
    universe: Universe = "",
    threshold: Threshold = 0.0,
    basis: Basis = "52w",
) -> Table:
    """Write the list of dips to a CSV file, with its sources in comment lines at the end."""
    table = list_(ctx, universe=universe, threshold=threshold, basis=basis)
    api.export(csv, api.to_csv(table))
    return replace(table, title=f"{table.frame.height} dips written to {csv}")


@command(title="Universes of the dip monitor", hidden=True)
def universes(ctx: Context) -> Table:
    """Who can be watched, with the number of symbols."""
    import polars as pl

    rows = [(name, *_sized(ctx, name)) for name in BIGGEST]
    rows += [("watchlist", *_sized(ctx, "watchlist"))]
    rows += [(each.name, each.title, len(each.symbols)) for each in ctx.market.universes() if each.symbols]
    frame = pl.DataFrame(rows, schema={"name": pl.String, "title": pl.String, "symbols": pl.Int64}, orient="row")
    columns = (Column("name", "Name"), Column("title", "Title"), Column("symbols", "Symbols", "integer", "count"))
    return Table("Universes of the dip monitor", columns, frame.filter(pl.col("symbols") > 0))


def _sized(ctx: Context, name: str) -> tuple[str, int]:
    try:
        found = members(ctx, name)
    except UserError:
        return name, 0
    return found.title, len(found.symbols)


@command(title="Current prices of what is watched", hidden=True)
def live(
    ctx: Context, *, symbols: Annotated[tuple[str, ...], argument(help="What is watched, the most wanted first.")] = ()
) -> Table:
    """The newest prices of these symbols and how often they can be had; asks for quotes where the store's are too old.

    `detail` has `seconds` (when to ask again, 0: not) and `words` (the pace, for the screen).
    """
    import polars as pl

    from plugins.dips.pace import pace

    watched = symbols[:_WATCHED]
    if ctx.as_of is None:
        ctx.market.live.want("dips", watched)
    is_open = calendar().is_open(ctx.now())
    problems = ctx.market.ensure(watched, ["quotes"], ctx) if is_open and watched and not ctx.demo and ctx.as_of is None else []
    quotes = ctx.market.quotes(watched, ctx.as_of) if watched else ctx.market.quotes([""], ctx.as_of)
    ages = [(ctx.now() - moment).total_seconds() for moment in quotes["at"].to_list()]
    words, seconds = pace(len(symbols), len(watched), ages, is_open=is_open, demo=ctx.demo, problems=problems, beat=_PACE_S)
    if ctx.as_of is not None:
        words, seconds = f"Prices as they were known on {ctx.as_of}; they do not move.", 0
    frame = quotes.select("symbol", pl.col("price").cast(pl.Float64), pl.col("at").alias("quoted_at"))
    columns = (Column("symbol", "Ticker"), Column("price", "Price", "number"), Column("quoted_at", "At", "datetime"))
    sources = tuple(dict.fromkeys(ctx.market.sources(quotes["fetch_id"].to_list()).values()))
    return Table(words, columns, frame, sources, detail={"seconds": seconds, "words": words})


def _symbol(text: str) -> str:
    from terminal.domain.instruments import clean_symbol

    try:
        return clean_symbol(text)
    except ValueError as error:
        raise UserError(f"'{text}' is not a symbol.", "Give a ticker such as AAPL.") from error


def _one(ctx: Context, symbol: str, basis: str) -> tuple[Found, Dip | None]:
    """The dip of one symbol, however small; None when it stands at its high. Raises UserError for one without prices."""
    wanted = _symbol(symbol)
    found = with_levels(find(ctx, Asked(wanted, _ANY_FALL, basis), [wanted]), levels(ctx))
    if wanted not in found.grid.symbols:
        raise UserError(f"No prices of {wanted} are stored.", f"Fetch them with `tapeline market refresh {wanted}`.")
    return found, found.dips[0] if found.dips else None


def _sources(ctx: Context, fetches: set[int]) -> dict[int, Source]:
    """The sources by fetch; of a past day none speaks of a later one."""
    from datetime import UTC, datetime, time

    found = ctx.market.sources(fetches)
    if ctx.as_of is None:
        return found
    end = datetime.combine(ctx.as_of, time.max, UTC)
    return {number: replace(each, as_of=None if each.as_of is None else min(each.as_of, end)) for number, each in found.items()}
