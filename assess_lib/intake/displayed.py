"""How a number looks in its cell: only as far as a code such as 001 may be lost when its plain digits are read."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache

_LITERALS = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|_.|\*.|\[(?P<bracket>[^\]]*)\]|(?P<general>General)|(?P<char>.)'
)
# Letters that stand for dates, exponents or text outside quotes; a comma groups or scales.
_NOT_PLAIN = re.compile(r"[A-Za-z@%,]")
_NUMBER = re.compile(r"\d+(\.\d+)?")
_MAX_CODE = 200


def is_percent_format(code: str) -> bool:
    """Whether a number format shows a per cent sign that multiplies, not one that is mere text."""
    return "%" in _LITERALS.sub("", code.split(";")[0])


@lru_cache(maxsize=512)
def _parts(code: str) -> tuple[tuple[str, ...], ...] | None:
    """Split a format's first section into literals, placeholders and General; None for what is not shown plainly."""
    parts: list[tuple[str, ...]] = []
    for found in _TOKEN.finditer(code):
        char = found.group("char")
        if char == ";":
            break
        if found.group("general"):
            parts.append(("general",))
        elif found.group("quoted") is not None or found.group("escaped"):
            parts.append(("literal", found.group("quoted") or found.group("escaped") or ""))
        elif found.group("bracket") is not None:
            inside = found.group("bracket")
            if inside.startswith("$"):
                parts.append(("literal", inside[1:].split("-")[0]))
            elif not inside.isalpha() or inside.lower().startswith("db"):
                return None  # a condition, or digits written as Chinese numerals
        elif char in ("0", "#", "?"):
            parts.append(("digit", char))
        elif char == ".":
            parts.append(("point",))
        elif char is not None:
            if _NOT_PLAIN.match(char):
                return None
            parts.append(("literal", char))
    return tuple(parts)


def _render(text: str, parts: tuple[tuple[str, ...], ...]) -> str:
    names = [part[0] for part in parts]
    point = names.index("point") if "point" in names else len(parts)
    places = names[point:].count("digit")
    number = Decimal(text).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    whole, _, fraction = format(number, "f").partition(".")
    left = list(whole if int(whole) else "")
    shown: list[str] = []
    first = names.index("digit") if "digit" in names[:point] else -1
    for index in range(point - 1, -1, -1):
        part = parts[index]
        if part[0] == "literal":
            shown.append(part[1][::-1])
        elif part[0] == "general":
            shown.append(text[::-1])
        elif index == first:
            rest = "".join(left) or ("0" if part[1] == "0" else "")
            shown.append(rest[::-1])
        else:
            shown.append(left.pop() if left else ("0" if part[1] == "0" else ""))
    result = "".join(shown)[::-1]
    if point < len(parts):
        digits = iter(fraction)
        for part in parts[point:]:
            result += "." if part[0] == "point" else part[1] if part[0] == "literal" else next(digits, "")
    return result


def differs(shown: str, text: str) -> bool:
    """Whether what a person sees of a number is another code than its plain digits; grouping and 3.00 are not.

    >>> differs("001", "1"), differs("BS-01", "1"), differs("1.10", "1.1"), differs("1,234.00", "1234")
    (True, True, True, False)
    """
    seen = shown.strip().replace(",", "")
    if seen == text or not seen:
        return False
    if not _NUMBER.fullmatch(seen):
        return any(char.isdigit() for char in seen)
    if len(seen) > 1 and seen[0] == "0" and seen[1] != ".":
        return True
    return "." in text and seen.rstrip("0") == text


def display_of(text: str, code: str) -> str:
    """Return what a person sees of a non-negative number in a format, when that is another code than its digits.

    Blank for General, dates, grouping, per cents, exponents and every format that is not rendered here.

    >>> display_of("1", "000"), display_of("1", '"BS-"00'), display_of("20221", "0000-00"), display_of("3", "0.00")
    ('001', 'BS-01', '0202-21', '')
    """
    if not code or code == "General" or len(code) > _MAX_CODE or text.startswith("-") or len(text) > 40:
        return ""
    parts = _parts(code)
    if not parts or not any(part[0] in ("digit", "general") for part in parts):
        return ""
    try:
        shown = _render(text, parts).strip()
    except InvalidOperation:
        return ""
    return shown if differs(shown, text) else ""
