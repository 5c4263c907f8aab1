"""A workspace through the real window and the shell: arranged, named, killed, found again, carried to another home."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.acceptance.conftest import surroundings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


class Program:
    """The program on one home: windows as processes of their own, and the shell."""

    def __init__(self, folder: Path, run_cli: Callable[..., subprocess.CompletedProcess[str]]) -> None:
        self.folder, self._run = folder, run_cli
        self.window: subprocess.Popen[bytes] | None = None

    def open(self) -> None:
        """A window that answers and shows its panels."""
        words = [sys.executable, "-m", "terminal", "--home", str(self.folder), "--demo"]
        self.window = subprocess.Popen(words, env=surroundings(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.until(self._listens)  # before it does, a command would take the home from it
        self.until(lambda: self._panels() != {})

    def _listens(self) -> bool:
        try:
            owner = json.loads((self.folder / "run" / "owner.json").read_text())
        except (OSError, ValueError):
            return False
        assert self.window is not None
        return bool(owner.get("port")) and owner.get("pid") == self.window.pid

    def until(self, true: Callable[[], object]) -> None:
        end = time.monotonic() + 60
        while not true():
            assert self.window is not None and self.window.poll() is None, "the window has ended"
            assert time.monotonic() < end, "it did not happen in a minute"
            time.sleep(0.1)

    def ask(self, *words: str) -> Any:
        """A command in the open window; its JSON."""
        done = self._run("--home", str(self.folder), "--demo", *words, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def _panels(self) -> dict[str, Any]:
        done = self._run("--home", str(self.folder), "--demo", "window", "panels", "--json")
        return {row["id"]: row for row in json.loads(done.stdout)["rows"]} if done.returncode == 0 else {}

    def panels(self, window: int = 0) -> dict[str, Any]:
        """The panels of a window by id."""
        return {row["id"]: row for row in self.ask("window", "panels", "--window", str(window))["rows"]}

    def windows(self) -> dict[int, Any]:
        """The windows that are open, by number."""
        return {row["window"]: row for row in self.ask("window", "list")["rows"]}

    def kept(self) -> dict[str, Any]:
        file = self.folder / "window.json"
        return json.loads(file.read_text()) if file.exists() else {}

    def kill(self) -> None:
        assert self.window is not None
        self.window.kill()
        self.window.wait(10)

    def quit(self) -> None:
        assert self.window is not None
        self.ask("window", "quit")
        assert self.window.wait(20) == 0


@pytest.fixture
def program(filled: Path, run_cli: Any) -> Iterator[Program]:
    made = Program(filled, run_cli)
    yield made
    if made.window is not None and made.window.poll() is None:
        made.kill()


def test_a_killed_window_comes_back_as_it_was(program: Program) -> None:
    program.open()
    program.ask("window", "place", "earnings", "--to", "close")
    program.ask("window", "link", "tearsheet", "B")
    program.ask("window", "open", "tearsheet", "--symbol", "SPY")
    program.ask("window", "as-of", "2026-01-15", "--group", "B")
    program.until(lambda: "earnings" in str(program.kept().get("arrangement")) and "(earnings)" in program.kept()["arrangement"]
                  and program.kept().get("demo.links", {}).get("symbols", {}).get("B") == "SPY")
    program.kill()
    program.open()
    panels = program.panels()
    assert (panels["tearsheet"]["link"], panels["tearsheet"]["symbol"]) == ("B", "SPY")
    assert panels["tearsheet"]["as_of"] is None  # a window always opens on today
    assert "(earnings)" in program.kept()["arrangement"]
    program.quit()


def test_a_layout_is_named_used_and_carried_to_another_home(program: Program, tmp_path: Path, run_cli: Any) -> None:
    program.open()
    program.ask("window", "layout", "use", "Events")
    program.until(lambda: program.panels()["dips"]["visible"] and program.panels()["earnings"]["visible"])
    program.ask("window", "place", "tearsheet", "--to", "float")
    program.ask("window", "layout", "save", "Results season")
    program.ask("window", "layout", "reset")
    program.until(lambda: program.panels()["screener"]["visible"])
    program.ask("screener", "save", "Cheap", "--rule", "pe_ttm < 12")
    file = tmp_path / "mine.toml"
    told = program.ask("workspace", "export", str(file))
    assert {"what": "Layouts", "count": 1} in told["rows"]
    assert "floating" in file.read_text() and "tabs earnings*" in file.read_text()
    program.quit()

    (tmp_path / "other").mkdir()
    other = ["--home", str(tmp_path / "other"), "--live", "workspace"]
    shown = run_cli(*other, "import", str(file), "--preview", "--json")
    found = {(row["name"], row["state"]) for row in json.loads(shown.stdout)["rows"]}
    assert found >= {("Results season", "new"), ("Cheap", "new")}
    assert not (tmp_path / "other" / "layouts.toml").exists()
    assert run_cli(*other, "import", str(file)).returncode == 0
    assert run_cli(*other, "export", str(tmp_path / "again.toml")).returncode == 0
    assert (tmp_path / "again.toml").read_text() == file.read_text()
    assert run_cli(*other, "undo").returncode == 0
    listed = run_cli("--home", str(tmp_path / "other"), "--live", "window", "layout", "--json")
    assert "Results season" not in [row["name"] for row in json.loads(listed.stdout)["rows"] if row["kind"] == "own"]


def test_two_windows_come_back_and_closing_one_leaves_the_other(program: Program) -> None:
    program.open()
    program.ask("window", "open", "tearsheet", "--symbol", "SPY", "--window", "1")
    assert program.ask("window", "new", "--layout", "Events")["rows"] == [{"window": 2}]
    program.ask("window", "open", "tearsheet", "--symbol", "QQQ", "--window", "2")
    program.ask("window", "as-of", "2026-01-15", "--window", "2")
    program.until(lambda: program.panels(2)["dips"]["visible"])
    shown = program.windows()
    assert [(shown[n]["symbol"], shown[n]["as_of"]) for n in (1, 2)] == [("SPY", None), ("QQQ", "2026-01-15")]
    first, other = program.panels(1), program.panels(2)
    assert first["screener"]["visible"] and not other["screener"]["visible"] and other["earnings"]["visible"]
    program.quit()

    program.open()
    program.until(lambda: len(program.windows()) == 2 and program.windows()[2]["panels"])
    first, other = program.panels(1), program.panels(2)
    assert (first["tearsheet"]["symbol"], other["tearsheet"]["symbol"]) == ("SPY", "QQQ")
    assert first["screener"]["visible"] and not other["screener"]["visible"] and other["earnings"]["visible"]
    assert other["tearsheet"]["as_of"] is None  # a window always opens on today

    program.ask("window", "close", "1")
    program.until(lambda: list(program.windows()) == [1])
    assert program.panels()["tearsheet"]["symbol"] == "QQQ"  # the other one, which is the first now
    program.ask("window", "open", "screener")
    program.until(lambda: program.panels()["screener"]["visible"])
    assert program.ask("screener", "run", "--limit", "3")["rows"]
    program.ask("window", "new", "--again")
    assert program.panels(2)["tearsheet"]["symbol"] == "SPY"
    assert program.window is not None
    began = time.monotonic()
    program.window.terminate()
    assert program.window.wait(20) == 0
    assert time.monotonic() - began < 2
    assert {file.name for file in program.folder.glob("window*.json")} == {"window.json", "window-2.json"}
