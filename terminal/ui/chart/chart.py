"""The price chart: bars, studies and events at any number of bars in a few milliseconds a frame.

pyqtgraph is imported when the first bars arrive, never before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QLabel, QStackedLayout, QVBoxLayout, QWidget

from terminal.ui import theme
from terminal.ui.chart.marks import KINDS, RANGES, SCALES
from terminal.ui.form import EmptyState, Segment, row

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    import polars as pl
    from PySide6.QtGui import QKeyEvent

    from terminal.api import Host
    from terminal.ui.chart.marks import Compared, Marker, PriceLevel, Study
    from terminal.ui.chart.scale import Scale
    from terminal.ui.chart.series import Series
    from terminal.ui.chart.stage import Stage

INTRADAY_RANGES = ("1D", "5D", "1M", "3M", "MAX")
LONG_RANGES = ("1Y", "5Y", "MAX")
_INTERVAL_WORDS = {"1m": "1 minute", "5m": "5 minutes", "15m": "15 minutes", "30m": "30 minutes", "1h": "1 hour", "4h": "4 hours",
                   "1wk": "weekly", "1mo": "monthly"}


class Chart(QWidget):
    """Show bars with `show_bars`, then lay studies, compared symbols and markers over them.

    Arrow keys move the cursor bar by bar, Page Up and Down by twenty, plus and minus zoom, Home and End go to the ends, with
    Ctrl Up and Down the panes below grow and shrink, 0 shows the chosen range again. Drag and wheel do the same by mouse.
    """

    range_changed = Signal(str)
    cursor_moved = Signal(int)  # the bar looked at; -1 when the cursor has left
    view_changed = Signal()  # other bars, another scale or another height are in view: what is placed by pixel moves
    marker_clicked = Signal(object)  # list of the Markers of a flag
    plot_changed = Signal()  # `price_plot` is there

    def __init__(self, host: Host | None = None, *, toolbar: bool = True) -> None:
        super().__init__()
        self._series: Series | None = None
        self._stage: Stage | None = None
        self._layers: list[Any] = []
        self._mode, self._at = "pro", -1
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(40)
        self._soon.timeout.connect(lambda: self._tell_bar(self._bar()))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumHeight(220)
        self.setAccessibleName("Price chart: no data")
        self.ranges = Segment([(name, name) for name in RANGES], "1Y", "Range")
        self.ranges.changed.connect(self._range_chosen)
        self._empty = EmptyState("No prices yet", "Choose a company, or fetch its prices.", "chart-candlestick")
        self._empty.setParent(self)  # else it would flash up as a window of its own
        self._canvas = QWidget(self)
        self._canvas_box = QVBoxLayout(self._canvas)
        self._canvas_box.setContentsMargins(0, 0, 0, 0)
        self._stack = QStackedLayout()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._canvas)
        self.tools = row(self.ranges, 0, spacing=4)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(6)
        if toolbar:
            box.addLayout(self.tools)
        else:
            self.ranges.setParent(self)
            self.ranges.hide()
        box.addLayout(self._stack, 1)

    # --- content

    @property
    def series(self) -> Series:
        """What is shown; it brings numpy, so it is made when it is first asked for."""
        if self._series is None:
            from terminal.ui.chart.series import Series

            self._series = Series()
        return self._series

    def show_bars(self, frame: pl.DataFrame, averages: Sequence[int] = (50, 200), levels: Sequence[PriceLevel] = (), *,
                  symbol: str = "", simulated: bool = False, interval: str = "1d", source: str = "") -> None:
        """Show bars (date or at, open, high, low, close, volume), ascending or not; an empty frame shows the empty state.

        Kind, scale and the range chosen stay; studies, compared symbols, markers and a replay are those of the bars before and
        go. `simulated` writes so across the chart.
        """
        series = self.series
        series.symbol, series.simulated, series.interval, series.source = symbol, simulated, interval, source
        series.levels, self._at = tuple(levels), -1
        series.load(frame, averages)
        if not len(series):
            self._stack.setCurrentWidget(self._empty)
            self.setAccessibleName(f"Price chart {symbol}: no data")
            return
        stage = self._build()
        self._offer_ranges()
        stage.fill()
        self._stack.setCurrentWidget(self._canvas)
        self.show_range(self.ranges.value)
        stage.reset()
        self._refresh()

    def set_studies(self, studies: Sequence[Study]) -> None:
        """Draw these studies and no others; each pane they name but "price" stands below the bars. Raises ValueError for values
        that are not as many as the bars."""
        self.series.set_studies(studies)
        self._refill()

    def set_compared(self, compared: Sequence[Compared]) -> None:
        """Draw other symbols rebased to the first visible bar; a linear scale then counts in per cent."""
        self.series.set_compared(compared)
        self._refresh()

    def set_markers(self, markers: Sequence[Marker]) -> None:
        """Flag these events and no others; those before the first bar are left out."""
        self.series.set_markers(markers)
        self._refresh()

    def set_levels(self, levels: Sequence[PriceLevel]) -> None:
        """Draw these horizontal levels and no others."""
        self.series.levels = tuple(levels)
        self._refresh()

    def set_kind(self, kind: str) -> None:
        """Draw the bars as candles, heikin_ashi, bars, line or area. Raises ValueError for another word."""
        if kind not in KINDS:
            raise ValueError(f"There is no kind of chart {kind!r}; there are {', '.join(KINDS)}.")
        self.series.kind = kind
        self._refresh()

    def set_scale(self, scale: str) -> None:
        """Count prices on a linear, log or percent scale. Raises ValueError for another word."""
        if scale not in SCALES:
            raise ValueError(f"There is no scale {scale!r}; there are {', '.join(SCALES)}.")
        self.series.scale_kind = scale
        if self._stage is not None:
            self._stage.price.stretched = False
        self._refresh()

    def set_mode(self, mode: str) -> None:
        """Newbie spells out what pro abbreviates; the values are the same."""
        self._mode = mode
        self._refresh()

    def set_empty(self, title: str, text: str = "", icon: str = "chart-candlestick") -> None:
        """What is said while there are no bars."""
        self._empty.set_message(title, text, icon)

    def show_until(self, count: int | None) -> None:
        """Replay: the bars after the first `count` are neither drawn nor scaled nor named; None shows all again."""
        before = len(self.series)
        self.series.show_until(count)
        if self._stage is None or not len(self.series):
            return
        last = len(self.series) - 1
        self._at = min(self._at, last)
        if count is not None and before != len(self.series):
            start, end = self.view_range()
            if not start <= last <= end - 1:
                self._stage.show_places(last + 2 - (end - start), last + 2)
        self._refresh()

    # --- the range

    def show_range(self, name: str) -> None:
        """Show the last 1D, 5D (sessions), 1M, 3M, 6M, YTD, 1Y, 5Y or MAX."""
        self.ranges.set_value(name)
        if self._stage is None or not len(self.series):
            return
        count = len(self.series)
        daily = self.series.interval == "1d" and name in RANGES
        first = count - min(RANGES[name] or count, count) if daily else self.series.timeline.range_start(name)
        self._stage.show_places(first - 0.5, count - 0.5 + max(1.5, (count - first) * 0.03))

    def view_range(self) -> tuple[float, float]:
        """The bar numbers at the left and right edge."""
        return self._stage.view_range() if self._stage is not None else (0.0, 0.0)

    def show_places(self, start: float, end: float) -> None:
        """Show the bars from number `start` to `end`."""
        if self._stage is not None:
            self._stage.show_places(start, end)

    def _offer_ranges(self) -> None:
        """Range buttons that fit the interval; the choice stays where it can."""
        interval = self.series.interval
        names = INTRADAY_RANGES if self.series.timeline.intraday else LONG_RANGES if interval in ("1wk", "1mo") else tuple(RANGES)
        self.ranges.offer([(name, name) for name in names])

    def _range_chosen(self, name: str) -> None:
        self.show_range(name)
        self.range_changed.emit(name)

    # --- places, prices and layers of others

    @property
    def price_plot(self) -> Any:
        """The pg.PlotItem of the price pane (its y axis counts in heights, see `height_of`); None before the first bars."""
        return self._stage.price.getPlotItem() if self._stage is not None else None

    def panes(self) -> list[Any]:
        """The panes from top to bottom, each a pg.PlotWidget; none before the first bars."""
        return list(self._stage.panes.values()) if self._stage is not None else []

    @property
    def shown(self) -> int:
        """How many bars are shown; a replay holds the others back."""
        return len(self.series)

    def bar_at(self, place: int) -> tuple[float, float, float, float] | None:
        """Open, high, low and close of a bar; None where none is shown."""
        if self.series.bars is None or not 0 <= place < len(self.series):
            return None
        bars = self.series.bars.bars
        return float(bars.open[place]), float(bars.high[place]), float(bars.low[place]), float(bars.close[place])

    @property
    def scale(self) -> Scale:
        """The price scale in force."""
        return self.series.scale(self.view_range()[0])

    def place_of(self, moment: datetime | date) -> float:
        """The bar number of a moment: between two bars a fraction, beyond the ends in steps of a usual bar."""
        return self.series.timeline.place_of(moment)

    def moment_of(self, place: float) -> datetime:
        """The moment (aware UTC) of a bar number; the inverse of `place_of`."""
        return self.series.timeline.moment_of(place)

    def height_of(self, price: float) -> float:
        """The y coordinate of a price in `price_plot`: on a log scale its decimal logarithm, else the price."""
        return float(self.scale.heights(price))

    def price_at(self, height: float) -> float:
        """The price at a y coordinate of `price_plot`; the inverse of `height_of`."""
        return float(self.scale.prices(height))

    def add_layer(self, item: Any) -> None:
        """Put a graphics item into the price pane above the bars; kept for charts shown later."""
        self._layers.append(item)
        if self._stage is not None:
            self._stage.price.getPlotItem().addItem(item, ignoreBounds=True)

    def remove_layer(self, item: Any) -> None:
        """Take a layer away."""
        if item in self._layers:
            self._layers.remove(item)
            if self._stage is not None:
                self._stage.price.getPlotItem().removeItem(item)

    # --- pictures

    def picture(self, width: int, height: int, ratio: float = 1.0) -> QImage:
        """The chart as it stands, without its tools, at a size in pixels (times `ratio`); the window is not touched."""
        image = QImage(round(width * ratio), round(height * ratio), QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(ratio)
        image.fill(theme.tokens().color("bg1"))
        stage = self._stage
        if stage is None or not len(self.series):
            return image
        before, sizes, shown, hidden = stage.geometry(), stage.heights(), self.view_range(), not stage.isVisible()
        try:
            if hidden:  # what is hidden has no layout: apart from its parents it may be shown without a screen
                stage.setParent(None)
                stage.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
                stage.show()
            stage.stretch_to(width, height, sizes)
            stage.show_places(*shown)
            stage.dress()
            self._tell_bar(self._bar())
            painter = QPainter(image)
            stage.render(painter, QPoint())
            painter.end()
        finally:
            if hidden:
                stage.hide()
                stage.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen, False)
                self._canvas_box.addWidget(stage)
                stage.show()
            stage.setGeometry(before)
            if sizes:
                stage.setSizes(sizes)
            stage.show_places(*shown)
            self._refresh()
        return image

    # --- drawing anew

    def _build(self) -> Stage:
        if self._stage is None:
            from terminal.ui.chart.stage import Stage

            self._stage = Stage(self.series)
            self._stage.pointed.connect(self._pointed)
            self._stage.moved.connect(self._moved)
            self._stage.resized.connect(lambda: self._tell_bar(self._bar()))
            self._stage.reset_asked.connect(lambda: self.show_range(self.ranges.value))
            self._stage.flag_clicked.connect(self.marker_clicked)
            self._canvas_box.addWidget(self._stage)
            for item in self._layers:
                self._stage.price.getPlotItem().addItem(item, ignoreBounds=True)
            self.plot_changed.emit()
        return self._stage

    def _refill(self) -> None:
        if self._stage is not None and len(self.series):
            self._stage.fill()
            self._refresh()

    def _refresh(self) -> None:
        if self._stage is not None and len(self.series):
            self._stage.dress()
            self._tell_bar(self._bar())
            self.view_changed.emit()

    def retheme(self) -> None:
        """Take over the colours in force; called by itself when the style changes."""
        self._refresh()

    def _moved(self) -> None:
        if (self.series.compared or self._step() != self._told_step) and not self._soon.isActive():
            self._soon.start()  # words need not keep up with every frame of a drag
        self.view_changed.emit()

    # --- the cursor

    def point_at(self, place: int) -> None:
        """Put the cursor on a bar and scroll it into view."""
        bars = self.series.bars
        if self._stage is None or bars is None:
            return
        self._at = min(max(place, 0), len(self.series) - 1)
        self._stage.point_at(self._at, self._stage.price, float(bars.bars.close[self._at]))
        start, end = self.view_range()
        shift = self._at - end + 1 if self._at > end else self._at - start - 1 if self._at < start else 0
        if shift:
            self._stage.move_by(shift)
        self._tell_bar(self._at)
        self.cursor_moved.emit(self._at)

    def hide_cursor(self) -> None:
        """Take the cursor away; the newest bar is told again."""
        if self._at >= 0 and self._stage is not None:
            self._at = -1
            self._stage.point_at(None)
            self._tell_bar(self._bar())
            self.cursor_moved.emit(-1)

    def _pointed(self, place: int) -> None:
        if place < 0:
            self.hide_cursor()
        elif place != self._at:
            self._at = place
            self._tell_bar(place)
            self.cursor_moved.emit(place)

    def _bar(self) -> int:
        return self._at if 0 <= self._at < len(self.series) else len(self.series) - 1

    _told_step = 1

    def _tell_bar(self, place: int) -> None:
        """Legends and the accessible name speak of a bar."""
        from terminal.ui.chart import legend
        from terminal.ui.chart.scale import price_name

        series, bars = self.series, self.series.bars
        if self._stage is None or bars is None or not 0 <= place < len(series):
            return
        self._told_step = self._step()
        room = self._stage.width() - self._stage.price.right.width() - 12
        for name, pane in self._stage.panes.items():
            tall = pane.legend.height()
            studies = [legend.study_part(view, place, price=name == "price") for view in pane.studies()]
            if name == "price":
                more = legend.compared_parts(series, place, self.view_range()[0]) + studies
                legend.write(pane.legend, legend.bar_parts(series, place, self._mode, self._told_step), more, room)
            else:
                legend.write(pane.legend, studies, [], room)
            if pane.legend.height() != tall:
                pane.fit()
        told = [f"{series.timeline.name_of(place)}", f"close {price_name(float(bars.bars.close[place]))}",
                *legend.notes(series, place)]
        mark = "simulated, " if series.simulated else ""
        self.setAccessibleName(f"Price chart {series.symbol}: {mark}{', '.join(told)}".replace("  ", " "))

    @property
    def _legend(self) -> QLabel:
        label: QLabel = self._build().price.legend
        return label

    def _step(self) -> int:
        """How many bars one candle stands for at this zoom."""
        bars = self.series.bars
        if self._stage is None or bars is None:
            return 1
        start, end = self.view_range()
        wide = self._stage.price.view.width() or 400
        if self.series.kind in ("line", "area") and self.series.closes is not None:
            return self.series.closes.visible(start, end, wide).step
        return bars.visible(start, end, wide).step

    # --- events

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._stage is None or not len(self.series):
            super().keyPressEvent(event)
            return
        key, last, at = Qt.Key(event.key()), len(self.series) - 1, self._bar()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier and key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._stage.grow(1 if key == Qt.Key.Key_Up else -1)
            return
        moves = {Qt.Key.Key_Left: at - 1, Qt.Key.Key_Right: at + 1, Qt.Key.Key_Home: 0, Qt.Key.Key_End: last,
                 Qt.Key.Key_PageUp: at - 20, Qt.Key.Key_PageDown: at + 20}
        if key in moves:
            self.point_at(moves[key])
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            start, end = self.view_range()
            self._stage.zoom(1.25 if key == Qt.Key.Key_Minus else 0.8, (start + end) / 2)
        elif key == Qt.Key.Key_0:
            self._stage.reset()
        elif key == Qt.Key.Key_Escape and self._at >= 0:
            self.hide_cursor()
        else:
            super().keyPressEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self.hide_cursor()
        super().leaveEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and getattr(self, "_stage", None) is not None:
            self.retheme()
