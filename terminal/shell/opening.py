"""What happens between the first paint and a filled window: the store is opened while the first page is being read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from terminal.errors import Cancelled

if TYPE_CHECKING:
    from collections.abc import Callable

    from terminal.app import Session
    from terminal.paths import Home
    from terminal.shell.crash import CrashHook
    from terminal.shell.welcome import Welcome
    from terminal.shell.windows import Windows

NO_NETWORK_YET = "No network was found, so nothing could be fetched. Connect and press F5, or import a file."
NO_NETWORK = "No network was found, so this session shows the practice market."


class Opening:
    """Fills the first window and answers for which market is chosen, until `end`."""

    def __init__(self, windows: Windows, home: Home, demo: bool | None, session: Session | None, lock: Any) -> None:
        self._windows, self._window, self._home, self._demo = windows, windows.first, home, demo
        self._session, self._own, self._lock = session, session is None, lock
        self._hook: CrashHook | None = None
        self._page: Welcome | None = None
        self._choice = ""
        self._ended = False
        self.code = 0

    def begin(self) -> None:
        """Build the rest of the frame and open the store in a worker."""
        from terminal.shell.crash import CrashHook

        windows, window = self._windows, self._window
        windows.prepare()
        windows.work(self._open_session, self._session_open, fail=self._failed)
        window.fill()
        if self._demo is None and not windows.settings.get("first_run_done"):
            self._welcome()
        windows.source_asked.connect(self.choose)
        self._hook = CrashHook(lambda problem, widget: windows.bridge.post(lambda: windows.bug(problem, widget)))
        windows.say("busy", "Opening the store")

    def _open_session(self) -> tuple[Session, bool, str]:
        from terminal.app import Session
        from terminal.shell.network import reachable

        if self._session is None:
            self._session = Session(self._home, settings=self._windows.settings, lock=self._lock)
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
            self._windows.bridge.post(lambda: self._windows.say("busy", text))

    def _session_open(self, found: tuple[Session, bool, str]) -> None:
        session, demo, why = found
        if self._ended:
            return
        self._windows.begin(session, demo, why)
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
        self._windows.say("error", "The store could not be opened")
        self._window.show_page(Trouble(problem, self._windows.quit))
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
        new = self._page is not None
        self._answered(session)
        window.apply_mode()
        if what == "demo":
            self.choose(True, self._show_around if new else None)
        elif what == "live":
            self.choose(False, self._begin_live if new else self._fetch_first)
        elif what == "files":
            self.choose(False, lambda: ask_import(window))

    def _begin_live(self) -> None:
        self._fetch_first()
        self._show_around()

    def _show_around(self) -> None:
        """The tour, for a new user who wants things explained."""
        window = self._windows.window
        if window.mode == "newbie":
            from terminal.shell.tour import Tour

            Tour.start(window)

    def _fetch_first(self) -> None:
        """The market of a new user: fetch the usual companies, if nothing is stored and the network answers."""
        from terminal.shell.network import reachable

        windows = self._windows
        app = windows.app

        def look() -> tuple[bool, bool]:
            return not app.market.symbols(), reachable(app.settings.get("providers.yahoo.base_url"))

        def start(found: tuple[bool, bool]) -> None:
            empty, online = found
            if empty and online:
                windows.window.fill_market()
            elif empty:
                windows.notify(NO_NETWORK_YET, "warn")

        windows.work(look, start)

    def _answered(self, session: Session) -> None:
        """The first page is not shown again, neither now nor at the next start."""
        page, self._page = self._page, None
        if page is not None:
            session.settings.set("first_run_done", True)
            self._window.leave_page(page)

    def choose(self, demo: bool, then: Callable[[], None] | None = None) -> None:
        """Show a market in every window and remember the choice; `then` once it is there."""
        if self._session is not None:
            self._answered(self._session)
            self._session.default = demo
            self._session.settings.set("market.source", "demo" if demo else "live")
        self._windows.switch(demo, then, self._seeding)

    def end(self) -> None:
        """Close what was opened; the files are checkpointed."""
        self._ended = True
        if self._hook is not None:
            self._hook.remove()
        if self._own and self._session is not None:
            self._session.gui = None
            self._session.close()
        elif self._own and self._lock is not None:
            self._lock.release()
