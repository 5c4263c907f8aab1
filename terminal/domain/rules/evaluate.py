"""A checked rule over a frame of symbols and their daily bars, as polars expressions; no Python runs per row.

Two contexts. In the *row* context a value is one number a symbol, and a series stands for its newest value. In the
*session* context, inside crosses and within, a value is one number a bar: a field that is made from the bars means that
session's value, any other field its present one.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import reduce
from typing import TYPE_CHECKING

import polars as pl

from terminal.domain.prices import MAX_BAR_GAP_DAYS, MAX_PRICE_AGE_SESSIONS
from terminal.domain.rules import tree
from terminal.domain.rules.check import has_series
from terminal.domain.rules.vocabulary import BAR_OF_FIELD, BAR_SERIES, CROSS_SECTION, INDICATOR_NAMES, SERIES_OF_FIELD, in_force

if TYPE_CHECKING:
    from datetime import date

Earlier = Callable[[int], pl.DataFrame]
_BARS = {"symbol": pl.String, "date": pl.Date, **dict.fromkeys(BAR_SERIES, pl.Float64)}
_TYPES: dict[str, pl.DataType | type[pl.DataType]] = {"text": pl.String, "list": pl.List(pl.String)}


class Evaluation:
    """One evaluation. `frame` has `symbol` and fields; an absent field is unknown. `bars` is any BARS frame, or None.

    `earlier(n)` gives the frame as it was n sessions ago, for `change` of a field that is not made from bars; without
    it such a change is unknown. Bars that end long before the row's price, or before as_of, are not its present: then
    what needs them is unknown.
    """

    def __init__(self, frame: pl.DataFrame, bars: pl.DataFrame | None, as_of: date | None, earlier: Earlier | None) -> None:
        present = set(frame.columns)
        self._frame = frame.with_columns(
            pl.lit(None, dtype=_TYPES.get(field.type, pl.Float64)).alias(name)
            for name, field in in_force().fields.items()
            if name not in present
        )
        self._given = bars
        self._sorted: pl.DataFrame | None = None
        self._runs: list[slice] = []
        self._as_of = as_of
        self._earlier = earlier
        self._made: dict[tree.Node, str] = {}
        self._rows: dict[tree.Node, str] = {}

    def condition(self, node: tree.Node) -> pl.Series:
        """Boolean, null where unknown."""
        expression = self._row(node).cast(pl.Boolean)  # may add columns to the frame
        return self._frame.with_columns(_for_each_row(expression).alias("outcome"))["outcome"]

    def value(self, node: tree.Node) -> pl.Series:
        """Float64, null where unknown."""
        expression = _finite(self._row(node).cast(pl.Float64))
        return self._frame.with_columns(_for_each_row(expression).alias("value"))["value"]

    # -- rows ----------------------------------------------------------------------------------------------------

    @property
    def _bars(self) -> pl.DataFrame:
        """The bars of the frame's symbols in order, with the columns made so far; put in order when first needed."""
        if self._sorted is None:
            given = pl.DataFrame(schema=_BARS) if self._given is None else self._given
            wanted = given.join(self._frame.select("symbol").unique(), on="symbol", how="semi")
            self._sorted = wanted.select("symbol", "date", *(pl.col(name).cast(pl.Float64) for name in BAR_SERIES)).sort(
                "symbol", "date"
            )
            from terminal.domain.indicators import slices  # brings numpy, which most rules do without

            self._runs = slices(self._sorted["symbol"])
        return self._sorted

    @_bars.setter
    def _bars(self, frame: pl.DataFrame) -> None:
        self._sorted = frame

    def _row(self, node: tree.Node) -> pl.Expr:
        match node:
            case tree.Name(name="close") | tree.Crosses() | tree.Within():
                return self._newest(node)
            case tree.Name(name=name):
                return _field(name)
            case tree.Call(name=name) if name in INDICATOR_NAMES:
                return self._newest(node)
            case tree.Call(name="change", arguments=(value, span)):
                return self._newest(node) if has_series(value) else self._changed_field(node, value, span)
            case tree.Call(name=name, arguments=(value,)) if name in CROSS_SECTION:
                return _cross_section(name, _finite(self._row(value).cast(pl.Float64)))
        return _combine(node, self._row)

    def _newest(self, node: tree.Node) -> pl.Expr:
        """The value of a session expression on each symbol's last bar, as a column of the frame."""
        if node not in self._rows:
            name = f"_row_{len(self._rows)}"
            condition = isinstance(node, tree.Crosses | tree.Within)
            if self._bars.is_empty():
                self._frame = self._frame.with_columns(pl.lit(None, dtype=pl.Boolean if condition else pl.Float64).alias(name))
            else:
                column = self._series_column(node)
                last = self._bars.group_by("symbol").agg(
                    pl.col(column).last().alias(name), pl.col("date").last().alias("_last_bar")
                )
                joined = self._frame.join(last, on="symbol", how="left", maintain_order="left")
                self._frame = joined.with_columns(pl.when(self._current()).then(pl.col(name)).alias(name)).drop("_last_bar")
            self._rows[node] = name
        return pl.col(self._rows[node])

    def _current(self) -> pl.Expr:
        current = pl.col("_last_bar").is_not_null()
        if "_price_date" in self._frame.columns:
            current &= ((pl.col("_price_date") - pl.col("_last_bar")).dt.total_days() <= MAX_BAR_GAP_DAYS).fill_null(True)
        if self._as_of is not None:
            current &= pl.business_day_count(pl.col("_last_bar"), pl.lit(self._as_of)) <= MAX_PRICE_AGE_SESSIONS
        return current

    def _changed_field(self, node: tree.Node, value: tree.Node, span: tree.Node) -> pl.Expr:
        if node not in self._rows:
            name = f"_row_{len(self._rows)}"
            assert isinstance(value, tree.Name) and isinstance(span, tree.Number)
            if self._earlier is None:
                self._frame = self._frame.with_columns(pl.lit(None, dtype=pl.Float64).alias(name))
            else:
                then = self._earlier(int(span.amount)).select("symbol", pl.col(value.name).cast(pl.Float64).alias(name))
                self._frame = self._frame.join(then, on="symbol", how="left", maintain_order="left").with_columns(
                    pl.when(pl.col(name) > 0).then(pl.col(value.name) / pl.col(name) - 1).alias(name)
                )
            self._rows[node] = name
        return pl.col(self._rows[node])

    # -- sessions ------------------------------------------------------------------------------------------------

    def _series(self, node: tree.Node) -> pl.Expr:
        match node:
            case tree.Name(name=name):
                return self._series_of_field(node, name)
            case tree.Call(name=name, arguments=arguments) if name in INDICATOR_NAMES:
                return pl.col(self._indicator(node, name, arguments))
            case tree.Call(name="change", arguments=(value, tree.Number() as span)) if has_series(value):
                return _change(pl.col(self._series_column(value)), int(span.amount))
            case tree.Call(name=name) if name in CROSS_SECTION or name == "change":
                return self._broadcast(node)
            case tree.Crosses(left=left, right=right, above=above):
                one, other = (pl.col(self._series_column(each)) for each in (left, right))
                before = (one.shift(1).over("symbol"), other.shift(1).over("symbol"))
                return (one > other) & (before[0] <= before[1]) if above else (one < other) & (before[0] >= before[1])
            case tree.Within(condition=condition, sessions=sessions):
                return _ever(pl.col(self._series_column(condition)), sessions)
        return _combine(node, self._series)

    def _series_column(self, node: tree.Node) -> str:
        """The session expression as a column of the bars, made once."""
        if node not in self._made:
            expression = self._series(node)
            name = f"_series_{len(self._made)}"
            self._bars = self._bars.with_columns(expression.alias(name))
            self._made[node] = name
        return self._made[node]

    def _series_of_field(self, node: tree.Node, name: str) -> pl.Expr:
        if name in BAR_SERIES or name in BAR_OF_FIELD:
            return pl.col(BAR_OF_FIELD.get(name, name))
        if name in SERIES_OF_FIELD:
            indicator, source, numbers = SERIES_OF_FIELD[name]
            inputs = (tree.Name(source),) if source else ()
            return pl.col(self._indicator(node, indicator, (*inputs, *(tree.Number(_decimal(each)) for each in numbers))))
        return self._broadcast(node)

    def _broadcast(self, node: tree.Node) -> pl.Expr:
        """A value of the row, the same on every bar of the symbol."""
        if node not in self._made:
            name = f"_series_{len(self._made)}"
            expression = self._row(node)
            values = self._frame.select("symbol", expression.alias(name)).unique("symbol", keep="first")
            self._bars = self._bars.join(values, on="symbol", how="left", maintain_order="left")
            self._made[node] = name
        return pl.col(self._made[node])

    def _indicator(self, node: tree.Node, name: str, arguments: tuple[tree.Node, ...]) -> str:
        if node not in self._made:
            from terminal.domain.indicators import SERIES, series

            numbers = tuple(each.amount for each in arguments if isinstance(each, tree.Number))
            sources = [each for each in arguments if not isinstance(each, tree.Number)]
            columns = [self._series_column(each) for each in sources] or list(SERIES[name].inputs)
            inputs = tuple(self._bars[column] for column in columns)
            computed = series(self._bars, name, *numbers, inputs=inputs, runs=self._runs)
            column = f"_series_{len(self._made)}"
            self._bars = self._bars.with_columns(computed.alias(column))
            self._made[node] = column
        return self._made[node]


