"""What each expiry of a chain is priced from: its forward, its rate, and what holding the underlying brings or costs.

The forward is the one calls and puts imply together (`parity`): it holds the dividends and the cost of borrowing that the market
expects, so neither has to be guessed. Where the options are exercised at expiry only, the discount may come from
parity as well (many strikes and a small error); otherwise it is the curve's. Where they may be exercised early, the premium
for that is taken out of the quotes nearest the money first. Without pairs of quotes the forward is that of rate and dividends.

`carry` is the continuous yield that makes the spot grow to the forward. Over a few days a cent between the moments of the two
prices is a yield of many percent, which would distort theta and what early exercise is worth. What is priced with,
`priced_carry`, therefore leans on the known dividends as far as the yield's own error says: prior + w * (carry - prior), w =
0.03^2 / (0.03^2 + error^2); and `priced_spot` is the forward brought back to today by it, so that the forward is kept to the
last digit.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from terminal.domain.options import implied_volatility, price
from terminal.domain.options.parity import implied_forward

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import date, datetime

    from terminal.domain.options.parity import Parity

STRIKES = 16
"""So many strikes nearest the money say the forward when the discount is known."""
_NEAR = 0.25
_LINE = 0.30
_LEAST_LINE = 10
_RATE_ERROR, _RATE_AWAY = 0.002, 0.02
_TYPICAL = 0.03
_ASYNCHRONOUS = 3e-4
_FARTHEST = 0.5
_UNSURE = 0.01
_ROUNDS = 3
_CADENCES = (30.4, 91.3, 182.6, 365.2)

COLUMNS: dict[str, Any] = {
    "expiry": pl.Date, "root": pl.String, "settlement": pl.String, "expires": pl.Datetime("us", "UTC"), "american": pl.Boolean,
    "days": pl.Float64, "years": pl.Float64, "forward": pl.Float64, "rate": pl.Float64, "carry": pl.Float64,
    "forward_from": pl.String, "forward_error": pl.Float64, "rate_from": pl.String, "dividends": pl.Float64,
    "borrow": pl.Float64, "priced_spot": pl.Float64, "priced_carry": pl.Float64,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Payment:
    """A dividend to come: its ex-day and money per share; `declared`, or expected because the last ones were paid regularly."""

    day: date
    amount: float
    declared: bool


@dataclass(frozen=True)
class Market:
    """What is known beside the quotes: the spot, continuous zero rates by years, dividends to come (day and money per share), a
    continuous yield for those not known by day, and the day the chain is of."""

    spot: float
    rate: Callable[[float], float]
    dividends: Sequence[tuple[date, float]]
    dividend: float
    day: date


def forwards(expiries: pl.DataFrame, pairs: pl.DataFrame, market: Market) -> pl.DataFrame:
    """A row an expiry and root with `COLUMNS`.

    `expiries`: group, expiry, root, settlement, expires, american, days, years. `pairs`: group, strike, call, put (mids),
    half_spread (half of both spreads together), sorted by group.
    """
    groups = {int(key[0]): group for key, group in pairs.partition_by("group", as_dict=True).items()}
    rows = [_one(each, groups.get(each["group"]), market) for each in expiries.iter_rows(named=True)]
    _lend(rows, market.spot)
    return pl.DataFrame(rows, schema=COLUMNS, orient="row")


def _lend(rows: list[dict[str, Any]], spot: float) -> None:
    """An expiry without pairs takes the carry between those that have some; beyond the last one, that one's."""
    known = sorted((each["years"], each["priced_carry"]) for each in rows if each["forward_error"] is not None)
    for each in rows:
        if known and each["forward_error"] is None and each["years"] > 0:
            carry = float(np.interp(each["years"], [years for years, _ in known], [carry for _, carry in known]))
            forward = spot * math.exp((each["rate"] - carry) * each["years"])
            each |= {"carry": carry, "priced_carry": carry, "forward": forward, "priced_spot": spot,
                     "forward_from": "carry of other expiries"}  # fmt: skip


