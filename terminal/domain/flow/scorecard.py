"""What became of flags: the share in the flag's direction against all days of that share, and the option itself.

Bought or sold short at the open of the session after the flag, held to the close of the last of so many sessions, without
costs. The base rate is what the same share did over so many sessions from every day of the year before the flag, in the same
direction: a flag is worth something only beyond it. Flags of one symbol, recipe and direction that overlap count once, and
the interval resamples whole days of flags, because those of one day rise and fall together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from terminal.domain.base_rates import wilson

if TYPE_CHECKING:
    from collections.abc import Mapping

HORIZONS = (1, 5, 20)
DOUBT = 30
"""Means are drawn towards zero as if so many flags without any edge had been seen before."""
BASE_DAYS = 252
_LEAST_BASE = 60
_RESAMPLES = 1000
_LEAST_DAYS = 5
_OUTCOME: dict[str, pl.DataType | type[pl.DataType]] = {
    "id": pl.String, "recipe": pl.String, "symbol": pl.String, "contract": pl.String, "day": pl.Date, "lean": pl.String,
    "horizon": pl.Int64, "entry": pl.Float64, "move": pl.Float64, "result": pl.Float64, "base": pl.Float64,
    "base_rate": pl.Float64, "beyond": pl.Float64, "option": pl.Float64, "counts": pl.Boolean,
}


def outcomes(flags: pl.DataFrame, bars: pl.DataFrame, mids: pl.DataFrame) -> pl.DataFrame:
    """One row a flag, recipe and horizon.

    `flags`: id, recipe, symbol, contract, day, lean; `bars`: BARS, adjusted for splits; `mids`: contract, day, mid (of chains
    archived after the close). Columns: entry (the open bought at), move (of the share), result (move in the flag's direction,
    null without one), base and base_rate (mean result and share of rises of all days), beyond = result - base, option (change
    of the option's middle from the flag's day to the last day held; null where the archive has not both), counts (False for
    one that overlaps an earlier of the same symbol, recipe and direction). Null until the sessions have passed.
    """
    series = {symbol: (rows["date"].to_numpy().astype("datetime64[D]"), rows["open"].to_numpy(), rows["close"].to_numpy())
              for (symbol,), rows in bars.sort("date").group_by("symbol", maintain_order=True)}  # fmt: skip
    quoted = {(name, day): mid for name, day, mid in mids.select("contract", "day", "mid").drop_nulls().iter_rows()}
    held: dict[tuple[Any, ...], np.datetime64] = {}
    rows = []
    for flag in flags.sort("day", "id", "recipe").to_dicts():
        found = series.get(flag["symbol"])
        day = np.datetime64(flag["day"], "D")
        for horizon in HORIZONS:
            key = (flag["symbol"], flag["recipe"], flag["lean"], horizon)
            counts = key not in held or day >= held[key]
            told, until = _outcome(found, day, horizon, flag["lean"])
            if counts:
                held[key] = until if until is not None else np.datetime64("9999-12-31", "D")
            rows.append({**flag, "horizon": horizon, **told, "counts": counts, "option": _option(quoted, flag, until)})
    return pl.DataFrame(rows, schema=_OUTCOME) if rows else pl.DataFrame(schema=_OUTCOME)


def _outcome(found: Any, day: np.datetime64, horizon: int, lean: str) -> tuple[dict[str, float | None], Any]:
    """What the share did, and the last day held (None: not over yet, or no prices)."""
    nothing: dict[str, float | None] = dict.fromkeys(("entry", "move", "result", "base", "base_rate", "beyond"))
    if found is None:
        return nothing, None
    days, opens, closes = found
    first = int(np.searchsorted(days, day, side="right"))
    base, rate = _base(opens, closes, first, horizon, lean)
    if first >= len(days) or not opens[first] > 0:
        return {**nothing, "base": base, "base_rate": rate}, None
    told = {**nothing, "entry": float(opens[first]), "base": base, "base_rate": rate}
    last = first + horizon - 1
    if last >= len(days):
        return told, None
    move = float(closes[last] / opens[first] - 1)
    sign = {"up": 1.0, "down": -1.0}.get(lean)
    result = None if sign is None else sign * move
    beyond = None if result is None or base is None else result - base
    return {**told, "move": move, "result": result, "beyond": beyond}, days[last]


def _base(opens: Any, closes: Any, first: int, horizon: int, lean: str) -> tuple[float | None, float | None]:
    """Mean and share of gains in the flag's direction of every span of the year that was over before the flag."""
    sign = {"up": 1.0, "down": -1.0}.get(lean)
    end = first - horizon  # spans that end at or before the flag's day
    begin = max(0, end - BASE_DAYS)
    if sign is None or end - begin < _LEAST_BASE:
        return None, None
    bought, sold = opens[begin:end], closes[begin + horizon - 1:end + horizon - 1]
    results = sign * (sold[bought > 0] / bought[bought > 0] - 1)
    return float(results.mean()), float((results > 0).mean())


