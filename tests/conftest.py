"""Hostile surroundings for every test: no network, a home of its own, nothing left behind, no unexpected warning."""

from __future__ import annotations

import contextlib
import gc
import io
import json
import logging
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ["QT_QPA_PLATFORM"] = os.environ.get("TAPELINE_TEST_PLATFORM", "offscreen")
os.environ["PYQTGRAPH_QT_LIB"] = "PySide6"
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the program has it (terminal.memory)
for _name in [name for name in os.environ if name.startswith("TAPELINE_") and name != "TAPELINE_TEST_PLATFORM"]:
    del os.environ[_name]

import hypothesis  # noqa: E402
import pytest  # noqa: E402

from terminal.paths import Home  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOW = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)  # a Friday, two hours after New York's close in winter... 17:00 there
LOOPBACK = ("127.0.0.1", "::1", "localhost")


hypothesis.settings.register_profile("patient", deadline=None)  # no test may depend on how fast a machine is
hypothesis.settings.load_profile("patient")


# No network


class NetworkUsed(AssertionError):
    """A test reached for the network."""


_connect, _connect_ex, _getaddrinfo = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo


def _guard(sock: socket.socket, address: Any) -> None:
    if sock.family in (socket.AF_INET, socket.AF_INET6) and not str(address[0]).startswith("127.") and address[0] not in LOOPBACK:
        raise NetworkUsed(f"a test tried to connect to {address[0]}:{address[1]}")


def _guarded_connect(sock: socket.socket, address: Any) -> None:
    _guard(sock, address)
    return _connect(sock, address)


def _guarded_connect_ex(sock: socket.socket, address: Any) -> int:
    _guard(sock, address)
    return _connect_ex(sock, address)


def _guarded_getaddrinfo(host: Any, *rest: Any, **named: Any) -> Any:
    name = host.decode() if isinstance(host, bytes) else host
    if name is not None and not str(name).startswith("127.") and name not in (*LOOPBACK, ""):
        raise socket.gaierror(socket.EAI_NONAME, f"no network in tests: {name}")
    return _getaddrinfo(host, *rest, **named)


socket.socket.connect = _guarded_connect  # type: ignore[method-assign,assignment]
socket.socket.connect_ex = _guarded_connect_ex  # type: ignore[method-assign,assignment]
socket.getaddrinfo = _guarded_getaddrinfo


# Nothing unexpected, nothing left behind


