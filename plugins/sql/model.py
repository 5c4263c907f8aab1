"""What the SQL console knows without asking: what each table holds, example questions, and how an answer's columns are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from terminal.api import Column

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

HOLDS = {
    "market.instruments": "What each company, fund or index is: name, kind, sector, currency.",
    "market.bars": "One row a symbol and trading day: open, high, low, close, volume (adjusted for splits).",
    "market.minute_bars": "One row a symbol and minute.",
    "market.quotes": "The latest prices as they came, with the close of the day before.",
    "market.facts": "Figures from companies' reports: one value of one item for one period.",
    "market.dividends": "Dividends by the day a share trades without them.",
    "market.splits": "Share splits by their day.",
    "market.earnings": "Report dates, and estimated and actual earnings.",
    "market.headlines": "News headlines with their publisher.",
    "market.chains": "Option quotes: one row a contract and moment.",
    "market.members": "Which symbols belong to which index.",
    "market.filings": "What companies filed with the SEC, and when it was accepted.",
    "market.ratings": "How many analysts say buy, hold or sell, by month.",
    "market.news_sentiment": "The tone of headlines as a service computed it.",
    "market.macro": "Economic series (rates, inflation), each with the day it was published.",
    "market.fetch_log": "Every request to a data service and how it ended; fetch_id of every row points here.",
    "market.quarantine": "Rows that were refused, and why.",
    "market.repairs": "Values that were corrected on arrival, by which rule.",
    "market.freshness": "How new each kind of data is, by symbol.",
    "market.migrations": "Which steps made this file what it is.",
    "book.migrations": "Which steps made this file what it is.",
    "book.watchlists": "Your watchlists, also the deleted ones (deleted_at).",
    "book.watchlist_items": "The symbols of your watchlists, with your notes.",
    "book.universes": "Lists of symbols that you imported.",
    "book.looks": "What you saw the last times you opened a tearsheet.",
    "book.deleted": "What was removed and can be put back.",
    "chart.drawings": "Your drawings, by symbol.",
    "chart.drawing_states": "Every state each drawing has had.",
    "chart.templates": "Studies that a chart opens with.",
    "dips.states": "Dips as they stood when they were written down.",
    "dips.alerts": "Alerts of the dip monitor.",
    "health.acknowledged": "Problems you have acknowledged.",
    "jobs.history": "What ran by itself, and how it ended.",
    "jobs.known": "Jobs, since when they are known.",
    "screener.runs": "Every run of a screen.",
    "screener.run_rows": "What each run of a screen found.",
    "screener.saved": "Your screens.",
    "portfolio.accounts": "Your accounts with their broker, currency and how lots are chosen.",
    "portfolio.portfolios": "Several accounts under one name.",
    "portfolio.transactions": "Your bookings as they stand now.",
    "portfolio.versions": "Every version of every booking; a correction is a further one.",
    "portfolio.keys": "What makes a booking of a file the same one when it comes again.",
    "portfolio.held": "What you hold now, by account.",
    "portfolio.import_runs": "Files that were imported, and what came of them.",
    "portfolio.unknown_lines": "Lines of imported files that could not be read, with the reason.",
    "portfolio.file_symbols": "Tickers for the names that files use.",
    "portfolio.target_versions": "Your targets and their bands, every version; without classes: taken away.",
    "portfolio.label_versions": "Your tags, and classes that win over the market's, every version.",
    "portfolio.verdicts": "Verdicts on what you hold, written down when they changed.",
    "portfolio.scenario_versions": "Your scenarios of what if, every version.",
    "portfolio.bank_balances": "What banks said about balances (SimpleFIN), apart from what is booked.",
    "portfolio.bank_reads": "When banks were asked, and what they warned of.",
    "portfolio.demo": "Which accounts came with the demo market.",
    "journal.entries": "Your decisions and market calls: of what, and when they were logged.",
    "journal.versions": "Every version of each decision and call; the first one is graded.",
    "journal.statuses": "How the thesis of each decision stood: broken, shaken, working or unknown.",
    "journal.checkins": "Reviews you finished, and what you did next.",
    "journal.trade_notes": "What you wrote about trades: plan, tags, state of mind, notes, every version.",
    "journal.playbooks": "Your playbooks, every version.",
    "journal.trade_pictures": "Pictures of charts that belong to trades: the files' names.",
    "journal.entry_clauses": "Which parts of a rule were true on the evening before a trade was opened.",
    "journal.demo": "What came with the demo journal.",
    "options.flow_events": "Unusual option trades that were flagged: what was traded, where it was seen, its evidence.",
    "options.flow_flags": "Which recipe flagged an event, with its rule and clauses as they were.",
    "options.flow_verdicts": "What the open interest of the next morning said of a flag, every time it said something new.",
    "options.flow_recipes": "Your own recipes for unusual option trades.",
    "options.plan_versions": "Option plans you saved, every version.",
    "views.saved": "Your views of tables.",
    "sql.history": "The statements you ran here.",
}
SUFFIXES = {"_superseded": "Earlier versions of {of}: what was believed until known_until.",
            "_others": "What other services say about {of}, where one that is believed more says something else."}
EXAMPLES = (
    ("Which shares rose most in the last month?",
     "WITH span AS (\n  SELECT symbol, arg_min(close, date) AS before, arg_max(close, date) AS now\n  FROM market.bars\n"
     "  WHERE date >= (SELECT max(date) FROM market.bars) - 30\n  GROUP BY symbol)\n"
     "SELECT symbol, name, before, now, now / before - 1 AS change\nFROM span JOIN market.instruments USING (symbol)\n"
     "ORDER BY change DESC\nLIMIT 20"),
    ("How many companies of each sector are stored?",
     "SELECT sector, count(*) AS companies\nFROM market.instruments\nWHERE sector IS NOT NULL\nGROUP BY sector\n"
     "ORDER BY companies DESC"),
    ("What do my watched shares cost now?",
     "SELECT w.name AS list, i.symbol, arg_max(b.close, b.date) AS price, max(b.date) AS day\n"
     "FROM book.watchlist_items i\nJOIN book.watchlists w ON w.id = i.watchlist_id AND w.deleted_at IS NULL\n"
     "LEFT JOIN market.bars b USING (symbol)\nGROUP BY ALL\nORDER BY list, symbol"),
)


def holds(table: str) -> str:
    """One sentence on what a table holds, as it is named in a statement."""
    if table in HOLDS:
        return HOLDS[table]
    for suffix, words in SUFFIXES.items():
        if table.endswith(suffix):
            return words.format(of=table.removesuffix(suffix))
    return f"Kept by the plugin {table.partition('.')[0]}."


def columns_of(frame: pl.DataFrame) -> tuple[Column, ...]:
    """Columns of an answer by their type. What a number means is known to its author alone, so none has a unit."""
    import polars as pl

    found = []
    for name, kind in frame.schema.items():
        if kind.is_integer():
            column = Column(name, name, "integer")
        elif kind.is_float() or kind.is_decimal():
            largest = frame[name].abs().max()
            column = Column(name, name, "number", decimals=4 if isinstance(largest, (int, float)) and largest < 10 else 2)
        elif kind == pl.Boolean:
            column = Column(name, name, "bool")
        elif kind == pl.Date:
            column = Column(name, name, "date")
        elif isinstance(kind, pl.Datetime):
            column = Column(name, name, "datetime")
        else:
            column = Column(name, name, "list" if isinstance(kind, pl.List) else "text")
        found.append(column)
    return tuple(found)


def visible(names: Sequence[str]) -> dict[str, str]:
    """New names for columns that begin with an underscore: those of a table are for panels and never shown."""
    taken, renamed = set(names), {}
    for name in names:
        if name.startswith("_"):
            fresh = name.lstrip("_") or "column"
            while fresh in taken:
                fresh += "_"
            taken.add(fresh)
            renamed[name] = fresh
    return renamed
