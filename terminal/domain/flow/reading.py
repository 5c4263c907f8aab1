"""Option trades in a CSV file: by our own column names, or by those that Databento, Unusual Whales and OPRA exports use."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import polars as pl

from terminal.domain.flow.prints import OPTION_TRADES
from terminal.domain.options import contracts
from terminal.domain.schemas import UTC

if TYPE_CHECKING:
    from terminal.domain.schemas import Validated

# Our name to what others call it, the first found counts.
_NAMES: dict[str, tuple[str, ...]] = {
    "id": ("id", "trade_id", "sequence"),
    "contract": ("contract", "option_symbol", "option_chain_id", "occ_symbol", "raw_symbol", "option", "ticker", "symbol"),
    "at": ("at", "executed_at", "ts_event", "ts_recv", "sip_timestamp", "timestamp", "time"),
    "price": ("price", "trade_price"),
    "size": ("size", "quantity", "contracts"),
    "bid": ("bid", "nbbo_bid", "bid_px_00", "best_bid"),
    "ask": ("ask", "nbbo_ask", "ask_px_00", "best_ask"),
    "exchange": ("exchange", "publisher_id", "venue"),
    "conditions": ("conditions", "trade_code", "upstream_condition_detail", "sale_condition"),
    "underlying_price": ("underlying_price", "spot", "stock_price"),
    "iv": ("iv", "implied_volatility"),
    "delta": ("delta",),
    "volume": ("volume",),
    "open_interest": ("open_interest", "oi"),
}
_NEEDED = ("contract", "at", "price", "size")
_SCALES = (("ns", 10**17, 1_000), ("us", 10**14, 1), ("ms", 10**11, -1_000))


def read_csv(data: bytes, source: str = "file") -> Validated:
    """OPTION_TRADES of a file: what can be used, and what is refused, with the reason.

    Times are ISO texts with an offset (without one they are UTC) or whole numbers of ns, us, ms or s since 1970. Raises
    ValueError, which names the missing column, for a file that is none.
    """
    try:
        table = pl.read_csv(io.BytesIO(data), infer_schema=False, truncate_ragged_lines=True)
    except pl.exceptions.PolarsError as error:
        raise ValueError(f"it is no CSV file: {error}") from error
    there = {name.strip().lower(): name for name in table.columns}
    found = {name: there[next(each for each in others if each in there)]
             for name, others in _NAMES.items() if any(each in there for each in others)}  # fmt: skip
    if missing := [name for name in _NEEDED if name not in found]:
        raise ValueError(f"it has no column {missing[0]} (nor {', '.join(_NAMES[missing[0]][1:])})")
    rows = table.select(pl.col(column).str.strip_chars().alias(name) for name, column in found.items())
    names = {text: contracts.parse(text) for text in rows["contract"].drop_nulls().unique()}
    known = [(text, contracts.build(each), each.expiry, each.strike, each.right, contracts.underlying_of(each.root))
             for text, each in names.items() if each is not None]  # fmt: skip
    facts = pl.DataFrame(known, orient="row", schema={"contract": pl.String, "_name": pl.String, "expiry": pl.Date,
                                                      "strike": pl.Float64, "right": pl.String, "symbol": pl.String})  # fmt: skip
    numbers = [name for name in found if OPTION_TRADES.columns[name] == pl.Float64]
    made = rows.join(facts, on="contract", how="left", maintain_order="left").with_columns(
        pl.col("_name").alias("contract"), _moment().alias("at"), pl.col("size").cast(pl.Float64, strict=False).cast(pl.Int64),
        *(pl.col(name).cast(pl.Float64, strict=False) for name in numbers),
        pl.lit(source).alias("source"),
    )  # fmt: skip
    fallback = pl.concat_str(pl.lit("row "), pl.int_range(pl.len()) + 1)
    own = pl.coalesce("id", fallback) if "id" in found else fallback
    return OPTION_TRADES.validate(made.with_columns(own.alias("id")))


def _moment() -> pl.Expr:
    text = pl.col("at")
    number = text.cast(pl.Int64, strict=False)
    scaled = number * 1_000_000
    for _, least, factor in _SCALES[::-1]:
        scaled = pl.when(number > least).then(number // factor if factor > 0 else number * -factor).otherwise(scaled)
    iso = text.str.replace(" ", "T", literal=True).str.replace(r"Z$", "+00:00")
    with_offset = pl.when(iso.str.contains(r"[+-]\d{2}:?\d{2}$")).then(iso).otherwise(iso + "+00:00")
    written = with_offset.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%:z", time_unit="us", strict=False).dt.convert_time_zone("UTC")
    return pl.when(number.is_not_null()).then(scaled.cast(UTC)).otherwise(written)
