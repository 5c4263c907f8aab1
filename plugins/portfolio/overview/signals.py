"""What the screener says of what is held: verdict, score and reasons, each beside how much of it there is."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from plugins.portfolio.gathering import sources
from plugins.portfolio.overview.watching import last_changes
from plugins.portfolio.tables import frame
from plugins.portfolio.worth import titled
from terminal.api import Column, Context, Table

if TYPE_CHECKING:
    from plugins.portfolio.exposures import Exposures
    from plugins.portfolio.gathering import Owned

_SIGNALS = (
    Column("symbol", "Ticker"),
    Column("name", "Name"),
    Column("weight", "Weight", "number", "fraction", decimals=1, term="portfolio_weight"),
    Column("worth", "Worth", "number", "currency", decimals=2, term="portfolio_value"),
    Column("verdict", "Verdict", term="verdict"),
    Column("score", "Score", "number", "score", "score", 1),
    Column("before", "Before", term="portfolio_before"),
    Column("changed", "Changed", "date", term="portfolio_before"),
    Column("change", "Day", "number", "fraction", "change", 2),
    Column("position_52w", "52-week position", "number", "fraction", "position_52w", newbie=False),
    Column("days_to_earnings", "Report in days", "integer", "", "days_to_earnings"),
    Column("flags", "Flags", "list"),
    Column("why", "Why", term="why"),
    Column("currency", "Currency", newbie=False),
)
_MARKET = ("name", "verdict", "score", "change", "position_52w", "days_to_earnings", "flags", "why", "sector", "kind")


def signals_table(ctx: Context, own: Owned, shown: Exposures) -> Table:
    """One row for each company or fund held, its options taken together with it; the largest first."""
    worth: dict[str, list[float | None]] = defaultdict(list)
    for one in shown.rows:
        worth[one.market_symbol].append(one.worth)
    symbols = sorted(worth)
    scored = ctx.market.scored(symbols, ctx.as_of)
    market = {row["symbol"]: row for row in scored.frame.select("symbol", *_MARKET).to_dicts()}
    changes = last_changes(ctx.store.book.read, ctx.as_of)
    rows: list[dict[str, Any]] = []
    for symbol in symbols:
        values = worth[symbol]
        total = None if None in values else sum(value for value in values if value is not None)
        change = changes.get(symbol)
        rows.append(
            {
                **market.get(symbol, {}),
                "symbol": symbol,
                "worth": total,
                "weight": None if total is None or shown.known_worth <= 0 else total / shown.known_worth,
                "before": change["before"] if change else None,
                "changed": change["day"] if change else None,
                "currency": own.currency,
            }
        )
    rows.sort(key=lambda row: (row["worth"] is None, -abs(row["worth"] or 0.0), row["symbol"]))
    made, _ = sources(ctx, [one.fetch for one in shown.rows])
    missing = [row["symbol"] for row in rows if row.get("verdict") in (None, "Unknown")]
    unknown = (f"No verdict on {', '.join(missing)}: not enough is known of it.",) if missing else ()
    notes = () if rows else ("Nothing is held, so there is nothing to say about.",)
    title = titled("Signals on what you own", own)
    return Table(title, _SIGNALS, frame(_SIGNALS, rows), made, unknown, notes, detail={"rows": rows})
