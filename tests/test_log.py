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
