"""What kind of thing a holding is, and where in the world: the classes allocations are counted in.

What the market says of an instrument decides; of a fund, which it describes little, the words of its name do. Both give way
to what the user says of it (`Labels`). None: not known, which is never counted as one of the others.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

ASSET_CLASSES = ("stocks", "bonds", "real estate", "commodities", "crypto", "options", "cash")
REGIONS = (
    "United States",
    "Canada",
    "Latin America",
    "United Kingdom",
    "Europe",
    "Middle East and Africa",
    "Japan",
    "China",
    "Asia Pacific",
    "Emerging markets",
    "Outside the United States",
    "Worldwide",
)
SEVERAL = {"etf": "Funds", "fund": "Funds", "bond": "Bonds", "bond_etf": "Bonds", "crypto": "Crypto", "cash": "Cash"}
"""The sector of what has none of the eleven."""

_CLASS_WORDS = (
    ("crypto", r"bitcoin|ethereum|ether|crypto"),
    ("bonds", r"bonds?|treasur(?:y|ies)|aggregate|fixed income|t-bills?|municipal|tips"),
    ("commodities", r"gold|silver|platinum|oil|commodit(?:y|ies)|natural gas|copper"),
    ("real estate", r"real estate|reits?"),
)
_SHARES = r"\b(?:miners?|producers?|explorers?|stocks?|equit(?:y|ies)|companies|exploration|services)\b"
_REGION_WORDS = (
    ("Emerging markets", r"emerging"),
    ("Outside the United States", r"international|ex-?u\.?s\.?a?|eafe|foreign"),
    ("Worldwide", r"world|global|acwi"),
    ("Europe", r"europe(?:an)?|eurozone|euro stoxx|germany|france"),
    ("United Kingdom", r"united kingdom|ftse 100"),
    ("Japan", r"japan(?:ese)?|nikkei|topix"),
    ("China", r"china|chinese|hong kong"),
    ("Asia Pacific", r"asia(?:n)?|pacific|india|korea|taiwan|australia"),
    ("Latin America", r"latin america|brazil|mexico"),
    ("Canada", r"canada|canadian"),
)
_COUNTRIES = {
    "United States": "us usa united-states",
    "Canada": "ca canada",
    "Latin America": "br brazil mx mexico ar argentina cl chile co colombia pe peru uy uruguay pr puerto-rico pa panama",
    "United Kingdom": "gb uk united-kingdom je jersey gg guernsey im isle-of-man gi gibraltar",
    "Europe": "de germany fr france nl netherlands ch switzerland ie ireland it italy es spain se sweden no norway dk denmark "
    "fi finland be belgium at austria pt portugal pl poland gr greece lu luxembourg cz czech-republic hu hungary ro romania "
    "is iceland mc monaco cy cyprus mt malta li liechtenstein tr turkey",
    "Middle East and Africa": "il israel za south-africa ae united-arab-emirates sa saudi-arabia qa qatar eg egypt ng nigeria "
    "ma morocco ke kenya jo jordan kw kuwait",
    "Japan": "jp japan",
    "China": "cn china hk hong-kong mo macau",
    "Asia Pacific": "au australia nz new-zealand sg singapore kr south-korea tw taiwan in india id indonesia my malaysia "
    "th thailand ph philippines vn vietnam kz kazakhstan",
}  # fmt: skip
_REGION = {country: region for region, names in _COUNTRIES.items() for country in names.split()}


@dataclass(frozen=True, slots=True)
class Labels:
    """What the user says of a symbol: tags, and classes that win over what the market says ("": nothing said)."""

    tags: tuple[str, ...] = ()
    asset_class: str = ""
    sector: str = ""
    region: str = ""


@dataclass(frozen=True, slots=True)
class Classes:
    """Where a holding belongs; None: not known."""

    asset_class: str | None
    sector: str | None
    region: str | None
    tags: tuple[str, ...] = ()


def classify(
    instrument: str, kind: str | None, name: str | None, sector: str | None, country: str | None, labels: Labels
) -> Classes:
    """The classes of a holding: `instrument` as it was booked, `kind`, `name`, `sector`, `country` as the market describes it.

    An option is of the class options, with sector and region of its underlying.
    """
    described = kind if kind in ("stock", "etf", "fund", "bond", "bond_etf") else None
    what = instrument if instrument in ("crypto", "cash") else described or ("" if instrument == "option" else instrument)
    return Classes(
        labels.asset_class or ("options" if instrument == "option" else _asset_class(what, name)),
        labels.sector or sector or SEVERAL.get(what),
        labels.region or _region(what, name, country),
        labels.tags,
    )


def _asset_class(kind: str, name: str | None) -> str | None:
    if kind in ("crypto", "cash"):
        return kind
    if kind in ("bond", "bond_etf"):
        return "bonds"
    if kind == "stock":
        return "stocks"
    if kind not in ("etf", "fund"):
        return None
    if name and not re.search(_SHARES, name, re.I):
        return next((found for found, words in _CLASS_WORDS if re.search(rf"\b(?:{words})\b", name, re.I)), "stocks")
    return "stocks" if name else None


def _region(kind: str, name: str | None, country: str | None) -> str | None:
    if kind == "crypto":
        return "Worldwide"
    if kind in ("etf", "fund", "bond_etf"):
        named = next((region for region, words in _REGION_WORDS if re.search(rf"\b(?:{words})\b", name or "", re.I)), None)
        if named:
            return named
    return _REGION.get((country or "").strip().lower().replace(" ", "-"))
