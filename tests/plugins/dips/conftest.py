"""One demo market for all tests of the dip monitor, and a host that runs its commands as the window does."""

from __future__ import annotations

import shutil
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path


class Moved:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(scope="session")
def demo(_demo_home: Path, _empty_book: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """An App over a demo market whose features are computed once, and whose dips are found once."""
    from terminal.app import App
    from terminal.paths import Home

    place = tmp_path_factory.mktemp("dips") / "home"
    shutil.copytree(_demo_home, place)
    shutil.copy(Home(_empty_book).book(True), Home(place).book(True))
    opened = App(Home(place), True, Moved())
    # All of its threads now: one that came with a test would look as if that test had left it behind.
    for running in [opened.start("watchlist.list") for _ in range(8)]:
        running.result(60)
    with pytest.MonkeyPatch.context() as patched:
        _find_once(patched)
        yield opened
    opened.close()


def _find_once(patched: pytest.MonkeyPatch) -> None:
    """The same dips of the same market are found once: the tests ask for them again and again, at a second each."""
    from plugins.dips import commands, gathering, states

    known: dict[Any, Any] = {}

    def find(ctx: Any, wanted: Any, only: Any = None) -> Any:
        who = tuple(only) if only is not None else gathering.members(ctx, wanted.universe).symbols
        market = ctx.store.market
        key = (id(market), market.version, ctx.as_of, ctx.now(), wanted, who, ctx.settings.get("dips.capital"))
        if key not in known:
            known[key] = gathering.find(ctx, wanted, only)
        return known[key]

    patched.setattr(commands, "find", find)
    patched.setattr(states, "find", find)


@pytest.fixture
def market(demo: Any) -> Iterator[Any]:
    """The App with nothing written down, and the settings as delivered."""
    def clean(tx: Any) -> None:
        for table in ("dips.states", "dips.alerts", "watchlist_items", "watchlists"):
            tx.execute(f"DELETE FROM {table}")

    demo.store.book.write(clean)
    yield demo
    for key in ("dips.universe", "dips.threshold", "dips.when", "dips.capital"):
        demo.settings.reset(key)


class PanelHost:
    """What the window gives a panel, over an App, without the window."""

    panel_id = "dips"

    def __init__(self, app: Any, widget: Any, mode: str = "pro") -> None:
        from terminal.ui.task import Bridge

        self.app, self.widget, self.mode = app, widget, mode
        self.told: list[tuple[str, str]] = []
        self.opened: list[tuple[str, str | None]] = []
        self.chosen: list[str] = []
        self.ran: list[tuple[str, dict[str, Any]]] = []
        self.file: str | None = None
        self.bugs: list[BaseException] = []
        self.bridge = Bridge(widget, on_error=lambda _, error: self.notify(error.sentence(), "error"), on_bug=self.bugs.append)

    def run(self, command: str, arguments: Mapping[str, Any] | None = None, *, then: Any, fail: Any = None,
            progress: Any = None, key: str = "") -> Any:
        self.ran.append((command, dict(arguments or {})))
        return self.bridge.run(self.widget, lambda report: self.app.start(command, dict(arguments or {}), progress=report),
                               then=then, fail=fail, progress=progress, key=key)

    def on(self, topic: str, slot: Any) -> None:
        self.bridge.listen(self.widget, topic, self.app.events.subscribe, slot)

    def open(self, panel: str, symbol: str | None = None) -> None:
        self.opened.append((panel, symbol))

    def select(self, symbol: str) -> None:
        self.chosen.append(symbol)

    def symbol(self) -> str | None:
        return self.chosen[-1] if self.chosen else None

    def explain(self, term: str) -> Any:
        return self.app.explain.text(term, self.mode)

    def has_command(self, command: str) -> bool:
        return command in self.app.registry.commands()

    def setting(self, key: str) -> Any:
        return self.app.settings.get(key)

    def set_setting(self, key: str, value: Any) -> None:
        self.app.settings.set(key, value)

    def notify(self, text: str, level: str = "info") -> None:
        self.told.append((level, text))

    def save_file(self, title: str, suggested: str, kinds: Sequence[str]) -> str | None:
        return self.file


@pytest.fixture
def open_panel(qapp: Any) -> Iterator[Callable[..., Any]]:
    """`open_panel(app, mode, size)`: a panel that is shown and quiet; `.host` is its PanelHost."""
    from PySide6.QtCore import QCoreApplication, QEvent
    from PySide6.QtWidgets import QVBoxLayout, QWidget

    from plugins.dips.panel import DipsPanel
    from terminal.ui import theme

    theme.apply(qapp)
    frames: list[Any] = []

    def make(app: Any, mode: str = "pro", size: tuple[int, int] = (1500, 900), wait: bool = True) -> Any:
        frame = QWidget()
        frames.append(frame)
        box = QVBoxLayout(frame)
        box.setContentsMargins(0, 0, 0, 0)
        host = PanelHost(app, frame, mode)
        panel = DipsPanel(host)  # type: ignore[arg-type]
        box.addWidget(panel)
        frame.resize(*size)
        frame.show()
        if wait:
            until(lambda: panel.table.table is not None and panel.pace.text() != "")
        return panel

    yield make
    for frame in frames:
        bugs = frame.findChild(DipsPanel).host.bugs
        frame.close()
        frame.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        assert bugs == []
    theme.apply(qapp)


def until(done: Callable[[], bool], seconds: float = 20.0) -> None:
    """Run the event loop until `done`."""
    from PySide6.QtWidgets import QApplication

    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it did not happen in time"
        QApplication.processEvents()
        time.sleep(0.002)


@pytest.fixture(name="until")
def _until() -> Callable[..., None]:
    return until
