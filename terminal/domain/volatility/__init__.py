"""Volatility: what options expect, what prices did, where today stands among the days before."""

from terminal.domain.volatility.measures import measure

__all__ = ["measure"]
