"""An event: trades of one option contract that belong together, whatever they were found in, and the words rules know it by.

Three inputs make events of one form: prints of a trade feed (`detect`), two snapshots of a chain (`snapshots`), and the alerts a
service words itself (`of_alerts`). What an input cannot know is null. An event says what was traded, never why: a call bought
at the ask can be a bet, a hedge, the leg of a spread or a position given up, and `lean` is only the first of these.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import polars as pl

from terminal.domain.fields import Field
from terminal.domain.flow.prints import MULTIPLIER
from terminal.domain.rules import Vocabulary
from terminal.domain.schemas import UTC

if TYPE_CHECKING:
    from collections.abc import Iterable

INPUTS = ("prints", "alert", "snapshot")
SIDES = ("ask", "bid", "mid", "unknown")
LEANS = ("up", "down", "none")
TAGS = ("sweep", "block", "multileg", "stock leg", "floor", "repeated", "opening", "likely opening")
_NEW_YORK = "America/New_York"

# `price` is the mean paid, `bid` and `ask` the quote at the first print; `at` the last print, `started` the first; `volume` the
# contract's that day so far, `open_interest` that of the close before; `largest` the largest single print; `trade_ids` the
# source's own. `doubt`: why its quote cannot be relied on, "" when it can.
EVENTS: dict[str, pl.DataType | type[pl.DataType]] = {
    "id": pl.String, "input": pl.String, "source": pl.String, "rule": pl.String, "symbol": pl.String, "contract": pl.String,
    "expiry": pl.Date, "strike": pl.Float64, "right": pl.String, "day": pl.Date, "started": UTC, "at": UTC, "side": pl.String,
    "price": pl.Float64, "bid": pl.Float64, "ask": pl.Float64, "size": pl.Float64, "premium": pl.Float64, "prints": pl.Int64,
    "exchanges": pl.Int64, "largest": pl.Float64, "legs_share": pl.Float64, "volume": pl.Float64, "open_interest": pl.Float64,
    "average_volume": pl.Float64, "average_days": pl.Int64, "repeats": pl.Int64, "underlying_price": pl.Float64,
    "iv": pl.Float64, "delta": pl.Float64, "doubt": pl.String, "marks": pl.List(pl.String), "trade_ids": pl.List(pl.String),
}
DERIVED: dict[str, pl.DataType | type[pl.DataType]] = {
    "volume_oi": pl.Float64, "size_oi": pl.Float64, "volume_average": pl.Float64, "days": pl.Int64, "otm": pl.Float64,
    "spread": pl.Float64, "tags": pl.List(pl.String), "lean": pl.String,
}


def _field(name: str, title: str, kind: str = "number", unit: str = "", decimals: int = 2, formula: str = "") -> Field:
    return Field(name, title, "flow", kind, unit, decimals, formula)  # type: ignore[arg-type]


FIELDS: dict[str, Field] = {each.name: each for each in (
    _field("symbol", "Ticker", "text"),
    _field("sector", "Sector", "text"),
    _field("contract", "Contract", "text"),
    _field("right", "Call or put", "text", formula="C or P"),
    _field("input", "Found in", "text", formula="prints, alert or snapshot"),
    _field("source", "Source", "text"),
    _field("rule", "The source's own rule", "text"),
    _field("side", "Side", "text", formula="where it traded in the quote: ask, bid, mid or unknown"),
    _field("lean", "Lean", "text", formula="up: calls at the ask or puts at the bid; down the other way; none otherwise"),
    _field("doubt", "Doubt", "text", formula="why the quote cannot be relied on"),
    _field("tags", "What it was", "list", formula=", ".join(TAGS)),
    _field("premium", "Premium", unit="currency", decimals=0, formula="price x size x 100"),
    _field("price", "Price paid", unit="currency", formula="mean of its prints, weighted by size"),
    _field("size", "Size", "integer", "count", 0, "contracts"),
    _field("largest", "Largest print", "integer", "count", 0, "contracts"),
    _field("prints", "Prints", "integer", "count", 0),
    _field("exchanges", "Exchanges", "integer", "count", 0),
    _field("repeats", "Repeated hits", "integer", "count", 0, "earlier bursts of the same contract and side within minutes"),
    _field("legs_share", "Part in spreads", unit="fraction", formula="contracts traded as legs / size"),
    _field("volume", "Volume", "integer", "count", 0, "contracts of the day so far"),
    _field("open_interest", "Open interest", "integer", "count", 0, "contracts open at the close before"),
    _field("average_volume", "Average volume", unit="count", decimals=0, formula="mean of up to 30 sessions before"),
    _field("average_days", "Sessions in the average", "integer", "", 0, "archived sessions the average is made of"),
    _field("volume_oi", "Volume / open interest", unit="x", decimals=1, formula="volume / open_interest"),
    _field("size_oi", "Size / open interest", unit="x", decimals=1, formula="size / open_interest"),
    _field("volume_average", "Volume / average", unit="x", decimals=1, formula="volume / average_volume"),
    _field("days", "Days to expiry", "integer", "days", 0, "calendar days"),
    _field("otm", "Out of the money", unit="fraction", decimals=1, formula="distance of the strike from the price, < 0 inside"),
    _field("strike", "Strike", unit="currency"),
    _field("spread", "Spread", unit="fraction", decimals=1, formula="(ask - bid) / middle"),
    _field("underlying_price", "Underlying", unit="currency"),
    _field("iv", "Volatility", unit="fraction", decimals=1, formula="implied, as the source states or we solve it"),
    _field("delta", "Delta"),
)}  # fmt: skip

VOCABULARY = Vocabulary(
    FIELDS,
    {"dte": "days", "oi": "open_interest", "ticker": "symbol", "moneyness": "otm", "notional": "premium"},
    {"right": ("C", "P"), "input": INPUTS, "side": SIDES, "lean": LEANS},
)


def empty() -> pl.DataFrame:
    """No events, with every column."""
    return pl.DataFrame(schema={**EVENTS, **DERIVED})


def complete(frame: pl.DataFrame) -> pl.DataFrame:
    """Events with all columns: absent ones null, `day` in exchange time, and what follows from the rest.

    Ratios are null where their base is unknown or zero. A trade larger than the open interest before it is tagged `opening`:
    not all of it can have closed positions. `likely opening`: so much is true of the day's volume only, or of what was traded
    between two snapshots, where it may be many trades for and against.
    """
    made = frame.select(
        (pl.col(name).cast(kind) if name in frame.columns else pl.lit(None, dtype=kind)).alias(name)
        for name, kind in EVENTS.items()
    ).with_columns(
        pl.coalesce("day", pl.col("at").dt.convert_time_zone(_NEW_YORK).dt.date()).alias("day"),
        pl.coalesce("started", "at").alias("started"),
        pl.col("doubt").fill_null(""),
        pl.col("marks").fill_null([]),
    )
    made = made.with_columns(pl.when(pl.col(name).is_finite()).then(pl.col(name)).alias(name)
                             for name, kind in EVENTS.items() if kind == pl.Float64)  # fmt: skip
    mid = (pl.col("bid") + pl.col("ask")) / 2
    away = pl.col("strike") / pl.col("underlying_price") - 1
    lifted = (pl.col("right") == "C") == (pl.col("side") == "ask")
    single = ~pl.col("marks").list.contains("multileg") & ~pl.col("marks").list.contains("stock leg")
    quoted = (pl.col("bid") > 0) & (pl.col("ask") >= pl.col("bid"))
    one_trade = (pl.col("size") > pl.col("open_interest")) & (pl.col("input") != "snapshot")
    certain = pl.when(one_trade.fill_null(False)).then(pl.lit("opening"))
    likely = pl.when((pl.col("volume") > pl.col("open_interest")).fill_null(False)).then(pl.lit("likely opening"))
    return made.with_columns(
        _ratio("volume", "open_interest").alias("volume_oi"),
        _ratio("size", "open_interest").alias("size_oi"),
        _ratio("volume", "average_volume").alias("volume_average"),
        (pl.col("expiry") - pl.col("day")).dt.total_days().alias("days"),
        pl.when(pl.col("underlying_price") > 0).then(pl.when(pl.col("right") == "C").then(away).otherwise(-away)).alias("otm"),
        pl.when(quoted).then((pl.col("ask") - pl.col("bid")) / mid).alias("spread"),
        pl.when(pl.col("side").is_in(["ask", "bid"]) & single).then(pl.when(lifted).then(pl.lit("up")).otherwise(pl.lit("down")))
        .otherwise(pl.lit("none")).alias("lean"),
        pl.concat_list("marks", certain, likely).list.drop_nulls().list.unique(maintain_order=True).alias("tags"),
    ).select(*EVENTS, *DERIVED)  # fmt: skip


def with_context(frame: pl.DataFrame, context: pl.DataFrame) -> pl.DataFrame:
    """The same events with what the archive knows of their contracts, where the source does not state it.

    `context`: contract, and of open_interest, average_volume, average_days what there is.
    """
    told = [name for name in ("open_interest", "average_volume", "average_days") if name in context.columns]
    joined = frame.drop(*DERIVED, strict=False).join(
        context.select("contract", *(pl.col(name).alias(f"_{name}") for name in told)), on="contract", how="left",
        maintain_order="left")  # fmt: skip
    return complete(joined.with_columns(pl.coalesce(name, f"_{name}").alias(name) for name in told))


def of_alerts(alerts: pl.DataFrame) -> pl.DataFrame:
    """Events of a service's own alerts (FLOW_ALERTS). The side is that of at least two thirds of the premium."""
    from terminal.domain.options import contracts

    names = {name: contracts.parse(name) for name in alerts["contract"].drop_nulls().unique()}
    known = [(name, each.expiry, each.strike, each.right) for name, each in names.items() if each is not None]
    facts = pl.DataFrame(known, schema={"contract": pl.String, "expiry": pl.Date, "strike": pl.Float64, "right": pl.String},
                         orient="row")  # fmt: skip
    share = {side: pl.col(f"{side}_premium") / pl.col("premium") >= 2 / 3 for side in ("ask", "bid")}
    told = pl.col("ask_premium").is_not_null() | pl.col("bid_premium").is_not_null()
    marks = pl.concat_list(pl.when(pl.col(name).fill_null(False)).then(pl.lit(name)) for name in
                           ("sweep", "floor", "multileg", "opening")).list.drop_nulls()  # fmt: skip
    made = alerts.filter(pl.col("contract").is_not_null()).join(facts, on="contract", maintain_order="left").with_columns(
        pl.coalesce("premium", pl.col("price") * pl.col("size") * MULTIPLIER).alias("premium"))  # fmt: skip
    return complete(made.with_columns(
        pl.lit("alert").alias("input"), marks.alias("marks"),
        pl.when(~pl.col("multileg")).then(0.0).alias("legs_share"),  # "with a spread" does not say how much of it
        pl.when(share["ask"]).then(pl.lit("ask")).when(share["bid"]).then(pl.lit("bid"))
        .when(told).then(pl.lit("mid")).otherwise(pl.lit("unknown")).alias("side"),
        pl.Series("id", event_ids("alert", made.select("source", "id").rows()), dtype=pl.String),
    ))  # fmt: skip


def event_ids(kind: str, rows: Iterable[tuple[object, ...]]) -> list[str]:
    """Twelve characters that name each event, the same whenever it is found again."""
    return [hashlib.blake2b(f"{kind}{row}".encode(), digest_size=6).hexdigest() for row in rows]


def _ratio(above: str, below: str) -> pl.Expr:
    return pl.when(pl.col(below) > 0).then(pl.col(above) / pl.col(below))
