"""The tearsheet's commands: one page on a symbol, its parts, and the page as PDF and CSV."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Annotated, Any, Literal

from plugins.tearsheet.gathering import sheet_of
from plugins.tearsheet.plain_commands import buy_helper, sentences  # noqa: F401 - commands of this group
from terminal import api
from terminal.api import Column, Context, Table, UserError, argument, command

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import polars as pl

    from plugins.tearsheet.model import Sheet
    from terminal.domain.valuation import Assumptions

Symbol = Annotated[str, argument(help="Ticker, for example AAPL.", metavar="SYMBOL")]


@command(title="Everything about one company, fund or bond", panel="tearsheet", long=True)
def show(
    ctx: Context,
    symbol: Symbol,
    *,
    section: Annotated[
        tuple[str, ...],
        argument(
            help="Only these: price, core, valuation, decision, risks, sensitivity, peers, events, disputes, stated, changes."
        ),
    ] = (),
    remember: Annotated[bool, argument(help="Remember this look, so that the next one can say what changed.")] = True,
) -> Table:
    """Show every figure of a symbol with its source, the verdict gate by gate, risks, peers and what changed.

    Fetches what is missing first. A figure that nobody gave is unknown (empty), never guessed.
    """
    from plugins.tearsheet.model import SECTION_TITLES, to_table

    for name in section:
        if name not in SECTION_TITLES:
            near = difflib.get_close_matches(name, SECTION_TITLES, 1)
            raise UserError(
                f"There is no section called '{name}'.",
                f"Did you mean {near[0]}?" if near else f"Choose of: {', '.join(SECTION_TITLES)}.",
            )
    sheet, notes = sheet_of(ctx, symbol)
    if remember and ctx.by_hand and ctx.as_of is None:
        ctx.store.book.save_look(sheet.symbol, sheet.payload())
    return to_table(sheet, notes, tuple(section))


@command(title="The verdict, gate by gate", panel="tearsheet")
def gates(ctx: Context, symbol: Symbol) -> Table:
    """Show each hard limit, check and flag with its value, threshold and points."""
    import polars as pl

    sheet, notes = sheet_of(ctx, symbol)
    told = sheet.explanation
    rows: list[dict[str, Any]] = []
    for gate in told.gates:
        outcome = {True: "passed", False: "failed", None: "unknown"}[gate.passed]
        rows.append(
            {
                "part": "gate",
                "title": gate.title,
                "field": gate.field,
                "value": gate.value,
                "threshold": gate.limit,
                "outcome": outcome,
                "points": None,
                "weight": None,
                "newbie": gate.newbie,
                "pro": gate.pro,
            }
        )
    for check in sorted(told.checks, key=lambda each: -each.weight):
        rows.append(
            {
                "part": f"check: {check.pillar}",
                "title": check.title,
                "field": check.field,
                "value": check.value,
                "threshold": check.full,
                "outcome": "unknown" if check.share is None else "scored",
                "points": check.points,
                "weight": check.weight,
                "newbie": check.newbie,
                "pro": check.pro,
            }
        )
    rows += [
        {
            "part": "flag",
            "title": flag.title,
            "field": flag.id,
            "value": None,
            "threshold": None,
            "outcome": flag.tone,
            "points": None,
            "weight": None,
            "newbie": flag.newbie,
            "pro": flag.pro,
        }
        for flag in told.flags
    ]
    frame = pl.DataFrame(
        rows,
        schema={
            "part": pl.String,
            "title": pl.String,
            "field": pl.String,
            "value": pl.Float64,
            "threshold": pl.Float64,
            "outcome": pl.String,
            "points": pl.Float64,
            "weight": pl.Float64,
            "newbie": pl.String,
            "pro": pl.String,
        },
    )
    columns = (
        Column("part", "Part"),
        Column("title", "Title"),
        Column("field", "Field", newbie=False),
        Column("value", "Value", "number"),
        Column("threshold", "Threshold", "number", term="tearsheet_threshold"),
        Column("outcome", "Outcome", term="tearsheet_outcome"),
        Column("points", "Points", "number", term="tearsheet_points", decimals=1),
        Column("weight", "Of", "number", decimals=1),
        Column("newbie", "In plain words"),
        Column("pro", "In figures", newbie=False),
    )
    return _part(sheet, f"{sheet.symbol}: {told.verdict}", columns, frame, (told.newbie, *notes), {"explanation": told})


@command(title="What would change the verdict", panel="tearsheet")
def sensitivity(
    ctx: Context,
    symbol: Symbol,
    *,
    set: Annotated[
        tuple[str, ...],
        argument(help="Try other thresholds: KEY=NUMBER, for example stock.gates.roe=0.15.", metavar="KEY=NUMBER"),
    ] = (),
) -> Table:
    """For each threshold: the nearest value that turns the verdict. With --set: the verdict under other thresholds."""
    import polars as pl

    sheet, notes = sheet_of(ctx, symbol)
    told, thresholds, words = sheet.explanation, sheet.thresholds, [*notes]
    if set:
        book = ctx.market.rulebook()
        try:
            other = book.replace(_numbers(set))
        except KeyError as error:
            raise UserError(
                f"There is no threshold called '{error.args[0]}'.", f"See `tapeline tearsheet sensitivity {sheet.symbol}`."
            ) from error
        told = other.explain(sheet.row, sheet.regime)
        thresholds = tuple(other.sensitivity(sheet.row, sheet.regime))
        words.append(f"With these thresholds it is {told.verdict}; with ours it is {sheet.explanation.verdict}.")
    rows = [
        {
            "key": each.key,
            "title": each.title,
            "value": each.value,
            "threshold": each.limit,
            "flips_at": each.flips_at,
            "verdict": each.verdict,
            "sentence": each.pro,
        }
        for each in thresholds
    ]
    frame = pl.DataFrame(
        rows,
        schema={
            "key": pl.String,
            "title": pl.String,
            "value": pl.Float64,
            "threshold": pl.Float64,
            "flips_at": pl.Float64,
            "verdict": pl.String,
            "sentence": pl.String,
        },
    )
    columns = (
        Column("key", "Key", newbie=False),
        Column("title", "Threshold of"),
        Column("value", "Value", "number"),
        Column("threshold", "Now", "number", term="tearsheet_threshold"),
        Column("flips_at", "Turns at", "number", term="tearsheet_flips_at"),
        Column("verdict", "Then"),
        Column("sentence", "In words"),
    )
    return _part(
        sheet, f"{sheet.symbol}: {told.verdict}", columns, frame, tuple(words), {"thresholds": thresholds, "explanation": told}
    )


@command(title="Similar companies", panel="tearsheet")
def peers(ctx: Context, symbol: Symbol) -> Table:
    """Compare with the nearest companies of the same industry, then sector (funds and bonds: of the same kind)."""
    import polars as pl

    from terminal.domain.fields import FIELDS

    sheet, notes = sheet_of(ctx, symbol)
    found = sheet.peers
    medians = pl.DataFrame([{"symbol": "median", "name": f"median of {found.count} peers", **found.medians}])
    frame = pl.concat([found.frame, medians], how="diagonal_relaxed").select(found.frame.columns)
    columns = tuple(
        Column(name, FIELDS[name].title, FIELDS[name].type, FIELDS[name].unit, name, FIELDS[name].decimals)
        for name in frame.columns
    )
    return _part(sheet, f"{sheet.symbol} and its peers ({found.basis})", columns, frame, notes, {"peers": found})


@command(title="What may go wrong, ranked", panel="tearsheet")
def risks(ctx: Context, symbol: Symbol) -> Table:
    """List the risks with their numbers, the heaviest first."""
    import polars as pl

    sheet, notes = sheet_of(ctx, symbol)
    rows = [
        {
            "rank": at if risk.impact is not None else None,
            "level": risk.level,
            "title": risk.title,
            "value": risk.value,
            "unit": risk.unit,
            "impact": risk.impact,
            "newbie": risk.newbie,
            "pro": risk.pro,
        }
        for at, risk in enumerate(sheet.risks, 1)
    ]
    frame = pl.DataFrame(
        rows,
        schema={
            "rank": pl.Int64,
            "level": pl.String,
            "title": pl.String,
            "value": pl.Float64,
            "unit": pl.String,
            "impact": pl.Float64,
            "newbie": pl.String,
            "pro": pl.String,
        },
    )
    columns = (
        Column("rank", "Rank", "integer"),
        Column("level", "Weight"),
        Column("title", "Risk"),
        Column("value", "Figure", "number"),
        Column("unit", "Unit", newbie=False),
        Column("impact", "Price at stake", "number", "fraction", "tearsheet_impact"),
        Column("newbie", "In plain words"),
        Column("pro", "In figures", newbie=False),
    )
    return _part(sheet, f"{sheet.symbol}: risks", columns, frame, notes, {"risks": sheet.risks})


@command(title="What a share is worth by its cash", panel="tearsheet")
def dcf(
    ctx: Context,
    symbol: Symbol,
    *,
    wacc: Annotated[float | None, argument(help="Cost of capital, 0.09 for 9 %.")] = None,
    growth: Annotated[float | None, argument(help="Growth of cash in the first years.")] = None,
    terminal_growth: Annotated[float | None, argument(help="Growth for ever after.")] = None,
    years: Annotated[int, argument(help="Projected years.")] = 15,
    fade_years: Annotated[int, argument(help="Of these, years of fading to terminal growth.")] = 10,
    risk_free: Annotated[float | None, argument(help="Risk-free rate.")] = None,
    equity_premium: Annotated[float | None, argument(help="What shares earn above it.")] = None,
    beta: Annotated[float | None, argument(help="Beta to use as it is.")] = None,
    cost_of_debt: Annotated[float | None, argument(help="Interest on debt before tax.")] = None,
    tax_rate: Annotated[float | None, argument(help="Tax rate.")] = None,
    debt_share: Annotated[float | None, argument(help="Share of debt in the capital.")] = None,
    base_cash: Annotated[
        Literal["normal", "ttm", "margin"],
        argument(
            help="Start from the last four quarters (ttm), the mean cash margin of recent years times revenue (margin), or "
            "the last four quarters unless their margin is far from that of recent years (normal)."
        ),
    ] = "normal",
    fcf_margin: Annotated[float | None, argument(help="Cash margin to start from instead.")] = None,
    free_cash_flow: Annotated[float | None, argument(help="Free cash flow to start from instead.")] = None,
    net_debt: Annotated[float | None, argument(help="Net debt.")] = None,
    shares: Annotated[float | None, argument(help="Number of shares.")] = None,
    share_based_pay: Annotated[float | None, argument(help="Yearly share-based pay, taken off the cash.")] = None,
    size_premium: Annotated[float | None, argument(help="What small companies earn above others.")] = None,
) -> Table:
    """Value a share by discounted cash flow, with every assumption yours to change; shows what growth the price implies."""
    from terminal.domain.valuation import Assumptions

    try:
        wanted = Assumptions(
            wacc,
            growth,
            terminal_growth,
            years,
            fade_years,
            risk_free,
            equity_premium,
            beta,
            cost_of_debt,
            tax_rate,
            debt_share,
            base_cash,
            fcf_margin,
            free_cash_flow,
            net_debt,
            shares,
            share_based_pay,
            size_premium,
        )
    except ValueError as error:
        raise UserError(f"{str(error).capitalize()}.", "Change --years or --fade-years.") from error
    sheet, notes = sheet_of(ctx, symbol)
    return _valued(ctx, sheet, wanted, notes)


@command(title="What changed since your last look", panel="tearsheet")
def changes(ctx: Context, symbol: Symbol) -> Table:
    """Compare with what was shown when you last opened the tearsheet; does not count as a look itself."""
    import polars as pl

    sheet, notes = sheet_of(ctx, symbol)
    if sheet.look_at is None:
        notes = (
            *notes,
            f"You have not looked at {sheet.symbol} before; `tapeline tearsheet show {sheet.symbol}` remembers a look.",
        )
    else:
        notes = (*notes, f"Last look: {sheet.look_at:%Y-%m-%d %H:%M} UTC.")
    rows = [
        {
            "title": each.title,
            "was": each.was_text,
            "now": each.text,
            "was_value": each.was,
            "now_value": each.now,
            "words": each.newbie,
        }
        for each in sheet.changes
    ]
    frame = pl.DataFrame(
        rows,
        schema={
            "title": pl.String,
            "was": pl.String,
            "now": pl.String,
            "was_value": pl.Float64,
            "now_value": pl.Float64,
            "words": pl.String,
        },
    )
    columns = (
        Column("title", "What"),
        Column("was", "Then"),
        Column("now", "Now"),
        Column("was_value", "Then, as a number", "number", newbie=False),
        Column("now_value", "Now, as a number", "number", newbie=False),
        Column("words", "In words", term="tearsheet_change"),
    )
    return _part(sheet, f"{sheet.symbol}: since your last look", columns, frame, notes, {"changes": sheet.changes})


@command(title="Export the tearsheet", panel="tearsheet", long=True)
def export(
    ctx: Context,
    symbol: Symbol,
    *,
    pdf: Annotated[Path | None, argument(help="PDF file to write.")] = None,
    csv: Annotated[Path | None, argument(help="CSV file to write.")] = None,
) -> Table:
    """Write the tearsheet as PDF and CSV. The same symbol, as-of day and data give the same bytes."""
    import polars as pl

    from plugins.tearsheet import writing

    if pdf is None and csv is None:
        raise UserError("Nothing was asked for.", "Give --pdf FILE, --csv FILE, or both.")
    sheet, notes = sheet_of(ctx, symbol, looks=False)
    written = []
    if csv is not None:
        written.append({"kind": "csv", "file": str(csv), "bytes": api.export(csv, writing.csv_bytes(sheet))})
    if pdf is not None:
        from plugins.tearsheet.pdf import render

        written.append({"kind": "pdf", "file": str(pdf), "bytes": api.export(pdf, render(sheet))})
    frame = pl.DataFrame(written, schema={"kind": pl.String, "file": pl.String, "bytes": pl.Int64})
    columns = (Column("kind", "Kind"), Column("file", "File"), Column("bytes", "Bytes", "integer", "count"))
    return _part(sheet, f"Exported {sheet.symbol}", columns, frame, notes, {})


def _valued(ctx: Context, sheet: Sheet, wanted: Assumptions, notes: tuple[str, ...]) -> Table:
    import polars as pl

    from terminal.domain import valuation

    inputs = sheet.row
    found, back, grid = valuation.dcf(inputs, wanted), valuation.reverse_dcf(inputs, wanted), valuation.grid(inputs, wanted)
    rows: list[tuple[str, str, float | None, str | None, str]] = [
        ("value", "Value per share", found.value, None, found.reason),
        ("value", "Low", found.low, None, "WACC one point higher, growth two points lower"),
        ("value", "High", found.high, None, "WACC one point lower, growth two points higher"),
        ("value", "Price", found.price, None, ""),
        ("value", "Gap", found.gap, None, "value / price − 1"),
        ("value", "Beyond the projected years", found.terminal_share, None, "share of the value"),
        ("reverse", "Growth the price assumes", back.growth, None, back.reason),
    ]
    rows += [("assumption", each.name, each.value, each.origin, each.reason) for each in found.assumptions]
    rows += [
        ("year", f"year {each.year}", each.cash, None, f"growth {each.growth:.4f}, worth today {each.present:.2f}")
        for each in found.flows
    ]
    rows += [
        ("grid", f"WACC {one:.4f}, growth {two:.4f}", value, None, "")
        for one, line in zip(grid.waccs, grid.values, strict=True)
        for two, value in zip(grid.growths, line, strict=True)
    ]
    frame = pl.DataFrame(
        rows,
        schema={"part": pl.String, "title": pl.String, "value": pl.Float64, "origin": pl.String, "reason": pl.String},
        orient="row",
    )
    columns = (
        Column("part", "Part"),
        Column("title", "Title"),
        Column("value", "Value", "number"),
        Column("origin", "From", term="tearsheet_origin"),
        Column("reason", "Why"),
    )
    table = _part(
        sheet,
        f"{sheet.symbol}: discounted cash flow",
        columns,
        frame,
        (*notes, *found.notes),
        {"valuation": found, "reverse": back, "grid": grid, "assumptions": wanted},
    )
    return table if found.value is not None else _with_unknown(table, f"DCF value: {found.reason}")


def _numbers(pairs: tuple[str, ...]) -> dict[str, float]:
    found = {}
    for pair in pairs:
        key, sign, number = pair.partition("=")
        try:
            found[key.strip()] = float(number)
        except ValueError as error:
            raise UserError(f"'{pair}' is not KEY=NUMBER.", "Write for example stock.gates.roe=0.15.") from error
        if not sign:
            raise UserError(f"'{pair}' is not KEY=NUMBER.", "Write for example stock.gates.roe=0.15.")
    return found


def _part(
    sheet: Sheet, title: str, columns: tuple[Column, ...], frame: pl.DataFrame, notes: tuple[str, ...], detail: Mapping[str, Any]
) -> Table:
    return Table(title, columns, frame, sheet.sources, sheet.unknown, notes, detail={"sheet": sheet, **detail})


def _with_unknown(table: Table, sentence: str) -> Table:
    from dataclasses import replace

    return table if sentence in table.unknown else replace(table, unknown=(*table.unknown, sentence))
