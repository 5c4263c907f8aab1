"""The sheet: every figure with its source, comparisons, unknowns that stay unknown, and what changed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime

import polars as pl
import pytest

from plugins.tearsheet.builder import build
from plugins.tearsheet.changes import compare
from plugins.tearsheet.model import SECTION_TITLES, to_table
from tests.plugins.tearsheet import samples


@pytest.fixture(scope="module")
def sheet():
    return build(samples.material("stock"))


def test_every_known_figure_has_a_source_and_every_section_a_place(sheet) -> None:
    assert {figure.section for figure in sheet.figures} == set(SECTION_TITLES) - {"changes", "disputes", "stated"}
    for figure in sheet.figures:
        assert figure.section in SECTION_TITLES
        if figure.value is None:
            assert figure.as_of is None or figure.term == "verdict" or figure.term.startswith("flag.")
            continue
        assert figure.source is not None and 0 <= figure.source < len(sheet.sources), figure.term
        assert figure.as_of is not None and figure.as_of <= sheet.as_of
        assert figure.text and figure.text != "–"


def test_figures_are_the_rows_own_numbers(sheet) -> None:
    pe = sheet.figure("pe_ttm", "core")
    assert (pe.value, pe.text, pe.unit, sheet.sources[pe.source].endpoint) == (18.4, "18.4×", "x", "statements")
    assert pe.formula == "as stated by the source"
    assert sheet.figure("price").as_of == samples.AS_OF
    assert sheet.figure("beta").formula.startswith("covariance")
    others = sheet.peers.frame.height - 1
    assert others == 8
    sector = samples.universe(samples.STOCK).filter(pl.col("symbol") != "NVRA")["pe_ttm"]
    assert pe.comparison == pytest.approx(float(sector.median()))


def test_the_decision_is_the_rulebooks(sheet) -> None:
    told = samples.BOOK.explain(sheet.row, samples.REGIME)
    assert sheet.explanation.verdict == told.verdict == sheet.row["verdict"]
    gates = [figure for figure in sheet.figures if figure.term.startswith("gate.")]
    words = {True: "passed", False: "failed", None: "unknown"}
    assert [figure.text for figure in gates] == [words[gate.passed] for gate in told.gates]
    assert sheet.figure("score").value == sheet.row["score"]


def test_the_value_on_the_sheet_is_the_screeners(sheet) -> None:
    assert sheet.valuation.value == sheet.row["dcf_value"]
    assert sheet.valuation.gap == sheet.row["dcf_gap"]


def test_what_nobody_gave_is_unknown_and_named() -> None:
    bare = build(samples.material("bare"))
    known = {
        figure.term for figure in bare.figures if figure.value is not None and figure.section in ("price", "core", "valuation")
    }
    assert known == {"price"}
    assert bare.explanation.verdict == "Unknown"
    assert "P/E" in bare.unknown
    assert any(each.startswith("DCF value: free cash flow") for each in bare.unknown)
    assert json.dumps(to_table(bare).to_json(), allow_nan=False)


def test_reasons_for_unknown_are_handed_on() -> None:
    material = replace(samples.material("stock", pe_ttm=None), reasons={"pe_ttm": "the last four quarters made a loss"})
    assert "P/E: the last four quarters made a loss" in build(material).unknown


@pytest.mark.parametrize(("kind", "term"), [("fund", "expense_ratio"), ("bond", "yield_to_maturity")])
def test_funds_and_bonds_have_their_own_figures(kind: str, term: str) -> None:
    found = build(samples.material(kind))
    assert found.figure(term, "core").value is not None
    assert not [figure for figure in found.figures if figure.section == "valuation"]
    assert "P/E" not in found.unknown


def test_table_json_is_complete_and_plain(sheet) -> None:
    answer = to_table(sheet, ("a note",)).to_json()
    assert answer["notes"] == ["a note"]
    assert len(answer["rows"]) == len(sheet.figures)
    assert all(source["simulated"] for source in answer["sources"])
    text = json.dumps(answer, allow_nan=False)
    assert "NaN" not in text
    assert to_table(sheet, sections=("risks",)).frame["section"].unique().to_list() == ["risks"]


def test_changes_since_the_last_look(sheet) -> None:
    before = json.loads(json.dumps(sheet.payload()))
    gates = {gate.id: (gate.title, gate.passed) for gate in sheet.explanation.gates}
    assert compare(before, sheet.row, gates) == ()
    before["verdict"] = "Hold"
    before["gates"]["roe"] = False
    before["flags"] = ["Old flag"]
    before["values"] |= {"price": 60.0, "score": 6.0, "target_mean": None}
    look = (datetime(2026, 11, 1, 12, tzinfo=UTC), before)
    found = build(samples.material("stock", look=look))
    said = [change.newbie for change in found.changes]
    assert said[0] == f"The verdict went from Hold to {sheet.row['verdict']}."
    assert "The limit for Return on equity went from failed to passed." in said
    assert "The flag Old flag is gone." in said
    assert any(each.startswith("Price went from $60.00 to $69.76 (+16.3") for each in said)
    assert "Price target is known now: $78.00." in said
    assert found.look_at == look[0]


def test_peers_are_of_the_industry_first_then_nearest() -> None:
    found = build(samples.material("stock")).peers
    frame = samples.universe(samples.STOCK)
    same = set(frame.filter((pl.col("industry") == "Semiconductor Equipment") & (pl.col("symbol") != "NVRA"))["symbol"])
    assert found.frame["symbol"][0] == "NVRA"
    assert set(found.frame["symbol"][1:7]) == same, "all six of the industry come before the rest"
    inner = found.frame.filter(pl.col("symbol") != "NVRA")
    assert found.medians["pe_ttm"] == pytest.approx(float(inner["pe_ttm"].median()))


def test_a_company_of_unknown_sector_has_no_peers() -> None:
    assert build(samples.material("bare")).peers.count == 0


def test_what_the_source_states_is_shown_as_it_is_even_when_it_is_too_old_to_use() -> None:
    rows = [
        ("pe_ttm", "P", date(2024, 2, 1), 30.5, "ratio"),
        ("pe_ttm", "P", date(2025, 2, 1), 38.9, "ratio"),
        ("revenue", "A", date(2024, 9, 30), 391_035_000_000.0, "USD"),
        ("employees", "P", date(2025, 2, 1), 150_000.0, "count"),
        ("eps_forward", "P", date(2025, 2, 1), 8.31, "USD"),
    ]
    facts = pl.DataFrame(
        [
            {"symbol": "XQZ", "item": item, "period": period, "period_end": end, "value": value, "unit": unit, "fetch_id": 2}
            for item, period, end, value, unit in rows
        ]
    )
    found = build(replace(samples.material("bare"), facts=facts))
    told = {figure.term: figure for figure in found.figures if figure.section == "stated"}
    assert list(told) == ["stated.employees.P", "stated.eps_forward.P", "stated.pe_ttm.P", "stated.revenue.A"]
    pe = told["stated.pe_ttm.P"]
    assert (pe.value, pe.text, pe.unit, pe.as_of, found.sources[pe.source].endpoint) == (
        38.9,
        "38.9×",
        "x",
        date(2025, 2, 1),
        "statements",
    )
    assert told["stated.revenue.A"].text == "$391B"
    assert told["stated.employees.P"].text == "150K"
    assert found.figure("pe_ttm", "core").value is None
