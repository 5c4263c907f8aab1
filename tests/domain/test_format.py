"""Values as text: rounding at the edges, signs, separators, ages."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.domain import format as fmt

NOW = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)


@pytest.mark.parametrize(("value", "text"), [
    (48_210_000_000, "48.2B"), (3_350_000_000, "3.35B"), (266_000_000, "266M"), (999_600_000, "1.00B"), (999_400, "999K"),
    (-2_600_000, "−2.60M"), (1_234_000_000_000_000, "1\u202f234T"), (0, "0"), (950, "950"), (12.5, "12.50"), (None, "–"),
    (float("nan"), "–"), (float("inf"), "–")])
def test_compact(value: float | None, text: str) -> None:
    assert fmt.compact(value) == text


@pytest.mark.parametrize(("value", "decimals", "text"), [
    (0.056, 1, "5.6\u202f%"), (-0.026, 2, "−2.60\u202f%"), (-0.0000001, 2, "0.00\u202f%"), (None, 1, "–"),
    (12.5, 0, "1\u202f250\u202f%")])
def test_percent(value: float | None, decimals: int, text: str) -> None:
    assert fmt.percent(value, decimals) == text


@pytest.mark.parametrize(("value", "currency", "text"), [
    (69.76, "USD", "$69.76"), (-69.76, "USD", "−$69.76"), (48.2e9, "USD", "$48.2B"), (12.4, "CHF", "12.40\u202fCHF"),
    (1234.5, None, "1\u202f234.50"), (None, "USD", "–")])
def test_money(value: float | None, currency: str | None, text: str) -> None:
    assert fmt.money(value, currency) == text


def test_change_says_its_direction_thrice_over() -> None:
    assert fmt.change(0.0079) == "▲ +0.79\u202f%"
    assert fmt.change(-0.026) == "▼ −2.60\u202f%"
    assert fmt.change(0.00001) == "• 0.00\u202f%"


@pytest.mark.parametrize(("minutes", "text"), [
    (0, "just now"), (3, "3 min old"), (59.99, "59 min old"), (60, "1 h old"), (60 * 24, "1 day old"),
    (60 * 24 * 5, "5 days old"),
    (60 * 24 * 120, "3 months old"), (60 * 24 * 800, "2 years old")])
def test_age(minutes: float, text: str) -> None:
    assert fmt.age(NOW - timedelta(minutes=minutes), NOW) == text


def test_a_moment_is_shown_in_exchange_time() -> None:
    assert fmt.moment(datetime(2026, 11, 20, 21, 0, tzinfo=UTC)) == "20 Nov 2026, 16:00 ET"
    assert fmt.moment(datetime(2026, 7, 1, 20, 0, tzinfo=UTC)) == "1 Jul 2026, 16:00 ET"
    assert fmt.age(None, NOW) == "age unknown"


@pytest.mark.parametrize(("raw", "type", "unit", "decimals", "text"), [
    (0.12, "number", "fraction", None, "12.0\u202f%"),
    (18.42, "number", "x", None, "18.4×"), (3, "integer", "days", None, "3 days"),
    (1, "integer", "days", None, "1 day"),
    (48.2e9, "number", "currency", 0, "48.2B"), (5.0, "number", "USD", None, "$5.00"),
    (2_320_000, "number", "", 0, "2.32M"), (True, "bool", "", None, "yes"), (date(2026, 11, 3), "date", "", None, "3 Nov 2026"),
    (["a", "b"], "list", "", None, "a, b"),
    ([], "list", "", None, "–"), (None, "number", "x", 1, "–"), ("Tech", "text", "", None, "Tech")])
def test_value_by_column(raw: object, type: str, unit: str, decimals: int | None, text: str) -> None:
    assert fmt.value(raw, type, unit, decimals) == text


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_no_number_is_ever_shown_as_nan_or_with_a_hyphen(value: float) -> None:
    for text in (fmt.number(value), fmt.compact(value), fmt.percent(value), fmt.money(value, "USD"), fmt.change(value),
                 fmt.multiple(value)):
        assert "nan" not in text.lower()
        assert "inf" not in text.lower()
        assert "-" not in text
        assert text
