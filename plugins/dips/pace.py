"""How fresh the prices on the screen can be, in words. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def pace(wanted: int, watched: int, ages: Sequence[float], *, is_open: bool, demo: bool, problems: Sequence[str],
         beat: int) -> tuple[str, int]:
    """What to say about the pace, and after how many seconds to look again (0: not before something changes).

    `ages`: seconds since each watched symbol's newest quote was made. The pace that is told is the one that is had.
    """
    if demo:
        return "Simulated market: prices change with its next session.", 0
    if not is_open:
        return "The exchange is closed: prices of the last close.", 300
    if not ages:
        why = f" {problems[0]}" if problems else ""
        return f"No current quotes: prices of the last close.{why}", 60
    fresh = sum(age <= 2 * beat for age in ages)
    oldest = max(ages)
    if fresh == watched:
        words = f"Live: every {beat} s for {watched}"
    else:
        words = f"Slower than live: {fresh} of {watched} are newer than {2 * beat} s, the oldest quote is {_span(oldest)} old"
    if watched < wanted:
        words += f"; {wanted - watched} more at the pace of the last refresh"
    if problems:
        words += f". {problems[0]}"
    return words if words.endswith(".") else words + ".", beat


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.0f} h"
