"""Garbage is searched for when nobody notices, and found all the same."""

from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QLineEdit

from terminal.shell import tidying
from terminal.shell.tidying import NEVER, Tidying

if TYPE_CHECKING:
    from collections.abc import Iterator


class Ring:
    """Holds itself, so that only a search finds it."""

    def __init__(self) -> None:
        self.self = self


@pytest.fixture
def moment() -> list[float]:
    return [0.0]


@pytest.fixture
def resting() -> list[bool]:
    return [False]


@pytest.fixture
def tidy(qapp: Any, moment: list[float], resting: list[bool]) -> Iterator[Tidying]:
    owner = QObject()
    made = Tidying(owner, lambda: resting[0], lambda: moment[0])
    made._timer.stop()
    yield made
    made.end()
    owner.deleteLater()


def test_nothing_is_searched_until_the_windows_rest(tidy: Tidying, resting: list[bool]) -> None:
    assert not gc.isenabled()
    tidy.look()
    assert not gc.isenabled() and not tidy.settled
    resting[0] = True
    tidy.look()
    assert gc.isenabled() and tidy.settled and gc.get_threshold()[2] == NEVER and gc.get_freeze_count()


def test_a_start_that_never_rests_settles_all_the_same(tidy: Tidying, moment: list[float]) -> None:
    moment[0] = tidying.START_S + 1
    tidy.look()
    assert tidy.settled and gc.isenabled()


def test_a_ring_is_found_once_nobody_touches_anything(tidy: Tidying, moment: list[float], resting: list[bool],
                                                      qtbot: Any) -> None:
    field = QLineEdit()
    qtbot.addWidget(field)
    resting[0] = True
    tidy.look()
    gone = weakref.ref(Ring())
    moment[0] = tidying.SWEEP_S + 1
    tidy.look()
    qtbot.keyClick(field, Qt.Key.Key_A)
    tidy.heard()
    assert gone() is not None, "somebody is typing"
    tidy.look()
    tidy.heard()
    assert gone() is None


def test_what_was_set_aside_is_searched_every_ten_minutes(tidy: Tidying, moment: list[float], resting: list[bool]) -> None:
    gone = weakref.ref(Ring())
    resting[0] = True
    tidy.look()
    tidy.sweep()
    assert gone() is not None
    moment[0] = tidying.DEEP_S + 1
    tidy.sweep()
    assert gone() is None and gc.get_freeze_count()


def test_somebody_who_never_stops_typing_is_interrupted_after_half_an_hour(tidy: Tidying, moment: list[float],
                                                                           resting: list[bool]) -> None:
    resting[0] = True
    tidy.look()
    gone = weakref.ref(Ring())
    resting[0] = False
    moment[0] = tidying.OVERDUE_S + 1
    tidy.look()
    assert gone() is None


def test_at_the_end_python_does_it_by_itself_again(qapp: Any) -> None:
    before = gc.get_threshold()
    owner = QObject()
    made = Tidying(owner, lambda: True)
    made.look()
    made.end()
    assert gc.isenabled() and gc.get_threshold() == before and not gc.get_freeze_count()
