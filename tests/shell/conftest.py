"""A window over an empty live market with the sample plugins, never on a screen."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from terminal.shell.window import MainWindow

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
