"""The list of events: recipes as chips above it, one event in full beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QSplitter, QVBoxLayout, QWidget

from plugins.options.flow.panel_card import EventCard
from terminal.ui.form import ChipRow, Segment, label, row
from terminal.ui.meters import ProgressLine
from terminal.ui.table import Action, Look, TableView

if TYPE_CHECKING:
    from collections.abc import Mapping

    from plugins.options.flow.panel import Surroundings
    from terminal.api import Host, Table, TerminalError

_ROOMY = 1200
_DAYS = (("1", "Today"), ("5", "5 days"), ("20", "20 days"))
_LEAST = ((0.0, "Any premium"), (25_000.0, "From $25,000"), (100_000.0, "From $100,000"), (1_000_000.0, "From $1 million"))
_PRO = ("at", "symbol", "what", "side", "size", "premium", "price", "volume_oi", "volume_average", "lean", "days", "otm", "iv",
        "tags", "found_in", "verdict", "doubt")  # fmt: skip
_NEWBIE = ("at", "symbol", "what", "side", "size", "premium", "volume_oi", "lean", "verdict", "days", "found_in")
_TONES = {"opened": "ok", "closed": "warn", "unclear": "muted", "waiting": "muted", "expired": "muted", "unknown": "muted",
          "up": "ok", "down": "error", "none": "muted", "sweep": "accent", "block": "accent", "opening": "ok",
          "likely opening": "muted", "multileg": "warn", "repeated": "accent"}  # fmt: skip
LOOKS = {
    "at": Look("muted", 164), "symbol": Look("ticker", 62), "what": Look("text", 150), "side": Look("text", 66),
    "size": Look("number", 76), "premium": Look("number", 84), "price": Look("number", 66), "volume_oi": Look("number", 84),
    "volume_average": Look("number", 92), "lean": Look("pill", 64, tones=_TONES), "days": Look("number", 68),
    "otm": Look("number", 84), "iv": Look("number", 72), "tags": Look("chips", 150, tones=_TONES),
    "recipes": Look("chips", 180), "found_in": Look("muted", 176), "verdict": Look("pill", 88, tones=_TONES),
    "doubt": Look("muted", 160, stretch=True),
}  # fmt: skip


class LivePage(QWidget):
    """Runs `options.flow` for the chosen recipe, days and least premium; `options.flow_event` for the chosen row."""

    def __init__(self, host: Host, around: Surroundings) -> None:
        super().__init__()
        self._host, self._around = host, around
        self._table: Table | None = None
        self._call: Any = None
        self.recipe = "any"
        self._shut = False  # the user closed the card: it does not open by itself any more
        self.chips = ChipRow()
        self.days = Segment(_DAYS, "1", "Sessions")
        self.least = QComboBox()
        self.least.setAccessibleName("Least premium")
        for value, text in _LEAST:
            self.least.addItem(text, value)
        self.progress = ProgressLine(self._cancel)
        self.note = label("", "muted", wrap=True)
        self.table = TableView(host, name="Option flow", looks=LOOKS, actions=self._actions)
        self.card = EventCard()
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.addWidget(self.table)
        self.splitter.addWidget(self.card)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setSizes([1000, 380])
        self.card.hide()
        head = row(self.chips, self.days, self.least, spacing=8, margins=(12, 0, 12, 4))
        head.setStretch(0, 1)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(2)
        box.addLayout(head)
        box.addWidget(self.progress)
        box.addWidget(self.splitter, 1)
        box.addLayout(row(self.note, margins=(12, 2, 12, 6)))
        self.days.changed.connect(lambda _: self.ask())
        self.least.activated.connect(lambda _: self.ask())
        self.chips.clicked.connect(self.choose)
        self.table.selected.connect(self._selected)
        self.table.activated.connect(lambda symbol: host.open("chain", symbol))
        self.card.closed.connect(self._close)
        self.card.opened.connect(host.open)
        host.on("flow.flagged", lambda _: self.ask() if self.isVisible() and host.as_of is None else None)

    # ---- what the panel calls ----

    def ask(self) -> None:
        """The list for what is chosen."""
        self._call = self._host.run("options.flow", self.arguments(), then=self._arrived, fail=self._failed,
                                    progress=self.progress.report, key="live.list")  # fmt: skip

    def arguments(self) -> dict[str, Any]:
        """What `options.flow` is called with."""
        least = float(self.least.currentData() or 0)
        return {"symbols": self._around.symbols(), "recipe": "any", "days": int(self.days.value), "min_premium": least}

    def set_mode(self, mode: str) -> None:
        self.table.set_mode(mode)
        self.card.set_mode(mode)
        self._show()

    def retheme(self) -> None:
        self.table.refresh_rows()

    def save_state(self) -> dict[str, Any]:
        return {"days": self.days.value, "least": self.least.currentData(), "recipe": self.recipe}

    def restore_state(self, state: Mapping[str, Any]) -> None:
        self.days.set_value(str(state.get("days", "1")))
        self.least.setCurrentIndex(max(self.least.findData(state.get("least")), 0))
        self.recipe = str(state.get("recipe", "any"))

    def choose(self, recipe: str) -> None:
        """Only what one recipe flags ("any", or the same again: every one)."""
        self.recipe = "any" if recipe == self.recipe else recipe
        self._show()

    # ---- answers ----

    def _arrived(self, table: Table) -> None:
        self.progress.finish()
        self._table = table
        self._around.rests(table)
        self._show()

    def _failed(self, error: TerminalError) -> None:
        self.progress.finish()
        self.table.set_empty(error.message, error.hint, "triangle-alert")
        if self._table is None:
            self.table.show_table(_nothing())

    def _show(self) -> None:
        if self._table is None:
            return
        found = self._table.detail["found"]
        rows = self._table.detail["events"]
        flagged = rows["recipes"].to_list()
        counts = {each.id: sum(each.id in ids for ids in flagged) for each in found.recipes}
        chips = [("any", f"All recipes {len(flagged)}", "accent" if self.recipe == "any" else "")]
        chips += [(each.id, f"{each.title} {counts[each.id]}", "accent" if each.id == self.recipe else "")
                  for each in sorted(found.recipes, key=lambda each: -counts[each.id])
                  if counts[each.id] or each.id == self.recipe]  # fmt: skip
        self.chips.set_chips(chips, removable=False)
        self.table.show_table(self._table, columns=_NEWBIE if self._host.mode == "newbie" else _PRO)
        self.table.set_rows([place for place, ids in enumerate(flagged) if self.recipe in ("any", *ids)])
        self._say_empty(bool(found.looked or found.feeds))
        if not self._shut and self.card.shown_id == "" and rows.height and self.width() >= _ROOMY:
            self.show_event(str(rows["id"][0]))
        note = self._table.notes[1] if self._host.mode == "newbie" else " · ".join((*self._table.unknown, self._table.notes[1]))
        self.note.setText(note)

    def _say_empty(self, looked: bool) -> None:
        if looked:
            span = "this session" if self.days.value == "1" else f"these {self.days.value} sessions"
            self.table.set_empty("Nothing unusual", f"No recipe flags anything in {span}. Look at more days.", "check")
        elif self._host.as_of is None:
            why = ("Unusual trading is seen by comparing chains with those of before, which no free service gives out later. "
                   "Begin today: from then on there is something to compare.")  # fmt: skip
            self.table.set_empty("No option chains are archived yet", why, "archive", "Archive chains now", self._archive)
        else:
            why = "Chains of past days exist only where they were kept."
            self.table.set_empty("Nothing is archived of this day", why, "archive")

    # ---- what the user does ----

    def _archive(self) -> None:
        def told(table: Table) -> None:
            self._host.notify(table.title, "ok")
            self.ask()

        self._host.run("options.archive", then=told, fail=self._failed, progress=self.progress.report, key="live.archive")

    def _selected(self, _symbol: str) -> None:
        place = self.table.id_at(self.table.currentIndex().row())
        if self._table is None or place < 0:
            return
        event = self._table.detail["events"].row(place, named=True)
        self.show_event(str(event["id"]))

    def show_event(self, event: str) -> None:
        """Show one event in full."""
        self._host.run("options.flow_event", {"event": event}, then=self._event_arrived, key="live.event",
                       fail=lambda error: self._host.notify(error.message, "warn"))  # fmt: skip

    def _close(self) -> None:
        self._shut = True
        self.card.clear()
        self.card.hide()

    def _event_arrived(self, table: Table) -> None:
        self.card.show_event(table, self._host.mode)
        self.card.show()

    def _actions(self, symbol: str) -> list[Action]:
        return [Action("Open chain", lambda each: self._host.open("chain", each), "table-2"),
                Action("Link to this symbol", self._host.select, "link"),
                Action("Open tearsheet", lambda each: self._host.open("tearsheet", each), "file-text")]  # fmt: skip

    def _cancel(self) -> None:
        if self._call is not None:
            self._call.cancel()


def _nothing() -> Table:
    import polars as pl

    from terminal.api import Table

    return Table("", (), pl.DataFrame())
