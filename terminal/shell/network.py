"""Whether the network answers: one connection attempt, nothing is sent."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

DEFAULT = "https://query1.finance.yahoo.com"
TIMEOUT = 1.5


def reachable(base_url: str = "", timeout: float = TIMEOUT) -> bool:
    """Whether a connection to the provider's host can be opened in time. Not for the UI thread."""
    parts = urlsplit(base_url or DEFAULT)
    port = parts.port or (80 if parts.scheme == "http" else 443)
    try:
        with socket.create_connection((parts.hostname or "", port), timeout):
            return True
    except OSError:
        return False
