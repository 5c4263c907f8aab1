"""Commands over targets, tags and the allocation. Targets and tags keep their versions and can be taken back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

from terminal.api import Column, Context, Source, Table, Undo, UserError, argument, command

if TYPE_CHECKING:
    from terminal.domain.portfolio.allocation import Target
    from terminal.domain.portfolio.classification import Labels

Accounts = Annotated[tuple[str, ...], argument(help="Only these accounts or portfolios; all if none.", metavar="NAME")]
Currency = Annotated[str, argument(help="Totals in this currency; the accounts' own if not given.", metavar="CODE")]
By = Literal["asset_class", "sector", "region", "currency", "tag", "symbol"]
Taxonomy = Annotated[By, argument(help="How what you own is divided.", metavar="BY")]
Scope = Annotated[str, argument(help="Of this account or portfolio only; of everything if not given.", metavar="NAME")]
Symbol = Annotated[str, argument(help="Ticker (of options, the underlying's).", metavar="SYMBOL")]

_TARGETS = (
    Column("by", "Divided by"),
    Column("of", "Of"),
    Column("key", "What"),
    Column("target", "Target", "number", "fraction", "portfolio_target", 1),
    Column("low", "Band from", "number", "fraction", "portfolio_band", 1),
    Column("high", "Band to", "number", "fraction", "portfolio_band", 1),
)
_TAGS = (
    Column("symbol", "Ticker"),
    Column("tags", "Tags", "list"),
    Column("asset_class", "Asset class"),
    Column("sector", "Sector"),
    Column("region", "Region"),
)


@command(title="Where your money is")
def allocation(
    ctx: Context,
    *,
    by: Taxonomy = "asset_class",
    account: Accounts = (),
    currency: Currency = "",
) -> Table:
    """Divide what you own by asset class, sector, region, currency, own tags or ticker, against your targets if you set some."""
    from plugins.portfolio.allocation.dividing import allocation_table
    from plugins.portfolio.gathering import owned

    return allocation_table(ctx, owned(ctx, account, currency=currency), by, account)


@command(title="Set targets", writes=True)
def target_set(
    ctx: Context,
    by: Taxonomy,
    weights: Annotated[tuple[str, ...], argument(help="NAME=PER CENT, or with its own band NAME=60:3.", metavar="TARGET")],
    *,
    band: Annotated[float, argument(help="Room to either side, in points of the whole.", metavar="POINTS")] = 5.0,
    relative: Annotated[float | None, argument(help="And at most this per cent of the target.", metavar="PER CENT")] = None,
    account: Scope = "",
) -> Table:
    """Say how much of everything each class should be (together 100 %), and how far it may drift before you want to act."""
    from plugins.portfolio.allocation import targets as kept
    from terminal.domain.portfolio.allocation import parse_targets

    if not 0 <= band <= 100 or (relative is not None and relative < 0):
        raise UserError("A band lies between 0 and 100.", "Give it in points, such as --band 5.")
    try:
        found = parse_targets(weights, band=band, relative=relative)
    except ValueError as wrong:
        text = str(wrong)
        hint = f"For example: `tapeline portfolio target-set {by} {_EXAMPLES[by]} --band 5`."
        raise UserError(f"{text[:1].upper()}{text[1:]}.", hint) from None
    return _written(ctx, by, account, [replace(each, key=kept.spelled(by, each.key)) for each in found], "Targets are set")


_CLASSES = "stocks=60 bonds=30 cash=10"
_EXAMPLES = {
    "asset_class": _CLASSES,
    "sector": "'Information Technology=50' 'Health Care=50'",
    "region": "'United States=60' Europe=40",
    "currency": "USD=70 EUR=30",
    "tag": "core=80 play=20",
    "symbol": "SPY=70 QQQ=20 cash=10",
}


@command(title="Your targets")
def targets(ctx: Context) -> Table:
    """List every set of targets with its bands."""
    from plugins.portfolio.allocation import targets as kept
    from plugins.portfolio.tables import frame

    read = ctx.store.book.read
    rows = [
        {
            "by": by,
            "of": kept.scope_name(read, scope) or "everything",
            "key": each.key,
            "target": each.weight,
            "low": each.low,
            "high": each.high,
        }
        for (scope, by), found in kept.all_sets(read).items()
        for each in found
    ]
    notes = () if rows else (f"No targets are set. Set some: `tapeline portfolio target-set asset_class {_CLASSES}`.",)
    return Table("Your targets", _TARGETS, frame(_TARGETS, rows), (_book(ctx),), notes=notes)


@command(title="Take targets away", writes=True)
def target_clear(ctx: Context, by: Taxonomy, *, account: Scope = "") -> Table:
    """Take the targets of one way to divide what you own away; they can be brought back."""
    return _written(ctx, by, account, [], "Targets are taken away")


@command(title="Bring the targets before back", writes=True)
def target_undo(ctx: Context, by: Taxonomy, *, account: Scope = "") -> Table:
    """Let the targets stand as they did before they were last changed; this, too, can be taken back."""
    from plugins.portfolio.allocation import targets as kept

    read = ctx.store.book.read
    before = kept.history(read, kept.scope(read, (account,) if account else ()), by)
    if not before:
        raise UserError("There is nothing to take back: no targets were ever set.", "See `tapeline portfolio targets`.")
    return _written(ctx, by, account, before[-2] if len(before) > 1 else (), "The last change of the targets is taken back")


def _written(ctx: Context, by: str, account: str, found: Any, text: str) -> Table:
    from plugins.portfolio.allocation import targets as kept

    scope = kept.scope(ctx.store.book.read, (account,) if account else ())

    def write(tx: Any) -> None:
        before = kept.history(tx.query, scope, by)
        if (before[-1] if before else ()) == tuple(found):
            raise UserError("That is how the targets are already.", "See `tapeline portfolio targets`.")
        kept.write(tx, scope, by, found, ctx.now(), text)

    ctx.store.book.write(write)
    undo = Undo("portfolio.target_undo", {"by": by, "account": account}, text, f"targets:{scope}:{by}")
    return replace(targets(ctx), undo=undo, notes=(*_strange(ctx, by, found), f"{text}."))


def _strange(ctx: Context, by: str, found: tuple[Target, ...]) -> list[str]:
    """Classes nobody has ever heard of, which may be a slip of the pen."""
    from terminal.domain.instruments import SECTORS
    from terminal.domain.portfolio.classification import ASSET_CLASSES, REGIONS, SEVERAL

    known: dict[str, Any] = {"asset_class": ASSET_CLASSES, "sector": (*SECTORS, *SEVERAL.values()), "region": REGIONS}
    from plugins.portfolio.allocation.labels import labels

    own = {getattr(each, by, "") for each in labels(ctx.store.book.read).values()} if by in known else set()
    names = {name.lower() for name in (*known.get(by, ()), *own, "cash")}
    odd = [each.key for each in found if by in known and each.key.lower() not in names]
    return [f"'{name}' is none of {', '.join(known[by])}." for name in odd]


# Tags


@command(title="Your tags")
def tags(ctx: Context) -> Table:
    """List what you have said of symbols: tags, and classes that win over what the market says."""
    from plugins.portfolio.allocation.labels import labels
    from plugins.portfolio.tables import frame

    rows = [
        {
            "symbol": symbol,
            "tags": list(each.tags),
            "asset_class": each.asset_class or None,
            "sector": each.sector or None,
            "region": each.region or None,
        }
        for symbol, each in labels(ctx.store.book.read).items()
    ]
    notes = () if rows else ("Nothing is tagged. Tag: `tapeline portfolio tag AAPL core`.",)
    return Table("Your tags", _TAGS, frame(_TAGS, rows), (_book(ctx),), notes=notes)


@command(title="Tag a symbol", writes=True)
def tag(
    ctx: Context,
    symbol: Symbol,
    tags: Annotated[tuple[str, ...], argument(help="Words of your own.", metavar="TAG")] = (),
    *,
    asset_class: Annotated[str | None, argument(help="Its class, whatever the market says; empty: as the market says.")] = None,
    sector: Annotated[str | None, argument(help="The same for its sector.")] = None,
    region: Annotated[str | None, argument(help="The same for its region.")] = None,
) -> Table:
    """Give a symbol tags of your own, by which what you own can be divided; or say its class where the market is wrong."""
    from plugins.portfolio.allocation.targets import spelled

    new = [" ".join(each.split()).lower() for each in tags]
    if any(not each or len(each) > 40 or "=" in each or "," in each for each in new):
        raise UserError("That cannot be a tag.", "Take up to 40 characters without commas and equals signs.")
    said = {"asset_class": asset_class, "sector": sector, "region": region}
    classes = {name: spelled(name, " ".join(text.split())) for name, text in said.items() if text is not None}
    if not new and not classes:
        raise UserError("There is nothing to say of it.", "For example: `tapeline portfolio tag AAPL core`.")
    return _said(ctx, symbol, lambda old: replace(old, tags=tuple(dict.fromkeys((*old.tags, *new))), **classes), "tagged")


@command(title="Take tags away", writes=True)
def untag(
    ctx: Context,
    symbol: Symbol,
    tags: Annotated[tuple[str, ...], argument(help="These; if none, everything you said of it.", metavar="TAG")] = (),
) -> Table:
    """Take tags of a symbol away, or everything you said of it."""
    from terminal.domain.portfolio.classification import Labels as Said

    gone = {" ".join(each.split()).lower() for each in tags}

    def change(old: Labels) -> Labels:
        if gone - set(old.tags):
            raise UserError(f"It has no tag '{sorted(gone - set(old.tags))[0]}'.", "See `tapeline portfolio tags`.")
        return replace(old, tags=tuple(each for each in old.tags if each not in gone)) if gone else Said()

    return _said(ctx, symbol, change, "untagged")


@command(title="Take back what was last said of a symbol", writes=True, hidden=True)
def tag_undo(ctx: Context, symbol: Symbol) -> Table:
    """Let what you said of a symbol stand as it did before; this, too, can be taken back."""
    from plugins.portfolio.allocation.labels import history
    from terminal.domain.portfolio.classification import Labels as Said

    before = history(ctx.store.book.read, symbol.strip().upper())
    if not before:
        raise UserError("Nothing was ever said of it.", "See `tapeline portfolio tags`.")
    return _said(ctx, symbol, lambda _: before[-2] if len(before) > 1 else Said(), "as it was before")


def _said(ctx: Context, symbol: str, change: Any, told: str) -> Table:
    from plugins.portfolio.allocation.labels import labels, say
    from terminal.domain.instruments import clean_symbol
    from terminal.domain.portfolio.classification import Labels as Said

    try:
        name = clean_symbol(symbol)
    except ValueError as wrong:
        raise UserError(f"{wrong}.", "Give a ticker such as AAPL.") from None

    def write(tx: Any) -> None:
        old = labels(tx.query).get(name, Said())
        new = change(old)
        if new == old:
            raise UserError(f"That is what is said of {name} already.", "See `tapeline portfolio tags`.")
        say(tx, name, new, ctx.now())

    ctx.store.book.write(write)
    text = f"{name} is {told}"
    return replace(tags(ctx), undo=Undo("portfolio.tag_undo", {"symbol": name}, text, f"tags:{name}"), notes=(f"{text}.",))


def _book(ctx: Context) -> Source:
    return Source("your book", "targets and tags", fetched_at=ctx.now(), simulated=ctx.demo)
