"""Writing the answers of several requests in one transaction: each keeps its own fetch row, the rows go in together.

A transaction costs the same whether it brings one company or twenty. What belongs to one dataset and one service is
therefore put into one frame, in which each row carries the `fetch_id` and the time of the request that brought it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from terminal.domain.schemas import DATASETS
from terminal.domain.schemas import UTC as UTC_TYPE
from terminal.store import known

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from terminal.domain.fetch import Fetch
    from terminal.domain.schemas import Schema
    from terminal.domain.sessions import Calendar

NUMBER, FETCHED = "fetch_id", "_fetched"
_PART = "_part"


@dataclass(frozen=True, slots=True)
class Part:
    """What one request brought of one dataset; as the arguments of `MarketStore.save`. An empty frame: the fetch is logged."""

    dataset: str
    frame: pl.DataFrame
    fetch: Fetch
    repairs: pl.DataFrame | None = None
    refused: pl.DataFrame | None = None
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Together:
    """Parts of one dataset and one service. `good` and `bad` carry `_part`, the place in `parts`, and `good` `known_at`."""

    schema: Schema
    parts: tuple[Part, ...]
    good: pl.DataFrame
    bad: pl.DataFrame

    def of(self, place: int) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The valid and the refused rows of one part."""
        mine = pl.col(_PART) == place
        return self.good.filter(mine).drop(_PART, FETCHED), self.bad.filter(mine).drop(_PART)

    def counts(self) -> list[tuple[int, int, int]]:
        """Rows, refused (here or by an earlier check), repaired of each part."""
        good, bad = (dict(frame[_PART].value_counts().iter_rows()) for frame in (self.good, self.bad))
        return [(good.get(at, 0), bad.get(at, 0) + _height(part.refused), _height(part.repairs))
                for at, part in enumerate(self.parts)]  # fmt: skip

    def refused_here(self) -> set[int]:
        """The places of the parts of which rows were refused here."""
        return set(self.bad[_PART].unique())

    def numbered(self, numbers: Sequence[int]) -> pl.DataFrame:
        """`good` with the `fetch_id` of each row."""
        by_part = pl.DataFrame({_PART: range(len(numbers)), NUMBER: numbers}, schema={_PART: pl.Int64, NUMBER: pl.Int64})
        return self.good.join(by_part, on=_PART, how="left", maintain_order="left")

    def fresh(self, numbers: Sequence[int], newest: pl.Expr) -> pl.DataFrame:
        """symbol, newest, fetched_at, fetch_id of what was answered in full, empty answers about one symbol included."""
        whole = [at for at, part in enumerate(self.parts) if part.complete]
        rows = self.numbered(numbers).filter(pl.col(_PART).is_in(whole))
        found = rows.group_by(pl.col(self.schema.key[0]).alias("symbol")).agg(
            newest.alias("newest"), pl.col(FETCHED).max().alias("fetched_at"), pl.col(NUMBER).max())
        told = set(found["symbol"])
        empty = {
            part.fetch.symbol: (part.fetch.symbol, None, part.fetch.finished_at, number)
            for part, number in zip(self.parts, numbers, strict=True)
            if part.complete and part.frame.is_empty() and part.fetch.symbol and part.fetch.symbol not in told
            and part.fetch.status in ("ok", "empty")
        }  # fmt: skip
        schema: dict[str, pl.DataType | type[pl.DataType]] = {
            "symbol": pl.String, "newest": UTC_TYPE, "fetched_at": UTC_TYPE, NUMBER: pl.Int64}  # fmt: skip
        extra = pl.DataFrame(list(empty.values()), schema=schema, orient="row")
        return pl.concat([found.select(pl.col(name).cast(kind) for name, kind in schema.items()), extra])


def _height(frame: pl.DataFrame | None) -> int:
    return 0 if frame is None else frame.height


def gather(parts: Sequence[Part], calendar: Calendar | None) -> Iterator[Together]:
    """The parts, put together by dataset and service and checked; in the order in which the datasets first occur."""
    groups: dict[tuple[str, str, int], list[Part]] = {}
    rounds: dict[tuple[str, str], list[set[tuple[object, ...]]]] = {}
    for part in parts:
        schema = DATASETS[part.dataset]
        keys = set(part.frame.select(schema.key).iter_rows()) if not part.frame.is_empty() else set()
        taken = rounds.setdefault((part.dataset, part.fetch.provider), [])
        # Two answers about the same row: the later one is a version of its own, not "the same row twice".
        at = next((number for number, others in enumerate(taken) if others.isdisjoint(keys)), len(taken))
        if at == len(taken):
            taken.append(set())
        taken[at] |= keys
        groups.setdefault((part.dataset, part.fetch.provider, at), []).append(part)
    for (dataset, _, _), members in groups.items():
        yield _together(DATASETS[dataset], tuple(members), calendar)


def _together(schema: Schema, parts: tuple[Part, ...], calendar: Calendar | None) -> Together:
    frames = [
        _shaped(schema, part.frame).with_columns(pl.lit(at, dtype=pl.Int64).alias(_PART))
        for at, part in enumerate(parts) if not part.frame.is_empty()
    ]  # fmt: skip
    empty = schema.empty().with_columns(pl.lit(None, dtype=pl.Int64).alias(_PART))
    rows = pl.concat([empty, *frames])
    checked = schema.validate(rows)
    owner = rows.select(*schema.key, _PART).unique(schema.key, keep="first")
    times = pl.DataFrame({_PART: range(len(parts)), FETCHED: [part.fetch.finished_at for part in parts]},
                         schema={_PART: pl.Int64, FETCHED: UTC_TYPE})  # fmt: skip
    good = checked.good.join(owner, on=schema.key, how="left", maintain_order="left").join(
        times, on=_PART, how="left", maintain_order="left")  # fmt: skip
    good = good.with_columns(known.known_at(schema.name, good, parts[0].fetch, calendar))
    bad = checked.refused.join(owner, on=schema.key, how="left", nulls_equal=True, maintain_order="left")
    return Together(schema, parts, good, bad)


def _shaped(schema: Schema, frame: pl.DataFrame) -> pl.DataFrame:
    """`frame` with the schema's columns, so that frames of several requests fit together. ValueError where that cannot be."""
    missing = [name for name in (*schema.key, *schema.required) if name not in frame.columns]
    if missing:
        raise ValueError(f"{schema.name}: column {missing[0]} is missing")
    try:
        return frame.select(
            (pl.col(name).cast(kind) if name in frame.columns else pl.lit(None, dtype=kind)).alias(name)
            for name, kind in schema.columns.items())  # fmt: skip
    except pl.exceptions.PolarsError as error:
        raise ValueError(f"{schema.name}: {error}") from error
