-- 四（一）1: our own count of red lights; the information centre's row decides where there is one.
CREATE TEMP TABLE red_light AS
SELECT DISTINCT l.单位 AS unit_id, l.工单编号 AS ticket, CAST(l.红灯时间 AS DATE) AS day,
       CASE WHEN f.red_light_event = 'event' THEN CAST(l.红灯时间 AS TIMESTAMP) END AS moment
FROM 热线红灯 l CROSS JOIN in_force f CROSS JOIN scheme_run s
ANTI JOIN decision d ON d.tab = '热线红灯' AND d.object = l.工单编号 AND d.unit_id = l.单位
WHERE coalesce(l.办理角色, '主办') = '主办' AND coalesce(l.申诉结果, '') <> '成立' AND year(l.红灯时间) <= s.year;

CREATE TEMP TABLE own_count AS
WITH last AS (SELECT DISTINCT unit_id, day AS last_day FROM red_light CROSS JOIN scheme_run s WHERE year(day) = s.year),
calendar AS (
    SELECT unit_id, count(DISTINCT row(ticket, moment)) AS lights
    FROM red_light CROSS JOIN scheme_run s WHERE year(day) = s.year GROUP BY unit_id
),
windows AS (  -- the second strictly before the same day one year after the first
    SELECT last.unit_id, last_day, count(DISTINCT row(ticket, moment)) AS lights
    FROM last JOIN red_light e
      ON e.unit_id = last.unit_id AND e.day <= last_day AND last_day < CAST(e.day + INTERVAL 1 YEAR AS DATE)
    GROUP BY last.unit_id, last_day
),
rolling AS (SELECT unit_id, max(lights) AS lights FROM windows GROUP BY unit_id)
SELECT unit_id, lights FROM calendar CROSS JOIN in_force f WHERE f.red_light_window = 'calendar_year'
UNION ALL
SELECT unit_id, lights FROM rolling CROSS JOIN in_force f WHERE f.red_light_window = 'rolling_12_months';

-- 四（一）2: named, and complained about, in rows of the year at the levels that count.
CREATE TEMP TABLE criticised AS
SELECT i.id AS item, c.单位 AS unit_id, bool_or(c.类型 IN ('检查督查', '媒体') AND c.是否点名 = '是') AS named,
       bool_or(c.类型 = '群众反映') AS complained
FROM scheme_item i
JOIN scheme_level l ON l.item = i.id
JOIN 通报批评 c ON c.层级 = l.level
CROSS JOIN scheme_run s
ANTI JOIN decision d ON d.tab = '通报批评' AND d.object = c.编号 AND d.unit_id = c.单位
WHERE i.method = 'named_in_circular' AND year(c.日期) = s.year
GROUP BY i.id, c.单位;

CREATE TEMP TABLE veto AS
SELECT i.id AS item, r.unit_id,
       CASE WHEN c.单位 IS NULL THEN coalesce(o.lights, 0) >= i.veto_limit
            ELSE c.红灯次数 >= i.veto_limit OR c.市大数据局通报 = '是' END AS vetoed,
       c.单位 IS NULL OR c.红灯次数 <> coalesce(o.lights, 0) AS unresolved
FROM scheme_item i CROSS JOIN roster r
LEFT JOIN 信息中心结果 c ON c.单位 = r.unit_id
LEFT JOIN own_count o ON o.unit_id = r.unit_id
WHERE i.method = 'hotline_red_lights'
UNION ALL
SELECT i.id, r.unit_id,
       CASE f.criticism_scope
           WHEN 'named' THEN coalesce(c.named, false)
           WHEN 'named_or_complaints' THEN coalesce(c.named OR c.complained, false)
           WHEN 'named_and_complaints' THEN coalesce(c.named AND c.complained, false) END,
       coalesce(q.unresolved, false)
       OR (f.criticism_scope = 'named' AND coalesce(c.complained AND NOT c.named, false))
FROM scheme_item i CROSS JOIN roster r CROSS JOIN in_force f
LEFT JOIN criticised c ON c.item = i.id AND c.unit_id = r.unit_id
LEFT JOIN silent_item q ON q.item = i.id AND q.unit_id = r.unit_id
WHERE i.method = 'named_in_circular';
