"""The schedule over a real book: catching up, pausing, history, a clock that jumps, and ending in time."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from terminal import paths
from terminal.api import Job
from terminal.domain.sessions import Calendar
from terminal.domain.sourced import Column, Table
from terminal.errors import Cancelled, ProviderError, UserError
from terminal.services import job_history
from terminal.services.jobs import Planned, Scheduler, planned
from terminal.settings import Settings
from terminal.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from terminal.paths import Home

JOBS = (
    Job(command="market.refresh", name="close", at="close+20m"),
    Job(command="jobs.watched", name="intraday", every="15m", while_open=True),
)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def calendar() -> Calendar:
    return Calendar.parse(paths.data_file("sessions.csv").read_text("utf-8"))


def answer(rows: int = 3, problems: tuple[str, ...] = ()) -> Table:
    frame = pl.DataFrame({"dataset": ["bars", "quotes"], "rows": [rows, 0]})
    return Table("Done", (Column("dataset", "Data"), Column("rows", "Rows", "integer")), frame, unknown=problems)


class Bench:
    """A store, and schedulers over it as one process after the other would make them; commands are futures of the test's."""

    def __init__(self, home: Home, clock: Any) -> None:
        self.clock, self.settings = clock, Settings(home, environment={"TAPELINE_FINNHUB_KEY": "s3cr3t-key"})
        self.store = Store(home.market(False), home.book(False), home.backups(False), clock=clock,
                           publish=lambda topic, payload: None, migrations=((job_history.OWNER, job_history.STEPS),))
        self.started: list[tuple[str, Future[Table]]] = []
        self.made: list[Scheduler] = []

    def scheduler(self, jobs: tuple[Job, ...] = JOBS) -> Scheduler:
        def run(job: Planned) -> Future[Table]:
            future: Future[Table] = Future()
            self.started.append((job.name, future))
            return future

        made = Scheduler(self.store, self.settings, self.clock,
                         lambda: planned((("test", jobs),), lambda command: command, demo=False), run, calendar)
        self.made.append(made)
        return made

    def rows(self, scheduler: Scheduler) -> list[dict[str, Any]]:
        self.store.book.write(lambda tx: None)  # what was queued before is written
        return scheduler.history().to_dicts()

    def next_process(self, old: Scheduler, jobs: tuple[Job, ...] = JOBS) -> Scheduler:
        old.close()
        self.started.clear()
        return self.scheduler(jobs)


@pytest.fixture
def bench(home: Home, clock: Any) -> Iterator[Bench]:
    made = Bench(home, clock)
    yield made
    for scheduler in made.made:
        scheduler.close()
    made.store.close()


def test_a_first_start_makes_up_for_nothing(bench: Bench) -> None:
    scheduler = bench.scheduler()
    scheduler.start()
    assert scheduler.active and bench.started == []
    rows = {each.job.name: each for each in scheduler.overview()}
    # Friday 20 November 2026, 17:00 in New York: the close run of today is over, Monday's comes next.
    assert rows["close"].next_run == utc("2026-11-23 21:20") and rows["intraday"].next_run == utc("2026-11-23 14:30")
    assert rows["close"].last is None and not rows["close"].paused


def test_what_was_missed_while_the_program_was_closed_runs_once(bench: Bench) -> None:
    first = bench.scheduler()
    first.start()
    bench.clock.now = utc("2026-12-02 12:00")  # a week of sessions later, before the open
    second = bench.next_process(first)
    second.start()
    assert [name for name, _ in bench.started] == ["close"]
    bench.started[0][1].set_result(answer(7, ("bars of ABC: no answer", "more")))
    (row,) = bench.rows(second)
    assert (row["why"], row["state"], row["rows"]) == ("missed", "done", 7)
    assert row["due"] == utc("2026-12-01 21:20")
    assert row["note"] == "bars of ABC: no answer (and 1 more)"
    third = bench.next_process(second)
    third.start()
    assert bench.started == []


