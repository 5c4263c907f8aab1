"""A delimited file as rows that know their line and their very text. Nothing is dropped: what is no row is said."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from terminal.domain.brokers.parsed import Line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# A quoted cell may hold line breaks; one that does not close within this many lines is a fault of the file.
_LONGEST_RECORD = 20
_DELIMITERS = ",;\t|"


@dataclass(frozen=True, slots=True)
class Row:
    """One record: its first line's number (from 1), its text as it stands in the file, its cells by column name."""

    line: int
    text: str
    cells: dict[str, str]
    told_by: tuple[str, ...] = ()

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")

    def identity(self) -> tuple[str, ...]:
        """The cells of the columns that say what the record is."""
        return tuple(self.cells.get(name, "") for name in self.told_by) or tuple(self.cells.values())

    def first(self, *columns: str) -> str:
        """The first of these columns that says something."""
        return next((value for column in columns if (value := self.cells.get(column, "").strip())), "")


@dataclass
class Grid:
    """A file's records under one header. `refused`: lines that are no records of it, each with the reason."""

    columns: tuple[str, ...]
    rows: list[Row]
    refused: list[Line] = field(default_factory=list)
    delimiter: str = ","


def decoded(content: bytes | str) -> str:
    """The text of a file: UTF-8 (with or without mark), UTF-16 with its mark, else Windows-1252. ValueError for binary."""
    if isinstance(content, str):
        return content.removeprefix("\ufeff")
    if content[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return content.decode("utf-16", errors="replace")
    if b"\0" in content[:65536] or content[:4] in {b"PK\x03\x04", b"%PDF", b"\xd0\xcf\x11\xe0"}:
        raise ValueError("it is not a text file")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def records(text: str, delimiter: str = ",") -> Iterator[tuple[int, str, list[str] | Line]]:
    """Every record: line number, text, and its cells, or a Line that says why it has none. Empty lines are left out."""
    lines = text.splitlines()
    at = 0
    while at < len(lines):
        size, quotes = 1, lines[at].count('"')
        while quotes % 2 and at + size < len(lines) and size < _LONGEST_RECORD:
            quotes += lines[at + size].count('"')
            size += 1
        number = at + 1
        if quotes % 2:
            yield number, lines[at], Line(number, lines[at], "a quotation mark is opened and not closed")
            at += 1
            continue
        raw = "\n".join(lines[at : at + size])
        at += size
        if not raw.strip():
            continue
        try:
            yield number, raw, next(csv.reader(raw.split("\n") if size == 1 else raw.splitlines(True), delimiter=delimiter))
        except (csv.Error, StopIteration) as problem:
            yield number, raw, Line(number, raw[:500], f"it cannot be split into cells ({problem})")


def named(header: Sequence[str]) -> tuple[str, ...]:
    """Column names, each once: a nameless one is called after its left neighbour with "+", a second "A" is "A (2)"."""
    names: list[str] = []
    for at, cell in enumerate(header):
        name = cell.strip().strip("\ufeff") or (f"{names[at - 1]}+" if at else "+")
        wanted, number = name, 2
        while name in names:
            name, number = f"{wanted} ({number})", number + 1
        names.append(name)
    return tuple(names)


def head(content: bytes | str, size: int = 20_000) -> list[str]:
    """The first lines of a text, to see what it is; none when it is not a text."""
    try:
        return decoded(content[:size]).splitlines()[:60]
    except ValueError:
        return []


def split(line: str, delimiter: str | None = None) -> list[str]:
    """The cells of one line, by the delimiter that gives most of them."""
    signs = delimiter or max(_DELIMITERS, key=line.count)
    try:
        return [cell.strip().strip("\ufeff") for cell in next(csv.reader([line], delimiter=signs))]
    except (csv.Error, StopIteration):
        return []


def grid(text: str, wanted: Sequence[str] = (), told_by: Sequence[str] = ()) -> Grid:
    """The table below the first line that names every column of `wanted` (the first with two cells when none is named).

    Lines before the header are preface and belong to no row; a header met again is left out; a record with more
    cells than the header is refused. `told_by`: the columns that say what a row is (all of them when empty).
    Raises ValueError when there is no such header.
    """
    low = {name.lower() for name in wanted}
    for at, line in enumerate(text.splitlines()[:200]):
        delimiter = max(_DELIMITERS, key=line.count)
        cells = split(line, delimiter)
        if (low <= {cell.lower() for cell in cells}) if low else sum(bool(cell) for cell in cells) > 1:
            return _below(text, at, named(cells), delimiter, tuple(told_by))
    raise ValueError("no line names the columns")


def _below(text: str, skip: int, columns: tuple[str, ...], delimiter: str, told_by: tuple[str, ...]) -> Grid:
    found = Grid(columns, [], [], delimiter)
    body = "\n" * (skip + 1) + "\n".join(text.splitlines()[skip + 1 :])
    for line, raw, cells in records(body, delimiter):
        if isinstance(cells, Line):
            found.refused.append(cells)
        elif named(cells) == columns or not any(cell.strip() for cell in cells):
            continue
        elif len(cells) > len(columns) and any(cell.strip() for cell in cells[len(columns) :]):
            found.refused.append(Line(line, raw, f"{len(cells)} cells under {len(columns)} columns"))
        else:
            found.rows.append(Row(line, raw, {name: cell.strip() for name, cell in zip(columns, cells, strict=False)}, told_by))
    return found
