"""What the accounts really did day by day, own money that came and went taken out, beside today's holdings and the market."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from plugins.portfolio.gathering import owned, sources
from plugins.portfolio.reports.performance import evening_worth, everything, own_flows
from plugins.portfolio.tables import frame
from plugins.portfolio.worth import prepared
from terminal.api import Column, Context, Table
from terminal.domain import format as written
from terminal.domain.portfolio.returns import without_cash
from terminal.domain.risk.ratios import Ratios, against, ratios

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

    from plugins.portfolio.gathering import Owned
    from plugins.portfolio.risk.gathering import AtRisk

    Floats = NDArray[np.float64]

_FIGURES = {
    "cagr": ("Return a year", True), "volatility": ("Volatility", True), "downside": ("Downside deviation", True),
    "max_drawdown": ("Deepest fall", True), "best": ("Best day", True), "worst": ("Worst day", True),
    "win_rate": ("Days with a gain", True), "sharpe": ("Sharpe", False), "sortino": ("Sortino", False),
    "calmar": ("Calmar", False), "omega": ("Omega", False), "ulcer_index": ("Ulcer index", True),
    "tail_ratio": ("Tail ratio", False), "gain_to_pain": ("Gain to pain", False), "skew": ("Skewness", False),
    "kurtosis": ("Excess kurtosis", False),
}  # fmt: skip
_LEAST = 20


@dataclass(frozen=True)
class Past:
    """Time-weighted returns of each session since the first booking; NaN where the worth before or after is not known."""

    days: tuple[date, ...]
    daily: Floats

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which of them are."""
        return np.isfinite(self.daily)


def past(ctx: Context, own: Owned, sessions: tuple[date, ...]) -> Past:
    """Of the accounts of `own` over `sessions`: (worth after + what went out) / (worth before + what came in) - 1."""
    booked = [one.day for one in own.transactions if one.account in own.names]
    days = sessions[max(bisect_left(sessions, min(booked)), 0) :] if booked else ()
    if len(days) < 2:
        return Past((), np.empty(0))
    prices = prepared(ctx, own, past=everything(own))
    flows, _ = own_flows(own, prices)
    then = owned(ctx, [each.name for each in own.accounts], currency=own.currency, evenings=days).positions.evenings
    bare = without_cash(own.transactions)
    worth = [evening_worth(own, prices, day, then[day], bare).value for day in days]
    moved: dict[int, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for flow in flows:
        place = bisect_left(days, flow.day)
        moved[place][0 if flow.amount > 0 else 1] += abs(flow.amount)
    daily = np.full(len(days) - 1, np.nan)
    for place in range(1, len(days)):
        before, after = worth[place - 1], worth[place]
        came, went = moved[place]
        if before is not None and after is not None and before + came > 0:
            daily[place - 1] = float((after + went) / (before + came)) - 1.0
    return Past(days[1:], daily)


def past_table(ctx: Context, own: Owned, of: AtRisk) -> Table:
    """A row a figure: the accounts as they were, today's holdings over the same past, and the market."""
    title = f"What your accounts did, up to {of.held.day}"
    made, _ = sources(ctx, of.fetches)
    found = past(ctx, own, of.days)
    known = found.known
    columns = (
        Column("figure", "Figure"), Column("account", "Your accounts", "number", "", "risk_account", 4),
        Column("today", "Today's holdings", "number", "", "risk_today", 4),
        Column("market", of.market_symbol, "number", "", "risk_market", 4),
        Column("said", "In words"),
    )  # fmt: skip
    if int(known.sum()) < _LEAST:
        why = f"The worth of your accounts is known on too few days ({int(known.sum())} returns, {_LEAST} are needed)."
        return Table(title, columns, frame(columns, ()), made, of.left_out, (why,))
    count = len(found.days)  # all three over the same days
    today = None if of.daily is None else of.daily[-count:]
    market = None if of.market is None else of.market[-count:]
    series = {"account": _ratios(found.daily), "today": None if today is None else ratios(today),
              "market": None if market is None else ratios(market)}  # fmt: skip
    rows: list[dict[str, Any]] = []
    for name, (figure, share) in _FIGURES.items():
        values = {key: None if one is None else getattr(one, name) for key, one in series.items()}
        rows.append({"figure": figure, **values, "said": _said(values, share)})
    if market is not None:
        other = None if today is None else against(today, market).beta
        values = {"account": against(found.daily[known], market[known]).beta, "today": other, "market": 1.0}
        rows.append({"figure": "Beta", **values, "said": _said(values, False)})
    notes = [f"{count} days from {written.day(found.days[0])} on, own money that came and went taken out; of your accounts "
             f"{int(known.sum())} of them are known."]  # fmt: skip
    if not known.all():
        notes.append("On the other days something you held had no price (options are priced on the last day only), so what is "
                     "chained from day to day is not told.")  # fmt: skip
    return Table(title, columns, frame(columns, rows), made, of.left_out, tuple(notes), detail={"past": found})


def _ratios(daily: Floats) -> Ratios:
    """Over the days that are known; what is chained over days only where all of them are."""
    known = np.isfinite(daily)
    found = ratios(daily[known])
    return found if known.all() else replace(found, cagr=None, max_drawdown=None, calmar=None, ulcer_index=None)


def _said(values: dict[str, float | None], share: bool) -> str:
    """Account, today, market, as one reads them."""
    texts = [written.percent(each, 1) if share else written.number(each, 2) for each in values.values()]
    return " · ".join(texts)
