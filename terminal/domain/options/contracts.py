"""Names of listed options: the 21-character symbols of the Options Clearing Corporation, and what their roots say.

OCC: "SPXW  261218C06000000" is the root (up to six characters), the expiry (year, month, day), C or P and the strike in
thousandths; services leave the blanks out. A root that ends in a digit is an adjusted or mini contract, which delivers
something else than 100 shares. What each root is, how it is exercised and when it settles is from the product pages of Cboe and
Nasdaq. Names of many contracts at once: `names`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from terminal.errors import UserError

if TYPE_CHECKING:
    from terminal.domain.sessions import Calendar

Right = Literal["C", "P"]
Settlement = Literal["AM", "PM"]

_NAME = re.compile(r"^(?P<root>[A-Z]{1,5}[0-9]?|[A-Z]{6})\s*(?P<day>\d{6})(?P<right>[CP])(?P<strike>\d{8})$", re.ASCII)
NEW_YORK = ZoneInfo("America/New_York")
_OPEN, _CLOSE = time(9, 30), time(16)
_YEAR = 365 * 86_400.0
# Weekly and evening-settled roots and the index they are on; other roots are their own underlying.
UNDERLYING = {
    "SPX": "^SPX", "SPXW": "^SPX", "XSP": "^XSP", "NDX": "^NDX", "NDXP": "^NDX", "XND": "^XND", "RUT": "^RUT", "RUTW": "^RUT",
    "MRUT": "^MRUT", "DJX": "^DJX", "VIX": "^VIX", "VIXW": "^VIX", "OEX": "^OEX", "XEO": "^XEO",
    # A root holds no point and no dash: share classes.
    "BRKB": "BRK-B", "BFA": "BF-A", "BFB": "BF-B", "HEIA": "HEI-A", "LENB": "LEN-B", "MOGA": "MOG-A", "UHALB": "UHAL-B",
}  # fmt: skip
# Other names under which an index is known here.
_INDICES = {"^GSPC": "^SPX"}
_INDEX_ROOTS = frozenset(root for root, symbol in UNDERLYING.items() if symbol.startswith("^"))
# Exercised at expiry only (Cboe and Nasdaq product pages; OEX is American).
_AT_EXPIRY_ONLY = _INDEX_ROOTS - {"OEX"} | {"RUI", "RLG", "RLV", "MXEA", "MXEF", "NANOS"}
# Settled at the opening prices of the expiry: the monthly ones of these roots, and all of VIX.
_MORNING = frozenset({"SPX", "NDX", "RUT", "DJX", "MXEA", "MXEF", "RUI", "RLG", "RLV"})
_MORNING_ALWAYS = frozenset({"VIX", "VIXW"})


@dataclass(frozen=True, slots=True)
class Contract:
    """A listed option; `strike` in money per share."""

    root: str
    expiry: date
    right: Right
    strike: float

    @property
    def adjusted(self) -> bool:
        """Whether it delivers something else than 100 shares (adjusted for a corporate action, or a mini)."""
        return self.root[-1:].isdigit()


def parse(text: str) -> Contract | None:
    """A contract of its OCC name, with or without blanks and the prefix "O:"; None for what is none."""
    found = _NAME.match(text.strip().upper().removeprefix("O:"))
    if found is None:
        return None
    try:
        year, month, day = (int(found["day"][at : at + 2]) for at in (0, 2, 4))
        expiry = date(2000 + year, month, day)
    except ValueError:
        return None
    strike = int(found["strike"]) / 1000
    return Contract(found["root"], expiry, "C" if found["right"] == "C" else "P", strike) if strike > 0 else None


def named(text: str) -> Contract:
    """As `parse`, for what a user typed. Raises UserError for what is no contract."""
    found = parse(text)
    if found is None:
        raise UserError(f"'{text.strip()[:40]}' is not the name of an option contract.",
                        "It is the root, the day, C or P and the strike in thousandths: SPY261218C00600000.")
    return found


def build(contract: Contract) -> str:
    """Its OCC name without blanks. Raises ValueError for a root, a right, a day or a strike that no name can hold."""
    thousandths = round(contract.strike * 1000) if 0 < contract.strike < 10**6 else 0
    if not 0 < thousandths < 10**8 or abs(thousandths / 1000 - contract.strike) > 1e-9 * contract.strike:
        raise ValueError(f"no contract is listed with a strike of {contract.strike}")
    if not 2000 <= contract.expiry.year <= 2099:
        raise ValueError(f"no contract is named by the year {contract.expiry.year}")
    name = f"{contract.root}{contract.expiry:%y%m%d}{contract.right}{thousandths:08d}"
    if _NAME.match(name) is None:
        raise ValueError(f"'{contract.root}' and '{contract.right}' are not the root and the right of a contract")
    return name


def padded(contract: Contract) -> str:
    """Its OCC name with the root filled up to six characters, 21 in all: as Schwab and Databento write it."""
    name = build(contract)
    return f"{contract.root:<6}{name[len(contract.root):]}"


def underlying_of(root: str) -> str:
    """What options of a root are on, as the store names it; an adjusted root's share is the root without its digit."""
    root = root.upper()
    return UNDERLYING.get(root, root.rstrip("0123456789"))


