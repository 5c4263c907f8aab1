"""What became of past falls as deep as this one: how many came back and how soon, and how much further they fell first.

An *episode* begins at the first close at least `depth` below the highest close of the window (252 or 63 sessions). It ends
when a close reaches that high again (recovered), after 252 sessions (not recovered), or where the prices end (censored).
Episodes of one symbol do not overlap: the next begins after the one before has ended. Recovery times are estimated with
Kaplan and Meier (1958), so that an episode still under way counts for as long as it has been watched. Intervals are 90 %:
Wilson's (1927) on the effective sample size (Rothman 1978) for one symbol; for several, whose falls come together, from
resampling whole calendar quarters (cluster bootstrap, Field and Welsh 2007).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from terminal.domain.dips import LEAST_SESSIONS, YEAR, Floats, Grid, Ints, filled, rolling_high

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HORIZON = 252
HORIZONS = (63, 126, 252)
DEPTHS = (0.02, 0.03, 0.05, 0.075, 0.10, 0.125, 0.15, 0.20, 0.25, 0.30, 0.40, 0.50, 0.60, 0.75)
"""Depths of pooled episodes: the deepest that is not deeper than the dip."""
Z90 = 1.6448536269514722
RESAMPLES = 400
SETTLED = 63
"""Sessions an episode must have been watched (or be over) to say how much further it fell."""
LEAST_CLUSTERS = 4
"""Calendar quarters from which on resampling them means anything."""

Names = npt.NDArray[np.str_]


@dataclass(frozen=True)
class Episodes:
    """One entry an episode: `row` (of the closes), `start` (column), `sessions` until recovery or the end of the watch,
    `recovered`, `further` (lowest close until then / close at the start - 1).
    """

    row: Ints
    start: Ints
    sessions: Ints
    recovered: npt.NDArray[np.bool_]
    further: Floats

    def __len__(self) -> int:
        return len(self.row)

    def where(self, kept: npt.NDArray[np.bool_]) -> Episodes:
        """Only these."""
        return Episodes(self.row[kept], self.start[kept], self.sessions[kept], self.recovered[kept], self.further[kept])


@dataclass(frozen=True)
class Share:
    """A share with its 90 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class BaseRate:
    """What is known of `n` episodes of at least `depth`; None where it cannot be known.

    `basis`: own, sector or universe; `regime`: the market regime all of them began in, "" for any. `symbols`: how many
    they come from, `quarters`: in how many calendar quarters they began. `recovered`: share within 63, 126, 252 sessions.
    `median`: sessions after which half had recovered; `further_50`, `further_90`: the fall after the start that half, and
    all but a tenth, did not exceed; `settled`: how many of them say so. `censored`: still under way.
    """

    basis: str
    regime: str
    depth: float
    n: int
    symbols: int
    quarters: int
    censored: int
    recovered: dict[int, Share | None]
    median: int | None
    further_50: float | None
    further_90: float | None
    settled: int


@dataclass(frozen=True)
class History:
    """Closes without holes, their high of the window, and how many columns of each row are watched: for several depths."""

    price: Floats
    high: Floats
    watched: Ints

    @classmethod
    def of(cls, close: Floats, window: int = YEAR) -> History:
        """From closes (rows x sessions) with not-a-number where there is no bar."""
        known = np.isfinite(close)
        last = close.shape[1] - known[:, ::-1].argmax(axis=1) if close.size else np.zeros(len(close), dtype=np.int64)
        price = filled(close)
        return cls(price, rolling_high(price, window), np.where(known.any(axis=1), last, 0))


def episodes(close: Floats, depth: float | Floats, window: int = YEAR, until: Ints | None = None) -> Episodes:
    """The episodes in each row of `close` (rows x sessions), by row and start; `depth` one for all or one a row.

    With `until`, only those that begin before that column of their row; what follows them is watched to the end all the same.
    """
    return episodes_of(History.of(close, window), depth, until)


def episodes_of(history: History, depth: float | Floats, until: Ints | None = None) -> Episodes:
    """The same of closes whose highs are known."""
    price, high, watched = history.price, history.high, history.watched
    rows, columns = price.shape
    deep = np.broadcast_to(np.asarray(depth, dtype=np.float64), (rows,))[:, None]
    with np.errstate(invalid="ignore"):
        below = price <= high * (1 - deep + 1e-12)
    crossing = below.copy()
    crossing[:, 1:] &= ~below[:, :-1]
    numbers = np.where(crossing, np.arange(columns, dtype=np.int32), np.int32(columns))
    following = np.minimum.accumulate(numbers[:, ::-1], axis=1)[:, ::-1]
    first = np.isfinite(price).argmax(axis=1) + LEAST_SESSIONS
    limit = np.minimum(watched, columns if until is None else until)
    found: list[tuple[Ints, Ints, Ints, npt.NDArray[np.bool_], Floats]] = []
    row = np.arange(rows)
    at = first.copy()
    while len(row):
        at = np.where(at < columns, following[row, np.minimum(at, columns - 1)], columns)
        going = at < limit[row]
        row, at = row[going], at[going]
        if not len(row):
            break
        sessions, recovered, further = _watch(price, high, watched, row, at)
        found.append((row, at, sessions, recovered, further))
        at = at + sessions + ~recovered
    if not found:
        none = np.empty(0, dtype=np.int64)
        return Episodes(none, none, none, np.empty(0, dtype=np.bool_), np.empty(0))
    joined = [np.concatenate(each) for each in zip(*found, strict=True)]
    order = np.lexsort((joined[1], joined[0]))
    return Episodes(*(each[order] for each in joined))


