"""The screener's commands: run a screen, keep it, see what changed since the last time and which clause did it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

from plugins.screener.model import COLUMN_SETS, Judged, Preset
from terminal.api import Column, Context, Table, UserError, argument, command

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    import polars as pl
    from terminal.domain.rules import Rule

    from terminal.domain.features import Features

ColumnSet = Annotated[str, argument(help="Which columns to show.", choices=tuple(COLUMN_SETS))]
Screen = Annotated[str, argument(help="A preset or the name of a saved screen.", metavar="SCREEN")]
RuleText = Annotated[
    str, argument(help="A rule, for example 'roe > 15% and pe_ttm < 20'; added to the preset's own.", metavar="RULE")
]
Universe = Annotated[str, argument(help="Where to look: a universe (`market universes`), a watchlist, or symbols with commas.")]


@command(title="Run a screen", panel="screener", long=True)
def run(
    ctx: Context,
    *,
    preset: Annotated[str, argument(help="A ready-made screen (`screener presets`) or the name of a saved one.")] = "all",
    rule: RuleText = "",
    ranges: Annotated[tuple[str, ...], argument(help="Filters as FIELD=LOW..HIGH; several are allowed.")] = (),
    universe: Universe = "",
    sort: Annotated[str, argument(help="Field to sort by; the preset's own when empty.")] = "",
    ascending: Annotated[bool | None, argument(help="Smallest first.")] = None,
    columns: Annotated[
        str, argument(help="Which columns to show; the preset's own when empty.", choices=("", *COLUMN_SETS))
    ] = "",
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
    plan = _plan(ctx, preset, rule, ranges, universe, sort, ascending, columns)
    features, symbols_title, note = _features(ctx, plan["universe"])
    rule_object = _parse(plan["rule"])
    judged = _judge(ctx, features, rule_object)
    if record:
        _record(ctx, plan, features, judged)
    return _answer(ctx, plan, features, judged, symbols_title, note, show, limit)


@command(title="Export a screen as CSV", long=True)
def export(
    ctx: Context,
    file: Annotated[Path, argument(help="Where to write; an existing file is replaced.")],
    *,
    preset: Screen = "all",
    rule: RuleText = "",
    ranges: Annotated[tuple[str, ...], argument(help="Filters as FIELD=LOW..HIGH.")] = (),
    universe: Universe = "",
    columns: Annotated[str, argument(help="Which columns; the preset's own when empty.", choices=("", *COLUMN_SETS))] = "",
) -> Table:
    """Write what a screen finds to a CSV file, with its sources in comment lines at the end."""
    from plugins.screener.model import to_csv

    found = run(ctx, preset=preset, rule=rule, ranges=ranges, universe=universe, columns=columns, record=False)
    try:
        file.write_text(to_csv(found), encoding="utf-8", newline="")
    except OSError as error:
        raise UserError(f"{file} cannot be written: {error.strerror}.", "Choose another folder.") from error
    return replace(found, title=f"{found.frame.height} rows written to {file}")


@command(title="Ready-made screens with live counts")
def presets(ctx: Context, *, universe: Universe = "") -> Table:
    """List the ready-made screens and how many instruments each finds right now."""
    import polars as pl

    from plugins.screener import model

    features, _, note = _features(ctx, universe or ctx.settings.get("screener.universe"))
    rows = []
    for position, preset in enumerate(_presets().values()):
        ctx.progress(position / len(_presets()), preset.title)
        judged = _judge(ctx, features, _parse(preset.rule))
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
        features, features.frame.head(0), (model.column_of(model.FIELDS["price"]),), _found(ctx, features, ("price",))
    )
    return Table("Ready-made screens", columns, frame, sources=sources, notes=(note,) if note else ())


@command(title="What each clause of a screen does")
def clauses(
    ctx: Context,
    *,
    preset: Screen = "all",
    rule: RuleText = "",
    ranges: Annotated[tuple[str, ...], argument(help="Filters as FIELD=LOW..HIGH.")] = (),
    universe: Universe = "",
) -> Table:
    """For each clause: how many pass, fail, are unknown, and how many would match without it."""
    import polars as pl

    plan = _plan(ctx, preset, rule, ranges, universe, "", None, "")
    features, title, note = _features(ctx, plan["universe"])
    judged = _judge(ctx, features, _parse(plan["rule"]))
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
    return Table(f"{plan['title']} in {title}: {judged.matched} match", columns, frame, notes=(note,) if note else ())


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

    features, title, note = _features(ctx, universe or ctx.settings.get("screener.universe"))
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
    found = _found(ctx, features, fields)
    return Table(
        f"Spread in {title}", columns, frame, sources=tuple(dict.fromkeys(found.values())), notes=(note,) if note else ()
    )


@command(title="Why a symbol is in or out of a screen")
def explain(ctx: Context, symbol: str, *, preset: Screen = "all", rule: RuleText = "", universe: Universe = "") -> Table:
    """Judge one symbol clause by clause, with the value each clause looked at."""
    import polars as pl

    plan = _plan(ctx, preset, rule, (), universe, "", None, "")
    features, title, note = _features(ctx, plan["universe"])
    wanted = symbol.strip().upper()
    where = features.frame.select(pl.arg_where(pl.col("symbol") == wanted)).to_series()
    if where.is_empty():
        raise UserError(
            f"{wanted} is not in {title}.",
            "Name a universe that holds it with --universe, or fetch it: `tapeline market refresh`.",
        )
    judged = _judge(ctx, features, _parse(plan["rule"]))
    at = int(where[0])
    rows = [
        {"clause": text, "outcome": _said(judged.outcomes[index][at]), "value": judged.amounts[index][at]}
        for index, text in enumerate(judged.clauses)
    ]
    rows.append({"clause": "the whole screen", "outcome": _said(judged.outcome[at]), "value": None})
    frame = pl.DataFrame(rows, schema={"clause": pl.String, "outcome": pl.String, "value": pl.Float64})
    columns = (Column("clause", "Clause"), Column("outcome", "Outcome"), Column("value", "Value", "number"))
    found = _found(ctx, features, tuple(_fields_of(plan["rule"])), (wanted,))
    return Table(
        f"{wanted} in {plan['title']}",
        columns,
        frame,
        sources=tuple(dict.fromkeys(found.values())),
        notes=(note,) if note else (),
    )


@command(title="What changed between two runs of a screen", panel="screener")
def diff(
    ctx: Context,
    *,
    preset: Annotated[str, argument(help="The screen whose last two runs are compared; empty: the newest run's.")] = "",
    before: Annotated[int, argument(help="Number of the older run (`screener runs`); 0: the one before the newest.")] = 0,
    after: Annotated[int, argument(help="Number of the newer run; 0: the newest.")] = 0,
) -> Table:
    """Who entered, who left, and which clause flipped, with both values."""
    import polars as pl

    from plugins.screener import model

    newer = _run_row(ctx, after, preset)
    older = _run_row(ctx, before, newer["screen"], newer["id"], newer["universe"])
    rows = model.flips(_run_frame(ctx, older["id"]), _run_frame(ctx, newer["id"]), older["clauses"], newer["clauses"])
    schema: dict[str, Any] = {
        "change": pl.String,
        "symbol": pl.String,
        "clause": pl.String,
        "was": pl.Float64,
        "now": pl.Float64,
        "reason": pl.String,
        "verdict_was": pl.String,
        "verdict_now": pl.String,
        "score_was": pl.Float64,
        "score_now": pl.Float64,
        "price_was": pl.Float64,
        "price_now": pl.Float64,
    }
    columns = (
        Column("change", "Change"),
        Column("symbol", "Ticker"),
        Column("clause", "Clause that flipped"),
        Column("was", "Was", "number"),
        Column("now", "Now", "number"),
        Column("reason", "Why"),
        Column("verdict_was", "Verdict before", newbie=False),
        Column("verdict_now", "Verdict now"),
        Column("score_was", "Score before", "number", "score", decimals=1, newbie=False),
        Column("score_now", "Score now", "number", "score", decimals=1),
        Column("price_was", "Price before", "number", newbie=False),
        Column("price_now", "Price now", "number"),
    )
    entered = sum(row["change"] == "entered" for row in rows)
    notes = [
        f"Run {older['id']} of {older['at']:%Y-%m-%d %H:%M} UTC ({older['matched']} matches) against run {newer['id']} of "
        f"{newer['at']:%Y-%m-%d %H:%M} UTC ({newer['matched']} matches)."
    ]
    if older["rule"] != newer["rule"]:
        notes.append(f"The rule changed from «{older['rule'] or 'everything'}» to «{newer['rule'] or 'everything'}».")
    return Table(
        f"{newer['title']}: {entered} entered, {len(rows) - entered} left",
        columns,
        pl.DataFrame(rows, schema=schema),
        notes=tuple(notes),
    )


@command(title="Past runs")
def runs(
    ctx: Context,
    *,
    preset: Annotated[str, argument(help="Only runs of this screen.")] = "",
    limit: Annotated[int, argument(help="At most so many.")] = 50,
) -> Table:
    """List the recorded runs, newest first."""
    frame = ctx.store.book.read(
        "SELECT id, at, as_of, screen, title, rule, universe, total, matched, unknown FROM screener.runs "
        "WHERE ? = '' OR screen = ? ORDER BY id DESC LIMIT ?",
        (preset, preset, limit),
    )
    columns = (
        Column("id", "Run", "integer"),
        Column("at", "When", "datetime"),
        Column("as_of", "As of", "date", newbie=False),
        Column("screen", "Screen", newbie=False),
        Column("title", "Title"),
        Column("rule", "Rule", newbie=False),
        Column("universe", "Universe"),
        Column("total", "Looked at", "integer", "count"),
        Column("matched", "Matches", "integer", "count"),
        Column("unknown", "Unknown", "integer", "count"),
    )
    return Table("Past runs", columns, frame)


@command(title="Save a screen", writes=True)
def save(
    ctx: Context,
    name: str,
    *,
    rule: RuleText = "",
    preset: Screen = "all",
    ranges: Annotated[tuple[str, ...], argument(help="Filters as FIELD=LOW..HIGH.")] = (),
    universe: Universe = "",
    sort: Annotated[str, argument(help="Field to sort by.")] = "",
    ascending: Annotated[bool, argument(help="Smallest first.")] = False,
    columns: ColumnSet = "default",
) -> Table:
    """Keep a screen under a name of your own; an existing one of that name is replaced."""
    label = name.strip()
    if not label or label in _presets():
        raise UserError(f"'{name}' cannot be the name of a screen.", "Choose a name that is not empty and not a preset's.")
    plan = _plan(ctx, preset, rule, ranges, universe, sort, ascending, columns)
    _parse(plan["rule"])
    now = ctx.now()

    def keep(tx: Any) -> None:
        tx.execute(
            "INSERT INTO screener.saved VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL) ON CONFLICT (name) DO UPDATE SET rule = excluded.rule, "
            "universe = excluded.universe, columns = excluded.columns, sort = excluded.sort, ascending = excluded.ascending, "
            "changed_at = excluded.changed_at, deleted_at = NULL",
            (label, plan["rule"], plan["universe"], columns, plan["sort"], plan["ascending"], now, now),
        )

    ctx.store.book.write(keep)
    ctx.publish("book.changed", {"table": "screener.saved"})
    return saved(ctx)


@command(title="Saved screens")
def saved(ctx: Context) -> Table:
    """List the screens you saved."""
    frame = ctx.store.book.read(
        "SELECT name, rule, universe, columns, sort, ascending, changed_at FROM screener.saved "
        "WHERE deleted_at IS NULL ORDER BY lower(name)"
    )
    columns = (
        Column("name", "Name"),
        Column("rule", "Rule"),
        Column("universe", "Universe"),
        Column("columns", "Columns", newbie=False),
        Column("sort", "Sorted by", newbie=False),
        Column("ascending", "Smallest first", "bool", newbie=False),
        Column("changed_at", "Changed", "datetime"),
    )
    return Table("Saved screens", columns, frame)


@command(title="Delete a saved screen", writes=True)
def delete(ctx: Context, name: str) -> Table:
    """Delete a saved screen; `screener restore NAME` brings it back."""
    return _mark(ctx, name, deleted=True)


@command(title="Bring back a deleted screen", writes=True)
def restore(ctx: Context, name: str) -> Table:
    """Undo `screener delete`."""
    return _mark(ctx, name, deleted=False)


def _mark(ctx: Context, name: str, *, deleted: bool) -> Table:
    now = ctx.now()

    def mark(tx: Any) -> bool:
        known = tx.query("SELECT name FROM screener.saved WHERE name = ? AND (deleted_at IS NULL) = ?", (name, deleted))
        tx.execute(
            "UPDATE screener.saved SET deleted_at = ?, changed_at = ? WHERE name = ?", (now if deleted else None, now, name)
        )
        return not known.is_empty()

    if not ctx.store.book.write(mark):
        raise UserError(
            f"There is no {'saved' if deleted else 'deleted'} screen '{name}'.", "`tapeline screener saved` lists yours."
        )
    ctx.publish("book.changed", {"table": "screener.saved"})
    return saved(ctx)


def _presets() -> dict[str, Preset]:
    from importlib import resources

    from plugins.screener.model import read_presets

    return read_presets(resources.files("plugins.screener").joinpath("presets.toml").read_text(encoding="utf-8"))


def _plan(
    ctx: Context, preset: str, rule: str, ranges: tuple[str, ...], universe: str, sort: str, ascending: bool | None, columns: str
) -> dict[str, Any]:
    """What to run: the preset or saved screen with the user's own additions."""
    from plugins.screener.model import clause_of_range, joined

    known = _presets()
    key = preset.strip()
    found = known.get(key) or known.get(key.lower().replace(" ", "_").replace("-", "_"))
    base: dict[str, Any]
    if found:
        base = {
            "screen": found.id,
            "title": found.title,
            "rule": found.rule,
            "universe": "",
            "sort": found.sort,
            "ascending": found.ascending,
            "columns": found.columns,
        }
    else:
        own = ctx.store.book.read("SELECT * FROM screener.saved WHERE name = ? AND deleted_at IS NULL", (key,)).to_dicts()
        if not own:
            raise UserError(
                f"There is no screen '{preset}'.", "`tapeline screener presets` and `tapeline screener saved` list them."
            )
        base = {**own[0], "screen": key, "title": key}
    added = joined(rule, *(clause_of_range(each) for each in ranges))
    base["rule"] = joined(base["rule"], added)
    if added:
        base["screen"] = f"{base['screen']} + {added}" if base["screen"] != "all" else added
        base["title"] = base["title"] if base["title"] != "All" else "Own rule"
    base["universe"] = universe or base["universe"] or ctx.settings.get("screener.universe") or "all"
    base["columns"] = columns or base["columns"]
    base["sort"] = sort or base["sort"] or "score"
    base["ascending"] = base["ascending"] if ascending is None else ascending
    return base


