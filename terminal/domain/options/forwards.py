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

    import numpy.typing as npt

    from terminal.domain.options.parity import Parity

    Floats = npt.NDArray[np.float64]

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
_ROUNDS, _SETTLED = 4, 1e-6
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
    asked = [_asked(each, groups.get(each["group"]), market) for each in expiries.iter_rows(named=True)]
    _without_early_exercise([each for each in asked if each.american and each.parity is not None], market.spot)
    rows = [_row(each, market) for each in asked]
    _lend(rows, market.spot)
    return pl.DataFrame(rows, schema=COLUMNS, orient="row")


@dataclass
class _Asked:
    """An expiry while its forward is looked for: `quotes` are strike, call, put and half spread near the money."""

    expiry: dict[str, Any]
    years: float
    american: bool
    paid: float
    prior: float
    level: float
    rate_from: str = "curve"
    parity: Parity | None = None
    quotes: tuple[Floats, ...] = ()


def _asked(expiry: dict[str, Any], pairs: pl.DataFrame | None, market: Market) -> _Asked:
    years, american = float(expiry["years"]), bool(expiry["american"])
    level = float(market.rate(max(years, 1 / 365)))
    paid = sum(_discounted(market, expiry["expiry"], level))
    made = _Asked(expiry, years, american, paid, _yield(market.spot, paid, years) + market.dividend, level)
    if pairs is not None and years > 0:
        strike, call, put, half = (pairs[name].to_numpy() for name in ("strike", "call", "put", "half_spread"))
        if not american:
            _rate(made, strike, call, put, half, market.spot)
        found = implied_forward(strike, call, put, half_spread=half, discount=math.exp(-made.level * years), near=_NEAR,
                                strikes=STRIKES)  # fmt: skip
        if found.known:
            made.parity, made.quotes = found, tuple(each[found.used] for each in (strike, call, put, half))
    return made


def _rate(made: _Asked, strike: Floats, call: Floats, put: Floats, half: Floats, spot: float) -> None:
    """The rate that parity implies where many strikes agree on it, and it is not far from the curve's."""
    near = np.abs(np.log(strike / spot)) < _LINE
    if int(near.sum()) < _LEAST_LINE:
        return
    line = implied_forward(strike[near], call[near], put[near], half_spread=half[near])
    if not line.known or line.strikes < _LEAST_LINE:
        return
    said = line.rate(made.years)
    sure = line.discount_error / line.discount / made.years < _RATE_ERROR
    if sure and abs(said - made.level) < _RATE_AWAY and _plausible(line, spot, said, made.prior, made.years):
        made.level, made.rate_from = said, "parity"


def _row(made: _Asked, market: Market) -> dict[str, Any]:
    years, level, prior, found = made.years, made.level, made.prior, made.parity
    error = 0.0
    if found is not None:
        # Strikes that agree by chance are no surer than the quotes are narrow.
        least = float(np.median(made.quotes[3])) / (2 * math.sqrt(found.strikes))
        error = max(found.forward_error, least) if math.isfinite(found.forward_error) else least
        if not _plausible(replace(found, forward_error=error), market.spot, level, prior, years):
            found = None
    forward = found.forward if found is not None else market.spot * math.exp((level - prior) * max(years, 0))
    origin = "rate and dividends" if found is None else f"parity of {found.strikes} strike{'s' if found.strikes > 1 else ''}"
    carry = level - math.log(forward / market.spot) / years if years > 0 else prior
    unsure = (error / forward + _ASYNCHRONOUS) / years if years > 0 else math.inf
    lean = _TYPICAL**2 / (_TYPICAL**2 + unsure**2) if found is not None else 0.0
    used = prior + lean * (carry - prior)
    return {
        **{name: made.expiry[name] for name in ("expiry", "root", "settlement", "expires", "american", "days", "years")},
        "forward": forward, "rate": level, "carry": carry, "forward_from": origin,
        "forward_error": None if found is None else error, "rate_from": made.rate_from, "dividends": made.paid,
        "borrow": carry - prior if found is not None and unsure < _TYPICAL else None,
        "priced_spot": forward * math.exp(-(level - used) * max(years, 0)), "priced_carry": used,
    }  # fmt: skip


def _without_early_exercise(asked: list[_Asked], spot: float) -> None:
    """The forwards at which calls and puts, each freed of what exercising early is worth, agree.

    That is worked out near the money, all expiries at once.
    """
    for _ in range(_ROUNDS if asked else 0):
        sizes = [len(each.quotes[0]) for each in asked]
        strike, call, put = (np.concatenate([each.quotes[n] for each in asked]) for n in range(3))
        carries = [each.level - math.log(each.parity.forward / spot) / each.years for each in asked]  # type: ignore[union-attr]
        # Hours from expiry a cent is a yield of hundreds of percent; exercising early is worth nothing then.
        known = {"years": [each.years for each in asked], "rate": [each.level for each in asked],
                 "dividend": [min(max(carry, -1.0), 1.0) for carry in carries]}  # fmt: skip
        one = {name: np.repeat(np.array(values), sizes) for name, values in known.items()}
        terms: dict[str, Any] = {name: np.tile(values, 2) for name, values in one.items()}
        terms |= {"spot": spot, "strike": np.tile(strike, 2), "call": np.repeat([True, False], len(strike))}
        seen = implied_volatility(np.concatenate([call, put]), **terms).reshape(2, -1)
        # The side out of the money has next to nothing to exercise early: its volatility is that of both.
        forward = np.repeat([each.parity.forward for each in asked], sizes)  # type: ignore[union-attr]
        level = np.where(strike >= forward, seen[0], seen[1])
        terms["volatility"] = np.tile(np.where(np.isnan(level), np.fmin(seen[0], seen[1]), level), 2)
        early = np.where(terms["call"], terms["dividend"], terms["rate"]) > 0
        premium = np.nan_to_num(price(american=early, **terms) - price(**terms)).reshape(2, -1)
        moved = 0.0
        for each, late in zip(asked, np.split(premium, np.cumsum(sizes)[:-1], axis=1), strict=True):
            new = implied_forward(each.quotes[0], each.quotes[1] - late[0], each.quotes[2] - late[1], half_spread=each.quotes[3],
                                  discount=math.exp(-each.level * each.years))  # fmt: skip
            if new.known:
                moved = max(moved, abs(new.forward - each.parity.forward))  # type: ignore[union-attr]
                each.parity = new
        if moved < _SETTLED * spot:
            break


def _lend(rows: list[dict[str, Any]], spot: float) -> None:
    """An expiry without pairs takes the carry between those that have some; beyond the last one, that one's."""
    known = sorted((each["years"], each["priced_carry"]) for each in rows if each["forward_error"] is not None)
    for each in rows:
        if known and each["forward_error"] is None and each["years"] > 0:
            carry = float(np.interp(each["years"], [years for years, _ in known], [carry for _, carry in known]))
            forward = spot * math.exp((each["rate"] - carry) * each["years"])
            each |= {"carry": carry, "priced_carry": carry, "forward": forward, "priced_spot": spot,
                     "forward_from": "carry of other expiries"}  # fmt: skip


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
