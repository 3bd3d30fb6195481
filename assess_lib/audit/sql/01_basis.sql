-- What every clause needs: the run, the readings in force, the roster, standards, evidence, decisions, silence.
-- Amounts are whole cents (HUGEINT) from here on; 100 below is cents in a point, never a number of the scheme.
CREATE MACRO cents(amount) AS CAST(CAST(amount AS DECIMAL(38, 2)) * 100 AS HUGEINT);
CREATE MACRO half_up(total, parts) AS (2 * total + parts) // (2 * parts);
CREATE MACRO money(amount) AS CASE WHEN amount IS NULL THEN '' ELSE
    CASE WHEN amount < 0 THEN '-' ELSE '' END || CAST(abs(amount) // 100 AS VARCHAR) || '.'
    || lpad(CAST(abs(amount) % 100 AS VARCHAR), 2, '0') END;

CREATE TEMP TABLE in_force AS
SELECT max(option) FILTER (key = 'red_light_event') AS red_light_event,
       max(option) FILTER (key = 'red_light_window') AS red_light_window,
       max(option) FILTER (key = 'criticism_scope') AS criticism_scope,
       max(option) FILTER (key = 'bonus_gate') AS bonus_gate,
       max(option) FILTER (key = 'deadline_day') AS deadline_day,
       max(option) FILTER (key = 'info_lists') AS info_lists,
       max(option) FILTER (key = 'info_quarters') AS info_quarters,
       max(option) FILTER (key = 'info_pool') AS info_pool,
       max(option) FILTER (key = 'different_matters') AS different_matters,
       max(option) FILTER (key = 'same_matter_across_items') AS same_matter_across_items,
       max(option) FILTER (key = 'missing_evidence') AS missing_evidence
FROM scheme_reading;

CREATE TEMP TABLE roster AS
SELECT 单位编码 AS unit_id, 单位名称 AS unit_name, 单位类别 AS unit_group, 重点任务单位 AS key_task FROM 单位名录;

CREATE TEMP TABLE price AS
SELECT 标准编号 AS code, cents(单次扣分) AS rate, 计量 IS NOT DISTINCT FROM '日' AS daily, cents(扣分上限) AS ceiling
FROM 扣分标准;

CREATE TEMP TABLE indexed AS SELECT DISTINCT 佐证编号 AS evidence, 单位 AS unit_id FROM 佐证目录;

CREATE TEMP TABLE decision AS
SELECT 对象表 AS tab, 对象编号 AS object, 单位 AS unit_id, 处理 AS kind, cents(新值) AS new_value FROM 调整复核;

-- Missing is not zero: which item's table holds no row of a unit, and whether somebody confirmed that there is none.
CREATE TEMP TABLE item_table AS
SELECT id AS item, CASE method
           WHEN 'named_in_circular' THEN '通报批评'
           WHEN 'mean_per_matter' THEN '评定加分'
           WHEN 'highest_level_per_matter' THEN '表彰宣传'
           WHEN 'quarterly_top_ranks' THEN '信息报送'
           WHEN 'mean_of_raters' THEN '领导评价' END AS tab
FROM scheme_item WHERE method NOT IN ('hotline_red_lights', 'deduct_from_full')
UNION ALL
SELECT item, CASE kind WHEN 'register' THEN '扣分登记' WHEN 'meetings' THEN '参会登记' WHEN 'tasks' THEN '交办任务' END
FROM scheme_fact WHERE kind <> 'reports';

CREATE TEMP TABLE told AS
SELECT DISTINCT '通报批评' AS tab, 单位 AS unit_id FROM 通报批评
UNION ALL SELECT DISTINCT '扣分登记', 单位 FROM 扣分登记
UNION ALL SELECT DISTINCT '评定加分', 单位 FROM 评定加分
UNION ALL SELECT DISTINCT '表彰宣传', 单位 FROM 表彰宣传
UNION ALL SELECT DISTINCT '信息报送', 单位 FROM 信息报送
UNION ALL SELECT DISTINCT '领导评价', 单位 FROM 领导评价
UNION ALL SELECT DISTINCT '参会登记', 单位 FROM 参会登记
UNION ALL SELECT DISTINCT '交办任务', 单位 FROM 交办任务;

CREATE TEMP TABLE confirmed AS SELECT DISTINCT 表 AS tab, 单位 AS unit_id FROM 确认无事项;

CREATE TEMP TABLE silence AS
SELECT t.item, t.tab, r.unit_id, own.tab IS NOT NULL OR everyone.tab IS NOT NULL AS confirmed
FROM item_table t CROSS JOIN roster r
ANTI JOIN told ON told.tab = t.tab AND told.unit_id = r.unit_id
LEFT JOIN confirmed own ON own.tab = t.tab AND own.unit_id = r.unit_id
LEFT JOIN confirmed everyone ON everyone.tab = t.tab AND everyone.unit_id = '全部';

-- By item and unit: nothing was reported, and is that open?
CREATE TEMP TABLE silent_item AS
SELECT item, unit_id, bool_or(NOT confirmed) AS unresolved FROM silence GROUP BY item, unit_id;
