"""The panes of a chart above each other, on one axis of bars, with one cursor and splitters between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtWidgets import QSplitter, QToolTip

from terminal.ui import theme
from terminal.ui.chart.pane import PRICE, Pane

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from terminal.ui.chart.series import Series

_OWN_SHARE = 0.2  # of the height, for a pane below the price; all of them together take at most 0.6


class Stage(QSplitter):
    """Built with the first bars; kept for the next. `pointed(place)` with -1 when the pointer has left."""

    pointed = Signal(int)
    moved = Signal()
    resized = Signal()
    reset_asked = Signal()
    flag_clicked = Signal(object)

    def __init__(self, series: Series) -> None:
        super().__init__(Qt.Orientation.Vertical)
        self.series = series
        self.panes: dict[str, Pane] = {}
        self._moving = self._shared = self._tipped = False
        self.setAccessibleName("Panes of the chart")
        self.setHandleWidth(5)
        self.setChildrenCollapsible(False)
        self._add(PRICE)

    @property
    def price(self) -> Pane:
        return self.panes[PRICE]

    def fill(self) -> None:
        """Take over the series: panes come and go with its studies, and everything is drawn anew."""
        wanted = [PRICE, *self.series.panes()]
        before = list(self.panes)
        for name in [name for name in self.panes if name not in wanted]:
            gone = self.panes.pop(name)
            gone.setParent(None)
            gone.close()
            gone.deleteLater()
        for name in wanted:
            if name not in self.panes:
                self._add(name)
        for number, name in enumerate(wanted):
            self.insertWidget(number, self.panes[name])
        self.panes = {name: self.panes[name] for name in wanted}
        for pane in self.panes.values():
            pane.fill()
            pane.show_dates(pane.name == wanted[-1])
        if before != wanted:
            self._shared = False
            self._share_heights()
        for number in range(self.count()):
            handle = self.handle(number)
            handle.setAccessibleName(f"Height of the {wanted[number]} pane")
        self.dress()

    def _add(self, name: str) -> None:
        pane = Pane(self, name)
        self.panes[name] = pane
        self.addWidget(pane)
        pane.view.sigXRangeChanged.connect(lambda *_: self._x_changed(pane))
        pane.view.sigResized.connect(lambda *_: self._pane_resized(pane))
        pane.scene().sigMouseMoved.connect(lambda point: self._mouse_moved(pane, point))
        if name == PRICE:
            pane.scene().sigMouseClicked.connect(self._clicked)
        else:
            pane.view.setXRange(*self.view_range(), padding=0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if not self._shared:
            self._share_heights()

    def _share_heights(self) -> None:
        """The price keeps at least two fifths; panes below share the rest evenly. Before it is shown there is none to share."""
        self._shared = self.isVisible() and self.height() > 150
        own = len(self.panes) - 1
        share = min(_OWN_SHARE, 0.6 / own) if own else 0.0
        tall = max(self.height(), 300)
        self.setSizes([round(tall * (1 - share * own)), *([round(tall * share)] * own)])
        for number in range(own + 1):
            self.setStretchFactor(number, 1 if number else 3)

    def heights(self) -> list[int] | None:
        """The height of each pane as arranged; None before it was ever shown."""
        return self.sizes() if self._shared else None

    def stretch_to(self, width: int, height: int, heights: list[int] | None) -> None:
        """Take a size, each pane its part of it."""
        self.resize(width, height)
        if heights:
            self.setSizes([round(part * height / max(1, sum(heights))) for part in heights])
        else:
            self._share_heights()
            self._shared = False

    def grow(self, steps: int) -> None:
        """Give the panes below the price more of the height, or less."""
        sizes = self.sizes()
        if len(sizes) > 1:
            step = steps * theme.scaled(24)
            self.setSizes([sizes[0] - step, *(size + step // (len(sizes) - 1) for size in sizes[1:])])

    def dress(self) -> None:
        """Take over colours, sizes, tags and heights in force."""
        for pane in self.panes.values():
            pane.dress()
            pane.fit()
        self.align()

    def align(self) -> None:
        """One width for all price axes, so that a bar stands above itself."""
        wanted = max([float(theme.scaled(54)), *(pane.right.wanted_width() for pane in self.panes.values())])
        wide = -(-int(wanted) // 6) * 6
        for pane in self.panes.values():
            if pane.right.width() != wide:
                pane.right.setWidth(wide)

    # --- the range

    def view_range(self) -> tuple[float, float]:
        """The bar numbers at the left and right edge."""
        (start, end), _ = self.price.view.viewRange()
        return float(start), float(end)

    def show_places(self, start: float, end: float) -> None:
        """Show the bars from `start` to `end`."""
        self.price.view.setXRange(start, end, padding=0)

    def move_by(self, bars: float) -> None:
        start, end = self.view_range()
        self.show_places(start + bars, end + bars)

    def zoom(self, times: float, at: float) -> None:
        """Show `times` as many bars; the one at `at` stays where it is."""
        start, end = self.view_range()
        self.show_places(at - (at - start) * times, at + (end - at) * times)

    def reset(self) -> None:
        """Heights follow what is visible again, and the chosen range is shown."""
        for pane in self.panes.values():
            pane.stretched = False
        self.reset_asked.emit()
        self.dress()

    def _pane_resized(self, pane: Pane) -> None:
        pane.fit()
        if pane.name == PRICE:
            self.resized.emit()

    def _x_changed(self, source: Pane) -> None:
        if self._moving:
            return
        self._moving = True
        try:
            start, end = source.view.viewRange()[0]
            for pane in self.panes.values():
                if pane is not source:
                    pane.view.setXRange(start, end, padding=0)
                pane.fit()
        finally:
            self._moving = False
        self.moved.emit()

    # --- the pointer

    def point_at(self, place: int | None, pane: Pane | None = None, value: float | None = None) -> None:
        """The cursor at a bar in every pane, level in one of them; None takes it away."""
        lowest = list(self.panes.values())[-1]
        date = self.series.timeline.name_of(place) if place is not None else None
        for each in self.panes.values():
            each.point(place, value if each is pane else None, date if each is lowest else None)

    def _mouse_moved(self, pane: Pane, point: QPointF) -> None:
        found = pane.at(point)
        if found is None or not len(self.series):
            self.pointed.emit(-1)
            return
        place = min(max(round(found[0]), 0), len(self.series) - 1)
        self.point_at(place, pane, found[1])
        self.pointed.emit(place)
        if pane.name == PRICE:
            self._tell_flag(pane, point)

    def _tell_flag(self, pane: Pane, point: QPointF) -> None:
        flag = pane.flags.at(point)
        if flag is not None:
            QToolTip.showText(pane.mapToGlobal(pane.mapFromScene(point)), flag.tip(), pane)
        elif self._tipped:
            QToolTip.hideText()
        self._tipped = flag is not None

    def _clicked(self, event: Any) -> None:
        flag = self.price.flags.at(event.scenePos())
        if flag is not None and event.button() == Qt.MouseButton.LeftButton:
            event.accept()
            self.flag_clicked.emit(list(flag.markers))
