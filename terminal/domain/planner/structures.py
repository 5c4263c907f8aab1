"""Structures as data: which legs, at which deltas, for which outlook, in which words; and the rules of the plan."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import Any, Literal, cast

from terminal.domain.planner.position import Costs

Outlook = Literal["bullish", "bearish", "neutral", "volatile"]
OUTLOOKS: tuple[Outlook, ...] = ("bullish", "bearish", "neutral", "volatile")
RISKS = ("defined", "stock", "undefined")
PARTS = ("target", "chance", "value", "volatility", "time", "liquidity")
_LEG = re.compile(r"([+-]\d+) (?:(S)|([CP]) ([a-z])( far)?)")


@dataclass(frozen=True, slots=True)
class Role:
    """One leg of a structure. `strike` names the strike, "" for shares; `far`: of the later expiry."""

    quantity: int
    right: Literal["C", "P", "S"]
    strike: str
    far: bool


@dataclass(frozen=True, slots=True)
class Structure:
    """`strikes`: name to least and greatest delta, the lowest strike first; `equal`, `more`: distances between four names."""

    id: str
    title: str
    newbie: str
    legs: tuple[Role, ...]
    strikes: dict[str, tuple[float, float]]
    equal: tuple[tuple[str, ...], ...]
    more: tuple[tuple[str, ...], ...]
    outlook: dict[str, float]
    level: int
    risk: str
    credit: bool
    next: str

    @property
    def several(self) -> bool:
        """Whether it needs two expiries."""
        return any(leg.far for leg in self.legs)

    @property
    def legs_text(self) -> str:
        """In short: "+1 C a, -1 C b"."""
        return ", ".join(
            f"{leg.quantity:+d} {leg.right}{' ' + leg.strike if leg.strike else ''}{' far' if leg.far else ''}"
            for leg in self.legs
        )


@dataclass(frozen=True, slots=True)
class Weights:
    """What each of `PARTS` weighs between two numbers of days."""

    title: str
    days: tuple[float, float]
    parts: dict[str, float]


@dataclass(frozen=True, slots=True)
class Rules:
    """All that data/planner.toml says."""

    structures: tuple[Structure, ...]
    costs: Costs
    weights: tuple[Weights, ...]
    limits: dict[str, float]
    view: dict[str, float]
    regime: dict[str, float]

    def structure(self, name: str) -> Structure | None:
        """By its id or title, in any case."""
        wanted = re.sub(r"[^a-z]+", "_", name.strip().lower()).strip("_")
        return next(
            (each for each in self.structures if wanted in (each.id, re.sub(r"[^a-z]+", "_", each.title.lower()).strip("_"))),
            None,
        )

    def weighed(self, days: float) -> dict[str, float]:
        """What the parts weigh at so many days: of the band they are in, mixed between two bands."""
        bands = sorted(self.weights, key=lambda band: band.days)
        before = [band for band in bands if band.days[0] <= days] or bands[:1]
        last = before[-1]
        after = next((band for band in bands if band.days[0] > days), None)
        if days <= last.days[1] or after is None:
            return dict(last.parts)
        share = (days - last.days[1]) / (after.days[0] - last.days[1])
        return {name: (1 - share) * last.parts[name] + share * after.parts[name] for name in PARTS}


def load(text: str) -> Rules:
    """Read the rules. ValueError names what is wrong and where."""
    said = tomllib.loads(text)
    structures = tuple(_structure(each) for each in said["structures"])
    ids = [each.id for each in structures]
    if len(set(ids)) != len(ids):
        raise ValueError(f"a structure is declared twice: {sorted({each for each in ids if ids.count(each) > 1})}")
    weights = tuple(Weights(each["title"], tuple(map(float, each["days"])), _parts(each)) for each in said["weights"])  # type: ignore[arg-type]
    return Rules(
        structures, Costs(**said["costs"]), weights, _floats(said["limits"]), _floats(said["view"]), _floats(said["regime"])
    )


def _floats(said: dict[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in said.items()}


def _parts(said: dict[str, Any]) -> dict[str, float]:
    parts = {name: float(said[name]) for name in PARTS}
    if abs(sum(parts.values()) - 1) > 1e-6:
        raise ValueError(f"the weights of {said['title']} add up to {sum(parts.values()):g}, not to 1")
    return parts


def _structure(said: dict[str, Any]) -> Structure:
    name = said["id"]
    strikes = {key: (float(low), float(high)) for key, (low, high) in said["strikes"].items()}
    legs = []
    for text in said["legs"]:
        match = _LEG.fullmatch(text)
        if match is None or (match[4] and match[4] not in strikes):
            raise ValueError(f"the leg '{text}' of {name} cannot be read")
        legs.append(Role(int(match[1]), cast("Any", match[2] or match[3]), match[4] or "", bool(match[5])))
    pairs = {kind: tuple(tuple(each.split()) for each in said.get(kind, ())) for kind in ("equal", "more")}
    if any(len(each) != 4 or not set(each) <= set(strikes) for kind in pairs.values() for each in kind):
        raise ValueError(f"the distances of {name} do not name four of its strikes")
    unknown = set(said["outlook"]) - set(OUTLOOKS)
    if unknown or said["risk"] not in RISKS:
        raise ValueError(f"{name} has an outlook or a risk that is none: {sorted(unknown) or said['risk']}")
    return Structure(
        name,
        said["title"],
        said["newbie"],
        tuple(legs),
        strikes,
        pairs["equal"],
        pairs["more"],
        {key: float(value) for key, value in said["outlook"].items()},
        int(said["level"]),
        said["risk"],
        bool(said.get("credit", False)),
        said.get("next", ""),
    )
