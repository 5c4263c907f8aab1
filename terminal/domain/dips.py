"""Which prices have fallen from their high, how far, since when, and how unusual that is for the share itself.

All of it is measured on *closes*, so that one wild trade within a day makes no dip: the high is the highest close of the
last 252 (or 63) sessions of the exchange, the dip is price / high - 1. Returns with dividends come from the adjusted close.
A close that leaves its neighbours and comes back the next session is no level to fall from: it is passed over and named.
Only what stands in the grid is looked at: a grid cut at a day gives what was known on that day.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Days = npt.NDArray[np.datetime64]

YEAR, QUARTER = 252, 63
LEAST_SESSIONS = 63
"""A high of fewer sessions is none."""
MAX_AGE = 10
"""A last close older than this, in sessions, is not a present price."""
LEAST_RETURNS = 60
"""Daily returns before the high from which on a share's usual move is known."""
LEAST_FALLS = 5
"""Past falls from which on the present one is ranked among them."""
SMALL_FALL = 0.05
"""What counts as a past fall when the present one is ranked."""
LONE_MOVE, LONE_BACK = 0.18, 0.25
"""A lone tick moves further than this (log) and is undone within a quarter of the move at the next session."""
SPLIT_RATIOS = (1 / 2, 1 / 3, 1 / 4, 1 / 5, 1 / 8, 1 / 10, 1 / 20)
SPLIT_NEAR = 0.015
SHOCK = 0.65
"""A last close below this share of the one before has not been confirmed by a second session."""
BLOCK = 256
"""Rows worked on at once: what fits into the processor's cache is several times as fast."""
HOLES = 0.2
"""Share of sessions since the high without a bar from which on a dip is doubtful."""


@dataclass(frozen=True)
class Grid:
    """Closes of many symbols on the sessions of one exchange; not-a-number where there is no bar.

    `close` and `total` (adjusted close: with dividends) are symbols x days. `lone` [symbol, date, close] are the ticks that
    were passed over. `live`: the last day holds current prices and not closes.
    """

    symbols: tuple[str, ...]
    days: Days
    close: Floats
    total: Floats
    lone: pl.DataFrame
    live: bool = False

    def at(self, symbol: str) -> int:
        """The row of a symbol; KeyError when it has no bars."""
        try:
            return self.symbols.index(symbol)
        except ValueError:
            raise KeyError(symbol) from None


def grid(bars: pl.DataFrame, benchmark: str = "SPY", *, prices: pl.DataFrame | None = None, as_of: date | None = None) -> Grid:
    """BARS (symbol, date, close, adjusted_close) as a grid on the benchmark's sessions, or on all days without it.

    `prices` [symbol, price, day] replace the newest close or follow it. Rows after `as_of` are left out.
    """
    kept = bars if as_of is None else bars.filter(pl.col("date") <= as_of)
    kept = kept.filter(pl.col("close").is_not_null()) if kept["close"].null_count() else kept
    if not _ordered(kept):
        kept = kept.sort("symbol", "date")
    if kept.is_empty():
        none = np.empty((0, 0))
        return Grid((), np.empty(0, dtype="datetime64[D]"), none, none, _no_ticks())
    runs = kept["symbol"].rle().struct.unnest()
    symbols = tuple(runs["value"].to_list())
    number = kept["date"].to_physical().to_numpy()
    place, days = _places(number, runs["len"].to_numpy().astype(np.int64), symbols, benchmark)
    rows = np.repeat(np.arange(len(symbols)), runs["len"].to_numpy())
    flat = rows * len(days) + place
    inside = place >= 0
    if not inside.all():
        kept, flat = kept.filter(pl.Series(inside)), flat[inside]
    close, total = (_spread(kept, name, flat, len(symbols), len(days)) for name in ("close", "adjusted_close"))
    live = False
    if prices is not None and prices.height:
        days, close, total, live = _with_prices(symbols, days, close, total, prices)
    lone = _pass_over(symbols, days, close, total)
    return Grid(symbols, days, close, total, lone, live)


