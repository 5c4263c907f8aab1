"""What is planted into prices, with its cause: reports, dips of a company, a sector or the market, chart patterns.

The plants are the ground truth that tests check detectors against; of them the market shows only prices, volumes and
the headlines that a newspaper would print.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from terminal.providers.demo.recipe import Bools, Floats, Ints, Recipe
    from terminal.providers.demo.reports import Reports

Kind = Literal["company dip", "sector dip", "market dip", "breakout", "double bottom"]
CAUSES = (
    "guidance cut",
    "product recall",
    "regulatory probe",
    "lost contract",
    "data breach",
    "chief executive leaves",
    "plant outage",
    "analyst downgrade",
)


@dataclass(frozen=True, slots=True)
class Plant:
    """One planted movement. `first` and `last` are session numbers (last may lie beyond the end); `company` is -1 for a
    sector's or the market's; `size` the planned log return at its extreme; `lasting` the share that is not made good.
    """

    kind: Kind
    first: int
    last: int
    company: int
    sector: int
    size: float
    cause: str = ""
    lasting: float = 0.0


@dataclass(frozen=True)
class Planted:
    """Added log returns, a damper of own noise, a factor on volume, and days with news before the open; the plants."""

    jump: Floats
    calm: Floats
    crowd: Floats
    news: Bools
    plants: tuple[Plant, ...]


def plant(recipe: Recipe, sessions: int, reports: Reports, noise: Floats) -> Planted:
    """Plants for that many sessions; more sessions only add to them."""
    count = len(recipe.companies)
    jump, calm = np.zeros((sessions, count)), np.ones((sessions, count))
    crowd, news = np.ones((sessions, count)), np.zeros((sessions, count), dtype=np.bool_)
    _react(reports, noise, sessions, jump, crowd, news)
    plants: list[Plant] = []
    draws = recipe.stream("plants").random((sessions, 12))
    busy: Ints = np.full(count, -1, dtype=np.int64)
    for t in range(5, sessions):
        row = draws[t]
        if row[0] < 0.34:
            _company_dip(t, row, jump, crowd, news, plants, busy)
        if row[1] < 0.010:
            _sector_dip(t, row, recipe, jump, crowd, plants)
        if row[2] < 0.0045:
            _market_dip(t, row, jump, crowd, plants)
        if row[3] < 0.50:
            _pattern(t, row, jump, calm, crowd, plants, busy)
    return Planted(jump, calm, crowd, news, tuple(plants))


def _react(reports: Reports, noise: Floats, sessions: int, jump: Floats, crowd: Floats, news: Bools) -> None:
    """The price's answer to a report: a jump by the surprise, then a drift in the same direction for three weeks."""
    day, company = reports.reaction, np.broadcast_to(np.arange(len(noise)), reports.reaction.shape)
    size = reports.answer * noise
    for offset in range(16):
        at = day + offset
        inside = (day >= 0) & (at < sessions)
        np.add.at(jump, (at[inside], company[inside]), size[inside] * (2.2 if offset == 0 else 0.05))
        if offset < 3:
            crowd[at[inside], company[inside]] *= (2.6, 1.5, 1.2)[offset]
        if offset == 0:
            news[at[inside], company[inside]] = True


def _free(row: float, busy: Ints, t: int, until: int) -> int:
    """A company without another plant under way, or -1."""
    company = int(row * len(busy))
    if busy[company] >= t:
        return -1
    busy[company] = until
    return company


def _lay(matrix: Floats, t: int, company: int, values: Floats) -> None:
    room = max(len(matrix) - t, 0)
    matrix[t : t + len(values), company] += values[:room]


def _company_dip(t: int, row: Floats, jump: Floats, crowd: Floats, news: Bools, plants: list[Plant], busy: Ints) -> None:
    fall, back = 1 + int(row[5] * 6), 30 + int(row[6] * 60)
    company = _free(row[4], busy, t, t + fall + back)
    if company < 0:
        return
    size, lasting = 0.10 + 0.20 * row[7] ** 1.5, float(row[8])
    weights = 0.5 ** np.arange(fall)
    _lay(jump, t, company, -size * weights / weights.sum())
    _lay(jump, t + fall, company, np.full(back, size * (1 - lasting) / back))
    crowd[t : t + fall, company] *= 1.0 + 1.6 * weights[: len(crowd[t : t + fall])]
    news[t, company] = True
    cause = CAUSES[int(row[9] * len(CAUSES))]
    plants.append(Plant("company dip", t, t + fall - 1, company, -1, -size, cause, lasting))


def _sector_dip(t: int, row: Floats, recipe: Recipe, jump: Floats, crowd: Floats, plants: list[Plant]) -> None:
    sector, size = int(row[10] * len(recipe.sectors)), 0.06 + 0.07 * float(row[11])
    members = recipe.sector_of == sector
    for offset, share in enumerate((0.45, 0.25, 0.20, 0.10)):
        if t + offset < len(jump):
            jump[t + offset, members] -= size * share
            crowd[t + offset, members] *= 1.5
    for offset in range(4, 49):
        if t + offset < len(jump):
            jump[t + offset, members] += 0.7 * size / 45
    plants.append(Plant("sector dip", t, t + 3, -1, sector, -size, "sector sell-off", 0.3))


def _market_dip(t: int, row: Floats, jump: Floats, crowd: Floats, plants: list[Plant]) -> None:
    size = 0.05 + 0.05 * float(row[11])
    for offset, share in enumerate((0.30, 0.15, 0.30, 0.15, 0.10)):
        if t + offset < len(jump):
            jump[t + offset] -= size * share
            crowd[t + offset] *= 1.6
    jump[t + 5 : t + 45] += 0.8 * size / 40
    plants.append(Plant("market dip", t, t + 4, -1, -1, -size, "market sell-off", 0.2))


def _pattern(t: int, row: Floats, jump: Floats, calm: Floats, crowd: Floats, plants: list[Plant], busy: Ints) -> None:
    """A breakout from a narrow base, or a double bottom that completes above its neckline."""
    if row[8] < 0.6:
        company = _free(row[9], busy, t, t + 50)
        if company < 0:
            return
        calm[t : t + 38, company] *= 0.35
        size = 0.05 + 0.05 * float(row[10])
        _lay(jump, t + 38, company, np.concatenate([[size], np.full(11, 0.006)]))
        crowd[t + 38 : t + 48, company] *= np.linspace(2.6, 1.4, 10)[: len(crowd[t + 38 : t + 48])]
        plants.append(Plant("breakout", t, t + 38, company, -1, size))
        return
    company = _free(row[9], busy, t, t + 70)
    if company < 0:
        return
    depth = 0.13 + 0.08 * float(row[10])
    legs = ((14, -depth), (12, 0.6 * depth), (12, -0.6 * depth), (16, 1.15 * depth))
    calm[t : t + 54, company] *= 0.45
    _lay(jump, t, company, np.concatenate([np.full(days, move / days) for days, move in legs]))
    crowd[t + 46 : t + 54, company] *= 1.6
    plants.append(Plant("double bottom", t, t + 53, company, -1, -depth))
