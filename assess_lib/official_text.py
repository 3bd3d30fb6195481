"""Read 方案原文.txt, find its clauses, quote them, and hold the scheme's numbers against them.

The text is a copy of a printed document: lines and pages break anywhere, even inside a number or a heading,
page numbers stand between the lines, full and half width are mixed. So nothing here relies on lines. The
text is read as one stream of folded characters, and a heading is what comes in sequence: of all marks that
could be the next heading, the chain with the best evidence (after a full stop, at a line's start) is taken.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import get_args

from assess_lib.composition import key_full
from assess_lib.errors import InputRejected, Problem
from assess_lib.exact import plain
from assess_lib.scheme import (
    DEDUCTING_METHODS,
    HighestLevelPerMatter,
    HotlineRedLights,
    Item,
    Level,
    MeanOfRaters,
    MeanPerMatter,
    PointsPerCount,
    QuarterlyTopRanks,
    ReportFacts,
    Scheme,
)

FILE_NAME = "方案原文.txt"
MAX_BYTES = 2 * 1024 * 1024
_SHOWN = 60


# ---- the text as a stream -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Char:
    """One folded character: where it stands in the file; on a bare-number line, which, and if that is a page's."""

    char: str
    offset: int
    bare: int | None = None
    page: bool = False


# "- 3 -", "— 3 —", "第3页", "第 3 页 共 9 页", "共9页，第3页", "第三页", "3/9", "Page 3 of 9", as folded
_RULES, _PAGES = "-‐‑‒–—―−─━_~", r"(?:\d{1,4}|[〇零一二三四五六七八九十百]{1,5})[页頁]"
_PAGE, _ALL_PAGES = f"第{_PAGES}", f"共{_PAGES}"
_PAGE_LINE = re.compile(
    rf"[{_RULES}·•.]+\d{{1,4}}[{_RULES}·•.]+|{_PAGE}(?:[,/]?{_ALL_PAGES})?|{_ALL_PAGES}[,/]?{_PAGE}"
    rf"|(?:(?:page|p|no)\.?)?\d{{1,4}}(?:/|of)\d{{1,4}}|(?:page|p|no)\.?\d{{1,4}}|[{_RULES}]+",
    re.IGNORECASE,
)
_BARE_LINE = re.compile(r"\d{1,3}")
# What cannot follow a page number but follows a number: its unit or the mark of a heading.
_NEEDS_NUMBER = re.compile(r"[分次个日月年位名项条份号时家户天%、.,)/〕\]]")

# "二", page 3, "、考核对象": digits never follow a numeral, so that the number between is a page's
_ENDS_NUMBER = re.compile(r"[\d一二三四五六七八九十]$")


def _closes_words(before: str, after: str) -> bool:
    """Tell whether a bracket closes words and not the bare number alone: (见附件⏎3⏎), but not (⏎3⏎)."""
    return after[0] in ")]〕" and before[-1:] not in ("(", "[", "〔")


def _fold(text: str) -> str:
    """Return the text without spaces and invisible characters, in half width.

    >>> _fold("４ 分（含）")
    '4分(含)'
    """
    return "".join(c for c in unicodedata.normalize("NFKC", text) if not c.isspace() and c.isprintable())


def _stream(text: str) -> tuple[_Char, ...]:
    """Return the folded characters of the text without its page lines, bare numbers marked."""
    lines: list[tuple[int, str, str]] = []
    offset = 0
    for line in re.split(r"(?<=[\n\r\f\v\x85\u2028\u2029])", text):
        folded = _fold(line)
        if folded and not _PAGE_LINE.fullmatch(folded):
            lines.append((offset, line, folded))
        offset += len(line)
    folds = [folded for _, _, folded in lines]
    pages = _page_numbers(folds)
    chars: list[_Char] = []
    for n, (start, line, folded) in enumerate(lines):
        bare = n if _BARE_LINE.fullmatch(folded) else None
        for index, char in enumerate(line):
            chars += [_Char(folded_char, start + index, bare, n in pages) for folded_char in _fold(char)]
    return tuple(chars)


