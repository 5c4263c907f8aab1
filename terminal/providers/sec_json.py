"""Large JSON answers decoded a piece at a time, so that other threads get their turn in between.

The standard decoder holds the interpreter until it is done, which for the facts of a large bank is a tenth of a second.
"""

from __future__ import annotations

import json
import re
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any

from terminal.errors import BadPayload
from terminal.providers.http import read_json

# Below this many bytes the usual way is quick enough.
SMALL = 200_000
# Company facts: the answer, its taxonomies, their tags; what is below is decoded at once.
DEPTH = 3

_DECODER = json.JSONDecoder()
_BLANKS = re.compile(r"[ \t\r\n]*")


def read_in_pieces(body: bytes, title: str) -> Any:
    """What `read_json` makes of the bytes, with the same errors."""
    if len(body) < SMALL:
        return read_json(body, title)
    if body.lstrip()[:1] != b"{":
        return read_json(body[:SMALL], title)
    try:
        text = body.decode("utf-8")
        found, end = _object(text, _after_blanks(text, 0), DEPTH)
        if _after_blanks(text, end) != len(text):
            raise ValueError
    except UnicodeDecodeError:
        raise BadPayload(f"{title} sent bytes that are not text.", "Try again in a minute.") from None
    except (ValueError, IndexError):
        raise BadPayload(f"{title}'s answer broke off or is not valid JSON.", "Try again in a minute.") from None
    return found


def _object(text: str, at: int, depth: int) -> tuple[dict[str, Any], int]:
    """The object that begins at `at`, and where it ends."""
    found: dict[str, Any] = {}
    at = _after_blanks(text, at + 1)
    if text[at] == "}":
        return found, at + 1
    while True:
        if text[at] != '"':
            raise ValueError
        key, at = scanstring(text, at + 1)
        at = _after_blanks(text, at)
        if text[at] != ":":
            raise ValueError
        at = _after_blanks(text, at + 1)
        found[key], at = _object(text, at, depth - 1) if depth > 1 and text[at] == "{" else _DECODER.raw_decode(text, at)
        at = _after_blanks(text, at)
        if text[at] == "}":
            return found, at + 1
        if text[at] != ",":
            raise ValueError
        at = _after_blanks(text, at + 1)


def _after_blanks(text: str, at: int) -> int:
    match = _BLANKS.match(text, at)
    return at if match is None else match.end()
