"""The option archive, end to end: what is fetched stays, past days answer from it, and no accident takes it away."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from terminal.app import App
from terminal.errors import Corrupt, UserError
from terminal.settings import Settings
from terminal.store import Store
from tests.acceptance.conftest import ROOT
from tests.crash.archiver import STRIKES, moment
from tests.store.test_archive import source

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from terminal.paths import Home

THURSDAY = date(2026, 11, 19)


def until(true: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def past(app: App, symbol: str, days: int = 4) -> None:
    """Chains of sessions before, as if they had been archived then."""
    chain = app.market.chain(symbol).drop("fetch_id")
    if "known_at" in chain.columns:
        chain = chain.drop("known_at")
    for back in range(days, 0, -1):
        at = chain["at"][0] - timedelta(days=back)
        earlier = chain.with_columns(pl.lit(at).cast(chain.schema["at"]).alias("at"), pl.lit(float(back)).alias("volume"),
                                     pl.lit(None, dtype=chain.schema["last_at"]).alias("last_at"))  # fmt: skip
        app.store.archive.save_chain(earlier, source(at, "kept"))


def test_what_is_archived_answers_for_past_days_and_outlives_the_market(app: App) -> None:
    table = app.run("options.archive", {"symbols": ("SPY", "LARN", "NOSUCH")})
    rows = {row["symbol"]: row for row in table.rows()}
    assert [rows[name]["state"] for name in ("SPY", "LARN", "NOSUCH")] == ["archived", "archived", "no chain"]
    assert rows["SPY"]["contracts"] > 300 and rows["SPY"]["days"] == 1 and 0.05 < rows["SPY"]["iv30"] < 0.8
    assert table.simulated and table.sources[table.origin["contracts"][0]].provider == "demo"
    assert any("NOSUCH" in line for line in table.unknown)
    json.dumps(table.to_json(), allow_nan=False)
    again = app.run("options.archive", {"symbols": ("SPY",)})
    assert again.rows()[0]["state"] == "was archived" and again.rows()[0]["days"] == 1
    with pytest.raises(UserError, match="past day"):
        app.run("options.archive", {"symbols": ("SPY",)}, as_of=THURSDAY)

    past(app, "SPY")
    before = app.market.chain("SPY", THURSDAY)
    assert before["volume"].unique().to_list() == [1.0]
    (told,) = app.market.sources(before["fetch_id"].unique()).values()
    assert told.provider == "kept" and told.as_of == before["at"][0]
    status = app.run("options.archive_status")
    row = next(row for row in status.rows() if row["symbol"] == "SPY")
    assert (row["days"], row["missed"], row["first"]) == (5, 0, "2026-11-16")
    assert any("cannot be made up for" in note for note in status.notes)
    app.run("store.rebuild")
    assert app.market.chain("SPY", THURSDAY).equals(before)
    assert app.market.chain("SPY")["at"][0].date() == date(2026, 11, 20)
    assert app.market.chain("SPY", date(2026, 11, 10)).is_empty()


def test_a_chain_that_was_only_looked_at_is_archived_by_itself(app: App) -> None:
    said: list[Any] = []
    app.events.subscribe("archive.changed", said.append)
    app.run("options.chain", {"symbol": "SPY"})
    until(lambda: said)
    assert "SPY" in said[0]["symbols"] and said[0]["demo"] is True
    assert app.store.archive.days("SPY")["day"].to_list() == [date(2026, 11, 20)]
    assert app.store.archive.volatility(["SPY"], as_of=date(2026, 11, 20))["iv30"].is_not_null().any()


@pytest.mark.slow
def test_a_damaged_archive_is_told_and_the_rest_works(app: App, demo_home: Home, clock: Any,
                                                      expect_warning: Callable[[str], None]) -> None:  # fmt: skip
    expect_warning("archive")
    app.close()
    demo_home.archive(True).write_bytes(b"nothing of the kind " * 5000)
    opened = App(demo_home, demo=True, clock=clock)
    try:
        notices: list[Any] = []
        opened.events.subscribe("notice.posted", notices.append)
        with pytest.raises(Corrupt, match="damaged") as told:
            opened.run("options.archive_status")
        assert "rebuild --archive" in told.value.hint
        assert opened.market.ensure(["SPY"], ["chains"], opened.context()) == []
        until(lambda: notices)
        assert "not archived" in notices[0]["text"] and opened.market.chain("SPY").height > 300
        checks = {row["check"]: row["state"] for row in opened.run("store.check").rows()}
        assert checks["archive opens"] == "PROBLEM" and checks["book opens"] == "ok"
        opened.run("store.rebuild", {"archive": True})
        assert opened.run("options.archive", {"symbols": ("SPY",)}).rows()[0]["days"] == 1
    finally:
        opened.close()


@pytest.mark.slow
def test_from_the_shell(type_in: Callable[..., subprocess.CompletedProcess[str]], demo_home: Home) -> None:
    done = type_in("--home", str(demo_home.path), "--demo", "options", "archive", "SPY", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["rows"][0]["symbol"] == "SPY" and said["rows"][0]["days"] == 1 and said["sources"][0]["simulated"]
    done = type_in("--home", str(demo_home.path), "--demo", "store", "backup", "--archive", "--json")
    assert [row["name"].split("-")[0] for row in json.loads(done.stdout)["rows"]] == ["book", "archive"]
    assert len(list(demo_home.backups(True).glob("archive-*.duckdb"))) == 1


@pytest.mark.real
def test_a_recorded_chain_is_archived_with_the_services_own_numbers(
        live_home: Home, clock: Any, replay: Any, shared: Path) -> None:  # fmt: skip
    live_home.settings.write_text('[providers.order]\nchains = "cboe"\n[options]\narchive_symbols = "^RUT"\n', "utf-8")
    settings = Settings(live_home, environment={"TAPELINE_CBOE_URL": f"{replay.url}/cboe"})
    app = App(live_home, demo=False, clock=clock, settings=settings)
    try:
        table = app.run("options.archive")
        assert [row["symbol"] for row in table.rows()] == ["^RUT"], table.unknown
        path = shared / "payloads" / "cboe" / "delayed_quotes_options__RUT_20230921_a.json"
        told = {row["option"]: row for row in json.loads(path.read_text("utf-8"))["data"]["options"]}
        chain = app.store.archive.chain("^RUT")
        assert chain.height == len(told) > 1000
        for row in chain.to_dicts():
            said = told[row["contract"]]
            assert row["bid"] == said["bid"] and row["ask"] == said["ask"]
            assert (row["volume"], row["open_interest"]) == (said["volume"], said["open_interest"])
            assert row["iv"] is None or row["iv"] == pytest.approx(said["iv"], abs=5e-7)
        (source_,) = app.store.archive.sources(chain["fetch_id"].unique()).values()
        assert source_.provider == "cboe" and source_.delayed
        # It is of 2023: the archive keeps it, the market need not, and whoever asks gets it all the same.
        assert app.store.market.read("chains").is_empty()
        assert app.market.chain("^RUT").drop("known_at").equals(chain.sort("expiry", "strike", "right"))
    finally:
        app.close()


FULL = """
import resource, signal, sys
from datetime import timedelta
from pathlib import Path
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
from terminal.errors import DiskFull
from terminal.store import Store
from tests.crash.archiver import FIRST, moment
from tests.store.test_archive import snapshot, source
folder = Path(sys.argv[1])
store = Store(folder / "market.duckdb", folder / "book.duckdb", folder / "backups", clock=lambda: FIRST, publish=lambda *_: None)
kept = store.archive.save_chain(snapshot("SPY", moment(0)), source(moment(0)))
store.archive.database.checkpoint().result()
room = max(file.stat().st_size for file in folder.glob("*.duckdb*")) + 300_000
resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
try:
    for number in range(1, 40):
        store.archive.save_chain(snapshot("SPY", moment(number), strikes=3000, volume=float(number)), source(moment(number)))
        print("saved", number, flush=True)
