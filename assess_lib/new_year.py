"""Make the raw folder of a new year from an earlier one's scheme and roster.

The scheme is copied character by character, comments included; only what must change does: the year, in the comments
at the head too, the dates, the document, the mark of sample data with its remark. Every rule is then listed as
unconfirmed, and nothing runs until somebody has decided on each. The roster goes along; facts, standards and their
document numbers do not.
"""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter
from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from assess_lib import paths
from assess_lib.cleaning import read_whole_roster
from assess_lib.cleaning.succession import PREDECESSORS, SUCCESSION_COLUMNS
from assess_lib.confirmations import Rule, rules_of
from assess_lib.errors import InputRejected, UsageError
from assess_lib.scheme import DEDUCTING_METHODS, PENDING, ReportFacts, Scheme
from assess_lib.scheme_file import load_scheme
from assess_lib.store.fresh import fresh_folder
from assess_lib.tables import TABLES, Row, Table
from assess_lib.templates.columns import WIDE

SCHEME_FILE = "scheme.yaml"
_ROSTER = "单位名录"
# Said anew in each year, under a document of that year.
_YEARLY = ("重点任务单位", "依据文号")
# What the copy must still be refused for; anything else would be a fault of the copy.
_EXPECTED = frozenset(("scheme.unconfirmed", "scheme.value"))
_BLANK = ("number", "title")
_PLAIN_KEY = re.compile(r"[A-Za-z_\u4e00-\u9fff（）][\w.\-（）〔〕]*")
_FIXED_DATE = datetime(2000, 1, 1)
_DATE_FORMATS = {"date": "yyyy-mm-dd", "datetime": "yyyy-mm-dd hh:mm"}
_HEAD = {"bold": True, "align": "center", "valign": "vcenter", "border": 1, "bg_color": "#DDEBF7", "num_format": "@"}

Edit = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Places:
    """Where the earlier year's folder is and where the new one shall be, absolute."""

    year: int
    earlier: int
    source: Path
    target: Path


@dataclass(frozen=True, slots=True)
class NewYear:
    """What was made: how many rules wait for a decision, how many units were carried over, how many tables."""

    rules: int
    units: int
    tables: int


def find_places(year: int, earlier: int, raw: str = "", source: str = "") -> Places:
    """Find the earlier year's folder and the new one's place, with nothing touched.

    Without ``source`` the earlier folder is the one beside ``raw``, if ``raw`` is given and one is there, else the
    project's. Raises UsageError for years in the wrong order, a year without a folder, and a place that is taken, lies
    in another year's folder or among the results.
    """
    if not 2000 <= year <= 2100:
        raise UsageError(f"年度应在 2000 至 2100 之间；现为：{year}。")
    if earlier >= year:
        raise UsageError(f"--from 应是 {year} 以前的年度；现为：{earlier}。")
    root = paths.project_root()
    try:
        target = _target(year, raw, root)
        if source:
            folder = Path(source).expanduser().resolve()
        else:
            beside = target.parent / str(earlier)
            folder = beside if beside.is_dir() or root is None else root / "data" / "raw" / str(earlier)
        if not folder.is_dir():
            known = f"现有年度：{'、'.join(map(str, paths.years(root)))}。" if root and paths.years(root) else ""
            raise UsageError(f"没有 {earlier} 年度的原始数据文件夹。{known}请核对 --from，或用 --from-raw 指明。")
        folder = folder.resolve()
        if os.path.lexists(target):
            raise UsageError(f"{raw or f'data/raw/{year}'} 已经存在，没有改动。请另指一个新文件夹，或先移走它。")
        taken = [folder, Path(__file__).resolve().parent]
        taken += [root / "data" / "processed", root / "reports"] if root else []
        in_a_year = any((above / SCHEME_FILE).exists() for above in target.parents)
        if in_a_year or any(paths.lies_within(target, other) for other in taken):
            raise UsageError("新年度的文件夹不能放在别的年度、结果或报告的文件夹里。请另指一个位置。")
    except (ValueError, OSError, RuntimeError) as error:  # a NUL, a name too long, a loop of links, no home
        raise UsageError(paths.UNUSABLE_FOLDER) from error
    return Places(year, earlier, folder, target)


def _target(year: int, raw: str, root: Path | None) -> Path:
    if raw:
        given = Path(raw).expanduser()
        # the last step is not followed: a link that leads nowhere is something that exists
        return given.parent.resolve() / given.name if given.name not in ("", "..") else given.resolve()
    if root is None:
        raise UsageError("不在项目文件夹内，无法确定默认位置。请进入项目文件夹再运行，或用 --raw 指明。")
    return root / "data" / "raw" / str(year)


# ---- the scheme -----------------------------------------------------------------------------------------------


