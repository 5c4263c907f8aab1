"""Earnings reports, past and announced, and the headlines a newspaper would print."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from terminal.domain.schemas import EARNINGS, HEADLINES, UTC

if TYPE_CHECKING:
    from terminal.providers.demo.listing import Listing

PUBLISHER = "Demo Wire (simulated)"
HEADLINE_DAYS = 550
CONFIRMED_DAYS = 21
_CAUSE_TEXTS = {
    "guidance cut": ("{name} cuts its outlook for the year", "{name} warns on profit as orders slow"),
    "product recall": ("{name} recalls a product line after defects", "{name} halts shipments over a safety fault"),
    "regulatory probe": ("Regulator opens inquiry into {name}", "{name} under investigation over its practices"),
    "lost contract": ("{name} loses its second largest customer", "Major contract of {name} goes to a rival"),
    "data breach": ("{name} discloses a data breach", "Customers' records stolen at {name}"),
    "chief executive leaves": ("Chief executive of {name} steps down", "{name} names interim chief after sudden departure"),
    "plant outage": ("Fire stops the main site of {name}", "{name} expects weeks of outage at its largest site"),
    "analyst downgrade": ("{name} downgraded on valuation", "Broker turns cautious on {name}"),
}


def earnings(listing: Listing) -> pl.DataFrame:
    """EARNINGS since the market began, with actuals once reported, and each company's next report."""
    world = listing.world
    reports, items, end = world.reports, world.books.items, np.datetime64(listing.end)
    quarter, company = np.nonzero((reports.day >= world.moments[0]) & (_first_after(reports.day, end) | (reports.day <= end)))
    day, done = reports.day[quarter, company], reports.day[quarter, company] <= end
    # Until the day of the report, estimates and actuals are per share of today.
    total = listing.split_total[company]
    actual = np.where(done, np.round(items["eps_diluted"][quarter, company] / total, 2), np.nan)
    revenue = np.where(done, np.round(items["revenue"][quarter, company]), np.nan)
    frame = pl.DataFrame(
        {
            "symbol": pl.Series(listing.symbols).gather(company),
            "date": pl.Series(day).cast(pl.Date),
            "time_of_day": np.where(reports.before_open[quarter, company], "bmo", "amc"),
            "confirmed": done | (day <= end + np.timedelta64(CONFIRMED_DAYS, "D")),
            "period_end": pl.Series(reports.period_end[quarter, company]).cast(pl.Date),
            "eps_estimate": np.round(reports.eps_estimate[quarter, company] / total, 2),
            "eps_actual": pl.Series(actual, nan_to_null=True),
            "revenue_estimate": np.round(reports.revenue_estimate[quarter, company], -5),
            "revenue_actual": pl.Series(revenue, nan_to_null=True),
        }
    )
    uncovered = pl.Series(listing.world.cap[0][company] < 5.5e8)
    return (
        frame.with_columns(pl.when(~uncovered).then(pl.col(name)).alias(name) for name in ("eps_estimate", "revenue_estimate"))
        .select(*EARNINGS.columns)
        .sort("symbol", "date")
    )


def _first_after(day: np.ndarray, end: np.datetime64) -> np.ndarray:
    after = day > end
    return np.asarray(after & (np.cumsum(after, axis=0) == 1))


def headlines(listing: Listing) -> pl.DataFrame:
    """HEADLINES of the last eighteen months: reports, causes of falls, dividends, splits, broad sell-offs."""
    rows: list[tuple[str, np.datetime64, str]] = [*_reports(listing), *_plants(listing), *_actions(listing)]
    since = np.datetime64(listing.end) - np.timedelta64(HEADLINE_DAYS, "D")
    before = np.datetime64(int(listing.world.calendar.session_close(listing.end).timestamp()) + 3 * 3600, "s")
    kept = [row for row in rows if since <= row[1] <= before]
    return (
        pl.DataFrame(
            {
                "symbol": [row[0] for row in kept],
                "at": pl.Series(np.array([row[1] for row in kept], dtype="datetime64[us]")).dt.replace_time_zone("UTC"),
                "title": [row[2] for row in kept],
            }
        )
        .with_columns(pl.lit(PUBLISHER).alias("publisher"), pl.lit(None, dtype=pl.String).alias("url"))
        .cast({"at": UTC})
        .unique(["symbol", "at", "title"], keep="first", maintain_order=True)
        .select(*HEADLINES.columns)
        .sort("symbol", "at")
    )


