"""What one response brought, on its way into the store: repaired where that is certain, refused where it is not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import polars as pl

from terminal.domain.repair import HUNDRED_BAND, repair_history
from terminal.store.several import Part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from terminal.domain.fetch import Fetch
    from terminal.providers.base import Answer
    from terminal.store import Store

# So far may a service's clock be ahead of ours.
CLOCKS_APART = timedelta(minutes=10)
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
    complete: bool = True

    def part(self) -> Part | None:
        """What is to be stored. An empty answer is remembered; an empty by-product says nothing."""
        if self.frame.is_empty() and (self.refused is None or self.refused.is_empty()) and not self.complete:
            return None
        return Part(self.dataset, self.frame, self.fetch, self.repairs, self.refused, self.complete)


def take_in(store: Store, answers: Sequence[Answer], asked: str, brings: frozenset[str] = frozenset()) -> list[Intake]:
    """The answers of one request, checked against each other: prices against the splits and dividends beside them.

    Only the dataset asked for and what its request `brings` in full count as fetched; the rest are by-products.
    """
    whole = {asked, *brings}
    return [replace(each, complete=each.dataset in whole) for each in _checked(store, answers, asked)]


def _checked(store: Store, answers: Sequence[Answer], asked: str) -> list[Intake]:
    found = {answer.dataset: answer.frame for answer in answers}
    history = None
    if "bars" in found and not found["bars"].is_empty():
        history = repair_history(found["bars"], found.get("splits"), found.get("dividends"), _stored(store, found["bars"]))
    result: list[Intake] = []
    for answer in answers:
        if answer.dataset in _THIN.get(asked, ()):
            stored = store.market.read("instruments", columns=["symbol"])["symbol"]
            result.append(Intake(answer.dataset, answer.frame.filter(~pl.col("symbol").is_in(stored.implode())), answer.fetch))
        elif history is not None and answer.dataset in ("bars", "dividends"):
            part = history.bars if answer.dataset == "bars" else history.dividends
            result.append(Intake(answer.dataset, part.frame, answer.fetch, part.repairs, part.refused))
        elif answer.dataset == "quotes" and not answer.frame.is_empty():
            result.append(_quotes(store, answer))
        else:
            result.append(Intake(answer.dataset, answer.frame, answer.fetch))
    return result


def _stored(store: Store, bars: pl.DataFrame) -> pl.DataFrame:
    """Bars stored from before the new ones: they know at which level the price was."""
    first = bars["date"].min()
    assert isinstance(first, date)
    return store.market.read(
        "bars",
        bars["symbol"].unique().to_list(),
        start=first - timedelta(days=30),
        end=first,
        columns=["symbol", "date", "close"],
    )


def _quotes(store: Store, answer: Answer) -> Intake:
    """Quotes but those a hundred times off the last stored close, and those of a moment still to come."""
    symbols = answer.frame["symbol"].unique().to_list()
    last = store.market.read("bars", symbols, columns=["symbol", "close"], latest=True).select(
        "symbol", pl.col("close").alias("_close")
    )
    compared = answer.frame.join(last, on="symbol", how="left", maintain_order="left")
    distance = (pl.col("price") / pl.col("_close")).log().abs()
    off = (pl.col("_close") > 0) & (pl.col("price") > 0) & distance.is_between(*HUNDRED_BAND)
    ahead = pl.col("at") > answer.fetch.finished_at + CLOCKS_APART
    why = pl.when(ahead).then(pl.lit("a time still to come")).when(off).then(pl.lit("price 100 times off the last close"))
    marked = compared.with_columns(why.alias("reason")).drop("_close")
    return Intake(
        answer.dataset,
        marked.filter(pl.col("reason").is_null()).drop("reason"),
        answer.fetch,
        None,
        marked.filter(pl.col("reason").is_not_null()),
    )