def _ordered(bars: pl.DataFrame) -> bool:
    """Whether rows come by symbol and then by date (symbols in any order, each in one piece)."""
    runs = bars["symbol"].rle().struct.unnest()
    if runs["value"].n_unique() < runs.height:
        return False
    later = np.diff(bars["date"].to_physical().to_numpy()) > 0
    later[np.cumsum(runs["len"].to_numpy().astype(np.int64))[:-1] - 1] = True  # where the next symbol begins
    return bool(later.all())


def _places(number: npt.NDArray[np.int32], lengths: Ints, symbols: Sequence[str], benchmark: str) -> tuple[Ints, Days]:
    """The column of each row (-1: no session of the exchange), and the days of the columns."""
    first = int(number.min())
    seen = np.zeros(int(number.max()) - first + 1, dtype=np.bool_)
    seen[number - first] = True
    sessions = np.flatnonzero(seen) + first
    if benchmark in symbols:
        at = list(symbols).index(benchmark)
        start = int(lengths[:at].sum())
        own = number[start : start + int(lengths[at])]
        # Outside the benchmark's own history every day counts: it says nothing about those.
        sessions = np.union1d(own, sessions[(sessions < own[0]) | (sessions > own[-1])])
    table = np.full(len(seen), -1, dtype=np.int64)
    table[sessions - first] = np.arange(len(sessions))
    return table[number - first], sessions.astype("datetime64[D]")


def _spread(bars: pl.DataFrame, name: str, flat: Ints, rows: int, columns: int) -> Floats:
    values = np.full(rows * columns, np.nan)
    if name in bars.columns:
        values[flat] = bars[name].cast(pl.Float64).to_numpy()
    return values.reshape(rows, columns)


def _with_prices(
    symbols: Sequence[str], days: Days, close: Floats, total: Floats, prices: pl.DataFrame
) -> tuple[Days, Floats, Floats, bool]:
    """Current prices of the last day or of a later one; older ones say nothing new."""
    row_of = {symbol: row for row, symbol in enumerate(symbols)}
    known = prices.drop_nulls(["symbol", "price", "day"]).filter(pl.col("day") >= days[-1].astype(object))
    known = known.filter(pl.col("symbol").is_in(list(row_of)))
    if known.is_empty():
        return days, close, total, False
    newest = known.select(pl.col("day").max()).item()
    day = np.datetime64(newest, "D")
    live = bool(day > days[-1])
    if live:
        blank = np.full((len(symbols), 1), np.nan)
        days, close, total = np.append(days, day), np.hstack([close, blank]), np.hstack([total, blank])
    known = known.filter(pl.col("day") == newest)
    rows = np.array([row_of[symbol] for symbol in known["symbol"]], dtype=np.int64)
    price = known["price"].to_numpy().astype(np.float64)
    before = np.where(np.isfinite(close[rows]), np.arange(close.shape[1]), -1).max(axis=1)
    usable = before >= 0
    rows, price, before = rows[usable], price[usable], before[usable]
    # What was paid out today is not known yet: the return with dividends moves as the price does.
    total[rows, -1] = total[rows, before] * price / close[rows, before]
    close[rows, -1] = price
    return days, close, total, live


def _pass_over(symbols: Sequence[str], days: Days, close: Floats, total: Floats) -> pl.DataFrame:
    """Blank lone ticks in place and say which they were."""
    if close.shape[1] < 3:
        return _no_ticks()
    up, found_at = np.exp(LONE_MOVE), []
    for first in range(0, len(close), BLOCK):
        block = close[first : first + BLOCK]
        before, after = block[:, :-1], block[:, 1:]
        far = (after > up * before) | (up * after < before)
        far[:, :-1] &= far[:, 1:]
        found_at.append(np.argwhere(far[:, :-1]) + np.array([first, 0]))
    rows, at = np.concatenate(found_at).T
    if not len(rows):
        return _no_ticks()
    there, back = np.log(close[rows, at + 1] / close[rows, at]), np.log(close[rows, at + 2] / close[rows, at + 1])
    lone = np.abs(there + back) < LONE_BACK * np.minimum(np.abs(there), np.abs(back))
    rows, at = rows[lone], at[lone] + 1
    found = pl.DataFrame({
        "symbol": pl.Series([symbols[row] for row in rows], dtype=pl.String),
        "date": pl.Series(days[at]).cast(pl.Date), "close": close[rows, at],
    })
    close[rows, at] = np.nan
    total[rows, at] = np.nan
    return found


