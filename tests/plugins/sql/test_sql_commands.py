"""The SQL console reads everything stored and can touch nothing else."""

from __future__ import annotations

import shutil
import threading
from concurrent import futures
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from terminal.errors import Cancelled, UserError
from terminal.paths import Home

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from terminal.app import App


@pytest.fixture(scope="module")
def app(_demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """One market for all tests here: hardly any of them writes."""
    from terminal.app import App
    from tests.conftest import NOW

    target = tmp_path_factory.mktemp("sql") / "home"
    shutil.copytree(_demo_home, target)
    opened = App(Home(target), demo=True, clock=lambda: NOW)
    yield opened
    opened.close()


def asked(app: App, text: str, **options: Any) -> Any:
    return app.run("sql.run", {"text": text, **options})


def test_an_answer_has_types_rows_and_honest_sources(app: App) -> None:
    table = asked(app, "select symbol, date, close, volume::bigint as n, close > 1 as dear, known_at from market.bars limit 3")
    assert [column.type for column in table.columns] == ["text", "date", "number", "integer", "bool", "datetime"]
    assert table.frame.height == 3
    assert [(source.provider, source.endpoint, source.simulated) for source in table.sources] == [
        ("store", "table market.bars", True)]


def test_market_and_book_are_joined_in_one_statement(app: App) -> None:
    symbol = asked(app, "select symbol from market.instruments order by symbol limit 1").rows()[0]["symbol"]
    app.run("watchlist.create", {"name": "Joined", "symbols": [symbol]})
    table = asked(app, "with w as (select * from book.watchlist_items) select w.symbol, i.name, count(b.close) as n from w join "
                       "instruments i using (symbol) join market.bars b using (symbol) group by all")
    assert table.rows()[0]["symbol"] == symbol
    assert table.rows()[0]["n"] > 100
    assert {source.endpoint for source in table.sources} == {
        "table market.bars", "table market.instruments", "table book.watchlist_items"}
    assert not next(source for source in table.sources if "book" in source.endpoint).simulated


def test_every_kind_of_value_can_be_shown(app: App) -> None:
    table = asked(app, "select 2::hugeint as h, interval 1 day as i, 'x'::blob as b, time '10:00' as t, uuid() as u, null as n, "
                       "1.50 as d, 'nan'::double as nan, {'a': 1} as s, map {'a': 1} as m, ['x'] as l, 1 as \"_mine\", 1 as h, "
                       "timestamp '2026-01-01 10:00:00' as ts")
    row = table.rows()[0]
    assert (row["h"], row["d"], row["nan"], row["n"], row["l"], row["mine"]) == (2.0, 1.5, None, None, ["x"], 1)
    assert row["ts"].startswith("2026-01-01T10:00:00")
    assert row["i"] == "1 day"
    assert len(row) == 14


def test_more_rows_than_asked_for_are_cut_and_said(app: App) -> None:
    table = asked(app, "select * from range(100) order by 1 desc;", limit=10)
    assert table.frame.to_series().to_list() == list(range(99, 89, -1))
    assert "first 10 rows" in table.notes[0]
    assert not asked(app, "select * from range(10)", limit=10).notes
    with pytest.raises(UserError, match="limit cannot be 0"):
        asked(app, "select 1", limit=0)


@pytest.mark.parametrize("text", [
    "insert into market.bars select * from market.bars", "delete from book.watchlists", "update book.watchlists set name = ''",
    "create table x as select 1", "drop table market.bars", "attach 'x.db' as y", "copy market.bars to 'out.csv'",
    "set memory_limit = '8GB'", "pragma database_list", "install httpfs", "load httpfs", "call pragma_version()", "checkpoint",
    "export database 'x'", "explain delete from market.bars", "with a as (select 1) delete from market.bars",
    "select 1; drop table market.bars", "select 1; select 2", "", "-- nothing", "select $1", "vacuum", "use memory", "begin",
    "show tables", "prepare q as select 1",
])
def test_what_is_not_one_question_is_refused(app: App, text: str) -> None:
    before = asked(app, "select count(*) as n from market.bars").rows()
    with pytest.raises(UserError):
        asked(app, text)
    assert asked(app, "select count(*) as n from market.bars").rows() == before


def test_no_file_no_network_and_no_setting_can_be_reached(app: App, tmp_path: Any) -> None:
    file = tmp_path / "secret.csv"
    file.write_text("a\n1\n")
    for text in (f"select * from '{file}'", f"select * from read_csv('{file}')", f"select * from read_text('{file}')",
                 f"from read_blob('{file}')", "select * from glob('/*')", "select * from 'http://127.0.0.1/x.csv'",
                 f"describe '{file}'", f"select (select count(*) from '{file}')", "select current_setting('home_directory')",
                 f"with a as (from '{file}') select 1", f"select * from query('from ''{file}''')",
                 f"select * from (with \"{file}\" as (select 1) select * from \"{file}\") x, \"{file}\" y",
                 f"select * from query_table('{file}')", "select * from duckdb_settings()", "from pragma_database_list()",
                 f"pivot (from '{file}') on a using count(*)", f"select 1 where exists (from '{file}')",
                 f"from sniff_csv('{file}')", "select * from checkpoint()", f"select * from bars positional join '{file}'"):
        with pytest.raises(UserError):
            asked(app, text)


def test_of_the_engines_own_functions_only_rows_out_of_nothing_are_let_through(app: App) -> None:
    names = app.store.market.database.read("select distinct function_name as n from duckdb_functions() where function_type in "
                                           "('table', 'table_macro')")["n"].to_list()
    assert len(names) > 80
    allowed = set()
    for name in names:
        try:
            asked(app, f"select * from {name}('x')")
        except UserError as problem:
            if "not allowed here" not in problem.message:
                allowed.add(name)
    assert allowed <= {"range", "generate_series", "unnest"}


@pytest.mark.parametrize(("text", "words"), [
    ("select * frm market.bars", "column 1"),
    ("select *\nfrom market.bars\nwhere", "line 3, column"),
    ("select symbol, clsoe from market.bars", '"clsoe" not found in FROM clause'),
    ("select symbol, clsoe from market.bars", "at column 16; perhaps"),
    ("select * from market.barz", "There is no table called 'market.barz' at column 15."),
    ("select nofunction(close) from market.bars", "nofunction does not exist at column 8"),
    ("select cast(symbol as integer) from market.bars", "Could not convert"),
])
def test_errors_are_one_sentence_with_their_place(app: App, text: str, words: str) -> None:
    with pytest.raises(UserError) as caught:
        asked(app, text)
    assert words in caught.value.message
    assert "\n" not in caught.value.message
    assert caught.value.hint


def test_a_long_statement_can_be_cancelled_and_the_writer_goes_on_meanwhile(live_home: Home) -> None:
    from terminal.app import App

    app, started = App(live_home, demo=False), threading.Event()
    text = "select count(*) from range(100000000) a, range(100000) b where a.range % 7 = b.range % 11"
    call = app.start("sql.run", {"text": text}, progress=lambda *_: started.set())
    assert started.wait(30)
    app.run("watchlist.create", {"name": "Meanwhile"})  # not held up
    assert not call.done()
    while not call.done():  # the engine hears of it once it is at work
        call.cancel()
        futures.wait([call], 0.02)
    with pytest.raises(Cancelled):
        call.result()
    assert asked(app, "select 1 as one").rows() == [{"one": 1}]
    app.close()


def test_the_past_is_said_and_statements_are_remembered_once(app: App) -> None:
    table = app.run("sql.run", {"text": "select 42 as answer"}, as_of=date(2026, 3, 2))
    assert "not only what was known on 2026-03-02" in table.notes[0]
    asked(app, "select 42 as answer")
    rows = [row for row in app.run("sql.history").rows() if row["text"] == "select 42 as answer"]
    assert [row["times"] for row in rows] == [2]
    assert app.run("sql.history").rows()[0]["text"] == "select 42 as answer"


def test_every_table_is_described_and_the_examples_run(app: App) -> None:
    listed = app.run("sql.tables").rows()
    assert {"market.bars", "market.bars_superseded", "book.watchlists", "screener.saved"} <= {row["name"] for row in listed}
    assert not [row["name"] for row in listed if row["holds"].startswith("Kept by")]
    assert "close double" in next(row["columns"] for row in listed if row["name"] == "market.bars")
    for row in listed:
        assert asked(app, f"describe {row['name']}").frame.height == row["columns"].count(", ") + 1
    for row in app.run("sql.examples").rows():
        assert asked(app, row["text"]).sources


def test_no_table_holds_a_key(app: App) -> None:
    app.settings.set_secret("finnhub", "tell-nobody-4711")
    for row in app.run("sql.tables").rows():
        pairs = [pair.rpartition(" ") for pair in row["columns"].split(", ")]
        assert not {"secret", "password", "key_value", "api_key"} & {name for name, _, _ in pairs}
        words = ", ".join(f'"{name}"' for name, _, kind in pairs if kind == "varchar")
        if words and row["name"] != "sql.history":
            found = asked(app, f"select count(*) as n from {row['name']} where concat_ws(' ', {words}) like '%nobody-4711%'")
            assert found.rows() == [{"n": 0}], row["name"]
