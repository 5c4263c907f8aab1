"""The window as promised: pictures of any panel in each mode, theme and palette, without a screen."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from terminal.paths import Home


def picture(path: Path) -> Any:
    from PySide6.QtGui import QImage

    image = QImage(str(path))
    assert not image.isNull()
    return image


def shot(run_cli: Any, home: Path, name: str, *words: str) -> Any:
    return run_cli("--home", str(home), "--demo", "window", "shot", "--out", name, *words, "--json", timeout=120)


@pytest.mark.parametrize(("mode", "theme", "palette", "size"), [
    ("pro", "dark", "standard", "1720x1000"),
    pytest.param("newbie", "light", "colour-blind", "1366x768", marks=pytest.mark.slow)])
def test_a_picture_of_the_whole_window(run_cli: Any, filled: Path, tmp_path: Path, qapp: Any, mode: str, theme: str,
                                       palette: str, size: str) -> None:
    from terminal.ui.theme import load

    done = shot(run_cli, filled, "all.png", "--mode", mode, "--theme", theme, "--palette", palette, "--size", size)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    image = picture(tmp_path / "all.png")
    assert f"{image.width()}x{image.height()}" == size
    assert answer["rows"] == [{"file": str(tmp_path / "all.png"), "width": image.width(), "height": image.height()}]
    tokens = load(theme, palette)
    colours = {image.pixelColor(x, y).name().upper() for x in range(0, image.width(), 3) for y in range(48, 74, 2)}
    assert tokens.warn_bg.upper() in colours, "the line that says SIMULATED is missing"
    everywhere = {image.pixelColor(x, y).name().upper() for x in range(0, image.width(), 2) for y in range(0, image.height(), 2)}
    assert tokens.bg1.upper() in everywhere and tokens.up_text.upper() in everywhere


def test_a_picture_of_one_panel_has_just_that_panel(run_cli: Any, filled: Path, tmp_path: Path, qapp: Any) -> None:
    done = shot(run_cli, filled, "one.png", "--panel", "preferences", "--size", "900x700", "--mode", "pro")
    assert done.returncode == 0, done.stderr
    image = picture(tmp_path / "one.png")
    assert (image.width(), image.height()) == (900, 700)


@pytest.mark.parametrize(("words", "told"), [
    (("--panel", "nothing"), "There is no panel 'nothing'"), (("--size", "99999x10"), "The size '99999x10' is not possible")])
def test_what_cannot_be_drawn_is_said_in_a_sentence(run_cli: Any, home: Home, words: tuple[str, ...], told: str) -> None:
    done = run_cli("--home", str(home.path), "--live", "window", "shot", "--out", "x.png", *words)
    assert done.returncode in (1, 2)
    assert told in done.stderr and "Traceback" not in done.stderr


def test_a_place_that_cannot_be_written(run_cli: Any, home: Home) -> None:
    done = run_cli("--home", str(home.path), "--live", "window", "shot", "--out", "/nowhere/x.png")
    assert done.returncode == 1 and "The folder /nowhere does not exist." in done.stderr


def test_without_a_window_its_commands_say_so(run_cli: Any, home: Home) -> None:
    done = run_cli("--home", str(home.path), "--live", "window", "layout", "reset")
    assert done.returncode == 1 and "No window is open. Open it with: tapeline" in done.stderr
