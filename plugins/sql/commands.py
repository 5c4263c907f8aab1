"""Commands of the SQL console. They only read the store; what was run is remembered in the book."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

from plugins.sql.model import EXAMPLES, SUFFIXES, columns_of, holds, visible
from terminal.api import Column, Context, Source, Table, UserError, argument, command

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST, KEPT = 1_000_000, 200


@command(title="Ask the store in SQL", panel="sql", long=True)
def run(
    ctx: Context,
    text: Annotated[str, argument(help="One SELECT, WITH, VALUES, FROM, DESCRIBE or SUMMARIZE.", metavar="SQL")],
    *,
    limit: Annotated[int, argument(help="Rows at most.", metavar="N")] = 10_000,
) -> Table:
    """Run one SQL question over everything stored; nothing can be changed, and nothing but the store can be read.

    Tables are called `market.bars`, `book.watchlists`, `screener.runs` ... (`tapeline sql tables`). The answer has whatever
    columns you ask for; values that are not a number are shown as unknown.
    """
    if not 1 <= limit <= MOST:
        raise UserError(f"limit cannot be {limit}.", f"Take 1 to {MOST:,} rows.")
    ctx.progress(None, "Asking the store")
    began = time.monotonic()
    answer = ctx.store.ask(text, limit)
    seconds = time.monotonic() - began
    frame = answer.frame.rename(visible(answer.frame.columns))
    if ctx.by_hand:
        _remember(ctx, text.strip(), frame.height, seconds)
    notes = [f"Only the first {limit:,} rows are shown; --limit takes more."] if answer.cut else []
    if ctx.as_of is not None:
        notes.append(f"SQL sees everything stored, not only what was known on {ctx.as_of}: compare known_at yourself.")
    sources = tuple(Source("store", f"table {table.text}", simulated=ctx.demo and table.file == "market")
                    for table in answer.tables)
    rows = "1 row" if frame.height == 1 else f"{frame.height:,} rows"
    return Table(f"SQL: {rows}", columns_of(frame), frame, sources, notes=tuple(notes),
                 detail={"seconds": seconds, "cut": answer.cut, "text": text, "types": answer.types})


@command(title="Tables of the store")
def tables(ctx: Context,
           name: Annotated[str, argument(help="Only tables with this in their name.", metavar="NAME")] = "") -> Table:
    """List every table of market and book: its columns with their types, and what it holds."""
    import polars as pl

    frame = ctx.store.columns().with_columns(
        pl.when(pl.col("schema") == "main").then(pl.col("file")).otherwise(pl.col("schema")).alias("before"))
    named = frame.with_columns((pl.col("before") + "." + pl.col("table")).alias("name"))
    listed = named.group_by("name", maintain_order=True).agg(
        pl.col("rows").first().cast(pl.Int64), pl.format("{} {}", "column", "type").str.join(", ").alias("columns"),
        pl.col("file").first(), pl.col("column").alias("_columns"), pl.col("type").alias("_types"))
    listed = listed.filter(pl.col("name").str.to_lowercase().str.contains(name.lower(), literal=True))
    listed = listed.with_columns(pl.col("name").map_elements(holds, return_dtype=pl.String).alias("holds"))
    columns = (Column("name", "Table"), Column("holds", "Holds"), Column("rows", "Rows, about", "integer"),
               Column("columns", "Columns and types"), Column("file", "File", newbie=False))
    behind = pl.col("name").map_elements(lambda name: name.endswith((*SUFFIXES, ".migrations")), return_dtype=pl.Boolean)
    listed = listed.sort(behind, pl.col("file") == "book", maintain_order=True)  # what is asked for most comes first
    order = [*(column.name for column in columns), "_columns", "_types"]
    note = "known_at says since when a row was known; fetch_id points into market.fetch_log."
    return Table("Tables of the store", columns, listed.select(order), notes=(note,))


@command(title="SQL statements that were run")
def history(ctx: Context, *, limit: Annotated[int, argument(help="Statements at most.", metavar="N")] = 50) -> Table:
    """List the statements that were run in this book, the latest first, each once."""
    frame = ctx.store.book.read("SELECT text, ran_at, rows, seconds, times FROM sql.history ORDER BY ran_at DESC, id DESC "
                                "LIMIT ?", (max(1, limit),))
    columns = (Column("text", "Statement"), Column("ran_at", "Last run", "datetime"), Column("rows", "Rows", "integer"),
               Column("seconds", "Seconds", "number", decimals=2, newbie=False),
               Column("times", "Times run", "integer", newbie=False))
    return Table("SQL statements", columns, frame, notes=() if frame.height else ("None yet.",))


@command(title="Example questions in SQL")
def examples(ctx: Context) -> Table:
    """Three questions to begin with; each can be run as it is and changed."""
    import polars as pl

    frame = pl.DataFrame({"question": [title for title, _ in EXAMPLES], "text": [text for _, text in EXAMPLES]})
    return Table("Example questions", (Column("question", "Question"), Column("text", "Statement")), frame)


def _remember(ctx: Context, text: str, rows: int, seconds: float) -> None:
    """Keep the statement once, with its last run; the oldest go when there are too many."""
    now = ctx.now()

    def keep(tx: Any) -> None:
        before: Mapping[str, Any] = tx.query("SELECT coalesce(max(times), 0) AS times, (SELECT coalesce(max(id), 0) + 1 FROM "
                                             "sql.history) AS id FROM sql.history WHERE text = ?", (text,)).to_dicts()[0]
        tx.execute("DELETE FROM sql.history WHERE text = ?", (text,))
        tx.execute("INSERT INTO sql.history VALUES (?, ?, ?, ?, ?, ?)",
                   (before["id"], text, now, rows, seconds, before["times"] + 1))
        tx.execute("DELETE FROM sql.history WHERE id NOT IN (SELECT id FROM sql.history ORDER BY id DESC LIMIT ?)", (KEPT,))

    ctx.store.book.write(keep)
