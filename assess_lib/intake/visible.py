"""What a person sees of a text: blanks, invisible characters, full-width forms.

Keys, dates and numbers are compared by what is seen; free text is never changed.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# Invisible characters outside the Unicode format class: fillers, joiners and selectors that print nothing.
_FILLERS = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
# Full-width ASCII and the ideographic space; circled digits and superscripts stay what they are.
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_OVERRIDES = frozenset(("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"))
_PLAIN = re.compile(r"[!-~\u4e00-\u9fff，。：；！？、“”‘’《》〔〕【】（）]+")


@lru_cache(maxsize=4096)
def _invisible(char: str) -> bool:
    """Whether a character prints nothing and takes no room (zero-width), spaces aside."""
    if char.isspace():
        return False
    return unicodedata.category(char) in ("Cf", "Cc") or char in _FILLERS or "\ufe00" <= char <= "\ufe0f"


def is_blank(text: str) -> bool:
    """Whether a person sees nothing: only spaces of any width, line breaks or zero-width characters."""
    if _PLAIN.match(text):  # begins with something that prints
        return False
    return all(char.isspace() or _invisible(char) for char in text)


def squash(text: str) -> str:
    """Remove spaces and zero-width characters everywhere: how unit names, headers and labels compare.

    >>> squash(" 城 关\u200b镇\u3000")
    '城关镇'
    """
    if _PLAIN.fullmatch(text):
        return text
    return "".join(char for char in text if not char.isspace() and not _invisible(char))


def trim(text: str) -> str:
    """Remove outer spaces and zero-width characters, keeping inner spaces: how keys and choices compare.

    >>> trim("\ufeff BS-01\u3000")
    'BS-01'
    """
    if _PLAIN.fullmatch(text):
        return text
    return "".join(char for char in text if char.isspace() or not _invisible(char)).strip()


def half_width(text: str) -> str:
    """Write full-width letters, digits and signs in their half-width forms, for dates and numbers only.

    >>> half_width("２０２２．６．２０")
    '2022.6.20'
    """
    return text.translate(_HALF_WIDTH)


def one_line(text: str) -> str:
    """Replace what would break or forge a printed line: line breaks, terminal controls, direction overrides.

    >>> one_line("a\\nb\\x1b[31mc")
    'a b [31mc'
    """
    if text.isprintable():
        return text
    return "".join(
        " "
        if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") or unicodedata.bidirectional(char) in _OVERRIDES
        else char
        for char in text
    )


def shorten(text: str, limit: int = 200) -> str:
    """Cut a cell's text for a message, marking the cut."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
