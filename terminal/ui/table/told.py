"""What a table says in words: titles, tooltips with provenance, and what a screen reader speaks."""

from __future__ import annotations

import logging
from html import escape
from typing import TYPE_CHECKING

from terminal.domain import format as fmt
from terminal.ui.badge import provenance_html
from terminal.ui.table.look import END, STAR

if TYPE_CHECKING:
    from collections.abc import Callable

    from terminal.domain.sourced import Column, Source
    from terminal.services.explain import Text
    from terminal.ui.table.model import FrameModel

_WAYS = {"median": "Median", "sum": "Sum", "share": "Share of yes"}
_log = logging.getLogger(__name__)


class Told:
    """Words about a model, by row id and column place. `explain` gives a term's text in the words of the mode."""

    def __init__(self, model: FrameModel, explain: Callable[[str], Text | None] | None) -> None:
        self._model = model
        self._explain = explain

    def title(self, place: int) -> str:
        """Header text: in Newbie mode the everyday name, where there is one."""
        column = self._model.columns[place]
        return "" if column.name in (STAR, END) else self.title_of(column)

    def title_of(self, column: Column) -> str:
        """The title of any column of the table."""
        text = self._explained(column) if self._model.newbie else None
        return text.title if text is not None and text.title else column.title

    def meaning(self, column: Column) -> str:
        """What the column means, in the words of the mode; "" when nothing is known."""
        text = self._explained(column)
        return text.text if text is not None else ""

    def sources(self, id: int, place: int) -> tuple[Source, ...]:
        """Where a cell came from; several for what was computed."""
        table, name = self._model.table, self._model.columns[place].name
        if table is None:
            return ()
        if (fresh := self._model.fresh(id, name)) is not None:
            return (fresh.source,) if fresh.source is not None else ()
        if table.origin is not None and name in table.origin.columns:
            which = table.origin[name][id]
            if which is not None and 0 <= which < len(table.sources):
                return (table.sources[which],)
        return table.sources

    def tooltip(self, id: int, place: int) -> str:
        """Provenance of a cell as rich text."""
        model = self._model
        column, kind = model.columns[place], model.kinds[place]
        if kind == "star":
            return "In your watchlist" if model.symbol(id) in model.starred else "Add to your watchlist"
        if kind == "end":
            return "More actions" if model.symbol(id) else ""
        if kind == "ticker" and (name := model.name(id)):
            return f"<b>{escape(model.symbol(id))}</b><br>{escape(name)}"
        explained = self._explained(column)
        text, shown = (explained.text if explained else ""), model.text(id, place)
        if kind in ("text", "ticker", "muted") and not column.term:
            return "" if shown == fmt.UNKNOWN else shown
        live = "It came after the table was made." if model.fresh(id, column.name) is not None else ""
        return provenance_html(self.title(place), shown, self.sources(id, place), model.now(),
                               text=" ".join(part for part in (text, live) if part),
                               formula=explained.formula if explained else "",
                               why=self._why_unknown(id, column) if model.raw(id, place) is None else "")

    def _why_unknown(self, id: int, column: Column) -> str:
        symbol, table = self._model.symbol(id), self._model.table
        for reason in table.unknown if table is not None else ():
            if reason.startswith((column.name, column.title)) or (symbol and symbol in reason.split()):
                return reason
        return "No source has given this value, and what it is computed from is missing too."

    # --- groups

    def of_group(self, id: int, place: int) -> str:
        """The text of a cell in a group's row: name and count where the row begins, else what is told of the column."""
        if place == self.group_place:
            group = self._model.group(id)
            return f"{group.title} · {fmt.count(len(group.ids))}"
        return self._model.summary_text(id, place)

    @property
    def group_place(self) -> int:
        """The column in which a group's name begins."""
        return next((place for place, kind in enumerate(self._model.kinds) if kind != "star"), 0)

    def group_tooltip(self, id: int, place: int) -> str:
        """What a number in a group's row is."""
        model = self._model
        if place == self.group_place or not (text := model.summary_text(id, place)):
            state = "Close" if model.is_open(id) else "Open"
            rows = fmt.count(len(model.group(id).ids))
            return f"{escape(model.group(id).title)}: {rows} rows. {state} it with Enter or a click."
        way, _ = model.summary(id)[model.columns[place].name]
        known = int(model.frame[model.columns[place].name][model.group(id).ids].is_not_null().sum())
        return (f"<b>{_WAYS[way]} of {escape(self.title(place))}</b>&nbsp;&nbsp;{escape(text)}"
                f"<br>of {fmt.count(known)} known among {fmt.count(len(model.group(id).ids))} rows")

    # --- for a screen reader

    def aloud(self, id: int, place: int) -> str:
        """A cell: what it is, then its value."""
        model = self._model
        if id < 0:
            if place == self.group_place:
                return f"{self.of_group(id, place)} rows, {'open' if model.is_open(id) else 'closed'}"
            way = model.summary(id).get(model.columns[place].name, ("",))[0]
            return f"{_WAYS[way]} of {self.title(place)} {model.summary_text(id, place)}" if way else ""
        text = model.text(id, place)
        return f"{self.title(place) or 'Watchlist'} {'unknown' if text == fmt.UNKNOWN else text}".strip()

    def row_title(self, row: int) -> str:
        """The head of a row: its symbol, its group, or its number."""
        id = self._model.order[row]
        return self._model.group(id).title if id < 0 else self._model.symbol(id) or f"Row {row + 1}"

    def head_aloud(self, place: int) -> str:
        """A column's head: title, how it is sorted, what it is filtered by."""
        model = self._model
        if not self.title(place):
            return "Watchlist" if model.kinds[place] == "star" else "Actions"
        name, parts = model.columns[place].name, [self.title(place)]
        for at, (key, down) in enumerate(model.sort_keys, 1):
            if key == name:
                order = f", {at} of {len(model.sort_keys)}" if len(model.sort_keys) > 1 else ""
                parts.append(f"sorted {'descending' if down else 'ascending'}{order}")
        if name in model.filters:
            parts.append(f"only {model.filters[name].words}")
        if name == model.group_by:
            parts.append("grouped")
        return ", ".join(parts)

    def head_tooltip(self, place: int) -> str:
        """What the column means, and what it is filtered by."""
        name, meaning = self._model.columns[place].name, self.meaning(self._model.columns[place])
        found = self._model.filters.get(name)
        if found is None:
            return meaning
        said = f"Only rows where {self.title(place)} is {found.words}"
        return f"{meaning}\n{said}" if meaning else said

    def _explained(self, column: Column) -> Text | None:
        if self._explain is None or not column.term:
            return None
        try:
            return self._explain(column.term)
        except Exception:
            _log.exception("no explanation of %s", column.term)
            return None
