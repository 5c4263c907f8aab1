"""The screener's commands: run a screen, keep it, see what changed since the last time and which clause did it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

from plugins.screener.history import diff, found, record_run, runs
from plugins.screener.model import COLUMN_SETS, Judged
from plugins.screener.owned import with_owned
from plugins.screener.plan import (
    Ranges,
    RuleText,
    Screen,
    Universe,
    all_presets,
    basis,
    fields_of,
    found_sources,
    judged_by,
    make_plan,
    outcome_by,
    parsed,
    scored_features,
    tones,
)
from plugins.screener.saved import delete, rename, restore, save, saved
from terminal import api
from terminal.api import Column, Context, Table, UserError, argument, command
from terminal.domain.fields import FIELDS

if TYPE_CHECKING:
    from pathlib import Path

    from terminal.domain.features import Features

__all__ = [
    "clauses",
    "delete",
    "diff",
    "explain",
    "export",
    "found",
    "judge",
    "presets",
    "rename",
    "restore",
    "run",
    "runs",
    "save",
    "saved",
    "spread",
]


@command(title="Run a screen", panel="screener", long=True)
def run(
    ctx: Context,
    *,
    preset: Annotated[str, argument(help="A ready-made screen (`screener presets`) or the name of a saved one.")] = "all",
    rule: RuleText = "",
    ranges: Ranges = (),
    universe: Universe = "",
    sort: Annotated[str, argument(help="Field to sort by; the preset's own when empty.")] = "",
    ascending: Annotated[bool | None, argument(help="Smallest first.")] = None,
    columns: Annotated[
        str, argument(help="Which columns to show; the preset's own when empty.", choices=("", *COLUMN_SETS))
    ] = "",
    fields: Annotated[tuple[str, ...], argument(help="Further fields to show as columns (`rules fields`).")] = (),
    show: Annotated[
        Literal["matched", "unknown", "all"], argument(help="Which rows: those that match, those that cannot be judged, or all.")
    ] = "matched",
    limit: Annotated[int, argument(help="At most so many rows; 0 for all.")] = 0,
    record: Annotated[bool, argument(help="Remember this run, so that `screener diff` can compare with it.")] = True,
) -> Table:
    """Screen a universe by preset, filters and rule.

    Every row has a verdict, a score and the reason in words. Rows whose inputs are missing are *unknown*: they are
    counted and can be shown with --show unknown, and are never silently in or out.
    """
    plan = make_plan(ctx, preset, rule, ranges, universe, sort, ascending, columns)
    features, symbols_title, note = scored_features(ctx, plan["universe"])
    rule_object = parsed(plan["rule"])
    judged = judged_by(ctx, features, rule_object)
    if record:
        record_run(ctx, plan, features, judged)
    return _answer(ctx, plan, features, judged, symbols_title, note, show, limit, fields)


@command(title="Judge every symbol by a screen", hidden=True)
def judge(ctx: Context, *, preset: Screen = "all", rule: RuleText = "", ranges: Ranges = (), universe: Universe = "") -> Table:
    """Only the outcome of each symbol: what the panel asks for at every letter of a rule."""
    import polars as pl

    plan = make_plan(ctx, preset, rule, ranges, universe, "", None, "")
    features, title, note = scored_features(ctx, plan["universe"])
    outcome = outcome_by(ctx, features, parsed(plan["rule"]))
    columns = (Column("symbol", "Ticker"), Column("outcome", "Passes", "bool"))
    frame = pl.DataFrame([features.frame["symbol"], outcome.alias("outcome")])
    notes = (note,) if note else ()
    return Table(
        f"{plan['title']} in {title}", columns, frame, notes=notes, detail={"plan": plan, "basis": basis(ctx, plan["universe"])}
    )


@command(title="Export a screen as CSV", long=True)
def export(
    ctx: Context,
    file: Annotated[Path, argument(help="Where to write; an existing file is replaced.")],
    *,
    preset: Screen = "all",
    rule: RuleText = "",
    ranges: Ranges = (),
    universe: Universe = "",
    columns: Annotated[str, argument(help="Which columns; the preset's own when empty.", choices=("", *COLUMN_SETS))] = "",
) -> Table:
    """Write what a screen finds to a CSV file, with its sources in comment lines at the end."""
    found = run(ctx, preset=preset, rule=rule, ranges=ranges, universe=universe, columns=columns, record=False)
    api.export(file, api.to_csv(found))
    return replace(found, title=f"{found.frame.height} rows written to {file}")


@command(title="Ready-made screens with live counts")
def presets(ctx: Context, *, universe: Universe = "") -> Table:
    """List the ready-made screens and how many instruments each finds right now."""
    import polars as pl

    from plugins.screener import model

    features, _, note = scored_features(ctx, universe or ctx.settings.get("screener.universe"))
    rows = []
    for position, preset in enumerate(all_presets().values()):
        ctx.progress(position / len(all_presets()), preset.title)
        judged = judged_by(ctx, features, parsed(preset.rule))
        rows.append(
            {
                "id": preset.id,
                "title": preset.title,
                "newbie": preset.newbie,
                "why": preset.why,
                "matched": judged.matched,
                "unknown": judged.unknown,
                "rule": preset.rule,
            }
        )
    columns = (
        Column("id", "Preset", newbie=False),
        Column("title", "Title"),
        Column("newbie", "In plain words"),
        Column("why", "What it does"),
        Column("matched", "Matches", "integer", "count"),
        Column("unknown", "Unknown", "integer", "count"),
        Column("rule", "Rule", newbie=False),
    )
    frame = pl.DataFrame(rows, schema_overrides={"matched": pl.Int64, "unknown": pl.Int64})
    sources, _ = model.with_sources(
        features, features.frame.head(0), (model.column_of(FIELDS["price"]),), found_sources(ctx, features, ("price",))
    )
    return Table("Ready-made screens", columns, frame, sources=sources, notes=(note,) if note else ())


@command(title="What each clause of a screen does")
def clauses(
    ctx: Context,
    *,
    preset: Screen = "all",
    rule: RuleText = "",
    ranges: Ranges = (),
    universe: Universe = "",
) -> Table:
    """For each clause: how many pass, fail, are unknown, and how many would match without it."""
    import polars as pl

    plan = make_plan(ctx, preset, rule, ranges, universe, "", None, "")
    features, title, note = scored_features(ctx, plan["universe"])
    judged = judged_by(ctx, features, parsed(plan["rule"]))
    frame = pl.DataFrame(
        judged.counts(),
        schema={"clause": pl.String, "passed": pl.Int64, "failed": pl.Int64, "unknown": pl.Int64, "without": pl.Int64},
    )
    columns = (
        Column("clause", "Clause"),
        Column("passed", "Pass", "integer", "count"),
        Column("failed", "Fail", "integer", "count"),
        Column("unknown", "Unknown", "integer", "count"),
        Column("without", "Matches without it", "integer", "count"),
    )
    found = found_sources(ctx, features, tuple(fields_of(plan["rule"])) or ("price",))
    sources = tuple(dict.fromkeys(found.values()))
    return Table(f"{plan['title']} in {title}: {judged.matched} match", columns, frame, sources, notes=(note,) if note else ())


@command(title="How the values of a field are spread")
def spread(
    ctx: Context,
    fields: Annotated[tuple[str, ...], argument(help="Names of fields (`rules fields`).")],
    *,
    universe: Universe = "",
) -> Table:
    """For each field: the range that holds 98 % of the known values, the middle, and how many fall into each of 24 steps."""
    import polars as pl

    from plugins.screener.model import spread_of

    features, title, note = scored_features(ctx, universe or ctx.settings.get("screener.universe"))
    frame = pl.DataFrame(
        [spread_of(features.frame, name) for name in fields],
        schema={
            "field": pl.String,
            "title": pl.String,
            "unit": pl.String,
            "known": pl.Int64,
            "low": pl.Float64,
            "median": pl.Float64,
            "high": pl.Float64,
            "counts": pl.List(pl.Int64),
        },
    )
    columns = (
        Column("field", "Field"),
        Column("title", "Title"),
        Column("unit", "Unit"),
        Column("known", "Known", "integer", "count"),
        Column("low", "Low", "number"),
        Column("median", "Middle", "number"),
        Column("high", "High", "number"),
        Column("counts", "Spread", "list"),
    )
    found = found_sources(ctx, features, fields)
    return Table(
        f"Spread in {title}", columns, frame, sources=tuple(dict.fromkeys(found.values())), notes=(note,) if note else ()
    )


@command(title="Why a symbol is in or out of a screen")
def explain(
    ctx: Context,
    symbol: Annotated[str, argument(help="A ticker, such as SPY.", metavar="SYMBOL")],
    *,
    preset: Screen = "all",
    rule: RuleText = "",
    ranges: Ranges = (),
    universe: Universe = "",
) -> Table:
    """Judge one symbol clause by clause, with the value each clause looked at."""
    import polars as pl

    plan = make_plan(ctx, preset, rule, ranges, universe, "", None, "")
    features, title, note = scored_features(ctx, plan["universe"])
    wanted = symbol.strip().upper()
    where = features.frame.select(pl.arg_where(pl.col("symbol") == wanted)).to_series()
    if where.is_empty():
        raise UserError(
            f"{wanted} is not in {title}.",
            "Name a universe that holds it with --universe, or fetch it: `tapeline market refresh`.",
        )
    judged = judged_by(ctx, features, parsed(plan["rule"]))
    at = int(where[0])
    rows = [
        {"clause": text, "outcome": _said(judged.outcomes[index][at]), "value": judged.amounts[index][at]}
        for index, text in enumerate(judged.clauses)
    ]
    rows.append({"clause": "the whole screen", "outcome": _said(judged.outcome[at]), "value": None})
    frame = pl.DataFrame(rows, schema={"clause": pl.String, "outcome": pl.String, "value": pl.Float64})
    columns = (Column("clause", "Clause"), Column("outcome", "Outcome"), Column("value", "Value", "number"))
    found = found_sources(ctx, features, tuple(fields_of(plan["rule"])), (wanted,))
    return Table(
        f"{wanted} in {plan['title']}",
        columns,
        frame,
        sources=tuple(dict.fromkeys(found.values())),
        notes=(note,) if note else (),
    )


def _answer(
    ctx: Context,
    plan: dict[str, Any],
    features: Features,
    judged: Judged,
    universe: str,
    note: str,
    show: str,
    limit: int,
    fields: tuple[str, ...],
) -> Table:
    from plugins.screener import model

    names = model.COLUMN_SETS[plan["columns"]]
    sort = plan["sort"]
    if sort not in features.frame.columns:
        raise UserError(f"There is no field '{sort}' to sort by.", "`tapeline rules fields` lists them all.")
    for name in fields:
        if name not in FIELDS:
            raise UserError(f"There is no field '{name}' to show.", "`tapeline rules fields` lists them all.")
    names = tuple(dict.fromkeys((*names, *fields)))
    columns = model.columns_for((*names, sort))
    outcome = judged.outcome
    frame = features.frame.with_columns(outcome.alias("_outcome"))
    if show == "matched":
        frame = frame.filter(outcome.fill_null(False))
    elif show == "unknown":
        frame = frame.filter(outcome.is_null())
    frame = frame.sort([sort, "symbol"], descending=[not plan["ascending"], False], nulls_last=True)
    shown = frame.head(limit) if limit > 0 else frame
    private = [name for name in shown.columns if name.startswith("_")]
    shown = shown.select(*[column.name for column in columns], *private)
    found = found_sources(ctx, features, tuple(column.name for column in columns), tuple(shown["symbol"].to_list()))
    sources, origin = model.with_sources(features, shown, columns, found)
    notes = [f"{judged.matched} of {features.frame.height} in {universe} match; {judged.unknown} cannot be judged (unknown)."]
    notes += [note] if note else []
    detail = {
        "plan": plan,
        "total": features.frame.height,
        "matched": judged.matched,
        "unknown": judged.unknown,
        "column_names": model.COLUMN_SETS[plan["columns"]],
        "tones": tones(ctx),
        "basis": basis(ctx, plan["universe"]),
    }
    answer = Table(
        f"{plan['title']}: {judged.matched} of {features.frame.height}",
        columns,
        shown,
        sources=sources,
        unknown=model.missing(shown, columns),
        notes=tuple(notes),
        origin=origin,
        detail=detail,
    )
    return with_owned(ctx, answer) if plan["columns"] == "owned" else answer


def _said(outcome: bool | None) -> str:
    return {True: "yes", False: "no", None: "unknown"}[outcome]