class _Records(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


class Expected:
    """What a test said would be warned about."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def __call__(self, text: str) -> None:
        """Allow log records of level WARNING and up, and Python warnings, that contain `text`."""
        self.texts.append(text)

    def covers(self, message: str) -> bool:
        return any(text in message for text in self.texts)


@pytest.fixture
def expect_warning() -> Expected:
    """Call it with a part of each warning that the test provokes."""
    return Expected()


@pytest.fixture(autouse=True)
def _no_warnings(request: pytest.FixtureRequest, expect_warning: Expected) -> Iterator[None]:
    handler = _Records()
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("default")
            yield
    finally:
        root.removeHandler(handler)
    if request.node.get_closest_marker("warns"):
        return
    own = ("terminal", "plugins")
    unexpected = [f"{record.name}: {record.getMessage()}" for record in handler.records
                  if record.name.partition(".")[0] in own and not expect_warning.covers(record.getMessage())]
    here = str(Path(__file__).parent.parent)
    unexpected += [f"{one.category.__name__}: {one.message} ({one.filename}:{one.lineno})" for one in caught
                   if str(one.filename).startswith(here) and not expect_warning.covers(str(one.message))]
    if unexpected:
        pytest.fail("unexpected warnings:\n" + "\n".join(unexpected), pytrace=False)


_KEPT = ("pytest", "ThreadPoolExecutor", "QueueFeederThread", "QtTest", "Dummy", "polars", "chain-archive")


@pytest.fixture(autouse=True)
def _nothing_left(request: pytest.FixtureRequest) -> Iterator[None]:
    threads = set(threading.enumerate())
    widgets, timers = _qt_objects()
    yield
    left = [thread for thread in threading.enumerate() if thread not in threads and thread.is_alive()
            and not any(word in thread.name for word in _KEPT)]
    deadline = time.monotonic() + 2.0
    for thread in left:
        thread.join(max(0.0, deadline - time.monotonic()))
    left = [thread for thread in left if thread.is_alive()]
    if left:
        pytest.fail(f"threads left behind: {', '.join(thread.name for thread in left)}", pytrace=False)
    after_widgets, after_timers = _qt_objects()
    more = [*(after_widgets - widgets), *(after_timers - timers)]
    if more and "PySide6.QtWidgets" in sys.modules:
        gc.collect()
        _settle()
        after_widgets, after_timers = _qt_objects()
        more = [*(after_widgets - widgets), *(after_timers - timers)]
    if more:
        pytest.fail(f"left behind in Qt: {', '.join(str(name) for _, name in more)}", pytrace=False)


def _qt_objects() -> tuple[set[tuple[int, str]], set[tuple[int, str]]]:
    """Visible top-level widgets and running timers without a living owner."""
    widgets = sys.modules.get("PySide6.QtWidgets")
    application = widgets.QApplication.instance() if widgets else None
    if widgets is None or not isinstance(application, widgets.QApplication):
        return set(), set()
    core = sys.modules["PySide6.QtCore"]
    tops = {(id(widget), f"{type(widget).__name__} {widget.objectName()}") for widget in application.topLevelWidgets()
            if widget.isVisible()}
    timers = {(id(timer), f"QTimer of {type(timer.parent()).__name__}") for timer in application.findChildren(core.QTimer)
              if timer.isActive()}
    return tops, timers


def _settle() -> None:
    core = sys.modules["PySide6.QtCore"]
    application = core.QCoreApplication.instance()
    core.QCoreApplication.sendPostedEvents(None, core.QEvent.Type.DeferredDelete)
    application.processEvents()


# Surroundings


@pytest.fixture(autouse=True)
def _own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever looks for the user's folders finds empty ones, and no keyring of the machine is asked."""
    folder = tmp_path_factory.mktemp("user")
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(folder / name.lower()))
    monkeypatch.setattr("terminal.settings._platform_keyring", lambda: None)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty home."""
    path = tmp_path / "home"
    path.mkdir()
    return Home(path)


def examples(count: int) -> int:
    """On how many examples a property is tried: two fifths of `count`, all of them where CI is set."""
    return count if os.environ.get("CI") else max(10, count * 2 // 5)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """2026-11-20 22:00 UTC (17:00 in New York), until the test sets `.now`."""
    return Clock()


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder that `make` fills, one for all processes of the run: the first to ask makes it, the others wait."""
    base = factory.getbasetemp()
    place = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    done = place.with_suffix(".done")
    try:
        place.with_suffix(".claimed").mkdir()
    except FileExistsError:
        deadline = time.monotonic() + 110
        while not done.exists():
            assert time.monotonic() < deadline, f"whoever makes {name} does not come to an end"
            time.sleep(0.05)
        assert done.read_text("utf-8") == "", done.read_text("utf-8")
        return place
    try:
        make(place)
        done.touch()
    except BaseException as problem:
        done.write_text(f"{name} could not be made: {problem}", "utf-8")
        raise
    return place


@pytest.fixture(scope="session")
def _demo_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the demo market, its companies judged, made once for the whole run; tests work on copies."""
    from terminal.app import App

    def make(folder: Path) -> None:
        app = App(Home(folder), demo=True, clock=Clock())
        app.market.scored()  # kept on disk: a copy need not compute it again
        app.close()

    return once(tmp_path_factory, "demo-master", make)


@pytest.fixture(scope="session")
def _empty_book(_demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose book has its tables and nothing else in them, not even the demo portfolio."""
    from terminal.app import App

    def make(folder: Path) -> None:
        home = Home(folder)
        home.market(True).parent.mkdir(parents=True)
        shutil.copy(Home(_demo_home).market(True), home.market(True))
        App(home, demo=True, clock=Clock()).close()

    return once(tmp_path_factory, "empty-book", make)


