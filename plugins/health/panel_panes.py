"""The parts of the health panel, each with its own command: services, data, jobs, files, log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QLineEdit, QScrollArea, QVBoxLayout, QWidget

from plugins.health.panel_words import Services
from terminal.api import Column, Table
from terminal.ui.form import Segment, ghost, label, row
from terminal.ui.table import Action, Look, TableView

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from terminal.api import Host

STATES = {"ok": "ok", "done": "ok", "on": "ok", "running": "muted", "waiting": "muted", "paused": "warn", "partly": "warn",
          "unreachable": "error", "failing": "error", "failed": "error", "needs key": "muted", "never asked": "muted",
          "not started": "muted", "skipped": "muted", "cancelled": "muted", "interrupted": "warn", "missed": "warn",
          "open": "error", "partly open": "warn", "closed": "muted", "ERROR": "error", "CRITICAL": "error", "WARNING": "warn",
          "INFO": "muted", "DEBUG": "muted"}
_SERVICE_STATES = {**STATES, "waiting": "warn"}
_SERVICE_COLUMNS = ("title", "state", "budget", "requests", "error_rate", "p50", "p95", "good_at", "good_endpoint", "breaker",
                    "until", "live", "fault")
_TYPING_MS = 250
# No bound, as Qt has it; the least of the services that is always seen; what the table has around its rows.
_UNBOUND, _LEAST, _FRAME = 16_777_215, 320, 8


class Pane(QWidget):
    """A title, a note at its right, buttons, and a table of one command's answer; `id_column` names the row for actions."""

    told = Signal(str)

    def __init__(self, host: Host, title: str, command: str, id_column: str, looks: Mapping[str, Look],
                 columns: Mapping[str, Sequence[str]], *tools: QWidget) -> None:
        super().__init__()
        self.host, self.command, self.id_column, self.columns = host, command, id_column, columns
        self.title = label(title, "h2")
        self.note = label("", "muted")
        acts = type(self).actions_of is not Pane.actions_of
        self.table = TableView(host, looks=looks, name=title, actions=self.actions_of if acts else None)
        self.body: QWidget = self.table
        self.box = QVBoxLayout(self)
        self.box.setContentsMargins(0, 0, 0, 0)
        self.box.setSpacing(4)
        self.box.addLayout(row(self.title, self.note, 0, *tools, spacing=8, margins=(12, 6, 10, 0)))
        self.box.addWidget(self.table, 1)
        self.setAccessibleName(title)
        self.last: Table | None = None

    def arguments(self) -> dict[str, Any]:
        """What the command is called with."""
        return {}

    def read(self) -> None:
        """Ask the command again; a newer question replaces an older one."""
        self.host.run(self.command, self.arguments(), then=self.fill, fail=lambda problem: self.fail(problem.sentence()),
                      key=self.command)

    def fill(self, table: Table) -> None:
        """The answer."""
        self.last = table
        frame = table.frame.with_columns(pl.col(self.id_column).alias("symbol")) if self.id_column else table.frame
        chips = [name for name, look in self.table._looks.items() if look.kind == "chips" and name in frame.columns
                 and frame.schema[name] == pl.String]
        frame = frame.with_columns(pl.when(pl.col(name).is_not_null()).then(pl.concat_list(name)).alias(name) for name in chips)
        marked = tuple(Column(each.name, each.title, "list", "", each.term) if each.name in chips else each
                       for each in table.columns)
        self.table.show_table(Table(table.title, marked, frame, table.sources, table.unknown), self.columns.get(self.host.mode))

    def fail(self, text: str) -> None:
        """The command could not answer."""
        self.table.set_empty("This cannot be read", text, "circle-x")
        self.table.show_table(Table("", (), pl.DataFrame()))

    def set_mode(self, mode: str) -> None:
        self.table.set_mode(mode)
        if self.last is not None:
            self.fill(self.last)

    def actions_of(self, row_id: str) -> Sequence[Action]:
        """The menu of a row."""
        return ()

    def do(self, command: str, arguments: Mapping[str, Any], done: str = "", then: Callable[[Table], None] | None = None) -> None:
        """Carry out an action of the user's; its failure is a message."""
        def ended(table: Table) -> None:
            if done:
                self.host.notify(done, "ok")
            if then is not None:
                then(table)
            self.told.emit(command)

        self.host.run(command, dict(arguments), then=ended)

    def value(self, row_id: str, column: str) -> Any:
        """A cell of the row with that id, None when there is no such row."""
        if self.last is None:
            return None
        found = self.last.frame.filter(pl.col(self.id_column) == row_id)
        return found[column][0] if found.height else None


