"""Scenarios kept in the book: a name, the shock and the trades as text. A change is a further version and can be taken back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from terminal.api import UserError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    import polars as pl

    Read = Callable[..., pl.DataFrame]

_NEWEST = """SELECT * FROM portfolio.scenario_versions
    QUALIFY row_number() OVER (PARTITION BY lower(name) ORDER BY version DESC) = 1 ORDER BY lower(name)"""


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is run again. `shock` and `trades` are as they were typed, "" for none."""

    name: str
    shock: str
    trades: str
    at: datetime
    version: int
    removed: bool = False


def scenarios(read: Read) -> tuple[Scenario, ...]:
    """Those that stand, by name."""
    return tuple(each for each in _all(read) if not each.removed)


def scenario(read: Read, name: str) -> Scenario:
    """One by its name in any case. Raises UserError for a name there is not."""
    found = {each.name.lower(): each for each in scenarios(read)}
    if one := found.get(name.strip().lower()):
        return one
    hint = f"There is: {', '.join(each.name for each in found.values())}." if found else "Save one with --save NAME."
    raise UserError(f"No scenario is called '{name}'.", hint)


def save(tx: Any, name: str, shock: str, trades: str, now: datetime, *, removed: bool = False) -> Scenario:
    """Write a further version. Raises UserError for a name that cannot be."""
    bare = " ".join(name.split())
    if not bare or len(bare) > 60:
        raise UserError(f"A scenario cannot be called '{name}'.", "Give it a name of up to 60 letters.")
    last = next((each for each in _all(tx.query) if each.name.lower() == bare.lower()), None)
    kept = Scenario(bare, shock, trades, now, 1 if last is None else last.version + 1, removed)
    tx.execute("INSERT INTO portfolio.scenario_versions VALUES (?, ?, ?, ?, ?, ?)",
               [kept.name, kept.version, kept.at, kept.shock, kept.trades, kept.removed])  # fmt: skip
    return kept


def take_back(tx: Any, name: str, now: datetime) -> Scenario:
    """Let it stand as it did before its last change; one that was not there before goes."""
    mine = "SELECT * FROM portfolio.scenario_versions WHERE lower(name) = lower(?) ORDER BY version"
    frame = tx.query(mine, [" ".join(name.split())])
    versions = [_made(row) for row in frame.to_dicts()]
    if not versions:
        raise UserError(f"No scenario is called '{name}'.", "`tapeline portfolio scenarios` lists them.")
    before = versions[-2] if len(versions) > 1 else None
    last = versions[-1]
    if before is None:
        return save(tx, last.name, last.shock, last.trades, now, removed=True)
    return save(tx, before.name, before.shock, before.trades, now, removed=before.removed)


def _all(read: Read) -> list[Scenario]:
    return [_made(row) for row in read(_NEWEST).to_dicts()]


def _made(row: dict[str, Any]) -> Scenario:
    return Scenario(row["name"], row["shock"], row["trades"], row["at"], row["version"], row["removed"])
