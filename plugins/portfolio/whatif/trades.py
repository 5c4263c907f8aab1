"""Trades that are only thought of: booked in memory at the present price, and what changes with them in one table."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import TYPE_CHECKING, Any

from plugins.portfolio.exposures import exposures
from plugins.portfolio.gathering import Prices, owned, sources
from plugins.portfolio.tables import frame
from plugins.portfolio.whatif.gathering import Modelled, model, spoken
from plugins.portfolio.whatif.greeks import totals
from plugins.portfolio.worth import counted_cash, titled
from terminal.api import Column, Context, Table, UserError
from terminal.domain.format import money, number
from terminal.domain.portfolio.positions import Held
from terminal.domain.portfolio.tax_lots import LONG_RATE, SHORT_RATE, LotSale, Purchase, TaxLot, wash_sales
from terminal.domain.portfolio.transactions import ZERO, Kind, Transaction, midnight
from terminal.domain.whatif.scenes import effect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from plugins.portfolio.gathering import Owned
    from plugins.portfolio.whatif.shocks import Told
    from terminal.domain.whatif.trades import Proposed

CONFIDENCE, DAYS = 0.95, 252


def _of(name: str, title: str, unit: str, *, newbie: bool = True) -> Column:
    return Column(name, title, "number", unit, decimals=1 if unit == "fraction" else 2, newbie=newbie)


COLUMNS = (
    Column("section", "About"),
    Column("what", "What"),
    _of("before", "Before", "currency"),
    _of("after", "After", "currency"),
    _of("change", "Change", "currency"),
    _of("share_before", "Part of all before", "fraction"),
    _of("share_after", "Part of all after", "fraction"),
    _of("value_before", "Number before", ""),
    _of("value_after", "Number after", ""),
    Column("note", "Note"),
    Column("currency", "Currency", newbie=False),
)


@dataclass(frozen=True)
class Side:
    """The portfolio with or without the trades."""

    own: Owned
    modelled: Modelled
    tail: tuple[float | None, float | None, float | None]
    """Value at risk and expected shortfall of a day in money, and a year's volatility as a fraction."""
    why: str = ""


def bookings(ctx: Context, own: Owned, trades: Sequence[Proposed]) -> list[Transaction]:
    """The trades as bookings of the day of `own`, each in the account that holds the thing, else in the first chosen one."""
    if not own.accounts:
        raise UserError("There is no account to trade in.", "Make one: `tapeline portfolio account-create Main`.")
    found: list[Transaction] = []
    wanted = [_held(each, own) for each in trades]
    symbols = sorted({one.market_symbol for one in wanted})
    known = set(ctx.market.last_prices(symbols, ctx.as_of)["symbol"].to_list())
    if (fresh := [symbol for symbol in symbols if symbol not in known]) and ctx.as_of is None:
        ctx.market.ensure(fresh, ["quotes", "bars", "instruments"], ctx)
    if (optioned := sorted({one.market_symbol for one in wanted if one.option is not None})) and ctx.as_of is None:
        ctx.market.ensure(optioned, ["chains"], ctx)
    prices = Prices(ctx, wanted, own.transactions, own.day)
    left = {(place[0], place[1]): amount for place, amount in own.positions.quantities().items()}
    for place, (trade, one) in enumerate(zip(trades, wanted, strict=True)):
        account = _account(own, one.symbol, left)
        made = _booking(trade, one, account, prices, left.get((account, one.symbol), ZERO), f"proposed:{place}", own)
        left[account, one.symbol] = left.get((account, one.symbol), ZERO) + (made.quantity or ZERO)
        found.append(made)
    return found


def _held(trade: Proposed, own: Owned) -> Held:
    mine = next((lot for lot in own.positions.lots if lot.symbol == trade.symbol), None)
    currency = mine.currency if mine else own.accounts[0].base_currency if own.accounts else own.currency
    instrument = "option" if trade.option else mine.instrument if mine else "stock"
    return Held("", trade.symbol, currency, Decimal(1), instrument, trade.option if mine is None else mine.option)


def _account(own: Owned, symbol: str, left: dict[tuple[str, str], Decimal]) -> str:
    holding = [each.name for each in own.accounts if left.get((each.name, symbol))]
    return holding[0] if holding else own.accounts[0].name


