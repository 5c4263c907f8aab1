"""Signing in at Schwab from the shell: where to go, what to bring back, and what is kept."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from terminal.errors import UserError
from tests.providers.loopback import Loopback, Reply, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from terminal.paths import Home

TOKEN = {"access_token": "access-1", "expires_in": 1800, "refresh_token": "refresh-of-the-week"}


@pytest.fixture(scope="module")
def server() -> Iterator[Loopback]:
    with serving() as loopback:
        yield loopback


@pytest.fixture
def schwab(live_home: Home, clock: Any, server: Loopback, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    from terminal.app import App

    server.clear()
    monkeypatch.setenv("TAPELINE_SCHWAB_URL", server.url)
    opened = App(live_home, demo=False, clock=clock)
    yield opened
    opened.close()


def test_the_sign_in_of_a_week(schwab: Any, server: Loopback) -> None:
    with pytest.raises(Exception, match="needs a key"):
        schwab.run("options.schwab_sign_in", {})
    schwab.settings.set_secret("schwab", "app-key-1:app-secret-2")
    steps = schwab.run("options.schwab_sign_in", {}).frame["what"].to_list()
    assert "https://api.schwabapi.com/v1/oauth/authorize?client_id=app-key-1&redirect_uri=https%3A%2F%2F127.0.0.1" in steps[0]
    assert not any("app-secret-2" in step for step in steps)
    server.say({"oauth/token": TOKEN})
    told = schwab.run("options.schwab_connect", {"address": "https://127.0.0.1/?code=C0.x&session=y"})
    assert schwab.settings.secret("schwab") == "app-key-1:app-secret-2:refresh-of-the-week"
    assert "refresh-of-the-week" not in json.dumps(told.frame.to_dicts())
    assert "in memory alone" in told.frame["what"][0]  # tests have no keyring


def test_a_spent_code_keeps_what_was_there(schwab: Any, server: Loopback) -> None:
    schwab.settings.set_secret("schwab", "app-key-1:app-secret-2:refresh-old")
    server.say({"oauth/token": Reply(b'{"error": "invalid_grant"}', 400)})
    with pytest.raises(Exception, match="sign-in at Schwab has ended"):
        schwab.run("options.schwab_connect", {"address": "https://127.0.0.1/?code=C0.x"})
    assert schwab.settings.secret("schwab") == "app-key-1:app-secret-2:refresh-old"


def test_the_demo_market_has_no_broker() -> None:
    from types import SimpleNamespace

    from plugins.options.sources.commands import schwab_sign_in

    demo: Any = SimpleNamespace(market=SimpleNamespace(router=SimpleNamespace(providers=())))
    with pytest.raises(UserError, match="demo market"):
        schwab_sign_in(demo)
