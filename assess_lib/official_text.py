"""The official text (方案原文.txt): find its clauses, hold the scheme's numbers against them, quote them.

The text comes from a word processor or a scan: lines and pages break anywhere, page numbers stand between
lines, brackets and digits are half or full width. So it is read as one run of characters without white space,
and headings are found by their order: 一、二、… then （一）（二）… then 1. 2. … within each.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from assess_lib.errors import InputRejected, Problem
from assess_lib.exact import plain
from assess_lib.scheme import (
    DeductFromFull,
    HighestLevelPerMatter,
    HotlineRedLights,
    QuarterlyTopRanks,
    ReportFacts,
    Scheme,
)

FILE = "方案原文.txt"
MAX_BYTES = 2_000_000

_CHINESE = "零一二三四五六七八九十"
# A line that holds nothing but a page number: - 3 -, — 3 —, 第3页, 第 3 页 共 9 页, or a bare number.
_DASHED_PAGE = re.compile(
    r"[-—–―－一·.]+[0-9]{1,3}[-—–―－一·.]+|第[0-9]{1,3}页(?:,?共[0-9]{1,3}页)?|[0-9]{1,3}/[0-9]{1,3}"
)
_BARE_PAGE = re.compile(r"[0-9]{1,3}")
_SENTENCE_END = "。;:!?"


@dataclass(frozen=True, slots=True)
class _Run:
    """The text as one run: folded for comparing, as written for quoting, and where lines begin."""

    folded: str
    written: tuple[str, ...]
    begins_line: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Clause:
    """A clause's own words (up to its first sub-clause) and the whole of it, as places in the run."""

    start: int
    own_end: int
    end: int


@dataclass(frozen=True, slots=True)
class _Claim:
    """What the scheme says stands in a clause: a number (must) or a label (should), in one of these words."""

    locator: str
    words: tuple[str, ...]
    what: str
    number: bool = True


class OfficialText:
    """The official text, its clauses found: ``quote`` gives a clause's words, ``own`` and ``whole`` compare."""

    def __init__(self, text: str) -> None:
        self._run = _join(text)
        self._clauses = dict(_outline(self._run))

    @property
    def locators(self) -> tuple[str, ...]:
        """The locators of all clauses found, in the text's order."""
        return tuple(sorted(self._clauses, key=lambda locator: self._clauses[locator].start))

    def quote(self, locator: str) -> str | None:
        """Return a clause's own words as written, white space removed; None if the text has no such clause."""
        clause = self._clauses.get(locator)
        return None if clause is None else "".join(self._run.written[clause.start : clause.own_end])

    def own(self, locator: str) -> str:
        """Return a clause's own words folded for comparing; KeyError if there is no such clause."""
        clause = self._clauses[locator]
        return self._run.folded[clause.start : clause.own_end]

    def whole(self, locator: str) -> str:
        """Return a clause with all its sub-clauses folded for comparing; KeyError if there is no such clause."""
        clause = self._clauses[locator]
        return self._run.folded[clause.start : clause.end]


def load_official_text(path: Path) -> OfficialText:
    """Read the official text (UTF-8 with or without BOM, or GB18030); raise InputRejected if it cannot be read."""

    def refuse(code: str, message: str, remedy: str) -> InputRejected:
        return InputRejected(message, [Problem("error", code, message, remedy, file=path.name)])

    if path.is_symlink() or not path.is_file():
        raise refuse("official_text.unreadable", "不是普通文件，不读取。", "请放入文本文件本身，不用链接或文件夹。")
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise refuse("official_text.unreadable", f"无法读取（{error.strerror}）。", "请检查文件权限。") from None
    if len(raw) > MAX_BYTES:
        raise refuse("official_text.too_large", "文件过大，不像是方案原文。", "请只放方案原文的文字。")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return OfficialText(text)
    raise refuse("official_text.encoding", "编码无法识别。", "请用 UTF-8 或 GB18030 编码另存。")


def check_official_text(text: OfficialText, scheme: Scheme) -> list[Problem]:
    """Hold every clause locator and point value of the scheme against the official text.

    A locator that does not resolve, or a number that does not stand in its clause, is an error; a label that does
    not is a warning, because offices word their copies differently.
    """
    problems = []
    known = set(text.locators)
    cited = _cited(scheme)
    for locator in cited:
        if locator not in known:
            problems.append(
                Problem(
                    "error",
                    "official_text.clause_missing",
                    f"原文中找不到条款“{locator}”，而 scheme.yaml 引用了它。",
                    "请核对原文是否完整、序号是否连续，或更正 scheme.yaml 的条款。",
                    file=FILE,
                    value=locator,
                )
            )
    for claim in _claims(scheme):
        if claim.locator in known and not _stands(claim, text, cited):
            found = text.quote(claim.locator) or ""
            excerpt = found if len(found) <= 60 else f"{found[:60]}……"
            problems.append(
                Problem(
                    "error" if claim.number else "warning",
                    "official_text.number_missing" if claim.number else "official_text.label_missing",
                    f"条款“{claim.locator}”中没有“{claim.words[0]}”（{claim.what}）；原文为：{excerpt}",
                    "请核对 scheme.yaml 与原文，以原文为准更正。" if claim.number else "措辞不同的可以不改，请核对。",
                    file=FILE,
                    value=claim.words[0],
                )
            )
    return problems


