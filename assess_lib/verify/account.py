"""A scheme's account a second time: how items' points make the key score and the bonus, from the stored scheme alone.

Nothing of ``composition`` is used: dimensions, weights, exemptions, caps and floors are taken from the plain data.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

_CENT, _NIL = Decimal("0.01"), Decimal("0.00")
Points = Mapping[str, Decimal]


class Account:
    """What the scheme makes of one unit's items."""

    def __init__(self, scheme: Mapping[str, Any]) -> None:
        self.items = {item["id"]: item for item in scheme["items"]}
        self.dimensions = {dimension["id"]: dimension for dimension in scheme.get("dimensions", ())}
        self.judgement = scheme["judgement"]

    def limits(self, item: str) -> tuple[Decimal, Decimal | None]:
        """Return between which totals an item's rows stay; the conclusion has no upper limit here."""
        spec = self.items.get(item)
        if spec is None:
            return _number((self.judgement.get("bonus_floor") or {}).get("points")) or _NIL, None
        floor, cap = _number(spec.get("floor")), _number(spec["cap"])
        return floor or _NIL, _NIL if floor is not None else cap

    def key(self, points: Points, unit: str, group: str) -> Decimal:
        """Return the key score: each dimension counted, then scaled up for the items that the unit is exempt from."""
        items = [spec for spec in self.items.values() if spec["part"] == "key"]
        total = sum((self._counted(*each, points) for each in self._groups(items)), _NIL)
        full, left = self._full(items), self._full(spec for spec in items if not _exempt(spec, unit, group))
        return total if left == full else _half_up(Fraction(total) * full / left)

    def bonus(self, points: Points) -> Decimal:
        """Return the bonus: each dimension counted, the sum within the part's cap and floor."""
        items = [spec for spec in self.items.values() if spec["part"] == "bonus"]
        total = sum((self._counted(*group, points) for group in self._groups(items)), _NIL)
        cap = _number((self.judgement["bonus_cap"] or {}).get("points"))
        floor = _number((self.judgement.get("bonus_floor") or {}).get("points")) or _NIL
        return max(floor, total if cap is None else min(cap, total))

    def _groups(self, items: Iterable[Mapping[str, Any]]) -> list[tuple[Mapping[str, Any], list[str]]]:
        """Return what is added up together: a dimension with its items, or an item alone."""
        found: dict[str, tuple[Mapping[str, Any], list[str]]] = {}
        for spec in items:
            name = spec.get("dimension")
            own: Mapping[str, Any] = {"floor": spec.get("floor")} if name is None else self.dimensions[name]
            found.setdefault(name or spec["id"], (own, []))[1].append(spec["id"])
        return list(found.values())

    def _counted(self, dimension: Mapping[str, Any], items: list[str], points: Points) -> Decimal:
        total = sum((points[item] for item in items if item in points), _NIL)
        cap, floor, weight = (_number(dimension.get(key)) for key in ("cap", "floor", "weight"))
        total = max(floor or _NIL, total if cap is None else min(cap, total))
        return total if weight is None else _half_up(Fraction(total) * Fraction(weight))

    def _full(self, items: Iterable[Mapping[str, Any]]) -> Fraction:
        """Return the full mark of some items; the loader lets none be exempt where a dimension's cap cuts the sum."""
        total = Fraction(0)
        for dimension, names in self._groups(items):
            full = sum((Fraction(str(self.items[name]["cap"])) for name in names), Fraction(0))
            cap = _number(dimension.get("cap"))
            within = full if cap is None else min(full, Fraction(cap))
            total += within * Fraction(_number(dimension.get("weight")) or 1)
        return total


def _exempt(item: Mapping[str, Any], unit: str, group: str) -> bool:
    return any(unit in each["units"] or group in each["groups"] for each in item.get("exempt", ()))


def _number(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _half_up(value: Fraction) -> Decimal:
    cents = (200 * abs(value.numerator) + value.denominator) // (2 * value.denominator)
    return (cents if value >= 0 else -cents) * _CENT
