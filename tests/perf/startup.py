"""Cold start beside a bare Qt window: until something is painted, and until it is filled; and a command from the shell.

Medians of interleaved processes.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
RUNS = 7

BARE = """
import sys, time
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMainWindow
class Window(QMainWindow):
    seen = False
    def paintEvent(self, event):
        if not self.seen:
            self.seen = True
            print('{"painted": %f}' % (time.time() - float(sys.argv[1])), flush=True)
            QTimer.singleShot(0, app.quit)
app = QApplication([])
window = Window()
window.resize(1720, 1000)
window.show()
app.exec()
"""

OURS = """
import json, sys, time
start = float(sys.argv.pop(1))
from terminal import __main__, memory
found = {}
def painted(self):
    found["painted"] = time.time() - start
    heavy = ("pandas", "numba", "scipy", "sklearn", "yfinance", "polars", "duckdb", "pyqtgraph", "numpy")
    found["modules"] = [name for name in heavy if name in sys.modules]
    self.begun()
    window = self._window
    from PySide6.QtCore import QTimer
    timer = QTimer(window)
    def look():
        if window.attached and not window.busy:
            timer.stop()
            found["filled"] = time.time() - start
            print(json.dumps(found), flush=True)
            window.close()
    timer.timeout.connect(look)
    timer.start(2)
load = memory.before_window
def loaded():
    load()
    from terminal.shell.main import Opening
    Opening.begun, Opening.begin = Opening.begin, painted
memory.before_window = loaded
__main__.main()
"""

LIBRARIES = """
import sys, time
import duckdb, polars
print('{"answered": %f}' % (time.time() - float(sys.argv[1])), flush=True)
"""

COMMAND = """
import sys, time
start = float(sys.argv.pop(1))
import atexit
from terminal import __main__
atexit.register(lambda: print('{"answered": %f}' % (time.time() - start), flush=True))
sys.exit(__main__.main())
"""


def measure(code: str, *arguments: str, cache: str, patience: float = 300) -> dict[str, Any]:
    """Run `code` in a process of its own; what it printed. `cache` keeps compiled modules, as an installed program has them."""
    import time

    surroundings = {**os.environ, "PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen"),
                    "PYTHONPYCACHEPREFIX": cache}
    surroundings.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-c", code, repr(time.time()), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=patience, env=surroundings, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith('{"')]
    if not lines:
        raise RuntimeError(f"the window did not open: {done.stderr[-2000:]}")
    return dict(json.loads(lines[-1]))


def run(runs: int = RUNS, market: str = "--demo") -> Iterator[dict[str, Any]]:
    """Rows of bench, ours, peer, peer_name, ratio, unit. The demo market is made before anything is measured."""
    with tempfile.TemporaryDirectory() as folder:
        home = str(Path(folder) / "home")
        cache = str(Path(folder) / "compiled")
        for code in (BARE, OURS):
            measure(code, "--home", home, market, cache=cache)
        screen = ("--home", home, market, "screener", "run", "--json")
        bare, painted, filled, libraries, answered = [], [], [], [], []
        for _ in range(runs):
            bare.append(measure(BARE, cache=cache)["painted"] * 1000)
            ours = measure(OURS, "--home", home, market, cache=cache)
            painted.append(ours["painted"] * 1000)
            filled.append(ours["filled"] * 1000)
            libraries.append(measure(LIBRARIES, cache=cache)["answered"] * 1000)
            answered.append(measure(COMMAND, *screen, cache=cache)["answered"] * 1000)
    window, imports = "bare Qt window, first paint", "Python that imports polars and duckdb"
    for bench, values, name, peers in (("first_paint", painted, window, bare), ("filled", filled, window, bare),
                                       ("screener_run", answered, imports, libraries)):
        mine, peer = statistics.median(values), statistics.median(peers)
        yield {"bench": f"startup.{bench}", "ours": round(mine, 1), "peer": round(peer, 1), "peer_name": name,
               "ratio": round(mine / peer, 3), "unit": "ms"}
