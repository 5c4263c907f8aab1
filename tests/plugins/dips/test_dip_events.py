"""The event nearest to the worst day, of those a session could answer to."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl

from plugins.dips.events import events, nearest
from terminal.domain.schemas import DIVIDENDS, EARNINGS, FILINGS, HEADLINES

FALLS = pl.DataFrame({"symbol": ["AAA", "BBB"], "peak_day": [date(2026, 3, 2)] * 2, "day": [date(2026, 3, 31)] * 2,
                      "own_day": [date(2026, 3, 18)] * 2})


def report(day: date, when: str, actual: float | None = 1.0, symbol: str = "AAA") -> pl.DataFrame:
    return pl.DataFrame([{"symbol": symbol, "date": day, "time_of_day": when, "eps_estimate": 1.2, "eps_actual": actual}],
                        schema_overrides=dict(EARNINGS.columns)).pipe(
        lambda frame: pl.concat([EARNINGS.empty(), frame], how="diagonal"))


def headline(moment: datetime, title: str, symbol: str = "AAA") -> pl.DataFrame:
    return pl.concat([HEADLINES.empty(), pl.DataFrame({"symbol": [symbol], "at": [moment], "title": [title]},
                                                      schema_overrides={"at": HEADLINES.columns["at"]})], how="diagonal")


def found(*, earnings: pl.DataFrame | None = None, filings: pl.DataFrame | None = None, headlines: pl.DataFrame | None = None,
          dividends: pl.DataFrame | None = None) -> dict[str, object]:
    every = events(earnings if earnings is not None else EARNINGS.empty(), filings if filings is not None else FILINGS.empty(),
                   headlines if headlines is not None else HEADLINES.empty(),
                   dividends if dividends is not None else DIVIDENDS.empty())
    return nearest(FALLS, every).row(0, named=True)


def test_a_report_after_the_close_belongs_to_the_next_session() -> None:
    row = found(earnings=report(date(2026, 3, 17), "amc"))
    assert (row["event_kind"], row["event_on"], row["event_apart"]) == ("earnings", date(2026, 3, 18), 0)
    assert row["event"] == "Report: below the estimate"
    assert found(earnings=report(date(2026, 3, 18), "bmo", 1.3))["event"] == "Report: above the estimate"
    friday = found(earnings=report(date(2026, 3, 13), "amc"))
    assert friday["event_on"] == date(2026, 3, 16) and friday["event_apart"] == -2


def test_a_headline_counts_for_the_session_that_could_answer() -> None:
    evening = datetime(2026, 3, 17, 21, 0, tzinfo=UTC)  # 17:00 in New York
    assert found(headlines=headline(evening, "Chief leaves"))["event_on"] == date(2026, 3, 18)
    saturday = datetime(2026, 3, 21, 15, 0, tzinfo=UTC)
    assert found(headlines=headline(saturday, "Chief leaves"))["event"] is None, "the Monday after is five days late"
    noon = found(headlines=headline(datetime(2026, 3, 18, 16, 0, tzinfo=UTC), "Chief leaves"))
    assert (noon["event"], noon["event_apart"]) == ("Chief leaves", 0)


def test_the_nearest_and_at_the_same_distance_the_more_telling_is_taken() -> None:
    same = datetime(2026, 3, 18, 13, 0, tzinfo=UTC)
    row = found(earnings=report(date(2026, 3, 18), "bmo"), headlines=headline(same, "Something"))
    assert row["event_kind"] == "earnings"
    before_after = pl.concat([headline(datetime(2026, 3, 17, 14, 0, tzinfo=UTC), "before"),
                              headline(datetime(2026, 3, 19, 14, 0, tzinfo=UTC), "after")])
    assert found(headlines=before_after)["event"] == "before", "what came after explains less"


def test_only_within_the_fall_and_for_its_own_symbol() -> None:
    assert found(headlines=headline(datetime(2026, 3, 10, 14, 0, tzinfo=UTC), "too early"))["event"] is None
    assert found(headlines=headline(datetime(2026, 3, 18, 14, 0, tzinfo=UTC), "another's", "BBB"))["event"] is None
    payout = pl.concat([DIVIDENDS.empty(), pl.DataFrame({"symbol": ["AAA"], "ex_date": [date(2026, 3, 18)], "amount": [0.5]})],
                       how="diagonal")
    assert found(dividends=payout)["event"] == "Ex-dividend 0.5"
    filed = pl.concat([FILINGS.empty(), pl.DataFrame(
        {"symbol": ["AAA"], "accession": ["1"], "form": ["8-K"], "filed_at": [datetime(2026, 3, 18, 12, 0, tzinfo=UTC)],
         "title": ["Results of operations"]}, schema_overrides={"filed_at": FILINGS.columns["filed_at"]})], how="diagonal")
    assert found(filings=filed, dividends=payout)["event"] == "8-K: Results of operations"
