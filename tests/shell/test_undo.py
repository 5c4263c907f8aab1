"""Every command that says how it is undone is undone: the state is as it was before."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

import pytest

from terminal.commands import parse_tokens
from terminal.paths import Home

if TYPE_CHECKING:
    from collections.abc import Iterator

    from terminal.app import App


@pytest.fixture(scope="module")
def home(_live_market: Any, tmp_path_factory: pytest.TempPathFactory) -> Home:
    import shutil

    made = Home(tmp_path_factory.mktemp("undo"))
    made.market(False).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(_live_market, made.market(False))
    return made


@pytest.fixture(scope="module")
def app(home: Home) -> Iterator[App]:
    """One market with one of everything that can be changed."""
    from terminal.app import App

    opened = App(home, demo=False)
    run = opened.run
    run("watchlist.create", {"name": "Tech", "symbols": ["AAA", "BBB", "CCC"]})
    run("watchlist.create", {"name": "Other"})
    run("watchlist.note", {"name": "Tech", "symbol": "BBB", "text": "mine"})
    run("screener.save", {"name": "Mine", "rule": "pe_ttm < 20", "sort": "pe_ttm", "ascending": True})
    run("views.save", {"name": "Cheap", "table": "screener", "sort": ("-roe",), "filters": ("pe_ttm: <20",)})
    run("chart.draw", {"symbol": "AAA", "tool": "horizontal", "point": ("2026-01-05,100",)})
    run("chart.save_studies", {"symbol": "AAA", "study": ("sma(20)",)})
    run("preferences.set", {"key": "font_size", "value": "15"})
    run("window.bind", {"shortcut": "refresh", "keys": ("F7",)})
    run("portfolio.target_set", {"by": "asset_class", "weights": ("stocks=60", "bonds=40")})
    run("portfolio.tag", {"symbol": "AAA", "tags": ("core",)})
    run("portfolio.scenario_save", {"name": "Fall", "shock": "SPY -10%"})
    run("journal.playbook_save", {"name": "Dip", "step": ("Trend is up",)})
    run("options.flow_recipe_save", {"name": "mine", "rule": "premium >= 100k"})
    yield opened
    opened.close()


def state(app: App) -> dict[str, Any]:
    """Everything the user owns, without the moments at which it changed."""
    found: dict[str, Any] = {}
    for table in ("watchlists", "watchlist_items", "screener.saved", "views.saved", "chart.drawings"):
        alive = "" if table == "watchlist_items" else "where deleted_at is null"
        frame = app.store.book.read(f"select * exclude (changed_at) from {table} {alive}" if table != "watchlist_items"
                                    else f"select * from {table}")
        kept = frame.drop("position") if table == "watchlists" else frame
        found[table] = sorted(json.dumps(row, default=str, sort_keys=True) for row in kept.to_dicts())
    found["lists"] = [row["name"] for row in app.run("watchlist.list").rows()] if table else []
    found["studies"] = app.run("chart.studies", {"symbol": "AAA"}).rows()
    moments = {"saved", "changed", "at"}
    for name in ("portfolio.targets", "portfolio.tags", "portfolio.scenarios", "journal.playbooks",
                 "options.flow_recipes"):
        found[name] = [{key: value for key, value in row.items() if key not in moments} for row in app.run(name).rows()]
    found["keys"] = app.settings.raw("keys")
    found["font"] = app.settings.get("font_size")
    found["pauses"] = [(row["name"], row["state"]) for row in app.run("jobs.list").rows()]
    return found


def typed(app: App, undo: Any) -> dict[str, Any]:
    """The arguments that come from the line which the shell prints."""
    _, group, verb, *words = shlex.split(undo.line)
    command = app.registry.command(f"{group}.{verb.replace('-', '_')}")
    assert command.id == undo.command
    return parse_tokens(command, words)


DRAWING = {"id": "1"}
# The command, and whether it is told with an Undo (something is lost) or only taken back by Ctrl+Z.
CASES = [
    ("watchlist.delete", {"name": "Other"}, True), ("watchlist.remove", {"name": "Tech", "symbols": ["BBB"]}, True),
    ("watchlist.remove", {"name": "Tech", "symbols": ["AAA", "CCC"]}, True),
    ("watchlist.note", {"name": "Tech", "symbol": "BBB", "text": ""}, True),
    ("watchlist.note", {"name": "Tech", "symbol": "BBB", "text": "other"}, False),
    ("watchlist.create", {"name": "New"}, False), ("watchlist.rename", {"name": "tech", "new_name": "Chips"}, False),
    ("watchlist.add", {"name": "Tech", "symbols": ["DDD"]}, False),
    ("watchlist.reorder", {"names": ["CCC"], "within": "Tech"}, False), ("watchlist.reorder", {"names": ["Other"]}, False),
    ("screener.delete", {"name": "Mine"}, True), ("screener.save", {"name": "Mine", "rule": "roe > 0.2"}, True),
    ("screener.save", {"name": "Second", "rule": "roe > 0.2"}, False),
    ("screener.rename", {"name": "Mine", "new_name": "Yours"}, False),
    ("views.delete", {"name": "Cheap", "table": "screener"}, True),
    ("views.save", {"name": "Cheap", "table": "screener", "sort": ("price",)}, True),
    ("views.save", {"name": "Dear", "table": "screener"}, False),
    ("chart.erase", DRAWING, True), ("chart.move", {**DRAWING, "point": ("2026-01-05,120",)}, False),
    ("chart.draw", {"symbol": "AAA", "tool": "horizontal", "point": ("2026-02-05,90",)}, False),
    ("chart.forget_studies", {"symbol": "AAA"}, True),
    ("chart.save_studies", {"symbol": "AAA", "study": ("rsi(14)",)}, False),
    ("preferences.reset", {"key": "font_size"}, True), ("preferences.set", {"key": "font_size", "value": "18"}, False),
    ("window.keys_reset", {}, True), ("window.bind", {"shortcut": "refresh", "keys": ("F8",)}, False),
    ("window.unbind", {"shortcut": "refresh"}, False), ("jobs.pause", {}, False),
    ("portfolio.target_clear", {"by": "asset_class"}, True), ("portfolio.untag", {"symbol": "AAA"}, True),
    ("portfolio.scenario_delete", {"name": "Fall"}, True), ("journal.playbook_delete", {"name": "Dip"}, True),
    ("options.flow_recipe_delete", {"name": "mine"}, True),
    ("store.restore", {}, True),
]


@pytest.mark.parametrize(("command", "arguments", "told"), CASES, ids=[f"{case[0]} {place}" for place, case in enumerate(CASES)])
def test_what_was_done_is_taken_back(app: App, command: str, arguments: dict[str, Any], told: bool) -> None:
    if command == "store.restore":
        app.run("store.backup")
        app.run("watchlist.create", {"name": "After the backup"})
    before = state(app)
    undo = app.run(command, arguments).undo
    assert undo is not None
    assert undo.quiet is not told
    assert undo.text and not undo.text.endswith(".")
    assert undo.thing
    assert state(app) != before
    redo = app.run(undo.command, typed(app, undo)).undo  # as the shell prints it
    assert state(app) == before
    if redo is not None and redo.command == command:
        app.run(redo.command, redo.arguments)
        assert state(app) != before
        app.run(undo.command, undo.arguments)
        assert state(app) == before
    if command == "store.restore":
        app.run("watchlist.delete", {"name": "After the backup"})


def test_no_destructive_command_is_forgotten(app: App) -> None:
    """A verb that takes something away is in the list above, or it is said here why not."""
    without = {
        "preferences.key_forget": "a key is not kept anywhere once it is forgotten",
        "health.flush": "market data comes back with the next refresh; it asks for --yes first",
        "window.layout": "in the window's own test",
        "portfolio.delete": "its undo is proved beside the plugin", "portfolio.remove": "its undo is proved beside the plugin",
        "portfolio.demo_remove": "proved with the demo portfolio", "journal.demo_remove": "proved with the demo portfolio",
        "journal.delete": "its undo is proved with the journal", "journal.picture_remove": "its undo is proved with the trades",
        "options.plan_delete": "its undo is proved with the planner",
        "portfolio.simplefin_forget": "an access is not kept anywhere once it is forgotten",
    }
    words = ("delete", "remove", "erase", "forget", "reset", "restore", "flush", "clear", "unbind")
    found = {name for name, command in app.registry.commands().items() if command.verb.split("_")[-1] in words
             or command.verb.split("_")[0] in words}
    undoing = {"watchlist.restore", "screener.restore", "views.restore", "chart.restore", "journal.restore",
               "journal.picture_restore", "options.flow_recipe_restore"}
    assert found - undoing - set(without) <= {command for command, _, _ in CASES}
