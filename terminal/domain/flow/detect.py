"""Events in a feed of option trades, batch by batch: sweeps, blocks, spreads, openings, repeated hits, each with its side.

A *burst* is a run of prints of one contract on one side of the quote with short pauses. What a burst is depends on the order in
which prints arrived and on nothing else: cutting the feed into other batches finds the same events, bit for bit. That holds
because prints wait until no earlier one can come any more (`Settings.late`), because a burst is told once nothing can be added
to it, and because sums are of whole numbers.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from terminal.domain.flow import events
from terminal.domain.flow.kernels import first_of_each
from terminal.domain.flow.prints import MULTIPLIER, OPTION_TRADES
from terminal.domain.flow.settings import KINDS

if TYPE_CHECKING:
    from datetime import datetime

    from terminal.domain.flow.settings import Settings

_BIT = {kind: 1 << place for place, kind in enumerate(KINDS)}
_TICK = 10_000
"""Prices are summed as whole ten-thousandths of the currency's unit."""
_MOST_IDS = 200
_DAY = 86_400_000_000
_WORKED = {"_us": pl.Int64, "_side": pl.UInt8, "_flags": pl.UInt8, "_legs": pl.Boolean, "_money": pl.Int64, "_day": pl.Int64}


class Detector:
    """Feed it frames of OPTION_TRADES in the order in which they came; it answers with the events that are complete.

    An event is complete `gap` + `late` after its last print; `advance` says what time it is where prints have become rare,
    `finish` that none will come. `late` counts prints that came too late to be looked at, `cancelled` those taken back by
    their code, `repeated` those that came twice. `totals` are the sums of the day by symbol, right and side. Not for
    several threads at once.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.prints = self.late = self.cancelled = self.repeated = 0
        self._high = -(1 << 62)
        self._flags: dict[str, int] = {}
        self._waiting = _worked(OPTION_TRADES.empty(), settings, self._flags)
        self._volume: dict[tuple[str, int], int] = {}
        self._hits: dict[tuple[str, int], deque[int]] = {}
        self._totals = _totals(self._waiting)

    @property
    def totals(self) -> pl.DataFrame:
        """symbol, right, side, premium, size, prints of everything that was looked at so far."""
        return self._totals.with_columns(
            pl.col("side").replace_strict(dict(enumerate(events.SIDES)), return_dtype=pl.String),
            pl.col("premium") * (MULTIPLIER / _TICK),
        )  # fmt: skip

    def feed(self, trades: pl.DataFrame) -> pl.DataFrame:
        """Events that are complete now (columns of `events.complete`), by time."""
        if trades.is_empty():
            return events.empty()
        self.prints += trades.height
        fresh = _worked(trades, self.settings, self._flags)
        moments = fresh["_us"].to_numpy()
        seen = np.maximum.accumulate(np.concatenate(([self._high], moments)))
        on_time = moments >= seen[:-1] - self.settings.late
        valid = (fresh["_flags"].to_numpy() & _BIT["cancelled"]) == 0
        self.late += int((~on_time).sum())
        self.cancelled += int((on_time & ~valid).sum())
        self._high = int(seen[-1])
        return self._told(fresh.filter(pl.Series(on_time & valid)))

    def advance(self, now: datetime) -> pl.DataFrame:
        """Events that are complete because no print older than `now` is on its way any more."""
        self._high = max(self._high, int(now.timestamp() * 1_000_000))
        return self._told(self._waiting.clear())

    def finish(self) -> pl.DataFrame:
        """The events that were still open. The detector can go on afterwards, with a gap in time."""
        if not self._waiting.is_empty():
            last = int(self._waiting["_us"].max())  # type: ignore[arg-type]
            self._high = max(self._high, last + self.settings.late + self.settings.longest + 1)
        return self._told(self._waiting.clear())

    def _told(self, fresh: pl.DataFrame) -> pl.DataFrame:
        waiting = pl.concat([self._waiting, fresh]) if fresh.height else self._waiting
        if waiting.is_empty():
            return events.empty()
        if fresh.height:
            waiting = self._once(waiting)
        border = self._high - self.settings.late  # nothing older can come any more
        waiting = self._counted(_paired(_in_time(waiting), self.settings), border)
        key, at = _keys(waiting), waiting["_us"].to_numpy()
        order = np.argsort(key, kind="stable")
        at = at[order]
        first = first_of_each(key[order], at, self.settings.gap, self.settings.longest)
        begin = np.flatnonzero(first)
        end = np.append(begin[1:], len(key))
        over = (at[end - 1] + self.settings.gap < border) | (at[begin] + self.settings.longest < border)
        closed = np.zeros(len(key), dtype=np.bool_)
        closed[order] = np.repeat(over, end - begin)
        self._waiting = waiting.filter(pl.Series(~closed))
        if not over.any():
            return events.empty()
        self._totals = pl.concat([self._totals, _totals(waiting.filter(pl.Series(closed)))]).group_by(
            "symbol", "right", "side").sum()  # fmt: skip
        return self._events(waiting, order, begin[over], end[over])

    def _once(self, waiting: pl.DataFrame) -> pl.DataFrame:
        """Without prints that came twice; those of sources that number none are all different."""
        numbered = pl.col("id").is_not_null() & (pl.col("id") != "")
        kept = waiting.filter(~numbered | pl.struct("source", "id").is_first_distinct())
        self.repeated += waiting.height - kept.height
        return kept

    def _counted(self, waiting: pl.DataFrame, border: int) -> pl.DataFrame:
        """With the contract's volume so far at each print that nothing earlier can precede any more."""
        settled = waiting.filter((pl.col("_us") < border) & (pl.col("_day") == 0))
        if settled.is_empty():
            return waiting
        traded = settled.select("contract", (pl.col("_us") // _DAY).alias("_date"), "size")
        state = traded.select("contract", "_date").unique(maintain_order=True)
        before = [self._volume.get(each, 0) for each in state.iter_rows()]
        state = state.with_columns(pl.Series("_before", before, dtype=pl.Int64))
        day = ["contract", "_date"]
        sums = traded.join(state, on=day, how="left", maintain_order="left").select(
            *day, (pl.col("size").cum_sum().over(day) + pl.col("_before")).alias("_so_far"))  # fmt: skip
        today = int(sums["_date"].max())  # type: ignore[arg-type]
        if self._volume and next(reversed(self._volume))[1] < today - 1:
            self._volume = {key: volume for key, volume in self._volume.items() if key[1] >= today - 1}
        for name, date, volume in sums.group_by(day, maintain_order=True).agg(pl.col("_so_far").last()).iter_rows():
            self._volume[name, date] = volume
        there = waiting["_day"].to_numpy().copy()
        there[(waiting["_us"].to_numpy() < border) & (there == 0)] = sums["_so_far"].to_numpy()
        return waiting.with_columns(pl.Series("_day", there))

    def _events(self, waiting: pl.DataFrame, order: Any, begin: Any, end: Any) -> pl.DataFrame:
        """One row for each burst of enough premium; burst n are the rows order[begin[n]:end[n]]."""
        money = np.concatenate(([0], np.cumsum(waiting["_money"].to_numpy()[order])))
        large = (money[end] - money[begin]) / _TICK * MULTIPLIER >= self.settings.least_premium
        begin, length = begin[large], (end - begin)[large]
        if not len(begin):
            return events.empty()
        number = np.repeat(np.arange(len(begin)), length)
        inside = np.arange(len(number)) - np.repeat(np.cumsum(length) - length, length)
        rows = waiting[order[begin[number] + inside]].with_columns(pl.Series("_burst", number), *_counts())
        found = rows.group_by("_burst", maintain_order=True).agg(_SUMMARY).with_columns(_MEANS).sort("_us", "_burst")
        parts = found.select("contract", "_side", "_first", "_us", "premium", "source", "_id").rows()
        repeats = [self._repeats(contract, side, start, last, paid) for contract, side, start, last, paid, _, _ in parts]
        names = events.event_ids("prints", ((source, contract, side, start, number)
                                            for contract, side, start, _, _, source, number in parts))  # fmt: skip
        made = found.with_columns(pl.Series("repeats", repeats, dtype=pl.Int64), pl.Series("id", names, dtype=pl.String))
        hit = pl.when(pl.col("repeats") > 0).then(pl.lit("repeated"))
        return events.complete(made.with_columns(
            pl.lit("prints").alias("input"),
            pl.col("_side").replace_strict(dict(enumerate(events.SIDES)), return_dtype=pl.String).alias("side"),
            pl.concat_list(*_marks(self.settings), hit).list.drop_nulls().alias("marks"),
        )).sort("at", "id")  # fmt: skip

    def _repeats(self, contract: str, side: int, start: int, last: int, premium: float) -> int:
        """How many bursts of this contract and side came just before, and remember this one."""
        if premium < self.settings.repeat_premium or side > 1:
            return 0
        hits = self._hits.setdefault((contract, side), deque())
        while hits and hits[0] < start - self.settings.repeat:
            hits.popleft()
        hits.append(last)
        return len(hits) - 1


def sides(trades: pl.DataFrame, near: float) -> pl.Series:
    """0 ask, 1 bid, 2 mid, 3 unknown (`events.SIDES`): where each print lies between the quotes beside it.

    At the ask: at or above it, or within `near` of the spread below it. Without a quote, or with a crossed one, it is unknown.
    """
    bid, ask, price = pl.col("bid"), pl.col("ask"), pl.col("price")
    width = ask - bid
    usable = (ask > 0) & (bid >= 0) & (width >= 0)
    return trades.select(
        pl.when(~usable.fill_null(False)).then(3)
        .when(width == 0).then(pl.when(price > ask).then(0).when(price < bid).then(1).otherwise(2))
        .when(price >= ask - near * width).then(0)
        .when(price <= bid + near * width).then(1)
        .otherwise(2).cast(pl.UInt8).alias("_side")
    )["_side"]  # fmt: skip


def _worked(trades: pl.DataFrame, settings: Settings, known: dict[str, int]) -> pl.DataFrame:
    """Prints with what the loop needs; `known` keeps what each text of conditions was found to say."""
    texts = trades["conditions"].fill_null("")
    for text in texts.unique():
        if text not in known:
            known[text] = settings.flags(text)
    return trades.select(*OPTION_TRADES.columns).with_columns(
        pl.col("at").dt.epoch("us").alias("_us"),
        sides(trades, settings.near),
        texts.replace_strict(list(known), list(known.values()), return_dtype=pl.UInt8).alias("_flags") if known
        else pl.lit(0, dtype=pl.UInt8).alias("_flags"),
        pl.lit(False).alias("_legs"),
        ((pl.col("price") * _TICK).round().cast(pl.Int64) * pl.col("size")).alias("_money"),
        pl.lit(0, dtype=pl.Int64).alias("_day"),
    )  # fmt: skip


def _paired(waiting: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Mark prints of different contracts of one underlying, exchange and size in the same moment: legs of a spread."""
    candidates = waiting.with_row_index("_row").filter((pl.col("size") >= settings.legs_size) & pl.col("exchange").is_not_null())
    together = candidates.group_by("symbol", "exchange", "size", pl.col("_us") // settings.legs).agg(
        pl.col("_row"), pl.col("contract").n_unique().alias("_n")).filter(pl.col("_n") > 1)  # fmt: skip
    if together.is_empty():
        return waiting
    marked = np.zeros(waiting.height, dtype=np.bool_)
    marked[together["_row"].explode().to_numpy()] = True
    return waiting.with_columns(pl.col("_legs") | pl.Series(marked))


def _in_time(waiting: pl.DataFrame) -> pl.DataFrame:
    moments = waiting["_us"].to_numpy()
    return waiting if (moments[1:] >= moments[:-1]).all() else waiting.sort("_us", maintain_order=True)


def _keys(waiting: pl.DataFrame) -> Any:
    """A number for each contract and side."""
    code = pl.col("contract").cast(pl.Categorical).to_physical().cast(pl.Int64)
    return waiting.select(code * 4 + pl.col("_side"))["contract"].to_numpy()


def _totals(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.group_by("symbol", "right", pl.col("_side").alias("side")).agg(
        pl.col("_money").sum().alias("premium"), pl.col("size").sum(), pl.len().cast(pl.Int64).alias("prints"))  # fmt: skip


def _counts() -> list[pl.Expr]:
    """Contracts of each print that were a leg, a sweep and so on: sums of these are quicker than filters in each group."""
    spread = ((pl.col("_flags") & (_BIT["multileg"] | _BIT["stock"])) != 0) | pl.col("_legs")
    kinds = [(((pl.col("_flags") & bit) != 0) * pl.col("size")).alias(f"_{kind}") for kind, bit in _BIT.items()]
    return [*kinds, (spread * pl.col("size")).alias("_spread"), (pl.col("_legs") * pl.col("size")).alias("_paired")]


_SUMMARY = [
    *(pl.col(name).first() for name in ("source", "symbol", "contract", "expiry", "strike", "right", "_side", "bid", "ask")),
    *(pl.col(name).last() for name in ("underlying_price", "iv", "delta", "open_interest")),
    pl.col("at").first().alias("started"), pl.col("at").last(), pl.col("_us").first().alias("_first"), pl.col("_us").last(),
    pl.col("id").first().alias("_id"),
    *(pl.col(name).sum() for name in ("_money", "size", "_spread", "_paired", *(f"_{kind}" for kind in KINDS))),
    pl.len().cast(pl.Int64).alias("prints"), pl.col("exchange").unique().alias("_places"), pl.col("size").max().alias("largest"),
    pl.col("volume").max(), pl.col("_day").max(),
    pl.col("id").alias("trade_ids"),
]  # fmt: skip
_MEANS = [
    # One operation each: what is divided twice is rounded by where in the column it stands.
    (pl.col("_money") / (pl.col("size") * _TICK)).alias("price"),
    (pl.col("_money") * (MULTIPLIER / _TICK)).alias("premium"),
    (pl.col("_spread") / pl.col("size")).alias("legs_share"),
    pl.coalesce("volume", pl.col("_day").cast(pl.Float64)).alias("volume"),
    pl.col("_places").list.drop_nulls().list.len().cast(pl.Int64).alias("exchanges"),
    pl.col("trade_ids").list.head(_MOST_IDS).list.drop_nulls(),
]  # fmt: skip


def _marks(settings: Settings) -> list[pl.Expr]:
    """A word for each thing the burst was; spreads when at least half of it was traded as legs."""
    half = pl.col("size") / 2
    wide = (pl.col("exchanges") >= settings.sweep_exchanges) | ((pl.col("exchanges") >= 2) & (pl.col("_sweep") >= half))
    spread = (pl.col("_multileg") >= half) | (pl.col("_paired") >= half)
    worth = pl.col("largest") * pl.col("price") * MULTIPLIER
    block = (pl.col("largest") >= settings.block_size) & (worth >= settings.block_premium)
    told = {"sweep": wide & ~spread, "block": block, "multileg": spread, "stock leg": pl.col("_stock") >= half,
            "floor": pl.col("_floor") >= half}  # fmt: skip
    return [pl.when(test).then(pl.lit(word)) for word, test in told.items()]
