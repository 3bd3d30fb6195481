"""Run the rule cases of ``tests/cases/*.yaml``: each is a Chinese sentence that a policy officer can review.

A case file is a mapping with one key, ``cases``: a list of cases. A case has these keys (any other fails):

``case``            the promise, one Chinese sentence, unique among all files
``given``           optional: {table: [row, ...]} in the contract's Chinese columns. A row is merged into the default
                    row of the same key (``_defaults.yaml``), or added; columns left out get the default values there.
                    A list as a value makes one row for each element. Units are written by 单位名称.
``absent``          optional: {table: [pattern, ...]}: default rows that this case takes away
``readings``        optional: {key: option}; the others are the scheme's defaults
``date``            optional: the run date; default the cut-off
``scheme_changes``  optional: {path: value}: edits to the shipped scheme.yaml. A path is dotted; an element of ``items``
                    is named by its id, of another list by its index; ``+`` appends; the value null removes.
``why``             optional: the arithmetic, where it is not obvious
``expect``          {unit: {...}} and optionally ``problems: [{severity, code, message}, ...]`` (message: contained in)

What is expected of a unit:

- fields of results.csv: ``status key_score bonus_open bonus_score final_score grade rank_in_group rank_overall
  unresolved`` (null: the value does not exist)
- ``items``: {item: points} or {item: {points, unresolved, note}} or {item: absent}
- ``ledger``: rows that the unit's ledger must hold, in this order, others may stand between them. ``part item clause
  status evidence_id`` and the numbers are matched exactly; ``label formula reading source`` must be contained.
- ``ledger_without``: patterns of the same form that no row may match
- ``rows``: {item: [row, ...]}: the item's rows, all of them, each to the letter: ``label status formula numbers reading
  source evidence_id``, where ``numbers`` is ``nominal before points after``; what is left out is blank

``problems_exactly`` beside ``problems`` gives all problems to the letter: ``severity code table value message remedy``.

Beside its own expectations every case checks what the contract says of every ledger (see ``check_ledger``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any, get_args

import pytest
from build import SCHEME_FILE, make_tables
from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor

from assess_lib.exact import show
from assess_lib.ledger import Entry, Status
from assess_lib.rules import Case
from assess_lib.scheme import KNOWN_READINGS, DeductFromFull, Scheme
from assess_lib.scoring import Score, judge, results_of, score, score_unit
from assess_lib.tables import ALL_UNITS, EXTRA_KEYS, TABLES, Row

CASES = Path(__file__).parent / "cases"

CASE_KEYS = {"case", "given", "absent", "readings", "date", "scheme_changes", "why", "expect"}
RESULT_KEYS = {
    "status",
    "key_score",
    "bonus_open",
    "bonus_score",
    "final_score",
    "grade",
    "rank_in_group",
    "rank_overall",
    "unresolved",
}
EXACT_KEYS = {"part", "item", "clause", "status", "evidence_id"}
NUMBER_KEYS = {"nominal", "before", "points", "after"}
TEXT_KEYS = {"label", "formula", "reading", "source"}
NO_UNIT = ("problems", "problems_exactly")  # keys of ``expect`` that name no unit
LEDGER_KEYS = EXACT_KEYS | NUMBER_KEYS | TEXT_KEYS
ROW_KEYS = ("label", "status", "formula", "numbers", "reading", "source", "evidence_id")
ITEM_KEYS = {"points", "unresolved", "note"}
PROBLEM_KEYS = {"severity", "code", "message"}
EXACT_PROBLEM_KEYS = ("severity", "code", "table", "value", "message", "remedy")


class _ExactConstructor(SafeConstructor):
    """Loads 2.67 as the decimal that is written there, never as a binary float."""


_ExactConstructor.add_constructor(
    "tag:yaml.org,2002:float", lambda constructor, node: Decimal(constructor.construct_scalar(node))
)


def read_yaml(text: str) -> Any:
    """Load YAML with exact decimals; a key that stands twice is an error."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = _ExactConstructor
    return yaml.load(text)


DEFAULTS = read_yaml((CASES / "_defaults.yaml").read_text(encoding="utf-8"))


