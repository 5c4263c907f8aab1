"""What a plan is made from: the priced chain as a board, how dear volatility is, dividends to come, and the purse."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from terminal.api import Context, Source, UserError

if TYPE_CHECKING:
    from datetime import date

    from plugins.options.gathering import Desk
    from plugins.options.volatility.gathering import Studied
    from terminal.domain.options.forwards import Payment
    from terminal.domain.planner.board import Board
    from terminal.domain.planner.margin import Kind
    from terminal.domain.planner.sizing import Purse
    from terminal.domain.planner.structures import Rules

_READ = ("chains", "macro", "dividends", "quotes", "bars")
_PLAIN = re.compile(r"[$€]?\s*(?P<value>\d[\d,]*(?:\.\d+)?)\s*(?P<part>%?)")
_TARGET = re.compile(r"(?P<sign>[+\-−]?)\s*[$]?\s*(?P<value>\d[\d,]*(?:\.\d+)?)\s*(?P<part>%?)")


@dataclass(frozen=True)
class Dear:
    """How dear volatility is within its last year: rank from 0 to 1, of how many days, and what it is the rank of. `proxy`: of
    realised volatility, because own volatilities were not kept long enough."""

    rank: float | None
    days: int
    told: str
    proxy: bool


@dataclass(frozen=True)
class Case:
    """One symbol's board with everything a plan asks."""

    desk: Desk
    board: Board
    rules: Rules
    dear: Dear
    today: date

    @property
    def symbol(self) -> str:
        """The symbol the options are on."""
        return self.board.symbol

    @property
    def sources(self) -> tuple[Source, ...]:
        """Where its chain is from."""
        return tuple(self.desk.sources.values())

    @property
    def dividends(self) -> tuple[Payment, ...]:
        """Payments to come, declared or expected."""
        return self.desk.payments

    @property
    def index(self) -> bool:
        """Whether it is a broad index (its naked options ask for less)."""
        return self.symbol.startswith("^")


def case(ctx: Context, symbol: str) -> Case:
    """Gather everything. UserError when there is no chain, or none of its quotes may be used."""
    from plugins.options.volatility.gathering import studied

    of = studied(ctx, symbol)
    today = ctx.as_of or ctx.market.today()
    key = ("options.planner", of.desk.symbol, ctx.as_of, today)
    made: Case = ctx.market.cached(key, lambda: _case(ctx, of, today), _READ)
    return made if made.desk is of.desk else _case(ctx, of, today)


def _case(ctx: Context, of: Studied, today: date) -> Case:
    from terminal.domain.planner.board import board

    made = board(of.desk.priced, of.surface)
    if not made.usable[:-1].any():
        hint = f"`tapeline options chain {of.desk.symbol}` says why; quotes are better while the market is open."
        raise UserError(f"No quote of {of.desk.symbol}'s chain may be used.", hint)
    return Case(of.desk, made, rules(), _dear(ctx, of), today)


def rules() -> Rules:
    """What data/planner.toml says."""
    from terminal.domain.planner.structures import load
    from terminal.paths import data_file

    return load(data_file("planner.toml").read_text(encoding="utf-8"))


def _dear(ctx: Context, of: Studied) -> Dear:
    """The rank of 30-day volatility in the archive's year; until that is deep enough, that of realised volatility, as a proxy."""
    from plugins.options.volatility.gathering import prices, stands

    found = stands(ctx, of, prices(ctx, of.desk.symbol, 1.6))
    own, other = found.own, found.stand_in
    if own.rank is not None:
        told = f"Implied volatility of 30 days ranks {own.rank:.0%} within its year ({own.observed} of {own.of} days observed)."
        return Dear(own.rank, own.observed, told, False)
    if other.rank is not None:
        told = (
            f"The rank of implied volatility is not known yet ({own.observed} of {own.of} days archived); realised volatility "
            f"ranks {other.rank:.0%} within its year, which stands in for it."
        )
        return Dear(other.rank, other.observed, told, True)
    return Dear(None, own.observed, f"How dear volatility is within its year is not known: {own.reason}.", True)


def purse(ctx: Context, board: Board, *, risk: str, account: float | None, budget: float | None, kind: Kind) -> tuple[Purse, str]:
    """What may be lost and set aside, and how that was found. UserError for what cannot be."""
    from terminal.domain.planner.sizing import Purse

    worth = account if account is not None else float(ctx.settings.get("options.account"))
    if worth <= 0:
        raise UserError("An account holds more than nothing.", "Such as --account 10000.")
    if budget is not None and budget <= 0:
        raise UserError("A budget is more than nothing.", "Such as --budget 500.")
    said = risk or str(ctx.settings.get("options.risk"))
    match = _PLAIN.fullmatch(said.strip())
    if match is None or float(match["value"].replace(",", "")) <= 0:
        raise UserError(f"'{said}' is no part of the account and no money.", "Such as --risk 1% or --risk 250.")
    value = float(match["value"].replace(",", ""))
    if match["part"] and value > 100:
        raise UserError(f"{value:g} % of the account is more than all of it.", "1 % to 2 % is usual.")
    money = worth * value / 100 if match["part"] else value
    where = "the setting options.account" if account is None else "as you say"
    told = f"May be lost: ${money:,.0f}{f' ({value:g} %)' if match['part'] else ''} of an account of ${worth:,.0f} ({where})."
    return Purse(money, worth, budget, worth, kind, board.symbol.startswith("^")), told


def target(text: str, spot: float) -> float | None:
    """A price, or a move in per cent: `520`, `+5%`, `-3%`. UserError for what is none."""
    if not text.strip():
        return None
    match = _TARGET.fullmatch(text.strip())
    value = float(match["value"].replace(",", "")) if match else 0.0
    if match is None or value <= 0:
        raise UserError(f"'{text}' is no price and no move.", "Such as --target 520 or --target +5%.")
    if match["part"]:
        move = value / 100 * (-1 if match["sign"] in ("-", "−") else 1)
        if move <= -0.95:
            raise UserError(f"A move of {move:.0%} cannot be.", "Such as --target -10%.")
        return spot * (1 + move)
    if not 0.1 * spot <= value <= 10 * spot:
        raise UserError(f"A target of {value:,.2f} is too far from {spot:,.2f}.", "Give the price of a share you expect.")
    return value


def horizon(today: date, board: Board, dte: int, by: date | None) -> tuple[date, float]:
    """The day of the outlook and the years until then. UserError for a day that has passed or that no option reaches."""
    from terminal.domain.planner.position import later

    day = by or today + timedelta(days=dte)
    if day <= today:
        raise UserError(f"{day} is not after {today}.", "Give a day to come: --by, or --dte from 1.")
    last = board.terms[-1].expiry
    if day > last:
        raise UserError(f"No option of {board.symbol} lives until {day}.", f"The last ones expire on {last}.")
    return day, later(board, day)


def frame(columns: Any, rows: Any) -> Any:
    """Rows by column name as polars: what a row does not name is unknown, names that begin with "_" are left out."""
    import polars as pl

    kinds: dict[str, Any] = {
        "text": pl.String,
        "number": pl.Float64,
        "integer": pl.Int64,
        "bool": pl.Boolean,
        "date": pl.Date,
        "datetime": pl.Datetime("us", "UTC"),
        "list": pl.List(pl.String),
    }
    listed = list(rows)
    data = {column.name: [_finite(row.get(column.name)) for row in listed] for column in columns}
    return pl.DataFrame(data, schema={column.name: kinds[column.type] for column in columns})


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
