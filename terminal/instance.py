"""One owner of the files: an exclusive lock on the home, and an authenticated local channel to whoever holds it.

The lock is the operating system's, so it ends with the process, even by kill -9. The owner listens on loopback; port and
a random key are in `<home>/run/owner.json`, which only the user can read. Both sides prove that they know the key before a
message is read. Messages are JSON; the frames of a table follow as Arrow IPC; nothing from a peer is ever unpickled.

A window always listens. A command listens only while it does long work (a refresh); any other holds the lock for the moment
that it needs, and a second command waits for it, `WAIT` seconds at most.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import logging
import os
import secrets
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO, TYPE_CHECKING, Any

from terminal import errors
from terminal.domain.sourced import Column, Source, Table, Undo
from terminal.errors import Cancelled, Locked, StoreError, TerminalError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection, Listener

    from terminal.paths import Home

WAIT = 10.0  # seconds a command waits for another one that does not listen
SILENCE = 15.0  # seconds without a sign of life after which an owner counts as hanging
BEAT = 1.0  # seconds between signs of life
HANDSHAKE = 5.0  # seconds a peer has to prove itself
LARGEST_REQUEST = 4_000_000
PEERS = 32

_log = logging.getLogger(__name__)
Progress = Callable[[float | None, str], None]


@dataclass(frozen=True, slots=True)
class Request:
    """One command for the owner, as it crosses the channel. `demo` None means the market the owner shows."""

    command: str
    arguments: Mapping[str, Any]
    as_of: date | None = None
    demo: bool | None = None


Answer = Callable[[Request, Progress, threading.Event], Table]


def prepare(home: Home) -> None:
    """Make the home's folders; StoreError with what to do when that is not possible."""
    try:
        for folder in (home.path, home.run):
            folder.mkdir(parents=True, exist_ok=True)
        probe = home.run / f"probe-{os.getpid()}-{threading.get_ident()}"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as problem:
        raise StoreError(f"The folder {home.path} cannot be written: {problem.strerror or problem}.",
                         "Choose another with --home DIR, or repair its permissions.", problem) from None


class Lock:
    """The exclusive lock on a home. Construct it to take it; `Locked` when another process (or session) has it."""

    def __init__(self, home: Home) -> None:
        prepare(home)
        self._file = (home.run / "lock").open("a+b")
        try:
            _take(self._file)
        except OSError:
            self._file.close()
            raise Locked(f"Another Tapeline owns {home.path}{_who(home)}.",
                         "Wait until it is done, close it, or choose another folder with --home DIR.") from None

    def release(self) -> None:
        """Give the home back."""
        if not self._file.closed:
            _give(self._file)
            self._file.close()


if sys.platform == "win32":
    import msvcrt

    def _take(file: IO[bytes]) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

    def _give(file: IO[bytes]) -> None:
        file.seek(0)
        with contextlib.suppress(OSError):
            msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
else:
    import fcntl

    def _take(file: IO[bytes]) -> None:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _give(file: IO[bytes]) -> None:
        fcntl.flock(file.fileno(), fcntl.LOCK_UN)


def _who(home: Home) -> str:
    owner = read_owner(home)
    return f" (process {owner['pid']}, {owner['doing']})" if owner else ""