def _field(name: str) -> pl.Expr:
    return pl.col(name) if in_force().fields[name].type in _TYPES else _finite(pl.col(name).cast(pl.Float64))


def _for_each_row(expression: pl.Expr) -> pl.Expr:
    """The expression once a row: polars shortens some that are constant, such as `0 > 0 and x`, to a single row."""
    return pl.when(pl.repeat(True, pl.len())).then(expression)


def _finite(value: pl.Expr) -> pl.Expr:
    return pl.when(value.is_finite()).then(value)


def _change(value: pl.Expr, sessions: int) -> pl.Expr:
    before = value.shift(sessions).over("symbol")
    return pl.when(before > 0).then(value / before - 1)


def _ever(condition: pl.Expr, sessions: int) -> pl.Expr:
    """True when true in one of the last sessions; false when known false in all of them; else unknown."""
    hit = condition.fill_null(False).cast(pl.Int8).rolling_max(sessions, min_samples=1).over("symbol")
    known = condition.is_not_null().cast(pl.Int8).rolling_min(sessions).over("symbol")
    return pl.when(hit == 1).then(True).when(known == 1).then(False)


def _cross_section(name: str, value: pl.Expr) -> pl.Expr:
    """A value's place among the rows. Percentile: mean rank, 0 the lowest, 1 the highest; unknown among fewer than two."""
    known = value.count()
    place = pl.when(known >= 2).then((value.rank() - 1) / (known - 1))
    sector = pl.col("sector")
    match name:
        case "median":
            return value.median()
        case "percentile":
            return place
        case "rank":
            return value.rank("min", descending=True).cast(pl.Float64)
        case "sector_median":
            return pl.when(sector.is_not_null()).then(value.median().over("sector"))
        case "sector_percentile":
            return pl.when(sector.is_not_null()).then(place.over("sector"))
    raise TypeError(name)