def index_of(symbol: str) -> str | None:
    """The exchange's own name of an index: SPX of ^SPX, ^GSPC or SPX; None for what is no index."""
    symbol = symbol.upper()
    name = _INDICES.get(symbol, symbol).lstrip("^_")
    known = symbol.startswith(("^", "_")) or f"^{name}" in UNDERLYING.values()
    return name if known and name.isalnum() else None


def roots_of(symbol: str) -> tuple[str, ...]:
    """The roots of a symbol's standard options: SPX and SPXW of ^SPX (or ^GSPC), the symbol itself of a share."""
    symbol = symbol.upper().replace(".", "-")
    index = _INDICES.get(symbol, symbol)
    found = tuple(root for root, on in UNDERLYING.items() if on in (index, f"^{index}"))
    return found or (index.lstrip("^").replace("-", ""),)


def european(root: str) -> bool:
    """Whether options of this root are exercised at expiry only; those on shares and funds at any time."""
    return root.upper().lstrip("^_") in _AT_EXPIRY_ONLY


def third_friday(day: date) -> date:
    """The third Friday of a day's month."""
    first = day.replace(day=1)
    return first + timedelta(days=(4 - first.weekday()) % 7 + 14)


def settlement(root: str, expiry: date) -> Settlement:
    """AM: settled at the prices of the expiry's opening, traded until the session before."""
    root = root.upper()
    if root in _MORNING_ALWAYS:
        return "AM"
    monthly = third_friday(expiry) - timedelta(days=1) <= expiry <= third_friday(expiry)
    return "AM" if root in _MORNING and monthly else "PM"


def expires_at(root: str, expiry: date, calendar: Calendar | None = None) -> datetime:
    """The moment (UTC) whose price settles it: the exchange's open (AM) or close (PM) on the day of expiry.

    That is 9:30 or 16:00 in New York; with a calendar also the early close of a half day, and the session before where the day
    is none. Contracts of before 2015 are named by the Saturday after their last session.
    """
    day = expiry - timedelta(days=1) if expiry.weekday() == 5 else expiry
    morning = settlement(root, day) == "AM"
    if calendar is not None and calendar.first <= day <= calendar.last:
        day = day if calendar.is_session(day) else calendar.previous_session(day)
        return calendar.session_open(day) if morning else calendar.session_close(day)
    return datetime.combine(day, _OPEN if morning else _CLOSE, NEW_YORK).astimezone(UTC)


def last_session(root: str, expiry: date, calendar: Calendar) -> date:
    """The last day it trades: the day of expiry, for one settled in the morning the session before."""
    day = expires_at(root, expiry, calendar).astimezone(NEW_YORK).date()
    return calendar.previous_session(day) if settlement(root, day) == "AM" else day


def years(at: datetime, expires: datetime) -> float:
    """Calendar time from one to the other in years of 365 days; below zero when it has expired."""
    return (expires - at).total_seconds() / _YEAR
