-- 四: veto, key items, pass mark, gate, bonus, final score, grade, ranks.
CREATE TEMP TABLE verdict AS
SELECT unit_id, bool_or(vetoed) AS vetoed FROM veto GROUP BY unit_id;

CREATE TEMP TABLE scored_item AS
SELECT * FROM deducted UNION ALL SELECT * FROM awarded UNION ALL SELECT * FROM ranked;

CREATE TEMP TABLE judged AS
SELECT r.unit_id, v.vetoed, k.points AS key_score,
       CASE WHEN v.vetoed THEN false
            WHEN f.bonus_gate = 'at_least' THEN k.points >= cents(s.bonus_gate)
            ELSE k.points > cents(s.bonus_gate) END AS bonus_open
FROM roster r JOIN verdict v USING (unit_id) CROSS JOIN scheme_run s CROSS JOIN in_force f
JOIN scheme_item i ON i.part = 'key'
JOIN scored_item k ON k.item = i.id AND k.unit_id = r.unit_id;

CREATE TEMP TABLE recomputed_item AS
SELECT v.unit_id, v.item, i.number, CAST(NULL AS HUGEINT) AS points, CAST(NULL AS HUGEINT) AS cap, v.unresolved,
       CASE WHEN v.vetoed THEN 'vetoed' ELSE 'clear' END AS note
FROM veto v JOIN scheme_item i ON i.id = v.item
UNION ALL
SELECT p.unit_id, p.item, i.number, p.points, cents(i.cap), p.unresolved, ''
FROM scored_item p JOIN scheme_item i ON i.id = p.item JOIN judged j ON j.unit_id = p.unit_id
WHERE NOT j.vetoed AND (i.part = 'key' OR j.bonus_open);

CREATE TEMP TABLE recomputed_result AS
WITH bonus AS (
    SELECT x.unit_id, sum(x.points) AS points FROM recomputed_item x JOIN scheme_item i ON i.id = x.item
    WHERE i.part = 'bonus' GROUP BY x.unit_id
),
final AS (
    SELECT j.unit_id, j.vetoed, j.bonus_open,
           CASE WHEN NOT j.vetoed THEN j.key_score END AS key_score,
           CASE WHEN j.bonus_open THEN least(cents(s.bonus_cap), coalesce(b.points, 0)) END AS bonus_score
    FROM judged j CROSS JOIN scheme_run s LEFT JOIN bonus b ON b.unit_id = j.unit_id
),
summed AS (SELECT *, key_score + coalesce(bonus_score, 0) AS final_score FROM final),
places AS (
    SELECT z.unit_id, rank() OVER (ORDER BY z.final_score DESC) AS rank_overall,
           rank() OVER (PARTITION BY r.unit_group ORDER BY z.final_score DESC) AS rank_in_group
    FROM summed z JOIN roster r USING (unit_id) WHERE z.final_score IS NOT NULL
),
open_items AS (SELECT unit_id, count(*) FILTER (unresolved) AS unresolved FROM recomputed_item GROUP BY unit_id),
band AS (
    SELECT z.unit_id, arg_max(b.grade, b.at_least) AS grade
    FROM summed z JOIN scheme_band b ON z.final_score >= cents(b.at_least) GROUP BY z.unit_id
)
SELECT r.unit_id, r.unit_name, r.unit_group, CASE WHEN z.vetoed THEN 'vetoed' ELSE 'scored' END AS status,
       z.key_score, z.bonus_open, z.bonus_score, z.final_score,
       CASE WHEN z.vetoed OR z.key_score < cents(s.pass_mark) THEN s.grade_fail
            ELSE coalesce(b.grade, s.grade_passed) END AS grade,
       p.rank_in_group, p.rank_overall, coalesce(o.unresolved, 0) AS unresolved
FROM roster r JOIN summed z USING (unit_id) CROSS JOIN scheme_run s
LEFT JOIN places p ON p.unit_id = r.unit_id
LEFT JOIN open_items o ON o.unit_id = r.unit_id
LEFT JOIN band b ON b.unit_id = r.unit_id;
