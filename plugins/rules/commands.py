"""What may stand in a rule, whether a rule can be read, and what it means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from terminal.api import Column, Context, Table, UserError, argument, command

if TYPE_CHECKING:
    from terminal.domain.rules import Rule

_TEXT = Annotated[str, argument(help="The rule, in quotes: 'pe_ttm < 15 and roe > 12%'.", metavar="TEXT")]


@command(title="Fields of the rule language")
def fields(
    ctx: Context,
    *,
    group: Annotated[str, argument(help="Only this group, such as valuation or growth.")] = "",
    find: Annotated[str, argument(help="Only fields with this word in name, title or text.")] = "",
) -> Table:
    """List every field that rules, filters and columns may use, with its meaning, unit and formula."""
    import polars as pl

    from terminal.domain.fields import FIELDS
    from terminal.domain.rules import ALIASES

    groups = tuple(dict.fromkeys(field.group for field in FIELDS.values()))
    if group and group not in groups:
        raise UserError(f"There is no group '{group}'.", f"The groups are {', '.join(groups)}.")
    rows = []
    for name, field in FIELDS.items():
        newbie, pro = ctx.explain.text(name, "newbie"), ctx.explain.text(name, "pro")
        words = " ".join((name, field.title, newbie.title, newbie.text, pro.text)).lower()
        if (group and field.group != group) or find.lower() not in words:
            continue
        also = ", ".join(alias for alias, meant in ALIASES.items() if meant == name)
        rows.append(
            {
                "field": name,
                "title": field.title,
                "group": field.group,
                "type": field.type,
                "unit": field.unit,
                "newbie": newbie.text,
                "pro": pro.text,
                "formula": field.formula,
                "also": also,
            }
        )
    columns = (
        Column("field", "Field"),
        Column("title", "Title"),
        Column("group", "Group"),
        Column("type", "Type", newbie=False),
        Column("unit", "Unit", newbie=False),
        Column("newbie", "In plain words"),
        Column("pro", "Exactly", newbie=False),
        Column("formula", "Formula", newbie=False),
        Column("also", "Also written as", newbie=False),
    )
    frame = pl.DataFrame(rows, schema={column.name: pl.String for column in columns})
    notes = (
        "Fractions may be written with %: roe > 12%. Money may be written with K, M, B, T: market_cap > 2B.",
        "`tapeline rules functions` lists the functions.",
    )
    return Table(f"Fields: {frame.height}", columns, frame, notes=notes)


@command(title="Functions of the rule language")
def functions(ctx: Context) -> Table:
    """List every function and operator of the rule language with an example."""
    import polars as pl

    from terminal.domain.rules import FUNCTIONS

    words = [
        ("< <= > >= == !=", "pe_ttm < 15", "Compares numbers; == and != also text."),
        ("between", "pe_ttm between 8 and 25", "Both ends count. 8 < pe_ttm < 25 works too."),
        ("in", 'sector in ("Energy", "Utilities")', "One of several."),
        ("contains", 'flags contains "debt"', "Looks into lists and text."),
        ("and or not", "roe > 12% and not pe_ttm > 30", "Joins conditions; unknown stays unknown."),
        ("is known, is unknown", "pe_ttm is known", "Asks whether there is a value at all."),
        ("crosses_above, crosses_below", "close crosses_above sma(close, 50)", "Was on the other side the session before."),
        ("within", "rsi(14) < 30 within 5d", "Held at least once in the last 5 sessions."),
    ]
    rows = [*words, *((each.name, each.usage, each.newbie) for each in FUNCTIONS.values())]
    columns = (Column("word", "Word"), Column("example", "Example"), Column("meaning", "Meaning"))
    frame = pl.DataFrame(rows, schema={column.name: pl.String for column in columns}, orient="row")
    return Table(f"Functions: {len(FUNCTIONS)}", columns, frame)


@command(title="Check a rule")
def check(ctx: Context, text: _TEXT) -> Table:
    """Say whether a rule can be read: its normal spelling, condition by condition, and the fields each one needs."""
    import polars as pl

    rule = _parse(text)
    rows = [{"clause": clause.text, "fields": ", ".join(clause.fields), "bars": clause.needs_bars} for clause in rule.clauses()]
    columns = (Column("clause", "Condition"), Column("fields", "Reads"), Column("bars", "Needs daily bars", "bool", newbie=False))
    frame = pl.DataFrame(rows, schema={"clause": pl.String, "fields": pl.String, "bars": pl.Boolean})
    return Table("The rule can be read", columns, frame, notes=(f"Normal spelling: {rule.text}",), detail={"text": rule.text})


@command(title="Explain a rule")
def explain(ctx: Context, text: _TEXT) -> Table:
    """Put a rule into plain words and explain every field in it."""
    import polars as pl

    from terminal.domain.fields import FIELDS

    rule = _parse(text)
    rows = []
    for clause in rule.clauses():
        plain = clause.describe(lambda name: ctx.explain.text(name, "newbie").title)
        exact = clause.describe()
        meanings = [
            f"{ctx.explain.text(name, 'newbie').title}: {ctx.explain.text(name, 'newbie').text}" for name in clause.fields
        ]
        formulas = [f"{name} = {FIELDS[name].formula}" for name in clause.fields if FIELDS[name].formula]
        rows.append(
            {"clause": clause.text, "newbie": plain, "pro": exact, "meaning": " ".join(meanings), "formula": "; ".join(formulas)}
        )
    columns = (
        Column("clause", "Condition"),
        Column("newbie", "In plain words"),
        Column("pro", "With the usual terms", newbie=False),
        Column("meaning", "What it looks at"),
        Column("formula", "Formulas", newbie=False),
    )
    frame = pl.DataFrame(rows, schema={column.name: pl.String for column in columns})
    note = "All conditions must hold. Where a number is missing the answer is unknown, not no."
    return Table(f"Looking for: {rule.describe()}", columns, frame, notes=(note,))


def _parse(text: str) -> Rule:
    from terminal.domain.rules import parse

    return parse(text)
