"""What `store check` looks at: that each file opens, is whole, and holds nothing without a source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from terminal.domain.rivals import CONTESTS
from terminal.domain.schemas import DATASETS
from terminal.errors import StoreError, TerminalError
from terminal.store import backup
from terminal.store.connection import file_size
from terminal.store.sql import quoted

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from terminal.store.archive import ArchiveStore
    from terminal.store.book import BookStore
    from terminal.store.db import Database
    from terminal.store.market import MarketStore

# What was looked at, whether it is right (None: cannot be told), and one sentence.
Row = tuple[str, bool | None, str]
_BACKUP_AGE_DAYS = 8


def files(market: MarketStore | StoreError, book: BookStore | StoreError, market_path: Path, book_path: Path) -> list[Row]:
    """The checks of both files."""
    return _file("market", market, market_path, _market) + _file("book", book, book_path, _book)


def archive(part: ArchiveStore | StoreError, path: Path) -> list[Row]:
    """The checks of the archive."""
    return _file("archive", part, path, _archive)


def backups(folder: Path, now: datetime) -> Row:
    """Whether there is a recent copy of the book, and it opens."""
    present = backup.backups(folder)
    if not present:
        return "book backups", None, f"none yet in {folder}"
    newest = present[0]
    try:
        backup.check_copy(newest.path)
    except TerminalError as error:
        return "book backups", False, f"the newest cannot be used: {error.sentence()}"
    return ("book backups", (now - newest.at).days < _BACKUP_AGE_DAYS,
            f"{len(present)} in {folder}; the newest of {newest.at:%Y-%m-%d %H:%M} UTC ({newest.reason}) opens")


def _file(name: str, part: MarketStore | BookStore | ArchiveStore | StoreError, path: Path,
          more: Callable[[Database], list[Row]]) -> list[Row]:
    if isinstance(part, StoreError):
        return [(f"{name} opens", False, part.sentence())]
    rows: list[Row] = [(f"{name} opens", True, f"{path}, {file_size(path) / 1e6:,.1f} MB")]
    try:
        return rows + _whole(name, part.database) + more(part.database)
    except StoreError as error:
        return [*rows, (f"{name} is whole", False, error.sentence())]


def _whole(name: str, database: Database) -> list[Row]:
    """Read every block of every table, which verifies the checksum of each block."""
    columns = database.read("select schema_name, table_name, column_name from duckdb_columns() where not internal")
    tables = list(columns.group_by("schema_name", "table_name", maintain_order=True))
    for (schema, table), rows in tables:
        hashed = ", ".join(quoted(column) for column in rows["column_name"])
        database.read(f"select bit_xor(hash({hashed})) as h from {quoted(str(schema))}.{quoted(str(table))}")
    return [(f"{name} is whole", True, f"{len(tables)} tables read to the end")]


def _market(database: Database) -> list[Row]:
    counts = {name: database.read(f"select count(*) as n from {name}")["n"][0] for name in DATASETS}
    tables = [*DATASETS, *(f"{name}_superseded" for name in DATASETS), *(f"{name}_others" for name in CONTESTS)]
    every = " union all ".join(f"select fetch_id from {table}" for table in tables)
    orphans = database.read(f"select count(*) as n from ({every}) where fetch_id not in (select fetch_id from fetch_log)")["n"][0]
    doubled = []
    for name, schema in DATASETS.items():
        keys = ", ".join(map(quoted, schema.key))
        if not database.read(f"select 1 from {name} group by {keys} having count(*) > 1 limit 1").is_empty():
            doubled.append(name)
    refused = database.read("select count(*) as n from quarantine")["n"][0]
    return [
        ("market rows", True, ", ".join(f"{name} {n:,}" for name, n in counts.items() if n) or "none yet"),
        ("every row has its source", orphans == 0, f"{orphans:,} rows without a fetch"),
        ("no row twice", not doubled, f"doubled keys in {', '.join(doubled)}" if doubled else "each key once"),
        ("quarantine", True, f"{refused:,} rows refused and never shown; see `tapeline store quarantine`"),
    ]


def _book(database: Database) -> list[Row]:
    steps = database.read("select owner, count(*) as n from migrations group by owner order by owner")
    counts = database.read("select (select count(*) from watchlists where deleted_at is null) as lists, "
                           "(select count(*) from universes) as universes, (select count(*) from looks) as looks").row(0)
    return [("book version", True, ", ".join(f"{owner} {n}" for owner, n in steps.iter_rows())),
            ("book rows", True, "watchlists {}, imported lists {}, looks {}".format(*counts))]


def _archive(database: Database) -> list[Row]:
    days, symbols, rows = database.read("select count(*) as days, count(distinct symbol) as symbols, "
                                        "coalesce(sum(contracts), 0)::bigint as n from snapshots where last").row(0)
    kept = database.read("select count(*) as n from contract_days")["n"][0]
    lost = database.read("select (select count(*) from snapshots where fetch_id not in (select fetch_id from fetches)) "
                         "+ (select count(*) from (select distinct contract from contract_days) d "
                         "where d.contract not in (select id from contracts)) as n")["n"][0]
    doubled = database.read("select count(*) as n from (select symbol, day, session from snapshots where last "
                            "group by all having count(*) > 1)")["n"][0]
    return [
        ("archive rows", True, f"{rows:,} contract-days of {symbols:,} symbols in {days:,} snapshots"),
        ("every snapshot is whole", kept == rows, f"{kept:,} rows for {rows:,} contracts counted"),
        ("every snapshot has its source", lost == 0, f"{lost:,} without a request or a name"),
        ("one snapshot a day", doubled == 0, f"{doubled:,} days twice"),
    ]
