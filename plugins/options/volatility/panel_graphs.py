"""Painted graphs of volatility: the smile, the term structure, the cones, day by day."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QPointF, QRectF

from plugins.options.volatility.panel_axes import Graph, Mark, pen
from terminal.domain import format as written
from terminal.ui import theme

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from PySide6.QtGui import QPainter

    from terminal.domain.options.surface import Smile, Surface
    from terminal.domain.volatility import Ring

_STEPS = 160
_MONTHS = ((7, "7 d"), (30, "30 d"), (60, "60 d"), (90, "90 d"), (180, "180 d"), (365, "1 y"), (730, "2 y"), (1095, "3 y"))


class SmileGraph(Graph):
    """Bid to ask of each strike as an upright line, the middle as a dot, and the curve."""

    def __init__(self) -> None:
        super().__init__("Smile", nothing="No quote of this expiry can be used")
        self._smile: Smile | None = None
        self._others: list[Smile] = []
        self._rows: list[dict[str, Any]] = []

    def show_smile(self, smile: Smile | None, newbie: bool, others: Sequence[Smile] = ()) -> None:
        """One expiry, with the curves of `others` behind it; None for nothing."""
        self._smile, self._others = smile, [each for each in others if each.curve is not None]
        self._rows = [] if smile is None else list(smile.quotes.iter_rows(named=True))
        self.marks = (
            Mark("calls" if newbie else "Calls, bid to ask", "accent", "dot"),
            Mark("puts" if newbie else "Puts, bid to ask", "warn", "dot"),
            Mark("curve" if newbie else "SVI", "t1"),
        )
        if self._others:
            self.marks += (Mark("Other expiries", "t3"),)
        asks = sorted(row["iv_ask"] for row in self._rows if row["iv_ask"] is not None)
        highest = max((row["iv"] for row in self._rows), default=0.0) * 1.25
        self.fit([row["strike"] for row in self._rows],
                 [row[name] for row in self._rows for name in ("iv", "iv_bid") if row[name] is not None]
                 + [ask for ask in asks if ask <= highest])  # fmt: skip
        if smile is None or not self._rows:
            self.tell("nothing to show")
        else:
            level = "unknown" if smile.atm is None else written.percent(smile.atm)
            self.tell(f"{smile.expiry}, {len(self._rows)} strikes, {level} at the money")

    def said_at(self, place: QPointF) -> str:
        if not self._rows or self.x_range is None:
            return ""
        row = min(self._rows, key=lambda each: abs(self.across(each["strike"]) - place.x()))
        curve = row.get("curve_iv")
        right = "call" if row["call"] else "put"
        told = f"<b>{written.number(row['strike'])} {right}</b><br>{written.percent(row['iv'], 2)}"
        if row["iv_bid"] is not None and row["iv_ask"] is not None:
            told += f" (bid {written.percent(row['iv_bid'], 2)}, ask {written.percent(row['iv_ask'], 2)})"
        return told if curve is None else f"{told}<br>curve {written.percent(curve, 2)}"

    def _draw(self, painter: QPainter) -> None:
        smile = self._smile
        assert smile is not None and self.x_range is not None
        low, high = self.x_range
        if low <= smile.forward <= high:
            painter.setPen(pen("t3", 1.0, dashed=True))
            painter.drawLine(QPointF(self.across(smile.forward), self.area.top()),
                             QPointF(self.across(smile.forward), self.area.bottom()))  # fmt: skip
        for row in self._rows:
            role = "accent" if row["call"] else "warn"
            if row["iv_bid"] is not None and row["iv_ask"] is not None:
                painter.setPen(pen(role, 1.4))
                painter.drawLine(self.at(row["strike"], row["iv_bid"]), self.at(row["strike"], row["iv_ask"]))
        strikes = np.linspace(low, high, _STEPS)
        for other in self._others:
            behind = other.iv(np.log(strikes / other.forward))
            self.line(painter, list(zip(strikes.tolist(), behind.tolist(), strict=True)), "t3", width=0.8)
        values = smile.iv(np.log(strikes / smile.forward))
        self.line(painter, list(zip(strikes.tolist(), values.tolist(), strict=True)), "t1", width=1.8,
                  dashed=smile.curve is None)  # fmt: skip
        for call in (True, False):
            points = ((row["strike"], row["iv"]) for row in self._rows if row["call"] is call)
            self.dots(painter, points, "accent" if call else "warn", 2.8)


class TermGraph(Graph):
    """Volatility at the money over the time to expiry, with the 25-delta put and call around it."""

    def __init__(self) -> None:
        super().__init__("Term structure", nothing="No expiry has usable quotes at the money")
        self._smiles: tuple[Smile, ...] = ()
        self._surface: Surface | None = None

    def show_surface(self, surface: Surface, newbie: bool) -> None:
        """Every expiry of a surface."""
        self._surface = surface
        self._smiles = tuple(smile for smile in surface.smiles if smile.atm is not None)
        self.marks = (Mark("what is expected" if newbie else "At the money", "accent"),)
        if not newbie:
            self.marks += (Mark("25-delta put", "warn", "dashed"), Mark("25-delta call", "ok", "dashed"),
                           Mark("Constant maturities", "t1", "dot"))  # fmt: skip
        self._newbie = newbie
        ys = [level for smile in self._smiles for level in ((smile.atm,) if newbie else (smile.atm, smile.put25, smile.call25))]
        self.fit([smile.days for smile in self._smiles], ys, 0.12)
        told = (f"{smile.expiry} {written.percent(smile.atm)}" for smile in self._smiles[:6])
        self.tell(", ".join(told) or "nothing to show")

    def x_place(self, x: float) -> float:
        return math.sqrt(max(x, 0.0))

    def x_levels(self) -> list[tuple[float, str]]:
        return [(float(days), text) for days, text in _MONTHS]

    def said_at(self, place: QPointF) -> str:
        if not self._smiles or self.x_range is None:
            return ""
        smile = min(self._smiles, key=lambda each: abs(self.across(each.days) - place.x()))
        return (f"<b>{written.day(smile.expiry)}</b> {smile.root}, {written.number(smile.days, 0)} days<br>"
                f"{written.percent(smile.atm, 2)}")  # fmt: skip

    def _draw(self, painter: QPainter) -> None:
        if not self._newbie:
            self.line(painter, [(each.days, each.put25) for each in self._smiles if each.put25 is not None], "warn", dashed=True)
            self.line(painter, [(each.days, each.call25) for each in self._smiles if each.call25 is not None], "ok", dashed=True)
        self.line(painter, [(each.days, each.atm) for each in self._smiles], "accent", width=2.0)
        self.dots(painter, [(each.days, each.atm) for each in self._smiles], "accent")
        if not self._newbie and self._surface is not None:
            measured = self._surface.measured
            points = [(float(days), measured[f"iv{days}"]) for days in (7, 30, 60, 90, 180, 365)]
            self.dots(painter, [(days, None if level is None else float(level)) for days, level in points], "t1", 2.6)


class ConeGraph(Graph):
    """For each window all that realised volatility has been, where it is now, and what options expect over as long."""

    def __init__(self) -> None:
        super().__init__("Volatility cones", nothing="Too few past prices for cones")
        self._rings: tuple[Ring, ...] = ()
        self._expected: list[float | None] = []

    def show_rings(self, rings: Sequence[Ring], expected: Sequence[float | None], newbie: bool) -> None:
        """Rings by window, and what options expect over each."""
        kept = [(ring, level) for ring, level in zip(rings, expected, strict=True) if ring.median is not None]
        self._rings, self._expected = tuple(ring for ring, _ in kept), [level for _, level in kept]
        self.marks = (
            Mark("half of the time" if newbie else "Quartiles", "accent", "band"),
            Mark("usual" if newbie else "Median", "t2", "dashed"),
            Mark("now", "warn", "dot"),
            Mark("options expect" if newbie else "Implied", "t1", "dot"),
        )
        values = [level for ring in self._rings for level in (ring.least, ring.most, ring.current)]
        self.fit([float(place) for place in range(len(self._rings))], [*values, *self._expected])
        told = (f"{each.window} sessions {written.percent(each.current)}, usually {written.percent(each.median)}"
                for each in self._rings)  # fmt: skip
        self.tell("; ".join(told) or "nothing to show")

    def x_levels(self) -> list[tuple[float, str]]:
        return [(float(place), f"{ring.window} d") for place, ring in enumerate(self._rings)]

    def said_at(self, place: QPointF) -> str:
        if not self._rings or self.x_range is None:
            return ""
        at = min(range(len(self._rings)), key=lambda each: abs(self.across(each) - place.x()))
        ring = self._rings[at]
        return (f"<b>{ring.window} sessions</b><br>now {written.percent(ring.current)}, usually {written.percent(ring.median)}"
                f"<br>between {written.percent(ring.least)} and {written.percent(ring.most)}"
                f"<br>options expect {written.percent(self._expected[at])}")  # fmt: skip

    def _draw(self, painter: QPainter) -> None:
        rows = list(enumerate(self._rings))
        self.band(painter, [(at, ring.least, ring.most) for at, ring in rows], "accent", 26)
        self.band(painter, [(at, ring.lower, ring.upper) for at, ring in rows], "accent", 60)
        self.line(painter, [(at, ring.median) for at, ring in rows], "t2", dashed=True)
        self.line(painter, [(at, ring.current) for at, ring in rows], "warn")
        self.dots(painter, [(at, ring.current) for at, ring in rows], "warn", 3.6)
        self.dots(painter, [(float(at), level) for at, level in enumerate(self._expected)], "t1", 3.2)


class DaysGraph(Graph):
    """Day by day what options expected, what the price had done, and (for experts) what came of it."""

    def __init__(self) -> None:
        super().__init__("Volatility day by day", nothing="No day is known yet")
        self._rows: list[dict[str, Any]] = []
        self._days: list[date] = []

    def show_rows(self, rows: Sequence[dict[str, Any]], newbie: bool) -> None:
        """Rows of `options iv-history`, oldest first."""
        self._rows, self._newbie = list(rows), newbie
        self._days = [row["day"] for row in rows]
        self.marks = (
            Mark("options expected" if newbie else "IV 30 days", "accent"),
            Mark("price had moved" if newbie else "HV 20", "warn"),
        )
        if not newbie:
            self.marks += (Mark("Realised in the 21 sessions after", "t3", "dashed"),)
        names = ("iv30", "hv20") if newbie else ("iv30", "hv20", "after")
        self.fit([float(place) for place in range(len(rows))], [row[name] for row in rows for name in names])
        known = [row for row in rows if row["iv30"] is not None]
        told = f"{len(known)} days observed" if known else "none of its days was observed"
        self.tell(f"{told}, {len(rows)} days")

    def x_levels(self) -> list[tuple[float, str]]:
        days = self._days
        found: list[tuple[float, str]] = []
        for place in range(1, len(days)):
            if (days[place].year, days[place].month) != (days[place - 1].year, days[place - 1].month):
                year = days[place].month == 1 or not found
                found.append((float(place), written.month(days[place], year=year)))
        return found

    def said_at(self, place: QPointF) -> str:
        if not self._rows or self.x_range is None:
            return ""
        row = min(enumerate(self._rows), key=lambda each: abs(self.across(each[0]) - place.x()))[1]
        return (f"<b>{written.day(row['day'])}</b><br>options expected {written.percent(row['iv30'])}"
                f"<br>the price had moved {written.percent(row['hv20'])}"
                f"<br>and moved {written.percent(row['after'])} in the 21 sessions after")  # fmt: skip

    def _draw(self, painter: QPainter) -> None:
        rows = list(enumerate(self._rows))
        if not self._newbie:
            self.line(painter, [(at, row["after"]) for at, row in rows], "t3", dashed=True, width=1.2)
        self.line(painter, [(at, row["hv20"]) for at, row in rows], "warn", width=1.4)
        observed = [(float(at), row["iv30"]) for at, row in rows if row["iv30"] is not None]
        self.line(painter, observed, "accent", width=2.0)  # days without a chain are passed over, and said in the words
        if len(observed) < 40:
            self.dots(painter, observed, "accent", 2.4)


class ReportsGraph(Graph):
    """For each report how far options expected the price to go, and how far it went."""

    def __init__(self) -> None:
        super().__init__("Expected and real moves on reports", nothing="No past report is known")
        self._rows: list[dict[str, Any]] = []

    def show_rows(self, rows: Sequence[dict[str, Any]], newbie: bool) -> None:
        """Rows of `options reports`, the newest first; drawn from the oldest."""
        self._rows = list(rows)[::-1]
        self.marks = (Mark("options expected" if newbie else "Implied move", "accent", "band"), Mark("it moved", "warn", "dot"))
        ends = [sign * row["implied"] for row in self._rows if row["implied"] is not None for sign in (1, -1)]
        self.fit([-0.6, len(self._rows) - 0.4] if self._rows else [], [*ends, *(row["move"] for row in self._rows), 0.0])
        known = sum(row["implied"] is not None for row in self._rows)
        self.tell(f"{len(self._rows)} reports, what was expected is known of {known}")

    def x_levels(self) -> list[tuple[float, str]]:
        return [(float(place), written.month(row["day"])) for place, row in enumerate(self._rows)]

    def said_at(self, place: QPointF) -> str:
        if not self._rows or self.x_range is None:
            return ""
        row = min(enumerate(self._rows), key=lambda each: abs(self.across(each[0]) - place.x()))[1]
        return (f"<b>{written.day(row['day'])}</b><br>it moved {written.percent(row['move'], sign=True)}"
                f"<br>options expected {written.percent(row['implied'])}")  # fmt: skip

    def _draw(self, painter: QPainter) -> None:
        wide = min(self.area.width() / max(1, len(self._rows)) * 0.5, theme.scaled(26))
        painter.setPen(pen("line_strong", 1.0))
        painter.drawLine(QPointF(self.area.left(), self.up(0.0)), QPointF(self.area.right(), self.up(0.0)))
        for place, row in enumerate(self._rows):
            if row["implied"] is not None:
                top, bottom = self.up(row["implied"]), self.up(-row["implied"])
                box = QRectF(self.across(place) - wide / 2, top, wide, bottom - top)
                painter.fillRect(box, theme.tokens().color("accent", 70))
            if row["move"] is not None:
                painter.setPen(pen("warn", 1.6))
                painter.drawLine(self.at(place, 0.0), self.at(place, row["move"]))
        self.dots(painter, [(float(place), row["move"]) for place, row in enumerate(self._rows)], "warn", 4.0)