def _moment(day: np.datetime64, hour: int, minute: int) -> np.datetime64:
    moment: np.datetime64 = day.astype("datetime64[us]") + np.timedelta64(hour * 60 + minute, "m")
    return moment


def _reports(listing: Listing) -> list[tuple[str, np.datetime64, str]]:
    world = listing.world
    reports, items, end = world.reports, world.books.items, np.datetime64(listing.end)
    recent = (reports.day <= end) & (reports.day > end - np.timedelta64(HEADLINE_DAYS, "D"))
    rows = []
    for k, n in zip(*(each.tolist() for each in np.nonzero(recent)), strict=True):
        surprise = items["eps_diluted"][k, n] - reports.eps_estimate[k, n]
        growth = items["revenue"][k, n] / items["revenue"][k - 4, n] - 1
        word = "beats" if surprise > 0.005 else "misses" if surprise < -0.005 else "meets"
        sales = f"sales {'up' if growth >= 0 else 'down'} {abs(growth):.0%}"
        hour = 11 if reports.before_open[k, n] else 21
        rows.append(
            (
                listing.symbols[n],
                _moment(reports.day[k, n], hour, 5 + n % 40),
                f"{world.recipe.companies[n].name} {word} profit estimates, {sales}",
            )
        )
    return rows


def _plants(listing: Listing) -> list[tuple[str, np.datetime64, str]]:
    world, rows = listing.world, []
    for plant in world.plants:
        if plant.first >= listing.finished:
            continue
        day = world.moments[plant.first]
        if plant.kind == "company dip":
            name = world.recipe.companies[plant.company].name
            texts = _CAUSE_TEXTS[plant.cause]
            rows.append(
                (
                    listing.symbols[plant.company],
                    _moment(day, 12, plant.first % 60),
                    texts[plant.first % len(texts)].format(name=name),
                )
            )
        elif plant.kind == "sector dip":
            short = world.recipe.document["sectors"][world.recipe.sectors[plant.sector]]["short"]
            rows += [
                (listing.symbols[n], _moment(day, 15, 30), f"Sell-off in {short} stocks as investors reassess the sector")
                for n in np.flatnonzero(world.recipe.sector_of == plant.sector).tolist()
            ]
        elif plant.kind == "market dip":
            rows += [(symbol, _moment(day, 15, 45), "Stocks slide in a broad sell-off") for symbol in ("SPY", "QQQ", "IWM")]
    return rows


def _actions(listing: Listing) -> list[tuple[str, np.datetime64, str]]:
    world, paid = listing.world, listing.payouts
    rows = [
        (
            listing.symbols[split.company],
            _moment(world.moments[split.first - 15], 20, 35),
            f"{world.recipe.companies[split.company].name} announces a {'reverse ' if split.ratio < 1 else ''}stock split",
        )
        for split in world.announced
        if split.first - 15 < listing.finished
    ]
    last: dict[int, float] = {}
    for n, day, amount in zip(paid.instrument.tolist(), paid.ex_date, paid.amount.tolist(), strict=True):
        if n >= len(world.recipe.companies) or day > np.datetime64(listing.end) + np.timedelta64(14, "D"):
            continue
        if n in last and amount > last[n] * 1.005:
            rows.append(
                (
                    listing.symbols[n],
                    _moment(day - np.timedelta64(14, "D"), 20, 40),
                    f"{world.recipe.companies[n].name} raises its dividend by {amount / last[n] - 1:.0%}",
                )
            )
        elif n in last and amount < last[n] * 0.995:
            rows.append(
                (
                    listing.symbols[n],
                    _moment(day - np.timedelta64(14, "D"), 20, 40),
                    f"{world.recipe.companies[n].name} cuts its dividend",
                )
            )
        last[n] = amount
    return rows
