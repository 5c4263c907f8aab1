"""The main window: the frame round the panels. Painted empty first, filled by `attach` when an `App` is open."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import QByteArray, QEvent, QTimer, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QMainWindow,
    QSizePolicy,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from terminal.shell.days import Days
from terminal.shell.look import Looks, dress
from terminal.shell.statusbar import StatusBar
from terminal.shell.topbar import RAIL, TopBar
from terminal.ui import theme

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import Future

    from PySide6.QtGui import QCloseEvent, QPaintEvent, QResizeEvent

    from terminal.app import App
    from terminal.errors import TerminalError
    from terminal.settings import Settings
    from terminal.shell.errands import Errands
    from terminal.shell.layouts import Layout
    from terminal.shell.shown import ShownMarket
    from terminal.shell.state import WindowState
    from terminal.shell.windows import Windows
    from terminal.shell.workspace import Workspace

__all__ = ["MainWindow", "dress"]

log = logging.getLogger(__name__)
SIZE = (1720, 1000)
NARROW = 1500


class MainWindow(Looks, Days, QMainWindow):
    """One window over one `App` at a time (`attach`, `detach`), alone or one of several (`windows`)."""

    painted = Signal()
    source_asked = Signal(bool)
    filled = Signal()
    closed = Signal()
    used = Signal()  # it came to the front, or one of its floating panels did

    def __init__(self, settings: Settings, state: WindowState, windows: Windows | None = None, number: int = 1) -> None:
        super().__init__()
        self.settings, self.state = settings, state
        self.windows, self.number = windows, number
        self._app: App | None = None
        self.workspace: Workspace | None = None
        self.errands: Errands | None = None
        self.shown: ShownMarket | None = None
        self._first_paint = True
        self._narrow: bool | None = None
        self.retitle()
        self.resize(*SIZE)
        self._skeleton()

    # ---- frame ----

    def _skeleton(self) -> None:
        root = QWidget()
        root.setObjectName("root")
        self.setCentralWidget(root)
        column = QVBoxLayout(root)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.topbar = TopBar()
        column.addWidget(self.topbar)
        self._notices = QVBoxLayout()
        self._notices.setSpacing(0)
        column.addLayout(self._notices)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        self.rail = QFrame()
        self.rail.setProperty("role", "rail")
        self.rail.setFixedWidth(theme.scaled(RAIL))
        # Its buttons get lower where there is little room, so their height must not keep the window high.
        self.rail.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Ignored)
        middle.addWidget(self.rail)
        self.body = QWidget()
        self._pages = QStackedLayout(self.body)
        middle.addWidget(self.body, 1)
        column.addLayout(middle, 1)
        self.statusbar = StatusBar()
        column.addWidget(self.statusbar)

    def prepare(self) -> None:
        """Make the bridge from the workers: those that all windows share, or its own."""
        from terminal.shell.errands import Errands

        self.errands = Errands(self, self.windows)
        self.bridge = self.errands.bridge

    def fill(self) -> None:
        """Build what the first paint did without: icons, palette, messages, shortcuts."""
        if self.errands is None:
            self.prepare()
        from terminal.shell.chrome import EmptyNotice, RailButtons, SourceNotice
        from terminal.shell.files import ask_import
        from terminal.shell.heartbeat import Heartbeat
        from terminal.shell.keeping import Keeper
        from terminal.shell.key_actions import KeyActions
        from terminal.shell.messages import Messages
        from terminal.shell.palette import Palette

        self.messages = Messages(self)
        self.messages.changed.connect(lambda: self.topbar.set_unread(self.messages.unread))
        self.topbar.fill(self.mode)
        self.topbar.search.connect(self.open_palette)
        self.topbar.mode_chosen.connect(self.set_mode)
        self.topbar.messages.connect(lambda: self.open_panel("activity"))
        self.topbar.preferences.connect(lambda: self.open_panel("preferences"))
        self.topbar.index_chosen.connect(self.open_symbol)
        self.topbar.layouts.clicked.connect(self.choose_layout)
        self.topbar.date.opened.connect(self.choose_day)
        self.topbar.date.chosen.connect(lambda group, words: self.travel(words, group))
        self.buttons = RailButtons(self.rail, self.toggle_panel)
        self.notice = SourceNotice(lambda: self.source_asked.emit(False))
        self.empty_notice = EmptyNotice(self.fill_market, lambda: ask_import(self))
        self._notices.addWidget(self.notice)
        self._notices.addWidget(self.empty_notice)
        self.palette_: Palette = Palette(self)
        self.statusbar.cancel.connect(self.cancel_job)
        self.heartbeat = Heartbeat(self)
        self.heartbeat.measured.connect(self.show_gap)
        self.heartbeat.start()
        self.keeper = Keeper(self)
        self.key_actions = KeyActions(self)

    @property
    def app(self) -> App:
        """The App whose market is shown."""
        if self._app is None:
            raise RuntimeError("no market is open")
        return self._app

    @property
    def attached(self) -> bool:
        return self._app is not None

    @property
    def symbol(self) -> str | None:
        return self.workspace.symbol if self.workspace is not None else None

    @property
    def in_front(self) -> bool:
        """Whether this is the window that was used last."""
        return self.windows is None or self.windows.window is self

    def retitle(self) -> None:
        """Name, number if it is not the first, and whether the market is simulated."""
        number = f", window {self.number}" if self.number > 1 else ""
        self.setWindowTitle(f"Tapeline{number}{' (simulated market)' if self._app is not None and self._app.demo else ''}")

    # ---- one market ----

    def attach(self, app: App, notice: str = "") -> None:
        """Show the panels of `app`; `notice` says why this market was chosen, when the user did not."""
        from terminal.shell.shown import ShownMarket
        from terminal.shell.workspace import Workspace

        self._app = app
        self.retitle()
        self.notice.show_market(app.demo, notice)
        self.workspace = Workspace(self, self.state, app.registry.panels())
        self._pages.addWidget(self.workspace.docks.frame)
        self._pages.setCurrentWidget(self.workspace.docks.frame)
        self.buttons.fill(self.workspace.in_rail())
        self.workspace.docks.changed.connect(self._mark_rail)
        self.workspace.docks.entered.connect(self.used)
        self.workspace.travelled.connect(self.show_day)
        self.show_day()
        self.workspace.place(self.keeper.screens)
        self._narrow = None
        self._fit()
        self.statusbar.show_engine("ok", "Ready")
        self.shown = ShownMarket(self, app)
        QTimer.singleShot(0, self, self._mark_rail)
        QTimer.singleShot(0, self, self.filled.emit)

    def detach(self) -> None:
        """Save and let go of the panels; the App may be closed afterwards."""
        self.remember()
        self._release()

    def remember(self) -> None:
        """Put place, layout and the panels' states into the window's memory (`state`), not yet into the file."""
        self.state.set_blob("geometry", bytes(self.saveGeometry().data()))
        if self.workspace is not None:
            self.state.set_place(self.keeper.screens)
            self.workspace.save(self.keeper.screens)

    def place_for(self, screens: str) -> None:
        """The screens have changed: what was last used on these, else the same as before on what is left."""
        geometry = self.state.place(screens)
        if geometry is not None:
            self.restoreGeometry(QByteArray(geometry))
        if self.workspace is not None and self.workspace.place_for(screens):
            self._narrow = None
            self._fit()
            self._mark_rail()

    def _release(self) -> None:
        if self.shown is not None:
            self.shown.close()
            self.shown = None
        if self.workspace is not None:
            self._pages.removeWidget(self.workspace.docks.frame)
            self.workspace.close()
            self.workspace = None
        self._app = None

    def show_page(self, page: QWidget) -> None:
        """Lay a page (the welcome) over the panels."""
        if self._pages.indexOf(page) < 0:
            self._pages.addWidget(page)
        self._pages.setCurrentWidget(page)

    def leave_page(self, page: QWidget) -> None:
        """Take a page away again."""
        self._pages.removeWidget(page)
        page.hide()
        page.deleteLater()
        if self.workspace is not None:
            self._pages.setCurrentWidget(self.workspace.docks.frame)
            QTimer.singleShot(0, self, self._mark_rail)
            QTimer.singleShot(0, self, lambda: self.next_panel(1))

    # ---- what panels ask for ----

    def open_panel(self, panel_id: str, symbol: str | None = None, *, page: str = "", focus: bool = False) -> None:
        """Bring a panel to the front, at one of its pages, with the keyboard in it if `focus`; an unknown panel or page is a
        message, not an error.
        """
        if self.workspace is None:
            return
        if panel_id not in self.workspace.specs:
            self.notify(f"There is no panel called {panel_id}.", "warn")
            return
        self.workspace.open(panel_id, symbol)
        if page:
            self.when_built(panel_id, lambda widget: self._turn_to(widget, page))
        if focus:
            self.when_built(panel_id, lambda _: self.workspace.docks.focus(panel_id) if self.workspace else None)
        self._mark_rail()

    def _turn_to(self, widget: Any, page: str) -> None:
        known = getattr(getattr(widget, "pages", None), "specs", {})
        if page in known:
            widget.show_page(page)
        else:
            self.notify(f"There is no page called {page}. Pages here: {', '.join(known) or 'none'}.", "warn")

    def next_panel(self, step: int) -> None:
        """Move the keyboard to the next visible panel, or the one before."""
        if self.workspace is not None:
            self.workspace.docks.focus_next(step)

    def toggle_panel(self, panel_id: str) -> None:
        """A rail button: bring the panel to the front, or close it when it is there already."""
        if self.workspace is None:
            return
        if self.workspace.docks.current(panel_id):
            self.workspace.docks.close(panel_id)
        else:
            self.open_panel(panel_id)
        self._mark_rail()

    def open_symbol(self, symbol: str) -> None:
        """Look at a symbol: in the first panel of the right side that follows symbols, or wherever one does."""
        if self.workspace is None:
            return
        following = [panel for panel in self.workspace.specs.values() if panel.follows_symbol]
        best = min(following, key=lambda panel: (panel.area != "right", panel.order), default=None)
        if best is not None:
            self.open_panel(best.id, symbol)
        else:
            self.select(symbol, "")

    def select(self, symbol: str, origin: str) -> None:
        if self.workspace is not None:
            self.workspace.select(symbol, origin)

    def has_command(self, command: str) -> bool:
        return self._app is not None and self._app.registry.has(command)

    def notify(self, text: str, level: Literal["info", "ok", "warn", "error"] = "info") -> None:
        self.messages.add(text, level)

    def ask_file(self, title: str, suggested: str, kinds: Sequence[str]) -> str | None:
        """A file name to write to, or None. `kinds` are like "PDF (*.pdf)"."""
        from terminal.shell.files import ask_to_save

        return ask_to_save(self, title, suggested, kinds)

    def panel_failed(self, panel_id: str, problem: BaseException) -> None:
        if self.workspace is not None:
            self.workspace.fail(panel_id, problem)

    def bug(self, problem: BaseException, widget: QWidget | None = None) -> None:
        """An unexpected error: the panel concerned becomes its traceback, anything else a message."""
        panel = self.workspace.docks.owner_of(widget) if self.workspace is not None else None
        if panel is not None:
            QTimer.singleShot(0, self, lambda: self.panel_failed(panel, problem))
        else:
            log.error("unexpected error in the window", exc_info=problem)
            what = f"{type(problem).__name__}: {problem}"
            self.notify(f"Something went wrong inside the program ({what}). The log has the details.", "error")

    # ---- work of the window itself ----

    def work(self, job: Callable[[], Any], then: Callable[[Any], None], key: str = "",
             fail: Callable[[TerminalError], None] | None = None) -> None:
        """Run `job` in a worker and `then(result)` here; expected errors without `fail` become messages."""
        if self.errands is not None:
            self.errands.run(job, then, key, fail)

    def track(self, future: Future[Any]) -> None:
        """Count `future` among what is on its way (`busy`)."""
        if self.errands is not None:
            self.errands.track(future)

    def when_built(self, panel_id: str, call: Callable[[Any], None]) -> None:
        """Call with the panel's widget as soon as it exists."""
        widget = self.workspace.panels.get(panel_id) if self.workspace is not None else None
        if widget is not None:
            call(widget)
        elif self.workspace is not None and panel_id in self.workspace.specs:
            self.workspace.waiting.setdefault(panel_id, []).append(call)

    def fill_market(self, *lists: str) -> None:
        """Fetch a market that holds nothing yet: index funds and the lists named, a short one before the long one."""
        if self.shown is not None:
            self.shown.fill(lists or ("dow30", "sp500"))

    def find_symbols(self, text: str, then: Callable[[list[tuple[str, str, str]]], None]) -> None:
        """Symbols, names and kinds that answer to `text`."""
        if self.shown is not None:
            self.shown.find(text, then)

    def open_palette(self, text: str = "") -> None:
        """Ctrl+K; with something typed already when `text` is given."""
        self.palette_.open(text)

    def cancel_job(self, job: Any) -> None:
        """Ask a running job to stop."""
        if self._app is not None:
            self._app.cancel(job)

    def run_command(self, command_id: str, arguments: Mapping[str, Any]) -> None:
        """Run a command by hand; its answer goes to its panel, the result panel or a message."""
        from terminal.shell.runner import run

        run(self, command_id, arguments)

    def ask_command(self, command_id: str, values: Mapping[str, Any] | None = None) -> None:
        """Run a command, asking for its parameters first when it has any; `values` are filled in already."""
        from terminal.shell.runner import ask

        ask(self, command_id, values)

    # ---- size and place ----

    def _mark_rail(self) -> None:
        if self.workspace is not None:
            self.buttons.mark(self.workspace.describe())

    def _fit(self) -> None:
        narrow = self.width() < NARROW
        if self.workspace is not None and narrow != self._narrow:
            self._narrow = narrow
            self.workspace.docks.narrow(narrow)

    def use_layout(self, layout: Layout) -> list[str] | None:
        """Arrange the panels as a layout says; the names of those that are not there, None when it is unusable."""
        if self.workspace is None:
            return None
        unknown = self.workspace.use(layout)
        self._narrow = None
        self._fit()
        self._mark_rail()
        return unknown

    def choose_layout(self) -> None:
        """Open the menu of layouts."""
        from terminal.shell.layout_menu import show

        if self.workspace is not None:
            show(self, self.topbar.layouts)

    def reset_layout(self) -> None:
        """Back to the default layout; the panels keep their content."""
        if self.workspace is not None:
            self.workspace.reset()
            self._narrow = None
            self._fit()
            self._mark_rail()

    # ---- events ----

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._first_paint:
            self._first_paint = False
            QTimer.singleShot(0, self, self.painted.emit)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if hasattr(self, "palette_"):
            self.palette_.place()
            self.messages.place()
        self._fit()

    def restore_place(self) -> None:
        """Put the window where it was; the first time it takes a screen that is too small for it as a whole."""
        from terminal.shell.keeping import restore_place

        restore_place(self)

    def place_beside(self, other: MainWindow) -> None:
        """Put a new window on a screen that has none yet, else a step to the side of `other`."""
        from terminal.shell.keeping import place_beside

        place_beside(self, other)

    @property
    def busy(self) -> bool:
        """Whether something is still on its way to the window."""
        return ((self.errands is not None and self.errands.busy)
                or (self.workspace is not None and self.workspace.busy))

    def come_to_front(self) -> None:
        """Show the window in front of the others."""
        if self.isMinimized():
            self.showNormal()
        self.show()
        self.raise_()
        self.activateWindow()

    def quit(self) -> None:
        """Close this window and the others: the end of the program."""
        if self.windows is not None:
            self.windows.quit()
        else:
            self.close()

    def quit_soon(self) -> None:
        """`quit` at the next turn of the loop, so that whoever asked gets an answer first."""
        QTimer.singleShot(50, self, self.quit)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self.used.emit()

    def closeEvent(self, event: QCloseEvent) -> None:
        self.detach()
        self.state.save()
        self._stop()
        super().closeEvent(event)
        self.closed.emit()

    def abandon(self) -> None:
        """Take the window apart without saving anything (pictures)."""
        self._release()
        self._stop()
        self.hide()
        self.deleteLater()

    def _stop(self) -> None:
        if self.errands is not None:
            self.heartbeat.stop()
            self.keeper.stop()
            self.errands.close()
