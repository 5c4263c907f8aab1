"""Why a price fell: what the market did, what the sector did on top of it, what is the company's own.

With log returns including dividends from the high to now: market = beta x the benchmark's; sector = the median over the
other companies of the sector of (their return - their beta x the benchmark's); dividends = what left the price because it
was paid out; company = the rest. Betas come from daily returns of the year before the high, so that the fall itself does
not set them. The log parts are scaled by dip / log(1 + dip) (Carino 1999) and so add up to the move of the price exactly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from terminal.domain.dips import YEAR, Bools, Floats, Grid, Ints, filled

if TYPE_CHECKING:
    from collections.abc import Mapping

LEAST_PAIRS = 126
"""Days with a return of both from which on there is a beta."""
LEAST_PEERS = 5
LIVE_SHARE = 0.5
"""Share of all symbols that must have a current price for today to be split."""

SCHEMA: dict[str, Any] = {
    "symbol": pl.String, "market": pl.Float64, "sector": pl.Float64, "company": pl.Float64, "dividends": pl.Float64,
    "today": pl.Float64, "beta": pl.Float64, "market_move": pl.Float64, "sector_move": pl.Float64, "peers": pl.Int64,
    "own_day": pl.Date, "own_move": pl.Float64, "why_unknown": pl.String,
}


def attribute(grid: Grid, dips: pl.DataFrame, sectors: Mapping[str, str | None], benchmark: str = "SPY") -> pl.DataFrame:
    """One row for each row of `dips` (of `dips.scan`), in that order.

    `market`, `sector`, `company`, `dividends` and `today` are parts of the dip and add up to it; a part that cannot be told
    is null and its share lies in `company` (`why_unknown` says so), or all are null where nothing can be told. `dividends`
    is null without adjusted closes. `today` is the move since the last close, where too few current prices exist to split
    it. `sectors`: the sector of each company (None for what belongs to none). `market_move` and `sector_move` are simple
    returns over the same days (the sector's beyond the market); `own_day`, `own_move` the session since the high with the
    largest fall beyond beta x market.
    """
    if dips.is_empty():
        return pl.DataFrame(schema=SCHEMA)
    end = _end(grid, benchmark)
    first = max(0, min(int(dips["_peak_at"].min()) - YEAR, end))  # type: ignore[arg-type]
    unpaid: Bools = np.asarray(~np.isfinite(grid.total).any(axis=1))  # no adjusted close: the price alone has to do
    total = np.where(unpaid[:, None], grid.close[:, first : end + 1], grid.total[:, first : end + 1])
    with np.errstate(invalid="ignore", divide="ignore"):
        level = np.log(filled(total))
    peak = np.minimum(dips["_peak_at"].to_numpy(), end) - first
    row, last = dips["_row"].to_numpy(), np.minimum(dips["_last_at"].to_numpy(), end) - first
    with np.errstate(invalid="ignore", divide="ignore"):
        close = np.log(grid.close[row, last + first] / dips["peak"].to_numpy())
        whole = np.log1p(dips["dip"].to_numpy())
    parts = _parts(grid, level, row, peak, last, sectors, benchmark)
    own = level[row, last] - level[row, peak]
    paid = np.where(np.isfinite(own), close - own, 0.0)
    parts["dividends"] = np.where(np.abs(paid) < 1e-9, 0.0, paid)
    parts["today"] = np.where(np.abs(whole - close) < 1e-9, 0.0, whole - close)
    parts["unpaid"] = unpaid[row]
    return _frame(grid, dips, parts, whole, first)


def _end(grid: Grid, benchmark: str) -> int:
    """The last column on which enough is known to split a move."""
    last = int(grid.close.shape[1]) - 1
    if not grid.live:
        return last
    known: Bools = np.isfinite(grid.close[:, -1])
    has_index = benchmark in grid.symbols and bool(known[grid.at(benchmark)])
    return last if has_index and float(known.mean()) >= LIVE_SHARE else last - 1


def _parts(grid: Grid, level: Floats, row: Ints, peak: Ints, last: Ints, sectors: Mapping[str, str | None],
           benchmark: str) -> dict[str, Any]:
    """The log parts of market and sector, and what they were made from; nan where unknown."""
    blank = np.full(len(row), np.nan)
    parts: dict[str, Any] = {"market": blank, "sector": blank.copy(), "beta": blank, "index": blank, "own_move": blank.copy(),
                             "peers": np.zeros(len(row), dtype=np.int64), "own_at": last.copy()}
    if benchmark not in grid.symbols:
        return parts
    at = grid.at(benchmark)
    daily = np.diff(level, axis=1, prepend=np.nan)
    sums = _Sums(daily, daily[at])
    parts["beta"] = beta = sums.beta(row, peak)
    parts["index"] = index = level[at, last] - level[at, peak]
    parts["market"] = beta * index
    sector_of = np.array([sectors.get(symbol) or "" for symbol in grid.symbols])
    sector_of[at] = ""
    for name in sorted(set(sector_of[row]) - {""}):
        members, mine = np.flatnonzero(sector_of == name), np.flatnonzero(sector_of[row] == name)
        moved = level[members][:, last[mine]].T - level[members][:, peak[mine]].T
        beyond = moved - sums.beta(members[None, :], peak[mine][:, None]) * index[mine][:, None]
        beyond[members[None, :] == row[mine][:, None]] = np.nan  # not itself
        parts["sector"][mine], parts["peers"][mine] = _medians(beyond)
    _own_days(parts, daily, daily[at], row, peak, last)
    return parts


def _own_days(parts: dict[str, Any], daily: Floats, index: Floats, row: Ints, peak: Ints, last: Ints) -> None:
    """The session with the largest fall beyond the market's."""
    longest = int((last - peak).max(initial=0))
    if not longest:
        return
    places = peak[:, None] + 1 + np.arange(longest)
    inside = np.minimum(places, daily.shape[1] - 1)
    beyond = daily[row[:, None], inside] - np.nan_to_num(parts["beta"], nan=1.0)[:, None] * index[inside]
    beyond = np.where((places <= last[:, None]) & np.isfinite(beyond), beyond, np.inf)
    at, every = beyond.argmin(axis=1), np.arange(len(row))
    known = np.isfinite(beyond[every, at])
    parts["own_at"] = np.where(known, places[every, at], last)
    parts["own_move"] = np.where(known, np.expm1(beyond[every, at], where=known, out=np.full(len(row), np.nan)), np.nan)


class _Sums:
    """Running sums of returns and their products, so that the beta of any year is four differences."""

    def __init__(self, daily: Floats, index: Floats) -> None:
        both = np.isfinite(daily) & np.isfinite(index)
        own, market = np.where(both, daily, 0.0), np.where(both, index, 0.0)
        whole = both[:, 1:].all()  # the first column has no return; the rest of the index's sums is the same for all then
        few = slice(0, 1) if whole else slice(None)
        self._one = bool(whole)
        self._own = [_running(own), _running(own * market)]
        self._index = [_running(each[few]) for each in (both.astype(np.float64), market, market * market)]

    def beta(self, row: Ints, at: Ints) -> Floats:
        """Covariance / variance over the year up to and with column `at`; nan below 126 pairs."""
        start = np.maximum(at + 1 - YEAR, 0)
        own, product = (each[row, at + 1] - each[row, start] for each in self._own)
        place = row * 0 if self._one else row
        count, market, square = (each[place, at + 1] - each[place, start] for each in self._index)
        with np.errstate(invalid="ignore", divide="ignore"):
            variance = square - market * market / count
            beta: Floats = (product - own * market / count) / variance
        return np.where((count >= LEAST_PAIRS) & (variance > 1e-12), beta, np.nan)


def _running(values: Floats) -> Floats:
    """Sums of all columns before each, one column more than `values`."""
    sums = np.zeros((values.shape[0], values.shape[1] + 1))
    np.cumsum(values, axis=1, out=sums[:, 1:])
    return sums


def _medians(values: Floats) -> tuple[Floats, Ints]:
    """The median of what is known in each row (nan below five), and how many there are."""
    ordered = np.sort(values, axis=1)  # not-a-numbers come last
    count = np.isfinite(values).sum(axis=1)
    every, middle = np.arange(len(values)), np.maximum(count, 1)
    median = (ordered[every, (middle - 1) // 2] + ordered[every, middle // 2]) / 2
    return np.where(count >= LEAST_PEERS, median, np.nan), count


def _frame(grid: Grid, dips: pl.DataFrame, parts: dict[str, Any], whole: Floats, first: int) -> pl.DataFrame:
    market, sector = parts["market"], parts["sector"]
    known = np.isfinite(market)
    company = np.where(known, whole - parts["today"] - parts["dividends"] - market - np.nan_to_num(sector), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        link = np.where(whole == 0, 1.0, dips["dip"].to_numpy() / whole)
    no_beta = f"no beta: fewer than {LEAST_PAIRS} days with returns of both before the high, or no prices of the index"
    few = f"fewer than {LEAST_PEERS} companies of its sector are known, so the company's part includes the sector's"
    why = [no_beta if not known[i] else None if np.isfinite(sector[i]) else few for i in range(len(whole))]
    frame = pl.DataFrame({
        "symbol": dips["symbol"],
        "market": market * link,
        "sector": sector * link,
        "company": company * link,
        "dividends": np.where(known & ~parts["unpaid"], parts["dividends"], np.nan) * link,
        "today": np.where(known, parts["today"], np.nan) * link,
        "beta": parts["beta"],
        "market_move": np.expm1(parts["index"]),
        "sector_move": np.expm1(sector),
        "peers": parts["peers"],
        "own_day": pl.Series(grid.days[parts["own_at"] + first]).cast(pl.Date),
        "own_move": parts["own_move"],
        "why_unknown": pl.Series(why, dtype=pl.String),
    })
    return frame.select(pl.col(name).cast(kind) for name, kind in SCHEMA.items()).with_columns(
        pl.col(name).fill_nan(None) for name, kind in SCHEMA.items() if kind == pl.Float64)
