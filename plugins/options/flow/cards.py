"""One event in full: what was traded, the quotes beside it, what was open, and why each recipe flagged it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from plugins.options.flow import book
from plugins.options.flow.gathering import INPUTS, NOT_A_DIRECTION
from plugins.options.flow.recipes import all_recipes
from plugins.options.flow.tables import card, money, side_words
from terminal.domain import format as fmt

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from terminal.api import Context, Table

MOST_PRINTS = 40
Part = tuple[str, str, Any, str, str]


def snapshot_evidence(rows: pl.DataFrame) -> dict[str, dict[str, Any]]:
    """What is kept behind snapshot events: the span and the quotes of its end."""
    names = ("started", "at", "bid", "ask", "price", "volume", "open_interest", "average_volume", "average_days")
    return {row["id"]: {"snapshots": {name: row[name] for name in names}} for row in rows.to_dicts()}


def print_evidence(rows: pl.DataFrame, trades: pl.DataFrame) -> dict[str, dict[str, Any]]:
    """The prints behind each event, the largest first where there are more than `MOST_PRINTS`."""
    import polars as pl

    names = ("at", "price", "size", "bid", "ask", "exchange", "conditions", "underlying_price")
    wanted = rows["trade_ids"].explode().drop_nulls().unique().to_list()
    by_id = {each["id"]: each for each in trades.filter(pl.col("id").is_in(wanted)).to_dicts()}
    found = {}
    for event, ids in rows.select("id", "trade_ids").iter_rows():
        mine = [by_id[each] for each in ids or () if each in by_id]
        kept = sorted(sorted(mine, key=lambda each: -each["size"])[:MOST_PRINTS], key=lambda each: each["at"])
        found[event] = {"prints": [{name: each[name] for name in names} for each in kept], "of": len(mine)}
    return found


def event_card(ctx: Context, event: dict[str, Any]) -> Table:
    """The table of one event; `detail` has the event, its evidence, clauses and verdict as plain values."""
    kept, flags = book.evidence(ctx, event["id"])
    evidence = kept or (snapshot_evidence_of(event) if event["input"] == "snapshot" else {})
    clauses = _clauses(ctx, event, flags)
    verdicts = book.verdicts(ctx, [event["id"]]).to_dicts()
    siblings = _siblings(ctx, event)
    around = [*_context(event), *_before(ctx, event)]
    parts: list[Part] = [*_traded(event), *around, *_prints(evidence), *clauses, *_verdict(verdicts), *siblings]
    title = f"{event['symbol']} {event['expiry']:%-d %b %y} {event['strike']:g} {'call' if event['right'] == 'C' else 'put'}"
    flagged = dict.fromkeys(title for _, title, *_ in clauses)
    words = {each.title: each.words for each in all_recipes(ctx)}
    detail = {"flagged": {title: words.get(title, "") for title in flagged}, "event": event, "evidence": evidence,
              "clauses": clauses, "verdict": verdicts[0] if verdicts else None, "siblings": siblings}  # fmt: skip
    return card(f"{title}: {sentence(event)}", parts, (sentence(event), caveat(event), NOT_A_DIRECTION), detail)


def snapshot_evidence_of(event: Mapping[str, Any]) -> dict[str, Any]:
    """The same for one that is not recorded."""
    names = ("started", "at", "bid", "ask", "price", "volume", "open_interest", "average_volume", "average_days")
    return {"snapshots": {name: event[name] for name in names}}


def sentence(event: Mapping[str, Any]) -> str:
    """What happened, in one sentence."""
    size, worth = fmt.number(event["size"], 0), money(event["premium"])
    if event["input"] == "snapshot":
        side = f"; the last price lay {side_words(event['side'])}" if event["side"] != "unknown" else "; on which side is unknown"
        return f"about {size} contracts changed hands between two delayed snapshots, worth roughly {worth}{side}."
    where = side_words(event["side"]) if event["side"] != "unknown" else "on an unknown side"
    places = f" on {event['exchanges']} exchanges" if (event["exchanges"] or 0) > 1 else ""
    prints = f" in {event['prints']} prints" if (event["prints"] or 0) > 1 else ""
    return f"{size} contracts were traded {where}{prints}{places} for {worth}."


def caveat(event: Mapping[str, Any]) -> str:
    """What this event cannot say."""
    tags = event["tags"] or ()
    if "multileg" in tags or "stock leg" in tags:
        return "It was a leg of a spread, or traded against shares: alone it has no direction."
    if event["input"] == "snapshot":
        return "A delayed snapshot anomaly: no single trade was seen, its price and side are estimates from the last trade."
    if "opening" in tags:
        return "It is larger than what was open before, so at least a part of it opened a position."
    return "It may have opened a position or closed one: the open interest of the next morning will say more."


def _traded(event: Mapping[str, Any]) -> list[Part]:
    premium = money(event["premium"])
    rows: list[Part] = [
        ("event", "Found in", None, INPUTS.get(event["input"], event["input"]), event["source"] or ""),
        ("event", "Time", None, fmt.moment(event["at"]), _since(event)),
        ("event", "Contracts", event["size"], fmt.number(event["size"], 0), ""),
        ("event", "Premium", event["premium"], premium, "an estimate" if event["input"] == "snapshot" else ""),
        ("event", "Price paid", event["price"], _number(event["price"], 2), ""),
        ("event", "Bid and ask", None, f"{_number(event['bid'], 2)} / {_number(event['ask'], 2)}", event["doubt"]),
        ("event", "Side", None, side_words(event["side"]), "estimated" if event["input"] == "snapshot" else ""),
        ("event", "Lean", None, {"up": "up", "down": "down"}.get(event["lean"], "none"), "if it is a bet, which nobody knows"),
        ("event", "Tags", None, ", ".join(event["tags"] or ()) or "none", ""),
    ]  # fmt: skip
    if event["prints"] is not None:
        more = f"the largest {_number(event['largest'], 0)}, {event['repeats'] or 0} hits like it in the minutes before"
        rows.append(("event", "Prints", event["prints"], f"{event['prints']} on {event['exchanges']} exchanges", more))
    return rows


def _context(event: Mapping[str, Any]) -> list[Part]:
    unknown = "not stated"
    return [
        ("context", "Underlying", event["underlying_price"], _number(event["underlying_price"], 2), ""),
        ("context", "Days to expiry", event["days"], _number(event["days"], 0), f"expires {event['expiry']}"),
        ("context", "Out of the money", event["otm"], _percent(event["otm"]), ""),
        ("context", "Volatility", event["iv"], _percent(event["iv"]), "" if event["iv"] is not None else unknown),
        ("context", "Delta", event["delta"], _number(event["delta"], 3), "" if event["delta"] is not None else unknown),
        ("context", "Volume of the day", event["volume"], _number(event["volume"], 0), ""),
        ("context", "Open interest", event["open_interest"], _number(event["open_interest"], 0), "of the close before"),
        ("context", "Volume / open interest", event["volume_oi"], _times(event["volume_oi"]), ""),
        ("context", "Average volume", event["average_volume"], _number(event["average_volume"], 0),
         f"of {event['average_days']} archived sessions" if event["average_days"] else "no session is archived"),
        ("context", "Volume / average", event["volume_average"], _times(event["volume_average"]), ""),
    ]  # fmt: skip


def _before(ctx: Context, event: Mapping[str, Any]) -> list[Part]:
    """The contract on the archived day before, and what became of its open interest since."""
    import polars as pl

    earlier = ctx.store.archive.contract(event["contract"], None, event["day"]).filter(pl.col("day") < event["day"]).tail(1)
    if earlier.is_empty():
        return [("context", "The day before", None, "unknown", "no earlier day of it is archived")]
    row = earlier.row(0, named=True)
    volume, interest = _number(row["volume"], 0), row["open_interest"]
    parts: list[Part] = [("context", "Volume before", row["volume"], volume, f"on {row['day']}")]
    if interest is not None and event["open_interest"] is not None:
        change = event["open_interest"] - interest
        parts.append(("context", "Open interest since", change, fmt.number(change, 0, sign=True),
                      f"what the trades of {row['day']} left open"))  # fmt: skip
    return parts


def _prints(evidence: Mapping[str, Any]) -> list[Part]:
    rows: list[Part] = []
    for each in evidence.get("prints", ()):
        quote = f"bid {_number(each['bid'], 2)}, ask {_number(each['ask'], 2)}"
        text = f"{_number(each['size'], 0)} at {_number(each['price'], 2)} on {each['exchange'] or 'an unknown exchange'}"
        rows.append(("print", str(each["at"])[11:23], each["size"], text, f"{quote} · {each['conditions'] or 'no condition'}"))
    if evidence.get("of", 0) > len(evidence.get("prints", ())):
        rows.append(("print", "More", None, f"{evidence['of'] - len(evidence['prints'])} smaller prints are not kept", ""))
    return rows


def _clauses(ctx: Context, event: Mapping[str, Any], flags: pl.DataFrame) -> list[Part]:
    """Every clause of the recipes that flagged it: as recorded, else judged now."""
    from terminal.domain.flow import events, recipes

    told = [(each["title"], clause) for each in flags.to_dicts() for clause in json.loads(each["clauses"])]
    if not told:
        import polars as pl

        row = pl.DataFrame([{name: event.get(name) for name in (*events.EVENTS, *events.DERIVED)}],
                           schema={**events.EVENTS, **events.DERIVED})  # fmt: skip
        for recipe in all_recipes(ctx):
            if recipe.id in (event.get("recipes") or ()):
                told += [(recipe.title, each) for each in recipes.clauses(recipe, row)]
    words = {True: "holds", False: "does not hold", None: "unknown"}
    return [("clause", title, each["value"], each["clause"], words[each["held"]]) for title, each in told]


def _verdict(verdicts: list[dict[str, Any]]) -> list[Part]:
    return [("verdict", each["verdict"].capitalize(), each["change"], each["reason"], f"judged {each['judged_at']:%Y-%m-%d}")
            for each in verdicts]  # fmt: skip


def _siblings(ctx: Context, event: Mapping[str, Any]) -> list[Part]:
    """Other recorded events of the day in this symbol: legs, rolls, more of the same."""
    import polars as pl

    others = book.events(ctx, symbols=[event["symbol"]], start=event["day"], end=event["day"]).filter(pl.col("id") != event["id"])
    return [("same day", each["contract"], each["size"], f"{_number(each['size'], 0)} {side_words(each['side'])}, "
             f"{money(each['premium'])}", each["id"]) for each in others.head(12).to_dicts()]  # fmt: skip


def _since(event: Mapping[str, Any]) -> str:
    if event["started"] is None:
        return ""
    seconds = (event["at"] - event["started"]).total_seconds()
    if event["input"] == "snapshot":
        return "of the day so far" if event["volume"] == event["size"] else f"since {fmt.moment(event['started'])}"
    return f"within {seconds:.3g} s" if seconds else ""


def _number(value: float | None, decimals: int) -> str:
    return "unknown" if value is None else fmt.number(value, decimals)


def _percent(value: float | None) -> str:
    return "unknown" if value is None else fmt.percent(value, 1)


def _times(value: float | None) -> str:
    return "unknown" if value is None else f"{fmt.number(value, 1)}x"
