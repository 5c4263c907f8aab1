"""The rule language: one expression is a screen, a filter, and later an alert or a backtest entry.

    parse('pe_ttm < 15 and roe > 12% and price crosses_above sma(close, 50) within 5d').evaluate(frame, bars)

Missing data makes a condition *unknown* (Kleene's three-valued logic), never silently true or false.
"""

from __future__ import annotations

from terminal.domain.rules.error import RuleError
from terminal.domain.rules.rule import Rule, parse
from terminal.domain.rules.vocabulary import ALIASES, FUNCTIONS, Vocabulary

__all__ = ["ALIASES", "FUNCTIONS", "Rule", "RuleError", "Vocabulary", "parse"]
