"""Run the benchmarks of this folder and print one JSON object a line: bench, ours, peer, peer_name, ratio, unit.

Each module defines `run() -> Iterator[dict]`. `ratio` is ours / peer in time for equal work, so below 1 is faster.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys
from pathlib import Path

FIELDS = ("bench", "ours", "peer", "peer_name", "ratio", "unit")


def names() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]) if not module.name.startswith("_"))


def main(wanted: list[str]) -> int:
    if unknown := [name for name in wanted if name not in names()]:
        print(f"There is no benchmark called {unknown[0]}. Known: {', '.join(names())}.", file=sys.stderr)
        return 2
    for name in wanted or names():
        for line in importlib.import_module(f"tests.perf.{name}").run():
            print(json.dumps({field: line[field] for field in FIELDS}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
