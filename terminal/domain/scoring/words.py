"""Values in sentences: templates of the rule files filled with live numbers, in the words of either mode."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from terminal.domain import format as show
from terminal.domain.fields import FIELDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SLOT = re.compile(r"\{(\w+)\}")


def say(template: str, field: str, value: float | None, limit: float | None, row: Mapping[str, Any]) -> str:
    """`template` with its slots filled.

    `{value}` and `{limit}` in the field's own unit, `{size}` the value without its sign; `{value100}`, `{limit100}` and
    `{size100}` the amount for each `{hundred}` of money (0.123 of $100 is $12.30); `{times}` and `{limit_times}` a multiple
    in words; `{plain}` the bare number, `{rating}` and `{limit_rating}` a credit score in letters; `{name}` any other field of
    the row.
    """
    currency = row.get("currency")
    size = None if value is None else abs(value)

    def fill(match: re.Match[str]) -> str:
        slot = match.group(1)
        if slot in ("value100", "limit100", "size100"):
            raw = {"value100": value, "limit100": limit, "size100": size}[slot]
            return show.money(None if raw is None else raw * 100, currency)
        if slot == "hundred":
            return show.money(100, currency, 0)
        if slot in ("times", "limit_times"):
            raw = value if slot == "times" else limit
            text = show.number(raw, 0 if raw is not None and (abs(raw) >= 20 or raw == round(raw)) else 1)
            return "once" if text == "1" else f"{text} times"
        if slot == "size":
            if FIELDS[field].unit == "fraction" and size is not None and size >= 0.1:
                return show.percent(size, 0)
            return shown(field, size, currency)
        if slot in ("rating", "limit_rating"):
            return rating(value if slot == "rating" else limit)
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
    decimals = known.decimals
    if value is not None and abs(value) >= {"fraction": 1, "x": 100}.get(known.unit, float("inf")):
        decimals = 0  # 157 %, 240×: the rest is noise
    text = show.value(value, known.type, known.unit, decimals, currency)
    if known.unit == "years" and value is not None:
        return f"{text} {'year' if round(value, known.decimals) == 1 else 'years'}"
    return text


def listed(parts: Sequence[str], word: str = "and") -> str:
    """`a, b and c`."""
    return f" {word} ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)


_RATINGS = ("D", "C", "CC", "CCC−", "CCC", "CCC+", "B−", "B", "B+", "BB−", "BB", "BB+", "BBB−", "BBB", "BBB+", "A−", "A", "A+",
            "AA−", "AA", "AA+", "AAA")


def rating(score: float | None) -> str:
    """The letters of a credit score from 1 (D) to 22 (AAA)."""
    if score is None or not 0.5 <= score < len(_RATINGS) + 0.5:
        return show.UNKNOWN
    return _RATINGS[round(score) - 1]


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
