"""Names of listed options: the 21-character symbols of the Options Clearing Corporation, and what their roots say.

OCC: "SPXW  261218C06000000" is the root (up to six characters), the expiry (year, month, day), C or P and the strike in
thousandths; services leave the blanks out. A root that ends in a digit is an adjusted or mini contract, which delivers
something else than 100 shares.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

Right = Literal["C", "P"]
Settlement = Literal["AM", "PM"]

_NAME = re.compile(r"^(?P<root>[A-Z]{1,5}[0-9]?|[A-Z]{6})\s*(?P<day>\d{6})(?P<right>[CP])(?P<strike>\d{8})$")
_NEW_YORK = ZoneInfo("America/New_York")
_OPEN, _CLOSE = time(9, 30), time(16)
_YEAR = 365 * 86_400.0
# Weekly and evening-settled roots and the index they are on; other roots are their own underlying.
_UNDERLYING = {
    "SPX": "^SPX", "SPXW": "^SPX", "XSP": "^XSP", "NDX": "^NDX", "NDXP": "^NDX", "XND": "^XND", "RUT": "^RUT", "RUTW": "^RUT",
    "MRUT": "^MRUT", "DJX": "^DJX", "VIX": "^VIX", "VIXW": "^VIX", "OEX": "^OEX", "XEO": "^XEO",
}  # fmt: skip
# Exercised at expiry only (Cboe and Nasdaq product pages; OEX is American).
_AT_EXPIRY_ONLY = frozenset(_UNDERLYING) - {"OEX"} | {"RUI", "RLG", "RLV", "MXEA", "MXEF", "NANOS"}
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
        day = datetime.strptime(found["day"], "%y%m%d").date()
    except ValueError:
        return None
    strike = int(found["strike"]) / 1000
    return Contract(found["root"], day, "C" if found["right"] == "C" else "P", strike) if strike > 0 else None


def build(contract: Contract) -> str:
    """Its OCC name without blanks. Raises ValueError for a strike that the name cannot hold."""
    thousandths = round(contract.strike * 1000)
    if not 0 < thousandths < 10**8 or abs(thousandths / 1000 - contract.strike) > 1e-9 * contract.strike:
        raise ValueError(f"no contract is listed with a strike of {contract.strike}")
    return f"{contract.root}{contract.expiry:%y%m%d}{contract.right}{thousandths:08d}"


def underlying_of(root: str) -> str:
    """What options of a root are on, as the store names it."""
    return _UNDERLYING.get(root.upper(), root.upper().rstrip("0123456789"))


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


def expires_at(root: str, expiry: date) -> datetime:
    """The moment (UTC) whose price settles it: 9:30 or 16:00 in New York."""
    moment = _OPEN if settlement(root, expiry) == "AM" else _CLOSE
    return datetime.combine(expiry, moment, _NEW_YORK).astimezone(UTC)


def years(at: datetime, expires: datetime) -> float:
    """Calendar time from one to the other in years of 365 days; below zero when it has expired."""
    return (expires - at).total_seconds() / _YEAR
