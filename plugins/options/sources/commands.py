"""Signing in at Schwab, whose token lasts seven days: where to go with a browser, and what to bring back."""

from __future__ import annotations

from typing import Annotated, Any, Protocol

from terminal.api import Column, Context, Table, UserError, argument, command

Callback = Annotated[str, argument(help="The callback address that you registered for your app at Schwab.", metavar="URL")]
_HOME = "https://127.0.0.1"
_COLUMNS = (Column("step", "Step"), Column("what", "What to do"))


class SignsIn(Protocol):
    """What an adapter of a service with a browser's sign-in has."""

    def sign_in_address(self, callback: str) -> str:
        """Where a browser signs in."""
        ...

    def claim(self, callback: str, address: str) -> str:
        """The key to keep, for the address that the browser ended at."""
        ...


@command(title="Sign in at Schwab")
def schwab_sign_in(ctx: Context, *, callback: Callback = _HOME) -> Table:
    """Say where to sign in at Schwab with a browser, for live option chains. It holds for seven days.

    The key and the secret of your app must be there already: `tapeline preferences key-set schwab`, as APPKEY:SECRET.
    """
    return _steps(
        "Sign in at Schwab",
        f"Open {_schwab(ctx).sign_in_address(callback)} in your browser and sign in.",
        "The browser ends at a page that may show an error: copy its whole address.",
        "Within half a minute: `tapeline options schwab-connect` asks for that address.",
    )


@command(title="Connect Schwab", writes=True)
def schwab_connect(
    ctx: Context,
    address: Annotated[str, argument(help="The address your browser ended at; it can be used once.", secret=True)],
    *,
    callback: Callback = _HOME,
) -> Table:
    """Keep what signing in at Schwab gave, in the system's keyring; option chains come from there for seven days."""
    key = _schwab(ctx).claim(callback, address)
    place = ctx.settings.set_secret("schwab", key)
    ctx.publish("settings.changed", {"key": "providers.schwab.key"})
    kept = "in your system's keyring" if place == "keyring" else "in memory alone, until this program ends"
    return _steps("Schwab is connected", f"The sign-in is kept {kept}.", "It holds for seven days; then sign in again.")


def _schwab(ctx: Context) -> SignsIn:
    found: Any = next((each for each in ctx.market.router.providers if each.id == "schwab"), None)
    if found is None:
        raise UserError("The demo market asks no data service.", "Use --live: `tapeline --live options schwab-sign-in`.")
    known: SignsIn = found
    return known


def _steps(title: str, *steps: str) -> Table:
    import polars as pl

    rows = [(str(number), step) for number, step in enumerate(steps, 1)]
    return Table(title, _COLUMNS, pl.DataFrame(rows, schema={"step": pl.String, "what": pl.String}, orient="row"))
