"""What is wrong with a rule, and where."""

from __future__ import annotations

from terminal.errors import UserError


class RuleError(UserError):
    """A rule that cannot be read. `column` counts from 1; `suggestion` is one sentence, or "" when there is none."""

    def __init__(self, message: str, column: int = 1, suggestion: str = "", piece: str = "") -> None:
        super().__init__(f"Column {column}: {message}.", suggestion)
        self.column = column
        self.suggestion = suggestion
        self.piece = piece

    def __str__(self) -> str:
        return self.sentence()
