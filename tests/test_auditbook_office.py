"""The audit workbook in a real spreadsheet: LibreOffice computes every formula to the value that is stored beside it.

All workbooks are converted in one run: as they are (their stored values taken out), and with cells edited the way
an auditor would, which the scoring of the equally edited tables must follow.
"""

from __future__ import annotations

import io
import random
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from build import SCHEME_FILE, make_table, make_tables
from python_calamine import CalamineWorkbook
from random_year import READINGS, Year, seeded_year
from test_auditbook import SCHEME, _deducted, _one_unit, _other_year, compute, differences, other_scheme

from assess_lib.auditbook.book import Book, serial
from assess_lib.auditbook.write import write
from assess_lib.cleaning import clean
from assess_lib.scheme import KNOWN_READINGS, Scheme
from assess_lib.scoring import Score, score
from assess_lib.tables import TABLES, Row, Source

SOFFICE = shutil.which("soffice")
AT_ONCE = 60  # workbooks; after some 250 LibreOffice leaves the rest out without a word
MIDNIGHT = time(0)  # how the reader gives a 0 that is formatted as a day
pytestmark = pytest.mark.skipif(
    SOFFICE is None, reason="LibreOffice (soffice) is not installed; Debian: libreoffice-calc"
)


@dataclass
class Job:
    """One workbook without stored values, and what it must come to: every value (unless edited), and the score."""

    data: bytes
    book: Book | None
    made: Score
    cells: dict[str, list[list[Any]]] = field(default_factory=dict)


def without_values(data: bytes) -> bytes:
    """Take the stored value out of every formula cell, so that only a recalculation can fill it."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name.startswith("xl/worksheets/"):
                content = re.sub(rb"</f><v>[^<]*</v>", b"</f>", content)
                content = content.replace(b"</f><v/>", b"</f>").replace(b"</f><v></v>", b"</f>")
                assert b"</f><v" not in content
            new.writestr(name, content)
    return out.getvalue()


def job(year: Year, scheme: Scheme = SCHEME) -> Job:
    """Make the workbook of a year as it is."""
    book, made = compute(year.tables, year.readings, year.run_date, scheme)
    return Job(without_values(write(book, "审计", [])), book, made)


# --- edits -----------------------------------------------------------------------------------------------------------


@dataclass
class Edited:
    """A year and the same edits made in it and, through openpyxl, in its workbook."""

    year: Year
    workbook: Any

    def cell(self, table: str, place: int, column: str, value: Any) -> None:
        """Change one cell; ``place`` counts the table's rows from 0."""
        rows = list(self.year.tables[table])
        rows[place] = replace(rows[place], values={**rows[place].values, column: value})
        self.year = self.year.with_rows(table, tuple(rows))
        self._write(table, place, column, value)

    def add(self, table: str, **values: Any) -> None:
        """Fill the first free row of a table."""
        rows = self.year.tables[table]
        (made,) = make_table(table, [values])
        self.year = self.year.with_rows(table, (*rows, replace(made, source=Source("新.csv", "", len(rows) + 2))))
        for column in values:
            self._write(table, len(rows), column, made[column])

    def clear(self, table: str, place: int) -> None:
        """Empty a row; the tables lose it."""
        for column in TABLES[table].columns:
            self._write(table, place, column.name, None)
        self.cleared.append((table, place))

    def _write(self, table: str, place: int, column: str, value: Any) -> None:
        position = [c.name for c in TABLES[table].columns].index(column) + 1
        cell = self.workbook[table].cell(place + 2, position)
        cell.value = float(value) if isinstance(value, Decimal) else value
        if isinstance(value, str):
            cell.data_type = "s"

    def reading(self, key: str, option: str) -> None:
        """Choose another option of a reading."""
        self.year = replace(self.year, readings={**self.year.readings, key: option})
        row = list(KNOWN_READINGS).index(key) + 2
        assert self.workbook["口径"].cell(row, 1).value == key
        self.workbook["口径"].cell(row, 4).value = option

    def run_date(self, day: date) -> None:
        """Change the run date."""
        self.year = replace(self.year, run_date=day)
        (found,) = [row for row in self.workbook["方案"].iter_rows(min_row=2) if row[2].value == "计算日期"]
        found[3].value = day

    cleared: list[tuple[str, int]] = field(default_factory=list)

    def finished(self) -> Year:
        """Return the year without the rows that were emptied."""
        tables = {
            name: tuple(row for place, row in enumerate(rows) if (name, place) not in self.cleared)
            for name, rows in self.year.tables.items()
        }
        return replace(self.year, tables=tables)


