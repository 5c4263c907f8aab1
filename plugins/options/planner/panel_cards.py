"""The ranked structures as cards: a small picture, what it costs and can lose, the chance, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from plugins.options.planner import past, words
from plugins.options.planner.panel_pictures import Small
from terminal.domain import format as written
from terminal.ui import theme
from terminal.ui.form import Card, Chip, column, label, row

if TYPE_CHECKING:
    from collections.abc import Mapping

    from terminal.api import Table

_PARTS = ("target", "chance", "value", "volatility", "time", "liquidity")


class IdeaCard(Card):
    """One structure; `chosen` tells its place."""

    chosen = Signal(int)

    def __init__(self, place: int, line: Mapping[str, Any], idea: Any, picture: tuple[Any, Any], mode: str,
                 yours: str = "") -> None:  # fmt: skip
        super().__init__(clickable=True, spacing=5)
        self.place = place
        one, newbie = idea.position, mode == "newbie"
        count = int(line["contracts"] or 0)
        score = Chip(f"{line['score']:.0f}", "accent", tip="Score: " + ", ".join(
            f"{name} {line[f'score_{name}'] * 100:.0f}" for name in _PARTS))  # fmt: skip
        fits = Chip(f"{count} ×" if count else "does not fit", "ok" if count else "warn", tip=f"Limited by {idea.size.by}")
        head = row(label(f"{line['rank']}. {idea.structure.title}", "strong", wrap=True), fits, score, spacing=6)
        head.setStretch(0, 1)
        self.body.addLayout(head)
        small = Small(*picture, one.board.spot)
        small.setFixedWidth(theme.scaled(122))
        lines = column(spacing=1)
        for text, role in self._figures(line, idea, newbie):
            lines.addWidget(label(text, role, wrap=True))
        lines.addStretch(1)
        both = row(small, spacing=10)
        both.addLayout(lines, 1)
        self.body.addLayout(both)
        said = label(idea.structure.newbie if newbie else " ".join(line["reasons"]), "body" if newbie else "muted", wrap=True)
        self.body.addWidget(said)
        if newbie and line["reasons"]:
            self.body.addWidget(label(line["reasons"][0], "muted", wrap=True))
        if yours:
            self.body.addWidget(label(yours, "muted", wrap=True))
        self.setAccessibleName(f"{line['rank']}. {idea.structure.title}, score {line['score']:.0f}")
        self.setAccessibleDescription(f"{line['sentence']} {' '.join(line['reasons'])}")
        self.clicked.connect(lambda: self.chosen.emit(self.place))

    def _figures(self, line: Mapping[str, Any], idea: Any, newbie: bool) -> list[tuple[str, str]]:
        one = idea.position
        chance = f"{written.percent(line['chance'], 0)} chance to make money"
        if newbie:
            return [(f"{words.paid(one, 1)}; at risk {words.dollars(idea.risk)}".capitalize(), "strong"), (chance, "muted")]
        made = f"max {words.best(one, 1)}" if line["max_profit"] is not None else "gain unlimited"
        strikes = " / ".join(f"{leg.quantity:+d}{leg.right}{leg.strike:g}".removesuffix("S0") for leg in one.legs)
        return [(f"{strikes} · {written.day_of_year(one.first.expiry)}", "strong"),
                (f"{words.paid(one, 1)} · risk {words.dollars(idea.risk)} · {made}", "muted"),
                (f"POP {written.percent(line['chance'], 0)} · EV {words.dollars(idea.expected, sign=True)} · at target "
                 f"{words.dollars(idea.wanted, sign=True)}", "muted")]  # fmt: skip

    def mark(self, on: bool) -> None:
        """Show that this one is looked at."""
        theme.set_role(self, selected=on)


class Ideas(QScrollArea):
    """All of them, below each other; `chosen` tells the place of the one that was clicked."""

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Ranked structures")
        self.setMinimumWidth(theme.scaled(300))
        self._inside = QWidget()
        self._box = QVBoxLayout(self._inside)
        self._box.setContentsMargins(0, 0, 6, 8)
        self._box.setSpacing(8)
        self._box.addStretch(1)
        self.setWidget(self._inside)
        self.cards: list[IdeaCard] = []

    def show_plan(self, table: Table | None, mode: str, records: Mapping[str, tuple[int, int]] | None = None) -> None:
        """Cards of a plan with how such trades of the user's went; None for none."""
        for old in self.cards:
            self._box.removeWidget(old)
            old.hide()
            old.deleteLater()
        self.cards = []
        if table is None:
            return
        for place, line in enumerate(table.rows()):
            idea = table.detail["ideas"][place]
            yours = past.told((records or {}).get(past.journal_name(idea.position)))
            card = IdeaCard(place, line, idea, table.detail["pictures"][place], mode, yours)
            card.chosen.connect(self.chosen)
            self._box.insertWidget(place, card)
            self.cards.append(card)
        self.verticalScrollBar().setValue(0)

    def mark(self, place: int) -> None:
        """Which one is looked at."""
        for card in self.cards:
            card.mark(card.place == place)
