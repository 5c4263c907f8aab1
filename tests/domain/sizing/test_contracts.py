"""Option positions at expiry, by hand and against a fine grid of prices."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.domain.sizing.contracts import Leg, contracts, outcome, parse_legs
from tests.conftest import examples


@pytest.mark.parametrize(
    ("text", "cost", "loss", "gain", "breakeven"),
    [
        ("buy 100C 3.20", 320, 320, None, (103.2,)),
        ("buy 100P 2.50", 250, 250, 9750, (97.5,)),
        ("sell 95P 1.10", -110, 9390, 110, (93.9,)),
        ("sell 105C 2", -200, None, 200, (107.0,)),
        ("buy 100C 3.20, sell 110C 1.10", 210, 210, 790, (102.1,)),
        ("sell 95P 1.10, buy 90P 0.40", -70, 430, 70, (94.3,)),
        ("sell 95P 1.10, buy 90P 0.40, sell 105C 1.20, buy 110C 0.50", -140, 360, 140, (93.6, 106.4)),
        ("buy 100C 3, buy 100P 2.50", 550, 550, None, (94.5, 105.5)),
        ("buy stock 98, sell 105C 2", 9600, 9600, 900, (96.0,)),
        ("buy 100C 5, sell 2 105C 2, buy 110C 1", 200, 200, 300, (102.0, 108.0)),
        ("sell stock 50", -5000, None, 5000, (50.0,)),
    ],
)
def test_what_it_comes_to(text: str, cost: float, loss: float | None, gain: float | None, breakeven: Any) -> None:
    found = outcome(parse_legs(text))
    assert found.cost == pytest.approx(cost)
    assert found.loss == (None if loss is None else pytest.approx(loss))
    assert found.gain == (None if gain is None else pytest.approx(gain))
    assert found.breakeven == pytest.approx(breakeven)


def test_how_many_a_budget_takes() -> None:
    spread = parse_legs("buy 100C 3.20, sell 110C 1.10")
    four = contracts(spread, 1000)
    assert four.count == 4 and [four.cost, four.loss, four.gain] == pytest.approx([840, 840, 3160])
    assert contracts(spread, 1000, cash=500).count == 2 and contracts(spread, 100).count == 0
    open_ended = contracts(parse_legs("sell 105C 2"), 1000)
    assert open_ended.count is None and open_ended.loss is None
    assert contracts(parse_legs("sell 95P 1.10, buy 90P 0.40"), 1000).count == 2, "430 each"


@pytest.mark.parametrize("wrong", ["100C 3", "buy 100X 3", "buy", "", "buy 0 100C 1", "buy 100C -1"])
def test_what_is_no_leg_is_told(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"is not a leg|one contract"):
        parse_legs(wrong)


def test_a_price_that_is_not_known_is_told() -> None:
    assert parse_legs("buy 2 100C, SELL 110c@1.5") == (Leg(2, "C", 100, None), Leg(-1, "C", 110, 1.5))
    with pytest.raises(ValueError, match="not known"):
        outcome(parse_legs("buy 100C"))


_LEG = st.builds(Leg, st.sampled_from([-2.0, -1.0, 1.0, 2.0]), st.sampled_from("CP"),
                 st.integers(50, 150).map(float), st.integers(0, 2000).map(lambda cents: cents / 100))  # fmt: skip


@settings(max_examples=examples(150))
@given(st.lists(_LEG, min_size=1, max_size=4))
def test_no_price_of_the_share_brings_more_or_less(legs: list[Leg]) -> None:
    found = outcome(legs)
    results = [100 * sum(each.quantity * each.worth(share) for each in legs) - found.cost for share in range(400)]
    assert found.loss is None or min(results) >= -found.loss - 1e-6
    assert found.gain is None or max(results) <= found.gain + 1e-6
    for at in found.breakeven:
        assert 100 * sum(each.quantity * each.worth(at) for each in legs) - found.cost == pytest.approx(0, abs=1e-3)
