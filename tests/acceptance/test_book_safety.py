"""What was acknowledged is never lost: not by a kill, not by a full disk; a backup brings all of the book back."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from plugins.portfolio import book
from terminal.app import App
from terminal.domain.portfolio.lots import replay
from tests.crash.booker import LINES

if TYPE_CHECKING:
    from terminal.paths import Home
    from tests.conftest import Clock

ROOT = Path(__file__).resolve().parents[2]


def contents(app: App) -> dict[str, list[Any]]:
    """Every row of every table of portfolio and journal."""
    tables = app.store.book.read(
        "SELECT table_schema || '.' || table_name AS name FROM information_schema.tables "
        "WHERE table_schema IN ('portfolio', 'journal') AND table_type = 'BASE TABLE' ORDER BY name")["name"]  # fmt: skip
    return {name: sorted(map(repr, app.store.book.read(f"SELECT * FROM {name}").rows())) for name in tables}


# A backup


def test_a_backup_brings_bookings_targets_and_journal_back(portfolio_app: App) -> None:
    run = portfolio_app.run
    run("portfolio.target_set", {"by": "asset_class", "weights": ["stocks=70", "bonds=20", "cash=10"]})
    run("portfolio.tag", {"symbol": "SPY", "tags": ["core"]})
    run("portfolio.create", {"name": "Both", "accounts": ["Demo Brokerage", "Demo Retirement"]})
    run("portfolio.correct", {"number": 2, "note": "corrected"})
    before = contents(portfolio_app)
    shown = [run(f"portfolio.{verb}").rows() for verb in ("holdings", "returns", "targets", "lots")]
    assert sum(map(len, before.values())) > 500
    run("store.backup")
    run("portfolio.demo_remove")
    run("portfolio.target_clear", {"by": "asset_class"})
    run("portfolio.account_create", {"name": "After"})
    assert contents(portfolio_app) != before
    run("store.restore")
    assert contents(portfolio_app) == before
    assert [run(f"portfolio.{verb}").rows() for verb in ("holdings", "returns", "targets", "lots")] == shown


# A full disk

FULL = """
import resource, signal, sys
from datetime import UTC, datetime
from pathlib import Path
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
from terminal.app import App
from terminal.errors import DiskFull
from terminal.paths import Home
from tests.crash.booker import HEAD
folder = Path(sys.argv[1])
app = App(Home(folder), demo=False, clock=lambda: datetime(2026, 11, 20, 22, tzinfo=UTC))
app.run("portfolio.account_create", {"name": "Main"})
app.run("portfolio.add", {"account": "Main", "kind": "deposit", "amount": "500", "note": "kept"})
lines = [f'"01/02/2024","Buy","AAA","LINE {n} {n * 7919}","{n + 1}","$10.00","","-${(n + 1) * 10}.00"' for n in range(20000)]
(folder / "big.csv").write_text("\\n".join([HEAD, *lines]))
room = max(file.stat().st_size for file in folder.rglob("*.duckdb*")) + 300_000
resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
try:
    app.run("portfolio.import", {"file": folder / "big.csv", "account": "Main"})
except DiskFull as problem:
    print("told:", problem.sentence())
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
app.close()
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="limits on the size of files are POSIX")
def test_a_full_disk_is_told_and_an_import_is_then_not_half_booked(live_home: Home, clock: Clock) -> None:
    asked = [sys.executable, "-c", FULL, str(live_home.path)]
    done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("told: ") and "no room left on the disk" in done.stdout
    app = App(live_home, demo=False, clock=clock)
    try:
        rows = app.run("portfolio.transactions").rows()
        assert [(row["kind"], row["amount"], row["note"]) for row in rows] == [("deposit", 500.0, "kept")]
        assert app.run("portfolio.imports").rows() == []
    finally:
        app.close()


# A kill


def killed(home: Path, seconds: float, first: int, least: int) -> list[tuple[str, int]]:
    """Let the booker run until it acknowledged so much, and a while longer; what it had acknowledged when it was killed."""
    said, complained = home.parent / "said.txt", home.parent / "complained.txt"
    with said.open("wb") as out, complained.open("wb") as err:
        asked = [sys.executable, "-m", "tests.crash.booker", str(home), str(first)]
        child = subprocess.Popen(asked, cwd=ROOT, stdout=out, stderr=err)
        try:
            deadline = time.monotonic() + 100
            while said.read_bytes().count(b"\n") < least:
                assert child.poll() is None and time.monotonic() < deadline, complained.read_text()
                time.sleep(0.002)
            time.sleep(seconds)
            assert child.poll() is None, complained.read_text()
        finally:
            child.kill()
            child.wait()
    whole = said.read_text().rpartition("\n")[0]
    return [(what, int(number)) for what, number in (line.split() for line in whole.splitlines())]


@pytest.mark.crash
@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is POSIX")
def test_kills_lose_no_booking_import_or_entry(live_home: Home, clock: Clock) -> None:
    chance = random.Random(11)
    acknowledged: dict[str, set[int]] = defaultdict(set)
    first = 0
    for turn in range(5):
        for what, number in killed(live_home.path, chance.uniform(0.0, 0.3), first, least=2 + 5 * turn):
            acknowledged[what].add(number)
            first = max(first, number + 1)
        app = App(live_home, demo=False, clock=clock)
        try:
            check(app, acknowledged)
        finally:
            app.close()
    assert len(acknowledged["deposit"]) > 10 and len(acknowledged["import"]) > 2 and len(acknowledged["decision"]) > 10


def check(app: App, acknowledged: dict[str, set[int]]) -> None:
    """Everything acknowledged is there, nothing is there by halves, and what is derived fits."""
    read = app.store.book.read
    booked = book.transactions(read)
    deposits = {int(one.amount) for one in booked if one.kind == "deposit"}
    assert acknowledged["deposit"] <= deposits
    imported: dict[str, int] = defaultdict(int)
    for one in booked:
        if one.kind == "buy":
            imported[one.symbol or ""] += 1
    assert set(imported.values()) <= {LINES}, "a file is booked as a whole or not at all"
    assert {f"T{number:05d}" for number in acknowledged["import"]} <= set(imported)
    runs = app.run("portfolio.imports").rows()
    assert len(runs) == len(imported) and all(run["booked"] == LINES for run in runs)
    decisions = read("SELECT e.symbol FROM journal.entries e JOIN journal.versions v USING (id)")["symbol"].to_list()
    assert {f"T{number:05d}" for number in acknowledged["decision"]} <= set(decisions)
    assert read("SELECT count(*) AS n FROM journal.entries WHERE id NOT IN (SELECT id FROM journal.versions)")["n"][0] == 0
    names = {row["name"] for row in app.run("journal.playbooks").rows()}
    assert {f"Book {number}" for number in acknowledged["playbook"]} <= names
    tags = read("SELECT DISTINCT symbol FROM portfolio.label_versions")["symbol"].to_list()
    assert {f"T{number:05d}" for number in acknowledged["tag"]} <= set(tags)
    held = {row["symbol"]: float(row["quantity"]) for row in read("SELECT symbol, quantity FROM portfolio.held").to_dicts()}
    assert held == {symbol: float(count) for (_, symbol), count in replay(booked).quantities().items()}
    keys = read("SELECT count(*) AS n FROM portfolio.keys WHERE booking_id NOT IN (SELECT id FROM portfolio.versions)")["n"][0]
    assert keys == 0