def test_a_run_that_the_program_s_end_cut_short_is_made_up_for(bench: Bench) -> None:
    first = bench.scheduler()
    first.start()
    bench.clock.now = utc("2026-11-24 12:00")
    second = bench.next_process(first)
    second.start()
    (_, future), = bench.started
    second.close()
    future.set_exception(Cancelled())
    assert bench.rows(second)[0]["state"] == "interrupted"
    third = bench.next_process(second)
    third.start()
    assert [name for name, _ in bench.started] == ["close"]


def test_a_process_that_was_killed_leaves_a_run_behind_that_is_told_as_interrupted(bench: Bench) -> None:
    first = bench.scheduler()
    first.start()
    bench.clock.now = utc("2026-11-24 12:00")
    assert first.catch_up() == ["close"]
    first.stop()  # and nobody ever tells how the run ended
    bench.started.clear()
    second = bench.scheduler()
    second.start()
    assert [(row["state"], row["why"]) for row in bench.rows(second)] == [("running", "missed"), ("interrupted", "missed")]


def test_a_user_s_stop_is_respected_and_a_failure_is_made_up_for(bench: Bench) -> None:
    first = bench.scheduler()
    first.start()
    bench.clock.now = utc("2026-11-24 12:00")
    first.catch_up()
    bench.started[0][1].set_exception(Cancelled())
    assert bench.rows(first)[0]["state"] == "cancelled"
    assert first.catch_up() == []
    bench.clock.now = utc("2026-11-25 12:00")
    assert first.catch_up() == ["close"]
    bench.started[1][1].set_exception(ProviderError("asked with token=s3cr3t-key", "Try later."))
    row = bench.rows(first)[0]
    assert row["state"] == "failed" and row["error"].endswith("Try later.") and "s3cr3t-key" not in row["error"]
    assert first.catch_up() == ["close"]


def test_pausing_outlives_the_process_and_what_was_missed_meanwhile_stays_missed(bench: Bench) -> None:
    first = bench.scheduler()
    first.start()
    first.pause("close")
    bench.clock.now = utc("2026-11-25 12:00")
    second = bench.next_process(first)
    second.start()
    assert bench.started == [] and {each.job.name: each.next_run is None for each in second.overview()} == {
        "close": True, "intraday": False}
    second.resume("close")
    third = bench.next_process(second)
    third.start()
    assert bench.started == []
    bench.clock.now = utc("2026-11-25 21:30")
    assert third.catch_up() == ["close"]


def test_all_can_be_paused_and_single_ones_resumed(bench: Bench) -> None:
    scheduler = bench.scheduler()
    scheduler.pause()
    assert scheduler.paused_all() and all(each.paused for each in scheduler.overview())
    scheduler.resume("intraday")
    assert [each.paused for each in scheduler.overview()] == [True, False] and not scheduler.paused_all()
    scheduler.resume()
    assert bench.settings.get("jobs.paused") == ""
    with pytest.raises(UserError, match="There is no job called 'nobody'"):
        scheduler.pause("nobody")


def test_feeds(bench: Bench) -> None:
    scheduler = bench.scheduler()
    scheduler.pause_feed("facts")
    scheduler.pause_feed("bars")
    scheduler.pause_feed("facts")
    assert scheduler.paused_feeds() == ["facts", "bars"]
    scheduler.resume_feed("facts")
    assert bench.settings.get("jobs.paused_feeds") == "bars"


def test_two_jobs_that_do_the_same_do_it_once(bench: Bench) -> None:
    jobs = (*JOBS, Job(command="market.refresh", name="nightly", at="20:30"))
    first = bench.scheduler(jobs)
    first.start()
    bench.clock.now = utc("2026-11-24 12:00")
    second = bench.next_process(first, jobs)
    second.start()
    assert [name for name, _ in bench.started] == ["close"]
    assert {row["name"]: row["state"] for row in bench.rows(second)} == {"close": "running", "nightly": "skipped"}


