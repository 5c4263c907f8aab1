"""The table's model: a polars frame, an order of its rows, and texts made only for what is looked at.

Sorting and restricting never touch the frame: they make another list of row numbers. A row becomes Python values when
it is first needed, so a new table of ten thousand rows costs nothing until it is painted.
"""

from __future__ import annotations

import csv
import io
import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING, Any

import polars as pl
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from terminal.domain import format as fmt
from terminal.domain.sourced import plain
from terminal.ui.badge import provenance_html

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from terminal.domain.sourced import Column, Source, Table
    from terminal.services.explain import Text

    Index = QModelIndex | QPersistentModelIndex

STAR, END = "_star", "_end"
VERDICTS = ("Strong Buy", "Buy", "Hold", "Avoid", "Unknown")
_SIGNED = ("change", "return", "growth", "gap", "upside", "surprise", "alpha", "drawdown", "premium")
_ROOT = QModelIndex()

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Look:
    """How a column is drawn, where the default (by name, type and unit) does not fit.

    `kind`: text, ticker, muted, number, change (arrow, sign, colour), signed (sign and colour), pill, bar (of `maximum`),
    position (a place between 0 and 1), spark (a list of numbers), chips (a list of words), parts (up to three fractions that
    add up, drawn from a zero line; `maximum` is the longest). `width` in pixels at the
    standard font. `stretch`: takes the room that is left. `tones` colours chips by their word: ok, warn (the default),
    error or muted.
    """

    kind: str = ""
    width: int = 0
    maximum: float = 10.0
    stretch: bool = False
    tones: Mapping[str, str] = field(default_factory=dict)


def kind_of(column: Column, dtype: pl.DataType | None = None) -> str:
    """The default kind of a column."""
    if column.name in ("symbol", "ticker"):
        return "ticker"
    if column.name == "verdict":
        return "pill"
    if column.unit == "score" and column.name == "score":
        return "bar"
    if column.name.startswith("position_52w"):
        return "position"
    if column.type == "list":
        inner = getattr(dtype, "inner", None)
        return "spark" if inner is not None and inner.is_numeric() else "chips"
    if column.unit == "fraction" and column.name == "change":
        return "change"
    if column.unit == "fraction" and any(word in column.name for word in _SIGNED) and "growth_years" not in column.name:
        return "signed"
    if column.type in ("number", "integer"):
        return "number"
    if column.type in ("date", "datetime") or column.name in ("sector", "industry", "country", "exchange", "kind", "currency"):
        return "muted"
    return "text"