def _no_ticks() -> pl.DataFrame:
    return pl.DataFrame(schema={"symbol": pl.String, "date": pl.Date, "close": pl.Float64})


# -- the scan ------------------------------------------------------------------------------------------------------------


def scan(grid: Grid, threshold: float = 0.10, *, window: int = YEAR, symbols: Sequence[str] | None = None) -> pl.DataFrame:
    """One row for each symbol whose price is at least `threshold` below its highest close of `window` sessions.

    Columns: symbol; price, day; dip; peak, peak_day, sessions (since the peak); dip_52w, dip_recent (63 sessions), high_52w,
    high_recent; dip_total (with dividends, from their own high) and dividends_only (without them there would be no dip);
    volatility (daily, of the year before the peak), z (the fall in usual moves: log fall / (volatility x sqrt(sessions)));
    severity (share of the share's own past falls that were shallower), falls (how many there were), deepest (their deepest);
    worst_day, worst_move (the largest fall of one session since the peak); doubt (why the prices may be wrong);
    _row, _peak_at, _last_at (places in the grid). What cannot be known is null.
    """
    if grid.close.shape[1] < LEAST_SESSIONS:
        return _empty()
    found = _fallen(grid, threshold, window)
    if symbols is not None:
        wanted = np.isin(np.array(grid.symbols), list(symbols))[found["_row"]]
        found = {name: values[wanted] for name, values in found.items()}
    if not len(found["_row"]):
        return _empty()
    close = filled(grid.close[found["_row"]])
    found |= _unusual(close, found, window)
    found |= _worst(grid, found)
    doubts = _doubts(grid, found)
    frame = pl.DataFrame({name: pl.Series(values) for name, values in found.items()}).with_columns(
        pl.Series("symbol", [grid.symbols[row] for row in found["_row"]], dtype=pl.String),
        pl.Series("doubt", doubts, dtype=pl.String),
        *(pl.Series(name, grid.days[found[at]]).cast(pl.Date) for name, at in (("day", "_last_at"), ("peak_day", "_peak_at"))),
        pl.Series("worst_day", grid.days[found["_worst_at"]]).cast(pl.Date),
    )
    return frame.select(pl.col(name).cast(kind) for name, kind in _COLUMNS.items()).with_columns(
        pl.col(name).fill_nan(None) for name, kind in _COLUMNS.items() if kind == pl.Float64
    ).sort("dip")


_COLUMNS: dict[str, Any] = {
    "symbol": pl.String, "price": pl.Float64, "day": pl.Date, "dip": pl.Float64, "peak": pl.Float64, "peak_day": pl.Date,
    "sessions": pl.Int64, "dip_52w": pl.Float64, "dip_recent": pl.Float64, "high_52w": pl.Float64, "high_recent": pl.Float64,
    "dip_total": pl.Float64, "dividends_only": pl.Boolean, "volatility": pl.Float64, "z": pl.Float64, "severity": pl.Float64,
    "falls": pl.Int64, "deepest": pl.Float64, "worst_day": pl.Date, "worst_move": pl.Float64, "doubt": pl.String,
    "_row": pl.Int64, "_peak_at": pl.Int64, "_last_at": pl.Int64,
}


def _empty() -> pl.DataFrame:
    return pl.DataFrame(schema=_COLUMNS)


