"""Pictures of the window without a screen: builds a window that is never shown, waits until it is quiet, grabs it."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from terminal.errors import UserError
from terminal.shell.look import wanted
from terminal.shell.state import WindowState
from terminal.shell.window import MainWindow
from terminal.ui import theme

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from pathlib import Path

    from terminal.app import App
    from terminal.settings import Settings

QUIET_S, TURN_MS = 0.35, 15


@dataclass(frozen=True)
class Wish:
    """What the picture should show. `panel` "window" is the whole window; empty look values mean the present ones."""

    panel: str
    width: int
    height: int
    symbol: str = ""
    mode: str = ""
    theme: str = ""
    palette: str = ""
    palette_text: str | None = None
    as_of: date | None = None
    layout: str = ""
    timeout: float = 30.0
    font_size: int = 0
    density: str = ""
    page: str = ""


def application() -> QApplication:
    """The QApplication there is, or a new one."""
    found = QApplication.instance()
    return found if isinstance(found, QApplication) else QApplication(["tapeline"])


def take(app: App, wish: Wish, file: Path) -> tuple[int, int]:
    """Render to `file`; returns width and height in pixels. UserError when there is no such panel or no place to write."""
    with studio(app, wish) as window:
        keep(portrait(window, wish), file)
    return wish.width, wish.height


@contextmanager
def studio(app: App, wish: Wish) -> Iterator[MainWindow]:
    """A window that looks as wished, on no screen, for as many pictures as one likes; closed at the end."""
    qt = application()
    before = theme.current()
    settings = Look(app.settings, wish)
    theme.apply(qt, *wanted(cast("Settings", settings)))
    window = MainWindow(cast("Settings", settings), WindowState(None))
    try:
        window.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
        window.resize(wish.width, wish.height)
        window.show()
        window.fill()
        window.heartbeat.stop()  # its reading differs each time, a picture should not
        window.attach(app)
        if window.shown is not None:
            window.shown.clock.stop()
            window.shown.clock.show = lambda *_: None
        if wish.layout:
            from terminal.shell.layouts import Layouts

            window.use_layout(Layouts(app.home.path).get(wish.layout))
        if wish.as_of is not None and window.workspace is not None:
            window.workspace.travel(window.workspace.active, wish.as_of)
        yield window
    finally:
        window.abandon()
        if before is not None:
            theme.apply(qt, *before.look)


def keep(picture: QWidget, file: Path) -> None:
    """Write what a widget shows as a PNG file; UserError where that cannot be."""
    if not picture.grab().save(str(file), "PNG"):
        raise UserError(f"{file} cannot be written.", "Choose a folder that exists and can be written.")


class Look:
    """Settings with the picture's own mode, theme and palette on top; writes nothing."""

    def __init__(self, settings: Settings, wish: Wish) -> None:
        self._settings = settings
        self._own: dict[str, Any] = {key: value for key, value in
                     (("mode", wish.mode), ("theme", wish.theme), ("palette", wish.palette), ("font_size", wish.font_size),
                      ("density", wish.density)) if value}

    def get(self, key: str) -> Any:
        return self._own[key] if key in self._own else self._settings.get(key)

    def raw(self, key: str) -> Any:
        return self._settings.raw(key)

    def set(self, key: str, value: Any) -> Any:
        self._own[key] = value
        return value


def portrait(window: MainWindow, wish: Wish) -> QWidget:
    """The widget that shows what is wished, with its data there; a panel is taken out of the window for it."""
    workspace = window.workspace
    assert workspace is not None
    if wish.panel != "window" and wish.panel not in workspace.specs:
        raise UserError(f"There is no panel {wish.panel!r}.", f"One of: window, {', '.join(workspace.specs)}.")
    wait(window, wish.timeout)
    if wish.panel != "window":
        window.open_panel(wish.panel, wish.symbol or None, page=wish.page)
        wait(window, wish.timeout)
        panel = workspace.docks.slot(wish.panel)
        alone = workspace.docks.take(wish.panel, wish.width, wish.height)
        wait(window, wish.timeout)
        return alone if alone is not None else panel
    if wish.symbol:
        window.open_symbol(wish.symbol)
        wait(window, wish.timeout)
    if wish.palette_text is not None:
        window.palette_.open(wish.palette_text)
        wait(window, wish.timeout)
    return window


def wait(window: MainWindow, timeout: float) -> bool:
    """Run the event loop until the window has been quiet for a moment; False when that did not happen in time."""
    end = time.monotonic() + timeout
    quiet_since: float | None = None
    loop = QEventLoop()
    while time.monotonic() < end:
        QTimer.singleShot(TURN_MS, loop.quit)
        loop.exec()
        if window.busy:
            quiet_since = None
            continue
        quiet_since = quiet_since or time.monotonic()
        if time.monotonic() - quiet_since >= QUIET_S:
            return True
    return False
