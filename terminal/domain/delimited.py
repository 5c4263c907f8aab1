"""A table as comma-separated values in a file of its own: raw values, then comment lines with sources and notes."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from terminal.domain.sourced import Table

_FORMULA = re.compile(r"[=+@\t\r]|-(?![0-9.]*$)")


def cell(value: Any) -> Any:
    """A value as a cell. Text that a spreadsheet would run as a formula is quoted: it may come from anybody's file."""
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


def to_csv(table: Table) -> str:
    """Names, rows (nothing for unknown, lists joined by "; "), then what is simulated, sources and notes behind "#"."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    simulated = table.simulated
    writer.writerow([column.name for column in table.columns] + (["simulated"] if simulated else []))
    for row in table.rows():
        cells = [cell("; ".join(map(str, each)) if isinstance(each, list) else each) for each in row.values()]
        writer.writerow(cells + (["yes"] if simulated else []))
    lines = ["SIMULATED: demo market, invented companies"] if simulated else []
    lines += [f"source: {source.provider} {source.endpoint}, as of {source.as_of}, fetched {source.fetched_at}"
              for source in table.sources]
    lines += [f"note: {note}" for note in (*table.notes, *table.unknown)]
    return out.getvalue() + "".join("# " + line.replace("\n", " ") + "\n" for line in lines)
