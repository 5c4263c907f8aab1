"""How long the window does not answer while a full refresh fills it with news.

A window on a live market of 60 companies (a server of our own, 50 ms an answer), filled days ago: once it has come to rest,
everything is refreshed. `gap.refresh` is the longest pause between two beats of a 5 ms timer in the window's event loop until
the refresh has ended and the panels show it; `gap.refresh_p99` what 99 of 100 pauses stay below.
"""

from __future__ import annotations

import os
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from tests.perf.refresh import LATENCY, Server, listed, refresh
from tests.perf.startup import measure

if TYPE_CHECKING:
    from collections.abc import Iterator

BUDGET_MS = 50.0
SYMBOLS = 60

WORK = """
import json, sys, time
sys.argv.pop(1)
from terminal import __main__, memory
load = memory.before_window
def loaded():
    load()
    from terminal.shell.main import Opening
    Opening.begun, Opening.begin = Opening.begin, work
def work(self):
    self.begun()
    from PySide6.QtCore import QTimer
    window = self._window
    pauses, state = [], {"since": time.monotonic(), "call": None, "rest": None}
    def beat():
        now = time.monotonic()
        if state["call"] is not None:
            pauses.append((now - state["last"]) * 1000)
        state["last"] = now
        if not window.attached or window.busy:
            state["rest"] = None
            return
        state["rest"] = state["rest"] or now
        if state["call"] is None and now - state["rest"] > 3:
            window.app.market.router.budget.declare("yahoo", ())
            state["call"] = window.app.start("market.refresh", {"universe": "file:bench"})
        elif state["call"] is not None and state["call"].done() and now - state["rest"] > 3:
            timer.stop()
            table = state["call"].result()
            ordered = sorted(pauses)
            print(json.dumps({"longest": ordered[-1], "p99": ordered[int(len(ordered) * 0.99)], "beats": len(ordered),
                              "rows": sum(row["rows"] for row in table.rows())}), flush=True)
            window.close()
    state["last"] = time.monotonic()
    timer = QTimer(window)
    timer.timeout.connect(beat)
    timer.start(5)
memory.before_window = loaded
__main__.main()
"""


def watch(symbols: int) -> dict[str, Any]:
    """One refresh of so many companies: longest and p99 pause in ms, the number of beats and of stored rows."""
    now = datetime.now(UTC)
    with tempfile.TemporaryDirectory() as folder:
        listed(Path(folder), symbols)
        (Path(folder) / "home" / "settings.toml").write_text('first_run_done = true\n[market]\nsource = "live"\n')
        server = Server()
        away = {f"TAPELINE_{name.upper()}_URL": "http://127.0.0.1:9" for name in ("sec", "cboe", "nasdaq")}
        try:
            refresh(folder, server, now - timedelta(days=5), 0.0)
            server.set(now, LATENCY)
            with patch.dict(os.environ, {**away, "TAPELINE_YAHOO_URL": server.url}):
                found = measure(WORK, "--home", str(Path(folder) / "home"), cache=str(Path(folder) / "compiled"))
        finally:
            server.close()
    if not found["rows"]:
        raise RuntimeError("the refresh brought nothing")
    return found


def run(symbols: int = SYMBOLS) -> Iterator[dict[str, Any]]:
    """Rows of bench, ours, peer, peer_name, ratio, unit; the peer is what we allow ourselves."""
    found = watch(symbols)
    for name, value in (("refresh", found["longest"]), ("refresh_p99", found["p99"])):
        yield {"bench": f"gap.{name}", "ours": round(value, 1), "peer": BUDGET_MS, "peer_name": "budget",
               "ratio": round(value / BUDGET_MS, 3), "unit": "ms"}  # fmt: skip
