"""How large a position may be by what is known of it: verdict, state of the market, its sector, how much it swings, and how
much of it is owned already. A rule of thumb told step by step, not advice; every number of it is in `Policy`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from terminal.domain.format import percent

if TYPE_CHECKING:
    from collections.abc import Mapping

_GRAIN = 0.0025


@dataclass(frozen=True, slots=True)
class Policy:
    """The numbers of the rule. `base`: from what to what by verdict; factors by state of the market and strength of the
    sector; above `calm` volatility the range shrinks in proportion, at most to `least`; `sector_most`: of one
    sector in all; `fund`: how many times that of a fund, which spreads its money itself."""

    base: Mapping[str, tuple[float, float]] = field(
        default_factory=lambda: {"Strong Buy": (0.03, 0.06), "Buy": (0.02, 0.04), "Hold": (0.0, 0.02), "Avoid": (0.0, 0.0)}
    )
    unknown: tuple[float, float] = (0.0, 0.01)
    regime: Mapping[str, float] = field(default_factory=lambda: {"risk-on": 1.0, "neutral": 0.8, "risk-off": 0.5})
    regime_unknown: float = 0.75
    leading: float = 1.2
    lagging: float = 0.75
    third: float = 1 / 3
    calm: float = 0.30
    least: float = 0.4
    sector_most: float = 0.25
    fund: float = 5.0


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known; None: not known. `sector_rank` of its sector among all by momentum, 0 the weakest to 1 the strongest;
    `held` and `sector_held` the parts of the capital that the thing and its sector are already, at what they are worth."""

    verdict: str | None
    regime: str | None
    sector: str | None
    sector_rank: float | None
    volatility: float | None
    held: float = 0.0
    sector_held: float = 0.0
    fund: bool = False


@dataclass(frozen=True, slots=True)
class Reason:
    """One step: `what` it looks at, the sentence, and the range after it."""

    what: str
    text: str
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Room:
    """The range for the whole position (`low` to `high`), what may still be bought (`buy_low` to `buy_high`), all fractions
    of the capital, and the steps that lead there, in order."""

    low: float
    high: float
    buy_low: float
    buy_high: float
    reasons: tuple[Reason, ...]

    def said(self) -> str:
        """The range in words: "2-4 %"."""
        return span(self.low, self.high)


def room(seen: Situation, policy: Policy | None = None) -> Room:
    """How large the position may be, and how much of it may still be bought."""
    rule = policy or Policy()
    verdict = seen.verdict if seen.verdict in rule.base else None
    low, high = rule.base[verdict] if verdict else rule.unknown
    told = f"Its verdict is {verdict}" if verdict else "It has no verdict"
    reasons = [Reason("verdict", f"{told}: {span(low, high)} of what you have, to begin with.", low, high)]
    if seen.fund:
        low, high = low * rule.fund, high * rule.fund
        reasons.append(Reason("fund", f"A fund spreads its money over many: {rule.fund:g} times that.", low, high))
    for what, factor, text in (_regime(seen, rule), *(() if seen.fund else (_sector(seen, rule),)), _swings(seen, rule)):
        low, high = low * factor, high * factor
        reasons.append(Reason(what, text if factor == 1 else f"{text} so {percent(factor, 0)} of that.", low, high))
    low, high = _grained(low), _grained(high)
    buy_low, buy_high = max(0.0, low - seen.held), max(0.0, high - seen.held)
    if seen.held > 0:
        what = "which is enough." if seen.held >= high else f"so {span(buy_low, buy_high)} may be added."
        reasons.append(Reason("held", f"{percent(seen.held, 1)} of what you have is in it already, {what}", buy_low, buy_high))
    free = max(0.0, rule.sector_most - seen.sector_held)
    if seen.sector and seen.verdict and free < buy_high:
        buy_low, buy_high = min(buy_low, free), free
        text = f"{seen.sector} is {percent(seen.sector_held, 1)} of what you own, and one sector is at most " \
               f"{percent(rule.sector_most, 0)}: {span(buy_low, buy_high)} may be added."  # fmt: skip
        reasons.append(Reason("sector limit", text, buy_low, buy_high))
    return Room(low, high, buy_low, buy_high, tuple(reasons))


def span(low: float, high: float) -> str:
    """Two fractions as a range in per cent."""
    first, last = (f"{value * 100:.2f}".rstrip("0").rstrip(".") for value in (low, high))
    return f"{last} %" if first == last else f"{first}\u2013{last} %"


def _regime(seen: Situation, rule: Policy) -> tuple[str, float, str]:
    factor = rule.regime.get(seen.regime or "", rule.regime_unknown)
    known = seen.regime if seen.regime in rule.regime else None
    text = f"The market is {known}" if known else "The state of the market is not known"
    return "regime", factor, f"{text}{'.' if factor == 1 else ','}"


def _sector(seen: Situation, rule: Policy) -> tuple[str, float, str]:
    if seen.sector is None or seen.sector_rank is None:
        return "sector", 1.0, "How its sector does is not known."
    if seen.sector_rank >= 1 - rule.third:
        return "sector", rule.leading, f"{seen.sector} is among the strongest third of sectors,"
    if seen.sector_rank <= rule.third:
        return "sector", rule.lagging, f"{seen.sector} is among the weakest third of sectors,"
    return "sector", 1.0, f"{seen.sector} is in the middle of the sectors."


def _swings(seen: Situation, rule: Policy) -> tuple[str, float, str]:
    if seen.volatility is None:
        return "volatility", 1.0, "How much it swings is not known."
    text = f"It swings by {percent(seen.volatility, 0)} a year"
    if seen.volatility <= rule.calm:
        return "volatility", 1.0, f"{text}, no more than usual."
    return "volatility", max(rule.least, rule.calm / seen.volatility), f"{text}, more than {percent(rule.calm, 0)},"


def _grained(value: float) -> float:
    """Down to a quarter of a per cent: a rule of thumb is no more exact."""
    return math.floor(value / _GRAIN + 1e-9) * _GRAIN
