"""The trades of the portfolio with what the user said of them, what the market did meanwhile, and what they earned."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from plugins.journal import book
from plugins.journal.trades import book as trade_book
from plugins.journal.trades.bars import Bars
from plugins.journal.trades.book import MINDS, Note, Picture
from terminal.api import UserError
from terminal.domain.journal.behaviour import Moment
from terminal.domain.journal.excursions import Excursion, efficiency, planned_risk, r_multiple
from terminal.domain.journal.statistics import Outcome
from terminal.domain.journal.trades import Trade, trades

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from terminal.api import Context, Source
    from terminal.domain.journal.decisions import Entry

DECIDED = timedelta(days=10)
"""A decision stands behind a trade that was opened up to so long after it."""


@dataclass(frozen=True)
class Kept:
    """One trade with all that belongs to it. Money in the trade's currency, but `total` in that of the journal.

    `profit` is all it has made so far, `risk` what was planned to be lost at most; None: not known, `why_no_risk` says why.
    `stop_from`: "you" or the number of the decision its stop was taken from.
    """

    trade: Trade
    note: Note
    pictures: tuple[Picture, ...]
    profit: Decimal | None
    total: float | None
    rate: Decimal | None
    price: Decimal | None
    stop: Decimal | None
    target: Decimal | None
    stop_from: str
    risk: Decimal | None
    why_no_risk: str
    excursion: Excursion | None
    why_no_excursion: str
    decision: int | None
    signal: str = ""
    references: Mapping[str, Decimal | None] = field(default_factory=dict)
    """Prices the entry may be compared with, per unit of today: as planned, the open of its day, the close before."""

    @property
    def number(self) -> int:
        """The number of the booking that opened it, by which it is called."""
        return int(self.trade.key)

    @property
    def r(self) -> float | None:
        """Profit in units of planned risk."""
        return r_multiple(_float(self.profit), _float(self.risk))

    @property
    def efficiency(self) -> float | None:
        """How much of its best profit was kept; None while it is open."""
        return None if self.trade.open or self.excursion is None else efficiency(_float(self.profit), self.excursion.mfe)

    @property
    def title(self) -> str:
        """How it is called in sentences."""
        return f"{self.trade.underlying} {self.trade.structure.lower()}" if self.trade.legs[0].option or \
            len(self.trade.legs) > 1 else f"{self.trade.symbol} {'long' if self.trade.side > 0 else 'short'}"  # fmt: skip


@dataclass(frozen=True)
class Journal:
    """All trades of the chosen accounts, the oldest first, in one `currency`, as of the end of `day`."""

    kept: tuple[Kept, ...]
    currency: str
    day: date
    accounts: tuple[str, ...]
    sources: tuple[Source, ...]
    unknown: tuple[str, ...]

    def closed(self) -> list[Outcome]:
        """Those that are over and whose profit is known, as figures."""
        return [outcome(each) for each in self.kept if not each.trade.open and each.total is not None]

    def moments(self) -> dict[str, Moment]:
        """When each of them was opened and closed."""
        return {
            each.trade.key: Moment(one.opened.at, end.at, one.opened.timed and end.timed)
            for each in self.kept
            if (end := (one := each.trade).closed) is not None
        }


def journal(
    ctx: Context, accounts: Sequence[str] = (), currency: str = "", *, start: date | None = None, end: date | None = None,
    symbol: str = "", excursions: bool = True,
) -> Journal:  # fmt: skip
    """Read bookings, notes and bars. `start` and `end` narrow by the day of closing (what is open counts as today)."""
    told = ctx.call("portfolio.executions", account=tuple(accounts), currency=currency)
    detail = told.detail
    day = ctx.as_of or ctx.market.today()
    names = set(detail["accounts"])
    found = [one for one in trades(detail["bookings"]) if one.account in names]
    if symbol:
        found = [one for one in found if symbol in (one.symbol, one.underlying)]
    found = [one for one in found if (start is None or _end(one, day) >= start) and (end is None or _end(one, day) <= end)]
    read = ctx.store.book.read
    notes, pictures = trade_book.notes(read, ctx.as_of), trade_book.pictures(read, ctx.as_of)
    decisions = book.entries(read, ctx.as_of, kind="decision")
    bars = Bars(ctx, found if excursions else (), day)
    kept = tuple(_kept(one, detail, notes, pictures, decisions, bars, day) for one in found)
    return Journal(kept, detail["currency"], day, tuple(detail["accounts"]), (*told.sources, *bars.sources()), _unknown(kept))


def one_of(ctx: Context, number: int, *, excursions: bool = True) -> Kept:
    """The trade that the booking of a number opened. Raises UserError when there is none."""
    found = [each for each in journal(ctx, excursions=excursions).kept if str(number) in each.trade.bookings]
    if not found:
        raise UserError(f"There is no trade {number}.", "`tapeline journal trades` lists them with their numbers.")
    return found[-1]


def outcome(each: Kept) -> Outcome:
    """A closed trade as a figure."""
    trade, note, end = each.trade, each.note, each.trade.closed
    assert end is not None and each.total is not None
    opened = trade.opened.at.astimezone(book.EXCHANGE_ZONE)
    length = trade.held_for(trade.opened.at)
    rate = float(each.rate or 1)
    paid = trade.paid
    labels: dict[str, tuple[str, ...]] = {kind: getattr(note, kind) for kind in trade_book.KINDS}
    labels |= {name: (_mood(text),) for name in MINDS if (text := getattr(note, name))}
    labels |= {"structure": (trade.structure,), "account": (trade.account,), "side": ("long" if trade.side > 0 else "short",),
               "playbook": (note.playbook,) if note.playbook else (),
               "signal": (each.signal,) if each.signal else ()}  # fmt: skip
    return Outcome(
        key=trade.key, symbol=trade.underlying, opened=trade.opened.day, closed=end.day, profit=each.total, r=each.r,
        size=None if paid is None else abs(float(paid)) * rate, clock=opened.time() if trade.opened.timed else None,
        held_days=None if length is None else length.total_seconds() / 86_400, fees=float(trade.fees) * rate, labels=labels,
    )  # fmt: skip


def _kept(
    trade: Trade, detail: Mapping[str, Any], notes: Mapping[int, Note], pictures: Mapping[int, list[Picture]],
    decisions: Sequence[Entry], bars: Bars, day: date,
) -> Kept:  # fmt: skip
    note = trade_book.together(notes[int(key)] for key in trade.bookings if int(key) in notes)
    mine = tuple(one for key in trade.bookings for one in pictures.get(int(key), ()))
    prices: Mapping[tuple[str, str], Decimal | None] = detail["prices"]
    profit = trade.profit(lambda leg: prices.get((leg.account, leg.symbol)))
    rate = detail["rates"].get((trade.currency, _end(trade, day)))
    rate = rate if rate is not None else detail["rates"].get((trade.currency, day)) if trade.open else rate
    decision = _decision(trade, decisions)
    stop, target, origin = note.stop, note.target, "you" if note.stop is not None else ""
    if decision is not None and len(trade.legs) == 1 and trade.legs[0].option is None:
        terms = decision.last.terms
        if stop is None and terms.stop is not None:
            stop, origin = _decimal(terms.stop), str(decision.id)
        target = target if target is not None or terms.target is None else _decimal(terms.target)
    risk, why = planned_risk(trade, stop, note.risk)
    found, missing = bars.excursion(trade)
    price = prices.get((trade.legs[0].account, trade.legs[0].symbol)) if trade.open and len(trade.legs) == 1 else None
    return Kept(trade, note, mine, profit, None if profit is None or rate is None else float(profit * rate), rate, price, stop,
                target, origin, risk, why, found, missing, decision.id if decision is not None else None,
                decision.last.terms.signal if decision is not None else "", _references(trade, note, bars))  # fmt: skip


def _references(trade: Trade, note: Note, bars: Bars) -> dict[str, Decimal | None]:
    found = {"planned": note.entry, "open": None, "previous_close": None}
    if len(trade.legs) == 1 and trade.legs[0].option is None:
        day, before = bars.on(trade, trade.opened.day), bars.before(trade)
        found |= {"open": _decimal(day.open) if day else None, "previous_close": _decimal(before.close) if before else None}
    return found


def _decision(trade: Trade, decisions: Sequence[Entry]) -> Entry | None:
    """The newest decision to buy or sell this before it was opened (or on that day)."""
    wanted = "buy" if trade.side > 0 else "sell"
    for entry in decisions:
        near = timedelta(0) <= trade.opened.day - entry.day <= DECIDED
        if near and entry.symbol == trade.underlying and entry.first.terms.action == wanted:
            return entry
    return None


def _end(trade: Trade, day: date) -> date:
    return day if trade.closed is None else trade.closed.day


def _mood(text: str) -> str:
    """The first words of a state of mind, up to a comma, colon or full stop."""
    for sign in ",.:;":
        text = text.split(sign, maxsplit=1)[0]
    return text.strip().lower()[:40]


def _unknown(kept: Sequence[Kept]) -> tuple[str, ...]:
    told = []
    for each in kept:
        if each.profit is None:
            why = "a price is not known" if each.trade.open else "what it cost or brought is not known"
            told.append(f"Trade {each.number} ({each.title}): {why}, so its profit is not either.")
        elif each.total is None:
            told.append(f"Trade {each.number} ({each.title}): what {each.trade.currency} were worth then is not known.")
    return tuple(told)


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _decimal(value: float) -> Decimal:
    return Decimal(f"{value:.10g}")