class ServicesPane(Pane):
    """The data services: a table in Pro, sentences in Newbie."""

    filled = Signal()

    def __init__(self, host: Host) -> None:
        looks = {"title": Look("ticker", 130), "state": Look("chips", 96, tones=_SERVICE_STATES),
                 "budget": Look("text", 265), "requests": Look("number", 70), "error_rate": Look("number", 70),
                 "p50": Look("number", 56), "p95": Look("number", 56), "good_at": Look("muted", 155),
                 "good_endpoint": Look("muted", 100), "breaker": Look("chips", 90, tones=STATES),
                 "until": Look("muted", 155), "live": Look("muted", 190), "fault": Look("text", 200, stretch=True)}
        super().__init__(host, "Data services", "health.show", "id", looks, {"pro": _SERVICE_COLUMNS})
        self.words = Services(self.retry, lambda: host.open("preferences"))
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setWidget(self.words)
        self.area.setAccessibleName("Data services in words")
        self.box.addWidget(self.area, 1)
        self._choose()

    def fill(self, table: Table) -> None:
        """The answer, as a table and in words. What its stream of trades does is a column where a service has one."""
        live = not table.frame["live"].is_null().all()
        self.columns = {"pro": _SERVICE_COLUMNS if live else tuple(name for name in _SERVICE_COLUMNS if name != "live")}
        super().fill(table)
        self.words.show_services(table.frame.to_dicts())
        self.filled.emit()

    def set_mode(self, mode: str) -> None:
        super().set_mode(mode)
        self._choose()

    def fit(self, wide: bool) -> None:
        """It takes the room it needs, and leaves the rest to the others where there are any beside it (`wide`)."""
        newbie, width = self.host.mode == "newbie", self.area.viewport().width()
        words = self.words.heightForWidth(width) + 4 if wide and newbie and width > 0 else 0
        self.area.setMaximumHeight(words or _UNBOUND)
        self.area.setMinimumHeight(min(words, _LEAST))
        rows = self._rows() if wide and not newbie else 0
        self.table.setMaximumHeight(rows or _UNBOUND)
        self.table.setMinimumHeight(min(rows, _LEAST))

    def _rows(self) -> int:
        """How high the table is with all its rows; 0 before there are any."""
        if self.last is None or self.last.frame.is_empty():
            return 0
        bar = self.table.horizontalScrollBar()
        rows = self.table.verticalHeader().defaultSectionSize() * self.last.frame.height
        return int(self.table.horizontalHeader().sizeHint().height() + rows + (bar.height() if bar.isVisible() else 0) + _FRAME)

    def _choose(self) -> None:
        newbie = self.host.mode == "newbie"
        self.table.setVisible(not newbie)
        self.area.setVisible(newbie)

    def actions_of(self, row_id: str) -> Sequence[Action]:
        if self.value(row_id, "state") == "needs key":
            return (Action("Enter its key in the preferences", lambda _: self.host.open("preferences"), "key-round"),)
        return (Action("Try again now", self.retry, "refresh-cw"),)

    def retry(self, provider: str) -> None:
        """Ask a service again, and say how it went."""
        self.do("health.retry", {"provider": provider},
                then=lambda table: self.host.notify(table.notes[0], "ok" if table.frame["state"][0] == "ok" else "warn"))


class DataPane(Pane):
    """The datasets: how far each is behind, and whether jobs fetch it."""

    flush_asked = Signal(str)

    def __init__(self, host: Host) -> None:
        looks = {"title": Look("ticker", 150), "lag": Look("text", 118, stretch=True), "symbols": Look("number", 60),
                 "stale": Look("number", 48), "newest": Look("muted", 90), "fetched_at": Look("muted", 152),
                 "providers": Look("muted", 100), "feed": Look("chips", 64, tones=STATES)}
        super().__init__(host, "Data", "health.datasets", "dataset", looks, {
            "pro": ("title", "lag", "symbols", "newest", "fetched_at", "providers", "feed"),
            "newbie": ("title", "lag", "newest", "fetched_at", "feed")})

    def actions_of(self, row_id: str) -> Sequence[Action]:
        verb = "resume" if self.value(row_id, "feed") == "paused" else "pause"
        title = "Let jobs fetch it again" if verb == "resume" else "Pause this feed"
        return (Action(title, lambda name: self.do(f"jobs.{verb}", {"feed": name}), "play" if verb == "resume" else "pause"),
                Action("Empty it …", self.flush_asked.emit, "trash-2"))


