"""Opens the window: an empty themed frame first, everything else once that is on the screen."""

from __future__ import annotations

import logging
import signal
import socket
import sys
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QSocketNotifier, QTimer
from PySide6.QtWidgets import QApplication

from terminal import instance
from terminal.errors import Cancelled
from terminal.settings import Settings
from terminal.shell.look import dress
from terminal.shell.state import WindowState
from terminal.shell.window import MainWindow

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from terminal.app import App, Session
    from terminal.paths import Home
    from terminal.shell.crash import CrashHook
    from terminal.shell.welcome import Welcome
    from terminal.ui.task import Bridge

T = TypeVar("T")
log = logging.getLogger(__name__)
AGAIN_MS = 2000
SCHEDULE_MS = 3000  # the window is filled and quiet by then
NO_NETWORK_YET = "No network was found, so nothing could be fetched. Connect and press F5, or import a file."
NO_NETWORK = "No network was found, so this session shows the practice market."


def run(home: Home, demo: bool | None = None, session: Session | None = None) -> int:
    """Open the window on `home` and stay until it is closed; returns the exit code.

    `demo` True or False forces a market for this run; None follows the setting `market.source`. `Locked` when another
    process owns the home, StoreError when it cannot be written. With a `session` the caller keeps and closes it.
    """
    sys.setswitchinterval(0.0005)
    lock = None if session is not None else instance.Lock(home)
    qt = _application()
    settings = session.settings if session is not None else Settings(home)
    dress(settings)
    window = MainWindow(settings, WindowState(home.path / "window.json"))
    window.restore_place()
    opening = Opening(window, home, demo, session, lock)
    signals = Signals(window)
    try:
        window.painted.connect(opening.begin)
        window.closed.connect(qt.quit)
        window.show()
        qt.exec()
    finally:
        signals.restore()
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
    """SIGTERM and SIGINT close the window as the user would. Python sees a signal only between two of its own
    instructions, so a socket that the interpreter writes to wakes Qt's loop.
    """

    def __init__(self, window: MainWindow) -> None:
        self._window = window
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
        QTimer.singleShot(0, self._window, self._window.close)

    def restore(self) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)
        if self._before:
            signal.set_wakeup_fd(self._wakeup)
        self._notifier.setEnabled(False)
        self._reader.close()
        self._writer.close()


class Gui:
    """How commands marked `gui` reach the UI thread (`terminal.app.Gui`)."""

    def __init__(self, window: MainWindow, bridge: Bridge) -> None:
        self.window = window
        self._bridge = bridge

    def call(self, function: Callable[[], T]) -> T:
        """Run `function` on the UI thread and wait for it."""
        done: Future[T] = Future()

        def work() -> None:
            try:
                done.set_result(function())
            except BaseException as problem:
                done.set_exception(problem)

        self._bridge.post(work)
        return done.result()


