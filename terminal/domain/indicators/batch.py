"""Indicators of many symbols of equal length at once: arrays in, arrays out.

Where numba is installed (the extra `fast`), `recursions` are compiled on first use (seconds, then kept on disk) and run
without the interpreter's lock, so that shares of the symbols can be done in several threads. Every other indicator, and any
symbol with an unknown value, goes through its kernel one by one; the answers are the same within rounding.
"""

from __future__ import annotations

import functools
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from terminal.domain.indicators.catalogue import INDICATORS
from terminal.domain.indicators.evaluation import apply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from terminal.domain.indicators.model import Array, Given, Indicator, Value

    Part = tuple[int, int]
    Spread = Callable[[Callable[[Part], None], Iterable[Part]], Iterable[None]]

COMPILED = ("rsi", "macd", "bollinger", "atr", "adx")


@functools.cache
def compiled() -> Mapping[str, Callable[..., None]]:
    """The recursions as machine code; none where numba is not installed."""
    try:
        import numba
    except ImportError:
        return {}
    from terminal.domain.indicators import recursions

    make = numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
    return {name: make(getattr(recursions, name)) for name in COMPILED}


def batch(
    columns: Mapping[str, Array],
    wanted: Sequence[tuple[str, Given]],
    *,
    out: Sequence[Mapping[str, Array]] | None = None,
    spread: Spread = map,
    parts: int = 1,
) -> list[dict[str, Array]]:
    """For each of `wanted` (name, settings) its outputs by name: float64 of shape (symbols, bars), NaN where unknown.

    `columns` are bar columns of that shape, oldest bar first. `out`, an earlier answer to the same question, is written over
    and given back: new memory costs more than the arithmetic. The symbols are divided into `parts`, which `spread` may run
    in several threads (an executor's `map`). Raises KeyError for an unknown indicator or a missing column, ValueError for
    impossible settings, or for an indicator that needs the time of its bars.
    """
    plans = [(INDICATORS[name], INDICATORS[name].settings(given)) for name, given in wanted]
    if timed := [indicator.name for indicator, _ in plans if indicator.timed]:
        raise ValueError(f"{timed[0]} needs the time of each bar")
    shape = next(iter(columns.values())).shape
    made = [
        {each.name: np.empty(shape) if out is None else out[place][each.name] for each in indicator.outputs}
        for place, (indicator, _) in enumerate(plans)
    ]

    needed = {name: columns[name] for indicator, _ in plans for name in indicator.inputs}

    def run(part: Part) -> None:
        rows = slice(*part)
        odd = {name: np.flatnonzero(~np.isfinite(values[rows].sum(1))) + part[0] for name, values in needed.items()}
        for (indicator, settings), outputs in zip(plans, made, strict=True):
            given = [needed[name] for name in indicator.inputs]
            alone: Iterable[int] = sorted({int(row) for name in indicator.inputs for row in odd[name]})
            if (quick := compiled().get(indicator.name)) is not None and _plain(indicator.name, settings):
                quick(*given, *outputs.values(), *part, *settings)
            else:
                alone = range(*part)
            for row in alone:
                _one(indicator, settings, given, outputs, row)

    edges = [shape[0] * number // parts for number in range(parts + 1)]
    list(spread(run, [each for each in pairwise(edges) if each[0] < each[1]]))
    return made


def _one(
    indicator: Indicator, settings: tuple[Value, ...], given: Sequence[Array], outputs: Mapping[str, Array], row: int
) -> None:
    """The outputs of one symbol by its kernel."""
    values = apply(indicator, [each[row] for each in given], settings, [slice(0, given[0].shape[1])])
    for target, value in zip(outputs.values(), values, strict=True):
        target[row] = value


def _plain(name: str, settings: tuple[Value, ...]) -> bool:
    """Whether the settings are ones the recursions are written for."""
    if name == "macd":
        fast, slow, _ = settings
        return 2 <= int(fast) < int(slow)
    return int(settings[0]) >= 2
