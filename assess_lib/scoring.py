"""The order of judgement (四): veto, key items, gate, bonus, final score, grade, ranks.

This module alone knows the order in which rules apply. It adds up what the rules' ledger rows say and
never computes a point of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Literal

from assess_lib.errors import Problem, Severity
from assess_lib.exact import ZERO, cents, show
from assess_lib.ledger import Chain, Entry
from assess_lib.rules import METHODS, Case, Doubt, Outcome, Unit
from assess_lib.scheme import Item, Scheme
from assess_lib.tables import Tables


@dataclass(frozen=True, slots=True)
class Result:
    """One unit's result; the fields are the columns of ``results.csv``, a value that does not exist is None."""

    unit_id: str
    unit_name: str
    group: str
    status: Literal["vetoed", "scored"]
    key_score: Decimal | None
    bonus_open: bool
    bonus_score: Decimal | None
    final_score: Decimal | None
    grade: str
    rank_in_group: int | None
    rank_overall: int | None
    unresolved: int


@dataclass(frozen=True, slots=True)
class ItemScore:
    """One unit's item; the fields are the columns of ``items.csv``. Veto items have no points and no cap."""

    unit_id: str
    item: str
    points: Decimal | None
    cap: Decimal | None
    unresolved: bool
    note: str


@dataclass(frozen=True, slots=True)
class Score:
    """A year's outcome: results and items in roster order, the ledger by unit and step, open questions."""

    results: tuple[Result, ...]
    items: tuple[ItemScore, ...]
    ledger: tuple[Entry, ...]
    problems: tuple[Problem, ...]

    @property
    def unresolved(self) -> tuple[Problem, ...]:
        """The problems that keep the year from being final."""
        return tuple(problem for problem in self.problems if problem.severity == "unresolved")


def score(tables: Tables, scheme: Scheme, readings: Mapping[str, str], run_date: date) -> Score:
    """Score every unit of the roster under the scheme.

    Takes clean tables (all 16 names present), the year's scheme, one option for each reading, and the run
    date: reports and tasks due after it are not owed yet. Implements 四 in its order; ``KeyError`` would
    mean that cleaning let an unknown standard through.
    """
    case = Case.build(tables, scheme, readings, run_date)
    judged = [_judge(unit, case) for unit in case.units]
    results = _ranked([unit_score.result for unit_score in judged])
    return Score(
        results=tuple(results),
        items=tuple(item for unit_score in judged for item in unit_score.items),
        ledger=tuple(entry for unit_score in judged for entry in unit_score.entries),
        problems=tuple(problem for unit_score in judged for problem in unit_score.problems),
    )


