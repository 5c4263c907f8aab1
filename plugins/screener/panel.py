"""The screener's panel: filters at the left, the table, and above it what is being looked at."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtWidgets import QCompleter, QInputDialog, QLineEdit, QMenu, QVBoxLayout, QWidget

from plugins.screener.model import COLUMN_SETS, NEWBIE_COLUMNS
from plugins.screener.panel_filters import SPREAD_FIELDS, FilterPane
from terminal.domain.fields import FIELDS
from terminal.ui import theme
from terminal.ui.badge import SourceBadge
from terminal.ui.form import Banner, Chip, ChipRow, IconButton, ghost, label, row
from terminal.ui.meters import ProgressLine
from terminal.ui.table import Action, Look, TableView

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtGui import QResizeEvent

    from terminal.api import Host, Table, TerminalError

_WATCHLIST = "My watchlist"
_LOOKS = {
    "symbol": Look("ticker", 74),
    "name": Look("muted", 150),
    "price": Look("number", 78),
    "verdict": Look("pill", 92),
    "score": Look("bar", 104),
    "pe_ttm": Look("number", 60),
    "roe": Look("number", 64),
    "position_52w": Look("position", 118),
    "dcf_gap": Look("signed", 78),
    "flags": Look("chips", 150, stretch=True),
    "why": Look("text", 320, stretch=True),
}
# Below this width the filters hide at the edge and open on request.
_NARROW = 900


class ScreenerPanel(QWidget):
    """Runs `screener.run` whenever a filter moves, and records a run once the user has settled."""

    def __init__(self, host: Host) -> None:
        super().__init__()
        self.host = host
        self.columns = ""
        self.sort = ""
        self._table: Table | None = None
        self._wants_filters = True
        self.filters = FilterPane(host)
        self.title = label("All", "h1")
        self.count = Chip("…", "accent")
        self.chips = ChipRow()
        self.badge = SourceBadge()
        self.toggle = IconButton("panel-left", "Show or hide the filters", self._toggle_filters)
        self.rule = _RuleLine()
        self.banner = Banner("")
        self.progress = ProgressLine(self._cancel)
        self.table = TableView(
            host,
            name="Screen results",
            actions=self._actions,
            star=host.has_command("watchlist.add"),
            looks=_LOOKS,
        )
        self._call: Any = None
        self._recorder = QTimer(self, singleShot=True, interval=1500)
        self._recorder.timeout.connect(self._record)
        self._lay_out()
        self._connect()
        self.refresh()

    def _lay_out(self) -> None:
        self.banner.hide()
        self.columns_button = ghost("Columns", "columns-3", self._column_menu)
        self.changes_button = ghost("What changed", "git-compare-arrows", self._changes)
        self.export_button = ghost("Export", "download", self._export)
        right = QWidget()
        box = QVBoxLayout(right)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        head = QWidget()
        head.setLayout(
            row(
                self.toggle,
                self.title,
                self.count,
                self.chips,
                self.badge,
                self.changes_button,
                self.columns_button,
                self.export_button,
                spacing=8,
                margins=(12, 8, 8, 6),
            )
        )
        box.addWidget(head)
        box.addWidget(self.rule)
        box.addWidget(self.banner)
        box.addWidget(self.progress)
        box.addWidget(self.table, 1)
        whole = row(self.filters, right, spacing=0)
        whole.setStretch(1, 1)
        self.setLayout(whole)
        self.rule.setVisible(self.host.mode == "pro")

    def _connect(self) -> None:
        self.filters.changed.connect(self._rerun)
        self.rule.changed.connect(self._rerun)
        self.filters.chosen.connect(self._choose)
        self.filters.saving.connect(self._save)
        self.chips.removed.connect(self.filters.remove)
        self.table.selected.connect(self.host.select)
        self.table.activated.connect(partial(self.host.open, "tearsheet"))
        self.table.star_toggled.connect(self._star)
        self.filters.searched.connect(self._narrow)
        self.host.on("market.changed", lambda _: self.refresh())
        self.host.on("book.changed", lambda payload: self._load_presets() if payload.get("table") == "screener.saved" else None)

    # ---- what the window calls ----

    def refresh(self) -> None:
        """Read everything anew."""
        self._load_presets()
        self._load_stars()
        self.host.run(
            "screener.spread", {"fields": list(SPREAD_FIELDS)}, then=self.filters.show_spread, fail=lambda _: None, key="spread"
        )
        self._rerun()

    def set_mode(self, mode: str) -> None:
        """Other words and columns; the same values."""
        self.rule.setVisible(mode == "pro")
        self.filters.set_mode(mode)
        self.table.set_mode(mode)
        self.chips.set_chips(self.filters.chips())
        if self._table is not None:
            self._show(self._table)

    def save_state(self) -> dict[str, Any]:
        return {"filters": self.filters.state(), "columns": self.columns, "rule": self.rule.text(), "open": self._wants_filters}

    def restore_state(self, state: Mapping[str, Any]) -> None:
        self.filters.restore(state.get("filters", {}))
        self.columns = str(state.get("columns", "")) if state.get("columns", "") in ("", *COLUMN_SETS) else ""
        self.rule.set_text(str(state.get("rule", "")))
        self._wants_filters = bool(state.get("open", True))
        self._rerun()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.filters.setVisible(self._wants_filters and self.width() >= _NARROW)

    # ---- running ----

    def arguments(self) -> dict[str, Any]:
        """What `screener.run` is called with for the present filters."""
        rules = [each for each in (self.filters.rule(), self.rule.text()) if each]
        rule = " and ".join(f"({each})" if len(rules) > 1 else each for each in rules)
        return {"preset": self.filters.preset, "rule": rule, "ranges": list(self.filters.ranges()), "columns": self.columns}

    def _rerun(self) -> None:
        self._recorder.stop()
        self.chips.set_chips(self.filters.chips())
        self._call = self.host.run(
            "screener.run",
            {**self.arguments(), "record": False},
            then=self._arrived,
            fail=self._failed,
            progress=self.progress.report,
            key="run",
        )

    def _arrived(self, table: Table) -> None:
        self.progress.finish()
        self.banner.hide()
        self.rule.show_error("")
        self._table = table
        self._show(table)
        self._recorder.start()

    def _show(self, table: Table) -> None:
        detail = table.detail
        names = NEWBIE_COLUMNS if self.host.mode == "newbie" else detail["column_names"]
        self.title.setText(detail["plan"]["title"])
        unknown = detail["unknown"]
        self.count.setToolTip(
            f"{unknown:,} cannot be judged, because something the screen needs is unknown."
            if unknown
            else "Every row could be judged."
        )
        self.badge.show_sources(table.sources, datetime.now(UTC))
        self.table.set_empty(
            "Nothing matches",
            "Loosen a filter or take one of the chips above away."
            + (f" {unknown:,} cannot be judged because data is missing." if unknown else ""),
            "filter-x",
            "Start over",
            self.filters.reset,
        )
        self.table.show_table(table, columns=names)
        self._narrow()

    def _narrow(self) -> None:
        """Keep the rows whose ticker or name holds what is typed; nothing is computed anew."""
        if self._table is None:
            return
        wanted, frame = self.filters.search_text().casefold(), self._table.frame
        ids: list[int] | None = None
        if wanted:
            pairs = zip(frame["symbol"].to_list(), frame["name"].to_list(), strict=True)
            ids = [
                place
                for place, (symbol, name) in enumerate(pairs)
                if wanted in symbol.casefold() or wanted in (name or "").casefold()
            ]
        self.table.set_rows(ids)
        self.count.set_text(f"{frame.height if ids is None else len(ids):,} of {self._table.detail['total']:,}")

    def _failed(self, error: TerminalError) -> None:
        self.progress.finish()
        if error.message.startswith("The rule"):
            self.rule.show_error(error.message)
            return
        self._table = None
        self.count.set_text("–")
        self.banner.show_message(error.sentence(), "warn")

    def _record(self) -> None:
        self.host.run("screener.run", {**self.arguments(), "limit": 1}, then=lambda _: None, fail=lambda _: None, key="record")

    def _cancel(self) -> None:
        if self._call is not None:
            self._call.cancel()

    def _load_presets(self) -> None:
        def got(table: Table) -> None:
            presets = table.rows()
            self.host.run(
                "screener.saved",
                then=lambda own: self.filters.show_presets(presets, [each["name"] for each in own.rows()]),
                key="saved",
            )

        self.host.run("screener.presets", then=got, fail=lambda _: None, key="presets")

    def _choose(self, _: str) -> None:
        self.columns = ""
        self.table.sort_by([])
        self._rerun()

    # ---- actions ----

    def _toggle_filters(self) -> None:
        self._wants_filters = not self.filters.isVisible()
        self.filters.setVisible(self._wants_filters)

    def _save(self) -> None:
        name, agreed = QInputDialog.getText(self, "Save screen", "Name of the screen")
        if agreed and name.strip():
            self.host.run(
                "screener.save",
                {"name": name, **self.arguments(), "columns": self.columns or "default"},
                then=lambda _: self.host.notify(f"Saved as {name}.", "ok"),
            )

    def _column_menu(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for name in COLUMN_SETS:
            action = menu.addAction(name.capitalize())
            action.setCheckable(True)
            action.setChecked(name == (self._table.detail["plan"]["columns"] if self._table else "default"))
            action.triggered.connect(lambda *_, name=name: self._use_columns(name))
        menu.addSeparator()
        menu.addMenu(self._single_columns(menu))
        menu.popup(self.columns_button.mapToGlobal(QPoint(0, self.columns_button.height())))

    def _single_columns(self, parent: QMenu) -> QMenu:
        single = self.table.columns_menu()
        single.setParent(parent, single.windowFlags())
        single.setTitle("Single columns")
        return single

    def _use_columns(self, name: str) -> None:
        self.columns = name
        self._rerun()

    def _changes(self) -> None:
        self.host.run("screener.diff", then=self._show_changes, fail=lambda error: self.host.notify(error.sentence(), "info"))

    def _show_changes(self, table: Table) -> None:
        rows = table.rows()
        lines = [
            f"{'entered' if each['change'] == 'entered' else 'left'}: {each['symbol']} ({each['reason']})" for each in rows[:5]
        ]
        if len(rows) > 5:
            lines.append(f"and {len(rows) - 5} more: `tapeline screener diff`")
        self.banner.show_message("\n".join(lines) or "Nobody entered, nobody left.", "info", title=table.title)

    def _export(self) -> None:
        path = self.host.save_file("Export the table", "screen.csv", ("CSV (*.csv)",))
        if path:
            self.host.run(
                "screener.export", {"file": path, **self.arguments()}, then=lambda table: self.host.notify(table.title, "ok")
            )

    def _actions(self, symbol: str) -> list[Action]:
        actions = [Action("Open tearsheet", lambda each: self.host.open("tearsheet", each), "file-text")]
        if self.host.has_command("watchlist.add"):
            actions.append(Action("Add to watchlist", lambda each: self._star(each, True), "star"))
        if self.host.has_command("tearsheet.export"):
            actions.append(Action("Export PDF …", self._export_pdf, "download"))
        return actions

    def _star(self, symbol: str, on: bool) -> None:
        verb, words = ("watchlist.add", "is on") if on else ("watchlist.remove", "was taken off")
        self.host.run(
            verb,
            {"name": _WATCHLIST, "symbols": [symbol]},
            then=lambda _: self.host.notify(f"{symbol} {words} the watchlist “{_WATCHLIST}”.", "ok"),
        )

    def _load_stars(self) -> None:
        def got(table: Table) -> None:
            self.table.set_starred([each["symbol"] for each in table.rows() if each.get("symbol")])

        if self.host.has_command("watchlist.show"):
            self.host.run("watchlist.show", {"name": _WATCHLIST}, then=got, fail=lambda _: None, key="stars")

    def _export_pdf(self, symbol: str) -> None:
        path = self.host.save_file("Export the tearsheet", f"{symbol}.pdf", ("PDF (*.pdf)",))
        if path:
            self.host.run(
                "tearsheet.export", {"symbol": symbol, "pdf": path}, then=lambda _: self.host.notify(f"Written to {path}.", "ok")
            )


class _RuleLine(QWidget):
    """One line for a rule as text, with the fields offered while typing and the mistake named below."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._field = QLineEdit()
        self._field.setPlaceholderText("Rule, for example: roe > 15% and pe_ttm < sector_median(pe_ttm)")
        self._field.setAccessibleName("Rule")
        self._field.setClearButtonEnabled(True)
        self._completer = QCompleter(sorted(FIELDS), self._field)
        self._completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._completer.setWidget(self._field)
        self._completer.activated.connect(self._complete)
        self._field.textEdited.connect(self._typed)
        self._field.returnPressed.connect(self.changed)
        self._settle = QTimer(self, singleShot=True, interval=350)
        self._settle.timeout.connect(self.changed)
        self._error = label("", "muted", "down", wrap=True)
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 0, 12, 6)
        box.setSpacing(3)
        box.addWidget(self._field)
        box.addWidget(self._error)
        self._error.hide()

    def text(self) -> str:
        return self._field.text().strip()

    def set_text(self, text: str) -> None:
        self._field.setText(text)

    def show_error(self, message: str) -> None:
        self._error.setText(message)
        self._error.setVisible(bool(message))
        theme.set_role(self._field, state="error" if message else "")

    def _typed(self, text: str) -> None:
        self._settle.start()
        word = _last_word(text[: self._field.cursorPosition()])
        self._completer.setCompletionPrefix(word)
        if len(word) >= 2 and word not in FIELDS and self._completer.completionCount():
            self._completer.complete()
        else:
            self._completer.popup().hide()

    def _complete(self, name: str) -> None:
        at, text = self._field.cursorPosition(), self._field.text()
        start = at - len(_last_word(text[:at]))
        self._field.setText(text[:start] + name + text[at:])
        self._field.setCursorPosition(start + len(name))
        self._settle.start()


def _last_word(text: str) -> str:
    start = len(text)
    while start and (text[start - 1].isalnum() or text[start - 1] == "_"):
        start -= 1
    return text[start:]