def read_owner(home: Home) -> dict[str, Any] | None:
    """What the owner says about itself: pid, doing, and port and key when it listens. None when unreadable."""
    try:
        owner = json.loads((home.run / "owner.json").read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return owner if isinstance(owner, dict) and {"pid", "doing"} <= owner.keys() else None


def write_owner(home: Home, doing: str, port: int | None = None, key: bytes = b"") -> None:
    """Say who holds the lock. The file is readable by the user only, from its first byte on."""
    path = home.run / "owner.json"
    fresh = path.with_suffix(f".{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):
        fresh.unlink()
    content = json.dumps({"pid": os.getpid(), "doing": doing, "port": port, "key": key.hex()})
    try:
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(content)
        fresh.replace(path)
    except OSError as problem:
        raise StoreError(f"{path} cannot be written: {problem.strerror or problem}.", "Check permissions and free disk space.",
                         problem) from None


class Server:
    """Answers other processes while this one owns the home. `answer` runs on a thread of its own for each request."""

    def __init__(self, home: Home, doing: str, answer: Answer) -> None:
        from multiprocessing.connection import Listener

        self._home = home
        self._answer = answer
        self._key = secrets.token_bytes(32)
        self._listener: Listener = Listener(("127.0.0.1", 0), "AF_INET", backlog=16)
        self._lock = threading.Lock()
        self._idle = threading.Condition(self._lock)
        self._peers: dict[Connection, threading.Event] = {}
        self._working = 0
        self._closing = False
        self._threads: set[threading.Thread] = set()
        write_owner(home, doing, self._listener.address[1], self._key)
        self._accepting = threading.Thread(target=self._accept, name="channel", daemon=True)
        self._accepting.start()

    def drain(self) -> None:
        """Take no more requests and wait until those under way are answered."""
        self._stop_accepting()
        with self._idle:
            self._idle.wait_for(lambda: not self._working)

    def close(self) -> None:
        """Stop: cancel what is under way and close the channel. Takes at most a second."""
        self._stop_accepting()
        with self._lock:
            for stop in self._peers.values():
                stop.set()
        deadline = time.monotonic() + 1.0
        for thread in tuple(self._threads):
            thread.join(max(0.0, deadline - time.monotonic()))
        with self._lock:
            peers = tuple(self._peers)
        for peer in peers:
            _shut(peer)
        for thread in tuple(self._threads):
            thread.join(0.2)

    def _stop_accepting(self) -> None:
        if self._closing:
            return
        self._closing = True
        with contextlib.suppress(OSError):
            (self._home.run / "owner.json").unlink()
        # A thread in accept() does not notice that its socket was closed; a knock wakes it.
        import socket

        with contextlib.suppress(OSError):
            socket.create_connection(self._listener.address, 1).close()
        self._accepting.join(1.0)
        self._listener.close()

    def _accept(self) -> None:
        while not self._closing:
            try:
                peer = self._listener.accept()
            except OSError:
                time.sleep(0.05)
                continue
            with self._lock:
                if self._closing or len(self._peers) >= PEERS:
                    peer.close()
                    continue
                self._peers[peer] = threading.Event()
                thread = threading.Thread(target=self._serve, args=(peer,), name="channel peer", daemon=True)
                self._threads.add(thread)
            thread.start()

    def _serve(self, peer: Connection) -> None:
        try:
            _prove(peer, self._key, server=True)
            if not peer.poll(HANDSHAKE):
                return
            request = _decode_request(peer.recv_bytes(LARGEST_REQUEST))
            with self._lock:
                self._working += 1
            try:
                self._work(peer, request)
            finally:
                with self._idle:
                    self._working -= 1
                    self._idle.notify_all()
        except (EOFError, OSError, ValueError, KeyError, TypeError, _authentication_error()) as problem:
            _log.info("a peer on the channel went away: %s", type(problem).__name__)
        finally:
            with self._lock:
                self._peers.pop(peer, None)
                self._threads.discard(threading.current_thread())
            peer.close()

    def _work(self, peer: Connection, request: Request) -> None:
        stop, asked = self._peers[peer], threading.Event()
        sending = threading.Lock()
        done = threading.Event()

        def send(message: Mapping[str, Any], *frames: bytes) -> None:
            with sending:
                _send(peer, message, *frames)

        def watch() -> None:  # signs of life out, a wish to cancel (or the peer's death) in
            beat = 0.0
            while not done.wait(0.02):
                try:
                    if peer.poll():
                        if json.loads(peer.recv_bytes(LARGEST_REQUEST)).get("type") == "cancel":
                            asked.set()
                            stop.set()
                    elif time.monotonic() - beat >= BEAT:
                        beat = time.monotonic()
                        send({"type": "alive"})
                except (EOFError, OSError, ValueError):
                    stop.set()
                    return

        def progress(fraction: float | None, note: str) -> None:
            with contextlib.suppress(OSError):
                send({"type": "progress", "fraction": fraction, "note": note})

        watcher = threading.Thread(target=watch, name="channel watch", daemon=True)
        watcher.start()
        try:
            message, frames = _encode_table(self._answer(request, progress, stop))
        except TerminalError as problem:
            if isinstance(problem, Cancelled) and self._closing and not asked.is_set():
                problem = StoreError(f"The Tapeline that owned the files was closed before {request.command} was answered.",
                                     "Try again.")
            message, frames = _encode_error(problem), ()
        except Exception as problem:
            _log.exception("%s failed for another process", request.command)
            message, frames = _encode_error(defect(request.command, problem, self._home)), ()
        finally:
            done.set()
            watcher.join()
        send(message, *frames)


class Remote:
    """The process that owns the home, seen from another one. `Locked` when it does not listen or is gone."""

    def __init__(self, home: Home) -> None:
        owner = read_owner(home)
        if not owner or not owner.get("port"):
            raise Locked(f"Another Tapeline owns {home.path}{_who(home)}.",
                         "Wait until it is done, close it, or choose another folder with --home DIR.")
        self.pid, self.doing = int(owner["pid"]), str(owner["doing"])
        self._address = ("127.0.0.1", int(owner["port"]))
        self._key = bytes.fromhex(owner["key"])

    def run(self, request: Request, progress: Progress | None = None, *, silence: float = SILENCE) -> Table:
        """Have the owner run a command; raises what it raised there. Ctrl-C here cancels it there.

        `Locked` before the request was sent (safe to try again); `StoreError` when the owner fell silent or died after.
        """
        from multiprocessing.connection import Client

        try:
            peer = Client(self._address, "AF_INET")
        except OSError as problem:
            raise Locked("The running Tapeline does not answer.", "Try again, or close it.", problem) from None
        with peer:
            try:
                _prove(peer, self._key, server=False)
            except (EOFError, OSError, _authentication_error()) as problem:
                raise Locked("The running Tapeline does not answer.", "Try again, or close it.", problem) from None
            return self._converse(peer, request, progress or (lambda fraction, note: None), silence)

    def _converse(self, peer: Connection, request: Request, progress: Progress, silence: float) -> Table:
        try:
            _send(peer, _encode_request(request))
            while True:
                message = self._next(peer, silence)
                if message["type"] == "progress":
                    try:
                        progress(message["fraction"], message["note"])
                    except Cancelled:
                        _send(peer, {"type": "cancel"})
                elif message["type"] == "error":
                    raise _error(message)
                elif message["type"] == "table":
                    return _decode_table(message, [peer.recv_bytes() for _ in range(message["frames"])])
        except (EOFError, OSError) as problem:
            raise StoreError(f"The running Tapeline (process {self.pid}) ended before {request.command} was answered.",
                             "Nothing that it had confirmed is lost. Try again.", problem) from None

    def _next(self, peer: Connection, silence: float) -> dict[str, Any]:
        deadline = time.monotonic() + silence
        while True:
            try:
                if peer.poll(max(0.0, min(0.5, deadline - time.monotonic()))):
                    return dict(json.loads(peer.recv_bytes()))
            except KeyboardInterrupt:
                _send(peer, {"type": "cancel"})
                continue
            if time.monotonic() >= deadline:
                raise StoreError(f"The running Tapeline (process {self.pid}, {self.doing}) has not answered for "
                                 f"{silence:.0f} seconds.",
                                 "Wait and try again; if it stays so, end that process: its files are safe.")


def _authentication_error() -> type[Exception]:
    from multiprocessing import AuthenticationError

    return AuthenticationError


def _prove(peer: Connection, key: bytes, *, server: bool) -> None:
    """Both sides show that they know the key. A peer that does not within `HANDSHAKE` seconds is cut off."""
    from multiprocessing.connection import answer_challenge, deliver_challenge

    late = threading.Timer(HANDSHAKE, _shut, (peer,))
    late.daemon = True
    late.name = "channel handshake"
    late.start()
    try:
        if server:
            deliver_challenge(peer, key)
            answer_challenge(peer, key)
        else:
            answer_challenge(peer, key)
            deliver_challenge(peer, key)
    finally:
        late.cancel()
        late.join()


def _shut(peer: Connection) -> None:
    """End a connection so that a thread that reads from it wakes up (closing the handle alone would not)."""
    import socket

    with contextlib.suppress(OSError, ValueError):
        twin = socket.socket(fileno=os.dup(peer.fileno()))
        with contextlib.suppress(OSError):
            twin.shutdown(socket.SHUT_RDWR)
        twin.close()


def _send(peer: Connection, message: Mapping[str, Any], *frames: bytes) -> None:
    peer.send_bytes(json.dumps(message, allow_nan=False).encode())
    for frame in frames:
        peer.send_bytes(frame)


def _encode_request(request: Request) -> dict[str, Any]:
    return {"type": "run", "command": request.command, "arguments": dict(request.arguments),
            "as_of": request.as_of.isoformat() if request.as_of else None, "demo": request.demo}


def _decode_request(content: bytes) -> Request:
    message = json.loads(content)
    as_of = message["as_of"]
    return Request(str(message["command"]), dict(message["arguments"]), date.fromisoformat(as_of) if as_of else None,
                   message["demo"])


def _encode_table(table: Table) -> tuple[dict[str, Any], tuple[bytes, ...]]:
    frames = [table.frame.select([column.name for column in table.columns])]
    if table.origin is not None:
        frames.append(table.origin)
    encoded = []
    for frame in frames:
        buffer = io.BytesIO()
        frame.write_ipc(buffer)
        encoded.append(buffer.getvalue())
    sources = [{**source.to_json(), "note": source.note} for source in table.sources]
    columns = [{**column.to_json(), "decimals": column.decimals, "newbie": column.newbie} for column in table.columns]
    return {"type": "table", "frames": len(encoded), "title": table.title, "columns": columns, "sources": sources,
            "unknown": list(table.unknown), "notes": list(table.notes),
            "undo": None if table.undo is None else table.undo.to_json(),
            "sha256": hashlib.sha256(b"".join(encoded)).hexdigest()}, tuple(encoded)


def _decode_table(message: Mapping[str, Any], encoded: list[bytes]) -> Table:
    import polars as pl

    if hashlib.sha256(b"".join(encoded)).hexdigest() != message["sha256"]:
        raise EOFError
    frames = [pl.read_ipc(io.BytesIO(content)) for content in encoded]

    def moment(text: str | None) -> datetime | None:
        return None if text is None else datetime.fromisoformat(text)

    sources = tuple(Source(**{**source, "as_of": moment(source["as_of"]), "fetched_at": moment(source["fetched_at"])})
                    for source in message["sources"])
    return Table(message["title"], tuple(Column(**column) for column in message["columns"]), frames[0], sources,
                 tuple(message["unknown"]), tuple(message["notes"]), frames[1] if len(frames) > 1 else None,
                 undo=Undo(**message["undo"]) if message.get("undo") else None)


def _encode_error(problem: TerminalError) -> dict[str, Any]:
    return {"type": "error", "kind": type(problem).__name__, "message": problem.message, "hint": problem.hint}


def defect(what: str, problem: Exception, home: Home) -> TerminalError:
    """The sentence for an exception that nobody expected."""
    return TerminalError(f"{what} failed: {type(problem).__name__}: {problem}.",
                         f"This is a defect of the program; the traceback is in {home.logs / 'tapeline.log'}.")


def _error(message: Mapping[str, Any]) -> TerminalError:
    kind = getattr(errors, str(message["kind"]), TerminalError)
    if not (isinstance(kind, type) and issubclass(kind, TerminalError)):
        kind = TerminalError
    return kind(str(message["message"]), str(message["hint"]))


def owner_or_wait(home: Home, wait: float = WAIT) -> Lock | Remote:
    """The lock when the home is free, else the owner when it listens; `Locked` when neither within `wait` seconds."""
    deadline = time.monotonic() + wait
    while True:
        try:
            return Lock(home)
        except Locked as problem:
            with contextlib.suppress(Locked):
                return Remote(home)
            if time.monotonic() >= deadline:
                raise problem from None
        time.sleep(0.05)
