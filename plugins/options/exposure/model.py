"""What the exposure panel shows, from what the command answered: bars by strike, the map, cards and sentences. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from terminal.domain import format as written

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import numpy as np
    import polars as pl

    from terminal.domain.exposure import Exposure

MEASURES = ("gamma", "delta", "vanna", "charm")
TITLES: Mapping[str, tuple[str, str]] = {
    "gamma": ("Calming or driving", "Gamma"), "delta": ("Leaning", "Delta"), "vanna": ("If nerves change", "Vanna"),
    "charm": ("As days pass", "Charm"),
}  # fmt: skip
FACTS = ("net", "zero", "walls", "pain", "ratio", "soon")
UNITS: Mapping[str, str] = {
    "gamma": "per 1 % move", "delta": "in shares", "vanna": "per point of volatility", "charm": "per day",
}  # fmt: skip
# The picture covers the strikes with so much of everything, and at least so far to both sides of the price.
_MOST, _LEAST_REACH, _WIDEST = 0.97, 0.05, 0.45


@dataclass(frozen=True, slots=True)
class Bar:
    """One strike: `up` and `down` (both at least 0) are drawn above and below the line; None where unknown."""

    strike: float
    up: float | None
    down: float | None
    said: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A price to be marked: `key` names its colour, `text` its label."""

    price: float
    text: str
    key: str


@dataclass(frozen=True, slots=True)
class Map:
    """Exposure by strike (down, the highest first) and expiry (across); NaN where nothing is known."""

    strikes: tuple[float, ...]
    expiries: tuple[date, ...]
    values: np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, slots=True)
class Fact:
    """A card: its title, value, a word of context and, for beginners, a sentence."""

    key: str
    title: str
    value: str
    context: str = ""
    sentence: str = ""


def window(found: Exposure, measure: str) -> tuple[float, float]:
    """From which strike to which most of a measure (or of what is open) lies; the price is always inside."""
    import polars as pl

    rows = found.by("strike").select("strike", pl.col(measure).abs().fill_null(0.0).alias("size"))
    rows = rows.filter((pl.col("strike") / found.spot - 1).abs() <= _WIDEST)
    total = rows["size"].sum()
    low, high = found.spot * (1 - _LEAST_REACH), found.spot * (1 + _LEAST_REACH)
    if total:
        share, end = pl.col("size") / total, pl.col("size").cum_sum() / total
        inside = rows.filter(end >= (1 - _MOST) / 2, end - share <= (1 + _MOST) / 2, pl.col("size") > 0)["strike"]
        if inside.len():
            low, high = min(low, float(inside[0])), max(high, float(inside[-1]))
    return low, high


def net_bars(found: Exposure, measure: str) -> tuple[Bar, ...]:
    """Net exposure of each strike: above the line where dealers are long, below where they are short."""
    import polars as pl

    low, high = window(found, measure)
    rows = found.by("strike").filter(pl.col("strike").is_between(low, high)).to_dicts()
    return tuple(_net_bar(each, measure) for each in rows)


def _net_bar(each: dict[str, Any], measure: str) -> Bar:
    value = each[measure]
    if value is None:
        return Bar(each["strike"], None, None, f"<b>{_price(each['strike'])}</b><br>unknown: no usable price")
    parts = ""
    if measure == "gamma":
        sides = [f"{name} {_dollars(each[key])}" for key, name in (("gamma_calls", "calls"), ("gamma_puts", "puts")) if each[key]]
        parts = f"<br>{', '.join(sides)}" if sides else ""
    said = f"<b>{_price(each['strike'])}</b><br>{_dollars(value)} {UNITS[measure]}{parts}<br>{_open(each)}"
    return Bar(each["strike"], max(value, 0.0), max(-value, 0.0), said)


def open_bars(found: Exposure, what: str) -> tuple[Bar, ...]:
    """Calls above and puts below the line; `what` is "open_interest" or "volume"."""
    import polars as pl

    low, high = window(found, "gamma")
    rows = found.by("strike").filter(pl.col("strike").is_between(low, high)).to_dicts()
    return tuple(Bar(each["strike"], each[f"call_{what}"], each[f"put_{what}"],
                     f"<b>{_price(each['strike'])}</b><br>{_open(each)}<br>{_traded(each)}") for each in rows)  # fmt: skip


