-- 四（三）1: per matter the mean of the scores that count, rounded half up to the cent.
CREATE TEMP TABLE matter_mean AS
SELECT i.id AS item, e.单位 AS unit_id, e.事项 AS matter,
       half_up(sum(coalesce(d.new_value, cents(e.评定分))), CAST(count(*) AS HUGEINT)) AS points
FROM scheme_item i JOIN 评定加分 e ON i.method = 'mean_per_matter' CROSS JOIN in_force f
LEFT JOIN decision d ON d.tab = '评定加分' AND d.object = e.编号 AND d.unit_id = e.单位
LEFT JOIN indexed x ON x.evidence = e.佐证编号 AND x.unit_id = e.单位
WHERE d.kind IS DISTINCT FROM '撤销' AND (x.unit_id IS NOT NULL OR f.missing_evidence = 'accept')
GROUP BY i.id, e.单位, e.事项;

-- 四（三）2, 四（三）3: each matter at its highest level.
CREATE TEMP TABLE matter_level AS
SELECT i.id AS item, i.number, b.单位 AS unit_id, b.事项编号 AS matter, max(cents(l.points)) AS points
FROM scheme_item i
JOIN 表彰宣传 b ON b.加分项 = i.category
JOIN scheme_level l ON l.item = i.id AND l.level = b.层级
CROSS JOIN in_force f CROSS JOIN scheme_run s
ANTI JOIN decision d ON d.tab = '表彰宣传' AND d.object = b.编号 AND d.unit_id = b.单位
LEFT JOIN indexed x ON x.evidence = b.佐证编号 AND x.unit_id = b.单位
WHERE i.method = 'highest_level_per_matter' AND year(b.日期) = s.year
  AND (x.unit_id IS NOT NULL OR f.missing_evidence = 'accept')
GROUP BY i.id, i.number, b.单位, b.事项编号;

-- One matter in two items: under "once" it stays where it earns more (equal: in the item that stands first).
CREATE TEMP TABLE matter_staying AS
SELECT m.* FROM matter_level m CROSS JOIN in_force f
WHERE f.same_matter_across_items <> 'once' OR NOT EXISTS (
    SELECT 1 FROM matter_level o
    WHERE o.unit_id = m.unit_id AND o.matter = m.matter AND o.item <> m.item
      AND (o.points > m.points OR (o.points = m.points AND o.number < m.number)));

CREATE TEMP TABLE award_sum AS
SELECT item, unit_id, sum(points) AS points FROM matter_mean GROUP BY item, unit_id
UNION ALL
SELECT m.item, m.unit_id, CASE WHEN any_value(f.different_matters) = 'best' THEN max(m.points) ELSE sum(m.points) END
FROM matter_staying m CROSS JOIN in_force f GROUP BY m.item, m.unit_id
UNION ALL
-- 四（三）5: the mean over raters
SELECT i.id, g.单位, half_up(sum(cents(g.分值)), CAST(count(*) AS HUGEINT))
FROM scheme_item i JOIN 领导评价 g ON i.method = 'mean_of_raters' GROUP BY i.id, g.单位;

CREATE TEMP TABLE awarded AS
SELECT i.id AS item, r.unit_id, least(cents(i.cap), coalesce(a.points, 0)) AS points,
       coalesce(q.unresolved, false) AS unresolved
FROM scheme_item i CROSS JOIN roster r
LEFT JOIN award_sum a ON a.item = i.id AND a.unit_id = r.unit_id
LEFT JOIN silent_item q ON q.item = i.id AND q.unit_id = r.unit_id
WHERE i.method IN ('mean_per_matter', 'highest_level_per_matter', 'mean_of_raters');
