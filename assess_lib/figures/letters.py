"""Text as outlines of the pinned faces, laid out by matplotlib: each run of letters once in a process.

matplotlib lays a text out anew for its size, for its place and for its outlines, and reads the font files each time.
Most letters of a report are Chinese characters and figures, which stand side by side and do nothing to one another:
they are laid out one by one and remembered; what has to do with Latin letters is laid out as one run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path as FilePath

import matplotlib
from matplotlib.ft2font import FT2Font, LoadFlags
from matplotlib.path import Path
from matplotlib.textpath import TextToPath

from assess_lib.fonts import font_files

EM = 1000
"""The faces' units in an em: in these, all outlines and widths are whole numbers."""
ASCENT, DESCENT = 0.88, 0.12
"""How far a line of text reaches above and below its base, in ems, as the faces themselves say."""

# Chinese characters are the same beside any other as alone. So are figures and the marks of numbers, unless there are
# Latin letters near, for which the faces have other figures, quotation marks or dashes. A text with a letter of which
# nothing is known (one that combines with the one before it, or is written from right to left) is laid out as a whole.
_KNOWN = re.compile("[ -~−—…×·●○◆┃━▲、-】〔-〗一-鿿！-～]*")
_ALONE = re.compile("[ 0-9%+,./:()−×·●○◆┃━▲、-】〔-〗一-鿿！-＠［-｀｛-～-]*")
_RUNS = re.compile("[一-鿿]|[^一-鿿]+")
_LAST_RESORT = "fonts/ttf/LastResortHE-Regular.ttf"
_BOXES = "LastResort"  # how that face is called
_END = "口"  # marks where a run ends
_LAYOUT = TextToPath()
# each kind of piece that an outline has: its letter in SVG, and how many points it takes
_PIECES = {
    int(Path.MOVETO): ("M", 1),
    int(Path.LINETO): ("L", 1),
    int(Path.CURVE3): ("Q", 2),
    int(Path.CURVE4): ("C", 3),
}


@dataclass(frozen=True, slots=True)
class Run:
    """Letters laid out: each glyph's id and where it stands, and how wide they are together, in units of the face."""

    glyphs: tuple[tuple[str, float, float], ...]
    width: float


def layout(text: str) -> Run:
    """Lay one line of text out."""
    placed: list[tuple[str, float, float]] = []
    wide = 0.0
    for run in _runs(text):
        placed += [(glyph, wide + x, y) for glyph, x, y in run.glyphs]
        wide += run.width
    return Run(tuple(placed), wide)


def width(text: str, size: float) -> float:
    """Return how wide a line of text is at a size, in the unit of the size."""
    return sum(run.width for run in _runs(text)) * size / EM


def outline(glyph: str) -> str:
    """Return a glyph's outline as the data of an SVG path, upside up: y grows upwards."""
    return _OUTLINES[glyph]


def forget() -> None:
    """Forget all that was laid out, as in a new process."""
    for remembered in (_faces, _run, layout_whole):
        remembered.cache_clear()
    _OUTLINES.clear()


_OUTLINES: dict[str, str] = {}


def _runs(text: str) -> Iterator[Run]:
    if not _KNOWN.fullmatch(text):
        yield layout_whole(text)
        return
    yield from map(_run, text if _ALONE.fullmatch(text) else _RUNS.findall(text))


@cache
def _faces() -> FT2Font:
    """Return the faces as matplotlib's ``get_font`` does, but held in memory.

    matplotlib opens its faces anew after a fork, which takes as long as the figures of a report: an open file's place
    is shared by all that were forked. What is in memory is each process's own.
    """
    _, sans, rare = font_files()
    # What none of the faces has is a box. matplotlib would also warn, and the warning would stand on the page.
    last = FT2Font(BytesIO((FilePath(matplotlib.get_data_path()) / _LAST_RESORT).read_bytes()))
    last.set_charmap(0)
    return FT2Font(BytesIO(sans.read_bytes()), _fallback_list=[FT2Font(BytesIO(rare.read_bytes())), last])


@lru_cache(maxsize=8192)
def _run(text: str) -> Run:
    *glyphs, (_, end, _) = _placed(text + _END)
    return Run(tuple(glyphs), end)


@lru_cache(maxsize=1024)
def layout_whole(text: str) -> Run:
    """Lay one line of text out as matplotlib does, all at once; it is as wide as its ink."""
    glyphs = _placed(text)
    font = _faces()
    font.set_text(text, 0.0, flags=LoadFlags.NO_HINTING)
    return Run(tuple(glyphs), font.get_width_height()[0] / 64)


def _placed(text: str) -> list[tuple[str, float, float]]:
    font = _faces()
    font.set_size(EM, 72)  # others that use the face set their own
    found, outlines, _ = _LAYOUT.get_glyphs_with_font(font, text)
    names = {name: _name(name, font) for name in outlines}
    for name, (vertices, codes) in outlines.items():
        if names[name] not in _OUTLINES:
            _OUTLINES[names[name]] = _data(vertices.tolist(), codes.tolist())
    return [(names[name], x, y) for name, x, y, _ in found]


def _name(name: str, font: FT2Font) -> str:
    """Return a short id that says which glyph of which face it is: the same in all figures of a page."""
    face, _, index = name.rpartition("-")
    if face == font.postscript_name:
        return f"gs{index}"
    return f"g{'b' if face.startswith(_BOXES) else 'r'}{index}"


def _data(vertices: list[list[float]], codes: list[int]) -> str:
    """Write an outline as the data of an SVG path."""
    pieces: list[str] = []
    last, left = 0, 0  # which kind of piece the points belong to, and how many points it still takes
    for (x, y), code in zip(vertices, codes, strict=True):
        if code == Path.CLOSEPOLY:
            pieces.append("z")
            last = 0
            continue
        if left == 0:
            letter, left = _PIECES[code]
            if code != last or code == Path.MOVETO:
                pieces.append(letter)
                last = code
        left -= 1
        pieces.append(f"{x:g} {y:g} ")
    return "".join(pieces)
