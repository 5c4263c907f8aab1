"""The commands over a market in which services disagree, and over the demo."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from terminal.errors import UserError
from tests.plugins.earnings.conftest import NEXT, OTHER, PAST

if TYPE_CHECKING:
    from pathlib import Path


def run(app: Any, verb: str, as_of: date | None = None, **arguments: Any) -> Any:
    return app.run(f"earnings.{verb}", arguments, as_of=as_of)


def fact(table: Any, field: str) -> dict[str, Any]:
    return next(row for row in table.rows() if row["field"] == field)


# -- two services that disagree


def test_upcoming_puts_the_dispute_into_one_row(disputed: Any) -> None:
    table = run(disputed, "upcoming", symbols=["ACME"], kind="reports")
    (row,) = table.rows()
    assert (row["day"], row["when"], row["state"], row["in_days"]) == (
        NEXT.isoformat(),
        "after the close",
        "disputed · not stated",
        4,
    )
    assert row["sources"] == ["Finnhub: Tue 24 Nov, after the close (not stated)", "Yahoo Finance: Wed 25 Nov (estimated)"]
    assert (row["eps_estimate"], row["revenue_estimate"]) == (1.25, None)
    assert (row["beat_rate"], row["beat_n"]) == (0.75, 4)
    assert row["move"] == pytest.approx((0.06 + 0.00 + 0.08 + 0.02) / 4)  # of May: the day that the SEC knows
    assert (row["move_n"], row["implied_move"]) == (4, pytest.approx(0.08))
    assert row["timing"] == "Wait for the report"
    assert "The day is disputed: Yahoo Finance says Wed 25 Nov." in row["note"]
    assert table.frame["_group"][0] == "Tue 24 Nov"


def test_every_cell_names_its_source(disputed: Any) -> None:
    table = run(disputed, "upcoming", symbols=["ACME"], kind="reports")
    found = {name: table.sources[place].provider for name, place in table.origin.row(0, named=True).items() if place is not None}
    assert {found[name] for name in ("day", "when", "state", "eps_estimate")} == {"finnhub"}
    assert {found[name] for name in ("beat_rate", "surprise", "move", "name")} == {"yahoo"}
    assert found["implied_move"] == "cboe"


def test_the_users_trust_decides(disputed: Any) -> None:
    disputed.settings.set("providers.trust.earnings", "yahoo, finnhub")
    try:
        (row,) = run(disputed, "upcoming", symbols=["ACME"], kind="reports").rows()
        assert (row["day"], row["state"]) == (OTHER.isoformat(), "disputed · estimated")
    finally:
        disputed.settings.reset("providers.trust.earnings")


def test_dates_show_sources_revisions_and_the_secs_check(disputed: Any) -> None:
    table = run(disputed, "dates", symbol="ACME", past=4)
    rows = table.rows()
    first, second = rows[:2]
    assert (first["provider"], first["day"], first["counts"]) == ("Finnhub", NEXT.isoformat(), True)
    assert first["why"] == "Finnhub counts, because it comes first in your order of trust for earnings."
    assert (second["provider"], second["day"], second["counts"], second["apart"]) == (
        "Yahoo Finance",
        OTHER.isoformat(),
        False,
        1,
    )
    revised = [row for row in rows if row["state"] == "revised"]
    assert [(row["provider"], row["why"]) for row in revised] == [
        ("Yahoo Finance", "moved from 19 Nov 2026 to 25 Nov 2026 on 2 Nov 2026")
    ]
    filed = {row["day"]: row["why"] for row in rows if row["provider"] == "SEC filing"}
    assert filed == {"2026-08-20": "agrees", "2026-05-20": "day corrected: Yahoo Finance says Thu 21 May"}


def test_moves_are_measured_on_the_day_the_sec_knows(disputed: Any) -> None:
    table = run(disputed, "moves", symbol="ACME")
    rows = table.rows()
    assert [row["day"] for row in rows] == ["2026-08-20", "2026-05-20", "2026-02-19", "2025-11-20"]
    assert [(row["from"], row["to"]) for row in rows[:2]] == [("2026-08-20", "2026-08-21"), ("2026-05-20", "2026-05-21")]
    assert rows[0]["move"] == pytest.approx(0.06)
    assert rows[1]["move"] == pytest.approx(0.0)  # the price moved a day later than the results came out
    assert [row["outcome"] for row in rows] == ["beat", "beat", "miss", "beat"]
    assert rows[2]["surprise"] == pytest.approx(-0.1)
    assert rows[2]["check"] == "no filing of results near it"
    assert all(row["implied"] is None for row in rows)
    assert "0 of 4 reports" in table.notes[-1]


def test_show_says_everything_with_its_number_and_reason(disputed: Any) -> None:
    table = run(disputed, "show", symbol="acme", fetch=False)
    assert fact(table, "next_report")["text"] == "Tue 24 Nov 2026, after the close · disputed · not stated"
    assert (fact(table, "beat_rate")["value"], fact(table, "beat_rate")["n"]) == (0.75, 4)
    assert fact(table, "move_on_miss")["n"] == 1
    implied = fact(table, "implied_move")
    assert implied["value"] == pytest.approx(0.08)
    assert implied["text"].startswith("±8.0")
    # Total variances of 4 and 9 sessions: 0.0064 and 0.0081; an ordinary day 0.00034, the report's own 0.0064 - 3 x 0.00034.
    assert fact(table, "implied_event")["value"] == pytest.approx(0.00538**0.5)
    assert fact(table, "implied_rank")["value"] == 0.75  # above 6, 0 and 2 %, below 8 %
    assert "the last 4 reports" in fact(table, "timing")["text"]
    assert fact(table, "ex_dividend")["text"] == "Mon 30 Nov 2026 · $0.50"
    assert fact(table, "revenue_estimate")["reason"] == "no service states one"
    assert "Revenue estimate: no service states one" in table.unknown
    assert all((row["text"] == "–") == bool(row["reason"]) for row in table.rows() if row["field"] != "timing")


def test_as_of_a_past_day_knows_what_was_known(disputed: Any) -> None:
    then = run(disputed, "dates", as_of=date(2026, 10, 15), symbol="ACME").rows()
    assert [(row["provider"], row["day"], row["state"]) for row in then[:1]] == [("Yahoo Finance", "2026-11-19", "estimated")]
    assert not any(row["state"] == "revised" for row in then)
    (row,) = run(disputed, "upcoming", as_of=date(2026, 11, 10), symbols=["ACME"], days=30, kind="reports").rows()
    assert (row["day"], row["state"], row["implied_move"], row["in_days"]) == (OTHER.isoformat(), "estimated", None, 15)
    early = run(disputed, "moves", as_of=date(2026, 5, 21), symbol="ACME").rows()
    assert [row["day"] for row in early] == ["2026-05-20", "2026-02-19", "2025-11-20"]
    assert all(
        source.as_of <= datetime(2026, 5, 22, 4, tzinfo=UTC)
        for source in run(disputed, "moves", as_of=date(2026, 5, 21), symbol="ACME").sources
        if source.as_of
    )


def test_dividends_are_events_too(disputed: Any) -> None:
    rows = run(disputed, "upcoming", symbols=["ACME"]).rows()
    assert [(row["kind"], row["day"]) for row in rows] == [("Report", "2026-11-24"), ("Ex-dividend", "2026-11-30")]
    assert rows[1]["note"] == "Whoever buys before Mon 30 Nov gets $0.50 a share."
    assert [row["kind"] for row in run(disputed, "upcoming", symbols=["ACME"], kind="dividends").rows()] == ["Ex-dividend"]


def test_nothing_known_is_said_and_bad_input_refused(disputed: Any) -> None:
    empty = run(disputed, "upcoming")
    assert empty.rows() == []
    assert any("watchlists are empty" in note for note in empty.notes)
    with pytest.raises(UserError, match="Nothing is known about NOPE"):
        run(disputed, "show", symbol="NOPE", fetch=False)
    for verb, arguments in (
        ("show", {"symbol": "a b c"}),
        ("upcoming", {"symbols": ["!!"]}),
        ("upcoming", {"days": -1}),
        ("upcoming", {"universe": "nosuchlist"}),
    ):
        with pytest.raises(UserError):
            run(disputed, verb, **arguments)


# -- the demo


def test_only_what_is_held_watched_and_screened(demo: Any) -> None:
    assert run(demo, "upcoming").rows() == []
    demo.run("watchlist.create", {"name": "Mine", "symbols": ["AMBE", "ZENR"]})
    watched = run(demo, "upcoming", days=20, kind="reports")
    assert {row["symbol"] for row in watched.rows()} == {"AMBE"}
    assert watched.rows()[0]["because"] == ["watched"]
    demo.run("screener.run", {"rule": "sector = 'Information Technology'", "limit": 1})
    both = run(demo, "upcoming", days=20, kind="reports").rows()
    assert {tuple(row["because"]) for row in both} == {("watched",), ("screened",)}
    results = run(demo, "upcoming", days=20, universe="results", kind="reports").rows()
    assert {row["symbol"] for row in both} == {"AMBE"} | {row["symbol"] for row in results}
    technology = (
        demo.market.instruments().filter(demo.market.instruments()["sector"] == "Information Technology")["symbol"].to_list()
    )
    assert {row["symbol"] for row in results} <= set(technology)
    assert "No positions are known" in run(demo, "upcoming", universe="held").notes[0]


def test_the_summary_counts_what_upcoming_lists(demo: Any) -> None:
    listed = run(demo, "upcoming", universe="all", days=14, kind="reports")
    counted = run(demo, "summary", universe="all", days=14)
    assert counted.frame["reports"].sum() == listed.frame.height
    assert counted.title == f"{listed.frame.height} reports in 14 days in Everything stored"
    for row in counted.rows():
        there = [each for each in listed.rows() if each["day"] == row["day"]]
        assert row["symbols"] == sorted(each["symbol"] for each in there)
        assert row["hold"] == sum(each["verdict"] == "Hold" for each in there)
    week = run(demo, "summary", symbols=["AMBE", "AQUV"])
    assert week.title == "2 reports this week in your list"


def test_beats_and_days_are_the_screeners(demo: Any) -> None:
    """One truth: what the list says is what the screener's fields say."""
    rows = run(demo, "upcoming", universe="all", days=14, kind="reports").rows()
    features = demo.market.features([row["symbol"] for row in rows]).frame
    known = {row["symbol"]: row for row in features.iter_rows(named=True)}
    assert len(rows) > 10
    for row in rows:
        assert row["in_days"] == known[row["symbol"]]["days_to_earnings"]
        assert row["beat_rate"] == pytest.approx(known[row["symbol"]]["beat_rate"])


