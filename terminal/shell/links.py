"""Which panels look at the same symbol and the same day: link groups A to D, or none. Pure.

A panel in a group shares its symbol and its date with the others of that group; one in no group keeps its symbol to
itself and always shows today. The dates are not kept from one start to the next: a window always opens on today.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from terminal.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from terminal.domain.sessions import Calendar

GROUPS = ("A", "B", "C", "D")
NONE = ""
FIRST = GROUPS[0]
COLORS = {"A": "accent", "B": "link_b", "C": "link_c", "D": "link_d", NONE: "t3"}  # tokens
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
           "December")
_AGO = re.compile(r"-?(\d{1,3})\s*([dwmy])")


class Links:
    """The groups of one window's panels, and what each group looks at. `panels`: those that can be linked at all."""

    def __init__(self, panels: Iterable[str]) -> None:
        self._panels = frozenset(panels)
        self._groups: dict[str, str] = {}
        self._symbols: dict[str, str] = {}
        self._dates: dict[str, date] = {}

    def group(self, panel: str) -> str:
        """The panel's group, `NONE` for a panel on its own."""
        return self._groups.get(panel, FIRST if panel in self._panels else NONE)

    def can_link(self, panel: str) -> bool:
        """Whether the panel follows symbols or dates at all."""
        return panel in self._panels

    def members(self, group: str) -> list[str]:
        """The panels of a group, in alphabetical order."""
        return sorted(panel for panel in self._panels if self.group(panel) == group)

    def used(self) -> list[str]:
        """The groups that have a panel."""
        return [group for group in GROUPS if self.members(group)]

    def join(self, panel: str, group: str) -> None:
        """Put a panel into a group (`NONE`: on its own). A group nobody has looked at takes the panel's symbol over."""
        before = self._key(panel)
        self._groups[panel] = group
        after = self._key(panel)
        if after not in self._symbols and before in self._symbols:
            self._symbols[after] = self._symbols[before]

    def _key(self, panel: str) -> str:
        return self.group(panel) or f":{panel}"

    def symbol(self, panel: str) -> str | None:
        """What the panel's group looks at."""
        return self._symbols.get(self._key(panel))

    def symbol_of(self, group: str) -> str | None:
        return self._symbols.get(group)

    def select(self, panel: str, symbol: str) -> None:
        """The panel's group looks at `symbol` from now on."""
        self._symbols[self._key(panel)] = symbol

    def select_in(self, group: str, symbol: str) -> None:
        self._symbols[group] = symbol

    def as_of(self, panel: str) -> date | None:
        """The past day the panel shows, None for today."""
        return self._dates.get(self.group(panel))

    def date_of(self, group: str) -> date | None:
        return self._dates.get(group)

    def travel(self, group: str, day: date | None) -> bool:
        """Let a group show a past day (None: today); False when it shows that already."""
        if self._dates.get(group) == day or not group:
            return False
        if day is None:
            del self._dates[group]
        else:
            self._dates[group] = day
        return True

    # ---- kept ----

    def state(self) -> dict[str, Any]:
        """What differs from the standard: groups of panels, symbols of groups."""
        return {"groups": dict(sorted(self.moved().items())), "symbols": dict(sorted(self._symbols.items()))}

    def moved(self) -> dict[str, str]:
        """The panels that are not in the first group, with their group."""
        return {panel: group for panel, group in self._groups.items() if panel in self._panels and group != FIRST}

    def restore(self, state: Mapping[str, Any]) -> None:
        """The same again; what is not understood is left out."""
        groups, symbols = state.get("groups"), state.get("symbols")
        if isinstance(groups, dict):
            self.set_groups(groups)
        if isinstance(symbols, dict):
            self._symbols.update({str(key): str(symbol) for key, symbol in symbols.items() if symbol})

    def set_groups(self, groups: Mapping[str, Any]) -> None:
        """These panels in these groups, every other one in the first."""
        self._groups = {str(panel): str(group) for panel, group in groups.items()
                        if panel in self._panels and group in (*GROUPS, NONE)}


# ---- days ----


def spoken(day: date) -> str:
    """A day as it is said, such as Friday 14 March 2025; in English whatever the system speaks."""
    return f"{_DAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]} {day.year}"


def short(day: date) -> str:
    """A day in little room, such as 14 Mar 2025."""
    return f"{day.day} {_MONTHS[day.month - 1][:3]} {day.year}"


@lru_cache(maxsize=1)
def calendar() -> Calendar:
    """The exchange's sessions."""
    from terminal import paths
    from terminal.domain.sessions import Calendar

    return Calendar.parse(paths.data_file("sessions.csv").read_text("utf-8"))


def day_from(text: str, today: date, present: date | None) -> date | None:
    """What was meant by a date in words; None for today.

    `today`, an ISO day, `back` and `forward` (a session from `present`), or so long ago: `30d`, `6w`, `3m`, `1y`.
    UserError for anything else, and for days to come.
    """
    said = text.strip().lower()
    if said in ("", "today", "now"):
        return None
    if said in ("back", "forward"):
        return step(today, present, -1 if said == "back" else 1)
    if ago := _AGO.fullmatch(said):
        return _checked(_ago(today, int(ago[1]), ago[2]), today)
    try:
        day = date.fromisoformat(said)
    except ValueError:
        raise UserError(f"{text!r} is not a day.", "Give one such as 2025-03-14, 6m (six months ago), back, forward or "
                        "today.") from None
    return _checked(day, today)


def step(today: date, present: date | None, sessions: int) -> date | None:
    """The session before or after the day shown; None where that is today again."""
    cal = calendar()
    day = present or today
    try:
        day = cal.previous_session(day) if sessions < 0 else cal.next_session(day)
    except ValueError:
        raise UserError("There is no session before that day.", "The calendar begins in 1962.") from None
    return day if day < today else None


def _ago(today: date, count: int, unit: str) -> date:
    if unit in "dw":
        return today - timedelta(days=count * (7 if unit == "w" else 1))
    months = today.year * 12 + today.month - 1 - count * (12 if unit == "y" else 1)
    year, month = divmod(months, 12)
    if year < 1:
        raise UserError("That is too long ago.", "The calendar begins in 1962.")
    for last in range(today.day, 27, -1):
        try:
            return date(year, month + 1, last)
        except ValueError:
            continue
    return date(year, month + 1, min(today.day, 28))


def _checked(day: date, today: date) -> date | None:
    if day > today:
        raise UserError(f"{spoken(day)} is still to come.", f"Give a day up to {today}.")
    try:
        calendar().is_session(day)
    except ValueError as problem:
        raise UserError(f"{spoken(day)} is too long ago.", str(problem)) from None
    return day if day < today else None
