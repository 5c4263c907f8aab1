"""What a burst is, which words it gets, and that cutting the feed elsewhere changes nothing."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.domain.flow import events
from terminal.domain.flow.detect import Detector, sides
from terminal.domain.flow.kernels import compiled, starts
from tests.domain.flow.made import CONTRACT, START, frame, trade
from tests.domain.flow.made import settings as published

OTHER = "SPY261218C00610000"


def found(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    detector = Detector(published())
    return pl.concat([detector.feed(frame(*rows)), detector.finish()]).to_dicts()


def test_prints_of_one_contract_and_side_within_moments_are_one_event() -> None:
    (event,) = found(trade(0), trade(100, size=300, price=2.15), trade(200))
    assert (event["prints"], event["size"], event["side"], event["largest"]) == (3, 500, "ask", 300)
    assert event["premium"] == pytest.approx(100 * (200 * 2.1 + 300 * 2.15))
    assert event["price"] == pytest.approx((200 * 2.1 + 300 * 2.15) / 500)
    assert event["started"] == START and event["at"] == START + timedelta(milliseconds=200)
    assert event["trade_ids"] == ["t0", "t100", "t200"] and event["day"] == date(2026, 11, 20)


def test_a_pause_or_another_side_begins_another_event() -> None:
    assert [event["prints"] for event in found(trade(0), trade(100), trade(400))] == [2, 1]
    assert [event["side"] for event in found(trade(0), trade(50, price=2.0))] == ["ask", "bid"]
    long = found(*(trade(place * 90, id=str(place)) for place in range(60)))
    assert len(long) == 3 and max((event["at"] - event["started"]).total_seconds() for event in long) <= 2.0


def test_a_sweep_takes_three_exchanges_or_two_that_say_so() -> None:
    three = found(*(trade(place, exchange=name, id=name) for place, name in enumerate("ABC")))
    assert "sweep" in three[0]["tags"] and three[0]["exchanges"] == 3
    assert "sweep" not in found(trade(0, exchange="A"), trade(1, exchange="B"))[0]["tags"]
    said = found(trade(0, exchange="A", conditions="isoi"), trade(1, exchange="B", conditions="S"))
    assert "sweep" in said[0]["tags"]


def test_letters_of_conditions_differ_by_case() -> None:
    assert "multileg" in found(trade(0, conditions="f"))[0]["tags"]
    assert "multileg" not in found(trade(0, conditions="F"))[0]["tags"]
    assert {"stock leg", "floor"} <= set(found(trade(0, conditions="TLFT"))[0]["tags"])


def test_a_block_is_one_large_print_of_some_worth() -> None:
    assert "block" in found(trade(0, size=250))[0]["tags"]
    assert "block" not in found(trade(0, size=125, id="a"), trade(1, size=125, id="b"))[0]["tags"]
    assert "block" not in found(trade(0, size=1000, price=0.1, bid=0.05, ask=0.1))[0]["tags"]


def test_equal_sizes_of_two_contracts_in_one_moment_on_one_exchange_are_legs() -> None:
    legs = found(trade(0), trade(0, id="leg", contract=OTHER, strike=610.0, price=1.0, bid=1.0, ask=1.1))
    assert [("multileg" in event["tags"], event["lean"], event["legs_share"]) for event in legs] == [(True, "none", 1.0)] * 2
    apart = found(trade(0), trade(0, id="leg", contract=OTHER, strike=610.0, exchange="B"))
    assert not any("multileg" in event["tags"] for event in apart)
    quote: dict[str, Any] = {"size": 9, "price": 9.0, "bid": 8.9, "ask": 9.0}
    small = found(trade(0, **quote), trade(0, id="leg", contract=OTHER, **quote))
    assert not any("multileg" in event["tags"] for event in small), "small ones coincide by chance"


def test_opening_is_certain_only_when_one_trade_is_larger_than_what_was_open() -> None:
    assert "opening" in found(trade(0, open_interest=99.0))[0]["tags"]
    (event,) = found(trade(0, open_interest=500.0, volume=600.0))
    assert event["tags"] == ["likely opening"] and event["volume_oi"] == pytest.approx(1.2)
    assert found(trade(0, open_interest=None))[0]["tags"] == [], "unknown is not zero"


def test_hits_are_counted_over_minutes_on_one_side() -> None:
    hits = found(*(trade(place * 1000, id=str(place)) for place in range(4)), trade(5000, id="b", price=2.0))
    assert [event["repeats"] for event in hits] == [0, 1, 2, 3, 0]
    assert found(trade(0), trade(601_000))[1]["repeats"] == 0


def test_what_is_cheap_cancelled_twice_or_too_late_is_counted_not_shown() -> None:
    detector = Detector(published())
    batch = frame(trade(0, size=1, id="cheap"), trade(10, id="gone", conditions="canc"), trade(20, id="one"))
    told = pl.concat([detector.feed(batch), detector.feed(frame(trade(20, id="one"), trade(5000, id="z"))),
                      detector.feed(frame(trade(4000, id="late"))), detector.finish()])  # fmt: skip
    assert told["trade_ids"].to_list() == [["cheap", "one"], ["z"]]
    assert (detector.cancelled, detector.repeated, detector.late, detector.prints) == (1, 1, 1, 6)


def test_the_side_is_where_the_price_lies_between_the_quotes() -> None:
    cases = [
        (2.1, 2.0, 2.1, 0), (2.2, 2.0, 2.1, 0), (2.08, 2.0, 2.1, 0), (2.05, 2.0, 2.1, 2), (2.01, 2.0, 2.1, 1), (1.9, 2.0, 2.1, 1),
        (2.0, None, 2.1, 3), (2.0, 2.2, 2.1, 3), (2.0, 0.0, 0.0, 3), (2.0, 2.0, 2.0, 2), (2.1, 2.0, 2.0, 0),
    ]  # fmt: skip
    prints = pl.DataFrame(cases, schema=["price", "bid", "ask", "side"], orient="row")
    assert sides(prints, 0.25).to_list() == prints["side"].to_list()


def test_the_day_s_volume_is_counted_where_the_source_does_not_state_it() -> None:
    told = found(trade(0, size=100), trade(1000, size=50, price=2.0), trade(2000, size=30, price=2.0),
                 trade(86_400_000, id="next", size=70))  # fmt: skip
    assert [event["volume"] for event in told] == [100, 150, 180, 70]
    assert found(trade(0, volume=777.0))[0]["volume"] == 777


def test_nothing_is_told_before_it_is_complete_and_time_completes_it() -> None:
    detector = Detector(published())
    assert detector.feed(frame(trade(0))).is_empty()
    assert detector.advance(START + timedelta(milliseconds=200)).is_empty()
    assert detector.advance(START + timedelta(milliseconds=201)).height == 1
    assert detector.finish().is_empty()


def test_totals_are_of_everything_that_was_looked_at() -> None:
    detector = Detector(published())
    detector.feed(frame(trade(0, size=1), trade(5, size=2, price=2.0, id="b"), trade(9000, id="end")))
    assert detector.totals.sort("side").select("symbol", "right", "side", "premium", "size", "prints").rows() == [
        ("SPY", "C", "ask", pytest.approx(210), 1, 1), ("SPY", "C", "bid", pytest.approx(400), 2, 1)]  # fmt: skip


def feed(seed: int, count: int) -> pl.DataFrame:
    """A busy, slightly disordered feed of few contracts, with everything that is looked for in it."""
    chance = random.Random(seed)
    rows, moment = [], 0.0
    for place in range(count):
        moment += chance.choice((0, 0, 0.3, 1, 40, 90, 110, 900))
        strike = chance.choice((600, 605, 610))
        if rows and chance.random() < 0.15:
            rows.append(rows[-chance.randrange(1, min(len(rows), 6) + 1)])  # sent again
            continue
        rows.append(trade(
            moment - chance.choice((0, 0, 0, 80, 110)), id=chance.choice((str(place), str(place), str(place), "")),
            contract=f"SPY261218C00{strike}000", strike=float(strike), size=chance.choice((1, 10, 25, 300)),
            price=chance.choice((2.0, 2.05, 2.1)), exchange=chance.choice("ABC"),
            conditions=chance.choice(("auto", "isoi", "f", "canc")),
        ))  # fmt: skip
    return pl.DataFrame(rows, schema=frame().schema)


@settings(max_examples=10)
@given(st.integers(0, 10_000), st.lists(st.integers(6, 40), min_size=1, max_size=6))
def test_cutting_the_feed_elsewhere_finds_the_same_events(seed: int, cuts: list[int]) -> None:
    prints = feed(seed, 80)
    whole = Detector(published())
    expected = pl.concat([whole.feed(prints), whole.finish()]).sort("at", "id")
    parts, place, turn = Detector(published()), 0, 0
    told = [events.empty()]
    while place < prints.height:
        told.append(parts.feed(prints[place : place + cuts[turn % len(cuts)]]))
        place, turn = place + cuts[turn % len(cuts)], turn + 1
    told.append(parts.finish())
    assert pl.concat(told).sort("at", "id").equals(expected)
    assert (parts.late, parts.cancelled, parts.repeated) == (whole.late, whole.cancelled, whole.repeated)
    assert parts.totals.sort("symbol", "right", "side").equals(whole.totals.sort("symbol", "right", "side"))
    assert expected["id"].is_unique().all() and set(expected["contract"]) <= {CONTRACT, "SPY261218C00605000", OTHER}


@pytest.mark.slow
def test_the_compiled_loop_is_the_loop() -> None:
    import numpy as np

    chance = np.random.default_rng(4)
    key = np.sort(chance.integers(0, 5, 400))
    at = np.concatenate([np.sort(chance.integers(0, 9_000_000, (key == each).sum())) for each in range(5)])
    plain, quick = np.empty(400, dtype=np.bool_), np.empty(400, dtype=np.bool_)
    starts(key, at, 250_000, 2_000_000, plain)
    compiled()(key, at, 250_000, 2_000_000, quick)
    assert (plain == quick).all() and 5 < plain.sum() < 400
