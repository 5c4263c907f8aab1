"""What figures of risk say in plain sentences, and when one should look at them twice. Pure: numbers in, words out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from terminal.domain import format as written

if TYPE_CHECKING:
    from terminal.domain.risk.grading import Grade

CALM, WATCH, HIGH, UNKNOWN = "calm", "watch", "high", "unknown"
LIMITS = {
    "var": (0.015, 0.03),
    "cvar": (0.02, 0.04),
    "volatility": (0.15, 0.25),
    "beta": (1.0, 1.3),
    "max_drawdown": (0.15, 0.30),
    "largest": (0.10, 0.25),
    "top_five": (0.40, 0.70),
    "days_to_sell": (1.0, 5.0),
    "correlation": (0.35, 0.60),
    "largest_share": (0.20, 0.40),
}
"""Up to the first a figure is calm, above the second high. For `effective` it is the other way round."""
EFFECTIVE = (10.0, 4.0)

QUESTIONS = {
    "var": "What does a bad day cost?",
    "max_drawdown": "How deep did it fall?",
    "volatility": "How much does it swing?",
    "beta": "What if the market falls?",
    "largest_share": "Who brings the risk?",
    "effective": "Is it spread out?",
    "days_to_sell": "How fast can you get out?",
}
"""What a beginner asks, by figure, in the order it is asked."""


def light(name: str, figure: float | None) -> str:
    """calm, watch, high or unknown."""
    if figure is None:
        return UNKNOWN
    if name == "effective":
        return CALM if figure >= EFFECTIVE[0] else WATCH if figure >= EFFECTIVE[1] else HIGH
    if name not in LIMITS:
        return ""
    calm, high = LIMITS[name]
    return CALM if abs(figure) <= calm else WATCH if abs(figure) <= high else HIGH


def often(confidence: float) -> str:
    """How rare the days beyond a confidence are: one day in twenty."""
    words = {0.9: "ten", 0.95: "twenty", 0.975: "forty", 0.99: "a hundred"}
    for known, word in words.items():
        if abs(known - confidence) < 1e-9:
            return f"one day in {word}"
    return f"{written.percent(1.0 - confidence, 1)} of all days"


def spell(days: int) -> str:
    """The horizon."""
    return "day" if days == 1 else f"stretch of {days} days"


def lost(amount: float, share: float | None, currency: str) -> str:
    """An amount of money, with the part of everything that it is."""
    part = "" if share is None else f" ({written.percent(share, 1)})"
    return f"{written.money(amount, currency, 0 if abs(amount) >= 100 else 2)}{part}"


def bad_day(amount: float, share: float | None, confidence: float, horizon: int, currency: str) -> str:
    """What value at risk says."""
    if amount <= 0.0:
        return f"Even on a bad {spell(horizon)} - {often(confidence)} - you would not have lost anything."
    rare = often(confidence).replace("day", "stretch") if horizon > 1 else often(confidence)
    return f"On a bad {spell(horizon)} - {rare} - you would lose about {lost(amount, share, currency)} or more."


def worse_day(amount: float, share: float | None, currency: str) -> str:
    """What expected shortfall says."""
    return f"When it gets that bad, the loss is about {lost(amount, share, currency)} on average."


def _short(share: float) -> str:
    """A part without decimals, unless it is small."""
    return written.percent(share, 0 if abs(share) >= 0.095 else 1)


def swings(volatility: float, market: float | None, symbol: str) -> str:
    """What volatility says, beside the market's."""
    text = f"In two years of three it ends within {_short(volatility)} of its average"
    if market is None or market <= 0.0:
        return text + "."
    times = volatility / market
    beside = "as much as" if 0.95 <= times <= 1.05 else f"{written.number(times, 1)} times as much as"
    return f"{text}: it swings {beside} the market ({symbol})."


