"""One sheet to drafts: choose the sheet, find the header, read every row below it, set aside what is no data."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from assess_lib.cleaning.drafts import Draft, Findings
from assess_lib.cleaning.header import Header, closest_row, find_header, is_header_again, near_misses
from assess_lib.cleaning.units import Units
from assess_lib.cleaning.values import CellFault, read_value
from assess_lib.errors import Problem, Severity
from assess_lib.intake.cells import Book, Cell, Merge, Sheet
from assess_lib.intake.delimited import splits_into
from assess_lib.intake.visible import shorten, squash
from assess_lib.tables import ALL_UNITS, Column, Source, Table, Value

_BOTTOM = ("合计", "小计", "总计", "备注", "注：", "注:", "说明")
_FILL_IN = "请补填后重新报送"
_NOT_DATA = "；如这一行是落款、说明，不是数据，请删去，或在前面加“备注：”。"
_EXAMPLE = ("例：", "例:", "示例", "样例")  # how an example above the header begins, in blank workbooks and elsewhere
_SEPARATORS = {";": "英文分号", "\t": "制表符", "|": "竖线", "，": "中文逗号", "；": "中文分号"}
# A merge far below the data covers rows in which nothing stands; each is named up to this many.
_MERGE_TAIL = 200


@dataclass(frozen=True, slots=True)
class Limits:
    """What the scheme adds to columns: choices and largest values by (table, column)."""

    choices: Mapping[tuple[str, str], tuple[str, ...]]
    maxima: Mapping[tuple[str, str], Decimal]


@dataclass(slots=True)
class SheetRead:
    """One file's sheet as read: its drafts, and how many rows below the header were set aside."""

    file: str
    sheet: str = ""
    drafts: list[Draft] = field(default_factory=list)
    set_aside: int = 0
    sound: bool = True


def column_letter(position: int) -> str:
    """Name a column as a spreadsheet does.

    >>> column_letter(1), column_letter(28)
    ('A', 'AB')
    """
    letters = ""
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


