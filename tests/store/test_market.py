from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from terminal.domain.schemas import DATASETS
from terminal.errors import UserError
from terminal.store.known import EXCHANGE, end_of_day
from tests.conftest import examples

D = date


def bars(*rows):
    return pl.DataFrame(rows, schema={"symbol": pl.String, "date": pl.Date, "close": pl.Float64}, orient="row")


def at(year, month, day, hour=12, minute=0):
    return datetime(year, month, day, hour, minute, tzinfo=EXCHANGE).astimezone(UTC)


@pytest.mark.parametrize("dataset", DATASETS)
def test_every_dataset_can_be_read_when_empty(store, dataset):
    frame = store.market.read(dataset, as_of=D(2026, 1, 1))
    assert frame.is_empty()
    assert frame.schema == {**DATASETS[dataset].columns, "fetch_id": pl.Int64, "known_at": pl.Datetime("us", "UTC")}
    assert store.market.freshness(dataset).columns == ["symbol", "newest", "fetched_at", "provider"]


def test_rows_come_back_with_their_source(store, fetch):
    saved = store.market.save("bars", bars(("B", D(2026, 11, 19), 2.0), ("A", D(2026, 11, 18), 1.0)), fetch(simulated=True))
    frame = store.market.read("bars")
    assert (saved.rows, saved.written, saved.refused) == (2, 2, 0)
    assert frame["symbol"].to_list() == ["A", "B"]
    source = store.market.sources(frame["fetch_id"])[saved.fetch_id]
    assert (source.provider, source.simulated, source.fetched_at) == ("test", True, at(2026, 11, 20, 17))
    assert store.market.sources([None, 99]) == {}


def test_a_bar_is_known_at_the_close_of_its_session(store, fetch):
    store.market.save("bars", bars(("A", D(2025, 11, 28), 1.0), ("A", D(2026, 7, 1), 1.0), ("A", D(1950, 1, 3), 1.0)), fetch())
    known = dict(store.market.read("bars").select("date", "known_at").iter_rows())
    assert known[D(2026, 7, 1)] == at(2026, 7, 1, 16)
    assert known[D(2025, 11, 28)] == at(2025, 11, 28, 13)  # the day after Thanksgiving closes early
    assert known[D(1950, 1, 3)] == at(1950, 1, 3, 16)  # before the calendar begins: the usual hour


def test_a_bar_of_a_running_session_is_known_when_fetched(store, fetch):
    day, morning, evening = D(2026, 11, 20), at(2026, 11, 20, 11), at(2026, 11, 20, 18)
    store.market.save("bars", bars(("A", day, 1.0)), fetch(at=morning))
    assert store.market.read("bars")["known_at"].to_list() == [morning]
    store.market.save("bars", bars(("A", day, 2.0)), fetch(at=evening))
    assert store.market.read("bars").select("close", "known_at").row(0) == (2.0, at(2026, 11, 20, 16))


def test_a_revision_is_a_new_version_and_an_equal_value_is_not_written(store, fetch):
    day = D(2026, 1, 5)
    first = store.market.save("bars", bars(("A", day, 1.0), ("B", day, 5.0)), fetch(at=at(2026, 2, 1)))
    same = store.market.save("bars", bars(("A", day, 1.0), ("B", day, 5.0)), fetch(at=at(2026, 3, 1)))
    other = store.market.save("bars", bars(("A", day, 1.1)), fetch(at=at(2026, 4, 1)))
    assert (first.written, same.written, other.written) == (2, 0, 1)

    def seen(as_of):
        return store.market.read("bars", ["A"], as_of=as_of).select("close", "fetch_id").rows()

    assert seen(None) == [(1.1, other.fetch_id)]
    assert seen(D(2026, 4, 1)) == [(1.1, other.fetch_id)]
    assert seen(D(2026, 3, 31)) == [(1.0, first.fetch_id)]
    assert seen(D(2026, 1, 5)) == [(1.0, first.fetch_id)]
    assert seen(D(2026, 1, 4)) == []
    fresh = {row["symbol"]: row for row in store.market.freshness("bars").to_dicts()}
    assert fresh["A"]["fetched_at"] == at(2026, 4, 1) and fresh["B"]["fetched_at"] == at(2026, 3, 1)
    assert fresh["B"]["newest"] == day


