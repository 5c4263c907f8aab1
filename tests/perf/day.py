"""How long the window does not answer during ten minutes of a busy day: refreshes, scans, chains and typing, one after another.

A window on a live market of 60 companies (a server of our own, 50 ms an answer), filled days ago. Until the time is over,
again and again: everything is refreshed, and meanwhile a chain file of 13 MB is parsed, dips are scanned, words are typed
letter by letter into the palette, and companies are looked at one by one. `day.longest` is the longest pause between two
beats of a 5 ms timer in the window's event loop, `day.p99` what 99 of 100 stay below. `day.longest_cpu` and `day.p99_cpu` are
what the window's thread itself worked between two beats (processor time, which other programs on the machine hardly change).
"""

from __future__ import annotations

import os
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from tests.perf.chain import payload
from tests.perf.refresh import LATENCY, Server, listed, refresh
from tests.perf.startup import measure

if TYPE_CHECKING:
    from collections.abc import Iterator

MINUTES = 10.0
SYMBOLS = 60
LONGEST_MS, P99_MS = 50.0, 16.0

WORK = """
import json, sys, time
sys.argv.pop(1)
seconds, chain = float(sys.argv.pop(1)), sys.argv.pop(1)
from terminal import __main__, memory
load = memory.before_window
def loaded():
    load()
    from terminal.shell.main import Opening
    Opening.begun, Opening.begin = Opening.begin, work
def work(self):
    self.begun()
    from functools import partial
    from pathlib import Path
    from PySide6.QtCore import Qt, QTimer
    from PySide6.QtGui import QKeyEvent
    from PySide6.QtWidgets import QApplication
    window = self._window
    pauses, burnt, worst, done = [], [], [], {"refresh": 0, "scan": 0, "chain": 0, "letters": 0, "looks": 0, "failed": 0}
    state = {"last": time.monotonic(), "cpu": time.thread_time(),
             "rest": None, "begun": None, "refresh": None, "steps": None, "doing": "", "next": 0.0}
    def key(code, text=""):
        target = QApplication.focusWidget() or window
        for kind in (QKeyEvent.Type.KeyPress, QKeyEvent.Type.KeyRelease):
            QApplication.postEvent(target, QKeyEvent(kind, code, Qt.KeyboardModifier.NoModifier, text))
        done["letters"] += bool(text)
    def ask(name, command, arguments=None):
        def count(future):
            done["failed" if future.cancelled() or future.exception() else name] += 1
        window.app.start(command, arguments or {}).add_done_callback(count)
    def parse():
        from terminal.providers import cboe_parse
        cboe_parse.parse_chain(Path(chain).read_bytes(), "^GSPC", "_SPX")
        done["chain"] += 1
    def look(at):
        symbols = window.workspace.panels["screener"].table.symbols() if "screener" in window.workspace.panels else []
        if symbols:
            window.select(symbols[at % len(symbols)], "")
            done["looks"] += 1
    def refresh():
        if state["refresh"] is None or state["refresh"].done():
            window.app.market.router.budget.declare("yahoo", ())
            state["refresh"] = window.app.start("market.refresh", {"universe": "file:bench"})
            state["refresh"].add_done_callback(lambda _: done.__setitem__("refresh", done["refresh"] + 1))
    def plan():
        at = 0
        while True:
            yield "refresh", refresh
            yield "chain", partial(window.work, parse, lambda _: None)
            yield "palette", window.open_palette
            for letter in "strong buy":
                yield "typing", partial(key, Qt.Key(ord(letter.upper())), letter)
            yield "palette closed", partial(key, Qt.Key.Key_Escape)
            for turn in range(6):
                yield "look", partial(look, at + turn * 7)
            at += 1
            yield "scan", partial(ask, "scan", "dips.scan")
    def beat():
        now = time.monotonic()
        pause = (now - state["last"]) * 1000
        state["last"] = now
        cpu = (time.thread_time() - state["cpu"]) * 1000
        state["cpu"] = time.thread_time()
        if state["begun"] is None:
            resting = window.attached and not window.busy
            state["rest"] = (state["rest"] or now) if resting else None
            if resting and now - state["rest"] > 3:
                state["begun"], state["steps"] = now, plan()
            return
        pauses.append(pause)
        burnt.append(cpu)
        if pause > 40:
            worst.append([round(pause, 1), round(cpu, 1), state["doing"], round(now - state["begun"], 1)])
        if now - state["begun"] > seconds:
            timer.stop()
            ordered, worked = sorted(pauses), sorted(burnt)
            print(json.dumps({"longest": ordered[-1], "p99": ordered[int(len(ordered) * 0.99)], "beats": len(ordered),
                              "longest_cpu": worked[-1], "p99_cpu": worked[int(len(worked) * 0.99)],
                              "done": done, "worst": sorted(worst, reverse=True)[:20]}), flush=True)
            window.close()
        elif now >= state["next"]:
            state["doing"], step = next(state["steps"])
            state["next"] = now + (0.12 if state["doing"] == "typing" else 0.5)
            step()
    timer = QTimer(window)
    timer.timeout.connect(beat)
    timer.start(5)
memory.before_window = loaded
__main__.main()
"""


def watch(minutes: float = MINUTES) -> dict[str, Any]:
    """One day: longest and p99 pause in ms, how often each thing was done, and the worst pauses: how long, how much of it was
    the window's own work, what had just begun, when.
    """
    now = datetime.now(UTC)
    with tempfile.TemporaryDirectory() as folder:
        listed(Path(folder), SYMBOLS)
        (Path(folder) / "home" / "settings.toml").write_text('first_run_done = true\n[market]\nsource = "live"\n')
        (Path(folder) / "chain.json").write_bytes(payload())
        server = Server()
        away = {f"TAPELINE_{name.upper()}_URL": "http://127.0.0.1:9" for name in ("sec", "cboe", "nasdaq")}
        try:
            refresh(folder, server, now - timedelta(days=5), 0.0)
            server.set(now, LATENCY)
            with patch.dict(os.environ, {**away, "TAPELINE_YAHOO_URL": server.url}):
                found = measure(WORK, str(minutes * 60), str(Path(folder) / "chain.json"), "--home", str(Path(folder) / "home"),
                                cache=str(Path(folder) / "compiled"), patience=minutes * 60 + 300)  # fmt: skip
        finally:
            server.close()
    if not all(found["done"][name] for name in ("refresh", "scan", "chain", "letters", "looks")) or found["done"]["failed"]:
        raise RuntimeError(f"the day was not done: {found['done']}")
    return found


def run() -> Iterator[dict[str, Any]]:
    """Rows of bench, ours, peer, peer_name, ratio, unit; the peer is what we allow ourselves."""
    found = watch()
    budgets = (("longest", LONGEST_MS), ("p99", P99_MS), ("longest_cpu", LONGEST_MS), ("p99_cpu", P99_MS))
    for name, budget in budgets:
        yield {"bench": f"day.{name}", "ours": round(found[name], 1), "peer": budget, "peer_name": "budget",
               "ratio": round(found[name] / budget, 3), "unit": "ms"}  # fmt: skip
