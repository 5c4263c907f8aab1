"""The store as promised: a kill at any moment loses no acknowledged row, cancelling stops a read, backups make themselves."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from terminal.errors import Cancelled
from tests.acceptance.conftest import ROOT, surroundings

if TYPE_CHECKING:
    from pathlib import Path

# The real program, asked over and over for what a user writes; each answer is said aloud once the command has returned.
WRITER = """
import os, sys
from pathlib import Path
from terminal.app import Session
from terminal.paths import Home
session = Session(Home(Path(sys.argv[1])), doing="a test")
app = session.app(True)
number = int(sys.argv[2])
os.write(1, b"ready\\n")
while True:
    number += 1
    app.run("watchlist.create", {"name": f"L{number}"})
    os.write(1, f"list L{number}\\n".encode())
    app.run("watchlist.add", {"name": f"L{number}", "symbols": ["SPY", "QQQ"]})
    os.write(1, f"items L{number}\\n".encode())
    app.run("screener.save", {"name": f"S{number}", "rule": f"price > {number}"})
    os.write(1, f"screen S{number}\\n".encode())
    if number % 3 == 0:
        app.run("watchlist.delete", {"name": f"L{number}"})
        os.write(1, f"deleted L{number}\\n".encode())
    if number % 7 == 0:
        app.run("store.backup")
"""
# Another process asks for what is there, as the next start would.
READER = """
import json, sys
from pathlib import Path
from terminal.app import Session
from terminal.paths import Home
session = Session(Home(Path(sys.argv[1])), doing="a test")
app = session.app(True)
found = {"lists": app.run("watchlist.list").frame["name"].to_list(), "refused": len(app.store.refused),
         "screens": app.run("screener.saved").frame["name"].to_list(),
         "check": app.run("store.check").rows()}
found["items"] = {name: sorted(app.run("watchlist.show", {"name": name}).frame["symbol"].to_list())
                  for name in found["lists"][-3:]}
session.close()
print(json.dumps(found))
"""


def kill_and_look(home: Path, kills: int, tmp_path: Path) -> None:
    chance = random.Random(20261120)
    acknowledged: dict[str, set[str]] = {"list": set(), "items": set(), "screen": set(), "deleted": set()}
    for turn in range(kills):
        said = tmp_path / f"said{turn}"
        with said.open("wb") as out:
            child = subprocess.Popen([sys.executable, "-c", WRITER, str(home), str(turn * 10_000)], cwd=ROOT, env=surroundings(),
                                     stdout=out, stderr=subprocess.DEVNULL)
            try:
                deadline = time.monotonic() + 60
                least = 4 if turn % 2 else 1  # every other kill comes when something was acknowledged, on any machine
                while said.read_bytes().count(b"\n") < least:
                    assert child.poll() is None and time.monotonic() < deadline
                    time.sleep(0.005)
                time.sleep(chance.uniform(0.0, 0.6))
                assert child.poll() is None
            finally:
                child.kill()
                child.wait()
        for line in said.read_text("utf-8").splitlines()[1:]:
            if line.count(" ") == 1 and not line.endswith(" "):
                kind, name = line.split()
                acknowledged[kind].add(name)
        if turn % 5 and turn != kills - 1:
            continue  # the next writer itself opens what the kill left
        done = subprocess.run([sys.executable, "-c", READER, str(home)], cwd=ROOT, env=surroundings(), capture_output=True,
                              text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        assert found["refused"] == 0
        assert [row for row in found["check"] if row["state"] == "PROBLEM"] == []
        assert acknowledged["list"] - acknowledged["deleted"] <= set(found["lists"]) | pending(acknowledged)
        assert not acknowledged["deleted"] & set(found["lists"])
        assert acknowledged["screen"] <= set(found["screens"])
        for name, symbols in found["items"].items():
            assert symbols == ["QQQ", "SPY"] if name in acknowledged["items"] else symbols in ([], ["QQQ", "SPY"])
    assert sum(map(len, acknowledged.values())) > kills  # the program did get somewhere


def pending(acknowledged: dict[str, set[str]]) -> set[str]:
    """Lists whose deletion may have been done when the kill came, before it was acknowledged."""
    return {name for name in acknowledged["list"] if int(name[1:]) % 3 == 0 and f"S{name[1:]}" in acknowledged["screen"]}


@pytest.mark.crash
@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is POSIX")
def test_two_kills_of_the_program_lose_no_acknowledged_row(filled: Path, tmp_path: Path) -> None:
    kill_and_look(filled, 2, tmp_path)


@pytest.mark.crash
@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is POSIX")
def test_fifty_kills_of_the_program_lose_no_acknowledged_row(filled: Path, tmp_path: Path) -> None:
    kill_and_look(filled, 50, tmp_path)


def test_cancelling_a_command_stops_what_it_reads(app: Any) -> None:
    began, command = threading.Event(), app.registry.command("store.check")

    def endless(ctx: Any) -> Any:
        began.set()
        return ctx.store.market.database.read("select count(*) as n from range(100000000000) a where hash(a.range) = 1")

    real = command.function
    object.__setattr__(command, "function", endless)
    try:
        running = app.start("store.check")
        assert began.wait(10)
        time.sleep(0.1)
        running.cancel()
        with pytest.raises(Cancelled):
            running.result(20)
    finally:
        object.__setattr__(command, "function", real)
    assert app.run("store.check").rows()  # the thread and its cursor are usable again


def test_the_ui_thread_may_not_use_the_store(demo_home: Any, clock: Any) -> None:
    from terminal.app import Session

    class Gui:
        window = None

        def call(self, function: Any) -> Any:
            return function()

    session = Session(demo_home, clock=clock, serve=False)
    try:
        app = session.app(True)
        session.gui = Gui()
        with pytest.raises(AssertionError, match="window's thread"):
            app.store.market.read("instruments")
        assert app.start("store.backups").result(20) is not None  # workers may
        session.gui = None
        assert app.store.market.read("instruments").height > 100
    finally:
        session.close()


def test_a_backup_is_made_each_day_without_asking(typed: Any) -> None:
    tapeline = typed
    assert tapeline("watchlist", "create", "Mine").returncode == 0
    rows = json.loads(tapeline("store", "backups", "--json").stdout)["rows"]
    assert "daily" in {row["reason"] for row in rows}
    assert tapeline("store", "restore", rows[0]["name"]).returncode == 0
    kept = json.loads(tapeline("store", "backups", "--json").stdout)["rows"]
    assert "before-restore" in {row["reason"] for row in kept}  # a restore can be undone


def test_every_command_leaves_checkpointed_files(tapeline: Any, typed: Any, filled: Path) -> None:
    for run, *words in ((typed, "watchlist", "create", "Mine"), (tapeline, "screener", "run"), (typed, "store", "vacuum"),
                        (typed, "store", "check")):
        assert run(*words).returncode == 0
        assert list(filled.rglob("*.wal")) == []