def test_null_and_value_differ(store, fetch):
    day = D(2026, 1, 5)
    frame = bars(("A", day, 1.0)).with_columns(pl.lit(None, dtype=pl.Float64).alias("volume"))
    store.market.save("bars", frame, fetch(at=at(2026, 2, 1)))
    assert store.market.save("bars", frame.with_columns(pl.lit(7.0).alias("volume")), fetch(at=at(2026, 2, 2))).written == 1
    assert store.market.save("bars", frame, fetch(at=at(2026, 2, 3))).written == 1
    assert store.market.read("bars", as_of=D(2026, 2, 2))["volume"].to_list() == [7.0]
    assert store.market.read("bars")["volume"].to_list() == [None]


def test_as_of_ends_with_the_day_in_new_york(store, fetch):
    night = at(2026, 3, 2, 23, 30)  # already the third in UTC
    store.market.save("instruments", pl.DataFrame({"symbol": ["A"], "kind": ["stock"]}), fetch("instruments", night))
    assert store.market.read("instruments", as_of=D(2026, 3, 1)).is_empty()
    assert store.market.read("instruments", as_of=D(2026, 3, 2)).height == 1
    assert end_of_day(D(2026, 3, 7)).utcoffset() == timedelta(hours=-5)
    assert end_of_day(D(2026, 3, 8)).utcoffset() == timedelta(hours=-4)  # summer time has begun


def test_a_fact_is_known_when_filed_and_its_restatement_when_filed_again(store, fetch):
    def fact(value, filed):
        return pl.DataFrame({"symbol": ["A"], "item": ["revenue"], "period": ["Q"], "period_end": [D(2026, 3, 31)],
                             "value": [value], "filed_at": [filed]}, schema_overrides={"filed_at": pl.Datetime("us", "UTC")})

    store.market.save("facts", fact(10.0, at(2026, 5, 1)), fetch("facts", at(2026, 6, 1)))
    store.market.save("facts", fact(11.0, at(2026, 8, 1)), fetch("facts", at(2026, 9, 1)))
    store.market.save("facts", fact(12.0, None), fetch("facts", at(2026, 10, 1)))

    def value(as_of):
        return store.market.read("facts", as_of=as_of)["value"].to_list()

    assert value(D(2026, 4, 30)) == []
    assert value(D(2026, 5, 1)) == [10.0]
    assert value(D(2026, 7, 31)) == [10.0]
    assert value(D(2026, 8, 1)) == [11.0]
    assert value(D(2026, 9, 30)) == [11.0]
    assert value(D(2026, 10, 1)) == value(None) == [12.0]


def test_events_are_known_on_their_day_at_the_latest(store, fetch):
    frame = pl.DataFrame({"symbol": ["A", "A"], "ex_date": [D(2020, 1, 2), D(2026, 12, 1)], "amount": [1.0, 2.0]})
    store.market.save("dividends", frame, fetch("dividends", at(2026, 11, 20)))
    known = dict(store.market.read("dividends").select("ex_date", "known_at").iter_rows())
    assert known == {D(2020, 1, 2): at(2020, 1, 2, 9, 30), D(2026, 12, 1): at(2026, 11, 20)}


def earnings(*rows):
    return pl.DataFrame(rows, schema={"symbol": pl.String, "date": pl.Date, "eps_estimate": pl.Float64, "eps_actual": pl.Float64},
                        orient="row")


