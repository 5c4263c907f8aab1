"""What to buy and sell to come back to the targets: gathered from book and market, worked out, and told as tables."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from plugins.portfolio.allocation import targets
from plugins.portfolio.allocation.dividing import NOTHING, TITLES, key_of
from plugins.portfolio.allocation.purses import places, purses
from plugins.portfolio.exposures import Exposures, exposures
from plugins.portfolio.gathering import exchange_rate, sources
from plugins.portfolio.tables import frame
from plugins.portfolio.worth import titled
from terminal.api import Column, Context, Table, UserError
from terminal.domain import format as words
from terminal.domain.portfolio.allocation import CASH
from terminal.domain.portfolio.rebalancing import Holding, Plan, Rules, Trade, rebalance, with_wanted
from terminal.domain.portfolio.tax_lots import Purchase, TaxLot, Wash, long_term, wash_sales
from terminal.domain.portfolio.transactions import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from plugins.portfolio.gathering import Owned
    from terminal.domain.portfolio.allocation import Target

TRADES = (
    Column("action", "Do"),
    Column("symbol", "Ticker"),
    Column("name", "Name"),
    Column("quantity", "Quantity", "number", decimals=4),
    Column("price", "Price", "number", "currency", decimals=2),
    Column("money", "Money", "number", "currency", decimals=2),
    Column("key", "For"),
    Column("weight_before", "Weight now", "number", "fraction", "portfolio_weight", 1),
    Column("weight_after", "Weight then", "number", "fraction", "portfolio_weight", 1),
    Column("gain_short", "Gain within a year", "number", "currency", "portfolio_long_term", 2),
    Column("gain_long", "Gain after a year", "number", "currency", "portfolio_long_term", 2),
    Column("lots", "Lots sold", "list", term="portfolio_lot_choice", newbie=False),
    Column("wash", "Wash sale", term="portfolio_wash_sale"),
    Column("accounts", "Accounts", "list", newbie=False),
    Column("currency", "Currency", newbie=False),
)
WEIGHTS = (
    Column("key", "Class"),
    Column("target", "Target", "number", "fraction", "portfolio_target", 1),
    Column("before", "Now", "number", "fraction", "portfolio_weight", 1),
    Column("after", "Then", "number", "fraction", "portfolio_weight", 1),
    Column("drift_before", "Drift now", "number", "fraction", "portfolio_drift", 1),
    Column("drift_after", "Drift then", "number", "fraction", "portfolio_drift", 1),
    Column("worth_after", "Worth then", "number", "currency", decimals=2),
    Column("state", "State then", term="portfolio_band"),
    Column("binds", "What binds", term="portfolio_binds"),
    Column("currency", "Currency", newbie=False),
)
LOTS = (
    Column("symbol", "Ticker"),
    Column("lot", "Lot"),
    Column("opened", "Bought", "date"),
    Column("quantity", "Quantity", "number", decimals=4),
    Column("proceeds", "Brings", "number", "currency", decimals=2, term="portfolio_proceeds"),
    Column("cost", "Cost", "number", "currency", decimals=2, term="portfolio_cost"),
    Column("gain", "Gain", "number", "currency", decimals=2, term="portfolio_realised"),
    Column("term", "Term", term="portfolio_long_term"),
    Column("account", "Account"),
    Column("currency", "Currency", newbie=False),
)
_LEAST_LOSS = 1.0
NOT_TRADED = {"options": "options are not traded by rebalancing", "short": "it is sold short", "price": "its price is not known"}


@dataclass(frozen=True)
class Ordered:
    """A plan with what was asked: `washes` by symbol, `seen` what is held."""

    plan: Plan
    seen: Exposures
    washes: Mapping[str, tuple[Wash, ...]]
    by: str
    deposit: float
    rules: Rules
    places: Mapping[str, tuple[str, ...]]


def ordered(
    ctx: Context, own: Owned, by: str, names: Sequence[str], rules: Rules, *, deposit: float, wanted: Sequence[str]
) -> Ordered:
    """The plan. Raises UserError without targets, for a currency's targets, and for what is to be bought and has no price."""
    goals = targets.standing(ctx.store.book.read, by, names)
    if not goals:
        hint = "Set them first: `tapeline portfolio target-set asset_class stocks=60 bonds=30 cash=10`."
        raise UserError(f"No targets by {TITLES[by].lower()} are set.", hint)
    if by == "currency":
        raise UserError("Currencies are exchanged, not rebalanced by trades.", "Choose another --by, such as asset_class.")
    seen = exposures(ctx, own)
    wanted = [*wanted, *_named_symbols(seen, goals)] if by == "symbol" else wanted
    held = with_wanted(_holdings(seen, own, by, goals), _wanted(ctx, wanted, seen, by, goals))
    rules = replace(rules, currency=seen.currency)
    plan = rebalance(held, sum(seen.cash_by_currency.values()) + deposit, goals, rules)
    cash = purses(own, lambda code: exchange_rate(ctx, code, own.currency, own.day), deposit)
    where = places(plan.trades, cash, {row.symbol: row.accounts for row in seen.rows})
    return Ordered(plan, seen, _washes(own, plan), by, deposit, rules, where)


