-- 四（二）, 四（三）6, 四（三）7: what each fact would take under its standard, before any cap.
CREATE TEMP TABLE obligation AS
SELECT d.item, r.unit_id, t.late, t.missing, m.实报日期 AS received,
       CASE WHEN f.deadline_day = 'exclusive' THEN d.due - 1 ELSE d.due END AS last_day_in_time
FROM scheme_due d
JOIN scheme_fact t ON t.item = d.item AND t.fact = d.fact
CROSS JOIN roster r CROSS JOIN in_force f CROSS JOIN scheme_run s
LEFT JOIN 材料报送 m ON m.单位 = r.unit_id AND m.材料 = d.material AND m.季度 IS NOT DISTINCT FROM d.quarter
WHERE (d.owed_by = 'all_units' OR r.key_task = '是')
  AND d.due <= s.run_date
  AND coalesce(m.免报原因, '') = ''
  AND NOT EXISTS (
      SELECT 1 FROM scheme_due_if c JOIN scheme_reading x ON x.key = c.key
      WHERE c.item = d.item AND c.fact = d.fact AND c.due_number = d.due_number AND x.option <> c.option);

CREATE TEMP TABLE fact AS
-- 五1 reports: received after the last day in time is late, after the cut-off or never is missing
SELECT o.item, o.unit_id, o.late AS code,
       CASE WHEN p.daily THEN CAST(o.received - o.last_day_in_time AS HUGEINT) ELSE 1 END * p.rate AS amount
FROM obligation o JOIN price p ON p.code = o.late CROSS JOIN scheme_run s
WHERE o.received > o.last_day_in_time AND o.received <= s.cut_off
UNION ALL
SELECT o.item, o.unit_id, o.missing, p.rate
FROM obligation o JOIN price p ON p.code = o.missing CROSS JOIN scheme_run s
WHERE o.received IS NULL OR (o.received > s.cut_off AND o.received > o.last_day_in_time)
UNION ALL
-- the register: rows of the year, decisions applied
SELECT t.item, g.单位, g.标准编号, coalesce(d.new_value, p.rate * CAST(coalesce(g.数量, 1) AS HUGEINT))
FROM scheme_fact t JOIN 扣分登记 g ON t.kind = 'register' JOIN price p ON p.code = g.标准编号 CROSS JOIN scheme_run s
LEFT JOIN decision d ON d.tab = '扣分登记' AND d.object = g.编号 AND d.unit_id = g.单位
WHERE year(g.发生日期) = s.year AND d.kind IS DISTINCT FROM '撤销'
UNION ALL
-- meetings of the year, each attendance under its standard; one that is excused costs nothing
SELECT t.item, h.单位, a.code, p.rate
FROM scheme_fact t
JOIN scheme_attendance a ON a.item = t.item AND a.fact = t.fact
JOIN 参会登记 h ON h.到会情况 = a.attendance
JOIN price p ON p.code = a.code CROSS JOIN scheme_run s
WHERE year(h.日期) = s.year
UNION ALL
-- tasks of the year that are due: late, or not done by the cut-off
SELECT t.item, j.单位, p.code,
       CASE WHEN z.was_late AND p.daily THEN CAST(j.完成日期 - j.时限 AS HUGEINT) ELSE 1 END * p.rate
FROM scheme_fact t JOIN 交办任务 j ON t.kind = 'tasks' CROSS JOIN scheme_run s
CROSS JOIN LATERAL (SELECT j.完成日期 IS NOT NULL AND j.完成日期 <= s.cut_off AS was_late) z
JOIN price p ON p.code = CASE WHEN z.was_late THEN t.late ELSE t.missing END
WHERE year(j.时限) = s.year AND j.时限 <= s.run_date AND (j.完成日期 IS NULL OR j.完成日期 > j.时限);

-- No amount takes more than the item holds; so cut, no sum can run over.
CREATE TEMP TABLE taken AS
WITH by_standard AS (
    SELECT a.item, a.unit_id, a.code, sum(least(a.amount, cents(i.cap))) AS amount
    FROM fact a JOIN scheme_item i ON i.id = a.item GROUP BY a.item, a.unit_id, a.code
)
SELECT b.item, b.unit_id, sum(least(b.amount, coalesce(p.ceiling, b.amount))) AS amount
FROM by_standard b JOIN price p USING (code) GROUP BY b.item, b.unit_id;

-- A unit of which nobody says whether it owes the quarterly reports.
CREATE TEMP TABLE key_task_open AS
SELECT DISTINCT d.item, r.unit_id FROM scheme_due d CROSS JOIN roster r
WHERE d.owed_by = 'key_task_units' AND r.key_task IS NULL;

-- From the full points down, never below nothing: a floor once met stays met, so the order of facts cannot matter.
CREATE TEMP TABLE deducted AS
SELECT i.id AS item, r.unit_id,
       CASE WHEN i.part = 'bonus' AND coalesce(q.unresolved, false) THEN 0
            ELSE greatest(0, cents(i.cap) - coalesce(t.amount, 0)) END AS points,
       coalesce(q.unresolved, false) OR k.unit_id IS NOT NULL AS unresolved
FROM scheme_item i CROSS JOIN roster r
LEFT JOIN taken t ON t.item = i.id AND t.unit_id = r.unit_id
LEFT JOIN silent_item q ON q.item = i.id AND q.unit_id = r.unit_id
LEFT JOIN key_task_open k ON k.item = i.id AND k.unit_id = r.unit_id
WHERE i.method = 'deduct_from_full';
