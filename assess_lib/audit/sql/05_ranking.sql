-- 四（三）4: the top ranks of each quarter's lists. Rates are fractions of whole numbers and are never divided
-- into a rounded number: long division to 3 x 18 digits orders them (two different fractions of 63-bit numbers
-- differ by more), and cross multiplication of neighbours checks the order.
CREATE TEMP TABLE listed AS
WITH entry AS (
    SELECT w.单位 AS unit_id, w.季度 AS quarter, f.info_lists,
           CASE WHEN f.info_pool = 'by_group' THEN r.unit_group ELSE '' END AS pool,
           CAST(w.报送条数 AS HUGEINT) AS sent, CAST(w.采用条数 AS HUGEINT) AS adopted,
           CAST(greatest(1, gcd(w.报送条数, w.采用条数)) AS HUGEINT) AS divisor
    FROM 信息报送 w JOIN roster r ON r.unit_id = w.单位 CROSS JOIN in_force f
    WHERE w.报送条数 > 0
)
SELECT unit_id, quarter, pool, 'volume' AS list, sent AS first_key, CAST(0 AS HUGEINT) AS top, CAST(1 AS HUGEINT) AS bottom
FROM entry WHERE info_lists = 'separate'
UNION ALL
SELECT unit_id, quarter, pool, 'rate', 0, adopted // divisor, sent // divisor
FROM entry WHERE info_lists = 'separate' AND adopted > 0
UNION ALL
SELECT unit_id, quarter, pool, 'both', sent, adopted // divisor, sent // divisor
FROM entry WHERE info_lists = 'volume_then_rate';

-- Fractions in lowest terms are equal or not at a glance: the long division is done once for each different one.
CREATE TEMP TABLE standing AS
WITH one AS (
    SELECT *, top * 1000000000000000000 // bottom AS d1, top * 1000000000000000000 % bottom AS r1
    FROM (SELECT quarter, pool, list, first_key, top, bottom, count(*) AS units FROM listed GROUP BY ALL)
),
two AS (SELECT *, r1 * 1000000000000000000 // bottom AS d2, r1 * 1000000000000000000 % bottom AS r2 FROM one),
three AS (SELECT *, r2 * 1000000000000000000 // bottom AS d3 FROM two),
lined AS (
    SELECT *, coalesce(sum(units) OVER (line ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS ahead,
           lag(first_key) OVER line AS key_above, lag(top) OVER line AS top_above, lag(bottom) OVER line AS bottom_above
    FROM three
    WINDOW line AS (PARTITION BY quarter, pool, list ORDER BY first_key DESC, d1 DESC, d2 DESC, d3 DESC)
)
SELECT quarter, pool, list, first_key, top, bottom, 1 + ahead AS rank,
       key_above IS NULL OR key_above > first_key
       OR (key_above = first_key AND top_above * bottom > top * bottom_above) AS in_order
FROM lined;

CREATE TEMP TABLE place AS
SELECT l.unit_id, l.quarter, l.pool, l.list, s.in_order, s.rank
FROM listed l JOIN standing s USING (quarter, pool, list, first_key, top, bottom);

CREATE TEMP TABLE quarter_points AS
SELECT i.id AS item, p.unit_id, p.quarter, sum(cents(k.points)) AS points
FROM scheme_item i JOIN scheme_rank_points k ON k.item = i.id JOIN place p ON p.rank = k.rank
WHERE i.method = 'quarterly_top_ranks'
GROUP BY i.id, p.unit_id, p.quarter;

CREATE TEMP TABLE quarter_gap AS
SELECT t.unit_id FROM (SELECT 单位 AS unit_id, count(DISTINCT 季度) AS told FROM 信息报送 GROUP BY 单位) t
WHERE t.told < (SELECT count(*) FROM scheme_quarter);

CREATE TEMP TABLE ranked AS
WITH combined AS (
    SELECT q.item, q.unit_id, CASE any_value(f.info_quarters)
               WHEN 'sum' THEN sum(q.points)
               WHEN 'best' THEN max(q.points)
               WHEN 'mean' THEN half_up(sum(q.points), CAST((SELECT count(*) FROM scheme_quarter) AS HUGEINT)) END AS points
    FROM quarter_points q CROSS JOIN in_force f GROUP BY q.item, q.unit_id
)
SELECT i.id AS item, r.unit_id, least(cents(i.cap), coalesce(c.points, 0)) AS points,
       coalesce(q.unresolved, false) OR g.unit_id IS NOT NULL AS unresolved
FROM scheme_item i CROSS JOIN roster r
LEFT JOIN combined c ON c.item = i.id AND c.unit_id = r.unit_id
LEFT JOIN silent_item q ON q.item = i.id AND q.unit_id = r.unit_id
LEFT JOIN quarter_gap g ON g.unit_id = r.unit_id
WHERE i.method = 'quarterly_top_ranks';
