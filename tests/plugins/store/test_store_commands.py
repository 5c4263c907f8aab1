from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime
from types import SimpleNamespace

import polars as pl
import pytest

from plugins.store import PLUGIN, commands
from terminal.commands import commands_of
from terminal.domain.fetch import Fetch
from terminal.errors import UserError
from terminal.store import Store

NOW = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)


@pytest.fixture
def ctx(tmp_path):
    store = Store(tmp_path / "market.duckdb", tmp_path / "book.duckdb", tmp_path / "backups", clock=lambda: NOW,
                  publish=lambda *_: None)
    yield SimpleNamespace(store=store, now=lambda: NOW)
    store.close()


@pytest.fixture
def filled(ctx):
    frame = pl.DataFrame({"symbol": ["A", "A", "B"], "date": [date(2026, 11, 18), date(2026, 11, 19), date(2026, 11, 19)],
                          "close": [1.0, -2.0, 3.0]})
    ctx.store.market.save("bars", frame, Fetch("demo", "demo://bars", "bars", "", NOW, NOW, simulated=True))
    ctx.store.market.log(Fetch("yahoo", "quote", "quotes", "A", NOW, NOW, "error", 500, error="HTTP 500"))
    return ctx


def test_every_command_has_a_name_and_help():
    found = commands_of(commands, PLUGIN.id)
    assert {command.id for command in found} >= {f"store.{verb}" for verb in (
        "backup", "restore", "check", "vacuum", "quarantine", "fetches", "backups", "rebuild", "repairs", "deleted", "undelete")}
    assert all(command.title and command.summary for command in found)


def test_the_manifest_and_commands_load_no_engine():
    import subprocess

    code = ("import plugins.store, plugins.store.commands, sys\n"
            "print([name for name in ('duckdb', 'polars', 'PySide6') if name in sys.modules])")
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_backup_and_restore(ctx):
    assert "None yet" in commands.backups(ctx).notes[0]
    ctx.store.book.create_watchlist("Mine")
    made = commands.backup(ctx).rows()
    assert made[0]["reason"] == "manual" and made[0]["size"] > 0
    ctx.store.book.delete_watchlist("Mine")
    table = commands.restore(ctx)
    assert dict(row.values() for row in table.rows())["restored"] == made[0]["name"]
    assert ctx.store.book.watchlists()["name"].to_list() == ["Mine"]
    assert [row["reason"] for row in commands.backups(ctx).rows()] == ["before-restore", "manual"]
    with pytest.raises(UserError):
        commands.restore(ctx, "nonsense")


def test_check_says_what_is_right_and_what_is_not(filled):
    table = commands.check(filled)
    states = {row["check"]: row["state"] for row in table.rows()}
    assert states["market is whole"] == states["every row has its source"] == "ok" and states["book backups"] == "unknown"
    assert "right" in table.notes[0]
    filled.store.market.database.write(lambda tx: tx.execute("delete from fetch_log"))
    table = commands.check(filled)
    assert {row["check"]: row["state"] for row in table.rows()}["every row has its source"] == "PROBLEM"
    assert table.notes[0].startswith("1 problems")


def test_refused_rows_carry_their_source(filled):
    table = commands.quarantine(filled, "a")
    row = table.rows()[0]
    assert (row["reason"], row["key"], json.loads(row["row"])["close"]) == ("a price of zero or below", "A 2026-11-19", -2.0)
    assert table.simulated and table.sources[table.origin["reason"][0]].provider == "demo"
    assert commands.quarantine(filled, "B").rows() == []
    json.dumps(table.to_json(), allow_nan=False)


def test_fetches_can_be_narrowed(filled):
    rows = commands.fetches(filled).rows()
    assert [(row["provider"], row["status"], row["rows"], row["refused"]) for row in rows] == [
        ("yahoo", "error", 0, 0), ("demo", "ok", 2, 1)]
    assert [row["error"] for row in commands.fetches(filled, errors=True).rows()] == ["HTTP 500"]
    assert commands.fetches(filled, provider="nobody").rows() == []
    with pytest.raises(UserError):
        commands.fetches(filled, limit=0)


def test_repairs_vacuum_and_rebuild(filled):
    assert commands.repairs(filled).rows() == []
    assert [row["file"] for row in commands.vacuum(filled).rows()] == ["market.duckdb", "book.duckdb"]
    table = commands.rebuild(filled)
    assert "market refresh" in table.notes[0] and len(table.rows()) == 2
    assert filled.store.market.read("bars").is_empty()


def test_the_archive_is_copied_and_begun_anew_only_when_asked(ctx):
    assert len(commands.backup(ctx).notes) == 1
    _ = ctx.store.archive
    told = commands.backup(ctx)
    assert "not in it" in told.notes[1] and [row["name"][:4] for row in told.rows()] == ["book"]
    told = commands.backup(ctx, archive=True)
    assert len(told.notes) == 1 and [row["name"][:8] for row in told.rows()] == ["book-202", "archive-"]
    back = commands.restore(ctx, told.rows()[1]["name"])
    assert back.undo is not None and back.undo.arguments["name"].endswith(".duckdb")
    assert commands.restore(ctx, back.undo.arguments["name"]).undo is not None
    begun = commands.rebuild(ctx, archive=True)
    assert "archive.duckdb" in begun.rows()[0]["value"] and len(begun.rows()) == 2
    assert ctx.store.archive.status().is_empty()


def test_what_was_deleted_can_be_put_back(ctx):
    ctx.store.book.create_watchlist("Mine", ["AAPL", "MSFT"])
    ctx.store.book.remove_from_watchlist("Mine", ["AAPL"])
    row = commands.deleted(ctx).rows()[0]
    assert row["title"] == "AAPL from Mine"
    commands.undelete(ctx, row["id"])
    assert ctx.store.book.watchlist("Mine")["symbol"].to_list() == ["AAPL", "MSFT"]
    assert commands.deleted(ctx).rows() == []