def _stands(claim: _Claim, text: OfficialText, cited: Sequence[str]) -> bool:
    """Tell whether a claim's words stand in the clause: in its own words where sub-clauses are cited apart."""
    subdivided = any(other != claim.locator and other.startswith(claim.locator) for other in cited)
    clause = text.own(claim.locator) if subdivided else text.whole(claim.locator)
    # a number must be whole: 4分 does not stand in 14分, nor 4分 in 1.4分
    edge = r"(?<![0-9.])" if claim.number else ""
    return any(re.search(edge + re.escape(_fold(words)), clause) for words in claim.words)


def _cited(scheme: Scheme) -> list[str]:
    """List every clause locator that the scheme cites, each once."""
    parts, lines = scheme.parts, scheme.judgement
    locators = [
        *(group.clause for group in scheme.groups),
        *(part.clause for part in (parts.final, parts.veto, parts.key, parts.bonus)),
        *(line.clause for line in (lines.pass_mark, lines.bonus_gate, lines.bonus_cap)),
        *(item.clause for item in scheme.items),
        *(report.clause for facts in _report_facts(scheme) for report in facts.due),
        *scheme.clauses,
        *(reading.clause for reading in scheme.readings.values()),
    ]
    return list(dict.fromkeys(locators))


def _report_facts(scheme: Scheme) -> Iterator[ReportFacts]:
    for item in scheme.items:
        if isinstance(item.rule, DeductFromFull):
            yield from (facts for facts in item.rule.facts if isinstance(facts, ReportFacts))


def _claims(scheme: Scheme) -> Iterator[_Claim]:
    """Derive from the scheme's data what must stand in which clause."""
    parts, lines = scheme.parts, scheme.judgement
    for group in scheme.groups:
        yield _Claim(group.clause, (f"{group.count}个",), f"{group.name}的单位数")
    opening = parts.final.clause
    for line in (lines.pass_mark, lines.bonus_gate, lines.bonus_cap):
        for clause in dict.fromkeys((opening, line.clause)):
            yield _Claim(clause, (f"{plain(line.points)}分",), line.name)
    yield _Claim(opening, (f"{plain(scheme.key_item.full)}分",), f"{scheme.key_item.name}满分")
    for part in (parts.veto, parts.key, parts.bonus, parts.final):
        yield from (_Claim(part.clause, (word,), "字样", number=False) for word in part.words)
    for item in scheme.items:
        yield from (_Claim(item.clause, (word,), "字样", number=False) for word in item.words)
        rule = item.rule
        if item.cap is not None:
            yield _Claim(item.clause, (f"{plain(item.cap)}分",), f"{item.name}的满分或上限")
        if isinstance(rule, HotlineRedLights):
            yield _Claim(item.clause, (f"{_times(rule.limit)}次", f"{rule.limit}次"), "红灯次数")
        elif isinstance(rule, HighestLevelPerMatter):
            scale = "、".join(f"{plain(points)}分" for points in rule.levels.values())
            yield _Claim(item.clause, (scale,), "各层级分值")
        elif isinstance(rule, QuarterlyTopRanks):
            scale = "、".join(f"{plain(points)}分" for points in rule.rank_points)
            yield _Claim(item.clause, (scale,), "各名次分值")
            yield _Claim(item.clause, (f"前{len(rule.rank_points)}位",), "得分名次")
    for facts in _report_facts(scheme):
        for report in facts.due:
            day = f"{report.due.day}日"
            words = day if report.quarter else f"{report.due.month}月{day}"
            yield _Claim(report.clause, (words,), f"{report.material}的到期日")


def _times(count: int) -> str:
    """Write a small count as Chinese does before 次: 两次, 三次; larger ones as digits."""
    return "两" if count == 2 else _CHINESE[count] if count < len(_CHINESE) else str(count)


