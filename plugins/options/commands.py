"""All commands of the options desk."""

from __future__ import annotations

from plugins.options.chain.commands import chain, contract, expiries, greeks
from plugins.options.demo_commands import demo_fill
from plugins.options.exposure.commands import gex, max_pain, oi, ratios

__all__ = [
    "chain",
    "contract",
    "expiries",
    "demo_fill",
    "gex",
    "greeks",
    "max_pain",
    "oi",
    "ratios",
]
