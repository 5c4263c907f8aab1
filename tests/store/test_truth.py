"""Several services speak about one value: whose statement stands, what is kept beside it, and what was known when."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import duckdb
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from terminal.domain.fetch import Fetch
from terminal.domain.rivals import rank_of
from terminal.domain.truth import DISAGREEMENT, RESTATEMENT
from terminal.store.known import EXCHANGE

D = date
QUARTER = D(2026, 3, 31)


def at(year, month, day, hour=12, minute=0):
    return datetime(year, month, day, hour, minute, tzinfo=EXCHANGE).astimezone(UTC)


def fetch(provider, moment, dataset="facts", **more):
    return Fetch(provider, "somewhere", dataset, more.pop("symbol", "A"), moment, moment, **more)


def fact(value, *, item="revenue", end=QUARTER, filed=None, period="Q", symbol="A", unit="USD", form=None):
    return pl.DataFrame([(symbol, item, period, end, value, unit, filed, form)], orient="row", schema={
        "symbol": pl.String, "item": pl.String, "period": pl.String, "period_end": pl.Date, "value": pl.Float64,
        "unit": pl.String, "filed_at": pl.Datetime("us", "UTC"), "form": pl.String})


def report(day, *, eps=None, estimate=None, hour=None, end=None, confirmed=None, symbol="A"):
    return pl.DataFrame([(symbol, day, hour, confirmed, end, estimate, eps)], orient="row", schema={
        "symbol": pl.String, "date": pl.Date, "time_of_day": pl.String, "confirmed": pl.Boolean, "period_end": pl.Date,
        "eps_estimate": pl.Float64, "eps_actual": pl.Float64})


def say(store, provider, value, moment, **more):
    return store.market.save("facts", fact(value, **more), fetch(provider, moment))


def expect(store, provider, day, moment, **more):
    return store.market.save("earnings", report(day, **more), fetch(provider, moment, "earnings"))


def standing(store, dataset="facts", as_of=None, column="value"):
    frame = store.market.read(dataset, as_of=as_of)
    return list(zip(store.market.named(frame)["provider"], frame[column], strict=True))


def beside(store, dataset="facts", as_of=None, column="value"):
    return store.market.beside(dataset, as_of=as_of).select("provider", column).rows()


def count(store, table):
    return store.market.database.read(f"select count(*) as n from {table}")["n"][0]


def test_one_service_alone_leaves_nothing_beside(store):
    for value, month in ((10.0, 5), (10.0, 6), (11.0, 7)):
        say(store, "yahoo", value, at(2026, month, 1))
    assert count(store, "facts") == 1
    assert count(store, "facts_superseded") == 1
    assert count(store, "facts_others") == 0
    assert store.market.disagreements().is_empty()


def test_the_more_believed_service_takes_over_and_the_other_is_kept(store):
    say(store, "yahoo", 10.0, at(2026, 6, 1))
    saved = say(store, "sec", 11.0, at(2026, 9, 1), filed=at(2026, 5, 1), form="10-Q")
    assert saved.written == 1
    assert standing(store) == [("sec", 11.0)]
    assert beside(store) == [("yahoo", 10.0)]
    # The filing was public on the first of May, whenever it was fetched, and Yahoo's number was never the better one.
    assert standing(store, as_of=D(2026, 5, 1)) == standing(store, as_of=D(2026, 7, 1)) == [("sec", 11.0)]
    assert standing(store, as_of=D(2026, 4, 30)) == []
    assert beside(store, as_of=D(2026, 5, 31)) == []
    assert beside(store, as_of=D(2026, 6, 1)) == [("yahoo", 10.0)]


def test_what_was_known_before_the_better_statement_is_what_stood_then(store):
    say(store, "yahoo", 10.0, at(2026, 5, 1))
    say(store, "sec", 11.0, at(2026, 9, 1), filed=at(2026, 6, 1))
    assert standing(store, as_of=D(2026, 5, 20)) == [("yahoo", 10.0)]
    assert standing(store, as_of=D(2026, 6, 1)) == [("sec", 11.0)]
    assert store.market.disagreements(as_of=D(2026, 5, 20)).is_empty()
    assert store.market.disagreements(as_of=D(2026, 6, 1)).height == 1


def test_the_less_believed_service_does_not_overwrite_and_its_own_news_replaces_its_own(store):
    say(store, "sec", 11.0, at(2026, 5, 2), filed=at(2026, 5, 1))
    say(store, "yahoo", 10.0, at(2026, 6, 1))
    say(store, "yahoo", 10.0, at(2026, 6, 2))
    say(store, "yahoo", 12.0, at(2026, 7, 1))
    say(store, "finnhub", 13.0, at(2026, 8, 1))
    assert standing(store) == [("sec", 11.0)]
    assert sorted(beside(store)) == [("finnhub", 13.0), ("yahoo", 12.0)]
    assert beside(store, as_of=D(2026, 6, 15)) == [("yahoo", 10.0)]
    assert count(store, "facts") == 1
    assert count(store, "facts_superseded") == 0
    assert count(store, "facts_others") == 3
    say(store, "sec", 11.5, at(2026, 9, 1), filed=at(2026, 8, 30))
    assert standing(store) == [("sec", 11.5)]
    assert standing(store, as_of=D(2026, 8, 15)) == [("sec", 11.0)]
    assert count(store, "facts_others") == 3


def test_the_same_number_from_the_better_source_is_named_after_it(store):
    say(store, "yahoo", 10.0, at(2026, 6, 1))
    say(store, "sec", 10.0, at(2026, 6, 2), filed=at(2026, 5, 1))
    assert standing(store) == [("sec", 10.0)]
    assert beside(store) == [("yahoo", 10.0)]
    assert store.market.disagreements().is_empty()


def test_a_period_that_ends_a_few_days_apart_is_one_period(store):
    say(store, "yahoo", 10.0, at(2026, 10, 30), end=D(2026, 9, 30))
    say(store, "sec", 12.0, at(2026, 11, 1), end=D(2026, 9, 26), filed=at(2026, 10, 29))
    say(store, "yahoo", 9.0, at(2026, 11, 2), end=D(2026, 6, 30))
    frame = store.market.read("facts")
    assert frame.select("period_end", "value").rows() == [(D(2026, 6, 30), 9.0), (D(2026, 9, 26), 12.0)]
    (row,) = store.market.disagreements().to_dicts()
    assert (row["provider"], row["value"], row["other_provider"], row["other_value"]) == ("sec", 12.0, "yahoo", 10.0)
    assert row["difference"] == pytest.approx(-1 / 6)
    assert row["rule"] == "SEC EDGAR is believed first about company figures"


def test_statements_about_a_day_are_rivals_only_on_that_day(store):
    say(store, "yahoo", 10.0, at(2026, 11, 3), item="beta", period="P", end=D(2026, 11, 3), unit="ratio")
    say(store, "finnhub", 12.0, at(2026, 11, 4), item="beta", period="P", end=D(2026, 11, 4), unit="ratio")
    assert [value for _, value in standing(store)] == [10.0, 12.0]
    say(store, "finnhub", 12.5, at(2026, 11, 4, 13), item="beta", period="P", end=D(2026, 11, 3), unit="ratio")
    assert [value for _, value in standing(store)] == [10.0, 12.0]
    assert beside(store) == [("finnhub", 12.5)]


def test_what_the_user_imported_stands_before_any_service(store):
    say(store, "sec", 11.0, at(2026, 5, 2), filed=at(2026, 5, 1))
    say(store, "files", 11.4, at(2026, 6, 1))
    assert standing(store) == [("files", 11.4)]
    assert store.market.disagreements()["rule"].to_list() == ["what you imported yourself is believed before any service"]


def test_the_user_decides_whom_to_believe(place):
    place.open().close()
    from terminal.store import Store

    store = Store(place.market, place.book, place.backups, clock=place.time, publish=lambda *_: None,
                  trust=lambda dataset: ("yahoo", "sec") if dataset == "facts" else None)
    try:
        say(store, "sec", 11.0, at(2026, 5, 2), filed=at(2026, 5, 1))
        say(store, "yahoo", 10.0, at(2026, 6, 1))
        assert standing(store) == [("yahoo", 10.0)]
        assert standing(store, as_of=D(2026, 5, 31)) == [("sec", 11.0)]
        assert store.market.disagreements()["rule"].to_list() == ["Yahoo Finance is believed first about company figures"]
    finally:
        store.close()


def test_a_new_order_of_trust_holds_from_the_next_answer_on(place):
    from terminal.store import Store

    order = ["sec", "yahoo"]
    store = Store(place.market, place.book, place.backups, clock=place.time, publish=lambda *_: None, trust=lambda _: order)
    try:
        say(store, "yahoo", 10.0, at(2026, 6, 1))
        say(store, "sec", 11.0, at(2026, 6, 2), filed=at(2026, 5, 1))
        order.reverse()
        assert standing(store) == [("sec", 11.0)]
        assert store.market.disagreements()["rule"].to_list() == [
            "SEC EDGAR stands until Yahoo Finance is asked again; the order of trust has changed since"]
        assert say(store, "yahoo", 10.0, at(2026, 6, 3)).written == 0
        assert standing(store) == [("yahoo", 10.0)]
        assert standing(store, as_of=D(2026, 5, 10)) == [("sec", 11.0)]
        assert beside(store) == [("sec", 11.0)]
        order.reverse()
        say(store, "sec", 11.0, at(2026, 6, 4), filed=at(2026, 5, 1))
        assert standing(store) == [("sec", 11.0)]
        assert [count(store, f"facts{place}") for place in ("", "_superseded", "_others")] == [1, 0, 1]
    finally:
        store.close()


def test_amounts_in_different_units_are_not_compared(store):
    say(store, "sec", 11.0, at(2026, 5, 2), filed=at(2026, 5, 1), unit="USD")
    say(store, "yahoo", 20.0, at(2026, 6, 1), unit="EUR")
    assert store.market.disagreements().is_empty()
    assert beside(store) == [("yahoo", 20.0)]


def test_disagreements_have_one_form(store):
    assert dict(store.market.disagreements().schema) == DISAGREEMENT
    assert dict(store.market.restatements().schema) == RESTATEMENT
    with pytest.raises(ValueError, match="one statement"):
        store.market.beside("bars")


# Restatements


def test_a_restatement_is_told_with_both_values_and_when(store):
    first = say(store, "sec", 100.0, at(2026, 5, 2), filed=at(2026, 5, 1), form="10-Q")
    say(store, "yahoo", 90.0, at(2026, 6, 1))
    say(store, "sec", 100.0, at(2026, 7, 1), filed=at(2026, 5, 1), form="10-Q")  # fetched once more
    second = say(store, "sec", 96.0, at(2026, 8, 2), filed=at(2026, 8, 1), form="10-Q/A")
    (row,) = store.market.restatements().to_dicts()
    assert (row["provider"], row["old_value"], row["new_value"], row["form"]) == ("sec", 100.0, 96.0, "10-Q/A")
    assert (row["old_known_at"], row["known_at"]) == (at(2026, 5, 1), at(2026, 8, 1))
    assert (row["old_fetch_id"], row["fetch_id"]) == (first.fetch_id, second.fetch_id)
    assert row["difference"] == pytest.approx(-0.04)
    assert store.market.restatements(as_of=D(2026, 7, 31)).is_empty()
    assert store.market.restatements(since=D(2026, 8, 2)).is_empty()
    assert store.market.restatements(since=D(2026, 8, 1)).height == 1
    assert store.market.restatements(["B"]).is_empty()


def test_changes_of_service_form_and_point_values_are_no_restatements(store):
    say(store, "yahoo", 10.0, at(2026, 5, 1))
    say(store, "sec", 11.0, at(2026, 6, 1), filed=at(2026, 5, 30), form="10-Q")
    say(store, "sec", 11.0, at(2027, 6, 1), filed=at(2027, 5, 30), form="10-K")  # the same number, repeated a year later
    for hour, value in ((10, 1.1), (12, 1.2)):
        say(store, "yahoo", value, at(2026, 5, 1, hour), item="beta", period="P", end=D(2026, 5, 1), unit="ratio")
    assert store.market.restatements().is_empty()


def test_figures_that_only_follow_a_split_are_no_restatements(store):
    store.market.save("splits", pl.DataFrame({"symbol": ["A"], "ex_date": [D(2026, 7, 1)], "ratio": [4.0]}),
                      fetch("yahoo", at(2026, 7, 2), "splits"))
    for item, values in (("eps_diluted", (4.0, 1.0)), ("shares_outstanding", (100.0, 400.0)), ("net_income", (80.0, 20.0))):
        for month, value in zip((6, 8), values, strict=True):
            say(store, "yahoo", value, at(2026, month, 1), item=item)
    assert store.market.restatements()["item"].to_list() == ["net_income"]


def test_a_restatement_of_a_service_that_does_not_stand_is_told_too(store):
    say(store, "sec", 11.0, at(2026, 5, 2), filed=at(2026, 5, 1))
    say(store, "yahoo", 10.0, at(2026, 6, 1))
    say(store, "yahoo", 12.0, at(2026, 7, 1))
    (row,) = store.market.restatements().to_dicts()
    assert (row["provider"], row["old_value"], row["new_value"]) == ("yahoo", 10.0, 12.0)


def test_an_older_filing_that_comes_late_is_history_not_news(store):
    say(store, "sec", 96.0, at(2026, 9, 1), filed=at(2026, 8, 1), form="10-Q/A")
    say(store, "sec", 100.0, at(2026, 9, 2), filed=at(2026, 5, 1), form="10-Q")
    assert standing(store) == [("sec", 96.0)]
    assert standing(store, as_of=D(2026, 6, 1)) == [("sec", 100.0)]
    say(store, "sec", 100.0, at(2026, 9, 3), filed=at(2026, 5, 1), form="10-Q")
    assert count(store, "facts") == count(store, "facts_superseded") == 1
    assert store.market.restatements().select("old_value", "new_value").rows() == [(100.0, 96.0)]


# Earnings


def test_two_dates_of_one_report_are_a_dispute_not_two_reports(store):
    expect(store, "yahoo", D(2027, 1, 28), at(2026, 11, 1), estimate=1.2)
    expect(store, "finnhub", D(2027, 1, 29), at(2026, 11, 2), estimate=1.2, hour="amc")
    assert standing(store, "earnings", column="date") == [("finnhub", D(2027, 1, 29))]
    assert beside(store, "earnings", column="date") == [("yahoo", D(2027, 1, 28))]
    assert standing(store, "earnings", as_of=D(2026, 11, 1), column="date") == [("yahoo", D(2027, 1, 28))]
    (row,) = store.market.disagreements().to_dicts()
    assert (row["field"], row["text"], row["other_text"]) == ("date", "2027-01-29", "2027-01-28")
    assert row["rule"] == "Finnhub is believed before Yahoo Finance about earnings reports"
    # Each service takes back only its own date.
    expect(store, "yahoo", D(2027, 1, 27), at(2026, 11, 3), estimate=1.2)
    assert standing(store, "earnings", column="date") == [("finnhub", D(2027, 1, 29))]
    assert beside(store, "earnings", column="date") == [("yahoo", D(2027, 1, 27))]
    assert beside(store, "earnings", as_of=D(2026, 11, 2), column="date") == [("yahoo", D(2027, 1, 28))]
    expect(store, "finnhub", D(2027, 4, 29), at(2026, 11, 4))
    assert standing(store, "earnings", column="date") == [("yahoo", D(2027, 1, 27)), ("finnhub", D(2027, 4, 29))]
    assert beside(store, "earnings", column="date") == []


def test_results_stand_before_an_expectation_of_anybody(store):
    expect(store, "finnhub", D(2026, 10, 30), at(2026, 10, 1), estimate=1.0)
    expect(store, "finnhub", D(2026, 10, 30), at(2026, 10, 28), estimate=1.0)
    expect(store, "yahoo", D(2026, 10, 29), at(2026, 11, 2), eps=1.1)
    assert standing(store, "earnings", column="eps_actual") == [("yahoo", 1.1)]
    assert standing(store, "earnings", as_of=D(2026, 10, 15), column="date") == [("finnhub", D(2026, 10, 30))]
    assert store.market.disagreements()["rule"].to_list() == ["a report with results stands before an expected one"]


def test_the_day_that_the_authority_saw_stands_before_results_dated_otherwise(store):
    expect(store, "yahoo", D(2026, 10, 29), at(2026, 10, 1), estimate=1.0, confirmed=True)
    expect(store, "yahoo", D(2026, 10, 29), at(2026, 11, 2), eps=1.1)
    expect(store, "sec", D(2026, 10, 30), at(2026, 12, 20), hour="bmo", confirmed=True)
    assert standing(store, "earnings", column="date") == [("sec", D(2026, 10, 30))]
    assert standing(store, "earnings", as_of=D(2026, 10, 29), column="date") == [("yahoo", D(2026, 10, 29))]
    assert standing(store, "earnings", as_of=D(2026, 10, 30), column="date") == [("sec", D(2026, 10, 30))]
    expect(store, "yahoo", D(2027, 1, 28), at(2027, 1, 20))  # what has happened does not lapse
    assert standing(store, "earnings", column="date")[0] == ("sec", D(2026, 10, 30))
    fields = {row["field"]: row["rule"] for row in store.market.disagreements().to_dicts()}
    assert fields == {"date": "SEC EDGAR is believed first about earnings reports"}


def test_a_confirmed_day_still_to_come_is_only_expected(store):
    expect(store, "sec", D(2026, 10, 30), at(2026, 10, 30, 8), confirmed=True)
    expect(store, "yahoo", D(2026, 10, 29), at(2026, 10, 30, 9), eps=1.1)
    assert standing(store, "earnings", column="date") == [("yahoo", D(2026, 10, 29))]


def test_reports_of_different_quarters_are_different_reports(store):
    expect(store, "finnhub", D(2027, 1, 29), at(2026, 11, 2), end=D(2026, 12, 31))
    expect(store, "yahoo", D(2027, 2, 20), at(2026, 11, 3), end=D(2027, 3, 31))
    assert store.market.read("earnings").height == 2


def test_an_expectation_not_repeated_for_weeks_gives_way(store):
    expect(store, "finnhub", D(2027, 1, 29), at(2026, 11, 1))
    expect(store, "yahoo", D(2027, 1, 28), at(2026, 11, 10))
    assert standing(store, "earnings", column="date") == [("finnhub", D(2027, 1, 29))]
    store.market.log(fetch("finnhub", at(2026, 11, 20), "earnings", status="empty"))
    expect(store, "yahoo", D(2027, 1, 27), at(2026, 12, 1))
    assert standing(store, "earnings", column="date") == [("finnhub", D(2027, 1, 29))]
    expect(store, "yahoo", D(2027, 1, 26), at(2026, 12, 10))
    assert standing(store, "earnings", column="date") == [("yahoo", D(2027, 1, 26))]
    expect(store, "finnhub", D(2027, 1, 29), at(2026, 12, 11))
    assert standing(store, "earnings", column="date") == [("finnhub", D(2027, 1, 29))]
    assert standing(store, "earnings", as_of=D(2026, 12, 10), column="date") == [("yahoo", D(2027, 1, 26))]


def test_a_date_that_is_over_without_a_result_does_not_hide_the_next_one(store):
    expect(store, "finnhub", D(2026, 11, 10), at(2026, 11, 1))
    store.market.log(fetch("finnhub", at(2026, 11, 19), "earnings", status="empty"))
    expect(store, "yahoo", D(2026, 12, 5), at(2026, 11, 12))
    assert standing(store, "earnings", column="date") == [("finnhub", D(2026, 11, 10))]
    expect(store, "yahoo", D(2026, 12, 5), at(2026, 11, 20), estimate=1.0)
    assert standing(store, "earnings", column="date") == [("yahoo", D(2026, 12, 5))]
    assert standing(store, "earnings", as_of=D(2026, 11, 15), column="date") == [("finnhub", D(2026, 11, 10))]
    # Nobody else speaks about that one, so it is kept.
    expect(store, "finnhub", D(2026, 8, 10), at(2026, 8, 1), symbol="B")
    expect(store, "yahoo", D(2026, 12, 5), at(2026, 11, 20), symbol="B")
    assert store.market.read("earnings", ["B"])["date"].to_list() == [D(2026, 8, 10), D(2026, 12, 5)]


def test_every_version_can_be_read_with_its_span(store):
    expect(store, "yahoo", D(2027, 1, 28), at(2026, 11, 1))
    expect(store, "finnhub", D(2027, 1, 29), at(2026, 11, 2))
    expect(store, "yahoo", D(2027, 1, 27), at(2026, 11, 3))
    columns = ("provider", "date", "known_at", "known_until")
    assert store.market.versions("earnings").select(columns).rows() == [
        ("yahoo", D(2027, 1, 27), at(2026, 11, 3), None), ("yahoo", D(2027, 1, 28), at(2026, 11, 1), at(2026, 11, 3)),
        ("finnhub", D(2027, 1, 29), at(2026, 11, 2), None)]
    assert store.market.versions("earnings", ["A"], as_of=D(2026, 11, 2)).select(columns).rows() == [
        ("yahoo", D(2027, 1, 28), at(2026, 11, 1), None), ("finnhub", D(2027, 1, 29), at(2026, 11, 2), None)]
    assert store.market.versions("bars").is_empty()


# The form of the file


def test_a_fetch_says_why_this_service_was_asked(store):
    saved = store.market.save("facts", fact(1.0), fetch("sec", at(2026, 5, 2), reason="Yahoo Finance answered too often (429)."))
    source = store.market.sources([saved.fetch_id])[saved.fetch_id]
    assert source.note == source.to_json()["note"] == "Yahoo Finance answered too often (429)."
    first = say(store, "yahoo", 1.0, at(2026, 5, 3))
    assert "note" not in store.market.sources([first.fetch_id])[first.fetch_id].to_json()


def test_an_older_file_gets_the_reason_and_the_tables_beside(place):
    store = place.open()
    say(store, "yahoo", 10.0, at(2026, 5, 1))
    store.close()
    with duckdb.connect(str(place.market)) as file:  # as the program before wrote it
        file.execute("alter table fetch_log drop column reason")
        file.execute("delete from migrations where name like '0002%'")
        file.execute("drop table facts_others")
        file.execute("drop table earnings_others")
    store = place.open()
    say(store, "sec", 11.0, at(2026, 9, 1), filed=at(2026, 5, 1))
    assert standing(store) == [("sec", 11.0)]
    assert beside(store) == [("yahoo", 10.0)]
    assert [source.note for source in store.market.sources([1, 2]).values()] == ["", ""]


def test_rows_that_one_service_took_from_another_before_are_told_apart(place):
    """The program before let the newest answer stand; what it replaced belongs to whoever said it."""
    store = place.open()
    say(store, "sec", 11.0, at(2026, 5, 2), filed=at(2026, 5, 1))
    store.market.database.write(lambda tx: (
        tx.execute("insert into facts_superseded select *, ? from facts", (at(2026, 6, 1),)),
        tx.execute("insert into fetch_log by name select * replace (50 as fetch_id, 'yahoo' as provider) from fetch_log"),
        tx.execute("update facts set value = 10, fetch_id = 50, known_at = ?", (at(2026, 6, 1),))))
    store.close()
    store = place.open()
    say(store, "sec", 11.0, at(2026, 9, 1), filed=at(2026, 5, 1))
    assert standing(store) == [("sec", 11.0)]
    assert standing(store, as_of=D(2026, 5, 10)) == [("sec", 11.0)]
    assert beside(store) == [("yahoo", 10.0)]
    assert store.market.restatements().is_empty()


def test_what_changed_since_a_version_includes_what_went_beside(store):
    say(store, "sec", 11.0, at(2026, 5, 2), filed=at(2026, 5, 1))
    version = store.market.version
    store.market.save("facts", fact(10.0), fetch("yahoo", at(2026, 6, 1), symbol=""), complete=False)
    assert "A" in store.market.written_since(version, {"facts"})


# Any history


SAID = st.lists(st.tuples(
    st.sampled_from(["sec", "yahoo", "finnhub", "unlisted"]), st.sampled_from([1.0, 2.0, 3.0]),
    st.sampled_from([D(2026, 3, 31), D(2026, 3, 28), D(2026, 6, 30)])), min_size=1, max_size=8)


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=SAID)
def test_for_any_history_the_most_believed_statement_of_the_day_stands_alone(store, said):
    symbol = f"S{store.market.version}"
    rank = rank_of(("sec", "yahoo", "finnhub", "alphavantage"))
    live: dict[tuple[str, date], tuple[int, float]] = {}
    read = []
    for number, (provider, value, end) in enumerate(said):
        say(store, provider, value, at(2026, 8, 1 + number), end=end, symbol=symbol)
        if live.get((provider, end), (0, None))[1] != value:
            live[provider, end] = number, value
        frame = store.market.named(store.market.read("facts", [symbol]))
        others = store.market.beside("facts", [symbol])
        for quarter in ({D(2026, 3, 31), D(2026, 3, 28)}, {D(2026, 6, 30)}):
            about = [(rank(who), -since, who) for (who, day), (since, _) in live.items() if day in quarter]
            stands = frame.filter(pl.col("period_end").is_in(list(quarter)))
            assert stands["provider"].unique().to_list() == ([min(about)[2]] if about else [])
            assert stands.height + others.filter(pl.col("period_end").is_in(list(quarter))).height == len(about)
            for who, day, stated in stands.select("provider", "period_end", "value").iter_rows():
                assert live[who, day][1] == stated
        read.append(frame.select("period_end", "value", "provider").rows())
    for number, then in enumerate(read):  # the past does not change: what was read on each day still is
        frame = store.market.named(store.market.read("facts", [symbol], as_of=D(2026, 8, 1 + number)))
        assert frame.select("period_end", "value", "provider").rows() == then


# Real filings


@pytest.mark.real
@pytest.mark.parametrize(("number", "symbol", "wanted"), [
    # Apple counted restricted cash as cash from the first quarter of 2019 on.
    ("0000320193", "AAPL", ("cash", D(2018, 9, 29), 25.913e9, 66.301e9, "10-Q")),
    # Alphabet moved its European fine and performance fees between lines of the income statement in 2019.
    ("0001652044", "GOOGL", ("operating_income", D(2018, 12, 31), 26.321e9, 27.524e9, "10-K")),
])
def test_known_restatements_are_found_in_real_filings_and_splits_are_none(store, shared, number, symbol, wanted):
    from terminal.providers.sec_facts import parse_facts

    whole = json.loads((shared / "payloads" / "sec" / f"api_xbrl_companyfacts_CIK{number}.json").read_text("utf-8"))
    frames = parse_facts(whole, symbol)
    for day in (1, 2):  # fetched twice: the second time is no news
        saved = [store.market.save("facts", frame, fetch("sec", at(2026, 11, day), symbol=symbol)) for frame in frames]
    assert sum(each.written for each in saved) == 0
    found = store.market.restatements()
    item, end, old, new, form = wanted
    rows = found.filter((pl.col("item") == item) & (pl.col("period_end") == end) & (pl.col("period") == "A"))
    assert rows.select("old_value", "new_value", "form").rows() == [(old, new, form)]
    per_share = found.filter(pl.col("item") == "eps_diluted")
    assert per_share.filter(pl.col("known_at") > at(2011, 1, 1)).is_empty()  # only splits changed them since
    if symbol == "AAPL":  # the amended report of 2010, under the new rules for revenue
        amended = per_share.filter((pl.col("form") == "10-K/A") & (pl.col("period_end") == D(2009, 9, 26)))
        assert amended.select("old_value", "new_value").rows() == [(6.29, 9.08)]
    filed = rows["known_at"][0].astimezone(EXCHANGE).date()

    def known(as_of):
        return store.market.read("facts", as_of=as_of).filter(
            (pl.col("item") == item) & (pl.col("period_end") == end) & (pl.col("period") == "A"))["value"].to_list()

    assert known(filed - timedelta(days=1)) == [old]
    assert known(filed) == known(None) == [new]
