"""What is laid over a chart's bars, and the words its settings are told in. Neither numpy nor Qt is imported with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import date, datetime

RANGES = {"1M": 21, "3M": 63, "6M": 126, "1Y": 252, "5Y": 1260, "MAX": 0}
SCALES = ("linear", "log", "percent")
KINDS = ("candles", "heikin_ashi", "bars", "line", "area")
STYLES = ("line", "histogram", "band", "dots")
MARKERS = {"earnings": ("E", "accent"), "dividend": ("D", "ok"), "split": ("S", "average_2"), "news": ("N", "t3"),
           "trade": ("T", "average_3"), "decision": ("J", "warn")}


@dataclass(frozen=True, slots=True)
class PriceLevel:
    """A horizontal line with its name: "52-week high", "DCF value". `role` is a token's name."""

    value: float
    name: str
    role: str = "t3"


@dataclass(frozen=True, slots=True)
class StudyLine:
    """Values aligned to the bars given to `show_bars`; NaN is unknown.

    `style` is line, histogram, dots, or band: the band lines of a study belong together in twos, filled in between.
    `role` is a token's name, or "sign" for the colours of rising and falling by the value's sign.
    """

    name: str
    values: Any
    style: str = "line"
    role: str = "accent"


@dataclass(frozen=True, slots=True)
class Study:
    """Lines over the price (`pane` "price") or in a pane of their own; studies that name the same pane share it."""

    id: str
    title: str
    pane: str
    lines: tuple[StudyLine, ...]
    levels: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Compared:
    """Closes of another symbol aligned to the bars; drawn as if both had been bought at the first visible bar."""

    symbol: str
    values: Any


@dataclass(frozen=True, slots=True)
class Marker:
    """An event at a moment; with a `price` it stands there, else at the foot of the price pane."""

    at: datetime | date
    kind: str
    title: str
    text: str = ""
    price: float | None = None
