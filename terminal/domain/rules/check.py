"""Meaning of a syntax tree: names are resolved, kinds of values checked, mistakes answered with what could be meant."""

from __future__ import annotations

import difflib
from dataclasses import replace
from typing import Literal

from terminal.domain.instruments import KINDS, SECTORS, clean_sector
from terminal.domain.rules import tree
from terminal.domain.rules.error import RuleError
from terminal.domain.rules.vocabulary import (
    BAR_OF_FIELD,
    BAR_SERIES,
    CROSS_SECTION,
    FUNCTIONS,
    INDICATOR_NAMES,
    QUOTIENTS,
    SERIES_OF_FIELD,
    VERDICTS,
    closest,
    in_force,
    names,
)

Kind = Literal["number", "text", "list", "condition"]
_SHOWN = {"number": "a number", "text": "text", "list": "a list", "condition": "a condition"}


def check(node: tree.Node) -> tree.Node:
    """The tree with every name resolved. Raises RuleError unless it is a condition throughout."""
    resolved, kind = _resolve(node)
    if kind != "condition":
        shown = tree.text_of(resolved)
        hint = (
            f"Compare it with something, for example {shown} > 0."
            if kind == "number"
            else f'Compare it, for example {shown} == "...".'
        )
        raise RuleError(f"{shown} is {_SHOWN[kind]}, not a condition", node.column, hint, shown)
    return resolved


def has_series(node: tree.Node) -> bool:
    """Whether there is a value for every session: numbers, bars, indicators and arithmetic on them."""
    match node:
        case tree.Number():
            return True
        case tree.Name(name=name):
            return name in BAR_OF_FIELD or name in BAR_SERIES or name in SERIES_OF_FIELD
        case tree.Call(name=name, arguments=arguments):
            return name in INDICATOR_NAMES or (name not in CROSS_SECTION and all(has_series(each) for each in arguments))
    below = tree.children(node)
    return bool(below) and all(has_series(each) for each in below)


def reads_bars(node: tree.Node) -> bool:
    """Whether the daily bars are needed to judge it."""
    match node:
        case tree.Crosses() | tree.Within():
            return True
        case tree.Name(name=name):
            return name == "close"
        case tree.Call(name=name) if name in INDICATOR_NAMES:
            return True
        case tree.Call(name="change", arguments=(value, _)):
            return has_series(value) or reads_bars(value)
    return any(reads_bars(each) for each in tree.children(node))


def _resolve(node: tree.Node) -> tuple[tree.Node, Kind]:
    match node:
        case tree.Number():
            return node, "number"
        case tree.Text():
            return node, "text"
        case tree.Name():
            return _name(node)
        case tree.Call():
            return _call(node), "number"
        case tree.Negative(operand=operand):
            return replace(node, operand=_number(operand)), "number"
        case tree.Binary():
            return _binary(node), "number"
        case tree.Not(operand=operand):
            return replace(node, operand=_condition(operand)), "condition"
        case tree.Within(condition=condition):
            return replace(node, condition=_condition(condition)), "condition"
        case tree.Both(parts=parts) | tree.Either(parts=parts):
            return replace(node, parts=tuple(_condition(part) for part in parts)), "condition"
        case tree.Known(value=value):
            return replace(node, value=_resolve(value)[0]), "condition"
        case tree.Crosses(left=left, right=right):
            return replace(node, left=_number(left), right=_number(right)), "condition"
        case tree.Between(value=value, low=low, high=high):
            looked, least, most = _number(value), _number(low), _number(high)
            for bound in (least, most):
                _scale(looked, bound)
            return replace(node, value=looked, low=least, high=most), "condition"
        case tree.Comparison():
            return _comparison(node), "condition"
        case tree.Among():
            return _among(node), "condition"
        case tree.Contains():
            return _contains(node), "condition"
    raise TypeError(f"not a rule: {node!r}")


def _name(node: tree.Name) -> tuple[tree.Node, Kind]:
    written = node.name
    fields = in_force().fields
    name = in_force().aliases.get(written.lower(), written.lower())
    if name == "close":
        return replace(node, name=name), "number"
    if name not in fields:
        if name in FUNCTIONS:
            raise RuleError(f"'{written}' is a function", node.column, f"Write {FUNCTIONS[name].usage}.", written)
        raise RuleError(f"there is no field '{written}'", node.column, _quote_hint(written) or closest(written, names()), written)
    kinds: dict[str, Kind] = {"text": "text", "list": "list"}
    return replace(node, name=name), kinds.get(fields[name].type, "number")


