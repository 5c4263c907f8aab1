"""How the window looks: colour tokens, one style sheet, the Inter typeface and tinted Lucide icons.

Everything in force sits in one `Theme` kept by the QApplication; `apply` may be called again while running. Every
widget then gets a StyleChange event, which is where painted widgets drop what they have cached.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, fields
from functools import cached_property, lru_cache
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Literal, cast

from PySide6.QtCore import QByteArray, QRectF, QSize
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtWidgets import QApplication

from terminal.paths import resource

if TYPE_CHECKING:
    import sqlite3

    from PySide6.QtWidgets import QWidget

FAMILY = "Inter"
THEMES = ("dark", "light")
PALETTES = ("standard", "colour-blind")
DENSITIES = ("auto", "compact", "normal", "roomy")  # auto: that of the mode
ROW_HEIGHT = {"pro": 24, "newbie": 32, "compact": 22, "normal": 28, "roomy": 36}
PADDING = {"auto": 1.0, "compact": 0.7, "normal": 1.0, "roomy": 1.4}
_PROPERTY = "tapelineTheme"
_FALLBACK_ICON = "square"
_PADDINGS, _LENGTH = re.compile(r"padding[a-z-]*:[^;]*;"), re.compile(r"\b(\d+)px")


@dataclass(frozen=True, slots=True)
class Tokens:
    """Every colour by name, as `#RRGGBB`. The files in resources/theme say what each is for."""

    name: str
    palette: str
    bg0: str
    bg1: str
    bg2: str
    bg3: str
    field: str
    hover: str
    selected: str
    line: str
    line_strong: str
    t1: str
    t2: str
    t3: str
    accent: str
    accent_hover: str
    accent_text: str
    accent_bg: str
    accent_line: str
    on_accent: str
    warn: str
    warn_bg: str
    warn_line: str
    ok: str
    ok_bg: str
    ok_line: str
    error: str
    error_bg: str
    error_line: str
    grid: str
    track: str
    bar_muted: str
    bar_active: str
    average_1: str
    average_2: str
    average_3: str
    link_b: str
    link_c: str
    link_d: str
    past: str
    past_bg: str
    past_line: str
    up: str
    up_text: str
    down: str
    down_text: str

    def color(self, role: str, alpha: int = 255) -> QColor:
        """A token as a QColor; `role` is a token's name."""
        color = QColor(getattr(self, role))
        color.setAlpha(alpha)
        return color


class Theme:
    """What is in force: tokens, font size, density, motion, and the pictures already tinted."""

    def __init__(self, tokens: Tokens, font_px: int, density: str = "auto", motion: str = "no") -> None:
        self.tokens = tokens
        self.font_px = font_px
        self.density = density
        self.motion = motion
        self.pixmaps: dict[tuple[str, str, int, float], QPixmap] = {}
        self.icons: dict[tuple[str, str, int, str], QIcon] = {}

    @property
    def look(self) -> tuple[str, str, int, str, str]:
        """What `apply` was called with."""
        return self.tokens.name, self.tokens.palette, self.font_px, self.density, self.motion

    @cached_property
    def still(self) -> bool:
        """Whether nothing may move. The system is asked when this is first wanted, not before the window is painted."""
        from terminal.ui.motion import less_motion

        return less_motion(self.motion)


@lru_cache(maxsize=8)
def load(theme: str = "dark", palette: str = "standard") -> Tokens:
    """Read the tokens of a theme. Raises ValueError for a name that does not exist or a file that is incomplete."""
    if theme not in THEMES:
        raise ValueError(f"There is no theme {theme!r}; there are {', '.join(THEMES)}.")
    if palette not in PALETTES:
        raise ValueError(f"There is no palette {palette!r}; there are {', '.join(PALETTES)}.")
    content = tomllib.loads(resource("theme", f"{theme}.toml").read_text("utf-8"))
    colors: dict[str, str] = content["colors"] | content["palette"][palette]
    missing = {field.name for field in fields(Tokens)} - {"name", "palette"} - colors.keys()
    if missing:
        raise ValueError(f"The theme {theme} lacks {', '.join(sorted(missing))}.")
    return Tokens(name=theme, palette=palette, **colors)


