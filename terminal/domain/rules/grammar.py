"""From text to syntax tree: the grammar (LALR) and its errors, each with the column and what could be meant."""

from __future__ import annotations

import functools
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from terminal.domain.rules import tree
from terminal.domain.rules.error import RuleError
from terminal.domain.rules.vocabulary import FUNCTIONS, closest, names

if TYPE_CHECKING:
    from lark import Lark, Token, Tree

MAX_LENGTH = 4000
MAX_DEPTH = 60

GRAMMAR = r"""
?start: either
?either: both (_OR both)*
?both: negation (_AND negation)*
?negation: NOT negation -> not_
         | within
?within: test
       | test WITHIN NUMBER -> within_
?test: sum
     | sum (COMPARE sum)+ -> comparison
     | sum [NOT] _BETWEEN sum _AND sum -> between
     | sum [NOT] _IN list -> among
     | sum _CONTAINS STRING -> contains
     | sum _IS [NOT] KNOWN -> known
     | sum CROSSES sum -> crosses
?sum: product
    | sum (PLUS | MINUS) product -> binary
?product: unary
        | product (STAR | SLASH) unary -> binary
?unary: atom
      | MINUS unary -> negative
?atom: NUMBER -> number
     | STRING -> text
     | NAME -> name
     | NAME LEFT [arguments] ")" -> call
     | LEFT either ")" -> group
arguments: either ("," either)*
list: LEFT value ("," value)* ")"
    | "[" value ("," value)* "]"
value: STRING | [MINUS] NUMBER

NOT.3: /not(?![a-z0-9_])|!(?!=)/i
_AND.3: /and(?![a-z0-9_])|&&?/i
_OR.3: /or(?![a-z0-9_])|\|\|?/i
_BETWEEN.3: /between(?![a-z0-9_])/i
_IN.3: /in(?![a-z0-9_])/i
_IS.3: /is(?![a-z0-9_])/i
_CONTAINS.3: /contains(?![a-z0-9_])/i
WITHIN.3: /within(?![a-z0-9_])/i
KNOWN.3: /(un)?known(?![a-z0-9_])/i
CROSSES.3: /crosses_(above|below)(?![a-z0-9_])/i
COMPARE: "<=" | ">=" | "==" | "!=" | "<>" | "<" | ">" | "=" | "≤" | "≥" | "≠"
PLUS: "+"
MINUS: "-"
STAR: "*"
SLASH: "/"
LEFT: "("
NUMBER: /([0-9]+(\.[0-9]*)?|\.[0-9]+)(\s*%|[kmbtdx](?![a-z0-9_])|(?![a-z0-9_.]))/i
STRING: /"([^"\\\n]|\\.)*"|'([^'\\\n]|\\.)*'/
NAME: /[a-z_][a-z0-9_]*/i
%ignore /\s+/
"""

_SIGNS = {"=": "==", "<>": "!=", "≤": "<=", "≥": ">=", "≠": "!="}
_MEANT = {
    "a value": {"NUMBER", "NAME", "STRING", "LEFT", "MINUS"},
    "a comparison such as < or ==": {"COMPARE"},
    "')'": {"RPAR"},
    "'and'": {"_AND"},
    "a number of sessions such as 5d": {"NUMBER"},
    "text in quotes": {"STRING"},
}


def read(text: str) -> tree.Node:
    """The syntax tree of a rule. Raises RuleError for whatever cannot be read; types and names are checked later."""
    if not text.strip():
        raise RuleError("the rule is empty", 1, "Write a condition such as pe_ttm < 15.")
    if len(text) > MAX_LENGTH:
        raise RuleError(f"the rule is longer than {MAX_LENGTH} characters", MAX_LENGTH + 1)
    from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedInput, UnexpectedToken

    try:
        parsed = _parser().parse(text)
    except UnexpectedCharacters as error:
        raise _strange(text, error.pos_in_stream or 0) from None
    except (UnexpectedToken, UnexpectedEOF, UnexpectedInput) as error:
        raise _misplaced(text, error) from None
    if _depth(parsed) > MAX_DEPTH:
        raise RuleError("the rule is nested too deeply", 1, "Split it into several conditions joined by and.")
    return _Builder().build(parsed)


@functools.cache
def _parser() -> Lark:
    from lark import Lark

    return Lark(GRAMMAR, parser="lalr", propagate_positions=True, maybe_placeholders=True)


def _strange(text: str, position: int) -> RuleError:
    piece = text[position]
    if piece in "\"'":
        return RuleError("the quotation mark is not closed", position + 1, "End the text with the same mark.", text[position:])
    word = re.match(r"[0-9.]+[A-Za-z_0-9.]*", text[position:])
    if word:
        return RuleError(f"'{word[0]}' is not a number", position + 1, "Units are %, K, M, B, T, x and d (sessions).", word[0])
    return RuleError(f"'{piece}' cannot stand here", position + 1, "", piece)


def _misplaced(text: str, error: Any) -> RuleError:
    token: Token | None = getattr(error, "token", None)
    expected = set(getattr(error, "accepts", None) or getattr(error, "expected", None) or ())
    wanted = [words for words, kinds in _MEANT.items() if kinds & expected]
    if {"NAME", "NUMBER"} <= expected:
        wanted = ["a value"]
    hint = f"Expected {' or '.join(wanted[:3])}." if wanted else ""
    if token is None or token.type == "$END":
        return RuleError("the rule ends too early", len(text.rstrip()) + 1, hint)
    column, piece = (token.start_pos or 0) + 1, str(token)
    before = re.search(r"([A-Za-z_][A-Za-z0-9_]*)\s*$", text[: column - 1])
    if before and piece == "(" and before[1].lower() not in FUNCTIONS:
        return RuleError(
            f"there is no function '{before[1]}'", before.start() + 1, closest(before[1], tuple(FUNCTIONS)), before[1]
        )
    if token.type == "NAME":
        known = closest(
            piece, (*names(), "and", "or", "not", "in", "between", "within", "contains", "crosses_above", "crosses_below")
        )
        hint = known if known and "COMPARE" in expected and piece.lower() not in names() else hint
    return RuleError(f"'{piece}' cannot stand here", column, hint, piece)


