"""Kernels over frames: many symbols, gaps, and unknown values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from terminal.domain.indicators.catalogue import INDICATORS, SERIES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from terminal.domain.indicators.model import Array, Given, Indicator, Value


def slices(symbols: pl.Series) -> list[slice]:
    """The run of rows of each symbol, in order. `symbols` must be sorted so that equal ones are neighbours."""
    if not len(symbols):
        return []
    ids = symbols.rle_id().to_numpy()
    edges = np.flatnonzero(np.diff(ids)) + 1
    return [slice(int(a), int(b)) for a, b in zip([0, *edges], [*edges, len(ids)], strict=True)]


def compute(name: str, bars: pl.DataFrame, parameters: Given = ()) -> dict[str, Array]:
    """Each output of the indicator for every row of `bars`: float64, NaN where unknown.

    `bars`: one symbol, or several with a column `symbol`, sorted by symbol and time (`at`, or `date`).
    `parameters` in order or by name. Raises KeyError for an unknown indicator, ValueError for impossible parameters.
    """
    indicator = INDICATORS[name]
    settings = indicator.settings(parameters)
    arrays = [_array(bars[column]) for column in indicator.inputs]
    runs = slices(bars["symbol"]) if "symbol" in bars.columns else [slice(0, bars.height)] * bool(bars.height)
    times = (bars["at"] if "at" in bars.columns else bars["date"]) if indicator.timed else None
    made = apply(indicator, arrays, settings, runs, times)
    return {output.name: values for output, values in zip(indicator.outputs, made, strict=True)}


def series(
    frame: pl.DataFrame,
    name: str,
    *parameters: float,
    inputs: tuple[pl.Series, ...] | None = None,
    runs: list[slice] | None = None,
) -> pl.Series:
    """Series `name` of the rule language for every row of `frame` (sorted by symbol, date); null where unknown.

    `inputs` replaces the bar columns the indicator reads; `runs` are the `slices` of the frame's symbols, if at hand.
    Raises KeyError for an unknown series, ValueError for impossible parameters.
    """
    wanted = SERIES[name]
    settings = wanted.settings(parameters)
    arrays = [_array(each) for each in (inputs if inputs is not None else tuple(frame[column] for column in wanted.inputs))]
    made = apply(wanted.indicator, arrays, settings, slices(frame["symbol"]) if runs is None else runs)
    return pl.Series(name, made[wanted.pick] if isinstance(wanted.pick, int) else wanted.pick(made)).fill_nan(None)


def _array(column: pl.Series) -> Array:
    return column.cast(pl.Float64).fill_null(np.nan).to_numpy()


def apply(
    indicator: Indicator,
    arrays: Sequence[Array],
    settings: tuple[Value, ...],
    runs: Sequence[slice],
    times: pl.Series | None = None,
) -> tuple[Array, ...]:
    """The kernel over each stretch of known rows of each run."""
    made = tuple(np.full(len(arrays[0]), np.nan) for _ in indicator.outputs)
    known = np.isfinite(arrays[0])
    for each in arrays[1:]:
        known &= np.isfinite(each)
    whole = bool(known.all())
    for run in runs:
        for part in [run] if whole else _stretches(known, run):
            given = [np.ascontiguousarray(each[part]) for each in arrays]
            first = () if times is None else (times[part],)
            answer = indicator.kernel(*first, *given, *settings)
            for target, values in zip(made, answer if isinstance(answer, tuple) else (answer,), strict=True):
                target[part] = values
    for target in made:
        target[~np.isfinite(target)] = np.nan
    return made


def _stretches(known: np.ndarray[tuple[int], np.dtype[np.bool_]], run: slice) -> list[slice]:
    """The stretches of rows within the run in which everything is known."""
    marks = np.diff(known[run].astype(np.int8), prepend=0, append=0)
    begins, ends = np.flatnonzero(marks == 1) + run.start, np.flatnonzero(marks == -1) + run.start
    return [slice(int(a), int(b)) for a, b in zip(begins, ends, strict=True)]
