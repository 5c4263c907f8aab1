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
    from terminal.domain.planner.board import Board
    from terminal.domain.planner.margin import Kind
    from terminal.domain.planner.risks import Dividend
    from terminal.domain.planner.sizing import Purse
    from terminal.domain.planner.structures import Rules

_YEAR, _MONTH = 252, 21
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
    dividends: tuple[Dividend, ...]
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
    def index(self) -> bool:
        """Whether it is a broad index (its naked options ask for less)."""
        return self.symbol.startswith("^")


def case(ctx: Context, symbol: str) -> Case:
    """Gather everything. UserError when there is no chain, or none of its quotes may be used."""
    from plugins.options.gathering import desk
    from terminal.domain.planner.board import board
    from terminal.domain.planner.risks import coming

    found = desk(ctx, symbol)
    made = board(found.priced)
    if not made.usable[:-1].any():
        hint = f"`tapeline options chain {found.symbol}` says why; quotes are better while the market is open."
        raise UserError(f"No quote of {found.symbol}'s chain may be used.", hint)
    today = ctx.as_of or ctx.market.today()
    paid = ctx.market.dividends([found.symbol], ctx.as_of)
    rows = list(paid.select("ex_date", "amount").drop_nulls().rows()) if not paid.is_empty() else []
    last = max((term.expiry for term in made.terms), default=today)
    return Case(found, made, rules(), _dear(ctx, found.symbol, made), coming(rows, today, last), today)


def rules() -> Rules:
    """What data/planner.toml says."""
    from terminal.domain.planner.structures import load
    from terminal.paths import data_file

    return load(data_file("planner.toml").read_text(encoding="utf-8"))


def _dear(ctx: Context, symbol: str, board: Board) -> Dear:
    """By the realised volatility of the last year (20 days), where today's implied one would rank: marked as a proxy."""
    import numpy as np

    day = ctx.as_of or ctx.market.today()
    wanted = ("symbol", "date", "adjusted_close")
    bars = ctx.market.bars([symbol], start=day - timedelta(days=420), as_of=ctx.as_of, columns=wanted)
    closes = bars.sort("date")["adjusted_close"].drop_nulls().to_numpy()
    near = min(board.terms, key=lambda term: abs(term.days - 30))
    if len(closes) < 3 * _MONTH or near.atm_iv is None:
        return Dear(None, 0, "How dear volatility is within its year is not known.", True)
    moves = np.diff(np.log(closes))
    windows = np.lib.stride_tricks.sliding_window_view(moves, 20)
    levels = windows.std(axis=1, ddof=1)[-_YEAR:] * math.sqrt(_YEAR)
    low, high = float(levels.min()), float(levels.max())
    rank = min(max((near.atm_iv - low) / max(high - low, 1e-9), 0.0), 1.0)
    told = (
        f"Implied volatility {near.atm_iv:.1%} would rank {rank:.0%} among {len(levels)} days of realised volatility (a proxy: "
        "own implied volatilities of a year are not kept yet)."
    )
    return Dear(rank, len(levels), told, True)


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
