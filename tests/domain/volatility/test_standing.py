"""Rank, percentile and cones by hand."""

from __future__ import annotations

import numpy as np
import pytest

from terminal.domain.volatility.cones import cones
from terminal.domain.volatility.realised import realised
from terminal.domain.volatility.standing import ENOUGH, percentile, rank, standing


def test_rank_and_percentile_by_hand() -> None:
    past = [0.10, 0.20, 0.12, 0.30]
    assert rank(past, 0.15) == pytest.approx((0.15 - 0.10) / (0.30 - 0.10))
    assert percentile(past, 0.15) == 2 / 4
    assert rank(past, 0.40) == 1 and percentile(past, 0.40) == 1, "a new high"
    assert rank(past, 0.05) == 0 and percentile(past, 0.05) == 0, "a new low"
    assert percentile(past, 0.12) == 1 / 4, "days of the same level are not below"


def test_one_spike_keeps_the_rank_low_and_not_the_percentile() -> None:
    past = [0.10 + 0.0001 * each for each in range(251)] + [0.80]
    found = standing(past, 0.125)
    assert found.rank == pytest.approx(0.025 / 0.7) and found.percentile == pytest.approx(250 / 252)
    assert (found.observed, found.of, found.lowest, found.highest) == (252, 252, 0.10, 0.80)


def test_what_is_unknown_stays_so_and_says_why() -> None:
    assert rank([], 0.2) is None and percentile([None], 0.2) is None and rank([0.1], None) is None
    few = standing([0.1, 0.2] * 62 + [None] * 100, 0.15)
    assert few.rank is None and few.percentile is None and few.observed == 124
    assert few.reason == f"124 of 252 days observed, {ENOUGH} are needed"
    assert standing([0.1] * 252, None).reason == "today's value is not known"
    flat = standing([0.1] * 252, 0.1)
    assert flat.rank is None and flat.percentile == 0 and flat.reason == "it has not moved in a year"


def test_only_the_last_252_sessions_count() -> None:
    found = standing([0.9] * 100 + [0.1, 0.2] * 126, 0.15)
    assert found.highest == 0.2 and found.observed == 252


def test_a_cone_is_the_quantiles_of_its_windows() -> None:
    chance = np.random.default_rng(2)
    bars = {"close": 100 * np.exp(np.cumsum(0.01 * chance.standard_normal(300)))}
    ring = cones(bars, windows=(20,))[0]
    values = realised(bars, 20)
    known = values[np.isfinite(values)]
    assert ring.windows == 280 and ring.independent == 14
    assert (ring.least, ring.most) == (known.min(), known.max())
    assert (ring.lower, ring.median, ring.upper) == pytest.approx(np.quantile(known, (0.25, 0.5, 0.75)))
    assert ring.current == known[-1] and ring.percentile == np.mean(known[:-1] < known[-1])


def test_a_short_past_has_no_cone_but_may_have_a_current_value() -> None:
    bars = {"close": np.linspace(100, 110, 25)}
    ring, none = cones(bars, windows=(20, 60))
    assert ring.current is not None and ring.median is None and ring.windows == 5
    assert none.current is None and none.windows == 0
