"""A key typed in the palette until what it changed is painted, over 10,000 symbols; beside asking the store's own search.

`palette.key_to_repaint_10k_p99` is the wall's time from the key to the end of all that it set off, painting included;
`palette.key_cpu_10k_p99` the processor time of the window's thread in it, which other programs hardly change;
`palette.open_p99` from the shortcut until the window is painted with the palette over it.
"""

from __future__ import annotations

import os
import random
import statistics
import string
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

SYMBOLS, OPEN_MS = 10_000, 50.0
TYPED = ("n", "nv", "nvd", "apple", "the com", "screener", "open", "gp ab", "qzx", "screener run --pre")


def run() -> Iterator[dict[str, Any]]:
    """99th percentile of milliseconds a key; the peer finds the same symbols by a scan of all names in polars."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    import polars as pl
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QApplication

    from terminal.app import App
    from terminal.paths import Home
    from terminal.shell.matching import SymbolIndex
    from terminal.shell.palette_sources import Known
    from terminal.shell.state import WindowState
    from terminal.shell.tidying import Tidying
    from terminal.shell.window import MainWindow, dress

    qt = QApplication.instance() or QApplication([])
    rows = _rows()
    with tempfile.TemporaryDirectory() as folder:
        app = App(Home(Path(folder)), demo=False)
        dress(app.settings)
        window = MainWindow(app.settings, WindowState(None))
        window.show()
        window.fill()
        window.attach(app)
        tidying = Tidying(window, lambda: True)  # as the program does it
        tidying.look()
        palette = window.palette_
        palette.sources.refresh = lambda: None  # type: ignore[method-assign]
        palette.sources.known = Known(True, (id(app), 0), SymbolIndex(rows), counted=True)
        frame = pl.DataFrame(rows, ["symbol", "name", "kind"], orient="row")
        frame = frame.with_columns(pl.col("name").str.to_lowercase().alias("_name"))
        mine: list[float] = []
        burnt: list[float] = []
        opened: list[float] = []
        other: list[float] = []
        for turn, text in enumerate((*TYPED, *TYPED, *TYPED)):
            start = time.perf_counter()
            palette.open()
            qt.processEvents()
            opened.append((time.perf_counter() - start) * 1000)
            for place, letter in enumerate(text):
                start, cpu = time.perf_counter(), time.thread_time()
                QTest.keyClicks(palette.edit, letter)
                qt.processEvents()
                cpu, taken = (time.thread_time() - cpu) * 1000, (time.perf_counter() - start) * 1000
                start = time.perf_counter()
                _scan(frame, text[:place + 1])
                if turn >= len(TYPED):  # icons and fonts are made in the first round
                    mine.append(taken)
                    burnt.append(cpu)
                    other.append((time.perf_counter() - start) * 1000)
            palette.close_palette()
            qt.processEvents()
        tidying.end()
        window.abandon()
        app.close()
    found, peer = _high(mine), _high(other)
    scan = "scan of 10,000 names in polars, not shown"
    for bench, value, beside, name in (("key_to_repaint_10k_p99", found, peer, scan),
                                       ("key_cpu_10k_p99", _high(burnt), peer, scan),
                                       ("open_p99", _high(opened[len(TYPED):]), OPEN_MS, "budget")):
        yield {"bench": f"palette.{bench}", "ours": round(value, 2), "peer": round(beside, 2), "peer_name": name,
               "ratio": round(value / beside, 3), "unit": "ms"}


def _rows() -> list[tuple[str, str, str]]:
    made = random.Random(7)
    words = ["".join(made.choices(string.ascii_lowercase, k=made.randint(4, 9))) for _ in range(4000)]
    symbols: set[str] = set()
    while len(symbols) < SYMBOLS:
        symbols.add("".join(made.choices(string.ascii_uppercase, k=made.randint(2, 5))))
    return [(symbol, " ".join(made.choices(words, k=3)).title(), "Stock") for symbol in sorted(symbols)]


def _scan(frame: Any, typed: str) -> Any:
    import polars as pl

    lower, upper = typed.lower(), typed.upper()
    symbol, name = pl.col("symbol"), pl.col("_name")
    rank = (pl.when(symbol == upper).then(0).when(symbol.str.starts_with(upper)).then(1).when(name.str.starts_with(lower)).then(2)
            .when(name.str.contains(lower, literal=True) | symbol.str.contains(upper, literal=True)).then(3))
    return frame.with_columns(rank.alias("_rank")).filter(pl.col("_rank").is_not_null()).sort("_rank", "symbol").head(10).rows()


def _high(times: list[float]) -> float:
    return statistics.quantiles(times, n=100)[98]
