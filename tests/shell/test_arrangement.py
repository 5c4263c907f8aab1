"""The tree of a window's arrangement: as text, as what QtAds saves, and back, without losing anything."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from terminal.shell.arrangement import Arrangement, Edge, Floating, Split, Tabs, fitted, from_saved, from_text, to_text, to_xml

TEXT = """\
row 280 1000
  tabs screener* dips (earnings)
  column 640 260
    tabs tearsheet*
    tabs results*
left 280 watchlists
bottom 200 (health)
floating -5,85 664x898
  tabs activity*
"""


def test_the_outline_reads_as_it_is_written() -> None:
    assert from_text(TEXT) == Arrangement(
        Split("row", (280, 1000), (
            Tabs(("screener", "dips", "earnings"), "screener", frozenset({"earnings"})),
            Split("column", (640, 260), (Tabs(("tearsheet",), "tearsheet"), Tabs(("results",), "results"))))),
        (Edge("left", "watchlists", 280), Edge("bottom", "health", 200, closed=True)),
        (Floating(-5, 85, 664, 898, Tabs(("activity",), "activity")),))
    assert to_text(from_text(TEXT)) == TEXT


names = st.lists(st.sampled_from([f"panel{number}" for number in range(12)]), min_size=1, max_size=12, unique=True)


@st.composite
def arrangements(draw: st.DrawFn) -> Arrangement:
    panels = draw(names)
    groups: list[list[str]] = []
    while panels:
        size = draw(st.integers(1, len(panels)))
        groups.append(panels[:size])
        panels = panels[size:]

    def tabs(group: list[str]) -> Tabs:
        closed = frozenset(draw(st.sets(st.sampled_from(group))))
        opened = [panel for panel in group if panel not in closed]
        return Tabs(tuple(group), draw(st.sampled_from(opened)) if opened else group[0], closed)

    floating = tuple(Floating(draw(st.integers(-2000, 4000)), draw(st.integers(-50, 2000)), draw(st.integers(200, 3000)),
                              draw(st.integers(150, 2000)), tabs(group)) for group in groups[3:5])
    edges = tuple(Edge("right", group[0], draw(st.integers(50, 900))) for group in groups[5:6])
    parts: list[Split | Tabs] = [tabs(group) for group in groups[:3]]
    if len(parts) == 3:
        parts = [parts[0], Split("column", (draw(st.integers(1, 900)), draw(st.integers(1, 900))), (parts[1], parts[2]))]
    sizes = tuple(draw(st.integers(1, 2000)) for _ in parts)
    return Arrangement(Split("row", sizes, tuple(parts)) if len(parts) > 1 else parts[0], edges, floating)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(arrangements())
def test_text_and_xml_hold_everything(arrangement: Arrangement) -> None:
    assert _whole(from_text(to_text(arrangement))) == _whole(arrangement)
    assert _whole(from_saved(to_xml(arrangement))) == _whole(arrangement)
    packed = zlib.compress(to_xml(arrangement))
    assert _whole(from_saved(b"\0\0\0\0" + packed)) == _whole(arrangement)
    assert to_text(from_text(to_text(arrangement))) == to_text(arrangement)


def _whole(arrangement: Arrangement) -> tuple[object, ...]:
    """What must be equal: a place whose panels are all closed has nothing in front."""
    return to_text(arrangement), arrangement.edges, [(each.x, each.y, each.width, each.height) for each in arrangement.floating]


def test_unknown_panels_are_left_out_and_their_place_with_them() -> None:
    known, unknown = from_text(TEXT).only({"dips", "earnings", "results"})
    assert unknown == ["screener", "tearsheet", "activity", "watchlists", "health"]
    assert to_text(known) == "row 280 1000\n  tabs dips* (earnings)\n  column 260\n    tabs results*\n"
    nothing, _ = from_text(TEXT).only(set())
    assert nothing == Arrangement(None)


def test_a_narrow_window_gives_a_panel_what_it_needs() -> None:
    layout = from_text("row 300 940 420\n  tabs lists*\n  tabs chart*\n  tabs sheet*\n")
    narrow = fitted(layout, 1300, {"sheet": 420}).inside
    assert isinstance(narrow, Split) and narrow.sizes[2] == 420 and sum(narrow.sizes) == pytest.approx(1300, abs=2)
    assert narrow.sizes[0] < 300 * 1300 / 1660 and narrow.sizes[1] > 500
    assert fitted(layout, 1660, {"sheet": 420}) == layout
    assert fitted(layout, 300, {"sheet": 420, "chart": 400}) == layout  # nobody can give
    assert fitted(from_text("tabs a*\n"), 300, {"a": 900}) == from_text("tabs a*\n")


@pytest.mark.parametrize(("text", "told"), [
    ("row 1 2\n  tabs a\n", "2 sizes for 1 part"), ("row\n", "nothing is in this row"), ("tab a\n", "'tab a' is not understood"),
    ("tabs a\ntabs b\n", "second whole window"), ("left wide a\n", "a panel at the edge is written"),
    ("floating 1 2\n", "floating"),
    ("tabs a a\n", "a cannot be in two places"), ("row 1 x\n  tabs a\n", "is not understood")])
def test_what_is_wrong_is_said_with_its_line(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        from_text(text)


@pytest.mark.parametrize("saved", [b"", b"nonsense", b"<?xml version='1.0'?><other/>", b"\0\0\0\0nonsense"])
def test_what_is_no_layout_is_refused(saved: bytes) -> None:
    with pytest.raises(ValueError, match="no saved layout"):
        from_saved(saved)


def test_names_of_other_peoples_panels_survive_the_xml() -> None:
    odd = Arrangement(Tabs(('a"<&>b', "c"), "c"))
    assert from_saved(to_xml(odd)) == odd


def test_sizes_may_be_left_out_by_hand() -> None:
    assert to_text(from_text("row\n  tabs a\n  tabs b c*\n")) == "row 1 1\n  tabs a*\n  tabs b c*\n"
