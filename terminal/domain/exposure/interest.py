"""What open interest and volume say without any model: max pain, and puts against calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from terminal.domain.exposure.measures import SHARES

if TYPE_CHECKING:
    from datetime import date

    from terminal.domain.exposure.measures import Exposure

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Ratios:
    """Puts divided by calls: by contracts traded, contracts open, and dollars traded; None where no call was."""

    volume: float | None
    open_interest: float | None
    premium: float | None
    call_volume: float
    put_volume: float
    call_open_interest: float
    put_open_interest: float


def payout(settle: Floats, strikes: Floats, calls: Floats, puts: Floats) -> Floats:
    """Dollars that all who are long are paid together if the price settles at each of `settle`; `strikes` rise.

    `calls` and `puts` are contracts open at each strike. Sums of both sides of each price: no table of all pairs.
    """
    below = np.concatenate([[0.0], np.cumsum(calls)]), np.concatenate([[0.0], np.cumsum(calls * strikes)])
    above = np.concatenate([np.cumsum(puts[::-1])[::-1], [0.0]]), np.concatenate([np.cumsum((puts * strikes)[::-1])[::-1], [0.0]])
    at = np.searchsorted(strikes, settle, side="right")
    return np.asarray(SHARES * (settle * below[0][at] - below[1][at] + above[1][at] - settle * above[0][at]))


def max_pain(found: Exposure) -> pl.DataFrame:
    """Of each expiry and root the settlement at which options pay least: [expiry, root, strike, low, high, payout,
    payout_now, call_open_interest, put_open_interest].

    The payout is convex and bends only at strikes, so a strike is among its lowest points. Where it is flat from `low` to
    `high`, `strike` is the listed one nearest to the price. Null where nothing is open.
    """
    rows = []
    for (expiry, root), group in found.frame.group_by("expiry", "root"):
        sides = group.group_by("strike").agg(
            pl.col("open_interest").filter("call").sum().alias("calls"),
            pl.col("open_interest").filter(~pl.col("call")).sum().alias("puts"),
        ).sort("strike")  # fmt: skip
        strikes, calls, puts = (sides[name].cast(pl.Float64).to_numpy() for name in ("strike", "calls", "puts"))
        open_ = float(calls.sum() + puts.sum())
        paid = payout(strikes, strikes, calls, puts)
        lowest = strikes[paid <= paid.min() + 1e-9 * max(abs(float(paid.min())), 1.0)]
        rows.append({
            "expiry": expiry, "root": root,
            "strike": float(lowest[np.argmin(np.abs(lowest - found.spot))]) if open_ else None,
            "low": float(lowest[0]) if open_ else None, "high": float(lowest[-1]) if open_ else None,
            "payout": float(paid.min()) if open_ else None,
            "payout_now": float(payout(np.array([found.spot]), strikes, calls, puts)[0]) if open_ else None,
            "call_open_interest": float(calls.sum()) if open_ else None,
            "put_open_interest": float(puts.sum()) if open_ else None,
        })  # fmt: skip
    floats = dict.fromkeys(
        ("strike", "low", "high", "payout", "payout_now", "call_open_interest", "put_open_interest"), pl.Float64
    )
    return pl.DataFrame(rows, schema={"expiry": pl.Date, "root": pl.String, **floats}).sort("expiry", "root")


def ratios(found: Exposure, expiry: date | None = None) -> Ratios:
    """Of the whole chain or one expiry. The premium takes each contract's day's volume at its last price (else the middle)."""
    frame = found.frame if expiry is None else found.frame.filter(pl.col("expiry") == expiry)
    dollars = pl.col("volume") * pl.coalesce("last", "mid") * SHARES
    sums = frame.group_by("call").agg(pl.col("volume").sum(), pl.col("open_interest").sum(), dollars.sum().alias("premium"))
    sides = {bool(row["call"]): row for row in sums.to_dicts()}
    nothing = {"volume": 0.0, "open_interest": 0.0, "premium": 0.0}
    calls, puts = sides.get(True, nothing), sides.get(False, nothing)

    def over(name: str) -> float | None:
        return float(puts[name]) / float(calls[name]) if calls[name] else None

    return Ratios(over("volume"), over("open_interest"), over("premium"), float(calls["volume"]), float(puts["volume"]),
                  float(calls["open_interest"]), float(puts["open_interest"]))  # fmt: skip
