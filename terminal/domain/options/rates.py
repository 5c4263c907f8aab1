"""The curve of risk-free rates: continuous zero rates from the Treasury's par yields. Pure.

The Treasury states for each constant maturity the yield of a bond at par, in per cent a year, coupons twice a year (H.15,
FRED series DGS1MO to DGS30). Up to half a year there is one payment, so a unit grows to 1 + y t and the continuous rate is
ln(1 + y t) / t. Beyond, discount factors d follow one after another from what a bond at par says (bootstrapping):
1 = y/2 (d(0.5) + ... + d(T)) + d(T), the yields of the half years between two stated ones taken on a straight line. Between
maturities the zero rate is on a straight line too, before the first and after the last it stays.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import polars as pl

# FRED's names and their years. The first five are asked for; longer ones are used where they are stored.
SERIES: Mapping[str, float] = {"DGS1MO": 1 / 12, "DGS3MO": 0.25, "DGS6MO": 0.5, "DGS1": 1.0, "DGS2": 2.0}
LONGER: Mapping[str, float] = {"DGS3": 3.0, "DGS5": 5.0, "DGS7": 7.0, "DGS10": 10.0, "DGS20": 20.0, "DGS30": 30.0}
# A yield that is older than the newest one by more than this is not of the same curve.
TOGETHER = timedelta(days=7)
ASSUMED = 0.04
_HALF = 0.5


@dataclass(frozen=True, slots=True)
class Curve:
    """Continuous zero rates a year (fractions) at some maturities in years, rising; `source` says in words where they are from.

    `day`: the day they speak about; None for an assumption.
    """

    years: tuple[float, ...]
    rates: tuple[float, ...]
    source: str
    day: date | None = None

    def __post_init__(self) -> None:
        if not self.years or len(self.years) != len(self.rates):
            raise ValueError("a curve needs as many rates as maturities, and at least one")
        if any(later <= earlier for earlier, later in zip(self.years, self.years[1:], strict=False)) or self.years[0] <= 0:
            raise ValueError("maturities must rise and be above zero")
        if not all(map(math.isfinite, (*self.years, *self.rates))):
            raise ValueError("rates and maturities must be numbers")

    def __call__(self, years: float) -> float:
        """The rate for a time in years; that of the shortest maturity for what is shorter, or has passed."""
        place = bisect_right(self.years, years)
        if place == 0 or math.isnan(years):
            return self.rates[0]
        if place == len(self.years):
            return self.rates[-1]
        before, after = self.years[place - 1], self.years[place]
        share = (years - before) / (after - before)
        return self.rates[place - 1] + share * (self.rates[place] - self.rates[place - 1])

    def discount(self, years: float) -> float:
        """What one unit at that time is worth now; 1 for what is due."""
        return math.exp(-self(years) * years) if years > 0 else 1.0


def flat(rate: float, source: str) -> Curve:
    """One rate for every maturity."""
    return Curve((1.0,), (rate,), source)


def from_par(yields: Mapping[float, float], source: str, day: date | None = None) -> Curve:
    """The curve of par yields: years to per cent a year. Raises ValueError when there is none that can be one.

    A yield so low that a unit would shrink to nothing says nothing, and neither does one that is no number.
    """
    usable = {years: value for years, value in sorted(yields.items()) if math.isfinite(value) and value > -100 and years > 0}
    stated = {years: value / 100 for years, value in usable.items()}
    known: dict[float, float] = {}
    for years, value in stated.items():
        if years <= _HALF and 1 + value * years > 0:
            known[years] = math.log1p(value * years) / years
    known.update(_bootstrapped({years: value for years, value in stated.items() if years >= _HALF}, known))
    if not known:
        raise ValueError("no par yield is known")
    maturities = tuple(sorted(known))
    return Curve(maturities, tuple(known[years] for years in maturities), source, day)


def from_macro(macro: pl.DataFrame, assumed: float = ASSUMED) -> Curve:
    """The curve of stored MACRO rows as they were known (the newest publication of each day alone).

    Without any Treasury yield among them it is flat at `assumed`, and its source says so.
    """
    import polars as pl

    wanted = {**SERIES, **LONGER}
    rows = macro.filter(pl.col("series").is_in(list(wanted))).drop_nulls("value")
    newest = rows.sort("date", "published_on").group_by("series").last() if "published_on" in rows.columns else (
        rows.sort("date").group_by("series").last())  # fmt: skip
    day: date | None = newest["date"].max() if newest.height else None  # type: ignore[assignment]
    if day is None:
        return flat(assumed, f"no Treasury yields are stored, so {assumed:.1%} a year is assumed")
    together = newest.filter(pl.col("date") >= day - TOGETHER)
    yields = {wanted[name]: float(value) for name, value in together.select("series", "value").iter_rows()}
    count = f"{len(yields)} maturities" if len(yields) > 1 else "one maturity"
    try:
        return from_par(yields, f"Treasury par yields of {day:%Y-%m-%d}, {count}", day)
    except ValueError:
        return flat(assumed, f"the stored Treasury yields are no numbers, so {assumed:.1%} a year is assumed")


def _bootstrapped(par: Mapping[float, float], known: Mapping[float, float]) -> dict[float, float]:
    """Zero rates at the stated maturities of half a year and more."""
    found: dict[float, float] = {}
    if not par or max(par) < 1:
        return found
    stated = sorted(par)
    factors: list[float] = []
    for step in range(1, round(max(stated) / _HALF) + 1):
        years = step * _HALF
        if years == _HALF and _HALF not in par:
            # No yield of half a year: the factor is what shorter maturities, or the first longer one, say.
            shorter = max((each for each in known if each <= _HALF), default=None)
            factor = math.exp(-known[shorter] * _HALF) if shorter is not None else 1 / (1 + par[stated[0]] / 2)
        else:
            coupon = _between(stated, par, years) / 2
            factor = (1 - coupon * sum(factors)) / (1 + coupon)
        if factor <= 0:
            break  # coupons alone are worth more than the bond: no rates fit these yields
        factors.append(factor)
        if years in par and years > _HALF:
            found[years] = -math.log(factor) / years
    return found


def _between(stated: list[float], par: Mapping[float, float], years: float) -> float:
    """The par yield on the straight line between the stated maturities around, or of the nearest one."""
    place = bisect_right(stated, years)
    if place == 0:
        return par[stated[0]]
    if place == len(stated) or stated[place - 1] == years:
        return par[stated[place - 1]]
    before, after = stated[place - 1], stated[place]
    return par[before] + (years - before) / (after - before) * (par[after] - par[before])
