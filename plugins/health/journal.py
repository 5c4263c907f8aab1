"""Reads the program's own log: JSON lines in rotated files, the newest first. A damaged line is shown as it stands."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from terminal.log import redact

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

NAME = "tapeline.log"
FIELDS = ("at", "level", "where", "message", "traceback")


def entries(folder: Path, secrets: Sequence[str], *, lowest: int, text: str, limit: int) -> list[dict[str, Any]]:
    """At most `limit` entries of at least this level that contain `text`, the newest first: at, level, where, message,
    traceback. What looks like a secret, or is a known one, is taken out once more.
    """
    found: list[dict[str, Any]] = []
    needle = text.strip().lower()
    for line in _lines(folder):
        if needle and needle not in line.lower():
            continue
        entry = _entry(line)
        if logging.getLevelNamesMapping().get(str(entry["level"]), logging.INFO) < lowest:
            continue
        found.append({name: redact(value, secrets) if isinstance(value, str) else value for name, value in entry.items()})
        if len(found) >= limit:
            break
    return found


def _lines(folder: Path) -> Iterator[str]:
    for path in [folder / NAME, *(folder / f"{NAME}.{number}" for number in range(1, 10))]:
        try:
            content = path.read_text("utf-8", errors="replace")
        except OSError:
            continue
        yield from (line for line in reversed(content.splitlines()) if line.strip())


def _entry(line: str) -> dict[str, Any]:
    try:
        read = json.loads(line)
    except ValueError:
        read = None
    if not isinstance(read, dict):
        return {**dict.fromkeys(FIELDS), "level": "INFO", "message": line}
    return {name: None if read.get(name) is None else str(read[name]) for name in FIELDS}