def _page_numbers(folds: Sequence[str]) -> set[int]:
    """Return which lines that hold a number alone are page numbers: those that count up through the text.

    A number is the text's own when the next line needs one (a unit, a heading's mark) and the line before
    ends without one. Pages may be missing from the count, but not many at a time.
    """
    previous_of: dict[int, int | None] = {}
    scores: dict[int, tuple[float, int]] = {}
    for n, folded in enumerate(folds):
        if not _BARE_LINE.fullmatch(folded):
            continue
        after = folds[n + 1] if n + 1 < len(folds) else ""
        before = folds[n - 1] if n else ""
        if _NEEDS_NUMBER.match(after) and not _ENDS_NUMBER.search(before) and not _closes_words(before, after):
            continue
        value = int(folded)
        score: float = 1.0
        previous: int | None = None
        for gap in (1, 2, 3):
            if value - gap in scores and (longer := scores[value - gap][0] + 1 - (gap - 1) / 4) > score:
                score, previous = longer, scores[value - gap][1]
        previous_of[n] = previous
        if value not in scores or score > scores[value][0]:
            scores[value] = (score, n)
    pages: set[int] = set()
    line = max(scores.values())[1] if scores else None
    while line is not None:
        pages.add(line)
        line = previous_of[line]
    return pages


# ---- headings -------------------------------------------------------------------------------------------

_DIGITS = "零一二三四五六七八九"
_NUMERAL = "一二三四五六七八九十"


def chinese_numeral(number: int) -> str:
    """Return 1 to 99 as a Chinese numeral.

    >>> chinese_numeral(3), chinese_numeral(12), chinese_numeral(20)
    ('三', '十二', '二十')
    """
    tens, ones = divmod(number, 10)
    return ("" if tens == 0 else "十" if tens == 1 else _DIGITS[tens] + "十") + (_DIGITS[ones] if ones else "")


_ORDINALS = {chinese_numeral(n): n for n in range(1, 100)} | {str(n): n for n in range(1, 100)}
_PART = re.compile(rf"(?<![{_NUMERAL}第\d])([{_NUMERAL}]{{1,3}})[、.,]")
_SECTION = re.compile(rf"(?<![{_NUMERAL}第])\(([{_NUMERAL}]{{1,3}})\)")
_NUMBER = re.compile(r"(?<![\d.第A-Za-z])(\d{1,2})[、.]")
_BRACKETED = re.compile(r"(?<![\d第A-Za-z])\((\d{1,2})\)")
# "(三)项", "(一)规定": a sentence speaks of another clause
_REFERENCE = re.compile(r"[项条款目类至到和与及]|规定|所列")

# A clause whose own words are a heading: folded, no sentence in it
_HEADING = re.compile(r"[^。;!?:,]{0,30}[。:]?")

# 1.5倍 at a line's start is no heading 1. of a clause, but 1.7个单位 and 1.6月20日前 may be
_MORE_NUMBER = re.compile(r"\d+(?![\d年月日个])")


@dataclass(frozen=True, slots=True)
class _Mark:
    """A place that could be a heading: its ordinal, where mark and body begin, and how likely it is one."""

    ordinal: int
    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class _Chain:
    """Marks in sequence, newest first, and their total score."""

    score: float
    mark: _Mark
    rest: _Chain | None


