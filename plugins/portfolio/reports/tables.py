"""What is held and what it made, as tables with the source of each price."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from plugins.portfolio.gathering import Owned, sources
from plugins.portfolio.tables import cents, fitted, frame
from plugins.portfolio.worth import (
    Line,
    cash_in,
    doubts,
    exchanged,
    known,
    lines,
    no_deposits,
    not_known,
    prepared,
    rates_used,
    said,
    titled,
    together,
)
from terminal.api import Column, Context, Table
from terminal.domain.format import day
from terminal.domain.portfolio.positions import held
from terminal.domain.portfolio.returns import NOTHING, Range
from terminal.domain.portfolio.transactions import ZERO, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from terminal.domain.portfolio.positions import Held


_HOLDINGS = (
    Column("symbol", "Ticker"),
    Column("name", "Name"),
    Column("quantity", "Quantity", "number", decimals=4),
    Column("price", "Price", "number", "currency", decimals=2),
    Column("value", "Worth", "number", "currency", decimals=2, term="portfolio_value"),
    Column("value_low", "Worth at least", "number", "currency", decimals=2, term="portfolio_range", newbie=False),
    Column("value_high", "Worth at most", "number", "currency", decimals=2, term="portfolio_range", newbie=False),
    Column("cost", "Cost", "number", "currency", decimals=2, term="portfolio_cost"),
    Column("gain", "Gain", "number", "currency", decimals=2, term="portfolio_unrealised"),
    Column("gain_share", "Gain, share", "number", "fraction", decimals=2, term="portfolio_gain_share"),
    Column("day_gain", "Day", "number", "currency", decimals=2, term="portfolio_day"),
    Column("weight", "Weight", "number", "fraction", decimals=1, term="portfolio_weight"),
    Column("currency", "Currency"),
    Column("price_day", "Price of", "date"),
    Column("accounts", "Accounts", "list", newbie=False),
)
_PRICED = ("price", "value", "value_low", "value_high", "gain", "gain_share", "day_gain", "price_day")


def holdings_table(ctx: Context, own: Owned) -> Table:
    """What is held, with bounds where a price is not known."""
    import polars as pl

    prices = prepared(ctx, own)
    found = lines(own, prices)
    names = dict(ctx.market.instruments([line.held.market_symbol for line in found], ctx.as_of).select("symbol", "name").rows())
    money, _ = cash_in(own, prices)
    total = together(line.in_total for line in found) + money
    rows = [_holding(line, total, names) for line in found]
    made, place = sources(ctx, [line.price.fetch for line in found])
    origin = pl.DataFrame(
        {
            **{name: [place.get(line.price.fetch) for line in found] for name in _PRICED},
            **{name: [0] * len(found) for name in ("quantity", "cost", "accounts", "currency")},
        },
        schema=dict.fromkeys((*_PRICED, "quantity", "cost", "accounts", "currency"), pl.Int64),
    )
    return Table(
        titled("Holdings", own),
        fitted(_HOLDINGS, shown := frame(_HOLDINGS, rows)),
        shown,
        made,
        not_known(own, prices, found),
        (*_notes(own, found, money, total), *rates_used(prices)),
        origin,
        {"total": total, "cash": money, "currency": own.currency},
    )


def _holding(line: Line, total: Range, names: dict[str, str]) -> dict[str, Any]:
    one, gain = line.held, line.gain.value
    weight = None
    if line.in_total.value is not None and total.value:
        weight = line.in_total.value / total.value
    return {
        "symbol": one.symbol,
        "name": _name(one, names.get(one.market_symbol)),
        "quantity": one.quantity,
        "price": line.price.range.value,
        "value": line.worth.value,
        "value_low": line.worth.low,
        "value_high": line.worth.high,
        "cost": line.cost,
        "gain": gain,
        "gain_share": None if gain is None or not line.cost else gain / abs(line.cost),
        "day_gain": line.day_gain,
        "weight": weight,
        "currency": one.currency,
        "price_day": line.price.day,
        "accounts": list(line.accounts),
    }


def _name(one: Held, name: str | None) -> str | None:
    """The company's or fund's; of an option what it is, then on what."""
    if one.option is None:
        return name
    what = "Put" if one.option.right == "P" else "Call"
    return f"{what} {one.option.strike.normalize():f}, {day(one.option.expiry)}" + (f", {name}" if name else "")


def summary_table(ctx: Context, own: Owned) -> Table:
    """The sums over everything held and everything that was made, each with its bounds."""
    prices = prepared(ctx, own)
    found = lines(own, prices)
    money, unknown = cash_in(own, prices)
    held_worth = together(line.in_total for line in found)
    unrealised = together(exchanged(line.gain, line.held.currency, own, prices) for line in found)
    realised = together(exchanged(known(each.gain), each.currency, own, prices) for each in own.positions.closings)
    income = together(exchanged(Range.of(each.amount), each.currency, own, prices) for each in own.positions.income)
    day = together(exchanged(known(line.day_gain), line.held.currency, own, prices) for line in found)
    parts = {
        "worth": held_worth + money,
        "held": held_worth,
        "cash": money,
        "day": day,
        "unrealised": unrealised,
        "realised": realised,
        "income": income,
        "made": unrealised + realised + income,
    }
    rows = [
        {"what": _SUMMARY[name], "amount": each.value, "low": each.low, "high": each.high, "currency": own.currency}
        for name, each in parts.items()
    ]
    made, _ = sources(ctx, [line.price.fetch for line in found])
    notes = tuple(no_deposits(own)) if found or own.positions.cash else (_NOTHING,)
    return Table(
        titled("Your portfolio", own),
        _SHOWN,
        frame(_SHOWN, rows),
        made,
        (*unknown, *not_known(own, prices, found)),
        (*notes, *rates_used(prices)),
        detail=parts,
    )


_SHOWN = (
    Column("what", "What"),
    Column("amount", "Amount", "number", "currency", decimals=2),
    Column("low", "At least", "number", "currency", decimals=2, term="portfolio_range", newbie=False),
    Column("high", "At most", "number", "currency", decimals=2, term="portfolio_range", newbie=False),
    Column("currency", "Currency"),
)
_SUMMARY = {
    "worth": "Everything together",
    "held": "What you hold is worth",
    "cash": "Cash",
    "day": "Made on the last day",
    "unrealised": "Gain of what you hold",
    "realised": "Gain of what you sold",
    "income": "Dividends, interest, less fees",
    "made": "Made in all",
}


def position_table(ctx: Context, own: Owned, symbol: str) -> Table:
    """What is held of one symbol and its options; without rows when there is nothing."""
    whole = holdings_table(ctx, own)
    import polars as pl

    mine = [each.symbol for each in held(own.positions.lots) if each.market_symbol == symbol]
    rows = whole.frame.with_row_index("_at").filter(pl.col("symbol").is_in(mine))
    names = ("quantity", "price", "value", "cost", "gain", "gain_share", "day_gain", "weight", "currency")
    wanted = names if rows.height < 2 else ("symbol", *names)
    columns = tuple(each for each in fitted(_HOLDINGS, rows) if each.name in wanted)
    kept = tuple(note for note in whole.unknown if symbol in note)
    origin = None if whole.origin is None else whole.origin[rows["_at"].to_list()]
    return Table(
        f"Your position in {symbol}", columns, rows.select(each.name for each in columns), whole.sources, kept, (), origin
    )


_LOTS = (
    Column("lot", "Lot"),
    Column("symbol", "Ticker"),
    Column("opened", "Bought", "date"),
    Column("quantity", "Quantity", "number", decimals=4),
    Column("unit_cost", "Cost of one", "number", "currency", decimals=4, term="portfolio_unit_cost"),
    Column("cost", "Cost", "number", "currency", decimals=2, term="portfolio_cost"),
    Column("value", "Worth", "number", "currency", decimals=2),
    Column("gain", "Gain", "number", "currency", decimals=2, term="portfolio_unrealised"),
    Column("long_term", "Over a year", "bool", term="portfolio_over_a_year"),
    Column("currency", "Currency"),
    Column("account", "Account"),
)


def lots_table(ctx: Context, own: Owned, symbol: str) -> Table:
    """What is left of each opening."""
    prices = prepared(ctx, own)
    rows, fetches, reasons = [], [], {}
    for lot in own.positions.lots:
        one = held([lot])[0]
        if symbol and symbol not in (one.symbol, one.market_symbol):
            continue
        price = prices.now(one)
        worth = (price.range * (lot.quantity * lot.multiplier)).value
        if price.range.value is None:
            reasons[one.symbol] = price.reason
        fetches.append(price.fetch)
        rows.append(
            {
                "lot": lot.id,
                "symbol": lot.symbol,
                "opened": lot.opened,
                "quantity": lot.quantity,
                "unit_cost": lot.price,
                "cost": lot.cost,
                "value": worth,
                "gain": None if worth is None or lot.cost is None else worth - lot.cost,
                "long_term": lot.quantity > 0 and (own.day - lot.opened).days > 365,
                "currency": lot.currency,
                "account": lot.account,
            }
        )
    made, _ = sources(ctx, fetches)
    unknown = tuple(f"{name}: {reason}" for name, reason in reasons.items())
    return Table(
        titled("Lots", own), fitted(_LOTS, shown := frame(_LOTS, rows)), shown, made, unknown, () if rows else (_NOTHING,)
    )


_CLOSINGS = (
    Column("symbol", "Ticker"),
    Column("quantity", "Quantity", "number", decimals=4),
    Column("opened", "Opened", "date"),
    Column("closed", "Closed", "date"),
    Column("proceeds", "Brought", "number", "currency", decimals=2, term="portfolio_proceeds"),
    Column("cost", "Cost", "number", "currency", decimals=2, term="portfolio_cost"),
    Column("gain", "Gain", "number", "currency", decimals=2, term="portfolio_realised"),
    Column("term", "Term", term="portfolio_long_term"),
    Column("currency", "Currency"),
    Column("account", "Account"),
    Column("lot", "Lot", newbie=False),
    Column("booking", "Closed by", newbie=False),
)


def closings_table(ctx: Context, own: Owned, symbol: str, year: int | None) -> Table:
    """What was closed, and its gain."""
    chosen = [
        each
        for each in own.positions.closings
        if (not symbol or symbol in (each.symbol, each.symbol[:-15])) and (year is None or each.closed.year == year)
    ]
    rows = [
        {
            "symbol": each.symbol,
            "quantity": each.quantity,
            "opened": each.opened,
            "closed": each.closed,
            "proceeds": each.proceeds,
            "cost": each.cost,
            "gain": each.gain,
            "term": "long" if each.long_term else "short",
            "currency": each.currency,
            "account": each.account,
            "lot": each.lot,
            "booking": each.transaction,
        }
        for each in chosen
    ]
    sums: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
    for each in chosen:
        sums[each.currency, "long" if each.long_term else "short"] += each.gain or ZERO
    notes = [f"{term} term: {cents(gain)} {currency}" for (currency, term), gain in sorted(sums.items())]
    made, _ = sources(ctx, ())
    title = titled("Closed lots" if year is None else f"Lots closed in {year}", own)
    return Table(
        title, fitted(_CLOSINGS, shown := frame(_CLOSINGS, rows)), shown, made, doubts(own), tuple(notes) or (_NOTHING_CLOSED,)
    )


_PNL = (
    Column("symbol", "Ticker"),
    Column("quantity", "Quantity", "number", decimals=4),
    Column("realised", "Realised", "number", "currency", decimals=2, term="portfolio_realised"),
    Column("unrealised", "Unrealised", "number", "currency", decimals=2, term="portfolio_unrealised"),
    Column("income", "Income", "number", "currency", decimals=2, term="portfolio_income"),
    Column("total", "Total", "number", "currency", decimals=2, term="portfolio_total"),
    Column("total_low", "At least", "number", "currency", decimals=2, term="portfolio_range", newbie=False),
    Column("total_high", "At most", "number", "currency", decimals=2, term="portfolio_range", newbie=False),
    Column("day_gain", "Day", "number", "currency", decimals=2, term="portfolio_day"),
    Column("currency", "Currency"),
)


def pnl_table(ctx: Context, own: Owned) -> Table:
    """What each symbol made in its own currency; what belongs to none (interest, fees) has a row of its own."""
    prices = prepared(ctx, own)
    found = {(line.held.symbol, line.held.currency): line for line in lines(own, prices)}
    realised: dict[tuple[str, str], Range] = defaultdict(lambda: NOTHING)
    income: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
    for each in own.positions.closings:
        realised[each.symbol, each.currency] += Range(None, None) if each.gain is None else Range.of(each.gain)
    for one in own.positions.income:
        income[one.symbol or "", one.currency] += one.amount
    rows, total = [], NOTHING
    for place in sorted({*found, *realised, *income}):
        line = found.get(place)
        unrealised = line.gain if line else NOTHING
        made = realised[place] + unrealised + Range.of(income[place])
        rate = prices.rate(place[1], own.currency, own.day)
        total += Range(None, None) if rate is None else made * rate
        rows.append(
            {
                "symbol": place[0] or "(cash)",
                "quantity": line.held.quantity if line else ZERO,
                "realised": realised[place].value,
                "unrealised": unrealised.value,
                "income": income[place],
                "total": made.value,
                "total_low": made.low,
                "total_high": made.high,
                "day_gain": line.day_gain if line else ZERO,
                "currency": place[1],
            }
        )
    sourced, _ = sources(ctx, [line.price.fetch for line in found.values()])
    notes = (f"Together: {said(total, own.currency)}.",) if rows else (_NOTHING,)
    return Table(
        titled("What it made", own),
        fitted(_PNL, shown := frame(_PNL, rows)),
        shown,
        sourced,
        not_known(own, prices, list(found.values())),
        (*notes, *rates_used(prices)),
        detail={"total": total, "currency": own.currency},
    )


def income_table(ctx: Context, own: Owned, by: str, start: date | None, end: date | None) -> Table:
    """Income and costs added up."""
    titles = {"symbol": "Ticker", "month": "Month", "year": "Year", "kind": "What", "account": "Account"}
    money = [
        Column(name, title, "number", "currency", decimals=2)
        for name, title in (("gross", "Before taxes"), ("taxes", "Taxes withheld"), ("amount", "Received"))
    ]
    columns = (Column(by, titles[by]), *money, Column("payments", "Payments", "integer", "count"), Column("currency", "Currency"))
    sums: dict[tuple[str, str], list[Decimal]] = defaultdict(lambda: [ZERO, ZERO, ZERO, ZERO])
    for one in own.positions.income:
        if (start and one.day < start) or (end and one.day > end):
            continue
        key = {
            "symbol": one.symbol or "(cash)",
            "month": f"{one.day:%Y-%m}",
            "year": str(one.day.year),
            "kind": str(one.kind),
            "account": one.account,
        }[by]
        withheld = one.taxes if one.kind in (Kind.DIVIDEND, Kind.INTEREST) else ZERO
        for at, value in enumerate((one.amount + withheld, withheld, one.amount, Decimal(1))):
            sums[key, one.currency][at] += value
    rows = [
        {by: key, "gross": each[0], "taxes": each[1], "amount": each[2], "payments": int(each[3]), "currency": currency}
        for (key, currency), each in sorted(sums.items())
    ]
    made, _ = sources(ctx, ())
    return Table(titled("Income", own), columns, frame(columns, rows), made, notes=() if rows else ("Nothing was paid.",))


def cash_table(ctx: Context, own: Owned) -> Table:
    """The cash of each account and currency."""
    columns = (
        Column("account", "Account"),
        Column("amount", "Cash", "number", "currency", decimals=2),
        Column("currency", "Currency"),
    )
    prices = prepared(ctx, own)
    rows = [
        {"account": account, "amount": amount, "currency": currency}
        for (account, currency), amount in sorted(own.positions.cash.items())
    ]
    total, unknown = cash_in(own, prices, everything=True)
    made, _ = sources(ctx, ())
    added = (f"Together: {said(total, own.currency)}.", *no_deposits(own), *rates_used(prices))
    notes = added if rows else ("No money is booked.",)
    return Table(titled("Cash", own), columns, frame(columns, rows), made, unknown, notes)


_NOTHING = "Nothing is held. Book a purchase: `tapeline portfolio add ACCOUNT buy AAPL --quantity 10 --price 150`."
_NOTHING_CLOSED = "Nothing was closed."


def _notes(own: Owned, found: Sequence[Line], money: Range, total: Range) -> tuple[str, ...]:
    if not found and total == NOTHING:
        return (_NOTHING,)
    notes = [f"Worth {said(total, own.currency)}, of it cash {said(money, own.currency)}."]
    return (*notes, *no_deposits(own))