def _day(rng: random.Random) -> date:
    return date(2021, 12, 1) + timedelta(days=rng.randrange(430))


def _units(year: Year) -> list[str]:
    return [row["单位编码"] for row in year.tables["单位名录"]]


def _proof(rng: random.Random, year: Year, row: Row) -> str | None:
    return rng.choice([None, "E-无", *(e["佐证编号"] for e in year.tables["佐证目录"])])


Draw = Callable[[random.Random, Year, Row], Any]
# What an auditor may change in a row without breaking a key: column and how to draw a new value.
CHANGES: dict[str, dict[str, Draw]] = {
    "单位名录": {
        "重点任务单位": lambda rng, year, row: rng.choice(["是", "否", None]),
        "单位类别": lambda rng, year, row: rng.choice(["镇", "县级部门"]),
    },
    "扣分标准": {
        "单次扣分": lambda rng, year, row: Decimal(rng.randrange(1, 2000)) / 100,
        "计量": lambda rng, year, row: rng.choice(["次", "日", None]),
        "扣分上限": lambda rng, year, row: rng.choice([None, Decimal(rng.randrange(1, 3000)) / 100]),
    },
    "热线红灯": {
        "办理角色": lambda rng, year, row: rng.choice(["主办", "协办", None]),
        "红灯时间": lambda rng, year, row: (
            datetime(2021, 6, 1) + timedelta(days=rng.randrange(700), minutes=rng.randrange(1440))
        ),
        "申诉结果": lambda rng, year, row: rng.choice(["成立", "不成立", None]),
    },
    "信息中心结果": {
        "红灯次数": lambda rng, year, row: rng.randrange(4),
        "市大数据局通报": lambda rng, year, row: rng.choice(["是", "否", "否"]),
    },
    "通报批评": {
        "类型": lambda rng, year, row: rng.choice(["检查督查", "媒体", "群众反映"]),
        "层级": lambda rng, year, row: rng.choice(["中央", "省", "市", "县"]),
        "日期": lambda rng, year, row: _day(rng),
        "是否点名": lambda rng, year, row: rng.choice(["是", "否"]),
    },
    "材料报送": {
        "实报日期": lambda rng, year, row: rng.choice([None, _day(rng), date(2022, 6, 20), date(2022, 12, 31)]),
        "免报原因": lambda rng, year, row: rng.choice([None, "批准免报"]),
    },
    "扣分登记": {
        "单位": lambda rng, year, row: rng.choice(_units(year)),
        "标准编号": lambda rng, year, row: rng.choice(year.tables["扣分标准"])["标准编号"],
        "发生日期": lambda rng, year, row: _day(rng),
        "数量": lambda rng, year, row: rng.choice([None, 1, 2, 5]),
    },
    "信息报送": {"采用条数": lambda rng, year, row: rng.randrange(row["报送条数"] + 1)},
    "表彰宣传": {
        "加分项": lambda rng, year, row: rng.choice(["通报表彰", "经验宣传"]),
        "事项编号": lambda rng, year, row: rng.choice(["S1", "s1", "S2"]),
        "层级": lambda rng, year, row: rng.choice(["中央", "省", "市", "县"]),
        "日期": lambda rng, year, row: _day(rng),
        "佐证编号": _proof,
    },
    "评定加分": {
        "事项": lambda rng, year, row: rng.choice(["创新一", "创新二", "创新三"]),
        "评定分": lambda rng, year, row: Decimal(rng.randrange(401)) / 100,
        "佐证编号": _proof,
    },
    "领导评价": {"分值": lambda rng, year, row: Decimal(rng.randrange(301)) / 100},
    "参会登记": {
        "日期": lambda rng, year, row: _day(rng),
        "到会情况": lambda rng, year, row: rng.choice(["到会", "迟到", "代会", "请假", "缺席"]),
    },
    "交办任务": {
        "时限": lambda rng, year, row: _day(rng),
        "完成日期": lambda rng, year, row: rng.choice([None, _day(rng)]),
    },
    "佐证目录": {"单位": lambda rng, year, row: rng.choice(_units(year))},
    "调整复核": {"理由": lambda rng, year, row: "另一理由"},
    "确认无事项": {"单位": lambda rng, year, row: rng.choice([*_units(year), "全部"])},
}


