"""The building blocks of panels: labels, buttons, cards, chips, segments, banners, empty states, sections.

All look through the one style sheet (`role` and `tone` properties) and follow a theme change by themselves. Tones are
"", "ok", "warn", "error", "up", "down", "accent", "muted"; banners also know "info" and "simulated".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import (
    QBoxLayout,
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from terminal.ui import theme
from terminal.ui.layout import Flow
from terminal.ui.slider import RangeSlider

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PySide6.QtGui import QKeyEvent, QMouseEvent
    from PySide6.QtWidgets import QLayout

__all__ = ["Banner", "Button", "Card", "Chip", "ChipRow", "EmptyState", "Flow", "Glyph", "IconButton", "MetricCard",
           "RangeSlider", "Section", "SectionTitle", "Segment", "column", "ghost", "label", "line", "primary", "reveal",
           "row"]

_SHELL_LINE = re.compile(r"`tapeline ([a-z]+) ([a-z-]+)[^`]*`")
_BANNER_ICONS = {"info": ("info", "accent_text"), "ok": ("circle-check", "ok"), "warn": ("triangle-alert", "warn"),
                 "error": ("circle-x", "error"), "simulated": ("flask-conical", "warn")}


def in_window(text: str) -> str:
    """A sentence written for the shell as one for the window: its command lines are typed into the search (Ctrl+K) here."""
    return _SHELL_LINE.sub(lambda found: f"“{found[1]} {found[2]}” (Ctrl+K)", text)


def label(text: str = "", role: str = "", tone: str = "", *, wrap: bool = False, parent: QWidget | None = None) -> QLabel:
    """A label in a text role of the style sheet: display, h1, h2, strong, body, muted, caps, value, kbd."""
    result = QLabel(text, parent)
    result.setTextFormat(Qt.TextFormat.PlainText)
    theme.set_role(result, role=role, tone=tone)
    if wrap:
        result.setWordWrap(True)
        result.setMinimumWidth(40)
    return result


def row(*items: QWidget | QLayout | int, spacing: int = 8, margins: tuple[int, int, int, int] = (0, 0, 0, 0)) -> QHBoxLayout:
    """A horizontal layout of widgets and layouts; a positive number is space in pixels, 0 takes up what is left."""
    result = QHBoxLayout()
    _fill(result, items, spacing, margins)
    return result


def column(*items: QWidget | QLayout | int, spacing: int = 8, margins: tuple[int, int, int, int] = (0, 0, 0, 0)) -> QVBoxLayout:
    """As `row`, from top to bottom."""
    result = QVBoxLayout()
    _fill(result, items, spacing, margins)
    return result


def _fill(layout: QBoxLayout, items: Sequence[QWidget | QLayout | int], spacing: int, margins: tuple[int, int, int, int]) -> None:
    layout.setContentsMargins(*margins)
    layout.setSpacing(spacing)
    for item in items:
        if isinstance(item, QWidget):
            layout.addWidget(item)
        elif isinstance(item, int):
            layout.addSpacing(item) if item else layout.addStretch(1)
        else:
            layout.addLayout(item)


def reveal(widget: QWidget, on: bool = True) -> None:
    """Show or hide. A widget not yet placed is only marked: shown at once it would flash up as a window of its own."""
    if on and widget.parentWidget() is None:
        widget.setAttribute(Qt.WidgetAttribute.WA_WState_ExplicitShowHide, False)
    else:
        widget.setVisible(on)


def line() -> QFrame:
    """A thin separator."""
    result = QFrame()
    theme.set_role(result, role="line")
    result.setFixedHeight(1)
    return result


class Button(QPushButton):
    """A push button whose icon follows the theme. Roles: "" plain, primary, ghost, link, danger."""

    def __init__(self, text: str, role: str = "", icon: str = "", on_click: Callable[[], object] | None = None,
                 tip: str = "") -> None:
        super().__init__(text)
        self._icon = icon
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip(tip)
        self.setAccessibleName(text or tip)
        self.setAutoDefault(False)
        theme.set_role(self, role=role)
        if on_click is not None:
            self.clicked.connect(lambda *_: on_click())
        self._tint()

    def set_icon(self, name: str) -> None:
        """Another Lucide icon; "" for none."""
        self._icon = name
        self._tint()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._tint()

    def _tint(self) -> None:
        if self._icon:
            role = {"primary": "on_accent", "danger": "error", "link": "accent_text"}.get(self.property("role") or "", "t2")
            self.setIcon(theme.icon(self._icon, role, theme.scaled(14)))
            self.setIconSize(QSize(theme.scaled(14), theme.scaled(14)))


def primary(text: str, icon: str = "", on_click: Callable[[], object] | None = None) -> Button:
    """The one button a view wants pressed."""
    return Button(text, "primary", icon, on_click)


def ghost(text: str, icon: str = "", on_click: Callable[[], object] | None = None) -> Button:
    """A quiet button, for toolbars."""
    return Button(text, "ghost", icon, on_click)


class IconButton(QToolButton):
    """A tool button that shows only an icon; `name` is what a screen reader says and the tooltip."""

    def __init__(self, icon: str, name: str, on_click: Callable[[], object] | None = None, *, checkable: bool = False,
                 size: int = 16) -> None:
        super().__init__()
        self._icon = icon
        self._size = size
        self.setCheckable(checkable)
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        if on_click is not None:
            self.clicked.connect(lambda *_: on_click())
        self._tint()

    def set_icon(self, name: str) -> None:
        self._icon = name
        self._tint()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._tint()

    def _tint(self) -> None:
        size = theme.scaled(self._size)
        self.setIcon(theme.icon(self._icon, "t2", size, active="accent_text"))
        self.setIconSize(QSize(size, size))


class Glyph(QLabel):
    """A Lucide icon as a picture; it follows the theme. Decorative unless given a name."""

    def __init__(self, icon: str, role: str = "t2", size: int = 16, name: str = "") -> None:
        super().__init__()
        self._what = (icon, role, size)
        self.setAccessibleName(name)
        self._tint()

    def set_icon(self, icon: str, role: str) -> None:
        self._what = (icon, role, self._what[2])
        self._tint()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._tint()

    def _tint(self) -> None:
        icon, role, size = self._what[0], self._what[1], theme.scaled(self._what[2])
        self.setFixedSize(size, size)
        self.setPixmap(theme.pixmap(icon, role, size))


class Card(QFrame):
    """A raised box; add to `body`. With `clickable` it takes the focus and emits `clicked`."""

    clicked = Signal()

    def __init__(self, *items: QWidget | QLayout | int, clickable: bool = False, spacing: int = 4) -> None:
        super().__init__()
        self._clickable = clickable
        theme.set_role(self, role="card", clickable=clickable)
        self.body = column(*items, spacing=spacing, margins=(10, 8, 10, 8))
        self.setLayout(self.body)
        if clickable:
            self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            self.setCursor(Qt.CursorShape.PointingHandCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._clickable and event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.clicked.emit()
        super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._clickable and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.clicked.emit()
            return
        super().keyPressEvent(event)


class MetricCard(Card):
    """Label, value and one line of context ("sector 24.1×"); in Newbie mode also a sentence."""

    def __init__(self, title: str, value: str = "–", context: str = "", tone: str = "muted", *, sentence: str = "",
                 tip: str = "", clickable: bool = False) -> None:
        self._title = label(title, "muted", wrap=True)
        self._value = label(value, "value")
        self._context = label("", "muted", wrap=True)
        self._sentence = label("", "body", wrap=True)
        super().__init__(self._title, self._value, self._context, self._sentence, clickable=clickable, spacing=2)
        self.body.addStretch(1)
        self.set_value(value, context, tone, sentence=sentence, tip=tip)

    def set_title(self, title: str) -> None:
        """Another label, as when the mode changes; before `set_value`."""
        self._title.setText(title)

    def set_value(self, value: str, context: str = "", tone: str = "muted", *, sentence: str = "",
                  tip: str = "") -> None:
        """Show other numbers; `tip` is rich text, normally badge.provenance_html(...)."""
        self._value.setText(value)
        theme.set_role(self._value, tone="muted" if value == "–" else "")
        self._context.setText(context)
        self._context.setVisible(bool(context))
        theme.set_role(self._context, tone=tone)
        self._sentence.setText(sentence)
        self._sentence.setVisible(bool(sentence))
        self.setToolTip(tip)
        spoken = "unknown" if value == "–" else value
        self.setAccessibleName(f"{self._title.text()}: {spoken}")
        self.setAccessibleDescription(". ".join(part for part in (context, sentence) if part))


class Chip(QFrame):
    """A small rounded label. `removable` adds a cross (and the Delete key); `clickable` takes clicks and Enter."""

    removed = Signal()
    clicked = Signal()

    def __init__(self, text: str, tone: str = "", *, removable: bool = False, clickable: bool = False, tip: str = "") -> None:
        super().__init__()
        self.text = text
        self._removable = removable
        self._clickable = clickable
        self.setAccessibleName(text)
        self.setToolTip(tip)
        theme.set_role(self, role="chip", tone=tone)
        self._label = label(text)
        box = row(self._label, spacing=4, margins=(9, 0, 5 if removable else 9, 0))
        self.setLayout(box)
        self.setFixedHeight(theme.scaled(22))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        if removable:
            cross = IconButton("x", f"Remove {text}", self.removed.emit, size=12)
            cross.setFixedSize(theme.scaled(14), theme.scaled(14))
            cross.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            box.addWidget(cross)
        if removable or clickable:
            self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        if clickable:
            self.setCursor(Qt.CursorShape.PointingHandCursor)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and self.minimumHeight() != theme.scaled(22):
            self.setFixedHeight(theme.scaled(22))

    def set_text(self, text: str, tone: str = "") -> None:
        self.text = text
        self._label.setText(text)
        self.setAccessibleName(text)
        theme.set_role(self, tone=tone)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._clickable and event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.clicked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._removable and event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.removed.emit()
        elif self._clickable and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.clicked.emit()
        else:
            super().keyPressEvent(event)


class ChipRow(QWidget):
    """Chips on one line; those without room collapse into "+3", whose menu lists them."""

    removed = Signal(str)
    clicked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._chips: list[tuple[str, Chip]] = []
        self._more = Button("+0", on_click=self._show_rest)
        self._more.setParent(self)
        self._more.hide()
        theme.set_role(self._more, role="ghost")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_chips(self, chips: Sequence[tuple[str, str] | tuple[str, str, str]], *, removable: bool = True) -> None:
        """Show (key, text) or (key, text, tone); the signals carry the key."""
        for _, old in self._chips:
            old.hide()
            old.deleteLater()
        self._chips = []
        for key, text, *tone in chips:
            chip = Chip(text, tone[0] if tone else "", removable=removable, clickable=True)
            chip.setParent(self)
            chip.removed.connect(lambda key=key: self.removed.emit(key))
            chip.clicked.connect(lambda key=key: self.clicked.emit(key))
            self._chips.append((key, chip))
        self._place()
        self.updateGeometry()

    @property
    def hidden_keys(self) -> list[str]:
        """Keys of the chips that are collapsed."""
        return [key for key, chip in self._chips if chip.isHidden()]

    def sizeHint(self) -> QSize:
        width = sum(chip.sizeHint().width() + 6 for _, chip in self._chips)
        return QSize(width, theme.scaled(26))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.scaled(48), theme.scaled(26))

    def resizeEvent(self, event: QEvent) -> None:
        self._place()

    def _place(self) -> None:
        widths = [chip.sizeHint().width() for _, chip in self._chips]
        room = self.width()
        fits = len(widths)
        if sum(widths) + 6 * max(0, len(widths) - 1) > room:
            room -= theme.scaled(44)
            fits, used = 0, 0
            while fits < len(widths) and used + widths[fits] <= room:
                used += widths[fits] + 6
                fits += 1
        left = 0
        for place, (_, chip) in enumerate(self._chips):
            chip.setVisible(place < fits)
            if place < fits:
                height = chip.minimumHeight()
                chip.setGeometry(QRect(left, (self.height() - height) // 2, widths[place], height))
                left += widths[place] + 6
        rest = len(self._chips) - fits
        self._more.setVisible(rest > 0)
        if rest > 0:
            self._more.setText(f"+{rest}")
            self._more.setAccessibleName(f"{rest} more")
            size = self._more.sizeHint()
            self._more.setGeometry(QRect(left, (self.height() - size.height()) // 2, size.width(), size.height()))

    def _show_rest(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for key, chip in self._chips:
            if chip.isHidden():
                menu.addAction(chip.text).triggered.connect(lambda *_, key=key: self.clicked.emit(key))
        menu.popup(self._more.mapToGlobal(self._more.rect().bottomLeft()))


class _Option(QPushButton):
    """One choice; as wide as it is when it is chosen, because it is written bold then."""

    def sizeHint(self) -> QSize:
        bold = self.font()
        bold.setWeight(bold.Weight.DemiBold)
        more = QFontMetrics(bold).horizontalAdvance(self.text()) - self.fontMetrics().horizontalAdvance(self.text())
        return super().sizeHint() + QSize(max(0, more), 0)


class Segment(QFrame):
    """A few exclusive choices side by side; `changed(value)` on the user's choice. Arrow keys move."""

    changed = Signal(str)

    def __init__(self, options: Sequence[tuple[str, str]], value: str = "", name: str = "") -> None:
        super().__init__()
        theme.set_role(self, role="segment")
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QPushButton] = {}
        self._box = row(spacing=0, margins=(2, 2, 2, 2))
        self.setLayout(self._box)
        self.offer(options)
        self.set_value(value or (options[0][0] if options else ""))

    def offer(self, options: Sequence[tuple[str, str]]) -> None:
        """Other choices; the one chosen stays where it is among them, else it is the first."""
        if [key for key, _ in options] == list(self._buttons):
            return
        chosen, name = self.value, self.accessibleName()
        for button in self._buttons.values():
            self._group.removeButton(button)
            self._box.removeWidget(button)
            button.hide()
            button.deleteLater()
        self._buttons = {}
        for key, text in options:
            button = _Option(text)
            button.setCheckable(True)
            button.setAutoDefault(False)
            button.setCursor(Qt.CursorShape.PointingHandCursor)
            button.setAccessibleName(f"{name}: {text}" if name else text)
            button.clicked.connect(lambda _, key=key: self.changed.emit(key))
            self._group.addButton(button)
            self._buttons[key] = button
            self._box.addWidget(button)
        self.set_value(chosen if chosen in self._buttons else options[0][0] if options else "")

    @property
    def value(self) -> str:
        return next((key for key, button in self._buttons.items() if button.isChecked()), "")

    def set_value(self, value: str) -> None:
        """Choose without telling."""
        if value in self._buttons:
            self._buttons[value].setChecked(True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        keys = list(self._buttons)
        if not step or self.value not in keys:
            super().keyPressEvent(event)
            return
        chosen = keys[(keys.index(self.value) + step) % len(keys)]
        self._buttons[chosen].setFocus()
        self._buttons[chosen].click()


class Banner(QFrame):
    """A message across a panel: tone info, ok, warn, error or simulated; one action at most; may be dismissed."""

    def __init__(self, text: str, tone: str = "info", *, title: str = "", action: str = "",
                 on_action: Callable[[], object] | None = None, dismissable: bool = False) -> None:
        super().__init__()
        self._icon = Glyph("info")
        self._title = label("", "strong")
        self._text = label("", "", wrap=True)
        self._action = Button(action, "primary", on_click=lambda: self._on_action() if self._on_action else None)
        self._on_action = on_action
        words = column(self._title, self._text, spacing=1)
        box = row(self._icon, spacing=10, margins=(12, 7, 10, 7))
        box.addLayout(words, 1)
        box.addWidget(self._action)
        if dismissable:
            box.addWidget(IconButton("x", "Dismiss", self.hide, size=14))
        self.setLayout(box)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self.show_message(text, tone, title=title, action=action, on_action=on_action)
        reveal(self, bool(text or title))

    def show_message(self, text: str, tone: str = "info", *, title: str = "", action: str = "",
                     on_action: Callable[[], object] | None = None) -> None:
        """Say something else, and be visible."""
        theme.set_role(self, role="banner", tone=tone)
        self._icon.set_icon(*_BANNER_ICONS.get(tone, _BANNER_ICONS["info"]))
        text = in_window(text)
        self._title.setText(title)
        self._title.setVisible(bool(title))
        self._text.setText(text)
        self._on_action = on_action
        self._action.setText(action)
        self._action.setAccessibleName(action)
        self._action.setVisible(bool(action))
        self.setAccessibleName(f"{title} {text}".strip())
        reveal(self)


class EmptyState(QWidget):
    """What a panel shows instead of nothing: an icon, what is the matter, and what to do."""

    def __init__(self, title: str = "", text: str = "", icon: str = "inbox", action: str = "",
                 on_action: Callable[[], object] | None = None) -> None:
        super().__init__()
        self._icon = Glyph(icon, "t3", 28)
        self._title = label(title, "h2")
        self._text = label(text, "body", wrap=True)
        self._on_action = on_action
        self._action = Button(action, "primary", on_click=lambda: self._on_action() if self._on_action else None)
        for item in (self._title, self._text):
            item.setAlignment(Qt.AlignmentFlag.AlignCenter)
        box = column(0, spacing=8, margins=(24, 16, 24, 16))
        self.setLayout(box)
        box.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignHCenter)
        box.addWidget(self._title)
        box.addWidget(self._text)
        box.addWidget(self._action, 0, Qt.AlignmentFlag.AlignHCenter)
        box.addStretch(1)
        self.set_message(title, text, icon, action, on_action)

    def set_message(self, title: str, text: str = "", icon: str = "inbox", action: str = "",
                    on_action: Callable[[], object] | None = None) -> None:
        text = in_window(text)
        self._icon.set_icon(icon, "t3")
        self._title.setText(title)
        self._text.setText(text)
        self._text.setVisible(bool(text))
        self._on_action = on_action
        self._action.setText(action)
        self._action.setAccessibleName(action)
        self._action.setVisible(bool(action))
        self.setAccessibleName(f"{title}. {text}".strip())


