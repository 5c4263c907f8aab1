"""Events as small lettered flags at the foot of the price pane or at their price; where they crowd, one with a count."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from terminal.ui import theme
from terminal.ui.chart.layers import Frame, Layer, PaneState
from terminal.ui.chart.marks import MARKERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from terminal.ui.chart.marks import Marker

SIZE = 15
_MOST_NAMED = 8


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag and the markers it stands for; `place` is the bar of the first."""

    box: QRectF
    place: int
    markers: tuple[Marker, ...]

    @property
    def letter(self) -> str:
        kinds = {marker.kind: MARKERS.get(marker.kind, ("•", "t3"))[0] for marker in self.markers}
        if len(self.markers) == len(kinds) <= 2:
            return "".join(kinds.values())
        return ("".join(kinds.values()) if len(kinds) == 1 else "") + str(len(self.markers))

    @property
    def role(self) -> str:
        kinds = {marker.kind for marker in self.markers}
        return MARKERS.get(self.markers[0].kind, ("•", "t3"))[1] if len(kinds) == 1 else "t3"

    def tip(self) -> str:
        """What the tooltip says: each event with its text; very many are counted."""
        lines = [f"<b>{escape(marker.title)}</b>" + (f"<br>{escape(marker.text)}" if marker.text else "")
                 for marker in self.markers[:_MOST_NAMED]]
        if len(self.markers) > _MOST_NAMED:
            lines.append(f"and {len(self.markers) - _MOST_NAMED} more: zoom in to see them")
        return "<br>".join(lines)


class Flags(Layer):
    """The flags of a chart; `places` holds those of the last frame for the pointer."""

    def __init__(self, pane: PaneState) -> None:
        super().__init__(pane, z=40)
        self.places: list[Flag] = []

    def draw(self, painter: QPainter, frame: Frame) -> None:
        colors, size = theme.tokens(), theme.scaled(SIZE)
        events = self.pane.series.visible_markers(frame.start - 1, frame.end + 1)
        foot = [each for each in events if each[1].price is None]
        self.places = _grouped(foot, frame, frame.area.bottom() - size - 3, size)
        priced: dict[int, list[tuple[int, Marker]]] = {}
        for place, marker in events:
            if marker.price is not None:
                priced.setdefault(round(float(frame.y(marker.price)) / size), []).append((place, marker))
        for row in priced.values():
            y = float(frame.y(row[0][1].price))
            at_price = _grouped(row, frame, y - size - 5, size)
            painter.setPen(QPen(colors.color("t2"), 1))
            painter.setBrush(colors.color("t1"))
            for flag in at_price:
                for place, marker in row:
                    if marker in flag.markers:
                        painter.drawEllipse(QPointF(float(frame.x(place)), float(frame.y(marker.price))), 2.0, 2.0)
            self.places += at_price
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font(theme.scaled(9), 700))
        for flag in self.places:
            painter.setPen(QPen(colors.color(flag.role), 1))
            painter.setBrush(colors.color("bg2"))
            painter.drawRoundedRect(flag.box.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
            painter.setPen(colors.color("t1"))
            painter.drawText(flag.box, Qt.AlignmentFlag.AlignCenter, flag.letter)

    def at(self, point: QPointF) -> Flag | None:
        """The flag at a point of the pane, in pixels."""
        return next((flag for flag in reversed(self.places) if flag.box.adjusted(-2, -2, 2, 2).contains(point)), None)


def _grouped(events: Sequence[tuple[int, Marker]], frame: Frame, top: float, size: int) -> list[Flag]:
    """One flag for all events that would lie on each other."""
    groups: list[list[tuple[int, Marker]]] = []
    for place, marker in events:
        near = groups and float(frame.x(place)) - float(frame.x(groups[-1][0][0])) < size + 2
        if near:
            groups[-1].append((place, marker))
        else:
            groups.append([(place, marker)])
    flags: list[Flag] = []
    for group in groups:
        middle = float(frame.x((group[0][0] + group[-1][0]) / 2))
        wide = size if len(group) == 1 else size + 6 * len(str(len(group)))
        left = middle - wide / 2
        if flags and flags[-1].box.right() + 1 > left:
            left = flags[-1].box.right() + 1
        flags.append(Flag(QRectF(round(left), round(top), wide, size), group[0][0], tuple(marker for _, marker in group)))
    return flags
