"""What the program thinks of it, in the tearsheet's panel: verdict, hard limits, risks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from plugins.tearsheet.panel_parts import Rows, empty
from plugins.tearsheet.sentences import reasons
from terminal.domain import format as words
from terminal.domain.scoring.words import shown
from terminal.ui import theme
from terminal.ui.form import Chip, Flow, Glyph, label, row
from terminal.ui.meters import TrafficLight

if TYPE_CHECKING:
    from plugins.tearsheet.model import Sheet
    from terminal.domain.scoring.explain import Explanation, GateResult

_TONES = {"up": "ok", "good": "ok", "ok": "ok", "warn": "warn", "bad": "error", "down": "error"}
_VERDICTS = {"Strong Buy": "ok", "Buy": "ok", "Hold": "warn", "Avoid": "error"}
_LEVELS = {"high": "error", "medium": "warn", "low": "ok", "unknown": "unknown"}
_STATES = {True: "ok", False: "error", None: "unknown"}
_GLYPHS = {"ok": ("circle-check", "ok"), "error": ("circle-x", "down_text"), "unknown": ("circle-question-mark", "t3")}


class Verdict(QWidget):
    """Pill, score and reason in Pro; a traffic light with what speaks for and against it in Newbie; the flags in both."""

    def __init__(self) -> None:
        super().__init__()
        self.pill, self._score, self._coverage = Chip("", ""), label("", "strong"), label("", "muted", wrap=True)
        self._coverage.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._pro = QWidget()
        top = row(self.pill, self._score, self._coverage)
        top.setStretch(2, 1)
        self._pro.setLayout(top)
        self._light = TrafficLight()
        self._why = label("", "body", wrap=True)
        self._reasons = Rows(Reason, 4)
        self._flags = QWidget()
        self._flow = Flow(self._flags, spacing=6)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(6)
        for item in (self._pro, self._light, self._why, self._reasons, self._flags):
            box.addWidget(item)

    def show_explanation(self, told: Explanation, mode: str) -> None:
        """Show a verdict, ours or one under other thresholds."""
        newbie = mode == "newbie"
        score = "score unknown" if told.score is None else f"{words.number(told.score, 1)} of 10"
        self._light.setVisible(newbie)
        self._light.set_state(
            _VERDICTS.get(told.verdict, "unknown"),
            f"{told.verdict} · {score}",
            _capital(told.newbie.removeprefix(f"{told.verdict}: ")),
        )
        self._pro.setVisible(not newbie)
        self.pill.set_text(told.verdict, _VERDICTS.get(told.verdict, ""))
        self._score.setText(score)
        self._coverage.setText(f"{words.percent(told.coverage, 0)} of inputs known · market {told.regime or 'unknown'}")
        self._why.setVisible(not newbie)
        self._why.setText(_why(told))
        good, bad = reasons(told) if newbie else ([], [])
        parts = [(True, text) for text in good] + [(False, text) for text in bad]
        for (speaks_for, text), each in zip(parts, self._reasons.take(len(parts)), strict=True):
            each.show_reason(speaks_for, text)
        self._reasons.setVisible(bool(parts))
        self._show_flags(told, newbie)
        self.setAccessibleName(f"Verdict: {told.verdict}, {score}")

    def _show_flags(self, told: Explanation, newbie: bool) -> None:
        empty(self._flow)
        for flag in told.flags:
            self._flow.addWidget(Chip(flag.title, _TONES.get(flag.tone, ""), tip=flag.newbie if newbie else flag.pro))
        self._flags.setVisible(bool(told.flags))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _why(told: Explanation) -> str:
    if told.verdict == "Unknown":
        return told.pro
    failed = [gate for gate in told.gates if gate.passed is False]
    unknown = sum(gate.passed is None for gate in told.gates)
    passed = sum(gate.passed is True for gate in told.gates)
    if failed:
        text = f"Fails {len(failed)} of {len(told.gates)} hard limits: {', '.join(gate.title for gate in failed)}"
    else:
        text = f"Passes all {len(told.gates)} hard limits" if not unknown else f"Passes {passed} of {len(told.gates)} hard limits"
    return f"{text}; {unknown} unknown." if unknown else f"{text}."


class Reason(QWidget):
    """One sentence that speaks for or against it."""

    def __init__(self) -> None:
        super().__init__()
        self._glyph, self._text = Glyph("plus", size=14), label("", "body", wrap=True)
        box = row(spacing=8, margins=(2, 0, 0, 0))
        box.addWidget(self._glyph, 0, Qt.AlignmentFlag.AlignTop)
        box.addWidget(self._text, 1)
        self.setLayout(box)

    def show_reason(self, speaks_for: bool, text: str) -> None:
        """Show another one."""
        self._glyph.set_icon(*(("plus", "ok") if speaks_for else ("minus", "down_text")))
        self._text.setText(text)
        self.setAccessibleName(f"{'For' if speaks_for else 'Against'}: {text}")


class GateRow(QWidget):
    """One hard limit on a line: light, title, value, limit."""

    def __init__(self) -> None:
        super().__init__()
        self._glyph = Glyph("circle", size=15)
        self._title, self._value, self._limit = label("", "body"), label("", "strong"), label("", "muted")
        self._limit.setFixedWidth(theme.scaled(76))
        self._limit.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.setLayout(row(self._glyph, self._title, 0, self._value, self._limit))

    def show_gate(self, gate: GateResult, currency: str | None) -> None:
        """Show another one."""
        self._glyph.set_icon(*_GLYPHS[_STATES[gate.passed]])
        self._title.setText(gate.title)
        self._value.setText(shown(gate.field, gate.value, currency))
        theme.set_role(self._value, tone="down" if gate.passed is False else "muted" if gate.passed is None else "")
        self._limit.setText(f"{'≥' if gate.side == 'min' else '≤'} {shown(gate.field, gate.limit, currency)}")
        self.setToolTip(gate.pro)
        self.setAccessibleName(gate.pro)


class Gates(QWidget):
    """The hard limits: lines of figures in Pro, lights with sentences in Newbie; the unknown ones summed up below."""

    def __init__(self) -> None:
        super().__init__()
        self.lines, self.lights = Rows(GateRow, 6), Rows(TrafficLight)
        self._unknown = TrafficLight()
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(8)
        for item in (self.lines, self.lights, self._unknown):
            box.addWidget(item)

    def show_gates(self, told: Explanation, currency: str | None, mode: str) -> None:
        """Failed ones first."""
        newbie = mode == "newbie"
        known = sorted((gate for gate in told.gates if gate.passed is not None), key=lambda gate: bool(gate.passed))
        blind = [gate.title for gate in told.gates if gate.passed is None]
        nothing = "" if blind else "There are no hard limits for this kind."
        self.lines.setVisible(not newbie)
        self.lights.setVisible(newbie)
        if newbie:
            for gate, light in zip(known, self.lights.take(len(known), nothing), strict=True):
                light.set_state(_STATES[gate.passed], gate.title, gate.newbie)
        else:
            for gate, each in zip(known, self.lines.take(len(known), nothing), strict=True):
                each.show_gate(gate, currency)
        self._unknown.setVisible(bool(blind))
        self._unknown.set_state("unknown", f"{len(blind)} not known", f"Neither passed nor failed: {', '.join(blind)}.")


class RiskRow(QWidget):
    """One risk: light, what it is, and how much of the price it puts at stake."""

    def __init__(self) -> None:
        super().__init__()
        self._light, self._impact = TrafficLight(), label("", "strong")
        self._impact.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
        self._impact.setFixedWidth(theme.scaled(52))
        box = row(self._light, self._impact)
        box.setStretch(0, 1)
        self.setLayout(box)

    def show_risk(self, risk: Any, newbie: bool) -> None:
        """Show another one."""
        text = risk.newbie if newbie else risk.pro
        self._light.set_state(_LEVELS[risk.level], risk.title, text)
        self._impact.setText(words.percent(-risk.impact, 0) if risk.impact is not None else words.UNKNOWN)
        self.setToolTip(f"About {words.percent(risk.impact, 0)} of the price is at stake." if risk.impact is not None else "")


class Risks(QWidget):
    """The risks, heaviest first; those that nobody can measure with what is known are named below."""

    def __init__(self) -> None:
        super().__init__()
        self.rows = Rows(RiskRow, 10)
        self._unknown = label("", "muted", wrap=True)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(8)
        box.addWidget(self.rows)
        box.addWidget(self._unknown)

    def show_sheet(self, sheet: Sheet, newbie: bool) -> None:
        """Fill the rows."""
        known = [risk for risk in sheet.risks if risk.impact is not None]
        blind = [risk.title for risk in sheet.risks if risk.impact is None]
        for risk, each in zip(known, self.rows.take(len(known), "No risk could be measured with what is known."), strict=True):
            each.show_risk(risk, newbie)
        self._unknown.setText(f"Not measured, as no source tells: {', '.join(blind)}.")
        self._unknown.setVisible(bool(blind))