def test_an_expected_date_that_moved_is_taken_back(store, fetch):
    first = earnings(("A", D(2026, 2, 1), 1.0, 1.2), ("A", D(2026, 5, 1), 1.3, None), ("B", D(2026, 5, 1), 2.0, None))
    store.market.save("earnings", first, fetch("earnings", at(2026, 3, 1)))
    store.market.save("earnings", earnings(("A", D(2026, 5, 4), 1.3, None)), fetch("earnings", at(2026, 4, 1)))
    assert store.market.read("earnings", ["A"])["date"].to_list() == [D(2026, 2, 1), D(2026, 5, 4)]
    assert store.market.read("earnings", ["A"], as_of=D(2026, 3, 31))["date"].to_list() == [D(2026, 2, 1), D(2026, 5, 1)]
    assert store.market.read("earnings", ["B"])["date"].to_list() == [D(2026, 5, 1)]
    # An answer about the past says nothing about what is to come.
    store.market.save("earnings", earnings(("A", D(2026, 2, 1), 1.0, 1.2)), fetch("earnings", at(2026, 4, 2)))
    assert store.market.read("earnings", ["A"])["date"].to_list() == [D(2026, 2, 1), D(2026, 5, 4)]


def test_an_estimate_gives_way_to_the_result_on_its_day(store, fetch):
    store.market.save("earnings", earnings(("A", D(2026, 5, 1), 1.3, None)), fetch("earnings", at(2026, 4, 1)))
    store.market.save("earnings", earnings(("A", D(2026, 5, 1), 1.3, 1.5)), fetch("earnings", at(2026, 6, 1)))
    assert store.market.read("earnings", as_of=D(2026, 4, 30))["eps_actual"].to_list() == [None]
    assert store.market.read("earnings", as_of=D(2026, 5, 1))["eps_actual"].to_list() == [1.5]


def test_a_member_that_left_is_gone_from_then_on(store, fetch):
    def members(*symbols):
        return pl.DataFrame({"universe": ["x"] * len(symbols), "symbol": list(symbols)})

    store.market.save("members", members("A", "B"), fetch("members", at(2026, 1, 1)))
    store.market.save("members", pl.DataFrame({"universe": ["y"], "symbol": ["B"]}), fetch("members", at(2026, 1, 1)))
    store.market.save("members", members("A", "C"), fetch("members", at(2026, 2, 1)))
    assert store.market.read("members", ["x"])["symbol"].to_list() == ["A", "C"]
    assert store.market.read("members", ["x"], as_of=D(2026, 1, 31))["symbol"].to_list() == ["A", "B"]
    assert store.market.read("members", ["y"])["symbol"].to_list() == ["B"]


def test_refused_rows_are_quarantined_once_with_their_reason(store, fetch):
    frame = bars(("A", D(2026, 1, 5), -1.0), ("A", D(2026, 1, 6), 2.0), ("A", D(2026, 1, 6), 3.0), (None, D(2026, 1, 7), 3.0))
    for _ in range(2):
        saved = store.market.save("bars", frame, fetch())
    assert (saved.rows, saved.refused) == (1, 3)
    assert store.market.read("bars")["close"].to_list() == [2.0]
    kept = store.market.quarantine()
    assert sorted(kept["reason"]) == ["a price of zero or below", "symbol is missing", "the same row twice"]
    row = store.market.quarantine("A").filter(pl.col("reason") == "a price of zero or below").to_dicts()[0]
    assert (row["key"], json.loads(row["row"])["close"], row["provider"]) == ("A 2026-01-05", -1.0, "test")