def heat(found: Exposure, measure: str, most: int = 60) -> Map:
    """Strikes near the price by expiry; of more than `most` strikes the ones with the largest exposure."""
    import numpy as np
    import polars as pl

    low, high = window(found, measure)
    rows = found.by("both").filter(pl.col("strike").is_between(low, high))
    sizes = rows.group_by("strike").agg(pl.col(measure).abs().sum()).sort(measure, descending=True).head(most)
    strikes = sorted(sizes["strike"].to_list(), reverse=True)
    expiries = tuple(rows["expiry"].unique().sort().to_list())
    values = np.full((len(strikes), len(expiries)), np.nan)
    down, across = ({each: place for place, each in enumerate(line)} for line in (strikes, expiries))
    for expiry, strike, value in rows.select("expiry", "strike", measure).iter_rows():
        if strike in down and value is not None:
            values[down[strike], across[expiry]] = value
    return Map(tuple(strikes), expiries, values)


def marks(levels: Mapping[str, Any], spot: float, mode: str) -> tuple[Mark, ...]:
    """The prices worth marking, the present one first."""
    newbie = mode == "newbie"
    words = {"zero_gamma": "Turning point" if newbie else "Zero gamma", "call_wall": "Call wall", "put_wall": "Put wall",
             "max_pain": "Max pain"}  # fmt: skip
    found = [Mark(spot, f"{'Price' if newbie else 'Spot'} {_price(spot)}", "spot")]
    known = {key: levels[key] for key in words if levels.get(key) is not None}
    # One line where several are the same.
    for price in dict.fromkeys(known.values()):
        keys = [key for key in known if known[key] == price]
        found.append(Mark(price, f"{', '.join(words[key] for key in keys).capitalize()} {_price(price)}", keys[0]))
    return tuple(found)


def shown_facts(view: str, mode: str) -> tuple[str, ...]:
    """Which cards a view shows: all of them in Pro."""
    if mode != "newbie":
        return FACTS
    return ("walls", "pain", "ratio") if view in ("open", "traded") else ("net", "zero", "walls", "pain")


def facts(detail: Mapping[str, Any], mode: str) -> tuple[Fact, ...]:
    """The cards in order."""
    found, levels, part, ratio = (detail[key] for key in ("exposure", "levels", "shares", "ratios"))
    newbie, net, turn = mode == "newbie", found.total(), detail["turn"]
    zero = levels["zero_gamma"]
    cards = [
        Fact("net", "Hedging now" if newbie else "Net gamma, 1 %", "–" if net is None else _dollars(net),
             "" if net is None else ("calms" if net > 0 else "drives on"), _about_net(net) if newbie else ""),
        Fact("zero", "Turning point" if newbie else "Zero gamma", written.number(zero, 2),
             _away(zero, found.spot) if zero is not None else "", _about_zero(found, zero, turn.why) if newbie else ""),
        Fact("walls", "Walls" if newbie else "Put wall – call wall",
             f"{_price(levels['put_wall'])} – {_price(levels['call_wall'])}", "most gamma of puts and of calls",
             "Prices where most is at stake: moves often slow down near them." if newbie else ""),
        Fact("pain", "Max pain", written.number(levels["max_pain"], 2),
             f"expiry {written.day(levels['pain_expiry'])}" if levels["pain_expiry"] else "",
             "Where the options of the next expiry would pay least, all together." if newbie else ""),
        Fact("ratio", "Puts per call" if newbie else "Put/call", written.multiple(ratio["open_interest"], 2),
             f"open · {written.multiple(ratio['volume'], 2)} traded · {written.multiple(ratio['premium'], 2)} by premium",
             "Puts are bets on, or protection against, a fall; more of them is usual for funds." if newbie else ""),
        Fact("soon", "Ends soon" if newbie else "Gamma off at next expiry", written.percent(part["next_gamma"], 0),
             _soon(part), "So much of all this is gone after the next expiry." if newbie else ""),
    ]  # fmt: skip
    return tuple(cards)


