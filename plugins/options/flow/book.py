"""Flow in the book: what was flagged, by which recipe, with what evidence, and what the next mornings said.

Events can be found again only as long as prints and snapshots are kept, so the flagged ones are the user's record. A flag stays
as it was when it first fired; a snapshot event grows through its day, and the newest state of it stands.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from terminal.domain.sourced import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime

    import polars as pl

    from terminal.api import Context
    from terminal.domain.flow.recipes import Recipe

TABLE = "options.flow_events"
MOST_A_DAY = 400
"""Events kept of one day and input; those of most premium."""


def record(ctx: Context, flagged: pl.DataFrame, recipes: Sequence[Recipe], *, detection: str,
           evidence: Mapping[str, Mapping[str, Any]], hindsight: bool = False, simulated: bool = False) -> int:  # fmt: skip
    """Keep events with the column `recipes` (ids that flagged each) and what fired; how many events are new.

    `evidence` by event id: prints or snapshots behind it, kept as JSON. Quotes of what was doubted stay marked so.
    """
    import polars as pl

    from terminal.domain.flow.events import EVENTS

    if flagged.is_empty():
        return 0
    now = ctx.now()
    rank = pl.col("premium").rank("ordinal", descending=True).over("day", "input")
    kept = flagged.filter(rank.fill_null(MOST_A_DAY + 1) <= MOST_A_DAY)
    rows = kept.select(*EVENTS).with_columns(
        pl.lit(now).alias("recorded_at"), pl.lit(hindsight).alias("hindsight"), pl.lit(simulated).alias("simulated"),
        pl.lit(detection).alias("detection"),
        pl.Series("evidence", [json.dumps(plain(evidence.get(each, {}))) for each in kept["id"]], dtype=pl.String),
    )  # fmt: skip
    flags = _flags(kept, {each.id: each for each in recipes}, now)

    def write(tx: Any) -> int:
        with tx.view("arrived", rows.select("id")):
            old = tx.query('select e.id, e.recorded_at, e.hindsight, e."at" as old_at from options.flow_events e '
                           "semi join arrived a on a.id = e.id")  # fmt: skip
        joined = rows.join(old.rename({"recorded_at": "_then", "hindsight": "_was"}), on="id", how="left")
        newer = joined.filter(pl.col("old_at").is_null() | (pl.col("at") > pl.col("old_at")))
        newer = newer.with_columns(pl.coalesce("_then", "recorded_at").alias("recorded_at"),
                                   pl.coalesce("_was", "hindsight").alias("hindsight"))  # fmt: skip
        if newer.height:
            tx.upsert(TABLE, newer.select(rows.columns))
        with tx.view("fired", flags):
            tx.execute("insert into options.flow_flags select f.* from fired f anti join options.flow_flags g "
                       "on g.event_id = f.event_id and g.recipe = f.recipe")  # fmt: skip
        return int(rows.height - old.height)

    new: int = ctx.store.book.write(write)
    ctx.publish("book.changed", {"table": TABLE})
    return new


def _flags(kept: pl.DataFrame, recipes: Mapping[str, Recipe], now: datetime) -> pl.DataFrame:
    """A row an event and recipe; the clauses of all its events are judged at once."""
    import polars as pl

    rows: list[dict[str, Any]] = []
    for recipe in recipes.values():
        mine = kept.filter(pl.col("recipes").list.contains(recipe.id))
        if mine.is_empty():
            continue
        judged = recipe.rule.judge(mine)
        texts = [clause.text for clause in recipe.rule.clauses()]
        for place, event in enumerate(mine["id"]):
            told = [{"clause": text, "value": plain(value[place]), "held": held[place]}
                    for text, (held, value) in zip(texts, judged, strict=True)]  # fmt: skip
            rows.append({"event_id": event, "recipe": recipe.id, "title": recipe.title, "rule": recipe.rule.text,
                         "clauses": json.dumps(told), "flagged_at": now})  # fmt: skip
    names = ("event_id", "recipe", "title", "rule", "clauses")
    return pl.DataFrame(rows, schema={**dict.fromkeys(names, pl.String), "flagged_at": pl.Datetime("us", "UTC")})


def events(ctx: Context, *, symbols: Sequence[str] = (), start: date | None = None, end: date | None = None) -> pl.DataFrame:
    """Recorded events (columns of `events.complete`, `recipes`, `hindsight`, `simulated`), none after the context's day."""
    import polars as pl

    from terminal.domain.flow.events import DERIVED, EVENTS, complete

    until = min((day for day in (end, ctx.as_of) if day is not None), default=None)
    names = ", ".join(f'e."{name}"' for name in EVENTS)
    where, params = ["true"], []
    for test, value in (("e.day >= ?", start), ("e.day <= ?", until)):
        if value is not None:
            where.append(test)
            params.append(value)
    if symbols:
        where.append(f"e.symbol in ({', '.join('?' for _ in symbols)})")
        params.extend(symbols)  # type: ignore[arg-type]
    frame = ctx.store.book.read(
        f"select {names}, e.hindsight, e.simulated, list(f.recipe order by f.recipe) as recipes from options.flow_events e "
        f"left join options.flow_flags f on f.event_id = e.id where {' and '.join(where)} group by all", params)  # fmt: skip
    made = complete(frame)
    beside = frame.select("hindsight", "simulated", pl.col("recipes").cast(pl.List(pl.String)).list.drop_nulls())
    return pl.concat([made.select(*EVENTS, *DERIVED), beside], how="horizontal").sort("at", "id", descending=[True, False])


def evidence(ctx: Context, event_id: str) -> tuple[dict[str, Any], pl.DataFrame]:
    """What is kept behind an event, and its flags [recipe, title, rule, clauses, flagged_at]; empty for an unknown one."""
    found = ctx.store.book.read("select evidence from options.flow_events where id = ?", (event_id,))
    flags = ctx.store.book.read(
        "select recipe, title, rule, clauses, flagged_at from options.flow_flags where event_id = ? order by recipe", (event_id,))
    return (json.loads(found["evidence"][0]) if found.height else {}), flags


def verdicts(ctx: Context, event_ids: Iterable[str] | None = None) -> pl.DataFrame:
    """The newest verdict of each event that the context's day knows: none rests on an open interest stated later."""
    import polars as pl

    frame = ctx.store.book.read(
        "select * from options.flow_verdicts qualify row_number() over (partition by event_id order by judged_at desc) = 1")
    if ctx.as_of is not None:
        frame = frame.filter(pl.col("stated_on").is_null() | (pl.col("stated_on") <= ctx.as_of))
    return frame if event_ids is None else frame.filter(pl.col("event_id").is_in(list(event_ids)))


def save_verdicts(ctx: Context, judged: pl.DataFrame) -> int:
    """Write verdicts that say something else than the newest ones; how many."""
    import polars as pl

    columns = ("verdict", "change", "after", "reason")
    old = verdicts(ctx).select(pl.col("event_id").alias("id"), *(pl.col(name).alias(f"_{name}") for name in columns))
    same = pl.all_horizontal(pl.col(name).eq_missing(pl.col(f"_{name}")) for name in columns)
    fresh = judged.join(old, on="id", how="left").filter(~same).select(judged.columns)
    if fresh.is_empty():
        return 0
    rows = fresh.rename({"id": "event_id"}).with_columns(
        pl.lit(ctx.now()).alias("judged_at"), pl.col("flags").cast(pl.Int64))  # fmt: skip
    ctx.store.book.write(lambda tx: tx.upsert("options.flow_verdicts", rows))
    ctx.publish("book.changed", {"table": "options.flow_verdicts"})
    return rows.height
