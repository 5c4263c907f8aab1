"""The command model: a typed function with a docstring becomes command line, palette form and JSON call.

    @command(title="Run a screen", long=True)
    def run(ctx: Context, preset: str = "all", *, limit: int = 50) -> Table:
        '''Score the universe and list what passes.

        Args:
            preset: Name of the preset.
            limit: Rows at most.
        '''

Parameters before `*` are positional on the command line, keyword-only ones are `--options`. The help of a parameter is
`Annotated[..., argument(help=...)]` or its line in the docstring's `Args:` section. The id is `group.verb`; the verb is
the function's name (`key_set` may be typed `key-set`).
"""

from __future__ import annotations

import difflib
import inspect
import re
import sys
import textwrap
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from terminal.domain.format import STANDARD, read_number
from terminal.errors import UserError

if TYPE_CHECKING:
    from terminal.domain.sourced import Table

F = TypeVar("F", bound=Callable[..., "Table"])

_MARK = "__tapeline_command__"
_LIST = re.compile(r"[\w.^=$-]+(,[\w.^=$-]+)+")
# What an argument that is counted in per cent calls its value: `1` and `1%` are the same then.
PER_CENT = "PER CENT"
_WORDS = {str: "text", int: "a whole number", float: "a number", bool: "yes or no", date: "a date like 2026-01-31",
          Path: "a file"}
# Annotations are text; names that a module imports for type checking only are still understood.
_NAMES = {"date": date, "datetime": datetime, "Path": Path, "Annotated": Annotated, "Literal": Literal, "Any": Any}


class UsageError(UserError):
    """The command was called with arguments it does not take; exit code 2 on the command line."""


@dataclass(frozen=True, slots=True)
class Argument:
    """Refines one parameter; made by `argument`."""

    help: str = ""
    choices: tuple[str, ...] = ()
    metavar: str = ""
    secret: bool = False


def argument(*, help: str = "", choices: Iterable[str] = (), metavar: str = "", secret: bool = False) -> Argument:
    """For `Annotated[type, argument(...)]`. A `secret` is asked for (terminal or standard input), never taken from the
    command line, where other users of the machine could read it.
    """
    return Argument(help, tuple(choices), metavar, secret)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a command. `type` is str, int, float, bool, date or Path; `many` means a tuple of it."""

    name: str
    type: type
    required: bool
    default: Any
    positional: bool
    many: bool = False
    optional: bool = False
    help: str = ""
    choices: tuple[str, ...] = ()
    metavar: str = ""
    secret: bool = False

    @property
    def flag(self) -> str:
        """As typed on the command line; a name like `as_`, which Python reserves, loses its underscore."""
        return "--" + self.name.rstrip("_").replace("_", "-")

    def convert(self, value: Any) -> Any:
        """`value` (text, JSON or already right) as this parameter's type; UsageError says what is wrong with it."""
        if value is None:
            if self.optional or (not self.required and self.default is None):
                return None
            raise UsageError(f"{self.name} needs a value.", f"Give {self._wanted()}.")
        if not self.many:
            return self._one(value)
        if isinstance(value, str):
            value = value.split(",") if _LIST.fullmatch(value) else [value]
        if not isinstance(value, (list, tuple)):
            raise UsageError(f"{self.name} takes a list, not {value!r}.", f"Give {self._wanted()}, as often as needed.")
        return tuple(self._one(item) for item in value)

    def _one(self, value: Any) -> Any:
        if self.metavar == PER_CENT and isinstance(value, str):
            value = value.removesuffix("%").rstrip()
        try:
            result = _convert(self.type, value)
        except (ValueError, TypeError, OverflowError):
            raise UsageError(f"{self.name} cannot be {value!r}.", f"Give {self._wanted()}.") from None
        if self.choices and result not in self.choices:
            near = difflib.get_close_matches(str(result), self.choices, 1)
            hint = f"Did you mean {near[0]}? " if near else ""
            raise UsageError(f"{self.name} cannot be {value!r}.", f"{hint}Choose one of: {', '.join(self.choices)}.")
        return result

    def _wanted(self) -> str:
        return f"one of: {', '.join(self.choices)}" if self.choices else _WORDS[self.type]


