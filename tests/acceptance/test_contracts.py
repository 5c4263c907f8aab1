"""What every command promises: one JSON object of one form, null for unknown, sources, SIMULATED, `--as-of` without hindsight."""

from __future__ import annotations

import io
import json
import shutil
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from terminal.app import App
from terminal.errors import UserError
from terminal.output import emit
from terminal.paths import Home
from terminal.registry import Registry
from terminal.store.known import end_of_day
from tests.conftest import Clock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from terminal.domain.sourced import Table

KEYS = {"title", "columns", "rows", "sources", "unknown", "notes"}
COLUMN = {"name", "title", "type", "unit", "term"}
SOURCE = {"provider", "endpoint", "as_of", "fetched_at", "delayed", "simulated"}
PLAIN: dict[str, tuple[type, ...]] = {"text": (str,), "number": (int, float), "integer": (int,), "bool": (bool,), "date": (str,),
                                      "datetime": (str,), "list": (list,), "object": (dict, list)}
DAY = date(2025, 3, 14)
COMMANDS = Registry().commands()

# Arguments that make sense on the demo market; in this order, because later ones need what earlier ones made.
LEGS = "+1 SPY 2026-12-18 800 C, -1 810 C"
GIVEN: dict[str, dict[str, Any]] = {
    "market.bars": {"symbol": "SPY"}, "market.quote": {"symbols": ["SPY", "QQQ"]}, "market.sources": {"symbol": "SPY"},
    "market.search": {"text": "b"}, "preferences.set": {"key": "mode", "value": "pro"}, "preferences.reset": {"key": "mode"},
    "rules.check": {"text": "pe_ttm < 12"}, "rules.explain": {"text": "pe_ttm < 12 and rsi(14) < 30"},
    "screener.run": {}, "screener.save": {"name": "Mine"}, "screener.rename": {"name": "Mine", "new_name": "Ours"},
    "screener.delete": {"name": "Ours"}, "screener.restore": {"name": "Ours"}, "screener.spread": {"fields": ["pe_ttm"]},
    "screener.export": {"file": "screen.csv"}, "screener.explain": {"symbol": "SPY"}, "screener.clauses": {"rule": "pe_ttm < 12"},
    **{f"tearsheet.{verb}": {"symbol": "STOCK"} for verb in
       ("show", "gates", "sensitivity", "peers", "risks", "dcf", "changes", "sentences", "buy_helper")},
    "tearsheet.export": {"symbol": "STOCK", "csv": "sheet.csv"},
    "watchlist.create": {"name": "Mine"}, "watchlist.add": {"name": "Mine", "symbols": ["SPY", "STOCK"]},
    "watchlist.note": {"name": "Mine", "symbol": "SPY", "text": "why"}, "watchlist.show": {"name": "Mine"},
    "watchlist.rename": {"name": "Mine", "new_name": "Ours"}, "watchlist.export": {"name": "Ours", "file": "list.csv"},
    "watchlist.reorder": {"names": ["Ours"]}, "watchlist.remove": {"name": "Ours", "symbols": ["SPY"]},
    "watchlist.delete": {"name": "Ours"}, "watchlist.restore": {"name": "Ours"}, "watchlist.import": {"file": "list.csv"},
    **{f"dips.{verb}": {"universe": "large"} for verb in ("list", "scan")}, "dips.show": {"symbol": "STOCK"},
    "dips.base_rate": {"symbol": "STOCK"}, "dips.export": {"csv": "dips.csv", "universe": "large"},
    **{f"earnings.{verb}": {"symbol": "STOCK"} for verb in ("show", "moves", "dates")},
    "earnings.export": {"file": "earnings.csv"}, "health.retry": {"provider": "demo"},
    "health.flush": {"dataset": "chains", "yes": True}, "jobs.run_now": {"name": "dips.close"},
    "chart.draw": {"symbol": "SPY", "tool": "horizontal", "point": ["2024-10-01,80"]},
    "chart.move": {"id": "1", "point": ["2024-10-02,81"]},
    **{f"chart.{verb}": {"id": "1"} for verb in ("undo", "erase", "restore")},
    "chart.drawings": {"symbol": "SPY"}, "chart.show": {"symbol": "STOCK", "compare": ["SPY"]},
    "chart.events": {"symbol": "STOCK"}, "chart.export": {"symbol": "SPY", "csv": "chart.csv"},
    "chart.save_studies": {"study": ["rsi(14)"]}, "chart.undo_studies": {},
    "views.save": {"name": "Mine", "table": "screener", "columns": ["symbol", "price"]},
    **{f"views.{verb}": {"name": "Mine", "table": "screener"} for verb in ("use", "delete", "restore")},
    "portfolio.account_create": {"name": "Main"}, "portfolio.account_change": {"name": "Main", "broker": "Other"},
    "portfolio.add": {"account": "Main", "kind": "buy", "symbol": "SPY", "quantity": "3", "price": "99.50", "day": "2024-10-01"},
    "portfolio.correct": {"number": 1, "fees": "1"}, "portfolio.history": {"number": 1}, "portfolio.position": {"symbol": "SPY"},
    "portfolio.remove": {"number": 1}, "portfolio.undo": {"number": 1},
    "portfolio.target_set": {"by": "asset_class", "weights": ["stocks=60", "cash=40"]}, "portfolio.rebalance": {"sells": True},
    "portfolio.target_clear": {"by": "asset_class"}, "portfolio.target_undo": {"by": "asset_class"},
    "portfolio.tag": {"symbol": "SPY", "tags": ["core"]},
    **{f"portfolio.{verb}": {"symbol": "SPY"} for verb in ("untag", "tag_undo")},
    "portfolio.size": {"symbol": "STOCK", "capital": 10000.0},
    "portfolio.size_spread": {"legs": "buy 100C 3.20, sell 110C 1.10", "budget": 500.0},
    "portfolio.whatif": {"shock": "SPY -10%, VIX 40"}, "portfolio.scenario_save": {"name": "Fall", "shock": "SPY -10%"},
    "portfolio.scenario_delete": {"name": "Fall"}, "portfolio.scenario_undo": {"name": "Fall"},
    "portfolio.create": {"name": "Family", "accounts": ["Main"]}, "portfolio.delete": {"name": "Family"},
    "journal.log": {"symbol": "SPY", "action": "buy", "reason": "Breadth", "falsifier": ["price < 1"]},
    "journal.call": {"symbol": "SPY", "direction": "up", "by": "2030-01-04", "probability": "60"},
    "journal.change": {"number": "DECISION", "stop": "12%"}, "journal.undo": {"number": "DECISION"},
    "journal.show": {"number": "DECISION"}, "journal.history": {"number": "DECISION"}, "journal.price": {"symbol": "SPY"},
    "journal.check": {"number": "DECISION", "next": "hold"}, "journal.uncheck": {"check": "CHECK"},
    "journal.delete": {"number": "DECISION"}, "journal.restore": {"number": "DECISION"}, "screener.found": {"symbol": "SPY"},
    "journal.trade": {"number": "TRADE"}, "journal.annotate": {"number": "TRADE", "stop": "80", "note": "Breadth."},
    "journal.tag": {"number": "TRADE", "label": "core"}, "journal.untag": {"number": "TRADE", "label": "core"},
    "journal.trade_undo": {"number": "TRADE"}, "journal.markers": {"symbol": "SPY"}, "journal.pictures": {"number": "TRADE"},
    "journal.playbook_save": {"name": "Dip", "step": ["Trend is up"]}, "journal.playbook_delete": {"name": "Dip"},
    "journal.playbook_undo": {"name": "Dip"}, "journal.export": {"csv": "trades.csv"},
    "options.chain": {"symbol": "SPY"}, "options.expiries": {"symbol": "SPY"}, "options.contract": {"name": "SPY261218C00800000"},
    "options.greeks": {"symbol": "SPY", "expiry": date(2027, 12, 17), "strike": 100.0, "spot": 95.0, "vol": "30%"},
    **{f"options.{verb}": {"symbol": "SPY"} for verb in
       ("gex", "max_pain", "oi", "em", "surface", "smile", "term", "cones", "realised", "iv_history", "reports")},
    **{f"options.{verb}": {"symbols": ["SPY"]} for verb in
       ("archive", "demo_fill", "flow", "flow_leaders", "flow_scan", "flow_scorecard", "flow_verdicts", "iv", "iv_ranks",
        "ratios")},
    "options.plan": {"symbol": "SPY", "bias": "bullish", "dte": 30, "risk": "1%", "account": 10000.0, "top": 2},
    **{f"options.{verb}": {"symbol": "SPY", "legs": LEGS} for verb in ("calc", "draft", "size")},
    "options.plan_save": {"name": "Rise", "symbol": "SPY", "legs": LEGS},
    **{f"options.{verb}": {"name": "Rise"} for verb in ("plan_delete", "plan_undo")},
    "options.flow_recipe_save": {"name": "mine", "rule": 'side == "ask" and premium >= 100k'},
    **{f"options.{verb}": {"name": "mine"} for verb in ("flow_recipe_delete", "flow_recipe_restore")},
    "sql.run": {"text": "select symbol, close from market.bars limit 3"},
    "window.bind": {"shortcut": "window.theme", "keys": ["Ctrl+Alt+Shift+F9"]}, "window.unbind": {"shortcut": "window.theme"},
    "window.keys_put": {"text": "{}"},
    "workspace.export": {"file": "workspace.toml"}, "workspace.import": {"file": "workspace.toml"},
    "screener.judge": {}, "store.backup": {}, "store.restore": {}, "doctor.run": {"network": False},
}
# Numbers of what was written last.
NEWEST = {"DECISION": "SELECT max(id) AS n FROM journal.entries WHERE kind = 'decision'",
          "CHECK": "SELECT max(number) AS n FROM journal.checkins",
          "TRADE": "SELECT max(id) AS n FROM portfolio.transactions WHERE kind = 'buy'"}
