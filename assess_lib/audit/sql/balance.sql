-- The ledger added up again from its text: every row, every join between rows, every sum.
CREATE MACRO is_money(text) AS regexp_full_match(text, '-?[0-9]+\.[0-9]{2}');
CREATE MACRO as_cents(text) AS CASE WHEN is_money(text) THEN CAST(replace(text, '.', '') AS HUGEINT) END;

CREATE TEMP TABLE step AS
SELECT unit_id, TRY_CAST(seq AS BIGINT) AS seq, line, part, item, status, nominal AS nominal_text,
       nominal || before || points || after = '' AS blank,
       is_money(nominal) AND is_money(before) AND is_money(points) AND is_money(after) AS whole,
       as_cents(nominal) AS nominal, as_cents(before) AS before, as_cents(points) AS points, as_cents(after) AS after
FROM written_ledger;

CREATE TEMP TABLE chained AS
SELECT *, lag(after) OVER chain AS carried, row_number() OVER chain AS nth,
       row_number() OVER (PARTITION BY unit_id, item ORDER BY line DESC) AS nth_last
FROM step WHERE whole WINDOW chain AS (PARTITION BY unit_id, item ORDER BY line);

CREATE TEMP TABLE chain_end AS SELECT unit_id, item, after FROM chained WHERE nth_last = 1;

CREATE TEMP TABLE finding AS
SELECT unit_id, seq, item, 'number' AS kind, '' AS expected, '' AS found FROM step WHERE NOT blank AND NOT whole
UNION ALL
SELECT unit_id, seq, item, 'blank', '', status FROM step
WHERE blank <> (part = 'veto' OR status IN ('gate_closed', 'not_scored')
                OR (part = 'final' AND unit_id IN (SELECT unit_id FROM written_results WHERE status = 'vetoed')))
UNION ALL
SELECT unit_id, seq, item, 'sum', money(before + points), money(after) FROM chained WHERE before + points <> after
UNION ALL
SELECT unit_id, seq, item, 'carry', money(carried), money(before) FROM chained WHERE nth > 1 AND carried <> before
UNION ALL
SELECT c.unit_id, c.seq, c.item, 'start', money(CASE WHEN i.method = 'deduct_from_full' THEN cents(i.cap) ELSE 0 END),
       money(c.before)
FROM chained c LEFT JOIN scheme_item i ON i.id = c.item
WHERE c.nth = 1 AND c.before <> CASE WHEN i.method = 'deduct_from_full' THEN cents(i.cap) ELSE 0 END
UNION ALL
SELECT c.unit_id, c.seq, c.item, 'bounds', '', money(c.after) FROM chained c JOIN scheme_item i ON i.id = c.item
WHERE c.after < 0 OR c.after > cents(i.cap)
UNION ALL
SELECT c.unit_id, c.seq, c.item, 'cut', money(c.nominal), money(c.points) FROM chained c
JOIN scheme_item i ON i.id = c.item
WHERE i.part = 'key' AND (c.points > 0 OR c.nominal > c.points)
UNION ALL
SELECT unit_id, seq, item, 'seq', CAST(nth AS VARCHAR), coalesce(CAST(seq AS VARCHAR), '')
FROM (SELECT *, row_number() OVER (PARTITION BY unit_id ORDER BY line) AS nth FROM step)
WHERE seq IS DISTINCT FROM nth
UNION ALL
-- the last row of a chain is the item's points, and each has the other
SELECT coalesce(w.unit_id, e.unit_id), NULL, coalesce(w.item, e.item), 'item', coalesce(money(e.after), ''), coalesce(w.points, '')
FROM (SELECT * FROM written_items WHERE points <> '') w
FULL JOIN (SELECT * FROM chain_end WHERE item <> 'final') e ON e.unit_id = w.unit_id AND e.item = w.item
WHERE coalesce(w.points, '') <> coalesce(money(e.after), '')
UNION ALL
-- what the ledger leads to is what the results say
SELECT w.unit_id, NULL, 'final', 'final', coalesce(money(e.after), ''), w.final_score
FROM written_results w LEFT JOIN chain_end e ON e.unit_id = w.unit_id AND e.item = 'final'
WHERE w.final_score <> coalesce(money(e.after), '')
UNION ALL
SELECT w.unit_id, NULL, i.id, 'key', coalesce(money(e.after), ''), w.key_score
FROM written_results w CROSS JOIN scheme_item i
LEFT JOIN chain_end e ON e.unit_id = w.unit_id AND e.item = i.id
WHERE i.part = 'key' AND w.key_score <> coalesce(money(e.after), '')
UNION ALL
SELECT w.unit_id, NULL, 'bonus', 'bonus', coalesce(money(b.points), ''), w.bonus_score
FROM written_results w LEFT JOIN (
    SELECT e.unit_id, least(cents(any_value(s.bonus_cap)), sum(e.after)) AS points
    FROM chain_end e JOIN scheme_item i ON i.id = e.item CROSS JOIN scheme_run s
    WHERE i.part = 'bonus' GROUP BY e.unit_id
) b ON b.unit_id = w.unit_id
WHERE w.bonus_score <> coalesce(money(b.points), '')
UNION ALL
SELECT unit_id, NULL, 'final', 'total', money(as_cents(key_score) + coalesce(as_cents(bonus_score), 0)), final_score
FROM written_results
WHERE coalesce(money(as_cents(key_score) + coalesce(as_cents(bonus_score), 0)), '') <> final_score;