def apply(app: QApplication, theme: str = "dark", palette: str = "standard", font_px: int = 12, density: str = "auto",
          motion: str = "no") -> Tokens:
    """Dress the application; may be called again at run time.

    `font_px` is the size of body text; `motion` is the setting `reduced_motion`: yes, no, or system.
    """
    found = load(theme, palette)
    if density not in DENSITIES:
        raise ValueError(f"There is no density {density!r}; there are {', '.join(DENSITIES)}.")
    if current() is None:
        app.setStyle("Fusion")
        _load_font()
    app.setProperty(_PROPERTY, Theme(found, font_px, density, motion))
    app.setPalette(_qt_palette(found))
    app.setFont(font(font_px))
    app.setStyleSheet(style_sheet(found, font_px, density))
    return found


def style_sheet(tokens: Tokens, font_px: int, density: str = "auto") -> str:
    """The one style sheet, with tokens and scaled sizes put in, and its paddings at the density."""
    template = resource("theme", "style.qss")
    sizes = {f"px{size}": f"{scaled(size, font_px)}px" for size in range(9, 33)}
    colors = {field.name: getattr(tokens, field.name) for field in fields(Tokens)}
    text = template.read_text("utf-8")
    if PADDING[density] != 1:
        text = _PADDINGS.sub(lambda found: _LENGTH.sub(lambda px: f"{_padded(int(px[1]), density)}px", found[0]), text)
    return Template(text).substitute(colors, **sizes, images=Path(template).parent.as_posix())


def scaled(px: int, font_px: int | None = None) -> int:
    """A size of the design (body text 12) at the user's font size."""
    theme = current()
    body = font_px or (theme.font_px if theme else 12)
    return round(px * body / 12)


def pad(px: int) -> int:
    """A margin or padding of the design at the user's density."""
    theme = current()
    return _padded(px, theme.density if theme else "auto")


def still() -> bool:
    """Whether the user (or the system) asks that nothing moves, fades or flashes."""
    theme = current()
    return theme is not None and theme.still


def current() -> Theme | None:
    """The theme in force, if `apply` has been called."""
    app = QApplication.instance()
    return cast("Theme | None", app.property(_PROPERTY)) if app is not None else None


def tokens() -> Tokens:
    """The tokens in force (the dark theme before `apply`)."""
    theme = current()
    return theme.tokens if theme else load()


def font(px: int = 12, weight: int | QFont.Weight = QFont.Weight.Normal) -> QFont:
    """Inter at `px` pixels with digits of equal width."""
    result = QFont(FAMILY)
    result.setFamilies([FAMILY, "Segoe UI", "Helvetica Neue", "DejaVu Sans"])
    result.setPixelSize(px)
    result.setWeight(QFont.Weight(weight))
    result.setFeature(QFont.Tag("tnum"), 1)
    small = px <= 13
    result.setHintingPreference(QFont.HintingPreference.PreferVerticalHinting if small
                                else QFont.HintingPreference.PreferNoHinting)
    return result


def pixmap(name: str, color: str, size: int = 16, ratio: float = 0.0) -> QPixmap:
    """A Lucide icon in one colour (`#RRGGBB` or a token's name); unknown names give a plain square.

    `ratio` is device pixels for each pixel: by default two, or what the sharpest screen has, if that is more.
    """
    theme = current()
    ratio = ratio or max(2.0, _sharpest())
    tint = color if color.startswith("#") else str(getattr(tokens(), color))
    key = (name, tint, size, ratio)
    if theme is not None and key in theme.pixmaps:
        return theme.pixmaps[key]
    picture = _render(_svg(name).replace("currentColor", tint).replace('stroke-width="2"', 'stroke-width="1.75"'), size, ratio)
    if theme is not None:
        theme.pixmaps[key] = picture
    return picture


def icon(name: str, role: str = "t2", size: int = 16, active: str = "") -> QIcon:
    """A tinted icon; `active` is the token of its checked state. It does not follow a theme change: see form.Button."""
    theme, key = current(), (name, role, size, active)
    if theme is not None and key in theme.icons:
        return QIcon(theme.icons[key])  # a copy, which costs nothing: QtAds deletes the icons it is given
    result = QIcon(pixmap(name, role, size))
    result.addPixmap(pixmap(name, "t3", size), QIcon.Mode.Disabled)
    if active:
        result.addPixmap(pixmap(name, active, size), QIcon.Mode.Normal, QIcon.State.On)
    if theme is not None:
        theme.icons[key] = QIcon(result)
    return result


