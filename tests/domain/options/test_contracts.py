"""Names of option contracts: both ways, what is none, when and how each root settles."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.domain.options import contracts, names
from terminal.domain.options.contracts import Contract
from terminal.domain.sessions import Calendar
from terminal.errors import UserError
from terminal.paths import data_file
from tests.conftest import examples

if TYPE_CHECKING:
    from collections.abc import Callable

ROOTS = st.from_regex(r"\A([A-Z]{1,5}[0-9]?|[A-Z]{6})\Z")
STRIKES = st.integers(1, 99_999_999).map(lambda thousandths: thousandths / 1000)
CONTRACTS = st.builds(Contract, ROOTS, st.dates(date(2000, 1, 1), date(2099, 12, 31)), st.sampled_from(["C", "P"]), STRIKES)


@pytest.fixture(scope="module")
def calendar() -> Calendar:
    return Calendar.parse(data_file("sessions.csv").read_text("utf-8"))


@settings(max_examples=examples(50))
@given(CONTRACTS)
def test_a_contract_is_found_again_by_its_name(contract: Contract) -> None:
    name = contracts.build(contract)
    assert contracts.parse(name) == contract
    assert contracts.parse(contracts.padded(contract)) == contract
    assert contracts.parse(f" o:{name.lower()} ") == contract
    assert len(contracts.padded(contract)) == 21
    assert contracts.build(contracts.named(name)) == name


@settings(max_examples=examples(50))
@given(st.lists(CONTRACTS, min_size=1, max_size=5))
def test_many_names_at_once_are_read_as_each_alone(several: list[Contract]) -> None:
    name = pl.col("name")
    frame = pl.DataFrame({"name": [contracts.build(each) for each in several]})
    read = frame.select("name", **names.parts(name), standard=names.standard(name), on=names.underlying(name))
    assert read.rows() == [
        (contracts.build(each), each.expiry, each.strike, each.right, not each.adjusted,
         contracts.UNDERLYING.get(each.root, each.root)) for each in several]  # fmt: skip


@settings(max_examples=examples(100))
@given(st.text(max_size=24))
def test_any_other_text_is_no_contract(text: str) -> None:
    found = contracts.parse(text)
    assert found is None or contracts.build(found) in text.upper().replace(" ", "")


NO_NAMES = [
    "", "SPY", "SPY261318C00600000", "SPY260230C00600000", "SPY261218X00600000", "SPY261218C0060000", "SPY261218C00000000",
    "TOOLONG261218C00600000", "SPY12261218C00600000", "261218C00600000", "SPY26\u0661\u066218C00600000",
]  # fmt: skip


@pytest.mark.parametrize("text", NO_NAMES)
def test_what_no_exchange_lists_is_refused_with_a_sentence(text: str) -> None:
    assert contracts.parse(text) is None
    with pytest.raises(UserError, match="not the name of an option contract") as caught:
        contracts.named(text)
    assert "SPY261218C00600000" in caught.value.hint


@pytest.mark.parametrize("contract", [
    Contract("SPY", date(2026, 12, 18), "C", 600.0005), Contract("SPY", date(2026, 12, 18), "C", 0.0),
    Contract("SPY", date(2026, 12, 18), "C", float("nan")), Contract("SPY", date(2026, 12, 18), "C", 1e9),
    Contract("spy", date(2026, 12, 18), "C", 600.0), Contract("SPY", date(2026, 12, 18), "X", 600.0),  # type: ignore[arg-type]
    Contract("SPY", date(1999, 12, 17), "C", 600.0), Contract("", date(2026, 12, 18), "C", 600.0),
])  # fmt: skip
def test_a_contract_that_no_name_can_hold_is_not_built(contract: Contract) -> None:
    with pytest.raises(ValueError, match="contract"):
        contracts.build(contract)


def test_names_that_are_none_are_unknown_in_a_frame_too() -> None:
    frame = pl.DataFrame({"name": ["nonsense", "", "SPY261318C00600000", "SPY261218X00600000", None]})
    read = frame.select(**names.parts(pl.col("name")), standard=names.standard(pl.col("name")))
    assert all(None in row[:3] or not row[3] for row in read.rows())
    assert frame.select(names.root(pl.col("name")))["name"].to_list() == ["", "", "SPY", "SPY", None]
    assert frame.select(names.compact(pl.lit("O:SPXW  261218C06000000")))["literal"][0] == "SPXW261218C06000000"


@pytest.mark.parametrize(("symbol", "roots"), [
    ("^SPX", ("SPX", "SPXW")), ("^GSPC", ("SPX", "SPXW")), ("^RUT", ("RUT", "RUTW")), ("^NDX", ("NDX", "NDXP")),
    ("^VIX", ("VIX", "VIXW")), ("SPY", ("SPY",)), ("BRK-B", ("BRKB",)), ("BRK.B", ("BRKB",)), ("XSP", ("XSP",)),
])  # fmt: skip
def test_the_roots_of_a_symbol_and_back(symbol: str, roots: tuple[str, ...]) -> None:
    assert contracts.roots_of(symbol) == roots
    stored = {"^GSPC": "^SPX", "BRK.B": "BRK-B", "XSP": "^XSP"}.get(symbol, symbol)
    assert {contracts.underlying_of(root) for root in roots} == {stored}


def test_an_index_is_known_by_any_of_its_names() -> None:
    names_of = ("^SPX", "^GSPC", "SPX", "spx", "_RUT", "^VIX", "VIX", "^VXAPL", "SPY", "SPXW", "BRK-B", "^", "^A B")
    assert [contracts.index_of(each) for each in names_of] == [
        "SPX", "SPX", "SPX", "SPX", "RUT", "VIX", "VIX", "VXAPL", None, None, None, None, None]  # fmt: skip


def test_an_adjusted_contract_is_on_the_share_without_its_digit() -> None:
    found = contracts.parse("AAPL1261218C00100000")
    assert found is not None
    assert found.adjusted
    assert contracts.underlying_of(found.root) == "AAPL"
    assert not contracts.european(found.root)


@pytest.mark.parametrize(("root", "expiry", "settled", "european", "last"), [
    ("SPX", date(2026, 12, 18), "AM", True, date(2026, 12, 17)),
    ("SPXW", date(2026, 12, 18), "PM", True, date(2026, 12, 18)),
    ("RUT", date(2026, 12, 18), "AM", True, date(2026, 12, 17)),
    ("RUTW", date(2026, 11, 30), "PM", True, date(2026, 11, 30)),
    ("NDX", date(2026, 12, 18), "AM", True, date(2026, 12, 17)),
    ("NDXP", date(2026, 12, 18), "PM", True, date(2026, 12, 18)),
    ("VIX", date(2026, 12, 16), "AM", True, date(2026, 12, 15)),
    ("VIXW", date(2026, 12, 9), "AM", True, date(2026, 12, 8)),
    ("XSP", date(2026, 12, 18), "PM", True, date(2026, 12, 18)),
    ("OEX", date(2026, 12, 18), "PM", False, date(2026, 12, 18)),
    ("SPY", date(2026, 12, 18), "PM", False, date(2026, 12, 18)),
    # Good Friday 2025 was a third Friday: the monthly ones went on the Thursday.
    ("SPX", date(2025, 4, 17), "AM", True, date(2025, 4, 16)),
    ("AAPL", date(2025, 4, 17), "PM", False, date(2025, 4, 17)),
])  # fmt: skip
def test_how_a_root_settles(root: str, expiry: date, settled: str, european: bool, last: date, calendar: Calendar) -> None:
    assert (contracts.settlement(root, expiry), contracts.european(root)) == (settled, european)
    assert contracts.last_session(root, expiry, calendar) == last
    hour, minute = (9, 30) if settled == "AM" else (16, 0)
    there = contracts.expires_at(root, expiry).astimezone(contracts.NEW_YORK)
    assert (there.date(), there.hour, there.minute) == (expiry, hour, minute)


def test_a_half_day_a_holiday_and_the_saturdays_of_old(calendar: Calendar) -> None:
    thanksgiving_friday = date(2026, 11, 27)
    assert contracts.expires_at("SPY", thanksgiving_friday, calendar) == datetime(2026, 11, 27, 18, 0, tzinfo=UTC)
    assert contracts.expires_at("SPY", thanksgiving_friday) == datetime(2026, 11, 27, 21, 0, tzinfo=UTC)
    good_friday = date(2025, 4, 18)
    assert contracts.expires_at("SPY", good_friday, calendar) == datetime(2025, 4, 17, 20, 0, tzinfo=UTC)
    saturday = date(2014, 6, 21)
    assert contracts.expires_at("AAPL", saturday, calendar) == contracts.expires_at("AAPL", saturday)
    assert contracts.expires_at("AAPL", saturday) == datetime(2014, 6, 20, 20, 0, tzinfo=UTC)
    assert contracts.expires_at("SPX", saturday, calendar) == datetime(2014, 6, 20, 13, 30, tzinfo=UTC)
    beyond = date(2098, 12, 19)
    assert contracts.expires_at("SPY", beyond, calendar) == contracts.expires_at("SPY", beyond)


@settings(max_examples=examples(25))
@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)))
def test_the_third_friday_is_one(day: date) -> None:
    found = contracts.third_friday(day)
    assert (found.weekday(), found.month, found.year) == (4, day.month, day.year)
    assert 15 <= found.day <= 21


def test_time_runs_out_and_below_zero() -> None:
    expires = contracts.expires_at("SPY", date(2026, 12, 18))
    year: Callable[[datetime], float] = lambda at: contracts.years(at, expires)  # noqa: E731
    assert year(datetime(2026, 12, 17, 21, 0, tzinfo=UTC)) == pytest.approx(1 / 365)
    assert year(expires) == 0
    assert year(datetime(2026, 12, 18, 21, 0, 1, tzinfo=UTC)) < 0
