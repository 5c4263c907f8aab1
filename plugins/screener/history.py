"""The memory of the screener: every run, and what changed between two of them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Any

from plugins.screener.plan import all_presets
from terminal.api import Column, Context, Table, UserError, argument, command

if TYPE_CHECKING:
    import polars as pl

    from plugins.screener.model import Judged
    from terminal.domain.features import Features

# Rows of past runs that the book keeps at most; a run over 10,000 symbols takes 10,000.
_MOST_ROWS = 1_000_000


@command(title="Past runs")
def runs(
    ctx: Context,
    *,
    preset: Annotated[str, argument(help="Only runs of this screen.")] = "",
    limit: Annotated[int, argument(help="At most so many.")] = 50,
) -> Table:
    """List the recorded runs, newest first."""
    frame = ctx.store.book.read(
        "SELECT id, ran_at, as_of, screen, title, rule, universe, total, matched, unknown FROM screener.runs "
        "WHERE ? = '' OR screen = ? ORDER BY id DESC LIMIT ?",
        (preset, preset, limit),
    )
    columns = (
        Column("id", "Run", "integer"),
        Column("ran_at", "When", "datetime"),
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


@command(title="Runs that found a symbol", hidden=True)
def found(
    ctx: Context,
    symbol: Annotated[str, argument(help="A ticker, such as SPY.", metavar="SYMBOL")],
    *,
    limit: Annotated[int, argument(help="At most so many.")] = 20,
) -> Table:
    """List the newest recorded runs in which a symbol passed, up to the day asked for."""
    from zoneinfo import ZoneInfo

    end = None if ctx.as_of is None else datetime.combine(ctx.as_of + timedelta(days=1), time(), ZoneInfo("America/New_York"))
    frame = ctx.store.book.read(
        "SELECT id, ran_at, screen, title, rule, r.score FROM screener.runs JOIN screener.run_rows r ON r.run_id = id "
        "WHERE r.symbol = ? AND r.matched AND rule <> '' AND as_of IS NULL AND (CAST(? AS TIMESTAMPTZ) IS NULL OR ran_at < ?) "
        "ORDER BY id DESC LIMIT ?",
        (symbol.strip().upper(), end, end, limit),
    )
    columns = (
        Column("id", "Run", "integer"),
        Column("ran_at", "When", "datetime"),
        Column("screen", "Screen"),
        Column("title", "Title"),
        Column("rule", "Rule"),
        Column("score", "Score then", "number", "score", decimals=1),
    )
    return Table(f"Runs that found {symbol}", columns, frame)


@command(title="What changed between two runs of a screen", panel="screener")
def diff(
    ctx: Context,
    *,
    preset: Annotated[str, argument(help="The screen whose last two runs are compared; empty: the newest run's.")] = "",
    before: Annotated[int, argument(help="Number of the older run (`screener runs`); 0: the last that found others.")] = 0,
    after: Annotated[int, argument(help="Number of the newer run; 0: the newest.")] = 0,
    since: Annotated[date | None, argument(help="Compare with the last run up to the end of this day.")] = None,
) -> Table:
    """Who entered, who left, and which clause flipped, with both values.

    Without numbers, runs in between that found the same as the newest are passed over.
    """
    import polars as pl

    from plugins.screener.changes import flips

    newer = _run_row(ctx, after, preset)
    older = _run_row(ctx, before) if before else _older(ctx, newer, since)
    rows = flips(_run_frame(ctx, older["id"]), _run_frame(ctx, newer["id"]), older["clauses"], newer["clauses"])
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
        f"Run {older['id']} of {older['ran_at']:%Y-%m-%d %H:%M} UTC ({older['matched']} matches) against run {newer['id']} of "
        f"{newer['ran_at']:%Y-%m-%d %H:%M} UTC ({newer['matched']} matches)."
    ]
    if older["rule"] != newer["rule"]:
        notes.append(f"The rule changed from «{older['rule'] or 'everything'}» to «{newer['rule'] or 'everything'}».")
    return Table(
        f"{newer['title']}: {entered} entered, {len(rows) - entered} left",
        columns,
        pl.DataFrame(rows, schema=schema),
        notes=tuple(notes),
    )


def record_run(ctx: Context, plan: dict[str, Any], features: Features, judged: Judged) -> None:
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
    """Beyond `keep` runs or the rows a book can carry; the two newest runs of screens that have a name stay."""
    named = [*all_presets(), *tx.query("SELECT name FROM screener.saved WHERE deleted_at IS NULL")["name"]]
    surplus = (
        "SELECT id FROM (SELECT id, screen, row_number() OVER (ORDER BY id DESC) AS age, "
        "sum(total) OVER (ORDER BY id DESC) AS many, "
        "row_number() OVER (PARTITION BY screen, universe ORDER BY id DESC) AS own FROM screener.runs) "
        "WHERE (age > ? OR many > ?) AND age > 1 AND NOT (own <= 2 AND list_contains(?, screen))"
    )
    gone = tx.query(surplus, (keep, _MOST_ROWS, named))["id"].to_list()
    if gone:
        tx.execute("DELETE FROM screener.run_rows WHERE list_contains(?, run_id)", (gone,))
        tx.execute("DELETE FROM screener.runs WHERE list_contains(?, id)", (gone,))


def _older(ctx: Context, newer: dict[str, Any], since: date | None) -> dict[str, Any]:
    """The run to compare with: the last up to `since`; without it the last that found others, else the one before."""
    from zoneinfo import ZoneInfo

    limit = None
    if since is not None:
        limit = datetime.combine(since + timedelta(days=1), time(), ZoneInfo("America/New_York"))
    earlier = ctx.store.book.read(
        "SELECT id FROM screener.runs WHERE screen = ? AND universe = ? AND id < ? AND (as_of IS NULL) = ? "
        "AND (CAST(? AS TIMESTAMPTZ) IS NULL OR ran_at < ?) ORDER BY id DESC LIMIT 50",
        (newer["screen"], newer["universe"], newer["id"], newer["as_of"] is None, limit, limit),
    )["id"].to_list()
    if not earlier:
        missing = "There are not yet two runs of this screen to compare."
        raise UserError(
            missing if since is None else f"There is no earlier run of this screen up to {since}.",
            "`tapeline screener runs` lists them; each `tapeline screener run` adds one.",
        )
    if since is not None:
        return _run_row(ctx, earlier[0])
    matches = ctx.store.book.read(
        "SELECT run_id, list(symbol ORDER BY symbol) AS found FROM screener.run_rows "
        "WHERE matched AND list_contains(?, run_id) GROUP BY run_id",
        ([newer["id"], *earlier],),
    )
    found = dict(zip(matches["run_id"].to_list(), matches["found"].to_list(), strict=True))
    other = next((number for number in earlier if found.get(number) != found.get(newer["id"])), earlier[0])
    return _run_row(ctx, other)


def _run_row(ctx: Context, number: int, screen: str = "") -> dict[str, Any]:
    if number:
        found = ctx.store.book.read("SELECT * FROM screener.runs WHERE id = ?", (number,))
    else:
        found = ctx.store.book.read(
            "SELECT * FROM screener.runs WHERE (? = '' OR screen = ?) ORDER BY id DESC LIMIT 1", (screen, screen)
        )
    if found.is_empty():
        raise UserError(
            f"There is no run {number}." if number else "This screen has not been run yet.",
            "`tapeline screener runs` lists them; each `tapeline screener run` adds one.",
        )
    return found.to_dicts()[0]


def _run_frame(ctx: Context, number: int) -> pl.DataFrame:
    return ctx.store.book.read(
        "SELECT symbol, matched, verdict, score, price, outcomes, amounts FROM screener.run_rows WHERE run_id = ?", (number,)
    )
