"""Volatility: what options expect, what prices did, where today stands among the days before."""

from terminal.domain.volatility.cones import Ring, cones
from terminal.domain.volatility.measures import measure
from terminal.domain.volatility.moves import BUCKETS, Expected, Past, chosen, expected_move, past_moves
from terminal.domain.volatility.realised import ESTIMATORS, TITLES, WINDOWS, YEAR, Estimator, realised
from terminal.domain.volatility.standing import ENOUGH, OF, Standing, percentile, rank, standing

__all__ = [
    "BUCKETS", "ENOUGH", "ESTIMATORS", "OF", "TITLES", "WINDOWS", "YEAR", "Estimator", "Expected", "Past", "Ring", "Standing",
    "chosen", "cones", "expected_move", "measure", "past_moves", "percentile", "rank", "realised", "standing",
]  # fmt: skip
