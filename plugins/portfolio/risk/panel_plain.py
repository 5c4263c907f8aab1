"""Risk for a beginner: a question, a light and a sentence each; who brings the risk; how deep it fell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from plugins.portfolio.risk import words
from plugins.portfolio.risk.panel_map import HeatMap
from plugins.portfolio.risk.panel_pictures import Brought, RiskBars, Underwater
from plugins.portfolio.risk.tables import by_name
from terminal.ui import theme
from terminal.ui.form import Card, column, label, reveal, row
from terminal.ui.meters import TrafficLight

if TYPE_CHECKING:
    from plugins.portfolio.risk.check import Checked
    from plugins.portfolio.risk.correlation import Together
    from plugins.portfolio.risk.measures import Measures
    from terminal.api import Host, Table

LIGHTS = {words.CALM: "ok", words.WATCH: "warn", words.HIGH: "error", words.UNKNOWN: "unknown"}
_MORE = {"together": "Do things move together?", "trust": "Can you trust these numbers?"}


class PlainRisk(QWidget):
    """Questions and how deep it fell at the left; who brings the risk and what moves together at the right."""

    def __init__(self, host: Host) -> None:
        super().__init__()
        self._host = host
        self.lights = {name: TrafficLight("unknown", title) for name, title in (words.QUESTIONS | _MORE).items()}
        self.bars = RiskBars(10)
        self.under = Underwater(170)
        self._bars_note = label("The bar is a position's part of the risk, the tick its part of everything you own. "
                                "A bar much longer than its tick is where the risk comes from; one to the left takes risk away.",
                                "muted", wrap=True)  # fmt: skip
        self._under_note = label("How far below its highest point all of it would have been, with what you hold today.",
                                 "muted", wrap=True)  # fmt: skip
        questions = Card(*self.lights.values(), spacing=14)
        questions.body.setContentsMargins(14, 12, 14, 12)
        questions.body.addStretch(1)
        self.map = HeatMap(numbers=False)
        self.map.setMinimumHeight(theme.scaled(240))
        self.map.chosen.connect(host.select)
        self._map = Card(label("What moves together", "h2"), label(
            "Each square is two of the things you own. The bluer, the more they rise and fall together; framed ones mostly "
            "move as one. Orange: one rises when the other falls.", "muted", wrap=True), self.map, spacing=6)  # fmt: skip
        falls = Card(label("Falls from a high", "h2"), self._under_note, self.under, spacing=6)
        bars = Card(label("Who brings the risk", "h2"), self._bars_note, self.bars, spacing=6)
        left, right = column(questions, falls, spacing=10), column(bars, self._map, spacing=10)
        box = row(spacing=10)
        for each in (left, right):
            each.setStretch(1, 1)
            box.addLayout(each, 1)
        self.setLayout(box)

    def show_risk(self, table: Table, found: Measures) -> None:
        """The summary as questions, and the pictures."""
        rows = by_name(table.rows())
        for name in words.QUESTIONS:
            figure = rows.get(name)
            light = self.lights[name]
            reveal(light, figure is not None)
            if figure is not None:
                light.set_state(LIGHTS.get(str(figure["state"]), "unknown"), words.QUESTIONS[name], figure["says"] or "")
        self.bars.show_rows(brought(found))
        self.under.show_under(found.under)

    def show_together(self, found: Together | None) -> None:
        """What correlations say, in one sentence."""
        light = self.lights["together"]
        self.map.show_together(found)
        reveal(self._map, found is not None and len(found.symbols) > 1)
        reveal(light, found is not None)
        if found is None:
            return
        groups = sorted(found.groups(), key=lambda group: -sum(found.shares[place] for place in group[1]))
        largest = groups[0][1] if groups else []
        named = [found.symbols[place] for place in largest]
        listed = ", ".join(named[:6]) + (f" and {len(named) - 6} more" if len(named) > 6 else "")
        share = sum(found.shares[place] for place in largest)
        light.set_state(LIGHTS[words.light("correlation", found.mean)], _MORE["together"],
                        words.moves_as_one(found.mean, len(groups), listed, share))  # fmt: skip

    def show_checked(self, found: Checked | None) -> None:
        """Whether the plain figure for a bad day was right in the past."""
        light = self.lights["trust"]
        reveal(light, found is not None)
        if found is not None:
            state, says = words.trusted(found.grades[0], found.confidence)
            light.set_state(LIGHTS[state], _MORE["trust"], says.replace("It was", "The loss of a bad day was", 1))

    def retheme(self) -> None:
        """Colours anew."""
        self.map.retheme()
        self.bars.update()
        self.under.update()


def brought(found: Measures) -> list[Brought]:
    """Each position's part of the parametric risk; none where that is not known or not a risk."""
    parts = found.contributions
    if not parts.var > 0.0:
        return []
    return [
        Brought(one.short or one.symbol, one.name or "", float(part / parts.var), found.share(one.worth))
        for one, part in zip(found.of.positions, parts.component.tolist(), strict=True)
    ]