# What needs a person, a window, a key, an added plugin or a file of the user's; proved elsewhere.
ELSEWHERE = {"market.import", "preferences.approve", "preferences.key_set", "preferences.key_forget", "store.undelete",
             "store.rebuild", "screener.diff", "jobs.run", "workspace.undo", "portfolio.import", "portfolio.import_undo",
             "portfolio.simplefin_connect", "portfolio.simplefin_refresh", "portfolio.simplefin_forget",
             "journal.picture", "journal.picture_remove", "journal.picture_restore", "options.schwab_connect",
             "options.schwab_sign_in", "options.flow_stream", "options.flow_alerts", "options.flow_import",
             "options.flow_event"}
WALKED = [*GIVEN, *(name for name, command in COMMANDS.items() if not command.gui and name not in {*GIVEN, *ELSEWHERE})]
# Answers made of market numbers: each must name its sources.
OF_THE_MARKET = {"market.bars", "market.quote", "screener.run", "screener.clauses", "tearsheet.show", "tearsheet.gates",
                 "tearsheet.sensitivity", "tearsheet.peers", "tearsheet.risks", "tearsheet.dcf", "watchlist.show", "dips.list",
                 "dips.show", "dips.base_rate", "earnings.show", "earnings.moves", "earnings.dates", "chart.show", "chart.events"}