class _Finder:
    """Find the chains of headings in a folded text."""

    def __init__(self, folded: str, line_starts: frozenset[int]) -> None:
        self.folded = folded
        self.line_starts = line_starts
        # the shorter the lines, the less it says that something stands at a line's start
        length = len(folded) / max(1, len(line_starts))
        self.at_line_start = min(2.0, math.log2(length) * 0.7) if length > 1 else 0.0

    def chain(self, pattern: re.Pattern[str], start: int, end: int) -> list[_Mark]:
        """Return the likeliest sequence 1, 2, 3 … of marks within a range; empty when there is none."""
        best: dict[int, _Chain] = {}
        for match in pattern.finditer(self.folded, start, end):
            ordinal = _ORDINALS.get(match[1])
            if ordinal is None or (ordinal > 1 and ordinal - 1 not in best):
                continue
            mark = _Mark(ordinal, match.start(), match.end(), self._score(match, start))
            rest = best.get(ordinal - 1)
            chain = _Chain(mark.score + (rest.score if rest else 0.0), mark, rest)
            if ordinal not in best or chain.score >= best[ordinal].score:
                best[ordinal] = chain
        if not best:
            return []
        chosen: _Chain | None = max(best.values(), key=lambda chain: (chain.score, chain.mark.ordinal))
        if chosen is None or chosen.score <= 0:
            return []
        marks: list[_Mark] = []
        while chosen:
            marks.append(chosen.mark)
            chosen = chosen.rest
        return marks[::-1]

    def _score(self, match: re.Match[str], start: int) -> float:
        """Weigh the evidence for one mark: what stands before it, and what follows."""
        before = self.folded[match.start() - 1 : match.start()]
        after = self.folded[match.end() : match.end() + 2]
        score = -1.0
        if match.start() == start or before in ("", "。", "!", "?"):
            score += 4
        elif before in (";", ":"):
            score += 3
        elif before in (")", "》", "”", '"'):
            score += 2
        if match.start() in self.line_starts:
            score += self.at_line_start
        if _REFERENCE.match(after):
            score -= 1
        elif before not in ("", "。") and _MORE_NUMBER.match(self.folded, match.end()):
            score -= 2
        elif after[:1].isalpha() and after[0] not in _NUMERAL:
            score += 1
        return score


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause: its own text, from behind its heading's mark to the next heading.

    ``text`` is as printed, lines joined; ``readings`` are the folded text, first as decided, then with
    lines that hold a number alone (a page's, or the text's own) in and out; ``line`` is where it starts, from 1.
    """

    locator: str
    text: str
    readings: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class OfficialText:
    """The official text as its clauses, in order, by locator (``四（三）2``)."""

    clauses: Mapping[str, Clause]

    def clause(self, locator: str) -> Clause | None:
        """Return a clause by its locator, in full or half width, None if the text has none.

        五1 is the clause printed as 1. under 五, or as （一） where 五 has no point printed as 1.
        """
        name = _fold(locator).replace("(", "（").replace(")", "）")
        point = re.fullmatch(rf"([{_NUMERAL}]+)(\d{{1,2}})", name)
        if point and f"{point[1]}1" not in self.clauses and point[2] in _ORDINALS:
            name = f"{point[1]}（{chinese_numeral(_ORDINALS[point[2]])}）"
        return self.clauses.get(name)

    def quote(self, locator: str) -> str | None:
        """Return the clause's own words, lines joined, without its heading's mark; None if there is no such clause."""
        clause = self.clause(locator)
        return clause.text if clause else None


def load_official_text(path: Path) -> OfficialText:
    """Read the official text (UTF-8 with or without BOM, or GB18030) into clauses.

    Raises InputRejected when the file cannot be read, is too large, empty, or in another encoding.
    """
    return parse_official_text(_read(path))


def _read(path: Path) -> str:
    def refuse(code: str, message: str, remedy: str) -> InputRejected:
        found = Problem("error", code, message, remedy, file=path.name)
        return InputRejected(f"{path.name} 无法使用", [found])

    if path.is_symlink() or not path.is_file():
        raise refuse("text.unreadable", "不是普通文件。", "请换成文本文件，或删除后重新运行。")
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise refuse("text.unreadable", f"读不了（{error.strerror}）。", "请检查文件权限。") from error
    if len(raw) > MAX_BYTES:
        raise refuse("text.too-large", f"超过 {MAX_BYTES // 1024 // 1024} MB。", "请只保留方案正文。")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break  # UTF-16, or no text at all
        if not _fold(text):
            raise refuse("text.empty", "是空文件。", "请放入方案全文，或删除这个文件。")
        return text
    raise refuse("text.encoding", "不是 UTF-8 或 GB18030 编码的文本。", "请用记事本打开，另存为 UTF-8。")


def parse_official_text(text: str) -> OfficialText:
    """Return the clauses of a text: parts 一、 sections （一） within them, and numbers 1. within either."""
    stream = _stream(text)
    used = [n for n, char in enumerate(stream) if not char.page]
    folded = "".join(stream[n].char for n in used)
    ends = [match.start() for match in re.finditer(r"[\n\r\f\v\x85\u2028\u2029]", text)]
    starts = frozenset(_line_starts([stream[n].offset for n in used], ends))
    finder = _Finder(folded, starts)
    clauses: dict[str, Clause] = {}
    for locator, start, end in _outline(finder, len(folded)):
        low = used[start] if start < len(used) else len(stream)
        high = used[end] if end < len(used) else len(stream)
        chars = stream[low:high]
        first = stream[low].offset if low < len(stream) else len(text)
        line = sum(end < first for end in ends) + 1
        clauses[locator] = Clause(
            locator, _joined(text, [c for c in chars if not c.page]), tuple(_readings(chars)), line
        )
    return OfficialText(clauses)


def _readings(chars: Sequence[_Char]) -> Iterator[str]:
    """Yield the clause's folded text: first as decided, then with its bare-number lines in and out."""
    yield "".join(char.char for char in chars if not char.page)
    bare = sorted({char.bare for char in chars if char.bare is not None})
    # every choice of a few; of many, all or none
    choices = (
        product((False, True), repeat=len(bare)) if len(bare) <= 6 else ((False,) * len(bare), (True,) * len(bare))
    )
    for choice in choices:
        left_out = {line for line, kept in zip(bare, choice, strict=True) if not kept}
        if bare:
            yield "".join(char.char for char in chars if char.bare not in left_out)


