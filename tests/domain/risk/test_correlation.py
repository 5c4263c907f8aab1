"""Shrinkage against the published estimator by brute force, and average linkage against merging step by step."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.domain.risk.correlation import correlations, tree
from tests.conftest import examples


def _returns(seed: int, days: int, count: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    return random.standard_normal((days, 1)) * random.uniform(0, 1.5, count) + random.standard_normal((days, count))


def _ledoit_wolf(x: np.ndarray) -> tuple[np.ndarray, float]:
    """Lemmas 3.2 to 3.4 of the paper, term by term: m, d², b² over single days, and their mix."""
    days, count = x.shape
    centred = x - x.mean(axis=0)
    s = centred.T @ centred / days
    m = np.trace(s) / count
    d2 = np.sum((s - m * np.eye(count)) ** 2) / count
    b2 = sum(np.sum((np.outer(row, row) - s) ** 2) / count for row in centred) / days**2
    share = min(b2, d2) / d2
    return share * m * np.eye(count) + (1 - share) * s, share


@pytest.mark.parametrize(("days", "count"), [(300, 5), (60, 40), (30, 80)])
def test_the_published_estimator_on_standardised_returns(days: int, count: int) -> None:
    returns = _returns(4, days, count)
    standard = (returns - returns.mean(axis=0)) / returns.std(axis=0)
    matrix, share = _ledoit_wolf(standard)
    found = correlations(returns)
    assert found.intensity == pytest.approx(share)
    assert found.matrix == pytest.approx(matrix)
    assert found.sample == pytest.approx(np.corrcoef(returns, rowvar=False))


def test_fewer_days_shrink_more_and_no_matrix_is_singular() -> None:
    much, little = correlations(_returns(2, 1000, 30)), correlations(_returns(2, 40, 30))
    assert little.intensity > 3 * much.intensity
    assert np.linalg.eigvalsh(correlations(_returns(2, 25, 60)).matrix).min() > 0.01, "more things than days"


def test_signs_and_scale() -> None:
    base = _returns(3, 100, 1)
    found = correlations(np.column_stack([base, 3 * base, -base]))
    assert found.sample == pytest.approx(np.array([[1, 1, -1], [1, 1, -1], [-1, -1, 1]]))
    with pytest.raises(ValueError, match="vary"):
        correlations(np.zeros((50, 2)))
    assert correlations(base).matrix == pytest.approx(np.ones((1, 1)))


def _naive(matrix: np.ndarray) -> list[tuple[float, frozenset[int], frozenset[int]]]:
    groups = [frozenset((place,)) for place in range(len(matrix))]
    joined = []
    while len(groups) > 1:
        pairs = [(np.mean([1 - matrix[a, b] for a in one for b in other]), i, j)
                 for i, one in enumerate(groups) for j, other in enumerate(groups) if i < j]  # fmt: skip
        height, i, j = min(pairs)
        joined.append((float(height), groups[i], groups[j]))
        groups = [group for place, group in enumerate(groups) if place not in (i, j)] + [groups[i] | groups[j]]
    return joined


@settings(max_examples=examples(30))
@given(st.integers(2, 14), st.integers(0, 2**32 - 1))
def test_average_linkage_as_merged_step_by_step(count: int, seed: int) -> None:
    matrix = correlations(_returns(seed, 40, count)).matrix
    grown = tree(matrix)
    inside: list[frozenset[int]] = [frozenset((place,)) for place in range(count)]
    for left, right, size in grown.merges.tolist():
        inside.append(inside[left] | inside[right])
        assert len(inside[-1]) == size
    naive = _naive(matrix)
    assert grown.heights == pytest.approx([height for height, _, _ in naive])
    assert {inside[count + place] for place in range(count - 1)} == {one | other for _, one, other in naive}
    assert sorted(grown.order()) == list(range(count))
    clusters = grown.clusters(0.4)
    for place, (height, one, other) in enumerate(naive):
        together = {clusters[leaf] for leaf in one | other}
        assert (len(together) == 1) == (height <= 0.6), place


def test_two_blocks_lie_side_by_side() -> None:
    random = np.random.default_rng(9)
    first, second = random.standard_normal((2, 500, 1))
    block = [first + 0.5 * random.standard_normal((500, 4)), second + 0.5 * random.standard_normal((500, 3))]
    shuffled = np.array([0, 4, 1, 5, 2, 6, 3])
    returns = np.column_stack(block)[:, shuffled]
    grown = tree(correlations(returns).matrix)
    order = [int(shuffled[place]) for place in grown.order()]
    assert {frozenset(order[:4]), frozenset(order[4:])} == {frozenset(range(4)), frozenset(range(4, 7))}
    clusters = grown.clusters(0.5)
    assert len(set(clusters)) == 2 and [clusters[place] for place in grown.order()] == [0] * 4 + [1] * 3
    assert len(set(grown.clusters(0.99))) == 7 and set(grown.clusters(-1.0)) == {0}
