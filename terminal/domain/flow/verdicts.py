"""What the next morning's open interest says about a flag: opened, closed, unclear, or not to be told yet.

Open interest is counted once a night: what is stated on a day is of the close before. A contract's change over a session is the
sum over its trades of +size (both sides opened), 0 (one opened, one closed) or -size (both closed). So the change never says
more than a bound: of V contracts traded with F of them flagged, the flagged ones opened at least `change - (V - F)`.
Flags of one contract and day share one change; they are judged together, by the sum of their sizes (at most the day's volume,
since a snapshot flag counts the contracts of a print flag once more). Where the flagged ones were a small part of the volume and
the bound says nothing, the change is that of others, and the verdict is unclear.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping

VERDICTS = ("opened", "closed", "unclear", "waiting", "expired", "unknown")
SHARE = 0.5
"""The change must be at least this part of what was flagged to call it opened or closed."""
LEAST_PART = 0.25
"""Flagged contracts must be at least this part of the volume, unless the bound alone is enough."""
_ROLL = 0.5
_MOVED = 0.02


def judge(flags: pl.DataFrame, interest: pl.DataFrame, expiries: pl.DataFrame) -> pl.DataFrame:
    """A verdict for each flag.

    `flags`: id, symbol, contract, expiry, day, size. `interest`: contract, day (of the flag), before (open interest stated on
    that day), after (stated on the session after it), stated_on (of `after`), volume (of the flag's session); what is not
    known is null or absent. `expiries`: symbol, expiry, day, contracts, moved (how many of them have another open interest
    than before): where hardly any has moved, the night's count is not published yet.
    Columns: id, verdict, change, flagged (contracts flagged in all), flags (how many shared it), volume, opened_least,
    closed_least (bounds; null where unknown), before, after, stated_on, reason.
    """
    shared = flags.group_by("contract", "day").agg(pl.col("size").sum().alias("flagged"), pl.len().alias("flags"))
    frame = (
        flags.join(shared, on=["contract", "day"], how="left", maintain_order="left")
        .join(interest, on=["contract", "day"], how="left", maintain_order="left")
        .join(expiries, on=["symbol", "expiry", "day"], how="left", maintain_order="left")
        .with_columns(
            (pl.col("after") - pl.col("before")).alias("change"),
            pl.min_horizontal("flagged", pl.max_horizontal("volume", "size")).alias("flagged"),
        )
    )
    other = (pl.col("volume") - pl.col("flagged")).clip(lower_bound=0)
    frame = frame.with_columns(
        (pl.col("change") - other).clip(lower_bound=0).alias("opened_least"),
        (-pl.col("change") - other).clip(lower_bound=0).alias("closed_least"),
    )
    rolls = _rolls(frame)
    told = [_verdict(row, rolls) for row in frame.to_dicts()]
    columns = ("id", "change", "flagged", "flags", "volume", "opened_least", "closed_least", "before", "after", "stated_on")
    return frame.select(columns).with_columns(
        pl.Series("verdict", [verdict for verdict, _ in told], dtype=pl.String),
        pl.Series("reason", [reason for _, reason in told], dtype=pl.String),
    )


def _rolls(frame: pl.DataFrame) -> Mapping[tuple[Any, ...], list[tuple[str, float]]]:
    """By symbol, day and right: the flagged contracts with their changes, to find one given up for another."""
    found: dict[tuple[Any, ...], list[tuple[str, float]]] = {}
    sides = pl.col("contract").str.extract(r"\d{6}([CP])\d{8}$", 1).alias("right")
    parts = frame.select("symbol", "day", sides, "contract", "change").drop_nulls().unique(maintain_order=True)
    for symbol, day, right, name, change in parts.iter_rows():
        found.setdefault((symbol, day, right), []).append((name, change))
    return found


def _verdict(row: Mapping[str, Any], rolls: Mapping[tuple[Any, ...], list[tuple[str, float]]]) -> tuple[str, str]:
    if row["expiry"] <= row["day"]:
        return "expired", "It expired on the day it was traded: no open interest is counted after that."
    if row["stated_on"] is None:
        return "waiting", "The open interest of the session after it is not archived yet."
    if row["stated_on"] >= row["expiry"]:
        return "expired", "It had expired before its open interest was counted again."
    if row["before"] is None or row["after"] is None:
        return "unknown", "Its open interest is not stated on one of the two days."
    if row["contracts"] and row["contracts"] >= 5 and row["moved"] < _MOVED * row["contracts"]:
        return "waiting", (f"Of {row['contracts']} contracts of its expiry {row['moved']} have another open interest: "
                           "the count is old.")  # fmt: skip
    change, flagged, volume = row["change"], row["flagged"], row["volume"]
    together = f"{row['flags']} flags with {flagged:,.0f} contracts together" if row["flags"] > 1 else f"{flagged:,.0f} flagged"
    numbers = f"Open interest went from {row['before']:,.0f} to {row['after']:,.0f} ({change:+,.0f}); {together}"
    numbers += f", {volume:,.0f} traded that day." if volume is not None else "; how many were traded that day is not known."
    numbers += _rolled(row, rolls)
    verdict, bound = ("opened", row["opened_least"]) if change > 0 else ("closed", row["closed_least"])
    if bound is not None and bound >= SHARE * flagged:
        return verdict, f"{numbers} At least {min(bound, flagged):,.0f} of the flagged ones must have been {verdict}."
    if abs(change) < SHARE * flagged:
        return "unclear", f"{numbers} Less than half of them either way: opened and closed again, or passed on."
    if volume is None or flagged < LEAST_PART * volume:
        return "unclear", f"{numbers} They were a small part of what was traded: the change can be that of others."
    return verdict, f"{numbers} Most likely {verdict}; the others traded that day could also have done it."


def _rolled(row: Mapping[str, Any], rolls: Mapping[tuple[Any, ...], list[tuple[str, float]]]) -> str:
    """A flagged contract of the same day that changed about as much the other way."""
    change = row["change"]
    for name, other in rolls.get((row["symbol"], row["day"], row["contract"][-9:-8]), []):
        if name != row["contract"] and change * other < 0 and abs(change + other) <= _ROLL * max(abs(change), abs(other)):
            return f" {name} changed by {other:+,.0f} on the same day: this may be a roll."
    return ""
