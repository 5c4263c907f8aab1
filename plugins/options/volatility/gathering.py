"""What the pages and commands about volatility begin with: the surface, past prices, and the archive's volatilities."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from plugins.options.gathering import Desk, desk
from terminal.api import StoreError, UserError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import numpy.typing as npt
    import polars as pl

    from terminal.api import Context, Source
    from terminal.domain.options.surface import Surface
    from terminal.domain.volatility import Standing

_READ = ("chains", "macro", "dividends", "quotes")
# Past prices that count: five years of sessions for cones and moves.
YEARS = 5
_PRICES = ("open", "high", "low", "close")
HV = 20
"""Sessions of the realised volatility that implied volatility is held against: about the days of `iv30`."""


@dataclass(frozen=True)
class Studied:
    """A symbol's chain and its surface."""

    desk: Desk
    surface: Surface


@dataclass(frozen=True)
class Prices:
    """Daily bars of a symbol as arrays, oldest first; `days` may be empty. `numbers` are the fetches they are from."""

    symbol: str
    days: tuple[date, ...]
    bars: Mapping[str, npt.NDArray[Any]]
    numbers: tuple[int, ...]

    @property
    def closes(self) -> npt.NDArray[Any]:
        """Closing prices, splits worked in."""
        return self.bars["close"]

    def realised(self, window: int = HV) -> list[float | None]:
        """Close-to-close volatility over each window up to a day, None where unknown; one a day."""
        from terminal.domain.volatility import realised

        return [float(each) if math.isfinite(each) else None for each in realised(self.bars, window)]


@dataclass(frozen=True)
class Stands:
    """Where today's 30-day volatility stands: `own` among the archive's days; `stand_in` where today's realised volatility
    stands among its own past year, which is shown, marked as such, until the archive is deep enough."""

    own: Standing
    stand_in: Standing
    note: str = ""


def studied(ctx: Context, symbol: str) -> Studied:
    """The newest chain as of the context's day with its surface. UserError where there is none."""
    from terminal.domain.options.surface import smiles

    of = desk(ctx, symbol)
    key = ("options.surface", of.symbol, ctx.as_of, ctx.market.today())
    priced, found = ctx.market.cached(key, lambda: (of.priced, smiles(of.priced)), _READ)
    return Studied(of, found if priced is of.priced else smiles(of.priced))


def prices(ctx: Context, symbol: str, years: float = YEARS) -> Prices:
    """Daily bars of the last years as of the context's day; fetched where they are missing or old."""
    import numpy as np

    if ctx.as_of is None:
        ctx.market.ensure([symbol], ["bars"], ctx)
    today = ctx.as_of or ctx.market.today()
    frame = ctx.market.bars([symbol], today - timedelta(days=round(366 * years)), as_of=ctx.as_of,
                            columns=("symbol", "date", *_PRICES)).sort("date")  # fmt: skip
    arrays = {name: frame[name].fill_null(np.nan).to_numpy().astype(np.float64) for name in _PRICES}
    numbers = frame["fetch_id"].drop_nulls().unique().sort().to_list() if "fetch_id" in frame.columns else []
    return Prices(symbol, tuple(frame["date"].to_list()), arrays, tuple(numbers))


def named(symbol: str) -> str:
    """A symbol as the store names it: indices by their caret (SPX is ^SPX)."""
    from terminal.domain.options import contracts

    name = symbol.strip().upper()
    return contracts.UNDERLYING.get(name, name)


def ranked(ctx: Context, archive: pl.DataFrame) -> list[dict[str, Any]]:
    """A row a symbol of `archived`: its newest day, and where that stands among the 252 sessions before it."""
    from terminal.domain.volatility import OF, standing

    if archive.is_empty():
        return []
    calendar, rows = ctx.market.calendar, []
    first, last = archive["day"].min(), archive["day"].max()
    sessions = calendar.sessions(first, last)  # type: ignore[arg-type]
    for (_symbol,), own in archive.sort("symbol", "day").group_by("symbol", maintain_order=True):
        newest = own.row(-1, named=True)
        known = dict(own.select("day", "iv30").iter_rows())
        before = [each for each in sessions if each < newest["day"]][-OF:]
        place = standing([known.get(each) for each in before], newest["iv30"])
        iv, hv = newest["iv30"], newest.get("hv20")
        rows.append({**newest, "iv_rank": place.rank, "iv_percentile": place.percentile, "observed": place.observed,
                     "iv_hv": iv / hv if hv else None})  # fmt: skip
    return rows