def edit_at_random(seed: int) -> Edited:
    """Edit a random year: three cells of every table, three readings, the run date, a new row, an emptied row."""
    rng = random.Random(seed)
    year = seeded_year(seed)
    made = Edited(year, openpyxl.load_workbook(io.BytesIO(write(_book(year), "审计", []))))
    for table, columns in CHANGES.items():
        for _ in range(3 if year.tables[table] else 0):
            place, column = rng.randrange(len(year.tables[table])), rng.choice(sorted(columns))
            row = made.year.tables[table][place]
            made.cell(table, place, column, columns[column](rng, made.year, row))
    for place, row in enumerate(year.tables["调整复核"]):
        if row["处理"] == "改值" and rng.random() < 0.5:
            made.cell("调整复核", place, "新值", Decimal(rng.randrange(401)) / 100)
        elif rng.random() < 0.3:
            made.clear("调整复核", place)
    for key in rng.sample(list(READINGS), 3):
        made.reading(key, rng.choice(READINGS[key]))
    if rng.random() < 0.5:
        made.run_date(rng.choice([date(2022, 6, 19), date(2022, 6, 20), date(2022, 12, 20), date(2023, 1, 4)]))
    unit = rng.choice(_units(year))
    made.add(
        "扣分登记", 编号="新1", 单位=unit, 标准编号="GZ-01", 事实="新增", 发生日期="2022-07-07", 评分人="甲",
        复核人="乙",
    )  # fmt: skip
    made.add("领导评价", 评价人="新来的", 职务="副组长", 单位=unit, 分值="1.11")
    made.add("确认无事项", 表=rng.choice(["参会登记", "交办任务"]), 单位="全部", 确认人="甲", 确认日期="2022-12-31")
    if year.tables["参会登记"]:
        made.clear("参会登记", rng.randrange(len(year.tables["参会登记"])))
    return made


def _book(year: Year) -> Book:
    book, _ = compute(year.tables, year.readings, year.run_date)
    return book


def saved(made: Edited) -> Job:
    """Save an edited workbook as openpyxl does, without stored values, with the score of the equally edited tables."""
    out = io.BytesIO()
    made.workbook.save(out)
    end = made.finished()
    return Job(out.getvalue(), None, score(end.tables, SCHEME, end.readings, end.run_date))


# --- all in one conversion -------------------------------------------------------------------------------------------


def hostile_year() -> Year:
    """Return a year whose numbers, matters and evidence differ in case, wildcards, zeros and quotes alone."""
    names = ["a1", "A1", "1", "01", "T*1", "TX1", "=1+1", "2", "'x", "x", "?", "~?", "~", '"q"', "１", "null", "TRUE"]
    register = [{**row, "编号": name} for row, name in zip(_deducted(*[("BS-01", 1)] * len(names)), names, strict=True)]
    awards = [
        {
            "编号": name, "单位": "T01", "加分项": "通报表彰", "事项编号": name, "事项名称": name, "层级": "市",
            "机关或媒体": name, "文号或网址": name, "日期": "2022-05-05", "佐证编号": name,
        }
        for name in names[:3]
    ]  # fmt: skip
    scores = [
        {
            "编号": name, "单位": "T01", "事项": name, "评定分": "0.25", "理由": name, "评分人": "甲", "复核人": "乙",
            "佐证编号": other,
        }
        for name, other in zip(names, [*names[1:], "无"], strict=True)
    ]  # fmt: skip
    decisions = [
        {
            "编号": f"{table}{name}", "单位": "T01", "对象表": table, "对象编号": name, "处理": "撤销", "理由": "误登",
            "决定人": "组长", "决定日期": "2022-12-01", "批准文号": "2号",
        }
        for table in ("扣分登记", "评定加分")
        for name in names[::2]
    ]  # fmt: skip
    index = [{"佐证编号": name, "单位": "T01", "类型": "照片", "名称或网址": name} for name in names[1:8]]
    lights = [
        {"工单编号": name, "单位": "T01", "红灯时间": f"2022-0{n + 1}-11 09:30:0{n}"}
        for n, name in enumerate(names[:4])
    ]
    literals = _one_unit(
        扣分登记=register, 表彰宣传=awards, 评定加分=scores, 调整复核=decisions, 佐证目录=index, 热线红灯=lights
    )
    return Year(make_tables(literals), SCHEME.default_readings() | {"different_matters": "sum"}, SCHEME.cut_off)


