"""The vocabulary of fields: complete, explained in both modes, and only stated where a schema item exists."""

from __future__ import annotations

import tomllib
from pathlib import Path

from terminal.domain.features import FEATURE_FIELDS
from terminal.domain.fields import FIELDS
from terminal.domain.schemas import POINT_ITEMS

TEXTS = tomllib.loads((Path(__file__).parents[2] / "resources" / "explain.toml").read_text("utf-8"))


def test_every_field_has_words_for_both_modes() -> None:
    assert len(FIELDS) >= 80
    for name in FIELDS:
        entry = TEXTS[name]
        assert set(entry) <= {"title_newbie", "title_pro", "newbie", "pro", "formula"}
        assert entry["newbie"].endswith(".") and len(entry["newbie"].split()) >= 5, name
        assert entry["pro"].endswith(".") and entry["pro"] != entry["newbie"], name
        assert entry["title_newbie"], name


def test_newbie_words_need_no_dictionary() -> None:
    jargon = ("EBITDA", "TTM", "CAGR", "annualised", "standard deviation", "sqrt", "covariance", "diluted", "percentile")
    for name, entry in TEXTS.items():
        assert not [word for word in jargon if word in entry["newbie"]], name


def test_core_terms_are_explained() -> None:
    core = {
        "unknown",
        "reported",
        "computed",
        "simulated",
        "as_of",
        "source",
        "gate",
        "regime",
        "universe",
        "watchlist",
        "rule",
        "dcf",
    }
    assert core <= set(TEXTS) and not core & set(FIELDS)


def test_fields_are_consistent() -> None:
    for name, field in FIELDS.items():
        assert field.name == name and field.title and field.group
        assert not field.reported or field.reported in POINT_ITEMS
        assert field.formula or field.group in ("identity", "score"), name
        assert (field.type == "integer") <= (field.decimals == 0), name
    assert len({field.title for field in FIELDS.values()}) == len(FIELDS)
    assert set(FIELDS) - set(FEATURE_FIELDS) == {
        *("dcf_value", "dcf_gap", "dcf_low", "dcf_high", "dcf_range"),
        *("verdict", "score", "coverage", "flags"),
    }
