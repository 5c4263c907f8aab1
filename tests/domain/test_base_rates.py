"""Base rates against hand-worked episodes, textbook figures, and the rules that no episode may break."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.domain import regime as regime_now
from terminal.domain.base_rates import (
    HORIZON,
    Episodes,
    Rates,
    base_rate,
    bucket,
    episodes,
    kaplan_meier,
    quarters,
    regimes,
    wilson,
)
from terminal.domain.dips import grid, rolling_high
from tests.domain.dip_market import bars, market, prices, sessions, walk

FLAT = [100.0] * 70


def made(sessions_: list[int], recovered: list[bool], further: list[float] | None = None, starts: list[int] | None = None,
         rows: list[int] | None = None) -> Episodes:
    count = len(sessions_)
    return Episodes(np.array(rows or [0] * count, dtype=np.int64), np.array(starts or list(range(count)), dtype=np.int64),
                    np.array(sessions_, dtype=np.int64), np.array(recovered, dtype=np.bool_),
                    np.array(further or [-0.1] * count, dtype=np.float64))


def test_episodes_by_hand() -> None:
    closes = np.array([[*FLAT, 95, 89, 85, 88, 84, 95, 100, 101, 90.9, 90, 102, 85, 86]])
    found = episodes(closes, 0.10)
    assert found.start.tolist() == [71, 78, 81], "89 from 100; 90.9 from 101; 85 from 102"
    assert found.sessions.tolist() == [5, 2, 1] and found.recovered.tolist() == [True, True, False]
    assert found.further == pytest.approx([84 / 89 - 1, 90 / 90.9 - 1, 0.0])
    assert episodes(closes, 0.10, until=np.array([78])).start.tolist() == [71]
    assert episodes(closes, 0.16).start.tolist() == [74, 81]
    assert len(episodes(closes, 0.5)) == 0


def test_an_episode_ends_after_a_year_and_the_next_needs_a_new_crossing() -> None:
    closes = np.array([[*FLAT, *([80.0] * 300), *np.linspace(80, 90, 20), 70.0, 69.0]])
    found = episodes(closes, 0.15)
    assert found.start.tolist() == [70, 390] and found.sessions.tolist() == [HORIZON, 1]
    assert not found.recovered.any()


def test_a_series_that_stops_is_censored_where_it_stops() -> None:
    closes = np.array([[*FLAT, 85.0, 84.0, 80.0, np.nan, np.nan], [*FLAT, 85.0, np.nan, 84.0, 100.0, 100.0]])
    found = episodes(closes, 0.10)
    assert found.sessions.tolist() == [2, 3] and found.recovered.tolist() == [False, True]


def test_each_row_has_its_own_depth() -> None:
    closes = np.array([[*FLAT, 92.0, 85.0, 100.0]] * 2)
    found = episodes(closes, np.array([0.05, 0.10]))
    assert found.start.tolist() == [70, 71] and found.sessions.tolist() == [2, 1]


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 100_000), st.sampled_from([0.03, 0.08, 0.15]), st.sampled_from([63, 252]))
def test_no_two_episodes_overlap_and_each_is_what_it_says(seed: int, depth: float, window: int) -> None:
    closes = np.array([prices(walk(700, seed + n, 0.02)) for n in range(3)])
    high = rolling_high(closes, window)
    found = episodes(closes, depth, window)
    for place in range(len(found)):
        row, start, long = int(found.row[place]), int(found.start[place]), int(found.sessions[place])
        assert closes[row, start] / high[row, start] - 1 <= -depth + 1e-9
        assert closes[row, start - 1] / high[row, start - 1] - 1 > -depth - 1e-9
        after = closes[row, start + 1 : start + 1 + long]
        assert found.recovered[place] == (len(after) > 0 and after[-1] >= high[row, start])
        assert (after[: -1 if found.recovered[place] else None] < high[row, start]).all()
        assert found.further[place] == pytest.approx(min(0.0, after.min() / closes[row, start] - 1) if long else 0.0)
        if place + 1 < len(found) and found.row[place + 1] == row:
            assert found.start[place + 1] >= start + long


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10_000), st.integers(400, 690))
def test_what_is_over_before_a_day_does_not_change_after_it(seed: int, known: int) -> None:
    closes = np.array([prices(walk(700, seed, 0.02))])
    then, now = episodes(closes[:, :known], 0.08), episodes(closes, 0.08)
    for place in range(len(then)):
        assert then.start[place] == now.start[place]
        assert then.sessions[place] == min(now.sessions[place], known - 1 - then.start[place])
        if then.recovered[place]:
            assert now.recovered[place] and now.further[place] == then.further[place]


def test_kaplan_meier_against_the_textbook() -> None:
    """Freireich et al. 1963, the 6-MP group (Kleinbaum and Klein, Survival Analysis, table 2.1): weeks in remission."""
    weeks = np.array([6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35])
    event = np.array([1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0], dtype=bool)
    left, variance = kaplan_meier(weeks, event)
    assert [round(float(left[week]), 3) for week in (5, 6, 7, 10, 13, 16, 22, 23, 35)] == [
        1.0, 0.857, 0.807, 0.753, 0.69, 0.627, 0.538, 0.448, 0.448]
    assert [round(float(variance[week] ** 0.5), 4) for week in (6, 7, 10, 13, 16, 22, 23)] == [
        0.0764, 0.0869, 0.0963, 0.1068, 0.1141, 0.1282, 0.1346]


def test_without_censoring_it_is_the_plain_share() -> None:
    left, variance = kaplan_meier(np.array([5, 10, 252, 252]), np.array([True, True, False, False]))
    assert left[252] == 0.5 and variance[252] == pytest.approx(0.25 / 4)


def test_wilson_against_brown_cai_and_dasgupta() -> None:
    low, high = wilson(0.5, 20, z=1.959964)
    assert (low, high) == (pytest.approx(0.2993, abs=1e-4), pytest.approx(0.7007, abs=1e-4))
    assert wilson(0.0, 10)[0] == 0.0 and 0.1 < wilson(0.0, 10)[1] < 0.3
    assert wilson(1.0, 10)[1] == 1.0


def test_a_base_rate_by_hand() -> None:
    found = made([10, 100, 252, 252, 40], [True, True, False, False, False], [-0.01, -0.1, -0.3, -0.2, -0.05])
    rate = base_rate(found, np.arange(10), basis="own", depth=0.15)
    assert (rate.n, rate.censored, rate.symbols, rate.quarters) == (5, 1, 1, 5)
    assert rate.recovered[63] is not None and rate.recovered[63].value == pytest.approx(0.2)
    # At 100 sessions three are still watched: 0.8 x (1 - 1/3).
    assert rate.recovered[126] is not None and rate.recovered[126].value == pytest.approx(1 - 0.8 * 2 / 3)
    assert rate.median is None, "less than half have come back"
    assert rate.settled == 4 and rate.further_50 == pytest.approx(-0.15) and rate.further_90 is None
    first = rate.recovered[63]
    assert first is not None and (first.low, first.high) == pytest.approx(wilson(0.2, 5)), "nothing is censored before: Wilson's"


def test_few_and_none() -> None:
    none = base_rate(made([], []), np.arange(3), basis="own", depth=0.1)
    assert none.n == 0 and set(none.recovered.values()) == {None} and none.median is None and none.further_50 is None
    young = base_rate(made([30, 20], [False, False]), np.arange(3), basis="own", depth=0.1)
    assert set(young.recovered.values()) == {None}, "nobody has been watched for 63 sessions"
    assert young.censored == 2 and young.settled == 0


def test_falls_of_one_quarter_count_as_one_witness() -> None:
    """The same share from many quarters is surer than from few."""
    outcomes = [True] * 30 + [False] * 30
    lengths = [50] * 30 + [252] * 30
    bunched = made(lengths, outcomes, starts=[0] * 15 + [1] * 15 + [2] * 15 + [3] * 15)
    spread = made(lengths, outcomes, starts=[n % 20 for n in range(60)])
    widths = []
    for found in (bunched, spread):
        share = base_rate(found, np.arange(20), basis="universe", depth=0.1).recovered[252]
        assert share is not None and share.value == 0.5 and share.low <= 0.5 <= share.high
        widths.append(share.high - share.low)
    assert widths[0] > 2 * widths[1]
    nobody = base_rate(made([252] * 8, [False] * 8), np.arange(20), basis="sector", depth=0.1).recovered[252]
    assert nobody is not None and nobody.value == 0.0 and nobody.high > 0.15, "never seen does not mean never"


def test_regimes_of_the_past_are_those_that_were_told_then() -> None:
    frame = pl.concat([market(600, 24, seed=5), bars({"IEF": prices(walk(600, 99, 0.004))})]).sort("symbol", "date")
    stocks = [f"S{n:02d}" for n in range(24)]
    made_grid = grid(frame)
    names = regimes(made_grid, stocks, "SPY", ("IEF",))
    days = sessions(600)
    seen = set()
    for at in (150, 219, 220, 271, 272, 300, 350, 400, 450, 500, 550, 599):
        then = regime_now.regime(frame.filter(pl.col("date") <= days[at]), stocks=stocks, rates_proxies=("IEF",))
        assert names[at] == then.name, days[at]
        seen.add(then.name)
    assert len(seen) >= 3
    assert set(regimes(made_grid, stocks, "NONE", ())) == {"unknown"}


def test_the_narrowest_basis_with_enough_falls_is_taken() -> None:
    frame = market(900, 12, seed=11)
    made_grid = grid(frame)
    sector: dict[str, str | None] = {f"S{n:02d}": "One" if n < 6 else "Two" for n in range(12)}
    names = np.full(900, "neutral")
    names[:400] = "risk-on"
    row = made_grid.at("S01")
    rates = Rates(made_grid, sector, names, "neutral", least=10)
    (own,) = rates.own(np.array([row]), np.array([0.06]), np.array([900]))
    ladder = rates.ladder(row, 0.06, own)
    assert [(each.basis, each.regime) for each in ladder] == [
        ("own", "neutral"), ("own", ""), ("sector", "neutral"), ("universe", "neutral"), ("universe", "")]
    counts = [each.n for each in ladder]
    assert counts[0] <= counts[1] and counts[2] <= counts[3] <= counts[4] and ladder[2].symbols <= 6
    best = rates.best(row, 0.06, own)
    assert best == next(each for each in ladder if each.n >= 10) and best is not None
    assert ladder[0].depth == 0.06 and ladder[2].depth == bucket(0.06) == 0.05
    assert Rates(made_grid, {}, names, "neutral").best(row, 0.9, own.where(np.zeros(len(own), dtype=bool))) is None
    unknown = Rates(made_grid, sector, names, "unknown")
    assert [(each.basis, each.regime) for each in unknown.ladder(row, 0.06, own)] == [("own", ""), ("universe", "")]


def test_quarters_are_numbered_by_the_calendar() -> None:
    numbers = quarters(grid(market(300, 1)))
    assert len(set(numbers.tolist())) == 5 and (np.diff(numbers) >= 0).all()
    assert bucket(0.01) == 0.02 and bucket(0.2) == 0.20 and bucket(0.99) == 0.75
