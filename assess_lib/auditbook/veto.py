"""Veto items (四（一）) as formulas: red lights and circulars."""

from __future__ import annotations

from assess_lib.auditbook.book import Column
from assess_lib.auditbook.common import Plan, decision, item_title, of_year, state, unresolved
from assess_lib.scheme import Item

LIGHTS, CENTRE, CIRCULARS = "热线红灯", "信息中心结果", "通报批评"


def hotline_red_lights(plan: Plan, item: Item) -> None:
    """Add V1's sheets: our own tickets, the centre's rows, the units' verdicts.

    Under either window a red light is counted at its last entry: a window that ends on a given day counts what lies
    in it and has no later entry of the same event (or ticket) up to that day. So no window needs a list of its own.
    """
    tickets, centre, name = f"计算{item.id}工单", f"计算{item.id}中心", f"计算{item.id}"
    role, appeal = f"[{LIGHTS}!办理角色]", f"[{LIGHTS}!申诉结果]"
    plan.facts(
        tickets,
        LIGHTS,
        f"{item_title(item)}：本办统计的每次红灯。可计的条件：主办，未被撤销，申诉不成立，不晚于考核年度",
        [
            Column("工单编号", f'[{LIGHTS}!工单编号]&""', style="text"),
            *of_year("红灯日", f"[{LIGHTS}!红灯时间]"),
            decision(LIGHTS, "工单编号"),
            Column(
                "可计",
                f'IF(OR([单位序号]=0,[调整行]>0,EXACT({role},"协办"),EXACT({appeal},"成立"),YEAR([红灯日])>{{year}}),0,1)',
            ),
            Column(
                "时刻",
                'IF(EXACT({reading.red_light_event},"ticket"),0,IF(ISTEXT([热线红灯!红灯时间]),0,'
                "ROUND([热线红灯!红灯时间]*{ticks},0)))",
                note="从 1900 年起的毫秒数；口径为 ticket 时不看时间，一律记 0",
                width=18,
            ),
            Column(
                "同一红灯",
                "IF([可计]=0,0,SUMPRODUCT(MAX([:可计]*([:单位序号]=[单位序号])*EXACT([:工单编号],[工单编号])"
                "*([:时刻]=[时刻])*[:序号])))",
                note="同单位、同工单、同时刻的登记属同一次红灯，取其中最后一行的序号作组号",
            ),
            Column(
                "下次登记日",
                "IF([可计]=0,0,{far}-SUMPRODUCT(MAX(([:同一红灯]=[同一红灯])"
                "*(([:红灯日]>[红灯日])+([:红灯日]=[红灯日])*([:序号]>[序号]))*({far}-[:红灯日]))))",
                style="date",
                note="同一红灯的下一条登记的日期；没有的记远期日",
            ),
            Column(
                "自然年计",
                "IF([可计]*[属本年度]*([下次登记日]={far})=1,1,0)",
                note="1：计入本年度（同一红灯只在最后一条计一次）",
            ),
            Column(
                "一年后",
                "IF([可计]=0,0,EDATE([红灯日],{months}))",
                style="date",
                note="次年同日；窗口在此日之前结束",
            ),
            Column(
                "窗口次数",
                'IF([可计]*[属本年度]=0,0,COUNTIFS([:单位序号],[单位序号],[:可计],1,[:红灯日],"<="&[红灯日],'
                '[:一年后],">"&[红灯日],[:下次登记日],">"&[红灯日]))',
                note="到这一天为止的十二个月内有几次红灯",
            ),
        ],
    )
    plan.facts(centre, CENTRE, f"{item_title(item)}：信息中心的认定结果属哪个单位", [])
    limit = f"{{{item.id}.limit}}"
    plan.by_unit(
        name,
        f"{item_title(item)}：以信息中心结果为准；没有的，暂以本办统计判断并待定",
        [
            Column("自然年次数", f"SUMIFS([{tickets}!:自然年计],[{tickets}!:单位序号],[序号])"),
            Column("十二个月最多", f"SUMPRODUCT(MAX(([{tickets}!:单位序号]=[序号])*[{tickets}!:窗口次数]))"),
            Column(
                "本办统计",
                'IF(EXACT({reading.red_light_window},"rolling_12_months"),[十二个月最多],[自然年次数])',
                note="按口径 red_light_window",
            ),
            Column("中心行", f"IFERROR(MATCH([序号],[{centre}!:单位序号],0),0)", note="信息中心结果的第几行；0：没有"),
            Column("中心次数", f'IF([中心行]=0,"",INDEX([{CENTRE}!:红灯次数],[中心行]))'),
            Column("市通报", f'IF([中心行]=0,"",INDEX([{CENTRE}!:市大数据局通报],[中心行])&"")', style="text"),
            Column("采用次数", "IF([中心行]=0,[本办统计],[中心次数])"),
            Column("否决", f'IF(OR([采用次数]>={limit},EXACT([市通报],"是")),1,0)', note="1：构成单项否决"),
            unresolved((), "[中心行]=0", "[采用次数]<>[本办统计]"),
        ],
    )


def named_in_circular(plan: Plan, item: Item) -> None:
    """Add V2's sheets: the circulars, the units' verdicts."""
    facts, name = f"计算{item.id}通报", f"计算{item.id}"
    plan.facts(
        facts,
        CIRCULARS,
        f"{item_title(item)}：每件通报。有效的条件：属本年度，层级算数，未被撤销",
        [
            Column("编号", f'[{CIRCULARS}!编号]&""', style="text"),
            *of_year("日期", f"[{CIRCULARS}!日期]"),
            decision(CIRCULARS, "编号"),
            Column("层级算数", f"SUMPRODUCT(EXACT({{{item.id}.levels}},[{CIRCULARS}!层级])*1)", note="方案列出的层级"),
            Column("有效", "IF(AND([单位序号]>0,[调整行]=0,[属本年度]=1,[层级算数]>0),1,0)"),
            Column("群众反映", f'IF(EXACT([{CIRCULARS}!类型],"群众反映"),[有效],0)'),
            Column("被点名", f'IF(EXACT([{CIRCULARS}!是否点名],"是"),[有效]-[群众反映],0)', note="检查督查或媒体点名"),
        ],
    )
    scope = "{reading.criticism_scope}"
    plan.by_unit(
        name,
        f"{item_title(item)}：按口径 criticism_scope 判断",
        [
            *state(plan, [CIRCULARS]),
            Column("点名件数", f"SUMIFS([{facts}!:被点名],[{facts}!:单位序号],[序号])"),
            Column("反映件数", f"SUMIFS([{facts}!:群众反映],[{facts}!:单位序号],[序号])"),
            Column("两者之一", "IF([点名件数]+[反映件数]>0,1,0)"),
            Column("两者都有", "IF(AND([点名件数]>0,[反映件数]>0),1,0)"),
            Column(
                "否决",
                f'IF(EXACT({scope},"named"),IF([点名件数]>0,1,0),'
                f'IF(EXACT({scope},"named_or_complaints"),[两者之一],[两者都有]))',
                note="1：构成单项否决",
            ),
            unresolved([CIRCULARS], f'AND(EXACT({scope},"named"),[反映件数]>0,[点名件数]=0)'),
        ],
    )
