"""The drawings on a chart: which there are, which is selected, which are in sight, which is under a pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from terminal.domain import drawing_outlines as outlines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from terminal.domain.drawing_outlines import Outline
    from terminal.domain.drawings import Drawing
    from terminal.ui.chart.drawing_view import ChartView

HIT_PX = 6.0


class DrawingSet:
    """Keeps the order in which they were drawn; a later one lies on top, the selected one on all others."""

    def __init__(self) -> None:
        self._drawings: dict[str, Drawing] = {}
        self._places: dict[str, tuple[float, ...]] = {}  # bar numbers of their points, as finding them takes a search
        self.chosen = ""
        self.hovered = ""
        self.hidden = False
        self.told = set[str]()  # drawn here and now, hence no secret in a replay

    def __iter__(self) -> Iterator[Drawing]:
        return iter(self._drawings.values())

    def __len__(self) -> int:
        return len(self._drawings)

    def get(self, drawing_id: str) -> Drawing | None:
        return self._drawings.get(drawing_id)

    @property
    def selected(self) -> Drawing | None:
        return self._drawings.get(self.chosen)

    def replace_all(self, drawings: Sequence[Drawing]) -> None:
        self._drawings = {each.id: each for each in drawings}
        self.told.clear()
        self.forget_places()

    def put(self, drawing: Drawing) -> None:
        """Add it, or put it in the place of the one with its id."""
        self._drawings[drawing.id] = drawing
        self._places.pop(drawing.id, None)

    def rename(self, old: str, drawing: Drawing) -> None:
        """`old` is now `drawing`, at the same depth."""
        self._drawings = {(drawing.id if key == old else key): (drawing if key == old else each)
                          for key, each in self._drawings.items()}
        self._places.pop(old, None)
        self._places.pop(drawing.id, None)
        if old in self.told:
            self.told.add(drawing.id)

    def remove(self, drawing_id: str) -> None:
        self._drawings.pop(drawing_id, None)
        self._places.pop(drawing_id, None)

    def forget_places(self) -> None:
        """Other bars are shown, so that the same moments have other numbers."""
        self._places.clear()

    def beside(self, step: int) -> str:
        """The id of the one after (1) or before (-1) the selected one, round and round; "" when there are none."""
        keys = list(self._drawings)
        if not keys:
            return ""
        at = keys.index(self.chosen) + step if self.chosen in keys else (0 if step > 0 else -1)
        return keys[at % len(keys)]

    def visible(self, view: ChartView) -> Iterator[tuple[Drawing, Outline]]:
        """Those in sight with their outlines, from back to front. One out of sight costs a comparison.

        In a replay those that lie in what is to come are left out, as they would tell of it.
        """
        if self.hidden:
            return
        ahead = view.ahead
        for drawing in sorted(self._drawings.values(), key=lambda each: each.id == self.chosen):
            places = self._places.get(drawing.id)
            if places is None:
                places = tuple(view.place_of(moment) for moment, _ in drawing.points)
                self._places[drawing.id] = places
            if ahead is not None and ahead[0] <= min(places) < ahead[1] and drawing.id not in self.told:
                continue
            if view.in_sight(drawing.tool, places):
                shape = outlines.outline(drawing, view)
                if not shape.empty:
                    yield drawing, shape

    def hit(self, view: ChartView, x: float, y: float) -> str:
        """The id of the drawing under a pixel: the nearest one, of two as near the one on top; "" for none within reach."""
        best, found = HIT_PX, ""
        for drawing, shape in self.visible(view):
            apart = outlines.distance(shape, x, y)
            if apart <= best:
                best, found = apart, drawing.id
        return found
