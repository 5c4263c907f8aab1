"""How much things move together: correlations with shrinkage, and what of them belongs together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Correlations:
    """`matrix` is shrunk towards no correlation by `intensity` (0 none, 1 all of it); `sample` is as measured."""

    matrix: Floats
    sample: Floats
    intensity: float


def correlations(returns: Floats) -> Correlations:
    """Of the columns of `returns` [day, thing], each of which must vary (ValueError).

    Ledoit and Wolf (2004, "A well-conditioned estimator for large-dimensional covariance matrices") on standardised returns,
    so that the target is the identity and the diagonal stays one.
    """
    days, count = returns.shape
    deviation = returns.std(axis=0)
    if days < 2 or not np.all(deviation > 0.0):
        raise ValueError("a correlation needs two days and returns that vary")
    standard = (returns - returns.mean(axis=0)) / deviation
    sample = np.asarray(standard.T @ standard / days)
    distance = float(np.sum(sample**2)) - count  # of the sample from the identity, squared
    fourth = float(np.sum(np.sum(standard**2, axis=1) ** 2))
    noise = (fourth / days - float(np.sum(sample**2))) / days
    intensity = min(max(noise, 0.0) / distance, 1.0) if distance > 1e-12 * count else 0.0
    matrix = (1.0 - intensity) * sample
    np.fill_diagonal(matrix, 1.0)
    np.fill_diagonal(sample, 1.0)
    return Correlations(np.clip(matrix, -1.0, 1.0), np.clip(sample, -1.0, 1.0), intensity)


@dataclass(frozen=True, slots=True)
class Tree:
    """Merges in the order of their height: [left, right, members], where numbers from the count of leaves on are merges.

    `heights` are one less the mean correlation between the two sides.
    """

    merges: Integers
    heights: Floats
    leaves: int

    def order(self) -> list[int]:
        """The leaves from left to right, those that belong together beside each other."""
        if self.leaves == 1:
            return [0]
        found: list[int] = []
        waiting = [self.leaves + len(self.merges) - 1]
        while waiting:
            node = waiting.pop()
            if node < self.leaves:
                found.append(node)
            else:
                left, right, _ = self.merges[node - self.leaves]
                waiting += [int(right), int(left)]
        return found

    def clusters(self, together: float) -> list[int]:
        """A number for each leaf: those joined while their mean correlation was at least `together`; numbered left to right."""
        root = list(range(self.leaves + len(self.merges)))
        for place, ((left, right, _), height) in enumerate(zip(self.merges.tolist(), self.heights.tolist(), strict=True)):
            if height <= 1.0 - together + 1e-12:
                root[left] = root[right] = self.leaves + place
        numbers: dict[int, int] = {}
        found = [0] * self.leaves
        for leaf in self.order():
            node = leaf
            while root[node] != node:
                node = root[node]
            found[leaf] = numbers.setdefault(node, len(numbers))
        return found


def tree(matrix: Floats) -> Tree:
    """Average linkage on one less the correlation, by chains of nearest neighbours (Murtagh 1983): n squared steps.

    Of two sides the one with the more strongly correlated members stands left.
    """
    count = len(matrix)
    distance = np.array(1.0 - matrix, dtype=np.float64)
    np.fill_diagonal(distance, np.inf)
    sizes = np.ones(count)
    alive = np.ones(count, dtype=bool)
    chain: list[int] = []
    joined: list[tuple[float, int, int]] = []
    for _ in range(count - 1):
        if not chain:
            chain.append(int(np.argmax(alive)))
        while True:
            row = distance[chain[-1]]
            nearest = int(np.argmin(row))
            if len(chain) > 1 and row[chain[-2]] <= row[nearest]:
                break
            chain.append(nearest)
        one, other = chain.pop(), chain.pop()
        joined.append((float(distance[one, other]), one, other))
        merged = (sizes[one] * distance[one] + sizes[other] * distance[other]) / (sizes[one] + sizes[other])
        distance[other], distance[:, other] = merged, merged
        distance[other, other] = np.inf
        distance[one], distance[:, one] = np.inf, np.inf
        sizes[other] += sizes[one]
        alive[one] = False
    return _sorted(joined, count)


def _sorted(joined: list[tuple[float, int, int]], count: int) -> Tree:
    """Merges by height, each side named by the merge (or leaf) that it is."""
    parent, top, members = list(range(count)), list(range(count)), [1] * count
    inside = [0.0] * count

    def find(leaf: int) -> int:
        while parent[leaf] != leaf:
            parent[leaf] = parent[parent[leaf]]
            leaf = parent[leaf]
        return leaf

    merges = np.zeros((max(count - 1, 0), 3), dtype=np.int64)
    heights = np.zeros(max(count - 1, 0))
    for place, (height, one, other) in enumerate(sorted(joined, key=lambda each: each[0])):
        left, right = find(one), find(other)
        if (members[left], -inside[left], -left) < (members[right], -inside[right], -right):
            left, right = right, left
        size = members[left] + members[right]
        merges[place] = top[left], top[right], size
        heights[place] = height
        parent[right] = left
        top[left], members[left], inside[left] = count + place, size, height
    return Tree(merges, heights, count)
