"""Minute bars and quotes of the newest session: a path through the day's open, high, low and close."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from terminal.domain.schemas import MINUTE_BARS, QUOTES, UTC

if TYPE_CHECKING:
    from datetime import date

    from terminal.providers.demo.listing import Listing
    from terminal.providers.demo.recipe import Floats


def minute_bars(listing: Listing, symbols: tuple[str, ...], now: datetime) -> pl.DataFrame:
    """MINUTE_BARS of the session under way up to `now`, else of the last one; no symbols means all."""
    position = len(listing.world.days) - 1
    day = listing.world.days[position]
    opened = listing.world.calendar.session_open(day)
    minutes = _elapsed(listing, day, now)
    frames = [MINUTE_BARS.empty()]
    for symbol in symbols or listing.symbols:
        number = listing.number[symbol]
        if not listing.alive[position, number] or minutes == 0:
            continue
        prices, volume = _day(listing, position, number)
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


def quotes(listing: Listing, now: datetime) -> pl.DataFrame:
    """QUOTES of every instrument: the last price of the session under way, or the last close."""
    position = len(listing.world.days) - 1
    day = listing.world.days[position]
    minutes, length = _elapsed(listing, day, now), listing.world.calendar.minutes(day)
    opened, closed = listing.world.calendar.session_open(day), listing.world.calendar.session_close(day)
    running = minutes < length
    at = min(opened + timedelta(minutes=minutes), closed)
    decimals = np.where(listing.split_total == 1.0, 2, 4)
    today = {
        name: np.round(listing.matrix(name, position, position + 1)[0], 4) for name in ("open", "high", "low", "close", "volume")
    }
    before = listing.matrix("close", position - 1, position)[0]
    if running:
        for number in range(len(listing.symbols)):
            prices, volume = _day(listing, position, number)
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
                "symbol": listing.symbols,
                "at": pl.Series([at] * len(listing.symbols), dtype=UTC),
                "price": prices_now["close"],
                "previous_close": np.array(
                    [round(float(value), int(places)) for value, places in zip(before, decimals, strict=True)]
                ),
                "open": prices_now["open"],
                "high": np.maximum(prices_now["high"], prices_now["close"]),
                "low": np.minimum(prices_now["low"], prices_now["close"]),
                "volume": np.round(today["volume"]),
                "currency": ["USD"] * len(listing.symbols),
                "market_state": ["REGULAR" if running else "CLOSED"] * len(listing.symbols),
            }
        )
        .filter(pl.Series(listing.alive[position]))
        .select(*QUOTES.columns)
    )


def _elapsed(listing: Listing, day: date, now: datetime) -> int:
    """Full minutes of the session of `day` that are over at `now`."""
    passed = int((now - listing.world.calendar.session_open(day)).total_seconds() // 60)
    return min(max(passed, 0), listing.world.calendar.minutes(day))


def _day(listing: Listing, position: int, number: int) -> tuple[Floats, Floats]:
    """Prices (minutes, 4 moments each) that open, close and turn at the day's prices, and volumes that add up to the day's."""
    day = listing.world.days[position]
    minutes = listing.world.calendar.minutes(day)
    chance = listing.world.recipe.stream("minutes", day.toordinal(), number)
    opened, high, low, close = (_price(listing, name, position, number) for name in ("open", "high", "low", "close"))
    turns = np.sort(chance.permutation(np.arange(20, minutes * 4 - 20))[:2])
    extremes = (high, low) if chance.random() < (0.35 if close >= opened else 0.65) else (low, high)
    knots, values = np.array([0, turns[0], turns[1], minutes * 4 - 1]), np.log(np.array([opened, *extremes, close]))
    steps = np.arange(minutes * 4)
    straight = np.interp(steps, knots, values)
    walk = np.cumsum(chance.standard_normal(minutes * 4)) * (values.max() - values.min() + 1e-4) / np.sqrt(minutes * 4) * 0.7
    bridge = walk - np.interp(steps, knots, walk[knots])
    path = np.exp(np.clip(straight + bridge, np.log(low), np.log(high)))
    path[knots] = (opened, *extremes, close)
    places = 2 if listing.split_total[number] == 1.0 else 4
    smile = 1.0 + 2.2 * (2 * np.arange(minutes) / minutes - 1) ** 4
    weights = smile * np.exp(0.45 * chance.standard_normal(minutes))
    total = float(np.round(listing.matrix_value("volume", position, number)))
    cumulated = np.round(np.cumsum(weights / weights.sum()) * total)
    return np.clip(np.round(path, places), low, high).reshape(minutes, 4), np.diff(cumulated, prepend=0.0)


def _price(listing: Listing, name: str, position: int, number: int) -> float:
    places = 2 if listing.split_total[number] == 1.0 else 4
    return round(listing.matrix_value(name, position, number), places)
