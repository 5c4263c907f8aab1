"""Where the money is against where it should be, as a map, rings or bars, and below it what to do with what binds."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QBoxLayout, QComboBox, QFrame, QLineEdit, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from plugins.portfolio.allocation.panel_pictures import Bars, Rings, TreeMap
from plugins.portfolio.allocation.panel_tags import TagsForm
from plugins.portfolio.allocation.panel_targets import TargetsForm
from plugins.portfolio.panel_numbers import NumberEdit
from plugins.portfolio.panel_parts import Told
from terminal.domain.instruments import SECTORS
from terminal.domain.portfolio.classification import ASSET_CLASSES, REGIONS
from terminal.ui import theme
from terminal.ui.form import Banner, EmptyState, Flow, Segment, column, ghost, label, reveal, row
from terminal.ui.table import Action, Look, TableView

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtGui import QResizeEvent

    from plugins.portfolio.panel_head import Surroundings
    from terminal.api import Host, Table, TerminalError

_BY = (("asset_class", "Kind", "Asset class"), ("sector", "Business", "Sector"), ("region", "Region", "Region"),
       ("currency", "Currency", "Currency"), ("tag", "Own tags", "Tags"), ("symbol", "Each", "Ticker"))  # fmt: skip
_PICTURES = (("bars", "Bars"), ("rings", "Rings"), ("map", "Map"))
_TITLES = {key: pro for key, _, pro in _BY}
_LOOKS = {"key": Look("text", 116, stretch=True), "holdings": Look("chips", 160), "state": Look("muted", 70)}
_NEWBIE = ("key", "weight", "target", "money")
_PRO = ("key", "weight", "target", "drift", "worth", "money")
_WIDE_PRO = ("key", "weight", "target", "low", "high", "drift", "worth", "money", "state")
_TRADE_LOOKS = {
    "action": Look("text", 52), "symbol": Look("ticker", 68), "name": Look("muted", 150), "money": Look("number", 92),
    "gain_short": Look("signed", 92), "gain_long": Look("signed", 92),
    "accounts": Look("muted", 120), "wash": Look("text", 240, stretch=True),
    "key": Look("text", 90), "gain": Look("signed", 92), "binds": Look("muted", 120),
}  # fmt: skip
_TRADES_NEWBIE = ("action", "symbol", "name", "quantity", "money", "wash")
_TRADES_PRO = ("action", "symbol", "quantity", "price", "money", "key", "weight_before", "weight_after", "gain_short",
               "gain_long", "accounts", "wash")  # fmt: skip
_LOTS = (("highest_cost", "Highest cost first"), ("long_term_first", "Held over a year first"), ("least_tax", "Least tax first"),
         ("losses_first", "Losses first"), ("oldest_first", "Oldest first"), ("newest_first", "Newest first"),
         ("lowest_cost", "Lowest cost first"))  # fmt: skip
_DONE = {"within the band": "Nothing to do", "on target": "Nothing binds"}
_NARROW, _WIDE, _WIDER, _WAIT = 640, 900, 1560, 250


class AllocationPage(QWidget):
    """Runs `portfolio.allocation`, and with targets `portfolio.rebalance`, for the accounts that are chosen."""

    def __init__(self, host: Host, surroundings: Surroundings) -> None:
        super().__init__()
        self._host, self._surroundings = host, surroundings
        self._table: Table | None = None
        self.form: TargetsForm | TagsForm | None = None
        self.told = Told()
        self.by = Segment((), name="Divided by")
        self.picture = Segment(_PICTURES, "bars", "Picture")
        self.set_targets = ghost("Set targets …", "target", self.open_targets)
        self.set_tags = ghost("Tags …", "tag", self.open_tags)
        self.bars, self.rings, self.map = Bars(), Rings(), TreeMap()
        self.table = TableView(host, name="Allocation", looks=_LOOKS)
        self.table.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.table.setFrameShape(QFrame.Shape.NoFrame)
        self.trades = Trades(host, surroundings)
        self._lay_out()
        self._dress()

    def _lay_out(self) -> None:
        self._bar = row(self.by)
        bar = Flow(spacing=8)
        bar.setContentsMargins(12, 2, 12, 0)
        divided = QWidget()
        divided.setLayout(self._bar)
        for each in (divided, self.picture, self.set_tags, self.set_targets):
            bar.addWidget(each)
        self._pictures = QStackedWidget()
        for each in (self.bars, self.rings, self.map):
            self._pictures.addWidget(each)
        self._both = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._both.setSpacing(16)
        self._both.addWidget(self._pictures, 1)
        side = QWidget()
        side.setLayout(column(self.table, 0))
        self._both.addWidget(side, 1)
        self._both.setAlignment(self._pictures, Qt.AlignmentFlag.AlignTop)
        self.empty = EmptyState("Nothing is held", icon="chart-pie")
        self.empty.hide()
        inside = QWidget()
        inside.setLayout(column(self.told, self._both, self.empty, self.trades, 0, spacing=10, margins=(12, 2, 12, 12)))
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setAccessibleName("Allocation")
        area.setWidget(inside)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(6)
        top = QWidget()
        top.setLayout(bar)
        box.addWidget(top)
        box.addWidget(area, 1)
        self.picture.changed.connect(self._show_picture)

    # ---- what the panel calls ----

    def ask(self) -> None:
        """Both anew, for what is chosen."""
        wanted = {**self._surroundings.arguments, "by": self.by.value}
        self._host.run("portfolio.allocation", wanted, then=self._arrived, fail=self._failed, key="allocation")

    def set_mode(self, mode: str) -> None:
        """Other words and columns; the same values."""
        self._dress()
        self.table.set_mode(mode)
        self.trades.set_mode(mode)
        if self._table is not None:
            self._show(self._table)

    def save_state(self) -> dict[str, Any]:
        """What is chosen."""
        return {"by": self.by.value, "picture": self.picture.value, **self.trades.save_state()}

    def restore_state(self, state: Mapping[str, Any]) -> None:
        """Choose it again."""
        self.by.set_value(str(state.get("by", "")))
        self.picture.set_value(str(state.get("picture", "")))
        self._show_picture(self.picture.value)
        self.trades.restore_state(state)

    def open_targets(self) -> None:
        """The form in which targets are set, for one account or portfolio when one is chosen."""
        if self._table is None:
            return
        detail: Mapping[str, Any] = self._table.detail or {}
        account = self._surroundings.accounts[0] if len(self._surroundings.accounts) == 1 else ""
        by = self.by.value
        self.form = TargetsForm(self, self._host, by, _TITLES[by], detail.get("slices", ()), account)
        self.form.open()

    def open_tags(self) -> None:
        """The form in which holdings get tags or, for the other ways to divide, a class of your own."""
        if self._table is None:
            return
        detail: Mapping[str, Any] = self._table.detail or {}
        by = self.by.value
        choices = {"asset_class": ASSET_CLASSES, "sector": SECTORS, "region": REGIONS}.get(by, ())
        self.form = TagsForm(self, self._host, by, _TITLES[by], detail["exposures"], choices)
        self.form.open()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width() >= _WIDE
        self._both.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)
        if self._table is not None and self.table.shown_columns != self._columns(self._table):
            self.table.set_columns(self._columns(self._table))
            self.table.fit_rows()

    def _columns(self, table: Table) -> list[str]:
        wanted = _NEWBIE if self._host.mode == "newbie" else _WIDE_PRO if self.width() >= _WIDER else _PRO
        present = {each.name for each in table.columns}
        return [each for each in wanted if each in present]

    def _fit(self) -> None:
        """Bars are as high as their lines, the other pictures have a height of their own."""
        bars = self._pictures.currentWidget() is self.bars
        self._pictures.setFixedHeight(max(theme.scaled(120), self.bars.sizeHint().height()) if bars else theme.scaled(260))

    # ---- answers ----

    def _dress(self) -> None:
        newbie, kept = self._host.mode == "newbie", self.by.value or "asset_class"
        old, self.by = self.by, Segment([(key, plain if newbie else pro) for key, plain, pro in _BY], kept, "Divided by")
        self.by.changed.connect(lambda _: self.ask())
        self._bar.replaceWidget(old, self.by)
        old.hide()
        old.deleteLater()

    def _show_picture(self, key: str) -> None:
        self._pictures.setCurrentWidget({"bars": self.bars, "rings": self.rings, "map": self.map}.get(key, self.bars))
        self._fit()

    def _arrived(self, table: Table) -> None:
        self._table = table
        self._show(table)
        targets = bool((table.detail or {}).get("targets")) and self.by.value != "currency"
        reveal(self.trades, targets)
        if targets:
            self.trades.ask(self.by.value)

    def _show(self, table: Table) -> None:
        detail: Mapping[str, Any] = table.detail or {}
        self.told.show_answer(table, notes=[each for each in table.notes if "`tapeline" not in each])
        found = detail.get("slices", ())
        for each in (self.bars, self.rings, self.map):
            if found:
                each.show_slices(found, detail["exposures"])
        self._fit()
        self.table.show_table(table, columns=self._columns(table))
        self.table.fit_rows()
        reveal(self.empty, not found)
        reveal(self._pictures, bool(found))
        reveal(self.table, bool(found))
        self.empty.set_message("Nothing is held", "Book or import what you own to see where your money is.", "chart-pie")
        words = "Change targets …" if detail.get("targets") else "Set targets …"
        self.set_targets.setText(words)
        self.set_targets.setAccessibleName(words)
        self.set_targets.setEnabled(bool(found))
        tags = "Tags …" if self.by.value == "tag" else "Classes …"
        self.set_tags.setText(tags)
        self.set_tags.setAccessibleName(tags)
        reveal(self.set_tags, bool(found) and self.by.value not in ("currency", "symbol"))

    def _failed(self, problem: TerminalError) -> None:
        self.told.show_problem(problem)


class Trades(QWidget):
    """What to buy and sell. How is chosen above; what binds stands in a sentence of its own."""

    def __init__(self, host: Host, surroundings: Surroundings) -> None:
        super().__init__()
        self._host, self._surroundings, self._by = host, surroundings, "asset_class"
        self.title = label("", "h2")
        self.sells = Segment((("buy", "Only buy"), ("sell", "Buy and sell")), "buy", "Sales")
        self.deposit = NumberEdit("Money you pay in", hint="0", width=88)
        self.minimum = NumberEdit("No trade smaller than", 100.0, width=72)
        self.parts = Segment((("whole", "Whole shares"), ("parts", "Parts")), "whole", "Shares")
        self.to = Segment((("target", "To target"), ("band", "To band")), "target", "How far")
        self.buy = QLineEdit()
        self.buy.setAccessibleName("What to buy where nothing is held, as class=ticker")
        self.buy.setPlaceholderText("bonds=TLT")
        self.buy.setFixedWidth(theme.scaled(150))
        self.view = Segment((("trades", "Trades"), ("lots", "Lots"), ("weights", "Weights")), "trades", "What is shown")
        self.across = Segment((("even", "Each a part"), ("lots", "Lots of all")), "even", "What is sold")
        self.lots = QComboBox()
        self.lots.setAccessibleName("Which lots are sold")
        for key, text in _LOTS:
            self.lots.addItem(text, key)
        self.binds = Banner("")
        self.note = label("", "muted", wrap=True)
        self.table = TableView(host, name="Trades to rebalance", looks=_TRADE_LOOKS, actions=self._actions)
        self.table.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.table.setFrameShape(QFrame.Shape.NoFrame)
        self.table.selected.connect(host.select)
        self.table.activated.connect(partial(host.open, "tearsheet"))
        self._wait = QTimer(self, singleShot=True, interval=_WAIT)
        self._wait.timeout.connect(lambda: self.ask(self._by))
        self._lay_out()
        self.set_mode(host.mode)

    def _lay_out(self) -> None:
        choices = Flow(spacing=10)
        self._pro: list[QWidget] = []
        for title, widget in (("", self.sells), ("New money", self.deposit), ("Smallest trade", self.minimum), ("", self.parts),
                              ("", self.to), ("", self.lots), ("", self.across), ("Buy", self.buy)):  # fmt: skip
            pair = QWidget()
            pair.setLayout(row(*([label(title, "muted")] if title else []), widget, spacing=6))
            choices.addWidget(pair)
            if widget in (self.parts, self.to, self.lots, self.across):
                self._pro.append(pair)
        self._buy_row = pair
        self._buy_row.hide()
        self.buy.textEdited.connect(lambda _: self._wait.start())
        export = ghost("Export", "download", self.table.export)
        self.setLayout(column(row(self.title, 0, self.view, export), choices, self.binds, self.table, self.note, spacing=8))
        for segment in (self.sells, self.parts, self.to, self.view, self.across):
            segment.changed.connect(lambda _: self.ask(self._by))
        self.lots.activated.connect(lambda _: self.ask(self._by))
        for field in (self.deposit, self.minimum):
            field.typed.connect(self._wait.start)

    @property
    def question(self) -> dict[str, Any]:
        """What is chosen, as the command takes it."""
        newbie = self._host.mode == "newbie"
        return {
            **self._surroundings.arguments,
            "by": self._by,
            "sells": self.sells.value == "sell",
            "deposit": self.deposit.value or 0.0,
            "minimum": self.minimum.value or 0.0,
            "fractions": self.parts.value == "parts" and not newbie,
            "to": "target" if newbie else self.to.value,
            "lots": "highest_cost" if newbie else str(self.lots.currentData()),
            "across": self.across.value == "lots" and not newbie,
            "part": "trades" if newbie else self.view.value,
            "buy": tuple(each.strip() for each in self.buy.text().split(",") if each.count("=") == 1 and each.strip()[-1] != "="),
        }

    def ask(self, by: str) -> None:
        """The list for the targets of one way to divide."""
        self._by = by
        self._host.run("portfolio.rebalance", self.question, then=self._arrived, fail=self._failed, key="allocation.trades")

    def set_mode(self, mode: str) -> None:
        """Fewer choices for beginners, who get the usual answer to the others."""
        self.title.setText("What to do" if mode == "newbie" else "Rebalance")
        reveal(self.view, mode != "newbie")
        for each in self._pro:
            reveal(each, mode != "newbie")
        self.table.set_mode(mode)
        if self.table.table is not None:
            self.ask(self._by)

    def save_state(self) -> dict[str, Any]:
        """What is chosen."""
        return {"sells": self.sells.value, "minimum": self.minimum.value, "parts": self.parts.value, "to": self.to.value,
                "lots": str(self.lots.currentData())}  # fmt: skip

    def restore_state(self, state: Mapping[str, Any]) -> None:
        """Choose it again."""
        for name, segment in (("sells", self.sells), ("parts", self.parts), ("to", self.to)):
            segment.set_value(str(state.get(name, "")))
        if isinstance(state.get("minimum"), int | float):
            self.minimum.set_value(float(state["minimum"]))
        self.lots.setCurrentIndex(max(0, self.lots.findData(state.get("lots"))))

    def _arrived(self, table: Table) -> None:
        binding = (table.detail or {})["binding"]
        done = binding.kind in _DONE
        nothing = any(each.kind == "nothing to buy" for each in (table.detail or {})["plan"].limits)
        reveal(self._buy_row, nothing or bool(self.buy.text()))
        title = _DONE.get(binding.kind, f"What binds: {binding.kind}")
        self.binds.show_message(binding.text, "ok" if done else "info", title=title)
        self.note.setText(" ".join(table.notes[1:]))
        self.note.setVisible(len(table.notes) > 1)
        newbie = self._host.mode == "newbie"
        wanted = _TRADES_PRO if not newbie else [each for each in _TRADES_NEWBIE if each != "name" or self.width() >= _NARROW]
        present = [each.name for each in table.columns if each.name != "currency"]
        trades = "action" in present
        self.table.show_table(table, columns=[each for each in wanted if each in present] if trades else present)
        self.table.fit_rows()
        reveal(self.table, bool(table.frame.height))

    def _failed(self, problem: TerminalError) -> None:
        self.binds.show_message(problem.sentence(), "warn")
        reveal(self.table, False)

    def _actions(self, symbol: str) -> list[Action]:
        return [
            Action("Open tearsheet", lambda each: self._host.open("tearsheet", each), "file-text"),
            Action("Open chart", lambda each: self._host.open("chart", each), "chart-candlestick"),
        ]
