"""Statistics of trades: against quantstats in one run, by hand, and what must hold for all."""

from __future__ import annotations

import random
from datetime import date, time, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.domain.journal.statistics import (
    Outcome,
    best_and_worst,
    contrasts,
    curve,
    distribution,
    groups,
    ratios,
    returns,
    share,
    shrunk,
    summary,
)
from tests.conftest import examples

START = date(2024, 1, 1)


def outcome(number: int, profit: float, day: int = 0, **more: object) -> Outcome:
    closed = START + timedelta(days=day or number)
    return Outcome(str(number), "XX", closed - timedelta(days=1), closed, profit, **more)  # type: ignore[arg-type]


def many(seed: int = 7, n: int = 120) -> list[Outcome]:
    chance = random.Random(seed)
    return [outcome(at, round(chance.gauss(20, 200), 2)) for at in range(1, n + 1)]


def sessions(n: int) -> list[date]:
    return [START + timedelta(days=at) for at in range(n)]


@pytest.mark.slow  # importing quantstats takes longer than all other tests here
def test_ratios_are_those_of_quantstats() -> None:
    pd = pytest.importorskip("pandas")
    qs = pytest.importorskip("quantstats").stats
    found = curve(many())
    days = sessions(125)
    daily = returns(found, days, 10_000)
    series = pd.Series(daily, index=pd.DatetimeIndex(days))
    told = ratios(found, days, 10_000)
    assert told is not None
    assert told.sharpe == pytest.approx(qs.sharpe(series), rel=1e-9)
    assert told.sortino == pytest.approx(qs.sortino(series), rel=1e-9)
    assert told.max_drawdown == pytest.approx(qs.max_drawdown(series), rel=1e-9)
    assert told.volatility == pytest.approx(qs.volatility(series), rel=1e-9)


@pytest.mark.slow
def test_figures_of_trades_are_those_of_quantstats() -> None:
    pd = pytest.importorskip("pandas")
    qs = pytest.importorskip("quantstats").stats
    found = many()
    series = pd.Series([one.profit / 1e6 for one in found], index=pd.DatetimeIndex([one.closed for one in found]))
    told = summary(found)
    assert told.win_rate is not None and told.payoff is not None and told.average_win is not None
    assert told.win_rate.value == pytest.approx(qs.win_rate(series))
    assert told.profit_factor == pytest.approx(qs.profit_factor(series))
    assert told.payoff == pytest.approx(qs.payoff_ratio(series))
    assert told.average_win / 1e6 == pytest.approx(qs.avg_win(series))
    assert (told.average_loss or 0) / 1e6 == pytest.approx(qs.avg_loss(series))
    assert told.win_streak == qs.consecutive_wins(series)
    assert told.loss_streak == qs.consecutive_losses(series)


def test_five_trades_by_hand() -> None:
    told = summary([outcome(1, 100, r=2.0), outcome(2, -50, r=-1.0), outcome(3, -50), outcome(4, 0), outcome(5, 200, r=4.0)])
    assert (told.n, told.wins, told.losses, told.total) == (5, 2, 2, 200)
    assert told.win_rate is not None and told.win_rate.value == 0.5  # what came out even is neither
    assert (told.profit_factor, told.payoff, told.average_win, told.average_loss) == (3.0, 3.0, 150.0, -50.0)
    assert told.expectancy is not None and told.expectancy.value == 40
    assert told.expectancy_r is not None and told.expectancy_r.value == pytest.approx(5 / 3) and told.n_r == 3
    assert (told.win_streak, told.loss_streak, told.streak) == (1, 2, 1)
    assert told.best is not None and told.best.key == "5"


def test_nothing_is_unknown_and_not_zero() -> None:
    told = summary([])
    assert (told.n, told.win_rate, told.expectancy, told.profit_factor, told.best) == (0, None, None, None, None)
    assert summary([outcome(1, 10)]).profit_factor is None  # no loss to divide by
    assert ratios(curve([]), sessions(3), 1000) is None


def test_a_curve_and_its_deepest_fall() -> None:
    found = curve([outcome(1, 100, 1), outcome(2, -30, 2), outcome(3, -50, 2), outcome(4, 60, 5)])
    assert found.profit == (100, -80, 60)
    assert found.total == (100, 20, 80)
    assert found.drawdown == (0, -80, -20) and found.deepest == -80
    assert curve([outcome(1, -10, 1)]).deepest == -10


@pytest.mark.slow  # importing SciPy
def test_an_interval_of_a_share_is_wilsons() -> None:
    stats = pytest.importorskip("scipy.stats")
    for count, n in ((0, 5), (3, 5), (40, 61)):
        told, other = share(count, n), stats.binomtest(count, n).proportion_ci(0.9, "wilson")
        assert told is not None and (told.low, told.high) == pytest.approx((other.low, other.high), abs=1e-9)