def follows(made: float | None, share: float | None, fall: float, symbol: str, currency: str) -> str:
    """What beta says: money that a fall of the market makes."""
    if made is None:
        return ""
    word = "lose" if made <= 0.0 else "gain"
    part = None if share is None else abs(share)
    told = f"For each {written.percent(fall, 0)} that the market ({symbol}) falls"
    return f"{told}, you would {word} about {lost(abs(made), part, currency)}, at unchanged volatility. Deep falls: see What if."


def fell(depth: float, peak: str, trough: str, back: str | None, amount: float | None, currency: str) -> str:
    """What the deepest drawdown says."""
    money = "" if amount is None else f", {written.money(amount, currency, 0)} of what it is worth today"
    end = f"and was back on {back}" if back else "and is not back yet"
    return f"What you hold today fell {written.percent(-depth, 1)}{money}, from {peak} to {trough}, {end}."


def spread(effective: float, count: int) -> str:
    """What concentration says."""
    if count == 1:
        return "Everything is in one position."
    return f"Your {count} positions are spread as if you had {written.number(effective, 1)} of equal size."


def diversified(saved: float, alone: float, currency: str) -> str:
    """What having several things spares."""
    if alone <= 0.0:
        return "The parts alone would lose nothing on such a day."
    return (
        f"Alone the parts would lose {written.money(alone, currency, 0)} on such a day; together "
        f"{written.percent(saved / alone, 0)} less, because they do not all fall at once."
    )


def sold(days: float, symbol: str, share: float) -> str:
    """What liquidity says of the slowest position."""
    if days <= 1.0:
        return f"Everything can be sold within a day without being more than {written.percent(share, 0)} of the trading."
    return (
        f"{symbol} takes longest: about {written.number(days, 1)} days to sell without being more than "
        f"{written.percent(share, 0)} of its trading."
    )


def graded(one: Grade, confidence: float) -> str:
    """What holding value at risk against what happened says."""
    share = one.exceptions / one.days if one.days else 0.0
    seen = f"It was exceeded on {one.exceptions} of {one.days} days ({written.percent(share, 1)}, should be "
    seen += f"{written.percent(1.0 - confidence, 1)})"
    ends = {
        "good": "that fits.",
        "too many": "too often to be chance: it says too little.",
        "too few": "too rarely to be chance: it says too much.",
        "in bunches": "about as often as it should be, but the bad days come one after another.",
        "unknown": "too few days to judge.",
    }
    return f"{seen}: {ends[one.verdict]}"


def styled(style: str, percentile: float | None) -> str | None:
    """What a place among all companies says."""
    if percentile is None:
        return None
    words = {
        "size": ("smaller companies", "larger companies"),
        "value": ("dearer companies", "cheaper companies"),
        "momentum": ("companies that did worse in the last year", "companies that did better in the last year"),
        "volatility": ("calmer companies", "companies that swing more"),
    }[style]
    if 0.4 <= percentile <= 0.6:
        return "About like the average company."
    side = words[1] if percentile > 0.5 else words[0]
    beyond = percentile if percentile > 0.5 else 1.0 - percentile
    return f"You lean to {side}: further than {written.percent(beyond, 0)} of them."


def moves_as_one(mean: float | None, groups: int, largest: str, share: float) -> str:
    """What correlations say."""
    if mean is None:
        return "One thing alone has nothing to move with."
    text = f"Two of the things you own have a correlation of {written.number(mean, 2)} on average (1: always the same way)."
    if groups == 0:
        return text + " None of them move as one."
    return f"{text} {largest} move as one: {written.percent(share, 0)} of what you hold."


def trusted(one: Grade, confidence: float) -> tuple[str, str]:
    """A light and a sentence for whether value at risk was right in the past."""
    state = {"good": CALM, "in bunches": WATCH, "too few": WATCH, "too many": HIGH}.get(one.verdict, UNKNOWN)
    return state, graded(one, confidence)


def brings(symbol: str, share: float, weight: float | None) -> str:
    """Who brings most of the risk."""
    beside = "" if weight is None else f" and is {_short(weight)} of everything"
    return f"{symbol} brings {written.percent(share, 0)} of the risk{beside}."
