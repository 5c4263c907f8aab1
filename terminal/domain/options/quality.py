"""Which quotes of a chain may be used, and why not: nothing that fails is used silently.

*Reasons* take a contract out of every sum, mean and fit; *remarks* only say what to mind. Both are short sentences, so that a
table, a tooltip and a note can show them as they are. Where a pair of call and put contradicts the other strikes (parity), the
one in the money is taken out: hardly anybody trades it, and its quote is the one that is left standing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

if TYPE_CHECKING:
    import numpy.typing as npt

    Flags = npt.NDArray[np.bool_]

WIDEST = 0.5
"""A spread of more than this part of the middle, and of more than `LEAST_SPREAD`, says too little."""
LEAST_SPREAD = 0.10
UPPER_IV, LOWER_IV = 5.0, 0.01
_CENT = 0.01
_NEAR = 0.02
_GAP, _GAP_SHARE = 0.05, 0.25
MINUTE = 3e-4
"""How far the price of the underlying moves between its own quote and that of an option, as a part of it."""

NO_TIME_VALUE = "its bid holds no time value: the volatility of the other side counts"
PAIR = "its pair breaks parity"


def quoted() -> list[tuple[str, pl.Expr]]:
    """Reason and test, in the order they are told; over the columns of `pricing.price_chain` before anything is worked out."""
    bid, ask = pl.col("bid"), pl.col("ask")
    none, any_ = bid.is_null() & ask.is_null(), bid.is_not_null() | ask.is_not_null()
    return [
        ("adjusted contract", pl.col("root").str.contains(r"[0-9]$")),
        ("strike is not a positive number", (pl.col("strike").is_not_nan() & (pl.col("strike") > 0)).fill_null(False).not_()),
        ("expired", pl.col("years") <= 0),
        ("no quote", none),
        ("bid and ask are zero", (bid.fill_null(0) == 0) & (ask.fill_null(0) == 0) & any_),
        ("a quote below zero", (bid < 0) | (ask < 0)),
        ("no bid", (bid.fill_null(0) == 0) & (ask > 0)),
        ("no ask", (ask.fill_null(0) == 0) & (bid > 0)),
        ("crossed quote", (bid > ask) & (ask > 0)),
        ("wide spread", (bid > 0) & (ask - bid > WIDEST * (ask + bid) / 2) & (ask - bid > LEAST_SPREAD)),
    ]


def compared() -> list[tuple[str, pl.Expr]]:
    """The same once the bounds of each price are known (`_least`, `_most`), and what neighbours say (`_parity`, `_order`)."""
    allowed = pl.max_horizontal(pl.lit(_CENT), pl.col("spot") * MINUTE)
    return [
        ("below its least value", pl.col("ask") < pl.col("_least") - allowed),
        ("above its greatest value", pl.col("bid") > pl.col("_most") + allowed),
        ("parity break", pl.col("_parity")),
        ("out of order with its neighbours", pl.col("_order")),
    ]


def solved() -> list[tuple[str, pl.Expr]]:
    """The same once `iv` was looked for: unknown although its quote has time value, or where no market is."""
    return [
        ("no volatility gives its price", pl.col("iv").is_null() & ~pl.col("_flat")),
        ("volatility at a bound", (pl.col("iv") > UPPER_IV) | (pl.col("iv") < LOWER_IV)),
    ]


def remarks(session_began: pl.Expr) -> list[tuple[str, pl.Expr]]:
    """What to mind about a contract that may be used."""
    gap = (pl.col("iv") - pl.col("iv_provider")).abs()
    return [
        (NO_TIME_VALUE, pl.col("_flat")),
        (PAIR, pl.col("_pair")),
        ("not traded today", pl.col("volume") == 0),
        ("volume is not stated", pl.col("volume").is_null()),
        ("its last trade is older than the session", pl.col("last_at") < session_began),
        ("its source states another volatility", (gap > _GAP) & (gap > _GAP_SHARE * pl.col("iv"))),
    ]


def told(tests: list[tuple[str, pl.Expr]]) -> pl.Expr:
    """The sentences that hold, joined by "; "; "" for none."""
    parts = [pl.when(test.fill_null(False)).then(pl.lit(reason)) for reason, test in tests]
    return pl.concat_str(parts, separator="; ", ignore_nulls=True).fill_null("")


def both(first: pl.Expr, second: pl.Expr) -> pl.Expr:
    """Two of such texts as one."""
    return pl.when(second == "").then(first).when(first == "").then(second).otherwise(first + pl.lit("; ") + second)


def parity_breaks(frame: pl.DataFrame) -> tuple[Flags, Flags]:
    """Which contracts are to be left out because their pair breaks parity beyond both spreads, and which belong to such a pair.

    `frame` is sorted by expiry, root, strike and right and has `_alive` (its quote may be used so far), `priced_spot`,
    `priced_carry`, `rate`, `forward`, `american`. Where they may be exercised early, parity holds between bounds:
    spot e^(-carry t) - strike <= call - put <= spot - strike e^(-rate t).
    """
    out, marked = np.zeros(frame.height, dtype=bool), np.zeros(frame.height, dtype=bool)
    first = _pairs(frame)
    if not len(first):
        return out, marked
    rows = frame[first]
    other = first + 1
    strike, forward, years = (rows[name].to_numpy() for name in ("strike", "forward", "years"))
    spot, rate, carry, american = (rows[name].to_numpy() for name in ("priced_spot", "rate", "priced_carry", "american"))
    bid, ask = frame["bid"].to_numpy(), frame["ask"].to_numpy()
    discount, yielded = np.exp(-rate * years), np.exp(-carry * years)
    exact = discount * (forward - strike)
    low = np.where(american, np.minimum(exact, spot * np.minimum(yielded, 1) - strike * np.maximum(discount, 1)), exact)
    high = np.where(american, np.maximum(exact, spot * np.maximum(yielded, 1) - strike * np.minimum(discount, 1)), exact)
    allowed = np.maximum(_CENT, MINUTE * spot)
    broken = (bid[first] - ask[other] > high + allowed) | (ask[first] - bid[other] < low - allowed)
    near = np.abs(np.log(strike / forward)) < _NEAR
    call_inside = strike < forward
    out[first], out[other] = broken & (near | call_inside), broken & (near | ~call_inside)
    marked[first], marked[other] = broken & ~out[first], broken & ~out[other]
    return out, marked


def _pairs(frame: pl.DataFrame) -> npt.NDArray[np.intp]:
    """Places of the calls whose put, with a usable quote as well, is the next row."""
    group, strike = frame["group"].to_numpy(), frame["strike"].to_numpy()
    call, alive = frame["call"].to_numpy(), frame["_alive"].to_numpy()
    both_ = (group[1:] == group[:-1]) & (strike[1:] == strike[:-1]) & call[:-1] & ~call[1:] & alive[:-1] & alive[1:]
    return np.flatnonzero(both_)


def disorder(frame: pl.DataFrame) -> Flags:
    """Which quotes cannot stand beside those of the strikes next to them, because whoever trades them together gains for sure.

    A call with a higher strike bid above the offer of a lower one (a put the other way round); more for a spread than it can ever
    be worth; the middle of three strikes bid above what the outer two cost. Of two that contradict each other the one that
    contradicts more of the strikes around is left out, both when that does not tell. `frame` as in `parity_breaks`.
    """
    found = np.zeros(frame.height, dtype=bool)
    chosen = np.flatnonzero(frame["_alive"].to_numpy())
    if len(chosen) < 2:
        return found
    side = frame["group"].to_numpy()[chosen] * 2 + frame["call"].to_numpy()[chosen]
    order = np.argsort(side, kind="stable")  # strikes stay in order
    chosen = chosen[order]
    quotes = _Quotes(side[order], *(frame[name].to_numpy()[chosen] for name in ("call", "strike", "bid", "ask")))
    apart = quotes.contradictions()
    found[chosen[apart]] = True
    rest = np.flatnonzero(~apart)
    found[chosen[rest[quotes.at(rest).humps()]]] = True
    return found


class _Quotes(NamedTuple):
    """Quotes sorted by expiry, side and strike."""

    side: npt.NDArray[np.int64]
    call: Flags
    strike: npt.NDArray[np.float64]
    bid: npt.NDArray[np.float64]
    ask: npt.NDArray[np.float64]

    def at(self, rows: npt.NDArray[np.intp]) -> _Quotes:
        """Some of them."""
        return _Quotes(self.side[rows], self.call[rows], self.strike[rows], self.bid[rows], self.ask[rows])

    def _apart(self, step: int) -> Flags:
        """Whether each contradicts the one `step` strikes above; as long as all, False where there is no such one."""
        bad = np.zeros(len(self.side), dtype=bool)
        if len(self.side) <= step:
            return bad
        same = (self.side[step:] == self.side[:-step]) & (self.strike[step:] > self.strike[:-step])
        low_bid, low_ask, high_bid, high_ask = self.bid[:-step], self.ask[:-step], self.bid[step:], self.ask[step:]
        turned = np.where(self.call[step:], high_bid - low_ask, low_bid - high_ask)
        beyond = np.where(self.call[step:], low_bid - high_ask, high_bid - low_ask) - (self.strike[step:] - self.strike[:-step])
        bad[:-step] = same & (np.maximum(turned, beyond) > _CENT)
        return bad

    def contradictions(self) -> Flags:
        """Those that contradict the next one, and are to blame: the one of the two that contradicts more of those around.

        To stick out of the two beside it counts half: when it is another one that is too low, both beside that one do.
        """
        near, far = self._apart(1), self._apart(2)
        count = near * 1.0 + far + self.humps() / 2
        count[1:] += near[:-1]
        count[2:] += far[:-2]
        low = np.flatnonzero(near)
        out = np.zeros(len(near), dtype=bool)
        out[low[count[low] >= count[low + 1]]] = True
        out[low[count[low + 1] >= count[low]] + 1] = True
        return out

    def humps(self) -> Flags:
        """Those in the middle of three strikes that are bid above what the outer two cost."""
        out = np.zeros(len(self.side), dtype=bool)
        if len(out) > 2:
            wide = self.strike[1:] - self.strike[:-1]
            three = (self.side[2:] == self.side[:-2]) & (wide[1:] > 0) & (wide[:-1] > 0)
            with np.errstate(divide="ignore", invalid="ignore"):
                share = wide[1:] / (wide[1:] + wide[:-1])
                out[1:-1] = three & (self.bid[1:-1] > share * self.ask[:-2] + (1 - share) * self.ask[2:] + _CENT)
        return out


def counts(frame: pl.DataFrame, column: str = "reasons") -> pl.DataFrame:
    """reason, contracts: how many each reason (or remark) concerns, the most frequent first."""
    parts = frame.select(pl.col(column).filter(pl.col(column) != "").str.split("; ").alias("reason")).explode("reason")
    return parts.group_by("reason").agg(pl.len().alias("contracts")).sort("contracts", "reason", descending=[True, False])


_SENTENCES = {
    "no quote": "have no bid and ask", "bid and ask are zero": "have no bid and ask (both are zero)", "no bid": "have no bid",
    "no ask": "have no ask", "crossed quote": "have a bid above the ask", "wide spread": "have too wide a spread",
    "expired": "have expired", "adjusted contract": "are adjusted contracts, which deliver something else than 100 shares",
    "below its least value": "are offered below what exercising them brings",
    "above its greatest value": "are bid above what they can be worth", "parity break": "contradict the other strikes (parity)",
    "out of order with its neighbours": "contradict the strikes next to them",
    "no volatility gives its price": "have a price that no volatility gives",
    "volatility at a bound": f"imply a volatility below {LOWER_IV:.0%} or above {UPPER_IV:.0%}",
    "strike is not a positive number": "state no strike", "a quote below zero": "have a quote below zero",
}  # fmt: skip


def sentences(frame: pl.DataFrame) -> tuple[str, ...]:
    """The counts in words: "1,070 of 1,083 contracts have no bid and ask (both are zero)"; nothing when all may be used."""
    return tuple(f"{count:,} of {frame.height:,} contracts {_SENTENCES.get(reason, reason)}."
                 for reason, count in counts(frame).iter_rows())  # fmt: skip