class SheetReader:
    """Read the sheet of one file of a table; the roster is None while the roster itself is read."""

    def __init__(self, table: Table, file: str, limits: Limits, units: Units | None, findings: Findings) -> None:
        self.table = table
        self.file = file
        self.limits = limits
        self.units = units
        self.findings = findings
        self.sheet_name = ""
        self.is_csv = False

    def _say(
        self,
        severity: Severity,
        code: str,
        message: str,
        remedy: str,
        *,
        row: int | None = None,
        column: str = "",
        value: str = "",
        position: int = 0,
    ) -> None:
        problem = Problem(
            severity,
            code,
            message,
            remedy,
            table=self.table.name,
            file=self.file,
            sheet=self.sheet_name,
            row=row,
            column=column,
            value=shorten(value),
        )
        self.findings.add(problem, position)

    def read(self, book: Book) -> SheetRead:
        """Return the drafts of the book's sheet for this table; what is wrong goes to the findings."""
        self.is_csv = book.kind == "csv"
        sheet = self._choose(book)
        if sheet is None:
            return SheetRead(self.file, sound=False)
        self.sheet_name = sheet.name
        for note in sheet.notes:
            self._say(note.severity, note.code, note.message, note.remedy, row=note.row, value=note.value)
        result = SheetRead(self.file, sheet.name)
        if any(note.severity == "error" for note in sheet.notes):
            result.sound = False
            return result
        header = find_header(sheet, self.table)
        if header is None:
            self._no_header(book, sheet)
            result.sound = False
            return result
        self._check_header(header)
        result.sound = header.sound
        if header.sound:
            self._check_left_out(sheet, header)
        if sheet.hidden_columns.intersection(header.columns.values()):
            hidden = sorted(name for name, position in header.columns.items() if position in sheet.hidden_columns)
            self._say(
                "notice",
                "column.hidden",
                f"隐藏的列已照常读入：{'、'.join(hidden)}。",
                "如不应计入，请删去后重新报送。",
                row=header.row,
                column=hidden[0],
                position=header.columns[hidden[0]],
            )
        self._rows(sheet, header, result)
        return result

    def _choose(self, book: Book) -> Sheet | None:
        if self.is_csv:
            return book.sheets[0]
        named = [sheet for sheet in book.sheets if sheet.name == self.table.name]
        named = named or [sheet for sheet in book.sheets if squash(sheet.name) == self.table.name]
        visible = [sheet for sheet in book.sheets if not sheet.hidden]
        if len(named) == 1:
            chosen = named[0]
        elif not named and len(visible) == 1:
            chosen = visible[0]
        else:
            shown = "、".join(f"“{sheet.name}”" for sheet in visible[:10]) or "无"
            self._say(
                "error",
                "sheet.unclear",
                f"没有名为“{self.table.name}”的工作表，可见的工作表也不止一个或没有（{shown}），无法确定读哪一个。",
                f"请把数据所在的工作表改名为“{self.table.name}”。",
            )
            return None
        self.sheet_name = chosen.name
        if chosen.hidden:
            self._say("notice", "sheet.hidden", "工作表是隐藏的，已照常读入。", "如不应计入，请删去后重新报送。")
        others = [sheet.name for sheet in book.sheets if sheet is not chosen and self._may_hold_data(sheet)]
        if others:
            self._say(
                "notice",
                "sheet.unread",
                f"同一文件中有内容的其他工作表没有读入：{'、'.join(f'“{name}”' for name in others[:10])}。",
                "如其中有本表数据，请并入本工作表。",
            )
        return chosen

    def _may_hold_data(self, sheet: Sheet) -> bool:
        """Whether an unread sheet may hold rows of the table: filled, and not mere instructions (说明)."""
        if next(sheet.filled_rows(), None) is None:
            return False
        return "说明" not in sheet.name or find_header(sheet, self.table) is not None

    def _no_header(self, book: Book, sheet: Sheet) -> None:
        if self.is_csv:
            for separator, name in _SEPARATORS.items():
                again = Sheet("")
                for number, parts in enumerate(splits_into(book, separator), start=1):
                    for position, part in enumerate(parts, start=1):
                        again.put(number, position, Cell("text", part))
                if find_header(again, self.table) is not None:
                    self._say(
                        "error",
                        "file.separator",
                        f"各列以{name}分隔，不是英文逗号，文件未读入。",
                        "请另存为“CSV UTF-8（逗号分隔）”或 .xlsx 后重新报送。",
                    )
                    return
        closest = closest_row(sheet, self.table)
        found = f"最像表头的是第 {closest[0]} 行（{shorten(closest[1], 60)}）。" if closest else "没有任何内容。"
        self._say(
            "error",
            "header.missing",
            f"没有找到表头。{found}",
            f"表头须有这些列：{'、'.join(self.table.required)}。" + ("并检查文件编码。" if self.is_csv else ""),
            row=closest[0] if closest else None,
        )

    def _check_header(self, header: Header) -> None:
        for name in header.missing:
            words = "、".join(text for text in header.extras.values())
            hint = f"表头中另有：{shorten(words, 80)}。" if words else ""
            self._say(
                "error",
                "header.column_missing",
                f"缺少必填列“{name}”。{hint}",
                f"请加上“{name}”列，或把该列的表头改为“{name}”。",
                row=header.row,
                column=name,
            )
        for name, first, second in header.repeated:
            self._say(
                "error",
                "header.column_repeated",
                f"表头中有两列都叫“{name}”（第 {first} 列和第 {second} 列），不知以哪列为准。",
                "请删去或改名其中一列。",
                row=header.row,
                column=name,
                value=name,
                position=second,
            )

    def _check_left_out(self, sheet: Sheet, header: Header) -> None:
        """Say what may be data and is not read: a column by nearly an optional one's name, a row above the header."""
        for name, position, held in near_misses(sheet, self.table, header):
            written = header.extras[position]
            self._say(
                "warning",
                "header.column_near",
                f"没有“{name}”列；“{shorten(written, 60)}”不是规定的列名，这一列的 {held} 格只作备注保存，不计入。",
                f"如就是“{name}”，请把表头改为“{name}”后重新报送；不是则不必改动。",
                row=header.row,
                column=name,
                value=written,
                position=position,
            )
        for row in sheet.filled_rows():
            if row < header.row and self._may_be_data(sheet.filled(row), header):
                self._say(
                    "warning",
                    "row.above_header",
                    "这一行在表头之上，没有读入，但看起来是数据。",
                    "如是数据，请移到表头下面后重新报送；不是则不必改动。",
                    row=row,
                    value=next(iter(sheet.filled(row).values())).text,
                )

    def _may_be_data(self, cells: dict[int, Cell], header: Header) -> bool:
        """Whether a row above the header fills every required column, one of them with what only data would hold."""
        if squash(next(iter(cells.values())).text).startswith(_EXAMPLE):
            return False
        required = [column for column in self.table.columns if column.required]
        if any(header.columns[column.name] not in cells for column in required):
            return False
        return any(self._fits(column, cells[header.columns[column.name]]) for column in required)

    def _fits(self, column: Column, cell: Cell) -> bool:
        if column.kind == "text":
            return False  # a word says nothing
        try:
            value = self._value(column, cell)
        except CellFault:
            return False
        return column.kind != "unit" or self.units is None or self.units.resolve(str(value)) is not None

    # -- rows ---------------------------------------------------------------------------------------------------

    def _rows(self, sheet: Sheet, header: Header, result: SheetRead) -> None:
        merges = self._merges_by_row(sheet, header)
        stored = [row for row in sheet.filled_rows() if row > header.row]
        kept: list[int] = []
        bottom: set[int] = set()
        drafts = 0
        for row in sorted({*stored, *merges}):
            cells = sheet.filled(row)
            covering = merges.get(row, [])
            draft = Draft(self.table, Source(self.file, self.sheet_name, row), header.columns, faulty=not header.sound)
            if cells and self._is_bottom(cells, header):
                bottom.add(row)
                kept.append(row)
                first = next(iter(cells.values())).text
                self._say(
                    "notice",
                    "row.bottom",
                    f"“{shorten(first.strip(), 60)}”所在行是表尾行，未作为数据读入。",
                    "如是数据，请补全必填列后重新报送。",
                    row=row,
                    value=first,
                )
                continue
            if not cells and all(merge.top in bottom or merge.top <= header.row for merge in covering):
                continue  # a tall note or a tall header: nothing of the row's own
            kept.append(row)
            if self._read_row(draft, cells, covering, header):
                result.drafts.append(draft)
                drafts += 1
        # Up to the last row that holds anything; what is neither data nor a note down there is a wholly empty row.
        last = max([sheet.last_row, header.row, *kept])
        result.set_aside = last - header.row - drafts
        self._hidden_rows(sheet, kept)

    def _merges_by_row(self, sheet: Sheet, header: Header) -> dict[int, list[Merge]]:
        """Return, by row, the merges that cover it below the header: filled rows, and all rows of a filled merge."""
        stored = list(sheet.filled_rows())
        covered: dict[int, list[Merge]] = {}
        for merge in sheet.merges:
            if merge.bottom <= header.row:
                continue
            rows = set(stored[bisect_left(stored, merge.top) : bisect_right(stored, merge.bottom)])
            anchor = sheet.rows.get(merge.top, {}).get(merge.left)
            if anchor is not None and not anchor.blank:
                rows.update(range(merge.top, min(merge.bottom, merge.top + _MERGE_TAIL) + 1))
            for row in rows:
                if row > header.row:
                    covered.setdefault(row, []).append(merge)
        return covered

    def _is_bottom(self, cells: dict[int, Cell], header: Header) -> bool:
        first = next(iter(cells.values()))
        if first.kind != "text" or not squash(first.text).startswith(_BOTTOM):
            return False
        if any(header.columns.get(name) not in cells for name in self.table.required):
            return True
        if self.units is None or not self.units.reliable or "单位" not in header.columns:
            return False
        unit = cells[header.columns["单位"]].text
        return self.units.resolve(unit) is None and not self._all_units(unit)

    def _all_units(self, written: str) -> bool:
        return self.table.name == "确认无事项" and squash(written) == ALL_UNITS

    def _hidden_rows(self, sheet: Sheet, rows: list[int]) -> None:
        """Say once for each run of hidden rows that they were read."""
        hidden = [row for row in rows if row in sheet.hidden_rows]
        start = 0
        for index, row in enumerate(hidden):
            if index + 1 < len(hidden) and hidden[index + 1] == row + 1:
                continue
            first = hidden[start]
            start = index + 1
            span = f"第 {first} 行" if first == row else f"第 {first} 至 {row} 行"
            self._say(
                "notice", "row.hidden", f"{span}是隐藏的，已照常读入。", "如不应计入，请删去后重新报送。", row=first
            )

    def _read_row(self, draft: Draft, cells: dict[int, Cell], covering: list[Merge], header: Header) -> bool:
        """Fill a draft from a row's cells; return False when the row holds no cell under any header."""
        covered = {
            position
            for merge in covering
            for position in [*header.columns.values(), *header.extras, *cells]
            if merge.left <= position <= merge.right and (draft.source.row, position) != (merge.top, merge.left)
        }
        if covering:
            self._merged(draft, covering)
        elif is_header_again(cells, header, self.table):
            draft.faulty = True
            self._say(
                "error",
                "header.again",
                "这一行又是表头，一个工作表只能有一张表。",
                "请删去重复的表头行；如下面是另一张表，请另存为单独的文件。",
                row=draft.source.row,
            )
            draft.bad.update(column.name for column in self.table.columns)
            return True
        stray = [position for position in cells if not header.has(position) and position not in covered]
        for position in stray:
            self._stray(draft, position, cells[position])
        if stray and not covering and not any(header.has(position) for position in cells):
            draft.bad.update(column.name for column in self.table.columns)
            return self.is_csv
        for position, name in header.extras.items():
            if position in cells and position not in covered:
                draft.notes.setdefault(name, cells[position].text)
        for column in self.table.columns:
            at = header.columns.get(column.name)
            draft.values[column.name] = None
            if at is None or at in covered:
                if at is not None or column.required:
                    draft.bad.add(column.name)
                continue
            cell = cells.get(at)
            if cell is None:
                if column.required:
                    draft.bad.add(column.name)
                    self.findings.at(
                        draft,
                        column.name,
                        "error",
                        "cell.required",
                        f"必填列“{column.name}”是空的。",
                        _FILL_IN + (_NOT_DATA if len(cells) == 1 else "。"),
                    )
                continue
            draft.shown[column.name] = cell.text
            try:
                self._cell(draft, column, cell)
            except CellFault as fault:
                draft.bad.add(column.name)
                self.findings.at(draft, column.name, "error", fault.code, fault.message, fault.remedy)
        return True

    def _cell(self, draft: Draft, column: Column, cell: Cell) -> None:
        name, value = column.name, self._value(column, cell)
        if column.kind == "unit":
            value = self._unit(str(value))
        if cell.shown and column.kind in ("text", "unit"):
            self.findings.at(
                draft,
                name,
                "warning",
                "cell.display",
                f"单元格显示为“{shorten(cell.shown, 60)}”，存的却是数字 {cell.text}，已按“{cell.text}”读入。",
                f"如应为“{shorten(cell.shown, 60)}”，请把单元格格式设为“文本”后重新填写。",
            )
        draft.values[name] = value

    def _value(self, column: Column, cell: Cell) -> Value:
        key = (self.table.name, column.name)
        return read_value(column, cell, self.limits.choices.get(key, column.choices), self.limits.maxima.get(key))

    def _unit(self, written: str) -> str:
        if self.units is None or self._all_units(written):
            return squash(written)
        code = self.units.resolve(written)
        if code is not None:
            return code
        if not self.units.reliable:
            return squash(written)
        if squash(written) == ALL_UNITS:
            raise CellFault("unit.unknown", f"“{ALL_UNITS}”只能用在 确认无事项 表中。", "请逐个填写单位。")
        if gone := self.units.why_not(written):
            raise CellFault(
                "unit.not_in_force",
                f"“{shorten(written, 60)}”{gone}，本年度不参加考核。",
                "请改填本年度的单位；如名录中的生效、失效日期有误，请更正名录。",
            )
        raise CellFault(
            "unit.unknown",
            f"“{shorten(written, 60)}”不在单位名录中。最接近：{self.units.suggest(written)}。",
            "请更正，或在单位名录的“别名”中登记后重新运行 assess check。",
        )

    def _merged(self, draft: Draft, covering: list[Merge]) -> None:
        merge = covering[0]
        draft.faulty = True
        area = f"{column_letter(merge.left)}{merge.top}:{column_letter(merge.right)}{merge.bottom}"
        self._say(
            "error",
            "row.merged",
            f"这一行有合并单元格（{area}），合并处只存一个值，其余各格是空的。",
            "请取消合并，在每一行填写完整后重新报送。",
            row=draft.source.row,
            value=area,
        )

    def _stray(self, draft: Draft, position: int, cell: Cell) -> None:
        if self.is_csv:
            draft.faulty = True
            message = f"第 {position} 列“{shorten(cell.text.strip(), 60)}”没有表头，这条记录比表头长或错了位。"
            remedy = "单元格内若有英文逗号，须用英文双引号括起；或补上该列的表头。"
        else:
            where = f"{column_letter(position)}{draft.source.row}"
            message = f"单元格 {where} 的“{shorten(cell.text.strip(), 60)}”没有表头，未读入。"
            remedy = "如需保留，请给该列加上表头；否则请清空。"
        self._say(
            "error" if self.is_csv else "warning",
            "cell.no_header",
            message,
            remedy,
            row=draft.source.row,
            value=cell.text,
            position=position,
        )