@dataclass(frozen=True)
class Command:
    """A typed function with everything needed to call it from anywhere."""

    id: str
    title: str
    group: str
    verb: str
    doc: str
    parameters: tuple[Parameter, ...]
    function: Callable[..., Table]
    panel: str = ""
    long: bool = False
    gui: bool = False
    writes: bool = False
    hidden: bool = False

    @property
    def summary(self) -> str:
        """First paragraph of the docstring, as one line."""
        return " ".join(self.doc.split("\n\n", 1)[0].split())

    def parameter(self, name: str) -> Parameter:
        """The parameter called `name`; UsageError with a suggestion when there is none."""
        for parameter in self.parameters:
            if parameter.name == name:
                return parameter
        names = [parameter.name for parameter in self.parameters]
        near = difflib.get_close_matches(name, names, 1)
        hint = f"Did you mean {near[0]}?" if near else (f"It takes: {', '.join(names)}." if names else "It takes none.")
        raise UsageError(f"{self.id} has no argument called {name!r}.", hint)

    def bind(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Keyword arguments for the function from JSON or Python values; UsageError names what is wrong or missing."""
        bound = {name: self.parameter(name).convert(value) for name, value in arguments.items()}
        for parameter in self.parameters:
            if parameter.required and parameter.name not in bound:
                raise UsageError(f"{self.id} needs {parameter.name}.", f"Give {parameter._wanted()}.")
        return bound

    def to_json(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Arguments that can travel: dates as ISO text, paths absolute (as seen from the caller's folder)."""
        return {name: _portable(value) for name, value in arguments.items()}


def command(*, title: str, panel: str = "", long: bool = False, gui: bool = False, writes: bool = False,
            hidden: bool = False) -> Callable[[F], F]:
    """Declare a function `(ctx, ...) -> Table` as a command.

    `long`: shows progress and may be cancelled; `gui`: runs on the UI thread; `writes`: changes the book or settings;
    `hidden`: not listed (but callable); `panel`: the panel that shows its answer.
    """
    def mark(function: F) -> F:
        setattr(function, _MARK, {"title": title, "panel": panel, "long": long, "gui": gui, "writes": writes, "hidden": hidden})
        return function

    return mark


def commands_of(module: ModuleType | str, group: str = "") -> tuple[Command, ...]:
    """The commands of a module, in the order they are written. Their group is `group`, or the plugin's folder."""
    found = sys.modules[module] if isinstance(module, str) else module
    group = group or found.__name__.rpartition(".")[0].rpartition(".")[2]
    functions = [value for value in vars(found).values() if inspect.isfunction(value) and hasattr(value, _MARK)]
    return tuple(_build(function, group) for function in functions)


def _build(function: Callable[..., Table], group: str) -> Command:
    marks = dict(getattr(function, _MARK))
    verb = function.__name__.strip("_")
    doc, helps = split_docstring(inspect.getdoc(function) or "")
    taken = list(inspect.signature(function).parameters.values())
    if not taken:
        raise TypeError(f"{function.__qualname__} takes no context")
    parameters = tuple(_parameter(function, item, helps) for item in taken[1:])
    return Command(id=f"{group}.{verb}", group=group, verb=verb, doc=doc, parameters=parameters, function=function, **marks)


def _parameter(function: Callable[..., Any], item: inspect.Parameter, helps: Mapping[str, str]) -> Parameter:
    if item.kind in (item.VAR_POSITIONAL, item.VAR_KEYWORD):
        raise TypeError(f"{function.__qualname__}: *{item.name} is not a parameter a command may have")
    annotation = item.annotation
    if isinstance(annotation, str):
        names = {**_NAMES, **vars(sys.modules[__name__]), **function.__globals__}
        annotation = eval(annotation, names)  # the module's own source text
    required = item.default is item.empty
    made = Parameter(item.name, str, required, None if required else item.default, item.kind is not item.KEYWORD_ONLY,
                     help=helps.get(item.name, ""))
    try:
        return _typed(made, annotation)
    except TypeError:
        raise TypeError(f"{function.__qualname__}: {item.name} has the type {item.annotation}, "
                        "which a command cannot take") from None


def _typed(made: Parameter, annotation: Any) -> Parameter:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Annotated:
        refined = next((extra for extra in arguments[1:] if isinstance(extra, Argument)), Argument())
        made = replace(made, help=refined.help or made.help, choices=refined.choices or made.choices,
                       metavar=refined.metavar or made.metavar, secret=refined.secret or made.secret)
        return _typed(made, arguments[0])
    if origin in (typing.Union, types.UnionType):
        inner = [part for part in arguments if part is not type(None)]
        if len(inner) != 1:
            raise TypeError
        return _typed(replace(made, optional=True), inner[0])
    if origin is Literal:
        return replace(made, choices=tuple(str(choice) for choice in arguments))
    if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        return _typed(replace(made, many=True), arguments[0])
    if annotation not in _WORDS:
        raise TypeError
    return replace(made, type=annotation)


def split_docstring(doc: str) -> tuple[str, dict[str, str]]:
    """The text without its `Args:` section, and the help of each argument in it."""
    match = re.search(r"^(?:Args|Arguments|Parameters):[ ]*\n((?:[ \t]+.*\n?|\n)+)", doc, re.MULTILINE)
    if not match:
        return doc.strip(), {}
    helps: dict[str, str] = {}
    name = ""
    for line in textwrap.dedent(match[1]).splitlines():
        start = re.match(r"`?(\w+)`?(?: \([^)]*\))?: *(.*)", line)
        if start:
            name, helps[start[1]] = start[1], start[2]
        elif name and line.strip():
            helps[name] += " " + line.strip()
    rest = (doc[:match.start()].rstrip() + "\n\n" + doc[match.end():].strip()).strip()
    return rest, {key: text.strip() for key, text in helps.items()}


def _convert(kind: type, value: Any) -> Any:
    if kind is bool:
        return _boolean(value)
    if kind is date:
        return _date(value)
    if kind is Path:
        if not isinstance(value, (str, Path)) or not str(value):
            raise TypeError
        return Path(value).expanduser()
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise TypeError
    if kind is int:
        if isinstance(value, float) and not value.is_integer():
            raise ValueError
        return _whole(value)
    if kind is float:
        number = read_number(value, STANDARD) if isinstance(value, str) else float(value)
        if number - number != 0:  # neither infinity nor not-a-number is an answer
            raise ValueError
        return number
    return str(value)


def _whole(value: str | float) -> int:
    number = read_number(value, STANDARD) if isinstance(value, str) else value
    if number != int(number):
        raise ValueError
    return int(value.replace("_", "")) if isinstance(value, str) and value.replace("_", "").isdigit() else int(number)


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    words = {"yes": True, "true": True, "on": True, "1": True, "no": False, "false": False, "off": False, "0": False}
    if str(value).lower() not in words:
        raise ValueError
    return words[str(value).lower()]


def _date(value: Any) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise ValueError
    return date.fromisoformat(value)


def _portable(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value.expanduser().absolute())
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, (tuple, list)):
        return [_portable(item) for item in value]
    return value


