"""The published numbers of the detection (`data/flow/detection.toml`) and the codes of trade conditions."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

KINDS = ("multileg", "stock", "sweep", "floor", "cancelled")
"""What a condition code can say; the place is the bit in `Settings.flags`."""


@dataclass(frozen=True)
class Settings:
    """Times in microseconds, premiums in money. `mark` is the start of the file's SHA-256, kept with each event."""

    late: int
    gap: int
    longest: int
    legs: int
    legs_size: int
    least_premium: float
    sweep_exchanges: int
    block_size: int
    block_premium: float
    repeat: int
    repeat_premium: float
    near: float
    codes: Mapping[str, frozenset[str]]
    mark: str

    def flags(self, conditions: str) -> int:
        """The bits of `KINDS` that a comma separated text of codes says. Letters differ by case, words do not."""
        said = {each if len(each) == 1 else each.lower() for each in map(str.strip, conditions.split(",")) if each}
        return sum(1 << place for place, kind in enumerate(KINDS) if self.codes[kind] & said)


def load(path: Path) -> Settings:
    """Read the file. Raises ValueError or KeyError for what cannot be meant."""
    text = path.read_text(encoding="utf-8")
    document = tomllib.loads(text)
    time, size = document["time"], document["size"]
    if not (0 < time["legs_ms"] <= time["gap_ms"] <= time["longest_ms"] and time["late_ms"] >= 0):
        raise ValueError(f"{path.name}: legs_ms is at most gap_ms, gap_ms at most longest_ms")
    near = float(document["side"]["near"])
    if not 0 <= near < 0.5:
        raise ValueError(f"{path.name}: near is a part of the spread below one half")
    return Settings(
        late=time["late_ms"] * 1000, gap=time["gap_ms"] * 1000, longest=time["longest_ms"] * 1000, legs=time["legs_ms"] * 1000,
        legs_size=time["legs_size"], least_premium=float(size["least_premium"]), sweep_exchanges=size["sweep_exchanges"],
        block_size=size["block_size"], block_premium=float(size["block_premium"]),
        repeat=size["repeat_minutes"] * 60_000_000, repeat_premium=float(size["repeat_premium"]), near=near,
        codes={kind: frozenset(document["codes"][kind]) for kind in KINDS},
        mark=hashlib.sha256(text.encode()).hexdigest()[:12],
    )  # fmt: skip