def _one(expiry: dict[str, Any], pairs: pl.DataFrame | None, market: Market) -> dict[str, Any]:
    years, american = float(expiry["years"]), bool(expiry["american"])
    level = float(market.rate(max(years, 1 / 365)))
    paid = sum(_discounted(market, expiry["expiry"], level))
    prior = _yield(market.spot, paid, years) + market.dividend
    forward, error, origin, rate_from = None, 0.0, "rate and dividends", "curve"
    if pairs is not None and years > 0:
        found, level, rate_from = _implied(pairs, years, level, prior, american, market.spot)
        if found is not None:
            forward, origin = found.forward, f"parity of {found.strikes} strike{'s' if found.strikes > 1 else ''}"
            error = found.forward_error
    implied = forward is not None
    if forward is None:
        forward = market.spot * math.exp((level - prior) * max(years, 0))
    carry = level - math.log(forward / market.spot) / years if years > 0 else prior
    unsure = (error / forward + _ASYNCHRONOUS) / years if years > 0 else math.inf
    lean = _TYPICAL**2 / (_TYPICAL**2 + unsure**2) if implied else 0.0
    used = prior + lean * (carry - prior)
    return {
        **{name: expiry[name] for name in ("expiry", "root", "settlement", "expires", "american", "days", "years")},
        "forward": forward, "rate": level, "carry": carry, "forward_from": origin, "forward_error": error if implied else None,
        "rate_from": rate_from, "dividends": paid, "borrow": carry - prior if implied and unsure < _TYPICAL else None,
        "priced_spot": forward * math.exp(-(level - used) * max(years, 0)), "priced_carry": used,
    }  # fmt: skip


def _implied(
    pairs: pl.DataFrame, years: float, level: float, prior: float, american: bool, spot: float
) -> tuple[Parity | None, float, str]:
    """What parity says (None: nothing), the rate, and where that is from."""
    strike, call, put, half = (pairs[name].to_numpy() for name in ("strike", "call", "put", "half_spread"))
    near = np.abs(np.log(strike / spot)) < _LINE
    if not american and int(near.sum()) >= _LEAST_LINE:
        line = implied_forward(strike[near], call[near], put[near], half_spread=half[near])
        said = line.rate(years) if line.known else math.nan
        sure = line.known and line.discount_error / line.discount / years < _RATE_ERROR and line.strikes >= _LEAST_LINE
        if sure and abs(said - level) < _RATE_AWAY and _plausible(line, spot, said, prior, years):
            level, origin = said, "parity"
        else:
            origin = "curve"
    else:
        origin = "curve"
    discount = math.exp(-level * years)
    found = implied_forward(strike, call, put, half_spread=half, discount=discount, near=_NEAR, strikes=STRIKES)
    if american and found.known:
        chosen = found.used
        found = _without_early_exercise((strike[chosen], call[chosen], put[chosen], half[chosen]), found, spot, years, level)
    if not found.known:
        return None, level, origin
    # Strikes that agree by chance are no surer than the quotes are narrow.
    least = float(np.median(half)) / (2 * math.sqrt(found.strikes))
    found = replace(found, forward_error=max(found.forward_error, least) if math.isfinite(found.forward_error) else least)
    return (found if _plausible(found, spot, level, prior, years) else None), level, origin


def _without_early_exercise(
    quotes: tuple[np.ndarray, ...], found: Parity, spot: float, years: float, level: float
) -> Parity:
    """The forward at which calls and puts, each freed of what exercising early is worth, agree."""
    strike, call, put, half = quotes
    terms: dict[str, Any] = {"spot": spot, "strike": np.tile(strike, 2), "years": years, "rate": level,
             "call": np.repeat([True, False], len(strike))}  # fmt: skip
    for _ in range(_ROUNDS):
        carry = level - math.log(found.forward / spot) / years
        if abs(carry) > 2:  # hours from expiry: early exercise is worth nothing
            return found
        paid = np.concatenate([call, put])
        volatility = implied_volatility(paid, dividend=carry, american=True, **terms)
        held = price(volatility=volatility, dividend=carry, american=False, **terms)
        new = implied_forward(strike, held[: len(strike)], held[len(strike):], half_spread=half,
                              discount=math.exp(-level * years))  # fmt: skip
        if not new.known:
            return found
        moved, found = abs(new.forward - found.forward), new
        if moved < 1e-6 * spot:
            break
    return found


