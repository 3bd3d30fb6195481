"""What every reader produces: books of sheets of typed cells, sparse and plain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Literal

from assess_lib.errors import Severity
from assess_lib.intake.visible import is_blank

CellKind = Literal["text", "number", "bool", "date", "time", "error", "formula"]
BookKind = Literal["xlsx", "xls", "ods", "csv"]

# Excel shows and keeps this many digits; what lies beyond is binary noise.
SHOWN_DIGITS = 15
# More filled cells than any office table has: such a file is refused, not half read.
MAX_CELLS = 2_000_000
MAX_ROW = 1_048_576
MAX_COLUMN = 16_384
MAX_MERGES = 20_000
_MIDNIGHT = timedelta(milliseconds=5)


class Refused(Exception):
    """A file that is not read at all: why, and what its owner can do about it (both Chinese)."""

    def __init__(self, code: str, message: str, remedy: str) -> None:
        super().__init__(code, message, remedy)
        self.code = code
        self.message = message
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Cell:
    """One stored cell: its type and the characters a person would copy from it.

    ``text`` of a number is its plain decimal, of a date its ISO form, of a bool ``TRUE``/``FALSE``, of an error
    its name (``#REF!``). ``moment`` is set for dates only. A ``time`` is a time of day or a duration without a day.
    A ``formula`` is a formula whose result the file does not hold. ``shown`` is what a person sees of a number whose
    format shows it otherwise than its plain digits (``001``, ``BS-01``), else blank.
    """

    kind: CellKind
    text: str
    moment: datetime | None = None
    percent: bool = False
    shown: str = ""

    @property
    def blank(self) -> bool:
        """Whether a person sees nothing in the cell."""
        return self.kind == "text" and is_blank(self.text)


@dataclass(frozen=True, slots=True)
class Merge:
    """A merged range, 1-based and inclusive."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True, slots=True)
class Note:
    """What a reader has to say about a sheet it read; an ``error`` means that the sheet must not be used."""

    severity: Severity
    code: str
    message: str
    remedy: str
    row: int | None = None
    value: str = ""


@dataclass(slots=True)
class Reach:
    """The rectangle around everything that stands in a sheet, empty values included; 0 when nothing does."""

    top: int = 0
    left: int = 0
    bottom: int = 0
    right: int = 0

    def include(self, row: int, column: int) -> None:
        """Widen the rectangle to a cell."""
        self.top = min(self.top, row) if self.top else row
        self.left = min(self.left, column) if self.left else column
        self.bottom, self.right = max(self.bottom, row), max(self.right, column)

    @property
    def area(self) -> int:
        """How many cells a reader builds that reads these columns from the first row on."""
        return self.bottom * (self.right - self.left + 1) if self.top else 0


@dataclass(slots=True)
class Sheet:
    """One sheet: stored cells by row and column (1-based), and what is hidden or merged.

    ``last_row`` is the last row that stands in the file with any value, blank text included: in a csv the
    number of records. Rows without a stored cell are not in ``rows``. ``reach`` and ``unlike`` (cells that two
    right readers may tell differently) serve the comparison of readers and do not leave the reading process.
    """

    name: str
    hidden: bool = False
    rows: dict[int, dict[int, Cell]] = field(default_factory=dict)
    last_row: int = 0
    merges: list[Merge] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    notes: list[Note] = field(default_factory=list)
    reach: Reach = field(default_factory=Reach, compare=False, repr=False)
    unlike: set[tuple[int, int]] = field(default_factory=set, compare=False, repr=False)

    def put(self, row: int, column: int, cell: Cell) -> None:
        """Store one cell; raise Refused when it lies outside any sheet or is there already."""
        if not (1 <= row <= MAX_ROW and 1 <= column <= MAX_COLUMN):
            raise damaged(f"单元格位置超出工作表范围（第 {row} 行第 {column} 列）")
        cells = self.rows.setdefault(row, {})
        if column in cells:
            raise damaged(f"同一单元格存了两次（第 {row} 行第 {column} 列）")
        cells[column] = cell
        self.reach.include(row, column)
        self.last_row = max(self.last_row, row)

    def filled(self, row: int) -> dict[int, Cell]:
        """Return the cells of a row in which a person sees something, from left to right."""
        cells = self.rows.get(row, {})
        return {column: cells[column] for column in sorted(cells) if not cells[column].blank}

    def filled_rows(self) -> Iterator[int]:
        """Iterate over the numbers of the rows that hold at least one filled cell."""
        for row in sorted(self.rows):
            if any(not cell.blank for cell in self.rows[row].values()):
                yield row


@dataclass(slots=True)
class Book:
    """One file as read: what it really is and its sheets in order; ``date1904`` serves the comparison of readers."""

    kind: BookKind
    sheets: list[Sheet]
    date1904: bool = field(default=False, compare=False, repr=False)


def damaged(detail: str) -> Refused:
    """Return the refusal of a file that its own format's reader cannot read to the end."""
    return Refused(
        "file.damaged",
        f"文件已损坏或不完整，无法完整读取（{detail}）。",
        "请用原软件打开检查后另存为 .xlsx，再重新报送。",
    )


def too_large() -> Refused:
    """Return the refusal of a workbook with more cells than an office table can have."""
    return Refused("file.too_large", f"文件过大（单元格超过 {MAX_CELLS} 个），不予读取。", "请删去无关内容后重新报送。")


def plain_number(value: int | float | str) -> Cell:
    """Return a number cell with the plain decimal that Excel shows for a stored value.

    >>> plain_number(0.30000000000000004).text, plain_number(101.0).text, plain_number(12345678901234567).text
    ('0.3', '101', '12345678901234567')
    """
    try:
        number = Decimal(value) if isinstance(value, (int, str)) else Decimal(repr(value))
    except InvalidOperation:
        return Cell("error", str(value))
    if not number.is_finite() or abs(number.adjusted()) > 400:
        return Cell("error", str(value))
    # A whole number with too many digits stays as it is stored: cleaning refuses it by its length.
    if not (isinstance(value, int) and len(str(abs(value))) > SHOWN_DIGITS):
        number = Decimal(format(number, f".{SHOWN_DIGITS}g"))
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return Cell("number", "0" if text in ("-0", "") else text)


def date_cell(moment: datetime) -> Cell:
    """Return a date cell: whole seconds, as a clock shows them; an error before 1900, which no workbook can show.

    The last half second of a day stays in that day, as days decide; what a workbook stores for midnight is off by less
    than ``_MIDNIGHT``.

    >>> date_cell(datetime(2022, 6, 20, 23, 59, 59, 700_000)).text, date_cell(datetime(2022, 6, 20, 8, 0, 0, 700)).text
    ('2022-06-20 23:59:59', '2022-06-20 08:00:00')
    """
    if moment.year < 1900:
        return Cell("error", "#VALUE!")
    clock = (moment + timedelta(microseconds=500_000)).replace(microsecond=0)
    if clock.date() != (moment + _MIDNIGHT).date():
        clock = moment.replace(microsecond=0)
    moment = clock
    shown = f"{moment:%Y-%m-%d %H:%M:%S}" if moment.time() != time.min else f"{moment:%Y-%m-%d}"
    return Cell("date", shown, moment)
