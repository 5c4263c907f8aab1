"""The targets in the book: a set for each way to divide what is owned, for everything or for one account or portfolio.

A set is written as a whole; each change is a further version, so what stood before can be brought back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from plugins.portfolio import book
from terminal.domain.instruments import clean_sector
from terminal.domain.portfolio.allocation import CASH, Target

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    import polars as pl

    Read = Callable[..., pl.DataFrame]

EVERYTHING = ""
_NEWEST = """SELECT * FROM portfolio.target_versions
    QUALIFY row_number() OVER (PARTITION BY scope, taxonomy ORDER BY version DESC) = 1 ORDER BY taxonomy, scope"""


def scope(read: Read, names: Sequence[str]) -> str:
    """What targets belong to: one account or portfolio, or everything. Raises UserError for a name there is not."""
    if len(names) != 1:
        return EVERYTHING
    name = names[0].strip().lower()
    portfolio = next((each for each in book.portfolios(read) if each.lower() == name), None)
    return f"portfolio:{portfolio}" if portfolio else f"account:{book.account(read, names[0]).id}"


def scope_name(read: Read, kept: str) -> str:
    """The name of a scope as it is shown; "" for everything."""
    kind, _, rest = kept.partition(":")
    return rest if kind != "account" else next((each.name for each in book.accounts(read) if str(each.id) == rest), rest)


def all_sets(read: Read) -> dict[tuple[str, str], tuple[Target, ...]]:
    """Every set that stands, by scope and taxonomy."""
    return {(row["scope"], row["taxonomy"]): made for row in read(_NEWEST).to_dicts() if (made := _targets(row))}


def reasons(read: Read) -> dict[tuple[str, str], str]:
    """Why each set that stands was written, by scope and taxonomy."""
    return {(row["scope"], row["taxonomy"]): row["reason"] for row in read(_NEWEST).to_dicts() if row["keys"]}


def standing(read: Read, taxonomy: str, names: Sequence[str] = ()) -> tuple[Target, ...]:
    """The set for what is named, else that for everything; empty when there is none."""
    known = all_sets(read)
    return known.get((scope(read, names), taxonomy)) or known.get((EVERYTHING, taxonomy), ())


def history(read: Read, kept: str, taxonomy: str) -> list[tuple[Target, ...]]:
    """Every version of a set, the oldest first; an empty one was taken away."""
    frame = read("SELECT * FROM portfolio.target_versions WHERE scope = ? AND taxonomy = ? ORDER BY version", (kept, taxonomy))
    return [_targets(row) for row in frame.to_dicts()]


def write(tx: Any, kept: str, taxonomy: str, targets: Sequence[Target], now: datetime, reason: str = "") -> None:
    """Let this set stand from now on (none: there are no targets); what stood before is kept."""
    version = len(history(tx.query, kept, taxonomy)) + 1
    columns = ([each.key for each in targets], [each.weight for each in targets], [each.band for each in targets])
    tx.execute("INSERT INTO portfolio.target_versions VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
               (kept, taxonomy, version, now, *columns, reason))  # fmt: skip


def spelled(taxonomy: str, key: str) -> str:
    """A class as it is written everywhere."""
    if key == CASH:
        return key
    if taxonomy in ("symbol", "currency"):
        return key.upper()
    if taxonomy == "sector":
        return clean_sector(key) or key
    return key.lower() if taxonomy in ("tag", "asset_class") else key


def _targets(row: dict[str, Any]) -> tuple[Target, ...]:
    return tuple(Target(*each) for each in zip(row["keys"], row["weights"], row["bands"], strict=True))
