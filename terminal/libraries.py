"""The system libraries that Qt needs on Linux, looked for before Qt is loaded: Qt itself would abort without a word of help."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from terminal.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping

# Debian's package -> the file that Qt loads.
_ALWAYS = {
    "libegl1": "libEGL.so.1", "libgl1": "libGL.so.1", "libfontconfig1": "libfontconfig.so.1", "libfreetype6": "libfreetype.so.6",
    "libglib2.0-0": "libglib-2.0.so.0", "libdbus-1-3": "libdbus-1.so.3", "libxkbcommon0": "libxkbcommon.so.0"}
_XCB = {
    "libx11-6": "libX11.so.6", "libx11-xcb1": "libX11-xcb.so.1", "libxcb1": "libxcb.so.1", "libxcb-cursor0": "libxcb-cursor.so.0",
    "libxcb-icccm4": "libxcb-icccm.so.4", "libxcb-image0": "libxcb-image.so.0", "libxcb-keysyms1": "libxcb-keysyms.so.1",
    "libxcb-randr0": "libxcb-randr.so.0", "libxcb-render0": "libxcb-render.so.0",
    "libxcb-render-util0": "libxcb-render-util.so.0",
    "libxcb-shape0": "libxcb-shape.so.0", "libxcb-shm0": "libxcb-shm.so.0", "libxcb-sync1": "libxcb-sync.so.1",
    "libxcb-util1": "libxcb-util.so.1", "libxcb-xfixes0": "libxcb-xfixes.so.0", "libxcb-xkb1": "libxcb-xkb.so.1",
    "libxkbcommon-x11-0": "libxkbcommon-x11.so.0"}


def platform(environment: Mapping[str, str] = os.environ) -> str:
    """The Qt platform that will be used: as set, else wayland or xcb as the session has; "" where there is no screen."""
    chosen = environment.get("QT_QPA_PLATFORM", "").partition(":")[0].partition(";")[0]
    if chosen:
        return chosen
    if environment.get("WAYLAND_DISPLAY"):
        return "wayland"
    return "xcb" if environment.get("DISPLAY") else ""


def missing(qt_platform: str) -> list[str]:
    """Debian packages whose library cannot be loaded; always empty on other systems than Linux."""
    if not sys.platform.startswith("linux"):
        return []
    import ctypes

    wanted = {**_ALWAYS, **(_XCB if qt_platform == "xcb" else {})}
    absent = []
    for package, file in wanted.items():
        try:
            ctypes.CDLL(file)
        except OSError:
            absent.append(package)
    return absent


def require(environment: Mapping[str, str] = os.environ) -> None:
    """UserError with the line to type when Qt could not start here."""
    if not sys.platform.startswith("linux"):
        return
    chosen = platform(environment)
    if not chosen:
        raise UserError("There is no screen to open a window on (neither DISPLAY nor WAYLAND_DISPLAY is set).",
                        "Start it from a desktop session, or give a command: tapeline --help")
    if absent := missing(chosen):
        raise UserError("Qt needs system libraries that are not installed.", install_line(absent))


def install_line(packages: list[str]) -> str:
    """What to type on Debian or Ubuntu."""
    return f"On Debian or Ubuntu: sudo apt-get install -y {' '.join(packages)}"
