"""The sample as working papers (底稿): one sheet a drawn ledger row, with room to sign."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from assess_lib.audit import lineage, sampling
from assess_lib.audit.audited import Audited
from assess_lib.views import audit_words as said
from assess_lib.views import words
from assess_lib.views.audit_rows import raw_rows
from assess_lib.views.html import Html, figure, render, sentence
from assess_lib.views.words import number, signed


def unit_text(data: Audited, unit_id: str) -> str:
    """Print a unit with its code; one that the set does not have by its code alone."""
    name = data.names.get(unit_id)
    return f"{unit_id} {name}" if name else unit_id


def item_name(data: Audited, item_id: str) -> str:
    """Print an item with its id; the closing rows by the name of the final part."""
    names = {item.id: f"{item.id} {item.name}" for item in data.scheme.items}
    return names.get(item_id, data.scheme.parts.final.name)


class Papers:
    """The drawn rows of a set."""

    def __init__(self, data: Audited) -> None:
        self.audited = data
        self.sample = sampling.draw(data)

    def basis(self) -> Html:
        """Say how the sample was drawn, with the seed, so that anyone can draw it again."""
        seed = sampling.seed_of(self.audited.data.receipt_digest)
        own = sum(one.stratum for one in self.sample)
        return sentence(*said.sample_sentences(len(self.sample), own, seed, sampling.BASE))

    def show(self) -> Html:
        """Show the drawn rows as working papers, each with its raw rows and room to sign."""
        return render("papers", papers=[self._paper(one) for one in self.sample])

    def _paper(self, one: sampling.Drawn) -> Mapping[str, Any]:
        step, basis, scheme = one.step, self.audited.data.basis, self.audited.scheme
        unit, item, clause = step["unit_id"], step["item"], step["clause"]
        figures = (
            ("应计", signed(step["nominal"])),
            ("承前", number(step["before"])),
            ("实计", signed(step["points"])),
            ("累计", number(step["after"])),
        )
        readings = [scheme.readings[key] for key, _ in words.reading_pairs(step["reading"])]
        options = [option for _, option in words.reading_pairs(step["reading"])]
        pairs = zip(readings, options, strict=True)
        return {
            "index": f"{basis.year}-{one.number:02d}",
            "subject": f"{unit_text(self.audited, unit)}　{item_name(self.audited, item)}　台账第 {step['seq']} 行",
            "label": step["label"],
            "clause": clause,
            "clause_text": basis.quotes.get(clause) or scheme.clauses.get(clause, ""),
            "readings": "；".join(f"{reading.name}：{reading.options[option]}" for reading, option in pairs),
            "formula": step["formula"],
            "numbers": "本行不计数"
            if step["points"] is None
            else "　".join(f"{name} {text}" for name, text in figures),
            "raw": raw_rows(lineage.rows_of_step(self.audited, step)),
            "conclusion": self._conclusion(step["status"], unit, item),
        }

    def _conclusion(self, status: str, unit: str, item: str) -> Markup:
        """Say what became of the row, what its item came to, and whether the second computation agrees."""
        differing = {(row.unit_id, row.item) for row in self.audited.recomputation.differences}
        own = self.audited.items.get((unit, item))
        what: Markup | str
        if item == "final":
            final = self.audited.results[unit]["final_score"]
            mark = figure(unit, "final_score", final, number(final))
            what = "没有最终得分" if final is None else Markup("最终得分 {}").format(mark)
        elif own is None:
            return Markup("{}。本项未评，没有得分。").format(words.STATUS_WORDS[status])
        elif own["points"] is None:
            what = said.VETO_WORDS[own["note"]]
        else:
            mark = figure(unit, "points", own["points"], number(own["points"]), item=item)
            what = Markup("本项得 {} 分").format(mark)
        agrees = "不一致" if (unit, "" if item == "final" else item) in differing else "一致"
        return Markup("{}。{}，独立重算{}。").format(words.STATUS_WORDS[status], what, agrees)
