"""Imports carried out and taken back, each inside one transaction of the book."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from plugins.portfolio import book
from plugins.portfolio.bookings.importing import UNDONE, title
from terminal.api import UserError
from terminal.domain.brokers import Line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from plugins.portfolio.bookings.importing import Plan


@dataclass(frozen=True)
class Run:
    """An import that was made: its number and what it did."""

    id: int
    account: str
    booked: int
    known: int
    unknown: int


def carry_out(tx: Any, planned: Plan, symbols: Mapping[str, str], now: datetime) -> list[Run]:
    """Book what was planned, in the transaction `tx`: all of it or nothing. An import that changes nothing leaves no trace."""
    for name, symbol in symbols.items():
        tx.execute("INSERT OR REPLACE INTO portfolio.file_symbols VALUES (?, ?)", (name, symbol))
    runs: list[Run] = []
    for at, part in enumerate(planned.parts):
        unknown = planned.unknown if at == 0 else []  # lines that cannot be read cannot say whose they are either
        if part.account is None and not part.booking and not unknown:
            continue
        into = part.account or book.create_account(
            tx, part.name, title(planned.file.parsed.broker), planned.currency, "fifo", now
        )
        fresh = _new_lines(tx, into.id, planned.file.sha256, unknown)
        if not part.booking and not fresh:
            runs.append(Run(0, into.name, 0, len(part.known), len(unknown)))
            continue
        number = int(tx.query("SELECT nextval('portfolio.run_id') AS id")["id"][0])
        done = book.book(tx, into, part.new, now, run=number)
        book.add_versions(tx, into, part.again, now, run=number)
        count, known = len(done.new) + len(part.again), len(part.known) + len(done.known)
        tx.execute(
            'INSERT INTO portfolio.import_runs (id, account_id, file, sha256, "at", booked, known, unknown, broker) '
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (number, into.id, planned.file.name, planned.file.sha256, now, count, known, len(fresh), planned.file.parsed.broker),
        )
        if fresh:
            import polars as pl

            tx.insert(
                "portfolio.unknown_lines",
                pl.DataFrame(
                    {
                        "run_id": [number] * len(fresh),
                        "line": [line.number for line in fresh],
                        "text": [line.text for line in fresh],
                        "reason": [line.reason for line in fresh],
                    },
                    schema={"run_id": pl.Int64, "line": pl.Int32, "text": pl.String, "reason": pl.String},
                ),
            )
        runs.append(Run(number, into.name, count, known, len(unknown)))
    return runs


def _new_lines(tx: Any, account_id: int, sha256: str, unknown: Sequence[Line]) -> list[Line]:
    """Those that are not kept yet for the account. Of this very file, what can be read by now is taken from the list."""
    clean = [Line(line.number, _kept_text(line.text), line.reason) for line in unknown]
    texts = {line.text for line in clean}
    for row in tx.query(
        "SELECT DISTINCT u.run_id, u.text FROM portfolio.unknown_lines u "
        "JOIN portfolio.import_runs r ON r.id = u.run_id "
        "WHERE r.account_id = ? AND r.sha256 = ?",
        (account_id, sha256),
    ).to_dicts():
        if row["text"] not in texts:
            tx.execute("DELETE FROM portfolio.unknown_lines WHERE run_id = ? AND text = ?", (row["run_id"], row["text"]))
    rows = tx.query(
        "SELECT u.text FROM portfolio.unknown_lines u JOIN portfolio.import_runs r ON r.id = u.run_id "
        "WHERE r.account_id = ? AND r.undone_at IS NULL",
        (account_id,),
    )
    there = Counter(rows["text"].to_list())
    fresh = []
    for line in clean:
        if there[line.text] > 0:
            there[line.text] -= 1
        else:
            fresh.append(line)
    return fresh


def _kept_text(text: str) -> str:
    return text.replace("\0", "\ufffd")[:10_000]


def undo(tx: Any, number: int, now: datetime) -> Run:
    """Take an import back as a whole: its bookings that still stand, and its unknown lines. Importing the file again books
    them again. Raises UserError when there is no such import, or it was taken back already."""
    rows = tx.query(
        "SELECT r.*, a.name FROM portfolio.import_runs r JOIN portfolio.accounts a ON a.id = r.account_id WHERE r.id = ?",
        (number,),
    ).to_dicts()
    if not rows:
        raise UserError(f"There is no import with the number {number}.", "See `tapeline portfolio imports`.")
    if rows[0]["undone_at"] is not None:
        raise UserError(f"Import {number} is taken back already.", "Import the file again to have it back.")
    into = book.account(tx.query, rows[0]["name"])
    ids = set(tx.query("SELECT id FROM portfolio.transactions WHERE run_id = ?", (number,))["id"])
    standing = [one for one in book.transactions(tx.query) if int(one.id) in ids]
    book.add_versions(tx, into, standing, now, run=number, removed=True, reason=UNDONE)
    tx.execute("UPDATE portfolio.import_runs SET undone_at = ? WHERE id = ?", (now, number))
    return Run(number, into.name, len(standing), 0, rows[0]["unknown"])
