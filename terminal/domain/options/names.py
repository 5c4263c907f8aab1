"""OCC names of many contracts at once, as polars expressions: what `contracts.parse` does for one.

    frame.filter(names.standard(pl.col("option"))).with_columns(**names.parts(pl.col("option")))
"""

from __future__ import annotations

import polars as pl

from terminal.domain.options.contracts import UNDERLYING

_TAIL = 15


def compact(name: pl.Expr) -> pl.Expr:
    """The names as the store has them: without blanks, and without the prefix "O:" of some services."""
    return name.str.replace_all(" ", "", literal=True).str.strip_prefix("O:")


def standard(name: pl.Expr) -> pl.Expr:
    """Whether a compact name has the length of one and a root that ends in a letter.

    A root that ends in a digit is an adjusted or mini contract, which delivers something else than 100 shares: every adapter
    leaves those out, because their prices cannot stand beside the others'.
    """
    letter = name.str.slice(-_TAIL - 1, 1)
    return name.str.len_bytes().is_between(_TAIL + 1, _TAIL + 6) & letter.is_between(pl.lit("A"), pl.lit("Z"))


def parts(name: pl.Expr) -> dict[str, pl.Expr]:
    """`expiry`, `strike` and `right` ("C" or "P") of compact names; null where they are none."""
    tail = name.str.slice(-_TAIL)
    right = tail.str.slice(6, 1)
    return {
        "expiry": (pl.lit("20") + tail.str.slice(0, 6)).str.to_date("%Y%m%d", strict=False),
        # Rounded, because polars multiplies by the inverse of a constant: 13 / 1000 would not be 0.013.
        "strike": (tail.str.slice(7).cast(pl.Int64, strict=False) / 1000).round(3),
        "right": pl.when(right.is_in(["C", "P"])).then(right),
    }


def root(name: pl.Expr) -> pl.Expr:
    """What stands before day, right and strike; "" where nothing does."""
    return name.str.slice(0, (name.str.len_bytes().cast(pl.Int64) - _TAIL).clip(0))


def underlying(name: pl.Expr) -> pl.Expr:
    """What the contracts are on, as the store names it."""
    return root(name).replace(UNDERLYING)
