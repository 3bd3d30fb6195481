"""One cell to one value: the contract's dates, numbers, wholes, choices and texts, and nothing else."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal

from assess_lib.cleaning.nearest import nearest
from assess_lib.intake.cells import SHOWN_DIGITS, Cell
from assess_lib.intake.visible import half_width, shorten, trim
from assess_lib.tables import Column, Value

# Text columns that name something: what a person sees is compared, so outer spaces and zero-width characters go.
REFERENCES = frozenset(
    (
        *("单位编码", "单位名称", "标准编号", "工单编号", "编号", "佐证编号", "事项编号", "事项", "任务编号", "会议"),
        *("评价人", "评分人", "复核人", "对象表", "对象编号", "表"),
    )
)
_TIME, _GAP = r"(\d{1,2}):(\d{2})(?::(\d{2}))?", r"[\s\u00a0\u2000-\u200a\u202f\u3000]"
_DATES = tuple(
    re.compile(pattern, re.ASCII)
    for pattern in (
        *(rf"(\d{{4}}){sep}(\d{{1,2}}){sep}(\d{{1,2}})(?:{_GAP}+{_TIME})?" for sep in ("-", "/", r"\.")),
        rf"(\d{{4}})年(\d{{1,2}})月(\d{{1,2}})日(?:{_GAP}*{_TIME})?",
        rf"(\d{{4}})(\d{{2}})(\d{{2}})(?:{_GAP}+{_TIME})?",
    )
)
_DAY_NUMBER = re.compile(r"\d{8}", re.ASCII)
_DECIMAL = re.compile(r"(\d+)(?:\.(\d+))?", re.ASCII)
_KIND_NAMES = {"bool": "逻辑值", "date": "日期", "time": "时间", "error": "错误值", "formula": "没有结果的公式"}
# A date cell of these first years of spreadsheets' calendars holds a small number: somebody typed 6.20 for 20 June.
_NO_DATE = 1910
_ASK_DATE = "请写成完整的年月日，如 2022-06-20。"
_ASK_NUMBER = "请只写数字，如 3 或 2.5，不带单位、逗号、百分号。"


class CellFault(Exception):
    """A cell that cannot be read as its column's type: code, message and remedy."""

    def __init__(self, code: str, message: str, remedy: str) -> None:
        super().__init__(code, message, remedy)
        self.code = code
        self.message = message
        self.remedy = remedy


def _quote(cell: Cell) -> str:
    return f"“{shorten(cell.text.strip(), 60)}”"


def _refuse_typed(cell: Cell, wanted: str) -> None:
    """Refuse what a workbook says is no text and no number: booleans, times, errors, formulas without a result."""
    if cell.kind == "formula":
        raise CellFault(
            "cell.formula",
            "公式没有保存计算结果，读不到数值。",
            "请用 Excel 或 WPS 打开、计算并保存，或改填数值后重新报送。",
        )
    if cell.kind == "error":
        raise CellFault("cell.error", f"单元格是错误值{_quote(cell)}。", "请修正公式或改填内容。")
    if cell.kind in ("bool", "date", "time"):
        raise CellFault(
            "cell.typed",
            f"单元格存的是{_KIND_NAMES[cell.kind]}{_quote(cell)}，应为{wanted}。",
            "请把单元格格式设为“文本”后重新填写。" if wanted == "文本" else f"请按{wanted}重新填写。",
        )


def _digits(cell: Cell) -> None:
    if sum(char.isdigit() for char in cell.text.lstrip("-0.")) > SHOWN_DIGITS:
        raise CellFault(
            "cell.digits",
            f"数字{_quote(cell)}超过 {SHOWN_DIGITS} 位，文件中已不是原数。",
            "请把单元格格式设为“文本”，再重新填写完整的编号。",
        )


def text_value(cell: Cell, reference: bool = False) -> str:
    """Return a text as it stands; a number as its plain digits; a reference without outer spaces.

    Raises CellFault for typed booleans, dates and errors, and for numbers of more than 15 digits.
    """
    _refuse_typed(cell, "文本")
    if cell.kind == "number":
        _digits(cell)
        return cell.text
    return trim(cell.text) if reference else cell.text


