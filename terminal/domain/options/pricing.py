"""A chain priced: forwards from parity, our own volatilities beside the source's, Greeks, and which quotes may be used.

Of one symbol at one moment (`chain` in `schemas.CHAINS`). Each root is taken by itself: an index has contracts of one expiry that
settle in the morning and at the close, with different forwards. Quotes are tested by `quality`; what fails keeps its
row and its reason, and is used nowhere. Everything is per ONE share; `null` is unknown, and no NaN leaves.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from terminal.domain.options import Greeks, contracts, forwards, greeks, implied_volatility, price, price_bounds, quality
from terminal.domain.schemas import CHAINS, UTC
from terminal.domain.sessions import NEW_YORK

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date, datetime

    import numpy.typing as npt

    from terminal.domain.sessions import Calendar

GREEKS = tuple(each.name for each in fields(Greeks) if each.name != "price")
_TAIL = 15
_DAY = 86_400.0
_NOTHING = 1e-5
_KEY = ("expiry", "root")


@dataclass(frozen=True)
class Priced:
    """`frame`: one row a contract; `expiries`: one row an expiry and root. The columns are listed in `price_chain`.

    `at` is the moment the chain states, `quoted_at` the one its quotes are of (see `quoted_at`). `notes`: what does not fit in
    the chain as a whole, in sentences.
    """

    symbol: str
    at: datetime
    spot: float
    frame: pl.DataFrame
    expiries: pl.DataFrame
    notes: tuple[str, ...] = ()
    quoted_at: datetime | None = None


def price_chain(
    chain: pl.DataFrame, *, rate: Callable[[float], float] | float, dividends: Sequence[tuple[date, float]] = (),
    dividend: float = 0.0, now: datetime | None = None, calendar: Calendar | None = None,
) -> Priced:  # fmt: skip
    """Forwards, volatilities and Greeks of a chain.

    `rate(years)` is the continuous zero rate; `dividends` those to come (ex-day, money per share), `dividend` a continuous yield
    instead: both only count where parity says nothing, and for telling the cost of borrowing from the carry. Times run from
    `now` (the moment its quotes are of) to the settlement; with a `calendar` half days settle early. Columns of `frame`, sorted
    by expiry, root, strike, right:

    symbol, at, contract, root, expiry, expires, settlement, american, days, years, strike, right, call, bid, ask, mid, last,
    last_at, volume, open_interest, bid_size, ask_size, spot, forward, rate, carry (forward = spot e^((rate - carry) years)),
    moneyness = ln(strike / forward), usable, reasons, remarks, iv (of mid; null when not usable or its quote says nothing about
    it), iv_bid, iv_ask, iv_provider, delta_provider, iv_gap = iv - iv_provider, iv_used (what theo and Greeks are worked out
    with), iv_from ("quote"; "its pair": the other side of the strike; "other strikes": between its neighbours, or the last
    one's), theo and `GREEKS` in the units of `options.Greeks`; fetch_id when the chain has it. Contracts that are not
    usable have theo and Greeks from other quotes where there are such, for reading, not for sums.

    Of `expiries`: expiry, root, settlement, expires, american, days, years, forward, rate, carry, forward_from, forward_error,
    rate_from, dividends (their value today), borrow (the carry beyond them; null where its error is too large), atm_iv, usable,
    contracts. ValueError for a chain without rows, of several symbols, or without the price of what it is on.
    """
    known = chain["underlying_price"].drop_nulls() if "underlying_price" in chain.columns else pl.Series(dtype=pl.Float64)
    known = known.filter(known.is_finite() & (known > 0))
    if chain.is_empty() or known.is_empty():
        raise ValueError("a chain needs rows and the price of what it is on")
    if chain["symbol"].n_unique() > 1:
        raise ValueError("a chain is of one symbol")
    symbol, at, spot = str(chain["symbol"][0]), forwards.moment_of(chain), float(known[-1])
    moment = now or quoted_at(at, calendar, index=symbol.startswith("^"))
    frame, groups = _described(chain, moment, spot, calendar)
    level = rate if callable(rate) else (lambda _: float(rate))
    market = forwards.Market(spot, level, dividends, dividend, moment.date())
    terms = forwards.forwards(groups, _pairs(frame), market)
    frame = _tested(frame, terms, groups)
    frame = _valued(frame)
    frame = _finished(frame, at, moment, calendar)
    counted = frame.group_by(_KEY).agg(pl.col("usable").sum(), pl.len().alias("contracts"))
    levels = forwards.at_the_money(frame.filter("usable"))
    expiries = terms.drop("priced_spot", "priced_carry").join(levels, on=_KEY, how="left").join(counted, on=_KEY, how="left")
    notes = _whole(terms, spot)
    return Priced(symbol, at, spot, frame, expiries.sort(_KEY), notes, moment)


def quoted_at(at: datetime, calendar: Calendar | None, *, index: bool = False) -> datetime:
    """The moment that the quotes of a chain of this moment are of: after the close, and on days without trading, the last close.

    A quote of Friday asked for on Sunday still counts on three days until Monday's close. Options on an `index` are also traded
    in the night before a session; before the open of one, their quotes are of the moment itself.
    """
    if calendar is None or not calendar.first < at.date() <= calendar.last or calendar.current_session(at) is not None:
        return at
    today = at.astimezone(NEW_YORK).date()
    if index and calendar.is_session(today) and at < calendar.session_open(today):
        return at
    return min(at, calendar.session_close(calendar.last_session(at)))


def _described(
    chain: pl.DataFrame, at: datetime, spot: float, calendar: Calendar | None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows in order, with root, group (expiry and root), times and mids; and the groups."""
    absent = [pl.lit(None, dtype=kind).alias(name) for name, kind in CHAINS.columns.items() if name not in chain.columns]
    name = pl.col("contract")
    root = pl.when(name.str.len_bytes() > _TAIL).then(name.str.head(-_TAIL)).fill_null(pl.col("symbol").str.strip_prefix("^"))
    floats = [pl.col(name).fill_nan(None) for name, kind in CHAINS.columns.items() if kind == pl.Float64]
    frame = chain.with_columns(*absent).with_columns(*floats, root.str.strip_chars().alias("root"))
    frame = frame.rename({"iv": "iv_provider", "delta": "delta_provider"})
    frame = frame.unique([*_KEY, "strike", "right"], keep="last")
    found = frame.select(_KEY).unique().sort(_KEY)
    facts = [
        (number, root, day, contracts.expires_at(root, day, calendar), contracts.settlement(root, day),
         not contracts.european(root)) for number, (day, root) in enumerate(found.rows())
    ]  # fmt: skip
    columns: dict[str, Any] = {"group": pl.Int64, "root": pl.String, "expiry": pl.Date, "expires": UTC, "settlement": pl.String,
               "american": pl.Boolean}  # fmt: skip
    seconds = (pl.col("expires") - pl.lit(at)).dt.total_microseconds() / 1e6
    groups = pl.DataFrame(facts, schema=columns, orient="row").with_columns(
        (seconds / _DAY).alias("days"), (seconds / (365 * _DAY)).alias("years")
    )
    good = (pl.col("bid") > 0) & (pl.col("ask") >= pl.col("bid"))
    frame = frame.join(groups, on=["root", "expiry"]).with_columns(
        pl.lit(spot).alias("spot"),
        (pl.col("right") == "C").alias("call"),
        pl.when(good).then((pl.col("bid") + pl.col("ask")) / 2).alias("mid"),
    )
    frame = frame.sort("group", "strike", "right").with_columns(quality.told(quality.quoted()).alias("reasons"))
    return frame.with_columns((pl.col("reasons") == "").alias("_alive")), groups


def _pairs(frame: pl.DataFrame) -> pl.DataFrame:
    """Calls and puts of one strike whose quotes may both be used, for `forwards`."""
    alive = frame.filter("_alive").select("group", "strike", "call", "mid", half=(pl.col("ask") - pl.col("bid")) / 2)
    calls, puts = alive.filter("call").drop("call"), alive.filter(~pl.col("call")).drop("call")
    pairs = calls.join(puts, on=["group", "strike"], suffix="_put", maintain_order="left")
    return pairs.select(
        "group", "strike", call="mid", put="mid_put", half_spread=pl.col("half") + pl.col("half_put")
    )


def _tested(frame: pl.DataFrame, terms: pl.DataFrame, groups: pl.DataFrame) -> pl.DataFrame:
    """Joined with what its expiry is priced from, and held against bounds and neighbours."""
    names = ("forward", "rate", "carry", "priced_spot", "priced_carry")
    frame = frame.join(pl.concat([groups.select("group"), terms.select(names)], how="horizontal"), on="group",
                       maintain_order="left")  # fmt: skip
    frame = frame.with_columns((pl.col("strike") / pl.col("forward")).log().alias("moneyness"))
    least, most = price_bounds(**_terms(frame))
    out, marked = quality.parity_breaks(frame)
    frame = frame.with_columns(
        pl.Series("_least", least), pl.Series("_most", most), pl.Series("_parity", out), pl.Series("_pair", marked),
        pl.Series("_order", quality.disorder(frame)),
    )  # fmt: skip
    checked = pl.when("_alive").then(quality.told(quality.compared())).otherwise("reasons")
    return frame.with_columns(checked.alias("reasons")).with_columns((pl.col("reasons") == "").alias("_alive"))


def _terms(frame: pl.DataFrame) -> dict[str, Any]:
    """Arguments of the models: prices of all who agree on the forward, with the carry that its error allows.

    Where exercising early would cost interest (a put with a rate below zero, a call with such a carry) it is left out: the noise
    of a forward would decide about a premium of less than a cent.
    """
    names = {"spot": "priced_spot", "strike": "strike", "years": "years", "rate": "rate", "dividend": "priced_carry",
             "call": "call", "american": "american"}  # fmt: skip
    terms = {name: frame[column].to_numpy() for name, column in names.items()}
    strike = np.asarray(terms["strike"], dtype=np.float64)
    terms["strike"] = np.where(strike > 0, strike, np.nan)
    terms["years"] = np.where(terms["years"] > 0, terms["years"], np.nan)
    terms["american"] = terms["american"] & (np.where(terms["call"], terms["dividend"], terms["rate"]) > 0)
    return terms


def _valued(frame: pl.DataFrame) -> pl.DataFrame:
    """Volatilities of middle, bid and ask; then prices and Greeks with the best volatility there is."""
    terms = _terms(frame)
    alive = np.flatnonzero(frame["_alive"].to_numpy())
    chosen = {name: values[alive] for name, values in terms.items()}
    mid, bid, ask = (frame[name].to_numpy()[alive] for name in ("mid", "bid", "ask"))
    volatility = np.full((3, frame.height), np.nan)
    volatility[0, alive] = solved = implied_volatility(mid, **chosen)
    # What exercising early is worth hardly depends on the volatility: bid and ask are freed of it as the middle is.
    late = {**chosen, "american": np.zeros(len(alive), dtype=bool)}
    premium = np.where(chosen["american"], mid - price(volatility=solved, **late), 0.0)
    premium = np.where(np.isfinite(premium), np.maximum(premium, 0.0), 0.0)
    least = frame["_least"].to_numpy()[alive]
    for place, seen in ((1, bid), (2, ask)):
        volatility[place, alive] = np.where(seen > least, implied_volatility(seen - premium, **late), np.nan)
    inside = np.where(frame["call"].to_numpy(), 1.0, -1.0) * (frame["priced_spot"].to_numpy() - terms["strike"]) > 0
    # In the money and a bid without time value: the middle says something about the width of the quote, not the volatility.
    flat = frame["_alive"].to_numpy() & inside & np.isnan(volatility[1])
    mid = np.where(flat, np.nan, volatility[0])
    frame = frame.with_columns(
        _known("iv", mid), _known("iv_bid", volatility[1]), _known("iv_ask", volatility[2]), pl.Series("_flat", flat)
    )
    reasons = pl.when("_alive").then(quality.told(quality.solved())).otherwise("reasons")
    frame = frame.with_columns(reasons.alias("reasons")).with_columns((pl.col("reasons") == "").alias("usable"))
    frame = frame.with_columns(pl.when("usable").then(name).alias(name) for name in ("iv", "iv_bid", "iv_ask"))
    used, origin = _best(frame)
    theo, terms["american"] = _early(terms, used, frame["spot"].to_numpy(), frame["usable"].to_numpy())
    found = greeks(**terms, volatility=used)
    origins = pl.Series("iv_from", origin).replace_strict({0: None, 1: "quote", 2: "its pair", 3: "other strikes"},
                                                          return_dtype=pl.String)  # fmt: skip
    values = [_known(name, getattr(found, name)) for name in GREEKS]
    return frame.with_columns(_known("iv_used", used), origins, _known("theo", theo), *values)


def _early(
    terms: dict[str, Any], used: npt.NDArray[np.float64], spot: npt.NDArray[np.float64], usable: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """The model's price, and for which contracts exercising early moves the Greeks: for others those of European ones are told.

    It does where it is worth more than a hundred thousandth of the spot (a third of a cent at 300). Contracts whose quote is
    not used are European in their Greeks, too: those are for reading.
    """
    part = {name: values for name, values in terms.items() if name != "american"}
    held = price(volatility=used, **part)
    theo, found = held.copy(), np.zeros(len(used), dtype=bool)
    asked = np.flatnonzero(np.asarray(terms["american"], dtype=bool) & np.isfinite(used) & usable)
    theo[asked] = price(volatility=used[asked], american=True, **{name: values[asked] for name, values in part.items()})
    found[asked] = theo[asked] - held[asked] > _NOTHING * spot[asked]
    return theo, found


def _best(frame: pl.DataFrame) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int8]]:
    """The volatility to price each contract with: its own, that of the other side of its strike, or between its neighbours'.

    Between the nearest strikes of its expiry whose volatility is known, in ln(strike / forward); beyond the last one that of the
    last one. With it, where from: 0 nowhere, 1 to 3 in that order.
    """
    own = frame["iv"].to_numpy()
    group, strike, x = frame["group"].to_numpy(), frame["strike"].to_numpy(), frame["moneyness"].to_numpy()
    used, origin = own.copy(), np.where(np.isnan(own), 0, 1).astype(np.int8)
    same = np.flatnonzero((group[1:] == group[:-1]) & (strike[1:] == strike[:-1]))
    for to, of in ((same, same + 1), (same + 1, same)):
        taken = np.isnan(used[to]) & ~np.isnan(own[of])
        used[to[taken]], origin[to[taken]] = own[of[taken]], 2
    known, open_ = np.flatnonzero(~np.isnan(used)), np.flatnonzero(np.isnan(used) & np.isfinite(x))
    if len(known) and len(open_):
        after = np.searchsorted(known, open_)
        left, right = known[np.maximum(after - 1, 0)], known[np.minimum(after, len(known) - 1)]
        before = (group[left] == group[open_]) & (left < open_)
        behind = (group[right] == group[open_]) & (right > open_)
        left, right = np.where(before, left, right), np.where(behind, right, left)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(x[right] > x[left], (x[open_] - x[left]) / (x[right] - x[left]), 0.0)
        near = before | behind
        used[open_[near]], origin[open_[near]] = (used[left] + share * (used[right] - used[left]))[near], 3
    return used, origin


