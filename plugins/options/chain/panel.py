"""The chain's panel: calls | strike | puts of the linked symbol, an expiry at a time or all, as of the linked day."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import polars as pl
from PySide6.QtCore import Qt
from PySide6.QtGui import QShortcut
from PySide6.QtWidgets import QMenu, QStackedLayout, QVBoxLayout, QWidget

from plugins.options.chain import columns as sides
from plugins.options.chain import model
from plugins.options.chain.panel_bar import ALL, ExpiryBar, LegTray, key_of
from plugins.options.chain.panel_ladder import Ladder
from plugins.options.panel_parts import nothing_of
from terminal.domain import format as written
from terminal.ui.badge import SourceBadge
from terminal.ui.form import Banner, Chip, EmptyState, ghost, label, reveal, row
from terminal.ui.meters import ProgressLine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtGui import QShowEvent

    from terminal.api import Host, Table, TerminalError


class ChainPanel(QWidget):
    """Runs `options.chain` for all expiries once; another expiry, column or mode shows the same answer."""

    def __init__(self, host: Host) -> None:
        super().__init__()
        self.host = host
        self.symbol = host.symbol() or ""
        self.table: Table | None = None
        self.expiry = ""
        self.keys: dict[str, tuple[str, ...]] = dict(sides.STANDARD)
        self._wide: pl.DataFrame | None = None
        self._expiries: list[dict[str, Any]] = []
        self._call: Any = None
        self._asked = False
        self._stale = False
        self.title, self.price = label("", "h1"), label("", "value")
        self.move_note = label("", "body", wrap=True)
        self.quality = Chip("", "warn", clickable=True)
        self.badge = SourceBadge()
        self.banner = Banner("", dismissable=True)
        self.progress = ProgressLine(self._cancel)
        self.bar = ExpiryBar()
        self.ladder = Ladder(host.explain)
        self.tray = LegTray()
        self.empty = EmptyState("No symbol chosen", icon="table-2")
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        self.quality.hide()
        self.banner.hide()
        self.columns_button = ghost("Columns", "columns-3", self.open_columns)
        self.heat_button = ghost("Heat", "flame", self._toggle_heat)
        self.heat_button.setCheckable(True)
        self.heat_button.setChecked(True)
        self.heat_button.setToolTip("Colour volume, open interest and volatility by their size")
        self.fetch_button = ghost("Fetch", "refresh-cw", self.refresh)
        self.fetch_button.setToolTip("Ask the services again, if the chain is older than a quarter of an hour")
        head = row(self.title, self.price, 0, self.quality, self.badge, self.columns_button, self.heat_button, self.fetch_button,
                   spacing=8, margins=(12, 8, 12, 4))  # fmt: skip
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        self._chain = QWidget()
        inside = QVBoxLayout(self._chain)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(4)
        inside.addLayout(row(self.bar, margins=(12, 0, 12, 0)))
        inside.addLayout(row(self.move_note, margins=(12, 0, 12, 2)))
        inside.addWidget(self.ladder, 1)
        inside.addWidget(self.tray)
        box.addLayout(head)
        box.addWidget(self.banner)
        box.addWidget(self.progress)
        self._stack = QStackedLayout()
        box.addLayout(self._stack, 1)
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self._chain)

    def _connect(self) -> None:
        self.bar.chosen.connect(self.show_expiry)
        self.ladder.picked.connect(self._picked)
        self.tray.planned.connect(self._plan)
        self.quality.clicked.connect(self._say_quality)
        self.host.on("market.changed", self._market_changed)
        for keys, step in (("Alt+Right", 1), ("Alt+Left", -1)):
            shortcut = QShortcut(keys, self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(lambda step=step: self._next(step))

    # ---- what the window calls ----

    def show_symbol(self, symbol: str) -> None:
        """Show another underlying."""
        if symbol != self.symbol:
            self.symbol = symbol
            self._forget()
            self.refresh()

    def show_as_of(self, _day: Any) -> None:
        """Another day: what is shown belongs to the present one."""
        self._forget()
        self.refresh()

    def _forget(self) -> None:
        self.table = self._wide = None
        self._expiries = []
        self.ladder.show_rows(None, (), self.host.mode, centre=False)
        self.banner.hide()

    def set_mode(self, mode: str) -> None:
        """Other words and columns; the same values."""
        self._dress()
        self._show(centre=False)

    def retheme(self) -> None:
        self.ladder.retheme()

    def save_state(self) -> dict[str, Any]:
        return {"columns": {mode: list(keys) for mode, keys in self.keys.items()}, "heat": self.ladder.heat,
                "expiry": self.expiry}  # fmt: skip

    def restore_state(self, state: Mapping[str, Any]) -> None:
        for mode in sides.STANDARD:
            kept = tuple(key for key in state.get("columns", {}).get(mode, ()) if key in sides.COLUMNS)
            self.keys[mode] = kept or sides.STANDARD[mode]
        self.ladder.heat = bool(state.get("heat", True))
        self.heat_button.setChecked(self.ladder.heat)
        self.expiry = str(state.get("expiry", ""))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._asked or self._stale:
            self.refresh()

    # ---- asking ----

    def refresh(self) -> None:
        """Read the chain anew; it is fetched where it is old."""
        if not self.isVisible():
            self._stale = True
            return
        self._asked, self._stale = True, False
        self._dress()
        if not self.symbol:
            self.empty.set_message("No symbol chosen", "Pick one in another panel, or press Ctrl+K and type a ticker.", "table-2",
                                   "Show SPY", lambda: self.host.select("SPY"))  # fmt: skip
            self._stack.setCurrentIndex(0)
            return
        self._call = self.host.run("options.chain", {"symbol": self.symbol, "all": True, "strikes": 0}, then=self._arrived,
                                   fail=self._failed, progress=self.progress.report, key="chain")  # fmt: skip

    def _cancel(self) -> None:
        if self._call is not None:
            self._call.cancel()
        self.progress.finish()

    def _market_changed(self, payload: Mapping[str, Any]) -> None:
        datasets, symbols = payload.get("datasets") or (), payload.get("symbols") or ()
        if (not datasets or "chains" in datasets) and (not symbols or self.symbol in symbols):
            self.refresh()

    def _failed(self, error: TerminalError) -> None:
        self.progress.finish()
        if self.table is not None:
            self.banner.show_message(error.sentence(), "warn", title="The chain could not be read", action="Try again",
                                     on_action=self.refresh)  # fmt: skip
            return
        nothing_of(self.empty, self.host, self.symbol, f"No options of {self.symbol}", error, "table-2", self.refresh)
        self._stack.setCurrentIndex(0)

    def _arrived(self, table: Table) -> None:
        self.progress.finish()
        self.banner.hide()
        new = self.table is None
        self.table = table
        self._wide = table.detail["wide"]
        self._expiries = table.detail["expiries"].to_dicts()
        keys = [key_of(each) for each in self._expiries]
        if self.expiry not in (*keys, ALL):
            standard = model.standard(table.detail["desk"].priced)
            self.expiry = next((key for key in keys if key.startswith(str(standard))), keys[0] if keys else "")
        self._stack.setCurrentIndex(1)
        self._dress()
        self._show(centre=new)

    # ---- showing ----

    def _dress(self) -> None:
        newbie = self.host.mode == "newbie"
        self.title.setText(self.symbol or "Option chain")
        reveal(self.heat_button, not newbie)
        if self.table is None:
            self.price.setText("")
            self.quality.hide()
            return
        desk = self.table.detail["desk"]
        self.price.setText(written.number(desk.spot, 2))
        self.badge.show_sources(self.table.sources, datetime.now(UTC))
        counts = desk.priced.frame["usable"]
        bad = counts.len() - int(counts.sum())
        self.quality.set_text(f"{written.percent(bad / max(counts.len(), 1), 0)} of quotes unusable",
                              "error" if bad > counts.len() / 2 else "warn")  # fmt: skip
        self.quality.setToolTip("<br>".join(self.table.unknown) or "")
        reveal(self.quality, bad > 0)

    def show_expiry(self, key: str) -> None:
        """Show another expiry, or all."""
        self.expiry = key
        self._show(centre=True)

    def _next(self, step: int) -> None:
        keys = [key_of(each) for each in self._expiries]
        if self.expiry in keys:
            self.show_expiry(keys[(keys.index(self.expiry) + step) % len(keys)])

    @property
    def shown_keys(self) -> tuple[str, ...]:
        """The columns of the present mode."""
        return self.keys[self.host.mode]

    def _show(self, *, centre: bool) -> None:
        if self._wide is None:
            return
        self.bar.offer(self._expiries, self.expiry, self.host.mode)
        wide = self._wide
        if self.expiry != ALL:
            day, _, root = self.expiry.partition(" ")
            wide = wide.filter((pl.col("expiry") == pl.lit(day).str.to_date()) & (pl.col("root") == root))
        self.ladder.show_rows(sides.rows(wide, self.shown_keys), self.shown_keys, self.host.mode, centre=centre)
        self.move_note.setText(self._said())

    def _said(self) -> str:
        """The expiry shown in words."""
        row_ = next((each for each in self._expiries if key_of(each) == self.expiry), None)
        if row_ is None:
            return f"{len(self._expiries)} expiries one below the other." if self._expiries else ""
        spot, day = float(self.table.detail["desk"].spot) if self.table else 0.0, written.day(row_["expiry"])
        if self.host.mode == "newbie":
            if row_["move"] is None:
                return f"These options end on {day}. What move they expect is unknown: too few quotes can be used."
            low, high = spot * (1 - row_["move"]), spot * (1 + row_["move"])
            return (f"These options end on {day}. They expect {self.symbol} between {written.number(low, 2)} and "
                    f"{written.number(high, 2)} by then, in about two of three cases. Prices are for one share, a "
                    "contract is for 100. Grey ones cannot be trusted.")  # fmt: skip
        parts = [f"ATM IV {written.percent(row_['atm_iv'])}" if row_["atm_iv"] is not None else "ATM IV unknown"]
        if row_["move"] is not None:
            parts.append(f"expected move ±{written.number(row_['move_money'], 2)} (±{written.percent(row_['move'])}, 1σ)")
        parts.append(f"forward {written.number(row_['forward'], 2)} ({row_['forward_from']})")
        parts.append(f"rate {written.percent(row_['rate'], 2)}, carry {written.percent(row_['carry'], 2)}")
        if row_["borrow"] is not None:
            parts.append(f"{written.percent(row_['borrow'], 2, sign=True)} beyond dividends")
        style = "American" if row_["american"] else "European"
        parts.append(f"{style}, settles {row_['settlement']} · {row_['usable']} of {row_['contracts']} quotes usable")
        return " · ".join(parts)

    def _say_quality(self) -> None:
        if self.table is not None:
            self.banner.show_message("\n".join((*self.table.unknown, *self.table.detail["desk"].priced.notes)), "info",
                                     title="Quotes that are not used")  # fmt: skip

    # ---- columns, heat, legs ----

    def open_columns(self) -> None:
        """The list of columns, with a tick for each that is shown."""
        self.columns_menu().popup(self.columns_button.mapToGlobal(self.columns_button.rect().bottomLeft()))

    def columns_menu(self) -> QMenu:
        """A menu with a tick for each column a side can have."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for key, each in sides.COLUMNS.items():
            action = menu.addAction(each.title(self.host.mode))
            action.setCheckable(True)
            action.setChecked(key in self.shown_keys)
            action.toggled.connect(lambda on, key=key: self.set_column(key, on))
        menu.addSeparator()
        menu.addAction("Back to the standard").triggered.connect(lambda *_: self._set_columns(sides.STANDARD[self.host.mode]))
        return menu

    def set_column(self, key: str, on: bool) -> None:
        """Show or hide a column; at least one stays."""
        now = set(self.shown_keys)
        self._set_columns(tuple(each for each in sides.COLUMNS if each in (now | {key} if on else now - {key})))

    def _set_columns(self, keys: tuple[str, ...]) -> None:
        if keys:
            self.keys[self.host.mode] = keys
            self._show(centre=False)

    def _toggle_heat(self) -> None:
        self.ladder.heat = self.heat_button.isChecked()
        self.ladder.viewport().update()

    def _picked(self, side: str, key: str, place: int) -> None:
        rows = self.ladder.rows
        if key not in ("bid", "ask") or rows is None or self.table is None:
            return
        if not rows.usable[side][place]:
            self.host.notify(f"This quote is not used: {rows.told[side][place]}.", "warn")
            return
        found = self.table.detail["rows"].filter(pl.col("contract") == rows.contract[side][place])
        self.tray.add(found.row(0, named=True), -1 if key == "bid" else 1)

    def _plan(self) -> None:
        if not self.host.has_command("options.calc"):
            self.host.notify("There is no planner.", "warn")
            return
        self.host.run("options.calc", {"symbol": self.symbol, "legs": self.tray.text}, then=self._planned, fail=self._not_planned,
                      key="plan")  # fmt: skip

    def _planned(self, table: Table) -> None:
        """In short what the legs make and lose; the planner's own panel has everything else."""
        rows = {row["key"]: row for row in table.rows()}
        told = [str(rows["sentence"]["text"])] if "sentence" in rows else []
        told += [f"{rows[key]['title']}: {rows[key]['text']}." for key in ("chance", "expected_move") if key in rows]
        text = " ".join(told) or " ".join(table.notes[:2])
        self.banner.show_message(text, "info", title=table.title, action="Open the planner",
                                 on_action=self._open_planner)  # fmt: skip

    def _open_planner(self) -> None:
        legs = {"symbol": self.symbol, "legs": self.tray.text}
        self.host.open("planner", self.symbol)
        self.host.run("options.draft", legs, then=lambda _: None, fail=self._not_planned, key="draft")

    def _not_planned(self, error: TerminalError) -> None:
        self.banner.show_message(error.sentence(), "warn", title="These legs cannot be planned")
