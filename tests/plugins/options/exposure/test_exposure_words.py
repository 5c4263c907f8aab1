"""What is said of an exposure: warnings, the window of strikes, marks and cards."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from plugins.options.exposure import gathering, model
from plugins.options.exposure.tables import shares
from terminal.domain.exposure import Ratios, exposure, turn, walls
from terminal.errors import UserError
from tests.domain.exposure.books import book, row

SMALL = [row(95, False, 900), row(100, True, 300), row(100, False, 250), row(105, True, 800), row(110, True, 400, days=60)]


def detail(*rows: dict[str, Any]) -> dict[str, Any]:
    found = exposure(book(*rows))
    edges, at = walls(found), turn(found)
    ratio = Ratios(1.0, 2.0, None, 1.0, 1.0, 1.0, 2.0)
    return {"exposure": found, "turn": at, "shares": shares(found), "summary": ("Net.",), "thin": gathering.thin(found),
            "ratios": {name: getattr(ratio, name) for name in ("volume", "open_interest", "premium", "call_volume", "put_volume",
                                                               "call_open_interest", "put_open_interest")},
            "levels": {"zero_gamma": at.level, "call_wall": edges.call, "put_wall": edges.put, "max_pain": 100.0,
                       "pain_expiry": found.frame["expiry"].min()}}  # fmt: skip


def test_little_that_is_usable_is_a_warning() -> None:
    thin = detail(row(100, True, 10), row(105, True, 90, reasons="bid and ask are zero"))
    assert thin["thin"] == "Only 10\u202f% of what is open has a price that can be used: these figures say little."
    assert model.headline(thin, "newbie") == thin["thin"]
    assert gathering.counted(thin["exposure"]) == (
        "1 contract with open interest is not counted, 90.0\u202f% of what is open: bid and ask are zero (1).",)  # fmt: skip
    assert detail(*SMALL)["thin"] == ""
    nothing = detail(row(105, True, 90, reasons="no bid"))
    assert model.headline(nothing, "pro").startswith("Nothing that is open has a price")


def test_what_is_counted_in_full_needs_no_words() -> None:
    assert gathering.counted(exposure(book(*SMALL))) == ()
    assert gathering.counted(exposure(book(row(100, True, None)))) == (
        "The source states no open interest of ABC, so nothing that rests on it is known.",)  # fmt: skip


@pytest.mark.parametrize(("text", "value"), [("10%", 0.1), ("0.25", 0.25), ("", None)])
def test_ranges_are_read(text: str, value: float | None) -> None:
    assert gathering.fraction(text, "--range") == value


@pytest.mark.parametrize("text", ["much", "-5%", "0", "nan", "2000%"])
def test_other_ranges_are_refused(text: str) -> None:
    with pytest.raises(UserError, match="--range cannot be"):
        gathering.fraction(text, "--range")


def test_the_window_holds_the_price_and_most_of_it() -> None:
    rows = [row(strike, True, 5000 if strike == 110 else 1) for strike in (40, 90, 100, 110, 190)]
    low, high = model.window(exposure(book(*rows)), "gamma")
    assert low <= 95
    assert high == 110
    bars = model.net_bars(exposure(book(*rows, row(97, True, 5, reasons="no bid"))), "gamma")
    unknown = next(bar for bar in bars if bar.strike == 97)
    assert (unknown.up, unknown.down) == (None, None)
    assert "unknown" in unknown.said


def test_levels_at_one_price_share_a_name() -> None:
    marks = model.marks({"zero_gamma": 99.5, "call_wall": 100.0, "put_wall": 100.0, "max_pain": None}, 101.0, "pro")
    assert [mark.text for mark in marks] == ["Spot 101", "Zero gamma 99.50", "Call wall, put wall 100"]


def test_cards_say_the_same_in_both_modes() -> None:
    told = detail(*SMALL)
    pro, newbie = (model.facts(told, mode) for mode in ("pro", "newbie"))
    assert [fact.key for fact in pro] == list(model.FACTS)
    assert [(fact.key, fact.value) for fact in pro] == [(fact.key, fact.value) for fact in newbie]
    assert all(fact.sentence for fact in newbie)
    assert not any(fact.sentence for fact in pro)


def test_the_map_leaves_unknown_fields_open() -> None:
    found = model.heat(exposure(book(*SMALL, row(105, True, 300, days=60))), "gamma")
    assert found.strikes == tuple(sorted(found.strikes, reverse=True))
    assert len(found.expiries) == 2
    assert np.isnan(found.values).any()
