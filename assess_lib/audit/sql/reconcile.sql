-- Field by field, as text, so that what is printed is compared too; a row that stands twice shows both values.
CREATE TEMP TABLE compared AS
WITH printed AS (
    UNPIVOT (SELECT unit_id, item, points, cap, unresolved, note FROM written_items)
    ON points, cap, unresolved, note INTO NAME field VALUE value
),
printed_item AS (
    SELECT p.unit_id, p.item, p.field, string_agg(p.value, ' / ' ORDER BY p.value) AS value
    FROM printed p LEFT JOIN scheme_item i ON i.id = p.item
    WHERE p.field <> 'note' OR i.part = 'veto'  -- other items' notes are prose
    GROUP BY ALL
),
again AS (
    UNPIVOT (
        SELECT unit_id, item, money(points) AS points, money(cap) AS cap, CAST(unresolved AS VARCHAR) AS unresolved, note
        FROM recomputed_item
    ) ON points, cap, unresolved, note INTO NAME field VALUE value
),
again_item AS (
    SELECT a.* FROM again a JOIN scheme_item i ON i.id = a.item WHERE a.field <> 'note' OR i.part = 'veto'
),
printed_result AS (
    SELECT unit_id, '' AS item, field, string_agg(value, ' / ' ORDER BY value) AS value FROM (
        UNPIVOT (FROM written_results) ON COLUMNS(* EXCLUDE unit_id) INTO NAME field VALUE value
    ) GROUP BY unit_id, field
),
again_result AS (
    SELECT unit_id, '' AS item, field, value FROM (
        UNPIVOT (
            SELECT unit_id, unit_name, unit_group AS "group", status, money(key_score) AS key_score,
                   CAST(bonus_open AS VARCHAR) AS bonus_open, money(bonus_score) AS bonus_score,
                   money(final_score) AS final_score, grade,
                   coalesce(CAST(rank_in_group AS VARCHAR), '') AS rank_in_group,
                   coalesce(CAST(rank_overall AS VARCHAR), '') AS rank_overall,
                   CAST(unresolved AS VARCHAR) AS unresolved
            FROM recomputed_result
        ) ON COLUMNS(* EXCLUDE unit_id) INTO NAME field VALUE value
    )
),
ours AS (SELECT * FROM printed_item UNION ALL SELECT * FROM printed_result),
theirs AS (SELECT unit_id, item, field, value FROM again_item UNION ALL SELECT * FROM again_result)
SELECT unit_id, item, field, ours.value AS printed, theirs.value AS recomputed
FROM ours FULL JOIN theirs USING (unit_id, item, field);
