"""Dollars of exposure: small books worked out by hand, what sums to what, and what is left out by name."""

from __future__ import annotations

import polars as pl
import pytest

from terminal.domain.exposure import exposure, max_pain, opened, ratios, turn
from tests.domain.exposure.books import book, row


def test_one_call_by_hand() -> None:
    """Gamma 0.02, 1,000 contracts, price 100: 0.02 * 100,000 shares * 100 * 1 % * 100 = 200,000 dollars per 1 %."""
    found = exposure(book(row(100, True, 1000, gamma=0.02, delta=0.5, vanna=0.1, charm=-0.365)))
    (strike,) = found.by("strike").to_dicts()
    assert strike["gamma"] == pytest.approx(200_000)
    assert strike["gamma_point"] == pytest.approx(200_000)  # at a price of 100, 1 % is a point
    assert strike["delta"] == pytest.approx(0.5 * 1000 * 100 * 100)
    assert strike["vanna"] == pytest.approx(0.1 * 1000 * 100 * 100 / 100)
    assert strike["charm"] == pytest.approx(-0.001 * 1000 * 100 * 100)
    assert (strike["gamma_calls"], strike["gamma_puts"]) == (pytest.approx(200_000), None)
    assert found.total() == pytest.approx(200_000)


@pytest.mark.parametrize(("dealer", "call", "put"), [("naive", 1, -1), ("short", -1, -1), ("long", 1, 1)])
def test_the_assumption_decides_the_signs(dealer: str, call: int, put: int) -> None:
    found = exposure(book(row(100, True, 10, gamma=0.02), row(100, False, 20, gamma=0.02)), dealer)  # type: ignore[arg-type]
    assert found.frame["position"].to_list() == [call * 10, put * 20]
    assert found.total() == pytest.approx((call * 10 + put * 20) * 0.02 * 100 * 100)
    with pytest.raises(ValueError, match="no such assumption"):
        exposure(book(row(100, True, 1)), "honest")  # type: ignore[arg-type]


def test_as_many_calls_as_puts_of_a_strike_have_no_gamma() -> None:
    """A call and a put of one strike have the same gamma and vanna; dealers long one and short the other are flat."""
    found = exposure(book(row(105, True, 300), row(105, False, 300)))
    assert found.total("gamma") == pytest.approx(0, abs=1e-9)
    assert found.total("vanna") == pytest.approx(0, abs=1e-9)
    # Long call and short put is a share: delta one.
    assert found.total("delta") == pytest.approx(300 * 100 * 100)


def test_sums_by_strike_expiry_and_both_agree() -> None:
    rows = [row(strike, call, 7.0 * n + 3, days=days) for n, (strike, call, days) in enumerate(
        (strike, call, days) for strike in (90, 100, 110) for call in (True, False) for days in (7, 28, 90))]  # fmt: skip
    found = exposure(book(*rows))
    for name in ("gamma", "gamma_point", "delta", "vanna", "charm"):
        whole = found.total(name)
        for by in ("strike", "expiry", "both"):
            assert found.by(by)[name].sum() == pytest.approx(whole)  # type: ignore[arg-type]
    both = found.by("both")
    assert both.height == 9
    assert both["call_open_interest"].sum() == found.frame.filter("call")["open_interest"].sum()


def test_what_has_no_usable_price_is_left_out_by_name() -> None:
    found = exposure(book(
        row(100, True, 60), row(105, True, 30, reasons="no bid"), row(110, True, 10, reasons="no bid"),
        row(115, True, None), row(120, True, 0, reasons="no bid"),
    ))  # fmt: skip
    assert found.left_out.rows() == [("no bid", 2, 40.0), ("open interest not stated", 1, 0.0)]
    assert found.counted == pytest.approx(0.6)
    by = {each["strike"]: each["gamma"] for each in found.by("strike").to_dicts()}
    assert by[105.0] is None  # unknown, not zero
    assert by[115.0] is None
    assert by[120.0] == 0.0  # nothing is open, whatever it is worth
    assert found.frame.select(pl.col("gamma").is_nan().any()).item() is False


