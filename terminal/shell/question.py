"""Asks for the parameters of a command: one field for each, made from its signature and docstring."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from terminal.commands import UsageError
from terminal.ui import theme
from terminal.ui.form import Button, IconButton, Section, column, label, primary, row

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from terminal.commands import Command, Parameter
    from terminal.errors import TerminalError

    Answer = Callable[[dict[str, Any], Callable[[], None], Callable[[TerminalError], bool]], None]

WIDTH, FOLDED, STAY_MS = 520, 2, 1500


class Field(QWidget):
    """One parameter: its name, what it means, and a control. `value()` is None when it was left alone."""

    def __init__(self, parameter: Parameter, value: Any = None) -> None:
        super().__init__()
        self.parameter = parameter
        start = value if value is not None else parameter.default
        self._start = self._text(start)
        self.control = self._control(self._start, start)
        name = parameter.name.replace("_", " ").capitalize()
        self.control.setAccessibleName(name)
        self.control.setAccessibleDescription(parameter.help)
        self.setLayout(column(spacing=4))
        layout: Any = self.layout()
        if isinstance(self.control, QCheckBox):
            self.control.setText(name)
        else:
            layout.addLayout(row(label(name, "strong"), 0, label("needed" if parameter.required else "", "muted")))
        line = QHBoxLayout()
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self.control, 1)
        if parameter.type is Path:
            line.addWidget(IconButton("folder-open", f"Choose {name.lower()}", self._browse))
        layout.addLayout(line)
        if parameter.help:
            layout.addWidget(label(parameter.help, "muted", wrap=True))
        self._problem = label("", "muted", "error", wrap=True)
        self._problem.hide()
        layout.addWidget(self._problem)

    @staticmethod
    def _text(value: Any) -> str:
        if value is None:
            return ""
        return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)

    def _control(self, text: str, start: Any) -> QWidget:
        parameter = self.parameter
        if parameter.type is bool:
            box = QCheckBox()
            box.setChecked(bool(start))
            return box
        if parameter.choices and not parameter.many:
            combo = QComboBox()
            for choice in parameter.choices:
                combo.addItem(choice.replace("_", " ").capitalize() if choice else "(as it is)", choice)
            combo.setCurrentIndex(max(0, combo.findData(text)))
            return combo
        edit = QLineEdit(text)
        if parameter.secret:
            edit.setEchoMode(QLineEdit.EchoMode.Password)
        hints = {date: "2026-01-31", int: "a whole number", float: "a number", Path: "a file"}
        hint = hints.get(parameter.type, parameter.metavar)
        edit.setPlaceholderText("one or more, separated by commas" if parameter.many else hint.lower())
        return edit

    def _browse(self) -> None:
        if isinstance(self.control, QLineEdit):
            saving = self.parameter.name in ("out", "pdf", "csv", "to")
            ask = QFileDialog.getSaveFileName if saving else QFileDialog.getOpenFileName
            name, _ = ask(self, self.control.accessibleName(), self.control.text())
            if name:
                self.control.setText(name)

    def value(self) -> Any:
        """What was entered, as the parameter's type; None when it was left as it was. UsageError when it cannot be."""
        self._problem.hide()
        try:
            return self._value()
        except UsageError as problem:
            self._problem.setText(problem.sentence())
            self._problem.show()
            raise

    def _value(self) -> Any:
        if isinstance(self.control, QCheckBox):
            given: Any = self.control.isChecked()
            return given if given != bool(self.parameter.default) else None
        if isinstance(self.control, QComboBox):
            text = str(self.control.currentData())
        else:
            assert isinstance(self.control, QLineEdit)
            text = self.control.text().strip()
        if text == self._start and not self.parameter.required:
            return None
        if not text:
            if self.parameter.required:
                raise UsageError(f"{self.control.accessibleName()} is needed.")
            return None
        if self.parameter.many:
            return self.parameter.convert(tuple(part.strip() for part in text.split(",") if part.strip()))
        return self.parameter.convert(text)


class Question(QDialog):
    """The form of one command.

    `answer(arguments, done, failed)` is called when everything is well-formed; the form stays, with what was entered,
    until `done()` or for a moment, and shows what `failed(error)` says; that is False when it has gone already.
    Parameters that may be left alone are folded away when there are many.
    """

    def __init__(self, parent: QWidget, command: Command, answer: Answer, values: Mapping[str, Any] | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(command.title)
        self.setAccessibleName(command.title)
        self._answer = answer
        known = values or {}
        self.fields = [Field(parameter, known.get(parameter.name)) for parameter in command.parameters]
        inside = QWidget()
        needed = [field for field in self.fields if field.parameter.required or field.parameter.name in known]
        other = [field for field in self.fields if field not in needed]
        folded = len(other) > FOLDED and bool(needed)
        more: list[QWidget] = [Section("More choices", *other, open=False)] if folded else list(other)
        inside.setLayout(column(label(command.title, "h1"), label(command.summary, "body", wrap=True), 8, *needed, *more, 0,
                                spacing=10, margins=(20, 18, 20, 8)))
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inside)
        area.setAccessibleName(f"Parameters of {command.title}")
        self._run = primary("Run", "play", self.accept)
        self._run.setDefault(True)
        self._problem = label("", "body", "error", wrap=True)
        self._problem.setContentsMargins(20, 4, 20, 0)
        self._problem.hide()
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(area, 1)
        box.addWidget(self._problem)
        box.addLayout(row(0, Button("Cancel", on_click=self.reject), self._run, spacing=8, margins=(20, 8, 20, 16)))
        height = inside.sizeHint().height() + 64
        self.resize(theme.scaled(WIDTH), min(height, max(parent.height() - 80, 320)))
        if self.fields:
            self.fields[0].control.setFocus()

    def accept(self) -> None:
        arguments: dict[str, Any] = {}
        wrong = False
        for field in self.fields:
            try:
                value = field.value()
            except UsageError:
                wrong = True
                continue
            if value is not None:
                arguments[field.parameter.name] = value
        if wrong or not self._run.isEnabled():
            return
        self._problem.hide()
        self._run.setEnabled(False)
        QTimer.singleShot(STAY_MS, self, self._done)  # then its progress is shown by the window
        self._answer(arguments, self._done, self._failed)

    def _done(self) -> None:
        if isValid(self) and not self._run.isEnabled():
            super().accept()

    def _failed(self, problem: TerminalError) -> bool:
        here = isValid(self) and self.isVisible()
        if here:
            self._run.setEnabled(True)
            self._problem.setText(problem.sentence())
            self._problem.setAccessibleName(problem.sentence())
            self._problem.show()
        return here