class FrameModel(QAbstractTableModel):
    """Rows in `order`, columns in `columns` (with the star and end columns that the view adds).

    A row number of the frame is called `id` here; it stays the same under sorting.
    """

    def __init__(self, *, explain: Callable[[str], Text | None] | None = None, now: Callable[[], datetime] | None = None) -> None:
        super().__init__()
        self._explain = explain
        self._now = now or (lambda: datetime.now(UTC))
        self.table: Table | None = None
        self.columns: list[Column] = []
        self.kinds: list[str] = []
        self.looks: Mapping[str, Look] = {}
        self.order: list[int] = []
        self.sort_keys: list[tuple[str, bool]] = []
        self.starred: set[str] = set()
        self.newbie = False
        self._frame = pl.DataFrame()
        self._places: list[int] = []
        self._rows: dict[int, tuple[Any, ...]] = {}
        self._texts: dict[tuple[int, int], str] = {}
        self._subset: list[int] | None = None
        self._symbols: list[Any] | None = None
        self._currency: int | None = None

    def set_table(self, table: Table | None, columns: Sequence[Column], looks: Mapping[str, Look]) -> None:
        """Show other data. `columns` may contain the star and end columns, which are not in the frame."""
        self.beginResetModel()
        self.table = table
        self.columns = list(columns)
        self.looks = looks
        self._symbols, self._subset = None, None
        frame = table.frame if table is not None else pl.DataFrame()
        names = [column.name for column in columns if column.name in frame.columns]
        extra: list[str] = [name for name in ("currency", "symbol", "name") if name in frame.columns and name not in names]
        self._frame = frame.select(names + extra) if names or extra else pl.DataFrame()
        self._places = [self._frame.columns.index(column.name) if column.name in names else -1 for column in columns]
        self._currency = self._frame.columns.index("currency") if "currency" in self._frame.columns else None
        if self._currency is not None and self._frame["currency"].n_unique() <= 1:
            self._currency = None  # one currency needs no mention in each cell
        self.kinds = [self._kind(column) for column in columns]
        self._rows.clear()
        self._texts.clear()
        self._arrange()
        self.endResetModel()

    def _kind(self, column: Column) -> str:
        if column.name in (STAR, END):
            return column.name[1:]
        look = self.looks.get(column.name)
        if look is not None and look.kind:
            return look.kind
        return kind_of(column, self._frame.schema.get(column.name))

    def sort_by(self, keys: Sequence[tuple[str, bool]]) -> None:
        """Sort by (column, descending), unknown always last, equal rows in the table's own order."""
        self.beginResetModel()
        self.sort_keys = list(keys)
        self._arrange()
        self.endResetModel()

    def set_rows(self, ids: Sequence[int] | None) -> None:
        """Show only these rows of the frame (None: all), sorted as before."""
        self.beginResetModel()
        self._subset = None if ids is None else list(ids)
        self._arrange()
        self.endResetModel()

    def _arrange(self) -> None:
        keys = [(name, down) for name, down in self.sort_keys if name in self._frame.columns]
        if not keys:
            self.order = list(range(self._frame.height)) if self._subset is None else self._subset
            return
        frame = self._frame.select(self._sort_key(name).alias(f"key{place}") for place, (name, _) in enumerate(keys))
        if self._subset is not None:
            frame = frame[self._subset]
        order = frame.select(pl.arg_sort_by(frame.columns, descending=[down for _, down in keys], nulls_last=True,
                                            maintain_order=True)).to_series().to_list()
        self.order = order if self._subset is None else [self._subset[place] for place in order]

    def _sort_key(self, name: str) -> pl.Expr:
        column, dtype = pl.col(name), self._frame.schema[name]
        if name == "verdict":
            ranks = {verdict: len(VERDICTS) - place for place, verdict in enumerate(VERDICTS[:-1])}
            return column.replace_strict(ranks, default=None, return_dtype=pl.Int8)
        if isinstance(dtype, pl.List):
            return column.list.last() if dtype.inner.is_numeric() else column.list.len()
        return column.str.to_lowercase() if dtype == pl.String else column

    # --- cells, by row id and column place

    def raw(self, id: int, place: int) -> Any:
        """The value itself."""
        where = self._places[place]
        if where < 0:
            return None
        return self._row(id)[where]

    def _row(self, id: int) -> tuple[Any, ...]:
        row = self._rows.get(id)
        if row is None:
            row = self._rows[id] = self._frame.row(id)
        return row

    def text(self, id: int, place: int) -> str:
        """The value as it is shown."""
        key = (id, place)
        text = self._texts.get(key)
        if text is None:
            text = self._texts[key] = self._format(id, place)
        return text

    def _format(self, id: int, place: int) -> str:
        column, kind, value = self.columns[place], self.kinds[place], self.raw(id, place)
        if kind == "star":
            return "starred" if self.symbol(id) in self.starred else "not starred"
        if kind == "end":
            return ""
        if value is None:
            return fmt.UNKNOWN
        if kind == "change":
            return fmt.change(value)
        if kind == "signed":
            return fmt.percent(value, 1 if column.decimals is None else min(column.decimals, 1), sign=True)
        if kind == "parts":
            return " / ".join(fmt.percent(item, 1, sign=True) for item in value)
        if kind == "spark":
            known = [item for item in value if item is not None]
            return ("rising" if known[-1] >= known[0] else "falling") if len(known) > 1 else fmt.UNKNOWN
        decimals = column.decimals
        if column.unit in ("fraction", "x") and decimals is not None:
            decimals = min(decimals, 2)
        currency = self._row(id)[self._currency] if self._currency is not None and column.unit == "currency" else None
        return fmt.value(value, column.type, "currency" if len(column.unit) == 3 and column.unit.isupper() else column.unit,
                         decimals, currency)

    def symbol(self, id: int) -> str:
        """The instrument of a row, "" when the table is not about instruments."""
        if self._symbols is None:
            self._symbols = self._frame["symbol"].to_list() if "symbol" in self._frame.columns else []
        return str(self._symbols[id]) if id < len(self._symbols) and self._symbols[id] is not None else ""

    def _name(self, id: int) -> str:
        """The company of a row, "" when the table does not say."""
        return str(self._frame["name"][id] or "") if "name" in self._frame.columns else ""

    def find(self, symbol: str) -> int:
        """The present row of a symbol, -1 when it is not shown."""
        if not symbol or not self.order or self.symbol(self.order[0]) == "":
            return -1
        try:
            return self.order.index((self._symbols or []).index(symbol))
        except ValueError:
            return -1

    def find_text(self, start: str, after: int = 0) -> int:
        """The next row from `after` whose symbol (else first column) starts with `start`, -1 for none."""
        count, wanted = len(self.order), start.lower()
        first = next((place for place, where in enumerate(self._places) if where >= 0), 0)
        for step in range(count):
            place = (after + step) % count
            text = self.symbol(self.order[place]) or self.text(self.order[place], first)
            if text.lower().startswith(wanted):
                return place
        return -1

    def update_cell(self, id: int, name: str, value: Any) -> int:
        """Put a newer value into a shown cell (a tick); returns its column, or -1. The caller tells the view."""
        place = next((place for place, column in enumerate(self.columns) if column.name == name), -1)
        if place >= 0 and self._places[place] >= 0:
            row = list(self._row(id))
            row[self._places[place]] = value
            self._rows[id] = tuple(row)
            self._texts.pop((id, place), None)
        return place

    def delimited(self, ids: Sequence[int], separator: str) -> str:
        """These rows as text with a head line: raw values, nothing for unknown, and a column that says simulated."""
        places = [place for place, column in enumerate(self.columns) if column.name not in (STAR, END)]
        simulated = self.table is not None and self.table.simulated
        out = io.StringIO()
        writer = csv.writer(out, delimiter=separator, lineterminator="\n")
        writer.writerow([self.title(place) for place in places] + (["Simulated"] if simulated else []))
        for id in ids:
            cells = [plain(self.raw(id, place)) for place in places]
            cells = ["; ".join(str(item) for item in cell) if isinstance(cell, list) else cell for cell in cells]
            writer.writerow(cells + (["yes"] if simulated else []))
        return out.getvalue()

    def sources(self, id: int, place: int) -> tuple[Source, ...]:
        """Where a cell came from; several for what was computed."""
        table = self.table
        if table is None:
            return ()
        name = self.columns[place].name
        if table.origin is not None and name in table.origin.columns:
            which = table.origin[name][id]
            if which is not None and 0 <= which < len(table.sources):
                return (table.sources[which],)
        return table.sources

    def title(self, place: int) -> str:
        """Header text: in Newbie mode the everyday name, where there is one."""
        column = self.columns[place]
        if column.name in (STAR, END):
            return ""
        text = self._explained(column) if self.newbie else None
        return text.title if text is not None and text.title else column.title

    def tooltip(self, id: int, place: int) -> str:
        """Provenance of a cell as rich text."""
        column, kind = self.columns[place], self.kinds[place]
        if kind == "star":
            return "In your watchlist" if self.symbol(id) in self.starred else "Add to your watchlist"
        if kind == "end":
            return "More actions" if self.symbol(id) else ""
        if kind == "ticker" and (name := self._name(id)):
            return f"<b>{escape(self.symbol(id))}</b><br>{escape(name)}"
        explained = self._explained(column)
        text, shown = (explained.text if explained else ""), self.text(id, place)
        if kind in ("text", "ticker", "muted") and not column.term:
            return "" if shown == fmt.UNKNOWN else shown
        return provenance_html(self.title(place), shown, self.sources(id, place), self._now(), text=text,
                               formula=explained.formula if explained else "",
                               why=self._why_unknown(id, column) if self.raw(id, place) is None else "")

    def _why_unknown(self, id: int, column: Column) -> str:
        symbol, table = self.symbol(id), self.table
        for reason in table.unknown if table is not None else ():
            if reason.startswith((column.name, column.title)) or (symbol and symbol in reason.split()):
                return reason
        return "No source has given this value, and what it is computed from is missing too."

    def _explained(self, column: Column) -> Text | None:
        if self._explain is None or not column.term:
            return None
        try:
            return self._explain(column.term)
        except Exception:
            _log.exception("no explanation of %s", column.term)
            return None

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
            return self.text(id, place)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self.tooltip(id, place)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            text = self.text(id, place)
            return f"{self.title(place) or 'Watchlist'} {'unknown' if text == fmt.UNKNOWN else text}".strip()
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if self.numeric(place) else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self.columns):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.title(section)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self.title(section) or ("Watchlist" if self.kinds[section] == "star" else "Actions")
        if role == Qt.ItemDataRole.ToolTipRole:
            text = self._explained(self.columns[section])
            return text.text if text is not None else ""
        return None

    def numeric(self, place: int) -> bool:
        """Whether the column is set flush right."""
        return self.kinds[place] in ("number", "change", "signed")