SHIPPED_SCHEME = read_yaml(SCHEME_FILE.read_text(encoding="utf-8"))


class BadCase(Exception):
    """A case that is not of the documented form."""


def check_case(case: Mapping[str, Any]) -> None:
    """Raise BadCase unless the case has the documented form and expects something."""

    def known(what: str, found: Iterable[str], allowed: Iterable[str]) -> None:
        unknown = set(found) - set(allowed)
        if unknown:
            raise BadCase(f"{case.get('case')}: {what}: {sorted(map(str, unknown))}")

    known("case", case, CASE_KEYS)
    if not isinstance(case.get("case"), str) or not case["case"].strip():
        raise BadCase(f"a case without a sentence: {case}")
    if not case.get("expect"):
        raise BadCase(f"{case['case']}: expects nothing")
    known("given", case.get("given", {}), TABLES)
    known("absent", case.get("absent", {}), TABLES)
    for key, option in case.get("readings", {}).items():
        if option not in KNOWN_READINGS.get(key, ()):
            raise BadCase(f"{case['case']}: reading {key}={option}")
    for unit, wanted in case["expect"].items():
        if not wanted and unit != "problems_exactly":
            raise BadCase(f"{case['case']}: expects nothing of {unit}")
        if unit in NO_UNIT:
            for pattern in wanted:
                known(unit, pattern, PROBLEM_KEYS if unit == "problems" else EXACT_PROBLEM_KEYS)
            continue
        known(unit, wanted, RESULT_KEYS | {"items", "ledger", "ledger_without", "rows"})
        for row in [row for rows in wanted.get("rows", {}).values() for row in rows]:
            known(f"{unit} rows", row, ROW_KEYS)
        for item, points in wanted.get("items", {}).items():
            if isinstance(points, Mapping):
                known(f"{unit} {item}", points, ITEM_KEYS)
        for pattern in [*wanted.get("ledger", ()), *wanted.get("ledger_without", ())]:
            known(f"{unit} ledger", pattern, LEDGER_KEYS)
            if "status" in pattern and pattern["status"] not in get_args(Status):
                raise BadCase(f"{case['case']}: no such status: {pattern['status']}")


def load_cases() -> list[tuple[str, dict[str, Any]]]:
    """Load all cases as (file name, case), in the order of the files."""
    loaded = []
    for path in sorted(CASES.glob("[!_]*.yaml")):
        content = read_yaml(path.read_text(encoding="utf-8"))
        if set(content) != {"cases"} or not content["cases"]:
            raise BadCase(f"{path.name}: must hold `cases` and nothing else")
        for case in content["cases"]:
            check_case(case)
            loaded.append((path.name, case))
    return loaded


ALL_CASES = load_cases()


# ---- building what is given ------------------------------------------------------------------------------------------


