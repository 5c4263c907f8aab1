"""Lines and shapes a user draws on a price chart: what they are, how they change, what they say.

A drawing is kept as moments and prices, so it stays where it was meant on any interval and on any scale; where it lies
on the screen is worked out in `drawing_outlines`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Literal, cast

from terminal.domain import format as fmt
from terminal.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Tool = Literal["trend", "ray", "horizontal", "vertical", "channel", "rectangle", "fibonacci", "text", "measure"]
Point = tuple[datetime, float]

# How many points each tool is made of, in the order in which the tools are offered.
POINTS: Mapping[str, int] = {
    "trend": 2, "ray": 2, "horizontal": 1, "vertical": 1, "channel": 3, "rectangle": 2, "fibonacci": 2, "text": 1, "measure": 2,
}  # fmt: skip
TITLES: Mapping[str, str] = {
    "trend": "Trend line", "ray": "Ray", "horizontal": "Horizontal line", "vertical": "Vertical line",
    "channel": "Parallel channel", "rectangle": "Rectangle", "fibonacci": "Fibonacci retracement", "text": "Text",
    "measure": "Measure",
}  # fmt: skip
# Shares of a move that traders watch for a turn. 0 is its end, 1 its beginning; 0.5 is no Fibonacci ratio but customary.
FIBONACCI = (0.0, 0.236, 0.382, 0.5, 0.618, 0.786, 1.0)
MOST_TEXT = 500
WIDTHS = (0.5, 8.0)


@dataclass(frozen=True, slots=True)
class Drawing:
    """One drawing. Moments are aware UTC; `role` is a colour token's name, `width` the line's in pixels.

    Raises UserError for a tool that does not exist, a wrong number of points, a price that is no number, an empty text.
    """

    id: str
    tool: Tool
    points: tuple[Point, ...]
    text: str = ""
    role: str = "accent"
    width: float = 1.5

    def __post_init__(self) -> None:
        needed = POINTS.get(self.tool)
        if needed is None:
            raise UserError(f"There is no drawing tool {self.tool!r}.", f"There are {', '.join(POINTS)}.")
        if len(self.points) != needed:
            noun = "point" if needed == 1 else "points"
            raise UserError(f"A {TITLES[self.tool].lower()} needs {needed} {noun}, not {len(self.points)}.")
        if not all(isinstance(price, (int, float)) and math.isfinite(price) for _, price in self.points):
            raise UserError("The price of a point must be a number.")
        if self.tool == "text" and not self.text.strip():
            raise UserError("A text needs words.", "Give them with --text.")
        if len(self.text) > MOST_TEXT:
            raise UserError(f"The text is longer than {MOST_TEXT} characters.")
        if not WIDTHS[0] <= self.width <= WIDTHS[1]:
            raise UserError(f"The width must be from {WIDTHS[0]:g} to {WIDTHS[1]:g} pixels.")
        object.__setattr__(self, "points", tuple((_utc(moment), float(price)) for moment, price in self.points))

    def to_json(self) -> dict[str, Any]:
        """Plain values; `from_json` makes the same drawing of them."""
        return {"id": self.id, "tool": self.tool, "points": points_to_json(self.points), "text": self.text, "role": self.role,
                "width": self.width}


def from_json(value: Mapping[str, Any]) -> Drawing:
    """A drawing from `Drawing.to_json`. Raises UserError when something is missing or makes no sense."""
    try:
        return Drawing(str(value["id"]), cast(Tool, str(value["tool"])), points_from_json(value["points"]),
                       str(value.get("text") or ""), str(value.get("role") or "accent"), float(value.get("width") or 1.5))
    except (KeyError, TypeError, ValueError) as error:
        raise UserError("This drawing cannot be read.", f"{type(error).__name__}: {error}") from error


def points_to_json(points: Sequence[Point]) -> list[list[Any]]:
    """Points as [moment in ISO text, price]."""
    return [[moment.isoformat(), price] for moment, price in points]


def points_from_json(value: Sequence[Sequence[Any]]) -> tuple[Point, ...]:
    """What `points_to_json` made; a moment without a zone is UTC."""
    return tuple((_utc(datetime.fromisoformat(str(moment))), float(price)) for moment, price in value)


def point_from_text(text: str) -> Point:
    """A point as it is typed: "2026-01-02,123.4", or "2026-01-02T15:30,123.4" (UTC). Raises UserError."""
    moment, _, price = text.rpartition(",")
    try:
        found = _utc(datetime.fromisoformat(moment.strip())), float(price)
    except ValueError:
        found = None
    if found is None or not math.isfinite(found[1]):
        raise UserError(f"{text!r} is not a point.", "Write a day and a price, as 2026-01-02,123.40.")
    return found


def _utc(moment: datetime | date) -> datetime:
    if not isinstance(moment, datetime):
        return datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


# --- changing


def handles(drawing: Drawing) -> tuple[Point, ...]:
    """Where a drawing can be taken hold of: its points, and a rectangle's two other corners."""
    if drawing.tool == "rectangle":
        (first, low), (last, high) = drawing.points
        return (*drawing.points, (first, high), (last, low))
    return drawing.points


