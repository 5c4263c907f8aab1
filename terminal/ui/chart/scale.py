"""Between prices and heights on a pane: linear, logarithmic or percent of a base, with the ticks each of them calls for. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from terminal.domain import format as fmt
from terminal.ui.levels import multiples, round_up

if TYPE_CHECKING:
    from collections.abc import Sequence

_TINY = 1e-9
_DECADES: tuple[tuple[float, ...], ...] = (
    (1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9),
    (1, 1.5, 2, 3, 4, 5, 7), (1, 1.5, 2, 3, 5, 7), (1, 2, 5), (1, 3), (1,))


@dataclass(frozen=True, slots=True)
class Scale:
    """A height is what the plot's y axis counts in.

    `base` is the price that counts as 0 % on a percent scale. The kind "plain" is linear too, for a study's values; `marks` are
    the values its axis names where there are some (30 and 70), `largest` the size that decides on its decimals.
    """

    kind: str = "linear"
    base: float = 1.0
    marks: tuple[float, ...] = ()
    largest: float = 0.0

    def heights(self, prices: Any) -> Any:
        """Heights of prices (a number or an array); on a log scale zero and less lie far below."""
        return np.log10(np.maximum(prices, _TINY)) if self.kind == "log" else prices

    def prices(self, heights: Any) -> Any:
        """The inverse of `heights`."""
        return np.power(10.0, heights) if self.kind == "log" else heights

    def ticks(self, low: float, high: float, pixels: float, least: float = 36.0) -> list[float]:
        """Heights between two heights at round prices (round per cents on a percent scale), at least `least` pixels apart."""
        if not high > low or pixels <= 0 or not math.isfinite(high - low):
            return []
        marks = [mark for mark in sorted(self.marks) if low <= mark <= high]
        if len(marks) > 1 and min(after - before for before, after in pairwise(marks)) / (high - low) * pixels >= 14:
            return marks
        if self.kind == "percent" and self.base > 0:
            return [self.base * (1 + share) for share in _even(low / self.base - 1, high / self.base - 1, pixels, least)]
        if self.kind == "log":
            return [math.log10(price) for price in self._log_ticks(low, high, pixels, least)]
        return _even(low, high, pixels, least)

    def _log_ticks(self, low: float, high: float, pixels: float, least: float) -> list[float]:
        bottom, top = 10.0 ** low, 10.0 ** high
        apart = (high - low) * least / pixels  # in heights
        if top / bottom < 4:  # even steps, wide enough at the top where they lie closest
            return [price for price in multiples(bottom, top, round_up(top - top / 10 ** apart)) if price > 0]
        for steps in _DECADES:
            closest = min(math.log10(after / before) for before, after in zip(steps, (*steps[1:], 10.0), strict=True))
            if closest >= apart:
                break
        decades = range(math.floor(low), math.ceil(high) + 1)
        every = max(1, math.ceil(apart)) if len(steps) == 1 else 1
        return [step * 10.0 ** decade for decade in decades if decade % every == 0
                for step in steps if bottom <= step * 10.0 ** decade <= top]

    def tick_names(self, heights: Sequence[float]) -> list[str]:
        """What is written at ticks: prices with as many decimals as tell them apart, or signed per cents."""
        if self.kind == "percent" and self.base > 0:
            shares = [height / self.base - 1 for height in heights]
            places = _decimals([share * 100 for share in shares], (0, 1, 2))
            return [fmt.percent(share, places, sign=True) for share in shares]
        prices = [float(self.prices(height)) for height in heights]
        if max((abs(price) for price in prices), default=0.0) >= 1e5:
            short = [fmt.compact(price) if price else "0" for price in prices]
            if len(set(short)) == len(short):
                return short
        places = _decimals(prices, (0, 1, 2, 4, 6, 8) if self.kind == "plain" else (0, 2, 4, 6, 8))
        return [fmt.number(price, places) for price in prices]

    def name_of(self, price: float) -> str:
        """A price as it stands in a tag at the axis."""
        if self.kind == "percent" and self.base > 0:
            return fmt.percent(price / self.base - 1, 2, sign=True)
        return price_name(price) if self.kind != "plain" else value_name(price, self.largest)


def price_name(value: float) -> str:
    """A price with two decimals, four below one, six below a hundredth."""
    return fmt.number(value, 2 if abs(value) >= 1 else 4 if abs(value) >= 0.01 else 6)


def value_name(value: float, largest: float = 0.0) -> str:
    """A study's value. `largest` is the size its values reach, so that all have the same decimals: two from one on, four
    below, six below a hundredth; from a hundred thousand on they are compact.
    """
    size = max(abs(value), largest)
    return fmt.compact(value) if size >= 1e5 else fmt.number(value, 2 if size >= 1 or size == 0 else 4 if size >= 0.01 else 6)


def _even(low: float, high: float, pixels: float, least: float) -> list[float]:
    return multiples(low, high, round_up((high - low) * least / pixels))


def _decimals(values: Sequence[float], allowed: Sequence[int]) -> int:
    """The fewest decimals that tell every value as it is."""
    return next((places for places in allowed if all(abs(round(value, places) - value) <= 1e-9 * max(1.0, abs(value))
                                                     for value in values)), allowed[-1])
