"""The CSV of a sheet."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from terminal.domain.sourced import plain

if TYPE_CHECKING:

    from plugins.tearsheet.model import Sheet

_COLUMNS = (
    "section",
    "term",
    "figure",
    "value",
    "as_shown",
    "unit",
    "as_of",
    "compared_with",
    "comparison",
    "formula",
    "in_words",
    "provider",
    "endpoint",
    "source_as_of",
    "fetched_at",
    "delayed",
    "simulated",
)


def csv_bytes(sheet: Sheet) -> bytes:
    """Every figure with its source, one a line (RFC 4180, UTF-8); an empty value is unknown."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for figure in sheet.figures:
        source = sheet.sources[figure.source].to_json() if figure.source is not None else {}
        cells: list[Any] = [
            figure.section,
            figure.term,
            figure.title,
            plain(figure.value),
            figure.text,
            figure.unit,
            plain(figure.as_of),
            figure.compared_with,
            plain(figure.comparison),
            figure.formula,
            figure.newbie or figure.pro,
            source.get("provider"),
            source.get("endpoint"),
            source.get("as_of"),
            source.get("fetched_at"),
            source.get("delayed"),
            source.get("simulated"),
        ]
        writer.writerow([_cell(cell) for cell in cells])
    return out.getvalue().encode("utf-8")


def _cell(value: Any) -> str:
    """Text as a spreadsheet may open it: what looks like a formula is quoted."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = repr(value) if isinstance(value, float) else str(value)
    return "'" + text if isinstance(value, str) and text.startswith(("=", "+", "@", "\t", "\r")) else text
