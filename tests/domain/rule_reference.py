"""A slow, obvious evaluator of rules, one row at a time, and a generator of random rules: what the real one is held to."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from terminal.domain.rules import tree

NUMBERS = ("pe_ttm", "pb", "market_cap", "beta")
TEXTS = ("sector", "kind")
_WORDS = {"sector": ("Energy", "Utilities", "Financials"), "kind": ("stock", "etf", "bond")}

amounts = st.builds(
    lambda digits, places, unit: tree.Number(Decimal(digits).scaleb(-places).normalize() + 0, unit),
    st.integers(0, 400),
    st.integers(0, 2),
    st.sampled_from(["", "", "", "K", "x"]),
)
fields = st.sampled_from(NUMBERS).map(tree.Name)
values = st.recursive(
    fields | amounts,
    lambda inner: st.one_of(
        st.builds(tree.Binary, st.sampled_from("+-*/"), inner, inner),
        st.builds(tree.Negative, inner),
        st.builds(lambda name, value: tree.Call(name, (value,)), st.sampled_from(("abs", "sqrt", "log")), inner),
        st.builds(lambda name, one, other: tree.Call(name, (one, other)), st.sampled_from(("min", "max")), inner, inner),
    ),
    max_leaves=4,
)


@st.composite
def _texts(draw: st.DrawFn) -> tree.Node:
    name = draw(st.sampled_from(TEXTS))
    words = draw(st.lists(st.sampled_from(_WORDS[name]), min_size=1, max_size=3))
    listed = tuple(tree.Text(word) for word in words)
    return draw(
        st.sampled_from(
            (
                tree.Among(tree.Name(name), listed, draw(st.booleans())),
                tree.Comparison((tree.Name(name), listed[0]), (draw(st.sampled_from(("==", "!="))),)),
            )
        )
    )


_SIGNS = ("<", "<=", ">", ">=", "==", "!=")


@st.composite
def _compared(draw: st.DrawFn) -> tree.Node:
    count = draw(st.integers(1, 2))
    return tree.Comparison(
        tuple(draw(values) for _ in range(count + 1)), tuple(draw(st.sampled_from(_SIGNS)) for _ in range(count))
    )


tests = st.one_of(
    _compared(),
    _texts(),
    st.builds(tree.Between, values, values, values, st.booleans()),
    st.builds(tree.Known, values, st.booleans()),
)
conditions = st.recursive(
    tests,
    lambda inner: st.one_of(
        st.builds(tree.Not, inner),
        st.builds(lambda parts: tree.Both(_flat(tree.Both, parts)), st.lists(inner, min_size=2, max_size=3)),
        st.builds(lambda parts: tree.Either(_flat(tree.Either, parts)), st.lists(inner, min_size=2, max_size=3)),
        st.builds(tree.Known, inner, st.booleans()),
    ),
    max_leaves=6,
)
rows = st.fixed_dictionaries(
    {
        **{
            name: st.none() | st.sampled_from([0.0, 1.0, -2.0, 15.0, 0.5, 40.0]) | st.floats(-50, 400, allow_nan=False)
            for name in NUMBERS
        },
        **{name: st.none() | st.sampled_from(_WORDS[name]) for name in TEXTS},
    }
)


def _flat(kind: Any, parts: list[tree.Node]) -> tuple[tree.Node, ...]:
    return tuple(inner for part in parts for inner in (part.parts if isinstance(part, kind) else (part,)))


def judge(node: tree.Node, row: dict[str, Any]) -> Any:
    """True, False or None for a condition; a number, text or None for a value."""
    match node:
        case tree.Number(written=written, unit=unit):
            return float(written * {"": 1, "K": 1000, "x": 1}[unit])
        case tree.Text(value=value):
            return value
        case tree.Name(name=name):
            return row[name]
        case tree.Negative(operand=operand):
            inner = judge(operand, row)
            return None if inner is None else -inner
        case tree.Binary(operator=operator, left=left, right=right):
            return _arithmetic(operator, judge(left, row), judge(right, row))
        case tree.Call(name=name, arguments=arguments):
            return _function(name, [judge(each, row) for each in arguments])
        case tree.Known(value=value, wanted=wanted):
            return (judge(value, row) is not None) == wanted
        case tree.Not(operand=operand):
            inner = judge(operand, row)
            return None if inner is None else not inner
        case tree.Both(parts=parts):
            return every([judge(part, row) for part in parts])
        case tree.Either(parts=parts):
            return some([judge(part, row) for part in parts])
        case tree.Between(value=value, low=low, high=high, negated=negated):
            held = every([compare(">=", judge(value, row), judge(low, row)), compare("<=", judge(value, row), judge(high, row))])
            return held if held is None or not negated else not held
        case tree.Among(value=value, choices=choices, negated=negated):
            held = some([compare("==", judge(value, row), judge(each, row)) for each in choices])
            return held if held is None or not negated else not held
        case tree.Comparison(operands=operands, operators=operators):
            found = [judge(each, row) for each in operands]
            return every([compare(sign, a, b) for sign, a, b in zip(operators, found, found[1:], strict=False)])
    raise TypeError(node)


def every(parts: list[bool | None]) -> bool | None:
    """Kleene's and."""
    return False if False in parts else None if None in parts else True


def some(parts: list[bool | None]) -> bool | None:
    """Kleene's or."""
    return True if True in parts else None if None in parts else False


def compare(sign: str, left: Any, right: Any) -> bool | None:
    """One comparison."""
    if left is None or right is None:
        return None
    return {
        "<": left < right,
        "<=": left <= right,
        ">": left > right,
        ">=": left >= right,
        "==": left == right,
        "!=": left != right,
    }[sign]


def _arithmetic(operator: str, left: float | None, right: float | None) -> float | None:
    if left is None or right is None or (operator == "/" and right == 0):
        return None
    made = {"+": lambda: left + right, "-": lambda: left - right, "*": lambda: left * right, "/": lambda: left / right}[
        operator
    ]()
    return made if math.isfinite(made) else None


def _function(name: str, values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    if len(known) < len(values) or (name == "log" and known[0] <= 0) or (name == "sqrt" and known[0] < 0):
        return None
    return {
        "abs": lambda: abs(known[0]),
        "log": lambda: math.log(known[0]),
        "sqrt": lambda: math.sqrt(known[0]),
        "min": lambda: min(known),
        "max": lambda: max(known),
    }[name]()
