"""Greeks of everything held, summed over options and shares, in shares and in money, as tables."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from plugins.portfolio.gathering import sources
from plugins.portfolio.tables import fitted, frame
from plugins.portfolio.whatif.gathering import Modelled, spoken
from plugins.portfolio.worth import titled
from terminal.api import Column, Context, Table

if TYPE_CHECKING:
    from datetime import date

    from plugins.portfolio.gathering import Owned
    from terminal.domain.whatif.book import Sensitivities

By = Literal["underlying", "expiry", "position"]
_MONEY = ("delta_money", "beta_delta_money", "gamma_money", "vega", "theta", "rho", "vomma", "worth")
_SHARES = ("delta_shares", "gamma_shares", "vanna", "charm")
_MEASURED = ("delta_money", "gamma_money", "vega", "theta", "rho", "vomma")
NEVER = "No expiry"


def _money(name: str, title: str, term: str, *, newbie: bool = True) -> Column:
    return Column(name, title, "number", "currency", term, 2, newbie)


_COLUMNS = (
    Column("what", "What"),
    Column("expiry", "Expires", "date"),
    Column("days", "Days", "integer", "days", newbie=False),
    Column("quantity", "Quantity", "number", decimals=4, newbie=False),
    _money("worth", "Worth", "portfolio_value"),
    Column("delta_shares", "Delta, shares", "number", term="greeks_delta", decimals=2, newbie=False),
    _money("delta_money", "Delta, money", "greeks_delta"),
    _money("beta_delta_money", "Beta-weighted delta", "greeks_beta_delta"),
    Column("beta_delta_shares", "In shares of SPY", "number", term="greeks_beta_delta", decimals=2, newbie=False),
    _money("gamma_money", "Gamma for 1 %", "greeks_gamma"),
    Column("gamma_shares", "Gamma, shares", "number", term="greeks_gamma", decimals=4, newbie=False),
    _money("vega", "Vega for a point", "greeks_vega"),
    _money("theta", "Theta a day", "greeks_theta"),
    _money("rho", "Rho for 1 point", "greeks_rho", newbie=False),
    Column("vanna", "Vanna", "number", term="greeks_vanna", decimals=4, newbie=False),
    Column("charm", "Charm a day", "number", term="greeks_charm", decimals=4, newbie=False),
    _money("vomma", "Vomma", "greeks_vomma", newbie=False),
    Column("volatility", "Implied volatility", "number", "fraction", "implied_volatility", 1),
    Column("volatility_from", "From", newbie=False),
    Column("contract", "Contract", newbie=False),
    Column("beta", "Beta", "number", term="beta", decimals=2, newbie=False),
    Column("currency", "Currency", newbie=False),
)
_OF_ONE = {"contract", "volatility", "volatility_from", "quantity"}


def greeks_table(ctx: Context, own: Owned, found: Modelled, by: By) -> Table:
    """One row a position, underlying or expiry, the largest first, and all of it together as the last row."""
    each = found.book.sensitivities()
    rows = [_row(found, each, place) for place in range(len(found.held.rows))]
    grouped = rows if by == "position" else _grouped(rows, by)
    ordered = sorted(grouped, key=lambda row: _order(row, by))
    shown = [*ordered, _summed("Everything", rows)] if rows else []
    for row in shown:
        row["beta_delta_shares"] = _per(row["beta_delta_money"], found.benchmark)
        row["currency"] = own.currency
    columns = tuple(column for column in _COLUMNS if _wanted(column.name, by))
    table = frame(columns, shown)
    if by == "position" and shown:
        columns = fitted(columns, table)
    notes = found.notes if rows else ("Nothing is held.",)
    if any(row["left_out"] for row in rows):
        notes = (*notes, "Sums are of what is known; what is left out is listed.")
    made, _ = sources(ctx, found.fetches)
    detail = {"total": shown[-1] if shown else None, "modelled": found}
    return Table(titled(f"Greeks by {by}", own), columns, table, made, found.unknown, notes, detail=detail)


def totals(found: Modelled) -> dict[str, Any]:
    """The Greeks of everything together; None for what is not known at all."""
    each = found.book.sensitivities()
    row = _summed("Everything", [_row(found, each, place) for place in range(len(found.held.rows))])
    row["beta_delta_shares"] = _per(row["beta_delta_money"], found.benchmark)
    return row


def _row(found: Modelled, each: Sensitivities, place: int) -> dict[str, Any]:
    held, position = found.held.rows[place], found.book.positions[place]
    values = {name: _known(getattr(each, name)[place]) for name in (*_SHARES, *_MEASURED)}
    contract = position.contract
    return {
        **values,
        "what": spoken(held) if held.underlying else held.symbol,
        "contract": held.symbol if held.underlying else None,
        "underlying": held.market_symbol,
        "expiry": held.expiry,
        "days": None if held.expiry is None else (held.expiry - found.held.day).days,
        "quantity": held.quantity,
        "worth": held.worth,
        "beta_delta_money": _known(each.beta_money[place]),
        "volatility": None if contract is None or held.expiry is None else _known(contract.volatility) or None,
        "volatility_from": found.volatility_from[place] or None,
        "beta": _known(position.beta),
        "left_out": values["delta_money"] is None,
    }


def _grouped(rows: list[dict[str, Any]], by: By) -> list[dict[str, Any]]:
    groups: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[row["underlying"] if by == "underlying" else row["expiry"]].append(row)
    return [_summed(str(key) if key is not None else NEVER, parts) for key, parts in groups.items()]


def _summed(what: str, parts: list[dict[str, Any]]) -> dict[str, Any]:
    """The sum of what is known. Shares of several underlyings do not add up, so they are unknown."""
    alike = len({part["underlying"] for part in parts}) == 1
    expiries = {part["expiry"] for part in parts}
    row: dict[str, Any] = {"what": what, "left_out": any(part["left_out"] for part in parts)}
    for name in (*_MONEY, *_SHARES):
        known = [part[name] for part in parts if part[name] is not None]
        row[name] = math.fsum(known) if known and (name in _MONEY or alike) else None
    row["expiry"] = next(iter(expiries)) if len(expiries) == 1 else None
    row["days"] = parts[0]["days"] if parts and row["expiry"] is not None else None
    row["beta"] = parts[0]["beta"] if alike else None
    return row


def _order(row: dict[str, Any], by: By) -> tuple[Any, ...]:
    if by == "expiry":
        never: date | None = row["expiry"]
        return (never is not None, str(never or ""))
    return (-abs(row["delta_money"] or 0.0), row["what"])


def _wanted(name: str, by: By) -> bool:
    if by == "position":
        return True
    return name not in _OF_ONE and (by == "expiry" or name not in ("expiry", "days")) and (by == "underlying" or name != "beta")


def _per(money: float | None, price: float | None) -> float | None:
    return None if money is None or not price else money / price


def _known(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None
