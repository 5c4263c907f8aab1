"""Exposure, max pain, open interest and ratios as tables; the material of the panel rides along as `detail`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from plugins.options.exposure import gathering
from terminal.api import Column, Table
from terminal.domain import format as written

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from plugins.options.exposure.gathering import Exposed
    from terminal.domain.exposure import By, Exposure, Sticky

_STRIKE = Column("strike", "Strike", "number", term="option_strike", decimals=2)
_EXPIRY = Column("expiry", "Expiry", "date", term="option_expiry")


def _money(name: str, title: str, term: str, *, newbie: bool = False) -> Column:
    return Column(name, title, "number", "USD", term, decimals=0, newbie=newbie)


_EXPOSURES = (
    _money("gamma", "Gamma, per 1 %", "gamma_exposure", newbie=True),
    _money("gamma_calls", "Of calls", "gamma_exposure"),
    _money("gamma_puts", "Of puts", "gamma_exposure"),
    _money("gamma_point", "Gamma, per point", "gamma_exposure"),
    _money("delta", "Delta", "delta_exposure"),
    _money("vanna", "Vanna, per vol point", "vanna_exposure"),
    _money("charm", "Charm, per day", "charm_exposure"),
)
_OPEN = (
    Column("call_open_interest", "Calls open", "number", "count", "open_interest", decimals=0),
    Column("put_open_interest", "Puts open", "number", "count", "open_interest", decimals=0),
)
_TRADED = (
    Column("call_volume", "Calls traded", "number", "count", "option_volume", decimals=0),
    Column("put_volume", "Puts traded", "number", "count", "option_volume", decimals=0),
)
_OPEN_RATIO = Column("open_ratio", "Puts per call open", "number", "x", "put_call_ratio", decimals=2)
_TRADED_RATIO = Column("volume_ratio", "Puts per call traded", "number", "x", "put_call_ratio", decimals=2)


def _keys(by: By) -> tuple[Column, ...]:
    return {"strike": (_STRIKE,), "expiry": (_EXPIRY,), "both": (_EXPIRY, _STRIKE)}[by]


def gex_table(of: Exposed, by: By, expiries: int | None, reach: float | None, sticky: Sticky) -> Table:
    """Dealers' exposures; zero gamma, walls and shares are of the expiries chosen, at every strike."""
    from terminal.domain.exposure import turn, walls

    whole = of.found.within(expiries)
    shown = whole.within(None, reach)
    at, edges = turn(whole, sticky=sticky), walls(whole)
    levels = {"zero_gamma": at.level, "call_wall": edges.call, "put_wall": edges.put, **_pain(whole)}
    notes = (
        gathering.assumed(of),
        *_summary(whole),
        gathering.turned(at, whole, sticky),
        *_walls(levels),
        gathering.dated(whole),
        *of.desk.failed,
    )
    columns = (*_keys(by), *_EXPOSURES, *_OPEN, Column("counted", "Priced", "integer", "count", newbie=False))
    detail = {"exposure": whole, "turn": at, "levels": levels, "shares": shares(whole), "sticky": sticky,
              "ratios": _ratios_row(whole), "summary": _summary(whole), "dated": gathering.dated(whole),
              "thin": gathering.thin(whole)}  # fmt: skip
    return Table(f"{whole.symbol}: dealers' exposure by {'strike and expiry' if by == 'both' else by}, price "
                 f"{written.number(whole.spot, 2)}", columns, shown.by(by).select([each.name for each in columns]),
                 tuple(of.desk.sources.values()), gathering.counted(whole), notes, detail=detail)  # fmt: skip


def shares(found: Exposure) -> dict[str, Any]:
    """How much of gamma (sizes) expires with the next expiry, and on the chain's own day; of volume, too."""
    import polars as pl

    following = found.frame["expiry"].min()
    today = pl.col("expiry") == found.day
    return {
        "next_expiry": following,
        "next_gamma": found.share(pl.col("expiry") == following),
        "same_day_gamma": found.share(today),
        "same_day_volume": found.share(today, "volume"),
    }


def _summary(found: Exposure) -> tuple[str, ...]:
    net, part = found.total(), shares(found)
    if net is None:
        why = "no open interest is stated" if found.counted is None else "nothing that is open has a usable price"
        return (f"Net gamma of {found.symbol} is unknown: {why}.",)
    hedge = "sell as it rises and buy as it falls, which calms it" if net > 0 else \
        "buy as it rises and sell as it falls, which drives it on"  # fmt: skip
    warning = gathering.thin(found)
    said = [*([warning] if warning else []), f"Net gamma is {written.money(net, 'USD', 0)} per 1 % move: then dealers {hedge}."]
    if part["next_gamma"] is not None:
        said.append(f"{written.percent(part['next_gamma'], 0)} of all gamma ends with the expiry of "
                    f"{written.day(part['next_expiry'])}{'; ' + _same_day(part) if part['same_day_gamma'] else ''}.")  # fmt: skip
    return tuple(said)


def _same_day(part: dict[str, Any]) -> str:
    volume = part["same_day_volume"]
    traded = "" if volume is None else f" and {written.percent(volume, 0)} of volume"
    return f"{written.percent(part['same_day_gamma'], 0)} of it{traded} expires on the day of the chain (0DTE)"


