"""Rows of money as tables: amounts rounded to what is shown, never a not-a-number."""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import polars as pl

    from terminal.api import Column


def frame(columns: Sequence[Column], rows: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """Rows by column name; columns absent from a row are unknown, names that begin with "_" are kept beside."""
    import polars as pl

    kinds: dict[str, Any] = {
        "text": pl.String,
        "number": pl.Float64,
        "integer": pl.Int64,
        "bool": pl.Boolean,
        "date": pl.Date,
        "datetime": pl.Datetime("us", "UTC"),
        "list": pl.List(pl.String),
    }
    listed = list(rows)
    data = {column.name: [_cell(row.get(column.name), column) for row in listed] for column in columns}
    return pl.DataFrame(data, schema={column.name: kinds[column.type] for column in columns})


def fitted(columns: Sequence[Column], shown: pl.DataFrame) -> tuple[Column, ...]:
    """The columns with no decimals for quantities that are all whole, and enough of them for small parts of a coin."""

    def places() -> int:
        counts = [abs(value) for value in shown["quantity"].to_list() if value]
        return 0 if all(value == int(value) for value in counts) else 8 if min(counts) < 0.01 else 4

    return tuple(replace(each, decimals=places()) if each.name == "quantity" else each for each in columns)


def _cell(value: Any, column: Column) -> Any:
    if not isinstance(value, Decimal):
        return value
    if column.unit == "currency" or (len(column.unit) == 3 and column.unit.isupper()):
        value = cents(value) if column.decimals in (None, 2) else value
    return float(value)


def cents(value: Decimal) -> Decimal:
    """Rounded to the cent, half to even as banks do."""
    with localcontext() as context:
        context.prec = 60
        return value.quantize(Decimal("0.01"), ROUND_HALF_EVEN)
