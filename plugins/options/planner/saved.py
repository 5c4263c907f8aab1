"""Plans kept in the book: the legs and what was expected of them, as versions; and what became of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from terminal.api import UserError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime

    import polars as pl

    from terminal.api import Context

    Read = Callable[..., pl.DataFrame]

_NEWEST = """SELECT * FROM options.plan_versions
    QUALIFY row_number() OVER (PARTITION BY lower(name) ORDER BY version DESC) = 1 ORDER BY "at" DESC"""
FIELDS = ("symbol", "legs", "count", "spot", "cost", "risk", "chance", "expected", "expiry", "outlook", "note")


@dataclass(frozen=True, slots=True)
class Kept:
    """A plan as it was when it was kept: money of one unit, `count` how many. `expiry`: the first one."""

    name: str
    version: int
    at: datetime
    symbol: str
    legs: str
    count: int
    spot: float
    cost: float
    risk: float
    chance: float
    expected: float
    expiry: date
    outlook: str
    note: str
    removed: bool = False


@dataclass(frozen=True, slots=True)
class Became:
    """What a plan came to: `profit` of all units (None: not known, `told` says why), at the price `spot`."""

    state: str
    profit: float | None
    spot: float | None
    told: str


def plans(read: Read) -> tuple[Kept, ...]:
    """Those that stand, the newest first."""
    return tuple(each for each in _all(read) if not each.removed)


def kept(read: Read, name: str) -> Kept:
    """One by its name in any case. Raises UserError for a name there is not."""
    found = {each.name.lower(): each for each in plans(read)}
    if one := found.get(name.strip().lower()):
        return one
    hint = f"There is: {', '.join(each.name for each in found.values())}." if found else "Keep one: `tapeline options plan-save`."
    raise UserError(f"No plan is called '{name}'.", hint)


def save(tx: Any, name: str, fields: dict[str, Any], now: datetime, *, removed: bool = False) -> Kept:
    """Write a further version. Raises UserError for a name that cannot be."""
    bare = " ".join(name.split())
    if not bare or len(bare) > 60:
        raise UserError(f"A plan cannot be called '{name}'.", "Give it a name of up to 60 letters.")
    last = next((each for each in _all(tx.query) if each.name.lower() == bare.lower()), None)
    version = 1 if last is None else last.version + 1
    made = Kept(name=bare, version=version, at=now, removed=removed, **{each: fields[each] for each in FIELDS})
    tx.execute(f"INSERT INTO options.plan_versions VALUES ({', '.join('?' * 15)})",
               [getattr(made, each) for each in ("name", "version", "at", *FIELDS, "removed")])  # fmt: skip
    return made


def take_back(tx: Any, name: str, now: datetime) -> Kept:
    """Let it stand as it did before its last change; one that was not there before goes."""
    mine = "SELECT * FROM options.plan_versions WHERE lower(name) = lower(?) ORDER BY version"
    frame = tx.query(mine, [" ".join(name.split())])
    versions = [_made(row) for row in frame.to_dicts()]
    if not versions:
        raise UserError(f"No plan is called '{name}'.", "`tapeline options plans` lists them.")
    back = versions[-2] if len(versions) > 1 else versions[-1]
    removed = True if len(versions) == 1 else back.removed
    return save(tx, back.name, {each: getattr(back, each) for each in FIELDS}, now, removed=removed)


def became(ctx: Context, one: Kept) -> Became:
    """Before the first expiry by the chain of now, after it by the closing price of that day."""
    day = ctx.as_of or ctx.market.today()
    if day >= one.expiry:
        return _ended(ctx, one, day)
    from plugins.options.planner import gathering
    from terminal.domain.planner.legs import parse
    from terminal.domain.planner.position import position

    try:
        found = gathering.case(ctx, one.symbol)
        now = position(found.board, parse(one.legs, one.symbol), found.rules.costs)
    except UserError as problem:
        return Became("open", None, None, str(problem))
    return Became("open", one.count * (now.mid - one.cost), found.board.spot, "by the middle of the quotes")


def _ended(ctx: Context, one: Kept, day: date) -> Became:
    import numpy as np

    from terminal.domain.planner.legs import parse
    from terminal.domain.planner.payoff import payoff

    legs = parse(one.legs, one.symbol)
    if len({leg.expiry for leg in legs if leg.expiry}) > 1:
        return Became("first expiry passed", None, None, "what lives on is not followed: add its figures with `options calc`")
    bars = ctx.market.bars([one.symbol], start=one.expiry, end=one.expiry, as_of=ctx.as_of, columns=("symbol", "date", "close"))
    closes = bars["close"].drop_nulls()
    if closes.is_empty():
        if day == one.expiry:
            return Became("expires today", None, None, "the session is not over")
        return Became("ended", None, None, f"no closing price of {one.expiry} is stored")
    close = float(closes[0])
    shares = np.array([[float(leg.shares) for leg in legs]])
    strike = np.array([[leg.strike for leg in legs]])
    call = np.array([[leg.right != "P" for leg in legs]])
    worth = float(payoff(shares, strike, call, np.array([close]))[0, 0])
    return Became("ended", one.count * (worth - one.cost), close, f"worth exercising it at the close of {one.expiry}")


def _all(read: Read) -> list[Kept]:
    return [_made(row) for row in read(_NEWEST).to_dicts()]


def _made(row: dict[str, Any]) -> Kept:
    numbers = {name: row[name] if row[name] is None or math.isfinite(row[name]) else None for name in ("spot", "cost", "risk")}
    return Kept(**{**row, **numbers})
