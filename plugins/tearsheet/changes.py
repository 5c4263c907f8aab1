"""What is different from the user's last look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from terminal.domain import format as show
from terminal.domain.fields import FIELDS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

# Field and the smallest relative change (of fractions and scores: absolute) that is worth a line.
WATCHED = {
    "price": 0.001,
    "score": 0.1,
    "coverage": 0.05,
    "dcf_value": 0.01,
    "pe_ttm": 0.02,
    "eps_ttm": 0.005,
    "revenue_ttm": 0.005,
    "roe": 0.005,
    "net_debt_ebitda": 0.05,
    "target_mean": 0.01,
    "dividend_yield": 0.001,
    "yield_to_maturity": 0.0005,
    "expense_ratio": 0.0001,
    "market_cap": 0.01,
    "short_percent_float": 0.005,
    "days_to_earnings": 1e9,
}


@dataclass(frozen=True)
class Change:
    """One difference; `now` and `was` are None where it is not a number or unknown."""

    term: str
    title: str
    was: float | None
    now: float | None
    was_text: str
    text: str
    unit: str
    newbie: str


def payload(row: Mapping[str, Any], as_of: date, gates: Mapping[str, bool | None]) -> dict[str, Any]:
    """What is remembered of a look."""
    return {
        "as_of": as_of.isoformat(),
        "verdict": row.get("verdict"),
        "flags": list(row.get("flags") or ()),
        "gates": dict(gates),
        "values": {name: row.get(name) for name in WATCHED},
    }


def compare(
    before: Mapping[str, Any], row: Mapping[str, Any], gates: Mapping[str, tuple[str, bool | None]]
) -> tuple[Change, ...]:
    """Every difference worth a line: verdict, gates and flags first, then figures by size of the change."""
    found = []
    if before.get("verdict") != row.get("verdict"):
        was, now = before.get("verdict") or "Unknown", row.get("verdict") or "Unknown"
        found.append(Change("verdict", "Verdict", None, None, was, now, "", f"The verdict went from {was} to {now}."))
    words = {True: "passed", False: "failed", None: "unknown"}
    for name, (title, passed) in gates.items():
        old = before.get("gates", {}).get(name, passed)
        if old != passed:
            found.append(
                Change(
                    f"gate.{name}",
                    title,
                    None,
                    None,
                    words[old],
                    words[passed],
                    "",
                    f"The limit for {title} went from {words[old]} to {words[passed]}.",
                )
            )
    old_flags, new_flags = set(before.get("flags", ())), set(row.get("flags") or ())
    found += [
        Change(f"flag.{title}", title, None, None, "–", "raised", "", f"New flag: {title}.")
        for title in sorted(new_flags - old_flags)
    ]
    found += [
        Change(f"flag.{title}", title, None, None, "raised", "gone", "", f"The flag {title} is gone.")
        for title in sorted(old_flags - new_flags)
    ]
    moved = [
        (size, change) for size, change in (_moved(name, before.get("values", {}), row) for name in WATCHED) if change is not None
    ]
    return (*found, *(change for _, change in sorted(moved, key=lambda pair: -pair[0])))


def _moved(name: str, before: Mapping[str, Any], row: Mapping[str, Any]) -> tuple[float, Change | None]:
    was, now = before.get(name), row.get(name)
    if name not in before or was == now:
        return 0.0, None
    known = FIELDS[name]
    currency = row.get("currency")
    old, new = (show.value(each, known.type, known.unit, known.decimals, currency) for each in (was, now))
    unit = (currency or "currency") if known.unit == "currency" else known.unit
    if was is None or now is None:
        words = f"{known.title} is known now: {new}." if was is None else f"{known.title} is no longer known (it was {old})."
        return 1.0, Change(name, known.title, was, now, old, new, unit, words)
    absolute = known.unit in ("fraction", "score")
    size = abs(now - was) if absolute else abs(now - was) / abs(was) if was else 1.0
    if size < WATCHED[name]:
        return 0.0, None
    words = f"{known.title} went from {old} to {new}"
    if not absolute and was:
        words += f" ({show.percent(now / was - 1, sign=True)})"
    return size, Change(name, known.title, was, now, old, new, unit, words + ".")
