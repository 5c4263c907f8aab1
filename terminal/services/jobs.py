"""The schedule: starts commands when they are due, makes up for what was missed, and remembers what became of each.

The commands run where every command runs; the scheduler's own thread only says which. APScheduler is imported when the
schedule is started, which only the process with the window (or `tapeline jobs run`) does. The history lies in the book
(schema `jobs`), what is paused in the settings.
"""

from __future__ import annotations

import itertools
import logging
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from terminal import log
from terminal.domain.schedule import Schedule
from terminal.errors import Cancelled, TerminalError, UserError
from terminal.services.job_history import JobHistory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from concurrent.futures import Future

    import polars as pl

    from terminal.api import Context, Job
    from terminal.domain.sessions import Calendar
    from terminal.domain.sourced import Table
    from terminal.settings import Settings
    from terminal.store import Store

LOOK_AGAIN = 30  # seconds; a computer that slept, or whose clock was set, is noticed within this time
_BACK = timedelta(minutes=1)
_ALL = "all"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Planned:
    """A declared job with its schedule."""

    name: str
    title: str
    command: str
    arguments: Mapping[str, Any]
    schedule: Schedule
    owner: str


@dataclass(frozen=True, slots=True)
class JobStatus:
    """One job as it stands. `next_run`: when it is next due; None while it is paused, or beyond the calendar."""

    job: Planned
    paused: bool
    next_run: datetime | None
    last: Mapping[str, Any] | None
    running: bool


def planned(declared: Iterable[tuple[str, Sequence[Job]]], titles: Callable[[str], str], *, demo: bool) -> tuple[Planned, ...]:
    """The jobs of (owner, jobs) pairs for one market. One that names no time, or a name that is taken, is left out and logged."""
    found: dict[str, Planned] = {}
    for owner, jobs in declared:
        for job in jobs:
            name = job.name or _free(job.command, found)
            if job.live_only and demo:
                continue
            try:
                schedule = Schedule.parse(every=job.every, at=job.at, session_days=job.session_days, while_open=job.while_open)
                if name in found or name == _ALL:
                    raise ValueError(f"the name {name} is taken")
                title = job.title or titles(job.command)
            except (ValueError, TerminalError) as problem:
                _log.error("the job %s of %s is left out: %s", name, owner, problem)
                continue
            found[name] = Planned(name, title, job.command, dict(job.arguments), schedule, owner)
    return tuple(found.values())


