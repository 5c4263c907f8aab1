"""The scoring rules as data: what stands in `data/scoring/*.toml`, checked and ready to be applied.

`parse` reads the text of one scorer and refuses what it does not understand, naming the place, so that a typing
mistake in a rule file never becomes a silently wrong verdict.
"""

from __future__ import annotations

import dataclasses
import math
import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from terminal.domain.fields import FIELDS
from terminal.domain.instruments import KINDS, SECTORS

if TYPE_CHECKING:
    from collections.abc import Mapping

THIN_FLAG = "Few inputs known"  # the flag of a verdict given although less is known than should be
VERDICTS = ("Avoid", "Hold", "Buy", "Strong Buy")  # from worst to best; the index is the rank
UNKNOWN_VERDICT = "Unknown"
TONES = ("good", "info", "warn", "bad")
_CLAUSE = re.compile(r"^\s*([a-z_0-9]+)\s*(<=|>=|<|>)\s*(-?[0-9.]+|[a-z_0-9]+)\s*$")


@dataclass(frozen=True)
class Reach:
    """Which rows a gate or check speaks about: `only` these sectors, all but `exempt` ones, these `kinds`."""

    only: frozenset[str] = frozenset()
    exempt: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()

    def sector(self, name: str) -> bool:
        """Whether a known sector is covered."""
        return name not in self.exempt and (not self.only or name in self.only)


@dataclass(frozen=True)
class Gate:
    """A hard limit on `field`: at least (`side` "min") or at most ("max") `limit`. Failing it caps the verdict at `cap`.

    Of a must-know gate an unknown value makes the verdict Unknown; of another one it caps the verdict at `unknown_cap`
    (for some sectors at another one, `unknown_cap_in`).
    `weight` counts for coverage only. `blame` is the phrase for the one-line reason. `newbie_below` replaces `newbie` for
    a negative value, `fail_below` likewise `newbie_fail`.
    """

    id: str
    title: str
    field: str
    side: str
    limit: float
    cap: str
    weight: float
    must_know: bool
    fixed: bool
    by_sector: Mapping[str, float]
    reach: Reach
    newbie: str
    newbie_fail: str
    blame: str
    unknown_cap: str = ""
    unknown_cap_in: Mapping[str, str] = dataclasses.field(default_factory=dict)
    newbie_below: str = ""
    fail_below: str = ""

    def limit_for(self, sector: str | None) -> float:
        """The limit that holds for a sector; of an unknown sector the general one is shown."""
        return self.by_sector.get(sector or "", self.limit)

    def unknown_cap_for(self, sector: str | None) -> str:
        """The best verdict while the value is unknown; empty: any."""
        return self.unknown_cap_in.get(sector or "", self.unknown_cap)


@dataclass(frozen=True)
class Clause:
    """One comparison: a field with a number or with another field."""

    field: str
    operator: str
    other: str | float


@dataclass(frozen=True)
class Check:
    """Marks between none at `zero` and all at `full` of `weight`, in a straight line (of the logarithm for scale "log").

    A substitute (`instead_of` another check's field) is judged only where that one is unknown, with the part `worth` of
    its weight: it says something like it, but less. A check counts with the part `worth` of its weight, too, unless
    `doubtful` is known not to hold. What is not counted stays open, so coverage tells it. `good` and `bad` (for a negative
    value `bad_below`) name what speaks for or against, `figure` its value in a beginner's sentence; `newbie_below` and
    `figure_below` replace both for a negative value.
    """

    field: str
    title: str
    pillar: str
    zero: float
    full: float
    weight: float
    log: bool
    by_sector: Mapping[str, tuple[float, float]]
    reach: Reach
    good: str
    bad: str
    newbie: str
    instead_of: str = ""
    worth: float = 1.0
    doubtful: tuple[Clause, ...] = ()
    figure: str = ""
    newbie_below: str = ""
    figure_below: str = ""
    bad_below: str = ""

    @property
    def id(self) -> str:
        """Its name; a field may be judged in several pillars, and stand in for others."""
        return f"{self.pillar}.{self.field}" + (f".{self.instead_of}" if self.instead_of else "")

    def ends_for(self, sector: str | None) -> tuple[float, float]:
        """`zero` and `full` of a sector."""
        return self.by_sector.get(sector or "", (self.zero, self.full))


@dataclass(frozen=True)
class Flag:
    """A named warning or praise, raised only when every clause of `rule` is known and true."""

    id: str
    title: str
    tone: str
    rule: str
    clauses: tuple[Clause, ...]
    newbie: str
    pro: str

    @property
    def fields(self) -> tuple[str, ...]:
        """Every field the rule reads."""
        names = [clause.field for clause in self.clauses]
        names += [clause.other for clause in self.clauses if isinstance(clause.other, str)]
        return tuple(dict.fromkeys(names))


@dataclass(frozen=True)
class Pillar:
    """A theme of checks; `weight` in points of 100 before the regime shifts it."""

    id: str
    title: str
    weight: float


