"""Every indicator there is, and the series among their outputs that the rule language knows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from terminal.domain.indicators.averages import AVERAGES
from terminal.domain.indicators.channels import CHANNELS
from terminal.domain.indicators.levels import LEVELS
from terminal.domain.indicators.model import Indicator, Series, Value
from terminal.domain.indicators.momentum import MOMENTUM
from terminal.domain.indicators.spread import SPREAD
from terminal.domain.indicators.volume import VOLUME

if TYPE_CHECKING:
    from collections.abc import Mapping

INDICATORS: Mapping[str, Indicator] = {
    each.name: each for each in (*AVERAGES, *CHANNELS, *LEVELS, *MOMENTUM, *SPREAD, *VOLUME)
}
_TITLES = {"avg": "Average", "stochastic": "Stochastic %K"}


def _series() -> dict[str, Series]:
    found = {}
    for indicator in INDICATORS.values():
        for place, output in enumerate(indicator.outputs):
            if output.rule:
                single = len(indicator.outputs) == 1
                title = indicator.title if single else f"{indicator.title}: {output.title}"
                found[output.rule] = Series(output.rule, _TITLES.get(output.rule, title), indicator, place)
    trend = INDICATORS["supertrend"]
    found["supertrend"] = Series("supertrend", trend.title, trend, lambda made: np.where(np.isnan(made[0]), made[1], made[0]))
    found["avg"] = Series("avg", _TITLES["avg"], INDICATORS["sma"], 0)
    return found


SERIES: Mapping[str, Series] = _series()
_STUDY = re.compile(r"\s*([a-z_]+)\s*(?:\(([^()]*)\))?\s*")


def read_study(text: str) -> tuple[Indicator, tuple[Value, ...]]:
    """The indicator and settings of a text such as "sma(50)", "macd", "vwap(week)" or "avwap(2026-01-02)".

    Parameters may be named: "bollinger(width=2.5)". Raises ValueError with a sentence for the user.
    """
    found = _STUDY.fullmatch(text.lower())
    if not found:
        raise ValueError(f"'{text}' is not understood; write for example sma(50)")
    indicator = INDICATORS.get(found[1])
    if indicator is None:
        raise ValueError(f"there is no indicator called '{found[1]}'")
    named: dict[str, Value] = {}
    for place, part in enumerate(each.strip() for each in (found[2] or "").split(",") if each.strip()):
        name, equals, value = part.partition("=")
        if not equals:
            if place >= len(indicator.parameters):
                raise ValueError(f"{indicator.name} takes at most {len(indicator.parameters)} numbers")
            name, value = indicator.parameters[place].name, part
        named[name.strip()] = value.strip()
    return indicator, indicator.settings(named)


