"""`tapeline GROUP VERB ...`: the command line, derived from the commands.

Answers go to standard output (a table, `--json` or `--csv`), everything else to standard error. Exit code 0, 1 for an
expected error (one sentence and what to do), 2 for a wrong call.
"""

from __future__ import annotations

import contextlib
import getpass
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from terminal import __version__, instance, log, memory
from terminal.commands import Command, Parameter, UsageError, parse_tokens
from terminal.errors import Cancelled, Locked, TerminalError
from terminal.instance import defect
from terminal.paths import Home, default_home
from terminal.registry import Registry, find_registry
from terminal.settings import Settings

if TYPE_CHECKING:
    from types import FrameType

    from terminal.domain.sourced import Table

Window = Callable[["Options"], int]
Progress = Callable[[float | None, str], None]

PATIENCE = 0.4  # seconds of work before a progress bar is worth looking at


@dataclass(frozen=True)
class Options:
    """The flags that work with every command. `demo` None: as the settings (or the running window) have it."""

    folder: Path | None = None
    demo: bool | None = None
    as_of: date | None = None
    form: str = "text"
    progress: bool = True
    help: bool = False
    version: bool = False

    @property
    def home(self) -> Home:
        """The chosen home, or the standard one."""
        return Home(self.folder or default_home())


_FLAGS = {
    "--json": "print one JSON object: title, columns, rows, sources, unknown, notes",
    "--csv": "print comma-separated values, with the sources in comment lines",
    "--home DIR": "keep everything in this folder instead of the standard one",
    "--demo": "use the demo market (invented companies; everything says SIMULATED)",
    "--live": "use the real market",
    "--as-of DATE": "answer with what was known at the end of that day (YYYY-MM-DD)",
    "--no-progress": "show no progress bar",
    "--help": "show help for the program, a group or a command",
    "--version": "show the version",
}
_SWITCHES: Mapping[str, Mapping[str, Any]] = {
    "--json": {"form": "json"}, "--csv": {"form": "csv"}, "--demo": {"demo": True}, "--live": {"demo": False},
    "--no-progress": {"progress": False}, "--help": {"help": True}, "-h": {"help": True}, "--version": {"version": True}}


def main(argv: Sequence[str], window: Window) -> int:
    """Run one command line; `window` opens the window when no command is given. Returns the exit code."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    logging.getLogger().addHandler(logging.NullHandler())  # what goes wrong is in the home's log, not between the answers
    try:
        with _terminated():
            return _main(argv, window)
    except UsageError as problem:
        return _complain(problem, 2)
    except TerminalError as problem:
        return _complain(problem, 1)
    except KeyboardInterrupt:
        return _complain(Cancelled(), 1)
    except BrokenPipeError:
        # Whoever read our output has gone (`| head`): not an error, but Python would complain while it ends.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _main(argv: Sequence[str], window: Window) -> int:
    options, argv = take_home(argv)
    try:
        return _carry_on(argv, options, window)
    except (TerminalError, KeyboardInterrupt, BrokenPipeError):
        raise
    except Exception as problem:
        stop = log.start(options.home.logs)
        logging.getLogger(__name__).exception("the command line failed")
        stop()
        raise defect("The command", problem, options.home) from problem


def _carry_on(argv: Sequence[str], options: Options, window: Window) -> int:
    options, head, rest = split(argv, options)
    if options.version:
        print(f"tapeline {__version__}")  # noqa: T201
        return 0
    if not head and not rest and not options.help:
        return window(options)
    settings = Settings(options.home)
    registry = find_registry(options.home, settings)
    command, rest = choose(registry, head, rest, options.help)
    if command is not None:
        options, rest = take_globals(command, rest, options)
    if command is None or options.help:
        sys.stdout.write(describe(registry, head[0] if head else "", command))
        return 0
    arguments = parse_tokens(command, rest)
    arguments |= _ask_secrets(command, arguments)
    portable = command.to_json(command.bind(arguments))
    bar = ProgressBar(options.progress)
    try:
        execute(command, portable, options, settings, registry, bar)
    finally:
        bar.stop()
    return 0


def _complain(problem: TerminalError, code: int) -> int:
    with contextlib.suppress(OSError, ValueError):
        print(f"tapeline: {problem.sentence()}", file=sys.stderr)  # noqa: T201
    return code


@contextlib.contextmanager
def _terminated() -> Iterator[None]:
    """Being asked to end (SIGTERM) is treated like Ctrl-C: cancel, close, checkpoint."""
    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


# Reading the line


def take_home(argv: Sequence[str]) -> tuple[Options, list[str]]:
    """Take `--home` out wherever it stands: the home's own plugins decide which commands there are."""
    end = argv.index("--") if "--" in argv else len(argv)
    kept, queue, options = [], list(argv[:end]), Options()
    while queue:
        taken = _global(options, queue) if queue[0].partition("=")[0] == "--home" else None
        if taken is None:
            kept.append(queue.pop(0))
        else:
            options = taken
    return options, [*kept, *argv[end:]]


