from __future__ import annotations

import gc
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from terminal.errors import Cancelled, Corrupt, Locked, StoreError
from terminal.store.db import Database
from terminal.store.writer import Writer


@pytest.fixture
def events():
    return []


@pytest.fixture
def database(tmp_path, events):
    writer = Writer()
    database = Database(tmp_path / "x.duckdb", writer, topic="changed",
                        publish=lambda topic, payload: events.append((topic, payload)))
    database.write(lambda tx: tx.execute("create table t (a integer primary key, b varchar)"))
    yield database
    if writer.close():
        database.close()


def test_a_write_is_one_transaction(database, events):
    def half(tx):
        tx.execute("insert into t values (1, 'x')")
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        database.write(half)
    assert database.read("select * from t").is_empty()
    assert events == []
    assert database.write(lambda tx: tx.execute("insert into t values (1, 'x'), (2, 'y')")) == 2
    assert events == [("changed", {"table": "t"})]


def test_what_is_published_can_be_read(database):
    seen = []
    database._publish = lambda topic, payload: seen.append(database.read("select count(*) as n from t")["n"][0])
    database.write(lambda tx: tx.execute("insert into t values (1, 'x')"))
    assert seen == [1]


def test_a_listener_that_fails_does_not_undo_the_write(database, expect_warning):
    expect_warning("A listener of changed failed")

    def fail(topic, payload):
        raise ValueError

    database._publish = fail
    database.write(lambda tx: tx.execute("insert into t values (1, 'x')"))
    assert database.read("select * from t").height == 1


def test_frames_go_in_and_come_out_as_they_are(database):
    frame = pl.DataFrame({"a": [1, 2, None], "b": ["x", None, "z"], "c": [1.5, None, 3.0],
                          "d": [datetime(2026, 1, 1, tzinfo=UTC)] * 3, "e": [["p"], [], None]},
                         schema_overrides={"d": pl.Datetime("us", "UTC")})
    database.write(lambda tx: (tx.execute("create table f (a bigint, b varchar, c double, d timestamptz, e varchar[])"),
                               tx.insert("f", frame.select("c", "a", "b", "d", "e"))))
    assert database.read("select * from f").equals(frame)


def test_upsert_replaces_by_key(database):
    database.write(lambda tx: tx.insert("t", pl.DataFrame({"a": [1, 2], "b": ["x", "y"]})))
    database.write(lambda tx: tx.upsert("t", pl.DataFrame({"a": [2, 3], "b": ["Y", "Z"]})))
    assert database.read("select b from t order by a")["b"].to_list() == ["x", "Y", "Z"]


def test_python_variables_are_not_tables(database):
    frame = pl.DataFrame({"a": [1]})
    assert frame.height == 1
    with pytest.raises(Exception, match="frame"):
        database.read("select * from frame")


def test_the_windows_thread_is_refused(database):
    database.forbid_thread(threading.get_ident())
    with pytest.raises(AssertionError, match="window"):
        database.read("select 1")
    with pytest.raises(AssertionError, match="window"):
        database.write(lambda tx: None)
    database.forbid_thread(None)
    assert database.read("select 1 as a")["a"].to_list() == [1]


def test_the_writer_cannot_wait_for_itself(database):
    with pytest.raises(RuntimeError, match="writer thread"):
        database.write(lambda tx: database.write(lambda inner: None))


