"""What the user says of symbols: own tags, and classes that win over the market's. Each change is a further version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from terminal.domain.portfolio.classification import Labels

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    import polars as pl

    Read = Callable[..., pl.DataFrame]

_NEWEST = """SELECT symbol, tags, asset_class, sector, region FROM portfolio.label_versions
    QUALIFY row_number() OVER (PARTITION BY symbol ORDER BY version DESC) = 1 ORDER BY symbol"""


def labels(read: Read) -> dict[str, Labels]:
    """What stands, by symbol (of options, the underlying's)."""
    found = {row.pop("symbol"): row for row in read(_NEWEST).to_dicts()}
    made = {symbol: Labels(tuple(row.pop("tags")), **row) for symbol, row in found.items()}
    return {symbol: each for symbol, each in made.items() if each != Labels()}


def history(read: Read, symbol: str) -> list[Labels]:
    """Every version of what was said of a symbol, the oldest first."""
    frame = read("SELECT * FROM portfolio.label_versions WHERE symbol = ? ORDER BY version", (symbol,))
    return [Labels(tuple(row["tags"]), row["asset_class"], row["sector"], row["region"]) for row in frame.to_dicts()]


def say(tx: Any, symbol: str, said: Labels, now: datetime) -> None:
    """Let this be what is said of a symbol from now on; what was said before is kept."""
    version = len(history(tx.query, symbol)) + 1
    tx.execute("INSERT INTO portfolio.label_versions VALUES (?, ?, ?, ?, ?, ?, ?)",
               (symbol, version, now, list(said.tags), said.asset_class, said.sector, said.region))  # fmt: skip
