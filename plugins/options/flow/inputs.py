"""Commands that bring flow in: a file of trades, a service's alerts, and a stream that is listened to until it is stopped."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Annotated, Any

from plugins.options.flow.gathering import named
from plugins.options.flow.session import Session
from terminal.api import Column, Context, Table, UserError, argument, command, read_whole

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

Symbols = Annotated[tuple[str, ...], argument(help="Tickers.", metavar="SYMBOLS")]
_CHUNK = 200_000
_BEAT_S = 0.25
_MOST_BYTES = 2_000_000_000


@command(title="Import option trades", panel="flow", long=True, writes=True)
def flow_import(
    ctx: Context,
    file: Annotated[Path, argument(help="A CSV file, Databento (.dbn, .zst), or recorded frames (.jsonl).", metavar="FILE")],
) -> Table:
    """Read option trades from a file into the archive, detect events in them and write down what recipes flag.

    Importing the same file again changes nothing. Trades of past days are marked as seen in hindsight.
    """
    ctx.progress(0.0, f"Reading {file.name}")
    trades, alerts, refused = _read(ctx, file)
    if trades.is_empty() and alerts.is_empty():
        raise UserError(f"No option trade could be read from {file.name}.", refused[0] if refused else "Is it the right file?")
    session = Session(ctx, hindsight=True)
    ordered = trades.sort("at", maintain_order=True)
    for start in range(0, ordered.height, _CHUNK):
        session.take_trades(ordered[start : start + _CHUNK])
        ctx.progress(min(start + _CHUNK, ordered.height) / ordered.height, "Looking for events")
    session.finish()
    session.take_alerts(alerts)
    return _told(session, f"{trades.height:,} option trades and {alerts.height:,} alerts of {file.name}", refused)


def _read(ctx: Context, file: Path) -> tuple[pl.DataFrame, pl.DataFrame, tuple[str, ...]]:
    """Trades, alerts, and what is refused."""
    if file.name.lower().endswith((".dbn", ".dbn.zst", ".zst", ".jsonl")):
        return (*ctx.market.feed.read_file(file), ())
    from terminal.domain.flow.prints import FLOW_ALERTS
    from terminal.domain.flow.reading import read_csv

    data = read_whole(file, _MOST_BYTES)
    try:
        found = read_csv(data)
    except ValueError as error:
        raise UserError(f"{file.name} cannot be read: {error}.", "A CSV needs contract, at, price and size.") from error
    counts = found.refused.group_by("reason").len().sort("len", descending=True)
    return found.good, FLOW_ALERTS.empty(), tuple(f"{count:,} rows are refused: {reason}" for reason, count in counts.iter_rows())


@command(title="Ask for flow alerts", panel="flow", long=True, writes=True)
def flow_alerts(
    ctx: Context,
    symbols: Symbols = (),
    *,
    limit: Annotated[int, argument(help="At most so many a symbol.", metavar="N")] = 100,
) -> Table:
    """Ask Unusual Whales for its newest flow alerts (of all symbols without one) and write down what recipes flag."""
    session, problems = Session(ctx), []
    for symbol in symbols or ("",):
        alerts = ctx.market.feed.alerts(named(symbol) if symbol else "", limit=max(1, min(limit, 200)))
        session.take_alerts(alerts)
        if alerts.is_empty():
            problems.append(f"No alerts of {symbol or 'any symbol'} were given")
    return _told(session, f"{session.alerts:,} flow alerts", tuple(problems))


@command(title="Listen to option trades", panel="flow", long=True, writes=True)
def flow_stream(
    ctx: Context,
    symbols: Symbols = (),
    *,
    channels: Annotated[tuple[str, ...], argument(help="Channels by the service's own names, instead of the usual ones.")] = (),
    seconds: Annotated[int, argument(help="End after so many seconds; 0: when it is stopped.", metavar="N")] = 0,
) -> Table:
    """Listen to Unusual Whales until stopped: trades of these symbols, and its flow alerts.

    Trades are archived and looked through as they come, raw messages are kept for a while, and what recipes flag is written
    down and told at once. Channels are named as the service names them: option_trades:TSLA, flow-alerts, gex:SPY.
    """
    wanted = channels or ("flow-alerts", *(f"option_trades:{named(symbol).lstrip('^')}" for symbol in symbols))
    waiting: SimpleQueue[Any] = SimpleQueue()
    stream = ctx.market.feed.stream(tuple(wanted), waiting.put)
    storing = ThreadPoolExecutor(1, "flow-storing")
    session, gaps = Session(ctx, storing=storing), []
    began = time.monotonic()
    stream.start()
    try:
        while not seconds or time.monotonic() - began < seconds:
            gaps += listen(ctx, session, waiting)
            state = stream.state
            if state.phase == "refused":
                raise UserError(state.reason or "The stream was refused.", "Check the key and what its plan includes.")
            ctx.progress(None, f"{state.phase}: {session.trades:,} trades, {session.alerts:,} alerts, {session.flags:,} flagged")
    finally:
        stream.stop()
        try:
            session.finish()
        finally:
            storing.shutdown()
    return _told(session, f"Listened to {', '.join(wanted)}", tuple(gaps))


def listen(ctx: Context, session: Session, waiting: SimpleQueue[Any], beat: float = _BEAT_S) -> list[str]:
    """Take in what came within a beat, all of it in one go; gaps that were told, as sentences."""
    import polars as pl

    batches: list[Any] = []
    try:
        batches.append(waiting.get(timeout=beat))
        while True:
            batches.append(waiting.get_nowait())
    except Empty:
        pass
    trades = [each.heard.trades for each in batches if each.heard.trades.height]
    session.take_trades(pl.concat(trades) if trades else _no_trades(), ctx.now())
    alerts = [each.heard.alerts for each in batches if each.heard.alerts.height]
    if alerts:
        session.take_alerts(pl.concat(alerts))
    for each in batches:
        session.take_raw(each.heard.raw, each.last_at)
    return [f"Nothing was heard from {each.gap.since:%H:%M:%S} to {each.gap.until:%H:%M:%S} UTC: {each.gap.reason}"
            for each in batches if each.gap is not None]  # fmt: skip


def _no_trades() -> pl.DataFrame:
    from terminal.domain.flow.prints import OPTION_TRADES

    return OPTION_TRADES.empty()


def _told(session: Session, title: str, gaps: tuple[str, ...]) -> Table:
    import polars as pl

    detector = session.detector
    rows = [("Trades", session.trades), ("New in the archive", session.saved), ("Alerts", session.alerts),
            ("Events found", session.events), ("Flagged by recipes", session.flags), ("Too late to be looked at", detector.late),
            ("Cancelled", detector.cancelled), ("Sent twice", detector.repeated)]  # fmt: skip
    frame = pl.DataFrame(rows, schema={"what": pl.String, "count": pl.Int64}, orient="row")
    columns = (Column("what", "What"), Column("count", "How many", "integer", "count"))
    return Table(f"{title}: {session.flags:,} flagged", columns, frame, (), gaps)