def _line_starts(offsets: Sequence[int], ends: Sequence[int]) -> Iterator[int]:
    """Yield the positions in the stream whose character is the first of its line."""
    breaks = iter([*ends, math.inf])
    pending: float = -1
    for position, offset in enumerate(offsets):
        first = pending < 0
        while pending < offset:
            pending, first = next(breaks), True
        if first:
            yield position


def _outline(finder: _Finder, length: int) -> Iterator[tuple[str, int, int]]:
    """Yield (locator, start, end) of each clause's own text."""
    parts = finder.chain(_PART, 0, length)
    for part, part_end in _spans(parts, length):
        name = chinese_numeral(part.ordinal)
        sections = finder.chain(_SECTION, part.end, part_end)
        opening_end = sections[0].start if sections else part_end
        yield from _numbered(finder, name, part.end, opening_end)
        for section, section_end in _spans(sections, part_end):
            yield from _numbered(finder, f"{name}（{chinese_numeral(section.ordinal)}）", section.end, section_end)


def _numbered(finder: _Finder, name: str, start: int, end: int) -> Iterator[tuple[str, int, int]]:
    """Yield a part's or section's own text and then its numbered points; (1) counts only where no 1. does."""
    points = finder.chain(_NUMBER, start, end) or finder.chain(_BRACKETED, start, end)
    yield name, start, points[0].start if points else end
    for point, point_end in _spans(points, end):
        yield f"{name}{point.ordinal}", point.end, point_end


def _spans(marks: Sequence[_Mark], end: int) -> Iterator[tuple[_Mark, int]]:
    """Yield each mark with the start of the next, or the end."""
    for n, mark in enumerate(marks):
        yield mark, marks[n + 1].start if n + 1 < len(marks) else end


def _joined(text: str, chars: Sequence[_Char]) -> str:
    """Return the printed characters as one line; a space stays only between two Latin letters or digits."""
    joined = ""
    last = -1
    for char in chars:
        if char.offset == last:
            continue  # one printed character may fold into several
        gap = text[last + 1 : char.offset] if last >= 0 else ""
        printed = text[char.offset]
        both = joined[-1:].isascii() and joined[-1:].isalnum() and printed.isascii() and printed.isalnum()
        joined += (" " if both and gap and not re.search(r"[\n\r\f]", gap) else "") + printed
        last = char.offset
    return joined


