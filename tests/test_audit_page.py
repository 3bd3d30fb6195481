"""The auditor's page end to end: notebook run by papermill, exported with the template, read as a browser would."""

from __future__ import annotations

import ast
import json
import re
import shutil
from hashlib import sha256
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest
from audit_years import altered, files_of_literals
from bs4 import BeautifulSoup
from build import ROOT, SCHEME_FILE
from report_set import PAYLOAD, small_set_tables

from assess_lib.audit import lineage, sampling
from assess_lib.audit.audited import open_set
from assess_lib.publish import export
from assess_lib.store import load_set
from assess_lib.store.sets import write_files
from assess_lib.views.audit import AuditPage, audit_metadata

NOTEBOOK = ROOT / "notebooks" / "05_audit.ipynb"
CONTENT = b"file"


def literals() -> dict[str, list[dict[str, Any]]]:
    """The small set, with evidence that came along, one that was exchanged, one that leads out, and hostile text."""
    tables = small_set_tables()
    tables["佐证目录"] += [
        {
            "佐证编号": number,
            "单位": "T01",
            "类型": "电子版",
            "名称或网址": PAYLOAD,
            "存放位置": place,
            "SHA256": stated,
        }
        for number, place, stated in (
            ("ZJ-2", "佐证/a.pdf", sha256(CONTENT).hexdigest()),
            ("ZJ-3", "佐证/a.pdf", "1" * 64),
            ("ZJ-4", f"../../{PAYLOAD}", ""),
            ("ZJ-5", "T01盒/第1册", ""),
        )
    ]  # fmt: skip
    tables["扣分登记"][3]["复核人"] = "周评分"
    tables["调整复核"][0]["理由"] = PAYLOAD
    return tables


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A raw folder with evidence and a processed folder."""
    base = tmp_path_factory.mktemp("year")
    (base / "raw" / "佐证").mkdir(parents=True)
    (base / "raw" / "佐证" / "a.pdf").write_bytes(CONTENT)
    shutil.copy(SCHEME_FILE, base / "raw" / "scheme.yaml")
    write_files(base / "processed", files_of_literals(literals(), whole=True))
    return base / "raw", base / "processed"


def run(raw: Path, processed: Path) -> str:
    """Run the notebook as the batch does and return its page."""
    parameters = {"year": 2022, "raw": str(raw), "processed": str(processed)}
    made = papermill.execute_notebook(NOTEBOOK, None, parameters=parameters, progress_bar=False, cwd=str(ROOT))
    made.metadata["assess"] = audit_metadata(load_set(processed))
    return export.to_html(made)


@pytest.fixture(scope="module")
def page(folders: tuple[Path, Path]) -> str:
    return run(*folders)


@pytest.fixture(scope="module")
def soup(page: str) -> BeautifulSoup:
    return BeautifulSoup(page, "html5lib")


def test_the_notebook_is_like_the_others() -> None:
    """05 is committed clean, names its kernel, has the contract's parameters, short cells and Chinese prose."""
    made = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(made)
    assert made.metadata.kernelspec.name == "python3" and set(made.metadata) <= {"kernelspec", "language_info"}
    code = [cell for cell in made.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)
    assert code[0].metadata.tags == ["parameters"]
    values = {node.targets[0].id: ast.literal_eval(node.value) for node in ast.parse(code[0].source).body}  # type: ignore[attr-defined]
    assert values == {"year": 2022, "raw": "", "processed": ""}
    assert all(len([line for line in cell.source.splitlines() if line.strip()]) <= 5 for cell in code[1:])
    prose = [cell.source for cell in made.cells if cell.cell_type == "markdown"]
    assert len(prose) >= 9 and all(re.search("[\u4e00-\u9fff]", text) for text in prose)


def test_it_is_a_page_like_the_others(page: str, soup: BeautifulSoup) -> None:
    """Chinese, one first heading, nine sections in the auditor's order, nothing that runs or fetches."""
    assert soup.html["lang"] == "zh-CN" and len(soup.find_all("h1")) == 1
    assert soup.title.get_text() == "2022年审计底稿（初评稿）"
    assert [h.get_text()[0] for h in soup.find_all("h2")] == list("一二三四五六七八九")
    assert not soup.find_all(["script", "iframe", "object", "link", "form"])
    assert not soup.find_all(src=re.compile("^(?!data:)")) and not soup.find_all(href=True)
    assert "Traceback" not in page and "NaN" not in soup.get_text() and "None" not in soup.get_text()
    for table in soup.find_all("table"):
        assert table.find("th") is not None


def test_the_whole_digest_is_printed(soup: BeautifulSoup, folders: tuple[Path, Path]) -> None:
    """All 64 digits of the receipt's SHA-256 stand on the page, as sha256sum prints them."""
    digest = sha256((folders[1] / "receipt.json").read_bytes()).hexdigest()
    assert soup.select_one(".digest code").get_text() == digest


def test_it_says_with_numbers_that_everything_agrees(soup: BeautifulSoup) -> None:
    """The good case is said with its counts: 5 units, no difference, the ledger's rows, every row accounted for."""
    text = soup.get_text()
    assert "独立重算 5 个单位" in text and "没有一处不同" in text and "没有一处不符" in text
    assert "核对通过" in text