def _fold(text: str) -> str:
    """Fold width and drop white space, so that words compare whatever their form."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def _join(text: str) -> _Run:
    """Join the lines into one run, leaving out page-number lines."""
    folded: list[str] = []
    written: list[str] = []
    begins: set[int] = set()
    lines = re.split(r"\r\n|[\n\r\f\v\x85\u2028\u2029]", text)
    pages = _page_lines(lines)
    for number, line in enumerate(lines):
        if number in pages:
            continue
        begins.add(len(folded))
        for character in line:
            if not character.isprintable() or character.isspace():
                continue
            for folded_character in _fold(character):
                folded.append(folded_character)
                written.append(character)
                character = ""  # one written character may fold into several; it is quoted once
    return _Run("".join(folded), tuple(written), frozenset(begins))


def _page_lines(lines: Sequence[str]) -> set[int]:
    """Find the lines that are page numbers: dashed ones, and bare numbers that count on from page to page."""
    pages = set()
    last: int | None = None
    for number, line in enumerate(lines):
        bare = _fold(line)
        if _DASHED_PAGE.fullmatch(bare):
            pages.add(number)
            last = int(re.findall(r"[0-9]+", bare)[0])
        elif _BARE_PAGE.fullmatch(bare) and (int(bare) <= 3 if last is None else int(bare) == last + 1):
            pages.add(number)
            last = int(bare)
    return pages


def _outline(run: _Run) -> Iterator[tuple[str, _Clause]]:
    """Find the clauses: sections, their parts, and the numbered points of either."""
    sections = _headings(run, [rf"{_numeral(n)}[、.,]" for n in range(1, 21)], 0, len(run.folded))
    for section, start, end in _spans(sections, len(run.folded)):
        name = _numeral(section)
        parts = _headings(run, [rf"\({_numeral(n)}\)" for n in range(1, 21)], start, end)
        opening_end = parts[0] if parts else end
        points = _points(run, start, opening_end)
        yield name, _Clause(start, points[0] if points else opening_end, end)
        if points:
            yield from _numbered(name, points, opening_end)
        else:  # a section whose points are numbered （一）（二） instead of 1. 2.
            yield from _numbered(name, parts, end)
        for part, part_start, part_end in _spans(parts, end):
            inner = _points(run, part_start, part_end)
            part_name = f"{name}（{_numeral(part)}）"
            yield part_name, _Clause(part_start, inner[0] if inner else part_end, part_end)
            yield from _numbered(part_name, inner, part_end)


def _numbered(parent: str, starts: Sequence[int], end: int) -> Iterator[tuple[str, _Clause]]:
    return ((f"{parent}{n}", _Clause(a, b, b)) for n, a, b in _spans(starts, end))


def _spans(starts: Sequence[int], end: int) -> list[tuple[int, int, int]]:
    """Number the headings from 1 and say where each begins and ends."""
    return [(n, a, b) for n, (a, b) in enumerate(pairwise([*starts, end]), start=1)]


def _points(run: _Run, start: int, end: int) -> list[int]:
    """Find the points 1. 2. … (also 1、 or (1)) between two places."""
    return _headings(run, [rf"(?<![0-9.]){n}[.、](?![0-9])|\({n}\)" for n in range(1, 31)], start, end)


def _numeral(number: int) -> str:
    """Write an ordinal up to 30 in Chinese."""
    tens, ones = divmod(number, 10)
    return ("" if tens == 0 else "十" if tens == 1 else f"{_CHINESE[tens]}十") + (_CHINESE[ones] if ones else "")


def _headings(run: _Run, markers: Iterable[str], start: int, end: int) -> list[int]:
    """Find where the 1st, 2nd, … heading of a kind begins: the longest, then the likeliest, rising sequence.

    A marker that begins a line or follows a full stop is likelier a heading than one inside a sentence.
    """
    best: dict[int, tuple[int, list[int]]] = {}
    for level, marker in enumerate(markers):
        places = [m.start() for m in re.finditer(marker, run.folded) if start <= m.start() < end]
        # a section's own marker 十一、 holds 一、 too
        places = [p for p in places if not (p > start and run.folded[p] in _CHINESE and run.folded[p - 1] in _CHINESE)]
        reached: dict[int, tuple[int, list[int]]] = {}
        for place in places:
            score = _likelihood(run, place)
            if level == 0:
                reached[place] = (score, [place])
                continue
            before = [way for last, way in best.items() if last < place]
            if before:
                top = max(before, key=lambda way: (way[0], [-p for p in way[1]]))
                reached[place] = (top[0] + score, [*top[1], place])
        if not reached:
            break
        best = reached
    ways = sorted(best.values(), key=lambda way: (-way[0], way[1]))
    return ways[0][1] if ways else []


def _likelihood(run: _Run, place: int) -> int:
    """Weigh a heading's place: after a full stop, at a line's beginning, or in the middle of words."""
    if place == 0 or run.folded[place - 1] in _SENTENCE_END:
        return 4 if place in run.begins_line else 3
    return 2 if place in run.begins_line else 0
