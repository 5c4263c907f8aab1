"""Bank balances through SimpleFIN: a token claimed once, the access in the keyring alone, 24 requests a day, apart from cash."""

from __future__ import annotations

import base64
import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from terminal.app import App
from terminal.domain import simplefin
from terminal.errors import NeedsKey, ProviderError, RateLimited, UserError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from terminal.paths import Home
    from tests.conftest import Clock

SAID = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
ACCOUNTS = [
    {"id": "ACT-1", "name": "Checking", "currency": "USD", "balance": "2073.40", "available-balance": "2000.15",
     "balance-date": int(SAID.timestamp()), "org": {"name": "First Bank"}, "transactions": []},
    {"id": "ACT-2", "name": "Savings", "currency": "EUR", "balance": "-25.80", "balance-date": int(SAID.timestamp()) - 86_400,
     "conn_id": "C1"},
]  # fmt: skip


class Bank(ThreadingHTTPServer):
    """A SimpleFIN server on loopback: the token can be claimed once; `answer` is what /accounts gives, or a status."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.claimed = 0
        self.asked: list[tuple[str, str]] = []
        self.answer: Any = {"accounts": ACCOUNTS, "connections": [{"conn_id": "C1", "name": "Second Bank"}], "errlist": []}
        self.place = f"127.0.0.1:{self.server_address[1]}"

    @property
    def token(self) -> str:
        return base64.b64encode(f"http://{self.place}/claim/abc".encode()).decode()


class Handler(BaseHTTPRequestHandler):
    server: Bank

    def do_POST(self) -> None:
        self.server.claimed += 1
        first = self.server.claimed == 1
        self._send(200 if first else 403, f"http://us%40er:pass%2Fword@{self.server.place}/simplefin" if first else "Forbidden")

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers.get("Authorization", "")))
        answer = self.server.answer
        self._send(answer if isinstance(answer, int) else 200, "" if isinstance(answer, int) else json.dumps(answer))

    def _send(self, status: int, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


class Ring:
    """A keyring of the platform."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    def get_password(self, _service: str, name: str) -> str | None:
        return self.kept.get(name)

    def set_password(self, _service: str, name: str, value: str) -> None:
        self.kept[name] = value

    def delete_password(self, _service: str, name: str) -> None:
        del self.kept[name]


@pytest.fixture
def bank() -> Iterator[Bank]:
    server = Bank()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def ring(monkeypatch: pytest.MonkeyPatch) -> Ring:
    made = Ring()
    monkeypatch.setattr("terminal.settings._platform_keyring", lambda: made)
    return made


@pytest.fixture
def live(live_home: Home, clock: Clock) -> Iterator[App]:
    app = App(live_home, demo=False, clock=clock)
    yield app
    app.close()


def test_a_token_is_claimed_once_and_the_access_is_in_the_keyring_alone(
    live: App, bank: Bank, ring: Ring, live_home: Home
) -> None:  # fmt: skip
    shown = live.run("portfolio.simplefin_connect", {"token": bank.token})
    assert bank.claimed == 1
    assert ring.kept == {"simplefin": f"http://us%40er:pass%2Fword@{bank.place}/simplefin"}
    (asked,) = bank.asked
    assert asked[0] == "/simplefin/accounts?version=2&balances-only=1"
    assert base64.b64decode(asked[1].removeprefix("Basic ")) == b"us@er:pass/word"
    assert [(row["bank"], row["name"], row["balance"], row["currency"]) for row in shown.rows()] == [
        ("First Bank", "Checking", 2073.40, "USD"), ("Second Bank", "Savings", -25.80, "EUR")]  # fmt: skip
    with pytest.raises(UserError, match="connected already"):
        live.run("portfolio.simplefin_connect", {"token": bank.token})
    assert bank.claimed == 1
    live.close()
    for file in live_home.path.rglob("*"):
        if file.is_file():
            assert b"pass%2Fword" not in file.read_bytes(), file
            assert b"pass/word" not in file.read_bytes(), file


def test_balances_say_who_said_so_and_how_long_ago(live: App, bank: Bank, ring: Ring, clock: Clock) -> None:
    live.run("portfolio.simplefin_connect", {"token": bank.token})
    clock.now += timedelta(days=3)
    shown = live.run("portfolio.simplefin")
    first, second = shown.rows()
    assert (first["age"], second["age"]) == ("3 days", "4 days")
    (source,) = shown.sources
    assert (source.provider, source.simulated) == ("SimpleFIN", False)
    assert source.fetched_at == clock.now - timedelta(days=3) and source.as_of == SAID - timedelta(days=1)
    assert live.run("portfolio.simplefin", as_of=(clock.now - timedelta(days=10)).date()).rows() == []


