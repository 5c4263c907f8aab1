"""Brokers' own files, read: one module a broker, all of them pure, each giving the same `Parsed`.

`parse(content, name)` finds out whose file it is; `mapped` reads any other CSV by columns that the user may name.
Nothing of a file is dropped: each record is booked, passed over with a reason, or unknown with a reason.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from terminal.domain.brokers.parsed import Line, Parsed, Stated, Unreadable
from terminal.domain.brokers.text import head

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["READERS", "Line", "Parsed", "Reader", "Stated", "Unreadable", "detect", "parse", "reader"]

# In the order in which they are asked whether a file is theirs.
READERS = (
    "ibkr-flex",
    "ibkr-activity",
    "schwab",
    "robinhood",
    "fidelity",
    "trading212",
    "degiro",
    "degiro-transactions",
    "coinbase",
    "alpaca",
    "saxo",
    "parqet",
    "revolut",
    "tradovate",
)
_MODULES = {"ibkr-flex": "flex", "ibkr-activity": "ibkr_activity", "degiro-transactions": "degiro_transactions"}


class Reader(Protocol):
    """What each broker's module offers."""

    ID: str
    TITLE: str

    def recognises(self, head: Sequence[str], name: str) -> bool:
        """Whether a file with these first lines is this broker's."""
        ...

    def parse(self, content: bytes | str, name: str) -> Parsed:
        """Read it. Raises Unreadable when it is not this broker's after all."""
        ...


def reader(broker: str) -> Reader:
    """The module of a broker. Raises KeyError for a name that is not in READERS."""
    if broker not in READERS:
        raise KeyError(broker)
    return cast("Reader", import_module(f"terminal.domain.brokers.{_MODULES.get(broker, broker)}"))


def detect(content: bytes | str, name: str = "") -> str | None:
    """Whose file this is, told from its first lines; None when nobody's."""
    lines = head(content)
    return next((broker for broker in READERS if lines and reader(broker).recognises(lines, name)), None)


def parse(content: bytes | str, name: str, broker: str = "auto") -> Parsed:
    """Read a broker's file. Raises Unreadable when it is nobody's, or not the named broker's; KeyError for an unknown name."""
    found = detect(content, name) if broker == "auto" else broker
    if found is None:
        raise Unreadable("it does not look like the export of a broker that is known here")
    try:
        return reader(found).parse(content, name)
    except Unreadable:
        raise
    except ValueError as problem:
        raise Unreadable(f"{problem}") from None