def test_small_groups_are_pulled_to_the_whole_and_large_ones_keep_their_own() -> None:
    chance = np.random.default_rng(3)
    values = {"large": chance.normal(50, 40, 200), "small": chance.normal(150, 40, 3), "other": chance.normal(0, 40, 80)}
    told = shrunk({name: list(each) for name, each in values.items()})
    whole = np.concatenate(list(values.values())).mean()
    assert told["large"][1] > told["other"][1] > told["small"][1]
    assert min(whole, values["small"].mean()) <= told["small"][0] <= values["small"].mean()
    same = shrunk({name: list(chance.normal(10, 50, 30)) for name in "abcdefgh"})
    assert max(weight for _, weight in same.values()) < 0.6  # they differ by chance


def test_shrinkage_predicts_better_than_the_plain_means() -> None:
    """Forty groups of five, half of the spread real: the shrunk means are nearer to the truth."""
    chance = np.random.default_rng(11)
    truth = chance.normal(0, 20, 40)
    values = {str(at): list(chance.normal(middle, 60, 5)) for at, middle in enumerate(truth)}
    told = shrunk(values)
    plain = [np.mean(values[str(at)]) for at in range(40)]
    ours = [told[str(at)][0] for at in range(40)]
    assert np.mean((np.array(ours) - truth) ** 2) < 0.6 * np.mean((np.array(plain) - truth) ** 2)


def test_groups_have_their_order_and_a_trade_with_two_tags_is_in_two() -> None:
    found = [outcome(1, 10, clock=time(9, 45), labels={"tag": ("gap", "news")}),
             outcome(2, -5, clock=time(14, 5), labels={"tag": ("gap",)}), outcome(3, 7)]
    assert [(one.name, one.summary.n) for one in groups(found, "hour")] == [("09:30-10:00", 1), ("14:00-15:00", 1)]
    assert {one.name: one.keys for one in groups(found, "tag")} == {"news": ("1",), "gap": ("1", "2")}
    assert [one.name for one in groups(found, "weekday")] == ["Monday", "Tuesday", "Wednesday"]
    assert [one.name for one in groups(found, "month")] == ["2024-01"]
    best, worst = best_and_worst(groups(found, "tag"))
    assert best is not None and worst is not None
    assert best_and_worst(groups(found, "month")) == (None, None)


@given(st.lists(st.floats(-1e5, 1e5), min_size=1, max_size=60))
@settings(max_examples=examples(60))
def test_a_distribution_holds_every_trade_and_has_an_edge_at_zero(values: list[float]) -> None:
    bars = distribution(values)
    assert sum(count for _, _, count in bars) == len(values)
    assert any(abs(edge) < 1e-9 for low, high, _ in bars for edge in (low, high))
    assert len(bars) <= 40


@given(st.lists(st.integers(-10_000, 10_000), min_size=1, max_size=40), st.randoms())
@settings(max_examples=examples(60))
def test_parts_sum_to_the_whole_in_whatever_order(cents: list[int], chance: random.Random) -> None:
    found = [outcome(at + 1, value / 100, at % 9 + 1) for at, value in enumerate(cents)]
    shuffled = list(found)
    chance.shuffle(shuffled)
    assert summary(shuffled) == summary(found)
    for by in ("weekday", "month", "symbol"):
        assert sum(one.summary.total for one in groups(found, by)) == pytest.approx(summary(found).total, abs=1e-6)
    assert curve(found).total[-1] == pytest.approx(summary(found).total, abs=1e-6)


def test_a_clause_is_judged_by_both_sides_and_chance_is_taken_off() -> None:
    chance = np.random.default_rng(5)
    found, real, noise = [], {}, {}
    for at in range(1, 121):
        real[str(at)], noise[str(at)] = bool(at % 2), bool(chance.integers(2))
        found.append(outcome(at, float(chance.normal(60 if at % 2 else -40, 80))))
    noise["1"] = None  # type: ignore[assignment]
    told = contrasts(found, {"real": real, "noise": noise, "always": dict.fromkeys(real, True)})
    assert [one.name for one in told] == ["real", "noise", "always"]
    first, second, third = told
    assert first.difference is not None and first.difference.low > 0
    assert first.shrunk is not None and 60 < first.shrunk < first.difference.value
    assert second.difference is not None and second.difference.low < 0 < second.difference.high
    assert second.held.n + second.failed.n == 119
    assert third.difference is None and third.shrunk is None and third.failed.n == 0


def test_a_lone_group_is_pulled_to_those_that_are_in_none() -> None:
    """One lucky trade with a tag does not make the tag worth what it brought."""
    found = [outcome(1, 300, labels={"setup": ("gap",)}), *(outcome(at, (-1) ** at * 40.0) for at in range(2, 30))]
    (one,) = groups(found, "setup")
    assert one.name == "gap" and one.summary.total == 300
    assert one.shrunk is not None and one.weight is not None and one.shrunk < 300 and one.weight < 1
    assert groups(found, "playbook") == []
