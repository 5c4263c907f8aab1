"""One owner of the files: the lock, and the channel to whoever holds it."""

from __future__ import annotations

import json
import os
import pickle
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from datetime import UTC, date, datetime
from multiprocessing.connection import Client, Listener
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from terminal import instance
from terminal.domain.sourced import Column, Source, Table
from terminal.errors import Cancelled, Locked, RateLimited, StoreError, TerminalError, UserError
from terminal.instance import Lock, Remote, Request, Server, owner_or_wait, read_owner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from terminal.paths import Home

ROOT = str(Path(__file__).resolve().parent.parent)
TABLE = Table(
    "Prices", (Column("symbol", "Ticker"), Column("price", "Price", "number", "USD", "price", 2, False),
               Column("at", "At", "datetime"),
               Column("tags", "Tags", "list")),
    pl.DataFrame({"symbol": ["A", "B"], "price": [1.5, None], "at": [datetime(2026, 1, 2, tzinfo=UTC), None], "tags": [["x"], []],
                  "_own": [1, 2]}),
    (Source("demo", "bars", datetime(2026, 1, 2, tzinfo=UTC), None, True, True, "a note"),), ("B: no price",), ("A note.",),
    pl.DataFrame({"price": [0, None]}), {"secret": object()})


@pytest.fixture
def serve(home: Home) -> Iterator[Callable[..., Server]]:
    """Own the home and answer as told."""
    lock = Lock(home)
    servers: list[Server] = []

    def start(answer: Any) -> Server:
        servers.append(Server(home, "a test", answer))
        return servers[-1]

    yield start
    for server in servers:
        server.close()
    lock.release()


def test_the_lock_is_exclusive_and_given_back(home: Home) -> None:
    lock = Lock(home)
    instance.write_owner(home, "tapeline doctor")
    with pytest.raises(Locked) as problem:
        Lock(home)
    assert f"(process {os.getpid()}, tapeline doctor)" in problem.value.message
    lock.release()
    lock.release()
    Lock(home).release()


@pytest.mark.crash
def test_the_lock_ends_with_its_process(home: Home) -> None:
    code = ("from terminal import instance, paths; import pathlib, time\n"
            f"lock = instance.Lock(paths.Home(pathlib.Path({str(home.path)!r})))\n"
            "print('held', flush=True); time.sleep(60)")
    owner = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=ROOT)
    assert owner.stdout is not None
    owner.stdout.readline()
    with pytest.raises(Locked):
        Lock(home)
    owner.kill()
    owner.wait()
    owner.stdout.close()
    Lock(home).release()


def test_a_home_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    from terminal.paths import Home

    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError) as problem:
        Lock(Home(tmp_path / "file"))
    assert "cannot be written" in problem.value.message
    assert "--home" in problem.value.hint


def test_a_table_crosses_whole_but_for_what_is_private(home: Home, serve: Callable[..., Server]) -> None:
    asked: list[Request] = []

    def answer(request: Request, progress: Any, stop: Any) -> Table:
        asked.append(request)
        return TABLE

    serve(answer)
    request = Request("x.y", {"a": [1, "b"], "n": None}, date(2026, 1, 31), True)
    table = Remote(home).run(request)
    assert asked == [request]
    assert table.to_json() == TABLE.to_json()
    assert (table.columns, table.sources) == (TABLE.columns, TABLE.sources)
    assert table.origin is not None
    assert TABLE.origin is not None
    assert table.origin.equals(TABLE.origin)
    assert table.frame.columns == ["symbol", "price", "at", "tags"]
    assert table.detail == {}


@pytest.mark.parametrize("problem",
                         [UserError("No such thing.", "Try another."), RateLimited("Too fast.", "Wait."), StoreError("Odd.")])
def test_errors_cross_with_their_kind_sentence_and_hint(home: Home, serve: Callable[..., Server], problem: TerminalError) -> None:
    def answer(request: Request, progress: Any, stop: Any) -> Table:
        raise problem

    serve(answer)
    with pytest.raises(type(problem)) as caught:
        Remote(home).run(Request("x.y", {}))
    assert caught.value.sentence() == problem.sentence()


