"""The order of judgement (四): veto, key items, gate, bonus, final score, grade, ranks.

This module alone knows the order in which rules apply. It adds up what the rules' ledger rows say and
never computes a point of its own.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Literal, Self

from assess_lib.composition import Step, bonus_steps, bounded, earned, exempt_items, key_steps
from assess_lib.errors import Problem, Severity
from assess_lib.exact import ZERO, cents, show, total
from assess_lib.ledger import Chain, Entry
from assess_lib.quotas import Standing, place, reached_text
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

    @classmethod
    def of(cls, unit: Unit, verdict: Verdict, unresolved: int) -> Self:
        """Return a unit's result: what the order of judgement makes of it, without ranks."""
        return cls(
            unit_id=unit.id,
            unit_name=unit.name,
            group=unit.group,
            status=verdict.status,
            key_score=verdict.key_score,
            bonus_open=verdict.bonus_open,
            bonus_score=verdict.bonus_score,
            final_score=verdict.final_score,
            grade=verdict.grade,
            rank_in_group=None,
            rank_overall=None,
            unresolved=unresolved,
        )


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
    return score_case(Case.build(tables, scheme, readings, run_date))


def score_case(case: Case) -> Score:
    """Score every unit of a year whose tables are sorted by unit already, as ``score`` does."""
    judged = [_told(_judge(unit, case), case) for unit in case.units]
    for number, standing in _placed([one.result for one in judged], case.scheme).items():
        judged[number] = _regraded(judged[number], standing, case.scheme)
    results = _ranked([unit_score.result for unit_score in judged])
    return Score(
        results=tuple(results),
        items=tuple(item for unit_score in judged for item in unit_score.items),
        ledger=tuple(entry for unit_score in judged for entry in unit_score.entries),
        problems=tuple(problem for unit_score in judged for problem in unit_score.problems),
    )


def results_of(case: Case) -> tuple[Result, ...]:
    """Return the results of ``score_case``, and nothing else: the same rules decide, and write no ledger."""
    case = case.quiet()
    results = [_judge(unit, case).result for unit in case.units]
    for number, standing in _placed(results, case.scheme).items():
        results[number] = replace(results[number], grade=standing.grade)
    return tuple(_ranked(results))


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

    No bonus rescues a unit whose key score is below the pass mark: the scheme's loader refuses a gate below it. In a
    scheme without a gate the bonus part is always open, in one without bonus items never.
    """
    gate = scheme.judgement.bonus_gate
    if gate is None:
        return bool(scheme.part_items("bonus"))
    return key_score > gate.points or (key_score == gate.points and readings["bonus_gate"] == "at_least")


def verdict(vetoed: bool, key_score: Decimal, earned: Decimal, scheme: Scheme, readings: Mapping[str, str]) -> Verdict:
    """Judge a unit by its points alone (四): veto, gate, cap of the bonus part, final score, grade.

    ``earned`` is what the bonus items add up to, before the part's cap and floor. A vetoed unit's ``key_score`` and
    ``earned`` are not looked at, nor is ``earned`` where the bonus part stays closed. The grade is the one that the
    score reaches: quotas need the other units, as ranks do.
    """
    if vetoed:
        return Verdict("vetoed", None, False, None, None, scheme.grades.fail)
    opened = bonus_opens(key_score, scheme, readings)
    bonus = bounded(earned, scheme) if opened else None
    final = key_score if bonus is None else key_score + bonus
    return Verdict("scored", key_score, opened, bonus, final, _grade(final, key_score, scheme))


@dataclass(frozen=True, slots=True)
class _Judged:
    """One unit's items, and what the order of judgement makes of their points. ``grounds`` are those that veto it."""

    unit: Unit
    outcomes: Mapping[str, Outcome]
    grounds: tuple[Item, ...]
    exempt: tuple[Item, ...]
    verdict: Verdict

    @property
    def result(self) -> Result:
        """The unit's result; ranks and quotas, which need the others, are left out."""
        unresolved = sum(bool(outcome.unresolved) for outcome in self.outcomes.values())
        return Result.of(self.unit, self.verdict, unresolved)


