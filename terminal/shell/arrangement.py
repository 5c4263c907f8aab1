"""How the panels of a window are arranged, as a tree and as text that people can read and compare. Pure.

The text is an outline, one line a part:

    row 280 1000 440
      tabs screener* dips (earnings)
      column 640 260
        tabs tearsheet*
        tabs results*
    left 280 watchlists
    floating 1395,85 664x898
      tabs activity*

`row` and `column` hold parts side by side or one below the other, with their sizes in pixels; `tabs` holds panels: the
one in front has a star, those closed at this place stand in brackets. `left`, `right`, `top` and `bottom` are panels
hidden at that edge, with their size. `floating` is a window of its own: where it is, how large it is.

QtAds keeps the same as XML (`from_saved`, `to_xml`).
"""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal
from xml.etree import ElementTree

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

VERSION = 1
EDGES = ("top", "left", "right", "bottom")  # by QtAds' numbers
_FLOATING = re.compile(r"floating (-?\d+),(-?\d+) (\d+)x(\d+)")
_EMPTY = '<Splitter Orientation="|" Count="0"><Sizes></Sizes></Splitter>'
_MAGIC, _RECT = 0x1D9D0CB, struct.Struct(">4i")


@dataclass(frozen=True)
class Tabs:
    """Panels in one place: `panels` in order, `current` in front, `closed` those of them that cannot be seen."""

    panels: tuple[str, ...]
    current: str = ""
    closed: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Split:
    """Parts side by side (`row`) or one below the other (`column`), with a size in pixels each."""

    direction: Literal["row", "column"]
    sizes: tuple[int, ...]
    parts: tuple[Split | Tabs, ...]


@dataclass(frozen=True)
class Edge:
    """A panel hidden at an edge."""

    side: str
    panel: str
    size: int
    closed: bool = False


@dataclass(frozen=True)
class Floating:
    """A window of its own: place and size in pixels."""

    x: int
    y: int
    width: int
    height: int
    inside: Split | Tabs


@dataclass(frozen=True)
class Arrangement:
    """A whole window."""

    inside: Split | Tabs | None
    edges: tuple[Edge, ...] = ()
    floating: tuple[Floating, ...] = ()

    def panels(self) -> list[str]:
        """Every panel in it, the closed ones too."""
        trees = [tree for tree in (self.inside, *(each.inside for each in self.floating)) if tree is not None]
        placed = [panel for tree in trees for tabs in _leaves(tree) for panel in tabs.panels]
        return [*placed, *(edge.panel for edge in self.edges)]

    def only(self, known: Container[str]) -> tuple[Arrangement, list[str]]:
        """The same with the panels that exist, and the names of those that do not."""
        unknown = [panel for panel in self.panels() if panel not in known]
        floating = tuple(replace(each, inside=kept) for each in self.floating
                         if (kept := _pruned(each.inside, known)) is not None)
        inside = None if self.inside is None else _pruned(self.inside, known)
        return Arrangement(inside, tuple(edge for edge in self.edges if edge.panel in known), floating), unknown


def _leaves(tree: Split | Tabs) -> Iterator[Tabs]:
    if isinstance(tree, Tabs):
        yield tree
    else:
        for part in tree.parts:
            yield from _leaves(part)


def _pruned(tree: Split | Tabs, known: Container[str]) -> Split | Tabs | None:
    if isinstance(tree, Tabs):
        panels = tuple(panel for panel in tree.panels if panel in known)
        seen = [panel for panel in panels if panel not in tree.closed]
        current = tree.current if tree.current in panels else next(iter(seen or panels), "")
        return Tabs(panels, current, tree.closed & frozenset(panels)) if panels else None
    kept = [(part, size) for each, size in zip(tree.parts, tree.sizes, strict=True) if (part := _pruned(each, known)) is not None]
    if not kept:
        return None
    return Split(tree.direction, tuple(size for _, size in kept), tuple(part for part, _ in kept))


