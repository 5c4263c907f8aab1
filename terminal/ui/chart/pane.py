"""One pane of a chart: a plot with its layers, its axes and its own height. The pane named "price" holds the bars."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QLabel

from terminal.ui import theme
from terminal.ui.chart.axes import PriceAxis, SessionAxis
from terminal.ui.chart.backdrop import Backdrop, Crosshair, LevelNames, Levels
from terminal.ui.chart.bars import BarsLayer, VolumeLayer
from terminal.ui.chart.flags import Flags
from terminal.ui.chart.lines import ComparedLayer, LineLayer, StudyLayer
from terminal.ui.chart.scale import Scale

if TYPE_CHECKING:
    from PySide6.QtGui import QMouseEvent

    from terminal.ui.chart.series import Series
    from terminal.ui.chart.stage import Stage

AVERAGES = ("average_1", "average_2", "average_3")
PRICE = "price"


class ChartView(pg.ViewBox):  # type: ignore[misc]
    """Drag moves in time, the wheel zooms about the pointer (with Shift it moves), the price axis stretches; a double click
    shows the chosen range again.
    """

    def __init__(self, stage: Stage, pane: Pane) -> None:
        super().__init__(enableMenu=False)
        self._stage, self._pane = stage, pane
        self.setMouseEnabled(True, False)

    def wheelEvent(self, event: Any, axis: int | None = None) -> None:
        event.accept()
        turns = event.delta() / 120
        sideways = event.orientation() == Qt.Orientation.Horizontal or event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        (start, end), _ = self.viewRange()
        if axis == 1:
            self._pane.stretch(0.9 ** turns)
        elif sideways:
            self._stage.move_by(-turns * (end - start) * 0.1)
        else:
            at = self.mapToView(event.pos()).x() if axis is None else end
            self._stage.zoom(0.75 ** turns, at)

    def mouseDragEvent(self, event: Any, axis: int | None = None) -> None:
        if event.button() not in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            event.ignore()
            return
        event.accept()
        moved, (start, end) = event.pos() - event.lastPos(), self.viewRange()[0]
        if axis == 1:
            self._pane.stretch(math.exp(moved.y() / max(self.height(), 1.0) * 2))
        elif axis == 0:
            self._stage.zoom(math.exp(-moved.x() / max(self.width(), 1.0) * 2), end)
        else:
            self._stage.move_by(-moved.x() / max(self.width(), 1.0) * (end - start))
            if self._pane.stretched:
                self._pane.shift(moved.y() / max(self.height(), 1.0))


class Pane(pg.PlotWidget):  # type: ignore[misc]
    """A plot with a grid, a cursor and either the bars or the studies that name this pane."""

    def __init__(self, stage: Stage, title: str) -> None:
        self.stage, self.name = stage, title
        self.scale = Scale("linear" if title == PRICE else "plain")
        self.most_volume = 1.0
        self.stretched = False  # whether the user has set the height; else it follows what is visible
        self.bottom, self.right = SessionAxis(self), PriceAxis(self)
        view = ChartView(stage, self)
        super().__init__(viewBox=view, axisItems={"bottom": self.bottom, "right": self.right})
        plot = self.getPlotItem()
        plot.hideAxis("left")
        for name in ("left", "top", "bottom", "right"):
            plot.getAxis(name).enableAutoSIPrefix(False)  # else a label nobody sees is set anew with every frame
        plot.showAxis("right")
        plot.setMenuEnabled(False)
        plot.hideButtons()
        view.setLimits(minXRange=5)
        self.setFrameShape(self.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMinimumHeight(48)
        self.legend = QLabel(self)
        self.legend.setTextFormat(Qt.TextFormat.RichText)
        self.legend.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.legend.move(6, 2)
        self.crosshair = Crosshair(self)
        self.backdrop = Backdrop(self, self.bottom, self.right)
        self._studies: dict[str, StudyLayer] = {}
        self._tags: list[tuple[float, str, str]] = []
        self._averages: list[LineLayer] = []
        layers: list[Any] = [self.backdrop, self.crosshair]
        if title == PRICE:
            self.bars, self.flags, self.levels = BarsLayer(self), Flags(self), Levels(self)
            self.names = LevelNames(self, lambda: float(self.legend.height()))
            layers += [VolumeLayer(self), self.levels, ComparedLayer(self), self.bars, self.names, self.flags]
        for layer in layers:
            plot.addItem(layer, ignoreBounds=True)
        self.setAccessibleName("Price pane" if title == PRICE else f"{title} pane")
        self.viewport().setAccessibleName(self.accessibleName())

    @property
    def series(self) -> Series:
        return self.stage.series

    @property
    def view(self) -> ChartView:
        view: ChartView = self.getPlotItem().vb
        return view

    def fill(self) -> None:
        """Take over the series' averages and the studies of this pane; layers of others go."""
        plot = self.getPlotItem()
        for layer in (*self._averages, *self._studies.values()):
            plot.removeItem(layer)
        self._averages, self._studies = [], {}
        if self.name == PRICE:
            self._averages = [LineLayer(self, line, role)
                              for (_, line), role in zip(self.series.averages, AVERAGES, strict=False)]
        self._studies = {view.study.id: StudyLayer(self, view) for view in self.studies()}
        for layer in (*self._averages, *self._studies.values()):
            layer.setZValue(-5 if self.name == PRICE else 0)
            plot.addItem(layer, ignoreBounds=True)
        count = len(self.series.timeline.moments)
        if self.name != PRICE:
            studies = self.studies()
            self.scale = Scale("plain", marks=tuple(sorted({level for view in studies for level in view.study.levels})),
                               largest=max((view.largest for view in studies), default=0.0))
        self.view.setLimits(xMin=-count * 0.05 - 2, xMax=count * 1.05 + 30)

    def studies(self) -> list[Any]:
        return [view for view in self.series.studies if view.study.pane == self.name]

    def show_dates(self, on: bool) -> None:
        """Whether the dates stand below this pane: only below the lowest."""
        self.getPlotItem().showAxis("bottom", on)

    def dress(self) -> None:
        """Take over the colours and sizes in force."""
        colors = theme.tokens()
        self.setBackground(colors.bg1)
        self.bottom.setHeight(theme.scaled(22))
        self._make_tags()
        self.right.tags = list(self._tags)
        self.getPlotItem().update()
        self.right.update()

    def _make_tags(self) -> None:
        """What stands at the axis whatever the cursor does: levels, ends of compared symbols and studies, the last price."""
        series = self.series
        if self.name != PRICE:
            self._tags = [tag for view in self.studies() for tag in self._study_tags(view)]
            return
        self.backdrop.watermark = "SIMULATED" if series.simulated else ""
        self._tags = [(level.value, self.scale.name_of(level.value), "bg3") for level in series.visible_levels()]
        self._tags += self._compared_tags()
        if series.bars is not None:
            closes, last = series.bars.bars.close, len(series) - 1
            role = "up" if closes[last] >= (closes[last - 1] if last else series.bars.bars.open[last]) else "down"
            self.levels.last = (float(closes[last]), role)
            self._tags.append((float(closes[last]), self.scale.name_of(float(closes[last])), role))

    def _study_tags(self, view: Any) -> list[tuple[float, str, str]]:
        """The newest value of each line of a study with a pane of its own."""
        last = len(self.series) - 1
        values = [(float(line.values[last]), study) for study, line in zip(view.study.lines, view.lines, strict=True)
                  if study.style in ("line", "histogram") and last >= 0]
        return [(value, self.scale.name_of(value), "bg3" if study.role in ("sign", "t2", "t3") else study.role)
                for value, study in values if math.isfinite(value)]

    # --- height

    def fit(self) -> None:
        """Let the height follow what is visible, unless the user has stretched it."""
        (start, end), _ = self.view.viewRange()
        wide = self.view.width() or 400
        if self.name == PRICE:
            self._fit_price(start, end, wide)
        elif not self.stretched:
            self._fit_study(start, end, wide)

    def _fit_price(self, start: float, end: float, wide: float) -> None:
        """Room for the legend above and for the volume below."""
        before, self.scale = self.scale, self.series.scale(start)
        low, high, self.most_volume = self.series.extent(start, end, wide)
        if before != self.scale:  # tags are named by the scale, and compared symbols end elsewhere
            cursor = self.right.tags[len(self._tags):]
            self._make_tags()
            self.right.tags = [*self._tags, *((value, self.scale.name_of(value), role) for value, _, role in cursor)]
        if self.stretched:
            return
        if self.scale.kind == "log":
            low = max(low, high * 1e-6) if high > 0 else low
        bottom, top = float(self.scale.heights(low)), float(self.scale.heights(high))
        tall = (top - bottom) or (max(abs(top) * 0.02, 0.01) if self.scale.kind != "log" else 0.01)
        words = min(0.4, (self.legend.height() + 4) / max(60.0, float(self.view.height())))  # their share of the height
        above = max(0.14, 1.26 * words / (1 - words))
        self.view.setYRange(bottom - tall * 0.26, top + tall * above, padding=0)

    def _compared_tags(self) -> list[tuple[float, str, str]]:
        """Where the compared symbols end, as heights of this chart's prices."""
        start, last = self.view.viewRange()[0][0], len(self.series) - 1
        ends = [(each, self.series.factor(each, start), float(each.line.values[last])) for each in self.series.compared]
        return [(value * factor, each.symbol, each.role) for each, factor, value in ends
                if factor is not None and math.isfinite(value)]

    def _fit_study(self, start: float, end: float, wide: float) -> None:
        found = [line.extent(start, end, wide) for view in self.studies() for line in view.lines]
        values = [value for each in found if each is not None for value in each]
        values += [level for view in self.studies() for level in view.study.levels]
        if any(line.style == "histogram" for view in self.studies() for line in view.study.lines):
            values.append(0.0)
        low, high = (min(values), max(values)) if values else (0.0, 1.0)
        tall = (high - low) or max(abs(high) * 0.02, 0.01)
        legend = min(0.4, (self.legend.height() + 4) / max(60.0, float(self.view.height())))
        self.view.setYRange(low - tall * 0.08, high + tall * (0.08 + legend), padding=0)

    def stretch(self, times: float) -> None:
        """Show `times` as much height about the middle; the height no longer follows."""
        low, high = self.view.viewRange()[1]
        middle, half = (low + high) / 2, (high - low) / 2 * min(max(times, 0.2), 5.0)
        self._set_heights(middle - half, middle + half)

    def shift(self, share: float) -> None:
        """Move up or down by a share of the height."""
        low, high = self.view.viewRange()[1]
        self._set_heights(low + share * (high - low), high + share * (high - low))

    def _set_heights(self, low: float, high: float) -> None:
        self.stretched = True
        self.view.setYRange(low, high, padding=0)
        self.right.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.stage.reset()
        super().mouseDoubleClickEvent(event)

    # --- the cursor

    def point(self, place: int | None, value: float | None, date: str | None) -> None:
        """Draw the cursor at a bar, and at a value when the pointer is in this pane."""
        self.crosshair.point(place, value)
        self.right.tags = list(self._tags) if value is None else [*self._tags, (value, self.scale.name_of(value), "bg3")]
        self.bottom.tag = None if place is None or date is None else (place, date)
        self.right.update()
        self.bottom.update()

    def at(self, scene_point: QPointF) -> tuple[float, float] | None:
        """Place and value at a point of the scene; None outside the plot."""
        if not self.view.sceneBoundingRect().contains(scene_point):
            return None
        point = self.view.mapSceneToView(scene_point)
        return point.x(), float(self.scale.prices(point.y()))
