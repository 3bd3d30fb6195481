"""What of a scheme this package computes. Anything else is refused by name: a rule that is left out would be silent."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from assess_lib.errors import UsageError
from assess_lib.scheme import Scheme

# The settings of each part that the rules here look at, and those that only words hang on. A setting that is not named
# is refused unless it stands at its default.
_SETTINGS: Mapping[str, frozenset[str]] = {
    name: frozenset(settings.split())
    for name, settings in {
        "Scheme": "year document cut_off sample groups parts judgement grades items clauses readings publication"
        " confirmations",
        "PartRules": "veto key bonus final",
        "PartRule": "name clause words",
        "Judgement": "pass_mark bonus_gate bonus_cap",
        "Line": "points clause name",
        "PassMark": "points clause name",
        "Grades": "fail passed pending bands",
        "Band": "grade at_least approval",
        "Item": "id part name clause words cap rule",
        "HotlineRedLights": "method limit",
        "NamedInCircular": "method levels",
        "DeductFromFull": "method facts",
        "ReportFacts": "kind late missing due",
        "DueReport": "material quarter due clause owed_by only_if",
        "RegisterFacts": "kind",
        "MeetingFacts": "kind standards exempt",
        "TaskFacts": "kind late missing",
        "MeanPerMatter": "method score_max",
        "HighestLevelPerMatter": "method category levels",
        "QuarterlyTopRanks": "method rank_points",
        "MeanOfRaters": "method score_max",
    }.items()
}
# These hold words and names alone.
_WORDS = ("document", "groups", "clauses", "readings", "publication", "confirmations")


def check_known(scheme: Scheme, methods: Collection[str]) -> None:
    """Hold a scheme to what is computed here. Raises UsageError that names every method and setting that is not."""
    foreign = [item for item in scheme.items if item.rule.method not in methods]
    strange = [f"items.{item.id}.rule.method={item.rule.method}" for item in foreign] or list(_strange(scheme, ""))
    lines = {"bonus_gate": scheme.judgement.bonus_gate, "bonus_cap": scheme.judgement.bonus_cap}
    strange += [f"judgement.{name}=null" for name, line in lines.items() if line is None]
    keys = [item.id for item in scheme.items if item.part == "key"]
    if len(keys) != 1:
        strange.append(f"重点考核项目 {len(keys)} 个（{'、'.join(keys)}）")
    if strange:
        raise UsageError(f"大规模计分尚不支持方案中的：{'；'.join(strange)}。请改用 assess score。")


def _strange(value: Any, place: str) -> Iterator[str]:
    """Yield the settings that nothing here looks at and that are not at their default."""
    if isinstance(value, (tuple, list)):
        for number, each in enumerate(value):
            yield from _strange(each, f"{place}.{getattr(each, 'id', number)}")
    elif isinstance(value, BaseModel):
        known = _SETTINGS.get(type(value).__name__)
        if known is None:
            yield f"{place[1:]}（{type(value).__name__}）"
            return
        for name, setting in type(value).model_fields.items():
            own = getattr(value, name)
            if name not in known:
                if own != setting.get_default(call_default_factory=True):
                    yield f"{place}.{name}"[1:]
            elif name not in _WORDS:
                yield from _strange(own, f"{place}.{name}")
