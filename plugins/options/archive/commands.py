"""Commands of the archive: fetch and keep the chains of the day, and what there is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from terminal.api import Column, Context, Table, UserError, argument, command

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import polars as pl

    from terminal.api import Source

_COLUMNS = (
    Column("symbol", "Symbol"),
    Column("state", "Result"),
    Column("at", "Chain of", "datetime"),
    Column("contracts", "Contracts", "integer", "count"),
    Column("iv30", "Volatility, 30 days", "number", "fraction"),
    Column("days", "Days archived", "integer", "count"),
    Column("missed", "Sessions missed", "integer", "count", newbie=False),
)
_STATUS = (
    Column("symbol", "Symbol"),
    Column("days", "Days archived", "integer", "count"),
    Column("first", "First", "date"),
    Column("newest", "Newest", "date"),
    Column("missed", "Sessions missed", "integer", "count"),
    Column("contracts", "Contracts, newest day", "integer", "count"),
    Column("rows", "Contract-days", "integer", "count", newbie=False),
    Column("volatilities", "Days with volatility", "integer", "count"),
    Column("provider", "From", newbie=False),
)
_MANY = 100_000  # below that the room is that of empty tables
_NEVER = "A day that was missed cannot be made up for: no free service gives the chains of past days."


@command(title="Archive option chains", long=True, writes=True)
def archive(
    ctx: Context,
    symbols: Annotated[
        tuple[str, ...],
        argument(help="Of these; else the setting's symbols, what you hold and what you watch.", metavar="SYMBOLS"),
    ] = (),
) -> Table:
    """Fetch today's option chains where the stored ones are old, keep them in the archive, and measure their volatility.

    The last chain of a day stays for good. Runs by itself twenty minutes after each close while the program is open.
    """
    if ctx.as_of is not None:
        raise UserError("Chains of a past day cannot be archived.", _NEVER)
    wanted, left_out = _wanted(ctx, symbols)
    before = _newest(ctx)
    failed = tuple(ctx.market.ensure(wanted, ["chains"], ctx)) if wanted else ()
    ctx.progress(0.8, "archiving")
    taken = ctx.archiving.take(lambda symbol: ctx.progress(0.9, f"archiving {symbol}"))
    problems = tuple(dict.fromkeys(f"{each.symbol}: {each.problem}" for each in taken if each.problem))
    fresh = {symbol for symbol, at in _newest(ctx).items() if before.get(symbol) != at}
    found = _standing(ctx, wanted, fresh)
    done = found["day"].is_not_null().sum()
    notes = (f"{left_out} more symbols are watched than `options.archive_most` allows.",) if left_out else ()
    gaps = (f"{found['missed'].sum()} sessions of these symbols were missed. {_NEVER}",) if found["missed"].sum() else ()
    title = f"Option chains of {done} of {len(wanted)} symbols archived"
    return _told(ctx, title, _COLUMNS, found, (*notes, *gaps), (*failed, *problems))


@command(title="What the option archive holds")
def archive_status(ctx: Context) -> Table:
    """Show how many days of option chains are archived of each symbol, since when, what was missed, and the room it takes."""
    import polars as pl

    kept = ctx.store.archive
    found = kept.status()
    missed = {symbol: len(days) for symbol, days in kept.missed().items()}
    found = found.with_columns(pl.col("symbol").replace_strict(missed, default=0, return_dtype=pl.Int64).alias("missed"))
    rows, size = int(found["rows"].sum() or 0), kept.size()
    room = f"{rows:,} contract-days in {size / 1e6:,.1f} MB" + (f", {size / rows:,.0f} bytes each." if rows > _MANY else ".")
    notes = (room, _retention(ctx), _NEVER) if rows else ("Nothing is archived yet: `tapeline options archive` begins.", _NEVER)
    return _told(ctx, "Option archive", _STATUS, found, notes, ())


def _wanted(ctx: Context, symbols: Sequence[str]) -> tuple[tuple[str, ...], int]:
    """What to archive, most important first, and how many do not fit."""
    from terminal.domain.instruments import clean_symbol

    try:
        named = [clean_symbol(symbol) for text in symbols for symbol in text.replace(",", " ").split()]
        listed = [clean_symbol(symbol) for symbol in str(ctx.settings.get("options.archive_symbols")).replace(",", " ").split()]
    except ValueError as error:
        raise UserError(f"{error}", "Give tickers such as SPY QQQ.") from error
    if named:
        return tuple(dict.fromkeys(named)), 0
    lists = [each for each in ctx.market.universes() if each.name == "holdings" or each.name.startswith("watchlist:")]
    lists.sort(key=lambda each: each.name != "holdings")
    if ctx.demo:
        present = set(ctx.market.symbols())
        listed = [symbol for symbol in listed if symbol in present]
    every = tuple(dict.fromkeys([*listed, *(symbol for each in lists for symbol in each.symbols)]))
    most = int(ctx.settings.get("options.archive_most"))
    return every[:most], max(0, len(every) - most)


def _newest(ctx: Context) -> dict[str, datetime]:
    return dict(ctx.store.archive.status().select("symbol", "at").iter_rows())


def _standing(ctx: Context, symbols: Sequence[str], fresh: set[str]) -> pl.DataFrame:
    """What the archive has now of these symbols."""
    import polars as pl

    kept = ctx.store.archive
    status, missed = kept.status(), kept.missed()
    measured = kept.volatility(symbols).group_by("symbol").agg(pl.col("iv30").last(), pl.col("day").last().alias("measured"))
    found = pl.DataFrame({"symbol": pl.Series(symbols, dtype=pl.String)})
    for more in (status, measured):
        found = found.join(more, on="symbol", how="left", maintain_order="left")
    gaps = {name: len(days) for name, days in missed.items()}
    today = ctx.market.today()
    state = (
        pl.when(pl.col("newest").is_null()).then(pl.lit("no chain"))
        .when(pl.col("symbol").is_in(list(fresh))).then(pl.lit("archived"))
        .when((pl.lit(today) - pl.col("newest")).dt.total_days() > 4).then(pl.lit("nothing new"))
        .otherwise(pl.lit("was archived"))
    )  # fmt: skip
    return found.with_columns(
        state.alias("state"), pl.col("newest").alias("day"),
        pl.when(pl.col("measured") == pl.col("newest")).then("iv30").alias("iv30"),
        pl.col("symbol").replace_strict(gaps, default=0, return_dtype=pl.Int64).alias("missed"),
    )  # fmt: skip


def _told(ctx: Context, title: str, columns: tuple[Column, ...], found: pl.DataFrame, notes: tuple[str, ...],
          unknown: tuple[str, ...]) -> Table:  # fmt: skip
    """The table with the source of each row's newest chain."""
    import polars as pl

    by_number = ctx.store.archive.sources(found["fetch_id"])
    sources: tuple[Source, ...] = tuple(dict.fromkeys(by_number.values()))
    place = {number: sources.index(source) for number, source in by_number.items()}
    index = found["fetch_id"].replace_strict(place, default=None, return_dtype=pl.Int64)
    origin = pl.DataFrame({column.name: index for column in columns})
    shown = found.select(column.name for column in columns)
    return Table(title, columns, shown, sources, unknown=unknown, notes=notes, origin=origin)


def _retention(ctx: Context) -> str:
    days = {name: int(ctx.settings.get(f"options.{name}")) for name in ("moment_days", "trade_days", "raw_days")}
    return (f"Kept for good: the last chain of each day and its volatility. Earlier chains of a day: {days['moment_days']} days; "
            f"trades: {days['trade_days']} days; raw messages: {days['raw_days']} days.")  # fmt: skip
