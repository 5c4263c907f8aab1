"""Saved screens in a workspace file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from terminal.api import Portable, UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

_PARTS = ("rule", "universe", "columns", "sort", "ascending")


def _read(query: Callable[..., Any]) -> dict[str, dict[str, Any]]:
    rows = query(f"SELECT name, {', '.join(_PARTS)} FROM screener.saved WHERE deleted_at IS NULL ORDER BY lower(name)").to_dicts()
    return {row["name"]: {part: row[part] for part in _PARTS} for row in rows}


def _check(name: str, content: Mapping[str, Any]) -> dict[str, Any]:
    from plugins.screener.plan import all_presets, parsed

    if name.strip().lower() in {each.lower() for preset in all_presets().values() for each in (preset.id, preset.title)}:
        raise UserError("A ready-made screen has that name.", "Give it another name in the file.")
    parsed(str(content.get("rule", "")))
    texts = {part: str(content.get(part, "")) for part in _PARTS[:-1]}
    return {**texts, "ascending": bool(content.get("ascending", False))}


def _write(tx: Any, name: str, content: Mapping[str, Any] | None, now: datetime) -> None:
    if content is None:
        tx.execute("UPDATE screener.saved SET deleted_at = ?, changed_at = ? WHERE name = ?", (now, now, name))
        return
    made = tx.query("SELECT created_at FROM screener.saved WHERE name = ?", (name,))
    tx.execute("DELETE FROM screener.saved WHERE name = ?", (name,))
    tx.execute("INSERT INTO screener.saved VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)",
               (name, *(content[part] for part in _PARTS), made["created_at"][0] if made.height else now, now))  # fmt: skip


PORTABLE = (Portable(section="screens", title="Saved screens", table="screener.saved", read=_read, check=_check, write=_write),)
