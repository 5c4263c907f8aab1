"""Writes book rows for ever and says on standard output which are acknowledged. Run by test_kill, which kills it."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from terminal.api import Migration
from terminal.store import Store

STEPS = (Migration(name="0001", sql="create table crash.a (n bigint primary key, half integer);"
                                    "create table crash.b (n bigint, text varchar)"),)
ROWS = 20


def main(folder: Path) -> None:
    store = Store(folder / "market.duckdb", folder / "book.duckdb", folder / "backups", clock=lambda: datetime.now(UTC),
                  publish=lambda topic, payload: None, migrations={"crash": STEPS})
    number = int(store.book.read("select coalesce(max(n) + 1, 0) as n from crash.a")["n"][0])
    os.write(1, b"ready\n")
    while True:
        def write(tx, number=number):
            tx.execute("insert into crash.a values (?, 1)", (number,))
            for _ in range(ROWS):
                tx.execute("insert into crash.b values (?, 'x')", (number,))
            tx.execute("update crash.a set half = 2 where n = ?", (number,))

        store.book.write(write)
        os.write(1, f"{number}\n".encode())
        number += 1
        if number % 7 == 0:
            store.book.database.checkpoint().result()
        if number % 11 == 0:
            store.backup()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