class Opening:
    """What happens between the first paint and a filled window, and at the end."""

    def __init__(self, window: MainWindow, home: Home, demo: bool | None, session: Session | None, lock: Any) -> None:
        self._window, self._home, self._demo = window, home, demo
        self._session, self._own, self._lock = session, session is None, lock
        self._hook: CrashHook | None = None
        self._page: Welcome | None = None
        self._choice = ""
        self._then: Callable[[], None] | None = None
        self._stop_listening: Callable[[], None] = lambda: None
        self._ended = False
        self.code = 0

    def begin(self) -> None:
        """Build the rest of the frame and open the store in a worker."""
        from terminal.shell.crash import CrashHook

        window = self._window
        window.prepare()
        window.work(self._open_session, self._session_open, fail=self._failed)
        window.fill()
        if self._demo is None and not window.settings.get("first_run_done"):
            self._welcome()
        window.source_asked.connect(self.switch)
        self._hook = CrashHook(lambda problem, widget: window.bridge.post(lambda: window.bug(problem, widget)))
        window.statusbar.show_engine("busy", "Opening the store")

    def _open_session(self) -> tuple[Session, bool, str]:
        from terminal.app import Session
        from terminal.shell.network import reachable

        if self._session is None:
            self._session = Session(self._home, settings=self._window.settings, lock=self._lock)
        demo, why = self._demo, ""
        source = self._session.settings.get("market.source")
        if demo is None and source != "auto":
            demo = source == "demo"
        if demo is None:
            first = not self._session.settings.get("first_run_done")
            online = reachable(self._session.settings.get("providers.yahoo.base_url"))
            demo, why = (True, "" if first else NO_NETWORK) if first or not online else (False, "")
        try:
            self._session.app(demo, self._seeding)
        except Cancelled:
            demo, why = False, ""
            self._session.app(demo)
        return self._session, demo, why

    def _seeding(self, fraction: float | None, note: str) -> None:
        if self._choice in ("live", "files"):
            raise Cancelled  # the first page was answered before the practice market was made, and it is not wanted
        if fraction is not None:  # only a market that is made for the first time takes long enough to say so
            text = f"Preparing the practice market {fraction:.0%}"
            self._window.bridge.post(lambda: self._window.statusbar.show_engine("busy", text))

    def _session_open(self, found: tuple[Session, bool, str]) -> None:
        session, demo, why = found
        if self._ended:
            return
        session.gui = Gui(self._window, self._window.bridge)
        self._window.attach(session.app(demo), why)
        self._schedule(session.app(demo))
        self._stop_listening = session.events.subscribe(
            "settings.changed", lambda payload: self._window.bridge.post(lambda: self._follow(session, payload)))
        self._tell_what_is_amiss(session)
        if self._page is not None:
            self._window.show_page(self._page)
        if self._choice:
            self._chosen(self._choice)

    def _tell_what_is_amiss(self, session: Session) -> None:
        """What was found at the start and does not keep the window from opening."""
        for note in session.settings.notes:
            self._window.notify(note, "warn")
        for state in session.registry.states():
            if state.state == "broken":
                text = f"The plugin {state.title} was left out: {state.reason}. The preferences have the details."
                self._window.notify(text, "warn")
            elif state.state == "waiting":
                self._window.notify(f"The plugin {state.title} waits for your approval in the preferences.", "info")

    def _failed(self, problem: Any) -> None:
        from terminal.shell.welcome import Trouble

        self._page = None
        self._window.statusbar.show_engine("error", "The store could not be opened")
        self._window.show_page(Trouble(problem, self._window.close))
        self.code = 1

    def _welcome(self) -> None:
        """The first page, at once: the store is opened while it is being read."""
        from terminal.shell.welcome import Welcome

        page = self._page = Welcome(self._window)
        self._window.show_page(page)
        page.chosen.connect(self._chosen)

    def _chosen(self, what: str) -> None:
        from terminal.shell.files import ask_import

        session, window = self._session, self._window
        if session is None or not window.attached:
            self._choice = what
            if self._page is not None:
                self._page.wait_for(what)
            return
        self._answered(session)
        window.apply_mode()
        if what == "demo":
            self.choose(True)
        elif what == "live":
            self.choose(False, self._fetch_first)
        elif what == "files":
            self.choose(False, lambda: ask_import(window))

    def _fetch_first(self) -> None:
        """The market of a new user: fetch the usual companies, if nothing is stored and the network answers."""
        from terminal.shell.network import reachable

        window = self._window
        app = window.app

        def look() -> tuple[bool, bool]:
            return not app.market.symbols(), reachable(app.settings.get("providers.yahoo.base_url"))

        def start(found: tuple[bool, bool]) -> None:
            empty, online = found
            if empty and online:
                window.fill_market()
            elif empty:
                window.notify(NO_NETWORK_YET, "warn")

        window.work(look, start)

    def _answered(self, session: Session) -> None:
        """The first page is not shown again, neither now nor at the next start."""
        page, self._page = self._page, None
        if page is not None:
            session.settings.set("first_run_done", True)
            self._window.leave_page(page)

    def choose(self, demo: bool, then: Callable[[], None] | None = None) -> None:
        """Show a market and remember the choice; `then` once it is there."""
        if self._session is not None:
            self._answered(self._session)
            self._session.default = demo
            self._then = then
            self._session.settings.set("market.source", "demo" if demo else "live")
        self.switch(demo, remember=False)

    def _follow(self, session: Session, payload: Mapping[str, Any]) -> None:
        """The market was changed in the preferences, or by a command."""
        source = session.settings.get("market.source")
        if payload.get("key") == "market.source" and source != "auto" and not self._ended:
            session.default = source == "demo"
            self.switch(session.default, remember=False)

    def switch(self, demo: bool, remember: bool = True) -> None:
        """Show the other market, and close the one shown before as soon as nothing runs in it."""
        if remember:
            self.choose(demo)
            return
        session, window = self._session, self._window
        if session is None:
            return
        if window.attached and window.app.demo == demo:
            self._shown()
            return

        def show(app: App) -> None:
            if self._ended:
                return
            if not (window.attached and window.app.demo == app.demo):
                if window.attached:
                    window.work(window.app.scheduler.stop, lambda _: None)
                window.detach()
                window.attach(app)
                self._schedule(app)
                self._let_go(session, not app.demo)
            self._shown()

        window.statusbar.show_engine("busy", "Opening the demo market" if demo else "Opening the live market")
        window.work(lambda: session.app(demo, self._seeding), show, key="market")

    def _schedule(self, app: App) -> None:
        """Let the jobs of the market that is shown start by themselves, once the window has settled."""
        window = self._window

        def begin() -> None:
            if not self._ended and window.attached and window.app is app:
                window.work(app.scheduler.start, lambda _: None)

        QTimer.singleShot(SCHEDULE_MS, window, begin)

    def _shown(self) -> None:
        then, self._then = self._then, None
        if then is not None:
            then()

    def _let_go(self, session: Session, demo: bool) -> None:
        window = self._window

        def told(closed: bool) -> None:
            if not closed:
                QTimer.singleShot(AGAIN_MS, window, lambda: self._let_go(session, demo))

        if not self._ended and window.attached and window.app.demo != demo:
            window.work(lambda: session.let_go(demo), told)

    def end(self) -> None:
        """Close what was opened; the files are checkpointed."""
        self._ended = True
        self._stop_listening()
        if self._hook is not None:
            self._hook.remove()
        if self._own and self._session is not None:
            self._session.gui = None
            self._session.close()
        elif self._own and self._lock is not None:
            self._lock.release()
        self._window.deleteLater()
