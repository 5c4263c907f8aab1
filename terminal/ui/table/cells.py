"""How one table row is painted: straight from the model's values, without style engine or delegates."""

from __future__ import annotations

import logging
from collections import OrderedDict
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QFontMetricsF, QPainter, QPen, QPixmap

from terminal.domain import format as fmt
from terminal.ui import theme
from terminal.ui.meters import dot, polyline, rising

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QFont

    from terminal.ui.table.model import FrameModel

PAD = 8
WIDTHS = {"star": 30, "end": 34, "ticker": 78, "text": 150, "muted": 104, "number": 76, "change": 88, "signed": 80, "pill": 92,
          "bar": 96, "share": 104, "position": 104, "spark": 92, "chips": 150, "parts": 130, "swing": 110}
LOOKS = ("bg1", "bg2", "hover", "selected")
PART_COLORS = ("t3", "accent", "warn")
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_CENTER = Qt.AlignmentFlag.AlignCenter
_ELIDE = Qt.TextElideMode.ElideRight

_CACHE_BYTES = 8 << 20

_log = logging.getLogger(__name__)


class RowPainter:
    """Paints rows of a model into pixmaps; make a new one when theme or font change."""

    def __init__(self, model: FrameModel) -> None:
        self._model = model
        colors = theme.tokens()
        self.colors = colors
        self.font = theme.font(theme.scaled(12))
        self.medium = theme.font(theme.scaled(12), 500)
        self.bold = theme.font(theme.scaled(12), 600)
        self.small = theme.font(theme.scaled(11), 500)
        self._metrics = QFontMetrics(self.font)
        self._advances = (_Advances(self.font), _Advances(self.medium))
        exact = QFontMetricsF(self.font)
        self._above = exact.ascent() - exact.descent()  # what lies above the base line more than below it
        self._small_metrics = QFontMetrics(self.small)
        self._pens = {name: colors.color(name) for name in ("t1", "t2", "t3", "line", "up_text", "down_text", "warn", "track",
                                                            "accent", "up", "down", "line_strong")}
        self.px = {size: theme.scaled(size) for size in (9, 17, 18, 34, 38)}
        self._tones = {name: self._tone(name) for name in ("Strong Buy", "Buy", "Hold", "Avoid", "Unknown")}
        self._flags = {tone: (colors.color(tone), colors.color(f"{tone}_bg"), colors.color(f"{tone}_line"))
                       for tone in ("ok", "warn", "error")}
        self._flags["muted"] = (colors.color("t2"), colors.color("bg2"), colors.color("line_strong"))
        self._stickers: dict[tuple[str, int, int], QPixmap] = {}
        self._ratio = 1.0
        self._broken: set[int] = set()
        self._paint = {"star": self._star, "end": self._end, "ticker": self._ticker, "text": self._text, "muted": self._muted,
                       "number": self._number, "change": self._signed, "signed": self._signed, "pill": self._pill,
                       "bar": self._bar, "share": self._share, "position": self._position, "spark": self._spark,
                       "chips": self._chips, "parts": self._parts, "swing": self._swing}

    def row(self, id: int, spans: Sequence[tuple[int, int, int]], size: QSize, background: QColor, ratio: float) -> QPixmap:
        """A picture of the row; `spans` are (column, left, width) of the columns to be painted."""
        if ratio != self._ratio:
            self._ratio = ratio
            self._stickers.clear()
        picture = QPixmap(round(size.width() * ratio), round(size.height() * ratio))
        picture.setDevicePixelRatio(ratio)
        picture.fill(background)
        painter = QPainter(picture)
        painter.setPen(self._pens["line"])
        painter.drawLine(0, size.height() - 1, size.width(), size.height() - 1)
        if id < 0:
            self._group(painter, spans, size.height() - 1, id)
        else:
            for place, left, width in spans:
                self._cell(painter, QRect(left, 0, width, size.height() - 1), id, place)
        painter.end()
        return picture

    def patch(self, picture: QPixmap, id: int, place: int, left: int, width: int, background: QColor) -> None:
        """Paint one cell of a row's picture anew."""
        area = QRect(left, 0, width, round(picture.height() / picture.devicePixelRatio()) - 1)
        painter = QPainter(picture)
        painter.setClipRect(area)
        painter.fillRect(area, background)
        self._cell(painter, area, id, place)
        painter.end()

    def _cell(self, painter: QPainter, area: QRect, id: int, place: int) -> None:
        try:
            kind = self._model.kinds[place]
            if kind in ("number", "change", "signed") and self._model.colour(place).startswith("heat"):
                self._shade(painter, area, id, place)
            self._paint[kind](painter, area, id, place)
        except Exception:
            if place not in self._broken:  # once, not for each row
                _log.exception("cell %s of row %s could not be painted", self._model.columns[place].name, id)
            self._broken.add(place)

    def _shade(self, painter: QPainter, area: QRect, id: int, place: int) -> None:
        """The cell's ground by the rank of its value: the further from the middle, the stronger."""
        rank = self._model.rank(id, place)
        if rank is not None:
            good = rank - 0.5 if self._model.colour(place) == "heat" else 0.5 - rank
            painter.fillRect(area.adjusted(1, 1, 0, 0), self.colors.color("up" if good > 0 else "down", round(110 * abs(good))))

    def _group(self, painter: QPainter, spans: Sequence[tuple[int, int, int]], height: int, id: int) -> None:
        """The row above a group: open or closed, its name and count, and what is told of each column."""
        model, first = self._model, self._model.told.group_place
        texts = {place: model.summary_text(id, place) for place, _, _ in spans if place > first}
        end = next((left for place, left, _ in spans if place > first and texts.get(place)), spans[-1][1] + spans[-1][2])
        left = spans[first][1] + PAD
        self._write(painter, QRect(left, 0, 14, height), "▾" if model.is_open(id) else "▸", "t2", self.font)
        title, room = model.told.of_group(id, first), QRect(left + 8, 0, max(40, end - left - 8), height)
        self._words(painter, room, title, "t1", self.bold)
        ways = {model.summary(id)[model.columns[place].name][0] for place, text in texts.items() if text}
        beside = room.adjusted(2 * PAD + QFontMetrics(self.bold).horizontalAdvance(title), 0, -4, 0)
        if "median" in ways and beside.width() > self._small_metrics.horizontalAdvance("medians"):
            self._write(painter, beside, "medians", "t3", self.small)
        for place, at, width in spans:
            if text := texts.get(place):
                way = {"sum": "sum ", "share": "yes "}.get(model.summary(id)[model.columns[place].name][0], "")
                self._write(painter, QRect(at, 0, width - PAD, height), way + text, "t2", self.small, align=_RIGHT)

    def _write(self, painter: QPainter, area: QRect, text: str, color: str, font: QFont, *,
               align: Qt.AlignmentFlag = _LEFT) -> None:
        painter.setFont(font)
        painter.setPen(self._pens[color])
        painter.drawText(area, align, text)

    def _write_number(self, painter: QPainter, area: QRect, text: str, color: str, font: QFont) -> None:
        """Flush right. Digits are equally wide, so that the place is counted instead of laid out, which costs half."""
        advances = self._advances[font is self.medium]
        width = 0.0
        for letter in text:
            width += advances[letter]
        painter.setFont(font)
        painter.setPen(self._pens[color])
        painter.drawText(QPointF(area.right() + 1 - PAD - width, area.top() + (area.height() + self._above) / 2), text)

    def _words(self, painter: QPainter, area: QRect, text: str, color: str, font: QFont) -> None:
        room = area.adjusted(PAD, 0, -4, 0)
        text = text.replace("\n", " ")  # a row is one line
        if len(text) * self.px[9] > room.width():  # shorter ones fit for certain; measuring costs
            text = self._metrics.elidedText(text, _ELIDE, room.width())
        self._write(painter, room, text, "t3" if text == fmt.UNKNOWN else color, font)

    def _text(self, painter: QPainter, area: QRect, id: int, place: int) -> None:
        self._words(painter, area, self._model.text(id, place), "t2", self.font)

    def _muted(self, painter: QPainter, area: QRect, id: int, place: int) -> None:
        self._words(painter, area, self._model.text(id, place), "t3", self.font)

    def _ticker(self, painter: QPainter, area: QRect, id: int, place: int) -> None:
        self._words(painter, area, self._model.text(id, place), "t1", self.bold)

    def _number(self, painter: QPainter, area: QRect, id: int, place: int) -> None:
        text = self._model.text(id, place)
        if self._model.colour(place) == "sign":
            self._signed(painter, area, id, place)
            return
        self._write_number(painter, area, text, "t3" if text == fmt.UNKNOWN else "t1", self.font)

    def _signed(self, painter: QPainter, area: QRect, id: int, place: int) -> None:
        text, value = self._model.text(id, place), self._model.raw(id, place)
        if value is None:
            color = "t3"
        else:
            shown_as_zero = not any("1" <= letter <= "9" for letter in text)
            color = "t2" if shown_as_zero else "up_text" if value > 0 else "down_text"
        self._write_number(painter, area, text, color, self.medium)

    def _pill(self, painter: QPainter, area: QRect, id: int, place: int) -> None:
        text = self._model.text(id, place)
        sticker = self._sticker(text, self._tones.get(text, self._tones["Unknown"]), self.px[18], self.px[18] / 2, 8)
        painter.drawPixmap(area.left() + PAD - 2, area.top() + (area.height() - self.px[18]) // 2, sticker)

    def _sticker(self, text: str, tone: tuple[QColor, QColor, QColor], height: int, radius: float, pad: int) -> QPixmap:
        """A rounded label as a picture; there are few different ones, so that they are kept."""
        key = (text, height, tone[1].rgba())
        picture = self._stickers.get(key)
        if picture is None:
            width = self._small_metrics.horizontalAdvance(text) + 2 * pad
            picture = QPixmap(round(width * self._ratio), round(height * self._ratio))
            picture.setDevicePixelRatio(self._ratio)
            picture.fill(Qt.GlobalColor.transparent)
            box = QRectF(0, 0, width, height)
            with_edges = QPainter(picture)
            with_edges.setRenderHint(QPainter.RenderHint.Antialiasing)
            with_edges.setPen(QPen(tone[2], 1))
            with_edges.setBrush(tone[1])
            with_edges.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
            with_edges.setFont(self.small)
            with_edges.setPen(tone[0])
            with_edges.drawText(box, _CENTER, text)
            with_edges.end()
            self._stickers[key] = picture
        return picture

    def _tone(self, verdict: str) -> tuple[QColor, QColor, QColor]:
        colors = self.colors
        if verdict == "Strong Buy":
            return colors.color("on_accent" if colors.name == "dark" else "bg1"), colors.color("up_text"), colors.color("up_text")
        if verdict == "Buy":
            return colors.color("up_text"), colors.color("up", 28), colors.color("up", 90)
        if verdict == "Avoid":
            return colors.color("down_text"), colors.color("down", 28), colors.color("down", 90)
        if verdict == "Hold":
            return colors.color("warn"), colors.color("warn_bg"), colors.color("warn_line")
        return colors.color("t3"), colors.color("bg2"), colors.color("line_strong")

    def _bar(self, painter: QPainter, area: QRect, id: int, place: int) -> None:
        value, text = self._model.raw(id, place), self._model.text(id, place)
        number = self.px[34]
        self._write(painter, QRect(area.left(), area.top(), number, area.height()), text, "t3" if value is None else "t1",
                    self.medium, align=_RIGHT)
        look = self._model.looks.get(self._model.columns[place].name)
        top = look.maximum if look is not None else 10.0
        left, width = area.left() + number + 8, area.width() - number - 8 - PAD
        middle = area.top() + area.height() // 2 - 2
        painter.fillRect(left, middle, width, 4, self._pens["track"])
        if value is not None and top > 0:
            share = min(max(value / top, 0.0), 1.0)
            color = "up" if share >= 0.6 else "accent" if share >= 0.4 else "down"
            painter.fillRect(left, middle, round(width * share), 4, self._pens[color])

    def _share(self, painter: QPainter, area: QRect, id: int, place: int) -> None:
        """A part of a whole with its length; neither large nor small is good, so that it has one colour."""
        value, text = self._model.raw(id, place), self._model.text(id, place)
        number = round(self.px[38] * 1.4)
        self._write(painter, QRect(area.left(), area.top(), number, area.height()), text, "t3" if value is None else "t1",
                    self.font, align=_RIGHT)
        look = self._model.looks.get(self._model.columns[place].name)
        top = look.maximum if look is not None else 1.0
        left, width = area.left() + number + 8, area.width() - number - 8 - PAD
        middle = area.top() + area.height() // 2 - 2
        painter.fillRect(left, middle, width, 4, self._pens["track"])
        if value is not None and top > 0:
            painter.fillRect(left, middle, round(width * min(abs(value) / top, 1.0)), 4, self._pens["accent"])

    def _position(self, painter: QPainter, area: QRect, id: int, place: int) -> None:
        value = self._model.raw(id, place)
        number = self.px[38]
        text = fmt.UNKNOWN if value is None else fmt.percent(value, 0)
        self._write(painter, QRect(area.right() - number - PAD + 1, area.top(), number, area.height()), text,
                    "t3" if value is None else "t1", self.font, align=_RIGHT)
        left, width = area.left() + PAD, area.width() - number - 2 * PAD - 6
        middle = area.top() + area.height() // 2
        painter.fillRect(left, middle - 1, width, 2, self._pens["track"])
        painter.fillRect(left, middle - 3, 1, 6, self._pens["line_strong"])
        painter.fillRect(left + width - 1, middle - 3, 1, 6, self._pens["line_strong"])
        if value is not None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            dot(painter, QPointF(left + min(max(value, 0.0), 1.0) * width, middle), self._pens["accent"], 3.5)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _spark(self, painter: QPainter, area: QRect, id: int, place: int) -> None:
        values = self._model.raw(id, place) or []
        points = polyline(values, QRectF(area).adjusted(PAD, 6, -PAD, -6))
        if points.isEmpty():
            self._write(painter, area.adjusted(PAD, 0, 0, 0), fmt.UNKNOWN, "t3", self.font)
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._pens["up" if rising(values) else "down"], 1.3))
        painter.drawPolyline(points)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _parts(self, painter: QPainter, area: QRect, id: int, place: int) -> None:
        """What adds up to a whole, side by side: to the left of the zero line what takes away, to the right what adds."""
        values = self._model.raw(id, place) or []
        known = [value for value in values if value is not None]
        if not known:
            self._write(painter, area.adjusted(PAD, 0, 0, 0), fmt.UNKNOWN, "t3", self.font)
            return
        look = self._model.looks.get(self._model.columns[place].name)
        room = area.width() - 2 * PAD
        scale = room * 0.75 / max(look.maximum if look is not None else 1.0, 1e-9)
        zero, top = area.left() + PAD + round(room * 0.75), area.top() + area.height() // 2 - 4
        left, right = zero, zero
        for value, color in zip(values, PART_COLORS, strict=False):
            width = round(abs(value or 0.0) * scale)
            if (value or 0.0) < 0:
                left -= width
                start = max(left, area.left() + PAD)
                painter.fillRect(start, top, max(left + width - start, 0), 8, self._pens[color])
            else:
                painter.fillRect(right, top, max(min(width, area.right() - PAD - right), 0), 8, self._pens[color])
                right += width
        painter.fillRect(zero, top - 3, 1, 14, self._pens["line_strong"])

    def _swing(self, painter: QPainter, area: QRect, id: int, place: int) -> None:
        """How far something went down and up around zero, and where it ended."""
        values = self._model.raw(id, place) or []
        if len(values) < 2 or values[0] is None or values[1] is None:
            self._write(painter, area.adjusted(PAD, 0, 0, 0), fmt.UNKNOWN, "t3", self.font)
            return
        look = self._model.looks.get(self._model.columns[place].name)
        half = area.width() // 2 - PAD
        zero, top = area.left() + PAD + half, area.top() + area.height() // 2 - 3
        scale = half / max(look.maximum if look is not None else 1.0, 1e-9)
        for value, color in ((values[0], "down"), (values[1], "up")):
            width = min(round(abs(value) * scale), half)
            painter.fillRect(zero - width if value < 0 else zero, top, width, 6, self._pens[color])
        painter.fillRect(zero, top - 3, 1, 12, self._pens["line_strong"])
        if len(values) > 2 and values[2] is not None:
            end = zero + max(-half, min(round(values[2] * scale), half))
            painter.fillRect(end - 1, top - 3, 2, 12, self._pens["t1"])

    def _chips(self, painter: QPainter, area: QRect, id: int, place: int) -> None:
        words = [str(word) for word in self._model.raw(id, place) or ()]
        look = self._model.looks.get(self._model.columns[place].name)
        tones = look.tones if look is not None else {}
        left, right = area.left() + PAD - 2, area.right() - 4
        for index, word in enumerate(words):
            rest = len(words) - index - 1
            room = right - left - (26 if rest else 0)
            tone = self._flags.get(tones.get(word, "warn"), self._flags["warn"])
            sticker = self._sticker(word, tone, self.px[17], 4, 6)
            if sticker.deviceIndependentSize().width() > room:
                if index:
                    self._write(painter, QRect(left + 2, area.top(), 30, area.height()), f"+{rest + 1}", "t3", self.small)
                    return
                short = self._small_metrics.elidedText(word, _ELIDE, max(10, room - 12))
                sticker = self._sticker(short, tone, self.px[17], 4, 6)
            painter.drawPixmap(left, area.top() + (area.height() - self.px[17]) // 2, sticker)
            left += round(sticker.deviceIndependentSize().width()) + 4

    def _star(self, painter: QPainter, area: QRect, id: int, place: int) -> None:
        on = self._model.symbol(id) in self._model.starred
        self._write(painter, area, "★" if on else "☆", "warn" if on else "line_strong", self.font, align=_CENTER)

    def _end(self, painter: QPainter, area: QRect, id: int, place: int) -> None:
        if self._model.symbol(id) and self._model.columns[place].title:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            center = QPointF(area.right() - 15.5, area.top() + area.height() / 2 + 0.5)
            for step in (-5, 0, 5):
                dot(painter, center + QPointF(step, 0), self._pens["t3"], 1.3)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


class _Advances(dict[str, float]):
    """How wide each letter of a font is, asked once."""

    def __init__(self, font: QFont) -> None:
        super().__init__()
        self._metrics = QFontMetricsF(font)

    def __missing__(self, letter: str) -> float:
        width = self[letter] = self._metrics.horizontalAdvance(letter)
        return width


class RowPictures:
    """The rows painted lately, by row id and background; the least used go first when they exceed 8 MB (two screens full)."""

    def __init__(self) -> None:
        self._pictures: OrderedDict[tuple[int, str], QPixmap] = OrderedDict()

    def get(self, id: int, background: str, ratio: float) -> QPixmap | None:
        """The picture, if there is one for this kind of screen."""
        picture = self._pictures.get((id, background))
        if picture is None or picture.devicePixelRatio() != ratio:
            return None
        self._pictures.move_to_end((id, background))
        return picture

    def keep(self, id: int, background: str, picture: QPixmap, at_least: int) -> None:
        """Remember a picture; `at_least` so many are kept whatever their size."""
        self._pictures[(id, background)] = picture
        each = picture.width() * picture.height() * 4
        while len(self._pictures) > max(_CACHE_BYTES // max(1, each), at_least):
            self._pictures.popitem(last=False)

    def of_row(self, id: int) -> list[tuple[str, QPixmap]]:
        """The pictures of a row with their backgrounds."""
        return [(look, picture) for look in LOOKS if (picture := self._pictures.get((id, look))) is not None]

    def forget(self, id: int | None = None) -> None:
        """One row, or all."""
        if id is None:
            self._pictures.clear()
        else:
            for look in LOOKS:
                self._pictures.pop((id, look), None)

    def forget_groups(self) -> None:
        """The rows above groups, which differ with each new order."""
        for key in [key for key in self._pictures if key[0] < 0]:
            del self._pictures[key]

    @property
    def size(self) -> int:
        """Bytes kept."""
        return sum(picture.width() * picture.height() * 4 for picture in self._pictures.values())
