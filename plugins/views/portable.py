"""Saved views of tables in a workspace file, named "table/view"."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from terminal.api import Portable, UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime


def _read(query: Callable[..., Any]) -> dict[str, dict[str, Any]]:
    rows = query("SELECT table_key, name, state FROM views.saved WHERE deleted_at IS NULL ORDER BY table_key, lower(name)")
    return {f"{row['table_key']}/{row['name']}": json.loads(row["state"]) for row in rows.to_dicts()}


def _check(name: str, content: Mapping[str, Any]) -> dict[str, Any]:
    from terminal.domain.table_state import TableState

    table, _, label = name.partition("/")
    if not table.strip() or not label.strip() or len(label) > 60:
        raise UserError("A view is called table/name, such as screener/Cheap.", "Correct its name in the file.")
    return TableState.of(content).to_json()


def _write(tx: Any, name: str, content: Mapping[str, Any] | None, now: datetime) -> None:
    table, _, label = name.partition("/")
    which = (table, label)
    if content is None:
        tx.execute("UPDATE views.saved SET deleted_at = ? WHERE table_key = ? AND lower(name) = lower(?)", (now, *which))
        return
    made = tx.query("SELECT created_at FROM views.saved WHERE table_key = ? AND lower(name) = lower(?)", which)
    tx.execute("DELETE FROM views.saved WHERE table_key = ? AND lower(name) = lower(?)", which)
    text, first = json.dumps(dict(content), ensure_ascii=False), made["created_at"][0] if made.height else now
    tx.execute("INSERT INTO views.saved VALUES (?, ?, ?, ?, ?, NULL)", (*which, text, first, now))


PORTABLE = (Portable(section="views", title="Views of tables", table="views.saved", read=_read, check=_check, write=_write),)
