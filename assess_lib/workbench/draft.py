"""What was tried, as a draft of 调整复核: the decisions that say it, and plainly what no decision can say.

The draft is a workbook like the one handed out by ``assess templates``, its rows filled in but for who decides, when,
under which document and why. Filled in and put into the raw folder it gives the what-if's numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from assess_lib.errors import UsageError
from assess_lib.exact import show
from assess_lib.store.folder import disk_failure
from assess_lib.tables import TABLES, Row, Source
from assess_lib.templates.entry import Form, Known, writable
from assess_lib.templates.workbook import dump_form
from assess_lib.views import words
from assess_lib.workbench.bench import ROSTER, STANDARDS, TRIED, Bench
from assess_lib.workbench.changes import DECISIONS, Amount, Changes, Object

NUMBER = "SS-{:03d}"


@dataclass(frozen=True, slots=True)
class Decision:
    """One row of the draft: its 编号, what it decides on, and the new amount (None: 撤销)."""

    number: str
    thing: Object
    value: Decimal | None
    what: str

    @property
    def action(self) -> str:
        """The 处理 of the row."""
        return "撤销" if self.value is None else "改值"


@dataclass(frozen=True, slots=True)
class Unsaid:
    """A change that no row of 调整复核 can say, and what to do instead."""

    change: str
    instead: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A what-if as decisions, and what is left over."""

    decisions: tuple[Decision, ...]
    unsaid: tuple[Unsaid, ...]


def make_draft(bench: Bench, changes: Changes) -> Draft:
    """Say a what-if as rows of 调整复核, in the order of their objects' rows; nothing of it is dropped silently."""
    sayable = [(thing, amount) for thing, amount in _own(bench, changes) if not _why_not(thing, bench)]
    numbers = _free_numbers(bench)
    decisions = tuple(
        Decision(next(numbers), thing, None if amount is None else amount.value, _what(bench, thing))
        for thing, amount in sayable
    )
    return Draft(decisions, tuple(_unsaid(bench, changes)))


def _own(bench: Bench, changes: Changes) -> list[tuple[Object, Amount | None]]:
    own: list[tuple[Object, Amount | None]] = [(thing, None) for thing in changes.withdrawn]
    own += changes.amounts.items()
    return sorted(own, key=lambda pair: bench.objects[pair[0]][0].source)


def _free_numbers(bench: Bench) -> Iterator[str]:
    """Yield 编号 that no official decision has."""
    taken = {row["编号"] for row in bench.tables[DECISIONS]}
    number = 0
    while True:
        number += 1
        if (name := NUMBER.format(number)) not in taken:
            yield name


def _what(bench: Bench, thing: Object) -> str:
    row = bench.objects[thing][0]
    return f"{bench.units[thing.unit_id]} {thing.table} {thing.number}（{place(row.source)}）"


def place(source: Source) -> str:
    """Print where a row stands, as a person looks for it."""
    sheet = f"“{source.sheet}”" if source.sheet else ""
    return f"{source.file}{sheet} 第 {source.row} 行"


def _why_not(thing: Object, bench: Bench) -> str:
    """Return why no new decision can be taken on an object; blank where one can."""
    standing = bench.decisions.get(thing)
    if standing is not None:
        return f"{standing['编号']} 已对它作过决定，一个对象只能有一个决定：请改 {place(standing.source)}。"
    if writable(thing.number) != thing.number:
        return "编号里有表格存不下的字符：请先在原表更正编号。"
    return ""