def _walls(levels: dict[str, Any]) -> tuple[str, ...]:
    said = [f"{name} at {written.number(levels[key], 2)}" for key, name in (("call_wall", "call wall"), ("put_wall", "put wall"))
            if levels[key] is not None]  # fmt: skip
    pain = levels["max_pain"]
    if pain is not None:
        said.append(f"max pain of {written.day(levels['pain_expiry'])} at {written.number(pain, 2)}")
    text = ", ".join(said)
    return (f"{text[0].upper()}{text[1:]}.",) if said else ()


def _pain(found: Exposure) -> dict[str, Any]:
    """Max pain of the next expiry with something open."""
    from terminal.domain.exposure import max_pain

    known = max_pain(found).drop_nulls("strike")
    first = known.row(0, named=True) if known.height else {}
    return {"max_pain": first.get("strike"), "pain_expiry": first.get("expiry")}


_PAIN = (
    _EXPIRY,
    Column("root", "Root", newbie=False),
    Column("max_pain", "Max pain", "number", term="max_pain", decimals=2),
    Column("away", "From the price", "number", "fraction"),
    Column("low", "Flat from", "number", decimals=2, newbie=False),
    Column("high", "Flat to", "number", decimals=2, newbie=False),
    _money("payout", "Options pay then", "max_pain"),
    _money("payout_now", "They would pay now", "max_pain"),
    *_OPEN,
)


def pain_table(of: Exposed) -> Table:
    """Max pain of every expiry."""
    import polars as pl

    from terminal.domain.exposure import max_pain

    found = of.found
    frame = max_pain(found).rename({"strike": "max_pain"}).with_columns((pl.col("max_pain") / found.spot - 1).alias("away"))
    missing = frame.filter(pl.col("max_pain").is_null())["expiry"].to_list()
    unknown = tuple(f"Max pain of {written.day(day)} is unknown: nothing is open." for day in missing)
    unknown = gathering.counted(found) if found.counted is None else unknown
    notes = ("At max pain the options that are open pay their owners least, all together. That prices are drawn there is "
             "folklore with thin evidence, mostly for the last days of shares with many options.", gathering.dated(found),
             *of.desk.failed)  # fmt: skip
    return Table(f"{found.symbol}: max pain, price {written.number(found.spot, 2)}", _PAIN,
                 frame.select([each.name for each in _PAIN]), tuple(of.desk.sources.values()), unknown, notes)  # fmt: skip


def interest_table(of: Exposed, by: By, expiries: int | None, reach: float | None) -> Table:
    """What is open and what was traded, calls beside puts."""
    import polars as pl

    from terminal.domain.exposure import ratios

    found = of.found.within(expiries, reach)
    columns = (*_keys(by), *_OPEN, _OPEN_RATIO, *_TRADED, _TRADED_RATIO)

    def over(name: str) -> pl.Expr:
        return pl.when(pl.col(f"call_{name}") > 0).then(pl.col(f"put_{name}") / pl.col(f"call_{name}"))

    frame = found.by(by).with_columns(over("open_interest").alias("open_ratio"), over("volume").alias("volume_ratio"))
    made = ratios(found)
    traded = f"traded: {made.call_volume:,.0f} calls and {made.put_volume:,.0f} puts."
    stated = made.call_open_interest + made.put_open_interest > 0
    open_ = f"Open: {made.call_open_interest:,.0f} calls and {made.put_open_interest:,.0f} puts; {traded}"
    notes = (open_ if stated else traded.capitalize(), gathering.dated(found), *of.desk.failed)
    unknown = () if stated else gathering.counted(of.found)
    return Table(f"{found.symbol}: open interest and volume by {'strike and expiry' if by == 'both' else by}, price "
                 f"{written.number(found.spot, 2)}", columns, frame.select([each.name for each in columns]),
                 tuple(of.desk.sources.values()), unknown, notes)  # fmt: skip


_RATIOS = (
    Column("symbol", "Symbol"),
    Column("at", "As of", "datetime", newbie=False),
    Column("volume", "By volume", "number", "x", "put_call_ratio", decimals=2),
    Column("open_interest", "By open interest", "number", "x", "put_call_ratio", decimals=2),
    Column("premium", "By premium", "number", "x", "put_call_ratio", decimals=2),
    *_TRADED,
    *_OPEN,
)


def _ratios_row(found: Exposure) -> dict[str, Any]:
    from dataclasses import asdict

    from terminal.domain.exposure import ratios

    return {"symbol": found.symbol, "at": found.at, **asdict(ratios(found))}


def ratios_table(each: Sequence[Exposed], failed: Sequence[str]) -> Table:
    """Puts per call of several symbols."""
    import polars as pl

    schema: dict[str, Any] = dict.fromkeys((column.name for column in _RATIOS), pl.Float64)
    schema |= {"symbol": pl.String, "at": pl.Datetime("us", "UTC")}
    rows = [{column.name: row[column.name] for column in _RATIOS} for row in (_ratios_row(of.found) for of in each)]
    sources = dict.fromkeys(source for of in each for source in of.desk.sources.values())
    notes = ("Puts divided by calls. Above 1 more puts than calls; by premium each contract's volume is valued at its "
             "last price. What is usual differs a lot from symbol to symbol: compare a symbol with its own past.",)  # fmt: skip
    return Table("Puts per call", _RATIOS, pl.DataFrame(rows, schema=schema, orient="row"), tuple(sources), tuple(failed), notes)
