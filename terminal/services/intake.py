"""What one response brought, on its way into the store: repaired where that is certain, refused where it is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from terminal.domain.repair import repair_bars
from terminal.store.market import Saved

if TYPE_CHECKING:
    from collections.abc import Sequence

    from terminal.domain.fetch import Fetch
    from terminal.providers.base import Answer
    from terminal.store import Store

# Of a quote's answer these are by-products, thinner than what their own endpoint says: they only fill what is empty.
_THIN = {"quotes": frozenset({"instruments"})}


@dataclass(frozen=True, slots=True)
class Intake:
    """Rows ready to be stored, the repairs made on them (symbol, at, field, was, now, rule) and the rows refused."""

    dataset: str
    frame: pl.DataFrame
    fetch: Fetch
    repairs: pl.DataFrame | None = None
    refused: pl.DataFrame | None = None

    def save(self, store: Store) -> Saved:
        """One transaction: fetch row, valid rows, repairs and refusals. An empty answer is remembered, so it is not asked again."""
        if self.frame.is_empty() and (self.refused is None or self.refused.is_empty()):
            store.market.log(self.fetch)
            return Saved(0)
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
