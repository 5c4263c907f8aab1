"""The planner: what one expects on the left, ranked structures in the middle, the chosen one in full on the right."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from plugins.options.panel_parts import nothing_of
from plugins.options.planner.panel_cards import Ideas
from plugins.options.planner.panel_detail import Detail
from plugins.options.planner.panel_form import OutlookForm
from terminal.ui import theme
from terminal.ui.badge import SourceBadge
from terminal.ui.form import Banner, Button, Chip, EmptyState, column, label, reveal, row
from terminal.ui.meters import ProgressLine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtGui import QResizeEvent, QShowEvent

    from terminal.api import Host, Table, TerminalError

_DATA = frozenset({"chains"})
_WIDE = 1180


class PlannerPanel(QWidget):
    """Runs `options.plan` for what the form says; the card that is chosen is told in full by `options.calc`."""

    answers = ("options.plan",)

    def __init__(self, host: Host) -> None:
        super().__init__()
        self.host = host
        self._symbol = host.symbol() or ""
        self._table: Table | None = None
        self._stale, self._chosen, self._own = True, 0, ""
        self._call: Any = None
        self._records: dict[str, tuple[int, int]] = {}
        self.title, self.spot = label("Planner", "h1"), Chip("", "accent")
        self.regime = Chip("")
        self.badge = SourceBadge()
        self.progress = ProgressLine(self._cancel)
        self.banner = Banner("", "warn", dismissable=True)
        self.banner.hide()
        self.form, self.ideas, self.detail = OutlookForm(host), Ideas(), Detail(host)
        self.note = label("", "muted", wrap=True)
        self.empty = EmptyState("Which symbol?", "Choose one in any linked panel, or type it in the search.", "compass")
        self._lay_out()
        self._connect()
        self.detail.clear()
        for chip in (self.spot, self.regime):
            reveal(chip, False)

    def _lay_out(self) -> None:
        middle = QWidget()
        middle.setLayout(column(self.note, self.ideas, spacing=6))
        self._middle = middle
        self._answer = QStackedWidget()
        body = QWidget()
        both = QHBoxLayout(body)
        both.setContentsMargins(0, 0, 0, 0)
        both.setSpacing(12)
        both.addWidget(middle)
        both.addWidget(self._scrolled(self.detail), 1)
        self._answer.addWidget(body)
        self._answer.addWidget(self.empty)
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 8, 12, 8)
        box.setSpacing(6)
        self.outlook = Button("Outlook", icon="sliders-horizontal", on_click=self._outlook_wanted)
        self.outlook.setCheckable(True)
        box.addLayout(row(self.outlook, self.title, self.spot, self.regime, 0, self.badge, spacing=8))
        box.addWidget(self.progress)
        box.addWidget(self.banner)
        main = row(self.form, spacing=12)
        main.addWidget(self._answer, 1)
        box.addLayout(main, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        """Side by side where there is room, else the form in place of the cards while it is wanted."""
        wide = self.width() >= theme.scaled(_WIDE)
        reveal(self.outlook, not wide)
        reveal(self.form, wide or self.outlook.isChecked() or not self._symbol)
        reveal(self._middle, wide or not self.outlook.isChecked())
        self._middle.setFixedWidth(theme.scaled(356 if wide else 300))

    def _outlook_wanted(self) -> None:
        self._arrange()
        if self.outlook.isChecked():
            self.form.bias.setFocus()

    def _scrolled(self, widget: QWidget) -> QScrollArea:
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setAccessibleName("The chosen position")
        area.setWidget(widget)
        return area

    def _connect(self) -> None:
        self.form.changed.connect(self.refresh)
        self.ideas.chosen.connect(self._choose_by_hand)
        self.host.on("market.changed", self._market_changed)
        self.host.on("book.changed", self._book_changed)
        self.host.on("plan.drafted", self._drafted)
        self.detail.keep.clicked.connect(lambda *_: self._keep())

    # ---- what the window calls ----

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self.refresh()
            self._ask_record()

    def show_symbol(self, symbol: str) -> None:
        """Plan for another symbol."""
        if symbol and symbol != self._symbol:
            self._symbol, self._chosen, self._own = symbol, 0, ""
            self._table = None
            self.refresh()

    def show_as_of(self, _day: Any) -> None:
        """Another day: nothing of the present one stays."""
        self._table = None
        self.refresh()

    def set_mode(self, mode: str) -> None:
        """Other words; the same values."""
        self.form.set_mode(mode)
        self.detail.set_mode(mode)
        if self._table is not None:
            self._show(self._table)

    def retheme(self) -> None:
        """Colours anew: pictures read them when they paint."""
        self.update()

    def save_state(self) -> dict[str, Any]:
        return {"form": self.form.save_state(), "view": self.detail.views.value, "chosen": self._chosen}

    def restore_state(self, state: Mapping[str, Any]) -> None:
        self.form.restore_state(dict(state.get("form") or {}))
        self._chosen = int(state.get("chosen") or 0)
        if str(state.get("view")) in ("legs", "risks", "figures", "portfolio", "plans"):
            self.detail.show_view(str(state["view"]))

    def show_answer(self, command: str, table: Table) -> None:
        """A plan asked for by the palette or the search."""
        if command == "options.plan" and table.detail:
            self._symbol = table.detail["case"].symbol
            self._chosen = 0
            self._arrived(table)

    # ---- asking ----

    def refresh(self) -> None:
        """Plan anew for what the form says; not before it is seen."""
        if not self.isVisible():
            self._stale = True
            return
        self._stale = False
        if not self._symbol:
            self._say_empty("Which symbol?", "Choose one in any linked panel, or type it in the search.", "compass")
            return
        self._call = self.host.run("options.plan", {"symbol": self._symbol, **self.form.arguments()}, then=self._arrived,
                                   fail=self._failed, progress=self.progress.report, key="planner.plan")  # fmt: skip

    def _ask_record(self) -> None:
        self.host.run("options.record", {}, then=self._got_record, fail=lambda _: None, key="planner.record")

    def _got_record(self, table: Table) -> None:
        found = dict(table.detail.get("records") or {})
        if found != self._records:
            self._records = found
            if self._table is not None and self._table.detail["ideas"]:
                self.ideas.show_plan(self._table, self.host.mode, found)
                self.ideas.mark(self._chosen)

    def _keep(self) -> None:
        """Write the position into the book under a name that tells what it is."""
        wanted = self.detail.kept()
        if wanted:
            self.host.run("options.plan_save", {**wanted, "outlook": self.form.bias.value}, then=self._was_kept,
                          fail=lambda error: self.host.notify(error.sentence(), "warn"), key="planner.keep")  # fmt: skip

    def _was_kept(self, table: Table) -> None:
        self.host.notify(table.notes[0], "ok")
        self.detail.show_view("plans")

    def _book_changed(self, payload: Mapping[str, Any]) -> None:
        if payload.get("table") == "options.plans":
            self.detail.plans_changed()
        else:
            self._ask_record()

    def _cancel(self) -> None:
        if self._call is not None:
            self._call.cancel()

    def _arrived(self, table: Table) -> None:
        self.progress.finish()
        same = self._table is not None and self._table.detail["case"].symbol == table.detail["case"].symbol
        self._table = table
        if not same:
            self._chosen = min(self._chosen, max(0, len(table.detail["ideas"]) - 1))
        else:
            self._chosen = 0
        self._show(table)

    def _show(self, table: Table) -> None:
        case, plan = table.detail["case"], table.detail["plan"]
        self.title.setText(f"Planner: {case.symbol}")
        for chip in (self.spot, self.regime):
            reveal(chip)
        self.spot.set_text(f"{case.board.spot:,.2f}")
        rank = case.dear.rank
        stand_in = " (stand-in)" if case.dear.proxy else ""
        known = "volatility: rank not known" if rank is None else f"volatility rank {rank:.0%}{stand_in}"
        self.regime.set_text(known)
        self.regime.setToolTip(case.dear.told)
        self.badge.show_sources(case.sources, datetime.now(UTC))
        self.note.setText(" ".join(self._notes(table)))
        self.form.note.setText(next((each for each in table.notes if each.startswith("Accounts under")), ""))
        if not table.detail["ideas"]:
            hint = "Take another day or target, allow losses without limit, or type your own legs."
            self._say_empty("No structure fits this outlook", hint, "search-x")
            return
        self._answer.setCurrentIndex(0)
        fits = bool(plan.ideas)
        self.banner.hide()
        if not fits:
            small = next((each for each in table.notes if each.startswith("The smallest")), "")
            self.banner.show_message(small, "warn", title="Not even one contract fits what you allow to lose")
        self.ideas.show_plan(table, self.host.mode, self._records)
        if self._own:
            self._show_own()
        else:
            self.choose(self._chosen)

    def _notes(self, table: Table) -> list[str]:
        plan, view = table.detail["plan"], table.detail["plan"].view
        at = " or ".join(f"{each:,.2f}" for each in view.targets)
        made = f"{plan.tried} combinations valued, {plan.illiquid} quotes left out."
        if self.host.mode == "newbie":
            return [f"You expect {at} by {view.day:%d %b}; the market expects ±{view.move:,.0f}."]
        return [f"Target {at} by {view.day:%d %b} ({view.told}), market ±{view.move:,.2f}. {made}"]

    def _drafted(self, payload: Mapping[str, Any]) -> None:
        """Legs that were put together elsewhere; they stay until a card is chosen or another symbol is looked at."""
        if payload["symbol"] == self._symbol:
            self._own = str(payload["legs"])
            self._show_own()

    def _show_own(self) -> None:
        self._answer.setCurrentIndex(0)
        self.ideas.mark(-1)
        self.detail.show_position(self._symbol, self._own, 1, self.form.purse(), "Your own legs")

    def _choose_by_hand(self, place: int) -> None:
        self._own = ""
        self.choose(place)

    def choose(self, place: int) -> None:
        """Show one of the ideas in full."""
        if self._table is None or not self._table.detail["ideas"]:
            return
        self._chosen = place = min(max(place, 0), len(self._table.detail["ideas"]) - 1)
        idea, line = self._table.detail["ideas"][place], self._table.rows()[place]
        self.ideas.mark(place)
        self.detail.show_position(self._symbol, line["legs"], idea.size.count, self.form.purse(), idea.structure.title)

    def _failed(self, error: TerminalError) -> None:
        self.progress.finish()
        if self._table is not None:
            self.banner.show_message(error.sentence(), "warn")
            return
        self._say_empty("No plan", error.sentence(), "circle-alert")
        nothing_of(self.empty, self.host, self._symbol, f"No plan for {self._symbol}", error, "circle-alert", self.refresh)

    def _say_empty(self, title: str, text: str, icon: str) -> None:
        self.empty.set_message(title, text, icon)
        self._answer.setCurrentIndex(1)
        self.ideas.show_plan(None, self.host.mode)
        self.detail.clear()

    def _market_changed(self, payload: Mapping[str, Any]) -> None:
        if self.host.as_of is None and _DATA & set(payload.get("datasets", ())) and self._symbol in payload.get("symbols", ()):
            self.refresh()
