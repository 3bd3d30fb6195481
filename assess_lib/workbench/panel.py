"""The bench as people see it: widgets that hand every change to ``Bench`` and show what comes back.

Nothing is computed here. What a person can cause is told in a sentence on the panel; it never becomes a traceback.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from assess_lib.errors import AssessError
from assess_lib.exact import show
from assess_lib.tables import Row
from assess_lib.views import Html, sentence
from assess_lib.workbench import draft, shown
from assess_lib.workbench.bench import REGISTER, Bench
from assess_lib.workbench.changes import Changes
from assess_lib.workbench.difference import Difference, differ
from assess_lib.workbench.evidence import Evidence, list_evidence
from assess_lib.workbench.rows_table import on_places, rows_table
from assess_lib.workbench.story import tell

_COUNT, _POINTS, _MARK = "数量", "扣分", "评定分"
_WIDE = {"description_width": "7em"}
_STYLE = (files("assess_lib") / "workbench" / "bench.css").read_text(encoding="utf-8")


def _html(content: Html | None = None, css: str = "") -> widgets.HTML:
    box = widgets.HTML(value="" if content is None else str(content.markup))
    for name in filter(None, ("assess-part", css)):
        box.add_class(name)
    return box


class Panel:
    """The widgets of one bench, in parts that the notebook shows one after another.

    ``main`` holds the choice of the unit, the result and the switches; ``ledger``, ``waterfall``, ``ranks`` and
    ``export`` follow it. ``drafts`` is where exports go. Every change is scored and shown at once;
    ``changes`` is what stands.
    """

    def __init__(self, bench: Bench, drafts: Path, drafts_shown: str, unit_id: str = "") -> None:
        self.bench = bench
        self.changes = Changes()
        self.unit_id = unit_id or next(iter(bench.units))
        self._drafts, self._drafts_shown = drafts, drafts_shown
        self._quiet = False  # while widgets are set from here, they are not listened to
        self._evidence: list[Evidence] = []
        self._table = rows_table(())
        self._official_figure = cache(self._draw_official)
        self._said = _html(css="told")
        self._summary, self._ledger = _html(), _html(css="ledger-scroll")
        self._figures, self._ranks, self._listed = _html(), _html(), _html()
        self.main = self._framed(self._top(), self._controls())
        self.ledger = self._framed(self._ledger)
        self.waterfall = self._framed(self._figures)
        self.ranks = self._framed(self._ranks)
        self.export = self._framed(self._export())
        self._take_unit()

    def _framed(self, *parts: widgets.Widget) -> widgets.VBox:
        box = widgets.VBox(list(parts))
        box.add_class("assess-bench")
        return box

    def check(self) -> Html:
        """Hold the official state, scored again, to the stored set; raise AssertionError where they differ."""
        return sentence(self.bench.check(), mark="good")

    # ---- the parts of the panel ----------------------------------------------------------------------------------

    def _top(self) -> widgets.Widget:
        self._search = widgets.Text(description="找单位", placeholder="名称或编码，几个字即可")
        self._units = widgets.Select(description="单位", rows=4, options=self._unit_options(list(self.bench.units)))
        self._units.value = self.unit_id
        self._reset = widgets.Button(description="全部恢复为正式", tooltip="撤去全部改动", icon="undo")
        self._search.observe(self._listen(self._find_unit), "value")
        self._units.observe(self._listen(self._choose_unit), "value")
        self._reset.on_click(self._listen(self._start_again))
        style = widgets.HTML(f"<style>{_STYLE}</style>", layout=widgets.Layout(display="none"))
        wrapped = widgets.Layout(flex_flow="row wrap", grid_gap="4px 16px", align_items="flex-start")
        row = widgets.HBox([self._search, self._units, self._reset], layout=wrapped)
        return widgets.VBox([style, row, self._summary, self._said])

    def _controls(self) -> widgets.Tab:
        self._rows = widgets.VBox([])
        self._rows.add_class("assess-rows")
        tab = widgets.Tab([self._rows, self._amounts(), self._readings()])
        for number, title in enumerate(("登记：打勾计入", "数量和评定分", "口径和计分日期")):
            tab.set_title(number, title)
        return tab

    def _amounts(self) -> widgets.Widget:
        wide = widgets.Layout(width="min(97%, 52em)")
        self._row = widgets.Dropdown(description="哪一行", style=_WIDE, layout=wide)
        self._kind = widgets.Dropdown(description="改什么", style=_WIDE)
        self._value = widgets.Text(description="改为", continuous_update=False, placeholder="填好按回车", style=_WIDE)
        self._back = widgets.Button(description="这一行恢复", tooltip="这一行恢复正式的数", icon="undo")
        self._row.observe(self._listen(self._choose_row), "value")
        self._kind.observe(self._listen(self._choose_row_kind), "value")
        self._value.observe(self._listen(self._set_amount), "value")
        self._back.on_click(self._listen(self._clear_amount))
        note = "数量只用于扣分登记，扣分＝单次扣分×数量；也可以直接改扣分。评定分只用于评定加分。"
        return widgets.VBox([_html(sentence(note)), self._row, self._kind, self._value, self._back])

    def _readings(self) -> widgets.Widget:
        official, scheme = self.bench.data.basis.readings, self.bench.scheme
        self._options: dict[str, widgets.Dropdown] = {}
        boxes: list[widgets.Widget] = []
        for key in scheme.reading_keys:
            reading = scheme.readings[key]
            options = [
                (text + ("（正式）" if option == official[key] else ""), option)
                for option, text in reading.options.items()
            ]
            choice = widgets.Dropdown(
                description=reading.name,
                options=options,
                value=official[key],
                style=_WIDE,
                layout=widgets.Layout(width="98%"),
                tooltip=reading.question,
            )
            choice.observe(self._listen(self._set_reading(key)), "value")
            self._options[key] = choice
            question = _html(sentence(f"{reading.clause}　{reading.question}"))
            boxes.append(widgets.VBox([question, choice], layout=widgets.Layout(flex="1 1 26em", min_width="0")))
        self._day = widgets.DatePicker(description="计分日期", value=self.bench.data.basis.run_date, style=_WIDE)
        self._day.observe(self._listen(self._set_date), "value")
        told = _html(sentence(f"正式为 {self.bench.data.basis.run_date}；只决定哪些材料和任务已经到期。"))
        boxes.append(widgets.VBox([told, self._day], layout=widgets.Layout(flex="1 1 26em")))
        return widgets.HBox(boxes, layout=widgets.Layout(flex_flow="row wrap", grid_gap="4px 20px"))

    def _export(self) -> widgets.Widget:
        self._write = widgets.Button(
            description="导出调整复核草稿", icon="download", layout=widgets.Layout(width="14em")
        )
        self._write.on_click(self._listen(self._write_draft))
        self._written = _html(css="told")
        return widgets.VBox([self._listed, self._write, self._written])

    # ---- listening -----------------------------------------------------------------------------------------------

    @contextmanager
    def _unheard(self) -> Iterator[None]:
        before, self._quiet = self._quiet, True
        try:
            yield
        finally:
            self._quiet = before

    def _listen(self, act: Callable[[], str | None]) -> Callable[[Any], None]:
        """Wrap what a widget does: not while it is set from here, and failures are told on the panel."""

        def heard(_: Any) -> None:
            if self._quiet:
                return
            try:
                self._tell(act() or "", "good")
            except AssessError as error:
                self._tell(str(error), "bad")
                self._set_controls()
            except Exception as error:
                self._tell(f"程序出错，这一步没有完成：{type(error).__name__}。请记下步骤报告给维护人员。", "bad")
                self._set_controls()
                raise  # into the log, where whoever mends it finds it

        return heard

    def _tell(self, text: str, mark: str) -> None:
        self._said.value = f'<p role="status" class="{mark}">{escape(text)}</p>' if text else ""

    # ---- what each widget does -------------------------------------------------------------------------------------

    def _unit_options(self, codes: list[str]) -> list[tuple[str, str]]:
        return [(f"{code} {self.bench.units[code]}", code) for code in codes]

    def _find_unit(self) -> str | None:
        found = self.bench.find_units(self._search.value)
        with self._unheard():
            self._units.options = self._unit_options(found)
            self._units.value = self.unit_id if self.unit_id in found else None
        if not found:
            return f"没有名称或编码含“{self._search.value}”的单位。"
        if len(found) == 1 and found[0] != self.unit_id:
            self._units.value = found[0]
        return None

    def _choose_unit(self) -> None:
        if self._units.value is not None:
            self.unit_id = self._units.value
            self._take_unit()

    def _start_again(self) -> str:
        self._take(Changes())
        return "已全部恢复为正式结果。"

    def _switch_rows(self) -> None:
        wanted = set(self._table.selected_rows)
        changes = self.changes
        for place, one in enumerate(self._evidence):
            if one.on != (place in wanted):
                changes = self.bench.switch(changes, one.source, not one.on)
        self._take(changes)

    def _chosen_row(self) -> Row | None:
        return None if self._row.value is None else self.bench.rows[self._row.value]

    def _choose_row(self) -> None:
        row = self._chosen_row()
        with self._unheard():
            kinds = () if row is None else (_COUNT, _POINTS) if row.table == REGISTER else (_MARK,)
            self._kind.options = kinds
            self._kind.value = kinds[0] if kinds else None
            self._show_amount()

    def _choose_row_kind(self) -> None:
        with self._unheard():
            self._show_amount()

    def _show_amount(self) -> None:
        row = self._chosen_row()
        for widget in (self._kind, self._value, self._back):
            widget.disabled = row is None
        if row is None:
            self._value.value = ""
            return
        amount = self.bench.amount(row, self.changes)
        count = "" if amount.count is None else str(amount.count)
        self._value.value = count if self._kind.value == _COUNT else show(amount.value)

    def _set_amount(self) -> None:
        row = self._chosen_row()
        if row is not None:
            put = self.bench.set_count if self._kind.value == _COUNT else self.bench.set_value
            self._take(put(self.changes, row.source, self._value.value))

    def _clear_amount(self) -> str | None:
        row = self._chosen_row()
        if row is None:
            return None
        self._take(self.bench.clear_amount(self.changes, row.source))
        return "这一行已恢复正式的数。"

    def _set_reading(self, key: str) -> Callable[[], None]:
        def chosen() -> None:
            self._take(self.bench.set_reading(self.changes, key, self._options[key].value))

        return chosen

    def _set_date(self) -> None:
        self._take(self.bench.set_date(self.changes, self._day.value))

    def _write_draft(self) -> None:
        self._written.value = ""
        try:
            story = tell(self.bench, self._difference)
            file = draft.write_draft(self._drafts, draft.dump_draft(self.bench, self.changes, story))
            told, mark = (
                f"已导出 {self._drafts_shown}/{file.name}。补填后放进原始数据文件夹，再运行 assess check。",
                "good",
            )
        except AssessError as error:
            told, mark = str(error), "bad"
        self._written.value = f'<p role="status" class="{mark}">{escape(told)}</p>'

    # ---- showing -------------------------------------------------------------------------------------------------

    def _take(self, changes: Changes) -> None:
        """Let these changes stand: score them, show the outcome, and set every widget to what now holds."""
        self._difference = differ(self.bench, self.bench.score(changes), self.unit_id)
        self.changes = changes
        self._show()
        self._set_controls()

    def _take_unit(self) -> None:
        """Show another unit under the same changes."""
        self._difference = differ(self.bench, self.bench.score(self.changes), self.unit_id)
        self._evidence = list_evidence(self.bench, self.unit_id, self.changes)
        old, self._table = self._table, rows_table(self._evidence)
        self._table.observe(self._listen(self._switch_rows), "selected_rows")
        self._rows.children = (self._table,)
        old.close()
        with self._unheard():
            rows = [one for one in self._evidence if self.bench.settable(self.bench.rows[one.source])]
            self._row.options = [(f"{one.number} {one.what}", one.source) for one in rows]
            self._row.value = rows[0].source if rows else None
        self._choose_row()
        self._set_controls()
        self._show()

    def _set_controls(self) -> None:
        with self._unheard():
            self._evidence = list_evidence(self.bench, self.unit_id, self.changes)
            self._table.selected_rows = on_places(self._evidence)
            for key, choice in self._options.items():
                choice.value = self.changes.readings.get(key, self.bench.data.basis.readings[key])
            self._day.value = self.changes.run_date or self.bench.data.basis.run_date
            self._show_amount()

    def _show(self) -> None:
        """Show the outcome part by part: what a person waits for first, the figures, which take longest, last."""
        difference: Difference = self._difference
        made = draft.make_draft(self.bench, self.changes)
        self._write.disabled = not made.decisions
        self._written.value = ""
        self._summary.value = str(shown.summary(self.bench, difference).markup)
        self._ledger.value = str(shown.ledger(difference).markup)
        self._ranks.value = str(shown.ranks(difference).markup)
        self._listed.value = str(shown.draft(made).markup)
        official = self._official_figure(self.unit_id)
        self._figures.value = str(shown.two_figures(official, difference).markup)

    def _draw_official(self, unit_id: str) -> Html:
        return shown.figure(differ(self.bench, self.bench.official, unit_id).old)
