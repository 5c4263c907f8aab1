"""The arithmetic of scoring: columns in, gates, points and verdicts out. NaN stands for unknown in here only.

Each row is judged by itself with the same operations in the same order, so that one row alone gets exactly the
numbers it gets among ten thousand; explanations rely on that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from terminal.domain.instruments import KINDS, SECTORS
from terminal.domain.scoring.rulebook import VERDICTS, Check, Clause, Flag, Gate, Limits, Reach, Scorer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ranks = npt.NDArray[np.int8]

UNKNOWN_RANK = -1  # index into VERDICTS, or this
MISSING = len(SECTORS) + 1  # code of an unknown sector; len(SECTORS) is a text that is none of the eleven


@dataclass(frozen=True)
class GateColumn:
    """One gate over all rows. A row it does not speak about has `applies` False; `known` False: cannot be judged."""

    applies: Bools
    known: Bools
    failed: Bools


@dataclass(frozen=True)
class CheckColumn:
    """One check over all rows: `share` of the weight earned, NaN where unknown or not applicable.

    `worth` is the part of the weight that counts. A substitute applies only where it is used.
    """

    applies: Bools
    known: Bools
    share: Floats
    worth: Floats | float


@dataclass(frozen=True)
class Outcome:
    """Everything the scorer found; `rank` indexes VERDICTS (or is UNKNOWN_RANK), `score` is NaN when nothing is known.

    `blind`: something that must be known is not. `thin`: judged although less is known than should be.
    """

    gates: tuple[GateColumn, ...]
    checks: tuple[CheckColumn, ...]
    weights: tuple[float, ...]
    score: Floats
    coverage: Floats
    blind: Bools
    thin: Bools
    rank: Ranks


class Columns:
    """What the scorers read of a frame, as numpy arrays, fetched in one go."""

    def __init__(self, frame: pl.DataFrame, fields: frozenset[str]) -> None:
        import polars as pl
        present = [name for name in sorted(fields) if name in frame.columns]
        numbers = [pl.col(name).cast(pl.Float64) for name in present]
        wide = frame.select(
            *(pl.when(column.is_finite()).then(column).otherwise(np.nan).alias(name)
              for name, column in zip(present, numbers, strict=True)),
            _coded(frame, "sector", SECTORS), _coded(frame, "kind", KINDS))
        self.height = frame.height
        self.numbers: dict[str, Floats] = {name: wide.get_column(name).to_numpy() for name in present}
        self.sector: npt.NDArray[np.int64] = wide.get_column("sector_code").to_numpy()
        self.kind: npt.NDArray[np.int64] = wide.get_column("kind_code").to_numpy()


def _coded(frame: pl.DataFrame, name: str, names: Sequence[str]) -> pl.Expr:
    """The place of each text in `names`; one more for another text, two more for null."""
    import polars as pl
    other = len(names)
    if name not in frame.columns:
        return pl.repeat(other + 1, frame.height, dtype=pl.Int64).alias(f"{name}_code")
    code = pl.col(name).cast(pl.String).replace_strict(
        list(names), list(range(other)), default=other, return_dtype=pl.Int64)
    return pl.when(pl.col(name).is_null()).then(other + 1).otherwise(code).cast(pl.Int64).alias(f"{name}_code")


class Rows:
    """Some rows of the columns; `index` None for all of them."""

    def __init__(self, columns: Columns, index: npt.NDArray[np.int64] | None = None) -> None:
        self._columns = columns
        self._index = index
        self._taken: dict[str, Floats] = {}
        self.height = columns.height if index is None else len(index)
        self.sector = columns.sector if index is None else columns.sector[index]
        self.kind = columns.kind if index is None else columns.kind[index]
        self.unknown_sector = self.sector == MISSING
        self.any_unknown_sector = bool(self.unknown_sector.any())

    def __getitem__(self, name: str) -> Floats:
        values = self._taken.get(name)
        if values is None:
            values = self._columns.numbers.get(name)
            if values is None:
                values = np.full(self.height, np.nan)
            elif self._index is not None:
                values = values[self._index]
            self._taken[name] = values
        return values


def evaluate(scorer: Scorer, rows: Rows, regime: str | None) -> Outcome:
    """Judge every row by `scorer` with the pillar weights of `regime`."""
    gates = tuple(gate_column(gate, rows) for gate in scorer.gates)
    checks = check_columns(scorer.checks, rows)
    weights = check_weights(scorer, regime)
    score, known, total = _score(scorer.checks, checks, weights, rows.height)
    for gate, column in zip(scorer.gates, gates, strict=True):
        total += gate.weight * column.applies
        known += gate.weight * (column.applies & column.known)
    coverage: Floats = np.divide(known, total, out=np.zeros(rows.height), where=total > 0)
    np.round(coverage, 9, out=coverage)
    cap = np.full(rows.height, len(VERDICTS) - 1, np.int8)
    failures = np.zeros(rows.height, np.int8)
    blind = np.zeros(rows.height, np.bool_)
    for gate, column in zip(scorer.gates, gates, strict=True):
        np.minimum(cap, np.int8(VERDICTS.index(gate.cap)), out=cap, where=column.failed)
        failures += column.failed
        if gate.must_know:
            blind |= column.applies & ~column.known
        elif gate.unknown_cap:
            caps = _by_code({name: VERDICTS.index(each) for name, each in gate.unknown_cap_in.items()},
                            VERDICTS.index(gate.unknown_cap)).astype(np.int8)
            np.minimum(cap, caps[rows.sector], out=cap, where=column.applies & ~column.known)
    rank = _rank(scorer.limits, score, coverage)
    np.minimum(rank, cap, out=rank)
    rank[np.isnan(score)] = UNKNOWN_RANK
    rank[(failures >= scorer.limits.avoid_failures) | (cap == 0)] = 0  # whatever the missing values are, it stays the worst
    rank[blind] = UNKNOWN_RANK
    thin = (coverage < scorer.limits.coverage) & (rank != UNKNOWN_RANK)
    return Outcome(gates, checks, weights, score, coverage, blind, thin, rank)


def _rank(limits: Limits, score: Floats, coverage: Floats) -> Ranks:
    """What score and coverage alone allow."""
    thin = coverage < limits.coverage
    with np.errstate(invalid="ignore"):
        rank = (score >= limits.hold).astype(np.int8)
        rank += (score >= limits.buy) & (~thin | (score >= limits.thin_buy))
        rank += (score >= limits.strong_buy) & (coverage >= limits.strong_coverage) & ~thin
    rank[thin & (coverage < limits.thin_coverage)] = UNKNOWN_RANK
    return rank


def check_weights(scorer: Scorer, regime: str | None) -> tuple[float, ...]:
    """Points of 100 of each check: its share of its pillar; a substitute's are those of what it stands in for."""
    pillars = scorer.weights(regime)
    own = {(check.pillar, check.field): check.weight for check in scorer.checks if not check.instead_of}
    sums = {name: sum(weight for (pillar, _), weight in own.items() if pillar == name) for name in pillars}
    return tuple(pillars[check.pillar] * own[check.pillar, check.instead_of or check.field] / sums[check.pillar]
                 for check in scorer.checks)


