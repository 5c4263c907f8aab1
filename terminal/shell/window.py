"""The main window: the frame round the panels. Painted empty first, filled by `attach` when an `App` is open."""

from __future__ import annotations

import logging
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import QByteArray, QTimer, Signal
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QMainWindow,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from terminal.shell.statusbar import StatusBar
from terminal.shell.topbar import TopBar
from terminal.ui import theme

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from PySide6.QtGui import QCloseEvent, QPaintEvent, QResizeEvent

    from terminal.api import Mode
    from terminal.app import App
    from terminal.errors import TerminalError
    from terminal.settings import Settings
    from terminal.shell.palette import Entry
    from terminal.shell.state import WindowState
    from terminal.shell.workspace import Workspace

log = logging.getLogger(__name__)
SIZE = (1720, 1000)
NARROW = 1500
RAIL = 50


class MainWindow(QMainWindow):
    """One window over one `App` at a time (`attach`, `detach`)."""

    painted = Signal()
    source_asked = Signal(bool)
    filled = Signal()
    closed = Signal()

    def __init__(self, settings: Settings, state: WindowState) -> None:
        super().__init__()
        self.settings, self.state = settings, state
        self._app: App | None = None
        self.workspace: Workspace | None = None
        self._first_paint = True
        self._unsubscribe: list[Callable[[], None]] = []
        self._work: list[Future[Any]] = []
        self._narrow: bool | None = None
        self.setWindowTitle("Tapeline")
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
        self.rail.setFixedWidth(RAIL)
        middle.addWidget(self.rail)
        self.body = QWidget()
        self._pages = QStackedLayout(self.body)
        middle.addWidget(self.body, 1)
        column.addLayout(middle, 1)
        self.statusbar = StatusBar()
        column.addWidget(self.statusbar)

    def prepare(self) -> None:
        """Make the workers and the bridge from them, so that the store can be opened while the rest is built."""
        from terminal.app import Workers
        from terminal.ui.task import Bridge

        self._workers = Workers(3)
        self.bridge = Bridge(self, on_error=lambda _, problem: self.notify(problem.sentence(), "error"), on_bug=self.bug)

    def fill(self) -> None:
        """Build what the first paint did without: icons, palette, messages, shortcuts."""
        if not hasattr(self, "_workers"):
            self.prepare()
        from terminal.shell.chrome import RailButtons, SourceNotice, shortcuts
        from terminal.shell.heartbeat import Heartbeat
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
        self.buttons = RailButtons(self.rail, self.toggle_panel)
        self.notice = SourceNotice(lambda: self.source_asked.emit(False))
        self._notices.addWidget(self.notice)
        self.palette_: Palette = Palette(self)
        self.statusbar.cancel.connect(self.cancel_job)
        self.heartbeat = Heartbeat(self)
        self.heartbeat.measured.connect(lambda: self.statusbar.show_gap(self.heartbeat.gap()))
        self.heartbeat.start()
        self._market_timer = QTimer(self)
        self._market_timer.setInterval(60_000)
        self._market_timer.timeout.connect(self.read_market)
        shortcuts(self)

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
    def mode(self) -> Mode:
        return "pro" if self.settings.get("mode") == "pro" else "newbie"

    @property
    def symbol(self) -> str | None:
        return self.workspace.symbol if self.workspace is not None else None

    # ---- one market ----

    def attach(self, app: App, notice: str = "") -> None:
        """Show the panels of `app`; `notice` says why this market was chosen, when the user did not."""
        from terminal.shell.workspace import Workspace

        self._app = app
        self.setWindowTitle("Tapeline (simulated market)" if app.demo else "Tapeline")
        self.notice.show_market(app.demo, notice)
        self.workspace = Workspace(self, self.state, app.registry.panels())
        self._pages.addWidget(self.workspace.docks.frame)
        self._pages.setCurrentWidget(self.workspace.docks.frame)
        self.buttons.fill(self.workspace.in_rail())
        self.workspace.docks.changed.connect(self._mark_rail)
        self.workspace.place()
        self._narrow = None
        self._fit()
        for topic, slot in (("market.changed", lambda _: self.read_market()), ("job.changed", self.statusbar.show_job),
                            ("settings.changed", self._setting_changed)):
            self._listen(app, topic, slot)
        self.statusbar.show_engine("ok", "Ready")
        self.read_market()
        self._market_timer.start()
        QTimer.singleShot(0, self, self._mark_rail)
        QTimer.singleShot(0, self, self.filled.emit)

    def _listen(self, app: App, topic: str, slot: Callable[[Mapping[str, Any]], None]) -> None:
        self._unsubscribe.append(app.events.subscribe(topic, lambda payload: self.bridge.post(lambda: slot(payload))))

    def detach(self) -> None:
        """Save and let go of the panels; the App may be closed afterwards."""
        if self.workspace is not None:
            self.workspace.save()
        self._release()

    def _release(self) -> None:
        for stop in self._unsubscribe:
            stop()
        self._unsubscribe.clear()
        if hasattr(self, "_market_timer"):
            self._market_timer.stop()
        if self.workspace is not None:
            self._pages.removeWidget(self.workspace.docks.frame)
            self.workspace.close()
            self.workspace = None
        self._app = None

    def show_page(self, page: QWidget) -> None:
        """Lay a page (the welcome) over the panels."""
        self._pages.addWidget(page)
        self._pages.setCurrentWidget(page)

    def leave_page(self, page: QWidget) -> None:
        """Take a page away again."""
        self._pages.removeWidget(page)
        page.hide()
        page.deleteLater()
        if self.workspace is not None:
            self._pages.setCurrentWidget(self.workspace.docks.frame)

    # ---- what panels ask for ----

    def open_panel(self, panel_id: str, symbol: str | None = None) -> None:
        """Bring a panel to the front; an unknown one is a message, not an error."""
        if self.workspace is None:
            return
        if panel_id not in self.workspace.specs:
            self.notify(f"There is no panel called {panel_id}.", "warn")
            return
        self.workspace.open(panel_id, symbol)
        self._mark_rail()

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
        return self._app is not None and command in self._app.registry.commands()

    def notify(self, text: str, level: Literal["info", "ok", "warn", "error"] = "info") -> None:
        self.messages.add(text, level)

    def ask_file(self, title: str, suggested: str, kinds: Sequence[str]) -> str | None:
        """A file name to write to, or None. `kinds` are like "PDF (*.pdf)"."""
        folder = self.app.home.exports if self._app is not None else None
        start = str(folder / suggested) if folder is not None and folder.is_dir() else suggested
        name, _ = QFileDialog.getSaveFileName(self, title, start, ";;".join(kinds))
        return name or None

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
        call = self.bridge.run(self, lambda _: self._submit(job), then=then, fail=fail, key=key)
        if call.future is not None:
            self.track(call.future)

    def _submit(self, job: Callable[[], Any]) -> Future[Any]:
        future: Future[Any] = Future()

        def task() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(job())
            except BaseException as problem:
                future.set_exception(problem)

        self._workers.submit(task)
        return future

    def track(self, future: Future[Any]) -> None:
        """Count `future` among what is on its way (`busy`)."""
        self._work = [each for each in (*self._work, future) if not each.done()]

    def when_built(self, panel_id: str, call: Callable[[Any], None]) -> None:
        """Call with the panel's widget as soon as it exists."""
        widget = self.workspace.panels.get(panel_id) if self.workspace is not None else None
        if widget is not None:
            call(widget)
        elif self.workspace is not None and panel_id in self.workspace.specs:
            self.workspace.waiting.setdefault(panel_id, []).append(call)

    def read_market(self) -> None:
        """Bring index strip and status bar up to date."""
        if self._app is not None:
            from terminal.shell.overview import read

            app = self._app
            self.work(lambda: read(app), self._show_market, key="overview")

    def _show_market(self, overview: Any) -> None:
        for quote in overview.quotes:
            self.topbar.indexes[quote.symbol].show_quote(quote)
        self.statusbar.show_market(overview.age, overview.age_detail)
        self.statusbar.show_sources(*overview.sources)

    def find_symbols(self, text: str, then: Callable[[list[tuple[str, str, str]]], None]) -> None:
        """Symbols, names and kinds that answer to `text`."""
        if self._app is not None:
            from terminal.shell.overview import find

            app = self._app
            self.work(lambda: find(app, text), then, key="symbols")

    def open_palette(self, text: str = "") -> None:
        """Ctrl+K; with something typed already when `text` is given."""
        self.palette_.open(text)

    def entries(self) -> list[Entry]:
        """What the palette offers besides symbols."""
        from terminal.shell.entries import entries

        return entries(self)

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

    # ---- mode, theme, size ----

    def set_mode(self, mode: str) -> None:
        """Newbie or Pro, at once and for the next start."""
        self.settings.set("mode", mode)
        self.apply_mode()

    def apply_mode(self) -> None:
        self.topbar.set_mode(self.mode)
        if self.workspace is not None:
            self.workspace.set_mode(self.mode)

    def set_look(self, **changes: Any) -> None:
        """Change theme, palette or font size, at once and for the next start."""
        for key, value in changes.items():
            self.settings.set(key, value)
        self.apply_look()

    def apply_look(self) -> None:
        """Dress everything in the theme that the settings name."""
        dress(self.settings)
        self.topbar.retheme()
        self.statusbar.retheme()
        if self.workspace is not None:
            self.workspace.docks.retheme()
            self.workspace.each("retheme")

    def _setting_changed(self, payload: Mapping[str, Any]) -> None:
        key = payload.get("key")
        if key == "mode" and self.topbar.segment.value != self.mode:
            self.apply_mode()
        elif key in ("theme", "palette", "font_size"):
            found = theme.current()
            wanted = (self.settings.get("theme"), self.settings.get("palette"), self.settings.get("font_size"))
            if found is None or (found.tokens.name, found.tokens.palette, found.font_px) != wanted:
                self.apply_look()

    def _mark_rail(self) -> None:
        if self.workspace is not None:
            self.buttons.mark(self.workspace.describe())

    def _fit(self) -> None:
        narrow = self.width() < NARROW
        if self.workspace is not None and narrow != self._narrow:
            self._narrow = narrow
            self.workspace.docks.narrow(narrow)

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
        """Put the window where it was."""
        geometry = self.state.blob("geometry")
        if geometry is not None:
            self.restoreGeometry(QByteArray(geometry))

    @property
    def busy(self) -> bool:
        """Whether something is still on its way to the window."""
        return any(not future.done() for future in self._work) or (self.workspace is not None and self.workspace.busy)

    def come_to_front(self) -> None:
        """Show the window in front of the others."""
        if self.isMinimized():
            self.showNormal()
        self.show()
        self.raise_()
        self.activateWindow()

    def close_soon(self) -> None:
        """Close at the next turn of the loop, so that whoever asked gets an answer first."""
        QTimer.singleShot(50, self, self.close)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.state.set_blob("geometry", bytes(self.saveGeometry().data()))
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
        if hasattr(self, "_workers"):
            self.heartbeat.stop()
            self._workers.close(1.0)


def dress(settings: Settings) -> None:
    """Apply the theme that the settings name to the application."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme.apply(app, settings.get("theme"), settings.get("palette"), settings.get("font_size"))
