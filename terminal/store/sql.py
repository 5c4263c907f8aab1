"""Parameters written into SQL text.

`duckdb`'s relation interface hands results over as Arrow without copying, but binding parameters there materialises
the whole result row by row (50 times slower for a year of bars), and binding lists or times anywhere imports pandas.
So statements carry their parameters as literals, written here and nowhere else.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

# A quoted text, a quoted name or a comment (left as it is), or a placeholder.
_TOKEN = re.compile(r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | --[^\n]* | /\*.*?\*/ | \$(?P<number>\d+) | (?P<next>\?)""", re.X | re.S)
_NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?$")
_CHANGES = re.compile(r"^\s*(?:insert\s+(?:or\s+\w+\s+)?into|update|delete\s+from)\s+([\w.\"]+)", re.I)


def literal(value: Any) -> str:
    """`value` as SQL. Takes None, bool, int, float, str, date, aware datetime, and lists or tuples of these."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value) + "::double" if value - value == 0 else f"'{value}'::double"
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"{value} is no number that can be stored")
        return f"'{value:f}'::decimal(38, 18)"
    if isinstance(value, str):
        if "\x00" in value:
            raise ValueError("a text with a NUL character cannot be stored")
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("times in the store are aware; this one has no time zone")
        return f"'{value.astimezone(UTC).isoformat(sep=' ')}'::timestamptz"
    if isinstance(value, date):
        return f"'{value.isoformat()}'::date"
    if isinstance(value, (list, tuple, set, frozenset)):
        return "[" + ", ".join(literal(item) for item in value) + "]"
    raise TypeError(f"{type(value).__name__} cannot be a parameter")


def render(sql: str, params: Sequence[Any] = ()) -> str:
    """`sql` with `?` or `$1` replaced by literals; texts, quoted names and comments are left alone."""
    if not params:
        return sql
    used = 0

    def place(match: re.Match[str]) -> str:
        nonlocal used
        if match["number"]:
            return literal(params[int(match["number"]) - 1])
        if match["next"]:
            used += 1
            return literal(params[used - 1])
        return match[0]

    try:
        return _TOKEN.sub(place, sql)
    except IndexError:
        raise ValueError(f"more placeholders than the {len(params)} parameters given") from None


def quoted(name: str) -> str:
    """A column's name as SQL; several of ours, such as `at`, are words of the language."""
    return '"' + name.replace('"', '""') + '"'


def table_name(name: str) -> str:
    """`table` or `schema.table`, checked to be a plain name."""
    if not _NAME.match(name):
        raise ValueError(f"'{name}' is not a table's name")
    return name


def changed_table(sql: str) -> str | None:
    """The table that a statement changes, or None when it changes none."""
    match = _CHANGES.match(sql)
    return match[1].replace('"', "") if match else None
