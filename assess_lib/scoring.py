"""The order of judgement (四): veto, key items, gate, bonus, final score, grade, ranks.

This module alone knows the order in which rules apply. It adds up what the rules' ledger rows say and
never computes a point of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    rank_in_group: int | None = None
    rank_overall: int | None = None
    unresolved: int = 0


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


def _judge(unit: Unit, case: Case) -> _UnitScore:
    """Judge one unit in the order of 四; ranks are added when all units are judged."""
    scheme = case.scheme
    outcomes = {item.id: _apply(item, unit, case) for item in scheme.part_items("veto")}
    grounds = [item for item in scheme.part_items("veto") if outcomes[item.id].vetoed]
    key_score = bonus_score = final_score = None
    bonus_open = False
    closing: list[Entry] = []
    if grounds:
        later = (scheme.key_item, *scheme.part_items("bonus"))
        closing += [_blank(item, unit, case, "not_scored", "因单项否决，不计分") for item in later]
        grade = scheme.grades.fail
        closing.append(_vetoed_verdict(grounds, unit, case))
    else:
        outcomes[scheme.key_item.id] = key = _apply(scheme.key_item, unit, case)
        key_score = _points(key)
        bonus_open = _gate_opens(key_score, case)
        if bonus_open:
            for item in scheme.part_items("bonus"):
                outcomes[item.id] = _apply(item, unit, case)
        else:
            closing += [_gate_closed(item, unit, key_score, case) for item in scheme.part_items("bonus")]
        earned = sum((_points(outcomes[i.id]) for i in scheme.part_items("bonus")), ZERO) if bonus_open else None
        chain = _final_chain(unit, key_score, earned, case)
        final_score = chain.total
        bonus_score = None if earned is None else final_score - key_score
        grade = _grade(final_score, key_score, scheme)
        _write_verdict(chain, grade, final_score, scheme)
        closing += chain.entries
    items = tuple(_item_score(scheme.item(item_id), unit, outcome) for item_id, outcome in outcomes.items())
    result = Result(
        unit_id=unit.id,
        unit_name=unit.name,
        group=unit.group,
        status="vetoed" if grounds else "scored",
        key_score=key_score,
        bonus_open=bonus_open,
        bonus_score=bonus_score,
        final_score=final_score,
        grade=grade,
        unresolved=sum(item.unresolved for item in items),
    )
    entries = tuple(entry for outcome in outcomes.values() for entry in outcome.entries) + tuple(closing)
    problems = tuple(
        problem for item_id, outcome in outcomes.items() for problem in _problems(scheme.item(item_id), unit, outcome)
    )
    return _UnitScore(result, items, entries, problems)


def _apply(item: Item, unit: Unit, case: Case) -> Outcome:
    return METHODS[item.rule.method](item, unit, case)


def _points(outcome: Outcome) -> Decimal:
    assert outcome.points is not None
    return outcome.points


def _gate_opens(key_score: Decimal, case: Case) -> bool:
    """Tell whether the key score opens the bonus part (四): above the gate, or at it under ``at_least``.

    No bonus rescues a unit below the pass mark: the scheme's loader refuses a gate below it.
    """
    gate = case.scheme.judgement.bonus_gate.points
    return key_score > gate or (key_score == gate and case.readings["bonus_gate"] == "at_least")


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


def _final_chain(unit: Unit, key_score: Decimal, earned: Decimal | None, case: Case) -> Chain:
    """Add key score and bonus (四 5); the bonus part is cut at its own cap."""
    scheme = case.scheme
    chain = Chain(unit.id, "final", "final", scheme.parts.final.clause, ZERO)
    chain.append(
        f"{scheme.key_item.name}得分",
        "verdict",
        nominal=key_score,
        points=key_score,
        formula=f"0.00 + {show(key_score)} = {show(key_score)}",
        source=(unit.source,),
    )
    if earned is not None:
        cap = scheme.judgement.bonus_cap
        counted = min(earned, cap.points)
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

    def rank(result: Result, rivals: Sequence[Result]) -> int | None:
        own = result.final_score
        if own is None:
            return None
        return 1 + sum(rival.final_score is not None and rival.final_score > own for rival in rivals)

    return [
        replace(
            result,
            rank_in_group=rank(result, [r for r in results if r.group == result.group]),
            rank_overall=rank(result, results),
        )
        for result in results
    ]