def test_rows_refused_before_and_repairs_are_kept(store, fetch):
    from terminal.domain.repair import REPAIRS

    fixed = pl.DataFrame([("A", "2026-01-05", "close", 100.0, 1.0, "a price in cents")], schema=REPAIRS, orient="row")
    refused = bars(("A", D(2026, 1, 6), 900.0)).with_columns(pl.lit("a jump nobody else saw").alias("reason"))
    saved = store.market.save("bars", bars(("A", D(2026, 1, 5), 1.0)), fetch(), repairs=fixed, refused=refused)
    assert (saved.rows, saved.refused, saved.repaired) == (1, 1, 1)
    assert store.market.repairs("A").select("at", "field", "was", "now", "rule").row(0) == (
        "2026-01-05", "close", 100.0, 1.0, "a price in cents")
    assert store.market.quarantine("A")["reason"].to_list() == ["a jump nobody else saw"]


def test_a_frame_without_its_key_changes_nothing(store, fetch):
    before = store.market.version
    with pytest.raises(ValueError, match="date is missing"):
        store.market.save("bars", pl.DataFrame({"symbol": ["A"], "close": [1.0]}), fetch())
    assert store.market.version == before
    assert store.market.fetches().is_empty()


def test_an_error_is_logged_and_an_empty_answer_counts_as_fresh(store, fetch, place):
    store.market.log(fetch(symbol="A", status="error", error="HTTP 500", http_status=500))
    assert store.market.freshness("bars").is_empty()
    store.market.log(fetch(symbol="A", status="empty"))
    assert store.market.freshness("bars").select("symbol", "newest").rows() == [("A", None)]
    log = store.market.fetches(errors=True)
    assert log.select("status", "http_status", "error").rows() == [("error", 500, "HTTP 500")]
    assert place.events[-1] == ("market.changed", {"datasets": ["bars"], "symbols": ["A"]})


def test_time_bounds_columns_and_latest(store, fetch):
    moments = [at(2026, 11, 19, 23, 59), at(2026, 11, 20, 0, 0), at(2026, 11, 20, 15)]
    quotes = pl.DataFrame({"symbol": ["A", "A", "B"], "at": moments, "price": [1.0, 2.0, 3.0]})
    store.market.save("quotes", quotes, fetch("quotes"))
    assert store.market.read("quotes", start=D(2026, 11, 20))["price"].to_list() == [2.0, 3.0]
    assert store.market.read("quotes", end=D(2026, 11, 19))["price"].to_list() == [1.0]
    assert store.market.read("quotes", start=moments[1], end=moments[1])["price"].to_list() == [2.0]
    assert store.market.read("quotes", latest=True)["price"].to_list() == [2.0, 3.0]
    assert store.market.read("quotes", ["B"], columns=["price"]).columns == ["price", "fetch_id", "known_at"]
    assert store.market.read("quotes", []).is_empty()
    assert store.market.read("quotes", [f"S{n}" for n in range(400)] + ["A"])["price"].to_list() == [1.0, 2.0]
    with pytest.raises(ValueError, match="no column"):
        store.market.read("quotes", columns=["nonsense"])
    with pytest.raises(ValueError, match="no time"):
        store.market.read("instruments", start=D(2026, 1, 1))
    with pytest.raises(UserError, match="nonsense"):
        store.market.read("nonsense")


def test_quoted_symbols_do_not_break_out(store, fetch):
    name = "A'; drop table bars; --"
    store.market.save("instruments", pl.DataFrame({"symbol": [name], "kind": ["stock"]}), fetch("instruments"))
    assert store.market.read("instruments", [name]).height == 1
    assert store.market.read("instruments", ["' or '1' = '1"]).is_empty()


def test_the_version_grows_and_survives_reopening(place, fetch):
    store = place.open()
    versions = [store.market.version]
    for _ in range(2):
        store.market.save("bars", bars(("A", D(2026, 1, 5), 1.0)), fetch())
        versions.append(store.market.version)
    assert all(later > earlier for earlier, later in pairwise(versions))
    store.close()
    again = place.open()
    assert again.market.save("bars", bars(("A", D(2026, 1, 6), 1.0)), fetch()).fetch_id == 3


