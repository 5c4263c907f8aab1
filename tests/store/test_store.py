from __future__ import annotations

import threading
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest

from terminal.errors import Corrupt, Locked, NewerStore, StoreError, UserError
from terminal.store import backup, migrate
from terminal.store import store as store_module
from terminal.store.backup import Backup
from terminal.store.migrate import CoreStep

ONE = CoreStep("0001", "create table plugin.a (x integer); create sequence plugin.ids")
TWO = CoreStep("0002", "alter table plugin.a add column y varchar")
BROKEN = CoreStep("0002", "create table plugin.b (x integer); create table plugin.a (x integer)")


def reasons(store):
    return [each.reason for each in store.list_backups()]


# steps


def test_a_plugins_steps_run_once_in_its_own_schema(place):
    store = place.open([("plugin", (ONE,))])
    store.book.write(lambda tx: tx.execute("insert into plugin.a values (1)"))
    store.close()
    again = place.open({"plugin": (ONE, TWO)})
    assert again.book.read("select * from plugin.a").rows() == [(1, None)]
    assert again.book.read("select owner, name from migrations order by owner, position").rows() == [
        ("core", "0001 watchlists, universes, looks, deleted"), ("plugin", "0001"), ("plugin", "0002")]
    assert reasons(again).count("before-migration") == 1


def test_a_step_that_fails_leaves_nothing_and_refuses_only_its_plugin(place, expect_warning):
    expect_warning("The tables of the plugin")
    store = place.open({"plugin": (ONE, BROKEN), "other": (CoreStep("0001", "create table other.t (x integer)"),)})
    assert set(store.refused) == {"plugin"}
    assert "Step '0002'" in store.refused["plugin"].sentence()
    assert store.book.read("select table_name from duckdb_tables() where schema_name = 'plugin'").rows() == [("a",)]
    assert store.book.read("select * from other.t").is_empty()
    assert store.book.read("select current_schema() as s")["s"][0] == "main"
    assert store.book.watchlists().is_empty()


def test_a_newer_plugin_or_a_reordered_one_is_refused(place, expect_warning):
    expect_warning("The tables of the plugin")
    place.open({"plugin": (ONE, TWO)}).close()
    older = place.open({"plugin": (ONE,)})
    assert isinstance(older.refused["plugin"], NewerStore)
    older.close()
    swapped = place.open({"plugin": (TWO, ONE)})
    assert "order" in swapped.refused["plugin"].message


def test_a_book_is_backed_up_before_a_step(place, monkeypatch):
    store = place.open()
    store.book.create_watchlist("Mine")
    store.close()
    monkeypatch.setattr(store_module, "STEPS", (*store_module.STEPS, CoreStep("0002 more", "create table more (x integer)")))
    newer = place.open()
    assert reasons(newer).count("before-migration") == 1
    newer.close()
    monkeypatch.undo()
    older = place.open()
    with pytest.raises(NewerStore, match="newer version"):
        older.book.read("select 1")
    assert older.market.read("bars").is_empty()  # the other file still works
    assert "newer version" in dict(older.check().select("check", "detail").iter_rows())["book opens"]
    older.restore(reasons_path(older, "before-migration"))
    assert older.book.watchlists()["name"].to_list() == ["Mine"]


def reasons_path(store, reason):
    return next(each.path for each in store.list_backups() if each.reason == reason)


# damage


def test_a_damaged_market_is_moved_aside(place):
    place.open().close()
    place.market.write_bytes(b"damaged" * 5000)
    store = place.open()
    with pytest.raises(Corrupt, match="damaged") as error:
        store.market.read("bars")
    assert "store rebuild" in error.value.hint
    assert store.book.watchlists().is_empty()
    aside = store.rebuild_market()
    assert aside is not None and aside.read_bytes().startswith(b"damaged")
    assert store.market.read("bars").is_empty()


def test_a_damaged_book_is_restored_and_kept(place):
    store = place.open()
    store.book.create_watchlist("Mine", ["AAPL"])
    store.backup()
    store.close()
    place.book.write_bytes(b"\x00" * 50_000)
    broken = place.open()
    with pytest.raises(Corrupt) as error:
        _ = broken.book
    assert "store restore" in error.value.hint and str(place.backups) in error.value.hint
    with pytest.raises(Corrupt):
        broken.backup()
    used, aside = broken.restore()
    assert used.name.endswith("manual.duckdb") and aside is not None and aside.read_bytes() == b"\x00" * 50_000
    assert broken.book.watchlist("Mine")["symbol"].to_list() == ["AAPL"]


