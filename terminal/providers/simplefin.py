"""SimpleFIN's door: a setup token claimed once, and accounts read with what that gave. Credentials never are part of an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from terminal.domain import simplefin
from terminal.errors import BadPayload, NeedsKey, Unavailable
from terminal.providers.budget import Window
from terminal.providers.http import CONNECT_SECONDS, READ_SECONDS, Http, _off_the_window

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from terminal.providers.http import Got

ID, TITLE = "simplefin", "SimpleFIN"
WINDOWS = (Window(24, 86_400),)
"""What the protocol's authors ask for: about one request an hour; more may have the access taken away."""
_LONGEST = 4096


def claim(address: str) -> str:
    """Trade a claim address for the access address, once: there is no second try, so nothing is repeated here.

    Raises NeedsKey when it was claimed before, Unavailable when nobody answered, BadPayload for another answer.
    """
    import httpx

    _off_the_window()
    try:
        with httpx.Client(timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS), follow_redirects=False) as client:
            answer = client.post(address, headers={"Content-Length": "0"})
    except httpx.HTTPError:
        told = "Nobody answered where the setup token is to be claimed."
        raise Unavailable(told, "Check the connection. Should the token be spent, make a new one.") from None
    if answer.status_code == 403:
        told = "This setup token was claimed already."
        hint = "If it was not you, have it disabled where you made it; then make a new one."
        raise NeedsKey(told, hint, setting=ID)
    if answer.status_code != 200:
        raise Unavailable(f"SimpleFIN answered with HTTP {answer.status_code}.", "Try again later, or make a new setup token.")
    text = answer.text.strip()
    try:
        simplefin.access(text if len(text) < _LONGEST else "")
    except ValueError:
        raise BadPayload("SimpleFIN did not answer with an access address.", "Make a new setup token.") from None
    return text


def accounts(given: simplefin.Access, clock: Callable[[], datetime], heard: Callable[[Got], None]) -> simplefin.Statement:
    """What all accounts hold now; `heard` is told of each answer. Raises ProviderError; NeedsKey when the access is gone."""
    headers = {"Authorization": given.authorization}
    door = Http(TITLE, given.address, headers=headers, clock=clock, key_setting=ID, heard=heard)
    try:
        document, _ = door.get_json("/accounts", {"version": "2", "balances-only": "1"})
    finally:
        door.close()
    try:
        return simplefin.statement(document)
    except ValueError as problem:
        raise BadPayload(f"SimpleFIN's answer cannot be read: {problem}.", "Try again later.") from None
