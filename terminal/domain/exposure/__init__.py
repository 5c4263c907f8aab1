"""Exposure of option dealers by strike and expiry, the prices where it turns, and what open interest says by itself.

    found = exposure(priced, "naive")     # priced: terminal.domain.options.pricing.Priced
    found.by("strike"), turn(found).level, walls(found), max_pain(found), ratios(found)

Dollars throughout, of dealers under a stated assumption (`ASSUMPTIONS`); what has no usable price is left out and named.
"""

from __future__ import annotations

from terminal.domain.exposure.dealers import ASSUMPTIONS, Dealer, opened
from terminal.domain.exposure.interest import Ratios, max_pain, payout, ratios
from terminal.domain.exposure.levels import Book, Sticky, Turn, Walls, largest, turn, walls
from terminal.domain.exposure.measures import MEASURES, By, Exposure, exposure

__all__ = [
    "ASSUMPTIONS", "MEASURES", "Book", "By", "Dealer", "Exposure", "Ratios", "Sticky", "Turn", "Walls", "exposure", "largest",
    "max_pain", "opened", "payout", "ratios", "turn", "walls",
]  # fmt: skip