def _score(rules: Sequence[Check], checks: Sequence[CheckColumn], weights: Sequence[float],
           height: int) -> tuple[Floats, Floats, Floats]:
    points, known, total = np.zeros(height), np.zeros(height), np.zeros(height)
    for rule, column, weight in zip(rules, checks, weights, strict=True):
        if not rule.instead_of:
            total += weight * column.applies
        counted = weight * column.worth * column.known
        known += counted
        points += counted * np.fmax(column.share, 0.0)
    score = np.full(height, np.nan)
    np.divide(10.0 * points, known, out=score, where=known > 0)
    return np.round(score, 9), known, total  # rounded, so that 6 reached in many steps is 6


def gate_column(gate: Gate, rows: Rows) -> GateColumn:
    """Pass, fail or unknown. For a row of unknown sector a gate is known only if every sector's limit says the same."""
    value = rows[gate.field]
    applies = _applies(gate.reach, rows)
    missing = np.isnan(value)
    limits = _by_code(gate.by_sector, gate.limit)
    limit: Floats | float = limits[rows.sector] if gate.by_sector else gate.limit
    beyond = np.less if gate.side == "min" else np.greater
    with np.errstate(invalid="ignore"):
        failed = beyond(value, limit) & applies
    known = ~missing & applies
    if rows.any_unknown_sector and (gate.by_sector or gate.reach.exempt or gate.reach.only):
        _doubt(gate, rows, value, failed, known)
    return GateColumn(applies, known, failed)


