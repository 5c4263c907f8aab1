"""Behaviour: made-up traders whose habits are known, and the rank test against SciPy."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

import pytest

from terminal.domain.journal.behaviour import ENOUGH, Moment, chance_of, findings
from terminal.domain.journal.statistics import Outcome

OPEN = datetime(2024, 1, 1, 15, 0, tzinfo=UTC)


class Trader:
    def __init__(self) -> None:
        self.outcomes: list[Outcome] = []
        self.moments: dict[str, Moment] = {}

    def trade(self, opened: datetime, minutes: float, profit: float, size: float = 1000) -> None:
        key = str(len(self.outcomes) + 1)
        closed = opened + timedelta(minutes=minutes)
        self.outcomes.append(Outcome(key, "XX", opened.date(), closed.date(), profit, size=size, held_days=minutes / 1440))
        self.moments[key] = Moment(opened, closed, timed=True)

    def verdicts(self) -> dict[str, str]:
        return {one.kind: one.verdict for one in findings(self.outcomes, self.moments)}


def calm(n: int = 60) -> Trader:
    chance, trader = random.Random(5), Trader()
    for at in range(n):
        trader.trade(OPEN + timedelta(days=at), 60 + chance.random() * 60, chance.choice((90, 60, -50, -70)))
    return trader


@pytest.mark.slow  # importing SciPy
def test_the_rank_test_is_that_of_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")
    chance = random.Random(1)
    for n, m, step in ((8, 9, 0), (30, 12, 1), (20, 40, 3)):
        one = [round(chance.gauss(0, 5), step and 1) for _ in range(n)]
        other = [round(chance.gauss(2, 5), step and 1) for _ in range(m)]
        theirs = stats.mannwhitneyu(one, other, alternative="less", method="asymptotic").pvalue
        assert chance_of(one, other) == pytest.approx(theirs, rel=1e-9)
    assert chance_of([], [1.0]) is None and chance_of([1.0], [1.0]) is None


def test_a_calm_trader_has_none_of_it() -> None:
    assert set(calm().verdicts().values()) <= {"not seen", "too few to say"}
    assert calm().verdicts()["disposition"] == "not seen"


def test_of_few_trades_nothing_is_said() -> None:
    assert set(calm(6).verdicts().values()) == {"too few to say"}
    assert {one.verdict for one in findings([], {})} == {"too few to say"}


def test_revenge_is_seen_with_its_trades_and_what_they_cost() -> None:
    trader = calm()
    for at in range(ENOUGH + 2):
        day = OPEN + timedelta(days=100 + at)
        trader.trade(day, 10, -60)
        trader.trade(day + timedelta(minutes=20), 10, -150)
    found = findings(trader.outcomes, trader.moments)[0]
    assert (found.kind, found.verdict, found.n) == ("revenge", "seen", 10)
    assert found.cost == -1500
    assert set(found.keys) == {str(60 + 2 * at) for at in range(1, 11)}


def test_losers_held_longer_than_winners_are_seen() -> None:
    trader = Trader()
    for at in range(20):
        trader.trade(OPEN + timedelta(days=3 * at), 30 + at, 40)
        trader.trade(OPEN + timedelta(days=3 * at, hours=5), 1500 + at, -60)
    assert trader.verdicts()["disposition"] == "seen"


def test_larger_trades_after_losses_are_seen() -> None:
    trader = Trader()
    last = 1.0
    for at in range(60):
        profit = 50.0 if at % 2 else -50.0
        trader.trade(OPEN + timedelta(days=at), 30, profit, size=2500 if last < 0 else 1000)
        last = profit
    assert trader.verdicts()["size"] == "seen"


def test_days_with_many_bad_trades_are_seen() -> None:
    trader = calm()
    for at in range(3):
        for again in range(8):
            trader.trade(OPEN + timedelta(days=200 + at, minutes=45 * again), 10, -80 if again % 4 else 10)
    found = {one.kind: one for one in findings(trader.outcomes, trader.moments)}["overtrading"]
    assert (found.verdict, found.n) == ("seen", 24)
    assert found.text.startswith("On 3 of 63 days")


def test_without_times_a_trade_follows_a_loss_of_its_day() -> None:
    trader = Trader()
    for at in range(ENOUGH):
        day = datetime(2024, 2, 1, tzinfo=UTC) + timedelta(days=10 * at)
        for key, opened, closed, profit in ((f"{at}a", day - timedelta(days=3), day, -50.0), (f"{at}b", day, day, -90.0)):
            trader.outcomes.append(Outcome(key, "XX", opened.date(), closed.date(), profit))
            trader.moments[key] = Moment(opened, closed, timed=False)
    found = findings(trader.outcomes, trader.moments)[0]
    assert found.n == ENOUGH and all(key.endswith("b") for key in found.keys)
    assert date(2024, 2, 1) in {one.opened for one in trader.outcomes}