def _features(ctx: Context, universe: str) -> tuple[Features, str, str]:
    """The scored features of a universe, its title and what must be said about it."""
    found = ctx.market.universe(universe or "all")
    if not found.symbols:
        raise UserError(
            f"{found.title} is empty.",
            "Fetch one with `tapeline market refresh sp500`, bring your own with "
            "`tapeline market import FILE --as fundamentals`, or look at the demo with --demo.",
        )
    features = ctx.market.scored(found.symbols, ctx.as_of)
    if features.frame.is_empty():
        raise UserError(
            f"Nothing is known yet about {found.title}.",
            f"Fetch it with `tapeline market refresh {found.name}`, or look at the demo with --demo.",
        )
    return features, found.title, found.note


def _parse(text: str) -> Rule | None:
    from terminal.domain.rules import RuleError, parse

    if not text.strip():
        return None
    try:
        return parse(text)
    except RuleError as error:
        raise UserError(
            f"The rule cannot be read: {error}",
            "`tapeline rules fields` lists all fields and `tapeline rules check` tests a rule.",
        ) from error


def _fields_of(text: str) -> tuple[str, ...]:
    parsed = _parse(text)
    return () if parsed is None else tuple(parsed.fields)


def _judge(ctx: Context, features: Features, rule: Rule | None) -> Judged:
    from plugins.screener.model import judge

    bars = None
    if rule is not None and rule.needs_bars:
        bars = ctx.market.bars(features.frame["symbol"].to_list(), as_of=ctx.as_of)
    return judge(features.frame, rule, bars)


