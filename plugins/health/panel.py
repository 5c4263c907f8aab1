"""The health panel: what needs attention, data services, data, jobs, files and memory, log."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from plugins.health.panel_panes import DataPane, FilesPane, JobsPane, LogPane, ServicesPane
from terminal.ui.form import Banner, Button, Chip, Glyph, IconButton, Segment, label, row

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent

    from terminal.api import Host, Table, TerminalError

WIDE = 1180
BEAT_MS = 15_000  # budgets and ages move without anybody telling
PLACES = {"services": (0, 0, 1, 2), "data": (1, 0, 1, 1), "jobs": (1, 1, 1, 1), "files": (2, 0, 1, 1), "log": (2, 1, 1, 1)}
TITLES = (("services", "Services"), ("data", "Data"), ("jobs", "Jobs"), ("files", "Files"), ("log", "Log"))
STRETCH = (0, 10, 7)


class HealthPanel(QWidget):
    """All parts side by side where there is room, else one at a time."""

    def __init__(self, host: Host) -> None:
        super().__init__()
        self.host = host
        self.services, self.data, self.jobs = ServicesPane(host), DataPane(host), JobsPane(host)
        self.files, self.log = FilesPane(host), LogPane(host)
        self.panes = {"services": self.services, "data": self.data, "jobs": self.jobs, "files": self.files, "log": self.log}
        self.verdict = Chip("…", "")
        self.tabs = Segment(TITLES, name="Part")
        self.banner = Banner("", dismissable=True)
        self.banner.hide()
        self.problems = Problems(self)
        self._wide: bool | None = None
        self._timer = QTimer(self, interval=BEAT_MS)
        self._timer.timeout.connect(self.read)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        again = IconButton("refresh-cw", "Look again", self.read, size=15)
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(4)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addLayout(row(label("Health", "h1"), self.verdict, 0, self.tabs, again, spacing=8, margins=(12, 8, 8, 6)))
        box.addWidget(self.banner)
        box.addWidget(self.problems)
        box.addLayout(self._grid, 1)
        self._place(wide=True)

    def _connect(self) -> None:
        self.tabs.changed.connect(lambda _: self._place(wide=False))
        self.data.flush_asked.connect(self._ask_flush)
        self.services.filled.connect(self.fit)
        for pane in self.panes.values():
            pane.told.connect(lambda _: self.read())
        self.host.on("market.changed", lambda _: self._read("services", "data", "files"))
        self.host.on("provider.changed", lambda _: self._read("services"))
        self.host.on("book.changed", lambda _: self._read("jobs"))
        self.host.on("settings.changed", self._setting)

    # ---- what the window calls ----

    def read(self) -> None:
        """Everything that can be seen, anew."""
        self._read(*self.panes)

    def set_mode(self, mode: str) -> None:
        for pane in self.panes.values():
            pane.set_mode(mode)
        self._place(self._wide is not False)

    def save_state(self) -> dict[str, Any]:
        return {"part": self.tabs.value, "level": self.log.level.value}

    def restore_state(self, state: Mapping[str, Any]) -> None:
        self.tabs.set_value(str(state.get("part", "")))
        self.log.level.set_value(str(state.get("level", "")))
        if self._wide is False:
            self._place(wide=False)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.read()
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width() >= WIDE
        if wide != self._wide:
            self._place(wide)
        self.fit()

    def fit(self) -> None:
        """Room for the services; after they changed, and after the panel did."""
        QTimer.singleShot(0, self, lambda: self.services.fit(bool(self._wide)))

    # ---- inner ----

    def _place(self, wide: bool) -> None:
        changed, self._wide = wide != self._wide, wide
        self.tabs.setVisible(not wide)
        for name, pane in self.panes.items():
            self._grid.removeWidget(pane)
            if wide:
                self._grid.addWidget(pane, *PLACES[name])
            else:
                self._grid.addWidget(pane, 0, 0)
            pane.setVisible(wide or name == self.tabs.value)
        for at, share in enumerate(STRETCH):
            self._grid.setRowStretch(at, share if wide or not at else 0)
        self.services.fit(wide)
        for at in range(2):
            self._grid.setColumnStretch(at, 1 if wide or not at else 0)
        if self.isVisible() and (changed or not wide):
            self.read()

    def _read(self, *names: str) -> None:
        for name in names:
            if self.panes[name].isVisible():
                self.panes[name].read()
        self.host.run("health.problems", then=self._told, fail=lambda _: None, key="problems")

    def _told(self, table: Table) -> None:
        rows = table.frame.to_dicts()
        worst = "error" if any(each["level"] == "error" for each in rows) else "warn" if rows else "ok"
        count = len(rows)
        self.verdict.set_text(f"{count} {'problem' if count == 1 else 'problems'}" if rows else "Nothing needs attention", worst)
        self.problems.show_problems(rows)

    def _setting(self, payload: Mapping[str, Any]) -> None:
        if str(payload.get("key", "")).startswith(("jobs.", "providers.")):
            self._read("services", "data", "jobs")

    def _ask_flush(self, dataset: str) -> None:
        def warn(problem: TerminalError) -> None:
            if problem.hint.endswith("--yes"):
                title = str(self.data.value(dataset, "title") or dataset)
                self.banner.show_message(problem.message, "warn", title=f"Empty {title.lower()}?", action="Empty it",
                                         on_action=partial(self._flush, dataset))
            else:
                self.banner.show_message(problem.sentence(), "warn")

        self.host.run("health.flush", {"dataset": dataset}, then=lambda _: None, fail=warn)

    def _flush(self, dataset: str) -> None:
        self.banner.hide()
        self.data.do("health.flush", {"dataset": dataset, "yes": True}, then=lambda table: self.host.notify(table.title, "ok"))

    def acknowledge(self, problem: str) -> None:
        """Hide a problem until it changes."""
        self.data.do("health.acknowledge", {"problem": problem})

    def act_on(self, problem: str) -> None:
        """The one thing that may help: ask the service again, run the job again, bring the data up to date."""
        kind, _, name = problem.partition(":")
        if kind == "provider":
            self.services.retry(name)
        elif kind == "job":
            self.jobs.run_now(name)
        elif kind == "dataset" and self.host.has_command("market.refresh"):
            self.data.do("market.refresh", {})


class Problems(QWidget):
    """A line for each problem: what it is, what may help, and a button to hide it."""

    def __init__(self, panel: HealthPanel) -> None:
        super().__init__()
        self._panel = panel
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(12, 0, 10, 4)
        self._box.setSpacing(2)
        self._shown: list[Any] = []
        self.hide()

    def show_problems(self, rows: list[dict[str, Any]]) -> None:
        """Show these, the worst first; at most six, the rest as a number."""
        if rows == self._shown:
            return
        self._shown = rows
        while self._box.count():
            item = self._box.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for each in rows[:6]:
            self._box.addWidget(self._line(each))
        if len(rows) > 6:
            self._box.addWidget(label(f"and {len(rows) - 6} more", "muted"))
        self.setVisible(bool(rows))

    def _line(self, problem: Mapping[str, Any]) -> QWidget:
        icon = ("circle-x", "error") if problem["level"] == "error" else ("triangle-alert", "warn")
        helps = {"provider": "Try again", "job": "Run it now", "dataset": "Refresh"}.get(problem["problem"].partition(":")[0], "")
        words = label(problem["sentence"], "body", wrap=True)
        line = row(Glyph(*icon, 16), words, spacing=8)
        line.setStretch(1, 1)
        if helps:
            line.addWidget(Button(helps, on_click=partial(self._panel.act_on, problem["problem"])))
        hide = Button("Acknowledge", "ghost", on_click=partial(self._panel.acknowledge, problem["problem"]),
                      tip="Hide this until it changes")
        hide.setAccessibleName(f"Acknowledge: {problem['sentence']}")
        line.addWidget(hide)
        whole = QWidget()
        whole.setLayout(line)
        return whole
