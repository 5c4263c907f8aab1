"""Several factors at once: what was put in comes out, the parts sum to R², and errors are those of White."""

from __future__ import annotations

import numpy as np
import pytest

from terminal.domain.risk.ratios import against
from terminal.domain.risk.regression import regression


def _factors(seed: int = 1, days: int = 2000) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    market = random.standard_normal(days) * 0.01
    size = 0.3 * market + random.standard_normal(days) * 0.006
    return {"market": market, "size": size, "rates": random.standard_normal(days) * 0.004}


def test_what_was_put_in_comes_out() -> None:
    factors = _factors()
    own = np.random.default_rng(2).standard_normal(2000) * 0.004
    daily = 0.0002 + 0.8 * factors["market"] - 0.5 * factors["size"] + own
    fit = regression(daily, factors)
    assert fit is not None
    loadings = {each.name: each for each in fit.loadings}
    assert loadings["market"].loading == pytest.approx(0.8, abs=0.04)
    assert loadings["size"].loading == pytest.approx(-0.5, abs=0.06)
    chances = {name: each.p for name, each in loadings.items()}
    assert None not in chances.values() and chances["rates"] > 0.003 and chances["market"] < 1e-9
    assert sum(each.part for each in fit.loadings) == pytest.approx(fit.explained)
    assert fit.specific == pytest.approx(0.004 * 252**0.5, rel=0.05) and fit.alpha == pytest.approx(0.0002 * 252, abs=0.06)
    solved = np.linalg.lstsq(np.column_stack([np.ones(2000), *factors.values()]), daily, rcond=None)[0]
    assert [each.loading for each in fit.loadings] == pytest.approx(solved[1:])


def test_one_factor_is_beta() -> None:
    factors = _factors()
    daily = 1.3 * factors["market"] + factors["rates"]
    fit, alone = regression(daily, {"market": factors["market"]}), against(daily, factors["market"])
    assert fit is not None and fit.loadings[0].loading == pytest.approx(alone.beta)
    assert fit.explained == pytest.approx(alone.explained) and fit.alpha == pytest.approx(alone.alpha)


def test_errors_as_white_wrote_them() -> None:
    """Rows that swing more where the factor is large: by hand, (X'X)^-1 X' diag(e²) X (X'X)^-1 n / (n - k)."""
    random = np.random.default_rng(3)
    market = random.standard_normal(400) * 0.01
    daily = market + random.standard_normal(400) * np.abs(market)
    fit = regression(daily, {"market": market})
    design = np.column_stack([np.ones(400), market])
    bread = np.linalg.inv(design.T @ design)
    left = daily - design @ (bread @ design.T @ daily)
    error = np.sqrt((bread @ design.T @ np.diag(left**2) @ design @ bread * 400 / 398)[1, 1])
    plain = np.sqrt(left @ left / 398 * bread[1, 1])
    assert fit is not None and fit.loadings[0].error == pytest.approx(error) and error > 1.2 * plain


def test_what_cannot_be_told_apart_is_not_told() -> None:
    factors = _factors(days=300)
    daily = factors["market"] * 0.5
    assert regression(daily, {"one": factors["market"], "twice": 2 * factors["market"]}) is None
    assert regression(daily[:50], {"market": factors["market"][:50]}) is None
    assert regression(daily, {}) is None and regression(np.zeros(300), {"market": factors["market"]}) is None
