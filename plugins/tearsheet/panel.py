"""The tearsheet's panel: one symbol from top to bottom, with sliders to question the verdict and the value."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QScrollArea, QStackedLayout, QVBoxLayout, QWidget

from plugins.tearsheet.panel_actions import Actions
from plugins.tearsheet.panel_head import Head
from plugins.tearsheet.panel_helper import helper_title
from plugins.tearsheet.panel_live import LivePrice
from plugins.tearsheet.panel_parts import Skeleton, Words
from plugins.tearsheet.panel_sections import ORDER, PARTS, Showing
from terminal.domain import format as words
from terminal.ui.badge import SourceBadge
from terminal.ui.form import Banner, Button, EmptyState, Flow, Section, line, primary
from terminal.ui.meters import ProgressLine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtGui import QResizeEvent, QShowEvent

    from plugins.tearsheet.changes import Change
    from plugins.tearsheet.model import Sheet
    from terminal.api import Host, Table, TerminalError

DWELL_MS = 4000
_SKELETON_MS = 150
_SETTLE_MS = 60
_OLD_PRICE_DAYS = 5


class TearsheetPanel(QWidget):
    """Follows the linked symbol; every button and slider is a command of `tearsheet`.

    Sections are made when they are first seen and filled one a turn of the event loop, so that the window never waits.
    """

    def __init__(self, host: Host) -> None:
        super().__init__()
        self.host = host
        self.symbol = ""
        self.sheet: Sheet | None = None
        self._table: Table | None = None
        self._tried: dict[str, float] = {}
        self._assumed: dict[str, float] = {}
        self._answers: dict[str, Table] = {}
        self._first: Sheet | None = None  # of this visit: "since your last look" stays what it was when it came up
        self._remembered = False
        self._call: Any = None
        self._changed_meanwhile = False
        self._stale: set[str] = set()
        self._keep_scroll: int | None = None
        self._dwell, self._settle_verdict, self._settle_value, self._wait, self._turn = (
            self._timer(*each)
            for each in (
                (DWELL_MS, self._remember),
                (_SETTLE_MS, self._try_thresholds),
                (_SETTLE_MS, self._revalue),
                (_SKELETON_MS, self._show_skeleton),
                (0, self._fill_next),
            )
        )
        self._build()
        host.on("market.changed", self._market_changed)
        first = host.symbol()
        if first:
            self.show_symbol(first)

    def _timer(self, after: int, slot: Any) -> QTimer:
        timer = QTimer(self, singleShot=True, interval=after)
        timer.timeout.connect(slot)
        return timer

    # ---- building ----

    def _build(self) -> None:
        self.progress = ProgressLine(self._cancel)
        self.banner = Banner("", dismissable=True)
        self.banner.hide()
        self.empty = EmptyState("No symbol chosen", "Pick a row in the screener, or press Ctrl+K and type a ticker.", "file-text")
        self.skeleton = Skeleton()
        self.actions_row = Actions(self.host, self)
        self.head = Head(self.actions_row)
        self._live = LivePrice(self.host, self, self.head.show_price)
        self.badge = SourceBadge()
        self.sections: dict[str, Section] = {}
        self.parts: dict[str, Any] = {}
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setAccessibleName("Tearsheet")
        inside = QWidget()
        self._box = QVBoxLayout(inside)
        self._box.setContentsMargins(16, 12, 16, 16)
        self._box.setSpacing(12)
        self._scroll.setWidget(inside)
        self._box.addWidget(self.head)
        for name, part in PARTS.items():
            self.sections[name] = Section("", open=part.open)
            self.sections[name].toggled.connect(partial(self._toggled, name))
            if not part.pro:
                self.sections[name].hide_heading()
        self._arrange()
        self._box.addWidget(self.badge)
        self._box.addStretch(1)
        page = QWidget()
        outer = QVBoxLayout(page)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        for item in (self._scroll, line(), self._foot()):
            outer.addWidget(item)
        outer.setStretch(0, 1)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(self.progress)
        box.addWidget(self.banner)
        self._stack = QStackedLayout()
        box.addLayout(self._stack, 1)  # before its pages: without an owner the first would flash up as a window
        for widget in (self.empty, page):
            self._stack.addWidget(widget)
        self.skeleton.setParent(self)  # over what was there, which stays as it is: to hide a page and show it again is slow
        self.skeleton.hide()

    def _foot(self) -> QWidget:
        self._sources = Button("Sources", icon="database", on_click=self._show_sources)
        self.exports = (
            primary("Export PDF", "download", partial(self._export, "pdf")),
            Button("CSV", icon="file-spreadsheet", on_click=partial(self._export, "csv")),
        )
        self.exports[1].setAccessibleName("Export CSV")
        foot = QWidget()
        flow = Flow(spacing=8)
        flow.setContentsMargins(16, 8, 16, 8)
        for button in (*self.exports, self._sources):
            flow.addWidget(button)
        foot.setLayout(flow)
        return foot

    def _arrange(self) -> None:
        """Put the sections into the order of the mode, with its headings."""
        newbie = self.host.mode == "newbie"
        for place, name in enumerate(ORDER[self.host.mode], 1):
            part, section = PARTS[name], self.sections[name]
            self._box.removeWidget(section)
            self._box.insertWidget(place, section)
            section.set_title(part.newbie if newbie else part.pro)

    # ---- what the window calls ----

    def show_symbol(self, symbol: str) -> None:
        """Show another symbol."""
        if symbol == self.symbol and (self.sheet is not None or self._under_way()):
            return
        self.symbol = symbol
        self._tried.clear()
        self._assumed.clear()
        self._answers.clear()
        self._first, self._remembered = None, False
        self._dwell.stop()
        self.banner.hide()
        self._wait.start()
        self._load()
        self.actions_row.look()

    def show_as_of(self, _day: Any) -> None:
        """Another day: the same symbol anew, with nothing left of the present day."""
        symbol, self.symbol, self.sheet, self._table, self._call = self.symbol, "", None, None, None
        if symbol:
            self.show_symbol(symbol)

    def set_mode(self, mode: str) -> None:
        """Other words and another order; the same values."""
        self._arrange()
        self.retheme()

    def retheme(self) -> None:
        """Say everything again, as colours and words are part of tooltips and chips."""
        if self.sheet is not None:
            self._show(self.sheet)

    def landmark(self, name: str) -> QWidget | None:
        """The part of the page that the tour speaks of; None while there is no page."""
        if self.sheet is None or self._stack.currentIndex() != 1 or self.skeleton.isVisible():
            return None
        return {"verdict": self.parts.get("verdict"), "sources": self.badge}.get(name)

    def save_state(self) -> dict[str, Any]:
        """Symbol, open sections, range of the chart."""
        chart = self.parts.get("chart")
        return {
            "symbol": self.symbol,
            "open": [name for name, section in self.sections.items() if section.open],
            "range": chart.ranges.value if chart else "1Y",
        }

    def restore_state(self, state: Mapping[str, Any]) -> None:
        """The same again; what is not understood is ignored."""
        wanted = state.get("open")
        if isinstance(wanted, list):
            for name, section in self.sections.items():
                section.set_open(name in wanted or not PARTS[name].pro)
        self.part("chart").show_range(str(state.get("range") or "1Y"))
        if state.get("symbol") and not self.host.symbol():
            self.show_symbol(str(state["symbol"]))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self.sheet is not None and not self._remembered:
            self._dwell.start()
        self._live.ask()

    # ---- loading ----

    def _market_changed(self, payload: Mapping[str, Any]) -> None:
        symbols = payload.get("symbols")
        if self.symbol and (not symbols or self.symbol in symbols):
            if self._under_way():
                self._changed_meanwhile = True  # mostly by this very call, which must not be begun again for it
            else:
                self._load()

    def _under_way(self) -> bool:
        return self._call is not None and not self._call.done

    def _load(self) -> None:
        self._changed_meanwhile = False
        asked = {"symbol": self.symbol, "remember": False}
        self._call = self.host.run(
            "tearsheet.show", asked, then=self._arrived, fail=self._failed, progress=self._progressed, key="show"
        )

    def _progressed(self, fraction: float | None, note: str) -> None:
        self.progress.report(fraction, note)

    def _show_skeleton(self) -> None:
        self.skeleton.show_symbol(self.symbol)
        self.skeleton.setGeometry(self._stack.geometry())
        self.skeleton.show()
        self.skeleton.raise_()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.skeleton.isVisible():
            self.skeleton.setGeometry(self._stack.geometry())

    def _arrived(self, table: Table) -> None:
        self.progress.finish()
        self._wait.stop()
        sheet: Sheet = table.detail["sheet"]
        again = self.sheet is not None and self.sheet.symbol == sheet.symbol
        if self._changed_meanwhile:
            QTimer.singleShot(0, self, self._load)
        if again and self.sheet is not None and _same(sheet, self.sheet):
            self._tell(sheet, table.notes)
            self.skeleton.hide()
            return
        self._keep_scroll = self._scroll.verticalScrollBar().value() if again else 0
        self._table = table
        self._first = self._first or sheet
        self._show(sheet)
        self._tell(sheet, table.notes)
        self._stack.setCurrentIndex(1)
        self.skeleton.hide()
        if not self._remembered and self.isVisible():
            self._dwell.start()
        if self._tried:
            self._settle_verdict.start()
        if self._assumed:
            self._settle_value.start()

    def _tell(self, sheet: Sheet, notes: tuple[str, ...]) -> None:
        """What the reader must know about the age of what is shown."""
        age = (sheet.as_of - sheet.price_date).days if sheet.price_date else 0
        if notes:
            more = f" (and {len(notes) - 1} more)" if len(notes) > 1 else ""
            self._warn("Not all could be fetched", f"{notes[0]}{more}")
            self.banner.setToolTip("\n".join(notes))
        elif age > _OLD_PRICE_DAYS:
            self._warn("Old data", f"The newest price is {age} days old ({words.day(sheet.price_date)}).")
        else:
            self.banner.hide()

    def _warn(self, title: str, text: str) -> None:
        self.banner.setToolTip("")
        self.banner.show_message(text, "warn", title=title, action="Try again", on_action=self._load)

    def _failed(self, error: TerminalError) -> None:
        self.progress.finish()
        self._wait.stop()
        self.skeleton.hide()
        if self.sheet is not None and self.sheet.symbol == self.symbol:
            since = words.moment(max((each.fetched_at for each in self.sheet.sources if each.fetched_at), default=None))
            self._warn("It could not be refreshed", f"{error.sentence()} What is shown was fetched {since}.")
            return
        self.sheet = self._table = None
        self.empty.set_message(f"Nothing to show for {self.symbol}", error.sentence(), "circle-help", "Try again", self._load)
        self._stack.setCurrentIndex(0)

    def _cancel(self) -> None:
        if self._call is not None:
            self._call.cancel()
        self.progress.finish()
        self._wait.stop()
        self.skeleton.hide()
        if self.sheet is None or self.sheet.symbol != self.symbol:
            self.sheet = self._table = None
            self.empty.set_message(f"{self.symbol} was not fetched", "You stopped it.", "circle-x", "Fetch it", self._load)
            self._stack.setCurrentIndex(0)

    def _remember(self) -> None:
        if self.isVisible() and self.sheet is not None and not self._remembered:
            self._remembered = True
            asked = {"symbol": self.sheet.symbol, "section": ["price"]}
            self.host.run("tearsheet.show", asked, then=lambda _: None, fail=lambda _: None, key="remember")

    # ---- showing ----

    @property
    def settled(self) -> bool:
        """Whether every open section shows the present sheet."""
        return not self._turn.isActive() and not self._wait.isActive()

    def part(self, name: str) -> Any:
        """The widget inside a section, made when first asked for."""
        if name not in self.parts:
            self.parts[name] = PARTS[name].make(self)
            self.sections[name].body.addWidget(self.parts[name])
        return self.parts[name]

    def changes(self) -> tuple[Change, ...]:
        """What is different from the last look before this visit."""
        from plugins.tearsheet.changes import compare

        look = self._first.background.look if self._first is not None else None
        if self.sheet is None or look is None:
            return ()
        gates = {gate.id: (gate.title, gate.passed) for gate in self.sheet.explanation.gates}
        return compare(look, self.sheet.row, gates)

    def look_at(self) -> datetime | None:
        """When that was."""
        return self._first.look_at if self._first is not None else None

    def _show(self, sheet: Sheet) -> None:
        drawn = sheet is self.sheet and "chart" in self.parts  # the chart has no words; it follows the theme by itself
        self.sheet = sheet
        self.head.show_sheet(sheet)
        self._live.follow(sheet)
        self.badge.show_sources(sheet.sources, datetime.now(UTC))
        self._sources.setText(f"Sources ({len(sheet.sources)})")
        self.sections["helper"].set_title(helper_title(self.host, sheet))
        showing = self.showing()
        self._stale = set()
        for name, part in PARTS.items():
            applies = part.applies(showing)
            self.sections[name].setVisible(applies)
            if applies and not (drawn and name == "chart" and not self._turn.isActive()):
                self._stale.add(name)
        self._fill("verdict")
        self._turn.start()

    def showing(self) -> Showing:
        """What a section is filled from now."""
        assert self.sheet is not None and self._table is not None
        said = Words(self.host.explain, self.host.mode == "newbie")
        return Showing(self, self.host, self.sheet, self._table, said, self._tried, self._assumed, self._answers)

    def _fill(self, name: str) -> None:
        if name in self._stale and self.sheet is not None:
            self._stale.discard(name)
            PARTS[name].fill(self.part(name), self.showing())
            if name == "chart":
                self._let_the_page_scroll()

    def _fill_next(self) -> None:
        """One open section; the next one when the window has had its turn."""
        for name in ORDER[self.host.mode]:
            if name in self._stale and self.sections[name].open:
                self._fill(name)
                self._turn.start()
                return
        if self._keep_scroll is not None:
            self._scroll.verticalScrollBar().setValue(self._keep_scroll)
            self._keep_scroll = None

    def _toggled(self, name: str, open: bool) -> None:
        if open:
            self._fill(name)

    def _let_the_page_scroll(self) -> None:
        """The wheel over the chart scrolls the page; with Ctrl it zooms."""
        for view in self.part("chart").findChildren(QAbstractScrollArea):
            view.viewport().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QWheelEvent) and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            QApplication.sendEvent(self._scroll.verticalScrollBar(), event)
            return True
        return super().eventFilter(watched, event)

    # ---- sliders ----

    def try_threshold(self, key: str, value: float) -> None:
        """The verdict under another threshold, soon."""
        self._tried[key] = value
        self._settle_verdict.start()

    def forget_thresholds(self) -> None:
        """Back to ours."""
        self._settle_verdict.stop()
        self._tried.clear()
        self._answers.pop("verdict", None)
        self.sections["sensitivity"].set_note("")
        self._again("sensitivity")

    def _try_thresholds(self) -> None:
        pairs = [f"{name}={number:.10g}" for name, number in self._tried.items()]
        if pairs:
            self.host.run(
                "tearsheet.sensitivity",
                {"symbol": self.symbol, "set": pairs},
                then=partial(self._answered, "verdict"),
                key="sensitivity",
            )

    def assume(self, name: str, value: float) -> None:
        """The value under another assumption, soon."""
        self._assumed[name] = value
        self._settle_value.start()

    def forget_assumptions(self) -> None:
        """Back to ours."""
        self._settle_value.stop()
        self._assumed.clear()
        self._answers.pop("value", None)
        self.sections["cash"].set_note("")
        self._again("cash")

    def _revalue(self) -> None:
        if self._assumed:
            self.host.run(
                "tearsheet.dcf", {"symbol": self.symbol, **self._assumed}, then=partial(self._answered, "value"), key="dcf"
            )

    def _answered(self, what: str, table: Table) -> None:
        mine = self._tried if what == "verdict" else self._assumed
        if not mine or self.sheet is None or table.detail["sheet"].symbol != self.sheet.symbol:
            return  # reset, or another symbol, since it was asked
        self._answers[what] = table
        self.sections["sensitivity" if what == "verdict" else "cash"].set_note(
            "with your thresholds" if what == "verdict" else "with your assumptions"
        )
        self._again("sensitivity" if what == "verdict" else "cash")

    def _again(self, name: str) -> None:
        if self.sheet is not None:
            self._stale.add(name)
            if self.sections[name].open:
                self._fill(name)

    # ---- actions ----

    def _export(self, kind: str) -> None:
        if self.sheet is None:
            return
        path = self.host.save_file("Export the tearsheet", f"{self.sheet.symbol}.{kind}", (f"{kind.upper()} (*.{kind})",))
        if not path:
            return
        button = self.exports[0 if kind == "pdf" else 1]
        button.setEnabled(False)

        def done(_: Table) -> None:
            button.setEnabled(True)
            self.host.notify(f"Written to {path}.", "ok")

        def failed(error: TerminalError) -> None:
            button.setEnabled(True)
            self.host.notify(error.sentence(), "error")

        self.host.run("tearsheet.export", {"symbol": self.sheet.symbol, kind: path}, then=done, fail=failed)

    def _show_sources(self) -> None:
        section = self.sections["sources"]
        section.set_open(True)
        QTimer.singleShot(0, self, lambda: self._scroll.ensureWidgetVisible(section.content, 0, 40))


def _same(one: Sheet, other: Sheet) -> bool:
    return one.figures == other.figures and one.sources == other.sources and one.bars.equals(other.bars)