def sample_job() -> Job:
    """Make the workbook of the sample year, as it is cleaned."""
    cleaned = clean(SCHEME_FILE.parent, SCHEME)
    return job(Year(cleaned.tables, SCHEME.default_readings(), SCHEME.cut_off))


def read(path: Path) -> dict[str, list[list[Any]]]:
    """Read a converted workbook's values, rows and columns from the first cell on."""
    workbook = CalamineWorkbook.from_path(path)
    return {name: workbook.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in workbook.sheet_names}


def recalculate(jobs: dict[str, Job], folder: Path) -> None:
    """Have LibreOffice compute all workbooks, some dozens in one go, and read them back."""
    sources, out = folder / "in", folder / "out"
    sources.mkdir()
    for name, made in jobs.items():
        (sources / f"{name}.xlsx").write_bytes(made.data)
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    files = [str(sources / f"{name}.xlsx") for name in jobs]
    command = [str(SOFFICE), "--headless", profile, "--convert-to", "xlsx", "--outdir", str(out)]
    for begin in range(0, len(files), AT_ONCE):
        some = files[begin : begin + AT_ONCE]
        done = subprocess.run([*command, *some], capture_output=True, text=True, timeout=900, check=False)
        assert done.returncode == 0, done.stderr
    for name, made in jobs.items():
        made.cells = read(out / f"{name}.xlsx")


RANDOM, EDITS = range(900, 906), range(950, 953)


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Job]:
    """All workbooks of this module, recalculated."""
    folder = tmp_path_factory.mktemp("office")
    made = {"sample": sample_job(), "hostile": job(hostile_year())}
    made |= {f"random{seed}": job(seeded_year(seed)) for seed in RANDOM}
    made["scheme"] = job(_other_year(719), other_scheme())
    made |= {f"edit{seed}": saved(edit_at_random(seed)) for seed in EDITS}
    made["lines"] = saved(edit_to_the_lines())
    recalculate(made, folder)
    return made


def edit_to_the_lines() -> Edited:
    """Edit quantities of one unit's deductions until the key score is exactly at the gate: 100 - 200 x 0.1."""
    literals = _one_unit(
        扣分登记=_deducted(("FX-01", 1), ("FX-01", 2)),
        领导评价=[{"评价人": "组长", "职务": "组长", "单位": "T01", "分值": "1"}],
    )
    year = Year(make_tables(literals), SCHEME.default_readings(), SCHEME.cut_off)
    made = Edited(year, openpyxl.load_workbook(io.BytesIO(write(_book(year), "审计", []))))
    made.cell("扣分登记", 0, "数量", 127)
    made.cell("扣分登记", 1, "数量", 73)
    made.cell("领导评价", 0, "分值", Decimal("2.67"))
    made.add("领导评价", 评价人="副组长", 职务="副组长", 单位="T01", 分值="2.68")
    made.reading("bonus_gate", "at_least")
    return made