def _expand(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return one row for each combination of the elements of its list values."""
    columns = list(row)
    choices = [value if isinstance(value, list) else [value] for value in row.values()]
    return [dict(zip(columns, values, strict=True)) for values in product(*choices)]


def _matches(row: Mapping[str, Any], pattern: Mapping[str, Any]) -> bool:
    return all(row.get(column) == value for column, value in pattern.items())


def _fill(table: str, row: dict[str, Any], number: int) -> dict[str, Any]:
    filled = dict(row)
    for column, value in DEFAULTS["未写的列"][table].items():
        if column not in filled:
            filled[column] = value.format(n=number, 单位=row.get("单位")) if isinstance(value, str) else value
    return filled


def build_rows(case: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return the literal rows of every table: the defaults, less what is absent, merged with what is given."""
    given = {table: [made for row in found for made in _expand(row)] for table, found in case.get("given", {}).items()}
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
    for table in ("单位名录", "扣分标准"):
        rows[table] = [dict(row) for row in DEFAULTS[table]]
    rows["确认无事项"] = [made for row in DEFAULTS["确认无事项"] for made in _expand(row)]
    roster = [row["单位名称"] for row in rows["单位名录"]]
    roster += [row["单位名称"] for row in given.get("单位名录", ()) if row["单位名称"] not in roster]
    for table, templates in DEFAULTS["每个单位"].items():
        for unit in roster:
            for template in templates:
                made = {c: v.format(单位=unit) if isinstance(v, str) else v for c, v in template.items()}
                rows[table].append({"单位": unit, **made})
    for table, patterns in case.get("absent", {}).items():
        for pattern in patterns:
            kept = [row for row in rows[table] if not _matches(row, pattern)]
            assert len(kept) < len(rows[table]), f"absent: no default row of {table} matches {pattern}"
            rows[table] = kept
    for table, literals in given.items():
        key = ("单位名称",) if table == "单位名录" else TABLES[table].key
        default = {tuple(row.get(c) for c in key): row for row in rows[table] if key}
        for literal in literals:
            # taken once: a second row of the same key stands beside it and is then found as a double
            row = default.pop(tuple(literal.get(c) for c in key), None)
            if row is None:
                rows[table].append(literal)
            else:
                row.update(literal)
    return {
        table: [_fill(table, row, number) for number, row in enumerate(found, start=1)] for table, found in rows.items()
    }


def build_tables(case: Mapping[str, Any]) -> tuple[dict[str, tuple[Row, ...]], dict[str, str]]:
    """Return the canonical tables of a case and {单位名称: 单位编码}; keys are checked as cleaning would."""
    rows = build_rows(case)
    codes = {row["单位名称"]: row["单位编码"] for row in rows["单位名录"]}
    for found in rows.values():
        for row in found:
            if "单位" in row and row["单位"] != ALL_UNITS:
                row["单位"] = codes[row["单位"]]
    tables = make_tables(rows)
    for table, made in tables.items():
        for key in (TABLES[table].key, *EXTRA_KEYS.get(table, ())):
            twice = [k for k, n in Counter(tuple(row[c] for c in key) for row in made).items() if key and n > 1]
            assert not twice, f"{table}: the case gives the key {twice} twice"
        for row in made:
            blank = [c for c in TABLES[table].required if row[c] is None]
            assert not blank, f"{table}: the case leaves {blank} empty"
    return tables, codes


def build_scheme(changes: Mapping[str, Any]) -> Scheme:
    """Return the shipped scheme with the edits of a case."""
    data = deepcopy(SHIPPED_SCHEME)
    for path, value in changes.items():
        *parents, last = path.split(".")
        node = data
        for name in parents:
            node = node[_place(node, name)]
        if last == "+":
            node.append(deepcopy(value))
        elif value is None:
            del node[_place(node, last)]
        else:
            node[_place(node, last)] = deepcopy(value)
    return Scheme.model_validate(data)


def _place(node: Any, name: str) -> Any:
    if not isinstance(node, list):
        return name
    if name.isdigit():
        return int(name)
    return next(index for index, element in enumerate(node) if element["id"] == name)


# ---- comparing -------------------------------------------------------------------------------------------------------


def _same(actual: Any, wanted: Any) -> bool:
    if isinstance(wanted, bool) or wanted is None or isinstance(wanted, str):
        return type(actual) is type(wanted) and actual == wanted
    if isinstance(actual, bool) or actual is None:
        return False
    return Decimal(actual) == Decimal(wanted)


def entry_matches(entry: Entry, pattern: Mapping[str, Any]) -> bool:
    """Tell whether a ledger row fits a pattern of a case."""
    for key, wanted in pattern.items():
        if key in TEXT_KEYS:
            actual = entry.source_text() if key == "source" else getattr(entry, key)
            if str(wanted) not in actual:
                return False
        elif not _same(getattr(entry, key), wanted):
            return False
    return True


def printed(entry: Entry) -> dict[str, str]:
    """Give a ledger row as a person reads it."""
    numbers = " ".join(filter(None, map(show, (entry.nominal, entry.before, entry.points, entry.after))))
    texts = {key: getattr(entry, key) for key in ("label", "status", "formula", "reading", "evidence_id")}
    return {key: ({"numbers": numbers, "source": entry.source_text()} | texts)[key] for key in ROW_KEYS}


def deducting(scheme: Scheme, item: str) -> bool:
    """Tell whether an item starts at its full mark and only deducts."""
    return isinstance(scheme.item(item).rule, DeductFromFull)


def check_ledger(made: Score, tables: Mapping[str, tuple[Row, ...]], scheme: Scheme) -> None:
    """Assert what the contract says of every ledger, whatever the case."""
    owner = {row.source: (name, row.values.get("单位")) for name, rows in tables.items() for row in rows}
    roster = [row["单位编码"] for row in tables["单位名录"]]
    assert [result.unit_id for result in made.results] == roster
    names = [(row["单位名称"], row["单位类别"]) for row in tables["单位名录"]]
    assert [(result.unit_name, result.group) for result in made.results] == names
    assert [unit for unit in roster if any(e.unit_id == unit for e in made.ledger)] == roster, "a unit without ledger"
    assert sorted(made.ledger, key=lambda e: roster.index(e.unit_id)) == list(made.ledger), "ledger not in roster order"
    chains: dict[tuple[str, str], list[Entry]] = {}
    for entry in made.ledger:
        assert entry.status in get_args(Status), entry
        assert entry.clause in scheme.clauses, f"no such clause: {entry}"
        assert entry.label, entry
        assert entry.part == ("final" if entry.item == "final" else scheme.item(entry.item).part), entry
        numbers = (entry.nominal, entry.before, entry.points, entry.after)
        if entry.part == "veto" or entry.status in ("gate_closed", "not_scored"):
            assert numbers == (None, None, None, None), entry
        elif entry.part != "final":
            chains.setdefault((entry.unit_id, entry.item), []).append(entry)
            assert None not in numbers, entry
            assert all(n is not None and n.as_tuple().exponent == -2 for n in numbers), entry
        if entry.points:
            assert show(entry.after) in entry.formula, f"a formula without its result: {entry}"
        if entry.part == "final" and entry.status == "verdict":
            assert entry.item == "final", entry
        if entry.part == "key" and entry.status != "not_scored" and deducting(scheme, entry.item):
            assert entry.nominal is not None and entry.points is not None
            assert entry.nominal <= entry.points <= 0, entry
        for source in entry.source:
            table, unit = owner[source]
            fits = unit in (entry.unit_id, ALL_UNITS) or table in ("扣分标准", "单位名录")
            assert fits or (table == "信息报送" and entry.part == "bonus"), f"source of another unit: {entry}"
    assert {problem.severity for problem in made.problems} <= {"unresolved", "warning"}
    assert bool(made.unresolved) == any(item.unresolved for item in made.items)
    by_item = {(item.unit_id, item.item): item for item in made.items}
    for (unit, name), entries in chains.items():
        item = scheme.item(name)
        start = item.full if deducting(scheme, name) else Decimal(0)
        for entry in entries:
            assert entry.before == start, entry
            assert entry.after == start + entry.points, entry
            start = entry.after
        assert by_item[unit, name].points == start, f"{unit} {name}: ledger ends at {start}"
    scored = {key for key, item in by_item.items() if scheme.item(key[1]).part != "veto"}
    assert scored == set(chains), "items and ledger differ"
    for result in made.results:
        own = [item for item in made.items if item.unit_id == result.unit_id]
        parts = {scheme.item(item.item).part for item in own}
        assert result.unresolved == sum(item.unresolved for item in own)
        assert ("key" in parts) == (result.status == "scored")
        assert ("bonus" in parts) == result.bonus_open
        expected = [i.id for i in scheme.items if i.part in parts and not i.exemption(result.unit_id, result.group)]
        assert [item.item for item in own] == expected, "items not in the scheme's order"
        for item in own:
            assert item.cap == scheme.item(item.item).cap
            if scheme.item(item.item).part == "veto":
                assert item.points is None and item.note in ("vetoed", "clear")
        finals = [e for e in made.ledger if e.unit_id == result.unit_id and e.part == "final"]
        assert [e for e in finals if e.status == "verdict"], "no verdict"
        if result.status == "vetoed":
            absent = (result.key_score, result.bonus_score, result.final_score)
            assert absent == (None, None, None) and result.bonus_open is False
            assert result.rank_in_group is None and result.rank_overall is None


def check_expectations(case: Mapping[str, Any], made: Score, codes: Mapping[str, str]) -> None:
    """Assert what the case expects."""
    for unit, wanted in case["expect"].items():
        if unit == "problems":
            for pattern in wanted:
                assert any(
                    all((v in getattr(p, k)) if k == "message" else getattr(p, k) == v for k, v in pattern.items())
                    for p in made.problems
                ), f"no problem fits {pattern}: {[str(p) for p in made.problems]}"
            continue
        if unit == "problems_exactly":
            found = [{key: getattr(p, key) for key in EXACT_PROBLEM_KEYS} for p in made.problems]
            assert found == [dict.fromkeys(EXACT_PROBLEM_KEYS, "") | problem for problem in wanted]
            continue
        code = codes[unit]
        result = next(r for r in made.results if r.unit_id == code)
        items = {i.item: i for i in made.items if i.unit_id == code}
        ledger = [e for e in made.ledger if e.unit_id == code]
        shown = "\n".join(f"  {e.item} {e.status} {e.nominal} {e.points} {e.label} [{e.source_text()}]" for e in ledger)
        for key in RESULT_KEYS & set(wanted):
            assert _same(getattr(result, key), wanted[key]), f"{unit} {key}: {getattr(result, key)!r}\n{shown}"
        for item, expected in wanted.get("items", {}).items():
            if expected == "absent":
                assert item not in items, f"{unit} has {item}"
                continue
            fields = expected if isinstance(expected, Mapping) else {"points": expected}
            for key, value in fields.items():
                assert _same(getattr(items[item], key), value), f"{unit} {item} {key}: {items[item]}\n{shown}"
        rest = iter(ledger)
        for pattern in wanted.get("ledger", ()):
            assert any(entry_matches(e, pattern) for e in rest), f"{unit}: no (further) row fits {pattern}\n{shown}"
        for pattern in wanted.get("ledger_without", ()):
            found = [e for e in ledger if entry_matches(e, pattern)]
            assert not found, f"{unit}: a row fits {pattern}\n{shown}"
        for item, rows in wanted.get("rows", {}).items():
            assert [printed(e) for e in ledger if e.item == item] == [dict.fromkeys(ROW_KEYS, "") | row for row in rows]


def run_case(case: Mapping[str, Any]) -> None:
    """Score what the case gives and assert what it expects."""
    scheme = build_scheme(case.get("scheme_changes", {}))
    tables, codes = build_tables(case)
    readings = scheme.default_readings() | case.get("readings", {})
    run_date = case.get("date", scheme.cut_off)
    assert isinstance(run_date, date)
    made = score(tables, scheme, readings, run_date)
    view = Case.build(tables, scheme, readings, run_date)
    assert results_of(view) == made.results, "the rules come to other results when they write no ledger"
    if not scheme.grades.limited:  # a quota needs the other units
        first = made.results[0].unit_id
        alone = replace(made.results[0], rank_in_group=None, rank_overall=None)
        assert judge(view.units[0], view) == alone, "a unit judged alone comes out otherwise"
        whole = Score(
            (alone,),
            tuple(item for item in made.items if item.unit_id == first),
            tuple(entry for entry in made.ledger if entry.unit_id == first),
            tuple(problem for problem in made.problems if problem.value == alone.unit_name),
        )
        assert score_unit(view.units[0], view) == whole, "a unit scored alone has another ledger"
    check_ledger(made, tables, scheme)
    check_expectations(case, made, codes)


@pytest.mark.parametrize(
    "case", [case for _, case in ALL_CASES], ids=[f"{file.removesuffix('.yaml')}-{c['case']}" for file, c in ALL_CASES]
)
def test_case(case: dict[str, Any]) -> None:
    """The sentence of the case holds, and its ledger is a ledger."""
    run_case(case)


# ---- the cases as a whole --------------------------------------------------------------------------------------------


def test_each_sentence_stands_once() -> None:
    """No two cases make the same promise in the same words."""
    twice = [sentence for sentence, n in Counter(case["case"] for _, case in ALL_CASES).items() if n > 1]
    assert twice == []


def test_each_option_of_each_reading_has_a_case() -> None:
    """All twelve readings are tried in each of their options, by name."""
    tried = {pair for _, case in ALL_CASES for pair in case.get("readings", {}).items()}
    assert {(key, option) for key, options in KNOWN_READINGS.items() for option in options} - tried == set()


def test_each_ledger_status_has_a_case() -> None:
    """Every status that a ledger row can have is expected by some case."""
    expected = {
        pattern["status"]
        for _, case in ALL_CASES
        for unit, wanted in case["expect"].items()
        if unit not in NO_UNIT
        for pattern in wanted.get("ledger", ())
        if "status" in pattern
    }
    assert set(get_args(Status)) - expected == set()


def test_each_item_has_a_case_of_each_state_of_evidence() -> None:
    """Every item of the scheme is tried as unresolved and as resolved."""
    states = {
        (item, wanted["unresolved"])
        for _, case in ALL_CASES
        for unit, expected in case["expect"].items()
        if unit not in NO_UNIT
        for item, wanted in expected.get("items", {}).items()
        if isinstance(wanted, Mapping) and "unresolved" in wanted
    }
    ids = ["V1", "V2", "K", "B1", "B2", "B3", "B4", "B5", "B6", "B7"]
    assert {(item, state) for item in ids for state in (True, False)} - states == set()


# ---- the runner itself -----------------------------------------------------------------------------------------------

GOOD = {"case": "底子", "expect": {"甲镇": {"final_score": 104}}}


@pytest.mark.parametrize(
    "change",
    [
        {"expected": {}},
        {"case": ""},
        {"expect": {}},
        {"expect": {"甲镇": {}}},
        {"expect": {"甲镇": {"score": 1}}},
        {"expect": {"甲镇": {"items": {"K": {"point": 1}}}}},
        {"expect": {"甲镇": {"ledger": [{"state": "counted"}]}}},
        {"expect": {"甲镇": {"ledger": [{"status": "cut"}]}}},
        {"expect": {"problems": [{"level": "warning"}]}},
        {"given": {"登记": []}},
        {"absent": {"登记": []}},
        {"readings": {"bonus_gate": "below"}},
        {"readings": {"gate": "above"}},
    ],
)
def test_a_malformed_case_is_refused(change: dict[str, Any]) -> None:
    """An unknown key, table, reading or status, or a case that expects nothing, never passes silently."""
    check_case(GOOD)
    with pytest.raises(BadCase):
        check_case(GOOD | change)


@pytest.mark.parametrize(
    "expect",
    [
        {"甲镇": {"final_score": Decimal("104.01")}},
        {"甲镇": {"final_score": None}},
        {"甲镇": {"bonus_open": 1}},
        {"甲镇": {"unresolved": False}},
        {"甲镇": {"grade": "不合格"}},
        {"甲镇": {"items": {"K": 99}}},
        {"甲镇": {"items": {"K": "absent"}}},
        {"甲镇": {"items": {"K": {"unresolved": True}}}},
        {"甲镇": {"ledger": [{"item": "K", "points": -1}]}},
        {"甲镇": {"ledger": [{"item": "B6"}, {"item": "K"}]}},
        {"甲镇": {"ledger_without": [{"item": "K"}]}},
        {"problems": [{"severity": "unresolved"}]},
    ],
)
def test_a_wrong_expectation_fails(expect: dict[str, Any]) -> None:
    """The runner can fail: each kind of expectation is compared with what came out."""
    run_case(GOOD)
    with pytest.raises(AssertionError):
        run_case(GOOD | {"expect": expect})


def test_a_case_must_keep_the_keys_of_the_tables() -> None:
    """A case cannot give what cleaning would have refused: a key twice, a required cell empty."""
    row = {"编号": "1", "单位": "甲镇", "标准编号": "ZD-01"}
    with pytest.raises(AssertionError, match="twice"):
        build_tables({"given": {"扣分登记": [row, row]}})
    with pytest.raises(AssertionError, match="empty"):
        build_tables({"given": {"扣分登记": [{"单位": "甲镇"}]}})
