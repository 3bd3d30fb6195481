"""What the builders share: the sample's tables in the making, points in hundredths, seeded chance."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from sample.standards import STANDARD
from sample.units import CODES, YEAR

Record = dict[str, Any]

CUT_OFF = date(YEAR, 12, 31)
FULL, GATE = 10000, 8000
LEVEL_POINTS = {"中央": 300, "省": 200, "市": 100, "县": 0}
LEVELS = {"国": "中央", "省": "省", "市": "市", "县": "县"}
CAPS = {"B1": 400, "B2": 300, "B3": 300, "B4": 300, "B5": 300, "B6": 200, "B7": 200}
SCORERS = ("评分员01", "评分员02", "评分员03")
CHECKERS = ("复核员01", "复核员02")


def points(hundredths: int) -> Decimal:
    """Return integer hundredths as points."""
    return Decimal(hundredths).scaleb(-2)


def half_up(total: int, count: int) -> int:
    """Return total / count rounded half up, in integers."""
    return (2 * total + count) // (2 * count)


def seeded(topic: str) -> Random:
    """Return a generator of its own for one topic, so that a change in one table leaves the others as they are."""
    return Random(f"{YEAR}/{topic}")


def between(rng: Random, first: date, last: date) -> date:
    """Return a working day between two days."""
    while True:
        day = first + timedelta(days=rng.randint(0, (last - first).days))
        if day.weekday() < 5:
            return day


def capped(name: str, amount: int) -> int:
    """Return what a standard takes at most of an amount."""
    cap = STANDARD[name].cap
    return amount if cap is None else min(cap, amount)


@dataclass
class Sample:
    """All input tables as canonical records (units by code), and the planned points by unit and item."""

    tables: dict[str, list[Record]] = field(default_factory=lambda: defaultdict(list))
    planned: dict[str, dict[str, int]] = field(default_factory=lambda: {code: {} for code in CODES})
    evidence_count: Counter[str] = field(default_factory=Counter)
    silent_quarters: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def evidence(self, code: str, kind: str, name: str, day: date) -> str:
        """Index a piece of evidence for a unit and return its number."""
        self.evidence_count[code] += 1
        number = self.evidence_count[code]
        key = f"ZJ-{code}-{number:03}"
        digest = hashlib.sha256(f"演示/{YEAR}/{key}".encode()).hexdigest() if kind == "电子版" else ""
        stored = {
            "电子版": f"电子卷/{YEAR}/{code}/{number:03}",
            "网址": f"网页存档/{YEAR}/{code}",
            "照片": f"{code}盒/第{number // 10 + 1}册",
        }[kind]
        self.tables["佐证目录"].append(
            {
                "佐证编号": key,
                "单位": code,
                "类型": kind,
                "名称或网址": name,
                "存放位置": stored,
                "采集日期": min(day, CUT_OFF),
                "SHA256": digest,
            }
        )
        return key
