"""A chart's numbers as CSV."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from terminal.api import Table


def csv_bytes(table: Table) -> bytes:
    """One line a bar (RFC 4180, UTF-8), nothing for unknown, then comment lines: what is simulated, sources, formulas, notes."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([column.name for column in table.columns] + (["simulated"] if table.simulated else []))
    for row in table.rows():
        cells = ["" if cell is None else "yes" if cell is True else "no" if cell is False else cell for cell in row.values()]
        writer.writerow(cells + (["yes"] if table.simulated else []))
    lines = ["SIMULATED: demo market, invented companies"] if table.simulated else []
    lines += [f"chart: {table.title}"]
    lines += [
        f"source: {source.provider} {source.endpoint}, as of {source.as_of}, fetched {source.fetched_at}"
        for source in table.sources
    ]
    lines += [f"formula of {study.label}: {study.indicator.source}" for study in table.detail.get("studies", ())]
    lines += [f"note: {note}" for note in (*table.notes, *table.unknown)]
    return (out.getvalue() + "".join(f"# {line}\r\n" for line in lines)).encode("utf-8")
