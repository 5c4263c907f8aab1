"""Make the pictures of the documentation with the program itself: `python3 tools/pictures.py [NAME ...]`.

Without a name, all of them: those of the README (docs/*.png), and every panel in both modes and both themes
(docs/pictures/PANEL-MODE-THEME.png; a panel's further pages in two of the four) with docs/panels.md, which shows them.
A name is one of the README's, or a panel's id.
Each is one `window shot` on the demo market of a home made for it, so no picture shows anything but what the program
draws. Two processes work side by side; each panel's picture is kept with 256 colours, which is what makes it small.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from PySide6.QtGui import QImage

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PANELS = DOCS / "pictures"
PAGE = DOCS / "panels.md"
SYMBOL = "XERV"
OPTIONS, OPTIONABLE = ("chain", "volatility", "exposure", "flow", "planner"), "SPY"
SIZE = (1280, 800)
LARGEST, MOST = 450_000, 7_000_000  # bytes: of one picture, and of all panels' together; a page should load quickly
THEMES, MODES = ("dark", "light"), ("newbie", "pro")
FURTHER = (("newbie", "dark"), ("pro", "light"))  # in which the further pages of a panel are shown
LEFT_OUT = ("results",)  # empty until a command has answered
PICTURES: dict[str, dict[str, Any]] = {
    "window-pro": {"mode": "pro", "theme": "dark", "size": (1720, 1000), "symbol": SYMBOL},
    "window-light": {"mode": "pro", "theme": "light", "size": (1720, 1000), "symbol": SYMBOL},
    "screener-newbie": {"panel": "screener", "mode": "newbie", "theme": "dark"},
    "screener-pro": {"panel": "screener", "mode": "pro", "theme": "dark"},
    "tearsheet-newbie": {"panel": "tearsheet", "mode": "newbie", "theme": "dark", "size": (560, 1000), "symbol": SYMBOL},
    "tearsheet-pro": {"panel": "tearsheet", "mode": "pro", "theme": "dark", "size": (560, 1000), "symbol": SYMBOL},
    "palette": {"mode": "pro", "theme": "dark", "size": (1720, 1000), "symbol": SYMBOL, "palette_text": "wat"},
    "window-colour-blind": {"mode": "newbie", "theme": "dark", "palette": "colour-blind", "size": (1600, 900), "symbol": SYMBOL},
}
SENTENCES = {
    "watchlists": "Your own lists of symbols with prices, verdicts and what changed.",
    "activity": "What the program said in this run, and what it is doing or did.",
    "chain": "Calls, strikes and puts with our own volatilities and Greeks, each quote checked.",
    "volatility": "What options expect of the price, what it did, and how dear they are within the year.",
    "exposure": "What dealers have to trade when the price moves, if they hold what is assumed.",
    "flow": "Unusual trades in options with their evidence, what became of them, and a scorecard.",
    "planner": "From what you expect and may lose to legs, chances, risks and a size.",
    "preferences": "Every setting with what it means; a change takes effect at once.",
}


def main(names: list[str]) -> int:
    """Make the pictures named, or all; 1 when one could not be made or is too large."""
    if names[:1] == ["--worker"]:
        return _work(Path(names[1]), names[2], names[3:])
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        homes = {theme: Path(folder, theme) for theme in THEMES}
        _make_home(homes["dark"])
        shutil.copytree(homes["dark"], homes["light"])
        line = [sys.executable, __file__, "--worker"]
        workers = [subprocess.Popen([*line, str(home), theme, *names], cwd=ROOT, env=_surroundings())
                   for theme, home in homes.items()]
        bad = max(worker.wait() for worker in workers)
    sizes = [file.stat().st_size for file in PANELS.glob("*.png")]
    sys.stdout.write(f"{len(sizes)} pictures of panels, {sum(sizes):,} bytes; {time.monotonic() - started:.0f} s\n")
    return int(bool(bad) or sum(sizes) > MOST)


def _surroundings() -> dict[str, str]:
    """Of the workers: no screen, nothing of the user's look or keyring."""
    return {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}


