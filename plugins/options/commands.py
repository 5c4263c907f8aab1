"""All commands of the options desk."""

from __future__ import annotations

from plugins.options.chain.commands import chain
from plugins.options.exposure.commands import gex, max_pain, oi, ratios

__all__ = [
    "chain",
    "gex",
    "max_pain",
    "oi",
    "ratios",
]
