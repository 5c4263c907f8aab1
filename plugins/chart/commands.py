"""The chart's commands: bars with indicators and comparisons, events, drawings, the catalogue, and files."""

from __future__ import annotations

import importlib
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

from plugins.chart.gathering import MOST_COMPARED, bars_of, nothing, sources_known, symbol_of
from plugins.chart.kept import (
    Studies,
    Symbol,
    draw,
    drawings,
    erase,
    forget_studies,
    move,
    read_drawing,
    restore,
    save_studies,
    stored_drawings,
    studies,
    undo,
    undo_studies,
)
from plugins.chart.replay_commands import replay
from terminal import api
from terminal.api import Column, Context, Table, UserError, argument, command

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

__all__ = [
    "draw", "drawings", "erase", "events", "export", "forget_studies", "indicators", "move", "replay", "restore",
    "save_studies", "show", "studies", "undo", "undo_studies",
]  # fmt: skip

Interval = Annotated[
    Literal["1m", "5m", "15m", "30m", "1h", "4h", "1d", "1wk", "1mo"], argument(help="How long each bar is.")
]
Compare = Annotated[tuple[str, ...], argument(help="Also the closes of another ticker; as often as needed.", metavar="SYMBOL")]


@command(title="Chart of a symbol", panel="chart", long=True)
def show(
    ctx: Context,
    symbol: Symbol,
    *,
    interval: Interval = "1d",
    study: Studies = (),
    compare: Compare = (),
    start: Annotated[date | None, argument(help="First day.")] = None,
    end: Annotated[date | None, argument(help="Last day.")] = None,
) -> Table:
    """Show a symbol's bars with indicators and other symbols beside them: the numbers a chart draws.

    Indicators are computed over everything stored, so that a value does not depend on the range shown. Where a window is not
    full, or an input is missing, they are unknown (empty).
    """
    from plugins.chart.model import between, chart_table, compared_with, silent, studies_of, wanted_studies

    name = symbol_of(symbol)
    others = tuple(dict.fromkeys(each for each in map(symbol_of, compare) if each != name))
    if len(others) > MOST_COMPARED:
        raise UserError(f"{len(others)} symbols are too many to compare with.", f"Give at most {MOST_COMPARED}.")
    wanted = wanted_studies(study, interval)
    ctx.progress(0.1, f"Prices of {name}")
    found, problems = bars_of(ctx, (name, *others), interval)
    bars = found[name]
    if bars.is_empty():
        raise nothing(ctx, name, interval, problems)
    ctx.progress(0.7, "Indicators")
    made = studies_of(bars, wanted)
    compared = {each: compared_with(bars, found[each]) for each in others}
    chosen = between(bars, start, end)
    if not chosen.any():
        reach = f"They reach from {bars['last'][0]} to {bars['last'][-1]}."
        raise UserError(f"There are no bars of {name} in these days.", reach)
    shown = [bars.filter(chosen), *(each.filter(chosen) for each in compared.values())]
    fetches = [number for frame in shown for number in frame["fetch_id"].unique().to_list()]
    unknown = (
        *silent(made, bars.height),
        *(f"no prices of {each} are stored" for each in others if found[each].is_empty()),
    )
    currency, title = _named(ctx, name)
    return chart_table(
        f"{title} · {interval}", bars, made, compared, chosen, sources_known(ctx, fetches), currency,
        {"symbol": name, "interval": interval, "currency": currency, "as_of": ctx.as_of}, unknown, problems,
    )  # fmt: skip


@command(title="Events on a chart", panel="chart")
def events(
    ctx: Context,
    symbol: Symbol,
    *,
    news: Annotated[int, argument(help="At most so many headlines; 0 for none.")] = 50,
) -> Table:
    """List reports, dividends, splits and headlines of a symbol, and your own trades and decisions where something keeps them.

    On a past day only what was known at its end, reports that were expected then included.
    """
    import polars as pl

    from plugins.chart.model import dividend_rows, earnings_rows, news_rows, split_rows

    name = symbol_of(symbol)
    market, day = ctx.market, ctx.as_of
    rows = [
        *earnings_rows(market.earnings([name], as_of=day)),
        *dividend_rows(market.dividends([name], as_of=day)),
        *split_rows(market.splits([name], as_of=day)),
        *(news_rows(market.headlines([name], as_of=day, limit=news)) if news > 0 else []),
    ]
    schema: dict[str, Any] = {
        "date": pl.Date, "at": pl.Datetime("us", "UTC"), "kind": pl.String, "title": pl.String, "text": pl.String,
        "price": pl.Float64, "url": pl.String, "fetch_id": pl.Int64,
    }  # fmt: skip
    local = pl.col("at").dt.convert_time_zone("America/New_York").dt.date()
    own, problems = _own(ctx, name, schema)
    frame = pl.concat([pl.DataFrame(rows, schema=schema), *own]).with_columns(pl.coalesce("date", local).alias("date"))
    frame = frame.sort("date", "at", "kind", "title", nulls_last=True)
    sources = sources_known(ctx, frame["fetch_id"].drop_nulls().to_list())
    place = frame["fetch_id"].replace_strict(
        {number: at for at, number in enumerate(sources)}, default=None, return_dtype=pl.Int64
    )
    columns = (
        Column("date", "Day", "date"),
        Column("at", "Time", "datetime", newbie=False),
        Column("kind", "Kind"),
        Column("title", "What"),
        Column("text", "In words"),
        Column("price", "Price", "number", decimals=2),
        Column("url", "Address", newbie=False),
    )
    origin = pl.DataFrame({column.name: place for column in columns})
    shown = frame.select(column.name for column in columns)
    notes = () if frame.height else (f"No events of {name} are stored.",)
    return Table(f"Events of {name}", columns, shown, tuple(sources.values()), tuple(problems), notes, origin, {"symbol": name})


