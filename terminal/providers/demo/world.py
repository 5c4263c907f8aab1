"""The whole simulated market up to one session: companies, prices, funds, bonds, splits, plants.

`World` is the hidden truth; the frames that the provider hands out are views of it up to what is public.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from terminal.errors import UserError
from terminal.providers.demo import business, funds, plants, prices, reports
from terminal.providers.demo.recipe import Floats, Ints, Recipe, calendar, load

if TYPE_CHECKING:
    from datetime import date

    from terminal.domain.sessions import Calendar
    from terminal.providers.demo.business import Books
    from terminal.providers.demo.funds import Listed
    from terminal.providers.demo.plants import Plant
    from terminal.providers.demo.prices import Factors, Loadings, Prices
    from terminal.providers.demo.reports import Reports


@dataclass(frozen=True)
class Split:
    """`ratio` new shares for one old from the session `first` on."""

    company: int
    first: int
    ratio: float


@dataclass(frozen=True)
class World:
    """One simulated market. `days` are the sessions of every price path, the last of them is the end."""

    recipe: Recipe
    calendar: Calendar
    days: list[date]
    when: Floats
    books: Books
    reports: Reports
    loadings: Loadings
    factors: Factors
    plants: tuple[Plant, ...]
    stocks: Prices
    announced: tuple[Split, ...]

    @cached_property
    def splits(self) -> tuple[Split, ...]:
        """The splits that have happened."""
        return tuple(each for each in self.announced if each.first < len(self.days))

    @property
    def end(self) -> date:
        """The last session."""
        return self.days[-1]

    @cached_property
    def moments(self) -> np.ndarray[tuple[int], np.dtype[np.datetime64]]:
        """The sessions as numpy days."""
        return np.array(self.days, dtype="datetime64[D]")

    @cached_property
    def shares(self) -> Floats:
        """Shares outstanding by session, as if never split."""
        return prices._between(self.books.shares, self.when)

    @cached_property
    def cap(self) -> Floats:
        """Market value by session and company."""
        return self.stocks.close * self.shares

    @cached_property
    def listed(self) -> tuple[Listed, ...]:
        """Stock funds, bond funds, bonds."""
        return (
            funds.stock_funds(self.recipe, self.stocks, self.cap),
            funds.bond_funds(self.recipe, self.factors, self.days),
            funds.bonds(self.recipe, self.factors, self.days),
        )

    @cached_property
    def split_total(self) -> Floats:
        """For each company, how many shares of today one share of the first session has become."""
        total = np.ones(len(self.recipe.companies))
        for split in self.splits:
            total[split.company] *= split.ratio
        return total

    def split_until(self, position: int) -> Floats:
        """The same up to the session number `position`."""
        total = np.ones(len(self.recipe.companies))
        for split in self.splits:
            if split.first <= position:
                total[split.company] *= split.ratio
        return total


def generate(end: date, seed: int | None = None) -> World:
    """The market up to the session `end`. Raises UserError when `end` is too early to have two years of history."""
    recipe, sessions = load(seed), calendar()
    days = sessions.sessions(recipe.prices_from, end)
    if len(days) < 504:
        raise UserError(
            f"The demo market cannot end on {end}: it begins in {recipe.prices_from.year}.",
            f"Choose a day from {recipe.prices_from.year + 2} on.",
        )
    quarters = reports.quarters_until(recipe, days[-1])
    first = recipe.document["statements_from"]
    moments = np.array(days, dtype="datetime64[D]")
    # The quarter ending on statements_from is number 0; its end stands at 0.0.
    when = (moments - np.datetime64(first)).astype(np.float64) / 91.3125
    books = business.keep_books(recipe, quarters)
    planned = reports.schedule(recipe, books, sessions, days, quarters)
    loading, common = prices.loadings(recipe, books.value[0] * books.shares[0]), prices.factors(recipe, days)
    planted = plants.plant(recipe, len(days), planned, loading.noise)
    stocks = prices.paths(recipe, books, when, common, loading, planted)
    return World(
        recipe, sessions, days, when, books, planned, loading, common, planted.plants, stocks, _splits(recipe, stocks, days)
    )


def _splits(recipe: Recipe, stocks: Prices, days: list[date]) -> tuple[Split, ...]:
    """A company splits once in its life, 25 sessions after a quarter's middle month began with a price far from usual."""
    found: dict[int, Split] = {}
    for t in range(1, len(days)):
        if days[t].month == days[t - 1].month or days[t].month not in (2, 5, 8, 11):
            continue
        close = stocks.close[t]
        willing = recipe.stream("splits", days[t].toordinal()).random(len(close))
        chosen: Ints = np.flatnonzero(((close > 420) & (willing < 0.05)) | ((close < 3.0) & (willing < 0.10)))
        for company in chosen.tolist():
            if company not in found:
                ratio = 0.1 if close[company] < 3 else 10.0 if close[company] > 1100 else 4.0 if close[company] > 600 else 3.0
                found[company] = Split(company, t + 25, ratio)
    return tuple(sorted(found.values(), key=lambda split: (split.first, split.company)))
