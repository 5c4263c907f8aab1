"""The curve of rates: par bonds cost par on it, bills grow as stated, and what is not known is said to be assumed."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.domain.options.rates import ASSUMED, LONGER, SERIES, Curve, flat, from_macro, from_par
from terminal.domain.schemas import MACRO
from tests.conftest import examples

PAR = {1 / 12: 3.80, 0.25: 3.72, 0.5: 3.65, 1.0: 3.60, 2.0: 3.55, 5.0: 3.70, 10.0: 4.10}


def worth(curve: Curve, years: float, par: float) -> float:
    """What a bond with half-yearly coupons of `par` per cent a year is worth on the curve."""
    times = [step / 2 for step in range(1, round(years * 2) + 1)]
    return sum(par / 200 * curve.discount(each) for each in times) + curve.discount(years)


def test_bills_grow_by_their_yield_and_bonds_cost_par() -> None:
    curve = from_par(PAR, "stated")
    for years in (1 / 12, 0.25, 0.5):
        assert 1 / curve.discount(years) == pytest.approx(1 + PAR[years] / 100 * years, rel=1e-14)
    for years in (1.0, 2.0):
        assert worth(curve, years, PAR[years]) == pytest.approx(1, abs=2e-5)  # between maturities zero rates are a line
    assert curve.rates[3] == pytest.approx(-math.log((1 - 0.018 / 1.01825) / 1.018), abs=1e-12)
    assert curve.years == tuple(sorted(PAR))


@settings(max_examples=examples(25))
@given(st.floats(-2, 15))
def test_a_flat_par_curve_is_flat(par: float) -> None:
    curve = from_par(dict.fromkeys((0.5, 1.0, 2.0, 5.0, 10.0), par), "stated")
    assert curve.rates == pytest.approx([2 * math.log1p(par / 200)] * 5, abs=1e-12)


@settings(max_examples=examples(50))
@given(
    st.dictionaries(st.sampled_from(sorted({**SERIES, **LONGER}.values())), st.floats(-150, 200), min_size=1), st.floats(0, 40)
)
def test_any_yields_give_numbers_or_a_clear_error(par: dict[float, float], years: float) -> None:
    try:
        curve = from_par(par, "stated")
    except ValueError as error:
        assert "no par yield is known" in str(error)
        return
    assert math.isfinite(curve(years))
    assert curve.discount(years) > 0


def test_between_maturities_it_is_a_line_and_outside_it_stays() -> None:
    curve = Curve((0.25, 1.0), (0.03, 0.06), "stated")
    assert [curve(years) for years in (-1, 0, 0.1, 0.25, 0.5, 1.0, 30)] == pytest.approx([0.03] * 4 + [0.04, 0.06, 0.06])
    assert curve(float("nan")) == 0.03
    assert curve.discount(-1) == 1.0
    assert flat(-0.005, "x")(3) == -0.005


@pytest.mark.parametrize(
    ("years", "rates"), [((), ()), ((1.0,), ()), ((1.0, 1.0), (0.1, 0.1)), ((0.0,), (0.1,)), ((1.0,), (float("nan"),))]
)
def test_a_curve_that_is_none_is_refused(years: Any, rates: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        Curve(years, rates, "x")


def stored(*rows: tuple[str, date, float | None]) -> pl.DataFrame:
    return pl.DataFrame(
        [{"series": name, "date": day, "published_on": day, "value": value} for name, day, value in rows],
        schema={**MACRO.columns, "fetch_id": pl.Int64},
    )


def test_the_stored_yields_of_one_time_make_the_curve() -> None:
    day, before, old = date(2026, 11, 19), date(2026, 11, 18), date(2026, 1, 5)
    curve = from_macro(
        stored(
            ("DGS3MO", before, 3.9),
            ("DGS3MO", day, 3.72),
            ("DGS6MO", before, 3.65),
            ("DGS1", day, None),
            ("DGS2", old, 9.9),
            ("VIXCLS", day, 16.0),
        )
    )
    assert curve.years == (0.25, 0.5)
    assert curve(0.25) == pytest.approx(math.log1p(0.0372 / 4) * 4)
    assert (curve.day, curve.source) == (day, "Treasury par yields of 2026-11-19, 2 maturities")


def test_without_yields_the_assumption_is_said() -> None:
    for macro in (stored(), stored(("VIXCLS", date(2026, 11, 19), 16.0)), stored(("DGS2", date(2026, 11, 19), None))):
        curve = from_macro(macro)
        assert (curve(0.1), curve(5), curve.day) == (ASSUMED, ASSUMED, None)
        assert "assumed" in curve.source
