"""Rectangles whose areas are worths, as square as they can be (Bruls, Huizing and van Wijk, Squarified Treemaps, 2000)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

Box = tuple[float, float, float, float]
"""Left, top, width, height."""


def squarified(values: Sequence[float], box: Box) -> list[Box]:
    """A rectangle for each value (above zero, the largest first), together filling `box`, areas in proportion."""
    left, top, width, height = box
    total = sum(values)
    if not values or total <= 0 or width <= 0 or height <= 0:
        return [(left, top, 0.0, 0.0) for _ in values]
    areas = [value * width * height / total for value in values]
    made: list[Box] = []
    start = 0
    while start < len(areas):
        side = min(width, height)
        end = start + 1
        while end < len(areas) and _worst(areas[start : end + 1], side) <= _worst(areas[start:end], side):
            end += 1
        row = areas[start:end]
        deep = sum(row) / side if side > 0 else 0.0
        at = 0.0
        for area in row:
            long = area / deep if deep > 0 else 0.0
            made.append((left, top + at, deep, long) if width >= height else (left + at, top, long, deep))
            at += long
        if width >= height:
            left, width = left + deep, max(0.0, width - deep)
        else:
            top, height = top + deep, max(0.0, height - deep)
        start = end
    return made


def _worst(row: Sequence[float], side: float) -> float:
    """The worst proportion of sides in a row laid along `side`."""
    whole = sum(row)
    return max(max(side * side * area / (whole * whole), whole * whole / (side * side * area)) for area in row)