def _quote_hint(written: str) -> str:
    for word in (*SECTORS, *KINDS, *VERDICTS):
        if word.lower() == written.lower():
            return f"Write {tree.quoted(word)} in quotes."
    return ""


def _number(node: tree.Node) -> tree.Node:
    resolved, kind = _resolve(node)
    if kind != "number":
        shown = tree.text_of(resolved)
        raise RuleError(f"{shown} is {_SHOWN[kind]}, but a number is needed here", node.column, "", shown)
    return resolved


def _condition(node: tree.Node) -> tree.Node:
    return check(node)


def _binary(node: tree.Binary) -> tree.Node:
    if node.operator == "/" and isinstance(node.left, tree.Name) and isinstance(node.right, tree.Name):
        meant = QUOTIENTS.get((node.left.name.lower(), node.right.name.lower()))
        if meant:
            shown = f"{node.left.name}/{node.right.name}"
            raise RuleError(f"'{shown}' reads as a division", node.column, f"Did you mean {meant}?", shown)
    return replace(node, left=_number(node.left), right=_number(node.right))


def _comparison(node: tree.Comparison) -> tree.Node:
    resolved = [_resolve(each) for each in node.operands]
    for (left, left_kind), (right, right_kind), sign in zip(resolved, resolved[1:], node.operators, strict=False):
        if left_kind != right_kind or left_kind not in ("number", "text"):
            raise _mismatch(left, left_kind, right, right_kind)
        if left_kind == "text":
            if sign not in ("==", "!="):
                raise RuleError(f"text cannot be compared with {sign}", right.column, "Use == or != or in (...).", sign)
            _vocabulary(left, right)
            _vocabulary(right, left)
        else:
            _scale(left, right)
            _scale(right, left)
    return replace(node, operands=tuple(each for each, _ in resolved))


def _mismatch(left: tree.Node, left_kind: Kind, right: tree.Node, right_kind: Kind) -> RuleError:
    one, other = tree.text_of(left), tree.text_of(right)
    if "list" in (left_kind, right_kind):
        shown = one if left_kind == "list" else other
        return RuleError(f"{shown} is a list", left.column, f'Write {shown} contains "...".', shown)
    if "condition" in (left_kind, right_kind):
        return RuleError("a condition cannot be compared", left.column, "Join conditions with and, or, not.", one)
    message = f"{one} is {_SHOWN[left_kind]} and {other} is {_SHOWN[right_kind]}: they cannot be compared"
    hint = ""
    if isinstance(left, tree.Name) and left_kind == "text":
        example = {"sector": "Energy", "kind": "stock", "verdict": "Buy"}.get(left.name, "...")
        hint = f"Write {left.name} == {tree.quoted(example)}."
    return RuleError(message, right.column, hint, other)


def _scale(looked: tree.Node, bound: tree.Node) -> None:
    """Catch the slip of 12 for 12% (and 30% for 30), where the field's unit leaves no doubt."""
    number = bound.operand if isinstance(bound, tree.Negative) else bound
    fields = in_force().fields
    if not (isinstance(looked, tree.Name) and isinstance(number, tree.Number)) or looked.name not in fields:
        return
    fraction = fields[looked.name].unit == "fraction"
    shown = tree.text_of(number)
    if fraction and not number.unit and number.amount >= 1.5:
        hint = f"Did you mean {shown}%? For {shown} times, write {number.amount * 100:g}%."
        raise RuleError(f"{looked.name} is a share: {shown} would be {number.amount * 100:,.0f} %", number.column, hint, shown)
    if not fraction and number.unit == "%":
        plain = f"{number.written:f}"
        raise RuleError(f"{looked.name} is not a percentage", number.column, f"Did you mean {plain}?", shown)
    if number.unit == "d" and fields[looked.name].unit != "days":
        raise RuleError(f"{looked.name} is not a number of days", number.column, f"Did you mean {number.written:f}?", shown)