@dataclass(frozen=True, slots=True)
class _UnitScore:
    result: Result
    items: tuple[ItemScore, ...]
    entries: tuple[Entry, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the order of judgement makes of a unit's points; a value that does not exist is None."""

    status: Literal["vetoed", "scored"]
    key_score: Decimal | None
    bonus_open: bool
    bonus_score: Decimal | None
    final_score: Decimal | None
    grade: str

    @property
    def judged(self) -> tuple[str, ...]:
        """The parts whose items were judged; the others have no points and nothing unresolved."""
        if self.status == "vetoed":
            return ("veto",)
        return ("veto", "key", "bonus") if self.bonus_open else ("veto", "key")


def bonus_opens(key_score: Decimal, scheme: Scheme, readings: Mapping[str, str]) -> bool:
    """Tell whether the key score opens the bonus part (四): above the gate, or at it under ``at_least``.

    No bonus rescues a unit below the pass mark: the scheme's loader refuses a gate below it.
    """
    gate = scheme.judgement.bonus_gate.points
    return key_score > gate or (key_score == gate and readings["bonus_gate"] == "at_least")


def verdict(vetoed: bool, key_score: Decimal, earned: Decimal, scheme: Scheme, readings: Mapping[str, str]) -> Verdict:
    """Judge a unit by its points alone (四): veto, gate, cap of the bonus part, final score, grade.

    ``earned`` is what the bonus items add up to, before the part's cap. A vetoed unit's ``key_score`` and
    ``earned`` are not looked at, nor is ``earned`` where the bonus part stays closed.
    """
    if vetoed:
        return Verdict("vetoed", None, False, None, None, scheme.grades.fail)
    opened = bonus_opens(key_score, scheme, readings)
    bonus = cents(min(earned, scheme.judgement.bonus_cap.points)) if opened else None
    final = key_score if bonus is None else key_score + bonus
    return Verdict("scored", key_score, opened, bonus, final, _grade(final, key_score, scheme))


def _judge(unit: Unit, case: Case) -> _UnitScore:
    """Judge one unit in the order of 四; ranks are added when all units are judged."""
    scheme = case.scheme
    outcomes = {item.id: _apply(item, unit, case) for item in scheme.part_items("veto")}
    grounds = [item for item in scheme.part_items("veto") if outcomes[item.id].vetoed]
    key_score = earned = ZERO
    if not grounds:
        outcomes[scheme.key_item.id] = key = _apply(scheme.key_item, unit, case)
        key_score = _points(key)
        if bonus_opens(key_score, scheme, case.readings):
            for item in scheme.part_items("bonus"):
                outcomes[item.id] = outcome = _apply(item, unit, case)
                earned += _points(outcome)
    made = verdict(bool(grounds), key_score, earned, scheme, case.readings)
    unjudged = [item for item in scheme.items if item.part not in made.judged]
    if grounds:
        closing = [_blank(item, unit, case, "not_scored", "因单项否决，不计分") for item in unjudged]
        closing.append(_vetoed_verdict(grounds, unit, case))
    else:
        closing = [_gate_closed(item, unit, key_score, case) for item in unjudged]
        chain = _final_chain(unit, made, earned, case)
        assert chain.total == made.final_score  # what is printed is what the ledger adds up to
        _write_verdict(chain, made.grade, chain.total, scheme)
        closing += chain.entries
    items = tuple(_item_score(scheme.item(item_id), unit, outcome) for item_id, outcome in outcomes.items())
    result = Result(
        unit_id=unit.id,
        unit_name=unit.name,
        group=unit.group,
        status=made.status,
        key_score=made.key_score,
        bonus_open=made.bonus_open,
        bonus_score=made.bonus_score,
        final_score=made.final_score,
        grade=made.grade,
        rank_in_group=None,
        rank_overall=None,
        unresolved=sum(item.unresolved for item in items),
    )
    entries = tuple(entry for outcome in outcomes.values() for entry in outcome.entries) + tuple(closing)
    problems = tuple(
        problem for item_id, outcome in outcomes.items() for problem in _problems(scheme.item(item_id), unit, outcome)
    )
    return _UnitScore(result, items, entries, problems)


def judge(unit: Unit, case: Case) -> Result:
    """Judge one unit alone in the order of 四; ranks, which need the others, stay empty."""
    return _judge(unit, case).result


def _apply(item: Item, unit: Unit, case: Case) -> Outcome:
    return METHODS[item.rule.method](item, unit, case)


def _points(outcome: Outcome) -> Decimal:
    assert outcome.points is not None
    return outcome.points


def _blank(item: Item, unit: Unit, case: Case, status: Literal["not_scored", "gate_closed"], why: str) -> Entry:
    """Write the row of an item that was not judged: numbers stay blank, the rows it leaves unused are named."""
    part: Literal["key", "bonus"] = "key" if item.part == "key" else "bonus"
    category = getattr(item.rule, "category", None)
    unused = [
        row
        for table in item.rule.tables
        for row in case.rows(table, unit)
        if category is None or row["加分项"] == category
    ]
    label = f"{item.name}：{why}" + (f"（本项登记 {len(unused)} 条）" if unused else "")
    source = tuple(row.source for row in unused)
    return Entry(unit.id, part, item.id, item.clause, label, status, source=source)


def _gate_closed(item: Item, unit: Unit, key_score: Decimal, case: Case) -> Entry:
    gate = case.scheme.judgement.bonus_gate
    need = "高于" if case.readings["bonus_gate"] == "above" else "达到"
    entry = _blank(item, unit, case, "gate_closed", f"重点考核得分未{need}{gate.name}，加分部分不开启，不计")
    sign = "≤" if case.readings["bonus_gate"] == "above" else "<"
    return replace(entry, formula=f"{show(key_score)} {sign} {show(gate.points)}", reading=case.reading("bonus_gate"))


def _vetoed_verdict(grounds: Sequence[Item], unit: Unit, case: Case) -> Entry:
    part, names = case.scheme.parts.final, "、".join(f"{item.name}（{item.clause}）" for item in grounds)
    label = f"{case.scheme.grades.fail}：{case.scheme.parts.veto.name}（{names}），不计分，不排名"
    return Entry(unit.id, "final", "final", part.clause, label, "verdict", source=(unit.source,))


def _final_chain(unit: Unit, made: Verdict, earned: Decimal, case: Case) -> Chain:
    """Add key score and bonus (四 5); the bonus part is cut at its own cap."""
    scheme, key_score, counted = case.scheme, made.key_score or ZERO, made.bonus_score
    chain = Chain(unit.id, "final", "final", scheme.parts.final.clause, ZERO)
    chain.append(
        f"{scheme.key_item.name}得分",
        "verdict",
        nominal=key_score,
        points=key_score,
        formula=f"0.00 + {show(key_score)} = {show(key_score)}",
        source=(unit.source,),
    )
    if counted is not None:
        cap = scheme.judgement.bonus_cap
        cut = f"（各项合计 {show(earned)}，{cap.name} {show(cap.points)}）" if counted < earned else ""
        chain.append(
            f"{scheme.parts.bonus.name}得分",
            "capped" if cut else "verdict",
            nominal=earned,
            points=counted,
            formula=f"{show(chain.total)} + {show(counted)} = {show(chain.total + counted)}{cut}",
            reading=case.reading("bonus_gate"),
            source=(unit.source,),
        )
    return chain


def _grade(final_score: Decimal, key_score: Decimal, scheme: Scheme) -> str:
    """Grade a scored unit: below the pass mark 不合格, else 合格 or the approved band that the final score reaches."""
    if key_score < scheme.judgement.pass_mark.points:
        return scheme.grades.fail
    reached = (band.grade for band in scheme.grades.bands if final_score >= band.at_least)
    return next(reached, scheme.grades.passed)


def _write_verdict(chain: Chain, grade: str, final_score: Decimal, scheme: Scheme) -> None:
    key_score = chain.entries[0].points or ZERO
    line = scheme.judgement.pass_mark
    sign = "<" if key_score < line.points else "≥"
    printed = f"{grade}{scheme.grades.pending}" if grade == scheme.grades.passed else grade
    chain.note(
        f"{printed}：最终得分 {show(final_score)}",
        "verdict",
        formula=f"重点考核 {show(key_score)} {sign} {line.name} {show(line.points)}",
        source=(chain.entries[0].source),
    )


def _item_score(item: Item, unit: Unit, outcome: Outcome) -> ItemScore:
    if item.part == "veto":
        note = "vetoed" if outcome.vetoed else "clear"
    else:
        note = " ".join(doubt.message for doubt in outcome.unresolved)
    cap = None if item.cap is None else cents(item.cap)
    return ItemScore(unit.id, item.id, outcome.points, cap, bool(outcome.unresolved), note)


def _problems(item: Item, unit: Unit, outcome: Outcome) -> list[Problem]:
    """Turn a rule's doubts into problems that name unit, item and remedy."""

    def problem(severity: Severity, doubt: Doubt) -> Problem:
        return Problem(
            severity=severity,
            code=f"{severity}.{item.id.lower()}.{doubt.code}",
            message=f"{item.id} {item.name}（{item.clause}）：{doubt.message}",
            remedy=doubt.remedy,
            table=doubt.table,
            value=unit.name,
        )

    return [problem("unresolved", d) for d in outcome.unresolved] + [problem("warning", d) for d in outcome.warnings]


def _ranked(results: Sequence[Result]) -> list[Result]:
    """Give competition ranks (1, 1, 3) by final score, within the group and overall, to units that have one."""
    overall = _ranks(result.final_score for result in results)
    members: defaultdict[str, list[Decimal | None]] = defaultdict(list)
    for result in results:
        members[result.group].append(result.final_score)
    within = {group: _ranks(scores) for group, scores in members.items()}
    return [
        replace(
            result,
            rank_in_group=None if result.final_score is None else within[result.group][result.final_score],
            rank_overall=None if result.final_score is None else overall[result.final_score],
        )
        for result in results
    ]


def _ranks(scores: Iterable[Decimal | None]) -> dict[Decimal, int]:
    """Return the competition rank of each score, the highest first."""
    ranks: dict[Decimal, int] = {}
    for rank, score in enumerate(sorted((score for score in scores if score is not None), reverse=True), start=1):
        ranks.setdefault(score, rank)
    return ranks
