"""Shocks as text, such as "SPY -10%, VIX 40" or "March 2020" or "NVDA to 150, rates +200bp, 30 days".

Parts are joined by commas, each one of

    market -10% | SPY -10% | market falls 10%      the market; everything else follows by its beta
    NVDA -20% | NVDA to 150                        one thing, whatever the market does
    technology -15%                                a sector
    EUR -5%                                        a currency against yours
    VIX 40 | VIX +10 | VIX +50%                    the level of volatility
    IV +20% | IV +5 points                         every option's volatility, whatever VIX does
    rates +200bp                                   interest rates, in basis points (hundredths of a per cent)
    30 days                                        time that passes
    2008 | March 2020 | Lehman ...                 a fall of the past (`portfolio shocks` lists them)
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from terminal.domain.instruments import SECTORS as GICS
from terminal.domain.whatif.history import CRISES, crisis
from terminal.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping

MARKET = frozenset(("spy", "market", "the market", "s&p", "s&p 500", "s&p500", "sp500", "spx", "^gspc", "stocks", "shares"))
SECTORS = {**{each.lower(): each for each in GICS}, "technology": "Information Technology", "tech": "Information Technology",
           "healthcare": "Health Care", "banks": "Financials", "financial services": "Financials", "staples": "Consumer Staples",
           "consumer cyclical": "Consumer Discretionary", "consumer defensive": "Consumer Staples",
           "communications": "Communication Services", "basic materials": "Materials"}  # fmt: skip
CURRENCIES = frozenset(("EUR", "GBP", "JPY", "CHF", "CAD", "AUD", "NZD", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF", "ILS", "HKD",
                        "SGD", "CNY", "KRW", "INR", "BRL", "MXN", "ZAR", "TRY", "USD"))  # fmt: skip
_DOWN = r"(?:falls?|drops?|down|loses?|minus|crashes)"
_UP = r"(?:rises?|up|gains?|plus|jumps?)"
_NUMBER = r"(\d+(?:\.\d+)?|\.\d+)"
_MOVE = re.compile(rf"(.+?)\s*(?:([+-])|({_DOWN})|({_UP}))\s*(?:by\s+)?{_NUMBER}\s*(?:%|percent|per cent)")
_TO = re.compile(rf"(.+?)\s*(?:to|=|at)\s*\$?{_NUMBER}")
_DAYS = re.compile(r"(?:in|after|\+)?\s*(\d+)\s*(days?|d|weeks?|w|months?)(?:\s+(?:later|pass(?:es)?))?")
_RATES = re.compile(rf"(?:interest\s+)?(?:rates?|yields?)\s*(?:([+-])|({_DOWN})|({_UP}))\s*(?:by\s+)?{_NUMBER}\s*(.*)")
_VIX = re.compile(rf"vix\s*(?:to|=|at)?\s*([+-])?\s*{_NUMBER}\s*(%|points?|pts?)?")
_IV = re.compile(rf"(?:iv|vol|volatility|implied volatility)\s*([+-])\s*{_NUMBER}\s*(%|points?|pts?|vols?)")
_TICKER = re.compile(r"[a-z^][a-z0-9.\-^=]{0,11}")
_POINTS = {"bp": 1e-4, "bps": 1e-4, "basis points": 1e-4, "basis point": 1e-4, "points": 0.01, "point": 0.01,
           "percentage points": 0.01}  # fmt: skip
EXAMPLE = "Such as: SPY -10%, VIX 40"


class ShockError(UserError):
    """A shock that cannot be read. `piece` is the part, `column` where it begins, from 1."""

    def __init__(self, message: str, piece: str, column: int, hint: str = EXAMPLE + ".") -> None:
        super().__init__(f"'{piece}' (from column {column}): {message}.", hint)
        self.piece, self.column = piece, column


@dataclass(frozen=True)
class Shock:
    """What changes. Fractions, except `vix` (a level), `vix_points` and `targets` (prices); None and empty: left as it is."""

    market: float | None = None
    moves: Mapping[str, float] = field(default_factory=dict)
    targets: Mapping[str, float] = field(default_factory=dict)
    sectors: Mapping[str, float] = field(default_factory=dict)
    currencies: Mapping[str, float] = field(default_factory=dict)
    vix: float | None = None
    vix_points: float | None = None
    vix_share: float | None = None
    iv_share: float | None = None
    iv_points: float | None = None
    rate: float | None = None
    days: int = 0
    crisis: str = ""

    @property
    def text(self) -> str:
        """As it is written out in full; `parse` reads it again."""
        past = {"": ""} | {each.key: each.title for each in CRISES}
        said = [past[self.crisis], _percent("market", self.market)]
        said += [_percent(name, value) for name, value in (*self.moves.items(), *self.sectors.items(), *self.currencies.items())]
        said += [f"{name} to {value:.10g}" for name, value in self.targets.items()]
        said.append("" if self.vix is None else f"VIX {self.vix:.10g}")
        said.append("" if self.vix_points is None else f"VIX {self.vix_points:+.10g}")
        said += [_percent("VIX", self.vix_share), _percent("IV", self.iv_share)]
        said.append("" if self.iv_points is None else f"IV {self.iv_points * 100:+.10g} points")
        said.append("" if self.rate is None else f"rates {self.rate * 1e4:+.10g}bp")
        said.append("" if not self.days else f"{self.days} day{'s' * (self.days != 1)}")
        return ", ".join(each for each in said if each)


def parse(text: str) -> Shock:
    """Read a shock. Raises ShockError, which says which part is meant and what could be said instead."""
    shock, place = Shock(), 0
    for piece in re.split(r"[,;]|\s+and\s+", text):
        at = text.index(piece, place)
        place = at + len(piece)
        if bare := piece.strip():
            column = at + len(piece) - len(piece.lstrip()) + 1
            shock = _with(shock, bare, column)
    if shock == Shock():
        raise UserError("The shock is empty.", f"{EXAMPLE}; or 'March 2020'. `tapeline portfolio shocks` lists the named ones.")
    return shock


def _with(shock: Shock, piece: str, column: int) -> Shock:
    said = " ".join(piece.lower().replace("−", "-").replace("–", "-").split())

    def set_(**changed: object) -> Shock:
        if twice := next((name for name in changed if getattr(shock, name) not in (None, 0, "")), None):
            raise ShockError(f"{twice.partition('_')[0]} is said twice", piece, column, "Say each thing once.")
        return replace(shock, **changed)  # type: ignore[arg-type]

    if past := crisis(said):
        return set_(crisis=past.key)
    if match := _DAYS.fullmatch(said):
        days = int(match[1]) * {"d": 1, "w": 7, "m": 30}[match[2][0]]
        if not 0 < days <= 3660:
            raise ShockError("between 1 day and ten years can pass", piece, column)
        return set_(days=days)
    if said.startswith("vix"):
        return set_(**_vix(said, piece, column))
    if match := _IV.fullmatch(said):
        size = float(match[2]) / 100 * (-1 if match[1] == "-" else 1)
        if size <= -1:
            raise ShockError("volatility cannot fall by 100 % or more", piece, column)
        return set_(**{"iv_share" if match[3] == "%" else "iv_points": size})
    if match := _RATES.fullmatch(said):
        return set_(rate=_rate(match, piece, column))
    if match := _MOVE.fullmatch(said):
        size = float(match[5]) / 100 * (-1 if match[2] == "-" or match[3] else 1)
        return _moved(shock, match[1].strip(), size, piece, column)
    if match := _TO.fullmatch(said):
        name = match[1].strip()
        if not _TICKER.fullmatch(name):
            raise ShockError(f"'{name}' is no ticker", piece, column)
        return replace(shock, targets={**shock.targets, name.upper(): float(match[2])})
    raise ShockError(*_unread(said, piece, column))


def _moved(shock: Shock, name: str, size: float, piece: str, column: int) -> Shock:
    if size <= -1:
        raise ShockError("nothing falls by 100 % or more", piece, column)
    if size > 10:
        raise ShockError("at most +1000 %", piece, column)
    if name in MARKET:
        if shock.market is not None:
            raise ShockError("the market is said twice", piece, column, "Say each thing once.")
        return replace(shock, market=size)
    if name in SECTORS:
        return replace(shock, sectors={**shock.sectors, SECTORS[name]: size})
    if name.upper() in CURRENCIES:
        return replace(shock, currencies={**shock.currencies, name.upper(): size})
    if not _TICKER.fullmatch(name):
        near = difflib.get_close_matches(name, [*MARKET, *SECTORS], 1)
        raise ShockError(f"'{name}' is neither a ticker, a sector nor the market", piece, column,
                         f"Did you mean '{near[0]}'?" if near else f"{EXAMPLE}, technology -15%.")  # fmt: skip
    return replace(shock, moves={**shock.moves, name.upper(): size})


def _vix(said: str, piece: str, column: int) -> dict[str, float]:
    match = _VIX.fullmatch(said)
    if match is None:
        raise ShockError("VIX takes a level (VIX 40) or a change (VIX +10, VIX +50%)", piece, column)
    sign, value = (-1 if match[1] == "-" else 1), float(match[2])
    if match[3] == "%" and match[1]:
        if sign * value <= -100:
            raise ShockError("VIX cannot fall by 100 % or more", piece, column)
        return {"vix_share": sign * value / 100}
    if match[1]:
        return {"vix_points": sign * value}
    if not 3 <= value <= 200:
        raise ShockError("VIX lies between 3 and 200", piece, column, "It was 9 on the calmest day and 83 on the worst.")
    return {"vix": value}


def _rate(match: re.Match[str], piece: str, column: int) -> float:
    unit = match[5].strip()
    if unit not in _POINTS:
        sign = match[1] or ("-" if match[2] else "+")
        hint = f"Say 'rates {sign}{float(match[4]) * 100:.10g}bp' if you mean percentage points."
        raise ShockError("rates move by basis points (bp) or points", piece, column, hint)
    size = float(match[4]) * _POINTS[unit] * (-1 if match[1] == "-" or match[2] else 1)
    if abs(size) > 0.2:
        raise ShockError("rates move by at most 2000bp", piece, column)
    return size


def _unread(said: str, piece: str, column: int) -> tuple[str, str, int, str]:
    if re.fullmatch(rf".+\s{_NUMBER}\s*%", said):
        return "it is not said whether it rises or falls", piece, column, "Write +10% or -10%."
    if match := re.fullmatch(rf"(.+?)\s*[+-]\s*{_NUMBER}", said):
        return "the unit is missing", piece, column, f"Write {match[1].upper()} {said[len(match[1]) :].strip()}%."
    names = [name for each in CRISES for name in each.names]
    near = difflib.get_close_matches(said, names, 1, 0.7)
    hint = f"Did you mean '{near[0]}'?" if near else f"{EXAMPLE}. `tapeline portfolio shocks` says what can be said."
    return "this is not understood", piece, column, hint


def _percent(name: str, value: float | None) -> str:
    return "" if value is None else f"{name} {value * 100:+.10g}%"