class SectionTitle(QWidget):
    """A heading with room at the right for a note or a widget."""

    def __init__(self, title: str, note: str = "", *widgets: QWidget) -> None:
        super().__init__()
        self.setLayout(row(label(title, "h2"), 0, label(note, "muted"), *widgets, spacing=6))
        self.setAccessibleName(title)


class Section(QWidget):
    """A heading that folds what is below it; add to `body`."""

    toggled = Signal(bool)

    def __init__(self, title: str, *items: QWidget | QLayout | int, open: bool = True, note: str = "") -> None:
        super().__init__()
        self.content = QWidget()
        self.body = column(*items, spacing=8, margins=(0, 2, 0, 8))
        self.content.setLayout(self.body)
        self._head = Button(title, "fold", "chevron-down", on_click=lambda: self.set_open(not self.open))
        self._note = label(note, "muted")
        self.setLayout(column(row(self._head, 0, self._note), self.content, spacing=0))
        self.open = not open
        self.set_open(open)

    def set_open(self, open: bool) -> None:
        if open == self.open:
            return
        self.open = open
        self.content.setVisible(open)
        self._head.set_icon("chevron-down" if open else "chevron-right")
        self._head.setAccessibleDescription("open" if open else "closed")
        self.toggled.emit(open)

    def set_title(self, title: str) -> None:
        """Another heading, as when the mode changes."""
        self._head.setText(title)
        self._head.setAccessibleName(title)

    def set_note(self, note: str) -> None:
        self._note.setText(note)

    def hide_heading(self) -> None:
        """For what needs no name: always open, and no room above and below."""
        self.set_open(True)
        self._head.hide()
        self._note.hide()
        self.body.setContentsMargins(0, 0, 0, 0)