def test_a_defect_there_is_one_sentence_here(home: Home, serve: Callable[..., Server], expect_warning: Any) -> None:
    expect_warning("failed for another process")

    def answer(request: Request, progress: Any, stop: Any) -> Table:
        raise ZeroDivisionError("by zero")

    serve(answer)
    with pytest.raises(TerminalError, match=r"x\.y failed: ZeroDivisionError: by zero"):
        Remote(home).run(Request("x.y", {}))


def test_progress_and_cancelling_cross(home: Home, serve: Callable[..., Server]) -> None:
    def answer(request: Request, progress: Any, stop: threading.Event) -> Table:
        for step in range(1000):
            progress(step / 1000, f"step {step}")
            if stop.wait(0.01):
                raise Cancelled
        raise AssertionError("never cancelled")

    serve(answer)
    seen: list[tuple[float | None, str]] = []

    def progress(fraction: float | None, note: str) -> None:
        seen.append((fraction, note))
        if len(seen) == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        Remote(home).run(Request("x.y", {}), progress)
    assert seen[:3] == [(0.0, "step 0"), (0.001, "step 1"), (0.002, "step 2")]
    assert len(seen) < 100


def test_a_sender_that_dies_cancels_its_command(home: Home, serve: Callable[..., Server]) -> None:
    stopped = threading.Event()
    begun = threading.Event()

    def answer(request: Request, progress: Any, stop: threading.Event) -> Table:
        begun.set()
        if stop.wait(10):
            stopped.set()
        return TABLE

    serve(answer)
    owner = read_owner(home)
    assert owner is not None
    peer = Client(("127.0.0.1", owner["port"]), authkey=bytes.fromhex(owner["key"]))
    peer.send_bytes(json.dumps({"type": "run", "command": "x.y", "arguments": {}, "as_of": None, "demo": None}).encode())
    assert begun.wait(5)
    peer.close()
    assert stopped.wait(5)


def test_the_key_is_for_the_user_only_and_needed(home: Home, serve: Callable[..., Server]) -> None:
    serve(lambda request, progress, stop: TABLE)
    owner = read_owner(home)
    assert owner is not None
    if os.name != "nt":
        assert stat.S_IMODE((home.run / "owner.json").stat().st_mode) == 0o600
    (home.run / "owner.json").write_text(json.dumps({**owner, "key": "00" * 32}))
    with pytest.raises(Locked, match="does not answer"):
        Remote(home).run(Request("x.y", {}))
    (home.run / "owner.json").write_text(json.dumps(owner))
    assert Remote(home).run(Request("x.y", {})).title == "Prices"


class Trap:
    def __reduce__(self) -> tuple[Any, ...]:
        return (Path(os.environ["TRAP"]).write_text, ("sprung",))


@pytest.mark.parametrize("message", [b"", b"not json", b"[]", b'{"type": "run"}',
                                     b'{"type": "run", "command": "x", "arguments": 3, "as_of": "soon", "demo": 1}'])
def test_nonsense_from_a_peer_harms_nobody(home: Home, serve: Callable[..., Server], message: bytes) -> None:
    serve(lambda request, progress, stop: TABLE)
    owner = read_owner(home)
    assert owner is not None
    with Client(("127.0.0.1", owner["port"]), authkey=bytes.fromhex(owner["key"])) as peer:
        peer.send_bytes(message)
        with pytest.raises(EOFError):
            peer.recv_bytes()
    assert Remote(home).run(Request("x.y", {})).title == "Prices"