def _watch(price: Floats, high: Floats, watched: Ints, row: Ints, at: Ints) -> tuple[Ints, npt.NDArray[np.bool_], Floats]:
    """How long each episode lasted, whether it recovered, and how much further it fell."""
    places = at[:, None] + 1 + np.arange(HORIZON)
    seen = places < watched[row][:, None]
    after = price[row[:, None], np.minimum(places, price.shape[1] - 1)]
    back = seen & (after >= high[row, at][:, None])
    recovered = back.any(axis=1)
    sessions = np.where(recovered, back.argmax(axis=1) + 1, seen.sum(axis=1))
    inside = np.arange(1, HORIZON + 1) <= sessions[:, None]
    lowest = np.minimum(np.where(inside, after, np.inf).min(axis=1), price[row, at])
    return sessions, recovered, lowest / price[row, at] - 1


def kaplan_meier(sessions: Ints, recovered: npt.NDArray[np.bool_], horizon: int = HORIZON) -> tuple[Floats, Floats]:
    """Share not yet recovered after 0, 1, ... `horizon` sessions, and Greenwood's variance of it."""
    events = np.bincount(sessions[recovered & (sessions <= horizon)], minlength=horizon + 1).astype(np.float64)
    gone = np.cumsum(np.bincount(np.minimum(sessions, horizon) + 1, minlength=horizon + 2))[: horizon + 1]
    at_risk = len(sessions) - gone.astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        left: Floats = np.cumprod(np.where(at_risk > 0, 1 - events / at_risk, 1.0), dtype=np.float64)
        terms = np.where((at_risk > 0) & (at_risk > events), events / (at_risk * (at_risk - events)), 0.0)
    return left, left**2 * np.cumsum(terms)


def wilson(share: float, n: float, z: float = Z90) -> tuple[float, float]:
    """Wilson's score interval of a share seen in `n` cases."""
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))


def base_rate(found: Episodes, quarters: Ints, *, basis: str, depth: float, regime: str = "", seed: int = 20) -> BaseRate:
    """Sum up episodes. `quarters` numbers the calendar quarter of each column of the closes they were found in."""
    n = len(found)
    clusters = quarters[found.start] if n else np.empty(0, dtype=np.int64)
    shares, median = _recovery(found, clusters, seed, several=basis != "own")
    over = found.recovered | (found.sessions >= SETTLED)
    further = found.further[over]
    enough = len(further) > 0
    return BaseRate(
        basis, regime, depth, n, len(np.unique(found.row)), len(np.unique(clusters)),
        int((~found.recovered & (found.sessions < HORIZON)).sum()), shares, median,
        float(np.quantile(further, 0.5)) if enough else None, float(np.quantile(further, 0.1)) if len(further) >= 5 else None,
        len(further),
    )


def _recovery(found: Episodes, clusters: Ints, seed: int, *, several: bool) -> tuple[dict[int, Share | None], int | None]:
    nothing: dict[int, Share | None] = dict.fromkeys(HORIZONS)
    if not len(found):
        return nothing, None
    left, variance = kaplan_meier(found.sessions, found.recovered)
    # Beyond the longest watch nothing is known, unless everything has recovered by then.
    longest = HORIZON if left[-1] == 0 else int(found.sessions.max())
    known = [horizon for horizon in HORIZONS if horizon <= longest]
    resampled = _resample(found, clusters, seed) if several and len(np.unique(clusters)) >= LEAST_CLUSTERS else None
    shares = nothing
    least, most = 0.0, 0.0  # what has recovered stays so: the ends of the intervals only rise
    for horizon in known:
        share = float(1 - left[horizon])
        if resampled is not None:
            low, high = (float(each) for each in np.quantile(1 - resampled[:, horizon], (0.05, 0.95)))
            if low == high:  # nothing to vary: no quarter saw another outcome
                low, high = wilson(share, float(len(np.unique(clusters))))
        else:
            spread = share * (1 - share)
            watched = float((found.recovered & (found.sessions <= horizon)).sum() + (found.sessions >= horizon).sum())
            n = spread / variance[horizon] if spread > 0 and variance[horizon] > 0 else max(1.0, min(watched, len(found)))
            low, high = wilson(share, min(float(n), float(len(found))))
        least, most = max(least, min(low, share)), max(most, high, share)
        shares[horizon] = Share(share, least, most)
    half = np.flatnonzero(left <= 0.5)
    return shares, int(half[0]) if len(half) else None


