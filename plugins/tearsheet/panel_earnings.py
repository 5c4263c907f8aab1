"""The section about earnings: whatever answers `earnings.show` tells it, line by line. Hidden where nobody does."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from terminal.domain import format as words
from terminal.ui.badge import provenance_html

if TYPE_CHECKING:
    from plugins.tearsheet.panel_parts import Lines
    from plugins.tearsheet.panel_sections import Showing
    from terminal.api import Table

COMMAND = "earnings.show"


def fill_earnings(widget: Lines, showing: Showing) -> None:
    """Ask for the company's earnings; the section shows up with the answer."""
    section = showing.panel.sections["earnings"]
    if widget.property("symbol") != showing.sheet.symbol:
        section.setVisible(False)
    showing.host.run(
        COMMAND,
        {"symbol": showing.sheet.symbol},
        then=partial(_arrived, widget, showing),
        fail=lambda _: section.setVisible(False),
        key="earnings",
    )


def _arrived(widget: Lines, showing: Showing, table: Table) -> None:
    if showing.panel.sheet is None or showing.panel.sheet.symbol != showing.sheet.symbol:
        return  # another company is shown by now
    rows = table.rows()
    places = [None] * len(rows) if table.origin is None else table.origin["text"].to_list()
    lines = [_line(row, table, place, showing) for row, place in zip(rows, places, strict=True) if not row["reason"]]
    unknown = [row["title"].lower() for row in rows if row["reason"]]
    if unknown:
        why = "\n".join(f"{row['title']}: {row['reason']}" for row in rows if row["reason"])
        lines.append((f"Not known: {', '.join(unknown)}.", "", why))
    widget.setProperty("symbol", showing.sheet.symbol)
    widget.show_lines(lines, "")
    showing.panel.sections["earnings"].setVisible(bool(lines))


def _line(row: dict[str, Any], table: Table, place: int | None, showing: Showing) -> tuple[str, str, str]:
    """Newbie: the sentence; Pro: what and how much."""
    sources = table.sources if place is None else (table.sources[place],)
    tip = provenance_html(row["title"], row["text"] or words.UNKNOWN, sources, datetime.now(UTC), text=row["sentence"] or "")
    if showing.said.newbie and row["sentence"]:
        return row["sentence"], "", tip
    return row["title"], row["text"], tip
