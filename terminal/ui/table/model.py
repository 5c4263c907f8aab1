"""The table's model: a polars frame, an order of its rows, and texts made only for what is looked at.

Sorting, filtering and grouping never touch the frame: they make another list of row numbers. A row becomes Python values
when it is first needed, so a new table of ten thousand rows costs nothing until it is painted.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from terminal.domain import format as fmt
from terminal.domain import table_rows
from terminal.domain.table_filter import FilterError, parse
from terminal.ui.table.look import END, STAR, kind_of
from terminal.ui.table.told import Told

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from terminal.domain.sourced import Column, Source, Table
    from terminal.domain.table_filter import Filter
    from terminal.domain.table_rows import Group
    from terminal.services.explain import Text
    from terminal.ui.table.look import Look

    Index = QModelIndex | QPersistentModelIndex

_ROOT = QModelIndex()
_log = logging.getLogger(__name__)


class Fresh(NamedTuple):
    """A value that came after the table: what it is, and from where."""

    value: Any
    source: Source | None


class FrameModel(QAbstractTableModel):
    """Rows in `order`, columns in `columns` (with the star and end columns that the view adds).

    A row number of the frame is called `id` here; it stays the same under sorting. The row above a group has the id
    -1 - n of the nth group. Sort keys, filters and grouping count while their column is shown and are kept otherwise.
    """

    def __init__(self, *, explain: Callable[[str], Text | None] | None = None, now: Callable[[], datetime] | None = None) -> None:
        super().__init__()
        self.now = now or (lambda: datetime.now(UTC))
        self.told = Told(self, explain)
        self.table: Table | None = None
        self.columns: list[Column] = []
        self.kinds: list[str] = []
        self.looks: Mapping[str, Look] = {}
        self.order: list[int] = []
        self.sort_keys: list[tuple[str, bool]] = []
        self.typed: dict[str, str] = {}
        self.filters: dict[str, Filter] = {}
        self.problems: dict[str, FilterError] = {}
        self.group_by = ""
        self.groups: list[Group] = []
        self.closed: set[Any] = set()
        self.matching = 0
        self.colours: dict[str, str] = {}
        self.starred: set[str] = set()
        self.newbie = False
        self._frame = pl.DataFrame()
        self._fresh: dict[str, dict[int, Fresh]] = {}
        self._merged: pl.DataFrame | None = None
        self._narrow = pl.DataFrame()
        self._places: list[int] = []
        self._by_name: dict[str, int] = {}
        self._rows: dict[int, tuple[Any, ...]] = {}
        self._texts: dict[tuple[int, int], str] = {}
        self._summaries: dict[int, dict[str, tuple[str, Any]]] = {}
        self._ranks: dict[str, list[float | None]] = {}
        self._subset: list[int] | None = None
        self._symbols: list[Any] | None = None
        self._ids: dict[str, list[int]] | None = None
        self._currency: int | None = None

    # --- what is shown

    def set_table(self, table: Table | None, columns: Sequence[Column], looks: Mapping[str, Look]) -> None:
        """Show other data. `columns` may contain the star and end columns, which are not in the frame."""
        self.beginResetModel()
        if table is not self.table:
            self._fresh.clear()
            self._ranks.clear()
            self._merged = self._subset = self._symbols = self._ids = None
        self.table, self.columns, self.looks = table, list(columns), looks
        self._frame = table.frame if table is not None else pl.DataFrame()
        names = [column.name for column in columns if column.name in self._frame.columns]
        extra: list[str] = [name for name in ("currency", "symbol", "name") if name in self._frame.columns and name not in names]
        self._narrow = self._frame.select(names + extra) if names or extra else pl.DataFrame()
        self._places = [self._narrow.columns.index(column.name) if column.name in names else -1 for column in columns]
        self._by_name = {column.name: place for place, column in enumerate(columns)}
        self._currency = self._narrow.columns.index("currency") if "currency" in extra + names else None
        if self._currency is not None and self._narrow["currency"].n_unique() <= 1:
            self._currency = None  # one currency needs no mention in each cell
        self.kinds = [self._kind(column) for column in columns]
        self._rows.clear()
        self._texts.clear()
        self._understand()
        self._arrange()
        self.endResetModel()

    def _kind(self, column: Column) -> str:
        if column.name in (STAR, END):
            return column.name[1:]
        look = self.looks.get(column.name)
        if look is not None and look.kind:
            return look.kind
        return kind_of(column, self._frame.schema.get(column.name))

    @property
    def frame(self) -> pl.DataFrame:
        """All rows and columns of the table, with the values that came since."""
        if not self._fresh:
            return self._frame
        if self._merged is None:
            self._merged = self._frame.with_columns(
                self._frame[name].scatter(list(cells), pl.Series([cell.value for cell in cells.values()],
                                                                 dtype=self._frame.schema[name], strict=False))
                for name, cells in self._fresh.items() if cells)
        return self._merged

    def shown(self, name: str) -> Column | None:
        """The column of that name, while it is shown."""
        return next((column for column in self.columns if column.name == name and name in self._frame.columns), None)

    def place_of(self, name: str) -> int:
        """Where a column is shown, -1 when it is not."""
        return self._by_name.get(name, -1)

    # --- order

    def sort_by(self, keys: Sequence[tuple[str, bool]]) -> None:
        """Sort by (column, descending), unknown always last, equal rows in the table's own order."""
        self._anew(lambda: setattr(self, "sort_keys", list(keys)))

    def set_rows(self, ids: Sequence[int] | None) -> None:
        """Show only these rows of the frame (None: all), filtered and sorted as before."""
        self._anew(lambda: setattr(self, "_subset", None if ids is None else list(ids)))

    def set_filters(self, typed: Mapping[str, str]) -> None:
        """Show only rows that pass what is typed below the titles; `problems` tells what was not understood."""
        def change() -> None:
            self.typed = {name: text for name, text in typed.items() if text.strip()}
            self._understand()

        self._anew(change)

    def set_group(self, name: str) -> None:
        """Put rows with the same value of a column together; "" for no groups."""
        def change() -> None:
            self.group_by = name
            self.closed.clear()

        self._anew(change)

    def toggle_group(self, id: int) -> None:
        """Open or close the group whose row this is."""
        value = self.group(id).value
        self._anew(lambda: self.closed.symmetric_difference_update({value}))

    def close_groups(self, on: bool) -> None:
        """Close or open all groups."""
        self._anew(lambda: setattr(self, "closed", {group.value for group in self.groups} if on else set()))

    def _anew(self, change: Callable[[], object]) -> None:
        self.beginResetModel()
        change()
        self._arrange()
        self.endResetModel()

    def _understand(self) -> None:
        self.filters, self.problems = {}, {}
        today = table_rows.exchange_day(self.now())
        for name, text in self.typed.items():
            column = self.shown(name)
            if column is not None:
                try:
                    self.filters[name] = parse(text, column, self._frame.schema[name], today)
                except FilterError as error:
                    self.problems[name] = error

    def _arrange(self) -> None:
        frame, keep = self.frame, [each.expression for each in self.filters.values()]
        keys = [(name, down) for name, down in self.sort_keys if self.shown(name) is not None]
        self.order = table_rows.arrange(frame, keys, subset=self._subset, keep=keep)
        self.matching = len(self.order)
        self.groups = []
        self._summaries.clear()
        if (column := self.shown(self.group_by)) is None:
            return
        self.groups = table_rows.groups(frame, self.order, column, descending=dict(keys).get(column.name, False))
        self.order = [id for at, group in enumerate(self.groups)
                      for id in ((-1 - at,) if group.value in self.closed else (-1 - at, *group.ids))]

    @property
    def rows_in_all(self) -> int:
        """How many rows there are without the filter row."""
        return self._frame.height if self._subset is None else len(self._subset)

    def ids_shown(self) -> list[int]:
        """The rows in the order shown, those of closed groups too."""
        return [id for group in self.groups for id in group.ids] if self.groups else self.order

    # --- groups

    def group(self, id: int) -> Group:
        """The group whose row this is."""
        return self.groups[-1 - id]

    def is_open(self, id: int) -> bool:
        """Whether the rows of a group are shown."""
        return self.group(id).value not in self.closed

    def summary(self, id: int) -> dict[str, tuple[str, Any]]:
        """What is told of a group by column: (median, sum or share; value)."""
        found = self._summaries.get(id)
        if found is None:
            ways = {name: look.total for name, look in self.looks.items() if look.total}
            shown = [column for column in self.columns if column.name != self.group_by]
            found = self._summaries[id] = table_rows.summary(self.frame, self.group(id).ids, shown, ways)
        return found

    def summary_text(self, id: int, place: int) -> str:
        """A group's cell, "" where nothing honest can be said."""
        column = self.columns[place]
        way, value = self.summary(id).get(column.name, ("", None))
        if not way:
            return ""
        return fmt.percent(value, 0) if way == "share" else self._written(value, place, None)

    # --- cells, by row id and column place

    def raw(self, id: int, place: int) -> Any:
        """The value itself."""
        where = self._places[place]
        if where < 0 or id < 0:
            return None
        return self._row(id)[where]

    def _row(self, id: int) -> tuple[Any, ...]:
        row = self._rows.get(id)
        if row is None:
            row = self._narrow.row(id)
            if self._fresh:
                late = {name: cells[id].value for name, cells in self._fresh.items() if id in cells}
                row = tuple(late.get(name, value) for name, value in zip(self._narrow.columns, row, strict=True))
            self._rows[id] = row
        return row

    def text(self, id: int, place: int) -> str:
        """The value as it is shown."""
        key = (id, place)
        text = self._texts.get(key)
        if text is None:
            text = self._texts[key] = self._format(id, place)
        return text

    def _format(self, id: int, place: int) -> str:
        kind = self.kinds[place]
        if kind == "star":
            return "starred" if self.symbol(id) in self.starred else "not starred"
        if kind == "end":
            return ""
        value = self.raw(id, place)
        if value is None:
            return fmt.UNKNOWN
        if kind in ("parts", "swing"):
            return " / ".join(fmt.percent(item, 1, sign=True) for item in value)
        if kind == "spark":
            known = [item for item in value if item is not None]
            return ("rising" if known[-1] >= known[0] else "falling") if len(known) > 1 else fmt.UNKNOWN
        money = self._currency is not None and self.columns[place].unit == "currency"
        return self._written(value, place, self._row(id)[self._currency] if money and self._currency is not None else None)

    def _written(self, value: Any, place: int, currency: str | None) -> str:
        column, kind = self.columns[place], self.kinds[place]
        if kind == "change":
            return fmt.change(value)
        if kind == "signed" and column.unit == "currency":
            return fmt.number(value, 2 if column.decimals is None else column.decimals, sign=True)
        if kind == "signed":
            return fmt.percent(value, 1 if column.decimals is None else min(column.decimals, 1), sign=True)
        decimals = column.decimals
        if column.unit in ("fraction", "x") and decimals is not None:
            decimals = min(decimals, 2)
        return fmt.value(value, column.type, "currency" if len(column.unit) == 3 and column.unit.isupper() else column.unit,
                         decimals, currency)

    def symbol(self, id: int) -> str:
        """The instrument of a row, "" when the table is not about instruments."""
        if self._symbols is None:
            self._symbols = self._frame["symbol"].to_list() if "symbol" in self._frame.columns else []
        return str(self._symbols[id]) if 0 <= id < len(self._symbols) and self._symbols[id] is not None else ""

    def name(self, id: int) -> str:
        """The company of a row, "" when the table does not say."""
        return str(self._frame["name"][id] or "") if "name" in self._frame.columns else ""

    def ids_of(self, symbol: str) -> Sequence[int]:
        """The row numbers of a symbol in the frame; several where a table has several rows of it."""
        if self._ids is None:
            self.symbol(0)
            self._ids = {}
            for id, each in enumerate(self._symbols or ()):
                self._ids.setdefault(str(each), []).append(id)
        return self._ids.get(symbol, ())

    def find(self, symbol: str) -> int:
        """The present row of a symbol, -1 when it is not shown."""
        for id in self.ids_of(symbol) if symbol else ():
            try:
                return self.order.index(id)
            except ValueError:
                continue
        return -1

    def find_text(self, start: str, after: int = 0) -> int:
        """The next row from `after` whose symbol (else first column) starts with `start`, -1 for none."""
        count, wanted = len(self.order), start.lower()
        first = next((place for place, where in enumerate(self._places) if where >= 0), 0)
        for step in range(count):
            place = (after + step) % count
            id = self.order[place]
            if id >= 0 and (self.symbol(id) or self.text(id, first)).lower().startswith(wanted):
                return place
        return -1

    def update_cell(self, id: int, name: str, value: Any, source: Source | None = None) -> int:
        """Put a newer value into a cell; returns its column where that is shown and differs, else -1.

        Later sorting, filtering and exporting count with it. The caller tells the view.
        """
        place = self.place_of(name)
        if self._places[place] < 0 if place >= 0 else name not in self._frame.columns:
            return -1
        old = self.raw(id, place) if place >= 0 else None
        self._fresh.setdefault(name, {})[id] = Fresh(value, source)
        self._merged = None
        if place < 0 or old == value:
            return -1
        row = list(self._row(id))
        row[self._places[place]] = value
        self._rows[id] = tuple(row)
        self._texts.pop((id, place), None)
        return place

    def colour(self, place: int) -> str:
        """The colour rule of a column: the user's, else the panel's."""
        name = self.columns[place].name
        look = self.looks.get(name)
        return self.colours.get(name, look.colour if look is not None else "")

    def rank(self, id: int, place: int) -> float | None:
        """Where a value lies among all of its column, 0 the lowest and 1 the highest; None for unknown."""
        name = self.columns[place].name
        ranks = self._ranks.get(name)
        if ranks is None:
            values = self._frame[name] if self._frame.schema[name].is_numeric() else pl.Series(name, [None] * self._frame.height)
            known = max(values.len() - values.null_count() - 1, 1)
            ranks = self._ranks[name] = ((values.rank("average") - 1) / known).to_list()
        return ranks[id]

    def fresh(self, id: int, name: str) -> Fresh | None:
        """The value that came for a cell after the table, if one did."""
        return self._fresh.get(name, {}).get(id)

    def fresh_cells(self) -> list[list[Fresh]]:
        """All values that came after the table."""
        return [list(cells.values()) for cells in self._fresh.values()]

    def forget_summaries(self) -> None:
        """Values have changed: what is told of groups is worked out anew."""
        self._summaries.clear()

    # --- what Qt asks; an exception must never reach it

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.order)

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = 0) -> Any:
        try:
            return self._data(index, role)
        except Exception:
            _log.exception("a cell could not be shown")
            return None

    def _data(self, index: Index, role: int) -> Any:
        if not index.isValid() or index.row() >= len(self.order):
            return None
        id, place = self.order[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self.text(id, place) if id >= 0 else self.told.of_group(id, place)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self.told.tooltip(id, place) if id >= 0 else self.told.group_tooltip(id, place)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self.told.aloud(id, place)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if self.numeric(place) else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if orientation == Qt.Orientation.Vertical:
            readable = role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole)
            return self.told.row_title(section) if readable and 0 <= section < len(self.order) else None
        if not 0 <= section < len(self.columns):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.told.title(section)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self.told.head_aloud(section)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self.told.head_tooltip(section)
        return None

    def numeric(self, place: int) -> bool:
        """Whether the column is set flush right."""
        return self.kinds[place] in ("number", "change", "signed")