def _found(ctx: Context, features: Features, names: tuple[str, ...], symbols: tuple[str, ...] = ()) -> dict[int, Any]:
    import polars as pl

    present = [name for name in names if name in features.origin.columns and name != "symbol"]
    origin = features.origin.filter(pl.col("symbol").is_in(list(symbols))) if symbols else features.origin
    if not present:
        return {}
    ids = pl.concat([origin[name].cast(pl.Int64).rename("id") for name in present]).drop_nulls().unique().sort()
    return ctx.market.sources(ids.to_list())


def _answer(
    ctx: Context, plan: dict[str, Any], features: Features, judged: Judged, universe: str, note: str, show: str, limit: int
) -> Table:

    from plugins.screener import model

    names = model.COLUMN_SETS[plan["columns"]]
    sort = plan["sort"]
    if sort not in features.frame.columns:
        raise UserError(f"There is no field '{sort}' to sort by.", "`tapeline rules fields` lists them all.")
    columns = model.columns_for((*names, sort) if sort not in names else names)
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
    found = _found(ctx, features, tuple(column.name for column in columns), tuple(shown["symbol"].to_list()))
    sources, origin = model.with_sources(features, shown, columns, found)
    notes = [f"{judged.matched} of {features.frame.height} in {universe} match; {judged.unknown} cannot be judged (unknown)."]
    notes += [note] if note else []
    detail = {
        "plan": plan,
        "clauses": judged.counts(),
        "total": features.frame.height,
        "matched": judged.matched,
        "unknown": judged.unknown,
        "column_names": names,
    }
    return Table(
        f"{plan['title']}: {judged.matched} of {features.frame.height}",
        columns,
        shown,
        sources=sources,
        unknown=model.missing(shown, columns),
        notes=tuple(notes),
        origin=origin,
        detail=detail,
    )


