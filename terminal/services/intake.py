"""What one response brought, on its way into the store: repaired where that is certain, refused where it is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from terminal.domain.repair import repair_bars

if TYPE_CHECKING:
    from collections.abc import Sequence

    from terminal.domain.fetch import Fetch
    from terminal.providers.base import Answer
    from terminal.store import Store

# Of a quote's answer these are by-products, thinner than what their own endpoint says: they only fill what is empty.
_THIN = {"quotes": frozenset({"instruments"})}


@dataclass(frozen=True, slots=True)
class Intake:
    """Rows ready to be stored, the repairs made on them (symbol, at, reason, was, now) and the rows refused."""

    dataset: str
    frame: pl.DataFrame
    fetch: Fetch
    repairs: pl.DataFrame | None = None
    refused: pl.DataFrame | None = None

    @property
    def symbols(self) -> list[str]:
        """Whose rows these are."""
        return self.frame["symbol"].unique().sort().to_list() if "symbol" in self.frame.columns else []

    def save(self, store: Store) -> Any:
        """One transaction: fetch row, valid rows, repairs and refusals."""
        return store.market.save(self.dataset, self.frame, self.fetch, repairs=self.repairs, refused=self.refused)


def take_in(store: Store, answers: Sequence[Answer], asked: str) -> list[Intake]:
    """The answers of one request, checked against each other: prices against the splits and dividends beside them."""
    found = {answer.dataset: answer for answer in answers}
    result: list[Intake] = []
    for answer in answers:
        frame, repairs, refused = answer.frame, None, None
        if answer.dataset in _THIN.get(asked, ()):
            stored = store.market.read("instruments", columns=["symbol"])["symbol"]
            frame = frame.filter(~pl.col("symbol").is_in(stored.implode()))
        elif answer.dataset == "bars" and not frame.is_empty():
            splits = found["splits"].frame if "splits" in found else None
            dividends = found["dividends"].frame if "dividends" in found else None
            fixed = repair_bars(frame, splits=splits, dividends=dividends)
            frame, repairs, refused = fixed.frame, fixed.repairs, fixed.refused
        result.append(Intake(answer.dataset, frame, answer.fetch, repairs, refused))
    return result