def _judge(unit: Unit, case: Case) -> _Judged:
    """Judge one unit in the order of 四; ranks are added when all units are judged."""
    scheme = case.scheme
    vetoes = scheme.part_items("veto")
    outcomes = {item.id: _apply(item, unit, case) for item in vetoes}
    grounds = tuple(item for item in vetoes if outcomes[item.id].vetoed)
    exempt = exempt_items(scheme, unit.id, unit.group)
    key_score = added = ZERO
    if not grounds:
        outcomes |= {item.id: _apply(item, unit, case) for item in scheme.key_items if item not in exempt}
        key_score = total(step.points for step in key_steps(scheme, _points(outcomes, scheme), exempt))
        if bonus_opens(key_score, scheme, case.readings):
            outcomes |= {item.id: _apply(item, unit, case) for item in scheme.part_items("bonus")}
            added = earned(scheme, _points(outcomes, scheme))
    made = verdict(bool(grounds), key_score, added, scheme, case.readings)
    return _Judged(unit, outcomes, grounds, exempt, made)


def _told(judged: _Judged, case: Case) -> _UnitScore:
    """Tell how a unit was judged: its items, the whole ledger, the open questions."""
    unit, scheme, made = judged.unit, case.scheme, judged.verdict
    unjudged = [item for item in scheme.items if item.part not in made.judged]
    if judged.grounds:
        why = f"因{scheme.parts.veto.name}，不计分"
        closing = [_blank(item, unit, case, "not_scored", why) for item in unjudged]
        closing.append(_vetoed_verdict(judged.grounds, unit, case))
    else:
        assert made.key_score is not None
        closing = [_exempt(item, unit, case) for item in judged.exempt]
        closing += [_gate_closed(item, unit, made.key_score, case) for item in unjudged]
        points = _points(judged.outcomes, scheme)
        steps = key_steps(scheme, points, judged.exempt) + (bonus_steps(scheme, points) if made.bonus_open else ())
        chain = _final_chain(unit, steps, case)
        assert chain.total == made.final_score  # what is printed is what the ledger adds up to
        _write_verdict(chain, made, scheme)
        closing += chain.entries
    outcomes = [(scheme.item(item_id), outcome) for item_id, outcome in judged.outcomes.items()]
    return _UnitScore(
        judged.result,
        tuple(_item_score(item, unit, outcome) for item, outcome in outcomes),
        (*(entry for _, outcome in outcomes for entry in outcome.entries), *closing),
        tuple(problem for item, outcome in outcomes for problem in _problems(item, unit, outcome)),
    )


def judge(unit: Unit, case: Case) -> Result:
    """Judge one unit alone in the order of 四; ranks and quotas, which need the others, are left out."""
    return _judge(unit, case.quiet()).result


def score_unit(unit: Unit, case: Case) -> Score:
    """Score one unit alone, with its ledger and problems; ranks and quotas, which need the others, are left out."""
    made = _told(_judge(unit, case), case)
    return Score((made.result,), made.items, made.entries, made.problems)


def _placed(results: Sequence[Result], scheme: Scheme) -> dict[int, Standing]:
    """Return where the quotas of bands leave the units that compete for one, by their place among the results."""
    if not scheme.grades.limited:
        return {}
    competing = {
        number: Standing(result.group, score, scheme.grades.passed)
        for number, result in enumerate(results)
        if (score := _competing(result, scheme)) is not None
    }
    place(list(competing.values()), Counter(result.group for result in results), scheme.grades)
    return competing


def _competing(result: Result, scheme: Scheme) -> Decimal | None:
    """Return the score with which a unit competes for bands: none when vetoed or below the pass mark."""
    return None if result.grade == scheme.grades.fail else result.final_score


def _regraded(one: _UnitScore, standing: Standing, scheme: Scheme) -> _UnitScore:
    *rows, last = one.entries
    told = replace(
        last,
        label=f"{scheme.grades.printed(standing.grade)}：最终得分 {show(standing.score)}",
        formula="；".join((last.formula, *standing.remarks)),
    )
    return replace(one, result=replace(one.result, grade=standing.grade), entries=(*rows, told))


