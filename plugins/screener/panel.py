"""The screener's panel: filters at the left, the table, and above it what is being looked at."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from plugins.screener.filters import SLIDERS, Filters, Left, Narrowing
from plugins.screener.model import COLUMN_SETS, NEWBIE_COLUMNS
from plugins.screener.panel_drawer import Drawer
from plugins.screener.panel_edge import Beside
from plugins.screener.panel_filters import FilterPane
from plugins.screener.panel_own import OwnScreens
from plugins.screener.panel_owned import OwnedColumn
from plugins.screener.panel_reports import Reports
from plugins.screener.panel_rule import RuleLine
from plugins.screener.panel_watchlists import Watchlists
from plugins.screener.plan import NothingStoredError
from terminal.domain import format as fmt
from terminal.ui.badge import SourceBadge
from terminal.ui.form import Banner, Button, Chip, ChipRow, Flow, ghost, label, row
from terminal.ui.meters import ProgressLine
from terminal.ui.table import Action, Look, TableView

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from PySide6.QtGui import QShowEvent

    from terminal.api import Host, Table, TerminalError

# From this width of the table on, the company's name has a column of its own.
_NAME_FITS = 1040
_RECORD_AFTER_MS = 1500


class ScreenerPanel(QWidget):
    """Runs `screener.run` for another screen, rule or universe; narrows the answer itself when a filter moves.

    A run is recorded once the user has settled.
    """

    answers = frozenset({"screener.run"})

    def __init__(self, host: Host) -> None:
        super().__init__()
        self.host = host
        self.columns = ""
        self.own_columns: list[str] = []
        self.bucket = "matched"
        self._table: Table | None = None
        self._narrowing: Narrowing | None = None
        self._left = Left([], [])
        self._plan: Mapping[str, Any] = {}
        self._presets: dict[str, dict[str, Any]] = {}
        self._screen = ""
        self._call: Any = None
        self._begun = False
        self._counted = False
        self._tones: dict[str, str] = {}
        self.own = OwnScreens(self)
        self.owned = OwnedColumn(host, self._owned_changed)
        self.filters = FilterPane(host, self.own.menu)
        self.title = label("All", "h1")
        self.count = Chip("…", "accent", clickable=True, tip="Show the rows that match")
        self.unknown = Chip("", clickable=True)
        self.reports = Reports(host)
        self.chips = ChipRow()
        self.badge = SourceBadge()
        self.rule = RuleLine()
        self.why = label("", "muted", wrap=True)
        self.banner = Banner("", dismissable=True)
        self.progress = ProgressLine(self._cancel)
        self.table = TableView(
            host, name="Screen results", actions=self._actions, star=host.has_command("watchlist.add"), looks=self._looks(),
            key="screener",
        )
        self.drawer = Drawer(host)
        self.watchlists = Watchlists(host, self.table)
        self._recorder = QTimer(self, singleShot=True, interval=_RECORD_AFTER_MS)
        self._recorder.timeout.connect(self._settled)
        self._lay_out()
        self._connect()
        self._dress()

    def _looks(self) -> dict[str, Look]:
        return {
            "symbol": Look("ticker", 62),
            "name": Look("muted", 150),
            "price": Look("number", 62),
            "verdict": Look("pill", 84),
            "score": Look("bar", 68),
            "pe_ttm": Look("number", 52),
            "roe": Look("number", 54),
            "position_52w": Look("position", 100),
            "dcf_gap": Look("signed", 68),
            "flags": Look("chips", 78, stretch=True, tones=self._tones),
            "own": Look("text", 152),
            "own_weight": Look("number", 84),
            "own_worth": Look("number", 92),
            "own_gain": Look("signed", 84),
            "why": Look("text", 320, stretch=True),
        }

    def _lay_out(self) -> None:
        self.banner.hide()
        self.unknown.hide()
        self.changes_button = ghost("What changed", "git-compare-arrows", self.show_changes)
        self.clauses_button = ghost("Clauses", "list-checks", self.show_clauses)
        self.columns_button = ghost("Columns", "columns-3", self._column_menu)
        self.export_button = ghost("Export", "download", self._export)
        self._buttons = (self.changes_button, self.clauses_button, self.columns_button, self.export_button)
        for button in self._buttons:
            button.setToolTip(button.text())
        self.question = Button("What are you looking for?", icon="search", on_click=self._ask)
        self._words = [button.text() for button in self._buttons]
        told = (self.title, self.count, self.unknown, self.reports, self.question)
        head = Flow(spacing=6)
        for each in told:
            head.addWidget(each)
        first = row(*self._buttons, spacing=6, margins=(12, 8, 8, 4))
        first.insertLayout(0, head, 1)
        about = row(self.rule, self.why, spacing=8, margins=(12, 0, 10, 6))
        about.addWidget(self.badge, 0, Qt.AlignmentFlag.AlignTop)
        about.setStretch(0, 1)
        about.setStretch(1, 1)
        self._chip_line = QWidget()
        self._chip_line.setLayout(row(self.chips, margins=(12, 0, 10, 6)))
        self._chip_line.hide()
        right = QWidget()
        right.setMinimumWidth(320)
        box = QVBoxLayout(right)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addLayout(first)
        box.addLayout(about)
        for widget in (self._chip_line, self.banner, self.progress):
            box.addWidget(widget)
        box.addWidget(self.table, 1)
        box.addWidget(self.drawer)
        self.beside = Beside(self.filters, right)
        self.beside.watch(self.table.viewport())
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.beside)

    def _connect(self) -> None:
        self.filters.moved.connect(self._narrow)
        self.filters.chosen.connect(self._chosen)
        self.filters.closed.connect(self.beside.close_)
        self.beside.placed.connect(self._placed)
        self.rule.changed.connect(self._rule_changed)
        self.chips.removed.connect(self._remove)
        self.count.clicked.connect(lambda: self.show_bucket("matched"))
        self.unknown.clicked.connect(lambda: self.show_bucket("matched" if self.bucket == "unknown" else "unknown"))
        self.table.selected.connect(self.host.select)
        self.table.activated.connect(partial(self.host.open, "tearsheet"))
        self.table.columns_changed.connect(self._own_columns)
        self.reports.counted.connect(self._fit_buttons)
        self.drawer.opened.connect(partial(self.host.open, "tearsheet"))
        self.host.on("market.changed", lambda _: self.refresh())
        self.host.on("book.changed", self._book_changed)

    def _dress(self) -> None:
        newbie = self.host.mode == "newbie"
        self.rule.setVisible(not newbie)
        self.why.setVisible(newbie)
        self.clauses_button.setVisible(not newbie)
        self.drawer.set_mode(self.host.mode)

    # ---- what the window calls ----

    def refresh(self) -> None:
        """Read everything anew; the rows first, then how many each ready-made screen would find."""
        self._begun, self._counted = True, False
        self.owned.expire()
        self._rerun()
        self._load_universes()
        self.watchlists.load()
        self.host.run(
            "screener.spread",
            {"fields": list(SLIDERS), "universe": self.filters.filters.universe},
            then=self.filters.show_spread,
            fail=lambda _: None,
            key="spread",
        )

    def show_as_of(self, _day: Any) -> None:
        """Another day: the same questions anew."""
        self.drawer.close_()
        self.refresh()

    def set_mode(self, mode: str) -> None:
        """Other words and columns; the same values."""
        self.filters.set_mode(mode)
        self._dress()
        self._placed()
        self.table.set_mode(mode)
        self.drawer.close_()
        if self._table is not None:
            self._show()

    def landmark(self, name: str) -> QWidget | None:
        """The part that the tour speaks of: the pane with the questions."""
        return self.filters if name == "question" else None

    def save_state(self) -> dict[str, Any]:
        return {
            "filters": self.filters.filters.state(),
            "columns": self.columns,
            "own_columns": self.own_columns,
            "sort": [list(key) for key in self.table.sort_keys],
            "open": self.beside.wanted,
        }

    def restore_state(self, state: Mapping[str, Any]) -> None:
        filters = Filters.of(state.get("filters") or {})
        self.filters.set_filters(filters)
        self.rule.set_rule(filters.rule)
        self.columns = str(state.get("columns", "")) if state.get("columns", "") in ("", *COLUMN_SETS) else ""
        self.own_columns = [str(name) for name in state.get("own_columns", ())]
        self.table.sort_by([(str(name), bool(down)) for name, down in state.get("sort", ())])
        self.beside.wanted = bool(state.get("open", True))
        self.beside.place()
        if self._begun:
            self._rerun()

    def show_answer(self, _command: str, table: Table) -> None:
        """A screen that was run elsewhere (palette, rule) becomes the screen shown here."""
        plan = table.detail["plan"]
        own = "" if plan["base"] else plan["rule"]
        self.rule.set_rule(own)
        self.filters.set_filters(Filters(plan["base"] or "all", plan["universe"], own))
        self._chosen()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._begun:
            self.refresh()

    # ---- what has room ----

    def _placed(self) -> None:
        """The filters came or went, or the panel has another width."""
        self.question.setVisible(not self.beside.inline and self.host.mode == "newbie")
        self._fit_buttons()
        if self._table is not None and self.table.shown_columns != self._columns():
            self.table.set_columns(self._columns())

    def _ask(self) -> None:
        self.beside.open_()

    def _fit_buttons(self) -> None:
        """The buttons above the table lose their words where there is no room for them."""
        named = [each for each in (self.title, self.count, self.unknown, self.reports, self.question) if not each.isHidden()]
        taken = sum(each.sizeHint().width() + 6 for each in named) + 30
        metrics = self.changes_button.fontMetrics()
        wanted = sum(
            metrics.horizontalAdvance(text) + 40
            for text, button in zip(self._words, self._buttons, strict=True)
            if not button.isHidden()
        )
        worded = taken + wanted <= self.beside.room
        for button, text in zip(self._buttons, self._words, strict=True):
            button.setText(text if worded else "")

    # ---- running ----

    def arguments(self) -> dict[str, Any]:
        """What `screener.run` is called with for what is on the screen."""
        return {**self.filters.filters.arguments(), "columns": self.columns}

    def _rerun(self) -> None:
        """Ask for the screen without the filters that `_narrow` applies."""
        self._recorder.stop()
        chosen = self.filters.filters
        self._call = self.host.run(
            "screener.run",
            {
                "preset": chosen.preset,
                "rule": chosen.rule,
                "universe": chosen.universe,
                "columns": self.columns,
                "fields": list(SLIDERS),
                "show": "all",
                "record": False,
            },
            then=self._arrived,
            fail=self._failed,
            progress=self.progress.report,
            key="run",
        )

    def _arrived(self, table: Table) -> None:
        self._finished()
        self._table = self.owned.beside(table)
        self._narrowing = Narrowing(table.frame)
        self._tones.update(table.detail["tones"])
        plan = self._plan = table.detail["plan"]
        if self._screen != plan["title"] and not self.table.sort_keys and plan["sort"] in table.detail["column_names"]:
            self.table.sort_by([(plan["sort"], not plan["ascending"])])
        self._screen = plan["title"]
        self._show()
        if not self.host.symbol() and not table.frame.is_empty():
            self.host.select(table.frame["symbol"][0])  # a newcomer sees a company at once

    def _show(self) -> None:
        """The answer in the words and columns of the mode."""
        assert self._table is not None
        self._show_title()
        self.badge.show_sources(self._table.sources, datetime.now(UTC))
        self.table.show_table(self._table, columns=self._columns())
        self._narrow()

    def _show_title(self) -> None:
        """The screen's name; for a beginner what it was asked in plain words."""
        chosen = self._presets.get(self.filters.filters.preset, {})
        if self._plan:
            plain = chosen.get("newbie") if self.host.mode == "newbie" and not self.filters.filters.rule else ""
            self.title.setText(plain or self._plan["title"])
        self.why.setText(chosen.get("why", ""))

    def _columns(self) -> list[str]:
        if self.host.mode == "newbie":
            return self.owned.columns(list(NEWBIE_COLUMNS), self.table.width())
        if self.own_columns:
            return self.own_columns
        names = list(self._table.detail["column_names"]) if self._table is not None else []
        if self.table.width() >= _NAME_FITS and "name" not in names and names[:1] == ["symbol"]:
            names.insert(1, "name")
        return self.owned.columns(names, self.table.width())

    def _owned_changed(self) -> None:
        """Other holdings: the same rows with another column."""
        if self._table is not None:
            self._table = self.owned.beside(self._table)
            self.table.show_table(self._table, columns=self._columns())
            self._show_bucket()

    def _narrow(self) -> None:
        """Show the rows that the filters leave of the present answer; nothing is computed anew."""
        chosen = self.filters.filters
        chips = chosen.chips(lambda name: self.host.explain(name).title)
        if chosen.rule and self.host.mode == "newbie":
            chips.append(("rule", chosen.rule))
        self.chips.set_chips(chips)
        self._chip_line.setVisible(bool(chips))
        self.beside.edge.set_count(len(chips))
        if self._table is None or self._narrowing is None:
            return
        self._left = self._narrowing.left(chosen)
        if not self._left.unknown:
            self.bucket = "matched"
        self._show_bucket()
        self._recorder.start()

    def show_bucket(self, bucket: str) -> None:
        """`matched`: the rows that match; `unknown`: those that cannot be judged because data is missing."""
        self.bucket = bucket
        self._show_bucket()

    def _show_bucket(self) -> None:
        assert self._table is not None
        left, total = self._left, self._table.detail["total"]
        unknown = self.bucket == "unknown"
        self.table.set_empty(
            "Nothing matches",
            "Loosen a filter or take one of the chips above away."
            + (f" {fmt.count(len(left.unknown))} cannot be judged because data is missing." if left.unknown else ""),
            "filter-x",
            "Start over",
            self._start_over,
        )
        self.table.set_rows(left.unknown if unknown else left.matched)
        self.count.set_text(f"{fmt.count(len(left.matched))} of {fmt.count(total)}", "" if unknown else "accent")
        self.unknown.set_text(f"{fmt.count(len(left.unknown))} unknown", "accent" if unknown else "")
        self.unknown.setToolTip(
            "Back to the rows that match" if unknown else "Show the rows that cannot be judged, because something is missing"
        )
        self.unknown.setVisible(bool(left.unknown))
        self._fit_buttons()

    def _finished(self) -> None:
        self.progress.finish()
        if not self._counted:
            self._load_presets()

    def _failed(self, error: TerminalError) -> None:
        self._finished()
        self._table, self._narrowing, self._left = None, None, Left([], [])
        self.count.set_text("–")
        self.unknown.hide()
        self.badge.show_sources((), datetime.now(UTC))
        if isinstance(error, NothingStoredError) and self.host.as_of is None and self.host.has_command("market.refresh"):
            hint = "Load the companies of the S&P 500: free, without a key. Prices come first, the rest follows while you look."
            self.table.set_empty("No company is stored yet", hint, "download", "Load large US companies", self._load_market)
        else:
            self.table.set_empty(error.message, error.hint, "triangle-alert", "Start over", self._start_over)
        self.table.show_table(empty_table())

    def _load_market(self) -> None:
        wanted = self.filters.filters.universe or "sp500"
        self.host.run("market.refresh", {"universe": wanted}, fail=self._failed, progress=self.progress.report, key="load",
                      then=lambda _: self.progress.finish())  # fmt: skip

    def _settled(self) -> None:
        """The user looks at these rows: record the run, and say how many of them report soon."""
        self._record()
        if self._table is not None:
            symbols = self._table.frame["symbol"]
            self.reports.count([symbols[at] for at in self._left.matched])
            self.owned.ask()

    def _record(self, then: Callable[[Table], None] = lambda _: None) -> None:
        self._recorder.stop()
        self.host.run("screener.run", {**self.arguments(), "limit": 1}, then=then, fail=lambda _: None, key="record")

    def _cancel(self) -> None:
        if self._call is not None:
            self._call.cancel()

    def _load_presets(self) -> None:
        def got(presets: Table) -> None:
            self._presets = {each["id"]: each for each in presets.rows()}
            self._show_title()
            self.host.run("screener.saved", {"counts": True}, then=got_own, key="saved")

        def got_own(own: Table) -> None:
            self.filters.show_presets(list(self._presets.values()), own.rows())

        self._counted = True
        universe = self.filters.filters.universe
        self.host.run("screener.presets", {"universe": universe}, then=got, fail=lambda _: None, key="presets")

    def _load_universes(self) -> None:
        def got(table: Table) -> None:
            rows = [each for each in table.rows() if each["symbols"] and each["name"] != "all"]
            self.filters.show_universes([("", "Everything stored"), *((each["name"], each["title"]) for each in rows)])

        if self.host.has_command("market.universes"):
            self.host.run("market.universes", then=got, fail=lambda _: None, key="universes")

    def _book_changed(self, payload: Mapping[str, Any]) -> None:
        table = str(payload.get("table", ""))
        if table == "screener.saved":
            self._load_presets()
        elif table.startswith("portfolio."):
            self.owned.expire()
            self.owned.ask()
        elif table.startswith("watchlist"):
            self.watchlists.load()
            self._load_universes()

    # ---- what the user does ----

    def _chosen(self) -> None:
        """Another screen, universe or rule: its own columns and order."""
        self.columns, self.own_columns, self.bucket = "", [], "matched"
        self.table.unpin_columns()
        self.table.sort_by([])
        self._screen = ""
        self.rule.set_rule(self.filters.filters.rule)
        self.banner.hide()
        self.beside.step_aside()
        self._load_presets()
        self._rerun()

    def _rule_changed(self) -> None:
        """Judge the rows that are there by the new rule; they are the same rows unless the market has changed since."""
        self.filters.set_rule(self.rule.rule())
        self._recorder.stop()
        chosen = self.filters.filters

        def judged(table: Table) -> None:
            present = self._table.detail if self._table is not None else {}
            if self._narrowing is None or present.get("basis") != table.detail["basis"]:
                self._rerun()
                return
            self._plan = table.detail["plan"]
            self._show_title()
            self._narrowing.judge(table.frame["symbol"], table.frame["outcome"])
            self._narrow()

        wanted = {"preset": chosen.preset, "rule": chosen.rule, "universe": chosen.universe}
        self._call = self.host.run("screener.judge", wanted, then=judged, fail=self._failed, key="run")

    def _remove(self, key: str) -> None:
        self.filters.remove(key)

    def _start_over(self) -> None:
        self.filters.reset()

    def _column_menu(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        present = self._plan.get("columns", "default")
        for name in COLUMN_SETS:
            action = menu.addAction(name.capitalize())
            action.setCheckable(True)
            action.setChecked(name == present and not self.own_columns)
            action.triggered.connect(lambda *_, name=name: self.use_columns(name))
        menu.addSeparator()
        single = self.table.columns_menu()
        single.setParent(menu, single.windowFlags())
        single.setTitle("Single columns")
        menu.addMenu(single)
        menu.popup(self.columns_button.mapToGlobal(QPoint(0, self.columns_button.height())))

    def use_columns(self, name: str) -> None:
        """Another set of columns; the rows stay."""
        self.columns, self.own_columns = name, []
        self.table.unpin_columns()
        self._rerun()

    def _own_columns(self, names: list[str]) -> None:
        if self.host.mode == "newbie":
            return  # the table keeps them; Pro has its own
        self.own_columns = names
        if not names:
            self.table.set_columns(self._columns())

    # ---- the drawer ----

    def show_changes(self) -> None:
        """Who entered and who left since the last run that found others; what is shown is recorded first."""
        self._record(lambda recorded: self.drawer.ask_changes(recorded.detail["plan"]["screen"]))

    def show_clauses(self) -> None:
        """What each clause passes, fails and cannot judge, and what would match without it."""
        self.drawer.ask_clauses(self.filters.filters.arguments())

    def show_reason(self, symbol: str) -> None:
        """Judge one symbol clause by clause."""
        self.drawer.ask_reason(symbol, self.filters.filters.arguments())

    # ---- actions ----

    def _export(self) -> None:
        path = self.host.save_file("Export the table", "screen.csv", ("CSV (*.csv)",))
        if path:
            self.host.run(
                "screener.export", {"file": path, **self.arguments()}, then=lambda table: self.host.notify(table.title, "ok")
            )

    def _actions(self, symbol: str) -> list[Action]:
        actions = [
            Action("Open tearsheet", lambda each: self.host.open("tearsheet", each), "file-text"),
            Action("Why is it in or out?", self.show_reason, "list-checks"),
            Action(""),
            *self.watchlists.actions(symbol),
        ]
        if self.host.has_command("tearsheet.export"):
            actions += [Action(""), Action("Export PDF …", self._export_pdf, "download")]
        return actions

    def _export_pdf(self, symbol: str) -> None:
        path = self.host.save_file("Export the tearsheet", f"{symbol}.pdf", ("PDF (*.pdf)",))
        if path:
            self.host.run(
                "tearsheet.export", {"symbol": symbol, "pdf": path}, then=lambda _: self.host.notify(f"Written to {path}.", "ok")
            )


def empty_table() -> Table:
    """A table of nothing, for when there is no answer."""
    import polars as pl

    from terminal.api import Table

    return Table("", (), pl.DataFrame())