def test_the_largest_deduction_is_followed_both_ways(soup: BeautifulSoup) -> None:
    """D02's 20.00 (KF-4) is the largest: its raw cells, its ledger row, and the 80.00 that it led to."""
    text = soup.get_text()
    for cell in ("编号=KF-4", "事实=推广任务没有完成", "D02 县银杏局 K 重点考核得 80.00 分"):
        assert cell in text
    assert soup.find("data", attrs={"data-unit": "D02", "data-field": "final_score", "value": "80.00"}) is not None


def test_working_papers_have_raw_cells_and_room_to_sign(soup: BeautifulSoup, folders: tuple[Path, Path]) -> None:
    """30 papers, each with number, subject, basis with its text, process, conclusion, raw rows and three blanks."""
    papers = soup.select("section.paper")
    assert len(papers) == 30
    assert [p.h3.get_text()[:7] for p in papers] == [f"2022-{n:02d}" for n in range(1, 31)]
    for paper in papers:
        rows = {row.th.get_text(): row.td.get_text(" ", strip=True) for row in paper.find_all("tr")}
        assert list(rows) == ["事项", "依据", "过程", "原始行", "结论", "签署"]
        assert all(rows.values()) and len(rows["依据"]) > 8
        assert rows["签署"].split() == ["编制人：", "复核人：", "日期："]
    data = open_set(folders[1])
    for paper, one in zip(papers, sampling.draw(data), strict=True):
        cells = [text for row in lineage.rows_of_step(data, one.step) for text in lineage.cells(row).values()]
        assert one.step["label"] in paper.get_text() and all(cell in paper.get_text() for cell in cells[:4])
    assert f"种子 {sha256(load_set(folders[1]).receipt_digest.encode()).hexdigest()[:16]}" in soup.get_text()


def test_people_evidence_and_decisions_stand_on_the_page(soup: BeautifulSoup) -> None:
    """The self-checked row, the exchanged and the escaping evidence, the revoked row with its approval number."""
    text = soup.get_text()
    assert "评分人和复核人为同一人的有 1 行" in text
    rows = [[cell.get_text() for cell in row.find_all("td")] for row in soup.find_all("tr")]
    counts = {row[0]: row[1] for row in rows if len(row) == 2}
    assert counts["文件在，SHA-256 相符"] == "1" and counts["文件在，SHA-256 不符"] == "1"
    assert counts["文件未随数据提交"] == "2" and counts["存放位置指向原始文件夹之外或经过链接，没有打开"] == "1"
    assert "其中 2 条须处理" in text and f"../../{PAYLOAD}" in text
    assert "〔2022〕31号" in text and "TZ-1" in text


def test_cells_make_no_markup(soup: BeautifulSoup) -> None:
    """What was typed into a cell is on the page as text."""
    assert not soup.find_all("a")
    assert soup.get_text().count(PAYLOAD) >= 2


def test_a_tampered_ledger_stops_the_page(tmp_path: Path, folders: tuple[Path, Path]) -> None:
    """With one number of the ledger changed and the receipt made to fit, the page names it and its check raises."""
    files = {file.name: file.read_bytes() for file in folders[1].iterdir() if file.is_file()}
    files |= {f"tables/{file.name}": file.read_bytes() for file in (folders[1] / "tables").iterdir()}
    rows = files["ledger.csv"].decode("utf-8-sig").split("\r\n")
    place = next(n for n, row in enumerate(rows) if ",-20.00,100.00,-20.00,80.00," in row)
    files = altered(files, "ledger.csv", place, "points", "-19.00")
    receipt = json.loads(files["receipt.json"])
    receipt["outputs"]["ledger.csv"] = sha256(files["ledger.csv"]).hexdigest()
    files["receipt.json"] = json.dumps(receipt).encode()
    write_files(tmp_path / "set", files)
    made = AuditPage(open_set(tmp_path / "set"), folders[0])
    assert "承前加实计不等于累计" in made.balance()._repr_html_()
    with pytest.raises(AssertionError, match="D02"):
        made.check()


def test_where_all_are_vetoed_there_is_no_example(tmp_path: Path) -> None:
    """Nobody was judged in the key part: no deduction can be followed, and it is not said that there was none."""
    tables = small_set_tables()
    tables["信息中心结果"] = [
        {"单位": row["单位编码"], "红灯次数": 2, "市大数据局通报": "否", "出具日期": "2023-01-03"}
        for row in tables["单位名录"]
    ]
    write_files(tmp_path / "set", files_of_literals(tables, whole=True))
    made = AuditPage(open_set(tmp_path / "set"), tmp_path)
    for shown in (made.from_row(), made.from_number()):
        text = BeautifulSoup(shown._repr_html_(), "html5lib").get_text(strip=True)
        assert text == "本年度没有单位有重点考核得分，没有可举的例子。"


def test_the_same_set_gives_the_same_page(folders: tuple[Path, Path]) -> None:
    """Two runs over one set show the same bytes, drawn sample included."""
    one, two = (AuditPage(open_set(folders[1]), folders[0]) for _ in range(2))
    for name in ("subject", "recomputation", "coverage", "from_row", "from_number", "papers", "people", "evidence"):
        assert getattr(one, name)()._repr_html_() == getattr(two, name)()._repr_html_()
