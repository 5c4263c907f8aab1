"""The discounted cash flow by hand to the cent, and how it must behave for any company."""

from __future__ import annotations

import math

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from terminal.domain.valuation import Assumptions, dcf, dcf_frame, grid, reverse_dcf
from tests.conftest import examples

ROW = {
    "symbol": "A",
    "kind": "stock",
    "sector": "Industrials",
    "currency": "USD",
    "price": 20.0,
    "market_cap": 2000.0,
    "enterprise_value": 2300.0,
    "free_cash_flow_ttm": 100.0,
    "revenue_ttm": 1000.0,
    "beta": 1.2,
    "revenue_cagr_3y": 0.06,
    "eps_cagr_3y": 0.09,
    "revenue_growth_1y": 0.30,
    "interest_coverage": 6.0,
    "debt_to_equity": 0.5,
    "pb": 2.0,
}


def test_two_years_by_hand() -> None:
    # 100 x 1.10 = 110, 110 x 1.10 = 121; /1.08 = 101.8519, /1.08^2 = 103.7380; 121 x 1.02 / 0.06 = 2057, /1.1664 = 1763.5460
    # total 1969.1358 - 300 net debt = 1669.1358 / 100 shares = 16.6914
    found = dcf(ROW, Assumptions(growth=0.10, wacc=0.08, terminal_growth=0.02, years=2, fade_years=0))
    assert found.value == pytest.approx(16.69, abs=0.005)
    assert found.enterprise_value == pytest.approx(1969.14, abs=0.005)
    assert found.terminal_share == pytest.approx(0.8956, abs=5e-5)
    assert found.gap == pytest.approx(16.691358 / 20 - 1)
    assert [round(year.present, 2) for year in found.flows] == [101.85, 103.74]
    assert "three quarters" in found.notes[0]


def test_growth_fades_in_a_straight_line() -> None:
    found = dcf(ROW, Assumptions(growth=0.12, wacc=0.09, terminal_growth=0.02, years=6, fade_years=4))
    assert [round(year.growth, 4) for year in found.flows] == [0.12, 0.12, 0.095, 0.07, 0.045, 0.02]


def test_cost_of_capital_by_hand() -> None:
    # beta 0.67 x 1.2 + 0.33 = 1.134; equity 4.2 % + 1.134 x 4.2 % + 0.8 % for its size = 9.7628 %; debt 0.5 x 2000 / 2 = 500
    # -> 20 %; debt costs 4.2 % + 1.5 % = 5.7 %, after 21 % tax 4.503 %; 0.8 x 9.7628 + 0.2 x 4.503 = 8.71084 %
    found = dcf(ROW)
    used = {each.name: each for each in found.assumptions}
    assert used["wacc"].value == pytest.approx(0.0871084)
    assert used["growth"].value == pytest.approx(0.072), "the median of 6, 9 and 30 %, drawn 40 % of the way to 4.5 %"
    assert (used["wacc"].origin, used["tax_rate"].origin) == ("derived", "default")
    assert used["net_debt"].value == 300.0
    assert used["shares"].value == 100.0
    given_one = dcf(ROW, Assumptions(tax_rate=0.3)).assumption("tax_rate")
    assert given_one is not None and given_one.origin == "provided"
    assert all(each.reason for each in found.assumptions)


def test_the_derived_cost_of_capital_has_a_floor_by_size() -> None:
    def wacc(cap: float) -> float:
        found = dcf({**ROW, "beta": -3.0, "market_cap": cap, "enterprise_value": cap}).assumption("wacc")
        assert found is not None
        return found.value

    assert [wacc(each) for each in (50e9, 5e9, 1e9)] == pytest.approx([0.065, 0.07, 0.075])
    assert dcf(ROW, Assumptions(wacc=0.05)).assumption("wacc").value == 0.05, "a given one is used as it is"  # type: ignore[union-attr]


def test_growth_that_analysts_expect_counts_too() -> None:
    # P/E 24 now and 20 on next year's EPS: +20 %; the median of 6, 9, 20 and 30 is 14.5 %; 4.5 + 0.6 x 10 = 10.5 %
    found = dcf({**ROW, "pe_ttm": 24.0, "pe_forward": 20.0}).assumption("growth")
    assert found is not None and found.value == pytest.approx(0.105)
    wild = dcf({**ROW, "revenue_cagr_3y": 0.9, "eps_cagr_3y": 0.9, "revenue_growth_1y": 0.9}).assumption("growth")
    assert wild is not None and wild.value == pytest.approx(0.14), "nobody keeps growing like that"


