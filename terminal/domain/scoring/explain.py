"""One row explained: each gate, check and flag with its numbers and sentences, and what would turn the verdict.

Built from the same columns as the scores (`kernel`), so that the explanation cannot disagree with the table.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import polars as pl

from terminal.domain.fields import FIELDS
from terminal.domain.scoring import kernel, reasons, words
from terminal.domain.scoring.rulebook import THIN_FLAG, UNKNOWN_VERDICT, VERDICTS, Check, Flag, Gate, Scorer

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class GateResult:
    """`passed` is None for unknown, which allows `unknown_cap` at best (empty: anything).

    `key` names the limit for `Rulebook.replace`; a fixed one is no matter of taste.
    """

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
    reason: str = ""
    unknown_cap: str = ""


@dataclass(frozen=True)
class CheckResult:
    """`share` of `weight` (points of 100 after the regime) that was earned; None for unknown.

    `of` is the weight it could count with: more than `weight` where it is a substitute or in doubt.
    """

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
    of: float = 0.0
    reason: str = ""


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
    applying = [(check, column, weight) for check, column, weight
                in zip(scorer.checks, outcome.checks, outcome.weights, strict=True) if column.applies[0]]
    stood_for = {(check.pillar, check.instead_of) for check, _, _ in applying if check.instead_of}
    checks = tuple(_check(check, column, weight, rows, row) for check, column, weight in applying
                   if (check.pillar, check.field) not in stood_for)
    missing = dict.fromkeys([*(each.field for each in gates if each.passed is None),
                             *(check.field for check, column, _ in applying if not column.known[0])])
    verdict = _name(int(outcome.rank[0]))
    score = words.number(outcome.score[0])
    told = Explanation(scorer.name, scorer.title, verdict, score, float(outcome.coverage[0]), regime, gates, checks,
                       tuple(_flag(flag, row) for flag in scorer.flags if kernel.flag_column(flag, rows)[0][0]),
                       _pillars(scorer, checks, regime), tuple(missing))
    if outcome.thin[0]:
        told = replace(told, flags=(_thin_flag(scorer, told), *told.flags))
    newbie, pro = summary(scorer, told, bool(outcome.blind[0]), bool(outcome.thin[0]))
    return replace(told, newbie=newbie, pro=pro)


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
    if gate.fixed:  # whether there is a value at all, not how large it is
        pro = f"{gate.title}: {words.shown(gate.field, value, currency) if passed else state}"
    if passed is None:
        newbie = f"{gate.title}: not known, so we cannot say."
    else:
        below = value is not None and value < 0
        template = (below and gate.newbie_below) or gate.newbie if passed else (below and gate.fail_below) or gate.newbie_fail
        newbie = words.say(template, gate.field, value, limit, row)
    key = ".".join((scorer.name, "gates", gate.id, *([str(sector)] if sector in gate.by_sector else [])))
    reason = newbie[:1].lower() + newbie[1:].rstrip(".") if passed is False else ""
    return GateResult(gate.id, gate.title, gate.field, gate.side, value, limit, passed, gate.must_know, gate.fixed, gate.cap,
                      key, newbie, pro, reason, gate.unknown_cap_for(sector))


def _check(check: Check, column: kernel.CheckColumn, weight: float, rows: kernel.Rows, row: Mapping[str, Any]) -> CheckResult:
    value = words.number(rows[check.field][0])
    zero, full = check.ends_for(row.get("sector"))
    currency = row.get("currency")
    scale = f"0 at {words.shown(check.field, zero, currency)}, all at {words.shown(check.field, full, currency)}"
    if not column.known[0]:
        return CheckResult(check.id, check.title, check.field, check.pillar, value, zero, full, None, weight, None,
                           f"{check.title}: not known.", f"{check.title} unknown, {weight:.1f} points open ({scale})", weight)
    share, of = float(column.share[0]), weight
    worth = column.worth if isinstance(column.worth, float) else float(column.worth[0])
    weight = of * worth
    below = value is not None and value < 0
    newbie = words.say((below and check.newbie_below) or check.newbie, check.field, value, full, row)
    pro = f"{check.title} {words.shown(check.field, value, currency)}: {share * weight:.1f} of {weight:.1f} points ({scale})"
    if check.instead_of:
        pro += f"; stands in for {FIELDS[check.instead_of].title}, counts {worth * 100:.0f}\u202f% of its weight"
    elif worth < 1:
        pro += f"; uncertain, counts {worth * 100:.0f}\u202f% of its weight"
    figure = (below and check.figure_below) or check.figure or f"{check.title} {{value}}"
    named = check.good if share > 0.5 else (below and check.bad_below) or check.bad
    reason = f"{named} ({words.say(figure, check.field, value, full, row)})"
    return CheckResult(check.id, check.title, check.field, check.pillar, value, zero, full, share, weight, share * weight,
                       newbie, pro, of, reason)


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
        total = sum(check.of for check in mine)
        known = sum(check.weight for check in mine if check.share is not None)
        points = sum(check.points for check in mine if check.points is not None)
        found.append(PillarResult(name, pillar.title, weights[name], 10 * points / known if known else None,
                                  known / total if total else 0.0))
    return tuple(found)


def summary(scorer: Scorer, told: Explanation, blind: bool, thin: bool) -> tuple[str, str]:
    """The verdict in at most two sentences for a beginner (two strongest reasons for, the strongest against), one line for a
    professional.
    """
    known = f"{told.coverage * 100:.0f}\u202f%"
    if told.verdict == UNKNOWN_VERDICT:
        named = words.listed([gate.title.removesuffix(" known") for gate in told.gates if gate.must_know and gate.passed is None])
        needed = f"{min(scorer.limits.thin_coverage, scorer.limits.coverage) * 100:.0f}\u202f%"
        why = f"{named} must be known" if blind else f"{known} of what we look at is known; at least {needed} is needed"
        return f"We do not know enough: {why}.", f"Unknown: {why}."
    good, bad = _strongest(told)
    speaks = words.listed(good)
    verdict = told.verdict
    if verdict in VERDICTS[2:]:
        text = f"{verdict}: {speaks}." if speaks else f"{verdict}."
        text += f" Against it: {bad}." if bad else ""
    else:
        text = f"{verdict}: {bad}." if bad else f"{verdict}: nothing stands out against it."
        if held := _held_back(scorer, told, thin):
            text = f"{verdict}: {held} is not known, and while it is not we say no more."
        text += f" For it: {speaks}." if speaks else ""
    failed = [gate for gate in told.gates if gate.passed is False]
    points = f"{told.score:.1f}" if told.score is not None else "–"
    pro = f"{verdict}. Score {points}/10, coverage {known}, gates failed: {', '.join(gate.title for gate in failed) or 'none'}."
    if failed:
        pro += f" That allows {_best(scorer, failed)} at best."
    if told.score is not None and (open_caps := _capped(told)):
        pro += f" {open_caps}."
    return text, pro


def _strongest(told: Explanation) -> tuple[list[str], str]:
    """The two checks that speak most for it, and the failed limit or check that speaks most against it."""
    known = [(check.weight * (check.share - 0.5), check) for check in told.checks
             if check.share is not None and abs(check.share - 0.5) >= reasons.CLEAR]
    praised = [check for pull, check in sorted(known, key=lambda each: -each[0]) if pull > 0]
    good = list({check.pillar: check.reason for check in reversed(praised)}.values())[::-1]  # the best of each kind
    bad = [check.reason for pull, check in sorted(known, key=lambda each: each[0]) if pull < 0]
    failed = sorted((gate for gate in told.gates if gate.passed is False), key=lambda gate: VERDICTS.index(gate.cap))
    return good[:2], failed[0].reason if failed else bad[0] if bad else ""


def _capped(told: Explanation) -> str:
    """Which unknown limits allow how much."""
    open_gates = [gate for gate in told.gates if gate.passed is None and gate.unknown_cap]
    if not open_gates:
        return ""
    best = min((gate.unknown_cap for gate in open_gates), key=VERDICTS.index)
    return f"While {words.listed([gate.title for gate in open_gates])} is unknown: {best} at best"


def _held_back(scorer: Scorer, told: Explanation, thin: bool) -> str:
    """What an unknown limit is about, where it alone keeps a good score from a Buy."""
    needed = max(scorer.limits.buy, scorer.limits.thin_buy) if thin else scorer.limits.buy
    if told.score is None or told.score < needed or any(gate.passed is False for gate in told.gates):
        return ""
    return words.listed([gate.title for gate in told.gates if gate.passed is None and gate.unknown_cap == told.verdict])


def _thin_flag(scorer: Scorer, told: Explanation) -> FlagResult:
    """How many of the inputs are known: one that something stands in for counts as known."""
    asked = {**{check.field: check.share is not None for check in told.checks},
             **{gate.field: gate.passed is not None for gate in told.gates}}
    count = sum(asked.values())
    lacks = [pillar.title.lower() for pillar in told.pillars if pillar.coverage == 0]
    silent = f" Nothing is known on {words.listed(lacks, 'or')}." if lacks else ""
    newbie = (f"Only {count} of the {len(asked)} figures we look at are known, so this is a first impression; "
              f"never a Strong Buy.{silent}")
    pro = (f"{count} of {len(asked)} inputs known, coverage {told.coverage * 100:.0f}\u202f%: no Strong Buy, "
           f"Buy from {scorer.limits.thin_buy:.1f} points.{silent}")
    return FlagResult("few_inputs", THIN_FLAG, "warn", newbie, pro)


def _best(scorer: Scorer, failed: list[GateResult]) -> str:
    if len(failed) >= scorer.limits.avoid_failures:
        return VERDICTS[0]
    return VERDICTS[min(VERDICTS.index(gate.cap) for gate in failed)]


def _name(rank: int) -> str:
    return UNKNOWN_VERDICT if rank == kernel.UNKNOWN_RANK else VERDICTS[rank]


def _verdict(scorer: Scorer, rows: kernel.Rows, regime: str | None) -> str:
    return _name(int(kernel.evaluate(scorer, rows, regime).rank[0]))


def sensitivity(scorer: Scorer, row: Mapping[str, Any], regime: str | None) -> list[Threshold]:
    """For each applicable gate with a known value, and each verdict threshold: the nearest change that turns the verdict.

    Gates first, then thresholds; those that turn it by the smallest relative move come first within each.
    """
    told = explain(scorer, row, regime)
    rows = rows_of(row, scorer)  # the same for every other limit
    gates = [_gate_threshold(scorer, gate, told.verdict, rows, regime, row.get("currency"))
             for gate in told.gates if gate.value is not None and not gate.fixed]
    limits = [] if told.score is None else [
        _limit_threshold(scorer, name, told, rows, regime) for name in ("strong_buy", "buy", "hold")]
    limits.append(_limit_threshold(scorer, "coverage", told, rows, regime))
    if told.coverage < scorer.limits.coverage and scorer.limits.thin_coverage < scorer.limits.coverage:
        limits.append(_limit_threshold(scorer, "thin_coverage", told, rows, regime))
        if told.score is not None:
            limits.append(_limit_threshold(scorer, "thin_buy", told, rows, regime))
    return [*sorted(gates, key=_distance), *sorted(limits, key=_distance)]


def _distance(threshold: Threshold) -> float:
    if threshold.flips_at is None:
        return math.inf
    size = max(abs(threshold.limit), words.step(threshold.field) if threshold.field else 1e-3)
    return abs(threshold.flips_at - threshold.limit) / size


def _gate_threshold(scorer: Scorer, gate: GateResult, verdict: str, rows: kernel.Rows, regime: str | None,
                    currency: str | None) -> Threshold:
    assert gate.value is not None
    candidate = _beyond(gate.value, gate.side, bool(gate.passed), words.step(gate.field))
    path = tuple(gate.key.split(".")[1:])
    other = _verdict(scorer.replaced(path, candidate), rows, regime)
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


_LIMIT_TITLES = {"strong_buy": "Strong Buy from", "buy": "Buy from", "hold": "Hold from", "coverage": "Coverage needed",
                 "thin_coverage": "Least coverage", "thin_buy": "Buy on few inputs from"}


_SHARES = ("coverage", "thin_coverage")


def _limit_threshold(scorer: Scorer, name: str, told: Explanation, rows: kernel.Rows, regime: str | None) -> Threshold:
    limit = float(getattr(scorer.limits, name))
    key, title = f"{scorer.name}.verdict.{name}", _LIMIT_TITLES[name]
    actual = told.coverage if name in _SHARES else told.score
    step, top = (0.01, 1.0) if name in _SHARES else (0.1, 10.0)
    verdict = None
    candidate = None
    if actual is not None:
        candidate = _beyond(actual, "min", actual >= limit, step)
        other = scorer.replaced(("verdict", name), candidate)
        if other.limits.hold <= other.limits.buy <= other.limits.strong_buy <= 10 and other.limits.coverage <= 1:
            verdict = _verdict(other, rows, regime)
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
    return f"{limit * 100:.0f}\u202f%" if name in _SHARES else f"{limit:.1f}"
