"""A year of the demo market's invented user: decisions, calls, reviews and words about trades, from `data/demo/journal.toml`.

Everything follows from the recipe, the simulated market and the demo portfolio; nothing is left to chance.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from plugins.journal import book
from plugins.journal.decisions.context import BENCHMARK
from plugins.journal.trades import book as trade_book
from terminal.domain.journal.decisions import Terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import polars as pl

    from terminal.api import Context

SIMULATED = "Simulated"
_WRITTEN = time(20, 30)
_NEXT = ("hold", "hold", "add", "hold", "reduce", "hold")
_TARGET, _STOP = Decimal("1.04"), Decimal("0.91")


def recipe() -> dict[str, Any]:
    """What is written down."""
    from terminal.paths import data_file

    return tomllib.loads(data_file("demo", "journal.toml").read_text("utf-8"))


@dataclass
class Closes:
    """Closes of the demo market in the money of their day, and its sessions."""

    sessions: list[date]
    _closes: Mapping[str, Mapping[date, float]]
    _splits: Mapping[str, Sequence[tuple[date, float]]]

    @classmethod
    def of(cls, ctx: Context, symbols: Sequence[str]) -> Closes:
        """Those of the last two years."""
        wanted = sorted({*symbols, BENCHMARK})
        start = ctx.market.today() - timedelta(days=600)
        bars = ctx.market.bars(wanted, start, columns=["symbol", "date", "close"]).drop_nulls("close")
        closes: dict[str, dict[date, float]] = {}
        for symbol, day, close in bars.select("symbol", "date", "close").rows():
            closes.setdefault(symbol, {})[day] = close
        splits: dict[str, list[tuple[date, float]]] = {}
        for symbol, day, ratio in ctx.market.splits(wanted).select("symbol", "ex_date", "ratio").rows():
            splits.setdefault(symbol, []).append((day, ratio))
        return cls(sorted(closes[BENCHMARK]), closes, splits)

    def day(self, ago: int) -> date:
        """The session so many before the newest."""
        return self.sessions[-1 - ago]

    def price(self, symbol: str, day: date) -> float:
        """What a share closed at that day."""
        value = self._closes[symbol][day]
        for on, ratio in self._splits.get(symbol, ()):
            value *= ratio if on > day else 1
        return round(value, 2)

    def change(self, symbol: str, first: date, last: date) -> float:
        """From close to close, splits taken out."""
        return self._closes[symbol][last] / self._closes[symbol][first] - 1


@dataclass
class Written:
    """What was written down, to be found again when it is removed."""

    entries: list[int] = field(default_factory=list)
    bookings: list[int] = field(default_factory=list)
    playbooks: list[str] = field(default_factory=list)

    def rows(self) -> Iterator[tuple[str, str]]:
        """Each thing with its kind."""
        yield from (("entry", str(each)) for each in self.entries)
        yield from (("booking", str(each)) for each in self.bookings)
        yield from (("playbook", each) for each in self.playbooks)


def symbols(told: Mapping[str, Any]) -> list[str]:
    """Whatever is decided or predicted about."""
    return sorted({row[1] for row in (*told["decisions"], *told["calls"])})


def write(tx: Any, told: Mapping[str, Any], closes: Closes, trades: pl.DataFrame) -> Written:
    """Write the year down. `trades`: the bookings of the demo portfolio, oldest first."""
    made = Written()
    for place, row in enumerate(told["decisions"]):
        _decision(tx, made, place, row, closes, told["reviews"])
    for row in told["calls"]:
        _call(tx, made, row, closes)
    given = told["playbook"]
    first = _at(closes.day(260))
    trade_book.write_playbook(tx, trade_book.Playbook(given["name"], given["text"], tuple(given["items"]), 0), first)
    made.playbooks.append(given["name"])
    _notes(tx, made, told["trades"], given, trades)
    return made


def _decision(tx: Any, made: Written, place: int, row: Sequence[Any], closes: Closes, reviews: Sequence[str]) -> None:
    ago, symbol, action, sure, reason, metrics, falsifiers, signal = row
    day = closes.day(ago)
    price = closes.price(symbol, day)
    way = -1 if action == "sell" else 1
    low, high = round(price * (1 - way * 0.1), 2), round(price * (1 + way * 0.2), 2)
    wagered = action in ("buy", "sell")
    stop, target = (low, high) if wagered else (None, None)
    terms = Terms(action, f"{SIMULATED}: {reason}", tuple(metrics), sure / 100, day + timedelta(days=90), stop, target,
                  day + timedelta(days=30), tuple(falsifiers), signal)  # fmt: skip
    number = book.add(tx, "decision", symbol, terms, _context(symbol, day, closes), _at(day))
    made.entries.append(number)
    for step, after in enumerate((30, 60, 90)):
        done = next((each for each in closes.sessions if each >= day + timedelta(days=after)), None)
        if done is None or (place + step) % 5 == 4:  # some reviews are never done
            break
        nothing_else = after == 90 or not wagered
        following = "close" if nothing_else else _NEXT[(place + step) % len(_NEXT)]
        change, market = closes.change(symbol, day, done), closes.change(BENCHMARK, day, done)
        facts = {"price": closes.price(symbol, done), "market_price": closes.price(BENCHMARK, done), "change": change,
                 "market": market, "gain": way * change, "stop_on": None, "target_on": None, "best": None, "worst": None,
                 "status": "unknown", "watched": dict.fromkeys(metrics)}  # fmt: skip
        note = f"{SIMULATED}: {reviews[(place * 3 + step) % len(reviews)]}"
        tx.execute("INSERT INTO journal.checkins VALUES (nextval('journal.checkin_id'), ?, ?, ?, ?, ?, ?, ?, NULL)",
                   (number, after, done, _at(done), following, note, json.dumps(facts)))  # fmt: skip
        if following == "close":
            break


def _call(tx: Any, made: Written, row: Sequence[Any], closes: Closes) -> None:
    ago, symbol, direction, ahead, likely, event, away, reason = row
    day = closes.day(ago)
    later = [each for each in closes.sessions if each > day][:ahead]
    until = later[-1] if len(later) == ahead else day + timedelta(days=round(ahead * 7 / 5))
    level = round(closes.price(symbol, day) * (1 + (away if direction == "up" else -away)), 2) if away else None
    terms = Terms(direction, f"{SIMULATED}: {reason}", probability=likely / 100, until=until, event=event, level=level)
    made.entries.append(book.add(tx, "call", symbol, terms, _context(symbol, day, closes), _at(day)))


def _context(symbol: str, day: date, closes: Closes) -> dict[str, Any]:
    """What is frozen with an invented entry: the two prices."""
    price, market = closes.price(symbol, day), closes.price(BENCHMARK, day)
    source = {"provider": "demo", "endpoint": "simulated bars", "as_of": _at(day).isoformat(), "fetched_at": _at(day).isoformat(),
              "simulated": True}  # fmt: skip
    common = {"group": "market", "type": "number", "unit": "currency", "decimals": 2, "source": 0, "why": ""}
    figures = [{**common, "name": "price", "title": "Price", "value": price},
               {**common, "name": "market_price", "title": f"Price of {BENCHMARK}", "value": market}]  # fmt: skip
    return {"symbol": symbol, "frozen_at": _at(day).isoformat(), "as_of": None, "price": price, "market_price": market,
            "currency": "USD", "preset": "", "simulated": True, "figures": figures, "sources": [source]}  # fmt: skip


def _notes(tx: Any, made: Written, words: Mapping[str, Any], playbook: Mapping[str, Any], trades: pl.DataFrame) -> None:
    """What was planned, felt and learned in each swing trade that is over, and what was planned in the others."""
    rows = trades.to_dicts()
    swings = [row for row in rows if row["note"].endswith("swing trade")]
    for place, row in enumerate(swings):
        sales = [each for each in rows if each["symbol"] == row["symbol"] and each["kind"] == "sell" and each["day"] > row["day"]]
        over = next((each for each in sales if "half" not in each["note"]), None)
        entry = Decimal(f"{row['price']:.4f}")
        how = "" if over is None else "target" if "target" in over["note"] else "stop" if "stop" in over["note"] else "other"
        texts = words[how] if how else [""]
        mistake = {"stop": ("stop too late",) if place % 2 else (), "other": ("held too long",)}.get(how, ())
        note = trade_book.Note(
            strategy=("swing",), setup=(words["setups"][place % len(words["setups"])],), mistake=mistake, entry=entry,
            stop=(entry * _STOP).quantize(Decimal("0.01")), target=(entry * _TARGET).quantize(Decimal("0.01")),
            before=words["before"][place % len(words["before"])],
            during=words["during"][place % len(words["during"])] if how else "",
            after={"target": "pleased", "stop": "annoyed", "other": "tired"}.get(how, ""),
            text=f"{SIMULATED}. {texts[place % len(texts)]}".strip(), playbook=playbook["name"],
            done=tuple(item for at, item in enumerate(playbook["items"]) if (place + at) % 4 or not how))  # fmt: skip
        trade_book.write_note(tx, row["number"], note, _at((over or row)["day"]))
        made.bookings.append(row["number"])


def _at(day: date) -> datetime:
    return datetime.combine(day, _WRITTEN, UTC)
