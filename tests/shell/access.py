"""What a screen reader and an eye that follows the keyboard get to see of a window: for tests."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDateEdit,
    QLabel,
    QLineEdit,
    QMenu,
    QScrollArea,
    QWidget,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROLE = QAccessible.Role
INTERACTIVE = {_ROLE.PushButton, _ROLE.CheckBox, _ROLE.RadioButton, _ROLE.EditableText, _ROLE.ComboBox, _ROLE.Slider,
               _ROLE.SpinBox, _ROLE.ButtonMenu, _ROLE.ButtonDropDown, _ROLE.List, _ROLE.Table, _ROLE.Tree, _ROLE.MenuItem,
               _ROLE.PageTab, _ROLE.Dialog, _ROLE.Link, _ROLE.ProgressBar, _ROLE.Dial}
_ITEMS = (_ROLE.List, _ROLE.Table, _ROLE.Tree)  # their rows are told by the model and need no walk


def nameless(root: QWidget) -> list[str]:
    """Where below `root` something can be used, or can take the keyboard, and has no name."""
    return list(dict.fromkeys(_nameless(QAccessible.queryAccessibleInterface(root), "")))


def _nameless(node: Any, path: str) -> Iterator[str]:
    if node is None or node.state().invisible:
        return
    thing, role = node.object(), node.role()
    here = f"{path}/{type(thing).__name__ if thing is not None else role}"
    takes_keys = node.state().focusable and thing is not None and thing.isWidgetType()
    if (role in INTERACTIVE or takes_keys) and not node.text(QAccessible.Text.Name) and not _inner(thing):
        yield f"{here} {role}"
    if role not in _ITEMS:
        for place in range(node.childCount()):
            yield from _nameless(node.child(place), here)


def _inner(thing: Any) -> bool:
    """Parts of a composed control are named by it."""
    parent = thing.parent() if thing is not None else None
    return isinstance(parent, (QAbstractSpinBox, QComboBox, QDateEdit)) and bool(parent.accessibleName())


def focusable(root: QWidget) -> list[QWidget]:
    """What Tab can reach below `root`, one of each kind."""
    found: dict[tuple[str, str, str], QWidget] = {}
    for each in root.findChildren(QWidget):
        if each.isVisible() and each.isEnabled() and each.focusPolicy() & Qt.FocusPolicy.TabFocus and not each.focusProxy():
            found.setdefault((type(each).__name__, str(each.property("role")), each.objectName()), each)
    return list(found.values())


def shows_focus(window: QWidget, widget: QWidget) -> bool | None:
    """Whether the picture of `widget` and what is just round it differs while it has the keyboard; None: it takes none."""
    page = widget.parentWidget()
    while page is not None and not isinstance(page, QScrollArea):
        page = page.parentWidget()
    until = monotonic() + 2.0
    while page is not None:  # what is still being laid out moves away again
        page.ensureWidgetVisible(widget)
        QApplication.processEvents()
        if not widget.isVisible():
            return None
        seen = widget.visibleRegion().boundingRect().height()
        if seen >= min(widget.height(), page.viewport().height()) or monotonic() > until:
            break
    window.setFocus()
    QApplication.processEvents()
    before = _picture(window, widget)
    widget.setFocus(Qt.FocusReason.TabFocusReason)
    QApplication.processEvents()
    if not widget.hasFocus():
        return None  # it has handed the keyboard on
    after = _picture(window, widget)
    window.setFocus()
    return bool(before != after)


def _picture(window: QWidget, widget: QWidget) -> Any:
    area = QRect(widget.mapTo(window, QPoint(0, 0)), widget.size()).adjusted(-3, -3, 3, 3)
    return window.grab(area & window.rect()).toImage()


def cut_off(root: QWidget) -> list[str]:
    """Texts below `root` that have less room than they need, and pages that are wider than what shows them."""
    found = []
    for each in root.findChildren(QWidget):
        if not each.isVisible():
            continue
        text = each.text() if isinstance(each, (QLabel, QAbstractButton)) else ""
        if isinstance(each, QLabel) and text and each.wordWrap() and each.height() < each.heightForWidth(each.width()) - 1:
            found.append(f"lines of {text[:50]!r}")
        elif isinstance(each, QLabel) and text and not each.toolTip() and each.width() < each.sizeHint().width() - 1:
            found.append(f"end of {text[:50]!r}")
        elif isinstance(each, QAbstractButton) and text and each.width() < each.minimumSizeHint().width() - 1:
            found.append(f"button {text[:50]!r}")
        if isinstance(each, (QLabel, QLineEdit, QComboBox)) and each.height() < each.minimumSizeHint().height() - 1:
            found.append(f"height of {type(each).__name__} {(text or each.accessibleName())[:50]!r}")
    for area in root.findChildren(QScrollArea):
        page = area.widget()
        fixed = area.horizontalScrollBarPolicy() == Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        if fixed and page is not None and page.isVisible() and page.width() > area.viewport().width() + 1:
            found.append(f"page of {area.accessibleName()!r}: {page.width()} in {area.viewport().width()}")
    return found


def over(window: QWidget) -> list[QWidget]:
    """Menus, popups and dialogs that are open beside the window."""
    return [each for each in QApplication.topLevelWidgets() if each.isVisible() and each is not window]


def close_all(window: QWidget) -> None:
    """Close what is open beside the window."""
    for each in over(window):
        each.hide() if isinstance(each, QMenu) else each.close()
