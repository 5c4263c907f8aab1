"""Which `Convention` the user wants: the one named in the settings, or that of the operating system."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from terminal.domain.format import CONVENTIONS, STANDARD, Convention

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LOCALE, CLOCK = "appearance.locale", "appearance.clock"
SYSTEM = "system"


def wanted(get: Callable[[str], Any], environment: Mapping[str, str] | None = None) -> Convention:
    """The convention that the settings (`get` reads one) ask for."""
    name = str(get(LOCALE))
    found = of(system_name(environment)) if name == SYSTEM else CONVENTIONS.get(name, STANDARD)
    return replace(found, clock=get(CLOCK))


def of(name: str) -> Convention:
    """The convention of a locale's name (`de-DE`, `de_DE.UTF-8`, `de`); the standard one where it is not known."""
    tag = name.partition(".")[0].partition("@")[0].replace("_", "-")
    if tag in CONVENTIONS:
        return CONVENTIONS[tag]
    language = tag.partition("-")[0].lower()
    return next((each for known, each in CONVENTIONS.items() if known.partition("-")[0] == language and "-" in known), STANDARD)


def system_name(environment: Mapping[str, str] | None = None) -> str:
    """The name of the system's locale, as it names it; empty where it says none."""
    read = os.environ if environment is None else environment
    named = next((read[name] for name in ("LC_ALL", "LC_NUMERIC", "LANG") if read.get(name)), "")
    if named or environment is not None or sys.platform not in ("win32", "darwin"):
        return named
    return _windows() if sys.platform == "win32" else _mac()


def _windows() -> str:
    import ctypes

    name = ctypes.create_unicode_buffer(85)
    kernel: Any = ctypes.windll.kernel32  # type: ignore[attr-defined,unused-ignore]
    return name.value if kernel.GetUserDefaultLocaleName(name, 85) else ""


def _mac() -> str:
    import plistlib
    from pathlib import Path

    try:
        content = plistlib.loads((Path.home() / "Library/Preferences/.GlobalPreferences.plist").read_bytes())
    except (OSError, ValueError, plistlib.InvalidFileException):
        return ""
    return str(content.get("AppleLocale", ""))
