"""The roster: who may be named in a 单位 cell, and in which spellings."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from assess_lib.cleaning.drafts import Draft, Findings, place
from assess_lib.cleaning.nearest import nearest
from assess_lib.cleaning.succession import Former
from assess_lib.intake.visible import squash, trim
from assess_lib.tables import ALL_UNITS

_CODE = re.compile(r"[A-Za-z0-9_-]{1,20}", re.ASCII)
# Names that Windows keeps for devices: a report could not be saved under them.
_DEVICES = frozenset(("CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in range(1, 10))))
_SPELLING_COLUMNS = ("单位名称", "全称", "别名")


def _spellings(draft: Draft) -> Iterable[tuple[str, str]]:
    """Iterate over (column, spelling) of one roster row: code, name, full name, each alias."""
    for column in ("单位编码", *_SPELLING_COLUMNS):
        text = draft.text(column)
        for part in re.split("[；;]", text) if column == "别名" else [text]:
            if squash(part):
                yield column, trim(part)


class Units:
    """Resolve a written unit to its code by what is seen, never by likeness.

    ``reliable`` is False when the roster itself could not be read: then nothing can be said about a spelling.
    """

    def __init__(self, reliable: bool) -> None:
        self.reliable = reliable
        self._codes: dict[str, str] = {}
        self._shown: dict[str, str] = {}
        self._former: dict[str, str] = {}
        self._nearest = lru_cache(maxsize=1000)(self._find_nearest)

    def add(self, spelling: str, code: str, shown: str) -> None:
        """Let a spelling stand for a unit's code."""
        self._codes.setdefault(squash(spelling), code)
        self._shown.setdefault(squash(spelling), shown)

    def resolve(self, written: str) -> str | None:
        """Return the code of the unit so written (code, name, full name or alias), or None."""
        return self._codes.get(squash(written))

    def add_former(self, former: Former) -> None:
        """Know the spellings of a unit that is not in force this year, for messages alone."""
        for _, spelling in _spellings(former.draft):
            self._former.setdefault(squash(spelling), former.why)

    def why_not(self, written: str) -> str:
        """Return why the unit so written is not assessed this year; blank for one that the roster never had."""
        return self._former.get(squash(written), "")

    def suggest(self, written: str) -> str:
        """Return the nearest known spellings for a message."""
        return "、".join(self._nearest(squash(written)))

    def _find_nearest(self, seen: str) -> tuple[str, ...]:
        found = [self._shown[key] for key in nearest(seen, self._codes, 6)]
        return tuple(dict.fromkeys(found))[:3]


def read_roster(drafts: list[Draft], findings: Findings, reliable: bool, former: Iterable[Former] = ()) -> Units:
    """Check the roster's codes and names and return the spellings it allows.

    A code is 1-20 of A-Z a-z 0-9 - _ and no device name, unique whatever the case; codes, names, full names and
    aliases share one namespace. A row with another fault still lends its spellings, so that one slip in the roster
    does not turn every row that names the unit into a problem. The codes of ``former`` units stay taken, so that
    a code means one unit in every year; their names are free.
    """
    units = Units(reliable)
    codes: dict[str, Draft] = {}
    owners: dict[str, tuple[str, str, Draft]] = {}
    for draft in drafts:
        code = draft.text("单位编码")
        if code:
            _check_code(code, draft, codes, findings)
        elif draft.faulty:
            units.reliable = units.reliable and not any(True for _ in _spellings(draft))
        for column, spelling in _spellings(draft):
            seen = squash(spelling)
            if seen == ALL_UNITS:
                findings.at(
                    draft,
                    column,
                    "error",
                    "roster.reserved",
                    f"“{ALL_UNITS}”是保留字，不能用作单位的名称。",
                    "请改用其他名称。",
                )
                continue
            owner = owners.get(seen)
            if owner is None:
                owners[seen] = (column, spelling, draft)
            elif owner[2] is not draft and (column, owner[0]) != ("单位编码", "单位编码"):
                findings.at(
                    draft,
                    column,
                    "error",
                    "key.name_duplicate",
                    f"“{spelling}”已在{place(owner[2])}用作“{owner[0]}”，同一名称不能指两个单位。",
                    "请改成不重复的名称或别名，或删去重复的一行。",
                    spelling,
                )
            if code:
                name = draft.text("单位名称")
                units.add(spelling, code, f"{code}（{name}）" if column == "单位编码" and name else spelling)
    for gone in former:
        units.add_former(gone)
        if gone.draft.text("单位编码"):
            _check_code(gone.draft.text("单位编码"), gone.draft, codes, findings)
    return units


def _check_code(code: str, draft: Draft, codes: dict[str, Draft], findings: Findings) -> None:
    if not _CODE.fullmatch(code):
        findings.at(
            draft,
            "单位编码",
            "error",
            "roster.code",
            f"单位编码“{code}”不合规定。",
            "单位编码须为 1 至 20 位英文字母、数字、- 或 _。",
        )
    elif code.upper() in _DEVICES:
        findings.at(
            draft,
            "单位编码",
            "error",
            "roster.code",
            f"“{code}”是系统保留的设备名，不能用作单位编码。",
            "请换一个编码。",
        )
    earlier = codes.get(code.casefold())
    if earlier is None:
        codes[code.casefold()] = draft
        return
    case = "" if earlier.text("单位编码") == code else "（不区分大小写）"
    findings.at(
        draft,
        "单位编码",
        "error",
        "key.duplicate",
        f"单位编码“{code}”与{place(earlier)}重复{case}。",
        "请改成不重复的编码，或删去重复的一行。",
    )