@dataclass(frozen=True)
class Limits:
    """Scores from which a verdict holds, and how much has to be known.

    From `thin_coverage` up to `coverage` a verdict is given as well, but it is never a Strong Buy, a Buy needs
    `thin_buy`, and it is flagged. Below `thin_coverage` nothing is said.
    """

    strong_buy: float
    buy: float
    hold: float
    coverage: float
    strong_coverage: float
    avoid_failures: int
    thin_coverage: float = 1.0
    thin_buy: float = 0.0


@dataclass(frozen=True)
class Scorer:
    """The rules of one sort of instrument."""

    name: str
    title: str
    kinds: frozenset[str]
    limits: Limits
    pillars: Mapping[str, Pillar]
    regimes: Mapping[str, Mapping[str, float]]
    gates: tuple[Gate, ...]
    checks: tuple[Check, ...]
    flags: tuple[Flag, ...]

    @property
    def fields(self) -> frozenset[str]:
        """Every field the scorer reads, besides symbol, kind, sector and currency."""
        return frozenset([*(gate.field for gate in self.gates), *(check.field for check in self.checks),
                          *(clause.field for check in self.checks for clause in check.doubtful),
                          *(name for flag in self.flags for name in flag.fields)])

    def weights(self, regime: str | None) -> dict[str, float]:
        """Points of 100 each pillar has in a regime (None, or one without a table: unshifted)."""
        shift = self.regimes.get(regime or "", {})
        raw = {name: pillar.weight * shift.get(name, 1.0) for name, pillar in self.pillars.items()}
        total = sum(raw.values())
        return {name: 100.0 * weight / total for name, weight in raw.items()}

    def replaced(self, path: tuple[str, ...], value: float) -> Scorer:
        """The scorer with one number changed. `path`: see `Rulebook.replace`."""
        match path:
            case ("verdict", name) if name in {each.name for each in dataclasses.fields(Limits)}:
                return dataclasses.replace(self, limits=Limits(**{**dataclasses.asdict(self.limits), name: value}))
            case ("weights", name) if name in self.pillars:
                pillar = dataclasses.replace(self.pillars[name], weight=value)
                return dataclasses.replace(self, pillars={**self.pillars, name: pillar})
            case ("gates", name, *sector) if any(gate.id == name for gate in self.gates):
                return dataclasses.replace(self, gates=tuple(
                    _with_limit(gate, value, sector[0] if sector else None) if gate.id == name else gate for gate in self.gates))
        raise KeyError(".".join((self.name, *path)))


def _with_limit(gate: Gate, value: float, sector: str | None) -> Gate:
    if sector is None:
        return dataclasses.replace(gate, limit=value)
    return dataclasses.replace(gate, by_sector={**gate.by_sector, sector: value})


def parse(name: str, text: str) -> Scorer:
    """The scorer written in `text`. Raises ValueError that names the place of a mistake."""
    try:
        return _scorer(name, tomllib.loads(text))
    except (KeyError, TypeError, ValueError) as error:
        detail = f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)
        raise ValueError(f"scoring rules '{name}': {detail}") from error


def _scorer(name: str, raw: Mapping[str, Any]) -> Scorer:
    pillars = {key: Pillar(key, item["title"], _positive(item["weight"], f"pillar {key}"))
               for key, item in raw["pillars"].items()}
    regimes = {key: dict(item) for key, item in raw.get("regime", {}).items()}
    for key, shift in regimes.items():
        if unknown := set(shift) - set(pillars):
            raise ValueError(f"regime {key} shifts the unknown pillar {min(unknown)}")
    checks = tuple(_check(item, pillars) for item in raw["checks"])
    if empty := set(pillars) - {check.pillar for check in checks}:
        raise ValueError(f"pillar {min(empty)} has no check")
    _check_substitutes(checks)
    limits = Limits(**raw["verdict"])
    if not 0 <= limits.hold < limits.buy < limits.strong_buy <= 10:
        raise ValueError("verdict thresholds must rise from hold to strong_buy within 0 and 10")
    gates = tuple(_gate(item) for item in raw["gates"])
    if len({gate.id for gate in gates}) != len(gates):
        raise ValueError("two gates have the same id")
    kinds = frozenset(raw["kinds"])
    if strange := kinds - set(KINDS):
        raise ValueError(f"unknown kind {min(strange)}")
    return Scorer(name, raw["title"], kinds, limits, pillars, regimes, gates, checks,
                  tuple(_flag(item) for item in raw.get("flags", ())))


