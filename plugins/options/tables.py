"""Columns that the tables of the options desk share: strikes, quotes, volatilities, Greeks in the units of the trade.

In frames Greeks are per share, per year and per 1.00; in tables theta and charm are a day's (a 365th), vega, vanna and vomma
those of one point of volatility (a hundredth), rho that of one point of rate. `per_trade` turns the ones into the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from terminal.api import Column

if TYPE_CHECKING:
    import polars as pl

SHARES = 100
"""Shares that a standard contract delivers."""
# Greek to what it is divided by for showing it.
SCALE = {
    "delta": 1.0, "gamma": 1.0, "theta": 365.0, "vega": 100.0, "rho": 100.0, "epsilon": 100.0, "leverage": 1.0,
    "vanna": 100.0, "charm": 365.0, "vomma": 10_000.0, "speed": 1.0, "zomma": 100.0, "color": 365.0, "veta": 36_500.0,
    "vera": 10_000.0,
}  # fmt: skip
_DECIMALS = {"delta": 3, "gamma": 5, "theta": 3, "vega": 3, "rho": 3, "epsilon": 3, "leverage": 1, "vanna": 5, "charm": 5,
             "vomma": 5, "speed": 7, "zomma": 7, "color": 7, "veta": 5, "vera": 5}  # fmt: skip
_TITLES = {"theta": "Theta a day", "vega": "Vega a point", "rho": "Rho a point", "leverage": "Leverage (lambda)",
           "epsilon": "Epsilon a point", "charm": "Charm a day", "vanna": "Vanna a point"}  # fmt: skip


def strike(title: str = "Strike") -> Column:
    """The strike, in money."""
    return Column("strike", title, "number", term="option_strike", decimals=2)


def expiry() -> Column:
    """The last day."""
    return Column("expiry", "Expiry", "date", term="option_expiry")


def price(name: str, title: str, *, newbie: bool = True, term: str = "") -> Column:
    """A price per share."""
    return Column(name, title, "number", term=term or f"option_{name.removeprefix('call_').removeprefix('put_')}", decimals=2,
                  newbie=newbie)  # fmt: skip


def volatility(name: str = "iv", title: str = "Volatility", *, newbie: bool = True, term: str = "option_iv") -> Column:
    """A volatility a year, as a fraction."""
    return Column(name, title, "number", "fraction", term, newbie=newbie)


def quantity(name: str, title: str, *, newbie: bool = True) -> Column:
    """A number of contracts."""
    term = "open_interest" if name.endswith("open_interest") else "option_volume"
    return Column(name, title, "number", "count", term, decimals=0, newbie=newbie)


def greek(name: str, *, prefix: str = "", title: str = "", newbie: bool = False) -> Column:
    """A Greek per share in the trade's unit: see `per_trade`."""
    return Column(f"{prefix}{name}", title or _TITLES.get(name, name.capitalize()), "number", term=f"option_{name}",
                  decimals=_DECIMALS.get(name, 4), newbie=newbie)  # fmt: skip


def per_trade(names: tuple[str, ...]) -> list[pl.Expr]:
    """The Greeks of a priced chain in the units that are shown."""
    import polars as pl

    return [(pl.col(name) / SCALE[name]).alias(name) for name in names if SCALE.get(name, 1.0) != 1.0]