class Walk:
    """An App whose commands are each run once with what is GIVEN; later tests look at the same answer."""

    def __init__(self, app: App) -> None:
        self.app = app
        self._answers: dict[tuple[str, date | None], Table] = {}

    def answer(self, name: str, as_of: date | None = None) -> Table:
        """What the command said, run now when it was not run before."""
        key = (name, as_of)
        if key not in self._answers:
            self._answers[key] = self.app.run(name, arguments(self.app, name), as_of=as_of)
        return self._answers[key]

    def as_json(self, name: str, as_of: date | None = None) -> dict[str, Any]:
        """What `--json` prints: exactly one object, and nothing in it that JSON does not know."""
        def refuse(constant: str) -> Any:
            raise AssertionError(f"{name} prints {constant}")

        stream = io.StringIO()
        emit(self.answer(name, as_of), "json", stream)
        return dict(json.loads(stream.getvalue(), parse_constant=refuse))


@pytest.fixture(scope="module")
def walked(_demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    folder = tmp_path_factory.mktemp("walked") / "home"
    shutil.copytree(_demo_home, folder)
    app = App(Home(folder), demo=True, clock=Clock())
    yield Walk(app)
    app.close()


def stock(app: App) -> str:
    frame = app.market.instruments()
    return str(frame.filter(frame["kind"] == "stock")["symbol"].sort()[3])


def arguments(app: App, name: str) -> dict[str, Any]:
    def fill(value: Any) -> Any:
        if isinstance(value, list):
            return [fill(each) for each in value]
        if isinstance(value, str) and value.endswith((".csv", ".toml")):
            return str(app.home.path / value)
        if value in NEWEST:
            return int(app.store.book.read(NEWEST[value])["n"][0])
        return stock(app) if value == "STOCK" else value

    return {key: fill(value) for key, value in GIVEN.get(name, {}).items()}


def assert_of_the_form(answer: dict[str, Any]) -> None:
    assert set(answer) == KEYS
    assert answer["title"].strip()
    names = [column["name"] for column in answer["columns"]]
    assert len(names) == len(set(names))
    for column in answer["columns"]:
        assert set(column) == COLUMN
        assert column["title"].strip()
        assert column["type"] in PLAIN
        assert column["unit"] is not None
        assert column["term"] is not None
    for row in answer["rows"]:
        assert list(row) == names
        for column in answer["columns"]:
            cell = row[column["name"]]
            assert cell is None or (isinstance(cell, PLAIN[column["type"]]) and not (
                column["type"] in ("number", "integer") and isinstance(cell, bool))), (column, cell)
            if cell is not None and column["type"] == "date":
                date.fromisoformat(cell)
            if cell is not None and column["type"] == "datetime":
                assert datetime.fromisoformat(cell).tzinfo is not None
    for source in answer["sources"]:
        assert set(source) - {"note"} == SOURCE
        assert "note" not in source or source["note"].strip()
        assert source["provider"]
        assert isinstance(source["simulated"], bool)
        for name in ("as_of", "fetched_at"):
            assert source[name] is None or datetime.fromisoformat(source[name]).tzinfo is not None
    for name in ("unknown", "notes"):
        assert all(isinstance(text, str) and text.strip() for text in answer[name])


@pytest.mark.parametrize("name", WALKED)
def test_every_command_prints_one_object_of_the_promised_form(walked: Walk, name: str) -> None:
    answer = walked.as_json(name)
    assert_of_the_form(answer)
    assert all(source["simulated"] for source in answer["sources"]), "the demo has no real source"
    if name in OF_THE_MARKET:
        assert answer["rows"]
        assert answer["sources"], "market numbers without a source"


@pytest.mark.parametrize("name", sorted(OF_THE_MARKET - {"watchlist.show"}))
def test_csv_and_text_of_the_demo_say_simulated(walked: Walk, name: str) -> None:
    table = walked.answer(name)
    for form in ("csv", "text"):
        stream = io.StringIO()
        emit(table, form, stream)
        assert "SIMULATED" in stream.getvalue().splitlines()[0]


def test_every_walked_command_is_one_or_proved_elsewhere() -> None:
    gui = {name for name, command in COMMANDS.items() if command.gui}
    assert set(COMMANDS) == set(WALKED) | ELSEWHERE | gui
    assert {name for name in gui if not name.startswith("window.")} == {"chart.replay"}


def test_every_term_of_a_column_is_explained(walked: Walk) -> None:
    missing = set()
    for name in OF_THE_MARKET - {"watchlist.show"}:
        for column in walked.answer(name).columns:
            if column.term and any(len(walked.app.explain.text(column.term, mode).text) < 10 for mode in ("newbie", "pro")):
                missing.add(column.term)
    assert missing == set()


# as of a day


def write_down(app: App) -> None:
    """A decision and a call as they would have been written months before DAY."""
    from plugins.journal import book
    from plugins.journal.decisions.context import freeze
    from terminal.domain.journal.decisions import Terms

    day = date(2024, 12, 2)
    for kind, terms in (
        ("call", Terms("up", "", probability=0.6, until=date(2025, 1, 31), event="direction")),
        ("decision", Terms("sell", "Too dear", (), 0.7, date(2025, 2, 28))),
        ("decision", Terms("buy", "Breadth", ("roe",), 0.7, date(2025, 6, 30), falsifiers=("price < sma(close, 50)",))),
    ):
        context = freeze(app.context(as_of=day), "SPY" if kind == "call" else stock(app), terms.metrics)
        app.store.book.write(lambda tx, kind=kind, terms=terms, context=context: book.add(
            tx, kind, context["symbol"], terms, context, datetime(2024, 12, 2, 21, 0, tzinfo=UTC)))


@pytest.fixture(scope="module")
def as_it_was(_demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Walk, Walk]]:
    """Two markets: one that knows everything, and one from which all that became known after DAY was deleted."""
    apps = []
    for name in ("full", "cut"):
        folder = tmp_path_factory.mktemp(name) / "home"
        shutil.copytree(_demo_home, folder)
        apps.append(App(Home(folder), demo=True, clock=Clock()))
    full, cut = apps
    limit = end_of_day(DAY).isoformat()
    # Splits stay: they tell how stored prices are to be read. What a thing is (its name, its sector) is no news.
    tables = ("bars", "facts", "earnings", "dividends", "quotes", "headlines", "minute_bars", "chains")

    def forget(tx: Any) -> None:
        for table in tables:
            tx.execute(f"delete from {table} where known_at >= '{limit}'::timestamptz")
            tx.execute(f"delete from {table}_superseded where known_at >= '{limit}'::timestamptz")

    cut.store.market.database.write(forget)
    kept = cut.store.market.read("bars", columns=["symbol", "date"])
    assert kept["date"].max() == DAY
    for app in (full, cut):
        app.run("watchlist.create", {"name": "Mine"})
        app.run("watchlist.add", {"name": "Mine", "symbols": ["SPY", stock(app)]})
        app.run("views.save", GIVEN["views.save"])
        app.run("portfolio.account_create", GIVEN["portfolio.account_create"])
        app.run("portfolio.add", GIVEN["portfolio.add"])
        app.run("portfolio.target_set", GIVEN["portfolio.target_set"])
        write_down(app)
    yield Walk(full), Walk(cut)
    for app in apps:
        app.close()