def _fallen(grid: Grid, threshold: float, window: int) -> dict[str, Any]:
    """The rows below their high, with price, highs and the high with dividends."""
    wide = min(YEAR, grid.close.shape[1])
    first = grid.close.shape[1] - wide
    tail = grid.close[:, -wide:]
    known = np.isfinite(tail)
    last = wide - 1 - known[:, ::-1].argmax(axis=1)
    high = np.where(known, tail, -np.inf)
    every = np.arange(len(tail))
    price = tail[every, last]
    short = min(QUARTER, wide)
    span = min(window, wide)
    # Of equal highs the later one: the fall began there.
    peak_at = wide - 1 - high[:, ::-1][:, :span].argmax(axis=1)
    peak = high[every, peak_at]
    high_52w, high_recent = high.max(axis=1), high[:, -short:].max(axis=1)
    total = grid.total[:, -wide:]
    total_high = np.where(np.isfinite(total), total, -np.inf)[:, -span:].max(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        dip = price / peak - 1
        usable = (known[:, -span:].sum(axis=1) >= LEAST_SESSIONS) & (last >= wide - 1 - MAX_AGE) & (dip <= -threshold + 1e-12)
        dip_total = np.where(np.isfinite(total_high), total[every, last] / total_high - 1, np.nan)
        values = {
            "_row": every, "_peak_at": peak_at + first, "_last_at": last + first, "price": price, "peak": peak, "dip": dip,
            "sessions": last - peak_at, "high_52w": high_52w, "high_recent": high_recent, "dip_52w": price / high_52w - 1,
            "dip_recent": np.where(np.isfinite(high_recent), price / high_recent - 1, np.nan), "dip_total": dip_total,
            "dividends_only": dip_total > -threshold,
        }
    return {name: each[usable] for name, each in values.items()}


def _unusual(close: Floats, found: dict[str, Any], window: int) -> dict[str, Any]:
    """How the fall compares with the share's usual moves and with its own past falls; `close` without holes."""
    peak_at, dip = found["_peak_at"], found["dip"]
    volatility = volatility_before(close, peak_at)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = np.log1p(dip) / (volatility * np.sqrt(np.maximum(found["sessions"], 1)))
    z[~(volatility > 0)] = np.nan
    owner, depth = past_falls(close, peak_at, window)
    count = np.bincount(owner, minlength=len(dip))
    shallower = np.bincount(owner, (depth > dip[owner]) + 0.5 * (depth == dip[owner]), minlength=len(dip))
    deepest = np.zeros(len(dip))
    np.minimum.at(deepest, owner, depth)
    enough = count >= LEAST_FALLS
    severity = np.where(enough, shallower / np.maximum(count, 1), np.nan)
    return {"volatility": volatility, "z": z, "severity": severity, "falls": count,
            "deepest": np.where(count > 0, deepest, np.nan)}


def volatility_before(close: Floats, at: Ints, sessions: int = YEAR) -> Floats:
    """Standard deviation of the daily log returns of the `sessions` up to `at` of each row; nan below 60 returns."""
    places = at[:, None] - np.arange(sessions + 1)
    picked = np.where(places >= 0, np.take_along_axis(close, np.maximum(places, 0), axis=1), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        picked = np.log(picked[:, :-1] / picked[:, 1:])
    known = np.isfinite(picked)
    count = known.sum(axis=1)
    mean = np.where(known, picked, 0.0).sum(axis=1) / np.maximum(count, 1)
    spread = np.where(known, picked - mean[:, None], 0.0)
    return np.where(count >= LEAST_RETURNS, np.sqrt((spread**2).sum(axis=1) / np.maximum(count - 1, 1)), np.nan)


def past_falls(close: Floats, until: Ints, window: int = YEAR, least: float = SMALL_FALL) -> tuple[Ints, Floats]:
    """The depth of each fall between two highs of `window` sessions that ended by `until` (a column of each row).

    Returns the row each belongs to, and price / high - 1 at its lowest; falls shallower than `least` are left out.
    """
    owners, depths = [np.empty(0, dtype=np.int64)], [np.empty(0)]
    for first in range(0, len(close), BLOCK):
        block = close[first : first + BLOCK]
        high = rolling_high(block, window)
        with np.errstate(invalid="ignore"):
            ratio = block / high
            at_high = block >= high
        at_high[:, 0] = True  # each row begins a piece of its own
        starts = np.flatnonzero(at_high)
        lowest = np.fmin.reduceat(ratio.ravel(), starts) - 1
        owner = starts // close.shape[1]
        ends = np.append(starts[1:], block.size) - owner * close.shape[1]
        kept = (lowest <= -least) & (ends <= until[owner + first])
        owners.append(owner[kept] + first)
        depths.append(lowest[kept])
    return np.concatenate(owners), np.concatenate(depths)


def rolling_high(values: Floats, window: int) -> Floats:
    """The highest value of the last `window` columns of each row, of fewer at the start; nan where there is none yet.

    The running highs of blocks from their left and from their right (van Herk 1992): two passes whatever the window.
    """
    rows, columns = values.shape
    known = np.where(np.isfinite(values), values, -np.inf)
    if window >= columns or not rows:
        high = np.maximum.accumulate(known, axis=1)
    else:
        padded = -columns % window
        blocks = np.pad(known, ((0, 0), (0, padded)), constant_values=-np.inf).reshape(rows, -1, window)
        left = np.maximum.accumulate(blocks, axis=2).reshape(rows, -1)[:, :columns]
        right = np.maximum.accumulate(blocks[:, :, ::-1], axis=2)[:, :, ::-1].reshape(rows, -1)[:, :columns]
        high = left
        high[:, window - 1 :] = np.maximum(left[:, window - 1 :], right[:, : columns - window + 1])
    return np.where(np.isfinite(high), high, np.nan)


def filled(close: Floats) -> Floats:
    """The last known close where one is missing; nan before the first."""
    known = np.isfinite(close)
    if known.all():
        return close
    place = np.maximum.accumulate(np.where(known, np.arange(close.shape[1]), 0), axis=1)
    return np.take_along_axis(close, place, axis=1)


def _since(found: dict[str, Any]) -> tuple[Ints, Bools]:
    """For each row the columns after the peak up to the last price, and which of them count."""
    longest = int(found["sessions"].max(initial=0))
    places = found["_peak_at"][:, None] + 1 + np.arange(longest)
    return places, places <= found["_last_at"][:, None]


def _worst(grid: Grid, found: dict[str, Any]) -> dict[str, Any]:
    places, counts = _since(found)
    if not places.shape[1]:
        return {"_worst_at": found["_last_at"], "worst_move": np.full(len(places), np.nan)}
    moves = _moves(grid, found, places, counts)
    at = np.where(np.isfinite(moves), moves, np.inf).argmin(axis=1)
    every = np.arange(len(places))
    return {"_worst_at": places[every, at], "worst_move": moves[every, at]}


def _moves(grid: Grid, found: dict[str, Any], places: Ints, counts: Bools) -> Floats:
    """Simple returns of these columns; nan where they do not count or a close is missing."""
    rows, last = found["_row"][:, None], grid.close.shape[1] - 1
    inside = np.minimum(places, last)
    with np.errstate(invalid="ignore"):
        moves = grid.close[rows, inside] / grid.close[rows, inside - 1] - 1
    return np.where(counts, moves, np.nan)


def _doubts(grid: Grid, found: dict[str, Any]) -> list[str | None]:
    """Why the prices of a row may be wrong: looks like a split, one unconfirmed session, holes."""
    places, counts = _since(found)
    if not places.shape[1]:
        return [None] * len(places)
    moves = _moves(grid, found, places, counts)
    nearest = np.min([np.abs((1 + moves) / ratio - 1) for ratio in SPLIT_RATIOS], axis=0)
    split = np.where(np.isfinite(nearest), nearest, np.inf).argmin(axis=1)
    every = np.arange(len(places))
    split_like = nearest[every, split] < SPLIT_NEAR
    last_move = moves[every, found["sessions"] - 1]
    holes = (counts & ~np.isfinite(grid.close[found["_row"][:, None], np.minimum(places, grid.close.shape[1] - 1)])).sum(axis=1)
    doubts: list[str | None] = []
    for row in every:
        day = str(grid.days[min(int(places[row, split[row]]), len(grid.days) - 1)])
        if split_like[row]:
            ratio = round(1 / (1 + float(moves[row, split[row]])))
            part = _ORDINALS.get(ratio, str(ratio))
            doubts.append(f"On {day} the price fell to one {part}: it looks like a split that nobody stated.")
        elif last_move[row] < SHOCK - 1:
            doubts.append(f"The last session alone took {-last_move[row]:.0%}, and no other has confirmed it.")
        elif holes[row] > HOLES * max(int(found["sessions"][row]), 1) and holes[row] > 2:
            doubts.append(f"{holes[row]} of the {found['sessions'][row]} sessions since the high have no price.")
        else:
            doubts.append(None)
    return doubts


_ORDINALS = {2: "half", 3: "third", 4: "quarter", 5: "fifth", 8: "eighth", 10: "tenth", 20: "twentieth"}