class Scheduler:
    """The schedule of one market. Thread safe. `run(job)` starts a command in a worker and must come back at once."""

    def __init__(self, store: Store, settings: Settings, clock: Callable[[], datetime], jobs: Callable[[], tuple[Planned, ...]],
                 run: Callable[[Planned], Future[Table]], calendar: Callable[[], Calendar],
                 beside: Callable[[bool], object] = lambda on: None) -> None:
        """`beside(True)` is called once jobs start by themselves, `beside(False)` when they no longer do."""
        self._settings, self._clock = settings, clock
        self._declared, self._run, self._make_calendar, self._beside = jobs, run, calendar, beside
        self._history = JobHistory(store, clock)
        self._jobs: dict[str, Planned] | None = None
        self._calendar: Calendar | None = None
        self._lock = threading.RLock()
        self._running: dict[str, int] = {}
        self._engine: Any = None
        self._closing = False
        self._seen: datetime | None = None

    # ---- what there is ----

    @property
    def jobs(self) -> dict[str, Planned]:
        """Every job by name."""
        with self._lock:
            if self._jobs is None:
                self._jobs = {job.name: job for job in self._declared()}
            return self._jobs

    @property
    def active(self) -> bool:
        """Whether jobs start by themselves in this process."""
        return self._engine is not None

    def job(self, name: str) -> Planned:
        """The job of that name; UserError when there is none."""
        found = self.jobs.get(name)
        if found is None:
            raise UserError(f"There is no job called {name!r}.", f"The jobs are: {', '.join(self.jobs) or 'none'}.")
        return found

    def overview(self) -> list[JobStatus]:
        """Every job with its next and its last run."""
        now, calendar, last = self._clock(), self.calendar, self._history.latest()
        found = []
        for job in self.jobs.values():
            paused = self.paused(job.name)
            due = None if paused else job.schedule.next(now, calendar)
            found.append(JobStatus(job, paused, due, last.get(job.name), job.name in self._running))
        return found

    def history(self, name: str | None = None, limit: int = 200) -> pl.DataFrame:
        """What ran, newest first: id, name, command, why, due, started, finished, state, rows, note, error.

        `why`: schedule, missed (made up for), hand. `state`: running, done, failed, cancelled, interrupted (the program
        ended), missed, skipped.
        """
        return self._history.read(None if name is None else self.job(name).name, limit)

    @property
    def calendar(self) -> Calendar:
        """The sessions."""
        with self._lock:
            if self._calendar is None:
                self._calendar = self._make_calendar()
            return self._calendar

    # ---- pausing ----

    def paused(self, name: str) -> bool:
        """Whether a job does not start by itself."""
        listed = _names(self._settings.get("jobs.paused"))
        return name in listed or _ALL in listed

    def paused_all(self) -> bool:
        """Whether the whole schedule is paused."""
        return _ALL in _names(self._settings.get("jobs.paused"))

    def paused_feeds(self) -> list[str]:
        """Datasets that no job fetches."""
        return _names(self._settings.get("jobs.paused_feeds"))

    def pause(self, name: str = _ALL) -> None:
        """Do not start a job (or `all`) by itself any more; one that runs is not stopped."""
        listed = _names(self._settings.get("jobs.paused"))
        wanted = _ALL if name == _ALL else self.job(name).name
        if wanted not in listed:
            self._settings.set("jobs.paused", ",".join([*listed, wanted]))

    def resume(self, name: str = _ALL) -> None:
        """Let a job (or `all`, each single one too) start again when it is next due. What was missed meanwhile stays missed."""
        listed = _names(self._settings.get("jobs.paused"))
        if name != _ALL and _ALL in listed:
            listed = [each for each in self.jobs if each != _ALL]
        left = [] if name == _ALL else [each for each in listed if each != self.job(name).name]
        woken = [job for job in self.jobs if self.paused(job) and job not in left]
        self._history.forget(woken)
        self._settings.set("jobs.paused", ",".join(left))

    def pause_feed(self, dataset: str) -> None:
        """No job fetches this dataset any more; what is asked by hand still is."""
        listed = self.paused_feeds()
        if dataset not in listed:
            self._settings.set("jobs.paused_feeds", ",".join([*listed, dataset]))

    def resume_feed(self, dataset: str) -> None:
        """Jobs fetch this dataset again."""
        self._settings.set("jobs.paused_feeds", ",".join(each for each in self.paused_feeds() if each != dataset))

    # ---- running ----

    def start(self) -> None:
        """Make up for what was missed, then start each job when it is due, until `stop`. Again: nothing happens."""
        from apscheduler.executors.debug import DebugExecutor
        from apscheduler.schedulers.background import BackgroundScheduler

        with self._lock:
            if self._engine is not None or self._closing:
                return
            engine = BackgroundScheduler(timezone=UTC, daemon=True)
            self._engine = engine
        # Jobs only hand a command to a worker, so that they can do it in the scheduler's own thread: no pool is needed,
        # whose threads would keep the interpreter from ending.
        engine.add_executor(DebugExecutor())
        self._seen = self._clock()
        try:
            self._history.begin(self.jobs, [number for number in self._running.values() if number])
            self.catch_up()
            for job in self.jobs.values():
                grace = job.schedule.grace()
                engine.add_job(self._due, _trigger(job.schedule, self.calendar), (job.name,), id=job.name, name=job.name,
                               coalesce=True, max_instances=1,
                               misfire_grace_time=None if grace is None else int(grace.total_seconds()))
            engine.add_job(self._look_at_the_clock, "interval", seconds=LOOK_AGAIN, id="_clock", coalesce=True, max_instances=1,
                           misfire_grace_time=None)
            engine.add_listener(self._misfired, _missed_event())
            engine.start()
        except BaseException:
            with self._lock:
                self._engine = None
            raise
        with self._lock:
            stopped = self._engine is not engine
        if stopped:  # meanwhile somebody called `stop`
            engine.shutdown(wait=False)
        else:
            self._beside(True)

    def stop(self) -> None:
        """Start nothing by itself any more. What runs goes on."""
        with self._lock:
            engine, self._engine = self._engine, None
        if engine is not None and engine.running:
            engine.shutdown(wait=False)
        if engine is not None:
            self._beside(False)

    def close(self) -> None:
        """The program ends: as `stop`, and what runs now counts as interrupted and is made up for at the next start."""
        self._closing = True
        self.stop()

    def catch_up(self) -> list[str]:
        """Start every job whose newest due run has not happened; their names."""
        now = self._clock()
        late = []
        for job, since in self._handled(now).items():
            due = None if self.paused(job) else self.jobs[job].schedule.missed(since, now, self.calendar)
            if due is not None:
                self._begin(self.jobs[job], due, "missed")
                late.append(job)
        return late

    def run_now(self, name: str, ctx: Context) -> Table:
        """Run a job in the calling thread, whether or not it is paused or due; what its command returns or raises."""
        job, now = self.job(name), self._clock()
        if not self._take(job):
            raise UserError(f"{job.title} is already running.", "Wait until it is done, or cancel it first.")
        number = self._write_start(job, job.schedule.last(now, self.calendar) or now, "hand")
        try:
            table = ctx.call(job.command, **job.arguments)
        except BaseException as problem:
            self._write_end(job, number, *self._ending(problem), patience=1.0)
            raise
        self._write_end(job, number, *_result(table), patience=1.0)
        return table

    # ---- inner ----

    def _due(self, name: str) -> None:
        """On the scheduler's thread: a job's moment has come."""
        now = self._clock()
        job = self.jobs[name]
        due = job.schedule.last(now, self.calendar)
        if due is not None and not self.paused(name) and due > self._handled(now)[name]:
            self._begin(job, due, "schedule")

    def _begin(self, job: Planned, due: datetime, why: str) -> None:
        same = self._same(job)
        if same or not self._take(job):
            number = self._write_start(job, due, why)
            self._write_end(job, number, "skipped", None, f"{same or job.name} was doing the same just then", "")
            return
        number = self._write_start(job, due, why)
        try:
            future = self._run(job)
        except Exception as problem:
            self._write_end(job, number, *self._ending(problem))
            return
        future.add_done_callback(lambda done: self._ended(job, number, done))

    def _ended(self, job: Planned, number: int, done: Future[Table]) -> None:
        try:
            ending = _result(done.result())
        except BaseException as problem:
            ending = self._ending(problem)
        self._write_end(job, number, *ending)

    def _ending(self, problem: BaseException) -> tuple[str, int | None, str, str]:
        if isinstance(problem, Cancelled) or not isinstance(problem, Exception):
            return "interrupted" if self._closing else "cancelled", None, "", ""
        told = problem.sentence() if isinstance(problem, TerminalError) else f"{type(problem).__name__}: {problem}"
        return "failed", None, "", log.redact(told, self._settings.known_secrets())

    def _take(self, job: Planned) -> bool:
        with self._lock:
            if job.name in self._running:
                return False
            self._running[job.name] = 0
            return True

    def _same(self, job: Planned) -> str:
        """A running job that does exactly the same, "" when there is none."""
        with self._lock:
            others = [self.jobs[name] for name in self._running if name != job.name]
        return next((one.name for one in others if (one.command, one.arguments) == (job.command, job.arguments)), "")

    def _look_at_the_clock(self) -> None:
        """A clock that was set back would leave every job waiting for a moment far ahead."""
        now, before = self._clock(), self._seen
        self._seen = now
        engine = self._engine
        if before is not None and now < before - _BACK and engine is not None:
            _log.info("the clock was set back by %s; the schedule is made anew", before - now)
            for name, job in self.jobs.items():
                engine.modify_job(name, next_run_time=job.schedule.next(now, self.calendar))

    def _misfired(self, event: Any) -> None:
        job = self.jobs.get(event.job_id)
        if job is not None and not self.paused(job.name):
            number = self._write_start(job, event.scheduled_run_time, "schedule")
            self._write_end(job, number, "missed", None, "the computer slept, or was too busy", "")

    def _handled(self, now: datetime) -> dict[str, datetime]:
        """For each job the newest due moment that is dealt with."""
        found = self._history.dealt_with()
        return {name: found.get(name, now) for name in self.jobs}

    def _write_start(self, job: Planned, due: datetime, why: str) -> int:
        number = self._history.started(job.name, job.command, why, due)
        with self._lock:
            if self._running.get(job.name) == 0:
                self._running[job.name] = number
        return number

    def _write_end(self, job: Planned, number: int, state: str, rows: int | None, note: str, error: str, *,
                   patience: float = 0.0) -> None:
        with self._lock:
            if self._running.get(job.name) == number:
                del self._running[job.name]
        self._history.ended(number, state, rows, note, error, patience=patience)


