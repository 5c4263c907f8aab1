"""A table on a terminal: as text for people, as JSON or CSV for programs."""

from __future__ import annotations

import csv
import io
import json
import shutil
from typing import IO, TYPE_CHECKING, Any

from terminal.domain import delimited
from terminal.domain.format import moment, value
from terminal.domain.sourced import plain

if TYPE_CHECKING:
    from terminal.domain.sourced import Column, Source, Table

_SHOWN = 4
SIMULATED = "SIMULATED: invented companies and prices of the demo market"


def emit(table: Table, form: str, stream: IO[str]) -> None:
    """Write `table` as "text", "json" or "csv"."""
    if form == "json":
        stream.write(json.dumps(plain(table.to_json()), ensure_ascii=False, allow_nan=False, indent=2) + "\n")
    elif form == "csv":
        stream.write(to_csv(table))
    else:
        _print(table, stream)
    stream.flush()


def to_csv(table: Table) -> str:
    """Comma-separated values: header, rows (unknown is empty), and before them comment lines about simulation and sources."""
    buffer = io.StringIO()
    if table.simulated:
        buffer.write(f"# {SIMULATED}\n")
    for source in table.sources:
        buffer.write(f"# source: {source_line(source)}\n")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([column.name for column in table.columns])
    for row in table.rows():
        writer.writerow([_cell(cell) for cell in row.values()])
    return buffer.getvalue()


def _cell(cell: Any) -> Any:
    if isinstance(cell, (list, dict, bool)):
        return json.dumps(cell, ensure_ascii=False)
    return "" if cell is None else delimited.cell(cell)


def source_line(source: Source) -> str:
    """One source in words."""
    parts = [f"{source.provider} {source.endpoint}".strip()]
    if source.as_of:
        parts.append(f"as of {moment(source.as_of)}")
    if source.fetched_at:
        parts.append(f"fetched {moment(source.fetched_at)}")
    parts += [word for word, holds in (("delayed", source.delayed), ("SIMULATED", source.simulated)) if holds]
    if source.note:
        parts.append(source.note)
    return ", ".join(parts).replace("\n", " ")


def cells(table: Table) -> list[list[str]]:
    """Every row as the texts that are shown."""
    return [[value(row[column.name], column.type, column.unit, column.decimals, row.get("currency")) for column in table.columns]
            for row in table.frame.to_dicts()]


def _print(table: Table, stream: IO[str]) -> None:
    from rich.console import Console
    from rich.markup import escape

    tty = stream.isatty()
    # Piped text is for reading later: no colour, and lines as long as they need to be.
    console = Console(file=stream, highlight=False, soft_wrap=not tty, width=None if tty else 10_000,
                      no_color=None if tty else True)
    if table.simulated:
        console.print(f"[bold black on yellow] {SIMULATED} [/]" if tty else SIMULATED)
    console.print(f"[bold]{escape(table.title)}[/]")
    rows = cells(table)
    if not table.columns:
        pass  # an acknowledgement: its title says it all
    elif not rows:
        console.print("Nothing to show.")
    elif len(rows) == 1 and len(table.columns) > 4:
        _record(console, table.columns, rows[0])
    else:
        _grid(console, table.columns, rows, shutil.get_terminal_size().columns if tty else None)
    for text in table.unknown:
        console.print(f"[yellow]Unknown:[/] {escape(text)}")
    for text in table.notes:
        console.print(f"[dim]{escape(text)}[/]")
    if table.undo is not None:
        console.print(f"[dim]Undo: {escape(table.undo.line)}[/]")
    if table.sources:
        shown = [source_line(source) for source in table.sources[:_SHOWN]]
        more = f"; and {len(table.sources) - _SHOWN} more (see --json)" if len(table.sources) > _SHOWN else ""
        console.print(f"[dim]{'Source' if len(table.sources) == 1 else 'Sources'}: {escape('; '.join(shown))}{more}[/]")
        # Why somebody else was asked is told of every source, also of those that are only counted.
        told = {source.note for source in table.sources[:_SHOWN]}
        for note in dict.fromkeys(source.note for source in table.sources[_SHOWN:] if source.note not in told):
            console.print(f"[dim]{escape(note)}.[/]" if not note.endswith(".") else f"[dim]{escape(note)}[/]")


def _record(console: Any, columns: tuple[Column, ...], row: list[str]) -> None:
    from rich.markup import escape

    width = max(len(column.title) for column in columns)
    for column, text in zip(columns, row, strict=True):
        console.print(f"[dim]{escape(column.title.ljust(width))}[/]  {escape(text)}")


def _grid(console: Any, columns: tuple[Column, ...], rows: list[list[str]], width: int | None) -> None:
    from rich import box
    from rich.markup import escape
    from rich.table import Table as Grid

    fitting = len(columns) if width is None else _fitting(columns, rows, width)
    grid = Grid(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in columns[:fitting]:
        numeric = column.type in ("number", "integer")
        grid.add_column(escape(column.title), justify="right" if numeric else "left", no_wrap=numeric, overflow="fold")
    for row in rows:
        grid.add_row(*(escape(text) for text in row[:fitting]))
    console.print(grid)
    if fitting < len(columns):
        names = ", ".join(column.name for column in columns[fitting:])
        console.print(f"[dim]{len(columns) - fitting} columns do not fit here ({escape(names)}): "
                      "widen the terminal, or use --json or --csv.[/]")


def _fitting(columns: tuple[Column, ...], rows: list[list[str]], width: int) -> int:
    """How many columns fit; text may be folded down to 12 letters, numbers may not."""
    used = 0
    for position, column in enumerate(columns):
        longest = max([len(column.title), *(len(row[position]) for row in rows)])
        used += (longest if column.type in ("number", "integer") else min(longest, 12)) + 2
        if used > width + 2:
            return max(1, position)
    return len(columns)
