"""A click on a column head until the table is painted: 10,000 rows, 12 columns, beside Qt's own proxy model."""

from __future__ import annotations

import os
import statistics
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROWS, COLUMNS, RUNS = 10_000, 12, 9
SIZE = (1200, 900)


def run() -> Iterator[dict[str, Any]]:
    """Median milliseconds; runs of both alternate, and each sorts another column than the run before."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication

    from terminal.ui import theme

    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    theme.apply(app)
    table = _table()
    ours, peer = _ours(table), _peer(table)
    names = [column.name for column in table.columns]
    taken: tuple[list[float], list[float]] = ([], [])
    for turn in range(RUNS + 2):
        for sort, times in zip((ours, peer), taken, strict=True):
            start = time.perf_counter()
            sort(names[turn % COLUMNS], bool(turn % 2))
            if turn >= 2:
                times.append((time.perf_counter() - start) * 1000)
            app.processEvents()
    mine, other = (statistics.median(times) for times in taken)
    yield {"bench": "table.sort_10k_to_repaint", "ours": round(mine, 2), "peer": round(other, 2),
           "peer_name": "QTableView over QSortFilterProxyModel", "ratio": round(mine / other, 4), "unit": "ms"}


def _table() -> Any:
    import numpy as np
    import polars as pl

    from terminal.domain.sourced import Column, Source, Table

    generator = np.random.default_rng(7)
    data: dict[str, Any] = {"symbol": [f"S{place:05d}" for place in generator.permutation(ROWS)]}
    data |= {f"value_{place}": generator.lognormal(3, 1, ROWS) for place in range(1, COLUMNS)}
    columns = (Column("symbol", "Ticker"), *(Column(f"value_{place}", f"Value {place}", "number") for place in range(1, COLUMNS)))
    return Table("bench", columns, pl.DataFrame(data), (Source("bench", "made"),))


def _ours(table: Any) -> Callable[[str, bool], None]:
    from terminal.ui.table import TableView

    view = TableView()
    view.resize(*SIZE)
    view.show_table(table)
    view.show()

    def sort(name: str, descending: bool) -> None:
        view.sort_by([(name, descending)])
        view.viewport().repaint()

    return sort


def _peer(table: Any) -> Callable[[str, bool], None]:
    from PySide6.QtCore import QAbstractTableModel, QModelIndex, QSortFilterProxyModel, Qt
    from PySide6.QtWidgets import QTableView

    columns = [table.frame[column.name].to_list() for column in table.columns]

    class Model(QAbstractTableModel):
        def rowCount(self, parent: Any = QModelIndex()) -> int:  # noqa: B008
            return ROWS

        def columnCount(self, parent: Any = QModelIndex()) -> int:  # noqa: B008
            return COLUMNS

        def data(self, index: Any, role: int = 0) -> Any:
            if role == Qt.ItemDataRole.UserRole:
                return columns[index.column()][index.row()]
            if role == Qt.ItemDataRole.DisplayRole:
                value = columns[index.column()][index.row()]
                return f"{value:,.2f}" if isinstance(value, float) else value
            return None

    view = QTableView()
    model = Model(view)
    proxy = QSortFilterProxyModel(view)
    proxy.setSourceModel(model)
    proxy.setSortRole(Qt.ItemDataRole.UserRole)
    view.setModel(proxy)
    view.resize(*SIZE)
    view.show()

    def sort(name: str, descending: bool) -> None:
        order = Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder
        proxy.sort([column.name for column in table.columns].index(name), order)
        view.viewport().repaint()

    return sort

