"""Read ``scheme.yaml``: every mistake at once, in Chinese, with the line it stands in.

What does not fit together is told as soon as each part is right by itself.

Numbers become exact decimals, never binary floats. Aliases, anchors and tags are refused: a scheme is read by
people, and nothing in it may stand for something that is written elsewhere.

``python -m assess_lib.scheme_file`` writes the JSON Schema that editors complete and check the file with.
"""

from __future__ import annotations

import difflib
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.parser import Parser

from assess_lib.confirmations import confirmation_faults
from assess_lib.errors import InputRejected, Problem, UsageError
from assess_lib.scheme import Misfits, Scheme, Unconfirmed

SCHEMA_FILE = "scheme.schema.json"
MAX_BYTES = 1_000_000
MAX_DEPTH = 30

# 0x3C, 6e1, 6_0 and 060 are numbers to YAML, each reader's own; to people they are riddles.
_PLAIN_NUMBER = re.compile(r"[+-]?(0|[1-9][0-9]*)(\.[0-9]+)?")

KeyPath = tuple[str | int, ...]


@dataclass(slots=True)
class _Source:
    """The file's plain data, where each key and value stands, and what is wrong with it as YAML."""

    display: str
    lines: dict[KeyPath, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    spoilt: set[KeyPath] = field(default_factory=set)

    def complain(
        self, code: str, message: str, remedy: str, line: int | None, column: str = "", value: str = ""
    ) -> None:
        """Record a mistake at a line."""
        self.problems.append(
            Problem("error", code, message, remedy, file=self.display, row=line, column=column, value=value[:200])
        )

    def line(self, path: KeyPath) -> int:
        """Return the line of the key path, or of the nearest key above it that is written down."""
        while path not in self.lines and path:
            path = path[:-1]
        return self.lines.get(path, 1)


def load_scheme(path: Path, display: str = "scheme.yaml", *, year: int | None = None) -> Scheme:
    """Read and validate a year's scheme.

    Raises InputRejected with one problem for each mistake: file, line, key path, value, what is allowed; and
    UsageError when the file is plainly another year's than ``year``, whatever else is wrong with it.
    """
    source = _Source(display)
    text = _read(path, source)
    data = _parse(text, source) if text is not None else None
    written = data.get("year") if isinstance(data, dict) else None
    whole = isinstance(written, int) and not isinstance(written, bool)
    if year is not None and whole and written != year:
        raise UsageError(f"{display} 是 {written} 年度的，与本次年度 {year} 不符。请用 --year 和 --raw 指明同一年度。")
    if data is None and source.problems:
        raise _rejected(source)
    try:
        scheme = Scheme.model_validate(data)
    except ValidationError as error:
        for mistake in error.errors(include_url=False):
            if not _told_already(mistake, data, source):
                _explain(mistake, data, source)
    else:
        _check_confirmations(scheme, source)
    if source.problems:
        source.problems.sort(key=lambda problem: problem.row or 0)
        raise _rejected(source)
    return scheme


def _check_confirmations(scheme: Scheme, source: _Source) -> None:
    """Record each decision on a carried rule that does not fit the rule, at the decision's line."""
    if scheme.confirmations is None and ("confirmations",) in source.lines:  # emptied, not merely absent
        line = source.line(("confirmations",))
        remedy = "请恢复 confirmations 下的各行，逐条写明决定。"
        source.complain("scheme.value", "“confirmations”不能为空。", remedy, line, "confirmations")
    for fault in confirmation_faults(scheme):
        message = fault.message.replace("{line}", str(source.line(fault.rule)))
        line, column = source.line(fault.place), _column(fault.place)
        source.complain("scheme.confirmation", f"{message}。", fault.remedy, line, column)


def _rejected(source: _Source) -> InputRejected:
    return InputRejected(f"{source.display} 有 {len(source.problems)} 处错误。", source.problems)


def _read(path: Path, source: _Source) -> str | None:
    """Return the file's text, or record why it cannot be read."""
    remedy = "请把本年度的方案文件 scheme.yaml 放进原始文件夹，编码用 UTF-8。"
    if path.is_symlink() or (path.exists() and not path.is_file()):
        source.complain("scheme.unreadable", "方案文件不是普通文件。", remedy, None)
    elif not path.exists():
        source.complain("scheme.missing", "缺少方案文件。", remedy, None)
    else:
        try:
            raw = path.read_bytes()
        except OSError as error:
            source.complain("scheme.unreadable", f"方案文件无法读取（{error.strerror}）。", remedy, None)
            return None
        if len(raw) > MAX_BYTES:
            source.complain("scheme.too_large", "方案文件过大，不像是方案。", remedy, None)
            return None
        try:
            return raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = raw[: error.start].count(b"\n") + 1
            source.complain("scheme.encoding", "方案文件不是 UTF-8 编码。", "请用 UTF-8 编码另存后重新运行。", line)
    return None


def _parse(text: str, source: _Source) -> Any:
    """Return the YAML text as plain data with exact numbers; record lines and mistakes."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Parser = lambda loader: _PlainParser(loader, source)
    try:
        node = yaml.compose(text)
    except _NotPlainError:
        return None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        what = "缩进、冒号、引号或括号有误"
        source.complain("scheme.yaml", f"这里不是正确的 YAML：{what}。", "请对照相邻各行改正。", line)
        return None
    except (YAMLError, RecursionError, ValueError) as error:
        line = text.count("\n", 0, getattr(error, "position", 0)) + 1
        source.complain("scheme.yaml", "文件中有 YAML 不允许的字符。", "请删去控制字符后重新保存。", line)
        return None
    if node is None:
        source.complain("scheme.empty", "方案文件是空的。", "请填写方案，或从上一年度复制后修改。", 1)
        return None
    return _value(node, (), source)


class _NotPlainError(Exception):
    """What stands in the file is more than plain YAML: it was recorded."""


class _PlainParser(Parser):
    """A parser that goes no further than plain YAML: no alias, anchor, tag, second document or absurd nesting.

    It looks at each event before anything is made of it, so that the text is read once.
    """

    def __init__(self, loader: Any, source: _Source) -> None:
        super().__init__(loader)
        self._source = source
        self._depth = self._documents = 0

    def get_event(self) -> Any:
        """Return the next event. Raises _NotPlainError after a mistake was recorded."""
        event = super().get_event()
        self._documents += isinstance(event, DocumentStartEvent)
        self._depth += isinstance(event, (MappingStartEvent, SequenceStartEvent))
        self._depth -= isinstance(event, (MappingEndEvent, SequenceEndEvent))
        complain, line = self._source.complain, event.start_mark.line + 1
        if isinstance(event, AliasEvent) or (isinstance(event, NodeEvent) and event.anchor):
            complain("scheme.alias", "方案文件不使用锚点（&）和别名（*）。", "请把内容直接写在这里。", line)
        elif getattr(event, "tag", None):
            complain("scheme.tag", "方案文件不使用标签（!）。", "请删去标签。", line)
        elif isinstance(event, DocumentStartEvent) and (event.version or event.tags):
            # %YAML 1.1 would turn yes into true and 060 into 48
            complain("scheme.yaml", "方案文件不使用 YAML 指令（%）。", "请删去以 % 开头的行。", line)
        elif self._depth > MAX_DEPTH or self._documents > 1:
            complain("scheme.yaml", "层次过深，或有多个文档。", "请只保留一份方案。", line)
        if self._source.problems:
            raise _NotPlainError
        return event


def _value(node: Node, path: KeyPath, source: _Source) -> Any:
    """Turn a YAML node into plain data, numbers exact; refuse keys that appear twice."""
    source.lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, SequenceNode):
        return [_value(child, (*path, index), source) for index, child in enumerate(node.value)]
    if isinstance(node, MappingNode):
        data: dict[str, Any] = {}
        for key_node, child in node.value:
            key, line = str(key_node.value), key_node.start_mark.line + 1
            if not isinstance(key_node, ScalarNode):
                source.complain("scheme.yaml", "键必须是文字。", "请改为“键: 值”的写法。", line)
            elif key in data:
                first = source.lines[(*path, key)]
                message = f"“{_dotted((*path, key))}”写了两次（另一处在第 {first} 行）。"
                source.complain("scheme.duplicate_key", message, "请只保留一处。", line, key)
            else:
                source.lines[(*path, key)] = line
                data[key] = _value(child, (*path, key), source)
        return data
    return _scalar(node, path, source)


def _scalar(node: Node, path: KeyPath, source: _Source) -> Any:
    """Return a scalar as text, exact number, day, truth or nothing; record what is none of them."""
    kind, text = str(node.tag).rpartition(":")[2], str(node.value)
    try:
        if kind in ("int", "float"):
            if _PLAIN_NUMBER.fullmatch(text):
                return int(text) if kind == "int" else Decimal(text)
            raise ValueError(text)
        if kind == "timestamp":
            return date.fromisoformat(text)
    except ValueError:
        source.spoilt.add(path)
        message = f"“{_dotted(path)}”的“{text[:40]}”不是普通的数或日期。"
        remedy = "数写成 3 或 0.50，日期写成 2022-06-20，文字加引号。"
        source.complain("scheme.value", message, remedy, source.line(path), _column(path), text)
        return None
    if any(unicodedata.category(character) == "Cc" and character != "\n" for character in text):
        source.spoilt.add(path)
        message, remedy = f"“{_dotted(path)}”中有控制字符。", "请删去控制字符。"
        source.complain("scheme.value", message, remedy, source.line(path), _column(path))
        return None
    if kind == "bool":
        return text.lower() == "true"
    return None if kind == "null" else text


def _column(path: KeyPath) -> str:
    """Return the key that a path ends in; an entry of a list has none."""
    return path[-1] if path and isinstance(path[-1], str) else ""


def _dotted(path: KeyPath) -> str:
    """Print a key path as people point at it: ``items[3].rule.method``."""
    text = ""
    for step in path:
        text += f"[{step + 1}]" if isinstance(step, int) else f".{step}" if text else step
    return text or "方案"


def _told_already(mistake: Any, data: Any, source: _Source) -> bool:
    """Tell whether a finding only follows from another: of a value that YAML could not give, or of a list's entry."""
    if mistake["type"] == "too_short" and isinstance(mistake["input"], (list, dict)):
        # pydantic counts the entries that were right
        return bool(len(mistake["input"]) >= mistake["ctx"]["min_length"])
    return _written(mistake, data) in source.spoilt


def _written(mistake: Any, data: Any) -> KeyPath:
    """Drop from a finding's location the steps that the file does not have (the names of union members)."""
    loc: KeyPath = mistake["loc"]
    path: list[str | int] = []
    for number, step in enumerate(loc, start=1):
        if isinstance(step, int) and isinstance(data, list) and step < len(data):
            data = data[step]
        elif isinstance(data, Mapping) and step in data:
            data = data[str(step)]
        elif number < len(loc) or mistake["type"] != "missing":
            continue
        else:
            data = None
        path.append(step)
    return tuple(path)


# How pydantic's findings read in Chinese: what is wrong, and what to do. {…} are pydantic's own numbers.
_WORDS: Mapping[str, tuple[str, str]] = {
    "greater_than": ("须大于 {gt}", "请改为允许范围内的数。"),
    "greater_than_equal": ("不得小于 {ge}", "请改为允许范围内的数。"),
    "less_than": ("须小于 {lt}", "请改为允许范围内的数。"),
    "less_than_equal": ("不得大于 {le}", "请改为允许范围内的数。"),
    "decimal_max_places": ("最多两位小数", "请写成两位以内的小数。"),
    "decimal_parsing": ("不是数", "请写成普通的数，例如 0.50。"),
    "decimal_type": ("不是数", "请写成普通的数，例如 0.50。"),
    "finite_number": ("不是有限的数", "请写成普通的数，例如 0.50。"),
    "int_parsing": ("不是整数", "请写成整数，例如 2。"),
    "int_type": ("不是整数", "请写成整数，例如 2。"),
    "int_from_float": ("不是整数", "请写成整数，例如 2。"),
    "bool_parsing": ("应为 true 或 false", "请改为 true 或 false。"),
    "bool_type": ("应为 true 或 false", "请改为 true 或 false。"),
    "string_type": ("应为文字", "请写成文字；纯数字的文字加引号。"),
    "string_too_short": ("不能为空", "请填写内容。"),
    "string_too_long": ("过长（最多 {max_length} 字）", "请缩短。"),
    "string_pattern_mismatch": ("写法不对", "条款写成 四（三）2 这样的形式，项目编号写成 B2 这样的形式。"),
    "too_short": ("至少要有 {min_length} 项", "请补充。"),
    "tuple_type": ("应为列表", "请写成 [甲, 乙] 或逐行以“- ”开头。"),
    "dict_type": ("应为“键: 值”的形式", "请参照 data/raw/SCHEME.md 的例子。"),
    "model_type": ("应为“键: 值”的形式", "请参照 data/raw/SCHEME.md 的例子。"),
    "model_attributes_type": ("应为“键: 值”的形式", "请参照 data/raw/SCHEME.md 的例子。"),
    "date_type": ("不是日期", "请写成 2022-06-20 的形式。"),
    "date_parsing": ("不是日期", "请写成 2022-06-20 的形式。"),
    "date_from_datetime_parsing": ("不是日期", "请写成 2022-06-20 的形式。"),
    "date_from_datetime_inexact": ("不是日期", "请写成 2022-06-20 的形式。"),
}


def _explain(mistake: Any, data: Any, source: _Source) -> None:
    """Record one of pydantic's findings as a problem at its line."""
    kind, context = mistake["type"], mistake.get("ctx", {})
    path = _written(mistake, data)
    name, line = _dotted(path), source.line(path)
    column = _column(path)
    raw = mistake.get("input")
    shown = "" if isinstance(raw, (dict, list, BaseModel)) or raw is None else str(raw)
    if kind == "missing":
        source.complain("scheme.missing_key", f"缺少“{name}”。", "请补上这一项。", line, column)
    elif kind == "extra_forbidden":
        known = sorted(_keys_beside(mistake["loc"]))
        near = difflib.get_close_matches(column, known, 1, 0.5)
        hint = f"是不是“{near[0]}”？" if near else ""
        source.complain(
            "scheme.unknown_key", f"不认识“{name}”。{hint}", f"可用的键：{'、'.join(known)}。", line, column, shown
        )
    elif kind in ("union_tag_invalid", "literal_error"):
        tag = str(context.get("tag", shown))
        allowed = re.findall(r"'([^']*)'", str(context.get("expected_tags", context.get("expected", ""))))
        what = str(context.get("discriminator", "")).strip("'")
        path = (*path, what) if what else path
        known_words = {"method": "方法", "kind": "事实种类"}.get(what, "内容")
        message = f"“{_dotted(path)}”的{known_words}“{tag}”不在允许之列。"
        remedy = f"可用：{'、'.join(allowed)}。"
        if tag in allowed:  # quarter: 1 is a number, not the text '1'
            message, remedy = f"“{_dotted(path)}”的“{tag}”应为文字。", f"请加引号：'{tag}'。"
        source.complain("scheme.choice", message, remedy, source.line(path), _column(path), tag)
    elif kind == "union_tag_not_found":
        what = str(context.get("discriminator", "")).strip("'")
        source.complain("scheme.missing_key", f"缺少“{name}.{what}”。", "请补上这一项。", line, what)
    elif kind == "value_error" and isinstance(context["error"], Unconfirmed):
        carried = data["confirmations"].get("carried")
        was = carried.get(column) if isinstance(carried, dict) else None
        message = f"规则“{column}”尚未确认" + (f"（复制时为：{was}）。" if was else "。")
        remedy = "对照新方案核对后，这一行改写为：沿用（或 修改、删除） 谁 年-月-日 文号。"
        source.complain("scheme.unconfirmed", message, remedy, line, column, shown)
    elif kind == "value_error" and isinstance(context["error"], Misfits):
        for below, message in context["error"].found:
            place = (*path, *below)
            remedy = "请按方案核对后改正。"
            source.complain("scheme.inconsistent", f"{message}。", remedy, source.line(place), _column(place), shown)
    elif kind == "value_error":
        text = f"“{shown}”" if shown else ""
        source.complain("scheme.value", f"“{name}”{text}{context['error']}。", "请按例改写。", line, column, shown)
    else:
        what, remedy = _WORDS.get(kind, ("写法不对", "请参照 data/raw/SCHEME.md 的例子。"))
        text = f"“{shown}”" if shown else ""
        source.complain("scheme.value", f"“{name}”{text}{what.format(**context)}。", remedy, line, column, shown)


def _keys_beside(loc: KeyPath) -> set[str]:
    """Return the keys that are known where an unknown one was found."""
    models: list[type[BaseModel]] = [Scheme]
    for step in loc[:-1]:
        if isinstance(step, str):
            fields = [model.model_fields[step] for model in models if step in model.model_fields]
            below = [model for field in fields for model in _models_in(field.annotation)]
            models = below or [model for model in models if step in _tags(model)] or models
    return {key for model in models for key in model.model_fields}


def _tags(model: type[BaseModel]) -> tuple[str, ...]:
    """Return the names by which a file chooses this model among several: its method or its kind."""
    return tuple(
        name
        for key in ("method", "kind")
        if key in model.model_fields
        for name in get_args(model.model_fields[key].annotation)
    )


def _models_in(annotation: Any) -> Iterator[Any]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)


def json_schema() -> str:
    """Return the JSON Schema of ``scheme.yaml`` as text, for editors."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema"} | Scheme.model_json_schema()
    return json.dumps(_bounded(schema), ensure_ascii=False, indent=1) + "\n"


def _bounded(schema: Any) -> Any:
    """Give the limits of decimals their JSON Schema names: pydantic leaves them as ``gt``, ``ge`` and ``le``."""
    if isinstance(schema, list):
        return [_bounded(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    bounded = {key: _bounded(part) for key, part in schema.items() if key != "decimal_places"}
    for key, name in (("gt", "exclusiveMinimum"), ("ge", "minimum"), ("lt", "exclusiveMaximum"), ("le", "maximum")):
        # a property of that name would hold a schema, not a number
        if isinstance(bounded.get(key), (int, float)):
            bounded[name] = bounded.pop(key)
    return bounded


if __name__ == "__main__":
    from assess_lib.paths import project_root

    root = project_root()
    assert root is not None, "run inside the project"
    (root / "data" / "raw" / SCHEMA_FILE).write_text(json_schema(), encoding="utf-8")
