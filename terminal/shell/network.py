"""Whether the network answers: one connection attempt, nothing is sent; and what the window says while it does not."""

from __future__ import annotations

import socket
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication

from terminal.domain import format as fmt

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from terminal.app import App
    from terminal.errors import TerminalError
    from terminal.shell.window import MainWindow

DEFAULT = "https://query1.finance.yahoo.com"
TIMEOUT = 1.5
AGAIN_MS = 30_000
RECENT = timedelta(minutes=10)
AWAY = "tapelineAway"  # property of the application that source badges heed
WHAT = ("No connection to the data services. What is stored is shown and marked as stale; nothing is lost. "
        "It is tried again every half minute.")


def reachable(base_url: str = "", timeout: float = TIMEOUT) -> bool:
    """Whether a connection to the provider's host can be opened in time. Not for the UI thread."""
    parts = urlsplit(base_url or DEFAULT)
    port = parts.port or (80 if parts.scheme == "http" else 443)
    try:
        with socket.create_connection((parts.hostname or "", port), timeout):
            return True
    except OSError:
        return False


def failed_since(app: App) -> datetime | None:
    """When the newest requests began to fail without any answer; None when the newest one was answered or is long ago."""
    newest = app.store.market.fetches(limit=20)
    since: datetime | None = None
    for row in newest.select("status", "http_status", "finished_at").iter_rows(named=True):
        if row["status"] != "error" or row["http_status"] is not None:
            break
        since = row["finished_at"]
        if app.clock() - newest["finished_at"][0] > RECENT:
            return None
    return since


class NetworkWatch(QObject):
    """Knows since when the network is away, and says it once: in the status bar, on every source badge, in one message.

    Nothing is asked of the network while all goes well. When requests got no answer at all, it is looked at, and then every
    half minute until it is back. The simulated market needs no network.
    """

    def __init__(self, window: MainWindow, app: App) -> None:
        super().__init__(window)
        self._window, self._app = window, app
        self.since: datetime | None = None
        self._told = False
        self._closed = False
        self._waiting: list[TerminalError] = []
        self._timer = QTimer(self, interval=AGAIN_MS)
        self._timer.timeout.connect(self.look)

    def close(self) -> None:
        """Look no longer; the badges of the next market are its own."""
        self._closed = True
        self._timer.stop()
        self._mark(False)
        self._window.statusbar.show_network("")
        self.deleteLater()

    @property
    def away(self) -> bool:
        """Whether nothing answers just now, as far as is known."""
        return self.since is not None

    def job_changed(self, payload: Mapping[str, Any]) -> None:
        """Long work has ended: that is when it shows whether anybody answered."""
        if payload.get("long") and payload.get("state") in ("done", "failed"):
            self.look()

    def trouble(self, problem: TerminalError) -> None:
        """A service could not be reached: told by itself, unless it is the network, which is told once for all."""
        if self._app.demo:
            self._window.notify(problem.sentence(), "error")
            return
        self._waiting.append(problem)
        self.look()

    def look(self) -> None:
        """Find out, in a worker."""
        if self._app.demo or self._closed:
            return
        app, known, asked = self._app, self.away, bool(self._waiting)

        def probe() -> tuple[bool, datetime | None]:
            since = failed_since(app)
            if since is None and not known and not asked:
                return True, None
            return reachable(app.settings.get("providers.yahoo.base_url")), since

        self._window.work(probe, self._answer, key="network")

    def _answer(self, found: tuple[bool, datetime | None]) -> None:
        if self._closed:
            return
        online, since = found
        waiting, self._waiting = self._waiting, []
        for problem in waiting:
            if online:
                self._window.notify(problem.sentence(), "error")
            else:
                self._window.messages.add(problem.sentence(), "warn", quiet=True)
        if online and self.away:
            self.since = None
            self._timer.stop()
            self._window.notify("The network is back.", "ok")
        elif not online and not self.away:
            self.since = since or self._app.clock()
            self._timer.start()
            self._window.messages.add(f"Offline since {self._clock()}. What is stored is shown and marked as stale.", "warn",
                                      action="Try now", on_action=self.look, usable=lambda: self.away)
        else:
            return
        self._window.statusbar.show_network(f"Offline since {self._clock()}" if self.away else "", WHAT)
        self._mark(self.away)
        self._window.messages.changed.emit()

    def _clock(self) -> str:
        return fmt.clock(self.since) if self.since is not None else ""

    def _mark(self, away: bool) -> None:
        """Every badge says that what it speaks of may be old by now, or no longer."""
        from terminal.ui.badge import SourceBadge

        application = QApplication.instance()
        if application is None or bool(application.property(AWAY)) == away:
            return
        application.setProperty(AWAY, away)
        for badge in self._window.findChildren(SourceBadge):
            badge.show_again()
