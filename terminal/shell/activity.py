"""Messages and jobs: what the program said in this run, and what it is doing or did."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QProgressBar, QScrollArea, QVBoxLayout, QWidget

from terminal.domain import format as fmt
from terminal.shell.messages import ICONS, TONES, Message
from terminal.ui import theme
from terminal.ui.form import Button, EmptyState, Glyph, IconButton, SectionTitle, column, ghost, in_window, label, row

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from PySide6.QtGui import QShowEvent

    from terminal.shell.host import ShellHost

STATES = {"queued": ("clock", "t3"), "running": ("loader", "accent_text"), "done": ("circle-check", "ok"),
          "failed": ("circle-x", "error"), "cancelled": ("circle-slash", "t3")}
SHOWN = 60


class ActivityPanel(QWidget):
    """Two lists, the newest first: messages and jobs."""

    def __init__(self, host: ShellHost) -> None:
        super().__init__()
        self._host = host
        self._messages = host.window.messages
        self._jobs = column(spacing=6)
        self._said = column(spacing=6)
        clear = self._clear_button = ghost("Clear all", "", self._messages.clear)
        inside = QWidget()
        inside.setLayout(column(SectionTitle("Messages", "", clear), self._said, 8, SectionTitle("Jobs"), self._jobs, 0,
                                spacing=8, margins=(14, 12, 14, 12)))
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inside)
        area.setAccessibleName("Messages and jobs")
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(area)
        self._messages.changed.connect(self._show_messages)
        host.on("job.changed", lambda _: self._show_jobs())
        self._show_messages()
        self._show_jobs()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._messages.read()
        self._show_jobs()

    def _show_messages(self) -> None:
        _clear(self._said)
        now, last = datetime.now(UTC), ""
        for message in list(self._messages.all)[:SHOWN]:
            when = _when(message.at, now)
            if when != last:
                self._said.addWidget(label(when, "caps"))
                last = when
            self._said.addWidget(self._message(message))
        self._clear_button.setVisible(bool(self._messages.all))
        if not self._messages.all:
            self._said.addWidget(EmptyState("No messages", "What the program tells you stays here until you close it.", "bell"))
        if self.isVisible() and self._messages.unread:
            self._messages.read()

    def _message(self, message: Message) -> QWidget:
        note = _clock(message) if message.times == 1 else f"{message.times} ×  {_clock(message)}"
        widget = Line(ICONS[message.level], TONES[message.level], message.text, note)
        if message.on_action is not None:
            button = Button(message.action, "link", on_click=message.on_action)
            button.setAccessibleName(f"{message.action}: {message.text}")
            button.setEnabled(message.offers)
            if not message.offers:
                button.setToolTip("No longer possible: it is done, or the same thing was changed since.")
            widget.line.addWidget(button)
        return widget

    def _show_jobs(self) -> None:
        _clear(self._jobs)
        # What cannot be answered as asked is said where it was asked, and is no failure of the program.
        jobs = [job for job in self._host.app.jobs() if not job.get("refused")
                and (job.get("long") or job["state"] in ("failed", "running"))]
        for job, times in _together(reversed(jobs)):
            self._jobs.addWidget(self._job(job, times))
        if not jobs:
            self._jobs.addWidget(label("Nothing has run yet.", "muted"))

    def _job(self, job: Mapping[str, Any], times: int) -> QWidget:
        icon, tone = STATES.get(job["state"], STATES["queued"])
        ended = job["state"] if times == 1 else f"{times} × {job['state']}"
        widget = Line(icon, tone, job["title"], ended, in_window(str(job.get("note") or "")))
        if job["state"] == "running":
            bar = QProgressBar()
            bar.setTextVisible(False)
            bar.setAccessibleName(f"Progress of {job['title']}")
            bar.setRange(0, 0 if job.get("fraction") is None else 1000)
            bar.setValue(round(1000 * (job.get("fraction") or 0)))
            stop = IconButton("x", f"Cancel {job['title']}", lambda: self._host.window.cancel_job(job["id"]), size=14)
            widget.line.addWidget(bar)
            widget.line.addWidget(stop)
        return widget


class Line(QFrame):
    """An icon, a text with a detail below, and a note at the right; `line` takes more at its end."""

    def __init__(self, icon: str, tone: str, text: str, note: str, detail: str = "") -> None:
        super().__init__()
        theme.set_role(self, role="card")
        words = column(label(text, wrap=True), spacing=2)
        if detail:
            words.addWidget(label(detail, "muted", wrap=True))
        self.line = row(Glyph(icon, tone, 16), spacing=10, margins=(10, 8, 10, 8))
        self.line.addLayout(words, 1)
        self.line.addWidget(label(note, "muted"))
        self.setLayout(self.line)
        self.setAccessibleName(f"{text}, {note}")


def _together(jobs: Iterable[Mapping[str, Any]]) -> list[tuple[Mapping[str, Any], int]]:
    """What ended in the same way several times is one line; the latest first."""
    found: dict[Any, tuple[Mapping[str, Any], int]] = {}
    for job in jobs:
        key = job["id"] if job["state"] == "running" else (job["command"], job["state"], job.get("note"))
        first, times = found.get(key, (job, 0))
        found[key] = (first, times + 1)
    return list(found.values())[:SHOWN]


def _when(moment: datetime, now: datetime) -> str:
    """The stretch of time a message is listed under."""
    minutes = (now - moment).total_seconds() / 60
    if minutes < 5:
        return "Just now"
    if minutes < 60:
        return "In the last hour"
    return "Earlier today" if fmt.here(moment).date() == fmt.here(now).date() else "Before today"


def _clock(message: Message) -> str:
    return fmt.clock(message.at)


def _clear(layout: Any) -> None:
    while layout.count():
        widget = layout.takeAt(0).widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
