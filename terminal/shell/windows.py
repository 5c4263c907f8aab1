"""The windows of one program: all of them show one market, each has a layout, link groups and days of its own."""

from __future__ import annotations

import contextlib
import importlib
import logging
import re
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from terminal.errors import UserError
from terminal.shell.state import WindowState
from terminal.shell.window import MainWindow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from PySide6.QtWidgets import QWidget

    from terminal.app import App, Session
    from terminal.errors import TerminalError
    from terminal.settings import Settings
    from terminal.shell.errands import Errands
    from terminal.shell.layouts import Layout
    from terminal.ui.task import Bridge
    from terminal.workers import Workers

T = TypeVar("T")
log = logging.getLogger(__name__)
MOST = 9
AGAIN_MS = 2000
SCHEDULE_MS = 3000  # the windows are filled and quiet by then
LOOK_MS, PATIENCE = 250, 40  # the other windows come when the first one is quiet, or after ten seconds
CLOSED = "window-closed.json"
HANDED_ON = ("palette.recent", "palette.results", "folder")


def read_ahead(modules: Iterable[str]) -> None:
    """Import what the panels behind the tabs are made of, before one of them is chosen. In a worker.

    What cannot be imported is told when the panel is opened; a plugin of the user's own waits for that as well.
    """
    for name in sorted(modules):
        if name.startswith(("plugins.", "terminal.")):
            with contextlib.suppress(Exception):
                importlib.import_module(name)


class Gui:
    """How commands marked `gui` reach the UI thread (`terminal.app.Gui`)."""

    def __init__(self, window: Callable[[], MainWindow], bridge: Bridge) -> None:
        """`window` says which one commands are about; it is asked on the UI thread."""
        self._window, self._bridge = window, bridge

    @property
    def window(self) -> MainWindow:
        """The window that was used last."""
        return self._window()

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


