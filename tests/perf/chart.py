"""A frame of panning and zooming over a million bars, beside pyqtgraph's usual candle item: a picture of all bars, played again.

The 99th percentile over the same kind of views of the same bars; each view is shown three times (by the peer twice) and the
fastest counts, so that other work of the machine is not taken for ours. finplot, the other chart made with pyqtgraph, needs
PyQt6 and is not measured here; elsewhere it took 24 to 32 ms for a frame of as many bars.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BARS, FRAMES, PEER_FRAMES, SIZE = 1_000_000, 240, 5, (1200, 760)


def run() -> Iterator[dict[str, Any]]:
    """Milliseconds a frame, from setting the range until the pixels are there."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication

    from terminal.ui import theme

    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    theme.apply(app)
    frame = _bars()
    views = list(_views())
    peer = _worst(_peer(frame, app), views[::FRAMES // PEER_FRAMES], 2)
    for bench, full in (("chart.pan_zoom_1m_bars", False), ("chart.pan_zoom_1m_bars_3_panes_7_lines", True)):
        ours = _worst(_ours(frame, app, full), views, 3)
        yield {"bench": bench, "ours": round(ours, 2), "peer": round(peer, 1), "peer_name": "pyqtgraph picture of candles",
               "ratio": round(ours / peer, 5), "unit": "ms p99"}


def _views() -> Iterator[tuple[float, float]]:
    """Ranges in turn: five times from 200 bars out to all of them, ever further to the right."""
    for number in range(FRAMES):
        turn, width = number / FRAMES, 200 * 5000 ** ((number % 48) / 47)
        start = (BARS - width) * (0.1 + 0.8 * turn)
        yield start, start + width


def _worst(show: Callable[[float, float], None], views: list[tuple[float, float]], times: int) -> float:
    import numpy as np

    show(0, BARS)
    taken = np.zeros((times, len(views)))
    for turn in range(times):
        for number, (start, end) in enumerate(views):
            before = time.perf_counter()
            show(start, end)
            taken[turn, number] = (time.perf_counter() - before) * 1000
    return float(np.percentile(taken.min(axis=0), 99))


def _bars() -> Any:
    import numpy as np
    import polars as pl

    generator = np.random.default_rng(11)
    close = 100 * np.exp(np.cumsum(generator.normal(0, 0.002, BARS)))
    opened = np.concatenate(([100.0], close[:-1]))
    at = pl.Series(np.datetime64("2020-01-02", "us") + np.arange(BARS) * np.timedelta64(60, "s")).dt.replace_time_zone("UTC")
    return pl.DataFrame({"at": at, "open": opened, "high": np.maximum(opened, close) * 1.001,
                         "low": np.minimum(opened, close) * 0.999, "close": close, "volume": generator.lognormal(9, 1, BARS)})


def _ours(frame: Any, app: Any, full: bool) -> Callable[[float, float], None]:
    from terminal.ui.chart import Chart, Compared, Study, StudyLine
    from terminal.ui.chart.pyramid import moving_average

    chart = Chart(toolbar=False)
    chart.resize(*SIZE)
    chart.show_bars(frame, symbol="BENCH", interval="1m")
    closes = frame["close"].to_numpy()
    if full:
        mean = moving_average(closes, 20)
        fast = moving_average(closes, 12) - moving_average(closes, 26)
        chart.set_studies([
            Study("band", "Band", "price", (StudyLine("upper", mean * 1.01, "band"), StudyLine("lower", mean * 0.99, "band"))),
            Study("one", "One", "one", (StudyLine("fast", fast, "histogram", "sign"), StudyLine("slow", fast * 0.5))),
            Study("two", "Two", "two", (StudyLine("two", 50 + 10 * fast, "line", "average_2"),), (30.0, 70.0))])
        chart.set_compared([Compared("OTHER", closes[::-1].copy())])
    chart.show()
    app.processEvents()
    views = [pane.viewport() for pane in chart.panes()]

    def show(start: float, end: float) -> None:
        chart.show_places(start, end)
        for view in views:
            view.repaint()

    return show


def _peer(frame: Any, app: Any) -> Callable[[float, float], None]:
    import pyqtgraph as pg
    from PySide6.QtCore import QLineF, QRectF
    from PySide6.QtGui import QPainter, QPicture

    picture = QPicture()
    painter = QPainter(picture)
    pens = {True: (pg.mkPen("#2EBD85"), pg.mkBrush("#2EBD85")), False: (pg.mkPen("#F6465D"), pg.mkBrush("#F6465D"))}
    columns = (frame[name].to_list() for name in ("open", "high", "low", "close"))
    for place, (opened, high, low, close) in enumerate(zip(*columns, strict=True)):
        pen, brush = pens[close >= opened]
        painter.setPen(pen)
        painter.setBrush(brush)
        painter.drawLine(QLineF(place, low, place, high))
        painter.drawRect(QRectF(place - 0.35, opened, 0.7, close - opened))
    painter.end()

    class Candles(pg.GraphicsObject):  # type: ignore[misc]
        def paint(self, painter: Any, *_: Any) -> None:
            painter.drawPicture(0, 0, picture)

        def boundingRect(self) -> QRectF:
            return QRectF(picture.boundingRect())

    plot = pg.PlotWidget()
    plot.addItem(Candles())
    plot.resize(*SIZE)
    plot.show()
    app.processEvents()

    def show(start: float, end: float) -> None:
        plot.setXRange(start, end, padding=0)
        plot.viewport().repaint()

    return show
