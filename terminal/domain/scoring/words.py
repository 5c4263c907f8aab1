"""Values in sentences: templates of the rule files filled with live numbers, in the words of either mode."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from terminal.domain import format as show
from terminal.domain.fields import FIELDS

if TYPE_CHECKING:
    from collections.abc import Mapping

_SLOT = re.compile(r"\{(\w+)\}")


def say(template: str, field: str, value: float | None, limit: float | None, row: Mapping[str, Any]) -> str:
    """`template` with its slots filled.

    `{value}` and `{limit}` in the field's own unit; `{value100}` and `{limit100}` the amount for each 100 of money
    (0.123 of 100 is 12.30); `{plain}` the bare number; `{name}` any other field of the row.
    """
    currency = row.get("currency")

    def fill(match: re.Match[str]) -> str:
        slot = match.group(1)
        if slot in ("value100", "limit100"):
            raw = value if slot == "value100" else limit
            return show.money(None if raw is None else raw * 100, currency)
        if slot == "plain":
            return show.number(value, FIELDS[field].decimals)
        if slot == "value":
            return shown(field, value, currency)
        if slot == "limit":
            return shown(field, limit, currency)
        return shown(slot, number(row.get(slot)), currency)

    return _SLOT.sub(fill, template)


def shown(field: str, value: float | None, currency: str | None = None) -> str:
    """A value of a field as people read it: `12.3 %`, `18.4×`, `$48.2B`, `7 days`."""
    known = FIELDS[field]
    text = show.value(value, known.type, known.unit, known.decimals, currency)
    if known.unit == "years" and value is not None:
        return f"{text} {'year' if round(value, known.decimals) == 1 else 'years'}"
    return text


def step(field: str) -> float:
    """The smallest change of a limit that is visible as the field is printed."""
    known = FIELDS[field]
    return float(10.0 ** -(known.decimals + (2 if known.unit == "fraction" else 0)))


def number(value: Any) -> float | None:
    """A row's cell as a finite float, or None for unknown."""
    if value is None or isinstance(value, (str, bool)):
        return None
    as_float = float(value)
    return as_float if as_float - as_float == 0 else None
