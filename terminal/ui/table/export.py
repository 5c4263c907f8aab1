"""What is shown, or the whole table, as text for the clipboard and as CSV or Parquet files with their sources."""

from __future__ import annotations

import csv
import io
import json
import re
import threading
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
from PySide6.QtGui import QGuiApplication

from terminal.domain import format as fmt
from terminal.domain.delimited import cell
from terminal.domain.sourced import Table, plain
from terminal.errors import UserError
from terminal.output import SIMULATED, source_line
from terminal.ui.table.look import END, STAR
from terminal.ui.task import Bridge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from terminal.ui.table.arranged import ArrangedTable
    from terminal.ui.table.model import FrameModel

KINDS = ("CSV (*.csv)", "Parquet (*.parquet)")


def delimited(model: FrameModel, ids: Sequence[int], separator: str, *, head: bool = True) -> str:
    """These rows as text with a head line: raw values, nothing for unknown, and a column that says simulated."""
    places = [place for place, column in enumerate(model.columns) if column.name not in (STAR, END)]
    simulated = model.table is not None and model.table.simulated
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator="\n")
    if head:
        writer.writerow([model.told.title(place) for place in places] + (["Simulated"] if simulated else []))
    for id in ids:
        cells = [plain(model.raw(id, place)) for place in places]
        cells = ["; ".join(str(item) for item in cell) if isinstance(cell, list) else cell for cell in cells]
        writer.writerow(cells + (["yes"] if simulated else []))
    return out.getvalue()


def to_clipboard(parts: Sequence[tuple[FrameModel, Sequence[int]]], *, head: bool) -> None:
    """These rows of these tables as tab-separated text with one head line."""
    texts = [delimited(model, ids, "\t", head=head and at == 0) for at, (model, ids) in enumerate(parts)]
    QGuiApplication.clipboard().setText("".join(texts))


def as_table(view: ArrangedTable, *, everything: bool) -> Table:
    """Exactly the rows and columns shown, or all of them, with the values that came since, and the sources.

    Those of the tables that follow this one come after its own.
    """
    parts = [_part(each.model_shown, everything) for each in (view, *view.followers)
             if each.table is not None and (each is view or each.isVisible())]
    first = parts[0]
    if len(parts) == 1:
        return first
    frame = pl.concat([part.frame for part in parts], how="vertical_relaxed")
    sources = tuple(dict.fromkeys(source for part in parts for source in part.sources))
    return Table(first.title, first.columns, frame, sources, first.unknown, first.notes)


def _part(model: FrameModel, everything: bool) -> Table:
    assert model.table is not None
    table, frame = model.table, model.frame
    columns = tuple(column for column in (table.columns if everything else model.columns) if column.name in frame.columns)
    frame = frame.select(column.name for column in columns)
    if not everything:
        ids = model.ids_shown()
        frame = frame[ids] if ids else frame.head(0)
    late = {cell.source for cells in model.fresh_cells() for cell in cells if cell.source is not None}
    return Table(table.title, columns, frame, tuple(dict.fromkeys((*table.sources, *late))), table.unknown, table.notes)


def write(table: Table, path: Path) -> None:
    """Write a table to a CSV or Parquet file, by the name's ending. Raises UserError.

    CSV: comment lines first (simulated, sources, notes), then names, then raw values; lists joined by "; ". Parquet: types as
    they are, and the sources as JSON in the file's metadata under `tapeline`. Both with a column `simulated` when any is.
    """
    frame = table.frame.with_columns(pl.lit(True).alias("simulated")) if table.simulated else table.frame
    try:
        if path.suffix.lower() == ".parquet":
            frame.write_parquet(path, metadata={"tapeline": json.dumps(
                {"title": table.title, "columns": [column.to_json() for column in table.columns],
                 "sources": [source.to_json() for source in table.sources], "unknown": list(table.unknown),
                 "notes": list(table.notes)}, ensure_ascii=False)})
        else:
            lines = ([SIMULATED] if table.simulated else []) + [f"source: {source_line(source)}" for source in table.sources]
            lines += [f"note: {note}".replace("\n", " ") for note in (*table.notes, *table.unknown)]
            with path.open("w", encoding="utf-8", newline="") as file:
                file.writelines(f"# {line}\n" for line in lines)
                file.write(_flat(frame).write_csv())
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror or error}.", "Choose another folder.") from error


def _flat(frame: pl.DataFrame) -> pl.DataFrame:
    """Values that a CSV cell can hold: lists as one text, times as ISO."""
    flat: list[pl.Expr | pl.Series] = []
    for name, dtype in frame.schema.items():
        if isinstance(dtype, pl.List):
            flat.append(pl.col(name).list.eval(pl.element().cast(pl.String)).list.join("; "))
        elif isinstance(dtype, (pl.Struct, pl.Object)):
            flat.append(pl.Series(name, [None if value is None else json.dumps(plain(value)) for value in frame[name]]))
        elif isinstance(dtype, pl.Datetime):
            flat.append(pl.col(name).dt.to_string("iso:strict"))
        elif isinstance(dtype, pl.String):
            flat.append(pl.Series(name, [cell(value) for value in frame[name]], pl.String))
    return frame.with_columns(flat)


def ask_and_write(view: ArrangedTable, *, everything: bool) -> None:
    """Ask for a file, write it in a thread of its own, and tell."""
    host, table = view.host, view.table
    if host is None or table is None:
        return
    name = re.sub(r"\W+", "-", table.title.lower()).strip("-")[:60] or "table"
    chosen = host.save_file("Export the whole table" if everything else "Export what is shown", f"{name}.csv", KINDS)
    if not chosen:
        return
    path = Path(chosen) if Path(chosen).suffix.lower() in (".csv", ".parquet", ".txt") else Path(f"{chosen}.csv")
    wanted = as_table(view, everything=everything)

    def start(_: object) -> Future[None]:
        future: Future[None] = Future()

        def work() -> None:
            try:
                write(wanted, path)
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(None)

        threading.Thread(target=work, name="export").start()  # not a daemon: a file that was begun is finished
        return future

    rows = wanted.frame.height
    told = f"{fmt.count(rows)} {'row' if rows == 1 else 'rows'} and {len(wanted.columns)} columns written to {path}."
    bridge = Bridge(view, on_error=lambda _, error: host.notify(error.sentence(), "error"))
    bridge.run(view, start, then=lambda _: host.notify(told, "ok"))
