"""Colours that have to be told apart, as people with protanopia and deuteranopia see them; contrast of what charts draw."""

from __future__ import annotations

import itertools

import pytest

from terminal.ui import theme

# Machado, Oliveira, Fernandes (2009), severity 1: what a missing kind of cone makes of linear red, green and blue.
SEEN = {
    "everybody": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
}
LINKS = ("accent", "link_b", "link_c", "link_d")
AVERAGES = ("average_1", "average_2", "average_3")


def lab(color: str, seen: str) -> tuple[float, float, float]:
    """A colour as CIE L*a*b* (D65), after what `seen` makes of it."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
              for part in (int(color[place:place + 2], 16) / 255 for place in (1, 3, 5))]
    red, green, blue = (min(1.0, max(0.0, sum(a * b for a, b in zip(line, linear, strict=True)))) for line in SEEN[seen])
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883
    fx, fy, fz = (part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def distance(first: str, second: str, seen: str) -> float:
    """CIE76 colour difference; 2.3 is just noticeable."""
    return sum((a - b) ** 2 for a, b in zip(lab(first, seen), lab(second, seen), strict=True)) ** 0.5


def test_the_distance_is_that_of_the_standard() -> None:
    assert distance("#000000", "#FFFFFF", "everybody") == pytest.approx(100, abs=0.1)
    assert distance("#2EBD85", "#F6465D", "everybody") > 3 * distance("#2EBD85", "#F6465D", "deuteranopia")


@pytest.mark.parametrize("name", theme.THEMES)
@pytest.mark.parametrize("seen", SEEN)
def test_up_and_down_are_far_apart_for_everybody_in_the_safe_palette(name: str, seen: str) -> None:
    tokens = theme.load(name, "colour-blind")
    for first, second in (("up", "down"), ("up_text", "down_text"), ("ok", "warn"), ("ok", "error")):
        assert distance(getattr(tokens, first), getattr(tokens, second), seen) > 40, (first, second)


@pytest.mark.parametrize("name", theme.THEMES)
@pytest.mark.parametrize("palette", theme.PALETTES)
@pytest.mark.parametrize("seen", SEEN)
def test_groups_and_averages_are_told_apart(name: str, palette: str, seen: str) -> None:
    tokens = theme.load(name, palette)
    near = {(first, second): round(distance(getattr(tokens, first), getattr(tokens, second), seen), 1)
            for kind in (LINKS, AVERAGES) for first, second in itertools.combinations(kind, 2)
            if distance(getattr(tokens, first), getattr(tokens, second), seen) < 15}
    assert near == {}


@pytest.mark.parametrize("name", theme.THEMES)
@pytest.mark.parametrize("palette", theme.PALETTES)
def test_what_charts_draw_stands_out_from_their_ground(name: str, palette: str) -> None:
    tokens = theme.load(name, palette)
    drawn = ("up", "down", *AVERAGES, *LINKS, "past", "past_line", "accent", "warn")
    weak = {role: round(theme.contrast(getattr(tokens, role), tokens.bg1), 2) for role in drawn
            if theme.contrast(getattr(tokens, role), tokens.bg1) < 3}
    assert weak == {}
    assert theme.contrast(tokens.grid, tokens.bg1) < 1.6  # the grid stays behind what is drawn


@pytest.mark.parametrize("name", theme.THEMES)
def test_the_mark_of_the_keyboard_stands_out(name: str) -> None:
    tokens = theme.load(name)
    for ground in ("bg0", "bg1", "bg2", "bg3", "field"):
        assert theme.contrast(tokens.accent, getattr(tokens, ground)) >= 3, ground