# ---- the scheme against the text ------------------------------------------------------------------------

Finds = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Expected:
    """Something that must stand in a clause: how a person writes it, and how it is found."""

    locator: str
    words: str
    finds: Finds
    label: bool = False


_NUMBER_IN_TEXT = rf"(\d+(?:\.\d+)?|[零两{_NUMERAL}百]+)"


def _worth(written: str) -> Decimal | None:
    """Return the value of digits or of a Chinese numeral below 1000, None for anything else.

    >>> _worth("4"), _worth("两"), _worth("一百"), _worth("二十")
    (Decimal('4'), Decimal('2'), Decimal('100'), Decimal('20'))
    """
    if written[0].isdigit():
        return Decimal(written)
    hundreds, _, rest = written.rpartition("百")
    rest = rest.replace("零", "").replace("两", "二")
    below = 0 if rest == "" else _ORDINALS.get(rest)
    if below is None or ("百" in written and len(hundreds) > 1):
        return None
    above = 0 if "百" not in written else _ORDINALS.get(hundreds.replace("两", "二") or "一", 0) * 100
    return Decimal(above + below)


def _quantity(value: Decimal | int, unit: str, before: str = "") -> Finds:
    """Find a whole number with its unit: 4分 is not in 14分, nor in 1.4分."""
    pattern = re.compile(rf"{before}(?<![\d.零两{_NUMERAL}百]){_NUMBER_IN_TEXT}{unit}")
    return lambda text: any(_worth(match[1]) == value for match in pattern.finditer(text))


def _points(value: Decimal) -> Finds:
    return _quantity(value, "分(?!之)")


def _points_list(values: Sequence[Decimal]) -> Finds:
    """Find a whole list of points in order: 3分、2分、1分, also 3、2、1分 or with a level's name before each."""
    gap = r"分?(?:[、,;/和及\-]|[^\d。]{1,12}?)"
    numbers = gap.join(rf"{re.escape(plain(value))}(?:\.0+)?" for value in values)
    pattern = re.compile(rf"(?<![\d.])(?<!\d[、/])(?<!\d分[、/]){numbers}分(?![、/和及]\d)")
    return lambda text: bool(pattern.search(text))


def _cap(cap: Decimal, levels: Sequence[Decimal]) -> Finds:
    """Find an item's cap; it may stand in the item's list of points, as 3 does in 3、2、1分."""
    alone, listed = _points(cap), _points_list(levels) if cap in levels else None
    return lambda text: alone(text) or (listed is not None and listed(text))


def _day(month: int, day: int) -> Finds:
    pattern = re.compile(r"(?<!\d)(\d{1,2})月(\d{1,2})日")
    return lambda text: any((int(m[1]), int(m[2])) == (month, day) for m in pattern.finditer(text))


def _day_of_month(day: int) -> Finds:
    """Find a day without its month; where the clause has none such, a full date will do."""
    # of any length: 末月2⏎3⏎5日 read as 235 is a day that is wrong, not a day that is lacking
    alone = re.compile(r"(?<!\d)(?<!\d月)(\d+)日")
    any_day = re.compile(r"(?<!\d)(\d{1,2})日")

    def finds(text: str) -> bool:
        days = alone.findall(text) or any_day.findall(text)
        return any(int(found) == day for found in days)

    return finds


def _word(label: str) -> Finds:
    folded = _fold(label)
    return lambda text: folded in text


def _times(limit: int) -> str:
    return "两次" if limit == 2 else f"{chinese_numeral(limit)}次"