def _doubt(gate: Gate, rows: Rows, value: Floats, failed: Bools, known: Bools) -> None:
    """Where the sector is unknown, withdraw a judgement that another sector's limit would turn round."""
    possible = [gate.limit, *gate.by_sector.values()]
    loose, strict = (min(possible), max(possible)) if gate.side == "min" else (max(possible), min(possible))
    beyond = np.less if gate.side == "min" else np.greater
    with np.errstate(invalid="ignore"):
        fails_all = beyond(value, loose) & (not (gate.reach.exempt or gate.reach.only))
        passes_all = ~beyond(value, strict) & ~np.isnan(value)
    here = rows.unknown_sector
    failed[here] = fails_all[here]
    known[here] = (fails_all | passes_all)[here] & known[here]


def check_columns(checks: Sequence[Check], rows: Rows) -> tuple[CheckColumn, ...]:
    """Every check; a substitute only where what it stands in for applies and neither that nor an earlier one is known."""
    found: list[CheckColumn] = []
    places: dict[tuple[str, str], tuple[Bools, Bools]] = {}  # (pillar, field): applies, settled
    for check in checks:
        column = check_column(check, rows)
        if not check.instead_of:
            places[check.pillar, check.field] = (column.applies, column.known.copy())
        else:
            applies, settled = places[check.pillar, check.instead_of]
            used = column.known & applies & ~settled
            settled |= used
            column = CheckColumn(used, used, column.share, column.worth)
        found.append(column)
    return tuple(found)


def check_column(check: Check, rows: Rows) -> CheckColumn:
    """The share of the weight each row earns."""
    value = rows[check.field]
    applies = _applies(check.reach, rows)
    with np.errstate(invalid="ignore", divide="ignore"):
        if check.by_sector:
            zeros = _by_code({key: ends[0] for key, ends in check.by_sector.items()}, check.zero)
            fulls = _by_code({key: ends[1] for key, ends in check.by_sector.items()}, check.full)
            start: Floats | float = zeros[rows.sector]
            span: Floats | float = (fulls - zeros)[rows.sector]
        else:
            start, span = check.zero, check.full - check.zero
        if check.log:
            start, span = np.log10(check.zero), np.log10(check.full) - np.log10(check.zero)
            value = np.log10(np.where(value > 0, value, np.nan))
        share = (value - start) / span
        np.clip(share, 0.0, 1.0, out=share)
    known = ~np.isnan(share) & applies
    worth: Floats | float = check.worth
    if check.doubtful:
        doubted, decided = _all_true(check.doubtful, rows)
        worth = np.where(decided & ~doubted, 1.0, check.worth)  # in full only where no doubt is known
    return CheckColumn(applies, known, share, worth)


def flag_column(flag: Flag, rows: Rows) -> tuple[Bools, Bools]:
    """Raised, and whether that is known. One false clause is enough to know that it is not raised."""
    return _all_true(flag.clauses, rows)


def _all_true(clauses: Sequence[Clause], rows: Rows) -> tuple[Bools, Bools]:
    """Whether every clause is known and true, and whether that is known."""
    raised = np.ones(rows.height, np.bool_)
    refuted = np.zeros(rows.height, np.bool_)
    known = np.ones(rows.height, np.bool_)
    for clause in clauses:
        left = rows[clause.field]
        right: Floats | float = rows[clause.other] if isinstance(clause.other, str) else clause.other
        with np.errstate(invalid="ignore"):
            truth = _COMPARE[clause.operator](left, right)
        seen = ~(np.isnan(left) | np.isnan(right))
        raised &= truth
        refuted |= seen & ~truth
        known &= seen
    return raised & known, known | refuted


_COMPARE = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal}


def _applies(reach: Reach, rows: Rows) -> Bools:
    applies = np.ones(rows.height, np.bool_)
    if reach.exempt or reach.only:
        table = np.array([*(reach.sector(name) for name in SECTORS), not reach.only, not reach.only])
        applies = table[rows.sector]
    if reach.kinds:
        applies = applies & np.array([*(kind in reach.kinds for kind in KINDS), False, False])[rows.kind]
    return applies


def _by_code(by_sector: Mapping[str, float], general: float) -> Floats:
    return np.array([*(by_sector.get(name, general) for name in SECTORS), general, general])