def split(argv: Sequence[str], options: Options) -> tuple[Options, list[str], list[str]]:
    """Global flags up to the second word, the first two words, and everything after them."""
    queue = list(argv)
    head: list[str] = []
    while queue and len(head) < 2 and queue[0] != "--":
        if not queue[0].startswith("-"):
            head.append(queue.pop(0))
            continue
        taken = _global(options, queue)
        if taken is None:
            if not head:
                raise UsageError(f"There is no option {queue[0]}.", "See: tapeline --help")
            break
        options = taken
    return options, head, queue


def take_globals(command: Command, tokens: Sequence[str], options: Options) -> tuple[Options, list[str]]:
    """Take the global flags out of the words after the command. An option of the command's own wins over one of that name."""
    own = {parameter.flag for parameter in command.parameters}
    queue = list(tokens)
    kept: list[str] = []
    while queue and queue[0] != "--":
        taken = None if queue[0].partition("=")[0] in own else _global(options, queue)
        if taken is None:
            kept.append(queue.pop(0))
        else:
            options = taken
    return options, kept + queue


def _global(options: Options, queue: list[str]) -> Options | None:
    """`options` with the global flag at the head of `queue` taken in; None, and nothing taken, when it is not one."""
    name, equals, value = queue[0].partition("=")
    if name in _SWITCHES:
        if equals:
            raise UsageError(f"{name} takes no value.", f"Write just {name}.")
        queue.pop(0)
        return replace(options, **_SWITCHES[name])
    wanted = {"--home": "Give a folder.", "--as-of": "Give a date like 2026-01-31."}
    if name not in wanted:
        return None
    queue.pop(0)
    if not equals and queue and not queue[0].startswith("--"):
        value = queue.pop(0)
    if not value:
        raise UsageError(f"{name} needs a value.", wanted[name])
    if name == "--home":
        return replace(options, folder=Path(value).expanduser().absolute())
    try:
        if len(value) != 10:
            raise ValueError
        return replace(options, as_of=date.fromisoformat(value))
    except ValueError:
        raise UsageError(f"--as-of cannot be {value!r}.", wanted[name]) from None


def choose(registry: Registry, head: list[str], rest: list[str], helping: bool) -> tuple[Command | None, list[str]]:
    """The command that the first words name, and what is left for it; None when help for program or group is wanted."""
    if not head:
        if rest:
            raise UsageError(f"There is no command {rest[0]!r}.", "See: tapeline --help")
        return None, rest
    group, verb = head[0], head[1].replace("-", "_") if len(head) > 1 else ""
    verbs = registry.group(group)
    if not verbs:
        raise registry.unknown(f"{group}.{verb}".strip("."))
    if verb in verbs:
        return verbs[verb], rest
    if set(verbs) == {"run"} and not (helping and not verb):
        return verbs["run"], [*head[1:], *rest]
    if verb:
        raise registry.unknown(f"{group}.{verb}")
    if "--help" in rest or "-h" in rest or helping:
        return None, rest
    raise UsageError(f"{group} needs a verb.",
                     f"One of: {', '.join(_typed(command) for command in verbs.values() if not command.hidden)}.")


