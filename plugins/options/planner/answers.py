"""Answers about one position: its figures, the grid over price and date, risks, size, and its effect on what is held."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from plugins.options.planner import words
from plugins.options.planner.gathering import frame
from plugins.options.planner.tables import FIGURES, SIZE, size_rows
from plugins.options.planner.tables import figures as figure_rows
from terminal.api import Column, Context, Table, UserError
from terminal.domain.planner import sizing
from terminal.domain.planner.legs import spelled
from terminal.domain.planner.position import later
from terminal.domain.planner.risks import risks as found_risks

if TYPE_CHECKING:
    from datetime import date

    from plugins.options.planner.gathering import Case
    from terminal.domain.planner.odds import Odds
    from terminal.domain.planner.position import Position
    from terminal.domain.planner.sizing import Purse

GRID = (
    Column("date", "On", "date"),
    Column("price", "Price of the share", "number", "USD", decimals=2),
    Column("profit", "Gain or loss", "number", "USD", decimals=2),
)
RISKS = (
    Column("kind", "Risk"),
    Column("severity", "How grave", "integer"),
    Column("chance", "Chance", "number", "fraction", decimals=1),
    Column("text", "In words"),
)
_DATES = 7
_PER_CENT = re.compile(r"([+\-−]?\d+(?:\.\d+)?)\s*%?")


def figures(case: Case, one: Position, unit: Position, purse: Purse, told: str, drift: str) -> Table:
    """Everything about a position; sizes are of one `unit` of it."""
    odds, said = drifted(one, drift)
    stress = sizing.at_risk(unit, case.rules.limits["stress"])
    size = sizing.size(unit, stress[0], purse)
    rows = figure_rows(case, one, odds, size, said)
    notes = [told, f"Interest: {case.desk.rate_from}. American exercise by the model; each leg keeps its own volatility."]
    return Table(
        f"{case.symbol}: {spelled(one.legs, case.symbol)}",
        FIGURES,
        frame(FIGURES, rows),
        case.sources,
        tuple(case.desk.failed),
        tuple(notes),
        detail=_detail(case, one, odds=odds, purse=purse, unit=unit, size=size),
    )


def drifted(one: Position, drift: str) -> tuple[Odds, str]:
    """The chances with another growth of the share, and how that is said. UserError for what is none."""
    text = drift.strip().lower()
    if text in ("", "market"):
        return one.odds, "the market's odds (risk neutral, from the smile)"
    if text == "none":
        return one.odds.moved(0.0), "the smile's odds if the share neither grows nor falls"
    match = _PER_CENT.fullmatch(text)
    growth = float(match[1].replace("−", "-")) / 100 if match else 9.0
    if not -0.9 <= growth <= 2.0:
        raise UserError(f"'{drift}' is no growth a year.", "Such as --drift 8%, none or market.")
    return one.odds.moved(math.log1p(growth)), f"the smile's odds if the share grows by {growth:.1%} a year"


def days(case: Case, one: Position, count: int = _DATES) -> tuple[date, ...]:
    """Today to the first expiry, evenly."""
    first = case.board.at.date()
    away = max((one.first.expiry - first).days, 1)
    steps = min(count - 1, away)
    return tuple(first + timedelta(days=round(away * step / steps)) for step in range(steps + 1))


def span(case: Case, one: Position) -> tuple[float, float]:
    """The prices that matter: three and a half expected moves, all strikes and break-evens that are near."""
    reach = 3.5 * one.odds.sigma * math.sqrt(one.first.years)
    low, high = case.board.spot * math.exp(-reach), case.board.spot * math.exp(reach)
    near = [
        at
        for at in (*(leg.strike for leg in one.legs if leg.strike), *one.breakevens)
        if 0.5 * case.board.spot < at < 2 * case.board.spot
    ]
    room = 0.03 * case.board.spot
    return min([low, *(at - room for at in near)]), max([high, *(at + room for at in near)])


def grid(case: Case, one: Position, shift: float, prices: int = 25, moments: int = _DATES) -> Table:
    """Gain and loss over prices and dates; every cell is valued in full."""
    import numpy as np

    low, high = span(case, one)
    dates = days(case, one, moments)
    turns = [at for at in (*(leg.strike for leg in one.legs), *one.breakevens) if low < at < high]
    spots = np.unique(np.concatenate([np.linspace(low, high, prices), turns]))
    elapsed = [min(later(case.board, day), one.first.years) for day in dates]
    elapsed[-1] = one.first.years
    made = one.grid(spots, elapsed, shift)
    rows = [
        {"date": day, "price": float(at), "profit": float(made[i, j])}
        for i, day in enumerate(dates)
        for j, at in enumerate(spots)
    ]
    moved = f" with volatilities moved by {shift * 100:+g} points" if shift else ""
    notes = (f"Every leg revalued at its own volatility{moved}; what expires on {dates[-1]} is worth exercising it.",)
    return Table(
        f"Gain and loss of {spelled(one.legs, case.symbol)}",
        GRID,
        frame(GRID, rows),
        case.sources,
        notes=notes,
        detail=_detail(case, one, grid=made, prices=spots, dates=dates, shift=shift),
    )


def risks(case: Case, one: Position) -> Table:
    """What can go wrong besides the price."""
    rows: list[dict[str, Any]] = [
        {"kind": each.kind, "severity": each.severity, "chance": each.chance, "text": each.text}
        for each in found_risks(one, case.dividends)
    ]
    if not rows:
        rows = [{"kind": "none", "severity": 1, "chance": None, "text": "Nothing is sold, so nobody can assign anything to you."}]
    return Table(f"Risks of {spelled(one.legs, case.symbol)}", RISKS, frame(RISKS, rows), case.sources, detail=_detail(case, one))


def size(case: Case, one: Position, purse: Purse, told: str) -> Table:
    """How many times, in whole units."""
    stress = sizing.at_risk(one, case.rules.limits["stress"])
    found = sizing.size(one, stress[0], purse)
    notes = [told]
    if not found.count:
        needs = f"it risks ${stress[0]:,.0f} and needs ${found.power:,.0f} set aside; limited by {found.by}"
        notes.append(f"Not even one fits: {needs}. `tapeline options plan {case.symbol}` finds what fits.")
    if purse.account is not None and purse.account < sizing.SMALL:
        notes.append(sizing.DAY_TRADES)
    rows = size_rows(one, found, purse, stress, case.today)
    return Table(
        f"How many: {spelled(one.legs, case.symbol)}",
        SIZE,
        frame(SIZE, rows),
        case.sources,
        tuple(case.desk.failed),
        tuple(notes),
        detail=_detail(case, one, size=found),
    )


def portfolio(ctx: Context, case: Case, one: Position) -> Table:
    """What the position would do to what is held: Greeks, beta and value at risk before and after, by `portfolio.whatif`."""
    trades = "; ".join(_trade(case, one, place) for place in range(len(one.legs)))
    told = ctx.call("portfolio.whatif", trades=trades)
    notes = (f"As `tapeline portfolio whatif --trades '{trades}'` tells.", *told.notes)
    return replace(told, title=f"Effect of {spelled(one.legs, case.symbol)} on what you hold", notes=notes)


def _trade(case: Case, one: Position, place: int) -> str:
    leg, row = one.legs[place], one.rows[place]
    price = leg.price if leg.price is not None else float(case.board.mid[row])
    side = "buy" if leg.quantity > 0 else "short"
    what = case.symbol if leg.right == "S" else f"{case.symbol} {leg.expiry} {leg.strike:g} {leg.right}"
    return f"{side} {abs(leg.quantity)} {what} @ {price:.4f}"


def _detail(case: Case, one: Position, **more: Any) -> dict[str, Any]:
    stress = sizing.at_risk(one, case.rules.limits["stress"])
    return {
        "case": case,
        "position": one,
        "stress": stress,
        "sentence": words.sentence(one, 1, case.today, stress),
        "legs": spelled(one.legs, case.symbol),
        **more,
    }
