"""How a thesis stands, from the rules that would prove it wrong.

broken   at least one of them is true
shaken   none is, but at least one is close: it would be true if its limits were moved by `near` (5 % of each limit;
         one percentage point where the limit is zero)
unknown  none is true or close, but at least one cannot be judged; or there is none at all
working  all of them are false, and none is close
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from terminal.domain.rules import tree
from terminal.domain.rules.evaluate import Evaluation
from terminal.domain.rules.vocabulary import CROSS_SECTION

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    import polars as pl

    from terminal.domain.rules import Rule
    from terminal.domain.rules.evaluate import Earlier

Status = Literal["broken", "shaken", "unknown", "working"]
NEAR = 0.05
_NEAR_ZERO = 0.01
_SIGNS = {"<": -1, "<=": -1, ">": 1, ">=": 1}


@dataclass(frozen=True)
class Reading:
    """One comparison of numbers in a rule: what it looks at, against which limit, and whether it holds (None: unknown)."""

    clause: str
    value: float | None
    limit: float | None
    holds: bool | None


@dataclass(frozen=True)
class Judged:
    """One rule that would prove the thesis wrong: whether it is true (None: unknown), or false but close."""

    rule: str
    true: bool | None
    close: bool
    readings: tuple[Reading, ...] = ()

    @property
    def word(self) -> str:
        """broken, shaken, unknown or working."""
        return "broken" if self.true else "shaken" if self.close else "unknown" if self.true is None else "working"


@dataclass(frozen=True)
class Thesis:
    """The status with every rule behind it."""

    status: Status
    rules: tuple[Judged, ...] = field(default=())

    @property
    def telling(self) -> tuple[Judged, ...]:
        """The rules that make it so."""
        return tuple(each for each in self.rules if each.word == self.status)


def thesis(rules: Sequence[Judged]) -> Thesis:
    """The status that judged rules add up to."""
    words = [each.word for each in rules]
    for status in ("broken", "shaken", "unknown"):
        if status in words:
            return Thesis(status, tuple(rules))
    return Thesis("working" if rules else "unknown", tuple(rules))


def needs_everyone(rule: Rule) -> bool:
    """Whether a rule compares with other symbols, so that it must be judged on all of them."""

    def walk(node: tree.Node) -> bool:
        return (isinstance(node, tree.Call) and node.name in CROSS_SECTION) or any(map(walk, tree.children(node)))

    return walk(rule.root)


def judge(
    rule: Rule, frame: pl.DataFrame, symbols: Sequence[str], *, bars: pl.DataFrame | None = None, as_of: date | None = None,
    earlier: Earlier | None = None, near: float = NEAR,
) -> Mapping[str, Judged]:  # fmt: skip
    """How a rule stands for some of the symbols of a frame of features; one that is not in it is unknown."""
    asked = _Asked(Evaluation(frame, bars, as_of, earlier), near)
    truths = rule.evaluate(frame, bars, as_of, earlier)
    places = {symbol: place for place, symbol in enumerate(frame["symbol"].to_list())}
    found = {}
    for symbol in symbols:
        if symbol not in places:
            found[symbol] = Judged(rule.text, None, False)
            continue
        at = places[symbol]
        truth = truths[at]
        close = truth is not True and asked.relaxed(rule.root, at, 1) is True
        found[symbol] = Judged(rule.text, truth, close, tuple(asked.readings(rule.root, at)))
    return found


class _Asked:
    """Values and conditions of parts of a rule by row, each computed once."""

    def __init__(self, evaluation: Evaluation, near: float) -> None:
        self._evaluation, self._near = evaluation, near
        self._values: dict[tree.Node, pl.Series] = {}
        self._conditions: dict[tree.Node, pl.Series] = {}

    def value(self, node: tree.Node, at: int) -> float | None:
        if node not in self._values:
            self._values[node] = self._evaluation.value(node)
        found: float | None = self._values[node][at]
        return found

    def condition(self, node: tree.Node, at: int) -> bool | None:
        if node not in self._conditions:
            self._conditions[node] = self._evaluation.condition(node)
        found: bool | None = self._conditions[node][at]
        return found

    def relaxed(self, node: tree.Node, at: int, slack: int) -> bool | None:
        """The condition with its limits moved: +1 so that it is true more easily, -1 less easily."""
        match node:
            case tree.Not(operand=operand):
                inner = self.relaxed(operand, at, -slack)
                return None if inner is None else not inner
            case tree.Both(parts=parts):
                return _all([self.relaxed(part, at, slack) for part in parts])
            case tree.Either(parts=parts):
                turned = _all([_not(self.relaxed(part, at, slack)) for part in parts])
                return _not(turned)
            case tree.Comparison(operands=operands, operators=operators) if self._ordered(node):
                pairs = zip(operands, operators, operands[1:], strict=False)
                return _all([self._compared(left, sign, right, at, slack) for left, sign, right in pairs])
            case tree.Between(value=value, low=low, high=high, negated=negated):
                turn = -slack if negated else slack
                inside = _all([self._compared(value, ">=", low, at, turn), self._compared(value, "<=", high, at, turn)])
                return _not(inside) if negated else inside
        return self.condition(node, at)

    def readings(self, node: tree.Node, at: int) -> list[Reading]:
        """Every comparison with a limit in the rule, in order."""
        match node:
            case tree.Comparison(operands=(left, right)) if self._ordered(node):
                turned = isinstance(left, tree.Number)
                looked, limit = (right, left) if turned else (left, right)
                return [Reading(tree.text_of(node), self.value(looked, at), self.value(limit, at), self.condition(node, at))]
            case tree.Comparison() | tree.Between() | tree.Among() | tree.Contains() | tree.Crosses() | tree.Within():
                return [Reading(tree.text_of(node), None, None, self.condition(node, at))]
        return [reading for below in tree.children(node) for reading in self.readings(below, at)]

    @staticmethod
    def _ordered(node: tree.Comparison) -> bool:
        return all(sign in _SIGNS for sign in node.operators)

    def _compared(self, left: tree.Node, sign: str, right: tree.Node, at: int, slack: int) -> bool | None:
        one, other = self.value(left, at), self.value(right, at)
        if one is None or other is None:
            return None
        limit = one if isinstance(left, tree.Number) else other
        room = slack * (abs(limit) * self._near if limit else min(self._near, _NEAR_ZERO))
        distance = _SIGNS[sign] * (one - other) + room
        return distance >= 0 if "=" in sign else distance > 0


def _not(value: bool | None) -> bool | None:
    return None if value is None else not value


def _all(values: Sequence[bool | None]) -> bool | None:
    """Kleene's and."""
    if any(value is False for value in values):
        return False
    return None if any(value is None for value in values) else True
