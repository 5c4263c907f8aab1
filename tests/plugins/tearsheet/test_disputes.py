"""Where services differ: on the sheet, in the table, in the CSV and in print; and reports told in one place."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from plugins.tearsheet.builder import build
from plugins.tearsheet.disputes import MOST
from plugins.tearsheet.model import to_table
from plugins.tearsheet.pdf import content, render
from plugins.tearsheet.writing import csv_bytes
from terminal.api import Source
from terminal.domain.truth import DISAGREEMENT
from tests.plugins.tearsheet import samples

if TYPE_CHECKING:
    from pathlib import Path

THEN = datetime(2026, 11, 1, tzinfo=UTC)
SENTENCE = ("Revenue, fiscal year to 2025-12-31: SEC EDGAR says 13.400B USD, Yahoo Finance says 12.900B USD; "
            "what was filed stands.")


def row(**changes: Any) -> dict[str, Any]:
    return {"dataset": "facts", "symbol": "NVRA", "field": "revenue", "period": "A", "period_end": date(2025, 12, 31),
            "unit": "USD", "provider": "sec", "value": 13.4e9, "text": None, "known_at": THEN, "fetch_id": 11,
            "other_provider": "yahoo", "other_value": 12.9e9, "other_text": None, "other_known_at": THEN,
            "other_fetch_id": 12, "difference": 0.037, "rule": "what was filed stands", **changes}  # fmt: skip


def sheet(*rows: dict[str, Any]) -> Any:
    material = samples.material("stock")
    sources = {**material.sources, 11: Source("sec", "companyfacts", THEN, THEN), 12: Source("yahoo", "timeseries", THEN, THEN)}
    return build(replace(material, sources=sources, disagreements=pl.DataFrame(list(rows), schema=DISAGREEMENT)))


DATE = {"dataset": "earnings", "field": "date", "period": None, "period_end": None, "unit": None, "value": None,
        "text": "2026-11-26", "other_value": None, "other_text": "2026-12-01", "provider": "finnhub"}  # fmt: skip


def test_both_sides_and_the_rule_are_told_with_their_sources() -> None:
    found = sheet(row(), row(period_end=date(2024, 12, 31), value=1.0), row(**DATE))
    first, second = found.disputes()
    assert first.title == "Report date" and first.text == "2026-11-26" and first.comparison_text == "2026-12-01"
    assert (second.title, second.text, second.comparison_text, second.compared_with) == (
        "Revenue, fiscal year", "13.400B USD", "12.900B USD", "Yahoo Finance")  # fmt: skip
    assert second.newbie == SENTENCE
    assert found.sources[second.source].provider == "sec"
    assert {"sec", "yahoo"} <= {source.provider for source in found.sources}, "the other side is a source too"
    table = to_table(found, (), ("disputes",))
    assert table.frame["note"].to_list()[1] == SENTENCE
    assert SENTENCE in csv_bytes(found).decode("utf-8")


def test_a_long_dispute_is_cut_and_says_where_the_rest_is() -> None:
    found = sheet(*(row(field=f"item_{number}") for number in range(MOST + 3)))
    assert len(found.disputes()) == MOST
    assert found.more_disputes == "3 more: `tapeline market disagreements NVRA`."
    assert content(found)["disputes"][-1] == found.more_disputes
    assert not sheet().disputes() and not sheet().more_disputes


def test_it_is_printed(tmp_path: Path) -> None:
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not installed")
    file = tmp_path / "page.pdf"
    file.write_bytes(render(sheet(row())))
    text = subprocess.run(["pdftotext", str(file), "-"], capture_output=True, text=True, check=True).stdout
    assert "Where services differ" in text
    assert "SEC EDGAR says 13.400B USD" in " ".join(text.split())
    assert "Where services differ" not in content(build(samples.material("stock"))).get("disputes", [])


class Lines:
    """Keeps what it is to show."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, str]] = []

    def show_lines(self, lines: list[tuple[str, str, str]], _nothing: str) -> None:
        self.lines = lines


def showing(found: Any, *, newbie: bool, answered: bool = True) -> Any:
    said = SimpleNamespace(newbie=newbie, tip=lambda _sheet, figure: f"tip of {figure.term}")
    return SimpleNamespace(sheet=found, said=said, host=SimpleNamespace(has_command=lambda _name: answered))


@pytest.mark.parametrize("newbie", [True, False])
def test_the_panel_says_it_in_the_words_of_its_mode(newbie: bool) -> None:
    from plugins.tearsheet.panel_sections import PARTS

    widget: Any = Lines()
    PARTS["disputes"].fill(widget, showing(sheet(row()), newbie=newbie))
    (line,) = widget.lines
    assert line[:2] == ((SENTENCE, "") if newbie else ("Revenue, fiscal year", "13.400B USD, Yahoo Finance 12.900B USD"))
    assert line[2] == "tip of disputes.revenue.A.yahoo"
    assert PARTS["disputes"].applies(showing(sheet(row()), newbie=newbie))
    assert not PARTS["disputes"].applies(showing(sheet(), newbie=newbie))


def test_reports_are_told_in_one_place() -> None:
    """Beside a section on earnings, the events keep to the rest; without one they tell of the reports too."""
    from plugins.tearsheet.panel_earnings import fill_events

    widget: Any = Lines()
    fill_events(widget, showing(sheet(), newbie=False))
    assert not any("report" in line[0].lower() for line in widget.lines)
    assert any("dividend" in line[0].lower() for line in widget.lines)
    fill_events(widget, showing(sheet(), newbie=False, answered=False))
    assert any(line[0] == "Next report" for line in widget.lines)
    fill_events(widget, showing(sheet(), newbie=False), reports=True)
    assert any(line[0] == "Next report" for line in widget.lines)
