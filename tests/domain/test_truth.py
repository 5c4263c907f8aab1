"""Tolerances, disagreements, restatements, and who stands when: over cases and over any statements."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.domain.data_services import TRUST
from terminal.domain.rivals import CONTESTS, Statement, aligned, rank_of, settle, why
from terminal.domain.schemas import BALANCE_ITEMS, DATASETS, FLOW_ITEMS, POINT_ITEMS
from terminal.domain.schemas import UTC as UTC_TYPE
from terminal.domain.truth import DISAGREEMENT, agree, compare, filled, restated, tolerance
from tests.conftest import examples

NOW = datetime(2026, 11, 20, 22, tzinfo=UTC)
ORDER = TRUST["facts"]
VALUES = st.floats(-1e12, 1e12, allow_nan=False).filter(lambda value: abs(value) > 1e-6)
ITEMS = st.sampled_from([*FLOW_ITEMS, *BALANCE_ITEMS, *POINT_ITEMS, "eps_estimate", "revenue_actual", "something new"])


@pytest.mark.parametrize(("item", "one", "other", "same"), [
    ("revenue", 100.0e9, 100.4e9, True), ("revenue", 100.0e9, 100.6e9, False), ("revenue", 0.0, 1.0, False),
    ("eps_diluted", 1.53, 1.534, True), ("eps_diluted", 1.53, 1.54, False), ("eps_diluted", -0.10, 0.10, False),
    ("employees", 1000.0, 1001.0, False), ("employees", 1000.0, 1000.0, True),
    ("analyst_count", 40.0, 41.0, False),
    ("net_margin", 0.1234, 0.12338, True), ("net_margin", 0.12, 0.13, False), ("expense_ratio", 0.0003, 0.00034, True),
    ("market_cap", 3.00e12, 3.04e12, True), ("market_cap", 3.00e12, 3.10e12, False),
    ("current_ratio", 1.07, 1.068, True), ("current_ratio", 1.07, 1.05, False),
    ("shares_outstanding", 15.0e9, 15.05e9, True),
    ("dividend_rate", 1.04, 1.0449999, True),
])  # fmt: skip
def test_the_tolerance_depends_on_what_is_measured(item: str, one: float, other: float, same: bool) -> None:
    assert agree(item, one, other) is same
    assert agree(item, -one, -other) is same


def test_what_is_unknown_neither_agrees_nor_disagrees() -> None:
    assert agree("revenue", None, 1.0) is None
    assert agree("revenue", 1.0, None) is None


def test_every_item_says_its_tolerance_in_words() -> None:
    assert all(tolerance(item).words for item in (*FLOW_ITEMS, *BALANCE_ITEMS, *POINT_ITEMS))


@given(item=ITEMS, one=VALUES, other=VALUES)
def test_agreeing_does_not_depend_on_the_side(item: str, one: float, other: float) -> None:
    assert agree(item, one, other) == agree(item, other, one)
    assert agree(item, one, one) is True


@given(item=ITEMS, one=VALUES, share=st.floats(0, 0.004), wide=st.floats(0.05, 3))
def test_near_agrees_and_far_does_not(item: str, one: float, share: float, wide: float) -> None:
    near, far = one * (1 + share), one * (1 + wide)
    bound = tolerance(item)
    if bound.relative:
        assert agree(item, one, near) is True
    if abs(far - one) > bound.absolute + bound.relative * abs(far) + 1e-6 * abs(far):
        assert agree(item, one, far) is False


# Who stands when

STATEMENTS = st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 3), st.integers(0, 20), st.integers(0, 12)), max_size=12)


@settings(max_examples=examples(200), deadline=None)
@given(said=STATEMENTS)
def test_at_every_moment_exactly_the_best_living_statement_of_each_key_stands(said: list[tuple[str, int, int, int]]) -> None:
    statements, end = [], {}
    for number, (provider, key, known, life) in enumerate(sorted(said, key=lambda each: each[2])):
        if end.get((provider, key), 0) is None or end.get((provider, key), 0) > known:
            continue  # a service says one thing at a time
        until = None if life > 9 else known + life
        end[provider, key] = until
        statements.append(Statement(provider, (key,), ("g",), key * 100, 10, (ord(provider),), known, until, number))
    settle(statements)
    for moment in range(35):
        for key in range(4):
            living = [each for each in statements if each.key == (key,) and each.known <= moment and
                      (each.until is None or moment < each.until)]
            stands = [each for each in living if any(
                start <= moment and (stop is None or moment < stop) for start, stop in each.stands)]
            assert [each.provider for each in stands] == ([min(each.provider for each in living)] if living else [])
    for each in statements:
        assert each.stands == sorted(each.stands, key=lambda span: span[0])
        assert all(stop is None or start < stop for start, stop in each.stands)


def test_days_apart_within_reach_are_one_thing_and_beyond_are_two() -> None:
    def at(provider: str, day: int) -> Statement:
        return Statement(provider, (day,), ("A", "revenue", "Q"), day, 10, (ord(provider),), 0, None, day)

    near, far = [at("a", 0), at("b", 10)], [at("a", 0), at("b", 11)]
    settle(near)
    settle(far)
    assert [bool(each.stands) for each in near] == [True, False]
    assert [bool(each.stands) for each in far] == [True, True]


def test_the_rule_is_said_in_words() -> None:
    assert why("facts", "sec", "yahoo", ORDER) == "SEC EDGAR is believed first about company figures"
    assert why("facts", "yahoo", "finnhub", ORDER) == "Yahoo Finance is believed before Finnhub about company figures"
    assert why("facts", "files", "sec", ORDER).startswith("what you imported yourself")
    assert why("facts", "files", "sec", ("sec", "files")) != why("facts", "files", "sec", ORDER)
    assert "newer statement" in why("facts", "x", "y", ORDER)
    assert "has changed since" in why("facts", "yahoo", "sec", ORDER)
    assert rank_of(ORDER)("files") < rank_of(ORDER)("sec") < rank_of(ORDER)("yahoo") < rank_of(ORDER)("nobody")


def test_every_trusted_dataset_can_be_contested() -> None:
    assert set(CONTESTS) == set(TRUST)
    for name, contest in CONTESTS.items():
        assert {*contest.group, contest.time} <= set(DATASETS[name].columns)


# Frames


def facts(*rows: tuple[str, str, str, date, float, str]) -> pl.DataFrame:
    """provider, item, period, period_end, value, unit"""
    frame = pl.DataFrame(rows, orient="row", schema={
        "provider": pl.String, "item": pl.String, "period": pl.String, "period_end": pl.Date, "value": pl.Float64,
        "unit": pl.String})
    return frame.with_columns(
        pl.lit("A").alias("symbol"), pl.lit(NOW).cast(UTC_TYPE).alias("known_at"),
        pl.int_range(pl.len(), dtype=pl.Int64).alias("fetch_id"), pl.lit(None, dtype=pl.String).alias("form"))


def test_each_other_statement_is_held_against_the_nearest_of_another_service() -> None:
    q3, q2 = date(2026, 9, 26), date(2026, 6, 27)
    standing = facts(("sec", "revenue", "Q", q3, 100.0, "USD"), ("sec", "revenue", "Q", q2, 90.0, "USD"),
                     ("yahoo", "ebitda", "Q", date(2026, 9, 30), 5.0, "USD"))
    others = facts(("yahoo", "revenue", "Q", date(2026, 9, 30), 90.0, "USD"),
                   ("yahoo", "revenue", "Q", date(2026, 6, 30), 90.1, "USD"),
                   ("finnhub", "revenue", "A", q3, 1.0, "USD"), ("finnhub", "ebitda", "Q", q3, 5.0, "EUR"))
    found = compare("facts", standing, others, ORDER)
    assert dict(found.schema) == DISAGREEMENT
    shown = found.select("field", "period_end", "value", "other_value", "difference")
    assert shown.rows() == [("revenue", q3, 100.0, 90.0, -0.1)]
    assert compare("facts", standing, others.clear(), ORDER).is_empty()


@settings(max_examples=examples(60), deadline=None)
@given(values=st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=8))
def test_a_disagreement_is_listed_exactly_where_the_two_do_not_agree(values: list[tuple[float, float]]) -> None:
    days = [date(2020, 3, 31) + timedelta(days=91 * number) for number in range(len(values))]
    standing = facts(*(("sec", "revenue", "Q", day, one, "USD") for day, (one, _) in zip(days, values, strict=True)))
    others = facts(*(("yahoo", "revenue", "Q", day, other, "USD") for day, (_, other) in zip(days, values, strict=True)))
    found = compare("facts", standing, others, ORDER)
    wanted = [day for day, (one, other) in zip(days, values, strict=True) if not agree("revenue", one, other)]
    assert sorted(found["period_end"].to_list()) == wanted
    assert all(row["provider"] == "sec" and row["other_provider"] == "yahoo" for row in found.to_dicts())


def reports(*rows: tuple[str, date, str | None, float | None, float | None]) -> pl.DataFrame:
    """provider, date, time_of_day, eps_estimate, eps_actual"""
    frame = pl.DataFrame(rows, orient="row", schema={
        "provider": pl.String, "date": pl.Date, "time_of_day": pl.String, "eps_estimate": pl.Float64, "eps_actual": pl.Float64})
    missing = {name: kind for name, kind in DATASETS["earnings"].columns.items() if name not in (*frame.columns, "symbol")}
    return frame.with_columns(
        pl.lit("A").alias("symbol"), *(pl.lit(None, dtype=kind).alias(name) for name, kind in missing.items()),
        pl.lit(NOW).cast(UTC_TYPE).alias("known_at"), pl.int_range(pl.len(), dtype=pl.Int64).alias("fetch_id") + 10 * pl.len())


def test_a_report_is_disputed_field_by_field() -> None:
    standing = reports(("finnhub", date(2027, 1, 28), "amc", 1.20, None))
    others = reports(("yahoo", date(2027, 1, 29), "bmo", 1.204, None), ("nasdaq", date(2027, 1, 28), None, 1.30, None))
    found = compare("earnings", standing, others, TRUST["earnings"])
    assert found.select("field", "other_provider", "text", "other_text").rows() == [
        ("date", "yahoo", "2027-01-28", "2027-01-29"), ("eps_estimate", "nasdaq", None, None),
        ("time_of_day", "yahoo", "amc", "bmo")]


def test_fields_that_are_missing_come_from_the_next_believed_and_say_so() -> None:
    standing = reports(("finnhub", date(2026, 10, 29), None, None, 1.5), ("finnhub", date(2026, 7, 29), "amc", 1.0, 1.1))
    others = reports(("nasdaq", date(2026, 10, 29), "bmo", 1.3, None), ("yahoo", date(2026, 10, 30), None, 1.4, 1.6))
    hour = reports(("yahoo", date(2026, 7, 30), "bmo", None, None), ("yahoo", date(2026, 10, 28), "amc", None, None))
    assert filled(standing, hour, TRUST["earnings"])["filled"].to_list() == ["", ""]  # an hour belongs to its day
    frame = filled(standing, others, TRUST["earnings"])
    rows = frame.select("date", "time_of_day", "eps_estimate", "eps_actual", "filled", "filled_fetch").rows()
    yahoo, nasdaq = others["fetch_id"][1], others["fetch_id"][0]
    assert rows[0] == (date(2026, 10, 29), "bmo", 1.4, 1.5, "time_of_day, eps_estimate", nasdaq)
    assert rows[1] == (date(2026, 7, 29), "amc", 1.0, 1.1, "", None)
    assert yahoo != nasdaq
    assert frame["fetch_id"].to_list() == standing["fetch_id"].to_list()
    assert filled(standing, others.clear(), TRUST["earnings"])["filled"].to_list() == ["", ""]


def test_periods_dated_to_the_day_and_to_the_month_become_one() -> None:
    frame = facts(("sec", "revenue", "Q", date(2026, 9, 26), 1.0, "USD"), ("yahoo", "ebitda", "Q", date(2026, 9, 30), 2.0, "USD"),
                  ("sec", "revenue", "Q", date(2026, 6, 27), 3.0, "USD"), ("yahoo", "beta", "P", date(2026, 9, 28), 4.0, "ratio"))
    moved = aligned(frame)
    assert moved.columns == frame.columns
    assert sorted(moved.select("item", "period_end", "value").rows()) == [
        ("beta", date(2026, 9, 28), 4.0), ("ebitda", date(2026, 9, 30), 2.0), ("revenue", date(2026, 6, 27), 3.0),
        ("revenue", date(2026, 9, 30), 1.0)]
    alone = frame.filter(pl.col("provider") == "sec")
    assert aligned(alone).equals(alone)


@given(values=st.lists(st.sampled_from([1.0, 1.0, 2.0, 3.0]), min_size=1, max_size=8))
def test_restatements_are_the_changes_of_value_and_nothing_else(values: list[float]) -> None:
    frame = pl.concat(facts(("sec", "revenue", "Q", date(2026, 3, 31), value, "USD")) for value in values).with_columns(
        pl.Series("known_at", [NOW + timedelta(days=number) for number in range(len(values))], dtype=UTC_TYPE))
    splits = pl.DataFrame(schema={"symbol": pl.String, "ex_date": pl.Date, "ratio": pl.Float64})
    found = restated(frame, splits)
    pairs = [(old, new) for old, new in pairwise(values) if old != new]
    assert found.select("old_value", "new_value").rows() == pairs[::-1]
    assert restated(frame.with_columns(pl.lit("P").alias("period")), splits).is_empty()


@pytest.mark.parametrize(("changes", "listed"), [
    ([(2.61, 0.65), (2.58, 0.64), (5.04, 1.26), (3.05, 0.76)], []),  # four for one, in a year of which no split is stored
    ([(0.10, 0.80), (0.25, 2.00), (0.30, 2.40)], []),  # one for eight
    ([(2.61, 0.65), (2.58, 0.64), (5.04, 1.26), (3.05, 3.00)], [(3.05, 3.00)]),
    ([(0.10, 0.05), (0.20, 0.10)], [(0.10, 0.05), (0.20, 0.10)]),  # two periods are not enough to tell
    ([(1.00, 0.90), (1.10, 0.99), (1.20, 1.08)], [(1.00, 0.90), (1.10, 0.99), (1.20, 1.08)]),
])  # fmt: skip
def test_per_share_figures_of_many_periods_that_change_by_one_ratio_follow_a_split(
        changes: list[tuple[float, float]], listed: list[tuple[float, float]]) -> None:
    days = [date(2019, 3, 31) + timedelta(days=91 * number) for number in range(len(changes))]
    frame = pl.concat(
        facts(("sec", "eps_diluted", "Q", day, value, "USD")).with_columns(pl.lit(NOW + later).cast(UTC_TYPE).alias("known_at"))
        for day, pair in zip(days, changes, strict=True) for value, later in zip(pair, (timedelta(), timedelta(9)), strict=True))
    splits = pl.DataFrame(schema={"symbol": pl.String, "ex_date": pl.Date, "ratio": pl.Float64})
    assert sorted(restated(frame, splits).select("old_value", "new_value").rows()) == sorted(listed)
