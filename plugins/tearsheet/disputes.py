"""Where services say different things about this company: what stands, what the other says, and who is believed why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plugins.tearsheet.model import Figure
from terminal.domain.rivals import title
from terminal.domain.statement_words import PERIODS, figure, said, sentence

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

# A page has room for so many; `market disagreements` lists all.
MOST = 8
SECTION = "disputes"


def fetches(frame: pl.DataFrame | None) -> set[int]:
    """The fetches of both sides of what is shown."""
    rows = newest(frame)
    return set() if rows is None else {*rows["fetch_id"].drop_nulls(), *rows["other_fetch_id"].drop_nulls()}


def newest(frame: pl.DataFrame | None) -> pl.DataFrame | None:
    """Of each figure that two services differ about the newest period; reports first, then the newest. None: nobody differs."""
    if frame is None or frame.is_empty():
        return None
    reports = (frame["dataset"] == "earnings").alias("_report")
    latest = frame.with_columns(reports).sort("_report", "period_end", descending=True, nulls_last=True).drop("_report")
    return latest.unique(["dataset", "field", "period", "other_provider"], keep="first", maintain_order=True)


def figures(frame: pl.DataFrame | None, number: Callable[[int | None], int | None]) -> list[Figure]:
    """One figure a dispute, at most `MOST`; `number` gives a fetch its place among the sheet's sources."""
    rows = newest(frame)
    found = []
    for row in [] if rows is None else rows.head(MOST).to_dicts():
        period = PERIODS.get(row["period"] or "") if row["period"] != "P" else None
        number(row["other_fetch_id"])
        found.append(
            Figure(
                SECTION,
                f"{SECTION}.{row['field']}.{row['period'] or ''}.{row['other_provider']}",
                f"{figure(row)}, {period}" if period else figure(row),
                row["value"],
                said(row["field"], row["value"], row["unit"], row["text"]),
                row["unit"] or "",
                row["period_end"],
                number(row["fetch_id"]),
                f"stated by {title(row['provider'])}; {row['rule']}",
                row["other_value"],
                said(row["field"], row["other_value"], row["unit"], row["other_text"]),
                title(row["other_provider"]),
                sentence(row),
                sentence(row),
            )
        )
    return found


def more(frame: pl.DataFrame | None, symbol: str) -> str:
    """How many are not shown, and where; "" when all are."""
    rows = newest(frame)
    left = 0 if rows is None else rows.height - MOST
    return f"{left} more: `tapeline market disagreements {symbol}`." if left > 0 else ""
