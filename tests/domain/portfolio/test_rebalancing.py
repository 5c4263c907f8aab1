"""Rebalancing: hand-worked lists, and what must hold for every portfolio."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.domain.portfolio.allocation import Target, most_urgent, parse_targets, slices, tagged
from terminal.domain.portfolio.rebalancing import Holding, Plan, Rules, raised, rebalance, with_wanted
from terminal.domain.portfolio.tax_lots import Purchase, TaxLot, choose, long_term, shared_out, wash_sales
from tests.conftest import examples

DAY = date(2026, 11, 20)
SIXTY_FORTY = (Target("stocks", 0.6, 0.05), Target("bonds", 0.4, 0.05))


def holding(symbol: str, key: str, price: float, quantity: float, **more: Any) -> Holding:
    return Holding(symbol, key, price, quantity, price * quantity, **more)


def orders(plan: Plan) -> dict[str, float]:
    return {each.symbol: each.quantity for each in plan.trades}


# ---- targets and slices ----


def test_targets_as_typed() -> None:
    found = parse_targets(["stocks=60", "Bonds = 30%:3", "CASH=10"], band=5)
    assert found == (Target("stocks", 0.6, 0.05), Target("Bonds", 0.3, 0.03), Target("cash", 0.1, 0.05))
    narrow = parse_targets(["a=90", "b=10"], band=5, relative=25)
    assert [each.band for each in narrow] == pytest.approx([0.05, 0.025]), "the narrower of 5 points and a quarter of it"
    assert narrow[1].low == pytest.approx(0.075) and Target("x", 0.02, 0.05).low == 0


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        (["stocks=60", "bonds=30"], "come to 90 %, 10 % too little"),
        (["stocks=60", "bonds=50"], "10 % too much"),
        (["stocks"], "is not a target"),
        (["stocks=50", "Stocks=50"], "named twice"),
        (["stocks=150"], "between 0 and 100"),
        ([], "no target"),
        (["a=1..5", "b=98.5"], "is not a target"),
    ],
)
def test_what_is_no_plan_is_told(texts: list[str], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        parse_targets(texts, band=5)


def test_slices_by_hand() -> None:
    parts = [("stocks", "A", 6000.0), ("stocks", "B", 1000.0), ("crypto", "C", 500.0), ("bonds", "D", 2000.0)]
    found = slices(parts, 500.0, parse_targets(["stocks=60", "bonds=35", "cash=5"], band=5))
    told = [(each.key, each.weight, each.state, each.drift, each.money) for each in found]
    assert told == [
        ("stocks", 0.7, "above", pytest.approx(0.1), pytest.approx(1000)),
        ("bonds", 0.2, "below", pytest.approx(-0.15), pytest.approx(-1500)),
        ("cash", 0.05, "within", pytest.approx(0), pytest.approx(0)),
        ("crypto", 0.05, "no target", None, None),
    ]
    assert found[0].members == ("A", "B") and (most_urgent(found) or found[0]).key == "bonds"
    assert tagged(["core", "income"], {"income": 1}) == "income"
    assert tagged(["core"], {}) == "core" and tagged([], {}) == "untagged"


# ---- hand-worked lists ----


def test_within_the_band_there_is_nothing_to_do() -> None:
    plan = rebalance([holding("S", "stocks", 10, 64), holding("B", "bonds", 10, 36)], 0, SIXTY_FORTY, Rules(sells=True))
    assert plan.trades == () and plan.binding.kind == "within the band"


def test_cash_first_buys_what_lacks_most() -> None:
    # 10 000 in all, 1000 of it cash: bonds 2000 of 4000 wanted, so all the cash goes there: 100 at 10.
    plan = rebalance([holding("S", "stocks", 50, 140), holding("B", "bonds", 10, 200)], 1000, SIXTY_FORTY, Rules())
    assert orders(plan) == {"B": 100} and plan.cash_after == 0
    assert plan.binding.kind == "cash runs out" and plan.binding.money == pytest.approx(1000)
    assert [each.kind for each in plan.limits] == ["cash runs out", "buy only"]


def test_with_sales_both_come_to_their_targets() -> None:
    plan = rebalance([holding("S", "stocks", 50, 140), holding("B", "bonds", 10, 200)], 1000, SIXTY_FORTY, Rules(sells=True))
    assert orders(plan) == {"S": -20, "B": 200} and plan.cash_after == 0
    assert [round(each.weight, 9) for each in plan.after] == [0.6, 0.4] and plan.binding.kind == "on target"


def test_to_the_edge_of_the_band_needs_less() -> None:
    plan = rebalance([holding("S", "stocks", 50, 160), holding("B", "bonds", 10, 200)], 0, SIXTY_FORTY,
                     Rules(sells=True, to="band", whole=False))  # fmt: skip
    assert orders(plan) == {"S": -30, "B": 150} and [each.weight for each in plan.after] == pytest.approx([0.65, 0.35])


def test_cash_above_its_band_pays_for_the_way_to_the_edges() -> None:
    targets = (Target("stocks", 0.6, 0.05), Target("bonds", 0.3, 0.05), Target("cash", 0.1, 0.05))
    plan = rebalance([holding("S", "stocks", 10, 600), holding("B", "bonds", 10, 200)], 2000, targets, Rules(to="band"))
    assert orders(plan) == {"B": 51}, "to the first share inside the band, though cash then is at its edge"
    assert [each.state for each in plan.after] == ["within"] * 3 and plan.binding.kind == "on target"


def test_whole_shares_and_parts_of_one() -> None:
    held = [holding("S", "stocks", 300, 30), holding("B", "bonds", 70, 20)]  # 9000 and 1400, 100 cash: 10 500
    plan = rebalance(held, 100, SIXTY_FORTY, Rules(sells=True))
    assert orders(plan) == {"S": -9, "B": 40}, "2700 brought, 2800 spent"
    assert plan.cash_after == pytest.approx(0) and plan.binding.kind == "on target"
    odd = rebalance([holding("S", "stocks", 333, 28), holding("B", "bonds", 70, 20)], 0, SIXTY_FORTY, Rules(sells=True))
    assert odd.binding.kind == "whole shares" and odd.cash_after >= 0
    exact = rebalance([holding("S", "stocks", 333, 28), holding("B", "bonds", 70, 20)], 0, SIXTY_FORTY,
                      Rules(sells=True, whole=False))  # fmt: skip
    assert exact.binding.kind in ("on target", "whole shares") and exact.cash_after == pytest.approx(0, abs=0.01)
    assert [each.weight for each in exact.after] == pytest.approx([0.6, 0.4], abs=1e-6)


def test_a_trade_below_the_minimum_is_left_out_and_named() -> None:
    held = [holding("S", "stocks", 10, 67), holding("B", "bonds", 10, 33)]
    plan = rebalance(held, 0, SIXTY_FORTY, Rules(sells=True, minimum=100))
    assert plan.trades == () and plan.binding.kind == "minimum trade" and "below the minimum" in plan.binding.text


def test_a_minimum_gathers_a_class_in_its_largest_holding() -> None:
    held = [holding("S", "stocks", 10, 400), holding("B1", "bonds", 10, 60), holding("B2", "bonds", 10, 40)]
    assert orders(rebalance(held, 1000, SIXTY_FORTY, Rules())) == {"B1": 60, "B2": 40}
    assert orders(rebalance(held, 1000, SIXTY_FORTY, Rules(minimum=500))) == {"B1": 100}


def test_what_is_not_in_the_plan_and_what_cannot_be_bought_is_left_alone() -> None:
    targets = (Target("stocks", 0.5, 0.05), Target("bonds", 0.5, 0.05))
    held = [holding("S", "stocks", 10, 50), holding("C", "crypto", 10, 50)]
    plan = rebalance(held, 500, targets, Rules(sells=True))
    assert orders(plan) == {"S": 25} and {each.kind for each in plan.limits} == {"nothing to buy", "not in the plan"}
    wanted = with_wanted(held, [holding("B", "bonds", 10, 0)])
    assert orders(rebalance(wanted, 500, targets, Rules(sells=True))) == {"B": 50}
    given = rebalance(wanted, 0, (*targets, Target("crypto", 0.0, 0.0)), Rules(sells=True))
    assert orders(given) == {"C": -50, "B": 50}, "a target of 0 sells it"


def test_options_and_what_was_sold_short_stay() -> None:
    held = [holding("S", "stocks", 10, 90, left_alone="sold short"), holding("B", "bonds", 10, 10)]
    plan = rebalance(held, 0, SIXTY_FORTY, Rules(sells=True))
    assert plan.trades == () and plan.binding.kind in ("left alone", "cash runs out")


def test_what_covers_a_written_call_is_not_sold() -> None:
    held = [holding("S", "stocks", 10, 150, locked=100), holding("B", "bonds", 10, 10)]
    plan = rebalance(held, 0, SIXTY_FORTY, Rules(sells=True))
    assert orders(plan) == {"S": -50, "B": 50} and "left alone" in [each.kind for each in plan.limits]


def test_a_debt_is_paid_back_by_selling() -> None:
    plan = rebalance([holding("S", "stocks", 10, 110)], -100, (Target("stocks", 1.0, 0.0),), Rules(sells=True))
    assert orders(plan) == {"S": -10} and plan.cash_after == 0
    assert rebalance([holding("S", "stocks", 10, 110)], -100, (Target("stocks", 1.0, 0.0),), Rules()).trades == ()


def test_the_least_filled_is_raised_first() -> None:
    assert raised({"a": (10, 100), "b": (50, 100)}, 40) == {"a": 40}
    assert raised({"a": (10, 100), "b": (50, 100)}, 60) == pytest.approx({"a": 50, "b": 10})
    assert raised({"a": (10, 100), "b": (150, 100)}, 500) == {"a": 90}


# ---- what must hold for every portfolio ----

_PRICE = st.floats(0.5, 900).map(lambda value: round(value, 2))
_HELD = st.lists(st.tuples(st.sampled_from("abc"), _PRICE, st.integers(0, 300)), min_size=1, max_size=7)
_WEIGHTS = st.lists(st.integers(0, 100), min_size=4, max_size=4).filter(lambda found: sum(found) > 0)
_RULES = st.builds(Rules, sells=st.booleans(), whole=st.booleans(), minimum=st.sampled_from([0.0, 50.0, 500.0]),
                   to=st.sampled_from(["target", "band"]), across=st.booleans())  # fmt: skip


def lot_of(at: int, price: float, quantity: int) -> TaxLot:
    return TaxLot(str(at), "Main", date(2025, 1 + at, 3), float(quantity), price * (0.5 + at / 4), at % 2 == 0)


@settings(max_examples=examples(250))
@given(_HELD, st.floats(-500, 50_000), _WEIGHTS, st.sampled_from([0.0, 0.03, 0.1]), _RULES)
def test_no_list_overspends_or_sells_what_is_not_owned(
    found: list[tuple[str, float, int]], cash: float, weights: list[int], band: float, rules: Rules
) -> None:
    held = [Holding(f"{key}{at}", key, price, float(quantity), price * quantity, (lot_of(at, price, quantity),),
                    wanted=quantity == 0) for at, (key, price, quantity) in enumerate(found)]  # fmt: skip
    targets = [Target(key, weight / sum(weights), band) for key, weight in zip((*"abc", "cash"), weights, strict=True)]
    plan = rebalance(held, cash, targets, rules)
    by_symbol = {each.symbol: each for each in held}
    assert plan.cash_after >= min(0.0, cash) - 1e-6, "never more is spent than there is"
    assert plan.cash_after == pytest.approx(cash + sum(each.money for each in plan.trades))
    for each in plan.trades:
        assert each.quantity + by_symbol[each.symbol].quantity >= -1e-9, "nothing is sold that is not owned"
        assert rules.sells or each.quantity > 0
        assert not rules.whole or each.quantity == int(each.quantity)
        assert abs(each.money) >= rules.minimum - 1e-6
    total = sum(each.worth for each in plan.before)
    if total > 0:
        assert sum(each.weight for each in plan.before) == pytest.approx(1) == pytest.approx(sum(e.weight for e in plan.after))
    if all(each.state in ("within", "no target") for each in plan.before):
        assert plan.trades == () and plan.binding.kind == "within the band"
    assert plan.binding.kind and plan.binding.text
    if total > 0 and cash >= 0 and rules.to == "target":
        off = [sum(abs(each.money or 0) for each in side) for side in (plan.before, plan.after)]
        assert off[1] <= off[0] + 0.02, "no list leads farther away"


@settings(max_examples=examples(100))
@given(_HELD, st.floats(0, 50_000), _WEIGHTS)
def test_with_sales_and_parts_of_shares_everything_comes_to_its_target(
    found: list[tuple[str, float, int]], cash: float, weights: list[int]
) -> None:
    held = [Holding(f"{key}{at}", key, price, float(quantity), price * quantity, wanted=True)
            for at, (key, price, quantity) in enumerate([*found, ("a", 3.0, 0), ("b", 3.0, 0), ("c", 3.0, 0)])]  # fmt: skip
    targets = [Target(key, weight / sum(weights), 0.0) for key, weight in zip((*"abc", "cash"), weights, strict=True)]
    plan = rebalance(held, cash, targets, Rules(sells=True, whole=False))
    if sum(each.worth for each in plan.before) > 1:
        assert all(abs(each.money or 0) < 0.05 for each in plan.after)


# ---- lots and wash sales ----

LOTS = (
    TaxLot("1", "Main", date(2024, 1, 10), 10, 40.0, True),
    TaxLot("2", "Main", date(2026, 3, 2), 10, 80.0, False),
    TaxLot("3", "Main", date(2026, 11, 2), 10, 60.0, False),
    TaxLot("4", "Main", date(2023, 5, 1), 10, 55.0, True),
)


@pytest.mark.parametrize(
    ("choice", "order"),
    [
        ("highest_cost", "2341"),
        ("lowest_cost", "1432"),
        ("oldest_first", "4123"),
        ("newest_first", "3214"),
        ("long_term_first", "4123"),
        ("losses_first", "2341"),
        ("least_tax", "2341"),
    ],
)
def test_which_lots_are_sold(choice: Any, order: str) -> None:
    assert "".join(each.lot.id for each in choose(LOTS, 40, 60.0, choice)) == order


def test_the_lots_of_a_whole_class_in_one_row() -> None:
    # X was bought at half its price, Y at twice its own: what loses most is sold first, and only then the other.
    lots = {"X": (TaxLot("1", "M", DAY, 10, 50.0, True),), "Y": (TaxLot("2", "M", DAY, 10, 20.0, False),)}
    assert shared_out(lots, {"X": 100.0, "Y": 10.0}, 60, "least_tax") == {"Y": 60}
    assert shared_out(lots, {"X": 100.0, "Y": 10.0}, 400, "highest_cost") == {"Y": 100, "X": 300}
    assert shared_out(lots, {"X": 100.0, "Y": 10.0}, 9999, "least_tax") == {"Y": 100, "X": 1000}
    held = [holding("X", "stocks", 100, 10, lots=lots["X"]), holding("Y", "stocks", 10, 10, lots=lots["Y"]),
            holding("B", "bonds", 10, 10)]  # fmt: skip
    even = rebalance(held, 0, SIXTY_FORTY, Rules(sells=True, whole=False))
    lean = rebalance(held, 0, SIXTY_FORTY, Rules(sells=True, whole=False, across=True, choice="least_tax"))
    assert set(orders(even)) == {"X", "Y", "B"} and orders(lean)["Y"] == -10 and orders(lean)["X"] == pytest.approx(-2.8)
    gains = [sum(one.gain or 0 for each in plan.trades for one in each.lots) for plan in (even, lean)]
    assert gains[1] < gains[0]


def test_the_gain_of_each_lot() -> None:
    sold = choose(LOTS, 15, 60.0, "highest_cost")
    assert [(each.lot.id, each.quantity, each.gain) for each in sold] == [("2", 10, -200), ("3", 5, 0)]
    assert sum(each.quantity for each in choose(LOTS, 1000, 60.0)) == 40, "never more than there is"
    assert choose([TaxLot("9", "Main", DAY, 5, None, False)], 5, 60.0)[0].gain is None
    assert long_term(date(2025, 11, 19), DAY) and not long_term(date(2025, 11, 20), DAY)
    assert not long_term(date(2024, 2, 29), date(2025, 2, 28)) and long_term(date(2024, 2, 29), date(2025, 3, 1))


def test_a_loss_with_a_purchase_within_thirty_days_is_told() -> None:
    sold = choose(LOTS, 10, 60.0, "highest_cost")  # lot 2: a loss of 200
    bought = [Purchase("AAA", date(2026, 11, 2), 10, "3"), Purchase("AAA", date(2026, 3, 2), 10, "2")]
    (wash,) = wash_sales("AAA", sold, bought, DAY)
    assert (wash.loss, wash.quantity, wash.until) == (200, 10, date(2026, 12, 20)) and [one.lot for one in wash.by] == ["3"]
    half = wash_sales("AAA", sold, [Purchase("AAA", date(2026, 11, 2), 4)], DAY)[0]
    assert half.loss == pytest.approx(80) and half.quantity == 4, "only for as many as were replaced"


def test_what_is_sold_itself_replaces_nothing() -> None:
    lots = (TaxLot("3", "Main", date(2026, 11, 2), 10, 80.0, False),)
    (wash,) = wash_sales("AAA", choose(lots, 10, 60.0), [Purchase("AAA", date(2026, 11, 2), 10, "3")], DAY)
    assert wash.quantity == 0 and wash.by == () and wash.loss == 200, "only a warning not to buy it again"
    assert wash_sales("AAA", choose(LOTS, 10, 60.0, "lowest_cost"), [], DAY) == (), "a gain is no matter"


def test_a_fund_on_the_same_index_is_told_apart() -> None:
    found = wash_sales("SPY", choose(LOTS, 10, 60.0), [Purchase("VOO", DAY, 3, planned=True)], DAY)
    assert [(each.alike, each.quantity) for each in found] == [(False, 0), (True, 3)]
