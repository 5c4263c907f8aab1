"""The earnings panel: reports of what the user holds, watches and screens, grouped by day; a click opens the tearsheet."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QFrame, QScrollArea, QStackedLayout, QVBoxLayout, QWidget

from terminal.ui import theme
from terminal.ui.badge import SourceBadge
from terminal.ui.form import Banner, Chip, ChipRow, EmptyState, Flow, Segment, ghost, label, row
from terminal.ui.meters import ProgressLine
from terminal.ui.table import Action, Look, TableView

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from PySide6.QtGui import QResizeEvent, QShowEvent

    from terminal.api import Host, Table, TerminalError

WHOSE = (("", "All of mine"), ("held", "Held"), ("watched", "Watched"), ("results", "Results"))
SPANS = (("7", "7 days"), ("14", "14 days"), ("30", "30 days"))
KINDS = {"reports": ("Report",), "dividends": ("Ex-dividend",), "all": ("Report", "Ex-dividend")}
_VERDICTS = ("Strong Buy", "Buy", "Hold", "Avoid", "Unknown")
# From left to right; in Pro the first of `_WANTED` are shown as long as there is room.
_PRO = (
    "symbol", "name", "when", "state", "verdict", "eps_estimate", "revenue_estimate", "beat_rate", "beat_n", "surprise", "move",
    "move_n", "move_on_beat", "move_on_miss", "implied_move", "implied_rank", "timing", "note",
)  # fmt: skip
_WANTED = (
    "symbol", "when", "state", "verdict", "move", "move_n", "implied_move", "beat_rate", "beat_n", "eps_estimate", "timing",
    "note", "name", "implied_rank", "surprise", "revenue_estimate", "move_on_beat", "move_on_miss",
)  # fmt: skip
_NEWBIE = ("symbol", "when", "state", "verdict", "note")
# What changes the list: data it is made of, and the tables that say what is held, watched and screened.
_TOLD_BY = frozenset({"earnings", "filings", "dividends", "bars", "chains", "instruments", "facts"})
_LISTS = ("watchlist", "screener.run", "portfolio", "positions")
_STATE_FITS = 1000
_MARGIN = 64  # row menu, scroll bar
_TONES = {"confirmed": "ok", "estimated": "muted", "not stated": "muted", "disputed": "warn"}
_LOOKS = {
    "symbol": Look("ticker", 64),
    "name": Look("muted", 130),
    "when": Look("muted", 104),
    "state": Look("chips", 112, tones=_TONES),
    "verdict": Look("pill", 88),
    "eps_estimate": Look("number", 62),
    "revenue_estimate": Look("number", 74),
    "beat_rate": Look("number", 62),
    "beat_n": Look("number", 34),
    "surprise": Look("signed", 68),
    "move": Look("number", 64),
    "move_n": Look("number", 34),
    "move_on_beat": Look("number", 60),
    "move_on_miss": Look("number", 60),
    "implied_move": Look("number", 60),
    "implied_rank": Look("number", 60),
    "timing": Look("text", 150),
    "note": Look("text", 250, stretch=True),
}  # fmt: skip


class Day(QWidget):
    """One day: its heading and the table of its rows. Only the first day of the list shows the columns' names."""

    def __init__(self, panel: EarningsPanel) -> None:
        super().__init__()
        self.title, self.count = label("", "h2"), label("", "muted")
        self.table = TableView(panel.host, name="Reports", looks=_LOOKS, actions=panel.menu_of)
        self.table.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.table.setFrameShape(QFrame.Shape.NoFrame)
        self.table.selected.connect(panel.host.select)
        self.table.selected.connect(lambda _: panel.alone(self))
        self.table.activated.connect(panel.open_)
        self.table.clicked.connect(lambda index: panel.open_(self.table.current_symbol()))
        if panel.days:
            self.table.follow(panel.days[0].table)  # its head bears the filters and the menu of all
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 8, 0, 0)
        box.setSpacing(2)
        self.table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        box.addLayout(row(self.title, self.count, 0, spacing=8, margins=(12, 0, 12, 0)))
        box.addWidget(self.table)

    def show_day(self, title: str, table: Table, columns: Sequence[str], mode: str, head: bool) -> None:
        """Fill it; the table is as high as its rows."""
        reports = int((table.frame["kind"] == "Report").sum())
        others = table.frame.height - reports
        told = [f"{reports} {'report' if reports == 1 else 'reports'}"] if reports else []
        told += [f"{others} ex-dividend"] if others else []
        self.title.setText(title)
        self.count.setText(" · ".join(told))
        self.setAccessibleName(f"{title}: {', '.join(told)}")
        self.table.setAccessibleName(f"Reports of {title}")
        self.table.set_mode(mode)
        self.table.show_table(table, columns=columns)
        self.table.horizontalHeader().setVisible(head)
        self.table.fit_rows()


