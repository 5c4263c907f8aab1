"""Greeks of a listed option, perhaps with other terms than the market's, and of an option with any terms at all."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from plugins.options.chain.tables import greeks_table
from plugins.options.gathering import calendar, rates
from terminal.api import Context, Table, UserError
from terminal.domain import format as written
from terminal.domain.options import contracts, greeks

if TYPE_CHECKING:
    from datetime import date

    from plugins.options.gathering import Desk

_MOST = {"--vol": 20.0, "--rate": 1.0, "--dividend": 2.0}


def share(text: str, option: str) -> float | None:
    """A fraction of "25%" or "0.25"; None for nothing. UserError for what is neither, or beyond what can be."""
    text = text.strip()
    if not text:
        return None
    try:
        value = float(text.removesuffix("%")) / 100 if text.endswith("%") else float(text)
    except ValueError:
        raise UserError(f"{option} is a share such as 25% or 0.25, not '{text[:20]}'.") from None
    if not math.isfinite(value) or abs(value) > _MOST[option] or (option == "--vol" and value < 0):
        raise UserError(f"{option} {text} is beyond what can be.", "5 % is written 5% or 0.05.")
    return value


def free(
    ctx: Context, symbol: str, expiry: date, strike: float, call: bool, spot: float, vol: str, rate: str, dividend: str,
    european: bool,
) -> Table:  # fmt: skip
    """Of an option with the terms given; the rate is the curve's when it is not."""
    if not (math.isfinite(spot) and spot > 0 and math.isfinite(strike) and strike > 0):
        raise UserError("Price and strike are numbers above zero.")
    root = symbol.strip().upper().lstrip("^")
    years = contracts.years(ctx.now(), contracts.expires_at(root, expiry, calendar(ctx)))
    if years <= 0:
        raise UserError(f"{expiry} has passed: nothing is left to price.", "Name an expiry that is still to come.")
    curve = rates(ctx)
    level, paid = share(rate, "--rate"), share(dividend, "--dividend")
    given = level is not None
    terms = {"spot": spot, "strike": strike, "years": years, "volatility": share(vol, "--vol"), "call": call,
             "rate": level if level is not None else curve(years), "dividend": paid or 0.0,
             "american": not (european or contracts.european(root))}  # fmt: skip
    where = "given" if given else curve.source
    return _table(symbol.upper(), expiry, terms, (f"Rate {written.percent(terms['rate'], 2)}: {where}.",))


def listed(of: Desk, row: dict[str, Any], spot: float | None, vol: str, rate: str, dividend: str, european: bool) -> Table:
    """Of a contract of a chain, with what the market implies unless it is given."""
    other = {"volatility": share(vol, "--vol"), "rate": share(rate, "--rate"), "dividend": share(dividend, "--dividend"),
             "spot": spot}  # fmt: skip
    own = {"volatility": row["iv_used"], "rate": row["rate"], "dividend": row["carry"], "spot": row["spot"]}
    terms = {name: own[name] if value is None else value for name, value in other.items()}
    terms |= {"strike": row["strike"], "years": row["years"], "call": row["call"], "american": row["american"] and not european}
    if terms["volatility"] is None:
        raise UserError(f"No volatility of {row['contract']} is known: {row['reasons'] or 'its quote says nothing about it'}.",
                        "Name one with --vol, such as --vol 25%.")  # fmt: skip
    notes = []
    if row["reasons"]:
        notes.append(f"Its quote is not used: {row['reasons']}.")
    if vol == "" and row["iv_from"] != "quote":
        notes.append(f"Its volatility is that of {row['iv_from']}.")
    notes += [f"Given: {', '.join(name for name, value in other.items() if value is not None)}."] if any(
        value is not None for value in other.values()) else []  # fmt: skip
    return _table(of.symbol, row["expiry"], terms, (*notes, f"Rates: {of.rate_from}."), tuple(of.sources.values()))


def _table(symbol: str, expiry: date, terms: dict[str, Any], told: tuple[str, ...], sources: tuple[Any, ...] = ()) -> Table:
    found = greeks(**terms)
    values = {name: _known(getattr(found, name)) for name in found.__dataclass_fields__}
    style = "American" if terms["american"] else "European"
    title = (f"{symbol} {expiry} {written.number(terms['strike'], 2)} {'call' if terms['call'] else 'put'}: price "
             f"{written.number(terms['spot'], 2)}, volatility {written.percent(terms['volatility'])}")  # fmt: skip
    facts = (f"{style}, {written.number(terms['years'] * 365, 1)} days, rate {written.percent(terms['rate'], 2)}, "
             f"carry {written.percent(terms['dividend'], 2)}.")  # fmt: skip
    return greeks_table(title, symbol, bool(terms["call"]), values, sources, (facts, *told))


def _known(value: Any) -> float | None:
    number = float(np.asarray(value).reshape(-1)[0])
    return number if math.isfinite(number) else None
