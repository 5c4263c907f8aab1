"""The docks: where panels live, how they are opened, hidden at the edge, saved and put back.

A dock holds a `Slot`, an empty place that asks for its panel when it is first seen; so a panel's module is imported
when somebody looks at it and not before. QtAds does the dragging; this module gives its buttons names and icons and
knows the default arrangement: left, centre, right, and a strip below the centre.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import PySide6QtAds as ads  # noqa: N813
from PySide6.QtCore import QByteArray, QObject, QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QApplication, QMainWindow, QScrollArea, QWidget
from shiboken6 import isValid

from terminal.shell.arrangement import VERSION, fitted, from_saved, from_text, to_text, to_xml
from terminal.shell.slot import Slot
from terminal.ui import theme

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from terminal.api import Panel

log = logging.getLogger(__name__)
LEFT, RIGHT, BOTTOM = 280, 420, 260
SIDES = {"left": ads.LeftDockWidgetArea, "right": ads.RightDockWidgetArea, "bottom": ads.BottomDockWidgetArea,
         "center": ads.CenterDockWidgetArea}
EDGE = {"left": ads.SideBarLeft, "right": ads.SideBarRight, "bottom": ads.SideBarBottom}
BUTTONS = {ads.TitleBarButtonTabsMenu: ("List the tabs of this group", "chevron-down"),
           ads.TitleBarButtonUndock: ("Float this group in its own window", "picture-in-picture-2"),
           ads.TitleBarButtonAutoHide: ("Hide this panel at the edge", "panel-{}-close"),
           ads.TitleBarButtonClose: ("Close this group", "x"),
           ads.TitleBarButtonMinimize: ("Put this panel back to the edge", "minus")}


class Docks(QObject):
    """All docks of a window. `build(panel) -> QWidget` makes a panel and must not raise."""

    changed = Signal()
    dressed = Signal(object)  # a dock area whose title bar has its names and icons
    entered = Signal(str)  # the panel the keyboard went to

    def __init__(self, parent: QWidget, icon: Callable[[str], QIcon],
                 build: Callable[[Panel, Callable[[QWidget], None]], None]) -> None:
        super().__init__(parent)
        self._icon, self._build = icon, build
        self._panels: dict[str, Panel] = {}
        self._docks: dict[str, Any] = {}
        self._slots: dict[str, Slot] = {}
        self._narrowed: set[str] = set()
        self._loose: set[str] = set()
        self._last_focus: dict[str, QWidget] = {}
        self.last_used = ""
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._focus_moved)
        self.frame = QMainWindow()  # without a parent until a layout takes it: with one it would stay a window of its own
        self.frame.setObjectName("docks")
        self._manager = self._make_manager()
        self._holder = QWidget(self.frame)
        self._holder.hide()

    def _make_manager(self) -> Any:
        kind = ads.CDockManager
        kind.setConfigFlags(kind.DefaultOpaqueConfig)
        kind.setConfigFlag(kind.DockAreaHasCloseButton, False)
        kind.setConfigFlag(kind.DockAreaDynamicTabsMenuButtonVisibility, True)
        kind.setConfigFlag(kind.FocusHighlighting, False)
        kind.setConfigFlag(kind.AlwaysShowTabs, True)
        kind.setConfigFlag(kind.DisableTabTextEliding, True)
        kind.setAutoHideConfigFlags(kind.DefaultAutoHideConfig)
        manager = kind(self.frame)
        manager.setStyleSheet("")
        self._register_icons(manager)
        manager.dockAreaCreated.connect(self._dress)
        manager.autoHideWidgetCreated.connect(lambda _: QTimer.singleShot(0, self, self.dress_all))
        return manager

    def _register_icons(self, manager: Any) -> None:
        provider = manager.iconProvider()
        for key, name in ((ads.AutoHideIcon, "panel-left-close"), (ads.TabCloseIcon, "x"), (ads.DockAreaMenuIcon, "chevron-down"),
                          (ads.DockAreaUndockIcon, "picture-in-picture-2"), (ads.DockAreaCloseIcon, "x"),
                          (ads.DockAreaMinimizeIcon, "minus")):
            provider.registerCustomIcon(key, QIcon(self._icon(name)))  # it takes what it is given for good

    # ---- arrangement ----

    def add(self, panels: Iterable[Panel]) -> None:
        """Make a dock for each panel, not yet placed anywhere."""
        for panel in panels:
            dock = ads.CDockWidget(self._manager, panel.title)
            dock.setObjectName(panel.id)
            slot = self._slots[panel.id] = Slot(panel.id)
            slot.wanted.connect(self._fill)
            dock.setWidget(slot, ads.CDockWidget.ForceNoScrollArea)
            dock.setMinimumSizeHintMode(ads.CDockWidget.MinimumSizeHintFromDockWidget)
            dock.viewToggled.connect(lambda _: self.changed.emit())
            self._panels[panel.id], self._docks[panel.id] = panel, dock

    def arrange(self, opened: Iterable[str]) -> None:
        """The default layout with the panels named open."""
        wanted = set(opened)
        ranked = sorted(self._panels.values(), key=lambda panel: (panel.order, panel.id))
        for area in ("center", "left", "right", "bottom"):
            for panel in ranked:
                if panel.area == area and panel.id in wanted:
                    self._place(panel)
            first = next((panel for panel in ranked if panel.area == area and panel.id in wanted), None)
            if first is not None:
                self._docks[first.id].setAsCurrentTab()
        self.dress_all()
        QTimer.singleShot(0, self, self.resize_areas)

    def _place(self, panel: Panel) -> None:
        dock, neighbour = self._docks[panel.id], self._area_of(panel.area, but=panel.id)
        if neighbour is not None:
            self._manager.addDockWidget(ads.CenterDockWidgetArea, dock, neighbour)
        elif panel.area == "bottom" and (centre := self._area_of("center", but=panel.id)) is not None:
            self._manager.addDockWidget(ads.BottomDockWidgetArea, dock, centre)
        else:
            self._manager.addDockWidget(SIDES[panel.area], dock)

    def _area_of(self, area: str, but: str) -> Any:
        for panel in self._panels.values():
            dock = self._docks[panel.id]
            if panel.area != area or panel.id == but or dock.isClosed() or dock.isFloating() or dock.isAutoHide():
                continue
            if dock.dockAreaWidget() is not None and not dock.isInFloatingContainer():
                return dock.dockAreaWidget()
        return None

    def resize_areas(self) -> None:
        """Give the side areas their widths and the rest to the centre."""
        widths = {"left": LEFT, "right": RIGHT}
        for panel in self._panels.values():
            if panel.area in widths and panel.width:
                widths[panel.area] = panel.width
        total = self.frame.width()
        row = [(area, self._area_of(area, but="")) for area in ("left", "center", "right")]
        present = [(area, widget) for area, widget in row if widget is not None]
        sides = sum(widths.get(area, 0) for area, _ in present)
        sizes = [widths.get(area, max(total - sides, 200)) for area, _ in present]
        for area, widget in present:
            if area != "center" and len(sizes) > 1:
                self._manager.setSplitterSizes(widget, sizes)
                break
        below, centre = self._area_of("bottom", but=""), self._area_of("center", but="")
        if below is not None and centre is not None:
            self._manager.setSplitterSizes(below, [max(self.frame.height() - BOTTOM, 200), BOTTOM])

    # ---- opening and closing ----

    def ids(self) -> list[str]:
        return list(self._panels)

    def open_ids(self) -> list[str]:
        return [key for key, dock in self._docks.items() if dock.dockAreaWidget() is not None and not dock.isClosed()]

    def current(self, panel_id: str) -> bool:
        """Whether the panel can be seen now."""
        return panel_id in self._docks and self.slot(panel_id).isVisible()

    def slot(self, panel_id: str) -> Slot:
        return self._slots[panel_id]

    def take(self, panel_id: str, width: int, height: int) -> Slot:
        """Take a panel out of its dock for good, as a window of its own that is not on the screen."""
        slot: Slot = self._docks[panel_id].takeWidget()
        self._loose.add(panel_id)
        slot.setParent(None)
        slot.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
        slot.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        slot.resize(width, height)
        slot.show()
        return slot

    def open(self, panel_id: str) -> None:
        """Bring a panel to the front, wherever it is."""
        dock = self._docks[panel_id]
        if dock.dockAreaWidget() is None:
            self._place(self._panels[panel_id])
            QTimer.singleShot(0, self, self.resize_areas)
        elif dock.isClosed():
            dock.toggleView(True)
        if dock.isAutoHide():
            dock.autoHideDockContainer().collapseView(False)
        else:
            dock.setAsCurrentTab()
        if dock.isInFloatingContainer():
            dock.floatingDockContainer().raise_()
        self.slot(panel_id).ask()
        self.dress_all()
        self.changed.emit()

    def focus(self, panel_id: str) -> None:
        """Put the keyboard into a panel: where it was there before, else into its table, else on its first control."""
        slot = self.slot(panel_id)
        found = self._last_focus.get(panel_id)
        if found is None or not isValid(found) or not slot.isAncestorOf(found) or not found.isVisible():
            able = [each for each in slot.findChildren(QWidget) if each.isVisible() and each.isEnabled()
                    and each.focusPolicy() & Qt.FocusPolicy.TabFocus and not isinstance(each, QScrollArea)]
            found = min(able, key=lambda each: (not each.property("keyboardFirst"), not isinstance(each, QAbstractItemView)),
                        default=None)
        if found is not None:
            found.window().activateWindow()
            found.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def focus_next(self, step: int) -> None:
        """Put the keyboard into the next visible panel, or the one before, from left to right and top to bottom."""
        seen = [key for key in self._docks if self.current(key)]
        seen.sort(key=lambda key: (place := self.slot(key).mapToGlobal(QPoint(0, 0))).x() * 10_000 + place.y())
        if seen:
            now = self.owner_of(QApplication.focusWidget())
            self.focus(seen[(seen.index(now) + step) % len(seen)] if now in seen else seen[0 if step > 0 else -1])

    def _focus_moved(self, _old: QWidget | None, now: QWidget | None) -> None:
        owner = self.owner_of(now)
        if owner is not None and now is not None:
            self._last_focus[owner] = now
            self.last_used = owner
            self.entered.emit(owner)

    def close(self, panel_id: str) -> None:
        self._docks[panel_id].closeDockWidget()
        self.changed.emit()

    def float(self, panel_id: str) -> None:
        """Put a panel into a window of its own, or back into the main one."""
        self.send(panel_id, "back" if self._docks[panel_id].isInFloatingContainer() else "float")

    def to_edge(self, panel_id: str) -> None:
        """Hide a panel at the edge, or bring it back from there."""
        self.send(panel_id, "back" if self._docks[panel_id].isAutoHide() else "edge")

    def send(self, panel_id: str, to: str) -> None:
        """Put a panel elsewhere: `float`, `back`, `edge`, `close`, or one of the areas left, center, right, bottom."""
        dock, panel = self._docks[panel_id], self._panels[panel_id]
        if to == "close":
            self.close(panel_id)
            return
        if dock.dockAreaWidget() is None or dock.isClosed():
            self.open(panel_id)
        self._narrowed.discard(panel_id)
        if to == "float":
            if not dock.isInFloatingContainer():
                dock.setAutoHide(False)
                dock.setFloating()
        elif to == "edge":
            if dock.isInFloatingContainer():
                self._place(panel)
            dock.setAutoHide(True, EDGE.get(panel.area, ads.SideBarLeft))
            dock.autoHideDockContainer().setSize(panel.width or LEFT)
        elif to != "back":
            dock.setAutoHide(False)
            self._place(replace(panel, area=to))  # type: ignore[arg-type]  # one of the areas, as promised
        elif dock.isInFloatingContainer():
            self._place(panel)
        else:
            dock.setAutoHide(False)
        if to != "edge":
            self.open(panel_id)
        self.dress_all()
        self.changed.emit()

    def next_tab(self, step: int) -> None:
        """Bring the next tab beside the panel used last to the front, or the one before."""
        dock = self._docks.get(self.last_used)
        area = dock.dockAreaWidget() if dock is not None else None
        if area is None:
            return
        tabs = [each.objectName() for each in area.openedDockWidgets()]
        if len(tabs) > 1 and self.last_used in tabs:
            after = tabs[(tabs.index(self.last_used) + step) % len(tabs)]
            self.last_used = after
            self.open(after)
            self.entered.emit(after)
            QTimer.singleShot(0, self, lambda: self.focus(after))

    def narrow(self, narrow: bool) -> None:
        """In a narrow window the left panels hide at the edge; in a wide one they come back."""
        if narrow:
            for key, panel in self._panels.items():
                dock = self._docks[key]
                if (panel.area == "left" and dock.dockAreaWidget() is not None
                        and not (dock.isClosed() or dock.isAutoHide() or dock.isInFloatingContainer())):
                    dock.setAutoHide(True, ads.SideBarLeft)
                    dock.autoHideDockContainer().setSize(panel.width or LEFT)
                    self._narrowed.add(key)
        else:
            for key in self._narrowed & set(self._docks):
                if self._docks[key].isAutoHide():
                    self._docks[key].setAutoHide(False)
            if self._narrowed:
                QTimer.singleShot(0, self, self.resize_areas)
            self._narrowed.clear()
        self.dress_all()

    def dispose(self) -> None:
        """Take all docks apart."""
        for slot in (self._slots[panel_id] for panel_id in self._loose):
            slot.hide()
            slot.deleteLater()
        self.frame.hide()
        self.frame.setParent(None)
        self.frame.deleteLater()
        self.deleteLater()

    # ---- panels ----

    def _fill(self, panel_id: str) -> None:
        slot = self.slot(panel_id)
        if slot.widget is None:
            self._build(self._panels[panel_id], slot.put)

    def rebuild(self, panel_id: str) -> None:
        """Throw a panel away and make it anew."""
        self._build(self._panels[panel_id], self.slot(panel_id).put)

    def built(self) -> dict[str, QWidget]:
        """The panels that exist, by id."""
        return {key: widget for key in self._docks if (widget := self.slot(key).widget) is not None}

    def unseen(self) -> list[Panel]:
        """The panels behind tabs that were not looked at yet."""
        return [self._panels[key] for key in self._docks if self.slot(key).widget is None]

    def owner_of(self, widget: QWidget | None) -> str | None:
        """The id of the panel `widget` belongs to."""
        while widget is not None:
            if isinstance(widget, Slot):  # of this window: another one has panels of the same names
                return widget.panel_id if widget is self._slots.get(widget.panel_id) else None
            widget = widget.parentWidget()
        return None

    # ---- saving ----

    def save(self) -> tuple[str, list[str]]:
        """The arrangement as an outline, and which panels are at the edge only because the window is narrow."""
        saved = from_saved(bytes(self._manager.saveState(VERSION).data()))
        return to_text(saved), sorted(self._narrowed)

    def restore(self, outline: str, narrowed: Iterable[str]) -> list[str] | None:
        """Arrange the panels as an outline says: the names in it that no panel has; None when it is unusable, and then
        nothing has changed.
        """
        try:
            wanted, unknown = from_text(outline).only(self._docks)
            wanted = fitted(wanted, self.frame.width(), {panel.id: panel.width for panel in self._panels.values()})
            panels = wanted.panels()
            for panel_id in panels:  # QtAds restores only docks that have been somewhere
                if self._docks[panel_id].dockAreaWidget() is None and not self._docks[panel_id].isAutoHide():
                    self._place(self._panels[panel_id])
            self._set_aside()
            good = bool(panels) and bool(self._manager.restoreState(QByteArray(to_xml(wanted)), VERSION))
        except (RuntimeError, ValueError) as problem:
            log.warning("the saved window layout cannot be used (%s); the default layout is shown", problem)
            return None
        if good:
            self._narrowed = set(narrowed) & set(self._docks)
            self.dress_all()
            self.changed.emit()
        return unknown if good and self.open_ids() else None

    def _set_aside(self) -> None:
        """Before everything is moved; the keyboard comes back to its panel, if that is seen then."""
        owner = self.owner_of(QApplication.focusWidget())
        if owner is not None:
            self.frame.setFocus()
            QTimer.singleShot(1, self, lambda: self.focus(owner) if self.current(owner) else None)
        for panel_id in self._docks:
            if panel_id not in self._loose:
                slot = self.slot(panel_id)
                slot.set_aside(self._holder)
                QTimer.singleShot(0, slot, slot.bring_back)  # also where the layout is refused and nothing is shown anew

    # ---- names and icons ----

    def retheme(self) -> None:
        self._register_icons(self._manager)
        self.dress_all()

    def dress_all(self) -> None:
        for dock in self._docks.values():
            if dock.dockAreaWidget() is not None:
                self._dress(dock.dockAreaWidget())

    def _dress(self, area: Any) -> None:
        inside = [self._panels[dock.objectName()].area for dock in area.dockWidgets() if dock.objectName() in self._panels]
        side = inside[0] if inside and inside[0] != "center" else "left"
        for button, (name, icon) in BUTTONS.items():
            widget = area.titleBarButton(button)
            if widget is not None:
                widget.setAccessibleName(name)
                widget.setToolTip(name)
                widget.setIcon(self._icon(icon.format(side)))
                widget.setIconSize(QSize(theme.scaled(13), theme.scaled(13)))
        for dock in area.dockWidgets():
            tab = dock.tabWidget()
            tab.setAccessibleName(f"Tab {dock.windowTitle()}")
            for close in tab.findChildren(QAbstractButton):
                close.setAccessibleName(f"Close {dock.windowTitle()}")
                close.setToolTip(f"Close {dock.windowTitle()}")
                close.setIcon(self._icon("x"))
                close.setIconSize(QSize(theme.scaled(11), theme.scaled(11)))
            if (edge := dock.sideTabWidget()) is not None:
                edge.setAccessibleName(f"Show {dock.windowTitle()}")
        self.dressed.emit(area)
