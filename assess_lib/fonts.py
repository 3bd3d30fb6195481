"""The pinned Chinese fonts: the same faces in figures and PDFs on every machine.

The faces come from wheels (OFL), never from the machine: Noto Serif SC for running text, Noto Sans SC
for headings, tables and figures, and Noto Sans CJK for the rare characters that neither of them has (𠮷).
All of them are regular weight; headings differ by face and size, as in printed official documents.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from assess_lib.errors import EnvironmentFailure

SERIF = "Noto Serif SC"
SANS = "Noto Sans SC"
RARE = "Noto Sans CJK SC"

_FILES = (
    ("pylopdf_fonts_zh_cn", "NotoSerifSC-Regular.otf"),
    ("pylopdf_fonts_zh_cn", "NotoSansSC-Regular.otf"),
    ("noto_cjk_sans_otc", "NotoSansCJK-Regular.ttc"),
)


@cache
def font_files() -> tuple[Path, ...]:
    """Return the font files of the pinned packages: serif, sans, rare characters.

    Raises EnvironmentFailure when a font package is missing from the environment.
    """
    found = []
    for package, name in _FILES:
        try:
            path = Path(str(files(package).joinpath(name)))
        except ModuleNotFoundError as error:
            raise EnvironmentFailure(f"缺少字体包 {package}。请运行 make setup 重新安装。") from error
        if not path.is_file():
            raise EnvironmentFailure(f"字体包 {package} 中没有 {name}。请运行 make setup 重新安装。")
        found.append(path)
    return tuple(found)


@cache
def characters() -> frozenset[int]:
    """Return the code points that the pinned faces have a shape for, in running text and in headings alike."""
    from fontTools.ttLib import TTFont

    serif, sans, rare = (frozenset(_face(TTFont, path).getBestCmap()) for path in font_files())
    return (serif & sans) | rare


def _face(reader: Any, path: Path) -> Any:
    # every face of the collection has the same characters
    return reader(path, lazy=True, fontNumber=0 if path.suffix == ".ttc" else -1)
