"""The chain, its expiries, one contract and its Greeks as tables; the material of the panel rides along as `detail`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from plugins.options import tables
from plugins.options.chain import model, said
from terminal.api import Column, Table
from terminal.domain import format as written
from terminal.domain.options import quality

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from plugins.options.gathering import Desk

_SIDE = (
    ("volume", "Vol", "count", False), ("open_interest", "OI", "count", False), ("iv", "IV", "fraction", True),
    ("delta", "Delta", "", False), ("bid", "Bid", "", True), ("ask", "Ask", "", True),
)  # fmt: skip
_DECIMALS = {"volume": 0, "open_interest": 0, "delta": 3, "bid": 2, "ask": 2}
_TERMS = {"volume": "option_volume", "open_interest": "open_interest", "iv": "option_iv", "delta": "option_delta",
          "bid": "option_bid", "ask": "option_ask"}  # fmt: skip


def chain_table(of: Desk, days: Sequence[date], strikes: int) -> Table:
    """Calls | strike | puts of the expiries chosen."""
    rows = model.contracts(of.priced).filter(pl.col("expiry").is_in(list(days)))
    wide = model.ladder(model.near(rows, strikes))
    several = wide.select("expiry", "root").n_unique() > 1
    lead = (tables.expiry(), Column("root", "Root", newbie=False)) if several else ()
    *outer, bid, ask = _half("put", "P")
    columns = (*lead, *_half("call", "C"), tables.strike(), bid, ask, *reversed(outer),
               Column("note", "Not used, or to mind"))  # fmt: skip
    told = [pl.when(pl.col(f"{side}_told") != "").then(pl.lit(f"{side}: ") + pl.col(f"{side}_told")) for side in ("call", "put")]
    frame = wide.with_columns(pl.concat_str(told, separator="; ", ignore_nulls=True).alias("note"))
    names = [column.name for column in columns]
    usable = [pl.col(f"{side}_usable").alias(f"_{side}_usable") for side in ("call", "put")]
    return Table(
        _title(of, days), columns, frame.select(*names, *usable), tuple(of.sources.values()), quality.sentences(rows),
        notes(of, days),
        detail={"desk": of, "rows": rows, "wide": wide, "expiries": model.expiries(of.priced), "days": list(days)},
    )  # fmt: skip


def _half(side: str, short: str) -> list[Column]:
    return [Column(f"{side}_{name}", f"{title} {short}", "number", unit, _TERMS[name], _DECIMALS.get(name), newbie)
            for name, title, unit, newbie in _SIDE]  # fmt: skip


def list_table(of: Desk, days: Sequence[date], strikes: int, right: str, *, unusable: bool = False) -> Table:
    """A contract a row, with every Greek; or those that cannot be used and why."""
    rows = model.contracts(of.priced).filter(pl.col("expiry").is_in(list(days)))
    whole = rows
    if right != "both":
        rows = rows.filter(pl.col("right") == right[0].upper())
    rows = rows.filter(~pl.col("usable")) if unusable else model.near(rows, strikes)
    columns = (
        Column("contract", "Contract"), tables.expiry(), tables.strike(), Column("right", "Right", term="option_right"),
        tables.price("bid", "Bid"), tables.price("ask", "Ask"), tables.price("last", "Last", newbie=False),
        tables.quantity("volume", "Volume"), tables.quantity("open_interest", "Open interest"), tables.volatility(),
        tables.volatility("iv_provider", "Its source's", newbie=False, term="option_iv_provider"),
        Column("iv_gap", "Difference", "number", "fraction", "option_iv_gap", newbie=False),
        tables.price("theo", "Model", newbie=False, term="option_theo"),
        tables.greek("delta", newbie=True), *(tables.greek(name) for name in ("gamma", "theta", "vega", "rho")),
        Column("chance", "Chance in the money", "number", "fraction", "option_chance"),
        Column("reasons", "Not used because", term="option_quality"), Column("remarks", "To mind", newbie=False),
    )  # fmt: skip
    return Table(
        _title(of, days), columns, rows.sort("expires", "root", "strike", "right").select([each.name for each in columns]),
        tuple(of.sources.values()), quality.sentences(whole), notes(of, days),
    )  # fmt: skip


def _title(of: Desk, days: Sequence[date]) -> str:
    when = str(days[0]) if len(days) == 1 else f"{len(days)} expiries"
    return f"{of.symbol} {when}: price {written.number(of.spot, 2)}"


def notes(of: Desk, days: Sequence[date]) -> tuple[str, ...]:
    """What one must know to read the figures: forwards and rates, the move expected, what went wrong."""
    found = model.expiries(of.priced).filter(pl.col("expiry").is_in(list(days)))
    told = [_expiry_said(row) for row in found.head(2).iter_rows(named=True)] if len(days) <= 2 else []
    return (*told, f"Rates: {of.rate_from}.", *_payments_said(of, days), *of.remarks, *of.priced.notes, *of.failed)


def _expiry_said(row: dict[str, Any]) -> str:
    name = f"{row['root']} {row['expiry']} ({row['settlement']})"
    move = "" if row["move"] is None else (
        f", at-the-money volatility {written.percent(row['atm_iv'])}, expected move {written.percent(row['move'])}"
        f" ({written.number(row['move_money'], 2)} either way, one standard deviation)")  # fmt: skip
    rate = "implied by parity" if row["rate_from"] == "parity" else "of the curve"
    borrow = "" if row["borrow"] is None else f" ({written.percent(row['borrow'], 2, sign=True)} beyond dividends)"
    forward = f"forward {written.number(row['forward'], 2)} ({row['forward_from']})"
    return (f"{name}: {written.number(row['days'], 1)} days, {forward}, rate"
            f" {written.percent(row['rate'], 2)} {rate}, carry {written.percent(row['carry'], 2)}{borrow}{move}.")  # fmt: skip


def _payments_said(of: Desk, days: Sequence[date]) -> tuple[str, ...]:
    due = [each for each in of.payments if each.day <= max(days, default=each.day)] if days else []
    if not due:
        return ()
    first = due[0]
    more = f", and {len(due) - 1} more" if len(due) > 1 else ""
    kind = "declared" if first.declared else "expected as the ones before"
    return (f"Dividend before expiry: {written.money(first.amount, 'USD')} on {first.day} ({kind}){more}.",)


_EXPIRIES = (
    tables.expiry(), Column("root", "Root", newbie=False),
    Column("settlement", "Settles", newbie=False, term="option_settlement"),
    Column("days", "Days", "number", "days", "option_days", decimals=1), Column("monthly", "Monthly", "bool", newbie=False),
    tables.volatility("atm_iv", "At the money", term="option_atm_iv"),
    Column("move", "Expected move", "number", "fraction", "option_expected_move"),
    Column("move_money", "In money", "number", term="option_expected_move", decimals=2),
    tables.price("forward", "Forward", newbie=False, term="option_forward"),
    Column("rate", "Rate", "number", "fraction", "option_rate", decimals=2, newbie=False),
    Column("carry", "Carry", "number", "fraction", "option_carry", decimals=2, newbie=False),
    Column("borrow", "Beyond dividends", "number", "fraction", "option_borrow", decimals=2, newbie=False),
    Column("forward_from", "Forward from", newbie=False), tables.quantity("volume", "Volume"),
    tables.quantity("open_interest", "Open interest"), Column("usable", "Usable", "integer", "count", "option_quality"),
    Column("contracts", "Contracts", "integer", "count"),
)  # fmt: skip


def expiries_table(of: Desk) -> Table:
    """The expiries to come: at-the-money volatility, the move expected, forward and where it is from, how much may be used."""
    rows = model.expiries(of.priced)
    return Table(
        f"{of.symbol}: {rows.height} expiries, price {written.number(of.spot, 2)}", _EXPIRIES,
        rows.select([column.name for column in _EXPIRIES]), tuple(of.sources.values()), quality.sentences(of.priced.frame),
        (f"Rates: {of.rate_from}.", *of.remarks, *of.priced.notes, *of.failed),
    )  # fmt: skip


_GREEKS = (
    Column("greek", "Greek"), Column("share", "Per share", "number", decimals=5),
    Column("contract", "Per contract", "number", decimals=3), Column("unit", "Unit"), Column("says", "Says"),
)  # fmt: skip


def greeks_table(title: str, symbol: str, call: bool, values: dict[str, float | None], sources: Sequence[Any] = (),
                 told: Sequence[str] = ()) -> Table:
    """Each Greek per share and per contract, in the trade's unit, with what it says. `values` as `options.Greeks` has them."""
    rows = []
    for name in said.ORDER:
        if name not in values:
            continue
        value = values[name]
        shown = None if value is None else value / tables.SCALE.get(name, 1.0)
        whole = None if shown is None else shown if name == "leverage" else shown * tables.SHARES
        rows.append((said.title(name), shown, whole, said.UNITS[name], said.sentence(name, shown, symbol, call)))
    frame = pl.DataFrame(rows, {"greek": pl.String, "share": pl.Float64, "contract": pl.Float64, "unit": pl.String,
                                "says": pl.String}, orient="row")  # fmt: skip
    unknown = tuple(f"{said.title(name)} is unknown." for name in said.ORDER if name in values and values[name] is None)
    return Table(title, _GREEKS, frame, tuple(sources), unknown, tuple(told))


