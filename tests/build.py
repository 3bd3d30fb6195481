"""Build canonical tables for tests from plain literals, without going through files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from assess_lib.scheme import Scheme
from assess_lib.tables import TABLES, Row, Source, Value

ROOT = Path(__file__).resolve().parents[1]
SCHEME_FILE = ROOT / "data" / "raw" / "2022" / "scheme.yaml"


def load_scheme_plainly(**changes: Any) -> Scheme:
    """Load the shipped 2022 scheme without the library's own loader; ``changes`` replace top-level keys."""
    data = YAML(typ="safe", pure=True).load(SCHEME_FILE.read_text(encoding="utf-8"))
    return Scheme.model_validate(data | changes)


def _value(kind: str, raw: Any) -> Value:
    if raw is None or raw == "":
        return None
    if kind == "number":
        return Decimal(str(raw))
    if kind == "whole":
        return int(raw)
    if kind == "date":
        return raw if isinstance(raw, date) else date.fromisoformat(str(raw))
    if kind == "datetime":
        if isinstance(raw, datetime):
            return raw
        return datetime.fromisoformat(str(raw))
    return str(raw)


def make_table(name: str, rows: Iterable[Mapping[str, Any]]) -> tuple[Row, ...]:
    """Make a canonical table; row n of the literals stands in row n + 1 of file ``<name>.csv``."""
    spec = TABLES[name]
    made = []
    for number, raw in enumerate(rows, start=2):
        unknown = set(raw) - {column.name for column in spec.columns}
        assert not unknown, f"{name} has no column {unknown}"
        values = {column.name: _value(column.kind, raw.get(column.name)) for column in spec.columns}
        made.append(Row(name, values, Source(f"{name}.csv", "", number)))
    return tuple(made)


def make_tables(literals: Mapping[str, Iterable[Mapping[str, Any]]]) -> dict[str, tuple[Row, ...]]:
    """Make all tables; those not named are empty. Units are given by 单位编码."""
    return {name: make_table(name, literals.get(name, ())) for name in TABLES}