def test_expired_and_adjusted_contracts_are_no_part_of_it() -> None:
    adjusted = row(100, True, 9, root="ABC1", reasons="adjusted contract")
    found = exposure(book(row(100, True, 5), row(100, True, 9, days=-3), adjusted))
    assert found.frame["open_interest"].to_list() == [5.0]
    empty = exposure(book(row(100, True, 9, days=-3)))
    assert empty.frame.is_empty()
    assert (empty.total(), empty.counted) == (None, None)


def test_shares_of_gamma() -> None:
    found = exposure(book(row(100, True, 10, days=7, gamma=0.03), row(100, False, 30, days=28, gamma=0.01)))
    first = pl.col("expiry") == found.frame["expiry"].min()
    assert found.share(first) == pytest.approx(0.5)  # sizes count, not signs
    assert found.total() == pytest.approx(0, abs=1e-9)
    assert found.share(first, "volume") is None


def test_only_the_next_expiries_and_strikes_nearby() -> None:
    found = exposure(book(row(80, True, 1), row(100, True, 1), row(109, True, 1, days=90), row(100, False, 1, days=200)))
    assert found.within(2).frame["expiry"].n_unique() == 2
    assert sorted(found.within(None, 0.1).frame["strike"].to_list()) == [100.0, 100.0, 109.0]
    assert found.within().frame.height == 4


def test_who_opened_what_is_read_from_open_interest_and_the_last_trade() -> None:
    def day(**contracts: tuple[float, float]) -> pl.DataFrame:
        rows = [(name, 1.0, 2.0, last, interest) for name, (last, interest) in contracts.items()]
        return pl.DataFrame(rows, schema={"contract": pl.String, "bid": pl.Float64, "ask": pl.Float64, "last": pl.Float64,
                                          "open_interest": pl.Float64}, orient="row")  # fmt: skip

    days = [
        day(bought=(2.0, 100), sold=(1.0, 100), middle=(1.5, 100), shrank=(2.0, 100)),
        day(bought=(1.5, 150), sold=(1.0, 130), middle=(1.5, 400), shrank=(2.0, 50)),
        day(bought=(1.5, 150), sold=(1.5, 140), middle=(1.5, 400), shrank=(2.0, 50)),
    ]
    found = {each["contract"]: (each["held"], each["known"]) for each in opened(days).to_dicts()}
    assert found == {"bought": (-50.0, 50.0), "sold": (40.0, 40.0)}
    assert opened(days[:1]).is_empty()


def test_flow_replaces_the_assumption_where_something_was_seen() -> None:
    calls = row(100, True, 100, gamma=0.02)
    held = pl.DataFrame({"contract": [calls["contract"]], "held": [-40.0], "known": [40.0]})
    assert exposure(book(calls), "flow", held).frame["position"].to_list() == [60 - 40]
    # More was seen than is still open: only what is open counts.
    held = pl.DataFrame({"contract": [calls["contract"]], "held": [-400.0], "known": [400.0]})
    assert exposure(book(calls), "flow", held).frame["position"].to_list() == [-100]
    assert exposure(book(calls), "flow").frame["position"].to_list() == [100]


def test_a_chain_without_any_open_interest_is_unknown_not_zero() -> None:
    """As in a recorded chain of a service that states 0 for every contract."""
    found = exposure(book(row(100, True, 0), row(100, False, 0)))
    assert (found.total(), found.counted) == (None, None)
    assert found.by("strike")["gamma"].to_list() == [None]
    assert found.by("strike")["call_open_interest"].to_list() == [None]
    assert max_pain(found).select("strike", "call_open_interest").row(0) == (None, None)
    assert ratios(found).open_interest is None
    assert turn(found).level is None
