"""Remembers which datasets and symbols the latest writes were about, so that what follows from them is made anew alone."""

from __future__ import annotations

import collections
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

# So many writes are remembered to tell what changed since then.
_REMEMBERED = 5000


class Writes:
    """The version of what is stored: it grows with each write. Safe from every thread."""

    def __init__(self, version: int) -> None:
        self._lock = threading.Lock()
        self._version = self._oldest = version
        # Version, dataset, symbols; the newest last.
        self._writes: collections.deque[tuple[int, str, frozenset[str]]] = collections.deque(maxlen=_REMEMBERED)
        self._newest: dict[str, int] = {}

    @property
    def version(self) -> int:
        """Of the newest write that can be read."""
        return self._version

    def version_of(self, datasets: Iterable[str]) -> int:
        """The version of the newest write about one of these datasets; 0 if there was none since the start."""
        with self._lock:
            return max((self._newest.get(dataset, 0) for dataset in datasets), default=0)

    def changed(self, since: int, datasets: Collection[str]) -> frozenset[str] | None:
        """The symbols of which rows of these datasets were written after version `since`; None when that is too long ago."""
        with self._lock:
            if not self._oldest <= since <= self._version:
                return None
            later = [symbols for version, dataset, symbols in self._writes if version > since and dataset in datasets]
        return frozenset().union(*later)

    def grow(self, dataset: str, symbols: Iterable[str]) -> None:
        """A write about these symbols can be read now."""
        # After the commit: a reader who sees the old number for a moment only reads again; one who saw the new number
        # before the commit would take what he read for the newest.
        with self._lock:
            if len(self._writes) == _REMEMBERED:
                self._oldest = self._writes[0][0]
            self._version += 1
            self._newest[dataset] = self._version
            self._writes.append((self._version, dataset, frozenset(symbols)))