def _holdings(seen: Exposures, own: Owned, by: str, goals: Sequence[Target]) -> list[Holding]:
    named = [each.key.lower() for each in goals]
    written: dict[str, float] = {}
    for row in seen.rows:
        if row.call_or_put == "C" and row.quantity < 0:
            written[row.market_symbol] = written.get(row.market_symbol, 0.0) - row.quantity * row.multiplier
    lots = _lots(own, {row.symbol: row.rate for row in seen.rows})
    made = []
    for row in seen.rows:
        if row.worth is None:
            continue
        alone = "options" if row.underlying else "short" if row.quantity < 0 else ""
        price = None if row.price is None or row.rate is None else row.price * row.rate
        mine = lots.get((row.symbol, row.currency), ())
        key, locked = key_of(row, by, named), written.get(row.symbol, 0.0)
        made.append(Holding(row.symbol, key, price, row.quantity, row.worth, mine, NOT_TRADED.get(alone, ""), False, locked))
    return made


def _lots(own: Owned, rates: Mapping[str, float | None]) -> dict[tuple[str, str], tuple[TaxLot, ...]]:
    """What is left of each purchase at its cost in the currency of the total: that of its day where the account is kept in it,
    else at today's rate."""
    base = {each.name: each.base_currency for each in own.accounts}
    found: dict[tuple[str, str], tuple[TaxLot, ...]] = {}
    for lot in own.positions.lots:
        rate = rates.get(lot.symbol)
        units = float(lot.quantity * lot.multiplier)
        cost = None if lot.price is None or rate is None else float(lot.price) * rate
        if base.get(lot.account) == own.currency and lot.cost_base is not None and units:
            cost = float(lot.cost_base) / units
        one = TaxLot(lot.id, lot.account, lot.opened, float(lot.quantity), cost, long_term(lot.opened, own.day))
        found[lot.symbol, lot.currency] = (*found.get((lot.symbol, lot.currency), ()), one)
    return found


def _named_symbols(seen: Exposures, goals: Sequence[Target]) -> list[str]:
    """Symbols that have a target and are not held."""
    held = {row.symbol for row in seen.rows}
    return [f"{each.key}={each.key}" for each in goals if each.key != CASH and each.key not in held]


def _wanted(ctx: Context, texts: Sequence[str], seen: Exposures, by: str, goals: Sequence[Target]) -> list[Holding]:
    pairs = [(key.strip(), symbol.strip().upper()) for key, _, symbol in (text.rpartition("=") for text in texts)]
    symbols = sorted({symbol for _, symbol in pairs})
    if not symbols:
        return []
    prices = _prices(ctx, symbols, seen.currency)
    missing = [each for each in symbols if each not in prices]
    notes: Sequence[str] = ()
    if missing and ctx.as_of is None:
        notes = ctx.market.ensure(missing, ("quotes", "bars"), ctx)
        prices |= _prices(ctx, missing, seen.currency)
    made = []
    for key, symbol in pairs:
        target = next((each for each in goals if each.key.lower() == key.lower()), None)
        if target is None or target.key == CASH:
            names = ", ".join(each.key for each in goals if each.key != CASH)
            raise UserError(f"'{key}' is none of your targets by {TITLES[by].lower()}.", f"Say --buy NAME=TICKER; NAME: {names}.")
        if prices.get(symbol) is None:
            hint = " ".join(notes) or f"Fetch it: `tapeline market refresh {symbol}`."
            raise UserError(f"No price of {symbol} in {seen.currency} is known.", hint)
        made.append(Holding(symbol, target.key, prices[symbol], 0.0, 0.0))
    return made