def _resample(found: Episodes, clusters: Ints, seed: int) -> Floats:
    """Kaplan-Meier curves (resamples x sessions) of quarters drawn with replacement."""
    names, which = np.unique(clusters, return_inverse=True)
    count = len(names)
    events = np.zeros((count, HORIZON + 1))
    ends = np.zeros((count, HORIZON + 2))
    np.add.at(events, (which[found.recovered], np.minimum(found.sessions[found.recovered], HORIZON)), 1.0)
    np.add.at(ends, (which, np.minimum(found.sessions, HORIZON) + 1), 1.0)
    at_risk = np.bincount(which, minlength=count)[:, None] - np.cumsum(ends, axis=1)[:, : HORIZON + 1]
    drawn = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=RESAMPLES).astype(np.float64)
    risk = drawn @ at_risk
    with np.errstate(invalid="ignore", divide="ignore"):
        left: Floats = np.cumprod(np.where(risk > 0, 1 - (drawn @ events) / risk, 1.0), axis=1, dtype=np.float64)
    return left


def bucket(depth: float) -> float:
    """The depth of pooled episodes that stands for a dip of `depth`."""
    return max((each for each in DEPTHS if each <= depth + 1e-9), default=DEPTHS[0])


def quarters(grid: Grid) -> Ints:
    """A number for the calendar quarter of each column."""
    months = grid.days.astype("datetime64[M]").astype(np.int64)
    return months // 3


