"""The screening kernel against plain polars."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.domain.screening import Range, Screen
from tests.conftest import examples

_VALUES = st.lists(
    st.none() | st.sampled_from([-1.0, 0.0, 0.5, 1.0, 2.0]) | st.floats(-5, 5, allow_nan=False), min_size=12, max_size=12
)
_BOUND = st.none() | st.sampled_from([-1.0, 0.0, 0.5, 1.0]) | st.floats(-5, 5, allow_nan=False)


def _plain(
    frame: pl.DataFrame, ranges: dict[str, Range], sectors: frozenset[str] | None, weights: dict[str, float]
) -> pl.DataFrame:
    kept = pl.lit(True)
    for name, span in ranges.items():
        kept &= pl.col(name).is_not_null()
        kept &= pl.col(name) >= span.low if span.low is not None else True
        kept &= pl.col(name) <= span.high if span.high is not None else True
    if sectors is not None:
        kept &= pl.col("sector").is_in(list(sectors)).fill_null(False)
    for name in weights:
        kept &= pl.col(name).is_not_null()
    ranks = [abs(weight) * pl.col(name).rank(descending=weight < 0) / pl.len() for name, weight in weights.items()]
    return frame.with_row_index("row").filter(kept).with_columns(score=pl.sum_horizontal(ranks) if ranks else pl.lit(0.0))


@given(
    a=_VALUES,
    b=_VALUES,
    sectors=st.lists(st.sampled_from(["X", "Y", None]), min_size=12, max_size=12),
    bounds=st.tuples(_BOUND, _BOUND),
    wanted=st.none() | st.frozensets(st.sampled_from("XYZ")),
    weights=st.dictionaries(st.sampled_from("ab"), st.sampled_from([1.0, 0.5, -0.25])),
    limit=st.none() | st.integers(0, 14),
)
@settings(max_examples=examples(250), deadline=None)
def test_same_as_polars(
    a: list[Any],
    b: list[Any],
    sectors: list[Any],
    bounds: tuple[Any, Any],
    wanted: frozenset[str] | None,
    weights: dict[str, float],
    limit: int | None,
) -> None:
    frame = pl.DataFrame(
        {"symbol": [str(n) for n in range(12)], "sector": sectors, "a": a, "b": b},
        schema={"symbol": pl.String, "sector": pl.String, "a": pl.Float64, "b": pl.Float64},
    )
    ranges, groups = {"a": Range(*bounds)}, {} if wanted is None else {"sector": wanted}
    screen = Screen(frame)
    for _ in range(2):  # the second answer comes from kept masks
        result = screen.run(ranges, groups, weights, limit)
        expected = _plain(frame, ranges, wanted, weights)
        assert result.survivors == expected.height
        best = expected.sort("score", descending=True, maintain_order=True)["score"].to_numpy()
        assert np.allclose(result.score, best if limit is None else best[:limit])
        scores = dict(zip(expected["row"].to_list(), expected["score"].to_list(), strict=True))
        assert np.allclose([scores[row] for row in result.indices.tolist()], result.score)
        assert (np.diff(result.score) <= 1e-12).all()


def test_unknown_never_passes_a_filter() -> None:
    screen = Screen(pl.DataFrame({"symbol": ["A", "B"], "roe": [None, 0.2], "sector": [None, "X"]}))
    assert screen.run({"roe": Range()}).indices.tolist() == [1]
    assert screen.run({"roe": Range(high=5.0)}).indices.tolist() == [1]
    assert screen.run(groups={"sector": frozenset({"X", "Y"})}).indices.tolist() == [1]
    assert screen.run(groups={"sector": frozenset()}).indices.tolist() == []
    assert screen.count("roe", Range(0.1)) == 1


def test_equal_scores_keep_the_frames_order_and_a_mask_joins_in() -> None:
    screen = Screen(pl.DataFrame({"symbol": list("ABCD"), "roe": [1.0, 1.0, 1.0, 0.5]}))
    assert screen.run(weights={"roe": 1.0}, limit=2).indices.tolist() == [0, 1]
    assert screen.run(weights={"roe": 1.0}).score.tolist() == [0.75, 0.75, 0.75, 0.25]
    assert screen.run(weights={"roe": 1.0}, mask=np.array([False, True, False, True])).indices.tolist() == [1, 3]


def test_edges() -> None:
    empty = Screen(pl.DataFrame(schema={"symbol": pl.String, "sector": pl.String, "roe": pl.Float64}))
    assert empty.run({"roe": Range(0)}, {"sector": frozenset({"X"})}, {"roe": 1.0}, 10).survivors == 0
    screen = Screen(pl.DataFrame({"symbol": ["A"], "roe": [1.0], "pb": [2.0]}), fields=("roe",))
    with pytest.raises(KeyError):
        screen.run({"pb": Range(0)})
    with pytest.raises(KeyError):
        screen.run(groups={"nothing": frozenset()})