def test_threads_read_while_one_writes(database):
    errors, counts = [], []

    def reads():
        try:
            for _ in range(30):
                counts.append(database.read("select count(*) as n from t")["n"][0])
        except Exception as error:  # the test reports it
            errors.append(error)

    threads = [threading.Thread(target=reads) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(20):
        pair = (2 * number, 2 * number + 1)
        database.write(lambda tx, pair=pair: tx.execute("insert into t values (?, 'x'), (?, 'y')", pair))
    for thread in threads:
        thread.join()
    assert not errors
    assert all(count % 2 == 0 for count in counts)
    gc.collect()
    assert len(database._readers) == 0  # each cursor went with its thread


def test_a_read_can_be_interrupted(database):
    failures = []

    def slow():
        try:
            database.read("select count(*) from range(100000000000) a(i) where hash(i) = 7")
        except Cancelled as error:
            failures.append(error)

    thread = threading.Thread(target=slow)
    thread.start()
    deadline = time.monotonic() + 20
    while thread.is_alive() and time.monotonic() < deadline:
        database.interrupt(thread.ident)
        thread.join(0.05)
    assert len(failures) == 1
    assert database.read("select 1 as a").height == 1


def test_closing_ends_soon_and_cancels_what_was_not_acknowledged(tmp_path):
    writer = Writer()
    database = Database(tmp_path / "y.duckdb", writer, publish=lambda *_: None)
    database.write(lambda tx: tx.execute("create table t (a integer)"))
    endless = "insert into t select count(*) from range(100000000000) a(i) where hash(i) = 7"
    futures = [database.submit(lambda tx: tx.execute("insert into t values (1)"))]
    futures += [database.submit(lambda tx: tx.execute(endless)) for _ in range(50)]
    futures[0].result()
    start = time.monotonic()
    assert writer.close()
    database.close()
    assert time.monotonic() - start < 2.0
    assert all(isinstance(future.exception(), Cancelled) for future in futures[1:])
    with pytest.raises(StoreError, match="closed"):
        database.write(lambda tx: None)
    again = Writer()
    reopened = Database(tmp_path / "y.duckdb", again, publish=lambda *_: None)
    assert reopened.read("select a from t")["a"].to_list() == [1]
    again.close()
    reopened.close()


def test_a_second_process_is_told_who_has_the_file(database):
    import subprocess
    import sys

    script = ("import sys; from pathlib import Path\n"
              "from terminal.store.db import Database; from terminal.store.writer import Writer\n"
              "from terminal.errors import Locked\n"
              "try: Database(Path(sys.argv[1]), Writer(), publish=print)\n"
              "except Locked as error: print('LOCKED', error.sentence())")
    run = subprocess.run([sys.executable, "-c", script, str(database.path)], capture_output=True, text=True, timeout=60,
                         check=False)
    assert run.stdout.startswith("LOCKED Another process"), run.stderr
    assert issubclass(Locked, StoreError)


@pytest.mark.parametrize("content", [b"", b"hello", b"\x00" * 40_000])
def test_a_file_that_is_no_database_is_damaged(tmp_path, content):
    path = tmp_path / "bad.duckdb"
    path.write_bytes(content)
    writer = Writer()
    with pytest.raises(Corrupt, match=r"bad\.duckdb"):
        Database(path, writer, publish=lambda *_: None)
    writer.close()
    assert path.read_bytes() == content


def test_a_disk_without_room_loses_nothing(tmp_path):
    """In a process that may not write beyond a size: the write fails as DiskFull, what was saved stays, smaller writes work."""
    import subprocess
    import sys

    script = """
import resource, signal, sys
from pathlib import Path
import polars as pl
from terminal.errors import DiskFull
from terminal.store.db import Database
from terminal.store.writer import Writer
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
writer = Writer()
database = Database(Path(sys.argv[1]), writer, publish=lambda *_: None)
database.write(lambda tx: tx.execute("create table t (a bigint, b varchar)"))
database.write(lambda tx: tx.execute("insert into t values (1, 'kept')"))
resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, resource.RLIM_INFINITY))
big = pl.DataFrame({"a": range(400_000)}).with_columns(pl.col("a").hash().cast(pl.String).alias("b"))
try:
    database.write(lambda tx: tx.insert("t", big))
    print("WRITTEN")
except DiskFull as error:
    print("FULL", error.sentence())
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print("ROWS", database.read("select count(*) as n from t")["n"][0])
database.write(lambda tx: tx.execute("insert into t values (2, 'after')"))
print("ROWS", database.read("select count(*) as n from t")["n"][0])
writer.close(); database.close()
again = Database(Path(sys.argv[1]), w := Writer(), publish=lambda *_: None)
print("ROWS", again.read("select count(*) as n from t")["n"][0])
w.close(); again.close()
"""
    if sys.platform == "win32":
        pytest.skip("file size limits are POSIX")
    run = subprocess.run([sys.executable, "-c", script, str(tmp_path / "z.duckdb")], capture_output=True, text=True,
                         timeout=60, check=False)
    lines = run.stdout.splitlines()
    assert lines and lines[0].startswith("FULL There is no room"), (run.stdout, run.stderr[-2000:])
    assert lines[1:] == ["ROWS 1", "ROWS 2", "ROWS 2"], (run.stdout, run.stderr[-2000:])


def test_writing_and_reading_does_not_load_pandas(tmp_path):
    code = """
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from terminal.store import Store
folder = Path(sys.argv[1])
store = Store(folder / "m", folder / "b", folder / "backups", clock=lambda: datetime.now(UTC), publish=lambda *_: None)
store.book.write(lambda tx: tx.execute("create table t (a timestamptz, b date, c varchar[], d double, e varchar)"))
store.book.write(lambda tx: tx.execute("insert into t values (?, ?, ?, ?, ?)",
                                       (datetime.now(UTC), date.today(), ["x"], 1.5, "it's ?")))
assert store.book.read("select c, e from t where d = ?", (1.5,)).row(0) == (["x"], "it's ?")
store.close()
sys.exit("pandas" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=Path(__file__).parents[2], check=False)
    assert done.returncode == 0


def test_a_read_that_needs_more_memory_than_is_kept_gets_it(tmp_path):
    writer = Writer()
    database = Database(tmp_path / "x.duckdb", writer, publish=lambda *_: None, memory="2MB", writing="256MB")
    try:
        database.write(lambda tx: tx.execute("create table t as select range as a, hash(range) as b from range(400000)"))
        frame = database.read("select a, b, row_number() over (order by b) as r from t order by r desc")
        assert frame.height == 400_000
        left = database.read("select current_setting('memory_limit') as m")["m"][0]
        assert left.startswith("1.9") or left.startswith("2.0")
    finally:
        writer.close()
        database.close()


def test_pages_that_were_read_are_handed_back_and_read_again(database):
    database.write(lambda tx: tx.execute("create table many as select range as a, hash(range) as b from range(400000)"))
    database.checkpoint().result(5)
    held = "select coalesce(sum(memory_usage_bytes), 0) as n from duckdb_memory() where tag = 'BASE_TABLE'"

    total = database.read("select sum(b) as s from many")["s"][0]
    before, limit = database.read(held)["n"][0], database.read("select current_setting('memory_limit') as m")["m"][0]
    assert before > 1_500_000
    database.let_go()
    assert database.read(held)["n"][0] < before / 2
    assert database.read("select current_setting('memory_limit') as m")["m"][0] == limit
    assert database.read("select sum(b) as s from many")["s"][0] == total


def test_a_closed_store_has_nothing_to_hand_back(tmp_path):
    writer = Writer()
    database = Database(tmp_path / "x.duckdb", writer, publish=lambda *_: None)
    writer.close()
    database.close()
    database.let_go()
    with pytest.raises(StoreError):
        database.read("select 1")
