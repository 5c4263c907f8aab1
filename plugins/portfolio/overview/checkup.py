"""Is anything the matter with what is held: a light for each question, its reason, and what to do, in plain words.

The limits are rules of thumb, said with each light, not laws: what is right depends on who owns it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from terminal.domain import format as fmt

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from plugins.portfolio.exposures import Exposures
    from terminal.domain.regime import Regime

ONE_MOST, ONE_FAR = 0.15, 0.25
"""How much of everything one company may be before it is told, and before it is too much. Funds are many companies."""
SECTOR_MOST, SECTOR_FAR = 0.40, 0.60
CASH_MUCH = 0.35
DOWN = -0.25
SOON_DAYS = 7
_MANY = frozenset({"etf", "fund", "bond", "crypto", "cash"})


@dataclass(frozen=True)
class Light:
    """One question: `state` ok, warn, error or unknown; the answer in both modes; what to do, and where (a page or ticker)."""

    key: str
    state: str
    title: str
    newbie: str
    pro: str
    todo: str = ""
    page: str = ""
    symbol: str = ""


def lights(shown: Exposures, signals: Sequence[Mapping[str, Any]], regime: Regime, doubts: Sequence[str], unread: int,
           gains: Mapping[str, float | None]) -> list[Light]:  # fmt: skip
    """All of them, in the order of the page. `signals` as `signals_table` makes them, `gains` by ticker as fractions of
    cost, `doubts` what does not add up in the book, `unread` how many lines of files nobody could read."""
    return [
        _largest(shown, signals),
        _sector(shown, signals),
        _cash(shown),
        _verdicts(signals),
        _losses(gains),
        _reports(signals),
        _market(regime),
        _book(doubts, unread),
    ]


def _largest(shown: Exposures, signals: Sequence[Mapping[str, Any]]) -> Light:
    title = "Spread over several companies"
    ones = [row for row in signals if row["weight"] is not None and row.get("kind") not in _MANY and not _is_many(shown, row)]
    if not ones:
        return Light("largest", "unknown", title, "You own no single company.", "No single-company exposure.")
    top = max(ones, key=lambda row: abs(row["weight"]))
    share, name = abs(top["weight"]), str(top["symbol"])
    state = "error" if share > ONE_FAR else "warn" if share > ONE_MOST else "ok"
    much = fmt.percent(share, 0)
    newbie = f"{name} is {much} of all you have" + (", which is a lot: one bad report would hurt." if state != "ok" else ".")
    pro = f"Largest single name {name} {fmt.percent(top['weight'], 1)} of net worth (told from {fmt.percent(ONE_MOST, 0)})."
    return Light("largest", state, title, newbie, pro, "" if state == "ok" else _trim(shown, top), "holdings", name)


def _is_many(shown: Exposures, row: Mapping[str, Any]) -> bool:
    return any(one.instrument in _MANY for one in shown.of(str(row["symbol"])))


def _trim(shown: Exposures, top: Mapping[str, Any]) -> str:
    """How much to sell, in shares, so that it is at most the limit; what it brings stays as cash."""
    name = str(top["symbol"])
    one = next((each for each in shown.of(name) if each.underlying is None and each.worth and each.quantity), None)
    if one is None or one.worth is None or one.worth <= 0 or not shown.known_worth:
        return f"Think about making {name} smaller."
    too_much = one.worth - ONE_MOST * shown.known_worth
    shares = math.ceil(too_much / (one.worth / one.quantity))
    if shares <= 0 or shares > one.quantity:
        return f"Think about making {name} smaller."
    money = fmt.money(shares * one.worth / one.quantity, shown.currency, 0)
    held, most = fmt.number(one.quantity, 0), fmt.percent(ONE_MOST, 0)
    return f"Selling {fmt.count(shares)} of {held} {name} ({money}) brings it to {most}."


def _sector(shown: Exposures, signals: Sequence[Mapping[str, Any]]) -> Light:
    title = "Spread over several industries"
    of_stocks = [row for row in signals if row["worth"] is not None and row["worth"] > 0 and not _is_many(shown, row)
                 and row.get("kind") not in _MANY]  # fmt: skip
    whole = sum(row["worth"] for row in of_stocks)
    if not of_stocks or whole <= 0:
        return Light("sector", "unknown", title, "You own no shares of companies.", "No equity exposure by sector.")
    sums: dict[str, float] = defaultdict(float)
    for row in of_stocks:
        sums[row.get("sector") or ""] += row["worth"]
    if sums.get("", 0.0) > whole / 2:
        return Light("sector", "unknown", title, "Of most of it the industry is not known.", "Sector unknown for most of it.")
    name, worth = max(((each, worth) for each, worth in sums.items() if each), key=lambda pair: pair[1])
    share = worth / whole
    state = "error" if share > SECTOR_FAR else "warn" if share > SECTOR_MOST else "ok"
    newbie = f"{fmt.percent(share, 0)} of your shares are {name}."
    more = " Companies of one industry fall together." if state != "ok" else ""
    pro = f"{name} {fmt.percent(share, 1)} of single-stock longs (told from {fmt.percent(SECTOR_MOST, 0)})."
    todo = f"Buy the next shares outside {name}." if state != "ok" else ""
    return Light("sector", state, title, newbie + more, pro, todo, "allocation")


def _cash(shown: Exposures) -> Light:
    title = "Cash at hand"
    if shown.cash is None or shown.known_worth <= 0:
        return Light("cash", "unknown", title, "How much of it is cash is not known.", "Cash share unknown.")
    share, money = shown.cash / shown.known_worth, fmt.money(shown.cash, shown.currency, 0)
    if shown.cash < 0:
        owed = fmt.money(-shown.cash, shown.currency, 0)
        return Light("cash", "error", title, f"You owe {owed}: you bought with borrowed money.", f"Margin debit {owed}.",
                     f"Put in or sell for {owed} to owe nothing.", "bookings")  # fmt: skip
    pro = f"Cash {fmt.percent(share, 1)} of {'net worth' if shown.net_worth is not None else 'what has a price'}, {money}."
    if share > CASH_MUCH:
        return Light("cash", "warn", title, f"{fmt.percent(share, 0)} of all you have is cash ({money}): safe, but it earns "
                     "little.", pro, f"Decide what the {money} are for.", "allocation")  # fmt: skip
    return Light("cash", "ok", title, f"{fmt.percent(share, 0)} of all you have is cash ({money}).", pro)


def _verdicts(signals: Sequence[Mapping[str, Any]]) -> Light:
    title = "What the screener says of it"
    judged = [row for row in signals if row.get("verdict") not in (None, "Unknown") and row["worth"]]
    rated = [row for row in judged if row["worth"] > 0]
    if not rated:
        return Light("verdicts", "unknown", title, "Nothing you own can be judged.", "No holding has a verdict.")
    bad = [row for row in rated if row["verdict"] == "Avoid"]
    whole = sum(row["worth"] for row in rated)
    share = sum(row["worth"] for row in bad) / whole
    good = sum(row["worth"] for row in rated if row["verdict"] in ("Buy", "Strong Buy")) / whole
    pro = f"Of longs rated ({len(rated)} of {len(signals)}): Buy or better {fmt.percent(good, 0)}, Avoid {fmt.percent(share, 0)}."
    against = [row for row in judged if row["worth"] < 0 and row["verdict"] in ("Buy", "Strong Buy")]
    if not bad and against:
        short = str(against[0]["symbol"])
        return Light("verdicts", "warn", title, f"You bet on {_names(against)} to fall, and our rules would buy it.",
                     f"{pro} Short against a Buy: {_names(against)}.", f"Read why {short} is rated {against[0]['verdict']}.",
                     "tearsheet", short)  # fmt: skip
    if not bad:
        return Light("verdicts", "ok", title, f"Our rules would not avoid any of it; {fmt.percent(good, 0)} they would buy.", pro,
                     page="overview")  # fmt: skip
    names = _names(bad)
    newbie = f"Our rules would avoid {names}: {fmt.percent(share, 0)} of your shares."
    worst = max(bad, key=lambda row: row["worth"])
    todo = f"Read why {worst['symbol']} is rated Avoid, and decide whether you still want it."
    return Light("verdicts", "error" if share > 0.2 else "warn", title, newbie, pro, todo, "tearsheet", str(worst["symbol"]))


def _losses(gains: Mapping[str, float | None]) -> Light:
    title = "Nothing far under water"
    known = {symbol: gain for symbol, gain in gains.items() if gain is not None}
    if not known:
        return Light("losses", "unknown", title, "What it cost is not known.", "No cost basis known.")
    deep = sorted((gain, symbol) for symbol, gain in known.items() if gain <= DOWN)
    if not deep:
        worst = min(known.items(), key=lambda pair: pair[1])
        if worst[1] >= 0:
            return Light("losses", "ok", title, "Nothing you own lost money so far.", "No open loss.")
        pro = f"Worst open position {worst[0]} {fmt.percent(worst[1], 1, sign=True)}."
        return Light("losses", "ok", title, f"Your worst is {worst[0]}: it lost {fmt.percent(-worst[1], 0)} so far.", pro)
    gain, symbol = deep[0]
    names = ", ".join(name for _, name in deep[:3]) + (f" and {len(deep) - 3} more" if len(deep) > 3 else "")
    newbie = f"{names} lost at least {fmt.percent(-DOWN, 0)} of what you put in."
    todo = f"{symbol} is {fmt.percent(-gain, 0)} down: would you buy it today? If not, why keep it?"
    return Light("losses", "warn", title, newbie, f"{len(deep)} positions at or below {fmt.percent(DOWN, 0)}: {names}.", todo,
                 "tearsheet", symbol)  # fmt: skip


def _reports(signals: Sequence[Mapping[str, Any]]) -> Light:
    title = "No surprise this week"
    coming = [row for row in signals if row.get("days_to_earnings") is not None and 0 <= row["days_to_earnings"] <= SOON_DAYS]
    if not any(row.get("days_to_earnings") is not None for row in signals):
        return Light("reports", "unknown", title, "When your companies report is not known.", "No report date known.")
    if not coming:
        return Light("reports", "ok", title, "None of your companies reports in the next seven days.",
                     f"No earnings within {SOON_DAYS} days.")  # fmt: skip
    coming.sort(key=lambda row: row["days_to_earnings"])
    names = ", ".join(f"{row['symbol']} ({_in_days(row['days_to_earnings'])})" for row in coming[:4])
    first = str(coming[0]["symbol"])
    return Light("reports", "warn", title, f"Reports are coming: {names}. Prices jump then, up or down.",
                 f"Earnings within {SOON_DAYS} days: {names}.", f"Decide before {first} reports whether the size is right.",
                 "tearsheet", first)  # fmt: skip


def _market(regime: Regime) -> Light:
    state = {"risk-on": "ok", "neutral": "ok", "risk-off": "warn"}.get(regime.name, "unknown")
    newbie = {"risk-on": "The market as a whole does well.", "neutral": "The market as a whole is neither good nor bad.",
              "risk-off": "The market as a whole does badly: most shares fall together now."}.get(
                  regime.name, "How the market as a whole does is not known.")  # fmt: skip
    judged = [part for part in regime.parts if part.vote is not None]
    newbie = " ".join((newbie, *(part.newbie for part in judged)))
    todo = "Be slow to buy more while the market falls." if state == "warn" else ""
    pro = " ".join((f"Regime {regime.name}.", *(part.pro for part in judged)))
    return Light("market", state, "The market around it", newbie, pro, todo)


def _book(doubts: Sequence[str], unread: int) -> Light:
    title = "The book adds up"
    if not doubts and not unread:
        return Light("book", "ok", title, "Every price is known and every booking fits.", "All priced; no open problem.")
    parts = []
    if doubts:
        one = len(doubts) == 1
        parts.append(f"{_count(len(doubts), 'thing')} {'does not add up or is' if one else 'do not add up or are'} not known")
    if unread:
        parts.append(f"{_count(unread, 'line')} of files could not be read")
    told = " and ".join(parts)
    todo = doubts[0].rstrip(".") + "." if doubts else "Look at the lines that were not read and book them by hand."
    return Light("book", "warn", title, f"{told[:1].upper()}{told[1:]}.", f"{len(doubts)} open problems, {unread} unread lines.",
                 todo, "bookings")  # fmt: skip


def _count(count: int, what: str) -> str:
    return f"{fmt.count(count)} {what}{'' if count == 1 else 's'}"


def _names(rows: Iterable[Mapping[str, Any]]) -> str:
    names = [str(row["symbol"]) for row in rows]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _in_days(days: int) -> str:
    return "today" if days == 0 else "tomorrow" if days == 1 else f"in {days} days"
