"""The table at 10,000 rows and 12 columns: sort and filter until painted, and live values.

Sorting and filtering beside Qt's own proxy model over the same values in the same process; milliseconds on the wall, runs of
both in turn. `table.*_cpu` is processor time, which other programs on the machine hardly change; its peer is the bare polars
sort or filter. `table.ticks_core` is the share of one core (in per cent) that 500 changed cells a second cost,
beside a QTableView whose model tells each change by itself.
"""

from __future__ import annotations

import os
import statistics
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROWS, COLUMNS, RUNS = 10_000, 12, 9
SIZE = (1200, 900)
TICKS_S, CELLS_A_SECOND, BATCH_S = 4.0, 500, 0.05
PROXY = "QTableView over QSortFilterProxyModel"


def run() -> Iterator[dict[str, Any]]:
    """Median milliseconds; runs of both alternate, and each sorts or filters another column than the run before."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication

    from terminal.ui import theme

    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    theme.apply(app)
    table = _table()
    ours, peer = Ours(table), Peer(table)
    names = [column.name for column in table.columns]
    yield from _compared(app, "sort", lambda turn: ours.sort(names[turn % COLUMNS], bool(turn % 2)),
                         lambda turn: peer.sort(names[turn % COLUMNS], bool(turn % 2)),
                         lambda turn: table.frame.sort(names[turn % COLUMNS]))
    ours.sort(names[0], False)
    peer.sort(names[0], False)
    ours.open_filters()
    app.processEvents()
    yield from _compared(app, "filter", lambda turn: ours.filter(names[1 + turn % 11], 10.0 + turn),
                         lambda turn: peer.filter(names[1 + turn % 11], 10.0 + turn),
                         lambda turn: table.frame.filter(_above(names[1 + turn % 11], 10.0 + turn)))
    ours.filter(names[1], -1.0)
    peer.filter(names[1], -1.0)
    mine, other = _ticked(app, ours), _ticked(app, peer)
    yield {"bench": "table.ticks_core", "ours": round(mine, 2), "peer": round(other, 2),
           "peer_name": "QTableView over a model, a dataChanged a cell", "ratio": round(mine / other, 3), "unit": "% of a core"}


def _above(name: str, least: float) -> Any:
    import polars as pl

    return pl.col(name) > least


def _compared(app: Any, what: str, ours: Callable[[int], object], peer: Callable[[int], object],
              bare: Callable[[int], object]) -> Iterator[dict[str, Any]]:
    wall: dict[str, list[float]] = {"ours": [], "peer": []}
    cpu: dict[str, list[float]] = {"ours": [], "bare": []}
    for turn in range(RUNS + 2):
        for name, work in (("ours", ours), ("peer", peer), ("bare", bare)):
            start, burnt = time.perf_counter(), time.process_time()
            work(turn)
            burnt, taken = time.process_time() - burnt, time.perf_counter() - start
            if turn >= 2:
                wall.get(name, []).append(taken * 1000)
                cpu.get(name, []).append(burnt * 1000)
            app.processEvents()
    mine, other = statistics.median(wall["ours"]), statistics.median(wall["peer"])
    yield {"bench": f"table.{what}_10k_to_repaint", "ours": round(mine, 2), "peer": round(other, 2), "peer_name": PROXY,
           "ratio": round(mine / other, 4), "unit": "ms"}
    mine, other = statistics.median(cpu["ours"]), statistics.median(cpu["bare"])
    yield {"bench": f"table.{what}_10k_cpu", "ours": round(mine, 2), "peer": round(other, 2), "peer_name": f"polars {what} alone",
           "ratio": round(mine / other, 2), "unit": "ms"}


def _ticked(app: Any, table: Ours | Peer) -> float:
    """Per cent of one core: the process's time while values come, less what it needs while none come."""
    def spent(changing: bool) -> float:
        end, due, turn = time.perf_counter() + TICKS_S, time.perf_counter(), 0
        burnt = time.process_time()
        while (now := time.perf_counter()) < end:
            if now >= due:
                due += BATCH_S
                turn += 1
                if changing:
                    table.tick(turn)
            app.processEvents()
            time.sleep(0.002)
        return (time.process_time() - burnt) / TICKS_S * 100

    spent(True)
    return max(spent(True) - spent(False), 0.01)


def _table() -> Any:
    import numpy as np
    import polars as pl

    from terminal.domain.sourced import Column, Source, Table

    generator = np.random.default_rng(7)
    data: dict[str, Any] = {"symbol": [f"S{place:05d}" for place in generator.permutation(ROWS)]}
    data |= {f"value_{place}": generator.lognormal(3, 1, ROWS) for place in range(1, COLUMNS)}
    columns = (Column("symbol", "Ticker"), *(Column(f"value_{place}", f"Value {place}", "number") for place in range(1, COLUMNS)))
    return Table("bench", columns, pl.DataFrame(data), (Source("bench", "made"),))


class Ours:
    """The kit's table."""

    def __init__(self, table: Any) -> None:
        from terminal.ui.table import TableView

        self._view = TableView()
        self._view.resize(*SIZE)
        self._view.show_table(table)
        self._view.show()
        self._seen: list[str] = []

    def sort(self, name: str, descending: bool) -> None:
        self._view.sort_by([(name, descending)])
        self._view.viewport().repaint()

    def open_filters(self) -> None:
        """As a user filters: with the row of fields open."""
        self._view.show_filters()

    def filter(self, name: str, least: float) -> None:
        self._view.set_filters({name: f">{least}"})
        self._view.viewport().repaint()

    def tick(self, turn: int) -> None:
        """25 cells that can be seen, of two columns."""
        symbols = self._seen = self._seen or self._view.symbols()[:30]
        for place in range(2):
            self._view.update_cells(f"value_{1 + (turn + place) % 11}",
                                    {symbol: 10.0 + turn + at for at, symbol in enumerate(symbols[place::2][:13 - place])})


class Peer:
    """Qt's own: a model that formats when asked, behind a proxy that sorts and filters."""

    def __init__(self, table: Any) -> None:
        from PySide6.QtCore import QAbstractTableModel, QModelIndex, QSortFilterProxyModel, Qt
        from PySide6.QtWidgets import QTableView

        self._names = [column.name for column in table.columns]
        columns = self._columns = [table.frame[name].to_list() for name in self._names]

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

        class Proxy(QSortFilterProxyModel):
            place, least = 1, -1.0

            def filterAcceptsRow(self, row: int, parent: Any) -> bool:
                return columns[self.place][row] > self.least

        self._view = QTableView()
        self._model = Model(self._view)
        self._proxy = Proxy(self._view)
        self._proxy.setSourceModel(self._model)
        self._proxy.setSortRole(Qt.ItemDataRole.UserRole)
        self._proxy.setDynamicSortFilter(False)
        self._view.setModel(self._proxy)
        self._view.resize(*SIZE)
        self._view.show()
        self._orders = (Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder)

    def sort(self, name: str, descending: bool) -> None:
        self._proxy.sort(self._names.index(name), self._orders[descending])
        self._view.viewport().repaint()

    def filter(self, name: str, least: float) -> None:
        self._proxy.place, self._proxy.least = self._names.index(name), least
        self._proxy.invalidate()
        self._view.viewport().repaint()

    def tick(self, turn: int) -> None:
        for at in range(25):
            place = 1 + (turn + at % 2) % 11
            source = self._proxy.mapToSource(self._proxy.index(at, place))
            self._columns[place][source.row()] = 10.0 + turn + at
            self._model.dataChanged.emit(source, source)
