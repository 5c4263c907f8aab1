"""All commands of the options desk."""

from __future__ import annotations

from plugins.options.archive.commands import archive, archive_status
from plugins.options.chain.commands import chain, contract, expiries, greeks
from plugins.options.demo_commands import demo_fill
from plugins.options.exposure.commands import gex, max_pain, oi, ratios
from plugins.options.planner.commands import calc, plan, size, structures
from plugins.options.volatility.commands import cones, em, iv, iv_history, realised, reports, smile, surface, term

__all__ = [
    "archive",
    "archive_status",
    "calc",
    "chain",
    "cones",
    "contract",
    "demo_fill",
    "em",
    "expiries",
    "gex",
    "greeks",
    "iv",
    "iv_history",
    "max_pain",
    "oi",
    "plan",
    "ratios",
    "realised",
    "reports",
    "size",
    "smile",
    "structures",
    "surface",
    "term",
]
