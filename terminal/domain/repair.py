"""Finds what cannot be a price or a dividend; repairs it where the repair is certain, refuses it where it is not.

Vendors mix up pounds and pence (100 times), forget a split on some rows or apply it twice, put a dividend in the
wrong unit, or leave it out of the adjusted close. A repair is made only when the series itself shows what is right:
the neighbours, the trades, the splits and dividends stated beside the prices. Each repair says its rule. What looks
wrong without showing what is right is refused with its reason. Nothing is smoothed, filled or guessed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

REPAIRS = {"symbol": pl.String, "at": pl.String, "field": pl.String, "was": pl.Float64, "now": pl.Float64, "rule": pl.String}

HUNDRED = math.log(100.0)
HUNDRED_BAND = (math.log(40.0), math.log(250.0))
"""A close 40 to 250 times the one before is the factor 100: no share moves like that in a session."""
MINORITY = 0.2
"""Rows at another level than the rest are repaired when they are at most this share, or when only the others traded."""
FRAMED_MINORITY = 0.3
"""The same where the series begins and ends at the level of the rest."""
SPIKE = math.log(4.0)
"""A close four times away that comes back within three rows has no explanation but an error."""
BLOCK_ROWS = 20
NEAR_SPLIT = timedelta(days=40)
SPLIT_SLIP = 3
"""Rows by which the border in the prices may lie beside the day stated for the split."""
SMALLEST_SPLIT = 0.18
PRICES = ("open", "high", "low", "close")
ADJUSTMENT_TOLERANCE = 0.002
SAME_DIVIDEND = timedelta(days=4)

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Repaired:
    """`frame` may be stored; `repairs` says what was changed; `refused` holds rows that must not be shown, with `reason`."""

    frame: pl.DataFrame
    repairs: pl.DataFrame
    refused: pl.DataFrame


@dataclass(frozen=True)
class History:
    """One answer of a chart: bars and dividends, each repaired."""

    bars: Repaired
    dividends: Repaired


@dataclass
class _Log:
    symbol: str
    rows: list[dict[str, Any]] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)

    def note(self, at: Any, name: str, was: float, now: float, rule: str) -> None:
        self.rows.append({"symbol": self.symbol, "at": str(at), "field": name, "was": was, "now": now, "rule": rule})


def repair_history(
    bars: pl.DataFrame,
    splits: pl.DataFrame | None = None,
    dividends: pl.DataFrame | None = None,
    trusted: pl.DataFrame | None = None,
    time: str = "date",
) -> History:
    """Bars (BARS or MINUTE_BARS, `time` names the column) and dividends without wrong values.

    splits: SPLITS of the same answer; trusted: bars stored before, which say at which level the price was.
    """
    fixed, refused, repairs = [], [], []
    good_dividends, bad_dividends, dividend_repairs = [], [], []
    nothing = {"symbol": pl.String, "ex_date": pl.Date, "amount": pl.Float64}
    stated = dividends if dividends is not None else pl.DataFrame(schema=nothing)
    seen = set()
    for (symbol,), rows in bars.group_by("symbol", maintain_order=True):
        seen.add(symbol)
        own_splits = _of(splits, str(symbol), "ex_date", "ratio")
        series = _Series(rows.sort(time), time, str(symbol))
        series.fix_hundredfold(_last_close(trusted, str(symbol), series.first_day, time))
        paid = dict(_of(stated, str(symbol), "ex_date", "amount"))
        series.fix_splits(own_splits, paid)
        series.refuse_spikes()
        kept, gone = series.result()
        payments = _Payments(stated.filter(pl.col("symbol") == symbol).sort("ex_date"), kept, time, str(symbol))
        payments.check()
        fixed.append(payments.bars())
        refused.append(gone)
        repairs += [*series.log.rows, *payments.bar_log.rows]
        good, bad = payments.result()
        good_dividends.append(good)
        bad_dividends.append(bad)
        dividend_repairs += payments.log.rows
    rest = stated.filter(~pl.col("symbol").is_in(list(seen)))
    with_reason = {"reason": pl.String}
    return History(
        Repaired(
            _together(fixed, bars), _table(repairs), _together(refused, pl.DataFrame(schema={**bars.schema, **with_reason}))
        ),
        Repaired(
            _together([*good_dividends, rest], stated),
            _table(dividend_repairs),
            _together(bad_dividends, pl.DataFrame(schema={**stated.schema, **with_reason})),
        ),
    )


class _Series:
    """The bars of one symbol as arrays, oldest first."""

    def __init__(self, rows: pl.DataFrame, time: str, symbol: str) -> None:
        self.rows = rows
        self.log = _Log(symbol)
        self.times: list[Any] = rows[time].to_list()
        self.days: list[date] = rows[time].cast(pl.Date).to_list()
        names = [name for name in (*PRICES, "adjusted_close", "volume") if name in rows.columns]
        self.values: dict[str, Numbers] = {
            name: rows[name].cast(pl.Float64).fill_null(np.nan).to_numpy().copy() for name in names
        }
        self.before = {name: column.copy() for name, column in self.values.items()}
        self.rules: dict[tuple[str, int], str] = {}

    @property
    def first_day(self) -> date | None:
        """The first day, None of an empty series."""
        return self.days[0] if self.days else None

    def fix_hundredfold(self, anchor: float | None) -> None:
        """Rows or cells 100 times too high or too low, brought to the level of the rest."""
        close = self.values["close"]
        usable = np.flatnonzero(np.isfinite(close) & (close > 0))
        if len(usable) == 0:
            return
        level = np.zeros(len(close), dtype=int)
        step = _hundred_steps(np.diff(np.log(close[usable])))
        level[usable] = np.concatenate(([0], np.cumsum(step)))
        truth = self._true_level(level, usable, anchor)
        if truth is None:
            for at in range(len(close)):
                self.log.refused[at] = "prices at two levels 100 times apart, and nothing says which is right"
            return
        for row in usable.tolist():
            self._rescale_row(row, 100.0 ** int(truth - level[row]))
        self._rescale_cells(usable)

    def _true_level(self, level: NDArray[np.int_], usable: NDArray[np.intp], anchor: float | None) -> int | None:
        found, counts = np.unique(level[usable], return_counts=True)
        if anchor is not None and anchor > 0:
            first = int(usable[0])
            distance = math.log(self.values["close"][first] / anchor)
            return int(level[first] - round(distance / HUNDRED))
        if len(found) == 1:
            return int(found[0])
        volume = self.values.get("volume", np.full(len(level), np.nan))
        traded = [each for each in found if np.any(volume[usable][level[usable] == each] > 0)]
        if len(traded) == 1:
            return int(traded[0])
        major = int(found[int(np.argmax(counts))])
        framed = level[usable[0]] == level[usable[-1]] == major
        return major if 1 - counts.max() / counts.sum() <= (FRAMED_MINORITY if framed else MINORITY) else None

    def _rescale_row(self, at: int, factor: float) -> None:
        """Bring the close to its level, and with it the adjusted close unless that one was right already."""
        if factor == 1.0:
            return
        self._set(at, "close", self.values["close"][at] * factor, "price 100 times off")
        if "adjusted_close" in self.values:
            self._set(at, "adjusted_close", self.values["adjusted_close"][at] * factor, "price 100 times off")

    def _rescale_cells(self, usable: NDArray[np.intp]) -> None:
        close = self.values["close"]
        for name in ("open", "high", "low"):
            if name not in self.values:
                continue
            column = self.values[name]
            with np.errstate(divide="ignore", invalid="ignore"):
                distance = np.log(column / close)
            for at in usable[np.abs(distance[usable]) >= HUNDRED_BAND[0]]:
                if abs(distance[at]) <= HUNDRED_BAND[1]:
                    self._set(int(at), name, column[at] * 100.0 ** -math.copysign(1, distance[at]), "price 100 times off")
        for at in {index for name, index in self.rules if name != "adjusted_close"}:
            self._enclose(at)

    def _enclose(self, at: int) -> None:
        """After a repair high and low must again hold open and close between them."""
        inside = [self.values[name][at] for name in PRICES if name in self.values and np.isfinite(self.values[name][at])]
        for name, bound in (("high", max(inside)), ("low", min(inside))):
            if (name, at) in self.rules and self.values[name][at] != bound:
                self._set(at, name, bound, self.rules[name, at])

    def fix_splits(self, splits: list[tuple[date, float]], paid: dict[date, float]) -> None:
        """Rows on which a stated split was forgotten or applied twice. A payment on the same day explains a fall, too."""
        for ex_date, ratio in splits:
            size = abs(math.log(ratio))
            if size < SMALLEST_SPLIT or self.log.refused:
                continue
            tolerance = min(0.15 + 0.1 * size, 0.4 * size)
            self._fix_before(ex_date, ratio, tolerance, paid)
            self._fix_blocks(ex_date, ratio, tolerance, paid)

    def _fix_before(self, ex_date: date, ratio: float, tolerance: float, paid: dict[date, float]) -> None:
        """All rows before the split at another scale than those after it: the jump is at the split and of its size."""
        usable, step = self._steps(paid)
        near = next((place for place, at in enumerate(usable) if self.days[at] >= ex_date), None)
        if near is None or near == 0:
            return
        places = range(max(near - SPLIT_SLIP, 1), min(near + SPLIT_SLIP + 1, len(usable)))
        for place in sorted(places, key=lambda each: abs(each - near)):
            jump = step[place - 1]
            for factor, rule in ((1 / ratio, "split not applied"), (ratio, "split applied twice")):
                around = step[max(place - BLOCK_ROWS, 1) - 1 : place + BLOCK_ROWS - 1]
                if abs(jump - math.log(factor)) < tolerance and not np.any(np.abs(around + jump) < tolerance):
                    for at in range(usable[place]):
                        self._scale(at, factor, rule)
                    return

    def _fix_blocks(self, ex_date: date, ratio: float, tolerance: float, paid: dict[date, float]) -> None:
        """A few rows near the split at another scale than both their neighbours."""
        usable, step = self._steps(paid)
        for factor, rule in ((1 / ratio, "split not applied"), (ratio, "split applied twice")):
            enters = np.flatnonzero(np.abs(step + math.log(factor)) < tolerance)
            leaves = np.flatnonzero(np.abs(step - math.log(factor)) < tolerance)
            for enter in enters:
                end = next((int(leave) for leave in leaves if enter < leave <= enter + BLOCK_ROWS), None)
                rows = usable[int(enter) + 1 : end + 1] if end is not None else []
                if rows and all(abs(self.days[at] - ex_date) <= NEAR_SPLIT for at in rows):
                    for at in rows:
                        self._scale(at, factor, rule)

    def _steps(self, paid: dict[date, float]) -> tuple[list[int], Numbers]:
        """The rows with a close, and the log return between neighbours with the dividend taken out.

        Where a dividend falls is read off the adjusted close if there is one: weekly rows, and days stated wrongly.
        """
        close = self.values["close"]
        usable = [at for at in range(len(close)) if close[at] > 0]
        price = close[usable]
        adjusted = self.values["adjusted_close"][usable] if "adjusted_close" in self.values else np.full(len(usable), np.nan)
        share = adjusted / price
        with np.errstate(divide="ignore", invalid="ignore"):
            implied = price[:-1] * (1 - share[:-1] / share[1:])
        given = np.where(np.isfinite(implied), implied, [paid.get(self.days[at], 0.0) for at in usable[1:]])
        worth = price[:-1] - given
        return usable, np.log(price[1:]) - np.log(np.where(worth > 0, worth, price[:-1]))

    def refuse_spikes(self) -> None:
        """Closes that jump far away and come back within three rows."""
        close = self.values["close"]
        usable = [at for at in range(len(close)) if close[at] > 0 and at not in self.log.refused]
        logs = np.log(close[usable]) if usable else np.array([])
        for start in range(1, len(usable) - 1):
            away = logs[start] - logs[start - 1]
            if abs(away) < SPIKE:
                continue
            later = range(start + 1, min(start + 4, len(usable)))
            back = next((end for end in later if abs(logs[end] - logs[start - 1]) < 0.3), None)
            for at in usable[start:back] if back is not None else ():
                self.log.refused[at] = f"a jump of {math.exp(abs(away)):.0f} times and back"

    def result(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Rows that may be stored, and rows refused with their reason."""
        for (name, at), rule in sorted(self.rules.items(), key=lambda item: (item[0][1], item[0][0])):
            if at not in self.log.refused:
                self.log.note(self.times[at], name, float(self.before[name][at]), float(self.values[name][at]), rule)
        changed = sorted({name for name, _ in self.rules})
        frame = self.rows.with_columns(pl.Series(name, self.values[name]).fill_nan(None) for name in changed)
        reasons = pl.Series("reason", [self.log.refused.get(at) for at in range(frame.height)], dtype=pl.String)
        marked = self.rows.with_columns(reasons).filter(pl.col("reason").is_not_null())
        return frame.filter(reasons.is_null()), marked

    def _scale(self, at: int, factor: float, rule: str) -> None:
        for name, column in self.values.items():
            if np.isfinite(column[at]):
                self._set(at, name, column[at] / factor if name == "volume" else column[at] * factor, rule)

    def _set(self, at: int, name: str, value: float, rule: str) -> None:
        if np.isfinite(self.values[name][at]):
            self.values[name][at] = value
            self.rules[name, at] = rule


