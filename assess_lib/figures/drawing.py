"""What all figures share: one look that holds in grey, text as paths, the same bytes every time."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from assess_lib.fonts import matplotlib_style
from assess_lib.views.words import shorten as shorten

INK = "#1b1f24"
SOFT = "#59616b"
HAIR = "#d5d9de"
# Dark against light, so that the two still differ in grey; signs and hatching say it again.
LOSS = "#7d3328"
GAIN = "#a9c3da"
DEEP = "#1f3d5c"
# matplotlib repeats each text in a comment; one character that XML does not know would spoil the whole figure.
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
WIDTH = 6.2  # inches; the type area of a page is 156 mm wide


class Plot:
    """A finished figure: SVG for the notebook, with words for those who cannot see it."""

    def __init__(self, svg: str, alt: str) -> None:
        self.svg = svg
        self.alt = alt

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict[str, str], dict[str, Any]]:
        return {"image/svg+xml": self.svg, "text/plain": self.alt}, {"image/svg+xml": {"alt": self.alt}}

    def __repr__(self) -> str:
        return self.alt


@contextmanager
def canvas(height: float, width: float = WIDTH) -> Iterator[tuple[Figure, Axes]]:
    """Open an empty figure (inches) in the common style; the caller draws inside the block."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()  # a person's own matplotlibrc, or style in a notebook, changes no report
        matplotlib.rcParams.update(cast(Any, dict(matplotlib_style())))
        figure = Figure(figsize=(width, height))
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        for spine in axes.spines.values():
            spine.set_visible(False)
        axes.tick_params(length=0, colors=INK)
        yield figure, axes


def finish(figure: Figure, alt: str) -> Plot:
    """Write the figure as SVG without time, version or fixed size, and give it its words."""
    stream = io.StringIO()
    figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    svg = _NOT_IN_XML.sub("", stream.getvalue())
    return Plot(re.sub(r"^.*?(?=<svg)", "", svg, count=1, flags=re.DOTALL), alt)


def tick_step(span: float, narrow: float) -> int:
    """Return how far apart the ticks of a score axis stand: 10, beyond ``narrow`` 20, on a scale of a thousand more.

    >>> tick_step(60, 90), tick_step(100, 90), tick_step(550, 90)
    (10, 20, 100)
    """
    step = 10 if span <= narrow else 20
    return step if span <= 20 * step else 100
