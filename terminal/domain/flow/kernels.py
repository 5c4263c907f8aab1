"""The one loop over prints: which of them belong together. Compiled where numba is installed (the extra `fast`)."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


_FEW = 20_000


def starts(key: Any, at: Any, gap: int, longest: int, first: Any) -> None:
    """Mark the first print of each burst. Prints are in order of `key`, then of `at`; times and limits in microseconds.

    A burst ends where the key changes, after a pause longer than `gap`, and `longest` after its beginning.
    """
    began = 0
    for place in range(len(key)):
        alone = (
            place == 0
            or key[place] != key[place - 1]
            or at[place] - at[place - 1] > gap
            or at[place] - began > longest
        )
        if alone:
            began = at[place]
        first[place] = alone


def first_of_each(key: Any, at: Any, gap: int, longest: int) -> Any:
    """The marks of `starts`. A few prints go through the loop as it is: loading the compiler would take longer."""
    import numpy as np

    if len(key) < _FEW:
        marks = [False] * len(key)
        starts(key.tolist(), at.tolist(), gap, longest, marks)
        return np.array(marks, dtype=np.bool_)
    first = np.empty(len(key), dtype=np.bool_)
    compiled()(key, at, gap, longest, first)
    return first


@functools.cache
def compiled() -> Callable[..., None]:
    """The loop as machine code, else as it is."""
    try:
        import numba
    except ImportError:
        return starts
    made: Callable[..., None] = numba.njit(nogil=True, cache=True)(starts)
    return made
