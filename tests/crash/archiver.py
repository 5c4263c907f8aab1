"""Archives chains for ever and says on standard output which snapshots are acknowledged. A test runs and kills it."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from terminal.store import Store
from tests.store.test_archive import snapshot, source

FIRST = datetime(2026, 11, 2, 15, 0, tzinfo=UTC)
STRIKES = 200


def moment(number: int) -> datetime:
    """Of a snapshot: four a day, so that most of them replace one."""
    return FIRST + timedelta(days=number // 4, minutes=30 * (number % 4))


def main(folder: Path) -> None:
    now = FIRST + timedelta(days=1)
    store = Store(folder / "market.duckdb", folder / "book.duckdb", folder / "backups", clock=lambda: now,
                  publish=lambda *_: None)  # fmt: skip
    number = store.archive.snapshots("SPY").height
    os.write(1, b"ready\n")
    while True:
        at = moment(number)
        store.archive.save_chain(snapshot("SPY", at, strikes=STRIKES, volume=float(number)), source(at))
        store.archive.save_raw("test", "flow", [str(number)], at)
        os.write(1, f"{number}\n".encode())
        number += 1
        if number % 7 == 0:
            store.archive.database.checkpoint().result()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
