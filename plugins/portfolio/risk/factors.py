"""Factors of the market as differences between funds that are stored, and what they explain of what is held."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from terminal.domain.risk.regression import regression

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from plugins.portfolio.risk.measures import Measures
    from terminal.domain.risk.regression import Fit

    Floats = NDArray[np.float64]

MARKET = ""
PAIRS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "Size": (("IWM", MARKET), ("SIZE", MARKET)),
    "Value": (("IWD", "IWF"), ("VTV", "VUG"), ("VLUE", MARKET)),
    "Growth and technology": (("QQQ", MARKET),),
    "Momentum": (("MTUM", MARKET),),
    "Low volatility": (("USMV", MARKET),),
    "Long Treasuries": (("TLT", "BIL"), ("TLT", "SHY")),
}
"""Long the first, short the second (the market where none is named); of several pairs the first that is stored."""
FUNDS = tuple(sorted({each for pairs in PAIRS.values() for pair in pairs for each in pair if each}))


def factor_returns(market: Floats | None, funds: Mapping[str, Floats]) -> dict[str, Floats]:
    """The market, and each pair whose two sides are known, by a name that says what it is: `Size (IWM - market)`."""
    if market is None:
        return {}
    found = {"Market": market}
    for name, pairs in PAIRS.items():
        for long, short in pairs:
            other = market if short == MARKET else funds.get(short)
            if long in funds and other is not None:
                found[f"{name} ({long} - {short or 'market'})"] = funds[long] - other
                break
    return found


def fitted_factors(found: Measures) -> Fit | None:
    """What the factors explain of what is held; None where that cannot be told."""
    return None if found.of.daily is None else regression(found.of.daily, found.of.factors)


def factor_rows(found: Measures) -> list[dict[str, Any]]:
    """A row a factor, then what none of them explains."""
    fit = fitted_factors(found)
    if fit is None:
        return []
    rows: list[dict[str, Any]] = [
        {"factor": each.name, "loading": each.loading, "error": each.error, "t": each.t, "p": each.p, "part": each.part}
        for each in fit.loadings
    ]
    rows.append({"factor": "Nothing of these", "part": 1.0 - fit.explained, "volatility": fit.specific})
    return rows


def factor_notes(found: Measures) -> tuple[str, ...]:
    """What was compared with what, and what is not stored."""
    fit = fitted_factors(found)
    if fit is None:
        return ("Too few days, or no fund is stored to compare with.",)
    told = [f"Least squares over {fit.days} days, errors robust to changing volatility; parts of the variance sum to one."]
    stored = {each.partition(" (")[0] for each in found.of.factors}
    absent = {name: pairs[0] for name, pairs in PAIRS.items() if name not in stored}
    if absent:
        wanted = ",".join(sorted({each for pair in absent.values() for each in pair if each}))
        told.append(f"No funds are stored for {', '.join(absent).lower()}: `tapeline market refresh {wanted}`.")
    return tuple(told)
