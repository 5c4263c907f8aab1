"""The one bridge from worker threads to the window.

Results, errors, progress and topics cross as one queued signal. What arrives for a widget that is gone, or for a call
that was cancelled or replaced by a newer one with the same key, is dropped.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, Future
from typing import TYPE_CHECKING, Any

import shiboken6
from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal, Slot

from terminal.errors import Cancelled, TerminalError

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

Progress = Callable[[float | None, str], None]
Payload = Mapping[str, Any]

COLLATE_MS = 100
PROGRESS_MS = 50

_log = logging.getLogger(__name__)


class Running:
    """A call under way. `cancel` is final: nothing of it reaches the widget any more, and the worker is told."""

    def __init__(self, widget: QObject, key: str) -> None:
        self.widget = widget
        self.key = key
        self.stopped = False
        self.latest: tuple[float | None, str] | None = None
        self.future: Future[Any] | None = None

    def cancel(self) -> None:
        self.stopped = True
        if self.future is not None:
            self.future.cancel()

    @property
    def done(self) -> bool:
        """Whether the worker has finished."""
        return self.future is not None and self.future.done()

    def wanted(self) -> bool:
        """Whether an answer may still be shown."""
        return not self.stopped and shiboken6.isValid(self.widget)


class Bridge(QObject):
    """Make one, on the UI thread.

    `on_error(widget, error)` hears of errors whose caller gave no `fail`; `on_bug(exception)` of every exception that
    is not a TerminalError and of those raised by slots themselves.
    """

    _arrived = Signal(object)

    def __init__(self, parent: QObject | None = None, *, on_error: Callable[[QObject, TerminalError], None] | None = None,
                 on_bug: Callable[[BaseException], None] | None = None) -> None:
        super().__init__(parent)
        self._on_error = on_error
        self._on_bug = on_bug
        self._calls: dict[tuple[int, str], Running] = {}
        self._arrived.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def run(self, widget: QObject, start: Callable[[Progress], Future[Any]], *, then: Callable[[Any], None],
            fail: Callable[[TerminalError], None] | None = None, progress: Progress | None = None, key: str = "") -> Running:
        """Start work for `widget`. `start(report)` hands the work to a worker and returns its Future.

        `report(fraction, note)` may be called from any thread; it raises Cancelled once the call is not wanted any
        more. `then(result)`, `fail(error)` and `progress(fraction, note)` run on the UI thread.
        """
        call = Running(widget, key)
        if key:
            older = self._calls.get((id(widget), key))
            if older is not None:
                older.cancel()
            self._calls[(id(widget), key)] = call

        def report(fraction: float | None, note: str = "") -> None:
            if not call.wanted():
                raise Cancelled
            if progress is not None:
                waiting, call.latest = call.latest is not None, (fraction, note)
                if not waiting:
                    self.post(lambda: QTimer.singleShot(PROGRESS_MS, self, lambda: self._tell_progress(call, progress)))

        try:
            call.future = start(report)
        except Exception as error:
            self._finish_with(call, error, fail)
            return call
        call.future.add_done_callback(lambda future: self.post(lambda: self._finish(call, future, then, fail)))
        return call

    def post(self, work: Callable[[], None]) -> None:
        """Run `work` on the UI thread soon; callable from any thread, harmless once the bridge is gone."""
        try:
            self._arrived.emit(work)
        except RuntimeError:
            _log.debug("an answer arrived after the window was closed")

    def listen(self, widget: QWidget, topic: str, subscribe: Callable[[str, Callable[[Payload], None]], Callable[[], None]],
               slot: Callable[[Payload], None], pace_ms: int = 0) -> None:
        """Call `slot` on the UI thread after publications of `topic`, at most every 100 ms, while `widget` lives.

        `pace_ms` is the least time between two calls, for a slot that sets off much work: the first publication is told at
        once, those that keep coming at that pace, and the last one always. Of a burst the last payload wins, except that
        lists, tuples and sets in it are united. A hidden widget hears once, when it is shown.
        """
        _Listener(self, widget, topic, subscribe, slot, pace_ms)

    def guard(self, work: Callable[[], None]) -> None:
        """Run a slot; what it raises goes to `on_bug`, never into Qt."""
        try:
            work()
        except Exception as error:
            self._bug(error)

    @Slot(object)
    def _deliver(self, work: Callable[[], None]) -> None:
        self.guard(work)

    def _tell_progress(self, call: Running, progress: Progress) -> None:
        latest, call.latest = call.latest, None
        if latest is not None and call.wanted() and not call.done:
            self.guard(lambda: progress(*latest))

    def _finish(self, call: Running, future: Future[Any], then: Callable[[Any], None],
                fail: Callable[[TerminalError], None] | None) -> None:
        self._forget(call)
        if not call.wanted() or future.cancelled():
            return
        error = future.exception()
        if error is not None:
            self._finish_with(call, error, fail)
        else:
            then(future.result())

    def _finish_with(self, call: Running, error: BaseException, fail: Callable[[TerminalError], None] | None) -> None:
        self._forget(call)
        if not call.wanted() or isinstance(error, (Cancelled, CancelledError)):
            return
        if not isinstance(error, TerminalError):
            self._bug(error)
            error = TerminalError("Something went wrong inside the program.", "The log has the details.", error)
        if fail is not None:
            fail(error)
        elif self._on_error is not None:
            self._on_error(call.widget, error)
        else:
            _log.warning("%s", error.sentence())

    def _forget(self, call: Running) -> None:
        if self._calls.get((id(call.widget), call.key)) is call:
            del self._calls[(id(call.widget), call.key)]

    def _bug(self, error: BaseException) -> None:
        if self._on_bug is not None:
            self._on_bug(error)
        else:
            _log.error("unexpected error", exc_info=error)


class _Listener(QObject):
    """One widget's ear for one topic; a child of the widget, so that it goes with it."""

    def __init__(self, bridge: Bridge, widget: QWidget, topic: str,
                 subscribe: Callable[[str, Callable[[Payload], None]], Callable[[], None]],
                 slot: Callable[[Payload], None], pace_ms: int) -> None:
        super().__init__(widget)
        self._bridge = bridge
        self._widget = widget
        self._slot = slot
        self._pace = pace_ms / 1000
        self._may_tell = 0.0
        self._lock = threading.Lock()
        self._waiting: dict[str, Any] | None = None
        self._dirty = False
        unsubscribe = subscribe(topic, self._heard)
        widget.destroyed.connect(lambda *_: unsubscribe())
        widget.installEventFilter(self)

    def _heard(self, payload: Payload) -> None:
        with self._lock:
            first = self._waiting is None
            self._waiting = merge(self._waiting or {}, payload)
        if first:
            rest = self._may_tell - time.monotonic()
            self._bridge.post(lambda: QTimer.singleShot(max(COLLATE_MS, round(rest * 1000)), self._bridge, self._due))

    def _due(self) -> None:
        if not shiboken6.isValid(self) or not shiboken6.isValid(self._widget):
            return
        if not self._widget.isVisible():
            self._dirty = True
            return
        self._tell()

    def _tell(self) -> None:
        with self._lock:
            payload, self._waiting = self._waiting, None
        self._dirty = False
        self._may_tell = time.monotonic() + self._pace
        if payload is not None:
            self._bridge.guard(lambda: self._slot(payload))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show and self._dirty:
            self._dirty = False
            QTimer.singleShot(0, self._bridge, self._due)
        return False


def merge(older: Payload, newer: Payload) -> dict[str, Any]:
    """Two payloads of one topic as one: collections of the same name are united, of anything else the newer counts."""
    merged = {**older, **newer}
    for name in older.keys() & newer.keys():
        first, second = older[name], newer[name]
        if isinstance(first, (list, tuple, set, frozenset)) and isinstance(second, (list, tuple, set, frozenset)):
            merged[name] = tuple(dict.fromkeys((*first, *second)))
    return merged
