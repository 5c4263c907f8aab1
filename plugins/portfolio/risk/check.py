"""Value at risk as it would have been said each evening, held against the next day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from plugins.portfolio.gathering import sources
from plugins.portfolio.risk import words
from plugins.portfolio.risk.tables import METHODS
from plugins.portfolio.tables import frame
from terminal.api import Column, Context, Table
from terminal.domain.risk import grading

if TYPE_CHECKING:
    from datetime import date

    import numpy as np
    from numpy.typing import NDArray

    from plugins.portfolio.risk.gathering import AtRisk
    from terminal.domain.risk.grading import Grade

_COLUMNS = (
    Column("method", "Method", term="risk_method"),
    Column("days", "Days", "integer", "count"),
    Column("exceptions", "Exceeded", "integer", "count", term="risk_exceptions"),
    Column("expected", "Expected", "number", "count", decimals=1, term="risk_exceptions"),
    Column("longest", "In a row", "integer", "count", newbie=False),
    Column("kupiec", "Kupiec p", "number", decimals=3, term="risk_kupiec", newbie=False),
    Column("independence", "Christoffersen p", "number", decimals=3, term="risk_independence", newbie=False),
    Column("conditional", "Both p", "number", decimals=3, term="risk_conditional", newbie=False),
    Column("verdict", "Verdict", term="risk_verdict"),
    Column("says", "What it says"),
)


@dataclass(frozen=True)
class Checked:
    """One grade a method; `said` are their forecasts in money for each of `days`, `happened` what those days made."""

    grades: tuple[Grade, ...]
    days: tuple[date, ...]
    happened: NDArray[np.float64]
    said: dict[str, NDArray[np.float64]]
    confidence: float


def checked(of: AtRisk, window: int, confidence: float) -> Checked:
    """Every method over the days that have `window` days before them; what is held today is held all along."""
    outcomes = of.outcomes
    said = {method: grading.forecasts(outcomes, window, confidence, method) for method in grading.METHODS}
    grades = tuple(grading.grade(outcomes, each, confidence, method) for method, each in said.items())
    return Checked(grades, of.days[window:], outcomes[window:], said, confidence)


def check_table(ctx: Context, of: AtRisk, window: int, confidence: float) -> Table:
    """A row a method; `detail["checked"]` has the days."""
    title = f"Value at risk against what happened, up to {of.held.day}"
    made, _ = sources(ctx, of.fetches)
    known = len(of.days)
    if not of.positions or known <= window:
        why = of.nothing
        if of.positions:
            why = f"{known} days are known and {window} are needed before the first one: too few to check."
        return Table(title, _COLUMNS, frame(_COLUMNS, ()), made, of.left_out, (why, *of.notes))
    found = checked(of, window, confidence)
    rows: list[dict[str, Any]] = [
        {
            "method": METHODS[each.method], "days": each.days, "exceptions": each.exceptions, "expected": each.expected,
            "longest": each.longest, "kupiec": each.kupiec, "independence": each.independence,
            "conditional": each.conditional, "verdict": each.verdict, "says": words.graded(each, confidence),
        }
        for each in found.grades
    ]  # fmt: skip
    notes = (
        f"What you hold today, held all along; each evening's figure from the {window} days before it.",
        "Monte Carlo is not among them: for shares alone it is the parametric figure with fatter tails.",
        *of.notes,
    )
    return Table(title, _COLUMNS, frame(_COLUMNS, rows), made, of.left_out, notes, detail={"checked": found})
