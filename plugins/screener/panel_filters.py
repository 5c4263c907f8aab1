"""The left layer of the screener: which screen, which kinds of company, which limits."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLabel, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from terminal.domain import format as words
from terminal.domain.fields import FIELDS
from terminal.domain.instruments import SECTORS
from terminal.ui.form import Button, Card, SectionTitle, ghost, label, line, primary, row
from terminal.ui.slider import RangeSlider

if TYPE_CHECKING:
    from collections.abc import Mapping

    from terminal.api import Host, Table

# What can be dragged, by question; the fields of Newbie mode come first and are all it shows.
GROUPS: tuple[tuple[str, str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("VALUATION", "Is it reasonably priced?", ("pe_ttm", "fcf_yield"), ("pe_ttm", "fcf_yield", "ev_ebitda", "dcf_gap")),
    ("QUALITY", "Is it a good business?", ("roe",), ("roe", "operating_margin", "net_debt_ebitda")),
    ("GROWTH", "Is it growing?", ("revenue_growth_1y",), ("revenue_growth_1y", "eps_cagr_3y")),
    ("MOMENTUM", "How has the price done?", ("position_52w",), ("momentum_12_1", "position_52w", "volatility_1y")),
    ("INCOME", "Does it pay me?", ("dividend_yield",), ("dividend_yield", "payout_ratio")),
)
SPREAD_FIELDS = tuple(dict.fromkeys(name for _, _, newbie, pro in GROUPS for name in (*newbie, *pro)))
_SHORT = {
    "Communication Services": "Communication",
    "Consumer Discretionary": "Cons. cyclical",
    "Consumer Staples": "Cons. staples",
    "Information Technology": "Technology",
}


class FilterPane(QWidget):
    """Emits `changed()` when any filter moved and `chosen(preset)` when another screen was picked."""

    changed = Signal()
    chosen = Signal(str)
    searched = Signal()
    saving = Signal()

    def __init__(self, host: Host) -> None:
        super().__init__()
        self.host = host
        self.mode = host.mode
        self.preset = "all"
        self._spread: dict[str, Mapping[str, Any]] = {}
        self._limits: dict[str, tuple[float | None, float | None]] = {}
        self._presets: list[dict[str, Any]] = []
        self._own: list[str] = []
        self.sliders: dict[str, RangeSlider] = {}
        self._values: dict[str, QLabel] = {}
        self.sector_boxes: dict[str, QCheckBox] = {}
        self._unticked: set[str] = set()
        self._search_text = ""
        self._settle = QTimer(self, singleShot=True, interval=30)
        self._settle.timeout.connect(self.changed)
        self.setMinimumWidth(264)
        self.setMaximumWidth(280)
        self.setProperty("role", "panel")
        self._outer = QVBoxLayout(self)
        self._outer.setContentsMargins(0, 0, 0, 0)
        self._outer.setSpacing(0)
        self._body: QWidget | None = None
        self._build()

    # ---- what is chosen ----

    def ranges(self) -> tuple[str, ...]:
        """The limits as the `ranges` argument of `screener.run`."""
        texts = []
        for name, (low, high) in self._limits.items():
            if low is not None or high is not None:
                texts.append(f"{name}={_literal(name, low)}..{_literal(name, high)}")
        return tuple(texts)

    def rule(self) -> str:
        """The unticked sectors as rule text."""
        if not self._unticked:
            return ""
        kept = ", ".join(f'"{sector}"' for sector in SECTORS if sector not in self._unticked)
        return f"sector in ({kept})" if kept else 'sector in ("none")'

    def search_text(self) -> str:
        """What ticker or name must contain."""
        return self._search_text

    def chips(self) -> list[tuple[str, str]]:
        """One chip for each filter that is set: (key, words)."""
        chips = []
        for name, (low, high) in self._limits.items():
            if low is None and high is None:
                continue
            slider = self.sliders.get(name)
            title = self.host.explain(name).title
            chips.append((name, f"{title} {slider.caption if slider else ''}".strip()))
        if self._unticked:
            chips.append(("sector", f"{len(SECTORS) - len(self._unticked)} of {len(SECTORS)} sectors"))
        return chips

    def remove(self, key: str) -> None:
        """Take one filter away, as its chip's cross does."""
        if key == "sector":
            self._unticked.clear()
            for box in self.sector_boxes.values():
                box.blockSignals(True)
                box.setChecked(True)
                box.blockSignals(False)
        elif key in self._limits:
            self._limits.pop(key)
            if key in self.sliders:
                self.sliders[key].set_limits(None, None)
                self._caption(key)
        self.changed.emit()

    def reset(self) -> None:
        """Everything open, the present screen kept."""
        self._limits.clear()
        self._unticked.clear()
        self._search_text = ""
        self._build()
        self.changed.emit()

    def state(self) -> dict[str, Any]:
        return {
            "preset": self.preset,
            "limits": {name: list(pair) for name, pair in self._limits.items()},
            "unticked": sorted(self._unticked),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        self.preset = str(state.get("preset", "all"))
        self._limits = {name: (pair[0], pair[1]) for name, pair in dict(state.get("limits", {})).items() if name in FIELDS}
        self._unticked = {sector for sector in state.get("unticked", ()) if sector in SECTORS}
        self._build()

    # ---- what is shown ----

    def set_mode(self, mode: str) -> None:
        self.mode = mode
        self._build()

    def show_presets(self, presets: list[dict[str, Any]], own: list[str]) -> None:
        """Ready-made screens with live counts, and the user's own."""
        changed = [each["id"] for each in presets] != [each["id"] for each in self._presets] or own != self._own
        self._presets, self._own = presets, own
        if changed or self.mode == "newbie":
            self._build()
        else:
            self._label_presets()

    def show_spread(self, table: Table) -> None:
        """Ends and histograms of the sliders."""
        self._spread = {each["field"]: each for each in table.rows()}
        for name, slider in self.sliders.items():
            self._fit(name, slider)

    def _build(self) -> None:
        if self._body is not None:
            self._body.setParent(None)
            self._body.deleteLater()
        self.sliders, self.sector_boxes = {}, {}
        inside = QWidget()
        box = QVBoxLayout(inside)
        box.setContentsMargins(14, 12, 14, 12)
        box.setSpacing(10)
        if self.mode == "newbie":
            self._newbie(box)
        else:
            self._pro(box)
        box.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inside)
        scroll.setAccessibleName("Filters")
        foot = QWidget()
        foot.setLayout(
            row(
                Button("Save screen", icon="bookmark", on_click=self.saving.emit),
                primary("Run", "play", self.changed.emit),
                margins=(14, 8, 14, 10),
            )
        )
        body = QWidget()
        whole = QVBoxLayout(body)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(scroll, 1)
        whole.addWidget(line())
        whole.addWidget(foot)
        self._body = body
        self._outer.addWidget(body)

    def _pro(self, box: QVBoxLayout) -> None:
        box.addLayout(row(label("Screen", "h2"), 0, ghost("Reset", on_click=self.reset)))
        self._combo = QComboBox()
        self._combo.setAccessibleName("Screen")
        self._combo.activated.connect(self._picked)
        self._label_presets()
        box.addWidget(self._combo)
        self._search(box, "Filter by ticker or name")
        box.addWidget(line())
        box.addWidget(label("UNIVERSE", "caps"))
        self._sectors(box)
        for title, _, _, names in GROUPS:
            box.addWidget(line())
            box.addWidget(label(title, "caps"))
            for name in names:
                self._slider(box, name, sentence=False)

    def _newbie(self, box: QVBoxLayout) -> None:
        box.addWidget(SectionTitle("What are you looking for?"))
        for preset in self._presets:
            words_ = label(preset["newbie"], "body", wrap=True)
            count = label(f"{preset['matched']:,}", "muted")
            line_ = row(words_, count, spacing=8)
            line_.setStretch(0, 1)
            card = Card(line_, clickable=True)
            card.setAccessibleName(f"{preset['newbie']}: {preset['matched']} found")
            card.setToolTip(preset["why"])
            card.setProperty("selected", preset["id"] == self.preset)
            card.clicked.connect(partial(self._choose, preset["id"]))
            box.addWidget(card)
        if not self._presets:
            box.addWidget(label("Counting what there is …", "muted"))
        self._search(box, "Find a company by name")
        box.addWidget(line())
        box.addWidget(label("What kind of company?", "h2"))
        self._sectors(box)
        for _, question, names, _ in GROUPS[:3]:
            box.addWidget(line())
            box.addWidget(label(question, "h2"))
            for name in names:
                self._slider(box, name, sentence=True)
        box.addWidget(ghost("Start over", "rotate-ccw", self.reset))

    def _search(self, box: QVBoxLayout, hint: str) -> None:
        field = QLineEdit(self._search_text)
        field.setPlaceholderText(hint)
        field.setAccessibleName(hint)
        field.setClearButtonEnabled(True)
        field.textChanged.connect(self._typed)
        box.addWidget(field)

    def _typed(self, text: str) -> None:
        self._search_text = text.strip()
        self.searched.emit()

    def _sectors(self, box: QVBoxLayout) -> None:
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(6)
        for place, sector in enumerate(SECTORS):
            tick = QCheckBox(_SHORT.get(sector, sector))
            tick.setAccessibleName(sector)
            tick.setToolTip(sector)
            tick.setChecked(sector not in self._unticked)
            tick.toggled.connect(partial(self._ticked, sector))
            self.sector_boxes[sector] = tick
            grid.addWidget(tick, place // 2, place % 2)
        box.addLayout(grid)

    def _ticked(self, sector: str, on: bool) -> None:
        (self._unticked.discard if on else self._unticked.add)(sector)
        self._settle.start()

    def _slider(self, box: QVBoxLayout, name: str, *, sentence: bool) -> None:
        text = self.host.explain(name)
        value = label("any", "strong")
        box.addLayout(row(label(text.title, "body"), 0, value))
        if sentence and text.text:
            box.addWidget(label(text.text.split(". ")[0].rstrip(".") + ".", "muted", wrap=True))
        slider = RangeSlider(text.title, text=partial(_shown, name))
        slider.setToolTip(text.text)
        self.sliders[name] = slider
        self._values[name] = value
        self._fit(name, slider)
        slider.changed.connect(partial(self._moved, name))
        box.addWidget(slider)

    def _fit(self, name: str, slider: RangeSlider) -> None:
        spread = self._spread.get(name)
        if spread and spread["low"] is not None:
            slider.set_range(spread["low"], spread["high"], spread["counts"])
        slider.setEnabled(bool(spread and spread["known"]))
        if name in self._limits:
            slider.set_limits(*self._limits[name])
        self._caption(name)

    def _moved(self, name: str, low: float | None, high: float | None) -> None:
        self._limits[name] = (low, high)
        self._caption(name)
        self._settle.start()

    def _caption(self, name: str) -> None:
        spread = self._spread.get(name)
        self._values[name].setText(self.sliders[name].caption if spread and spread["known"] else "unknown" if spread else "…")

    def _label_presets(self) -> None:
        self._combo.blockSignals(True)
        self._combo.clear()
        for preset in self._presets:
            self._combo.addItem(f"{preset['title']}   {preset['matched']:,}", preset["id"])
            self._combo.setItemData(self._combo.count() - 1, preset["why"], Qt.ItemDataRole.ToolTipRole)
        if self._own:
            self._combo.insertSeparator(self._combo.count())
        for name in self._own:
            self._combo.addItem(name, name)
        at = self._combo.findData(self.preset)
        self._combo.setCurrentIndex(at)
        self._combo.blockSignals(False)

    def _picked(self, index: int) -> None:
        self._choose(self._combo.itemData(index))

    def _choose(self, preset: str | None) -> None:
        if preset is None:
            return
        self.preset = preset
        if self.mode == "newbie":
            self._build()
        self.chosen.emit(preset)


def _literal(name: str, value: float | None) -> str:
    """A limit as the rule language writes it."""
    if value is None:
        return ""
    if FIELDS[name].unit == "fraction":
        return f"{value * 100:.6g}%"
    return f"{value:.6g}"


def _shown(name: str, value: float) -> str:
    field = FIELDS[name]
    return words.value(value, "number", field.unit if field.unit != "currency" else "", field.decimals)
