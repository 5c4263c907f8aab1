"""The errors a user may meet. Each carries one clear sentence and a hint that says what to do.

TerminalError
    UserError                 the request cannot be answered as asked (unknown symbol, malformed rule, bad file ...)
    ProviderError             a data service did not deliver
        RateLimited           it asks to wait; `retry_at` says until when
        NeedsKey              a key is missing; `setting` names it
        Unavailable           no connection, time-out, 5xx
        BadPayload            it answered something that is not the promised data
    StoreError                the local files
        Locked, DiskFull, Corrupt, NewerStore
    BrokerError               reserved for the broker bridge
    Cancelled                 the user stopped a command

Expected errors become a banner in the panel concerned, one line on stderr with exit code 1 in the shell,
and a row in the job history. Any other exception is a bug.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class TerminalError(Exception):
    """A problem that can be told to the user: `message` is one sentence, `hint` says what to do about it."""

    def __init__(self, message: str, hint: str = "", cause: BaseException | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.__cause__ = cause

    def sentence(self) -> str:
        """Message and hint as they are printed."""
        return f"{self.message} {self.hint}".strip()


class UserError(TerminalError):
    """The request cannot be answered as asked."""


class ProviderError(TerminalError):
    """A data service did not deliver."""


class RateLimited(ProviderError):
    """The service, or our own budget for it, asks to wait until `retry_at` (aware UTC, or None when unknown)."""

    def __init__(self, message: str, hint: str = "", cause: BaseException | None = None,
                 retry_at: datetime | None = None) -> None:
        super().__init__(message, hint, cause)
        self.retry_at = retry_at


class NeedsKey(ProviderError):
    """The service needs a key; `setting` is the name under which the key is kept."""

    def __init__(self, message: str, hint: str = "", cause: BaseException | None = None, setting: str = "") -> None:
        super().__init__(message, hint, cause)
        self.setting = setting


class Unavailable(ProviderError):
    """No connection, a time-out, or a server error."""


class BadPayload(ProviderError):
    """The service answered, but not with the data it promises."""


class StoreError(TerminalError):
    """The local data files cannot be used as asked."""


class Locked(StoreError):
    """Another process owns the files."""


class DiskFull(StoreError):
    """There is no room left to write."""


class Corrupt(StoreError):
    """A data file is damaged."""


class NewerStore(StoreError):
    """A data file was written by a newer version of the program."""


class BrokerError(TerminalError):
    """The broker bridge failed."""


class Cancelled(TerminalError):
    """The user stopped the command."""

    def __init__(self, message: str = "Cancelled.", hint: str = "", cause: BaseException | None = None) -> None:
        super().__init__(message, hint, cause)
