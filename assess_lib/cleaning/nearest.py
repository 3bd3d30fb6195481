"""Names that a misspelling may have meant: suggested to people, never accepted."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from difflib import SequenceMatcher

from assess_lib.intake.visible import half_width

# Names that share more than half of their characters.
_ALIKE = 0.6
# Among more names than this a hint costs more than it helps: thousands of wrong rows would each search them all.
_MANY = 200


def nearest(text: str, names: Iterable[str], limit: int = 3) -> list[str]:
    """Return the most alike names, best first, ties in the given order; at least one when there are any names.

    Case and full-width forms make no difference.

    >>> nearest("县统记局", ["县审计局", "县统计局", "城关镇"])
    ['县统计局']
    >>> nearest("ａ０１", ["Z1", "A01"])
    ['A01']
    """
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(_folded(text[:100]))
    best: list[tuple[float, int, str]] = []
    for order, name in enumerate(names):
        matcher.set_seq1(_folded(name))
        # The cheap upper bounds spare most of the work in a long roster.
        if len(best) == limit and min(matcher.real_quick_ratio(), matcher.quick_ratio()) <= -best[-1][0]:
            continue
        best = sorted([*best, (-matcher.ratio(), order, name)])[:limit]
    return [name for rank, (score, _, name) in enumerate(best) if rank == 0 or -score >= _ALIKE]


def alike(one: str, other: str) -> bool:
    """Whether two names share more than half of their characters, so that one may have been meant by the other.

    >>> alike("佐证材料编号", "佐证编号"), alike("成立日期", "生效日期")
    (True, False)
    """
    return SequenceMatcher(None, _folded(one), _folded(other), autojunk=False).ratio() >= _ALIKE


def _folded(text: str) -> str:
    return half_width(text).upper()


def suggest(text: str, names: Collection[str]) -> str:
    """Return a sentence with the nearest name, or nothing when there are no names or very many.

    >>> suggest("ZZ-01", ["ZZ-1"])
    '最接近：ZZ-1。'
    """
    return f"最接近：{nearest(text, sorted(names), 1)[0]}。" if 0 < len(names) <= _MANY else ""