@command(title="Indicators for charts")
def indicators(ctx: Context, *, group: Annotated[str, argument(help="Only this group, such as Momentum.")] = "") -> Table:
    """List every indicator: what it says, how it is written, where it comes from, and its series in rules."""
    import polars as pl

    from terminal.domain.indicators import INDICATORS

    known = list(dict.fromkeys(each.group for each in INDICATORS.values()))
    if group and group.lower() not in (each.lower() for each in known):
        raise UserError(f"There is no group '{group}'.", f"Choose one of: {', '.join(known)}.")
    rows = [
        {
            "name": each.name,
            "title": each.title,
            "group": each.group,
            "usage": each.usage(),
            "pane": "over the prices" if each.pane == "price" else "below",
            "newbie": each.newbie,
            "pro": each.pro,
            "source": each.source,
            "parameters": "; ".join(one.describe() for one in each.parameters),
            "rules": ", ".join(output.rule for output in each.outputs if output.rule),
        }
        for each in INDICATORS.values()
        if not group or each.group.lower() == group.lower()
    ]
    columns = (
        Column("name", "Name"),
        Column("title", "Title"),
        Column("group", "Group"),
        Column("usage", "How it is written"),
        Column("pane", "Drawn", newbie=False),
        Column("newbie", "What it says"),
        Column("pro", "How it is made", newbie=False),
        Column("source", "Formula and origin", newbie=False),
        Column("parameters", "Settings", newbie=False),
        Column("rules", "In rules", newbie=False),
    )
    return Table(f"{len(rows)} indicators", columns, pl.DataFrame(rows).select(column.name for column in columns))


@command(title="Export a chart", panel="chart", long=True)
def export(
    ctx: Context,
    symbol: Symbol,
    *,
    csv: Annotated[Path | None, argument(help="CSV file to write: bars, studies, compared closes and their sources.")] = None,
    png: Annotated[Path | None, argument(help="Picture to write, with your drawings.")] = None,
    interval: Interval = "1d",
    study: Studies = (),
    compare: Compare = (),
    start: Annotated[date | None, argument(help="First day.")] = None,
    end: Annotated[date | None, argument(help="Last day.")] = None,
    width: Annotated[int, argument(help="Width of the picture in pixels.")] = 1600,
    height: Annotated[int, argument(help="Height of the picture in pixels.")] = 900,
    kind: Annotated[
        Literal["candles", "heikin_ashi", "bars", "line", "area"], argument(help="How the picture draws the bars.")
    ] = "candles",
    scale: Annotated[Literal["linear", "log", "percent"], argument(help="How the picture counts prices.")] = "linear",
    flags: Annotated[bool, argument(help="Reports, dividends, your trades and decisions as flags on the picture.")] = False,
) -> Table:
    """Write a chart's numbers as CSV, the chart as a picture, or both."""
    import polars as pl

    from plugins.chart.export import csv_bytes

    if csv is None and png is None:
        raise UserError("Nothing was asked for.", "Give --csv FILE, --png FILE, or both.")
    if png is not None and not (200 <= width <= 8000 and 150 <= height <= 8000):
        raise UserError(f"A picture of {width} x {height} cannot be made.", "Give 200 to 8000 pixels.")
    table = show(ctx, symbol, interval=interval, study=study, compare=compare, start=start, end=end)
    written: list[dict[str, Any]] = []
    if csv is not None:
        written.append({"kind": "csv", "file": str(csv), "bytes": api.export(csv, csv_bytes(table))})
    if png is not None:
        drawn = tuple(read_drawing(row) for row in stored_drawings(ctx, table.detail["symbol"]).to_dicts())
        # Qt is loaded when a picture is wanted and not before; commands themselves know nothing of it.
        told = events(ctx, symbol, news=0) if flags else None
        picture = importlib.import_module("plugins.chart.picture").picture(table, drawn, width, height, kind, scale, told)
        written.append({"kind": "png", "file": str(png), "bytes": api.export(png, picture)})
    frame = pl.DataFrame(written, schema={"kind": pl.String, "file": pl.String, "bytes": pl.Int64})
    columns = (Column("kind", "Kind"), Column("file", "File"), Column("bytes", "Bytes", "integer", "count"))
    return replace(table, title=f"Exported {table.title}", columns=columns, frame=frame, origin=None, detail={})


def _named(ctx: Context, symbol: str) -> tuple[str, str]:
    """The currency of a symbol ("" unknown) and its title."""
    row = ctx.market.instruments([symbol], ctx.as_of).to_dicts()
    currency, name = (row[0]["currency"], row[0]["name"]) if row else (None, None)
    return currency or "", f"{symbol} · {name}" if name else symbol


def _own(ctx: Context, symbol: str, schema: Any) -> tuple[list[Any], list[str]]:
    """What other plugins mark on a chart: each command named `markers` gives columns date or at, kind, title, text, price."""
    import polars as pl

    frames, problems = [], []
    for name, found in ctx.commands().items():
        if found.verb != "markers" or name.startswith("chart."):
            continue
        try:
            told = ctx.call(name, symbol=symbol).frame
        except UserError as error:
            problems.append(f"{name}: {error}")
            continue
        frames.append(
            told.select(
                (pl.col(each).cast(kind) if each in told.columns else pl.lit(None, dtype=kind)).alias(each)
                for each, kind in schema.items()
            )
        )
    return frames, problems
