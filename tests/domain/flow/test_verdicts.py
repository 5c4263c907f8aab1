"""What open interest can and cannot say of a flag."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from terminal.domain.flow.verdicts import judge

DAY, NEXT, EXPIRY = date(2026, 11, 19), date(2026, 11, 20), date(2026, 12, 18)


def verdicts(*flags: dict[str, Any], moved: tuple[int, int] = (40, 30)) -> list[dict[str, Any]]:
    rows = [{"contract": "SPY261218C00600000", "size": 1000.0, "before": 500.0, "after": 500.0, "volume": 1000.0,
             "expiry": EXPIRY, "stated_on": NEXT, **flag} for flag in flags]  # fmt: skip
    frame = pl.DataFrame([{"id": str(place), "symbol": "SPY", "day": DAY, **row} for place, row in enumerate(rows)],
                         schema_overrides={"before": pl.Float64, "after": pl.Float64, "volume": pl.Float64, "stated_on": pl.Date})
    interest = frame.select("contract", "day", "before", "after", "stated_on", "volume").unique("contract")
    expiries = frame.select("symbol", "expiry", "day").unique().with_columns(
        pl.lit(moved[0], dtype=pl.Int64).alias("contracts"), pl.lit(moved[1], dtype=pl.Int64).alias("moved"))  # fmt: skip
    return judge(frame.select("id", "symbol", "contract", "expiry", "day", "size"), interest, expiries).to_dicts()


@pytest.mark.parametrize(("flag", "verdict", "bound"), [
    ({"after": 1400.0}, "opened", 900),
    ({"after": 100.0, "before": 900.0}, "closed", 0),
    ({"after": 700.0}, "unclear", 200),
    ({"after": 1200.0, "volume": 3000.0}, "opened", 0),
    ({"after": 1200.0, "volume": 30_000.0}, "unclear", 0),
    ({"after": 31_000.0, "volume": 30_500.0}, "opened", 1000),
    ({"after": 1400.0, "volume": None}, "unclear", None),
    ({"after": None}, "unknown", None),
    ({"after": None, "stated_on": None}, "waiting", None),
    ({"expiry": DAY}, "expired", 0),
    ({"expiry": NEXT}, "expired", 0),
])  # fmt: skip
def test_a_verdict_needs_a_change_that_must_be_the_flagged_trades_(flag: dict[str, Any], verdict: str, bound: int | None) -> None:
    (told,) = verdicts(flag)
    assert told["verdict"] == verdict, told["reason"]
    assert told["opened_least"] == bound or told["opened_least"] >= (bound or 0)
    assert told["reason"]


def test_flags_of_one_contract_and_day_share_one_change() -> None:
    both = verdicts({"size": 600.0, "after": 900.0}, {"size": 600.0, "after": 900.0})
    assert [told["flags"] for told in both] == [2, 2] and both[0]["flagged"] == 1000, "not more than was traded"
    assert both[0]["verdict"] == "unclear" and "2 flags" in both[0]["reason"]
    assert verdicts({"size": 600.0, "after": 900.0, "volume": 600.0})[0]["verdict"] == "opened"


def test_a_count_that_is_not_published_yet_is_waited_for() -> None:
    (told,) = verdicts({}, moved=(40, 0))
    assert told["verdict"] == "waiting" and "0 have another" in told["reason"]


def test_a_contract_given_up_for_another_is_called_a_possible_roll() -> None:
    given, taken = verdicts({"before": 2000.0, "after": 1050.0}, {"contract": "SPY270115C00600000", "after": 1450.0})
    assert (given["verdict"], taken["verdict"]) == ("closed", "opened")
    assert "may be a roll" in given["reason"] and "SPY270115C00600000" in given["reason"]
    put = verdicts({"before": 2000.0, "after": 1050.0}, {"contract": "SPY270115P00600000", "after": 1450.0})
    assert "roll" not in put[0]["reason"]