def _apply(item: Item, unit: Unit, case: Case) -> Outcome:
    return METHODS[item.rule.method](item, unit, case)


def _points(outcomes: Mapping[str, Outcome], scheme: Scheme) -> dict[str, Decimal]:
    """Return the points of the items that were judged, veto items aside, which have none."""
    items = (*scheme.key_items, *scheme.part_items("bonus"))
    found = {item.id: outcomes[item.id].points for item in items if item.id in outcomes}
    return found  # type: ignore[return-value]  # every item but a veto has points


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


def _exempt(item: Item, unit: Unit, case: Case) -> Entry:
    exemption = item.exemption(unit.id, unit.group)
    assert exemption is not None
    return _blank(item, unit, case, "not_scored", f"免考核（{exemption.basis}），不参加本项，其余项目折合")


def _gate_closed(item: Item, unit: Unit, key_score: Decimal, case: Case) -> Entry:
    gate = case.scheme.judgement.bonus_gate
    assert gate is not None  # without a gate the bonus part is open
    need = "高于" if case.readings["bonus_gate"] == "above" else "达到"
    parts = case.scheme.parts
    why = f"{parts.key.score}未{need}{gate.name}，{parts.bonus.name}部分不开启，不计"
    entry = _blank(item, unit, case, "gate_closed", why)
    sign = "≤" if case.readings["bonus_gate"] == "above" else "<"
    return replace(entry, formula=f"{show(key_score)} {sign} {show(gate.points)}", reading=case.reading("bonus_gate"))


def _vetoed_verdict(grounds: Sequence[Item], unit: Unit, case: Case) -> Entry:
    part, names = case.scheme.parts.final, "、".join(f"{item.name}（{item.clause}）" for item in grounds)
    label = f"{case.scheme.grades.fail}：{case.scheme.parts.veto.name}（{names}），不计分，不排名"
    return Entry(unit.id, "final", "final", part.clause, label, "verdict", source=(unit.source,))


def _final_chain(unit: Unit, steps: Sequence[Step], case: Case) -> Chain:
    """Add key score and bonus (四 5): a row for each step of the composition."""
    scheme = case.scheme
    chain = Chain(unit.id, "final", "final", scheme.parts.final.clause, ZERO)
    for step in steps:
        remark = f"（{step.remark}）" if step.remark else ""
        chain.append(
            step.label,
            step.status,
            nominal=step.nominal,
            points=step.points,
            formula=f"{show(chain.total)} {_plus(step.points)} = {show(chain.total + step.points)}{remark}",
            reading=case.reading("bonus_gate") if step.gated and scheme.judgement.bonus_gate else "",
            source=(unit.source,),
        )
    return chain


def _plus(points: Decimal) -> str:
    return f"− {show(-points)}" if points < 0 else f"+ {show(points)}"


def _grade(final_score: Decimal, key_score: Decimal, scheme: Scheme) -> str:
    """Grade a scored unit: below the pass mark 不合格, else 合格 or the approved band that the final score reaches."""
    if scheme.fails(key_score, final_score):
        return scheme.grades.fail
    reached = (band.grade for band in scheme.grades.bands if final_score >= band.at_least)
    return next(reached, scheme.grades.passed)


def _write_verdict(chain: Chain, made: Verdict, scheme: Scheme) -> None:
    line = scheme.judgement.pass_mark
    by_key = line.compares == "key_score"
    held = (made.key_score if by_key else made.final_score) or ZERO
    sign, name = "<" if held < line.points else "≥", scheme.parts.key.name if by_key else "最终得分"
    # Where places are limited, what is reached is said when the others' scores are known.
    bands = () if scheme.grades.limited else scheme.grades.bands
    reached = next((f"；{reached_text(band)}" for band in bands if band.grade == made.grade), "")
    chain.note(
        f"{scheme.grades.printed(made.grade)}：最终得分 {show(made.final_score)}",
        "verdict",
        formula=f"{name} {show(held)} {sign} {line.name} {show(line.points)}{reached}",
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
