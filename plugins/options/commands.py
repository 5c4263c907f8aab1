"""All commands of the options desk."""

from __future__ import annotations

from plugins.options.archive.commands import archive, archive_status
from plugins.options.chain.commands import chain, contract, expiries, greeks
from plugins.options.demo_commands import demo_fill
from plugins.options.exposure.commands import gex, max_pain, oi, ratios
from plugins.options.flow.commands import flow, flow_event, flow_inputs, flow_leaders, flow_scan
from plugins.options.flow.inputs import flow_alerts, flow_import, flow_stream
from plugins.options.flow.judging import flow_scorecard, flow_verdicts
from plugins.options.flow.recipes import flow_fields, flow_recipe_delete, flow_recipe_restore, flow_recipe_save, flow_recipes
from plugins.options.planner.commands import calc, draft, plan, size, structures
from plugins.options.planner.plan_commands import plan_delete, plan_save, plan_undo, plans, record
from plugins.options.sources.commands import schwab_connect, schwab_sign_in
from plugins.options.volatility.commands import cones, em, iv, iv_history, iv_ranks, realised, reports, smile, surface, term

__all__ = [
    "archive",
    "archive_status",
    "calc",
    "chain",
    "cones",
    "contract",
    "demo_fill",
    "draft",
    "em",
    "expiries",
    "flow",
    "flow_alerts",
    "flow_event",
    "flow_fields",
    "flow_import",
    "flow_inputs",
    "flow_leaders",
    "flow_recipe_delete",
    "flow_recipe_restore",
    "flow_recipe_save",
    "flow_recipes",
    "flow_scan",
    "flow_scorecard",
    "flow_stream",
    "flow_verdicts",
    "gex",
    "greeks",
    "iv",
    "iv_history",
    "iv_ranks",
    "max_pain",
    "oi",
    "plan",
    "plan_delete",
    "plan_save",
    "plan_undo",
    "plans",
    "ratios",
    "realised",
    "record",
    "reports",
    "schwab_connect",
    "schwab_sign_in",
    "size",
    "smile",
    "structures",
    "surface",
    "term",
]
