"""What to do about a dip: rules, alert levels and the size, all read from `data/dips.toml`."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from terminal.domain import format as show

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Action = Literal["buy", "wait", "leave", "research"]
LEVELS = ("", "watch", "buy", "strong")
_MONTH = 21
_SHARES = ("dip", "dip_recent", "coverage", "severity", "company_share", "market_share", "recovered_126", "recovered_252",
           "recovered_252_low", "recovered_252_high", "further_50", "further_90", "price_to_sma_200")
FIELDS = (*_SHARES, "doubt", "kind", "verdict", "score", "sessions", "z", "beta", "days_to_earnings", "event", "regime", "n",
          "refused")


@dataclass(frozen=True)
class Condition:
    """What one field must be."""

    field: str
    low: float | None = None
    high: float | None = None
    words: tuple[str, ...] = ()
    known: bool | None = None

    def holds(self, row: Mapping[str, Any]) -> bool:
        """Unknown values hold no condition but `known = false`."""
        value = row.get(self.field)
        if self.known is not None:
            return (value is not None) == self.known
        if value is None:
            return False
        if self.words:
            return value in self.words
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)


@dataclass(frozen=True)
class Rule:
    """One reason for an action."""

    id: str
    action: Action
    conditions: tuple[Condition, ...]
    newbie: str
    pro: str

    def holds(self, row: Mapping[str, Any]) -> bool:
        """Whether every condition does."""
        return all(each.holds(row) for each in self.conditions)


@dataclass(frozen=True)
class ActionWords:
    """How an action is called; `light` is a state of the traffic light."""

    title: str
    newbie: str
    light: str


@dataclass(frozen=True)
class Reason:
    """One rule that held, in both ways of speaking."""

    rule: str
    newbie: str
    pro: str


@dataclass(frozen=True)
class Decision:
    """What to do. `reasons` begin with the one that decided; `level` is "", watch, buy or strong."""

    action: Action
    level: str
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Tranche:
    """One part of a purchase. `price` and `fall` (from now) are None for one that cannot be told."""

    share: float
    at: str
    price: float | None
    fall: float | None
    size: float
    money: float | None


@dataclass(frozen=True)
class Size:
    """How much of the capital, why so much, and in which parts. `money` is None without a capital."""

    share: float
    money: float | None
    distance: float
    tranches: tuple[Tranche, ...]


@dataclass(frozen=True)
class Rules:
    """The file. `mark` is the start of its SHA-256, kept with each state."""

    rules: tuple[Rule, ...]
    actions: Mapping[str, ActionWords]
    levels: tuple[tuple[str, tuple[str, ...], tuple[Condition, ...]], ...]
    least: int
    cooldown_days: int
    size: Mapping[str, Any]
    mark: str

    def decide(self, row: Mapping[str, Any]) -> Decision:
        """The first rule that holds, with the others of its action; without one: research first."""
        held = [rule for rule in self.rules if rule.holds(row)]
        if not held:
            words = "No rule of ours fits this case."
            return Decision("research", self._level("research", row), (Reason("no rule", words, words),))
        action = held[0].action
        reasons = tuple(Reason(rule.id, _filled(rule.newbie, row), _filled(rule.pro, row)) for rule in held
                        if rule.action == action)
        return Decision(action, self._level(action, row), reasons)

    def _level(self, action: str, row: Mapping[str, Any]) -> str:
        fitting = [name for name, actions, conditions in self.levels
                   if action in actions and all(each.holds(row) for each in conditions)]
        return fitting[-1] if fitting else ""

    def sized(self, row: Mapping[str, Any], capital: float) -> Size | None:
        """The suggestion for what is to be bought; None where neither past falls nor its volatility are known."""
        further, volatility = row.get("further_90"), row.get("volatility")
        month = None if volatility is None else volatility * _MONTH**0.5 * self.size["monthly_moves"]
        known = [each for each in (None if further is None else -further, month) if each is not None and each > 0]
        if not known:
            return None
        distance = min(max(known), 1.0)
        share = min(self.size["cap"], self.size["risk"] / distance)
        share *= self.size["risk_off"] if row.get("regime") == "risk-off" else 1.0
        parts = []
        for part in self.size["tranches"]:
            fall = 0.0 if part["at"] == "now" else row.get(part["at"])
            parts.append(Tranche(part["share"], part["at"], None if fall is None else row["price"] * (1 + fall), fall,
                                 share * part["share"], share * part["share"] * capital if capital > 0 else None))
        return Size(share, share * capital if capital > 0 else None, distance, tuple(parts))


def load(path: Path) -> Rules:
    """Read the file. Raises ValueError, which names the rule, for what cannot be meant."""
    text = path.read_text(encoding="utf-8")
    document = tomllib.loads(text)
    actions = {name: ActionWords(**words) for name, words in document["actions"].items()}
    rules = tuple(_rule(each, actions) for each in document["rules"])
    levels = tuple((each["id"], tuple(each["actions"]), _conditions(each)) for each in document["levels"])
    if [name for name, _, _ in levels] != list(LEVELS[1:]):
        raise ValueError(f"{path.name}: the levels are {', '.join(LEVELS[1:])}, in this order")
    if abs(sum(part["share"] for part in document["size"]["tranches"]) - 1) > 1e-9:
        raise ValueError(f"{path.name}: the tranches do not add up to 1")
    return Rules(rules, actions, levels, document["base_rate"]["least"], document["alerts"]["cooldown_days"], document["size"],
                 hashlib.sha256(text.encode()).hexdigest()[:12])


def _rule(raw: Mapping[str, Any], actions: Mapping[str, Any]) -> Rule:
    if raw["action"] not in actions:
        raise ValueError(f"rule '{raw['id']}': there is no action '{raw['action']}'")
    return Rule(raw["id"], raw["action"], _conditions(raw), raw["newbie"], raw["pro"])


def _conditions(raw: Mapping[str, Any]) -> tuple[Condition, ...]:
    found = []
    for each in raw["all"]:
        extra = set(each) - {"field", "min", "max", "is", "known"}
        if extra or each["field"] not in FIELDS or len(each) < 2:
            raise ValueError(f"rule '{raw['id']}': the condition {each} is not understood")
        found.append(Condition(each["field"], each.get("min"), each.get("max"), tuple(each.get("is", ())), each.get("known")))
    return tuple(found)


def _filled(text: str, row: Mapping[str, Any]) -> str:
    return text.format_map({name: _worded(name, row.get(name)) for name in FIELDS})


def _worded(name: str, value: Any) -> str:
    if value is None:
        return "unknown"
    if name in _SHARES:
        return show.percent(abs(value), 0 if name not in ("dip", "dip_recent") else 1)
    if name == "days_to_earnings":
        return show.value(value, "integer", "days")
    if isinstance(value, float):
        return show.number(value, 1)
    return str(value)