def fitted(arrangement: Arrangement, room: int, needs: Mapping[str, int]) -> Arrangement:
    """The same for a window of `room` pixels: side by side, no part gets less than its panels need, if the others can give."""
    tree = arrangement.inside
    if not isinstance(tree, Split) or tree.direction != "row" or sum(tree.sizes) <= 0 or room <= 0:
        return arrangement
    wanted = [size * room / sum(tree.sizes) for size in tree.sizes]
    least = [max((needs.get(panel, 0) for tabs in _leaves(part) for panel in tabs.panels), default=0) for part in tree.parts]
    short = sum(max(need - size, 0) for need, size in zip(least, wanted, strict=True))
    spare = [max(size - max(need, room // 8), 0) for need, size in zip(least, wanted, strict=True)]
    if not short or sum(spare) < short:
        return arrangement
    sizes = [max(need, size) - short * free / sum(spare) for need, size, free in zip(least, wanted, spare, strict=True)]
    return replace(arrangement, inside=replace(tree, sizes=tuple(round(size) for size in sizes)))


# ---- text ----


def to_text(arrangement: Arrangement) -> str:
    """The outline, ending with a newline."""
    lines = [] if arrangement.inside is None else _lines(arrangement.inside, 0)
    for edge in sorted(arrangement.edges, key=lambda each: EDGES.index(each.side)):
        lines.append(f"{edge.side} {edge.size} {f'({edge.panel})' if edge.closed else edge.panel}")
    for each in arrangement.floating:
        lines += [f"floating {each.x},{each.y} {each.width}x{each.height}", *_lines(each.inside, 1)]
    return "\n".join(lines) + "\n"


def _lines(tree: Split | Tabs, depth: int) -> list[str]:
    indent = "  " * depth
    if isinstance(tree, Tabs):
        shown = [f"({panel})" if panel in tree.closed else f"{panel}*" if panel == tree.current else panel
                 for panel in tree.panels]
        return [f"{indent}tabs {' '.join(shown)}"]
    own = f"{indent}{tree.direction} {' '.join(map(str, tree.sizes))}"
    return [own, *(line for part in tree.parts for line in _lines(part, depth + 1))]


def from_text(text: str) -> Arrangement:
    """The arrangement that an outline describes. ValueError says which line is not understood."""
    lines = [(number, len(line) - len(line.lstrip()), line.strip()) for number, line in enumerate(text.splitlines(), 1)
             if line.strip() and not line.strip().startswith("#")]
    inside: Split | Tabs | None = None
    edges: list[Edge] = []
    floating: list[Floating] = []
    at = 0
    while at < len(lines):
        number, _, line = lines[at]
        word = line.split()[0]
        if word in EDGES:
            edges.append(_edge(number, line))
            at += 1
        elif word == "floating":
            place = _FLOATING.fullmatch(line)
            if place is None or at + 1 >= len(lines):
                raise ValueError(f"line {number}: a floating window is written like: floating 100,80 600x400")
            tree, at = _tree(lines, at + 1)
            x, y, width, height = (int(part) for part in place.groups())
            floating.append(Floating(x, y, width, height, tree))
        elif inside is None:
            inside, at = _tree(lines, at)
        else:
            raise ValueError(f"line {number}: there is a second whole window; put both into a row or a column")
    every = Arrangement(inside, tuple(edges), tuple(floating))
    panels = every.panels()
    if twice := sorted({panel for panel in panels if panels.count(panel) > 1}):
        raise ValueError(f"{', '.join(twice)} cannot be in two places")
    return every


def _edge(number: int, line: str) -> Edge:
    words = line.split()
    if len(words) != 3 or not words[1].isdigit():
        raise ValueError(f"line {number}: a panel at the edge is written like: left 280 watchlists")
    return Edge(words[0], words[2].strip("()"), int(words[1]), words[2].startswith("("))


def _tree(lines: list[tuple[int, int, str]], at: int) -> tuple[Split | Tabs, int]:
    number, depth, line = lines[at]
    word, *rest = line.split()
    if word == "tabs" and rest:
        panels = tuple(each.strip("()*") for each in rest)
        closed = frozenset(each.strip("()") for each in rest if each.startswith("("))
        starred = next((each.strip("*") for each in rest if each.endswith("*")), "")
        return Tabs(panels, starred or next((panel for panel in panels if panel not in closed), panels[0]), closed), at + 1
    if word not in ("row", "column") or not all(each.isdigit() for each in rest):
        raise ValueError(f"line {number}: {line!r} is not understood")
    parts: list[Split | Tabs] = []
    at += 1
    while at < len(lines) and lines[at][1] > depth:
        part, at = _tree(lines, at)
        parts.append(part)
    if not parts:
        raise ValueError(f"line {number}: nothing is in this {word}")
    sizes = tuple(int(each) for each in rest) or (1,) * len(parts)
    if len(sizes) != len(parts):
        raise ValueError(f"line {number}: {len(sizes)} sizes for {len(parts)} parts")
    return Split("row" if word == "row" else "column", sizes, tuple(parts)), at


# ---- what QtAds saves ----


def from_saved(saved: bytes) -> Arrangement:
    """What `CDockManager.saveState` gave, compressed or not. ValueError when it is something else."""
    try:
        root = ElementTree.fromstring(saved if saved.startswith(b"<?xml") else zlib.decompress(saved[4:]))
    except (zlib.error, ElementTree.ParseError) as problem:
        raise ValueError(f"this is no saved layout ({problem})") from None
    if root.tag != "QtAdvancedDockingSystem":
        raise ValueError("this is no saved layout")
    inside: Split | Tabs | None = None
    edges: list[Edge] = []
    floating: list[Floating] = []
    for container in root.findall("Container"):
        splitter = container.find("Splitter")
        tree = None if splitter is None else _part(splitter)
        while isinstance(tree, Split) and len(tree.parts) == 1:
            tree = tree.parts[0]
        if container.get("Floating") == "1":
            if tree is not None:
                floating.append(Floating(*_place(container.findtext("Geometry") or ""), tree))
            continue
        inside = tree
        for bar in container.findall("SideBar"):
            side = EDGES[int(bar.get("Area", "1"))]
            edges += [Edge(side, widget.get("Name", ""), int(widget.get("Size", "280")), widget.get("Closed") == "1")
                      for widget in bar.findall("Widget")]
    return Arrangement(inside, tuple(edges), tuple(floating))


def _part(element: ElementTree.Element) -> Split | Tabs | None:
    if element.tag == "Area":
        widgets = element.findall("Widget")
        closed = frozenset(each.get("Name", "") for each in widgets if each.get("Closed") == "1")
        panels = tuple(each.get("Name", "") for each in widgets)
        return Tabs(panels, element.get("Current", ""), closed) if panels else None
    sizes = [int(each) for each in (element.findtext("Sizes") or "").split()]
    inner = [each for each in element if each.tag in ("Splitter", "Area")]
    pairs = zip(inner, [*sizes, *[1] * len(inner)], strict=False)
    kept = [(part, size) for each, size in pairs if (part := _part(each)) is not None]
    if not kept:
        return None
    direction: Literal["row", "column"] = "row" if element.get("Orientation") == "|" else "column"
    return Split(direction, tuple(size for _, size in kept), tuple(part for part, _ in kept))


def _place(geometry: str) -> tuple[int, int, int, int]:
    """x, y, width and height of what `QWidget.saveGeometry` gave, as hexadecimal text."""
    data = bytes.fromhex(geometry.replace(" ", ""))
    if len(data) < 40 or struct.unpack_from(">I", data)[0] != _MAGIC:
        return 100, 100, 800, 600
    left, top, right, bottom = _RECT.unpack_from(data, 24)
    return left, top, right - left + 1, bottom - top + 1


def _geometry(each: Floating) -> str:
    rect = _RECT.pack(each.x, each.y, each.x + each.width - 1, each.y + each.height - 1)
    data = struct.pack(">IHH", _MAGIC, 3, 0) + rect + rect + struct.pack(">i??i", 0, False, False, 0) + rect
    return data.hex(" ")


def to_xml(arrangement: Arrangement) -> bytes:
    """What `CDockManager.restoreState` takes."""
    edges = "".join(_bar(number, [edge for edge in arrangement.edges if edge.side == side]) for number, side in enumerate(EDGES))
    inside = _EMPTY if arrangement.inside is None else _splitter(arrangement.inside)
    floating = "".join(f'<Container Floating="1"><Geometry>{_geometry(each)}</Geometry>{_splitter(each.inside)}</Container>'
                       for each in arrangement.floating)
    return (f'<?xml version="1.0" encoding="UTF-8"?><QtAdvancedDockingSystem Version="1" UserVersion="{VERSION}" '
            f'Containers="{1 + len(arrangement.floating)}"><Container Floating="0">{inside}{edges}</Container>{floating}'
            "</QtAdvancedDockingSystem>").encode()


def _bar(number: int, edges: list[Edge]) -> str:
    widgets = "".join(f'<Widget Name={_quoted(each.panel)} Closed="{int(each.closed)}" Size="{each.size}"/>' for each in edges)
    return f'<SideBar Area="{number}" Tabs="{len(edges)}">{widgets}</SideBar>' if edges else ""


def _quoted(text: str) -> str:
    """As an attribute; the library's own function costs 25 ms of the start."""
    return '"' + text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;") + '"'


def _splitter(tree: Split | Tabs) -> str:
    return _xml(tree if isinstance(tree, Split) else Split("row", (1000,), (tree,)))


def _xml(tree: Split | Tabs) -> str:
    if isinstance(tree, Split):
        sign = "|" if tree.direction == "row" else "-"
        parts = "".join(map(_xml, tree.parts))
        sizes = " ".join(map(str, tree.sizes))
        return f'<Splitter Orientation="{sign}" Count="{len(tree.parts)}">{parts}<Sizes>{sizes} </Sizes></Splitter>'
    widgets = "".join(f'<Widget Name={_quoted(panel)} Closed="{int(panel in tree.closed)}"/>' for panel in tree.panels)
    return f'<Area Tabs="{len(tree.panels)}" Current={_quoted(tree.current)}>{widgets}</Area>'