@pytest.mark.parametrize("name", [name for name in WALKED if not COMMANDS[name].writes])
def test_as_of_works_on_every_command_that_reads(as_it_was: tuple[Walk, Walk], name: str) -> None:
    full, _ = as_it_was
    if name == "watchlist.export":
        pytest.skip("its list is one that the walk makes")
    if name == "market.quote":  # no quote is kept of that day, and none is made up
        with pytest.raises(UserError, match="No quote"):
            full.answer(name, DAY)
        return
    if name.startswith("options."):  # a past chain is known where it was archived on the day; today's is never shown instead
        try:
            assert_of_the_form(full.as_json(name, DAY))
        except UserError as error:
            assert any(words in error.sentence() for words in ("No option chain", "No contract"))
        return
    assert_of_the_form(full.as_json(name, DAY))


HINDSIGHT = ["screener.run", "screener.presets", "screener.clauses", "screener.spread", "screener.explain", "tearsheet.show",
             "tearsheet.gates", "tearsheet.sensitivity", "tearsheet.peers", "tearsheet.risks", "tearsheet.dcf",
             "market.bars", "watchlist.show", "dips.list", "dips.show", "dips.base_rate", "earnings.show",
             "earnings.moves", "earnings.dates", "chart.show", "chart.events", "portfolio.holdings", "portfolio.pnl",
             "portfolio.lots", "portfolio.returns", "portfolio.allocation", "portfolio.rebalance", "portfolio.size",
             "portfolio.greeks", "portfolio.whatif", "journal.list", "journal.show", "journal.trades", "journal.trade",
             "journal.calls", "journal.review", "journal.theses", "journal.outcomes",
             "journal.calibration"]