def _combine(node: tree.Node, go: Callable[[tree.Node], pl.Expr]) -> pl.Expr:
    """What is the same for rows and sessions: constants, arithmetic, comparisons, logic."""
    match node:
        case tree.Number():
            return pl.lit(node.amount)
        case tree.Text(value=value):
            return pl.lit(value)
        case tree.Negative(operand=operand):
            return -go(operand)
        case tree.Binary(operator=operator, left=left, right=right):
            return _arithmetic(operator, go(left), go(right))
        case tree.Call(name=name, arguments=arguments):
            return _function(name, [go(each) for each in arguments])
        case tree.Not(operand=operand):
            return ~go(operand)
        case tree.Both(parts=parts):
            return reduce(lambda one, other: one & other, [go(part) for part in parts])
        case tree.Either(parts=parts):
            return reduce(lambda one, other: one | other, [go(part) for part in parts])
        case tree.Known(value=value, wanted=wanted):
            return go(value).is_not_null() if wanted else go(value).is_null()
        case tree.Comparison(operands=operands, operators=operators):
            values = [_folded(each, go(each)) for each in operands]
            return reduce(
                lambda one, other: one & other,
                [_compared(sign, a, b) for sign, a, b in zip(operators, values, values[1:], strict=False)],
            )
        case tree.Between(value=value, low=low, high=high, negated=negated):
            held = (go(value) >= go(low)) & (go(value) <= go(high))
            return ~held if negated else held
        case tree.Among(value=value, choices=choices, negated=negated):
            looked = _folded(value, go(value))
            held = reduce(lambda one, other: one | other, [looked == _folded(each, go(each)) for each in choices])
            return ~held if negated else held
        case tree.Contains(value=value, piece=piece):
            return _contains(value, go(value), piece.value.lower())
    raise TypeError(f"not a rule: {node!r}")


def _folded(node: tree.Node, value: pl.Expr) -> pl.Expr:
    """Text compares without regard to upper and lower case."""
    if isinstance(node, tree.Text):
        return pl.lit(node.value.strip().lower())
    textual = isinstance(node, tree.Name) and node.name in (fields := in_force().fields) and fields[node.name].type == "text"
    return value.str.to_lowercase() if textual else value


def _compared(sign: str, left: pl.Expr, right: pl.Expr) -> pl.Expr:
    match sign:
        case "<":
            return left < right
        case "<=":
            return left <= right
        case ">":
            return left > right
        case ">=":
            return left >= right
        case "==":
            return left == right
    return left != right


def _arithmetic(operator: str, left: pl.Expr, right: pl.Expr) -> pl.Expr:
    match operator:
        case "+":
            made = left + right
        case "-":
            made = left - right
        case "*":
            made = left * right
        case _:
            made = pl.when(right != 0).then(left / right)
    return _finite(made)


def _function(name: str, values: list[pl.Expr]) -> pl.Expr:
    first = values[0]
    match name:
        case "abs":
            return first.abs()
        case "log":
            return pl.when(first > 0).then(first.log())
        case "sqrt":
            return pl.when(first >= 0).then(first.sqrt())
    # One unknown makes the smallest or largest unknown; polars would pass over it.
    known = reduce(lambda one, other: one & other, [each.is_not_null() for each in values])
    return pl.when(known).then(pl.min_horizontal(values) if name == "min" else pl.max_horizontal(values))


def _contains(node: tree.Node, value: pl.Expr, piece: str) -> pl.Expr:
    if isinstance(node, tree.Name) and in_force().fields[node.name].type == "list":
        return value.list.eval(pl.element().str.to_lowercase().str.contains(piece, literal=True)).list.any()
    return value.str.to_lowercase().str.contains(piece, literal=True)


def _decimal(number: float) -> Decimal:
    return Decimal(repr(number))
