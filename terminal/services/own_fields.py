"""Each symbol's own fields (`domain.features.own_fields`), kept until its data changes.

A market is worked through in blocks of symbols, so that the bars of only one block are in memory at a time; after a
write only the symbols it was about are worked through again.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import polars as pl

from terminal.domain.features import own_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from terminal.domain.features import Inputs
    from terminal.services.kept import Kept
    from terminal.store import Store
    from terminal.store.market import MarketStore

BLOCK = 96
DATASETS = frozenset({"instruments", "bars", "quotes", "facts", "dividends", "splits", "earnings"})
_KEPT = 3  # different days


class OwnFields:
    """The own fields of every symbol. `read(symbols, as_of)` gives the inputs of some. Thread safe; one works at a time.

    What is true today is in `disk` too, for the next start.
    """

    def __init__(self, store: Store, read: Callable[[Sequence[str], date | None], Inputs], disk: Kept) -> None:
        self._store, self._read, self._disk = store, read, disk
        self._lock = threading.Lock()
        self._kept: dict[tuple[date | None, date], tuple[MarketStore, int, pl.DataFrame]] = {}

    def get(self, symbols: Sequence[str], as_of: date | None, day: date, benchmark: str) -> pl.DataFrame:
        """One row for each of `symbols`, in that order, as the domain makes them."""
        with self._lock:
            store = self._store.market
            version = store.version  # before anything is read: what is written meanwhile counts as changed
            kept = self._current((as_of, day), store, benchmark)
            if kept is None and as_of is None:
                kept = self._from_disk(day, benchmark)
            have = set() if kept is None else set(kept["symbol"])
            missing = [symbol for symbol in symbols if symbol not in have]
            parts = [] if kept is None else [kept]
            for start in range(0, len(missing), BLOCK):
                parts.append(own_fields(self._read(missing[start : start + BLOCK], as_of), day))
            if not parts:
                return own_fields(self._read((), as_of), day)
            frame = pl.concat(parts, how="vertical_relaxed") if len(parts) > 1 else parts[0]
            order = pl.DataFrame({"symbol": list(symbols)}, schema={"symbol": pl.String})
            frame = order.join(frame, on="symbol", how="left", maintain_order="left").rechunk()
            self._kept.pop((as_of, day), None)
            self._kept[as_of, day] = (store, version, frame)
            while len(self._kept) > _KEPT:
                del self._kept[next(iter(self._kept))]
            if as_of is None and missing:
                self._disk.save("own_fields", day, store, version, {"frame": frame})
            return frame

    def _from_disk(self, day: date, benchmark: str) -> pl.DataFrame | None:
        entry = self._disk.load("own_fields", day)
        if entry is None or benchmark in entry.changed({"bars", "splits"}):
            return None
        frame, changed = entry.frames["frame"], entry.changed(DATASETS)
        return frame.filter(~pl.col("symbol").is_in(list(changed))) if changed else frame

    def _current(self, key: tuple[date | None, date], store: MarketStore, benchmark: str) -> pl.DataFrame | None:
        """The kept rows that still hold; None when none does."""
        if key not in self._kept:
            return None
        origin, version, frame = self._kept[key]
        changed = store.writes.changed(version, DATASETS) if origin is store else None
        if changed is None or benchmark in (store.writes.changed(version, {"bars", "splits"}) or ()):
            return None
        return frame.filter(~pl.col("symbol").is_in(list(changed))) if changed else frame
