"""The words of the reports: what a status, a number, a source or a state is called in print."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from assess_lib.exact import cents
from assess_lib.scheme import Item

MINUS = "−"
ABSENT = "—"

STATUS_WORDS: Mapping[str, str] = {
    "counted": "计入",
    "capped": "封顶",
    "floored": "扣至零",
    "suppressed": "不计",
    "no_evidence": "缺佐证",
    "revoked": "撤销",
    "adjusted": "改值",
    "exempt": "免",
    "gate_closed": "未开启",
    "not_scored": "未评",
    "unresolved": "待定",
    "verdict": "结论",
}

LOWEST = "扣至最低"
"""What ``floored`` is called where the floor is not zero: in a scheme whose items may go below it."""

_SOURCE = re.compile(r"(?P<file>.+?)!(?P<sheet>.*)!(?P<row>\d+)", re.DOTALL)
_READING = re.compile(r"([a-z0-9_]+)=([a-z0-9_]+)")


def number(value: Decimal | None) -> str:
    """Print points with two decimals and a true minus sign; a value that does not exist prints as a dash.

    >>> number(Decimal("-2")), number(None)
    ('−2.00', '—')
    """
    return ABSENT if value is None else f"{cents(value):.2f}".replace("-", MINUS)


def signed(value: Decimal | None) -> str:
    """Print what a fact did to the total, with its sign; 0.00 has none.

    >>> signed(Decimal("3")), signed(Decimal("-0.5")), signed(Decimal("0"))
    ('+3.00', '−0.50', '0.00')
    """
    return f"+{number(value)}" if value is not None and value > 0 else number(value)


def no_losses(part: str, *, judged: bool) -> str:
    """Say why a part shows no deduction: none was made, or no unit has a score of it, so that nothing was judged.

    >>> no_losses("重点考核", judged=False)
    '没有单位有重点考核得分'
    """
    return f"{part}没有扣分" if judged else f"没有单位有{part}得分"


def plain(value: Decimal) -> str:
    """Print a threshold or cap as the document writes it, without idle zeros.

    >>> plain(Decimal("60.00")), plain(Decimal("2.50"))
    ('60', '2.5')
    """
    text = f"{value.normalize():f}"
    return text.replace("-", MINUS)


def share(part: Decimal, whole: Decimal) -> str:
    """Print a part as per cents of the whole, for the length of a bar.

    >>> share(Decimal("82.20"), Decimal("100"))
    '82.20'
    """
    return f"{part / whole * 100:.2f}"


def per_cent(value: Decimal) -> str:
    """Print per cents as whole ones, half up.

    >>> per_cent(Decimal("12.50")), per_cent(Decimal("65.49"))
    ('13%', '65%')
    """
    return f"{value.quantize(Decimal(1), ROUND_HALF_UP)}%"


def day(value: date) -> str:
    """Print a day as people read it.

    >>> day(date(2022, 12, 31))
    '2022年12月31日'
    """
    return f"{value.year}年{value.month}月{value.day}日"


def short_day(value: date, year: int) -> str:
    """Print a day for a table about a year: without the year, unless it is another one.

    >>> short_day(date(2022, 12, 31), 2022), short_day(date(2023, 1, 3), 2022)
    ('12-31', '2023-01-03')
    """
    return f"{value:%m-%d}" if value.year == year else value.isoformat()


def brief(label: str, year: int) -> str:
    """Shorten a ledger label to its fact and day: no remarks in brackets, no year of the assessment in dates.

    >>> brief("2022-06-09 退回返工（GW-02 退回（两次））：已改值（组长）", 2022)
    '06-09 退回返工：已改值'
    """
    kept, depth = "", 0
    for char in label:
        depth += char == "（"
        kept += char if depth == 0 else ""
        depth -= char == "）" and depth > 0
    # Only a date loses its year: a number such as JB2022-014 stays whole.
    return re.sub(rf"(?<![0-9A-Za-z]){year}-(?=\d\d-\d\d)", "", kept).strip() or label


def shorten(text: str, width: int) -> str:
    """Cut a label to a display width (a Chinese character counts 2), with an ellipsis when something is lost.

    >>> shorten("县环保新材料工业园管委会", 10)
    '县环保新…'
    """
    if _width(text) <= width:
        return text
    kept = ""
    for char in text:
        if _width(kept + char) > width - 2:
            break
        kept += char
    return kept + "…"


def _width(text: str) -> int:
    return sum(2 if ord(char) > 0x2E7F or char in "“”‘’…—" else 1 for char in text)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands, taken from the ledger's ``source`` text: file, sheet (may be blank), row."""

    file: str
    sheet: str
    row: int

    def __str__(self) -> str:
        """Return the printed form: ``扣分登记.xlsx · 扣分登记 · 14``; the sheet is left out where there is none."""
        return " · ".join(filter(None, (self.file, self.sheet, str(self.row))))

    def of_table(self, table: str) -> bool:
        """Tell whether the row stands in a file of that input table."""
        stem = self.file.rsplit("/", 1)[-1].rsplit(".", 1)[0]
        return stem == table or stem.startswith(f"{table}_")


def places(source: str) -> tuple[Place, ...]:
    """Read the ledger's ``source`` text (``file!sheet!row``, joined by ``; ``) back into places.

    A file name may hold ``; `` itself: pieces are joined again until each ends in a row number.
    """
    found, piece = [], ""
    for part in source.split("; ") if source else ():
        piece = f"{piece}; {part}" if piece else part
        place = _place(piece)
        if place is not None:
            found.append(place)
            piece = ""
    return tuple(found)


@lru_cache(maxsize=10_000)
def _place(piece: str) -> Place | None:
    # A ranking names the same rows for each unit that it places.
    match = _SOURCE.fullmatch(piece)
    return Place(match["file"], match["sheet"], int(match["row"])) if match else None


def spans(numbers: Iterable[int]) -> str:
    """Print row numbers, three and more in a row as from and to.

    >>> spans([12, 7, 8, 9, 13])
    '7–9、12、13'
    """
    runs: list[list[int]] = []
    for row in sorted(numbers):
        if runs and row == runs[-1][-1] + 1:
            runs[-1].append(row)
        else:
            runs.append([row])
    return "、".join(f"{run[0]}–{run[-1]}" if len(run) > 2 else "、".join(map(str, run)) for run in runs)


def reading_pairs(text: str) -> tuple[tuple[str, str], ...]:
    """Read the ledger's ``reading`` text (``key=option``, joined by ``; ``) back into pairs."""
    return tuple((match[1], match[2]) for match in _READING.finditer(text))


def status_word(status: str, after: Decimal | None = None) -> str:
    """Return a ledger status in words; what was cut at a floor other than zero did not end at zero.

    >>> status_word("floored", Decimal("0.00")), status_word("floored", Decimal("-10.00"))
    ('扣至零', '扣至最低')
    """
    if status == "floored" and after:
        return LOWEST
    return STATUS_WORDS.get(status, status)


def item_of(item: Item) -> str:
    """Say out of what an item's points are: its full mark, or how far it may fall where it only deducts from 0."""
    return f"最低 {plain(item.floor)}" if item.floor is not None else f"满分 {plain(item.full)}"
