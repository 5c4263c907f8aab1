"""The syntax tree of a rule, and how it is written out again.

Nodes compare by meaning: `column`, the place in the text, does not count.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

UNITS = {"": 1.0, "%": 0.01, "K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12, "x": 1.0, "d": 1.0}


@dataclass(frozen=True, kw_only=True)
class Node:
    """One piece of a rule; `column` counts from 1."""

    column: int = field(default=1, compare=False)


@dataclass(frozen=True)
class Number(Node):
    """A number as written, with its unit: 12 and "%" is 0.12."""

    written: Decimal
    unit: str = ""

    @property
    def amount(self) -> float:
        """The value meant."""
        return float(self.written * Decimal(repr(UNITS[self.unit])))


@dataclass(frozen=True)
class Text(Node):
    """A piece of text in quotes."""

    value: str


@dataclass(frozen=True)
class Name(Node):
    """A field, or `close`."""

    name: str


@dataclass(frozen=True)
class Call(Node):
    """A function with its arguments."""

    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True)
class Negative(Node):
    """A value with its sign turned."""

    operand: Node


@dataclass(frozen=True)
class Binary(Node):
    """Arithmetic: + - * /."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True)
class Comparison(Node):
    """Values compared one after another: a < b <= c."""

    operands: tuple[Node, ...]
    operators: tuple[str, ...]


@dataclass(frozen=True)
class Between(Node):
    """Low and high included."""

    value: Node
    low: Node
    high: Node
    negated: bool = False


@dataclass(frozen=True)
class Among(Node):
    """Equal to one of several texts or numbers."""

    value: Node
    choices: tuple[Node, ...]
    negated: bool = False


@dataclass(frozen=True)
class Contains(Node):
    """Text within text, or an entry of a list; upper and lower case are the same."""

    value: Node
    piece: Text


@dataclass(frozen=True)
class Known(Node):
    """Whether a value or condition is known. Never unknown itself."""

    value: Node
    wanted: bool


@dataclass(frozen=True)
class Crosses(Node):
    """Today on the other side than the session before."""

    left: Node
    right: Node
    above: bool


@dataclass(frozen=True)
class Within(Node):
    """The condition held in at least one of the last sessions."""

    condition: Node
    sessions: int


@dataclass(frozen=True)
class Not(Node):
    """Kleene's not."""

    operand: Node


@dataclass(frozen=True)
class Both(Node):
    """Kleene's and, of two or more."""

    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Either(Node):
    """Kleene's or, of two or more."""

    parts: tuple[Node, ...]


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below."""
    match node:
        case Call(arguments=arguments):
            return arguments
        case Negative(operand=operand) | Not(operand=operand):
            return (operand,)
        case Binary(left=left, right=right) | Crosses(left=left, right=right):
            return (left, right)
        case Comparison(operands=operands):
            return operands
        case Between(value=value, low=low, high=high):
            return (value, low, high)
        case Among(value=value) | Known(value=value) | Contains(value=value):
            return (value,)
        case Within(condition=condition):
            return (condition,)
        case Both(parts=parts) | Either(parts=parts):
            return parts
    return ()


_OR, _AND, _NOT, _WITHIN, _TEST, _SUM, _PRODUCT, _UNARY, _ATOM = range(9)


def text_of(node: Node) -> str:
    """The rule in its normal spelling; parsing it gives an equal tree."""
    return _write(node)[0]


def _inside(node: Node, least: int) -> str:
    text, binding = _write(node)
    return text if binding >= least else f"({text})"


def _write(node: Node) -> tuple[str, int]:
    match node:
        case Number(written=written, unit=unit):
            return f"{written:f}{unit}", _ATOM
        case Text(value=value):
            return quoted(value), _ATOM
        case Name(name=name):
            return name, _ATOM
        case Call(name=name, arguments=arguments):
            return f"{name}({', '.join(_write(each)[0] for each in arguments)})", _ATOM
        case Negative(operand=operand):
            return f"-{_inside(operand, _UNARY)}", _UNARY
        case Binary(operator=operator, left=left, right=right):
            own = _SUM if operator in "+-" else _PRODUCT
            return f"{_inside(left, own)} {operator} {_inside(right, own + 1)}", own
        case Both(parts=parts):
            return " and ".join(_inside(part, _NOT) for part in parts), _AND
        case Either(parts=parts):
            return " or ".join(_inside(part, _AND) for part in parts), _OR
        case Not(operand=operand):
            return f"not {_inside(operand, _NOT)}", _NOT
        case Within(condition=condition, sessions=sessions):
            return f"{_inside(condition, _TEST)} within {sessions}d", _WITHIN
    return _write_test(node), _TEST


def _write_test(node: Node) -> str:
    match node:
        case Comparison(operands=operands, operators=operators):
            rest = "".join(f" {sign} {_inside(value, _SUM)}" for sign, value in zip(operators, operands[1:], strict=True))
            return _inside(operands[0], _SUM) + rest
        case Between(value=value, low=low, high=high, negated=negated):
            return f"{_inside(value, _SUM)} {'not ' * negated}between {_inside(low, _SUM)} and {_inside(high, _SUM)}"
        case Among(value=value, choices=choices, negated=negated):
            return f"{_inside(value, _SUM)} {'not ' * negated}in ({', '.join(_write(each)[0] for each in choices)})"
        case Contains(value=value, piece=piece):
            return f"{_inside(value, _SUM)} contains {quoted(piece.value)}"
        case Known(value=value, wanted=wanted):
            return f"{_inside(value, _SUM)} is {'known' if wanted else 'unknown'}"
        case Crosses(left=left, right=right, above=above):
            return f"{_inside(left, _SUM)} crosses_{'above' if above else 'below'} {_inside(right, _SUM)}"
    raise TypeError(f"not a rule: {node!r}")


def quoted(value: str) -> str:
    """Text in double quotes."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
