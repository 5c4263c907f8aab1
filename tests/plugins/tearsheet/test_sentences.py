"""Every figure of the page in a sentence: its own value, why it is unknown, no advice, and the light with its reason."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.tearsheet.builder import build
from plugins.tearsheet.chosen import CONTEXT, CORE, EVENTS, PRICE
from plugins.tearsheet.sentences import SENTENCES, sentence, why_unknown
from plugins.tearsheet.told import metric_light, sentences_table, told
from terminal.domain.scoring.words import shown
from tests.plugins.tearsheet import samples

if TYPE_CHECKING:
    from collections.abc import Callable

    from plugins.tearsheet.model import Figure, Sheet

SHOWN_HERE = sorted({*PRICE, *CONTEXT, *EVENTS, *(name for each in CORE.values() for name in each)})
BROKEN = re.compile(r"\b(nan|NaN|None|inf|null)\b|\{|\}")
ADVICE = re.compile(
    r"\b(you should|should buy|should sell|we recommend|we advise|you must|good buy|bargain|buy now|sell now)\b", re.I
)
_NUMBER = re.compile(r"([−+]?)[$€£]?(\d[\d\u202f]*(?:\.\d+)?)([KMBT]?)\b")
_STEPS = {"": 1.0, "K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}
# How the sentence restates the value: what a hundred, or ten thousand, of money comes to.
HUNDREDS = {
    "roe",
    "roic",
    "fcf_yield",
    "earnings_yield",
    "shareholder_yield",
    "gross_margin",
    "operating_margin",
    "net_margin",
    "fcf_margin",
    "accruals",
    "payout_ratio",
    "coupon",
}
STAKES = {"dividend_yield", "expense_ratio", "yield_to_maturity"}
GROWN = {"return_1m", "return_3m", "return_6m", "return_1y", "max_drawdown_1y", "max_drawdown_5y"}


def meant(name: str, value: float) -> float:
    """What the sentence must say for a value."""
    if name in HUNDREDS:
        return value * 100
    if name in STAKES:
        return value * 10_000
    if name in GROWN:
        return 10_000 * (1 + value)
    return value * 10 if name == "beta" else value


def numbers(text: str) -> list[tuple[float, float]]:
    """Each number of a text and how exactly it is printed."""
    found = []
    for _, digits, step in _NUMBER.findall(text):
        plain = digits.replace("\u202f", "")
        places = len(plain.partition(".")[2])
        found.append((float(plain) * _STEPS[step], 0.5000001 * 10.0**-places * _STEPS[step]))
    return found


def says(text: str, value: float, unit: str) -> bool:
    """Whether a text carries a number, to its printed digits; the sign is in the words."""
    wanted = abs(value) * (100 if unit == "fraction" else 1)
    return any(abs(number - wanted) <= exact + 1e-9 * wanted for number, exact in numbers(text))


@pytest.mark.parametrize(
    ("name", "value", "comparison", "text"),
    [
        ("pe_ttm", 18.4, 24.0, "You pay $18.40 for each $1 of yearly profit. Similar companies cost $24.00."),
        ("pe_ttm", 18.4, None, "You pay $18.40 for each $1 of yearly profit."),
        ("pe_ttm", 412.0, None, "You pay $412 for each $1 of yearly profit."),
        ("pe_forward", -9.0, 20.0, "Analysts expect a loss for the next year (−9.0×)."),
        ("roe", 0.213, None, "Each $100 of the owners' money earns $21.30 a year."),
        ("roe", -0.05, 0.1, "It loses $5.00 a year on each $100 of the owners' money."),
        ("net_margin", -0.4, 0.1, "For each $100 of sales, it is $40.00 short after everything, interest and tax included."),
        ("max_drawdown_5y", -0.38, None, "At the worst moment of the last five years, $10 000 had become $6 200."),
        ("net_debt_ebitda", -0.4, None, "It has more cash than debt: about 0.4 years of its earnings more."),
        ("dividend_yield", 0.0, None, "It pays nothing out (0.0 %)."),
        ("payout_ratio", 1.3, None, "It pays out $130.00 for each $100 of profit: more than it earns."),
        ("pb", -3.2, None, "Its debts are larger than all it owns (−3.2×)."),
        ("expense_ratio", 0.0009, None, "Holding $10 000 of it costs $9.00 a year."),
        ("revenue_growth_1y", 0.0, None, "It sold as much as the year before (0.0 %)."),
        (
            "interest_coverage",
            0.6,
            None,
            "What it earns would pay its interest 0.6 times. Below one time, it has to pay from elsewhere.",
        ),
        ("beta", -0.3, None, "When the market moves 10 %, it tends to move about 3.0 % the other way."),
    ],
)
def test_a_sentence_says_the_value(name: str, value: float, comparison: float | None, text: str) -> None:
    assert sentence(name, {name: value, "currency": "USD"}, comparison).replace("\u202f", " ") == text


def test_every_figure_of_the_page_has_words() -> None:
    assert [name for name in SHOWN_HERE if name not in SENTENCES] == []


VALUES = (0.0, -0.0, 1e-9, -1e-9, -1.0, 1.0, 0.5, -37.0, 412.0, 2.5e11, -3e9)


@pytest.mark.parametrize("name", sorted(SENTENCES))
def test_no_value_breaks_a_sentence(name: str) -> None:
    for kind, currency in (("stock", "USD"), ("bond_etf", None), ("etf", "CHF")):
        for value in VALUES:
            for other in (None, 0.0, -3.0, 24.0):
                assert_whole(sentence(name, {name: value, "kind": kind, "currency": currency}, other))


@given(name=st.sampled_from(sorted(SENTENCES)), value=st.floats(-50, 5000), other=st.none() | st.floats(-9, 90))
def test_nor_any_other(name: str, value: float, other: float | None) -> None:
    assert_whole(sentence(name, {name: value, "kind": "stock", "currency": "USD"}, other))


def assert_whole(text: str) -> None:
    assert text.endswith(".") and not BROKEN.search(text) and not ADVICE.search(text) and "–" not in text, text


@pytest.mark.parametrize("value", [None, math.nan, math.inf, "12", True])
def test_what_is_no_number_has_no_sentence(value: Any) -> None:
    assert not sentence("pe_ttm", {"pe_ttm": value, "currency": "USD"})


def test_unknown_says_why() -> None:
    row = {"eps_ttm": -1.2, "currency": "USD"}
    assert "made no profit" in why_unknown("pe_ttm", row) and "−$1.20" in why_unknown("pe_ttm", row)
    assert "no owners' money" in why_unknown("roe", row, "equity is not positive")
    assert why_unknown("beta", row, "fewer than 252 daily bars are known") == "Not known: fewer than 252 daily bars are known."
    assert why_unknown("beta", row) == "Not known: no source gave it."


# -- the walk --------------------------------------------------------------------------------------------------------

LOSS = {
    "eps_ttm": -1.2,
    "pe_ttm": None,
    "pe_forward": -8.0,
    "net_income_ttm": -4e8,
    "free_cash_flow_ttm": -2.1e8,
    "roe": -0.31,
    "roic": -0.08,
    "net_margin": -0.22,
    "operating_margin": -0.1,
    "fcf_margin": -0.12,
    "fcf_yield": -0.03,
    "earnings_yield": -0.017,
    "interest_coverage": -2.0,
    "pb": -4.0,
    "debt_to_equity": -2.0,
    "ev_ebitda": -7.0,
    "ebitda_ttm": -1e8,
    "altman_z": 0.7,
    "return_1y": -0.62,
    "max_drawdown_5y": -0.91,
    "revenue_growth_1y": -0.2,
    "dcf_value": None,
    "peg": None,
}
ZERO = dict.fromkeys(
    (
        "change",
        "dividend_yield",
        "payout_ratio",
        "net_debt_ebitda",
        "debt_to_equity",
        "roe",
        "net_margin",
        "revenue_growth_1y",
        "share_count_change_1y",
        "accruals",
        "beta",
        "return_1m",
        "max_drawdown_1y",
        "fcf_yield",
        "days_to_earnings",
        "earnings_surprise",
        "beat_rate",
        "piotroski_f",
        "pe_vs_own",
    ),
    0.0,
)
EXTREME = {
    "pe_ttm": 4180.0,
    "ev_ebitda": 950.0,
    "roe": 41.7,
    "market_cap": 3.4e12,
    "net_debt_ebitda": 88.0,
    "payout_ratio": 9.4,
    "interest_coverage": 2500.0,
    "return_5y": 2.5,
    "volatility_1y": 1.9,
    "eps_growth_1y": 12.0,
    "price": 0.0004,
}
CASES: dict[str, Callable[[], Any]] = {
    "plain": lambda: samples.material("stock"),
    "loss": lambda: samples.material("stock", **LOSS),
    "zero": lambda: samples.material("stock", **ZERO),
    "extreme": lambda: samples.material("stock", **EXTREME),
    "bare": lambda: samples.material("bare"),
    "foreign": lambda: samples.material("stock", currency="CHF"),
    "fund": lambda: samples.material("fund"),
    "bond": lambda: samples.material("bond"),
}


def assert_told(figure: Figure, sheet: Sheet) -> None:
    """The sentence of one figure is whole, is no advice, and says the value that the page shows."""
    said = told(figure, sheet)
    text = said.sentence
    assert text and text.endswith("."), (figure.term, text)
    assert not BROKEN.search(text) and not ADVICE.search(text), (figure.term, text)
    assert said.light in ("green", "amber", "red", "unknown", ""), figure.term
    assert bool(said.light) == bool(said.reason) and not BROKEN.search(said.reason), (figure.term, said)
    if figure.term not in SENTENCES or figure.section not in ("price", "core", "valuation", "events"):
        return
    if figure.value is None:
        assert text.startswith("Not known: "), (figure.term, text)
        return
    number = meant(figure.term, figure.value)
    unit = "" if number != figure.value else figure.unit
    assert says(text, number, unit), (figure.term, figure.value, text)
    assert says(figure.text, figure.value, figure.unit), (figure.term, figure.value, figure.text)


@pytest.mark.parametrize("case", CASES)
def test_the_number_in_each_sentence_is_the_value_shown(case: str) -> None:
    sheet = build(CASES[case]())
    for figure in sheet.figures:
        assert_told(figure, sheet)
    table = sentences_table(sheet)
    assert table.frame.height == len(sheet.figures) and table.frame["sentence"].null_count() == 0
    rows = {row["term"]: row for row in table.rows() if row["section"] in ("price", "core")}
    for term, row in rows.items():
        assert row["value"] == sheet.figure(term).value and row["text"] == shown(term, row["value"], sheet.currency)


def test_a_loss_is_told_as_a_loss() -> None:
    sheet = build(CASES["loss"]())
    text = {figure.term: told(figure, sheet).sentence for figure in sheet.figures if figure.section == "core"}
    assert "made no profit" in text["pe_ttm"] and text["eps_ttm"].startswith("Each share lost $1.20")
    assert text["ev_ebitda"].startswith("It loses money before interest") and "larger than all it owns" in text["pb"]


def test_lights_come_from_the_limits_and_checks() -> None:
    sheet = build(CASES["loss"]())
    light, reason, rule = metric_light("roe", sheet)
    gate = next(each for each in sheet.explanation.gates if each.field == "roe")
    assert gate.passed is False and light == "red" and "misses our limit" in reason
    assert shown("roe", gate.limit) in reason and shown("roe", gate.value) in rule
    assert metric_light("pe_ttm", sheet)[0] == "red"  # as its earnings yield
    assert metric_light("high", sheet) == ("", "", "")
    good = build(CASES["plain"]())
    for check in good.explanation.checks:
        light, reason, _ = metric_light(check.field, good)
        failed = any(gate.field == check.field and gate.passed is False for gate in good.explanation.gates)
        if check.share is not None and not failed:
            assert light == ("green" if check.share >= 0.6 else "amber" if check.share > 0 else "red") and reason
    assert metric_light("roe", build(CASES["bare"]()))[0] == "unknown"


def test_the_percentile_is_the_share_of_the_sector_below() -> None:
    given_ = CASES["plain"]()
    figure = build(given_).figure("pe_ttm", "core")
    others = given_.universe.filter(pl.col("symbol") != "NVRA")["pe_ttm"].drop_nulls()
    assert figure.percentile == pytest.approx(float((others < 18.4).mean()))
    assert build(CASES["bare"]()).figure("pe_ttm", "core").percentile is None
