"""Commands of the planner: from an outlook to ranked structures, the figures of any legs, and how many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from terminal.api import Context, Table, UserError, argument, command

if TYPE_CHECKING:
    from datetime import date

    from plugins.options.planner.gathering import Case
    from terminal.domain.planner.position import Position

Symbol = Annotated[str, argument(help="What the options are on.", metavar="SYMBOL")]
Legs = Annotated[str, argument(help="Such as '+1 SPY 2026-12-18 520 C, -1 530 C'; shares: '+100 SPY shares'.", metavar="LEGS")]
Risk = Annotated[str, argument(help="What may be lost: 1% of the account, or money.", metavar="RISK")]
Account = Annotated[float | None, argument(help="What the account holds; else the setting options.account.", metavar="MONEY")]
Cash = Annotated[bool, argument(help="A cash account: nothing on credit, nothing sold uncovered.")]
Shift = Annotated[float, argument(help="Points by which all volatilities are moved: 5 is from 20 % to 25 %.", metavar="POINTS")]
Target = Annotated[str, argument(help="Where you expect the price: 520, or +5%.", metavar="TARGET")]


@command(title="Plan an option trade")
def plan(
    ctx: Context,
    symbol: Symbol,
    *,
    bias: Annotated[Literal["bullish", "bearish", "neutral", "volatile"], argument(help="What you expect.")] = "bullish",
    dte: Annotated[int, argument(help="Within how many days.", metavar="DAYS")] = 30,
    by: Annotated[date | None, argument(help="By this day instead.")] = None,
    target: Target = "",
    vol_view: Annotated[Literal["", "rising", "falling", "same"], argument(help="What volatility will do.")] = "",
    risk: Risk = "",
    account: Account = None,
    budget: Annotated[float | None, argument(help="May be paid at the start, in money.", metavar="MONEY")] = None,
    structures: Annotated[tuple[str, ...], argument(help="Only these; see `options structures`.", metavar="NAME")] = (),
    unlimited: Annotated[bool, argument(help="Also structures whose loss has no limit.")] = False,
    level: Annotated[int, argument(help="Only structures up to this level, 1 to 3.", metavar="LEVEL")] = 3,
    cash: Cash = False,
    top: Annotated[int, argument(help="How many at most.", metavar="NUMBER")] = 8,
    record: Annotated[bool, argument(help="Also how such trades of yours went.")] = False,
) -> Table:
    """Start from what you expect and what you may lose: structures with their strikes, ranked with reasons, and how many of each.

    Strikes come from deltas, the expected move, liquidity and whether volatility is dear or cheap; quotes that fail the gate are
    never used. The rules are in data/planner.toml.
    """
    from plugins.options.planner import gathering, past
    from plugins.options.planner.tables import plan_table
    from terminal.domain.planner.outlook import view
    from terminal.domain.planner.ranking import plan as ranked

    found = gathering.case(ctx, symbol)
    purse, told = gathering.purse(ctx, found.board, risk=risk, account=account, budget=budget, kind="cash" if cash else "margin")
    day, years = gathering.horizon(found.today, found.board, dte, by)
    only = [found.rules.structure(name) for name in structures]
    if None in only:
        raise UserError(f"'{structures[only.index(None)]}' is no structure.", "`tapeline options structures` lists them.")
    wanted = view(
        found.board,
        bias,
        day,
        years,
        found.rules,
        target=gathering.target(target, found.board.spot),
        volatility=vol_view,
        rank=found.dear.rank,
    )
    made = ranked(
        found.board,
        wanted,
        found.rules,
        purse,
        structures=[each for each in only if each],
        unlimited=unlimited or bool(only),
        level=level,
        top=max(1, top),
    )
    return plan_table(found, made, purse, told, past.records(ctx) if record else None)


@command(title="Figures of an option position")
def calc(
    ctx: Context,
    symbol: Symbol,
    legs: Legs,
    *,
    part: Annotated[Literal["figures", "grid", "risks", "portfolio"], argument(help="What to tell.")] = "figures",
    expiry: Annotated[date | None, argument(help="Of legs that name no day.")] = None,
    count: Annotated[int, argument(help="The position so many times.", metavar="NUMBER")] = 1,
    iv: Shift = 0.0,
    prices: Annotated[int, argument(help="Prices of the grid.", metavar="NUMBER")] = 25,
    days: Annotated[int, argument(help="Days of the grid.", metavar="NUMBER")] = 7,
    drift: Annotated[str, argument(help="Growth of the share a year for the chances: market, none, or such as 8%.")] = "market",
    risk: Risk = "",
    account: Account = None,
    cash: Cash = False,
) -> Table:
    """Say of any legs: what they cost, make and lose at most, where they break even, the chances, Greeks, margin and risks; with
    `--part grid` gain and loss over prices and dates, with `--part portfolio` what they would do to what you hold."""
    from plugins.options.planner import answers, gathering
    from terminal.domain.planner.legs import parse, times

    if not 1 <= count <= 10_000:
        raise UserError(f"A position {count} times cannot be.", "From 1 to 10,000.")
    found = gathering.case(ctx, symbol)
    unit = parse(legs, found.symbol, expiry)
    one = _position(found, times(unit, count))
    purse, told = gathering.purse(ctx, found.board, risk=risk, account=account, budget=None, kind="cash" if cash else "margin")
    if part == "grid":
        return answers.grid(found, one, iv / 100, min(max(prices, 3), 401), min(max(days, 2), 60))
    if part == "risks":
        return answers.risks(found, one)
    if part == "portfolio":
        return answers.portfolio(ctx, found, one)
    return answers.figures(found, one, _position(found, unit), purse, told, drift)


@command(title="Put legs into the planner", panel="planner")
def draft(
    ctx: Context, symbol: Symbol, legs: Legs, *, expiry: Annotated[date | None, argument(help="Of legs that name no day.")] = None
) -> Table:
    """Lay legs out in the planner's panel, where they can be changed; the answer is that of `options calc`."""
    from terminal.domain.planner.legs import parse, spelled

    table = calc(ctx, symbol, legs, expiry=expiry)
    name = symbol.strip().upper()
    ctx.publish("plan.drafted", {"symbol": name, "legs": spelled(parse(legs, name, expiry), name)})
    return table