def regimes(grid: Grid, stocks: Sequence[str], benchmark: str, rates: Sequence[str]) -> Names:
    """The market regime at each column, by the rules of `terminal.domain.regime`; "unknown" where it has no trend.

    What `regime.regime` says of the newest day only, for every day of the grid from what was known on it.
    """
    columns = grid.close.shape[1]
    if benchmark not in grid.symbols:
        return np.full(columns, "unknown")
    index = grid.close[grid.at(benchmark)]
    rows = np.flatnonzero(np.isin(np.array(grid.symbols), list(stocks)))
    votes = np.vstack([_trend(index), _breadth(grid.close[rows]), _volatility(index), _rates(grid, rates)])
    known = np.isfinite(votes)
    mean = np.where(known, votes, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    names = np.where(mean >= 0.4, "risk-on", np.where(mean <= -0.4, "risk-off", "neutral"))
    return np.where(known[0], names, "unknown")


def _mean_of_last(values: Floats, sessions: int) -> Floats:
    """The mean of the last `sessions` columns of each row; nan where there are fewer or one is missing."""
    known = np.isfinite(values)
    sums = np.cumsum(np.pad(np.where(known, values, 0.0), ((0, 0), (1, 0))), axis=1)
    counts = np.cumsum(np.pad(known.astype(np.int64), ((0, 0), (1, 0))), axis=1)
    result = np.full(values.shape, np.nan)
    if values.shape[1] >= sessions:
        whole = counts[:, sessions:] - counts[:, :-sessions] == sessions
        result[:, sessions - 1 :] = np.where(whole, (sums[:, sessions:] - sums[:, :-sessions]) / sessions, np.nan)
    return result


def _lagged(values: Floats, sessions: int) -> Floats:
    result = np.full(values.shape, np.nan)
    result[..., sessions:] = values[..., :-sessions] if sessions < values.shape[-1] else np.nan
    return result


def _trend(index: Floats) -> Floats:
    average = _mean_of_last(filled(index[None, :]), 200)[0]
    gap, slope = index / average - 1, average / _lagged(average, 21) - 1
    vote = np.where((gap > 0) & (slope > 0), 1.0, np.where((gap < 0) & (slope < 0), -1.0, 0.0))
    return np.where(np.isfinite(gap) & np.isfinite(slope), vote, np.nan)


def _breadth(close: Floats) -> Floats:
    average = _mean_of_last(filled(close), 200)
    known = np.isfinite(average)
    count = known.sum(axis=0)
    share = (known & (filled(close) > average)).sum(axis=0) / np.maximum(count, 1)
    return np.where(count >= 20, np.where(share >= 0.6, 1.0, np.where(share <= 0.4, -1.0, 0.0)), np.nan)


def _volatility(index: Floats) -> Floats:
    columns = len(index)
    result = np.full(columns, np.nan)
    daily = np.diff(np.log(filled(index[None, :])[0]))
    if len(daily) < YEAR + 20:
        return result
    realised = np.lib.stride_tricks.sliding_window_view(daily, 21).std(axis=1, ddof=1)
    # The rank of the newest month among the months that lie within the last year.
    years = np.lib.stride_tricks.sliding_window_view(realised, YEAR - 20)
    rank = (years <= years[:, -1:]).mean(axis=1)
    vote = np.where(rank <= 0.4, 1.0, np.where(rank >= 0.8, -1.0, 0.0))
    result[columns - len(vote) :] = vote
    return result


def _rates(grid: Grid, proxies: Sequence[str]) -> Floats:
    for proxy in proxies:
        if proxy in grid.symbols:
            row = grid.at(proxy)
            total = np.where(np.isfinite(grid.total[row]), grid.total[row], grid.close[row])
            change = total / _lagged(total, 63) - 1
            vote = np.where(change >= 0.015, 1.0, np.where(change <= -0.02, -1.0, 0.0))
            return np.where(np.isfinite(change), vote, np.nan)
    return np.full(grid.close.shape[1], np.nan)


# -- which base rate stands for a dip ------------------------------------------------------------------------------------


class Rates:
    """The base rates of many dips over one grid. Own episodes are of the dip's very depth, pooled ones of its bucket's.

    `sectors`: the sector of each company; the universe are all symbols that have one. Not for several threads at once.
    """

    def __init__(self, grid: Grid, sectors: dict[str, str | None], names: Names, present: str, *, window: int = YEAR,
                 least: int = 10) -> None:
        self._grid = grid
        self._sector_of = np.array([sectors.get(symbol) or "" for symbol in grid.symbols])
        self._names = names
        self._present = present
        self._window = window
        self._least = least
        self._quarters = quarters(grid)
        self._history: History | None = None
        self._pools: dict[tuple[float, str, str], Episodes] = {}
        self._kept: dict[tuple[float, str, str], BaseRate] = {}

    def own(self, rows: Ints, depths: Floats, until: Ints) -> list[Episodes]:
        """The past episodes of each dip's own symbol, of its own depth, that began before its present high."""
        if not len(rows):
            return []
        every = episodes(self._grid.close[rows], depths, self._window, until)
        return [every.where(every.row == place) for place in range(len(rows))]

    def ladder(self, row: int, depth: float, own: Episodes) -> list[BaseRate]:
        """From the narrowest basis to the widest: own in this regime, own, sector in this regime, universe in it, universe."""
        return [self._summed(*rung) for rung in self._rungs(row, depth, own)]

    def best(self, row: int, depth: float, own: Episodes) -> BaseRate | None:
        """The narrowest of the ladder with enough episodes, else the widest that has any; None without a single one."""
        widest = None
        for rung in self._rungs(row, depth, own):
            if len(rung[0]) >= self._least:
                return self._summed(*rung)
            widest = rung if len(rung[0]) else widest
        return None if widest is None else self._summed(*widest)

    def _rungs(self, row: int, depth: float, own: Episodes) -> Iterator[tuple[Episodes, str, str, float, str]]:
        """Episodes, basis, regime, depth and sector of each rung."""
        regimes = [self._present] if self._present != "unknown" else []
        for regime in (*regimes, ""):
            yield self._in_regime(own) if regime else own, "own", regime, depth, ""
        pooled, sector = bucket(depth), str(self._sector_of[row])
        for regime in regimes:
            if sector:
                yield self._pool(pooled, sector, regime), "sector", regime, pooled, sector
            yield self._pool(pooled, "", regime), "universe", regime, pooled, ""
        yield self._pool(pooled, "", ""), "universe", "", pooled, ""

    def _summed(self, found: Episodes, basis: str, regime: str, depth: float, sector: str) -> BaseRate:
        if basis == "own":
            return base_rate(found, self._quarters, basis=basis, depth=depth, regime=regime)
        key = (depth, sector, regime)
        if key not in self._kept:
            self._kept[key] = base_rate(found, self._quarters, basis=basis, depth=depth, regime=regime)
        return self._kept[key]

    def _in_regime(self, found: Episodes) -> Episodes:
        return found.where(self._names[found.start] == self._present)

    def _pool(self, depth: float, sector: str, regime: str) -> Episodes:
        key = (depth, sector, regime)
        if key not in self._pools:
            if regime:
                self._pools[key] = self._in_regime(self._pool(depth, sector, ""))
            elif sector:
                every = self._pool(depth, "", "")
                self._pools[key] = every.where(self._sector_of[every.row] == sector)
            else:
                members = np.flatnonzero(self._sector_of != "")
                if self._history is None:
                    self._history = History.of(self._grid.close[members], self._window)
                found = episodes_of(self._history, depth)
                self._pools[key] = Episodes(members[found.row], found.start, found.sessions, found.recovered, found.further)
        return self._pools[key]