def _prices(ctx: Context, symbols: Sequence[str], currency: str) -> dict[str, float]:
    from plugins.portfolio.gathering import exchange_rate

    listed = dict(ctx.market.instruments(list(symbols), ctx.as_of).select("symbol", "currency").rows())
    found = {}
    for row in ctx.market.last_prices(list(symbols), ctx.as_of).to_dicts():
        stated = row["currency"] or listed.get(row["symbol"]) or currency
        rate = exchange_rate(ctx, stated, currency, ctx.as_of or ctx.market.today()) if stated != currency else 1
        if rate is not None:
            found[row["symbol"]] = float(row["price"]) * float(rate)
    return found


def _washes(own: Owned, plan: Plan) -> dict[str, tuple[Wash, ...]]:
    """What becomes of losses, by symbol: everything bought in any account counts, and what the plan itself buys."""
    bought = [
        Purchase(one.option.underlying if one.option else one.symbol, one.day, float(one.quantity * one.multiplier), one.id)
        for one in own.transactions
        if one.kind in (Kind.BUY, Kind.EXERCISE, Kind.ASSIGN) and one.symbol and one.quantity and one.quantity > 0
        if one.option is None or one.option.right == "C"
    ]
    bought += [Purchase(each.symbol, own.day, each.quantity, planned=True) for each in plan.trades if each.quantity > 0]
    return {
        each.symbol: found
        for each in plan.trades
        if each.quantity < 0
        if (found := tuple(one for one in wash_sales(each.symbol, each.lots, bought, own.day) if one.loss >= _LEAST_LOSS))
    }


# Tables


def rebalance_table(ctx: Context, own: Owned, made: Ordered, part: str) -> Table:
    """The orders; or with `part` the weights before and after, or the lots that are sold."""
    plan, seen = made.plan, made.seen
    shown = {"trades": TRADES, "weights": WEIGHTS, "lots": LOTS}[part]
    rows = {"trades": _trade_rows, "weights": _weight_rows, "lots": _lot_rows}[part](ctx, made)
    sourced, _ = sources(ctx, [row.fetch for row in seen.rows])
    title = {"trades": "Rebalancing", "weights": "Weights before and after", "lots": "Lots to sell"}[part]
    return Table(
        titled(f"{title} by {TITLES[made.by].lower()}", own),
        _kept(shown, rows, plan),
        frame(shown, rows),
        sourced,
        seen.unknown,
        _notes(made, own),
        detail={"ordered": made, "binding": plan.binding, "plan": plan},
    )


def _kept(shown: tuple[Column, ...], rows: Sequence[Mapping[str, Any]], plan: Plan) -> tuple[Column, ...]:
    """Without the columns of sales where nothing is sold."""
    selling = any(each.quantity < 0 for each in plan.trades)
    without = set() if selling or shown is not TRADES else {"gain_short", "gain_long", "lots", "wash"}
    whole = all(float(row.get("quantity") or 0).is_integer() for row in rows)
    return tuple(
        Column(each.name, each.title, each.type, each.unit, each.term, 0 if whole else 4) if each.name == "quantity" else each
        for each in shown
        if each.name not in without
    )


def _trade_rows(ctx: Context, made: Ordered) -> list[dict[str, Any]]:
    plan, seen = made.plan, made.seen
    symbols = [each.symbol for each in plan.trades]
    names = dict(ctx.market.instruments(symbols, ctx.as_of).select("symbol", "name").rows()) if symbols else {}
    held = {row.symbol: row for row in seen.rows}
    total = sum(each.worth for each in plan.before)
    rows = []
    for each in plan.trades:
        now = held[each.symbol].worth or 0.0 if each.symbol in held else 0.0
        selling = each.quantity < 0
        rows.append(
            {
                "action": "Sell" if selling else "Buy",
                "symbol": each.symbol,
                "name": names.get(each.symbol),
                "quantity": abs(each.quantity),
                "price": each.price,
                "money": round(each.money, 2),
                "key": each.key,
                "weight_before": now / total if total > 0 else None,
                "weight_after": (now - each.money) / total if total > 0 else None,
                "gain_short": each.gain(long_term=False) if selling else None,
                "gain_long": each.gain(long_term=True) if selling else None,
                "lots": _lots_said(each) if selling else None,
                "wash": " ".join(said_wash(one, seen.currency) for one in made.washes.get(each.symbol, ())) or None,
                "accounts": list(made.places.get(each.symbol, ())),
                "currency": seen.currency,
            }
        )
    return rows