def move_day(day: date, years: int) -> date:
    """Return the same day so many years later; 29 February becomes the 28th where there is none.

    >>> move_day(date(2024, 2, 29), 1)
    datetime.date(2025, 2, 28)
    """
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def moved_scheme(scheme: Scheme, year: int) -> Scheme:
    """Return an earlier year's scheme with its dates in the new year, no sample mark and no earlier decisions."""
    data = scheme.model_dump()
    years = year - scheme.year
    data |= {"year": year, "cut_off": move_day(scheme.cut_off, years), "sample": False, "confirmations": None}
    for item in data["items"]:
        for facts in item["rule"].get("facts", ()):
            for report in facts.get("due", ()):
                report["due"] = move_day(report["due"], years)
    return Scheme.model_validate(data)


def _children(node: Node) -> Iterator[tuple[str | int, Node]]:
    if isinstance(node, MappingNode):
        yield from ((str(key.value), child) for key, child in node.value)
    elif isinstance(node, SequenceNode):
        yield from enumerate(node.value)


def _at(node: Node, *path: str | int) -> Node | None:
    for step in path:
        found = dict(_children(node)).get(step)
        if found is None:
            return None
        node = found
    return node


def _replace(node: Node | None, text: str) -> list[Edit]:
    return [(node.start_mark.index, node.end_mark.index, text)] if isinstance(node, ScalarNode) else []


def _last(node: Node) -> int:
    """Return where the text of a node's last scalar ends: a block's own mark stands behind the comments below it."""
    return max((_last(child) for _, child in _children(node)), default=node.end_mark.index)


def _without_key(root: Node, key: str, text: str) -> list[Edit]:
    """Return the edit that removes a top-level block with its lines."""
    for name, child in root.value:
        if name.value == key:
            end = text.find("\n", _last(child))
            return [(name.start_mark.index, len(text) if end < 0 else end + 1, "")]
    return []


def _head_year(root: Node, text: str, earlier: int, year: int) -> list[Edit]:
    """Return the edits that name the new year in the comments above the first key; a day in them stays as it is."""
    named = re.finditer(rf"(?<!\d){earlier}(?=[ \t]*年(?![ \t]*\d))", text[: root.start_mark.index])
    return [(found.start(), found.end(), str(year)) for found in named]


def _no_sample(node: Node | None, text: str, *, was: bool) -> list[Edit]:
    """Return the edits that say ``sample: false``; where it was true, the remark behind it is no longer true either."""
    edits = _replace(node, "false")
    if edits and was:
        remark = re.compile(r"[ \t]+#[^\r\n]*").match(text, edits[0][1])
        edits += [(remark.start(), remark.end(), "")] if remark else []
    return edits


def copied_scheme(text: str, scheme: Scheme, year: int) -> str:
    """Return the text of an earlier year's scheme file as the new year's: dates moved, every rule unconfirmed.

    ``text`` is the file that ``scheme`` was read from. All else, comments and spacing too, stays as it is, but for the
    year in the comments at the head and the remark that the folder holds sample data.
    """
    root = YAML(typ="safe", pure=True).compose(text)
    new = moved_scheme(scheme, year)
    edits = [*_replace(_at(root, "year"), str(year)), *_replace(_at(root, "cut_off"), new.cut_off.isoformat())]
    edits += _no_sample(_at(root, "sample"), text, was=scheme.sample)
    edits += _head_year(root, text, scheme.year, year)
    for key in _BLANK:
        edits += _replace(_at(root, "document", key), "''")
    for number, item in enumerate(new.items):
        for rank, facts in enumerate(item.rule.facts if isinstance(item.rule, DEDUCTING_METHODS) else ()):
            for index, report in enumerate(facts.due if isinstance(facts, ReportFacts) else ()):
                place = ("items", number, "rule", "facts", rank, "due", index, "due")
                edits += _replace(_at(root, *place), report.due.isoformat())
    edits += _without_key(root, "confirmations", text)
    for start, end, words in sorted(edits, reverse=True):
        text = text[:start] + words + text[end:]
    line_end = "\r\n" if "\r\n" in text else "\n"
    section = confirmation_lines(rules_of(new), scheme.year)
    return text.rstrip() + line_end * 2 + line_end.join(section) + line_end


def _key(text: str) -> str:
    return text if _PLAIN_KEY.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def confirmation_lines(rules: Mapping[str, Rule], earlier: int) -> list[str]:
    """Return the section of ``scheme.yaml`` in which each rule waits for a decision, a line each."""
    return [
        "confirmations:",
        f"  # rules 中每一行是从 {earlier} 年度带来的一条规则。对照新方案逐条核对，把“{PENDING}”改写为（中间空格）：",
        "  #   沿用 谁 年-月-日 文号        规则没有变",
        "  #   修改 谁 年-月-日 文号        先在上面改好规则",
        "  #   删除 谁 年-月-日 文号        先在上面删去规则，这一行保留",
        "  # 上面新增的规则，在 rules 里加一行：“键: 新增 谁 年-月-日 文号”。",
        "  # 例：  judgement.pass_mark: 沿用 考核办主任 2000-01-31 某政办函〔2000〕1号",
        "  # 还有一条没有确认，就不能运行；assess check 会列出是哪些行。",
        f"  copied_from: {earlier}",
        "  rules:",
        *(f"    {_key(key)}: {PENDING}    # {_remark(rule)}" for key, rule in rules.items()),
        "  carried:    # 软件所写，请勿改动：复制时各条规则的内容，用来核对“沿用”的没有改动",
        *(f"    {_key(key)}: {json.dumps(rule.text, ensure_ascii=False)}" for key, rule in rules.items()),
    ]