def _ask_secrets(command: Command, given: Mapping[str, Any]) -> dict[str, str]:
    """Secrets come from the terminal without echo, or as a line of standard input: never from the command line."""
    found = {}
    for parameter in command.parameters:
        if not parameter.secret or parameter.name in given:
            continue
        try:
            asked = f"{parameter.help.rstrip('.') or parameter.name}: "
            text = getpass.getpass(asked) if sys.stdin.isatty() else sys.stdin.readline()
        except EOFError:
            text = ""
        if not text.strip():
            raise UsageError(f"{command.id} needs {parameter.name}.",
                             "Type it when asked, or send it as a line on standard input.")
        found[parameter.name] = text.strip()
    return found


# Help


def describe(registry: Registry, group: str = "", command: Command | None = None) -> str:
    """Help for the program, a group, or one command."""
    if command is not None:
        return _describe_command(command)
    if group:
        verbs = [verb for verb in registry.group(group).values() if not verb.hidden]
        lines = [f"tapeline {group} VERB [arguments]", ""]
        return "\n".join([*lines, *_columns([(_typed(verb), verb.title) for verb in verbs]), "",
                          f"Details: tapeline {group} VERB --help", ""])
    groups: dict[str, list[Command]] = {}
    for one in registry.commands().values():
        if not one.hidden:
            groups.setdefault(one.group, []).append(one)
    rows = [(name, ", ".join(_typed(verb) for verb in verbs)) for name, verbs in sorted(groups.items())]
    return "\n".join([
        "tapeline: a research terminal on your own machine.", "",
        "tapeline                        open the window", "tapeline GROUP VERB [arguments]  run one command", "",
        "Groups and their verbs:", *_columns(rows), "", "With every command:", *_columns(list(_FLAGS.items())), "",
        "Details: tapeline GROUP --help, tapeline GROUP VERB --help", ""])


def _typed(command: Command) -> str:
    return command.verb.replace("_", "-")


def _describe_command(command: Command) -> str:
    shown = [parameter for parameter in command.parameters if not parameter.secret]
    positional = [parameter for parameter in shown if parameter.positional]
    options = [parameter for parameter in shown if not parameter.positional]
    usage = " ".join([f"tapeline {command.group}",
                      *([] if command.verb == "run" and command.group == "doctor" else [_typed(command)]),
                      *(_placeholder(parameter) for parameter in positional), *(["[options]"] if options else [])])
    lines = [usage, "", command.title + ".", "", command.doc]
    if positional:
        lines += ["", "Arguments:", *_columns([(_metavar(parameter), _help(parameter)) for parameter in positional])]
    if options:
        lines += ["", "Options:", *_columns([(_option(parameter), _help(parameter)) for parameter in options])]
    if secret := [parameter for parameter in command.parameters if parameter.secret]:
        lines += ["", *(f"{parameter.name} is asked for, or read from standard input; it is never typed on the command line."
                        for parameter in secret)]
    return "\n".join([*lines, "", f"Also: {' '.join(flag for flag in _FLAGS if flag != '--version')}", ""])


def _metavar(parameter: Parameter) -> str:
    return parameter.metavar or parameter.name.upper()


def _placeholder(parameter: Parameter) -> str:
    text = _metavar(parameter) + (" ..." if parameter.many else "")
    return text if parameter.required else f"[{text}]"


def _option(parameter: Parameter) -> str:
    if parameter.type is bool:
        return f"--no-{parameter.flag[2:]}" if parameter.default is True else parameter.flag
    words = {str: "TEXT", int: "N", float: "X", Path: "FILE", date: "DATE"}
    return f"{parameter.flag} {parameter.metavar or words[parameter.type]}"


def _help(parameter: Parameter) -> str:
    text = parameter.help
    if parameter.choices:
        text += f" One of: {', '.join(choice for choice in parameter.choices if choice)}."
    if parameter.many and not parameter.positional:
        text += " May be given several times."
    if parameter.required:
        return text if parameter.positional else f"{text} (required)"
    return text if parameter.type is bool or parameter.default in (None, "", ()) else f"{text} [{_shown(parameter.default)}]"


