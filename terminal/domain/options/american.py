"""American options: may be exercised on any day. What early exercise adds is Kim's integral along the boundary of `boundary`.

In McDonald and Schroder's symmetry a call is a put, so everything here is about puts with a strike of 1. Holding one costs the
interest on the strike and spares the dividends of the share that one would have given away, for as long as the
share is below the boundary B(u):

    premium = integral over u from 0 to T of rate e^(-rate u) N(-d2(u)) - dividend spot e^(-dividend u) N(-d1(u))

with d1, d2 those of a share at spot and a strike of B, u from now (Kim, Review of Financial Studies 3 (1990)). Slopes by the
spot are the integral's own; time's follow from them by the equation of Black and Scholes; those by volatility, rate and
yield are central differences. Dividends are a continuous yield here: see `dividends` for payments on days.

A call on a share without dividends, and a put while money earns nothing, are never exercised early unless the other rate is
negative: they are European. Where both rates are negative and the yield the lower (a put; a call: the higher), exercising is best
between two boundaries, which this does not know: such options are priced by steps through time (`stepping`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from terminal.domain.options import european, machine, stepping
from terminal.domain.options.boundary import SIGHTS, Boundaries, Sights, cdf, rule

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from terminal.domain.options.european import Terms
    from terminal.domain.options.normal import Floats

_CHUNK = 512
_WEIGHT = 4  # so much more work than a European option
# Rates so near to zero count as this: formulas divide by them, and no price notices.
_LEAST_RATE = 1e-7
_ONE_OVER_ROOT_TAU = 0.3989422804014327
_LEVEL, _POINT, _NUDGE = 0.005, 1e-4, 1e-3
_STILL = ("price", "delta", "leverage")
"""What does not vanish where exercising at once is best."""


class Added(NamedTuple):
    """What early exercise adds to a put with a strike of 1, and its first three slopes by the spot; `edge`: the boundary now."""

    edge: Floats
    value: Floats
    delta: Floats
    gamma: Floats
    speed: Floats


def early(terms: Terms) -> np.ndarray:
    """Which of them may be worth exercising before they expire."""
    return np.asarray(with_boundary(terms) | _double(terms))


def with_boundary(terms: Terms) -> np.ndarray:
    """Which of those have a single boundary."""
    pays, spares = _earned(terms)
    earns = (pays > _LEAST_RATE) | ((pays >= -_LEAST_RATE) & (spares < -_LEAST_RATE))
    return np.asarray(earns & (terms.years > 0) & (terms.volatility > 0))


def _double(terms: Terms) -> np.ndarray:
    pays, spares = _earned(terms)
    return np.asarray((pays < -_LEAST_RATE) & (spares < pays) & (terms.years > 0) & (terms.volatility > 0))


def _earned(terms: Terms) -> tuple[Floats, Floats]:
    """What exercising brings a year: on the strike for a put, on the share for a call; and what it forgoes on the other."""
    call = terms.sign > 0
    return np.where(call, terms.dividend, terms.rate), np.where(call, terms.rate, terms.dividend)


def price(terms: Terms) -> Floats:
    """At least the European price, and at least what exercising brings."""
    value = european.price(terms)
    if (chosen := np.flatnonzero(with_boundary(terms))).size:
        value[chosen] = Puts(terms.at(chosen)).price(value[chosen])
    if (chosen := np.flatnonzero(_double(terms))).size:
        value[chosen] = np.maximum(value[chosen], stepping.american(terms.at(chosen)))
    exercised = np.maximum(terms.sign * (terms.spot - terms.strike), 0.0)
    return np.where(np.isfinite(value), np.maximum(value, exercised), np.nan)


def sensitivities(terms: Terms) -> dict[str, Floats]:
    """Price and Greeks of those that are `early`, by the names and in the units of `european.NAMES`."""
    found = {name: np.full(terms.spot.shape, np.nan) for name in european.NAMES}
    for which, of in ((with_boundary(terms), _slopes_by_boundary), (_double(terms), _slopes_by_steps)):
        if (chosen := np.flatnonzero(which)).size:
            for name, value in of(terms.at(chosen)).items():
                found[name][chosen] = value
    return found


class _State(NamedTuple):
    """A price and its slopes by the spot, and where exercising at once is best."""

    value: Floats
    delta: Floats
    gamma: Floats
    speed: Floats
    exercised: np.ndarray


def _slopes_by_boundary(terms: Terms) -> dict[str, Floats]:
    level = np.minimum(_LEVEL, terms.volatility / 4)

    def at(spot: float = 0.0, volatility: int = 0, rate: int = 0, dividend: int = 0) -> _State:
        moved = terms._replace(spot=terms.spot * (1 + spot), volatility=terms.volatility + volatility * level,
                               rate=terms.rate + rate * _POINT, dividend=terms.dividend + dividend * _POINT)  # fmt: skip
        puts = Puts(moved, known.get((rate, dividend)))
        known[rate, dividend] = puts.among
        return puts.state()

    known: dict[tuple[int, int], Boundaries] = {}
    return _slopes(terms, level, at)


def _slopes_by_steps(terms: Terms) -> dict[str, Floats]:
    return by_steps(terms, lambda moved: [one.price(american=True) for one in stepping.each(moved)])


def by_steps(
    terms: Terms, states: Callable[[Terms], list[stepping.Read]], ahead: Floats | float = 0.0, level: Floats | float = _LEVEL
) -> dict[str, Floats]:
    """Greeks of what `states` prices; `ahead` is how much of the spot does not move (payments that are escrowed), `level` how
    far volatility is moved."""
    level = np.minimum(level, terms.volatility / 4)

    def at(spot: float = 0.0, volatility: int = 0, rate: int = 0, dividend: int = 0) -> _State:
        moved = terms._replace(spot=terms.spot * (1 + spot), volatility=terms.volatility + volatility * level,
                               rate=terms.rate + rate * _POINT, dividend=terms.dividend + dividend * _POINT)  # fmt: skip
        value, delta, gamma, speed = np.array(states(moved)).reshape(-1, 4).T
        return _State(value, delta, gamma, speed, np.abs(delta) == 1.0)

    return _slopes(terms, level, at, ahead)


def _slopes(terms: Terms, level: Floats, at: Callable[..., _State], ahead: Floats | float = 0.0) -> dict[str, Floats]:
    """From the price and its slopes by the spot at terms moved a little. What passes is told by the equation
    V_t = rate V - (rate - dividend) S V_S - volatility^2 S^2 V_SS / 2 and its derivatives; of S only what is not `ahead` moves,
    and that itself earns the rate."""
    here, up, down = at(), at(volatility=1), at(volatility=-1)
    spot, rate, net, variance = terms.spot - ahead, terms.rate, terms.rate - terms.dividend, terms.volatility**2
    vega, vanna, zomma = (np.asarray((one - other) / (2 * level)) for one, other in zip(up[:3], down[:3], strict=True))
    carried = net * spot + rate * ahead

    def charm(state: _State, nudge: float = 0.0) -> Floats:
        s = spot + nudge * terms.spot
        bent = (net * s + rate * ahead + variance * s) * state.gamma + variance * s**2 * state.speed / 2
        return np.asarray(terms.dividend * state.delta - bent)

    rates = {side: at(rate=side) for side in (1, -1)}
    crossed = {(side, other): at(rate=side, volatility=other).value for side in (1, -1) for other in (1, -1)}
    yields = {side: at(dividend=side).value for side in (1, -1)}
    vera = crossed[1, 1] - crossed[1, -1] - crossed[-1, 1] + crossed[-1, -1]
    moved = {side: charm(at(spot=side * _NUDGE), side * _NUDGE) for side in (1, -1)}
    made = {
        "price": here.value, "delta": here.delta, "gamma": here.gamma, "vega": vega,
        "theta": rate * here.value - carried * here.delta - variance * spot**2 * here.gamma / 2,
        "rho": (rates[1].value - rates[-1].value) / (2 * _POINT), "vanna": vanna, "charm": charm(here),
        "vomma": (up.value - 2 * here.value + down.value) / level**2, "epsilon": (yields[1] - yields[-1]) / (2 * _POINT),
        "leverage": np.divide(here.delta * terms.spot, here.value, out=np.full(spot.shape, np.nan), where=here.value > 0),
        "veta": rate * vega - carried * vanna - terms.volatility * spot**2 * here.gamma - variance * spot**2 * zomma / 2,
        "vera": vera / (4 * _POINT * level), "speed": here.speed, "zomma": zomma,
        "color": (moved[1] - moved[-1]) / (2 * _NUDGE * terms.spot),
    }  # fmt: skip
    return {name: value if name in _STILL else np.where(here.exercised, 0.0, value) for name, value in made.items()}


class Puts:
    """Options with one boundary as puts with a strike of 1: `spot` over strike for a put, strike over spot for a call."""

    def __init__(self, terms: Terms, among: Boundaries | None = None) -> None:
        self.put = terms.sign < 0
        self.terms = terms
        self.unit = np.where(self.put, terms.strike, terms.spot)
        self.spot = np.where(self.put, terms.spot, terms.strike) / self.unit
        self.rate, self.dividend = _earned(terms)
        self.rate = np.where(np.abs(self.rate) <= _LEAST_RATE, 0.0, self.rate)
        self.among = among or Boundaries(terms.years, self.rate, self.dividend)

    def seen(self) -> Sights:
        """The boundary as each sees it."""
        volatility = self.terms.volatility
        if self.among.few(volatility):
            return self.among.exactly(volatility)
        return self.among.at(volatility, np.arange(len(volatility)))

    def price(self, held: Floats) -> Floats:
        """`held` is what the European ones are worth."""
        return self._value(slice(None), self.terms.volatility, held, self.seen())

    def at(self, chosen: np.ndarray, volatility: Floats) -> Floats:
        """The chosen ones (by index) at another volatility, by interpolation between boundaries."""
        held = european.price(self.terms.at(chosen)._replace(volatility=volatility))
        return self._value(chosen, volatility, held, self.among.at(volatility, chosen))

    def _value(self, chosen: Any, volatility: Floats, held: Floats, seen: Sights) -> Floats:
        m, years, rate, dividend, unit = (
            each[chosen] for each in (self.spot, self.terms.years, self.rate, self.dividend, self.unit)
        )
        added = premium(m, years, volatility, rate, dividend, seen)
        return np.asarray(np.where(m <= added.edge, (1 - m) * unit, held + np.maximum(added.value * unit, 0.0)))

    def state(self) -> _State:
        """Price and slopes by the spot in money: a call is worth spot times a put whose own spot is strike over spot."""
        terms, seen, m = self.terms, self.seen(), self.spot
        held = european.sensitivities(terms)
        more = premium(m, terms.years, terms.volatility, self.rate, self.dividend, seen, slopes=True)
        put, spot = self.put, terms.spot
        delta = np.where(put, more.delta, more.value - m * more.delta)
        gamma = np.where(put, more.gamma / terms.strike, m * m * more.gamma / spot)
        speed = np.where(put, more.speed / terms.strike**2, -m * m * (3 * more.gamma + m * more.speed) / spot**2)
        exercised = m <= more.edge
        return _State(
            np.where(exercised, (1 - m) * self.unit, held["price"] + more.value * self.unit),
            np.where(exercised, terms.sign, held["delta"] + delta),
            np.where(exercised, 0.0, held["gamma"] + gamma), np.where(exercised, 0.0, held["speed"] + speed), exercised,
        )  # fmt: skip


def premium(
    spot: Floats, years: Floats, volatility: Floats, rate: Floats, dividend: Floats, seen: Sights, *, slopes: bool = False
) -> Added:
    """The integral, in strikes. Without `slopes` these are zero."""
    found, given = np.zeros((4, len(spot))), (spot, years, volatility, rate, dividend)
    if (made := machine.kernels(_WEIGHT * len(spot))) is not None:
        edge = machine.premiums(made, seen, given, found[: 4 if slopes else 1])
        return Added(np.exp(edge), *found)
    edge = np.empty(len(spot))
    with np.errstate(all="ignore"):
        for start in range(0, len(spot), _CHUNK):
            part = slice(start, start + _CHUNK)
            levels = Sights(seen.curves, seen.rows[part], seen.shares[part]).all()
            _premium([each[part, None] for each in given], levels[:, :SIGHTS], found[: 4 if slopes else 1, part])
            edge[part] = np.exp(levels[:, -1])
    return Added(edge, *found)


def _premium(given: Sequence[Floats], seen: Floats, out: Floats) -> None:
    spot, years, volatility, rate, dividend = given
    used = rule(SIGHTS)
    away, weight = years * used.sine**2, years * used.weight
    s = volatility * np.sqrt(years) * used.sine
    middle = (np.log(spot) - seen + (rate - dividend) * away) / s
    later, yielded = np.exp(-rate * away) * weight, np.exp(-dividend * away) * weight
    below = cdf(-middle - s / 2)
    out[0] = (rate * later * cdf(s / 2 - middle) - dividend * spot * yielded * below).sum(1)
    if len(out) == 1:
        return
    d2 = middle - s / 2
    density = later * _ONE_OVER_ROOT_TAU * np.exp(-0.5 * d2 * d2) / s
    level = np.exp(seen)
    gain, share = (rate - dividend * level) * density, dividend * level * density
    down, spot = d2 / s, spot[:, 0]
    out[1] = -gain.sum(1) / spot - (dividend * yielded * below).sum(1)
    out[2] = (gain * (1 + down) + share).sum(1) / spot**2
    # Each derivative by ln(spot) of the density brings a factor of -d2 / s, and of that factor itself 1 / s^2.
    out[3] = -((gain * (1 + down) + share) * (2 + down) - gain / s**2).sum(1) / spot**3