def _gate(raw: Mapping[str, Any]) -> Gate:
    place = f"gate {raw['id']}"
    sides = [side for side in ("min", "max") if side in raw]
    if len(sides) != 1:
        raise ValueError(f"{place}: needs one of min and max")
    if raw["cap"] not in VERDICTS:
        raise ValueError(f"{place}: cap must be one of {', '.join(VERDICTS)}")
    if not {raw.get("unknown_cap", "Hold"), *raw.get("unknown_cap_in", {}).values()} <= set(VERDICTS[1:]):
        raise ValueError(f"{place}: unknown_cap must be one of {', '.join(VERDICTS[1:])}; what is missing fails nothing")
    return Gate(raw["id"], raw["title"], _field(raw["field"], place), sides[0], float(raw[sides[0]]), raw["cap"],
                float(raw["weight"]), bool(raw.get("must_know", False)), bool(raw.get("fixed", False)),
                {_sector(key, place): float(value) for key, value in raw.get("by_sector", {}).items()},
                _reach(raw, place), raw["newbie"], raw["newbie_fail"], raw.get("blame", ""), raw.get("unknown_cap", ""),
                {_sector(key, place): cap for key, cap in raw.get("unknown_cap_in", {}).items()},
                raw.get("newbie_below", ""), raw.get("fail_below", ""))


def _check(raw: Mapping[str, Any], pillars: Mapping[str, Pillar]) -> Check:
    place = f"check {raw['field']}"
    if raw["pillar"] not in pillars:
        raise ValueError(f"{place}: unknown pillar {raw['pillar']}")
    if raw.get("scale", "linear") == "log" and raw.get("by_sector"):
        raise ValueError(f"{place}: a log scale has no sector ends")
    by_sector = {_sector(key, place): (float(ends[0]), float(ends[1])) for key, ends in raw.get("by_sector", {}).items()}
    log = raw.get("scale", "linear") == "log"
    for zero, full in [(float(raw["zero"]), float(raw["full"])), *by_sector.values()]:
        if zero == full or (log and min(zero, full) <= 0):
            raise ValueError(f"{place}: zero and full must differ, and be positive on a log scale")
    instead_of = raw.get("instead_of", "")
    doubtful = _clauses(raw["doubtful"], place) if "doubtful" in raw else ()
    worth = float(raw.get("worth", 1.0))
    if not 0 < worth <= 1 or (worth < 1) != bool(instead_of or doubtful):
        raise ValueError(f"{place}: worth is a part of 1, and belongs to instead_of or doubtful")
    if instead_of and (doubtful or "weight" in raw):
        raise ValueError(f"{place}: a substitute has the weight of what it stands in for, times worth")
    weight = 1.0 if instead_of else _positive(raw["weight"], place)
    return Check(_field(raw["field"], place), raw["title"], raw["pillar"], float(raw["zero"]), float(raw["full"]),
                 weight, log, by_sector, _reach(raw, place), raw["good"], raw["bad"], raw["newbie"], instead_of, worth,
                 doubtful, raw.get("figure", ""), raw.get("newbie_below", ""), raw.get("figure_below", ""),
                 raw.get("bad_below", ""))


def _check_substitutes(checks: tuple[Check, ...]) -> None:
    """A substitute follows what it stands in for, and is worth no more than the ones before it: losing a value never pays."""
    worth: dict[tuple[str, str], float] = {}
    for check in checks:
        key = (check.pillar, check.instead_of or check.field)
        if not check.instead_of:
            worth[key] = check.worth
        elif key not in worth or check.worth > worth[key]:
            raise ValueError(f"check {check.field}: stands in for '{check.instead_of}', which has to come before it in its "
                             "pillar and be worth as much")
        else:
            worth[key] = check.worth


def _clauses(text: str, place: str) -> tuple[Clause, ...]:
    clauses = []
    for part in text.split(" and "):
        match = _CLAUSE.match(part)
        if match is None:
            raise ValueError(f"{place}: cannot read '{part.strip()}'")
        field, operator, other = match.groups()
        named = re.fullmatch(r"[a-z_][a-z_0-9]*", other) is not None
        clauses.append(Clause(_field(field, place), operator, _field(other, place) if named else float(other)))
    return tuple(clauses)


def _flag(raw: Mapping[str, Any]) -> Flag:
    place = f"flag {raw['id']}"
    clauses = _clauses(raw["rule"], place)
    if raw["tone"] not in TONES:
        raise ValueError(f"{place}: tone must be one of {', '.join(TONES)}")
    return Flag(raw["id"], raw["title"], raw["tone"], raw["rule"], clauses, raw["newbie"], raw["pro"])


def _reach(raw: Mapping[str, Any], place: str) -> Reach:
    return Reach(frozenset(_sector(name, place) for name in raw.get("only", ())),
                 frozenset(_sector(name, place) for name in raw.get("except", ())), frozenset(raw.get("kinds", ())))


def _field(name: str, place: str) -> str:
    if name not in FIELDS or FIELDS[name].type not in ("number", "integer"):
        raise ValueError(f"{place}: '{name}' is not a number field")
    return name


def _sector(name: str, place: str) -> str:
    if name not in SECTORS:
        raise ValueError(f"{place}: '{name}' is not a sector")
    return name


def _positive(value: float, place: str) -> float:
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"{place}: weight must be positive")
    return float(value)
