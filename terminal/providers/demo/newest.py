"""The newest session of the simulated market by itself, and how it is kept on disk from one start to the next.

Making the whole market takes a second and a hundred megabytes; quotes, minute bars and chains need a thousandth of it.
"""

from __future__ import annotations

import hashlib
import io
import logging
import zipfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from terminal.files import write_whole
from terminal.paths import data_file
from terminal.providers.demo.recipe import calendar, load
from terminal.providers.demo.tape import Tape

if TYPE_CHECKING:
    from terminal.domain.sessions import Calendar
    from terminal.providers.demo.recipe import Bools, Floats, Recipe

_PRICES = ("open", "high", "low", "close", "volume")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LastDay:
    """The newest session of every instrument and the close before it: what quotes, minute bars and chains need of the world.

    `prices` holds open, high, low, close and volume, splits worked in; `end` is the last session with a daily bar; `tape` has the
    past, up to `end`, of what options are made of.
    """

    recipe: Recipe
    calendar: Calendar
    day: date
    end: date
    symbols: tuple[str, ...]
    number: dict[str, int]
    split_total: Floats
    alive: Bools
    prices: dict[str, Floats]
    before: Floats
    tape: Tape


class Shelf:
    """Keeps one `LastDay` in a file; None keeps nothing. What does not fit the program or the day is made again."""

    def __init__(self, folder: Path | None) -> None:
        self._path = folder / "newest.npz" if folder is not None else None

    def load(self, key: tuple[date, int], seed: int | None) -> LastDay | None:
        """The session of `key` (last session, 1 when it is under way) as an earlier process made it."""
        if self._path is None:
            return None
        try:
            with self._path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
                if str(kept["seal"]) != _seal(key, seed):
                    return None
                symbols = tuple(kept["symbols"].tolist())
                return LastDay(
                    load(seed), calendar(), key[0], date.fromisoformat(str(kept["end"])), symbols,
                    {symbol: position for position, symbol in enumerate(symbols)}, kept["split_total"], kept["alive"],
                    {name: kept[f"price_{name}"] for name in _PRICES}, kept["before"], Tape.of(kept),
                )  # fmt: skip
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as problem:
            _log.info("%s was ignored: %s", self._path, problem)
            return None

    def save(self, day: LastDay, key: tuple[date, int], seed: int | None) -> None:
        """Keep a session; a disk that cannot take it only means that it is made again."""
        if self._path is None:
            return
        buffer = io.BytesIO()
        prices: dict[str, Any] = {f"price_{name}": day.prices[name] for name in _PRICES}
        np.savez(
            buffer, seal=_seal(key, seed), end=day.end.isoformat(), symbols=day.symbols, split_total=day.split_total,
            alive=day.alive, before=day.before, **prices, **day.tape.arrays(),
        )  # fmt: skip
        try:
            write_whole(self._path, buffer.getvalue())
        except OSError as problem:
            _log.info("%s could not be kept: %s", self._path, problem)


def _seal(key: tuple[date, int], seed: int | None) -> str:
    """Names the session, the seed, and the program and recipe in force: name, size and time of each of their files."""
    sums = hashlib.blake2b(f"{key} {seed} {np.__version__}".encode(), digest_size=16)
    recipe = (data_file("demo", "market.toml"), data_file("demo", "companies.csv"), data_file("sessions.csv"))
    for path in (*sorted(Path(__file__).parent.glob("*.py")), *recipe):
        found = path.stat()
        sums.update(f"{path.name} {found.st_size} {found.st_mtime_ns}\n".encode())
    return sums.hexdigest()