_FACTS: tuple[tuple[str, str, str, str], ...] = (
    ("bid", "Bid", "price", "What you get for one share when you sell it now."),
    ("ask", "Ask", "price", "What one share costs when you buy it now; a contract is a hundred."),
    ("mid", "Middle", "price", ""), ("last", "Last trade", "price", ""), ("volume", "Contracts traded", "count", ""),
    ("open_interest", "Open interest", "count", "Contracts that are open, as of the close before."),
    ("spot", "Price of the underlying", "price", ""),
    ("forward", "Forward", "price", "At what price the market would agree today to trade it at expiry."),
    ("days", "Days to expiry", "days", ""), ("theo", "Model's price", "price", ""),
    ("iv", "Volatility", "percent", "Ours, from the middle of bid and ask."),
    ("iv_bid", "Volatility of the bid", "percent", ""), ("iv_ask", "Volatility of the ask", "percent", ""),
    ("iv_provider", "Its source's volatility", "percent", ""), ("iv_gap", "Difference", "percent", "Ours less the source's."),
    ("chance", "Chance to end in the money", "percent", "Of a lognormal price around the forward."),
    ("time_value", "Time value", "price", "What is paid beyond what exercising now would bring."),
)  # fmt: skip


def contract_table(of: Desk, row: dict[str, Any]) -> Table:
    """One contract: its quote, volatilities and Greeks."""
    rows = [(title, row[name], _shown(row[name], kind), meaning) for name, title, kind, meaning in _FACTS]
    call = bool(row["call"])
    for name in said.ORDER:
        if name in row:
            value = row[name]
            rows.append((said.title(name), value, "–" if value is None else written.number(value, 5),
                         said.sentence(name, value, of.symbol, call)))  # fmt: skip
    frame = pl.DataFrame(rows, {"what": pl.String, "value": pl.Float64, "shown": pl.String, "says": pl.String}, orient="row",
                         strict=False)  # fmt: skip
    columns = (Column("what", "What"), Column("shown", "Value"), Column("value", "Raw", "number", decimals=6, newbie=False),
               Column("says", "Says"))  # fmt: skip
    name = f"{of.symbol} {row['expiry']} {written.number(row['strike'], 2)} {'call' if call else 'put'} ({row['contract']})"
    style = "may be exercised on any day" if row["american"] else "is exercised at expiry only"
    told = [f"It {style} and settles at the {'open' if row['settlement'] == 'AM' else 'close'} of {row['expiry']}."]
    unknown = [f"Its quote is not used: {row['reasons']}."] if row["reasons"] else []
    if row["remarks"]:
        told.append(f"To mind: {row['remarks']}.")
    if row["iv_from"] not in (None, "quote"):
        told.append(f"Model's price and Greeks are worked out with the volatility of {row['iv_from']}.")
    return Table(name, columns, frame.select("what", "shown", "value", "says"), tuple(of.sources.values()), tuple(unknown),
                 (*told, *notes(of, [row["expiry"]])))  # fmt: skip


def _shown(value: Any, kind: str) -> str:
    if value is None:
        return "–"
    if kind == "percent":
        return written.percent(float(value))
    if kind == "count":
        return written.count(float(value))
    return written.number(float(value), 1 if kind == "days" else 2)


_HISTORY = (
    Column("day", "Day", "date"), tables.price("bid", "Bid"), tables.price("ask", "Ask"), tables.price("last", "Last"),
    tables.quantity("volume", "Volume"), tables.quantity("open_interest", "Open interest"),
    tables.volatility("iv", "Source's volatility", term="option_iv_provider"), tables.greek("delta", newbie=True),
    tables.price("underlying_price", "Underlying", newbie=False, term="option_spot"),
)  # fmt: skip


def history_table(name: str, days: pl.DataFrame) -> Table:
    """What the archive has of a contract, a row a day."""
    told = () if days.height else ("The archive has no day of it yet: chains are archived after the close.",)
    return Table(f"{name}: {days.height} archived days", _HISTORY, days.select([each.name for each in _HISTORY]), notes=told)
