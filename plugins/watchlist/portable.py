"""Watchlists in a workspace file; exported when asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from terminal.api import Portable, UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime


def _read(query: Callable[..., Any]) -> dict[str, dict[str, Any]]:
    lists = query("SELECT id, name FROM watchlists WHERE deleted_at IS NULL ORDER BY position, id").to_dicts()
    items = query("SELECT watchlist_id, symbol, note FROM watchlist_items ORDER BY watchlist_id, position, symbol").to_dicts()
    found: dict[str, dict[str, Any]] = {}
    for each in lists:
        own = [item for item in items if item["watchlist_id"] == each["id"]]
        notes = {item["symbol"]: item["note"] for item in own if item["note"]}
        found[each["name"]] = {"symbols": [item["symbol"] for item in own], **({"notes": notes} if notes else {})}
    return found


def _check(name: str, content: Mapping[str, Any]) -> dict[str, Any]:
    from terminal.domain.instruments import clean_symbol

    if not name.strip() or len(name) > 60 or any(sign in name for sign in ",:"):
        raise UserError("That cannot be the name of a list.", "Take up to 60 characters without commas or colons.")
    symbols, notes = content.get("symbols", []), content.get("notes", {})
    if not isinstance(symbols, list) or not isinstance(notes, dict):
        raise UserError("A watchlist has symbols = [...] and notes by symbol.", "See an exported one.")
    try:
        clean = list(dict.fromkeys(clean_symbol(str(symbol)) for symbol in symbols))
    except ValueError as problem:
        raise UserError(f"{problem}", "Correct it in the file.") from None
    kept = {symbol: str(notes[symbol]) for symbol in clean if notes.get(symbol)}
    return {"symbols": clean, **({"notes": kept} if kept else {})}


def _write(tx: Any, name: str, content: Mapping[str, Any] | None, now: datetime) -> None:
    found = tx.query("SELECT id FROM watchlists WHERE deleted_at IS NULL AND lower(name) = lower(?)", (name,))
    if content is None:
        if found.height:
            tx.execute("UPDATE watchlists SET deleted_at = ? WHERE id = ?", (now, found["id"][0]))
        return
    if found.height:
        number = found["id"][0]
        tx.execute("UPDATE watchlists SET name = ?, changed_at = ? WHERE id = ?", (name, now, number))
    else:
        number = tx.query("SELECT coalesce(max(id) + 1, 1) AS n FROM watchlists")["n"][0]
        position = tx.query("SELECT coalesce(max(position) + 1, 1) AS n FROM watchlists")["n"][0]
        tx.execute("INSERT INTO watchlists VALUES (?, ?, ?, ?, ?, NULL)", (number, name, position, now, now))
    kept = {row["symbol"]: row["added_at"] for row in
            tx.query("SELECT symbol, added_at FROM watchlist_items WHERE watchlist_id = ?", (number,)).to_dicts()}  # fmt: skip
    tx.execute("DELETE FROM watchlist_items WHERE watchlist_id = ?", (number,))
    notes = content.get("notes", {})
    for position, symbol in enumerate(content["symbols"]):
        tx.execute("INSERT INTO watchlist_items VALUES (?, ?, ?, ?, ?)",
                   (number, symbol, position, notes.get(symbol, ""), kept.get(symbol, now)))  # fmt: skip


PORTABLE = (Portable(section="watchlists", title="Watchlists", table="watchlist_items", read=_read, check=_check, write=_write,
                     standard=False),)  # fmt: skip
