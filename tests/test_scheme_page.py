"""The reference page of the scheme format (``data/raw/SCHEME.md``): every key, method, option and reading, tried."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from io import StringIO
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import pytest
from build import ROOT, SCHEME_FILE
from pydantic import BaseModel, TypeAdapter
from ruamel.yaml import YAML
from test_cases import read_yaml

from assess_lib import scheme as models
from assess_lib.rules import METHODS
from assess_lib.scheme import KNOWN_READINGS
from assess_lib.scheme_file import load_scheme

PAGE = (ROOT / "data" / "raw" / "SCHEME.md").read_text(encoding="utf-8")
TABLE = re.compile(r"(?m)^\| 键 \| 写什么 \| 必写 \| 默认 \| 含义 \| 例 \|\n\|[-|]+\|\n((?:\| .*\n)+)")
# In the page's order; a model has one table.
MODELS: tuple[type[BaseModel], ...] = (
    models.Scheme,
    models.Document,
    models.Group,
    models.PartRules,
    models.PartRule,
    models.Judgement,
    models.Line,
    models.PassMark,
    models.BonusFloor,
    models.Grades,
    models.Band,
    models.Quota,
    models.Dimension,
    models.Item,
    models.Exemption,
    models.HotlineRedLights,
    models.NamedInCircular,
    models.DeductFromFull,
    models.DeductFromZero,
    models.MeanPerMatter,
    models.HighestLevelPerMatter,
    models.QuarterlyTopRanks,
    models.MeanOfRaters,
    models.PointsPerCount,
    models.RateBands,
    models.RateBand,
    models.ReportFacts,
    models.DueReport,
    models.RegisterFacts,
    models.MeetingFacts,
    models.TaskFacts,
    models.Reading,
    models.Publication,
    models.Objections,
    models.Confirmations,
)
TABLES = [
    [[cell.strip() for cell in row.strip("| ").split(" | ")] for row in found.strip().split("\n")]
    for found in TABLE.findall(PAGE)
]
BLOCKS = re.findall(r"(?ms)^```yaml\n(.*?)^```", PAGE)
PLACES = list(zip(MODELS, TABLES, strict=True))


def all_models() -> set[type[BaseModel]]:
    """Return every model that a scheme is made of."""

    def below(annotation: Any) -> Iterator[type[BaseModel]]:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield annotation
            for field in annotation.model_fields.values():
                yield from below(field.annotation)
        for part in get_args(annotation):
            yield from below(part)

    return set(below(models.Scheme))


def test_every_model_has_its_table() -> None:
    """Nothing that a scheme can hold is left out of the page, and the page has no table of something else."""
    assert all_models() == set(MODELS)
    assert len(TABLES) == len(MODELS) == 35


@pytest.mark.parametrize(("model", "rows"), PLACES, ids=[model.__name__ for model in MODELS])
def test_every_key_is_on_the_page_and_no_other(model: type[BaseModel], rows: list[list[str]]) -> None:
    """A table names each key of its model once, in order, with whether it must be written and what it is otherwise."""
    assert [row[0] for row in rows] == [f"`{name}`" for name in model.model_fields]
    for name, kind, required, default, meaning, _ in rows:
        field = model.model_fields[name.strip("`")]
        assert required == ("是" if field.is_required() else "否")
        assert (default == "—") == field.is_required()
        value = None if field.is_required() else field.get_default(call_default_factory=True)
        if isinstance(value, (str, bool)):
            assert default == f"`{str(value).lower() if isinstance(value, bool) else value}`"
        assert meaning == field.description
        if get_origin(field.annotation) is Literal:
            assert kind == "选项：" + "、".join(f"`{option}`" for option in get_args(field.annotation))


@pytest.mark.parametrize(("model", "rows"), PLACES, ids=[model.__name__ for model in MODELS])
def test_every_key_has_an_example_that_is_right(model: type[BaseModel], rows: list[list[str]]) -> None:
    """The example of each key is the key with a value that the model accepts; another kind of value is refused."""
    for *_, example in rows:
        written = read_yaml(example.strip("`"))
        ((name, value),) = written.items()
        field = model.model_fields[name]
        adapter: TypeAdapter[Any] = TypeAdapter(Annotated[field.annotation, *field.metadata, field])
        adapter.validate_python(value)
        with pytest.raises(ValueError, match=r"error"):
            adapter.validate_python(object())
    assert [next(iter(read_yaml(row[-1].strip("`")))) for row in rows] == list(model.model_fields)


def merge(base: Any, change: Any) -> Any:
    """Put an example into a whole scheme: keys into mappings, items and dimensions by their id behind their part."""
    if isinstance(base, dict) and isinstance(change, dict):
        return base | {key: merge(base.get(key), value) for key, value in change.items()}
    if isinstance(base, list) and change and all(isinstance(entry, dict) and "id" in entry for entry in change):
        made = deepcopy(base)
        for entry in change:
            places = [place for place, old in enumerate(made) if old["id"] == entry["id"]]
            if places:
                made[places[0]] = entry
            else:
                order = ["veto", "key", "bonus"]
                behind = [n for n, old in enumerate(made) if order.index(old["part"]) <= order.index(entry["part"])]
                made.insert(behind[-1] + 1, entry)
        return made
    return change


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_every_example_block_is_loaded_inside_a_whole_scheme(number: int, tmp_path: Path) -> None:
    """Each block of the page, put into the shipped scheme, is a scheme that the loader takes and that says it."""
    change = YAML(typ="safe").load(BLOCKS[number])
    whole = merge(YAML(typ="safe").load(SCHEME_FILE.read_text(encoding="utf-8")), change)
    text = StringIO()
    YAML().dump(whole, text)
    file = tmp_path / "scheme.yaml"
    file.write_text(text.getvalue(), encoding="utf-8")
    scheme = load_scheme(file)
    for item in change.get("items", ()):
        assert scheme.item(item["id"]).rule.method == item["rule"]["method"]
    assert [d.id for d in scheme.dimensions] == [d["id"] for d in change.get("dimensions", ())]
    assert [b.grade for b in scheme.grades.bands] == [b["grade"] for b in change.get("grades", {}).get("bands", ())]


def test_every_method_has_a_section_with_an_example() -> None:
    """A method of the registry has a heading, a row in the list of methods and a block that uses it; no other has."""
    sections = {part.split("\n", 1)[0].strip(): part for part in re.split(r"(?m)^### ", PAGE)[1:]}
    assert {name for name in sections if re.fullmatch("[a-z_]+", name)} == set(METHODS) | {
        "reports",
        "register",
        "meetings",
        "tasks",
    }
    for method in METHODS:
        assert f"method: {method}" in "".join(re.findall(r"(?ms)^```yaml\n(.*?)^```", sections[method])), method
        assert PAGE.count(f"\n| `{method}` | ") == 1
    for kind in ("reports", "register", "meetings", "tasks"):
        assert f"kind: {kind}" in sections[kind]


def test_the_list_of_methods_says_what_each_reads() -> None:
    """Beside each method stand the parts that take it, its tables and its readings."""
    rows = {
        row[0].strip("`"): row for row in re.findall(r"(?m)^\| (`[a-z_]+`) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", PAGE)
    }
    for method in (m for m in models.get_args(get_args(models.Method)[0]) if not hasattr(m, "facts")):
        name = get_args(method.model_fields["method"].annotation)[0]
        parts, tables, readings = rows[name][1:]
        if "facts" in method.model_fields:
            continue
        wanted = "否决" if method in models.VETO_METHODS else "重点、加分" if method in models.KEY_METHODS else "加分"
        assert parts == wanted, name
        assert readings == ("、".join(f"`{key}`" for key in method.readings) or "无"), name
        if isinstance(method.__dict__.get("tables"), tuple):
            assert tables == "、".join(method.tables), name


def test_every_reading_is_on_the_page_with_its_options() -> None:
    """The list of readings is that of the methods: each key with exactly its options."""
    rows = re.findall(r"(?m)^\| `([a-z0-9_]+)` \| ((?:`[a-z0-9_]+`、?)+) \| [^|]+ \|$", PAGE)
    assert {key: tuple(re.findall(r"`([a-z0-9_]+)`", options)) for key, options in rows} == KNOWN_READINGS


def test_the_page_is_linked_and_its_contents_lead_somewhere() -> None:
    """Both README files lead here; each entry of the contents is a heading."""
    for readme in (ROOT / "README.md", ROOT / "data" / "raw" / "README.md"):
        assert "SCHEME.md" in readme.read_text(encoding="utf-8"), readme
    headings = {
        re.sub(r"[^\w\- ]", "", title).strip().replace(" ", "-") for title in re.findall(r"(?m)^##+ (.+)$", PAGE)
    }
    contents = PAGE[PAGE.index("目录：") : PAGE.index("\n\n## ")]
    assert set(re.findall(r"\(#([^)]+)\)", contents)) <= headings
