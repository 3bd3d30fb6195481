"""Build the sample's facts table by table, and the points they are meant to earn.

Every builder takes from ``plan`` what must happen and fills in the rest with seeded variety. The planned points are
counted here from the plan, in integer hundredths, and never by the library: the tests hold the two against each other.
"""

from __future__ import annotations

from sample import plan
from sample.base import (
    CAPS,
    GATE,
    Sample,
    points,
)
from sample.bonus_facts import (
    attendance,
    awards,
    information,
    innovations,
    ratings,
    tasks,
)
from sample.key_facts import reports_and_register
from sample.office_facts import (
    adjustments,
    confirmations,
    more_evidence,
    objections,
    roster,
    standards,
)
from sample.veto_facts import circulars, hotline


def build() -> Sample:
    """Build the whole sample; the same every time."""
    sample = Sample()
    for step in (
        roster,
        standards,
        hotline,
        circulars,
        information,
        reports_and_register,
        awards,
        innovations,
        ratings,
        attendance,
        tasks,
        more_evidence,
        adjustments,
        confirmations,
        objections,
    ):
        step(sample)
    return sample


def outcome(sample: Sample, code: str) -> dict[str, str]:
    """Return what is planned for a unit: status, points by item, final score, unresolved items."""
    if code in plan.VETOED:
        return {"status": "vetoed"}
    planned = sample.planned[code]
    result = {"status": "scored", "K": f"{points(planned['K']):.2f}"}
    final = planned["K"]
    if planned["K"] > GATE:
        for item in CAPS:
            result[item] = f"{points(planned[item]):.2f}"
            final += planned[item]
    result["final"] = f"{points(final):.2f}"
    return result