def unequal(made: Job) -> list[str]:
    """List the formula cells whose recalculated value is not the one computed here."""
    assert made.book is not None
    found = []
    for sheet in made.book.sheets.values():
        rows = made.cells[sheet.name]
        for index, column in enumerate(sheet.columns):
            if column.name not in sheet.formulas:
                continue
            for row in range(sheet.size):
                place = sheet.head + row
                got = rows[place][index] if place < len(rows) and index < len(rows[place]) else ""
                got = serial(got) if isinstance(got, date) else 0 if got == MIDNIGHT else got
                if got != sheet.value(column.name, row):
                    found.append(f"{sheet.name} {column.name} {row}: {got!r}, not {sheet.value(column.name, row)!r}")
    return found


def results(made: Job) -> list[list[Any]]:
    """Return the recalculated 结果 without its header, and the open items beside it."""
    summary = made.cells["汇总"]
    column = summary[2].index("待定项数")
    return [[*row[:10], summary[3 + place][column]] for place, row in enumerate(made.cells["结果"][1:]) if row[0] != ""]


def expected(made: Job) -> list[list[Any]]:
    """Return what the scoring says, in the same form."""

    def shown(value: Any) -> Any:
        return "" if value is None else float(value) if isinstance(value, Decimal) else value

    return [
        [
            *(shown(v) for v in (r.unit_id, r.unit_name, r.group, r.status, r.key_score, r.bonus_score)),
            *(shown(v) for v in (r.final_score, r.grade, r.rank_in_group, r.rank_overall, r.unresolved)),
        ]
        for r in made.made.results
    ]


WHOLE = ["sample", "hostile", "scheme", *(f"random{seed}" for seed in RANDOM)]
EDITED = ["lines", *(f"edit{seed}" for seed in EDITS)]


@pytest.mark.parametrize("name", WHOLE)
def test_every_formula_cell_recalculates_to_its_stored_value(jobs: dict[str, Job], name: str) -> None:
    """A hard recalculation gives every formula cell of every sheet exactly the value that we store beside it."""
    made = jobs[name]
    assert made.book is not None
    assert sum(len(sheet.formulas) * sheet.size for sheet in made.book.sheets.values()) > 3000
    assert not unequal(made)[:10]


@pytest.mark.parametrize("name", [*WHOLE, *EDITED])
def test_recalculated_results_are_the_scores(jobs: dict[str, Job], name: str) -> None:
    """结果 of the recalculated workbook, edited or not, is what the scoring makes of the equally edited tables."""
    assert results(jobs[name]) == expected(jobs[name])


@pytest.mark.parametrize("name", WHOLE)
def test_the_recalculated_verdict_is_that_all_agrees(jobs: dict[str, Job], name: str) -> None:
    """核对 says that formulas and software agree, on every unit and item."""
    assert jobs[name].cells["核对"][1][2] == "全部一致：公式结果与本软件结果没有差别"
    assert jobs[name].book is not None and not differences(jobs[name].book, jobs[name].made)


def test_edits_by_hand_come_out_to_the_cent(jobs: dict[str, Job]) -> None:
    """127 + 73 tenths leave exactly 80.00, at_least opens the gate, and (2.67 + 2.68) / 2 = 2.675 is 2.68: 82.68."""
    assert results(jobs["lines"])[0][4:8] == [80, 2.68, 82.68, "合格"]
    assert jobs["lines"].cells["核对"][1][2].startswith("不一致")


def test_the_edits_are_not_idle(jobs: dict[str, Job]) -> None:
    """Most edited years end otherwise than before: the comparison would notice formulas that do not follow."""
    changed = 0
    for seed in EDITS:
        year = seeded_year(seed)
        before = score(year.tables, SCHEME, year.readings, year.run_date)
        changed += [r.final_score for r in before.results] != [r.final_score for r in jobs[f"edit{seed}"].made.results]
    assert changed >= 2


@pytest.mark.deep
def test_two_hundred_years_recalculate_as_they_are_and_edited(tmp_path: Path) -> None:
    """200 random years recalculate to their stored values in every cell, and 100 edited ones to their scores."""
    made = {f"random{seed}": job(seeded_year(seed)) for seed in range(80_000, 80_200)}
    made |= {f"edit{seed}": saved(edit_at_random(seed)) for seed in range(81_000, 81_100)}
    recalculate(made, tmp_path)
    for name, one in made.items():
        assert one.book is None or not unequal(one)[:10], name
        assert results(one) == expected(one), name
