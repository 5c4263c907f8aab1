"""The log: JSON lines, secrets redacted."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

import pytest

from terminal import log

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("text", [
    "GET https://x.io/q?symbol=A&token=SEKRET123&b=1", "apikey=SEKRET123", "api_key: SEKRET123", '{"apiKey": "SEKRET123"}',
    "Authorization: Bearer SEKRET123", "authorization='SEKRET123'", "X-Api-Key: SEKRET123", "APCA-API-SECRET-KEY: SEKRET123",
    "http://me:SEKRET123@host/", "crumb=SEKRET123", "password=SEKRET123",
])
def test_what_looks_like_a_secret_is_redacted(text: str) -> None:
    assert "SEKRET123" not in log.redact(text)
    assert "[redacted]" in log.redact(text)


SERVICES = {
    "finnhub": ("sk-finnhub/8+q", "X-Finnhub-Token: {}", "wss://ws.finnhub.io?token={}"),
    "alphavantage": ("AV8DEMOKEY99", "https://x/query?function=OVERVIEW&symbol=A&apikey={}", "apikey as {}, we have detected"),
    "alpaca": ("PKID12345678:s3cr3t+half/9", "APCA-API-KEY-ID: PKID12345678", "APCA-API-SECRET-KEY: s3cr3t+half/9"),
    "tiingo": ("t11ngo-token-77", "Authorization: Token {}", "{'Authorization': 'Token {}'}"),
    "massive": ("m4ssive_key_66", "Authorization: Bearer {}", "https://x/v2/aggs?apiKey={}&limit=5"),
    "fred": ("fr3d0123456789abcdef", "https://x/fred/series?series_id=VIXCLS&api_key={}", "bad api_key {} given"),
    "apininjas": ("n1nja==key==55", "X-Api-Key: {}", "{{'X-Api-Key': '{}'}}"),
    "schwab": ("app-k3y-12345:app/s3cret+67:r3fresh=89abc", "grant_type=refresh_token&refresh_token=r3fresh=89abc",
               "Authorization: Basic app-k3y-12345:app/s3cret+67"),
    "tradier": ("tr4dier-key-44", "Authorization: Bearer {}", "{'Authorization': 'Bearer {}'}"),
    "unusualwhales": ("wh4les-key-33", "Authorization: Bearer {}", "wss://api.unusualwhales.com/socket?token={}"),
}


def test_every_service_with_a_key_is_looked_at() -> None:
    from terminal.domain.data_services import SERVICES as DECLARED

    assert {service.id for service in DECLARED if service.needs_key} == set(SERVICES)


@pytest.mark.parametrize("service", SERVICES)
def test_no_key_of_any_service_reaches_the_log_in_any_spelling(service: str, tmp_path: Path) -> None:
    from urllib.parse import quote

    key, *forms = SERVICES[service]
    stop = log.start(tmp_path, lambda: [key])
    said = logging.getLogger("elsewhere")
    try:
        for form in forms:
            for spelt in (key, quote(key, safe="")):
                said.info("%s", form.replace("{}", spelt))
        said.warning("plain %s and in %r", key, {"key": key, "parts": key.split(":")})
        try:
            raise ValueError(f"refused {key}")
        except ValueError:
            said.exception("broken with %s", quote(key))
    finally:
        stop()
    written = (tmp_path / "tapeline.log").read_text("utf-8")
    for part in (key, *key.split(":")):
        assert not any(spelt in written for spelt in (part, quote(part), quote(part, safe="")))
    assert written.count("[redacted]") >= 2 * len(forms) + 3


@pytest.mark.parametrize("service", ["finnhub", "tiingo", "massive", "fred", "apininjas", "alpaca", "tradier",
                                     "unusualwhales"])
def test_a_key_that_nobody_told_the_log_of_is_known_by_the_place_it_stands_in(service: str) -> None:
    key, form, _ = SERVICES[service]
    told = log.redact(form.replace("{}", key))
    assert not any(part in told for part in key.split(":"))


def test_ordinary_text_is_left_alone() -> None:
    for text in ("AAPL closed at 12.5", "token bucket is empty", "https://x.io/q?symbol=AAPL&range=1d"):
        assert log.redact(text) == text


def test_known_secrets_are_redacted_wherever_they_stand(tmp_path: Path) -> None:
    stop = log.start(tmp_path, lambda: ["odd-secret"])
    try:
        logging.getLogger("terminal.test").info("asked with %s for %s", "odd-secret", "AAPL")
        try:
            raise ValueError("failed with odd-secret")
        except ValueError:
            logging.getLogger("elsewhere").exception("broken")
    finally:
        stop()
    written = (tmp_path / "tapeline.log").read_text("utf-8")
    first, second = (json.loads(line) for line in written.splitlines())
    assert first["message"] == "asked with [redacted] for AAPL"
    assert {"at", "level", "where", "thread"} <= first.keys()
    assert "ValueError: failed with [redacted]" in second["traceback"]
    assert "odd-secret" not in written


def test_stopping_gives_everything_back(tmp_path: Path) -> None:
    before = (logging.getLogger().handlers[:], logging.getLogger().level)
    log.start(tmp_path)()
    assert (logging.getLogger().handlers, logging.getLogger().level) == before


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file in the way")
    log.start(tmp_path / "logs")()


def test_files_rotate(tmp_path: Path) -> None:
    stop = log.start(tmp_path)
    try:
        for _ in range(30):
            logging.getLogger("terminal.test").info("x" * 100_000)
    finally:
        stop()
    sizes = [path.stat().st_size for path in tmp_path.glob("tapeline.log*")]
    assert 3 <= len(sizes) <= 6
    assert max(sizes) <= 1_000_000
