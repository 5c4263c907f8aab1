"""Which volatility the price of each option that is held implies, all of them in one pass, or why it is not known."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from terminal.domain.options import implied_volatility

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    import polars as pl

    from plugins.portfolio.exposures import Exposure

STALE = timedelta(days=7)
SHORTEST = 0.5 / 365
"""What is left of a contract on its last day."""
_MOST = 5.0


@dataclass(frozen=True)
class Asked:
    """An option with its terms (`strike`, `call`, `american`, `rate`, `dividend`), the price of its share now (NaN: not known),
    and what the chain says of its strike and expiry: its own right first, then the other."""

    row: Exposure
    terms: dict[str, Any]
    spot: float
    seen: Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Volatility:
    """A volatility and where it is from; NaN and a `reason` where it is not known."""

    value: float
    origin: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Try:
    option: int
    price: float
    spot: float
    years: float
    call: bool
    origin: str


def of_strikes(chains: Mapping[str, pl.DataFrame], rows: Sequence[Exposure], day: date) -> list[list[dict[str, Any]]]:
    """For each option what its chain says of its strike and expiry, its own right first; nothing where the chain is old."""
    import polars as pl

    found: dict[tuple[str, date, float], list[dict[str, Any]]] = {}
    for symbol, chain in chains.items():
        mine = [row for row in rows if row.underlying == symbol]
        near = chain.filter(
            pl.col("expiry").is_in([row.expiry for row in mine]) & (pl.col("at").dt.date() >= day - STALE)
        )
        for one in near.to_dicts():
            found.setdefault((symbol, one["expiry"], round(one["strike"], 4)), []).append(one)
    return [
        sorted(
            found.get((row.underlying or "", row.expiry, round(row.strike or 0.0, 4)), []),  # type: ignore[arg-type]
            key=lambda one, row=row: one["right"] != row.call_or_put,  # type: ignore[misc]
        )
        for row in rows
    ]


def volatilities(asked: Sequence[Asked], day: date) -> list[Volatility]:
    """Its quote, else the other right's at its strike; the chain's own figure; the price it is held at."""
    tries = [each for place, one in enumerate(asked) for each in _tries(place, one, day)]
    found = _implied(tries, asked)
    by_option: dict[int, list[tuple[_Try, float]]] = {}
    for each, value in zip(tries, found, strict=True):
        by_option.setdefault(each.option, []).append((each, value))
    return [_chosen(one, by_option.get(place, []), day) for place, one in enumerate(asked)]


def _tries(place: int, one: Asked, day: date) -> list[_Try]:
    row = one.row
    assert row.expiry is not None
    if row.expiry < day:
        return []
    found = []
    for seen in one.seen:
        bid, ask, at = seen["bid"], seen["ask"], seen["underlying_price"]
        if bid is None or ask is None or not at or not 0 < bid <= ask:
            continue
        own, call = seen["right"] == row.call_or_put, seen["right"] == "C"
        years = max((row.expiry - seen["at"].date()).days / 365, SHORTEST)
        origin = "its quote" if own else f"the {'call' if call else 'put'} at its strike"
        found.append(_Try(place, (bid + ask) / 2, at, years, call, origin))
    if row.price is not None and not math.isnan(one.spot):
        years = max((row.expiry - day).days / 365, SHORTEST)
        found.append(_Try(place, row.price, one.spot, years, bool(one.terms["call"]), "its price"))
    return found


def _implied(tries: Sequence[_Try], asked: Sequence[Asked]) -> list[float]:
    if not tries:
        return []

    def of_terms(name: str) -> Any:
        return np.array([asked[each.option].terms[name] for each in tries])

    spot, years, price = (np.array([getattr(each, name) for each in tries]) for name in ("spot", "years", "price"))
    found = implied_volatility(
        price, spot=spot, strike=of_terms("strike"), years=years, rate=of_terms("rate"), dividend=of_terms("dividend"),
        call=np.array([each.call for each in tries]), american=of_terms("american"),
    )  # fmt: skip
    return [float(value) for value in np.where(found < _MOST, found, np.nan)]


def _chosen(one: Asked, found: Sequence[tuple[_Try, float]], day: date) -> Volatility:
    row = one.row
    if row.expiry is not None and row.expiry < day:
        return Volatility(math.nan, "", "it has expired and is not booked out")
    quoted = [(each, value) for each, value in found if each.origin != "its price" and not math.isnan(value)]
    if quoted:
        return Volatility(quoted[0][1], quoted[0][0].origin)
    mine = [seen["iv"] for seen in one.seen if seen["right"] == row.call_or_put]
    if mine and mine[0] is not None and mine[0] > 0:
        return Volatility(float(mine[0]), "the chain")
    priced = [(each, value) for each, value in found if each.origin == "its price"]
    if priced and not math.isnan(priced[0][1]):
        return Volatility(priced[0][1], "its price")
    if priced:
        why = f"no volatility explains its price of {row.price:g} with {row.underlying} at {one.spot:g}"
        return Volatility(math.nan, "", why)
    if one.seen:
        return Volatility(math.nan, "", "its quote says nothing about its volatility")
    return Volatility(math.nan, "", f"no chain of {row.underlying} is stored that lists it, and its price is not known")
