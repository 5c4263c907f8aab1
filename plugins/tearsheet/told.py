"""Every figure of the page told: the sentence, the light and the clause that decided it. Pure.

Green: it passes our limits and earns most of its points. Amber: it passes and earns only some of them. Red: it fails a
limit or earns none. Unknown: it is not known. A figure that no limit and no check looks at has no light.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from plugins.tearsheet.sentences import SENTENCES, sentence, why_unknown
from terminal.domain import format as words
from terminal.domain.scoring.words import rating, shown

if TYPE_CHECKING:
    from plugins.tearsheet.model import Figure, Sheet
    from terminal.api import Table
    from terminal.domain.scoring.explain import CheckResult, GateResult

Light = Literal["green", "amber", "red", "unknown", ""]

_NONE: tuple[Light, str, str] = ("", "", "")
_OTHER_WAY = {"earnings_yield": "yearly profit is"}
MOST = 0.6  # of a check's points, from which on it is green
JUDGED_BY = {"pe_ttm": "earnings_yield"}  # the same thing upside down
_RISKS: dict[str, Light] = {"high": "red", "medium": "amber", "low": "green", "unknown": "unknown"}
_VERDICTS: dict[str, Light] = {"Strong Buy": "green", "Buy": "green", "Hold": "amber", "Avoid": "red"}
_GATES: dict[bool | None, Light] = {True: "green", False: "red", None: "unknown"}
_OWN = {
    "value_own_pe": "At its own usual price for profit, one share would cost {text}.",
    "value_peer_pe": "At the price similar companies have for profit, one share would cost {text}.",
    "tearsheet_implied_growth": "For the price to be right, its cash would have to grow by {text} a year at first.",
    "tearsheet_report_move": "On a report, the price usually moves by {text}, up or down.",
}


@dataclass(frozen=True)
class Told:
    """A figure in words: `sentence`; `light`, the `reason` for it and the `rule` in the terms of a professional, all three
    empty where nothing judges the figure.
    """

    sentence: str
    light: Light = ""
    reason: str = ""
    rule: str = ""


def told(figure: Figure, sheet: Sheet) -> Told:
    """The words of one figure of the page."""
    light, reason, rule = _light(figure, sheet)
    return Told(_sentence(figure, sheet), light, reason, rule or reason)


def _sentence(figure: Figure, sheet: Sheet) -> str:
    name = figure.term
    if figure.section in ("price", "core", "valuation", "decision", "events") and name in SENTENCES:
        if figure.value is None:
            own = f"Not known: {figure.newbie}." if figure.newbie else ""
            return own.replace("..", ".") or why_unknown(name, sheet.row, _reason(sheet, figure.title))
        row = sheet.row if name in sheet.row else {**sheet.row, name: figure.value}
        return sentence(name, {**row, name: figure.value}, figure.comparison)
    if name in _OWN:
        if figure.value is None:
            return f"Not known: {(figure.newbie or 'no source gave what it takes').rstrip('.')}."
        if name == "tearsheet_implied_growth" and figure.value < 0:
            return f"For the price to be right, its cash could shrink by {words.percent(-figure.value)} a year at first."
        return _OWN[name].replace("{text}", figure.text)
    if figure.section == "peers":
        return _beside_peers(figure, sheet)
    if figure.section == "stated":
        return f"{_provider(figure, sheet)} states {figure.text} for {figure.title[:1].lower()}{figure.title[1:]}."
    if name.startswith("pillar."):
        return (
            f"{figure.title} earns {figure.text} of 10 points."
            if figure.value is not None
            else f"Not known: nothing of what {figure.title.lower()} looks at is known."
        )
    return figure.newbie or figure.pro or f"{figure.title}: {figure.text}."


def _beside_peers(figure: Figure, sheet: Sheet) -> str:
    text = figure.text if figure.value is not None else "not known"
    if not figure.comparison_text:
        return f"{figure.title}: {text}; of too few similar ones it is known."
    return f"{figure.title}: {text}; in the middle of {sheet.peers.count} similar ones {figure.comparison_text}."


def _provider(figure: Figure, sheet: Sheet) -> str:
    return sheet.sources[figure.source].provider if figure.source is not None else "The source"


def _reason(sheet: Sheet, title: str) -> str:
    return next((text.partition(": ")[2] for text in sheet.unknown if text.partition(": ")[0] == title), "")


# -- lights ----------------------------------------------------------------------------------------------------------


def _light(figure: Figure, sheet: Sheet) -> tuple[Light, str, str]:
    explanation = sheet.explanation
    if figure.term == "verdict":
        failed = next((gate for gate in explanation.gates if gate.passed is False), None)
        said = failed.newbie if failed is not None else explanation.newbie.partition(": ")[2] or explanation.newbie
        text = said.partition(". ")[0].rstrip(".")
        rule = _gate_rule(failed, sheet) if failed is not None else explanation.pro.rstrip(".")
        return _VERDICTS.get(explanation.verdict, "unknown"), text, rule
    if figure.term.startswith("gate."):
        gate = next((each for each in explanation.gates if f"gate.{each.id}" == figure.term), None)
        return (_GATES[gate.passed], _gate_clause(gate, sheet), _gate_rule(gate, sheet)) if gate is not None else _NONE
    if figure.term.startswith("risk."):
        risk = next((each for each in sheet.risks if f"risk.{each.id}" == figure.term), None)
        if risk is None:
            return _NONE
        at_stake = "not known" if risk.impact is None else f"about {words.percent(risk.impact, 0)} of the price is at stake"
        return _RISKS[risk.level], at_stake, ""
    if figure.section in ("price", "core", "valuation", "events"):
        return metric_light(figure.term, sheet)
    return _NONE


def metric_light(name: str, sheet: Sheet) -> tuple[Light, str, str]:
    """The light of a field, and the clause of the limit or check that decided it: in plain words, and in figures."""
    judged = JUDGED_BY.get(name, name)
    gates = [each for each in sheet.explanation.gates if each.field == judged]
    checks = [each for each in sheet.explanation.checks if each.field == judged]
    if not gates and not checks:
        return _NONE
    if sheet.row.get(judged) is None:
        return "unknown", "not known, so it counts neither for nor against", ""
    as_is = (
        "" if judged == name else f"its {_OTHER_WAY[judged]} {shown(judged, sheet.row[judged], sheet.currency)} of the price; "
    )
    failed = next((gate for gate in gates if gate.passed is False), None)
    if failed is not None:
        return "red", as_is + _gate_clause(failed, sheet), _gate_rule(failed, sheet)
    check = min((each for each in checks if each.share is not None), key=lambda each: each.share or 0.0, default=None)
    if check is not None and check.share is not None:
        light: Light = "green" if check.share >= MOST else "amber" if check.share > 0 else "red"
        return light, as_is + _check_clause(check, sheet), _check_rule(check, sheet)
    if gates:
        return "green", as_is + _gate_clause(gates[0], sheet), _gate_rule(gates[0], sheet)
    return "unknown", "not judged, as a better figure is", ""


def _gate_clause(gate: GateResult, sheet: Sheet) -> str:
    if gate.passed is None:
        return "not known, so it neither passes nor fails"
    if gate.fixed:
        return "a price is known" if gate.passed else "no price is known"
    text = rating(gate.limit) if gate.field == "credit_score" else shown(gate.field, gate.limit, sheet.currency)
    limit = f"{'at least' if gate.side == 'min' else 'at most'} {text}"
    return f"it keeps our limit of {limit}" if gate.passed else f"it misses our limit of {limit}"


def _gate_rule(gate: GateResult, sheet: Sheet) -> str:
    if gate.passed is None or gate.fixed:
        return f"{gate.title}: {'unknown' if gate.passed is None else 'known' if gate.passed else 'missing'}"
    value, limit = (shown(gate.field, each, sheet.currency) for each in (gate.value, gate.limit))
    side = "≥" if gate.side == "min" else "≤"
    return f"{gate.title} {value}, {'passes' if gate.passed else 'fails'} {side} {limit}"


def _check_clause(check: CheckResult, sheet: Sheet) -> str:
    share = check.share or 0.0
    full, zero = (
        rating(each) if check.field == "credit_score" else shown(check.field, each, sheet.currency)
        for each in (check.full, check.zero)
    )
    if share >= 1:
        return f"at least as good as we look for ({full})"
    if share >= MOST:
        return f"close to what we look for ({full})"
    if share > 0:
        return f"between what we look for ({full}) and what earns nothing ({zero})"
    return f"no better than what earns nothing ({zero})"


def _check_rule(check: CheckResult, sheet: Sheet) -> str:
    value, full, zero = (shown(check.field, each, sheet.currency) for each in (check.value, check.full, check.zero))
    return f"{check.title} {value} earns {words.percent(check.share, 0)} of its points; none at {zero}, all at {full}"


# -- the table -------------------------------------------------------------------------------------------------------


def sentences_table(sheet: Sheet, notes: tuple[str, ...] = (), sections: tuple[str, ...] = ()) -> Table:
    """Every figure with its value, sentence, light and reason; the origin is the value's source."""
    import polars as pl

    from terminal.api import Column, Table

    rows, places = [], []
    for figure in sheet.figures:
        if sections and figure.section not in sections:
            continue
        said = told(figure, sheet)
        places.append(figure.source)
        rows.append(
            {
                "section": figure.section,
                "term": figure.term,
                "title": figure.title,
                "value": figure.value,
                "text": figure.text,
                "unit": figure.unit,
                "sentence": said.sentence,
                "light": said.light or None,
                "reason": said.reason or None,
                "rule": said.rule or None,
                "comparison": figure.comparison,
                "percentile": figure.percentile,
                "as_of": figure.as_of,
                "provider": sheet.sources[figure.source].provider if figure.source is not None else None,
                "formula": figure.formula or None,
            }
        )
    columns = (
        Column("section", "Section", newbie=False),
        Column("term", "Term", newbie=False),
        Column("title", "Figure"),
        Column("value", "Value", "number", newbie=False),
        Column("text", "As shown"),
        Column("unit", "Unit", newbie=False),
        Column("sentence", "In a sentence", term="tearsheet_sentence"),
        Column("light", "Light", term="tearsheet_light"),
        Column("reason", "Because", term="tearsheet_light"),
        Column("rule", "Rule", newbie=False),
        Column("comparison", "Compared with", "number", term="tearsheet_comparison", newbie=False),
        Column("percentile", "Percentile", "number", "fraction", term="tearsheet_percentile", decimals=0, newbie=False),
        Column("as_of", "As of", "date", newbie=False),
        Column("provider", "Provider", newbie=False),
        Column("formula", "Formula", newbie=False),
    )
    numbers = ("value", "comparison", "percentile")
    schema = {
        column.name: pl.Float64 if column.name in numbers else pl.Date if column.type == "date" else pl.String
        for column in columns
    }
    origin = pl.DataFrame({"value": places}, schema={"value": pl.Int64})
    return Table(
        f"{sheet.symbol}, told",
        columns,
        pl.DataFrame(rows, schema=schema),
        sheet.sources,
        sheet.unknown,
        notes,
        origin,
        {"sheet": sheet},
    )
