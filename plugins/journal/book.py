"""Entries of the journal as they lie in the book, as of any moment. Versions are added, never changed."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from terminal.api import UserError
from terminal.domain.journal.decisions import Entry, Kind, Terms, Version

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import polars as pl

    Read = Callable[..., pl.DataFrame]

EXCHANGE_ZONE = ZoneInfo("America/New_York")
_END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)
_TERMS = ("action", "reason", "metrics", "probability", "until", "stop", "target", "review_on", "falsifiers", "signal", "preset",
          "event", "level")  # fmt: skip


def moment(as_of: date | None) -> datetime:
    """The end of a day at the exchange; without a day, of all time."""
    return _END_OF_TIME if as_of is None else datetime.combine(as_of + timedelta(days=1), time(), EXCHANGE_ZONE)


def day_of(at: datetime) -> date:
    """The exchange's day of a moment."""
    return at.astimezone(EXCHANGE_ZONE).date()


def entries(
    read: Read, as_of: date | None = None, *, kind: str = "", symbol: str = "", number: int = 0, removed: bool = False
) -> list[Entry]:
    """Every entry that stands (or, with `removed`, was taken out) as of the end of a day, with its versions; newest first."""
    frame = read(
        "SELECT e.kind, e.symbol, e.day, e.logged_at, e.in_hindsight, v.* FROM journal.versions v "
        "JOIN journal.entries e USING (id) "
        "WHERE v.written_at < ? AND (CAST(? AS DATE) IS NULL OR e.day <= ?) AND (? = '' OR e.kind = ?) "
        "AND (? = '' OR e.symbol = ?) AND (? = 0 OR e.id = ?) ORDER BY e.day DESC, e.id DESC, v.version",
        (moment(as_of), as_of, as_of, kind, kind, symbol, symbol, number, number),
    )
    grouped: dict[int, list[dict[str, Any]]] = {}
    for row in frame.to_dicts():
        grouped.setdefault(row["id"], []).append(row)
    found = [_entry(rows) for rows in grouped.values()]
    return [each for each in found if each.removed == removed]


def entry(read: Read, number: int, as_of: date | None = None, *, removed: bool = False) -> Entry:
    """One entry. Raises UserError when there is none of that number."""
    found = entries(read, as_of, number=number, removed=removed)
    if not found:
        what = f"There is no decision {number}{' that was taken out' if removed else ''}."
        raise UserError(what, "`tapeline journal list` shows them.")
    return found[0]


def add(
    tx: Any, kind: Kind, symbol: str, terms: Terms, context: Mapping[str, Any], at: datetime, *, day: date | None = None,
    in_hindsight: bool = False,
) -> int:  # fmt: skip
    """Write down a new decision or call, frozen with its context; its number. `day` is that of `at` if not given."""
    number = int(tx.query("SELECT nextval('journal.entry_id') AS id")["id"][0])
    tx.execute(
        "INSERT INTO journal.entries VALUES (?, ?, ?, ?, ?, ?)", (number, kind, symbol, day or day_of(at), at, in_hindsight)
    )
    add_version(tx, number, terms, context, at)
    return number


def add_version(
    tx: Any, number: int, terms: Terms, context: Mapping[str, Any], at: datetime, *, removed: bool = False, why: str = ""
) -> int:
    """Add a version to an entry; which one it is."""
    last = int(tx.query("SELECT coalesce(max(version), 0) AS v FROM journal.versions WHERE id = ?", (number,))["v"][0])
    values = [getattr(terms, name) for name in _TERMS]
    told = [list(each) if isinstance(each, tuple) else each for each in values]
    tx.execute(
        "INSERT INTO journal.versions (id, version, written_at, action, reason, metrics, probability, until, stop, target, "
        "review_on, falsifiers, signal, preset, event, level, price, market_price, currency, context, removed, why) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (number, last + 1, at, *told, context.get("price"), context.get("market_price"), context.get("currency"),
         json.dumps(context, ensure_ascii=False), removed, why),
    )  # fmt: skip
    return last + 1


def _entry(rows: Sequence[Mapping[str, Any]]) -> Entry:
    head = rows[0]
    return Entry(
        head["id"], head["kind"], head["symbol"], head["day"], head["logged_at"], head["in_hindsight"],
        tuple(_version(row) for row in rows),
    )  # fmt: skip


def _version(row: Mapping[str, Any]) -> Version:
    said: dict[str, Any] = {name: tuple(row[name]) if isinstance(row[name], list) else row[name] for name in _TERMS}
    return Version(
        row["version"], row["written_at"], Terms(**said), row["price"], row["market_price"], row["currency"],
        json.loads(row["context"]), row["removed"], row["why"],
    )  # fmt: skip
