"""Resident memory of the open window after an hour's work in a minute: many screens, companies, both modes, a refresh.

In a process of its own, on the demo market, with the default panels (screener, tearsheet with its chart). `memory.settled` is
what stays once nothing runs any more, `memory.highest` the highest ever resident in between.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.perf.startup import OURS, measure

if TYPE_CHECKING:
    from collections.abc import Iterator

BUDGET_MB = 300

WORK = """
import json, resource, sys, time
sys.argv.pop(1)
rounds, seen = int(sys.argv.pop(1)), []
from terminal import __main__, memory
load = memory.before_window
def loaded():
    load()
    from terminal.shell.main import Opening
    Opening.begun, Opening.begin = Opening.begin, work
PRESETS = ("strong_buy", "avoid", "solid_good_price", "all")
def work(self):
    self.begun()
    import psutil
    from PySide6.QtCore import QTimer
    window = self._window
    steps = iter(plan(window))
    rested = [0.0]
    timer = QTimer(window)
    def turn():
        if not window.attached or window.busy or time.time() < rested[0]:
            return
        step = next(steps, None)
        if step is not None:
            rested[0] = time.time() + (step() or 0.05)
            return
        timer.stop()
        mb = 1024 * 1024
        scale = 1 if sys.platform == "darwin" else 1024
        print(json.dumps({"rounds": seen, "settled": psutil.Process().memory_info().rss / mb,
                          "highest": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale / mb}), flush=True)
        window.close()
    timer.timeout.connect(turn)
    timer.start(20)
def plan(window):
    place = lambda: window.workspace
    def choose(preset):
        place().panels["screener"].filters.choose(preset)
    def show(at):
        symbols = place().panels["screener"].table.symbols()
        place().select(symbols[at * 7 % len(symbols)], "")
    def refresh():
        window.app.start("market.refresh", {}).result(60)
    def weigh():
        import psutil
        seen.append(psutil.Process().memory_info().rss / 1048576)
    for _ in range(rounds):
        for mode in ("pro", "newbie"):
            yield lambda: window.set_mode(mode)
            for at, preset in enumerate(PRESETS):
                yield lambda: choose(preset)
                yield lambda: show(at)
                yield lambda: show(at + 50)
        yield refresh
        yield lambda: 8.0
        yield weigh
    yield lambda: 0.1
memory.before_window = loaded
__main__.main()
"""


def day(folder: Path, rounds: int = 1) -> dict[str, Any]:
    """Megabytes resident after each round of work, at the end (`settled`), and at most (`highest`)."""
    home, cache = str(folder / "home"), str(folder / "compiled")
    measure(OURS, "--home", home, "--demo", cache=cache)  # the first start of all makes the market
    return measure(WORK, str(rounds), "--home", home, "--demo", cache=cache)


def run() -> Iterator[dict[str, Any]]:
    """Rows of bench, ours, peer, peer_name, ratio, unit; the peer is what we allow ourselves."""
    with tempfile.TemporaryDirectory() as folder:
        found = day(Path(folder))
    for name in ("settled", "highest"):
        yield {"bench": f"memory.{name}", "ours": round(found[name], 1), "peer": BUDGET_MB, "peer_name": "budget",
               "ratio": round(found[name] / BUDGET_MB, 3), "unit": "MB"}  # fmt: skip
