"""The price chart of the printed tearsheet: candles, two averages and volume as a small SVG of few paths."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    import polars as pl

SESSIONS = 252
AVERAGES = (50, 200)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_UP, _DOWN, _UP_SOFT, _DOWN_SOFT = "#12805C", "#C8364A", "#A9D6C5", "#EBB4BC"
_GRID, _INK, _DIM = "#E4E7EC", "#101828", "#667085"
_AVERAGE = ("#3B5BDB", "#B7791F")


@dataclass(frozen=True)
class Frame:
    """Where things are, in pixels."""

    width: int = 780
    height: int = 286
    right: int = 62
    top: int = 10
    price: int = 196
    gap: int = 12
    volume: int = 42

    @property
    def plot(self) -> float:
        """Width of the plot."""
        return self.width - self.right


def chart(bars: pl.DataFrame, sessions: int = SESSIONS) -> str | None:
    """SVG of the last `sessions` bars (BARS of one symbol); None with fewer than two bars.

    Averages are computed over all bars handed in and drawn where they exist. Bars without open, high or low are drawn
    as their close.
    """
    import polars as pl

    ordered = bars.sort("date").with_columns(pl.col(name).fill_null(pl.col("close")) for name in ("open", "high", "low"))
    averaged = ordered.with_columns(pl.col("close").rolling_mean(n).alias(f"sma_{n}") for n in AVERAGES)
    shown = averaged.tail(sessions)
    if shown.height < 2:
        return None
    return _Drawing(shown, Frame()).svg()


class _Drawing:
    def __init__(self, shown: pl.DataFrame, place: Frame) -> None:
        self.bars = shown
        self.place = place
        self.step = place.plot / shown.height
        low = min(float(shown["low"].min()), *self._seen(min))  # type: ignore[arg-type]
        high = max(float(shown["high"].max()), *self._seen(max))  # type: ignore[arg-type]
        room = (high - low or high or 1.0) * 0.04
        self.low, self.high = low - room, high + room

    def _seen(self, pick: object) -> list[float]:
        found = [float(value) for n in AVERAGES for value in self.bars[f"sma_{n}"].drop_nulls().to_list()]
        return [min(found) if pick is min else max(found)] if found else [float(self.bars["close"][-1])]

    def svg(self) -> str:
        place = self.place
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{place.width}" height="{place.height}" '
            f'viewBox="0 0 {place.width} {place.height}" font-family="Inter" font-size="10.5">',
            *self._grid(),
            *self._months(),
            *self._volume(),
            *self._candles(),
        ]
        parts += [part for n, colour in zip(AVERAGES, _AVERAGE, strict=True) for part in self._average(n, colour)]
        parts += [*self._last(), "</svg>"]
        return "\n".join(parts)

    def x(self, at: float) -> float:
        return (at + 0.5) * self.step

    def y(self, price: float) -> float:
        return self.place.top + (self.high - price) / (self.high - self.low) * self.place.price

    def _grid(self) -> list[str]:
        last = self.y(float(self.bars["close"][-1]))
        parts = []
        for tick in ticks(self.low, self.high):
            at = self.y(tick)
            parts.append(f'<path d="M0 {at:.1f}H{self.place.plot:.1f}" stroke="{_GRID}" stroke-width="0.8"/>')
            if abs(at - last) > 13:
                parts.append(_text(self.place.plot + 8, at + 3.7, _label(tick, self.high - self.low), _DIM))
        return parts

    def _months(self) -> list[str]:
        days: list[date] = self.bars["date"].to_list()
        starts = [at for at in range(1, len(days)) if days[at].month != days[at - 1].month]
        every = max(1, math.ceil(len(starts) / 7))
        parts = []
        previous: int | None = None
        base = self.place.top + self.place.price + self.place.gap + self.place.volume
        for at in starts[::every]:
            day = days[at]
            name = _MONTHS[day.month - 1] + ("" if day.year == previous else f" {day.year % 100:02d}")
            previous = day.year
            middle = min(max(self.x(at), 18), self.place.plot - 18)
            parts.append(f'<path d="M{self.x(at):.1f} {base:.1f}v4" stroke="{_DIM}" stroke-width="0.8"/>')
            parts.append(_text(middle, base + 16, name, _DIM, "middle"))
        parts.append(f'<path d="M0 {base:.1f}H{self.place.plot:.1f}" stroke="{_DIM}" stroke-width="0.8"/>')
        return parts

    def _volume(self) -> list[str]:
        volumes = [value or 0.0 for value in self.bars["volume"].to_list()]
        most = max(volumes)
        if most <= 0:
            return []
        base = self.place.top + self.place.price + self.place.gap + self.place.volume
        paths = {True: [], False: []}  # type: dict[bool, list[str]]
        wide = max(0.6, self.step * 0.7)
        for at, (volume, rising) in enumerate(zip(volumes, self._rising(), strict=True)):
            tall = volume / most * self.place.volume
            if tall > 0:
                paths[rising].append(f"M{self.x(at) - wide / 2:.1f} {base:.1f}v{-tall:.1f}h{wide:.1f}v{tall:.1f}z")
        return [
            f'<path d="{"".join(paths[rising])}" fill="{colour}"/>'
            for rising, colour in ((True, _UP_SOFT), (False, _DOWN_SOFT))
            if paths[rising]
        ]

    def _candles(self) -> list[str]:
        wide = max(0.8, self.step * 0.66)
        bodies: dict[bool, list[str]] = {True: [], False: []}
        wicks: dict[bool, list[str]] = {True: [], False: []}
        for at, (row, rising) in enumerate(
            zip(self.bars.select("open", "high", "low", "close").iter_rows(), self._rising(), strict=True)
        ):
            first, high, low, last = row
            upper, lower = self.y(max(first, last)), self.y(min(first, last))
            bodies[rising].append(
                f"M{self.x(at) - wide / 2:.1f} {upper:.1f}h{wide:.1f}v{max(lower - upper, 0.6):.1f}h{-wide:.1f}z"
            )
            wicks[rising].append(f"M{self.x(at):.1f} {self.y(high):.1f}V{self.y(low):.1f}")
        parts = []
        for rising, colour in ((True, _UP), (False, _DOWN)):
            if bodies[rising]:
                parts.append(f'<path d="{"".join(wicks[rising])}" stroke="{colour}" stroke-width="0.9" fill="none"/>')
                parts.append(f'<path d="{"".join(bodies[rising])}" fill="{colour}"/>')
        return parts

    def _rising(self) -> list[bool]:
        return [last >= first for first, last in self.bars.select("open", "close").iter_rows()]

    def _average(self, n: int, colour: str) -> list[str]:
        values: Sequence[float | None] = self.bars[f"sma_{n}"].to_list()
        points = [f"{self.x(at):.1f} {self.y(value):.1f}" for at, value in enumerate(values) if value is not None]
        return (
            [f'<path d="M{"L".join(points)}" fill="none" stroke="{colour}" stroke-width="1.3" stroke-linejoin="round"/>']
            if len(points) > 1
            else []
        )

    def _last(self) -> list[str]:
        price = float(self.bars["close"][-1])
        at, left = self.y(price), self.place.plot
        colour = _UP if self._rising()[-1] else _DOWN
        return [
            f'<path d="M0 {at:.1f}H{left:.1f}" stroke="{colour}" stroke-width="0.8" stroke-dasharray="3 3"/>',
            f'<rect x="{left + 1:.1f}" y="{at - 8:.1f}" width="{self.place.right - 3}" height="16" rx="2.5" fill="{colour}"/>',
            _text(left + 7, at + 3.8, f"{price:,.2f}".replace(",", "\u202f"), "#FFFFFF", weight=600),
        ]


def ticks(low: float, high: float, wanted: int = 6) -> list[float]:
    """Round numbers between `low` and `high`, about `wanted` of them, in steps of 1, 2, 2.5 or 5 times a power of ten."""
    if not high > low:
        return []
    raw = (high - low) / wanted
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= raw * 0.9)
    first = math.ceil(low / step - 1e-9)
    return [round(each * step, 10) for each in range(first, math.floor(high / step + 1e-9) + 1)]


def _label(price: float, span: float) -> str:
    places = 0 if span >= 12 else 1 if span >= 2 else 2
    return f"{price:,.{places}f}".replace(",", "\u202f")


def _text(x: float, y: float, words: str, colour: str, anchor: str = "start", weight: int = 400) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" text-anchor="{anchor}" font-weight="{weight}">{words}</text>'