def test_damage_inside_a_file_is_found_by_the_check(place):
    store = place.open()
    noise = pl.DataFrame({"symbol": ["A"] * 200_000, "at": [datetime(2026, 1, 1, tzinfo=UTC)] * 200_000}).with_columns(
        pl.int_range(200_000).hash().cast(pl.String).alias("payload"))
    store.book.write(lambda tx: tx.insert("looks", noise))
    assert store.check().filter(~pl.col("ok")).is_empty()
    store.close()
    data = bytearray(place.book.read_bytes())
    middle = len(data) // 2
    data[middle:middle + 64] = bytes(64)
    place.book.write_bytes(data)
    again = place.open()
    assert False in again.check()["ok"].to_list()


def test_a_second_owner_is_told(place):
    place.open()
    import subprocess
    import sys

    script = ("import sys\nfrom pathlib import Path\nfrom terminal.store import Store\nfrom terminal.errors import Locked\n"
              "f = [Path(a) for a in sys.argv[1:]]\n"
              "try: Store(*f, clock=None, publish=print)\nexcept Locked as e: print('LOCKED', e.sentence())")
    run = subprocess.run([sys.executable, "-c", script, str(place.market), str(place.book), str(place.backups)],
                         capture_output=True, text=True, timeout=60, check=False)
    assert run.stdout.startswith("LOCKED Another process"), run.stderr
    assert issubclass(Locked, StoreError)


# backups


def test_restore_brings_back_and_can_be_undone(place):
    store = place.open({"plugin": (ONE,)})
    book = store.book
    book.create_watchlist("First")
    book.write(lambda tx: tx.query("select nextval('plugin.ids') as n"))
    made = store.backup()
    place.time.now += timedelta(minutes=1)
    book.create_watchlist("Second")
    used, kept = store.restore(made.path.name)
    assert used == made.path and kept is not None
    assert store.book is book  # whoever holds it goes on working
    assert book.watchlists()["name"].to_list() == ["First"]
    assert book.write(lambda tx: tx.query("select nextval('plugin.ids') as n")["n"][0]) == 2
    store.restore(kept)
    assert book.watchlists()["name"].to_list() == ["First", "Second"]
    assert ("book.changed", {"table": "watchlists"}) in place.events and ("book.changed", {"table": "plugin.a"}) in place.events


def test_restore_while_others_read(place):
    store = place.open()
    store.book.create_watchlist("Mine")
    store.backup()
    stop, errors, reads = threading.Event(), [], []

    def read():
        while not stop.is_set():
            try:
                reads.append(store.book.watchlists().height)
            except Exception as error:  # the test reports it
                errors.append(error)

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(5):
        store.restore()
    stop.set()
    for thread in threads:
        thread.join()
    assert not errors and reads and set(reads) == {1}


def test_what_is_no_backup_is_refused(place, tmp_path):
    store = place.open()
    with pytest.raises(UserError, match="no backup yet"):
        store.restore()
    with pytest.raises(UserError, match="no backup called"):
        store.restore("nonsense")
    (tmp_path / "junk.duckdb").write_bytes(b"junk" * 9999)
    with pytest.raises(Corrupt):
        store.restore(tmp_path / "junk.duckdb")
    duckdb.connect(str(tmp_path / "other.duckdb")).close()
    with pytest.raises(UserError, match="not a copy of a book"):
        store.restore(tmp_path / "other.duckdb")
    assert store.book.watchlists().is_empty()


def test_a_backup_of_a_newer_program_is_refused_and_nothing_is_lost(place, monkeypatch):
    store = place.open()
    store.book.create_watchlist("Mine")
    store.close()
    monkeypatch.setattr(store_module, "STEPS", (*store_module.STEPS, CoreStep("0002 more", "create table more (x integer)")))
    newer = place.open()
    made = newer.backup()
    newer.close()
    place.book.unlink()
    monkeypatch.undo()
    store = place.open()
    store.book.create_watchlist("Present")
    with pytest.raises(NewerStore):
        store.restore(made.path)
    assert store.book.watchlists()["name"].to_list() == ["Present"]


def test_todays_copy_is_made_behind_an_opening(place):
    place.open().close()
    assert not place.backups.exists()  # a book made just now has nothing to lose
    for _ in range(2):
        store = place.open()
        store.book.write(lambda tx: None)  # comes after the copy in the writer's queue
        assert reasons(store) == ["daily"]
        store.close()


