"""The window's own heartbeat: how long its event loop was held up."""

from __future__ import annotations

import time
from collections import deque

from PySide6.QtCore import QObject, Qt, QTimer, Signal

BEAT_MS = 20


class Heartbeat(QObject):
    """Measures how long the event loop was held up: milliseconds beyond the beat, over the last ten seconds."""

    measured = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._gaps: deque[float] = deque(maxlen=10_000 // BEAT_MS)
        self._last = time.perf_counter()
        self._beats = 0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)

    def start(self) -> None:
        self._last = time.perf_counter()
        self._timer.start(BEAT_MS)

    def stop(self) -> None:
        self._timer.stop()

    def _beat(self) -> None:
        now = time.perf_counter()
        self._gaps.append(max(0.0, (now - self._last) * 1000 - BEAT_MS))
        self._last = now
        self._beats += 1
        if self._beats % (2000 // BEAT_MS) == 0:
            self.measured.emit()

    def gap(self, share: float = 0.99) -> float | None:
        """The gap that `share` of the beats stayed under, in milliseconds; None before the first second."""
        if len(self._gaps) < 50:
            return None
        ordered = sorted(self._gaps)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)]
