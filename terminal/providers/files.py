"""Files people bring: CSV in any of its dialects, and Parquet, as a table of text or typed columns.

Encoding, delimiter and header are guessed and said; a line that does not have the header's number of fields is
listed with its number and refused, never patched.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from terminal.errors import UserError
from terminal.files import read_whole

if TYPE_CHECKING:
    from pathlib import Path

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
LARGEST = 500_000_000


@dataclass(frozen=True)
class FileTable:
    """What a file holds. Columns of `frame` are text (CSV) or typed (Parquet); `line` numbers each row.

    `refused` are lines that could not be read, each a sentence; `notes` say what was guessed.
    """

    path: Path
    frame: pl.DataFrame
    lines: tuple[int, ...]
    sha256: str
    size: int
    notes: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    delimiter: str = ""
    columns: tuple[str, ...] = field(default=())


def read_file(path: Path) -> FileTable:
    """The table in `path`. Raises UserError with one sentence for whatever is no such table."""
    data = read_whole(path, LARGEST)
    digest = hashlib.sha256(data).hexdigest()
    if data[:4] == b"PAR1" or path.suffix.lower() in (".parquet", ".pq"):
        return _parquet(path, data, digest)
    if data[:2] == b"PK" or data[:4] == b"\xd0\xcf\x11\xe0":
        raise UserError(f"{path.name} is a spreadsheet or an archive.", "Save the sheet as CSV and import that.")
    return _delimited(path, data, digest)


def _parquet(path: Path, data: bytes, digest: str) -> FileTable:
    try:
        frame = pl.read_parquet(io.BytesIO(data))
    except Exception as error:
        raise UserError(f"{path.name} is not a whole Parquet file.", "It may be half written; export it again.", error) from error
    if frame.is_empty():
        raise UserError(f"{path.name} has no rows.", "Export it again.")
    return FileTable(
        path, frame, tuple(range(1, frame.height + 1)), digest, len(data), ("Parquet",), (), "", tuple(frame.columns)
    )


def _delimited(path: Path, data: bytes, digest: str) -> FileTable:
    text, encoding = _decode(path, data)
    delimiter = _delimiter(text)
    rows, broken = _rows(text, delimiter)
    if not rows:
        raise UserError(f"{path.name} holds no table.", "Its first line should name the columns, separated by commas.")
    at = _header(rows)
    line, header = rows[at]
    names = _unique([name.strip() for name in header])
    if len(names) < 2:
        raise UserError(
            f"{path.name} holds no table of several columns.", "Its first line should name the columns, separated by commas."
        )
    good = [(number, cells) for number, cells in rows[at + 1 :] if len(cells) == len(names)]
    bad = [(number, cells) for number, cells in rows[at + 1 :] if len(cells) != len(names)]
    refused = [f"line {number} has {len(cells)} of {len(names)} fields" for number, cells in bad]
    notes = [f"{encoding} text, {DELIMITERS[delimiter]}-separated, header in line {line}"]
    ends_open = not text.endswith(("\n", "\r"))
    if refused and bad[-1][0] == rows[-1][0] and (ends_open or broken):
        refused[-1] += ": the file breaks off there"
    elif ends_open and good:
        notes.append(f"the last line ({good[-1][0]}) has no line end: if the file was cut off, its last value may be incomplete")
    if not good:
        raise UserError(
            f"{path.name} has a header but no whole line below it" + (f" ({refused[0]})." if refused else "."),
            "It may be half written; export it again.",
        )
    frame = pl.DataFrame(
        {name: [cells[place] for _, cells in good] for place, name in enumerate(names)}, schema=dict.fromkeys(names, pl.String)
    )
    return FileTable(
        path, frame, tuple(number for number, _ in good), digest, len(data), tuple(notes), tuple(refused), delimiter, tuple(names)
    )


def _decode(path: Path, data: bytes) -> tuple[str, str]:
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            try:
                return data.decode(encoding), "UTF-8" if encoding == "utf-8-sig" else "UTF-16"
            except UnicodeDecodeError:
                break
    if b"\x00" in data:
        raise UserError(f"{path.name} is not a text file.", "CSV and Parquet files can be imported.")
    try:
        return data.decode("utf-8"), "UTF-8"
    except UnicodeDecodeError as error:
        # A multi-byte character cut at the very end means a half-written file, not another encoding.
        if error.start >= len(data) - 3:
            return data[: error.start].decode("utf-8"), "UTF-8"
        return data.decode("cp1252", errors="replace"), "Windows-1252"


def _delimiter(text: str) -> str:
    """The sign that splits most of the first lines into the same number (above one) of fields."""
    sample = [line for line in text.splitlines()[:50] if line.strip()]

    def fit(sign: str) -> tuple[float, int]:
        counts = Counter(len(next(csv.reader([line], delimiter=sign), [])) for line in sample)
        width, lines = max(counts.items(), key=lambda item: (item[0] > 1, item[1], item[0]))
        return (lines / len(sample) if width > 1 else 0.0), width

    return max(DELIMITERS, key=fit)


def _rows(text: str, delimiter: str) -> tuple[list[tuple[int, list[str]]], bool]:
    """Line number and fields of each line that is not blank, and whether a quotation mark was left open at the end."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[tuple[int, list[str]]] = []
    while True:
        start = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return rows, False
        except csv.Error:
            rows.append((start, []))
            if reader.line_num >= text.count("\n"):
                return rows, True
            continue
        if any(cell.strip() for cell in cells):
            rows.append((start, cells))


def _header(rows: list[tuple[int, list[str]]]) -> int:
    """The first line as wide as most lines: titles and remarks above a table are narrower."""
    width = Counter(len(cells) for _, cells in rows[:200]).most_common(1)[0][0]
    return next(at for at, (_, cells) in enumerate(rows) if len(cells) == width)


def _unique(names: list[str]) -> list[str]:
    seen: Counter[str] = Counter()
    result = []
    for place, name in enumerate(names, 1):
        label = name or f"column {place}"
        seen[label] += 1
        result.append(label if seen[label] == 1 else f"{label} ({seen[label]})")
    return result