def _option(quoted: Mapping[tuple[str, Any], float], flag: Mapping[str, Any], until: Any) -> float | None:
    if until is None:
        return None
    before, after = quoted.get((flag["contract"], flag["day"])), quoted.get((flag["contract"], until.item()))
    return after / before - 1 if before and after is not None else None


def summed(found: pl.DataFrame) -> pl.DataFrame:
    """One row a recipe and horizon: how often the share went the flag's way, against all days, with n, shrinkage and interval.

    Columns: recipe, horizon, flags, n (counted and over), pending, overlapping, without_lean, hit_rate, hit_low, hit_high
    (90 %, Wilson), base_rate, mean, base, beyond, shrunk (beyond x n / (n + DOUBT)), low, high (90 % of `beyond`, from resampling
    days; null below 5 days), days, options (n), option_median, option_up.
    """
    rows = [{"recipe": recipe, "horizon": horizon, **_summary(mine)}
            for (recipe, horizon), mine in found.group_by("recipe", "horizon", maintain_order=True)]  # fmt: skip
    schema = {"recipe": pl.String, "horizon": pl.Int64, **_SUMMARY}
    return pl.DataFrame(rows, schema=schema).sort("recipe", "horizon") if rows else pl.DataFrame(schema=schema)


_SUMMARY: dict[str, pl.DataType | type[pl.DataType]] = {
    **dict.fromkeys(("flags", "n", "pending", "overlapping", "without_lean", "days"), pl.Int64),
    **dict.fromkeys(("hit_rate", "hit_low", "hit_high", "base_rate", "mean", "base", "beyond"), pl.Float64),
    **dict.fromkeys(("shrunk", "low", "high"), pl.Float64),
    "options": pl.Int64, "option_median": pl.Float64, "option_up": pl.Float64,
}  # fmt: skip


def _summary(mine: pl.DataFrame) -> dict[str, Any]:
    leaning = mine.filter(pl.col("lean") != "none")
    counted = leaning.filter("counts")
    known = counted.drop_nulls("result")
    compared = known.drop_nulls("beyond")
    options = counted.drop_nulls("option")["option"]
    n = known.height
    hits = int((known["result"] > 0).sum())
    hit_low, hit_high = wilson(hits / n, n) if n else (None, None)
    beyond = compared["beyond"].mean() if compared.height else None
    low, high = _interval(compared)
    return {
        "flags": mine.height, "n": n, "pending": counted.height - n, "overlapping": leaning.height - counted.height,
        "without_lean": mine.height - leaning.height, "days": compared["day"].n_unique(), "hit_rate": hits / n if n else None,
        "hit_low": hit_low, "hit_high": hit_high, "base_rate": known["base_rate"].mean(), "mean": known["result"].mean(),
        "base": compared["base"].mean(), "beyond": beyond,
        "shrunk": None if beyond is None else beyond * compared.height / (compared.height + DOUBT),  # type: ignore[operator]
        "low": low, "high": high, "options": len(options), "option_median": options.median(),
        "option_up": float((options > 0).mean()) if len(options) else None,  # type: ignore[arg-type]
    }  # fmt: skip


def _interval(compared: pl.DataFrame) -> tuple[float | None, float | None]:
    """90 % of the mean beyond the base rate, when days are drawn again with replacement."""
    by_day = compared.group_by("day").agg(pl.col("beyond").sum(), pl.len().alias("n")).sort("day")
    if by_day.height < _LEAST_DAYS:
        return None, None
    chance = np.random.default_rng(20)
    drawn = chance.integers(0, by_day.height, (_RESAMPLES, by_day.height))
    sums, counts = by_day["beyond"].to_numpy()[drawn].sum(1), by_day["n"].to_numpy()[drawn].sum(1)
    low, high = np.quantile(sums / counts, (0.05, 0.95))
    return float(low), float(high)
