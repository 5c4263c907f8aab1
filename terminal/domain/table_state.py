"""How a user wants to see a table: its columns, order, filters and grouping. What a saved view holds, as JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from terminal.errors import UserError

_NAME = re.compile(r"\w[\w.]*")


@dataclass(frozen=True)
class TableState:
    """`columns`: names in order, empty for the table's own choice; `sort`: (column, descending), the first counts most;
    `filters`: what is typed below each column's title; `group`: the column grouped by, or "".
    `colours`: a colour rule by column ("heat", "heat-low" or "sign").
    """

    columns: tuple[str, ...] = ()
    sort: tuple[tuple[str, bool], ...] = ()
    filters: Mapping[str, str] = field(default_factory=dict)
    group: str = ""
    colours: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Plain values that `of` understands."""
        return {"columns": list(self.columns), "sort": [list(key) for key in self.sort], "filters": dict(self.filters),
                "group": self.group, "colours": dict(self.colours)}

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> TableState:
        """From what `to_json` gave; parts of another shape are left out."""
        return cls(
            tuple(str(name) for name in _items(data.get("columns"))),
            tuple((str(key[0]), bool(key[1])) for key in _items(data.get("sort")) if len(_items(key)) == 2),
            _texts(data.get("filters")), str(data.get("group") or ""), _texts(data.get("colours")))

    @property
    def sort_words(self) -> list[str]:
        """Sort keys as they are written on a command line: `sector`, `-price`."""
        return [f"{'-' if down else ''}{name}" for name, down in self.sort]


def sort_of(words: Sequence[str]) -> tuple[tuple[str, bool], ...]:
    """Sort keys from words: `sector` smallest first, `-price` largest first. Raises UserError."""
    keys = []
    for word in words:
        name = word.strip().removeprefix("-")
        if not _NAME.fullmatch(name):
            raise UserError(f"'{word}' is not a column to sort by.", "Such as sector, or -price for the largest first.")
        keys.append((name, word.strip().startswith("-")))
    return tuple(keys)


def filters_of(words: Sequence[str]) -> dict[str, str]:
    """Filters from words such as `pe_ttm: <20`. Raises UserError."""
    found = {}
    for word in words:
        name, colon, text = word.partition(":")
        if not colon or not _NAME.fullmatch(name.strip()) or not text.strip():
            raise UserError(f"'{word}' is not a filter.", "Such as 'pe_ttm: <20' or 'sector: tech'.")
        found[name.strip()] = text.strip()
    return found


def _items(value: Any) -> Sequence[Any]:
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()


def _texts(value: Any) -> dict[str, str]:
    return {str(name): str(text) for name, text in value.items() if text} if isinstance(value, Mapping) else {}
