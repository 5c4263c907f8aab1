"""From an outlook to ranked structures: every candidate scored in parts, the best of each structure first, with its reasons."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from terminal.domain.planner import candidates as making
from terminal.domain.planner import sizing
from terminal.domain.planner.odds import odds
from terminal.domain.planner.outlook import sheet
from terminal.domain.planner.position import Position, position
from terminal.domain.planner.structures import PARTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from terminal.domain.planner.board import Board, Floats, Term
    from terminal.domain.planner.candidates import Found
    from terminal.domain.planner.outlook import View
    from terminal.domain.planner.sizing import Purse, Size
    from terminal.domain.planner.structures import Rules, Structure

_NEAR, _FAR = 3, 1


@dataclass(frozen=True)
class Idea:
    """One candidate with its score: `parts` from 0 to 1 and what each weighs. `position` is of one unit."""

    structure: Structure
    position: Position
    score: float
    parts: dict[str, float]
    weights: dict[str, float]
    chance: float
    expected: float
    wanted: float
    risk: float
    size: Size
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """`ideas` best first; `tried` candidates were valued, `illiquid` quotes left out, `skipped` structures and why.
    `unfit`: where not even one fits the purse, the smallest of each structure, the smallest first."""

    view: View
    ideas: tuple[Idea, ...]
    tried: int
    illiquid: int
    terms: tuple[Term, ...]
    skipped: dict[str, str] = field(default_factory=dict)
    unfit: tuple[Idea, ...] = ()


def plan(
    board: Board,
    wanted: View,
    rules: Rules,
    purse: Purse,
    *,
    structures: Sequence[Structure] = (),
    unlimited: bool = False,
    level: int = 3,
    top: int = 10,
) -> Plan:
    """Value and rank. `structures`: only these, whatever their outlook; else all that suit. `unlimited`: also those whose
    loss has no limit."""
    allowed = making.liquid(board, rules.limits)
    near = _near(board, wanted)
    chosen = [each for each in (structures or rules.structures) if structures or each.outlook.get(wanted.outlook)]
    tried, illiquid, skipped = 0, 0, {}
    best: list[tuple[float, Found, int, dict[str, float]]] = []
    small: list[tuple[float, Found, int, dict[str, float]]] = []
    sheets: dict[tuple[str, str], making.Sheet] = {}
    known = {str(term.expiry): odds(board, term) for term in near}
    for structure in chosen:
        if structure.risk == "undefined" and not unlimited:
            skipped[structure.id] = "its loss has no limit"
            continue
        if structure.level > level:
            skipped[structure.id] = "it needs more experience"
            continue
        found: list[tuple[float, Found, int, dict[str, float]]] = []
        for term in near:
            for far in _far(board, term) if structure.several else (None,):
                key = (str(term.expiry), str(far.expiry) if far else "")
                if key not in sheets:
                    sheets[key] = sheet(board, term, far, wanted, rules, allowed, known[key[0]])
                rows, refused = making.candidates(structure, sheets[key], rules)
                illiquid += refused
                if not len(rows):
                    continue
                each = making.valued(structure, sheets[key], rules, rows)
                tried += len(each)
                found += _best(each, wanted, rules, purse, board)
        fitting = [one for one in found if one[0] >= 0]
        if fitting:
            best.append(max(fitting, key=lambda one: one[0]))
        elif found:
            skipped[structure.id] = "not even one fits"
            small.append(min(found, key=lambda one: float(_risk(one[1])[one[2]])))
        else:
            skipped[structure.id] = "no quotes that may be used at the deltas it wants, or too little to win"
    best.sort(key=lambda one: -one[0])
    ideas = tuple(_idea(*one, wanted, rules, purse) for one in best[:top])
    small.sort(key=lambda one: float(_risk(one[1])[one[2]]))
    unfit = tuple(_idea(-one[0] - 1, *one[1:], wanted, rules, purse) for one in small[:top])
    return Plan(wanted, ideas, tried, illiquid, near, skipped, unfit)


def _near(board: Board, wanted: View) -> tuple[Term, ...]:
    """The expiries on and after the day, and the one just before it (which then decides at its own expiry)."""
    later = [term for term in board.terms if term.expiry >= wanted.day][:_NEAR]
    before = [term for term in board.terms if term.expiry < wanted.day and term.years > 0.7 * wanted.years][-1:]
    return tuple(before + later) or board.terms[-1:]


def _far(board: Board, near: Term) -> tuple[Term, ...]:
    """Later expiries for what is bought: about four weeks on, and about three months on."""
    made = []
    for days in (28, 90):
        after = [term for term in board.terms if term.days >= near.days + max(7, 0.5 * days)]
        if after:
            made.append(min(after, key=lambda term: abs(term.days - near.days - days)))
    return tuple({term.expiry: term for term in made}.values())


def _risk(found: Found) -> Floats:
    """What is at risk: the largest loss; where that is none or as far as zero, that of a move as far as the rules say."""
    return found.loss if found.structure.risk == "defined" else np.maximum(found.stress, 1.0)


def _best(
    found: Found, wanted: View, rules: Rules, purse: Purse, board: Board
) -> list[tuple[float, Found, int, dict[str, float]]]:
    """The best that fits into the purse, else the smallest (its score turned below zero)."""
    risk = _risk(found)
    weights = rules.weighed(found.sheet.near.days)
    parts = scored(found, risk, wanted, rules)
    fit = 0.6 + 0.4 * found.structure.outlook.get(wanted.outlook, 0.5)
    total = np.asarray(sum(weights[name] * parts[name] for name in PARTS)) * fit
    # The margin is counted for the few that lead; risk and cost rule out the rest.
    pays = (risk > 0) & (found.gain > 0)
    if found.structure.risk == "defined":  # cents before a steamroller are no plan
        pays &= found.gain >= rules.limits["reward"] * risk
    fits = pays & (risk <= purse.risk) & (np.maximum(found.cost, 0) <= purse.money)
    order = np.argsort(-np.where(fits, total, -1.0))
    for at in order[:8]:
        if not fits[at]:
            break
        one = position(board, found.legs(int(at)), rules.costs)
        if one.margin(purse.kind, index=purse.index).why:
            continue
        if sizing.size(one, float(risk[at]), purse).count:
            return [(float(total[at]), found, int(at), {name: float(parts[name][at]) for name in PARTS})]
    if not pays.any():
        return []
    at = int(np.argmin(np.where(pays, risk, np.inf)))
    return [(-1.0 - float(total[at]), found, at, {name: float(parts[name][at]) for name in PARTS})]


def scored(found: Found, risk: Floats, wanted: View, rules: Rules) -> dict[str, Floats]:
    """Each part from 0 to 1, 0.5 where it says nothing."""
    safe = np.maximum(risk, 1.0)
    gain = found.wanted / safe
    value = found.expected / safe
    favour = preference(wanted, rules)
    sensitivity = np.tanh(10 * found.vega / safe)
    spread = found.friction / np.maximum(np.minimum(safe, found.gain), 1.0)
    interest = np.minimum(np.log10(np.maximum(found.interest, 1.0)) / 3, 1.0)
    return {
        "target": 0.5 + 0.5 * gain / (1 + np.abs(gain)),
        "chance": found.chance,
        "value": np.clip(0.5 + 2.5 * value, 0.0, 1.0),
        "volatility": 0.5 + 0.5 * favour * sensitivity,
        "time": 0.5 + 0.5 * np.tanh(20 * found.theta / safe),
        "liquidity": np.clip(1 - 5 * spread, 0.0, 1.0) * (0.5 + 0.5 * interest),
    }


def preference(wanted: View, rules: Rules) -> float:
    """From -1 (sell volatility) to 1 (buy it): what one expects of it, else whether it is rich or cheap within its year."""
    if wanted.volatility:
        return {"rising": 1.0, "falling": -1.0}.get(wanted.volatility, 0.0)
    if wanted.rank is None:
        return 0.0
    rich, cheap = rules.regime["rich"], rules.regime["cheap"]
    if wanted.rank >= rich:
        return -(0.3 + 0.7 * (wanted.rank - rich) / max(1 - rich, 1e-9))
    if wanted.rank <= cheap:
        return 0.3 + 0.7 * (cheap - wanted.rank) / max(cheap, 1e-9)
    return 0.0


def _idea(score: float, found: Found, at: int, parts: dict[str, float], wanted: View, rules: Rules, purse: Purse) -> Idea:
    one = position(found.sheet.board, found.legs(at), rules.costs)
    risk = float(_risk(found)[at])
    weights = rules.weighed(found.sheet.near.days)
    return Idea(
        found.structure,
        one,
        round(100 * max(score, 0.0), 1),
        parts,
        weights,
        one.chance(),
        one.expected(),
        float(found.wanted[at]),
        risk,
        sizing.size(one, risk, purse),
    )