def archived(ctx: Context, symbols: list[str] | None, since: date | None = None) -> tuple[pl.DataFrame, str]:
    """The archive's days of these symbols (columns: see `store.archive`), and why there are none when it cannot be read."""
    import polars as pl

    try:
        ctx.market.simulate_past((), ctx)
        found = ctx.store.archive.volatility(symbols, since, None, ctx.as_of)
    except StoreError as problem:
        none = {"symbol": pl.String, "day": pl.Date, "iv30": pl.Float64, "source": pl.String}
        return pl.DataFrame(schema=none), problem.sentence()
    return found.filter((pl.col("source") != "proxy") & pl.col("iv30").is_not_null()), ""


def stands(ctx: Context, of: Studied, past: Prices, archive: pl.DataFrame | None = None, note: str = "") -> Stands:
    """Rank and percentile of the surface's 30-day volatility among the 252 sessions before its day; `archive`: read before."""
    import polars as pl

    from terminal.domain.sessions import NEW_YORK
    from terminal.domain.volatility import OF, standing

    day = of.desk.at.astimezone(NEW_YORK).date()
    calendar = ctx.market.calendar
    first = ctx.market.sessions_before(day, OF)
    if archive is None:
        archive, note = archived(ctx, [of.desk.symbol], first)
    known = dict(archive.filter((pl.col("symbol") == of.desk.symbol) & (pl.col("day") < day)).select("day", "iv30").iter_rows())
    sessions = [each for each in calendar.sessions(first, day) if each < day][-OF:]
    now: Any = of.surface.measured["iv30"]
    levels = dict(zip(past.days, past.realised(), strict=True))
    before = [level for each, level in levels.items() if each < day][-OF:]
    current = next((level for each, level in reversed(levels.items()) if each <= day), None)
    return Stands(standing([known.get(each) for each in sessions], now), standing(before, current), note)


def next_report(ctx: Context, symbol: str, day: date) -> date | None:
    """The next day after `day` on which the company is expected to report; None for a fund, or when nobody says."""
    import polars as pl

    stated = ctx.market.earnings([symbol], ctx.as_of)
    ahead = stated.filter((pl.col("date") > day) & pl.col("eps_actual").is_null() & pl.col("revenue_actual").is_null())
    return None if ahead.is_empty() else ahead["date"].min()  # type: ignore[return-value]


def sources_of(ctx: Context, of: Studied | None, past: Prices | None) -> tuple[Source, ...]:
    """Where the chain and the prices are from."""
    found = list(of.desk.sources.values()) if of is not None else []
    if past is not None:
        found += [_up_to(ctx.as_of, source) for source in ctx.market.sources(past.numbers).values()]
    return tuple(found)


def _up_to(day: date | None, source: Source) -> Source:
    """One fetch holds years of prices: what is shown of a past day speaks of that day at the latest."""
    from terminal.domain.sessions import CLOSE, NEW_YORK

    if day is None or source.as_of is None or source.as_of.astimezone(NEW_YORK).date() <= day:
        return source
    return replace(source, as_of=datetime.combine(day, CLOSE, NEW_YORK).astimezone(UTC))


def expiry_of(of: Studied, wanted: date | None, days: int = 0) -> date:
    """An expiry of the surface: the one named, else the one nearest to so many days, else the next. UserError for another."""
    listed = [smile.expiry for smile in of.surface.smiles]
    if not listed:
        raise UserError(f"No quote in the stored chain of {of.desk.symbol} can be used.", "`tapeline options chain` says why.")
    if wanted is not None:
        if wanted not in listed:
            told = ", ".join(str(each) for each in dict.fromkeys(listed[:6]))
            raise UserError(f"{of.desk.symbol} has no usable quotes that expire on {wanted}.", f"It has {told} ...")
        return wanted
    return min(of.surface.smiles, key=lambda smile: abs(smile.days - days)).expiry if days else listed[0]