def _finished(frame: pl.DataFrame, at: datetime, moment: datetime, calendar: Calendar | None) -> pl.DataFrame:
    began = pl.lit(_session_began(moment, calendar))
    remarks = quality.told(quality.remarks(began))
    frame = frame.with_columns(
        pl.when("usable").then(remarks).otherwise(pl.lit("")).alias("remarks"),
        (pl.col("iv") - pl.col("iv_provider")).alias("iv_gap"),
        pl.lit(at, dtype=UTC).alias("at"),
    )  # fmt: skip
    return frame.drop("_alive", "_least", "_most", "_parity", "_pair", "_order", "_flat", "group", "priced_spot", "priced_carry",
                      "underlying_price")  # fmt: skip


def _session_began(moment: datetime, calendar: Calendar | None) -> datetime:
    """When the session began that the quotes are of; without a calendar half a day before them."""
    if calendar is None or not calendar.first < moment.date() <= calendar.last:
        return moment - timedelta(hours=12)
    return calendar.session_open(calendar.current_session(moment) or calendar.last_session(moment))


def _whole(terms: pl.DataFrame, spot: float) -> tuple[str, ...]:
    """Whether the price of the underlying fits its options: not while it is halted, or when the two are of other moments."""
    near = terms.filter(pl.col("forward_error").is_not_null() & (pl.col("years") < 0.5))
    if near.height < 2:
        return ()
    implied = float(near["priced_spot"].median())  # type: ignore[arg-type]
    if abs(implied / spot - 1) < 0.01:
        return ()
    return (f"The stated price of {spot:,.2f} does not fit its options, which imply about {implied:,.2f}: one of them is old.",)


def _known(name: str, values: npt.NDArray[np.float64]) -> pl.Series:
    """As a column in which what is no number is unknown."""
    return pl.Series(name, np.where(np.isfinite(values), values, np.nan)).fill_nan(None)
