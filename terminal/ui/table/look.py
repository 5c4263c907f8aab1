"""What a panel may say about its table: how a column is drawn, and what a row's menu offers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import polars as pl

    from terminal.domain.sourced import Column

STAR, END = "_star", "_end"
# How a user or a panel may have numbers coloured: by their sign, or by their rank among the rows (high or low being good).
COLOURS = {"": "No colour", "sign": "Above or below zero", "heat": "Shade, high is good", "heat-low": "Shade, low is good"}
_SIGNED = ("change", "return", "growth", "gap", "upside", "surprise", "alpha", "drawdown", "premium")


@dataclass(frozen=True, slots=True)
class Action:
    """One entry of a row's menu; `run` gets the symbol. An empty title is a separator."""

    title: str
    run: Callable[[str], object] = lambda symbol: None
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """How a column is drawn, where the default (by name, type and unit) does not fit.

    `kind`: text, ticker, muted, number, change (arrow, sign, colour), signed (sign and colour), pill, bar (of `maximum`),
    share (the same, of a whole: neither large nor small is good), position (a place between 0 and 1), spark (a list of
    numbers), chips (a list of words), parts (up to three fractions that add up, drawn from a zero line; `maximum` is the
    longest), swing (the worst, the best and where it ended, around zero; `maximum` is the longest). `width` in pixels at
    the standard font. `stretch`: takes the room that is left. `tones` colours chips by their word: ok, warn (the default),
    error or muted. `colour`: a rule of `COLOURS` for a number column, until the user chooses another. `total`: what a
    group's row says of the column: median, sum, share or none; "" for what is honest by
    its unit (`domain.table_rows.summary`).
    """

    kind: str = ""
    width: int = 0
    maximum: float = 10.0
    stretch: bool = False
    tones: Mapping[str, str] = field(default_factory=dict)
    colour: str = ""
    total: str = ""


def kind_of(column: Column, dtype: pl.DataType | None = None) -> str:
    """The default kind of a column."""
    if column.name in ("symbol", "ticker"):
        return "ticker"
    if column.name == "verdict":
        return "pill"
    if column.unit == "score" and column.name == "score":
        return "bar"
    if column.name.startswith("position_52w"):
        return "position"
    if column.type == "list":
        inner = getattr(dtype, "inner", None)
        return "spark" if inner is not None and inner.is_numeric() else "chips"
    if column.unit == "fraction" and column.name == "change":
        return "change"
    if column.unit == "fraction" and any(word in column.name for word in _SIGNED) and "growth_years" not in column.name:
        return "signed"
    if column.type in ("number", "integer"):
        return "number"
    if column.type in ("date", "datetime") or column.name in ("sector", "industry", "country", "exchange", "kind", "currency"):
        return "muted"
    return "text"
