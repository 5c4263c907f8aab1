"""What is set in the panel: narrowing must find exactly what running with the same filters finds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plugins.screener.filters import SLIDERS, TYPES, Filters, Narrowing, caption
from terminal.domain.fields import FIELDS
from terminal.domain.instruments import SECTORS

CUTS = {
    "pe_ttm": (5.0, 40.0),
    "fcf_yield": (-0.02, 0.12),
    "roe": (0.0, 0.4),
    "net_debt_ebitda": (-1.0, 4.0),
    "position_52w": (0.1, 0.9),
    "dividend_yield": (0.0, 0.05),
    "dcf_gap": (-0.5, 1.5),
}


@st.composite
def filters(draw: Any) -> Filters:
    made = Filters(
        sectors=draw(st.frozensets(st.sampled_from(SECTORS), max_size=11)),
        types=draw(st.frozensets(st.sampled_from(list(TYPES)), max_size=2)),
    )
    for name in draw(st.lists(st.sampled_from(list(CUTS)), max_size=3, unique=True)):
        low, high = CUTS[name]
        pair = sorted(draw(st.tuples(st.floats(low, high), st.floats(low, high))))
        made = made.with_limits(name, *draw(st.sampled_from([(pair[0], pair[1]), (pair[0], None), (None, pair[1])])))
    return made


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chosen=filters(), rule=st.sampled_from(["", "roe > 12%", "pe_ttm < 20 or score > 6"]))
def test_narrowing_finds_what_running_finds(market: Any, chosen: Filters, rule: str) -> None:
    whole = market.run("screener.run", {"rule": rule, "fields": list(SLIDERS), "show": "all", "record": False})
    left = Narrowing(whole.frame).left(chosen)
    asked = replace(chosen, rule=rule).arguments()
    run = market.run("screener.run", {**asked, "record": False})
    unknown = market.run("screener.run", {**asked, "show": "unknown", "record": False})
    assert whole.frame["symbol"].gather(left.matched).to_list() == run.frame["symbol"].to_list()
    assert whole.frame["symbol"].gather(left.unknown).to_list() == unknown.frame["symbol"].to_list()


def test_another_rule_over_the_same_rows(market: Any) -> None:
    arguments = {"fields": list(SLIDERS), "show": "all", "record": False}
    narrowing = Narrowing(market.run("screener.run", {**arguments, "sort": "pe_ttm"}).frame)
    judged = market.run("screener.judge", {"rule": "roe > 20%"}).frame
    narrowing.judge(judged["symbol"], judged["outcome"])
    direct = market.run("screener.run", {**arguments, "sort": "pe_ttm", "rule": "roe > 20%"}).frame
    assert narrowing.left(Filters()) == Narrowing(direct).left(Filters())


def test_the_name_is_looked_for_in_ticker_and_company(market: Any) -> None:
    frame = market.run("screener.run", {"show": "all", "record": False}).frame
    symbol, name = frame.select("symbol", "name").row(7)
    narrowing = Narrowing(frame)
    assert 7 in narrowing.left(Filters(search=symbol.lower())).matched
    assert 7 in narrowing.left(Filters(search=name[1:9].upper())).matched
    assert narrowing.left(Filters(search="[(")).matched == []


@pytest.mark.parametrize("name", SLIDERS)
def test_a_limit_means_the_same_as_its_text(name: str) -> None:
    made = Filters().with_limits(name, 0.123456789, None)
    (text,) = made.ranges()
    low = text.split("=")[1].split("..")[0]
    value = float(low[:-1]) / 100 if low.endswith("%") else float(low)
    assert made.limits[name][0] == value
    assert low.endswith("%") == (FIELDS[name].unit == "fraction")


def test_chips_name_each_filter_and_take_it_away() -> None:
    made = Filters(rule="roe > 1%", sectors=frozenset(SECTORS[1:]), types=frozenset({"Funds"})).with_limits(
        "pe_ttm", 8.0, 24.5
    )
    assert made.chips(str) == [("pe_ttm", "pe_ttm 8.0× – 24.5×"), ("sector", SECTORS[0]), ("kind", "Stocks, Bonds")]
    for key in ("pe_ttm", "sector", "kind", "rule"):
        made = made.without(key)
    assert made == Filters()


def test_state_goes_round_and_nonsense_is_left_out() -> None:
    made = Filters("buy", "sp500", "roe > 1%", {}, frozenset({"Energy"}), frozenset({"Bonds"})).with_limits("roe", 0.1, None)
    assert Filters.of(made.state()) == made
    assert (
        Filters.of({"limits": {"colour": [1, 2], "roe": ["x", None], "pe_ttm": [1]}, "unticked": ["Cheese"], "types": ["x"]})
        == Filters()
    )


def test_captions() -> None:
    assert [caption("roe", *pair) for pair in ((None, None), (0.12, None), (None, 0.3))] == [
        "any",
        "from 12.0\u202f%",
        "up to 30.0\u202f%",
    ]
