"""The preferences: every declared setting in the words of the mode, keys of data services, plugins, data sources.

Every change goes through the `preferences` commands, so it is the same as typing them. Keys are never shown again.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QScrollArea,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from terminal.ui import theme
from terminal.ui.form import Button, Card, Chip, Section, Segment, column, label, row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from terminal.api import PluginState, Setting
    from terminal.domain.sourced import Table
    from terminal.errors import TerminalError
    from terminal.shell.host import ShellHost

CONTROL, PAGE = 260, 760
HIDDEN = ("first_run_done",)
GROUPS = {"": "Look and words", "appearance": "Numbers and clock", "market": "Market", "providers": "Data sources"}
STATES = {"ready": "ok", "waiting": "warn", "broken": "error", "refused": "error"}


class PreferencesPanel(QWidget):
    """One page with sections; a change takes effect at once."""

    def __init__(self, host: ShellHost) -> None:
        super().__init__()
        self._host = host
        self._rows: dict[str, SettingRow] = {}
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setAccessibleName("Preferences")
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self._area)
        self._keys = column(spacing=8)
        self._plugins = column(spacing=8)
        self._build()
        host.on("settings.changed", self._changed)

    def _build(self) -> None:
        settings = self._host.app.settings
        page = QWidget()
        page.setMaximumWidth(theme.scaled(PAGE))
        page.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        inside = column(label("Preferences", "h1"),
                        label("Every change takes effect at once and is kept on this computer.", "body"),
                        spacing=8, margins=(20, 16, 20, 24))
        page.setLayout(inside)
        titles = {plugin.id: plugin.title for plugin in self._host.app.registry.plugins()}
        groups: dict[str, list[Setting]] = {}
        for setting, _ in settings.items():
            if setting.key not in HIDDEN:
                groups.setdefault(setting.key.rpartition(".")[0].partition(".")[0], []).append(setting)
        for name in sorted(groups, key=lambda key: (list(GROUPS).index(key) if key in GROUPS else 50, key)):
            section = Section(GROUPS.get(name) or titles.get(name) or name.capitalize())
            for setting in groups[name]:
                line = self._rows[setting.key] = SettingRow(self._host, setting)
                section.body.addWidget(line)
            inside.addWidget(section)
        inside.addWidget(Section("Keyboard", self._keyboard()))
        inside.addWidget(Section("Keys of data services", self._keys))
        inside.addWidget(Section("Plugins", self._plugins))
        inside.addStretch(1)
        outer = QWidget()
        across = row()
        across.addWidget(page, 1)
        across.addStretch(0)
        outer.setLayout(across)
        self._area.setWidget(outer)
        self._show_keys()
        self._show_plugins()

    def show_setting(self, key: str) -> None:
        """Bring a setting into view, with the keyboard on its control."""
        line = self._rows.get(key)
        if line is not None:
            self._area.ensureWidgetVisible(line, 0, theme.scaled(80))
            control = line.control
            (control if control.focusPolicy() & Qt.FocusPolicy.TabFocus else control.findChild(QWidget)).setFocus()

    def set_mode(self, mode: str) -> None:
        for line in self._rows.values():
            line.show_words(mode)

    def _changed(self, payload: Any) -> None:
        key = str(payload.get("key", ""))
        if key in self._rows:
            self._rows[key].show_value()
        if key.endswith(".key"):
            self._show_keys()

    def _keyboard(self) -> Card:
        """The way to the sheet of shortcuts, where each of them is changed."""
        from terminal.shell.key_sheet import show_keys

        words = column(label("Shortcuts", "strong"),
                       label("Every shortcut of the window, tables and charts with its keys; choose one to change it.", "muted",
                             wrap=True), spacing=1)
        line = row(spacing=10)
        line.addLayout(words, 1)
        line.addWidget(Button("Show and change the keys", on_click=lambda: show_keys(self._host.window)))
        card = Card(line)
        card.setAccessibleName("Shortcuts")
        return card

    # ---- keys ----

    def _show_keys(self) -> None:
        if self._host.has_command("preferences.keys"):
            self._host.run("preferences.keys", then=self._fill_keys, key="keys")

    def _fill_keys(self, table: Table) -> None:
        _clear(self._keys)
        for note in table.notes:
            self._keys.addWidget(label(note, "body", wrap=True))
        for found in table.rows():
            self._keys.addWidget(self._key(found["provider"], bool(found["present"]), str(found["place"])))
        if not table.rows():
            self._keys.addWidget(label("No data service in use takes a key.", "muted"))

    def _key(self, provider: str, present: bool, place: str) -> QWidget:
        edit = QLineEdit()
        edit.setEchoMode(QLineEdit.EchoMode.Password)
        edit.setPlaceholderText("paste a new key" if present else "paste the key")
        edit.setAccessibleName(f"Key of {provider}")
        edit.setFixedWidth(theme.scaled(CONTROL))

        def keep() -> None:
            text = edit.text()
            edit.clear()
            if text.strip():
                self._host.run("preferences.key_set", {"provider": provider, "key": text}, then=lambda _: self._show_keys())

        edit.returnPressed.connect(keep)
        where = f"Kept in {place}." if present else "No key is kept."
        words = column(label(provider.capitalize(), "strong"), label(where, "muted"), spacing=1)
        line = row(words, 0, edit, Button("Keep", on_click=keep), spacing=8)
        if present:
            line.addWidget(Button("Forget", "danger", on_click=lambda: self._host.run(
                "preferences.key_forget", {"provider": provider}, then=lambda _: self._show_keys())))
        card = Card(line)
        card.setAccessibleName(f"Key of {provider}")
        return card

    # ---- plugins ----

    def _show_plugins(self) -> None:
        _clear(self._plugins)
        for state in self._host.app.registry.states():
            self._plugins.addWidget(self._plugin(state))

    def _plugin(self, state: PluginState) -> QWidget:
        words = column(label(f"{state.title} {state.version}".strip(), "strong"), spacing=2)
        if state.plugin is not None:
            words.addWidget(label(state.plugin.summary, "muted", wrap=True))
        if state.reason:
            words.addWidget(label(f"{state.reason[:1].upper()}{state.reason[1:]}.", "", STATES[state.state], wrap=True))
        line = row(spacing=10)
        line.addLayout(words, 1)
        line.addWidget(Chip("bundled" if state.origin == "bundled" and state.state == "ready" else state.state,
                            "" if state.origin == "bundled" and state.state == "ready" else STATES[state.state]))
        if state.state == "waiting":
            line.addWidget(Button("Let it run", on_click=partial(self._approve, state),
                                  tip="Its code runs with all your rights: approve only what you trust."))
        card = Card(line)
        card.setAccessibleName(f"Plugin {state.title}: {state.state}")
        if state.traceback:
            trace = QPlainTextEdit(state.traceback)
            trace.setReadOnly(True)
            trace.setProperty("role", "mono")
            trace.setAccessibleName(f"Traceback of {state.title}")
            trace.setFixedHeight(theme.scaled(140))
            card.body.addWidget(trace)
        return card

    def _approve(self, state: PluginState) -> None:
        self._host.run("preferences.approve", {"plugin": state.id},
                       then=lambda table: self._host.notify(f"{state.title} runs from the next start on.", "ok"))


class SettingRow(QWidget):
    """Title and meaning at the left, the control at the right."""

    def __init__(self, host: ShellHost, setting: Setting) -> None:
        super().__init__()
        self._host, self.setting = host, setting
        self._words = label("", "muted", wrap=True)
        self._problem = label("", "muted", "error", wrap=True)
        self._problem.hide()
        self.control = self._control()
        self.control.setAccessibleName(setting.title or setting.key)
        words = column(label(setting.title or setting.key, "strong"), self._words, self._problem, spacing=2)
        line = row(spacing=24, margins=(0, 4, 0, 4))
        line.addLayout(words, 1)
        line.addWidget(self.control, 0, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignRight)
        self.setLayout(line)
        self.show_words(host.mode)
        self.show_value()

    def _control(self) -> Any:
        setting = self.setting
        if setting.type is bool:
            box = QCheckBox()
            box.clicked.connect(self._set)
            return box
        if setting.choices and len(setting.choices) <= 3 and all(isinstance(choice, str) for choice in setting.choices):
            segment = Segment([(choice, choice.capitalize()) for choice in setting.choices], name=setting.title)
            segment.changed.connect(self._set)
            return segment
        if setting.choices:
            combo = QComboBox()
            for choice in setting.choices:
                combo.addItem(str(choice), choice)
            combo.activated.connect(lambda index: self._set(combo.itemData(index)))
            combo.setFixedWidth(theme.scaled(CONTROL))
            return combo
        if setting.type is int:
            spin = QSpinBox()
            spin.setRange(int(setting.minimum if setting.minimum is not None else -10**9),
                          int(setting.maximum if setting.maximum is not None else 10**9))
            spin.setKeyboardTracking(False)
            spin.setFixedWidth(theme.scaled(96))
            spin.valueChanged.connect(self._set)
            return spin
        edit = QLineEdit()
        edit.setFixedWidth(theme.scaled(CONTROL))
        edit.setPlaceholderText(str(setting.default or "standard"))
        edit.editingFinished.connect(lambda: self._set(edit.text()))
        return edit

    def show_words(self, mode: str) -> None:
        words = self.setting.newbie if mode == "newbie" else self.setting.pro
        origin = self._host.app.settings.origin(self.setting.key)
        place = " Set in the environment." if origin == "environment" else ""
        self._words.setText(f"{words}{place}" if mode == "newbie" else f"{words}{place}  ({self.setting.key})")
        self.control.setEnabled(origin != "environment")

    def show_value(self) -> None:
        """Show the value in force."""
        value = self._host.setting(self.setting.key)
        control = self.control
        control.blockSignals(True)
        if isinstance(control, QCheckBox):
            control.setChecked(bool(value))
        elif isinstance(control, Segment):
            control.set_value(str(value))
        elif isinstance(control, QComboBox):
            control.setCurrentIndex(control.findData(value))
        elif isinstance(control, QSpinBox):
            control.setValue(int(value))
        else:
            control.setText("" if value is None else str(value))
        control.blockSignals(False)

    def _set(self, value: Any) -> None:
        if value == self._host.setting(self.setting.key):
            return
        self._problem.hide()
        self._host.run("preferences.set", {"key": self.setting.key, "value": str(value)}, then=lambda _: self._problem.hide(),
                       fail=self._refused, key=self.setting.key)

    def _refused(self, problem: TerminalError) -> None:
        self._problem.setText(problem.sentence())
        self._problem.show()
        self.show_value()


def _clear(layout: Any) -> None:
    for widget in list(_widgets(layout)):
        widget.hide()
        widget.deleteLater()


def _widgets(layout: Any) -> Iterator[QWidget]:
    while layout.count():
        widget = layout.takeAt(0).widget()
        if widget is not None:
            yield widget
