"""Budgets: never exceeded, whatever happens to clocks, threads, processes and the program; and what they say of themselves."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from terminal.errors import RateLimited
from terminal.providers.budget import Budget, Window

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
DAY = 86400


class World:
    """Real time, and the clock on the wall, which somebody may set."""

    def __init__(self) -> None:
        self.real = 1000.0
        self.wall = NOW

    def clock(self) -> datetime:
        return self.wall

    def running(self) -> float:
        return self.real

    def pass_(self, seconds: float) -> None:
        self.real += seconds
        self.wall += timedelta(seconds=seconds)

    def budget(self, path: Path | None, windows: tuple[Window, ...]) -> Budget:
        made = Budget(path, self.clock, self.pass_, self.running)
        made.declare("a", windows)
        return made


def exceeded(taken: list[tuple[float, int]], windows: tuple[Window, ...]) -> str:
    """The first stretch in which more was taken than a window allows; "" if there is none."""
    for window in windows:
        for at, _ in taken:
            inside = sum(cost for moment, cost in taken if at <= moment <= at + window.seconds - 0.001)
            if inside > window.requests:
                return f"{inside} in {window.seconds} s from {at}, {window.requests} allowed"
    return ""


STEP = st.one_of(
    st.tuples(st.just("take"), st.integers(1, 3), st.booleans()),
    st.tuples(st.just("pass"), st.sampled_from([0.0, 0.5, 3.0, 11.0, 61.0, 1800.0, 3601.0, 90000.0]), st.none()),
    st.tuples(st.just("set clock"), st.sampled_from([-400 * DAY, -7200, -1, 1, 7200, 400 * DAY]), st.none()),
    st.tuples(st.just("restart"), st.none(), st.none()),
    st.tuples(st.just("learn"), st.integers(0, 4), st.sampled_from([None, 5, 500])),
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(STEP, max_size=40), st.booleans())
def test_no_stream_of_requests_exceeds_any_window(steps: list[tuple[str, float, object]], tight: bool) -> None:
    windows = (Window(2, 10), Window(5, 3600), Window(9, DAY)) if tight else (Window(3, 3), Window(60, 3600))
    world = World()
    taken: list[tuple[float, int]] = []
    scheduled: list[tuple[float, int]] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "budget.sqlite"
        budget = world.budget(path, windows)
        for what, value, more in steps:
            if what == "take":
                try:
                    budget.take("a", int(value), by_hand=bool(more))
                except RateLimited:
                    continue
                taken.append((world.real, int(value)))
                if not more:
                    scheduled.append((world.real, int(value)))
            elif what == "pass":
                world.pass_(value)
            elif what == "set clock":
                world.wall += timedelta(seconds=value)
            elif what == "learn":
                budget.learn("a", int(value), None if more is None else world.wall + timedelta(seconds=float(str(more))))
            else:
                budget.close()
                budget = world.budget(path, windows)
            for each, window in zip(budget.status("a"), windows, strict=True):
                assert 0 <= each.left <= window.requests - each.used
        budget.close()
    assert not exceeded(taken, windows)
    reserved = tuple(Window(window.requests - window.reserve, window.seconds) for window in windows if window.reserve)
    assert not exceeded(scheduled, reserved)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([-DAY, -60, 0, 60, DAY]), st.integers(1, 3)), min_size=1, max_size=12))
def test_a_machine_that_starts_anew_gives_no_request_back_when_its_clock_was_set_back(starts: list[tuple[int, int]]) -> None:
    """Each start of the machine counts its running time from near zero; its clock says `shift` more than the time that passed."""
    windows = (Window(3, 3600),)
    world = World()
    true, taken = 0.0, []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "budget.sqlite"
        for shift, asks in starts:
            true += 600
            world.real = 5.0
            world.wall += timedelta(seconds=600 + min(shift, 0))
            budget = world.budget(path, windows)
            for _ in range(asks):
                try:
                    budget.take("a")
                except RateLimited:
                    continue
                taken.append((true, 1))
            budget.close()
    assert not exceeded(taken, windows)


def test_several_threads_share_one_budget() -> None:
    world = World()
    budget = world.budget(None, (Window(25, DAY),))
    got = []

    def ask(by_hand: bool) -> None:
        for _ in range(10):
            try:
                budget.take("a", by_hand=by_hand)
            except RateLimited:
                continue
            got.append(by_hand)

    for by_hand in (False, True):
        threads = [threading.Thread(target=ask, args=(by_hand,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert got.count(False) == 20  # a fifth is left for what is asked by hand
    assert len(got) == 25
    assert budget.remaining("a") == 0
    budget.close()


PROCESS = """
import sys
from pathlib import Path
from terminal.errors import RateLimited
from terminal.providers.budget import Budget, Window
budget = Budget(Path(sys.argv[1]))
budget.declare("a", (Window(10, 60), Window(40, 86400)))
got = 0
for _ in range(60):
    try:
        if budget._try("a", 1, True) <= 0:
            got += 1
    except RateLimited:
        pass