def _vocabulary(field: tree.Node, value: tree.Node) -> None:
    """A word that the field can never have is a slip, not an empty answer."""
    if not (isinstance(field, tree.Name) and isinstance(value, tree.Text)):
        return
    lowered = value.value.strip().lower()
    allowed = in_force().closed.get(field.name, ())
    if not allowed or lowered in (each.lower() for each in allowed):
        return
    near = difflib.get_close_matches(lowered, [each.lower() for each in allowed], n=1, cutoff=0.6)
    meant = next((each for each in allowed if near and each.lower() == near[0]), "")
    if field.name == "sector":
        vendor = clean_sector(value.value)
        meant = vendor if vendor in SECTORS else meant
        if not meant:
            return  # a provider may know sectors of its own
    hint = f"Did you mean {tree.quoted(meant)}?" if meant else f"It is one of {', '.join(tree.quoted(each) for each in allowed)}."
    raise RuleError(f"no {field.name} is called {tree.quoted(value.value)}", value.column, hint, value.value)


def _among(node: tree.Among) -> tree.Node:
    value, kind = _resolve(node.value)
    if kind not in ("text", "number"):
        raise RuleError(
            f"{tree.text_of(value)} is {_SHOWN[kind]}: it cannot be one of a list",
            node.column,
            'Write flags contains "...".' if kind == "list" else "",
        )
    for choice in node.choices:
        if isinstance(choice, tree.Text) != (kind == "text"):
            raise _mismatch(value, kind, choice, "text" if isinstance(choice, tree.Text) else "number")
        _vocabulary(value, choice)
        _scale(value, choice)
    return replace(node, value=value)


def _contains(node: tree.Contains) -> tree.Node:
    value, kind = _resolve(node.value)
    if kind not in ("text", "list"):
        raise RuleError(f"{tree.text_of(value)} is {_SHOWN[kind]}: it contains no text", node.column)
    return replace(node, value=value)


def _call(node: tree.Call) -> tree.Node:
    function = FUNCTIONS.get(node.name)
    if function is None:
        raise RuleError(f"there is no function '{node.name}'", node.column, closest(node.name, tuple(FUNCTIONS)), node.name)
    if not function.least <= len(node.arguments) <= function.most:
        raise RuleError(
            f"{node.name} does not take {len(node.arguments)} arguments", node.column, f"Write {function.usage}.", node.name
        )
    if node.name in INDICATOR_NAMES:
        return _indicator(node, function.usage)
    if node.name == "change":
        return _change(node)
    if node.name == "rank" and not node.arguments:
        return replace(node, arguments=(_number(tree.Name("score", column=node.column)),))
    return replace(node, arguments=tuple(_number(each) for each in node.arguments))


def _indicator(node: tree.Call, usage: str) -> tree.Node:
    from terminal.domain.indicators import SERIES  # brings numpy, which most rules do without

    indicator = SERIES[node.name]
    given = list(node.arguments)
    series: list[tree.Node] = []
    if given and not isinstance(given[0], tree.Number):
        first = given.pop(0)
        if not indicator.free_input:
            raise RuleError(f"{node.name} reads the bars itself and takes only numbers", first.column, f"Write {usage}.")
        resolved = _number(first)
        if not has_series(resolved):
            raise RuleError(
                f"{tree.text_of(resolved)} has no value for every session",
                first.column,
                "Use close, open, high, low, volume or another indicator.",
                tree.text_of(resolved),
            )
        series = [resolved]
    for each in given:
        if not isinstance(each, tree.Number) or each.unit not in ("", "d"):
            raise RuleError(f"{node.name} needs plain numbers here", each.column, f"Write {usage}.", tree.text_of(each))
    try:
        indicator.settings(tuple(each.amount for each in given if isinstance(each, tree.Number)))
    except ValueError as error:
        raise RuleError(str(error), node.column, f"Write {usage}.", node.name) from None
    return replace(node, arguments=(*series, *given))


def _change(node: tree.Call) -> tree.Node:
    value, span = node.arguments
    resolved = _number(value)
    if (
        not isinstance(span, tree.Number)
        or span.unit not in ("d", "")
        or span.amount != int(span.amount)
        or not 1 <= span.amount <= 2000
    ):
        raise RuleError("change needs a number of sessions", span.column, "Write change(close, 20d).", tree.text_of(span))
    if not has_series(resolved) and not isinstance(resolved, tree.Name):
        raise RuleError(
            "change takes a field or a series of the bars", value.column, "Write change(close, 20d).", tree.text_of(resolved)
        )
    return replace(node, arguments=(resolved, replace(span, unit="d")))
