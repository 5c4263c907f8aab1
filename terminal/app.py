"""The composition root, shared by window, command line and tests: store, providers, services, registry, running commands.

`Session` is one process's hold on a home: the lock, the channel for other processes, settings, plugins, and the live and
the demo `App`, each opened when first asked for. `App` is one market with its book.
"""

from __future__ import annotations

import collections
import contextlib
import itertools
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, wait
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from terminal import instance, locales, log, memory, paths
from terminal.commands import UsageError
from terminal.domain.format import use
from terminal.domain.sourced import Table
from terminal.errors import Cancelled, Corrupt, Locked, NewerStore, TerminalError, UserError
from terminal.events import Events
from terminal.registry import Registry, find_registry
from terminal.services.explain import Explain
from terminal.settings import Settings
from terminal.workers import Workers

if TYPE_CHECKING:
    from pathlib import Path

    from terminal.api import PluginState
    from terminal.commands import Command
    from terminal.domain.sessions import Calendar
    from terminal.paths import Home
    from terminal.services.chain_archive import ChainArchive
    from terminal.services.jobs import Planned, Scheduler
    from terminal.services.market import Market
    from terminal.services.metrics import Exporter
    from terminal.store import Store

T = TypeVar("T")
Clock = Callable[[], datetime]
Progress = Callable[[float | None, str], None]

WORKERS = 8
_QUIET = 0.05  # seconds between two publications of one job's progress
_log = logging.getLogger(__name__)


def system_clock() -> datetime:
    """Now, aware UTC."""
    return datetime.now(UTC)


class Gui(Protocol):
    """How commands marked `gui` reach the UI thread; the window provides it."""

    @property
    def window(self) -> Any:
        """The window that was used last."""

    def call(self, function: Callable[[], T]) -> T:
        """Run `function` on the UI thread and return (or raise) what it does."""
        ...


class Running(Future[Table]):
    """A command under way. `cancel` asks it to stop: it ends with Cancelled at its next progress report."""

    def __init__(self, command: Command, number: int) -> None:
        super().__init__()
        self.command = command
        self.number = number
        self.stop = threading.Event()
        self.interrupt: Callable[[], None] = lambda: None

    def cancel(self) -> bool:
        """Ask the command to stop, and stop what it is reading; True, because asking always works."""
        self.stop.set()
        self.interrupt()
        return True


class CommandContext:
    """What one running command gets (`terminal.api.Context`)."""

    def __init__(self, app: App, *, as_of: date | None, by_hand: bool, report: Progress, stop: threading.Event) -> None:
        self._app = app
        self._report = report
        self._stop = stop
        self.as_of = as_of
        self.by_hand = by_hand
        self.demo = app.demo
        self.home = app.home
        self.settings = app.settings
        self.explain = app.explain

    @property
    def app(self) -> App:
        """The App it belongs to; for the window's own commands, not part of the plugin SDK."""
        return self._app

    @property
    def store(self) -> Store:
        """Market and book files."""
        return self._app.store

    @property
    def market(self) -> Market:
        """The market as commands see it."""
        return self._app.market

    @property
    def archiving(self) -> ChainArchive:
        """What takes option chains over into the archive."""
        return self._app.chain_archive

    @property
    def scheduler(self) -> Scheduler:
        """The jobs that start by themselves."""
        return self._app.scheduler

    @property
    def window(self) -> Any:
        """The main window, None where there is none."""
        return self._app.gui.window if self._app.gui else None

    def now(self) -> datetime:
        """Aware UTC."""
        return self._app.clock()

    def progress(self, fraction: float | None, note: str = "") -> None:
        """Report; raises Cancelled once the user has asked to stop."""
        if self._stop.is_set():
            raise Cancelled
        self._report(None if fraction is None else min(1.0, max(0.0, fraction)), note)

    def publish(self, topic: str, payload: Mapping[str, Any] | None = None) -> None:
        """Tell whoever listens."""
        self._app.events.publish(topic, payload)

    def call(self, command: str, **arguments: Any) -> Table:
        """Run another command inside this one."""
        inner = self._app.registry.command(command)
        return inner.function(self, **inner.bind(arguments))

    def plugins(self) -> Sequence[PluginState]:
        """Every plugin found."""
        return self._app.registry.states()

    def commands(self) -> Mapping[str, Command]:
        """Every command by id."""
        return self._app.registry.commands()