def _weight_rows(_: Context, made: Ordered) -> list[dict[str, Any]]:
    plan = made.plan
    was = {each.key: each for each in plan.before}
    binds = {each.key: each.kind for each in reversed(plan.limits)}
    rows = []
    for each in plan.after:
        before = was.get(each.key)
        rows.append(
            {
                "key": each.key,
                "target": each.target.weight if each.target else None,
                "before": before.weight if before else 0.0,
                "after": each.weight,
                "drift_before": before.drift if before else None,
                "drift_after": each.drift,
                "worth_after": round(each.worth, 2),
                "state": each.state,
                "binds": binds.get(each.key),
                "currency": made.seen.currency,
            }
        )
    return rows


def _lot_rows(_: Context, made: Ordered) -> list[dict[str, Any]]:
    return [
        {
            "symbol": each.symbol,
            "lot": one.lot.id,
            "opened": one.lot.opened,
            "quantity": one.quantity,
            "proceeds": round(one.proceeds, 2),
            "cost": None if one.cost is None else round(one.cost, 2),
            "gain": None if one.gain is None else round(one.gain, 2),
            "term": "long" if one.lot.long_term else "short",
            "account": one.lot.account,
            "currency": made.seen.currency,
        }
        for each in made.plan.trades
        for one in each.lots
    ]


def _lots_said(trade: Trade) -> list[str]:
    return [
        f"{one.lot.id}: {one.quantity:.6g} of {words.day(one.lot.opened)}, "
        + ("cost not known" if one.gain is None else f"{one.gain:+,.2f} {'long' if one.lot.long_term else 'short'}")
        for one in trade.lots
    ]


def said_wash(one: Wash, currency: str) -> str:
    """A wash sale as a sentence."""
    loss = words.money(one.loss, currency)
    if one.alike:
        names = ", ".join(sorted({each.symbol for each in one.by}))
        return f"{names} follows the same index as {one.symbol}: a tax office may not count {loss} of the loss."
    if not one.quantity:
        return f"A loss of {loss}: it counts only if you do not buy {one.symbol} again up to and on {words.day(one.until)}."
    bought = ", ".join(dict.fromkeys("this plan" if each.planned else words.day(each.day) for each in one.by))
    return (
        f"A loss of {loss} does not count now: {one.quantity:.6g} {one.symbol} were bought within 30 days ({bought}); "
        "it is added to their cost instead."
    )


def _notes(made: Ordered, own: Owned) -> tuple[str, ...]:
    plan, seen = made.plan, made.seen
    if not seen.rows and not plan.cash_before:
        return (NOTHING,)
    notes = [f"What binds: {plan.binding.kind}. {plan.binding.text}"]
    bought = -sum(each.money for each in plan.trades if each.quantity > 0)
    sold = sum(each.money for each in plan.trades if each.quantity < 0)
    if plan.trades:
        told = [f"{what} {words.money(sum_, seen.currency)}" for what, sum_ in (("sell", sold), ("buy", bought)) if sum_]
        left = words.money(plan.cash_after, seen.currency)
        count = "1 trade" if len(plan.trades) == 1 else f"{len(plan.trades)} trades"
        notes.append(f"{count}: {', '.join(told)}; {left} of cash stays.")
    notes += [each.text for each in plan.limits if each.kind == "not in the plan" and each is not plan.binding]
    short, long = (_gains(plan, long_term=term) for term in (False, True))
    if sold:
        notes.append(f"Realised: {short} within a year, {long} after a year, lots by {made.rules.choice.replace('_', ' ')}.")
    stuck = [each.symbol for each in plan.trades if each.quantity > 0 and not made.places.get(each.symbol)]
    if stuck:
        some = ", ".join(stuck[:5]) + (" …" if len(stuck) > 5 else "")
        notes.append(f"No account alone has the money for {some}: move cash first, or buy it in several accounts.")
    return (*notes, *seen.notes)


def _gains(plan: Plan, *, long_term: bool) -> str:
    found = [each.gain(long_term=long_term) for each in plan.trades if each.quantity < 0]
    return "not known" if None in found else f"{sum(each for each in found if each is not None):+,.2f}"
