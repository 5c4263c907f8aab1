"""Make the pictures of the documentation with the program itself: `python3 tools/pictures.py [NAME ...]`.

Each is one call of `tapeline window shot` on the demo market of a home made for it, so no picture shows anything but
what the program draws. All of them take about a minute.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SYMBOL = "XERV"
LARGEST = 450_000  # bytes; a documentation page should load quickly
PICTURES: dict[str, tuple[str, ...]] = {
    "window-pro": ("--mode", "pro", "--theme", "dark", "--size", "1720x1000", "--symbol", SYMBOL),
    "window-light": ("--mode", "pro", "--theme", "light", "--size", "1720x1000", "--symbol", SYMBOL),
    "screener-newbie": ("--panel", "screener", "--mode", "newbie", "--theme", "dark", "--size", "1280x800"),
    "screener-pro": ("--panel", "screener", "--mode", "pro", "--theme", "dark", "--size", "1280x800"),
    "tearsheet-newbie": ("--panel", "tearsheet", "--mode", "newbie", "--theme", "dark", "--size", "560x1000", "--symbol", SYMBOL),
    "tearsheet-pro": ("--panel", "tearsheet", "--mode", "pro", "--theme", "dark", "--size", "560x1000", "--symbol", SYMBOL),
    "palette": ("--mode", "pro", "--theme", "dark", "--size", "1720x1000", "--symbol", SYMBOL, "--search", "wat"),
    "window-colour-blind": ("--mode", "newbie", "--theme", "dark", "--palette", "colour-blind", "--size", "1600x900",
                            "--symbol", SYMBOL),
}


def main(names: list[str]) -> int:
    """Make the pictures named, or all; 1 when one could not be made or is too large."""
    unknown = [name for name in names if name not in PICTURES]
    if unknown:
        sys.stderr.write(f"There is no picture {', '.join(unknown)}. There are: {', '.join(PICTURES)}.\n")
        return 2
    bad = 0
    with tempfile.TemporaryDirectory() as home:
        for name in names or PICTURES:
            bad |= _take(name, Path(home))
    return bad


def _take(name: str, home: Path) -> int:
    file = ROOT / "docs" / f"{name}.png"
    file.parent.mkdir(exist_ok=True)
    words = [sys.executable, "-m", "terminal", "--home", str(home), "--demo", "window", "shot", "--out", str(file)]
    done = subprocess.run([*words, *PICTURES[name]], cwd=ROOT, capture_output=True, text=True, timeout=180, check=False)
    if done.returncode != 0:
        sys.stderr.write(done.stderr)
        return 1
    size = file.stat().st_size
    sys.stdout.write(f"{file.relative_to(ROOT)}  {size:,} bytes\n")
    return int(size > LARGEST)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