def _booking(
    trade: Proposed, one: Held, account: str, prices: Prices, has: Decimal, identity: str, own: Owned
) -> Transaction:
    price = trade.price if trade.price is not None else prices.now(one).range.value
    if price is None:
        raise UserError(
            f"No price of {trade.symbol} is known for '{trade.text}'.",
            f"Give one: '{trade.text} @ 12.50', or fetch it: `tapeline market refresh {one.market_symbol}`.",
        )
    quantity = trade.quantity
    if trade.part is not None:
        quantity = abs(has) * trade.part
        quantity = quantity if trade.part == 1 or quantity < 2 else quantity.to_integral_value(ROUND_DOWN)
        if not quantity:
            raise UserError(f"No {trade.symbol} is held for '{trade.text}'.", "Say how many: sell 10 AAPL.")
    if trade.money is not None:
        quantity = (trade.money / price / one.multiplier).to_integral_value(ROUND_DOWN)
        if not quantity:
            raise UserError(f"'{trade.text}' does not buy a single one at {price:f}.", "Give more money.")
    assert quantity is not None
    if trade.part is not None and trade.kind == Kind.SELL and has < 0:
        raise UserError(f"{trade.symbol} is sold short, so there is nothing to sell in '{trade.text}'.",
                        f"Say 'cover {'all' if trade.part == 1 else 'half'} {trade.symbol}'.")  # fmt: skip
    if trade.kind == Kind.COVER and has >= 0:
        raise UserError(f"{trade.symbol} is not sold short, so '{trade.text}' covers nothing.", "Buy it instead.")
    signed = quantity if trade.kind in (Kind.BUY, Kind.COVER) else -quantity
    rate = prices.rate(one.currency, next(each.base_currency for each in own.accounts if each.name == account), own.day)
    return Transaction(
        id=identity, account=account, at=midnight(own.day), day=own.day, kind=trade.kind, symbol=trade.symbol, quantity=signed,
        price=price, amount=-signed * price * one.multiplier, currency=one.currency, fx_rate=rate, instrument=one.instrument,  # type: ignore[arg-type]
        option=one.option, source="proposed", source_id=identity,
    )  # fmt: skip


def trades_table(
    ctx: Context, own: Owned, before: Modelled, trades: Sequence[Proposed], told: Told | None = None,
    rates: tuple[float, float] = (SHORT_RATE, LONG_RATE),
) -> Table:  # fmt: skip
    """Before and after: worth and weights, beta, value at risk, Greeks, what a shock would do, lots and tax."""
    new = bookings(ctx, own, trades)
    after_own = owned(ctx, [each.name for each in own.accounts], currency=own.currency, proposed=new)
    after = model(ctx, exposures(ctx, after_own), rate=before.rate.value)
    one, other = _side(ctx, own, before), _side(ctx, after_own, after)
    rows = [
        *_worths(one, other, {each.market_symbol for each in (_held(trade, own) for trade in trades)}),
        *_risks(one, other),
        *_greeks(before, after),
        *_shocked(before, after, told),
        *_lots(after_own, rates),
    ]
    for row in rows:
        row["currency"] = own.currency
        if "change" not in row and row.get("before") is not None and row.get("after") is not None:
            row["change"] = row["after"] - row["before"]
    made, _ = sources(ctx, sorted({*before.fetches, *after.fetches}))
    says = [f"{str(each.kind).capitalize()} {_count(each.quantity)} {each.symbol} at {number(float(each.price or ZERO))} "
            f"{each.currency} in {each.account}." for each in new]  # fmt: skip
    warnings = [*_doubts(own, after_own), *_washes(after_own)]
    notes = [*says, _told(rows, own.currency), *warnings]
    notes.append("Nothing is booked: this is what it would come to, without fees and the spread.")
    if any(row["section"] == "Tax" for row in rows):
        notes.append(f"Tax is estimated: {rates[0]:.0%} of gains within a year, {rates[1]:.0%} after.")
    unknown = tuple(dict.fromkeys((*before.unknown, *after.unknown, *(side.why for side in (one, other) if side.why))))
    detail = {"before": before, "after": after, "bookings": new, "says": notes[len(new)], "warnings": warnings}
    title = titled("What if you traded", own)
    return Table(title, COLUMNS, frame(COLUMNS, rows), made, unknown, tuple(notes), detail=detail)


def _side(ctx: Context, own: Owned, modelled: Modelled) -> Side:
    from plugins.portfolio.risk.gathering import at_risk
    from terminal.domain.risk.tails import historical

    try:
        found = at_risk(ctx, own, DAYS)
    except UserError as error:
        return Side(own, modelled, (None, None, None), str(error))
    if not found.positions:
        return Side(own, modelled, (None, None, None), "Nothing held has a history, so its risk is not known.")
    tail = historical(found.outcomes, CONFIDENCE)
    daily = found.daily
    volatility = None if daily is None or len(daily) < 2 else float(daily.std(ddof=1)) * math.sqrt(252)
    return Side(own, modelled, (tail.var, tail.cvar, volatility), tail.reason)