@pytest.fixture(scope="session")
def _live_market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty live market: a file with its tables."""
    from terminal.app import App

    home = Home(tmp_path_factory.mktemp("live-master"))
    App(home, demo=False, clock=Clock()).close()
    return home.market(False)


@pytest.fixture
def live_home(home: Home, _live_market: Path) -> Home:
    """An empty home whose live market has its tables: making them takes longer than many a test."""
    shutil.copy(_live_market, home.market(False))
    return home


@pytest.fixture
def portfolio_home(_demo_home: Path, tmp_path: Path) -> Home:
    """A home with a filled demo market and the demo portfolio in its book, as a user finds it."""
    target = tmp_path / "demo-home"
    shutil.copytree(_demo_home, target)
    return Home(target)


@pytest.fixture
def demo_home(portfolio_home: Home, _empty_book: Path) -> Home:
    """A home with a filled demo market of its own and an empty book."""
    shutil.copy(Home(_empty_book).book(True), portfolio_home.book(True))
    return portfolio_home


@pytest.fixture
def portfolio_app(portfolio_home: Home, clock: Clock) -> Iterator[Any]:
    """An App over a filled demo market with the demo portfolio."""
    from terminal.app import App

    opened = App(portfolio_home, demo=True, clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def app(demo_home: Home, clock: Clock) -> Iterator[Any]:
    """An App over a filled demo market, with an empty book."""
    from terminal.app import App

    opened = App(demo_home, demo=True, clock=clock)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with recorded answers of the real services, beside the repository."""
    folder = Path(__file__).resolve().parent.parent.parent / "shared"
    if not (folder / "payloads" / "INDEX.tsv").is_file():
        pytest.skip("the recorded answers (../shared/payloads) are not here")
    return folder


class Replay:
    """A server on loopback that answers as the real services were recorded; `url` has no slash at its end."""

    def __init__(self, tool: Path) -> None:
        self._process = subprocess.Popen([sys.executable, str(tool)], stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.port = int(json.loads(self._process.stdout.readline())["port"])
        self.url = f"http://127.0.0.1:{self.port}"

    def fault(self, **fault: Any) -> None:
        """Answer wrongly. provider=, match=, kind=status|html|empty|truncate|garbage|slow|hang|drop, status=, times=, seconds="""
        self._ask("POST", "/__faults__", json.dumps(fault).encode())

    def clear(self) -> None:
        """No more faults, an empty log."""
        self._ask("DELETE", "/__faults__")
        self._ask("DELETE", "/__log__")

    def log(self) -> list[dict[str, Any]]:
        """Every request since the start or the last `clear`."""
        return list(json.loads(self._ask("GET", "/__log__")))

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(5)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        asked = urllib.request.Request(self.url + path, data=body, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(asked, timeout=10) as answer:
            return bytes(answer.read())


@pytest.fixture(scope="session")
def _replay(shared: Path) -> Iterator[Replay]:
    server = Replay(shared / "tools" / "replay.py")
    yield server
    server.close()


@pytest.fixture
def replay(_replay: Replay) -> Iterator[Replay]:
    """The replay server, without faults and with an empty log."""
    _replay.clear()
    yield _replay
    _replay.clear()


@pytest.fixture
def run_cli(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run `python -m terminal ARGS` as a process of its own in `tmp_path`; `env` adds to the environment."""
    def run(*args: str, env: dict[str, str] | None = None, stdin: str = "",
            timeout: float = 60) -> subprocess.CompletedProcess[str]:
        root = str(Path(__file__).resolve().parent.parent)
        surroundings = {**os.environ, "PYTHONPATH": root, "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
                        "DBUS_SESSION_BUS_ADDRESS": "disabled:", **(env or {})}
        return subprocess.run([sys.executable, "-m", "terminal", *args], capture_output=True, text=True, cwd=tmp_path,
                              env=surroundings,
                              input=stdin, timeout=timeout, check=False)

    return run


@pytest.fixture
def type_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., subprocess.CompletedProcess[str]]:
    """What `run_cli` does, without a process of its own: for tests of what is answered, not of how a process lives."""
    from terminal import cli

    def no_window(options: cli.Options) -> int:
        raise AssertionError("the command line opened a window")

    def run(*args: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        out, err = io.StringIO(), io.StringIO()
        with monkeypatch.context() as patched, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            patched.chdir(tmp_path)
            patched.setattr(sys, "stdin", io.StringIO(stdin))
            code = cli.main(list(args), no_window)
        return subprocess.CompletedProcess(args, code, out.getvalue(), err.getvalue())

    return run
