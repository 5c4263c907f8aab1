"""One market in the window's frame: index strip, data age, sources, jobs, what is stored. From attach to detach."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer

from terminal.shell.network import NetworkWatch
from terminal.shell.session_clock import SessionClock
from terminal.shell.undo import UndoList

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from terminal.app import App
    from terminal.shell.overview import Overview
    from terminal.shell.window import MainWindow

AGAIN_MS = 60_000
READY_MS = 1500  # after that the window is filled, and what will be asked for first can be made ready
FIRST_FUNDS = ("SPY", "QQQ", "IWM")
ENDED = ("done", "failed", "cancelled")


class ShownMarket(QObject):
    """Keeps the frame of `window` up to date with `app` until `close`."""

    def __init__(self, window: MainWindow, app: App) -> None:
        super().__init__(window)
        self.app = app
        self.overview: Overview | None = None
        self._window = window
        self.undo = UndoList(window, app)
        self.network = NetworkWatch(window, app)
        self._filling = False
        self._unsubscribe: list[Callable[[], None]] = []
        self._timer = QTimer(self)
        self._timer.setInterval(AGAIN_MS)
        self._timer.timeout.connect(self.read)
        for topic, slot in (("market.changed", lambda _: self.read()), ("job.changed", self._job),
                            ("settings.changed", window.setting_changed), ("notice.posted", self._posted)):
            self._listen(topic, slot)
        self._timer.start()
        QTimer.singleShot(READY_MS, self, lambda: window.work(lambda: make_ready(app), lambda _: None))
        self.clock = SessionClock(self, app.clock, window.statusbar.show_clock)
        self.read()

    def close(self) -> None:
        """Listen no longer; the App may be closed afterwards."""
        for stop in self._unsubscribe:
            stop()
        self._unsubscribe.clear()
        self._timer.stop()
        self.undo.close()
        self.network.close()
        self.clock.stop()
        self._window.statusbar.show_clock("idle", "")
        self._window.empty_notice.hide()
        self._window.statusbar.clear_jobs()
        self.deleteLater()

    def _listen(self, topic: str, slot: Callable[[Mapping[str, Any]], None]) -> None:
        bridge = self._window.bridge
        self._unsubscribe.append(self.app.events.subscribe(
            topic, lambda payload: bridge.post(lambda: slot(payload) if self._unsubscribe else None)))

    def read(self) -> None:
        """Bring index strip, status bar and notice up to date."""
        from terminal.shell.overview import read

        app = self.app
        self._window.work(lambda: read(app), self._show, key="overview")

    def tell_again(self) -> None:
        """Numbers and moments are written in another way: whatever was told of the market is to be told again."""
        from terminal.domain.schemas import DATASETS

        self.app.events.publish("market.changed", {"datasets": list(DATASETS), "symbols": []})

    def _show(self, overview: Overview) -> None:
        if not self._unsubscribe:
            return  # asked before it was closed
        self.overview = overview
        self.clock.calendar = overview.calendar
        self.clock.tick()
        window = self._window
        for quote in overview.quotes:
            window.topbar.indexes[quote.symbol].show_quote(quote)
        window.statusbar.show_market(overview.age, overview.age_detail)
        window.statusbar.show_sources(*overview.sources)
        self._notice()

    def _notice(self) -> None:
        empty = self.overview is not None and self.overview.stored == 0 and not self.app.demo
        self._window.empty_notice.setVisible(empty and not self._filling)

    def _job(self, payload: Mapping[str, Any]) -> None:
        if bool(payload.get("demo")) == self.app.demo:
            self._window.statusbar.show_job(payload)
            self.network.job_changed(payload)
            if payload.get("command") in ("market.refresh", "market.import"):
                self._filling = payload.get("state") not in ENDED
                self.read() if not self._filling else self._notice()

    def _posted(self, payload: Mapping[str, Any]) -> None:
        """Something the user is to know, of a job: a message here; on the screen only of the window that is looked at."""
        window, panel = self._window, str(payload.get("panel", ""))
        if bool(payload.get("demo")) != self.app.demo:
            return
        show = (lambda: window.open_panel(panel)) if panel else None
        window.messages.add(str(payload["text"]), payload.get("level", "info"), quiet=not window.in_front,
                            action="Show" if panel else "", on_action=show)

    def find(self, text: str, then: Callable[[list[tuple[str, str, str]]], None]) -> None:
        """Symbols, names and kinds that answer to `text`."""
        from terminal.shell.overview import find

        self._window.work(lambda: find(self.app, text), then, key="symbols")

    def fill(self, lists: tuple[str, ...]) -> None:
        """Fetch the index funds and then these lists, in one job that can be stopped and goes on where it stopped."""
        def symbols() -> str:
            wanted = [*FIRST_FUNDS, *(symbol for name in lists for symbol in self.app.market.universe(name).symbols)]
            return ",".join(dict.fromkeys(wanted))

        self._filling = True
        self._notice()
        self._window.work(symbols, lambda universe: self._window.run_command("market.refresh", {"universe": universe}))


def make_ready(app: App) -> None:
    """Load what the palette and the other panels are made of, so that the first look does not wait for it. For a worker."""
    app.registry.commands()
    for panel in app.registry.panels():
        with suppress(Exception):  # it is told when the panel is opened
            app.registry.widget(panel)
