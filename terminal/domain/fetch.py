"""One request to a provider, as it is remembered in `fetch_log`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

Status = Literal["ok", "empty", "error", "refused"]


@dataclass(frozen=True, slots=True)
class Fetch:
    """What was asked, when, and what came back. Times are aware UTC.

    `symbol` is "" for an answer about several symbols; `as_of` the moment the answer speaks about;
    `bytes` and `sha256` describe the raw payload where there is one. `reason`: why this service was asked and not the one
    before it, as a sentence; "" when it was the first choice.
    """

    provider: str
    endpoint: str
    dataset: str
    symbol: str
    started_at: datetime
    finished_at: datetime
    status: Status = "ok"
    http_status: int | None = None
    bytes: int | None = None
    sha256: str = ""
    error: str = ""
    as_of: datetime | None = None
    delayed: bool = False
    simulated: bool = False
    reason: str = ""
