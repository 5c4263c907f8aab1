"""The command line, as a person at a shell meets it."""

from __future__ import annotations

import contextlib
import csv
import importlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from terminal import cli, instance, libraries, output
from terminal.app import Session
from terminal.commands import Parameter, UsageError, commands_of
from terminal.domain.sourced import Column, Source, Table
from terminal.errors import Locked, UserError
from terminal.registry import Registry, fingerprint
from terminal.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from terminal.paths import Home

SAMPLE = '''
"""A plugin for tests."""
from terminal.api import Plugin
PLUGIN = Plugin(id="sample_cli", title="Sample", summary="For tests.", commands=".commands")
'''
SAMPLE_COMMANDS = Path(__file__).with_name("sample_commands.py").read_text("utf-8").replace("sample.echo", "sample_cli.echo")


@pytest.fixture
def sample_home(home: Home) -> Home:
    """A home with an approved plugin that has the sample commands."""
    folder = home.plugins / "sample_cli"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(SAMPLE, "utf-8")
    (folder / "commands.py").write_text(SAMPLE_COMMANDS, "utf-8")
    Settings(home).approve("sample_cli", "", fingerprint(folder))
    return home


def no_window(options: cli.Options) -> int:
    raise AssertionError("the window was opened")


# Reading the line


def test_global_flags_stand_anywhere() -> None:
    options, words = cli.take_home(["--json", "store", "--demo", "check", "--as-of=2026-01-31", "--home", "h", "x", "--",
                                    "--home"])
    options, head, rest = cli.split(words, options)
    assert rest.pop() == "--home"
    assert rest.pop() == "--"
    assert (options.form, options.demo, head, rest) == ("json", True, ["store", "check"], ["--as-of=2026-01-31", "x"])
    assert options.home.path == Path("h").absolute()
    command = Registry().command("doctor.run")
    options, rest = cli.take_globals(command, rest, options)
    assert options.as_of is not None
    assert options.as_of.isoformat() == "2026-01-31"
    assert rest == ["x"]


def test_a_commands_own_option_wins_over_a_global_one() -> None:
    command = commands_of(importlib.import_module("tests.sample_commands"))[0]
    own = next(one for one in Registry().commands().values() if one.id == "doctor.run")
    assert cli.take_globals(command, ["--csv", "hello"], cli.Options())[0].form == "csv"
    exporting = replace(own, parameters=(Parameter("csv", Path, False, None, False),))
    options, rest = cli.take_globals(exporting, ["--csv", "a.csv", "--json", "--", "--demo"], cli.Options())
    assert (options.form, options.demo, rest) == ("json", None, ["--csv", "a.csv", "--", "--demo"])


@pytest.mark.parametrize(("words", "told"), [
    (["--nonsense"], "There is no option --nonsense."),
    (["--home"], "--home needs a value. Give a folder."),
    (["--as-of", "yesterday", "doctor"], "--as-of cannot be 'yesterday'. Give a date like 2026-01-31."),
    (["--as-of=20260131", "doctor"], "--as-of cannot be '20260131'."),
    (["--json=yes", "doctor"], "--json takes no value."),
    (["docter"], "There is no command 'docter'. Did you mean doctor run?"),
    (["preferences", "shwo"], "There is no command 'preferences shwo'. Did you mean preferences show?"),
    (["preferences"], "preferences needs a verb. One of: show, set, reset, keys, key-set, key-forget, plugins, approve."),
    (["doctor", "--nettwork"], "doctor.run has no option --nettwork. Did you mean --network?"),
    (["preferences", "set", "mode"], "preferences.set needs value. Give text."),
])
def test_a_wrong_call_is_one_sentence_and_code_2(home: Home, capsys: pytest.CaptureFixture[str], words: list[str],
                                                 told: str) -> None:
    if "--home" not in words:
        words = ["--home", str(home.path), *words]
    assert cli.main(words, no_window) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert told in err


def test_no_command_opens_the_window(home: Home) -> None:
    seen: list[cli.Options] = []
    assert cli.main(["--home", str(home.path), "--demo"],
                    lambda options: seen.append(options) or 7) == 7  # type: ignore[func-returns-value]
    assert (seen[0].home, seen[0].demo) == (home, True)


