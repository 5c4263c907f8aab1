"""One row explained: each gate, check and flag with its numbers and sentences, and what would turn the verdict.

Built from the same columns as the scores (`kernel`), so that the explanation cannot disagree with the table.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from terminal.domain.scoring import kernel, words
from terminal.domain.scoring.rulebook import UNKNOWN_VERDICT, VERDICTS, Check, Flag, Gate, Scorer

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class GateResult:
    """`passed` is None for unknown. `key` names the limit for `Rulebook.replace`; a fixed one is no matter of taste."""

    id: str
    title: str
    field: str
    side: str
    value: float | None
    limit: float
    passed: bool | None
    must_know: bool
    fixed: bool
    cap: str
    key: str
    newbie: str
    pro: str


@dataclass(frozen=True)
class CheckResult:
    """`share` of `weight` (points of 100 after the regime) that was earned; None for unknown."""

    id: str
    title: str
    field: str
    pillar: str
    value: float | None
    zero: float
    full: float
    share: float | None
    weight: float
    points: float | None
    newbie: str
    pro: str


@dataclass(frozen=True)
class FlagResult:
    """A raised flag."""

    id: str
    title: str
    tone: str
    newbie: str
    pro: str


@dataclass(frozen=True)
class PillarResult:
    """`score` 0..10 over what is known, None when nothing is; `weight` in points of 100, `coverage` 0..1."""

    id: str
    title: str
    weight: float
    score: float | None
    coverage: float


@dataclass(frozen=True)
class Explanation:
    """Why a row has its verdict. Gates and checks that do not apply to it are left out; `unknown` names missing fields."""

    scorer: str
    title: str
    verdict: str
    score: float | None
    coverage: float
    regime: str | None
    gates: tuple[GateResult, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    flags: tuple[FlagResult, ...] = ()
    pillars: tuple[PillarResult, ...] = ()
    unknown: tuple[str, ...] = ()
    newbie: str = ""
    pro: str = ""


@dataclass(frozen=True)
class Threshold:
    """A limit and the nearest value of it that turns the verdict; `flips_at` None: no value of this limit does."""

    key: str
    title: str
    field: str
    value: float | None
    limit: float
    flips_at: float | None
    verdict: str | None
    newbie: str
    pro: str
    minimum: float = 0.0
    maximum: float = 0.0


def explain(scorer: Scorer, row: Mapping[str, Any], regime: str | None) -> Explanation:
    """The explanation of `row` (field name to value; None or absent is unknown)."""
    rows = rows_of(row, scorer)
    outcome = kernel.evaluate(scorer, rows, regime)
    gates = tuple(_gate(scorer, gate, column, rows, row)
                  for gate, column in zip(scorer.gates, outcome.gates, strict=True) if column.applies[0])
    checks = tuple(_check(check, column, weight, rows, row)
                   for check, column, weight in zip(scorer.checks, outcome.checks, outcome.weights, strict=True)
                   if column.applies[0])
    flags = tuple(_flag(flag, row) for flag in scorer.flags if kernel.flag_column(flag, rows)[0][0])
    verdict = _name(int(outcome.rank[0]))
    score = words.number(outcome.score[0])
    coverage = float(outcome.coverage[0])
    missing = dict.fromkeys([*(each.field for each in gates if each.passed is None),
                             *(each.field for each in checks if each.share is None)])
    newbie, pro = _summary(scorer, verdict, (score, coverage), gates, bool(outcome.blind[0]))
    return Explanation(scorer.name, scorer.title, verdict, score, coverage, regime, gates, checks, flags,
                       _pillars(scorer, checks, regime), tuple(missing), newbie, pro)


def rows_of(row: Mapping[str, Any], scorer: Scorer) -> kernel.Rows:
    """The row as the kernel takes it."""
    texts = {name: pl.Series(name, [row.get(name)], dtype=pl.String) for name in ("symbol", "kind", "sector", "currency")}
    numbers = {name: pl.Series(name, [words.number(row.get(name))], dtype=pl.Float64) for name in sorted(scorer.fields)}
    return kernel.Rows(kernel.Columns(pl.DataFrame({**texts, **numbers}), scorer.fields))


def _gate(scorer: Scorer, gate: Gate, column: kernel.GateColumn, rows: kernel.Rows, row: Mapping[str, Any]) -> GateResult:
    sector = row.get("sector")
    value, limit = words.number(rows[gate.field][0]), gate.limit_for(sector)
    passed = None if not column.known[0] else not column.failed[0]
    sign = "≥" if gate.side == "min" else "≤"
    currency = row.get("currency")
    state = {True: "passed", False: "failed", None: "unknown"}[passed]
    pro = f"{gate.title} {words.shown(gate.field, value, currency)} {sign} {words.shown(gate.field, limit, currency)}: {state}"
    if passed is None:
        newbie = f"{gate.title}: not known, so we cannot say."
    else:
        newbie = words.say(gate.newbie if passed else gate.newbie_fail, gate.field, value, limit, row)
    key = ".".join((scorer.name, "gates", gate.id, *([str(sector)] if sector in gate.by_sector else [])))
    return GateResult(gate.id, gate.title, gate.field, gate.side, value, limit, passed, gate.must_know, gate.fixed, gate.cap,
                      key, newbie, pro)


def _check(check: Check, column: kernel.CheckColumn, weight: float, rows: kernel.Rows, row: Mapping[str, Any]) -> CheckResult:
    value = words.number(rows[check.field][0])
    zero, full = check.ends_for(row.get("sector"))
    share = float(column.share[0]) if column.known[0] else None
    currency = row.get("currency")
    scale = f"0 at {words.shown(check.field, zero, currency)}, all at {words.shown(check.field, full, currency)}"
    if share is None:
        newbie, pro = f"{check.title}: not known.", f"{check.title} unknown, {weight:.1f} points open ({scale})"
    else:
        newbie = words.say(check.newbie, check.field, value, full, row)
        pro = f"{check.title} {words.shown(check.field, value, currency)}: {share * weight:.1f} of {weight:.1f} points ({scale})"
    return CheckResult(check.id, check.title, check.field, check.pillar, value, zero, full, share, weight,
                       None if share is None else share * weight, newbie, pro)


def _flag(flag: Flag, row: Mapping[str, Any]) -> FlagResult:
    first = flag.fields[0]
    value = words.number(row.get(first))
    return FlagResult(flag.id, flag.title, flag.tone, words.say(flag.newbie, first, value, None, row),
                      words.say(flag.pro, first, value, None, row))


def _pillars(scorer: Scorer, checks: tuple[CheckResult, ...], regime: str | None) -> tuple[PillarResult, ...]:
    weights = scorer.weights(regime)
    found = []
    for name, pillar in scorer.pillars.items():
        mine = [check for check in checks if check.pillar == name]
        total = sum(check.weight for check in mine)
        known = sum(check.weight for check in mine if check.share is not None)
        points = sum(check.points for check in mine if check.points is not None)
        found.append(PillarResult(name, pillar.title, weights[name], 10 * points / known if known else None,
                                  known / total if total else 0.0))
    return tuple(found)


def _summary(scorer: Scorer, verdict: str, numbers: tuple[float | None, float], gates: tuple[GateResult, ...],
             blind: bool) -> tuple[str, str]:
    score, coverage = numbers
    failed = [gate for gate in gates if gate.passed is False]
    share = f"{coverage * 100:.0f}\u202f%"
    if verdict == UNKNOWN_VERDICT:
        named = ", ".join(gate.title for gate in gates if gate.must_know and gate.passed is None)
        needed = f"{scorer.limits.coverage * 100:.0f}\u202f%"
        why = f"{named} must be known" if blind else f"{share} of what we look at is known; {needed} is needed"
        return f"We do not know enough: {why}.", f"Unknown: {why}."
    names = ", ".join(gate.title for gate in failed)
    capped = " It passes every hard limit that is known."
    if failed:
        capped = f" It fails {names}, which allows {_best(scorer, failed)} at best."
    points = f"{score:.1f}" if score is not None else "–"
    return (f"{verdict}: {points} of 10 points.{capped} We know {share} of what we look at.",
            f"{verdict}. Score {points}/10, coverage {share}, gates failed: {names or 'none'}.")


def _best(scorer: Scorer, failed: list[GateResult]) -> str:
    if len(failed) >= scorer.limits.avoid_failures:
        return VERDICTS[0]
    return VERDICTS[min(VERDICTS.index(gate.cap) for gate in failed)]


def _name(rank: int) -> str:
    return UNKNOWN_VERDICT if rank == kernel.UNKNOWN_RANK else VERDICTS[rank]


def verdict_of(scorer: Scorer, row: Mapping[str, Any], regime: str | None) -> str:
    """The verdict alone."""
    return _name(int(kernel.evaluate(scorer, rows_of(row, scorer), regime).rank[0]))


def sensitivity(scorer: Scorer, row: Mapping[str, Any], regime: str | None) -> list[Threshold]:
    """For each applicable gate with a known value, and each verdict threshold: the nearest change that turns the verdict.

    Gates first, then thresholds; those that turn it by the smallest relative move come first within each.
    """
    told = explain(scorer, row, regime)
    gates = [_gate_threshold(scorer, gate, told.verdict, row, regime)
             for gate in told.gates if gate.value is not None and not gate.fixed]
    limits = [] if told.score is None else [
        _limit_threshold(scorer, name, told, row, regime) for name in ("strong_buy", "buy", "hold")]
    limits.append(_limit_threshold(scorer, "coverage", told, row, regime))
    return [*sorted(gates, key=_distance), *sorted(limits, key=_distance)]


def _distance(threshold: Threshold) -> float:
    if threshold.flips_at is None:
        return math.inf
    size = max(abs(threshold.limit), words.step(threshold.field) if threshold.field else 1e-3)
    return abs(threshold.flips_at - threshold.limit) / size


def _gate_threshold(scorer: Scorer, gate: GateResult, verdict: str, row: Mapping[str, Any], regime: str | None) -> Threshold:
    assert gate.value is not None
    candidate = _beyond(gate.value, gate.side, bool(gate.passed), words.step(gate.field))
    path = tuple(gate.key.split(".")[1:])
    other = verdict_of(scorer.replaced(path, candidate), row, regime)
    currency = row.get("currency")
    now, then = words.shown(gate.field, gate.limit, currency), words.shown(gate.field, candidate, currency)
    low, high = sorted((gate.limit, candidate))
    room = max(high - low, abs(gate.limit) * 0.5, words.step(gate.field) * 10)
    span = (low - room, high + room)
    if other == verdict:
        newbie = f"{gate.title}: no other limit would change the verdict."
        return Threshold(gate.key, gate.title, gate.field, gate.value, gate.limit, None, None, newbie,
                         f"{gate.title} gate {now}: no effect on the verdict", *span)
    word = "stricter" if gate.passed else "looser"
    newbie = f"With a {word} limit for {gate.title.lower()}, {then} instead of {now}, it would be {other}."
    return Threshold(gate.key, gate.title, gate.field, gate.value, gate.limit, candidate, other, newbie,
                     f"{gate.title} gate {now} → {then} would make it {other}", *span)


def _beyond(value: float, side: str, passed: bool, step: float) -> float:
    """The printable limit closest to `value` at which the gate answers the other way."""
    upward = (side == "min") == passed
    digits = max(0, round(-math.log10(step)))
    count = math.floor(value / step) + 1 if upward else math.ceil(value / step) - 1
    if not passed:  # a limit equal to the value already passes
        count = math.floor(value / step) if side == "min" else math.ceil(value / step)
    candidate = round(float(count * step), digits)
    while (value >= candidate if side == "min" else value <= candidate) == passed:
        candidate = round(candidate + (step if upward else -step), digits)
    return candidate


_LIMIT_TITLES = {"strong_buy": "Strong Buy from", "buy": "Buy from", "hold": "Hold from", "coverage": "Coverage needed"}


def _limit_threshold(scorer: Scorer, name: str, told: Explanation, row: Mapping[str, Any], regime: str | None) -> Threshold:
    limit = float(getattr(scorer.limits, name))
    key, title = f"{scorer.name}.verdict.{name}", _LIMIT_TITLES[name]
    actual = told.coverage if name == "coverage" else told.score
    step, top = (0.01, 1.0) if name == "coverage" else (0.1, 10.0)
    verdict = None
    candidate = None
    if actual is not None:
        candidate = _beyond(actual, "min", actual >= limit, step)
        other = scorer.replaced(("verdict", name), candidate)
        if other.limits.hold <= other.limits.buy <= other.limits.strong_buy <= 10 and other.limits.coverage <= 1:
            verdict = verdict_of(other, row, regime)
    if verdict in (None, told.verdict):
        same = f"{title} {_points(name, limit)}"
        return Threshold(key, title, "", actual, limit, None, None, f"{same}: no other limit would change the verdict.",
                         f"{same}: no effect on the verdict", 0.0, top)
    assert candidate is not None
    now, then = _points(name, limit), _points(name, candidate)
    return Threshold(key, title, "", actual, limit, candidate, verdict,
                     f"If “{title.lower()}” were {then} instead of {now}, it would be {verdict}.",
                     f"{title} {now} → {then} would make it {verdict}", 0.0, top)


def _points(name: str, limit: float) -> str:
    return f"{limit * 100:.0f}\u202f%" if name == "coverage" else f"{limit:.1f}"