@pytest.mark.parametrize("name", HINDSIGHT)
def test_as_of_shows_nothing_known_later(as_it_was: tuple[Walk, Walk], name: str) -> None:
    """Whoever asks as of a day gets what he would have got that day: deleting all later knowledge changes nothing."""
    full, cut = (walk.as_json(name, DAY) for walk in as_it_was)
    assert full["rows"], "an empty answer proves nothing"
    assert full["rows"] == cut["rows"]
    assert full["unknown"] == cut["unknown"]
    assert full["columns"] == cut["columns"]


def test_the_past_and_today_differ(as_it_was: tuple[Walk, Walk]) -> None:
    full, _ = as_it_was
    for name in ("screener.run", "tearsheet.show", "market.bars"):
        assert full.as_json(name, DAY)["rows"] != full.as_json(name)["rows"]
    bars = full.as_json("market.bars", DAY)["rows"]
    assert max(date.fromisoformat(row["date"]) for row in bars) == DAY


# exit codes, through processes


def test_exit_codes_and_streams(tapeline: Any) -> None:
    good = tapeline("market", "quote", "SPY", "--json")
    assert (good.returncode, good.stderr) == (0, "")
    assert_of_the_form(json.loads(good.stdout))
    csv = tapeline("--csv", "market", "quote", "SPY")
    assert csv.stdout.startswith("# SIMULATED")
    assert (csv.returncode, csv.stderr) == (0, "")
    assert tapeline("market", "quote", "NOSUCH").returncode == 1
    assert tapeline("market", "quote").returncode == 2
    day = json.loads(tapeline("--as-of", DAY.isoformat(), "market", "bars", "SPY", "--json").stdout)
    assert max(row["date"] for row in day["rows"]) == DAY.isoformat()
