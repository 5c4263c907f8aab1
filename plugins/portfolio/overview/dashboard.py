"""Everything the first page shows, from one reading of the book: sums, lights, signals, and what is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from plugins.portfolio.allocation.dividing import drift_lights
from plugins.portfolio.exposures import exposures
from plugins.portfolio.overview.checkup import Light, lights
from plugins.portfolio.overview.signals import signals_table
from plugins.portfolio.reports.tables import holdings_table, summary_table
from plugins.portfolio.tables import frame
from plugins.portfolio.worth import titled
from terminal.api import Column, Context, Table

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


def overview_table(ctx: Context, own: Owned) -> Table:
    """The lights as rows, what needs doing first; `detail` has `summary`, `holdings` and `signals` (tables) and `regime`."""
    summary, holdings = summary_table(ctx, own), holdings_table(ctx, own)
    shown = exposures(ctx, own)
    signals = signals_table(ctx, own, shown)
    regime = ctx.market.regime(ctx.as_of)
    options = {one.symbol for one in shown.rows if one.underlying}  # whose price runs out by nature
    gains = {str(row["symbol"]): row["gain_share"] for row in holdings.rows() if row["symbol"] not in options}
    doubts = summary.unknown
    unread = unread_lines(ctx.store.book.read, own)
    found = lights(shown, signals.detail["rows"] if signals.detail else (), regime, doubts, unread, gains)
    found += drift_lights(ctx, own, shown)
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