class App:
    """One market with its book: demo or live. Thread safe."""

    def __init__(self, home: Home, demo: bool = False, clock: Clock = system_clock, *, settings: Settings | None = None,
                 registry: Registry | None = None, events: Events | None = None, progress: Progress | None = None) -> None:
        """Open the files; StoreError when they cannot be used. `progress` hears of a demo market made on its first opening."""
        memory.before_polars()
        memory.begin()
        from terminal.services import job_history
        from terminal.store import Store

        instance.prepare(home)
        self.home, self.demo, self.clock = home, bool(demo), clock
        self.events = events or Events()
        self.settings = settings or Settings(home)
        self.settings.changed = lambda key: _changed(self.settings, self.events, key)
        use(locales.wanted(self.settings.get))
        self.registry = registry or find_registry(home, self.settings)
        self.explain = Explain(paths.resource("explain.toml"), self.registry.explanations, home.cache(self.demo) / "words.json")
        self.gui: Gui | None = None
        self._chains: ChainArchive | None = None
        self._chains_lock, self._open = threading.Lock(), False
        self.store: Store = Store(home.market(self.demo), home.book(self.demo), home.backups(self.demo), clock=clock,
                                  archive_path=home.archive(self.demo), publish=self._published,
                                  trust=lambda dataset: _trusted(self.settings, dataset),
                                  migrations=((job_history.OWNER, job_history.STEPS), *self.registry.migrations()))
        self._workers = Workers(WORKERS, self.store.let_go)
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._running: dict[int, Running] = {}
        self._recent: collections.deque[Mapping[str, Any]] = collections.deque(maxlen=200)
        self._market: Market | None = None
        self._scheduler: Scheduler | None = None
        self._exporter: Exporter | None = None
        self._unfollow: Callable[[], None] | None = None
        self._closed = False
        try:
            for plugin, problem in self.store.refused.items():
                self.registry.set_aside(plugin, "its tables cannot be made", problem)
            if self.demo:
                with contextlib.suppress(Corrupt,
                                         NewerStore):  # then whoever reads the market is told; `store` commands still work
                    if fill_demo(self.store, clock, progress or (lambda fraction, note: None), home.cache(True)):
                        self._fill_demo_book()
            self._open = True
        except BaseException:
            self.close()
            raise

    def _fill_demo_book(self) -> None:
        """Let plugins book something to look at in a new demo home; without it the demo works as well."""
        context = self.context(by_hand=False)
        for plugin in self.registry.plugins():
            if not plugin.demo:
                continue
            try:
                context.call(plugin.demo)
            except Exception:
                _log.exception("%s could not be run", plugin.demo)

    @property
    def market(self) -> Market:
        """The market service, made on first use."""
        with self._lock:
            if self._market is None:
                from terminal.services.market import build_market

                keep = self.home.cache(True)
                extend = (lambda ctx: fill_demo(self.store, self.clock, ctx.progress, keep)) if self.demo else None
                self._market = build_market(self.store, self.settings, self.clock, self.demo, home=self.home, extend=extend,
                                            publish=self.events.publish)
            return self._market

    @property
    def chain_archive(self) -> ChainArchive:
        """What takes option chains over into the archive, made on first use."""
        with self._chains_lock:
            if self._chains is None:
                from terminal.services.chain_archive import ChainArchive

                self._chains = ChainArchive(self.store, lambda: self.market, clock=self.clock, demo=self.demo,
                                            setting=self.settings.get, say=self.events.publish)
            return self._chains

    def _published(self, topic: str, payload: Mapping[str, Any]) -> None:
        """What the store has to tell; what lands while the demo market is being made is archived with what lands later."""
        self.events.publish(topic, payload)
        if topic == "market.changed" and self._open and "chains" in payload.get("datasets", ()):
            self.chain_archive.landed(payload)

    @property
    def scheduler(self) -> Scheduler:
        """The jobs of this market, made on first use; they start by themselves only after `scheduler.start()`."""
        with self._lock:
            if self._scheduler is None:
                from terminal.services.jobs import Scheduler

                self._scheduler = Scheduler(self.store, self.settings, self.clock, self._planned, self._run_job, _calendar,
                                            beside=self._background)
            return self._scheduler

    def _background(self, on: bool) -> None:
        """What goes with the schedule: live prices, and the exporter, as long as they are wanted."""
        if on or self._market is not None:
            self.market.live.allow(on and not self._closed)
        with self._lock:
            unfollow, self._unfollow = self._unfollow, None
            if on and not self._closed:
                self._unfollow = self.events.subscribe("settings.changed", self._setting_changed)
        if unfollow is not None:
            unfollow()
        self._export()

    def _setting_changed(self, payload: Mapping[str, Any]) -> None:
        if payload.get("key") == "health.metrics_port" and not self._closed:
            with contextlib.suppress(Cancelled):
                self._workers.submit(self._export)

    def _export(self) -> None:
        """Let Prometheus read, or no longer, as the setting says. What is in the way is told in the log."""
        with self._lock:
            exporter, self._exporter = self._exporter, None
            wanted = self._unfollow is not None
        if exporter is not None:
            exporter.stop()
        port = int(self.settings.get("health.metrics_port")) if wanted else 0
        if not port:
            return
        from terminal.services.metrics import Exporter

        try:
            made = Exporter(port, self.home.run, lambda: self.market.health, lambda: self.scheduler)
        except TerminalError as problem:
            _log.error("%s", problem.sentence())
            return
        with self._lock:
            if self._unfollow is not None:
                self._exporter = made
                return
        made.stop()

    def _planned(self) -> tuple[Planned, ...]:
        from terminal.services.jobs import planned

        declared = ((plugin.id, plugin.jobs) for plugin in self.registry.plugins())
        return planned(declared, lambda command: self.registry.command(command).title, demo=self.demo)

    def _run_job(self, job: Planned) -> Running:
        return self.start(job.command, job.arguments, by_hand=False)

    def context(self, *, as_of: date | None = None, by_hand: bool = True, progress: Progress | None = None,
                stop: threading.Event | None = None) -> CommandContext:
        """A context for code outside a command (tests, the shell)."""
        return CommandContext(self, as_of=as_of, by_hand=by_hand, report=progress or (lambda fraction, note: None),
                              stop=stop or threading.Event())

    def run(self, command_id: str, arguments: Mapping[str, Any] | None = None, *, as_of: date | None = None,
            progress: Progress | None = None, by_hand: bool = True) -> Table:
        """Run a command in the calling thread. UserError for an unknown command or wrong arguments; else what it raises."""
        running, work = self._prepare(command_id, arguments or {}, as_of, progress, by_hand, threading.Event())
        return self._carry_out(running, work, arguments or {})

    def start(self, command_id: str, arguments: Mapping[str, Any] | None = None, *, as_of: date | None = None,
              progress: Progress | None = None, by_hand: bool = True, stop: threading.Event | None = None) -> Running:
        """Run a command in a worker. Wrong calls raise at once; everything later is in the returned future."""
        running, work = self._prepare(command_id, arguments or {}, as_of, progress, by_hand, stop or threading.Event())

        def task() -> None:
            try:
                running.set_result(self._carry_out(running, work, arguments or {}))
            except BaseException as problem:
                running.set_exception(problem)

        self._workers.submit(task)
        return running

    def cancel(self, number: int) -> bool:
        """Ask the command with this number (the `id` of `job.changed`) to stop; False when it is not running."""
        with self._lock:
            running = self._running.get(number)
        return running.cancel() if running is not None else False

    def jobs(self) -> tuple[Mapping[str, Any], ...]:
        """The latest `job.changed` payload of recent commands, oldest first."""
        with self._lock:
            return tuple(self._recent)

    @property
    def idle(self) -> bool:
        """Whether no command is running or waiting to run."""
        with self._lock:
            return not self._running and not self._workers.pending

    def close(self) -> None:
        """Cancel what runs, wait at most a second for it, and close the files with a checkpoint."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            running = tuple(self._running.values())
            scheduler = self._scheduler
        if scheduler is not None:
            scheduler.close()
        for one in running:
            one.cancel()
        self._open = False
        if self._chains is not None:
            self._chains.close()
        self._workers.close(1.0)
        closing = getattr(self._market, "close", None)
        if closing:
            closing()
        self.store.close()

    def _prepare(self, command_id: str, arguments: Mapping[str, Any], as_of: date | None, progress: Progress | None,
                 by_hand: bool,
                 stop: threading.Event) -> tuple[Running, Callable[[], Table]]:
        command = self.registry.command(command_id)
        bound = command.bind(arguments)
        if as_of is not None and as_of > self.clock().date():
            raise UsageError(f"{as_of} is still to come.", f"Give a day up to {self.clock().date()}.")
        running = Running(command, next(self._numbers))
        running.stop = stop
        last = 0.0

        def report(fraction: float | None, note: str) -> None:
            nonlocal last
            if progress:
                progress(fraction, note)
            if time.monotonic() - last >= _QUIET or fraction == 1.0:
                last = time.monotonic()
                self._tell(running, "running", fraction, note)

        context = CommandContext(self, as_of=as_of, by_hand=by_hand, report=report, stop=stop)

        def work() -> Table:
            if stop.is_set():
                raise Cancelled
            if command.gui and self.gui is not None:
                return self.gui.call(lambda: command.function(context, **bound))
            return command.function(context, **bound)

        return running, work

    def _carry_out(self, running: Running, work: Callable[[], Table], arguments: Mapping[str, Any]) -> Table:
        with self._lock:
            if self._closed:
                raise Cancelled
            self._running[running.number] = running
            mine = threading.get_ident()
            running.interrupt = lambda: self.store.interrupt(mine)
            if running.stop.is_set():
                self._running.pop(running.number)
                raise Cancelled
        self._tell(running, "running", None, "")
        state, note, refused = "failed", "", False
        try:
            table = work()
            state = "done"
            if running.command.writes or table.undo is not None:
                self.events.publish("undo.offered", {"id": running.number, "command": running.command.id, "demo": self.demo,
                                                     "arguments": arguments, "undo": table.undo})
            return table
        except Cancelled:
            state = "cancelled"
            raise
        except TerminalError as problem:
            note, refused = problem.sentence(), isinstance(problem, UserError)
            raise
        except Exception as problem:
            note = f"{type(problem).__name__}: {problem}"
            _log.exception("%s failed", running.command.id)
            raise
        finally:
            with self._lock:
                self._running.pop(running.number, None)
                running.interrupt = lambda: None  # this thread goes on with another command
            self._tell(running, state, 1.0 if state == "done" else None, note, refused)

    def _tell(self, running: Running, state: str, fraction: float | None, note: str, refused: bool = False) -> None:
        payload = {"id": running.number, "command": running.command.id, "title": running.command.title,
                   "long": running.command.long,
                   "fraction": fraction, "note": note, "state": state, "demo": self.demo, "refused": refused}
        with self._lock:
            for position in range(len(self._recent) - 1, -1, -1):
                if self._recent[position]["id"] == running.number:
                    self._recent[position] = payload
                    break
            else:
                self._recent.append(payload)
        self.events.publish("job.changed", payload)


def fill_demo(store: Store, clock: Clock, progress: Progress, keep: Path | None = None) -> int:
    """Bring the demo market up to the newest finished session; returns the number of rows that came, 0 when it was there.

    A first filling that was cut short is done again: what is stored last tells whether it was finished. `keep`: where the
    newest session waits for whoever asks for quotes and chains.
    """
    from terminal.providers.demo import DemoProvider
    from terminal.providers.demo.provider import SEEDED

    whole = store.market.freshness(SEEDED[-1]).height > 0
    newest = store.market.freshness("bars")["newest"].max() if whole else None
    last = _calendar().last_session(clock())
    if isinstance(newest, date) and newest >= last:
        return 0
    since = newest if isinstance(newest, date) else None
    return DemoProvider(clock, keep=keep).seed(store.market.save, progress=progress, since=since)


def _changed(settings: Settings, events: Events, key: str) -> None:
    """A setting was changed: what is written from now on follows it before anybody is told."""
    if key in (locales.LOCALE, locales.CLOCK):
        use(locales.wanted(settings.get))
    events.publish("settings.changed", {"key": key})


def _trusted(settings: Settings, dataset: str) -> tuple[str, ...] | None:
    from terminal.providers.live import preferred

    return preferred(settings, "trust", dataset)


def _calendar() -> Calendar:
    from terminal.domain.sessions import Calendar

    return Calendar.parse(paths.data_file("sessions.csv").read_text("utf-8"))


class Session:
    """This process's hold on a home. `Locked` when another one has it; StoreError when the home cannot be written."""

    def __init__(self, home: Home, *, doing: str = "a window", serve: bool = True, clock: Clock = system_clock,
                 lock: instance.Lock | None = None, settings: Settings | None = None, registry: Registry | None = None) -> None:
        self.home, self.clock = home, clock
        self._hold = lock or instance.Lock(home)
        self._lock = threading.RLock()
        self._apps: dict[bool, App] = {}
        self._server: instance.Server | None = None
        self._gui: Gui | None = None
        self._ui_thread: int | None = None
        self._default: bool | None = None
        self._closing = False
        self._stop_log: Callable[[], None] = lambda: None
        try:
            self.events = Events()
            self.settings = settings or Settings(home)
            self.settings.changed = lambda key: _changed(self.settings, self.events, key)
            use(locales.wanted(self.settings.get))
            self._stop_log = log.start(home.logs, self.settings.known_secrets)
            self.registry = registry or find_registry(home, self.settings)
            if serve:
                self._server = instance.Server(home, doing, self._answer)
            else:
                instance.write_owner(home, doing)
        except BaseException:
            self.close()
            raise

    @property
    def gui(self) -> Gui | None:
        """The way to the UI thread; the window sets it."""
        return self._gui

    @gui.setter
    def gui(self, gui: Gui | None) -> None:
        """Set on the UI thread, which may not use the stores from then on."""
        with self._lock:
            self._gui = gui
            self._ui_thread = threading.get_ident() if gui is not None else None
            for app in self._apps.values():
                self._introduce(app)

    def _introduce(self, app: App) -> None:
        app.gui = self._gui
        app.store.forbid_thread(self._ui_thread)

    @property
    def default(self) -> bool:
        """Whether commands that do not say which market they mean get the demo: as set, else as the first App opened here,
        else as the setting `market.source` has it.
        """
        if self._default is not None:
            return self._default
        return next(iter(self._apps), self.settings.get("market.source") == "demo")

    @default.setter
    def default(self, demo: bool) -> None:
        self._default = demo

    def app(self, demo: bool | None = None, progress: Progress | None = None) -> App:
        """The demo or the live App (None: the default one), opened if need be. Cancelled when the session is being closed."""
        def report(fraction: float | None, note: str) -> None:
            if self._closing:
                raise Cancelled
            if progress:
                progress(fraction, note)

        with self._lock:
            wanted = self.default if demo is None else demo
            if wanted not in self._apps:
                report(None, "")
                self._apps[wanted] = App(self.home, wanted, self.clock, settings=self.settings, registry=self.registry,
                                         events=self.events, progress=report)
                self._introduce(self._apps[wanted])
            return self._apps[wanted]

    def let_go(self, demo: bool) -> bool:
        """Close one market, unless a command runs in it; True when it is closed. It opens again when it is asked for."""
        with self._lock:
            app = self._apps.get(demo)
            if app is None:
                return True
            if not app.idle:
                return False
            del self._apps[demo]
            app.close()
            return True

    def drain(self) -> None:
        """Take no more requests from other processes, and finish those under way."""
        if self._server:
            self._server.drain()

    def close(self) -> None:
        """End everything within two seconds: requests, commands, files (checkpointed), and last the lock."""
        self._closing = True
        try:
            if self._server:
                self._server.close()
            with self._lock:
                apps = tuple(self._apps.values())
                self._apps.clear()
            for app in apps:
                app.close()
        finally:
            self._stop_log()
            self._hold.release()

    def _answer(self, request: instance.Request, progress: Progress, stop: threading.Event) -> Table:
        command = self.registry.command(request.command)
        if command.gui and self._gui is None:
            raise Locked("No window is open: another command uses the files just now.", "Try again when it is done.")
        with self._lock:  # so that nobody closes the App between the two
            app = self.app(request.demo, progress)
            running = app.start(request.command, request.arguments, as_of=request.as_of, progress=progress, stop=stop)
        while not wait([running], 0.1).done:
            if stop.is_set():
                running.cancel()
        return running.result()