class Windows(QObject):
    """Owns the windows and what holds for all of them: the market that is shown, errors, and the end of the program.

    What a window remembers is in a file of its own,
    `window.json` for the first and `window-N.json` for window N; a file stays as long as its window is to be opened again,
    so a crash, a signal and `quit` bring all of them back, and a window that was closed by itself stays closed.
    """

    source_asked = Signal(bool)
    ended = Signal()  # the last window is closed

    def __init__(self, settings: Settings, folder: Path | None) -> None:
        """One window, not yet shown. `folder` holds the files; None keeps everything in memory."""
        super().__init__()
        self.settings, self._folder = settings, folder
        self.all: list[MainWindow] = []
        self.session: Session | None = None
        self.errands: Errands | None = None
        self._app: App | None = None
        self._why = ""
        self._used: MainWindow | None = None
        self._gone: list[MainWindow] = []
        self._again: dict[str, Any] | None = None
        self._then: Callable[[], None] | None = None
        self._unfollow: Callable[[], None] = lambda: None
        self._over = False
        self.first = self._make(1)

    # ---- which window ----

    @property
    def window(self) -> MainWindow:
        """The window that was used last."""
        return self._used if self._used is not None and self._used in self.all else self.all[0] if self.all else self.first

    def find(self, number: int) -> MainWindow:
        """The window with this number, 0 for the one used last. UserError when there is none."""
        found = self.window if number == 0 else next((each for each in self.all if each.number == number), None)
        if found is None:
            raise UserError(f"There is no window {number}.", f"Open: {', '.join(str(each.number) for each in self.all)}.")
        return found

    def _make(self, number: int) -> MainWindow:
        window = MainWindow(self.settings, WindowState(self._file(number)), self, number)
        window.used.connect(lambda: setattr(self, "_used", window))
        window.source_asked.connect(self.source_asked)
        window.closed.connect(lambda: self._closed(window))
        self.all.append(window)
        self.all.sort(key=lambda each: each.number)
        return window

    def _file(self, number: int) -> Path | None:
        if self._folder is None:
            return None
        return self._folder / ("window.json" if number == 1 else f"window-{number}.json")

    # ---- opening ----

    def open(self, layout: Layout | None = None, *, again: bool = False) -> MainWindow:
        """Another window on the same market, filled at once: beside the one used last, looking at the same symbol, in the
        default layout or the one given. `again`: the window that was closed last, as it was.
        """
        if len(self.all) >= MOST:
            raise UserError(f"{MOST} windows are open already.", "Close one of them first: window close N")
        before = self.window
        number = next(each for each in range(1, MOST + 2) if self._free(each))
        kept = self._closed_last() if again else None
        if again and kept is None:
            raise UserError("No window was closed since.", "Open a new one: window new")
        window = self._make(number)
        if kept is not None:
            window.state.take(kept)
            self._forget_closed()
            window.restore_place()
        else:
            self._hand_on(before, window)
            window.place_beside(before)
        self._show(window)
        if layout is not None:
            window.use_layout(layout)
        window.come_to_front()
        self._used = window
        window.remember()
        window.state.save()
        return window

    def _free(self, number: int) -> bool:
        file = self._file(number)
        return all(each.number != number for each in self.all) and not (file is not None and file.exists())

    def _hand_on(self, before: MainWindow, window: MainWindow) -> None:
        for key in HANDED_ON:
            if before.state.get(key) is not None:
                window.state.set(key, before.state.get(key))
        if self._app is not None and before.symbol:
            window.state.set(f"{'demo' if self._app.demo else 'live'}.symbol", before.symbol)

    def _show(self, window: MainWindow) -> None:
        window.show()
        window.fill()
        if self._app is not None:
            window.attach(self._app, self._why)

    def _restore_when_quiet(self, patience: int = PATIENCE) -> None:
        """Open the other windows of the last time, once the first one has all it shows."""
        numbers = self._kept()
        if not numbers or self._over:
            return
        if self.first in self.all and self.first.busy and patience:
            QTimer.singleShot(LOOK_MS, self, lambda: self._restore_when_quiet(patience - 1))
            return
        window = self._make(numbers[0])
        window.restore_place()
        self._show(window)
        QTimer.singleShot(0, self, lambda: self._restore_when_quiet(0))  # one at a turn

    def _kept(self) -> list[int]:
        """The numbers of the windows that were open the last time and are not yet."""
        if self._folder is None:
            return []
        found = (re.fullmatch(r"window-([2-9])\.json", file.name) for file in self._folder.glob("window-*.json"))
        numbers = sorted(int(each[1]) for each in found if each)
        return [each for each in numbers if all(window.number != each for window in (*self.all, *self._gone))]

    # ---- closing ----

    def quit(self) -> None:
        """Close every window and end the program; the next start opens all of them again."""
        self._over = True
        for window in tuple(self.all):
            window.close()

    def _closed(self, window: MainWindow) -> None:
        self.all.remove(window)
        self._gone.append(window)
        if not self.all:
            self._over = True
            self.ended.emit()
        elif not self._over:  # a desktop that logs out closes one after the other: that is an end, not a wish
            QTimer.singleShot(0, self, self._drop_gone)

    def _drop_gone(self) -> None:
        """Windows that were closed while others stay are not opened at the next start."""
        if self._over:
            return
        gone, self._gone = self._gone, []
        for window in gone:
            self._again = window.state.give_up(self._folder / CLOSED if self._folder is not None else None)
            window.deleteLater()
        if all(each.number != 1 for each in self.all):
            heir = self.all[0]
            heir.state.move(self._file(1))
            heir.number = 1
            heir.retitle()

    def _closed_last(self) -> dict[str, Any] | None:
        if self._again is not None:
            return self._again
        file = self._folder / CLOSED if self._folder is not None else None
        return WindowState(file).content() if file is not None and file.exists() else None

    def _forget_closed(self) -> None:
        self._again = None
        if self._folder is not None:
            (self._folder / CLOSED).unlink(missing_ok=True)

    def end(self) -> None:
        """Listen no longer and stop the workers; the windows go with the program."""
        self._over = True
        self._unfollow()
        if self.errands is not None:
            self.errands.close()
        for window in (*self.all, *self._gone):
            window.deleteLater()
        self.deleteLater()

    # ---- work, messages and errors of the program ----

    def prepare(self) -> None:
        """Make the workers that all windows share and the bridge from them."""
        from terminal.shell.errands import Errands

        self.errands = Errands(self)

    @property
    def bridge(self) -> Bridge:
        assert self.errands is not None, "prepare() comes first"
        return self.errands.bridge

    @property
    def workers(self) -> Workers | None:
        """What the windows' errands run in, once `prepare` was called."""
        return self.errands.workers if self.errands is not None else None

    def work(self, job: Callable[[], Any], then: Callable[[Any], None], key: str = "",
             fail: Callable[[TerminalError], None] | None = None) -> None:
        """Run `job` in a worker and `then(result)` here; expected errors without `fail` are told in every window."""
        assert self.errands is not None, "prepare() comes first"
        self.errands.run(job, then, key, fail)

    def notify(self, text: str, level: Literal["info", "ok", "warn", "error"] = "info") -> None:
        """A message in every window."""
        for window in self.all:
            window.notify(text, level)

    def say(self, tone: str, text: str) -> None:
        """The engine's state, in every status bar."""
        for window in self.all:
            window.statusbar.show_engine(tone, text)

    def bug(self, problem: BaseException, widget: QWidget | None = None) -> None:
        """An unexpected error: told in the window it happened in, else in the one used last."""
        of = [each for each in self.all if each.workspace is not None and each.workspace.docks.owner_of(widget) is not None]
        (of[0] if of else self.window).bug(problem, widget)

    # ---- the market that is shown ----

    @property
    def app(self) -> App:
        """The App whose market is shown."""
        if self._app is None:
            raise RuntimeError("no market is open")
        return self._app

    @property
    def attached(self) -> bool:
        return self._app is not None

    def begin(self, session: Session, demo: bool, why: str = "") -> None:
        """Show a market of `session`, take commands, and then open the other windows of the last time."""
        self.session = session
        session.gui = Gui(lambda: self.window, self.bridge)
        self._attach(session.app(demo), why)
        self._unfollow = session.events.subscribe(
            "settings.changed", lambda payload: self.bridge.post(lambda: self._follow(payload)))
        self.first.filled.connect(self._restore_when_quiet)

    def _attach(self, app: App, why: str = "") -> None:
        self._app, self._why = app, why
        for window in self.all:
            if window.attached:
                window.detach()
            window.attach(app, why)
        QTimer.singleShot(SCHEDULE_MS, self, lambda: self._schedule(app))

    def _schedule(self, app: App) -> None:
        """Let the jobs of the market that is shown start by themselves."""
        if not self._over and self._app is app:
            self.work(app.scheduler.start, lambda _: None)
            names = {panel.widget.partition(":")[0] for window in self.all if window.workspace is not None
                     for panel in window.workspace.docks.unseen()}
            self.work(lambda: read_ahead(names), lambda _: None)
            for window in self.all:
                window.palette_.prepare()

    def _follow(self, payload: Mapping[str, Any]) -> None:
        """The market was changed in the preferences, or by a command."""
        source = self.settings.get("market.source")
        if payload.get("key") == "market.source" and source != "auto" and not self._over and self.session is not None:
            self.session.default = source == "demo"
            self.switch(self.session.default)

    def switch(self, demo: bool, then: Callable[[], None] | None = None,
               progress: Callable[[float | None, str], None] | None = None) -> None:
        """Show the other market in every window, and close the one shown before as soon as nothing runs in it; `then`
        once it is there.
        """
        self._then = then or self._then
        session = self.session
        if session is None:
            return
        if self._app is not None and self._app.demo == demo:
            self._shown()
            return

        def show(app: App) -> None:
            if self._over:
                return
            if self._app is None or self._app.demo != app.demo:
                if self._app is not None:
                    self.work(self._app.scheduler.stop, lambda _: None)
                self._attach(app)
                self._let_go(session, not app.demo)
            self._shown()

        self.say("busy", "Opening the demo market" if demo else "Opening the live market")
        self.work(lambda: session.app(demo, progress), show, key="market", fail=self._not_opened)

    def _not_opened(self, problem: TerminalError) -> None:
        self.say("error", "The market could not be opened")
        self.notify(problem.sentence(), "error")

    def _shown(self) -> None:
        then, self._then = self._then, None
        if then is not None:
            then()

    def _let_go(self, session: Session, demo: bool) -> None:
        def told(closed: bool) -> None:
            if not closed:
                QTimer.singleShot(AGAIN_MS, self, lambda: self._let_go(session, demo))

        if not self._over and self._app is not None and self._app.demo != demo:
            self.work(lambda: session.let_go(demo), told)