def _shown(value: Any) -> str:
    return ", ".join(str(item) for item in value) if isinstance(value, tuple) else str(value)


def _columns(rows: Sequence[tuple[str, str]]) -> list[str]:
    import shutil
    import textwrap

    left = min(28, max((len(name) for name, _ in rows), default=0))
    room = max(40, min(110, shutil.get_terminal_size().columns) - left - 4)
    lines = []
    for name, text in rows:
        first, *more = textwrap.wrap(text, room) or [""]
        if len(name) > left:
            lines.append(f"  {name}")
            name = ""  # noqa: PLW2901
        lines.append(f"  {name.ljust(left)}  {first}".rstrip())
        lines += [" " * (left + 4) + line for line in more]
    return lines


# Carrying out


def execute(command: Command, arguments: Mapping[str, Any], options: Options, settings: Settings, registry: Registry,
            bar: ProgressBar) -> None:
    """Run a command here, or in the process that owns the home, and print its answer."""
    deadline = time.monotonic() + instance.WAIT
    while True:
        holder = instance.owner_or_wait(options.home, max(0.0, deadline - time.monotonic()))
        if isinstance(holder, instance.Lock):
            break
        try:
            request = instance.Request(command.id, arguments, options.as_of, options.demo)
            return _print(holder.run(request, bar), options, bar)
        except Locked:  # it ended, or another command holds the files, before it took the request
            if time.monotonic() >= deadline:
                raise
            time.sleep(0.1)
    from terminal.app import Session

    session = Session(options.home, doing=f"tapeline {command.group} {_typed(command)}", serve=command.long, lock=holder,
                      settings=settings, registry=registry)
    session.default = settings.get("market.source") == "demo"
    try:
        try:
            _print(_run_here(session.app(options.demo, bar), command, arguments, options, bar), options, bar)
        except TerminalError as problem:
            if not isinstance(problem, Cancelled):
                session.drain()
            raise
        session.drain()  # other processes' commands that are under way here
    finally:
        session.close()
    return None


def _run_here(app: Any, command: Command, arguments: Mapping[str, Any], options: Options, progress: Progress) -> Table:
    if command.gui:  # Qt wants the main thread
        from terminal import libraries

        if not libraries.platform():
            os.environ["QT_QPA_PLATFORM"] = "offscreen"
        libraries.require()
        memory.before_window()
        table: Table = app.run(command.id, arguments, as_of=options.as_of, progress=progress)
        return table
    running = app.start(command.id, arguments, as_of=options.as_of, progress=progress)
    while True:
        try:
            # A wait without end could not be interrupted on Windows.
            return running.result(timeout=0.5)  # type: ignore[no-any-return]
        except TimeoutError:
            if running.done():
                raise
        except KeyboardInterrupt:
            if running.stop.is_set():
                raise
            running.cancel()


def _print(table: Table, options: Options, bar: ProgressBar) -> None:
    from terminal.output import emit

    bar.stop()
    emit(table, options.form, sys.stdout)


class ProgressBar:
    """A bar on standard error when that is a terminal. It comes when work takes a while, and goes for good on `stop`."""

    def __init__(self, wanted: bool) -> None:
        self._wanted = wanted and sys.stderr.isatty()
        self._lock = threading.Lock()
        self._began = time.monotonic()
        self._bar: Any = None

    def __call__(self, fraction: float | None, note: str) -> None:
        """Show how far the work is."""
        with self._lock:
            if not self._wanted or (self._bar is None and time.monotonic() - self._began < PATIENCE):
                return
            if self._bar is None:
                self._bar = self._start()
            self._bar.update(self._bar.task_ids[0], description=note, total=None if fraction is None else 1.0,
                             completed=fraction or 0.0)

    def stop(self) -> None:
        """Take the bar away for good; the answer is about to be printed."""
        with self._lock:
            self._wanted = False
            if self._bar is not None:
                self._bar.stop()
                self._bar = None

    def _start(self) -> Any:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

        bar = Progress(TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(),
                       console=Console(stderr=True), transient=True, redirect_stdout=False, redirect_stderr=False)
        bar.add_task("", total=None)
        bar.start()
        return bar
