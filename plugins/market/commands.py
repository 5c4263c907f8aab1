"""Commands over market data: universes, refresh, import, bars, quotes, sources and their disputes, search, services."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from plugins.market.plan import plan  # noqa: F401 - a command of this group
from plugins.market.streaming import live, stream, stream_stop  # noqa: F401 - commands of this group
from terminal.api import Column, Context, Source, Table, UserError, argument, command

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    import polars as pl

Symbol = Annotated[str, argument(help="A ticker, for example AAPL.", metavar="SYMBOL")]
Some = Annotated[tuple[str, ...], argument(help="Only these tickers; all that are stored when left out.", metavar="SYMBOL")]
Limit = Annotated[int, argument(help="At most so many rows; 0 for all.")]
Kind = Literal["bars", "fundamentals", "instruments", "dividends", "splits", "earnings"]


@command(title="List universes")
def universes(ctx: Context) -> Table:
    """List every named list of symbols: indices, watchlists, imported files, everything stored.

    Index members come from a public list of a certain day. They are not point in time: companies that left the index
    since are missing, which makes the past look better than it was.
    """
    rows = [(each.name, each.title, len(each.symbols), each.as_of, each.note) for each in ctx.market.universes()]
    columns = (
        Column("name", "Name"),
        Column("title", "Title"),
        Column("symbols", "Symbols", "integer", "count"),
        Column("as_of", "Members as of", "date"),
        Column("note", "Beware"),
    )
    return _table("Universes", columns, rows)


@command(title="Show the members of a universe")
def members(ctx: Context, universe: Annotated[str, argument(help="Name of the universe (`market universes`).")] = "all") -> Table:
    """List the symbols of a universe with what is known of them."""
    import polars as pl

    found = ctx.market.universe(universe)
    known = ctx.market.instruments(found.symbols, ctx.as_of)
    frame = pl.DataFrame({"symbol": found.symbols}, schema={"symbol": pl.String}).join(
        known.select("symbol", "name", "kind", "sector", "industry", "fetch_id"), on="symbol", how="left", maintain_order="left"
    )
    columns = (
        Column("symbol", "Ticker"),
        Column("name", "Name"),
        Column("kind", "Kind"),
        Column("sector", "Sector"),
        Column("industry", "Industry", newbie=False),
    )
    return _sourced(ctx, found.title, columns, frame, notes=(found.note,) if found.note else ())


@command(title="Refresh market data", long=True, writes=True)
def refresh(
    ctx: Context,
    universe: Annotated[
        str, argument(help="What to refresh (`market universes`); your watchlists and all that is stored when left out.")
    ] = "",
) -> Table:
    """Fetch what is missing or stale: prices first, then fundamentals and history, your watchlists before the rest.

    It can be stopped at any time and continues where it stopped. Nothing that is stored is lost when a service fails.
    """
    return ctx.market.refresh(universe or _everything_wanted(ctx), ctx)


@command(title="Import a file", long=True, writes=True)
def import_(
    ctx: Context,
    file: Annotated[Path, argument(help="A CSV or Parquet file.", metavar="FILE")],
    *,
    as_: Annotated[Kind, argument(help="What the file holds.")],
    map: Annotated[
        tuple[str, ...],
        argument(help="How a column is to be read: 'COLUMN=field'; 'COLUMN=' leaves it out.", metavar="COLUMN=FIELD"),
    ] = (),
    universe: Annotated[str, argument(help="Name of the list made from its symbols; the file's name when empty.")] = "",
    symbol: Annotated[str, argument(help="Whose rows these are, when the file does not say.")] = "",
    currency: Annotated[str, argument(help="Currency of its amounts, when the file does not say.", metavar="USD")] = "",
    as_of_date: Annotated[
        date | None, argument(help="The day its values speak about; the file's own date when left out.")
    ] = None,
    dates: Annotated[Literal["", "dmy", "mdy"], argument(help="How to read dates like 03/04/2024.")] = "",
    dry_run: Annotated[bool, argument(help="Only show how the file would be read.")] = False,
) -> Table:
    """Bring your own data: prices, fundamentals, dividends and more from a CSV or Parquet file.

    Columns are recognised by their names; the answer shows how each was read, and --map corrects it. What cannot be
    read or cannot be right is listed and left out. The file's symbols become the universe file:NAME.
    """
    return ctx.market.import_file(
        file,
        as_,
        _mapping(map),
        ctx,
        universe=universe,
        symbol=symbol,
        currency=currency,
        as_of=as_of_date,
        dates=dates,
        dry_run=dry_run,
    )


@command(title="Show daily bars")
def bars(
    ctx: Context,
    symbol: Symbol,
    *,
    start: Annotated[date | None, argument(help="First day.")] = None,
    end: Annotated[date | None, argument(help="Last day.")] = None,
    limit: Annotated[int, argument(help="At most so many newest bars; 0 for all.")] = 60,
    fetch: Annotated[bool, argument(help="Fetch what is missing first.")] = True,
) -> Table:
    """Daily open, high, low, close and volume, adjusted for splits; the newest last."""
    name = _symbol(symbol)
    problems = ctx.market.ensure([name], ["bars"], ctx) if fetch and ctx.as_of is None else []
    frame = ctx.market.bars(name, start, end, ctx.as_of)
    currency = _currency(ctx, name)
    columns = (
        Column("date", "Date", "date"),
        *(
            Column(key, title, "number", currency, decimals=2)
            for key, title in (("open", "Open"), ("high", "High"), ("low", "Low"), ("close", "Close"))
        ),
        Column("volume", "Volume", "number", "", decimals=0),
        Column("adjusted_close", "Adjusted close", "number", currency, decimals=2, newbie=False),
    )
    _must_have(frame, name, "bars", problems)
    shown = frame.tail(limit) if limit else frame
    return _sourced(ctx, f"{name}, daily bars", columns, shown, unknown=problems)


@command(title="Show the latest quote")
def quote(
    ctx: Context,
    symbols: Annotated[tuple[str, ...], argument(help="One or more tickers.", metavar="SYMBOL")],
    *,
    fetch: Annotated[bool, argument(help="Ask for a newer one first.")] = True,
) -> Table:
    """The latest price of one or more symbols, with its time and source."""
    import polars as pl

    names = [_symbol(each) for each in symbols]
    problems = ctx.market.ensure(names, ["quotes"], ctx) if fetch and ctx.as_of is None else []
    frame = pl.DataFrame({"symbol": names}, schema={"symbol": pl.String}).join(
        ctx.market.quotes(names, ctx.as_of), on="symbol", how="inner", maintain_order="left"
    )
    frame = frame.with_columns((pl.col("price") / pl.col("previous_close") - 1).alias("change"))

    def money(name: str, title: str, newbie: bool = True) -> Column:
        return Column(name, title, "number", "currency", decimals=2, newbie=newbie)

    columns = (
        Column("symbol", "Ticker"),
        money("price", "Price"),
        Column("change", "Change", "number", "fraction", decimals=2),
        Column("at", "Time", "datetime"),
        money("previous_close", "Previous close"),
        money("open", "Open", False),
        money("high", "High", False),
        money("low", "Low", False),
        Column("volume", "Volume", "number", decimals=0),
        Column("currency", "Currency"),
    )
    absent = [name for name in names if name not in frame["symbol"]]
    if absent:
        _must_have(frame, ", ".join(absent), "a quote", problems)
        problems = [*problems, f"no quote of {', '.join(absent)} is stored"]
    return _sourced(ctx, "Quote" if len(names) == 1 else "Quotes", columns, frame, unknown=problems)


@command(title="Show where the data of a symbol comes from")
def sources(ctx: Context, symbol: Symbol) -> Table:
    """What is stored of a symbol, from whom and since when; what was repaired or refused, and why.

    Where several services speak about the same figures, the one that is believed comes first; what the others say is kept
    beside it and shown by `market disagreements`.
    """
    import polars as pl

    from terminal.domain.rivals import CONTESTS
    from terminal.domain.schemas import DATASETS

    name = _symbol(symbol)
    rows, listed = [], []
    for dataset in DATASETS:
        if dataset == "members":
            continue
        frames = [(True, ctx.store.market.read(dataset, [name], as_of=ctx.as_of))]
        if dataset in CONTESTS:
            frames.append((False, ctx.store.market.beside(dataset, [name], as_of=ctx.as_of)))
        for believed, frame in frames:
            for fetch_id, each in ctx.market.sources(frame["fetch_id"].unique().to_list()).items():
                count = frame.filter(pl.col("fetch_id") == fetch_id).height
                when = (each.as_of, each.fetched_at, each.note or None, each.delayed, each.simulated)
                rows.append((dataset, count, believed, each.provider, each.endpoint, *when))
                listed.append(each)
    notes = [
        f"repaired: {count} values, {rule}"
        for rule, count in ctx.store.market.repairs(name).group_by("rule").len().sort("rule").iter_rows()
    ]
    notes += [
        f"refused: {count} rows of {dataset}, {reason}"
        for dataset, reason, count in ctx.store.market.quarantine(name)
        .group_by("dataset", "reason")
        .len()
        .sort("dataset", "reason")
        .iter_rows()
    ]
    if not rows and not notes:
        raise UserError(f"Nothing is stored of {name}.", f"Fetch it with `tapeline market refresh {name}`.")
    if differ := ctx.market.disagreements(name, ctx.as_of).height:
        notes.append(f"{differ} values on which sources differ: `tapeline market disagreements {name}`")
    columns = (
        Column("dataset", "Data"),
        Column("rows", "Rows", "integer", "count"),
        Column("believed", "Believed", "bool", term="market_believed"),
        Column("provider", "From"),
        Column("endpoint", "Endpoint"),
        Column("as_of", "As of", "datetime"),
        Column("fetched_at", "Fetched", "datetime"),
        Column("note", "Why this one was asked"),
        Column("delayed", "Delayed", "bool", newbie=False),
        Column("simulated", "Simulated", "bool"),
    )
    table = _table(f"Sources of {name}", columns, rows, notes=notes)
    several = tuple(dict.fromkeys(listed))
    place = pl.Series([several.index(each) for each in listed], dtype=pl.Int64)
    origin = pl.DataFrame({column.name: place for column in columns})
    return Table(table.title, table.columns, table.frame, several, notes=table.notes, origin=origin)


@command(title="Show where sources disagree")
def disagreements(ctx: Context, symbols: Some = (), *, limit: Limit = 200) -> Table:
    """Where two services say different things about the same figure or report: who is believed, who says what, and why.

    Nothing is averaged: one statement is used everywhere, the others are kept beside it. Small differences of rounding
    are not listed.
    """
    from plugins.market.disputes import disputed

    return disputed(ctx, [_symbol(each) for each in symbols], _not_negative(limit))


@command(title="Show figures that were changed afterwards")
def restatements(
    ctx: Context,
    symbols: Some = (),
    *,
    since: Annotated[date | None, argument(help="Only what became known on this day or later.")] = None,
    limit: Limit = 200,
) -> Table:
    """Figures that a company or a service later gave differently for the same period: old and new value, when, in which form.

    A company that often corrects its past deserves a closer look. What only follows a split is not listed.
    """
    from plugins.market.disputes import restated

    return restated(ctx, [_symbol(each) for each in symbols], since, _not_negative(limit))


@command(title="Find a symbol")
def search(
    ctx: Context,
    text: Annotated[str, argument(help="Part of a ticker or a company's name.", metavar="TEXT")],
    *,
    limit: Annotated[int, argument(help="At most so many.")] = 20,
) -> Table:
    """Find symbols by ticker or name, in what is stored and in the known indices."""
    frame = ctx.market.search(text, limit)
    columns = (Column("symbol", "Ticker"), Column("name", "Name"), Column("kind", "Kind"), Column("sector", "Sector"))
    note = (
        ()
        if frame.height
        else (f"Nothing stored matches '{text}'. Any ticker can be fetched: `tapeline market refresh TICKER`.",)
    )
    return Table(f"Matches for '{text}'", columns, frame, notes=note)


@command(title="Show the data services")
def providers(ctx: Context) -> Table:
    """Which services are asked, for what, how much of their limit is left, and which are paused after a failure."""
    router = ctx.market.router
    rows = []
    for provider in router.providers:
        paused = router.breaker.open_until(provider.id)
        windows = router.budget.windows(provider.id)
        limit = ", ".join(f"{window.requests} in {_span(window.seconds)}" for window in windows)
        until = max((moment for moment, _ in paused.values()), default=None)
        why = "; ".join(f"{endpoint or 'all'}: {reason}" for endpoint, (_, reason) in sorted(paused.items()))
        rows.append(
            (
                provider.id,
                provider.title,
                ", ".join(sorted(provider.datasets)),
                provider.needs_key,
                router.budget.remaining(provider.id),
                limit,
                until,
                why or None,
            )
        )
    columns = (
        Column("id", "Id"),
        Column("title", "Service"),
        Column("datasets", "Delivers"),
        Column("needs_key", "Needs a key", "bool"),
        Column("left", "Requests left now", "integer", "count"),
        Column("limit", "Our limit"),
        Column("paused_until", "Paused until", "datetime"),
        Column("why", "Why"),
    )
    notes = (
        ("The demo market is made on this computer; no service is asked. Every number in it is SIMULATED.",)
        if ctx.demo
        else ("Yahoo Finance publishes no limit and promises nothing; its data is for personal use.",)
    )
    return _table("Data services", columns, rows, notes=notes)


def _mapping(pairs: Sequence[str]) -> dict[str, str]:
    result = {}
    for pair in [each for text in pairs for each in text.split(",")]:
        column, sign, field = pair.rpartition("=")
        if not sign:
            raise UserError(f"'{pair}' does not say how a column is to be read.", "Write --map 'COLUMN=field'.")
        result[column.strip()] = field.strip()
    return result


def _everything_wanted(ctx: Context) -> str:
    """Watchlists and what is stored; on a first start the S&P 500."""
    if ctx.demo:
        return "demo"
    wanted = dict.fromkeys(
        symbol for each in ctx.market.universes() if each.name.startswith("watchlist:") for symbol in each.symbols
    )
    everything = [*wanted, *(symbol for symbol in ctx.market.symbols() if symbol not in wanted)]
    return ",".join(everything) + "," if everything else "sp500"


def _symbol(text: str) -> str:
    from terminal.domain.instruments import clean_symbol

    try:
        return clean_symbol(text)
    except ValueError as error:
        raise UserError(f"{error}.", "Symbols look like AAPL, BRK-B or ^VIX.") from None


def _not_negative(limit: int) -> int:
    if limit < 0:
        raise UserError(f"limit cannot be {limit}.", "Give 0 for all, or how many rows you want.")
    return limit


def _currency(ctx: Context, symbol: str) -> str:
    frame = ctx.market.instruments([symbol], ctx.as_of)
    return str(frame["currency"][0] or "") if frame.height else ""


def _must_have(frame: pl.DataFrame, name: str, what: str, problems: Sequence[str]) -> None:
    if frame.is_empty():
        raise UserError(
            problems[0] if problems else f"No {what.removeprefix('a ')} of {name} is stored.",
            "" if problems else f"Fetch it with `tapeline market refresh {name.split(',', maxsplit=1)[0]}`.",
        )


def _span(seconds: int) -> str:
    return f"{seconds // 3600} h" if seconds % 3600 == 0 else f"{seconds // 60} min" if seconds % 60 == 0 else f"{seconds} s"


def _sourced(
    ctx: Context,
    title: str,
    columns: tuple[Column, ...],
    frame: pl.DataFrame,
    *,
    unknown: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> Table:
    """A table whose every cell points at the fetch of its row."""
    import polars as pl

    found = ctx.market.sources(frame["fetch_id"].unique().to_list())
    listed: tuple[Source, ...] = tuple(dict.fromkeys(found.values()))
    order = {number: listed.index(source) for number, source in found.items()}
    place = frame["fetch_id"].replace_strict(order, default=None, return_dtype=pl.Int64)
    origin = pl.DataFrame({column.name: place for column in columns})
    return Table(title, columns, frame.select(column.name for column in columns), listed, tuple(unknown), tuple(notes), origin)


def _table(title: str, columns: tuple[Column, ...], rows: Sequence[tuple[Any, ...]], notes: Sequence[str] = ()) -> Table:
    import polars as pl

    kinds: dict[str, Any] = {
        "integer": pl.Int64,
        "date": pl.Date,
        "datetime": pl.Datetime("us", "UTC"),
        "bool": pl.Boolean,
        "number": pl.Float64,
    }
    schema = {column.name: kinds.get(column.type, pl.String) for column in columns}
    return Table(title, columns, pl.DataFrame(rows, schema=schema, orient="row"), notes=tuple(notes))