def _plausible(found: Parity, spot: float, level: float, prior: float, years: float) -> bool:
    """Not farther from rate and dividends than a hard to borrow share could be: half a year's yield, and 5 % of the price.
    And not when the strikes disagree by more than a hundredth."""
    sure = found.forward_error < _UNSURE * found.forward
    return sure and abs(math.log(found.forward / spot) - (level - prior) * years) < 0.05 + _FARTHEST * years


def _discounted(market: Market, expiry: date, level: float) -> Iterable[float]:
    return [amount * math.exp(-level * (day - market.day).days / 365) for day, amount in market.dividends
            if market.day < day <= expiry and amount > 0]  # fmt: skip


def _yield(spot: float, paid: float, years: float) -> float:
    return -math.log1p(-paid / spot) / years if years > 0 and 0 < paid < spot else 0.0


def at_the_money(frame: pl.DataFrame) -> pl.DataFrame:
    """expiry, root, atm_iv: the volatility at the forward, between the two strikes around it, each the mean of its call and put.

    `frame`: the usable rows with their `iv` and `forward`. Unknown where strikes lie on one side of the forward only.
    """
    strikes = frame.drop_nulls("iv").group_by("expiry", "root", "strike").agg(pl.col("iv").mean(), pl.col("forward").first())
    below, above = pl.col("strike") <= pl.col("forward"), pl.col("strike") >= pl.col("forward")
    found = strikes.group_by("expiry", "root").agg(
        pl.col("forward").first(),
        *(each.filter(below).sort_by(pl.col("strike").filter(below)).last().alias(f"{name}_below") for name, each in _levels()),
        *(each.filter(above).sort_by(pl.col("strike").filter(above)).first().alias(f"{name}_above") for name, each in _levels()),
    )
    wide = pl.col("strike_above") - pl.col("strike_below")
    share = pl.when(wide > 0).then((pl.col("forward") - pl.col("strike_below")) / wide).otherwise(0.0)
    level = pl.col("iv_below") + share * (pl.col("iv_above") - pl.col("iv_below"))
    return found.select("expiry", "root", level.alias("atm_iv"))


def _levels() -> tuple[tuple[str, pl.Expr], ...]:
    return (("strike", pl.col("strike")), ("iv", pl.col("iv")))


def moment_of(chain: pl.DataFrame) -> datetime:
    """The newest moment that a chain's rows state."""
    return chain["at"].max()  # type: ignore[return-value]



def expected_dividends(paid: Sequence[tuple[date, float]], today: date, until: date) -> tuple[Payment, ...]:
    """The dividends after `today` up to `until`: those declared, then the last regular one again at its usual distance.

    `paid` are ex-days and amounts, past and declared. Regular is monthly, quarterly, half-yearly or yearly, with a payment in the
    last one and a half distances; amounts of more than twice the median are special and not repeated.
    """
    known = sorted((day, amount) for day, amount in paid if amount > 0 and day > today - timedelta(days=800))
    found = [Payment(day, amount, True) for day, amount in known if today < day <= until]
    middle = float(np.median([amount for _, amount in known])) if known else 0.0
    regular = [(day, amount) for day, amount in known if amount <= 2 * middle]
    if len(regular) < 3:
        return tuple(found)
    gaps = [(after - before).days for (before, _), (after, _) in itertools.pairwise(regular)]
    distance = float(np.median(gaps))
    cadence = min(_CADENCES, key=lambda each: abs(math.log(max(distance, 1) / each)))
    last, amount = regular[-1]
    if abs(distance / cadence - 1) > 0.25 or (today - last).days > 1.5 * cadence:
        return tuple(found)
    for number in itertools.count(1):
        day = last + timedelta(days=round(number * cadence))
        day -= timedelta(days=max(day.weekday() - 4, 0))
        if day > until:
            break
        if day > today:
            found.append(Payment(day, amount, False))
    return tuple(found)