def _make_home(home: Path) -> None:
    for words in (("watchlist", "create", "Ideas"), ("watchlist", "add", "Ideas", SYMBOL, "AKOR", "ZENR")):
        line = [sys.executable, "-m", "terminal", "--home", str(home), "--demo", *words]
        done = subprocess.run(line, cwd=ROOT, env=_surroundings(), capture_output=True, text=True, timeout=300, check=False)
        if done.returncode != 0:
            raise SystemExit(done.stderr)


# ---- one worker: everything in one theme ----


def _work(folder: Path, theme: str, names: list[str]) -> int:
    from terminal.app import App
    from terminal.paths import Home
    from terminal.shell.workspace import SHELL_PANELS

    app = App(Home(folder), demo=True)
    try:
        panels = {panel.id: panel for panel in (*app.registry.panels(), *SHELL_PANELS) if panel.id not in LEFT_OUT}
        unknown = [name for name in names if name not in panels and name not in PICTURES]
        if unknown:
            sys.stderr.write(f"There is no picture {', '.join(unknown)}. There are: {', '.join((*PICTURES, *panels))}.\n")
            return 2
        bad = 0
        for name, wanted in PICTURES.items():
            if wanted["theme"] == theme and (not names or name in names):
                bad |= _take(app, DOCS / f"{name}.png", {"size": SIZE, **wanted})
        wanted_panels = [panel for panel in panels.values() if not names or panel.id in names]
        for mode in MODES if wanted_panels else ():
            bad |= _panels(app, wanted_panels, mode, theme)
        if not names and theme == THEMES[0]:
            _write_page(app, list(panels.values()))
        return bad
    finally:
        app.close()


def _take(app: Any, file: Path, wanted: dict[str, Any]) -> int:
    """Make one picture of the README."""
    from terminal.shell.shot import Wish, take

    words = dict(wanted)
    width, height = words.pop("size")
    return _kept(file, lambda: take(app, Wish(words.pop("panel", "window"), width, height, **words), file))


def _panels(app: Any, panels: list[Any], mode: str, theme: str) -> int:
    """Every panel, one after the other, in one window."""
    from terminal.shell.shot import Wish, portrait, studio, wait

    PANELS.mkdir(parents=True, exist_ok=True)
    bad = 0
    with studio(app, Wish("window", *SIZE, mode=mode, theme=theme)) as window:
        for panel in panels:
            file = PANELS / f"{panel.id}-{mode}-{theme}.png"
            symbol = OPTIONABLE if panel.id in OPTIONS else SYMBOL if panel.follows_symbol else ""
            wish = Wish(panel.id, *SIZE, symbol=symbol, mode=mode, theme=theme)

            shown: list[Any] = []

            def make(wish: Wish = wish, file: Path = file, shown: list[Any] = shown) -> None:
                shown.append(portrait(window, wish))
                _keep_small(shown[0], file)

            bad |= _kept(file, make)
            widget: Any = window.workspace.panels.get(panel.id) if window.workspace is not None else None
            further = list(widget.pages.specs)[1:] if shown and hasattr(widget, "pages") and (mode, theme) in FURTHER else []
            for key in further:

                def turn(key: str = key, widget: Any = widget, panel: Any = panel, shown: list[Any] = shown) -> None:
                    widget.show_page(key)
                    wait(window, 30)
                    _keep_small(shown[0], PANELS / f"{panel.id}-{key}-{mode}-{theme}.png")

                bad |= _kept(PANELS / f"{panel.id}-{key}-{mode}-{theme}.png", turn)
            for alone in shown:
                alone.hide()
    return bad


def _keep_small(picture: Any, file: Path) -> None:
    from PySide6.QtGui import QImage

    from terminal.shell.shot import keep

    keep(picture, file)
    few_colours(QImage(str(file))).save(str(file), quality=0)  # as small as it gets


def _kept(file: Path, make: Callable[[], object]) -> int:
    """Make one picture; 1 when it could not be made or is too large, which is told and keeps nobody from the next."""
    try:
        make()
    except Exception as problem:  # a panel that is broken today must not cost the pictures of all others
        sys.stderr.write(f"{file.name}: {type(problem).__name__}: {problem}\n")
        return 1
    size = file.stat().st_size
    sys.stdout.write(f"{file.relative_to(ROOT)}  {size:,} bytes\n")
    sys.stdout.flush()
    return int(size > LARGEST)


