"""The left layer of the screener: which screen, which kinds of company, which limits."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLabel, QLineEdit, QMenu, QScrollArea, QVBoxLayout, QWidget

from plugins.screener.filters import GROUPS, TYPES, Filters, caption, shown
from terminal.domain import format as fmt
from terminal.domain.instruments import SECTORS
from terminal.ui import theme
from terminal.ui.form import Button, Card, IconButton, SectionTitle, ghost, label, line, row
from terminal.ui.slider import RangeSlider

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from PySide6.QtGui import QKeyEvent

    from terminal.api import Host, Table

WIDTH = 258  # 280 px at the standard font
_SHORT = {
    "Communication Services": "Communication",
    "Consumer Discretionary": "Cons. cyclical",
    "Consumer Staples": "Cons. staples",
    "Information Technology": "Technology",
}
_Menu = list[tuple[str, "Callable[[], object]"]]


class FilterPane(QWidget):
    """Shows and changes `filters`. `moved`: only what is left of the present answer changes; `chosen`: another answer."""

    moved = Signal()
    chosen = Signal()
    closed = Signal()

    def __init__(self, host: Host, own_screen_menu: Callable[[], _Menu]) -> None:
        super().__init__()
        self.host = host
        self.mode: str = host.mode
        self.filters = Filters()
        self._own_screen_menu = own_screen_menu
        self._spread: dict[str, Mapping[str, Any]] = {}
        self._presets: list[dict[str, Any]] = []
        self._own: list[dict[str, Any]] = []
        self._universes: list[tuple[str, str]] = []
        self.sliders: dict[str, RangeSlider] = {}
        self._values: dict[str, QLabel] = {}
        self.sector_boxes: dict[str, QCheckBox] = {}
        self.type_boxes: dict[str, QCheckBox] = {}
        self.cards: dict[str, Card] = {}
        self.setFixedWidth(theme.scaled(WIDTH))
        self.setProperty("role", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("Filters")
        self._outer = QVBoxLayout(self)
        self._outer.setContentsMargins(0, 0, 0, 0)
        self._outer.setSpacing(0)
        self._body: QWidget | None = None
        self._build()

    # ---- what the panel calls ----

    def set_filters(self, filters: Filters) -> None:
        """Show other filters without telling."""
        self.filters = filters
        self._show_filters()
        self._show_screen()

    def set_rule(self, rule: str) -> None:
        """The rule line belongs to the filters, too."""
        self.filters = replace(self.filters, rule=rule)

    def remove(self, key: str) -> None:
        """Take one filter away, as its chip's cross does."""
        self.filters = self.filters.without(key)
        self._show_filters()
        (self.chosen if key == "rule" else self.moved).emit()

    def reset(self) -> None:
        """Everything open, the present screen kept."""
        self.filters = self.filters.cleared()
        self._show_filters()
        self._show_screen()
        self.chosen.emit()

    def set_mode(self, mode: str) -> None:
        self.mode = mode
        self._build()

    def show_presets(self, presets: list[dict[str, Any]], own: list[dict[str, Any]]) -> None:
        """Ready-made screens and the user's own, with live counts."""
        if (presets, own) == (self._presets, self._own):
            return
        self._presets, self._own = presets, own
        if self.mode == "newbie":
            self._fill_cards()
        else:
            self._label_presets()

    def show_universes(self, universes: list[tuple[str, str]]) -> None:
        """Where can be looked: (name, words)."""
        self._universes = universes
        self._label_universes()

    def show_spread(self, table: Table) -> None:
        """Ends and histograms of the sliders."""
        self._spread = {each["field"]: each for each in table.rows()}
        for name, slider in self.sliders.items():
            self._fit(name, slider)

    @property
    def own_screen(self) -> str:
        """The saved screen that is chosen, "" when it is a ready-made one."""
        return self.filters.preset if any(each["name"] == self.filters.preset for each in self._own) else ""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    # ---- building ----

    def _build(self) -> None:
        if self._body is not None:
            self._body.setParent(None)
            self._body.deleteLater()
        self.sliders, self.sector_boxes, self.type_boxes, self.cards = {}, {}, {}, {}
        inside = QWidget()
        box = QVBoxLayout(inside)
        box.setContentsMargins(14, 10, 14, 12)
        box.setSpacing(10)
        (self._newbie if self.mode == "newbie" else self._pro)(box)
        box.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inside)
        scroll.setAccessibleName("Filters")
        self._body = scroll
        self._outer.addWidget(scroll)

    def _head(self, title: str) -> QWidget:
        close = IconButton("panel-left-close", "Hide the filters", self.closed.emit, size=15)
        return SectionTitle(title, "", close)

    def _pro(self, box: QVBoxLayout) -> None:
        box.addWidget(self._head("Screen"))
        self._combo = QComboBox()
        self._combo.setAccessibleName("Screen")
        self._combo.activated.connect(lambda at: self._choose(self._combo.itemData(at)))
        self._more = IconButton("ellipsis", "Save, rename or delete this screen", self._screen_menu, size=15)
        self._label_presets()
        chooser = row(self._combo, self._more, spacing=4)
        chooser.setStretch(0, 1)
        box.addLayout(chooser)
        self._search(box, "Filter by ticker or name")
        box.addWidget(line())
        box.addLayout(row(label("UNIVERSE", "caps"), 0, ghost("Reset", on_click=self.reset)))
        self._where(box)
        self._types(box)
        self._sectors(box)
        for title, _, _, names in GROUPS:
            box.addWidget(line())
            box.addWidget(label(title, "caps"))
            for name in names:
                self._slider(box, name, sentence=False)

    def _newbie(self, box: QVBoxLayout) -> None:
        box.addWidget(self._head("What are you looking for?"))
        self._cards_place = QVBoxLayout()
        self._cards = QWidget()
        self._cards_place.addWidget(self._cards)
        box.addLayout(self._cards_place)
        self._fill_cards()
        box.addLayout(row(Button("Save this screen", icon="bookmark", on_click=self._save), 0))
        self._search(box, "Find a company by name")
        box.addWidget(line())
        box.addWidget(label("Where should I look?", "h2"))
        self._where(box)
        box.addWidget(label("What kind of company?", "h2"))
        self._types(box)
        self._sectors(box)
        for _, question, names, _ in GROUPS:
            box.addWidget(line())
            box.addWidget(label(question, "h2"))
            for name in names:
                self._slider(box, name, sentence=True)
        box.addWidget(ghost("Start over", "rotate-ccw", self.reset))

    def _fill_cards(self) -> None:
        """The questions with how many companies answer each; in one piece, so that they are laid out once."""
        self.cards, fresh = {}, QWidget()
        box = QVBoxLayout(fresh)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(10)
        for each in self._presets:
            self._card(box, each["id"], each["newbie"], each["matched"], each["why"])
        if self._own:
            box.addWidget(label("Screens of your own", "h2"))
        for each in self._own:
            self._card(box, each["name"], each["name"], each["matched"], each["rule"] or "Everything")
        if not self._presets:
            box.addWidget(label("Counting what there is …", "muted"))
        self._cards_place.replaceWidget(self._cards, fresh)
        self._cards.hide()
        self._cards.deleteLater()
        self._cards = fresh

    def _card(self, box: QVBoxLayout, key: str, text: str, count: int | None, tip: str) -> None:
        inside = row(label(text, "body", wrap=True), label("–" if count is None else f"{fmt.count(count)}", "muted"), spacing=8)
        inside.setStretch(0, 1)
        card = Card(inside, clickable=True)
        card.setAccessibleName(f"{text}: {'unknown' if count is None else count} found")
        card.setToolTip(tip)
        theme.set_role(card, selected=key == self.filters.preset)
        card.clicked.connect(partial(self._choose, key))
        self.cards[key] = card
        box.addWidget(card)

    def _search(self, box: QVBoxLayout, hint: str) -> None:
        self.search = QLineEdit(self.filters.search)
        self.search.setPlaceholderText(hint)
        self.search.setAccessibleName(hint)
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._typed)
        box.addWidget(self.search)

    def _where(self, box: QVBoxLayout) -> None:
        self.universe = QComboBox()
        self.universe.setAccessibleName("Universe" if self.mode == "pro" else "Where should I look?")
        self.universe.activated.connect(lambda at: self._look_in(self.universe.itemData(at)))
        self._label_universes()
        box.addWidget(self.universe)

    def _types(self, box: QVBoxLayout) -> None:
        ticks = row(spacing=12)
        for name in TYPES:
            self.type_boxes[name] = self._tick(name, name, name not in self.filters.types, partial(self._ticked, "types", name))
            ticks.addWidget(self.type_boxes[name])
        ticks.addStretch(1)
        box.addLayout(ticks)

    def _sectors(self, box: QVBoxLayout) -> None:
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(6)
        for place, sector in enumerate(SECTORS):
            on = sector not in self.filters.sectors
            tick = self._tick(_SHORT.get(sector, sector), sector, on, partial(self._ticked, "sectors", sector))
            self.sector_boxes[sector] = tick
            grid.addWidget(tick, place // 2, place % 2)
        links = row(
            ghost("All", on_click=partial(self._all_sectors, True)), ghost("None", on_click=partial(self._all_sectors, False))
        )
        grid.addLayout(links, len(SECTORS) // 2, 1, Qt.AlignmentFlag.AlignLeft)
        box.addLayout(grid)

    def _tick(self, text: str, name: str, on: bool, toggled: Callable[[bool], None]) -> QCheckBox:
        tick = QCheckBox(text)
        tick.setAccessibleName(name)
        tick.setToolTip(name)
        tick.setChecked(on)
        tick.toggled.connect(toggled)
        return tick

    def _slider(self, box: QVBoxLayout, name: str, *, sentence: bool) -> None:
        text = self.host.explain(name)
        value = label("any", "strong")
        box.addLayout(row(label(text.title, "body"), 0, value))
        if sentence and text.text:
            box.addWidget(label(text.text.split(". ")[0].rstrip(".") + ".", "muted", wrap=True))
        slider = RangeSlider(text.title, text=partial(shown, name))
        slider.setToolTip(text.text)
        self.sliders[name] = slider
        self._values[name] = value
        self._fit(name, slider)
        slider.changed.connect(partial(self._moved, name))
        box.addWidget(slider)

    # ---- showing ----

    def _show_filters(self) -> None:
        """Put every control where `filters` says, without telling."""
        boxes = [*((each, name not in self.filters.sectors) for name, each in self.sector_boxes.items())]
        boxes += [(each, name not in self.filters.types) for name, each in self.type_boxes.items()]
        for box, on in boxes:
            box.blockSignals(True)
            box.setChecked(on)
            box.blockSignals(False)
        self.search.blockSignals(True)
        self.search.setText(self.filters.search)
        self.search.blockSignals(False)
        for name, slider in self.sliders.items():
            self._fit(name, slider)

    def _show_screen(self) -> None:
        """Which screen and universe are chosen."""
        self._label_universes()
        if self.mode == "newbie":
            for key, card in self.cards.items():
                theme.set_role(card, selected=key == self.filters.preset)
        else:
            self._combo.setCurrentIndex(self._combo.findData(self.filters.preset))

    def _fit(self, name: str, slider: RangeSlider) -> None:
        spread = self._spread.get(name)
        if spread and spread["low"] is not None:
            slider.set_range(spread["low"], spread["high"], spread["counts"])
        slider.setEnabled(bool(spread and spread["known"]))
        slider.set_limits(*self.filters.limits.get(name, (None, None)))
        self._caption(name)

    def _caption(self, name: str) -> None:
        spread = self._spread.get(name)
        known = bool(spread and spread["known"]) or name in self.filters.limits
        text = caption(name, *self.filters.limits.get(name, (None, None))) if known else "unknown" if spread else "…"
        self._values[name].setText(text)

    def _label_presets(self) -> None:
        combo = self._combo
        combo.blockSignals(True)
        combo.clear()
        for each in self._presets:
            combo.addItem(f"{each['title']}   {fmt.count(each['matched'])}", each["id"])
            combo.setItemData(combo.count() - 1, each["why"], Qt.ItemDataRole.ToolTipRole)
        if self._own:
            combo.insertSeparator(combo.count())
        for each in self._own:
            count = "–" if each["matched"] is None else f"{fmt.count(each['matched'])}"
            combo.addItem(f"{each['name']}   {count}", each["name"])
            combo.setItemData(combo.count() - 1, each["rule"], Qt.ItemDataRole.ToolTipRole)
        combo.setMaxVisibleItems(24)
        combo.setCurrentIndex(combo.findData(self.filters.preset))
        combo.blockSignals(False)

    def _label_universes(self) -> None:
        combo = self.universe
        combo.blockSignals(True)
        combo.clear()
        for name, words in self._universes or [("", "Everything stored")]:
            combo.addItem(words, name)
        if combo.findData(self.filters.universe) < 0:
            combo.addItem(self.filters.universe, self.filters.universe)
        combo.setCurrentIndex(combo.findData(self.filters.universe))
        combo.setMinimumContentsLength(12)
        combo.blockSignals(False)

    # ---- what the user does ----

    def _moved(self, name: str, low: float | None, high: float | None) -> None:
        self.filters = self.filters.with_limits(name, low, high)
        self._caption(name)
        self.moved.emit()

    def _ticked(self, what: str, name: str, on: bool) -> None:
        present = self.filters.sectors if what == "sectors" else self.filters.types
        refused = present - {name} if on else present | {name}
        chosen = self.filters
        self.filters = replace(chosen, sectors=refused) if what == "sectors" else replace(chosen, types=refused)
        self.moved.emit()

    def _all_sectors(self, on: bool) -> None:
        self.filters = replace(self.filters, sectors=frozenset() if on else frozenset(SECTORS))
        self._show_filters()
        self.moved.emit()

    def _typed(self, text: str) -> None:
        self.filters = replace(self.filters, search=text.strip())
        self.moved.emit()

    def _look_in(self, universe: str | None) -> None:
        if universe is not None:
            self.filters = replace(self.filters, universe=universe)
            self.chosen.emit()

    def choose(self, preset: str) -> None:
        """Another screen, as if the user had picked it."""
        self._choose(preset)

    def _choose(self, preset: str | None) -> None:
        if preset is None:
            return
        self.filters = replace(self.filters, preset=preset)
        self._show_screen()
        self.chosen.emit()

    def _save(self) -> None:
        self._own_screen_menu()[0][1]()

    def _screen_menu(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for title, work in self._own_screen_menu():
            menu.addAction(title).triggered.connect(lambda *_, work=work: work())
        menu.popup(self._more.mapToGlobal(QPoint(0, self._more.height())))