class EarningsPanel(QWidget):
    """Runs `earnings.upcoming`; what is narrowed by verdict or kind is the same answer with fewer rows."""

    def __init__(self, host: Host) -> None:
        super().__init__()
        self.host = host
        self._table: Table | None = None
        self._verdict = ""
        self._stale = False
        self._call: Any = None
        self.days: list[Day] = []
        self.title = label("Earnings", "h1")
        self.count = Chip("…", "accent")
        self.verdicts = ChipRow()
        self.whose = Segment(WHOSE, name="Whose")
        self.span = Segment(SPANS, "14", name="Days ahead")
        self.kind = Segment((("reports", "Reports"), ("dividends", "Dividends"), ("all", "Both")), name="Events")
        self.badge = SourceBadge()
        self.banner = Banner("", dismissable=True)
        self.progress = ProgressLine(self._cancel)
        self.empty = EmptyState("No report is coming up", icon="calendar-clock")
        self._lay_out()
        self._connect()
        self.refresh()

    def _lay_out(self) -> None:
        self.banner.hide()
        self.fetch_button = ghost("Fetch", "refresh-cw", self._fetch)
        self.export_button = ghost("Export", "download", self._export)
        self.fetch_button.setToolTip("Ask the services for report dates that are missing or old")
        self.export_button.setToolTip("Write this list to a CSV file")
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setAccessibleName("Upcoming reports")
        inside = QWidget()
        self._list = QVBoxLayout(inside)
        self._list.setContentsMargins(0, 0, 0, 12)
        self._list.setSpacing(0)
        self._list.addStretch(1)
        self._scroll.setWidget(inside)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        first = row(
            self.title, self.count, 0, self.badge, self.fetch_button, self.export_button, spacing=6, margins=(12, 8, 12, 4)
        )
        second = Flow(spacing=10)
        second.setContentsMargins(12, 0, 12, 4)
        for each in (self.whose, self.span, self.kind):
            second.addWidget(each)
        box.addLayout(first)
        box.addLayout(second)
        self._chip_line = QWidget()
        self._chip_line.setLayout(row(self.verdicts, margins=(12, 0, 12, 4)))
        for widget in (self._chip_line, self.banner, self.progress):
            box.addWidget(widget)
        self._stack = QStackedLayout()
        box.addLayout(self._stack, 1)
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self._scroll)

    def _connect(self) -> None:
        self.whose.changed.connect(lambda _: self.refresh())
        self.span.changed.connect(lambda _: self.refresh())
        self.kind.changed.connect(lambda _: self._show())
        self.verdicts.clicked.connect(self._choose_verdict)
        self.host.on("market.changed", self._market_changed)
        self.host.on("book.changed", self._book_changed)

    # ---- what the window calls ----

    def refresh(self) -> None:
        """Read everything anew."""
        self._call = self.host.run(
            "earnings.upcoming", {"universe": self.whose.value, "days": int(self.span.value)},
            then=self._arrived, fail=self._failed, progress=self.progress.report, key="upcoming")  # fmt: skip

    def show_as_of(self, _day: Any) -> None:
        """Another day: what is shown belongs to the present one, so a failure must not leave it there."""
        self._table = None
        self.banner.hide()
        self.refresh()

    def set_mode(self, mode: str) -> None:
        """Other words and columns; the same values."""
        self._show()

    def retheme(self) -> None:
        self._show()

    def save_state(self) -> dict[str, Any]:
        return {"whose": self.whose.value, "days": self.span.value, "kind": self.kind.value}

    def restore_state(self, state: Mapping[str, Any]) -> None:
        for segment, key, choices in ((self.whose, "whose", WHOSE), (self.span, "days", SPANS),
                                      (self.kind, "kind", tuple((each, "") for each in KINDS))):  # fmt: skip
            if state.get(key) in {value for value, _ in choices}:
                segment.set_value(str(state[key]))
        self.refresh()

    # ---- answers ----

    def _market_changed(self, payload: Mapping[str, Any]) -> None:
        if not payload.get("datasets") or _TOLD_BY & set(payload["datasets"]):
            self._refresh_when_seen()

    def _book_changed(self, payload: Mapping[str, Any]) -> None:
        if str(payload.get("table", "")).startswith(_LISTS):
            self._refresh_when_seen()

    def _refresh_when_seen(self) -> None:
        """Now, or when it comes to the front."""
        if self.isVisible():
            self.refresh()
        else:
            self._stale = True

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self._stale = False
            self.refresh()

    def _arrived(self, table: Table) -> None:
        self.progress.finish()
        self.banner.hide()
        self._table = table
        self._show()

    def _failed(self, error: TerminalError) -> None:
        self.progress.finish()
        if self._table is not None:
            self.banner.show_message(error.sentence(), "warn", title="It could not be read", action="Try again",
                                     on_action=self.refresh)  # fmt: skip
            return
        self.empty.set_message("It could not be read", error.sentence(), "triangle-alert", "Try again", self.refresh)
        self._stack.setCurrentIndex(0)

    def _cancel(self) -> None:
        if self._call is not None:
            self._call.cancel()
        self.progress.finish()

    # ---- showing ----

    def _show(self) -> None:
        if self._table is None:
            return
        frame = self._table.frame.filter(pl.col("kind").is_in(KINDS[self.kind.value]))
        self._show_verdicts(frame)
        if self._verdict:
            frame = frame.filter(pl.col("verdict") == self._verdict)
        self.badge.show_sources(self._table.sources, datetime.now(UTC))
        reports = int((frame["kind"] == "Report").sum())
        events = frame.height - reports
        told = f"{reports} {'report' if reports == 1 else 'reports'}"
        self.count.set_text(told + (f" · {events} ex-dividend" if events else ""), "accent")
        if frame.is_empty():
            self._say_empty()
        self._stack.setCurrentIndex(0 if frame.is_empty() else 1)
        self._fill(frame)

    def _show_verdicts(self, frame: pl.DataFrame) -> None:
        counts = dict(frame["verdict"].value_counts().iter_rows())
        present = [each for each in _VERDICTS if counts.get(each)]
        if self._verdict not in present:
            self._verdict = ""
        chips = [(each, f"{counts[each]} {each}", "accent" if each == self._verdict else "") for each in present]
        self.verdicts.set_chips(chips, removable=False)
        self._chip_line.setVisible(len(present) > 1)

    def _choose_verdict(self, verdict: str) -> None:
        self._verdict = "" if verdict == self._verdict else verdict
        self._show()

    def _say_empty(self) -> None:
        assert self._table is not None
        notes = " ".join(self._table.notes)
        self.empty.set_message("No report is coming up here", notes or "Nothing is known for these days.", "calendar-clock",
                               "Ask the services", self._fetch)  # fmt: skip

    def _fill(self, frame: pl.DataFrame) -> None:
        groups = frame.partition_by("day", maintain_order=True) if frame.height else []
        while len(self.days) < len(groups):
            self.days.append(Day(self))
            self._list.insertWidget(self._list.count() - 1, self.days[-1])
        for place, day in enumerate(self.days):
            day.setVisible(place < len(groups))
            if place < len(groups):
                rows = groups[place]
                day.show_day(rows["_group"][0], self._in_words(rows), self._columns(), self.host.mode, place == 0)

    def _in_words(self, rows: pl.DataFrame) -> Table:
        """The rows with the note of the mode, and the date's state as a chip."""
        assert self._table is not None
        note = pl.col("_pro") if self.host.mode == "pro" else pl.col("note")
        chip = pl.when(pl.col("state").is_not_null()).then(pl.col("state").str.split(" · "))
        at = self._table.frame.with_row_index("_at").join(
            rows.select("symbol", "day", "kind"), on=["symbol", "day", "kind"], how="semi"
        )
        origin = None if self._table.origin is None else self._table.origin[at["_at"].to_list()]
        columns = tuple(replace(each, type="list") if each.name == "state" else each for each in self._table.columns)
        return replace(
            self._table, columns=columns, frame=rows.with_columns(note.alias("note"), chip.alias("state")), origin=origin
        )

    def _columns(self) -> list[str]:
        """What there is room for; in Newbie mode a doubtful day is told by the note where its chip has no room."""
        if self.host.mode == "newbie":
            return [name for name in _NEWBIE if name != "state" or self.width() >= theme.scaled(_STATE_FITS)]
        metrics = QFontMetrics(theme.font(theme.scaled(11), 500))
        titles = {column.name: column.title for column in self._table.columns} if self._table is not None else {}
        room, shown = self.width() - theme.scaled(_MARGIN), set()
        for name in _WANTED:
            room -= max(theme.scaled(_LOOKS[name].width), metrics.horizontalAdvance(titles.get(name, "")) + 22)
            if name == "symbol" and self._table is not None and self._table.simulated:
                room -= theme.scaled(84)  # what SIMULATED beside its title takes
            if room < 0:
                break
            shown.add(name)
        return [name for name in _PRO if name in shown]

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        shown = next((day.table.shown_columns for day in self.days if not day.isHidden()), None)
        if shown is not None and shown != self._columns():
            self._show()

    # ---- actions ----

    def open_(self, symbol: str) -> None:
        """Bring the tearsheet of a symbol to the front."""
        if symbol:
            self.host.open("tearsheet", symbol)

    def alone(self, chosen: Day) -> None:
        """One row is chosen in the whole list."""
        for day in self.days:
            if day is not chosen:
                day.table.clearSelection()

    def menu_of(self, symbol: str) -> list[Action]:
        """The menu of a row."""
        return [Action("Open tearsheet", self.open_, "file-text"), Action("Fetch its dates", self._fetch_one, "refresh-cw")]

    def _fetch(self) -> None:
        self._ask({"universe": self.whose.value})

    def _fetch_one(self, symbol: str) -> None:
        self._ask({"symbols": [symbol], "chains": int(self.span.value)})

    def _ask(self, arguments: Mapping[str, Any]) -> None:
        self.fetch_button.setEnabled(False)

        def done(table: Table) -> None:
            self.fetch_button.setEnabled(True)
            self.progress.finish()
            self.host.notify(table.title, "ok")
            self.refresh()

        def failed(error: TerminalError) -> None:
            self.fetch_button.setEnabled(True)
            self.progress.finish()
            self.host.notify(error.sentence(), "error")

        self._call = self.host.run(
            "earnings.refresh", arguments, then=done, fail=failed, progress=self.progress.report, key="fetch"
        )

    def _export(self) -> None:
        path = self.host.save_file("Export the list", "earnings.csv", ("CSV (*.csv)",))
        if path:
            wanted = {"file": path, "universe": self.whose.value, "days": int(self.span.value)}
            self.host.run("earnings.export", wanted, then=partial(self._exported, path))

    def _exported(self, path: str, _: Table) -> None:
        self.host.notify(f"Written to {path}.", "ok")
