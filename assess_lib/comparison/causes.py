"""Why a ledger row differs: the raw rows, readings and numbers of the scheme behind it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from assess_lib.comparison.changes import Cause, Overview, Pair, ReadingChange, RecordChange, Step
from assess_lib.comparison.matching import named_rows
from assess_lib.comparison.records import Records
from assess_lib.rules.deduction import report_name
from assess_lib.scheme import Item, ReportFacts
from assess_lib.tables import ALL_UNITS

# Columns of 单位名录 that no number depends on.
_NAMES = frozenset({"单位名称", "全称", "别名", "依据文号"})
# The column of 单位名录 that reports of ``key_task_units`` alone depend on.
_KEY_TASK = "重点任务单位"
# Columns of the other tables that no number depends on.
_WORDS = {
    "扣分标准": frozenset({"考核内容", "扣分情形", "批准文号"}),
    "扣分登记": frozenset({"事实", "佐证编号", "评分人", "复核人"}),
    "表彰宣传": frozenset({"事项名称", "机关或媒体", "文号或网址"}),
    "评定加分": frozenset({"理由", "复核人"}),
    "交办任务": frozenset({"任务"}),
    "调整复核": frozenset({"理由", "决定人", "决定日期", "批准文号"}),
    "佐证目录": frozenset({"类型", "名称或网址", "存放位置", "采集日期", "SHA256"}),
}
# As the rules write their labels and the overview its paths.
_NOT_YET, _MEAN = "尚未到期", "四个季度平均"
_DUE, _REPORT = re.compile(r"\.due\b"), re.compile(r"（\d{4}-\d\d-\d\d 到期）")
# Statuses of a row that counts, in whole or cut.
_COUNTING = frozenset({"counted", "adjusted", "capped", "floored"})


@dataclass(frozen=True, slots=True)
class Reasons:
    """Finds the causes of differences between two sets."""

    overview: Overview
    records: Records

    def of_row(
        self, pair: Pair[Step], item: Item, unit_id: str, rows: Sequence[Pair[Step]], *, opened: bool = False
    ) -> tuple[Cause, ...]:
        """Say why a ledger row of an item is new, gone or different; ``rows`` are all of the item.

        ``opened``: the item is judged on one side only, because the bonus part opened or closed. The order is raw
        rows, readings, the scheme, the run date, the roster; only where none of them can have moved this row, what
        other rows did to it, else the software. ``unknown`` is said when nothing is left.
        """
        if opened:
            return (Cause("gate"),)
        changes = list(self._records(pair, item, unit_id))
        ranked = item.rule.method == "quarterly_top_ranks"
        if ranked and _combines(pair):
            changes += [change for change in self._changes(item, *rows) if change not in changes]
        found = [Cause("record", record=change) for change in changes]
        found += [Cause("reading", reading=change) for change in self._readings(pair)]
        found += [cause for cause in self.of_scheme(f"items[{item.id}]") if _concerns(cause, pair)]
        found += self._run_date(pair, item)
        if ranked and self._ranked_otherwise(pair):
            found.append(Cause("roster"))
        if any(cause.record is None or not _only_words(cause.record) for cause in found) and not _only_cut(pair):
            return tuple(found)
        indirect = [cause for cause in self._indirect(pair, item, unit_id, rows) if cause not in found]
        return tuple(found + indirect if not found or _says_more(indirect) else found)

    def of_scheme(self, *paths: str) -> list[Cause]:
        """Return the numbers of the scheme below these paths that differ, names and clauses aside."""
        return [
            Cause("scheme", scheme=change)
            for change in self.overview.scheme
            if change.path.startswith(paths)
            and not change.path.endswith((".name", ".clause"))
            and ".words" not in change.path
        ]

    def of_start(self, item: Item, *, opened: bool) -> tuple[Cause, ...]:
        """Say why an item starts with other points: its part opened or closed, its cap differs, or a unit is exempt."""
        own = (f"items[{item.id}].cap", f"items[{item.id}].exempt")
        return (Cause("gate"),) if opened else tuple(self.of_scheme(*own) or self._last())

    def of_cut(self) -> tuple[Cause, ...]:
        """Say why the cap of the bonus part takes another amount: the cap differs, else the items' sum does."""
        return tuple(self.of_scheme("judgement.bonus_cap") or [Cause("other_rows")])

    def of_account(self) -> tuple[Cause, ...]:
        """Say why dimensions, weights, exemptions and limits make another amount of the items' sum."""
        found = self.of_scheme("judgement", "dimensions")
        placed = self.of_scheme("items")
        found += [cause for cause in placed if cause.scheme and re.search(r"\]\.(exempt|dimension)", cause.scheme.path)]
        return tuple(found or [Cause("other_rows")])

    def of_gate(self) -> tuple[Cause, ...]:
        """Say what beside the key score can have opened or closed the bonus part."""
        return (*self._keyed("bonus_gate"), *self.of_scheme("judgement.bonus_gate"))

    def of_grade(self) -> tuple[Cause, ...]:
        """Say what beside the scores can have changed a grade."""
        return tuple(self.of_scheme("judgement.pass_mark", "grades"))

    def _keyed(self, *keys: str) -> list[Cause]:
        return [Cause("reading", reading=change) for change in self.overview.readings if change.key in keys]

    def _ranked_otherwise(self, pair: Pair[Step]) -> bool:
        """Tell whether other units are ranked: some came or went, or moved where each group is ranked by itself."""
        roster = self.overview.roster
        by_group = any("info_pool=by_group" in step.reading for step in (pair.old, pair.new) if step is not None)
        return bool(roster.added or roster.removed or (roster.regrouped and by_group))

    def _records(self, pair: Pair[Step], item: Item, unit_id: str) -> Iterator[RecordChange]:
        """Yield what changed of the raw rows that the row names on either side or that ended its absence, each once."""
        yield from self._changes(item, pair)
        yield from self._absence(pair, item, unit_id, self._named(pair))

    def _named(self, pair: Pair[Step]) -> dict[int, None]:
        """Return the raw rows that a ledger row names on either side, each once."""
        numbers: dict[int, None] = {}
        for step, known in ((pair.old, self.records.old), (pair.new, self.records.new)):
            numbers |= dict.fromkeys(() if step is None else named_rows(step, known))
        return numbers

    def _changes(self, item: Item, *pairs: Pair[Step]) -> Iterator[RecordChange]:
        """Yield what changed of the raw rows that ledger rows of an item name on either side, each once."""
        found: dict[int, RecordChange] = {}
        for pair in pairs:
            idle = _NAMES if _asks_key_task(pair, item) else _NAMES | {_KEY_TASK}
            for number in self._named(pair):
                change = self.records.changes.get(number)
                if change is not None and not _only_names(change, idle):
                    found[number] = change
        yield from found.values()

    def _absence(self, pair: Pair[Step], item: Item, unit_id: str, known: dict[int, None]) -> Iterator[RecordChange]:
        """Yield what ended or brought about a row that says a table holds nothing: its rows, its confirmations."""
        labels = " ".join(step.label for step in (pair.old, pair.new) if step is not None)
        tables = [table for table in item.rule.tables if f"“{table}”" in labels]
        for number, change in self.records.changes.items():
            if number in known:
                continue
            confirms = change.table == "确认无事项" and dict(change.key).get("表") in tables
            if change.unit_id in (unit_id, ALL_UNITS) and (change.table in tables or confirms):
                yield change

    def _readings(self, pair: Pair[Step]) -> Iterator[ReadingChange]:
        named = "; ".join(step.reading for step in (pair.old, pair.new) if step is not None)
        keys = {part.partition("=")[0] for part in named.split("; ")}
        return (change for change in self.overview.readings if change.key in keys)

    def _run_date(self, pair: Pair[Step], item: Item) -> list[Cause]:
        """Name the run date where an obligation or a task became due, or is not yet, between the two days."""
        due = any(getattr(facts, "kind", "") in ("reports", "tasks") for facts in getattr(item.rule, "facts", ()))
        waits = {_NOT_YET in step.label for step in (pair.old, pair.new) if step is not None}
        return [Cause("run_date")] if self.overview.run_date.changed and due and len(waits) > 1 else []

    def _indirect(self, pair: Pair[Step], item: Item, unit_id: str, rows: Sequence[Pair[Step]]) -> list[Cause]:
        """Say what else moved a row whose own basis is the same.

        Cap or floor took another amount of it; or another raw row of the item or the unit beat it or made way; or a
        reading or number of the scheme that the row does not name; else the software.
        """
        if _only_cut(pair):
            return [Cause("cut")]
        of_item = [Cause("record", record=change) for change in self._changes(item, *rows)]
        if of_item or self.records.of_unit(unit_id):
            return [Cause("other_rows"), *of_item]
        rules = [Cause("reading", reading=change) for change in self.overview.readings]
        return rules or self.of_scheme("") or self._last()

    def _last(self) -> list[Cause]:
        return [Cause("software")] if self.overview.software else [Cause("unknown")]


