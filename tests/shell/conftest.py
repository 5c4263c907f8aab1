"""A window over an empty live market with the sample plugins, never on a screen."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from terminal.shell.window import MainWindow
    from terminal.shell.windows import Windows

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures wait longer for quiet than these tests need."""
    monkeypatch.setattr("terminal.shell.shot.QUIET_S", 0.08)


@pytest.fixture
def sample_app(live_home: Any, clock: Any) -> Iterator[Any]:
    from sample_plugins.sample.commands import GATE

    from terminal.app import App
    from terminal.registry import Registry

    GATE.clear()
    opened = App(live_home, False, clock, registry=Registry(bundled="sample_plugins", entry_points=False))
    yield opened
    GATE.set()
    opened.close()


@pytest.fixture
def open_window(qapp: Any, home: Any) -> Iterator[Callable[..., MainWindow]]:
    """Opens a window on an App; closes all of them at the end."""
    from PySide6.QtCore import QCoreApplication, QEvent

    from terminal.shell.shot import wait
    from terminal.shell.state import WindowState
    from terminal.shell.window import MainWindow, dress

    opened: list[MainWindow] = []

    def make(app: Any, size: tuple[int, int] = (1720, 1000), state: WindowState | None = None, quiet: bool = True) -> MainWindow:
        dress(app.settings)
        window = MainWindow(app.settings, state or WindowState(home.path / "window.json"))
        opened.append(window)
        window.resize(*size)
        window.show()
        window.fill()
        window.attach(app)
        if quiet:
            assert wait(window, 15), "the window did not become quiet"
        return window

    yield make
    for window in opened:
        window.close()
        window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    qapp.processEvents()


@pytest.fixture
def window(open_window: Callable[..., MainWindow], sample_app: Any, expect_warning: Any) -> MainWindow:
    return open_window(sample_app)


@pytest.fixture
def open_windows(qapp: Any, sample_app: Any, home: Any, expect_warning: Any) -> Iterator[Callable[[], Windows]]:
    """Starts the program's windows on the sample market, as `terminal.shell.main` does; ends what is open at the end."""
    from types import SimpleNamespace

    from PySide6.QtCore import QCoreApplication, QEvent

    from terminal.shell.look import dress
    from terminal.shell.shot import wait
    from terminal.shell.windows import Windows

    opened: list[Windows] = []

    def start() -> Windows:
        dress(sample_app.settings)
        windows = Windows(sample_app.settings, home.path)
        opened.append(windows)
        windows.first.restore_place()
        windows.first.show()
        windows.prepare()
        windows.first.fill()
        session: Any = SimpleNamespace(settings=sample_app.settings, events=sample_app.events, gui=None, default=None,
                                       app=lambda demo, progress=None: sample_app, let_go=lambda demo: True)
        windows.begin(session, False)
        sample_app.gui = session.gui
        assert wait(windows.first, 15), "the window did not become quiet"
        return windows

    yield start
    for windows in opened:
        windows.quit()
        windows.end()
    sample_app.gui = None
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    qapp.processEvents()


@pytest.fixture
def windows(open_windows: Callable[[], Windows]) -> Windows:
    return open_windows()
