"""The market's commands over a live home without a network: import, universes, quotes, sources, what is missing."""

from __future__ import annotations

import os
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from terminal.errors import UserError
from terminal.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from terminal.paths import Home

CSV = """Symbol,Company,Sector,Last,P/E,EPS,Div Yield,Mkt Cap,52 Week Low,52 Week High,Ccy
ACME,Acme Anvils,Industrial Machinery & Supplies & Components,50.00,10.0,5.00,2.5%,1.5B,40,60,USD
BRK.B,Berkshire,Multi-Sector Holdings,400,20,20,,800B,300,450,USD
ODD,Oddities,Magic,30,99,1,1%,2B,50,20,USD
LOSS,Losses Ltd,Technology,5,n/a,-2,-,50M,4,9,USD
ACME,Acme again,Energy,1,1,1,1%,1,1,1,USD
BAD SYMBOL,No,No,1,1,1,1%,1,1,1,USD
WORD,Words,Energy,cheap,1,1,1%,1,1,1,USD
CUT,Cut off,Ener"""


@pytest.fixture
def live(home: Home, clock: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    from terminal.app import App

    # Nobody listens there: every request fails at once.
    settings = Settings(home, environment={**os.environ, "TAPELINE_YAHOO_URL": "http://127.0.0.1:1"})
    app = App(home, demo=False, clock=clock, settings=settings)
    yield app
    app.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "my list.csv"
    path.write_text(CSV)
    return path


def run(app: Any, command: str, **arguments: Any) -> Any:
    return app.run(f"market.{command}", arguments)


def test_an_import_shows_how_each_column_was_read_and_what_was_left_out(live: Any, file: Path) -> None:
    table = run(live, "import", file=file, as_="fundamentals", as_of_date="2026-11-18")
    read = {row["column"]: row["field"] for row in table.rows()}
    assert read["Last"] == "price"
    assert read["52 Week Low"] == "low_52w"
    problems = "\n".join(table.unknown)
    for words in ("line 9 has 3 of 11 fields: the file breaks off there", "line 7: 'BAD SYMBOL' is not a symbol",
                  "line 6: ACME stands in the file twice", "line 8: 'cheap' in 'Last' is not a number",
                  "line 4 (ODD): the 52-week low is above the high", "line 4 (ODD): price, EPS and P/E do not fit"):  # fmt: skip
        assert words in problems
    facts = {(row["symbol"], row["item"]): row for row in live.market.facts().to_dicts()}
    assert facts["ACME", "dividend_yield"]["value"] == 0.025
    assert facts["ACME", "market_cap"]["value"] == 1.5e9
    assert facts["ACME", "market_cap"]["unit"] == "USD"
    assert facts["ACME", "pe_ttm"]["period_end"] == date(2026, 11, 18)
    assert ("ODD", "pe_ttm") not in facts
    assert ("ODD", "low_52w") not in facts
    assert ("LOSS", "pe_ttm") not in facts
    assert facts["LOSS", "eps_ttm"]["value"] == -2
    instruments = {row["symbol"]: row for row in live.market.instruments().to_dicts()}
    assert set(instruments) == {"ACME", "BRK-B", "ODD", "LOSS", "WORD"}
    assert (instruments["ACME"]["sector"], instruments["ACME"]["industry"]) == (
        "Industrials",
        "Industrial Machinery & Supplies & Components",
    )
    assert instruments["LOSS"]["sector"] == "Information Technology"
    assert instruments["ODD"]["sector"] is None
    assert live.market.universe("file:my-list").symbols == ("ACME", "BRK-B", "ODD", "LOSS", "WORD")
    quote = live.market.quotes(["ACME"]).to_dicts()[0]
    assert (quote["price"], quote["at"].isoformat()) == (50.0, "2026-11-18T21:00:00+00:00")
    source = live.market.sources([quote["fetch_id"]])[quote["fetch_id"]]
    assert (source.provider, source.endpoint) == ("files", "my list.csv")


def test_a_dry_run_stores_nothing_and_a_mapping_is_obeyed(live: Any, file: Path) -> None:
    table = run(live, "import", file=file, as_="fundamentals", dry_run=True, map=("Last=target_mean", "P/E="))
    read = {row["column"]: row["field"] for row in table.rows()}
    assert (read["Last"], read["P/E"]) == ("target_mean", None)
    assert "dry run" in " ".join(table.notes)
    assert live.market.symbols() == ()
    with pytest.raises(UserError, match="is no field of fundamentals"):
        run(live, "import", file=file, as_="fundamentals", map=("Last=cheapness",))
    with pytest.raises(UserError, match="has no column 'Lost'"):
        run(live, "import", file=file, as_="fundamentals", map=("Lost=price",))
    with pytest.raises(UserError, match="does not say how"):
        run(live, "import", file=file, as_="fundamentals", map=("Last",))


def test_bars_are_repaired_and_what_was_repaired_is_said(live: Any, tmp_path: Path) -> None:
    path = tmp_path / "ACME.csv"
    path.write_text("Date;Open;High;Low;Close;Volume\n16.11.2026;10,0;10,5;9,5;10,2;100\n17.11.2026;10,2;10,6;10,0;10,4;100\n"
                    "18.11.2026;1.030,0;1.050,0;1.010,0;1.040,0;100\n"
        "19.11.2026;10,2;10,6;10,0;10,3;100\n20.11.2026;0;0;0;0;0\n")  # fmt: skip
    table = run(live, "import", file=path, as_="bars", currency="eur")
    assert "repaired: price 100 times off" in " ".join(table.notes)
    assert any("zero or below" in problem for problem in table.unknown)
    shown = run(live, "bars", symbol="acme", fetch=False)
    assert [row["close"] for row in shown.rows()] == pytest.approx([10.2, 10.4, 10.4, 10.3])
    assert shown.columns[4].unit == "EUR"
    assert shown.sources[0].provider == "files"
    assert shown.origin["close"].to_list() == [0, 0, 0, 0]
    said = " ".join(run(live, "sources", symbol="ACME").notes)
    assert "price 100 times off" in said
    assert "zero or below" in said


def test_dates_that_read_two_ways_are_asked_about(live: Any, tmp_path: Path) -> None:
    path = tmp_path / "ACME.csv"
    path.write_text("Date,Close\n03/04/2026,10\n04/04/2026,11\n")
    with pytest.raises(UserError, match="two ways"):
        run(live, "import", file=path, as_="bars")
    run(live, "import", file=path, as_="bars", dates="dmy")
    assert live.market.bars("ACME")["date"].to_list() == [date(2026, 4, 3), date(2026, 4, 4)]


def test_a_file_that_does_not_say_whose_it_is(live: Any, tmp_path: Path) -> None:
    path = tmp_path / "export of friday.csv"
    path.write_text("Date,Close\n2026-11-18,10\n")
    with pytest.raises(UserError, match="which symbol"):
        run(live, "import", file=path, as_="bars")
    run(live, "import", file=path, as_="bars", symbol="acme")
    assert live.market.bars("ACME").height == 1


def test_without_a_connection_one_sentence(live: Any) -> None:
    with pytest.raises(UserError, match="AAPL: Yahoo Finance could not be reached"):
        run(live, "quote", symbols=("AAPL",))
    with pytest.raises(UserError, match="Nothing is stored of AAPL"):
        run(live, "sources", symbol="AAPL")
    with pytest.raises(UserError, match="not a symbol"):
        run(live, "bars", symbol="not a symbol")


def test_providers_say_their_limits_and_pauses(live: Any) -> None:
    from terminal.errors import RateLimited

    row = next(row for row in run(live, "providers").rows() if row["id"] == "yahoo")
    assert (row["needs_key"], row["paused_until"]) == (False, None)
    live.market.router.breaker.failed("yahoo", "bars", RateLimited("It asks to slow down."))
    row = next(row for row in run(live, "providers").rows() if row["id"] == "yahoo")
    assert row["paused_until"].startswith("2026-11-20T22:10")
    assert "slow down" in row["why"]


def test_universes_and_members(live: Any, file: Path) -> None:
    run(live, "import", file=file, as_="fundamentals")
    rows = {row["name"]: row for row in run(live, "universes").rows()}
    assert rows["sp500"]["as_of"] == "2026-03-01"
    assert "not point in time" in rows["sp500"]["note"]
    assert rows["file:my-list"]["symbols"] == 5
    members = run(live, "members", universe="file:my-list").rows()
    assert [row["symbol"] for row in members] == ["ACME", "BRK-B", "ODD", "LOSS", "WORD"]
    assert run(live, "search", text="anvils").rows()[0]["symbol"] == "ACME"


def test_demo_data_is_found_and_quoted(app: Any) -> None:
    symbol = app.market.universe("demo").symbols[0]
    table = app.run("market.quote", {"symbols": (symbol,)})
    assert table.simulated
    assert table.rows()[0]["price"] > 0
    with pytest.raises(UserError, match="demo market has no ZZZZ"):
        app.run("market.quote", {"symbols": ("ZZZZ",)})
    refreshed = app.run("market.refresh", {})
    assert "simulated market" in refreshed.notes[0]
