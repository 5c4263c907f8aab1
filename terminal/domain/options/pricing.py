"""A chain with everything worked out from it: forwards by parity, our own volatilities, Greeks, and which quotes may be used.

One moment of one symbol goes in (rows of CHAINS), one row a contract comes out. Whatever is unknown is null, never NaN.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from terminal.domain.options import contracts, greeks, implied_volatility, price_bounds, quality
from terminal.domain.schemas import UTC

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

GREEKS = ("delta", "gamma", "vega", "theta", "rho", "vanna", "charm", "vomma")
_NEAR = 0.15
_NAME = r"^([A-Z]+[0-9]?)\d{6}[CP]\d{8}$"


@dataclass(frozen=True)
class Priced:
    """`frame`: one row a contract; `expiries`: one row an expiry and root. The columns are listed in `price_chain`."""

    symbol: str
    at: datetime
    spot: float
    frame: pl.DataFrame
    expiries: pl.DataFrame


def price_chain(chain: pl.DataFrame, *, rate: Callable[[float], float], dividend: float = 0.0) -> Priced:
    """Forwards, volatilities and Greeks of a chain.

    `rate(years)` is the continuous zero rate, `dividend` a continuous yield for where parity says nothing. Columns of `frame`:
    symbol, at, contract, root, expiry, expires, settlement, american, days, years, strike, right, call, bid, ask, mid, last,
    volume, open_interest, spot, forward, rate, carry, moneyness = ln(strike / forward), usable, reasons, iv, iv_bid, iv_ask,
    iv_provider, iv_gap, theo and `GREEKS` in the units of `options.Greeks`. Of `expiries`: expiry, root, settlement, expires,
    days, years, forward, rate, carry, forward_from, atm_iv, usable, contracts. ValueError for a chain without rows or spot.
    """
    if chain.is_empty() or chain["underlying_price"].drop_nulls().is_empty():
        raise ValueError("a chain needs rows and the price of what it is on")
    symbol, at = chain["symbol"][0], chain["at"].max()
    spot = float(chain["underlying_price"].drop_nulls()[0])
    frame = _described(chain, at, spot)  # type: ignore[arg-type]
    terms = _expiries(frame, spot, rate, dividend)
    frame = frame.join(terms.select("expiry", "root", "forward", "rate", "carry"), on=["expiry", "root"], how="left")
    frame = _valued(frame.with_columns((pl.col("strike") / pl.col("forward")).log().alias("moneyness")))
    counted = frame.group_by("expiry", "root").agg(pl.col("usable").sum(), pl.len().alias("contracts"))
    levels = frame.filter("usable").group_by("expiry", "root").map_groups(_at_the_money)
    expiries = terms.join(counted, on=["expiry", "root"], how="left")
    if levels.is_empty():
        expiries = expiries.with_columns(pl.lit(None, dtype=pl.Float64).alias("atm_iv"))
    else:
        expiries = expiries.join(levels, on=["expiry", "root"], how="left")
    return Priced(symbol, at, spot, frame.sort("expiry", "root", "strike", "right"), expiries.sort("expiry", "root"))  # type: ignore[arg-type]


def _described(chain: pl.DataFrame, at: datetime, spot: float) -> pl.DataFrame:
    root = pl.col("contract").str.extract(_NAME, 1).fill_null(pl.col("symbol").str.strip_prefix("^"))
    frame = chain.rename({"iv": "iv_provider", "delta": "delta_provider"}).with_columns(
        root.alias("root"), pl.lit(spot).alias("spot")
    )
    kinds = [
        (root, day, contracts.expires_at(root, day), contracts.settlement(root, day), not contracts.european(root))
        for root, day in frame.select("root", "expiry").unique().rows()
    ]
    columns = {"root": pl.String, "expiry": pl.Date, "expires": UTC, "settlement": pl.String, "american": pl.Boolean}
    facts = pl.DataFrame(kinds, schema=columns, orient="row")
    seconds = (pl.col("expires") - pl.lit(at)).dt.total_microseconds() / 1e6
    quoted = (pl.col("bid") > 0) & (pl.col("ask") >= pl.col("bid"))
    return frame.join(facts, on=["root", "expiry"]).with_columns(
        (seconds / 86_400).alias("days"),
        (seconds / (365 * 86_400)).alias("years"),
        (pl.col("right") == "C").alias("call"),
        pl.when(quoted).then((pl.col("bid") + pl.col("ask")) / 2).alias("mid"),
    )


def _expiries(frame: pl.DataFrame, spot: float, rate: Callable[[float], float], dividend: float) -> pl.DataFrame:
    """Forward of each expiry: where call and put cost the same, by parity at the strikes near the money; else by the rate."""
    rows = []
    for (expiry, root), group in frame.group_by("expiry", "root"):
        years = float(group["years"][0])
        level = rate(max(years, 1 / 365))
        forward, from_ = _by_parity(group, spot, level, years)
        if forward is None:
            forward, from_ = spot * float(np.exp((level - dividend) * max(years, 0))), "rate and dividends"
        carry = level - float(np.log(forward / spot)) / years if years > 0 else dividend
        rows.append({"expiry": expiry, "root": root, "settlement": group["settlement"][0], "expires": group["expires"][0],
                     "days": float(group["days"][0]), "years": years, "forward": forward, "rate": level, "carry": carry,
                     "forward_from": from_})  # fmt: skip
    return pl.DataFrame(rows)


def _by_parity(group: pl.DataFrame, spot: float, rate: float, years: float) -> tuple[float | None, str]:
    if years <= 0:
        return None, ""
    near = group.filter((pl.col("mid").is_not_null()) & ((pl.col("strike") / spot - 1).abs() < _NEAR))
    pairs = (
        near.filter("call")
        .select("strike", call_mid="mid")
        .join(near.filter(~pl.col("call")).select("strike", put_mid="mid"), on="strike")
    )
    if pairs.height < 2:
        return None, ""
    grown = float(np.exp(rate * years))
    found = pairs.select((pl.col("strike") + grown * (pl.col("call_mid") - pl.col("put_mid"))).median()).item()
    return (float(found), f"parity of {pairs.height} strikes") if found and abs(found / spot - 1) < 0.5 else (None, "")


def _valued(frame: pl.DataFrame) -> pl.DataFrame:
    columns = ("spot", "strike", "years", "rate", "carry", "call", "american")
    terms = {"dividend" if name == "carry" else name: frame[name].to_numpy() for name in columns}
    terms["years"] = np.maximum(terms["years"], 0)
    least, most = price_bounds(**terms)
    frame = frame.with_columns(pl.Series("_least", least).fill_nan(None), pl.Series("_most", most).fill_nan(None))
    frame = frame.with_columns(quality.told(quality.reasons()).alias("reasons"))
    for name, seen in (("iv", "mid"), ("iv_bid", "bid"), ("iv_ask", "ask")):
        paid = np.where((frame["reasons"] == "").to_numpy(), frame[seen].cast(pl.Float64).fill_null(np.nan).to_numpy(), np.nan)
        frame = frame.with_columns(pl.Series(name, implied_volatility(paid, **terms)).fill_nan(None))
    frame = frame.with_columns(
        pl.when(pl.col("reasons") == "").then(quality.told(quality.solved())).otherwise("reasons").alias("reasons")
    )
    frame = frame.with_columns((pl.col("reasons") == "").alias("usable"))
    frame = frame.with_columns(pl.when("usable").then("iv").alias("iv"))
    found = greeks(**terms, volatility=frame["iv"].fill_null(np.nan).to_numpy())
    values = [pl.Series(name, getattr(found, name)).fill_nan(None) for name in GREEKS]
    return frame.with_columns(pl.Series("theo", found.price).fill_nan(None), *values,
                              (pl.col("iv") - pl.col("iv_provider")).alias("iv_gap")).drop("_least", "_most")  # fmt: skip


def _at_the_money(group: pl.DataFrame) -> pl.DataFrame:
    """The volatility at the forward: between the two strikes around it, each the mean of its call and put."""
    strikes = group.group_by("strike").agg(pl.col("iv").mean(), pl.col("forward").first()).sort("strike")
    forward = strikes["forward"][0]
    level = float(np.interp(forward, strikes["strike"].to_numpy(), strikes["iv"].to_numpy()))
    inside = strikes["strike"][0] <= forward <= strikes["strike"][-1]
    return (
        group.select("expiry", "root").head(1).with_columns(pl.lit(level if inside else None, dtype=pl.Float64).alias("atm_iv"))
    )
