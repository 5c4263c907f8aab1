"""What terms mean, in the words of each mode."""

from __future__ import annotations

from typing import TYPE_CHECKING

from terminal.services.explain import Explain, Text

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Expected

CORE = """
[pe_ttm]
newbie = "What you pay for one dollar
of yearly profit."
pro = "Price to trailing earnings."
title_newbie = "Price for a dollar of profit"

[verdict]
pro = "The verdict."
[verdict.buy]
pro = "Buy."
""".replace("dollar\nof", "dollar of")


def made(tmp_path: Path, *plugins: str) -> Explain:
    (tmp_path / "core.toml").write_text(CORE, "utf-8")
    files = []
    for number, text in enumerate(plugins):
        files.append(tmp_path / f"{number}.toml")
        files[-1].write_text(text, "utf-8")
    return Explain(tmp_path / "core.toml", lambda: files)


def test_each_mode_has_its_words_and_fields_bring_title_and_formula(tmp_path: Path) -> None:
    explain = made(tmp_path)
    assert explain.text("pe_ttm", "newbie") == Text(
        "Price for a dollar of profit", "What you pay for one dollar of yearly profit.",
        "price / EPS of the last four quarters; unknown when EPS is not positive")
    assert explain.text("pe_ttm", "pro").title == "P/E"
    assert explain.text("pe_ttm", "pro").text == "Price to trailing earnings."


def test_a_term_may_hold_other_terms(tmp_path: Path) -> None:
    explain = made(tmp_path)
    assert explain.text("verdict", "pro").text == "The verdict."
    assert explain.text("verdict.buy", "pro").text == "Buy."


def test_plugins_add_terms_but_do_not_replace_the_programs(tmp_path: Path) -> None:
    explain = made(tmp_path, '[mine]\npro = "Mine."\nformula = "a / b"\n[pe_ttm]\npro = "Mine too."\n',
                   '[mine]\npro = "Other."\n')
    assert explain.text("mine", "pro") == Text("Mine", "Mine.", "a / b")
    assert explain.text("pe_ttm", "pro").text == "Price to trailing earnings."
    assert {"mine", "pe_ttm", "verdict.buy"} <= set(explain.terms())


def test_an_unknown_term_has_a_name_and_no_text(tmp_path: Path) -> None:
    assert made(tmp_path).text("no_such_term", "pro") == Text("No such term", "", "")


def test_a_damaged_file_is_passed_over(tmp_path: Path, expect_warning: Expected) -> None:
    expect_warning("cannot be read")
    assert made(tmp_path, "[broken").text("pe_ttm", "pro").text == "Price to trailing earnings."
    assert Explain(tmp_path / "absent.toml").text("roe").title == "ROE"


def test_what_was_read_is_kept_and_read_anew_when_a_file_changes(tmp_path: Path) -> None:
    core, keep = tmp_path / "core.toml", tmp_path / "cache" / "words.json"
    core.write_text('[roe]\nnewbie = "first"\n')
    assert Explain(core, keep=keep).text("roe", "newbie").text == "first"
    before = keep.read_bytes()
    assert Explain(core, keep=keep).text("roe", "newbie").text == "first"
    assert keep.read_bytes() == before
    keep.write_bytes(before.replace(b"first", b"other"))
    assert Explain(core, keep=keep).text("roe", "newbie").text == "other", "the files were read again although nothing changed"
    core.write_text('[roe]\nnewbie = "second text"\n')
    assert Explain(core, keep=keep).text("roe", "newbie").text == "second text"
    keep.write_bytes(b"{")
    assert Explain(core, keep=keep).text("roe", "newbie").text == "second text"
