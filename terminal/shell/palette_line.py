"""A command typed in the palette, read while it is typed: what it means so far, what is wrong and where, what may follow.

The same words as on the command line (`screener run --preset value`), with or without `tapeline` before them. Pure: no
Qt, no store; what values there are for a parameter is told by `Values`.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from terminal.commands import Parameter, UsageError
from terminal.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from terminal.commands import Command

    # What a parameter may be, as (value, meaning), given what was typed of it and what was said before it; None: not known.
    # The bool: nothing else may be.
    Values = Callable[[Command, Parameter, str, Mapping[str, Any]], tuple[Sequence[tuple[str, str]], bool] | None]

MOST = 40
QUOTES = "\"'“”"


@dataclass(frozen=True)
class Token:
    """A word of the line. `start` and `end` are places in the line, quotes included."""

    text: str
    start: int
    end: int
    open: bool = False  # a quote that is not closed yet


@dataclass(frozen=True)
class Problem:
    """Something that cannot be run as it stands, and where (`start` to `end` of the line)."""

    message: str
    start: int
    end: int

    @property
    def column(self) -> int:
        """The place, counted from 1."""
        return self.start + 1

    def sentence(self) -> str:
        return f"Column {self.column}: {self.message}"


@dataclass(frozen=True)
class Completion:
    """Something that may stand at the end of the line: `line` is the line with it."""

    title: str
    detail: str
    line: str
    kind: str = ""


@dataclass(frozen=True)
class Line:
    """What was understood. `parameter`: the one being typed; `missing`: what is needed and not there yet."""

    command: Command | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    parameter: Parameter | None = None
    problem: Problem | None = None
    missing: tuple[Parameter, ...] = ()
    completions: tuple[Completion, ...] = ()
    unsettled: bool = False  # what is being typed begins something longer that is known

    @property
    def ready(self) -> bool:
        """Whether it can be run as it stands."""
        return self.command is not None and self.problem is None and not self.missing


def words(text: str) -> list[Token]:
    """The words of a line with their places; quotes keep words together."""
    found: list[Token] = []
    place, size = 0, len(text)
    while place < size:
        if text[place].isspace():
            place += 1
            continue
        start, said, quote = place, "", ""
        while place < size and (quote or not text[place].isspace()):
            letter = text[place]
            if quote:
                if letter == quote:
                    quote = ""
                else:
                    said += letter
            elif letter in QUOTES and (not said or said.endswith("=")):
                quote = {"“": "”"}.get(letter, letter)
            else:
                said += letter
            place += 1
        found.append(Token(said, start, place, bool(quote)))
    return found


def quoted(value: str) -> str:
    """A value as one word of a line."""
    if value and not any(letter.isspace() or letter in QUOTES for letter in value) and not value.startswith("--"):
        return value
    return f'"{value}"' if '"' not in value else f"'{value}'"


def spoken(command: Command) -> str:
    """A command as it is typed: `screener run`."""
    return f"{command.group} {command.verb.replace('_', '-')}"


def commands_by_group(commands: Iterable[Command]) -> dict[str, dict[str, Command]]:
    """Commands by group and by verb as typed, the hidden ones left out."""
    found: dict[str, dict[str, Command]] = {}
    for command in commands:
        if not command.hidden:
            found.setdefault(command.group, {})[command.verb.replace("_", "-")] = command
    return found


def read(text: str, groups: Mapping[str, Mapping[str, Command]], values: Values | None = None) -> Line | None:
    """The meaning of a line, or None when it does not begin with a group of commands."""
    tokens = words(text)
    if tokens and tokens[0].text.lower() == "tapeline":
        tokens = tokens[1:]
    if not tokens:
        return None
    first = tokens[0]
    group, dot, rest = first.text.lower().partition(".")
    if group not in groups:
        return None
    ends_open = not text[-1:].isspace()
    verbs = groups[group]
    if dot:  # screener.run
        verb = Token(rest.replace("_", "-"), first.start + len(group) + 1, first.end)
        after = tokens[1:]
    else:
        if len(tokens) == 1 and ends_open:
            return None  # still a word like any other
        verb = tokens[1] if len(tokens) > 1 else Token("", len(text), len(text))
        after = tokens[2:]
    command = verbs.get(verb.text.replace("_", "-"))
    if command is None or (not after and ends_open and verb.end == len(text) and any(
            name.startswith(verb.text) and name != verb.text for name in verbs)):
        return _verb(text, group, verbs, verb, command, typing=not after and (ends_open or not verb.text))
    line = _Reader(text, command, after, values, ends_open).read()
    return _turned(text, command, after, values, line) if line.problem is not None and len(after) == 2 else line


def _turned(text: str, command: Command, after: Sequence[Token], values: Values | None, line: Line) -> Line:
    """Two words in the wrong order (`watchlist add NVDA tech`): the line the other way round is offered first."""
    one, other = (text[token.start:token.end] for token in after)
    better = f"{text[:after[0].start]}{other} {one}"
    tokens = words(better)[-2:]
    if one.startswith("--") or other.startswith("--"):
        return line
    if _Reader(better, command, tokens, values, False).read().problem is not None:
        return line
    swap = Completion(better, "the other way round", better, "Did you mean")
    return replace(line, completions=(swap, *line.completions))


def _verb(text: str, group: str, verbs: Mapping[str, Command], verb: Token, command: Command | None, *, typing: bool) -> Line:
    said = verb.text.replace("_", "-")
    fitting = [name for name in verbs if name.startswith(said)] or [name for name in verbs if said in name] if typing else []
    head = text[:verb.start]
    completions = tuple(Completion(f"{group} {name}", verbs[name].title, f"{head}{name} ", "Verb") for name in fitting)
    problem = None
    if not fitting:
        near = difflib.get_close_matches(said, verbs, 1)
        hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(verbs)}."
        problem = Problem(f"{group} has no command {said!r}. {hint}", verb.start, verb.end)
        completions = tuple(Completion(f"{group} {name}", verbs[name].title, f"{head}{name}{text[verb.end:] or ' '}", "Verb")
                            for name in near)
    return Line(command, problem=problem, completions=completions, missing=() if command is None else _needed(command, {}))


def _needed(command: Command, given: Mapping[str, Any]) -> tuple[Parameter, ...]:
    return tuple(each for each in command.parameters if each.required and each.name not in given)


class _Reader:
    """Walks over the words after the verb once."""

    def __init__(self, text: str, command: Command, tokens: Sequence[Token], values: Values | None, ends_open: bool) -> None:
        self.text, self.command, self.values = text, command, values
        self.queue = list(tokens)
        self.typing = tokens[-1] if tokens and (ends_open or tokens[-1].open) else None
        self.given: dict[str, Any] = {}
        self.problem: Problem | None = None
        self.completions: tuple[Completion, ...] = ()
        self.parameter: Parameter | None = None
        self.unsettled = False
        self.waiting = False  # an option that has no value yet
        self.options = {parameter.flag: parameter for parameter in command.parameters}
        self.places = [parameter for parameter in command.parameters if parameter.positional and not parameter.secret]

    def read(self) -> Line:
        plain = False
        while self.queue:
            token = self.queue.pop(0)
            if token.text == "--" and token is not self.typing and not plain:
                plain = True
            elif token.text.startswith("--") and not plain:
                self._option(token)
            else:
                self._positional(token)
        if self.typing is None:
            self._next()
        return Line(self.command, self.given, self.parameter, self.problem, _needed(self.command, self.given), self.completions,
                    self.unsettled)

    # ---- what may follow ----

    def _next(self) -> None:
        """Nothing is being typed yet: the next positional parameter, then the options."""
        if self.waiting:
            return
        place = self._place()
        if place is not None:
            self.parameter = place
            self._offer(place, Token("", len(self.text), len(self.text)))
        self._offer_options("", len(self.text))

    def _place(self) -> Parameter | None:
        return next((each for each in self.places if each.name not in self.given or each.many), None)

    def _offer_options(self, said: str, start: int) -> None:
        head = self.text[:start]
        found = [Completion(parameter.flag, about(parameter), f"{head}{parameter.flag} ", "Option")
                 for flag, parameter in self.options.items()
                 if not parameter.secret and parameter.name not in self.given
                 and (flag.startswith(said) if said else not parameter.positional)]
        self.completions = (*self.completions, *found)[:MOST]

    def _offer(self, parameter: Parameter, token: Token, prefix: str = "") -> None:
        """The values that a parameter may have; `prefix` is what stands before the value in its word (`--show=`)."""
        said = token.text[len(prefix):]
        known, _ = self._known(parameter, said)
        lowered = said.lower()
        begin = [(value, meaning) for value, meaning in known if value.lower().startswith(lowered)]
        inside = [(value, meaning) for value, meaning in known if (value, meaning) not in begin
                  and (lowered in value.lower() or lowered in meaning.lower())]
        head, tail = self.text[:token.start] + prefix, " "
        self.completions = tuple(Completion(value or '""', meaning, f"{head}{quoted(value)}{tail}", parameter.flag.strip("-"))
                                 for value, meaning in (*begin, *inside))[:MOST]

    def _known(self, parameter: Parameter, said: str) -> tuple[Sequence[tuple[str, str]], bool]:
        if parameter.choices:
            return [(choice, "standard" if choice == parameter.default else "") for choice in parameter.choices if choice], True
        if parameter.type is bool:
            return [("yes", ""), ("no", "")], True
        return (self.values(self.command, parameter, said, self.given) if self.values is not None else None) or ((), False)

    # ---- what was said ----

    def _wrong(self, message: str, token: Token, start: int | None = None) -> None:
        if self.problem is None:
            self.problem = Problem(message, token.start if start is None else start, token.end)

    def _option(self, token: Token) -> None:
        name, equals, _ = token.text.partition("=")
        parameter = self.options.get(name.replace("_", "-"))
        off = self.options.get("--" + name[5:]) if name.startswith("--no-") else None
        if parameter is None and off is not None and off.type is bool:
            self.given[off.name], self.parameter = False, off
            return
        if parameter is None:
            self._unknown_option(name, token)
            return
        self.parameter = parameter
        if parameter.secret:
            self._wrong(f"{parameter.flag} is secret and is not typed here; it is asked for.", token)
        elif equals:
            self._value(parameter, token, f"{name}=")
        elif parameter.type is bool and not parameter.many:
            self.given[parameter.name] = True
            if token is self.typing:
                self._offer_options(name, token.start)
        elif token is self.typing:
            self._offer_options(name, token.start)
            self._wrong(f"{name} needs a value.", token)
        elif not self.queue or (self.queue[0].text.startswith("--") and len(self.queue[0].text) > 2):
            if not self.queue:
                self.waiting = True
                self._offer(parameter, Token("", len(self.text), len(self.text)))
            self._wrong(f"{name} needs a value: {wanted(parameter)}.", token)
        else:
            self._value(parameter, self.queue.pop(0))

    def _unknown_option(self, name: str, token: Token) -> None:
        if token is self.typing:
            self._offer_options(name, token.start)
        if not self.completions:
            near = difflib.get_close_matches(name, self.options, 1)
            takes = f"It takes: {', '.join(self.options)}." if self.options else "It takes none."
            hint = f"Did you mean {near[0]}?" if near else takes
            self._wrong(f"{spoken(self.command)} has no option {name}. {hint}", token)
        else:
            self._wrong(f"{name} is not finished.", token)

    def _positional(self, token: Token) -> None:
        place = self._place()
        if place is None:
            self._wrong(f"{spoken(self.command)} does not take {token.text!r}.", token)
            return
        self.parameter = place
        self._value(place, token)

    def _value(self, parameter: Parameter, token: Token, prefix: str = "") -> None:
        said = token.text[len(prefix):]
        if token is self.typing:
            self._offer(parameter, token, prefix)
            exact = any(each.title.lower() == said.lower() for each in self.completions)
            self.unsettled = bool(self.completions) and not exact
            if exact and len(self.completions) == 1:
                self.completions = ()
        try:
            value = parameter.convert(said)
        except UsageError as problem:
            self._wrong(problem.sentence(), token, token.start + len(prefix))
            return
        known, strict = self._known(parameter, said)
        if strict and known and not self._among(parameter, value, known):
            self._not_there(parameter, said, known, token, len(prefix))
        if parameter.many:
            value = (*self.given.get(parameter.name, ()), *value)
        self.given[parameter.name] = value

    @staticmethod
    def _among(parameter: Parameter, value: Any, known: Sequence[tuple[str, str]]) -> bool:
        if parameter.choices or parameter.type is bool:
            return True  # converting has told
        names = {name.lower() for name, _ in known}
        return all(str(each).lower() in names for each in (value if parameter.many else (value,)))

    def _not_there(self, parameter: Parameter, said: str, known: Sequence[tuple[str, str]], token: Token, skip: int) -> None:
        near = difflib.get_close_matches(said, [name for name, _ in known], 1)
        hint = f"Did you mean {near[0]}?" if near else "Tab shows what there is."
        self._wrong(f"There is no {parameter.name.replace('_', ' ')} {said!r}. {hint}", token, token.start + skip)


def wanted(parameter: Parameter) -> str:
    """What a parameter takes, in a few words."""
    if parameter.choices:
        return " | ".join(choice or '""' for choice in parameter.choices)
    if parameter.metavar and not parameter.metavar.isupper():
        return parameter.metavar
    names = {"str": "text", "int": "a whole number", "float": "a number", "bool": "yes or no", "date": "a date like 2026-01-31",
             "Path": "a file"}
    word = parameter.metavar.lower() if parameter.metavar and parameter.type is str else names[parameter.type.__name__]
    return f"{word}, one or more" if parameter.many else word


def about(parameter: Parameter) -> str:
    """One line on a parameter: what it takes, what it is for, what stands when it is left out."""
    default = parameter.default
    stands = "" if parameter.required or default in (None, "", (), False) else f" Standard: {default}."
    if isinstance(default, tuple) and default:
        stands = f" Standard: {', '.join(map(str, default))}."
    return f"{wanted(parameter)}. {parameter.help}{stands}".strip()


def normal(text: str, groups: Mapping[str, Mapping[str, Command]]) -> str:
    """A command line in its normal form, checked. UserError says what is wrong with it and where."""
    line = read(text + " ", groups)
    if line is None or line.command is None:
        raise UserError(line.problem.sentence() if line is not None and line.problem is not None
                        else f"There is no shortcut or command {text!r}.", "See: window keys, or any command of tapeline --help")
    if line.problem is not None:
        raise UserError(line.problem.sentence(), f"It is {spoken(line.command)}.")
    tail = [text[token.start:token.end] for token in words(text)]
    tail = tail[1:] if tail[0].lower() == "tapeline" else tail
    return " ".join([spoken(line.command), *tail[1 if "." in tail[0] else 2:]])