def expectations(scheme: Scheme) -> Iterator[Expected]:
    """Yield everything of the scheme that its official text must say, clause by clause."""
    for group in scheme.groups:
        yield Expected(group.clause, f"{group.count}个", _quantity(group.count, "个"))
    lines = scheme.judgement
    whole = scheme.parts.final.clause
    for clause, value in (
        (whole, key_full(scheme)),
        *((whole, line.points) for line in (lines.bonus_cap,) if line is not None),
        *((line.clause, abs(line.points)) for _, line in lines.lines()),
    ):
        yield Expected(clause, f"{plain(value)}分", _points(value))
    for dimension in scheme.dimensions:
        for word in dimension.words:
            yield Expected(dimension.clause, word, _word(word), label=True)
        for limit in (dimension.cap, dimension.floor):
            if limit is not None:
                yield Expected(dimension.clause, f"{plain(abs(limit))}分", _points(abs(limit)))
    for part in (scheme.parts.veto, scheme.parts.key, scheme.parts.bonus, scheme.parts.final):
        for word in part.words:
            yield Expected(part.clause, word, _word(word), label=True)
    for item in scheme.items:
        yield from _item_expectations(item)


def _item_expectations(item: Item) -> Iterator[Expected]:
    for word in item.words:
        yield Expected(item.clause, word, _word(word), label=True)
    rule = item.rule
    levels: tuple[Decimal, ...] = ()
    if isinstance(rule, HighestLevelPerMatter):
        # from the highest level down, in whatever order the file lists them
        levels = tuple(rule.levels[level] for level in get_args(Level) if level in rule.levels)
    elif isinstance(rule, QuarterlyTopRanks):
        levels = rule.rank_points
    if levels:
        yield Expected(item.clause, "、".join(f"{plain(value)}分" for value in levels), _points_list(levels))
    if item.cap is not None:
        yield Expected(item.clause, f"{plain(item.cap)}分", _cap(item.cap, levels))
    if isinstance(rule, (MeanPerMatter, MeanOfRaters)):
        yield Expected(item.clause, f"{plain(rule.score_max)}分", _points(rule.score_max))
    elif isinstance(rule, HotlineRedLights):
        yield Expected(item.clause, _times(rule.limit), _quantity(rule.limit, "次"))
    elif isinstance(rule, QuarterlyTopRanks):
        count = len(rule.rank_points)
        yield Expected(item.clause, f"前{count}位", _quantity(count, "[位名]", before="前"))
    elif isinstance(rule, PointsPerCount):
        yield Expected(item.clause, f"{plain(rule.each)}分", _points(rule.each))
    elif isinstance(rule, DEDUCTING_METHODS):
        if item.floor is not None:
            yield Expected(item.clause, f"{plain(-item.floor)}分", _points(-item.floor))
        for facts in rule.facts:
            for report in facts.due if isinstance(facts, ReportFacts) else ():
                day, month = report.due.day, report.due.month
                if report.quarter is None:
                    yield Expected(report.clause, f"{month}月{day}日", _day(month, day))
                else:
                    yield Expected(report.clause, f"{day}日", _day_of_month(day))


def _cited(scheme: Scheme) -> Iterator[str]:
    """Yield every locator that the scheme cites, wherever it does."""
    yield from scheme.clauses
    for group in scheme.groups:
        yield group.clause
    for part in (scheme.parts.veto, scheme.parts.key, scheme.parts.bonus, scheme.parts.final):
        yield part.clause
    for _, line in scheme.judgement.lines():
        yield line.clause
    for dimension in scheme.dimensions:
        yield dimension.clause
    for item in scheme.items:
        yield item.clause
        for facts in item.rule.facts if isinstance(item.rule, DEDUCTING_METHODS) else ():
            for report in facts.due if isinstance(facts, ReportFacts) else ():
                yield report.clause
    for reading in scheme.readings.values():
        yield reading.clause
    if scheme.objections is not None and scheme.objections.clause is not None:
        yield scheme.objections.clause


@dataclass(frozen=True, slots=True)
class Uncovered:
    """A clause of the official text that nothing in the scheme refers to: its locator, first words, line (from 1)."""

    locator: str
    words: str
    line: int


