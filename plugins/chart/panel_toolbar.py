"""What stands over the chart: the symbol with its price, how the chart is drawn, and what can be put on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit, QMenu, QWidget

from plugins.chart import panel_words as words
from terminal.domain import format as fmt
from terminal.ui import theme
from terminal.ui.badge import SourceBadge
from terminal.ui.form import Button, Flow, Segment, column, ghost, label, reveal, row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from PySide6.QtGui import QAction

    from plugins.chart.panel_words import Reading
    from terminal.api import Host, Source

INTERVALS = (("1m", "1m"), ("5m", "5m"), ("15m", "15m"), ("1h", "1h"), ("4h", "4h"), ("1d", "1D"), ("1wk", "1W"), ("1mo", "1M"))
PLAIN_INTERVALS = (("1d", "Days"), ("1wk", "Weeks"), ("1mo", "Months"))
SPOKEN = {"1m": "1 minute", "5m": "5 minutes", "15m": "15 minutes", "1h": "1 hour", "4h": "4 hours", "1d": "1 day",
          "1wk": "1 week", "1mo": "1 month"}  # fmt: skip
KINDS = (("candles", "Candles", "chart-candlestick"), ("heikin_ashi", "Heikin-Ashi", "chart-candlestick"),
         ("bars", "Bars", "chart-no-axes-column"), ("line", "Line", "chart-line"), ("area", "Area", "chart-area"))  # fmt: skip
PLAIN_KINDS = ("candles", "line", "area")
SCALES = (("linear", "Linear"), ("log", "Log"), ("percent", "Percent"))


class Head(QWidget):
    """Symbol, price, change and source; in Newbie mode a sentence below."""

    def __init__(self) -> None:
        super().__init__()
        self.symbol, self.price, self.change = label("", "h1"), label("", "value"), label("", "strong")
        self.name = label("", "muted")
        self.badge = SourceBadge()
        self.sentence = label("", "body", wrap=True)
        first = row(self.symbol, self.name, 4, self.price, self.change, 0, self.badge, spacing=8)
        self.setLayout(column(first, self.sentence, spacing=2, margins=(12, 8, 12, 0)))
        self.sentence.hide()

    def show_reading(self, symbol: str, name: str, reading: Reading, *, interval: str, simulated: bool, newbie: bool) -> None:
        """Name, last price, change since the bar before, and in Newbie mode the reading in a sentence."""
        self.symbol.setText(symbol)
        self.name.setText(name)
        self.price.setText(words.price(reading.last) if reading.last is not None else "")
        self.change.setText("" if reading.change is None else fmt.change(reading.change))
        up = reading.change is not None and reading.change >= 0
        theme.set_role(self.change, tone="" if reading.change is None else "up" if up else "down")
        self.change.setToolTip(f"Change from the bar before; each bar is {SPOKEN.get(interval, interval)}")
        said = words.sentence(reading) if newbie else ""
        self.sentence.setText(said)
        reveal(self.sentence, bool(said))
        spoken = f"{symbol} {self.price.text()} {self.change.text()}".strip()
        self.setAccessibleName(f"{spoken}. {'Simulated. ' if simulated else ''}{words.sentence(reading)}".strip())

    def show_sources(self, sources: Iterable[Source], now: datetime) -> None:
        """Where the bars come from."""
        self.badge.show_sources(tuple(sources), now)


class Toolbar(QWidget):
    """Interval, kind, scale and the buttons; it flows to a second line where it is narrow."""

    interval_changed = Signal(str)
    kind_changed = Signal(str)
    scale_changed = Signal(str)
    events_changed = Signal(bool)
    compare_asked = Signal(str)
    indicators_asked = Signal()
    replay_asked = Signal()
    export_asked = Signal(str)

    def __init__(self, host: Host) -> None:
        super().__init__()
        self._host = host
        self._value = {"kind": "candles", "scale": "linear"}
        self.interval = Segment(INTERVALS, "1d", "Interval")
        self.interval.changed.connect(self.interval_changed)
        self.kind = self._menu_button("chart-candlestick", "Candles", self._kinds)
        self.scale = self._menu_button("ruler-dimension-line", "Linear", self._scales)
        self.indicators = ghost("Indicators", "chart-spline", self.indicators_asked.emit)
        self.compare = ghost("Compare", "git-compare-arrows", self._ask_compare)
        self.events = ghost("Events", "flag")
        self.events.setCheckable(True)
        self.events.toggled.connect(self.events_changed)
        self.events.setToolTip("Earnings, dividends, splits, news, your trades and decisions")
        self.replay = ghost("Replay", "history", self.replay_asked.emit)
        self.replay.setToolTip("Go back to the bar under the cursor and see what came bar by bar")
        self.export = self._menu_button("download", "Export", self._exports)
        self.field = QLineEdit()
        self.field.setPlaceholderText("Ticker, then Enter")
        self.field.setAccessibleName("Compare with")
        self.field.setFixedWidth(theme.scaled(140))
        self.field.returnPressed.connect(self._take_compare)
        self.field.editingFinished.connect(lambda: self.field.hide() if not self.field.hasFocus() else None)
        flow = Flow(spacing=6)
        for each in (self.interval, self.kind, self.scale, self.indicators, self.compare, self.field, self.events,
                     self.replay, self.export):  # fmt: skip
            flow.addWidget(each)
        flow.setContentsMargins(12, 4, 12, 4)
        self.setLayout(flow)
        self.field.hide()
        self.set_mode(host.mode)

    def set_mode(self, mode: str) -> None:
        """Newbie mode has days, weeks and months and fewer buttons; what is chosen stays chosen."""
        newbie = mode == "newbie"
        few = newbie and self.interval.value in dict(PLAIN_INTERVALS)
        self.interval.offer(PLAIN_INTERVALS if few else INTERVALS)
        self.scale.setVisible(not newbie or self._value["scale"] != "linear")
        self.replay.setVisible(not newbie)
        self.indicators.setText("Helper lines" if newbie else "Indicators")
        self.indicators.setAccessibleName(self.indicators.text())
        self.indicators.setToolTip(self._host.explain("chart_indicators").text)
        self.compare.setToolTip(self._host.explain("chart_compare").text)

    def show_interval(self, interval: str) -> None:
        self.interval.offer(INTERVALS)
        self.interval.set_value(interval)
        self.set_mode(self._host.mode)

    def show_kind(self, kind: str) -> None:
        for name, title, icon in KINDS:
            if name == kind:
                self._value["kind"] = kind
                self.kind.setText(title)
                self.kind.set_icon(icon)
                self.kind.setAccessibleName(f"Drawn as {title}")

    def show_scale(self, scale: str) -> None:
        for name, title in SCALES:
            if name == scale:
                self._value["scale"] = scale
                self.scale.setText(title)
                self.scale.setAccessibleName(f"Scale: {title}")
        self.set_mode(self._host.mode)

    # --- menus

    def _menu_button(self, icon: str, text: str, fill: Callable[[QMenu], None]) -> Button:
        button = ghost(text, icon)
        button.clicked.connect(lambda *_: self._pop(button, fill))
        return button

    def _pop(self, button: Button, fill: Callable[[QMenu], None]) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        fill(menu)
        menu.popup(button.mapToGlobal(button.rect().bottomLeft()))

    def _kinds(self, menu: QMenu) -> None:
        plain = self._host.mode == "newbie"
        for name, title, icon in KINDS:
            if not plain or name in PLAIN_KINDS or name == self._value["kind"]:
                action = self._choice(menu, title, name == self._value["kind"])
                action.setIcon(theme.icon(icon))
                action.triggered.connect(lambda *_, name=name: self.kind_changed.emit(name))

    def _scales(self, menu: QMenu) -> None:
        for name, title in SCALES:
            action = self._choice(menu, title, name == self._value["scale"])
            action.triggered.connect(lambda *_, name=name: self.scale_changed.emit(name))

    def _exports(self, menu: QMenu) -> None:
        files = (("png", "Picture (PNG) …", "image"), ("csv", "Bars and indicators (CSV) …", "file-spreadsheet"))
        for what, title, icon in files:
            menu.addAction(theme.icon(icon), title).triggered.connect(lambda *_, what=what: self.export_asked.emit(what))

    @staticmethod
    def _choice(menu: QMenu, title: str, chosen: bool) -> QAction:
        action = menu.addAction(title)
        action.setCheckable(True)
        action.setChecked(chosen)
        return action

    def _ask_compare(self) -> None:
        self.field.clear()
        self.field.show()
        self.field.setFocus()

    def _take_compare(self) -> None:
        symbol = self.field.text().strip().upper()
        self.field.hide()
        if symbol:
            self.compare_asked.emit(symbol)