print(got)
"""


def test_two_processes_on_one_file_exceed_nothing(tmp_path: Path) -> None:
    """Both try as fast as they can; together they get what one minute allows."""
    root = str(Path(__file__).resolve().parents[2])
    command = [sys.executable, "-c", PROCESS, str(tmp_path / "budget.sqlite")]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) for _ in range(2)]
    got = [int(process.communicate(timeout=60)[0]) for process in running]
    assert sum(got) == 10


def test_the_status_names_used_left_and_when_it_is_there_again(tmp_path: Path) -> None:
    world = World()
    windows = (Window(25, DAY), Window(5, 60))
    budget = world.budget(tmp_path / "budget.sqlite", windows)
    assert [(each.used, each.left, each.resets_at) for each in budget.status("a")] == [(0, 5, None), (0, 25, None)]
    budget.take("a", 3)
    world.pass_(20)
    budget.take("a")
    budget.close()
    minute, day = world.budget(tmp_path / "budget.sqlite", windows).status("a")
    assert (minute.requests, minute.seconds, minute.used, minute.left) == (5, 60, 4, 1)
    assert minute.resets_at is not None
    assert abs((minute.resets_at - (NOW + timedelta(seconds=80))).total_seconds()) < 0.1
    assert minute.next_at is None
    assert (day.used, day.left, day.reserve) == (4, 21, 5)
    assert budget.status("unlimited") == []


def test_a_call_that_costs_several_counts_exactly() -> None:
    world = World()
    budget = world.budget(None, (Window(10, DAY),))
    budget.take("a", 4)
    budget.take("a", 4)
    assert budget.remaining("a") == 2
    with pytest.raises(RateLimited, match="used up until") as caught:
        budget.take("a", 3)
    assert caught.value.retry_at is not None
    assert abs((caught.value.retry_at - NOW).total_seconds() - DAY) < 1
    budget.take("a", 2)
    with pytest.raises(RateLimited, match="allows fewer"):
        budget.take("a", 11)
    budget.close()


def test_what_the_service_says_of_itself_is_honoured_until_it_ends(tmp_path: Path) -> None:
    world = World()
    windows = (Window(60, 60), Window(500, DAY))
    budget = world.budget(tmp_path / "budget.sqlite", windows)
    budget.take("a")
    budget.learn("a", 2, world.wall + timedelta(hours=1))
    budget.take("a", 2)
    assert budget.remaining("a") == 0
    assert budget.status("a")[0].next_at == NOW + timedelta(hours=1)
    budget.close()
    again = world.budget(tmp_path / "budget.sqlite", windows)
    with pytest.raises(RateLimited):
        again.take("a")
    world.pass_(3601)
    again.take("a")
    again.learn("a", 1000, world.wall + timedelta(hours=1))  # more than we allow ourselves gives nothing
    assert again.remaining("a") == 59
    again.learn("a", 0, world.wall + timedelta(hours=2))
    again.learn("a", 50, world.wall + timedelta(hours=2))  # an older answer that came later
    assert again.remaining("a") == 0
    again.close()


def test_what_is_asked_by_hand_goes_before_waiting_scheduled_work() -> None:
    world = World()
    budget = world.budget(None, (Window(1, 60),))
    budget.take("a")
    order: list[str] = []

    def meanwhile(_seconds: float) -> None:
        if not order:
            order.append("waiting")
            assert budget._try("a", 1, False) > 0
        world.pass_(30)
        if world.real > 1061:
            assert budget._try("a", 1, False) == 0.25  # there would be room, but somebody waits for it

    budget.take("a", waiting=meanwhile)
    assert order == ["waiting"]
    budget.close()


def test_a_damaged_file_is_replaced_and_an_impossible_place_counts_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "budget.sqlite"
    path.write_bytes(b"this is no database, and long enough to look like one" * 40)
    world = World()
    budget = world.budget(path, (Window(2, DAY),))
    budget.take("a")
    assert budget.remaining("a") == 1
    budget.close()
    blocked = tmp_path / "folder.sqlite"
    blocked.mkdir()
    budget = world.budget(blocked, (Window(2, DAY),))
    budget.take("a")
    assert budget.remaining("a") == 1
    budget.close()
