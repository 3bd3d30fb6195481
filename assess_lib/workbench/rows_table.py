"""The table of a unit's rows: sorts, filters, and each row has a box that is ticked while the row counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from itables.typing import JavascriptCode
from itables.widget import ITable

from assess_lib.workbench.draft import place
from assess_lib.workbench.evidence import Evidence

COLUMNS = ("计入", "次序", "项目", "表", "编号", "内容", "日期", "正式台账", "出处")
# DataTables' own box for selecting a row (its ``render.select``), which the bundle does not let us call by name: an
# input, so that Tab reaches it and the space bar ticks it; its label comes from the cell.
_BOX = JavascriptCode(
    """(function () {
  var box = function (data, type, row, meta) {
    if (type === 'type') { return 'select-checkbox'; }
    if (type !== 'display') { return ''; }
    var input = document.createElement('input');
    input.type = 'checkbox';
    input.className = 'dt-select-checkbox';
    input.setAttribute('aria-label', data);
    input.checked = !!meta.settings.aoData[meta.row]._select_selected;
    input.addEventListener('input', function () {
      input.checked = input.closest('tr').classList.contains('selected');
    });
    return input;
  };
  box._name = 'selectCheckbox';
  return box;
})()"""
)
_LANGUAGE: dict[str, Any] = {
    "search": "筛选",
    "searchPlaceholder": "输入几个字",
    "info": "_TOTAL_ 行",
    "infoEmpty": "0 行",
    "infoFiltered": "（共 _MAX_ 行）",
    "zeroRecords": "没有符合的行",
    "emptyTable": "没有这个单位的登记",
    "select": {
        "rows": {"_": "计入 %d 行", "0": "一行也不计入", "1": "计入 1 行"},
        "aria": {"headerCheckbox": "列出的各行全部计入，或全部不计", "rowCheckbox": "计入"},
    },
    "aria": {
        "orderable": "，按此列排序",
        "orderableReverse": "，反过来排",
        "orderableRemove": "，恢复次序",
    },
}


def rows_table(evidence: Sequence[Evidence]) -> ITable:
    """Make the table of these rows, in their order; ``selected_rows`` are the places of those that count."""
    groups = list(dict.fromkeys(one.item for one in evidence))
    frame = pd.DataFrame(
        [
            (
                f"计入：{one.table} {one.number or one.source.row}",
                f"{groups.index(one.item):03d}",
                one.item,
                one.table,
                one.number,
                one.what + ("（对全部单位）" if one.everyone else ""),
                one.day,
                one.effect,
                place(one.source),
            )
            for one in evidence
        ],
        columns=list(COLUMNS),
        dtype=object,
    )
    options: dict[str, Any] = {
        # nothing is left out for its size: a row that is not listed could not be switched
        "maxBytes": 0,
        "maxRows": 0,
        "maxColumns": 0,
        "showIndex": False,
        "classes": "display compact",
        "style": {"width": "100%", "margin": "0"},
        "paging": False,
        "scrollY": "22em",
        "scrollCollapse": True,
        "scrollX": True,
        "layout": {"topStart": "info", "topEnd": "search", "bottomStart": None, "bottomEnd": None},
        "order": [],
        # an option of DataTables that itables does not list: items stay together however the rows are sorted
        "orderFixed": {"pre": [[1, "asc"]]},
        "warn_on_undocumented_option": False,
        "rowGroup": {"dataSrc": 2},
        # "select-page": the rows that are listed; the usual box unticks those too that a search has hidden
        "select": {"style": "multi", "selector": "td:first-child", "headerCheckbox": "select-page"},
        "columnDefs": [
            {"targets": 0, "render": _BOX, "orderable": False, "searchable": False, "width": "4.5em"},
            {"targets": [1, 2], "visible": False},
            {"targets": [3, 4, 6, 7], "className": "short"},
            {"targets": 5, "className": "long"},
        ],
        "language": _LANGUAGE,
    }
    return ITable(frame, selected_rows=on_places(evidence), **options)


def on_places(evidence: Sequence[Evidence]) -> list[int]:
    """Return the places of the rows that count."""
    return [number for number, one in enumerate(evidence) if one.on]
