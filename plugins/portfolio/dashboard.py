"""Everything the first page shows, from one reading of the book: sums, lights, signals, and what is not known."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from plugins.portfolio.checkup import Light, lights
from plugins.portfolio.exposures import exposures
from plugins.portfolio.reports import holdings_table, summary_table
from plugins.portfolio.signals import signals_table
from plugins.portfolio.tables import frame
from plugins.portfolio.worth import titled
from terminal.api import Column, Context, Source, Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from plugins.portfolio.gathering import Owned

_LIGHTS = (
    Column("state", "Light", term="portfolio_light"),
    Column("title", "Question"),
    Column("newbie", "In plain words"),
    Column("pro", "Figures", newbie=False),
    Column("todo", "What to do"),
    Column("symbol", "Ticker", newbie=False),
    Column("page", "Where", newbie=False),
    Column("key", "Key", newbie=False),
)
_OWNED = (
    Column("symbol", "Ticker"),
    Column("own", "You own", term="portfolio_own"),
    Column("own_weight", "Your weight", "number", "fraction", decimals=1, term="portfolio_weight"),
    Column("own_worth", "Your worth", "number", "currency", decimals=2, term="portfolio_value"),
    Column("own_gain", "Your gain", "number", "currency", decimals=2, term="portfolio_unrealised"),
    Column("currency", "Currency"),
)


def overview_table(ctx: Context, own: Owned) -> Table:
    """The lights as rows, what needs doing first; `detail` has `summary`, `holdings` and `signals` (tables) and `regime`."""
    summary, holdings = summary_table(ctx, own), holdings_table(ctx, own)
    shown = exposures(ctx, own)
    signals = signals_table(ctx, own, shown)
    regime = ctx.market.regime(ctx.as_of)
    options = {one.symbol for one in shown.rows if one.underlying}  # whose price runs out by nature
    gains = {str(row["symbol"]): row["gain_share"] for row in holdings.rows() if row["symbol"] not in options}
    doubts = tuple(dict.fromkeys((*summary.unknown, *shown.unknown)))
    unread = unread_lines(ctx.store.book.read, own)
    found = lights(shown, signals.detail["rows"] if signals.detail else (), regime, doubts, unread, gains)
    worst = {"error": 0, "warn": 1, "unknown": 2, "ok": 3}
    found = sorted(found, key=lambda light: worst[light.state])
    rows = [_row(light) for light in found]
    todo = sum(bool(light.todo) for light in found)
    notes = (f"{todo} of {len(found)} need your attention." if todo else "Nothing needs your attention.", *summary.notes)
    detail = {"summary": summary, "holdings": holdings, "signals": signals, "regime": regime, "lights": found}
    sources = tuple(dict.fromkeys((*summary.sources, *signals.sources)))
    return Table(titled("How it stands", own), _LIGHTS, frame(_LIGHTS, rows), sources, doubts, notes, detail=detail)


def _row(light: Light) -> dict[str, Any]:
    return {column.name: getattr(light, column.name) or None for column in _LIGHTS}


def unread_lines(read: Callable[..., Any], own: Owned) -> int:
    """How many lines of imported files nobody could book, in these accounts."""
    frame = read(
        "SELECT count(*) AS lines FROM portfolio.unknown_lines u JOIN portfolio.import_runs r ON r.id = u.run_id "
        "WHERE r.undone_at IS NULL AND list_contains(?, r.account_id)",
        ([each.id for each in own.accounts] or [0],),
    )
    return int(frame["lines"][0])


def owned_table(ctx: Context, own: Owned) -> Table:
    """What is owned of each company or fund, its options taken together with it, in words and as numbers."""
    from collections import defaultdict

    from plugins.portfolio.gathering import sources
    from plugins.portfolio.worth import lines, prepared, together
    from terminal.domain.portfolio.returns import NOTHING, Range

    prices = prepared(ctx, own)
    found = lines(own, prices)
    worth: dict[str, Range] = defaultdict(lambda: NOTHING)
    gain: dict[str, Range] = defaultdict(lambda: NOTHING)
    for line in found:
        rate = prices.rate(line.held.currency, own.currency, own.day)
        name = line.held.market_symbol
        worth[name] += line.in_total
        gain[name] += Range(None, None) if rate is None else line.gain * rate
    from plugins.portfolio.worth import cash_in

    total = (together(worth.values()) + cash_in(own, prices)[0]).value
    rows = []
    for symbol in sorted(worth):
        money, made = worth[symbol].value, gain[symbol].value
        weight = None if money is None or not total or total <= 0 else money / total
        rows.append(
            {
                "symbol": symbol,
                "own": _said(weight, money, made, own.currency),
                "own_weight": weight,
                "own_worth": money,
                "own_gain": made,
                "currency": own.currency,
            }
        )
    made_by, _ = sources(ctx, [line.price.fetch for line in found])
    return Table("What you own", _OWNED, frame(_OWNED, rows), made_by)


def _said(weight: Decimal | None, worth: Decimal | None, gain: Decimal | None, currency: str) -> str:
    """`You own 2 %, +$1,000`."""
    from terminal.domain import format as fmt

    much = fmt.percent(float(weight), 0 if abs(weight) >= Decimal("0.095") else 1) if weight is not None else \
        fmt.money(float(worth), currency, 0) if worth is not None else "some"  # fmt: skip
    verb = "You owe" if worth is not None and worth < 0 else "You own"
    return f"{verb} {much.replace(fmt.MINUS, '') if verb == 'You owe' else much}" + (
        "" if gain is None else f", {fmt.money(float(gain), currency, 0, sign=True)}"
    )


def nothing_owned() -> Table:
    """For an empty book."""
    return Table("What you own", _OWNED, frame(_OWNED, ()))


def market_source(ctx: Context) -> Source:
    """Where verdicts come from."""
    return Source("Tapeline", "scoring", fetched_at=ctx.now(), simulated=ctx.demo)
