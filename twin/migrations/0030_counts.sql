-- Residents as they may be shown. twin/counts.py says why and how: everything that is shown is added up from this.

CREATE VIEW resident_shown WITH (security_barrier) AS
SELECT place_id, building_id, age_band,
    (step * ((ends + step / 2) / step - (ends - residents + step / 2) / step))::integer AS residents
FROM (
    SELECT b.place_id, r.building_id, r.age_band, r.residents, s.step, sum(r.residents) OVER (
            PARTITION BY b.place_id, r.age_band ORDER BY b.grid_id, b.point, b.id ROWS UNBOUNDED PRECEDING
        )::bigint AS ends
    FROM resident_count AS r
    JOIN building AS b ON b.id = r.building_id
    CROSS JOIN LATERAL (
        -- children under 14 are counted in tens
        SELECT CASE WHEN split_part(r.age_band, '-', 2) ~ '^([0-9]|1[0-3])$' THEN 10 ELSE 5 END AS step
    ) AS s
) AS along;
COMMENT ON VIEW resident_shown IS
    'multiples of 5, of 10 for children under 14; along grids and a Hilbert curve any stretch is within that of its sum';
