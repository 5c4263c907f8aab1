"""What is coming up: the section about earnings, as whatever answers `earnings.show` tells it, and the one about the rest.

Reports are told in one place: among the other events only where nobody answers `earnings.show`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from plugins.tearsheet.sentences import NO_DAY, upcoming
from terminal.domain import format as words
from terminal.ui.badge import provenance_html

if TYPE_CHECKING:
    from plugins.tearsheet.panel_parts import Lines
    from plugins.tearsheet.panel_sections import Showing
    from terminal.api import Table, TerminalError

COMMAND = "earnings.show"
_REPORTS = frozenset({"days_to_earnings", "tearsheet_report_move", "days_since_earnings", "earnings_surprise", "beat_rate"})


def fill_events(widget: Lines, showing: Showing, *, reports: bool | None = None) -> None:
    """Dividends and the like; `reports` too where there is no section of their own (default: as the commands are)."""
    sheet, lines = showing.sheet, []
    told = not showing.host.has_command(COMMAND) if reports is None else reports
    events = [each for each in upcoming(sheet) if told or each[2] not in _REPORTS]
    for title, text, term in (each for each in events if each[1] not in (words.UNKNOWN, NO_DAY)):
        figure = sheet.figure(term)
        lines.append((title, text, showing.said.tip(sheet, figure) if figure else ""))
    blind = [title for title, text, _ in events if text in (words.UNKNOWN, NO_DAY)]
    if blind:
        lines.append((f"Not known: {', '.join(blind).lower()}.", "", ""))
    widget.show_lines(lines, "No upcoming event is known.")


def fill_earnings(widget: Lines, showing: Showing) -> None:
    """Ask for the company's earnings; the section shows up with the answer."""
    section = showing.panel.sections["earnings"]
    if widget.property("symbol") != showing.sheet.symbol:
        section.setVisible(False)
    showing.host.run(
        COMMAND,
        {"symbol": showing.sheet.symbol},
        then=partial(_arrived, widget, showing),
        fail=partial(_nobody_tells, showing),
        key="earnings",
    )


def _nobody_tells(showing: Showing, _error: TerminalError) -> None:
    """Without a section of their own the reports are among the events again."""
    panel = showing.panel
    panel.sections["earnings"].setVisible(False)
    if panel.sheet is not None and panel.sheet.symbol == showing.sheet.symbol:
        fill_events(panel.part("events"), showing, reports=True)


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