def few_colours(picture: QImage) -> QImage:
    """The picture with at most 256 colours, chosen by median cut: what is drawn of lines and letters needs no more."""
    import numpy as np
    from PySide6.QtGui import QImage

    plain = picture.convertToFormat(QImage.Format.Format_RGB32)
    width, height = plain.width(), plain.height()
    pixels = np.frombuffer(plain.constBits(), np.uint32).reshape(height, plain.bytesPerLine() // 4)[:, :width] & 0xFFFFFF
    colours, where, often = np.unique(pixels, return_inverse=True, return_counts=True)
    chosen, place = _cut(colours, often)
    result = QImage(width, height, QImage.Format.Format_Indexed8)
    result.setColorTable([0xFF000000 | int(colour) for colour in chosen])
    rows = np.frombuffer(result.bits(), np.uint8).reshape(height, result.bytesPerLine())
    rows[:, :width] = place[where].reshape(height, width)
    return result


def _cut(colours: np.ndarray[Any, Any], often: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """At most 256 colours for many, and which of them stands for each: the box that is widest for most is cut in two."""
    import numpy as np

    parts = np.stack([(colours >> shift) & 0xFF for shift in (16, 8, 0)], axis=1).astype(np.int64)
    boxes = [np.arange(len(colours))]
    while len(boxes) < 256:
        wide = [(int(np.ptp(parts[box], axis=0).max()) * float(often[box].sum()) ** 0.5, at)
                for at, box in enumerate(boxes) if len(box) > 1]
        if not wide:
            break
        box = boxes.pop(max(wide)[1])
        axis = int(np.argmax(np.ptp(parts[box], axis=0)))
        box = box[np.argsort(parts[box, axis], kind="stable")]
        half = int(np.searchsorted(np.cumsum(often[box]), often[box].sum() / 2)) + 1
        half = min(max(half, 1), len(box) - 1)
        boxes += [box[:half], box[half:]]
    chosen, place = np.zeros(len(boxes), np.int64), np.zeros(len(colours), np.uint8)
    for at, box in enumerate(boxes):
        most = box[np.argmax(often[box])]  # a colour that is there, so that grounds stay exactly what they are
        chosen[at], place[box] = colours[most], at
    return chosen, place


# ---- the page ----


def _write_page(app: Any, panels: list[Any]) -> None:
    plugins = {panel.id: plugin.summary for plugin in app.registry.plugins() for panel in plugin.panels}
    lines = ["# Panels", "",
             "Every panel in both modes and both themes, as `python3 tools/pictures.py` draws them on the simulated market.", ""]
    for panel in panels:
        codes = f" ({', '.join(panel.codes)})" if panel.codes else ""
        lines += [f"## {panel.title}{codes}", "", SENTENCES.get(panel.id) or plugins.get(panel.id, "").strip() or panel.title, "",
                  "| | Newbie | Pro |", "| --- | --- | --- |"]
        lines += [f"| {theme.capitalize()} | " + " | ".join(
            f"![{panel.title}, {mode}, {theme}](pictures/{panel.id}-{mode}-{theme}.png)" for mode in MODES) + " |"
            for theme in THEMES]
        lines.append("")
        further = sorted({file.stem.removesuffix(f"-{mode}-{theme}") for mode, theme in FURTHER
                          for file in PANELS.glob(f"{panel.id}-*-{mode}-{theme}.png")})
        if further:
            lines += ["| | Newbie, dark | Pro, light |", "| --- | --- | --- |"]
            lines += [f"| {name.removeprefix(panel.id + '-').capitalize()} | " + " | ".join(
                f"![{name}, {mode}, {theme}](pictures/{name}-{mode}-{theme}.png)" for mode, theme in FURTHER) + " |"
                for name in further]
            lines.append("")
    PAGE.write_text("\n".join(lines), "utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
