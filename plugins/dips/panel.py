"""The dip monitor's panel: who is watched and from which fall on, the dips as table or cards, one of them in full."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QStackedWidget, QVBoxLayout, QWidget

from plugins.dips.gathering import NothingStoredError
from plugins.dips.panel_cards import Cards
from plugins.dips.panel_detail import Detail
from terminal.api import Column, Table
from terminal.domain import format as fmt
from terminal.ui.badge import SourceBadge
from terminal.ui.form import Chip, ChipRow, Flow, Segment, ghost, label, row
from terminal.ui.meters import ProgressLine
from terminal.ui.table import Action, Look, TableView

if TYPE_CHECKING:
    from collections.abc import Mapping

    from plugins.dips.gathering import Dip
    from terminal.api import Host, TerminalError

_THRESHOLDS = (("0.05", "5 %"), ("0.1", "10 %"), ("0.15", "15 %"), ("own", "Own"))
_PRO = ("symbol", "name", "price", "dip", "dip_recent", "sessions", "_do", "verdict", "_alert", "_split", "event", "severity",
        "z", "recovered_252", "n", "days_to_earnings", "size")
_NARROW = ("symbol", "price", "dip", "_do", "verdict", "_split", "recovered_252", "n", "severity", "days_to_earnings", "size")
_SMALL = ("symbol", "price", "dip", "_do", "verdict", "_split", "recovered_252", "n")
_NEWBIE = ("symbol", "price", "fallen", "dip", "_do", "reason")
_WIDE, _MIDDLE = 1380, 1050
_TONES = {"Buy the dip": "ok", "Wait for earnings": "warn", "Do not add": "error", "Research first": "muted", "watch": "muted",
          "buy": "ok", "strong": "ok"}
_EXTRA = (Column("_do", "What to do", "list", term="dips_action"), Column("_alert", "Alert", "list", term="dips_level"),
          Column("_split", "Why it fell", "list", term="dips_split"))
_FULL_AGAIN_S = 60
# What a newbie sees first: what there is to do, then what there is to wait for.
_ACTION_ORDER = ("buy", "wait", "research", "leave")
# From this height on there is room for one dip in full without being asked.
_TALL = 760


class DipsPanel(QWidget):
    """Runs `dips.list` for another universe, threshold or high, and when the market changed; asks `dips.live` for prices."""

    def __init__(self, host: Host) -> None:
        super().__init__()
        self.host = host
        self.view = ""
        self._table: Table | None = None
        self._dips: dict[str, Dip] = {}
        self._shown: list[Dip] = []
        self._action = ""
        self._shut = False
        self._call: Any = None
        self._asked_at = datetime.now(UTC)
        self._make()
        self._lay_out()
        self._connect()
        self._dress()
        self.refresh()

    def _make(self) -> None:
        self.title = label("Dips", "h1")
        self.count = Chip("…", "accent", clickable=True, tip="Show all of them")
        self.choices = ChipRow()
        self.views = Segment((("table", "Table"), ("cards", "Cards")), "table", "View")
        self.universe = QComboBox()
        self.universe.setAccessibleName("Who is watched")
        self.universe.setMinimumWidth(150)
        self.threshold = Segment(_THRESHOLDS, "", "Dip from")
        self.own = QDoubleSpinBox(minimum=2, maximum=90, decimals=1, singleStep=1, suffix=" %")
        self.own.setAccessibleName("Own threshold in per cent")
        self.basis = Segment((("52w", "1-year high"), ("recent", "3-month high")), "52w", "From which high")
        self.badge = SourceBadge()
        self.pace = label("", "muted", wrap=True)
        self.question = label("", "body", wrap=True)
        self.progress = ProgressLine(self._cancel)
        looks = {
            "symbol": Look("ticker", 62), "name": Look("muted", 150), "price": Look("number", 74), "fallen": Look("number", 84),
            "dip": Look("signed", 66), "dip_recent": Look("signed", 76), "sessions": Look("number", 62),
            "_do": Look("chips", 124, tones=_TONES), "verdict": Look("pill", 84), "_alert": Look("chips", 66, tones=_TONES),
            "_split": Look("parts", 150, maximum=0.5),
            "event": Look("text", 130, stretch=True), "severity": Look("position", 96), "z": Look("number", 44),
            "recovered_252": Look("number", 74), "n": Look("number", 44), "further_90": Look("signed", 72),
            "days_to_earnings": Look("number", 74), "size": Look("number", 56), "reason": Look("text", 320, stretch=True),
        }
        self.table = TableView(self.host, name="Dips", actions=self._actions, looks=looks)
        self.cards = Cards()
        self.detail = Detail()
        self.beat = QTimer(self, singleShot=True)
        self._fill_universes([(name, title) for name, title in (("mega", "Mega caps (10)"), ("large", "Large caps (50)"),
                                                                ("big", "Too big to fail (150)"))])
        self._choose_universe(str(self.host.setting("dips.universe")))
        self._choose_threshold(float(self.host.setting("dips.threshold")))

    def _lay_out(self) -> None:
        self.write_button = ghost("Write down", "pencil", self._scan)
        self.write_button.setToolTip("Write the states of now into your book, so that they can be scored later")
        self.score_button = ghost("Scorecard", "list-checks", self._scorecard)
        self.score_button.setToolTip("What became of the states that were written down")
        self.export_button = ghost("Export", "download", self._export)
        self.export_button.setToolTip("Write the list to a CSV file")
        self._buttons = (self.write_button, self.score_button, self.export_button)
        self._words = [button.text() for button in self._buttons]
        first = row(self.title, self.count, self.choices, *self._buttons, self.views, spacing=6, margins=(12, 8, 10, 4))
        first.setStretch(2, 1)
        wanted = Flow(spacing=8)
        lower = QWidget()
        lower.setLayout(row(self.badge, margins=(0, 4, 0, 0)))  # in the middle of the line
        for widget in (self.universe, self.threshold, self.own, self.basis, lower):
            wanted.addWidget(widget)
        second = QWidget()
        second.setLayout(row(wanted, margins=(12, 0, 10, 2)))
        third = row(self.question, self.pace, spacing=12, margins=(12, 2, 12, 6))
        third.setStretch(0, 3)
        third.setStretch(1, 2)
        self.pace.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.table)
        self.stack.addWidget(self.cards)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addLayout(first)
        box.addWidget(second)
        box.addLayout(third)
        box.addWidget(self.progress)
        box.addWidget(self.stack, 1)
        box.addWidget(self.detail)

    def _connect(self) -> None:
        self.views.changed.connect(self.show_view)
        self.universe.activated.connect(lambda _: self._rerun())
        self.threshold.changed.connect(self._threshold_chosen)
        self.own.editingFinished.connect(self._rerun)
        self.basis.changed.connect(lambda _: self._rerun())
        self.count.clicked.connect(lambda: self.show_action(""))
        self.choices.clicked.connect(self.show_action)
        self.table.selected.connect(self._chosen)
        self.table.activated.connect(partial(self.host.open, "tearsheet"))
        self.cards.opened.connect(partial(self.host.open, "tearsheet"))
        self.detail.opened.connect(partial(self.host.open, "tearsheet"))
        self.detail.closed.connect(self._detail_closed)
        self.beat.timeout.connect(self._beat)
        self.host.on("market.changed", self._market_changed)
        self.host.on("book.changed", self._book_changed)
        self.host.on("settings.changed", self._settings_changed)

    # ---- what the window calls ----

    def refresh(self) -> None:
        """Read everything anew."""
        self.host.run("dips.universes", then=self._got_universes, fail=lambda _: None, key="universes")
        self._rerun()

    def show_as_of(self, _day: Any) -> None:
        """Another day: nothing of the present one stays, and no live price is waited for."""
        self.beat.stop()
        self.pace.setText("")
        self.detail.close_()
        self._rerun()

    def set_mode(self, mode: str) -> None:
        """Other words, columns and view; the same values."""
        self.table.set_mode(mode)
        self.detail.set_mode(mode)
        self._dress()
        self._show()

    def save_state(self) -> dict[str, Any]:
        return {"view": self.view, "universe": self.universe.currentData(), "threshold": self._threshold(),
                "basis": self.basis.value, "sort": [list(key) for key in self.table.sort_keys]}

    def restore_state(self, state: Mapping[str, Any]) -> None:
        self.view = str(state.get("view", ""))
        self._choose_universe(str(state.get("universe") or self.host.setting("dips.universe")))
        self._choose_threshold(float(state.get("threshold") or self.host.setting("dips.threshold")))
        self.basis.set_value(str(state.get("basis", "52w")))
        self.table.sort_by([(str(name), bool(down)) for name, down in state.get("sort", ())])
        self._dress()
        self._rerun()

    def show_view(self, view: str) -> None:
        """`table` or `cards`."""
        self.view = view
        self._dress()
        self._show_rows()

    def show_action(self, action: str) -> None:
        """Only the dips of one action ("" or the same again: all)."""
        self._action = "" if action == self._action else action
        self._show_rows()

    # ---- what is asked for ----

    def arguments(self) -> dict[str, Any]:
        """What `dips.list` is called with for what is on the screen."""
        return {"universe": self.universe.currentData() or "", "threshold": self._threshold(), "basis": self.basis.value}

    def _threshold(self) -> float:
        return self.own.value() / 100 if self.threshold.value == "own" else float(self.threshold.value)

    def _choose_threshold(self, value: float) -> None:
        known = next((key for key, _ in _THRESHOLDS[:-1] if abs(float(key) - value) < 1e-9), "own")
        self.threshold.set_value(known)
        self.own.setValue(value * 100)
        self.own.setVisible(known == "own")

    def _threshold_chosen(self, value: str) -> None:
        self.own.setVisible(value == "own")
        if value == "own":
            self.own.setFocus()
        self._rerun()

    def _fill_universes(self, rows: list[tuple[str, str]]) -> None:
        present = self.universe.currentData()
        self.universe.clear()
        for name, title in rows:
            self.universe.addItem(title, name)
        if present:
            self._choose_universe(str(present))

    def _choose_universe(self, name: str) -> None:
        if self.universe.findData(name) < 0:
            self.universe.addItem(name, name)
        self.universe.setCurrentIndex(self.universe.findData(name))

    def _got_universes(self, table: Table) -> None:
        self._fill_universes([(each["name"], f"{each['title'].split(':')[0]} ({each['symbols']})") for each in table.rows()])

    def _rerun(self) -> None:
        self._asked_at = datetime.now(UTC)
        self._call = self.host.run("dips.list", self.arguments(), then=self._arrived, fail=self._failed,
                                   progress=self.progress.report, key="list")

    def _arrived(self, table: Table) -> None:
        self.progress.finish()
        self._table = replace(table, columns=(*table.columns, *_EXTRA))
        self._dips = {dip.row["symbol"]: dip for dip in table.detail["dips"]}
        self._show()
        self._beat()
        if not self.host.symbol() and self._dips:
            self.host.select(next(iter(self._dips)))

    def _failed(self, error: TerminalError) -> None:
        self.progress.finish()
        self._table, self._dips, self._shown = None, {}, []
        self.count.set_text("–")
        self.choices.set_chips(())
        self.question.setText("")
        self.badge.show_sources((), datetime.now(UTC))
        self.detail.close_()
        self._say_empty(error)
        self.table.show_table(_nothing())
        self.cards.show_dips((), None, self.host.mode)

    def _say_empty(self, error: TerminalError) -> None:
        said: tuple[Any, ...] = (error.message, error.hint, "triangle-alert")
        if isinstance(error, NothingStoredError) and self.host.as_of is None and self.host.has_command("market.refresh"):
            said = ("No company is stored yet", "Which shares have fallen can be told as soon as there are prices: free, without "
                    "a key. They come first, the rest follows while you look.", "download", "Load large US companies",
                    lambda: self.host.run("market.refresh", {"universe": "sp500"}, then=lambda _: self.refresh(), key="load"))
        self.table.set_empty(*said)
        self.cards.set_empty(*said)

    # ---- showing ----

    def _dress(self) -> None:
        newbie = self.host.mode == "newbie"
        view = self.view or ("cards" if newbie else "table")
        self.views.set_value(view)
        self.stack.setCurrentIndex(1 if view == "cards" else 0)
        self.title.setText("What has become cheaper?" if newbie else "Dips")
        self.detail.setVisible(view == "table" and bool(self.detail.symbol))
        self._fit()

    def _show(self) -> None:
        if self._table is None:
            return
        self.badge.show_sources(self._table.sources, datetime.now(UTC))
        self.question.setText(self._summary())
        self.question.setToolTip("\n".join(self._table.notes))
        self.table.show_table(self._table, columns=self._columns())
        self._show_rows()
        if self.detail.symbol in self._dips:
            self.detail.show_dip(self._dips[self.detail.symbol], self._table.detail["rules"])
        elif self.detail.symbol or not self._dips:
            self.detail.close_()
        elif not self._shut and self.host.mode == "pro" and self.height() >= _TALL:
            wanted = self.host.symbol()
            self.detail.show_dip(self._dips[wanted if wanted in self._dips else next(iter(self._dips))],
                                 self._table.detail["rules"])
        self._dress()

    def _show_rows(self) -> None:
        """The dips of the chosen action, in the view that is open."""
        if self._table is None:
            return
        detail = self._table.detail
        rules, dips = detail["rules"], detail["dips"]
        ids = [place for place, dip in enumerate(dips) if self._action in ("", dip.decision.action)]
        self._shown = [dips[place] for place in ids]
        counts = {name: sum(dip.decision.action == name for dip in dips) for name in rules.actions}
        self.count.set_text(f"{len(dips)} of {len(detail['members'].symbols)}", "" if self._action else "accent")
        self.choices.set_chips([(name, f"{counts[name]} {rules.actions[name].title.lower()}",
                                 "accent" if name == self._action else "") for name in rules.actions if counts[name]],
                               removable=False)
        much = fmt.percent(detail["asked"].threshold, 0)
        self.table.set_empty("No dips", f"Nothing in {detail['members'].title} is {much} or more below its high.", "circle-check")
        self.cards.set_empty("No dips", f"Nothing in {detail['members'].title} is {much} or more below its high.", "circle-check")
        self.table.set_rows(ids)
        if self.stack.currentIndex() == 1:
            newbie = self.host.mode == "newbie"
            useful = sorted(self._shown, key=lambda dip: _ACTION_ORDER.index(dip.decision.action))
            self.cards.show_dips(useful if newbie else self._shown, rules, self.host.mode)

    def _summary(self) -> str:
        assert self._table is not None
        detail = self._table.detail
        count, total, regime = len(self._dips), len(detail["members"].symbols), detail["regime"].name
        much = fmt.percent(detail["asked"].threshold, 0)
        if self.host.mode == "pro":
            high = "252" if detail["asked"].basis == "52w" else "63"
            return f"{detail['members'].title} · {much} or more below the highest close of {high} sessions · market {regime}"
        buys = sum(dip.decision.action == "buy" for dip in self._dips.values())
        said = (f"{count} of {total} companies cost at least {much} less than at their high. Cheaper does not mean cheap: "
                + (f"our rules would buy {buys} of them." if buys else "our rules would buy none of them."))
        mood = {"risk-on": "The market as a whole does well.", "risk-off": "The market as a whole does badly.",
                "neutral": "The market as a whole is neither good nor bad."}.get(regime, "")
        return f"{said} {mood}".strip()

    def _columns(self) -> list[str]:
        if self.host.mode == "newbie":
            return list(_NEWBIE)
        return list(_PRO if self.width() >= _WIDE else _NARROW if self.width() >= _MIDDLE else _SMALL)

    def resizeEvent(self, event: Any) -> None:
        super().resizeEvent(event)
        if self._table is not None and self.table.shown_columns != self._columns():
            self.table.set_columns(self._columns())
        self._fit()

    def _fit(self) -> None:
        """The buttons lose their words where there is no room for them."""
        roomy = self.width() >= (1000 if self.host.mode == "newbie" else 820)
        for button, text in zip(self._buttons, self._words, strict=True):
            button.setText(text if roomy else "")
            button.setVisible(roomy or self.host.mode == "pro" or button is self.export_button)

    def _chosen(self, symbol: str) -> None:
        self.host.select(symbol)
        if symbol in self._dips and self._table is not None:
            self.detail.show_dip(self._dips[symbol], self._table.detail["rules"])
            self.detail.set_mode(self.host.mode)

    def _detail_closed(self) -> None:
        self._shut = True

    # ---- live ----

    def _beat(self) -> None:
        """Ask for the newest prices; how soon again is the answer's to say."""
        self.beat.stop()
        symbols = [dip.row["symbol"] for dip in self._shown]
        self.host.run("dips.live", {"symbols": symbols}, then=self._ticked, fail=lambda _: None, key="live")

    def _ticked(self, table: Table) -> None:
        self.pace.setText(table.detail["words"])
        prices = {each["symbol"]: each["price"] for each in table.rows()
                  if each["symbol"] in self._dips and each["price"] is not None and self._newer(each)}
        if prices:
            peaks = {symbol: self._dips[symbol].row["peak"] for symbol in prices}
            self.table.update_cells("price", prices)
            self.table.update_cells("dip", {symbol: price / peaks[symbol] - 1 for symbol, price in prices.items()})
            self.table.update_cells("fallen", {symbol: peaks[symbol] - price for symbol, price in prices.items()})
            self.cards.show_prices(prices)
        seconds = int(table.detail["seconds"])
        if seconds:
            self.beat.start(seconds * 1000)

    def _newer(self, each: Mapping[str, Any]) -> bool:
        """Whether a quote belongs to a later day than the price shown, or to the same."""
        return str(each["quoted_at"])[:10] >= str(self._dips[each["symbol"]].row["day"])

    def _market_changed(self, payload: Mapping[str, Any]) -> None:
        """Prices alone are taken in by the beat; everything is worked out again at most once a minute for them."""
        only_quotes = set(payload.get("datasets") or ()) == {"quotes"}
        if only_quotes and (datetime.now(UTC) - self._asked_at).total_seconds() < _FULL_AGAIN_S:
            self._beat()
        else:
            self._rerun()

    def _book_changed(self, payload: Mapping[str, Any]) -> None:
        table = str(payload.get("table", ""))
        if table.startswith("watchlist"):
            self.host.run("dips.universes", then=self._got_universes, fail=lambda _: None, key="universes")
            if str(self.universe.currentData()).startswith("watchlist"):
                self._rerun()

    def _settings_changed(self, payload: Mapping[str, Any]) -> None:
        if payload.get("key") == "dips.capital":
            self._rerun()

    # ---- what the user does ----

    def _cancel(self) -> None:
        if self._call is not None:
            self._call.cancel()

    def _scan(self) -> None:
        def told(table: Table) -> None:
            self.host.notify(table.title, "ok")
            self._rerun()

        self.host.run("dips.scan", self.arguments(), then=told, key="scan")

    def _scorecard(self) -> None:
        def told(table: Table) -> None:
            rows = [each for each in table.rows() if each["n"] and each["horizon"] == 21]
            parts = [f"{each['action']}{' (hindsight)' if each['in_hindsight'] else ''}: "
                     f"{fmt.percent(each['hit_rate'], 0)} up after 21 sessions (n = {each['n']})" for each in rows]
            self.host.notify("; ".join(parts) if parts else f"{table.title}: none is old enough yet to be judged.", "info")

        self.host.run("dips.scorecard", then=told, key="scorecard")

    def _export(self) -> None:
        path = self.host.save_file("Export the dips", "dips.csv", ("CSV (*.csv)",))
        if path:
            wanted = {"csv": path, **self.arguments()}
            self.host.run("dips.export", wanted, then=lambda table: self.host.notify(table.title, "ok"))

    def _actions(self, symbol: str) -> list[Action]:
        return [Action("Open tearsheet", lambda each: self.host.open("tearsheet", each), "file-text"),
                Action("Show it in full", self._chosen, "list-checks")]


def _nothing() -> Table:
    """A table of nothing, for when there is no answer."""
    import polars as pl

    return Table("", (), pl.DataFrame())
