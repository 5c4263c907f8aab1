"""SimpleFIN: what banks say an account holds, read only. A setup token becomes an access address once; then accounts are read.

The token is a claim address in base64. Both versions of the protocol are read: version 1 gives `errors` as sentences,
version 2 `errlist` as records. Balances are Decimal; what cannot be read is told with the account it belongs to.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit, urlunsplit

from terminal.domain.portfolio.transactions import decimal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Access:
    """Where accounts are read, and who asks. The whole address is a secret: whoever has it reads the balances."""

    address: str
    user: str
    password: str

    @property
    def authorization(self) -> str:
        """The header of each request."""
        pair = f"{self.user}:{self.password}".encode()
        return f"Basic {base64.b64encode(pair).decode()}"


@dataclass(frozen=True, slots=True)
class Balance:
    """What a bank said of an account. `available` may differ from `balance`; `at` is when the bank said it."""

    id: str
    bank: str
    name: str
    currency: str
    balance: Decimal
    available: Decimal | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Statement:
    """All accounts of one answer, and what the service or we have to say about it."""

    balances: tuple[Balance, ...]
    warnings: tuple[str, ...]


def claim_address(token: str) -> str:
    """The address that a setup token stands for. Raises ValueError for what is no token."""
    text = "".join(token.split())
    try:
        address = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_" if set("-_") & set(text) else None,
                                   validate=True).decode("ascii")  # fmt: skip
    except (binascii.Error, ValueError):
        raise ValueError("it is no setup token of SimpleFIN") from None
    _checked(address)
    return address


def access(address: str) -> Access:
    """An access address taken apart. Raises ValueError for what is none."""
    parts = _checked(address.strip())
    if not parts.username or not parts.password:
        raise ValueError("it is no access address of SimpleFIN")
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    place = host if parts.port is None else f"{host}:{parts.port}"
    base = urlunsplit((parts.scheme, place, parts.path.rstrip("/"), "", ""))
    return Access(base, unquote(parts.username), unquote(parts.password))


def statement(document: Any) -> Statement:
    """What an answer says. Raises ValueError when it is none of SimpleFIN's."""
    if not isinstance(document, dict) or not isinstance(document.get("accounts"), list):
        raise ValueError("the answer holds no list of accounts")
    banks = {str(each.get("conn_id")): str(each.get("name") or "") for each in _records(document.get("connections"))}
    told = [str(each) for each in document.get("errors") or [] if str(each).strip()]
    for each in _records(document.get("errlist")):
        told.append(str(each.get("msg") or each.get("message") or each.get("code") or "").strip())
    balances = []
    for each in _records(document["accounts"]):
        try:
            balances.append(_balance(each, banks))
        except (ValueError, TypeError, OverflowError, OSError, ArithmeticError):
            told.append(f"The account {str(each.get('name') or each.get('id') or '?')[:60]} could not be read.")
    return Statement(tuple(balances), tuple(text for text in told if text))


def _balance(row: Mapping[str, Any], banks: Mapping[str, str]) -> Balance:
    number, currency = str(row.get("id") or ""), str(row.get("currency") or "").upper()
    if not number or len(currency) != 3 or not currency.isalpha():
        raise ValueError("no number, or no currency")
    told = row.get("org")
    bank = banks.get(str(row.get("conn_id")), "")
    if isinstance(told, dict):
        bank = str(told.get("name") or told.get("domain") or bank)
    free = row.get("available-balance")
    return Balance(
        number,
        bank,
        str(row.get("name") or number),
        currency,
        decimal(str(row.get("balance", ""))),
        None if free in (None, "") else decimal(str(free)),
        datetime.fromtimestamp(int(row["balance-date"]), UTC),
    )


def _records(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _checked(address: str) -> Any:
    parts = urlsplit(address)
    local = parts.scheme == "http" and parts.hostname in _LOOPBACK
    if not parts.hostname or not (parts.scheme == "https" or local):
        raise ValueError("its address is not a safe one (https)")
    _ = parts.port  # raises ValueError for what is none
    return parts