def _remark(rule: Rule) -> str:
    text = " ".join(rule.text.split())
    return f"{rule.title}：{text}"


# ---- the tables -----------------------------------------------------------------------------------------------


def blank_workbook(table: Table, further: Sequence[str] = (), rows: Sequence[Mapping[str, str]] = ()) -> bytes:
    """Return a workbook with a table's header, further text columns and, for the roster, its rows as text.

    The same arguments give the same bytes.
    """
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(buffer, options)
    book.set_properties({"created": _FIXED_DATE})
    sheet, head = book.add_worksheet(table.name), book.add_format(_HEAD)
    kinds = [(column.name, column.kind) for column in table.columns] + [(name, "text") for name in further]
    for index, (name, kind) in enumerate(kinds):
        style: dict[str, Any] = {} if kind in ("number", "whole") else {"num_format": _DATE_FORMATS.get(kind, "@")}
        cell = book.add_format(style)
        sheet.set_column(index, index, 30 if name in WIDE else 16, cell)
        sheet.write_string(0, index, name, head)
        for number, row in enumerate(rows, start=1):
            if row.get(name):
                sheet.write_string(number, index, row[name], cell)
    sheet.freeze_panes(1, 0)
    book.close()
    return buffer.getvalue()


def carried_roster(rows: Sequence[Row]) -> bytes:
    """Return the roster for the new year: every unit with its notes; what is said anew each year is blank.

    Units that are no longer in force stay, so that a code always means one unit and history can follow it.
    """
    noted = [name for row in rows for name in row.notes if name != PREDECESSORS]
    further = tuple(dict.fromkeys([*SUCCESSION_COLUMNS, *noted]))
    cells = []
    for row in rows:
        own = {name: "" if value is None else str(value) for name, value in row.values.items()}
        cells.append(dict(row.notes) | own | dict.fromkeys(_YEARLY, ""))
    return blank_workbook(TABLES[_ROSTER], further, cells)


# ---- the folder -----------------------------------------------------------------------------------------------


def make_new_year(places: Places) -> NewYear:
    """Write the new year's raw folder, whole or not at all.

    Raises InputRejected when the earlier year's scheme or roster holds errors or cannot be carried over, UsageError
    when somebody has made the folder meanwhile, EnvironmentFailure when the disk refuses.
    """
    path = places.source / SCHEME_FILE
    scheme = load_scheme(path, year=places.earlier)
    roster, problems = read_whole_roster(places.source, scheme)
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        raise InputRejected(f"{places.earlier} 年度的单位名录有错误，没有生成新年度。请更正后重新运行。", errors)
    text = path.read_bytes().decode("utf-8-sig")
    rules = rules_of(moved_scheme(scheme, places.year))
    files = {f"{table.name}.xlsx": blank_workbook(table) for table in TABLES.values() if table.name != _ROSTER}
    files[f"{_ROSTER}.xlsx"] = carried_roster(roster)
    files[SCHEME_FILE] = copied_scheme(text, scheme, places.year).encode()
    with fresh_folder(places.target) as new:
        for name, data in files.items():
            (new / name).write_bytes(data)
        _check_copy(new / SCHEME_FILE, places.year, len(rules))
        if os.path.lexists(places.target):
            raise UsageError(f"{places.target.name} 已经存在，没有改动。")
    return NewYear(len(rules), len(roster), len(TABLES))


def _check_copy(path: Path, year: int, rules: int) -> None:
    """See that the copy waits for its decisions and its document, and for nothing else."""
    try:
        load_scheme(path, year=year)
    except InputRejected as rejection:
        pending = sum(problem.code == "scheme.unconfirmed" for problem in rejection.problems)
        blank = sum(problem.code == "scheme.value" and problem.column in _BLANK for problem in rejection.problems)
        if pending == rules and blank == len(_BLANK) and pending + blank == len(rejection.problems):
            return
        others = [problem for problem in rejection.problems if problem.code not in _EXPECTED]
        raise InputRejected("上一年度的方案不能照搬到新年度。请先整理其写法（各部分逐行写）。", others) from rejection
    raise InputRejected("上一年度的方案不能照搬到新年度：规则没有列出。请先整理其写法（各部分逐行写）。")