def moment_value(cell: Cell) -> datetime:
    """Return the day, and the time if there is one, of a date cell, a written date or an integer such as 20220620.

    Raises CellFault for anything else: other numbers, also where a cell shows them as a day, two-digit years,
    impossible days.
    """
    if cell.kind == "date" and cell.moment is not None:
        if cell.moment.year <= _NO_DATE:
            raise CellFault("cell.date", f"{_quote(cell)}像是 6.20 这样的数字被当成了日期。", _ASK_DATE)
        return cell.moment
    _refuse_typed(cell, "日期")
    seen = half_width(trim(cell.text))
    if cell.kind == "number" and (cell.percent or not _DAY_NUMBER.fullmatch(seen)):
        raise CellFault("cell.date", f"数字{_quote(cell)}不是日期。", _ASK_DATE)
    for form in _DATES:
        found = form.fullmatch(seen)
        if found:
            try:
                return datetime(*(int(part or 0) for part in found.groups()))  # type: ignore[arg-type]
            except ValueError:
                raise CellFault("cell.date", f"{_quote(cell)}不是存在的日期或时间。", _ASK_DATE) from None
    raise CellFault("cell.date", f"{_quote(cell)}不是可以识别的日期。", _ASK_DATE)


def number_value(cell: Cell, least: str = "不小于 0") -> Decimal:
    """Return a plain decimal of at most two decimals, not negative. ``least`` says what a negative one should be.

    Raises CellFault for units, lists, commas, per cents, exponents, signs and everything else.
    """
    _refuse_typed(cell, "数字")
    if cell.percent:
        raise CellFault(
            "cell.number", f"{_quote(cell)}显示为百分数，不是普通数字。", "请把单元格格式设为“常规”，并核对数值。"
        )
    seen = half_width(trim(cell.text))
    if seen.startswith("-") and _DECIMAL.fullmatch(seen[1:]):
        raise CellFault("cell.number", f"{_quote(cell)}是负数。", f"请填{least} 的数字。")
    found = _DECIMAL.fullmatch(seen)
    if not found:
        raise CellFault("cell.number", f"{_quote(cell)}不是普通的十进制数字。", _ASK_NUMBER)
    if len(found.group(2) or "") > 2:
        raise CellFault("cell.number", f"{_quote(cell)}多于两位小数。", "请按规定取到两位小数，不要由软件取舍。")
    if len(found.group(1).lstrip("0")) + len(found.group(2) or "") > SHOWN_DIGITS:
        raise CellFault("cell.number", f"{_quote(cell)}超过 {SHOWN_DIGITS} 位。", _ASK_NUMBER)
    return Decimal(seen)


def _choice_value(cell: Cell, choices: tuple[str, ...]) -> str:
    _refuse_typed(cell, "文本")
    seen = trim(cell.text)
    if not choices and seen:  # the scheme names none: its items do not read the table, and ``fit`` says so
        return seen
    if seen in choices and not cell.percent:
        return seen
    if all(choice.isdigit() for choice in choices) and not cell.percent:
        found = _DECIMAL.fullmatch(half_width(seen))
        if found and not (found.group(2) or "").strip("0") and found.group(1).lstrip("0") in choices:
            return found.group(1).lstrip("0")
    hint = ""
    if len(choices) > 4:
        hint = f"最接近：{'、'.join(nearest(seen, choices, 1))}。"
    raise CellFault("cell.choice", f"{_quote(cell)}不是可选的值。{hint}", f"请填：{' / '.join(choices)}。")


def _least(column: Column) -> str:
    return f"{'大于' if column.exclusive else '不小于'} {column.minimum or 0}"


def _in_range(value: Decimal, column: Column, maximum: Decimal | None, cell: Cell) -> None:
    low, high = column.minimum, maximum if maximum is not None else column.maximum
    if low is not None and (value < low or (column.exclusive and value == low)):
        raise CellFault("cell.range", f"{_quote(cell)}应{_least(column)}。", "请核对后更正。")
    if high is not None and value > high:
        raise CellFault("cell.range", f"{_quote(cell)}超出范围，最大为 {high}。", "请核对后更正。")


def read_value(column: Column, cell: Cell, choices: tuple[str, ...], maximum: Decimal | None) -> Value:
    """Read a filled cell as its column's type (a unit as its written text); raise CellFault when it is not one."""
    if column.kind == "text":
        return text_value(cell, column.name in REFERENCES)
    if column.kind == "unit":
        return text_value(cell, reference=True)
    if column.kind in ("date", "datetime"):
        moment = moment_value(cell)
        return moment if column.kind == "datetime" else date(moment.year, moment.month, moment.day)
    if column.kind == "choice":
        return _choice_value(cell, choices)
    number = number_value(cell, _least(column))
    if column.kind == "whole":
        if number != number.to_integral_value():
            raise CellFault("cell.whole", f"{_quote(cell)}不是整数。", "请填整数。")
        _in_range(number, column, maximum, cell)
        return int(number)
    _in_range(number, column, maximum, cell)
    return number