def _only_cut(pair: Pair[Step]) -> bool:
    """Tell whether a row counts on both sides with the same own amount: then cap or floor took another part of it."""
    old, new = pair.old, pair.new
    if old is None or new is None or old.nominal is None:
        return False
    return {old.status, new.status} <= _COUNTING and old.nominal == new.nominal


def _combines(pair: Pair[Step]) -> bool:
    """Tell whether a row of 信息报送 hangs on all quarters: their mean, or one that is or is not the best."""
    steps = [step for step in (pair.old, pair.new) if step is not None]
    mean = any(step.label.startswith(_MEAN) for step in steps)
    best = any("info_quarters=best" in step.reading for step in steps)
    return mean or (best and len({step.status for step in steps}) > 1)


def _concerns(cause: Cause, pair: Pair[Step]) -> bool:
    """Tell whether a number of the scheme can have moved a row: when a report is due concerns reports alone."""
    assert cause.scheme is not None
    due = _DUE.search(cause.scheme.path)
    return due is None or any(_REPORT.search(step.label) for step in (pair.old, pair.new) if step is not None)


def _says_more(indirect: Iterable[Cause]) -> bool:
    return any(cause.kind not in ("software", "unknown") for cause in indirect)


def _only_words(change: RecordChange) -> bool:
    """Tell whether a raw row changed in words alone, which move no number."""
    return bool(change.cells) and {column for column, _, _ in change.cells} <= _WORDS.get(change.table, frozenset())


def _only_names(change: RecordChange, idle: frozenset[str]) -> bool:
    """Tell whether a roster row changed in names, or other columns that move no number here, alone."""
    return change.table == "单位名录" and {column for column, _, _ in change.cells} <= idle


def _asks_key_task(pair: Pair[Step], item: Item) -> bool:
    """Tell whether a row hangs on 重点任务单位: it is about a report that only such units owe, or says so itself."""
    kinds = [kind for kind in getattr(item.rule, "facts", ()) if isinstance(kind, ReportFacts)]
    owed = [report for kind in kinds for report in kind.due if report.owed_by == "key_task_units"]
    about = tuple(f"{report_name(report.material, report.quarter)}（" for report in owed)
    labels = [step.label for step in (pair.old, pair.new) if step is not None]
    return bool(owed) and any(label.startswith(about) or _KEY_TASK in label for label in labels)