except DiskFull as problem:
    print("told:", problem.sentence())
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
store.close()
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="limits on the size of files are POSIX")
def test_a_full_disk_is_told_and_what_was_saved_stays(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", FULL, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, timeout=110,
                          check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    *saved, told = done.stdout.splitlines()
    assert told.startswith("told: ") and "no room left on the disk" in told
    store = Store(tmp_path / "market.duckdb", tmp_path / "book.duckdb", tmp_path / "backups",
                  clock=lambda: moment(0), publish=lambda *_: None)  # fmt: skip
    try:
        assert store.archive.snapshots("SPY").height == 1 + len(saved)
        assert store.check().filter(~pl.col("ok")).is_empty()
    finally:
        store.close()


@pytest.mark.slow
@pytest.mark.crash
def test_kills_lose_no_acknowledged_snapshot(tmp_path: Path) -> None:
    chance, acknowledged = random.Random(3), set[int]()
    for round_ in range(3):
        with (tmp_path / "said.txt").open("wb") as out, (tmp_path / "complained.txt").open("wb") as err:
            asked = [sys.executable, "-m", "tests.crash.archiver", str(tmp_path)]
            child = subprocess.Popen(asked, cwd=ROOT, stdout=out, stderr=err)
            try:
                deadline = time.monotonic() + 60
                while (tmp_path / "said.txt").read_bytes().count(b"\n") < 2:
                    assert child.poll() is None and time.monotonic() < deadline, (tmp_path / "complained.txt").read_text()
                    time.sleep(0.002)
                time.sleep(chance.uniform(0.0, 0.4))
                assert child.poll() is None, (tmp_path / "complained.txt").read_text()
            finally:
                child.kill()
                child.wait()
        said = {int(line) for line in (tmp_path / "said.txt").read_text().splitlines() if line.isdigit()}
        acknowledged |= said
        store = Store(tmp_path / "market.duckdb", tmp_path / "book.duckdb", tmp_path / "backups",
                      clock=lambda: datetime(2026, 11, 3, tzinfo=moment(0).tzinfo), publish=lambda *_: None)  # fmt: skip
        try:
            kept = store.archive.snapshots("SPY")
            assert {moment(number) for number in acknowledged} <= set(kept["at"]), round_
            assert set(kept["contracts"]) == {2 * STRIKES}
            assert {int(line) for line in store.archive.raw(limit=10_000)["line"]} >= acknowledged
            newest = max(acknowledged)
            assert store.archive.chain_at("SPY", moment(newest))["volume"].unique().to_list() == [float(newest)]
            assert store.check().filter(~pl.col("ok")).is_empty()
        finally:
            store.close()
    assert len(acknowledged) > 5