def test_the_daily_copy_is_made_once_a_day_and_rotated(place):
    store = place.open()
    assert store.backup_daily() is not None and store.backup_daily() is None
    for _ in range(40):
        place.time.now += timedelta(days=1)
        assert store.backup_daily() is not None
    days = [each.at.date() for each in store.list_backups()]
    today = place.time.now.date()
    assert days[:7] == [today - timedelta(days=n) for n in range(7)]
    assert len({day.isocalendar()[:2] for day in days}) == 4 and len(days) <= 10


def test_the_rotation_never_gives_up_copies_made_by_hand():
    start = datetime(2026, 1, 1, tzinfo=UTC)
    present = [Backup(Path(f"{n}-{reason}"), start + timedelta(hours=n), reason, 1)
               for n in range(60, 0, -1) for reason in ("manual", "before-restore", "daily")]
    gone = backup.surplus(present)
    assert not any(each.reason == "manual" for each in gone)
    left = [each for each in present if each not in gone]
    assert len([each for each in left if each.reason == "before-restore"]) == backup.AUTOMATIC
    assert len([each for each in left if each.reason == "daily"]) == 3  # the last copy of each of three days


def test_a_backup_without_room_leaves_no_half_file(place, monkeypatch):
    store = place.open()
    from terminal.errors import DiskFull

    def full(source, target, **_):
        Path(target).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("terminal.store.db.shutil.copyfile", full)
    with pytest.raises(DiskFull):
        store.backup()
    assert list(place.backups.iterdir()) == []
    store.book.create_watchlist("Mine")


def test_a_copy_through_the_engine_holds_everything(place, monkeypatch):
    """Where the open file cannot be read (Windows), DuckDB copies table by table."""
    store = place.open({"plugin": (ONE,)})
    store.book.create_watchlist("Mine", ["AAPL"])

    def locked(*_, **__):
        raise PermissionError(13, "used by another process")

    with monkeypatch.context() as patch:
        patch.setattr("terminal.store.db.shutil.copyfile", locked)
        made = store.backup()
    store.book.delete_watchlist("Mine")
    store.restore(made.path)
    assert store.book.watchlist("Mine")["symbol"].to_list() == ["AAPL"]
    with pytest.raises(duckdb.ConstraintException):
        store.book.write(lambda tx: tx.execute("insert into watchlists select * from watchlists"))


# the rest


def test_vacuum_gives_space_back_and_keeps_every_row(place, fetch):
    store = place.open()
    days = pl.DataFrame({"date": pl.date_range(date(1900, 1, 1), date(2026, 1, 1), eager=True)})
    frame = pl.DataFrame({"symbol": [f"S{n}" for n in range(8)]}).join(days, how="cross").with_columns(
        (pl.col("date").hash().cast(pl.Float64) + 1).alias("close"))
    store.market.save("bars", frame, fetch())
    store.market.database.write(lambda tx: tx.execute("delete from bars where symbol > 'S1'"))
    kept = store.market.read("bars")
    sizes = {row["file"]: row for row in store.vacuum().to_dicts()}
    assert sizes["market.duckdb"]["rewritten"] and sizes["market.duckdb"]["after"] < sizes["market.duckdb"]["before"]
    assert store.market.read("bars").equals(kept)
    assert store.market.save("bars", frame.head(1).with_columns(pl.lit(1.0).alias("close")), fetch()).written == 1


def test_orphans_and_doubles_are_found(place, fetch):
    store = place.open()
    store.market.save("bars", pl.DataFrame({"symbol": ["A"], "date": [date(2026, 1, 5)], "close": [1.0]}), fetch())
    store.market.database.write(lambda tx: tx.execute("insert into bars select * replace (77 as fetch_id) from bars"))
    problems = store.check().filter(~pl.col("ok"))["check"].to_list()
    assert problems == ["every row has its source", "no row twice"]


def test_closing_is_quick_and_leaves_no_log_behind(place):
    store = place.open()
    futures = [store.book.submit(lambda tx: time.sleep(0.05) or tx.execute("insert into looks values ('A', now(), '{}')"))
               for _ in range(400)]
    futures[0].result()
    start = time.monotonic()
    store.close()
    assert time.monotonic() - start < 2.0
    assert not list(place.book.parent.glob("*.wal"))
    saved = sum(1 for future in futures if future.exception() is None)
    assert place.open().book.read("select count(*) as n from looks")["n"][0] == saved


def test_pending_of_a_file_without_a_record(store):
    assert migrate.pending(store.book.database, "stranger", (ONE,)) == [ONE]
