"""The chart's panel: one symbol at one interval, with studies, drawings, events, comparison and replay."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QStackedLayout, QVBoxLayout, QWidget

from plugins.chart import panel_words as words
from plugins.chart.panel_board import Board
from plugins.chart.panel_replay import ReplayBar, begin_at
from plugins.chart.panel_toolbar import INTERVALS, KINDS, SCALES, Head, Toolbar
from terminal.ui.form import Banner, ChipRow, EmptyState
from terminal.ui.meters import ProgressLine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtGui import QShowEvent

    from plugins.chart.panel_answer import Answer
    from plugins.chart.panel_indicators import IndicatorDialog
    from terminal.api import Host, Table, TerminalError
    from terminal.ui.chart import Chart

_TOLD_BY = frozenset({"bars", "minute_bars", "quotes", "splits", "dividends"})
_EVENTS_BY = frozenset({"earnings", "dividends", "splits", "headlines", "filings"})


class ChartPanel(QWidget):
    """Follows the linked symbol. Everything it shows and does is a command of `chart`.

    The chart itself is made, and the first question asked, when the panel is first seen.
    """

    def __init__(self, host: Host) -> None:
        super().__init__()
        self.host = host
        self.symbol = host.symbol() or ""
        self.interval, self.kind, self.scale = "1d", "candles", "linear"
        self.studies: tuple[str, ...] = ()
        self.compared: tuple[str, ...] = ()
        self.answer: Answer | None = None
        self.dialog: IndicatorDialog | None = None
        self._call: Any = None
        self._range = "1Y"
        self._place = -1  # of the cursor when it was last on the chart
        self._general: tuple[str, ...] | None = None  # what symbols without studies of their own show
        self._changed: set[str] = set()  # symbols whose own studies were changed here, though not kept
        self._build()
        host.on("market.changed", self._market_changed)
        host.on("book.changed", self._book_changed)

    # ---- building ----

    def _build(self) -> None:
        self.head = Head()
        self.toolbar = Toolbar(self.host)
        self.board = Board(self.host)
        self.legend = ChipRow()
        self.replay = ReplayBar()
        self._replay_day: date | None = None
        self.progress = ProgressLine(self._cancel)
        self.banner = Banner("", dismissable=True)
        self.banner.hide()
        self.empty = EmptyState("No symbol chosen", "Pick a row in the screener, or press Ctrl+K and type a ticker.",
                                "chart-candlestick")  # fmt: skip
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        for each in (self.head, self.toolbar, self.banner, self.progress):
            box.addWidget(each)
        self._stack = QStackedLayout()
        box.addLayout(self._stack, 1)
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.board)
        box.addWidget(self.replay)
        self._connect()
        self._show_controls()

    def _connect(self) -> None:
        bar = self.toolbar
        bar.interval_changed.connect(self.set_interval)
        bar.kind_changed.connect(self.set_kind)
        bar.scale_changed.connect(self.set_scale)
        bar.indicators_asked.connect(self.open_indicators)
        bar.compare_asked.connect(lambda symbol: self.set_compared((*self.compared, symbol)))
        bar.events_changed.connect(lambda _: self._load_events())
        bar.replay_asked.connect(self.start_replay)
        bar.export_asked.connect(self.export)
        self.legend.removed.connect(self._chip_removed)
        self.legend.clicked.connect(lambda key: self.open_indicators(key) if key in self.studies else None)
        self.replay.shown.connect(self._replayed)
        self.replay.ended.connect(self._replay_ended)
        self.board.failed.connect(self._not_kept)

    @property
    def chart(self) -> Chart | None:
        """None until the panel is first seen."""
        return self.board.chart

    def _make_chart(self) -> None:
        chart, _ = self.board.make()
        chart.set_mode(self.host.mode)
        chart.set_kind(self.kind)
        chart.set_scale(self.scale)
        chart.show_range(self._range)
        chart.tools.insertWidget(1, self.legend, 100)
        chart.cursor_moved.connect(self._pointed)
        chart.range_changed.connect(self._range_chosen)
        chart.setProperty("keyboardFirst", True)  # a focus proxy would take the keyboard past the tools

    # ---- what the window calls ----

    def show_symbol(self, symbol: str) -> None:
        """Show another symbol; a comparison and a replay end."""
        if symbol == self.symbol and self.answer is not None:
            return
        self.symbol, self.compared = symbol, ()
        self.answer = None
        self.replay.end()
        if self.chart is not None:
            self._begin()

    def show_as_of(self, day: date | None) -> None:
        """Another day: everything is asked anew."""
        self.answer = None
        self.replay.end()
        if self.chart is not None:
            self._begin()

    def set_mode(self, mode: str) -> None:
        """Other words and fewer or more controls; the same values."""
        self.toolbar.set_mode(mode)
        self.board.rail.set_mode(mode)
        if self.chart is not None:
            self.chart.set_mode(mode)
        if self.answer is not None:
            self._show(self.answer.table)
        self._show_controls()

    def retheme(self) -> None:
        self._show_head()
        self.board.rail.set_mode(self.host.mode)  # its buttons are as large as the text asks for

    def save_state(self) -> dict[str, Any]:
        return {"symbol": self.symbol, "interval": self.interval, "kind": self.kind, "scale": self.scale,
                "studies": list(self.studies), "compared": list(self.compared), "events": self.toolbar.events.isChecked(),
                "range": self.chart.ranges.value if self.chart else self._range,
                "magnet": self.board.rail.magnet.isChecked(), "hidden": self.board.rail.eye.isChecked()}  # fmt: skip

    def restore_state(self, state: Mapping[str, Any]) -> None:
        """The same again; what is not understood is ignored."""
        self.symbol = self.host.symbol() or str(state.get("symbol") or "")
        self.interval = _one_of(state.get("interval"), dict(INTERVALS), self.interval)
        self.kind = _one_of(state.get("kind"), {name: "" for name, *_ in KINDS}, self.kind)
        self.scale = _one_of(state.get("scale"), dict(SCALES), self.scale)
        self._range = str(state.get("range") or self._range)
        if isinstance(state.get("studies"), list):
            self.studies = self._general = words.understood(state["studies"])
            self._changed.add(self.symbol)
        if isinstance(state.get("compared"), list) and state.get("symbol") == self.symbol:
            self.compared = tuple(str(each) for each in state["compared"])
        self.toolbar.events.setChecked(state.get("events") is True)
        self.board.rail.magnet.setChecked(state.get("magnet") is not False)
        self.board.rail.eye.setChecked(state.get("hidden") is True)
        self._show_controls()
        if self.chart is not None:
            self._begin()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self.chart is None:
            self._make_chart()
            self._begin()

    # ---- asking ----

    def _begin(self) -> None:
        """Everything of a symbol: its drawings, its studies, then its bars."""
        self.banner.hide()
        self._cancel()  # bars of another symbol that are still on their way are nobody's any more
        if not self.symbol:
            return
        if self.answer is None:
            self._say(f"Reading the prices of {self.symbol} …")
            self.head.show_reading(self.symbol, "", words.Reading(), interval=self.interval, simulated=False,
                                   newbie=self.host.mode == "newbie")  # fmt: skip
        assert self.board.keeper is not None
        self.board.keeper.show(self.symbol)
        self.host.run("chart.studies", {"symbol": self.symbol}, then=self._studies_known, fail=self._failed, key="studies")

    def _studies_known(self, table: Table) -> None:
        """Studies kept for this symbol win; else those one has been looking at, at first the general ones."""
        studies, origin = tuple(table.detail["studies"]), table.detail["origin"]
        if origin == self.symbol and self.symbol not in self._changed:
            self.studies = studies
        elif self._general is None:
            self.studies = self._general = studies
        elif origin != self.symbol:
            self.studies = self._general
        self._show_legend()
        self.reload()

    def reload(self) -> None:
        """Ask for the bars and the studies over them."""
        if not self.symbol or self.chart is None:
            return
        self._call = self.host.run("chart.show", self._wanted(), then=self._show, fail=self._failed,
                                   progress=self.progress.report, key="show")  # fmt: skip

    def _wanted(self) -> dict[str, Any]:
        return {"symbol": self.symbol, "interval": self.interval, "study": self.studies, "compare": self.compared}

    def _cancel(self) -> None:
        if self._call is not None:
            self._call.cancel()
        self.progress.finish()

    def _market_changed(self, payload: Mapping[str, Any]) -> None:
        symbols, datasets = payload.get("symbols"), set(payload.get("datasets") or ())
        if symbols and not {self.symbol, *self.compared} & set(symbols):
            return
        if not datasets or datasets & _TOLD_BY:
            self.reload()
        if datasets & _EVENTS_BY:
            self._load_events()

    def _book_changed(self, payload: Mapping[str, Any]) -> None:
        if str(payload.get("table", "")).startswith("chart") and self.board.keeper is not None:
            self.board.keeper.read()

    # ---- showing ----

    def _show(self, table: Table) -> None:
        """Bars that are the ones shown already stay where they are; so a study can be added without losing one's place."""
        from plugins.chart.panel_answer import read_answer

        assert self.chart is not None
        self.progress.finish()
        self.banner.hide()
        before, answer = self.answer, read_answer(table, self.symbol, self.interval, self.host.mode)
        self.answer = answer
        if answer.bars.is_empty():
            told = " ".join((*table.notes, *table.unknown))
            self._say(f"No prices of {self.symbol}", told or "Nothing is stored for this interval.", self._fetch)
            return
        chart = self.chart
        same = before is not None and (before.symbol, before.interval) == (answer.symbol, answer.interval)
        if before is None or not same or not answer.bars.equals(before.bars):
            view, count = chart.view_range(), len(chart.series)
            chart.hide_cursor()
            chart.show_bars(answer.bars, averages=(), symbol=self.symbol, simulated=table.simulated, interval=self.interval,
                            source=", ".join(dict.fromkeys(each.provider for each in table.sources)))  # fmt: skip
            if same and count:
                shift = len(chart.series) - count if view[1] >= count - 1 else 0
                chart.show_places(view[0] + shift, view[1] + shift)
            if self.replay.running:
                self.replay.end()
        chart.set_studies(answer.studies)
        chart.set_compared(answer.compared)
        self._stack.setCurrentWidget(self.board)
        if self.replay.running:
            chart.show_until(self.replay.count)
        self._show_head()
        self._show_legend()
        self.board.show_state()
        if before is None or not same:
            self._load_events()
        self._begin_replay()

    def _show_head(self) -> None:
        if self.answer is None:
            return
        bars = self.answer.bars.head(self.replay.count) if self.replay.running else self.answer.bars
        name = self.answer.table.title.removesuffix(f" · {self.interval}").partition(" · ")[2]
        self.head.show_reading(self.symbol, name, words.read(bars), interval=self.interval,
                               simulated=self.answer.table.simulated, newbie=self.host.mode == "newbie")  # fmt: skip
        self.head.show_sources(self.answer.table.sources, datetime.now(UTC))

    def _show_legend(self) -> None:
        from plugins.chart.panel_indicators import title_of

        chips = [(study, title_of(study, self.host.mode, self.interval), "") for study in self.studies]
        chips += [(symbol, f"vs {symbol}", "accent") for symbol in self.compared]
        self.legend.set_chips(chips)

    def _show_controls(self) -> None:
        self.toolbar.show_interval(self.interval)
        self.toolbar.show_kind(self.kind)
        self.toolbar.show_scale(self.scale)

    def _say(self, title: str, text: str = "", action: Any = None) -> None:
        self.empty.set_message(title, text, "chart-candlestick", "Fetch its prices" if action else "", action)
        self._stack.setCurrentWidget(self.empty)

    def _failed(self, error: TerminalError) -> None:
        self.progress.finish()
        if self.answer is None:
            self.empty.set_message(f"No chart of {self.symbol}", error.sentence(), "triangle-alert", "Try again", self.reload)
            self._stack.setCurrentWidget(self.empty)
        else:
            self.banner.show_message(error.sentence(), "warn", title="The chart could not be read anew", action="Try again",
                                     on_action=self.reload)  # fmt: skip
            self._back_to(self.answer)

    def _back_to(self, answer: Answer) -> None:
        """What was asked for cannot be had; the controls say again what is shown."""
        self.interval = answer.interval
        self.studies = tuple(each.id for each in answer.studies)
        self.compared = tuple(each.symbol for each in answer.compared)
        self._show_controls()
        self._show_legend()
        if self.dialog is not None:
            self.dialog.show_studies(self.studies)

    def _not_kept(self, error: TerminalError) -> None:
        self.banner.show_message(error.sentence(), "warn", title="The drawing could not be kept")

    def _fetch(self) -> None:
        self.host.run("market.refresh", {"universe": self.symbol}, then=lambda _: self.reload(), fail=self._failed,
                      progress=self.progress.report, key="fetch")  # fmt: skip

    # ---- what the user does ----

    def set_interval(self, interval: str) -> None:
        """Bars of another length."""
        self.interval = interval
        self.replay.end()
        self.toolbar.show_interval(interval)
        self.reload()

    def set_kind(self, kind: str) -> None:
        self.kind = kind
        self.toolbar.show_kind(kind)
        if self.chart is not None:
            self.chart.set_kind(kind)

    def set_scale(self, scale: str) -> None:
        self.scale = scale
        self.toolbar.show_scale(scale)
        if self.chart is not None:
            self.chart.set_scale(scale)

    def set_studies(self, studies: tuple[str, ...]) -> None:
        """Show these studies and no others."""
        self.studies = self._general = tuple(dict.fromkeys(studies))
        self._changed.add(self.symbol)
        self._show_legend()
        if self.dialog is not None:
            self.dialog.show_studies(self.studies)
        self.reload()

    def set_compared(self, symbols: tuple[str, ...]) -> None:
        """Compare with these symbols."""
        self.compared = tuple(dict.fromkeys(each for each in symbols if each != self.symbol))
        self._show_legend()
        self.reload()

    def open_indicators(self, edit: str = "") -> None:
        """The dialog of indicators; it stays open while one tries things."""
        if self.dialog is None:
            from plugins.chart.panel_indicators import IndicatorDialog

            self.dialog = IndicatorDialog(self, self.host.mode)
            self.dialog.wanted.connect(self.set_studies)
            self.dialog.template.connect(self._keep_studies)
        self.dialog.open_with(self.studies, self.host.mode, self.interval, edit)

    def _keep_studies(self, general: bool) -> None:
        whose = "every symbol" if general else self.symbol
        arguments = {"symbol": "" if general else self.symbol, "study": self.studies}
        self.host.run("chart.save_studies", arguments, then=lambda _: self.host.notify(f"Kept for {whose}.", "ok"), key="keep")

    def _chip_removed(self, key: str) -> None:
        if key in self.studies:
            self.set_studies(tuple(each for each in self.studies if each != key))
        else:
            self.set_compared(tuple(each for each in self.compared if each != key))

    def export(self, what: str) -> None:
        """A picture ("png") or a table ("csv") of what is shown, into a file the user names."""
        kinds = {"png": "Picture (*.png)", "csv": "Table (*.csv)"}
        file = self.host.save_file("Export the chart", f"{self.symbol}-{self.interval}.{what}", [kinds[what]])
        if file:
            self.host.run("chart.export", {**self._wanted(), **(self._seen() if what == "png" else {}), what: file},
                          then=lambda _: self.host.notify(f"Written to {file}", "ok"), key="export")  # fmt: skip

    def _seen(self) -> dict[str, Any]:
        """How the chart is drawn, and the days in view."""
        assert self.chart is not None
        start, end = self.chart.view_range()
        last = len(self.chart.series) - 1
        first, final = (self.chart.moment_of(min(max(round(place), 0), last)).date() for place in (start + 0.5, end - 0.5))
        return {"kind": self.kind, "scale": self.scale, "start": first, "end": final}

    def _load_events(self) -> None:
        if self.chart is None or self.answer is None:
            return
        if not self.toolbar.events.isChecked():
            self.chart.set_markers(())
            return
        from plugins.chart.panel_answer import markers_of

        chart = self.chart

        def arrived(table: Table) -> None:
            chart.set_markers(markers_of(table))

        self.host.run("chart.events", {"symbol": self.symbol}, then=arrived, key="events")

    # ---- replay ----

    def _pointed(self, place: int) -> None:
        if place >= 0:
            self._place = place

    def _range_chosen(self, name: str) -> None:
        self._range = name

    def start_replay(self) -> None:
        """From the bar under the cursor, else from three quarters of what is in view."""
        if self.chart is None or self.answer is None or self.replay.running:
            return
        count = len(self.chart.series)
        start, end = self.chart.view_range()
        place = self._place if start <= self._place < count - 1 else int(start + (min(end, count) - start) * 0.75)
        self.replay.start(max(place, 1) + 1, count)
        self.chart.setFocus()

    def replay_from(self, symbol: str, day: date) -> None:
        """Replay a symbol from the end of a day, as soon as its bars are here, with what one did as flags."""
        self.toolbar.events.setChecked(True)
        self._replay_day = day
        if symbol != self.symbol or self.answer is None:
            self.show_symbol(symbol)
        else:
            self._begin_replay()

    def _begin_replay(self) -> None:
        day, self._replay_day = self._replay_day, None
        if day is not None and self.chart is not None and self.answer is not None:
            begin_at(self.replay, self.chart, self.answer.bars, day)

    def _replayed(self, count: int) -> None:
        if self.chart is not None:
            self.chart.show_until(count)
            self.replay.say(self.chart.moment_of(count - 1))
            self._show_head()

    def _replay_ended(self) -> None:
        if self.chart is not None:
            self.chart.show_until(None)
            self._show_head()

    # ---- keys ----

    def event(self, event: QEvent) -> bool:
        """Keys that are the chart's own are not given to the window's shortcuts."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._meant(event) is not None:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        action = self._meant(event)
        if action is None:
            super().keyPressEvent(event)
        else:
            action()

    def _meant(self, event: QKeyEvent) -> Any:
        """What a key does in this panel; None when it is not the panel's."""
        if event.key() == Qt.Key.Key_Space and not event.modifiers() and self.replay.running:
            return self.replay.toggle
        return self.board.meant(event)


def _one_of(value: Any, known: Mapping[str, Any], else_: str) -> str:
    return value if isinstance(value, str) and value in known else else_