def headline(detail: Mapping[str, Any], mode: str) -> str:
    """What the picture means, in one or two sentences."""
    found, turn = detail["exposure"], detail["turn"]
    net, zero = found.total(), detail["levels"]["zero_gamma"]
    if net is None:
        return "Nothing that is open has a price that can be used, so nothing can be said of hedging."
    if mode != "newbie":
        return " ".join(detail["summary"])
    if detail["thin"]:
        return str(detail["thin"])
    if zero is None:
        return f"{'They tend to calm moves' if net > 0 else 'They tend to drive moves on'} at every price nearby ({turn.why})."
    rising = turn.gamma[-1] > 0
    above, below = ("calm moves", "drive them on") if rising else ("drive moves on", "calm them")
    return (f"Above {_price(zero)} dealers' hedging tends to {above}, below it tends to {below}, if they hold what we assume. "
            f"Now the price is {_price(found.spot)}.")  # fmt: skip


def sides(measure: str, mode: str) -> tuple[str, str]:
    """What bars above and below the line mean."""
    if mode != "newbie":
        return f"Dealers long {measure}, {UNITS[measure]}", f"Dealers short {measure}"
    return {
        "gamma": ("Here hedging calms the price", "Here hedging drives it on"),
        "delta": ("Dealers gain when it rises", "Dealers gain when it falls"),
        "vanna": ("More nerves: they hold more", "More nerves: they hold less"),
        "charm": ("By tomorrow they hold more", "By tomorrow they hold less"),
    }[measure]


def open_headline(detail: Mapping[str, Any], what: str, mode: str) -> str:
    """Where most is open, or was traded."""
    found, ratio = detail["exposure"], detail["ratios"]
    rows = found.by("strike")
    word = "open" if what == "open_interest" else "traded"
    tops = [_top(rows, f"{side}_{what}") for side in ("call", "put")]
    if None in tops:
        return f"Too little is {word} to say where."
    per = written.multiple(ratio[what], 2)
    if mode == "newbie":
        return (f"Most calls are {word} at {_price(tops[0])}, most puts at {_price(tops[1])}. Calls gain when the price rises, "
                f"puts when it falls; for each call {written.number(ratio[what], 2)} puts are {word}.")  # fmt: skip
    calls, puts = (written.number(ratio[f"{side}_{what}"], 0) for side in ("call", "put"))
    return (f"{calls} calls and {puts} puts {word} (put/call {per}); most calls at {_price(tops[0])}, most puts at "
            f"{_price(tops[1])}.")  # fmt: skip


def _top(rows: pl.DataFrame, name: str) -> float | None:
    known = rows.filter(rows[name] > 0)
    return float(known.sort(name, descending=True)["strike"][0]) if known.height else None


def _about_net(net: float | None) -> str:
    if net is None:
        return ""
    deed = "sell into a rise and buy into a fall" if net > 0 else "buy into a rise and sell into a fall"
    return f"If the price moves 1 %, dealers {deed}: about {written.money(abs(net), 'USD', 0)} of shares."


def _about_zero(found: Exposure, zero: float | None, why: str) -> str:
    if zero is None:
        return f"There is none nearby: {why}."
    return f"The price is {'above' if found.spot > zero else 'below'} it."


def _soon(part: Mapping[str, Any]) -> str:
    day = written.day(part["next_expiry"]) if part["next_expiry"] else ""
    same = part["same_day_gamma"]
    return f"{day}{f' · 0DTE {written.percent(same, 0)}' if same else ''}"


def _away(level: float, spot: float) -> str:
    return f"{written.percent(level / spot - 1, 1, sign=True)} from the price"


def _price(value: float | None) -> str:
    return written.number(value, 0 if value is not None and value == round(value) else 2)


def _dollars(value: float | None) -> str:
    return written.money(value, "USD", 0)


def _open(each: Mapping[str, Any]) -> str:
    return f"open: {written.number(each['call_open_interest'], 0)} calls, {written.number(each['put_open_interest'], 0)} puts"


def _traded(each: Mapping[str, Any]) -> str:
    return f"traded: {written.number(each['call_volume'], 0)} calls, {written.number(each['put_volume'], 0)} puts"