def test_implied_moves_come_with_the_chain(demo: Any) -> None:
    large = list(demo.market.universe("demo_large").symbols[:8])
    absent = fact(run(demo, "show", symbol=large[0], fetch=False), "implied_move")
    assert (absent["value"], absent["reason"]) == (None, "no option chain is stored")
    demo.market.ensure(large, ("chains",), demo.context())
    rows = run(demo, "upcoming", symbols=large, days=100, kind="reports").rows()
    symbol = next(row["symbol"] for row in rows if row["implied_move"] is not None)
    shown = run(demo, "show", symbol=symbol)
    found = fact(shown, "implied_move")
    assert 0.005 < found["value"] < 0.5
    assert "straddle" in found["text"]
    assert {source.endpoint for source in shown.sources} >= {"simulated chains"}


def test_export_writes_rows_sources_and_the_mark(demo: Any, tmp_path: Path) -> None:
    file = tmp_path / "earnings.csv"
    table = run(demo, "export", file=str(file), universe="all", days=5)
    lines = file.read_text(encoding="utf-8").splitlines()
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    assert len(rows) == table.frame.height > 0
    assert all(row["simulated"] == "yes" for row in rows)
    assert any(line.startswith("# SIMULATED") for line in lines)
    with pytest.raises(UserError, match="cannot be written"):
        run(demo, "export", file=str(tmp_path), universe="all")


def test_the_jobs_run(demo: Any) -> None:
    for job in demo.registry.plugins():
        for each in job.jobs if job.id == "earnings" else ():
            assert demo.run(each.command, dict(each.arguments)).title


def test_past_reports_of_the_fixture_are_as_written(disputed: Any) -> None:
    rows = run(disputed, "moves", symbol="ACME").rows()
    assert [(row["eps_estimate"], row["eps_actual"]) for row in rows] == [(expected, came) for _, _, expected, came, _ in PAST]