class JobsPane(Pane):
    """What runs by itself, and what ran."""

    def __init__(self, host: Host) -> None:
        self.kind = Segment((("jobs.list", "Schedule"), ("jobs.history", "History")), name="Jobs")
        self.pause = ghost("Pause all", "pause", self._toggle)
        looks = {"title": Look("ticker", 160, stretch=True), "when": Look("muted", 165), "state": Look("chips", 84, tones=STATES),
                 "next_run": Look("muted", 150), "last_run": Look("muted", 150), "last_state": Look("chips", 84, tones=STATES),
                 "seconds": Look("number", 48), "rows": Look("number", 60), "problem": Look("text", 90),
                 "name": Look("ticker", 110), "started": Look("muted", 150), "why": Look("muted", 160),
                 "note": Look("text", 160, stretch=True), "error": Look("text", 160)}
        super().__init__(host, "Jobs", "jobs.list", "name", looks, {}, self.kind, self.pause)
        self.kind.changed.connect(self._turn)
        self.table.set_empty("Nothing runs by itself here",
                             "The practice market is brought up to date whenever it is opened.", "calendar-clock")
        self._all_paused = False
        self._columns()

    def _columns(self) -> None:
        listed = {"pro": ("title", "when", "state", "next_run", "last_state", "seconds"),
                  "newbie": ("title", "when", "state", "next_run", "last_state")}
        ran = {"pro": ("name", "started", "state", "why", "seconds", "rows", "note", "error"),
               "newbie": ("name", "started", "state", "why", "note")}
        self.columns = listed if self.command == "jobs.list" else ran

    def _turn(self, command: str) -> None:
        self.command = command
        self._columns()
        self.read()

    def fill(self, table: Table) -> None:
        """The schedule or the history."""
        if table.title == "What ran" and table.frame.is_empty():
            self.table.set_empty("Nothing has run yet", "What runs by itself is listed here for 90 days.", "history")
        super().fill(table)
        if table.title == "Schedule":
            states = set(table.frame["state"])
            self._all_paused = bool(states) and states == {"paused"}
            self.pause.setText("Resume all" if self._all_paused else "Pause all")
            self.pause.setAccessibleName(self.pause.text())
            self.pause.set_icon("play" if self._all_paused else "pause")
            self.pause.setVisible(bool(states))
            self.note.setText("" if states - {"not started"} or not states else "starts with the window")

    def _toggle(self) -> None:
        self.do("jobs.resume" if self._all_paused else "jobs.pause", {})

    def actions_of(self, row_id: str) -> Sequence[Action]:
        if self.command != "jobs.list":
            return ()
        verb = "resume" if self.value(row_id, "state") == "paused" else "pause"
        return (Action("Run it now", self.run_now, "play"),
                Action(verb.capitalize(), lambda name: self.do(f"jobs.{verb}", {"name": name}), "pause"))

    def run_now(self, name: str) -> None:
        """Run a job at once; the status bar shows how far it is."""
        self.do("jobs.run_now", {"name": name}, f"{self.value(name, 'title') or name}: done")


class FilesPane(Pane):
    """Sizes, memory, queues."""

    def __init__(self, host: Host) -> None:
        looks = {"item": Look("ticker", 190), "size": Look("number", 80), "count": Look("number", 84),
                 "milliseconds": Look("number", 60), "detail": Look("muted", 160, stretch=True)}
        super().__init__(host, "Files and memory", "health.storage", "item", looks, {
            "pro": ("item", "size", "count", "milliseconds", "detail"), "newbie": ("item", "size", "count")})

    def fill(self, table: Table) -> None:
        """Sizes in megabytes, to be compared at a glance."""
        frame = table.frame.with_columns(pl.col("size") / 1e6)
        size = Column("size", "Size, MB", "number", decimals=1)
        super().fill(Table(table.title, tuple(size if each.name == "size" else each for each in table.columns), frame))
        self.last = table  # in bytes, as it came: it is filled again when the mode changes


class LogPane(Pane):
    """The program's log, filtered by level and text."""

    def __init__(self, host: Host) -> None:
        self.level = Segment((("info", "All"), ("warning", "Warnings"), ("error", "Errors")), "info", "Level")
        self.filter = QLineEdit()
        self.filter.setPlaceholderText("Filter")
        self.filter.setAccessibleName("Filter the log")
        self.filter.setClearButtonEnabled(True)
        self.filter.setMaximumWidth(180)
        looks = {"at": Look("muted", 112), "level": Look("chips", 80, tones=STATES), "message": Look("text", 300, stretch=True),
                 "where": Look("muted", 130)}
        super().__init__(host, "Log", "health.log", "", looks, {
            "pro": ("at", "level", "message", "where"), "newbie": ("at", "level", "message")},
            self.filter, self.level)
        self.table.set_empty("Nothing was logged", "What the program notes about itself appears here, without your keys.",
                             "scroll-text")
        self._typing = QTimer(self, singleShot=True, interval=_TYPING_MS)
        self._typing.timeout.connect(self.read)
        self.filter.textChanged.connect(lambda _: self._typing.start())
        self.level.changed.connect(lambda _: self.read())

    def fill(self, table: Table) -> None:
        """The lines, with the day and the time as short as can be."""
        short = pl.col("at").str.slice(5, 14).str.replace("T", " ")
        super().fill(Table(table.title, table.columns, table.frame.with_columns(short)))

    def arguments(self) -> dict[str, Any]:
        return {"level": self.level.value, "text": self.filter.text(), "limit": 300}
