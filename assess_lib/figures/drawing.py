"""What all figures share: one look that holds in grey, text as paths, the same bytes every time.

A figure is drawn with matplotlib's SVG renderer itself, without its axes: it has a few strokes and labels, each in a
known place, and to build, measure and hide the parts of axes takes ten times as long as to draw them. Lengths are in
points, x from the left, y from the top.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any, Literal

import matplotlib
from matplotlib.backend_bases import GraphicsContextBase
from matplotlib.backends.backend_svg import RendererSVG
from matplotlib.colors import to_rgba
from matplotlib.markers import MarkerStyle
from matplotlib.path import Path
from matplotlib.transforms import Affine2D

from assess_lib.figures import letters
from assess_lib.views.words import MINUS
from assess_lib.views.words import shorten as shorten

INK = "#1b1f24"
SOFT = "#59616b"
HAIR = "#d5d9de"
# Dark against light, so that the two still differ in grey; signs and hatching say it again.
LOSS = "#7d3328"
GAIN = "#a9c3da"
DEEP = "#1f3d5c"
# Each text is repeated in a comment; one character that XML does not know would spoil the whole figure.
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_ONE_LINE = str.maketrans("\n\r\t", "   ")
INCH = 72  # points
WIDTH = 6.2 * INCH  # the type area of a page is 156 mm wide
DASHED = (4.0, 3.0)  # in widths of the stroke
STROKE = 0.8  # of axes and of lines that are only pointed at

Align = Literal["left", "center", "right"]
Colour = str | tuple[float, float, float, float]


class Plot:
    """A finished figure: SVG for the notebook, with words for those who cannot see it."""

    def __init__(self, svg: str, alt: str) -> None:
        self.svg = svg
        self.alt = alt

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict[str, str], dict[str, Any]]:
        return {"image/svg+xml": self.svg, "text/plain": self.alt}, {"image/svg+xml": {"alt": self.alt}}

    def __repr__(self) -> str:
        return self.alt


@dataclass(frozen=True, slots=True)
class Scale:
    """What a number of the data is in points: ``low`` stands at ``start``, ``high`` at ``end``."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: Decimal | float) -> float:
        """Place a number."""
        return self.start + (float(value) - self.low) / ((self.high - self.low) or 1) * (self.end - self.start)

    def ticks(self, step: int) -> list[int]:
        """Return the multiples of a step that lie on the scale.

        >>> Scale(37.5, 70, 0, 100).ticks(10)
        [40, 50, 60, 70]
        """
        first = -int(-self.low // step) * step
        return list(range(first, int(self.high // 1) + 1, step))


@dataclass(frozen=True, slots=True)
class Label:
    """A line of text that a figure shows, and the box that it takes."""

    text: str
    left: float
    top: float
    right: float
    bottom: float


class _Renderer(RendererSVG):
    """matplotlib's renderer of SVG, with texts laid out by ``letters``."""

    writer: Any

    def __init__(self, width: float, height: float, stream: io.StringIO) -> None:
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        super().__init__(width, height, stream, metadata=nothing)  # type: ignore[no-untyped-call]
        self._stream = stream
        self._known: set[str] = set()

    def write_text(self, x: float, y: float, text: str, size: float, colour: str) -> None:
        """Write one line of text that begins at a point of its base."""
        self.writer.comment(text)  # closes what is open: what follows is whole elements
        glyphs = letters.layout(text).glyphs
        new = [name for name in dict.fromkeys(name for name, _, _ in glyphs) if name not in self._known]
        if new:
            self._known.update(new)
            paths = "".join(f'<path id="{name}" d="{letters.outline(name)}"/>' for name in new)
            self._stream.write(f"<defs>{paths}</defs>\n")
        scale = f"{size / letters.EM:g}"
        uses = "".join(
            f'<use x="{at:g}" xlink:href="#{name}"/>'
            if not up
            else f'<use x="{at:g}" y="{up:g}" xlink:href="#{name}"/>'
            for name, at, up in glyphs
        )
        place = f"translate({x:.2f} {y:.2f}) scale({scale} -{scale})"
        self._stream.write(f'<g style="fill: {colour}" transform="{place}">{uses}</g>\n')


class Sheet:
    """An empty figure to draw on: what is drawn later lies above what was drawn before.

    ``labels`` are the texts drawn so far, for whoever checks that none lies on another.
    """

    def __init__(self, height: float, width: float = WIDTH) -> None:
        self.width, self.height = width, height
        self.labels: list[Label] = []
        self._stream = io.StringIO()
        self._renderer: Any = _Renderer(width, height, self._stream)
        self._down = Affine2D().scale(1, -1).translate(0, height)  # matplotlib's y grows upwards

    def lines(
        self,
        segments: Iterable[tuple[float, float, float, float]],
        colour: Colour,
        width: float,
        *,
        dashes: Sequence[float] | None = None,
        round_ends: bool = False,
    ) -> None:
        """Draw strokes, each from ``(x, y)`` to ``(x, y)``, all alike."""
        points = [point for x, y, x2, y2 in segments for point in ((x, y), (x2, y2))]
        if points:
            pen = self._pen(colour, width)
            pen.set_capstyle("round" if round_ends else "butt")
            if dashes is not None:
                pen.set_dashes(0, [dash * width for dash in dashes])
            path = Path(points, [Path.MOVETO, Path.LINETO] * (len(points) // 2))
            self._renderer.draw_path(pen, path, self._down)

    def boxes(
        self,
        boxes: Iterable[tuple[float, float, float, float]],
        face: Colour | None,
        *,
        edge: Colour = "none",
        width: float = 0.0,
        hatch: str = "",
    ) -> None:
        """Draw boxes, each given as left, top, right and bottom, all alike."""
        points = [
            point
            for left, top, right, bottom in boxes
            for point in ((left, top), (right, top), (right, bottom), (left, bottom), (left, top))
        ]
        if points:
            pen = self._pen(edge, width)
            pen.set_joinstyle("miter")
            if hatch:
                pen.set_hatch(hatch)
                pen.set_hatch_color(edge)
            corner = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY]
            path = Path(points, corner * (len(points) // 5))
            self._renderer.draw_path(pen, path, self._down, None if face is None else to_rgba(face))

    def dots(
        self,
        spots: Iterable[tuple[float, float]],
        size: float,
        face: Colour,
        *,
        edge: Colour = DEEP,
        width: float = 0.9,
        marker: Literal["o", "D"] = "o",
    ) -> None:
        """Draw marks of a size (of their side or diameter) around points, all alike: discs or diamonds."""
        points = list(spots)
        if points:
            shape = MarkerStyle(marker)
            pen = self._pen(edge, width)
            pen.set_joinstyle("miter" if marker == "D" else "round")
            turned = Affine2D(shape.get_transform().get_matrix()).scale(size)
            self._renderer.draw_markers(pen, shape.get_path(), turned, Path(points), self._down, to_rgba(face))

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float = 9.0,
        colour: str = INK,
        *,
        align: Align = "left",
        ground: float | None = None,
    ) -> None:
        """Write a line of text whose middle stands at ``y``; with ``ground`` on white that is so much larger."""
        text = text.translate(_ONE_LINE)
        wide = letters.width(text, size)
        left = x - {"left": 0.0, "center": wide / 2, "right": wide}[align]
        base = y + (letters.ASCENT - letters.DESCENT) / 2 * size
        label = Label(text, left, base - letters.ASCENT * size, left + wide, base + letters.DESCENT * size)
        self.labels.append(label)
        if ground is not None:
            box = (label.left - ground, label.top - ground, label.right + ground, label.bottom + ground)
            self.boxes([box], "white")
        self._renderer.write_text(left, base, text, size, colour)

    def finish(self, alt: str) -> Plot:
        """Return the figure with its words, as SVG without time or version."""
        self._renderer.finalize()
        svg = _NOT_IN_XML.sub("", self._stream.getvalue())
        return Plot(svg[svg.index("<svg") :], alt)

    def _pen(self, colour: Colour, width: float) -> GraphicsContextBase:
        pen: GraphicsContextBase = self._renderer.new_gc()
        pen.set_foreground(colour)
        pen.set_linewidth(width)
        return pen


@cache
def _parameters() -> dict[str, Any]:
    """Return matplotlib's own parameters; ids come from a fixed salt, so that they are the same every time."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams["svg.hashsalt"] = "assess"
        return _without_machine()


def _without_machine() -> dict[Any, Any]:
    """Return the parameters in force but for the backend, which is the machine's."""
    # As they are: every other way to copy them asks for each, the backend among them, and that imports pyplot.
    found: dict[Any, Any] = dict(dict.items(matplotlib.rcParams))
    del found["backend"]
    return found


@contextmanager
def canvas(height: float) -> Iterator[Sheet]:
    """Open an empty figure (points); the caller draws inside the block.

    What a person's own matplotlibrc, or style in a notebook, says changes no report, and holds again afterwards.
    """
    own: dict[Any, Any] = matplotlib.rcParams
    kept = _without_machine()
    # As rc_context puts them back: all of these have been checked, and to check them again takes longer than a figure.
    dict.update(own, _parameters())
    try:
        yield Sheet(height)
    finally:
        dict.update(own, kept)


def score_axis(sheet: Sheet, scale: Scale, y: float, step: int, size: float = 8, colour: str = SOFT) -> None:
    """Write the numbers of a score's axis below ``y``."""
    for tick in scale.ticks(step):
        sheet.text(scale(tick), y + size, str(tick).replace("-", MINUS), size, colour, align="center")


def tick_step(span: float, narrow: float) -> int:
    """Return how far apart the ticks of a score axis stand: 10, beyond ``narrow`` 20, on a scale of a thousand more.

    >>> tick_step(60, 90), tick_step(100, 90), tick_step(550, 90)
    (10, 20, 100)
    """
    step = 10 if span <= narrow else 20
    return step if span <= 20 * step else 100
