"""What a priced chain says of a symbol's volatility in a few numbers, as they are archived day by day. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from terminal.domain.options.normal import cdf
from terminal.domain.volatility.maturities import HORIZONS, at_horizon, points

if TYPE_CHECKING:
    from terminal.domain.options.pricing import Priced

    Numbers = np.ndarray[tuple[int], np.dtype[np.float64]]

_WING = 0.25
_SKEW_DAYS = 30
# The 25-delta strikes must lie between usable ones at most this far apart in delta.
_WIDEST_DELTAS = 0.3


def measure(priced: Priced, *, hv20: float | None = None) -> dict[str, float | int | None]:
    """Volatilities at constant maturities, skew and slope; what the chain does not say is None.

    `iv7` to `iv365`: at the forward, between the two expiries around so many days, linear in total variance (limits: see
    `maturities.at_horizon`). Of 30 days, between the strikes where a call and a put have a delta of 25 (`wings`): `rr25` the
    call's volatility less the put's, `bf25` their mean less that at the forward, `skew25` = -rr25 / iv30. `slope` = iv90 - iv30.
    `hv20` is handed through; `contracts` counts the usable ones. All volatilities are fractions a year.
    """
    ahead = priced.expiries.filter(pl.col("years") > 0)
    term = points(ahead.select("days", "atm_iv").iter_rows())
    found: dict[str, float | int | None] = {f"iv{days}": at_horizon(term, days) for days in HORIZONS}
    calls, puts = _wing_terms(priced, ahead)
    call, put, level = at_horizon(calls, _SKEW_DAYS), at_horizon(puts, _SKEW_DAYS), found["iv30"]
    known = call is not None and put is not None
    found["rr25"] = call - put if call is not None and put is not None else None
    found["bf25"] = (call + put) / 2 - level if call is not None and put is not None and level is not None else None
    found["skew25"] = -float(found["rr25"]) / level if known and found["rr25"] is not None and level is not None else None
    long, short = found["iv90"], found["iv30"]
    found["slope"] = long - short if long is not None and short is not None else None
    return {**found, "hv20": hv20, "contracts": int(priced.frame["usable"].sum())}


def _wing_terms(priced: Priced, ahead: pl.DataFrame) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """(days, volatility) of the 25-delta calls and of the puts."""
    days = {(expiry, root): each for expiry, root, each in ahead.select("expiry", "root", "days").iter_rows()}
    usable = priced.frame.filter(pl.col("usable") & pl.col("iv").is_not_null() & (pl.col("years") > 0))
    calls, puts = [], []
    for (expiry, root), group in usable.group_by("expiry", "root"):
        if (expiry, root) not in days:
            continue
        call, put = wings(group)
        calls.append((days[expiry, root], call))
        puts.append((days[expiry, root], put))
    return points(calls), points(puts)


def wings(group: pl.DataFrame, delta: float = _WING) -> tuple[float | None, float | None]:
    """Volatilities where a call and a put of one expiry have this delta; None where usable strikes do not surround it.

    group: usable rows of `Priced.frame` of one expiry and root. The delta is the forward's, undiscounted, N(d1) with
    d1 = -moneyness / (iv sqrt(years)) + iv sqrt(years) / 2, of the contracts out of the money (Clark, "Foreign Exchange Option
    Pricing", 2011, chapter 3); the volatility is linear in delta between the neighbours.
    """
    out = group.filter(pl.when("call").then(pl.col("moneyness") >= 0).otherwise(pl.col("moneyness") <= 0)).sort("strike")
    if out.is_empty():
        return None, None
    moneyness, iv, years, call = (out[name].to_numpy() for name in ("moneyness", "iv", "years", "call"))
    root = iv * np.sqrt(years)
    above = cdf(-moneyness / root + root / 2)
    return _at_delta(above[call], iv[call], delta), _at_delta(1 - above[~call], iv[~call], delta)


def _at_delta(deltas: Numbers, iv: Numbers, wanted: float) -> float | None:
    order = np.argsort(deltas)
    deltas, iv = deltas[order], iv[order]
    after = int(np.searchsorted(deltas, wanted))
    if after < len(deltas) and deltas[after] == wanted:
        return float(iv[after])
    if after in (0, len(deltas)) or deltas[after] - deltas[after - 1] > _WIDEST_DELTAS:
        return None
    weight = (wanted - deltas[after - 1]) / (deltas[after] - deltas[after - 1])
    return float(iv[after - 1] * (1 - weight) + iv[after] * weight)