def _record(ctx: Context, plan: dict[str, Any], features: Features, judged: Judged) -> None:
    """Write the run and the outcome of each symbol into the book, and drop the oldest beyond the limit."""
    import polars as pl

    frame = features.frame.select("symbol", pl.lit(judged.outcome).alias("matched"), "verdict", "score", "price")
    empty = pl.lit(None, dtype=pl.List(pl.Boolean)), pl.lit(None, dtype=pl.List(pl.Float64))
    outcomes, amounts = empty
    if judged.clauses:
        outcomes = pl.concat_list([pl.lit(series.cast(pl.Boolean)) for series in judged.outcomes])
        amounts = pl.concat_list([pl.lit(series.cast(pl.Float64)) for series in judged.amounts])
    rows = frame.with_columns(outcomes.alias("outcomes"), amounts.alias("amounts"))
    as_of: date | None = ctx.as_of
    keep = int(ctx.settings.get("screener.keep_runs"))

    def write(tx: Any) -> None:
        number = tx.query("SELECT nextval('screener.run_id') AS id")["id"][0]
        tx.execute(
            "INSERT INTO screener.runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                number,
                ctx.now(),
                as_of,
                plan["screen"],
                plan["title"],
                plan["rule"],
                list(judged.clauses),
                plan["universe"],
                features.frame.height,
                judged.matched,
                judged.unknown,
            ),
        )
        tx.insert("screener.run_rows", rows.select(pl.lit(number, dtype=pl.Int64).alias("run_id"), *rows.columns))
        _drop_oldest(tx, keep)

    ctx.store.book.write(write)


