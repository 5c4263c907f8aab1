"""What dealers' hedges change by: gamma, delta, vanna and charm of everything that is open, in dollars.

With n contracts of 100 shares that dealers hold (below zero when short; see `dealers`) and the price S,

    gamma        gamma * n * 100 * S^2 / 100    how much the dollars of their delta change as the price moves 1 %
    gamma_point  gamma * n * 100 * S            the same per 1 point of price
    delta        delta * n * 100 * S            the shares that are as good as their options, in dollars
    vanna        vanna * n * 100 * S / 100      how much those dollars change per point of volatility
    charm        charm * n * 100 * S / 365      the same as a calendar day passes

They hedge by the opposite. Open interest is that of the close before the chain's day: exchanges count it overnight.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import polars as pl

from terminal.domain.exposure.dealers import Dealer, position

if TYPE_CHECKING:
    from datetime import date, datetime

    from terminal.domain.options.pricing import Priced

By = Literal["strike", "expiry", "both"]
SHARES = 100
MEASURES = ("gamma", "gamma_point", "delta", "vanna", "charm")
_KEYS: dict[str, list[str]] = {"strike": ["strike"], "expiry": ["expiry"], "both": ["expiry", "strike"]}
_KEPT = (
    "contract", "expiry", "root", "strike", "call", "years", "spot", "carry", "rate", "forward", "iv", "usable", "reasons",
    "open_interest", "volume", "mid", "last", "gamma_share", "position",
)  # fmt: skip
_NEW_YORK = "America/New_York"


@dataclass(frozen=True)
class Exposure:
    """Exposures of one chain. `frame` has a row for each contract that is alive and delivers 100 shares.

    Its columns: contract, expiry, root, strike, call, years, spot, carry, rate, forward, iv, usable, reasons, open_interest,
    volume, mid, last, gamma_share (gamma of one share), position (dealers' contracts) and `MEASURES` in dollars, null where the
    contract has no usable price and something is open. `left_out` [reason, contracts, open_interest]: what is open and not
    counted, the most open first.
    """

    symbol: str
    at: datetime
    spot: float
    dealer: Dealer
    frame: pl.DataFrame
    left_out: pl.DataFrame

    @property
    def counted(self) -> float | None:
        """The part (0 to 1) of all that is open that is priced and counted; None when nothing is open."""
        priced = pl.col("open_interest").filter(pl.col("gamma").is_not_null())
        part, total = self.frame.select(priced.sum().alias("part"), pl.col("open_interest").sum().alias("all")).row(0)
        return float(part / total) if total else None

    @property
    def day(self) -> date:
        """The day of the chain in New York."""
        day: date = pl.Series([self.at]).dt.convert_time_zone(_NEW_YORK).dt.date()[0]
        return day

    def by(self, what: By) -> pl.DataFrame:
        """Summed by strike, by expiry or by both: the keys, `MEASURES` (and gamma_calls, gamma_puts), call_open_interest,
        put_open_interest, call_volume, put_volume, contracts, counted (contracts with a price or nothing open).

        A sum is unknown where none of its contracts is known.
        """
        keys = _KEYS[what]
        return self.frame.group_by(keys).agg(_sums()).sort(keys)

    def total(self, name: str = "gamma") -> float | None:
        """One of `MEASURES` over the whole chain; None when no contract is known."""
        known = self.frame[name].drop_nulls()
        return float(known.sum()) if known.len() else None

    def share(self, rows: pl.Expr, name: str = "gamma") -> float | None:
        """How much of a measure, regardless of signs, lies in some rows (0 to 1); None when there is none at all."""
        sizes = self.frame.select(pl.col(name).abs().sum().alias("all"), pl.col(name).abs().filter(rows).sum().alias("part"))
        whole, part = sizes.row(0)
        return float(part / whole) if whole else None

    def within(self, expiries: int | None = None, reach: float | None = None) -> Exposure:
        """Only the next `expiries`, and strikes at most `reach` (a fraction) away from the price; None: all."""
        from dataclasses import replace

        frame = self.frame
        if expiries is not None:
            frame = frame.filter(pl.col("expiry").is_in(frame["expiry"].unique().sort().head(expiries).implode()))
        if reach is not None:
            frame = frame.filter((pl.col("strike") / self.spot - 1).abs() <= reach)
        return replace(self, frame=frame, left_out=_left_out(frame))


def exposure(priced: Priced, dealer: Dealer = "naive", held: pl.DataFrame | None = None) -> Exposure:
    """Exposures of a priced chain under one assumption; `held` (see `dealers.opened`) is for "flow"."""
    own = pl.col("reasons").str.contains("adjusted contract", literal=True)
    frame = priced.frame.filter(pl.col("years") > 0, ~own)
    if dealer == "flow":
        seen = held if held is not None else pl.DataFrame(schema={"contract": pl.String, "held": pl.Float64, "known": pl.Float64})
        frame = frame.join(seen, on="contract", how="left", maintain_order="left")
    # A chain in which nothing at all is open is one whose source does not know.
    stated = (pl.col("open_interest") >= 0) & (pl.col("open_interest").max() > 0)
    frame = frame.with_columns(pl.when(stated).then("open_interest").alias("open_interest"))
    frame = frame.with_columns(position(dealer).alias("position"), pl.col("gamma").alias("gamma_share")).with_columns(_dollars())
    frame = frame.select(*_KEPT, *MEASURES)
    return Exposure(priced.symbol, priced.at, priced.spot, dealer, frame, _left_out(frame))


def _dollars() -> list[pl.Expr]:
    shares, spot = pl.col("position") * SHARES, pl.col("spot")
    values = {
        "gamma": pl.col("gamma") * shares * spot * spot / 100,
        "gamma_point": pl.col("gamma") * shares * spot,
        "delta": pl.col("delta") * shares * spot,
        "vanna": pl.col("vanna") * shares * spot / 100,
        "charm": pl.col("charm") * shares * spot / 365,
    }
    # Of what is not open there is no exposure, whatever its price.
    return [
        pl.when(pl.col("open_interest") == 0).then(0.0).when("usable").then(value).alias(name) for name, value in values.items()
    ]


def _sums() -> list[pl.Expr]:
    def known(value: pl.Expr) -> pl.Expr:
        return pl.when(value.count() > 0).then(value.sum())

    calls, puts = pl.col("call"), ~pl.col("call")
    return [
        *(known(pl.col(name)).alias(name) for name in MEASURES),
        known(pl.col("gamma").filter(calls)).alias("gamma_calls"),
        known(pl.col("gamma").filter(puts)).alias("gamma_puts"),
        *(
            known(pl.col(name).filter(side)).alias(f"{which}_{name}")
            for name in ("open_interest", "volume")
            for which, side in (("call", calls), ("put", puts))
        ),
        pl.len().alias("contracts"),
        pl.col("gamma").count().alias("counted"),
    ]


def _left_out(frame: pl.DataFrame) -> pl.DataFrame:
    unstated = pl.when(pl.col("open_interest").is_null()).then(pl.lit("open interest not stated")).otherwise("reasons")
    return (
        frame.filter(pl.col("gamma").is_null())
        .group_by(unstated.alias("reason"))
        .agg(pl.len().alias("contracts"), pl.col("open_interest").sum())
        .sort("open_interest", "contracts", "reason", descending=[True, True, False])
    )