def _unsaid(bench: Bench, changes: Changes) -> Iterator[Unsaid]:
    for thing, amount in _own(bench, changes):
        if why := _why_not(thing, bench):
            told = "撤销" if amount is None else f"改为 {show(amount.value)}"
            yield Unsaid(f"{_what(bench, thing)}：{told}", why)
    for source in sorted(changes.removed):
        row = bench.rows[source]
        if row.table == DECISIONS:
            yield Unsaid(
                f"不作 {row['编号']} 的决定（{row['对象表']} {row['对象编号']}，{row['处理']}）",
                f"决定不能再用决定撤销：请在 {place(source)} 改正或删去。",
            )
        else:
            yield Unsaid(
                f"去掉 {_named(bench, row)}（{place(source)}）",
                f"“{row.table}”没有编号，不能撤销：登记确有错误的，请更正原表。",
            )
    for key, option in changes.readings.items():
        reading = bench.scheme.readings[key]
        yield Unsaid(
            f"口径“{reading.name}”：{reading.options[option]}",
            f"口径不是调整复核：由领导小组定，写进 scheme.yaml，或用 --reading {key}={option} 试算。",
        )
    if changes.run_date is not None:
        yield Unsaid(
            f"计分日期 {words.day(changes.run_date)}",
            f"计分日期不是调整复核：运行时用 --date {changes.run_date}。",
        )


def _named(bench: Bench, row: Row) -> str:
    return f"{bench.units.get(row['单位'], row['单位'])}的{row.table}"


def dump_draft(bench: Bench, changes: Changes, story: str) -> bytes:
    """Return the draft's workbook; ``story`` says what the what-if changed and did.

    Raises UsageError where no change can be said as a decision: an empty draft would look like one that says all.
    """
    made = make_draft(bench, changes)
    if not made.decisions:
        raise UsageError(
            "没有可以写成调整复核的改动，没有导出。"
            + ("下面列出的改动要用别的办法。" if made.unsaid else "请先作改动。")
        )
    filled = tuple(_cells(decision, bench) for decision in made.decisions)
    remarks = [
        ("试算", writable(story)),
        ("依据", _basis(bench)),
        ("要补填", "理由、决定人、决定日期、批准文号。没有填齐的，读入时就是错误，不会计分。"),
        *(("不在表内", writable(f"{unsaid.change}。{unsaid.instead}")) for unsaid in made.unsaid),
    ]
    known = Known(bench.tables[ROSTER], bench.tables[STANDARDS])
    form = Form(
        TABLES[DECISIONS], bench.scheme, known, bench.data.basis.readings, filled=filled, remarks=tuple(remarks)
    )
    return dump_form(form)


def _basis(bench: Bench) -> str:
    """Say what the what-if starts from, and what a run must be given besides the draft to come to the same."""
    basis = bench.data.basis
    defaults = bench.scheme.default_readings()
    options = [f"--reading {key}={option}" for key, option in basis.readings.items() if option != defaults[key]]
    options += [f"--date {basis.run_date}"] if basis.run_date != bench.scheme.cut_off else []
    same = f"；重新评分时要同样写 {' '.join(options)}" if options else ""
    return f"正式结果的凭据摘要 {bench.data.receipt_digest[:16]}，计分日期 {basis.run_date}{same}"


def _cells(decision: Decision, bench: Bench) -> dict[str, str | Decimal]:
    thing, name = decision.thing, bench.units[decision.thing.unit_id]
    cells: dict[str, str | Decimal] = {
        "编号": decision.number,
        "单位": name if writable(name) == name else thing.unit_id,
        "对象表": thing.table,
        "对象编号": thing.number,
        "处理": decision.action,
    }
    return cells if decision.value is None else {**cells, "新值": decision.value}


def write_draft(folder: Path, data: bytes) -> Path:
    """Write a draft under a new name into the folder of drafts and return its path; no file is ever replaced.

    Raises EnvironmentFailure when the disk refuses.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in _names():
            target = folder / name
            try:
                with open(target, "xb") as stream:
                    stream.write(data)
            except FileExistsError:
                continue
            return target
    except OSError as error:
        raise disk_failure(error, folder) from error
    raise AssertionError("unreachable")


def _names() -> Iterator[str]:
    number = 0
    while True:
        number += 1
        yield f"{DECISIONS}_{TRIED}{number:02d}.xlsx"


def known_changes(made: Draft) -> Sequence[str]:
    """List a draft's decisions in words."""
    return [
        f"{decision.number} {decision.action}"
        f"{'' if decision.value is None else f'（新值 {show(decision.value)}）'}：{decision.what}"
        for decision in made.decisions
    ]
