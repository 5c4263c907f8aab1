"""The chart as a picture file, painted by the same widget that the window shows."""

from __future__ import annotations

import atexit
import os
import threading
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import (
    QBuffer,
    QCoreApplication,
    QEventLoop,
    QIODevice,
    QObject,
    QRect,
    Qt,
    QThread,
    Signal,
    qInstallMessageHandler,
)
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication
from shiboken6 import isValid

from terminal.api import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from terminal.api import Table
    from terminal.domain.drawings import Drawing

T = TypeVar("T")
HEAD = 32  # pixels of the line with the title


def picture(
    table: Table, drawings: Sequence[Drawing], width: int, height: int, kind: str = "candles", scale: str = "linear",
    events: Table | None = None,
) -> bytes:  # fmt: skip
    """`chart.show`'s table as a PNG of so many pixels. May be called in any thread: widgets are made in Qt's own.

    `events`: `chart.events`' table, for flags.

    Raises UserError where Qt cannot start.
    """
    application = QApplication.instance() or _painter()
    if QThread.currentThread() is application.thread():
        return _paint(table, drawings, width, height, kind, scale, events)
    return _in_thread_of(application, lambda: _paint(table, drawings, width, height, kind, scale, events))


def _painter() -> QCoreApplication:
    """Where there is no window: Qt without a screen. The command line's commands run beside its main thread, which waits for
    them, so that Qt gets a thread of its own there, until the program ends.
    """
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    ready = threading.Event()

    def live() -> None:
        try:
            qInstallMessageHandler(lambda *_: None)  # that this is not the main thread, and what no screen can do
            application = QApplication([])
            theme.apply(application)
        finally:
            ready.set()
        application.exec()
        application.shutdown()

    from terminal.ui import theme

    if threading.current_thread() is threading.main_thread():
        application = QApplication([])
        theme.apply(application)
        return application
    thread = threading.Thread(target=live, name="painter", daemon=True)
    thread.start()
    ready.wait()
    found = QApplication.instance()
    if found is None:
        raise UserError("A picture cannot be painted here.", "The log has the details.")

    def end() -> None:
        found.quit()
        thread.join(5)

    atexit.register(end)
    return found


class _Errand(QObject):
    """Runs a function in the thread it was moved to."""

    wanted = Signal()

    def __init__(self, work: Callable[[], Any]) -> None:
        super().__init__()
        self._work = work
        self.result: Any = None
        self.error: BaseException | None = None
        self.wanted.connect(self._run, Qt.ConnectionType.BlockingQueuedConnection)

    def _run(self) -> None:
        try:
            self.result = self._work()
        except Exception as error:  # handed on to the thread that asked
            self.error = error


def _in_thread_of(other: QObject, work: Callable[[], T]) -> T:
    errand = _Errand(work)
    errand.moveToThread(other.thread())
    errand.wanted.emit()
    if isValid(errand):  # the other thread may have let it go when it emptied its queue
        errand.deleteLater()
    if errand.error is not None:
        raise errand.error
    result: T = errand.result
    return result


def _titled(chart: QImage, title: str) -> QImage:
    """The chart under a line that says of what it is."""
    from terminal.ui import theme

    colors = theme.tokens()
    image = QImage(chart.width(), chart.height() + HEAD, QImage.Format.Format_RGB32)
    image.fill(colors.color("bg1"))
    painter = QPainter(image)
    painter.drawImage(0, HEAD, chart)
    painter.setFont(theme.font(15, 600))
    painter.setPen(colors.color("t1"))
    painter.drawText(QRect(8, 0, image.width() - 16, HEAD), Qt.AlignmentFlag.AlignVCenter, title)
    painter.end()
    return image


def _paint(
    table: Table, drawings: Sequence[Drawing], width: int, height: int, kind: str, scale: str, events: Table | None
) -> bytes:
    from plugins.chart.panel_answer import markers_of, read_answer
    from terminal.ui.chart import Chart
    from terminal.ui.chart.drawing import DrawingLayer

    detail = table.detail
    chart = Chart()
    try:
        chart.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)  # laid out and painted as if shown, and never seen
        chart.resize(width, height)
        chart.show()
        source = table.sources[0].provider if table.sources else ""
        chart.show_bars(detail["bars"], (), symbol=detail["symbol"], simulated=table.simulated, interval=detail["interval"],
                        source=source)  # fmt: skip
        answer = read_answer(table, detail["symbol"], detail["interval"], "pro")
        chart.set_studies(answer.studies)
        chart.set_compared(answer.compared)
        chart.set_kind(kind)
        chart.set_scale(scale)
        chart.set_markers(markers_of(events) if events is not None else [])
        chart.show_range("MAX")
        layer = DrawingLayer(chart)
        layer.set_drawings(tuple(drawings))
        QApplication.sendPostedEvents()  # the layout, which asks for itself to be done
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)
        image = _titled(chart.picture(width, height - HEAD), table.title)
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        image.save(buffer, "PNG")  # type: ignore[call-overload]
        return bytes(buffer.data().data())
    finally:
        chart.close()
        chart.deleteLater()