def _worths(one: Side, other: Side, traded: set[str]) -> list[dict[str, Any]]:
    before, after = one.modelled.held, other.modelled.held
    rows: list[dict[str, Any]] = [
        {"section": "Weights", "what": "Everything together", "before": before.net_worth, "after": after.net_worth},
        {"section": "Weights", "what": "Cash", "before": before.cash, "after": after.cash,
         "share_before": _share(before.cash, before.known_worth), "share_after": _share(after.cash, after.known_worth)},
    ]  # fmt: skip
    known = {row.symbol: row for row in before.rows}
    later = {row.symbol: row for row in after.rows}
    for symbol in dict.fromkeys((*later, *known)):
        then, now = known.get(symbol), later.get(symbol)
        if (now or known[symbol]).market_symbol not in traded:
            continue
        rows.append({
            "section": "Weights", "what": spoken(now or known[symbol]) if (now or known[symbol]).underlying else symbol,
            "_symbol": symbol,
            "before": 0.0 if then is None else then.worth, "after": 0.0 if now is None else now.worth,
            "share_before": 0.0 if then is None else then.weight, "share_after": 0.0 if now is None else now.weight,
            "value_before": 0.0 if then is None else then.quantity, "value_after": 0.0 if now is None else now.quantity,
        })  # fmt: skip
    return rows


def _risks(one: Side, other: Side) -> list[dict[str, Any]]:
    whole = (one.modelled.held.known_worth, other.modelled.held.known_worth)
    betas = [_share(totals(side.modelled)["beta_delta_money"], worth) for side, worth in zip((one, other), whole, strict=True)]
    sure = f"{CONFIDENCE:.0%}, a day"
    rows: list[dict[str, Any]] = [
        {"section": "Risk", "what": "Beta of everything", "value_before": betas[0], "value_after": betas[1]},
        {"section": "Risk", "what": "Volatility a year", "share_before": one.tail[2], "share_after": other.tail[2]},
    ]
    for place, name in enumerate((f"Value at risk, {sure}", f"Expected shortfall, {sure}")):
        then, now = one.tail[place], other.tail[place]
        rows.append({"section": "Risk", "what": name, "before": then, "after": now, "share_before": _share(then, whole[0]),
                     "share_after": _share(now, whole[1])})  # fmt: skip
    return rows


_NAMED = (("delta_money", "Delta, money"), ("beta_delta_money", "Beta-weighted delta"), ("gamma_money", "Gamma for 1 %"),
          ("vega", "Vega for a point"), ("theta", "Theta a day"), ("rho", "Rho for 1 point"))  # fmt: skip


def _greeks(before: Modelled, after: Modelled) -> list[dict[str, Any]]:
    then, now = ({} if not each.held.rows else totals(each) for each in (before, after))
    return [
        {"section": "Greeks", "what": title, "before": then.get(name, 0.0), "after": now.get(name, 0.0)} for name, title in _NAMED
    ]


def _shocked(before: Modelled, after: Modelled, told: Told | None) -> list[dict[str, Any]]:
    if told is None:
        return []
    import numpy as np

    made = []
    for each in (before, after):
        scene = effect(each.book, told.shock, each.vix.value, rise=told.rise, **told.past).scenes
        gains = each.book.gains(scene)[0]
        made.append(float(np.nansum(gains)) if np.isfinite(gains).any() else None)
    shares = [_share(gain, each.held.known_worth) for gain, each in zip(made, (before, after), strict=True)]
    return [{"section": "Shock", "what": f"If {told.shock.text}", "before": made[0], "after": made[1], "share_before": shares[0],
             "share_after": shares[1]}]  # fmt: skip


