"""What of a scheme goes beyond the plain order of judgement: one key item, a gate, one cap, known methods, no quotas.

Scoring, verification, readings and comparison take every scheme. The second computations (SQL, spreadsheet formulas)
and the search for smallest corrections know the plain order alone: what they do not cover they must say, never leave
out in silence.
"""

from __future__ import annotations

from assess_lib.scheme import (
    DeductFromFull,
    HighestLevelPerMatter,
    HotlineRedLights,
    Item,
    Line,
    MeanOfRaters,
    MeanPerMatter,
    NamedInCircular,
    QuarterlyTopRanks,
    RegisterFacts,
    Scheme,
)

PLAIN_METHODS = (
    HotlineRedLights,
    NamedInCircular,
    DeductFromFull,
    MeanPerMatter,
    HighestLevelPerMatter,
    QuarterlyTopRanks,
    MeanOfRaters,
)


def beyond_plain(scheme: Scheme) -> tuple[str, ...]:
    """Name in Chinese what goes beyond the plain order; nothing for a plain scheme."""
    judgement = scheme.judgement
    told = [
        f"方法 {item.rule.method}（{item.id} {item.name}）"
        for item in scheme.items
        if not isinstance(item.rule, PLAIN_METHODS)
    ]
    registers = (
        kind for item in scheme.items for kind in getattr(item.rule, "facts", ()) if isinstance(kind, RegisterFacts)
    )
    (first, *_) = scheme.key_items
    for holds, what in (
        (len(scheme.key_items) > 1, f"{len(scheme.key_items)} 个重点考核项目"),
        (not isinstance(first.rule, DeductFromFull), "不从满分起扣的重点考核项目"),
        (bool(scheme.dimensions), "维度"),
        (any(item.exempt for item in scheme.items), "免考核折合"),
        (any(kind.standards for kind in registers), "按标准分到各项的扣分登记"),
        (not scheme.part_items("veto"), "没有否决项目"),
        (not scheme.part_items("bonus"), "没有加分项目"),
        (judgement.bonus_gate is None, "不设加分开启线"),
        (judgement.bonus_cap is None, "不设加分上限"),
        (judgement.bonus_floor is not None, "加分部分的最低分"),
        (judgement.pass_mark.compares == "final_score", "比最终得分的合格线"),
        (scheme.grades.limited, "等次名额"),
    ):
        if holds:
            told.append(what)
    return tuple(told)


def not_covered(who: str, scheme: Scheme) -> str:
    """Say plainly that something does not cover the scheme, and why; blank where it does."""
    told = beyond_plain(scheme)
    return f"{who}不含本方案的{'、'.join(told)}，没有进行。" if told else ""


def simple_key(scheme: Scheme) -> Item | None:
    """Return the key part's one item where it starts at full, deducts and is all there is to the key score."""
    if len(scheme.key_items) != 1:
        return None
    (item,) = scheme.key_items
    alone = item.dimension is None and not item.exempt
    return item if isinstance(item.rule, DeductFromFull) and alone else None


def is_composed(scheme: Scheme) -> bool:
    """Tell whether more than the cap of the bonus part stands between the items' sum and the final score."""
    return (
        bool(scheme.dimensions) or any(item.exempt for item in scheme.items) or scheme.judgement.bonus_floor is not None
    )


def raw_points(scheme: Scheme) -> str:
    """Say that sums of deductions are of the items' own points, where these are not simply the key score's."""
    return "" if simple_key(scheme) is not None else "（各项原分，加权、封顶和折合以前）"


def key_lines(scheme: Scheme) -> tuple[Line, ...]:
    """Return the lines that the key score is held against: the pass mark, unless it is the final score's; the gate."""
    judgement = scheme.judgement
    mark = (judgement.pass_mark,) if judgement.pass_mark.compares == "key_score" else ()
    return mark if judgement.bonus_gate is None else (*mark, judgement.bonus_gate)
