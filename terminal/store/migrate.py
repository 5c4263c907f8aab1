"""Named, ordered steps that bring a file to the program's present form.

Each step runs in one transaction together with the row that records it, so a kill leaves it done or not begun. Steps
belong to an owner: "core" for the program's own tables, else a plugin's id, whose tables live in the schema of that name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from terminal.errors import NewerStore, StoreError, TerminalError
from terminal.store.sql import table_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from terminal.store.db import Database
    from terminal.store.transaction import Transaction

CORE = "core"
_RECORD = """create table if not exists main.migrations (
    owner varchar not null, name varchar not null, position integer not null, applied_at timestamptz not null)"""


class Step(Protocol):
    """What a migration must have; `terminal.api.Migration` is one."""

    @property
    def name(self) -> str:
        """What the step is called; recorded, so it never changes."""
        ...

    @property
    def sql(self) -> str:
        """One or several statements."""
        ...


@dataclass(frozen=True)
class CoreStep:
    """One step of the program's own tables."""

    name: str
    sql: str


def pending(database: Database, owner: str, steps: Sequence[Step]) -> list[Step]:
    """The steps still to run. Raises NewerStore when the file holds steps this program does not know."""
    if database.read("select 1 from duckdb_tables() where schema_name = 'main' and table_name = 'migrations'").is_empty():
        return list(steps)
    done = database.read("select name from main.migrations where owner = ? order by position", (owner,))["name"].to_list()
    known = [step.name for step in steps]
    if unknown := [name for name in done if name not in known]:
        whose = "the program" if owner == CORE else f"the plugin '{owner}'"
        raise NewerStore(f"{database.path.name} was written by a newer version of {whose} (step '{unknown[0]}').",
                         "Update it and start again; the file was left as it is.")
    if done != known[:len(done)]:
        raise StoreError(f"The steps of '{owner}' recorded in {database.path.name} are in another order than in this program.",
                         "Restore a backup made by this version, or update the program.")
    return list(steps[len(done):])


def migrate(database: Database, owner: str, steps: Sequence[Step], now: datetime) -> int:
    """Run the steps still to run, each in its own transaction; how many there were.

    Raises StoreError naming the step that failed; the steps before it stay done, the failed one leaves nothing.
    """
    todo = pending(database, owner, steps)
    first = len(steps) - len(todo)
    for position, step in enumerate(todo, first):
        try:
            database.write(lambda tx, step=step, position=position: _run(tx, owner, step, position, now))  # type: ignore[misc]
        except TerminalError:
            raise
        except Exception as error:
            raise StoreError(f"Step '{step.name}' of '{owner}' failed on {database.path.name}: {error}",
                             "The file was left as it was before this step; report this, or go back to the version before.",
                             error) from error
    return len(todo)


def _run(tx: Transaction, owner: str, step: Step, position: int, now: datetime) -> None:
    tx.execute(_RECORD)
    schema = "main" if owner == CORE else table_name(owner)
    if schema != "main":
        tx.execute(f'create schema if not exists "{schema}"')
    tx.execute(f"set schema = '{schema}'")
    try:
        tx.execute(step.sql)
    finally:
        tx.execute("set schema = 'main'")
    tx.execute("insert into main.migrations values (?, ?, ?, ?)", (owner, step.name, position, now))
    tx.tables.clear()  # nobody can have read what was only now made
