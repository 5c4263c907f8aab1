"""What a refresh brought, counted by dataset, and what it could not bring, in sentences."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import polars as pl

from terminal.domain.sourced import Column

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from terminal.providers.base import Failure
    from terminal.store.landing import Saved

COUNTS = {
    "fresh": "Up to date",
    "asked": "Asked",
    "rows": "Rows stored",
    "repaired": "Repaired",
    "refused": "Refused",
    "failed": "Failed",
}
COLUMNS = (Column("dataset", "Data"), *(Column(name, title, "integer", "count") for name, title in COUNTS.items()))


@dataclass(slots=True)
class Tally:
    """What one run brought of one dataset."""

    asked: set[str] = field(default_factory=set)
    fresh: int = 0
    rows: int = 0
    refused: int = 0
    repaired: int = 0
    failed: set[str] = field(default_factory=set)


class Tallies:
    """Filled by several threads."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._of: dict[str, Tally] = {}
        self._failures: list[Failure] = []
        self._missing: dict[str, set[str]] = {}

    def fresh(self, dataset: str, count: int) -> None:
        """So many symbols needed nothing."""
        with self._guard:
            self._one(dataset).fresh += count

    def asked(self, dataset: str, symbols: Iterable[str]) -> None:
        """These were asked for."""
        with self._guard:
            self._one(dataset).asked.update(symbols)

    def saved(self, dataset: str, saved: Saved) -> None:
        """This became of an answer."""
        with self._guard:
            tally = self._one(dataset)
            tally.rows += saved.rows
            tally.refused += saved.refused
            tally.repaired += saved.repaired

    def failed(self, failure: Failure) -> None:
        """This could not be had."""
        with self._guard:
            self._failures.append(failure)
            self._one(failure.dataset).failed.update(failure.symbols)

    def missing(self, provider: str, symbols: Iterable[str]) -> None:
        """These the provider does not know."""
        with self._guard:
            self._missing.setdefault(provider, set()).update(symbols)

    @property
    def unknown(self) -> bool:
        """Whether a symbol was unknown to whoever was asked."""
        return bool(self._missing)

    def sentences(self, titles: Mapping[str, str], stored: Collection[str]) -> list[str]:
        """What could not be had, each reason once, with the symbols concerned; a stored symbol is not misspelt."""
        reasons: dict[str, tuple[Failure, dict[str, None]]] = {}
        for failure in self._failures:
            _, symbols = reasons.setdefault(failure.reason(), (failure, {}))
            symbols.update(dict.fromkeys(failure.symbols))
        lines = [replace(failure, symbols=tuple(symbols)).sentence() for failure, symbols in reasons.values()]
        for provider, unanswered in self._missing.items():
            if missing := sorted(unanswered - set(stored)):
                lines.append(
                    f"{titles.get(provider, provider)} does not know {names(missing)}. "
                    "Check the spelling with `tapeline market search TEXT`."
                )
        return lines

    def frame(self) -> pl.DataFrame:
        """A row a dataset, with the columns of `COLUMNS`."""
        rows = [
            (name, tally.fresh, len(tally.asked), tally.rows, tally.repaired, tally.refused, len(tally.failed))
            for name, tally in sorted(self._of.items())
        ]
        schema = {column.name: pl.String if column.type == "text" else pl.Int64 for column in COLUMNS}
        return pl.DataFrame(rows, schema=schema, orient="row")

    def _one(self, dataset: str) -> Tally:
        return self._of.setdefault(dataset, Tally())


def names(symbols: Sequence[str]) -> str:
    """The first three, and how many more."""
    return ", ".join(symbols[:3]) + (f" and {len(symbols) - 3} more" if len(symbols) > 3 else "")