@pytest.mark.parametrize(
    ("usual", "cash"),
    [(0.10, 100.0), (0.09, 100.0), (0.07, 70.0), (0.15, 125.0), (-0.05, 100.0), (None, 100.0)],
)
def test_a_year_far_from_the_usual_is_not_the_rule(usual: float | None, cash: float) -> None:
    # last year's cash is 100 of 1000: up to 1.25 times the usual it stands; far above counts the usual, far below half way
    found = dcf({**ROW, "fcf_margin_mean": usual}).assumption("cash")
    assert found is not None and found.value == pytest.approx(cash)
    last = dcf({**ROW, "fcf_margin_mean": usual}, Assumptions(base_cash="ttm")).assumption("cash")
    assert last is not None and last.value == 100.0


def test_share_based_pay_is_a_cost() -> None:
    # 3 % of 1000 in sales are paid in shares: 100 - 30
    paid = dcf({**ROW, "sbc_to_revenue": 0.03})
    assert paid.assumption("cash").value == pytest.approx(70.0)  # type: ignore[union-attr]
    assert paid.assumption("share_based_pay").value == pytest.approx(30.0)  # type: ignore[union-attr]
    assert dcf({**ROW, "sbc_to_revenue": 0.03}, Assumptions(share_based_pay=0.0)).value == dcf(ROW).value
    assert "share-based pay" in dcf({**ROW, "sbc_to_revenue": 0.2}).reason


def test_range_by_hand() -> None:
    # low: 8 % growth at 9 %: 108/1.09 = 99.0826, 116.64/1.1881 = 98.1735, 116.64 x 1.02 / 0.07 = 1699.6114 / 1.1881 = 1430.5289
    # -> 1627.7850 - 300 = 13.2779; high: 12 % at 7 %: 104.6729 + 109.5642 + 125.44 x 1.02 / 0.05 / 1.1449 = 2235.1088
    # -> 2449.3459 - 300 = 21.4935
    found = dcf(ROW, Assumptions(growth=0.10, wacc=0.08, terminal_growth=0.02, years=2, fade_years=0))
    assert (found.low, found.high) == (pytest.approx(13.2779, abs=5e-4), pytest.approx(21.4935, abs=5e-4))
    assert not found.wide
    two_years = Assumptions(growth=0.10, wacc=0.08, terminal_growth=0.02, years=2, fade_years=0)
    owing = dcf({**ROW, "enterprise_value": 3400.0}, two_years)
    assert owing.wide and "rough guide" in owing.notes[-1]
    frame = dcf_frame(pl.DataFrame([ROW])).row(0, named=True)
    base = dcf(ROW)
    assert (frame["dcf_low"], frame["dcf_high"]) == (base.low, base.high)
    assert frame["dcf_range"] == pytest.approx(base.high / base.low)  # type: ignore[operator]


def test_margin_base() -> None:
    by_margin = dcf({**ROW, "fcf_margin_mean": 0.08}, Assumptions(base_cash="margin"))
    assert by_margin.assumption("cash").value == pytest.approx(80.0)  # type: ignore[union-attr]
    assert dcf(ROW, Assumptions(fcf_margin=0.12)).assumption("cash").value == pytest.approx(120.0)  # type: ignore[union-attr]
    assert dcf(ROW, Assumptions(base_cash="margin")).reason == "free cash flow is not known"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"sector": "Financials"}, "banks"),
        ({"kind": "etf"}, "not a fund"),
        ({"sector": "Real Estate"}, "property"),
        ({"sector": "Utilities"}, "networks"),
        ({"free_cash_flow_ttm": -5.0}, "not positive"),
        ({"free_cash_flow_ttm": None}, "free cash flow is not known"),
        ({"market_cap": None}, "number of shares, net debt and the cost of capital are"),
        ({"revenue_cagr_3y": None, "eps_cagr_3y": None, "revenue_growth_1y": None}, "growth, past or expected, is not known"),
    ],
)
def test_unknown_with_its_reason(change: dict[str, object], reason: str) -> None:
    found = dcf({**ROW, **change})
    assert found.value is None and found.gap is None
    assert reason in found.reason
    assert reverse_dcf({**ROW, **change}).growth is None or "growth" in reason
    assert dcf_frame(pl.DataFrame([{**ROW, **change}]))["dcf_value"].to_list() == [None]


def test_a_perpetuity_that_means_nothing_is_refused() -> None:
    assert "terminal growth" in dcf(ROW, Assumptions(wacc=0.03, terminal_growth=0.025)).reason
    with pytest.raises(ValueError, match="years"):
        Assumptions(years=3, fade_years=4)


def test_too_much_debt_leaves_nothing_but_says_so() -> None:
    found = dcf({**ROW, "enterprise_value": 90_000.0})
    assert found.value == 0.0 and found.gap == -1.0
    assert "debt exceeds" in found.notes[0]


def test_grid_holds_the_base_in_its_middle() -> None:
    base, found = dcf(ROW), grid(ROW)
    assert found.values[2][2] == pytest.approx(base.value)
    assert len(found.waccs) == len(found.growths) == 5
    assert grid({**ROW, "sector": "Financials"}).values == ()


