"""Live trades: what is listened to now, begin and stop, and the newest prices for a panel that shows some."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from terminal.api import Column, Context, Table, UserError, argument, command

if TYPE_CHECKING:
    from terminal.services.live import LiveStatus

_AGAIN_S = 45
_CLOSED_S = 300
_COLUMNS = (
    Column("symbol", "Ticker"), Column("price", "Price", "number", "currency", decimals=2),
    Column("previous_close", "Previous close", "number", "currency", decimals=2), Column("at", "Time", "datetime"),
    Column("currency", "Currency", newbie=False), Column("live", "Live", "bool"),
)  # fmt: skip
_STATE = (
    Column("state", "State"), Column("symbols", "Watched", "list"), Column("left_out", "Left out", "list"),
    Column("traded_at", "Last trade", "datetime"), Column("quotes", "Quotes stored", "integer", "count"),
    Column("connections", "Connections", "integer", "count", newbie=False),
)  # fmt: skip


@command(title="Show and begin live trades")
def stream(
    ctx: Context,
    *,
    symbols: Annotated[tuple[str, ...], argument(help="Listen to these for the next half hour, besides what is shown.")] = (),
) -> Table:
    """Say which symbols' trades are listened to, or why none are; begin again after `market stream-stop`.

    While a window is open and the exchange too, prices you look at move as they are traded: those of the dip monitor and the
    tearsheet first, then your watchlists, as many as the setting market.live_symbols allows. It needs a free Finnhub key.
    """
    from datetime import timedelta

    from terminal.domain.instruments import clean_symbol

    try:
        asked = tuple(clean_symbol(each) for text in symbols for each in text.split(",") if each.strip())
    except ValueError as error:
        raise UserError(f"{error}.", "Symbols look like AAPL or BRK-B.") from None
    live = ctx.market.live
    live.go()
    if asked:
        live.want("command", asked, timedelta(minutes=30))
    return _state(live.status())


@command(title="Stop live trades")
def stream_stop(ctx: Context) -> Table:
    """Listen to no trades until `market stream` or the next start; prices come from requests again.

    To keep it off, set market.live_trades to false.
    """
    ctx.market.live.stop()
    return _state(ctx.market.live.status())


@command(title="Current prices of what a panel shows", hidden=True)
def live(
    ctx: Context,
    *,
    symbols: Annotated[tuple[str, ...], argument(help="What is shown.")] = (),
    who: Annotated[str, argument(help="Which panel shows it.")] = "panel",
) -> Table:
    """The newest stored prices of these symbols, which are listened to for the next one and a half minutes.

    `detail` has `seconds`: after how long to say so again, 0 where prices do not move.
    """
    import polars as pl

    if ctx.as_of is None:
        ctx.market.live.want(who, symbols)
    status = ctx.market.live.status()
    seconds = 0 if ctx.demo or ctx.as_of is not None else _CLOSED_S if status.rests else _AGAIN_S
    quotes = ctx.market.quotes(symbols, ctx.as_of)
    sources = ctx.market.sources(quotes["fetch_id"].unique().to_list())
    place = {number: at for at, number in enumerate(sources)}
    heard = [number for number, source in sources.items() if source.live]
    frame = quotes.with_columns(pl.col("fetch_id").is_in(heard).alias("live"))
    at = frame["fetch_id"].replace_strict(place, default=None, return_dtype=pl.Int64)
    names = [column.name for column in _COLUMNS]
    return Table(status.words, _COLUMNS, frame.select(names), tuple(sources.values()),
                 origin=pl.DataFrame(dict.fromkeys(names, at)), detail={"seconds": seconds})  # fmt: skip


def _state(status: LiveStatus) -> Table:
    import polars as pl

    row = (status.phase, list(status.symbols), list(status.left_out), status.traded_at, status.quotes, status.connections)
    schema: dict[str, Any] = {"state": pl.String, "symbols": pl.List(pl.String), "left_out": pl.List(pl.String),
              "traded_at": pl.Datetime("us", "UTC"), "quotes": pl.Int64, "connections": pl.Int64}  # fmt: skip
    return Table("Live trades", _STATE, pl.DataFrame([row], schema=schema, orient="row"), notes=(status.words,))
