"""Whether things may move: what the user chose, or what the operating system is set to.

Qt 6.11 tells the system's contrast but not its motion, so each platform is asked in its own way. Nothing known means
that the system does not ask for less.
"""

from __future__ import annotations

import configparser
import os
import sys
from pathlib import Path
from typing import Any

_PATIENCE_MS = 150  # for the desktop's answer
_GTK = ("gtk-4.0/settings.ini", "gtk-3.0/settings.ini")


def less_motion(setting: str) -> bool:
    """Whether nothing may move by the setting `reduced_motion`: yes, no, or as the system says."""
    return system_asks() if setting == "system" else setting == "yes"


def system_asks() -> bool:
    """Whether the operating system is set to less motion."""
    if sys.platform == "win32":
        return _windows()
    if sys.platform == "darwin":
        return _mac()
    config = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return _by_files(config) or _gnome()


def _by_files(config: Path) -> bool:
    """KDE's and GTK's own files."""
    if _number(config / "kdeglobals", "KDE", "AnimationDurationFactor") == 0:
        return True
    return any(_number(config / name, "Settings", "gtk-enable-animations") == 0 for name in _GTK)


def _number(file: Path, section: str, key: str) -> float | None:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(file.read_text("utf-8"))
        text = parser.get(section, key).strip().lower()
        return {"false": 0.0, "true": 1.0}.get(text) if text in ("false", "true") else float(text)
    except (OSError, ValueError, configparser.Error):
        return None


def _gnome() -> bool:
    """What the desktop's portal says of GNOME's switch for animations."""
    if "GNOME" not in os.environ.get("XDG_CURRENT_DESKTOP", "") or not os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
        return False
    from PySide6.QtDBus import QDBusConnection, QDBusInterface

    portal = QDBusInterface("org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop",
                            "org.freedesktop.portal.Settings", QDBusConnection.sessionBus())
    portal.setTimeout(_PATIENCE_MS)
    answer: list[Any] = portal.call("ReadOne", "org.gnome.desktop.interface", "enable-animations").arguments()
    return bool(answer) and answer[0] is False


def _windows() -> bool:
    import ctypes

    animated = ctypes.c_int(1)
    user: Any = ctypes.windll.user32  # type: ignore[attr-defined,unused-ignore]
    return bool(user.SystemParametersInfoW(0x1042, 0, ctypes.byref(animated), 0)) and not animated.value  # client area animation


def _mac() -> bool:
    import plistlib

    try:
        content = plistlib.loads((Path.home() / "Library/Preferences/com.apple.universalaccess.plist").read_bytes())
    except (OSError, ValueError, plistlib.InvalidFileException):
        return False
    return bool(content.get("reduceMotion", False))
