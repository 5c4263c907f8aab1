"""Two services speak about one company: which number is shown, what the other said, what was known then, what was changed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from terminal.domain import schemas
from terminal.domain.fetch import Fetch
from terminal.errors import Unavailable
from terminal.providers.base import Answer, Request
from terminal.services.market import build_market

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from terminal.paths import Home

PERIOD = date(2026, 9, 30)


class Service:
    """A data service that says what the test tells it to, or does not answer."""

    simulated = delayed = needs_key = False
    datasets = frozenset({"facts", "earnings"})

    def __init__(self, name: str, clock: Callable[[], datetime]) -> None:
        self.id, self.title, self.clock = name, name.upper(), clock
        self.rows: dict[str, list[dict[str, Any]]] = {"facts": [], "earnings": []}
        self.down = False

    def says(self, value: float, *, item: str = "revenue", end: date = PERIOD, filed: datetime | None = None,
             form: str | None = None) -> None:
        """From now on it states this figure of ACME."""
        self.rows["facts"] = [row for row in self.rows["facts"] if (row["item"], row["period_end"]) != (item, end)]
        self.rows["facts"].append({"symbol": "ACME", "item": item, "period": "Q", "period_end": end, "value": value,
                                   "unit": "USD", "filed_at": filed, "form": form})

    def expects(self, day: date, estimate: float | None = None) -> None:
        """From now on it expects the next report of ACME on this day."""
        self.rows["earnings"] = [{"symbol": "ACME", "date": day, "eps_estimate": estimate}]

    def fetch(self, request: Request, progress: Any) -> Iterator[Answer]:
        if self.down:
            raise Unavailable(f"{self.title} could not be reached.", "Try later.")
        schema = schemas.DATASETS[request.dataset]
        frame = pl.DataFrame(self.rows[request.dataset], schema=dict(schema.columns))
        now = self.clock()
        yield Answer(request.dataset, frame, Fetch(self.id, f"{self.id}/{request.dataset}", request.dataset, "ACME", now, now,
                                                   as_of=now))


@pytest.fixture
def live(home: Home, clock: Any) -> Iterator[Any]:
    """A live App with two services, `yahoo` asked first and `sec` when it does not answer."""
    from terminal.app import App

    app = App(home, demo=False, clock=clock)
    app.yahoo, app.sec = Service("yahoo", clock), Service("sec", clock)
    app._market = build_market(app.store, app.settings, clock, False, home=home, providers=(app.yahoo, app.sec))
    yield app
    app.close()


def ask(live: Any, clock: Any, day: datetime, who: str) -> None:
    """Refresh ACME on a day on which only one of the two services answers."""
    clock.now = day
    live.yahoo.down, live.sec.down = who != "yahoo", who != "sec"
    answers = live.yahoo if who == "yahoo" else live.sec
    live.market.ensure(["ACME"], [name for name, rows in answers.rows.items() if rows], live.context())


def on(day: int, month: int = 11) -> datetime:
    return datetime(2026, month, day, 22, tzinfo=UTC)


def run(app: Any, command: str, as_of: date | None = None, **arguments: Any) -> Any:
    return app.run(command, arguments, as_of=as_of)


def value(live: Any, as_of: date | None = None) -> list[tuple[float, str]]:
    frame = live.market.facts("ACME", as_of).filter(pl.col("item") == "revenue")
    found = live.market.sources(frame["fetch_id"].to_list())
    return [(row["value"], found[row["fetch_id"]].provider) for row in frame.to_dicts()]


def test_a_disagreement_is_shown_with_winner_rule_and_both_sources(live: Any, clock: Any) -> None:
    live.yahoo.says(10.0e9)
    live.yahoo.says(2.0e9, item="ebitda")
    live.sec.says(10.4e9, end=date(2026, 9, 26), filed=on(5), form="10-Q")
    ask(live, clock, on(2), "yahoo")
    assert value(live) == [(10.0e9, "yahoo")]
    alone = run(live, "market.disagreements")
    assert alone.rows() == []
    assert alone.notes == ("Only one source has spoken about company figures and reports so far, so nothing can be compared.",)
    ask(live, clock, on(12), "sec")
    assert value(live) == [(10.4e9, "sec")]
    table = run(live, "market.disagreements", symbols=("acme",))
    (row,) = table.rows()
    assert (row["figure"], row["period"], row["provider"], row["says"]) == ("Revenue", "quarter", "SEC EDGAR", "10.400B USD")
    assert (row["other_provider"], row["other_says"]) == ("Yahoo Finance", "10.000B USD")
    assert row["rule"] == "SEC EDGAR is believed first about company figures"
    assert row["difference"] == pytest.approx(-0.4 / 10.4)
    cell = {name: table.sources[table.origin[name][0]] for name in ("says", "other_says")}
    assert (cell["says"].provider, cell["other_says"].provider) == ("sec", "yahoo")
    assert any("providers.trust.facts" in note for note in table.notes)
    assert all(column.term == "" or live.explain.text(column.term, mode).text
               for column in table.columns for mode in ("newbie", "pro"))  # fmt: skip
    listed = run(live, "market.sources", symbol="ACME")
    assert [(row["provider"], row["believed"], row["rows"]) for row in listed.rows()] == [
        ("yahoo", True, 1), ("sec", True, 1), ("yahoo", False, 1)]
    assert any("market disagreements ACME" in note for note in listed.notes)
    # Yahoo is back and is asked again: the filing still stands, and the period has one end for all its figures.
    ask(live, clock, on(22), "yahoo")
    assert value(live) == [(10.4e9, "sec")]
    assert live.market.facts("ACME").select("item", "period_end").rows() == [("ebitda", PERIOD), ("revenue", PERIOD)]
    # What was known before.
    assert value(live, date(2026, 11, 4)) == [(10.0e9, "yahoo")]
    assert run(live, "market.disagreements", as_of=date(2026, 11, 4)).rows() == []
    assert len(run(live, "market.disagreements", as_of=date(2026, 11, 5)).rows()) == 1


def test_a_restated_figure_is_told_with_both_values(live: Any, clock: Any) -> None:
    live.sec.says(10.4e9, filed=on(5), form="10-Q")
    ask(live, clock, on(6), "sec")
    live.sec.says(9.9e9, filed=on(15), form="10-Q/A")
    ask(live, clock, on(16), "sec")
    table = run(live, "market.restatements")
    (row,) = table.rows()
    assert (row["symbol"], row["was"], row["now"], row["form"]) == ("ACME", "10.400B USD", "9.900B USD", "10-Q/A")
    assert row["known_at"] == on(15).isoformat()
    old, new = table.origin["was"][0], table.origin["now"][0]
    assert old != new
    assert table.sources[old].fetched_at == on(6)
    assert run(live, "market.restatements", since="2026-11-16").rows() == []
    assert run(live, "market.restatements", as_of=date(2026, 11, 14)).rows() == []
    assert run(live, "market.restatements", symbols=("OTHER",)).rows() == []
    assert value(live, date(2026, 11, 14)) == [(10.4e9, "sec")]


def test_two_dates_of_a_report_are_one_report_in_dispute(live: Any, clock: Any) -> None:
    live.store.market.save("instruments", pl.DataFrame({"symbol": ["ACME"], "kind": ["stock"]}),
                           Fetch("yahoo", "", "instruments", "ACME", on(1), on(1)))
    live.yahoo.expects(date(2027, 1, 28), estimate=1.25)
    live.sec.expects(date(2027, 1, 27))
    ask(live, clock, on(2), "yahoo")
    ask(live, clock, on(12), "sec")
    (row,) = live.market.earnings("ACME").to_dicts()
    # The estimate comes from the service that has one, and the row says so.
    assert (row["date"], row["eps_estimate"], row["filled"]) == (date(2027, 1, 27), 1.25, "eps_estimate")
    assert live.market.sources([row["filled_fetch"]])[row["filled_fetch"]].provider == "yahoo"
    (shown,) = run(live, "market.disagreements", symbols=("ACME",)).rows()
    assert (shown["figure"], shown["says"], shown["other_says"]) == ("Report date", "2027-01-27", "2027-01-28")
    assert live.market.features(["ACME"]).frame["days_to_earnings"].to_list() == [76]


def test_impossible_values_are_set_aside_and_never_compared(live: Any, clock: Any) -> None:
    live.yahoo.says(10.0e9)
    ask(live, clock, on(2), "yahoo")
    live.sec.rows["facts"] = [{"symbol": "ACME", "item": "revenue", "period": "X", "period_end": PERIOD, "value": 1.0},
                              {"symbol": "ACME", "item": "revenue", "period": "Q", "period_end": PERIOD, "value": None}]
    ask(live, clock, on(12), "sec")
    assert value(live) == [(10.0e9, "yahoo")]
    refused = run(live, "store.quarantine", symbol="ACME")
    assert sorted(row["reason"] for row in refused.rows()) == ["unknown period", "value is missing"]
    assert {source.provider for source in refused.sources} == {"sec"}
    assert run(live, "market.disagreements").rows() == []


def test_the_users_own_order_of_trust_is_obeyed(live: Any, clock: Any) -> None:
    live.settings.set("providers.trust.facts", "yahoo, sec")
    live.sec.says(10.4e9, filed=on(1))
    live.yahoo.says(10.0e9)
    ask(live, clock, on(2), "sec")
    ask(live, clock, on(12), "yahoo")
    assert value(live) == [(10.0e9, "yahoo")]
    (row,) = run(live, "market.disagreements").rows()
    assert (row["provider"], row["other_provider"]) == ("Yahoo Finance", "SEC EDGAR")
    assert row["rule"] == "Yahoo Finance is believed first about company figures"


def test_the_demo_market_restates_too_and_says_it_is_simulated(app: Any) -> None:
    table = run(app, "market.restatements", limit=5)
    assert table.simulated
    assert {row["form"] for row in table.rows()} == {"10-Q/A"}
    assert all(row["old_value"] != row["new_value"] for row in table.rows())
    assert [row["known_at"] for row in table.rows()] == sorted((row["known_at"] for row in table.rows()), reverse=True)
    earlier = datetime.fromisoformat(table.rows()[0]["known_at"]).date() - timedelta(days=1)
    before = run(app, "market.restatements", as_of=earlier, limit=0).rows()
    assert len(before) < len(run(app, "market.restatements", limit=0).rows())
    assert run(app, "market.disagreements").rows() == []