def test_an_empty_frame_has_no_values() -> None:
    assert dcf_frame(pl.DataFrame([ROW]).head(0)).height == 0


def test_price_without_sense_has_no_implied_growth() -> None:
    assert "above" in reverse_dcf({**ROW, "price": 1e9, "market_cap": 1e11}, Assumptions(net_debt=0, shares=100)).reason
    assert "below" in reverse_dcf({**ROW, "price": 1e-6}, Assumptions(net_debt=0, shares=100)).reason
    assert "price" in reverse_dcf({**ROW, "price": None}).reason


TEXTS = ("symbol", "kind", "sector")


def companies() -> st.SearchStrategy[dict[str, object]]:
    def maybe(low: float, high: float) -> st.SearchStrategy[float | None]:
        return st.one_of(st.none(), st.floats(low, high))

    return st.fixed_dictionaries(
        {
            "symbol": st.just("X"),
            "kind": st.just("stock"),
            "sector": st.sampled_from(["Energy", "Financials", "Real Estate", None]),
            "price": st.floats(0.5, 900),
            "market_cap": maybe(1e6, 1e12),
            "enterprise_value": maybe(1e6, 2e12),
            "free_cash_flow_ttm": maybe(-1e9, 1e11),
            "revenue_ttm": maybe(1e6, 1e12),
            "beta": maybe(-1, 4),
            "revenue_cagr_3y": maybe(-0.5, 1),
            "eps_cagr_3y": maybe(-0.9, 3),
            "revenue_growth_1y": maybe(-0.9, 3),
            "revenue_growth_quarter": maybe(-0.9, 3),
            "interest_coverage": maybe(-5, 90),
            "debt_to_equity": maybe(0, 9),
            "pb": maybe(0.1, 50),
            "sbc_to_revenue": maybe(0, 0.3),
            "fcf_margin_mean": maybe(-0.2, 0.4),
            "pe_ttm": maybe(1, 200),
            "pe_forward": maybe(1, 200),
        }
    )


def cash_makers() -> st.SearchStrategy[dict[str, object]]:
    """Companies with cash, little debt and a sector the method suits."""
    return companies().map(
        lambda row: {
            **row,
            "sector": "Energy",
            "market_cap": 1e10,
            "enterprise_value": 1.02e10,
            "sbc_to_revenue": 0.0,
            "free_cash_flow_ttm": 2e8 + abs(float(row["market_cap"] or 0)) / 100,
        }
    )  # type: ignore[arg-type]


@settings(max_examples=examples(150), deadline=None)
@given(st.lists(companies(), min_size=1, max_size=5))
def test_frame_equals_row_by_row(rows: list[dict[str, object]]) -> None:
    frame = pl.DataFrame(
        [{**row, "symbol": f"S{at}"} for at, row in enumerate(rows)],
        schema_overrides={name: pl.Float64 for name in rows[0] if name not in TEXTS},
    )
    for row, found in zip(rows, dcf_frame(frame).to_dicts(), strict=True):
        one = dcf(row)
        assert (one.value, one.gap) == (found["dcf_value"], found["dcf_gap"])
        assert (one.low, one.high) == (found["dcf_low"], found["dcf_high"])
        assert one.value is None or (one.low or 0.0) <= one.value <= (one.high or 0.0)
        assert one.value is None or one.wide or found["dcf_range"] < 3
        assert (one.value is None) == bool(one.reason)
        assert one.value is None or math.isfinite(one.value)


@settings(max_examples=examples(100), deadline=None)
@given(cash_makers(), st.floats(0.05, 0.2), st.floats(0.001, 0.05), st.floats(-0.05, 0.3), st.floats(0.001, 0.1))
def test_value_falls_with_wacc_and_rises_with_growth(
    row: dict[str, object], wacc: float, more: float, growth: float, faster: float
) -> None:
    base = dcf(row, Assumptions(wacc=wacc, growth=growth))
    assume(base.value)
    dearer = dcf(row, Assumptions(wacc=wacc + more, growth=growth))
    grown = dcf(row, Assumptions(wacc=wacc, growth=growth + faster))
    assert dearer.value < base.value < grown.value  # type: ignore[operator]


@settings(max_examples=examples(60), deadline=None)
@given(cash_makers(), st.floats(-0.2, 0.6), st.floats(0.05, 0.15))
def test_reverse_finds_the_growth_back(row: dict[str, object], growth: float, wacc: float) -> None:
    base = dcf(row, Assumptions(wacc=wacc, growth=growth))
    assume(base.value and base.value > 0.01)
    used = {each.name: each.value for each in base.assumptions}
    fixed = Assumptions(wacc=wacc, net_debt=used["net_debt"], shares=used["shares"])
    found = reverse_dcf({**row, "price": base.value}, fixed)
    assert found.growth == pytest.approx(growth, abs=1e-6)
