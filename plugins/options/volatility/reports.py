"""What options expected of each report against what came, from the answers of the plugin about earnings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from plugins.options.volatility.tables import _frame, _said
from terminal.api import Column, Table
from terminal.domain import format as written
from terminal.domain.implied_move import LEAST, rank

if TYPE_CHECKING:
    from collections.abc import Sequence

_REPORTS = (
    Column("day", "Report", "date", term="report_day"),
    Column("when", "When"),
    Column("implied", "Options expected", "number", "fraction", "report_implied", 1),
    Column("move", "It moved", "number", "fraction", "report_move", 1),
    Column("ratio", "Moved / expected", "number", "x", "report_ratio", 2),
    Column("implied_percentile", "Expected, against before", "number", "fraction", "report_implied_percentile", 0, newbie=False),
    Column("move_percentile", "Moved, against before", "number", "fraction", "report_move_percentile", 0),
    Column("before", "Moves before", "integer", "count", "report_before", newbie=False),
    Column("reason", "Remarks"),
)


def reports_table(symbol: str, moves: Table, limit: int) -> Table:
    """Rows of `earnings moves`, the newest first, each ranked among the reports before it only."""
    given = moves.rows()
    rows = []
    for place, row in enumerate(given[:limit]):
        past = [each["move"] for each in given[place + 1 :]]
        implied, move = row.get("implied"), row.get("move")
        by_move, known = rank(None if move is None else abs(move), past)
        rows.append({
            "day": _day(row["day"]), "when": row.get("when"), "implied": implied, "move": move,
            "ratio": abs(move) / implied if move is not None and implied else None,
            "implied_percentile": rank(implied, past)[0], "move_percentile": by_move, "before": known,
            "reason": row.get("reason") or None,
        })  # fmt: skip
    shown = {str(row["day"]) for row in rows}
    unknown = tuple(each for each in moves.unknown if each.split(":")[0] in shown)
    return Table(f"{symbol}: expected and real moves on reports", _REPORTS, _frame(_REPORTS, rows), moves.sources, unknown,
                 _notes(symbol, rows), detail={"symbol": symbol})  # fmt: skip


def _notes(symbol: str, rows: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    both = [row for row in rows if row["ratio"] is not None]
    if not rows:
        return (f"No past report of {symbol} is stored: `tapeline earnings refresh` asks for them.",)
    if not both:
        return (f"What options expected is known of none of {len(rows)} reports: it takes chains archived on their eves.",)
    more = sum(row["ratio"] > 1 for row in both)
    return _said(
        f"On {more} of {len(both)} {'report' if len(both) == 1 else 'reports'} with an archived chain the price moved more than "
        "options had expected.",
        f"On average it moved {written.multiple(sum(row['ratio'] for row in both) / len(both), 2)} what was expected."
        if len(both) >= LEAST else "",
    )  # fmt: skip


def _day(text: Any) -> Any:
    from datetime import date

    return date.fromisoformat(text) if isinstance(text, str) else text
