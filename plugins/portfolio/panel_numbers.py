"""A field for one number, that may be left empty."""

from __future__ import annotations

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtGui import QDoubleValidator
from PySide6.QtWidgets import QLineEdit

from terminal.ui import theme


class NumberEdit(QLineEdit):
    """A number in the user's convention; empty is None. `typed` once it was changed and is one (or empty)."""

    typed = Signal()

    def __init__(self, name: str, value: float | None = None, *, hint: str = "", width: int = 84, least: float = 0.0) -> None:
        super().__init__()
        self._locale = QLocale()
        self._locale.setNumberOptions(QLocale.NumberOption.OmitGroupSeparator)
        validator = QDoubleValidator(least, 1e12, 6, self)
        validator.setNotation(QDoubleValidator.Notation.StandardNotation)
        validator.setLocale(self._locale)
        self.setValidator(validator)
        self.setAccessibleName(name)
        self.setPlaceholderText(hint)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setFixedWidth(theme.scaled(width))
        self.set_value(value)
        self.textEdited.connect(lambda _: self.typed.emit())

    @property
    def value(self) -> float | None:
        """The number; None when nothing (or not yet a number) is typed."""
        number, fits = self._locale.toDouble(self.text().strip())
        return number if fits else None

    def set_value(self, value: float | None) -> None:
        """Show another number without telling."""
        self.setText("" if value is None else self._locale.toString(value, "g", 10))
