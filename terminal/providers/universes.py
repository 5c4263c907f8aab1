"""Members of well-known indices, as the `pytickersymbols` package lists them: a snapshot, not point in time.

The package names no date for its lists, so the year and month of its data (`AS_OF`) are kept here by the version they
were checked with; a newer version is said to be "not before" that date.
"""

from __future__ import annotations

from datetime import date

AS_OF = date(2026, 3, 1)

INDICES = {
    "sp500": ("S&P 500", "S&P 500"),
    "sp100": ("S&P 100", "S&P 100"),
    "nasdaq100": ("Nasdaq 100", "NASDAQ 100"),
    "dow30": ("Dow 30", "DOW JONES"),
}


def members(index: str) -> dict[str, str]:
    """Symbol (spelled as Yahoo does: BRK-B) to company name, in order of symbols. Raises KeyError for an unknown index."""
    from pytickersymbols import PyTickerSymbols

    found: dict[str, str] = {}
    for stock in PyTickerSymbols().get_stocks_by_index(INDICES[index][1]):
        symbol = _dollar_symbol(stock)
        if symbol:
            found[symbol] = str(stock.get("name") or symbol)
    return dict(sorted(found.items()))


def _dollar_symbol(stock: dict[str, object]) -> str:
    """The symbol under which Yahoo quotes the stock in dollars, else the stock's own symbol."""
    symbol = str(stock.get("symbol") or "").upper().replace(".", "-")
    listed = stock.get("symbols")
    for each in listed if isinstance(listed, list) else ():
        if each.get("currency") == "USD" and str(each.get("yahoo") or "").upper().replace(".", "-") == symbol:
            return symbol
    for each in listed if isinstance(listed, list) else ():
        if each.get("currency") == "USD" and each.get("yahoo") and "." not in str(each["yahoo"]):
            return str(each["yahoo"]).upper()
    return symbol