def _drop_oldest(tx: Any, keep: int) -> None:
    surplus = (
        "SELECT id FROM (SELECT id, row_number() OVER (ORDER BY id DESC) AS age, row_number() OVER (PARTITION BY screen ORDER BY id DESC) AS own "
        "FROM screener.runs) WHERE age > ? AND own > 2"
    )
    tx.execute(f"DELETE FROM screener.run_rows WHERE run_id IN ({surplus})", (keep,))
    tx.execute(f"DELETE FROM screener.runs WHERE id IN ({surplus})", (keep,))


def _run_row(ctx: Context, number: int, screen: str = "", below: int | None = None, universe: str = "") -> dict[str, Any]:
    if number:
        found = ctx.store.book.read("SELECT * FROM screener.runs WHERE id = ?", (number,))
    else:
        found = ctx.store.book.read(
            "SELECT * FROM screener.runs WHERE (? = '' OR screen = ?) AND (? IS NULL OR id < ?) AND (? = '' OR universe = ?) ORDER BY id DESC LIMIT 1",
            (screen, screen, below, below, universe, universe),
        )
    if found.is_empty():
        raise UserError(
            f"There is no run {number}." if number else "There are not yet two runs of this screen to compare.",
            "`tapeline screener runs` lists them; each `tapeline screener run` adds one.",
        )
    return found.to_dicts()[0]


def _run_frame(ctx: Context, number: int) -> pl.DataFrame:
    return ctx.store.book.read(
        "SELECT symbol, matched, verdict, score, price, outcomes, amounts FROM screener.run_rows WHERE run_id = ?", (number,)
    )


def _said(outcome: bool | None) -> str:
    return {True: "yes", False: "no", None: "unknown"}[outcome]