def _depth(root: Any) -> int:
    """The height of a parse tree, without recursion: a hostile text must not exhaust the stack."""
    deepest, waiting = 0, [(root, 1)]
    while waiting:
        node, level = waiting.pop()
        deepest = max(deepest, level)
        waiting.extend((child, level + 1) for child in getattr(node, "children", ()))
    return deepest


class _Builder:
    """Turns lark's tree into ours."""

    def build(self, node: Tree[Token]) -> tree.Node:
        column = getattr(node.meta, "start_pos", 0) + 1
        return getattr(self, f"_{node.data}")(node.children, column)  # type: ignore[no-any-return]

    def _group(self, parts: list[Any], column: int) -> tree.Node:
        return self.build(parts[1])

    def _number(self, parts: list[Any], column: int) -> tree.Node:
        return _number(parts[0])

    def _text(self, parts: list[Any], column: int) -> tree.Node:
        return tree.Text(_unquoted(parts[0]), column=column)

    def _name(self, parts: list[Any], column: int) -> tree.Node:
        return tree.Name(str(parts[0]), column=column)

    def _call(self, parts: list[Any], column: int) -> tree.Node:
        arguments = () if parts[2] is None else tuple(self.build(each) for each in parts[2].children)
        return tree.Call(str(parts[0]).lower(), arguments, column=column)

    def _negative(self, parts: list[Any], column: int) -> tree.Node:
        return tree.Negative(self.build(parts[1]), column=column)

    def _binary(self, parts: list[Any], column: int) -> tree.Node:
        return tree.Binary(str(parts[1]), self.build(parts[0]), self.build(parts[2]), column=column)

    def _comparison(self, parts: list[Any], column: int) -> tree.Node:
        signs = tuple(_SIGNS.get(str(sign), str(sign)) for sign in parts[1::2])
        return tree.Comparison(tuple(self.build(each) for each in parts[::2]), signs, column=column)

    def _between(self, parts: list[Any], column: int) -> tree.Node:
        value, negated, low, high = parts
        return tree.Between(self.build(value), self.build(low), self.build(high), negated is not None, column=column)

    def _among(self, parts: list[Any], column: int) -> tree.Node:
        value, negated, choices = parts
        listed = tuple(self._value(each.children) for each in choices.children if getattr(each, "data", "") == "value")
        return tree.Among(self.build(value), listed, negated is not None, column=column)

    def _value(self, parts: list[Any]) -> tree.Node:
        token = parts[-1]
        if token.type == "STRING":
            return tree.Text(_unquoted(token), column=token.start_pos + 1)
        number = _number(token)
        return (
            tree.Number(-number.written, number.unit, column=number.column) if parts[0] is not None and len(parts) > 1 else number
        )

    def _contains(self, parts: list[Any], column: int) -> tree.Node:
        return tree.Contains(self.build(parts[0]), tree.Text(_unquoted(parts[1]), column=parts[1].start_pos + 1), column=column)

    def _known(self, parts: list[Any], column: int) -> tree.Node:
        value, negated, word = parts
        return tree.Known(self.build(value), (str(word).lower() == "known") == (negated is None), column=column)

    def _crosses(self, parts: list[Any], column: int) -> tree.Node:
        return tree.Crosses(self.build(parts[0]), self.build(parts[2]), str(parts[1]).lower().endswith("above"), column=column)

    def _within_(self, parts: list[Any], column: int) -> tree.Node:
        number = _number(parts[2])
        if number.unit not in ("d", "") or number.amount != int(number.amount) or not 1 <= number.amount <= 1000:
            raise RuleError(f"'{parts[2]}' is not a number of sessions", number.column, "Write within 5d.", str(parts[2]))
        return tree.Within(self.build(parts[0]), int(number.amount), column=column)

    def _not_(self, parts: list[Any], column: int) -> tree.Node:
        return tree.Not(self.build(parts[1]), column=column)

    def _both(self, parts: list[Any], column: int) -> tree.Node:
        return tree.Both(_flat(tree.Both, [self.build(each) for each in parts]), column=column)

    def _either(self, parts: list[Any], column: int) -> tree.Node:
        return tree.Either(_flat(tree.Either, [self.build(each) for each in parts]), column=column)


def _flat(kind: type[tree.Both] | type[tree.Either], parts: list[tree.Node]) -> tuple[tree.Node, ...]:
    """(a and b) and c is a and b and c: the same truth table."""
    return tuple(inner for part in parts for inner in (part.parts if isinstance(part, kind) else (part,)))


def _number(token: Token) -> tree.Number:
    text = str(token).replace(" ", "")
    unit = text[-1] if not (text[-1].isdigit() or text[-1] == ".") else ""
    unit = {"d": "d", "x": "x", "%": "%"}.get(unit.lower(), unit.upper())
    digits = "".join(text[:-1].split()) if unit else text
    return tree.Number(Decimal(digits.rstrip(".") or "0").normalize() + 0, unit, column=(token.start_pos or 0) + 1)


def _unquoted(token: Token) -> str:
    return re.sub(r"\\(.)", r"\1", str(token)[1:-1], flags=re.DOTALL)
