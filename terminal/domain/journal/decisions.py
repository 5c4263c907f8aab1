"""A decision or a market call: what was decided, why, how sure one was, and what would prove it wrong.

An entry is a chain of versions that never change. What is graded is what was said first (action, price, how sure, until when);
a stop or target counts from the version that set it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["decision", "call"]
Event = Literal["", "direction", "level", "target"]

ACTIONS = ("buy", "sell", "hold", "pass", "watch")
DIRECTIONS = ("up", "down")
NEXT_STEPS = ("hold", "add", "reduce", "close")
MILESTONES = (30, 60, 90)
"""Days after a decision at which one looks at it again."""
MOST_FALSIFIERS = 3
MOST_METRICS = 2
REVIEW_DAYS = 30
HORIZON_DAYS = 90
"""How long a decision that names no horizon is followed until it is judged."""
LEAST_CONVICTION = 0.5


@dataclass(frozen=True)
class Terms:
    """What one version says.

    `action` is one of ACTIONS, of a call "up" or "down". `probability`: how likely one thinks it is to turn out right (None: not
    said). `until`: the day on which it is judged. `event` of a call: "direction" (closes above or below the price of then),
    "level" (closes at `level` or beyond on the day), "target" (trades there at any time up to the day).
    """

    action: str
    reason: str
    metrics: tuple[str, ...] = ()
    probability: float | None = None
    until: date | None = None
    stop: float | None = None
    target: float | None = None
    review_on: date | None = None
    falsifiers: tuple[str, ...] = ()
    signal: str = ""
    preset: str = ""
    event: Event = ""
    level: float | None = None


@dataclass(frozen=True)
class Version:
    """One version: what it says, when it was written (aware UTC), and what was known then.

    `price` and `market_price` (of the broad index) are those of that moment, None when unknown. `context` is what was frozen:
    {"figures": [...], "sources": [...], ...} as `plugins.journal.decisions.context` makes it. `why`: the reason for the change.
    """

    number: int
    written_at: datetime
    terms: Terms
    price: float | None = None
    market_price: float | None = None
    currency: str | None = None
    context: Mapping[str, Any] = field(default_factory=dict)
    removed: bool = False
    why: str = ""


@dataclass(frozen=True)
class Entry:
    """A decision or a call with all its versions, the oldest first. `day` is the exchange's day it was written on.

    `in_hindsight`: written down later than it is dated, so that it proves nothing.
    """

    id: int
    kind: Kind
    symbol: str
    day: date
    logged_at: datetime
    in_hindsight: bool
    versions: tuple[Version, ...]

    @property
    def first(self) -> Version:
        """What was said at first; what is graded."""
        return self.versions[0]

    @property
    def last(self) -> Version:
        """What stands now."""
        return self.versions[-1]

    @property
    def removed(self) -> bool:
        """Whether it was taken out."""
        return self.last.removed

    @property
    def until(self) -> date:
        """The day on which it is judged at the latest."""
        return self.first.terms.until or self.day + timedelta(days=HORIZON_DAYS)


def probability(text: str) -> float:
    """How sure, as a fraction: "70", "70 %" and "0.7" are the same. Raises ValueError for what is not within 0 and 1."""
    found = re.fullmatch(r"\s*(\d+(?:[.,]\d+)?)\s*(%?)\s*", text)
    if found is None:
        raise ValueError(f"{text!r} is not a probability")
    amount = float(found[1].replace(",", "."))
    share = amount / 100 if found[2] or amount > 1 else amount
    if not 0 < share < 1:
        raise ValueError(f"{text!r} does not lie between 0 and 100 %")
    return share


_SPANS = {"d": 1, "w": 7, "m": 30, "q": 91, "y": 365}


def horizon(text: str) -> int:
    """Days of "90", "90d", "12w", "3m", "1y". Raises ValueError for what is no length of time, or longer than ten years."""
    found = re.fullmatch(r"\s*(\d{1,4})\s*([dwmqy]?)[a-z]*\s*", text.lower())
    days = 0 if found is None else int(found[1]) * _SPANS[found[2] or "d"]
    if not 1 <= days <= 3650:
        raise ValueError(f"{text!r} is not a length of time")
    return days


def side(action: str, price: float | None, stop: float | None, target: float | None) -> int:
    """+1 for a plan that gains when the price rises, -1 when it falls.

    What was passed on or is only watched may be a plan either way: its stop and target say which. Raises ValueError for a
    stop and target that do not lie on the two sides of the price.
    """
    says = set()
    if price is not None:
        says |= {1 if stop < price else -1} if stop is not None else set()
        says |= {1 if target > price else -1} if target is not None else set()
    elif stop is not None and target is not None:
        says = {1 if stop < target else -1}
    wanted = {"buy": 1, "hold": 1, "up": 1, "sell": -1, "down": -1}.get(action)
    if len(says) > 1 or (says and wanted is not None and says != {wanted}):
        raise ValueError("stop and target do not lie on the two sides of the price")
    return wanted or next(iter(says), 1)
