"""Spending requests: the most wanted first, nothing paid twice, and a reason for whatever waits."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from terminal.domain.planning import IMPORTANCE, Need, Offer, allot, importance, in_order, rank

DATASETS = ("quotes", "facts", "bars", "dividends")
OFFERS = {
    "quotes": [Offer("a", batch=3)],
    "facts": [Offer("a", cost=3), Offer("b")],
    "bars": [Offer("a", brings=frozenset({"dividends"}))],
    "dividends": [Offer("a", brings=frozenset({"bars"}))],
}


def needs(symbols: str, datasets: tuple[str, ...] = DATASETS, place: int = 3) -> list[Need]:
    return [Need(symbol, dataset, place, 1.0) for symbol in symbols for dataset in datasets]


def test_held_before_watched_before_found_then_the_longest_overdue() -> None:
    places = importance("ABCDEF", held="F", watched="ED", found="C")
    assert {symbol: IMPORTANCE[place] for symbol, place in places.items()} == {
        "A": "the rest", "B": "the rest", "C": "found by the last screen", "D": "watched", "E": "watched",
        "F": "held"}  # fmt: skip
    order = in_order("ABCDEFA", places, "FEDC", {"B": float("inf"), "A": 2.0, "D": 9.0})
    assert order == ("F", "E", "D", "C", "B", "A")
    ranked = rank(needs("AF"), order, DATASETS)
    assert [(each.symbol, each.dataset) for each in ranked[:4]] == [("F", name) for name in DATASETS]


def test_a_batch_is_paid_once_and_what_comes_besides_costs_nothing() -> None:
    plan = allot(needs("ABCD"), OFFERS, {"a": None, "b": None}, {})
    cost = {(each.provider, each.dataset): (len(each.symbols), each.requests) for each in plan.spendings}
    assert cost == {("a", "quotes"): (4, 2), ("a", "facts"): (4, 12), ("a", "bars"): (4, 4)}
    assert plan.requests("a") == 18
    assert plan.postponed == ()


def test_when_the_budget_ends_the_next_service_is_asked_and_the_rest_waits_with_its_reason() -> None:
    plan = allot(needs("ABC", ("facts",)), OFFERS, {"a": 4, "b": 1}, {"a": "A is spent", "b": "B is spent"})
    assert [(each.provider, each.symbols) for each in plan.spendings] == [("a", ["A"]), ("b", ["B"])]
    (late,) = plan.postponed
    assert (late.symbols, late.reason, plan.left) == (["C"], "A is spent; B is spent", {"a": 1, "b": 0})


def test_who_is_barred_is_not_asked_and_named() -> None:
    offers = {"facts": [Offer("a", blocked="A waits until 10:40")]}
    (late,) = allot(needs("A", ("facts", "bars"), place=1), offers, {}, {}).postponed[:1]
    assert (late.reason, IMPORTANCE[late.importance]) == ("A waits until 10:40", "watched")
    assert allot(needs("A", ("macro",)), offers, {}, {}).postponed[0].reason == "no service delivers it"


@given(st.integers(0, 30), st.integers(0, 10), st.text("ABCDEFGH", max_size=8))
def test_no_budget_is_overspent_and_nothing_is_lost(a: int, b: int, symbols: str) -> None:
    wanted = needs("".join(dict.fromkeys(symbols)))
    plan = allot(wanted, OFFERS, {"a": a, "b": b}, {})
    assert plan.requests("a") <= a
    assert plan.requests("b") <= b
    assert plan.left == {"a": a - plan.requests("a"), "b": b - plan.requests("b")}
    asked = {(symbol, each.dataset) for each in plan.spendings for symbol in each.symbols}
    late = {(symbol, each.dataset) for each in plan.postponed for symbol in each.symbols}
    brought = {(symbol, name) for symbol, dataset in asked for offer in OFFERS[dataset] for name in offer.brings}
    assert not asked & late
    assert {(each.symbol, each.dataset) for each in wanted} == (asked | late | brought) & {(n.symbol, n.dataset) for n in wanted}