class _Payments:
    """The dividends of one symbol against the closes and adjusted closes beside them."""

    def __init__(self, stated: pl.DataFrame, bars: pl.DataFrame, time: str, symbol: str) -> None:
        self._stated = stated
        self._bars = bars
        self._days: list[date] = bars[time].cast(pl.Date).to_list()
        self._times = bars[time].to_list()
        self._close = bars["close"].to_list()
        self._adjusted: list[float | None] = bars["adjusted_close"].to_list() if "adjusted_close" in bars.columns else []
        self._amounts: list[float | None] = stated["amount"].to_list()
        self._ex: list[date] = stated["ex_date"].to_list()
        self._refused: dict[int, str] = {}
        self.log = _Log(symbol)
        self.bar_log = _Log(symbol)

    def check(self) -> None:
        """Doubled ones, absurd ones, ones in the wrong unit; then adjusted closes that do not fit what is left."""
        for at in range(1, len(self._ex)):
            if self._ex[at] - self._ex[at - 1] <= SAME_DIVIDEND and self._amounts[at] == self._amounts[at - 1]:
                self._refused[at] = "the same dividend twice"
        for at in reversed(range(len(self._ex))):
            if at not in self._refused:
                self._check_one(at)

    def _check_one(self, at: int) -> None:
        amount = self._amounts[at]
        row = next((index for index, day in enumerate(self._days) if day >= self._ex[at]), None)
        if amount is None or row is None or row == 0:
            return
        close = self._close[row - 1]
        if close is None or close <= 0:
            return
        paid = self._paid(row)
        if paid is not None and _near(amount, 100 * paid, 0.35):
            self._correct(at, amount / 100, "dividend 100 times too high")
            return
        if paid is not None and amount > 0 and _near(100 * amount, paid, 0.35):
            self._correct(at, amount * 100, "dividend 100 times too low")
            return
        if amount >= close:
            self._refused[at] = "a dividend above the price of the share"
            return
        if paid is None or amount / close <= ADJUSTMENT_TOLERANCE:
            return
        beside = [self._paid(other) for other in range(max(row - 2, 1), min(row + 3, len(self._days))) if other != row]
        if abs(paid) < 0.15 * amount and not any(other and 0.5 * amount < other < 2 * amount for other in beside):
            self._readjust(row, amount, close, "dividend missing from the adjusted close")
        elif 1.3 * amount < paid < 2.2 * amount:
            self._readjust(row, amount, close, "dividend counted twice in the adjusted close")

    def _paid(self, row: int) -> float | None:
        """The dividend that the adjusted closes imply between two rows; None where they do not tell."""
        if not self._adjusted:
            return None
        here, there = self._adjusted[row], self._adjusted[row - 1]
        close, before = self._close[row], self._close[row - 1]
        if here is None or there is None or not close or here <= 0:
            return None
        return float(before * (1 - (there / before) / (here / close)))

    def _correct(self, at: int, value: float, rule: str) -> None:
        was = self._amounts[at]
        assert was is not None
        self._amounts[at] = value
        self.log.note(self._ex[at], "amount", was, value, rule)

    def _readjust(self, row: int, amount: float, close: float, rule: str) -> None:
        """Scale the adjusted closes before `row` so that they step down by exactly this dividend."""
        here, there = self._adjusted[row], self._adjusted[row - 1]
        assert here is not None and there is not None
        factor = (here / self._close[row]) * (1 - amount / close) / (there / close)
        for index in range(row):
            was = self._adjusted[index]
            if was is not None:
                self._adjusted[index] = was * factor
                self.bar_log.note(self._times[index], "adjusted_close", was, was * factor, rule)

    def bars(self) -> pl.DataFrame:
        """The bars with the adjusted closes that fit."""
        if not self.bar_log.rows:
            return self._bars
        return self._bars.with_columns(pl.Series("adjusted_close", self._adjusted, dtype=pl.Float64))

    def result(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Dividends that may be stored, and those refused."""
        reasons = pl.Series("reason", [self._refused.get(at) for at in range(len(self._ex))], dtype=pl.String)
        good = self._stated.with_columns(pl.Series("amount", self._amounts, dtype=pl.Float64)).filter(reasons.is_null())
        return good, self._stated.with_columns(reasons).filter(pl.col("reason").is_not_null())


def _hundred_steps(moves: Numbers) -> NDArray[np.int_]:
    hit = (np.abs(moves) >= HUNDRED_BAND[0]) & (np.abs(moves) <= HUNDRED_BAND[1])
    return np.where(hit, np.sign(moves), 0).astype(int)


def _of(frame: pl.DataFrame | None, symbol: str, *names: str) -> list[tuple[Any, ...]]:
    if frame is None:
        return []
    return list(frame.filter(pl.col("symbol") == symbol).sort(names[0]).select(names).drop_nulls().iter_rows())


def _last_close(trusted: pl.DataFrame | None, symbol: str, before: date | None, time: str) -> float | None:
    if trusted is None or before is None or trusted.is_empty():
        return None
    own = (pl.col("symbol") == symbol) & (pl.col(time).cast(pl.Date) <= before) & (pl.col("close") > 0)
    rows = trusted.filter(own).sort(time)
    return None if rows.is_empty() else float(rows["close"][-1])


def _near(value: float, other: float, tolerance: float) -> bool:
    return value > 0 and other > 0 and abs(math.log(value / other)) < tolerance


def _together(frames: list[pl.DataFrame], like: pl.DataFrame) -> pl.DataFrame:
    return pl.concat(frames) if frames else like.clear()


def _table(rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=REPAIRS)


__all__ = ["REPAIRS", "History", "Repaired", "repair_history"]