def test_they_are_never_mixed_with_booked_cash(live: App, bank: Bank, ring: Ring) -> None:
    live.run("portfolio.account_create", {"name": "Main"})
    live.run("portfolio.add", {"account": "Main", "kind": "deposit", "amount": "500"})
    before = [live.run(f"portfolio.{name}").rows() for name in ("cash", "show", "transactions", "accounts")]
    shown = live.run("portfolio.simplefin_connect", {"token": bank.token})
    assert any("no total" in note for note in shown.notes)
    assert [live.run(f"portfolio.{name}").rows() for name in ("cash", "show", "transactions", "accounts")] == before


def test_without_a_keyring_the_token_is_not_used(live: App, bank: Bank) -> None:
    with pytest.raises(UserError, match="keyring"):
        live.run("portfolio.simplefin_connect", {"token": bank.token})
    assert bank.claimed == 0


def test_a_spent_token_a_wrong_one_and_a_lost_access_are_told_apart(live: App, bank: Bank, ring: Ring) -> None:
    bank.claimed = 1
    with pytest.raises(NeedsKey, match="claimed already"):
        live.run("portfolio.simplefin_connect", {"token": bank.token})
    unsafe = [base64.b64encode(each).decode() for each in (b"http://bank.example/claim", b"ftp://x")]
    for wrong in ("nonsense!", "", *unsafe):
        with pytest.raises(UserError):
            live.run("portfolio.simplefin_connect", {"token": wrong})
    assert ring.kept == {}
    bank.claimed = 0
    live.run("portfolio.simplefin_connect", {"token": bank.token})
    bank.answer = 403
    with pytest.raises(NeedsKey):
        live.run("portfolio.simplefin_refresh")
    assert len(live.run("portfolio.simplefin").rows()) == 2, "what was read stays"
    live.run("portfolio.simplefin_forget", {"balances": True})
    assert ring.kept == {} and live.run("portfolio.simplefin").rows() == []
    with pytest.raises(UserError, match="not connected"):
        live.run("portfolio.simplefin_refresh")


def test_a_day_has_twenty_four_requests(live: App, bank: Bank, ring: Ring) -> None:
    live.run("portfolio.simplefin_connect", {"token": bank.token})
    for _ in range(23):
        live.run("portfolio.simplefin_refresh")
    with pytest.raises(RateLimited):
        live.run("portfolio.simplefin_refresh")
    assert len(bank.asked) == 24
    assert len(live.store.book.read("SELECT * FROM portfolio.bank_balances")) == 2, "the same statement is kept once"


def test_warnings_and_accounts_that_are_missing_are_told(live: App, bank: Bank, ring: Ring, clock: Clock) -> None:
    live.run("portfolio.simplefin_connect", {"token": bank.token})
    clock.now += timedelta(hours=1)
    odd = {"id": "ACT-9", "name": "Odd", "currency": "https://points", "balance": "1"}
    sign_in = {"code": "con.auth", "msg": "First Bank needs you to sign in again"}
    bank.answer = {"errlist": [sign_in], "accounts": [ACCOUNTS[1], odd]}
    shown = live.run("portfolio.simplefin_refresh")
    told = " ".join(shown.unknown)
    assert "sign in again" in told and "Odd could not be read" in told and "Checking was not in the last answer" in told
    assert len(shown.rows()) == 2


def test_the_demo_has_no_bank(app: App, bank: Bank, ring: Ring) -> None:
    with pytest.raises(UserError, match="demo"):
        app.run("portfolio.simplefin_connect", {"token": bank.token})
    assert app.run("portfolio.simplefin").rows() == [] and bank.claimed == 0


@pytest.mark.parametrize("answer", [{"accounts": "none"}, [], "x"])
def test_an_answer_that_is_none_is_refused(live: App, bank: Bank, ring: Ring, answer: Any) -> None:
    live.run("portfolio.simplefin_connect", {"token": bank.token})
    bank.answer = answer
    with pytest.raises(ProviderError):
        live.run("portfolio.simplefin_refresh")


@pytest.mark.real
def test_recorded_answers_are_read(shared: Path) -> None:
    first, second = (json.loads((shared / "payloads" / "simplefin" / name).read_text("utf-8"))
                     for name in ("accounts_v1_with_errors.json", "accounts_v2_listing_2026-09-18.json"))  # fmt: skip
    old, new = simplefin.statement(first), simplefin.statement(second)
    assert [str(each.balance) for each in old.balances] == ["1234.56"] and len(old.warnings) == 1
    assert [str(each.balance) for each in new.balances] == ["2073.40", "25.80", "-176719.77"] and not new.warnings