def parse_tokens(chosen: Command, tokens: Sequence[str]) -> dict[str, Any]:
    """Arguments from the words of a command line (global flags already taken out); UsageError says what is wrong."""
    given: dict[str, Any] = {}
    words: list[str] = []
    options = {parameter.flag: parameter for parameter in chosen.parameters}
    queue = list(tokens)
    while queue:
        token = queue.pop(0)
        if token == "--":
            words += queue
            break
        if not token.startswith("--"):
            words.append(token)
            continue
        name, equals, value = token.partition("=")
        parameter = options.get(name.replace("_", "-"))
        if parameter is None and name.startswith("--no-") and (off := options.get("--" + name[5:])) and off.type is bool:
            given[off.name] = False
            continue
        if parameter is None:
            near = difflib.get_close_matches(name, options, 1)
            raise UsageError(f"{chosen.id} has no option {name}.",
                             f"Did you mean {near[0]}?" if near
                             else f"See: tapeline {chosen.group} {chosen.verb.replace('_', '-')} --help")
        if parameter.secret:
            raise UsageError(f"{parameter.flag} is secret and not taken from the command line.",
                             "Leave it out: it is asked for, or read from standard input.")
        if parameter.type is bool and not parameter.many:
            given[parameter.name] = value if equals else True
            continue
        if not equals:
            if not queue or (queue[0].startswith("--") and len(queue[0]) > 2):
                raise UsageError(f"{name} needs a value.", f"Give {parameter._wanted()}.")
            value = queue.pop(0)
        if parameter.many:
            given[parameter.name] = (*given.get(parameter.name, ()), *parameter.convert(value))
        else:
            given[parameter.name] = value
    _positionals(chosen, words, given)
    return {name: chosen.parameter(name).convert(value) for name, value in given.items()}


def _positionals(chosen: Command, words: list[str], given: dict[str, Any]) -> None:
    for parameter in chosen.parameters:
        if not parameter.positional or parameter.secret or parameter.name in given or not words:
            continue
        if parameter.many:
            given[parameter.name] = tuple(item for word in words for item in parameter.convert(word))
            words = []
        else:
            given[parameter.name] = words.pop(0)
    if words:
        raise UsageError(f"{chosen.id} does not take {words[0]!r}.",
                         f"See: tapeline {chosen.group} {chosen.verb.replace('_', '-')} --help")
