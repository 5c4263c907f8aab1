"""Actual against target: how much of everything lies in each class, how much should, and what the difference is.

A set of targets is a plan for all that is owned, cash included: its weights come to 100 %. Each has a band, the room within
which nothing needs to be done. What is held and not named in the plan has no target: it is shown, and left alone.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

CASH = "cash"
UNKNOWN = "not known"
UNTAGGED = "untagged"
TAXONOMIES = ("asset_class", "sector", "region", "currency", "tag", "symbol")
EXACT = 1e-6
_CENT = 0.005
_WEIGHT = re.compile(r"\s*(?P<key>[^=]+?)\s*=\s*(?P<weight>[\d.,]+)\s*%?\s*(?::\s*(?P<band>[\d.,]+)\s*%?\s*)?")


@dataclass(frozen=True, slots=True)
class Target:
    """What a class should weigh: fractions; within `weight` ± `band` nothing needs to be done."""

    key: str
    weight: float
    band: float

    @property
    def low(self) -> float:
        """The lower end of the band, never below nothing."""
        return max(0.0, self.weight - self.band)

    @property
    def high(self) -> float:
        """The upper end of the band, never above everything."""
        return min(1.0, self.weight + self.band)

    def holds(self, weight: float) -> bool:
        """Whether a weight lies within the band."""
        return self.low - EXACT <= weight <= self.high + EXACT


@dataclass(frozen=True, slots=True)
class Slice:
    """One class: its worth, weight, target and the drift from it.

    `drift` is weight less target, in fractions of the whole (percentage points / 100); `money` the same in money. `state`:
    "within" its band, "above", "below", or "no target".
    """

    key: str
    worth: float
    weight: float
    target: Target | None
    drift: float | None
    money: float | None
    state: str
    members: tuple[str, ...] = ()


def parse_targets(texts: Iterable[str], *, band: float, relative: float | None = None) -> tuple[Target, ...]:
    """Targets as they are typed: `stocks=60`, or `stocks=60:3` with a band of its own, in per cent.

    `band`: points of the whole to either side; `relative`: per cent of the target itself, and the narrower one counts (the
    5/25 rule of W. Bernstein). Raises ValueError with a sentence for what is no target or does not come to 100 %.
    """
    found = []
    for text in texts:
        match = _WEIGHT.fullmatch(text)
        if match is None:
            raise ValueError(f"'{text}' is not a target such as stocks=60, or stocks=60:5 with its own band")
        weight = _number(match["weight"], text)
        room = _number(match["band"], text) if match["band"] else _room(weight, band, relative)
        found.append(Target(cash_key(match["key"]), weight / 100, room / 100))
    check(found)
    return tuple(found)


def check(targets: Sequence[Target]) -> None:
    """Raises ValueError, with a sentence, for targets that are no plan for the whole."""
    if not targets:
        raise ValueError("there is no target")
    keys = [each.key.lower() for each in targets]
    twice = next((key for key in keys if keys.count(key) > 1), None)
    if twice:
        raise ValueError(f"'{twice}' is named twice")
    wrong = next((each for each in targets if not (0 <= each.weight <= 1 and 0 <= each.band <= 1)), None)
    if wrong is not None:
        raise ValueError(f"'{wrong.key}' must lie between 0 and 100 %, and its band too")
    total = sum(each.weight for each in targets)
    if abs(total - 1) > 1e-4:
        apart = abs(1 - total) * 100
        raise ValueError(f"the targets come to {total * 100:.10g} %, {apart:.4g} % too {'little' if total < 1 else 'much'}")


def slices(parts: Iterable[tuple[str, str, float]], cash: float, targets: Sequence[Target] = ()) -> tuple[Slice, ...]:
    """Everything owned by class. `parts` are (class, symbol, worth); cash is the class "cash" unless it is among them.

    Those with a target come first, in its order, then the others by worth. Without anything owned the weights are 0.
    """
    worth: dict[str, float] = defaultdict(float)
    members: dict[str, list[str]] = defaultdict(list)
    for key, symbol, amount in parts:
        worth[key] += amount
        if symbol:
            members[key].append(symbol)
    if abs(cash) >= _CENT or any(each.key == CASH for each in targets):
        worth[CASH] += cash
    total = sum(worth.values())
    named = {each.key.lower(): each for each in targets}
    spelled = {key.lower(): key for key in worth}
    order = [spelled.get(each.key.lower(), each.key) for each in targets]
    order += sorted((key for key in worth if key not in order), key=lambda key: (-worth[key], key))
    return tuple(
        _slice(key, worth.get(key, 0.0), total, named.get(key.lower()), tuple(dict.fromkeys(members.get(key, ()))))
        for key in order
    )


def most_urgent(found: Iterable[Slice]) -> Slice | None:
    """The class that is farthest outside its band, in money; None when all are within."""
    outside = [each for each in found if each.state in ("above", "below")]
    return max(outside, key=lambda each: abs(each.money or 0.0), default=None)


def tagged(tags: Sequence[str], targets: Mapping[str, object]) -> str:
    """Where a holding with several tags counts: under the first that has a target, else under its first. Each counts once."""
    return next((tag for tag in tags if tag.lower() in targets), tags[0] if tags else UNTAGGED)


def cash_key(text: str) -> str:
    """The name of a class as it is kept; cash is written one way."""
    label = " ".join(text.split())
    return CASH if label.lower() == CASH else label


def _slice(key: str, worth: float, total: float, target: Target | None, members: tuple[str, ...]) -> Slice:
    weight = worth / total if total > 0 else 0.0
    if target is None:
        return Slice(key, worth, weight, None, None, None, "no target", members)
    drift = weight - target.weight
    state = "within" if target.holds(weight) else "above" if drift > 0 else "below"
    return Slice(key, worth, weight, target, drift, worth - target.weight * total, state, members)


def _room(weight: float, band: float, relative: float | None) -> float:
    return band if relative is None else min(band, weight * relative / 100)


def _number(text: str, whole: str) -> float:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        raise ValueError(f"'{whole}' is not a target such as stocks=60, or stocks=60:5 with its own band") from None
