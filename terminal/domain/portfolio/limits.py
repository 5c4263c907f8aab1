"""What keeps a rebalancing from reaching its targets, in a sentence each; the one that matters most is named."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from terminal.domain import format as words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from terminal.domain.portfolio.allocation import Slice

WITHIN, ON_TARGET, CASH_OUT, MINIMUM, WHOLE, BUY_ONLY, ALONE, NOTHING, NOT_NAMED = (
    "within the band",
    "on target",
    "cash runs out",
    "minimum trade",
    "whole shares",
    "buy only",
    "left alone",
    "nothing to buy",
    "not in the plan",
)
KINDS = (NOTHING, ALONE, MINIMUM, WHOLE, CASH_OUT, BUY_ONLY, NOT_NAMED, WITHIN, ON_TARGET)
# What is the cause stands before what follows from it.
_LEAST = 0.01


@dataclass(frozen=True, slots=True)
class Limit:
    """One thing that binds: what `kind`, in which class (""; several), how much money short of the goal, and in words."""

    kind: str
    key: str
    money: float
    text: str


def binding(found: Sequence[Limit]) -> Limit:
    """The one that matters most: the greatest sum; of equal ones the first of `KINDS`."""
    if not found:
        return Limit(WITHIN, "", 0.0, "Everything lies within its band: there is nothing to do.")
    sums: dict[str, float] = {}
    for each in found:
        sums[each.kind] = sums.get(each.kind, 0.0) + each.money
    kind = max(sums, key=lambda kind: (round(sums[kind], 2), -KINDS.index(kind)))
    mine = [each for each in found if each.kind == kind]
    return mine[0] if len(mine) == 1 else Limit(kind, "", sums[kind], " ".join(each.text for each in mine))


def limits(
    before: Sequence[Slice],
    after: Sequence[Slice],
    goals: Mapping[str, float],
    obstacles: Mapping[str, str],
    *,
    sells: bool,
    whole: bool,
    prices: Mapping[str, float],
    currency: str = "",
) -> tuple[Limit, ...]:
    """Why classes that were outside their bands are not where they were to come to. `prices`: the dearest share of each."""
    was = {each.key: each for each in before}
    made = []
    for part in after:
        if part.target is None:
            continue
        gap = goals.get(part.key, part.worth) - part.worth
        if was[part.key].state == "within" or abs(gap) < _LEAST or part.key == "cash":
            continue
        money = words.money(abs(gap), currency or None)
        made.append(_limit(part.key, gap, money, obstacles.get(part.key, ""), sells, whole, prices.get(part.key, 0.0)))
    made = _not_named(after, made, sells, currency)
    if not made:
        made.append(Limit(ON_TARGET, "", 0.0, "Every class comes to its target."))
    return tuple(sorted(made, key=lambda each: (-each.money, KINDS.index(each.kind), each.key)))


def _limit(key: str, gap: float, money: str, obstacle: str, sells: bool, whole: bool, price: float) -> Limit:
    if gap < 0 and not sells:
        text = f"Buying alone does not lower {key}: {money} too much stays in it. Allow sales to bring it down."
        return Limit(BUY_ONLY, key, -gap, text)
    if obstacle == NOTHING:
        text = f"Nothing is held in {key} that could be bought: say what with --buy '{key}=SYMBOL'."
        return Limit(NOTHING, key, abs(gap), text)
    if obstacle == ALONE:
        text = f"What is held in {key} (options, short positions, what has no price) is left alone: {money} stay as they are."
        return Limit(ALONE, key, abs(gap), text)
    if obstacle == MINIMUM:
        return Limit(MINIMUM, key, abs(gap), f"The {money} that {key} is off would be a trade below the minimum.")
    if whole and abs(gap) <= price:
        return Limit(WHOLE, key, abs(gap), f"Only whole shares: the {money} that {key} is off is less than one of them.")
    if gap < 0:
        return Limit(ALONE, key, -gap, f"There is no more in {key} that could be sold; {money} too much stay.")
    return Limit(CASH_OUT, key, gap, f"Cash runs out: {money} more would bring {key} to its goal.")


def _not_named(after: Sequence[Slice], found: list[Limit], sells: bool, currency: str) -> list[Limit]:
    """The limits with what is in no target: where sales are allowed, it is that which keeps money from where it lacks."""
    rest = [each for each in after if each.target is None and abs(each.worth) >= _LEAST]
    if not rest:
        return found
    whole = left = sum(each.worth for each in rest)
    made = []
    for each in found:
        part = min(max(0.0, left), each.money) if sells and each.kind == CASH_OUT else 0.0
        left -= part
        if each.money - part >= _LEAST:
            made.append(replace(each, money=each.money - part))
    names = " and ".join(each.key for each in rest)
    verb = "is" if len(rest) == 1 else "are"
    amount = words.money(whole, currency or None)
    text = f"{names[:1].upper()}{names[1:]} ({amount}) {verb} in none of your targets and left alone."
    return [*made, Limit(NOT_NAMED, "", max(0.0, whole - left), text)]
