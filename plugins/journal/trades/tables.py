"""Trades as tables: the list, one of them in figures, and its executions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from plugins.journal.tables import frame, written
from plugins.journal.trades.book import KINDS, MINDS
from terminal.api import Column, Table
from terminal.domain import format as show

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from decimal import Decimal

    from plugins.journal.trades.book import Playbook
    from plugins.journal.trades.trading import Journal, Kept
    from terminal.api import Context

COLUMNS = (
    Column("number", "Number", "integer"),
    Column("symbol", "Ticker"),
    Column("structure", "Trade", term="journal_structure"),
    Column("state", "State"),
    Column("opened", "Opened", "date"),
    Column("closed", "Closed", "date"),
    Column("quantity", "Quantity", "number", decimals=2),
    Column("entry", "Entry", "number", "currency", decimals=2, term="journal_entry"),
    Column("exit", "Exit", "number", "currency", decimals=2, term="journal_exit"),
    Column("profit", "Profit", "number", "currency", decimals=2, term="journal_profit"),
    Column("r", "R", "number", decimals=2, term="journal_r"),
    Column("mae", "Worst", "number", "currency", decimals=2, term="journal_mae"),
    Column("mfe", "Best", "number", "currency", decimals=2, term="journal_mfe"),
    Column("efficiency", "Kept", "number", "fraction", decimals=0, term="journal_efficiency", newbie=False),
    Column("bars", "Bars", term="journal_resolution", newbie=False),
    Column("held", "Held", "number", "days", decimals=1, term="journal_held"),
    Column("fees", "Fees", "number", "currency", decimals=2, newbie=False),
    Column("slippage", "Slippage", "number", "currency", decimals=2, term="journal_slippage", newbie=False),
    Column("risk", "Risk", "number", "currency", decimals=2, term="journal_risk", newbie=False),
    Column("strategy", "Strategy", "list"),
    Column("setup", "Set-up", "list"),
    Column("mistake", "Mistakes", "list"),
    Column("tag", "Tags", "list"),
    Column("account", "Account", newbie=False),
    Column("currency", "Currency", newbie=False),
)


def state(each: Kept) -> str:
    """open, won, lost, even, or unknown."""
    if each.trade.open:
        return "open"
    if each.profit is None:
        return "unknown"
    return "won" if each.profit > 0 else "lost" if each.profit < 0 else "even"


def row(each: Kept, slippage: Decimal | None = None) -> dict[str, Any]:
    """One trade as a row of `COLUMNS`."""
    trade, told = each.trade, each.excursion
    length = None if trade.open else trade.held_for(trade.opened.at)
    return {
        "number": each.number, "symbol": trade.underlying, "structure": trade.structure, "state": state(each),
        "opened": trade.opened.day, "closed": trade.closed.day if trade.closed else None, "quantity": _float(trade.quantity),
        "entry": _float(trade.entry_price), "exit": _float(trade.exit_price), "profit": _float(each.profit), "r": each.r,
        "mae": told.mae if told else None, "mfe": told.mfe if told else None, "efficiency": each.efficiency,
        "bars": told.resolution if told else None, "held": None if length is None else length.total_seconds() / 86_400,
        "fees": float(trade.fees), "slippage": _float(slippage), "risk": _float(each.risk), "account": trade.account,
        "currency": trade.currency, **{kind: list(getattr(each.note, kind)) for kind in KINDS},
    }  # fmt: skip


def trades_table(ctx: Context, found: Journal, rows: Sequence[Mapping[str, Any]], notes: tuple[str, ...]) -> Table:
    """The list, the newest first; `_symbol` is what a row opens."""
    import polars as pl

    shown = frame(COLUMNS, rows).with_columns(pl.col("symbol").alias("_symbol"))
    whole = all(value is None or value == int(value) for value in shown["quantity"].to_list())
    columns = tuple(replace(each, decimals=0) if whole and each.name == "quantity" else each for each in COLUMNS)
    return Table(f"Trades up to {show.day(found.day)}", columns, shown, (written(ctx), *found.sources), found.unknown, notes,
                 detail={"journal": found})  # fmt: skip


_FIGURES = (Column("section", "Part"), Column("term", "Key", newbie=False), Column("what", "What"), Column("value", "Value"),
            Column("why", "Why"))  # fmt: skip


def one_table(ctx: Context, each: Kept, book: Playbook | None, slips: Mapping[str, Decimal | None], title: str = "") -> Table:
    """A trade in figures and words; its executions are a table of their own."""
    rows = [*_result(each), *_plan(each), *_path(each, slips), *_said(each, book)]
    listed = [dict(zip(("section", "term", "what", "value", "why"), one, strict=True)) for one in rows]
    heading = title or f"Trade {each.number}: {each.title}"
    return Table(
        heading, _FIGURES, frame(_FIGURES, listed), (written(ctx),), detail={"kept": each, "playbook": book, "slips": slips}
    )


Row = tuple[str, str, str, str, str]


def _result(each: Kept) -> list[Row]:
    trade = each.trade
    cash = trade.currency
    end = trade.closed
    rows = [
        ("Result", "journal_structure", "Trade", trade.structure, f"{trade.underlying} in {trade.account}"),
        ("Result", "", "Opened", _when(trade.opened), ""),
        ("Result", "", "Closed", _when(end) if end else "still open", ""),
        ("Result", "journal_profit", "Profit", _money(each.profit, cash, sign=True),
         f"fees of {_money(trade.fees, cash)} are in it" if trade.fees else ""),
        ("Result", "journal_r", "R", show.UNKNOWN if each.r is None else f"{show.number(each.r, sign=True)} R", each.why_no_risk),
        ("Result", "", "Quantity", show.number(float(trade.quantity), 0 if trade.quantity == int(trade.quantity) else 4),
         "at its largest"),
        ("Result", "journal_entry", "Entry", _money(trade.entry_price, cash), "average, fees left out"),
        ("Result", "journal_exit", "Exit", _money(trade.exit_price, cash), "average, fees left out"),
    ]  # fmt: skip
    if trade.income:
        rows.append(("Result", "journal_income", "Dividends", _money(trade.income, cash, sign=True), "not in the profit"))
    if trade.open:
        rows.append(("Result", "", "Realised so far", _money(trade.realised, cash, sign=True), "of the part that is closed"))
    rows += [("Legs", "", leg.symbol, _leg(leg), _money(leg.flows, cash, sign=True) + " of cash")
             for leg in trade.legs if len(trade.legs) > 1]  # fmt: skip
    return rows


def _plan(each: Kept) -> list[Row]:
    cash, note = each.trade.currency, each.note
    origin = f"from decision {each.stop_from}" if each.stop_from not in ("", "you") else ""
    return [
        ("Plan", "journal_risk", "Planned risk", _money(each.risk, cash), each.why_no_risk),
        ("Plan", "", "Planned entry", _money(note.entry, cash), ""),
        ("Plan", "journal_stop", "Planned stop", _money(each.stop, cash), origin),
        ("Plan", "", "Planned target", _money(each.target, cash), ""),
        ("Plan", "", "Decision", show.UNKNOWN if each.decision is None else str(each.decision), ""),
    ]


def _path(each: Kept, slips: Mapping[str, Decimal | None]) -> list[Row]:
    cash, told = each.trade.currency, each.excursion
    rows: list[Row] = []
    if told is None:
        rows.append(("On the way", "journal_mfe", "Best and worst", show.UNKNOWN, each.why_no_excursion))
    else:
        how = "minute bars" if told.resolution == "minute" else "daily bars; only what surely was between entry and exit"
        best, worst = _money(told.mfe, cash, sign=True), _money(told.mae, cash, sign=True)
        rows += [("On the way", "journal_mfe", "Best it stood", best, f"{show.day(told.best_day)}; {how}"),
                 ("On the way", "journal_mae", "Worst it stood", worst, f"{show.day(told.worst_day)}; {how}")]  # fmt: skip
        if told.resolution == "day" and (told.mfe_most != told.mfe or told.mae_most != told.mae):
            bounds = f"{_money(told.mae_most, cash, sign=True)} to {_money(told.mfe_most, cash, sign=True)}"
            rows.append(("On the way", "journal_resolution", "At most", bounds, "with the whole of the days of entry and exit"))
    if not each.trade.open:
        rows.append(("On the way", "journal_efficiency", "Kept of the best",
                     show.percent(each.efficiency, 0) if each.efficiency is not None else show.UNKNOWN, ""))  # fmt: skip
    for name, value in slips.items():
        if value is not None:
            what = f"Slippage against {_REFERENCES[name]}"
            rows.append(("On the way", "journal_slippage", what, _money(value, cash, sign=True), "plus has cost you"))
    return rows


def _said(each: Kept, book: Playbook | None) -> list[Row]:
    note = each.note
    rows = [("Yours", "", _KIND_TITLES[kind], ", ".join(getattr(note, kind)) or show.UNKNOWN, "") for kind in KINDS]
    rows += [("Yours", "journal_mind", f"Mind {name}", getattr(note, name) or show.UNKNOWN, "") for name in MINDS]
    if note.playbook:
        items = book.items if book is not None else note.done
        done = [item for item in items if item in note.done]
        missed = [item for item in items if item not in note.done]
        rows.append(("Yours", "journal_playbook", "Playbook", f"{note.playbook}: {len(done)} of {len(items)}",
                     "not done: " + "; ".join(missed) if missed else ""))  # fmt: skip
    if note.text:
        rows.append(("Yours", "", "Notes", note.text, ""))
    rows += [("Yours", "", f"Picture {one.number}", one.file, one.what) for one in each.pictures]
    return rows


_REFERENCES = {"planned": "your plan", "open": "the open of the day", "previous_close": "the close before"}
_KIND_TITLES = {"strategy": "Strategy", "setup": "Set-up", "mistake": "Mistakes", "tag": "Tags"}
_EXECUTIONS = (
    Column("booking", "Booking", "integer"),
    Column("day", "Day", "date"),
    Column("at", "Time", "datetime"),
    Column("kind", "What"),
    Column("symbol", "Ticker"),
    Column("quantity", "Quantity", "number", decimals=4),
    Column("price", "Price", "number", "currency", decimals=4),
    Column("amount", "Cash", "number", "currency", decimals=2),
    Column("fees", "Fees", "number", "currency", decimals=2),
    Column("effect", "Effect"),
    Column("currency", "Currency", newbie=False),
)


def executions_table(ctx: Context, each: Kept) -> Table:
    """What the trade is made of, in its order."""
    rows = [
        {"booking": int(one.booking), "day": one.day, "at": one.at if one.timed else None, "kind": str(one.kind),
         "symbol": leg.symbol, "quantity": float(one.quantity), "price": _float(one.price), "amount": _float(one.amount),
         "fees": float(one.fees), "effect": "opens" if one.opens else "closes", "currency": leg.currency, "_at": one.at}
        for leg in each.trade.legs for one in leg.executions
    ]  # fmt: skip
    rows.sort(key=lambda one: (one["day"], one["_at"]))
    return Table(f"Executions of trade {each.number}: {each.title}", _EXECUTIONS, frame(_EXECUTIONS, rows), (written(ctx),))


def _leg(leg: Any) -> str:
    held = f", {show.number(float(leg.quantity), 0)} left" if leg.quantity else ""
    did = "bought" if leg.side > 0 else "sold"
    return f"{did} {show.number(float(leg.most), 0)} at {_money(leg.entry_price, leg.currency)}{held}"


def _when(one: Any) -> str:
    return show.moment(one.at) if one.timed else show.day(one.day)


def _money(value: Any, currency: str, *, sign: bool = False) -> str:
    return show.UNKNOWN if value is None else show.money(float(value), currency, sign=sign)


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
