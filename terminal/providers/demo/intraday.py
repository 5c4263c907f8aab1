"""Minute bars and quotes of the newest session: a path through the day's open, high, low and close."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from terminal.domain.schemas import MINUTE_BARS, QUOTES, UTC

if TYPE_CHECKING:
    from terminal.providers.demo.newest import LastDay
    from terminal.providers.demo.recipe import Floats


def minute_bars(last: LastDay, symbols: tuple[str, ...], now: datetime) -> pl.DataFrame:
    """MINUTE_BARS of the session under way up to `now`, else of the last one; no symbols means all."""
    opened = last.calendar.session_open(last.day)
    minutes = _elapsed(last, now)
    frames = [MINUTE_BARS.empty()]
    for symbol in symbols or last.symbols:
        number = last.number[symbol]
        if not last.alive[number] or minutes == 0:
            continue
        prices, volume = _day(last, number)
        start = [opened + timedelta(minutes=n) for n in range(minutes)]
        before = np.concatenate([prices[:1, 0], prices[:-1, -1]])
        opens = before[:minutes]
        frames.append(
            pl.DataFrame(
                {
                    "symbol": [symbol] * minutes,
                    "at": pl.Series(start, dtype=UTC),
                    "open": opens,
                    "high": np.maximum(prices[:minutes].max(axis=1), opens),
                    "low": np.minimum(prices[:minutes].min(axis=1), opens),
                    "close": prices[:minutes, -1],
                    "volume": volume[:minutes],
                }
            )
        )
    return pl.concat(frames)


def quotes(last: LastDay, now: datetime) -> pl.DataFrame:
    """QUOTES of every instrument: the last price of the session under way, or the last close."""
    minutes, length = _elapsed(last, now), last.calendar.minutes(last.day)
    opened, closed = last.calendar.session_open(last.day), last.calendar.session_close(last.day)
    running = minutes < length
    at = min(opened + timedelta(minutes=minutes), closed)
    decimals = np.where(last.split_total == 1.0, 2, 4)
    today = {name: np.round(values, 4) for name, values in last.prices.items()}
    if running:
        for number in range(len(last.symbols)):
            prices, volume = _day(last, number)
            seen = prices[: max(minutes, 1)]
            today["high"][number], today["low"][number] = seen.max(), seen.min()
            today["close"][number], today["volume"][number] = seen[-1, -1], volume[: max(minutes, 1)].sum()
    prices_now = {
        name: np.array([round(float(value), int(places)) for value, places in zip(today[name], decimals, strict=True)])
        for name in ("open", "high", "low", "close")
    }
    return (
        pl.DataFrame(
            {
                "symbol": last.symbols,
                "at": pl.Series([at] * len(last.symbols), dtype=UTC),
                "price": prices_now["close"],
                "previous_close": np.array(
                    [round(float(value), int(places)) for value, places in zip(last.before, decimals, strict=True)]
                ),
                "open": prices_now["open"],
                "high": np.maximum(prices_now["high"], prices_now["close"]),
                "low": np.minimum(prices_now["low"], prices_now["close"]),
                "volume": np.round(today["volume"]),
                "currency": ["USD"] * len(last.symbols),
                "market_state": ["REGULAR" if running else "CLOSED"] * len(last.symbols),
            }
        )
        .filter(pl.Series(last.alive))
        .select(*QUOTES.columns)
    )


def _elapsed(last: LastDay, now: datetime) -> int:
    """Full minutes of the session that are over at `now`."""
    passed = int((now - last.calendar.session_open(last.day)).total_seconds() // 60)
    return min(max(passed, 0), last.calendar.minutes(last.day))


def _day(last: LastDay, number: int) -> tuple[Floats, Floats]:
    """Prices (minutes, 4 moments each) that open, close and turn at the day's prices, and volumes that add up to the day's."""
    minutes = last.calendar.minutes(last.day)
    chance = last.recipe.stream("minutes", last.day.toordinal(), number)
    places = 2 if last.split_total[number] == 1.0 else 4
    opened, high, low, close = (round(float(last.prices[name][number]), places) for name in ("open", "high", "low", "close"))
    turns = np.sort(chance.permutation(np.arange(20, minutes * 4 - 20))[:2])
    extremes = (high, low) if chance.random() < (0.35 if close >= opened else 0.65) else (low, high)
    knots, values = np.array([0, turns[0], turns[1], minutes * 4 - 1]), np.log(np.array([opened, *extremes, close]))
    steps = np.arange(minutes * 4)
    straight = np.interp(steps, knots, values)
    walk = np.cumsum(chance.standard_normal(minutes * 4)) * (values.max() - values.min() + 1e-4) / np.sqrt(minutes * 4) * 0.7
    bridge = walk - np.interp(steps, knots, walk[knots])
    path = np.exp(np.clip(straight + bridge, np.log(low), np.log(high)))
    path[knots] = (opened, *extremes, close)
    smile = 1.0 + 2.2 * (2 * np.arange(minutes) / minutes - 1) ** 4
    weights = smile * np.exp(0.45 * chance.standard_normal(minutes))
    total = float(np.round(last.prices["volume"][number]))
    cumulated = np.round(np.cumsum(weights / weights.sum()) * total)
    return np.clip(np.round(path, places), low, high).reshape(minutes, 4), np.diff(cumulated, prepend=0.0)