def with_handle(drawing: Drawing, number: int, to: Point) -> Drawing:
    """The drawing after one of its handles was moved."""
    points = list(drawing.points)
    if number < len(points):
        points[number] = to
    else:  # a rectangle's other corners: its moment is of one point, its price of the other
        when, price = (0, 1) if number == 2 else (1, 0)
        points[when] = (to[0], points[when][1])
        points[price] = (points[price][0], to[1])
    return replace(drawing, points=tuple(points))


# --- what it says


@dataclass(frozen=True, slots=True)
class Measured:
    """From the first point to the second: price change, the same as a fraction (None from zero), bars and calendar days."""

    change: float
    fraction: float | None
    bars: int
    days: float

    def sentence(self) -> str:
        """`▲ +5.20 (+4.1 %) · 12 bars · 17 days`."""
        span = self.days if abs(self.days) < 1 else round(self.days)
        length = f"{fmt.number(span, 0)} {'day' if abs(span) == 1 else 'days'}"
        if abs(self.days) < 1:
            minutes = round(self.days * 1440)
            length = f"{fmt.number(minutes / 60, 1)} h" if abs(minutes) >= 90 else f"{fmt.number(minutes, 0)} min"
        arrow = fmt.UP if self.change > 0 else fmt.DOWN if self.change < 0 else fmt.FLAT
        bars = f"{fmt.number(self.bars, 0)} {'bar' if abs(self.bars) == 1 else 'bars'}"
        return f"{arrow} {price_text(self.change, sign=True)} ({fmt.percent(self.fraction, sign=True)}) · {bars} · {length}"


def measure(drawing: Drawing, place_of: Callable[[datetime], float]) -> Measured:
    """The change between the first two points; `place_of` gives the bar number of a moment."""
    (start, first), (end, last) = drawing.points[:2]
    return Measured(last - first, (last - first) / abs(first) if first else None, round(place_of(end) - place_of(start)),
                    (end - start).total_seconds() / 86_400)


def fibonacci(drawing: Drawing) -> tuple[tuple[float, float], ...]:
    """(share, price) of each level: 0 at the end of the move (the second point), 1 at its beginning."""
    start, end = drawing.points[0][1], drawing.points[1][1]
    return tuple((share, end + (start - end) * share) for share in FIBONACCI)


def price_text(value: float, *, sign: bool = False) -> str:
    """A price as charts write it: two decimals, four below one."""
    return fmt.number(value, 2 if abs(value) >= 1 or value == 0 else 4, sign=sign)


def describe(drawing: Drawing) -> str:
    """One sentence for a screen reader, a list and the status: `Trend line from 2 Jan 2026 at 120.00 to 3 Mar 2026 at 140.00`."""
    title, points = TITLES[drawing.tool], drawing.points
    if drawing.tool == "text":
        return f"Text “{drawing.text}” at {_said(points[0])}"
    if drawing.tool == "horizontal":
        return f"{title} at {price_text(points[0][1])}"
    if drawing.tool == "vertical":
        return f"{title} on {when_text(points[0][0])}"
    told = f"{title} from {_said(points[0])} to {_said(points[1])}"
    return f"{told}, through {price_text(points[2][1])}" if drawing.tool == "channel" else told


def _said(point: Point) -> str:
    return f"{when_text(point[0])} at {price_text(point[1])}"


def when_text(moment: datetime) -> str:
    """A daily bar carries the session's date at midnight UTC; anything else is a moment."""
    return fmt.moment(moment) if moment.hour or moment.minute else fmt.day(moment.date())
