"""The user's bank accounts, read only, through SimpleFIN: the access in the keyring, requests counted as for any service."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from terminal.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from terminal.domain.simplefin import Statement
    from terminal.providers.budget import Budget, WindowStatus
    from terminal.settings import Settings

ID = "simplefin"


class Bank:
    """One connection to SimpleFIN. Nothing is imported or asked before the first request."""

    def __init__(self, settings: Settings, budget: Budget, clock: Callable[[], datetime]) -> None:
        self._settings, self._budget, self._clock = settings, budget, clock
        self._claiming = threading.Lock()

    @property
    def connected(self) -> bool:
        """Whether there is an access."""
        return self._settings.secret(ID) is not None

    def connect(self, token: str) -> None:
        """Claim a setup token and keep the access in the system's keyring, nowhere else.

        Raises UserError before anything is claimed when there is no keyring, or an access already.
        """
        from terminal.domain import simplefin
        from terminal.providers.simplefin import claim

        with self._claiming:
            if self.connected:
                raise UserError("SimpleFIN is connected already.", "Disconnect it first: `tapeline portfolio simplefin-forget`.")
            if self._settings.keyring_name() is None:
                told = "This system offers no keyring that may be trusted, and the access to your bank is kept nowhere else."
                raise UserError(told, "The setup token was not used. Where there is a keyring, it can be.")
            try:
                address = simplefin.claim_address(token)
            except ValueError as problem:
                raise UserError(f"That cannot be used: {problem}.", "Copy the whole setup token from SimpleFIN.") from None
            place = self._settings.set_secret(ID, claim(address))
            if place != "keyring":
                told = "The keyring did not take the access; it is forgotten when the program ends."
                raise UserError(told, "The token is spent: unlock the keyring and make a new one.")

    def forget(self) -> bool:
        """Forget the access; whether there was one."""
        return self._settings.forget_secret(ID)

    def read(self, *, by_hand: bool = True) -> Statement:
        """What the accounts hold now. Raises UserError without an access, RateLimited when today's requests are used up."""
        from terminal.domain import simplefin
        from terminal.providers.simplefin import TITLE, WINDOWS, accounts

        address = self._settings.secret(ID)
        if address is None:
            raise UserError("SimpleFIN is not connected.", "Connect it: `tapeline portfolio simplefin-connect`.")
        try:
            given = simplefin.access(address)
        except ValueError as problem:
            raise UserError(f"The access that is kept cannot be used: {problem}.", "Disconnect it and connect anew.") from None
        self._budget.declare(ID, WINDOWS)
        self._budget.take(ID, by_hand=by_hand, title=TITLE)
        answers = 0

        def heard(_got: object) -> None:
            nonlocal answers
            answers += 1
            if answers > 1:  # asked again after an error of theirs
                self._budget.take(ID, by_hand=by_hand, title=TITLE)

        return accounts(given, self._clock, heard)

    def left(self) -> WindowStatus:
        """How many requests of today are left."""
        from terminal.providers.simplefin import WINDOWS

        self._budget.declare(ID, WINDOWS)
        return self._budget.status(ID)[0]
