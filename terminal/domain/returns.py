"""Returns and risk of one price series, as polars expressions: they work on a column, within groups and over windows.

Fractions throughout; a year has 252 sessions. Too few values, or none that vary, give null.
"""

from __future__ import annotations

import polars as pl

YEAR = 252


def simple_returns(close: pl.Expr) -> pl.Expr:
    """close / close before - 1; the first one is null."""
    return close / close.shift(1) - 1


def log_returns(close: pl.Expr) -> pl.Expr:
    """Natural logarithm of close / close before; the first one is null."""
    return (close / close.shift(1)).log()


def drawdown(close: pl.Expr) -> pl.Expr:
    """close / highest close so far - 1, at each row: zero at a new high."""
    return close / close.cum_max() - 1


def max_drawdown(close: pl.Expr) -> pl.Expr:
    """The deepest drawdown, zero or negative."""
    return drawdown(close).min()


def volatility(daily: pl.Expr) -> pl.Expr:
    """Sample standard deviation of daily returns, annualised with the square root of 252."""
    return daily.std() * float(YEAR**0.5)


def sharpe(daily: pl.Expr) -> pl.Expr:
    """Mean / sample standard deviation of daily returns, annualised (Sharpe 1994, risk-free rate zero)."""
    return pl.when(daily.std() > 0).then(daily.mean() / daily.std() * YEAR**0.5)


def beta(daily: pl.Expr, index: pl.Expr) -> pl.Expr:
    """Covariance with the index's returns / their variance, over the rows where both are known."""
    both = daily.is_not_null() & index.is_not_null()
    own, market = daily.filter(both), index.filter(both)
    return pl.when(market.var() > 0).then(pl.cov(own, market) / market.var())


def annualised(growth: pl.Expr, sessions: pl.Expr | float) -> pl.Expr:
    """The yearly return behind a growth factor over so many sessions."""
    years = (sessions if isinstance(sessions, pl.Expr) else pl.lit(float(sessions))) / YEAR
    return pl.when(growth > 0).then(growth.pow(1 / years) - 1)
