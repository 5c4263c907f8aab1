"""The rules as they are published, and what is wrong with others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from terminal.domain.planner.structures import OUTLOOKS, PARTS, load
from terminal.paths import data_file

if TYPE_CHECKING:
    from terminal.domain.planner.structures import Rules


def test_there_are_many_structures_for_each_outlook(rules: Rules) -> None:
    assert len(rules.structures) >= 40
    for outlook in OUTLOOKS:
        suited = [each for each in rules.structures if each.outlook.get(outlook)]
        assert len(suited) >= 9
        assert any(each.level == 1 and each.risk == "defined" for each in suited) or outlook == "neutral"
    assert all(each.newbie and each.title and each.legs for each in rules.structures)


def test_what_is_called_defined_has_a_bound_and_what_is_not_has_none(rules: Rules) -> None:
    for each in rules.structures:
        if each.several:
            continue
        calls = sum(leg.quantity * (0.01 if leg.right == "S" else 1) for leg in each.legs if leg.right != "P")
        puts = sum(leg.quantity for leg in each.legs if leg.right == "P")
        stock = any(leg.right == "S" for leg in each.legs)
        if each.risk == "defined":
            assert calls >= 0 and (puts >= 0 or calls > 0 or stock), each.id
        if calls < 0:
            assert each.risk == "undefined", each.id


def test_found_by_id_and_by_title(rules: Rules) -> None:
    assert rules.structure("iron_condor") is rules.structure("Iron Condor") is not None
    assert rules.structure("Poor man's covered call") is rules.structure("poor_mans_covered_call") is not None
    assert rules.structure("nonsense") is None


def test_weights_are_mixed_between_the_bands(rules: Rules) -> None:
    for days in (0, 3, 7, 10, 14, 30, 45, 60, 90, 400):
        weights = rules.weighed(days)
        assert set(weights) == set(PARTS) and sum(weights.values()) == pytest.approx(1.0)
    week, month = rules.weighed(3), rules.weighed(30)
    assert rules.weighed(10.5)["time"] == pytest.approx((week["time"] + month["time"]) / 2)
    assert week["liquidity"] > month["liquidity"] and week["volatility"] < month["volatility"]


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('legs = ["+1 C a"]', 'legs = ["one call"]', "cannot be read"),
        ('legs = ["+1 C a"]', 'legs = ["+1 C z"]', "cannot be read"),
        ("target = 0.30", "target = 0.90", "add up"),
        ('id = "long_put"', 'id = "long_call"', "twice"),
        ('equal = ["a b b c"]', 'equal = ["a b c"]', "distances"),
        ("outlook = { volatile = 1.0 }", "outlook = { sideways = 1.0 }", "outlook"),
    ],
)
def test_what_is_wrong_is_named(old: str, new: str, why: str) -> None:
    text = data_file("planner.toml").read_text(encoding="utf-8")
    assert old in text
    with pytest.raises(ValueError, match=why):
        load(text.replace(old, new, 1))
