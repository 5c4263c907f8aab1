"""Rows as tables of the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from terminal.api import Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import polars as pl

    from terminal.api import Column, Context


def frame(columns: Sequence[Column], rows: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """Rows by column name; a column absent from a row is unknown."""
    import polars as pl

    kinds: dict[str, Any] = {
        "text": pl.String, "number": pl.Float64, "integer": pl.Int64, "bool": pl.Boolean, "date": pl.Date,
        "datetime": pl.Datetime("us", "UTC"), "list": pl.List(pl.String),
    }  # fmt: skip
    listed = list(rows)
    data = {column.name: [row.get(column.name) for row in listed] for column in columns}
    return pl.DataFrame(data, schema={column.name: kinds[column.type] for column in columns})


def written(ctx: Context) -> Source:
    """The source of what the user wrote down."""
    return Source("your book", "journal", fetched_at=ctx.now(), simulated=ctx.demo)
