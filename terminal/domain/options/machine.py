"""Machine code for large arrays, where numba is installed (the extra `fast`); without it numpy does the same work, slower.

Loading costs half a second, and compiling three to five seconds on a machine's first use (kept on disk beside the module, or in
the user's cache where that cannot be written): do it in a worker, `load()` says when it is done. Small arrays never load it.
"""

from __future__ import annotations

import functools
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from terminal.domain.options import boundary, european, mills

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from terminal.domain.options.boundary import Sights
    from terminal.domain.options.european import Terms
    from terminal.domain.options.normal import Floats

    Part = tuple[int, int]
    Spread = Callable[[Callable[[Part], None], Iterable[Part]], Iterable[None]]

# From how many options on the time to load pays (a millionth of a second or three each by numpy).
WORTHWHILE = 20_000


@functools.cache
def load() -> Any:
    """The compiled kernels, loaded and if need be compiled now; None without numba."""
    try:
        from terminal.domain.options import kernels
    except ImportError:
        return None
    one, table = np.ones(1), mills.table()
    kernels.implied(table, one, one, one, one, one, one, one, np.empty(1), 0, 1)
    kernels.sensitivities(table, one, one, one, one, one, one, one, np.empty((1, 1)), 0, 1)
    premiums(kernels, boundary.Sights(np.zeros((1, boundary.SIGHTS + 1)), np.zeros((1, 1), dtype=np.intp), np.ones((1, 1))),
             (one,) * 5, np.empty((1, 1)))  # fmt: skip
    return kernels


def kernels(count: int) -> Any:
    """Those for this many options: None where numpy is to do it."""
    if count < WORTHWHILE and not load.cache_info().currsize:
        return None
    return load()


def implied(made: Any, price: Floats, terms: Terms, spread: Spread, parts: int) -> Floats:
    """European implied volatilities; `made` are the kernels."""
    out, table = np.empty(price.shape), mills.table()
    spot, strike, years, _, *rest = _inputs(terms)
    seen = np.ascontiguousarray(price, dtype=np.float64)
    _run(lambda part: made.implied(table, seen, spot, strike, years, *rest, out, *part), len(price), spread, parts)
    return out


def sensitivities(made: Any, terms: Terms, rows: int, spread: Spread, parts: int) -> dict[str, Floats]:
    """European prices and the first Greeks of `european.NAMES`."""
    out, given, table = np.empty((rows, len(terms.spot))), _inputs(terms), mills.table()
    _run(lambda part: made.sensitivities(table, *given, out, *part), len(terms.spot), spread, parts)
    return dict(zip(european.NAMES, out, strict=False))


def premiums(made: Any, seen: Sights, given: Sequence[Floats], out: Floats) -> Floats:
    """Premiums of early exercise into `out`; the logarithm of the boundary with all the time left."""
    used, edge = boundary.rule(boundary.SIGHTS), np.empty(len(given[0]))
    terms = [np.ascontiguousarray(each, dtype=np.float64) for each in given]
    curves, rows, shares = (np.ascontiguousarray(each) for each in seen)
    made.premiums(curves, rows, shares, *terms, used.sine, used.weight, np.array(boundary.tail()), out, edge, 0, len(edge))
    return edge


def _inputs(terms: Terms) -> list[Floats]:
    return [np.ascontiguousarray(each, dtype=np.float64) for each in terms]


def _run(work: Callable[[Part], None], count: int, spread: Spread, parts: int) -> None:
    edges = [count * number // parts for number in range(parts + 1)]
    list(spread(work, [each for each in pairwise(edges) if each[0] < each[1]]))
