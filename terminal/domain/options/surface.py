"""The volatility surface of a priced chain: a smile for each expiry, its curve, and whether the curves leave free money. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from terminal.domain.options import svi
from terminal.domain.volatility.maturities import at_horizon, points
from terminal.domain.volatility.measures import measure, wings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date, datetime

    import numpy.typing as npt

    from terminal.domain.options.pricing import Priced

    Floats = npt.NDArray[np.float64]

# A quote's own uncertainty of volatility is at least this (a tenth of a point), and at least a quarter of the expiry's usual one.
_FINEST, _FINEST_SHARE = 0.001, 0.25
# Half the width of the quoted strikes is how far a curve is believed beyond them, on either side.
REACH = 0.5
_CHECKED = 401
_CENT = 1e-7


@dataclass(frozen=True)
class Smile:
    """The volatilities of one expiry and root.

    `quotes`: strike, moneyness, call, iv, iv_bid, iv_ask, uncertain (of iv, one spread's half), and with a curve `curve_iv`,
    `residual` = iv - curve_iv, one row a strike: the contract out of the money, or the other one near the money where that one
    cannot be used. Without a curve `reason` says why. `error` is the root mean square residual weighted as fitted, `inside` the
    share of quotes whose bid and ask the curve lies between; `forced`: see `svi.Fit`. `density` is the least of Durrleman's g
    over the strikes quoted and half their width beyond, at the strike `density_at`: below zero a butterfly costs less than
    nothing. `calendar` is the least of (w - w of the expiry before) / the latter over strikes both quote, at `calendar_at`:
    below zero a calendar spread does. `atm` and the 25-delta figures are those of the quotes (`measures.wings`), None where
    these do not surround them.
    """

    expiry: date
    root: str
    expires: datetime
    days: float
    years: float
    forward: float
    quotes: pl.DataFrame
    curve: svi.Svi | None
    forced: bool
    reason: str
    error: float | None
    inside: float | None
    density: float | None
    density_at: float | None
    calendar: float | None
    calendar_at: float | None
    atm: float | None
    call25: float | None
    put25: float | None

    @property
    def butterfly_free(self) -> bool | None:
        """Whether no butterfly costs less than nothing; None without a curve."""
        return None if self.density is None else self.density >= -_CENT

    @property
    def calendar_free(self) -> bool | None:
        """Whether it nowhere has less total variance than the expiry before; None where the two cannot be compared."""
        return None if self.calendar is None else self.calendar >= -_CENT

    @property
    def rr25(self) -> float | None:
        """Risk reversal: the 25-delta call's volatility less the put's."""
        return None if self.call25 is None or self.put25 is None else self.call25 - self.put25

    @property
    def bf25(self) -> float | None:
        """Butterfly: the mean of the two less the volatility at the forward."""
        if self.call25 is None or self.put25 is None or self.atm is None:
            return None
        return (self.call25 + self.put25) / 2 - self.atm

    @property
    def skew25(self) -> float | None:
        """(put - call) / at the forward."""
        return None if self.rr25 is None or self.atm is None else -self.rr25 / self.atm

    @property
    def reach(self) -> tuple[float, float]:
        """Between which moneyness the smile is believed."""
        if self.quotes.is_empty():
            return 0.0, 0.0
        low, high = float(self.quotes["moneyness"][0]), float(self.quotes["moneyness"][-1])
        more = REACH * (high - low) if self.curve is not None else 0.0
        return low - more, high + more

    def iv(self, moneyness: Floats) -> Floats:
        """Volatilities at ln(strike / forward): of the curve, else linear between the quotes; NaN beyond `reach`."""
        k = np.asarray(moneyness, dtype=np.float64)
        low, high = self.reach
        if self.curve is not None:
            found = np.sqrt(np.maximum(self.curve.variance(k), 0.0) / self.years)
        elif self.quotes.height >= 2:
            found = np.interp(k, self.quotes["moneyness"].to_numpy(), self.quotes["iv"].to_numpy())
        else:
            return np.full(k.shape, np.nan)
        return np.where((k >= low - 1e-12) & (k <= high + 1e-12), found, np.nan)


@dataclass(frozen=True)
class Surface:
    """Every smile of a symbol at one moment, the next to expire first. `measured`: see `volatility.measure`."""

    symbol: str
    at: datetime
    spot: float
    smiles: tuple[Smile, ...]
    measured: dict[str, float | int | None]

    def iv_at(self, strike: float, years: float) -> float | None:
        """The volatility of a strike at a time to expiry: linear in total variance at the same moneyness between two expiries.

        Before the first and after the last expiry, and between expiries far apart, the limits of `maturities.at_horizon`; beyond
        the strikes those of `Smile.reach`. None outside.
        """
        if strike <= 0 or years <= 0 or not self.smiles:
            return None
        k = math.log(strike / self.forward_at(years))
        return at_horizon(points((smile.days, _known(smile.iv(np.array([k]))[0])) for smile in self.smiles), years * 365)

    def forward_at(self, years: float) -> float:
        """The forward at a time: its logarithm is linear in time between the price now and the expiries."""
        times = [0.0, *(smile.years for smile in self.smiles)]
        logs = [math.log(self.spot), *(math.log(smile.forward) for smile in self.smiles)]
        return math.exp(float(np.interp(years, times, logs)))

    def at_the_money(self, days: float) -> float | None:
        """The volatility at the forward of a constant maturity in days (limits: `maturities.at_horizon`)."""
        return at_horizon(points((smile.days, smile.atm) for smile in self.smiles), days)

    def grid(self, moneyness: Sequence[float]) -> Floats:
        """A row for each smile: its volatilities at these strike / forward - 1, NaN beyond its reach."""
        k = np.log1p(np.asarray(moneyness, dtype=np.float64))
        return np.array([smile.iv(k) for smile in self.smiles]).reshape(len(self.smiles), len(k))


def smiles(priced: Priced) -> Surface:
    """A smile for every expiry that has not passed and has a usable quote."""
    usable = priced.frame.filter(pl.col("usable") & pl.col("iv").is_not_null() & (pl.col("years") > 0))
    groups = dict(usable.group_by("expiry", "root"))
    found: list[Smile] = []
    for terms in priced.expiries.filter(pl.col("years") > 0).sort("expires", "root").iter_rows(named=True):
        group = groups.get((terms["expiry"], terms["root"]))
        if group is not None:
            found.append(_smile(group, terms, next((each for each in reversed(found) if each.curve is not None), None)))
    return Surface(priced.symbol, priced.at, priced.spot, tuple(found), measure(priced))


def _smile(group: pl.DataFrame, terms: Mapping[str, Any], before: Smile | None) -> Smile:
    years, forward = float(terms["years"]), float(terms["forward"])
    quotes = _quotes(group, terms["atm_iv"])
    k, iv = quotes["moneyness"].to_numpy(), quotes["iv"].to_numpy()
    fitted = svi.fit(k, iv**2 * years, 1 / (2 * iv * years * quotes["uncertain"].to_numpy()), reach=REACH)
    curve = fitted.curve if fitted is not None else None
    reason = "" if curve is not None else f"a curve needs {svi.LEAST} strikes, {quotes.height} can be used"
    error = inside = density = density_at = calendar = calendar_at = None
    if curve is not None:
        quotes = quotes.with_columns(pl.Series("curve_iv", np.sqrt(curve.variance(k) / years)))
        quotes = quotes.with_columns((pl.col("iv") - pl.col("curve_iv")).alias("residual"))
        error, inside = _closeness(quotes)
        low, high = float(k[0]), float(k[-1])
        more = REACH * (high - low)
        density, density_at = _least(curve.density, low - more, high + more, forward)
        if before is not None and before.curve is not None:
            earlier = before.curve
            low, high = max(low, before.quotes["moneyness"][0]), min(high, before.quotes["moneyness"][-1])
            if low < high:
                calendar, calendar_at = _least(lambda at: curve.variance(at) / earlier.variance(at) - 1, low, high, forward)
    call25, put25 = wings(group)
    return Smile(
        expiry=terms["expiry"], root=terms["root"], expires=terms["expires"], days=terms["days"], years=years, forward=forward,
        quotes=quotes, curve=curve, forced=fitted is not None and fitted.forced, reason=reason, error=error, inside=inside,
        density=density, density_at=density_at, calendar=calendar, calendar_at=calendar_at, atm=terms["atm_iv"], call25=call25,
        put25=put25,
    )  # fmt: skip


def _quotes(group: pl.DataFrame, level: float | None) -> pl.DataFrame:
    """One row a strike, in order. In the money only within one standard deviation: beyond it a stale quote says anything."""
    out = pl.when("call").then(pl.col("moneyness") >= 0).otherwise(pl.col("moneyness") <= 0)
    near = pl.col("moneyness").abs() <= (pl.lit(level) if level is not None else pl.col("iv").median()) * pl.col("years").sqrt()
    half = (pl.col("iv_ask") - pl.col("iv_bid")) / 2
    by_vega = (pl.col("ask") - pl.col("bid")) / 2 / pl.col("vega")
    kept = (
        group.with_columns(out.alias("_out"), pl.coalesce(half, by_vega).alias("uncertain"))
        .filter(pl.col("_out") | near)
        .sort("strike", "_out", descending=[False, True])
        .unique("strike", keep="first", maintain_order=True)
    )
    known = pl.col("uncertain").is_finite() & (pl.col("uncertain") > 0)
    usual = kept.filter(known)["uncertain"].median() or _FINEST
    floor = max(_FINEST, _FINEST_SHARE * float(usual))  # type: ignore[arg-type]
    sure = pl.when(known).then("uncertain").otherwise(usual)
    return kept.select("strike", "moneyness", "call", "iv", "iv_bid", "iv_ask", sure.clip(lower_bound=floor).alias("uncertain"))


def _closeness(quotes: pl.DataFrame) -> tuple[float, float | None]:
    """The weighted root mean square residual, and the share of quotes whose bid and ask the curve lies between."""
    weights = 1 / quotes["uncertain"].to_numpy() ** 2
    error = math.sqrt(float(np.average(quotes["residual"].to_numpy() ** 2, weights=weights)))
    both = quotes.drop_nulls(["iv_bid", "iv_ask"])
    within = both.select(pl.col("curve_iv").is_between("iv_bid", "iv_ask").mean()).item() if both.height else None
    return error, within


def _least(of: Callable[[Floats], Floats], low: float, high: float, forward: float) -> tuple[float, float]:
    """The smallest value of a function of moneyness over a range, and the strike it is at."""
    at = np.linspace(low, high, _CHECKED)
    values = of(at)
    place = int(np.argmin(values))
    return float(values[place]), forward * math.exp(float(at[place]))


def _known(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
