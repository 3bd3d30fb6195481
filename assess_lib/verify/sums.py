"""Every ledger sum: the stored ledger added up again with nothing but a csv reader and exact decimals.

Of the scheme is taken, from ``basis.json``, each item's part, cap and whether it starts full; what the parts are made
of stands in ``account``. No other code of this package adds here.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from assess_lib.verify.account import Account
from assess_lib.verify.finding import PROCESSED, Finding

_POINTS = re.compile(r"-?[0-9]+\.[0-9]{2}")
_NUMBERS = ("nominal", "before", "points", "after")
_NIL = Decimal(0)

Row = dict[str, str]


def add_up(files: Mapping[str, bytes]) -> list[Finding]:
    """Add ledger.csv up row by row and hold items.csv and results.csv to its sums, exactly.

    ``files`` holds ledger.csv, items.csv, results.csv and basis.json. Checks: seq counts 1, 2, … within a unit;
    ``before + points = after``; a chain begins where its item does and goes on from the row before; totals stay
    between 0 and the cap; the last total is the item's points; key score, bonus (with its cap) and final score
    are their sums; ranks are competition ranks of the final scores; open items are counted right.
    """
    try:
        scheme = json.loads(files["basis.json"])["scheme"]
        tables = {name: _rows(files[f"{name}.csv"]) for name in ("ledger", "items", "results")}
        sums = _Sums(scheme, **tables)
        sums.chains()
        sums.items_agree()
        sums.results_agree()
        sums.ranks_agree()
    except (KeyError, ValueError, TypeError, ArithmeticError, csv.Error) as error:
        message = f"无法相加：台账、得分或结果的写法不对（{type(error).__name__}：{error}）。"
        return [Finding("ledger", f"{PROCESSED}/ledger.csv", message)]
    return sums.findings


def _rows(data: bytes) -> list[Row]:
    csv.field_size_limit(2**31 - 1)
    reader = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
    rows = [dict(row) for row in reader]
    if any(None in row or None in row.values() for row in rows):
        raise ValueError("行的列数与表头不同")
    return rows


def _points(text: str) -> Decimal:
    if not _POINTS.fullmatch(text):
        raise ValueError(f"“{text}”不是两位小数的分值")
    return Decimal(text)


class _Sums:
    """The three tables of one set while they are being added up; what differs is collected."""

    def __init__(
        self, scheme: Mapping[str, Any], ledger: Sequence[Row], items: Sequence[Row], results: Sequence[Row]
    ) -> None:
        self.items_of_scheme = {item["id"]: item for item in scheme["items"]}
        self.account = Account(scheme)
        self.ledger, self.items, self.results = ledger, items, results
        self.totals: dict[tuple[str, str], Decimal] = {}
        self.findings: list[Finding] = []

    def _find(self, table: str, index: int, column: str, expected: object, found: object, message: str) -> None:
        file = f"{PROCESSED}/{table}.csv"
        self.findings.append(Finding("ledger", file, message, index + 2, column, str(expected), str(found)))

    def _start(self, item: str) -> Decimal:
        spec = self.items_of_scheme.get(item)
        if spec is None or spec["rule"]["method"] != "deduct_from_full":
            return _NIL
        return Decimal(str(spec["cap"]))

    def chains(self) -> None:
        """Add up every row; remember each chain's last total."""
        seen: dict[str, int] = {}
        last_unit = ""
        for index, row in enumerate(self.ledger):
            unit, item = row["unit_id"], row["item"]
            expected = seen[unit] = seen.get(unit, 0) + 1
            if row["seq"] != str(expected):
                self._find("ledger", index, "seq", expected, row["seq"], f"{unit} 的行号应为 {expected}。")
            if unit != last_unit and expected != 1:
                self._find("ledger", index, "unit_id", "", unit, f"{unit} 的行没有排在一起。")
            last_unit = unit
            blank = [row[column] == "" for column in _NUMBERS]
            if row["part"] == "veto" or all(blank):
                if not all(blank):
                    self._find("ledger", index, "points", "", row["points"], "单项否决的行不应有分值。")
                continue
            _, before, points, after = (_points(row[column]) for column in _NUMBERS)
            start = self.totals.get((unit, item), self._start(item))
            if before != start:
                message = f"{unit} {item}：承前应为 {start:.2f}，现为 {before}。"
                self._find("ledger", index, "before", f"{start:.2f}", before, message)
            if before + points != after:
                message = f"{unit} {item}：{before} 加 {points} 得 {before + points}，累计写的是 {after}。"
                self._find("ledger", index, "after", before + points, after, message)
            low, high = self.account.limits(item)
            if after < low or (high is not None and after > high):
                message = f"{unit} {item}：累计 {after} 不在 {low.normalize():f} 和满分之间。"
                self._find("ledger", index, "after", "", after, message)
            self.totals[unit, item] = after

    def items_agree(self) -> None:
        """Hold each item's points to the last total of its chain; every chain must have its item."""
        left = {key for key in self.totals if key[1] in self.items_of_scheme}
        for index, row in enumerate(self.items):
            key = (row["unit_id"], row["item"])
            total = self.totals.get(key)
            left.discard(key)
            expected = "" if total is None else f"{total:.2f}"
            if row["points"] != expected:
                message = f"{key[0]} {key[1]}：台账合计为 {expected or '空白'}，得分写的是 {row['points'] or '空白'}。"
                self._find("items", index, "points", expected, row["points"], message)
        for unit, item in sorted(left):
            message = f"{unit} {item}：台账有分值，这里没有这一项。"
            self.findings.append(Finding("ledger", f"{PROCESSED}/items.csv", message))

    def results_agree(self) -> None:
        """Hold scores and the count of open items to the sums of their parts."""
        for index, row in enumerate(self.results):
            unit = row["unit_id"]
            mine = [item for item in self.items if item["unit_id"] == unit]
            vetoed = any(item["note"] == "vetoed" and self._part(item) == "veto" for item in mine)
            parts = {
                part: {
                    item["item"]: _points(item["points"])
                    for item in mine
                    if self._part(item) == part and item["points"]
                }
                for part in ("key", "bonus")
            }
            key, bonus = (
                (_NIL, _NIL)
                if vetoed
                else (self.account.key(parts["key"], unit, row["group"]), self.account.bonus(parts["bonus"]))
            )
            opened = bool(parts["bonus"])
            expected = {
                "status": "vetoed" if vetoed else "scored",
                "key_score": "" if vetoed else f"{key:.2f}",
                "bonus_open": "true" if opened else "false",
                "bonus_score": f"{bonus:.2f}" if opened else "",
                "final_score": "" if vetoed else f"{key + (bonus if opened else _NIL):.2f}",
                "unresolved": str(sum(item["unresolved"] == "true" for item in mine)),
            }
            for column, value in expected.items():
                if row[column] != value:
                    message = f"{unit}：由各项得分相加应为“{value}”，写的是“{row[column]}”。"
                    self._find("results", index, column, value, row[column], message)
            total = self.totals.get((unit, "final"))
            if (f"{total:.2f}" if total is not None else "") != row["final_score"]:
                message = f"{unit}：台账结论为“{total}”，最终得分写的是“{row['final_score']}”。"
                self._find("results", index, "final_score", total, row["final_score"], message)
        told = {row["unit_id"] for row in self.results}
        for unit in sorted({row["unit_id"] for row in [*self.ledger, *self.items]} - told):
            self.findings.append(Finding("ledger", f"{PROCESSED}/results.csv", f"{unit} 有台账或得分，没有结果。"))

    def _part(self, item: Row) -> str:
        return str(self.items_of_scheme[item["item"]]["part"])

    def ranks_agree(self) -> None:
        """Hold both ranks to competition ranks: one more than how many score higher."""
        scores = [(row["group"], row["final_score"]) for row in self.results]
        for index, row in enumerate(self.results):
            for column, rivals in (
                ("rank_in_group", [score for group, score in scores if group == row["group"]]),
                ("rank_overall", [score for _, score in scores]),
            ):
                expected = ""
                if row["final_score"]:
                    own = Decimal(row["final_score"])
                    expected = str(1 + sum(bool(score) and Decimal(score) > own for score in rivals))
                if row[column] != expected:
                    message = f"{row['unit_id']}：按最终得分排名应为“{expected}”，写的是“{row[column]}”。"
                    self._find("results", index, column, expected, row[column], message)
