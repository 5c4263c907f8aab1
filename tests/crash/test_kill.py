"""A kill at any moment loses no acknowledged row of the book and leaves no half transaction."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from terminal.store import Store
from tests.crash.writer import ROWS, STEPS

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


def killed_after(folder: Path, seconds: float, *, from_start: bool) -> list[int]:
    """Let a writer run, kill it, and return the numbers it had acknowledged.

    The seconds count from the start of the process, or else from its first acknowledged row.
    """
    said, complained = folder / "said.txt", folder / "complained.txt"
    with said.open("wb") as out, complained.open("wb") as err:
        child = subprocess.Popen([sys.executable, "-m", "tests.crash.writer", str(folder)], cwd=ROOT, stdout=out, stderr=err)
        try:
            deadline = time.monotonic() + 60
            while not from_start and said.read_bytes().count(b"\n") < 2:  # "ready" and a number
                assert child.poll() is None and time.monotonic() < deadline, complained.read_text()
                time.sleep(0.002)
            time.sleep(seconds)
            assert child.poll() is None, complained.read_text()
        finally:
            child.kill()
            child.wait()
    return [int(line) for line in said.read_text().splitlines() if line.isdigit()]


def run(folder: Path, kills: int) -> None:
    chance = random.Random(7)
    acknowledged: set[int] = set()
    for round_ in range(kills):
        # Every fifth kill falls into opening, creating the files or migrating.
        from_start = round_ % 5 == 0
        seconds = chance.uniform(0.3, 0.9) if from_start else chance.uniform(0.0, 0.35)
        acknowledged.update(killed_after(folder, seconds, from_start=from_start))
        store = Store(folder / "market.duckdb", folder / "book.duckdb", folder / "backups", clock=lambda: datetime.now(UTC),
                      publish=lambda topic, payload: None, migrations={"crash": STEPS})
        try:
            assert not store.refused
            whole = store.book.read("select a.n, a.half, count(b.n) as rows from crash.a a "
                                    "left join crash.b b using (n) group by all")
            assert store.book.read("select count(*) as n from crash.b where n not in (select n from crash.a)")["n"][0] == 0
        finally:
            store.close()
        assert set(whole["half"]) <= {2} and set(whole["rows"]) <= {ROWS}
        assert acknowledged <= set(whole["n"]), f"lost {sorted(acknowledged - set(whole['n']))}"
    assert len(acknowledged) > kills  # the writers did get somewhere


@pytest.mark.crash
@pytest.mark.slow  # of the whole program: tests/acceptance/test_store_acceptance.py
def test_six_kills_lose_nothing(tmp_path):
    run(tmp_path, 6)


@pytest.mark.crash
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_sixty_kills_lose_nothing(tmp_path):
    run(tmp_path, 60)
