"""What was computed from the whole market, kept on disk for the next start.

A file holds a few frames (Arrow IPC) and says of which day and which state of the store they speak, and by which program
they were made. Whatever does not fit, or cannot be read, is ignored: everything here can be computed again, so the folder
may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
import threading
import time
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import polars as pl

from terminal.files import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import date

    from terminal.store import Store
    from terminal.store.market import MarketStore

T = TypeVar("T")
Frames = Mapping[str, pl.DataFrame]
Notes = Mapping[str, Any]

_MAGIC = b"tapeline kept 1\n"
# While a refresh runs, what is computed changes every few seconds; writing each state down would serve nobody.
_REST_SECONDS = 20.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Entry:
    """Frames by name and what else belongs to them (JSON); `changed(datasets)` are the symbols written about since."""

    frames: Frames
    notes: Notes
    changed: Callable[[Collection[str]], frozenset[str]]


class Kept:
    """Entries by name in one folder (None: nothing is kept). `seal` names the program and rules in force. Thread safe."""

    def __init__(self, folder: Path | None, store: Store, seal: Callable[[], str]) -> None:
        self._folder, self._store, self._make_seal = folder, store, seal
        self._seal = ""
        self._lock = threading.Lock()
        self._written: dict[str, float] = {}
        self._waiting: dict[str, tuple[dict[str, Any], Frames]] = {}

    def get(self, name: str, day: date, datasets: Collection[str], make: Callable[[], T],
            to_disk: Callable[[T], tuple[Frames, Notes]], from_disk: Callable[[Frames, Notes], T]) -> T:
        """What an earlier process made, if nothing was written about `datasets` since; else what `make` makes, kept."""
        store = self._store.market
        version = store.version  # before anything is read: what is written meanwhile counts as changed
        entry = self.load(name, day)
        if entry is not None and not entry.changed(datasets):
            return from_disk(entry.frames, entry.notes)
        made = make()
        frames, notes = to_disk(made)
        self.save(name, day, store, version, frames, notes)
        return made

    def load(self, name: str, day: date) -> Entry | None:
        """The entry as of `day`; None when there is none, or it is of another program or another market file."""
        if self._folder is None:
            return None
        try:
            content = self._path(name).read_bytes()
            head, body = _split(content)
            if (head["seal"], head["day"]) != (self._sealed(), day.isoformat()):
                return None
            store, version = self._store.market, int(head["version"])
            if version > store.version or store.mark(version) != head["mark"]:
                return None
            frames, at = {}, 0
            for key, size in head["frames"]:
                frames[key] = pl.read_ipc(io.BytesIO(body[at : at + size]))
                at += size
            return Entry(frames, head["notes"], lambda datasets: store.written_since(version, datasets))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, pl.exceptions.PolarsError) as problem:
            _log.info("%s was ignored: %s", self._path(name), problem)
            return None

    def save(self, name: str, day: date, store: MarketStore, version: int, frames: Frames,
             notes: Notes | None = None) -> None:
        """Keep frames that hold everything up to `version` of `store`. Written now, or at `close` when it was just written."""
        if self._folder is None or store is not self._store.market:
            return
        try:
            head = {"seal": self._sealed(), "day": day.isoformat(), "version": version, "mark": store.mark(version),
                    "notes": dict(notes or {})}
            with self._lock:
                rests = time.monotonic() - self._written.get(name, -_REST_SECONDS) < _REST_SECONDS
                if rests:
                    self._waiting[name] = (head, frames)
                    return
                self._waiting.pop(name, None)
                self._written[name] = time.monotonic()
                self._write(name, head, frames)
        except OSError as problem:  # a full disk, a folder that cannot be written: then the next start computes again
            _log.info("%s could not be kept: %s", name, problem)

    def close(self) -> None:
        """Write down what waits."""
        with self._lock:
            for name, (head, frames) in self._waiting.items():
                with suppress(OSError):
                    self._write(name, head, frames)
            self._waiting.clear()

    def _write(self, name: str, head: dict[str, Any], frames: Frames) -> None:
        parts = []
        for frame in frames.values():
            frame.write_ipc(buffer := io.BytesIO(), compression="lz4")
            parts.append(buffer.getvalue())
        body = b"".join(parts)
        sizes = [(key, len(part)) for key, part in zip(frames, parts, strict=True)]
        first = json.dumps({**head, "frames": sizes, "sum": zlib.crc32(body)}).encode() + b"\n"
        write_whole(self._path(name), _MAGIC + first + body)

    def _path(self, name: str) -> Path:
        assert self._folder is not None
        return self._folder / f"{name}.arrow"

    def _sealed(self) -> str:
        self._seal = self._seal or self._make_seal()
        return self._seal


def seal(rules: Path) -> str:
    """Names the program and rules in force: the versions, and name, size and time of every file that has a say."""
    from terminal import __version__, domain, services

    folders = (rules, *(Path(each) for room in (domain, services) for each in room.__path__))
    sums = hashlib.blake2b(f"{__version__} {pl.__version__}".encode(), digest_size=16)
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix in (".py", ".toml", ".csv"):
                found = path.stat()
                sums.update(f"{path.name} {found.st_size} {found.st_mtime_ns}\n".encode())
    return sums.hexdigest()


def _split(content: bytes) -> tuple[dict[str, Any], memoryview]:
    """Head and body of a file; ValueError when it is damaged."""
    end = content.find(b"\n", len(_MAGIC))
    if not content.startswith(_MAGIC) or end < 0:
        raise ValueError("it is not one of ours")
    head = json.loads(content[len(_MAGIC) : end])
    body = memoryview(content)[end + 1 :]
    if zlib.crc32(body) != head["sum"]:
        raise ValueError("it is damaged")
    return head, body
