"""Yahoo Finance as a provider: free, no key, delayed by the exchange's rules, and no promise of anything.

Everything is asked by one worker process (`yahoo_worker`), one request at a time. The process is started on first use,
ends itself after two idle minutes, and is ended by us when it does not answer or the user stops the command.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import multiprocessing
import threading
import time
from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING, Any

from terminal import errors
from terminal.domain.fetch import Fetch
from terminal.providers.base import Answer, Progress, Request
from terminal.providers.budget import Window
from terminal.providers.yahoo_worker import Job, Part, Seen, Trouble, serve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess
    from pathlib import Path

    from terminal.providers.service import Surroundings

# No limit is published; one request a second with short bursts is what a person clicking would cause.
WINDOWS = (Window(5, 5), Window(2000, 3600))
ANSWER_SECONDS = 20.0
MOST_EXPIRIES = 60
START_SECONDS = 30.0


class YahooProvider:
    """An empty base address stands for Yahoo's own addresses; any other for where its paths are found."""

    id = "yahoo"
    title = "Yahoo Finance"
    datasets = frozenset(
        {"quotes", "facts", "bars", "instruments", "earnings", "dividends", "splits", "headlines", "minute_bars", "chains"}
    )
    simulated = False
    delayed = False
    needs_key = False
    brings = {
        "bars": frozenset({"dividends", "splits"}),
        "facts": frozenset({"instruments", "earnings"}),
        "instruments": frozenset({"earnings"}),
        "earnings": frozenset({"instruments"}),
        "dividends": frozenset({"splits", "bars"}),
        "splits": frozenset({"dividends", "bars"}),
    }
    batch = {"quotes": 50}
    cost = {"facts": 3}

    windows = WINDOWS

    def __init__(self, around: Surroundings) -> None:
        self._base_url = around.base_url
        self._clock = around.clock
        self._run = around.run
        self._spend = around.spend
        self._owner = threading.Lock()
        self._process: SpawnProcess | None = None
        self._pipe: Connection | None = None

    def fetch(self, request: Request, progress: Progress) -> Iterator[Answer]:
        """Answers as they arrive; the answer for the asked dataset is the last one but for statements. Raises ProviderError."""
        if request.dataset == "chains":
            for symbol in request.symbols:
                yield self._chain(symbol, progress)
            return
        for part in self._parts(request, progress):
            yield self._answer(part, request.symbols)

    def close(self) -> None:
        """End the worker."""
        with self._owner:
            self._end()

    def _chain(self, symbol: str, progress: Progress) -> Answer:
        """All expiries of one symbol as one chain of one moment, that of the first answer; all or nothing.

        Yahoo sends one expiry an answer: each counts as a request of its own, and waits for its turn.
        """
        import polars as pl

        parts = self._parts(Request("chains", (symbol,)), progress)
        first = parts[-1]
        expiries = [] if len(parts) == 1 else pl.read_ipc(io.BytesIO(parts[0].arrow))["expiry"].to_list()
        known = pl.read_ipc(io.BytesIO(first.arrow))
        frames, seen = [known], [first.seen]
        for day in [each for each in expiries if each not in set(known["expiry"])][: MOST_EXPIRIES - 1]:
            progress(None, f"chain of {symbol} expiring {day} from {self.title}")
            self._spend(lambda seconds: progress(None, f"waiting {max(round(seconds), 1)} s for {self.title}"))
            (part,) = self._parts(Request("chains", (symbol,), day, day), progress)
            frames.append(pl.read_ipc(io.BytesIO(part.arrow)))
            seen.append(part.seen)
        there = set(pl.concat(frames)["expiry"])
        lost = [day for day in expiries if day not in there]
        note = f"{len(lost)} of {len(expiries)} expiries were not delivered, {lost[0]} first" if lost and there else ""
        price = known["underlying_price"].drop_nulls().first() if known.height else None
        frame = pl.concat(frames).with_columns(
            pl.lit(first.as_of, dtype=pl.Datetime("us", "UTC")).alias("at"),
            pl.coalesce(pl.lit(price, dtype=pl.Float64), "underlying_price").alias("underlying_price"),
        ).unique(["contract"], keep="first", maintain_order=True)  # fmt: skip
        whole = seen[0] if len(seen) == 1 else replace(
            seen[0], finished_at=seen[-1].finished_at, bytes=sum(each.bytes or 0 for each in seen),
            sha256=hashlib.sha256("".join(each.sha256 for each in seen).encode()).hexdigest())  # fmt: skip
        status = "empty" if frame.is_empty() else "ok"
        told = {"error": first.note, "reason": note, "as_of": first.as_of, "delayed": first.delayed}
        fetch = _fetch(whole, "chains", (symbol,), status, **told)
        return Answer("chains", frame, fetch, first.missing)

    def _parts(self, request: Request, progress: Progress) -> list[Part]:
        base = self._base_url().rstrip("/")
        cache = "" if base else str(self._cache())
        job = Job(request.dataset, request.symbols, request.start, request.end, base, cache, self._clock())
        with self._owner:
            return self._ask(job, progress)

    def _answer(self, part: Part, asked: tuple[str, ...]) -> Answer:
        import polars as pl

        frame = pl.read_ipc(io.BytesIO(part.arrow))
        status = "empty" if frame.is_empty() else "ok"
        fetch = _fetch(part.seen, part.dataset, asked, status, error=part.note, as_of=part.as_of, delayed=part.delayed)
        return Answer(part.dataset, frame, fetch, part.missing)

    def _ask(self, job: Job, progress: Progress) -> list[Part]:
        """All parts of one job. The error of a later part is raised after the parts before it are lost: all or nothing."""
        pipe = self._start()
        limit = time.monotonic() + START_SECONDS + ANSWER_SECONDS
        parts: list[Part] = []
        try:
            pipe.send(job)
            while True:
                if pipe.poll(0.1):
                    got = pipe.recv()
                    if got is None:
                        return parts
                    if isinstance(got, Trouble):
                        raise _error(got, job)
                    parts.append(got)
                    limit = time.monotonic() + ANSWER_SECONDS
                elif time.monotonic() > limit:
                    self._end()
                    raise errors.Unavailable("Yahoo Finance did not answer in time.", "Check the connection and try again.")
                else:
                    names = ", ".join(job.symbols[:3]) + (" ..." if len(job.symbols) > 3 else "")
                    progress(None, f"{job.dataset} of {names} from {self.title}")
        except (EOFError, OSError) as error:
            self._end()
            raise errors.Unavailable(
                "The helper process for Yahoo Finance ended unexpectedly.", "Try again; the log says more.", error
            ) from error
        except errors.Cancelled:
            self._end()
            raise

    def _start(self) -> Connection:
        if self._process is not None and self._process.is_alive() and self._pipe is not None:
            return self._pipe
        self._end()
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs,), name="tapeline-yahoo", daemon=True)
        self._process.start()
        theirs.close()
        self._pipe = ours
        return ours

    def _end(self) -> None:
        process, self._process = self._process, None
        pipe, self._pipe = self._pipe, None
        if pipe is not None:
            pipe.close()
        if process is not None:
            with contextlib.suppress(ValueError, OSError):
                process.terminate()
                process.join(1.0)
                if process.is_alive():
                    process.kill()
                    process.join(1.0)
                process.close()

    def _cache(self) -> Path:
        """Where yfinance keeps its cookie."""
        folder = self._run / "yahoo"
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def _error(trouble: Trouble, job: Job) -> errors.ProviderError:
    kinds: dict[str, Any] = {
        "RateLimited": errors.RateLimited,
        "Unavailable": errors.Unavailable,
        "BadPayload": errors.BadPayload,
    }
    kind = kinds.get(trouble.kind, errors.ProviderError)
    extra = {"retry_at": trouble.retry_at} if kind is errors.RateLimited else {}
    error: errors.ProviderError = kind(trouble.message, trouble.hint, **extra)
    if trouble.seen is not None:
        error.fetch = _fetch(trouble.seen, job.dataset, job.symbols, "error", error=trouble.message)  # type: ignore[attr-defined]
    return error


def _fetch(seen: Seen, dataset: str, asked: tuple[str, ...], status: Any, **more: Any) -> Fetch:
    return Fetch(
        "yahoo",
        seen.endpoint,
        dataset,
        asked[0] if len(asked) == 1 else "",
        seen.started_at.astimezone(UTC),
        seen.finished_at.astimezone(UTC),
        status,
        seen.http_status,
        seen.bytes,
        seen.sha256,
        **more,
    )
