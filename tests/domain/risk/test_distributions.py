"""The normal and chi-squared distribution against tabulated and SciPy's values."""

from __future__ import annotations

import math

import pytest

from terminal.domain.risk.distributions import chi_squared_above, normal_below, normal_density, normal_quantile


@pytest.mark.parametrize(("probability", "z"), [
    (0.5, 0.0), (0.05, -1.6448536269514722), (0.01, -2.3263478740408408), (0.975, 1.959963984540054), (1e-10, -6.361340902404056),
])  # fmt: skip
def test_quantiles_as_tabulated(probability: float, z: float) -> None:
    assert normal_quantile(probability) == pytest.approx(z, abs=1e-12)
    assert normal_below(z) == pytest.approx(probability, rel=1e-9)


def test_the_far_tail_is_not_lost() -> None:
    assert normal_below(-10.0) == pytest.approx(7.619853024160527e-24, rel=1e-12)
    assert normal_density(0.0) == pytest.approx(0.3989422804014327)


@pytest.mark.parametrize(("value", "freedom", "above"), [
    (3.841458820694124, 1, 0.05), (6.6348966010212145, 1, 0.01), (5.991464547107979, 2, 0.05), (0.0, 1, 1.0), (-1e-12, 2, 1.0),
])  # fmt: skip
def test_chi_squared_as_tabulated(value: float, freedom: int, above: float) -> None:
    assert chi_squared_above(value, freedom) == pytest.approx(above, rel=1e-9)


@pytest.mark.parametrize("wrong", [0.0, 1.0, -0.1, math.nan])
def test_no_quantile_outside(wrong: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        normal_quantile(wrong)
    with pytest.raises(ValueError, match="degrees of freedom"):
        chi_squared_above(1.0, 3)
