"""Plans in sentences: what can be lost and won, where it begins to pay, and why a structure is proposed."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from terminal.domain.format import day as written_day
from terminal.domain.format import money, number, percent

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from terminal.domain.planner.board import Floats
    from terminal.domain.planner.outlook import View
    from terminal.domain.planner.position import Position
    from terminal.domain.planner.ranking import Idea
    from terminal.domain.planner.sizing import Purse, Size
    from terminal.domain.planner.structures import Rules

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
DOLLAR = "USD"


def dollars(value: float, *, sign: bool = False) -> str:
    """Whole dollars; cents below a hundred."""
    return money(value, DOLLAR, 0 if abs(value) >= 100 else 2, sign=sign)


def until(day: date, today: date) -> str:
    """`Friday`, `Friday next week`, or the date."""
    away = (day - today).days
    if 0 < away <= 6:
        return _DAYS[day.weekday()]
    return written_day(day)


def price(value: float) -> str:
    """A price of a share."""
    return money(value, DOLLAR, 2 if abs(value) < 1000 or value != round(value) else 0)


def sentence(one: Position, count: int, today: date, stress: tuple[float, float | None, bool]) -> str:
    """`You can lose at most $180; you make money above $512 by Friday.`"""
    times = max(count, 1)
    loss, at, all_ = stress
    if all_:
        first = f"You can lose at most {dollars(loss * times)}" if loss > 0.5 else "You cannot lose anything"
    elif math.isinf(one.extremes[0]):
        first = f"Your loss has no limit: it is {dollars(loss * times)} if the price goes to {price(at or 0)}"
    else:
        most = dollars(-one.extremes[0] * times)
        first = f"You lose {dollars(loss * times)} if the price goes to {price(at or 0)}, and up to {most} if it goes to nothing"
    return f"{first}; {where(one)} {'on' if one.several else 'by'} {until(one.first.expiry, today)}."


def where(one: Position) -> str:
    """`you make money above $512`, from the break-evens."""
    ends = one.breakevens
    made = [float(each) for each in one.profit(_between(one, ends))]
    if not ends:
        return "you make money wherever the price is" if made[0] > 0 else "you make money nowhere"
    pieces = []
    for place, value in enumerate(made):
        if value <= 0:
            continue
        low, high = ends[place - 1] if place else None, ends[place] if place < len(ends) else None
        if low is None:
            pieces.append(f"below {price(high or 0)}")
        elif high is None:
            pieces.append(f"above {price(low)}")
        else:
            pieces.append(f"between {price(low)} and {price(high)}")
    return "you make money " + " or ".join(pieces)


def _between(one: Position, ends: Sequence[float]) -> Floats:
    import numpy as np

    edges = [0.0, *ends]
    inside = [(left + right) / 2 for left, right in pairwise(edges)]
    return np.array([*inside, (ends[-1] * 1.5) if ends else one.board.spot])


def lies(one: Position, value: float, at: float) -> str:
    """Where an extreme lies: `at $800.00 or above`, `below $775.00`."""
    import numpy as np

    if one.several:
        return f"at {price(at)}"
    bends = np.unique(np.append(one.board.strike[one.rows], 0.0))
    probes = np.append(bends, 4 * max(float(bends[-1]), one.board.spot))
    same = np.flatnonzero(np.abs(one.profit(probes) - value) < 0.005)
    first, last = int(same[0]), int(same[-1])
    if last == len(bends):
        return f"at {price(float(bends[first]))} or above"
    if first == 0 and last > 0:
        return f"at {price(float(bends[last]))} or below"
    low, high = price(float(bends[first])), price(float(bends[last]))
    return f"at {low}" if first == last else f"from {low} to {high}"


def best(one: Position, count: int) -> str:
    """What can be made at most."""
    high = one.extremes[1]
    return "without limit" if math.isinf(high) else dollars(high * max(count, 1))


def paid(one: Position, count: int) -> str:
    """`costs $653` or `pays you $271 now`."""
    cost = one.cost * max(count, 1)
    return f"costs {dollars(cost)}" if cost >= 0 else f"pays you {dollars(-cost)} now"


def ratio(loss: float, gain: float) -> str:
    """`1.2 for each 1 at risk`."""
    return f"{number(gain / loss, 1)} for each 1 at risk" if loss > 0 and math.isfinite(gain) else ""


def away(one: Position) -> str:
    """How far the break-evens are from now."""
    return " / ".join(percent(each / one.board.spot - 1, 1, sign=True) for each in one.breakevens)


def limited(size: Size, purse: Purse) -> str:
    """What limits a size: `risk of $100`."""
    by = {"risk": f"risk of {dollars(purse.risk)}", "buying power": f"account of {dollars(purse.power)}"}
    by["budget"] = f"budget of {dollars(purse.budget or 0)}"
    return f"by {by.get(size.by, size.by)}"


def reasons(idea: Idea, view: View, rules: Rules, today: date) -> tuple[str, ...]:
    """Why it stands where it does: the parts that speak most for it, then what speaks most against it."""
    told = {name: _part(name, idea, view, rules, today) for name in idea.parts}
    order = sorted(idea.parts, key=lambda name: -(idea.parts[name] - 0.5) * idea.weights[name])
    # That its quotes are tight is no reason for a trade; that they are wide is one against it.
    for_it = [told[name] for name in order if name != "liquidity" and idea.parts[name] > 0.5 and told[name]][:2]
    against = [told[name] for name in reversed(order) if idea.parts[name] < 0.5 and told[name]][:1]
    return (*for_it, *against) or (told["chance"],)


def _part(name: str, idea: Idea, view: View, rules: Rules, today: date) -> str:
    one, safe = idea.position, max(idea.risk, 1.0)
    if name == "target":
        at = " or ".join(price(each) for each in view.targets)
        if idea.wanted > 0:
            return (
                f"If you are about right ({at} by {until(view.day, today)}) it makes about {dollars(idea.wanted)}, "
                f"{number(idea.wanted / safe, 1)} times what it risks."
            )
        return f"Even if you are about right ({at}) it loses about {dollars(-idea.wanted)}."
    if name == "chance":
        return f"The market gives it a chance of {percent(idea.chance, 0)} to make money."
    if name == "value":
        if abs(idea.expected) < 0.02 * safe:
            return ""
        better = "better" if idea.expected > 0 else "worse"
        return f"After costs it is {dollars(abs(idea.expected))} {better} than fair at the market's own odds."
    if name == "volatility":
        return _volatility(idea, view, rules)
    if name == "time":
        theta = one.greeks["theta"]
        return f"Each day that passes {'brings' if theta > 0 else 'costs'} about {dollars(abs(theta))}."
    spread = one.natural - one.mid
    return f"Its quotes are {'tight' if idea.parts[name] > 0.5 else 'wide'}: {dollars(spread)} between buying and selling it."


def _volatility(idea: Idea, view: View, rules: Rules) -> str:
    vega = idea.position.greeks["vega"]
    side = "buys" if vega > 0 else "sells"
    if view.volatility:
        return f"It {side} volatility, and you expect it {view.volatility}." if view.volatility != "same" else ""
    if view.rank is None:
        return ""
    if view.rank >= rules.regime["rich"]:
        return f"Options are dear now (rank {percent(view.rank, 0)}) and it {side} them."
    if view.rank <= rules.regime["cheap"]:
        return f"Options are cheap now (rank {percent(view.rank, 0)}) and it {side} them."
    return ""