def test_a_pickle_from_a_peer_is_never_loaded(home: Home, serve: Callable[..., Server], tmp_path: Path,
                                              monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAP", str(tmp_path / "trap"))
    serve(lambda request, progress, stop: TABLE)
    owner = read_owner(home)
    assert owner is not None
    with Client(("127.0.0.1", owner["port"]), authkey=bytes.fromhex(owner["key"])) as peer:
        peer.send_bytes(pickle.dumps(Trap()))
        with pytest.raises(EOFError):
            peer.recv_bytes()
    assert not (tmp_path / "trap").exists()


def test_a_silent_stranger_blocks_nobody(home: Home, serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instance, "HANDSHAKE", 0.5)
    serve(lambda request, progress, stop: TABLE)
    owner = read_owner(home)
    assert owner is not None
    with socket.create_connection(("127.0.0.1", owner["port"])) as stranger:
        assert Remote(home).run(Request("x.y", {})).title == "Prices"
        stranger.settimeout(5)
        while stranger.recv(1000):
            pass


def test_an_owner_that_falls_silent_is_told(home: Home) -> None:
    lock = Lock(home)
    key = b"k" * 32
    with Listener(("127.0.0.1", 0), authkey=key) as listener:
        instance.write_owner(home, "a window", listener.address[1], key)

        def hang() -> None:
            with listener.accept() as peer:
                peer.recv_bytes()
                peer.poll(5)

        thread = threading.Thread(target=hang)
        thread.start()
        with pytest.raises(StoreError) as problem:
            Remote(home).run(Request("x.y", {}), silence=0.3)
        thread.join()
    assert "has not answered for" in problem.value.message
    lock.release()


@pytest.mark.crash
@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_an_owner_that_dies_in_mid_answer_is_told(home: Home) -> None:
    code = f"""
import pathlib, time
from terminal import instance, paths
home = paths.Home(pathlib.Path({str(home.path)!r}))
lock = instance.Lock(home)
def answer(request, progress, stop):
    progress(0.5, "half")
    time.sleep(60)
server = instance.Server(home, "a window", answer)
print("ready", flush=True)
time.sleep(60)
"""
    owner = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=ROOT)
    assert owner.stdout is not None
    owner.stdout.readline()
    with pytest.raises(StoreError) as problem:
        Remote(home).run(Request("x.y", {}), lambda fraction, note: os.kill(owner.pid, signal.SIGKILL))
    assert f"(process {owner.pid}) ended before x.y was answered" in problem.value.message
    owner.wait()
    owner.stdout.close()
    # What the dead owner left behind does not keep the next one out.
    holder = owner_or_wait(home)
    assert isinstance(holder, Lock)
    holder.release()


def test_who_waits_gets_the_lock_or_is_told(home: Home) -> None:
    lock = Lock(home)
    instance.write_owner(home, "tapeline store vacuum")
    with pytest.raises(Locked, match="tapeline store vacuum"):
        owner_or_wait(home, 0.2)
    timer = threading.Timer(0.3, lock.release)
    timer.start()
    began = time.monotonic()
    holder = owner_or_wait(home, 5)
    timer.join()
    assert isinstance(holder, Lock)
    assert time.monotonic() - began < 3
    holder.release()


def test_draining_answers_what_is_under_way_and_takes_no_more(home: Home, serve: Callable[..., Server]) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def answer(request: Request, progress: Any, stop: threading.Event) -> Table:
        begun.set()
        go_on.wait(5)
        return TABLE

    server = serve(answer)
    got: list[Table] = []
    remote = Remote(home)
    sender = threading.Thread(target=lambda: got.append(remote.run(Request("x.y", {}))))
    sender.start()
    assert begun.wait(5)
    draining = threading.Thread(target=server.drain)
    draining.start()
    time.sleep(0.1)
    with pytest.raises(Locked):
        Remote(home)
    go_on.set()
    sender.join(5)
    draining.join(5)
    assert got[0].title == "Prices"


def test_closing_cancels_what_is_under_way(home: Home, serve: Callable[..., Server]) -> None:
    begun = threading.Event()

    def answer(request: Request, progress: Any, stop: threading.Event) -> Table:
        begun.set()
        stop.wait(10)
        raise Cancelled

    server = serve(answer)
    caught: list[BaseException] = []
    remote = Remote(home)

    def send() -> None:
        try:
            remote.run(Request("x.y", {}))
        except TerminalError as problem:
            caught.append(problem)

    sender = threading.Thread(target=send)
    sender.start()
    assert begun.wait(5)
    began = time.monotonic()
    server.close()
    sender.join(5)
    assert time.monotonic() - began < 1.5
    assert isinstance(caught[0], StoreError)
    assert "was closed before x.y was answered. Try again." in caught[0].sentence()
