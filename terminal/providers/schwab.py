"""Schwab's market data: live option chains for whoever has an account and an app of their own there.

What is kept as the key has three parts, `APPKEY:SECRET:REFRESHTOKEN`. The first two are those of the user's app; the third
comes from signing in with a browser and holds for seven days, which nothing can prolong. With it an access token is fetched
that holds for half an hour and is kept in memory alone.
"""

from __future__ import annotations

import base64
import itertools
import threading
import time
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, urlsplit

from terminal.errors import BadPayload, NeedsKey, ProviderError, Unavailable, UserError
from terminal.providers import schwab_parse as parse
from terminal.providers import wire
from terminal.providers.budget import Window
from terminal.providers.http import Http, read_json
from terminal.providers.service import MISSHAPEN, Service, together

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from terminal.providers.base import Answer, Progress, Request
    from terminal.providers.http import Got

TOKEN = "/v1/oauth/token"
CHAINS = "/marketdata/v1/chains"
SIGN_IN = "Sign in with a browser: `tapeline options schwab-sign-in` says where; then it holds for seven days."
# Renewed a little before it ends, so that none ends on its way.
_EARLY = 60.0
# In days from today: where a chain that is too long for one answer is cut first.
_CUTS = (0, 45, 200, 1500)


class SchwabProvider(Service):
    """Chains with sizes, open interest and Schwab's own volatility and delta; live, for an account that is entitled to it."""

    id = "schwab"
    title = "Schwab"
    address = "https://api.schwabapi.com"
    datasets = frozenset({"chains"})
    windows = (Window(120, 60),)
    needs_key = True
    # The sign-in and the chain.
    cost = {"chains": 2}

    def __init__(self, around: Any) -> None:
        super().__init__(around)
        self._signing = threading.Lock()
        self._access: tuple[str, str, float] = ("", "", 0.0)

    def headers(self) -> dict[str, str]:
        """The access token, fetched anew where it has ended."""
        return {"Authorization": f"Bearer {self._token()}", "Accept": "application/json"}

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Got:
        """One read; with a new access token where the old one is refused before its time."""
        kept = self._access[1]
        try:
            return super().get(path, params)
        except NeedsKey as error:
            got = getattr(error, "got", None)
            if got is None or got.status != 401 or not kept or self._access[1] != kept:
                raise
        self._access = ("", "", 0.0)
        return super().get(path, params)

    def fetch(self, request: Request, progress: Progress) -> Iterator[Answer]:
        """One chain a symbol. Raises ProviderError."""
        for symbol in request.symbols:
            name = parse.theirs(symbol)
            if name is None:
                yield self.nothing("chains", (symbol,))
                continue
            progress(None, f"option chain of {symbol} from {self.title}")
            params = {"symbol": name, "contractType": "ALL", "strategy": "SINGLE", "includeUnderlyingQuote": "false"}
            chain, gots = self._chain(symbol, params, progress)
            if chain is None or chain.contracts.is_empty():
                yield self.answer("chains", _empty(), together(gots), "chains", symbol, missing=(symbol,))
                continue
            yield self.answer("chains", chain.contracts, together(gots), "chains", symbol, as_of=chain.at, delayed=chain.delayed)

    def _chain(self, symbol: str, params: Mapping[str, str], progress: Progress) -> tuple[parse.Chain | None, list[Got]]:
        """The chain in one answer, or in several stretches of expiries where one cannot hold it."""
        found, gots = self._ask_chain(symbol, params)
        if found is not None or gots:
            return found, gots
        today = wire.exchange_day(self.around.clock())
        open_ = [(today + timedelta(days=first), today + timedelta(days=last - 1)) for first, last in itertools.pairwise(_CUTS)]
        chains: list[parse.Chain] = []
        while open_:
            first, last = open_.pop(0)
            progress(None, f"option chain of {symbol} up to {last} from {self.title}")
            self.around.spend(lambda seconds: progress(None, f"waiting {max(round(seconds), 1)} s for {self.title}"))
            stretch = {**params, "fromDate": first.isoformat(), "toDate": last.isoformat()}
            part, more = self._ask_chain(symbol, stretch)
            if part is not None:
                chains.append(part)
            if not more:
                open_[:0] = self._halves(symbol, first, last)
            gots += more
        return (parse.together(chains) if chains else None), gots

    def _halves(self, symbol: str, first: date, last: date) -> list[tuple[date, date]]:
        if first >= last:
            raise BadPayload(f"{self.title} cannot send the chain of {symbol}: it is too long.", "Ask another service.")
        middle = first + (last - first) // 2
        return [(first, middle), (middle + timedelta(days=1), last)]

    def _ask_chain(self, symbol: str, params: Mapping[str, str]) -> tuple[parse.Chain | None, list[Got]]:
        """One answer; neither chain nor answer where it would be too long."""
        try:
            found, got = self.ask("chains", symbol, "chains", CHAINS, params, partial(parse.parse_chain, symbol=symbol))
        except Unavailable as error:
            if parse.too_long(getattr(error, "got", None)):
                return None, []
            raise
        if found is not None and found.truncated:
            return None, []
        return found, [got]

    # -- signing in ------------------------------------------------------------------------------------------------

    def _token(self) -> str:
        key = self.key().strip()
        app, secret, refresh = _parts(key)
        with self._signing:
            of, token, until = self._access
            if of == key and token and time.monotonic() < until:
                return token
            form = {"grant_type": "refresh_token", "refresh_token": refresh}
            token, seconds, _ = self._sign_in(app, secret, form)
            self._access = (key, token, time.monotonic() + seconds - _EARLY)
            return token

    def _sign_in(self, app: str, secret: str, form: Mapping[str, str]) -> tuple[str, float, str]:
        base = (self.around.base_url() or self.address).rstrip("/")
        door = Http(
            self.title,
            base,
            clock=self.around.clock,
            read_seconds=self.around.read_seconds,
            key_setting=self.id,
            heard=self.heard,
        )
        pair = base64.b64encode(f"{app}:{secret}".encode()).decode()
        try:
            got = door.post(TOKEN, form, {"Authorization": f"Basic {pair}"})
            return parse.parse_token(read_json(got.body, self.title))
        except MISSHAPEN:
            raise BadPayload(f"{self.title} sent no sign-in.", "Try again later.") from None
        except ProviderError as error:
            if not parse.sign_in_ended(getattr(error, "got", None)):
                raise
            ended = NeedsKey(f"The sign-in at {self.title} has ended.", SIGN_IN, setting=self.id)
            ended.got = error.got  # type: ignore[attr-defined]
        finally:
            door.close()
        raise ended

    def sign_in_address(self, callback: str) -> str:
        """Where a browser signs in; it ends at the callback's address with a code. Raises NeedsKey."""
        app, _ = app_of(self.key())
        there = f"client_id={quote(app, safe='')}&redirect_uri={quote(callback, safe='')}"
        return f"{self.address}/v1/oauth/authorize?{there}"

    def claim(self, callback: str, address: str) -> str:
        """The whole key, for the address that a browser ended at after signing in; once. Raises UserError, ProviderError."""
        app, secret = app_of(self.key())
        code = parse_qs(urlsplit(address.strip()).query).get("code", [""])[0]
        if not code:
            raise UserError(
                "This is not the address that Schwab's sign-in ends at.",
                "Copy all of it from the browser's address bar: it holds `code=`, even if the page shows an error.",
            )
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": callback}
        _, _, refresh = self._sign_in(app, secret, form)
        if not refresh:
            raise BadPayload(f"{self.title} sent no token that lasts.", "Sign in once more.")
        return f"{app}:{secret}:{refresh}"

    def _without_key(self, text: str) -> str:
        text = super()._without_key(text)
        token = self._access[1]
        return text.replace(token, "[key]") if len(token) >= 4 else text


def _parts(key: str) -> tuple[str, str, str]:
    parts = key.split(":")
    if len(parts) == 2 and all(parts):
        raise NeedsKey("Nobody has signed in at Schwab yet.", SIGN_IN, setting="schwab")
    if len(parts) != 3 or not all(parts):
        raise NeedsKey(
            "Schwab needs the key and the secret of your app there.",
            "Enter them as one, APPKEY:SECRET, with `tapeline preferences key-set schwab`; then sign in.",
            setting="schwab",
        )
    return parts[0], parts[1], parts[2]


def app_of(key: str) -> tuple[str, str]:
    """Key and secret of the user's app, which a key begins with. Raises NeedsKey."""
    parts = key.strip().split(":")
    if len(parts) not in (2, 3) or not all(parts[:2]):
        _parts("")
    return parts[0], parts[1]


def _empty() -> Any:
    from terminal.domain.schemas import CHAINS as SCHEMA

    return SCHEMA.empty()
