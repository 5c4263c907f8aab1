"""Candidates against single positions, and a plan as a whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from terminal.domain.planner import candidates as making
from terminal.domain.planner.outlook import sheet, view
from terminal.domain.planner.position import later, position
from terminal.domain.planner.ranking import plan, preference
from terminal.domain.planner.sizing import Purse
from terminal.domain.planner.structures import PARTS

if TYPE_CHECKING:
    from terminal.domain.planner.board import Board
    from terminal.domain.planner.outlook import View
    from terminal.domain.planner.ranking import Plan
    from terminal.domain.planner.structures import Rules

DAY = date(2026, 12, 18)
RICH = Purse(risk=2_000, power=200_000, account=200_000)


def seen(board: Board, rules: Rules, outlook: Any, **more: Any) -> View:
    return view(board, outlook, DAY, later(board, DAY), rules, **more)


def planned(board: Board, rules: Rules, outlook: Any, purse: Purse = RICH, *, names: tuple[str, ...] = (), **more: Any) -> Plan:
    about = {name: more.pop(name) for name in ("target", "volatility", "rank") if name in more}
    only = [each for each in (rules.structure(name) for name in names) if each]
    return plan(board, seen(board, rules, outlook, **about), rules, purse, structures=only, **more)


def test_what_many_are_valued_at_together_is_what_each_is_alone(board: Board, rules: Rules) -> None:
    wanted, allowed = seen(board, rules, "neutral"), making.liquid(board, rules.limits)
    one_sheet = sheet(board, board.terms[0], board.terms[1], wanted, rules, allowed)
    for name in ("iron_condor", "bull_call_spread", "covered_call", "long_straddle", "call_calendar", "jade_lizard"):
        structure = rules.structure(name)
        assert structure is not None
        rows, _ = making.candidates(structure, one_sheet, rules)
        found = making.valued(structure, one_sheet, rules, rows)
        assert len(found) > 0
        for at in range(0, len(found), max(1, len(found) // 4)):
            alone = position(board, found.legs(at), rules.costs)
            assert float(found.cost[at]) == pytest.approx(alone.cost)
            assert float(found.chance[at]) == pytest.approx(alone.chance(), abs=0.01)
            assert float(found.expected[at]) == pytest.approx(alone.expected(), abs=1.5)
            low, high, _, _ = alone.extremes
            if not structure.several:
                assert float(found.loss[at]) == pytest.approx(max(-low, 0.0))
                assert float(found.gain[at]) == pytest.approx(high)
            for greek in ("vega", "theta", "delta"):
                assert float(getattr(found, greek)[at]) == pytest.approx(alone.greeks[greek])


def test_strikes_keep_their_order_their_deltas_and_their_distances(board: Board, rules: Rules) -> None:
    wanted, allowed = seen(board, rules, "neutral"), making.liquid(board, rules.limits)
    one_sheet = sheet(board, board.terms[0], None, wanted, rules, allowed)
    structure = rules.structure("iron_condor")
    assert structure is not None
    rows, _ = making.candidates(structure, one_sheet, rules)
    strikes, deltas = board.strike[rows], np.abs(board.delta[rows])
    assert (np.diff(strikes, axis=1) > 0).all()
    assert (strikes[:, 1] - strikes[:, 0] == strikes[:, 3] - strikes[:, 2]).all()
    assert (deltas[:, 1] >= 0.10).all() and (deltas[:, 1] <= 0.35).all()


@pytest.mark.parametrize("outlook", ["bullish", "bearish", "neutral", "volatile"])
def test_a_plan_suits_its_outlook_and_its_purse(board: Board, rules: Rules, outlook: str) -> None:
    found = planned(board, rules, outlook, top=50)
    assert len(found.ideas) >= 6 and found.tried > 200
    scores = [idea.score for idea in found.ideas]
    assert scores == sorted(scores, reverse=True)
    for idea in found.ideas:
        assert idea.structure.outlook[outlook] > 0 and idea.structure.risk != "undefined"
        assert set(idea.parts) == set(PARTS) and all(0 <= value <= 1 for value in idea.parts.values())
        assert idea.size.count >= 1 and idea.size.count * idea.risk <= RICH.risk + 1e-6
        assert idea.size.count * idea.size.power <= RICH.power + 1e-6
        total = sum(idea.weights[name] * idea.parts[name] for name in PARTS)
        fit = 0.6 + 0.4 * idea.structure.outlook[outlook]
        assert idea.score == pytest.approx(100 * total * fit, abs=0.1)
        assert all(board.usable[row] for row in idea.position.rows)
        if idea.structure.risk == "defined":
            assert idea.position.extremes[1] >= rules.limits["reward"] * idea.risk
    lead = found.ideas[0].position.greeks
    if outlook in ("bullish", "bearish"):
        assert lead["delta"] * (1 if outlook == "bullish" else -1) > 0
    if outlook == "volatile":
        assert lead["gamma"] > 0


def test_losses_without_limit_come_only_when_asked_for(board: Board, rules: Rules) -> None:
    assert not any(idea.structure.risk == "undefined" for idea in planned(board, rules, "neutral", top=50).ideas)
    open_ = planned(board, rules, "neutral", top=50, unlimited=True)
    assert any(idea.structure.id == "short_strangle" for idea in open_.ideas)


def test_a_target_decides_the_strikes(board: Board, rules: Rules) -> None:
    near = planned(board, rules, "bullish", names=("long_call_butterfly",), target=105.0).ideas[0]
    far = planned(board, rules, "bullish", names=("long_call_butterfly",), target=115.0).ideas[0]
    middle = [idea.position.legs[1].strike for idea in (near, far)]
    assert abs(middle[0] - 105) <= 5 and abs(middle[1] - 115) <= 7.5 and middle[0] < middle[1]


def test_volatility_rich_or_cheap_decides_between_credit_and_debit(board: Board, rules: Rules) -> None:
    both = ("bull_call_spread", "bull_put_spread", "long_call")
    rich = {each.structure.id: each.parts["volatility"] for each in planned(board, rules, "bullish", names=both, rank=0.95).ideas}
    low = planned(board, rules, "bullish", names=both, rank=0.05)
    cheap = {each.structure.id: each.parts["volatility"] for each in low.ideas}
    assert rich["long_call"] < 0.5 < cheap["long_call"]
    assert rich["long_call"] < rich["bull_put_spread"]
    for rank, sign in ((0.95, -1), (0.4, 0), (0.05, 1), (None, 0)):
        assert np.sign(preference(seen(board, rules, "bullish", rank=rank), rules)) == sign
    assert preference(seen(board, rules, "bullish", rank=0.95, volatility="rising"), rules) == 1.0


def test_unusable_and_wide_quotes_are_left_out_and_counted(board: Board, rules: Rules) -> None:
    wide = dict(board.columns)
    rows = board.terms[0].rows[::2]
    wide["ask"] = board.ask.copy()
    wide["ask"][rows] = board.mid[rows] * 1.6 + 0.2
    found = planned(replace(board, columns=wide), rules, "neutral", top=50)
    assert found.illiquid > 0
    for idea in found.ideas:
        assert not set(idea.position.rows) & set(rows)


def test_where_not_even_one_fits_the_smallest_are_told(board: Board, rules: Rules) -> None:
    found = planned(board, rules, "bullish", Purse(risk=5, power=500, account=500))
    assert not found.ideas and len(found.unfit) > 3
    risks = [idea.risk for idea in found.unfit]
    assert risks == sorted(risks) and all(idea.size.count == 0 for idea in found.unfit)


def test_a_cash_account_gets_no_naked_calls(board: Board, rules: Rules) -> None:
    found = planned(board, rules, "neutral", replace(RICH, kind="cash"), names=("short_strangle", "iron_condor"), unlimited=True)
    assert [idea.structure.id for idea in found.ideas] == ["iron_condor"]


def test_thousands_of_candidates_within_the_memory_of_an_instant(board: Board, rules: Rules) -> None:
    found = planned(board, rules, "neutral", top=3)
    assert found.tried >= 1_000
