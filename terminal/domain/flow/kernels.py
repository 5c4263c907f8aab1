"""The one loop over prints: which of them belong together. Compiled where numba is installed (the extra `fast`)."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


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


@functools.cache
def compiled() -> Callable[..., None]:
    """The loop as machine code, else as it is."""
    try:
        import numba
    except ImportError:
        return starts
    made: Callable[..., None] = numba.njit(nogil=True, cache=True)(starts)
    return made
