"""How statements are worded: precise enough that two that differ also look different."""

from __future__ import annotations

import pytest

from terminal.domain.format import NARROW
from terminal.domain.statement_words import figure, said, sentence


@pytest.mark.parametrize(("item", "value", "unit", "text", "shown"), [
    ("revenue", 10.4e9, "USD", None, "10.400B USD"),
    ("revenue", -10.45e9, "USD", None, "−10.450B USD"),
    ("eps_diluted", 1.53, "USD", None, "1.53 USD"),
    ("pe_ttm", 18.404, "ratio", None, "18.40×"),
    ("roe", 0.1234, "ratio", None, f"12.34{NARROW}%"),
    ("employees", 1500.0, "count", None, f"1{NARROW}500"),
    ("shares_outstanding", 15.1e9, "shares", None, "15.100B shares"),
    ("date", None, None, "2027-01-28", "2027-01-28"),
    ("time_of_day", None, None, "amc", "after the close"),
    ("eps_actual", None, None, None, "–"),
])  # fmt: skip
def test_a_statement_as_text(item: str, value: float | None, unit: str | None, text: str | None, shown: str) -> None:
    assert said(item, value, unit, text) == shown


@pytest.mark.parametrize(("name", "shown"), [
    ("revenue", "Revenue"), ("eps_diluted", "EPS diluted"), ("operating_cash_flow", "Operating cash flow"),
    ("date", "Report date"), ("eps_actual", "EPS, reported"),
])  # fmt: skip
def test_what_an_item_is_called(name: str, shown: str) -> None:
    assert figure({"item": name}) == shown


def test_a_disagreement_as_a_sentence() -> None:
    row = {"field": "revenue", "period": "Q", "period_end": "2026-09-26", "unit": "USD", "provider": "sec", "value": 10.4e9,
           "text": None, "other_provider": "yahoo", "other_value": 10.0e9, "other_text": None,
           "rule": "SEC EDGAR is believed first about company figures"}
    assert sentence(row) == ("Revenue, quarter to 2026-09-26: SEC EDGAR says 10.400B USD, Yahoo Finance says 10.000B USD; "
                             "SEC EDGAR is believed first about company figures.")
    dates = {**row, "field": "date", "period": None, "value": None, "other_value": None, "text": "2027-01-28",
             "other_text": "2027-01-29", "unit": None}
    assert sentence(dates).startswith("Report date: SEC EDGAR says 2027-01-28, Yahoo Finance says 2027-01-29; ")
