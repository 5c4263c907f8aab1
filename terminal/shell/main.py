"""Opens the window: an empty themed frame first, everything else once that is on the screen."""

from __future__ import annotations

import logging
import signal
import socket
import sys
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSocketNotifier, QTimer
from PySide6.QtWidgets import QApplication

from terminal import instance
from terminal.settings import Settings
from terminal.shell.look import dress
from terminal.shell.opening import Opening
from terminal.shell.tidying import Tidying
from terminal.shell.windows import Windows

if TYPE_CHECKING:
    from terminal.app import Session
    from terminal.paths import Home

log = logging.getLogger(__name__)


def run(home: Home, demo: bool | None = None, session: Session | None = None) -> int:
    """Open the windows on `home` and stay until the last one is closed; returns the exit code.

    `demo` True or False forces a market for this run; None follows the setting `market.source`. `Locked` when another
    process owns the home, StoreError when it cannot be written. With a `session` the caller keeps and closes it.
    """
    sys.setswitchinterval(0.0005)
    lock = None if session is not None else instance.Lock(home)
    qt = _application()
    settings = session.settings if session is not None else Settings(home)
    dress(settings)
    windows = Windows(settings, home.path)
    windows.first.restore_place()
    opening = Opening(windows, home, demo, session, lock)
    tidying = Tidying(windows, lambda: windows.attached and not any(window.busy for window in windows.all))
    signals = Signals(windows)
    try:
        windows.first.painted.connect(opening.begin)
        windows.ended.connect(qt.quit)
        windows.first.show()
        qt.exec()
    finally:
        signals.restore()
        tidying.end()
        windows.end()
        opening.end()
    return opening.code


def _application() -> QApplication:
    found = QApplication.instance()
    if isinstance(found, QApplication):
        return found
    QApplication.setApplicationName("tapeline")
    QApplication.setDesktopFileName("tapeline")
    return QApplication(sys.argv[:1])


class Signals:
    """SIGTERM and SIGINT end the program as the user would. Python sees a signal only between two of its own
    instructions, so a socket that the interpreter writes to wakes Qt's loop.
    """

    def __init__(self, windows: Windows) -> None:
        self._windows = windows
        self._reader, self._writer = socket.socketpair()
        for end in (self._reader, self._writer):
            end.setblocking(False)
        self._notifier = QSocketNotifier(self._reader.fileno(), QSocketNotifier.Type.Read)
        self._notifier.activated.connect(self._drain)
        self._before: dict[int, Any] = {}
        self._wakeup = -1
        try:
            self._wakeup = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._heard)
        except ValueError:  # not the main thread (a test): then nobody sends us signals either
            log.debug("signals are left alone outside the main thread")

    def _drain(self) -> None:
        try:
            self._reader.recv(256)
        except BlockingIOError:
            return

    def _heard(self, number: int, _frame: object) -> None:
        log.info("closing on signal %s", number)
        QTimer.singleShot(0, self._windows, self._windows.quit)

    def restore(self) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)
        if self._before:
            signal.set_wakeup_fd(self._wakeup)
        self._notifier.setEnabled(False)
        self._reader.close()
        self._writer.close()
