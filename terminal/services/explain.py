"""What a term means, in the words of each mode: resources/explain.toml and every plugin's own explain.toml.

A file holds a table per term with `newbie`, `pro` and, where they differ from the defaults, `title_newbie`, `title_pro`
and `formula`. Fields bring their title and formula with them (`terminal.domain.fields`).
"""

from __future__ import annotations

import json
import logging
import threading
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from terminal.files import write_whole

if TYPE_CHECKING:
    from pathlib import Path

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Text:
    """The words for a term. `text` is empty when nobody has explained it; `formula` when it is not computed."""

    title: str
    text: str
    formula: str = ""


class Explain:
    """Texts by term. Files are read when the first one is asked for; the first file that has a term wins.

    `keep`: where what they say is written down for the next start, which then need not parse them (50 ms).
    """

    def __init__(self, core: Path, plugins: Callable[[], Iterable[Path]] = tuple, keep: Path | None = None) -> None:
        self._core = core
        self._plugins = plugins
        self._keep = keep
        self._lock = threading.Lock()
        self._terms: Mapping[str, Mapping[str, Any]] | None = None

    def text(self, term: str, mode: str = "pro") -> Text:
        """Title, text and formula of `term` in the words of `mode`. An unknown term gives its own name and no text."""
        entry = self._known().get(term, {})
        title = entry.get(f"title_{mode}") or entry.get("title") or term.rpartition(".")[2].replace("_", " ").capitalize()
        return Text(str(title), " ".join(str(entry.get(mode, "")).split()), str(entry.get("formula", "")))

    def terms(self) -> tuple[str, ...]:
        """Every term that has a text."""
        return tuple(sorted(term for term, entry in self._known().items() if entry.get("newbie") or entry.get("pro")))

    def _known(self) -> Mapping[str, Mapping[str, Any]]:
        with self._lock:
            if self._terms is None:
                self._terms = self._read()
            return self._terms

    def _read(self) -> dict[str, dict[str, Any]]:
        from terminal.domain.fields import FIELDS

        paths = (self._core, *self._plugins())
        seal = [[str(path), *_state(path)] for path in paths]
        terms = self._kept(seal)
        if terms is None:
            terms = {}
            for path in paths:
                for term, entry in _load(path).items():
                    terms.setdefault(term, dict(entry))
            self._write(seal, terms)
        fields = FIELDS.values() if isinstance(FIELDS, Mapping) else FIELDS
        for field in fields:
            entry = terms.setdefault(field.name, {})
            entry.setdefault("title", field.title)
            entry.setdefault("formula", field.formula)
        return terms


    def _kept(self, seal: list[Any]) -> dict[str, dict[str, Any]] | None:
        """What an earlier process read from the same files, unchanged since."""
        if self._keep is None:
            return None
        try:
            kept = json.loads(self._keep.read_bytes())
            return dict(kept["terms"]) if kept["seal"] == seal else None
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as problem:
            _log.info("%s was ignored: %s", self._keep, problem)
            return None

    def _write(self, seal: list[Any], terms: dict[str, dict[str, Any]]) -> None:
        if self._keep is None:
            return
        try:
            write_whole(self._keep, json.dumps({"seal": seal, "terms": terms}).encode())
        except (OSError, TypeError) as problem:  # a disk that cannot take it: then the next start reads the files again
            _log.info("%s could not be kept: %s", self._keep, problem)


def _state(path: Path) -> tuple[int, int]:
    """Size and time of a file; zeros where there is none."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_size, found.st_mtime_ns


def _load(path: Path) -> dict[str, Mapping[str, Any]]:
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):  # a plugin's damaged text is no reason to show nothing
        _log.exception("%s cannot be read", path)
        return {}
    found: dict[str, Mapping[str, Any]] = {}
    _flatten(content, "", found)
    return found


def _flatten(content: Mapping[str, Any], prefix: str, found: dict[str, Mapping[str, Any]]) -> None:
    """[verdict.buy] is the term `verdict.buy`, whether or not [verdict] has texts of its own."""
    for key, value in content.items():
        if isinstance(value, Mapping):
            if any(isinstance(inner, str) for inner in value.values()):
                found[prefix + key] = value
            _flatten(value, f"{prefix}{key}.", found)
