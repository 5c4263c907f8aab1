"""The range by verdict, market, sector, swings and what is owned: each step by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from terminal.domain.sizing.market import Policy, Situation, room, span

PLAIN = Situation("Buy", "risk-on", "Energy", 0.5, 0.25)


def test_a_buy_in_a_calm_market() -> None:
    found = room(PLAIN)
    assert found.said() == "2–4 %" and (found.buy_low, found.buy_high) == (0.02, 0.04)
    assert [each.what for each in found.reasons] == ["verdict", "regime", "sector", "volatility"]
    assert found.reasons[0].text == "Its verdict is Buy: 2–4 % of what you have, to begin with."


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"verdict": "Strong Buy"}, (0.03, 0.06)),
        ({"verdict": "Hold"}, (0.0, 0.02)),
        ({"verdict": "Avoid"}, (0.0, 0.0)),
        ({"verdict": None}, (0.0, 0.01)),
        ({"verdict": "Unknown"}, (0.0, 0.01)),
        ({"regime": "neutral"}, (0.015, 0.03)),  # 1.6 and 3.2 %, down to a quarter
        ({"regime": "risk-off"}, (0.01, 0.02)),
        ({"regime": None}, (0.015, 0.03)),
        ({"sector_rank": 0.9}, (0.0225, 0.0475)),  # 2.4 and 4.8 %
        ({"sector_rank": 0.1}, (0.015, 0.03)),
        ({"sector_rank": None}, (0.02, 0.04)),
        ({"volatility": 0.60}, (0.01, 0.02)),
        ({"volatility": 3.00}, (0.0075, 0.015)),  # at least two fifths: 0.8 and 1.6 %
        ({"volatility": None}, (0.02, 0.04)),
    ],
)
def test_each_step(changed: dict[str, object], expected: tuple[float, float]) -> None:
    found = room(replace(PLAIN, **changed))  # type: ignore[arg-type]
    assert (found.low, found.high) == pytest.approx(expected)


def test_what_is_owned_already_counts() -> None:
    some = room(replace(PLAIN, held=0.03))
    assert (some.low, some.high, some.buy_low, some.buy_high) == pytest.approx((0.02, 0.04, 0.0, 0.01))
    full = room(replace(PLAIN, held=0.05))
    assert full.buy_high == 0 and "which is enough" in full.reasons[-1].text
    crowded = room(replace(PLAIN, sector_held=0.24))
    assert (crowded.buy_low, crowded.buy_high) == pytest.approx((0.01, 0.01)) and crowded.reasons[-1].what == "sector limit"
    assert room(replace(PLAIN, sector_held=0.4)).buy_high == 0


def test_a_fund_may_be_more() -> None:
    found = room(replace(PLAIN, fund=True, sector=None, sector_rank=None))
    assert found.said() == "10–20 %" and [each.what for each in found.reasons] == ["verdict", "fund", "regime", "volatility"]


def test_a_policy_of_ones_own() -> None:
    assert room(PLAIN, Policy(base={"Buy": (0.1, 0.2)})).said() == "10–20 %"
    assert span(0.02, 0.02) == "2 %" and span(0.0125, 0.025) == "1.25–2.5 %"
