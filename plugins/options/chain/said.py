"""What a Greek says, in a sentence made from its value: per share and for one contract. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from terminal.domain import format as written

if TYPE_CHECKING:
    from collections.abc import Callable

ORDER = (
    "price", "delta", "gamma", "theta", "vega", "rho", "epsilon", "leverage", "vanna", "charm", "vomma", "veta", "vera", "speed",
    "zomma", "color",
)  # fmt: skip
UNITS = {
    "price": "per share", "delta": "per $1 of the share", "gamma": "of delta, per $1 of the share", "theta": "per day",
    "vega": "per point of volatility", "rho": "per point of interest", "epsilon": "per point of dividend yield",
    "leverage": "times the share's per cent", "vanna": "of delta, per point of volatility", "charm": "of delta, per day",
    "vomma": "of vega, per point of volatility", "veta": "of vega, per day", "vera": "of rho, per point of volatility",
    "speed": "of gamma, per $1 of the share", "zomma": "of gamma, per point of volatility", "color": "of gamma, per day",
}  # fmt: skip
TITLES = {"price": "Price", "leverage": "Leverage (lambda)", "epsilon": "Epsilon (psi)", "vomma": "Vomma (volga)",
          "color": "Color", "charm": "Charm"}  # fmt: skip


def title(name: str) -> str:
    """The Greek's name as it is written."""
    return TITLES.get(name, name.capitalize())


def sentence(name: str, value: float | None, symbol: str, call: bool, shares: int = 100) -> str:
    """What `value` (per share, in the trade's unit) means for who owns one contract; "" when it is unknown."""
    if value is None:
        return ""
    return _SENTENCES[name](value, value * shares, symbol, call)


def _gain(money: float) -> str:
    return f"{'gains' if money >= 0 else 'loses'} {written.money(abs(money), 'USD')}"


def _grows(value: float) -> str:
    return "grows" if value >= 0 else "shrinks"


def _price(value: float, all_: float, symbol: str, call: bool) -> str:
    return f"One contract is worth {written.money(all_, 'USD')} by the model."


def _delta(value: float, all_: float, symbol: str, call: bool) -> str:
    held = f"{'owning' if value >= 0 else 'being short'} {written.number(abs(all_), 0)} shares"
    return f"If {symbol} rises by $1, one contract {_gain(all_)}: now it moves like {held}."


def _gamma(value: float, all_: float, symbol: str, call: bool) -> str:
    return f"With each $1 that {symbol} moves, the contract moves like {written.number(all_, 2)} shares more or fewer."


def _theta(value: float, all_: float, symbol: str, call: bool) -> str:
    return f"With each day that passes and nothing else changing, one contract {_gain(all_)}."


def _vega(value: float, all_: float, symbol: str, call: bool) -> str:
    return f"If the expected swings (volatility) rise by one point, such as from 20 % to 21 %, one contract {_gain(all_)}."


def _rho(value: float, all_: float, symbol: str, call: bool) -> str:
    return f"If interest rates rise by one point, one contract {_gain(all_)}."


def _epsilon(value: float, all_: float, symbol: str, call: bool) -> str:
    return f"If {symbol} paid one point more of dividends a year, one contract {_gain(all_)}."


def _leverage(value: float, all_: float, symbol: str, call: bool) -> str:
    way = "rises" if value >= 0 else "falls"
    return f"If {symbol} rises by 1 %, the option {way} by about {written.number(abs(value), 1)} %."


def _of_delta(what: str) -> Callable[[float, float, str, bool], str]:
    def told(value: float, all_: float, symbol: str, call: bool) -> str:
        return f"{what}, the contract moves like {written.number(abs(all_), 2)} shares {'more' if all_ >= 0 else 'fewer'}."

    return told


def _of(greek: str, what: str) -> Callable[[float, float, str, bool], str]:
    def told(value: float, all_: float, symbol: str, call: bool) -> str:
        return f"{what}, {greek} {_grows(value)} by {written.number(abs(value), 6)} a share."

    return told


_SENTENCES: dict[str, Callable[[float, float, str, bool], str]] = {
    "price": _price, "delta": _delta, "gamma": _gamma, "theta": _theta, "vega": _vega, "rho": _rho, "epsilon": _epsilon,
    "leverage": _leverage,
    "vanna": _of_delta("With one point more of volatility"), "charm": _of_delta("A day later, with nothing else changing"),
    "vomma": _of("vega", "With one point more of volatility"), "veta": _of("vega", "A day later"),
    "vera": _of("rho", "With one point more of volatility"), "speed": _of("gamma", "With $1 more of price"),
    "zomma": _of("gamma", "With one point more of volatility"), "color": _of("gamma", "A day later"),
}  # fmt: skip
