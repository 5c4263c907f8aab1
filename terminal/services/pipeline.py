"""Between fetching and storing: what was fetched is stored on another thread while the next request is under way.

`Pipeline` puts the answers of several requests into one transaction, one every two seconds at most, so that whoever listens
to the market is not told of every company. `Claims` sees to it that a symbol's dataset is asked for once at a time.
"""

from __future__ import annotations

import queue
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from terminal.services.intake import take_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from terminal.providers.base import Answer
    from terminal.providers.router import Router
    from terminal.store import Store
    from terminal.store.landing import Saved

PAUSE = 2.0
MOST = 60
ROOM = 90


@dataclass(frozen=True, slots=True)
class _Packet:
    """What one request brought; `done` is called once it is stored, or cannot be."""

    answers: tuple[Answer, ...]
    asked: str
    done: Callable[[], None]


class Pipeline:
    """Stores packets in the order in which they came. `tell(dataset, saved)` hears what became of each answer.

    The first packet after a pause is stored at once; then they are collected for two seconds.
    """

    def __init__(self, store: Store, router: Router, tell: Callable[[str, Saved], None]) -> None:
        self._store = store
        self._router = router
        self._tell = tell
        self._queue: queue.Queue[_Packet | None] = queue.Queue(ROOM)
        self._error: BaseException | None = None
        self._stored_at = 0.0
        self._thread: threading.Thread | None = None
        self._guard = threading.Lock()

    def put(self, answers: Iterable[Answer], asked: str, done: Callable[[], None] = lambda: None) -> None:
        """Hand on what a request for `asked` brought; waits while too much is queued. Raises what storing raised before."""
        self._raise()
        with self._guard:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="refresh-store", daemon=True)
                self._thread.start()
        self._queue.put(_Packet(tuple(answers), asked, done))

    def close(self) -> None:
        """Wait until all is stored. Raises what storing raised; the rest is stored nevertheless."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None
        self._raise()

    def _raise(self) -> None:
        if self._error is not None:
            error, self._error = self._error, None
            raise error

    def _work(self) -> None:
        more = True
        while more:
            packets, more = self._next()
            try:
                self._store_all(packets)
            except BaseException as error:
                self._error = self._error or error
            finally:
                self._stored_at = time.monotonic()
                for packet in packets:
                    packet.done()

    def _next(self) -> tuple[list[_Packet], bool]:
        """What is to be stored together, and whether anything may follow."""
        packets: list[_Packet] = []
        until = self._stored_at + PAUSE
        while len(packets) < MOST:
            left = until - time.monotonic()
            try:
                packet = self._queue.get(timeout=left if packets and left > 0 else None, block=not packets or left > 0)
            except queue.Empty:
                break
            if packet is None:
                return packets, False
            packets.append(packet)
        return packets, True

    def _store_all(self, packets: Sequence[_Packet]) -> None:
        try:
            self._save(packets)
        except Exception:
            if len(packets) < 2:
                raise
            first: Exception | None = None
            for packet in packets:  # what one answer spoils must not be lost for the others
                try:
                    self._save([packet])
                except Exception as error:
                    first = first or error
            if first is not None:
                raise first from None

    def _save(self, packets: Sequence[_Packet]) -> None:
        parts = []
        for packet in packets:
            provider = packet.answers[0].fetch.provider if packet.answers else ""
            for intake in take_in(self._store, packet.answers, packet.asked, self._router.brings(packet.asked, provider)):
                if (part := intake.part()) is not None:
                    parts.append(part)
        for part, saved in zip(parts, self._store.market.save_all(parts), strict=True):
            self._tell(part.dataset, saved)


class Claims:
    """Who is fetching what at this moment: several may fetch at once, but not the same dataset of the same symbol."""

    def __init__(self) -> None:
        self._free = threading.Condition()
        self._held: set[tuple[str, str]] = set()
        self._released: dict[tuple[str, str], int] = {}
        self._count = 0

    def now(self) -> int:
        """A mark for `take`: what is released later counts as fetched since."""
        with self._free:
            return self._count

    def take(self, datasets: Iterable[str], symbols: Iterable[str], since: int) -> tuple[list[str], list[str], list[str]]:
        """The symbols that are the caller's now, of these those somebody fetched after `since`, and those held by others.

        `datasets`: what the request answers. All or nothing for each symbol, so that nobody waits for another for ever.
        """
        names = tuple(datasets)
        mine: list[str] = []
        fetched: list[str] = []
        others: list[str] = []
        with self._free:
            for symbol in symbols:
                keys = [(name, symbol) for name in names]
                if any(key in self._held for key in keys):
                    others.append(symbol)
                    continue
                mine.append(symbol)
                self._held.update(keys)
                if any(self._released.get(key, -1) >= since for key in keys):
                    fetched.append(symbol)
        return mine, fetched, others

    def release(self, datasets: Iterable[str], symbols: Iterable[str]) -> None:
        """Give back what `take` gave, once it is stored or has failed."""
        names, wanted = tuple(datasets), tuple(symbols)
        with self._free:
            for key in ((name, symbol) for symbol in wanted for name in names):
                self._held.discard(key)
                self._released[key] = self._count
            self._count += 1
            self._free.notify_all()

    def wait(self, datasets: Iterable[str], symbols: Iterable[str], tick: Callable[[], None]) -> None:
        """Until none of these is held; `tick` is called ten times a second and may raise."""
        names, wanted = tuple(datasets), tuple(symbols)
        keys = {(name, symbol) for name in names for symbol in wanted}
        while True:
            with self._free:
                if self._held.isdisjoint(keys) or self._free.wait_for(lambda: self._held.isdisjoint(keys), timeout=0.1):
                    return
            tick()
