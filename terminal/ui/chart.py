"""The price chart: candles, volume, averages and levels, at any number of bars in a few milliseconds a frame.

pyqtgraph is imported when the first bars arrive, never before.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtWidgets import QLabel, QStackedLayout, QVBoxLayout, QWidget

from terminal.domain import format as fmt
from terminal.ui import theme
from terminal.ui.form import EmptyState, Segment, row

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl
    from PySide6.QtGui import QKeyEvent, QResizeEvent

    from terminal.api import Host
    from terminal.ui.pyramid import Pyramid

RANGES = {"1M": 21, "3M": 63, "6M": 126, "1Y": 252, "5Y": 1260, "MAX": 0}
_AVERAGES = ("average_1", "average_2", "average_3")


@dataclass(frozen=True, slots=True)
class PriceLevel:
    """A horizontal line with its name: "52-week high", "DCF value". `role` is a token's name."""

    value: float
    name: str
    role: str = "t3"


class Chart(QWidget):
    """Show bars with `show_bars`. Arrow keys move the cursor bar by bar, plus and minus zoom, Home and End go to the ends."""

    range_changed = Signal(str)

    def __init__(self, host: Host | None = None, *, toolbar: bool = True) -> None:
        super().__init__()
        self._pyramid: Pyramid | None = None
        self._averages: list[tuple[int, Any]] = []
        self._levels: tuple[PriceLevel, ...] = ()
        self._plot: Any = None
        self._parts: dict[str, Any] = {}
        self._symbol, self._simulated, self._at = "", False, -1
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
        self._legend = QLabel(self._canvas)
        self._legend.setTextFormat(Qt.TextFormat.RichText)
        self._legend.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._legend.move(6, 2)

    # --- content

    def show_bars(self, frame: pl.DataFrame, averages: Sequence[int] = (50, 200), levels: Sequence[PriceLevel] = (), *,
                  symbol: str = "", simulated: bool = False) -> None:
        """Show bars (date or at, open, high, low, close, volume), ascending or not; an empty frame shows the empty state.

        The range chosen stays. `simulated` writes so across the chart.
        """
        from terminal.ui.pyramid import Pyramid, moving_average

        self._symbol, self._simulated, self._levels, self._at = symbol, simulated, tuple(levels), -1
        known = frame.filter(frame["close"].is_finite().fill_null(False)) if "close" in frame.columns else frame.clear()
        self._clear_plot()
        if known.is_empty():
            self._pyramid = None
            self._stack.setCurrentWidget(self._empty)
            self.setAccessibleName(f"Price chart {symbol}: no data")
            return
        self._pyramid = Pyramid.of(known)
        closes = self._pyramid.levels[0].close
        self._averages = [(length, moving_average(closes, length)) for length in averages if length <= len(closes)]
        self._build_plot(self._pyramid)
        self._stack.setCurrentWidget(self._canvas)
        self.show_range(self.ranges.value)
        self._tell_bar(len(self._pyramid) - 1)

    def set_empty(self, title: str, text: str = "", icon: str = "chart-candlestick") -> None:
        """What is said while there are no bars."""
        self._empty.set_message(title, text, icon)

    def show_range(self, name: str) -> None:
        """Show the last 1M, 3M, 6M, 1Y, 5Y or MAX."""
        self.ranges.set_value(name)
        if self._plot is not None and self._pyramid is not None:
            count = len(self._pyramid)
            length = min(RANGES.get(name, 0) or count, count)
            self._plot.setXRange(count - length - 0.5, count - 0.5 + max(1.5, length * 0.03), padding=0)

    def retheme(self) -> None:
        """Take over the colours in force; called by itself when the style changes."""
        if self._plot is not None:
            self._dress()
            self._tell_bar(self._at if self._at >= 0 else len(self._pyramid or ()) - 1)

    def view_range(self) -> tuple[float, float]:
        """The session numbers at the left and right edge."""
        if self._plot is None:
            return (0.0, 0.0)
        (start, end), _ = self._plot.getViewBox().viewRange()
        return float(start), float(end)

    def _range_chosen(self, name: str) -> None:
        self.show_range(name)
        self.range_changed.emit(name)

    # --- the plot

    def _clear_plot(self) -> None:
        if self._plot is not None:
            self._canvas_box.removeWidget(self._plot)
            self._plot.close()
            self._plot.deleteLater()
            self._plot, self._parts = None, {}

    def _build_plot(self, bars: Pyramid) -> None:
        import pyqtgraph as pg

        from terminal.ui import plot as items

        bottom, right = items.SessionAxis(bars.dates), items.PriceAxis()
        plot = pg.PlotWidget(axisItems={"bottom": bottom, "right": right})
        inner = plot.getPlotItem()
        inner.hideAxis("left")
        inner.showAxis("right")
        inner.setMenuEnabled(False)
        inner.hideButtons()
        inner.setMouseEnabled(True, False)
        inner.vb.setLimits(xMin=-len(bars) * 0.05 - 2, xMax=len(bars) * 1.05 + 6, minXRange=5)
        plot.setFrameShape(plot.Shape.NoFrame)
        plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        plot.setAccessibleName("Price chart")
        grid = items.GridItem(bottom, right)
        inner.addItem(grid, ignoreBounds=True)
        volume_view = pg.ViewBox(enableMouse=False, enableMenu=False)
        volume_view.setZValue(-50)
        inner.scene().addItem(volume_view)
        volume_view.setXLink(inner.vb)
        volume_view.addItem(items.VolumeItem(bars))
        for (_, values), role in zip(self._averages, _AVERAGES, strict=False):
            inner.addItem(items.LineItem(values, role), ignoreBounds=True)
        inner.addItem(items.CandleItem(bars), ignoreBounds=True)
        inner.addItem(items.LevelNames(grid, lambda: float(self._legend.height())), ignoreBounds=True)
        cursor = (pg.InfiniteLine(angle=90), pg.InfiniteLine(angle=0))
        for each in cursor:
            each.hide()
            inner.addItem(each, ignoreBounds=True)
        self._plot = plot
        self._parts = {"bottom": bottom, "right": right, "grid": grid, "volume": volume_view, "cursor": cursor, "pen": pg.mkPen}
        inner.vb.sigResized.connect(self._fit)
        inner.vb.sigXRangeChanged.connect(self._fit)
        inner.scene().sigMouseMoved.connect(self._mouse_moved)
        self._canvas_box.addWidget(plot)
        self._legend.raise_()
        self._dress()

    def _dress(self) -> None:
        colors, bars = theme.tokens(), self._pyramid
        assert bars is not None
        pen, right, bottom, grid = (self._parts[name] for name in ("pen", "right", "bottom", "grid"))
        self._plot.setBackground(colors.bg1)
        for axis in (bottom, right):
            axis.setTickFont(theme.font(theme.scaled(10)))
            axis.setPen(pen(colors.line))
            axis.setTextPen(colors.t3)
            axis.setStyle(tickLength=0, tickTextOffset=6)
        right.setWidth(theme.scaled(54))
        bottom.setHeight(theme.scaled(22))
        for each in self._parts["cursor"]:
            each.setPen(pen(colors.t3, width=1, style=Qt.PenStyle.DotLine))
        level = bars.levels[0]
        before = level.close[-2] if len(bars) > 1 else level.open[-1]
        role = "up" if level.close[-1] >= before else "down"
        grid.levels = [(each.value, each.name, each.role) for each in self._levels]
        grid.last = (float(level.close[-1]), role)
        grid.watermark = "SIMULATED" if self._simulated else ""
        self._fixed_tags = [(each.value, _price(each.value), "bg3") for each in self._levels]
        self._fixed_tags.append((float(level.close[-1]), _price(float(level.close[-1])), role))
        right.tags = list(self._fixed_tags)
        self._plot.getPlotItem().update()

    _fixed_tags: list[tuple[float, str, str]] = []

    def _fit(self, *_: Any) -> None:
        """The height follows what is visible: room for the legend above and for the volume below."""
        if self._plot is None or self._pyramid is None:
            return
        view, volume = self._plot.getViewBox(), self._parts["volume"]
        volume.setGeometry(view.sceneBoundingRect())
        (start, end), _y = view.viewRange()
        low, high, most = self._pyramid.extent(start, end, view.width() or 400)
        tall = (high - low) or max(abs(high) * 0.02, 0.01)
        view.setYRange(low - tall * 0.26, high + tall * 0.14, padding=0)
        volume.setYRange(0, most * 5, padding=0)

    # --- the cursor

    def _mouse_moved(self, place: QPointF) -> None:
        if self._plot is None or self._pyramid is None:
            return
        view = self._plot.getViewBox()
        if not view.sceneBoundingRect().contains(place):
            self._hide_cursor()
            return
        point = view.mapSceneToView(place)
        self._point_at(round(point.x()), point.y())

    def _point_at(self, place: int, price: float | None = None) -> None:
        assert self._pyramid is not None
        place = min(max(place, 0), len(self._pyramid) - 1)
        price = float(self._pyramid.levels[0].close[place]) if price is None else price
        upright, level = self._parts["cursor"]
        upright.setPos(place)
        level.setPos(price)
        upright.show()
        level.show()
        self._parts["right"].tags = [*self._fixed_tags, (price, _price(price), "bg3")]
        self._parts["bottom"].tag = (place, self._date(place))
        self._parts["right"].update()
        self._parts["bottom"].update()
        self._at = place
        self._tell_bar(place)

    def _hide_cursor(self) -> None:
        if self._at >= 0 and self._pyramid is not None:
            for each in self._parts["cursor"]:
                each.hide()
            self._parts["right"].tags, self._parts["bottom"].tag = list(self._fixed_tags), None
            self._parts["right"].update()
            self._parts["bottom"].update()
            self._at = -1
            self._tell_bar(len(self._pyramid) - 1)

    def _date(self, place: int) -> str:
        assert self._pyramid is not None
        moment = self._pyramid.dates[place].astype("datetime64[s]").item()
        day = fmt.day(moment.date())
        return day if not (moment.hour or moment.minute) else f"{day}, {moment:%H:%M}"

    def _tell_bar(self, place: int) -> None:
        if self._pyramid is None or not 0 <= place < len(self._pyramid):
            return
        level = self._pyramid.levels[0]
        change = float(level.close[place] / level.close[place - 1] - 1) if place else None
        self._write_legend(place, change)
        closing = f"{self._date(place)}, close {_price(float(level.close[place]))}"
        mark = "simulated, " if self._simulated else ""
        self.setAccessibleName(f"Price chart {self._symbol}: {mark}{closing}".replace("  ", " "))

    def _write_legend(self, place: int, change: float | None) -> None:
        """Date, prices, volume and averages; what does not fit into a narrow chart is left out from the end."""
        assert self._pyramid is not None
        level, colors = self._pyramid.levels[0], theme.tokens()
        tint = colors.t2 if change is None else colors.up_text if change >= 0 else colors.down_text
        closing = f"C {_tinted(_price(float(level.close[place])), tint)}"
        if change is not None:
            closing += f" {_tinted(fmt.change(change), tint)}"
        parts = [_tinted("SIMULATED", colors.warn)] if self._simulated else []
        parts += [escape(self._date(place))]
        parts += [f"{name} {_tinted(_price(float(values[place])), colors.t1)}"
                  for name, values in (("O", level.open), ("H", level.high), ("L", level.low))]
        parts += [closing, f"V {_tinted(fmt.compact(float(level.volume[place])), colors.t1)}"]
        for (length, average), role in zip(self._averages, _AVERAGES, strict=False):
            text = _price(float(average[place])) if place >= length - 1 else fmt.UNKNOWN
            parts.append(_tinted(f"{length}d {text}", getattr(colors, role)))
        step = self._step()
        if step > 1:
            parts.append(f"one candle is {step} bars")
        size, room = theme.scaled(11), self._canvas.width() - theme.scaled(60)
        while True:
            self._legend.setText(f"<span style='font-size:{size}px; color:{colors.t3}'>{'&nbsp; '.join(parts)}</span>")
            if self._legend.sizeHint().width() <= room or len(parts) < 4 or room < 100:
                break
            parts.pop()
        self._legend.adjustSize()

    def _step(self) -> int:
        if self._plot is None or self._pyramid is None:
            return 1
        start, end = self.view_range()
        return self._pyramid.visible(start, end, self._plot.getViewBox().width() or 400).level.step

    # --- events

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._plot is None or self._pyramid is None:
            super().keyPressEvent(event)
            return
        key, last = Qt.Key(event.key()), len(self._pyramid) - 1
        at = self._at if self._at >= 0 else last
        moves = {Qt.Key.Key_Left: at - 1, Qt.Key.Key_Right: at + 1, Qt.Key.Key_Home: 0, Qt.Key.Key_End: last,
                 Qt.Key.Key_PageUp: at - 20, Qt.Key.Key_PageDown: at + 20}
        if key in moves:
            self._point_at(moves[key])
            self._keep_in_view(self._at)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            self._plot.getViewBox().scaleBy(x=1.25 if key == Qt.Key.Key_Minus else 0.8, y=1)
        elif key == Qt.Key.Key_Escape:
            self._hide_cursor()
        else:
            super().keyPressEvent(event)

    def _keep_in_view(self, place: int) -> None:
        start, end = self.view_range()
        shift = place - end + 1 if place > end else place - start - 1 if place < start else 0
        if shift:
            self._plot.setXRange(start + shift, end + shift, padding=0)

    def leaveEvent(self, event: QEvent) -> None:
        self._hide_cursor()
        super().leaveEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._pyramid is not None:
            self._tell_bar(self._at if self._at >= 0 else len(self._pyramid) - 1)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and getattr(self, "_parts", None):
            self.retheme()


def _tinted(text: str, color: str) -> str:
    return f"<span style='color:{color}'>{text}</span>"


def _price(value: float) -> str:
    return fmt.number(value, 2 if abs(value) >= 1 else 4)
