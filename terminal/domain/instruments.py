"""What can be looked at: kinds of instruments, sectors, and the spelling of symbols."""

from __future__ import annotations

import re

KINDS = ("stock", "etf", "bond", "bond_etf", "index", "fund", "other")

SECTORS = ("Communication Services", "Consumer Discretionary", "Consumer Staples", "Energy", "Financials",
           "Health Care", "Industrials", "Information Technology", "Materials", "Real Estate", "Utilities")

_YAHOO_SECTORS = {
    "technology": "Information Technology", "financial services": "Financials", "financial": "Financials",
    "healthcare": "Health Care", "consumer cyclical": "Consumer Discretionary",
    "consumer defensive": "Consumer Staples", "basic materials": "Materials",
    "communication services": "Communication Services", "industrials": "Industrials", "energy": "Energy",
    "real estate": "Real Estate", "utilities": "Utilities",
}

_SYMBOL = re.compile(r"^[A-Z0-9^][A-Z0-9.\-=^]{0,14}$")


def clean_symbol(text: str) -> str:
    """The symbol as it is kept: upper case, no blanks. Raises ValueError for what cannot be a symbol."""
    symbol = text.strip().upper()
    if not _SYMBOL.match(symbol):
        raise ValueError(f"'{text}' is not a symbol")
    return symbol


def clean_sector(text: str | None) -> str | None:
    """One of the eleven GICS sectors for a vendor's spelling, or the text itself where it is none of them."""
    if text is None or not text.strip():
        return None
    for sector in SECTORS:
        if sector.lower() == text.strip().lower():
            return sector
    return _YAHOO_SECTORS.get(text.strip().lower(), text.strip())