def _lots(after: Owned, rates: tuple[float, float]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    sums = {False: ZERO, True: ZERO}
    closed = [each for each in after.positions.closings if each.transaction.startswith("proposed:")]
    for each in closed:
        term = "over a year" if each.long_term else "within a year"
        cost, gained = (None if value is None else float(value) for value in (each.cost, each.gain))
        rows.append({
            "section": "Lots", "what": f"{_count(each.quantity)} {each.symbol} of {each.opened}",
            "before": cost, "after": float(each.proceeds), "change": gained,
            "note": f"cost, proceeds and gain in {each.currency}, held {term}",
        })  # fmt: skip
        gain = each.gain_base if each.gain_base is not None else each.gain
        if gain is not None:
            sums[each.long_term] += gain
    if closed:
        short, long = float(sums[False]), float(sums[True])
        rows += [
            {"section": "Tax", "what": "Gains within a year", "change": short},
            {"section": "Tax", "what": "Gains after a year", "change": long},
            {"section": "Tax", "what": "Tax on them", "change": _tax(short, long, rates),
             "note": "nothing on a loss, which counts against other gains"},
        ]  # fmt: skip
    return rows


def _tax(short: float, long: float, rates: tuple[float, float]) -> float:
    """Losses of one kind count against gains of the other (26 U.S.C. 1222); a loss that is left is no tax."""
    if short < 0 < long:
        short, long = min(short + long, 0.0), max(short + long, 0.0)
    elif long < 0 < short:
        short, long = max(short + long, 0.0), min(short + long, 0.0)
    return max(short, 0.0) * rates[0] + max(long, 0.0) * rates[1]


def _doubts(before: Owned, after: Owned) -> list[str]:
    """What does not add up in the trades, and cash that would be missing."""
    mine = [each.text for each in after.positions.problems if each.transaction.startswith("proposed:")]
    told = [f"{text[:1].upper()}{text[1:]}." for text in mine]
    for place, amount in after.positions.cash.items():
        then = before.positions.cash.get(place, ZERO)
        if amount < 0 and amount < then and place in counted_cash(after):
            told.append(f"{place[0]} would lack {number(float(-amount))} {place[1]} of cash.")
    return told


def _count(quantity: Decimal | None) -> str:
    value = float(abs(quantity or ZERO))
    return number(value, 0 if value == int(value) else 4)


def _washes(after: Owned) -> list[str]:
    """Losses that would not count, because the same was bought within 30 days."""
    told = []
    bought = [
        Purchase(one.option.underlying if one.option else one.symbol or "", one.day, float(one.quantity or ZERO), one.id,
                 one.id.startswith("proposed:"))
        for one in after.transactions if one.kind == Kind.BUY and one.quantity and one.account in after.names
    ]  # fmt: skip
    sold: dict[str, list[LotSale]] = {}
    for each in after.positions.closings:
        if each.transaction.startswith("proposed:") and each.quantity > 0 and each.cost is not None:
            quantity, cost = float(each.quantity), float(each.cost)
            lot = TaxLot(each.lot, each.account, each.opened, quantity, cost / quantity, each.long_term)
            sold.setdefault(each.symbol, []).append(LotSale(lot, quantity, float(each.proceeds), cost))
    for symbol, parts in sold.items():
        for wash in wash_sales(symbol, parts, bought, after.day):
            if wash.quantity:
                told.append(f"Wash sale: a loss of {number(wash.loss)} on {symbol} would not count, because it was bought within "
                            f"30 days{' as a fund on the same index' if wash.alike else ''}.")  # fmt: skip
            elif not wash.alike:
                told.append(f"The loss on {symbol} counts only if you do not buy it again before {wash.until}.")
    return told


def _told(rows: Sequence[dict[str, Any]], currency: str) -> str:
    """What changes most for the one who asks: the largest weight, a bad day, the shock and the tax, in a sentence each."""
    by_name = {row["what"]: row for row in rows}
    weights = [row for row in rows if row.get("_symbol") and row["share_before"] is not None and row["share_after"] is not None]
    said = []
    if weights:
        most = max(weights, key=lambda row: abs(row["share_after"] - row["share_before"]))
        then, now = (f"{most[name] * 100:.1f} %" for name in ("share_after", "share_before"))
        said.append(f"{most['what']} would be {then} of everything, now {now}.")
    tail = next((row for name, row in by_name.items() if name.startswith("Value at risk")), None)
    if tail and tail["before"] is not None and tail["after"] is not None:
        then, now = (_money(tail[name], currency) for name in ("after", "before"))
        said.append(f"On a bad day (one in twenty) you would lose {then} or more, now {now}.")
    shock = next((row for row in rows if row["section"] == "Shock"), None)
    if shock and shock["before"] is not None and shock["after"] is not None:
        then, now = (_money(shock[name], currency, sign=True) for name in ("after", "before"))
        said.append(f"{shock['what']}: {then}, now {now}.")
    tax = by_name.get("Tax on them")
    if tax is not None:
        said.append(f"Tax on what you sell: about {_money(tax['change'], currency)}." if tax["change"] else "No tax on it.")
    return " ".join(said)


def _money(value: float, currency: str, *, sign: bool = False) -> str:
    return money(value, currency, 0, sign=sign)


def _share(value: float | None, whole: float) -> float | None:
    return None if value is None or whole <= 0 else value / whole
