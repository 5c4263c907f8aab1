"""Where a window is: put back for each set of screens, and kept with its layout while it is open, so that a crash loses
seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QObject, QPoint, QSize, Qt, QTimer
from PySide6.QtGui import QGuiApplication

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PySide6.QtGui import QScreen

    from terminal.shell.window import MainWindow

EVERY_MS = 3000
EDGES = 48  # what the window manager's own may take
STEP = 36  # how far a new window lies beside the one it was opened from
SETTLED_MS = 800  # a docking station's screens come one after the other


def fingerprint(screens: Iterable[QScreen] | None = None) -> str:
    """Which screens there are: sizes and scale, whatever their order, such as "1920x1080 + 2560x1440@1.5"."""
    found = QGuiApplication.screens() if screens is None else screens
    return " + ".join(sorted(_screen(each) for each in found))


def _screen(screen: QScreen) -> str:
    size, ratio = screen.size(), screen.devicePixelRatio()
    return f"{size.width()}x{size.height()}{'' if ratio == 1 else f'@{ratio:g}'}"


def restore_place(window: MainWindow) -> None:
    """Put a window where it was on these screens; the first time it takes a screen that is too small for it as a whole."""
    geometry = window.state.place(fingerprint()) or window.state.blob("geometry")
    if geometry is not None and window.restoreGeometry(QByteArray(geometry)):
        return
    size, room = window.size(), window.screen().availableSize()
    if room.width() < size.width() + EDGES or room.height() < size.height() + EDGES:
        window.resize(size.boundedTo(room - QSize(EDGES, EDGES)))
        window.setWindowState(Qt.WindowState.WindowMaximized)


def place_beside(window: MainWindow, other: MainWindow) -> None:
    """Put a new window on a screen that has none yet, else a step to the side of `other` and as large."""
    taken = [each.screen() for each in (window.windows.all if window.windows is not None else [other]) if each is not window]
    free = next((each for each in QGuiApplication.screens() if each not in taken), None)
    room = (free or other.screen()).availableGeometry()
    from_corner = free is not None or other.isMaximized() or other.isFullScreen()
    size = (window.size() if from_corner else other.size()).boundedTo(room.size() - QSize(EDGES, EDGES))
    corner = (room.topLeft() if from_corner else other.pos()) + QPoint(STEP, STEP)
    room.adjust(0, 0, -size.width(), -size.height())
    window.resize(size)
    window.move(min(corner.x(), room.right()), min(corner.y(), room.bottom()))


class Keeper(QObject):
    """Writes what has changed every three seconds, and changes the layout when the screens do."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.screens = fingerprint()
        self._timer = QTimer(self, interval=EVERY_MS)
        self._timer.timeout.connect(self.keep)
        self._settle = QTimer(self, singleShot=True, interval=SETTLED_MS)
        self._settle.timeout.connect(self.look)
        application = QGuiApplication.instance()
        assert isinstance(application, QGuiApplication)
        application.screenAdded.connect(self._changing)
        application.screenRemoved.connect(self._changing)
        if window.state.path is not None:
            self._timer.start()

    def _changing(self, _screen: QScreen) -> None:
        self._settle.start()

    def keep(self) -> None:
        """Write the layout if it differs from what is written; not while the screens are changing."""
        if self._settle.isActive() or fingerprint() != self.screens:
            return
        self._window.remember()
        self._window.state.save()

    def look(self) -> None:
        """Other screens: the layout that was last used on them, else the present one."""
        now = fingerprint()
        if now != self.screens:
            self.screens = now
            self._window.place_for(now)

    def stop(self) -> None:
        self._timer.stop()
        self._settle.stop()
