"""The bar at the bottom: engine, data age, sources, running jobs, and the window's own heartbeat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSize, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QToolButton, QWidget

from terminal.ui import theme

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtGui import QResizeEvent

HEIGHT = 26
LATE_MS = 400  # what is over sooner is not worth a bar
DISCLAIMER = "Research tool, not investment advice"
TONES = {"ok": "ok", "busy": "accent", "warn": "warn", "error": "error", "idle": "t3"}


class StatusBar(QFrame):
    """Shows what it is told; `cancel` asks to stop the job shown."""

    cancel = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("statusbar")
        self.setProperty("role", "statusbar")
        self.setFixedHeight(theme.scaled(HEIGHT))
        self._engine_state = ("busy", "Starting")
        self._running: dict[str, Mapping[str, Any]] = {}
        row = QHBoxLayout(self)
        row.setSizeConstraint(QHBoxLayout.SizeConstraint.SetNoConstraint)  # what does not fit is left out
        row.setContentsMargins(12, 0, 12, 0)
        row.setSpacing(16)
        self.engine = self._label()
        self.network = self._label()
        self.market = self._label()
        self.sources = self._label()
        self.clock = self._label()
        self._clock_said = ("idle", "", "")
        row.addWidget(self.engine)
        row.addWidget(self.clock)
        row.addWidget(self.network)
        row.addWidget(self.market)
        row.addWidget(self.sources)
        row.addStretch()
        self._job = QWidget()
        job = QHBoxLayout(self._job)
        job.setContentsMargins(0, 0, 0, 0)
        job.setSpacing(8)
        self.job_text = self._label()
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(120)
        self.bar.setAccessibleName("Progress of the running job")
        self.stop = QToolButton()
        self.stop.setText("Cancel")
        self.stop.setProperty("role", "small")
        self.stop.setAccessibleName("Cancel the running job")
        self.stop.clicked.connect(self._cancel)
        for widget in (self.job_text, self.bar, self.stop):
            job.addWidget(widget)
        self._job.hide()
        row.addWidget(self._job)
        self.gap = self._label()
        self.gap.setToolTip("How long the window was held up: 99 of 100 turns of its loop in the last ten seconds "
                            "took less than this.")
        row.addWidget(self.gap)
        self.advice = self._label(DISCLAIMER)
        row.addWidget(self.advice)
        self._late = QTimer(self)
        self._late.setSingleShot(True)
        self._late.setInterval(LATE_MS)
        self._late.timeout.connect(self._paint_job)
        self.show_engine("busy", "Starting")

    def _label(self, text: str = "") -> QLabel:
        label = QLabel(text)
        label.setProperty("role", "muted")
        label.setVisible(bool(text))
        return label

    def _show(self, label: QLabel, text: str, tooltip: str = "") -> None:
        label.setText(text)
        label.setToolTip(tooltip)
        label.setVisible(bool(text))
        self._fit()

    def _fit(self) -> None:
        """Leave out what there is no room for: first what is also told elsewhere, never a job or the disclaimer."""
        row = self.layout()
        if row is None or not hasattr(self, "advice"):
            return
        by_need = (self.gap, self.engine, self.sources, self.market, self.clock)
        for label in by_need:
            label.setVisible(bool(label.text()))
        for label in by_need:
            if row.minimumSize().width() <= self.width():
                return
            label.hide()
            row.invalidate()

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def show_engine(self, tone: str, text: str) -> None:
        """The engine's state: tone ok, busy, warn or error, and a word or two."""
        self._engine_state = (tone, text)
        color = getattr(theme.tokens(), TONES[tone])
        self._show(self.engine, f"<span style='color:{color}'>●</span>&nbsp; {text}")
        self.engine.setAccessibleName(text)

    def show_market(self, text: str, tooltip: str = "") -> None:
        self._show(self.market, text, tooltip)

    def show_sources(self, tone: str, text: str, tooltip: str = "") -> None:
        color = getattr(theme.tokens(), TONES[tone])
        self._show(self.sources, f"<span style='color:{color}'>●</span>&nbsp; {text}" if text else "", tooltip)
        self.sources.setAccessibleName(text)

    def show_clock(self, tone: str, text: str, tooltip: str = "") -> None:
        """The exchange's clock and whether it is open; an empty text hides it."""
        self._clock_said = (tone, text, tooltip)
        color = getattr(theme.tokens(), TONES[tone])
        self._show(self.clock, f"<span style='color:{color}'>●</span>&nbsp; {text}" if text else "", tooltip)
        self.clock.setAccessibleName(text and f"Exchange: {text}")
        self.clock.setAccessibleDescription(tooltip)

    def show_network(self, text: str, tooltip: str = "") -> None:
        """Since when nothing answers; an empty text hides it."""
        color = theme.tokens().warn
        self._show(self.network, f"<span style='color:{color}'>●</span>&nbsp; {text}" if text else "", tooltip)
        self.network.setAccessibleName(text)

    def show_gap(self, milliseconds: float | None) -> None:
        """How long the window was held up; None hides it."""
        self._show(self.gap, "" if milliseconds is None else f"UI gap p99 {milliseconds:.0f} ms", self.gap.toolTip())

    # ---- jobs ----

    def show_job(self, payload: Mapping[str, Any]) -> None:
        """A `job.changed` payload: id, title, fraction, note, state. Short work without progress is not worth a bar."""
        key = f"{'demo' if payload.get('demo') else 'live'}:{payload.get('id', '')}"
        worth = payload.get("long") or payload.get("fraction") is not None
        if payload.get("state") in ("queued", "running"):
            if worth:
                self._running[key] = payload
        else:
            self._running.pop(key, None)
        if self._running and self._job.isHidden():
            if not self._late.isActive():
                self._late.start()
        else:
            self._paint_job()

    def clear_jobs(self) -> None:
        """Another market is shown."""
        self._running.clear()
        self._paint_job()

    def _paint_job(self) -> None:
        self._job.setVisible(bool(self._running))
        self._fit()
        if not self._running:
            self._late.stop()
            return
        job = self._foremost()
        more = f"  (+{len(self._running) - 1})" if len(self._running) > 1 else ""
        note = f": {job['note']}" if job.get("note") else ""
        text = f"{job.get('title', 'Working')}{note}"
        self.job_text.setText((text if len(text) <= 60 else text[:59] + "…") + more)
        self.job_text.setToolTip(text)
        self.job_text.show()
        fraction = job.get("fraction")
        self.bar.setVisible(fraction is not None or not theme.still())  # without a share the bar runs to and fro
        self.bar.setRange(0, 0 if fraction is None else 1000)
        if fraction is not None:
            self.bar.setValue(round(float(fraction) * 1000))

    def _cancel(self) -> None:
        if self._running:
            self.cancel.emit(self._foremost().get("id"))

    def _foremost(self) -> Mapping[str, Any]:
        """The job that is shown: the one that has run longest, so that short ones do not push it aside."""
        return next(iter(self._running.values()))

    @property
    def jobs(self) -> int:
        """How many jobs are running."""
        return len(self._running)

    def retheme(self) -> None:
        """The colours of the dots, and the height, at the look in force."""
        self.setFixedHeight(theme.scaled(HEIGHT))
        self.show_engine(*self._engine_state)
        self.show_clock(*self._clock_said)
        if self._running:
            self._paint_job()
