"""Copies of the book, and by hand of the archive: made whole, opened once before they count, rotated, and put back.

Names say when and why: `book-20261120T220000Z-daily.duckdb`. Daily copies are kept for the last 7 days that have one and
the last 4 weeks; five of each automatic kind; those made by hand stay until the user deletes them.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from terminal.errors import UserError
from terminal.store.connection import flush, probe, user_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Reason = Literal["daily", "manual", "before-migration", "before-restore"]
Kind = Literal["book", "archive"]
DAILY, WEEKLY, AUTOMATIC = 7, 4, 5
_NAME = re.compile(r"^(?:book|archive)-(\d{8}T\d{6})(?:\.(\d+))?Z-([a-z-]+)\.duckdb$")


@dataclass(frozen=True, slots=True)
class Backup:
    """One copy. `at` is aware UTC."""

    path: Path
    at: datetime
    reason: str
    size: int


def backups(folder: Path, kind: Kind = "book") -> list[Backup]:
    """The copies in a folder, newest first; other files are not looked at."""
    found = []
    for path in folder.glob(f"{kind}-*.duckdb") if folder.is_dir() else ():
        if match := _NAME.match(path.name):
            at = datetime.strptime(match[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
            found.append(((at, int(match[2] or 0)), Backup(path, at, match[3], path.stat().st_size)))
    return [backup for _, backup in sorted(found, key=lambda pair: pair[0], reverse=True)]


def make(copy: Callable[[Path], None], folder: Path, now: datetime, reason: Reason, kind: Kind = "book") -> Backup:
    """A consistent copy of the open book (or archive), made by `copy(target)` and checked by opening it.

    Raises DiskFull, Corrupt or StoreError, and then leaves no file behind.
    """
    stamp, extra = now.astimezone(UTC).strftime("%Y%m%dT%H%M%S"), 0
    while any(folder.glob(f"{kind}-{stamp}{f'.{extra}' if extra else ''}Z-*.duckdb")):
        extra += 1
    target = folder / f"{kind}-{stamp}{f'.{extra}' if extra else ''}Z-{reason}.duckdb"
    part = target.with_suffix(".part")
    with user_errors(target):
        folder.mkdir(parents=True, exist_ok=True)
        for leftover in folder.glob("*.part"):
            leftover.unlink()
        try:
            copy(part)
            probe(part)
            part.replace(target)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    return Backup(target, now, reason, target.stat().st_size)


def rotate(folder: Path) -> list[Path]:
    """Delete the automatic copies that are due; what was deleted."""
    due = [backup.path for backup in surplus(backups(folder))]
    for path in due:
        path.unlink(missing_ok=True)
    return due


def surplus(present: Sequence[Backup]) -> list[Backup]:
    """Which copies the rotation gives up, of a list that is newest first."""
    kept: set[Path] = set()
    days: set[object] = set()
    weeks: set[object] = set()
    for backup in present:
        if backup.reason != "daily":
            continue
        day, week = backup.at.date(), backup.at.isocalendar()[:2]
        if day not in days and len(days) < DAILY:
            days.add(day)
            kept.add(backup.path)
        if week not in weeks and len(weeks) < WEEKLY:
            weeks.add(week)
            kept.add(backup.path)
    for reason in ("before-migration", "before-restore"):
        kept.update(backup.path for backup in [each for each in present if each.reason == reason][:AUTOMATIC])
    automatic = ("daily", "before-migration", "before-restore")
    return [backup for backup in present if backup.reason in automatic and backup.path not in kept]


def due(folder: Path, now: datetime) -> bool:
    """Whether today (UTC) has no daily copy yet."""
    return not any(backup.reason == "daily" and backup.at.date() == now.astimezone(UTC).date() for backup in backups(folder))


def choose(folder: Path, wanted: Path | str | None) -> Path:
    """The copy meant: a path, a name in the folder, or the newest one. Raises UserError when there is none."""
    if wanted is None:
        present = [backup for backup in backups(folder) if backup.reason != "before-restore"]
        if not present:
            raise UserError("There is no backup yet.", f"Backups are kept in {folder}.")
        return present[0].path
    for candidate in (Path(wanted).expanduser(), folder / str(wanted)):
        if candidate.is_file():
            return candidate
    raise UserError(f"There is no backup called '{wanted}'.", "See `tapeline store backups`.")


def check_copy(path: Path) -> Kind:
    """Of what the file is a copy. Raises unless it is a whole book, or archive, that this program can read."""
    with user_errors(path):
        tables = probe(path)
    if "migrations" in tables:
        if "watchlists" in tables:
            return "book"
        if "contract_days" in tables:
            return "archive"
    raise UserError(f"{path.name} is not a copy of a book.", "Choose a file from `tapeline store backups`.")


def put_in_place(copy: Path, target: Path) -> None:
    """Replace the closed file `target` by `copy`; on any failure `target` is as it was."""
    fresh = target.with_name(target.name + ".new")
    fresh.unlink(missing_ok=True)
    shutil.copyfile(copy, fresh)
    flush(fresh)
    wal = target.with_name(target.name + ".wal")
    aside = wal.with_name(wal.name + ".old")
    if wal.exists():  # belongs to the file that goes; must never be replayed into the one that comes
        wal.replace(aside)
    try:
        fresh.replace(target)
    except OSError:
        if aside.exists():
            aside.replace(wal)
        raise
    aside.unlink(missing_ok=True)


def move_aside(path: Path, now: datetime) -> Path:
    """Rename a damaged file (and its log) out of the way; its new name."""
    stamp = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    target, extra = path.with_name(f"{path.stem}.damaged-{stamp}{path.suffix}"), 0
    while target.exists():  # moved aside twice within a second: neither may take the place of the other
        extra += 1
        target = path.with_name(f"{path.stem}.damaged-{stamp}.{extra}{path.suffix}")
    path.replace(target)
    wal = path.with_name(path.name + ".wal")
    if wal.exists():
        wal.replace(target.with_name(target.name + ".wal"))
    return target

