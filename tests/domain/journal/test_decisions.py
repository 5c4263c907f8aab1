"""What is typed for a decision, and when it is due again."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from terminal.domain.journal.decisions import horizon, probability, side
from terminal.domain.journal.reviews import Happened, dues, next_look

DAY = date(2026, 1, 5)


def later(days: int) -> date:
    return DAY + timedelta(days=days)


@pytest.mark.parametrize(("text", "share"), [("70", 0.7), ("70 %", 0.7), ("0.7", 0.7), ("0,7", 0.7), ("99.5", 0.995)])
def test_probabilities(text: str, share: float) -> None:
    assert probability(text) == pytest.approx(share)


@pytest.mark.parametrize("text", ["", "high", "0", "100", "-3", "120", "1"])
def test_what_is_no_probability(text: str) -> None:
    with pytest.raises(ValueError, match=r"probability|between"):
        probability(text)


@pytest.mark.parametrize(("text", "days"), [("90", 90), ("90d", 90), ("12w", 84), ("6m", 180), ("6 months", 180), ("1y", 365)])
def test_lengths_of_time(text: str, days: int) -> None:
    assert horizon(text) == days


@pytest.mark.parametrize("text", ["", "soon", "0", "20y", "-3m"])
def test_what_is_no_length_of_time(text: str) -> None:
    with pytest.raises(ValueError, match="length"):
        horizon(text)


def test_the_side_of_a_plan() -> None:
    assert side("buy", 100, 90, 120) == 1
    assert side("sell", 100, 110, 80) == -1
    assert side("pass", 100, 110, 80) == -1  # what was passed on may be a short plan
    assert side("pass", 100, None, None) == 1
    for wrong in (("buy", 100, 110, None), ("buy", 100, 90, 80), ("sell", 100, 90, None), ("watch", 100, 110, 120)):
        with pytest.raises(ValueError, match="sides"):
            side(*wrong)


def test_milestones_come_one_after_the_other_and_a_look_covers_what_was() -> None:
    nothing = Happened()
    assert dues(DAY, None, [], nothing, later(29)) == ()
    assert [each.days for each in dues(DAY, None, [], nothing, later(31))] == [30]
    assert [each.days for each in dues(DAY, None, [], nothing, later(95))] == [90]
    assert dues(DAY, None, [later(32)], nothing, later(59)) == ()
    assert [each.days for each in dues(DAY, None, [later(32)], nothing, later(60))] == [60]
    assert dues(DAY, None, [later(95)], nothing, later(200)) == ()


def test_the_most_urgent_reason_comes_first() -> None:
    happened = Happened("broken", later(20), stop_on=later(10), reports=(later(-3), later(15), later(40)), over_on=later(25))
    found = dues(DAY, later(14), [], happened, later(31))
    assert [each.reason for each in found] == ["broken", "stop", "report", "over", "milestone", "asked"]
    assert dues(DAY, later(14), [later(25)], happened, later(29)) == ()
    assert [each.on for each in dues(DAY, None, [], Happened(reports=(later(15), later(40))), later(20))] == [later(15)]


def test_how_a_thesis_stood_at_first_is_no_news() -> None:
    assert dues(DAY, None, [], Happened("shaken", DAY), later(1)) == ()


def test_the_next_look() -> None:
    found = next_look(DAY, later(45), [], [later(20), later(80)], later(0))
    assert found is not None and (found.reason, found.on) == ("report", later(20))
    found = next_look(DAY, later(45), [], [later(20)], later(31))
    assert found is not None and (found.reason, found.on) == ("asked", later(45))
    assert next_look(DAY, None, [], [], later(91)) is None
