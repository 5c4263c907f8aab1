"""Replay: the past bar by bar, without what came after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFrame

from terminal.domain import format as fmt
from terminal.ui import theme
from terminal.ui.form import Button, Chip, IconButton, Segment, label, row

if TYPE_CHECKING:
    from datetime import date, datetime

    import polars as pl

    from terminal.ui.chart import Chart

SPEEDS = (("1", "1×"), ("3", "3×"), ("10", "10×"))
BEAT_MS = 1000
SEEN_BEFORE, SEEN_AFTER = 120, 25
"""Bars in view before and after the place at which a replay of a day begins."""


class ReplayBar(QFrame):
    """`shown(count)` bars are to be shown, `ended` when it is over. Hidden while there is no replay."""

    shown = Signal(int)
    ended = Signal()

    def __init__(self) -> None:
        super().__init__()
        theme.set_role(self, role="footer")
        self.setAccessibleName("Replay")
        self.count = 0
        self._every = 0
        self._mark = Chip("REPLAY", "warn", tip="The chart shows the past as it looked then. Later prices are hidden.")
        self._place = label("", "strong")
        self.back = IconButton("step-back", "One bar back", lambda: self.step(-1))
        self.play = IconButton("play", "Play", self.toggle, checkable=True)
        self.on = IconButton("step-forward", "One bar on", lambda: self.step(1))
        self.speed = Segment(SPEEDS, "3", "Speed")
        self.speed.changed.connect(lambda _: self._set_beat())
        self.stop = Button("End replay", "", "x", self.end)
        self._timer = QTimer(self)
        self._timer.timeout.connect(lambda: self.step(1))
        self.setLayout(row(self._mark, self._place, 0, self.back, self.play, self.on, self.speed, self.stop, spacing=6,
                           margins=(12, 5, 12, 5)))
        self.hide()

    @property
    def running(self) -> bool:
        """Whether a replay is on, playing or not."""
        return self._every > 0

    @property
    def playing(self) -> bool:
        return self._timer.isActive()

    def start(self, count: int, every: int) -> None:
        """Show the first `count` of `every` bars."""
        self._every = every
        self._set_beat()
        self.show()
        self._go(count)

    def step(self, by: int) -> None:
        """Bars on or back; at the newest one it stops."""
        if self.running:
            self._go(self.count + by)

    def toggle(self) -> None:
        """Play or pause."""
        if not self.running:
            return
        if self._timer.isActive():
            self._pause()
        elif self.count < self._every:
            self._timer.start()
            self.play.set_icon("pause")
            self.play.setChecked(True)
            self.play.setAccessibleName("Pause")
            self.play.setToolTip("Pause")

    def end(self) -> None:
        """Show everything again."""
        if self.running:
            self._pause()
            self._every = self.count = 0
            self.hide()
            self.ended.emit()

    def say(self, moment: datetime | None) -> None:
        """The moment of the last bar shown."""
        day = "" if moment is None else fmt.moment(moment) if moment.hour or moment.minute else fmt.day(moment.date())
        left = self._every - self.count
        self._place.setText(f"{day} · {left} {'bar' if left == 1 else 'bars'} to come")
        self.setAccessibleDescription(f"Replay, {self._place.text()}")

    def _go(self, count: int) -> None:
        self.count = min(max(2, count), self._every)
        if self.count >= self._every:
            self._pause()
        self.back.setEnabled(self.count > 2)
        self.on.setEnabled(self.count < self._every)
        self.play.setEnabled(self.count < self._every)
        self.shown.emit(self.count)

    def _pause(self) -> None:
        self._timer.stop()
        self.play.set_icon("play")
        self.play.setChecked(False)
        self.play.setAccessibleName("Play")
        self.play.setToolTip("Play")

    def _set_beat(self) -> None:
        self._timer.setInterval(BEAT_MS // int(self.speed.value))


def begin_at(bar: ReplayBar, chart: Chart, bars: pl.DataFrame, day: date) -> None:
    """Begin a replay at the end of a day, unless all or none of the bars are that old."""
    shown, every = bars_until(bars, day), len(chart.series)
    if 0 < shown < every:
        bar.end()
        chart.show_places(shown - SEEN_BEFORE, shown + SEEN_AFTER)
        bar.start(shown, every)
        chart.setFocus()


def bars_until(bars: pl.DataFrame, day: date) -> int:
    """How many bars there are up to the end of a day at the exchange."""
    if "at" not in bars.columns:
        return int((bars["date"] <= day).sum())
    return int((bars["at"].dt.convert_time_zone("America/New_York").dt.date() <= day).sum())
