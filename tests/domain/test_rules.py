"""The rule language: what can be written, what it means, and how mistakes are answered."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.domain.fields import FIELDS
from terminal.domain.indicators import SERIES
from terminal.domain.rules import ALIASES, FUNCTIONS, Rule, RuleError, parse, tree
from terminal.domain.rules.studies import STUDIES
from terminal.domain.rules.vocabulary import BAR_OF_FIELD, INDICATOR_NAMES, SERIES_OF_FIELD
from tests.conftest import examples
from tests.domain import rule_reference as reference

FRAME = pl.DataFrame(
    {
        "symbol": ["A", "B", "C", "D"],
        "kind": ["stock", "stock", "etf", None],
        "sector": ["Energy", "Energy", None, "Utilities"],
        "price": [10.0, 20.0, 30.0, 40.0],
        "pe_ttm": [8.0, 25.0, None, 14.0],
        "roe": [0.2, 0.1, None, 0.15],
        "market_cap": [3e9, 1e9, 2e9, None],
        "score": [7.0, 5.0, None, 7.0],
        "flags": [["High debt", "Shrinking"], [], None, ["Old data"]],
        "days_to_earnings": [3, 40, None, 5],
    }
)


def _outcome(text: str, bars: pl.DataFrame | None = None, **more: Any) -> list[bool | None]:
    return parse(text).evaluate(FRAME, bars, **more).to_list()


def _bars(**closes: list[float]) -> pl.DataFrame:
    parts = [
        pl.DataFrame(
            {
                "symbol": symbol,
                "date": [date(2026, 11, 20) - timedelta(days=len(path) - 1 - day) for day in range(len(path))],
                "open": path,
                "high": [value + 1 for value in path],
                "low": [value - 1 for value in path],
                "close": path,
                "volume": [100.0] * len(path),
            }
        )
        for symbol, path in closes.items()
    ]
    return pl.concat(parts)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pe_ttm < 15", [True, False, None, True]),
        ("pe < 15", [True, False, None, True]),
        ("roe >= 15%", [True, False, None, True]),
        ("market_cap > 1.5B", [True, False, True, None]),
        ("market_cap between 1000m and 2b", [False, True, True, None]),
        ("8 < pe_ttm <= 25", [False, True, None, True]),
        ("pe_ttm not between 8 and 14", [False, True, None, False]),
        ('sector in ("energy", "Utilities")', [True, True, None, True]),
        ('sector != "Energy"', [False, False, None, True]),
        ('sector not in ("Energy")', [False, False, None, True]),
        ('flags contains "debt"', [True, False, None, False]),
        ("pe_ttm is unknown", [False, False, True, False]),
        ("pe_ttm is not unknown", [True, True, False, True]),
        ("(pe_ttm < 15) is known", [True, True, False, True]),
        ("not pe_ttm < 15", [False, True, None, False]),
        ("pe_ttm < 15 or score > 6", [True, False, None, True]),
        ('pe_ttm < 15 and kind == "stock"', [True, False, False, None]),
        ("price - 2 * 5 == 10 / 2 * 0", [True, False, False, False]),
        ("-price < -15", [False, True, True, True]),
        ("100 / (price - 10) > 0", [None, True, True, True]),
        ("max(pe_ttm, 10) > 13", [False, True, None, True]),
        ("sqrt(pe_ttm - 10) >= 2", [None, True, None, True]),
        ("pe_ttm < sector_median(pe_ttm)", [True, False, None, False]),
        ("percentile(pe_ttm) >= 50%", [False, True, None, True]),
        ("sector_percentile(roe) == 100%", [True, False, None, None]),
        ("rank() <= 2", [True, False, None, True]),
        ("rank(price) == 1", [False, False, False, True]),
        ("days_to_earnings <= 5d", [True, False, None, True]),
        ("dcf_gap > 10%", [None] * 4),
        ("1 < 2", [True] * 4),
        ("median(price) == 25", [True] * 4),
    ],
)
def test_meaning(text: str, expected: list[bool | None]) -> None:
    assert _outcome(text) == expected


RISING, FALLING = [float(value) for value in range(1, 31)], [float(value) for value in range(60, 30, -1)]
CROSSING = [10.0] * 25 + [9.0, 9.0, 12.0, 12.0, 12.0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rsi(14) > 70", [True, False, None, True]),
        ("close > sma(close, 20)", [True, False, None, True]),
        ("close == 30", [True, False, None, False]),
        ("price > sma(20)", [False, False, None, True]),
        ("change(close, 10d) > 40%", [True, False, None, False]),
        ("close crosses_above sma(close, 5)", [False, False, None, False]),
        ("close crosses_above sma(close, 5) within 3d", [False, False, None, True]),
        ("close crosses_above sma(close, 5) within 2d", [False, False, None, False]),
        ("close crosses_below sma(close, 5) within 5d", [False, False, None, True]),
        ("close < 9.5 within 4d", [False, False, None, True]),
        ("close < 9.5 within 3d", [False, False, None, False]),
        ("close < 0 within 31d", [None, None, None, None]),
        ("close > 0 within 31d", [True, True, None, True]),
        ("price crosses_above 11 within 5d", [False, False, None, True]),
        ("(close > 11 and pe_ttm > 100) within 5d", [False, False, None, False]),
        ("highest(close, 5) == 12", [False, False, None, True]),
        ("avg(volume, 20) == 100", [True, True, None, True]),
        ("sma(close, 50) > 0", [None, None, None, None]),
        ("sma(rsi(14), 3) > 90", [True, False, None, False]),
    ],
)
def test_meaning_over_bars(text: str, expected: list[bool | None]) -> None:
    bars = _bars(A=RISING, B=FALLING, D=CROSSING, Z=[1.0, 2.0])
    assert _outcome(text, bars.sample(fraction=1.0, shuffle=True, seed=1)) == expected
    assert parse(text).needs_bars
    assert _outcome(text, None) == [None] * 4


def test_bars_that_ended_long_ago_say_nothing_about_today() -> None:
    bars = _bars(A=RISING)
    assert _outcome("close > 1", bars, as_of=date(2026, 11, 27))[0] is True
    assert _outcome("close > 1", bars, as_of=date(2026, 12, 20))[0] is None
    newer = FRAME.with_columns(_price_date=pl.lit(date(2026, 12, 1)))
    assert parse("close > 1").evaluate(newer, bars).to_list()[0] is None


def test_change_of_a_field_asks_for_the_frame_of_that_day() -> None:
    rule = parse("change(pe_ttm, 20d) > 50%")
    assert rule.lookbacks == (20,) and not rule.needs_bars
    then = pl.DataFrame({"symbol": ["B", "A", "D"], "pe_ttm": [5.0, 8.0, None]})
    asked: list[int] = []

    def earlier(sessions: int) -> pl.DataFrame:
        asked.append(sessions)
        return then

    assert rule.evaluate(FRAME, earlier=earlier).to_list() == [False, True, None, None]
    assert asked == [20]
    assert rule.evaluate(FRAME).to_list() == [None] * 4


@pytest.mark.parametrize("left", [True, False, None])
@pytest.mark.parametrize("right", [True, False, None])
def test_kleene_truth_tables(left: bool | None, right: bool | None) -> None:
    amounts = {True: 1.0, False: 0.0, None: None}
    frame = pl.DataFrame(
        {"symbol": ["A"], "pe_ttm": [amounts[left]], "pb": [amounts[right]]},
        schema_overrides={"pe_ttm": pl.Float64, "pb": pl.Float64},
    )

    def holds(text: str) -> bool | None:
        return parse(text).evaluate(frame)[0]

    assert holds("pe_ttm > 0 and pb > 0") == reference.every([left, right])
    assert holds("pe_ttm > 0 or pb > 0") == reference.some([left, right])
    assert holds("not pe_ttm > 0") == (None if left is None else not left)


@given(node=reference.conditions, row=st.lists(reference.rows, min_size=1, max_size=4))
@settings(max_examples=examples(150), deadline=None)
def test_same_as_the_naive_evaluator_and_stable_spelling(node: tree.Node, row: list[dict[str, Any]]) -> None:
    text = tree.text_of(node)
    rule = parse(text)
    assert rule.root == node and parse(rule.text) == rule
    types = {**dict.fromkeys(reference.NUMBERS, pl.Float64), **dict.fromkeys(reference.TEXTS, pl.String)}
    frame = pl.DataFrame(
        [{"symbol": str(place), **each} for place, each in enumerate(row)], schema={"symbol": pl.String, **types}
    )
    assert rule.evaluate(frame).to_list() == [reference.judge(node, each) for each in row]


_PIECES = [
    "pe_ttm",
    "sector",
    "rsi(14)",
    "and",
    "or",
    "not",
    "(",
    ")",
    "<",
    "==",
    "12%",
    "2B",
    "5d",
    '"Energy"',
    "'",
    '"',
    "in",
    "between",
    "within",
    "is",
    "unknown",
    "crosses_above",
    ",",
    "-",
    "*",
    "/",
    "sma(close,",
    "change(",
    ".",
    "%",
    "\n",
    "é",
    "\\",
    "contains",
    "rank()",
]


@given(text=st.text(max_size=60) | st.lists(st.sampled_from(_PIECES), max_size=14).map(" ".join))
@settings(max_examples=examples(400), deadline=None)
def test_any_text_is_a_rule_or_a_rule_error(text: str) -> None:
    try:
        rule = parse(text)
    except RuleError as error:
        assert 1 <= error.column <= len(text) + 1 and str(error)
    else:
        assert parse(rule.text) == rule


@pytest.mark.parametrize(
    "text", ["(" * 3000, "not " * 900 + "pe_ttm < 1", "+".join(["1"] * 1900) + " > 0", "a" * 5000, "-" * 3000 + "1 < 2"]
)
def test_hostile_length_and_depth(text: str) -> None:
    with pytest.raises(RuleError):
        parse(text)


@pytest.mark.parametrize(
    ("text", "column", "suggestion"),
    [
        ("pee_ttm < 4", 1, "Did you mean pe_ttm?"),
        ("roe > 12% and marketcapp > 2B", 15, "Did you mean market_cap?"),
        ("p/e < 15", 1, "Did you mean pe_ttm?"),
        ("ev/ebitdaa < 15", 4, "Did you mean ebitda_ttm?"),
        ("sector > 5", 10, 'Write sector == "Energy".'),
        ("sector == Energy", 11, 'Write "Energy" in quotes.'),
        ('sector == "Technology"', 11, 'Did you mean "Information Technology"?'),
        ('kind == "stok"', 9, 'Did you mean "stock"?'),
        ("roe > 12", 7, "Did you mean 12%? For 12 times, write 1200%."),
        ("rsi_14 < 30%", 10, "Did you mean 30?"),
        ("smaa(20) > 1", 1, "Did you mean sma?"),
        ("rsi > 50", 1, "Write rsi(14)."),
        ("market cap > 2B", 8, "Did you mean market_cap?"),
        ("pe_ttm < 15 adn roe > 1%", 13, "Did you mean and?"),
        ("pe_ttm <", 9, "Expected a value."),
        ("(pe_ttm < 5", 12, "Expected ')'."),
        ('sector == "Ener', 11, "End the text with the same mark."),
        ("pe_ttm < 12q", 10, "Units are %, K, M, B, T, x and d (sessions)."),
        ("sma(pe_ttm, 20) > 1", 5, "Use close, open, high, low, volume or another indicator."),
        ("rsi(0) > 50", 1, "Write rsi(14)."),
        ("abs(1, 2) > 1", 1, "Write abs(change)."),
        ('flags == "x"', 1, 'Write flags contains "...".'),
        ("roe", 1, "Compare it with something, for example roe > 0."),
        ("change(roe) > 1%", 1, "Write change(close, 20d)."),
        ("close < 5 within 1.5d", 18, "Write within 5d."),
        ("", 1, "Write a condition such as pe_ttm < 15."),
    ],
)
def test_mistakes(text: str, column: int, suggestion: str) -> None:
    with pytest.raises(RuleError) as caught:
        parse(text)
    assert (caught.value.column, caught.value.suggestion) == (column, suggestion)
    assert caught.value.sentence().startswith(f"Column {column}: ")


def test_clauses_and_the_values_they_looked_at() -> None:
    rule = parse('kind == "stock" and (roe > 10% and pe_ttm between 5 and 20) and 1B < market_cap and (price > 15 or score > 6)')
    clauses = rule.clauses()
    assert [clause.text for clause in clauses] == [
        'kind == "stock"',
        "roe > 10%",
        "pe_ttm between 5 and 20",
        "1B < market_cap",
        "price > 15 or score > 6",
    ]
    looked = [clause.values(FRAME).to_list() for clause in clauses]
    assert looked == [
        [None] * 4,
        [0.2, 0.1, None, 0.15],
        [8.0, 25.0, None, 14.0],
        [3e9, 1e9, 2e9, None],
        [10.0, 20.0, 30.0, 40.0],
    ]
    outcomes = [clause.evaluate(FRAME).to_list() for clause in clauses]
    assert rule.evaluate(FRAME).to_list() == [reference.every(list(each)) for each in zip(*outcomes, strict=True)]
    assert rule.fields == ("kind", "roe", "pe_ttm", "market_cap", "price", "score")
    assert parse("close crosses_above sma(close, 5)").values(FRAME, _bars(A=RISING)).to_list() == [30.0, None, None, None]
    assert parse("pe_ttm < 3").clauses() == (parse("pe < 3.0"),)


def test_normal_spelling_and_equality() -> None:
    assert parse("PE<15 AND ROE>12 %").text == "pe_ttm < 15 and roe > 12%"
    assert parse("pe ≤ 15 && !(roe = 12%)") == parse("pe_ttm <= 15 and not roe == 12%")
    assert isinstance(parse("pe < 15"), Rule) and hash(parse("pe < 15")) == hash(parse("pe_ttm<15"))
    assert (
        parse("8 < pe_ttm < 25 and roe > 12% within 3d").describe()
        == "P/E is above 8 and is below 25 and at least once in the last 3 sessions ROE is above 12 %"
    )


def test_vocabulary_fits_the_fields_and_indicators() -> None:
    assert set(ALIASES.values()) <= set(FIELDS) and not set(ALIASES) & (set(FIELDS) | set(FUNCTIONS) | {"close"})
    assert set(INDICATOR_NAMES) == set(SERIES) and set(INDICATOR_NAMES) <= set(FUNCTIONS)
    assert set(SERIES_OF_FIELD) | set(BAR_OF_FIELD) <= set(FIELDS)
    for name, series in SERIES.items():
        assert FUNCTIONS[name].most <= len(series.parameters) + series.free_input
    assert all(most == len(SERIES[name].parameters) + SERIES[name].free_input for name, _, _, _, most in STUDIES)
    for function in FUNCTIONS.values():
        assert parse(f"{function.usage} > 0").text.startswith(function.name)


@pytest.mark.parametrize(
    ("text", "expected"), [("(0 < 0 + 0 < pe_ttm) is unknown", False), ("(0 < 0 + 0 < pe_ttm) is known", True)]
)
def test_a_constant_part_answers_for_every_row(text: str, expected: bool) -> None:
    frame = pl.DataFrame({"symbol": ["A", "B"], "pe_ttm": pl.Series([None, None], dtype=pl.Float64)})
    assert parse(text).evaluate(frame).to_list() == [expected] * 2
