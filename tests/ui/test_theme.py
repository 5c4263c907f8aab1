"""Tokens, contrast, font and icons; changing the theme while widgets are shown."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtGui import QFontInfo, QFontMetricsF

from terminal.ui import theme
from terminal.ui.form import Button, label

TEXTS = ("t1", "t2", "t3", "accent_text", "warn", "ok", "error", "up_text", "down_text")
GROUNDS = ("bg0", "bg1", "bg2", "bg3", "field", "hover", "selected")
PAIRS = (("warn", "warn_bg"), ("t1", "warn_bg"), ("ok", "ok_bg"), ("t1", "ok_bg"), ("error", "error_bg"), ("t1", "error_bg"),
         ("accent_text", "accent_bg"), ("t1", "accent_bg"), ("on_accent", "accent"), ("on_accent", "accent_hover"),
         ("t1", "past_bg"), ("past", "past_bg"), ("link_b", "bg0"), ("link_c", "bg0"), ("link_d", "bg0"))


@pytest.mark.parametrize("name", theme.THEMES)
@pytest.mark.parametrize("palette", theme.PALETTES)
def test_every_text_can_be_read_on_every_ground(name: str, palette: str) -> None:
    tokens = theme.load(name, palette)
    pairs = [(text, ground) for text in TEXTS for ground in GROUNDS] + list(PAIRS)
    weak = {pair: round(theme.contrast(getattr(tokens, pair[0]), getattr(tokens, pair[1])), 2) for pair in pairs
            if theme.contrast(getattr(tokens, pair[0]), getattr(tokens, pair[1])) < 4.5}
    assert not weak
    assert theme.contrast(tokens.up, tokens.bg1) >= 3  # graphics need three
    assert theme.contrast(tokens.down, tokens.bg1) >= 3


def test_contrast_is_that_of_the_standard() -> None:
    assert theme.contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert theme.contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


def test_digits_have_equal_widths_and_come_from_inter(qapp: Any) -> None:
    font = theme.font(12)
    assert QFontInfo(font).family().startswith("Inter")
    metrics = QFontMetricsF(font)
    assert metrics.horizontalAdvance("1111") == metrics.horizontalAdvance("0000")


def test_styled_labels_keep_tabular_digits(qtbot: Any) -> None:
    shown = label("111", "value")
    qtbot.addWidget(shown)
    shown.show()
    metrics = QFontMetricsF(shown.font())
    assert metrics.horizontalAdvance("111") == metrics.horizontalAdvance("000")
    assert shown.font().pixelSize() == 15


def test_the_theme_changes_under_shown_widgets(qapp: Any, qtbot: Any) -> None:
    button = Button("Export", icon="download")
    qtbot.addWidget(button)
    button.show()
    before = button.icon().pixmap(14, 14).toImage()
    theme.apply(qapp, "light", "colour-blind", 14)
    after = button.icon().pixmap(14, 14).toImage()
    assert before != after
    assert theme.tokens().name == "light"
    assert theme.tokens().palette == "colour-blind"
    assert qapp.font().pixelSize() == 14
    assert theme.row_height("newbie") == round(32 * 14 / 12)


def test_icons_are_kept_and_an_unknown_one_is_a_square(qapp: Any) -> None:
    assert theme.pixmap("star", "t2") is theme.pixmap("star", "t2")
    unknown = theme.pixmap("no-such-icon", "t2").toImage()
    assert unknown == theme.pixmap("square", "t2").toImage()
    assert unknown != theme.pixmap("star", "t2").toImage()


def test_unknown_names_are_refused() -> None:
    with pytest.raises(ValueError, match="no theme"):
        theme.load("sepia")
    with pytest.raises(ValueError, match="no palette"):
        theme.load("dark", "sepia")
