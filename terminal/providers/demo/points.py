"""What analysts, short sellers, big holders and fund companies state about a day, as FACTS of period P."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from terminal.domain.schemas import FACTS, UTC
from terminal.providers.demo.funds import basket_weights, duration_of

if TYPE_CHECKING:
    from datetime import date

    from terminal.providers.demo.funds import Listed
    from terminal.providers.demo.listing import Listing
    from terminal.providers.demo.recipe import Floats, Ints

_FUND_ITEMS = (
    "nav",
    "aum",
    "expense_ratio",
    "holdings_count",
    "yield_to_maturity",
    "duration",
    "coupon",
    "years_to_maturity",
    "credit_score",
)


def points(listing: Listing, numbers: Ints | None = None) -> pl.DataFrame:
    """POINT values at the last six month ends and at the end: analysts, short interest, holders; funds and bonds."""
    frames = [FACTS.empty()]
    for position in _point_days(listing):
        frames.append(_company_points(listing, position))
        frames.append(_fund_points(listing, position))
    frame = pl.concat(frames)
    return frame if numbers is None else frame.filter(pl.col("symbol").is_in([listing.symbols[n] for n in numbers.tolist()]))


def _point_days(listing: Listing) -> list[int]:
    days = listing.world.days[: listing.finished]
    closing = [n for n in range(len(days) - 1) if days[n].month != days[n + 1].month]
    return [*closing[-6:], len(days) - 1]


def _company_points(listing: Listing, position: int) -> pl.DataFrame:
    world = listing.world
    day, count = world.days[position], len(world.recipe.companies)
    fixed = world.recipe.stream("holders").random((4, count))
    month = world.recipe.stream("analysts", day.year * 12 + day.month).standard_normal((6, count))
    total = world.split_until(position)
    price = world.stocks.close[position] / total
    at = world.when[position]
    worth = np.exp((1 - at % 1) * np.log(world.books.value[int(at)]) + at % 1 * np.log(world.books.value[int(at) + 1])) / total
    analysts = np.clip(np.round(2.2 * np.log(world.cap[position] / 3e8) * (0.5 + fixed[0])), 0, 48)
    target = price**0.55 * worth**0.45 * np.exp(0.07 + 0.06 * month[0])
    width = 0.12 + 0.12 * fixed[1]
    coming = np.stack([world.books.items["eps_diluted"][int(at) + 1 + step] for step in range(4)]).sum(axis=0) / total
    forward = coming * np.exp(0.05 * month[1])
    shares = world.shares[position] * total
    inside = 0.004 + 0.16 * fixed[2] ** 4
    short = np.clip(
        0.012 + 0.02 * fixed[3] + 0.06 * world.recipe.has("weak", "hypergrowth") * (0.4 + fixed[1]) + 0.004 * month[2], 0.002, 0.4
    )
    float_shares = shares * (1 - inside)
    values = {
        "analyst_count": analysts,
        "target_mean": np.round(target, 2),
        "target_median": np.round(target * (1 + 0.01 * month[3]), 2),
        "target_low": np.round(target * (1 - width), 2),
        "target_high": np.round(target * (1 + 1.2 * width), 2),
        "recommendation_mean": np.round(np.clip(2.6 - 2.2 * np.log(target / price) + 0.15 * month[4], 1.1, 4.8), 1),
        "short_percent_float": np.round(short, 4),
        "short_ratio": np.round(
            short * float_shares / (world.stocks.volume[max(position - 20, 0) : position + 1].mean(axis=0) * total), 1
        ),
        "insider_held": np.round(inside, 4),
        "institution_held": np.round(np.clip(0.88 - 1.5 * inside - 0.3 * fixed[1] ** 2, 0.05, 0.97), 4),
        "eps_forward": np.round(forward, 2),
        "pe_forward": np.where(forward > 0.01, np.round(price / forward, 2), np.nan),
        "shares_outstanding_now": np.round(shares),
        "float_shares": np.round(float_shares),
        "employees": np.round(world.books.items["revenue"][int(at) - 3 : int(at) + 1].sum(axis=0) / 380_000, -1),
    }
    for item in ("target_mean", "target_median", "target_low", "target_high", "recommendation_mean", "eps_forward", "pe_forward"):
        values[item] = np.where(analysts > 0, values[item], np.nan)
    return _points(listing.symbols[:count], values, day, listing.world.calendar.session_close(day).timestamp())


def _fund_points(listing: Listing, position: int) -> pl.DataFrame:
    day, frames = listing.world.days[position], [FACTS.empty()]
    for part in listing.world.listed:
        live = np.flatnonzero(part.alive[position]).tolist()
        rows = [_fund_values(listing, part, position, column) for column in live]
        values = {item: np.round(np.array([row.get(item, np.nan) for row in rows]), 5) for item in _FUND_ITEMS}
        symbols = tuple(part.symbols[column] for column in live)
        frames.append(_points(symbols, values, day, listing.world.calendar.session_close(day).timestamp()))
    return pl.concat(frames)


def _fund_values(listing: Listing, part: Listed, position: int, column: int) -> dict[str, float]:
    """What the fund company, or the paper of the bond, says."""
    kind, detail, day = part.kinds[column], part.details[column], listing.world.days[position]
    nav, ytm = float(part.worth[position, column]), float(part.ytm[position, column])
    if kind == "bond":
        years = max((detail["maturity"] - day).days / 365.25, 0.02)
        duration = duration_of(detail["coupon"], ytm, years)
        return {
            "yield_to_maturity": ytm,
            "credit_score": detail["credit"],
            "coupon": detail["coupon"],
            "years_to_maturity": round(years, 2),
            "duration": round(duration, 2),
        }
    fund = {"nav": round(nav, 4), "aum": round(detail["aum"] * nav / detail["price"], -3), "expense_ratio": detail["expense"]}
    if kind == "etf":
        return {**fund, "holdings_count": float(_holdings(listing, position, detail["holds"]))}
    return {
        **fund,
        "holdings_count": 90.0 + 17 * len(detail["name"]),
        "yield_to_maturity": ytm,
        "duration": detail["duration"],
        "years_to_maturity": detail["maturity"],
        "credit_score": detail["credit"],
    }


def _holdings(listing: Listing, position: int, holds: str) -> int:
    cap = listing.world.cap
    return int((basket_weights(listing.world.recipe, np.vstack([cap[0], cap[position]]), holds)[1] > 0).sum())


def _points(symbols: tuple[str, ...], values: dict[str, Floats], day: date, known: float) -> pl.DataFrame:
    unit = {
        "analyst_count": "count",
        "employees": "count",
        "holdings_count": "count",
        "shares_outstanding_now": "shares",
        "float_shares": "shares",
        "aum": "USD",
        "nav": "USD",
        "eps_forward": "USD",
        **{f"target_{name}": "USD" for name in ("mean", "median", "low", "high")},
    }
    wide = pl.DataFrame({"symbol": symbols, **{item: pl.Series(item, each, nan_to_null=True) for item, each in values.items()}})
    return (
        wide.unpivot(list(values), index="symbol", variable_name="item")
        .drop_nulls("value")
        .with_columns(
            pl.lit("P").alias("period"),
            pl.lit(day).alias("period_end"),
            pl.col("item").replace_strict(unit, default="ratio", return_dtype=pl.String).alias("unit"),
            pl.lit(None, dtype=pl.Int32).alias("fiscal_year"),
            pl.lit(None, dtype=pl.Int8).alias("fiscal_quarter"),
            pl.from_epoch(pl.lit(int(known)), "s")
            .cast(pl.Datetime("us"))
            .dt.replace_time_zone("UTC")
            .cast(UTC)
            .alias("filed_at"),
            pl.lit(None, dtype=pl.String).alias("form"),
        )
        .select(*FACTS.columns)
    )
