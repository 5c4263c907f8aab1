"""What an indicator is: its inputs, numbers, outputs, words and kernel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Kernel = Callable[..., Any]
Value = int | float | str
Given = Mapping[str, Value] | Sequence[Value]
Style = Literal["line", "histogram", "band", "dots"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One setting of an indicator. The type of `default` is its type; `choices` limits a text; "date" is an ISO day or ""."""

    name: str
    title: str
    default: Value
    minimum: float = 1
    maximum: float = 2000
    choices: tuple[str, ...] = ()
    kind: Literal["number", "choice", "date"] = "number"

    def describe(self) -> str:
        """Name, default and what it may be, for a list."""
        if self.kind == "date":
            return f"{self.name} = a day, else the first bar"
        scope = f"{self.minimum:g} to {self.maximum:g}" if self.kind == "number" else ", ".join(self.choices)
        return f"{self.name} = {_shown(self.default)} ({scope})"

    def check(self, value: Value, owner: str) -> Value:
        """The value as the parameter's type. Raises ValueError, which names `owner`, for one it cannot take."""
        if self.kind == "choice":
            if value not in self.choices:
                raise ValueError(f"{self.name} of {owner} must be one of {', '.join(self.choices)}")
            return value
        if self.kind == "date":
            try:
                return date.fromisoformat(str(value)).isoformat() if value != "" else ""
            except ValueError:
                raise ValueError(f"{self.name} of {owner} must be a day such as 2026-01-02") from None
        try:
            number = float(value)
        except ValueError:
            raise ValueError(f"{self.name} of {owner} must be a number, not {value}") from None
        whole = isinstance(self.default, int)
        if not self.minimum <= number <= self.maximum or (whole and number != int(number)):
            kind = "a whole number" if whole else "a number"
            raise ValueError(f"{self.name} of {owner} must be {kind} from {self.minimum:g} to {self.maximum:g}")
        return int(number) if whole else number


@dataclass(frozen=True, slots=True)
class Output:
    """One series an indicator gives.

    `role` is the colour token it is drawn in unless the user chose another; "sign": those of rising and falling. Outputs of
    style "band" come in pairs, upper before lower, and the area between them is filled. `rule` is the function of the rule
    language that gives this series ("": none).
    """

    name: str
    title: str
    style: Style = "line"
    role: str = "average_1"
    rule: str = ""


@dataclass(frozen=True)
class Indicator:
    """One indicator of the catalogue.

    `inputs` are bar columns. `kernel(*inputs, *settings)` gets float64 arrays of one symbol, oldest first and without an
    unknown value, and gives one array, or a tuple with one for each output, of the same length with NaN where the window is
    not full; it never looks past a value's own row. With `timed` the kernel's first argument is the Series of the bars' times.
    With `free_input` the single input may be any series, not only the bar column it defaults to.
    `warmup(*settings)` gives the number of rows at the start without a value: of every output, or of each one; None
    where it depends on the calendar. `pane`: drawn over the prices or in a pane of its own, with `levels` as guides.
    `unit` of the values: "price", "fraction" (0.12 is 12 %), "shares", or "" for a plain number.
    `newbie` and `pro` say what it means, `source` who defined it and how it is computed.
    """

    name: str
    title: str
    group: str
    pane: Literal["price", "own"]
    inputs: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    outputs: tuple[Output, ...]
    kernel: Kernel
    warmup: Callable[..., int | tuple[int, ...] | None]
    newbie: str
    pro: str
    source: str
    levels: tuple[float, ...] = ()
    unit: str = "price"
    free_input: bool = False
    timed: bool = False

    def settings(self, given: Given = (), owner: str = "") -> tuple[Value, ...]:
        """The given parameters (in order, or by name), filled up with the defaults.

        Raises ValueError for too many, unknown or impossible ones; `owner` is the name to use in its text.
        """
        owner = owner or self.name
        if isinstance(given, Mapping):
            names = [each.name for each in self.parameters]
            if strange := [name for name in given if name not in names]:
                raise ValueError(f"{owner} has no parameter '{strange[0]}'; it has {', '.join(names) or 'none'}")
            values: list[Value] = [given.get(each.name, each.default) for each in self.parameters]
        else:
            if len(given) > len(self.parameters):
                raise ValueError(f"{owner} takes at most {len(self.parameters)} numbers")
            values = [*given, *(each.default for each in self.parameters[len(given) :])]
        return tuple(each.check(value, owner) for each, value in zip(self.parameters, values, strict=True))

    def label(self, settings: Sequence[Value]) -> str:
        """How a study of these settings is called: "sma(50)"; what `read_study` understands."""
        return f"{self.name}({', '.join(_shown(each) for each in settings)})" if settings else self.name

    def usage(self) -> str:
        """An example with the defaults."""
        return self.label(tuple(each.default for each in self.parameters if each.default != ""))


@dataclass(frozen=True)
class Series:
    """One series of an indicator under the name the rule language knows: `pick` is the output's place."""

    name: str
    title: str
    indicator: Indicator
    pick: int | Callable[[tuple[Array, ...]], Array]

    @property
    def inputs(self) -> tuple[str, ...]:
        """The bar columns it reads."""
        return self.indicator.inputs

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The numbers it takes."""
        return self.indicator.parameters

    @property
    def free_input(self) -> bool:
        """Whether another series may take the place of its input."""
        return self.indicator.free_input

    def settings(self, given: Sequence[float] = ()) -> tuple[Value, ...]:
        """The given numbers, filled up with the defaults. Raises ValueError for too many or impossible ones."""
        return self.indicator.settings(tuple(given), self.name)

    def warmup(self, *settings: Value) -> int:
        """Rows at the start without a value."""
        rows = self.indicator.warmup(*settings)
        if isinstance(rows, int):
            return rows
        assert rows is not None, "rules only use series whose warm-up is known"
        return rows[self.pick] if isinstance(self.pick, int) else max(rows)


def length(default: int, minimum: int = 2) -> Parameter:
    """The usual parameter: over how many bars."""
    return Parameter("length", "Length", default, minimum)


def bars(name: str, title: str, default: int, minimum: int = 2) -> Parameter:
    """A number of bars under another name."""
    return Parameter(name, title, default, minimum)


def factor(name: str, title: str, default: float, minimum: float = 0.01, maximum: float = 100) -> Parameter:
    """A number that need not be whole."""
    return Parameter(name, title, default, minimum, maximum)


def _shown(value: Value) -> str:
    return value if isinstance(value, str) else f"{value:g}"
