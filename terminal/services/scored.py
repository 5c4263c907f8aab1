"""Features with a verdict: discounted cash flow first, because the rules read it, then the rulebook."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from terminal.domain.features import Features
    from terminal.domain.regime import Regime
    from terminal.domain.scoring import Rulebook

_FRAMES = ("frame", "origin", "origin_kind", "reasons")


def score(features: Features, rulebook: Rulebook, regime: Regime) -> Features:
    """`features` with dcf_value, dcf_gap, verdict, score, coverage, flags and why; the origins stay."""
    from terminal.domain.valuation import Assumptions, dcf_frame

    valued = _with(features.frame, dcf_frame(features.frame, Assumptions()))
    return replace(features, frame=_with(valued, rulebook.score(valued, regime)))


def to_disk(features: Features) -> tuple[dict[str, pl.DataFrame], dict[str, Any]]:
    """The parts of `features` that a file can hold; `from_disk` puts them together again."""
    return {name: getattr(features, name) for name in _FRAMES}, {"unknown": features.unknown}


def from_disk(frames: Mapping[str, pl.DataFrame], notes: Mapping[str, Any]) -> Features:
    """What `to_disk` took apart."""
    from terminal.domain.features import Features

    return Features(**{name: frames[name] for name in _FRAMES}, unknown=tuple(notes["unknown"]))


def _with(frame: pl.DataFrame, more: pl.DataFrame) -> pl.DataFrame:
    """`frame` with the columns of `more`, which replace those of the same name."""
    names = [name for name in more.columns if name != "symbol"]
    return frame.drop([name for name in names if name in frame.columns]).join(
        more, on="symbol", how="left", maintain_order="left"
    )