def test_help_for_program_group_and_command(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--help"], ["-h"]):
        assert cli.main(words, no_window) == 0
    program = capsys.readouterr().out
    assert "preferences" in program
    assert "--as-of DATE" in program
    for words in (["preferences", "--help"], ["--help", "preferences"]):
        assert cli.main(words, no_window) == 0
    assert "key-set" in capsys.readouterr().out
    for words in (["preferences", "set", "--help"], ["--help", "preferences", "set"], ["preferences", "set", "mode", "--help"]):
        assert cli.main(words, no_window) == 0
        out = capsys.readouterr().out
        assert out.startswith("tapeline preferences set KEY VALUE\n")
        assert "Name of the setting" in out
    assert cli.main(["preferences", "key-set", "--help"], no_window) == 0
    assert "never typed on the command line" in capsys.readouterr().out
    assert cli.main(["--version"], no_window) == 0
    assert capsys.readouterr().out.startswith("tapeline 0.")


# Printing

AT = datetime(2026, 11, 20, 21, 0, tzinfo=UTC)
TABLE = Table("Prices [today]", (Column("symbol", "Ticker"), Column("price", "Price", "number", "USD"),
                                 Column("change", "Change", "number", "fraction"),
                                 Column("flags", "Flags", "list")),
              pl.DataFrame({"symbol": ["A,B", "C"], "price": [1234.5, float("nan")], "change": [0.056, None],
                            "flags": [["x", "y"], []], "_row": [1, 2]}),
              (Source("demo", "bars", AT, AT, False, True),), ("C: no [price] yet",), ("A note.",))


def printed(table: Table, form: str) -> str:
    stream = io.StringIO()
    output.emit(table, form, stream)
    return stream.getvalue()


def test_json_is_one_object_with_null_for_unknown() -> None:
    answer = json.loads(printed(TABLE, "json"), parse_constant=pytest.fail)
    assert list(answer) == ["title", "columns", "rows", "sources", "unknown", "notes"]
    assert answer["rows"] == [{"symbol": "A,B", "price": 1234.5, "change": 0.056, "flags": ["x", "y"]},
                              {"symbol": "C", "price": None, "change": None, "flags": []}]
    assert answer["columns"][1] == {"name": "price", "title": "Price", "type": "number", "unit": "USD", "term": ""}
    assert answer["sources"] == [{"provider": "demo", "endpoint": "bars", "as_of": "2026-11-20T21:00:00+00:00",
                                  "fetched_at": "2026-11-20T21:00:00+00:00", "delayed": False, "simulated": True}]


def test_csv_says_what_is_simulated_and_where_it_is_from() -> None:
    lines = printed(TABLE, "csv").splitlines()
    assert lines[0].startswith("# SIMULATED")
    assert lines[1] == "# source: demo bars, as of 20 Nov 2026, 16:00 ET, fetched 20 Nov 2026, 16:00 ET, SIMULATED"
    rows = list(csv.reader(lines[2:]))
    assert rows == [["symbol", "price", "change", "flags"], ["A,B", "1234.5", "0.056", '["x", "y"]'], ["C", "", "", "[]"]]


def test_text_has_banner_table_unknown_notes_and_sources() -> None:
    text = printed(TABLE, "text")
    assert text.startswith("SIMULATED")
    for part in ("Prices [today]", "Ticker", "5.6", "x, y", "Unknown: C: no [price] yet", "A note.",
                 "Source: demo bars, as of 20 Nov 2026"):
        assert part in text
    assert "nan" not in text.lower()
    assert "\x1b" not in text
    assert "_row" not in text


def test_why_another_service_was_asked_is_told_of_every_source() -> None:
    """Also of those that are only counted, once each."""
    sources = tuple(Source("finnhub", f"quote {number}", note=f"Yahoo Finance could not be reached ({number // 2})")
                    for number in range(7))
    text = printed(Table("Prices", (), pl.DataFrame(), sources), "text")
    assert "finnhub quote 0, Yahoo Finance could not be reached (0)" in text
    assert "and 3 more" in text and "quote 5" not in text
    assert text.count("could not be reached (2)") == 1 and text.count("could not be reached (3)") == 1
    assert text.count("could not be reached (1)") == 2, "beside the sources it belongs to"


def test_one_wide_row_is_shown_as_a_list_and_an_empty_table_says_so() -> None:
    columns = tuple(Column(f"c{number}", f"Column {number}") for number in range(6))
    one = Table("One", columns, pl.DataFrame({column.name: ["v"] for column in columns}))
    assert "Column 3  v" in printed(one, "text")
    assert "Nothing to show." in printed(Table("None", columns, one.frame.clear()), "text")
    assert printed(Table("Done", (), pl.DataFrame()), "text") == "Done\n"


def test_columns_that_do_not_fit_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class Screen(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("COLUMNS", "40")
    columns = tuple(Column(f"c{number}", f"Column {number}") for number in range(8))
    screen = Screen()
    output.emit(Table("Wide", columns, pl.DataFrame({column.name: ["value"] * 2 for column in columns})), "text", screen)
    assert "columns do not fit here" in screen.getvalue()
    assert "c7" in screen.getvalue()


# A process of its own


def test_answers_come_from_a_process_of_its_own_and_from_the_owner_alike(sample_home: Home, run_cli: Any) -> None:
    words = ["sample_cli", "echo", "hi", "--json", "--as-of", "2026-01-31", "--home", str(sample_home.path)]
    alone = run_cli(*words)
    assert (alone.returncode, alone.stderr) == (0, "")
    assert json.loads(alone.stdout)["rows"][0] == {"text": "hi", "demo": "False", "as_of": "2026-01-31", "by_hand": "True",
                                                   "thread": "worker 1"}
    with Owner(sample_home):
        through = run_cli(*words)
        assert (through.returncode, through.stderr, through.stdout) == (0, "", alone.stdout)
        as_csv = run_cli(*words, "--csv")
        assert as_csv.stdout.splitlines()[0] == "text,demo,as_of,by_hand,thread"
        failed = run_cli("sample_cli", "fail", "--home", str(sample_home.path))
        assert (failed.returncode, failed.stdout, failed.stderr) == (1, "", "tapeline: It cannot be done. Do something else.\n")
    failed = run_cli("sample_cli", "fail", "--home", str(sample_home.path))
    assert (failed.returncode, failed.stdout, failed.stderr) == (1, "", "tapeline: It cannot be done. Do something else.\n")


class Owner:
    """A session in this process that holds the home and answers, as a window does."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def __enter__(self) -> Session:
        self.session = Session(self._home)
        return self.session

    def __exit__(self, *_: object) -> None:
        self.session.close()
        for name in [name for name in sys.modules if name.partition(".")[0] == "sample_cli"]:
            del sys.modules[name]


def test_relative_paths_are_the_senders(sample_home: Home, run_cli: Any, tmp_path: Path) -> None:
    command = next(one for one in Registry().commands().values() if one.id == "window.shot")
    assert command.to_json(command.bind({"out": "x.png"}))["out"] == str(Path.cwd() / "x.png")


def test_a_defect_is_one_sentence_and_in_the_log(sample_home: Home, run_cli: Any) -> None:
    answer = run_cli("sample_cli", "fail", "bug", "--home", str(sample_home.path))
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert "Traceback" not in answer.stderr
    assert "ZeroDivisionError" in answer.stderr
    assert "a defect" in (sample_home.logs / "tapeline.log").read_text("utf-8")


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("owned", [False, True])
def test_being_interrupted_cancels(sample_home: Home, number: signal.Signals, owned: bool) -> None:
    def interrupt() -> tuple[int, str]:
        process = subprocess.Popen([sys.executable, "-m", "terminal", "sample_cli", "wait", "--home", str(sample_home.path)],
                                   cwd=Path(__file__).parent.parent, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        log_or_lock = sample_home.run / "owner.json"
        deadline = time.monotonic() + 20
        while not log_or_lock.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(1.5)
        process.send_signal(number)
        began = time.monotonic()
        _, err = process.communicate(timeout=20)
        assert time.monotonic() - began < 3
        return process.returncode, err

    if owned:
        with Owner(sample_home) as session:
            session.app(False)
            assert interrupt() == (1, "tapeline: Cancelled.\n")
            assert session.app(False).jobs()[-1]["state"] == "cancelled"
    else:
        assert interrupt() == (1, "tapeline: Cancelled.\n")
        instance.Lock(sample_home).release()
        assert not list(sample_home.path.glob("*.wal"))


@pytest.mark.skipif(os.name == "nt", reason="pseudo terminals")
@pytest.mark.parametrize("flags", [[], ["--no-progress"]])
def test_progress_is_shown_on_a_terminal_and_gone_before_the_answer(sample_home: Home, flags: list[str]) -> None:
    import pty

    ours, theirs = pty.openpty()
    process = subprocess.Popen([sys.executable, "-m", "terminal", "sample_cli", "wait", "150", "--csv", *flags, "--home",
                                str(sample_home.path)],
                               cwd=Path(__file__).parent.parent, stdout=theirs, stderr=theirs,
                               env={**os.environ, "TERM": "xterm"})
    os.close(theirs)
    seen = b""
    with contextlib.suppress(OSError):  # the terminal is closed when the process ends
        while part := os.read(ours, 65536):
            seen += part
    os.close(ours)
    assert process.wait(20) == 0
    bar, answer = seen.rsplit(b"steps\r\n", 1)
    assert answer == b"150\r\n"
    assert (b"step 1" in bar) == (not flags)


def test_two_commands_at_once_both_answer(sample_home: Home) -> None:
    processes = [subprocess.Popen([sys.executable, "-m", "terminal", "sample_cli", "write", symbol, "--csv", "--home",
                                   str(sample_home.path)],
                                  cwd=Path(__file__).parent.parent, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  text=True) for symbol in "ABC"]
    answers = [process.communicate(timeout=60) for process in processes]
    assert [(process.returncode, err) for process, (_, err) in zip(processes, answers, strict=True)] == [(0, "")] * 3
    assert max((out for out, _ in answers), key=len).splitlines()[-1].strip('"') == "A,B,C"


def test_a_short_command_goes_through_a_long_one_and_is_waited_for(sample_home: Home, run_cli: Any) -> None:
    long = subprocess.Popen([sys.executable, "-m", "terminal", "sample_cli", "wait", "600", "--home", str(sample_home.path)],
                            cwd=Path(__file__).parent.parent, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 20
    while not (sample_home.run / "owner.json").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    short = run_cli("sample_cli", "echo", "through", "--csv", "--home", str(sample_home.path))
    assert (short.returncode, short.stderr) == (0, "")
    assert "through" in short.stdout
    assert long.poll() is None
    out, err = long.communicate(timeout=30)
    assert (long.returncode, err) == (0, "")
    assert "600" in out


def test_a_home_that_cannot_be_written_is_told(run_cli: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    answer = run_cli("doctor", "--home", str(tmp_path / "file"))
    assert answer.returncode == 1
    assert "cannot be written" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_reader_that_leaves_is_no_error(sample_home: Home) -> None:
    process = subprocess.Popen([sys.executable, "-m", "terminal", "--help"], cwd=Path(__file__).parent.parent,
                               stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    assert process.wait(20) in (0, 1)
    assert b"Traceback" not in err
    assert b"Exception ignored" not in err


def test_secrets_come_from_standard_input(home: Home, run_cli: Any) -> None:
    folder = home.plugins / "keyed"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(
        'from terminal.api import Plugin, Setting\nPLUGIN = Plugin(id="keyed", title="Keyed", summary="Takes a key.", '
        'settings=(Setting("keyed.x", str, "", "X", "n", "p"),))\n', "utf-8")
    answer = run_cli("preferences", "key-set", "nobody", "--home", str(home.path), stdin="abc\n")
    assert answer.returncode == 1
    assert "nobody takes no key." in answer.stderr
    assert run_cli("preferences", "key-set", "nobody", "abc", "--home", str(home.path)).returncode == 2


# The window


def test_the_second_window_brings_the_first_to_the_front(sample_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    from terminal.__main__ import open_window

    class Window:
        raised = 0
        windows = None

        def come_to_front(self) -> None:
            self.raised += 1

    class Gui:
        window = Window()

        def call(self, function: Any) -> Any:
            return function()

    with Owner(sample_home) as session:
        session.gui = Gui()
        assert open_window(cli.Options(folder=sample_home.path)) == 0
        assert Gui.window.raised == 1
        session.gui = None
        monkeypatch.setattr(instance, "WAIT", 0.3)
        with pytest.raises(Locked, match="owns") as problem:
            open_window(cli.Options(folder=sample_home.path))
        assert "--home" in problem.value.hint


@pytest.fixture
def _linux(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sys, "platform", "linux")
    yield


@pytest.mark.usefixtures("_linux")
def test_missing_libraries_are_told_with_the_line_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    import ctypes

    def load(name: str) -> None:
        if name in ("libEGL.so.1", "libxcb-cursor.so.0"):
            raise OSError(name)

    monkeypatch.setattr(ctypes, "CDLL", load)
    assert libraries.missing("offscreen") == ["libegl1"]
    with pytest.raises(UserError) as problem:
        libraries.require({"QT_QPA_PLATFORM": "xcb"})
    assert problem.value.sentence() == ("Qt needs system libraries that are not installed. "
                                        "On Debian or Ubuntu: sudo apt-get install -y libegl1 libxcb-cursor0")


@pytest.mark.usefixtures("_linux")
def test_no_screen_is_told() -> None:
    with pytest.raises(UserError, match="no screen"):
        libraries.require({})
    assert [libraries.platform(one) for one in ({"DISPLAY": ":0"}, {"WAYLAND_DISPLAY": "w"},
                                                {"QT_QPA_PLATFORM": "vnc:size=1x1"})] == [
        "xcb", "wayland", "vnc"]


def test_usage_errors_are_user_errors() -> None:
    assert issubclass(UsageError, UserError)
