"""The door to feeds of option trades: who has one, its alerts, and its stream. Nothing is imported before it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from terminal.errors import NeedsKey, UserError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime
    from pathlib import Path

    import polars as pl

    from terminal.providers.router import Router

_FEED = "unusualwhales"
_HINT = "Enter its key under Preferences, or `tapeline preferences key-set unusualwhales`."


class Stream(Protocol):
    """A running feed; `state` tells where it stands (see `UnusualWhalesStream`)."""

    @property
    def state(self) -> Any:
        """Where it stands."""
        ...

    def start(self) -> None:
        """Begin."""
        ...

    def stop(self) -> None:
        """End within a second."""
        ...


class FlowFeed:
    """Unusual Whales, where its key is set. In the demo market there is none: `available` is False and asking is a UserError."""

    def __init__(self, router: Router) -> None:
        self._router = router

    @property
    def available(self) -> bool:
        """Whether there is a feed with a key."""
        return any(each.id == _FEED and not self._router.lacks_key(each) for each in self._router.providers)

    def alerts(self, symbol: str = "", *, limit: int = 100, newer_than: datetime | None = None) -> pl.DataFrame:
        """FLOW_ALERTS, the newest first. Raises NeedsKey, UserError, ProviderError."""
        self._feed()
        asked = self._router.through(
            _FEED, "flow_alerts", lambda feed: feed.flow_alerts(symbol, limit=limit, newer_than=newer_than))
        frame: pl.DataFrame = asked.frame
        return frame

    def trades(self, contract: str, day: date | None = None) -> pl.DataFrame:
        """OPTION_TRADES of one contract. Raises NeedsKey, UserError, ProviderError."""
        self._feed()
        asked = self._router.through(_FEED, "option_trades", lambda feed: feed.contract_trades(contract, day))
        frame: pl.DataFrame = asked.frame
        return frame

    def stream(self, channels: tuple[str, ...], on_batch: Callable[[Any], None]) -> Stream:
        """A stream of these channels, not started; `on_batch` gets a `Batch` on a thread of the stream's own."""
        made: Stream = self._feed().stream(channels, on_batch)
        return made

    def read_file(self, path: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
        """OPTION_TRADES and FLOW_ALERTS of a Databento file, or of frames recorded from Unusual Whales (.jsonl, a frame a line).

        UserError where it cannot be read, or the extra package for Databento's files is not installed.
        """
        if path.suffix.lower() == ".jsonl":
            return _recorded(path)
        from terminal.domain.flow.prints import FLOW_ALERTS
        from terminal.providers import databento

        frame: pl.DataFrame = databento.read_trades(path)
        return frame, FLOW_ALERTS.empty()

    def _feed(self) -> Any:
        found = next((each for each in self._router.providers if each.id == _FEED), None)
        if found is None:
            raise UserError("There is no feed of option trades in this market.", "Leave the demo market, or import a file.")
        if self._router.lacks_key(found):
            raise NeedsKey("Unusual Whales needs a key for its option trades.", _HINT, setting=f"providers.{_FEED}.key")
        return found


def _recorded(path: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    from terminal.providers import unusualwhales_frames

    try:
        heard = unusualwhales_frames.parse_lines(path.read_text("utf-8"))
    except OSError as error:
        told = f"{path.name} cannot be read: {error.strerror or error}."
        raise UserError(told, "Check the path and its permissions.") from None
    except UnicodeDecodeError:
        raise UserError(f"{path.name} is no text.", "A recording has one frame of the websocket a line.") from None
    return heard.trades, heard.alerts
