"""Reading what each service said and when: every version, what lies beside what stands, and what was changed afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from terminal.domain.rivals import CONTESTS
from terminal.store import known
from terminal.store.sql import literal, quoted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from terminal.domain.schemas import Schema
    from terminal.store.db import Database


def versions(database: Database, schema: Schema, where: str, as_of: date | None = None) -> pl.DataFrame:
    """Every version of the rows `where` picks, each once with the whole span in which its service said so.

    The dataset's columns, fetch_id, provider, known_at, known_until (null: it still says so). In the order of the key.
    """
    columns = ", ".join(f"b.{quoted(name)}" for name in (*schema.columns, "fetch_id", "known_at"))
    end = None if as_of is None else literal(known.end_of_day(as_of))
    bound = "" if end is None else f" and known_at < {end}"

    def part(place: str, number: int) -> str:
        until = "b.known_until" if place else "null::timestamptz"
        return (f"select {columns}, {until} as known_until, {number} as _place, f.provider from {schema.name}{place} b "
                f"left join fetch_log f using (fetch_id) where {where}{bound}")

    places = ("_others", "", "_superseded") if schema.name in CONTESTS else ("", "_superseded")
    frame = database.read(" union all ".join(part(place, number) for number, place in enumerate(places)))
    key = list(schema.key)
    # Kept aside (the whole span) before newest before replaced; of several spans in which it stood, first and last count.
    spans = frame.sort("_place", "known_at").group_by("fetch_id", *key, maintain_order=True).agg(
        pl.exclude("known_at", "known_until", "_place").first(),
        pl.when(pl.col("_place").first() == 0).then(pl.col("known_at").first()).otherwise(pl.col("known_at").min()),
        pl.when(pl.col("_place").first() < len(places) - 1).then(pl.col("known_until").first()).otherwise(
            pl.col("known_until").max()))
    if as_of is not None:
        over = pl.col("known_until") >= pl.lit(known.end_of_day(as_of)).cast(pl.Datetime("us", "UTC"))
        spans = spans.with_columns(pl.when(~over).then("known_until").alias("known_until"))
    return spans.sort(*key, "known_at", "fetch_id").select(*schema.columns, "fetch_id", "provider", "known_at", "known_until")


def beside(database: Database, schema: Schema, where: str, as_of: date | None = None) -> pl.DataFrame:
    """The statements beside what stands that their services make now (at the end of `as_of`), with `provider`."""
    columns = ", ".join(f"b.{quoted(name)}" for name in (*schema.columns, "fetch_id", "known_at"))
    same = " and ".join(f"s.{quoted(name)} = b.{quoted(name)}" for name in ("fetch_id", *schema.key))
    if as_of is None:
        alive, standing = "b.known_until is null", [f"from {schema.name} s where {same}"]
    else:
        end = literal(known.end_of_day(as_of))
        alive = f"b.known_at < {end} and (b.known_until is null or b.known_until >= {end})"
        standing = [f"from {schema.name} s where {same} and s.known_at < {end}",
                    f"from {schema.name}_superseded s where {same} and s.known_at < {end} and s.known_until >= {end}"]
    stands = " and ".join(f"not exists (select 1 {each})" for each in standing)
    return database.read(f"select {columns}, f.provider from {schema.name}_others b join fetch_log f using (fetch_id) "
                         f"where {where} and {alive} and {stands}").sort(schema.key)


def replaced(schema: Schema) -> str:
    """SQL that picks the rows of keys of which there is more than one version."""
    key = ", ".join(map(quoted, schema.key))
    mine = ", ".join(f"b.{quoted(name)}" for name in schema.key)
    return f"({mine}) in (select ({key}) from {schema.name}_superseded union select ({key}) from {schema.name}_others)"


def picked(column: str, symbols: Sequence[str] | None) -> str:
    """SQL that picks the rows `b` of these symbols; all without."""
    if symbols is None:
        return "true"
    return f"b.{quoted(column)} in ({', '.join(map(literal, symbols))})" if symbols else "false"


def confirmed(database: Database, schema: Schema, column: str, rows: pl.DataFrame) -> pl.DataFrame:
    """`rows` (with `provider`), each with the fetch that last brought it; `column` is the dataset's time."""
    entity = schema.key[0]
    last = database.read(
        f"select r.symbol as {quoted(entity)}, r.newest as _newest, r.provider as _by, r.fetch_id as _later from freshness r "
        "join fetch_log f using (fetch_id) where r.dataset = ? and f.rows > 0",
        (schema.name,),
    )
    rows = rows.join(last, on=entity, how="left", maintain_order="left")
    same = (pl.col("_later") > pl.col("fetch_id")) & (pl.col("_by") == pl.col("provider")) & (pl.col("_newest") == pl.col(column))
    return rows.with_columns(
        pl.when(same.fill_null(False)).then(pl.col("_later")).otherwise(pl.col("fetch_id")).alias("fetch_id")
    )
