"""TA-Lib, and the few sums and extremes the other kernels are made of."""

from __future__ import annotations

import functools
import importlib
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from types import ModuleType

    from terminal.domain.indicators.model import Array


@functools.cache
def library() -> ModuleType:
    """TA-Lib, loaded without pandas: it would import pandas (0.2 s, 40 MB) merely to accept its Series."""
    absent = "pandas" not in sys.modules
    if absent:
        sys.modules["pandas"] = None  # type: ignore[assignment]
    try:
        return importlib.import_module("talib")
    finally:
        if absent:
            del sys.modules["pandas"]


def ta(name: str, *arguments: Any) -> Any:
    """TA-Lib's function `name` over float64 arrays and numbers: an array, or a tuple of arrays."""
    return getattr(library(), name)(*arguments)


def unknown(like: Array) -> Array:
    """As many unknown values as `like` has."""
    return np.full(len(like), np.nan)


def mean(values: Array, count: int) -> Array:
    """Mean of the last `count` values; leading unknown ones are passed over."""
    return _ready(values) if count == 1 else _ta(values, "SMA", count)


def exponential(values: Array, count: int) -> Array:
    """Exponential mean with weight 2 / (count + 1), seeded with the mean of the first `count` values."""
    return _ready(values) if count == 1 else _ta(values, "EMA", count)


def total(values: Array, count: int) -> Array:
    """Sum of the last `count` values."""
    return _ready(values) if count == 1 else _ta(values, "SUM", count)


def highest(values: Array, count: int) -> Array:
    """Highest of the last `count` values."""
    return _ready(values) if count == 1 else _ta(values, "MAX", count)


def lowest(values: Array, count: int) -> Array:
    """Lowest of the last `count` values."""
    return _ready(values) if count == 1 else _ta(values, "MIN", count)


def middle(high: Array, low: Array, count: int) -> Array:
    """Middle between the highest high and the lowest low of the last `count` bars."""
    return (highest(high, count) + lowest(low, count)) / 2


def later(values: Array, count: int) -> Array:
    """The values `count` rows later: what was known `count` rows ago."""
    if count <= 0:
        return values
    moved = unknown(values)
    moved[count:] = values[: max(0, len(values) - count)]
    return moved


def ratio(upper: Array, lower: Array) -> Array:
    """upper / lower, unknown where `lower` is zero."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(lower == 0, np.nan, upper / lower)


def _ready(values: Array) -> Array:
    return np.array(values, dtype=np.float64)


def _ta(values: Array, name: str, count: int) -> Array:
    if np.isnan(values).all():
        return unknown(values)
    return np.asarray(ta(name, values, count), dtype=np.float64)
