"""The verdicts of what is held, written down when they change, so that a change is told once and never forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import date, datetime

    import polars as pl

    Read = Callable[..., pl.DataFrame]

ORDER = ("Avoid", "Hold", "Buy", "Strong Buy")
"""From worst to best. Any other verdict is no verdict: what is not known has not changed."""
_NEWEST = """SELECT symbol, verdict, score, day FROM portfolio.verdicts
    QUALIFY row_number() OVER (PARTITION BY symbol ORDER BY "at" DESC, rowid DESC) = 1"""


def known(read: Read) -> dict[str, dict[str, Any]]:
    """The newest verdict that was written down of each symbol."""
    return {row["symbol"]: row for row in read(_NEWEST).to_dicts()}


def changed(before: Mapping[str, Mapping[str, Any]], now: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Which of `now` (symbol, verdict, score) differ from what was written down, the worst news first. The first verdict of
    a symbol is no change; neither is one that is not known."""
    found = []
    for row in now:
        old = before.get(str(row["symbol"]))
        if old is None or row["verdict"] not in ORDER or row["verdict"] == old["verdict"]:
            continue
        steps = ORDER.index(row["verdict"]) - ORDER.index(old["verdict"])
        found.append({**row, "before": old["verdict"], "score_before": old["score"], "since": old["day"], "steps": steps})
    return sorted(found, key=lambda row: (row["steps"], row["symbol"]))


def write(tx: Any, rows: Iterable[Mapping[str, Any]], day: date, at: datetime) -> None:
    """Write down verdicts that are new or changed."""
    for row in rows:
        tx.execute(
            "INSERT INTO portfolio.verdicts VALUES (?, ?, ?, ?, ?, ?)",
            (row["symbol"], row["verdict"], row["score"], row.get("before"), day, at),
        )


def last_changes(read: Read, until: date | None) -> dict[str, dict[str, Any]]:
    """The last change of each symbol's verdict, up to a day: `before`, `verdict`, `day`."""
    rows = read(
        "SELECT symbol, before, verdict, day FROM portfolio.verdicts WHERE before IS NOT NULL AND (? IS NULL OR day <= ?) "
        'QUALIFY row_number() OVER (PARTITION BY symbol ORDER BY "at" DESC, rowid DESC) = 1',
        (until, until),
    ).to_dicts()
    return {row["symbol"]: row for row in rows}