def set_role(widget: QWidget, **properties: str | bool) -> None:
    """Set style properties (role, tone ...) and restyle the widget when they differ."""
    changed = False
    for name, value in properties.items():
        if widget.property(name) != value:
            widget.setProperty(name, value)
            changed = True
    if changed:
        style = widget.style()
        style.unpolish(widget)
        style.polish(widget)


def row_height(mode: Literal["newbie", "pro"] | str) -> int:
    """Height of a table row: that of the density the user chose, or of the mode; at the user's font size."""
    theme = current()
    density = theme.density if theme else "auto"
    return scaled(ROW_HEIGHT[density if density != "auto" else "newbie" if mode == "newbie" else "pro"])


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.1)."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _padded(px: int, density: str) -> int:
    return max(1, round(px * PADDING[density])) if px else 0


def _sharpest() -> float:
    app = QApplication.instance()
    return app.devicePixelRatio() if isinstance(app, QApplication) else 1.0


def _luminance(color: str) -> float:
    parts = (int(color[place:place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _qt_palette(found: Tokens) -> QPalette:
    roles = QPalette.ColorRole
    palette = QPalette()
    for role, token in ((roles.Window, "bg0"), (roles.Base, "bg1"), (roles.AlternateBase, "bg1"), (roles.Text, "t1"),
                        (roles.WindowText, "t1"), (roles.Button, "bg2"), (roles.ButtonText, "t1"),
                        (roles.Highlight, "selected"), (roles.HighlightedText, "t1"), (roles.ToolTipBase, "bg3"),
                        (roles.ToolTipText, "t1"), (roles.PlaceholderText, "t3"), (roles.Link, "accent_text"),
                        (roles.LinkVisited, "accent_text"), (roles.Mid, "line_strong"), (roles.Dark, "line")):
        palette.setColor(role, found.color(token))
    for role in (roles.Text, roles.WindowText, roles.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, found.color("t3"))
    return palette


def _load_font() -> None:
    from importlib.resources import files

    for entry in files("fontpkg_inter").joinpath("files").iterdir():
        if entry.name.endswith(".ttf") and "Italic" not in entry.name:
            QFontDatabase.addApplicationFontFromData(QByteArray(entry.read_bytes()))


def _render(svg: str, size: int, ratio: float) -> QPixmap:
    from PySide6.QtCore import Qt  # its enums cost 15 ms, which the first paint can do without
    from PySide6.QtSvg import QSvgRenderer

    picture = QPixmap(QSize(round(size * ratio), round(size * ratio)))
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    QSvgRenderer(QByteArray(svg.encode())).render(painter, QRectF(picture.rect()))
    painter.end()
    picture.setDevicePixelRatio(ratio)
    return picture


@lru_cache(maxsize=256)
def _svg(name: str) -> str:
    """The icon's SVG from python-lucide's data file. Its package costs 50 ms to import, its file 5 ms to read."""
    connection = _icons()
    if connection is None:
        return _PLAIN
    row = connection.execute("SELECT svg FROM icons WHERE name = ? OR name = (SELECT name FROM icon_aliases WHERE alias = ?)",
                             (name, name)).fetchone()
    return str(row[0]) if row else _PLAIN if name == _FALLBACK_ICON else _svg(_FALLBACK_ICON)


@lru_cache(maxsize=1)
def _icons() -> sqlite3.Connection | None:
    """The file of icons, opened once: to open it costs ten times as much as to read an icon. None where it is missing."""
    import sqlite3
    from importlib.util import find_spec

    spec = find_spec("lucide")
    if spec is None or not spec.submodule_search_locations:
        return None
    path = Path(spec.submodule_search_locations[0], "data", "lucide-icons.db")
    return sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, check_same_thread=False)  # only ever read


_PLAIN = ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2">'
          '<rect x="4" y="4" width="16" height="16" rx="2"/></svg>')
