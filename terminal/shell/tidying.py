"""When Python looks for garbage: in the moments in which nobody notices.

A search through everything a filled window has made takes a tenth of a second, during which no thread of the program runs.
Left to itself Python begins it whenever enough was made, in the middle of a letter typed as well.
"""

from __future__ import annotations

import gc
import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication

if TYPE_CHECKING:
    from collections.abc import Callable

LOOK_MS, QUIET_MS = 1000, 3000
START_S, SWEEP_S, DEEP_S, OVERDUE_S = 30.0, 60.0, 600.0, 1800.0
YOUNG, MIDDLE, NEVER = 2000, 8, 1_000_000  # what was just made is still searched at once, in a millisecond
INPUT = frozenset((QEvent.Type.KeyPress, QEvent.Type.MouseMove, QEvent.Type.MouseButtonPress, QEvent.Type.Wheel))


class Tidying(QObject):
    """No search at all until the windows are filled; from then on small ones, and a full one when nobody touches anything.

    What a start has made stays for long and is set aside (`gc.freeze`): a full search passes over it, but every ten minutes.
    """

    def __init__(self, parent: QObject, resting: Callable[[], bool], clock: Callable[[], float] = time.monotonic) -> None:
        """`resting` says whether the windows are filled and wait for nothing."""
        super().__init__(parent)
        self._resting, self._clock = resting, clock
        self._before = gc.get_threshold()
        self._begun = self._swept = self._deep = clock()
        self.settled = self._touched = self._listening = False
        gc.disable()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.look)
        self._timer.start(LOOK_MS)

    def end(self) -> None:
        """Back to how Python does it by itself."""
        self._timer.stop()
        self._listen(False)
        gc.unfreeze()
        gc.set_threshold(*self._before)
        gc.enable()

    def look(self) -> None:
        """Called every second: is it time?"""
        now = self._clock()
        if not self.settled:
            if self._resting() or now - self._begun > START_S:
                self._settle(now)
        elif now - self._swept > OVERDUE_S:
            self.sweep()
        elif now - self._swept > SWEEP_S and not self._listening and self._resting():
            self._touched = False
            self._listen(True)
            QTimer.singleShot(QUIET_MS, self, self.heard)

    def _settle(self, now: float) -> None:
        self.settled = True
        self._swept = self._deep = now
        gc.freeze()
        gc.set_threshold(YOUNG, MIDDLE, NEVER)
        gc.enable()

    def _listen(self, on: bool) -> None:
        application = QApplication.instance()
        if application is not None and on != self._listening:
            (application.installEventFilter if on else application.removeEventFilter)(self)
        self._listening = on

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in INPUT:
            self._touched = True
        return False

    def heard(self) -> None:
        """Some seconds were listened to: nobody did anything, or we try again."""
        self._listen(False)
        if not self._touched and self._resting():
            self.sweep()

    def sweep(self) -> None:
        """Search through what was made since the start; through everything when that was not done for long."""
        self._swept = now = self._clock()
        if now - self._deep > DEEP_S:
            self._deep = now
            gc.unfreeze()
            gc.collect()
            gc.freeze()
        else:
            gc.collect()
