"""The printed page: deterministic, complete, simulated where it is so; and the CSV beside it."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import polars as pl
import pytest

from plugins.tearsheet.builder import build
from plugins.tearsheet.drawing import chart, ticks
from plugins.tearsheet.pdf import content, render
from plugins.tearsheet.writing import csv_bytes
from terminal.api import UserError, export
from tests.plugins.tearsheet import samples

ROOT = Path(__file__).resolve().parents[3]


def pages(pdf: bytes, tmp_path: Path) -> list[str]:
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not installed")
    file = tmp_path / "page.pdf"
    file.write_bytes(pdf)
    return subprocess.run(["pdftotext", "-layout", str(file), "-"], capture_output=True, text=True, check=True).stdout.split(
        "\f"
    )[:-1]


@pytest.mark.parametrize("kind", samples.SAMPLES)
def test_every_kind_prints_and_says_simulated_on_every_page(kind: str, tmp_path: Path) -> None:
    sheet = build(samples.material(kind))
    found = pages(render(sheet), tmp_path)
    for number, page in enumerate(found, 1):
        assert "SIMULATED" in page
        assert f"Page {number} of {len(found)}" in page
        assert f"{sheet.symbol} as of 20 Nov 2026" in page.replace("\u202f", " ")
    assert sheet.name in found[0]


def test_every_figure_is_in_the_source_table(tmp_path: Path) -> None:
    sheet = build(samples.material("stock"))
    text = " ".join(" ".join(pages(render(sheet), tmp_path)).split())
    for figure in sheet.figures:
        if figure.section in ("price", "core", "valuation", "events") and figure.value is not None:
            assert figure.title in text and " ".join(figure.text.split()) in text, figure.term
    assert re.search(r"demo, bars, as of 20 Nov 2026", text)
    assert "two-stage DCF" in text


def test_real_data_is_not_called_simulated(tmp_path: Path) -> None:
    from dataclasses import replace

    material = samples.material("stock")
    real = {key: replace(source, provider="yahoo", simulated=False) for key, source in material.sources.items()}
    assert "SIMULATED" not in "".join(pages(render(build(replace(material, simulated=False, sources=real))), tmp_path))


def test_the_same_sheet_gives_the_same_bytes_in_another_process() -> None:
    code = (
        "import hashlib, sys; from tests.plugins.tearsheet import samples; from plugins.tearsheet.builder import build; "
        "from plugins.tearsheet.pdf import render; from plugins.tearsheet.writing import csv_bytes; "
        "sheet = build(samples.material('stock')); "
        "print(hashlib.sha256(render(sheet)).hexdigest(), hashlib.sha256(csv_bytes(sheet)).hexdigest())"
    )
    other = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    sheet = build(samples.material("stock"))
    assert [hashlib.sha256(render(sheet)).hexdigest(), hashlib.sha256(csv_bytes(sheet)).hexdigest()] == other


def test_hostile_names_are_only_text(tmp_path: Path) -> None:
    name = '#panic("x") $1+1$ \\ <b>&*_` @ref // Very Long Name of a Company That Goes On'
    found = pages(render(build(samples.material("stock", name=name))), tmp_path)
    assert "#panic" in found[0]


def test_content_is_texts_and_shares_only() -> None:
    def walk(value: object) -> None:
        if isinstance(value, dict):
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)
        else:
            assert value is None or isinstance(value, (str, bool, int, float))

    for kind in samples.SAMPLES:
        found = content(build(samples.material(kind)))
        walk(found)
        json.dumps(found, allow_nan=False)


def test_chart_is_well_formed_and_draws_what_is_there() -> None:
    frame = samples.bars("A", 69.76)
    drawn = chart(frame)
    assert drawn is not None
    root = ElementTree.fromstring(drawn)
    paths = [each.attrib["d"] for each in root.iter("{http://www.w3.org/2000/svg}path")]
    bodies = sum(each.count("z") for each in paths if "h-" in each)
    assert bodies == 252, "one body a session"
    assert "69.76" in drawn
    assert chart(frame.head(1)) is None
    assert (
        chart(frame.head(2).with_columns(pl.lit(None, dtype=pl.Float64).alias(name) for name in ("open", "high", "low")))
        is not None
    )
    flat = frame.tail(30).with_columns(pl.lit(5.0).alias(name) for name in ("open", "high", "low", "close"))
    assert "nan" not in (chart(flat) or "nan")


def test_ticks_are_round() -> None:
    assert ticks(43.1, 73.2) == [45.0, 50.0, 55.0, 60.0, 65.0, 70.0]
    assert ticks(0.95, 1.31) == pytest.approx([1.0, 1.1, 1.2, 1.3])
    assert ticks(5.0, 5.0) == []


def test_csv_round_trip() -> None:
    sheet = build(samples.material("stock", name="=cmd()"))
    rows = list(csv.DictReader(io.StringIO(csv_bytes(sheet).decode("utf-8"))))
    assert len(rows) == len(sheet.figures)
    by_term = {row["term"]: row for row in rows if row["section"] == "core"}
    assert float(by_term["pe_ttm"]["value"]) == 18.4
    assert by_term["pe_ttm"]["provider"] == "demo"
    assert by_term["pe_ttm"]["simulated"] == "yes"
    assert not [cell for row in rows for cell in row.values() if cell[:1] in ("=", "@")]


def test_a_file_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(UserError, match="cannot be written"):
        export(tmp_path / "folder", b"x")
    assert export(tmp_path / "new" / "a.csv", b"abc") == 3
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["a.csv"]
