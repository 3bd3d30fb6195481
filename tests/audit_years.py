"""Scored sets for the tests of the audit: from literals or a random year, as the bytes of their files."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from build import load_scheme_plainly, make_tables
from random_year import Year

from assess_lib.audit.audited import Audited
from assess_lib.scheme import Scheme
from assess_lib.scoring import score
from assess_lib.store import Findings, ScoredSet, StoredBasis, assemble
from assess_lib.store.sets import BASIS_FILE, _read_csv, load_tables, objects_frame, score_files, table_files
from assess_lib.tables import Row

CONFIRMABLE = ("通报批评", "扣分登记", "评定加分", "表彰宣传", "信息报送", "领导评价", "参会登记", "交办任务")
STANDARDS = ("BS-01", "BS-02", "HY-01", "HY-02", "HY-03", "RW-01", "RW-02")


def files_of(
    tables: Mapping[str, tuple[Row, ...]],
    readings: Mapping[str, str],
    run_date: date,
    scheme: Scheme,
    *,
    whole: bool = False,
) -> dict[str, bytes]:
    """Score tables and return the files that the recomputation reads; ``whole``: all that a run would write."""
    made = score(tables, scheme, readings, run_date)
    basis = StoredBasis(scheme.year, run_date, False, "scored", dict(readings), scheme, {})
    stored = table_files(tables)
    if not whole:
        return {**stored, BASIS_FILE: basis.dump(), **score_files(made)}
    return assemble(basis, Findings({}, (), made.problems, ()), stored, made)


def files_of_year(year: Year, scheme: Scheme) -> dict[str, bytes]:
    """Score a random year and return its files."""
    return files_of(year.tables, year.readings, year.run_date, scheme)


def files_of_literals(
    literals: Mapping[str, Iterable[Mapping[str, Any]]],
    readings: Mapping[str, str] | None = None,
    *,
    whole: bool = False,
    **changes: Any,
) -> dict[str, bytes]:
    """Score tables given as literals under the shipped scheme and return their files."""
    scheme = load_scheme_plainly(**changes)
    in_force = scheme.default_readings() | dict(readings or {})
    return files_of(make_tables(literals), in_force, scheme.cut_off, scheme, whole=whole)


def audited_year(year: Year, scheme: Scheme) -> Audited:
    """Score a random year and open it for audit without a folder."""
    files = files_of_year(year, scheme)
    basis = StoredBasis.load(files[BASIS_FILE])
    read = [_read_csv(files[name]) for name in ("results.csv", "items.csv", "ledger.csv")]
    frames = [objects_frame(tuple(rows[0]), [list(row.values()) for row in rows]) for rows in read]
    nothing = frames[0].iloc[:0]
    return Audited(ScoredSet(basis, *frames, nothing, nothing, "0" * 64), files, load_tables(files))


def altered(files: Mapping[str, bytes], name: str, row: int, column: str, text: str) -> dict[str, bytes]:
    """Return the files with one cell of a csv replaced; row 1 is the first below the header."""
    lines = list(csv.reader(io.StringIO(files[name].decode("utf-8-sig"), newline="")))
    place = lines[0].index(column)
    assert lines[row][place] != text, "nothing altered"
    lines[row][place] = text
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows(lines)
    return {**files, name: out.getvalue().encode("utf-8-sig")}


def quiet_year(units: Mapping[str, int], **more: Iterable[Mapping[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Return a year in which each unit loses so many hundredths of K and nothing else happens to it.

    Everything else is confirmed none, so that B6 and B7 are full (2.00 + 2.00) and the other bonus items 0.00.
    ``more`` adds rows to tables; a table so named is not confirmed none.
    """
    year: dict[str, list[dict[str, Any]]] = {
        "单位名录": [
            {"单位编码": code, "单位名称": f"单位{code}", "单位类别": "镇", "重点任务单位": "否"} for code in units
        ],
        "扣分标准": [
            {"标准编号": code, "考核内容": "内容", "扣分情形": "情形", "单次扣分": "0.01", "批准文号": "批1"}
            for code in ("FX-01", *STANDARDS)
        ],
        "信息中心结果": [
            {"单位": code, "红灯次数": 0, "市大数据局通报": "否", "出具日期": "2022-12-31"} for code in units
        ],
        "材料报送": [
            {"单位": code, "材料": material, "实报日期": "2022-06-01"}
            for code in units
            for material in ("半年汇报", "年度总结")
        ],
        "扣分登记": [
            {
                "编号": f"KF-{code}", "单位": code, "标准编号": "FX-01", "事实": "事实", "发生日期": "2022-05-05",
                "数量": lost, "评分人": "甲", "复核人": "乙",
            }
            for code, lost in units.items()
            if lost
        ],
    }  # fmt: skip
    for table, rows in more.items():
        year[table] = [*year.get(table, []), *({**row} for row in rows)]
    year["确认无事项"] = [
        *year.get("确认无事项", []),
        *(
            {"表": table, "单位": code, "确认人": "丙", "确认日期": "2022-12-31"}
            for table in CONFIRMABLE
            for code in units
            if not any(row["单位"] == code for row in year.get(table, ()))
        ),
    ]
    return year
