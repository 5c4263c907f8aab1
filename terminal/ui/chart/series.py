"""What a chart shows, without a widget: bars, studies, compared symbols and markers, at every zoom and up to a replay's bar."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from terminal.ui.chart.pyramid import LinePyramid, Pyramid, heikin_ashi, moving_average
from terminal.ui.chart.scale import Scale
from terminal.ui.chart.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl
    from numpy.typing import NDArray

    from terminal.ui.chart.marks import Compared, Marker, PriceLevel, Study

COMPARED = ("average_3", "error", "ok", "accent_text", "average_2", "warn")  # the colours of compared symbols, in turn


@dataclass(slots=True)
class StudyView:
    """A study with the pyramids of its lines."""

    study: Study
    lines: tuple[LinePyramid, ...]
    largest: float = 0.0  # the size its values reach

    def __post_init__(self) -> None:
        ends = [abs(end) for line in self.lines for level in line.levels[-1] for end in level if np.isfinite(end)]
        self.largest = float(max(ends, default=0.0))


@dataclass(slots=True)
class ComparedView:
    """A compared symbol with its pyramid and colour."""

    symbol: str
    line: LinePyramid
    role: str


@dataclass(slots=True)
class Series:
    """The bars of one symbol and all that is drawn with them. `shown` bars are known to everything that draws or names."""

    symbol: str = ""
    simulated: bool = False
    interval: str = "1d"
    source: str = ""
    kind: str = "candles"
    scale_kind: str = "linear"
    levels: tuple[PriceLevel, ...] = ()
    averages: list[tuple[int, LinePyramid]] = field(default_factory=list)
    studies: list[StudyView] = field(default_factory=list)
    compared: list[ComparedView] = field(default_factory=list)
    markers: list[tuple[int, Marker]] = field(default_factory=list)
    timeline: Timeline = field(default_factory=lambda: Timeline(np.zeros(0, "datetime64[s]")))
    bars: Pyramid | None = None
    closes: LinePyramid | None = None
    _rows: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    _given: int = 0
    _smoothed: Pyramid | None = None
    _until: int | None = None

    def __len__(self) -> int:
        return len(self.bars) if self.bars is not None else 0

    # --- content

    def load(self, frame: pl.DataFrame, averages: Sequence[int] = ()) -> None:
        """Take over bars; without a single known close there are none. Studies, compared symbols and markers go."""
        self.studies, self.compared, self.markers, self.averages = [], [], [], []
        self.bars = self.closes = self._smoothed = self._until = None
        self._given = len(frame)
        if "close" not in frame.columns or frame.is_empty():
            return
        time = "date" if "date" in frame.columns else "at"
        known = frame.with_row_index("_row").filter(frame["close"].is_finite().fill_null(False)).sort(time)
        if known.is_empty():
            return
        self._rows = known["_row"].to_numpy().astype(np.int64)
        self.bars, self.timeline = Pyramid.of(known), Timeline.of(known, self.interval)
        self.interval = self.timeline.interval
        self.closes = LinePyramid(self.bars.bars.close)
        self.averages = [(length, LinePyramid(moving_average(self.bars.bars.close, length)))
                         for length in averages if length <= len(self.bars)]

    def aligned(self, values: Any) -> NDArray[np.float64]:
        """Values given for the rows of the frame, one for each bar. Raises ValueError when their number fits neither."""
        given = np.asarray(values, np.float64)
        if len(given) == self._given:
            return given[self._rows]
        if self.bars is not None and len(given) == len(self.bars.bars):
            return given
        raise ValueError(f"{len(given)} values cannot be drawn over {self._given} bars")

    def set_studies(self, studies: Sequence[Study]) -> None:
        kept = {view.study.id: view for view in self.studies}
        made = []
        for study in studies:
            old = kept.get(study.id)
            same = old is not None and len(old.study.lines) == len(study.lines) and all(
                before.values is now.values for before, now in zip(old.study.lines, study.lines, strict=True))
            if same and old is not None:
                made.append(StudyView(study, old.lines))
            else:
                made.append(StudyView(study, tuple(LinePyramid(self.aligned(line.values)) for line in study.lines)))
        self.studies = made
        self.show_until(self._until)

    def set_compared(self, compared: Sequence[Compared]) -> None:
        self.compared = [ComparedView(each.symbol, LinePyramid(self.aligned(each.values)), COMPARED[number % len(COMPARED)])
                         for number, each in enumerate(compared)]
        self.show_until(self._until)

    def set_markers(self, markers: Sequence[Marker]) -> None:
        if self.bars is not None:
            placed = [(self.timeline.bar_of(marker.at), marker) for marker in markers]
            self.markers = sorted((each for each in placed if each[0] >= 0), key=lambda each: each[0])

    def show_until(self, count: int | None) -> None:
        """Know the first `count` bars alone (at least one); None for all."""
        if self.bars is None:
            return
        every = len(self.bars.bars)
        self._until = None if count is None else min(max(1, count), every)
        shown = every if self._until is None else self._until
        self.timeline.shown = shown
        self.bars.shown = shown
        for line in self._lines():
            line.shown = shown
        if self._smoothed is not None:
            self._smoothed.shown = shown

    def _lines(self) -> list[LinePyramid]:
        first = [self.closes] if self.closes is not None else []
        return [*first, *(line for _, line in self.averages), *(line for view in self.studies for line in view.lines),
                *(each.line for each in self.compared)]

    @property
    def replaying(self) -> bool:
        """Whether bars are held back."""
        return self._until is not None and self.bars is not None and self._until < len(self.bars.bars)

    # --- what is drawn

    def drawn(self) -> Pyramid:
        """The bars as they are drawn: Heikin-Ashi bars for that kind, else the bars themselves."""
        assert self.bars is not None
        if self.kind != "heikin_ashi":
            return self.bars
        if self._smoothed is None:
            self._smoothed = Pyramid(heikin_ashi(self.bars.bars))
            self._smoothed.shown = self.bars.shown
        return self._smoothed

    def first_visible(self, start: float) -> int:
        """The first bar whose middle is in view, for rebasing."""
        return min(max(0, int(np.ceil(start - 1e-9))), max(0, len(self) - 1))

    def scale(self, start: float) -> Scale:
        """The price scale in force for a view that begins at `start`: compared symbols make a linear scale one of percent."""
        kind = "percent" if self.compared and self.scale_kind == "linear" else self.scale_kind
        base = float(self.bars.bars.close[self.first_visible(start)]) if self.bars is not None and kind == "percent" else 1.0
        return Scale(kind, base)

    def factor(self, each: ComparedView, start: float) -> float | None:
        """What a compared symbol's closes are multiplied with to meet the price at the first visible bar with both."""
        assert self.bars is not None
        place = each.line.first_known(self.first_visible(start))
        value = float(each.line.values[place]) if place is not None else 0.0
        return float(self.bars.bars.close[place]) / value if place is not None and value > 0 else None

    def extent(self, start: float, end: float, pixels: float) -> tuple[float, float, float]:
        """Lowest and highest price and largest volume in view; price studies and compared symbols count, though studies
        never make the bars less than a third of the height."""
        assert self.bars is not None and self.closes is not None
        low, high, most = self.drawn().extent(start, end, pixels)
        if self.kind in ("line", "area"):
            low, high = self.closes.extent(start, end, pixels) or (low, high)
        room = (high - low) or abs(high) * 0.02
        bottom, top = low, high
        for view in self.studies:
            for line in view.lines if view.study.pane == "price" else ():
                found = line.extent(start, end, pixels)
                if found is not None:
                    bottom, top = min(bottom, max(found[0], low - room)), max(top, min(found[1], high + room))
        for each in self.compared:
            found, factor = each.line.extent(start, end, pixels), self.factor(each, start)
            if found is not None and factor is not None:
                bottom, top = min(bottom, found[0] * factor), max(top, found[1] * factor)
        return bottom, top, most

    def visible_levels(self) -> tuple[PriceLevel, ...]:
        """The levels; none in a replay, as they come from what is held back."""
        return () if self.replaying else self.levels

    def visible_markers(self, start: float, end: float) -> list[tuple[int, Marker]]:
        """Markers at the bars of a range that are shown; those ahead of the last bar only when nothing is held back."""
        first = bisect_left(self.markers, start, key=lambda each: each[0])
        last = bisect_right(self.markers, min(end, len(self) - 1) if self.replaying else end, key=lambda each: each[0])
        return self.markers[first:last]

    def markers_at(self, place: int) -> list[Marker]:
        """The events of a bar."""
        return [marker for _, marker in self.visible_markers(place, place)]

    def change(self, place: int) -> float | None:
        """The change of the close from the bar before, as a fraction."""
        assert self.bars is not None
        closes = self.bars.bars.close
        return float(closes[place] / closes[place - 1] - 1) if place and closes[place - 1] > 0 else None

    def panes(self) -> list[str]:
        """The panes below the price, in the order their studies were given."""
        return list(dict.fromkeys(view.study.pane for view in self.studies if view.study.pane != "price"))
