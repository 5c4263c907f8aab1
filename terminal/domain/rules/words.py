"""A rule in plain words, for those who do not want to read formulas."""

from __future__ import annotations

from collections.abc import Callable

from terminal.domain.rules import tree

Titles = Callable[[str], str]

_SIGNS = {"<": "is below", "<=": "is at most", ">": "is above", ">=": "is at least", "==": "is", "!=": "is not"}
_TURNED = {"<": "is above", "<=": "is at least", ">": "is below", ">=": "is at most", "==": "is", "!=": "is not"}
_FUNCTIONS = {
    "sma": "the average of {0} over {1} sessions",
    "avg": "the average of {0} over {1} sessions",
    "ema": "the exponential average of {0} over {1} sessions",
    "highest": "the highest {0} of {1} sessions",
    "lowest": "the lowest {0} of {1} sessions",
    "change": "the change of {0} over {1} sessions",
    "sector_median": "the sector's middle {0}",
    "median": "the middle {0} of all",
    "percentile": "the place of {0} among all",
    "sector_percentile": "the place of {0} within the sector",
    "rank": "the rank by {0}",
    "abs": "the size of {0}",
}


def describe(node: tree.Node, title: Titles) -> str:
    """The rule as an English phrase; `title` gives the words for a field's name."""
    match node:
        case tree.Both(parts=parts):
            return " and ".join(_grouped(part, title, tree.Either) for part in parts)
        case tree.Either(parts=parts):
            return " or ".join(_grouped(part, title, tree.Both) for part in parts)
        case tree.Not(operand=operand):
            return f"it is not so that {_grouped(operand, title, tree.Both | tree.Either)}"
        case tree.Within(condition=condition, sessions=sessions):
            return f"at least once in the last {sessions} sessions {_grouped(condition, title, tree.Both | tree.Either)}"
        case tree.Comparison():
            return _comparison(node, title)
        case tree.Between(value=value, low=low, high=high, negated=negated):
            return f"{_value(value, title)} is {'not ' * negated}from {_value(low, title)} to {_value(high, title)}"
        case tree.Among(value=value, choices=choices, negated=negated):
            listed = [_value(each, title) for each in choices]
            return (
                f"{_value(value, title)} is {'not ' * negated}{' or '.join(filter(None, [', '.join(listed[:-1]), listed[-1]]))}"
            )
        case tree.Contains(value=value, piece=piece):
            return f"{_value(value, title)} contains {tree.quoted(piece.value)}"
        case tree.Known(value=value, wanted=wanted):
            inner = _value(value, title)
            return f"{inner} is {'known' if wanted else 'unknown'}"
        case tree.Crosses(left=left, right=right, above=above):
            return f"{_value(left, title)} crosses {'above' if above else 'below'} {_value(right, title)}"
    return _value(node, title)


def _grouped(node: tree.Node, title: Titles, kinds: object) -> str:
    text = describe(node, title)
    return f"({text})" if isinstance(node, kinds) else text  # type: ignore[arg-type]


def _comparison(node: tree.Comparison, title: Titles) -> str:
    values = [_value(each, title) for each in node.operands]
    if len(values) == 3 and isinstance(node.operands[0], tree.Number):
        return f"{values[1]} {_TURNED[node.operators[0]]} {values[0]} and {_SIGNS[node.operators[1]]} {values[2]}"
    first = f"{values[0]} {_SIGNS[node.operators[0]]} {values[1]}"
    more = [f"{values[place]} {_SIGNS[sign]} {values[place + 1]}" for place, sign in enumerate(node.operators) if place]
    return " and ".join([first, *more])


def _value(node: tree.Node, title: Titles) -> str:
    match node:
        case tree.Number(written=written, unit=unit):
            return f"{written:f}" if unit in ("", "d", "x") else f"{written:f} %" if unit == "%" else f"{written:f}{unit}"
        case tree.Text(value=value):
            return tree.quoted(value)
        case tree.Name(name=name):
            return "the close" if name == "close" else title(name)
        case tree.Call(name=name, arguments=arguments) if name in _FUNCTIONS and len(arguments) == _FUNCTIONS[name].count("{"):
            return _FUNCTIONS[name].format(*(_value(each, title).removeprefix("the ") for each in arguments))
        case tree.Call(name=name, arguments=arguments):
            return f"{name}({', '.join(_value(each, title) for each in arguments)})"
        case tree.Negative(operand=operand):
            return f"-{_value(operand, title)}"
        case tree.Binary(operator=operator, left=left, right=right):
            words = {"+": "plus", "-": "minus", "*": "times", "/": "divided by"}
            sides = [
                f"({_value(each, title)})" if isinstance(each, tree.Binary) else _value(each, title) for each in (left, right)
            ]
            return f"{sides[0]} {words[operator]} {sides[1]}"
    return f"({describe(node, title)})"
