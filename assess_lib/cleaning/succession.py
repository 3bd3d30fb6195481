"""Which units of the roster are in force in the assessed year, and whom they follow.

Three further columns of 单位名录 carry renames and mergers from year to year: 生效日期 (first day), 失效日期 (last day)
and 承继单位 (who took over, several by ；). A roster without them works as if they were empty.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from assess_lib.cleaning.drafts import Draft, Findings, place
from assess_lib.cleaning.nearest import suggest
from assess_lib.cleaning.values import CellFault, moment_value
from assess_lib.intake.cells import Cell
from assess_lib.intake.visible import shorten, squash, trim

FIRST_DAY, LAST_DAY, SUCCESSOR = "生效日期", "失效日期", "承继单位"
SUCCESSION_COLUMNS = (FIRST_DAY, LAST_DAY, SUCCESSOR)
# A note that cleaning adds to a unit that took over others: their codes, the nearest first.
PREDECESSORS = "承继自"
SEPARATOR = "；"


@dataclass(frozen=True, slots=True)
class Former:
    """A roster row that is not in force in the assessed year, and why not, in words."""

    draft: Draft
    why: str


def note(draft: Draft, column: str) -> str:
    """Return what stands in a further column of a row, however its header is spaced; blank if nothing does."""
    return next((trim(text) for name, text in draft.notes.items() if squash(name) == column), "")


def _day(draft: Draft, column: str, findings: Findings) -> date | None:
    text = note(draft, column)
    if not text:
        return None
    try:
        moment = moment_value(Cell("text", text))
    except CellFault as fault:
        findings.at(draft, column, "error", "roster.period", fault.message, fault.remedy, text)
        return None
    return date(moment.year, moment.month, moment.day)


def split_roster(drafts: list[Draft], year: int, findings: Findings) -> tuple[list[Draft], list[Former]]:
    """Divide the roster into units of the assessed year and units that are not: ended before it or begun after it.

    A unit that ends within the year is still assessed, with a notice. Whoever took over others gets their codes as
    the note ``承继自``, over all steps. A date that is none, an end before the beginning and a successor that the
    roster does not have, or that leads back to the unit, are errors.
    """
    units: list[Draft] = []
    former: list[Former] = []
    for draft in drafts:
        first, last = _day(draft, FIRST_DAY, findings), _day(draft, LAST_DAY, findings)
        name = draft.text("单位名称") or draft.text("单位编码")
        if first and last and last < first:
            message = f"“{name}”的{LAST_DAY} {last} 早于{FIRST_DAY} {first}。"
            findings.at(draft, LAST_DAY, "error", "roster.period", message, "请核对两个日期。", note(draft, LAST_DAY))
        if draft.faulty:
            units.append(draft)
        elif last and last < date(year, 1, 1):
            why = f"已于 {last} 失效"
            former.append(Former(draft, why + _successor_words(draft)))
            _set_aside(draft, LAST_DAY, f"“{name}”{why}，{year} 年度不参加考核，本行未采用。", findings)
        elif first and first > date(year, 12, 31):
            former.append(Former(draft, f"自 {first} 起才有"))
            _set_aside(draft, FIRST_DAY, f"“{name}”自 {first} 起才有，{year} 年度不参加考核，本行未采用。", findings)
        else:
            units.append(draft)
            if last and last <= date(year, 12, 31):
                message = f"“{name}”的{LAST_DAY} {last} 在 {year} 年度之内，本年度仍参加考核。"
                remedy = f"{LAST_DAY}填最后一日；本年度不应考核的，填 {year - 1}-12-31 或更早。"
                findings.at(draft, LAST_DAY, "notice", "roster.ends", message, remedy, note(draft, LAST_DAY))
    _link(drafts, units, findings)
    return units, former


def _set_aside(draft: Draft, column: str, message: str, findings: Findings) -> None:
    remedy = "这一行请保留，以便追溯历年成绩；如日期有误，请更正。"
    findings.at(draft, column, "notice", "roster.not_in_force", message, remedy, note(draft, column))


def _successor_words(draft: Draft) -> str:
    successor = note(draft, SUCCESSOR)
    return f"，由“{successor}”承继" if successor else ""


def _owners(drafts: list[Draft], units: list[Draft]) -> dict[str, Draft]:
    """Return the row that each spelling stands for; a unit in force goes before one that is not."""
    found: dict[str, Draft] = {}
    for draft in [*units, *drafts]:
        for column in ("单位编码", "单位名称", "全称", "别名"):
            text = draft.text(column)
            for part in text.replace(";", SEPARATOR).split(SEPARATOR) if column == "别名" else [text]:
                if squash(part):
                    found.setdefault(squash(part), draft)
    return found


def _heirs(drafts: list[Draft], units: list[Draft], findings: Findings) -> dict[int, list[Draft]]:
    """Return the rows that each row names as its 承继单位; a name that the roster does not have is an error."""
    owners = _owners(drafts, units)
    found: dict[int, list[Draft]] = {}
    for draft in drafts:
        for written in map(trim, note(draft, SUCCESSOR).replace(";", SEPARATOR).split(SEPARATOR)):
            if not squash(written):
                continue
            owner = owners.get(squash(written))
            if owner is None:
                hint = suggest(squash(written), list(owners))
                message = f"承继单位“{shorten(written, 60)}”不在单位名录中。{hint}"
                findings.at(draft, SUCCESSOR, "error", "roster.successor", message, "请填名录中的编码或名称。", written)
            else:
                found.setdefault(id(draft), []).append(owner)
    return found


def _reached(draft: Draft, following: dict[int, list[Draft]]) -> list[Draft]:
    """Return every row that can be reached from a row, the nearest first; itself if it leads back to itself."""
    found: list[Draft] = []
    queue = list(following.get(id(draft), ()))
    while queue:
        at = queue.pop(0)
        if not any(at is other for other in found):
            found.append(at)
            queue += following.get(id(at), ())
    return found


def _link(drafts: list[Draft], units: list[Draft], findings: Findings) -> None:
    """Check each 承继单位 and note with every unit whom it took over, over all steps."""
    heirs = _heirs(drafts, units, findings)
    before: dict[int, list[Draft]] = {}
    for draft in drafts:
        for heir in heirs.get(id(draft), ()):
            before.setdefault(id(heir), []).append(draft)
    for draft in drafts:
        if any(draft is other for other in _reached(draft, heirs)):
            message = f"承继单位绕回到自己（{place(draft)}）。"
            findings.at(
                draft, SUCCESSOR, "error", "roster.successor", message, "请核对承继单位。", note(draft, SUCCESSOR)
            )
        elif id(draft) in before:
            codes = [earlier.text("单位编码") for earlier in _reached(draft, before)]
            draft.notes[PREDECESSORS] = SEPARATOR.join(codes)