def test_a_job_by_hand_takes_the_place_of_the_one_that_was_due(bench: Bench) -> None:
    scheduler = bench.scheduler()
    scheduler.start()
    bench.clock.now = utc("2026-11-24 12:00")

    class Ctx:
        def call(self, command: str, **arguments: Any) -> Table:
            assert command == "market.refresh"
            with pytest.raises(UserError, match="already running"):
                scheduler.run_now("close", self)  # type: ignore[arg-type]
            return answer()

    assert scheduler.run_now("close", Ctx()).title == "Done"  # type: ignore[arg-type]
    assert [(row["why"], row["state"]) for row in bench.rows(scheduler)] == [("hand", "done")]
    assert scheduler.catch_up() == []


def test_the_engine_starts_what_is_due(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """APScheduler itself, with its clock in our hands: a due moment starts the job once, a late one on a beat is missed."""
    import apscheduler.schedulers.base as base

    class Moved(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
            return bench.clock.now.astimezone(tz)

    import apscheduler.executors.base as executor

    monkeypatch.setattr(base, "datetime", Moved)
    monkeypatch.setattr(executor, "datetime", Moved)
    scheduler = bench.scheduler()
    scheduler.start()

    def wake(moment: str) -> None:
        bench.clock.now = utc(moment)
        scheduler._engine.wakeup()
        time.sleep(0.15)

    wake("2026-11-23 14:29:59")
    assert bench.started == []
    wake("2026-11-23 14:30:01")
    assert [name for name, _ in bench.started] == ["intraday"]
    bench.started.pop()[1].set_result(answer())
    wake("2026-11-23 14:31")
    assert bench.started == []
    wake("2026-11-23 18:07")  # asleep for hours: of many beats the newest, once
    assert [name for name, _ in bench.started] == ["intraday"]
    wake("2026-11-23 18:16")  # still busy with it
    assert len(bench.started) == 1
    bench.started.pop()[1].set_result(answer())
    wake("2026-11-24 03:00")  # asleep over the close: that is made up for, the beats are not
    assert [name for name, _ in bench.started] == ["close"]
    states = [(row["name"], row["state"]) for row in bench.rows(scheduler)]
    assert sorted(states) == sorted([("intraday", "done"), ("intraday", "done"), ("intraday", "skipped"), ("close", "running"),
                                     ("intraday", "missed")])
    wake("2026-11-23 12:00")  # the clock is set back
    scheduler._look_at_the_clock()
    assert scheduler._engine.get_job("intraday").next_run_time == utc("2026-11-23 14:30")


def test_ending_waits_for_nothing(bench: Bench) -> None:
    first = bench.scheduler()
    first.start()
    bench.clock.now = utc("2026-11-24 12:00")
    first.catch_up()  # runs, and does not end
    began = time.monotonic()
    first.close()
    assert time.monotonic() - began < 0.5
    assert not [thread for thread in threading.enumerate() if "APScheduler" in thread.name]
    first.start()
    assert not first.active


def test_what_is_old_is_forgotten(bench: Bench) -> None:
    scheduler = bench.scheduler()
    scheduler._history.started("close", "market.refresh", "hand", bench.clock.now)
    bench.clock.now += timedelta(days=89)
    scheduler.start()
    assert len(bench.rows(scheduler)) == 1
    scheduler.close()
    bench.clock.now += timedelta(days=2)
    second = bench.scheduler()
    second.start()
    assert utc("2026-11-20 22:00") not in [row["started"] for row in bench.rows(second)]


def test_a_declaration_that_names_no_time_is_left_out(expect_warning: Any) -> None:
    expect_warning("is left out")
    found = planned((("one", JOBS), ("two", (Job(command="x.y", at="noon"), Job(command="z.z", name="close", every="1h"),
                                             Job(command="only.live", every="1h", live_only=True)))), str, demo=True)
    assert [job.name for job in found] == ["close", "intraday"]