def _free(command: str, taken: Mapping[str, Planned]) -> str:
    """The name of a job that has none: its command's, numbered from the second on."""
    numbered = (f"{command}-{number}" for number in itertools.count(2))
    return command if command not in taken else next(name for name in numbered if name not in taken)


def _result(table: Table) -> tuple[str, int | None, str, str]:
    """State, rows, note and error of a job that returned a table: rows stored where it counts them, and the first problem."""
    frame = table.frame
    rows = int(frame["rows"].sum()) if "rows" in frame.columns and frame["rows"].dtype.is_integer() else frame.height
    more = f" (and {len(table.unknown) - 1} more)" if len(table.unknown) > 1 else ""
    return "done", rows, f"{table.unknown[0]}{more}" if table.unknown else "", ""


def _names(text: str) -> list[str]:
    return [name for name in dict.fromkeys(part.strip() for part in str(text).split(",")) if name]


def _trigger(schedule: Schedule, calendar: Calendar) -> Any:
    from apscheduler.triggers.base import BaseTrigger

    class SessionTrigger(BaseTrigger):  # type: ignore[misc]
        """Asks the schedule. Beyond the calendar it is never due."""

        def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime | None:
            """The first due moment after the previous one, or from now on."""
            return schedule.next(now - timedelta(microseconds=1) if previous is None else previous, calendar)

    return SessionTrigger()


def _missed_event() -> int:
    from apscheduler.events import EVENT_JOB_MISSED

    return int(EVENT_JOB_MISSED)
