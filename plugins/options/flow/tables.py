"""Tables of the flow monitor: events, one event in full, leaders, verdicts, the scorecard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from plugins.options.flow.gathering import INPUTS, NOT_A_DIRECTION
from terminal.api import Column, Table
from terminal.domain import format as fmt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from plugins.options.flow.gathering import Found
    from terminal.api import Source

EVENTS = (
    Column("at", "Time", "datetime"),
    Column("symbol", "Ticker"),
    Column("what", "What was traded", term="flow_contract"),
    Column("side", "Side", term="flow_side"),
    Column("size", "Contracts", "number", "count", "flow_size", decimals=0),
    Column("premium", "Premium", "number", "USD", "flow_premium", decimals=0),
    Column("price", "Paid", "number", "USD", "flow_price", decimals=2, newbie=False),
    Column("volume_oi", "Volume / open", "number", "x", "flow_volume_oi", decimals=1),
    Column("volume_average", "Volume / average", "number", "x", "flow_volume_average", decimals=1, newbie=False),
    Column("lean", "Lean", term="flow_lean"),
    Column("days", "Days left", "integer", "days", "flow_days"),
    Column("otm", "Out of the money", "number", "fraction", "flow_otm", decimals=1, newbie=False),
    Column("iv", "Volatility", "number", "fraction", "option_iv", decimals=1, newbie=False),
    Column("tags", "Tags", "list", term="flow_tags", newbie=False),
    Column("recipes", "Recipes", "list", term="flow_recipe"),
    Column("found_in", "Found in", term="flow_input"),
    Column("verdict", "Next morning", term="flow_verdict"),
    Column("doubt", "Doubt", term="flow_doubt", newbie=False),
    Column("contract", "Contract", newbie=False),
    Column("id", "Event", newbie=False),
)
LEADERS = (
    Column("symbol", "Ticker"),
    Column("events", "Events", "integer", "count", "flow_event"),
    Column("premium", "Premium", "number", "USD", "flow_premium", decimals=0),
    Column("net", "Net premium", "number", "USD", "flow_net", decimals=0),
    Column("calls_ask", "Calls at the ask", "number", "USD", "flow_side", decimals=0, newbie=False),
    Column("calls_bid", "Calls at the bid", "number", "USD", "flow_side", decimals=0, newbie=False),
    Column("puts_ask", "Puts at the ask", "number", "USD", "flow_side", decimals=0, newbie=False),
    Column("puts_bid", "Puts at the bid", "number", "USD", "flow_side", decimals=0, newbie=False),
    Column("other", "Without a side", "number", "USD", "flow_other", decimals=0, newbie=False),
    Column("put_share", "Part in puts", "number", "fraction", "flow_put_share", decimals=0),
    Column("opening", "Opening", "integer", "count", "flow_opening", newbie=False),
    Column("largest", "Largest", "number", "USD", "flow_premium", decimals=0),
    Column("contract", "Its contract"),
    Column("doubtful", "In doubt", "integer", "count", "flow_doubt", newbie=False),
)
VERDICTS = (
    Column("day", "Day", "date"),
    Column("symbol", "Ticker"),
    Column("what", "What was traded", term="flow_contract"),
    Column("verdict", "Verdict", term="flow_verdict"),
    Column("size", "Contracts", "number", "count", "flow_size", decimals=0),
    Column("flagged", "Flagged in all", "number", "count", "flow_flagged", decimals=0, newbie=False),
    Column("flags", "Flags", "integer", "count", "flow_flagged", newbie=False),
    Column("volume", "Volume", "number", "count", "option_volume", decimals=0, newbie=False),
    Column("before", "Open before", "number", "count", "flow_before", decimals=0),
    Column("after", "Open after", "number", "count", "flow_after", decimals=0),
    Column("change", "Change", "number", "count", "flow_change", decimals=0),
    Column("opened_least", "Opened at least", "number", "count", "flow_bound", decimals=0, newbie=False),
    Column("closed_least", "Closed at least", "number", "count", "flow_bound", decimals=0, newbie=False),
    Column("stated_on", "Stated on", "date", newbie=False),
    Column("reason", "Why"),
    Column("recipes", "Recipes", "list", term="flow_recipe", newbie=False),
    Column("id", "Event", newbie=False),
)
SCORES = (
    Column("recipe", "Recipe", term="flow_recipe"),
    Column("horizon", "Sessions", "integer", "", "flow_horizon"),
    Column("n", "n", "integer", "count", "flow_n"),
    Column("hit_rate", "Went its way", "number", "fraction", "flow_hit_rate", decimals=0),
    Column("hit_low", "90 % from", "number", "fraction", "flow_hit_rate", decimals=0, newbie=False),
    Column("hit_high", "to", "number", "fraction", "flow_hit_rate", decimals=0, newbie=False),
    Column("base_rate", "All days", "number", "fraction", "flow_base", decimals=0),
    Column("mean", "Mean move its way", "number", "fraction", "flow_mean", decimals=2),
    Column("beyond", "Beyond all days", "number", "fraction", "flow_beyond", decimals=2, newbie=False),
    Column("shrunk", "After doubt", "number", "fraction", "flow_shrunk", decimals=2),
    Column("low", "90 % from ", "number", "fraction", "flow_interval", decimals=2, newbie=False),
    Column("high", "to ", "number", "fraction", "flow_interval", decimals=2, newbie=False),
    Column("days", "Days", "integer", "", "flow_n", newbie=False),
    Column("options", "Options", "integer", "count", "flow_option", newbie=False),
    Column("option_median", "Option, median", "number", "fraction", "flow_option", decimals=0),
    Column("option_up", "Option gained", "number", "fraction", "flow_option", decimals=0, newbie=False),
    Column("pending", "Not over", "integer", "count", "flow_pending", newbie=False),
    Column("overlapping", "Overlapping", "integer", "count", "flow_overlap", newbie=False),
    Column("without_lean", "Without lean", "integer", "count", "flow_lean", newbie=False),
    Column("flags", "Flags", "integer", "count", "flow_event", newbie=False),
)
_SIDES = {"ask": "at the ask", "bid": "at the bid", "mid": "in the middle", "unknown": "unknown"}


def shown(frame: pl.DataFrame, verdicts: pl.DataFrame | None = None) -> pl.DataFrame:
    """Events with the columns of `EVENTS`."""
    import polars as pl

    if verdicts is None or verdicts.is_empty():
        made = frame.with_columns(pl.lit(None, dtype=pl.String).alias("verdict"))
    else:
        made = frame.join(verdicts.select(pl.col("event_id").alias("id"), "verdict"), on="id", how="left", maintain_order="left")
    return made.with_columns(
        named().alias("what"), pl.col("input").replace_strict(INPUTS, default=pl.col("input")).alias("found_in")
    ).select(*(column.name for column in EVENTS))  # fmt: skip


def named() -> pl.Expr:
    """ "18 Dec 26 · 6000 call" """
    import polars as pl

    strike = pl.col("strike").round(3).cast(pl.String).str.replace(r"\.0$", "")
    right = pl.when(pl.col("right") == "C").then(pl.lit("call")).otherwise(pl.lit("put"))
    return pl.concat_str(pl.col("expiry").dt.strftime("%-d %b %y"), pl.lit(" · "), strike, pl.lit(" "), right)


def flow_table(found: Found, verdicts: pl.DataFrame, *, title: str, rows: pl.DataFrame) -> Table:
    """The list of events."""
    notes = (found.rests_on, NOT_A_DIRECTION, *found.failed)
    return Table(title, EVENTS, shown(rows, verdicts), found.sources, gaps(found), notes,
                 detail={"found": found, "events": rows})  # fmt: skip


def gaps(found: Found) -> tuple[str, ...]:
    """What could not be judged, and why."""
    told = [f"{count:,} contracts are left out: {reason}" for reason, count in
            sorted(found.left_out.items(), key=lambda each: -each[1])]  # fmt: skip
    silent = [each for each in found.fired if each.unknown and each.unknown == found.frame.height]
    told += [f"The recipe {each.recipe.id} cannot speak of what is here: its inputs do not state what it asks" for each in silent]
    return tuple(told)


def inputs_table(recorded: pl.DataFrame, snapshots: pl.DataFrame, *, feed: bool) -> Table:
    """What there is to rest on; `detail` has the counts by input."""
    import polars as pl

    counts = {name: (events, newest) for name, events, newest in recorded.iter_rows()}
    rows = [(INPUTS[name], *counts.get(name, (0, None))) for name in ("prints", "alert")]
    rows.append((INPUTS["snapshot"], snapshots.height, snapshots["at"].max()))
    columns = (Column("input", "Input"), Column("count", "How many", "integer", "count"), Column("newest", "Newest", "datetime"))
    frame = pl.DataFrame(rows, orient="row", schema={"input": pl.String, "count": pl.Int64, "newest": pl.Datetime("us", "UTC")})
    notes = ("Trades and alerts are counted as recorded events, snapshots as archived moments of a symbol.",
             "A trade feed is there." if feed else "No trade feed: it needs a key of Unusual Whales, or a file to import.")
    detail = {name: counts.get(name, (0, None))[0] for name in ("prints", "alert")} | {"snapshot": snapshots.height}
    return Table("What flow rests on", columns, frame, (), (), notes, detail=detail)


def leaders_table(found: Found, frame: pl.DataFrame, title: str) -> Table:
    """Premium by ticker, side and right."""
    notes = (found.rests_on, "Net premium: (calls at the ask - calls at the bid) - (puts at the ask - puts at the bid).",
             NOT_A_DIRECTION, *found.failed)  # fmt: skip
    return Table(title, LEADERS, frame.select(*(column.name for column in LEADERS)), found.sources, gaps(found), notes)


def verdicts_table(rows: pl.DataFrame, title: str, unknown: Sequence[str], sources: Sequence[Source] = ()) -> Table:
    """What the next mornings said."""
    notes = ("Open interest is counted at night: what is stated in the morning is of the close before.",
             "opened, closed: at least half of what was flagged, and it must be theirs, or they were a quarter of the volume.")
    made = rows.with_columns(named().alias("what")).select(*(column.name for column in VERDICTS))
    return Table(title, VERDICTS, made, tuple(sources), tuple(unknown), notes)


def scores_table(rows: pl.DataFrame, title: str, unknown: Sequence[str], doubt: int) -> Table:
    """How the flags of each recipe did."""
    notes = (
        "Bought (or sold short) at the open after the flag, held to the close of the last session, without costs. All days: the "
        "same share over as many sessions from every day of the year before, in the same direction.",
        f"After doubt: what is beyond all days, drawn to zero as if {doubt} flags without any edge had been seen before.",
        "Interval: 90 %, from drawing whole days again. A range that holds zero says nothing either way.",
        NOT_A_DIRECTION,
    )
    return Table(title, SCORES, rows.select(*(column.name for column in SCORES)), (), tuple(unknown), notes)


def card(title: str, parts: Sequence[tuple[str, str, Any, str, str]], notes: Sequence[str], detail: Mapping[str, Any]) -> Table:
    """One event in full: (part, title, value, text, why)."""
    import polars as pl

    columns = (Column("part", "Part", newbie=False), Column("title", "Figure"), Column("text", "As shown"),
               Column("value", "Value", "number", newbie=False), Column("why", "Note"))  # fmt: skip
    rows = [{"part": part, "title": name, "text": text, "why": why or None,
             "value": float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None}
            for part, name, value, text, why in parts]  # fmt: skip
    frame = pl.DataFrame(rows, schema={"part": pl.String, "title": pl.String, "text": pl.String, "value": pl.Float64,
                                       "why": pl.String})  # fmt: skip
    return Table(title, columns, frame, (), (), tuple(notes), detail=detail)


def side_words(side: str | None) -> str:
    """Where it traded, in words."""
    return _SIDES.get(side or "unknown", "unknown")


def money(value: float | None) -> str:
    """Dollars, without cents from a thousand on."""
    return "unknown" if value is None else fmt.money(value, "USD", 0 if abs(value) >= 1000 else 2)
