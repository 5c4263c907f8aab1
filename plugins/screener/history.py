"""The memory of the screener: every run, and what changed between two of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from terminal.api import Column, Context, Table, UserError, argument, command

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

    from plugins.screener.model import Judged
    from terminal.domain.features import Features


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
    surplus = (
        "SELECT id FROM (SELECT id, row_number() OVER (ORDER BY id DESC) AS age, "
        "row_number() OVER (PARTITION BY screen ORDER BY id DESC) AS own FROM screener.runs) WHERE age > ? AND own > 2"
    )
    tx.execute(f"DELETE FROM screener.run_rows WHERE run_id IN ({surplus})", (keep,))
    tx.execute(f"DELETE FROM screener.runs WHERE id IN ({surplus})", (keep,))


def _run_row(ctx: Context, number: int, screen: str = "", below: int | None = None, universe: str = "") -> dict[str, Any]:
    if number:
        found = ctx.store.book.read("SELECT * FROM screener.runs WHERE id = ?", (number,))
    else:
        found = ctx.store.book.read(
            "SELECT * FROM screener.runs WHERE (? = '' OR screen = ?) AND (? IS NULL OR id < ?) "
            "AND (? = '' OR universe = ?) ORDER BY id DESC LIMIT 1",
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
