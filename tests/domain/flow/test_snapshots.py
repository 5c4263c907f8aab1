"""Differences of chains: what was traded in between, and that nothing fails the gate silently."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from terminal.domain.flow.snapshots import differences, gated
from terminal.domain.schemas import CHAINS

NOON, CLOSE = datetime(2026, 11, 20, 17, 0, tzinfo=UTC), datetime(2026, 11, 20, 21, 0, tzinfo=UTC)
NO_AVERAGES = pl.DataFrame(schema={"contract": pl.String, "average_volume": pl.Float64, "average_days": pl.Int64})


def chain(at: datetime, *rows: dict[str, Any]) -> pl.DataFrame:
    standard: dict[str, Any] = {
        "symbol": "SPY", "at": at, "expiry": date(2026, 12, 18), "strike": 600.0, "right": "C", "contract": "SPY261218C00600000",
        "bid": 2.0, "ask": 2.1, "last": 2.1, "volume": 1000.0, "open_interest": 400.0, "iv": 0.2, "delta": 0.3,
        "underlying_price": 590.0,
    }  # fmt: skip
    return CHAINS.validate(pl.DataFrame([{**standard, **row} for row in rows], schema=dict(CHAINS.columns))).good


def test_the_difference_of_a_day_is_its_volume() -> None:
    averages = pl.DataFrame({"contract": ["SPY261218C00600000"], "average_volume": [50.0], "average_days": [12]})
    (event,) = differences(gated(chain(CLOSE, {})), None, averages, source="cboe").events.to_dicts()
    assert (event["input"], event["size"], event["side"], event["lean"]) == ("snapshot", 1000, "ask", "up")
    assert event["premium"] == pytest.approx(1000 * 2.1 * 100)
    assert (event["volume_oi"], event["volume_average"], event["days"]) == (2.5, 20.0, 28)
    assert event["otm"] == pytest.approx(600 / 590 - 1) and event["tags"] == ["likely opening"], "never certain: many trades"
    assert event["legs_share"] is None and event["prints"] is None and event["exchanges"] is None


def test_between_two_snapshots_of_a_day_only_what_is_new_counts() -> None:
    earlier = chain(NOON, {"volume": 700.0})
    (event,) = differences(gated(chain(CLOSE, {})), earlier, NO_AVERAGES, source="x").events.to_dicts()
    assert event["size"] == 300 and event["started"] == NOON and event["at"] == CLOSE
    before = chain(NOON - timedelta(days=1), {"volume": 700.0})
    assert differences(gated(chain(CLOSE, {})), before, NO_AVERAGES, source="x").events["size"].to_list() == [1000]
    new = chain(CLOSE, {}, {"contract": "SPY261218C00610000", "strike": 610.0})
    assert sorted(differences(gated(new), earlier, NO_AVERAGES, source="x").events["size"]) == [300, 1000]


def test_a_quote_that_fails_the_gate_is_doubted_and_has_no_side() -> None:
    wide = chain(CLOSE, {"bid": 1.0, "ask": 4.0})
    (event,) = differences(gated(wide), None, NO_AVERAGES, source="x").events.to_dicts()
    assert event["doubt"] == "wide spread" and event["side"] == "unknown" and event["lean"] == "none"
    nothing = chain(CLOSE, {"bid": 0.0, "ask": 0.0, "last": None})
    found = differences(gated(nothing), None, NO_AVERAGES, source="x")
    assert found.events.is_empty() and found.left_out == {"traded, but without a price that can be used": 1}


@pytest.mark.parametrize(("later", "earlier", "reason"), [
    ({"volume": None}, None, "no volume is stated"),
    ({"last_at": CLOSE - timedelta(days=1)}, None, "its volume is of an earlier session"),
    ({"volume": 500.0}, {"volume": 700.0}, "its volume fell between the snapshots"),
    ({}, {"volume": None}, "its earlier volume is not known"),
])  # fmt: skip
def test_what_cannot_be_told_is_left_out_with_its_reason(
    later: dict[str, Any], earlier: dict[str, Any] | None, reason: str
) -> None:
    before = None if earlier is None else chain(NOON, earlier)
    found = differences(gated(chain(CLOSE, later)), before, NO_AVERAGES, source="x")
    assert found.events.is_empty() and found.left_out == {reason: 1}


def test_a_last_price_from_before_the_span_says_nothing_of_the_side() -> None:
    earlier = chain(NOON, {"volume": 700.0})
    later = chain(CLOSE, {"last_at": NOON - timedelta(minutes=5)})
    (event,) = differences(gated(later), earlier, NO_AVERAGES, source="x").events.to_dicts()
    assert event["side"] == "unknown" and event["price"] == pytest.approx(2.05), "the middle stands in"


def test_an_event_of_a_day_keeps_its_name_as_the_day_goes_on() -> None:
    noon = differences(gated(chain(NOON, {"volume": 300.0})), None, NO_AVERAGES, source="x").events
    close = differences(gated(chain(CLOSE, {})), None, NO_AVERAGES, source="x").events
    assert noon["id"].to_list() == close["id"].to_list()
