"""Files as a whole: written so that nobody sees half of one, read with a sentence for whatever keeps it from being read."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from terminal.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Write a file through one beside it, so that nobody ever sees half of it. OSError when it cannot be written."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(content)
        fresh.replace(path)
    except OSError:
        with suppress(OSError):
            fresh.unlink()
        raise


def export(path: Path, content: str | bytes) -> int:
    """Write a file the user asked for, text as UTF-8 with its line ends as they are; the bytes written.

    UserError when it cannot be written.
    """
    whole = content.encode() if isinstance(content, str) else content
    try:
        write_whole(path, whole)
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror or error}.", "Choose another place or make room.") from error
    return len(whole)


def read_whole(path: Path, largest: int) -> bytes:
    """The content of a file the user named, of `largest` bytes at most. UserError for a folder, nothing, or too much."""
    try:
        if path.is_dir():
            raise UserError(f"{path} is a folder.", "Name one file.")
        size = path.stat().st_size
        if size > largest:
            raise UserError(f"{path.name} has {size / 1e6:,.0f} MB; files up to {largest / 1e6:,.0f} MB are read.", "Split it.")
        content = path.read_bytes()
    except FileNotFoundError:
        raise UserError(f"There is no file {path}.", "Check the name and the folder.") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}.", "Check its rights.") from error
    if not content.strip():
        raise UserError(f"{path.name} is empty.", "Export it again.")
    return content