def uncovered_clauses(text: OfficialText, scheme: Scheme) -> tuple[Uncovered, ...]:
    """List the clauses of the text, in its order, that no rule, reading, due date or summary of the scheme cites.

    A heading alone rules nothing: where clauses stand below it, they are listed and it is not. The points of a cited
    section of which none is cited are read with the section, as ``check_official_text`` reads them.
    """
    cited = {clause.locator for locator in _cited(scheme) if (clause := text.clause(locator)) is not None}
    found = []
    for locator, clause in text.clauses.items():
        section = locator.rstrip("0123456789")
        with_section = section in cited and section.endswith("）") and not cited.intersection(_points_of(text, section))
        if locator in cited or with_section or (_HEADING.fullmatch(clause.readings[0]) and _has_below(text, locator)):
            continue
        found.append(Uncovered(locator, _shortened(clause.text), clause.line))
    return tuple(found)


def _points_of(text: OfficialText, locator: str) -> list[str]:
    """Return the locators of a clause's numbered points."""
    return [name for name in text.clauses if re.fullmatch(re.escape(locator) + r"\d+", name)]


def _has_below(text: OfficialText, locator: str) -> bool:
    """Tell whether clauses stand below one: its sections and points."""
    return any(re.match(re.escape(locator) + r"[（\d]", name) for name in text.clauses if not locator[-1:].isdigit())


def check_official_text(text: OfficialText, scheme: Scheme) -> list[Problem]:
    """Hold a scheme against its official text, clause by clause.

    A cited clause that the text lacks and a number that does not stand in its clause are errors; a label
    that does not is a warning. Spaces, line breaks and width never matter.
    """
    cited = dict.fromkeys(_cited(scheme))
    problems = [_unresolved(locator) for locator in cited if text.clause(locator) is None]
    # several parts of the scheme may expect the same words of a clause
    for expected in {(e.locator, e.words): e for e in expectations(scheme)}.values():
        clause = text.clause(expected.locator)
        if clause is None:
            continue
        wordings = _wordings(text, clause.locator, cited)
        if not any(expected.finds(wording) for wording in wordings):
            problems.append(_not_found(expected, clause))
    return problems


def _wordings(text: OfficialText, locator: str, cited: Mapping[str, None]) -> tuple[str, ...]:
    """Return the readings of a clause's own text, with those points of a section that the scheme does not cite."""
    clause = text.clauses[locator]
    wordings = clause.readings
    if locator.endswith("）"):
        points = [text.clauses[name] for name in _points_of(text, locator)]
        if not any(point.locator in cited for point in points):
            # a separator that no number and no label reaches across
            wordings += tuple("\n".join((clause.readings[0], *(p.readings[0] for p in points))) for _ in points[:1])
    return wordings


def _unresolved(locator: str) -> Problem:
    return Problem(
        "error",
        "text.clause",
        f"原文中找不到条款“{locator}”。",
        "请核对原文是否完整、各条序号是否连续；原文确无此条的，更正 scheme.yaml 中的条款号。",
        file=FILE_NAME,
        column=locator,
    )


def _shortened(words: str) -> str:
    """Return the first words of a clause as a message or a table shows them."""
    stands = "".join(char for char in words if char.isprintable())
    return stands if len(stands) <= _SHOWN else stands[: _SHOWN - 1] + "…"


def _not_found(expected: Expected, clause: Clause) -> Problem:
    said = f"条款“{expected.locator}”中没有“{expected.words}”，该条写的是：“{_shortened(clause.text)}”。"
    if expected.label:
        severity, code, remedy = "warning", "text.label", "字样不同而意思相同的，可不处理。"
    else:
        severity, code = "error", "text.number"
        remedy = "请核对原文和 scheme.yaml，以正式文件为准更正其中一处。"
    return Problem(
        "warning" if severity == "warning" else "error",
        code,
        said,
        remedy,
        file=FILE_NAME,
        row=clause.line,
        column=expected.locator,
        value=expected.words,
    )
