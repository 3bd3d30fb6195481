"""A comparison of two sets made ready for people: in sentences, as csv rows, as a web page, as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from assess_lib.comparison.changes import (
    Cause,
    Comparison,
    ItemChange,
    Pair,
    RecordChange,
    RowChange,
    Step,
    UnitChange,
)
from assess_lib.exact import show
from assess_lib.store import csvfile, dump_json
from assess_lib.views import words
from assess_lib.views.html import render, templates_folder
from assess_lib.views.page import SAMPLE, draft_label, subject

if TYPE_CHECKING:
    from assess_lib.store import ScoredSet

RECORD_WORDS: Mapping[str, str] = {"added": "新增", "removed": "删除", "changed": "改动"}
FILE_WORDS: Mapping[str, str] = {"added": "新增", "removed": "减少", "changed": "改动"}
ROW_WORDS: Mapping[str, str] = {
    "new": "新增",
    "gone": "不再有",
    "changed": "变动",
    "start": "起算分",
    "cut": "加分上限截去",
    "account": "维度、权重、折合和上下限",
}
KIND_WORDS: Mapping[str, str] = {"verdict": "状态或等次", "score": "得分", "detail": "明细", "rank": "仅名次"}
ONLY_RANK = "名次因其他单位变动"
INTERNAL = "本比较含其他单位的数据和领导个人评分，限考核办内部核对使用，不外发。"
_PARTS = {"vetoed": "单项否决", "scored": ""}
# So many places of a row are printed.
_PLACES = 4
CSV_COLUMNS = (
    "单位编码",
    "单位名称",
    "项目",
    "变动",
    "原分",
    "现分",
    "差",
    "原事实",
    "现事实",
    "原出处",
    "现出处",
    "原因",
)


def arrow(pair: Pair[str]) -> str:
    """Print a value once if it is the same, else as it was and became.

    >>> arrow(Pair("3", "3")), arrow(Pair("3", None))
    ('3', '3 → —')
    """
    old, new = (words.ABSENT if value in (None, "") else str(value) for value in (pair.old, pair.new))
    return f"{old} → {new}" if old != new else old


def points(pair: Pair[Decimal]) -> str:
    """Print points as they were and became."""
    return arrow(Pair(words.number(pair.old), words.number(pair.new)))


def ranks(pair: Pair[int]) -> str:
    """Print a rank as it was and became."""
    return arrow(Pair(*(None if rank is None else str(rank) for rank in (pair.old, pair.new))))


def places(source: str | None) -> str:
    """Print where rows stand, from the text of ``source``; of many (a ranking's rivals) the first and their number."""
    found = [str(place) for place in words.places(source or "")]
    return "；".join(found[:_PLACES]) + (f" 等 {len(found)} 处" if len(found) > _PLACES else "")


class ComparisonView:
    """A comparison in words; ``old`` and ``new`` are the two sets that were compared."""

    def __init__(self, comparison: Comparison, old: ScoredSet, new: ScoredSet) -> None:
        self.comparison = comparison
        self.old, self.new = old, new
        self.names: dict[str, str] = {
            unit: name
            for data in (old, new)
            for unit, name in zip(data.results["unit_id"], data.results["unit_name"], strict=True)
        }

    # ---- the whole --------------------------------------------------------------------------------------------

    @property
    def states(self) -> Pair[str]:
        """Each set's year, state and run date in words."""
        told = [
            f"{data.basis.year} 年度 {draft_label(data)}"
            + (f" {data.approval.document}" if data.approval is not None else "")
            + f"，计分日期 {data.basis.run_date.isoformat()}"
            for data in (self.old, self.new)
        ]
        return Pair(*told)

    def warnings(self) -> list[str]:
        """What the reader must know before reading on."""
        found = []
        if self.comparison.overview.identical:
            found.append("两个结果的凭证相同，是同一次结果。")
        if not self.comparison.overview.same_year:
            years = self.comparison.overview.year
            found.append(
                f"两个结果分属 {years.old} 和 {years.new} 年度：单位按编码对应；原始记录不逐条对应，台账只按名称对应。"
            )
        if self.comparison.overview.roster.recoded:
            found.append("有单位名称相同而编码不同：比较按编码进行，请先核对下面的“编码不同”。")
        return found

    def overall(self) -> list[tuple[str, str]]:
        """What differs as a whole: (what, in words), several rows of one kind each on its own."""
        told = self.comparison.overview
        rows: list[tuple[str, str]] = []
        if told.year.changed:
            rows.append(("年度", f"{told.year.old} → {told.year.new}"))
        if told.run_date.changed:
            rows.append(("计分日期", f"{told.run_date.old} → {told.run_date.new}"))
        state = Pair(draft_label(self.old), draft_label(self.new))
        if state.changed:
            rows.append(("稿别", arrow(state)))
        rows += [("口径", f"{r.name}（{r.key}）：{arrow(r.words)}") for r in told.readings]
        rows += [("方案", f"{change.path}：{arrow(change.value)}") for change in told.scheme]
        rows += [("软件", f"{name}：{arrow(pair)}") for name, pair in told.software]
        for kind in ("added", "removed", "changed"):
            files = [name for what, name in told.inputs if what == kind]
            if files:
                rows.append(("输入文件", f"{FILE_WORDS[kind]}：{'、'.join(files)}"))
        rows += self._roster()
        for table, counts in told.records:
            listed = "，".join(f"{RECORD_WORDS[kind]} {number} 条" for kind, number in counts.items())
            rows.append(("原始记录", f"{table}：{listed}"))
        return rows

    def _roster(self) -> list[tuple[str, str]]:
        roster = self.comparison.overview.roster
        rows = []
        for what, units in (("新增", roster.added), ("减少", roster.removed)):
            if units:
                rows.append(("单位名录", f"{what}：{'、'.join(f'{name}（{code}）' for code, name in units)}"))
        rows += [("单位名录", f"改名：{code} {arrow(pair)}") for code, pair in roster.renamed]
        rows += [
            ("单位名录", f"改组别：{self.names.get(code, '')}（{code}）{arrow(pair)}")
            for code, pair in roster.regrouped
        ]
        rows += [("单位名录", f"编码不同：{name} {arrow(pair)}") for name, pair in roster.recoded]
        return rows

    def counts(self) -> str:
        """Say how many units changed, and how."""
        units, compared = self.comparison.units, len(self.comparison.compared)
        which = "所选" if self.comparison.chosen else "共同"
        if not compared:
            return f"两个结果中没有{which}的单位可比。"
        if not units:
            return f"{which}的 {compared} 个单位，结果全部相同。"
        kinds = [
            f"{name} {number} 个"
            for kind, name in KIND_WORDS.items()
            if (number := sum(unit.kind == kind for unit in units))
        ]
        return f"{which}的 {compared} 个单位中有 {len(units)} 个变动：{'，'.join(kinds)}。"

    @property
    def main(self) -> tuple[UnitChange, ...]:
        """The units of which something of their own changed."""
        return tuple(unit for unit in self.comparison.units if not unit.only_rank)

    @property
    def followers(self) -> tuple[UnitChange, ...]:
        """The units whose rank alone changed."""
        return tuple(unit for unit in self.comparison.units if unit.only_rank)

    # ---- one unit ---------------------------------------------------------------------------------------------

    def title(self, unit: UnitChange) -> str:
        """Name a unit: name, code, group."""
        return f"{unit.unit_name}（{unit.unit_id}，{unit.group}）"

    def what(self, unit: UnitChange) -> str:
        """Say in a table's cell what changed of a unit: its status or grade as they were and became, else the kind."""
        if unit.only_rank:
            return ONLY_RANK
        return arrow(self._judgements(unit)) if unit.kind == "verdict" else KIND_WORDS[unit.kind]

    def conclusion(self, unit: UnitChange) -> str:
        """Say what a unit's result was and became, with its sum line's parts left to ``sum_line``."""
        told = [f"等次 {arrow(self._judgements(unit))}", f"最终得分 {points(unit.final_score)}"]
        if unit.difference:
            told[1] += f"（{words.signed(unit.difference)}）"
        told += [f"组内名次 {ranks(unit.rank_in_group)}", f"总名次 {ranks(unit.rank_overall)}"]
        if unit.unresolved.changed:
            told.append(f"待定 {arrow(Pair(*('、'.join(side or ()) or '无' for side in _both(unit.unresolved))))}")
        return "；".join(told) + "。"

    def _judgements(self, unit: UnitChange) -> Pair[str]:
        told = []
        for status, grade in zip(_both(unit.status), _both(unit.grade), strict=True):
            part = _PARTS[str(status)]
            told.append(f"{grade}（{part}）" if part else str(grade))
        return Pair(*told)

    def remarks(self, unit: UnitChange) -> list[str]:
        """What else explains a unit's change: closing rows, the gate, a grade beyond the score."""
        told = []
        if unit.verdict.changed:
            told.append(f"结论原为“{_flat(unit.verdict.old)}”，现为“{_flat(unit.verdict.new)}”。")
        if unit.difference is None and unit.status.changed:
            told.append("单项否决的单位没有得分，两次结果之间没有分差；由下列否决事实说明。")
        if unit.gate is not None:
            was_closed = bool(unit.gate.old)
            closed = unit.gate.old or unit.gate.new or ""
            state = "原未开启，现已开启" if was_closed else "原已开启，现未开启"
            told.append(f"加分部分{state}：未开启时 {closed}，重点考核得分 {points(unit.key_score)}。")
        told += [self.cause(cause, unit) for cause in unit.causes]
        return told

    def item_title(self, change: ItemChange) -> str:
        """Name an item with its clause."""
        return f"{change.item} {change.name}（{change.clause}）"

    def item_sum(self, change: ItemChange) -> str:
        """Print the sum line of an item: its rows' differences are its points' difference."""
        if change.difference is None:
            note = {"vetoed": "构成单项否决", "clear": "未构成单项否决", None: words.ABSENT}
            return arrow(Pair(*(note.get(value, str(value)) for value in _both(change.note))))
        line = f"合计 {words.signed(change.difference)} = {_side(change.points.new)} − {_side(change.points.old)}"
        if change.unresolved.changed:
            line += f"；{arrow(Pair(*('待定' if value else '已明确' for value in _both(change.unresolved))))}"
        return line

    def sum_line(self, unit: UnitChange) -> str:
        """Print the sum line of a unit: the items' differences are the final score's; blank where it has none."""
        if unit.difference is None:
            return ""
        parts = [f"{item.item} {words.signed(item.difference)}" for item in unit.items if item.difference]
        if unit.cut is not None:
            parts.append(f"{ROW_WORDS[unit.cut.kind]} {words.signed(unit.cut.difference)}")
        final = unit.final_score
        total = f"合计 {words.signed(unit.difference)} = {words.number(final.new)} − {words.number(final.old)}"
        return f"{'，'.join(parts)}；{total}" if parts else total

    def cut_title(self, unit: UnitChange) -> str:
        """Name what stands between a unit's items and its final score."""
        return "加分上限" if unit.cut is not None and unit.cut.kind == "cut" else ROW_WORDS["account"]

    def row_points(self, row: RowChange) -> str:
        """Print a row's points as they were and became."""
        return arrow(Pair(words.signed(row.points.old), words.signed(row.points.new)))

    def step(self, step: Step | None) -> str:
        """Print what a ledger row says."""
        if step is None:
            return ""
        return f"[{words.status_word(step.status, step.after)}] {_flat(step.label)}"

    def reason(self, row: RowChange, unit: UnitChange) -> list[str]:
        """Print why a row differs, one sentence a cause."""
        return [self.cause(cause, unit) for cause in row.causes]

    def cause(self, cause: Cause, unit: UnitChange) -> str:
        """Print one cause."""
        if cause.record is not None:
            return self.record(cause.record, unit)
        if cause.reading is not None:
            return f"口径“{cause.reading.name}”：{arrow(cause.reading.words)}"
        if cause.scheme is not None:
            return f"方案 {cause.scheme.path}：{arrow(cause.scheme.value)}"
        told = self.comparison.overview
        return {
            "run_date": f"计分日期 {told.run_date.old} → {told.run_date.new}",
            "roster": "单位名录有变动，参加排名的单位不同",
            "gate": "加分部分由未开启变为开启" if unit.gate and unit.gate.old else "加分部分由开启变为未开启",
            "quota": "等次有名额，随各单位得分的先后变动",
            "cut": "应计不变；因同项其他行变动，上限（或扣至零）截去的数额随之变动",
            "other_rows": "本行自身的原始记录和口径未变，随同项或本单位其他记录变动",
            "software": "原始记录、口径、方案都未变；计算软件的版本不同（见整体差异）",
            "unknown": "没有找到原因：请用 assess verify 核对这两个结果文件夹",
        }[cause.kind]

    def record(self, change: RecordChange, unit: UnitChange | None = None) -> str:
        """Print what happened to a raw row: table, key, what it holds or how each cell changed, where it stands."""
        own = unit is not None and change.unit_id == unit.unit_id
        key = "，".join(
            self.names.get(value, value) if column == "单位" else f"第{value}季度" if column == "季度" else _flat(value)
            for column, value in change.key
            if not (own and column == "单位")
        )
        owner = "" if own or any(c == "单位" for c, _ in change.key) else self.names.get(change.unit_id, change.unit_id)
        named = " ".join(part for part in (owner, key) if part)
        if change.kind == "changed":
            cells = "；".join(f"{column} {arrow(Pair(_flat(a), _flat(b)))}" for column, a, b in change.cells)
        else:
            cells = "；".join(
                f"{column} {self.names.get(value, value) if column == '单位' else _flat(value)}"
                for column, a, b in change.cells
                if (value := a or b) and not (own and column == "单位")
            )
        where = arrow(Pair(places(change.source.old), places(change.source.new)))
        if change.kind != "changed":
            where = places(change.source.old or change.source.new)
        return f"{RECORD_WORDS[change.kind]}“{change.table}”{named}{'：' if cells else ''}{cells}（{where}）"

    # ---- files ------------------------------------------------------------------------------------------------

    def csv_rows(self) -> Iterator[tuple[csvfile.Cell, ...]]:
        """Yield one row for every ledger difference that explains; a unit's column 差 adds up to its difference."""
        for unit in self.main:
            listed = [(item.item, row) for item in unit.items for row in item.rows]
            if unit.cut is not None:
                listed.append(("final", unit.cut))
            for item_id, row in listed:
                yield (
                    unit.unit_id,
                    unit.unit_name,
                    item_id,
                    ROW_WORDS[row.kind],
                    row.points.old,
                    row.points.new,
                    row.difference,
                    "" if row.old is None else row.old.label,
                    "" if row.new is None else row.new.label,
                    "" if row.old is None else row.old.source,
                    "" if row.new is None else row.new.source,
                    "；".join(self.reason(row, unit)),
                )

    def to_csv(self) -> bytes:
        """Return the explaining ledger differences as a csv file."""
        return csvfile.dump(CSV_COLUMNS, self.csv_rows())

    def to_json(self) -> bytes:
        """Return the whole comparison as JSON; points are texts with two decimals, what does not exist is null."""
        return dump_json(_plain(asdict(self.comparison)))

    def to_html(self) -> bytes:
        """Return the comparison as one self-contained web page: no script, nothing fetched, all cells escaped."""
        folder = templates_folder() / "assess"
        style = "\n".join(
            (folder / name).read_text(encoding="utf-8") for name in ("fragments.css", "page.css", "print.css")
        )
        samples = self.old.basis.scheme.sample or self.new.basis.scheme.sample
        page = render(
            "comparison",
            style=Markup(style),
            view=self,
            subject=subject(self.new),
            sample=SAMPLE if samples else "",
            state=arrow(Pair(draft_label(self.old), draft_label(self.new))),
            internal=INTERNAL,
            row_words=ROW_WORDS,
            points=points,
            ranks=ranks,
            places=places,
        )
        return (str(page.markup) + "\n").encode("utf-8", errors="backslashreplace")


def _both(pair: Pair[Any]) -> tuple[Any, Any]:
    return pair.old, pair.new


def _flat(text: str | None) -> str:
    """Put a cell on one line."""
    return " ".join((text or "").split("\n"))


def _side(value: Decimal | None) -> str:
    return "（未计）" if value is None else words.number(value)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return show(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return value


def table_rows(units: Iterable[UnitChange], view: ComparisonView) -> list[Sequence[str]]:
    """Return the terminal's table of units: name, kind, scores as they were and became, difference, ranks."""
    return [
        (
            unit.unit_name,
            view.what(unit),
            points(unit.key_score),
            points(unit.bonus_score),
            points(unit.final_score),
            words.signed(unit.difference) if unit.difference is not None else words.ABSENT,
            ranks(unit.rank_in_group),
            ranks(unit.rank_overall),
        )
        for unit in units
    ]


TABLE_COLUMNS = ("单位", "变动", "重点考核", "加分", "最终得分", "差", "组内名次", "总名次")
