"""The local files: the market (public data) and the book (what the user owns), behind one writer thread."""

from terminal.store.book import BookStore
from terminal.store.db import Database
from terminal.store.landing import Saved
from terminal.store.market import MarketStore
from terminal.store.store import Store
from terminal.store.transaction import Transaction

__all__ = ["BookStore", "Database", "MarketStore", "Saved", "Store", "Transaction"]
