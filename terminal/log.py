"""The log: rotated files of JSON lines in the home, secrets redacted; and a file for crashes of the interpreter."""

from __future__ import annotations

import faulthandler
import json
import logging
import logging.handlers
import re
from typing import IO, TYPE_CHECKING
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

_PATTERNS = (
    re.compile(r"(?i)((?:api[_-]?key|apikey|api[_-]?token|access[_-]?token|token|crumb|secret|password|passwd|signature)"
               r"[\"']?\s*[=:]\s*[\"']?)[^\s\"'&,;)}\]]+"),
    re.compile(r"(?i)(authorization[\"']?\s*[=:]\s*[\"']?(?:(?:bearer|basic|token)\s+)?)[^\s\"',;)}\]]+"),
    re.compile(r"(?i)(\bbearer\s+)[\w.~+/=-]{8,}"),
    re.compile(r"(?i)((?:x-)?(?:api-key|apca-api-[\w-]+|finnhub-token)[\"']?\s*[=:]\s*[\"']?)[^\s\"',;)}\]]+"),
    re.compile(r"(://[^\s/:@]*:)[^\s/@]+(?=@)"),
)


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` without the given secrets (nor the halves of one in two parts, nor as an address spells them), and without
    what looks like a secret.
    """
    for secret in secrets:
        halves = [half for half in secret.split(":") if len(half) >= 8]
        for part in dict.fromkeys((secret, *halves)):
            for spelt in dict.fromkeys((part, quote(part, safe=""), quote(part), quote_plus(part))) if len(part) >= 4 else ():
                text = text.replace(spelt, "[redacted]")
    for pattern in _PATTERNS:
        text = pattern.sub(r"\1[redacted]", text)
    return text


class JsonLines(logging.Formatter):
    """One JSON object a line: at, level, where, message, and the traceback when there is one."""

    def __init__(self, secrets: Callable[[], Iterable[str]]) -> None:
        super().__init__()
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line of JSON."""
        known = tuple(self._secrets())
        entry = {"at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S") + f".{int(record.msecs):03d}", "level": record.levelname,
                 "where": record.name, "thread": record.threadName, "message": redact(record.getMessage(), known)}
        if record.exc_info:
            entry["traceback"] = redact(self.formatException(record.exc_info), known)
        return json.dumps(entry, ensure_ascii=False)


def start(folder: Path, secrets: Callable[[], Iterable[str]] = tuple, level: int = logging.INFO) -> Callable[[], None]:
    """Log to `folder` until the returned function is called. A folder that cannot be written means no log, no error."""
    root = logging.getLogger()
    crash: IO[str] | None = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(folder / "tapeline.log", maxBytes=1_000_000, backupCount=5,
                                                       encoding="utf-8", delay=True)
        crash = (folder / "crash.log").open("a", encoding="utf-8")
    except OSError:
        return lambda: None
    handler.setFormatter(JsonLines(secrets))
    handler.setLevel(level)
    handler.handleError = lambda record: None  # type: ignore[method-assign]  # a full disk must not print into the user's output
    before = root.level
    root.addHandler(handler)
    root.setLevel(min(level, before or level))
    # These tell of every request, with its address; our own `http` logs what matters.
    for name in ("httpx", "httpcore", "urllib3", "yfinance", "peewee", "websockets", "apscheduler", "stamina"):
        logging.getLogger(name).setLevel(logging.ERROR)
    enabled = faulthandler.is_enabled()
    if not enabled:
        faulthandler.enable(crash)

    def stop() -> None:
        root.removeHandler(handler)
        root.setLevel(before)
        handler.close()
        if not enabled:
            faulthandler.disable()
        crash.close()

    return stop