@command(title="How many contracts by risk")
def size(
    ctx: Context,
    symbol: Symbol,
    legs: Legs,
    *,
    expiry: Annotated[date | None, argument(help="Of legs that name no day.")] = None,
    risk: Risk = "",
    account: Account = None,
    budget: Annotated[float | None, argument(help="May be paid at the start, in money.", metavar="MONEY")] = None,
    cash: Cash = False,
) -> Table:
    """Say how many times a position may be taken for what may be lost: whole contracts, never rounded up."""
    from plugins.options.planner import answers, gathering
    from terminal.domain.planner.legs import parse

    found = gathering.case(ctx, symbol)
    one = _position(found, parse(legs, found.symbol, expiry))
    purse, told = gathering.purse(ctx, found.board, risk=risk, account=account, budget=budget, kind="cash" if cash else "margin")
    return answers.size(found, one, purse, told)


@command(title="Structures of options")
def structures(
    ctx: Context,
    *,
    bias: Annotated[Literal["", "bullish", "bearish", "neutral", "volatile"], argument(help="Only those that suit.")] = "",
) -> Table:
    """List the structures a plan chooses from, with what they suit, what they risk, and in plain words."""
    from plugins.options.planner import gathering
    from plugins.options.planner.tables import structures_table

    return structures_table(gathering.rules(), bias)


def _position(found: Case, legs: tuple) -> Position:  # type: ignore[type-arg]
    from terminal.domain.planner.position import position

    return position(found.board, legs, found.rules.costs)