def test_a_column_that_a_newer_schema_added_appears_in_an_old_file(place, fetch):
    store = place.open()
    store.market.save("bars", bars(("A", D(2026, 1, 5), 1.0)), fetch(at=at(2026, 2, 1)))
    for table in ("bars", "bars_superseded"):
        store.market.database.write(lambda tx, table=table: tx.execute(f"alter table {table} drop column adjusted_close"))
    store.close()
    again = place.open()
    frame = bars(("A", D(2026, 1, 5), 1.0)).with_columns(pl.lit(0.9).alias("adjusted_close"))
    again.market.save("bars", frame, fetch(at=at(2026, 2, 2)))
    assert again.market.read("bars")["adjusted_close"].to_list() == [0.9]
    assert again.market.read("bars", as_of=D(2026, 2, 1)).select("close", "adjusted_close").rows() == [(1.0, None)]


DAYS = [D(2026, 1, day) for day in (5, 6, 7)]
ANSWER = st.dictionaries(st.tuples(st.sampled_from("AB"), st.sampled_from(DAYS)), st.sampled_from([1.0, 2.0, 3.0]), max_size=6)


@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(answers=st.lists(st.tuples(ANSWER, st.integers(0, 40)), max_size=6))
def test_what_is_known_equals_a_plain_model_of_versions(store, fetch, answers):
    """Each key holds a list of (known_at, value); as of D the newest whose known_at lies before the end of D."""
    tables = ("bars", "bars_superseded", "freshness")
    store.market.database.write(lambda tx: [tx.execute(f"delete from {name}") for name in tables])
    model: dict[tuple[str, date], list[tuple[datetime, float]]] = {}
    moment = at(2026, 1, 5, 10)
    for answer, hours in answers:
        moment += timedelta(hours=hours)
        rows = [(symbol, day, value) for (symbol, day), value in answer.items()]
        store.market.save("bars", bars(*rows), fetch(at=moment))
        for symbol, day, value in rows:
            versions = model.setdefault((symbol, day), [])
            close = min(at(day.year, day.month, day.day, 16), moment)
            if not versions:
                versions.append((close, value))
            elif versions[-1][1] != value:
                versions.append((close if close > versions[-1][0] else max(moment, versions[-1][0]), value))
    for as_of in [*(D(2026, 1, 4) + timedelta(days=n) for n in range(14)), None]:
        wanted = {}
        for key, versions in model.items():
            known = [value for since, value in versions if as_of is None or since < end_of_day(as_of)]
            if known:
                wanted[key] = known[-1]
        frame = store.market.read("bars", as_of=as_of)
        assert {(row[0], row[1]): row[2] for row in frame.select("symbol", "date", "close").iter_rows()} == wanted
        assert frame.height == len(wanted)


def test_what_was_written_since_a_version_can_be_asked(store, fetch, monkeypatch):
    market = store.market
    before = market.version
    market.save("bars", bars(("A", D(2026, 11, 19), 2.0), ("B", D(2026, 11, 19), 2.0)), fetch())
    between = market.version
    market.log(fetch("quotes", symbol="C"))
    assert market.writes.changed(before, {"bars", "quotes"}) == {"A", "B"}
    assert market.writes.changed(before, {"quotes"}) == market.writes.changed(between, {"bars"}) == frozenset()
    assert market.writes.changed(market.version + 1, {"bars"}) is None  # not a version of this store
    with pytest.raises(ValueError):
        market.save("bars", pl.DataFrame({"symbol": ["A"]}), fetch())
    assert market.writes.changed(before, {"bars"}) == {"A", "B"}


def test_the_version_grows_when_the_rows_can_be_read(store, fetch):
    seen = []

    def publish(topic, payload):
        seen.append((store.market.version, store.market.read("bars").height))

    before = store.market.version
    store.market.database._publish = publish
    store.market.save("bars", bars(("A", D(2026, 11, 19), 2.0)), fetch())
    assert seen == [(before + 1, 1)]
